/* The resampler: rows in strips of any height give the same result as the entire image, and the
 * expected processing path is chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/resample/resampler.h"
#include "tests/support/random.h"

static struct ic_mem mem;
static struct ic_kernels kernels;
static struct ic_weight_cache cache;

static int set_up(void **state) {
    (void)state;
    ic_mem_init(&mem, NULL);
    ic_weight_cache_init(&cache, &mem);
    ic_target_kernels(ic_target_choose(NULL), &kernels);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ic_weight_cache_clear(&cache);
    ic_mem_clear(&mem);
    return 0;
}

static struct ic_resample_spec whole(uint32_t sw, uint32_t sh, uint32_t tw, uint32_t th,
                                     int channels) {
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    spec.x.source = sw;
    spec.x.target = tw;
    spec.x.length = sw;
    spec.y.source = sh;
    spec.y.target = th;
    spec.y.length = sh;
    spec.channels = channels;
    return spec;
}

static struct ic_resampler *open_on(const struct ic_resample_spec *spec, uint8_t *target) {
    struct ic_resampler *resampler;
    assert_int_equal(ic_resampler_create(&cache, &kernels, spec, target,
                                         (ptrdiff_t)spec->x.target * spec->channels, &resampler),
                     IMGCORE_OK);
    return resampler;
}

static void strips_give_the_result_of_the_entire_image(void **state) {
    (void)state;
    uint64_t seed = 21;
    for (int round = 0; round < 400; round++) {
        struct ic_resample_spec spec =
            whole(random_between(&seed, 1, 150), random_between(&seed, 1, 300),
                  random_between(&seed, 1, 100), random_between(&seed, 1, 200),
                  (int)random_between(&seed, 1, 4));
        spec.alpha = spec.channels % 2 == 0 && round % 2 == 0;
        spec.want_float = round % 7 == 0;
        if (round % 3 == 0) {
            spec.y.start = spec.y.source * 0.21;
            spec.y.length = spec.y.source * 0.55;
            spec.x.start = spec.x.source * 0.37;
            spec.x.length = spec.x.source * 0.4;
        }
        spec.x.filter = spec.y.filter = (enum imgcore_filter)random_between(&seed, 0, 5);
        const size_t in_row = (size_t)spec.x.source * (size_t)spec.channels;
        const size_t out_bytes = (size_t)spec.x.target * spec.y.target * (size_t)spec.channels;
        uint8_t *source = malloc(in_row * spec.y.source);
        uint8_t *at_once = malloc(out_bytes), *in_strips = malloc(out_bytes);
        assert_true(source != NULL && at_once != NULL && in_strips != NULL);
        for (size_t i = 0; i < in_row * spec.y.source; i++) {
            source[i] = (uint8_t)random_between(&seed, 0, 255);
        }
        memset(at_once, 1, out_bytes);
        memset(in_strips, 2, out_bytes);
        struct ic_resampler *resampler = open_on(&spec, at_once);
        ic_resampler_push(resampler, source, (ptrdiff_t)in_row, 0, spec.y.source);
        ic_resampler_destroy(resampler);
        resampler = open_on(&spec, in_strips);
        for (uint32_t y = 0; y < spec.y.source;) {
            const uint32_t left = spec.y.source - y;
            uint32_t count = random_between(&seed, 1, round % 4 == 0 ? 1 : 40);
            count = count < left ? count : left;
            /* each strip in a block of its own, freed afterwards: no pointer to it may be kept */
            uint8_t *strip = malloc(in_row * count);
            assert_non_null(strip);
            memcpy(strip, source + y * in_row, in_row * count);
            ic_resampler_push(resampler, strip, (ptrdiff_t)in_row, y, count);
            free(strip);
            y += count;
        }
        ic_resampler_destroy(resampler);
        assert_memory_equal(at_once, in_strips, out_bytes);
        free(source);
        free(at_once);
        free(in_strips);
    }
}

static struct ic_resample_path path_of(struct ic_resample_spec spec) {
    uint8_t *target = malloc((size_t)spec.x.target * spec.y.target * (size_t)spec.channels);
    assert_non_null(target);
    struct ic_resampler *resampler = open_on(&spec, target);
    const struct ic_resample_path path = ic_resampler_path(resampler);
    ic_resampler_destroy(resampler);
    free(target);
    return path;
}

static void a_pass_is_skipped_where_a_side_is_equal(void **state) {
    (void)state;
    struct ic_resample_path path = path_of(whole(100, 80, 50, 40, 3));
    assert_false(path.is_float || path.skips_horizontal || path.skips_vertical);
    path = path_of(whole(100, 80, 50, 80, 3));
    assert_true(path.skips_vertical && !path.skips_horizontal);
    path = path_of(whole(100, 80, 100, 40, 3));
    assert_true(path.skips_horizontal && !path.skips_vertical);
    path = path_of(whole(100, 80, 100, 80, 4));
    assert_true(path.skips_horizontal && path.skips_vertical && !path.is_float);
    struct ic_resample_spec spec = whole(100, 80, 100, 80, 3);
    spec.x.filter = spec.y.filter = IMGCORE_FILTER_MITCHELL;
    path = path_of(spec);
    assert_false(path.skips_horizontal || path.skips_vertical);
}

static void the_float_path_serves_what_needs_it(void **state) {
    (void)state;
    struct ic_resample_spec spec = whole(100, 80, 50, 40, 4);
    assert_false(path_of(spec).is_float);
    spec.alpha = true;
    assert_true(path_of(spec).is_float && path_of(spec).alpha_vertical);
    assert_true(path_of(whole(9000, 80, 100, 40, 1)).is_float); /* 540 taps */
    spec = whole(100, 800, 50, 10, 3);
    spec.x.filter = spec.y.filter = IMGCORE_FILTER_TRIANGLE; /* 162 taps */
    assert_false(path_of(spec).is_float);
    spec.x.filter = spec.y.filter = IMGCORE_FILTER_BOX; /* 82 equal taps */
    assert_true(path_of(spec).is_float);
    /* a tall enlargement of a wide image: horizontal pass first */
    const struct ic_resample_path path = path_of(whole(2000, 50, 100, 1500, 1));
    assert_true(path.is_float && path.horizontal_first);
    assert_false(path_of(whole(2000, 1500, 500, 375, 1)).horizontal_first);
}

/* Columns of every value, reduced: the rounding errors of one column are all the same where the
 * weights are alike, those of mid grey half a step for every odd weight, and must not add up to
 * half a sample. So a box changes no value, and no filter mid grey, which is the chroma of grey. */
static void flat_areas_keep_their_value(void **state) {
    (void)state;
    static const enum imgcore_filter filters[] = {IMGCORE_FILTER_BOX, IMGCORE_FILTER_LANCZOS3,
                                                  IMGCORE_FILTER_CATMULL_ROM};
    uint8_t *source = malloc((size_t)256 * 1000);
    uint8_t target[256 * 31];
    assert_non_null(source);
    for (size_t i = 0; i < (size_t)256 * 1000; i++) {
        source[i] = (uint8_t)i;
    }
    for (uint32_t height = 10; height <= 1000; height += height < 400 ? 7 : 15) {
        for (uint32_t rows = 1; rows <= 31; rows += rows < 5 ? 1 : 13) {
            for (size_t f = 0; f < 3; f++) {
                struct ic_resample_spec spec = whole(256, height, 256, rows, 1);
                spec.x.filter = spec.y.filter = filters[f];
                struct ic_resampler *resampler = open_on(&spec, target);
                ic_resampler_push(resampler, source, 256, 0, height);
                ic_resampler_destroy(resampler);
                for (size_t i = 0; i < (size_t)256 * rows; i++) {
                    const bool is_exact = filters[f] == IMGCORE_FILTER_BOX || i % 256 == 128;
                    assert_true(abs(target[i] - (int)(i % 256)) <= (is_exact ? 0 : 1));
                }
            }
        }
    }
    free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_give_the_result_of_the_entire_image),
        cmocka_unit_test(a_pass_is_skipped_where_a_side_is_equal),
        cmocka_unit_test(the_float_path_serves_what_needs_it),
        cmocka_unit_test(flat_areas_keep_their_value),
    };
    return cmocka_run_group_tests_name("resampler", tests, set_up, tear_down);
}
