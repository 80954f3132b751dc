/* imgcore_transform and imgcore_check. */
#include <stdio.h>
#include <string.h>

#include "imgcore/api/info.h"
#include "imgcore/api/source.h"
#include "imgcore/api/versioned.h"

/* Returns the address of output i of the caller's array, whose structs may have the size of another
 * version. */
static struct imgcore_output *output_at(struct imgcore_output *outputs, size_t i) {
    return (void *)((char *)outputs + i * outputs[0].struct_size_bytes);
}

static const char *what_is_wrong(const struct imgcore_output *output) {
    if (output->bytes != NULL) {
        return "an output already holds bytes (clear it first)";
    }
    if ((int)output->fit < 0 || output->fit > IMGCORE_FIT_OUTSIDE) {
        return "the fit is none";
    }
    if ((int)output->gravity < 0 || output->gravity > IMGCORE_GRAVITY_NORTH_WEST) {
        return "the gravity is none";
    }
    if ((int)output->filter < 0 || output->filter > IMGCORE_FILTER_BOX) {
        return "the filter is none";
    }
    if ((int)output->format < 0 || output->format > IMGCORE_FORMAT_PIXELS) {
        return "the format is none";
    }
    if ((int)output->subsampling < 0 || output->subsampling > IMGCORE_SUBSAMPLING_AUTO) {
        return "the subsampling is none";
    }
    if (output->quality < 1 || output->quality > 100) {
        return "the quality is not between 1 and 100";
    }
    if (output->png_level < 0 || output->png_level > 9) {
        return "the PNG level is not between 0 and 9";
    }
    return NULL;
}

static enum imgcore_status copy_outputs(struct imgcore_output *theirs, size_t count,
                                        struct imgcore_output *ours, struct imgcore_error *error) {
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "output %zu", i + 1);
        /* Before it is read: a larger size would be that of bytes behind the last output. */
        if (output_at(theirs, i)->struct_size_bytes != theirs[0].struct_size_bytes) {
            return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s: not of the size of the first",
                           name);
        }
        const enum imgcore_status status =
            ic_versioned_read(&ic_versioned_output, name, output_at(theirs, i), &ours[i], error);
        if (status != IMGCORE_OK) {
            return status;
        }
        if (ours[i].reserved != 0) {
            return ic_fail(error, IMGCORE_UNKNOWN_FIELD, "%s: the reserved field is set", name);
        }
        const char *wrong = what_is_wrong(&ours[i]);
        if (wrong != NULL) {
            return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s: %s", name, wrong);
        }
    }
    return IMGCORE_OK;
}

static void hand_over(struct ic_mem *mem, struct imgcore_output *theirs, size_t count,
                      struct imgcore_output *ours, struct ic_result *results) {
    for (size_t i = 0; i < count; i++) {
        ours[i].bytes = results[i].encoded.bytes;
        if (ours[i].bytes != NULL) { /* no sink has taken them */
            ic_mem_hand_out(mem, ours[i].bytes);
        }
        ours[i].size_bytes = results[i].size_bytes;
        ours[i].result_width_px = results[i].width_px;
        ours[i].result_height_px = results[i].height_px;
        ours[i].result_format = results[i].format;
        const bool is_pixels = results[i].format == IMGCORE_FORMAT_PIXELS;
        ours[i].result_color =
            is_pixels ? ic_info_color_model(results[i].color) : IMGCORE_COLOR_UNKNOWN;
        ours[i].result_channels = is_pixels ? ic_color_channels(results[i].color) : 0;
        ic_versioned_write(&ic_versioned_output, &ours[i], offsetof(struct imgcore_output, bytes),
                           output_at(theirs, i));
    }
}

/* Returns the thread pool with the threads that the call may use, NULL for none; the memory is
 * shared with them until the end of the call. */
static struct ic_thread_pool *start_threads(struct imgcore_context *context, uint32_t threads) {
    if (threads <= 1 || ic_thread_pool_resize(&context->pool, threads) == 0) {
        return NULL;
    }
    context->mem.lock = &context->pool.mem_lock;
    return &context->pool;
}

enum imgcore_status imgcore_transform(struct imgcore_context *context,
                                      const struct imgcore_source *source,
                                      const struct imgcore_options *options,
                                      struct imgcore_output *outputs, size_t count,
                                      struct imgcore_error *error) {
    ic_error_clear(error);
    if (context == NULL || outputs == NULL || count < 1 || count > IMGCORE_MAX_OUTPUTS) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "no context, or not 1 to %d outputs",
                       IMGCORE_MAX_OUTPUTS);
    }
    struct imgcore_options resolved;
    struct imgcore_output wanted[IMGCORE_MAX_OUTPUTS];
    enum imgcore_status status = ic_options_resolve(options, &resolved, error);
    if (status == IMGCORE_OK) {
        status = copy_outputs(outputs, count, wanted, error);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    struct ic_source opened;
    status = ic_source_open(context, source, &resolved, &opened, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    const struct ic_env env = {.mem = &context->mem,
                               .kernels = &context->kernels,
                               .icc = context->icc,
                               .weights = &context->weights,
                               .pool = start_threads(context, resolved.threads),
                               .cancel = &opened.cancel,
                               .transfer = ic_context_transfer,
                               .user = context};
    const struct ic_transform transform = {&resolved, &resolved.limits, wanted, count};
    struct ic_result results[IMGCORE_MAX_OUTPUTS];
    status = ic_pipeline_run(&env, opened.reader, &transform, results, error);
    ic_source_close(&opened);
    context->mem.lock = NULL;
    if (status == IMGCORE_OK) {
        hand_over(&context->mem, outputs, count, wanted, results);
    }
    return status;
}

void imgcore_bytes_free(uint8_t *bytes) {
    ic_mem_free_handed_out(bytes);
}

void imgcore_output_clear(struct imgcore_context *context, struct imgcore_output *outputs,
                          size_t count) {
    if (context == NULL || outputs == NULL || count == 0 ||
        !ic_versioned_has_size(&ic_versioned_output, outputs[0].struct_size_bytes)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct imgcore_output *output = output_at(outputs, i);
        ic_mem_take_back(&context->mem, output->bytes);
        output->bytes = NULL;
        output->size_bytes = 0;
    }
}

enum imgcore_status imgcore_check(struct imgcore_context *context,
                                  const struct imgcore_source *source,
                                  const struct imgcore_options *options,
                                  struct imgcore_error *error) {
    ic_error_clear(error);
    if (context == NULL) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "there is no context");
    }
    struct imgcore_options resolved;
    enum imgcore_status status = ic_options_resolve(options, &resolved, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    struct ic_source opened;
    status = ic_source_open(context, source, &resolved, &opened, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    status = ic_pipeline_check(opened.reader, &opened.cancel, error);
    ic_source_close(&opened);
    return status;
}
