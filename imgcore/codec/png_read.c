/* The PNG reader: libspng decodes what png_chunks.c passes on, png_expand.c converts it to 8-bit
 * channels.
 *
 * libspng reads every header, and the pixels of every kind of PNG; the pixels of the common kinds
 * are decoded by png_fast.c instead. If that one finds a fault in a file in memory, libspng starts
 * again at the beginning, and its status counts. A source that is read front to back cannot be read
 * again: there the status of the fast reader counts. It differs only for data that is well-formed
 * up to its last row and faulty after it.
 *
 * An image that is not interlaced is delivered while it is decoded. An interlaced one is decoded
 * entirely at the first read, in the samples as stored, and expanded strip by strip. libspng
 * delivers the samples as stored (SPNG_FMT_RAW), since its own conversions round differently.
 *
 * Compressed data after the last row is not decompressed. Whether a wrong Adler-32 is detected
 * depends, as in libpng, on whether the checksum arrives together with the data of the last row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/formats.h"
#include "imgcore/codec/png_internal.h"

/* Rows of a strip, fewer if they are wide: a strip, compressed and not, should stay in L2. The
 * vertical pass takes as many at a time; of RGB 4928 pixels wide 8 rows are 1.7 % slower, 32 and 48
 * no faster. */
#define STRIP_ROWS  24u
#define STRIP_BYTES ((size_t)384 * 1024)
/* The fast reader undoes the filters of four rows at a time. */
#define FAST_ROWS 4u

/* Memory of libspng and its inflate for any image (measured: 52 KiB). */
#define SPNG_FIXED_BYTES ((size_t)64 * 1024)
/* Bytes that libspng, and malloc, may add to each of its row buffers. */
#define SPNG_ROW_EXTRA_BYTES ((size_t)64)

static int read_for_spng(spng_ctx *spng, void *user, void *out, size_t size_bytes) {
    (void)spng;
    int before = errno; /* see png_error.h */
    bool ok = ic_png_chunks_read(user, out, size_bytes);
    errno = before;
    return ok ? 0 : SPNG_IO_ERROR;
}

static enum imgcore_status fail_alloc(const struct png_reader *png, struct imgcore_error *error) {
    return ic_fail(error, png->mem->status, "decoding the PNG needs %s",
                   ic_mem_explain(png->mem).text);
}

static enum imgcore_status reserve(struct png_reader *png, size_t size_bytes,
                                   struct imgcore_error *error) {
    if (!ic_mem_reserve(png->mem, size_bytes)) {
        return fail_alloc(png, error);
    }
    png->reserved_bytes += size_bytes;
    return IMGCORE_OK;
}

/* Allocates the strip, with zeros in its slack, and the samples as stored. */
static enum imgcore_status allocate(struct png_reader *png, struct imgcore_error *error) {
    const struct ic_png_expand *expand = &png->expand;
    const uint32_t height = png->base.header.height_px;
    size_t stride;
    if (!ic_add_size(expand->out_bytes, IC_ROW_SLACK_BYTES + IC_ALIGN_BYTES, &stride)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    png->stride_bytes = ic_round_up(stride - IC_ALIGN_BYTES, IC_ALIGN_BYTES);
    size_t rows = STRIP_BYTES / png->stride_bytes;
    const size_t least = png->fast != NULL ? FAST_ROWS : 1;
    rows = rows < least ? least : rows > STRIP_ROWS ? STRIP_ROWS : rows;
    png->strip_rows = rows < height ? (uint32_t)rows : height;
    png->strip = ic_calloc(png->mem, png->strip_rows, png->stride_bytes);
    if (png->strip == NULL) {
        return fail_alloc(png, error);
    }
    if (png->fast != NULL && !ic_png_fast_allocate(png->fast, png->strip_rows)) {
        return fail_alloc(png, error);
    }
    if (!png->interlaced && expand->copies) {
        return IMGCORE_OK;
    }
    size_t raw_bytes;
    const uint32_t raw_rows = png->interlaced ? height : png->fast != NULL ? png->strip_rows : 1;
    if (!ic_mul_size(expand->raw_bytes, raw_rows, &raw_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "the picture does not fit the address space");
    }
    png->raw = ic_alloc(png->mem, raw_bytes);
    return png->raw == NULL ? fail_alloc(png, error) : IMGCORE_OK;
}

static enum imgcore_status create_spng(struct png_reader *png, struct imgcore_error *error) {
    /* These functions get no user pointer, so they cannot use ic_alloc: hence the reservations. */
    struct spng_alloc alloc = {
        .malloc_fn = malloc, .realloc_fn = realloc, .calloc_fn = calloc, .free_fn = free};
    png->spng = spng_ctx_new2(&alloc, 0);
    int code = SPNG_EMEM;
    if (png->spng != NULL) {
        code = spng_set_png_stream(png->spng, read_for_spng, &png->chunks);
    }
    return code == 0 ? IMGCORE_OK : ic_png_fail(png, code, error);
}

static enum imgcore_status start_libspng(struct png_reader *png, struct imgcore_error *error) {
    /* libspng holds two rows, and one more for interlaced ones. */
    size_t rows_bytes;
    if (!ic_mul_size(png->expand.raw_bytes, png->interlaced ? 3 : 2, &rows_bytes) ||
        !ic_add_size(rows_bytes, 3 * SPNG_ROW_EXTRA_BYTES, &rows_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    enum imgcore_status status = reserve(png, rows_bytes, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    errno = 0;
    int code = spng_decode_image(png->spng, NULL, 0, SPNG_FMT_RAW, SPNG_DECODE_PROGRESSIVE);
    if (code != 0) {
        if (!ic_png_forgives(png, code)) {
            return ic_png_fail(png, code, error);
        }
        png->damaged = true;
    }
    return IMGCORE_OK;
}

/* Handles fault `code` of the fast reader. If the file can be read again, libspng decodes it from
 * the beginning, including the rows already delivered; its status counts. */
static enum imgcore_status switch_to_libspng(struct png_reader *png, int code,
                                             struct imgcore_error *error) {
    ic_png_fast_destroy(png->fast);
    png->fast = NULL;
    if (code == SPNG_EMEM) {
        return ic_fail(error, png->mem->status, "the PNG decoder got no memory");
    }
    if (!png->rewinds || png->chunks.status == IMGCORE_CANCELLED) {
        return ic_png_fail(png, code, error);
    }
    png->base.decoder = IC_DECODER_LIBSPNG;
    png->base.fallback = "DATA";
    struct ic_png_chunks *chunks = &png->chunks;
    spng_ctx_free(png->spng);
    png->spng = NULL;
    *chunks->input = png->begin;
    ic_png_chunks_rewind(chunks);
    enum imgcore_status status = create_spng(png, error);
    if (status == IMGCORE_OK) {
        status = start_libspng(png, error);
    }
    for (uint32_t y = 0; status == IMGCORE_OK && y < png->next_row; y++) {
        bool ended;
        if (y % STRIP_ROWS == 0 && ic_is_cancelled(png->cancel)) {
            return ic_fail_cancelled(error);
        }
        status = ic_png_decode_row(png, png->raw == NULL ? png->strip : png->raw, &ended, error);
    }
    return status;
}

/* Damage is tolerated row by row, which the fast reader cannot do. */
static bool takes_fast(const struct png_reader *png) {
    return png->kernels != NULL && !png->tolerant && !png->interlaced &&
           ic_png_fast_takes(png->expand.raw_bytes);
}

/* Decodes up to the first byte of the first row, before memory for rows is allocated: a file
 * without data fails here. */
static enum imgcore_status start_data(struct png_reader *png, struct imgcore_error *error) {
    if (!takes_fast(png)) {
        png->base.decoder = IC_DECODER_LIBSPNG;
        return start_libspng(png, error);
    }
    png->base.decoder = IC_DECODER_OWN;
    const struct ic_png_fast_setup setup = {png->kernels, png->expand.raw_bytes,
                                            png->expand.pixel_bytes, png->base.header.height_px};
    errno = 0;
    int code = ic_png_fast_open(png->mem, &png->chunks, &setup, &png->fast);
    return code == 0 ? IMGCORE_OK : switch_to_libspng(png, code, error);
}

static enum imgcore_status png_start(struct ic_reader *reader,
                                     const struct ic_read_request *request,
                                     struct ic_read_layout *layout, struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    const struct ic_header *header = &png->base.header;
    if (request->planes || request->scale_denom != 1) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a PNG has no planes and no scales");
    }
    enum imgcore_status status = start_data(png, error);
    if (status == IMGCORE_OK) {
        status = allocate(png, error);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    memset(layout, 0, sizeof(*layout));
    layout->planes = 1;
    layout->plane[0].width = header->width_px;
    layout->plane[0].height = header->height_px;
    layout->plane[0].channels = png->expand.channels;
    layout->plane[0].extent_width = header->width_px;
    layout->plane[0].extent_height = header->height_px;
    return IMGCORE_OK;
}

static enum imgcore_status streamed_row(struct png_reader *png, uint8_t *out,
                                        struct imgcore_error *error) {
    if (!png->damaged) {
        bool ended;
        uint8_t *raw = png->raw == NULL ? out : png->raw;
        enum imgcore_status status = ic_png_decode_row(png, raw, &ended, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        if (!png->damaged && raw != out) {
            ic_png_expand_row(&png->expand, raw, out);
        }
    }
    if (png->damaged) {
        memset(out, 0, png->expand.out_bytes);
    }
    return IMGCORE_OK;
}

/* Reads `count` rows into the strip; if libspng has to take over, png->fast is NULL afterwards. */
static enum imgcore_status fast_rows(struct png_reader *png, uint32_t count,
                                     struct imgcore_error *error) {
    const struct ic_png_expand *expand = &png->expand;
    uint8_t *raw = png->raw == NULL ? png->strip : png->raw;
    const size_t raw_stride = png->raw == NULL ? png->stride_bytes : expand->raw_bytes;
    errno = 0;
    int code = ic_png_fast_rows(png->fast, count, raw, (ptrdiff_t)raw_stride);
    if (code != 0) {
        return switch_to_libspng(png, code, error);
    }
    for (uint32_t i = 0; png->raw != NULL && i < count; i++) {
        ic_png_expand_row(expand, raw + i * raw_stride, png->strip + i * png->stride_bytes);
    }
    return IMGCORE_OK;
}

static enum imgcore_status png_read(struct ic_reader *reader, struct ic_strip *strip,
                                    struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    const uint32_t height = png->base.header.height_px;
    if (ic_is_cancelled(png->cancel)) {
        return ic_fail_cancelled(error);
    }
    if (png->interlaced && !png->passes_decoded) {
        enum imgcore_status status = ic_png_decode_passes(png, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        png->passes_decoded = true;
    }
    uint32_t count = height - png->next_row;
    count = count < png->strip_rows ? count : png->strip_rows;
    memset(strip, 0, sizeof(*strip));
    strip->plane[0].rows = png->strip;
    strip->plane[0].stride_bytes = (ptrdiff_t)png->stride_bytes;
    strip->plane[0].first_row = png->next_row;
    enum imgcore_status status = IMGCORE_OK;
    if (png->fast != NULL) {
        status = fast_rows(png, count, error);
    }
    for (uint32_t i = 0; status == IMGCORE_OK && png->fast == NULL && i < count; i++) {
        uint8_t *out = png->strip + i * png->stride_bytes;
        if (png->interlaced) {
            ic_png_interlaced_row(png, out, png->next_row + i);
        } else {
            status = streamed_row(png, out, error);
        }
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    png->next_row += count;
    strip->plane[0].row_count = count;
    strip->done = png->next_row == height;
    return IMGCORE_OK;
}

static enum imgcore_status png_finish(struct ic_reader *reader, struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    if (png->tolerant) {
        return IMGCORE_OK; /* faults after the image are tolerated */
    }
    if (png->fast != NULL) {
        errno = 0;
        int fault = ic_png_fast_finish(png->fast, png->rewinds);
        enum imgcore_status status = fault == 0 ? IMGCORE_OK : switch_to_libspng(png, fault, error);
        if (fault == 0 || status != IMGCORE_OK) {
            return status;
        }
    }
    /* The CRC of the last IDAT is checked only here, and IEND must exist. */
    int code = spng_decode_chunks(png->spng);
    return code == 0 ? IMGCORE_OK : ic_png_fail(png, code, error);
}

static void png_destroy(struct ic_reader *reader) {
    struct png_reader *png = (struct png_reader *)reader;
    struct ic_mem *mem = png->mem;
    ic_png_fast_destroy(png->fast);
    spng_ctx_free(png->spng);
    ic_png_chunks_clear(&png->chunks);
    ic_free(mem, png->strip);
    ic_free(mem, png->raw);
    ic_mem_release(mem, png->reserved_bytes);
    ic_free(mem, png);
}

static const struct ic_reader_ops png_ops = {
    .start = png_start, .read = png_read, .finish = png_finish, .destroy = png_destroy};

/* Reads IHDR only, so that an image that is too large costs nothing more. */
static enum imgcore_status read_ihdr(struct png_reader *png, struct spng_ihdr *ihdr,
                                     struct imgcore_error *error) {
    int code = spng_get_ihdr(png->spng, ihdr);
    if (code != 0) {
        return ic_png_fail(png, code, error);
    }
    struct ic_header *header = &png->base.header;
    header->width_px = ihdr->width;
    header->height_px = ihdr->height;
    header->bits = ihdr->bit_depth;
    header->palette = ihdr->color_type == SPNG_COLOR_TYPE_INDEXED;
    header->progressive = ihdr->interlace_method != 0;
    png->interlaced = header->progressive;
    switch (ihdr->color_type) {
    case SPNG_COLOR_TYPE_GRAYSCALE:
        header->color = IC_COLOR_GREY;
        break;
    case SPNG_COLOR_TYPE_GRAYSCALE_ALPHA:
        header->color = IC_COLOR_GREY_ALPHA;
        break;
    case SPNG_COLOR_TYPE_TRUECOLOR_ALPHA:
        header->color = IC_COLOR_RGBA;
        break;
    default:
        header->color = IC_COLOR_RGB;
        break;
    }
    return IMGCORE_OK;
}

/* Reads everything up to the first IDAT. */
static enum imgcore_status read_rest(struct png_reader *png, const struct spng_ihdr *ihdr,
                                     struct imgcore_error *error) {
    struct spng_trns trns;
    struct spng_plte plte;
    int code = spng_get_trns(png->spng, &trns);
    bool has_trns = code == 0;
    if (code != 0 && code != SPNG_ECHUNKAVAIL) {
        return ic_png_fail(png, code, error);
    }
    if (png->base.header.palette) {
        code = spng_get_plte(png->spng, &plte);
        if (code != 0) {
            return ic_png_fail(png, code, error);
        }
    }
    if (!ic_png_expand_init(&png->expand, png->kernels, ihdr, &plte, has_trns ? &trns : NULL)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    struct ic_header *header = &png->base.header;
    header->color = png->expand.color;
    header->orientation = png->chunks.orientation;
    header->copyright = png->chunks.copyright;
    header->tags = png->chunks.tags;
    if (png->chunks.icc.size_bytes != 0) {
        header->icc = png->chunks.icc.bytes;
        header->icc_bytes = png->chunks.icc.size_bytes;
    }
    return IMGCORE_OK;
}

enum imgcore_status ic_png_open(struct ic_mem *mem, struct ic_input *input,
                                const struct ic_open_options *options, struct ic_reader **reader,
                                struct ic_header *header, struct imgcore_error *error) {
    *reader = NULL;
    struct png_reader *png = ic_calloc(mem, 1, sizeof(*png));
    if (png == NULL) {
        return ic_fail(error, mem->status, "opening a PNG needs %zu bytes", sizeof(*png));
    }
    png->base.ops = &png_ops;
    png->base.header.format = IMGCORE_FORMAT_PNG;
    png->base.header.orientation = 1;
    png->mem = mem;
    png->kernels = options->kernels;
    png->tolerant = options->tolerant;
    png->cancel = options->cancel;
    png->rewinds = input->read == NULL;
    png->begin = *input;
    ic_png_chunks_init(&png->chunks, mem, input, options);

    struct spng_ihdr ihdr;
    enum imgcore_status status = reserve(png, SPNG_FIXED_BYTES, error);
    if (status == IMGCORE_OK) {
        status = create_spng(png, error);
    }
    if (status == IMGCORE_OK) {
        status = read_ihdr(png, &ihdr, error);
    }
    if (status == IMGCORE_OK) {
        status = ic_check_size(&png->base.header, options->limits, error);
    }
    if (status == IMGCORE_OK) {
        status = read_rest(png, &ihdr, error);
    }
    if (header != NULL) {
        *header = png->base.header;
    }
    if (status != IMGCORE_OK) {
        png_destroy(&png->base);
        return status;
    }
    *reader = &png->base;
    return IMGCORE_OK;
}
