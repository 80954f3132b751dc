/* The start of the JPEG reader: scale, memory, limits, and who decodes. */
#include <inttypes.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/jpeg_reader.h"

uint8_t *ic_jpeg_make_block(struct ic_jpeg_reader *reader, const struct ic_jpeg_strip *strip) {
    return ic_calloc(reader->mem, strip->rows, strip->stride_bytes);
}

static void make_strip(struct ic_jpeg_reader *reader, struct ic_jpeg_strip *strip,
                       size_t stride_bytes, uint32_t rows) {
    strip->rows = rows;
    strip->stride_bytes = stride_bytes;
    strip->block[0] = ic_jpeg_make_block(reader, strip);
    if (strip->block[0] == NULL) {
        ic_jpeg_raise_memory(reader->cinfo.err, reader->mem);
    }
}

static void make_strips(struct ic_jpeg_reader *reader) {
    const struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    reader->blocks = 1;
    if (!reader->request.planes) {
        const size_t samples = (size_t)cinfo->output_width * (size_t)cinfo->output_components;
        make_strip(reader, &reader->strip[0],
                   ic_round_up(samples + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES),
                   IC_JPEG_INTERLEAVED_ROWS);
        return;
    }
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        make_strip(reader, &reader->strip[i], ic_jpeg_plane_stride(cinfo, i),
                   (uint32_t)(component->v_samp_factor * IC_DCT_V(component)));
    }
}

/* Reserves what libjpeg allocates itself and what grows with the image: the coefficients of a file
 * of several scans, and the rows around the upsampling if they are interleaved. */
static void reserve_memory(struct ic_jpeg_reader *reader) {
    j_decompress_ptr cinfo = &reader->cinfo;
    uint64_t coefficients = 0;
    uint64_t rows = 0;
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        coefficients += ic_jpeg_coefficient_bytes(
            cinfo->image_width, cinfo->image_height, component->h_samp_factor,
            component->v_samp_factor, cinfo->max_h_samp_factor, cinfo->max_v_samp_factor);
        /* an iMCU row with four rows of context, and the upsampled rows */
        rows += (uint64_t)(component->v_samp_factor * (IC_DCT_V(component) + 4) +
                           cinfo->max_v_samp_factor) *
                ic_round_up(cinfo->output_width, (size_t)4 * DCTSIZE);
    }
    if (jpeg_has_multiple_scans(cinfo)) {
        ic_jpeg_reserve(cinfo->err, reader->mem, coefficients,
                        "the coefficients of a JPEG of several scans", &reader->reserved_bytes);
    }
    if (!reader->request.planes) {
        ic_jpeg_reserve(cinfo->err, reader->mem, rows, "the rows of a JPEG",
                        &reader->reserved_bytes);
    }
}

_Noreturn static void raise_scans(struct ic_jpeg_reader *reader) {
    ic_jpeg_raise(reader->cinfo.err, IMGCORE_TOO_LARGE, "more than %" PRIu32 " scans",
                  reader->limits.scans);
}

/* libjpeg calls this for every row of MCUs of every scan, and for every strip of rows. */
static void monitor(j_common_ptr cinfo) {
    const struct ic_jpeg_markers *markers = cinfo->client_data;
    struct ic_jpeg_reader *reader =
        (struct ic_jpeg_reader *)((uintptr_t)markers - offsetof(struct ic_jpeg_reader, markers));
    if ((uint32_t)reader->cinfo.input_scan_number > reader->limits.scans) {
        raise_scans(reader);
    }
    ic_jpeg_check_cancel(reader->cinfo.err, reader->source.cancel);
}

static void check_scans(struct ic_jpeg_reader *reader) {
    j_decompress_ptr cinfo = &reader->cinfo;
    reader->progress.progress_monitor = monitor;
    cinfo->progress = &reader->progress;
    if (jpeg_has_multiple_scans(cinfo)) {
        if (ic_jpeg_source_shows_scans(cinfo, reader->limits.scans)) {
            raise_scans(reader);
        }
    }
}

static void prepare_step(void *state) {
    struct ic_jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    cinfo->scale_num = 1;
    cinfo->scale_denom = (unsigned int)reader->request.scale_denom;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->raw_data_out = reader->request.planes;
    cinfo->do_fancy_upsampling = TRUE;
    /* No effect on a file with all its scans. On a file that ends before its last refinements it
     * gives the result of djpeg and of browsers. */
    cinfo->do_block_smoothing = TRUE;
    cinfo->out_color_space = reader->request.planes
                                 ? cinfo->jpeg_color_space
                                 : ic_jpeg_interleaved_color(reader->base.header.color);
    reader->inverted = reader->base.header.color == IC_COLOR_CMYK && cinfo->saw_Adobe_marker;
    jpeg_calc_output_dimensions(cinfo);
    ic_jpeg_lay_out(cinfo, &reader->layout);
    check_scans(reader);
    reserve_memory(reader);
    make_strips(reader);
}

static void start_step(void *state) {
    struct ic_jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    reader->source.is_in_data = true;
    /* In this mode libjpeg leaves the reading of the scans to consume_step. */
    cinfo->buffered_image = reader->errors.tolerant && jpeg_has_multiple_scans(cinfo);
    jpeg_start_decompress(cinfo);
    if (jpeg_has_multiple_scans(cinfo) && !reader->errors.tolerant) {
        ic_jpeg_check_components(cinfo);
    }
}

static void consume_step(void *state) {
    struct ic_jpeg_reader *reader = state;
    while (jpeg_consume_input(&reader->cinfo) != JPEG_REACHED_EOI) {
        monitor((j_common_ptr)&reader->cinfo);
    }
}

static void output_step(void *state) {
    struct ic_jpeg_reader *reader = state;
    jpeg_start_output(&reader->cinfo, reader->cinfo.input_scan_number);
    /* libjpeg does not try to read more of a scan that counts as finished */
    reader->cinfo.output_scan_number = reader->cinfo.input_scan_number - 1;
    reader->all_consumed = true;
}

/* A tolerant reader uses the scans up to the first that cannot be read: tables stand between scans,
 * and after an incomplete table libjpeg cannot continue. */
static enum imgcore_status read_scans(struct ic_jpeg_reader *reader, struct imgcore_error *error) {
    const struct ic_jpeg_frame frame = ic_jpeg_save_frame(&reader->cinfo);
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, consume_step, reader, error);
    if (status != IMGCORE_OK && status != IMGCORE_CORRUPT && status != IMGCORE_TRUNCATED) {
        return status;
    }
    ic_error_clear(error);
    ic_jpeg_restore_frame(&reader->cinfo, &frame);
    return ic_jpeg_guard(&reader->errors, output_step, reader, error);
}

enum imgcore_status ic_jpeg_start_library(struct ic_jpeg_reader *reader,
                                          struct imgcore_error *error) {
    reader->started = true;
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, start_step, reader, error);
    if (status == IMGCORE_OK && reader->cinfo.buffered_image) {
        status = read_scans(reader, error);
    }
    return status;
}

/* ---- who decodes --------------------------------------------------------------------------- */

void ic_jpeg_close_decoders(struct ic_jpeg_reader *reader) {
    ic_jpeg_segments_close(reader->segments);
    reader->segments = NULL;
    ic_jpeg_fast_close(reader->fast);
    reader->fast = NULL;
}

enum imgcore_status ic_jpeg_return_to_scan(struct ic_jpeg_reader *reader,
                                           struct imgcore_error *error) {
    struct ic_input *input = reader->source.input;
    if (ic_is_cancelled(reader->source.cancel)) {
        return ic_fail_cancelled(error);
    }
    if (reader->segments != NULL) {
        reader->base.fallback = ic_jpeg_segments_doubt(reader->segments);
        return IMGCORE_OK;
    }
    if (input->failed) {
        return ic_fail(error, IMGCORE_READ_FAILED, "after %" PRIu64 " bytes", input->consumed);
    }
    if (!ic_input_return(input, &reader->scan_begin)) {
        return ic_fail(error, ic_input_end_status(input), "the source cannot be read again");
    }
    ic_jpeg_source_show(&reader->cinfo);
    reader->base.fallback = ic_jpeg_fast_doubt(reader->fast);
    return IMGCORE_OK;
}

bool ic_jpeg_may_read_own(struct ic_jpeg_reader *reader) {
    return reader->kernels != NULL && reader->kernels->reads_jpeg && reader->request.planes &&
           (!jpeg_has_multiple_scans(&reader->cinfo) || ic_jpeg_is_progressive(&reader->cinfo)) &&
           !reader->errors.ended;
}

/* The own reader needs a scan that can be read again, by libjpeg. What cannot be rewound must fit
 * the window. */
static enum imgcore_status open_fast(struct ic_jpeg_reader *reader, struct imgcore_error *error) {
    struct ic_input *input = reader->source.input;
    if (!ic_jpeg_may_read_own(reader)) {
        return IMGCORE_OK;
    }
    ic_jpeg_source_sync(&reader->cinfo, input->rewind != NULL ? 0 : IC_INPUT_CHUNK_BYTES);
    reader->scan_begin = ic_input_mark(input);
    if (ic_input_can_return(input, &reader->scan_begin)) {
        reader->fast = ic_jpeg_fast_open(reader->mem, reader->kernels, &reader->cinfo, input);
    }
    if (reader->fast == NULL) {
        return IMGCORE_OK;
    }
    if (ic_jpeg_fast_begin(reader->fast, input, reader->source.cancel, reader->limits.scans)) {
        reader->base.decoder = IC_DECODER_OWN;
        return IMGCORE_OK;
    }
    const enum imgcore_status status = ic_jpeg_return_to_scan(reader, error);
    ic_jpeg_close_decoders(reader);
    return status;
}

/* libjpeg starts a picture that has all its data in one scan without reading it, which makes the
 * tables that the own reader uses. Of several scans it reads all at its start. */
static enum imgcore_status choose_decoder(struct ic_jpeg_reader *reader,
                                          struct imgcore_error *error) {
    const bool starts_first = !ic_jpeg_is_progressive(&reader->cinfo);
    enum imgcore_status status = IMGCORE_OK;
    if (starts_first) {
        status = ic_jpeg_start_library(reader, error);
    }
    if (status == IMGCORE_OK) {
        status = open_fast(reader, error);
    }
    if (status == IMGCORE_OK && !starts_first && reader->fast == NULL) {
        status = ic_jpeg_start_library(reader, error);
    }
    return status;
}

enum imgcore_status ic_jpeg_start(struct ic_reader *base, const struct ic_read_request *request,
                                  struct ic_read_layout *layout, struct imgcore_error *error) {
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    int denom = request->scale_denom;
    if (denom != 1 && denom != 2 && denom != 4 && denom != 8) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a scale of 1/%d", denom);
    }
    if (request->planes && base->header.color != IC_COLOR_YCBCR &&
        base->header.color != IC_COLOR_GREY) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "planes of a JPEG that is not YCbCr");
    }
    reader->request = *request;
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, prepare_step, reader, error);
    if (status == IMGCORE_OK) {
        base->decoder = IC_DECODER_LIBJPEG;
        status = choose_decoder(reader, error);
    }
    if (status == IMGCORE_OK) {
        *layout = reader->layout;
    }
    return status;
}
