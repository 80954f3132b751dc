/* jpeg_blocks for each instruction set: BMI has shifts by any register, and an instruction that
 * extracts bits. */
#include "imgcore/kernels/hwy_targets.h"

#include "imgcore/kernels/jpeg_blocks.h"

#define BLOCKS_NAME blocks_plain
#define BLOCKS_RARE rare_plain
#define BLOCKS_TARGET
#define FOLLOWING(bits, following)                                                                 \
    ((bits) >> ((following)&63) & ((UINT64_C(1) << ((following) >> 8)) - 1))
#include "imgcore/kernels/jpeg_blocks-inl.h"
#undef BLOCKS_NAME
#undef BLOCKS_RARE
#undef BLOCKS_TARGET
#undef FOLLOWING

#if IC_HWY_X86
#define BLOCKS_NAME                blocks_bmi2
#define BLOCKS_RARE                rare_bmi2
#define BLOCKS_TARGET              __attribute__((target("bmi,bmi2")))
#define FOLLOWING(bits, following) __builtin_ia32_bextr_u64(bits, following)
#include "imgcore/kernels/jpeg_blocks-inl.h"
#undef BLOCKS_NAME
#undef BLOCKS_RARE
#undef BLOCKS_TARGET
#undef FOLLOWING
#endif

void ic_fill_jpeg_blocks(enum ic_hwy_target target, struct ic_kernels *kernels) {
    kernels->reads_jpeg = true;
#if IC_HWY_X86
    kernels->jpeg_blocks = target == IC_HWY_SSE4 ? blocks_plain : blocks_bmi2;
#else
    (void)target;
    kernels->jpeg_blocks = blocks_plain;
#endif
}
