/* Pixels with straight alpha to premultiplied floats. Private to this module; included once for
 * each target. */
#if defined(IC_PREMULTIPLY_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef IC_PREMULTIPLY_INL_H
#undef IC_PREMULTIPLY_INL_H
#else
#define IC_PREMULTIPLY_INL_H
#endif

#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

/* Two vectors of floats: the products of bytes are exact. A tenth faster than products of 16 bits,
 * which need more shuffles. */
template <size_t kChannels> struct PremultiplyStep {
    using In = uint8_t;
    using Out = float;
    static constexpr size_t kPixels = 2 * (HWY_MAX_BYTES / 4) / kChannels;
    static constexpr size_t kInSamples = kChannels, kOutSamples = kChannels;

    /* The alpha of each sample's pixel, and 255 for alpha itself. */
    static HWY_INLINE VF FactorOf(VF v) {
        const VF full = hn::Set(DF(), 255.0f);
#if IC_HWY_X86
        constexpr int kFrom = kChannels == 4 ? 0xff : 0xf5;  /* lanes 3 3 3 3, or 1 1 3 3 */
        constexpr int kAlpha = kChannels == 4 ? 0x88 : 0xaa; /* the lanes of alpha */
#if HWY_MAX_BYTES == 64
        constexpr __mmask16 kColors = static_cast<__mmask16>(~(kAlpha | kAlpha << 8));
        return VF{_mm512_mask_permute_ps(full.raw, kColors, v.raw, kFrom)};
#elif HWY_MAX_BYTES == 32
        return VF{_mm256_blend_ps(_mm256_permute_ps(v.raw, kFrom), full.raw, kAlpha)};
#else
        return VF{_mm_blend_ps(_mm_shuffle_ps(v.raw, v.raw, kFrom), full.raw, kAlpha & 15)};
#endif
#else
        if constexpr (kChannels == 2) {
            return hn::OddEven(full, hn::DupOdd(v));
        } else {
            alignas(16) static constexpr uint32_t kAlpha[4] = {0, 0, 0, 0xffffffff};
            const hn::RebindToUnsigned<DF> du;
            return hn::IfThenElse(hn::MaskFromVec(hn::BitCast(DF(), hn::Load(du, kAlpha))), full,
                                  hn::Broadcast<3>(v));
        }
#endif
    }

    static HWY_INLINE VF Products(const uint8_t *in) {
        const hn::Rebind<uint8_t, DF> d8;
        const hn::RebindToSigned<DF> d32;
        const VF v = hn::ConvertTo(DF(), hn::PromoteTo(d32, hn::LoadU(d8, in)));
        return hn::Mul(v, FactorOf(v));
    }

    HWY_INLINE void operator()(const uint8_t *in, float *out) const {
        constexpr size_t kLanes = HWY_MAX_BYTES / 4;
        hn::StoreU(Products(in), DF(), out);
        hn::StoreU(Products(in + kLanes), DF(), out + kLanes);
    }
};

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
