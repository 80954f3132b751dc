/* The JPEG reader: inverse DCTs of several blocks at once, a block in each 128 bits, and the
 * removal of stuffed bytes.
 *
 * On x86 a product is one pmaddwd of two inputs and two constants, which needs the inputs
 * interleaved. Sums of the products are exact in 32 bits as long as the sum of a block's absolute
 * coefficients is at most kExact; blocks over that, which no picture has but noise and halftones,
 * are left to plain C. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#include "imgcore/kernels/jpeg_idct_scalar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_idct_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

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

/* jidctint.c. The constants are explained in jpeg_idct_scalar.c. */
template <int kBits, Pass kPass> HWY_INLINE Eight Transform8(const Eight &in) {
    const Pair p04(in.v0, in.v4), p26(in.v2, in.v6), p13(in.v1, in.v3), p57(in.v5, in.v7);
    const Wide sum = Round<kBits, kPass>(p04.Mul(8192, 8192));
    const Wide difference = Round<kBits, kPass>(p04.Mul(8192, -8192));
    const Wide outer = p26.Mul(10703, 4433), inner = p26.Mul(4433, -10704);
    V16 v0, v1, v2, v3, v4, v5, v6, v7;
    Butterfly<kBits>(Add(sum, outer), Add(p13.Mul(11363, 9633), p57.Mul(6437, 2260)), v0, v7);
    Butterfly<kBits>(Add(difference, inner), Add(p13.Mul(9633, -2259), p57.Mul(-11362, -6436)), v1,
                     v6);
    Butterfly<kBits>(Sub(difference, inner), Add(p13.Mul(6437, -11362), p57.Mul(2261, 9633)), v2,
                     v5);
    Butterfly<kBits>(Sub(sum, outer), Add(p13.Mul(2260, -6436), p57.Mul(9633, -11363)), v3, v4);
    return {v0, v1, v2, v3, v4, v5, v6, v7};
}

/* The same of four inputs, if the others are zero. */
template <int kBits, Pass kPass> HWY_INLINE Eight Transform8First4(const Four &in) {
    const Pair p02(in.v0, in.v2), p13(in.v1, in.v3);
    V16 v0, v1, v2, v3, v4, v5, v6, v7;
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, 10703)), p13.Mul(11363, 9633), v0, v7);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, 4433)), p13.Mul(9633, -2259), v1, v6);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, -4433)), p13.Mul(6437, -11362), v2, v5);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, -10703)), p13.Mul(2260, -6436), v3, v4);
    return {v0, v1, v2, v3, v4, v5, v6, v7};
}

/* jidctred.c, 4 of 8; in.v4 has no part in it. */
template <int kBits, Pass kPass> HWY_INLINE Four Transform4(const Eight &in) {
    const Pair p26(in.v2, in.v6), p13(in.v1, in.v3), p57(in.v5, in.v7);
    const Pair p0(in.v0, hn::Zero(d16));
    const Wide dc = Round<kBits, kPass>(p0.Mul(16384, 0));
    const Wide even = p26.Mul(15137, -6270);
    V16 v0, v1, v2, v3;
    Butterfly<kBits>(Add(dc, even), Add(p13.Mul(20995, 7373), p57.Mul(-4926, -4176)), v0, v3);
    Butterfly<kBits>(Sub(dc, even), Add(p13.Mul(8697, -17799), p57.Mul(11893, -1730)), v1, v2);
    return {v0, v1, v2, v3};
}

/* jidctred.c, 2 of 8: of in.v0 and the odd ones. 32768 * v0 is 16384 * v0 twice. */
template <int kBits, Pass kPass>
HWY_INLINE void Transform2(const Eight &in, V16 &first, V16 &last) {
    const Pair p00(in.v0, in.v0), p13(in.v1, in.v3), p57(in.v5, in.v7);
    const Wide even = Round<kBits, kPass>(p00.Mul(16384, 16384));
    Butterfly<kBits>(even, Add(p13.Mul(29692, -10426), p57.Mul(6967, -5906)), first, last);
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

/* Columns 0 to 3 of eight rows. */
HWY_INLINE Four TransposeLeft(const Eight &in) {
    const V16 a = Lower16(in.v0, in.v1), b = Lower16(in.v2, in.v3);
    const V16 c = Lower16(in.v4, in.v5), d = Lower16(in.v6, in.v7);
    const V16 ab01 = Lower32(a, b), ab23 = Upper32(a, b);
    const V16 cd01 = Lower32(c, d), cd23 = Upper32(c, d);
    return {Lower64(ab01, cd01), Upper64(ab01, cd01), Lower64(ab23, cd23), Upper64(ab23, cd23)};
}

HWY_INLINE Four TransposeRight(const Eight &in) {
    const V16 a = Upper16(in.v0, in.v1), b = Upper16(in.v2, in.v3);
    const V16 c = Upper16(in.v4, in.v5), d = Upper16(in.v6, in.v7);
    const V16 ab01 = Lower32(a, b), ab23 = Upper32(a, b);
    const V16 cd01 = Lower32(c, d), cd23 = Upper32(c, d);
    return {Lower64(ab01, cd01), Upper64(ab01, cd01), Lower64(ab23, cd23), Upper64(ab23, cd23)};
}

HWY_INLINE Eight Transpose8(const Eight &in) {
    const Four left = TransposeLeft(in), right = TransposeRight(in);
    return {left.v0, left.v1, left.v2, left.v3, right.v0, right.v1, right.v2, right.v3};
}

/* The columns of four rows; the lower half of each is of use. */
HWY_INLINE Eight Transpose4(const Four &in) {
    const V16 a = Lower16(in.v0, in.v1), b = Lower16(in.v2, in.v3);
    const V16 c = Upper16(in.v0, in.v1), d = Upper16(in.v2, in.v3);
    const V16 ab01 = Lower32(a, b), ab23 = Upper32(a, b);
    const V16 cd01 = Lower32(c, d), cd23 = Upper32(c, d);
    return {ab01, Upper64(ab01, ab01), ab23, Upper64(ab23, ab23),
            cd01, Upper64(cd01, cd01), cd23, Upper64(cd23, cd23)};
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

/* The first `rows` rows of coefficients. */
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

/* The same of eight lanes. */
HWY_INLINE bool AllUpTo(hn::Vec<decltype(du16)> sums, int most) {
    return FoursUpTo(
        hn::SaturatedAdd(sums, hn::BitCast(du16, hn::Shuffle1032(hn::BitCast(d32, sums)))), most);
}

HWY_INLINE hn::Vec<decltype(du16)> SumOf(const Four &in) {
    return hn::SaturatedAdd(hn::SaturatedAdd(Absolute(in.v0), Absolute(in.v1)),
                            hn::SaturatedAdd(Absolute(in.v2), Absolute(in.v3)));
}

HWY_INLINE hn::Vec<decltype(du16)> SumOf(const Eight &in) {
    return hn::SaturatedAdd(SumOf(Four{in.v0, in.v1, in.v2, in.v3}),
                            SumOf(Four{in.v4, in.v5, in.v6, in.v7}));
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

template <class Scalar>
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

/* ---- whole blocks --------------------------------------------------------------------------- */

constexpr int kColumnShift = 13 - 2, kRowShift = 13 + 2 + 3;

HWY_INLINE Eight Load(const Group &group, const int16_t *quant) {
    return {Dequantise(group, quant, 0), Dequantise(group, quant, 1), Dequantise(group, quant, 2),
            Dequantise(group, quant, 3), Dequantise(group, quant, 4), Dequantise(group, quant, 5),
            Dequantise(group, quant, 6), Dequantise(group, quant, 7)};
}

/* The transforms of all coefficients, dequantised; in_range: their sums show that the samples are.
 * Classes instead of lambdas, which gcc compiles without the target's instructions. */

struct All8 {
    static HWY_INLINE bool Store(const Eight &in, bool in_range, const Group &group,
                                 ptrdiff_t stride_bytes) {
        const Eight rows = Transform8<kColumnShift, kColumns>(in);
        const Eight columns = Transform8<kRowShift, kRows>(Transpose8(rows));
        const bool good = in_range || InRange(columns);
        StoreColumns8(columns, group, stride_bytes);
        return good;
    }
};

/* The samples of four columns: their lower halves are of use. */
HWY_INLINE void StoreColumns4(const Four &columns, const Group &group, ptrdiff_t stride_bytes) {
    const Eight rows = Transpose4(columns);
    HWY_ALIGN uint8_t bytes[4][HWY_MAX_BYTES];
    hn::Store(NarrowToBytes(rows.v0, rows.v0), du8, bytes[0]);
    hn::Store(NarrowToBytes(rows.v1, rows.v1), du8, bytes[1]);
    hn::Store(NarrowToBytes(rows.v2, rows.v2), du8, bytes[2]);
    hn::Store(NarrowToBytes(rows.v3, rows.v3), du8, bytes[3]);
    for (size_t block = 0; block < kBlocks; block++) {
        for (ptrdiff_t y = 0; y < 4; y++) {
            memcpy(group.out[block] + y * stride_bytes, bytes[y] + 16 * block, 4);
        }
    }
}

struct All4 {
    static HWY_INLINE bool Store(const Eight &in, bool in_range, const Group &group,
                                 ptrdiff_t stride_bytes) {
        const Four rows = Transform4<kColumnShift + 1, kColumns>(in);
        const Four columns = Transform4<kRowShift + 1, kRows>(Transpose4(rows));
        const V16 left = Lower64(columns.v0, columns.v1), right = Lower64(columns.v2, columns.v3);
        StoreColumns4(columns, group, stride_bytes);
        return in_range || InRange(hn::Min(left, right), hn::Max(left, right));
    }
};

/* The samples of two columns: the first two of each are of use. */
HWY_INLINE void StoreColumns2(V16 left, V16 right, const Group &group, ptrdiff_t stride_bytes) {
    HWY_ALIGN uint8_t bytes[HWY_MAX_BYTES];
    hn::Store(NarrowToBytes(Lower16(left, right), left), du8, bytes);
    for (size_t block = 0; block < kBlocks; block++) {
        for (size_t y = 0; y < 2; y++) {
            memcpy(group.out[block] + static_cast<ptrdiff_t>(y) * stride_bytes,
                   bytes + 16 * block + 2 * y, 2);
        }
    }
}

struct All2 {
    static HWY_INLINE bool Store(const Eight &in, bool in_range, const Group &group,
                                 ptrdiff_t stride_bytes) {
        V16 top, bottom, left, right;
        Transform2<kColumnShift + 2, kColumns>(in, top, bottom);
        Transform2<kRowShift + 2, kRows>(Transpose4(Four{top, bottom, top, bottom}), left, right);
        const V16 both = Lower64(left, right);
        StoreColumns2(left, right, group, stride_bytes);
        return in_range || InRange(both, both);
    }
};

template <class Transform, bool (*kScalar)(int16_t *, const int16_t *, uint8_t *, ptrdiff_t)>
bool Idct(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
          ptrdiff_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < n; i += kBlocks) {
        const Group group = TakeGroup(places + i, n - i);
        const Eight in = Load(group, quant);
        const auto sums = SumOf(in);
        if (HWY_LIKELY(AllUpTo(sums, kExact))) {
            Clear<8>(group);
            good &= Transform::Store(in, AllUpTo(sums, kInRange), group, stride_bytes);
        } else {
            good &=
                LeaveToScalar(kScalar, places + i, HWY_MIN(n - i, kBlocks), quant, stride_bytes);
        }
    }
    return good;
}

/* ---- the first ten coefficients -------------------------------------------------------------
 *
 * They are in the first four columns and rows. So a block takes half of its 128 bits in the pass
 * over the columns, and the other half is of another group. */

HWY_INLINE V16 DequantiseFour(const Group &a, const Group &b, const int16_t *quant, size_t row) {
    const Block16 block;
    const hn::Half<Block16> half;
    const auto at = [&](size_t i) HWY_ATTR {
        return hn::Combine(block, hn::LoadU(half, b.coefs[i] + 8 * row),
                           hn::LoadU(half, a.coefs[i] + 8 * row));
    };
    const auto by = hn::LoadU(half, quant + 8 * row);
    const auto twice = hn::Combine(block, by, by);
#if HWY_MAX_BYTES == 64
    const hn::CappedTag<int16_t, 16> two;
    const auto by_two = hn::Combine(two, twice, twice);
    return hn::Mul(hn::Combine(d16, hn::Combine(two, at(3), at(2)), hn::Combine(two, at(1), at(0))),
                   hn::Combine(d16, by_two, by_two));
#elif HWY_MAX_BYTES == 32
    return hn::Mul(hn::Combine(d16, at(1), at(0)), hn::Combine(d16, twice, twice));
#else
    return hn::Mul(at(0), twice);
#endif
}

HWY_INLINE bool StoreFirst4(const Four &in, bool in_range, const Group &group,
                            ptrdiff_t stride_bytes) {
    const Eight columns = Transform8First4<kRowShift, kRows>(in);
    const bool good = in_range || InRange(columns);
    StoreColumns8(columns, group, stride_bytes);
    return good;
}

bool IdctFirst10(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                 ptrdiff_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < n; i += 2 * kBlocks) {
        const Group a = TakeGroup(places + i, n - i);
        const bool is_last = n - i <= kBlocks;
        const Group b = is_last ? a : TakeGroup(places + i + kBlocks, n - i - kBlocks);
        const Four in = {DequantiseFour(a, b, quant, 0), DequantiseFour(a, b, quant, 1),
                         DequantiseFour(a, b, quant, 2), DequantiseFour(a, b, quant, 3)};
        const auto sums = SumOf(in);
        if (HWY_UNLIKELY(!FoursUpTo(sums, kExact))) {
            good &= LeaveToScalar(ic_jpeg_idct_8_scalar, places + i, HWY_MIN(n - i, 2 * kBlocks),
                                  quant, stride_bytes);
            continue;
        }
        Clear<4>(a);
        Clear<4>(b);
        const bool in_range = FoursUpTo(sums, kInRange);
        const Eight rows = Transform8First4<kColumnShift, kColumnsOfTwo>(in);
        good &= StoreFirst4(TransposeLeft(rows), in_range, a, stride_bytes);
        if (!is_last) {
            good &= StoreFirst4(TransposeRight(rows), in_range, b, stride_bytes);
        }
    }
    return good;
}

} // namespace

void FillJpegIdct(struct ic_kernels *kernels) {
    kernels->jpeg_idct[IC_IDCT_8] = Idct<All8, ic_jpeg_idct_8_scalar>;
    kernels->jpeg_idct[IC_IDCT_8_FIRST_10] = IdctFirst10;
    kernels->jpeg_idct[IC_IDCT_4] = Idct<All4, ic_jpeg_idct_4_scalar>;
    kernels->jpeg_idct[IC_IDCT_2] = Idct<All2, ic_jpeg_idct_2_scalar>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_jpeg_idct(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillJpegIdct, target, kernels)
}
#endif
