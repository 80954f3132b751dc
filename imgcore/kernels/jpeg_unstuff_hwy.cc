/* The JPEG reader: removal of stuffed bytes. In a photograph one byte in 40 to 200 is 0xff.
 *
 * On x86 a shuffle takes the stuffed byte out of 16 bytes, whether there is one or not. Elsewhere,
 * where the bits of a mask cost more, whole vectors are copied, and at each 0xff the copy starts
 * again behind it. */
#include "imgcore/kernels/hwy_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "imgcore/kernels/jpeg_unstuff_hwy.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#if IC_HWY_WANTED
HWY_BEFORE_NAMESPACE();
namespace imgcore {
namespace HWY_NAMESPACE {
namespace {

/* Byte by byte, from i on. */
HWY_INLINE size_t UnstuffRest(const uint8_t *in, size_t i, size_t n, uint8_t *out, size_t written,
                              size_t *used) {
    while (i < n && (in[i] != 0xff || (i + 1 < n && in[i + 1] == 0))) {
        out[written++] = in[i];
        i += in[i] == 0xff ? 2 : 1;
    }
    *used = i;
    return written;
}

#if IC_HWY_X86
struct Shuffles {
    alignas(16) uint8_t without[17][16]; /* 16: all bytes stay */
    constexpr Shuffles() : without() {
        for (unsigned left_out = 0; left_out < 17; left_out++) {
            for (unsigned i = 0; i < 16; i++) {
                without[left_out][i] = static_cast<uint8_t>(i < left_out ? i : i + 1);
            }
        }
    }
};

constexpr Shuffles kShuffles;

size_t Unstuff(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    const __m128i marker = _mm_set1_epi8(-1), zero = _mm_setzero_si128();
    unsigned after_marker = 0; /* 1: the byte before these is 0xff */
    size_t i = 0, written = 0;
    for (; i + 16 <= n; i += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(in + i));
        const unsigned markers =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, marker)));
        const unsigned zeros =
            static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, zero)));
        const unsigned behind = markers << 1 | after_marker, stuffed = behind & 0xffff;
        if ((stuffed & ~zeros) != 0) {
            break;
        }
        after_marker = behind >> 16;
        if (HWY_LIKELY((stuffed & (stuffed - 1)) == 0)) {
            const unsigned at = static_cast<unsigned>(__builtin_ctz(stuffed | 1u << 16));
            const __m128i shuffle =
                _mm_load_si128(reinterpret_cast<const __m128i *>(kShuffles.without[at]));
            _mm_storeu_si128(reinterpret_cast<__m128i *>(out + written),
                             _mm_shuffle_epi8(bytes, shuffle));
            written += 16 - (stuffed != 0);
            continue;
        }
        for (unsigned k = 0; k < 16; k++) {
            out[written] = in[i + k];
            written += 1 - (stuffed >> k & 1);
        }
    }
    /* what follows a 0xff decides whether it is data */
    return UnstuffRest(in, i - after_marker, n, out, written - after_marker, used);
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
    return UnstuffRest(in, i, n, out, written, used);
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
