#include "fuzz/support/fuzz_libpng.h"

#include "fuzz/support/fuzz.h"

#include <png.h>
#include <string.h>

struct reading {
    const uint8_t *data;
    size_t size_bytes;
    struct fuzz_libpng *result;
    png_bytep *rows;
};

static void take(png_structp png, png_bytep out, png_size_t size_bytes) {
    struct reading *reading = png_get_io_ptr(png);
    if (reading->size_bytes < size_bytes)
        png_error(png, "end of the data");
    memcpy(out, reading->data, size_bytes);
    reading->data += size_bytes;
    reading->size_bytes -= size_bytes;
}

static void fail(png_structp png, png_const_charp message) {
    const struct reading *reading = png_get_error_ptr(png);
    snprintf(reading->result->fault, sizeof reading->result->fault, "%s", message);
    png_longjmp(png, 1);
}

static void warn(png_structp png, png_const_charp message) {
    const struct reading *reading = png_get_error_ptr(png);
    char *text = reading->result->warning;
    const size_t used = strlen(text);
    snprintf(text + used, sizeof reading->result->warning - used, "%s;", message);
}

static void read_image(png_structp png, png_infop info, struct reading *reading,
                       uint64_t max_pixels) {
    struct fuzz_libpng *result = reading->result;
    png_set_read_fn(png, reading, take);
    /* libpng would take the gigabyte that one of these claims, before it sees that the data ends.
     */
    static const png_byte ignored[] = "tEXt\0zTXt\0iTXt\0sPLT\0pCAL\0sCAL\0eXIf";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, sizeof ignored / 5);
    png_read_info(png, info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    result->width_px = png_get_image_width(png, info);
    result->height_px = png_get_image_height(png, info);
    result->channels = png_get_channels(png, info);
    if ((uint64_t)result->width_px * result->height_px > max_pixels)
        png_error(png, "too large for the target");
    const size_t row_bytes = png_get_rowbytes(png, info);
    result->pixels = fuzz_alloc(row_bytes * result->height_px);
    reading->rows = fuzz_alloc(result->height_px * sizeof *reading->rows);
    for (uint32_t y = 0; y < result->height_px; y++)
        reading->rows[y] = result->pixels + y * row_bytes;
    png_read_image(png, reading->rows);
    png_read_end(png, info);
}

struct fuzz_libpng fuzz_libpng_read(const uint8_t *data, size_t size_bytes, uint64_t max_pixels) {
    static struct fuzz_libpng result; /* static: its value survives longjmp */
    static struct reading reading;
    static png_structp png;
    static png_infop info;
    memset(&result, 0, sizeof result);
    reading = (struct reading){data, size_bytes, &result, NULL};
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, fail, warn);
    info = png ? png_create_info_struct(png) : NULL;
    FUZZ_CHECK(info, "libpng got no memory");
    if (!setjmp(png_jmpbuf(png))) {
        read_image(png, info, &reading, max_pixels);
        result.is_read = true;
    }
    png_destroy_read_struct(&png, &info, NULL);
    free(reading.rows);
    return result;
}

void fuzz_libpng_clear(struct fuzz_libpng *result) {
    free(result->pixels);
    result->pixels = NULL;
}

bool fuzz_libpng_is_stricter(const char *fault) {
    /* Compressed data that goes on behind the last row and has no end: the reader does not
     * decompress it. libpng has given every row before. Shown by the seed no_end. */
    return strstr(fault, "Not enough image data") != NULL;
}

bool fuzz_libpng_is_laxer(enum imgcore_status status, const char *detail) {
    static const char *const known[] = {
        /* libpng warns of an IEND that is not empty. */
        "a PNG chunk has the wrong length",
        /* libpng ignores a chunk out of its place, with a warning. Shown by the seed
         * transparency_first. */
        "a PNG chunk is out of place",
    };
    if (status == IMGCORE_TOO_LARGE)
        return true; /* a limit that libpng does not have, on a side: shown by the seed tall */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strstr(detail, known[i]))
            return true;
    }
    return false;
}
