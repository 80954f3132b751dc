/* The JPEG reader: header, strips of planes or of interleaved rows, and the check of the end, on
 * libjpeg-turbo's libjpeg interface. libjpeg's longjmp ends in ic_jpeg_guard.
 *
 * libjpeg reads the headers. The data of a sequential JPEG of one scan, or of a progressive one, is
 * read by the own reader (jpeg_fast.h) if it can be read again: on any doubt libjpeg reads it from
 * its beginning, the rows delivered before are dropped, and its status counts.
 *
 * Memory grows with the width of the image. Only a file of several scans makes libjpeg hold all
 * coefficients, and the own reader the data of all scans; the coefficients are reserved from the
 * budget before, whoever reads them. */
#include <string.h>

#include "imgcore/codec/exif.h"
#include "imgcore/codec/jpeg_reader.h"

/* The most rows of a plane in a strip: 4 blocks of 8. */
#define MAX_PLANE_ROWS (4u * DCTSIZE)

/* ---- header -------------------------------------------------------------------------------- */

static enum imgcore_status fill_metadata(struct ic_jpeg_reader *reader, bool want_copyright,
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
    struct ic_jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    struct ic_input *input = reader->source.input;
    jpeg_create_decompress(cinfo);
    /* else libjpeg takes a limit from an environment variable and uses temporary files beyond it */
    cinfo->mem->max_memory_to_use = 0;
    ic_jpeg_source_init(&reader->source, input, cinfo);
    ic_jpeg_markers_init(&reader->markers, reader->mem, &reader->limits, cinfo);
    jpeg_read_header(cinfo, TRUE);
}

static enum imgcore_status read_header(struct ic_jpeg_reader *reader, bool want_copyright,
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

/* ---- read ---------------------------------------------------------------------------------- */

static void point_at_rows(const struct ic_jpeg_reader *reader, int i, JSAMPROW *row) {
    const struct ic_jpeg_strip *strip = &reader->strip[i];
    for (uint32_t y = 0; y < strip->rows; y++) {
        row[y] = strip->block[reader->block] + y * strip->stride_bytes;
    }
}

static void read_planes(struct ic_jpeg_reader *reader) {
    j_decompress_ptr cinfo = &reader->cinfo;
    JSAMPROW row[IC_MAX_PLANES][MAX_PLANE_ROWS];
    JSAMPARRAY planes[IC_MAX_PLANES];
    ic_jpeg_source_sync(cinfo, IC_INPUT_CHUNK_BYTES); /* as in memory: see jpeg_source.c */
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
    struct ic_jpeg_reader *reader = state;
    j_decompress_ptr cinfo = &reader->cinfo;
    if (reader->request.planes) {
        read_planes(reader);
        return;
    }
    JSAMPROW row[IC_JPEG_INTERLEAVED_ROWS];
    point_at_rows(reader, 0, row);
    reader->rows_read = 0;
    while (reader->rows_read < IC_JPEG_INTERLEAVED_ROWS &&
           cinfo->output_scanline < cinfo->output_height) {
        ic_jpeg_source_sync(cinfo, IC_INPUT_CHUNK_BYTES);
        JDIMENSION got = jpeg_read_scanlines(cinfo, row + reader->rows_read,
                                             IC_JPEG_INTERLEAVED_ROWS - reader->rows_read);
        if (got == 0) {
            ic_jpeg_raise(cinfo->err, IMGCORE_INTERNAL, "the JPEG library gave no rows");
        }
        reader->rows_read += got;
    }
}

static bool read_fast(struct ic_jpeg_reader *reader) {
    uint8_t *rows[IC_MAX_PLANES] = {NULL};
    size_t stride_bytes[IC_MAX_PLANES] = {0};
    for (int i = 0; i < reader->layout.planes; i++) {
        rows[i] = reader->strip[i].block[reader->block];
        stride_bytes[i] = reader->strip[i].stride_bytes;
    }
    return !ic_is_cancelled(reader->source.cancel) &&
           ic_jpeg_fast_read(reader->fast, rows, stride_bytes);
}

/* Repeats the steps that another decoder has delivered, by libjpeg. */
static void reread_step(void *state) {
    struct ic_jpeg_reader *reader = state;
    for (; reader->steps_given > 0; reader->steps_given--) {
        read_planes(reader);
    }
}

static void invert_rows(struct ic_jpeg_reader *reader) {
    size_t samples = (size_t)reader->layout.plane[0].width * 4;
    for (uint32_t y = 0; y < reader->rows_read; y++) {
        uint8_t *row = reader->strip[0].block[reader->block] + y * reader->strip[0].stride_bytes;
        for (size_t x = 0; x < samples; x++) {
            row[x] = (uint8_t)(255 - row[x]);
        }
    }
}

/* After a doubt or a fault: the rows delivered so far are correct, but libjpeg decides about the
 * file, so it starts at the beginning of the scan. */
static enum imgcore_status start_again(struct ic_jpeg_reader *reader, struct imgcore_error *error) {
    enum imgcore_status status = ic_jpeg_return_to_scan(reader, error);
    ic_jpeg_close_decoders(reader);
    if (status == IMGCORE_OK && !reader->started) {
        status = ic_jpeg_start_library(reader, error);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    reader->base.decoder = IC_DECODER_LIBJPEG;
    for (int i = 0; i < reader->layout.planes; i++) {
        reader->strip[i].done_rows = reader->steps_given * reader->strip[i].rows;
    }
    return ic_jpeg_guard(&reader->errors, reread_step, reader, error);
}

/* The rows of this step, and the next block. */
static void deliver(struct ic_jpeg_reader *reader, struct ic_strip *out) {
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < reader->layout.planes; i++) {
        struct ic_jpeg_strip *strip = &reader->strip[i];
        uint32_t left = reader->layout.plane[i].height - strip->done_rows;
        uint32_t rows = left < strip->rows ? left : strip->rows;
        out->plane[i].rows = strip->block[reader->block];
        out->plane[i].stride_bytes = (ptrdiff_t)strip->stride_bytes;
        out->plane[i].first_row = strip->done_rows;
        out->plane[i].row_count = rows;
        strip->done_rows += rows;
    }
    reader->block = (reader->block + 1) % reader->blocks;
}

static enum imgcore_status jpeg_read(struct ic_reader *base, struct ic_strip *out,
                                     struct imgcore_error *error) {
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    enum imgcore_status status = IMGCORE_OK;
    if (reader->segments != NULL) {
        if (ic_jpeg_segments_read(reader->segments, out)) {
            reader->steps_given++;
            return IMGCORE_OK;
        }
        status = start_again(reader, error);
    } else if (reader->fast != NULL) {
        if (read_fast(reader)) {
            reader->steps_given++;
            deliver(reader, out);
            out->done = ic_jpeg_fast_done(reader->fast);
            return IMGCORE_OK;
        }
        status = start_again(reader, error);
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
    deliver(reader, out);
    out->done = reader->cinfo.output_scanline >= reader->cinfo.output_height;
    return IMGCORE_OK;
}

/* ---- threads ------------------------------------------------------------------------------- */

static void drop_blocks(struct ic_jpeg_reader *reader, int from) {
    for (int i = 0; i < IC_MAX_PLANES; i++) {
        for (int k = from; k < IC_MAX_STRIPS; k++) {
            ic_free(reader->mem, reader->strip[i].block[k]);
            reader->strip[i].block[k] = NULL;
        }
    }
}

static int jpeg_set_parallelism(struct ic_reader *base, struct ic_thread_pool *pool, int strips) {
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    if (!reader->errors.tolerant && reader->source.input->read == NULL &&
        ic_jpeg_may_read_own(reader)) {
        reader->segments = ic_jpeg_segments_open(reader->mem, pool, reader->source.cancel,
                                                 reader->kernels, &reader->cinfo, &reader->layout);
        if (reader->segments != NULL) {
            ic_jpeg_fast_close(reader->fast);
            reader->fast = NULL;
            base->decoder = IC_DECODER_OWN;
            return 1;
        }
    }
    for (int i = 0; i < reader->layout.planes; i++) {
        for (int k = 1; k < strips; k++) {
            reader->strip[i].block[k] = ic_jpeg_make_block(reader, &reader->strip[i]);
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
    struct ic_jpeg_reader *reader = state;
    jpeg_finish_decompress(&reader->cinfo);
    ic_jpeg_source_sync(&reader->cinfo, 0);
}

static void jpeg_stop(struct ic_reader *base) {
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    ic_jpeg_close_decoders(reader);
    drop_blocks(reader, 1);
}

static enum imgcore_status jpeg_finish(struct ic_reader *base, struct imgcore_error *error) {
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    /* either of them has found the end marker */
    const bool by_others = reader->segments != NULL || reader->fast != NULL;
    jpeg_stop(base);
    if (reader->all_consumed || by_others) {
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
    struct ic_jpeg_reader *reader = (struct ic_jpeg_reader *)base;
    struct ic_mem *mem = reader->mem;
    ic_jpeg_close_decoders(reader);
    jpeg_destroy_decompress(&reader->cinfo);
    drop_blocks(reader, 0);
    ic_jpeg_markers_clear(&reader->markers);
    ic_free(mem, reader->copyright);
    ic_mem_release(mem, reader->reserved_bytes);
    ic_free(mem, reader);
}

static const struct ic_reader_ops jpeg_ops = {ic_jpeg_start, jpeg_read, jpeg_finish,
                                              jpeg_destroy_reader, jpeg_stop};

enum imgcore_status ic_jpeg_open(struct ic_mem *mem, struct ic_input *input,
                                 const struct ic_open_options *options, struct ic_reader **out,
                                 struct ic_header *header, struct imgcore_error *error) {
    *out = NULL;
    struct ic_jpeg_reader *reader = ic_calloc(mem, 1, sizeof(*reader));
    if (reader == NULL) {
        return ic_fail(error, mem->status, "not enough memory for a JPEG reader");
    }
    reader->base.ops = &jpeg_ops;
    reader->base.set_parallelism = jpeg_set_parallelism;
    reader->mem = mem;
    reader->markers.mem = mem;
    reader->limits = *options->limits;
    reader->kernels = options->kernels;
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
