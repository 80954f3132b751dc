/* Converts rows to sRGB before they are resized in linear light, where the samples of the file have
 * no curves to linear light: CMYK, and profiles that are tables of colours. See stages.h. */
#include "imgcore/pipeline/stages.h"

/* Rows converted at a time: they stay in L2. */
#define CONVERT_ROWS 8u

/* The colour of rows as the decoder delivers them. */
static enum ic_color read_color(const struct ic_job *job) {
    const enum ic_color color = job->reader->header.color;
    return color == IC_COLOR_YCBCR ? IC_COLOR_RGB : color;
}

enum imgcore_status ic_open_row_conversion(struct ic_job *job) {
    enum imgcore_status status = IMGCORE_OK;
    if (job->row_conversion == IC_ROWS_AS_READ) {
        return status;
    }
    const enum ic_color from = read_color(job);
    const enum ic_color to = from == IC_COLOR_CMYK ? IC_COLOR_RGB : from;
    if (job->row_conversion == IC_ROWS_BY_PROFILE) {
        status = ic_icc_open_rows(job->env->icc, from);
    }
    if (status == IMGCORE_OK) {
        status = ic_picture_make(job->env->mem, to, job->layout.plane[0].width, CONVERT_ROWS, 1, 1,
                                 &job->converted);
    }
    if (status == IMGCORE_OK) {
        job->layout.plane[0].channels = ic_color_channels(to);
    }
    return status;
}

uint32_t ic_convert_rows(struct ic_job *job, const uint8_t *rows, ptrdiff_t stride_bytes,
                         uint32_t count) {
    const enum ic_color from = read_color(job);
    const uint32_t width = job->layout.plane[0].width;
    count = count < CONVERT_ROWS ? count : CONVERT_ROWS;
    for (uint32_t y = 0; y < count; y++) {
        const uint8_t *in = rows + (ptrdiff_t)y * stride_bytes;
        uint8_t *out =
            job->converted.plane[0].rows + (ptrdiff_t)y * job->converted.plane[0].stride_bytes;
        if (job->row_conversion == IC_ROWS_BY_PROFILE) {
            ic_icc_convert_row(job->env->icc, from, in, out, width);
        } else {
            job->env->kernels->cmyk_to_rgb(in, out, width);
        }
    }
    return count;
}

void ic_close_row_conversion(struct ic_job *job) {
    ic_picture_clear(job->env->mem, &job->converted);
}
