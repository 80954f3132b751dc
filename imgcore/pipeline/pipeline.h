/* The order of things: from an opened reader to encoded outputs. This room alone knows it; the API
 * calls it and nothing else. */
#ifndef IC_PIPELINE_H
#define IC_PIPELINE_H

#include "imgcore/base/cancel.h"
#include "imgcore/codec/reader.h"
#include "imgcore/color/icc.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/plan/plan.h"

struct ic_thread_pool;
struct ic_transfer;
struct ic_weight_cache;

/* What a context lends to a call. */
struct ic_env {
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    struct ic_icc *icc;
    struct ic_weight_cache *weights;
    struct ic_thread_pool *pool; /* NULL: the calling thread works alone; else mem has a lock */
    struct ic_cancel *cancel;    /* NULL: the call cannot be cancelled */
    struct ic_transfer *(*transfer)(void *user); /* sRGB tables, made at the first call; NULL: no
                                                    memory */
    void *user;
};

/* Options with every default filled in. */
struct ic_transform {
    const struct imgcore_options *options;
    const struct imgcore_limits *limits;
    const struct imgcore_output *outputs; /* format AUTO allowed */
    size_t count;
};

/* One output on its way: from rows to a picture to bytes. */
struct ic_result {
    enum imgcore_format format;
    uint32_t width_px, height_px;
    struct ic_picture picture;
    struct ic_buf encoded;
};

/* Decodes the reader's picture once and makes every output; results[i] gets picture (cleared
 * again) and encoded bytes. On failure every result is empty. Errors: those of the codecs, of the
 * plan, and of memory. */
enum imgcore_status ic_pipeline_run(const struct ic_env *env, struct ic_reader *reader,
                                    const struct ic_transform *transform, struct ic_result *results,
                                    struct imgcore_error *error);

/* The same, but stops before encoding: results[i].picture is what would be encoded. For tests and
 * benchmarks of quality. Clear each picture with ic_picture_clear. */
enum imgcore_status ic_pipeline_pictures(const struct ic_env *env, struct ic_reader *reader,
                                         const struct ic_transform *transform,
                                         struct ic_result *results, struct imgcore_error *error);

/* Decodes everything, at the smallest scale, and keeps nothing. */
enum imgcore_status ic_pipeline_check(struct ic_reader *reader, struct ic_cancel *cancel,
                                      struct imgcore_error *error);

#endif
