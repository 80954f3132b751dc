/* Tables between 8-bit sRGB samples and linear light: filled by color/transfer.c, used by the
 * resampler. */
#ifndef IC_TRANSFER_H
#define IC_TRANSFER_H

#include "imgcore/base/mem.h"

/* Steps of linear light between black and white for the conversion to sRGB: near black, where the
 * curve is steepest, one 8-bit step is still twenty of these. */
#define IC_TRANSFER_STEPS 65535

struct ic_transfer {
    float to_linear[256];                       /* values from 0 to 255 */
    uint8_t from_linear[IC_TRANSFER_STEPS + 1]; /* indexed by the rounded step */
};

/* Fills the tables with the sRGB curve of IEC 61966-2-1. Cost: about 65,000 powers, so the tables
 * are computed once per context. */
void ic_transfer_make(struct ic_transfer *transfer);

#endif
