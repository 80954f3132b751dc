/* The float path: rows are converted to floats (premultiplied, linear), passed in either order, and
 * converted to 8 bits at the end. */
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"
#include "imgcore/resample/resampler_internal.h"

/* Entire source rows converted to floats at a time, if the horizontal pass runs first. */
#define LOAD_ROWS 4u
/* Rows held after the horizontal pass; at least as many as the vertical pass emits. */
#define WIDENED_ROWS 8u

static size_t row_floats(size_t pixels, size_t channels) {
    return ic_round_up(pixels * channels + IC_ROW_SLACK_BYTES / sizeof(float),
                       IC_ALIGN_BYTES / sizeof(float));
}

/* The curve of each channel. */
static void find_curves(const struct ic_resample_spec *spec,
                        const struct ic_transfer_curve *curve[3]) {
    for (int c = 0; c < 3; c++) {
        curve[c] = &spec->transfer->curve[spec->transfer->curves == 1 ? 0 : c];
    }
}

/* Linear light has no kernel: the table look-ups are the cost. One at a time, 36 million samples
 * took 10 or 19 ms, depending on where the linker put the loop. */
static void look_up(const float table[256], const uint8_t *in, float *out, size_t samples) {
    size_t i = 0;
    for (; i + 4 <= samples; i += 4) {
        out[i] = table[in[i]];
        out[i + 1] = table[in[i + 1]];
        out[i + 2] = table[in[i + 2]];
        out[i + 3] = table[in[i + 3]];
    }
    for (; i < samples; i++) {
        out[i] = table[in[i]];
    }
}

static void load_linear(const struct ic_resample_spec *spec, const uint8_t *in, float *out,
                        size_t pixels) {
    const size_t channels = (size_t)spec->channels;
    const struct ic_transfer_curve *curve[3];
    find_curves(spec, curve);
    if (!spec->alpha && spec->transfer->curves == 1) {
        look_up(curve[0]->to_linear, in, out, pixels * channels);
        return;
    }
    const size_t colors = channels - (spec->alpha ? 1 : 0);
    for (size_t i = 0; i < pixels; i++, in += channels, out += channels) {
        const float alpha = spec->alpha ? in[colors] : 1.0f;
        for (size_t c = 0; c < colors; c++) {
            out[c] = curve[c]->to_linear[in[c]] * alpha;
        }
        if (spec->alpha) {
            out[colors] = alpha * 255.0f;
        }
    }
}

static void store_linear(const struct ic_resample_spec *spec, const float *in, uint8_t *out,
                         size_t pixels) {
    const size_t channels = (size_t)spec->channels;
    const struct ic_transfer_curve *curve[3];
    find_curves(spec, curve);
    if (!spec->alpha && spec->transfer->curves == 1) {
        for (size_t i = 0; i < pixels * channels; i++) {
            out[i] = ic_transfer_sample(curve[0], in[i]);
        }
        return;
    }
    const size_t colors = channels - (spec->alpha ? 1 : 0);
    for (size_t i = 0; i < pixels; i++, in += channels, out += channels) {
        const float weight = spec->alpha ? in[colors] : 255.0f;
        const float alpha = weight / 255.0f + 0.5f;
        if (spec->alpha && !(alpha >= 1.0f)) {
            memset(out, 0, channels); /* rounds to transparent: its colour has no meaning */
            continue;
        }
        for (size_t c = 0; c < colors; c++) {
            out[c] = ic_transfer_sample(curve[c], spec->alpha ? in[c] * 255.0f / weight : in[c]);
        }
        if (spec->alpha) {
            out[colors] = (uint8_t)(alpha > 255.0f ? 255.0f : alpha);
        }
    }
}

static void load_pixels(const struct ic_resampler *resampler, const uint8_t *in, float *out,
                        size_t pixels) {
    const struct ic_resample_spec *spec = &resampler->spec;
    if (spec->transfer != NULL) {
        load_linear(spec, in, out, pixels);
    } else if (!spec->alpha) {
        resampler->kernels->load_u8_f32(in, out, pixels * (size_t)spec->channels);
    } else if (spec->channels == 2) {
        resampler->kernels->premultiply_ga(in, out, pixels);
    } else {
        resampler->kernels->premultiply_rgba(in, out, pixels);
    }
}

static void store_row(const struct ic_resampler *resampler, const float *in, uint32_t row) {
    const struct ic_resample_spec *spec = &resampler->spec;
    const size_t pixels = spec->x.target;
    uint8_t *out = resampler->target + (ptrdiff_t)row * resampler->target_stride_bytes;
    if (spec->transfer != NULL) {
        store_linear(spec, in, out, pixels);
    } else if (!spec->alpha) {
        resampler->kernels->store_f32_u8(in, out, pixels * (size_t)spec->channels);
    } else if (spec->channels == 2) {
        resampler->kernels->unpremultiply_ga(in, out, pixels);
    } else {
        resampler->kernels->unpremultiply_rgba(in, out, pixels);
    }
}

static void pass_horizontally(struct ic_resampler *resampler, const float *rows, ptrdiff_t stride,
                              uint32_t count) {
    const struct ic_taps_f32 taps = ic_weights_taps_f32(resampler->x_weights);
    resampler->kernels->hpass_f32[resampler->spec.channels](
        rows, stride, resampler->widened, (ptrdiff_t)resampler->widened_stride, count, &taps);
}

static void finish_rows(void *user, const void *rows, ptrdiff_t stride_bytes, uint32_t first_row,
                        uint32_t count) {
    struct ic_resampler *resampler = user;
    const float *row = rows;
    ptrdiff_t stride = stride_bytes / (ptrdiff_t)sizeof(float);
    if (!resampler->path.skips_horizontal && !resampler->path.horizontal_first) {
        pass_horizontally(resampler, row, stride, count);
        row = resampler->widened;
        stride = (ptrdiff_t)resampler->widened_stride;
    }
    for (uint32_t y = 0; y < count; y++) {
        store_row(resampler, row + (ptrdiff_t)y * stride, first_row + y);
    }
}

enum imgcore_status ic_resampler_open_float(struct ic_resampler *resampler) {
    const struct ic_resample_spec *spec = &resampler->spec;
    const size_t channels = (size_t)spec->channels;
    struct ic_mem *mem = resampler->mem;
    size_t row_pixels = spec->x.source;
    if (!resampler->path.skips_horizontal) {
        enum imgcore_status status = ic_weight_cache_get(
            resampler->cache, &spec->x, 0, IC_WEIGHT_F32, true, &resampler->x_weights);
        if (status != IMGCORE_OK) {
            return status;
        }
        row_pixels = ic_weights_row_samples(resampler->x_weights, spec->x.source);
        resampler->widened_stride = row_floats(spec->x.target, channels);
        resampler->widened =
            ic_calloc(mem, WIDENED_ROWS, resampler->widened_stride * sizeof(float));
        if (resampler->widened == NULL) {
            return mem->status;
        }
    }
    if (resampler->path.alpha_vertical) {
        return ic_vpass_open(&resampler->vpass, resampler->cache, resampler->kernels, &spec->y, 0,
                             channels == 2 ? IC_VPASS_GA : IC_VPASS_RGBA, spec->x.source * channels,
                             row_pixels * channels, finish_rows, resampler);
    }
    const bool horizontal_first = resampler->path.horizontal_first;
    const size_t loaded_rows = horizontal_first ? LOAD_ROWS : IC_VPASS_LOAD_ROWS;
    resampler->loaded_stride =
        horizontal_first ? row_floats(row_pixels, channels) : IC_VPASS_LOAD_BYTES / sizeof(float);
    resampler->loaded = ic_calloc(mem, loaded_rows, resampler->loaded_stride * sizeof(float));
    if (resampler->loaded == NULL) {
        return mem->status;
    }
    const size_t pixels = horizontal_first ? spec->x.target : spec->x.source;
    return ic_vpass_open(&resampler->vpass, resampler->cache, resampler->kernels, &spec->y, 0,
                         IC_VPASS_F32, pixels * channels,
                         (horizontal_first ? pixels : row_pixels) * channels, finish_rows,
                         resampler);
}

/* Source rows as they were pushed. */
struct pushed {
    const struct ic_resampler *resampler;
    const uint8_t *rows;
    ptrdiff_t stride_bytes;
    uint32_t first_row;
};

/* Prefetches the next strip: the hardware does not predict so many rows at the same time. */
static void fetch_ahead(const uint8_t *row, size_t samples) {
    for (size_t i = samples; i < 2 * samples; i += IC_ALIGN_BYTES) {
        __builtin_prefetch((const void *)((uintptr_t)row + i));
    }
}

static const void *load_strip(void *user, uint32_t first_row, uint32_t count, size_t first_sample,
                              size_t samples, ptrdiff_t *stride_bytes) {
    const struct pushed *pushed = user;
    const struct ic_resampler *resampler = pushed->resampler;
    const size_t pixels = samples / (size_t)resampler->spec.channels;
    const uint8_t *in = pushed->rows +
                        (ptrdiff_t)(first_row - pushed->first_row) * pushed->stride_bytes +
                        first_sample;
    for (uint32_t y = 0; y < count; y++) {
        fetch_ahead(in + (ptrdiff_t)y * pushed->stride_bytes, samples);
        load_pixels(resampler, in + (ptrdiff_t)y * pushed->stride_bytes,
                    resampler->loaded + y * resampler->loaded_stride, pixels);
    }
    *stride_bytes = (ptrdiff_t)(resampler->loaded_stride * sizeof(float));
    return resampler->loaded;
}

void ic_resampler_push_float(struct ic_resampler *resampler, const uint8_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count) {
    if (resampler->path.alpha_vertical) {
        ic_vpass_push(&resampler->vpass, rows, stride_bytes, first_row, count);
        return;
    }
    if (!resampler->path.horizontal_first) {
        struct pushed pushed = {resampler, rows, stride_bytes, first_row};
        ic_vpass_push_loaded(&resampler->vpass, load_strip, &pushed, first_row, count);
        return;
    }
    for (uint32_t y = 0; y < count; y += LOAD_ROWS) {
        const uint32_t step = count - y < LOAD_ROWS ? count - y : LOAD_ROWS;
        for (uint32_t k = 0; k < step; k++) {
            load_pixels(resampler, rows + (ptrdiff_t)(y + k) * stride_bytes,
                        resampler->loaded + k * resampler->loaded_stride, resampler->spec.x.source);
        }
        pass_horizontally(resampler, resampler->loaded, (ptrdiff_t)resampler->loaded_stride, step);
        ic_vpass_push(&resampler->vpass, resampler->widened,
                      (ptrdiff_t)(resampler->widened_stride * sizeof(float)), first_row + y, step);
    }
}
