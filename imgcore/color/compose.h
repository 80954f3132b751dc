/* Compositing a reduced image on a background: a canvas around it, a colour behind its
 * transparency. Every function leaves the image unchanged if it fails. Errors: BUDGET, NO_MEMORY.
 */
#ifndef IC_COMPOSE_H
#define IC_COMPOSE_H

#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* Whether an image of this colour is RGB or RGBA after it was placed on a canvas (`padded`) and its
 * alpha removed (`flattened`); otherwise it stays GREY or GREY_ALPHA. Not for YCBCR and CMYK. */
bool ic_becomes_rgb(enum ic_color color, bool padded, bool flattened, const uint8_t background[4]);

/* Places the image at (left, top) on a canvas filled with `background` (R G B A, straight alpha).
 * The image must fit. It becomes RGB, or RGBA if it has alpha or the background is not opaque; grey
 * stays grey on a neutral opaque background. */
enum imgcore_status ic_place_on_canvas(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       uint32_t canvas_width_px, uint32_t canvas_height_px,
                                       uint32_t left_px, uint32_t top_px,
                                       const uint8_t background[4], struct ic_picture *picture);

/* Removes alpha by compositing the image on `background` (its alpha is not used): RGBA becomes RGB;
 * GREY_ALPHA becomes GREY on a neutral background, else RGB; others stay. */
enum imgcore_status ic_flatten(struct ic_mem *mem, const struct ic_kernels *kernels,
                               const uint8_t background[4], struct ic_picture *picture);

#endif
