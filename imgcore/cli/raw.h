/* Raw samples as the input of `imgcore resize`: 8 bits each, interleaved, rows from top to bottom
 * without gaps, in sRGB. They have no header, so the command line states the layout. */
#ifndef CLI_RAW_H
#define CLI_RAW_H

#include "imgcore/cli/args.h"
#include "imgcore/cli/files.h"

/* Reads an input of this layout into pixels, once the limits of `options` permit it. The samples
 * are memory of the image, so they are taken off the memory that is left to the library. An input
 * of another size is refused, unless options.tolerant: what is missing is 0 then (black, or
 * transparent), and what follows is not used. Clear the pixels also after a failure. */
bool cli_raw_read(struct imgcore_context *context, struct cli_input *input,
                  const struct cli_layout *layout, struct imgcore_options *options,
                  struct imgcore_pixels *pixels, struct cli_failure *failure);
void cli_raw_clear(struct imgcore_pixels *pixels);

#endif
