/* Contexts, which every call works with, and the CPU targets and memory that they use. */
#ifndef IMGCORE_CONTEXT_H
#define IMGCORE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "imgcore/api.h"
#include "imgcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The source of memory. Both functions are set or neither; alloc may return NULL. With threads they
 * are called from any thread of the context, never by two at once. The memory that codec libraries
 * allocate themselves comes from malloc, but counts against the budget where it grows with the
 * image. */
struct imgcore_allocator {
    void *(*alloc)(void *user, size_t size_bytes); /* aligned for any C type */
    void (*free)(void *user, void *block);
    void *user;
};

struct imgcore_context; /* the chosen kernels, and tables and buffers kept between calls */

/* Creates a context. `allocator` NULL: malloc and free; else it is copied, and its functions must
 * remain valid as long as the context. The environment variable IMGCORE_TARGETS (names separated by
 * commas, as imgcore_target_name returns them) limits the CPU targets that are used to those: the
 * best of them is used for every job; with IMGCORE_JPEG=libjpeg, libjpeg-turbo reads every JPEG,
 * on one thread ("own" is the default).
 * Errors: INVALID_ARGUMENT (context NULL, only half an allocator, no usable target in
 * IMGCORE_TARGETS, another word in IMGCORE_JPEG), NO_MEMORY. On failure *context is NULL. */
IMGCORE_API enum imgcore_status imgcore_context_create(const struct imgcore_allocator *allocator,
                                                       struct imgcore_context **context);

/* Frees a context and everything that it holds; NULL is allowed. The bytes of outputs stay valid:
 * free them by imgcore_bytes_free. */
IMGCORE_API void imgcore_context_destroy(struct imgcore_context *context);

/* Limits a context to one target by name ("ref" is plain C). Errors: INVALID_ARGUMENT for a name
 * that is not compiled in or that this CPU cannot run. */
IMGCORE_API enum imgcore_status imgcore_context_use_target(struct imgcore_context *context,
                                                           const char *name);

/* Jobs that may use different targets: on some CPUs wide vectors make the scalar code around them
 * slower, so that what is best for kernels alone is not best for decoding and encoding. */
enum imgcore_job {
    IMGCORE_JOB_TRANSFORM, /* imgcore_transform, imgcore_check: codecs between kernels */
    IMGCORE_JOB_RESIZE     /* imgcore_resize: kernels alone */
};

/* Returns the name of the target that a context uses for a job. Static storage. */
IMGCORE_API const char *imgcore_context_target(const struct imgcore_context *context,
                                               enum imgcore_job job);
/* Returns why: a phrase in English. Static storage. */
IMGCORE_API const char *imgcore_context_target_reason(const struct imgcore_context *context,
                                                      enum imgcore_job job);

/* Returns the decoder of the pixels of the last imgcore_transform or imgcore_check of a context:
 * "imgcore", "libjpeg-turbo" or "libspng"; NULL if none has begun, and for pixels. Static storage.
 */
IMGCORE_API const char *imgcore_context_decoder(const struct imgcore_context *context);
/* Returns why the own decoder left that image to the library, which read it from the beginning;
 * NULL: it did not. One word, for counting; for a JPEG "CODE", "DATA_SHORT", "DATA_LEFT",
 * "MARKER", "RANGE" or "MEMORY", for a PNG "DATA". It does not mean that the image was refused.
 * Static storage. */
IMGCORE_API const char *imgcore_context_fallback(const struct imgcore_context *context);

/* Returns the number of CPU targets compiled in. They are ordered best first; the last one is
 * always "ref", plain C. */
IMGCORE_API size_t imgcore_target_count(void);
/* Returns the name of target `index`, NULL past the end. Static storage. */
IMGCORE_API const char *imgcore_target_name(size_t index);
/* Whether this CPU can run target `index`. */
IMGCORE_API bool imgcore_target_usable(size_t index);

#ifdef __cplusplus
}
#endif

#endif
