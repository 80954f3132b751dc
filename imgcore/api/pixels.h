/* Checks of a caller's pixels. Used by api/ only. */
#ifndef IC_PIXELS_H
#define IC_PIXELS_H

#include "imgcore/imgcore.h"

/* Returns a sentence about what is wrong with the rows, NULL if they can be read. */
const char *ic_pixels_what_is_wrong(const struct imgcore_pixels *pixels);

#endif
