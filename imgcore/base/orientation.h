/* The eight EXIF orientations (EXIF 2.32, tag 0x0112) as mirroring and a swap of the axes. For the
 * plan and for color. */
#ifndef IC_ORIENTATION_H
#define IC_ORIENTATION_H

#include <stdbool.h>

/* An orientation is: mirror along stored x, mirror along stored y, then swap the axes. */
static inline bool ic_orientation_mirrors_x(int orientation) {
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

static inline bool ic_orientation_mirrors_y(int orientation) {
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

static inline bool ic_orientation_swaps(int orientation) {
    return orientation >= 5;
}

#endif
