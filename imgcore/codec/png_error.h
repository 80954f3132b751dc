/* The meaning of libspng's error codes, which the fast reader uses too. Used by png_read.c and
 * png_row.c. */
#ifndef IC_PNG_ERROR_H
#define IC_PNG_ERROR_H

#include "imgcore/codec/png_chunks.h"

/* Returns the status for `code`, which is not 0, and a sentence (static storage). A failure of the
 * chunks takes precedence. libspng reports damaged data if inflate gets no memory for its window;
 * errno of malloc distinguishes the two, so every call that decodes starts with errno 0. */
enum imgcore_status ic_png_explain(const struct ic_png_chunks *chunks, int code,
                                   const char **detail);

#endif
