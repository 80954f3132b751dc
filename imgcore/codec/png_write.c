/* The PNG encoder: 8 bits, not interlaced. Images of usual size are compressed in one piece
 * (png_pack.c), others by libspng's encoder, row by row.
 *
 * Only the metadata of the options is written: the profile as iCCP, the copyright as eXIf. */
#include <errno.h>
#include <spng.h>
#include <stdlib.h>
#include <zlib.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"
#include "imgcore/codec/exif.h"
#include "imgcore/codec/formats.h"
#include "imgcore/codec/png_pack.h"

/* Memory of libspng's encoder without its rows: the state of deflate, one IDAT, a context
 * (measured: 275 KiB). */
#define SPNG_FIXED_BYTES ((size_t)320 * 1024)
/* Two rows and a filtered one, each with some extra bytes. */
#define SPNG_ROWS            3u
#define SPNG_ROW_EXTRA_BYTES ((size_t)64)

/* Rows between two checks for cancellation. */
#define CANCEL_ROWS 16u

/* The limit of the format. */
#define MAX_SIDE_PX UINT32_C(0x7fffffff)

/* The filters that are tried for each row. Measured at level 6 on photographs reduced to 300 to
 * 1000 pixels: these two give files at most 0.5 % larger than all five, in 85 to 90 % of the time;
 * Paeth costs more and gains nothing there. (Flat graphics are 15 % smaller with all five, at half
 * as much time again.) */
#define FILTER_CHOICE (SPNG_FILTER_CHOICE_UP | SPNG_FILTER_CHOICE_AVG)
/* libspng's default, Z_FILTERED, is slower by a fifth and larger by half a percent. */
#define DEFLATE_STRATEGY Z_DEFAULT_STRATEGY

struct png_writer {
    struct ic_mem *mem;
    struct ic_buf *out;
    struct ic_buf exif;
    spng_ctx *spng;
    struct ic_cancel *cancel;
    bool cancelled; /* by the caller, or by the sink */
    bool out_full;  /* the output could not grow: mem->status holds the reason */
};

static int append_from_spng(spng_ctx *spng, void *user, void *bytes, size_t size_bytes) {
    (void)spng;
    struct png_writer *writer = user;
    if (!ic_buf_append(writer->out, bytes, size_bytes)) {
        writer->out_full = true;
        return SPNG_IO_ERROR;
    }
    if (!ic_buf_drain(writer->out, IC_SINK_BYTES)) {
        writer->cancelled = true;
        return SPNG_IO_ERROR;
    }
    return 0;
}

static enum imgcore_status fail_spng(const struct png_writer *writer, int code,
                                     struct imgcore_error *error) {
    if (writer->cancelled) {
        return ic_fail_cancelled(error);
    }
    if (writer->out_full) {
        return ic_fail(error, writer->mem->status, "the PNG does not fit");
    }
    /* A lack of memory inside zlib is reported as any error of zlib; errno of malloc distinguishes
     * it. */
    if (code == SPNG_EMEM || code == SPNG_EZLIB_INIT || (code == SPNG_EZLIB && errno == ENOMEM)) {
        return ic_fail(error, IMGCORE_NO_MEMORY, "the PNG encoder got no memory");
    }
    return ic_fail(error, IMGCORE_INTERNAL, "the PNG encoder: %s", spng_strerror(code));
}

/* Returns the colour type of PNG, or -1. */
static int color_type(enum ic_color color) {
    switch (color) {
    case IC_COLOR_GREY:
        return SPNG_COLOR_TYPE_GRAYSCALE;
    case IC_COLOR_GREY_ALPHA:
        return SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    case IC_COLOR_RGB:
        return SPNG_COLOR_TYPE_TRUECOLOR;
    case IC_COLOR_RGBA:
        return SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
    default:
        return -1;
    }
}

static enum imgcore_status check_picture(const struct ic_picture *picture,
                                         struct imgcore_error *error) {
    if (color_type(picture->color) < 0 || picture->planes != 1) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a PNG cannot have these colours");
    }
    if (picture->width_px == 0 || picture->height_px == 0) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a PNG cannot be empty");
    }
    if (picture->width_px > MAX_SIDE_PX || picture->height_px > MAX_SIDE_PX) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a side of a PNG is at most 2^31 - 1");
    }
    return IMGCORE_OK;
}

static int set_metadata(struct png_writer *writer, const struct ic_write_options *options) {
    int code = 0;
    if (options->icc != NULL && options->icc_bytes != 0) {
        struct spng_iccp iccp = {.profile_name = "icc", .profile_len = options->icc_bytes};
        /* libspng's field is not const, but it only reads the bytes. */
        iccp.profile = (char *)(uintptr_t)options->icc;
        code = spng_set_iccp(writer->spng, &iccp);
    }
    if (code == 0 && writer->exif.size_bytes != 0) {
        struct spng_exif exif = {.length = writer->exif.size_bytes,
                                 .data = (char *)writer->exif.bytes};
        code = spng_set_exif(writer->spng, &exif);
    }
    return code;
}

static int set_up(struct png_writer *writer, const struct ic_picture *picture,
                  const struct ic_write_options *options) {
    struct spng_ihdr ihdr = {.width = picture->width_px,
                             .height = picture->height_px,
                             .bit_depth = 8,
                             .color_type = (uint8_t)color_type(picture->color)};
    int code = spng_set_png_stream(writer->spng, append_from_spng, writer);
    if (code == 0) {
        code = spng_set_option(writer->spng, SPNG_IMG_COMPRESSION_LEVEL, options->png_level);
    }
    if (code == 0) {
        code = spng_set_option(writer->spng, SPNG_IMG_COMPRESSION_STRATEGY, DEFLATE_STRATEGY);
    }
    /* At level 0 libspng uses no filters anyway. */
    if (code == 0 && options->png_level != 0) {
        code = spng_set_option(writer->spng, SPNG_FILTER_CHOICE, FILTER_CHOICE);
    }
    if (code == 0) {
        code = spng_set_ihdr(writer->spng, &ihdr);
    }
    return code == 0 ? set_metadata(writer, options) : code;
}

static int encode_rows(struct png_writer *writer, const struct ic_picture *picture) {
    errno = 0;
    int code = spng_encode_image(writer->spng, NULL, 0, SPNG_FMT_RAW,
                                 SPNG_ENCODE_PROGRESSIVE | SPNG_ENCODE_FINALIZE);
    const size_t row_bytes = picture->width_px * (size_t)ic_color_channels(picture->color);
    const uint8_t *row = picture->plane[0].rows;
    for (uint32_t y = 0; code == 0 && y < picture->height_px; y++) {
        if (y % CANCEL_ROWS == 0 && ic_is_cancelled(writer->cancel)) {
            writer->cancelled = true;
            return SPNG_IO_ERROR;
        }
        code = spng_encode_row(writer->spng, row, row_bytes);
        row += picture->plane[0].stride_bytes;
    }
    return code == SPNG_EOI && !writer->out_full && !writer->cancelled ? 0 : code;
}

/* Estimates the memory of libspng: its rows, and the compressed profile. */
static bool estimate(const struct ic_picture *picture, const struct ic_write_options *options,
                     size_t *size_bytes) {
    size_t channels = (size_t)ic_color_channels(picture->color);
    size_t row, rows, total;
    if (!ic_mul_size(picture->width_px, channels, &row) ||
        !ic_add_size(row, SPNG_ROW_EXTRA_BYTES, &row) || !ic_mul_size(row, SPNG_ROWS, &rows) ||
        !ic_add_size(rows, SPNG_FIXED_BYTES, &total)) {
        return false;
    }
    /* compressBound, and the same again for the chunk to which it is copied. */
    size_t icc = options->icc == NULL ? 0 : options->icc_bytes;
    return ic_mul_size(icc, 2, &icc) && ic_add_size(icc, icc / 1000, &icc) &&
           ic_add_size(total, icc, size_bytes);
}

static enum imgcore_status encode(struct png_writer *writer, const struct ic_picture *picture,
                                  const struct ic_write_options *options,
                                  struct imgcore_error *error) {
    struct spng_alloc alloc = {
        .malloc_fn = malloc, .realloc_fn = realloc, .calloc_fn = calloc, .free_fn = free};
    writer->spng = spng_ctx_new2(&alloc, SPNG_CTX_ENCODER);
    if (writer->spng == NULL) {
        return fail_spng(writer, SPNG_EMEM, error);
    }
    int code = set_up(writer, picture, options);
    if (code == 0) {
        code = encode_rows(writer, picture);
    }
    return code == 0 ? IMGCORE_OK : fail_spng(writer, code, error);
}

/* Encodes row by row. */
static enum imgcore_status stream(struct png_writer *writer, const struct ic_picture *picture,
                                  const struct ic_write_options *options,
                                  struct imgcore_error *error) {
    size_t reserved_bytes;
    if (!estimate(picture, options, &reserved_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "a row does not fit the address space");
    }
    if (!ic_mem_reserve(writer->mem, reserved_bytes)) {
        return ic_fail(error, writer->mem->status, "the PNG encoder needs %zu bytes",
                       reserved_bytes);
    }
    enum imgcore_status status = encode(writer, picture, options, error);
    spng_ctx_free(writer->spng);
    ic_mem_release(writer->mem, reserved_bytes);
    return status;
}

enum imgcore_status ic_png_write(struct ic_mem *mem, const struct ic_picture *picture,
                                 const struct ic_write_options *options, struct ic_buf *out,
                                 struct imgcore_error *error) {
    struct png_writer writer = {
        .mem = mem, .out = out, .cancel = options->cancel, .exif = {.mem = mem}};
    enum imgcore_status status = check_picture(picture, error);
    if (status == IMGCORE_OK && options->copyright != NULL && options->copyright[0] != '\0' &&
        !ic_exif_write_copyright(&writer.exif, options->copyright)) {
        status = ic_fail(error, mem->status, "the copyright of the PNG does not fit");
    }
    if (status == IMGCORE_OK) {
        const size_t most_bytes =
            out->sink == NULL ? IC_MAX_PACKED_BYTES : IC_MAX_PACKED_SINK_BYTES;
        const bool packs = options->kernels != NULL && ic_png_packs(picture, most_bytes);
        if (packs) {
            status = ic_png_pack(mem, picture, options, &writer.exif, out, error);
        }
        if (!packs || status == IMGCORE_BUDGET) {
            status = stream(&writer, picture, options, error);
        }
        if (status == IMGCORE_OK && !ic_buf_drain(out, 0)) {
            status = ic_fail_cancelled(error);
        }
    }
    ic_buf_clear(&writer.exif);
    if (status != IMGCORE_OK) {
        ic_buf_clear(out);
    } else {
        ic_error_clear(error);
    }
    return status;
}
