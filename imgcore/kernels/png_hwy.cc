/* PNG's filters, in both directions.
 *
 * Undoing Average and Paeth is a dependency chain: each pixel needs the one before it. So several
 * rows are processed together, each one pixel behind the row above it: lane k of a 128-bit vector
 * is pixel x - k of row k, its value from above is that of lane k - 1 one step earlier, and one
 * chain serves four pixels; two such vectors depend only on each other's last step. Rows of
 * different filters are processed together, with each lane selecting its own prediction.
 *
 * 8 rows of 4928 RGB pixels by Paeth: four rows together 36 us, eight 32, with four pixels of each
 * row loaded and transposed at a time 25. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/png_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "imgcore/kernels/png_unfilter-inl.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

using D32 = hn::CappedTag<uint32_t, 4>;

constexpr D32 d32;

/* ---- several rows ---------------------------------------------------------------------------- */

/* Loads a pixel into the low bytes of a lane. Three bytes are read as four: the byte above them has
 * no effect, since lanes are bytes. */
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

/* Combine, extract and select lanes with instructions that work within registers. */
#if IC_HWY_X86
HWY_INLINE V Lanes4(uint32_t v0, uint32_t v1, uint32_t v2, uint32_t v3) {
    return V{_mm_setr_epi32(static_cast<int>(v0), static_cast<int>(v1), static_cast<int>(v2),
                            static_cast<int>(v3))};
}

template <int kLane> HWY_INLINE uint32_t LaneOf(V v) {
    return static_cast<uint32_t>(_mm_extract_epi32(v.raw, kLane));
}

#else
HWY_INLINE V Lanes4(uint32_t v0, uint32_t v1, uint32_t v2, uint32_t v3) {
    alignas(16) const uint32_t lanes[4] = {v0, v1, v2, v3};
    return hn::BitCast(d, hn::Load(d32, lanes));
}

template <int kLane> HWY_INLINE uint32_t LaneOf(V v) {
    return hn::ExtractLane(hn::BitCast(d32, v), kLane);
}

#endif

/* ---- four pixels of a row at a time ------- */

/* Loads four pixels, one in each lane, with a read of 16 bytes. */
template <size_t kPixel> HWY_INLINE V Spread(const uint8_t *from) {
    alignas(16) static constexpr uint8_t kLanes[16] = {0, 1, 2, 2, 3, 4,  5,  5,
                                                       6, 7, 8, 8, 9, 10, 11, 11};
    const V bytes = hn::LoadU(d, from);
    return kPixel == 3 ? hn::TableLookupBytes(bytes, hn::Load(d, kLanes)) : bytes;
}

/* Stores four pixels; writes 16 bytes too, and the bytes past the pixels have no meaning. */
template <size_t kPixel> HWY_INLINE void Pack(V pixels, uint8_t *to) {
    alignas(16) static constexpr uint8_t kBytes[16] = {0,  1,  2,  4,  5, 6, 8, 9,
                                                       10, 12, 13, 14, 0, 0, 0, 0};
    hn::StoreU(kPixel == 3 ? hn::TableLookupBytes(pixels, hn::Load(d, kBytes)) : pixels, d, to);
}

/* Lane j of v[i] becomes lane i of v[j]. */
HWY_INLINE void Transpose(V v[4]) {
    const hn::CappedTag<uint64_t, 2> d64;
    const auto a = hn::BitCast(d32, v[0]), b = hn::BitCast(d32, v[1]);
    const auto c = hn::BitCast(d32, v[2]), e = hn::BitCast(d32, v[3]);
    const auto ab_low = hn::BitCast(d64, hn::InterleaveLower(d32, a, b));
    const auto ce_low = hn::BitCast(d64, hn::InterleaveLower(d32, c, e));
    const auto ab_high = hn::BitCast(d64, hn::InterleaveUpper(d32, a, b));
    const auto ce_high = hn::BitCast(d64, hn::InterleaveUpper(d32, c, e));
    v[0] = hn::BitCast(d, hn::InterleaveLower(d64, ab_low, ce_low));
    v[1] = hn::BitCast(d, hn::InterleaveUpper(d64, ab_low, ce_low));
    v[2] = hn::BitCast(d, hn::InterleaveLower(d64, ab_high, ce_high));
    v[3] = hn::BitCast(d, hn::InterleaveUpper(d64, ab_high, ce_high));
}

/* Moves pixel j to the highest lane. */
template <int kLane> HWY_INLINE V OnTop(V pixels) {
    return hn::BitCast(d, hn::Broadcast<kLane>(hn::BitCast(d32, pixels)));
}

/* One step: `pixels` is filtered on input and unfiltered on return. `before`: the pixel above the
 * first lane, in the highest lane; on return that above the next vector. */
template <class Predict>
HWY_INLINE void Step(const Predict &predict, V &before, V &left, V &corner, V &pixels) {
    const V up = hn::CombineShiftRightBytes<12>(d, left, before);
    before = left;
    left = hn::Add(pixels, predict(left, up, corner));
    corner = up;
    pixels = left;
}

/* Step kStep of four, for every vector; `above`: the four pixels above the first row. */
template <int kStep, size_t kQuads, class Predict>
HWY_INLINE void StepQuads(const Predict *predict, V above, V *left, V *corner, V (*pixels)[4]) {
    V before = OnTop<kStep>(above);
    HWY_UNROLL(2)
    for (size_t q = 0; q < kQuads; q++) {
        Step(predict[q], before, left[q], corner[q], pixels[q][kStep]);
    }
}

/* Unfilters 4 * kQuads rows of at least twice as many pixels. The corners, where not all rows are
 * active, are processed byte by byte; so is the last pixel of the first row, since three bytes are
 * stored as four. */
template <size_t kPixel, size_t kQuads, class Predict>
HWY_INLINE void WaveQuads(const Rows &rows, size_t n, const Predict *predict) {
    constexpr size_t kRows = 4 * kQuads, kLag = kRows - 1;
    for (size_t k = 0; k < kRows; k++) {
        Bytes<kPixel>(rows.FilterOf(k), rows.In(k), rows.Above(k), rows.Out(k), 0,
                      (kRows - k) * kPixel);
    }
    /* The pixel of row k at step x is at x after these addresses. */
    const uint8_t *in[kRows];
    uint8_t *out[kRows];
    uint32_t last[kRows], last_above[kRows];
    for (size_t k = 0; k < kRows; k++) {
        in[k] = rows.In(k) - k * kPixel;
        out[k] = rows.Out(k) - k * kPixel;
        last[k] = Pixel<kPixel>(rows.Out(k) + (kLag - k) * kPixel);
        last_above[k] = Pixel<kPixel>(rows.Above(k) + (kLag - k) * kPixel);
    }
    V left[kQuads], corner[kQuads];
    for (size_t q = 0; q < kQuads; q++) {
        const size_t k = 4 * q;
        left[q] = Lanes4(last[k], last[k + 1], last[k + 2], last[k + 3]);
        corner[q] = Lanes4(last_above[k], last_above[k + 1], last_above[k + 2], last_above[k + 3]);
    }
    size_t x = kRows * kPixel;
    for (; kPixel >= 3 && x + 16 <= n; x += 4 * kPixel) {
        const V above = Spread<kPixel>(rows.above + x);
        V pixels[kQuads][4];
        HWY_UNROLL(2)
        for (size_t q = 0; q < kQuads; q++) {
            pixels[q][0] = Spread<kPixel>(in[4 * q] + x);
            pixels[q][1] = Spread<kPixel>(in[4 * q + 1] + x);
            pixels[q][2] = Spread<kPixel>(in[4 * q + 2] + x);
            pixels[q][3] = Spread<kPixel>(in[4 * q + 3] + x);
            Transpose(pixels[q]);
        }
        StepQuads<0, kQuads>(predict, above, left, corner, pixels);
        StepQuads<1, kQuads>(predict, above, left, corner, pixels);
        StepQuads<2, kQuads>(predict, above, left, corner, pixels);
        StepQuads<3, kQuads>(predict, above, left, corner, pixels);
        HWY_UNROLL(2)
        for (size_t q = 0; q < kQuads; q++) {
            Transpose(pixels[q]);
            Pack<kPixel>(pixels[q][0], out[4 * q] + x);
            Pack<kPixel>(pixels[q][1], out[4 * q + 1] + x);
            Pack<kPixel>(pixels[q][2], out[4 * q + 2] + x);
            Pack<kPixel>(pixels[q][3], out[4 * q + 3] + x);
        }
    }
    for (; x + kPixel < n; x += kPixel) {
        V before = Lanes4(0, 0, 0, Pixel<kPixel>(rows.above + x));
        for (size_t q = 0; q < kQuads; q++) {
            const size_t k = 4 * q;
            V pixels = Lanes4(Pixel<kPixel>(in[k] + x), Pixel<kPixel>(in[k + 1] + x),
                              Pixel<kPixel>(in[k + 2] + x), Pixel<kPixel>(in[k + 3] + x));
            Step(predict[q], before, left[q], corner[q], pixels);
            StorePixel<kPixel>(LaneOf<0>(pixels), out[k] + x);
            StorePixel<kPixel>(LaneOf<1>(pixels), out[k + 1] + x);
            StorePixel<kPixel>(LaneOf<2>(pixels), out[k + 2] + x);
            StorePixel<kPixel>(LaneOf<3>(pixels), out[k + 3] + x);
        }
    }
    for (size_t k = 0; k < kRows; k++) {
        Bytes<kPixel>(rows.FilterOf(k), rows.In(k), rows.Above(k), rows.Out(k), x - k * kPixel, n);
    }
}

struct Quads {
    static constexpr size_t kRows = 4;
    template <size_t kPixel, size_t kVectors, class Predict>
    static HWY_INLINE void Wave(const Rows &rows, size_t n, const Predict *predict) {
        WaveQuads<kPixel, kVectors>(rows, n, predict);
    }
};

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
    kernels->png_unfilter[1] = Unfilter<1, Waves<Quads>>;
    kernels->png_unfilter[2] = Unfilter<2, Waves<Quads>>;
    kernels->png_unfilter[3] = Unfilter<3, Waves<Quads>>;
    kernels->png_unfilter[4] = Unfilter<4, Waves<Quads>>;
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
