/* The vertical pass over a stream of rows.
 *
 * Source rows come in strips, in order. Each goes at once into every target row it counts for: a
 * ring of partial sums holds the target rows that are open (about twice the filter's support,
 * however large the ratio), so that memory grows with the width only and a source row is read
 * while it is in cache. Finished rows leave in order, several at a time. Used by the resamplers. */
#ifndef IC_VPASS_H
#define IC_VPASS_H

#include "imgcore/resample/weight_cache.h"

/* What the rows are that go in, and come out. */
enum ic_vpass_kind {
    IC_VPASS_U8,   /* u8 to int16 with IC_INTER_BITS fraction bits */
    IC_VPASS_I16,  /* int16 of a reducer to the same */
    IC_VPASS_F32,  /* floats to floats */
    IC_VPASS_GA,   /* u8 grey and straight alpha to floats, premultiplied, alpha * 255 */
    IC_VPASS_RGBA, /* the same with colour */
};

/* `count` finished rows from `first_row` on; row r at rows + r * stride_bytes. Valid during the
 * call. */
typedef void ic_vpass_rows_fn(void *user, const void *rows, ptrdiff_t stride_bytes,
                              uint32_t first_row, uint32_t count);

/* Makes samples [first_sample, first_sample + samples) of rows [first_row, first_row + count) ready
 * to be read: at most IC_VPASS_LOAD_ROWS rows and IC_VPASS_LOAD_BYTES of each. Answers where the
 * first row's begin, *stride_bytes from one row to the next. */
typedef const void *ic_vpass_load_fn(void *user, uint32_t first_row, uint32_t count,
                                     size_t first_sample, size_t samples, ptrdiff_t *stride_bytes);

/* Source rows taken in one go: 16 rows of a wide photograph stay in a second-level cache while all
 * open target rows take them in; more taps per visit save loads and stores of the sums. */
#define IC_VPASS_LOAD_ROWS 16u

/* Columns taken in one go where a sample has more than a byte, so that what all open target rows
 * read and write meanwhile stays in the first-level cache: a multiple of what the kernels do at
 * once, and of a pixel. Bytes need no strips: their kernel is bound by arithmetic. */
#define IC_VPASS_LOAD_BYTES 1536u

struct ic_vpass {
    enum ic_vpass_kind kind;
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    struct ic_weight_cache *cache;
    const struct ic_weights *weights; /* from the cache */
    size_t samples;                   /* in a row */
    size_t sample_bytes;              /* of a partial sum */
    ptrdiff_t stride_bytes;           /* of the ring */
    uint32_t ring_rows;               /* a multiple of emit_rows */
    uint32_t emit_rows;               /* rows that leave at a time */
    uint32_t emitted;                 /* target rows below this have left */
    uint32_t finished;                /* target rows below this are complete */
    char *ring;
    const void **row_list; /* for one kernel call */
    uint32_t step_rows;    /* source rows taken in one go */
    ic_vpass_rows_fn *emit;
    void *user;
};

/* `level`: how often the rows that come in were halved. `row_samples` samples of every ring row are
 * readable (at least `samples`), plus slack, zero where nothing was computed. Errors: BUDGET,
 * NO_MEMORY; then nothing is left to clear. */
enum imgcore_status ic_vpass_open(struct ic_vpass *vpass, struct ic_weight_cache *cache,
                                  const struct ic_kernels *kernels, const struct ic_axis *axis,
                                  int level, enum ic_vpass_kind kind, size_t samples,
                                  size_t row_samples, ic_vpass_rows_fn *emit, void *user);

/* The next `count` source rows, from `first_row` on (where the last call ended). */
void ic_vpass_push(struct ic_vpass *vpass, const void *rows, ptrdiff_t stride_bytes,
                   uint32_t first_row, uint32_t count);

/* The same for rows of floats that are loaded piece by piece, where and as often as they are
 * needed. */
void ic_vpass_push_loaded(struct ic_vpass *vpass, ic_vpass_load_fn *load, void *user,
                          uint32_t first_row, uint32_t count);

void ic_vpass_close(struct ic_vpass *vpass);

#endif
