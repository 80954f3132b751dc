/* Inverse DCTs in plain C: see jpeg_idct_scalar.h. Each is a pass over the columns, whose sums keep
 * two fraction bits, and one over the rows. The constants are cosines with 13 fraction bits, as in
 * libjpeg's jidctint.c (Loeffler, Ligtenberg and Moschytz, ICASSP 1989) and jidctred.c; they are
 * added up per input here, which changes no sum. */
#include "imgcore/kernels/jpeg_idct_scalar.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN_BITS 2 /* fraction bits between the passes */

/* Sums of one column or row: twice the fraction bits of the constants for 4, four times for 2. */
typedef void transform_fn(const int64_t in[8], int64_t *sums);

static bool fits_16(int64_t value) {
    return value >= INT16_MIN && value <= INT16_MAX;
}

static void transform_8(const int64_t in[8], int64_t sums[8]) {
    const int64_t even[4] = {
        8192 * (in[0] + in[4]) + 10703 * in[2] + 4433 * in[6],
        8192 * (in[0] - in[4]) + 4433 * in[2] - 10704 * in[6],
        8192 * (in[0] - in[4]) - 4433 * in[2] + 10704 * in[6],
        8192 * (in[0] + in[4]) - 10703 * in[2] - 4433 * in[6],
    };
    const int64_t odd[4] = {
        11363 * in[1] + 9633 * in[3] + 6437 * in[5] + 2260 * in[7],
        9633 * in[1] - 2259 * in[3] - 11362 * in[5] - 6436 * in[7],
        6437 * in[1] - 11362 * in[3] + 2261 * in[5] + 9633 * in[7],
        2260 * in[1] - 6436 * in[3] + 9633 * in[5] - 11363 * in[7],
    };
    for (int i = 0; i < 4; i++) {
        sums[i] = even[i] + odd[i];
        sums[7 - i] = even[i] - odd[i];
    }
}

/* in[4] has no part in it. */
static void transform_4(const int64_t in[8], int64_t sums[4]) {
    const int64_t even[2] = {16384 * in[0] + 15137 * in[2] - 6270 * in[6],
                             16384 * in[0] - 15137 * in[2] + 6270 * in[6]};
    const int64_t odd[2] = {20995 * in[1] + 7373 * in[3] - 4926 * in[5] - 4176 * in[7],
                            8697 * in[1] - 17799 * in[3] + 11893 * in[5] - 1730 * in[7]};
    sums[0] = even[0] + odd[0];
    sums[1] = even[1] + odd[1];
    sums[2] = even[1] - odd[1];
    sums[3] = even[0] - odd[0];
}

/* in[2], in[4] and in[6] have no part in it. */
static void transform_2(const int64_t in[8], int64_t sums[2]) {
    const int64_t even = 32768 * in[0];
    const int64_t odd = 29692 * in[1] - 10426 * in[3] + 6967 * in[5] - 5906 * in[7];
    sums[0] = even + odd;
    sums[1] = even - odd;
}

static bool sums_fit(const int64_t in[8], int size) {
    return size != 8 || (fits_16(in[0] + in[4]) && fits_16(in[0] - in[4]) &&
                         fits_16(in[3] + in[7]) && fits_16(in[1] + in[5]));
}

static int64_t descale(int64_t sum, int bits) {
    return (sum + ((int64_t)1 << (bits - 1))) >> bits;
}

static bool transform_columns(const int16_t *coefs, const int16_t *quant, int size,
                              transform_fn *transform, int bits, int64_t between[][8]) {
    bool good = true;
    for (int x = 0; x < 8; x++) {
        int64_t in[8], sums[8];
        for (int y = 0; y < 8; y++) {
            in[y] = (int64_t)coefs[8 * y + x] * quant[8 * y + x];
        }
        good &= sums_fit(in, size);
        transform(in, sums);
        for (int y = 0; y < size; y++) {
            between[y][x] = descale(sums[y], bits - COLUMN_BITS);
        }
    }
    return good;
}

static bool is_used(int size, int x) {
    return size == 8 || (size == 4 ? x != 4 : x == 0 || x % 2 == 1);
}

static bool transform_rows(int64_t between[][8], int size, transform_fn *transform, int bits,
                           uint8_t *out, ptrdiff_t stride_bytes) {
    bool good = true;
    for (int y = 0; y < size; y++) {
        int64_t sums[8];
        for (int x = 0; x < 8; x++) {
            good &= !is_used(size, x) || fits_16(between[y][x]);
        }
        good &= sums_fit(between[y], size);
        transform(between[y], sums);
        for (int x = 0; x < size; x++) {
            const int64_t sample = descale(sums[x], bits + COLUMN_BITS + 3);
            good &= sample >= -512 && sample <= 511;
            out[y * stride_bytes + x] = (uint8_t)(sample < -128  ? 0
                                                  : sample > 127 ? 255
                                                                 : sample + 128);
        }
    }
    return good;
}

static bool transform_block(int16_t *coefs, const int16_t *quant, int size, transform_fn *transform,
                            int bits, uint8_t *out, ptrdiff_t stride_bytes) {
    int64_t between[8][8];
    const bool good = transform_columns(coefs, quant, size, transform, bits, between);
    memset(coefs, 0, 64 * sizeof(*coefs));
    return transform_rows(between, size, transform, bits, out, stride_bytes) && good;
}

bool ic_jpeg_idct_8_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes) {
    return transform_block(coefs, quant, 8, transform_8, 13, out, stride_bytes);
}

bool ic_jpeg_idct_4_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes) {
    return transform_block(coefs, quant, 4, transform_4, 14, out, stride_bytes);
}

bool ic_jpeg_idct_2_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes) {
    return transform_block(coefs, quant, 2, transform_2, 15, out, stride_bytes);
}
