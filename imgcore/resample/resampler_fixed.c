/* The fixed-point path: u8 rows, vertical pass to 16 bits, horizontal pass back to u8. */
#include "imgcore/resample/reduced_weights.h"
#include "imgcore/resample/resampler_internal.h"

static void finish_rows(void *user, const void *rows, ptrdiff_t stride_bytes, uint32_t first_row,
                        uint32_t count) {
    const struct ic_resampler *resampler = user;
    const int channels = resampler->spec.channels;
    uint8_t *target = resampler->target + (ptrdiff_t)first_row * resampler->target_stride_bytes;
    const ptrdiff_t stride = stride_bytes / (ptrdiff_t)sizeof(int16_t);
    if (resampler->path.skips_horizontal) {
        const int16_t *row = rows;
        for (uint32_t y = 0; y < count; y++) {
            resampler->kernels->narrow_i16_u8(
                row + (ptrdiff_t)y * stride, target + (ptrdiff_t)y * resampler->target_stride_bytes,
                (size_t)resampler->spec.x.target * (size_t)channels);
        }
        return;
    }
    const struct ic_taps_q14 taps = ic_weights_taps_q14(resampler->x_weights);
    resampler->kernels->hpass_i16_u8[channels](rows, stride, target, resampler->target_stride_bytes,
                                               count, &taps);
}

enum imgcore_status ic_resampler_open_fixed(struct ic_resampler *resampler) {
    const struct ic_resample_spec *spec = &resampler->spec;
    const uint32_t width = ic_level_samples(spec->x.source, spec->level);
    size_t row_pixels = width;
    if (!resampler->path.skips_horizontal) {
        enum imgcore_status status = ic_weight_cache_get(
            resampler->cache, &spec->x, spec->level, IC_WEIGHT_Q14, true, &resampler->x_weights);
        if (status != IMGCORE_OK) {
            return status;
        }
        row_pixels = ic_weights_row_samples(resampler->x_weights, width);
    }
    const size_t channels = (size_t)spec->channels;
    return ic_vpass_open(&resampler->vpass, resampler->cache, resampler->kernels, &spec->y,
                         spec->level, spec->level > 0 ? IC_VPASS_I16 : IC_VPASS_U8,
                         width * channels, row_pixels * channels, finish_rows, resampler);
}

void ic_resampler_push_fixed(struct ic_resampler *resampler, const uint8_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count) {
    ic_vpass_push(&resampler->vpass, rows, stride_bytes, first_row, count);
}
