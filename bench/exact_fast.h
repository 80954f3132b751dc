/* The exact resize for whole photographs: the same sums in double precision as tests/support/exact,
 * for Lanczos3 alone, with only the weights that are not zero. Shares no code with the library. */
#ifndef BENCH_EXACT_FAST_H
#define BENCH_EXACT_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The picture covers [0, extent) of the samples, from which a subsampled plane of an odd picture
 * differs: its last sample stands for half as much. The same holds for the target. */
struct exact_plane {
    uint32_t width, height;
    double extent_width, extent_height;
};

/* target->width * target->height * channels values from 0 to 255, not rounded; free() them. NULL:
 * no memory. alpha: the last channel is straight alpha; where it rounds to 0 every value is 0. */
double *exact_fast(const uint8_t *rows, ptrdiff_t stride_bytes, const struct exact_plane *source,
                   const struct exact_plane *target, int channels, bool alpha);

/* How far 8-bit values are from exact ones. */
struct exact_distance {
    double worst, psnr;
    double worst_inside, psnr_inside; /* without a margin of 4 samples at each edge */
    double psnr_seen; /* with alpha: colours count as much as they are seen; else as psnr */
};
struct exact_distance exact_compare(const double *exact, const uint8_t *rows,
                                    ptrdiff_t stride_bytes, uint32_t width, uint32_t height,
                                    int channels, bool alpha);

#endif
