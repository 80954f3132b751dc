/* The exact resize, as the reference for the library's: direct sums in double precision, weights
 * computed from the formulas of the filters, clamped once at the end. It shares no code with the
 * library, so that a mistake there is not repeated here. */
#ifndef TESTS_EXACT_H
#define TESTS_EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/imgcore.h"

struct exact_spec {
    uint32_t source_width, source_height, target_width, target_height;
    int channels;
    bool alpha; /* the last channel is straight alpha */
    bool linear;
    enum imgcore_filter filter;
    double left, top, width, height; /* the source box */
};

/* Returns target_width * target_height * channels values from 0 to 255, not rounded; free() them.
 * Rows of the source are packed. With alpha, colours are premultiplied before and divided after;
 * where alpha rounds to 0 every value is 0. */
double *exact_resize(const struct exact_spec *spec, const uint8_t *source);

/* Returns the largest |result - exact|, and the PSNR in dB, over all values. Result rows are
 * packed. */
double exact_worst(const double *exact, const uint8_t *result, size_t n);
double exact_psnr(const double *exact, const uint8_t *result, size_t n);

#endif
