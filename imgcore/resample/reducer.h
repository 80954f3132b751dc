/* A pyramid: rows halved in both directions, level by level, as they stream by.
 *
 * Each level takes in rows of the one before, four of which make one of its own (see
 * ic_halving), and hands its rows on: to whoever wants rows of that level, and to the next level.
 * Rows are int16 with IC_INTER_BITS fraction bits, between 0 and 16320. Memory grows with the width
 * only. Used by the pipeline; the weights that go with it are in reduced_weights.h.
 */
#ifndef IC_REDUCER_H
#define IC_REDUCER_H

#include "imgcore/base/mem.h"
#include "imgcore/kernels/kernels.h"

struct ic_reducer;

/* `count` rows of a level, from `first_row` on. Valid during the call. */
typedef void ic_reducer_rows_fn(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                                uint32_t first_row, uint32_t count);

/* A pyramid of `levels` (1 to IC_MAX_LEVEL) over a plane of one channel. `emit` is called for every
 * level. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_reducer_create(struct ic_mem *mem, const struct ic_kernels *kernels,
                                      uint32_t width, uint32_t height, int levels,
                                      ic_reducer_rows_fn *emit, void *user,
                                      struct ic_reducer **reducer);

/* The next `count` source rows from `first_row` on; with the last of them every level is complete.
 */
void ic_reducer_push(struct ic_reducer *reducer, const uint8_t *rows, ptrdiff_t stride_bytes,
                     uint32_t first_row, uint32_t count);

/* NULL is allowed. */
void ic_reducer_destroy(struct ic_reducer *reducer);

#endif
