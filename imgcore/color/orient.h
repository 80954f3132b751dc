/* EXIF orientation applied to a reduced picture. */
#ifndef IC_ORIENT_H
#define IC_ORIENT_H

#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* Turns `picture` so that what is stored with `orientation` (EXIF 2.32, tag 0x0112, 1 to 8) is seen
 * upright; every plane alike, so chroma must have been sized for it (see plan). 5 to 8 swap width
 * and height. On failure the picture is unchanged. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_orient(struct ic_mem *mem, const struct ic_kernels *kernels, int orientation,
                              struct ic_picture *picture);

#endif
