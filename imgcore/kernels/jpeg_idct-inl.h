/* Shared by the files of inverse DCTs: a block in each 128 bits, products, transposition, what is
 * read and what is written. Private to this module; included once for each target.
 *
 * On x86 a product is one pmaddwd of two inputs and two constants, which needs the inputs
 * interleaved. Sums of the products are exact in 32 bits as long as the sum of a block's absolute
 * coefficients is at most kExact; blocks over that, which no picture has but noise and halftones,
 * are left to plain C. */
#if defined(IC_JPEG_IDCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef IC_JPEG_IDCT_INL_H
#undef IC_JPEG_IDCT_INL_H
#else
#define IC_JPEG_IDCT_INL_H
#endif

#include "hwy/highway.h"

#include <string.h>

#include "imgcore/kernels/jpeg_idct_scalar.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<int16_t> d16;
const hn::ScalableTag<uint16_t> du16;
const hn::ScalableTag<int32_t> d32;
const hn::ScalableTag<uint32_t> du32;
const hn::ScalableTag<uint8_t> du8;
const hn::ScalableTag<int64_t> d64;
using V16 = hn::Vec<decltype(d16)>;
using V32 = hn::Vec<decltype(d32)>;
using V8 = hn::Vec<decltype(du8)>;
using Block16 = hn::CappedTag<int16_t, 8>;
using Block8 = hn::CappedTag<uint8_t, 16>;

constexpr size_t kBlocks = HWY_MAX_BYTES / 16;

/* What the first column's sums get before the pass over the rows: there it is a half, which rounds
 * the samples, and 128, which makes them unsigned. */
constexpr int kOffset = 16 + 128 * 32;
/* A pass multiplies by less than 1.39 per input, and 4 times that and the offset fit 16 bits after
 * the columns. */
constexpr int kExact = 5100;
/* Up to here a sample, 1.93 / 8 of the sum at most, is in [-512, 511]. */
constexpr int kInRange = 2048;

/* ---- products ------------------------------------------------------------------------------ */

/* Sums of the lower and of the upper inputs of each block. */
struct Wide {
    V32 lower, upper;
};

HWY_INLINE Wide Add(Wide a, Wide b) {
    return {hn::Add(a.lower, b.lower), hn::Add(a.upper, b.upper)};
}

HWY_INLINE Wide Sub(Wide a, Wide b) {
    return {hn::Sub(a.lower, b.lower), hn::Sub(a.upper, b.upper)};
}

#if IC_HWY_X86
HWY_INLINE V32 MulPairs(V16 a, V16 b) {
#if HWY_MAX_BYTES == 64
    return V32{_mm512_madd_epi16(a.raw, b.raw)};
#elif HWY_MAX_BYTES == 32
    return V32{_mm256_madd_epi16(a.raw, b.raw)};
#else
    return V32{_mm_madd_epi16(a.raw, b.raw)};
#endif
}

/* Two inputs, ready to be multiplied. */
class Pair {
  public:
    HWY_INLINE Pair(V16 a, V16 b)
        : lower_(hn::InterleaveLower(d16, a, b)), upper_(hn::InterleaveUpper(d16, a, b)) {
    }
    /* a * by_a + b * by_b */
    HWY_INLINE Wide Mul(int by_a, int by_b) const {
        const V16 by = hn::BitCast(
            d16, hn::Set(du32, static_cast<uint32_t>(static_cast<uint16_t>(by_a)) |
                                   static_cast<uint32_t>(static_cast<uint16_t>(by_b)) << 16));
        return {MulPairs(lower_, by), MulPairs(upper_, by)};
    }

  private:
    V16 lower_, upper_;
};

HWY_INLINE V8 NarrowToBytes(V16 a, V16 b) {
#if HWY_MAX_BYTES == 64
    return V8{_mm512_packus_epi16(a.raw, b.raw)};
#elif HWY_MAX_BYTES == 32
    return V8{_mm256_packus_epi16(a.raw, b.raw)};
#else
    return V8{_mm_packus_epi16(a.raw, b.raw)};
#endif
}
#else
class Pair {
  public:
    HWY_INLINE Pair(V16 a, V16 b) : a_(a), b_(b) {
    }
    HWY_INLINE Wide Mul(int by_a, int by_b) const {
        const int16_t a = static_cast<int16_t>(by_a), b = static_cast<int16_t>(by_b);
        return {V32{vmlal_n_s16(vmull_n_s16(vget_low_s16(a_.raw), a), vget_low_s16(b_.raw), b)},
                V32{vmlal_high_n_s16(vmull_high_n_s16(a_.raw, a), b_.raw, b)}};
    }

  private:
    V16 a_, b_;
};

HWY_INLINE V8 NarrowToBytes(V16 a, V16 b) {
    return V8{vqmovun_high_s16(vqmovun_s16(a.raw), b.raw)};
}
#endif

/* The fraction bits that a pass takes off: two are kept between them. */
constexpr int kColumnShift = 13 - 2, kRowShift = 13 + 2 + 3;

/* Divides by 2^kBits. The sums are rounded already. */
template <int kBits> HWY_INLINE V16 Narrow(Wide sum) {
    return hn::ReorderDemote2To(d16, hn::ShiftRight<kBits>(sum.lower),
                                hn::ShiftRight<kBits>(sum.upper));
}

enum Pass {
    kColumns,
    kColumnsOfTwo, /* of two blocks in the space of one: both halves have a first column */
    kRows
};

/* Rounds sums that kBits are taken off, and adds the offset to the first column. In the rows the
 * offset has done that. */
template <int kBits, Pass kPass> HWY_INLINE Wide Round(Wide sum) {
    if constexpr (kPass == kRows) {
        return sum;
    } else {
        constexpr int kHalf = 1 << (kBits - 1);
        alignas(16) static constexpr int32_t kFirst[4] = {kHalf + (kOffset << kBits), kHalf, kHalf,
                                                          kHalf};
        const V32 first = hn::LoadDup128(d32, kFirst), others = hn::Set(d32, kHalf);
        return {hn::Add(sum.lower, first),
                hn::Add(sum.upper, kPass == kColumnsOfTwo ? first : others)};
    }
}

/* ---- one dimension -------------------------------------------------------------------------- */

/* The variables of eight rows or columns: gcc 12 keeps arrays of vectors in memory. */
struct Eight {
    V16 v0, v1, v2, v3, v4, v5, v6, v7;
};

struct Four {
    V16 v0, v1, v2, v3;
};

template <int kBits> HWY_INLINE void Butterfly(Wide even, Wide odd, V16 &first, V16 &last) {
    first = Narrow<kBits>(Add(even, odd));
    last = Narrow<kBits>(Sub(even, odd));
}

/* ---- rows and columns ------------------------------------------------------------------------ */

HWY_INLINE V16 Lower16(V16 a, V16 b) {
    return hn::InterleaveLower(d16, a, b);
}
HWY_INLINE V16 Upper16(V16 a, V16 b) {
    return hn::InterleaveUpper(d16, a, b);
}
HWY_INLINE V16 Lower32(V16 a, V16 b) {
    return hn::BitCast(d16, hn::InterleaveLower(d32, hn::BitCast(d32, a), hn::BitCast(d32, b)));
}
HWY_INLINE V16 Upper32(V16 a, V16 b) {
    return hn::BitCast(d16, hn::InterleaveUpper(d32, hn::BitCast(d32, a), hn::BitCast(d32, b)));
}
HWY_INLINE V16 Lower64(V16 a, V16 b) {
    return hn::BitCast(d16, hn::InterleaveLower(d64, hn::BitCast(d64, a), hn::BitCast(d64, b)));
}
HWY_INLINE V16 Upper64(V16 a, V16 b) {
    return hn::BitCast(d16, hn::InterleaveUpper(d64, hn::BitCast(d64, a), hn::BitCast(d64, b)));
}

/* Four columns of pairs of rows that are interleaved: of a and b in the lower half of each block,
 * of c and d in the upper one. */
HWY_INLINE Four ColumnsOfPairs(V16 a, V16 b, V16 c, V16 d) {
    const V16 ab01 = Lower32(a, b), ab23 = Upper32(a, b);
    const V16 cd01 = Lower32(c, d), cd23 = Upper32(c, d);
    return {Lower64(ab01, cd01), Upper64(ab01, cd01), Lower64(ab23, cd23), Upper64(ab23, cd23)};
}

/* Columns 0 to 3 of eight rows. */
HWY_INLINE Four TransposeLeft(const Eight &in) {
    return ColumnsOfPairs(Lower16(in.v0, in.v1), Lower16(in.v2, in.v3), Lower16(in.v4, in.v5),
                          Lower16(in.v6, in.v7));
}

HWY_INLINE Four TransposeRight(const Eight &in) {
    return ColumnsOfPairs(Upper16(in.v0, in.v1), Upper16(in.v2, in.v3), Upper16(in.v4, in.v5),
                          Upper16(in.v6, in.v7));
}

/* ---- coefficients -----------------------------------------------------------------------------
 */

/* The blocks of one vector; fewer than kBlocks: the last one is repeated. */
struct Group {
    int16_t *coefs[kBlocks];
    uint8_t *out[kBlocks];
};

HWY_INLINE Group TakeGroup(const struct ic_jpeg_place *places, size_t n) {
    Group group;
    for (size_t i = 0; i < kBlocks; i++) {
        const struct ic_jpeg_place *place = &places[HWY_MIN(i, n - 1)];
        group.coefs[i] = place->coefs;
        group.out[i] = place->out;
    }
    return group;
}

HWY_INLINE V16 Dequantise(const Group &group, const int16_t *quant, size_t row) {
    const Block16 block;
    const auto by = hn::LoadDup128(d16, quant + 8 * row);
#if HWY_MAX_BYTES == 64
    const hn::CappedTag<int16_t, 16> two;
    const auto lower = hn::Combine(two, hn::LoadU(block, group.coefs[1] + 8 * row),
                                   hn::LoadU(block, group.coefs[0] + 8 * row));
    const auto upper = hn::Combine(two, hn::LoadU(block, group.coefs[3] + 8 * row),
                                   hn::LoadU(block, group.coefs[2] + 8 * row));
    return hn::Mul(hn::Combine(d16, upper, lower), by);
#elif HWY_MAX_BYTES == 32
    return hn::Mul(hn::Combine(d16, hn::LoadU(block, group.coefs[1] + 8 * row),
                               hn::LoadU(block, group.coefs[0] + 8 * row)),
                   by);
#else
    return hn::Mul(hn::LoadU(block, group.coefs[0] + 8 * row), by);
#endif
}

/* The first kRows rows of coefficients. */
template <size_t kRows> HWY_INLINE void Clear(const Group &group) {
    const hn::CappedTag<int16_t, 8 * kRows> d;
    for (size_t i = 0; i < kBlocks; i++) {
        for (size_t at = 0; at < 8 * kRows; at += hn::Lanes(d)) {
            hn::StoreU(hn::Zero(d), d, group.coefs[i] + at);
        }
    }
}

HWY_INLINE hn::Vec<decltype(du16)> Absolute(V16 v) {
    return hn::BitCast(du16, hn::Abs(v));
}

/* Whether no block's sum of absolute coefficients, of which each of four lanes has a part, is over
 * `most`. */
HWY_INLINE bool FoursUpTo(hn::Vec<decltype(du16)> sums, int most) {
    sums = hn::SaturatedAdd(sums, hn::BitCast(du16, hn::Shuffle2301(hn::BitCast(d32, sums))));
    sums = hn::SaturatedAdd(sums,
                            hn::BitCast(du16, hn::Or(hn::ShiftLeft<16>(hn::BitCast(du32, sums)),
                                                     hn::ShiftRight<16>(hn::BitCast(du32, sums)))));
    const auto over = hn::SaturatedSub(sums, hn::Set(du16, static_cast<uint16_t>(most)));
    return hn::AllTrue(du16, hn::Eq(over, hn::Zero(du16)));
}

HWY_INLINE hn::Vec<decltype(du16)> SumOf(const Four &in) {
    return hn::SaturatedAdd(hn::SaturatedAdd(Absolute(in.v0), Absolute(in.v1)),
                            hn::SaturatedAdd(Absolute(in.v2), Absolute(in.v3)));
}

/* Whether all samples are in [-512, 511], before 128 is added: then none changes by ten bits. */
HWY_INLINE bool InRange(V16 least, V16 most) {
    const auto out =
        hn::Or(hn::Lt(least, hn::Set(d16, 128 - 512)), hn::Gt(most, hn::Set(d16, 128 + 511)));
    return hn::AllFalse(d16, out);
}

HWY_INLINE bool InRange(const Eight &v) {
    const V16 least = hn::Min(hn::Min(hn::Min(v.v0, v.v1), hn::Min(v.v2, v.v3)),
                              hn::Min(hn::Min(v.v4, v.v5), hn::Min(v.v6, v.v7)));
    const V16 most = hn::Max(hn::Max(hn::Max(v.v0, v.v1), hn::Max(v.v2, v.v3)),
                             hn::Max(hn::Max(v.v4, v.v5), hn::Max(v.v6, v.v7)));
    return InRange(least, most);
}

/* An inverse DCT of jpeg_idct_scalar.h. */
using Scalar = bool (*)(int16_t *, const int16_t *, uint8_t *, ptrdiff_t);

HWY_NOINLINE bool LeaveToScalar(Scalar scalar, const struct ic_jpeg_place *places, size_t n,
                                const int16_t *quant, ptrdiff_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good &= scalar(places[i].coefs, quant, places[i].out, stride_bytes);
    }
    return good;
}

/* ---- samples -----------------------------------------------------------------------------------
 */

HWY_INLINE void StorePair(hn::Vec<Block8> rows, uint8_t *out, ptrdiff_t stride_bytes) {
    const hn::Half<Block8> half;
    hn::StoreU(hn::LowerHalf(half, rows), half, out);
    hn::StoreU(hn::UpperHalf(half, rows), half, out + stride_bytes);
}

/* Stores rows y and y + 1 of each block. */
HWY_INLINE void StoreRows(V16 rows, const Group &group, ptrdiff_t y, ptrdiff_t stride_bytes) {
    const auto bytes = hn::BitCast(du8, rows);
    const ptrdiff_t at = y * stride_bytes;
#if HWY_MAX_BYTES == 64
    const hn::CappedTag<uint8_t, 32> two;
    const auto lower = hn::LowerHalf(two, bytes), upper = hn::UpperHalf(two, bytes);
    StorePair(hn::LowerHalf(Block8(), lower), group.out[0] + at, stride_bytes);
    StorePair(hn::UpperHalf(Block8(), lower), group.out[1] + at, stride_bytes);
    StorePair(hn::LowerHalf(Block8(), upper), group.out[2] + at, stride_bytes);
    StorePair(hn::UpperHalf(Block8(), upper), group.out[3] + at, stride_bytes);
#elif HWY_MAX_BYTES == 32
    StorePair(hn::LowerHalf(Block8(), bytes), group.out[0] + at, stride_bytes);
    StorePair(hn::UpperHalf(Block8(), bytes), group.out[1] + at, stride_bytes);
#else
    StorePair(bytes, group.out[0] + at, stride_bytes);
#endif
}

/* The samples of a 4x4 block: four rows of four bytes in each 128 bits. */
HWY_INLINE void Store4x4(V8 rows, const Group &group, ptrdiff_t stride_bytes) {
    HWY_ALIGN uint8_t bytes[HWY_MAX_BYTES];
    hn::Store(rows, du8, bytes);
    for (size_t block = 0; block < kBlocks; block++) {
        for (size_t y = 0; y < 4; y++) {
            memcpy(group.out[block] + static_cast<ptrdiff_t>(y) * stride_bytes,
                   bytes + 16 * block + 4 * y, 4);
        }
    }
}

/* 4x4 blocks of the lower and of the upper halves of four columns. */
struct Blocks4 {
    V8 lower, upper;
};

HWY_INLINE Blocks4 Columns4Of(const Four &columns) {
    const V8 c02 = NarrowToBytes(columns.v0, columns.v2);
    const V8 c13 = NarrowToBytes(columns.v1, columns.v3);
    const V16 c01 = hn::BitCast(d16, hn::InterleaveLower(du8, c02, c13));
    const V16 c23 = hn::BitCast(d16, hn::InterleaveUpper(du8, c02, c13));
    return {hn::BitCast(du8, Lower16(c01, c23)), hn::BitCast(du8, Upper16(c01, c23))};
}

/* Two columns at once become 16-bit units, so that these are transposed like columns of four. */
HWY_INLINE void StoreColumns8(const Eight &columns, const Group &group, ptrdiff_t stride_bytes) {
    const V8 c02 = NarrowToBytes(columns.v0, columns.v2);
    const V8 c13 = NarrowToBytes(columns.v1, columns.v3);
    const V8 c46 = NarrowToBytes(columns.v4, columns.v6);
    const V8 c57 = NarrowToBytes(columns.v5, columns.v7);
    const V16 c01 = hn::BitCast(d16, hn::InterleaveLower(du8, c02, c13));
    const V16 c23 = hn::BitCast(d16, hn::InterleaveUpper(du8, c02, c13));
    const V16 c45 = hn::BitCast(d16, hn::InterleaveLower(du8, c46, c57));
    const V16 c67 = hn::BitCast(d16, hn::InterleaveUpper(du8, c46, c57));
    const V16 left0 = Lower16(c01, c23), left4 = Upper16(c01, c23);
    const V16 right0 = Lower16(c45, c67), right4 = Upper16(c45, c67);
    StoreRows(Lower32(left0, right0), group, 0, stride_bytes);
    StoreRows(Upper32(left0, right0), group, 2, stride_bytes);
    StoreRows(Lower32(left4, right4), group, 4, stride_bytes);
    StoreRows(Upper32(left4, right4), group, 6, stride_bytes);
}

} // namespace
} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif
#endif
