/* The JPEG encoder: an image, as planes or as interleaved rows, to bytes in a buffer.
 *
 * libjpeg encodes entire blocks, including samples outside the image: so the last column of each
 * plane is repeated in the slack behind its rows, and its last row is passed as often as needed. A
 * copy of every row instead costs 0.2 of 4 ms for the four sizes. */
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/codec/exif.h"
#include "imgcore/codec/jpeg_internal.h"

/* The data of a profile in one segment, without its length and its mark. */
#define ICC_CHUNK_BYTES (65533u - 14u)
/* The most rows of a plane in a strip: chroma factors are 1 or 2. */
#define MAX_STRIP_ROWS (2u * DCTSIZE)

struct jpeg_writer {
    struct jpeg_compress_struct cinfo;
    struct ic_jpeg_errors errors;
    struct jpeg_destination_mgr destination;
    struct jpeg_progress_mgr progress;
    struct ic_mem *mem;
    const struct ic_picture *picture;
    const struct ic_write_options *options;
    struct ic_buf *out;
    struct ic_buf exif;
    size_t reserved_bytes;
};

/* ---- destination ----------------------------------------------------------------------------- */

/* Passes the free part of the buffer to libjpeg, at least `least_bytes` of it. */
static void show_free_space(struct jpeg_writer *writer, size_t least_bytes) {
    struct ic_buf *out = writer->out;
    if (!ic_buf_reserve(out, least_bytes)) {
        ic_jpeg_raise(&writer->errors.manager, out->mem->status,
                      "not enough memory for the JPEG file");
    }
    writer->destination.next_output_byte = out->bytes + out->size_bytes;
    writer->destination.free_in_buffer = out->capacity_bytes - out->size_bytes;
}

static struct jpeg_writer *writer_of(j_compress_ptr cinfo) {
    return cinfo->client_data;
}

static void init_destination(j_compress_ptr cinfo) {
    struct jpeg_writer *writer = writer_of(cinfo);
    show_free_space(writer, writer->out->sink == NULL ? 1 : IC_SINK_BYTES);
}

static void drain(j_compress_ptr cinfo) {
    if (!ic_buf_drain(writer_of(cinfo)->out, 0)) {
        ic_jpeg_raise(cinfo->err, IMGCORE_CANCELLED, "%s", "");
    }
}

static boolean empty_output_buffer(j_compress_ptr cinfo) {
    struct ic_buf *out = writer_of(cinfo)->out;
    out->size_bytes = out->capacity_bytes; /* libjpeg calls this when the buffer is full */
    drain(cinfo);
    show_free_space(writer_of(cinfo), 1);
    return TRUE;
}

static void term_destination(j_compress_ptr cinfo) {
    struct ic_buf *out = writer_of(cinfo)->out;
    out->size_bytes = out->capacity_bytes - cinfo->dest->free_in_buffer;
    drain(cinfo);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static size_t padded_samples(const struct jpeg_compress_struct *cinfo, int p) {
    return (size_t)ic_ceil_div_u32(cinfo->image_width,
                                   (uint32_t)cinfo->max_h_samp_factor * DCTSIZE) *
           (size_t)cinfo->comp_info[p].h_samp_factor * DCTSIZE;
}

/* Repeats the last column of plane `p` up to the end of the last block. */
static void pad_columns(const struct jpeg_writer *writer, int p) {
    const struct ic_picture *picture = writer->picture;
    const size_t width = picture->plane[p].width;
    const size_t more = padded_samples(&writer->cinfo, p) - width;
    if (!IC_HOLDS(more <= IC_ROW_SLACK_BYTES)) {
        ic_jpeg_raise(writer->cinfo.err, IMGCORE_INTERNAL, "rows without room for whole blocks");
    }
    for (uint32_t y = 0; y < picture->plane[p].height; y++) {
        uint8_t *row = picture->plane[p].rows + (ptrdiff_t)y * picture->plane[p].stride_bytes;
        memset(row + width, row[width - 1], more);
    }
}

static void write_planes(struct jpeg_writer *writer) {
    j_compress_ptr cinfo = &writer->cinfo;
    const struct ic_picture *picture = writer->picture;
    JSAMPROW row[3][MAX_STRIP_ROWS];
    JSAMPARRAY planes[3];
    for (int p = 0; p < cinfo->num_components; p++) {
        pad_columns(writer, p);
        planes[p] = row[p];
    }
    uint32_t lines = (uint32_t)cinfo->max_v_samp_factor * DCTSIZE;
    for (uint32_t strip = 0; cinfo->next_scanline < cinfo->image_height; strip++) {
        for (int p = 0; p < cinfo->num_components; p++) {
            const uint32_t rows = (uint32_t)cinfo->comp_info[p].v_samp_factor * DCTSIZE;
            const uint32_t last = picture->plane[p].height - 1;
            for (uint32_t y = 0; y < rows; y++) {
                const uint32_t at = strip * rows + y < last ? strip * rows + y : last;
                row[p][y] = picture->plane[p].rows + (ptrdiff_t)at * picture->plane[p].stride_bytes;
            }
        }
        jpeg_write_raw_data(cinfo, planes, lines);
    }
}

static void write_rows(struct jpeg_writer *writer) {
    j_compress_ptr cinfo = &writer->cinfo;
    const struct ic_picture *picture = writer->picture;
    JSAMPROW row[MAX_STRIP_ROWS];
    while (cinfo->next_scanline < cinfo->image_height) {
        const uint32_t left = cinfo->image_height - cinfo->next_scanline;
        const uint32_t rows = left < MAX_STRIP_ROWS ? left : MAX_STRIP_ROWS;
        for (uint32_t y = 0; y < rows; y++) {
            row[y] = picture->plane[0].rows +
                     (ptrdiff_t)(cinfo->next_scanline + y) * picture->plane[0].stride_bytes;
        }
        jpeg_write_scanlines(cinfo, row, rows);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

static void set_parameters(struct jpeg_writer *writer) {
    j_compress_ptr cinfo = &writer->cinfo;
    const struct ic_picture *picture = writer->picture;
    const struct ic_write_options *options = writer->options;
    bool grey = picture->color == IC_COLOR_GREY;
    cinfo->image_width = picture->width_px;
    cinfo->image_height = picture->height_px;
    cinfo->input_components = grey ? 1 : 3;
    cinfo->in_color_space = grey                             ? JCS_GRAYSCALE
                            : picture->color == IC_COLOR_RGB ? JCS_RGB
                                                             : JCS_YCbCr;
    jpeg_set_defaults(cinfo);
    jpeg_set_quality(cinfo, options->quality, TRUE);
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->comp_info[0].h_samp_factor = grey ? 1 : options->chroma_h;
    cinfo->comp_info[0].v_samp_factor = grey ? 1 : options->chroma_v;
    cinfo->raw_data_in = picture->color == IC_COLOR_YCBCR;
    cinfo->optimize_coding = options->optimize;
    if (options->progressive) {
        jpeg_simple_progression(cinfo);
    }
}

/* Reserves what libjpeg allocates: all coefficients if it writes several scans or optimises the
 * Huffman tables, and some rows in any case. */
static void reserve_memory(struct jpeg_writer *writer) {
    j_compress_ptr cinfo = &writer->cinfo;
    int max_h = cinfo->comp_info[0].h_samp_factor;
    int max_v = cinfo->comp_info[0].v_samp_factor;
    uint64_t bytes = 0;
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        if (cinfo->num_scans > 1 || cinfo->optimize_coding) {
            bytes += ic_jpeg_coefficient_bytes(cinfo->image_width, cinfo->image_height,
                                               component->h_samp_factor, component->v_samp_factor,
                                               max_h, max_v);
        }
        if (!cinfo->raw_data_in) {
            bytes += (uint64_t)(component->v_samp_factor * DCTSIZE + 5 * max_v) *
                     ic_round_up(cinfo->image_width, (size_t)4 * DCTSIZE);
        }
    }
    ic_jpeg_reserve(cinfo->err, writer->mem, bytes, "the coefficients of the JPEG to write",
                    &writer->reserved_bytes);
}

static void write_metadata(struct jpeg_writer *writer) {
    j_compress_ptr cinfo = &writer->cinfo;
    const struct ic_write_options *options = writer->options;
    if (options->copyright != NULL) {
        if (!ic_buf_append(&writer->exif, "Exif\0", 6) ||
            !ic_exif_write_copyright(&writer->exif, options->copyright)) {
            ic_jpeg_raise_memory(cinfo->err, writer->mem);
        }
        jpeg_write_marker(cinfo, JPEG_APP0 + 1, writer->exif.bytes,
                          (unsigned int)writer->exif.size_bytes);
    }
    if (options->icc != NULL && options->icc_bytes > 0) {
        jpeg_write_icc_profile(cinfo, options->icc, (unsigned int)options->icc_bytes);
    }
}

/* libjpeg calls this for every strip of rows, and for every row of MCUs of every later pass. */
static void monitor(j_common_ptr cinfo) {
    ic_jpeg_check_cancel(cinfo->err, writer_of((j_compress_ptr)cinfo)->options->cancel);
}

static void write_step(void *state) {
    struct jpeg_writer *writer = state;
    j_compress_ptr cinfo = &writer->cinfo;
    jpeg_create_compress(cinfo);
    cinfo->mem->max_memory_to_use = 0; /* else libjpeg takes a limit from an environment variable */
    writer->destination.init_destination = init_destination;
    writer->destination.empty_output_buffer = empty_output_buffer;
    writer->destination.term_destination = term_destination;
    cinfo->dest = &writer->destination;
    writer->progress.progress_monitor = monitor;
    cinfo->progress = &writer->progress;
    set_parameters(writer);
    reserve_memory(writer);
    jpeg_start_compress(cinfo, TRUE);
    write_metadata(writer);
    if (cinfo->raw_data_in) {
        write_planes(writer);
    } else {
        write_rows(writer);
    }
    jpeg_finish_compress(cinfo);
}

static bool planes_fit(const struct ic_picture *picture, const struct ic_write_options *options) {
    if (picture->color == IC_COLOR_GREY || picture->color == IC_COLOR_RGB) {
        return picture->planes == 1 && picture->plane[0].width == picture->width_px &&
               picture->plane[0].height == picture->height_px;
    }
    uint32_t chroma_width = ic_ceil_div_u32(picture->width_px, (uint32_t)options->chroma_h);
    uint32_t chroma_height = ic_ceil_div_u32(picture->height_px, (uint32_t)options->chroma_v);
    return picture->planes == 3 && picture->plane[0].width == picture->width_px &&
           picture->plane[0].height == picture->height_px &&
           picture->plane[1].width == chroma_width && picture->plane[2].width == chroma_width &&
           picture->plane[1].height == chroma_height && picture->plane[2].height == chroma_height;
}

static enum imgcore_status check_arguments(const struct ic_picture *picture,
                                           const struct ic_write_options *options,
                                           struct imgcore_error *error) {
    if (picture->color != IC_COLOR_GREY && picture->color != IC_COLOR_RGB &&
        picture->color != IC_COLOR_YCBCR) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a JPEG cannot have these colours");
    }
    if (options->chroma_h < 1 || options->chroma_h > 2 || options->chroma_v < 1 ||
        options->chroma_v > 2) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "chroma of 1/%d x 1/%d", options->chroma_h,
                       options->chroma_v);
    }
    if (picture->width_px == 0 || picture->height_px == 0 || !planes_fit(picture, options)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "the planes do not fit to the picture");
    }
    if (picture->width_px > IC_MAX_JPEG_SIDE_PX || picture->height_px > IC_MAX_JPEG_SIDE_PX) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a JPEG has at most %u pixels on a side",
                       IC_MAX_JPEG_SIDE_PX);
    }
    if (options->icc != NULL && options->icc_bytes > (size_t)IC_MAX_ICC_CHUNKS * ICC_CHUNK_BYTES) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "the colour profile does not fit into a JPEG");
    }
    return IMGCORE_OK;
}

enum imgcore_status ic_jpeg_write(struct ic_mem *mem, const struct ic_picture *picture,
                                  const struct ic_write_options *options, struct ic_buf *out,
                                  struct imgcore_error *error) {
    struct jpeg_writer *writer = NULL;
    enum imgcore_status status = check_arguments(picture, options, error);
    if (status == IMGCORE_OK) {
        writer = ic_calloc(mem, 1, sizeof(*writer));
        if (writer == NULL) {
            status = ic_fail(error, mem->status, "not enough memory for a JPEG writer");
        }
    }
    if (status == IMGCORE_OK) {
        writer->mem = mem;
        writer->picture = picture;
        writer->options = options;
        writer->out = out;
        writer->exif.mem = mem;
        writer->cinfo.client_data = writer;
        writer->cinfo.err = ic_jpeg_errors_init(&writer->errors, false);
        status = ic_jpeg_guard(&writer->errors, write_step, writer, error);
        jpeg_destroy_compress(&writer->cinfo);
        ic_buf_clear(&writer->exif);
        ic_mem_release(mem, writer->reserved_bytes);
        ic_free(mem, writer);
    }
    if (status != IMGCORE_OK) {
        ic_buf_clear(out);
    }
    return status;
}
