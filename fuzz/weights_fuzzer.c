/* The arithmetic of a resize: weight tables whose rows sum to exactly one, lie inside the source,
 * in order, and close to the exact weights; and the sizes of the plan against exact integers. */
#include "fuzz/support/fit_oracle.h"
#include "fuzz/support/fuzz.h"
#include "imgcore/base/limits.h"
#include "imgcore/plan/plan.h"
#include "imgcore/resample/weights.h"

#include <math.h>

enum { MAX_WEIGHTS = 40000 };

/* Takes an interval that imgcore_resize accepts; false if the bytes make none. */
static bool take_axis(struct fuzz_input *input, struct ic_axis *axis) {
    const uint32_t most = fuzz_take_range(input, 0, 15) == 15 ? 2000 : 60;
    axis->source = fuzz_take_range(input, 1, most);
    axis->target = fuzz_take_range(input, 1, most);
    axis->filter = (enum imgcore_filter)fuzz_take_range(input, 0, IMGCORE_FILTER_BOX);
    axis->start = 0.0;
    axis->length = axis->source;
    const uint32_t kind = fuzz_take_range(input, 0, 3);
    if (kind == 1) {
        axis->start = axis->source * (fuzz_take_u32(input) / 4294967296.0);
        axis->length = (axis->source - axis->start) * (fuzz_take_u32(input) / 4294967296.0);
    } else if (kind == 2) {
        axis->start = fuzz_take_double(input);
        axis->length = fuzz_take_double(input);
    } else if (kind == 3) { /* at the edge */
        axis->length = axis->source / (1.0 + fuzz_take_u8(input));
        axis->start = axis->source - axis->length;
    }
    return axis->start >= 0.0 && axis->length > 0.0 && axis->start + axis->length <= axis->source;
}

static void check_row(const struct ic_axis *axis, const struct ic_weights *weights, uint32_t i,
                      double *exact) {
    int64_t first;
    const int taps = ic_axis_exact_row(axis, i, exact, &first);
    const int32_t left = weights->left[i], count = weights->count[i];
    FUZZ_CHECK(left >= 0 && count >= 1 && count <= weights->max_taps &&
                   (uint32_t)left + (uint32_t)count <= axis->source,
               "row %u: samples %d + %d of %u", i, left, count, axis->source);
    FUZZ_CHECK(i == 0 || (left >= weights->left[i - 1] &&
                          left + count >= weights->left[i - 1] + weights->count[i - 1]),
               "row %u goes back", i);
    const bool is_fixed = weights->type == IC_WEIGHT_Q14;
    const double one = is_fixed ? 1 << IC_WEIGHT_BITS : 1.0;
    int64_t sum_fixed = 0;
    double sum = 0.0;
    for (size_t k = 0; k < weights->stride; k++) {
        const size_t at = i * weights->stride + k;
        const double weight = is_fixed ? weights->fixed[at] : (double)weights->f32[at];
        FUZZ_CHECK(isfinite(weight), "row %u: weight %zu is %f", i, k, weight);
        FUZZ_CHECK(k < (size_t)count || weight == 0.0, "row %u: a weight after its end", i);
        const int64_t tap = left + (int64_t)k - first;
        const double expected = tap >= 0 && tap < taps ? exact[tap] : 0.0;
        FUZZ_CHECK(fabs(weight - expected * one) <= (is_fixed ? 2.0 : 1e-6),
                   "row %u: weight %zu is %f for %f", i, k, weight / one, expected);
        sum_fixed += is_fixed ? weights->fixed[at] : 0;
        sum += weight;
    }
    FUZZ_CHECK(is_fixed ? sum_fixed == 1 << IC_WEIGHT_BITS : fabs(sum - 1.0) < 1e-5,
               "row %u sums to %f", i, sum / one);
}

static void check_weights(struct fuzz_input *input) {
    struct ic_axis axis;
    const enum ic_weight_type type = fuzz_take_bool(input) ? IC_WEIGHT_Q14 : IC_WEIGHT_F32;
    if (!take_axis(input, &axis) || (uint64_t)ic_axis_max_taps(&axis) * axis.target > MAX_WEIGHTS)
        return;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, (size_t)64 << 20);
    struct ic_weights weights;
    FUZZ_CHECK(ic_weights_make(&mem, &axis, type, &weights) == IMGCORE_OK, "no table");
    FUZZ_CHECK(weights.target == axis.target &&
                   (uint32_t)weights.max_taps <= ic_axis_max_taps(&axis) &&
                   weights.stride % 16 == 0 && (size_t)weights.max_taps <= weights.stride,
               "%d taps, stride %zu", weights.max_taps, weights.stride);
    double *exact = fuzz_alloc((ic_axis_max_taps(&axis) + 1) * sizeof *exact);
    uint32_t needed_first, needed_count;
    ic_axis_needed(&axis, &needed_first, &needed_count);
    for (uint32_t i = 0; i < axis.target; i++) {
        check_row(&axis, &weights, i, exact);
        FUZZ_CHECK((uint32_t)weights.left[i] >= needed_first &&
                       (uint32_t)(weights.left[i] + weights.count[i]) <=
                           needed_first + needed_count,
                   "row %u uses samples that are not needed", i);
    }
    free(exact);
    ic_weights_clear(&mem, &weights);
    ic_mem_clear(&mem);
}

static uint32_t take_side(struct fuzz_input *input, uint32_t low) {
    static const uint32_t most[] = {20, 300, 65535, IC_MAX_RESIZE_SIDE_PX};
    return fuzz_take_range(input, low, most[fuzz_take_range(input, 0, 3)]);
}

static void check_fit_kind(uint32_t width, uint32_t height, const struct imgcore_output *output,
                           const struct ic_fit *fit) {
    FUZZ_CHECK(fit->width_px >= 1 && fit->height_px >= 1, "an empty image");
    FUZZ_CHECK((uint64_t)fit->left_px + fit->width_px <= fit->canvas_width_px &&
                   (uint64_t)fit->top_px + fit->height_px <= fit->canvas_height_px,
               "the image leaves its canvas");
    FUZZ_CHECK(output->enlarge || (fit->width_px <= width && fit->height_px <= height),
               "%ux%u became %ux%u", width, height, fit->width_px, fit->height_px);
    FUZZ_CHECK(fit->crop_left >= 0.0 && fit->crop_top >= 0.0 && fit->crop_width > 0.0 &&
                   fit->crop_height > 0.0 && fit->crop_left + fit->crop_width <= width &&
                   fit->crop_top + fit->crop_height <= height,
               "the crop leaves the image");
    const bool is_boxed = output->width_px && output->height_px;
    if (is_boxed && output->fit != IMGCORE_FIT_OUTSIDE)
        FUZZ_CHECK(fit->canvas_width_px <= output->width_px &&
                       fit->canvas_height_px <= output->height_px,
                   "the canvas is larger than the box");
    if (is_boxed && output->fit == IMGCORE_FIT_OUTSIDE && output->enlarge)
        FUZZ_CHECK(fit->width_px >= output->width_px && fit->height_px >= output->height_px,
                   "the image is smaller than the box");
}

static void check_fit(struct fuzz_input *input) {
    const uint32_t width = take_side(input, 1), height = take_side(input, 1);
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = take_side(input, 0);
    output.height_px = take_side(input, 0);
    output.fit = (enum imgcore_fit)fuzz_take_range(input, 0, IMGCORE_FIT_OUTSIDE);
    output.gravity = (enum imgcore_gravity)fuzz_take_range(input, 0, IMGCORE_GRAVITY_NORTH_WEST);
    output.enlarge = fuzz_take_bool(input);
    const uint64_t max_pixels = fuzz_take_bool(input) ? UINT64_MAX : fuzz_take_u32(input);
    struct ic_fit fit;
    struct imgcore_error error;
    const enum imgcore_status status =
        ic_fit_output(width, height, &output, max_pixels, &fit, &error);
    FUZZ_CHECK(status == IMGCORE_OK || status == IMGCORE_TOO_LARGE, "status %d", status);
    if (status == IMGCORE_OK) {
        check_fit_kind(width, height, &output, &fit);
        FUZZ_CHECK((uint64_t)fit.canvas_width_px * fit.canvas_height_px <= max_pixels,
                   "over the limit");
    }
    if (output.fit != IMGCORE_FIT_INSIDE)
        return;
    uint64_t fit_width, fit_height;
    fit_oracle_inside(width, height, output.width_px, output.height_px, output.enlarge, &fit_width,
                      &fit_height);
    const bool is_allowed = fit_width <= IC_MAX_RESIZE_SIDE_PX &&
                            fit_height <= IC_MAX_RESIZE_SIDE_PX &&
                            fit_width * fit_height <= max_pixels;
    FUZZ_CHECK(is_allowed == (status == IMGCORE_OK), "%llux%llu: status %d",
               (unsigned long long)fit_width, (unsigned long long)fit_height, status);
    FUZZ_CHECK(!is_allowed || (fit.width_px == fit_width && fit.height_px == fit_height),
               "%ux%u in %ux%u: %ux%u instead of %llux%llu", width, height, output.width_px,
               output.height_px, fit.width_px, fit.height_px, (unsigned long long)fit_width,
               (unsigned long long)fit_height);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    if (fuzz_take_bool(&input))
        check_weights(&input);
    else
        check_fit(&input);
    return 0;
}
