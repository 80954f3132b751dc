/* The size of an image that is fitted inside a box, in exact integers: an oracle for the plan. */
#ifndef FUZZ_FIT_ORACLE_H
#define FUZZ_FIT_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* Returns value * numerator / denominator to the nearest integer, halves up, at least 1. */
static inline uint64_t fit_oracle_scale(uint64_t value, uint64_t numerator, uint64_t denominator) {
    const unsigned __int128 twice = (unsigned __int128)value * numerator * 2 + denominator;
    const uint64_t result = (uint64_t)(twice / ((unsigned __int128)denominator * 2));
    return result ? result : 1;
}

/* Computes the sides of width x height inside the box; a side of 0 sets no bound. */
static inline void fit_oracle_inside(uint32_t width, uint32_t height, uint32_t box_width,
                                     uint32_t box_height, bool enlarge, uint64_t *fit_width,
                                     uint64_t *fit_height) {
    *fit_width = width;
    *fit_height = height;
    if (box_width == 0 && box_height == 0)
        return;
    const bool by_width =
        box_height == 0 || (box_width && (unsigned __int128)box_width * height <=
                                             (unsigned __int128)box_height * width);
    const uint64_t numerator = by_width ? box_width : box_height;
    const uint64_t denominator = by_width ? width : height;
    if (numerator > denominator && !enlarge)
        return;
    *fit_width = by_width ? box_width : fit_oracle_scale(width, numerator, denominator);
    *fit_height = by_width ? fit_oracle_scale(height, numerator, denominator) : box_height;
}

#endif
