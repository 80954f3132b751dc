/* Orientation: transposing and mirroring pixels of 1 to 4 bytes.
 *
 * Transposing works on tiles of 128-bit vectors (the rows of a tile go to different rows of the
 * output, so longer vectors gain little); tiles at the right and lower edge overlap their
 * neighbours. Pixels of 3 bytes are expanded to 4 in between. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/orient_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Block8 = hn::CappedTag<uint8_t, 16>;

/* ---- tiles: a vector of pixels from a row, and where vector `i` of the transposed tile goes -----
 */

struct Bytes1 {
    using D = Block8;
    static constexpr size_t kBytes = 1, kColumns = 16, kRows = 8;

    static HWY_INLINE hn::Vec<D> Load(const uint8_t *in) {
        return hn::LoadU(D(), in);
    }
    static HWY_INLINE void Store(hn::Vec<D> v, uint8_t *out, ptrdiff_t out_stride, ptrdiff_t i) {
        const hn::Half<D> half;
        hn::StoreU(hn::LowerHalf(half, v), half, out + 2 * i * out_stride);
        hn::StoreU(hn::UpperHalf(half, v), half, out + (2 * i + 1) * out_stride);
    }
};

template <class T> struct Whole {
    using D = hn::CappedTag<T, 16 / sizeof(T)>;
    static constexpr size_t kBytes = sizeof(T), kColumns = 16 / sizeof(T), kRows = kColumns;

    static HWY_INLINE hn::Vec<D> Load(const uint8_t *in) {
        return hn::BitCast(D(), hn::LoadU(Block8(), in));
    }
    static HWY_INLINE void Store(hn::Vec<D> v, uint8_t *out, ptrdiff_t out_stride, ptrdiff_t i) {
        hn::StoreU(hn::BitCast(Block8(), v), Block8(), out + i * out_stride);
    }
};

using Bytes2 = Whole<uint16_t>;
using Bytes4 = Whole<uint32_t>;

struct Bytes3 {
    using D = hn::CappedTag<uint32_t, 4>;
    static constexpr size_t kBytes = 3, kColumns = 4, kRows = 4;

    static HWY_INLINE hn::Vec<D> Load(const uint8_t *in) {
        alignas(16) static constexpr uint8_t kSpread[16] = {0, 1, 2, 2, 3, 4,  5,  5,
                                                            6, 7, 8, 8, 9, 10, 11, 11};
        const hn::CappedTag<uint8_t, 8> eight;
        const hn::CappedTag<uint8_t, 4> four;
        const auto upper = hn::ZeroExtendVector(eight, hn::LoadU(four, in + 8));
        const auto twelve = hn::Combine(Block8(), upper, hn::LoadU(eight, in));
        return hn::BitCast(D(), hn::TableLookupBytes(twelve, hn::Load(Block8(), kSpread)));
    }
    static HWY_INLINE void Store(hn::Vec<D> v, uint8_t *out, ptrdiff_t out_stride, ptrdiff_t i) {
        alignas(16) static constexpr uint8_t kPack[16] = {0,  1,  2,  4,  5, 6, 8, 9,
                                                          10, 12, 13, 14, 0, 0, 0, 0};
        const hn::CappedTag<uint8_t, 8> eight;
        const hn::CappedTag<uint8_t, 4> four;
        const auto packed =
            hn::TableLookupBytes(hn::BitCast(Block8(), v), hn::Load(Block8(), kPack));
        uint8_t *to = out + i * out_stride;
        hn::StoreU(hn::LowerHalf(eight, packed), eight, to);
        hn::StoreU(hn::LowerHalf(four, hn::UpperHalf(eight, packed)), four, to + 8);
    }
};

/* A tile as two halves of rows. One step interleaves the halves; after as many steps as a side has
 * bits, rows have become columns. The rows are variables, not arrays: gcc 12 keeps arrays in
 * memory, ten times as slow. */
template <class D, class V = hn::Vec<D>> HWY_INLINE void Step4(D d, V &a0, V &a1, V &b0, V &b1) {
    const V r0 = hn::InterleaveLower(d, a0, b0), r1 = hn::InterleaveUpper(d, a0, b0);
    const V r2 = hn::InterleaveLower(d, a1, b1), r3 = hn::InterleaveUpper(d, a1, b1);
    a0 = r0, a1 = r1, b0 = r2, b1 = r3;
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE void Step8(D d, V &a0, V &a1, V &a2, V &a3, V &b0, V &b1, V &b2, V &b3) {
    const V r0 = hn::InterleaveLower(d, a0, b0), r1 = hn::InterleaveUpper(d, a0, b0);
    const V r2 = hn::InterleaveLower(d, a1, b1), r3 = hn::InterleaveUpper(d, a1, b1);
    const V r4 = hn::InterleaveLower(d, a2, b2), r5 = hn::InterleaveUpper(d, a2, b2);
    const V r6 = hn::InterleaveLower(d, a3, b3), r7 = hn::InterleaveUpper(d, a3, b3);
    a0 = r0, a1 = r1, a2 = r2, a3 = r3, b0 = r4, b1 = r5, b2 = r6, b3 = r7;
}

template <class Pixel>
HWY_INLINE void TransposeTile4(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out,
                               ptrdiff_t out_stride) {
    const typename Pixel::D d;
    auto a0 = Pixel::Load(in), a1 = Pixel::Load(in + in_stride);
    auto b0 = Pixel::Load(in + 2 * in_stride), b1 = Pixel::Load(in + 3 * in_stride);
    Step4(d, a0, a1, b0, b1);
    Step4(d, a0, a1, b0, b1);
    Pixel::Store(a0, out, out_stride, 0);
    Pixel::Store(a1, out, out_stride, 1);
    Pixel::Store(b0, out, out_stride, 2);
    Pixel::Store(b1, out, out_stride, 3);
}

/* A row has sixteen bytes, and two columns are in one vector. */
template <class Pixel>
HWY_INLINE void TransposeTile8(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out,
                               ptrdiff_t out_stride) {
    const typename Pixel::D d;
    auto a0 = Pixel::Load(in), a1 = Pixel::Load(in + in_stride);
    auto a2 = Pixel::Load(in + 2 * in_stride), a3 = Pixel::Load(in + 3 * in_stride);
    auto b0 = Pixel::Load(in + 4 * in_stride), b1 = Pixel::Load(in + 5 * in_stride);
    auto b2 = Pixel::Load(in + 6 * in_stride), b3 = Pixel::Load(in + 7 * in_stride);
    Step8(d, a0, a1, a2, a3, b0, b1, b2, b3);
    Step8(d, a0, a1, a2, a3, b0, b1, b2, b3);
    Step8(d, a0, a1, a2, a3, b0, b1, b2, b3);
    Pixel::Store(a0, out, out_stride, 0);
    Pixel::Store(a1, out, out_stride, 1);
    Pixel::Store(a2, out, out_stride, 2);
    Pixel::Store(a3, out, out_stride, 3);
    Pixel::Store(b0, out, out_stride, 4);
    Pixel::Store(b1, out, out_stride, 5);
    Pixel::Store(b2, out, out_stride, 6);
    Pixel::Store(b3, out, out_stride, 7);
}

/* Images narrower or lower than a tile. */
template <size_t kBytes>
void TransposeFew(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                  size_t width, size_t height) {
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            memcpy(out + static_cast<ptrdiff_t>(x) * out_stride + y * kBytes,
                   in + static_cast<ptrdiff_t>(y) * in_stride + x * kBytes, kBytes);
        }
    }
}

template <class Pixel>
void Transpose(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
               size_t width, size_t height) {
    constexpr size_t kBytes = Pixel::kBytes, kColumns = Pixel::kColumns, kRows = Pixel::kRows;
    if (width < kColumns || height < kRows) {
        TransposeFew<kBytes>(in, in_stride, out, out_stride, width, height);
        return;
    }
    for (size_t tile_y = 0; tile_y < height; tile_y += kRows) {
        const size_t y = HWY_MIN(tile_y, height - kRows);
        for (size_t tile_x = 0; tile_x < width; tile_x += kColumns) {
            const size_t x = HWY_MIN(tile_x, width - kColumns);
            const uint8_t *from = in + static_cast<ptrdiff_t>(y) * in_stride + x * kBytes;
            uint8_t *to = out + static_cast<ptrdiff_t>(x) * out_stride + y * kBytes;
            if constexpr (kRows == 8) {
                TransposeTile8<Pixel>(from, in_stride, to, out_stride);
            } else {
                TransposeTile4<Pixel>(from, in_stride, to, out_stride);
            }
        }
    }
}

/* ---- mirroring ------------------------------------------------------------------------------- */

template <size_t kBytes> void MirrorFew(const uint8_t *in, uint8_t *out, size_t width) {
    for (size_t x = 0; x < width; x++) {
        memcpy(out + x * kBytes, in + (width - 1 - x) * kBytes, kBytes);
    }
}

HWY_INLINE hn::Vec<hn::ScalableTag<uint8_t>> ReverseLanes(hn::ScalableTag<uint8_t> d,
                                                          hn::Vec<hn::ScalableTag<uint8_t>> v) {
    alignas(16) static constexpr uint8_t kReversed[16] = {15, 14, 13, 12, 11, 10, 9, 8,
                                                          7,  6,  5,  4,  3,  2,  1, 0};
    const auto blocks = hn::TableLookupBytes(v, hn::LoadDup128(d, kReversed));
    return hn::ReverseBlocks(d, blocks);
}

template <class D, class V = hn::Vec<D>> HWY_INLINE V ReverseLanes(D d, V v) {
    return hn::Reverse(d, v);
}

template <class T> void Mirror(const uint8_t *in, uint8_t *out, size_t width) {
    const hn::ScalableTag<T> d;
    const hn::ScalableTag<uint8_t> d8;
    constexpr size_t kPixels = HWY_MAX_BYTES / sizeof(T);
    if (width < kPixels) {
        MirrorFew<sizeof(T)>(in, out, width);
        return;
    }
    for (size_t step = 0; step < width; step += kPixels) {
        const size_t x = HWY_MIN(step, width - kPixels); /* the last vector overlaps */
        const auto v = hn::LoadU(d8, in + (width - kPixels - x) * sizeof(T));
        const auto reversed = ReverseLanes(d, hn::BitCast(d, v));
        hn::StoreU(hn::BitCast(d8, reversed), d8, out + x * sizeof(T));
    }
}

/* Five pixels in 16 bytes. The extra byte is before them in `in` and after them in `out`, where the
 * next pixels are written. */
void Mirror3(const uint8_t *in, uint8_t *out, size_t width) {
    alignas(16) static constexpr uint8_t kReversed[16] = {13, 14, 15, 10, 11, 12, 7, 8,
                                                          9,  4,  5,  6,  1,  2,  3, 0};
    const auto table = hn::Load(Block8(), kReversed);
    size_t x = 0;
    for (; x + 6 <= width; x += 5) {
        const auto v = hn::LoadU(Block8(), in + (width - x) * 3 - 16);
        hn::StoreU(hn::TableLookupBytes(v, table), Block8(), out + x * 3);
    }
    MirrorFew<3>(in, out + x * 3, width - x);
}

} // namespace

void FillOrient(struct ic_kernels *kernels) {
    kernels->transpose_u8[1] = Transpose<Bytes1>;
    kernels->transpose_u8[2] = Transpose<Bytes2>;
    kernels->transpose_u8[3] = Transpose<Bytes3>;
    kernels->transpose_u8[4] = Transpose<Bytes4>;
    kernels->mirror_u8[1] = Mirror<uint8_t>;
    kernels->mirror_u8[2] = Mirror<uint16_t>;
    kernels->mirror_u8[3] = Mirror3;
    kernels->mirror_u8[4] = Mirror<uint32_t>;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_orient(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillOrient, target, kernels)
}
#endif
