/* One axis of a resize, as the plan describes it and the resampler executes it. */
#ifndef IC_AXIS_H
#define IC_AXIS_H

#include <stdint.h>

#include "imgcore/imgcore.h"

/* `target` samples cover the interval [start, start + length) of `source` samples. Sample k of the
 * source covers [k, k + 1). The interval may reach past the source by less than one target sample
 * (chroma of odd pictures does): what lies there does not exist and weighs nothing. */
struct ic_axis {
    uint32_t source, target; /* 1 or more */
    double start, length;    /* length > 0 */
    enum imgcore_filter filter;
};

#endif
