/* The order of the stages: see pipeline.h. */
#include <string.h>

#include "imgcore/pipeline/stages.h"

static enum imgcore_status run(const struct ic_env *env, struct ic_reader *reader,
                               const struct ic_transform *transform, struct ic_result *results,
                               bool encode, struct imgcore_error *error) {
    struct ic_job job;
    memset(&job, 0, sizeof(job));
    job.env = env;
    job.reader = reader;
    job.transform = transform;
    enum imgcore_status status = ic_choose_paths(&job, error);
    if (status == IMGCORE_OK) {
        status = ic_open_distribution(&job, error);
    }
    if (status == IMGCORE_OK) {
        status = ic_stream_rows(&job, error);
    }
    if (status == IMGCORE_OK && !ic_distribution_is_complete(&job)) {
        status = ic_fail(error, IMGCORE_INTERNAL, "rows of the picture are missing");
    }
    ic_close_distribution(&job);
    for (size_t i = 0; i < transform->count; i++) {
        memset(&results[i], 0, sizeof(results[i]));
        results[i].encoded.mem = env->mem;
    }
    if (status == IMGCORE_OK) {
        status = ic_make_outputs(&job, results, encode, error);
    }
    for (size_t i = 0; status != IMGCORE_OK && i < transform->count; i++) {
        ic_picture_clear(env->mem, &results[i].picture);
        ic_buf_clear(&results[i].encoded);
    }
    for (size_t i = 0; i < transform->count; i++) {
        ic_picture_clear(env->mem, &job.path[i].picture);
    }
    ic_file_colors_clear(&job.colors);
    return ic_cancel_settle(env->cancel, status, error);
}

enum imgcore_status ic_pipeline_run(const struct ic_env *env, struct ic_reader *reader,
                                    const struct ic_transform *transform, struct ic_result *results,
                                    struct imgcore_error *error) {
    return run(env, reader, transform, results, true, error);
}

enum imgcore_status ic_pipeline_pictures(const struct ic_env *env, struct ic_reader *reader,
                                         const struct ic_transform *transform,
                                         struct ic_result *results, struct imgcore_error *error) {
    return run(env, reader, transform, results, false, error);
}

enum imgcore_status ic_pipeline_check(struct ic_reader *reader, struct ic_cancel *cancel,
                                      struct imgcore_error *error) {
    const struct ic_header *header = &reader->header;
    const bool is_jpeg = header->format == IMGCORE_FORMAT_JPEG;
    struct ic_read_request request;
    request.planes = is_jpeg && (header->color == IC_COLOR_YCBCR || header->color == IC_COLOR_GREY);
    request.scale_denom = is_jpeg ? 8 : 1;
    struct ic_read_layout layout;
    enum imgcore_status status = reader->ops->start(reader, &request, &layout, error);
    struct ic_strip strip = {0};
    while (status == IMGCORE_OK && !strip.done) {
        if (ic_is_cancelled(cancel)) {
            return ic_fail_cancelled(error);
        }
        memset(&strip, 0, sizeof(strip));
        status = reader->ops->read(reader, &strip, error);
    }
    status = status == IMGCORE_OK ? reader->ops->finish(reader, error) : status;
    return ic_cancel_settle(cancel, status, error);
}
