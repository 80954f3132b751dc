/* The horizontal pass of the fixed-point path for 1 channel: 16-bit rows in, bytes out.
 *
 * Rows of many taps are plain dot products, four outputs for each of four rows, with the sums
 * transposed at the end; rows of few taps, as after the pyramid, have their own methods below.
 * vpdpwssd gains nothing here; moving the first step of the dot products out of the loop and
 * copying the taps to a local variable gain a fifth to a quarter. */
#include "imgcore/base/limits.h"
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/hpass_i16x1_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/hpass_i16-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* ---- 1 channel ------------------------------------------------------------------------------ */

using V16 = hn::Vec<Full16>;
using V32 = Sum32<Full16>;

constexpr size_t kLanes = HWY_MAX_BYTES / 2;
/* Rows that share their weights: as many as leave four sums for each in registers. */
constexpr size_t kSharing = HWY_MAX_BYTES == 64 ? 4 : 2;

/* Adds neighbouring lanes of a and b, block by block. */
HWY_INLINE V32 SumPairs(V32 a, V32 b) {
#if IC_HWY_X86
    const hn::RepartitionToWide<Full16> d32;
    return hn::Add(hn::InterleaveLower(d32, a, b), hn::InterleaveUpper(d32, a, b));
#else
    return V32{vpaddq_s32(a.raw, b.raw)};
#endif
}

/* Adds the results of SumPairs for two pairs: the sums of the blocks of four vectors. */
HWY_INLINE V32 SumQuads(V32 ab, V32 cd) {
#if IC_HWY_X86
    const hn::RepartitionToWide<Full16> d32;
    const hn::Repartition<int64_t, Full16> d64;
    const auto first = hn::BitCast(d64, ab), second = hn::BitCast(d64, cd);
    return hn::Add(hn::BitCast(d32, hn::InterleaveLower(d64, first, second)),
                   hn::BitCast(d32, hn::InterleaveUpper(d64, first, second)));
#else
    return V32{vpaddq_s32(ab.raw, cd.raw)};
#endif
}

HWY_INLINE V32 SumLanes(V32 a, V32 b, V32 c, V32 d) {
    return SumQuads(SumPairs(a, b), SumPairs(c, d));
}

/* Four outputs as one unit: the start of the samples and weights of each. */
struct Dots {
    const int16_t *weight[4];
    ptrdiff_t left[4];
};

HWY_INLINE Dots DotsAt(const struct ic_taps_q14 *taps, size_t i) {
    const size_t last = taps->count - 1;
    const size_t o1 = HWY_MIN(i + 1, last), o2 = HWY_MIN(i + 2, last), o3 = HWY_MIN(i + 3, last);
    const size_t o0 = HWY_MIN(i, last);
    return {{taps->weight + o0 * taps->stride, taps->weight + o1 * taps->stride,
             taps->weight + o2 * taps->stride, taps->weight + o3 * taps->stride},
            {taps->left[o0], taps->left[o1], taps->left[o2], taps->left[o3]}};
}

struct Weights4 {
    V16 a, b, c, d;
};

struct Sums4 {
    V32 a, b, c, d;
};

/* Loads weights from tap k on; lanes past the last 16 are zero. */
HWY_INLINE Weights4 LoadDots(const Dots &dots, size_t k, size_t taps) {
    const Full16 d;
#if HWY_MAX_BYTES == 64
    if (taps - k < kLanes) {
        const hn::Half<Full16> half;
        return {hn::ZeroExtendVector(d, hn::LoadU(half, dots.weight[0] + k)),
                hn::ZeroExtendVector(d, hn::LoadU(half, dots.weight[1] + k)),
                hn::ZeroExtendVector(d, hn::LoadU(half, dots.weight[2] + k)),
                hn::ZeroExtendVector(d, hn::LoadU(half, dots.weight[3] + k))};
    }
#else
    (void)taps;
#endif
    return {hn::LoadU(d, dots.weight[0] + k), hn::LoadU(d, dots.weight[1] + k),
            hn::LoadU(d, dots.weight[2] + k), hn::LoadU(d, dots.weight[3] + k)};
}

HWY_INLINE Sums4 DotStep(const Sums4 &s, const int16_t *in, const Dots &dots, const Weights4 &w) {
    const Full16 d;
    return {AddProducts(s.a, hn::LoadU(d, in + dots.left[0]), w.a),
            AddProducts(s.b, hn::LoadU(d, in + dots.left[1]), w.b),
            AddProducts(s.c, hn::LoadU(d, in + dots.left[2]), w.c),
            AddProducts(s.d, hn::LoadU(d, in + dots.left[3]), w.d)};
}

HWY_INLINE V32 SumLanes(const Sums4 &s) {
    return SumLanes(s.a, s.b, s.c, s.d);
}

/* Computes four outputs of kSharing rows: four bytes each. Few taps need no loop. */
HWY_INLINE hn::Vec<Block8> SharedDots(const int16_t *const in[kUnits], const Dots &dots,
                                      size_t taps) {
    const V32 zero = hn::Zero(hn::RepartitionToWide<Full16>());
    const Sums4 none{zero, zero, zero, zero};
    Weights4 w = LoadDots(dots, 0, taps);
    Sums4 r0 = DotStep(none, in[0], dots, w);
    Sums4 r1 = DotStep(none, in[1], dots, w);
    Sums4 r2 = kSharing == 4 ? DotStep(none, in[2], dots, w) : r0;
    Sums4 r3 = kSharing == 4 ? DotStep(none, in[3], dots, w) : r0;
    for (size_t k = kLanes; k < taps; k += kLanes) {
        w = LoadDots(dots, k, taps);
        r0 = DotStep(r0, in[0] + k, dots, w);
        r1 = DotStep(r1, in[1] + k, dots, w);
        if (kSharing == 4) {
            r2 = DotStep(r2, in[2] + k, dots, w);
            r3 = DotStep(r3, in[3] + k, dots, w);
        }
    }
    const V32 first = SumLanes(r0), second = SumLanes(r1);
    const V32 third = kSharing == 4 ? SumLanes(r2) : second;
    const V32 fourth = kSharing == 4 ? SumLanes(r3) : second;
    return UnitsToBytes(first, second, third, fourth);
}

/* Computes one unit of one row. */
HWY_INLINE V32 OneDots(const int16_t *in, const Dots &dots, size_t taps) {
    const V32 zero = hn::Zero(hn::RepartitionToWide<Full16>());
    const Sums4 none{zero, zero, zero, zero};
    Sums4 s = DotStep(none, in, dots, LoadDots(dots, 0, taps));
    for (size_t k = kLanes; k < taps; k += kLanes) {
        s = DotStep(s, in + k, dots, LoadDots(dots, k, taps));
    }
    return SumLanes(s);
}

void SharedRows(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                size_t rows, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps; /* a copy, which stores of bytes cannot alias */
    const size_t padded_taps = (static_cast<size_t>(taps->taps) + 15) & ~size_t{15};
    const int16_t *ins[kUnits];
    uint8_t *outs[kUnits];
    for (size_t j = 0; j < kSharing; j++) {
        const ptrdiff_t y = static_cast<ptrdiff_t>(HWY_MIN(j, rows - 1));
        ins[j] = in + y * in_stride;
        outs[j] = out + y * out_stride;
    }
    for (size_t i = 0; i < t.count; i += 4) {
        uint32_t bytes[kUnits];
        hn::StoreU(SharedDots(ins, DotsAt(&t, i), padded_taps), Block8(),
                   reinterpret_cast<uint8_t *>(bytes));
        if (i + 4 <= t.count) {
            memcpy(outs[0] + i, &bytes[0], 4);
            memcpy(outs[1] + i, &bytes[1], 4);
            if (kSharing == 4) {
                memcpy(outs[kSharing - 2] + i, &bytes[2], 4);
                memcpy(outs[kSharing - 1] + i, &bytes[3], 4);
            }
        } else {
            for (size_t j = 0; j < kSharing; j++) {
                memcpy(outs[j] + i, &bytes[j], t.count - i);
            }
        }
    }
}

void SingleRow(const int16_t *in, uint8_t *out, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps;
    const size_t padded_taps = (static_cast<size_t>(taps->taps) + 15) & ~size_t{15};
    for (size_t i = 0; i < t.count; i += 16) {
        const V32 u0 = OneDots(in, DotsAt(&t, i), padded_taps);
        const V32 u1 = OneDots(in, DotsAt(&t, i + 4), padded_taps);
        const V32 u2 = OneDots(in, DotsAt(&t, i + 8), padded_taps);
        const V32 u3 = OneDots(in, DotsAt(&t, i + 12), padded_taps);
        const auto all = UnitsToBytes(u0, u1, u2, u3);
        if (i + 16 <= t.count) {
            hn::StoreU(all, Block8(), out + i);
        } else {
            uint8_t bytes[16];
            hn::StoreU(all, Block8(), bytes);
            memcpy(out + i, bytes, t.count - i);
        }
    }
}

/* Computes rows one after the other, outputs in order: for any table. */
void AnyDots(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
             size_t rows, const struct ic_taps_q14 *taps) {
    while (rows >= 2) {
        const size_t some = HWY_MIN(rows, kSharing);
        SharedRows(in, in_stride, out, out_stride, some, taps);
        in += static_cast<ptrdiff_t>(some) * in_stride;
        out += static_cast<ptrdiff_t>(some) * out_stride;
        rows -= some;
    }
    if (rows == 1) {
        SingleRow(in, out, taps);
    }
}

/* ---- 1 channel, few taps --------------------------------------------------------------------- */

#if HWY_MAX_BYTES == 64

/* Sixteen outputs in parallel, one in each 32-bit lane, with nothing to add across lanes: for each
 * pair of taps one permutation fetches the sixteen pairs of samples from two vectors of the row or,
 * if outputs are further apart, two permutations fetch eight pairs each. Weights are transposed
 * once for all rows. Outputs per ns, 1200 of 14 taps from 2464 samples, 8 rows: 1.4 by dot
 * products, 4.1 by this method; 1200 of 26 from 4928: 1.25 and 1.8. */
constexpr size_t kGroup = 16;
constexpr size_t kWindow = 2 * kLanes; /* samples that a permutation selects from */
constexpr size_t kFewTaps = 64;        /* the longest row of weights that is transposed */
/* The longest row of weights for which two permutations per pair of taps still pay. A resize of one
 * channel from 4928x3279 to 852x567 (36 taps) and 1200x798 (26) takes 2.78 and 3.01 ms by
 * them, 2.56 and 2.79 by dot products. */
constexpr int kTwiceTaps = 24;
constexpr int32_t kMostReach =
    60; /* largest distance from the first left of a window to the last */

struct Group {
    HWY_ALIGN int32_t weight[kFewTaps / 2][kGroup]; /* pairs of taps */
    V16 index; /* samples of the first pair, relative to the first left */
    size_t pairs;
    size_t pairs_at_once; /* pairs of taps whose samples fit into one window */
    size_t halves;        /* 1: one window for all outputs; 2: one for each eight outputs */
    ptrdiff_t left[2];
};

/* Loads 128 bits of weights, from tap 8 * block on, of outputs m, m + 4, m + 8, m + 12. */
HWY_INLINE __m512i EveryFourth(const int16_t *weight, size_t stride) {
    const auto at = [=](size_t i) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i *>(weight + i * stride));
    };
    __m512i v = _mm512_castsi128_si512(at(0));
    v = _mm512_inserti32x4(v, at(4), 1);
    v = _mm512_inserti32x4(v, at(8), 2);
    return _mm512_inserti32x4(v, at(12), 3);
}

/* Whether output i and the next fifteen are close enough together. */
HWY_INLINE bool StartGroup(const struct ic_taps_q14 &t, size_t i, Group &group) {
    const int32_t *left = t.left + i;
    const bool one = left[15] - left[0] <= kMostReach;
    const int32_t first = left[0], second = one ? first : left[8];
    const int32_t reach_first = one ? left[15] - first : left[7] - first;
    const int32_t reach_second = one ? reach_first : left[15] - second;
    const int32_t reach = HWY_MAX(reach_first, reach_second);
    const __mmask16 upper = 0xFF00;
    const __m512i origin = _mm512_mask_set1_epi32(_mm512_set1_epi32(first), upper, second);
    const __m512i most =
        _mm512_mask_set1_epi32(_mm512_set1_epi32(reach_first), upper, reach_second);
    const __m512i offset = _mm512_sub_epi32(_mm512_loadu_si512(left), origin);
    if (reach_first < 0 || reach_second < 0 || reach > kMostReach ||
        _mm512_cmpgt_epu32_mask(offset, most) != 0) {
        return false;
    }
    const __m512i both = _mm512_or_si512(offset, _mm512_slli_epi32(offset, 16));
    group.index = V16{_mm512_add_epi32(both, _mm512_set1_epi32(0x10000))};
    group.halves = one ? 1 : 2;
    group.left[0] = first;
    group.left[1] = second;
    group.pairs = static_cast<size_t>(t.taps) / 2;
    group.pairs_at_once = (kWindow - static_cast<size_t>(reach)) / 2;
    const int16_t *weight = t.weight + i * t.stride;
    for (size_t k = 0; k < group.pairs; k += 4) {
        const __m512i a = EveryFourth(weight + 2 * k, t.stride);
        const __m512i b = EveryFourth(weight + 2 * k + t.stride, t.stride);
        const __m512i c = EveryFourth(weight + 2 * k + 2 * t.stride, t.stride);
        const __m512i d = EveryFourth(weight + 2 * k + 3 * t.stride, t.stride);
        const __m512i ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
        const __m512i cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);
        _mm512_store_si512(group.weight[k], _mm512_unpacklo_epi64(ab0, cd0));
        _mm512_store_si512(group.weight[k + 1], _mm512_unpackhi_epi64(ab0, cd0));
        _mm512_store_si512(group.weight[k + 2], _mm512_unpacklo_epi64(ab1, cd1));
        _mm512_store_si512(group.weight[k + 3], _mm512_unpackhi_epi64(ab1, cd1));
    }
    return true;
}

/* Loads the window of a permutation, of four rows: 128 bytes from the first sample on, of which the
 * last may be slack. */
struct Windows {
    V16 lower[4], upper[4];
};

HWY_INLINE Windows LoadWindows(const int16_t *in, ptrdiff_t in_stride) {
    static_assert(kWindow * sizeof(int16_t) <= IC_ROW_SLACK_BYTES, "a window fits the slack");
    Windows windows;
    IC_HWY_UNROLL
    for (size_t r = 0; r < 4; r++) {
        const int16_t *row = in + static_cast<ptrdiff_t>(r) * in_stride;
        windows.lower[r] = hn::LoadU(Full16(), row);
        windows.upper[r] = hn::LoadU(Full16(), row + kLanes);
    }
    return windows;
}

/* Computes four rows of a group. */
template <size_t kHalves>
HWY_INLINE void GroupRows(const Group &group, const int16_t *in, ptrdiff_t in_stride, uint8_t *out,
                          ptrdiff_t out_stride) {
    const hn::RepartitionToWide<Full16> d32;
    constexpr size_t kRows = 4;
    const V16 two = hn::Set(Full16(), 2);
    V32 sum[kRows];
    IC_HWY_UNROLL
    for (size_t r = 0; r < kRows; r++) {
        sum[r] = hn::Set(d32, 1 << (kShift - 1));
    }
    for (size_t k = 0; k < group.pairs;) {
        const size_t end = HWY_MIN(group.pairs, k + group.pairs_at_once);
        const int16_t *from = in + static_cast<ptrdiff_t>(2 * k);
        const Windows a = LoadWindows(from + group.left[0], in_stride);
        Windows b = a;
        if (kHalves == 2) {
            b = LoadWindows(from + group.left[1], in_stride);
        }
        V16 index = group.index;
        for (; k < end; k++) {
            const V16 weight{_mm512_load_si512(group.weight[k])};
            IC_HWY_UNROLL
            for (size_t r = 0; r < kRows; r++) {
                V16 pairs{_mm512_permutex2var_epi16(a.lower[r].raw, index.raw, a.upper[r].raw)};
                if (kHalves == 2) {
                    pairs.raw = _mm512_mask_blend_epi32(
                        0xFF00, pairs.raw,
                        _mm512_permutex2var_epi16(b.lower[r].raw, index.raw, b.upper[r].raw));
                }
                sum[r] = AddProducts(sum[r], pairs, weight);
            }
            index = hn::Add(index, two);
        }
    }
    IC_HWY_UNROLL
    for (size_t r = 0; r < kRows; r++) {
        const V32 shifted = hn::Max(hn::ShiftRight<kShift>(sum[r]), hn::Zero(d32));
        hn::StoreU(hn::Vec<Block8>{_mm512_cvtusepi32_epi8(shifted.raw)}, Block8(),
                   out + static_cast<ptrdiff_t>(r) * out_stride);
    }
}

/* Computes outputs i to i + kGroup - 1 of all rows, of which there are four or more. */
HWY_INLINE void GroupOutputs(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                             ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride, size_t rows) {
    Group group;
    if (!StartGroup(t, i, group)) {
        const struct ic_taps_q14 some = {t.left + i, t.weight + i * t.stride, t.stride, kGroup,
                                         t.taps};
        AnyDots(in, in_stride, out + i, out_stride, rows, &some);
        return;
    }
    for (size_t y = 0; y < rows; y += 4) { /* the last four rows overlap those before */
        const ptrdiff_t first = static_cast<ptrdiff_t>(HWY_MIN(y, rows - 4));
        const int16_t *from = in + first * in_stride;
        uint8_t *to = out + static_cast<ptrdiff_t>(i) + first * out_stride;
        if (group.halves == 1) {
            GroupRows<1>(group, from, in_stride, to, out_stride);
        } else {
            GroupRows<2>(group, from, in_stride, to, out_stride);
        }
    }
}

void HpassI16U8x1(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps;
    bool any = rows < 4 || t.count < kGroup || static_cast<size_t>(t.taps) > kFewTaps;
    if (!any) {
        const int32_t count = static_cast<int32_t>(t.count);
        const int32_t reach = t.left[t.count - 1] - t.left[0];
        any = reach / count >= 8 || (t.taps > kTwiceTaps && reach > 4 * count);
    }
    if (any) {
        AnyDots(in, in_stride, out, out_stride, rows, &t);
        return;
    }
    /* The last group overlaps its neighbour. */
    for (size_t i = 0; i < t.count - kGroup; i += kGroup) {
        GroupOutputs(t, i, in, in_stride, out, out_stride, rows);
    }
    GroupOutputs(t, t.count - kGroup, in, in_stride, out, out_stride, rows);
}

#else

/* Four outputs in parallel, eight taps of each at a time; in 256 bits, the upper half belongs to
 * the output four positions later. Weights stay in registers for several rows, and lanes are added
 * for all outputs together. Outputs per ns, 1200 of 14 taps, 8 rows: 1.5 to 1.85 with 256 bits, 1.2
 * to 1.4 with 128. */
constexpr size_t kGroup = kLanes / 2;
constexpr size_t kRowsAtOnce = 8;

template <class D16>
HWY_INLINE hn::Vec<D16> LoadTwo(D16 d, const int16_t *lower, const int16_t *upper) {
#if HWY_MAX_BYTES == 32
    const hn::Half<D16> half;
    return hn::Combine(d, hn::LoadU(half, upper), hn::LoadU(half, lower));
#else
    (void)upper;
    return hn::LoadU(d, lower);
#endif
}

/* Computes kOutputs outputs of each block (4, or 2, whose lanes are then half added) for several
 * rows in turn: the loop is small enough for its addresses and weights to stay in registers. */
template <size_t kBlocks, size_t kOutputs>
HWY_INLINE void GroupSums(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                          ptrdiff_t in_stride, size_t rows, int32_t *sums) {
    const Full16 d;
    const hn::RepartitionToWide<Full16> d32;
    V16 weight[kOutputs][kBlocks];
    ptrdiff_t left[kOutputs], upper[kOutputs];
    IC_HWY_UNROLL
    for (size_t m = 0; m < kOutputs; m++) {
        left[m] = t.left[i + m];
        upper[m] = t.left[i + m + kGroup - 4];
        IC_HWY_UNROLL
        for (size_t b = 0; b < kBlocks; b++) {
            const int16_t *lower = t.weight + (i + m) * t.stride + 8 * b;
            weight[m][b] = LoadTwo(d, lower, lower + (kGroup - 4) * t.stride);
            IC_HWY_KEEP(weight[m][b]);
        }
    }
    for (size_t y = 0; y < rows; y++) {
        V32 sum[kOutputs];
        IC_HWY_UNROLL
        for (size_t m = 0; m < kOutputs; m++) {
            sum[m] = hn::Zero(d32);
            IC_HWY_UNROLL
            for (size_t b = 0; b < kBlocks; b++) {
                const int16_t *from = in + 8 * b;
                sum[m] =
                    AddProducts(sum[m], LoadTwo(d, from + left[m], from + upper[m]), weight[m][b]);
            }
        }
        const V32 pairs = SumPairs(sum[0], sum[1]);
        const V32 done =
            kOutputs == 2 ? pairs : SumQuads(pairs, SumPairs(sum[kOutputs - 2], sum[kOutputs - 1]));
        hn::Store(done, d32, sums);
        sums += kGroup;
        in += in_stride;
    }
}

/* Stores kGroup bytes of each of four rows. */
HWY_INLINE void StoreGroup(V32 r0, V32 r1, V32 r2, V32 r3, uint8_t *const out[4]) {
#if HWY_MAX_BYTES == 32
    const hn::RepartitionToWide<Full16> d32;
    const hn::ScalableTag<uint8_t> d8;
    const auto first = hn::ReorderDemote2To(Full16(), RoundSums(d32, r0), RoundSums(d32, r1));
    const auto second = hn::ReorderDemote2To(Full16(), RoundSums(d32, r2), RoundSums(d32, r3));
    const hn::Vec256<uint8_t> bytes{_mm256_packus_epi16(first.raw, second.raw)};
    const hn::CappedTag<uint32_t, 4> du32;
    const hn::CappedTag<uint64_t, 2> du64;
    const auto lower = hn::BitCast(du32, hn::LowerHalf(bytes));
    const auto upper = hn::BitCast(du32, hn::UpperHalf(hn::Half<decltype(d8)>(), bytes));
    uint64_t eight[4];
    hn::StoreU(hn::BitCast(du64, hn::InterleaveLower(du32, lower, upper)), du64, eight);
    hn::StoreU(hn::BitCast(du64, hn::InterleaveUpper(du32, lower, upper)), du64, eight + 2);
#else
    uint32_t eight[4];
    hn::StoreU(UnitsToBytes(r0, r1, r2, r3), Block8(), reinterpret_cast<uint8_t *>(eight));
#endif
    for (size_t r = 0; r < 4; r++) {
        memcpy(out[r], &eight[r], kGroup);
    }
}

/* Computes outputs i to i + kGroup - 1 of all rows, of which there are four or more; the last ones
 * overlap those before. */
template <size_t kBlocks>
HWY_INLINE void GroupOutputs(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                             ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride, size_t rows) {
    const hn::RepartitionToWide<Full16> d32;
    HWY_ALIGN int32_t sums[kRowsAtOnce * kGroup], second[kRowsAtOnce * kGroup];
    const size_t some = HWY_MIN(rows, kRowsAtOnce);
    for (size_t y = 0; y < rows; y += kRowsAtOnce) {
        const ptrdiff_t first = static_cast<ptrdiff_t>(HWY_MIN(y, rows - some));
        const int16_t *from = in + first * in_stride;
        if (kBlocks == 2) {
            GroupSums<kBlocks, 4>(t, i, from, in_stride, some, sums);
        } else { /* more weights than registers */
            GroupSums<kBlocks, 2>(t, i, from, in_stride, some, sums);
            GroupSums<kBlocks, 2>(t, i + 2, from, in_stride, some, second);
        }
        for (size_t r = 0; r < some; r += 4) {
            const size_t row = HWY_MIN(r, some - 4);
            uint8_t *to = out + static_cast<ptrdiff_t>(i) +
                          (first + static_cast<ptrdiff_t>(row)) * out_stride;
            uint8_t *const outs[4] = {to, to + out_stride, to + 2 * out_stride,
                                      to + 3 * out_stride};
            V32 done[4];
            IC_HWY_UNROLL
            for (size_t m = 0; m < 4; m++) {
                const size_t at = (row + m) * kGroup;
                done[m] = hn::Load(d32, sums + at);
                if (kBlocks > 2) {
                    done[m] = SumQuads(done[m], hn::Load(d32, second + at));
                }
            }
            StoreGroup(done[0], done[1], done[2], done[3], outs);
        }
    }
}

template <size_t kBlocks>
void FewTaps(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
             size_t rows, const struct ic_taps_q14 &t) {
    for (size_t i = 0; i < t.count - kGroup; i += kGroup) {
        GroupOutputs<kBlocks>(t, i, in, in_stride, out, out_stride, rows);
    }
    GroupOutputs<kBlocks>(t, t.count - kGroup, in, in_stride, out, out_stride, rows);
}

void HpassI16U8x1(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps;
    if (rows < 4 || t.count < kGroup || t.taps > 32) {
        AnyDots(in, in_stride, out, out_stride, rows, &t);
    } else if (t.taps <= 16) {
        FewTaps<2>(in, in_stride, out, out_stride, rows, t);
    } else if (t.taps <= 24) {
        FewTaps<3>(in, in_stride, out, out_stride, rows, t);
    } else {
        FewTaps<4>(in, in_stride, out, out_stride, rows, t);
    }
}

#endif

} // namespace

void FillHpassI16x1(struct ic_kernels *kernels) {
    kernels->hpass_i16_u8[1] = HpassI16U8x1;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_hpass_i16x1(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillHpassI16x1, target, kernels)
}
#endif
