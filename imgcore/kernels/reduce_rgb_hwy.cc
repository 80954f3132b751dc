/* The pyramid of interleaved pixels: halving rows of RGB.
 *
 * The four pixels of a target are two loads, two pixels apart, each of which has an outer and an
 * inner one. Of RGB, two targets (of 16 bits: one) are 12 of the 16 bytes of a block, and the next
 * block starts three 32-bit lanes later. The edges, whose neighbours are clamped, are computed one
 * by one. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/reduce_rgb_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<uint8_t> du8;
const hn::ScalableTag<int16_t> d16;
using V8 = hn::Vec<decltype(du8)>;
using VI16 = hn::Vec<decltype(d16)>;

constexpr size_t kBlocks = HWY_MAX_BYTES / 16;

/* Blocks of 16 bytes that start every 12 bytes, and the first 12 bytes of each block. */
template <class D, class V = hn::Vec<D>> HWY_INLINE V SpreadBlocks(D d, V v) {
    if constexpr (kBlocks == 1) {
        return v;
    } else {
        alignas(64) static constexpr int32_t kFrom[16] = {0, 1, 2, 3, 3, 4,  5,  6,
                                                          6, 7, 8, 9, 9, 10, 11, 12};
        const hn::ScalableTag<int32_t> d32;
        return hn::BitCast(
            d, hn::TableLookupLanes(hn::BitCast(d32, v), hn::SetTableIndices(d32, kFrom)));
    }
}

HWY_INLINE VI16 PackBlocks(VI16 v) {
    if constexpr (kBlocks == 1) {
        return v;
    } else {
        alignas(64) static constexpr int32_t kFrom[16] = {0,  1,  2,  4,  5, 6, 8, 9,
                                                          10, 12, 13, 14, 0, 0, 0, 0};
        alignas(64) static constexpr int32_t kFromTwo[16] = {0, 1, 2, 4, 5, 6, 0, 0};
        const hn::ScalableTag<int32_t> d32;
        const auto from = hn::SetTableIndices(d32, kBlocks == 4 ? kFrom : kFromTwo);
        return hn::BitCast(d16, hn::TableLookupLanes(hn::BitCast(d32, v), from));
    }
}

/* ---- RGB, bytes ---------------------------------------------------------------------------- */

/* For each channel of two targets, the byte of the first pixel times `first` and that of the next
 * pixel times `second`. */
HWY_INLINE VI16 WeighPixels(const uint8_t *in, int first, int second) {
    alignas(16) static constexpr uint8_t kPairs[16] = {0, 3,  1, 4,  2,    5,    6,    9,
                                                       7, 10, 8, 11, 0x80, 0x80, 0x80, 0x80};
    const V8 blocks = SpreadBlocks(du8, hn::LoadU(du8, in));
    const V8 pairs = hn::TableLookupBytesOr0(blocks, hn::LoadDup128(du8, kPairs));
#if IC_HWY_X86
    const VI16 weights = hn::Set(d16, static_cast<int16_t>(second << 8 | first));
#if HWY_MAX_BYTES == 64
    return VI16{_mm512_maddubs_epi16(pairs.raw, weights.raw)};
#elif HWY_MAX_BYTES == 32
    return VI16{_mm256_maddubs_epi16(pairs.raw, weights.raw)};
#else
    return VI16{_mm_maddubs_epi16(pairs.raw, weights.raw)};
#endif
#else
    const hn::Repartition<uint16_t, decltype(du8)> du16;
    const auto both = hn::BitCast(du16, pairs);
    const auto lower = hn::And(both, hn::Set(du16, 0xff)), upper = hn::ShiftRight<8>(both);
    return hn::BitCast(d16, hn::Add(hn::Mul(lower, hn::Set(du16, static_cast<uint16_t>(first))),
                                    hn::Mul(upper, hn::Set(du16, static_cast<uint16_t>(second)))));
#endif
}

/* Computes target j with its neighbours clamped. */
HWY_INLINE void HalveRgbAt(const uint8_t *in, int16_t *out, size_t j, size_t n) {
    const uint8_t *a = in + 3 * (j == 0 ? 0 : 2 * j - 1), *b = in + 6 * j;
    const uint8_t *c = in + 3 * HWY_MIN(2 * j + 1, n - 1), *d = in + 3 * HWY_MIN(2 * j + 2, n - 1);
    for (size_t i = 0; i < 3; i++) {
        out[3 * j + i] = static_cast<int16_t>(9 * (a[i] + d[i]) + 23 * (b[i] + c[i]));
    }
}

void HalveRgbU8(const uint8_t *in, int16_t *out, size_t n) {
    const size_t count = (n + 1) / 2;
    constexpr size_t kTargets = 2 * kBlocks;
    size_t j = 0;
    if (n > 0) {
        HalveRgbAt(in, out, j++, n);
    }
    /* a vector is read from pixel 2j + 1, and written from target j */
    for (; 3 * (2 * j + 1) + HWY_MAX_BYTES <= 3 * n && 3 * j + HWY_MAX_BYTES / 2 <= 3 * count;
         j += kTargets) {
        const uint8_t *first = in + 3 * (2 * j - 1);
        const VI16 sum = hn::Add(WeighPixels(first, 9, 23), WeighPixels(first + 6, 23, 9));
        hn::StoreU(PackBlocks(sum), d16, out + 3 * j);
    }
    for (; j < count; j++) {
        HalveRgbAt(in, out, j, n);
    }
}

/* ---- rows of 16 bits ----------------------------------------------------------------------- */

constexpr int kOuter = 10, kInner = 22; /* 64ths */

HWY_INLINE void HalveRgbAt(const int16_t *in, int16_t *out, size_t j, size_t n) {
    const int16_t *a = in + 3 * (j == 0 ? 0 : 2 * j - 1), *b = in + 6 * j;
    const int16_t *c = in + 3 * HWY_MIN(2 * j + 1, n - 1), *d = in + 3 * HWY_MIN(2 * j + 2, n - 1);
    for (size_t i = 0; i < 3; i++) {
        out[3 * j + i] = static_cast<int16_t>((((a[i] + d[i]) * kOuter + 32) >> 6) +
                                              (((b[i] + c[i]) * kInner + 32) >> 6));
    }
}

/* Stores the first half of each block, one over the end of the other: 3 samples of each count. */
HWY_INLINE void StoreBlocks(VI16 v, int16_t *out) {
    const hn::CappedTag<int16_t, 4> half;
    const hn::CappedTag<int16_t, 8> block;
#if HWY_MAX_BYTES == 64
    hn::StoreU(hn::LowerHalf(half, hn::Vec128<int16_t>{_mm512_castsi512_si128(v.raw)}), half, out);
    hn::StoreU(hn::LowerHalf(half, hn::Vec128<int16_t>{_mm512_extracti32x4_epi32(v.raw, 1)}), half,
               out + 3);
    hn::StoreU(hn::LowerHalf(half, hn::Vec128<int16_t>{_mm512_extracti32x4_epi32(v.raw, 2)}), half,
               out + 6);
    hn::StoreU(hn::LowerHalf(half, hn::Vec128<int16_t>{_mm512_extracti32x4_epi32(v.raw, 3)}), half,
               out + 9);
#elif HWY_MAX_BYTES == 32
    hn::StoreU(hn::LowerHalf(half, hn::LowerHalf(block, v)), half, out);
    hn::StoreU(hn::LowerHalf(half, hn::UpperHalf(block, v)), half, out + 3);
#else
    hn::StoreU(hn::LowerHalf(half, v), half, out);
#endif
    (void)block;
}

/* One target in each block: the outer pixels in the first three lanes, the inner ones in the next.
 */
HWY_INLINE void HalveRgbBlocks(const int16_t *first, VI16 weights, int16_t *out) {
    alignas(16) static constexpr uint8_t kSwap[16] = {6, 7, 8, 9, 10,   11,   0,    1,
                                                      2, 3, 4, 5, 0x80, 0x80, 0x80, 0x80};
    const VI16 before = SpreadBlocks(d16, hn::LoadU(d16, first));
    const VI16 after = SpreadBlocks(d16, hn::LoadU(d16, first + 6));
    const VI16 swapped = hn::BitCast(
        d16, hn::TableLookupBytesOr0(hn::BitCast(du8, after), hn::LoadDup128(du8, kSwap)));
    const VI16 parts = hn::MulFixedPoint15(hn::Add(before, swapped), weights);
    const VI16 sum =
        hn::Add(parts, hn::BitCast(d16, hn::ShiftRightBytes<6>(du8, hn::BitCast(du8, parts))));
    StoreBlocks(sum, out);
}

void HalveRgbI16(const int16_t *in, int16_t *out, size_t n) {
    const size_t count = (n + 1) / 2;
    constexpr int16_t kO = kOuter << 9, kI = kInner << 9; /* with 15 fraction bits */
    alignas(16) static constexpr int16_t kWeights[8] = {kO, kO, kO, kI, kI, kI, 0, 0};
    const VI16 weights = hn::LoadDup128(d16, kWeights);
    size_t j = 0;
    if (n > 0) {
        HalveRgbAt(in, out, j++, n);
    }
    /* a vector is read from pixel 2j + 1, and a sample more than the targets is written */
    for (; 3 * (2 * j + 1) + HWY_MAX_BYTES / 2 <= 3 * n && j + kBlocks < count; j += kBlocks) {
        HalveRgbBlocks(in + 3 * (2 * j - 1), weights, out + 3 * j);
    }
    for (; j < count; j++) {
        HalveRgbAt(in, out, j, n);
    }
}

} // namespace

void FillReduceRgb(struct ic_kernels *kernels) {
    kernels->halve_rgb_u8 = HalveRgbU8;
    kernels->halve_rgb_i16 = HalveRgbI16;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_reduce_rgb(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillReduceRgb, target, kernels)
}
#endif
