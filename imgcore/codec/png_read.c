/* PNG to rows: libspng decodes what png_chunks.c lets through, png_expand.c makes 8-bit channels.
 *
 * A picture that is not interlaced is handed out as it is decoded. An interlaced one is decoded
 * whole on the first read, in the file's own samples, and expanded strip by strip. libspng is used
 * for the samples as stored (SPNG_FMT_RAW), since its own conversions round differently.
 *
 * What the compressed data holds beyond the last row is not unpacked. Whether a wrong Adler-32
 * shows depends, as in libpng, on whether the checksum arrives together with the last row's
 * data. */
#include <errno.h>
#include <spng.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/codec.h"
#include "imgcore/codec/png_chunks.h"
#include "imgcore/codec/png_expand.h"

/* Rows handed out at a time, fewer if they are wide: a strip should stay in the cache. */
#define STRIP_ROWS  16u
#define STRIP_BYTES ((size_t)128 * 1024)

/* What libspng and its inflate take whatever the picture (measured: 52 KiB). */
#define SPNG_FIXED_BYTES ((size_t)64 * 1024)
/* What libspng adds to each of its row buffers, and what malloc may. */
#define SPNG_ROW_EXTRA_BYTES ((size_t)64)

struct png_reader {
    struct ic_reader base; /* first: the pipeline knows the reader by it */
    struct ic_mem *mem;
    spng_ctx *spng;
    struct ic_png_chunks chunks;
    struct ic_png_expand expand;
    bool tolerant;
    bool interlaced;
    bool whole_ready;
    size_t reserved_bytes;

    uint8_t *strip; /* strip_rows rows of stride_bytes */
    size_t stride_bytes;
    uint32_t strip_rows;
    uint8_t *raw; /* one row of the file's samples; interlaced: all; NULL if rows come as wanted */
    uint32_t next_row;

    /* Tolerant: the data ended in row `damage_row` of pass `damage_pass` (0 if not interlaced). */
    bool damaged;
    int damage_pass;
    uint32_t damage_row;
};

static int read_for_spng(spng_ctx *spng, void *user, void *out, size_t size_bytes) {
    (void)spng;
    int before = errno; /* see `explain` */
    bool ok = ic_png_chunks_read(user, out, size_bytes);
    errno = before;
    return ok ? 0 : SPNG_IO_ERROR;
}

/* What libspng's errors mean. Those that are not listed can come only from chunks that it never
 * sees, or from a wrong use of it. */
static const struct {
    int code;
    enum imgcore_status status;
    const char *detail;
} spng_meanings[] = {
    {SPNG_EMEM, IMGCORE_NO_MEMORY, "the PNG decoder got no memory"},
    {SPNG_EZLIB_INIT, IMGCORE_NO_MEMORY, "the PNG decoder got no memory"},
    {SPNG_EOVERFLOW, IMGCORE_TOO_LARGE, "the PNG's rows are longer than the decoder allows"},
    {SPNG_ESIGNATURE, IMGCORE_CORRUPT, "the PNG signature is damaged"},
    {SPNG_EWIDTH, IMGCORE_CORRUPT, "the PNG's width is 0 or over 2^31 - 1"},
    {SPNG_EHEIGHT, IMGCORE_CORRUPT, "the PNG's height is 0 or over 2^31 - 1"},
    {SPNG_EBIT_DEPTH, IMGCORE_CORRUPT, "the PNG's bit depth is none its colour type has"},
    {SPNG_ECOLOR_TYPE, IMGCORE_CORRUPT, "the PNG's colour type does not exist"},
    {SPNG_ECOMPRESSION_METHOD, IMGCORE_UNSUPPORTED, "the PNG's compression method is unknown"},
    {SPNG_EFILTER_METHOD, IMGCORE_UNSUPPORTED, "the PNG's filter method is unknown"},
    {SPNG_EINTERLACE_METHOD, IMGCORE_UNSUPPORTED, "the PNG's interlace method is unknown"},
    {SPNG_EIHDR_SIZE, IMGCORE_CORRUPT, "the PNG's header has the wrong length"},
    {SPNG_ENOIHDR, IMGCORE_CORRUPT, "the first chunk is not IHDR"},
    {SPNG_ECHUNK_POS, IMGCORE_CORRUPT, "a PNG chunk is out of place"},
    {SPNG_ECHUNK_SIZE, IMGCORE_CORRUPT, "a PNG chunk has the wrong length"},
    {SPNG_ECHUNK_CRC, IMGCORE_CORRUPT, "the checksum of a PNG chunk is wrong"},
    {SPNG_ECHUNK_UNKNOWN_CRITICAL, IMGCORE_UNSUPPORTED, "the PNG needs an unknown chunk"},
    {SPNG_ENOPLTE, IMGCORE_CORRUPT, "the PNG's palette is missing"},
    {SPNG_EIDAT_TOO_SHORT, IMGCORE_CORRUPT, "the compressed data ends before the picture does"},
    {SPNG_EIDAT_STREAM, IMGCORE_CORRUPT, "the compressed data is damaged"},
    {SPNG_EFILTER, IMGCORE_CORRUPT, "a row has a filter that does not exist"},
};

/* What `code`, an error of libspng, means: the chunks' own reason comes first. libspng calls it
 * damaged data when inflate gets no memory for its window; malloc's errno tells the two apart, so
 * every call of libspng that decodes begins with errno 0. */
static enum imgcore_status explain(const struct png_reader *png, int code, const char **detail) {
    if (png->chunks.status != IMGCORE_OK) {
        *detail = png->chunks.detail;
        return png->chunks.status;
    }
    if (code == SPNG_EIDAT_STREAM && errno == ENOMEM) {
        code = SPNG_EMEM;
    }
    for (size_t i = 0; i < sizeof(spng_meanings) / sizeof(spng_meanings[0]); i++) {
        if (spng_meanings[i].code == code) {
            *detail = spng_meanings[i].detail;
            return spng_meanings[i].status;
        }
    }
    *detail = spng_strerror(code);
    return IMGCORE_INTERNAL;
}

static enum imgcore_status fail_spng(const struct png_reader *png, int code,
                                     struct imgcore_error *error) {
    const char *detail;
    enum imgcore_status status = explain(png, code, &detail);
    return ic_fail(error, status, "%s", detail);
}

/* Whether the picture may go on with rows missing: damage only, not a source that failed. */
static bool forgiven(const struct png_reader *png, int code) {
    const char *detail;
    enum imgcore_status status = explain(png, code, &detail);
    return png->tolerant && (status == IMGCORE_TRUNCATED || status == IMGCORE_CORRUPT);
}

static enum imgcore_status reserve(struct png_reader *png, size_t size_bytes,
                                   struct imgcore_error *error) {
    if (!ic_mem_reserve(png->mem, size_bytes)) {
        return ic_fail(error, png->mem->status, "the PNG decoder needs %zu more bytes", size_bytes);
    }
    png->reserved_bytes += size_bytes;
    return IMGCORE_OK;
}

static enum imgcore_status fail_alloc(const struct png_reader *png, size_t size_bytes,
                                      struct imgcore_error *error) {
    return ic_fail(error, png->mem->status, "decoding the PNG needs %zu more bytes", size_bytes);
}

/* Room for the strip, its slack 0, and for the samples as the file has them. */
static enum imgcore_status allocate(struct png_reader *png, struct imgcore_error *error) {
    const struct ic_png_expand *expand = &png->expand;
    const uint32_t height = png->base.header.height_px;
    size_t stride;
    if (!ic_add_size(expand->out_bytes, IC_ROW_SLACK_BYTES + IC_ALIGN_BYTES, &stride)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    png->stride_bytes = ic_round_up(stride - IC_ALIGN_BYTES, IC_ALIGN_BYTES);
    size_t rows = STRIP_BYTES / png->stride_bytes;
    rows = rows < 1 ? 1 : rows > STRIP_ROWS ? STRIP_ROWS : rows;
    png->strip_rows = rows < height ? (uint32_t)rows : height;
    png->strip = ic_calloc(png->mem, png->strip_rows, png->stride_bytes);
    if (png->strip == NULL) {
        return fail_alloc(png, png->strip_rows * png->stride_bytes, error);
    }
    if (!png->interlaced && expand->copies) {
        return IMGCORE_OK;
    }
    size_t raw_bytes;
    if (!ic_mul_size(expand->raw_bytes, png->interlaced ? height : 1, &raw_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "the picture does not fit the address space");
    }
    png->raw = ic_alloc(png->mem, raw_bytes);
    return png->raw == NULL ? fail_alloc(png, raw_bytes, error) : IMGCORE_OK;
}

static enum imgcore_status png_start(struct ic_reader *reader,
                                     const struct ic_read_request *request,
                                     struct ic_read_layout *layout, struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    const struct ic_header *header = &png->base.header;
    if (request->planes || request->scale_denom != 1) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a PNG has no planes and no scales");
    }
    /* libspng holds two rows, and one more to spread interlaced ones. */
    size_t rows_bytes;
    if (!ic_mul_size(png->expand.raw_bytes, png->interlaced ? 3 : 2, &rows_bytes) ||
        !ic_add_size(rows_bytes, 3 * SPNG_ROW_EXTRA_BYTES, &rows_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    enum imgcore_status status = reserve(png, rows_bytes, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    /* Before our own memory: a file that has no data ends here. */
    errno = 0;
    int code = spng_decode_image(png->spng, NULL, 0, SPNG_FMT_RAW, SPNG_DECODE_PROGRESSIVE);
    if (code != 0) {
        if (!forgiven(png, code)) {
            return fail_spng(png, code, error);
        }
        png->damaged = true;
    }
    status = allocate(png, error);
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

/* Decodes the next row of a pass (or of the picture) to `raw`; *ended: there was none. */
static enum imgcore_status decode_row(struct png_reader *png, uint8_t *raw, bool *ended,
                                      struct imgcore_error *error) {
    errno = 0;
    int code = spng_decode_row(png->spng, raw, png->expand.raw_bytes);
    *ended = code == SPNG_EOI;
    if (code == 0 || code == SPNG_EOI) {
        return IMGCORE_OK;
    }
    if (!forgiven(png, code)) {
        return fail_spng(png, code, error);
    }
    png->damaged = true;
    return IMGCORE_OK;
}

/* All passes into png->raw. Rows are cleared when the first pass that has pixels in them comes
 * (libspng sets bits, it does not clear them), so that a picture cut short does not cost the
 * memory it claims: a page never touched is none. */
static enum imgcore_status decode_passes(struct png_reader *png, struct imgcore_error *error) {
    struct spng_row_info info;
    while (!png->damaged && spng_get_row_info(png->spng, &info) == 0) {
        uint8_t *raw = png->raw + info.row_num * png->expand.raw_bytes;
        if (info.pass == 0 || info.pass == 2 || info.pass == 4) {
            memset(raw, 0, png->expand.raw_bytes);
        }
        png->damage_pass = info.pass;
        png->damage_row = info.row_num;
        bool ended;
        enum imgcore_status status = decode_row(png, raw, &ended, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        if (ended) {
            break;
        }
    }
    return IMGCORE_OK;
}

/* Whether the data ended before pixel (x, y) of an interlaced picture. */
static bool is_missing(const struct png_reader *png, size_t x, uint32_t y) {
    static const uint8_t pass_of[8][8] = {{0, 5, 3, 5, 1, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {2, 5, 3, 5, 2, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6}};
    int pass = pass_of[y & 7][x & 7];
    return pass > png->damage_pass || (pass == png->damage_pass && y >= png->damage_row);
}

static void expand_damaged(const struct png_reader *png, uint32_t y, uint8_t *out) {
    /* The leftmost pixel is of the row's first pass: without it nothing of the row is there. */
    if (is_missing(png, 0, y)) {
        memset(out, 0, png->expand.out_bytes);
        return;
    }
    ic_png_expand_row(&png->expand, png->raw + y * png->expand.raw_bytes, out);
    const size_t channels = (size_t)png->expand.channels;
    for (size_t x = 0; x < png->expand.width; x++) {
        if (is_missing(png, x, y)) {
            memset(out + x * channels, 0, channels);
        }
    }
}

static enum imgcore_status interlaced_row(struct png_reader *png, uint8_t *out) {
    if (png->damaged) {
        expand_damaged(png, png->next_row, out);
    } else {
        const uint8_t *raw = png->raw + png->next_row * png->expand.raw_bytes;
        ic_png_expand_row(&png->expand, raw, out);
    }
    return IMGCORE_OK;
}

static enum imgcore_status streamed_row(struct png_reader *png, uint8_t *out,
                                        struct imgcore_error *error) {
    if (!png->damaged) {
        bool ended;
        uint8_t *raw = png->raw == NULL ? out : png->raw;
        enum imgcore_status status = decode_row(png, raw, &ended, error);
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

static enum imgcore_status png_read(struct ic_reader *reader, struct ic_strip *strip,
                                    struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    const uint32_t height = png->base.header.height_px;
    if (png->interlaced && !png->whole_ready) {
        enum imgcore_status status = decode_passes(png, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        png->whole_ready = true;
    }
    memset(strip, 0, sizeof(*strip));
    strip->plane[0].rows = png->strip;
    strip->plane[0].stride_bytes = (ptrdiff_t)png->stride_bytes;
    strip->plane[0].first_row = png->next_row;
    uint32_t count = height - png->next_row;
    count = count < png->strip_rows ? count : png->strip_rows;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *out = png->strip + i * png->stride_bytes;
        enum imgcore_status status =
            png->interlaced ? interlaced_row(png, out) : streamed_row(png, out, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        png->next_row++;
    }
    strip->plane[0].row_count = count;
    strip->done = png->next_row == height;
    return IMGCORE_OK;
}

static enum imgcore_status png_finish(struct ic_reader *reader, struct imgcore_error *error) {
    struct png_reader *png = (struct png_reader *)reader;
    if (png->tolerant) {
        return IMGCORE_OK; /* whatever follows the picture, it would be forgiven */
    }
    /* The CRC of the last IDAT is checked only here, and IEND must be there. */
    int code = spng_decode_chunks(png->spng);
    return code == 0 ? IMGCORE_OK : fail_spng(png, code, error);
}

static void png_destroy(struct ic_reader *reader) {
    struct png_reader *png = (struct png_reader *)reader;
    struct ic_mem *mem = png->mem;
    spng_ctx_free(png->spng);
    ic_png_chunks_clear(&png->chunks);
    ic_free(mem, png->strip);
    ic_free(mem, png->raw);
    ic_mem_release(mem, png->reserved_bytes);
    ic_free(mem, png);
}

static const struct ic_reader_ops png_ops = {
    .start = png_start, .read = png_read, .finish = png_finish, .destroy = png_destroy};

static enum imgcore_status create_spng(struct png_reader *png, struct imgcore_error *error) {
    enum imgcore_status status = reserve(png, SPNG_FIXED_BYTES, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    /* The functions get no user pointer, so they cannot be ours: hence the reservations. */
    struct spng_alloc alloc = {
        .malloc_fn = malloc, .realloc_fn = realloc, .calloc_fn = calloc, .free_fn = free};
    png->spng = spng_ctx_new2(&alloc, 0);
    int code = SPNG_EMEM;
    if (png->spng != NULL) {
        code = spng_set_png_stream(png->spng, read_for_spng, &png->chunks);
    }
    return code == 0 ? IMGCORE_OK : fail_spng(png, code, error);
}

/* IHDR alone, so that a picture that is too large costs nothing more. */
static enum imgcore_status read_ihdr(struct png_reader *png, struct spng_ihdr *ihdr,
                                     struct imgcore_error *error) {
    int code = spng_get_ihdr(png->spng, ihdr);
    if (code != 0) {
        return fail_spng(png, code, error);
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

/* Everything up to the first IDAT. */
static enum imgcore_status read_rest(struct png_reader *png, const struct spng_ihdr *ihdr,
                                     struct imgcore_error *error) {
    struct spng_trns trns;
    struct spng_plte plte;
    int code = spng_get_trns(png->spng, &trns);
    bool has_trns = code == 0;
    if (code != 0 && code != SPNG_ECHUNKAVAIL) {
        return fail_spng(png, code, error);
    }
    if (png->base.header.palette) {
        code = spng_get_plte(png->spng, &plte);
        if (code != 0) {
            return fail_spng(png, code, error);
        }
    }
    if (!ic_png_expand_init(&png->expand, ihdr, &plte, has_trns ? &trns : NULL)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    struct ic_header *header = &png->base.header;
    header->color = png->expand.color;
    header->orientation = png->chunks.orientation;
    header->copyright = png->chunks.copyright;
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
    png->tolerant = options->tolerant;
    ic_png_chunks_init(&png->chunks, mem, input, options);

    struct spng_ihdr ihdr;
    enum imgcore_status status = create_spng(png, error);
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
