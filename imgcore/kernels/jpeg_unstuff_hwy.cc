/* The JPEG reader: removal of stuffed bytes. In a photograph one byte in 40 to 200 is 0xff.
 *
 * On x86 a shuffle takes the stuffed bytes out of twice eight, whether there are any or not.
 * Elsewhere, where the bits of a mask cost more, whole vectors are copied, and at each 0xff the
 * copy starts again behind it. With VBMI2: jpeg_unstuff_vbmi2.c. */
#include "imgcore/kernels/hwy_targets.h"

#include "imgcore/kernels/jpeg_unstuff-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_unstuff_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

#if IC_HWY_X86
/* The places of eight bytes without some of them, and how many are left: bit i of the index is set
 * if byte i goes. */
struct Shuffles {
    alignas(8) uint8_t place[256][8];
    uint8_t left[256];
    constexpr Shuffles() : place(), left() {
        for (unsigned without = 0; without < 256; without++) {
            unsigned count = 0;
            for (unsigned i = 0; i < 8; i++) {
                if ((without >> i & 1) == 0) {
                    place[without][count++] = static_cast<uint8_t>(i);
                }
            }
            left[without] = static_cast<uint8_t>(count);
        }
    }
};

constexpr Shuffles kShuffles;

HWY_INLINE __m128i LoadEight(const uint8_t *from) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i *>(from));
}

HWY_INLINE void StoreEight(__m128i bytes, uint8_t *to) {
    _mm_storel_epi64(reinterpret_cast<__m128i *>(to), bytes);
}

size_t Unstuff(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    const __m128i marker = _mm_set1_epi8(-1), zero = _mm_setzero_si128();
    const __m128i halves = _mm_set_epi64x(0x0808080808080808, 0);
    unsigned after_marker = 0; /* 1: the byte before these is 0xff */
    size_t i = 0, written = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(in + i));
        const unsigned markers =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, marker)));
        const unsigned zeros =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, zero)));
        const unsigned behind = markers << 1 | after_marker;
        if ((behind & 0xffff & ~zeros) != 0) {
            break;
        }
        after_marker = behind >> 16;
        const unsigned lower = behind & 0xff, upper = behind >> 8 & 0xff;
        const __m128i places = _mm_unpacklo_epi64(LoadEight(kShuffles.place[lower]),
                                                  LoadEight(kShuffles.place[upper]));
        const __m128i left = _mm_shuffle_epi8(bytes, _mm_add_epi8(places, halves));
        StoreEight(left, out + written);
        written += kShuffles.left[lower];
        StoreEight(_mm_unpackhi_epi64(left, left), out + written);
        written += kShuffles.left[upper];
    }
    /* what follows a 0xff decides whether it is data */
    return ic_jpeg_unstuff_rest(in, i - after_marker, n, out, written - after_marker, used);
}
#else
namespace hn = hwy::HWY_NAMESPACE;

const hn::ScalableTag<uint8_t> du8;

size_t Unstuff(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    const auto marker = hn::Set(du8, 0xff);
    constexpr size_t kLanes = HWY_MAX_BYTES;
    size_t i = 0, written = 0;
    while (i + kLanes < n) {
        const auto bytes = hn::LoadU(du8, in + i);
        hn::StoreU(bytes, du8, out + written);
        const ptrdiff_t at = hn::FindFirstTrue(du8, hn::Eq(bytes, marker));
        if (at < 0) {
            i += kLanes;
            written += kLanes;
            continue;
        }
        i += static_cast<size_t>(at);
        written += static_cast<size_t>(at);
        if (in[i + 1] != 0) {
            break;
        }
        i += 2;
        written++;
    }
    return ic_jpeg_unstuff_rest(in, i, n, out, written, used);
}
#endif

} // namespace

void FillJpegUnstuff(struct ic_kernels *kernels) {
    kernels->jpeg_unstuff = Unstuff;
}

} // namespace HWY_NAMESPACE
} // namespace imgcore
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
void ic_fill_jpeg_unstuff(enum ic_hwy_target target, struct ic_kernels *kernels) {
    IC_HWY_FILL(FillJpegUnstuff, target, kernels)
}
#endif
