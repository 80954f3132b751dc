/* One axis of a resize, as the plan specifies it and the resampler executes it. */
#ifndef IC_AXIS_H
#define IC_AXIS_H

#include <stdint.h>

#include "imgcore/imgcore.h"

/* `target` samples cover the interval [start, start + length) of `source` samples. Sample k of the
 * source covers [k, k + 1). The interval may extend past the source by less than one target sample
 * (as for the chroma of odd sizes): the part outside has no weight. */
struct ic_axis {
    uint32_t source, target; /* 1 or more */
    double start, length;    /* length > 0 */
    enum imgcore_filter filter;
};

#endif
