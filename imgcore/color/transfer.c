/* The sRGB transfer function as tables: see base/transfer.h. */
#include <math.h>

#include "imgcore/base/transfer.h"

static double to_linear(double v) {
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

void ic_transfer_make(struct ic_transfer *transfer) {
    for (int i = 0; i < 256; i++) {
        transfer->to_linear[i] = (float)(to_linear(i / 255.0) * 255.0);
    }
    /* a step maps to the sample whose rounding interval contains it */
    int sample = 0;
    double next = to_linear(0.5 / 255.0);
    for (int step = 0; step <= IC_TRANSFER_STEPS; step++) {
        while (sample < 255 && (double)step / IC_TRANSFER_STEPS >= next) {
            sample++;
            next = to_linear((sample + 0.5) / 255.0);
        }
        transfer->from_linear[step] = (uint8_t)sample;
    }
}
