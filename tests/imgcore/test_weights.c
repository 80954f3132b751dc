/* Weight tables: sums, symmetry, order, and distance from the exact weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "imgcore/resample/filter.h"
#include "imgcore/resample/weights.h"
#include "tests/support/random.h"

static const enum imgcore_filter FILTERS[] = {IMGCORE_FILTER_LANCZOS3, IMGCORE_FILTER_LANCZOS2,
                                              IMGCORE_FILTER_MITCHELL, IMGCORE_FILTER_CATMULL_ROM,
                                              IMGCORE_FILTER_TRIANGLE, IMGCORE_FILTER_BOX};

static struct ic_axis random_axis(uint64_t *seed) {
    struct ic_axis axis;
    axis.source = random_between(seed, 1, random_between(seed, 1, 700));
    axis.target = random_between(seed, 1, random_between(seed, 1, 300));
    axis.start = 0.0;
    axis.length = axis.source;
    axis.filter = FILTERS[random_between(seed, 0, 5)];
    if (random_between(seed, 0, 2) == 0) { /* a box with fractions */
        axis.start = axis.source * (random_between(seed, 0, 400) / 1000.0);
        axis.length = (axis.source - axis.start) * (random_between(seed, 1, 1000) / 1000.0);
    }
    return axis;
}

static void check_rows(const struct ic_axis *axis, const struct ic_weights *weights) {
    for (uint32_t i = 0; i < axis->target; i++) {
        int32_t sum = 0;
        double sum_f32 = 0.0;
        assert_true(weights->left[i] >= 0 && weights->count[i] >= 1);
        assert_true((uint32_t)(weights->left[i] + weights->count[i]) <= axis->source);
        assert_true(weights->count[i] <= weights->max_taps);
        if (i > 0) { /* streaming requires it */
            assert_true(weights->left[i] >= weights->left[i - 1]);
            assert_true(weights->left[i] + weights->count[i] >=
                        weights->left[i - 1] + weights->count[i - 1]);
        }
        for (size_t k = 0; k < weights->stride; k++) {
            const size_t at = i * weights->stride + k;
            if (weights->type == IC_WEIGHT_Q14) {
                sum += weights->fixed[at];
                assert_true(k < (size_t)weights->count[i] || weights->fixed[at] == 0);
            } else {
                sum_f32 += weights->f32[at];
                assert_true(k < (size_t)weights->count[i] || weights->f32[at] == 0.0f);
            }
        }
        if (weights->type == IC_WEIGHT_Q14) {
            assert_int_equal(sum, 1 << IC_WEIGHT_BITS);
        } else {
            assert_true(fabs(sum_f32 - 1.0) < 1e-6);
        }
    }
}

static void every_row_sums_to_one(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        const struct ic_axis axis = random_axis(&seed);
        struct ic_weights weights;
        const enum ic_weight_type type = round % 2 ? IC_WEIGHT_Q14 : IC_WEIGHT_F32;
        assert_int_equal(ic_weights_make(&mem, &axis, type, &weights), IMGCORE_OK);
        check_rows(&axis, &weights);
        ic_weights_clear(&mem, &weights);
    }
    ic_mem_clear(&mem);
}

static void the_symmetric_is_symmetric(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    uint64_t seed = 2;
    for (int round = 0; round < 500; round++) {
        struct ic_axis axis = random_axis(&seed);
        if (axis.filter == IMGCORE_FILTER_BOX) {
            continue; /* its interval is half-open by design */
        }
        axis.start = 0.0;
        axis.length = axis.source;
        struct ic_weights weights;
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &weights), IMGCORE_OK);
        int16_t dense[2][700];
        for (uint32_t i = 0; i < axis.target; i++) {
            const uint32_t twin = axis.target - 1 - i;
            memset(dense, 0, sizeof(dense));
            for (int32_t k = 0; k < weights.count[i]; k++) {
                dense[0][weights.left[i] + k] = weights.fixed[i * weights.stride + (size_t)k];
            }
            for (int32_t k = 0; k < weights.count[twin]; k++) {
                dense[1][axis.source - 1 - (uint32_t)(weights.left[twin] + k)] =
                    weights.fixed[twin * weights.stride + (size_t)k];
            }
            assert_memory_equal(dense[0], dense[1], sizeof(dense[0]));
        }
        ic_weights_clear(&mem, &weights);
    }
    ic_mem_clear(&mem);
}

static void fixed_weights_are_within_a_step(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    uint64_t seed = 3;
    for (int round = 0; round < 300; round++) {
        const struct ic_axis axis = random_axis(&seed);
        struct ic_weights fixed, exact;
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &fixed), IMGCORE_OK);
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_F32, &exact), IMGCORE_OK);
        for (uint32_t i = 0; i < axis.target; i++) {
            for (int32_t k = 0; k < exact.count[i]; k++) {
                const int32_t at = exact.left[i] + k - fixed.left[i];
                const int q14 =
                    at >= 0 && at < fixed.count[i] ? fixed.fixed[i * fixed.stride + (size_t)at] : 0;
                const double want = exact.f32[i * exact.stride + (size_t)k] * 16384.0;
                assert_true(fabs(q14 - want) < 1.51);
            }
        }
        ic_weights_clear(&mem, &fixed);
        ic_weights_clear(&mem, &exact);
    }
    ic_mem_clear(&mem);
}

static void fitted_rows_stay_inside_and_keep_their_weights(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    uint64_t seed = 4;
    for (int round = 0; round < 500; round++) {
        const struct ic_axis axis = random_axis(&seed);
        struct ic_weights plain, fitted;
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &plain), IMGCORE_OK);
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &fitted), IMGCORE_OK);
        ic_weights_fit_rows(&fitted, axis.source);
        const size_t row = ic_weights_row_samples(&fitted, axis.source);
        for (uint32_t i = 0; i < axis.target; i++) {
            assert_true(fitted.left[i] >= 0 && (size_t)fitted.left[i] + fitted.stride <= row);
            for (int32_t k = 0; k < plain.count[i]; k++) {
                const size_t at = (size_t)(plain.left[i] + k - fitted.left[i]);
                assert_int_equal(plain.fixed[i * plain.stride + (size_t)k],
                                 fitted.fixed[i * fitted.stride + at]);
            }
        }
        ic_weights_clear(&mem, &plain);
        ic_weights_clear(&mem, &fitted);
    }
    ic_mem_clear(&mem);
}

static void equal_sizes_are_the_identity(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    for (size_t f = 0; f < sizeof(FILTERS) / sizeof(FILTERS[0]); f++) {
        const struct ic_axis axis = {57, 57, 0.0, 57.0, FILTERS[f]};
        struct ic_weights weights;
        assert_int_equal(ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &weights), IMGCORE_OK);
        assert_int_equal(weights.identity, FILTERS[f] != IMGCORE_FILTER_MITCHELL);
        ic_weights_clear(&mem, &weights);
    }
    ic_mem_clear(&mem);
}

static void a_small_budget_is_reported(void **state) {
    (void)state;
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    const struct ic_axis axis = {5000, 1000, 0.0, 5000.0, IMGCORE_FILTER_LANCZOS3};
    struct ic_weights weights;
    for (size_t budget = 0; budget < 100000; budget += 1500) {
        ic_mem_set_budget(&mem, budget);
        enum imgcore_status status = ic_weights_make(&mem, &axis, IC_WEIGHT_Q14, &weights);
        assert_true(status == IMGCORE_OK || status == IMGCORE_BUDGET);
        assert_true(status == IMGCORE_BUDGET || budget > 64000);
        if (status == IMGCORE_OK) {
            ic_weights_clear(&mem, &weights);
        }
        assert_int_equal(mem.used_bytes, 0);
    }
    ic_mem_clear(&mem);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_sums_to_one),
        cmocka_unit_test(the_symmetric_is_symmetric),
        cmocka_unit_test(fixed_weights_are_within_a_step),
        cmocka_unit_test(fitted_rows_stay_inside_and_keep_their_weights),
        cmocka_unit_test(equal_sizes_are_the_identity),
        cmocka_unit_test(a_small_budget_is_reported),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
