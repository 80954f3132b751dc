/* Colour: YCbCr and CMYK to RGB, alpha flattened on a background. All in 16-bit lanes, with the
 * same integers as the reference; only green needs sums of 32 bits. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/color_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/hwy_map-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D8 = hn::ScalableTag<uint8_t>;
using Half8 = hn::Half<D8>;
using D16 = hn::ScalableTag<int16_t>;
using DU16 = hn::ScalableTag<uint16_t>;
using D32 = hn::ScalableTag<int32_t>;
using V8 = hn::Vec<D8>;
using V16 = hn::Vec<D16>;
using VU16 = hn::Vec<DU16>;

constexpr size_t kLanes8 = HWY_MAX_BYTES;

/* Clamped, lower half first. */
HWY_INLINE V8 ToBytes(V16 lower, V16 upper) {
    return hn::Combine(D8(), hn::DemoteTo(Half8(), upper), hn::DemoteTo(Half8(), lower));
}

HWY_INLINE V8 ToBytes(VU16 lower, VU16 upper) {
    return ToBytes(hn::BitCast(D16(), lower), hn::BitCast(D16(), upper));
}

/* ---- YCbCr ---------------------------------------------------------------------------------- */

/* (factor * v + 2^15) >> 16 for |v| <= 128: twice that rounded down, then half of it rounded. */
HWY_INLINE V16 RoundedProduct(V16 v, int16_t factor) {
    const V16 twice = hn::MulHigh(hn::Add(v, v), hn::Set(D16(), factor));
    return hn::ShiftRight<1>(hn::Add(twice, hn::Set(D16(), 1)));
}

/* (a * a_factor + b * b_factor + 2^15) >> 16. */
HWY_INLINE V16 RoundedSum(V16 a, int16_t a_factor, V16 b, int16_t b_factor) {
    const D32 d32;
    const auto half = hn::Set(d32, 1 << 15);
#if IC_HWY_X86
    const auto factors =
        hn::BitCast(D16(), hn::Set(d32, static_cast<int32_t>(static_cast<uint32_t>(b_factor) << 16 |
                                                             static_cast<uint16_t>(a_factor))));
    const auto lower_pairs = hn::InterleaveLower(D16(), a, b);
    const auto upper_pairs = hn::InterleaveUpper(D16(), a, b);
#if HWY_MAX_BYTES == 64
    const hn::Vec<D32> lower{_mm512_madd_epi16(lower_pairs.raw, factors.raw)};
    const hn::Vec<D32> upper{_mm512_madd_epi16(upper_pairs.raw, factors.raw)};
#elif HWY_MAX_BYTES == 32
    const hn::Vec<D32> lower{_mm256_madd_epi16(lower_pairs.raw, factors.raw)};
    const hn::Vec<D32> upper{_mm256_madd_epi16(upper_pairs.raw, factors.raw)};
#else
    const hn::Vec<D32> lower{_mm_madd_epi16(lower_pairs.raw, factors.raw)};
    const hn::Vec<D32> upper{_mm_madd_epi16(upper_pairs.raw, factors.raw)};
#endif
#else
    const hn::Vec<D32> lower{
        vmlal_n_s16(vmull_n_s16(vget_low_s16(a.raw), a_factor), vget_low_s16(b.raw), b_factor)};
    const hn::Vec<D32> upper{
        vmlal_n_s16(vmull_n_s16(vget_high_s16(a.raw), a_factor), vget_high_s16(b.raw), b_factor)};
#endif
    /* Packing reverses the interleaving, block by block. */
    return hn::ReorderDemote2To(D16(), hn::ShiftRight<16>(hn::Add(lower, half)),
                                hn::ShiftRight<16>(hn::Add(upper, half)));
}

struct Rgb16 {
    V16 r, g, b;
};

/* Multiples of 2^16 are removed from the factors, so that they fit 16 bits. */
HWY_INLINE Rgb16 YccHalf(const uint8_t *y, const uint8_t *cb, const uint8_t *cr) {
    const V16 center = hn::Set(D16(), 128);
    const V16 luma = hn::PromoteTo(D16(), hn::LoadU(Half8(), y));
    const V16 blue = hn::Sub(hn::PromoteTo(D16(), hn::LoadU(Half8(), cb)), center);
    const V16 red = hn::Sub(hn::PromoteTo(D16(), hn::LoadU(Half8(), cr)), center);
    const V16 from_red = hn::Add(red, RoundedProduct(red, 91881 - 65536));
    const V16 from_blue = hn::Add(hn::Add(blue, blue), RoundedProduct(blue, 116130 - 2 * 65536));
    const V16 from_both = hn::Sub(RoundedSum(blue, -22554, red, 65536 - 46802), red);
    return {hn::Add(luma, from_red), hn::Add(luma, from_both), hn::Add(luma, from_blue)};
}

HWY_INLINE void YccStep(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb) {
    constexpr size_t kHalf = kLanes8 / 2;
    const Rgb16 lower = YccHalf(y, cb, cr);
    const Rgb16 upper = YccHalf(y + kHalf, cb + kHalf, cr + kHalf);
    hn::StoreInterleaved3(ToBytes(lower.r, upper.r), ToBytes(lower.g, upper.g),
                          ToBytes(lower.b, upper.b), D8(), rgb);
}

void YccToRgb(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb, size_t n) {
    if (n < kLanes8) {
        uint8_t copied[3][kLanes8] = {};
        uint8_t copied_rgb[3 * kLanes8];
        memcpy(copied[0], y, n);
        memcpy(copied[1], cb, n);
        memcpy(copied[2], cr, n);
        YccStep(copied[0], copied[1], copied[2], copied_rgb);
        memcpy(rgb, copied_rgb, 3 * n);
        return;
    }
    const size_t last = n - kLanes8;
    for (size_t i = 0; i < last; i += kLanes8) {
        YccStep(y + i, cb + i, cr + i, rgb + 3 * i);
    }
    YccStep(y + last, cb + last, cr + last, rgb + 3 * last);
}

/* ---- products of bytes, divided by 255 ----------------------------------------------------- */

HWY_INLINE VU16 Lower16(V8 v) {
    return hn::PromoteTo(DU16(), hn::LowerHalf(Half8(), v));
}

HWY_INLINE VU16 Upper16(V8 v) {
    return hn::PromoteTo(DU16(), hn::UpperHalf(Half8(), v));
}

HWY_INLINE VU16 Div255(VU16 v) {
    const VU16 t = hn::Add(v, hn::Set(DU16(), 128));
    return hn::ShiftRight<8>(hn::Add(t, hn::ShiftRight<8>(t)));
}

HWY_INLINE V8 MulDiv255(V8 a, V8 b) {
    return ToBytes(Div255(hn::Mul(Lower16(a), Lower16(b))),
                   Div255(hn::Mul(Upper16(a), Upper16(b))));
}

struct CmykStep {
    using In = uint8_t;
    using Out = uint8_t;
    static constexpr size_t kPixels = kLanes8, kInSamples = 4, kOutSamples = 3;

    HWY_INLINE void operator()(const uint8_t *in, uint8_t *out) const {
        V8 c, m, y, k;
        hn::LoadInterleaved4(D8(), in, c, m, y, k);
        const V8 light = hn::Not(k);
        hn::StoreInterleaved3(MulDiv255(hn::Not(c), light), MulDiv255(hn::Not(m), light),
                              MulDiv255(hn::Not(y), light), D8(), out);
    }
};

void CmykToRgb(const uint8_t *cmyk, uint8_t *rgb, size_t n) {
    MapPixels(CmykStep(), cmyk, rgb, n);
}

struct FlattenStep {
    using In = uint8_t;
    using Out = uint8_t;
    static constexpr size_t kPixels = kLanes8, kInSamples = 4, kOutSamples = 3;

    VU16 background[3];

    HWY_INLINE V8 Mix(V8 color, V8 alpha, VU16 behind) const {
        const VU16 full = hn::Set(DU16(), 255);
        const VU16 alpha0 = Lower16(alpha), alpha1 = Upper16(alpha);
        const VU16 sum0 =
            hn::Add(hn::Mul(Lower16(color), alpha0), hn::Mul(behind, hn::Sub(full, alpha0)));
        const VU16 sum1 =
            hn::Add(hn::Mul(Upper16(color), alpha1), hn::Mul(behind, hn::Sub(full, alpha1)));
        return ToBytes(Div255(sum0), Div255(sum1));
    }

    HWY_INLINE void operator()(const uint8_t *in, uint8_t *out) const {
        V8 r, g, b, a;
        hn::LoadInterleaved4(D8(), in, r, g, b, a);
        hn::StoreInterleaved3(Mix(r, a, background[0]), Mix(g, a, background[1]),
                              Mix(b, a, background[2]), D8(), out);
    }
};

void FlattenRgba(const uint8_t *rgba, const uint8_t background[3], uint8_t *rgb, size_t n) {
    const FlattenStep step = {{hn::Set(DU16(), background[0]), hn::Set(DU16(), background[1]),
                               hn::Set(DU16(), background[2])}};
    MapPixels(step, rgba, rgb, n);
}

} // namespace

void FillColor(struct ic_kernels *kernels) {
    kernels->ycc_to_rgb = YccToRgb;
    kernels->cmyk_to_rgb = CmykToRgb;
    kernels->flatten_rgba = FlattenRgba;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_color(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillColor, target, kernels)
}
#endif
