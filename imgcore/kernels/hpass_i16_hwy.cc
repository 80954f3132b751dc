/* The horizontal pass of the fixed-point path for 2 to 4 channels: 16-bit rows in, bytes out.
 *
 * Four "units" run in parallel: four rows that share their weights or, if fewer rows are left, four
 * neighbouring outputs of one row. Each unit has one vector of 32-bit sums; after its last tap the
 * 128-bit blocks are folded together, so that one vector holds the results of all units. A block
 * holds two pixels (four of 2 channels), with its channels shuffled next to each other, r0 r1 g0 g1
 * b0 b1 a0 a1, and is multiplied by the weights w0 w1 w0 w1 ...: sums r g b a. NEON multiplies and
 * widens instead of adding pairs: r0 g0 b0 a0 r1 g1 b1 a1, and the lower and upper half are added
 * to the same four sums. vpdpwssd is a tenth faster than multiplying and adding (a twentieth of an
 * entire resize of RGB: hpass_i16_vnni_hwy.cc). */
#include "imgcore/base/limits.h"
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/hpass_i16_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/hpass_i16-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* ---- 2 to 4 channels ------------------------------------------------------------------------ */

template <class D16, int kChannels> struct Layout {
    static constexpr size_t kBlocks = kLanesOf<D16> / 8;
    static constexpr size_t kPixels = kBlocks * (kChannels == 2 ? 4 : 2); /* pixels in a vector */
};

/* The source sample of each 16-bit lane of a block. */
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

/* The indices for LoadPixels: bytes of a block or, for 3 channels in 512 bits, lanes of the entire
 * vector. */
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

/* Loads a vector of pixels, shuffled. Reads at most 16 bytes more than its pixels have. */
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

/* Selects the weights of each block from a vector that has those of all blocks in every block. */
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

/* Loads the weights of one vector of pixels; reads exactly as many as it has. */
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

/* Stores the bytes of a unit. A third byte is followed by one extra byte unless it is the last of
 * its row: the next output overwrites it. */
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
    if constexpr (kChannels == 2) { /* a block holds two sums of each channel */
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

/* Computes four rows, which may be the same one several times. */
template <int kChannels, class D16>
void FourRows(D16 d, const int16_t *const in[kUnits], uint8_t *const out[kUnits],
              const struct ic_taps_q14 *taps) {
    constexpr size_t kPixels = Layout<D16, kChannels>::kPixels;
    const hn::RepartitionToWide<D16> d32;
    const auto pixel_table = PixelTable<kChannels>(d);
    const auto weight_table = WeightTable<kChannels>(d);
    const struct ic_taps_q14 t = *taps; /* a copy, which stores of bytes cannot alias */
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

/* Computes one row: four outputs together; the last group overlaps if their number is not a
 * multiple of four. */
template <int kChannels, class D16>
void OneRow(D16 d, const int16_t *in, uint8_t *out, const struct ic_taps_q14 *taps) {
    constexpr size_t kPixels = Layout<D16, kChannels>::kPixels;
    const hn::RepartitionToWide<D16> d32;
    const auto pixel_table = PixelTable<kChannels>(d);
    const auto weight_table = WeightTable<kChannels>(d);
    const struct ic_taps_q14 t = *taps; /* a copy, which stores of bytes cannot alias */
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
    while (rows > 2) { /* for three rows the last one is used twice */
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

void FillHpassI16(struct ic_kernels *kernels) {
    kernels->hpass_i16_u8[2] = HpassI16U8x2;
    kernels->hpass_i16_u8[3] = HpassI16U8x3;
    kernels->hpass_i16_u8[4] = HpassI16U8x4;
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE && !IC_HWY_VNNI
void ic_fill_hpass_i16(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillHpassI16, target, kernels)
}
#endif
