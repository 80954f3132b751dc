/* The format of a file by its first bytes; names and content types are not trusted. Looks at up to
 * 16 bytes and consumes none. Used by codec.c. */
#ifndef IC_SNIFF_H
#define IC_SNIFF_H

#include "imgcore/base/input.h"

/* Returns the format of the first bytes, AUTO if it is not supported. */
enum imgcore_format ic_sniff(struct ic_input *input);
/* Returns a name for the first bytes, for the error about an unsupported file: "WebP", "GIF", "SVG,
 * HTML or other markup", "an empty file", ... Static storage. */
const char *ic_sniff_name(struct ic_input *input);

#endif
