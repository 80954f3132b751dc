/* The reconstruction filters: see filter.h. */
#include <math.h>

#include "imgcore/resample/filter.h"

static const double PI = 3.14159265358979323846;

/* A sample exactly on the edge of the box is included or not by rule, not by rounding of x. */
static const double TIE = 1e-9;

double ic_filter_support(enum imgcore_filter filter) {
    switch (filter) {
    case IMGCORE_FILTER_LANCZOS3:
        return 3.0;
    case IMGCORE_FILTER_LANCZOS2:
    case IMGCORE_FILTER_MITCHELL:
    case IMGCORE_FILTER_CATMULL_ROM:
        return 2.0;
    case IMGCORE_FILTER_TRIANGLE:
        return 1.0;
    case IMGCORE_FILTER_BOX:
        return 0.5;
    }
    return 3.0;
}

static double lanczos(double x, double a) {
    if (fabs(x) >= a) {
        return 0.0;
    }
    if (fabs(x) < 1e-9) {
        return 1.0;
    }
    return a * sin(PI * x) * sin(PI * x / a) / (PI * PI * x * x);
}

static double cubic(double x, double b, double c) {
    x = fabs(x);
    if (x < 1.0) {
        return ((12.0 - 9.0 * b - 6.0 * c) * x * x * x + (-18.0 + 12.0 * b + 6.0 * c) * x * x +
                (6.0 - 2.0 * b)) /
               6.0;
    }
    if (x < 2.0) {
        return ((-b - 6.0 * c) * x * x * x + (6.0 * b + 30.0 * c) * x * x +
                (-12.0 * b - 48.0 * c) * x + (8.0 * b + 24.0 * c)) /
               6.0;
    }
    return 0.0;
}

double ic_filter_value(enum imgcore_filter filter, double x) {
    switch (filter) {
    case IMGCORE_FILTER_LANCZOS3:
        return lanczos(x, 3.0);
    case IMGCORE_FILTER_LANCZOS2:
        return lanczos(x, 2.0);
    case IMGCORE_FILTER_MITCHELL:
        return cubic(x, 1.0 / 3.0, 1.0 / 3.0);
    case IMGCORE_FILTER_CATMULL_ROM:
        return cubic(x, 0.0, 0.5);
    case IMGCORE_FILTER_TRIANGLE:
        return fabs(x) < 1.0 ? 1.0 - fabs(x) : 0.0;
    case IMGCORE_FILTER_BOX:
        return x >= -0.5 - TIE && x < 0.5 - TIE ? 1.0 : 0.0;
    }
    return 0.0;
}

/* Computes sin(angle), sin(angle + step), ... by rotating a point on the circle. */
struct turning {
    double sine, cosine, step_sine, step_cosine;
};

static struct turning turning_from(double angle, double step) {
    const struct turning t = {sin(angle), cos(angle), sin(step), cos(step)};
    return t;
}

static void turn(struct turning *t) {
    const double sine = t->sine * t->step_cosine + t->cosine * t->step_sine;
    t->cosine = t->cosine * t->step_cosine - t->sine * t->step_sine;
    t->sine = sine;
}

static void lanczos_row(double a, double x, double step, int taps, double *row) {
    struct turning wide = turning_from(PI * x / a, PI * step / a);
    struct turning narrow = turning_from(PI * x, PI * step);
    for (int k = 0; k < taps; k++) {
        const double at = x + k * step;
        if (fabs(at) >= a) {
            row[k] = 0.0;
        } else if (fabs(at) < 1e-4) { /* the quotient of two small numbers would be inaccurate */
            row[k] = lanczos(at, a);
        } else {
            row[k] = a * narrow.sine * wide.sine / (PI * PI * at * at);
        }
        turn(&wide);
        turn(&narrow);
    }
}

void ic_filter_row(enum imgcore_filter filter, double x, double step, int taps, double *row) {
    if (filter == IMGCORE_FILTER_LANCZOS3 || filter == IMGCORE_FILTER_LANCZOS2) {
        lanczos_row(filter == IMGCORE_FILTER_LANCZOS3 ? 3.0 : 2.0, x, step, taps, row);
        return;
    }
    for (int k = 0; k < taps; k++) {
        row[k] = ic_filter_value(filter, x + k * step);
    }
}
