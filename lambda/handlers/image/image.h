/* The image function: one event in, one result out. */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include "lambda/handlers/image/clients.h"
#include "lambda/runtime/runtime.h"

/* Handles one event: see lambda/README.md for events and results. Nothing is kept between calls. */
void image_handle(const struct image_clients *clients, const struct lrt_invocation *invocation,
                  struct lrt_result *result);

#endif
