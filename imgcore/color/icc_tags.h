/* Colour spaces that a PNG states by chunks, and profiles that describe the same. */
#ifndef IC_ICC_TAGS_H
#define IC_ICC_TAGS_H

#include "imgcore/base/color_tags.h"
#include "imgcore/color/icc.h"

/* The curve of sRGB's form: sample v is the light (a v + b)^g from d on, c v below. With d = 0, the
 * power alone. */
struct ic_stated_curve {
    double g, a, b, c, d;
};

struct ic_stated_space {
    struct ic_stated_curve curve;
    double xy[8]; /* of white, red, green, blue */
    bool is_srgb; /* so nearly that nothing is to be converted */
};

/* The space of the cICP chunk. False: there is none, or one that is not converted: a narrow range,
 * a matrix, HDR (PQ and HLG, which have no light of a display until someone chooses how to map
 * their highlights), or code points that are unknown or reserved. */
bool ic_cicp_space(const struct ic_color_tags *tags, enum ic_color color,
                   struct ic_stated_space *space);

/* The space of gAMA, and of cHRM, without which the primaries are those of sRGB. False: there is no
 * gAMA, or one that is out of range (IC_MIN_PNG_GAMMA). A cHRM that describes no triangle around
 * a white counts as absent. */
bool ic_gamma_space(const struct ic_color_tags *tags, enum ic_color color,
                    struct ic_stated_space *space);

/* Whether cHRM counts in the space of gAMA. */
bool ic_has_primaries(const struct ic_color_tags *tags);

/* Appends to `profile` an ICC profile of the space, named `name`, for an image whose samples are
 * `color`. The same space gives the same bytes. Appends nothing if lcms cannot. Errors: NO_MEMORY,
 * BUDGET. */
enum imgcore_status ic_icc_of_space(struct ic_icc *icc, const struct ic_stated_space *space,
                                    enum ic_color color, const char *name, struct ic_buf *profile);

#endif
