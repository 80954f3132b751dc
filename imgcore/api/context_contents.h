/* The contents of a context. Included by api/ only. */
#ifndef IC_CONTEXT_CONTENTS_H
#define IC_CONTEXT_CONTENTS_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/thread_pool.h"
#include "imgcore/base/transfer.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/pipeline/pipeline.h"
#include "imgcore/resample/weight_cache.h"

struct imgcore_context {
    struct ic_mem mem;
    /* of imgcore_transform and imgcore_resize, and why these */
    struct ic_kernels kernels, resize_kernels;
    const char *reason, *resize_reason;
    bool has_own_jpeg;              /* the own JPEG reader is not switched off */
    const char *decoder, *fallback; /* of the last reader, see imgcore_context_decoder */
    struct ic_icc *icc;
    struct ic_weight_cache weights;
    struct ic_transfer *transfer; /* created when first needed */
    struct ic_thread_pool pool;   /* created when first needed */
};

/* Returns the sRGB tables, computed at the first call; NULL: no memory. */
struct ic_transfer *ic_context_transfer(void *context);

/* Returns the limits with zeros replaced by the defaults. */
struct imgcore_limits ic_limits_resolve(const struct imgcore_limits *limits);

/* Fills `ours` with the caller's options over the defaults; options may be NULL. Errors:
 * INVALID_ARGUMENT, UNKNOWN_FIELD. */
enum imgcore_status ic_options_resolve(const struct imgcore_options *options,
                                       struct imgcore_options *ours, struct imgcore_error *error);

#endif
