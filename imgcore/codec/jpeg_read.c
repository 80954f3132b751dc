/* The JPEG reader: header, strips of planes or of interleaved rows, and the check of the end, on
 * libjpeg-turbo's libjpeg interface. libjpeg's longjmp ends in ic_jpeg_guard.
 *
 * Memory grows with the width of the image. Only a file of several scans makes libjpeg hold all
 * coefficients; they are reserved from the budget before libjpeg allocates them. */
#include <inttypes.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/exif.h"
#include "imgcore/codec/jpeg_internal.h"

/* Rows of an interleaved strip: enough to make the cost of a call small, few enough to stay in the
 * cache. */
#define INTERLEAVED_ROWS 8u
/* The most rows of a plane in a strip: 4 blocks of 8. */
#define MAX_PLANE_ROWS (4u * DCTSIZE)

/* Rows of one plane, in one block or in several that are used in turn. */
struct strip {
    uint8_t *block[IC_MAX_STRIPS]; /* rows of stride_bytes, zero where libjpeg has not written */
    size_t stride_bytes;
    uint32_t rows;      /* of one step */
    uint32_t done_rows; /* delivered so far */
};

struct jpeg_reader {
    struct ic_reader base;
    struct ic_mem *mem;
    struct imgcore_limits limits;
    struct jpeg_decompress_struct cinfo;
    struct ic_jpeg_errors errors;
    struct ic_jpeg_source source;
    struct ic_jpeg_markers markers;
    struct jpeg_progress_mgr progress;
    char *copyright;
    struct ic_read_request request;
    struct ic_read_layout layout;
    struct strip strip[IC_MAX_PLANES];
    int blocks;                        /* of each strip */
    int block;                         /* the block that the next step writes */
    struct ic_jpeg_segments *segments; /* not NULL: they deliver the rows */
    uint32_t steps_given;              /* by the segments */
    uint32_t rows_read;                /* of the last interleaved step */
    bool all_consumed;                 /* all scans have been read before the rows are output */
    bool inverted;                     /* CMYK as Adobe's programs store it: 255 = no ink */
    size_t reserved_bytes;
};

/* ---- header -------------------------------------------------------------------------------- */

static enum imgcore_status fill_metadata(struct jpeg_reader *reader, bool want_copyright,
                                         struct imgcore_error *error) {
    struct ic_jpeg_markers *markers = &reader->markers;
    struct ic_header *header = &reader->base.header;
    if (ic_jpeg_markers_close(markers) != IMGCORE_OK) {
        return ic_fail(error, reader->mem->status, "not enough memory for the colour profile");
    }
    header->icc = markers->icc;
    header->icc_bytes = markers->icc_bytes;
    if (markers->exif != NULL) {
        header->orientation = ic_exif_orientation(markers->exif, markers->exif_bytes);
        if (want_copyright) {
            reader->copyright = ic_exif_copyright(reader->mem, markers->exif, markers->exif_bytes);
            if (reader->copyright == NULL && reader->mem->status != IMGCORE_OK) {
                return ic_fail(error, reader->mem->status, "not enough memory for the copyright");
            }
        }
        header->copyright = reader->copyright;
        ic_free(reader->mem, markers->exif);
        markers->exif = NULL;
    }
    return IMGCORE_OK;
}

static void read_header_step(void *state) {
    struct jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    struct ic_input *input = reader->source.input;
    jpeg_create_decompress(cinfo);
    /* else libjpeg takes a limit from an environment variable and uses temporary files beyond it */
    cinfo->mem->max_memory_to_use = 0;
    ic_jpeg_source_init(&reader->source, input, cinfo);
    ic_jpeg_markers_init(&reader->markers, reader->mem, &reader->limits, cinfo);
    jpeg_read_header(cinfo, TRUE);
}

static enum imgcore_status read_header(struct jpeg_reader *reader, bool want_copyright,
                                       struct imgcore_error *error) {
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, read_header_step, reader, error);
    if (status == IMGCORE_OK || status == IMGCORE_TOO_LARGE) {
        ic_jpeg_fill_frame(&reader->cinfo, &reader->base.header);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    if (reader->base.header.bits != 8) {
        return ic_fail(error, IMGCORE_UNSUPPORTED, "%d bits per sample are not supported",
                       reader->base.header.bits);
    }
    status = ic_jpeg_classify_color(&reader->cinfo, &reader->base.header, error);
    if (status == IMGCORE_OK) {
        status = fill_metadata(reader, want_copyright, error);
    }
    if (status == IMGCORE_OK) {
        status = ic_check_size(&reader->base.header, &reader->limits, error);
    }
    if (status == IMGCORE_OK && reader->markers.icc_over_limit) {
        status =
            ic_fail(error, IMGCORE_TOO_LARGE, "its colour profile is over the limit of %zu bytes",
                    reader->limits.icc_bytes);
    }
    return status;
}

/* ---- start --------------------------------------------------------------------------------- */

/* Allocates the rows of one step. They are zero, so that samples that libjpeg never writes are
 * defined. */
static uint8_t *make_block(struct jpeg_reader *reader, const struct strip *strip) {
    return ic_calloc(reader->mem, strip->rows, strip->stride_bytes);
}

static void make_strip(struct jpeg_reader *reader, struct strip *strip, size_t stride_bytes,
                       uint32_t rows) {
    strip->rows = rows;
    strip->stride_bytes = stride_bytes;
    strip->block[0] = make_block(reader, strip);
    if (strip->block[0] == NULL) {
        ic_jpeg_raise_memory(reader->cinfo.err, reader->mem);
    }
}

static void make_strips(struct jpeg_reader *reader) {
    const struct jpeg_decompress_struct *cinfo = &reader->cinfo;
    reader->blocks = 1;
    if (!reader->request.planes) {
        const size_t samples = (size_t)cinfo->output_width * (size_t)cinfo->output_components;
        make_strip(reader, &reader->strip[0],
                   ic_round_up(samples + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES), INTERLEAVED_ROWS);
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
static void reserve_memory(struct jpeg_reader *reader) {
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

_Noreturn static void raise_scans(struct jpeg_reader *reader) {
    ic_jpeg_raise(reader->cinfo.err, IMGCORE_TOO_LARGE, "more than %" PRIu32 " scans",
                  reader->limits.scans);
}

/* libjpeg calls this for every row of MCUs of every scan, and for every strip of rows. */
static void monitor(j_common_ptr cinfo) {
    const struct ic_jpeg_markers *markers = cinfo->client_data;
    struct jpeg_reader *reader =
        (struct jpeg_reader *)((uintptr_t)markers - offsetof(struct jpeg_reader, markers));
    if ((uint32_t)reader->cinfo.input_scan_number > reader->limits.scans) {
        raise_scans(reader);
    }
    ic_jpeg_check_cancel(reader->cinfo.err, reader->source.cancel);
}

static void check_scans(struct jpeg_reader *reader) {
    j_decompress_ptr cinfo = &reader->cinfo;
    reader->progress.progress_monitor = monitor;
    cinfo->progress = &reader->progress;
    if (jpeg_has_multiple_scans(cinfo)) {
        if (ic_jpeg_source_shows_scans(cinfo, reader->limits.scans)) {
            raise_scans(reader);
        }
    }
}

static void start_step(void *state) {
    struct jpeg_reader *reader = state;
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
    /* In this mode libjpeg leaves the reading of the scans to consume_step. */
    cinfo->buffered_image = reader->errors.tolerant && jpeg_has_multiple_scans(cinfo);
    jpeg_start_decompress(cinfo);
    if (jpeg_has_multiple_scans(cinfo) && !reader->errors.tolerant) {
        ic_jpeg_check_components(cinfo);
    }
}

static void consume_step(void *state) {
    struct jpeg_reader *reader = state;
    while (jpeg_consume_input(&reader->cinfo) != JPEG_REACHED_EOI) {
        monitor((j_common_ptr)&reader->cinfo);
    }
}

static void output_step(void *state) {
    struct jpeg_reader *reader = state;
    jpeg_start_output(&reader->cinfo, reader->cinfo.input_scan_number);
    /* libjpeg does not try to read more of a scan that counts as finished */
    reader->cinfo.output_scan_number = reader->cinfo.input_scan_number - 1;
    reader->all_consumed = true;
}

/* A tolerant reader uses the scans up to the first that cannot be read: tables stand between scans,
 * and after an incomplete table libjpeg cannot continue. */
static enum imgcore_status read_scans(struct jpeg_reader *reader, struct imgcore_error *error) {
    const struct ic_jpeg_frame frame = ic_jpeg_save_frame(&reader->cinfo);
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, consume_step, reader, error);
    if (status != IMGCORE_OK && status != IMGCORE_CORRUPT && status != IMGCORE_TRUNCATED) {
        return status;
    }
    ic_error_clear(error);
    ic_jpeg_restore_frame(&reader->cinfo, &frame);
    return ic_jpeg_guard(&reader->errors, output_step, reader, error);
}

static enum imgcore_status jpeg_start(struct ic_reader *base, const struct ic_read_request *request,
                                      struct ic_read_layout *layout, struct imgcore_error *error) {
    struct jpeg_reader *reader = (struct jpeg_reader *)base;
    int denom = request->scale_denom;
    if (denom != 1 && denom != 2 && denom != 4 && denom != 8) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a scale of 1/%d", denom);
    }
    if (request->planes && base->header.color != IC_COLOR_YCBCR &&
        base->header.color != IC_COLOR_GREY) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "planes of a JPEG that is not YCbCr");
    }
    reader->request = *request;
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, start_step, reader, error);
    if (status == IMGCORE_OK && reader->cinfo.buffered_image) {
        status = read_scans(reader, error);
    }
    if (status == IMGCORE_OK) {
        *layout = reader->layout;
    }
    return status;
}

/* ---- read ---------------------------------------------------------------------------------- */

static void point_at_rows(const struct jpeg_reader *reader, int i, JSAMPROW *row) {
    const struct strip *strip = &reader->strip[i];
    for (uint32_t y = 0; y < strip->rows; y++) {
        row[y] = strip->block[reader->block] + y * strip->stride_bytes;
    }
}

static void read_planes(struct jpeg_reader *reader) {
    j_decompress_ptr cinfo = &reader->cinfo;
    JSAMPROW row[IC_MAX_PLANES][MAX_PLANE_ROWS];
    JSAMPARRAY planes[IC_MAX_PLANES];
    for (int i = 0; i < reader->layout.planes; i++) {
        point_at_rows(reader, i, row[i]);
        planes[i] = row[i];
    }
    if (jpeg_read_raw_data(cinfo, planes,
                           (JDIMENSION)(cinfo->max_v_samp_factor * IC_MIN_DCT_V(cinfo))) == 0) {
        ic_jpeg_raise(cinfo->err, IMGCORE_INTERNAL, "the JPEG library gave no rows");
    }
}

static void read_step(void *state) {
    struct jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    if (reader->request.planes) {
        read_planes(reader);
        return;
    }
    JSAMPROW row[INTERLEAVED_ROWS];
    point_at_rows(reader, 0, row);
    reader->rows_read = 0;
    while (reader->rows_read < INTERLEAVED_ROWS && cinfo->output_scanline < cinfo->output_height) {
        JDIMENSION got = jpeg_read_scanlines(cinfo, row + reader->rows_read,
                                             INTERLEAVED_ROWS - reader->rows_read);
        if (got == 0) {
            ic_jpeg_raise(cinfo->err, IMGCORE_INTERNAL, "the JPEG library gave no rows");
        }
        reader->rows_read += got;
    }
}

/* Repeats the steps that the segments have delivered, by this reader. */
static void reread_step(void *state) {
    struct jpeg_reader *reader = state;
    for (; reader->steps_given > 0; reader->steps_given--) {
        read_planes(reader);
    }
}

static void invert_rows(struct jpeg_reader *reader) {
    size_t samples = (size_t)reader->layout.plane[0].width * 4;
    for (uint32_t y = 0; y < reader->rows_read; y++) {
        uint8_t *row = reader->strip[0].block[reader->block] + y * reader->strip[0].stride_bytes;
        for (size_t x = 0; x < samples; x++) {
            row[x] = (uint8_t)(255 - row[x]);
        }
    }
}

/* After a fault in a segment: the rows delivered so far are correct, but this reader decides about
 * the file, so it starts at the beginning. */
static enum imgcore_status leave_segments(struct jpeg_reader *reader, struct imgcore_error *error) {
    ic_jpeg_segments_close(reader->segments);
    reader->segments = NULL;
    for (int i = 0; i < reader->layout.planes; i++) {
        reader->strip[i].done_rows = reader->steps_given * reader->strip[i].rows;
    }
    return ic_jpeg_guard(&reader->errors, reread_step, reader, error);
}

static enum imgcore_status jpeg_read(struct ic_reader *base, struct ic_strip *out,
                                     struct imgcore_error *error) {
    struct jpeg_reader *reader = (struct jpeg_reader *)base;
    enum imgcore_status status = IMGCORE_OK;
    if (reader->segments != NULL) {
        if (ic_jpeg_segments_read(reader->segments, out)) {
            reader->steps_given++;
            return IMGCORE_OK;
        }
        status = leave_segments(reader, error);
    }
    if (status == IMGCORE_OK) {
        status = ic_jpeg_guard(&reader->errors, read_step, reader, error);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    if (reader->inverted) {
        invert_rows(reader);
    }
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < reader->layout.planes; i++) {
        struct strip *strip = &reader->strip[i];
        uint32_t left = reader->layout.plane[i].height - strip->done_rows;
        uint32_t rows = left < strip->rows ? left : strip->rows;
        out->plane[i].rows = strip->block[reader->block];
        out->plane[i].stride_bytes = (ptrdiff_t)strip->stride_bytes;
        out->plane[i].first_row = strip->done_rows;
        out->plane[i].row_count = rows;
        strip->done_rows += rows;
    }
    reader->block = (reader->block + 1) % reader->blocks;
    out->done = reader->cinfo.output_scanline >= reader->cinfo.output_height;
    return IMGCORE_OK;
}

/* ---- threads ------------------------------------------------------------------------------- */

static void drop_blocks(struct jpeg_reader *reader, int from) {
    for (int i = 0; i < IC_MAX_PLANES; i++) {
        for (int k = from; k < IC_MAX_STRIPS; k++) {
            ic_free(reader->mem, reader->strip[i].block[k]);
            reader->strip[i].block[k] = NULL;
        }
    }
}

static int jpeg_set_parallelism(struct ic_reader *base, struct ic_thread_pool *pool, int strips) {
    struct jpeg_reader *reader = (struct jpeg_reader *)base;
    const bool in_memory = reader->source.input->read == NULL;
    if (reader->request.planes && in_memory && !reader->errors.tolerant &&
        !jpeg_has_multiple_scans(&reader->cinfo)) {
        reader->segments = ic_jpeg_segments_open(reader->mem, pool, reader->source.cancel,
                                                 &reader->cinfo, &reader->layout);
        if (reader->segments != NULL) {
            return 1;
        }
    }
    for (int i = 0; i < reader->layout.planes; i++) {
        for (int k = 1; k < strips; k++) {
            reader->strip[i].block[k] = make_block(reader, &reader->strip[i]);
            if (reader->strip[i].block[k] == NULL) {
                drop_blocks(reader, 1);
                return 1;
            }
        }
    }
    reader->blocks = strips;
    return reader->blocks;
}

/* ---- finish and destroy -------------------------------------------------------------------- */

static void finish_step(void *state) {
    struct jpeg_reader *reader = state;
    jpeg_finish_decompress(&reader->cinfo);
    ic_jpeg_source_sync(&reader->cinfo, 0);
}

static enum imgcore_status jpeg_finish(struct ic_reader *base, struct imgcore_error *error) {
    struct jpeg_reader *reader = (struct jpeg_reader *)base;
    const bool by_segments = reader->segments != NULL; /* the end marker was found by the cut */
    ic_jpeg_segments_close(reader->segments);
    reader->segments = NULL;
    drop_blocks(reader, 1);
    if (reader->all_consumed || by_segments) {
        return IMGCORE_OK;
    }
    enum imgcore_status status = ic_jpeg_guard(&reader->errors, finish_step, reader, error);
    if (reader->errors.tolerant && (status == IMGCORE_CORRUPT || status == IMGCORE_TRUNCATED)) {
        ic_error_clear(error); /* all rows have been delivered */
        return IMGCORE_OK;
    }
    return status;
}

static void jpeg_destroy_reader(struct ic_reader *base) {
    struct jpeg_reader *reader = (struct jpeg_reader *)base;
    struct ic_mem *mem = reader->mem;
    ic_jpeg_segments_close(reader->segments);
    jpeg_destroy_decompress(&reader->cinfo);
    drop_blocks(reader, 0);
    ic_jpeg_markers_clear(&reader->markers);
    ic_free(mem, reader->copyright);
    ic_mem_release(mem, reader->reserved_bytes);
    ic_free(mem, reader);
}

static const struct ic_reader_ops jpeg_ops = {jpeg_start, jpeg_read, jpeg_finish,
                                              jpeg_destroy_reader};

enum imgcore_status ic_jpeg_open(struct ic_mem *mem, struct ic_input *input,
                                 const struct ic_open_options *options, struct ic_reader **out,
                                 struct ic_header *header, struct imgcore_error *error) {
    *out = NULL;
    struct jpeg_reader *reader = ic_calloc(mem, 1, sizeof(*reader));
    if (reader == NULL) {
        return ic_fail(error, mem->status, "not enough memory for a JPEG reader");
    }
    reader->base.ops = &jpeg_ops;
    reader->base.set_parallelism = jpeg_set_parallelism;
    reader->mem = mem;
    reader->markers.mem = mem;
    reader->limits = *options->limits;
    reader->source.input = input;
    reader->source.cancel = options->cancel;
    reader->cinfo.err = ic_jpeg_errors_init(&reader->errors, options->tolerant);
    enum imgcore_status status = read_header(reader, options->want_copyright, error);
    if (header != NULL) {
        *header = reader->base.header;
    }
    if (status != IMGCORE_OK) {
        if (header != NULL) { /* they point into the reader, which is freed */
            header->icc = NULL;
            header->copyright = NULL;
        }
        jpeg_destroy_reader(&reader->base);
        return status;
    }
    *out = &reader->base;
    return IMGCORE_OK;
}
