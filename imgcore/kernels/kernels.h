/* The table of kernels: one slot for every loop that is worth vectorising.
 *
 * kernels_ref.c fills every slot with plain C; each Highway target replaces all slots of its files.
 * Results are the same to the last bit on every target: sums of integers in any order, and sums of
 * floats only in the order given here, multiplied and added without contraction.
 *
 * Contracts of every slot unless it states otherwise:
 *   - n, width, height count samples or pixels and may be 0; then nothing is read or written.
 *   - No alignment is needed. Nothing is written outside the stated range, and nothing is read
 *     outside it except where "slack" is named: then up to IC_ROW_SLACK_BYTES past the range may be
 *     read (their content does not matter).
 *   - Sources and destinations do not overlap.
 * Used by every module above base. */
#ifndef IC_KERNELS_H
#define IC_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/kernels/jpeg_bands.h"
#include "imgcore/kernels/jpeg_blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fraction bits of the fixed-point path: weights, and the rows between the two passes. */
#define IC_WEIGHT_BITS 14
#define IC_INTER_BITS  6

/* Weights of a horizontal pass: output i is the sum over k < taps of
 * weight[i * stride + k] * in[left[i] + k]. taps is even; rows of weights are padded with zeros to
 * stride (a multiple of 16), and left[i] + stride may lie past the row's end: that is slack. */
struct ic_taps_q14 {
    const int32_t *left;
    const int16_t *weight;
    size_t stride; /* weights from one output to the next */
    size_t count;  /* outputs */
    int taps;
};

/* The same with floats; taps is a multiple of 4. Padding weights are zero and are multiplied by
 * samples that must be finite, so rows of floats end in IC_ROW_SLACK_BYTES of zeros. */
struct ic_taps_f32 {
    const int32_t *left;
    const float *weight;
    size_t stride;
    size_t count;
    int taps;
};

/* Two targets of a vertical pass that share rows: the first uses rows [0, first_end), the second
 * rows [second_begin, taps); 0 <= second_begin <= first_end <= taps. */
struct ic_vpass_pair {
    const int16_t *weights[2]; /* each from the first row of its target on */
    int16_t *sums[2];
    bool accumulate[2];
    int second_begin, first_end, taps;
};

/* One target of a vertical pass over pixels with alpha: it uses rows [first, first + taps). */
struct ic_vpass_alpha_target {
    const float *weights; /* of its rows */
    int first, taps;
    float *sums;
    bool accumulate;
};

/* The inverse DCTs of a JPEG to 8x8, 4x4 and 2x2 samples; FIRST: of the coefficients before zigzag
 * position 3 or 10, the others are zero. */
enum ic_jpeg_idct {
    IC_IDCT_8,
    IC_IDCT_8_FIRST_3,
    IC_IDCT_8_FIRST_10,
    IC_IDCT_4,
    IC_IDCT_4_FIRST_10,
    IC_IDCT_2,
    IC_IDCT_2_FIRST_10,
    IC_IDCTS
};

/* One block of an inverse DCT: 64 coefficients, row by row, and where its first sample goes. */
struct ic_jpeg_place {
    int16_t *coefs;
    uint8_t *out;
};

/* The most rows and targets of one call of vpass_alpha. */
#define IC_VPASS_ALPHA_ROWS    16
#define IC_VPASS_ALPHA_TARGETS 32
/* The space for sums is a multiple of this many samples. */
#define IC_VPASS_ALPHA_SAMPLES 64

struct ic_kernels {
    const char *target; /* name, as in IMGCORE_TARGETS */
    bool reads_jpeg; /* its kernels of the JPEG reader are faster than libjpeg-turbo: not "ref" */

    /* ---- vertical: blind to channels, n samples in a row --------------------------------- */

    /* sums[i] = (accumulate ? sums[i] : 0) + sum over k < taps of round(row[k][i] * w[k]), where
     * round(v * w) = ((v << 7) * w + 2^14) >> 15: 14-bit weights in, 6 fraction bits out. w[k] in
     * (-2^15, 2^15); the sums of any subset of the taps must fit int16. 16-bit sums wrap, so their
     * order does not matter. taps may be 0. */
    void (*vpass_u8)(const uint8_t *const *rows, const int16_t *weights, int taps, int16_t *sums,
                     size_t n, bool accumulate);

    /* The result of two calls of vpass_u8: rows that both targets use are read and widened once. */
    void (*vpass2_u8)(const uint8_t *const *rows, const struct ic_vpass_pair *pair, size_t n);

    /* out[i] = clamp((in[i] + 32) >> 6, 0, 255): the end of the fixed-point path without a
     * horizontal pass. */
    void (*narrow_i16_u8)(const int16_t *in, uint8_t *out, size_t n);

    /* sums[i] = (accumulate ? sums[i] : 0) + row[0][i] * w[0] + row[1][i] * w[1] ...: each product
     * rounded, added in order of k. */
    void (*vpass_f32)(const float *const *rows, const float *weights, int taps, float *sums,
                      size_t n, bool accumulate);

    /* The result of premultiply and vpass_f32 for n pixels with straight alpha, for target_count
     * targets of row_count rows; index by channel count (2, 4; the others NULL). first and first +
     * taps never decrease from target to target. After the samples zeros are written, up to the
     * next multiple of IC_VPASS_ALPHA_SAMPLES. */
    void (*vpass_alpha[5])(const uint8_t *const *rows, int row_count,
                           const struct ic_vpass_alpha_target *targets, int target_count, size_t n);

    /* Whether the alpha of all n pixels is 255; index by channel count (2, 4; the others NULL). */
    bool (*is_opaque[5])(const uint8_t *pixels, size_t n);

    /* ---- horizontal: `rows` rows together, channels interleaved ---------------------------- */

    /* out = clamp((sum + 2^19) >> 20, 0, 255), the sum exact in 32 bits: 6 + 14 fraction bits.
     * Index by channel count (1 to 4; slot 0 is NULL). in_stride in int16, out_stride in bytes.
     * Reads slack past the end of each row of `in`. */
    void (*hpass_i16_u8[5])(const int16_t *in, ptrdiff_t in_stride, uint8_t *out,
                            ptrdiff_t out_stride, size_t rows, const struct ic_taps_q14 *taps);

    /* The same for floats, without rounding or clamping. For each output and channel four partial
     * sums, p[j] = sum over m of w[4m + j] * in[left + 4m + j] in order of m, from +0;
     * out = (p[0] + p[2]) + (p[1] + p[3]). Strides in floats. Reads slack. */
    void (*hpass_f32[5])(const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride,
                         size_t rows, const struct ic_taps_f32 *taps);

    /* ---- reduction by two -----------------------------------------------------------------------
     * The steps of a pyramid: four samples in each direction, weighed outer, inner, inner, outer,
     * so that target j lies between source 2j and 2j + 1. Sources are clamped at the edges: in[-1]
     * is in[0], in[n] is in[n - 1]. */

    /* out[j] = 9 in[2j - 1] + 23 in[2j] + 23 in[2j + 1] + 9 in[2j + 2], (n + 1) / 2 of them; n at
     * least 1. 64 times the mean, which is IC_INTER_BITS fraction bits, exact. */
    void (*halve_row_u8)(const uint8_t *in, int16_t *out, size_t n);
    /* The same for rows between 0 and 16320 by 5, 11, 11, 5, divided: (sum + 16) >> 5. */
    void (*halve_row_i16)(const int16_t *in, int16_t *out, size_t n);
    /* out[i] = (((a[i] + d[i]) * outer + 32) >> 6) + (((b[i] + c[i]) * inner + 32) >> 6) of rows a,
     * b, c, d between 0 and 16320; outer + inner = 32, neither negative. */
    void (*mean_rows_i16)(const int16_t *const rows[4], int outer, int inner, int16_t *out,
                          size_t n);
    /* The same for n pixels of RGB. From bytes: exact. */
    void (*halve_rgb_u8)(const uint8_t *in, int16_t *out, size_t n);
    /* From rows between 0 and 16320, by 10, 22, 22, 10, each half rounded as by mean_rows_i16:
     * (((in[2j - 1] + in[2j + 2]) * 10 + 32) >> 6) + (((in[2j] + in[2j + 1]) * 22 + 32) >> 6). */
    void (*halve_rgb_i16)(const int16_t *in, int16_t *out, size_t n);
    /* As vpass_u8 for rows of 16 bits: sums[i] (+)= sum over k < taps of (row[k][i] * w[k] + 2^14)
     * >> 15, the weights with 15 fraction bits, in (-2^15, 2^15). */
    void (*vpass_i16)(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *sums,
                      size_t n, bool accumulate);

    /* ---- into and out of floats ------------------------------------------------------------ */

    /* out[i] = in[i]. */
    void (*load_u8_f32)(const uint8_t *in, float *out, size_t n);
    /* Pixels of grey+alpha (premultiply_ga) or RGBA (premultiply_rgba): colour * alpha, alpha *
     * 255; exact. n pixels. */
    void (*premultiply_ga)(const uint8_t *in, float *out, size_t n);
    void (*premultiply_rgba)(const uint8_t *in, float *out, size_t n);
    /* out[i] = clamp(round(in[i]), 0, 255), halves to even. */
    void (*store_f32_u8)(const float *in, uint8_t *out, size_t n);
    /* The inverse of premultiply: alpha = clamp(round(a / 255)); a pixel whose alpha is 0 becomes
     * 0; else colour = clamp(round(c * 255 / a)): one multiplication, then one division, each
     * rounded. n pixels. */
    void (*unpremultiply_ga)(const float *in, uint8_t *out, size_t n);
    void (*unpremultiply_rgba)(const float *in, uint8_t *out, size_t n);

    /* ---- colour ------------------------------------------------------------------------------ */

    /* JFIF: R = Y + 1.402 Cr', G = Y - 0.344136 Cb' - 0.714136 Cr', B = Y + 1.772 Cb', Cb' = Cb -
     * 128; in 16-bit fixed point: R = clamp(Y + ((91881 Cr' + 2^15) >> 16)), G = clamp(Y + ((-22554
     * Cb' - 46802 Cr' + 2^15) >> 16)), B = clamp(Y + ((116130 Cb' + 2^15) >> 16)), the shifts
     * arithmetic (as libjpeg's tables have it). n pixels, rgb interleaved. */
    void (*ycc_to_rgb)(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb,
                       size_t n);
    /* Without a profile. R = 255 - min(255, C + K) would clip dark colours, so R = (255 - C) * (255
     * - K) / 255, rounded to nearest: with t = (255 - C) * (255 - K) + 128, (t + (t >> 8)) >> 8. */
    void (*cmyk_to_rgb)(const uint8_t *cmyk, uint8_t *rgb, size_t n);
    /* Composite on a background: with t = c * a + bg * (255 - a) + 128, (t + (t >> 8)) >> 8. n
     * pixels, RGBA in, RGB out. */
    void (*flatten_rgba)(const uint8_t *rgba, const uint8_t background[3], uint8_t *rgb, size_t n);

    /* ---- orientation ---------------------------------------------------------------------------
     */

    /* out[x][y] = in[y][x] for pixels of the index's channel count (1 to 4; slot 0 NULL): `in` has
     * `height` rows of `width` pixels, `out` the reverse. Strides in bytes, signed. */
    void (*transpose_u8[5])(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out,
                            ptrdiff_t out_stride, size_t width, size_t height);
    /* out[x] = in[width - 1 - x], pixels of the index's channel count. */
    void (*mirror_u8[5])(const uint8_t *in, uint8_t *out, size_t width);

    /* ---- PNG's filters (PNG specification, section 9) -------------------------------------------
     * Index: bytes of a pixel (1 to 4, png_unfilter also 6 and 8; the other slots NULL), of which
     * n, the bytes of a row, is a multiple. */

    /* Undoes the filters of `rows` rows. Row y of `in` is at in + y * in_stride, after its filter
     * byte, 0 to 4. `above`: the row above the first, n zeros if there is none. */
    void (*png_unfilter[9])(const uint8_t *in, ptrdiff_t in_stride, const uint8_t *above,
                            uint8_t *out, ptrdiff_t out_stride, size_t rows, size_t n);
    /* out[i] = (v * 255 + 32895) >> 16: 16 bits to 8, rounded; v is the big-endian number in[2i],
     * in[2i + 1]. */
    void (*png_narrow_u16)(const uint8_t *in, uint8_t *out, size_t n);
    /* Filters the row by Sub, Up and Average, in this order, and computes the cost of each: the sum
     * of the absolute values of its bytes, taken as signed. */
    void (*png_filter[5])(const uint8_t *row, const uint8_t *above, uint8_t *const out[3],
                          uint64_t cost[3], size_t n);

    /* ---- JPEG (ITU-T T.81)
     * ------------------------------------------------------------------------
     */

    /* Copies entropy-coded data without its stuffed zero bytes (T.81, F.1.2.3): up to a marker, or
     * to the last byte if that is 0xff. Returns how many bytes it has written; *used is where it
     * has stopped, n or the place of the 0xff. `out` has space for n bytes, and those behind the
     * ones written are undefined. */
    size_t (*jpeg_unstuff)(const uint8_t *in, size_t n, uint8_t *out, size_t *used);

    /* Decodes `count` blocks from *position on, or fewer: none is begun past `limit`. Up to
     * IC_JPEG_SLACK_BYTES past it are read. Block i gets 64 coefficients, row by row and not
     * dequantised, at coefs + 64 * i: DC, as the difference from the last one, and those of AC that
     * are not zero. The others keep their values or become zero, so they must be zero if they are
     * used. last[i] is how many of its coefficients, in zigzag order, can be other than zero.
     * *done: the blocks decoded. False: a doubt (jpeg_blocks.h); then the blocks from *done on, and
     * the position, are undefined. */
    bool (*jpeg_blocks)(struct ic_jpeg_position *position, const uint8_t *limit, int16_t *coefs,
                        uint8_t *last, size_t count, size_t *done);

    /* Decode the AC band of `count` blocks in a scan of a progressive JPEG (jpeg_bands.h), the
     * first one or a refinement: 64 coefficients each, row by row, at coefs + 64 * i. The bits of
     * nonzero[i] are its AC coefficients that are not zero, in zigzag order. No block is begun past
     * `limit`; up to IC_JPEG_BAND_SLACK_BYTES past it are read. False: a doubt, and the
     * coefficients and the cursor are undefined. */
    bool (*jpeg_band_first)(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                            const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count);
    bool (*jpeg_band_refine)(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                             const uint8_t *limit, int16_t *coefs, uint64_t *nonzero, size_t count);

    /* Multiplies the coefficients of n blocks by `quant` (row by row; each product must fit 16
     * bits), transforms, adds 128 and clamps: libjpeg's "islow" method (jidctint.c, jidctred.c), to
     * the bit. Samples of a block are in rows of stride_bytes. False: a sample, or a sum on the
     * way, is so far out of range that libjpeg's plain and SIMD forms can differ: final sums
     * outside
     * [-512, 511], sums after the columns that do not fit 16 bits, or, for 8x8, 0 + 4, 0 - 4, 3 + 7
     * or 1 + 5 (the places in a column or row) that do not. All blocks are written nevertheless.
     * Clears the coefficients. */
    bool (*jpeg_idct[IC_IDCTS])(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                                ptrdiff_t stride_bytes);
};

/* Fills every slot with the plain C kernels. */
void ic_kernels_ref(struct ic_kernels *kernels);

/* Returns the number of targets compiled in, best first; the last is "ref". */
size_t ic_target_count(void);
const char *ic_target_name(size_t index); /* NULL past the end */
bool ic_target_usable(size_t index);      /* whether this CPU runs it */
/* Fills the table for target `index`, which must be usable: the functions that fill it are compiled
 * for that target too. */
void ic_target_kernels(size_t index, struct ic_kernels *kernels);

/* Chooses the best usable target whose name is in `list` (names separated by commas; NULL or "":
 * any). Returns its index, or ic_target_count() if there is none. */
size_t ic_target_choose(const char *list);

/* What kernels work beside: see targets.c. */
enum ic_work {
    IC_WORK_TRANSFORM, /* the scalar work of codecs */
    IC_WORK_RESIZE     /* other kernels alone */
};

/* What the choice depends on besides the targets that are usable. */
struct ic_cpu {
    bool slow_avx512;   /* 512-bit vectors lower the clock for milliseconds */
    bool halved_avx512; /* 512-bit vectors are executed in two halves */
    bool bmi2;          /* shifts by any register */
};
struct ic_cpu ic_cpu_detect(void);

/* Chooses the target for the work on a CPU: if `list` names any, as ic_target_choose, else by what
 * the whole job costs. *reason: a sentence about why, in static storage. */
size_t ic_target_for(enum ic_work work, const struct ic_cpu *cpu, const char *list,
                     const char **reason);

/* Replaces kernels of a usable target's table by those of another one that a CPU executes faster.
 */
void ic_target_adapt(const struct ic_cpu *cpu, struct ic_kernels *kernels);

/* Clears the upper halves of the vector registers, for use after a library that leaves them set:
 * until then every SSE instruction waits for the last value of the register that it writes. */
void ic_clear_upper_halves(void);

#ifdef __cplusplus
}
#endif

#endif
