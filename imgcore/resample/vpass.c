/* The vertical pass over a stream of rows: see vpass.h. */
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/resample/vpass.h"

/* Source rows per step. Rows of bytes are half as large as others, so that more of them stay in L2.
 * RGB, 4928x3279 to 852x567 and 1200x798, ms: 16 rows 6.9 and 8.0, 24 6.9 and 7.8; 12, 32 and 48
 * are slower for the first size, and strips of 1024, 2048 and 4096 columns 7.4, 7.3, 7.2
 * and 8.5, 8.4, 8.3. Emitting rows by 4 or by 12 instead of by 8 changes nothing. */
#define U8_STEP_ROWS 24u

/* The parameters of a kind: its weights and, in bytes, its samples. */
static const struct form {
    enum ic_weight_type weights;
    size_t in_bytes, out_bytes;
    /* Finished rows wait until this many are available, so that the horizontal kernels can share
     * each weight among several rows; as many as those process together, and few rows of floats,
     * which fill much cache. After a pyramid 16: its weights are transposed once for all of them.
     * The ring holds a multiple. */
    uint32_t emit_rows;
    uint32_t step_rows; /* source rows per step */
    size_t channels;    /* channels if there is alpha; else 0 */
} forms[] = {
    [IC_VPASS_U8] = {IC_WEIGHT_Q14, 1, 2, 8, U8_STEP_ROWS, 0},
    [IC_VPASS_I16] = {IC_WEIGHT_Q15, 2, 2, 16, IC_VPASS_LOAD_ROWS, 0},
    [IC_VPASS_F32] = {IC_WEIGHT_F32, 4, 4, 4, IC_VPASS_LOAD_ROWS, 0},
    [IC_VPASS_GA] = {IC_WEIGHT_F32, 1, 4, 4, IC_VPASS_ALPHA_ROWS, 2},
    [IC_VPASS_RGBA] = {IC_WEIGHT_F32, 1, 4, 4, IC_VPASS_ALPHA_ROWS, 4},
};

/* Returns the most target rows that are open at the same time: rows whose first tap comes before
 * the last tap of the oldest open row has been seen. A row can open and the oldest close within one
 * step. */
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
                                  int level, enum ic_vpass_kind kind, size_t samples,
                                  size_t row_samples, ic_vpass_rows_fn *emit, void *user) {
    const struct form *form = &forms[kind];
    memset(vpass, 0, sizeof(*vpass));
    enum imgcore_status status =
        ic_weight_cache_get(cache, axis, level, form->weights, false, &vpass->weights);
    if (status != IMGCORE_OK) {
        return status;
    }
    struct ic_mem *mem = cache->mem;
    vpass->kind = kind;
    vpass->cache = cache;
    vpass->mem = mem;
    vpass->kernels = kernels;
    vpass->samples = samples;
    vpass->sample_bytes = form->out_bytes;
    vpass->emit = emit;
    vpass->user = user;
    vpass->emit_rows = form->emit_rows;
    vpass->step_rows = form->step_rows;
    vpass->ring_rows =
        (uint32_t)ic_round_up(most_open(vpass->weights) + vpass->emit_rows, vpass->emit_rows);
    if (form->channels > 0) {
        const size_t written = ic_round_up(samples, IC_VPASS_ALPHA_SAMPLES);
        row_samples = row_samples > written ? row_samples : written;
    }
    size_t row_bytes;
    if (!ic_mul_size(row_samples, vpass->sample_bytes, &row_bytes) || row_bytes > SIZE_MAX / 4) {
        ic_vpass_close(vpass);
        return IMGCORE_NO_MEMORY;
    }
    row_bytes = ic_round_up(row_bytes + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES);
    vpass->stride_bytes = (ptrdiff_t)row_bytes;
    vpass->ring = ic_calloc(mem, vpass->ring_rows, row_bytes);
    vpass->row_list = ic_calloc(mem, vpass->step_rows, sizeof(void *));
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
    return vpass->ring +
           (ptrdiff_t)((target_row - vpass->base) % vpass->ring_rows) * vpass->stride_bytes;
}

/* The source rows: in memory, or from a load function. */
struct source {
    const char *rows; /* row first_row */
    ptrdiff_t stride_bytes;
    size_t sample_bytes;
    ic_vpass_load_fn *load; /* NULL: in memory */
    void *user;
    uint32_t first_row;
};

/* Some columns of some source rows. */
struct strip {
    const char *rows;
    ptrdiff_t stride_bytes;
    uint32_t from, to;   /* rows */
    size_t first, count; /* samples */
};

/* Adds the contribution of a strip to one target row. */
static void add_taps(struct ic_vpass *vpass, uint32_t target_row, const struct strip *strip) {
    const struct ic_weights *weights = vpass->weights;
    const uint32_t left = (uint32_t)weights->left[target_row];
    const uint32_t end = left + (uint32_t)weights->count[target_row];
    const uint32_t first = left > strip->from ? left : strip->from;
    const uint32_t last = end < strip->to ? end : strip->to;
    const int taps = (int)(last - first);
    const void *const *rows = vpass->row_list + (first - strip->from);
    const size_t at = target_row * weights->stride + (first - left);
    const bool accumulate = first > left;
    char *sums = ring_row(vpass, target_row) + strip->first * vpass->sample_bytes;
    if (weights->type == IC_WEIGHT_Q14) {
        vpass->kernels->vpass_u8((const uint8_t *const *)rows, weights->fixed + at, taps,
                                 (int16_t *)(void *)sums, strip->count, accumulate);
    } else if (weights->type == IC_WEIGHT_Q15) {
        vpass->kernels->vpass_i16((const int16_t *const *)rows, weights->fixed + at, taps,
                                  (int16_t *)(void *)sums, strip->count, accumulate);
    } else {
        vpass->kernels->vpass_f32((const float *const *)rows, weights->f32 + at, taps,
                                  (float *)(void *)sums, strip->count, accumulate);
    }
}

/* The same for a target row of bytes and the next one, if they share a source row. */
static bool add_pair(struct ic_vpass *vpass, uint32_t target_row, const struct strip *strip) {
    const struct ic_weights *weights = vpass->weights;
    uint32_t first[2], end[2];
    struct ic_vpass_pair pair;
    for (uint32_t j = 0; j < 2; j++) {
        const uint32_t row = target_row + j;
        const uint32_t left = (uint32_t)weights->left[row];
        end[j] = left + (uint32_t)weights->count[row];
        first[j] = left > strip->from ? left : strip->from;
        end[j] = end[j] < strip->to ? end[j] : strip->to;
        pair.weights[j] = weights->fixed + row * weights->stride + (first[j] - left);
        pair.sums[j] = (int16_t *)(void *)ring_row(vpass, row) + strip->first;
        pair.accumulate[j] = first[j] > left;
    }
    if (first[1] >= end[0]) {
        return false;
    }
    pair.second_begin = (int)(first[1] - first[0]);
    pair.first_end = (int)(end[0] - first[0]);
    pair.taps = (int)(end[1] - first[0]);
    vpass->kernels->vpass2_u8((const uint8_t *const *)(vpass->row_list + (first[0] - strip->from)),
                              &pair, strip->count);
    return true;
}

static void emit_now(struct ic_vpass *vpass) {
    vpass->emit(vpass->user, ring_row(vpass, vpass->emitted), vpass->stride_bytes, vpass->emitted,
                vpass->finished - vpass->emitted);
    vpass->emitted = vpass->finished;
}

/* Emits the finished rows if there are enough of them, and at the end. */
static void emit_finished(struct ic_vpass *vpass) {
    if (vpass->finished - vpass->emitted == vpass->emit_rows ||
        vpass->finished == vpass->weights->target) {
        emit_now(vpass);
    }
}

/* Adds source rows [from, to) to target rows [first, last), strip by strip. */
static void push_strips(struct ic_vpass *vpass, const struct source *source, uint32_t from,
                        uint32_t to, uint32_t first, uint32_t last) {
    const struct ic_weights *weights = vpass->weights;
    const size_t most =
        weights->type == IC_WEIGHT_Q14 ? vpass->samples : IC_VPASS_LOAD_BYTES / vpass->sample_bytes;
    struct strip strip = {.from = from, .to = to};
    for (; strip.first < vpass->samples; strip.first += strip.count) {
        const size_t left_over = vpass->samples - strip.first;
        strip.count = left_over < most ? left_over : most;
        if (source->load != NULL) {
            strip.rows = source->load(source->user, from, to - from, strip.first, strip.count,
                                      &strip.stride_bytes);
        } else {
            strip.rows = source->rows +
                         (ptrdiff_t)(from - source->first_row) * source->stride_bytes +
                         strip.first * source->sample_bytes;
            strip.stride_bytes = source->stride_bytes;
        }
        for (uint32_t y = 0; y < to - from; y++) {
            vpass->row_list[y] = strip.rows + (ptrdiff_t)y * strip.stride_bytes;
        }
        for (uint32_t i = first; i < last;) {
            if (weights->type == IC_WEIGHT_Q14 && i + 1 < last && add_pair(vpass, i, &strip)) {
                i += 2;
            } else {
                add_taps(vpass, i, &strip);
                i++;
            }
        }
    }
}

/* The same for pixels with alpha, whose kernel divides the rows into strips itself. */
static void push_pixels(struct ic_vpass *vpass, const struct source *source, uint32_t from,
                        uint32_t to, uint32_t first, uint32_t last) {
    const struct ic_weights *weights = vpass->weights;
    const size_t channels = forms[vpass->kind].channels;
    for (uint32_t y = from; y < to; y++) {
        vpass->row_list[y - from] =
            source->rows + (ptrdiff_t)(y - source->first_row) * source->stride_bytes;
    }
    struct ic_vpass_alpha_target targets[IC_VPASS_ALPHA_TARGETS];
    int count = 0;
    for (uint32_t i = first; i < last; i++) {
        const uint32_t left = (uint32_t)weights->left[i];
        const uint32_t end = left + (uint32_t)weights->count[i];
        const uint32_t begin = left > from ? left : from;
        targets[count++] = (struct ic_vpass_alpha_target){
            .weights = weights->f32 + i * weights->stride + (begin - left),
            .first = (int)(begin - from),
            .taps = (int)((end < to ? end : to) - begin),
            .sums = (float *)(void *)ring_row(vpass, i),
            .accumulate = begin > left};
        if (count == IC_VPASS_ALPHA_TARGETS || i + 1 == last) {
            vpass->kernels->vpass_alpha[channels]((const uint8_t *const *)vpass->row_list,
                                                  (int)(to - from), targets, count,
                                                  vpass->samples / channels);
            count = 0;
        }
    }
}

/* Adds source rows [from, to) to every target row that uses them: as many target rows at a time as
 * the ring holds, and only the source rows that these need. */
static void push_step(struct ic_vpass *vpass, const struct source *source, uint32_t from,
                      uint32_t to) {
    const struct ic_weights *weights = vpass->weights;
    uint32_t first = vpass->finished;
    while (first < weights->target && (uint32_t)weights->left[first] < to) {
        uint32_t last = first;
        while (last < weights->target && (uint32_t)weights->left[last] < to &&
               last - vpass->emitted < vpass->ring_rows) {
            last++;
        }
        if (!IC_HOLDS(last > first)) {
            return; /* the image stays incomplete, which the pipeline reports */
        }
        const uint32_t left = (uint32_t)weights->left[first];
        const uint32_t end = (uint32_t)(weights->left[last - 1] + weights->count[last - 1]);
        (forms[vpass->kind].channels > 0 ? push_pixels : push_strips)(
            vpass, source, left > from ? left : from, end < to ? end : to, first, last);
        for (uint32_t i = first; i < last && (uint32_t)(weights->left[i] + weights->count[i]) <= to;
             i++) {
            if (!IC_HOLDS(i == vpass->finished)) {
                return;
            }
            vpass->finished = i + 1;
            emit_finished(vpass);
        }
        first = last;
    }
}

static void push(struct ic_vpass *vpass, const struct source *source, uint32_t count) {
    const uint32_t end = source->first_row + count;
    for (uint32_t from = source->first_row; from < end; from += vpass->step_rows) {
        push_step(vpass, source, from,
                  end - from < vpass->step_rows ? end : from + vpass->step_rows);
    }
}

void ic_vpass_push(struct ic_vpass *vpass, const void *rows, ptrdiff_t stride_bytes,
                   uint32_t first_row, uint32_t count) {
    const struct source source = {.rows = rows,
                                  .stride_bytes = stride_bytes,
                                  .first_row = first_row,
                                  .sample_bytes = forms[vpass->kind].in_bytes};
    push(vpass, &source, count);
}

void ic_vpass_push_loaded(struct ic_vpass *vpass, ic_vpass_load_fn *load, void *user,
                          uint32_t first_row, uint32_t count) {
    const struct source source = {.load = load, .user = user, .first_row = first_row};
    push(vpass, &source, count);
}

uint32_t ic_vpass_stop(struct ic_vpass *vpass) {
    if (vpass->finished > vpass->emitted) {
        emit_now(vpass);
    }
    return vpass->finished;
}

uint32_t ic_vpass_restart(struct ic_vpass *vpass, uint32_t target_row) {
    if (!IC_HOLDS(target_row < vpass->weights->target)) {
        return 0;
    }
    vpass->base = vpass->emitted = vpass->finished = target_row;
    return (uint32_t)vpass->weights->left[target_row];
}
