/* The pyramid: its rows equal plain arithmetic, its weights are as close to the direct ones as
 * documented, and tables are cached and freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/resample/reduced_weights.h"
#include "imgcore/resample/reducer.h"
#include "imgcore/resample/resampler.h"
#include "tests/support/exact.h"
#include "tests/support/pictures.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

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

/* Every level in full, collected from the emitted rows. */
struct collected {
    uint32_t channels;
    uint32_t width[IC_MAX_LEVEL + 1], height[IC_MAX_LEVEL + 1];
    uint32_t next[IC_MAX_LEVEL + 1];
    int16_t *rows[IC_MAX_LEVEL + 1];
};

static void collect(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                    uint32_t first_row, uint32_t count) {
    struct collected *collected = user;
    assert_int_equal(first_row, collected->next[level]);
    for (uint32_t y = 0; y < count; y++) {
        const size_t samples = (size_t)collected->width[level] * collected->channels;
        memcpy(collected->rows[level] + (first_row + y) * samples,
               (const char *)rows + (ptrdiff_t)y * stride_bytes, samples * sizeof(int16_t));
    }
    collected->next[level] = first_row + count;
}

/* Returns the weighted mean around sample x / channels, y of the level below, in double precision.
 */
static double mean_at(const struct collected *collected, int below, uint32_t x, uint32_t y) {
    const uint32_t channels = collected->channels;
    const double outer = (below == 0 ? 9 : 10) / 64.0;
    const double parts[4] = {outer, 0.5 - outer, 0.5 - outer, outer};
    const int64_t width = collected->width[below], height = collected->height[below];
    double sum = 0.0;
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 4; i++) {
            int64_t sx = 2 * (int64_t)(x / channels) - 1 + i, sy = 2 * (int64_t)y - 1 + j;
            sx = sx < 0 ? 0 : sx > width - 1 ? width - 1 : sx;
            sy = sy < 0 ? 0 : sy > height - 1 ? height - 1 : sy;
            sum += parts[i] * parts[j] *
                   collected->rows[below][(sy * width + sx) * channels + x % channels];
        }
    }
    return sum;
}

static void every_level_is_the_mean_of_the_one_before(void **state) {
    (void)state;
    uint64_t seed = 41;
    for (int round = 0; round < test_part(60, 4); round++) {
        const uint32_t width = random_between(&seed, 1, 300),
                       height = random_between(&seed, 1, 200);
        const int levels = (int)random_between(&seed, 1, IC_MAX_LEVEL);
        struct collected collected;
        memset(&collected, 0, sizeof(collected));
        collected.channels = round % 2 == 0 ? 1 : 3;
        const size_t samples = (size_t)width * height * collected.channels;
        uint8_t *source = malloc(samples);
        assert_non_null(source);
        for (int l = 0; l <= levels; l++) {
            collected.width[l] = ic_level_samples(width, l);
            collected.height[l] = ic_level_samples(height, l);
            collected.rows[l] =
                calloc((size_t)collected.width[l] * collected.height[l] * collected.channels,
                       sizeof(int16_t));
            assert_non_null(collected.rows[l]);
        }
        for (size_t i = 0; i < samples; i++) {
            source[i] = (uint8_t)random_between(&seed, 0, 255);
            collected.rows[0][i] = (int16_t)(source[i] * 64);
        }
        struct ic_reducer *reducer;
        assert_int_equal(ic_reducer_create(&mem, &kernels, width, height, (int)collected.channels,
                                           levels, collect, &collected, &reducer),
                         IMGCORE_OK);
        for (uint32_t y = 0; y < height;) {
            uint32_t count = random_between(&seed, 1, 20);
            count = count < height - y ? count : height - y;
            const size_t row_bytes = (size_t)width * collected.channels;
            ic_reducer_push(reducer, source + y * row_bytes, (ptrdiff_t)row_bytes, y, count);
            y += count;
        }
        ic_reducer_destroy(reducer);
        for (int l = 1; l <= levels; l++) {
            assert_int_equal(collected.next[l], collected.height[l]);
            for (uint32_t y = 0; y < collected.height[l]; y++) {
                const uint32_t row_samples = collected.width[l] * collected.channels;
                for (uint32_t x = 0; x < row_samples; x++) {
                    const double want = mean_at(&collected, l - 1, x, y);
                    const double got = collected.rows[l][(size_t)y * row_samples + x];
                    /* rows are rounded twice; before that, from the second level on, columns
                     * once, of RGB twice */
                    const double most = collected.channels == 1 ? 1.6 : 2.1;
                    assert_true(fabs(got - want) <= (l == 1 ? 1.0 : most));
                }
            }
        }
        for (int l = 0; l <= levels; l++) {
            free(collected.rows[l]);
        }
        free(source);
    }
}

static void levels_leave_enough_samples(void **state) {
    (void)state;
    static const struct {
        uint32_t source, target;
        int level;
    } cases[] = {{4928, 1200, 1}, {4928, 800, 1},  {4928, 400, 2}, {4928, 200, 3}, {4032, 1200, 1},
                 {3000, 1200, 0}, {1200, 1200, 0}, {800, 1200, 0}, {40, 4, 1},     {20, 2, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ic_axis axis = {cases[i].source, cases[i].target, 0.0, cases[i].source,
                                     IMGCORE_FILTER_LANCZOS3};
        assert_int_equal(ic_axis_level(&axis), cases[i].level);
    }
    assert_int_equal(ic_level_samples(3279, 1), 1640);
    assert_int_equal(ic_level_samples(3279, 3), 410);
    assert_int_equal(ic_level_samples(1, 5), 1);
}

static void rows_sum_to_one_on_every_level(void **state) {
    (void)state;
    uint64_t seed = 42;
    for (int round = 0; round < test_part(60, 4); round++) {
        struct ic_axis axis = {random_between(&seed, 200, 3000), random_between(&seed, 1, 60), 0.0,
                               0.0, (enum imgcore_filter)random_between(&seed, 0, 5)};
        axis.length = axis.source;
        if (round % 3 == 0) { /* chroma of an odd size extends past an edge */
            axis.start = -2.5;
            axis.length += 2.5;
        }
        const int level = ic_axis_level(&axis);
        if (level == 0 || ic_axis_max_taps(&axis) >> level > 56) {
            continue;
        }
        struct ic_weights weights;
        assert_int_equal(ic_reduced_weights_make(&mem, &axis, level, IC_WEIGHT_Q15, &weights),
                         IMGCORE_OK);
        for (uint32_t i = 0; i < axis.target; i++) {
            int32_t sum = 0;
            for (size_t k = 0; k < weights.stride; k++) {
                sum += weights.fixed[i * weights.stride + k];
            }
            assert_int_equal(sum, 1 << (IC_WEIGHT_BITS + 1));
            assert_true(weights.left[i] >= 0);
            assert_true((uint32_t)(weights.left[i] + weights.count[i]) <=
                        ic_level_samples(axis.source, level));
        }
        ic_weights_clear(&mem, &weights);
    }
}

struct sink {
    struct ic_resampler *resampler;
    int level;
};

static void into_resampler(void *user, int level, const int16_t *rows, ptrdiff_t stride_bytes,
                           uint32_t first_row, uint32_t count) {
    const struct sink *sink = user;
    if (level == sink->level) {
        ic_resampler_push_level(sink->resampler, rows, stride_bytes, first_row, count);
    }
}

/* Pyramid and resampler against the exact resize of the source. */
static double psnr_through_level(const uint8_t *source, int channels, uint32_t width,
                                 uint32_t height, uint32_t target_width, uint32_t target_height) {
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    spec.x.source = width;
    spec.x.target = target_width;
    spec.x.length = width;
    spec.y.source = height;
    spec.y.target = target_height;
    spec.y.length = height;
    spec.channels = channels;
    spec.level = ic_resample_level(&spec.x, &spec.y);
    assert_true(spec.level > 0);
    const size_t made = (size_t)target_width * target_height * (size_t)channels;
    uint8_t *target = malloc(made);
    assert_non_null(target);
    struct sink sink = {NULL, spec.level};
    assert_int_equal(ic_resampler_create(&cache, &kernels, &spec, target,
                                         (ptrdiff_t)target_width * channels, &sink.resampler),
                     IMGCORE_OK);
    struct ic_reducer *reducer;
    assert_int_equal(ic_reducer_create(&mem, &kernels, width, height, channels, spec.level,
                                       into_resampler, &sink, &reducer),
                     IMGCORE_OK);
    ic_reducer_push(reducer, source, (ptrdiff_t)width * channels, 0, height);
    ic_reducer_destroy(reducer);
    ic_resampler_destroy(sink.resampler);
    const struct exact_spec exact_spec = {.source_width = width,
                                          .source_height = height,
                                          .target_width = target_width,
                                          .target_height = target_height,
                                          .channels = channels,
                                          .width = width,
                                          .height = height};
    double *exact = exact_resize(&exact_spec, source);
    const double psnr = exact_psnr(exact, target, made);
    free(exact);
    free(target);
    return psnr;
}

static void the_result_is_near_the_exact_one(void **state) {
    (void)state;
    static const uint32_t sizes[][4] = {{1233, 819, 300, 199}, {1233, 819, 200, 133},
                                        {1233, 819, 100, 66},  {1233, 819, 50, 33},
                                        {1008, 756, 300, 225}, {640, 33, 111, 6}};
    const size_t count = sizeof(sizes) / sizeof(sizes[0]);
    /* The last ones under valgrind: the exact result takes long. */
    for (size_t i = count - (size_t)test_part((int)count, 6); i < count; i++) {
        for (int channels = 1; channels <= 3; channels += 2) {
            uint8_t *scene = scene_make(sizes[i][0], sizes[i][1], channels);
            const double psnr = psnr_through_level(scene, channels, sizes[i][0], sizes[i][1],
                                                   sizes[i][2], sizes[i][3]);
            free(scene);
            if (psnr < 54.0) {
                fail_msg("%ux%u to %ux%u, %d channels: %.1f dB", sizes[i][0], sizes[i][1],
                         sizes[i][2], sizes[i][3], channels, psnr);
            }
        }
    }
}

static void a_constant_stays_constant(void **state) {
    (void)state;
    for (int value = 0; value < 256; value += 51) {
        static uint8_t flat[500 * 400 * 3];
        memset(flat, value, sizeof(flat));
        assert_true(psnr_through_level(flat, 1, 500, 400, 60, 48) > 200.0);
        assert_true(psnr_through_level(flat, 3, 500, 400, 60, 48) > 200.0);
    }
}

static void tables_are_shared_and_kept(void **state) {
    (void)state;
    const struct ic_axis axis = {1000, 100, 0.0, 1000.0, IMGCORE_FILTER_LANCZOS3};
    const struct ic_weights *first, *second, *other;
    assert_int_equal(ic_weight_cache_get(&cache, &axis, 0, IC_WEIGHT_Q14, false, &first),
                     IMGCORE_OK);
    assert_int_equal(ic_weight_cache_get(&cache, &axis, 0, IC_WEIGHT_Q14, false, &second),
                     IMGCORE_OK);
    assert_ptr_equal(first, second);
    assert_int_equal(ic_weight_cache_get(&cache, &axis, 1, IC_WEIGHT_Q14, false, &other),
                     IMGCORE_OK);
    assert_ptr_not_equal(first, other);
    ic_weight_cache_put(&cache, other);
    ic_weight_cache_put(&cache, first);
    ic_weight_cache_put(&cache, second);
    assert_int_equal(ic_weight_cache_get(&cache, &axis, 0, IC_WEIGHT_Q14, false, &second),
                     IMGCORE_OK);
    assert_ptr_equal(first, second); /* kept while unused */
    ic_weight_cache_put(&cache, second);
    for (uint32_t target = 100; target < 400; target++) { /* 300 tables: old ones are freed */
        const struct ic_axis many = {4000, target, 0.0, 4000.0, IMGCORE_FILTER_LANCZOS3};
        assert_int_equal(ic_weight_cache_get(&cache, &many, 0, IC_WEIGHT_Q14, true, &other),
                         IMGCORE_OK);
        ic_weight_cache_put(&cache, other);
        assert_true(cache.kept_bytes <= IC_WEIGHT_CACHE_BYTES);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_is_the_mean_of_the_one_before),
        cmocka_unit_test(levels_leave_enough_samples),
        cmocka_unit_test(rows_sum_to_one_on_every_level),
        cmocka_unit_test(the_result_is_near_the_exact_one),
        cmocka_unit_test(a_constant_stays_constant),
        cmocka_unit_test(tables_are_shared_and_kept),
    };
    return cmocka_run_group_tests_name("reducer", tests, set_up, tear_down);
}
