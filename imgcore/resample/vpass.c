/* The vertical pass over a stream of rows: see vpass.h. */
#include <assert.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"
#include "imgcore/resample/vpass.h"

/* Finished rows wait until this many are there (or the ring ends), so that the horizontal kernels
 * can share each weight among several rows. */
#define EMIT_ROWS 8u

/* Source rows taken in one go: 16 rows of a wide photograph stay in a second-level cache while all
 * open target rows take them in; more taps per visit save loads and stores of the sums. */
#define STEP_ROWS 16u

/* The most target rows that are open at once: rows whose first tap comes before the last tap of the
 * oldest open row has been seen. A row can open and the oldest close within one step. */
static uint32_t most_open(const struct ic_weights *weights) {
    uint32_t most = 1, oldest = 0;
    for (uint32_t i = 0; i < weights->target; i++) {
        while (weights->left[oldest] + weights->count[oldest] <= weights->left[i]) {
            oldest++;
        }
        if (i - oldest + 1 > most) {
            most = i - oldest + 1;
        }
    }
    return most;
}

enum imgcore_status ic_vpass_open(struct ic_vpass *vpass, struct ic_weight_cache *cache,
                                  const struct ic_kernels *kernels, const struct ic_axis *axis,
                                  int level, enum ic_weight_type type, size_t samples,
                                  size_t row_samples, ic_vpass_rows_fn *emit, void *user) {
    memset(vpass, 0, sizeof(*vpass));
    enum imgcore_status status =
        ic_weight_cache_get(cache, axis, level, type, false, &vpass->weights);
    if (status != IMGCORE_OK) {
        return status;
    }
    struct ic_mem *mem = cache->mem;
    vpass->cache = cache;
    vpass->mem = mem;
    vpass->kernels = kernels;
    vpass->samples = samples;
    vpass->sample_bytes = type == IC_WEIGHT_F32 ? sizeof(float) : sizeof(int16_t);
    vpass->emit = emit;
    vpass->user = user;
    vpass->ring_rows = most_open(vpass->weights) + EMIT_ROWS;
    size_t row_bytes;
    if (!ic_mul_size(row_samples, vpass->sample_bytes, &row_bytes) || row_bytes > SIZE_MAX / 4) {
        ic_vpass_close(vpass);
        return IMGCORE_NO_MEMORY;
    }
    row_bytes = ic_round_up(row_bytes + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES);
    vpass->stride_bytes = (ptrdiff_t)row_bytes;
    vpass->ring = ic_calloc(mem, vpass->ring_rows, row_bytes);
    vpass->row_list = ic_calloc(mem, (size_t)vpass->weights->max_taps, sizeof(void *));
    if (vpass->ring == NULL || vpass->row_list == NULL) {
        ic_vpass_close(vpass);
        return mem->status;
    }
    return IMGCORE_OK;
}

void ic_vpass_close(struct ic_vpass *vpass) {
    if (vpass->mem != NULL) {
        ic_free(vpass->mem, vpass->ring);
        ic_free(vpass->mem, vpass->row_list);
        ic_weight_cache_put(vpass->cache, vpass->weights);
    }
    memset(vpass, 0, sizeof(*vpass));
}

static char *ring_row(const struct ic_vpass *vpass, uint32_t target_row) {
    return vpass->ring + (ptrdiff_t)(target_row % vpass->ring_rows) * vpass->stride_bytes;
}

/* Adds what rows [from, to) contribute to one target row. */
static void add_taps(struct ic_vpass *vpass, uint32_t target_row, const char *rows,
                     ptrdiff_t stride_bytes, uint32_t from, uint32_t to) {
    const uint32_t left = (uint32_t)vpass->weights->left[target_row];
    const uint32_t end = left + (uint32_t)vpass->weights->count[target_row];
    const uint32_t first = left > from ? left : from;
    const uint32_t last = end < to ? end : to;
    const int taps = (int)(last - first);
    for (int k = 0; k < taps; k++) {
        vpass->row_list[k] = rows + (ptrdiff_t)(first - from + (uint32_t)k) * stride_bytes;
    }
    const size_t at = target_row * vpass->weights->stride + (first - left);
    const bool accumulate = first > left;
    const struct ic_weights *weights = vpass->weights;
    char *sums = ring_row(vpass, target_row);
    if (weights->type == IC_WEIGHT_Q14) {
        vpass->kernels->vpass_u8((const uint8_t *const *)vpass->row_list, weights->fixed + at, taps,
                                 (int16_t *)(void *)sums, vpass->samples, accumulate);
    } else if (weights->type == IC_WEIGHT_Q15) {
        vpass->kernels->vpass_i16((const int16_t *const *)vpass->row_list, weights->fixed + at,
                                  taps, (int16_t *)(void *)sums, vpass->samples, accumulate);
    } else {
        vpass->kernels->vpass_f32((const float *const *)vpass->row_list, weights->f32 + at, taps,
                                  (float *)(void *)sums, vpass->samples, accumulate);
    }
}

/* Lets the finished rows leave when there are enough of them, when the ring ends behind them, and
 * at the end. */
static void emit_finished(struct ic_vpass *vpass) {
    const uint32_t slot = vpass->emitted % vpass->ring_rows;
    const uint32_t count = vpass->finished - vpass->emitted;
    if (count == EMIT_ROWS || slot + count == vpass->ring_rows ||
        vpass->finished == vpass->weights->target) {
        vpass->emit(vpass->user, ring_row(vpass, vpass->emitted), vpass->stride_bytes,
                    vpass->emitted, count);
        vpass->emitted = vpass->finished;
    }
}

/* Source rows [from, to) into every target row they count for. */
static void push_step(struct ic_vpass *vpass, const char *rows, ptrdiff_t stride_bytes,
                      uint32_t from, uint32_t to) {
    const struct ic_weights *weights = vpass->weights;
    for (uint32_t i = vpass->finished; i < weights->target && (uint32_t)weights->left[i] < to;
         i++) {
        assert(i - vpass->emitted < vpass->ring_rows);
        add_taps(vpass, i, rows, stride_bytes, from, to);
        if ((uint32_t)(weights->left[i] + weights->count[i]) <= to) {
            assert(i == vpass->finished);
            vpass->finished = i + 1;
            emit_finished(vpass);
        }
    }
}

void ic_vpass_push(struct ic_vpass *vpass, const void *rows, ptrdiff_t stride_bytes,
                   uint32_t first_row, uint32_t count) {
    const char *at = rows;
    const uint32_t end = first_row + count;
    while (first_row < end && vpass->finished < vpass->weights->target) {
        const uint32_t step = end - first_row < STEP_ROWS ? end - first_row : STEP_ROWS;
        push_step(vpass, at, stride_bytes, first_row, first_row + step);
        at += (ptrdiff_t)step * stride_bytes;
        first_row += step;
    }
}
