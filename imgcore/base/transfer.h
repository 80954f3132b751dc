/* Tables between 8-bit sRGB samples and linear light: color/transfer.c fills them, the resampler
 * reads them. */
#ifndef IC_TRANSFER_H
#define IC_TRANSFER_H

#include "imgcore/base/mem.h"

/* Linear light on the way back has this many steps between black and white: near black, where the
 * curve is steepest, one 8-bit step is still twenty of these. */
#define IC_TRANSFER_STEPS 65535

struct ic_transfer {
    float to_linear[256];                       /* 0 to 255 */
    uint8_t from_linear[IC_TRANSFER_STEPS + 1]; /* by rounded step */
};

/* Fills the tables with the sRGB curve of IEC 61966-2-1. Cost: some 65,000 powers, so the tables
 * are made once for a context. */
void ic_transfer_make(struct ic_transfer *transfer);

#endif
