/* Settling the route: which form the decoder delivers, which form each output is resized in. */
#include <string.h>

#include "imgcore/base/orientation.h"
#include "imgcore/pipeline/stages.h"
#include "imgcore/resample/reducer.h"
#include "imgcore/resample/resampler.h"

static enum imgcore_status memory_failure(const struct ic_mem *mem, struct imgcore_error *error) {
    if (mem->status == IMGCORE_BUDGET) {
        return ic_fail(error, IMGCORE_BUDGET, "the budget is %zu MiB", mem->budget_bytes >> 20);
    }
    return ic_fail(error, mem->status, "%s", "");
}

/* Whether the profile changes the colours, and is to. */
static enum imgcore_status wants_conversion(const struct ic_job *job, bool *convert,
                                            struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    *convert = false;
    /* colours of ink mean nothing in the outputs' RGB: they are converted in any case */
    const bool keep = job->transform->options->keep_icc && header->color != IC_COLOR_CMYK;
    if (header->icc == NULL || keep) {
        return IMGCORE_OK;
    }
    enum ic_icc_kind kind;
    enum imgcore_status status =
        ic_icc_classify(job->env->icc, header->icc, header->icc_bytes, header->color, &kind);
    if (status != IMGCORE_OK) {
        return ic_fail(error, status, "%s", "");
    }
    *convert = kind == IC_ICC_CONVERT;
    return IMGCORE_OK;
}

static void set_chroma(struct ic_route *route, enum imgcore_subsampling subsampling) {
    route->chroma_h =
        subsampling == IMGCORE_SUBSAMPLING_420 || subsampling == IMGCORE_SUBSAMPLING_422 ? 2 : 1;
    route->chroma_v = subsampling == IMGCORE_SUBSAMPLING_420 ? 2 : 1;
    route->choose_chroma = subsampling == IMGCORE_SUBSAMPLING_AUTO;
}

static void settle_route(const struct ic_job *job, size_t i, bool convert, struct ic_route *route) {
    const struct imgcore_output *wanted = &job->transform->outputs[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    const struct ic_header *header = &job->reader->header;
    route->format = wanted->format == IMGCORE_FORMAT_AUTO ? header->format : wanted->format;
    route->convert_icc = convert;
    route->padded = planned->width_px != planned->canvas_width_px ||
                    planned->height_px != planned->canvas_height_px;
    route->color = header->color;
    if (header->color == IC_COLOR_YCBCR && !job->planes) {
        route->color = IC_COLOR_RGB;
    }
    set_chroma(route, wanted->subsampling);
    const bool straight = route->color == IC_COLOR_YCBCR && route->format == IMGCORE_FORMAT_JPEG &&
                          !convert && !route->padded;
    if (!straight) { /* becomes RGB on the way: the encoder halves the chroma */
        route->chroma_h = route->color == IC_COLOR_YCBCR ? 1 : route->chroma_h;
        route->chroma_v = route->color == IC_COLOR_YCBCR ? 1 : route->chroma_v;
    }
}

/* One plane of one output: its axes, the level of rows that serves it, its resampler. */
static enum imgcore_status open_resampler(struct ic_job *job, size_t i, int p, int factor_x,
                                          int factor_y, const struct ic_transfer *transfer) {
    struct ic_route *route = &job->route[i];
    const struct ic_plane_layout *layout = &job->layout.plane[p];
    const struct ic_plan_plane plane = {layout->width, layout->height, layout->extent_width,
                                        layout->extent_height};
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    ic_plan_axes(&job->input, &job->plan.output[i], &plane, p == 0 ? 1 : factor_x,
                 p == 0 ? 1 : factor_y, &spec.x, &spec.y);
    spec.channels = layout->channels;
    spec.alpha = route->color == IC_COLOR_RGBA || route->color == IC_COLOR_GREY_ALPHA;
    spec.transfer = route->color == IC_COLOR_CMYK ? NULL : transfer;
    /* a lossless file is answered exactly; a JPEG has lost more than the pyramid costs */
    if (job->planes && job->transform->options->preset != IMGCORE_PRESET_QUALITY) {
        spec.level = ic_resample_level(&spec.x, &spec.y);
    }
    route->level[p] = spec.level;
    return ic_resampler_create(job->env->weights, job->env->kernels, &spec,
                               route->picture.plane[p].rows, route->picture.plane[p].stride_bytes,
                               &route->resampler[p]);
}

static enum imgcore_status open_resamplers(struct ic_job *job, size_t i,
                                           const struct ic_transfer *transfer) {
    struct ic_route *route = &job->route[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    const bool swap = ic_orientation_swaps(job->input.orientation);
    const int factor_x = swap ? route->chroma_v : route->chroma_h;
    const int factor_y = swap ? route->chroma_h : route->chroma_v;
    enum imgcore_status status =
        ic_picture_make(job->env->mem, route->color, planned->stored_width_px,
                        planned->stored_height_px, factor_x, factor_y, &route->picture);
    for (int p = 0; status == IMGCORE_OK && p < route->picture.planes; p++) {
        status = open_resampler(job, i, p, factor_x, factor_y, transfer);
    }
    return status;
}

/* Halved rows to the outputs that take this level. */
static void push_level(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count) {
    const struct ic_pyramid *pyramid = user;
    struct ic_job *job = pyramid->job;
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->route[i].level[pyramid->plane] == level) {
            ic_resampler_push_level(job->route[i].resampler[pyramid->plane], rows, stride_bytes,
                                    first_row, count);
        }
    }
}

static enum imgcore_status open_pyramids(struct ic_job *job) {
    enum imgcore_status status = IMGCORE_OK;
    for (int p = 0; status == IMGCORE_OK && p < job->layout.planes && p < 3; p++) {
        struct ic_pyramid *pyramid = &job->pyramid[p];
        int levels = 0;
        for (size_t i = 0; i < job->transform->count; i++) {
            levels = job->route[i].level[p] > levels ? job->route[i].level[p] : levels;
        }
        if (levels > 0) {
            pyramid->job = job;
            pyramid->plane = p;
            status = ic_reducer_create(job->env->mem, job->env->kernels, job->layout.plane[p].width,
                                       job->layout.plane[p].height, levels, push_level, pyramid,
                                       &pyramid->reducer);
        }
    }
    return status;
}

void ic_job_push(struct ic_job *job, int plane, const uint8_t *rows, ptrdiff_t stride_bytes,
                 uint32_t first_row, uint32_t count) {
    for (size_t i = 0; i < job->transform->count; i++) {
        if (job->route[i].level[plane] == 0) {
            ic_resampler_push(job->route[i].resampler[plane], rows, stride_bytes, first_row, count);
        }
    }
    if (job->pyramid[plane].reducer != NULL) {
        ic_reducer_push(job->pyramid[plane].reducer, rows, stride_bytes, first_row, count);
    }
}

static enum imgcore_status start_reader(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    job->planes = header->format == IMGCORE_FORMAT_JPEG && !job->transform->options->linear &&
                  (header->color == IC_COLOR_YCBCR || header->color == IC_COLOR_GREY);
    const struct ic_read_request request = {job->planes, job->plan.scale_denom};
    return job->reader->ops->start(job->reader, &request, &job->layout, error);
}

enum imgcore_status ic_job_open(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    const struct imgcore_options *options = job->transform->options;
    job->input.width_px = header->width_px;
    job->input.height_px = header->height_px;
    job->input.orientation = options->ignore_orientation ? 1 : header->orientation;
    /* averaging by the inverse DCT is averaging in the file's gamma */
    job->input.scalable = header->format == IMGCORE_FORMAT_JPEG && !options->linear;
    job->input.preset = options->preset;
    enum imgcore_status status =
        ic_plan_make(&job->input, job->transform->outputs, job->transform->count,
                     job->transform->limits->output_pixels, &job->plan, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    bool convert;
    status = wants_conversion(job, &convert, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    const struct ic_transfer *transfer = NULL;
    if (options->linear) {
        transfer = job->env->transfer(job->env->user);
        if (transfer == NULL) {
            return memory_failure(job->env->mem, error);
        }
    }
    status = start_reader(job, error);
    for (size_t i = 0; status == IMGCORE_OK && i < job->transform->count; i++) {
        settle_route(job, i, convert, &job->route[i]);
        if (open_resamplers(job, i, transfer) != IMGCORE_OK) {
            return memory_failure(job->env->mem, error);
        }
    }
    if (status == IMGCORE_OK && open_pyramids(job) != IMGCORE_OK) {
        return memory_failure(job->env->mem, error);
    }
    return status;
}

void ic_job_drop_resamplers(struct ic_job *job) {
    for (int p = 0; p < 3; p++) {
        for (size_t i = 0; i < job->transform->count; i++) {
            ic_resampler_destroy(job->route[i].resampler[p]);
            job->route[i].resampler[p] = NULL;
        }
        ic_reducer_destroy(job->pyramid[p].reducer);
        job->pyramid[p].reducer = NULL;
    }
}

void ic_job_close(struct ic_job *job) {
    ic_job_drop_resamplers(job);
    for (size_t i = 0; i < job->transform->count; i++) {
        ic_picture_clear(job->env->mem, &job->route[i].picture);
    }
}
