/* Halved rows, and weights for them: as near to the direct ones as can be.
 *
 * A target that shrinks by 6 need not look at every source sample. Halving the source first
 * (`level` times) leaves fewer samples to weigh, and a second set of weights can undo what the
 * halving did to the frequencies that matter: for each target sample, those weights are taken whose
 * effect on the source, halving included, differs least from the direct weights, in the mean over
 * pictures whose neighbouring samples correlate as in photographs (a first-order process). Used by
 * the weight cache and the reducer. */
#ifndef IC_REDUCED_WEIGHTS_H
#define IC_REDUCED_WEIGHTS_H

#include "imgcore/resample/weights.h"

/* Halvings of the source, at most. */
#define IC_MAX_LEVEL 5

/* Samples of a row of n after `level` halvings. */
uint32_t ic_level_samples(uint32_t n, int level);

/* What a target of one halving is made of, in 64ths: the two samples it lies between count `inner`
 * each, their outer neighbours `outer`. */
struct ic_halving {
    int outer_64ths, inner_64ths;
};
/* The halving that leads to level + 1. What lies near the halved rows' own limit of frequency folds
 * back into the target's, so these are the weights that leave least of it, measured at ratios
 * behind them of 2 for the first and 1.5 for the others. Against 8, 24 on all levels a
 * full-contrast chart at 1200 from 4931 comes 8 dB nearer to the direct result, photographs 4 to 5
 * dB. Six samples instead of four would win 2 dB at most. */
struct ic_halving ic_halving(int level);

/* How often an axis may be halved; 0 if not at all: so many samples of the level must remain for
 * each target sample. A sharp photograph of 16 megapixels is then 60 dB from the direct result at
 * 1.5 samples, 71 at 2, 75 at 3; rounding to 8 bits leaves 59. A full-contrast chart falls to 52 dB
 * at 1.5 on the second level, so that keeps 2; on the first it is what 10 to 12 megapixels need. */
int ic_axis_level(const struct ic_axis *axis);
#define IC_FIRST_LEVEL_KEEP 1.5
#define IC_NEXT_LEVEL_KEEP  2.0

/* As ic_weights_make, with left and taps in samples of the `level` (1 to IC_MAX_LEVEL). The axis
 * speaks of the whole source. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_reduced_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                            int level, enum ic_weight_type type,
                                            struct ic_weights *weights);

#endif
