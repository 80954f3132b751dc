/* PNG files made chunk by chunk, of the kinds that libpng does not write. */
#ifndef FUZZ_SEEDS_PNG_FILE_H
#define FUZZ_SEEDS_PNG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seed_bytes {
    uint8_t *bytes; /* free() them */
    size_t size_bytes;
    size_t capacity_bytes; /* that are allocated */
};

struct seed_png {
    uint32_t width_px, height_px;
    int color_type, depth;
    bool is_interlaced, has_transparency, has_gamma, has_wrong_adler, has_wrong_crc;
    bool has_transparency_first; /* before the palette */
    bool has_no_end;             /* of the compressed data */
    int palette_entries;         /* 0: as many as the depth has */
    size_t idat_bytes;           /* in each IDAT; 0: all in one */
    size_t extra_bytes;          /* of rows behind the image */
};

/* Grows by what is appended. */
void seed_append(struct seed_bytes *file, const void *bytes, size_t size_bytes);

struct seed_bytes seed_png_make(const struct seed_png *png);

/* Appends a chunk. */
void seed_png_chunk(struct seed_bytes *file, const char *type, const void *data, size_t size_bytes);

#endif
