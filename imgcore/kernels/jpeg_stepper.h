/* The state of jpeg_blocks between two steps. Private to the files of jpeg_blocks. */
#ifndef IC_JPEG_STEPPER_H
#define IC_JPEG_STEPPER_H

#include "imgcore/kernels/hwy_targets.h"
#include "imgcore/kernels/jpeg_bits-inl.h"
#include "imgcore/kernels/jpeg_blocks.h"

/* Not without optimisation, where compilers leave the assembly too few registers. */
#if IC_HWY_X86 && defined(__LP64__) && defined(__OPTIMIZE__)
#define IC_JPEG_BLOCKS_BMI2 1
#else
#define IC_JPEG_BLOCKS_BMI2 0
#endif

struct ic_jpeg_stepper {
    struct bits from;
    const uint8_t *at;
    const struct ic_jpeg_kind *kind;
    const struct ic_jpeg_step_table *table; /* of the next step: for DC at a block's start */
    const uint8_t *place;                   /* of the next coefficient, in IC_JPEG_ZIGZAG */
    int16_t *coefs;                         /* of the block */
    uint8_t *last;                          /* of the block */
};

/* Decodes blocks from the start of one on, until `last_end`, or until a position past `limit` at
 * the start of a block. False: the next step, of any block, is in no table. For CPUs with BMI2; 56
 * bits must be there. */
bool ic_jpeg_take_blocks_bmi2(struct ic_jpeg_stepper *stepper, const uint8_t *limit,
                              const uint8_t *last_end);

#endif
