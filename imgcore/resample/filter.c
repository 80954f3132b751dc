/* The reconstruction filters: see filter.h. */
#include <math.h>

#include "imgcore/resample/filter.h"

static const double PI = 3.14159265358979323846;

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
        return x >= -0.5 && x < 0.5 ? 1.0 : 0.0;
    }
    return 0.0;
}
