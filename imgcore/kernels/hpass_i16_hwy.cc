/* The horizontal pass of the fixed-point path: 16-bit rows in, bytes out.
 *
 * Four "units" run side by side: four rows that share their weights or, where fewer rows are left,
 * four neighbouring outputs of one row. Each unit has one vector of 32-bit sums; when its taps are
 * done the 128-bit blocks are folded together, so that one vector ends up with all units' results.
 *   2 to 4 channels: a block takes two pixels (four of 2 channels), its channels shuffled next to
 *     each other, r0 r1 g0 g1 b0 b1 a0 a1, times the weights w0 w1 w0 w1 ...: sums r g b a.
 *   1 channel: a plain dot product, four outputs for each row, sums transposed at the end.
 * NEON multiplies and widens instead of adding pairs: r0 g0 b0 a0 r1 g1 b1 a1, and the lower and
 * upper half go to the same four sums.
 * vpdpwssd gains a tenth over multiplying and adding with 3 and 4 channels, nothing with 1; the
 * first step of the dot products outside their loop and a local copy of the taps a fifth to a
 * quarter there. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/hpass_i16_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Full16 = hn::ScalableTag<int16_t>;
using Block16 = hn::CappedTag<int16_t, 8>;
using Block8 = hn::CappedTag<uint8_t, 16>;
template <class D16> using Sum32 = hn::Vec<hn::RepartitionToWide<D16>>;
template <class D> constexpr size_t kLanesOf = hn::MaxLanes(D());

/* Before loops over a few registers: gcc would keep those in memory. */
#if defined(__clang__)
#define IC_HWY_UNROLL
#else
#define IC_HWY_UNROLL _Pragma("GCC unroll 8")
#endif

constexpr size_t kUnits = 4;
constexpr int kShift = IC_INTER_BITS + IC_WEIGHT_BITS;

/* ---- sum + products: pairs of lanes on x86, halves on NEON ------------------------------- */

#if IC_HWY_X86

HWY_INLINE hn::Vec128<int32_t> AddProducts(hn::Vec128<int32_t> sum, hn::Vec128<int16_t> a,
                                           hn::Vec128<int16_t> b) {
    hn::Vec128<int32_t> added = hn::Add(sum, hn::Vec128<int32_t>{_mm_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(added);
    return added;
}

#if HWY_MAX_BYTES >= 32
HWY_INLINE hn::Vec256<int32_t> AddProducts(hn::Vec256<int32_t> sum, hn::Vec256<int16_t> a,
                                           hn::Vec256<int16_t> b) {
    hn::Vec256<int32_t> added = hn::Add(sum, hn::Vec256<int32_t>{_mm256_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(added);
    return added;
}
#endif

#if HWY_MAX_BYTES == 64
HWY_INLINE hn::Vec512<int32_t> AddProducts(hn::Vec512<int32_t> sum, hn::Vec512<int16_t> a,
                                           hn::Vec512<int16_t> b) {
#if HWY_TARGET == HWY_AVX3_DL
    /* By name: Highway 1.0.3 has not told the compiler that this target has it. */
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
#else
    hn::Vec512<int32_t> added = hn::Add(sum, hn::Vec512<int32_t>{_mm512_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(added);
    return added;
#endif
}
#endif

#else

HWY_INLINE hn::Vec128<int32_t> AddProducts(hn::Vec128<int32_t> sum, hn::Vec128<int16_t> a,
                                           hn::Vec128<int16_t> b) {
    const int32x4_t lower = vmlal_s16(sum.raw, vget_low_s16(a.raw), vget_low_s16(b.raw));
    return hn::Vec128<int32_t>{vmlal_high_s16(lower, a.raw, b.raw)};
}

#endif

/* ---- blocks added up, unit after unit ------------------------------------------------------ */

#if HWY_MAX_BYTES >= 32
/* The halves of a added up, then those of b. */
template <class D, class V = hn::Vec<D>> HWY_INLINE V FoldHalves(D d, V a, V b) {
    return hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a));
}
#endif

#if HWY_MAX_BYTES == 64
/* Block j of the result is the sum of the blocks of unit j. */
template <class D, class V = hn::Vec<D>> HWY_INLINE V FoldFour(D d, V u0, V u1, V u2, V u3) {
    const V a = FoldHalves(d, u0, u1);
    const V b = FoldHalves(d, u2, u3);
    return hn::Add(V{_mm512_shuffle_i32x4(a.raw, b.raw, 0x88)},
                   V{_mm512_shuffle_i32x4(a.raw, b.raw, 0xDD)});
}
#endif

/* ---- the units' sums to bytes, four for each unit ---------------------------------------- */

template <class D32, class V32 = hn::Vec<D32>> HWY_INLINE V32 RoundSums(D32 d, V32 sum) {
    return hn::ShiftRight<kShift>(hn::Add(sum, hn::Set(d, 1 << (kShift - 1))));
}

HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec128<int32_t> u0, hn::Vec128<int32_t> u1,
                                        hn::Vec128<int32_t> u2, hn::Vec128<int32_t> u3) {
    const Block16 d16;
    const hn::RepartitionToWide<Block16> d32;
    const hn::Half<Block8> half8;
    const auto lower = hn::ReorderDemote2To(d16, RoundSums(d32, u0), RoundSums(d32, u1));
    const auto upper = hn::ReorderDemote2To(d16, RoundSums(d32, u2), RoundSums(d32, u3));
    return hn::Combine(Block8(), hn::DemoteTo(half8, upper), hn::DemoteTo(half8, lower));
}

#if HWY_MAX_BYTES >= 32
HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec256<int32_t> u0, hn::Vec256<int32_t> u1,
                                        hn::Vec256<int32_t> u2, hn::Vec256<int32_t> u3) {
    const hn::CappedTag<int16_t, 16> d16;
    const hn::RepartitionToWide<decltype(d16)> d32;
    /* Demoting takes block after block of both: units 0 and 1, then 2 and 3. */
    const auto even = RoundSums(d32, FoldHalves(d32, u0, u2));
    const auto odd = RoundSums(d32, FoldHalves(d32, u1, u3));
    return hn::DemoteTo(Block8(), hn::ReorderDemote2To(d16, even, odd));
}
#endif

#if HWY_MAX_BYTES == 64
HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec512<int32_t> u0, hn::Vec512<int32_t> u1,
                                        hn::Vec512<int32_t> u2, hn::Vec512<int32_t> u3) {
    const hn::ScalableTag<int32_t> d32;
    return hn::DemoteTo(Block8(), RoundSums(d32, FoldFour(d32, u0, u1, u2, u3)));
}
#endif

/* ---- 2 to 4 channels ------------------------------------------------------------------------ */

template <class D16, int kChannels> struct Layout {
    static constexpr size_t kBlocks = kLanesOf<D16> / 8;
    static constexpr size_t kPixels = kBlocks * (kChannels == 2 ? 4 : 2); /* in a vector */
};

/* For each 16-bit lane of a block, the sample of the block that goes there. */
template <int kChannels> HWY_INLINE hn::Vec<Block16> BlockOrder() {
#if IC_HWY_X86
    alignas(16) static constexpr int16_t kOrders[3][8] = {
        {0, 2, 1, 3, 4, 6, 5, 7}, {0, 3, 1, 4, 2, 5, 2, 5}, {0, 4, 1, 5, 2, 6, 3, 7}};
#else
    alignas(16) static constexpr int16_t kOrders[3][8] = {
        {0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 2, 3, 4, 5, 5}, {0, 1, 2, 3, 4, 5, 6, 7}};
#endif
    return hn::Load(Block16(), kOrders[kChannels - 2]);
}

/* What LoadPixels needs besides the pixels: bytes of a block to take or, for 3 channels in 512
 * bits, lanes of the whole vector. */
template <int kChannels, class D16> HWY_INLINE hn::Vec<D16> PixelTable(D16 d) {
    HWY_ALIGN int16_t table[kLanesOf<D16>];
    int16_t order[8];
    hn::StoreU(BlockOrder<kChannels>(), Block16(), order);
    for (size_t i = 0; i < kLanesOf<D16>; i++) {
        const int sample = order[i % 8];
        if (kLanesOf<D16> == 32 && kChannels == 3) {
            table[i] = static_cast<int16_t>(static_cast<size_t>(sample) + i / 8 * 6);
        } else {
            table[i] = static_cast<int16_t>((2 * sample + 1) << 8 | 2 * sample);
        }
    }
    return hn::Load(d, table);
}

/* A vector of pixels, shuffled. Reads at most 16 bytes more than its pixels have. */
template <int kChannels, class D16, class V16 = hn::Vec<D16>>
HWY_INLINE V16 LoadPixels(D16 d, const int16_t *in, V16 table) {
    if constexpr (!IC_HWY_X86 && kChannels != 3) {
        return hn::LoadU(d, in);
    } else if constexpr (kChannels != 3 || Layout<D16, kChannels>::kBlocks == 1) {
        return hn::TableLookupBytes(hn::LoadU(d, in), table);
#if HWY_MAX_BYTES >= 32
    } else if constexpr (Layout<D16, kChannels>::kBlocks == 2) {
        const hn::Half<D16> half;
        const V16 pixels = hn::Combine(d, hn::LoadU(half, in + 6), hn::LoadU(half, in));
        return hn::TableLookupBytes(pixels, table);
#endif
#if HWY_MAX_BYTES == 64
    } else {
        return V16{_mm512_permutexvar_epi16(table.raw, hn::LoadU(d, in).raw)};
#endif
    }
}

/* For each block its weights, from a vector that has those of all blocks in every block. */
template <int kChannels, class D16> HWY_INLINE hn::Vec<D16> WeightTable(D16 d) {
    HWY_ALIGN int16_t table[kLanesOf<D16>];
    for (size_t i = 0; i < kLanesOf<D16>; i++) {
        size_t weight = i / 8 * 2 + i % 2;
        if (kChannels == 2) {
            weight = IC_HWY_X86 ? i / 4 * 2 + i % 2 : i / 2;
        } else if (!IC_HWY_X86) {
            weight = i / 4;
        }
        table[i] = static_cast<int16_t>((2 * weight + 1) << 8 | 2 * weight);
    }
    return hn::Load(d, table);
}

/* The weights of one vector of pixels, exactly as many as it has are read. */
template <int kChannels, class D16, class V16 = hn::Vec<D16>>
HWY_INLINE V16 LoadWeights(D16 d, const int16_t *weights, V16 table) {
    constexpr size_t kPixels = Layout<D16, kChannels>::kPixels;
    if constexpr (kPixels == 2) {
        int32_t pair;
        memcpy(&pair, weights, sizeof(pair));
        const V16 pairs = hn::BitCast(d, hn::Set(hn::Repartition<int32_t, D16>(), pair));
        return IC_HWY_X86 ? pairs : hn::TableLookupBytes(pairs, table);
    } else if constexpr (kPixels == 4) {
        int64_t four;
        memcpy(&four, weights, sizeof(four));
        const V16 fours = hn::BitCast(d, hn::Set(hn::Repartition<int64_t, D16>(), four));
        return hn::TableLookupBytes(fours, table);
    } else {
        static_assert(kPixels == 8, "a block of weights");
        return hn::TableLookupBytes(hn::LoadDup128(d, weights), table);
    }
}

/* A unit's bytes. A third byte is followed by one too many unless it is the last of its row: the
 * next output overwrites it. */
template <int kChannels> HWY_INLINE void StoreUnit(uint32_t bytes, uint8_t *out, bool last) {
    if (kChannels == 4 || (kChannels == 3 && !last)) {
        memcpy(out, &bytes, 4);
    } else {
        memcpy(out, &bytes, 2);
        if (kChannels == 3) {
            out[2] = static_cast<uint8_t>(bytes >> 16);
        }
    }
}

template <int kChannels, class D16>
HWY_INLINE hn::Vec<Block8> FinishUnits(D16, Sum32<D16> u0, Sum32<D16> u1, Sum32<D16> u2,
                                       Sum32<D16> u3) {
    if constexpr (kChannels == 2) { /* two sums of each channel in a block */
        u0 = hn::Add(u0, hn::Shuffle1032(u0));
        u1 = hn::Add(u1, hn::Shuffle1032(u1));
        u2 = hn::Add(u2, hn::Shuffle1032(u2));
        u3 = hn::Add(u3, hn::Shuffle1032(u3));
    }
    return UnitsToBytes(u0, u1, u2, u3);
}

template <int kChannels>
HWY_INLINE void StoreUnits(hn::Vec<Block8> bytes, uint8_t *const out[kUnits], size_t at, bool last0,
                           bool last3) {
    uint32_t unit[kUnits];
    memcpy(unit, &bytes.raw, sizeof(unit));
    StoreUnit<kChannels>(unit[0], out[0] + at, last0);
    StoreUnit<kChannels>(unit[1], out[1] + at, last0);
    StoreUnit<kChannels>(unit[2], out[2] + at, last0);
    StoreUnit<kChannels>(unit[3], out[3] + at, last3);
}

/* Four rows, which may be the same one several times. */
template <int kChannels, class D16>
void FourRows(D16 d, const int16_t *const in[kUnits], uint8_t *const out[kUnits],
              const struct ic_taps_q14 *taps) {
    constexpr size_t kPixels = Layout<D16, kChannels>::kPixels;
    const hn::RepartitionToWide<D16> d32;
    const auto pixel_table = PixelTable<kChannels>(d);
    const auto weight_table = WeightTable<kChannels>(d);
    const struct ic_taps_q14 t = *taps; /* which stores of bytes cannot change */
    const size_t count = t.count;
    const size_t tap_count = static_cast<size_t>(t.taps);
    for (size_t i = 0; i < count; i++) {
        const int16_t *weight = t.weight + i * t.stride;
        const ptrdiff_t at = static_cast<ptrdiff_t>(t.left[i]) * kChannels;
        const int16_t *in0 = in[0] + at;
        const int16_t *in1 = in[1] + at;
        const int16_t *in2 = in[2] + at;
        const int16_t *in3 = in[3] + at;
        auto u0 = hn::Zero(d32), u1 = u0, u2 = u0, u3 = u0;
        for (size_t k = 0; k < tap_count; k += kPixels) {
            const auto w = LoadWeights<kChannels>(d, weight + k, weight_table);
            u0 = AddProducts(u0, LoadPixels<kChannels>(d, in0 + k * kChannels, pixel_table), w);
            u1 = AddProducts(u1, LoadPixels<kChannels>(d, in1 + k * kChannels, pixel_table), w);
            u2 = AddProducts(u2, LoadPixels<kChannels>(d, in2 + k * kChannels, pixel_table), w);
            u3 = AddProducts(u3, LoadPixels<kChannels>(d, in3 + k * kChannels, pixel_table), w);
        }
        const bool last = i + 1 == count;
        StoreUnits<kChannels>(FinishUnits<kChannels>(d, u0, u1, u2, u3), out, i * kChannels, last,
                              last);
    }
}

/* One row: four outputs at once, the last ones again where they do not come in fours. */
template <int kChannels, class D16>
void OneRow(D16 d, const int16_t *in, uint8_t *out, const struct ic_taps_q14 *taps) {
    constexpr size_t kPixels = Layout<D16, kChannels>::kPixels;
    const hn::RepartitionToWide<D16> d32;
    const auto pixel_table = PixelTable<kChannels>(d);
    const auto weight_table = WeightTable<kChannels>(d);
    const struct ic_taps_q14 t = *taps; /* which stores of bytes cannot change */
    const size_t count = t.count;
    const size_t tap_count = static_cast<size_t>(t.taps);
    for (size_t i = 0; i < count; i += kUnits) {
        const int16_t *weight[kUnits];
        const int16_t *pixels[kUnits];
        uint8_t *to[kUnits];
        for (size_t j = 0; j < kUnits; j++) {
            const size_t output = HWY_MIN(i + j, count - 1);
            weight[j] = t.weight + output * t.stride;
            pixels[j] = in + static_cast<ptrdiff_t>(t.left[output]) * kChannels;
            to[j] = out + output * kChannels;
        }
        auto u0 = hn::Zero(d32), u1 = u0, u2 = u0, u3 = u0;
        for (size_t k = 0; k < tap_count; k += kPixels) {
            u0 = AddProducts(u0, LoadPixels<kChannels>(d, pixels[0] + k * kChannels, pixel_table),
                             LoadWeights<kChannels>(d, weight[0] + k, weight_table));
            u1 = AddProducts(u1, LoadPixels<kChannels>(d, pixels[1] + k * kChannels, pixel_table),
                             LoadWeights<kChannels>(d, weight[1] + k, weight_table));
            u2 = AddProducts(u2, LoadPixels<kChannels>(d, pixels[2] + k * kChannels, pixel_table),
                             LoadWeights<kChannels>(d, weight[2] + k, weight_table));
            u3 = AddProducts(u3, LoadPixels<kChannels>(d, pixels[3] + k * kChannels, pixel_table),
                             LoadWeights<kChannels>(d, weight[3] + k, weight_table));
        }
        const bool last = i + kUnits >= count;
        StoreUnits<kChannels>(FinishUnits<kChannels>(d, u0, u1, u2, u3), to, 0, last, last);
    }
}

template <int kChannels, class D16>
HWY_INLINE void Pixels(D16 d, const int16_t *in, ptrdiff_t in_stride, uint8_t *out,
                       ptrdiff_t out_stride, size_t rows, const struct ic_taps_q14 *taps) {
    while (rows > 2) { /* three: the last of them twice */
        const int16_t *const ins[kUnits] = {in, in + in_stride, in + 2 * in_stride,
                                            in + (rows > 3 ? 3 : 2) * in_stride};
        uint8_t *const outs[kUnits] = {out, out + out_stride, out + 2 * out_stride,
                                       out + (rows > 3 ? 3 : 2) * out_stride};
        FourRows<kChannels>(d, ins, outs, taps);
        if (rows <= kUnits) {
            return;
        }
        rows -= kUnits;
        in += static_cast<ptrdiff_t>(kUnits) * in_stride;
        out += static_cast<ptrdiff_t>(kUnits) * out_stride;
    }
    for (size_t y = 0; y < rows; y++) {
        OneRow<kChannels>(d, in + static_cast<ptrdiff_t>(y) * in_stride,
                          out + static_cast<ptrdiff_t>(y) * out_stride, taps);
    }
}

void HpassI16U8x2(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    Pixels<2>(Block16(), in, in_stride, out, out_stride, rows, taps);
}

void HpassI16U8x3(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    Pixels<3>(Full16(), in, in_stride, out, out_stride, rows, taps);
}

void HpassI16U8x4(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    Pixels<4>(Full16(), in, in_stride, out, out_stride, rows, taps);
}

/* ---- 1 channel ------------------------------------------------------------------------------ */

using V16 = hn::Vec<Full16>;
using V32 = Sum32<Full16>;

constexpr size_t kLanes = HWY_MAX_BYTES / 2;
/* Rows that share their weights: as many as leave four sums for each in registers. */
constexpr size_t kSharing = HWY_MAX_BYTES == 64 ? 4 : 2;

/* Block by block, the sum of each of four vectors' lanes. */
HWY_INLINE V32 SumLanes(V32 a, V32 b, V32 c, V32 d) {
#if IC_HWY_X86
    const hn::RepartitionToWide<Full16> d32;
    const hn::Repartition<int64_t, Full16> d64;
    const auto ab =
        hn::BitCast(d64, hn::Add(hn::InterleaveLower(d32, a, b), hn::InterleaveUpper(d32, a, b)));
    const auto cd =
        hn::BitCast(d64, hn::Add(hn::InterleaveLower(d32, c, d), hn::InterleaveUpper(d32, c, d)));
    return hn::Add(hn::BitCast(d32, hn::InterleaveLower(d64, ab, cd)),
                   hn::BitCast(d32, hn::InterleaveUpper(d64, ab, cd)));
#else
    return V32{vpaddq_s32(vpaddq_s32(a.raw, b.raw), vpaddq_s32(c.raw, d.raw))};
#endif
}

/* Four outputs, as one unit: where each one's samples and weights begin. */
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

/* Weights from tap k on; where a vector has more lanes than are left, zeros behind the last 16. */
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

/* Four outputs of kSharing rows: four bytes each. Few taps need no loop. */
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

/* One unit of one row. */
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
    const struct ic_taps_q14 t = *taps; /* which stores of bytes cannot change */
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

/* Rows one after the other, outputs in order: serves any table. */
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

/* Sixteen outputs side by side, one in each 32-bit lane, nothing to add up across lanes: for each
 * pair of taps one permutation fetches the sixteen pairs of samples from two vectors of the row.
 * Weights are transposed once for all rows. */
constexpr size_t kGroup = 16;
constexpr size_t kWindow = 2 * kLanes; /* samples that a permutation chooses from */
constexpr size_t kFewTaps = 64;        /* longest row of weights that is transposed */

struct Group {
    HWY_ALIGN int32_t weight[kFewTaps / 2][kGroup]; /* pairs of taps */
    V16 index;                                      /* of the first pair, from the first left */
    size_t pairs;
    size_t pairs_at_once; /* as many as the window holds the samples of */
    ptrdiff_t left;
    ptrdiff_t reach; /* from the first left to the last */
};

/* 128 bits of weights, from tap 8 * block on, of outputs m, m + 4, m + 8, m + 12. */
HWY_INLINE __m512i EveryFourth(const int16_t *weight, size_t stride) {
    const auto at = [=](size_t i) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i *>(weight + i * stride));
    };
    __m512i v = _mm512_castsi128_si512(at(0));
    v = _mm512_inserti32x4(v, at(4), 1);
    v = _mm512_inserti32x4(v, at(8), 2);
    return _mm512_inserti32x4(v, at(12), 3);
}

/* Whether output i and the fifteen behind it lie close enough together. */
HWY_INLINE bool StartGroup(const struct ic_taps_q14 &t, size_t i, Group &group) {
    const __m512i left = _mm512_loadu_si512(t.left + i);
    const int32_t reach = t.left[i + kGroup - 1] - t.left[i];
    const __m512i offset = _mm512_sub_epi32(left, _mm512_set1_epi32(t.left[i]));
    if (static_cast<uint32_t>(reach) > kWindow - 4 ||
        _mm512_cmpgt_epu32_mask(offset, _mm512_set1_epi32(reach)) != 0) {
        return false;
    }
    const __m512i both = _mm512_or_si512(offset, _mm512_slli_epi32(offset, 16));
    group.index = V16{_mm512_add_epi32(both, _mm512_set1_epi32(0x10000))};
    group.left = t.left[i];
    group.reach = reach;
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

/* Four rows of a group. */
HWY_INLINE void GroupRows(const Group &group, const int16_t *in, ptrdiff_t in_stride, uint8_t *out,
                          ptrdiff_t out_stride) {
    const hn::RepartitionToWide<Full16> d32;
    const Full16 d;
    constexpr size_t kRows = 4;
    const V16 two = hn::Set(d, 2);
    V32 sum[kRows];
    IC_HWY_UNROLL
    for (size_t r = 0; r < kRows; r++) {
        sum[r] = hn::Set(d32, 1 << (kShift - 1));
    }
    for (size_t k = 0; k < group.pairs;) {
        const size_t end = HWY_MIN(group.pairs, k + group.pairs_at_once);
        /* The second vector may begin behind the row's slack: only what is needed of it is read. */
        const size_t needed = static_cast<size_t>(group.reach) + 2 * (end - k);
        const size_t behind = needed > kLanes ? needed - kLanes : 0;
        const __mmask32 mask = static_cast<__mmask32>((uint64_t{1} << behind) - 1);
        const int16_t *from = in + group.left + static_cast<ptrdiff_t>(2 * k);
        V16 lower[kRows], upper[kRows];
        IC_HWY_UNROLL
        for (size_t r = 0; r < kRows; r++) {
            const int16_t *row = from + static_cast<ptrdiff_t>(r) * in_stride;
            lower[r] = hn::LoadU(d, row);
            upper[r] = V16{_mm512_maskz_loadu_epi16(mask, row + kLanes)};
        }
        V16 index = group.index;
        for (; k < end; k++) {
            const V16 weight{_mm512_load_si512(group.weight[k])};
            IC_HWY_UNROLL
            for (size_t r = 0; r < kRows; r++) {
                const V16 pairs{_mm512_permutex2var_epi16(lower[r].raw, index.raw, upper[r].raw)};
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

/* Outputs i to i + kGroup - 1 of all rows, of which there are four or more. */
HWY_INLINE void GroupOutputs(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                             ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride, size_t rows) {
    Group group;
    if (!StartGroup(t, i, group)) {
        const struct ic_taps_q14 some = {t.left + i, t.weight + i * t.stride, t.stride, kGroup,
                                         t.taps};
        AnyDots(in, in_stride, out + i, out_stride, rows, &some);
        return;
    }
    for (size_t y = 0; y < rows; y += 4) { /* the last four overlap those before */
        const ptrdiff_t first = static_cast<ptrdiff_t>(HWY_MIN(y, rows - 4));
        GroupRows(group, in + first * in_stride, in_stride,
                  out + static_cast<ptrdiff_t>(i) + first * out_stride, out_stride);
    }
}

void HpassI16U8x1(const int16_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t rows, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps;
    const bool few = rows < 4 || t.count < kGroup || static_cast<size_t>(t.taps) > kFewTaps;
    if (few || (t.left[t.count - 1] - t.left[0]) / static_cast<int32_t>(t.count) >= 4) {
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

/* Four outputs in each block's vector, eight taps at a time (of 256 bits, the upper half belongs to
 * the fourth output behind): kBlocks times eight taps, the weights of all in registers as far as
 * they fit while four rows go by. */
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

/* Sums of four rows at most; one after the other in a loop that is small enough for its addresses
 * and weights to stay in registers. */
template <size_t kBlocks>
HWY_INLINE void GroupSums(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                          ptrdiff_t in_stride, size_t rows, int32_t *sums) {
    const Full16 d;
    const hn::RepartitionToWide<Full16> d32;
    V16 weight[4][kBlocks];
    ptrdiff_t left[kGroup];
    IC_HWY_UNROLL
    for (size_t j = 0; j < kGroup; j++) {
        left[j] = t.left[i + j];
    }
    const int16_t *weights = t.weight + i * t.stride;
    IC_HWY_UNROLL
    for (size_t m = 0; m < 4; m++) {
        IC_HWY_UNROLL
        for (size_t b = 0; b < kBlocks; b++) {
            const int16_t *lower = weights + m * t.stride + 8 * b;
            weight[m][b] = LoadTwo(d, lower, lower + (kGroup - 4) * t.stride);
            IC_HWY_KEEP(weight[m][b]);
        }
    }
    for (size_t y = 0; y < rows; y++) {
        V32 sum[4];
        IC_HWY_UNROLL
        for (size_t m = 0; m < 4; m++) {
            const int16_t *lower = in + left[m];
            const int16_t *upper = in + left[m + kGroup - 4];
            sum[m] = hn::Zero(d32);
            IC_HWY_UNROLL
            for (size_t b = 0; b < kBlocks; b++) {
                sum[m] =
                    AddProducts(sum[m], LoadTwo(d, lower + 8 * b, upper + 8 * b), weight[m][b]);
            }
        }
        hn::Store(SumLanes(sum[0], sum[1], sum[2], sum[3]), d32, sums);
        sums += kGroup;
        in += in_stride;
    }
}

/* kGroup bytes of each of four rows. */
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

/* Outputs i to i + kGroup - 1 of all rows, of which there are four or more; the last ones overlap
 * those before. */
template <size_t kBlocks>
HWY_INLINE void GroupOutputs(const struct ic_taps_q14 &t, size_t i, const int16_t *in,
                             ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride, size_t rows) {
    const hn::RepartitionToWide<Full16> d32;
    HWY_ALIGN int32_t sums[kRowsAtOnce * kGroup];
    const size_t some = HWY_MIN(rows, kRowsAtOnce);
    for (size_t y = 0; y < rows; y += kRowsAtOnce) {
        const ptrdiff_t first = static_cast<ptrdiff_t>(HWY_MIN(y, rows - some));
        GroupSums<kBlocks>(t, i, in + first * in_stride, in_stride, some, sums);
        for (size_t r = 0; r < some; r += 4) {
            const ptrdiff_t row = static_cast<ptrdiff_t>(HWY_MIN(r, some - 4));
            const int32_t *from = sums + static_cast<size_t>(row) * kGroup;
            uint8_t *to = out + static_cast<ptrdiff_t>(i) + (first + row) * out_stride;
            uint8_t *const outs[4] = {to, to + out_stride, to + 2 * out_stride,
                                      to + 3 * out_stride};
            StoreGroup(hn::Load(d32, from), hn::Load(d32, from + kGroup),
                       hn::Load(d32, from + 2 * kGroup), hn::Load(d32, from + 3 * kGroup), outs);
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

void FillHpassI16(struct ic_kernels *kernels) {
    kernels->hpass_i16_u8[1] = HpassI16U8x1;
    kernels->hpass_i16_u8[2] = HpassI16U8x2;
    kernels->hpass_i16_u8[3] = HpassI16U8x3;
    kernels->hpass_i16_u8[4] = HpassI16U8x4;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_hpass_i16(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillHpassI16, target, kernels)
}
#endif
