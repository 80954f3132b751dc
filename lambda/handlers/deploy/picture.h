/* The picture that the image function is checked with, and the size of what it makes of it. Pure.
 */
#ifndef DEPLOY_PICTURE_H
#define DEPLOY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"

/* As it is seen: it is stored rotated, 1600x1200, with the EXIF orientation 6. */
#define DEPLOY_PICTURE_WIDTH_PX  1200
#define DEPLOY_PICTURE_HEIGHT_PX 1600
#define DEPLOY_MAX_PICTURE_BYTES ((size_t)64 * 1024)

/* Appends the picture: a baseline JPEG of squares in many colours, the same bytes every time.
 * Errors: those of the buffer, made with DEPLOY_MAX_PICTURE_BYTES. */
enum svc_status deploy_picture_write(struct svc_buf *jpeg);

/* Width and height of a JPEG, from its frame header. false: it does not begin and end as a JPEG, or
 * has no frame header that can be read. */
bool deploy_jpeg_size(const uint8_t *bytes, size_t size_bytes, uint32_t *width_px,
                      uint32_t *height_px);

/* What a picture of the size above measures after it was fitted inside a box, never enlarged. */
void deploy_fitted_size(uint32_t box_width_px, uint32_t box_height_px, uint32_t *width_px,
                        uint32_t *height_px);

#endif
