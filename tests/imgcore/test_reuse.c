/* One context through failures of every kind: after each, a good call on the same context gives the
 * bytes of a new context's first. And the options of a caller that is newer than the library. */
#include "tests/imgcore/transform_support.h"

#define HEAP_CALLS_MAX 400

struct heap {
    int calls, fail_at;
};

static void *heap_alloc(void *user, size_t size_bytes) {
    struct heap *heap = user;
    return ++heap->calls == heap->fail_at ? NULL : malloc(size_bytes);
}

static void heap_free(void *user, void *block) {
    (void)user;
    free(block);
}

static bool fail_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    (void)user, (void)buffer, (void)size_bytes;
    *read_bytes = 0;
    return false;
}

static bool cancel(void *user) {
    return --*(int *)user < 0;
}

/* The good calls, a JPEG and a PNG, and what a new context makes of them. */
struct good {
    uint8_t *jpeg, *png;
    size_t jpeg_size, png_size;
    uint8_t *wanted[2];
    size_t wanted_size[2];
};

static void run_good(struct imgcore_context *on, const struct good *good, int kind,
                     struct imgcore_output *output) {
    const struct imgcore_source source = {.bytes = kind ? good->png : good->jpeg,
                                          .size_bytes = kind ? good->png_size : good->jpeg_size};
    *output = box(40, 40, kind ? IMGCORE_FORMAT_PNG : IMGCORE_FORMAT_JPEG);
    assert_int_equal(imgcore_transform(on, &source, NULL, output, 1, NULL), IMGCORE_OK);
}

static void good_make(struct good *good) {
    const struct jpeg_spec jpeg = {.width = 90, .height = 70, .channels = 3, .h_samp = 2};
    const struct png_spec png = {.width = 90, .height = 70, .channels = 4};
    good->jpeg = jpeg_make(&jpeg, &good->jpeg_size);
    good->png = png_make(&png, &good->png_size);
    for (int kind = 0; kind < 2; kind++) {
        struct imgcore_context *fresh;
        struct imgcore_output output;
        assert_int_equal(imgcore_context_create(NULL, &fresh), IMGCORE_OK);
        run_good(fresh, good, kind, &output);
        good->wanted_size[kind] = output.size_bytes;
        good->wanted[kind] = malloc(output.size_bytes);
        assert_non_null(good->wanted[kind]);
        memcpy(good->wanted[kind], output.bytes, output.size_bytes);
        imgcore_output_clear(fresh, &output, 1);
        imgcore_context_destroy(fresh);
    }
}

static void good_clear(struct good *good) {
    free(good->jpeg);
    free(good->png);
    free(good->wanted[0]);
    free(good->wanted[1]);
}

static void check_good(struct imgcore_context *on, const struct good *good) {
    for (int kind = 0; kind < 2; kind++) {
        struct imgcore_output output;
        run_good(on, good, kind, &output);
        assert_int_equal(output.size_bytes, good->wanted_size[kind]);
        assert_memory_equal(output.bytes, good->wanted[kind], output.size_bytes);
        imgcore_output_clear(on, &output, 1);
    }
}

static void fail_call(const struct imgcore_source *source, const struct imgcore_options *options,
                      enum imgcore_status status, const struct good *good) {
    struct imgcore_output outputs[2] = {box(30, 30, IMGCORE_FORMAT_JPEG),
                                        box(20, 20, IMGCORE_FORMAT_PNG)};
    assert_int_equal(imgcore_transform(context, source, options, outputs, 2, NULL), status);
    assert_null(outputs[0].bytes);
    assert_null(outputs[1].bytes);
    check_good(context, good);
}

static void a_good_call_after_each_failure_is_as_the_first(void **state) {
    (void)state;
    struct good good;
    struct imgcore_options options;
    good_make(&good);
    for (int kind = 0; kind < 2; kind++) {
        uint8_t *bytes = kind ? good.png : good.jpeg;
        const size_t size = kind ? good.png_size : good.jpeg_size;
        const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
        imgcore_options_default(&options);
        for (size_t cut = 100; cut < size; cut += size / 13) {
            const struct imgcore_source part = {.bytes = bytes, .size_bytes = cut};
            fail_call(&part, &options, IMGCORE_TRUNCATED, &good);
        }
        const struct imgcore_source unread = {.read = fail_read, .user = NULL};
        fail_call(&unread, &options, IMGCORE_READ_FAILED, &good);
        options.limits.pixels = 100;
        fail_call(&source, &options, IMGCORE_TOO_LARGE, &good);
        options.limits.pixels = 0;
        options.limits.memory_bytes = 5000;
        fail_call(&source, &options, IMGCORE_BUDGET, &good);
        imgcore_options_default(&options);
        int checks = 3;
        options.is_cancelled = cancel;
        options.cancel_user = &checks;
        options.threads = 2;
        fail_call(&source, &options, IMGCORE_CANCELLED, &good);
    }
    good_clear(&good);
}

static void a_good_call_after_each_failed_allocation_is_as_the_first(void **state) {
    (void)state;
    struct good good;
    struct heap heap = {.calls = 0};
    const struct imgcore_allocator allocator = {heap_alloc, heap_free, &heap};
    struct imgcore_context *on;
    good_make(&good);
    int failures = 0;
    for (int n = 1; n < HEAP_CALLS_MAX; n++) {
        const struct imgcore_source source = {.bytes = good.jpeg, .size_bytes = good.jpeg_size};
        struct imgcore_output output = box(30, 30, IMGCORE_FORMAT_JPEG);
        heap.fail_at = 0;
        assert_int_equal(imgcore_context_create(&allocator, &on), IMGCORE_OK);
        heap = (struct heap){.calls = 0, .fail_at = n};
        const enum imgcore_status status = imgcore_transform(on, &source, NULL, &output, 1, NULL);
        const bool is_past = heap.calls < n;
        heap.fail_at = 0;
        imgcore_output_clear(on, &output, 1);
        check_good(on, &good);
        imgcore_context_destroy(on);
        if (is_past) {
            break;
        }
        failures += status == IMGCORE_NO_MEMORY;
    }
    assert_true(failures > 5);
    good_clear(&good);
}

/* A newer header has fields behind those that the library knows. */
static void a_newer_callers_struct_is_filled_to_what_is_known(void **state) {
    (void)state;
    struct {
        struct imgcore_options known;
        uint8_t newer[64];
        uint8_t canary[64];
    } options;
    memset(&options, 0x55, sizeof(options));
    (imgcore_options_default_sized)(&options.known, sizeof(options.known) + sizeof(options.newer));
    for (size_t i = 0; i < sizeof(options.canary); i++) {
        assert_int_equal(options.canary[i], 0x55);
    }
    const struct jpeg_spec spec = {.width = 64, .height = 64, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_output output = box(16, 16, IMGCORE_FORMAT_JPEG);
    assert_int_equal(imgcore_transform(context, &source, &options.known, &output, 1, NULL),
                     IMGCORE_OK);
    imgcore_output_clear(context, &output, 1);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_call_after_each_failure_is_as_the_first),
        cmocka_unit_test(a_good_call_after_each_failed_allocation_is_as_the_first),
        cmocka_unit_test(a_newer_callers_struct_is_filled_to_what_is_known),
    };
    return cmocka_run_group_tests_name("reuse", tests, set_up, tear_down);
}
