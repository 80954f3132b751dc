/* The vertical pass over a stream of rows.
 *
 * Source rows arrive in strips, in order. Each is added immediately to every target row that uses
 * it: a ring of partial sums holds the open target rows (about twice the filter's support, for any
 * ratio), so that memory grows with the width only and a source row is read while it is in the
 * cache. Finished rows are emitted in order, several at a time. Used by the resamplers. */
#ifndef IC_VPASS_H
#define IC_VPASS_H

#include "imgcore/resample/weight_cache.h"

/* The types of source and target rows. */
enum ic_vpass_kind {
    IC_VPASS_U8,   /* u8 to int16 with IC_INTER_BITS fraction bits */
    IC_VPASS_I16,  /* int16 of a reducer to the same */
    IC_VPASS_F32,  /* floats to floats */
    IC_VPASS_GA,   /* u8 grey and straight alpha to floats, premultiplied, alpha * 255 */
    IC_VPASS_RGBA, /* the same with colour */
};

/* Receives `count` finished rows from `first_row` on; row r is at rows + r * stride_bytes. They are
 * valid during the call. */
typedef void ic_vpass_rows_fn(void *user, const void *rows, ptrdiff_t stride_bytes,
                              uint32_t first_row, uint32_t count);

/* Makes samples [first_sample, first_sample + samples) of rows [first_row, first_row + count)
 * readable: at most IC_VPASS_LOAD_ROWS rows and IC_VPASS_LOAD_BYTES of each. Returns the address of
 * those of the first row, and *stride_bytes from one row to the next. */
typedef const void *ic_vpass_load_fn(void *user, uint32_t first_row, uint32_t count,
                                     size_t first_sample, size_t samples, ptrdiff_t *stride_bytes);

/* Source rows per step: 16 rows of a wide photograph stay in the second-level cache while they are
 * added to all open target rows; more taps per step save loads and stores of the sums. */
#define IC_VPASS_LOAD_ROWS 16u

/* Columns per step if a sample has more than a byte, so that the data of all open target rows stays
 * in the first-level cache: a multiple of the vectors of the kernels, and of a pixel. Bytes need no
 * strips: their kernel is bound by arithmetic. */
#define IC_VPASS_LOAD_BYTES 1536u

struct ic_vpass {
    enum ic_vpass_kind kind;
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    struct ic_weight_cache *cache;
    const struct ic_weights *weights; /* from the cache */
    size_t samples;                   /* samples of a row */
    size_t sample_bytes;              /* bytes of a partial sum */
    ptrdiff_t stride_bytes;           /* of the ring */
    uint32_t ring_rows;               /* a multiple of emit_rows */
    uint32_t emit_rows;               /* rows emitted at a time */
    uint32_t base;                    /* the target row in row 0 of the ring */
    uint32_t emitted;                 /* target rows below this have been emitted */
    uint32_t finished;                /* target rows below this are complete */
    char *ring;
    const void **row_list; /* for one kernel call */
    uint32_t step_rows;    /* source rows per step */
    ic_vpass_rows_fn *emit;
    void *user;
};

/* Opens a vertical pass. `level`: how often the source rows were halved. `row_samples` samples of
 * every ring row are readable (at least `samples`), plus slack; they are zero where nothing was
 * computed. Errors: BUDGET, NO_MEMORY; then there is nothing to clear. */
enum imgcore_status ic_vpass_open(struct ic_vpass *vpass, struct ic_weight_cache *cache,
                                  const struct ic_kernels *kernels, const struct ic_axis *axis,
                                  int level, enum ic_vpass_kind kind, size_t samples,
                                  size_t row_samples, ic_vpass_rows_fn *emit, void *user);

/* Processes the next `count` source rows, from `first_row` on (where the last call ended). */
void ic_vpass_push(struct ic_vpass *vpass, const void *rows, ptrdiff_t stride_bytes,
                   uint32_t first_row, uint32_t count);

/* The same for rows of floats that are loaded piece by piece, as often as they are needed. */
void ic_vpass_push_loaded(struct ic_vpass *vpass, ic_vpass_load_fn *load, void *user,
                          uint32_t first_row, uint32_t count);

/* Emits the finished rows, and returns the first target row that is not: another pass can make it.
 */
uint32_t ic_vpass_stop(struct ic_vpass *vpass);
/* Goes on with a target row, whatever came before. Returns the source row to push next. */
uint32_t ic_vpass_restart(struct ic_vpass *vpass, uint32_t target_row);

void ic_vpass_close(struct ic_vpass *vpass);

#endif
