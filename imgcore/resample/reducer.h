/* A pyramid: rows halved in both directions, level by level, in a stream. One channel, RGB, or
 * RGBA, whose rows are premultiplied.
 *
 * Each level receives the rows of the level below, makes one row from four of them (see
 * ic_halving), and passes its rows on: to the emit function, and to the next level. Rows are int16
 * with IC_INTER_BITS fraction bits, between 0 and 16320. Memory grows with the width only. Used by
 * the pipeline; the weights for the rows are in reduced_weights.h. */
#ifndef IC_REDUCER_H
#define IC_REDUCER_H

#include "imgcore/base/mem.h"
#include "imgcore/kernels/kernels.h"

struct ic_reducer;

/* Receives `count` rows of a level, from `first_row` on. They are valid during the call. */
typedef void ic_reducer_rows_fn(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                                uint32_t first_row, uint32_t count);

/* Creates a pyramid of `levels` (1 to IC_MAX_LEVEL) over rows of 1 or 3 channels. `emit` is called
 * for every level. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_reducer_create(struct ic_mem *mem, const struct ic_kernels *kernels,
                                      uint32_t width, uint32_t height, int channels, int levels,
                                      ic_reducer_rows_fn *emit, void *user,
                                      struct ic_reducer **reducer);

/* Processes the next `count` source rows from `first_row` on; after the last of them every level is
 * complete. */
void ic_reducer_push(struct ic_reducer *reducer, const uint8_t *rows, ptrdiff_t stride_bytes,
                     uint32_t first_row, uint32_t count);

/* NULL is allowed. */
void ic_reducer_destroy(struct ic_reducer *reducer);

#endif
