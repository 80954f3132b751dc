/* What a file is, for imgcore_info. Used by api/ only. */
#ifndef IC_INFO_H
#define IC_INFO_H

#include "imgcore/api/context_contents.h"

/* Fills a caller's struct, whose size was checked, with what the header states: nothing if its
 * width is 0. `is_open`: the blobs of the header are valid, and its profile is described too.
 * Errors: NO_MEMORY, BUDGET; what else is known is filled in. */
enum imgcore_status ic_info_fill(struct imgcore_context *context, const struct ic_header *header,
                                 bool is_open, struct imgcore_info *theirs,
                                 struct imgcore_error *error);

/* Returns the public name of a colour. */
enum imgcore_color_model ic_info_color_model(enum ic_color color);

#endif
