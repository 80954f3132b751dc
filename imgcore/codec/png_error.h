/* What libspng's error codes mean, which the fast reader uses too. Used by png_read.c alone. */
#ifndef IC_PNG_ERROR_H
#define IC_PNG_ERROR_H

#include "imgcore/codec/png_chunks.h"

/* The status for `code`, which is not 0, and a sentence (static storage): the chunks' own reason
 * comes first. libspng calls it damaged data when inflate gets no memory for its window; malloc's
 * errno tells the two apart, so every call that decodes begins with errno 0. */
enum imgcore_status ic_png_explain(const struct ic_png_chunks *chunks, int code,
                                   const char **detail);

#endif
