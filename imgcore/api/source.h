/* Opening and closing the source of one call. Used by api/ only. */
#ifndef IC_SOURCE_H
#define IC_SOURCE_H

#include "imgcore/api/context_contents.h"

/* A source during a call. */
struct ic_source {
    struct imgcore_context *context;
    struct ic_cancel cancel;
    struct ic_input input;
    struct ic_reader *reader;
};

/* Opens a source for one call: sets the budget, then opens the input and the reader. On failure
 * nothing is open. Fills options->info, if there is one, as far as the header was read. Errors:
 * INVALID_ARGUMENT, CANCELLED, and those of ic_reader_open. */
enum imgcore_status ic_source_open(struct imgcore_context *context,
                                   const struct imgcore_source *given,
                                   const struct imgcore_options *options, struct ic_source *source,
                                   struct imgcore_error *error);
/* Notes in the context who has decoded. */
void ic_source_close(struct ic_source *source);

#endif
