/* Tone curves as tables: see base/transfer.h. */
#include <math.h>

#include "imgcore/base/transfer.h"

/* Half a step is more than the rounding of a step's number. */
static void fill_steps(struct ic_transfer_curve *curve) {
    int least = 0;
    for (int step = 0; step < IC_TRANSFER_STEPS + 3; step++) {
        const double light = (step - 0.5) * (255.0 / IC_TRANSFER_STEPS);
        while (least < 255 && curve->from[least + 1] <= light) {
            least++;
        }
        curve->least[step] = (uint8_t)least;
    }
}

bool ic_transfer_curve_make(struct ic_transfer_curve *curve, ic_to_linear_fn *to_linear,
                            void *user) {
    float before = 0.0f;
    for (int half = 0; half <= 2 * 255; half++) {
        const double light = to_linear(user, half / 510.0);
        if (!(light >= 0.0 && light <= 1.0)) {
            return false;
        }
        float *to = half % 2 == 0 ? &curve->to_linear[half / 2] : &curve->from[half / 2 + 1];
        *to = (float)(light * 255.0);
        if (*to < before) {
            return false;
        }
        before = *to;
    }
    for (int sample = 1; sample < 256; sample++) { /* a curve that begins flat */
        curve->from[sample] = fmaxf(curve->from[sample], nextafterf(curve->to_linear[0], 256.0f));
    }
    curve->from[0] = curve->to_linear[0];
    fill_steps(curve);
    return curve->to_linear[255] > curve->to_linear[0];
}

static double srgb_to_linear(void *user, double v) {
    (void)user;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

void ic_transfer_make(struct ic_transfer *transfer) {
    transfer->curves = 1;
    ic_transfer_curve_make(&transfer->curve[0], srgb_to_linear, NULL);
}
