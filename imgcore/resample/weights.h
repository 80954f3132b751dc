/* Weight tables: for every target sample, its source samples and their weights.
 *
 * The sum of every row is exactly one: in fixed point by construction (the rounding errors are
 * compensated at the taps where they are largest), in floats up to rounding. A target whose
 * interval is centred in the source has exactly mirrored rows. Used by the resamplers. */
#ifndef IC_WEIGHTS_H
#define IC_WEIGHTS_H

#include "imgcore/base/axis.h"
#include "imgcore/base/mem.h"
#include "imgcore/kernels/kernels.h"

enum ic_weight_type {
    IC_WEIGHT_Q14, /* int16, IC_WEIGHT_BITS fraction bits: vertical pass over u8, and horizontal
                      pass */
    IC_WEIGHT_Q15, /* int16, one bit more: vertical pass over int16; no weight may reach 1 */
    IC_WEIGHT_F32
};

/* Either fixed or f32 is set. Row i: taps left[i] .. left[i] + count[i] - 1 with weights at [i *
 * stride]; the rest of the stride is zeros. left and left + count never decrease with i. */
struct ic_weights {
    enum ic_weight_type type;
    uint32_t target;
    int max_taps;      /* the largest count */
    size_t stride;     /* a multiple of 16, at least max_taps */
    size_t size_bytes; /* of all memory of the table */
    int32_t *left;
    int32_t *count; /* 1 or more */
    int16_t *fixed; /* Q14, Q15 */
    float *f32;
    bool identity; /* target i is a copy of source sample i */
};

/* Returns the most taps that a row of an axis can have, without making the table. */
uint32_t ic_axis_max_taps(const struct ic_axis *axis);

/* Returns the source samples [*first, *first + *count) that have a weight in any row of an axis. */
void ic_axis_needed(const struct ic_axis *axis, uint32_t *first, uint32_t *count);

/* Makes the table of an axis. Errors: BUDGET, NO_MEMORY; then there is nothing to clear. */
enum imgcore_status ic_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                    enum ic_weight_type type, struct ic_weights *weights);
void ic_weights_clear(struct ic_mem *mem, struct ic_weights *weights);

/* The steps of making a table, for weights that are computed elsewhere (reduced_weights.c): open an
 * empty table for `taps` taps at most, store the rows in order, finish. */
enum imgcore_status ic_weights_allocate(struct ic_mem *mem, uint32_t target, uint32_t taps,
                                        enum ic_weight_type type, struct ic_weights *weights);
/* Stores row i: `taps` exact weights whose sum is one, for samples first, first + 1, ...; `rounded`
 * has space for as many. */
void ic_weights_store_row(struct ic_weights *weights, uint32_t i, int64_t first, int taps,
                          const double *row, int16_t *rounded);
/* Stores row i as a copy of row `like`, moved by `moved` samples. */
void ic_weights_repeat_row(struct ic_weights *weights, uint32_t i, uint32_t like, int64_t moved);
void ic_weights_finish(struct ic_weights *weights, uint32_t source);
/* Returns the samples of row i: `taps` of them from *first on. */
void ic_axis_taps(const struct ic_axis *axis, uint32_t i, int64_t *first, int *taps);
/* Computes the direct weights of row i, exact, with sum one; `row` has space for ic_axis_max_taps.
 * Returns how many, and the sample of the first one in *first. */
int ic_axis_exact_row(const struct ic_axis *axis, uint32_t i, double *row, int64_t *first);

/* Prepares a table for the horizontal kernels: moves rows near the right edge to the left, with
 * zero weights in front, so that left[i] + stride is at most ic_weights_row_samples. Afterwards
 * count no longer states which weights are used. */
void ic_weights_fit_rows(struct ic_weights *weights, uint32_t source);
/* Returns how many samples (times channels) a row must have to be read with this table. */
size_t ic_weights_row_samples(const struct ic_weights *weights, uint32_t source);

/* Return the table in the form of the horizontal kernels; valid as long as the table. */
struct ic_taps_q14 ic_weights_taps_q14(const struct ic_weights *weights);
struct ic_taps_f32 ic_weights_taps_f32(const struct ic_weights *weights);

#endif
