/* The blocks of a batch of MCUs to samples: DC differences to values, and the inverse DCTs. Private
 * to jpeg_scan.c. */
#ifndef IC_JPEG_PLACE_H
#define IC_JPEG_PLACE_H

#include "imgcore/codec/jpeg_samples.h"
#include "imgcore/codec/jpeg_scan.h"

/* Where the blocks of a plane lie, and how they are transformed. */
struct ic_jpeg_placing {
    uint8_t class_of[65];                /* enum ic_jpeg_class by the number of coefficients */
    uint8_t block[IC_JPEG_GROUP_BLOCKS]; /* among all blocks of a batch */
    size_t offset[IC_JPEG_GROUP_BLOCKS]; /* of samples in the plane, with rows of stride_bytes */
    size_t stride_bytes;                 /* 0: not known yet */
};

/* first: the number of the plane's first block in an MCU; blocks: how many an MCU has. */
void ic_jpeg_placing_make(struct ic_jpeg_placing *placing,
                          const struct ic_jpeg_component *component, int first, int blocks);

/* Makes the samples of a plane in `count` MCUs, the first of which is at `out`. coefs, last: of all
 * blocks of the batch, as jpeg_blocks (kernels.h) writes them; those of the plane are cleared, but
 * not for 1x1, which uses DC alone. *dc: the value of the last block's DC, before and after. False:
 * a value or sample is so far out of range that libjpeg's forms differ. */
bool ic_jpeg_place_blocks(const struct ic_kernels *kernels,
                          const struct ic_jpeg_component *component,
                          struct ic_jpeg_placing *placing, int16_t *coefs, const uint8_t *last,
                          uint32_t count, uint8_t *out, size_t stride_bytes, int *dc);

#endif
