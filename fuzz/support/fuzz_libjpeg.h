/* libjpeg-turbo, called directly, as the oracle of the JPEG targets. */
#ifndef FUZZ_FUZZ_LIBJPEG_H
#define FUZZ_FUZZ_LIBJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_LIBJPEG_PLANES 4

struct fuzz_libjpeg {
    bool is_read;
    bool has_warned;
    int planes, channels; /* channels of each plane */
    uint32_t width[FUZZ_LIBJPEG_PLANES], height[FUZZ_LIBJPEG_PLANES];
    uint8_t *plane[FUZZ_LIBJPEG_PLANES]; /* rows without gaps */
    uint16_t quantizer[FUZZ_LIBJPEG_PLANES][64];
};

struct fuzz_libjpeg_setup {
    bool planes;           /* those of the file, else RGB, grey, or CMYK with 0 = no ink */
    int scale_denom;       /* 1, 2, 4 or 8 */
    bool stops_at_warning; /* a warning counts as a refusal */
    uint64_t max_pixels;   /* more, or more scans, count as a refusal */
    int max_scans;
};

/* Reads an entire JPEG. Clear the result with fuzz_libjpeg_clear. */
struct fuzz_libjpeg fuzz_libjpeg_read(const uint8_t *data, size_t size_bytes,
                                      const struct fuzz_libjpeg_setup *setup);
void fuzz_libjpeg_clear(struct fuzz_libjpeg *result);

#endif
