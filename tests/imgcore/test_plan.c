/* Sizes, crops, scales and axes, without pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "imgcore/plan/plan.h"

#define CLOSE(a, b) assert_true(fabs((a) - (b)) < 1e-6)

struct fit_case {
    uint32_t width, height;         /* input */
    uint32_t box_width, box_height; /* 0: free */
    enum imgcore_fit fit;
    bool enlarge;
    uint32_t canvas_width, canvas_height; /* expected */
    uint32_t picture_width, picture_height;
};

static const struct fit_case CASES[] = {
    /* inside: the four product sizes of usual photographs, landscape, portrait, square */
    {4928, 3279, 1200, 1200, IMGCORE_FIT_INSIDE, false, 1200, 798, 1200, 798},
    {4928, 3279, 800, 800, IMGCORE_FIT_INSIDE, false, 800, 532, 800, 532},
    {4928, 3279, 400, 400, IMGCORE_FIT_INSIDE, false, 400, 266, 400, 266},
    {4928, 3279, 200, 200, IMGCORE_FIT_INSIDE, false, 200, 133, 200, 133},
    {3024, 4032, 1200, 1200, IMGCORE_FIT_INSIDE, false, 900, 1200, 900, 1200},
    {3000, 3000, 1200, 1200, IMGCORE_FIT_INSIDE, false, 1200, 1200, 1200, 1200},
    /* enlarged only if requested */
    {640, 480, 1200, 1200, IMGCORE_FIT_INSIDE, false, 640, 480, 640, 480},
    {640, 480, 1200, 1200, IMGCORE_FIT_INSIDE, true, 1200, 900, 1200, 900},
    {1200, 1, 1200, 1200, IMGCORE_FIT_INSIDE, false, 1200, 1, 1200, 1},
    /* never a side of 0 */
    {10000, 1, 200, 200, IMGCORE_FIT_INSIDE, false, 200, 1, 200, 1},
    {1, 30000, 200, 200, IMGCORE_FIT_INSIDE, false, 1, 200, 1, 200},
    /* halves up: 1001 * 0.5 = 500.5 */
    {2002, 1001, 1001, 0, IMGCORE_FIT_INSIDE, false, 1001, 501, 1001, 501},
    /* halves that a scale rounded to a double makes smaller: 31.5, 22.5, 25.5 */
    {10, 45, 7, 0, IMGCORE_FIT_INSIDE, false, 7, 32, 7, 32},
    {39, 52, 0, 30, IMGCORE_FIT_CONTAIN, false, 23, 30, 23, 30},
    {14, 21, 17, 8, IMGCORE_FIT_OUTSIDE, true, 17, 26, 17, 26},
    /* free sides */
    {4000, 3000, 1000, 0, IMGCORE_FIT_INSIDE, false, 1000, 750, 1000, 750},
    {4000, 3000, 0, 300, IMGCORE_FIT_INSIDE, false, 400, 300, 400, 300},
    {4000, 3000, 0, 0, IMGCORE_FIT_INSIDE, false, 4000, 3000, 4000, 3000},
    {4000, 3000, 1000, 0, IMGCORE_FIT_COVER, false, 1000, 750, 1000, 750},
    {4000, 3000, 1000, 0, IMGCORE_FIT_FILL, false, 1000, 750, 1000, 750},
    /* cover */
    {4000, 3000, 500, 500, IMGCORE_FIT_COVER, false, 500, 500, 500, 500},
    {400, 300, 800, 200, IMGCORE_FIT_COVER, false, 400, 200, 400, 200},
    {400, 300, 800, 200, IMGCORE_FIT_COVER, true, 800, 200, 800, 200},
    /* contain */
    {4000, 3000, 500, 500, IMGCORE_FIT_CONTAIN, false, 500, 500, 500, 375},
    {100, 50, 500, 500, IMGCORE_FIT_CONTAIN, false, 500, 500, 100, 50},
    {100, 50, 500, 500, IMGCORE_FIT_CONTAIN, true, 500, 500, 500, 250},
    /* fill */
    {4000, 3000, 500, 100, IMGCORE_FIT_FILL, false, 500, 100, 500, 100},
    {400, 3000, 500, 100, IMGCORE_FIT_FILL, false, 400, 100, 400, 100},
    {400, 3000, 500, 100, IMGCORE_FIT_FILL, true, 500, 100, 500, 100},
    /* outside */
    {4000, 3000, 500, 500, IMGCORE_FIT_OUTSIDE, false, 667, 500, 667, 500},
    {400, 300, 500, 500, IMGCORE_FIT_OUTSIDE, false, 400, 300, 400, 300},
    {400, 300, 500, 500, IMGCORE_FIT_OUTSIDE, true, 667, 500, 667, 500},
    {4000, 3000, 500, 0, IMGCORE_FIT_OUTSIDE, false, 500, 375, 500, 375},
};

static struct imgcore_output wanted(uint32_t width, uint32_t height, enum imgcore_fit fit,
                                    bool enlarge) {
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = width;
    output.height_px = height;
    output.fit = fit;
    output.enlarge = enlarge;
    return output;
}

static void fits_are_as_in_the_table(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct fit_case *c = &CASES[i];
        const struct imgcore_output output =
            wanted(c->box_width, c->box_height, c->fit, c->enlarge);
        struct ic_fit fit;
        assert_int_equal(ic_fit_output(c->width, c->height, &output, UINT64_MAX, &fit, NULL),
                         IMGCORE_OK);
        if (fit.canvas_width_px != c->canvas_width || fit.canvas_height_px != c->canvas_height ||
            fit.width_px != c->picture_width || fit.height_px != c->picture_height) {
            fail_msg("case %zu: canvas %u x %u, picture %u x %u", i, fit.canvas_width_px,
                     fit.canvas_height_px, fit.width_px, fit.height_px);
        }
        assert_true(fit.crop_left >= 0 && fit.crop_top >= 0);
        assert_true(fit.crop_left + fit.crop_width <= c->width + 1e-9);
        assert_true(fit.crop_top + fit.crop_height <= c->height + 1e-9);
    }
}

static void inside_never_exceeds_its_box(void **state) {
    (void)state;
    for (uint32_t width = 1; width < 3000; width += 37) {
        for (uint32_t height = 1; height < 3000; height += 41) {
            const struct imgcore_output output = wanted(333, 217, IMGCORE_FIT_INSIDE, true);
            struct ic_fit fit;
            assert_int_equal(ic_fit_output(width, height, &output, UINT64_MAX, &fit, NULL),
                             IMGCORE_OK);
            assert_true(fit.width_px >= 1 && fit.width_px <= 333);
            assert_true(fit.height_px >= 1 && fit.height_px <= 217);
            assert_true(fit.width_px == 333 || fit.height_px == 217);
        }
    }
}

/* Every side against the rule in whole numbers, with all halves of small images. */
static void sides_are_rounded_to_the_nearest_pixel(void **state) {
    (void)state;
    for (uint32_t width = 1; width <= 120; width++) {
        for (uint32_t box = 1; box < width; box++) {
            const struct imgcore_output output = wanted(box, 0, IMGCORE_FIT_INSIDE, false);
            for (uint32_t height = 1; height <= 120; height++) {
                const uint32_t nearest = (2 * height * box + width) / (2 * width);
                struct ic_fit fit;
                assert_int_equal(ic_fit_output(width, height, &output, UINT64_MAX, &fit, NULL),
                                 IMGCORE_OK);
                assert_int_equal(fit.height_px, nearest > 0 ? nearest : 1);
            }
        }
    }
}

static void gravity_moves_crop_and_picture(void **state) {
    (void)state;
    static const struct {
        enum imgcore_gravity gravity;
        double crop_left;      /* of 400 columns, 300 stay */
        uint32_t contain_left; /* of 100 columns, 75 are taken */
    } cases[] = {{IMGCORE_GRAVITY_CENTRE, 50, 12},      {IMGCORE_GRAVITY_WEST, 0, 0},
                 {IMGCORE_GRAVITY_EAST, 100, 25},       {IMGCORE_GRAVITY_NORTH, 50, 12},
                 {IMGCORE_GRAVITY_NORTH_EAST, 100, 25}, {IMGCORE_GRAVITY_SOUTH_WEST, 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct imgcore_output output = wanted(100, 100, IMGCORE_FIT_COVER, false);
        output.gravity = cases[i].gravity;
        struct ic_fit fit;
        assert_int_equal(ic_fit_output(400, 300, &output, UINT64_MAX, &fit, NULL), IMGCORE_OK);
        CLOSE(fit.crop_left, cases[i].crop_left);
        CLOSE(fit.crop_width, 300.0);
        CLOSE(fit.crop_top, 0.0);
        output.fit = IMGCORE_FIT_CONTAIN;
        assert_int_equal(ic_fit_output(300, 400, &output, UINT64_MAX, &fit, NULL), IMGCORE_OK);
        assert_int_equal(fit.left_px, cases[i].contain_left);
        assert_int_equal(fit.top_px, 0);
    }
}

static void outputs_over_the_limit_are_refused(void **state) {
    (void)state;
    struct ic_fit fit;
    struct imgcore_error error;
    struct imgcore_output output = wanted(2000, 2000, IMGCORE_FIT_CONTAIN, true);
    assert_int_equal(ic_fit_output(10, 10, &output, 4000000, &fit, &error), IMGCORE_OK);
    assert_int_equal(ic_fit_output(10, 10, &output, 3999999, &fit, &error), IMGCORE_TOO_LARGE);
    assert_true(error.detail[0] != '\0');
    output = wanted(UINT32_MAX, UINT32_MAX, IMGCORE_FIT_INSIDE, true);
    assert_int_equal(ic_fit_output(65535, 1, &output, UINT64_MAX, &fit, &error), IMGCORE_TOO_LARGE);
    output = wanted(UINT32_MAX, 0, IMGCORE_FIT_OUTSIDE, true);
    assert_int_equal(ic_fit_output(1, 65535, &output, UINT64_MAX, &fit, &error), IMGCORE_TOO_LARGE);
}

static void orientation_swaps_boxes_and_crops(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        const bool swap = orientation >= 5;
        const struct ic_plan_input input = {swap ? 300 : 400, swap ? 400 : 300, orientation, true,
                                            IMGCORE_PRESET_QUALITY};
        struct imgcore_output output = wanted(100, 50, IMGCORE_FIT_COVER, false);
        output.gravity = IMGCORE_GRAVITY_NORTH_WEST;
        struct ic_plan plan;
        assert_int_equal(ic_plan_make(&input, &output, 1, UINT64_MAX, &plan, NULL), IMGCORE_OK);
        const struct ic_plan_output *planned = &plan.output[0];
        /* displayed, the input is 400 x 300 and its upper 400 x 200 are kept */
        assert_int_equal(planned->width_px, 100);
        assert_int_equal(planned->height_px, 50);
        assert_int_equal(planned->stored_width_px, swap ? 50 : 100);
        assert_int_equal(planned->stored_height_px, swap ? 100 : 50);
        const double cut_start = swap ? planned->crop_left : planned->crop_top;
        const bool at_end = swap ? planned->mirrors_x : planned->mirrors_y;
        CLOSE(swap ? planned->crop_width : planned->crop_height, 200.0);
        CLOSE(cut_start, at_end ? 100.0 : 0.0);
    }
}

static void the_decoder_shrinks_as_far_as_the_preset_allows(void **state) {
    (void)state;
    static const struct {
        uint32_t box;
        int quality, balanced, fast;
    } cases[] = {{1200, 1, 1, 4}, {600, 1, 2, 8}, {300, 1, 4, 8},
                 {200, 1, 4, 8},  {100, 1, 8, 8}, {4928, 1, 1, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int preset = IMGCORE_PRESET_BALANCED; preset <= IMGCORE_PRESET_FAST; preset++) {
            struct ic_plan_input input = {4928, 3280, 1, true, (enum imgcore_preset)preset};
            const struct imgcore_output outputs[2] = {
                wanted(10, 10, IMGCORE_FIT_INSIDE, false),
                wanted(cases[i].box, cases[i].box, IMGCORE_FIT_INSIDE, false)};
            struct ic_plan plan;
            assert_int_equal(ic_plan_make(&input, outputs, 2, UINT64_MAX, &plan, NULL), IMGCORE_OK);
            assert_int_equal(plan.scale_denom, preset == IMGCORE_PRESET_QUALITY ? cases[i].quality
                                               : preset == IMGCORE_PRESET_FAST  ? cases[i].fast
                                                                               : cases[i].balanced);
            input.scalable = false;
            assert_int_equal(ic_plan_make(&input, outputs, 2, UINT64_MAX, &plan, NULL), IMGCORE_OK);
            assert_int_equal(plan.scale_denom, 1);
        }
    }
}

/* 4928 x 3279 at half scale is 2464 x 1640 rows that represent 1639.5: the half counts. */
static void fractions_of_scaled_planes_are_counted(void **state) {
    (void)state;
    const struct ic_plan_input input = {4928, 3279, 1, true, IMGCORE_PRESET_FAST};
    const struct imgcore_output output = wanted(1200, 1200, IMGCORE_FIT_INSIDE, false);
    struct ic_plan plan;
    assert_int_equal(ic_plan_make(&input, &output, 1, UINT64_MAX, &plan, NULL), IMGCORE_OK);
    const struct ic_plan_plane luma = {2464, 1640, 2464.0, 1639.5, 0.0, 0.0};
    struct ic_axis x, y;
    ic_plan_axes(&input, &plan.output[0], &luma, 1, 1, &x, &y);
    assert_int_equal(y.source, 1640);
    assert_int_equal(y.target, 798);
    CLOSE(y.length, 1639.5);
    /* chroma of a 4:2:0 output: 399 samples represent exactly 798 rows */
    const struct ic_plan_plane chroma = {2464, 1640, 2464.0, 1639.5, 0.0, 0.0};
    ic_plan_axes(&input, &plan.output[0], &chroma, 2, 2, &x, &y);
    assert_int_equal(x.target, 600);
    assert_int_equal(y.target, 399);
    CLOSE(y.length, 1639.5);
}

/* Chroma of an odd output extends past the right and lower edge in display axes, wherever that is
 * stored. */
static void odd_chroma_hangs_over_the_edge_that_is_seen_last(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 4; orientation++) {
        const struct ic_plan_input input = {202, 102, orientation, false, IMGCORE_PRESET_BALANCED};
        const struct imgcore_output output = wanted(101, 51, IMGCORE_FIT_FILL, false);
        struct ic_plan plan;
        assert_int_equal(ic_plan_make(&input, &output, 1, UINT64_MAX, &plan, NULL), IMGCORE_OK);
        const struct ic_plan_plane chroma = {101, 51, 101.0, 51.0, 0.0, 0.0};
        struct ic_axis x, y;
        ic_plan_axes(&input, &plan.output[0], &chroma, 2, 2, &x, &y);
        assert_int_equal(x.target, 51);
        assert_int_equal(y.target, 26);
        CLOSE(x.length, 102.0);
        CLOSE(y.length, 52.0);
        CLOSE(x.start, plan.output[0].mirrors_x ? -1.0 : 0.0);
        CLOSE(y.start, plan.output[0].mirrors_y ? -1.0 : 0.0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_are_as_in_the_table),
        cmocka_unit_test(inside_never_exceeds_its_box),
        cmocka_unit_test(sides_are_rounded_to_the_nearest_pixel),
        cmocka_unit_test(gravity_moves_crop_and_picture),
        cmocka_unit_test(outputs_over_the_limit_are_refused),
        cmocka_unit_test(orientation_swaps_boxes_and_crops),
        cmocka_unit_test(the_decoder_shrinks_as_far_as_the_preset_allows),
        cmocka_unit_test(fractions_of_scaled_planes_are_counted),
        cmocka_unit_test(odd_chroma_hangs_over_the_edge_that_is_seen_last),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
