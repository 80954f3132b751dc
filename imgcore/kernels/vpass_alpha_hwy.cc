/* The vertical pass over pixels with straight alpha, and the search for rows that need none.
 *
 * It works on a strip of columns at a time: its pixels, premultiplied to floats, stay in L1 while
 * they are added to every target; two targets that share rows share the loads. A strip that is
 * transparent adds nothing. Products are rounded before they are added, in the order of the taps.
 * 4928x3279 to 852x567 and to 1200x798, ms, Zen 4 with 512 bits: premultiplied and passed by two
 * kernels 21.5 and 23.5, this 19.1 and 20.3; without prefetching 19.8 and 21.6, into L1 the same;
 * 32 rows in strips half as wide 20.1 and 22.3. Since then one load for two targets, premultiplying
 * as floats and, of a picture with an eighth of transparent strips, leaving those out: 15.3 and
 * 17.3.
 * Integers are faster, but not accurate enough: colour * alpha in 16 bits times weights of 14 bits,
 * pairs of rows by pmaddwd into 32 bits, takes 11.7 and 14.0, but where weights cancel to an alpha
 * of 1 or 2 colours are off by up to 2, and alphas near 1/2 round to the other side; weights of 15
 * bits, the most that 32-bit sums hold, only halve that. Weights in two such parts are as exact as
 * floats: 7 % faster with VNNI, 3 % slower with AVX2, 12 % with SSE4. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/vpass_alpha_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/premultiply-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

const hn::ScalableTag<float> df;

constexpr size_t kLanes = HWY_MAX_BYTES / sizeof(float);
/* Samples computed together: four vectors of floats. */
constexpr size_t kBlock = 4 * kLanes;
constexpr size_t kStrip = 256;  /* samples: 16 KiB of floats, for 16 rows */
constexpr size_t kAhead = 1024; /* bytes of each row prefetched */
static_assert(kStrip % IC_VPASS_ALPHA_SAMPLES == 0 && IC_VPASS_ALPHA_SAMPLES % kBlock == 0, "");

struct Sums {
    VF a, b, c, d;
};

HWY_INLINE Sums StartSums(const struct ic_vpass_alpha_target &target, size_t at) {
    if (!target.accumulate) {
        const VF zero = hn::Zero(df);
        return {zero, zero, zero, zero};
    }
    const float *old = target.sums + at;
    return {hn::LoadU(df, old), hn::LoadU(df, old + kLanes), hn::LoadU(df, old + 2 * kLanes),
            hn::LoadU(df, old + 3 * kLanes)};
}

HWY_INLINE void StoreSums(const Sums &s, const struct ic_vpass_alpha_target &target, size_t at) {
    float *out = target.sums + at;
    hn::StoreU(s.a, df, out);
    hn::StoreU(s.b, df, out + kLanes);
    hn::StoreU(s.c, df, out + 2 * kLanes);
    hn::StoreU(s.d, df, out + 3 * kLanes);
}

/* A broadcast of integers: one of floats from memory takes a vector port on Zen 4. 4928x3279 to
 * 852x567 with 512 bits: 13.8 ms, with floats 15.1. */
HWY_INLINE VF SetWeight(float weight) {
    int32_t bits;
    memcpy(&bits, &weight, sizeof(bits));
    return hn::BitCast(df, hn::Set(hn::RebindToSigned<decltype(df)>(), bits));
}

HWY_INLINE void AddRow(Sums &s, const float *row, float weight) {
    const VF w = SetWeight(weight);
    s.a = hn::Add(s.a, hn::Mul(hn::Load(df, row), w));
    s.b = hn::Add(s.b, hn::Mul(hn::Load(df, row + kLanes), w));
    s.c = hn::Add(s.c, hn::Mul(hn::Load(df, row + 2 * kLanes), w));
    s.d = hn::Add(s.d, hn::Mul(hn::Load(df, row + 3 * kLanes), w));
}

/* One load for two products: 4928x3279 to 852x567 and 1200x798 takes 17.4 and 19.4 ms, with gcc's
 * two loads 18.3 and 20.3. */
HWY_INLINE void AddTwice(const float *in, VF w, VF v, VF &s, VF &t) {
    VF both = hn::Load(df, in);
    IC_HWY_KEEP(both);
    s = hn::Add(s, hn::Mul(both, w));
    t = hn::Add(t, hn::Mul(both, v));
}

HWY_INLINE void AddRowTwice(Sums &s, Sums &t, const float *row, float weight_s, float weight_t) {
    const VF w = SetWeight(weight_s), v = SetWeight(weight_t);
    AddTwice(row, w, v, s.a, t.a);
    AddTwice(row + kLanes, w, v, s.b, t.b);
    AddTwice(row + 2 * kLanes, w, v, s.c, t.c);
    AddTwice(row + 3 * kLanes, w, v, s.d, t.d);
}

/* Adds a strip to one target; `at` is its position in the row of the target. */
void OneTarget(const float *strip, size_t samples, size_t at,
               const struct ic_vpass_alpha_target &target) {
    for (size_t x = 0; x < samples; x += kBlock) {
        Sums sums = StartSums(target, at + x);
        const float *row = strip + static_cast<size_t>(target.first) * kStrip + x;
        for (int k = 0; k < target.taps; k++, row += kStrip) {
            AddRow(sums, row, target.weights[k]);
        }
        StoreSums(sums, target, at + x);
    }
}

/* The same for two targets that share rows: rows of the first only, of both, of the second. */
void TwoTargets(const float *strip, size_t samples, size_t at,
                const struct ic_vpass_alpha_target &first,
                const struct ic_vpass_alpha_target &second) {
    const int second_begin = second.first - first.first;
    const float *first_weights = first.weights, *second_weights = second.weights - second_begin;
    const int first_end = first.taps, end = second_begin + second.taps;
    for (size_t x = 0; x < samples; x += kBlock) {
        Sums s = StartSums(first, at + x);
        Sums t = StartSums(second, at + x);
        const float *row = strip + static_cast<size_t>(first.first) * kStrip + x;
        int k = 0;
        for (; k < second_begin; k++, row += kStrip) {
            AddRow(s, row, first_weights[k]);
        }
        for (; k < first_end; k++, row += kStrip) {
            AddRowTwice(s, t, row, first_weights[k], second_weights[k]);
        }
        for (; k < end; k++, row += kStrip) {
            AddRow(t, row, second_weights[k]);
        }
        StoreSums(s, first, at + x);
        StoreSums(t, second, at + x);
    }
}

/* Prefetches into L2: L1 has too few line fill buffers to keep the memory busy. Reading 4928x3279
 * RGBA strip by strip: 32 rows together 5.2 ms into L1, 3.0 into L2; 16 rows 2.9 and 2.3. */
HWY_INLINE void PrefetchRow(const uint8_t *row) {
    const uintptr_t ahead = reinterpret_cast<uintptr_t>(row) + kAhead;
    __builtin_prefetch(reinterpret_cast<const void *>(ahead), 0, 2);
}

/* Loads columns [at, at + samples) of all rows; past their end zeros. */
template <size_t kChannels>
HWY_INLINE void PremultiplyStrip(const uint8_t *const *rows, int row_count, size_t at,
                                 size_t samples, size_t row_samples, float *strip) {
    using Step = PremultiplyStep<kChannels>;
    constexpr size_t kStep = Step::kPixels * kChannels;
    const Step step = PremultiplyStep<kChannels>();
    const size_t whole = HWY_MIN(samples, row_samples - at) / kStep * kStep;
    for (int y = 0; y < row_count; y++, strip += kStrip) {
        const uint8_t *row = rows[y] + at;
        for (size_t x = 0; x < whole; x += kStep) {
            if (x % 64 == 0) {
                PrefetchRow(row + x);
            }
            step(row + x, strip + x);
        }
        for (size_t x = whole; x < samples; x += kStep) {
            uint8_t copy[kStep] = {};
            if (at + x < row_samples) {
                memcpy(copy, row + x, HWY_MIN(kStep, row_samples - at - x));
            }
            step(copy, strip + x);
        }
    }
}

/* Whether all pixels of a strip are transparent. Most strips that are not show it at a corner. */
template <size_t kChannels>
HWY_INLINE bool IsTransparent(const uint8_t *const *rows, int row_count, size_t at,
                              size_t samples) {
    const hn::ScalableTag<uint8_t> d8;
    const hn::RepartitionToWide<hn::RepartitionToWide<decltype(d8)>> d32;
    const auto alphas = hn::BitCast(d8, hn::Set(d32, kChannels == 4 ? 0xff000000 : 0xff00ff00));
    const uint8_t *first = rows[0] + at, *last = rows[row_count - 1] + at;
    const size_t right = samples - 1;
    if ((first[kChannels - 1] | first[right] | last[kChannels - 1] | last[right]) != 0) {
        return false;
    }
    for (int y = 0; y < row_count; y++) {
        const uint8_t *row = rows[y] + at;
        auto seen = hn::Zero(d8);
        size_t x = 0;
        for (; x + HWY_MAX_BYTES <= samples; x += HWY_MAX_BYTES) {
            seen = hn::Or(seen, hn::LoadU(d8, row + x));
        }
        uint8_t rest = 0;
        for (x += kChannels - 1; x < samples; x += kChannels) {
            rest |= row[x];
        }
        if (rest != 0 || !hn::AllTrue(d8, hn::Eq(hn::And(seen, alphas), hn::Zero(d8)))) {
            return false;
        }
    }
    for (int y = 0; y < row_count; y++) { /* as for other strips */
        for (size_t x = 0; x < samples; x += 64) {
            PrefetchRow(rows[y] + at + x);
        }
    }
    return true;
}

/* Adds a strip of transparent pixels. */
void AddZeros(const struct ic_vpass_alpha_target *targets, int target_count, size_t at,
              size_t samples) {
    for (int t = 0; t < target_count; t++) {
        if (!targets[t].accumulate) {
            memset(targets[t].sums + at, 0, samples * sizeof(float));
        }
    }
}

template <size_t kChannels>
void VpassAlpha(const uint8_t *const *rows, int row_count,
                const struct ic_vpass_alpha_target *targets, int target_count, size_t n) {
    HWY_ALIGN float strip[IC_VPASS_ALPHA_ROWS * kStrip];
    const size_t row_samples = n * kChannels;
    for (size_t at = 0; at < row_samples; at += kStrip) {
        const size_t left = row_samples - at;
        const size_t samples = HWY_MIN(kStrip, (left + IC_VPASS_ALPHA_SAMPLES - 1) /
                                                   IC_VPASS_ALPHA_SAMPLES * IC_VPASS_ALPHA_SAMPLES);
        if (IsTransparent<kChannels>(rows, row_count, at, HWY_MIN(samples, left))) {
            AddZeros(targets, target_count, at, samples);
            continue;
        }
        PremultiplyStrip<kChannels>(rows, row_count, at, samples, row_samples, strip);
        for (int t = 0; t < target_count;) {
            const struct ic_vpass_alpha_target &first = targets[t];
            if (t + 1 < target_count && targets[t + 1].first < first.first + first.taps) {
                TwoTargets(strip, samples, at, first, targets[t + 1]);
                t += 2;
            } else {
                OneTarget(strip, samples, at, first);
                t++;
            }
        }
    }
}

/* Most pictures that are not opaque are not from their first pixels on, so that is noticed after
 * four vectors. */
template <size_t kChannels> bool IsOpaque(const uint8_t *pixels, size_t n) {
    const hn::ScalableTag<uint8_t> d8;
    const hn::RepartitionToWide<hn::RepartitionToWide<decltype(d8)>> d32;
    constexpr size_t kVector = HWY_MAX_BYTES;
    const uint32_t colors = kChannels == 4 ? 0x00ffffff : 0x00ff00ff;
    const auto ignored = hn::BitCast(d8, hn::Set(d32, colors));
    const auto ones = hn::Set(d8, 0xff);
    const size_t samples = n * kChannels;
    size_t i = 0;
    for (; i + 4 * kVector <= samples; i += 4 * kVector) {
        const auto a = hn::And(hn::LoadU(d8, pixels + i), hn::LoadU(d8, pixels + i + kVector));
        const auto b = hn::And(hn::LoadU(d8, pixels + i + 2 * kVector),
                               hn::LoadU(d8, pixels + i + 3 * kVector));
        if (!hn::AllTrue(d8, hn::Eq(hn::Or(hn::And(a, b), ignored), ones))) {
            return false;
        }
    }
    for (i += kChannels - 1; i < samples; i += kChannels) {
        if (pixels[i] != 255) {
            return false;
        }
    }
    return true;
}

} // namespace

void FillVpassAlpha(struct ic_kernels *kernels) {
    kernels->is_opaque[2] = IsOpaque<2>;
    kernels->is_opaque[4] = IsOpaque<4>;
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
