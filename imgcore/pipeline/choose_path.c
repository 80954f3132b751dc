/* Chooses the processing path: the form in which the decoder delivers rows, the form in which each
 * output is resized, and the conversions that follow. */
#include <string.h>

#include "imgcore/color/compose.h"
#include "imgcore/pipeline/stages.h"

/* Finds the profile that describes the colours of the file: its own, or the caller's for CMYK. */
static enum imgcore_status find_colors(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    const struct imgcore_options *options = job->transform->options;
    struct ic_file_colors *colors = &job->colors;
    enum imgcore_status status = ic_find_file_colors(job->env->icc, job->env->mem, header, colors);
    if (status == IMGCORE_OK && colors->kind == IC_ICC_UNUSABLE && header->color == IC_COLOR_CMYK &&
        options->cmyk_profile != NULL) {
        status = ic_icc_classify(job->env->icc, options->cmyk_profile, options->cmyk_profile_bytes,
                                 header->color, &colors->kind);
        if (status == IMGCORE_OK && colors->kind == IC_ICC_UNUSABLE) {
            return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s", IC_CMYK_PROFILE_DAMAGED);
        }
    }
    return status == IMGCORE_OK ? status : ic_fail(error, status, "%s", "");
}

/* Chooses how rows become linear light: by the curves of the profile, or, if they have none, after
 * a conversion of the rows to sRGB. The conversion of outputs by the profile is then left out. */
static enum imgcore_status choose_linear(struct ic_job *job, struct imgcore_error *error) {
    if (job->colors.kind == IC_ICC_CONVERT) {
        const enum imgcore_status status = ic_icc_transfer(job->env->icc, &job->transfer);
        if (status != IMGCORE_OK) {
            return ic_fail(error, status, "%s", "");
        }
        job->row_conversion = job->transfer == NULL ? IC_ROWS_BY_PROFILE : IC_ROWS_AS_READ;
    } else if (job->reader->header.color == IC_COLOR_CMYK) {
        job->row_conversion = IC_ROWS_BY_FORMULA;
    }
    if (job->row_conversion != IC_ROWS_AS_READ) {
        job->colors.kind = IC_ICC_UNUSABLE;
    }
    return IMGCORE_OK;
}

/* Decides whether output `i` keeps the profile of the file or is converted by it. It is converted
 * in any case if the profile would not fit the output: any for pixels, which have no place for it,
 * that of CMYK, that of a grey image on a coloured background, one to whose colours the background
 * cannot be converted, and one by which the rows are converted already. */
static enum imgcore_status choose_profile(const struct ic_job *job, size_t i, struct ic_path *path,
                                          struct imgcore_error *error) {
    const enum ic_icc_kind kind = job->colors.kind;
    const struct ic_header *header = &job->reader->header;
    const uint8_t *background = job->transform->outputs[i].background;
    const bool flattened = path->format == IMGCORE_FORMAT_JPEG && ic_color_has_alpha(header->color);
    const bool is_grey = header->color == IC_COLOR_GREY || header->color == IC_COLOR_GREY_ALPHA;
    memcpy(path->background, background, sizeof(path->background));
    path->convert_icc = kind == IC_ICC_CONVERT;
    path->keep_icc = false;
    if (!job->transform->options->keep_icc || kind == IC_ICC_UNUSABLE ||
        path->format == IMGCORE_FORMAT_PIXELS || header->color == IC_COLOR_CMYK ||
        (is_grey && ic_becomes_rgb(header->color, path->padded, flattened, background))) {
        return IMGCORE_OK;
    }
    if (kind == IC_ICC_CONVERT && (path->padded || flattened)) {
        bool is_converted;
        const enum imgcore_status status = ic_icc_from_srgb(
            job->env->icc, header->color, background, path->background, &is_converted);
        if (status != IMGCORE_OK) {
            return ic_fail(error, status, "%s", "");
        }
        if (!is_converted) {
            return IMGCORE_OK;
        }
    }
    path->keep_icc = true;
    path->convert_icc = false;
    return IMGCORE_OK;
}

static void set_chroma(struct ic_path *path, enum imgcore_subsampling subsampling) {
    path->chroma_h =
        subsampling == IMGCORE_SUBSAMPLING_420 || subsampling == IMGCORE_SUBSAMPLING_422 ? 2 : 1;
    path->chroma_v = subsampling == IMGCORE_SUBSAMPLING_420 ? 2 : 1;
    path->choose_chroma = subsampling == IMGCORE_SUBSAMPLING_AUTO;
}

/* The path of output `i`. */
static enum imgcore_status choose_path(const struct ic_job *job, size_t i, struct ic_path *path,
                                       struct imgcore_error *error) {
    const struct imgcore_output *wanted = &job->transform->outputs[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    const struct ic_header *header = &job->reader->header;
    path->format = wanted->format == IMGCORE_FORMAT_AUTO ? header->format : wanted->format;
    path->padded = planned->width_px != planned->canvas_width_px ||
                   planned->height_px != planned->canvas_height_px;
    path->color = header->color;
    if ((header->color == IC_COLOR_YCBCR && !job->planes) ||
        (header->color == IC_COLOR_CMYK && job->row_conversion != IC_ROWS_AS_READ)) {
        path->color = IC_COLOR_RGB;
    }
    set_chroma(path, wanted->subsampling);
    const enum imgcore_status status = choose_profile(job, i, path, error);
    const bool straight = path->color == IC_COLOR_YCBCR && path->format == IMGCORE_FORMAT_JPEG &&
                          !path->convert_icc && !path->padded;
    if (!straight) { /* converted to RGB before encoding: the encoder halves the chroma */
        path->chroma_h = path->color == IC_COLOR_YCBCR ? 1 : path->chroma_h;
        path->chroma_v = path->color == IC_COLOR_YCBCR ? 1 : path->chroma_v;
    }
    return status;
}

/* Whether the decoder can shrink on load. The inverse DCT averages in the gamma of the file, and
 * over entire blocks: a crop that divides one would get an influence of what is outside. */
static bool is_scalable(const struct ic_job *job) {
    const struct ic_header *header = &job->reader->header;
    if (header->format != IMGCORE_FORMAT_JPEG || job->transform->options->linear) {
        return false;
    }
    if (ic_crop_is_all(&job->crop, header->width_px, header->height_px)) {
        return true;
    }
    uint32_t h_most = 1, v_most = 1;
    for (int i = 0; i < header->components && i < 4; i++) {
        h_most = header->h_samp[i] > h_most ? header->h_samp[i] : h_most;
        v_most = header->v_samp[i] > v_most ? header->v_samp[i] : v_most;
    }
    /* interleaved rows have upsampled chroma, which mixes the blocks */
    return job->planes &&
           ic_crop_follows_blocks(&job->crop, header->width_px, header->height_px,
                                  h_most * IC_JPEG_BLOCK_PX, v_most * IC_JPEG_BLOCK_PX);
}

enum imgcore_status ic_choose_paths(struct ic_job *job, struct imgcore_error *error) {
    const struct ic_header *header = &job->reader->header;
    const struct imgcore_options *options = job->transform->options;
    job->input.orientation = options->ignore_orientation ? 1 : header->orientation;
    enum imgcore_status status = ic_plan_crop(options, header->width_px, header->height_px,
                                              job->input.orientation, &job->crop, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    job->input.width_px = job->crop.width_px;
    job->input.height_px = job->crop.height_px;
    job->planes = header->format == IMGCORE_FORMAT_JPEG && !options->linear &&
                  (header->color == IC_COLOR_YCBCR || header->color == IC_COLOR_GREY);
    job->input.scalable = is_scalable(job);
    job->input.preset = options->preset;
    status = ic_plan_make(&job->input, job->transform->outputs, job->transform->count,
                          job->transform->limits->output_pixels, &job->plan, error);
    if (status == IMGCORE_OK) {
        status = find_colors(job, error);
    }
    if (status == IMGCORE_OK && options->linear) {
        status = choose_linear(job, error);
    }
    for (size_t i = 0; status == IMGCORE_OK && i < job->transform->count; i++) {
        status = choose_path(job, i, &job->path[i], error);
    }
    return status;
}
