/* The horizontal pass of the fixed-point path for 2 to 4 channels: 16-bit rows in, bytes out.
 *
 * A block of 128 bits holds two pixels (four of 2 channels), with its channels shuffled next to
 * each other, r0 r1 g0 g1 b0 b1 a0 a1, and is multiplied by the weights w0 w1 w0 w1 ...: sums r g b
 * a. NEON multiplies and widens instead of adding pairs: r0 g0 b0 a0 r1 g1 b1 a1, and the lower and
 * upper half are added to the same four sums. Three rows or more are computed by eights, whose
 * blocks are made once for all outputs. One or two rows are computed one by one, four neighbouring
 * outputs together, whose blocks are folded together after the last tap. vpdpwssd is a thirtieth
 * faster than multiplying and adding (Zen 4; hpass_i16_vnni_hwy.cc). */
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

/* The same for pairs of pixels, one in each block. */
template <int kChannels, class D16> HWY_INLINE hn::Vec<D16> PairTable(D16 d) {
    if constexpr (!IC_HWY_X86 && kChannels == 2) {
        alignas(16) static constexpr uint8_t kBytes[16] = {0, 1, 2, 3, 0, 1, 2, 3,
                                                           4, 5, 6, 7, 4, 5, 6, 7};
        const hn::Repartition<uint8_t, D16> d8;
        return hn::BitCast(d, hn::LoadDup128(d8, kBytes));
    } else {
        return PixelTable<kChannels>(d);
    }
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
HWY_INLINE void StoreUnits(hn::Vec<Block8> bytes, uint8_t *const out[kUnits], bool last) {
    uint32_t unit[kUnits];
    memcpy(unit, &bytes.raw, sizeof(unit));
    for (size_t j = 0; j < kUnits; j++) {
        StoreUnit<kChannels>(unit[j], out[j], last);
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
        StoreUnits<kChannels>(FinishUnits<kChannels>(d, u0, u1, u2, u3), to, i + kUnits >= count);
    }
}

/* ---- eight rows ----------------------------------------------------------------------------
 * A window of the rows is interleaved first: blocks of the first pair of pixels of all rows, of the
 * second, ... Then a pair of weights in all lanes is multiplied by whole vectors, aligned and with
 * nothing to shuffle, and a block of sums is an output of a row, so that nothing is added across
 * lanes. A pixel is interleaved once and used for about six outputs. An output that begins at an
 * odd pixel of the window takes its weights in pairs from the one before the first on. RGB from
 * 4928 to 852 pixels and to 1200, ns for an output of 8 rows, Zen 4: four rows whose pixels are
 * shuffled for each output 28.0 and 23.8 with AVX-512 and VNNI, 37.8 and 31.2 with AVX2, 49 and 37
 * with SSE4; this 23.0 and 17.8, 23.0 and 17.4, 38 and 29. Prefetching the next window, and windows
 * of 128 or 192 pixels, change nothing; for one channel this gains nothing. */

constexpr size_t kRows = 8;
constexpr size_t kPairLanes = 8 * kRows;
constexpr size_t kVectors = kPairLanes / kLanesOf<Full16>;
/* Outputs computed together: as many as registers hold the sums of. */
constexpr size_t kTogether = HWY_MAX_BYTES / 16;
/* Pixels interleaved together, 16 KiB; more for rows of many weights. */
constexpr size_t kWindow = 256, kWideWindow = 448;

using TwoBlocks = hn::CappedTag<int16_t, 16>; /* or one, in 128 bits */
using Bytes = hn::CappedTag<uint8_t, 32>;     /* four bytes of eight rows, or of four */
constexpr size_t kByteVectors = kRows * 4 / kLanesOf<Bytes>;

HWY_INLINE void StoreBlocks(const int16_t *first, const int16_t *second, hn::Vec<TwoBlocks> table,
                            int16_t *out) {
    const TwoBlocks d;
    const auto a = hn::LoadU(Block16(), first), b = hn::LoadU(Block16(), second);
#if HWY_MAX_BYTES >= 32
    hn::Store(hn::TableLookupBytes(hn::Combine(d, b, a), table), d, out);
#else
    hn::Store(hn::TableLookupBytes(a, table), d, out);
    hn::Store(hn::TableLookupBytes(b, table), d, out + 8);
#endif
}

template <int kChannels>
void Interleave(const int16_t *const rows[kRows], size_t pairs, int16_t *out) {
    const int16_t *const row0 = rows[0], *const row1 = rows[1], *const row2 = rows[2],
                         *const row3 = rows[3], *const row4 = rows[4], *const row5 = rows[5],
                         *const row6 = rows[6], *const row7 = rows[7];
    const auto table = PairTable<kChannels>(TwoBlocks());
    const size_t end = pairs * 2 * kChannels;
    for (size_t at = 0; at < end; at += 2 * kChannels, out += kPairLanes) {
        StoreBlocks(row0 + at, row1 + at, table, out);
        StoreBlocks(row2 + at, row3 + at, table, out + 16);
        StoreBlocks(row4 + at, row5 + at, table, out + 32);
        StoreBlocks(row6 + at, row7 + at, table, out + 48);
    }
}

using V32 = Sum32<Full16>; /* of which kVectors are an output of all rows */

HWY_INLINE uint32_t PairOf(const int16_t *weights) {
    uint32_t pair;
    memcpy(&pair, weights, sizeof(pair));
    return pair;
}

/* Adds a pair of pixels of all rows. */
HWY_INLINE void AddPair(V32 sums[kVectors], const int16_t *blocks, uint32_t weights) {
    const Full16 d;
    auto w = hn::BitCast(d, hn::Set(hn::Repartition<uint32_t, Full16>(), weights));
    if (!IC_HWY_X86) {
        w = hn::TableLookupBytes(w, WeightTable<4>(d));
    }
    IC_HWY_UNROLL
    for (size_t v = 0; v < kVectors; v++) {
        sums[v] = AddProducts(sums[v], hn::Load(d, blocks + v * kLanesOf<Full16>), w);
    }
}

/* Computes kTogether outputs from output i on, of which the samples begin left[i] - first pixels
 * after the first block. One loop for all of them: with one for each, AVX-512 takes a tenth longer.
 */
HWY_INLINE void SumRows(const struct ic_taps_q14 &t, size_t i, int32_t first, const int16_t *blocks,
                        V32 sums[kTogether][kVectors]) {
    const hn::RepartitionToWide<Full16> d32;
    const size_t taps = static_cast<size_t>(t.taps);
    const int16_t *weights[kTogether], *from[kTogether];
    uint64_t last[kTogether];
    V32 s[kTogether][kVectors];
    IC_HWY_UNROLL
    for (size_t j = 0; j < kTogether; j++) {
        const int16_t *const begin = t.weight + (i + j) * t.stride;
        const size_t at = static_cast<size_t>(t.left[i + j] - first), odd = at % 2;
        from[j] = blocks + (at / 2 + 1) * kPairLanes;
        weights[j] = begin - odd;
        last[j] = static_cast<uint64_t>(PairOf(begin + taps - 2)) << 16 * odd >> 32;
        IC_HWY_UNROLL
        for (size_t v = 0; v < kVectors; v++) {
            s[j][v] = hn::Zero(d32);
        }
        AddPair(s[j], from[j] - kPairLanes, PairOf(begin) << 16 * odd);
    }
    size_t k = 2;
    for (; kTogether == 1 && k + 2 < taps; k += 4) { /* unrolled, a sixth faster */
        AddPair(s[0], from[0], PairOf(weights[0] + k));
        AddPair(s[0], from[0] + kPairLanes, PairOf(weights[0] + k + 2));
        from[0] += 2 * kPairLanes;
    }
    for (; k < taps; k += 2) {
        IC_HWY_UNROLL
        for (size_t j = 0; j < kTogether; j++) {
            AddPair(s[j], from[j], PairOf(weights[j] + k));
            from[j] += kPairLanes;
        }
    }
    IC_HWY_UNROLL
    for (size_t j = 0; j < kTogether; j++) {
        AddPair(s[j], from[j], static_cast<uint32_t>(last[j]));
        IC_HWY_UNROLL
        for (size_t v = 0; v < kVectors; v++) {
            sums[j][v] = s[j][v];
        }
    }
}

#if HWY_MAX_BYTES == 64
constexpr size_t kRowOf[kRows] = {0, 4, 1, 5, 2, 6, 3, 7};
#elif HWY_MAX_BYTES == 32
constexpr size_t kRowOf[kRows] = {0, 2, 4, 6, 1, 3, 5, 7};
#else
constexpr size_t kRowOf[kRows] = {0, 1, 2, 3, 4, 5, 6, 7};
#endif

/* Rounds one output: the bytes of row kRowOf[i] in the 32-bit lane i. */
HWY_INLINE void RoundRows(const V32 sums[kVectors], hn::Vec<Bytes> bytes[kByteVectors]) {
#if HWY_MAX_BYTES >= 32
    const hn::RepartitionToWide<Full16> d32;
    const auto first =
        hn::ReorderDemote2To(Full16(), RoundSums(d32, sums[0]), RoundSums(d32, sums[1]));
#if HWY_MAX_BYTES == 64
    bytes[0] = hn::DemoteTo(Bytes(), first);
#else
    const auto second =
        hn::ReorderDemote2To(Full16(), RoundSums(d32, sums[2]), RoundSums(d32, sums[3]));
    bytes[0] = hn::Vec<Bytes>{_mm256_packus_epi16(first.raw, second.raw)};
#endif
#else
    bytes[0] = UnitsToBytes(sums[0], sums[1], sums[2], sums[3]);
    bytes[1] = UnitsToBytes(sums[4], sums[5], sums[6], sums[7]);
#endif
}

/* Removes the bytes that are no channels from four outputs. */
template <int kChannels> HWY_INLINE hn::Vec<Bytes> Packed(hn::Vec<Bytes> four) {
    if (kChannels == 4) {
        return four;
    }
    alignas(16) static constexpr uint8_t kTables[2][16] = {
        {0, 1, 4, 5, 8, 9, 12, 13}, {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14}};
    return hn::TableLookupBytes(four, hn::LoadDup128(Bytes(), kTables[kChannels == 2 ? 0 : 1]));
}

/* Stores four outputs of a row. Four bytes after those of three channels are overwritten by the
 * next outputs, unless these are the last ones. */
template <int kChannels> HWY_INLINE void StoreFour(const uint8_t *four, uint8_t *out, bool last) {
    if (kChannels == 4 || (kChannels == 3 && !last)) {
        memcpy(out, four, 16);
    } else {
        memcpy(out, four, 8);
        if (kChannels == 3) {
            memcpy(out + 8, four + 8, 4);
        }
    }
}

/* Stores four outputs of all rows: lanes and outputs are transposed. */
template <int kChannels>
HWY_INLINE void StoreOutputs(const hn::Vec<Bytes> bytes[4][kByteVectors], uint8_t *const out[kRows],
                             size_t at, bool last) {
    const hn::Repartition<uint32_t, Bytes> d32;
    const hn::Repartition<uint64_t, Bytes> d64;
    IC_HWY_UNROLL
    for (size_t v = 0; v < kByteVectors; v++) {
        const auto a = hn::BitCast(d32, bytes[0][v]), b = hn::BitCast(d32, bytes[1][v]);
        const auto c = hn::BitCast(d32, bytes[2][v]), d = hn::BitCast(d32, bytes[3][v]);
        const auto ab = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
        const auto ab_upper = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
        const auto cd = hn::BitCast(d64, hn::InterleaveLower(d32, c, d));
        const auto cd_upper = hn::BitCast(d64, hn::InterleaveUpper(d32, c, d));
        const hn::Vec<decltype(d64)> rows[4] = {hn::InterleaveLower(d64, ab, cd),
                                                hn::InterleaveUpper(d64, ab, cd),
                                                hn::InterleaveLower(d64, ab_upper, cd_upper),
                                                hn::InterleaveUpper(d64, ab_upper, cd_upper)};
        IC_HWY_UNROLL
        for (size_t r = 0; r < 4; r++) {
            HWY_ALIGN uint8_t four[kLanesOf<Bytes>];
            hn::Store(Packed<kChannels>(hn::BitCast(Bytes(), rows[r])), Bytes(), four);
            IC_HWY_UNROLL
            for (size_t half = 0; half < kLanesOf<Bytes> / 16; half++) {
                StoreFour<kChannels>(four + 16 * half, out[kRowOf[4 * (v + half) + r]] + at, last);
            }
        }
    }
}

/* The outputs from `begin` on whose samples fit into a window: groups of four, of which the last
 * can overlap the one before. */
struct Chunk {
    size_t end;
    int32_t reach; /* largest distance from the left of the first output to another */
};

HWY_INLINE Chunk FindChunk(const struct ic_taps_q14 &t, size_t begin) {
    const size_t taps = static_cast<size_t>(t.taps);
    const size_t window = taps <= kWindow / 2 ? kWindow : kWideWindow;
    const int32_t most = static_cast<int32_t>(window - taps - 2);
    Chunk chunk = {begin, 0};
    while (chunk.end < t.count) {
        const size_t i = HWY_MIN(chunk.end, t.count - 4);
        int32_t reach = chunk.reach;
        for (size_t j = 0; j < 4; j++) {
            const int32_t distance = t.left[i + j] - t.left[begin];
            if (distance < 0 || distance > most) {
                return chunk;
            }
            reach = HWY_MAX(reach, distance);
        }
        chunk = {i + 4, reach};
    }
    return chunk;
}

/* Computes eight rows, of which the last can be the same one several times. */
template <int kChannels, class D16>
void EightRows(D16 d, const int16_t *const in[kRows], uint8_t *const out[kRows],
               const struct ic_taps_q14 &t) {
    HWY_ALIGN int16_t blocks[kWideWindow / 2 * kPairLanes];
    for (size_t i = 0; i < t.count;) {
        i = HWY_MIN(i, t.count - 4);
        const Chunk chunk = FindChunk(t, i);
        if (chunk.end == i) { /* outputs in no order */
            const struct ic_taps_q14 four = {t.left + i, t.weight + i * t.stride, t.stride, 4,
                                             t.taps};
            for (size_t r = 0; r < kRows; r++) {
                OneRow<kChannels>(d, in[r], out[r] + i * kChannels, &four);
            }
            i += 4;
            continue;
        }
        const int32_t first = t.left[i];
        const int16_t *from[kRows];
        for (size_t r = 0; r < kRows; r++) {
            from[r] = in[r] + static_cast<ptrdiff_t>(first) * kChannels;
        }
        Interleave<kChannels>(from, static_cast<size_t>(chunk.reach + t.taps + 3) / 2, blocks);
        for (; i < chunk.end; i += 4) {
            const size_t at = HWY_MIN(i, t.count - 4);
            hn::Vec<Bytes> bytes[4][kByteVectors];
            IC_HWY_UNROLL
            for (size_t j = 0; j < 4; j += kTogether) {
                V32 sums[kTogether][kVectors];
                SumRows(t, at + j, first, blocks, sums);
                IC_HWY_UNROLL
                for (size_t k = 0; k < kTogether; k++) {
                    RoundRows(sums[k], bytes[j + k]);
                }
            }
            StoreOutputs<kChannels>(bytes, out, at * kChannels, t.count - at < 6);
        }
    }
}

template <int kChannels, class D16>
HWY_INLINE void Pixels(D16 d, const int16_t *in, ptrdiff_t in_stride, uint8_t *out,
                       ptrdiff_t out_stride, size_t rows, const struct ic_taps_q14 *taps) {
    const struct ic_taps_q14 t = *taps; /* a copy, which stores of bytes cannot alias */
    const bool by_eight = t.count >= 4 && static_cast<size_t>(t.taps) <= kWideWindow / 2;
    size_t y = 0;
    for (; by_eight && y + 2 < rows; y += HWY_MIN(rows - y, kRows)) {
        const int16_t *ins[kRows];
        uint8_t *outs[kRows];
        for (size_t r = 0; r < kRows; r++) {
            const ptrdiff_t row = static_cast<ptrdiff_t>(HWY_MIN(y + r, rows - 1));
            ins[r] = in + row * in_stride;
            outs[r] = out + row * out_stride;
        }
        EightRows<kChannels>(d, ins, outs, t);
    }
    for (; y < rows; y++) {
        OneRow<kChannels>(d, in + static_cast<ptrdiff_t>(y) * in_stride,
                          out + static_cast<ptrdiff_t>(y) * out_stride, &t);
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
