/* The exact resize for entire photographs: the same sums in double precision as
 * tests/support/exact, only for Lanczos3 and only with the weights that are not zero. Shares no
 * code with the library. */
#ifndef BENCH_EXACT_FAST_H
#define BENCH_EXACT_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The image covers [0, extent) of the samples, which is less than all of them for a subsampled
 * plane of odd size: its last sample represents half. The same holds for the target. */
struct exact_plane {
    uint32_t width, height;
    double extent_width, extent_height;
};

/* Returns target->width * target->height * channels values from 0 to 255, not rounded; free() them.
 * NULL: no memory. alpha: the last channel is straight alpha; where it rounds to 0 every value is
 * 0. */
double *exact_fast(const uint8_t *rows, ptrdiff_t stride_bytes, const struct exact_plane *source,
                   const struct exact_plane *target, int channels, bool alpha);

/* The distance of 8-bit values from exact ones. */
struct exact_distance {
    double worst, psnr;
    double worst_inside, psnr_inside; /* without a margin of 4 samples at each edge */
    double psnr_seen; /* with alpha: colours weighted by alpha; else equal to psnr */
};
struct exact_distance exact_compare(const double *exact, const uint8_t *rows,
                                    ptrdiff_t stride_bytes, uint32_t width, uint32_t height,
                                    int channels, bool alpha);

#endif
