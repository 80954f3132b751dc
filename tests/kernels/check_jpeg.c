/* Checks of the JPEG reader's kernels: stuffed bytes and inverse DCTs. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BLOCKS = 9, STRIDE_SLACK = 40 };

/* ---- stuffed bytes -------------------------------------------------------------------------- */

/* Entropy-coded data: here and there 0xff, mostly with a zero byte behind it. */
static void fill_data(struct check *check, uint8_t *data, size_t n) {
    const int rare = check_range(check, 1, 200);
    const int markers = check_range(check, 0, 1);
    for (size_t i = 0; i < n; i++) {
        data[i] = (uint8_t)check_range(check, 0, 254);
        if (check_range(check, 0, rare) == 0) {
            data[i] = 0xff;
            if (i + 1 < n) {
                i++;
                data[i] =
                    (uint8_t)(markers && check_range(check, 0, 3) == 0 ? check_range(check, 1, 255)
                                                                       : 0);
            }
        }
    }
}

static void run_unstuff(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 5000);
    uint8_t *in = check_source(check, 0, n, 1);
    fill_data(check, in, n);
    struct check_out out = check_output(check, n, 1);
    check_describe(check, "n %zu", n);
    size_t used[2];
    const size_t written = check->ref->jpeg_unstuff(in, n, out.ref, &used[0]);
    const size_t tested = check->tested->jpeg_unstuff(in, n, out.tested, &used[1]);
    if (written != tested || used[0] != used[1]) {
        check_fail(check, "wrote %zu of %zu bytes, the reference %zu of %zu", tested, used[1],
                   written, used[0]);
        return;
    }
    memset(out.ref + written, 0, n - written);
    memset(out.tested + written, 0, n - written);
    check_compare(check, &out);
}

/* ---- inverse DCTs ------------------------------------------------------------------------------
 */

/* The samples of a side, and how many coefficients can be other than zero. */
static const struct {
    int side, coefs;
} forms[IC_IDCTS] = {
    [IC_IDCT_8] = {8, 64},          [IC_IDCT_8_FIRST_3] = {8, 3},   [IC_IDCT_8_FIRST_10] = {8, 10},
    [IC_IDCT_4] = {4, 64},          [IC_IDCT_4_FIRST_10] = {4, 10}, [IC_IDCT_2] = {2, 64},
    [IC_IDCT_2_FIRST_10] = {2, 10},
};

static void fill_quant(struct check *check, int16_t *quant) {
    const int most = check_range(check, 0, 9) == 0 ? 32767 : check_range(check, 1, 255);
    for (int i = 0; i < 64; i++) {
        quant[i] = (int16_t)check_range(check, 0, most);
    }
}

/* The largest product: near zero, of a picture, near the sum from which on samples can leave their
 * range, or far past it. */
static int product_most(struct check *check) {
    const int sizes[] = {3, 60, 400, 1500, check_range(check, 1900, 2600), 6000, 32767};
    return sizes[check_range(check, 0, 6)];
}

/* Coefficients whose products fit 16 bits, few or many. */
static void fill_coefs(struct check *check, int16_t *coefs, const int16_t *quant, int most,
                       int count) {
    const int rare = check_range(check, 0, 12);
    /* one alone, which adds up to more in a row or column than others of the same sum do */
    const int alone =
        check_range(check, 0, 2) == 0 ? check_range(check, 0, count < 10 ? count - 1 : 9) : -1;
    memset(coefs, 0, 64 * sizeof(*coefs));
    for (int i = 0; i < count; i++) {
        const int place = IC_JPEG_ZIGZAG[i];
        const bool is_left_out = alone >= 0 ? i != alone : check_range(check, 0, rare) != 0;
        if (is_left_out || quant[place] == 0) {
            continue;
        }
        const bool is_large = i == 0 || i == alone || check_range(check, 0, 9) == 0;
        const int limit = (is_large ? most : most / (i + 1) + 1) / quant[place];
        const bool is_at_limit = i == alone && check_range(check, 0, 1) == 0;
        coefs[place] = (int16_t)(is_at_limit ? limit : check_range(check, -limit, limit));
    }
}

static void run_idct(struct check *check, int idct) {
    const int side = forms[idct].side;
    const size_t n = (size_t)check_range(check, 0, MAX_BLOCKS);
    const size_t stride = MAX_BLOCKS * (size_t)side + (size_t)check_range(check, 0, STRIDE_SLACK);
    int16_t *coefs = check_source(check, 0, (n == 0 ? 1 : n) * 64 * sizeof(*coefs), sizeof(*coefs));
    int16_t *quant = check_source(check, 1, 64 * sizeof(*quant), sizeof(*quant));
    fill_quant(check, quant);
    const bool is_same = check_range(check, 0, 1) == 0; /* a doubt of one block hides others */
    const int same = product_most(check);
    for (size_t i = 0; i < n; i++) {
        fill_coefs(check, coefs + 64 * i, quant, is_same ? same : product_most(check),
                   forms[idct].coefs);
    }
    struct check_out out =
        check_output(check, stride * ((size_t)side - 1) + (size_t)side * MAX_BLOCKS, 1);
    check_describe(check, "%zu blocks, stride %zu", n, stride);
    int16_t *copy = check_source(check, 2, (n == 0 ? 1 : n) * 64 * sizeof(*coefs), sizeof(*coefs));
    memcpy(copy, coefs, n * 64 * sizeof(*coefs));
    bool good[2];
    for (int k = 0; k < 2; k++) {
        struct ic_jpeg_place places[MAX_BLOCKS];
        for (size_t i = 0; i < n; i++) {
            places[i].coefs = (k == 0 ? copy : coefs) + 64 * i;
            places[i].out = (k == 0 ? out.ref : out.tested) + (n - 1 - i) * (size_t)side;
        }
        good[k] = (k == 0 ? check->ref : check->tested)
                      ->jpeg_idct[idct](places, n, quant, (ptrdiff_t)stride);
    }
    if (good[0] != good[1]) {
        check_fail(check, "a doubt: %d, of the reference: %d", !good[1], !good[0]);
    }
    for (size_t i = 0; i < 64 * n; i++) {
        if (coefs[i] != 0 || copy[i] != 0) {
            check_fail(check, "coefficient %zu is not cleared", i);
            break;
        }
    }
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_BYTES = 100000, BENCH_BLOCKS = 96 };

struct bench {
    const struct ic_kernels *kernels;
    int idct;
    uint8_t *in, *out;
    struct ic_jpeg_place places[BENCH_BLOCKS];
    int16_t quant[64];
};

static void call_unstuff(void *arg) {
    struct bench *b = arg;
    size_t used;
    b->kernels->jpeg_unstuff(b->in, BENCH_BYTES, b->out, &used);
}

static void bench_unstuff(struct check *check, int channels) {
    (void)channels;
    struct bench b = {.kernels = check->tested};
    b.in = check_source(check, 0, BENCH_BYTES, 1);
    b.out = check_output(check, BENCH_BYTES, 1).tested;
    for (size_t i = 0; i < BENCH_BYTES; i++) {
        b.in[i] = i % 200 == 100 ? 0xff : i % 200 == 101 ? 0 : (uint8_t)check_range(check, 0, 254);
    }
    check_time(check, "data", BENCH_BYTES, call_unstuff, &b);
}

static void call_idct(void *arg) {
    struct bench *b = arg;
    b->kernels->jpeg_idct[b->idct](b->places, BENCH_BLOCKS, b->quant, 8 * BENCH_BLOCKS);
}

static void bench_idct(struct check *check, int idct) {
    struct bench b = {.kernels = check->tested, .idct = idct};
    const int side = forms[idct].side;
    int16_t *coefs = check_source(check, 0, BENCH_BLOCKS * 64 * sizeof(*coefs), sizeof(*coefs));
    b.out = check_output(check, (size_t)8 * 8 * BENCH_BLOCKS, 1).tested;
    for (int i = 0; i < 64; i++) {
        b.quant[i] = (int16_t)(i / 2 + 3);
    }
    for (size_t i = 0; i < BENCH_BLOCKS; i++) {
        for (int k = 0; k < 64; k++) {
            const int count = forms[idct].coefs < 40 ? forms[idct].coefs : 40;
            const int most = 100 / (k + 1);
            coefs[64 * i + IC_JPEG_ZIGZAG[k]] =
                (int16_t)(k < count ? check_range(check, -most, most) : 0);
        }
        b.places[i].coefs = coefs + 64 * i;
        b.places[i].out = b.out + i * (size_t)side;
    }
    check_time(check, "blocks", BENCH_BLOCKS * side * side, call_idct, &b);
}

static check_slot slot_unstuff(const struct ic_kernels *kernels) {
    return (check_slot)kernels->jpeg_unstuff;
}
#define SLOT(name, idct)                                                                           \
    static check_slot slot_##name(const struct ic_kernels *kernels) {                              \
        return (check_slot)kernels->jpeg_idct[idct];                                               \
    }
SLOT(idct_8, IC_IDCT_8)
SLOT(idct_8_first_3, IC_IDCT_8_FIRST_3)
SLOT(idct_8_first_10, IC_IDCT_8_FIRST_10)
SLOT(idct_4, IC_IDCT_4)
SLOT(idct_4_first_10, IC_IDCT_4_FIRST_10)
SLOT(idct_2, IC_IDCT_2)
SLOT(idct_2_first_10, IC_IDCT_2_FIRST_10)

const struct check_kernel check_jpeg_kernels[] = {
    {"jpeg_unstuff", slot_unstuff, run_unstuff, bench_unstuff, 0},
    {"jpeg_idct_8", slot_idct_8, run_idct, bench_idct, IC_IDCT_8},
    {"jpeg_idct_8_first_3", slot_idct_8_first_3, run_idct, bench_idct, IC_IDCT_8_FIRST_3},
    {"jpeg_idct_8_first_10", slot_idct_8_first_10, run_idct, bench_idct, IC_IDCT_8_FIRST_10},
    {"jpeg_idct_4", slot_idct_4, run_idct, bench_idct, IC_IDCT_4},
    {"jpeg_idct_4_first_10", slot_idct_4_first_10, run_idct, bench_idct, IC_IDCT_4_FIRST_10},
    {"jpeg_idct_2", slot_idct_2, run_idct, bench_idct, IC_IDCT_2},
    {"jpeg_idct_2_first_10", slot_idct_2_first_10, run_idct, bench_idct, IC_IDCT_2_FIRST_10},
    {NULL, NULL, NULL, NULL, 0},
};
