/* Distributes the decoder's rows to the outputs: a resampler for every plane of every output, and
 * for the outputs that are much smaller a pyramid of halved rows that they share. */
#include <string.h>

#include "imgcore/base/orientation.h"
#include "imgcore/pipeline/stages.h"
#include "imgcore/resample/reducer.h"
#include "imgcore/resample/resampler.h"

static enum imgcore_status open_failure(const struct ic_mem *mem, enum imgcore_status status,
                                        struct imgcore_error *error) {
    if (status == IMGCORE_BUDGET) {
        return ic_fail(error, IMGCORE_BUDGET, "resizing needs %s", ic_mem_explain(mem).text);
    }
    return ic_fail(error, status, "%s", "");
}

/* Whether the pyramid takes the rows, and the preset allows its loss, which is smaller than that of
 * rounding to 8 bits. */
static bool can_be_reduced(const struct ic_job *job, const struct ic_resample_spec *spec) {
    return job->transform->options->preset != IMGCORE_PRESET_QUALITY && spec->transfer == NULL &&
           !spec->alpha && (spec->channels == 1 || spec->channels == 3);
}

/* Opens the resampler of one plane of one output, for the level of rows that the scale allows. */
static enum imgcore_status open_resampler(struct ic_job *job, size_t i, int p, int factor_x,
                                          int factor_y, const struct ic_transfer *transfer) {
    struct ic_path *path = &job->path[i];
    const struct ic_plane_layout *layout = &job->layout.plane[p];
    const struct ic_plan_plane plane = {layout->width,        layout->height,
                                        layout->extent_width, layout->extent_height,
                                        layout->extent_left,  layout->extent_top};
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    ic_plan_axes(&job->input, &job->plan.output[i], &plane, p == 0 ? 1 : factor_x,
                 p == 0 ? 1 : factor_y, &spec.x, &spec.y);
    spec.channels = layout->channels;
    spec.alpha = path->color == IC_COLOR_RGBA || path->color == IC_COLOR_GREY_ALPHA;
    spec.transfer = transfer;
    if (can_be_reduced(job, &spec)) {
        spec.level = ic_resample_level(&spec.x, &spec.y);
    }
    path->level[p] = spec.level;
    path->enlarged = path->enlarged || spec.y.target > spec.y.source;
    return ic_resampler_create(job->env->weights, job->env->kernels, &spec,
                               path->picture.plane[p].rows, path->picture.plane[p].stride_bytes,
                               &path->resampler[p]);
}

static enum imgcore_status open_resamplers(struct ic_job *job, size_t i,
                                           const struct ic_transfer *transfer) {
    struct ic_path *path = &job->path[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    const bool swap = ic_orientation_swaps(job->input.orientation);
    const int factor_x = swap ? path->chroma_v : path->chroma_h;
    const int factor_y = swap ? path->chroma_h : path->chroma_v;
    enum imgcore_status status =
        ic_picture_make(job->env->mem, path->color, planned->stored_width_px,
                        planned->stored_height_px, factor_x, factor_y, &path->picture);
    for (int p = 0; status == IMGCORE_OK && p < path->picture.planes; p++) {
        status = open_resampler(job, i, p, factor_x, factor_y, transfer);
    }
    return status;
}

/* Passes halved rows to the outputs that use this level. */
static void push_level(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count) {
    const struct ic_pyramid *pyramid = user;
    struct ic_job *job = pyramid->job;
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->path[i].level[pyramid->plane] == level) {
            ic_enter_stage(job, IMGCORE_STAGE_RESIZE, i);
            ic_resampler_push_level(job->path[i].resampler[pyramid->plane], rows, stride_bytes,
                                    first_row, count);
        }
    }
    ic_enter_stage(job, IMGCORE_STAGE_SHRINK, 0);
}

static enum imgcore_status open_pyramids(struct ic_job *job) {
    enum imgcore_status status = IMGCORE_OK;
    for (int p = 0; status == IMGCORE_OK && p < job->layout.planes && p < 3; p++) {
        struct ic_pyramid *pyramid = &job->pyramid[p];
        int levels = 0;
        for (size_t i = 0; i < job->transform->count; i++) {
            levels = job->path[i].level[p] > levels ? job->path[i].level[p] : levels;
        }
        if (levels > 0) {
            pyramid->job = job;
            pyramid->plane = p;
            status = ic_reducer_create(job->env->mem, job->env->kernels, job->layout.plane[p].width,
                                       job->layout.plane[p].height, job->layout.plane[p].channels,
                                       levels, push_level, pyramid, &pyramid->reducer);
        }
    }
    return status;
}

static void distribute(struct ic_job *job, int plane, const uint8_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count) {
    job->distributed_rows[plane] += count;
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->path[i].level[plane] == 0) {
            /* the caller reports the status at its next check */
            if (job->path[i].enlarged && ic_is_cancelled(job->env->cancel)) {
                return;
            }
            ic_enter_stage(job, IMGCORE_STAGE_RESIZE, i);
            ic_resampler_push(job->path[i].resampler[plane], rows, stride_bytes, first_row, count);
        }
    }
    if (job->pyramid[plane].reducer != NULL) {
        ic_enter_stage(job, IMGCORE_STAGE_SHRINK, 0);
        ic_reducer_push(job->pyramid[plane].reducer, rows, stride_bytes, first_row, count);
    }
}

void ic_distribute_rows(struct ic_job *job, int plane, const uint8_t *rows, ptrdiff_t stride_bytes,
                        uint32_t first_row, uint32_t count) {
    if (job->row_conversion == IC_ROWS_AS_READ) {
        distribute(job, plane, rows, stride_bytes, first_row, count);
        return;
    }
    for (uint32_t y = 0; y < count;) {
        const uint32_t converted =
            ic_convert_rows(job, rows + (ptrdiff_t)y * stride_bytes, stride_bytes, count - y);
        distribute(job, plane, job->converted.plane[0].rows, job->converted.plane[0].stride_bytes,
                   first_row + y, converted);
        y += converted;
    }
}

static enum imgcore_status start_reader(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_read_request request = {job->planes, job->plan.scale_denom};
    ic_enter_stage(job, IMGCORE_STAGE_DECODE, 0);
    const enum imgcore_status status =
        job->reader->ops->start(job->reader, &request, &job->layout, error);
    if (status == IMGCORE_OK) {
        ic_crop_layout(job);
    }
    return status;
}

enum imgcore_status ic_open_distribution(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_transfer *transfer = job->transfer;
    if (job->transform->options->linear && transfer == NULL) {
        transfer = job->env->transfer(job->env->user);
        if (transfer == NULL) {
            return open_failure(job->env->mem, job->env->mem->status, error);
        }
    }
    enum imgcore_status status = start_reader(job, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    status = ic_open_row_conversion(job);
    for (size_t i = 0; status == IMGCORE_OK && i < job->transform->count; i++) {
        status = open_resamplers(job, i, transfer);
    }
    if (status == IMGCORE_OK) {
        status = open_pyramids(job);
    }
    return status == IMGCORE_OK ? status : open_failure(job->env->mem, status, error);
}

bool ic_distribution_is_complete(const struct ic_job *job) {
    for (int p = 0; p < job->layout.planes; p++) {
        if (job->distributed_rows[p] != job->layout.plane[p].height) {
            return false;
        }
        for (size_t i = 0; p < 3 && i < job->transform->count; i++) {
            const struct ic_resampler *resampler = job->path[i].resampler[p];
            if (resampler != NULL && !ic_resampler_is_complete(resampler)) {
                return false;
            }
        }
    }
    return true;
}

void ic_close_distribution(struct ic_job *job) {
    for (int p = 0; p < 3; p++) {
        for (size_t i = 0; i < job->transform->count; i++) {
            ic_resampler_destroy(job->path[i].resampler[p]);
            job->path[i].resampler[p] = NULL;
        }
        ic_reducer_destroy(job->pyramid[p].reducer);
        job->pyramid[p].reducer = NULL;
    }
    ic_close_row_conversion(job);
}
