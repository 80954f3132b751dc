/* The Highway targets that are compiled, and the filling of the table with their kernels. Private
 * to this module; included before any header of Highway by every *_hwy.cc, and by targets.c for the
 * fillers.
 *
 * x86-64: SSE4 counts as the baseline for any compiler flags, so that a plain build has no emulated
 * target and a -march=native build still has all of them. SSSE3 and the targets that newer versions
 * of Highway add (SSE2, ZEN4, SPR, ...) cost compile time and gain nothing. Highway's AVX3_DL is
 * not compiled either: only VNNI is used from it, and 1.0.3 compiles it with AVX-VNNI, which Ice
 * Lake and Zen 4 do not have. The target avx3_dl here is AVX3 and, where VNNI gains, the same file
 * compiled once more with IC_HWY_VNNI, which uses that one instruction. aarch64: only NEON, without
 * dispatch, since every such CPU has it. Elsewhere there is only the reference. */
#ifndef IC_HWY_TARGETS_H
#define IC_HWY_TARGETS_H

#include "imgcore/kernels/kernels.h"

#if defined(__x86_64__)
#define HWY_BASELINE_TARGETS HWY_SSE4
#define HWY_DISABLED_TARGETS HWY_SSSE3
#define IC_HWY_X86           1
#else
#define HWY_COMPILE_ONLY_STATIC 1
#define IC_HWY_X86              0
#endif

#if defined(__aarch64__) && defined(__ARM_NEON)
#define IC_HWY_NEON 1
#else
#define IC_HWY_NEON 0
#endif

/* Highway's own assertions, which unoptimised and sanitized builds enable, need its library. */
#define HWY_IS_DEBUG_BUILD 0

/* 1 in a *_vnni_hwy.cc: only AVX3, with vpdpwssd. */
#ifndef IC_HWY_VNNI
#define IC_HWY_VNNI 0
#endif

/* Whether the current target is in the list: tested once per inclusion. */
#if IC_HWY_VNNI
#define IC_HWY_WANTED (IC_HWY_X86 && HWY_TARGET == HWY_AVX3)
#else
#define IC_HWY_WANTED                                                                              \
    (IC_HWY_NEON ||                                                                                \
     (IC_HWY_X86 && (HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3)))
#endif

/* Keeps a vector that is used twice, or summed in a loop, in one register. gcc 12 treats a sum in
 * Highway's type and as the operand of an instruction as two variables, keeps both of them (and
 * spills others), and loads from memory once per use; with this it generates the same code as
 * clang. It adds no instruction. */
#if IC_HWY_X86 && !defined(__clang__)
#define IC_HWY_KEEP(vector) __asm__("" : "+v"((vector).raw))
#else
#define IC_HWY_KEEP(vector) (void)(vector)
#endif

/* IC_HWY_NONE: the reference, which has no kernels of Highway. */
enum ic_hwy_target {
    IC_HWY_AVX3_DL,
    IC_HWY_AVX3,
    IC_HWY_AVX2,
    IC_HWY_SSE4,
    IC_HWY_STATIC,
    IC_HWY_NONE
};

/* The body of a filler: calls `fill` (a function of every target's namespace in imgcore). */
#if IC_HWY_X86
#define IC_HWY_FILL(fill, target, kernels)                                                         \
    switch (target) {                                                                              \
    case IC_HWY_AVX3_DL:                                                                           \
    case IC_HWY_AVX3:                                                                              \
        imgcore::N_AVX3::fill(kernels);                                                            \
        break;                                                                                     \
    case IC_HWY_AVX2:                                                                              \
        imgcore::N_AVX2::fill(kernels);                                                            \
        break;                                                                                     \
    case IC_HWY_SSE4:                                                                              \
        imgcore::N_SSE4::fill(kernels);                                                            \
        break;                                                                                     \
    default:                                                                                       \
        break;                                                                                     \
    }
#elif IC_HWY_NEON
#define IC_HWY_FILL(fill, target, kernels)                                                         \
    (void)(target);                                                                                \
    imgcore::HWY_NAMESPACE::fill(kernels);
#else
#define IC_HWY_FILL(fill, target, kernels)                                                         \
    (void)(target);                                                                                \
    (void)(kernels);
#endif

#ifdef __cplusplus
extern "C" {
#endif

void ic_fill_vpass(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_vpass_alpha(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_hpass_i16(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_hpass_i16x1(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_hpass_f32(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_float(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_color(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_orient(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_png(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_png_wide(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_reduce(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_reduce_rgb(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_jpeg_idct(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_jpeg_idct_few(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_jpeg_unstuff(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_jpeg_blocks(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_jpeg_bands(enum ic_hwy_target target, struct ic_kernels *kernels);
/* The kernels that VNNI makes faster than AVX3; x86 only. */
void ic_fill_hpass_i16_vnni(struct ic_kernels *kernels);
/* The kernel that needs VBMI2, where the CPU has it; x86 only. */
void ic_fill_jpeg_unstuff_vbmi2(struct ic_kernels *kernels);

#ifdef __cplusplus
}
#endif

#endif
