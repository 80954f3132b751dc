/* The reference of PNG's filters, in both directions (PNG specification, section 9). */
#include "imgcore/kernels/kernels_ref.h"

#include <stdlib.h>

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

static int paeth(int a, int b, int c) {
    const int p = a + b - c;
    const int pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

static int predict(int filter, int a, int b, int c) {
    switch (filter) {
    case FILTER_SUB:
        return a;
    case FILTER_UP:
        return b;
    case FILTER_AVERAGE:
        return (a + b) / 2;
    case FILTER_PAETH:
        return paeth(a, b, c);
    default:
        return 0;
    }
}

static void unfilter(const uint8_t *in, ptrdiff_t in_stride, const uint8_t *above, uint8_t *out,
                     ptrdiff_t out_stride, size_t rows, size_t n, size_t pixel) {
    for (size_t y = 0; y < rows; y++) {
        const int filter = n == 0 ? FILTER_NONE : in[-1];
        for (size_t i = 0; i < n; i++) {
            const int a = i < pixel ? 0 : out[i - pixel], c = i < pixel ? 0 : above[i - pixel];
            out[i] = (uint8_t)(in[i] + predict(filter, a, above[i], c));
        }
        above = out;
        in += in_stride;
        out += out_stride;
    }
}

static uint64_t distance(uint8_t difference) {
    return difference < 128 ? difference : 256u - difference;
}

static void filter(const uint8_t *row, const uint8_t *above, uint8_t *const out[3],
                   uint64_t cost[3], size_t n, size_t pixel) {
    cost[0] = cost[1] = cost[2] = 0;
    for (size_t i = 0; i < n; i++) {
        const int a = i < pixel ? 0 : row[i - pixel];
        for (int k = 0; k < 3; k++) {
            out[k][i] = (uint8_t)(row[i] - predict(FILTER_SUB + k, a, above[i], 0));
            cost[k] += distance(out[k][i]);
        }
    }
}

static void narrow_u16(const uint8_t *in, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const unsigned v = (unsigned)in[2 * i] << 8 | in[2 * i + 1];
        out[i] = (uint8_t)((v * 255 + 32895) >> 16);
    }
}

#define UNFILTER(bytes)                                                                            \
    static void unfilter##bytes(const uint8_t *in, ptrdiff_t in_stride, const uint8_t *above,      \
                                uint8_t *out, ptrdiff_t out_stride, size_t rows, size_t n) {       \
        unfilter(in, in_stride, above, out, out_stride, rows, n, bytes);                           \
    }

#define BY_PIXEL(bytes)                                                                            \
    UNFILTER(bytes)                                                                                \
    static void filter##bytes(const uint8_t *row, const uint8_t *above, uint8_t *const out[3],     \
                              uint64_t cost[3], size_t n) {                                        \
        filter(row, above, out, cost, n, bytes);                                                   \
    }

BY_PIXEL(1)
BY_PIXEL(2)
BY_PIXEL(3)
BY_PIXEL(4)
UNFILTER(6)
UNFILTER(8)

void ic_kernels_ref_png(struct ic_kernels *kernels) {
    kernels->png_unfilter[1] = unfilter1;
    kernels->png_unfilter[2] = unfilter2;
    kernels->png_unfilter[3] = unfilter3;
    kernels->png_unfilter[4] = unfilter4;
    kernels->png_unfilter[6] = unfilter6;
    kernels->png_unfilter[8] = unfilter8;
    kernels->png_narrow_u16 = narrow_u16;
    kernels->png_filter[1] = filter1;
    kernels->png_filter[2] = filter2;
    kernels->png_filter[3] = filter3;
    kernels->png_filter[4] = filter4;
}
