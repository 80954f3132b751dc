/* Shared by the two processing paths of the resampler. Included by resampler*.c only. */
#ifndef IC_RESAMPLER_INTERNAL_H
#define IC_RESAMPLER_INTERNAL_H

#include "imgcore/resample/resampler.h"
#include "imgcore/resample/vpass.h"

struct ic_resampler {
    struct ic_mem *mem;
    struct ic_weight_cache *cache;
    const struct ic_kernels *kernels;
    struct ic_resample_spec spec;
    struct ic_resample_path path;
    uint8_t *target;
    uint32_t skipped_columns;      /* source pixels left of the first that has a weight */
    uint32_t first_row, row_count; /* source rows that have a weight; spec.y describes only these */
    ptrdiff_t target_stride_bytes;
    const struct ic_weights *x_weights; /* from the cache, fitted to the horizontal kernels */
    struct ic_vpass vpass;              /* open unless both directions are skipped */
    /* float path */
    float *loaded;         /* source rows as floats */
    size_t loaded_stride;  /* in floats */
    float *widened;        /* rows after the horizontal pass */
    size_t widened_stride; /* in floats */
};

/* Narrows an axis to the source samples that have a weight, which makes a small crop of a large
 * image cheap; returns how many were removed at the front. */
uint32_t ic_resampler_crop_axis(struct ic_axis *axis);

/* Returns the path that a resampler of rows that are not halved would take. */
struct ic_resample_path ic_resample_path_of(const struct ic_resample_spec *spec);

enum imgcore_status ic_resampler_open_fixed(struct ic_resampler *resampler);
void ic_resampler_push_fixed(struct ic_resampler *resampler, const uint8_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count);

enum imgcore_status ic_resampler_open_float(struct ic_resampler *resampler);
void ic_resampler_push_float(struct ic_resampler *resampler, const uint8_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count);

#endif
