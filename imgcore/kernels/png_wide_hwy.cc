/* PNG with 16 bits per sample: the filters of pixels of 6 and 8 bytes, undone as in png_hwy.cc with
 * two rows in a vector instead of four, and 16 bits to 8. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/png_wide_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/png_unfilter-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* ---- filters --------------------------------------------------------------------------------- */

constexpr hn::CappedTag<uint8_t, 8> half;

/* Two pixels of 8 bytes; of 6 bytes, those after them have no effect, since lanes are bytes. */
HWY_INLINE V LoadTwo(const uint8_t *first, const uint8_t *second) {
    return hn::Combine(d, hn::LoadU(half, second), hn::LoadU(half, first));
}

HWY_INLINE void StoreTwo(V v, uint8_t *first, uint8_t *second) {
    hn::StoreU(hn::LowerHalf(half, v), half, first);
    hn::StoreU(hn::UpperHalf(half, v), half, second);
}

/* Unfilters 2 * kPairs rows of at least twice as many pixels. The corners, where not all rows are
 * active, are processed byte by byte. A pixel of 6 bytes is stored as 8: the next one of its row
 * follows. */
template <size_t kPixel, size_t kPairs, class Predict>
HWY_INLINE void WavePairs(const Rows &rows, size_t n, const Predict *predict) {
    constexpr size_t kRows = 2 * kPairs, kLag = kRows - 1;
    for (size_t k = 0; k < kRows; k++) {
        Bytes<kPixel>(rows.FilterOf(k), rows.In(k), rows.Above(k), rows.Out(k), 0,
                      (kRows - k) * kPixel);
    }
    /* The pixel of row k at step x is at x after these addresses. */
    const uint8_t *in[kRows];
    uint8_t *out[kRows];
    uint8_t last[kRows][8] = {}, last_above[kRows][8] = {};
    for (size_t k = 0; k < kRows; k++) {
        in[k] = rows.In(k) - k * kPixel;
        out[k] = rows.Out(k) - k * kPixel;
        memcpy(last[k], rows.Out(k) + (kLag - k) * kPixel, kPixel);
        memcpy(last_above[k], rows.Above(k) + (kLag - k) * kPixel, kPixel);
    }
    V left[kPairs], corner[kPairs];
    for (size_t q = 0; q < kPairs; q++) {
        left[q] = LoadTwo(last[2 * q], last[2 * q + 1]);
        corner[q] = LoadTwo(last_above[2 * q], last_above[2 * q + 1]);
    }
    size_t x = kRows * kPixel;
    for (; x + 8 <= n; x += kPixel) {
        V before = LoadTwo(rows.above + x, rows.above + x); /* the upper one is used */
        HWY_UNROLL(4)
        for (size_t q = 0; q < kPairs; q++) {
            const V pixels = LoadTwo(in[2 * q] + x, in[2 * q + 1] + x);
            const V up = hn::CombineShiftRightBytes<8>(d, left[q], before);
            before = left[q];
            left[q] = hn::Add(pixels, predict[q](left[q], up, corner[q]));
            corner[q] = up;
            StoreTwo(left[q], out[2 * q] + x, out[2 * q + 1] + x);
        }
    }
    for (size_t k = 0; k < kRows; k++) {
        Bytes<kPixel>(rows.FilterOf(k), rows.In(k), rows.Above(k), rows.Out(k), x - k * kPixel, n);
    }
}

struct Pairs {
    static constexpr size_t kRows = 2;
    template <size_t kPixel, size_t kVectors, class Predict>
    static HWY_INLINE void Wave(const Rows &rows, size_t n, const Predict *predict) {
        WavePairs<kPixel, kVectors>(rows, n, predict);
    }
};

/* ---- 16 bits to 8 ---------------------------------------------------------------------------- */

constexpr hn::ScalableTag<uint8_t> wide;

/* The sample 256 a + b is a + (b - a) / 257: a, one more if b - a > 128, one less if a - b > 128.
 */
HWY_INLINE void NarrowVector(const uint8_t *in, uint8_t *out) {
    const auto first = hn::LoadU(wide, in), second = hn::LoadU(wide, in + HWY_MAX_BYTES);
    const auto a = hn::ConcatEven(wide, second, first), b = hn::ConcatOdd(wide, second, first);
    const auto limit = hn::Set(wide, 128), one = hn::Set(wide, 1);
    const auto more = hn::Min(hn::SaturatedSub(hn::SaturatedSub(b, a), limit), one);
    const auto less = hn::Min(hn::SaturatedSub(hn::SaturatedSub(a, b), limit), one);
    hn::StoreU(hn::Sub(hn::Add(a, more), less), wide, out);
}

void NarrowU16(const uint8_t *in, uint8_t *out, size_t n) {
    size_t i = 0;
    for (; i + HWY_MAX_BYTES <= n; i += HWY_MAX_BYTES) {
        NarrowVector(in + 2 * i, out + i);
    }
    for (; i < n; i++) {
        const unsigned v = static_cast<unsigned>(in[2 * i]) << 8 | in[2 * i + 1];
        out[i] = static_cast<uint8_t>((v * 255 + 32895) >> 16);
    }
}

} // namespace

void FillPngWide(struct ic_kernels *kernels) {
    kernels->png_unfilter[6] = Unfilter<6, Waves<Pairs>>;
    kernels->png_unfilter[8] = Unfilter<8, Waves<Pairs>>;
    kernels->png_narrow_u16 = NarrowU16;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_png_wide(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillPngWide, target, kernels)
}
#endif
