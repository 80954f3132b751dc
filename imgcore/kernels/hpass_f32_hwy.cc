/* The horizontal pass of the float path.
 *
 * The contract's four partial sums p0..p3 of each channel fill one 512-bit vector of RGBA, two of
 * 256 bits, four of 128; fewer channels use the same order, p0 of all channels, then p1, ...
 * Products are rounded before they are added (no fused form), and the final sum is (p0 + p2) + (p1
 * + p3). Several units run in parallel, since a single chain of additions is bound by latency: rows
 * that share their weights, or neighbouring outputs of one row. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/hpass_f32_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Full = hn::ScalableTag<float>;
using Block = hn::CappedTag<float, 4>;
using VFull = hn::Vec<Full>;
using VBlock = hn::Vec<Block>;

/* For each number of channels: the weights of four taps, the partial sums of one unit, the products
 * of four pixels added to them, and the final sum: a block that starts with the channels. */

struct Grey {
    static constexpr size_t kChannels = 1;
    static constexpr size_t kUnits = 4;
    struct Weights {
        VBlock a;
    };
    struct Sums {
        VBlock a;
    };

    static HWY_INLINE Sums Start() {
        const VBlock zero = hn::Zero(Block());
        return {zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        return {hn::LoadU(Block(), weight)};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Block(), in), w.a));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        const VBlock pair = hn::Add(s.a, hn::Shuffle1032(s.a));
        return hn::Add(pair, hn::Shuffle2301(pair));
    }
};

struct GreyAlpha {
    static constexpr size_t kChannels = 2;
    static constexpr size_t kUnits = 4;
    struct Weights {
        VBlock a, b;
    };
    struct Sums {
        VBlock a, b;
    };

    static HWY_INLINE Sums Start() {
        const VBlock zero = hn::Zero(Block());
        return {zero, zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        const VBlock w = hn::LoadU(Block(), weight);
        return {hn::InterleaveLower(Block(), w, w), hn::InterleaveUpper(Block(), w, w)};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Block(), in), w.a));
        s.b = hn::Add(s.b, hn::Mul(hn::LoadU(Block(), in + 4), w.b));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        const VBlock pair = hn::Add(s.a, s.b);
        return hn::Add(pair, hn::Shuffle1032(pair));
    }
};

#if HWY_MAX_BYTES == 64

/* Lanes 0 to 11; the others are not used. */
struct Rgb {
    static constexpr size_t kChannels = 3;
    static constexpr size_t kUnits = 4;
    struct Weights {
        VFull a;
    };
    struct Sums {
        VFull a;
    };

    static HWY_INLINE Sums Start() {
        const VFull zero = hn::Zero(Full());
        return {zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        alignas(64) static constexpr int32_t kLanes[16] = {0, 0, 0, 1, 1, 1, 2, 2,
                                                           2, 3, 3, 3, 3, 3, 3, 3};
        return {hn::TableLookupLanes(hn::LoadDup128(Full(), weight),
                                     hn::SetTableIndices(Full(), kLanes))};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Full(), in), w.a));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        alignas(64) static constexpr int32_t kBySix[16] = {6, 7, 8, 9, 10, 11};
        alignas(64) static constexpr int32_t kByThree[16] = {3, 4, 5};
        const VFull pair =
            hn::Add(s.a, hn::TableLookupLanes(s.a, hn::SetTableIndices(Full(), kBySix)));
        const VFull total =
            hn::Add(pair, hn::TableLookupLanes(pair, hn::SetTableIndices(Full(), kByThree)));
        return hn::LowerHalf(hn::LowerHalf(total));
    }
};

#else

struct Rgb {
    static constexpr size_t kChannels = 3;
    static constexpr size_t kUnits = 2;
    struct Weights {
        VBlock a, b, c;
    };
    struct Sums { /* r0 g0 b0 r1 | g1 b1 r2 g2 | b2 r3 g3 b3 */
        VBlock a, b, c;
    };

    static HWY_INLINE Sums Start() {
        const VBlock zero = hn::Zero(Block());
        return {zero, zero, zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        alignas(16) static constexpr int32_t kA[4] = {0, 0, 0, 1};
        alignas(16) static constexpr int32_t kC[4] = {2, 3, 3, 3};
        const Block d;
        const VBlock w = hn::LoadU(d, weight);
        const VBlock lower = hn::InterleaveLower(d, w, w);
        const VBlock upper = hn::InterleaveUpper(d, w, w);
        return {hn::TableLookupLanes(w, hn::SetTableIndices(d, kA)),
                hn::ConcatLowerUpper(d, upper, lower),
                hn::TableLookupLanes(w, hn::SetTableIndices(d, kC))};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Block(), in), w.a));
        s.b = hn::Add(s.b, hn::Mul(hn::LoadU(Block(), in + 4), w.b));
        s.c = hn::Add(s.c, hn::Mul(hn::LoadU(Block(), in + 8), w.c));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        const Block d;
        const VBlock p1 = hn::CombineShiftRightLanes<3>(d, s.b, s.a);
        const VBlock p2 = hn::CombineShiftRightLanes<2>(d, s.c, s.b);
        const VBlock p3 = hn::ShiftRightLanes<1>(d, s.c);
        return hn::Add(hn::Add(s.a, p2), hn::Add(p1, p3));
    }
};

#endif

/* For block b of a vector the weight b + kFirst of four, in all lanes. */
template <size_t kFirst> HWY_INLINE VFull SpreadWeights(VFull weights) {
    const hn::Repartition<uint8_t, Full> du8;
    const hn::Repartition<uint32_t, Full> du32;
    HWY_ALIGN uint32_t table[HWY_MAX_BYTES / 4];
    for (size_t i = 0; i < HWY_MAX_BYTES / 4; i++) {
        table[i] = static_cast<uint32_t>(0x03020100 + (i / 4 + kFirst) * 0x04040404);
    }
    return hn::BitCast(Full(), hn::TableLookupBytes(hn::BitCast(du8, weights),
                                                    hn::BitCast(du8, hn::Load(du32, table))));
}

#if HWY_MAX_BYTES == 64

struct Rgba {
    static constexpr size_t kChannels = 4;
    static constexpr size_t kUnits = 4;
    struct Weights {
        VFull a;
    };
    struct Sums {
        VFull a;
    };

    static HWY_INLINE Sums Start() {
        const VFull zero = hn::Zero(Full());
        return {zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        return {SpreadWeights<0>(hn::LoadDup128(Full(), weight))};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Full(), in), w.a));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        const hn::Half<Full> half;
        const auto pair = hn::Add(hn::LowerHalf(half, s.a), hn::UpperHalf(half, s.a));
        return hn::Add(hn::LowerHalf(Block(), pair), hn::UpperHalf(Block(), pair));
    }
};

#elif HWY_MAX_BYTES == 32

struct Rgba {
    static constexpr size_t kChannels = 4;
    static constexpr size_t kUnits = 4;
    struct Weights {
        VFull a, b;
    };
    struct Sums {
        VFull a, b;
    };

    static HWY_INLINE Sums Start() {
        const VFull zero = hn::Zero(Full());
        return {zero, zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        const VFull w = hn::LoadDup128(Full(), weight);
        return {SpreadWeights<0>(w), SpreadWeights<2>(w)};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Full(), in), w.a));
        s.b = hn::Add(s.b, hn::Mul(hn::LoadU(Full(), in + 8), w.b));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        const VFull pair = hn::Add(s.a, s.b);
        return hn::Add(hn::LowerHalf(Block(), pair), hn::UpperHalf(Block(), pair));
    }
};

#else

struct Rgba {
    static constexpr size_t kChannels = 4;
    static constexpr size_t kUnits = 2;
    struct Weights {
        VBlock a, b, c, d;
    };
    struct Sums {
        VBlock a, b, c, d;
    };

    static HWY_INLINE Sums Start() {
        const VBlock zero = hn::Zero(Block());
        return {zero, zero, zero, zero};
    }
    static HWY_INLINE Weights Load(const float *weight) {
        const VBlock w = hn::LoadU(Block(), weight);
        return {hn::Broadcast<0>(w), hn::Broadcast<1>(w), hn::Broadcast<2>(w), hn::Broadcast<3>(w)};
    }
    static HWY_INLINE void Add(Sums &s, const float *in, const Weights &w) {
        s.a = hn::Add(s.a, hn::Mul(hn::LoadU(Block(), in), w.a));
        s.b = hn::Add(s.b, hn::Mul(hn::LoadU(Block(), in + 4), w.b));
        s.c = hn::Add(s.c, hn::Mul(hn::LoadU(Block(), in + 8), w.c));
        s.d = hn::Add(s.d, hn::Mul(hn::LoadU(Block(), in + 12), w.d));
    }
    static HWY_INLINE VBlock Total(const Sums &s) {
        return hn::Add(hn::Add(s.a, s.c), hn::Add(s.b, s.d));
    }
};

#endif

template <class Pixel> HWY_INLINE void Store(VBlock total, float *out) {
    const hn::CappedTag<float, 2> two;
    const hn::CappedTag<float, 1> one;
    if constexpr (Pixel::kChannels == 4) {
        hn::StoreU(total, Block(), out);
    } else if constexpr (Pixel::kChannels == 1) {
        hn::StoreU(hn::LowerHalf(one, hn::LowerHalf(two, total)), one, out);
    } else {
        hn::StoreU(hn::LowerHalf(two, total), two, out);
        if constexpr (Pixel::kChannels == 3) {
            const auto blue = hn::LowerHalf(one, hn::UpperHalf(two, total));
            hn::StoreU(blue, one, out + 2);
        }
    }
}

/* Computes kUnits rows, which may be the same one several times. */
template <class Pixel>
void SharedRows(const float *const *in, float *const *out, const struct ic_taps_f32 *taps) {
    const size_t tap_count = static_cast<size_t>(taps->taps);
    for (size_t i = 0; i < taps->count; i++) {
        const float *weight = taps->weight + i * taps->stride;
        const ptrdiff_t at =
            static_cast<ptrdiff_t>(taps->left[i]) * static_cast<ptrdiff_t>(Pixel::kChannels);
        const float *in0 = in[0] + at, *in1 = in[1] + at;
        const float *in2 = in[Pixel::kUnits - 2] + at, *in3 = in[Pixel::kUnits - 1] + at;
        typename Pixel::Sums s0 = Pixel::Start(), s1 = s0, s2 = s0, s3 = s0;
        for (size_t k = 0; k < tap_count; k += 4) {
            const typename Pixel::Weights w = Pixel::Load(weight + k);
            Pixel::Add(s0, in0 + k * Pixel::kChannels, w);
            Pixel::Add(s1, in1 + k * Pixel::kChannels, w);
            if (Pixel::kUnits == 4) {
                Pixel::Add(s2, in2 + k * Pixel::kChannels, w);
                Pixel::Add(s3, in3 + k * Pixel::kChannels, w);
            }
        }
        Store<Pixel>(Pixel::Total(s0), out[0] + i * Pixel::kChannels);
        Store<Pixel>(Pixel::Total(s1), out[1] + i * Pixel::kChannels);
        if (Pixel::kUnits == 4) {
            Store<Pixel>(Pixel::Total(s2), out[2] + i * Pixel::kChannels);
            Store<Pixel>(Pixel::Total(s3), out[3] + i * Pixel::kChannels);
        }
    }
}

/* Computes kUnits outputs of one row together; the last group overlaps if their number is not a
 * multiple. */
template <class Pixel> void SingleRow(const float *in, float *out, const struct ic_taps_f32 *taps) {
    const size_t tap_count = static_cast<size_t>(taps->taps);
    for (size_t i = 0; i < taps->count; i += Pixel::kUnits) {
        const float *weight[4];
        const float *pixels[4];
        float *to[4];
        for (size_t j = 0; j < 4; j++) {
            const size_t output = HWY_MIN(i + j, taps->count - 1);
            weight[j] = taps->weight + output * taps->stride;
            pixels[j] = in + static_cast<ptrdiff_t>(taps->left[output]) *
                                 static_cast<ptrdiff_t>(Pixel::kChannels);
            to[j] = out + output * Pixel::kChannels;
        }
        typename Pixel::Sums s0 = Pixel::Start(), s1 = s0, s2 = s0, s3 = s0;
        for (size_t k = 0; k < tap_count; k += 4) {
            Pixel::Add(s0, pixels[0] + k * Pixel::kChannels, Pixel::Load(weight[0] + k));
            Pixel::Add(s1, pixels[1] + k * Pixel::kChannels, Pixel::Load(weight[1] + k));
            if (Pixel::kUnits == 4) {
                Pixel::Add(s2, pixels[2] + k * Pixel::kChannels, Pixel::Load(weight[2] + k));
                Pixel::Add(s3, pixels[3] + k * Pixel::kChannels, Pixel::Load(weight[3] + k));
            }
        }
        Store<Pixel>(Pixel::Total(s0), to[0]);
        Store<Pixel>(Pixel::Total(s1), to[1]);
        if (Pixel::kUnits == 4) {
            Store<Pixel>(Pixel::Total(s2), to[2]);
            Store<Pixel>(Pixel::Total(s3), to[3]);
        }
    }
}

template <class Pixel>
void HpassF32(const float *in, ptrdiff_t in_stride, float *out, ptrdiff_t out_stride, size_t rows,
              const struct ic_taps_f32 *taps) {
    while (rows > 1) {
        const float *ins[Pixel::kUnits];
        float *outs[Pixel::kUnits];
        for (size_t j = 0; j < Pixel::kUnits; j++) {
            const ptrdiff_t y = static_cast<ptrdiff_t>(HWY_MIN(j, rows - 1));
            ins[j] = in + y * in_stride;
            outs[j] = out + y * out_stride;
        }
        SharedRows<Pixel>(ins, outs, taps);
        const size_t some = HWY_MIN(rows, Pixel::kUnits);
        rows -= some;
        in += static_cast<ptrdiff_t>(some) * in_stride;
        out += static_cast<ptrdiff_t>(some) * out_stride;
    }
    if (rows == 1) {
        SingleRow<Pixel>(in, out, taps);
    }
}

} // namespace

void FillHpassF32(struct ic_kernels *kernels) {
    kernels->hpass_f32[1] = HpassF32<Grey>;
    kernels->hpass_f32[2] = HpassF32<GreyAlpha>;
    kernels->hpass_f32[3] = HpassF32<Rgb>;
    kernels->hpass_f32[4] = HpassF32<Rgba>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_hpass_f32(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillHpassF32, target, kernels)
}
#endif
