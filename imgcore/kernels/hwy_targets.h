/* Which Highway targets are compiled, and how their kernels get into the table. Private to this
 * room; included before any header of Highway by every *_hwy.cc, and by targets.c for the fillers.
 *
 * x86-64: SSE4 counts as the baseline whatever the compiler's flags, so that a plain build has no
 * emulated target and a -march=native build still has them all. SSSE3 and what newer versions of
 * Highway add (SSE2, ZEN4, SPR, ...) would cost compile time and win nothing. aarch64: NEON alone,
 * without dispatch, since every such CPU has it. Elsewhere there is only the reference. */
#ifndef IC_HWY_TARGETS_H
#define IC_HWY_TARGETS_H

#include "imgcore/kernels/kernels.h"

#if defined(__x86_64__)
#define HWY_BASELINE_TARGETS HWY_SSE4
#define HWY_DISABLED_TARGETS HWY_SSSE3
#define HWY_WANT_AVX3_DL     1
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

/* Highway's own assertions, on in unoptimised and sanitized builds, would need its library. */
#define HWY_IS_DEBUG_BUILD 0

/* Whether the target that is being compiled is one of ours: asked once for each inclusion. */
#define IC_HWY_WANTED                                                                              \
    (IC_HWY_NEON || (IC_HWY_X86 && (HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 ||            \
                                    HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL)))

/* A vector that is used twice, or summed up in a loop, kept in one register. To gcc 12 a sum as
 * Highway's type and as the operand of an instruction are two variables, of which it keeps both
 * (and spills others), and it loads from memory once for each use; with this it makes the code that
 * clang makes. No instruction comes of it. */
#if IC_HWY_X86 && !defined(__clang__)
#define IC_HWY_KEEP(vector) __asm__("" : "+v"((vector).raw))
#else
#define IC_HWY_KEEP(vector) (void)(vector)
#endif

enum ic_hwy_target { IC_HWY_AVX3_DL, IC_HWY_AVX3, IC_HWY_AVX2, IC_HWY_SSE4, IC_HWY_STATIC };

/* The body of a filler: calls `fill` (a function of every target's namespace in imgcore). */
#if IC_HWY_X86
#define IC_HWY_FILL(fill, target, kernels)                                                         \
    switch (target) {                                                                              \
    case IC_HWY_AVX3_DL:                                                                           \
        imgcore::N_AVX3_DL::fill(kernels);                                                         \
        break;                                                                                     \
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
void ic_fill_hpass_i16(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_hpass_i16x1(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_hpass_f32(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_float(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_color(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_orient(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_png(enum ic_hwy_target target, struct ic_kernels *kernels);
void ic_fill_reduce(enum ic_hwy_target target, struct ic_kernels *kernels);

#ifdef __cplusplus
}
#endif

#endif
