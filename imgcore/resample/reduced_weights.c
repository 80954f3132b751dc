/* Weights for halved rows: see reduced_weights.h.
 *
 * Let M be the matrix of the source samples in each sample of the level, w the direct weights of a
 * target and R the correlation of source samples. The weights g that minimise (M g - w)' R (M g -
 * w) solve M'RM g = M'R w. M'RM is the same for every target away from the edges, so it is factored
 * once; a target costs a few hundred multiplications. The sum of g is corrected to one by a step
 * along (M'RM)^-1 1, the direction of least cost. */
#include "imgcore/resample/reduced_weights.h"

#include <math.h>
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/resample/filter.h"

/* Correlation of neighbouring samples, and the part of each sample that is uncorrelated (grain,
 * noise). The result depends little on either: grain from 0.02 to 1 changes 0.2 dB. */
#define CORRELATION 0.95
#define GRAIN       0.02

/* The part of a filter's width that gets weights in the level. The outermost seventh of a windowed
 * filter has little effect: without it, with weights solved for the rest, photographs are 66 to 78
 * dB from the direct result instead of 67 to 90 with one more sample on either side, for three
 * quarters of the work; with 0.8 of the width they fall to 54 to 67 dB. Filters that do not fade
 * out keep their entire width. */
#define KEPT_WIDTH     0.865
#define FADING_SUPPORT 2.0
#define MARGIN         1 /* samples beyond the width, for other filters */
#define MIN_KEPT_TAPS  4

/* A sample of a level consists of (3 << level) - 2 source samples, the first ((1 << level) - 1)
 * before its own. */
#define MAX_SPAN ((3 << IC_MAX_LEVEL) - 2)

/* The most taps of a target in the level: less than 6 * 2 * IC_NEXT_LEVEL_KEEP, since otherwise one
 * more level is used; more only on the last level. */
#define MAX_TAPS 64

struct solver {
    const struct ic_axis *axis;
    int level;
    uint32_t samples;       /* samples of the level */
    int inner_taps;         /* taps of a window away from the edges */
    int span;               /* source samples in one sample of the level, away from the edges */
    double parts[MAX_SPAN]; /* the part of each */
    /* The matrix of the last factored window (L L'), and its inverse applied to the vector 1. */
    int factored;                       /* its size if it was an inner window, else 0 */
    double factor[MAX_TAPS * MAX_TAPS]; /* the diagonal inverted */
    double direction[MAX_TAPS];
    double *columns;    /* M, for windows at the edges and for factoring */
    double *correlated; /* R w over the window */
    double *scratch;
};

uint32_t ic_level_samples(uint32_t n, int level) {
    for (int l = 0; l < level; l++) {
        n = n / 2 + n % 2;
    }
    return n;
}

struct ic_halving ic_halving(int level) {
    static const struct ic_halving first = {9, 23}, next = {10, 22};
    return level == 0 ? first : next;
}

/* The weights of ic_halving as fractions of one, in order. */
static void halving_parts(int level, double parts[4]) {
    const struct ic_halving halving = ic_halving(level);
    parts[0] = parts[3] = halving.outer_64ths / 64.0;
    parts[1] = parts[2] = halving.inner_64ths / 64.0;
}

int ic_axis_level(const struct ic_axis *axis) {
    const double ratio = axis->length / axis->target;
    int level = 0;
    while (level < IC_MAX_LEVEL &&
           ratio / (2 << level) >= (level == 0 ? IC_FIRST_LEVEL_KEEP : IC_NEXT_LEVEL_KEEP) &&
           ic_level_samples(axis->source, level + 1) >= 16) {
        level++;
    }
    return level;
}

/* Adds `weight` of sample j of the level to cells, whose first one is source sample `origin`;
 * clamped in the same way as by the kernels. */
static void spread(const struct solver *solver, int level, int64_t j, double weight, double *cells,
                   int64_t origin) {
    if (level == 0) {
        cells[j - origin] += weight;
        return;
    }
    double parts[4];
    halving_parts(level - 1, parts);
    const int64_t last = (int64_t)ic_level_samples(solver->axis->source, level - 1) - 1;
    for (int k = 0; k < 4; k++) {
        int64_t from = 2 * j - 1 + k;
        from = from < 0 ? 0 : from > last ? last : from;
        spread(solver, level - 1, from, weight * parts[k], cells, origin);
    }
}

/* Multiplies a vector of n cells by R, in place: two running sums for the exponential decay. */
static void correlate(double *cells, int64_t n, double *scratch) {
    double sum = 0.0;
    for (int64_t s = 0; s < n; s++) {
        sum = sum * CORRELATION + cells[s];
        scratch[s] = sum;
    }
    sum = 0.0;
    for (int64_t s = n - 1; s >= 0; s--) {
        const double own = cells[s];
        cells[s] = scratch[s] + sum * CORRELATION + GRAIN * own;
        sum = sum * CORRELATION + own;
    }
}

/* Cholesky decomposition in place: the lower triangle becomes the factor, with its diagonal
 * inverted. */
static void factor_matrix(double *matrix, int n) {
    for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = matrix[i * n + j];
            for (int k = 0; k < j; k++) {
                sum -= matrix[i * n + k] * matrix[j * n + k];
            }
            matrix[i * n + j] = i == j ? 1.0 / sqrt(sum) : sum * matrix[j * n + j];
        }
    }
}

static void solve(const double *factor, int n, double *b) {
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++) {
            b[i] -= factor[i * n + k] * b[k];
        }
        b[i] *= factor[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        b[i] *= factor[i * n + i];
        for (int k = 0; k < i; k++) { /* along a row of the factor, which is contiguous */
            b[k] -= factor[i * n + k] * b[i];
        }
    }
}

struct window {
    int64_t first; /* first sample of the level */
    int taps;
    int64_t origin, cells; /* source samples of these and of the direct taps */
    bool inner;            /* none of its samples was clamped */
};

/* All windows away from the edges have the same number of taps, so that one factored matrix serves
 * them. */
static int inner_taps(const struct ic_axis *axis, int level) {
    const double support = ic_filter_support(axis->filter);
    const double width = 2.0 * support * axis->length / axis->target / (1 << level);
    const double taps =
        support >= FADING_SUPPORT ? fmax(KEPT_WIDTH * width, MIN_KEPT_TAPS) : width + 2 * MARGIN;
    return (int)fmin(floor(taps + 0.5), MAX_TAPS);
}

/* Returns the window of a target: around its centre, with the source samples that it covers.
 * `first` and `taps` are those of its direct weights. */
static struct window window_of(const struct solver *solver, uint32_t target, int64_t first,
                               int taps) {
    const int64_t before = (1 << solver->level) - 1, span = (3 << solver->level) - 2;
    const struct ic_axis *axis = solver->axis;
    const int64_t source = axis->source;
    struct window window;
    const double centre =
        (axis->start + (target + 0.5) * (axis->length / axis->target)) / (1 << solver->level);
    /* at the edges the window keeps its length and is moved inside: the weight of a single sample
     * would be one */
    const int64_t samples = solver->samples;
    window.taps = (int)(solver->inner_taps < samples ? solver->inner_taps : samples);
    const int64_t last = samples - window.taps;
    int64_t from = (int64_t)floor(centre - window.taps / 2.0 + 0.5);
    from = from < 0 ? 0 : from;
    window.first = from < last ? from : last;
    const int64_t start = (window.first << solver->level) - before;
    const int64_t end = ((window.first + window.taps - 1) << solver->level) - before + span;
    window.inner = start >= 0 && end <= source;
    window.origin = start < 0 ? 0 : start;
    window.origin = window.origin < first ? window.origin : first;
    int64_t stop = end < source ? end : source;
    stop = stop > first + taps ? stop : first + taps;
    window.cells = stop - window.origin;
    return window;
}

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Computes M of a window: a column for each sample of the level. */
static void fill_columns(struct solver *solver, const struct window *window) {
    const size_t cells = (size_t)window->cells;
    memset(solver->columns, 0, (size_t)window->taps * cells * sizeof(double));
    for (int j = 0; j < window->taps; j++) {
        spread(solver, solver->level, window->first + j, 1.0, solver->columns + (size_t)j * cells,
               window->origin);
    }
}

/* Factors M'RM of a window, and computes the direction in which the sum of the weights is
 * corrected. */
static void factor_window(struct solver *solver, const struct window *window) {
    const int n = window->taps;
    double *column = solver->correlated;
    for (int j = 0; j < n; j++) {
        memcpy(column, solver->columns + (size_t)j * (size_t)window->cells,
               (size_t)window->cells * sizeof(double));
        correlate(column, window->cells, solver->scratch);
        for (int i = j; i < n; i++) {
            solver->factor[i * n + j] =
                dot(solver->columns + (size_t)i * (size_t)window->cells, column, window->cells);
        }
        solver->direction[j] = 1.0;
    }
    factor_matrix(solver->factor, n);
    solve(solver->factor, n, solver->direction);
    solver->factored = window->inner ? n : 0;
}

/* Computes M'R w. Away from the edges all columns of M are equal, each moved by one sample of the
 * level. */
static void weigh(struct solver *solver, const struct window *window, double *row) {
    for (int j = 0; j < window->taps; j++) {
        if (window->inner) {
            const int64_t start =
                ((window->first + j) << solver->level) - ((1 << solver->level) - 1);
            row[j] =
                dot(solver->parts, solver->correlated + (start - window->origin), solver->span);
        } else {
            row[j] = dot(solver->columns + (size_t)j * (size_t)window->cells, solver->correlated,
                         window->cells);
        }
    }
}

/* Computes the weights of one target from its direct ones. */
static void solve_row(struct solver *solver, const struct window *window, const double *direct,
                      int64_t first, int taps, double *row) {
    const int n = window->taps;
    if (!window->inner || solver->factored != n) {
        fill_columns(solver, window);
        factor_window(solver, window);
    }
    memset(solver->correlated, 0, (size_t)window->cells * sizeof(double));
    memcpy(solver->correlated + (first - window->origin), direct, (size_t)taps * sizeof(double));
    correlate(solver->correlated, window->cells, solver->scratch);
    weigh(solver, window, row);
    solve(solver->factor, n, row);
    double sum = 0.0, step = 0.0;
    for (int j = 0; j < n; j++) {
        sum += row[j];
        step += solver->direction[j];
    }
    for (int j = 0; j < n; j++) {
        row[j] += solver->direction[j] * ((1.0 - sum) / step);
    }
}

/* Computes the fractions of the source samples in one sample of the level, by halving a unit
 * impulse. */
static void find_parts(struct solver *solver) {
    solver->span = 1;
    solver->parts[0] = 1.0;
    for (int l = 0; l < solver->level; l++) { /* levels below are finer by 1 << l */
        double step[4], wider[MAX_SPAN] = {0.0};
        halving_parts(l, step);
        for (int k = 0; k < 4; k++) {
            for (int i = 0; i < solver->span; i++) {
                wider[(k << l) + i] += step[k] * solver->parts[i];
            }
        }
        solver->span += 3 << l;
        memcpy(solver->parts, wider, sizeof(wider));
    }
}

/* Returns the number of targets after which the rows repeat, moved by an integer number of samples
 * of the level; 0: never. */
static uint32_t period_of(const struct ic_axis *axis, int level, int64_t *samples) {
    const double step = axis->length / axis->target / (1 << level);
    for (uint32_t p = 1; p < axis->target; p++) {
        const double moved = step * p;
        if (fabs(moved - floor(moved + 0.5)) < 1e-9) {
            *samples = (int64_t)floor(moved + 0.5);
            return p;
        }
    }
    return 0;
}

/* The workspace for one table, in one block. */
struct workspace {
    struct solver solver;
    double row[MAX_TAPS];
    int16_t rounded[MAX_TAPS];
};

static void open_solver(struct solver *solver, const struct ic_axis *axis, int level, double *rows,
                        size_t cells) {
    solver->axis = axis;
    solver->level = level;
    solver->samples = ic_level_samples(axis->source, level);
    solver->inner_taps = inner_taps(axis, level);
    solver->correlated = rows;
    solver->scratch = rows + cells;
    solver->columns = rows + 2 * cells;
    find_parts(solver);
}

static void make_rows(struct workspace *workspace, double *direct, struct ic_weights *weights) {
    const struct ic_axis *axis = workspace->solver.axis;
    int64_t moved = 0;
    const uint32_t period = period_of(axis, workspace->solver.level, &moved);
    uint32_t inner_rows = 0; /* consecutive inner rows so far */
    for (uint32_t i = 0; i < axis->target; i++) {
        int64_t first;
        int taps;
        ic_axis_taps(axis, i, &first, &taps);
        const struct window window = window_of(&workspace->solver, i, first, taps);
        inner_rows = window.inner ? inner_rows + 1 : 0;
        if (period != 0 && inner_rows > period) {
            ic_weights_repeat_row(weights, i, i - period, moved);
            continue;
        }
        ic_axis_exact_row(axis, i, direct, &first);
        solve_row(&workspace->solver, &window, direct, first, taps, workspace->row);
        ic_weights_store_row(weights, i, window.first, window.taps, workspace->row,
                             workspace->rounded);
    }
}

enum imgcore_status ic_reduced_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                            int level, enum ic_weight_type type,
                                            struct ic_weights *weights) {
    if (!IC_HOLDS(level >= 1 && level <= IC_MAX_LEVEL)) {
        return IMGCORE_INTERNAL;
    }
    const size_t cells = (size_t)ic_axis_max_taps(axis) + 4 * MAX_SPAN;
    enum imgcore_status status = ic_weights_allocate(mem, axis->target, MAX_TAPS, type, weights);
    if (status != IMGCORE_OK) {
        return status;
    }
    struct workspace *workspace = ic_calloc(mem, 1, sizeof(*workspace));
    double *rows = ic_calloc(mem, cells * (MAX_TAPS + 3), sizeof(double));
    if (workspace == NULL || rows == NULL) {
        status = mem->status;
        ic_weights_clear(mem, weights);
        goto cleanup;
    }
    open_solver(&workspace->solver, axis, level, rows, cells);
    make_rows(workspace, rows + (MAX_TAPS + 2) * cells, weights);
    ic_weights_finish(weights, workspace->solver.samples);
cleanup:
    ic_free(mem, workspace);
    ic_free(mem, rows);
    return status;
}
