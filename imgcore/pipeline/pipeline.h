/* The pipeline: from an opened reader to encoded outputs. Only this module defines the order of the
 * stages; api/ calls it. */
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

/* Why a call with options.cmyk_profile fails. */
#define IC_CMYK_PROFILE_DAMAGED "the default profile for CMYK is damaged"

/* The parts of a context that a call uses. */
struct ic_env {
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    struct ic_icc *icc;
    struct ic_weight_cache *weights;
    struct ic_thread_pool *pool; /* NULL: the calling thread works alone; else mem has a lock */
    struct ic_cancel *cancel;    /* NULL: the call cannot be cancelled */
    struct ic_transfer *(*transfer)(
        void *user); /* returns the sRGB tables, computed at the first call; NULL: no memory */
    void *user;
};

/* A request with every default filled in. */
struct ic_transform {
    const struct imgcore_options *options;
    const struct imgcore_limits *limits;
    const struct imgcore_output *outputs; /* format AUTO allowed */
    size_t count;
};

/* One output: its image, then its bytes. */
struct ic_result {
    enum imgcore_format format;
    uint32_t width_px, height_px;
    enum ic_color color;
    struct ic_picture picture;
    struct ic_buf encoded; /* empty if a sink has taken the bytes */
    size_t size_bytes;     /* of the encoded image */
};

/* Decodes the image of the reader once and makes every output; results[i] gets its encoded bytes,
 * and its picture is cleared. On failure every result is empty. Errors: those of the codecs, of the
 * plan, of memory, and CANCELLED. */
enum imgcore_status ic_pipeline_run(const struct ic_env *env, struct ic_reader *reader,
                                    const struct ic_transform *transform, struct ic_result *results,
                                    struct imgcore_error *error);

/* The same, but stops before encoding: results[i].picture is the image to encode. For tests, and
 * for measurements of quality. Clear each picture with ic_picture_clear. */
enum imgcore_status ic_pipeline_pictures(const struct ic_env *env, struct ic_reader *reader,
                                         const struct ic_transform *transform,
                                         struct ic_result *results, struct imgcore_error *error);

/* Decodes the entire image at the smallest scale and drops the rows. */
enum imgcore_status ic_pipeline_check(struct ic_reader *reader, struct ic_cancel *cancel,
                                      struct imgcore_error *error);

#endif
