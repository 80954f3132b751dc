/* libpng as the oracle of the PNG targets. */
#ifndef FUZZ_FUZZ_LIBPNG_H
#define FUZZ_FUZZ_LIBPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/imgcore.h"

struct fuzz_libpng {
    bool is_read;
    uint32_t width_px, height_px;
    int channels;
    uint8_t *pixels;    /* 8 bits per channel, palette and transparency expanded */
    char fault[128];    /* why libpng refuses; "" if it does not */
    char warning[1024]; /* all of its warnings, each followed by ';' */
};

/* Reads an entire PNG of at most max_pixels. Clear the result with fuzz_libpng_clear. */
struct fuzz_libpng fuzz_libpng_read(const uint8_t *data, size_t size_bytes, uint64_t max_pixels);
void fuzz_libpng_clear(struct fuzz_libpng *result);

/* The permitted differences; for each there is a seed that shows it. Whether `fault` of libpng is
 * none for the reader: then libpng has given all pixels, */
bool fuzz_libpng_is_stricter(const char *fault);
/* and whether a fault that the reader reports is none, or only a warning, for libpng. */
bool fuzz_libpng_is_laxer(enum imgcore_status status, const char *detail);

#endif
