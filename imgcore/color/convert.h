/* Conversion of a reduced image between colours, without profiles. Every function leaves the image
 * unchanged if it fails. */
#ifndef IC_CONVERT_H
#define IC_CONVERT_H

#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* Converts YCBCR (chroma at full size), CMYK (without a profile: inks on white) or GREY to RGB, and
 * GREY_ALPHA to RGBA; RGB and RGBA stay. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_to_rgb(struct ic_mem *mem, const struct ic_kernels *kernels,
                              struct ic_picture *picture);

/* Whether halving the chroma of an image (YCBCR with full chroma, or RGB; false for others) would
 * be visible: whether more than IC_CHROMA_HARM of its 2x2 blocks hold a pixel whose Cb or Cr
 * differs by more than IC_CHROMA_STEP from the mean of the block. Saturated edges do (red text on
 * white: 100 and more), photographs hardly ever. */
bool ic_needs_full_chroma(const struct ic_picture *picture);
#define IC_CHROMA_STEP 32
#define IC_CHROMA_HARM (1.0 / 200.0)

/* Averages the chroma of a YCBCR picture with full chroma 2x2. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_halve_chroma(struct ic_mem *mem, struct ic_picture *picture);

#endif
