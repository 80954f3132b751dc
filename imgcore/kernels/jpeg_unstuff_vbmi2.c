/* jpeg_unstuff with VBMI2, which takes any of 64 bytes out at once. vpcompressb to a register, and
 * a store of it: to memory it is microcode on Zen 4. */
#include "imgcore/kernels/hwy_targets.h"

#if IC_HWY_X86
#include <immintrin.h>

#include "imgcore/kernels/jpeg_unstuff-inl.h"

__attribute__((target("avx512f,avx512bw,avx512vbmi2,popcnt"))) static size_t
unstuff_vbmi2(const uint8_t *in, size_t n, uint8_t *out, size_t *used) {
    const __m512i marker = _mm512_set1_epi8(-1);
    uint64_t after_marker = 0; /* 1: the byte before these is 0xff */
    size_t i = 0, written = 0;
    for (; i + 64 <= n; i += 64) {
        const __m512i bytes = _mm512_loadu_si512(in + i);
        const uint64_t markers = _mm512_cmpeq_epi8_mask(bytes, marker);
        const uint64_t others = _mm512_test_epi8_mask(bytes, bytes);
        const uint64_t stuffed = markers << 1 | after_marker;
        if ((stuffed & others) != 0) {
            break;
        }
        after_marker = markers >> 63;
        _mm512_storeu_si512(out + written, _mm512_maskz_compress_epi8(~stuffed, bytes));
        written += 64 - (size_t)__builtin_popcountll(stuffed);
    }
    /* what follows a 0xff decides whether it is data */
    return ic_jpeg_unstuff_rest(in, i - after_marker, n, out, written - after_marker, used);
}

void ic_fill_jpeg_unstuff_vbmi2(struct ic_kernels *kernels) {
    if (__builtin_cpu_supports("avx512vbmi2")) {
        kernels->jpeg_unstuff = unstuff_vbmi2;
    }
}
#endif
