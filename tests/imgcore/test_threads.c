/* imgcore_transform with threads: for any number of them, the results are the same bytes and the
 * failures have the same status and sentence; nothing leaks. */
#include "transform_support.h"

#include <pthread.h>

#include "tests/support/icc_profile.h"

static const uint32_t thread_counts[] = {2, 3, 8};
#define THREAD_COUNTS (sizeof(thread_counts) / sizeof(thread_counts[0]))

struct made {
    enum imgcore_status status;
    struct imgcore_error error;
    struct imgcore_output output[IMGCORE_MAX_OUTPUTS];
    size_t count;
};

/* Transforms with `threads` threads, in the shared context. */
static struct made make(const uint8_t *bytes, size_t size, const struct imgcore_options *options,
                        const struct imgcore_output *outputs, size_t count, uint32_t threads) {
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_options with = *options;
    struct made made = {.count = count};
    with.threads = threads;
    memcpy(made.output, outputs, count * sizeof(*outputs));
    made.status = imgcore_transform(context, &source, &with, made.output, count, &made.error);
    return made;
}

static void clear(struct made *made) {
    imgcore_output_clear(context, made->output, made->count);
}

static void assert_same(const struct made *a, const struct made *b) {
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->error.detail, b->error.detail);
    assert_int_equal(a->error.status, b->error.status);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->output[i].size_bytes, b->output[i].size_bytes);
        if (a->status == IMGCORE_OK) {
            assert_int_equal(a->output[i].result_width_px, b->output[i].result_width_px);
            assert_int_equal(a->output[i].result_height_px, b->output[i].result_height_px);
            assert_int_equal(a->output[i].result_format, b->output[i].result_format);
            assert_memory_equal(a->output[i].bytes, b->output[i].bytes, a->output[i].size_bytes);
        } else {
            assert_null(b->output[i].bytes);
        }
    }
}

/* Compares one thread with every other number; returns the status. */
static enum imgcore_status same_by_any_number(const uint8_t *bytes, size_t size,
                                              const struct imgcore_options *options,
                                              const struct imgcore_output *outputs, size_t count) {
    struct made alone = make(bytes, size, options, outputs, count, 1);
    for (size_t i = 0; i < THREAD_COUNTS; i++) {
        struct made with = make(bytes, size, options, outputs, count, thread_counts[i]);
        assert_same(&alone, &with);
        clear(&with);
    }
    const enum imgcore_status status = alone.status;
    clear(&alone);
    return status;
}

/* The four sizes scaled down, smallest first, with the formats mixed. */
static void four(struct imgcore_output outputs[4]) {
    outputs[0] = box(25, 25, IMGCORE_FORMAT_JPEG);
    outputs[1] = box(50, 50, IMGCORE_FORMAT_PNG);
    outputs[2] = box(100, 100, IMGCORE_FORMAT_AUTO);
    outputs[2].optimize = true;
    outputs[3] = box(150, 150, IMGCORE_FORMAT_JPEG);
    outputs[3].progressive = true;
    outputs[3].subsampling = IMGCORE_SUBSAMPLING_AUTO;
}

static void every_kind_of_jpeg_is_the_same(void **state) {
    (void)state;
    static const struct jpeg_spec specs[] = {
        {.channels = 3, .h_samp = 2, .v_samp = 2},
        {.channels = 3, .h_samp = 2, .v_samp = 1},
        {.channels = 3},
        {.channels = 1},
        {.channels = 3, .h_samp = 2, .v_samp = 2, .progressive = true},
        {.channels = 3, .rgb = true},
        {.channels = 4, .ycck = true},
        {.channels = 3, .h_samp = 2, .v_samp = 2, .arithmetic = true},
    };
    static const uint32_t sides[][2] = {{331, 517}, {640, 416}, {1, 1}, {17, 700}, {900, 9}};
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    for (size_t k = 0; k < sizeof(specs) / sizeof(specs[0]); k++) {
        for (size_t s = 0; s < sizeof(sides) / sizeof(sides[0]); s++) {
            struct jpeg_spec spec = specs[k];
            spec.width = sides[s][0];
            spec.height = sides[s][1];
            spec.orientation = (int)((k + s) % 8) + 1;
            size_t size;
            uint8_t *bytes = jpeg_make(&spec, &size);
            options.preset = (enum imgcore_preset)((k + s / 2) % 3);
            options.linear = (k + s) % 5 == 0;
            assert_int_equal(same_by_any_number(bytes, size, &options, outputs, 4), IMGCORE_OK);
            free(bytes);
        }
    }
}

static void every_kind_of_png_is_the_same(void **state) {
    (void)state;
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    outputs[3].fit = IMGCORE_FIT_CONTAIN;
    for (int channels = 1; channels <= 4; channels++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            const struct png_spec spec = {.width = 301,
                                          .height = 203,
                                          .channels = channels,
                                          .interlaced = interlaced != 0,
                                          .orientation = channels + 3};
            size_t size;
            uint8_t *bytes = png_make(&spec, &size);
            assert_int_equal(same_by_any_number(bytes, size, &options, outputs, 4), IMGCORE_OK);
            free(bytes);
        }
    }
}

/* Makes a profile that swaps red and blue, so that a conversion is visible. */
static uint8_t *profile_make(size_t *size) {
    const cmsCIExyYTRIPLE primaries = {{0.15, 0.06, 1.0}, {0.30, 0.60, 1.0}, {0.64, 0.33, 1.0}};
    return icc_profile_bytes(icc_profile_rgb(&primaries, 2.2), size);
}

static void profiles_are_converted_the_same(void **state) {
    (void)state;
    size_t icc_bytes;
    uint8_t *icc = profile_make(&icc_bytes);
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    for (int k = 0; k < 3; k++) {
        const struct jpeg_spec j = {
            .width = 333, .height = 222, .channels = 3, .icc = icc, .icc_bytes = icc_bytes};
        const struct png_spec p = {
            .width = 333, .height = 222, .channels = k + 2, .icc = icc, .icc_bytes = icc_bytes};
        size_t size;
        uint8_t *bytes = k == 0 ? jpeg_make(&j, &size) : png_make(&p, &size);
        assert_int_equal(same_by_any_number(bytes, size, &options, outputs, 4), IMGCORE_OK);
        free(bytes);
    }
    free(icc);
}

static void sixteen_outputs_are_the_same(void **state) {
    (void)state;
    const struct jpeg_spec spec = {
        .width = 401, .height = 299, .channels = 3, .h_samp = 2, .v_samp = 2};
    struct imgcore_output outputs[IMGCORE_MAX_OUTPUTS];
    struct imgcore_options options;
    imgcore_options_default(&options);
    for (uint32_t i = 0; i < IMGCORE_MAX_OUTPUTS; i++) {
        outputs[i] = box(10 + 37 * (i % 5), 300 - 11 * i, IMGCORE_FORMAT_JPEG);
        outputs[i].fit = (enum imgcore_fit)(i % 5);
    }
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    assert_int_equal(same_by_any_number(bytes, size, &options, outputs, IMGCORE_MAX_OUTPUTS),
                     IMGCORE_OK);
    free(bytes);
}

/* Two of four outputs cannot be encoded: one error, and no result of the other two. */
static void outputs_that_fail_are_one_failure(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 64, .height = 48, .channels = 3};
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    outputs[1] = box(70000, 2, IMGCORE_FORMAT_JPEG);
    outputs[3] = box(2, 80000, IMGCORE_FORMAT_JPEG);
    outputs[1].fit = outputs[3].fit = IMGCORE_FIT_FILL;
    outputs[1].enlarge = outputs[3].enlarge = true;
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(same_by_any_number(bytes, size, &options, outputs, 4), IMGCORE_TOO_LARGE);
    }
    free(bytes);
}

/* Each in a context of its own: memory that a context keeps does not count against a call, but the
 * sentence about the budget states the sum. */
static enum imgcore_status same_by_new_contexts(const uint8_t *bytes, size_t size,
                                                const struct imgcore_options *options,
                                                const struct imgcore_output *outputs,
                                                size_t count) {
    struct imgcore_context *shared = context;
    struct imgcore_context *own[THREAD_COUNTS + 1];
    struct made made[THREAD_COUNTS + 1];
    for (size_t i = 0; i <= THREAD_COUNTS; i++) {
        assert_int_equal(imgcore_context_create(NULL, &own[i]), IMGCORE_OK);
        context = own[i];
        made[i] = make(bytes, size, options, outputs, count, i == 0 ? 1 : thread_counts[i - 1]);
        assert_same(&made[0], &made[i]);
    }
    const enum imgcore_status status = made[0].status;
    for (size_t i = 0; i <= THREAD_COUNTS; i++) {
        context = own[i];
        clear(&made[i]);
        imgcore_context_destroy(own[i]);
    }
    context = shared;
    return status;
}

static void a_budget_decides_the_same(void **state) {
    (void)state;
    const struct jpeg_spec plain = {
        .width = 800, .height = 600, .channels = 3, .h_samp = 2, .v_samp = 2};
    struct jpeg_spec marked = plain;
    marked.restart_rows = 1;
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    outputs[1].width_px = outputs[1].height_px = 700;
    int done = 0, refused = 0;
    for (size_t kib = 17; kib < 16384; kib += kib / 4 | 1) {
        size_t size;
        uint8_t *bytes = jpeg_make(kib % 2 == 0 ? &plain : &marked, &size);
        options.limits.memory_bytes = kib * 1024;
        const enum imgcore_status status = same_by_new_contexts(bytes, size, &options, outputs, 4);
        assert_true(status == IMGCORE_OK || status == IMGCORE_BUDGET);
        done += status == IMGCORE_OK;
        refused += status == IMGCORE_BUDGET;
        free(bytes);
    }
    assert_true(done > 5 && refused > 5);
}

static void a_truncated_file_fails_the_same(void **state) {
    (void)state;
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    for (int png = 0; png < 2; png++) {
        const struct jpeg_spec j = {
            .width = 200, .height = 150, .channels = 3, .h_samp = 2, .v_samp = 2};
        const struct png_spec p = {.width = 200, .height = 150, .channels = 3};
        size_t size;
        uint8_t *bytes = png != 0 ? png_make(&p, &size) : jpeg_make(&j, &size);
        for (size_t cut = 1; cut < size; cut += size / 23) {
            options.tolerant = cut % 2 == 0;
            const enum imgcore_status status = same_by_any_number(bytes, cut, &options, outputs, 4);
            assert_true(options.tolerant || status == IMGCORE_TRUNCATED);
        }
        free(bytes);
    }
}

static void restart_markers_make_no_difference(void **state) {
    (void)state;
    struct imgcore_output outputs[4];
    struct imgcore_options options;
    imgcore_options_default(&options);
    four(outputs);
    for (int rows = 1; rows <= 7; rows++) {
        const struct jpeg_spec spec = {.width = 333,
                                       .height = 611,
                                       .channels = rows == 7 ? 1 : 3,
                                       .h_samp = rows == 7 ? 1 : 2,
                                       .v_samp = rows == 7 ? 1 : rows % 2 + 1,
                                       .restart_rows = rows,
                                       .orientation = rows};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        assert_int_equal(same_by_any_number(bytes, size, &options, outputs, 4), IMGCORE_OK);
        assert_int_equal(same_by_any_number(bytes, size - 5, &options, outputs, 4),
                         IMGCORE_TRUNCATED);
        bytes[size / 2 + (size_t)rows * 100] ^= 0x55; /* whatever that means */
        same_by_any_number(bytes, size, &options, outputs, 4);
        options.tolerant = true;
        same_by_any_number(bytes, size * 3 / 4, &options, outputs, 4);
        options.tolerant = false;
        free(bytes);
    }
}

static void the_number_has_a_maximum(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 64, .height = 64, .channels = 3};
    struct imgcore_output output = box(16, 16, IMGCORE_FORMAT_JPEG);
    struct imgcore_options options;
    imgcore_options_default(&options);
    assert_int_equal(options.threads, 0);
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    struct made made = make(bytes, size, &options, &output, 1, IMGCORE_MAX_THREADS);
    assert_int_equal(made.status, IMGCORE_OK);
    clear(&made);
    made = make(bytes, size, &options, &output, 1, IMGCORE_MAX_THREADS + 1);
    assert_int_equal(made.status, IMGCORE_INVALID_ARGUMENT);
    assert_null(made.output[0].bytes);
    free(bytes);
}

static void *work_alone(void *user) {
    const struct jpeg_spec *spec = user;
    struct imgcore_context *own = NULL;
    size_t size;
    uint8_t *bytes = jpeg_make(spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.threads = 3;
    bool good = imgcore_context_create(NULL, &own) == IMGCORE_OK;
    for (int i = 0; good && i < 4; i++) {
        struct imgcore_output outputs[4];
        four(outputs);
        good = imgcore_transform(own, &source, &options, outputs, 4, NULL) == IMGCORE_OK;
        imgcore_output_clear(own, outputs, 4);
    }
    imgcore_context_destroy(own);
    free(bytes);
    return good ? user : NULL;
}

static void contexts_with_threads_are_independent(void **state) {
    (void)state;
    struct jpeg_spec spec = {.width = 300, .height = 200, .channels = 3, .restart_rows = 1};
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, work_alone, &spec), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        pthread_join(thread[i], &result);
        assert_ptr_equal(result, &spec);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_jpeg_is_the_same),
        cmocka_unit_test(every_kind_of_png_is_the_same),
        cmocka_unit_test(profiles_are_converted_the_same),
        cmocka_unit_test(sixteen_outputs_are_the_same),
        cmocka_unit_test(outputs_that_fail_are_one_failure),
        cmocka_unit_test(a_budget_decides_the_same),
        cmocka_unit_test(a_truncated_file_fails_the_same),
        cmocka_unit_test(restart_markers_make_no_difference),
        cmocka_unit_test(the_number_has_a_maximum),
        cmocka_unit_test(contexts_with_threads_are_independent),
    };
    return cmocka_run_group_tests_name("threads", tests, set_up, tear_down);
}
