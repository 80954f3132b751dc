/* The reconstruction filters as functions. Used by weights.c only. */
#ifndef IC_FILTER_H
#define IC_FILTER_H

#include "imgcore/imgcore.h"

/* Returns half the width of the interval on which the filter is not zero, in samples, before
 * widening. */
double ic_filter_support(enum imgcore_filter filter);

/* Returns the filter at distance x (samples), not normalised; 0 outside the support.
 * Lanczos: sinc(x) sinc(x/a) (Duchon 1979). Cubics: Mitchell and Netravali, "Reconstruction Filters
 * in Computer Graphics", 1988. The box is open on its right side, so that samples exactly between
 * two targets count once. */
double ic_filter_value(enum imgcore_filter filter, double x);

/* Computes the filter at x, x + step, x + 2 step, ...: `taps` values into row. The sines of a row
 * of Lanczos weights follow from the first ones by rotation, at a tenth of the cost of calls of
 * sin. */
void ic_filter_row(enum imgcore_filter filter, double x, double step, int taps, double *row);

#endif
