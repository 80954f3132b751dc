#include "fuzz/seeds/png_file.h"

#include "imgcore/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Grows by doubling: the address sanitizer copies at every realloc(), and keeps what was freed. */
void seed_append(struct seed_bytes *file, const void *bytes, size_t size_bytes) {
    const size_t needed_bytes = file->size_bytes + size_bytes;
    if (needed_bytes > file->capacity_bytes) {
        file->capacity_bytes = 2 * needed_bytes;
        file->bytes = realloc(file->bytes, file->capacity_bytes);
        if (!file->bytes) {
            fputs("seeds: no memory\n", stderr);
            exit(1);
        }
    }
    if (size_bytes)
        memcpy(file->bytes + file->size_bytes, bytes, size_bytes);
    file->size_bytes = needed_bytes;
}

static void append_u32(struct seed_bytes *file, uint32_t value) {
    uint8_t bytes[4];
    ic_put_u32be(bytes, value);
    seed_append(file, bytes, sizeof bytes);
}

void seed_png_chunk(struct seed_bytes *file, const char *type, const void *data,
                    size_t size_bytes) {
    append_u32(file, (uint32_t)size_bytes);
    const size_t start = file->size_bytes;
    seed_append(file, type, 4);
    seed_append(file, data, size_bytes);
    append_u32(file, (uint32_t)crc32_z(0, file->bytes + start, size_bytes + 4));
}

static size_t row_bytes(const struct seed_png *png, uint32_t width_px) {
    static const unsigned channels[7] = {1, 0, 3, 1, 2, 0, 4};
    return ((size_t)width_px * channels[png->color_type] * (unsigned)png->depth + 7) / 8;
}

/* Appends one pass: every filter in turn, bytes of a fixed pattern. */
static void append_pass(struct seed_bytes *rows, const struct seed_png *png, uint32_t width_px,
                        uint32_t height_px) {
    const size_t bytes = row_bytes(png, width_px);
    for (uint32_t y = 0; width_px && y < height_px; y++) {
        const uint8_t filter = (uint8_t)(y % 5);
        seed_append(rows, &filter, 1);
        for (size_t x = 0; x < bytes; x++) {
            const uint8_t sample = (uint8_t)(x * 37 ^ y * 11);
            seed_append(rows, &sample, 1);
        }
    }
}

static struct seed_bytes make_rows(const struct seed_png *png) {
    static const uint8_t first_x[7] = {0, 4, 0, 2, 0, 1, 0}, first_y[7] = {0, 0, 4, 0, 2, 0, 1};
    static const uint8_t step_x[7] = {8, 8, 4, 4, 2, 2, 1}, step_y[7] = {8, 8, 8, 4, 4, 2, 2};
    struct seed_bytes rows = {NULL, 0, 0};
    if (!png->is_interlaced)
        append_pass(&rows, png, png->width_px, png->height_px);
    for (int pass = 0; png->is_interlaced && pass < 7; pass++)
        append_pass(&rows, png, (png->width_px + step_x[pass] - 1u - first_x[pass]) / step_x[pass],
                    (png->height_px + step_y[pass] - 1u - first_y[pass]) / step_y[pass]);
    for (size_t i = 0; i < png->extra_bytes; i++)
        seed_append(&rows, "", 1);
    return rows;
}

static void append_palette(struct seed_bytes *file, const struct seed_png *png) {
    uint8_t palette[3 * 256];
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)(i * 5);
    const int entries = png->palette_entries ? png->palette_entries : 1 << png->depth;
    seed_png_chunk(file, "PLTE", palette, (size_t)entries * 3);
}

static void append_transparency(struct seed_bytes *file, const struct seed_png *png) {
    static const uint8_t values[6] = {0, 1, 0, 2, 0, 3};
    if (png->color_type == 0)
        seed_png_chunk(file, "tRNS", values, 2);
    if (png->color_type == 2)
        seed_png_chunk(file, "tRNS", values, 6);
    if (png->color_type == 3)
        seed_png_chunk(file, "tRNS", values + 1, 2);
}

static void append_data(struct seed_bytes *file, const struct seed_png *png) {
    struct seed_bytes rows = make_rows(png);
    uint8_t packed[65536];
    uLongf packed_bytes = sizeof packed;
    if (compress2(packed, &packed_bytes, rows.bytes, (uLong)rows.size_bytes, 9) != Z_OK)
        exit(1);
    free(rows.bytes);
    if (png->has_wrong_adler)
        packed[packed_bytes - 1] ^= 1;
    if (png->has_no_end)
        packed_bytes -= 4; /* the checksum */
    const size_t step = png->idat_bytes ? png->idat_bytes : packed_bytes;
    for (size_t at = 0; at < packed_bytes; at += step)
        seed_png_chunk(file, "IDAT", packed + at,
                       packed_bytes - at < step ? packed_bytes - at : step);
    if (png->has_wrong_crc)
        file->bytes[file->size_bytes - 1] ^= 1;
}

struct seed_bytes seed_png_make(const struct seed_png *png) {
    struct seed_bytes file = {NULL, 0, 0};
    uint8_t header[13] = {0};
    ic_put_u32be(header, png->width_px);
    ic_put_u32be(header + 4, png->height_px);
    header[8] = (uint8_t)png->depth;
    header[9] = (uint8_t)png->color_type;
    header[12] = png->is_interlaced;
    seed_append(&file, "\x89PNG\r\n\x1a\n", 8);
    seed_png_chunk(&file, "IHDR", header, sizeof header);
    if (png->has_gamma)
        seed_png_chunk(&file, "gAMA", "\0\0\xb1\x8f", 4);
    if (png->has_transparency_first)
        append_transparency(&file, png);
    if (png->color_type == 3)
        append_palette(&file, png);
    if (png->has_transparency)
        append_transparency(&file, png);
    append_data(&file, png);
    seed_png_chunk(&file, "IEND", NULL, 0);
    return file;
}
