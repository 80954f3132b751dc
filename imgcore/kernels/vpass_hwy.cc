/* The vertical pass of the fixed-point path, for any number of channels, and its end without a
 * horizontal pass.
 *
 * A block of columns is processed for all taps with its sums in registers; bytes become 16-bit
 * numbers times 2^7, with one rounding multiplication (pmulhrsw, sqrdmulh) and one addition each.
 * x86 widens without a shuffle: the odd bytes by a shift and a mask, the even ones by pmaddubsw
 * with -128, whose negative result is compensated exactly by a negated weight. That uses all four
 * vector ports of Zen and both kinds of Intel; even and odd sums are put in order at the end of a
 * block. Measured in L2 with 256-bit (512-bit) vectors: this 1.00, pmaddubsw for both halves 1.06
 * (1.03), unpacking 1.13 (1.04), masks and shifts for both halves 1.14 (1.05). Strips of columns
 * that stay in L1 gain nothing over entire rows. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/vpass_hwy.cc"
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
using V16 = hn::Vec<decltype(d16)>;

constexpr size_t kLanes8 = HWY_MAX_BYTES;      /* samples in a vector of bytes */
constexpr size_t kLanes16 = HWY_MAX_BYTES / 2; /* samples in a vector of sums */
constexpr int kMaxTaps = 64;                   /* taps whose weights are expanded together */

/* A weight in the form of the loop: with SSE4 in all lanes, since there a broadcast is an
 * instruction more; else twice in 32 bits, since a broadcast of 32 bits costs only a load. */
constexpr size_t kCopies = IC_HWY_X86 && HWY_MAX_BYTES == 16 ? 8 : 2;
struct Weight {
    alignas(2 * kCopies) int16_t plain[kCopies];
    alignas(2 * kCopies) int16_t negated[kCopies]; /* x86 */
};

HWY_INLINE void Spread(int32_t weight, Weight &spread) {
    for (size_t i = 0; i < kCopies; i++) {
        spread.plain[i] = static_cast<int16_t>(weight);
        spread.negated[i] = static_cast<int16_t>(-weight);
    }
}

HWY_INLINE V16 SetWeight(const int16_t *copies) {
    if constexpr (kCopies * sizeof(copies[0]) == HWY_MAX_BYTES) {
        return hn::Load(d16, copies);
    } else {
        int32_t pair;
        memcpy(&pair, copies, sizeof(pair));
        return hn::BitCast(d16, hn::Set(hn::ScalableTag<int32_t>(), pair));
    }
}

#if IC_HWY_X86

/* Sums of one vector of bytes: `first` of the even ones, `second` of the odd ones. */
struct Sums {
    V16 first, second;
};

/* Sums of pairs of bytes times those of `factors`, which are signed. */
HWY_INLINE V16 SumBytePairs(V8 v, V16 factors) {
#if HWY_MAX_BYTES == 64
    return V16{_mm512_maddubs_epi16(v.raw, factors.raw)};
#elif HWY_MAX_BYTES == 32
    return V16{_mm256_maddubs_epi16(v.raw, factors.raw)};
#else
    return V16{_mm_maddubs_epi16(v.raw, factors.raw)};
#endif
}

HWY_INLINE V16 NegatedEven(V8 v) {
    return SumBytePairs(v, hn::Set(d16, 0x0080)); /* bytes -128, 0 */
}

HWY_INLINE V16 NegatedOdd(V8 v) {
    return SumBytePairs(v, hn::Set(d16, static_cast<int16_t>(0x8000))); /* bytes 0, -128 */
}

HWY_INLINE V16 Odd(V8 v) {
    const hn::Repartition<uint16_t, decltype(du8)> du16;
    const auto shifted = hn::ShiftRight<1>(hn::BitCast(du16, v));
    return hn::BitCast(d16, hn::And(shifted, hn::Set(du16, 0x7F80)));
}

HWY_INLINE void AddTap(V8 v, V16 weight, V16 negated, Sums &sums) {
    IC_HWY_KEEP(v);
    sums.first = hn::Add(sums.first, hn::MulFixedPoint15(NegatedEven(v), negated));
    sums.second = hn::Add(sums.second, hn::MulFixedPoint15(Odd(v), weight));
    IC_HWY_KEEP(sums.first);
    IC_HWY_KEEP(sums.second);
}

/* Puts the sums in the order of the samples. */
HWY_INLINE Sums InOrder(const Sums &sums) {
#if HWY_MAX_BYTES == 64
    alignas(64) static constexpr int16_t kLower[32] = {0,  32, 1,  33, 2,  34, 3,  35, 4,  36, 5,
                                                       37, 6,  38, 7,  39, 8,  40, 9,  41, 10, 42,
                                                       11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
    const V16 lower = hn::Load(d16, kLower);
    const V16 upper = hn::Add(lower, hn::Set(d16, 16));
    return {V16{_mm512_permutex2var_epi16(sums.first.raw, lower.raw, sums.second.raw)},
            V16{_mm512_permutex2var_epi16(sums.first.raw, upper.raw, sums.second.raw)}};
#else
    const V16 lower = hn::InterleaveLower(d16, sums.first, sums.second);
    const V16 upper = hn::InterleaveUpper(d16, sums.first, sums.second);
#if HWY_MAX_BYTES == 32
    return {hn::ConcatLowerLower(d16, upper, lower), hn::ConcatUpperUpper(d16, upper, lower)};
#else
    return {lower, upper};
#endif
#endif
}

#else /* NEON widens and shifts in one instruction, in order */

struct Sums {
    V16 first, second;
};

HWY_INLINE void AddTap(V8 v, V16 weight, V16, Sums &sums) {
    const V16 lower{vreinterpretq_s16_u16(vshll_n_u8(vget_low_u8(v.raw), 7))};
    const V16 upper{vreinterpretq_s16_u16(vshll_n_u8(vget_high_u8(v.raw), 7))};
    sums.first = hn::Add(sums.first, hn::MulFixedPoint15(lower, weight));
    sums.second = hn::Add(sums.second, hn::MulFixedPoint15(upper, weight));
}

HWY_INLINE Sums InOrder(const Sums &sums) {
    return sums;
}

#endif

/* Computes the sums of one vector of columns, in order, into `out`; `old` (may be NULL) is added.
 */
HWY_INLINE void StoreSums(const Sums &sums, const int16_t *old, int16_t *out) {
    Sums s = InOrder(sums);
    if (old != nullptr) {
        s.first = hn::Add(s.first, hn::LoadU(d16, old));
        s.second = hn::Add(s.second, hn::LoadU(d16, old + kLanes16));
    }
    hn::StoreU(s.first, d16, out);
    hn::StoreU(s.second, d16, out + kLanes16);
}

/* Computes one vector of columns from x on. */
void Columns1(const uint8_t *const *rows, const Weight *weights, int taps, size_t x,
              const int16_t *old, int16_t *out) {
    const V16 zero = hn::Zero(d16);
    Sums a{zero, zero};
    for (int k = 0; k < taps; k++) {
        AddTap(hn::LoadU(du8, rows[k] + x), SetWeight(weights[k].plain),
               SetWeight(weights[k].negated), a);
    }
    StoreSums(a, old, out);
}

/* Prefetches a later block: the hardware does not predict so many rows at the same time. Entire
 * vertical pass of 14784x3279 bytes to 567 rows of 36 taps, ms: in L2 512-bit 3.8 to 3.5,
 * 256-bit 6.0 to 5.5; from memory 5.5 to 4.7 and 16 to 5.6. 256 bytes ahead and 768 are both worse.
 */
template <size_t kColumns> HWY_INLINE void Prefetch(const uint8_t *row) {
    const uintptr_t ahead = reinterpret_cast<uintptr_t>(row) + 512;
    for (size_t line = 0; line < kColumns * kLanes8; line += 64) {
        __builtin_prefetch(reinterpret_cast<const void *>(ahead + line));
    }
}

/* Four vectors of columns: enough to make each pair of broadcast weights worth its loads, and as
 * many as 16 registers hold. */
void Columns4(const uint8_t *const *rows, const Weight *weights, int taps, size_t x,
              const int16_t *old, int16_t *out) {
    const V16 zero = hn::Zero(d16);
    Sums a{zero, zero}, b{zero, zero}, c{zero, zero}, d{zero, zero};
    for (int k = 0; k < taps; k++) {
        const uint8_t *row = rows[k] + x;
        const V16 weight = SetWeight(weights[k].plain);
        const V16 negated = SetWeight(weights[k].negated);
        Prefetch<4>(row);
        AddTap(hn::LoadU(du8, row), weight, negated, a);
        AddTap(hn::LoadU(du8, row + kLanes8), weight, negated, b);
        AddTap(hn::LoadU(du8, row + 2 * kLanes8), weight, negated, c);
        AddTap(hn::LoadU(du8, row + 3 * kLanes8), weight, negated, d);
    }
    const size_t step = old != nullptr ? kLanes8 : 0;
    StoreSums(a, old, out);
    StoreSums(b, old + step, out + kLanes8);
    StoreSums(c, old + 2 * step, out + 2 * kLanes8);
    StoreSums(d, old + 3 * step, out + 3 * kLanes8);
}

/* Fewer columns than a vector: computed in copies. */
void ColumnsFew(const uint8_t *const *rows, const Weight *weights, int taps, int16_t *sums,
                size_t n, bool accumulate) {
    uint8_t copies[kMaxTaps][kLanes8] = {};
    const uint8_t *copied_rows[kMaxTaps];
    int16_t copied_sums[kLanes8] = {};
    for (int k = 0; k < taps; k++) {
        memcpy(copies[k], rows[k], n);
        copied_rows[k] = copies[k];
    }
    memcpy(copied_sums, sums, n * sizeof(sums[0]));
    Columns1(copied_rows, weights, taps, 0, accumulate ? copied_sums : nullptr, copied_sums);
    memcpy(sums, copied_sums, n * sizeof(sums[0]));
}

void SomeTaps(const uint8_t *const *rows, const Weight *weights, int taps, int16_t *sums, size_t n,
              bool accumulate) {
    if (n < kLanes8) {
        ColumnsFew(rows, weights, taps, sums, n, accumulate);
        return;
    }
    /* The last vector overlaps its neighbour. It is computed first and stored last, so that the old
     * sums under it are added once. */
    const size_t last_x = n - kLanes8;
    int16_t last[kLanes8];
    Columns1(rows, weights, taps, last_x, accumulate ? sums + last_x : nullptr, last);
    size_t x = 0;
    for (; x + 4 * kLanes8 <= n; x += 4 * kLanes8) {
        Columns4(rows, weights, taps, x, accumulate ? sums + x : nullptr, sums + x);
    }
    for (; x < last_x; x += kLanes8) {
        Columns1(rows, weights, taps, x, accumulate ? sums + x : nullptr, sums + x);
    }
    memcpy(sums + last_x, last, sizeof(last));
}

void VpassU8(const uint8_t *const *rows, const int16_t *weights, int taps, int16_t *sums, size_t n,
             bool accumulate) {
    if (n == 0) {
        return;
    }
    int done = 0;
    do {
        const int some = HWY_MIN(taps - done, kMaxTaps);
        Weight spread[kMaxTaps];
        for (int k = 0; k < some; k++) {
            Spread(weights[done + k], spread[k]);
        }
        SomeTaps(rows + done, spread, some, sums, n, accumulate || done > 0);
        done += some;
    } while (done < taps);
}

/* ---- two targets together --------------------------------------------------------------------
 * Widening is shared: entire vertical pass of 14784x3279 bytes to 567 rows, ms: 512-bit 4.1 to 3.0,
 * 256-bit 6.5 to 4.9. Pairs of 16-bit rows or floats, which need no widening, gain nothing. */

/* Vectors of columns in parallel: twice the sums of one target, in 16 registers or 32. */
constexpr size_t kPairColumns = HWY_MAX_BYTES == 64 || !IC_HWY_X86 ? 4 : 2;
constexpr size_t kPairBytes = kPairColumns * kLanes8;

struct PairSums {
    Sums a, b;
};

/* Sixteen-bit halves of a vector of bytes times 2^7, as AddTap multiplies them, but with pmaddubsw
 * for both up to 256 bits: an instruction less, and half of the weights. 14784 bytes, 24 rows, on
 * Zen 4: 59.6 byte-taps/ns with 256 bits by AddTap's way, 63.2 by this, and 72.7 and 69.0 with 512;
 * two rows for each turn of the loop, or three columns, are slower. */
HWY_INLINE void AddBoth(V8 v, V16 weight_a, V16 negated_a, V16 weight_b, V16 negated_b,
                        PairSums &sums) {
#if IC_HWY_X86
    IC_HWY_KEEP(v);
    V16 even = NegatedEven(v);
#if HWY_MAX_BYTES == 64
    V16 odd = Odd(v);
#else
    V16 odd = NegatedOdd(v);
    weight_a = negated_a;
    weight_b = negated_b;
#endif
    IC_HWY_KEEP(even);
    IC_HWY_KEEP(odd);
#else
    const V16 even{vreinterpretq_s16_u16(vshll_n_u8(vget_low_u8(v.raw), 7))};
    const V16 odd{vreinterpretq_s16_u16(vshll_n_u8(vget_high_u8(v.raw), 7))};
    negated_a = weight_a;
    negated_b = weight_b;
#endif
    sums.a.first = hn::Add(sums.a.first, hn::MulFixedPoint15(even, negated_a));
    sums.b.first = hn::Add(sums.b.first, hn::MulFixedPoint15(even, negated_b));
    sums.a.second = hn::Add(sums.a.second, hn::MulFixedPoint15(odd, weight_a));
    sums.b.second = hn::Add(sums.b.second, hn::MulFixedPoint15(odd, weight_b));
    IC_HWY_KEEP(sums.a.first);
    IC_HWY_KEEP(sums.b.first);
    IC_HWY_KEEP(sums.a.second);
    IC_HWY_KEEP(sums.b.second);
}

/* Computes 1, 2 or 4 vectors of columns: rows of the first target only, of both, of the second. */
template <size_t kColumns>
HWY_INLINE void PairColumns(const uint8_t *const *rows, const Weight *a, const Weight *b,
                            const struct ic_vpass_pair &pair, size_t x) {
    const V16 zero = hn::Zero(d16);
    const PairSums none{{zero, zero}, {zero, zero}};
    PairSums s0 = none, s1 = none, s2 = none, s3 = none;
    int k = 0;
    for (; k < pair.second_begin; k++) {
        const uint8_t *row = rows[k] + x;
        const V16 weight = SetWeight(a[k].plain), negated = SetWeight(a[k].negated);
        Prefetch<kColumns>(row);
        AddTap(hn::LoadU(du8, row), weight, negated, s0.a);
        if (kColumns >= 2) {
            AddTap(hn::LoadU(du8, row + kLanes8), weight, negated, s1.a);
        }
        if (kColumns == 4) {
            AddTap(hn::LoadU(du8, row + 2 * kLanes8), weight, negated, s2.a);
            AddTap(hn::LoadU(du8, row + 3 * kLanes8), weight, negated, s3.a);
        }
    }
    for (; k < pair.first_end; k++) {
        const uint8_t *row = rows[k] + x;
        const V16 weight_a = SetWeight(a[k].plain), negated_a = SetWeight(a[k].negated);
        const V16 weight_b = SetWeight(b[k].plain), negated_b = SetWeight(b[k].negated);
        Prefetch<kColumns>(row);
        AddBoth(hn::LoadU(du8, row), weight_a, negated_a, weight_b, negated_b, s0);
        if (kColumns >= 2) {
            AddBoth(hn::LoadU(du8, row + kLanes8), weight_a, negated_a, weight_b, negated_b, s1);
        }
        if (kColumns == 4) {
            AddBoth(hn::LoadU(du8, row + 2 * kLanes8), weight_a, negated_a, weight_b, negated_b,
                    s2);
            AddBoth(hn::LoadU(du8, row + 3 * kLanes8), weight_a, negated_a, weight_b, negated_b,
                    s3);
        }
    }
    for (; k < pair.taps; k++) {
        const uint8_t *row = rows[k] + x;
        const V16 weight = SetWeight(b[k].plain), negated = SetWeight(b[k].negated);
        Prefetch<kColumns>(row);
        AddTap(hn::LoadU(du8, row), weight, negated, s0.b);
        if (kColumns >= 2) {
            AddTap(hn::LoadU(du8, row + kLanes8), weight, negated, s1.b);
        }
        if (kColumns == 4) {
            AddTap(hn::LoadU(du8, row + 2 * kLanes8), weight, negated, s2.b);
            AddTap(hn::LoadU(du8, row + 3 * kLanes8), weight, negated, s3.b);
        }
    }
    int16_t *out_a = pair.sums[0] + x;
    int16_t *out_b = pair.sums[1] + x;
    const int16_t *old_a = pair.accumulate[0] ? out_a : nullptr;
    const int16_t *old_b = pair.accumulate[1] ? out_b : nullptr;
    const size_t step_a = old_a != nullptr ? kLanes8 : 0, step_b = old_b != nullptr ? kLanes8 : 0;
    StoreSums(s0.a, old_a, out_a);
    StoreSums(s0.b, old_b, out_b);
    if (kColumns >= 2) {
        StoreSums(s1.a, old_a + step_a, out_a + kLanes8);
        StoreSums(s1.b, old_b + step_b, out_b + kLanes8);
    }
    if (kColumns == 4) {
        StoreSums(s2.a, old_a + 2 * step_a, out_a + 2 * kLanes8);
        StoreSums(s2.b, old_b + 2 * step_b, out_b + 2 * kLanes8);
        StoreSums(s3.a, old_a + 3 * step_a, out_a + 3 * kLanes8);
        StoreSums(s3.b, old_b + 3 * step_b, out_b + 3 * kLanes8);
    }
}

void Vpass2U8(const uint8_t *const *rows, const struct ic_vpass_pair *pair, size_t n) {
    const struct ic_vpass_pair p = *pair;
    const int16_t *first = p.weights[0];
    const int16_t *second = p.weights[1];
    const uint8_t *rest[kMaxTaps];
    size_t x = 0;
    if (p.taps <= kMaxTaps) {
        Weight a[kMaxTaps], b[kMaxTaps];
        for (int k = 0; k < p.first_end; k++) {
            Spread(first[k], a[k]);
        }
        for (int k = p.second_begin; k < p.taps; k++) {
            Spread(second[k - p.second_begin], b[k]);
        }
        for (; x + kPairBytes <= n; x += kPairBytes) {
            PairColumns<kPairColumns>(rows, a, b, p, x);
        }
        /* less than two vectors are left to VpassU8, whose last one overlaps, unless it is one */
        for (; n - x >= 2 * kLanes8 || n - x == kLanes8; x += kLanes8) {
            PairColumns<1>(rows, a, b, p, x);
        }
        for (int k = 0; k < p.taps; k++) {
            rest[k] = rows[k] + x;
        }
        rows = rest;
    }
    VpassU8(rows, first, p.first_end, p.sums[0] + x, n - x, p.accumulate[0]);
    VpassU8(rows + p.second_begin, second, p.taps - p.second_begin, p.sums[1] + x, n - x,
            p.accumulate[1]);
}

HWY_INLINE V8 Narrow(const int16_t *in) {
    const V16 half = hn::Set(d16, 1 << (IC_INTER_BITS - 1));
    const V16 a = hn::ShiftRight<IC_INTER_BITS>(hn::SaturatedAdd(hn::LoadU(d16, in), half));
    const V16 b =
        hn::ShiftRight<IC_INTER_BITS>(hn::SaturatedAdd(hn::LoadU(d16, in + kLanes16), half));
    const hn::Half<decltype(du8)> half8;
    return hn::Combine(du8, hn::DemoteTo(half8, b), hn::DemoteTo(half8, a));
}

void NarrowI16U8(const int16_t *in, uint8_t *out, size_t n) {
    if (n < kLanes8) {
        int16_t copied_in[kLanes8] = {};
        uint8_t copied_out[kLanes8];
        memcpy(copied_in, in, n * sizeof(in[0]));
        hn::StoreU(Narrow(copied_in), du8, copied_out);
        memcpy(out, copied_out, n);
        return;
    }
    for (size_t i = 0; i < n - kLanes8; i += kLanes8) {
        hn::StoreU(Narrow(in + i), du8, out + i);
    }
    hn::StoreU(Narrow(in + n - kLanes8), du8, out + n - kLanes8);
}

} // namespace

void FillVpass(struct ic_kernels *kernels) {
    kernels->vpass_u8 = VpassU8;
    kernels->vpass2_u8 = Vpass2U8;
    kernels->narrow_i16_u8 = NarrowI16U8;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_vpass(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillVpass, target, kernels)
}
#endif
