/* The pyramid: halving rows, adding halved rows, and the vertical pass over the result.
 *
 * Halving a row needs no shuffle: neighbouring samples are the two halves of a wider lane, and two
 * loads one sample apart give the four samples of each target. On x86 one pmaddubsw multiplies and
 * adds a pair of bytes. The edges, whose neighbours are clamped, are computed one by one. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/reduce_hwy.cc"
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
const hn::ScalableTag<int32_t> d32;
using V16 = hn::Vec<decltype(d16)>;
using V32 = hn::Vec<decltype(d32)>;

constexpr size_t kLanes16 = HWY_MAX_BYTES / 2;

/* ---- halving a row ------------------------------------------------------------------------- */

/* Computes target j of either kind of row, with its neighbours clamped. */
template <class Sample> HWY_INLINE int HalveAt(const Sample *in, size_t j, size_t n) {
    const int left = in[j == 0 ? 0 : 2 * j - 1], first = in[2 * j];
    const int second = in[HWY_MIN(2 * j + 1, n - 1)], right = in[HWY_MIN(2 * j + 2, n - 1)];
    return sizeof(Sample) == 1 ? 9 * (left + right) + 23 * (first + second)
                               : (5 * (left + right) + 11 * (first + second) + 16) >> 5;
}

/* Computes a vector of targets; `in` points at source 2j of the first, and in[-1] is readable. */
HWY_INLINE V16 HalveVector(const uint8_t *in) {
    const auto before = hn::LoadU(du8, in - 1);
    const auto after = hn::LoadU(du8, in + 1);
#if IC_HWY_X86
    const V16 outer_inner = hn::Set(d16, 0x1709), inner_outer = hn::Set(d16, 0x0917); /* 9, 23 */
#if HWY_MAX_BYTES == 64
    return V16{_mm512_add_epi16(_mm512_maddubs_epi16(before.raw, outer_inner.raw),
                                _mm512_maddubs_epi16(after.raw, inner_outer.raw))};
#elif HWY_MAX_BYTES == 32
    return V16{_mm256_add_epi16(_mm256_maddubs_epi16(before.raw, outer_inner.raw),
                                _mm256_maddubs_epi16(after.raw, inner_outer.raw))};
#else
    return V16{_mm_add_epi16(_mm_maddubs_epi16(before.raw, outer_inner.raw),
                             _mm_maddubs_epi16(after.raw, inner_outer.raw))};
#endif
#else
    const hn::Repartition<uint16_t, decltype(du8)> du16;
    const auto low = hn::Set(du16, 0x00FF);
    const auto b = hn::BitCast(du16, before), a = hn::BitCast(du16, after);
    const auto inner = hn::Add(hn::ShiftRight<8>(b), hn::And(a, low));
    const auto outer = hn::Add(hn::And(b, low), hn::ShiftRight<8>(a));
    return hn::BitCast(
        d16, hn::Add(hn::Mul(outer, hn::Set(du16, 9)), hn::Mul(inner, hn::Set(du16, 23))));
#endif
}

/* Computes half a vector of targets, as 32-bit numbers. No sample is negative. */
HWY_INLINE V32 HalveSums(const int16_t *in) {
    const auto before = hn::LoadU(d16, in - 1);
    const auto after = hn::LoadU(d16, in + 1);
#if IC_HWY_X86
    const V16 outer_inner = hn::BitCast(d16, hn::Set(d32, 0x000B0005));
    const V16 inner_outer = hn::BitCast(d16, hn::Set(d32, 0x0005000B));
#if HWY_MAX_BYTES == 64
    const V32 first{_mm512_madd_epi16(before.raw, outer_inner.raw)};
    const V32 second{_mm512_madd_epi16(after.raw, inner_outer.raw)};
#elif HWY_MAX_BYTES == 32
    const V32 first{_mm256_madd_epi16(before.raw, outer_inner.raw)};
    const V32 second{_mm256_madd_epi16(after.raw, inner_outer.raw)};
#else
    const V32 first{_mm_madd_epi16(before.raw, outer_inner.raw)};
    const V32 second{_mm_madd_epi16(after.raw, inner_outer.raw)};
#endif
    const V32 sum = hn::Add(first, second);
#else
    const auto low = hn::Set(d32, 0xFFFF);
    const V32 b = hn::BitCast(d32, before), a = hn::BitCast(d32, after);
    const V32 inner = hn::Add(hn::ShiftRight<16>(b), hn::And(a, low));
    const V32 outer = hn::Add(hn::And(b, low), hn::ShiftRight<16>(a));
    const V32 sum = hn::Add(hn::Mul(outer, hn::Set(d32, 5)), hn::Mul(inner, hn::Set(d32, 11)));
#endif
    return hn::ShiftRight<5>(hn::Add(sum, hn::Set(d32, 16)));
}

HWY_INLINE void HalveStore(const uint8_t *in, int16_t *out) {
    hn::StoreU(HalveVector(in), d16, out);
}

HWY_INLINE void HalveStore(const int16_t *in, int16_t *out) {
    const V32 lower = HalveSums(in), upper = HalveSums(in + kLanes16);
#if HWY_MAX_BYTES == 64
    alignas(64) static constexpr int16_t kEven[32] = {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20,
                                                      22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42,
                                                      44, 46, 48, 50, 52, 54, 56, 58, 60, 62};
    const V16 both{_mm512_permutex2var_epi16(lower.raw, hn::Load(d16, kEven).raw, upper.raw)};
#elif HWY_MAX_BYTES == 32
    const hn::Repartition<int64_t, decltype(d16)> d64;
    const auto packed = hn::BitCast(d64, hn::ReorderDemote2To(d16, lower, upper));
    const V16 both{_mm256_permute4x64_epi64(packed.raw, 0xD8)};
#else
    const V16 both = hn::ReorderDemote2To(d16, lower, upper);
#endif
    hn::StoreU(both, d16, out);
}

/* The first and the last target have clamped neighbours, or may have. Of the vectors between them,
 * the last one overlaps its neighbour. */
template <class Sample> void HalveRow(const Sample *in, int16_t *out, size_t n) {
    const size_t count = (n + 1) / 2;
    size_t j = 0;
    if (n > 2 * kLanes16 + 2) {
        const size_t last = (n - 1) / 2 - kLanes16; /* reads up to source n - 1 or n - 2 */
        out[0] = static_cast<int16_t>(HalveAt(in, 0, n));
        for (j = 1; j < last; j += kLanes16) {
            HalveStore(in + 2 * j, out + j);
        }
        HalveStore(in + 2 * last, out + last);
        j = last + kLanes16;
    }
    for (; j < count; j++) {
        out[j] = static_cast<int16_t>(HalveAt(in, j, n));
    }
}

/* ---- means of rows -------------------------------------------------------------------------- */

HWY_INLINE V16 MeanVector(const int16_t *const rows[4], size_t i, V16 outer, V16 inner) {
    const V16 far = hn::Add(hn::LoadU(d16, rows[0] + i), hn::LoadU(d16, rows[3] + i));
    const V16 near = hn::Add(hn::LoadU(d16, rows[1] + i), hn::LoadU(d16, rows[2] + i));
    return hn::Add(hn::MulFixedPoint15(far, outer), hn::MulFixedPoint15(near, inner));
}

/* The last vector overlaps its neighbour; rows shorter than one are processed in copies. */
void MeanRowsI16(const int16_t *const rows[4], int outer, int inner, int16_t *out, size_t n) {
    /* from 64ths to 15 fraction bits */
    const V16 w_outer = hn::Set(d16, static_cast<int16_t>(outer << 9));
    const V16 w_inner = hn::Set(d16, static_cast<int16_t>(inner << 9));
    if (n < kLanes16) {
        int16_t copies[4][kLanes16] = {}, result[kLanes16];
        const int16_t *copied[4];
        for (int k = 0; k < 4; k++) {
            memcpy(copies[k], rows[k], n * sizeof(out[0]));
            copied[k] = copies[k];
        }
        hn::StoreU(MeanVector(copied, 0, w_outer, w_inner), d16, result);
        memcpy(out, result, n * sizeof(out[0]));
        return;
    }
    for (size_t i = 0; i < n - kLanes16; i += kLanes16) {
        hn::StoreU(MeanVector(rows, i, w_outer, w_inner), d16, out + i);
    }
    hn::StoreU(MeanVector(rows, n - kLanes16, w_outer, w_inner), d16, out + n - kLanes16);
}

/* ---- the vertical pass --------------------------------------------------------------------- */

HWY_INLINE void AddTap(const int16_t *row, V16 weight, V16 &sum) {
    sum = hn::Add(sum, hn::MulFixedPoint15(hn::LoadU(d16, row), weight));
    IC_HWY_KEEP(sum);
}

HWY_INLINE V16 Old(const int16_t *sums, bool accumulate) {
    return accumulate ? hn::LoadU(d16, sums) : hn::Zero(d16);
}

void Columns1(const int16_t *const *rows, const int16_t *weights, int taps, size_t x, V16 &sum) {
    for (int k = 0; k < taps; k++) {
        AddTap(rows[k] + x, hn::Set(d16, weights[k]), sum);
    }
}

/* Eight vectors share each broadcast weight, and their chains of additions run side by side. */
HWY_INLINE void Columns8(const int16_t *const *rows, const int16_t *weights, int taps,
                         int16_t *sums, size_t x, bool accumulate) {
    int16_t *out = sums + x;
    V16 a = Old(out, accumulate), b = Old(out + kLanes16, accumulate);
    V16 c = Old(out + 2 * kLanes16, accumulate), d = Old(out + 3 * kLanes16, accumulate);
    V16 e = Old(out + 4 * kLanes16, accumulate), f = Old(out + 5 * kLanes16, accumulate);
    V16 g = Old(out + 6 * kLanes16, accumulate), h = Old(out + 7 * kLanes16, accumulate);
    for (int k = 0; k < taps; k++) {
        const int16_t *row = rows[k] + x;
        const V16 weight = hn::Set(d16, weights[k]);
        AddTap(row, weight, a);
        AddTap(row + kLanes16, weight, b);
        AddTap(row + 2 * kLanes16, weight, c);
        AddTap(row + 3 * kLanes16, weight, d);
        AddTap(row + 4 * kLanes16, weight, e);
        AddTap(row + 5 * kLanes16, weight, f);
        AddTap(row + 6 * kLanes16, weight, g);
        AddTap(row + 7 * kLanes16, weight, h);
    }
    hn::StoreU(a, d16, out);
    hn::StoreU(b, d16, out + kLanes16);
    hn::StoreU(c, d16, out + 2 * kLanes16);
    hn::StoreU(d, d16, out + 3 * kLanes16);
    hn::StoreU(e, d16, out + 4 * kLanes16);
    hn::StoreU(f, d16, out + 5 * kLanes16);
    hn::StoreU(g, d16, out + 6 * kLanes16);
    hn::StoreU(h, d16, out + 7 * kLanes16);
}

void VpassFew(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *sums, size_t n,
              bool accumulate) {
    for (size_t i = 0; i < n; i++) {
        int32_t sum = accumulate ? sums[i] : 0;
        for (int k = 0; k < taps; k++) {
            sum += (rows[k][i] * weights[k] + (1 << 14)) >> 15;
        }
        sums[i] = static_cast<int16_t>(sum);
    }
}

void VpassI16(const int16_t *const *rows, const int16_t *weights, int taps, int16_t *sums, size_t n,
              bool accumulate) {
    if (n < kLanes16) {
        VpassFew(rows, weights, taps, sums, n, accumulate);
        return;
    }
    /* If less than a vector is left, the last one overlaps its neighbour: it is computed first and
     * stored last, so that the old sums under it are added once. */
    const size_t last_x = n - kLanes16;
    const bool overlaps = n % kLanes16 != 0;
    V16 last = Old(sums + last_x, accumulate);
    if (overlaps) {
        Columns1(rows, weights, taps, last_x, last);
    }
    size_t x = 0;
    for (; x + 8 * kLanes16 <= n; x += 8 * kLanes16) {
        Columns8(rows, weights, taps, sums, x, accumulate);
    }
    for (; x <= last_x; x += kLanes16) {
        V16 sum = Old(sums + x, accumulate);
        Columns1(rows, weights, taps, x, sum);
        hn::StoreU(sum, d16, sums + x);
    }
    if (overlaps) {
        hn::StoreU(last, d16, sums + last_x);
    }
}

} // namespace

void FillReduce(struct ic_kernels *kernels) {
    kernels->halve_row_u8 = HalveRow<uint8_t>;
    kernels->halve_row_i16 = HalveRow<int16_t>;
    kernels->mean_rows_i16 = MeanRowsI16;
    kernels->vpass_i16 = VpassI16;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_reduce(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillReduce, target, kernels)
}
#endif
