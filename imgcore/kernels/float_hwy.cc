/* The float path without its horizontal pass: bytes to floats and back, with or without
 * premultiplied alpha, and the vertical pass. Products are rounded before they are added; sums
 * start with the existing value, in the order of the taps. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/float_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/hwy_map-inl.h"
#include "imgcore/kernels/premultiply-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

using D32 = hn::Rebind<int32_t, DF>;
using D8 = hn::Rebind<uint8_t, DF>; /* as many bytes as there are floats in a vector */

constexpr size_t kLanes = HWY_MAX_BYTES / sizeof(float);

/* ---- vertical ------------------------------------------------------------------------------ */

HWY_INLINE VF Old(const float *sums, bool accumulate) {
    return accumulate ? hn::LoadU(DF(), sums) : hn::Zero(DF());
}

HWY_INLINE VF AddProduct(VF sum, const float *row, VF weight) {
    return hn::Add(sum, hn::Mul(hn::LoadU(DF(), row), weight));
}

void Columns1(const float *const *rows, const float *weights, int taps, size_t x, const float *old,
              float *out, bool accumulate) {
    VF a = Old(old, accumulate);
    for (int k = 0; k < taps; k++) {
        a = AddProduct(a, rows[k] + x, hn::Set(DF(), weights[k]));
    }
    hn::StoreU(a, DF(), out);
}

/* Eight vectors of columns hide the latency of the additions and share each weight. Rows in L2 are
 * bound by its bandwidth (prefetching gains nothing): 26 samples per ns, 63 from L1. */
void Columns8(const float *const *rows, const float *weights, int taps, size_t x, float *sums,
              bool accumulate) {
    VF a = Old(sums, accumulate), b = Old(sums + kLanes, accumulate);
    VF c = Old(sums + 2 * kLanes, accumulate), d = Old(sums + 3 * kLanes, accumulate);
    VF e = Old(sums + 4 * kLanes, accumulate), f = Old(sums + 5 * kLanes, accumulate);
    VF g = Old(sums + 6 * kLanes, accumulate), h = Old(sums + 7 * kLanes, accumulate);
    for (int k = 0; k < taps; k++) {
        const float *row = rows[k] + x;
        const VF weight = hn::Set(DF(), weights[k]);
        a = AddProduct(a, row, weight);
        b = AddProduct(b, row + kLanes, weight);
        c = AddProduct(c, row + 2 * kLanes, weight);
        d = AddProduct(d, row + 3 * kLanes, weight);
        e = AddProduct(e, row + 4 * kLanes, weight);
        f = AddProduct(f, row + 5 * kLanes, weight);
        g = AddProduct(g, row + 6 * kLanes, weight);
        h = AddProduct(h, row + 7 * kLanes, weight);
    }
    hn::StoreU(a, DF(), sums);
    hn::StoreU(b, DF(), sums + kLanes);
    hn::StoreU(c, DF(), sums + 2 * kLanes);
    hn::StoreU(d, DF(), sums + 3 * kLanes);
    hn::StoreU(e, DF(), sums + 4 * kLanes);
    hn::StoreU(f, DF(), sums + 5 * kLanes);
    hn::StoreU(g, DF(), sums + 6 * kLanes);
    hn::StoreU(h, DF(), sums + 7 * kLanes);
}

/* Fewer columns than a vector has. */
void ColumnsFew(const float *const *rows, const float *weights, int taps, float *sums, size_t n,
                bool accumulate) {
    float copied_sums[kLanes] = {};
    float row[kLanes] = {};
    memcpy(copied_sums, sums, n * sizeof(sums[0]));
    VF a = Old(copied_sums, accumulate);
    for (int k = 0; k < taps; k++) {
        memcpy(row, rows[k], n * sizeof(row[0]));
        a = AddProduct(a, row, hn::Set(DF(), weights[k]));
    }
    hn::StoreU(a, DF(), copied_sums);
    memcpy(sums, copied_sums, n * sizeof(sums[0]));
}

void VpassF32(const float *const *rows, const float *weights, int taps, float *sums, size_t n,
              bool accumulate) {
    if (n < kLanes) {
        ColumnsFew(rows, weights, taps, sums, n, accumulate);
        return;
    }
    /* If less than a vector is left, the last one overlaps its neighbour: it is computed from the
     * old sums and stored last. */
    const size_t last_x = n - kLanes;
    const bool overlaps = n % kLanes != 0;
    float last[kLanes];
    if (overlaps) {
        Columns1(rows, weights, taps, last_x, sums + last_x, last, accumulate);
    }
    size_t x = 0;
    for (; x + 8 * kLanes <= n; x += 8 * kLanes) {
        Columns8(rows, weights, taps, x, sums + x, accumulate);
    }
    for (; x <= last_x; x += kLanes) {
        Columns1(rows, weights, taps, x, sums + x, sums + x, accumulate);
    }
    if (overlaps) {
        memcpy(sums + last_x, last, sizeof(last));
    }
}

/* ---- bytes to floats ----------------------------------------------------------------------- */

HWY_INLINE VF ToFloat(hn::Vec<D8> v) {
    return hn::ConvertTo(DF(), hn::PromoteTo(D32(), v));
}

struct LoadStep {
    using In = uint8_t;
    using Out = float;
    static constexpr size_t kPixels = kLanes, kInSamples = 1, kOutSamples = 1;

    HWY_INLINE void operator()(const uint8_t *in, float *out) const {
        hn::StoreU(ToFloat(hn::LoadU(D8(), in)), DF(), out);
    }
};

void LoadU8F32(const uint8_t *in, float *out, size_t n) {
    MapPixels(LoadStep(), in, out, n);
}

template <size_t kChannels> void Premultiply(const uint8_t *in, float *out, size_t n) {
    MapPixels(PremultiplyStep<kChannels>(), in, out, n);
}

/* ---- floats to bytes ----------------------------------------------------------------------- */

HWY_INLINE hn::Vec<D32> RoundToByte(VF v) {
    const VF clamped = hn::Min(hn::Max(v, hn::Zero(DF())), hn::Set(DF(), 255.0f));
    return hn::NearestInt(clamped);
}

struct StoreStep {
    using In = float;
    using Out = uint8_t;
    static constexpr size_t kPixels = kLanes, kInSamples = 1, kOutSamples = 1;

    HWY_INLINE void operator()(const float *in, uint8_t *out) const {
        hn::StoreU(hn::DemoteTo(D8(), RoundToByte(hn::LoadU(DF(), in))), D8(), out);
    }
};

void StoreF32U8(const float *in, uint8_t *out, size_t n) {
    MapPixels(StoreStep(), in, out, n);
}

/* Copies the alpha of each pixel to all its lanes. */
template <size_t kChannels, class V> HWY_INLINE V AlphaOf(V v) {
    if constexpr (kChannels == 4) {
        return hn::Broadcast<3>(v);
    } else {
        return hn::DupOdd(v);
    }
}

template <size_t kChannels> struct UnpremultiplyStep {
    using In = float;
    using Out = uint8_t;
    static constexpr size_t kPixels = kLanes / kChannels;
    static constexpr size_t kInSamples = kChannels, kOutSamples = kChannels;

    /* Colour is v * 255 / alpha, alpha itself v / 255: one division for both. If alpha is 0, the
     * colour is not visible. */
    HWY_INLINE void operator()(const float *in, uint8_t *out) const {
        const hn::Vec<D32> last = hn::Set(D32(), static_cast<int32_t>(kChannels - 1));
        const auto is_alpha = hn::RebindMask(DF(), hn::Eq(hn::And(hn::Iota(D32(), 0), last), last));
        const VF full = hn::Set(DF(), 255.0f);
        const VF v = hn::LoadU(DF(), in);
        const VF numerator = hn::IfThenElse(is_alpha, v, hn::Mul(v, full));
        const VF denominator = hn::IfThenElse(is_alpha, full, AlphaOf<kChannels>(v));
        const auto rounded = RoundToByte(hn::Div(numerator, denominator));
        const auto clear = hn::Eq(AlphaOf<kChannels>(rounded), hn::Zero(D32()));
        hn::StoreU(hn::DemoteTo(D8(), hn::IfThenZeroElse(clear, rounded)), D8(), out);
    }
};

template <size_t kChannels> void Unpremultiply(const float *in, uint8_t *out, size_t n) {
    MapPixels(UnpremultiplyStep<kChannels>(), in, out, n);
}

} // namespace

void FillFloat(struct ic_kernels *kernels) {
    kernels->vpass_f32 = VpassF32;
    kernels->load_u8_f32 = LoadU8F32;
    kernels->premultiply_ga = Premultiply<2>;
    kernels->premultiply_rgba = Premultiply<4>;
    kernels->store_f32_u8 = StoreF32U8;
    kernels->unpremultiply_ga = Unpremultiply<2>;
    kernels->unpremultiply_rgba = Unpremultiply<4>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_float(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillFloat, target, kernels)
}
#endif
