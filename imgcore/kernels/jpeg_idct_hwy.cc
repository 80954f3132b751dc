/* The JPEG reader: inverse DCTs of all coefficients of a block. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_idct_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "imgcore/kernels/jpeg_idct-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* ---- one dimension ------------------------------------------------------------------------- */

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

/* ---- rows and columns ---------------------------------------------------------------------- */

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

/* ---- coefficients -------------------------------------------------------------------------- */

/* The same of eight lanes. */
HWY_INLINE bool AllUpTo(hn::Vec<decltype(du16)> sums, int most) {
    return FoursUpTo(
        hn::SaturatedAdd(sums, hn::BitCast(du16, hn::Shuffle1032(hn::BitCast(d32, sums)))), most);
}

HWY_INLINE hn::Vec<decltype(du16)> SumOf(const Eight &in) {
    return hn::SaturatedAdd(SumOf(Four{in.v0, in.v1, in.v2, in.v3}),
                            SumOf(Four{in.v4, in.v5, in.v6, in.v7}));
}

/* ---- whole blocks --------------------------------------------------------------------------- */

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

struct All4 {
    static HWY_INLINE bool Store(const Eight &in, bool in_range, const Group &group,
                                 ptrdiff_t stride_bytes) {
        const Four rows = Transform4<kColumnShift + 1, kColumns>(in);
        const Four columns = Transform4<kRowShift + 1, kRows>(Transpose4(rows));
        const V16 left = Lower64(columns.v0, columns.v1), right = Lower64(columns.v2, columns.v3);
        Store4x4(Columns4Of(columns).lower, group, stride_bytes);
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

template <class Transform, Scalar kScalar>
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

} // namespace

void FillJpegIdct(struct ic_kernels *kernels) {
    kernels->jpeg_idct[IC_IDCT_8] = Idct<All8, ic_jpeg_idct_8_scalar>;
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
