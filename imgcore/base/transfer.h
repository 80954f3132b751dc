/* Tables between 8-bit samples and linear light: filled by color/transfer.c and color/icc_curves.c,
 * used by the resampler. */
#ifndef IC_TRANSFER_H
#define IC_TRANSFER_H

#include <stdbool.h>

#include "imgcore/base/mem.h"

/* Steps of linear light between black and white: so many that a border between two samples is near
 * few of them, one in ten near black, where sRGB is steepest. */
#define IC_TRANSFER_STEPS 65536

/* The tone curve of a channel, which never decreases. Linear light goes from 0 to 255. */
struct ic_transfer_curve {
    float to_linear[256];
    float from[256]; /* the least linear light that rounds to each sample, more than black's; that
                        of 0 is not used */
    /* The sample of the light half a step before each step. So the samples of a step are between
     * its own and that of the second next. */
    uint8_t least[IC_TRANSFER_STEPS + 3];
};

struct ic_transfer {
    int curves; /* 1: of all channels; 3: one for each of red, green and blue */
    struct ic_transfer_curve curve[];
};

static inline size_t ic_transfer_bytes(size_t curves) {
    return sizeof(struct ic_transfer) + curves * sizeof(struct ic_transfer_curve);
}

/* Returns the linear light of a sample, both from 0 to 1. */
typedef double ic_to_linear_fn(void *user, double sample);

/* Fills one curve: a sample is returned for the linear light of its rounding interval. False: it
 * decreases somewhere, or black is as light as white. */
bool ic_transfer_curve_make(struct ic_transfer_curve *curve, ic_to_linear_fn *to_linear,
                            void *user);

/* Fills the tables with the sRGB curve of IEC 61966-2-1; there is room for one curve. */
void ic_transfer_make(struct ic_transfer *transfer);

/* Finds the sample for a linear light between two of a step. */
static inline uint8_t ic_transfer_search(const struct ic_transfer_curve *curve, float light,
                                         int least, int most) {
    while (least < most) {
        const int middle = (least + most + 1) / 2;
        if (light >= curve->from[middle]) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    return (uint8_t)least;
}

/* Returns the sample for a linear light, which may lie outside of 0 to 255, or be no number (0). */
static inline uint8_t ic_transfer_sample(const struct ic_transfer_curve *curve, float light) {
    light = light > 0.0f ? light : 0.0f;
    light = light < 255.0f ? light : 255.0f;
    const uint8_t *least = &curve->least[(int)(light * ((float)IC_TRANSFER_STEPS / 255.0f))];
    return least[0] == least[2] ? least[0] : ic_transfer_search(curve, light, least[0], least[2]);
}

#endif
