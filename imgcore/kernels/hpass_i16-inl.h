/* Shared by both files of the fixed-point horizontal pass: products added up, blocks folded, sums
 * rounded to bytes. Private to this module; included once for each target. */
#if defined(IC_HPASS_I16_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef IC_HPASS_I16_INL_H
#undef IC_HPASS_I16_INL_H
#else
#define IC_HPASS_I16_INL_H
#endif

#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Full16 = hn::ScalableTag<int16_t>;
using Block16 = hn::CappedTag<int16_t, 8>;
using Block8 = hn::CappedTag<uint8_t, 16>;
template <class D16> using Sum32 = hn::Vec<hn::RepartitionToWide<D16>>;
template <class D> constexpr size_t kLanesOf = hn::MaxLanes(D());

/* Used before loops over a few registers: otherwise gcc keeps those in memory. */
#ifndef IC_HWY_UNROLL
#if defined(__clang__)
#define IC_HWY_UNROLL
#else
#define IC_HWY_UNROLL _Pragma("GCC unroll 8")
#endif
#endif

constexpr size_t kUnits = 4;
constexpr int kShift = IC_INTER_BITS + IC_WEIGHT_BITS;

/* ---- sum + products: pairs of lanes on x86, halves on NEON ------------------------------- */

#if IC_HWY_X86

HWY_INLINE hn::Vec128<int32_t> AddProducts(hn::Vec128<int32_t> sum, hn::Vec128<int16_t> a,
                                           hn::Vec128<int16_t> b) {
    sum = hn::Add(sum, hn::Vec128<int32_t>{_mm_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(sum);
    return sum;
}

#if HWY_MAX_BYTES >= 32
HWY_INLINE hn::Vec256<int32_t> AddProducts(hn::Vec256<int32_t> sum, hn::Vec256<int16_t> a,
                                           hn::Vec256<int16_t> b) {
    sum = hn::Add(sum, hn::Vec256<int32_t>{_mm256_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(sum);
    return sum;
}
#endif

#if HWY_MAX_BYTES == 64
HWY_INLINE hn::Vec512<int32_t> AddProducts(hn::Vec512<int32_t> sum, hn::Vec512<int16_t> a,
                                           hn::Vec512<int16_t> b) {
#if IC_HWY_VNNI
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
#else
    sum = hn::Add(sum, hn::Vec512<int32_t>{_mm512_madd_epi16(a.raw, b.raw)});
    IC_HWY_KEEP(sum);
    return sum;
#endif
}
#endif

#else

HWY_INLINE hn::Vec128<int32_t> AddProducts(hn::Vec128<int32_t> sum, hn::Vec128<int16_t> a,
                                           hn::Vec128<int16_t> b) {
    const int32x4_t lower = vmlal_s16(sum.raw, vget_low_s16(a.raw), vget_low_s16(b.raw));
    return hn::Vec128<int32_t>{vmlal_high_s16(lower, a.raw, b.raw)};
}

#endif

/* ---- blocks added up, unit after unit ------------------------------------------------------ */

#if HWY_MAX_BYTES >= 32
/* Adds the halves of a, then those of b. */
template <class D, class V = hn::Vec<D>> HWY_INLINE V FoldHalves(D d, V a, V b) {
    return hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a));
}
#endif

#if HWY_MAX_BYTES == 64
/* Block j of the result is the sum of the blocks of unit j. */
template <class D, class V = hn::Vec<D>> HWY_INLINE V FoldFour(D d, V u0, V u1, V u2, V u3) {
    const V a = FoldHalves(d, u0, u1);
    const V b = FoldHalves(d, u2, u3);
    return hn::Add(V{_mm512_shuffle_i32x4(a.raw, b.raw, 0x88)},
                   V{_mm512_shuffle_i32x4(a.raw, b.raw, 0xDD)});
}
#endif

/* ---- the units' sums to bytes, four for each unit ---------------------------------------- */

template <class D32, class V32 = hn::Vec<D32>> HWY_INLINE V32 RoundSums(D32 d, V32 sum) {
    return hn::ShiftRight<kShift>(hn::Add(sum, hn::Set(d, 1 << (kShift - 1))));
}

HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec128<int32_t> u0, hn::Vec128<int32_t> u1,
                                        hn::Vec128<int32_t> u2, hn::Vec128<int32_t> u3) {
    const Block16 d16;
    const hn::RepartitionToWide<Block16> d32;
    const hn::Half<Block8> half8;
    const auto lower = hn::ReorderDemote2To(d16, RoundSums(d32, u0), RoundSums(d32, u1));
    const auto upper = hn::ReorderDemote2To(d16, RoundSums(d32, u2), RoundSums(d32, u3));
    return hn::Combine(Block8(), hn::DemoteTo(half8, upper), hn::DemoteTo(half8, lower));
}

#if HWY_MAX_BYTES >= 32
HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec256<int32_t> u0, hn::Vec256<int32_t> u1,
                                        hn::Vec256<int32_t> u2, hn::Vec256<int32_t> u3) {
    const hn::CappedTag<int16_t, 16> d16;
    const hn::RepartitionToWide<decltype(d16)> d32;
    /* Demotion works block by block of both: units 0 and 1, then 2 and 3. */
    const auto even = RoundSums(d32, FoldHalves(d32, u0, u2));
    const auto odd = RoundSums(d32, FoldHalves(d32, u1, u3));
    return hn::DemoteTo(Block8(), hn::ReorderDemote2To(d16, even, odd));
}
#endif

#if HWY_MAX_BYTES == 64
HWY_INLINE hn::Vec<Block8> UnitsToBytes(hn::Vec512<int32_t> u0, hn::Vec512<int32_t> u1,
                                        hn::Vec512<int32_t> u2, hn::Vec512<int32_t> u3) {
    const hn::ScalableTag<int32_t> d32;
    return hn::DemoteTo(Block8(), RoundSums(d32, FoldFour(d32, u0, u1, u2, u3)));
}
#endif

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
