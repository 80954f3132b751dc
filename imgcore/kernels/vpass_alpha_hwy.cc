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
using VF = hn::Vec<decltype(df)>;

constexpr size_t kLanes32 = HWY_MAX_BYTES / 4;
/* What is computed at once: a vector of bytes of each row, four of sums. */
constexpr size_t kBlock = HWY_MAX_BYTES;
constexpr size_t kStrip = 256; /* samples: 16 KiB premultiplied, of 32 rows */
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

/* The four vectors of a block. */
struct Sums {
    V32 a, b, c, d;
};

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

HWY_INLINE V16 SetWeights(int32_t pair) {
    return hn::BitCast(d16, hn::Set(d32, pair));
}

/* The loaded samples keep their register: gcc would load them for each target. */
HWY_INLINE void AddProducts(V32 &sum, V16 samples, V16 weights) {
#if HWY_TARGET == HWY_AVX3_DL
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(samples.raw), "v"(weights.raw));
#elif HWY_MAX_BYTES == 64
    sum = hn::Add(sum, V32{_mm512_madd_epi16(samples.raw, weights.raw)});
#elif HWY_MAX_BYTES == 32
    sum = hn::Add(sum, V32{_mm256_madd_epi16(samples.raw, weights.raw)});
#else
    sum = hn::Add(sum, V32{_mm_madd_epi16(samples.raw, weights.raw)});
#endif
    IC_HWY_KEEP(sum);
}

/* `block` holds four vectors; w and sums of one target, or of two. */
HWY_INLINE void AddPair(V32 &a, V32 &b, V32 &c, V32 &d, const int16_t *block, int32_t pair) {
    constexpr size_t kLanes16 = kBlock / 2;
    const V16 w = SetWeights(pair);
    AddProducts(a, hn::Load(d16, block), w);
    AddProducts(b, hn::Load(d16, block + kLanes16), w);
    AddProducts(c, hn::Load(d16, block + 2 * kLanes16), w);
    AddProducts(d, hn::Load(d16, block + 3 * kLanes16), w);
}

HWY_INLINE void AddPair2(V32 &a0, V32 &a1, V32 &a2, V32 &a3, V32 &b0, V32 &b1, V32 &b2, V32 &b3,
                         const int16_t *block, int32_t pair_a, int32_t pair_b) {
    constexpr size_t kLanes16 = kBlock / 2;
    const V16 wa = SetWeights(pair_a), wb = SetWeights(pair_b);
    V16 s = hn::Load(d16, block);
    IC_HWY_KEEP(s);
    AddProducts(a0, s, wa);
    AddProducts(b0, s, wb);
    s = hn::Load(d16, block + kLanes16);
    IC_HWY_KEEP(s);
    AddProducts(a1, s, wa);
    AddProducts(b1, s, wb);
    s = hn::Load(d16, block + 2 * kLanes16);
    IC_HWY_KEEP(s);
    AddProducts(a2, s, wa);
    AddProducts(b2, s, wb);
    s = hn::Load(d16, block + 3 * kLanes16);
    IC_HWY_KEEP(s);
    AddProducts(a3, s, wa);
    AddProducts(b3, s, wb);
}

/* ---- the end ------------------------------------------------------------------------------- */

/* Sums of even and odd bytes into pixels: block i of a vector is the i-th quarter of the bytes. */
HWY_INLINE Sums InPixels(const Sums &s) {
    const V32 p0 = hn::InterleaveLower(d32, s.a, s.b), p1 = hn::InterleaveUpper(d32, s.a, s.b);
    const V32 p2 = hn::InterleaveLower(d32, s.c, s.d), p3 = hn::InterleaveUpper(d32, s.c, s.d);
#if HWY_MAX_BYTES == 64
    const auto a = _mm512_shuffle_i32x4(p0.raw, p1.raw, 0x44);
    const auto b = _mm512_shuffle_i32x4(p2.raw, p3.raw, 0x44);
    const auto c = _mm512_shuffle_i32x4(p0.raw, p1.raw, 0xEE);
    const auto d = _mm512_shuffle_i32x4(p2.raw, p3.raw, 0xEE);
    return {V32{_mm512_shuffle_i32x4(a, b, 0x88)}, V32{_mm512_shuffle_i32x4(a, b, 0xDD)},
            V32{_mm512_shuffle_i32x4(c, d, 0x88)}, V32{_mm512_shuffle_i32x4(c, d, 0xDD)}};
#elif HWY_MAX_BYTES == 32
    return {hn::ConcatLowerLower(d32, p1, p0), hn::ConcatLowerLower(d32, p3, p2),
            hn::ConcatUpperUpper(d32, p1, p0), hn::ConcatUpperUpper(d32, p3, p2)};
#else
    return {p0, p1, p2, p3};
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

/* `block` holds 16 samples of one row, then 16 of the other. */
HWY_INLINE void AddPair(V32 &a, V32 &b, V32 &c, V32 &d, const int16_t *block, int32_t pair) {
    const int16x4_t w = vreinterpret_s16_s32(vdup_n_s32(pair));
    const int16x8_t s0 = vld1q_s16(block), s1 = vld1q_s16(block + 8);
    const int16x8_t s2 = vld1q_s16(block + 16), s3 = vld1q_s16(block + 24);
    a.raw = vmlal_lane_s16(a.raw, vget_low_s16(s0), w, 0);
    b.raw = vmlal_high_lane_s16(b.raw, s0, w, 0);
    c.raw = vmlal_lane_s16(c.raw, vget_low_s16(s1), w, 0);
    d.raw = vmlal_high_lane_s16(d.raw, s1, w, 0);
    a.raw = vmlal_lane_s16(a.raw, vget_low_s16(s2), w, 1);
    b.raw = vmlal_high_lane_s16(b.raw, s2, w, 1);
    c.raw = vmlal_lane_s16(c.raw, vget_low_s16(s3), w, 1);
    d.raw = vmlal_high_lane_s16(d.raw, s3, w, 1);
}

HWY_INLINE void AddPair2(V32 &a0, V32 &a1, V32 &a2, V32 &a3, V32 &b0, V32 &b1, V32 &b2, V32 &b3,
                         const int16_t *block, int32_t pair_a, int32_t pair_b) {
    AddPair(a0, a1, a2, a3, block, pair_a);
    AddPair(b0, b1, b2, b3, block, pair_b);
}

HWY_INLINE Sums InPixels(const Sums &sums) {
    return sums;
}

#endif

template <size_t kChannels> HWY_INLINE VF Finish(V32 sums) {
    alignas(16) static constexpr int32_t kIsColor[2][4] = {{-1, 0, -1, 0}, {-1, -1, -1, 0}};
    alignas(16) static constexpr float kScales[2][4] = {
        {1 / 16384.0f, 255 / 2097152.0f, 1 / 16384.0f, 255 / 2097152.0f},
        {1 / 16384.0f, 1 / 16384.0f, 1 / 16384.0f, 255 / 2097152.0f}};
    V32 alphas;
    if constexpr (kChannels == 4) {
        alphas = hn::Broadcast<3>(sums);
    } else {
        alphas = hn::DupOdd(sums);
    }
    const V32 colors = hn::And(sums, hn::LoadDup128(d32, kIsColor[kChannels / 4]));
    const VF alpha = hn::ConvertTo(df, hn::Add(alphas, hn::Set(d32, 1 << 28)));
    return hn::Mul(hn::Add(hn::ConvertTo(df, colors), alpha),
                   hn::LoadDup128(df, kScales[kChannels / 4]));
}

HWY_INLINE V32 Old(const int32_t *old, size_t i) {
    return old != nullptr ? hn::LoadU(d32, old + i * kLanes32) : hn::Zero(d32);
}

HWY_INLINE void StoreSums(const Sums &s, int32_t *out) {
    hn::StoreU(s.a, d32, out);
    hn::StoreU(s.b, d32, out + kLanes32);
    hn::StoreU(s.c, d32, out + 2 * kLanes32);
    hn::StoreU(s.d, d32, out + 3 * kLanes32);
}

template <size_t kChannels> void FinishBlock(const Sums &sums, float *out) {
    const Sums s = InPixels(sums);
    hn::StoreU(Finish<kChannels>(s.a), df, out);
    hn::StoreU(Finish<kChannels>(s.b), df, out + kLanes32);
    hn::StoreU(Finish<kChannels>(s.c), df, out + 2 * kLanes32);
    hn::StoreU(Finish<kChannels>(s.d), df, out + 3 * kLanes32);
}

template <size_t kChannels>
HWY_INLINE void EndBlock(const Sums &sums, const struct ic_vpass_alpha_target &target, size_t at) {
    if (target.finish) {
        FinishBlock<kChannels>(sums, static_cast<float *>(target.sums) + at);
    } else {
        StoreSums(sums, static_cast<int32_t *>(target.sums) + at);
    }
}

HWY_INLINE const int32_t *OldSums(const struct ic_vpass_alpha_target &target, size_t at) {
    return target.accumulate ? static_cast<const int32_t *>(target.sums) + at : nullptr;
}

constexpr size_t kPairStride = 2 * kStrip; /* in the premultiplied strip */

/* A strip into one target; `at` is where it lies in the target's row. */
template <size_t kChannels>
void OneTarget(const int16_t *strip, size_t samples, size_t at, const Spread &spread,
               const struct ic_vpass_alpha_target &target) {
    for (size_t x = 0; x < samples; x += kBlock) {
        const int32_t *old = OldSums(target, at + x);
        V32 a = Old(old, 0), b = Old(old, 1), c = Old(old, 2), d = Old(old, 3);
        const int16_t *block = strip + static_cast<size_t>(spread.begin) * kPairStride + 2 * x;
        for (int p = spread.begin; p < spread.end; p++, block += kPairStride) {
            AddPair(a, b, c, d, block, spread.weights[p]);
        }
        EndBlock<kChannels>({a, b, c, d}, target, at + x);
    }
}

/* The same for two that share rows: pairs of the first alone, of both, of the second. */
template <size_t kChannels>
void TwoTargets(const int16_t *strip, size_t samples, size_t at, const Spread *spread,
                const struct ic_vpass_alpha_target *target) {
    const Spread &first = spread[0], &second = spread[1];
    const int both_begin = second.begin, both_end = first.end, end = second.end;
    for (size_t x = 0; x < samples; x += kBlock) {
        const int32_t *old_a = OldSums(target[0], at + x), *old_b = OldSums(target[1], at + x);
        V32 a0 = Old(old_a, 0), a1 = Old(old_a, 1), a2 = Old(old_a, 2), a3 = Old(old_a, 3);
        V32 b0 = Old(old_b, 0), b1 = Old(old_b, 1), b2 = Old(old_b, 2), b3 = Old(old_b, 3);
        const int16_t *block = strip + static_cast<size_t>(first.begin) * kPairStride + 2 * x;
        int p = first.begin;
        for (; p < both_begin; p++, block += kPairStride) {
            AddPair(a0, a1, a2, a3, block, first.weights[p]);
        }
        for (; p < both_end; p++, block += kPairStride) {
            AddPair2(a0, a1, a2, a3, b0, b1, b2, b3, block, first.weights[p], second.weights[p]);
        }
        for (; p < end; p++, block += kPairStride) {
            AddPair(b0, b1, b2, b3, block, second.weights[p]);
        }
        EndBlock<kChannels>({a0, a1, a2, a3}, target[0], at + x);
        EndBlock<kChannels>({b0, b1, b2, b3}, target[1], at + x);
    }
}

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
            if (t + 1 < target_count && spread[t + 1].begin < spread[t].end) {
                TwoTargets<kChannels>(strip, samples, at, spread + t, targets + t);
                t += 2;
            } else {
                OneTarget<kChannels>(strip, samples, at, spread[t], targets[t]);
                t++;
            }
        }
    }
}

} // namespace

void FillVpassAlpha(struct ic_kernels *kernels) {
    kernels->vpass_alpha[2] = VpassAlpha<2>;
    kernels->vpass_alpha[4] = VpassAlpha<4>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_vpass_alpha(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillVpassAlpha, target, kernels)
}
#endif
