/* The inverse DCTs of one block in plain C: the reference, and what the vectors leave to it.
 * Private to this module. Parameters and result: see jpeg_idct in kernels.h. */
#ifndef IC_JPEG_IDCT_SCALAR_H
#define IC_JPEG_IDCT_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

bool ic_jpeg_idct_8_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes);
bool ic_jpeg_idct_4_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes);
bool ic_jpeg_idct_2_scalar(int16_t *coefs, const int16_t *quant, uint8_t *out,
                           ptrdiff_t stride_bytes);

#ifdef __cplusplus
}
#endif

#endif
