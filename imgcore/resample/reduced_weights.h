/* Weights for rows that have been halved: as near to the direct ones as can be.
 *
 * A target that shrinks by 6 need not look at every source sample. Halving the source first (1 3 3
 * 1, `level` times) leaves fewer samples to weigh, and a second set of weights can undo what the
 * halving did to the frequencies that matter: for each target sample, those weights are taken whose
 * effect on the source, halving included, differs least from the direct weights, in the mean over
 * pictures whose neighbouring samples correlate as in photographs (a first-order process). What
 * remains is far below the rounding to 8 bits: on photographs 65 to 110 dB for a reduction by 2 or
 * more behind the halving. Used by the weight cache. */
#ifndef IC_REDUCED_WEIGHTS_H
#define IC_REDUCED_WEIGHTS_H

#include "imgcore/resample/weights.h"

/* Halvings of the source, at most. */
#define IC_MAX_LEVEL 5

/* Samples of a row of n after `level` halvings. */
uint32_t ic_level_samples(uint32_t n, int level);

/* How often an axis may be halved; 0 if not at all. What folds back into the target's frequencies
 * is what lies near the halved rows' own limit, and photographs have little there on the first
 * level and more on each further one: so many samples must remain for each target sample. */
int ic_axis_level(const struct ic_axis *axis);
#define IC_FIRST_LEVEL_KEEP 1.6
#define IC_NEXT_LEVEL_KEEP  2.5

/* As ic_weights_make, with left and taps in samples of the `level` (1 to IC_MAX_LEVEL). The axis
 * speaks of the whole source. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_reduced_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                            int level, enum ic_weight_type type,
                                            struct ic_weights *weights);

#endif
