/* The reference of the kernels of the pyramid: halving rows, adding halved rows, and the vertical
 * pass over the result. */
#include "imgcore/kernels/kernels_ref.h"

/* Returns index i of n, clamped; i may be -1. */
static size_t clamped(size_t i, size_t n) {
    return i == SIZE_MAX ? 0 : i < n ? i : n - 1;
}

static void halve_row_u8_ref(const uint8_t *in, int16_t *out, size_t n) {
    for (size_t j = 0; j < (n + 1) / 2; j++) {
        const int outer = in[clamped(2 * j - 1, n)] + in[clamped(2 * j + 2, n)];
        const int inner = in[2 * j] + in[clamped(2 * j + 1, n)];
        out[j] = (int16_t)(9 * outer + 23 * inner);
    }
}

static void halve_row_i16_ref(const int16_t *in, int16_t *out, size_t n) {
    for (size_t j = 0; j < (n + 1) / 2; j++) {
        const int outer = in[clamped(2 * j - 1, n)] + in[clamped(2 * j + 2, n)];
        const int inner = in[2 * j] + in[clamped(2 * j + 1, n)];
        out[j] = (int16_t)((5 * outer + 11 * inner + 16) >> 5);
    }
}

static void mean_rows_i16_ref(const int16_t *const rows[4], int outer, int inner, int16_t *out,
                              size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i] = (int16_t)((((rows[0][i] + rows[3][i]) * outer + 32) >> 6) +
                           (((rows[1][i] + rows[2][i]) * inner + 32) >> 6));
    }
}

static void halve_rgb_u8_ref(const uint8_t *in, int16_t *out, size_t n) {
    for (size_t j = 0; j < (n + 1) / 2; j++) {
        const uint8_t *a = in + 3 * clamped(2 * j - 1, n), *b = in + 3 * (2 * j);
        const uint8_t *c = in + 3 * clamped(2 * j + 1, n), *d = in + 3 * clamped(2 * j + 2, n);
        for (size_t i = 0; i < 3; i++) {
            out[3 * j + i] = (int16_t)(9 * (a[i] + d[i]) + 23 * (b[i] + c[i]));
        }
    }
}

static void halve_rgb_i16_ref(const int16_t *in, int16_t *out, size_t n) {
    for (size_t j = 0; j < (n + 1) / 2; j++) {
        const int16_t *a = in + 3 * clamped(2 * j - 1, n), *b = in + 3 * (2 * j);
        const int16_t *c = in + 3 * clamped(2 * j + 1, n), *d = in + 3 * clamped(2 * j + 2, n);
        for (size_t i = 0; i < 3; i++) {
            out[3 * j + i] =
                (int16_t)((((a[i] + d[i]) * 10 + 32) >> 6) + (((b[i] + c[i]) * 22 + 32) >> 6));
        }
    }
}

static void vpass_i16_ref(const int16_t *const *rows, const int16_t *weights, int taps,
                          int16_t *sums, size_t n, bool accumulate) {
    for (size_t i = 0; i < n; i++) {
        int32_t sum = accumulate ? sums[i] : 0;
        for (int k = 0; k < taps; k++) {
            sum += (rows[k][i] * weights[k] + (1 << 14)) >> 15;
        }
        sums[i] = (int16_t)sum;
    }
}

void ic_kernels_ref_reduce(struct ic_kernels *kernels) {
    kernels->halve_row_u8 = halve_row_u8_ref;
    kernels->halve_row_i16 = halve_row_i16_ref;
    kernels->mean_rows_i16 = mean_rows_i16_ref;
    kernels->halve_rgb_u8 = halve_rgb_u8_ref;
    kernels->halve_rgb_i16 = halve_rgb_i16_ref;
    kernels->vpass_i16 = vpass_i16_ref;
}
