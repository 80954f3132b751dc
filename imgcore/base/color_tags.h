/* What the chunks of a PNG state about its colours, besides a profile: filled by the PNG reader,
 * used by color/icc_tags.c. */
#ifndef IC_COLOR_TAGS_H
#define IC_COLOR_TAGS_H

#include <stdbool.h>
#include <stdint.h>

struct ic_color_tags {
    bool has_srgb, has_gamma, has_chromaticities, has_cicp;
    uint32_t gamma;              /* the exponent of encoding, times 100,000 */
    uint32_t chromaticities[8];  /* x and y of white, red, green, blue, times 100,000 */
    uint8_t primaries, transfer; /* the code points of ITU-T H.273, here and below */
    uint8_t matrix;
    uint8_t full_range;
};

#endif
