/* Test images, made by code with libjpeg and libpng. */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a scene with content for every stage: smooth shades, grain, thin lines, saturated edges,
 * and a mark in the upper left corner (white on black) that shows the orientation. Interleaved,
 * `channels` of 1 to 4; channels 2 and 4 end in an alpha with soft and hard edges. free() it. */
uint8_t *scene_make(uint32_t width, uint32_t height, int channels);

struct jpeg_spec {
    uint32_t width, height;
    int channels; /* of `pixels`: 1 grey, 3 RGB, 4 CMYK (written with an Adobe marker, inverted) */
    const uint8_t *pixels; /* NULL: the scene */
    int quality;           /* 0: 90 */
    int h_samp, v_samp;    /* of luma against chroma; 0: 1 */
    bool progressive, arithmetic, optimize, rgb, ycck;
    int restart_rows;      /* 0: none */
    int orientation;       /* 0: no EXIF */
    const char *copyright; /* in the EXIF; NULL: none */
    const uint8_t *icc;
    size_t icc_bytes;
};
/* free() the bytes. */
uint8_t *jpeg_make(const struct jpeg_spec *spec, size_t *size_bytes);
/* Returns the RGB (or grey, CMYK as stored) pixels of a JPEG, decoded by libjpeg only; free() them.
 */
uint8_t *jpeg_read(const uint8_t *bytes, size_t size_bytes, uint32_t *width, uint32_t *height,
                   int *channels);

struct png_spec {
    uint32_t width, height;
    int channels;          /* 1 grey, 2 grey+alpha, 3 RGB, 4 RGBA; 8 bits */
    const uint8_t *pixels; /* NULL: the scene */
    bool interlaced;
    int orientation; /* 0: no eXIf */
    const uint8_t *icc;
    size_t icc_bytes;
};
uint8_t *png_make(const struct png_spec *spec, size_t *size_bytes);
/* Returns the 8-bit pixels of a PNG in its own channels, decoded by libpng only; free() them. */
uint8_t *png_read(const uint8_t *bytes, size_t size_bytes, uint32_t *width, uint32_t *height,
                  int *channels);

#endif
