/* The pyramid: see reducer.h. */
#include "imgcore/resample/reducer.h"

#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/resample/reduced_weights.h"

/* Rows passed on at a time: the vertical pass shares its sums among them. */
#define EMIT_ROWS 16u

struct level {
    uint32_t below_height; /* rows of the level below */
    uint32_t below_width;
    uint32_t width, height;
    uint32_t made;    /* rows made */
    uint32_t emitted; /* rows passed on */
    int16_t *halved;  /* the last four rows of the level below, halved horizontally */
    int16_t *rows;    /* rows that are not passed on yet */
    size_t stride;    /* of both buffers, in int16 */
};

struct ic_reducer {
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    ic_reducer_rows_fn *emit;
    void *user;
    int channels;
    int levels;
    struct level level[IC_MAX_LEVEL];
};

static enum imgcore_status open_level(struct ic_mem *mem, struct level *level, int channels) {
    level->width = level->below_width / 2 + level->below_width % 2;
    level->height = level->below_height / 2 + level->below_height % 2;
    level->stride =
        ic_round_up((size_t)level->width * (size_t)channels + IC_ROW_SLACK_BYTES / sizeof(int16_t),
                    IC_ALIGN_BYTES / sizeof(int16_t));
    level->halved = ic_calloc(mem, 4, level->stride * sizeof(int16_t));
    level->rows = ic_calloc(mem, EMIT_ROWS, level->stride * sizeof(int16_t));
    return level->halved != NULL && level->rows != NULL ? IMGCORE_OK : mem->status;
}

enum imgcore_status ic_reducer_create(struct ic_mem *mem, const struct ic_kernels *kernels,
                                      uint32_t width, uint32_t height, int channels, int levels,
                                      ic_reducer_rows_fn *emit, void *user,
                                      struct ic_reducer **result) {
    *result = NULL;
    if (!IC_HOLDS(levels >= 1 && levels <= IC_MAX_LEVEL) ||
        !IC_HOLDS(channels == 1 || channels == 3)) {
        return IMGCORE_INTERNAL;
    }
    struct ic_reducer *reducer = ic_calloc(mem, 1, sizeof(*reducer));
    if (reducer == NULL) {
        return mem->status;
    }
    reducer->mem = mem;
    reducer->kernels = kernels;
    reducer->emit = emit;
    reducer->user = user;
    reducer->channels = channels;
    reducer->levels = levels;
    for (int l = 0; l < levels; l++) {
        struct level *level = &reducer->level[l];
        level->below_width = l == 0 ? width : reducer->level[l - 1].width;
        level->below_height = l == 0 ? height : reducer->level[l - 1].height;
        const enum imgcore_status status = open_level(mem, level, channels);
        if (status != IMGCORE_OK) {
            ic_reducer_destroy(reducer);
            return status;
        }
    }
    *result = reducer;
    return IMGCORE_OK;
}

void ic_reducer_destroy(struct ic_reducer *reducer) {
    if (reducer == NULL) {
        return;
    }
    for (int l = 0; l < reducer->levels; l++) {
        ic_free(reducer->mem, reducer->level[l].halved);
        ic_free(reducer->mem, reducer->level[l].rows);
    }
    ic_free(reducer->mem, reducer);
}

static int16_t *halved_row(const struct level *level, uint32_t below_row) {
    return level->halved + (below_row % 4) * level->stride;
}

/* Makes row j from rows 2j - 1 to 2j + 2 of the level below, clamped. */
static void make_row(const struct ic_reducer *reducer, int l, uint32_t j) {
    const struct level *level = &reducer->level[l];
    const uint32_t last = level->below_height - 1;
    const int16_t *rows[4];
    for (uint32_t k = 0; k < 4; k++) {
        const uint32_t at = 2 * j + k > 0 ? 2 * j + k - 1 : 0;
        rows[k] = halved_row(level, at < last ? at : last);
    }
    int16_t *out = level->rows + (j - level->emitted) * level->stride;
    const struct ic_halving halving = ic_halving(l);
    reducer->kernels->mean_rows_i16(rows, halving.outer_64ths, halving.inner_64ths, out,
                                    (size_t)level->width * (size_t)reducer->channels);
}

static void take_row(struct ic_reducer *reducer, int l, const void *below, uint32_t below_row);

/* Passes the waiting rows of a level on, also to the next level. */
static void emit_rows(struct ic_reducer *reducer, int l) {
    struct level *level = &reducer->level[l];
    const uint32_t first = level->emitted, count = level->made - level->emitted;
    reducer->emit(reducer->user, l + 1, level->rows, (ptrdiff_t)(level->stride * sizeof(int16_t)),
                  first, count);
    for (uint32_t i = 0; l + 1 < reducer->levels && i < count; i++) {
        take_row(reducer, l + 1, level->rows + i * level->stride, first + i);
    }
    level->emitted = level->made;
}

/* Halves a row of the level below horizontally. */
static void halve_row(const struct ic_reducer *reducer, int l, const void *below, int16_t *out) {
    const struct ic_kernels *kernels = reducer->kernels;
    const size_t width = reducer->level[l].below_width;
    if (l == 0) {
        (reducer->channels == 1 ? kernels->halve_row_u8 : kernels->halve_rgb_u8)(below, out, width);
    } else {
        (reducer->channels == 1 ? kernels->halve_row_i16 : kernels->halve_rgb_i16)(below, out,
                                                                                   width);
    }
}

/* Processes one row of the level below. Row j is made after row 2j + 2, or after the last one. The
 * recursion goes up one level at a time. */
static void take_row(struct ic_reducer *reducer, int l, const void *below, uint32_t below_row) {
    struct level *level = &reducer->level[l];
    halve_row(reducer, l, below, halved_row(level, below_row));
    const bool last = below_row + 1 == level->below_height;
    while (level->made < level->height && (last || below_row >= 2 * level->made + 2)) {
        make_row(reducer, l, level->made);
        level->made++;
        if (level->made - level->emitted == EMIT_ROWS || level->made == level->height) {
            emit_rows(reducer, l);
        }
    }
}

void ic_reducer_push(struct ic_reducer *reducer, const uint8_t *rows, ptrdiff_t stride_bytes,
                     uint32_t first_row, uint32_t count) {
    for (uint32_t y = 0; y < count; y++) {
        take_row(reducer, 0, rows + (ptrdiff_t)y * stride_bytes, first_row + y);
    }
}
