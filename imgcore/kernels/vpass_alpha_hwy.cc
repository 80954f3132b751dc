/* The vertical pass over pixels with straight alpha.
 *
 * A strip of columns at a time: its pixels, premultiplied to exact 16-bit numbers, stay in L1 while
 * every target takes them in; sums are exact in 32 bits. Two targets that share rows share the
 * loads. To fit int16, colours are taken less 128 and alpha as (alpha - 128) * 128; weights sum to
 * one, so the end puts that right.
 * x86: one pmaddubsw multiplies the even bytes of a pixel by alpha, one the odd ones (of RGBA r and
 * b, g and alpha); the words of two rows lie side by side for pmaddwd. Only finished sums are put
 * into the order of the samples. NEON multiplies and widens, in order. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/vpass_alpha_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<uint8_t> du8;
const hn::ScalableTag<int8_t> d8;
const hn::ScalableTag<int16_t> d16;
const hn::ScalableTag<int32_t> d32;
const hn::ScalableTag<float> df;
using V8 = hn::Vec<decltype(du8)>;
using V16 = hn::Vec<decltype(d16)>;
using V32 = hn::Vec<decltype(d32)>;

constexpr size_t kLanes32 = HWY_MAX_BYTES / 4;
/* What is computed at once: a vector of bytes of each row, four of sums. */
constexpr size_t kBlock = HWY_MAX_BYTES;
constexpr size_t kStrip = 128; /* samples: 8 KiB premultiplied, of 32 rows */
constexpr size_t kAhead = 1024; /* bytes of each row fetched before they are needed */
constexpr int kPairs = IC_VPASS_ALPHA_ROWS / 2;
static_assert(kStrip % IC_VPASS_ALPHA_SAMPLES == 0 && IC_VPASS_ALPHA_SAMPLES % kBlock == 0, "");

/* Weights of a target as the loop wants them: for each pair of rows. */
struct Spread {
    int begin, end; /* pairs */
    int32_t weights[kPairs];
};

Spread SpreadWeights(const struct ic_vpass_alpha_target &target) {
    Spread spread;
    spread.begin = target.first / 2;
    spread.end = (target.first + target.taps + 1) / 2;
    int16_t padded[2 * kPairs];
    padded[2 * spread.begin] = 0;
    padded[2 * spread.end - 1] = 0;
    memcpy(padded + target.first, target.weights,
           static_cast<size_t>(target.taps) * sizeof(padded[0]));
    memcpy(spread.weights, padded, sizeof(padded));
    return spread;
}

#if IC_HWY_X86

/* ---- premultiplying ---------------------------------------------------------------------- */

/* Factors of the even and of the odd bytes of a vector of pixels: alpha or, for alpha itself, 128;
 * between them zeros, which keep the other byte out of the product. */
template <size_t kChannels> struct Factors {
    V8 even_from, odd_from; /* which bytes are alphas; 0x80: zero */
    V8 alpha_factor;        /* 128 where alpha is */

    Factors() {
        HWY_ALIGN uint8_t even[kBlock], odd[kBlock], alpha[kBlock];
        for (size_t i = 0; i < kBlock; i++) {
            const bool is_alpha = i % kChannels == kChannels - 1;
            const uint8_t from = static_cast<uint8_t>((i | (kChannels - 1)) % 16);
            even[i] = i % 2 == 0 ? from : 0x80;
            odd[i] = i % 2 == 0 || is_alpha ? 0x80 : from;
            alpha[i] = is_alpha ? 128 : 0;
        }
        even_from = hn::Load(du8, even);
        odd_from = hn::Load(du8, odd);
        alpha_factor = hn::Load(du8, alpha);
    }
};

HWY_INLINE V16 MulBytes(V8 factors, V8 centred) {
#if HWY_MAX_BYTES == 64
    return V16{_mm512_maddubs_epi16(factors.raw, centred.raw)};
#elif HWY_MAX_BYTES == 32
    return V16{_mm256_maddubs_epi16(factors.raw, centred.raw)};
#else
    return V16{_mm_maddubs_epi16(factors.raw, centred.raw)};
#endif
}

struct Products {
    V16 even, odd;
};

template <size_t kChannels>
HWY_INLINE Products Premultiply(V8 pixels, const Factors<kChannels> &factors) {
    IC_HWY_KEEP(pixels);
    const V8 centred = hn::Xor(pixels, hn::Set(du8, 0x80));
    const V8 even = hn::TableLookupBytes(pixels, factors.even_from);
    V8 odd = factors.alpha_factor;
    if (kChannels != 2) {
        odd = hn::Or(odd, hn::TableLookupBytes(pixels, factors.odd_from));
    }
    return {MulBytes(even, centred), MulBytes(odd, centred)};
}

/* A block of two rows, which may be the same one: 4 vectors, of even and odd bytes in turn. */
template <size_t kChannels>
HWY_INLINE void PremultiplyBlock(const uint8_t *row0, const uint8_t *row1,
                                 const Factors<kChannels> &factors, int16_t *out) {
    const Products p = Premultiply<kChannels>(hn::LoadU(du8, row0), factors);
    const Products q = Premultiply<kChannels>(hn::LoadU(du8, row1), factors);
    constexpr size_t kLanes16 = kBlock / 2;
    hn::Store(hn::InterleaveLower(d16, p.even, q.even), d16, out);
    hn::Store(hn::InterleaveLower(d16, p.odd, q.odd), d16, out + kLanes16);
    hn::Store(hn::InterleaveUpper(d16, p.even, q.even), d16, out + 2 * kLanes16);
    hn::Store(hn::InterleaveUpper(d16, p.odd, q.odd), d16, out + 3 * kLanes16);
}

/* ---- multiplying and adding -------------------------------------------------------------- */

/* The compiler's own vector type: with Highway's as references gcc copies registers to and fro (45
 * samples in a ns instead of RATE). */
using Raw = decltype(V32::raw);

HWY_INLINE Raw Weights(int32_t pair) {
    return hn::Set(d32, pair).raw;
}

HWY_INLINE Raw Load(const int16_t *samples, size_t vector) {
    return hn::Load(d16, samples + vector * (kBlock / 2)).raw;
}

HWY_INLINE Raw AddProducts(Raw sum, Raw samples, Raw weights) {
#if IC_HWY_VNNI
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(samples), "v"(weights));
    return sum;
#elif HWY_MAX_BYTES == 64
    return _mm512_add_epi32(sum, _mm512_madd_epi16(samples, weights));
#elif HWY_MAX_BYTES == 32
    return _mm256_add_epi32(sum, _mm256_madd_epi16(samples, weights));
#else
    return _mm_add_epi32(sum, _mm_madd_epi16(samples, weights));
#endif
}

/* The sums of a block: of even bytes, odd ones, and the same of the other half. */
struct Sums {
    Raw a, b, c, d;
};

HWY_INLINE void AddPair(Sums &s, const int16_t *block, int32_t pair) {
    const Raw w = Weights(pair);
    s.a = AddProducts(s.a, Load(block, 0), w);
    s.b = AddProducts(s.b, Load(block, 1), w);
    s.c = AddProducts(s.c, Load(block, 2), w);
    s.d = AddProducts(s.d, Load(block, 3), w);
}

HWY_INLINE void AddPairTwice(Sums &s, Sums &t, const int16_t *block, int32_t pair_s,
                             int32_t pair_t) {
    const Raw w = Weights(pair_s), v = Weights(pair_t);
    const Raw a = Load(block, 0), b = Load(block, 1), c = Load(block, 2), d = Load(block, 3);
    s.a = AddProducts(s.a, a, w);
    t.a = AddProducts(t.a, a, v);
    s.b = AddProducts(s.b, b, w);
    t.b = AddProducts(t.b, b, v);
    s.c = AddProducts(s.c, c, w);
    t.c = AddProducts(t.c, c, v);
    s.d = AddProducts(s.d, d, w);
    t.d = AddProducts(t.d, d, v);
}

/* What a target's sums are before its first row: 2^28 where alpha is. */
template <size_t kChannels> HWY_INLINE Sums NewSums() {
    const Raw zero = hn::Zero(d32).raw;
    const int64_t high = kChannels == 2 ? (int64_t{1} << 60 | 1 << 28) : int64_t{1} << 60;
    const Raw alphas = hn::BitCast(d32, hn::Set(hn::ScalableTag<int64_t>(), high)).raw;
    return {zero, alphas, zero, alphas};
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Alpha's share added to the colours of even bytes and, where those are colours, of odd ones. */
template <size_t kChannels> HWY_INLINE void AddAlpha(Raw &even, Raw &odd) {
    const V32 odds{odd};
    if constexpr (kChannels == 2) {
        even = hn::Add(V32{even}, odds).raw;
    } else {
        const V32 alphas = hn::DupOdd(odds);
        even = hn::Add(V32{even}, alphas).raw;
        const V32 evens_only = hn::BitCast(d32, hn::Set(hn::ScalableTag<int64_t>(), 0xFFFFFFFF));
        odd = hn::Add(odds, hn::And(alphas, evens_only)).raw;
    }
}

/* Sums of even and odd bytes into pixels: block i of a vector is the i-th quarter of the bytes. */
template <size_t kChannels> HWY_INLINE Sums InPixels(Sums s) {
    AddAlpha<kChannels>(s.a, s.b);
    AddAlpha<kChannels>(s.c, s.d);
#if HWY_MAX_BYTES == 64
    /* Of blocks 0 and 1, and of 2 and 3: two pixels' worth of each. */
    alignas(64) static constexpr int32_t kFront[16] = {0, 16, 1, 17, 2, 18, 3, 19,
                                                       4, 20, 5, 21, 6, 22, 7, 23};
    const Raw front = hn::Load(d32, kFront).raw;
    const Raw back = _mm512_add_epi32(front, _mm512_set1_epi32(8));
    const Raw q0 = _mm512_permutex2var_epi32(s.a, front, s.b);
    const Raw q1 = _mm512_permutex2var_epi32(s.c, front, s.d);
    const Raw q2 = _mm512_permutex2var_epi32(s.a, back, s.b);
    const Raw q3 = _mm512_permutex2var_epi32(s.c, back, s.d);
    /* q0 has blocks 0 0 1 1 of the lower half, q1 those of the upper half */
    return {_mm512_shuffle_i64x2(q0, q1, 0x44), _mm512_shuffle_i64x2(q0, q1, 0xEE),
            _mm512_shuffle_i64x2(q2, q3, 0x44), _mm512_shuffle_i64x2(q2, q3, 0xEE)};
#else
    const V32 a{s.a}, b{s.b}, c{s.c}, d{s.d};
    const V32 p0 = hn::InterleaveLower(d32, a, b), p1 = hn::InterleaveUpper(d32, a, b);
    const V32 p2 = hn::InterleaveLower(d32, c, d), p3 = hn::InterleaveUpper(d32, c, d);
#if HWY_MAX_BYTES == 32
    return {hn::ConcatLowerLower(d32, p1, p0).raw, hn::ConcatLowerLower(d32, p3, p2).raw,
            hn::ConcatUpperUpper(d32, p1, p0).raw, hn::ConcatUpperUpper(d32, p3, p2).raw};
#else
    return {p0.raw, p1.raw, p2.raw, p3.raw};
#endif
#endif
}

#else /* NEON */

template <size_t kChannels> struct Factors {
    V8 from, alpha_factor; /* which bytes are alphas; past the end: alpha_factor's, 128 */

    Factors() {
        HWY_ALIGN uint8_t table[16];
        for (size_t i = 0; i < 16; i++) {
            const bool is_alpha = i % kChannels == kChannels - 1;
            table[i] = is_alpha ? 0xFF : static_cast<uint8_t>(i | (kChannels - 1));
        }
        from = hn::Load(du8, table);
        alpha_factor = hn::Set(du8, 128);
    }
};

template <size_t kChannels>
HWY_INLINE void PremultiplyRow(const uint8_t *row, const Factors<kChannels> &factors,
                               int16_t *out) {
    const uint8x16_t pixels = vld1q_u8(row);
    const uint8x16_t factor = vqtbx1q_u8(factors.alpha_factor.raw, pixels, factors.from.raw);
    const uint8x16_t middle = vdupq_n_u8(128);
    uint16x8_t lower = vmull_u8(vget_low_u8(pixels), vget_low_u8(factor));
    uint16x8_t upper = vmull_high_u8(pixels, factor);
    lower = vmlsl_u8(lower, vget_low_u8(middle), vget_low_u8(factor));
    upper = vmlsl_high_u8(upper, middle, factor);
    vst1q_s16(out, vreinterpretq_s16_u16(lower));
    vst1q_s16(out + 8, vreinterpretq_s16_u16(upper));
}

template <size_t kChannels>
HWY_INLINE void PremultiplyBlock(const uint8_t *row0, const uint8_t *row1,
                                 const Factors<kChannels> &factors, int16_t *out) {
    PremultiplyRow<kChannels>(row0, factors, out);
    PremultiplyRow<kChannels>(row1, factors, out + 16);
}

using Raw = int32x4_t;

struct Sums {
    Raw a, b, c, d;
};

/* `block` holds 16 samples of one row, then 16 of the other. */
HWY_INLINE void AddPair(Sums &s, const int16_t *block, int32_t pair) {
    const int16x4_t w = vreinterpret_s16_s32(vdup_n_s32(pair));
    const int16x8_t s0 = vld1q_s16(block), s1 = vld1q_s16(block + 8);
    const int16x8_t s2 = vld1q_s16(block + 16), s3 = vld1q_s16(block + 24);
    s.a = vmlal_lane_s16(s.a, vget_low_s16(s0), w, 0);
    s.b = vmlal_high_lane_s16(s.b, s0, w, 0);
    s.c = vmlal_lane_s16(s.c, vget_low_s16(s1), w, 0);
    s.d = vmlal_high_lane_s16(s.d, s1, w, 0);
    s.a = vmlal_lane_s16(s.a, vget_low_s16(s2), w, 1);
    s.b = vmlal_high_lane_s16(s.b, s2, w, 1);
    s.c = vmlal_lane_s16(s.c, vget_low_s16(s3), w, 1);
    s.d = vmlal_high_lane_s16(s.d, s3, w, 1);
}

HWY_INLINE void AddPairTwice(Sums &s, Sums &t, const int16_t *block, int32_t pair_s,
                             int32_t pair_t) {
    AddPair(s, block, pair_s);
    AddPair(t, block, pair_t);
}

/* What a target's sums are before its first row: 2^28 where alpha is. */
template <size_t kChannels> HWY_INLINE Sums NewSums() {
    static constexpr int32_t kNew[2][4] = {{0, 1 << 28, 0, 1 << 28}, {0, 0, 0, 1 << 28}};
    const Raw start = vld1q_s32(kNew[kChannels / 4]);
    return {start, start, start, start};
}

/* Alpha's share added to the colours. */
template <size_t kChannels> HWY_INLINE Raw AddAlpha(Raw sums) {
    static constexpr int32_t kIsColor[2][4] = {{-1, 0, -1, 0}, {-1, -1, -1, 0}};
    const Raw alphas = kChannels == 4 ? vdupq_laneq_s32(sums, 3) : vtrn2q_s32(sums, sums);
    return vaddq_s32(sums, vandq_s32(alphas, vld1q_s32(kIsColor[kChannels / 4])));
}

template <size_t kChannels> HWY_INLINE Sums InPixels(const Sums &s) {
    return {AddAlpha<kChannels>(s.a), AddAlpha<kChannels>(s.b), AddAlpha<kChannels>(s.c),
            AddAlpha<kChannels>(s.d)};
}

#endif

template <size_t kChannels> HWY_INLINE void StoreFloats(Raw sums, float *out) {
    alignas(16) static constexpr float kScales[2][4] = {
        {1 / 16384.0f, 255 / 2097152.0f, 1 / 16384.0f, 255 / 2097152.0f},
        {1 / 16384.0f, 1 / 16384.0f, 1 / 16384.0f, 255 / 2097152.0f}};
    const auto scales = hn::LoadDup128(df, kScales[kChannels / 4]);
    hn::StoreU(hn::Mul(hn::ConvertTo(df, V32{sums}), scales), df, out);
}

template <size_t kChannels>
HWY_INLINE void EndBlock(const Sums &sums, const struct ic_vpass_alpha_target &target, size_t at) {
    if (target.finish) {
        float *out = static_cast<float *>(target.sums) + at;
        const Sums s = InPixels<kChannels>(sums);
        StoreFloats<kChannels>(s.a, out);
        StoreFloats<kChannels>(s.b, out + kLanes32);
        StoreFloats<kChannels>(s.c, out + 2 * kLanes32);
        StoreFloats<kChannels>(s.d, out + 3 * kLanes32);
    } else {
        int32_t *out = static_cast<int32_t *>(target.sums) + at;
        hn::StoreU(V32{sums.a}, d32, out);
        hn::StoreU(V32{sums.b}, d32, out + kLanes32);
        hn::StoreU(V32{sums.c}, d32, out + 2 * kLanes32);
        hn::StoreU(V32{sums.d}, d32, out + 3 * kLanes32);
    }
}

template <size_t kChannels>
HWY_INLINE Sums StartSums(const struct ic_vpass_alpha_target &target, size_t at) {
    if (!target.accumulate) {
        return NewSums<kChannels>();
    }
    const int32_t *old = static_cast<const int32_t *>(target.sums) + at;
    return {hn::LoadU(d32, old).raw, hn::LoadU(d32, old + kLanes32).raw,
            hn::LoadU(d32, old + 2 * kLanes32).raw, hn::LoadU(d32, old + 3 * kLanes32).raw};
}

constexpr size_t kPairStride = 2 * kStrip; /* in the premultiplied strip */

/* A strip into one target; `at` is where it lies in the target's row. */
template <size_t kChannels>
void OneTarget(const int16_t *strip, size_t samples, size_t at, const Spread &spread,
               const struct ic_vpass_alpha_target &target) {
    for (size_t x = 0; x < samples; x += kBlock) {
        Sums sums = StartSums<kChannels>(target, at + x);
        const int16_t *block = strip + static_cast<size_t>(spread.begin) * kPairStride + 2 * x;
        for (int p = spread.begin; p < spread.end; p++, block += kPairStride) {
            AddPair(sums, block, spread.weights[p]);
        }
        EndBlock<kChannels>(sums, target, at + x);
    }
}

/* The same for two that share rows: pairs of the first alone, of both, of the second. */
template <size_t kChannels>
void TwoTargets(const int16_t *strip, size_t samples, size_t at, const Spread *spread,
                const struct ic_vpass_alpha_target *target) {
    const Spread &first = spread[0], &second = spread[1];
    const int both_begin = second.begin, both_end = first.end, end = second.end;
    for (size_t x = 0; x < samples; x += kBlock) {
        Sums s = StartSums<kChannels>(target[0], at + x);
        Sums t = StartSums<kChannels>(target[1], at + x);
        const int16_t *block = strip + static_cast<size_t>(first.begin) * kPairStride + 2 * x;
        int p = first.begin;
        for (; p < both_begin; p++, block += kPairStride) {
            AddPair(s, block, first.weights[p]);
        }
        for (; p < both_end; p++, block += kPairStride) {
            AddPairTwice(s, t, block, first.weights[p], second.weights[p]);
        }
        for (; p < end; p++, block += kPairStride) {
            AddPair(t, block, second.weights[p]);
        }
        EndBlock<kChannels>(s, target[0], at + x);
        EndBlock<kChannels>(t, target[1], at + x);
    }
}

/* Into L2: L1 has too few buffers for lines on their way to keep memory busy. */
HWY_INLINE void PrefetchRow(const uint8_t *row) {
    const uintptr_t ahead = reinterpret_cast<uintptr_t>(row) + kAhead;
    __builtin_prefetch(reinterpret_cast<const void *>(ahead), 0, 2);
}

/* Columns [at, at + samples) of all rows, in whole blocks. */
template <size_t kChannels>
HWY_INLINE void PremultiplyStrip(const uint8_t *const *rows, int row_count, size_t at,
                                 size_t samples, size_t row_samples, int16_t *strip) {
    const Factors<kChannels> factors;
    for (int y = 0; y < row_count; y += 2, strip += kPairStride) {
        const uint8_t *row0 = rows[y] + at;
        const uint8_t *row1 = rows[HWY_MIN(y + 1, row_count - 1)] + at;
        const size_t whole = HWY_MIN(samples, row_samples - at) / kBlock * kBlock;
        size_t x = 0;
        for (; x < whole; x += kBlock) {
            PrefetchRow(row0 + x);
            PrefetchRow(row1 + x);
            PremultiplyBlock<kChannels>(row0 + x, row1 + x, factors, strip + 2 * x);
        }
        for (; x < samples; x += kBlock) { /* past the end of the rows: zeros */
            uint8_t copies[2][kBlock] = {};
            if (at + x < row_samples) {
                const size_t some = HWY_MIN(kBlock, row_samples - at - x);
                memcpy(copies[0], row0 + x, some);
                memcpy(copies[1], row1 + x, some);
            }
            PremultiplyBlock<kChannels>(copies[0], copies[1], factors, strip + 2 * x);
        }
    }
}

template <size_t kChannels>
void VpassAlpha(const uint8_t *const *rows, int row_count,
                const struct ic_vpass_alpha_target *targets, int target_count, size_t n) {
    Spread spread[IC_VPASS_ALPHA_TARGETS];
    for (int t = 0; t < target_count; t++) {
        spread[t] = SpreadWeights(targets[t]);
    }
    HWY_ALIGN int16_t strip[kPairs * kPairStride];
    const size_t row_samples = n * kChannels;
    for (size_t at = 0; at < row_samples; at += kStrip) {
        const size_t left = row_samples - at;
        const size_t samples = HWY_MIN(kStrip, (left + IC_VPASS_ALPHA_SAMPLES - 1) /
                                                   IC_VPASS_ALPHA_SAMPLES * IC_VPASS_ALPHA_SAMPLES);
        PremultiplyStrip<kChannels>(rows, row_count, at, samples, row_samples, strip);
        for (int t = 0; t < target_count;) {
            const bool two = t + 1 < target_count && spread[t + 1].begin < spread[t].end;
            if (two) {
                TwoTargets<kChannels>(strip, samples, at, spread + t, targets + t);
            } else {
                OneTarget<kChannels>(strip, samples, at, spread[t], targets[t]);
            }
            t += two ? 2 : 1;
        }
    }
}

void FillVpassAlpha(struct ic_kernels *kernels) {
    kernels->vpass_alpha[2] = VpassAlpha<2>;
    kernels->vpass_alpha[4] = VpassAlpha<4>;
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE && !IC_HWY_VNNI
void ic_fill_vpass_alpha(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillVpassAlpha, target, kernels)
}
#endif
