/* EXIF orientation of a reduced image. */
#ifndef IC_ORIENT_H
#define IC_ORIENT_H

#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* Rotates and mirrors `picture`, stored with `orientation` (EXIF 2.32, tag 0x0112, 1 to 8), so that
 * it is upright; every plane alike, so its chroma must have the matching subsampling (see plan). 5
 * to 8 swap width and height. On failure the image is unchanged. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_orient(struct ic_mem *mem, const struct ic_kernels *kernels, int orientation,
                              struct ic_picture *picture);

#endif
