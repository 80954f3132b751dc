/* The JPEG reader: inverse DCTs of blocks with few coefficients. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_idct_few_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "imgcore/kernels/jpeg_idct-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* ---- the first ten coefficients -------------------------------------------------------------
 *
 * They are in the first four columns and rows. So a block takes half of its 128 bits in the pass
 * over the columns, and the other half is of another group. */

/* Transform8 of jpeg_idct_hwy.cc, if the last four inputs are zero. */
template <int kBits, Pass kPass> HWY_INLINE Eight Transform8First4(const Four &in) {
    const Pair p02(in.v0, in.v2), p13(in.v1, in.v3);
    V16 v0, v1, v2, v3, v4, v5, v6, v7;
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, 10703)), p13.Mul(11363, 9633), v0, v7);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, 4433)), p13.Mul(9633, -2259), v1, v6);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, -4433)), p13.Mul(6437, -11362), v2, v5);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(8192, -10703)), p13.Mul(2260, -6436), v3, v4);
    return {v0, v1, v2, v3, v4, v5, v6, v7};
}

/* Transform4 of jpeg_idct_hwy.cc, if the last four inputs are zero. */
template <int kBits, Pass kPass> HWY_INLINE Four Transform4First4(const Four &in) {
    const Pair p02(in.v0, in.v2), p13(in.v1, in.v3);
    V16 v0, v1, v2, v3;
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(16384, 15137)), p13.Mul(20995, 7373), v0, v3);
    Butterfly<kBits>(Round<kBits, kPass>(p02.Mul(16384, -15137)), p13.Mul(8697, -17799), v1, v2);
    return {v0, v1, v2, v3};
}

/* Transform2 of jpeg_idct_hwy.cc, if the last four inputs are zero. */
template <int kBits, Pass kPass>
HWY_INLINE void Transform2First4(V16 v0, V16 v1, V16 v3, V16 &first, V16 &last) {
    const Pair p00(v0, v0), p13(v1, v3);
    Butterfly<kBits>(Round<kBits, kPass>(p00.Mul(16384, 16384)), p13.Mul(29692, -10426), first,
                     last);
}

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

/* The transforms of the first four rows of two groups; in_range: see jpeg_idct_hwy.cc. */

struct FirstTo8 {
    static HWY_INLINE bool StoreGroup(const Four &in, bool in_range, const Group &group,
                                      ptrdiff_t stride_bytes) {
        const Eight columns = Transform8First4<kRowShift, kRows>(in);
        const bool good = in_range || InRange(columns);
        StoreColumns8(columns, group, stride_bytes);
        return good;
    }

    static HWY_INLINE bool Store(const Four &in, bool in_range, const Group &a, const Group &b,
                                 ptrdiff_t stride_bytes) {
        const Eight rows = Transform8First4<kColumnShift, kColumnsOfTwo>(in);
        const bool good = StoreGroup(TransposeLeft(rows), in_range, a, stride_bytes);
        return StoreGroup(TransposeRight(rows), in_range, b, stride_bytes) && good;
    }
};

/* Here the pass over the rows takes two groups at once, too. */
struct FirstTo4 {
    static HWY_INLINE bool Store(const Four &in, bool in_range, const Group &a, const Group &b,
                                 ptrdiff_t stride_bytes) {
        const Four rows = Transform4First4<kColumnShift + 1, kColumnsOfTwo>(in);
        const Four columns = Transform4First4<kRowShift + 1, kRows>(
            ColumnsOfPairs(Lower16(rows.v0, rows.v1), Lower16(rows.v2, rows.v3),
                           Upper16(rows.v0, rows.v1), Upper16(rows.v2, rows.v3)));
        const Blocks4 blocks = Columns4Of(columns);
        Store4x4(blocks.lower, a, stride_bytes);
        Store4x4(blocks.upper, b, stride_bytes);
        return in_range ||
               InRange(hn::Min(hn::Min(columns.v0, columns.v1), hn::Min(columns.v2, columns.v3)),
                       hn::Max(hn::Max(columns.v0, columns.v1), hn::Max(columns.v2, columns.v3)));
    }
};

struct FirstTo2 {
    static HWY_INLINE bool Store(const Four &in, bool in_range, const Group &a, const Group &b,
                                 ptrdiff_t stride_bytes) {
        V16 top, bottom, left, right;
        Transform2First4<kColumnShift + 2, kColumnsOfTwo>(in.v0, in.v1, in.v3, top, bottom);
        const V16 of_a = Lower16(top, bottom), of_b = Upper16(top, bottom);
        const V16 v01 = Lower32(of_a, of_b), v23 = Upper32(of_a, of_b);
        Transform2First4<kRowShift + 2, kRows>(v01, Upper64(v01, v01), Upper64(v23, v23), left,
                                               right);
        const V16 both = Lower16(left, right);
        HWY_ALIGN uint8_t bytes[HWY_MAX_BYTES];
        hn::Store(NarrowToBytes(both, both), du8, bytes);
        for (size_t block = 0; block < kBlocks; block++) {
            for (size_t y = 0; y < 2; y++) {
                const ptrdiff_t at = static_cast<ptrdiff_t>(y) * stride_bytes;
                memcpy(a.out[block] + at, bytes + 16 * block + 2 * y, 2);
                memcpy(b.out[block] + at, bytes + 16 * block + 2 * y + 4, 2);
            }
        }
        return in_range || InRange(both, both);
    }
};

/* Of an odd number of groups the last one is both. */
template <class Transform, Scalar kScalar>
bool IdctFirst10(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                 ptrdiff_t stride_bytes) {
    bool good = true;
    for (size_t i = 0; i < n; i += 2 * kBlocks) {
        const Group a = TakeGroup(places + i, n - i);
        const Group b = n - i <= kBlocks ? a : TakeGroup(places + i + kBlocks, n - i - kBlocks);
        const Four in = {DequantiseFour(a, b, quant, 0), DequantiseFour(a, b, quant, 1),
                         DequantiseFour(a, b, quant, 2), DequantiseFour(a, b, quant, 3)};
        const auto sums = SumOf(in);
        if (HWY_LIKELY(FoursUpTo(sums, kExact))) {
            Clear<4>(a);
            Clear<4>(b);
            good &= Transform::Store(in, FoursUpTo(sums, kInRange), a, b, stride_bytes);
        } else {
            good &= LeaveToScalar(kScalar, places + i, HWY_MIN(n - i, 2 * kBlocks), quant,
                                  stride_bytes);
        }
    }
    return good;
}

/* ---- the first three coefficients -----------------------------------------------------------
 *
 * DC and one of each direction. A column's sums are 4 * DC, which is exact, and the product of the
 * vertical one. Those of a row are 2^13 times that and the product of the horizontal one, of which
 * the lower 13 bits change nothing. So both fit 16 bits, and a sample is a sum of one for its row
 * and one for its column. */

constexpr int kFewest = 2047; /* the sum of the coefficients up to which 16 times each fits */

/* Twice the constants of the odd inputs: by input 1 alone. */
alignas(16) constexpr int16_t kOdd[8] = {22726, 19266, 12874, 4520, -4520, -12874, -19266, -22726};

/* Lane kLane of each block in all of its lanes. */
template <size_t kLane> HWY_INLINE V16 InAll(V16 v) {
    constexpr uint8_t kLow = 2 * kLane, kHigh = 2 * kLane + 1;
    alignas(16) static constexpr uint8_t kBytes[16] = {kLow, kHigh, kLow, kHigh, kLow, kHigh,
                                                       kLow, kHigh, kLow, kHigh, kLow, kHigh,
                                                       kLow, kHigh, kLow, kHigh};
    return hn::TableLookupBytes(v, hn::BitCast(d16, hn::LoadDup128(du8, kBytes)));
}

template <size_t kRow>
HWY_INLINE void StoreRowsOf(V16 by_row, V16 by_column, const Group &group, ptrdiff_t stride_bytes) {
    const V16 first = hn::Add(InAll<kRow>(by_row), by_column);
    const V16 second = hn::Add(InAll<kRow + 1>(by_row), by_column);
    const V8 rows = NarrowToBytes(hn::ShiftRight<5>(first), hn::ShiftRight<5>(second));
    StoreRows(hn::BitCast(d16, rows), group, kRow, stride_bytes);
}

bool IdctFirst3(const struct ic_jpeg_place *places, size_t n, const int16_t *quant,
                ptrdiff_t stride_bytes) {
    bool good = true;
    const V16 odd = hn::LoadDup128(d16, kOdd);
    for (size_t i = 0; i < n; i += kBlocks) {
        const Group group = TakeGroup(places + i, n - i);
        const V16 top = Dequantise(group, quant, 0), below = Dequantise(group, quant, 1);
        if (HWY_UNLIKELY(!FoursUpTo(hn::SaturatedAdd(Absolute(top), Absolute(below)), kFewest))) {
            good &= LeaveToScalar(ic_jpeg_idct_8_scalar, places + i, HWY_MIN(n - i, kBlocks), quant,
                                  stride_bytes);
            continue;
        }
        Clear<2>(group);
        const V16 dc = hn::ShiftLeft<2>(InAll<0>(top)), across = hn::ShiftLeft<4>(InAll<1>(top));
        const V16 down = hn::ShiftLeft<3>(InAll<0>(below));
        /* rounded at 11 bits; without a fraction, of 13 */
        const V16 by_row = hn::Add(hn::Add(dc, hn::MulFixedPoint15(down, odd)),
                                   hn::Set(d16, static_cast<int16_t>(kOffset)));
        const V16 by_column = hn::MulHigh(across, odd);
        StoreRowsOf<0>(by_row, by_column, group, stride_bytes);
        StoreRowsOf<2>(by_row, by_column, group, stride_bytes);
        StoreRowsOf<4>(by_row, by_column, group, stride_bytes);
        StoreRowsOf<6>(by_row, by_column, group, stride_bytes);
    }
    return good;
}

} // namespace

void FillJpegIdctFew(struct ic_kernels *kernels) {
    kernels->jpeg_idct[IC_IDCT_8_FIRST_3] = IdctFirst3;
    kernels->jpeg_idct[IC_IDCT_8_FIRST_10] = IdctFirst10<FirstTo8, ic_jpeg_idct_8_scalar>;
    kernels->jpeg_idct[IC_IDCT_4_FIRST_10] = IdctFirst10<FirstTo4, ic_jpeg_idct_4_scalar>;
    kernels->jpeg_idct[IC_IDCT_2_FIRST_10] = IdctFirst10<FirstTo2, ic_jpeg_idct_2_scalar>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_jpeg_idct_few(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillJpegIdctFew, target, kernels)
}
#endif
