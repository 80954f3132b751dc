/* Halved rows, and the weights for them that approximate the direct ones best.
 *
 * A target that is reduced by 6 does not need every source sample. Halving the source first
 * (`level` times) leaves fewer samples to weight, and a second set of weights can compensate the
 * effect of the halving on the frequencies that matter: for each target sample, the weights are
 * chosen whose effect on the source, halving included, differs least from the direct weights, in
 * the mean over images whose neighbouring samples correlate as in photographs (a first-order
 * process). Used by the weight cache and the reducer. */
#ifndef IC_REDUCED_WEIGHTS_H
#define IC_REDUCED_WEIGHTS_H

#include "imgcore/resample/weights.h"

/* The most halvings of the source. */
#define IC_MAX_LEVEL 5

/* Returns the samples of a row of n after `level` halvings. */
uint32_t ic_level_samples(uint32_t n, int level);

/* The weights of one halving, in 64ths: each of the two samples next to the target counts `inner`,
 * each of their outer neighbours `outer`. */
struct ic_halving {
    int outer_64ths, inner_64ths;
};
/* Returns the weights of the halving that leads to level + 1. Frequencies near the limit of the
 * halved rows alias into the target; these weights leave least of it, measured at remaining ratios
 * of 2 for the first and 1.5 for the others. Compared with 8, 24 on all levels, a full-contrast
 * chart at 1200 from 4931 is 8 dB nearer to the direct result, photographs 4 to 5 dB. Six samples
 * instead of four gain 2 dB at most. */
struct ic_halving ic_halving(int level);

/* The number of halvings for an axis, 0 for none: this many samples of the level must remain per
 * target sample. A sharp photograph of 16 megapixels is then 60 dB from the direct result at 1.5
 * samples, 71 at 2, 75 at 3; rounding to 8 bits leaves 59. A full-contrast chart falls to 52 dB
 * at 1.5 on the second level, so that level keeps 2; on the first, 10 to 12 megapixels need 1.5. */
int ic_axis_level(const struct ic_axis *axis);
#define IC_FIRST_LEVEL_KEEP 1.5
#define IC_NEXT_LEVEL_KEEP  2.0

/* As ic_weights_make, with left and taps in samples of the `level` (1 to IC_MAX_LEVEL). The axis
 * describes the source before halving. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_reduced_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                            int level, enum ic_weight_type type,
                                            struct ic_weights *weights);

#endif
