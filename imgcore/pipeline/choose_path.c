/* Chooses the processing path: the form in which the decoder delivers rows, the form in which each
 * output is resized, and the conversions that follow. */
#include "imgcore/pipeline/stages.h"

/* Whether the colours are converted by the profile of the file. */
static enum imgcore_status wants_conversion(const struct ic_job *job, bool *convert,
                                            struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    *convert = false;
    /* a CMYK profile does not fit the RGB outputs: it is converted in any case */
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

static void set_chroma(struct ic_path *path, enum imgcore_subsampling subsampling) {
    path->chroma_h =
        subsampling == IMGCORE_SUBSAMPLING_420 || subsampling == IMGCORE_SUBSAMPLING_422 ? 2 : 1;
    path->chroma_v = subsampling == IMGCORE_SUBSAMPLING_420 ? 2 : 1;
    path->choose_chroma = subsampling == IMGCORE_SUBSAMPLING_AUTO;
}

/* The path of output `i`. */
static void choose_path(const struct ic_job *job, size_t i, bool convert, struct ic_path *path) {
    const struct imgcore_output *wanted = &job->transform->outputs[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    const struct ic_header *header = &job->reader->header;
    path->format = wanted->format == IMGCORE_FORMAT_AUTO ? header->format : wanted->format;
    path->convert_icc = convert;
    path->padded = planned->width_px != planned->canvas_width_px ||
                   planned->height_px != planned->canvas_height_px;
    path->color = header->color;
    if (header->color == IC_COLOR_YCBCR && !job->planes) {
        path->color = IC_COLOR_RGB;
    }
    set_chroma(path, wanted->subsampling);
    const bool straight = path->color == IC_COLOR_YCBCR && path->format == IMGCORE_FORMAT_JPEG &&
                          !convert && !path->padded;
    if (!straight) { /* converted to RGB before encoding: the encoder halves the chroma */
        path->chroma_h = path->color == IC_COLOR_YCBCR ? 1 : path->chroma_h;
        path->chroma_v = path->color == IC_COLOR_YCBCR ? 1 : path->chroma_v;
    }
}

enum imgcore_status ic_choose_paths(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    const struct imgcore_options *options = job->transform->options;
    job->input.width_px = header->width_px;
    job->input.height_px = header->height_px;
    job->input.orientation = options->ignore_orientation ? 1 : header->orientation;
    /* the inverse DCT averages in the gamma of the file */
    job->input.scalable = header->format == IMGCORE_FORMAT_JPEG && !options->linear;
    job->input.preset = options->preset;
    job->planes = header->format == IMGCORE_FORMAT_JPEG && !options->linear &&
                  (header->color == IC_COLOR_YCBCR || header->color == IC_COLOR_GREY);
    enum imgcore_status status =
        ic_plan_make(&job->input, job->transform->outputs, job->transform->count,
                     job->transform->limits->output_pixels, &job->plan, error);
    bool convert = false;
    if (status == IMGCORE_OK) {
        status = wants_conversion(job, &convert, error);
    }
    for (size_t i = 0; status == IMGCORE_OK && i < job->transform->count; i++) {
        choose_path(job, i, convert, &job->path[i]);
    }
    return status;
}
