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

using D16 = hn::ScalableTag<uint16_t>;
using V16 = hn::Vec<D16>;

/* Two vectors of floats: multiplied as 16-bit numbers, which hold 255 * 255. */
template <size_t kChannels> struct PremultiplyStep {
    using In = uint8_t;
    using Out = float;
    static constexpr size_t kPixels = 2 * (HWY_MAX_BYTES / 4) / kChannels;
    static constexpr size_t kInSamples = kChannels, kOutSamples = kChannels;

    V16 alpha_of;  /* index of the alpha of each byte of a block */
    V16 alpha_255; /* 255 at the alpha bytes */

    HWY_INLINE void operator()(const uint8_t *in, float *out) const {
        const hn::Rebind<uint8_t, D16> d8;
        const hn::Half<D16> half;
        const V16 v = hn::PromoteTo(D16(), hn::LoadU(d8, in));
        const V16 factor = hn::Or(hn::TableLookupBytes(v, alpha_of), alpha_255);
        const V16 product = hn::Mul(v, factor);
        const auto lower = hn::PromoteTo(hn::ScalableTag<int32_t>(), hn::LowerHalf(half, product));
        const auto upper = hn::PromoteTo(hn::ScalableTag<int32_t>(), hn::UpperHalf(half, product));
        hn::StoreU(hn::ConvertTo(hn::ScalableTag<float>(), lower), hn::ScalableTag<float>(), out);
        hn::StoreU(hn::ConvertTo(hn::ScalableTag<float>(), upper), hn::ScalableTag<float>(),
                   out + HWY_MAX_BYTES / 4);
    }
};

template <size_t kChannels> HWY_INLINE PremultiplyStep<kChannels> MakePremultiplyStep() {
    HWY_ALIGN uint16_t alpha_of[HWY_MAX_BYTES / 2], alpha_255[HWY_MAX_BYTES / 2];
    for (size_t i = 0; i < HWY_MAX_BYTES / 2; i++) {
        const size_t alpha = (i | (kChannels - 1)) % 8;
        alpha_of[i] = static_cast<uint16_t>((2 * alpha + 1) << 8 | 2 * alpha);
        alpha_255[i] = i % 8 == alpha ? 255 : 0;
    }
    return {hn::Load(D16(), alpha_of), hn::Load(D16(), alpha_255)};
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
