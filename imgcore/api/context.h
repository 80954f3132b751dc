/* What a context holds. Included by api/ only. */
#ifndef IC_CONTEXT_H
#define IC_CONTEXT_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/thread_pool.h"
#include "imgcore/base/transfer.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/pipeline/pipeline.h"
#include "imgcore/resample/weight_cache.h"

struct imgcore_context {
    struct ic_mem mem;
    struct ic_kernels kernels;
    struct ic_icc *icc;
    struct ic_weight_cache weights;
    struct ic_transfer *transfer; /* made when first needed */
    struct ic_thread_pool pool;   /* the same */
};

/* The sRGB tables, made at the first call; NULL: no memory. */
struct ic_transfer *ic_context_transfer(void *context);

/* A caller's option struct may be older (shorter) or newer (longer) than ours: copies what both
 * know over the defaults in `ours`. False if its size is nonsense. */
bool ic_copy_versioned(void *ours, size_t our_bytes, const void *theirs, size_t their_bytes,
                       size_t least_bytes);

/* Limits with the defaults in place of zeros. */
struct imgcore_limits ic_limits_resolve(const struct imgcore_limits *limits);

/* The caller's options over the defaults; options may be NULL. Errors: INVALID_ARGUMENT. */
enum imgcore_status ic_options_resolve(const struct imgcore_options *options,
                                       struct imgcore_options *ours, struct imgcore_error *error);

#endif
