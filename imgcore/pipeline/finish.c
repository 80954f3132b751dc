/* Finishing an image (colour, orientation, canvas, alpha, chroma) and encoding it. */
#include "imgcore/codec/formats.h"
#include "imgcore/color/compose.h"
#include "imgcore/color/convert.h"
#include "imgcore/color/orient.h"
#include "imgcore/pipeline/stages.h"

/* The order: colours first, since they do not depend on the orientation; then the orientation, the
 * canvas, and alpha last, so that a transparent canvas is flattened too. */
enum imgcore_status ic_finish_picture(struct ic_job *job, size_t i, struct imgcore_error *error) {
    const struct ic_env *env = job->env;
    struct ic_path *path = &job->path[i];
    const struct ic_plan_output *planned = &job->plan.output[i];
    struct ic_picture *picture = &path->picture;
    enum imgcore_status status = IMGCORE_OK;
    const bool is_jpeg = path->format == IMGCORE_FORMAT_JPEG;
    if (picture->color == IC_COLOR_YCBCR && (path->convert_icc || path->padded || !is_jpeg)) {
        status = ic_to_rgb(path->mem, env->kernels, picture);
    }
    if (status == IMGCORE_OK && path->convert_icc) {
        status = ic_icc_to_srgb(env->icc, path->mem, env->cancel, picture);
    }
    if (status == IMGCORE_OK && picture->color == IC_COLOR_CMYK) {
        status = ic_to_rgb(path->mem, env->kernels, picture);
    }
    if (status == IMGCORE_OK) {
        status = ic_orient(path->mem, env->kernels, job->input.orientation, picture);
    }
    if (status == IMGCORE_OK && path->padded) {
        status = ic_place_on_canvas(path->mem, env->kernels, planned->canvas_width_px,
                                    planned->canvas_height_px, planned->left_px, planned->top_px,
                                    path->background, picture);
    }
    if (status == IMGCORE_OK && is_jpeg) {
        status = ic_flatten(path->mem, env->kernels, path->background, picture);
    }
    if (status == IMGCORE_CANCELLED) {
        return ic_fail_cancelled(error);
    }
    if (status != IMGCORE_OK) {
        return ic_fail(error, status, "while finishing output %zu", i + 1);
    }
    return IMGCORE_OK;
}

enum imgcore_status ic_encode_picture(struct ic_job *job, size_t i, struct ic_buf *out,
                                      struct imgcore_error *error) {
    struct ic_path *path = &job->path[i];
    const struct imgcore_output *wanted = &job->transform->outputs[i];
    const struct ic_header *header = &job->reader->header;
    const struct imgcore_options *options = job->transform->options;
    struct ic_write_options write = {0};
    write.kernels = job->env->kernels;
    write.cancel = job->env->cancel;
    write.quality = wanted->quality;
    write.progressive = wanted->progressive;
    write.optimize = wanted->optimize;
    write.png_level = wanted->png_level;
    write.copyright = options->keep_copyright ? header->copyright : NULL;
    if (path->keep_icc) {
        write.icc = job->colors.profile;
        write.icc_bytes = job->colors.profile_bytes;
    }
    if (path->format == IMGCORE_FORMAT_PIXELS) {
        return ic_pixels_write(path->mem, &path->picture, &write, out, error);
    }
    if (path->format == IMGCORE_FORMAT_PNG) {
        return ic_png_write(path->mem, &path->picture, &write, out, error);
    }
    const enum imgcore_subsampling subsampling = wanted->subsampling;
    write.chroma_h = subsampling == IMGCORE_SUBSAMPLING_444 ? 1 : 2;
    write.chroma_v = subsampling == IMGCORE_SUBSAMPLING_420 ? 2 : 1;
    if (path->choose_chroma) {
        const bool full = ic_needs_full_chroma(&path->picture);
        write.chroma_h = write.chroma_v = full ? 1 : 2;
        if (!full && path->picture.color == IC_COLOR_YCBCR) {
            enum imgcore_status status = ic_halve_chroma(path->mem, &path->picture);
            if (status != IMGCORE_OK) {
                return ic_fail(error, status, "while halving the chroma of output %zu", i + 1);
            }
        }
    }
    return ic_jpeg_write(path->mem, &path->picture, &write, out, error);
}
