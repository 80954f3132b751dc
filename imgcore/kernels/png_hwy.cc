/* PNG's filters, undone and done.
 *
 * Undoing Average and Paeth is a chain: each pixel waits for the one before it. So four rows go at
 * once, each one pixel behind the row above it: lane k of a 128-bit vector is pixel x - k of row k,
 * what it needs from above is what lane k - 1 was a step ago, and one chain serves four pixels.
 * Rows of different filters go together, each lane choosing its own prediction. The chain bounds
 * it, not the width of vectors, so every target has the same form. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/png_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

enum Filter { kNone, kSub, kUp, kAverage, kPaeth };

using D = hn::CappedTag<uint8_t, 16>;
using D32 = hn::CappedTag<uint32_t, 4>;
using V = hn::Vec<D>;

constexpr D d;
constexpr D32 d32;

/* ---- one row --------------------------------------------------------------------------------- */

HWY_INLINE int PaethOf(int a, int b, int c) {
    const int lo = b - c, hi = a - c;
    const int pa = lo < 0 ? -lo : lo, pb = hi < 0 ? -hi : hi;
    const int pc = lo + hi < 0 ? -(lo + hi) : lo + hi;
    const int nearer = pb < pa ? b : a;
    return pc < (pb < pa ? pb : pa) ? c : nearer;
}

/* Bytes [begin, end) of a row by the filter. */
template <size_t kPixel>
void Bytes(Filter filter, const uint8_t *in, const uint8_t *above, uint8_t *out, size_t begin,
           size_t end) {
    for (size_t i = begin; i < end; i++) {
        const bool first = i < kPixel;
        const int a = first ? 0 : out[i - kPixel], b = above[i];
        int predicted = 0;
        if (filter == kSub) {
            predicted = a;
        } else if (filter == kUp) {
            predicted = b;
        } else if (filter == kAverage) {
            predicted = (a + b) / 2;
        } else if (filter == kPaeth) {
            predicted = PaethOf(a, b, first ? 0 : above[i - kPixel]);
        }
        out[i] = static_cast<uint8_t>(in[i] + predicted);
    }
}

void Up(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t n) {
    const hn::ScalableTag<uint8_t> wide;
    const size_t lanes = hn::Lanes(wide);
    size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        hn::StoreU(hn::Add(hn::LoadU(wide, in + i), hn::LoadU(wide, above + i)), wide, out + i);
    }
    for (; i < n; i++) {
        out[i] = static_cast<uint8_t>(in[i] + above[i]);
    }
}

template <size_t kPixel> void Row(const uint8_t *in, const uint8_t *above, uint8_t *out, size_t n) {
    switch (in[-1]) {
    case kUp:
        Up(in, above, out, n);
        break;
    case kSub:
        Bytes<kPixel>(kSub, in, above, out, 0, n);
        break;
    case kAverage:
        Bytes<kPixel>(kAverage, in, above, out, 0, n);
        break;
    case kPaeth:
        Bytes<kPixel>(kPaeth, in, above, out, 0, n);
        break;
    default:
        memcpy(out, in, n);
        break;
    }
}

/* ---- four rows ------------------------------------------------------------------------------- */

/* A pixel in the low bytes of a lane. Three bytes are read as four: what lies above them is of no
 * account, since lanes are bytes. */
template <size_t kPixel> HWY_INLINE uint32_t Pixel(const uint8_t *from) {
    if (kPixel == 1) {
        return from[0];
    }
    if (kPixel == 2) {
        uint16_t two;
        memcpy(&two, from, 2);
        return two;
    }
    uint32_t four;
    memcpy(&four, from, 4);
    return four;
}

template <size_t kPixel> HWY_INLINE void StorePixel(uint32_t pixel, uint8_t *to) {
    memcpy(to, &pixel, kPixel == 3 ? 4 : kPixel);
}

/* Lanes put together, taken apart and chosen by the instructions that do it within registers. With
 * AVX-512 Highway compares into mask registers, which makes the chain half as long again. */
#if IC_HWY_X86
HWY_INLINE V Lanes4(uint32_t v0, uint32_t v1, uint32_t v2, uint32_t v3) {
    return V{_mm_setr_epi32(static_cast<int>(v0), static_cast<int>(v1), static_cast<int>(v2),
                            static_cast<int>(v3))};
}

template <int kLane> HWY_INLINE uint32_t LaneOf(V v) {
    return static_cast<uint32_t>(_mm_extract_epi32(v.raw, kLane));
}

/* `yes` where a <= b, bytes without sign. */
HWY_INLINE V IfNotAbove(V a, V b, V yes, V no) {
    return V{_mm_blendv_epi8(no.raw, yes.raw, _mm_cmpeq_epi8(_mm_min_epu8(a.raw, b.raw), a.raw))};
}
#else
HWY_INLINE V Lanes4(uint32_t v0, uint32_t v1, uint32_t v2, uint32_t v3) {
    alignas(16) const uint32_t lanes[4] = {v0, v1, v2, v3};
    return hn::BitCast(d, hn::Load(d32, lanes));
}

template <int kLane> HWY_INLINE uint32_t LaneOf(V v) {
    return hn::ExtractLane(hn::BitCast(d32, v), kLane);
}

HWY_INLINE V IfNotAbove(V a, V b, V yes, V no) {
    return hn::IfThenElse(hn::Le(a, b), yes, no);
}
#endif

/* With lo and hi how far c lies above the smaller and below the larger of a and b (0 if it does
 * not), Paeth is the smaller one if 2 hi <= lo, the larger one if 2 lo <= hi, else c: the same
 * choice as the specification's, in bytes. lo + hi is at most 255, so a double that saturates is
 * above the other as it should be. */
HWY_INLINE V Paeth(V a, V b, V c) {
    const V small = hn::Min(a, b), large = hn::Max(a, b);
    const V lo = hn::SaturatedSub(c, small), hi = hn::SaturatedSub(large, c);
    const V rest = IfNotAbove(hn::SaturatedAdd(lo, lo), hi, large, c);
    return IfNotAbove(hn::SaturatedAdd(hi, hi), lo, small, rest);
}

/* What each lane predicts, for four rows of any filters. */
struct Mixed {
    V sub, up, average, paeth; /* all ones in the lanes of the filter */

    HWY_INLINE V operator()(V a, V b, V c) const {
        const V odd = hn::And(hn::Xor(a, b), hn::Set(d, 1));
        const V mean = hn::Sub(hn::AverageRound(a, b), odd);
        const V plain = hn::Or(hn::And(a, sub), hn::And(b, up));
        const V others = hn::Or(plain, hn::And(mean, average));
        return hn::Or(others, hn::And(Paeth(a, b, c), paeth));
    }
};

struct AllPaeth {
    HWY_INLINE V operator()(V a, V b, V c) const {
        return Paeth(a, b, c);
    }
};

struct Four {
    const uint8_t *in[4], *above;
    uint8_t *out[4];
    Filter filter[4];
};

/* Four rows of at least 8 pixels. The corners of the wave, where not all rows are under way, are
 * done byte by byte; so is the last pixel of the first row, since three bytes are stored as four.
 */
template <size_t kPixel, class Predict>
HWY_INLINE void Wave(const Four &four, size_t n, const Predict &predict) {
    const uint8_t *above = four.above;
    for (size_t k = 0; k < 4; k++) {
        Bytes<kPixel>(four.filter[k], four.in[k], above, four.out[k], 0, (4 - k) * kPixel);
        above = four.out[k];
    }
    const uint8_t *const in0 = four.in[0], *const in1 = four.in[1] - kPixel,
                         *const in2 = four.in[2] - 2 * kPixel, *const in3 = four.in[3] - 3 * kPixel;
    uint8_t *const out0 = four.out[0], *const out1 = four.out[1] - kPixel,
                   *const out2 = four.out[2] - 2 * kPixel, *const out3 = four.out[3] - 3 * kPixel;
    const size_t start = 3 * kPixel;
    V left = Lanes4(Pixel<kPixel>(out0 + start), Pixel<kPixel>(out1 + start),
                    Pixel<kPixel>(out2 + start), Pixel<kPixel>(out3 + start));
    V corner = Lanes4(Pixel<kPixel>(four.above + start), Pixel<kPixel>(four.out[0] + 2 * kPixel),
                      Pixel<kPixel>(four.out[1] + kPixel), Pixel<kPixel>(four.out[2]));
    size_t x = 4 * kPixel;
    for (; x + kPixel < n; x += kPixel) {
        const V fresh = Lanes4(0, 0, 0, Pixel<kPixel>(four.above + x));
        const V up = hn::CombineShiftRightBytes<12>(d, left, fresh);
        const V filtered = Lanes4(Pixel<kPixel>(in0 + x), Pixel<kPixel>(in1 + x),
                                  Pixel<kPixel>(in2 + x), Pixel<kPixel>(in3 + x));
        left = hn::Add(filtered, predict(left, up, corner));
        corner = up;
        StorePixel<kPixel>(LaneOf<0>(left), out0 + x);
        StorePixel<kPixel>(LaneOf<1>(left), out1 + x);
        StorePixel<kPixel>(LaneOf<2>(left), out2 + x);
        StorePixel<kPixel>(LaneOf<3>(left), out3 + x);
    }
    above = four.above;
    for (size_t k = 0; k < 4; k++) {
        Bytes<kPixel>(four.filter[k], four.in[k], above, four.out[k], x - k * kPixel, n);
        above = four.out[k];
    }
}

V MaskOf(const Four &four, Filter filter) {
    uint32_t lanes[4];
    for (int k = 0; k < 4; k++) {
        lanes[k] = four.filter[k] == filter ? ~uint32_t(0) : 0;
    }
    return Lanes4(lanes[0], lanes[1], lanes[2], lanes[3]);
}

/* How many rows of four are worth the wave: those that are chains. */
int Chains(const uint8_t *in, ptrdiff_t in_stride, int *paeths) {
    int chains = 0;
    *paeths = 0;
    for (int k = 0; k < 4; k++) {
        const uint8_t filter = in[k * in_stride - 1];
        chains += filter != kNone && filter != kUp;
        *paeths += filter == kPaeth;
    }
    return chains;
}

template <size_t kPixel>
void Unfilter(const uint8_t *in, ptrdiff_t in_stride, const uint8_t *above, uint8_t *out,
              ptrdiff_t out_stride, size_t rows, size_t n) {
    if (n == 0) {
        return;
    }
    while (rows > 0) {
        int paeths = 0;
        if (rows < 4 || n < 8 * kPixel || Chains(in, in_stride, &paeths) < 2) {
            Row<kPixel>(in, above, out, n);
            above = out;
            in += in_stride;
            out += out_stride;
            rows--;
            continue;
        }
        Four four;
        four.above = above;
        for (int k = 0; k < 4; k++) {
            four.in[k] = in + k * in_stride;
            four.out[k] = out + k * out_stride;
            four.filter[k] = static_cast<Filter>(four.in[k][-1]);
        }
        if (paeths == 4) {
            Wave<kPixel>(four, n, AllPaeth());
        } else {
            const Mixed mixed = {MaskOf(four, kSub), MaskOf(four, kUp), MaskOf(four, kAverage),
                                 MaskOf(four, kPaeth)};
            Wave<kPixel>(four, n, mixed);
        }
        above = four.out[3];
        in += 4 * in_stride;
        out += 4 * out_stride;
        rows -= 4;
    }
}

/* ---- filtering ------------------------------------------------------------------------------- */

uint64_t Distance(uint8_t difference) {
    return difference < 128 ? difference : 256u - difference;
}

void FilterBytes(const uint8_t *row, const uint8_t *above, uint8_t *const out[3], uint64_t cost[3],
                 size_t begin, size_t end, size_t pixel) {
    for (size_t i = begin; i < end; i++) {
        const int a = i < pixel ? 0 : row[i - pixel], b = above[i];
        const int predicted[3] = {a, b, (a + b) / 2};
        for (int k = 0; k < 3; k++) {
            out[k][i] = static_cast<uint8_t>(row[i] - predicted[k]);
            cost[k] += Distance(out[k][i]);
        }
    }
}

template <size_t kPixel>
void FilterRow(const uint8_t *row, const uint8_t *above, uint8_t *const out[3], uint64_t cost[3],
               size_t n) {
    const hn::ScalableTag<uint8_t> wide;
    const hn::Repartition<uint64_t, hn::ScalableTag<uint8_t>> sums;
    const size_t lanes = hn::Lanes(wide);
    const auto zero = hn::Zero(wide);
    auto sub_sum = hn::Zero(sums), up_sum = hn::Zero(sums), mean_sum = hn::Zero(sums);
    cost[0] = cost[1] = cost[2] = 0;
    const size_t first = n < kPixel ? n : kPixel;
    FilterBytes(row, above, out, cost, 0, first, kPixel);
    size_t i = first;
    for (; i + lanes <= n; i += lanes) {
        const auto a = hn::LoadU(wide, row + i - kPixel), b = hn::LoadU(wide, above + i);
        const auto v = hn::LoadU(wide, row + i);
        const auto odd = hn::And(hn::Xor(a, b), hn::Set(wide, 1));
        const auto sub = hn::Sub(v, a), up = hn::Sub(v, b);
        const auto mean = hn::Sub(v, hn::Sub(hn::AverageRound(a, b), odd));
        hn::StoreU(sub, wide, out[0] + i);
        hn::StoreU(up, wide, out[1] + i);
        hn::StoreU(mean, wide, out[2] + i);
        sub_sum = hn::Add(sub_sum, hn::SumsOf8(hn::Min(sub, hn::Sub(zero, sub))));
        up_sum = hn::Add(up_sum, hn::SumsOf8(hn::Min(up, hn::Sub(zero, up))));
        mean_sum = hn::Add(mean_sum, hn::SumsOf8(hn::Min(mean, hn::Sub(zero, mean))));
    }
    cost[0] += hn::GetLane(hn::SumOfLanes(sums, sub_sum));
    cost[1] += hn::GetLane(hn::SumOfLanes(sums, up_sum));
    cost[2] += hn::GetLane(hn::SumOfLanes(sums, mean_sum));
    FilterBytes(row, above, out, cost, i, n, kPixel);
}

} // namespace

void FillPng(struct ic_kernels *kernels) {
    kernels->png_unfilter[1] = Unfilter<1>;
    kernels->png_unfilter[2] = Unfilter<2>;
    kernels->png_unfilter[3] = Unfilter<3>;
    kernels->png_unfilter[4] = Unfilter<4>;
    kernels->png_filter[1] = FilterRow<1>;
    kernels->png_filter[2] = FilterRow<2>;
    kernels->png_filter[3] = FilterRow<3>;
    kernels->png_filter[4] = FilterRow<4>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_png(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillPng, target, kernels)
}
#endif
