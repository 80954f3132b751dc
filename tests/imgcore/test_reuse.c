/* One context through failures of every kind: after each, a good call on the same context gives the
 * bytes of a new context's first. */
#include "tests/imgcore/transform_support.h"
#include "tests/support/cmyk_profile.h"
#include "tests/support/slowly.h"

#define HEAP_CALLS_MAX  400
#define PROFILE_TYPE_AT 4 /* the preferred engine of a profile, which has no effect */

struct heap {
    int calls, fail_at; /* 0: none fails */
    bool fails_from_there_on;
};

static void *heap_alloc(void *user, size_t size_bytes) {
    struct heap *heap = user;
    heap->calls++;
    const bool fails =
        heap->calls == heap->fail_at ||
        (heap->fails_from_there_on && heap->fail_at != 0 && heap->calls > heap->fail_at);
    return fails ? NULL : malloc(size_bytes);
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

/* The calls of the next test: everything that a context keeps between calls is used. */
struct rich_call {
    struct imgcore_source source;
    struct imgcore_options options;
};

static enum imgcore_status run_rich(struct imgcore_context *on, const struct rich_call *call,
                                    struct imgcore_output outputs[2]) {
    outputs[0] = box(33, 33, IMGCORE_FORMAT_JPEG);
    outputs[1] = box(70, 70, IMGCORE_FORMAT_PNG);
    outputs[1].fit = IMGCORE_FIT_CONTAIN;
    return imgcore_transform(on, &call->source, &call->options, outputs, 2, NULL);
}

/* Fails the nth allocation, or all from there on; returns how many calls failed, and after each the
 * same call must succeed with the same bytes. */
static int fail_each_allocation(struct imgcore_context *on, struct heap *heap,
                                const struct rich_call *call, bool from_there_on,
                                const struct good *good) {
    struct imgcore_output want[2], outputs[2];
    bool is_past = false;
    int failures = 0;
    assert_int_equal(run_rich(on, call, want), IMGCORE_OK);
    /* lcms allocates hundreds of times. */
    for (int n = 1; !is_past && n < 100000; n += 1 + n / 3) {
        if (call->options.cmyk_profile != NULL) {
            /* Another profile of the same content, for which a transform is made again. */
            ((uint8_t *)(uintptr_t)call->options.cmyk_profile)[PROFILE_TYPE_AT] ^= 1;
        }
        *heap = (struct heap){.fail_at = n, .fails_from_there_on = from_there_on};
        const enum imgcore_status status = run_rich(on, call, outputs);
        is_past = heap->calls < n;
        heap->fail_at = 0;
        assert_true(status == IMGCORE_OK || status == IMGCORE_NO_MEMORY);
        assert_int_equal(outputs[0].bytes != NULL, status == IMGCORE_OK);
        imgcore_output_clear(on, outputs, 2);
        failures += status == IMGCORE_NO_MEMORY;
        assert_int_equal(run_rich(on, call, outputs), IMGCORE_OK);
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(outputs[i].size_bytes, want[i].size_bytes);
            assert_memory_equal(outputs[i].bytes, want[i].bytes, want[i].size_bytes);
        }
        imgcore_output_clear(on, outputs, 2);
        check_good(on, good);
    }
    assert_true(is_past);
    imgcore_output_clear(on, want, 2);
    return failures;
}

/* A context that holds weights, blocks, tables and a profile from calls before. */
static void a_used_context_survives_failed_allocations(void **state) {
    (void)state;
    struct good good;
    struct heap heap = {.calls = 0};
    const struct imgcore_allocator allocator = {heap_alloc, heap_free, &heap};
    size_t icc_bytes;
    uint8_t *icc = cmyk_profile_make(&icc_bytes);
    const struct jpeg_spec inks = {.width = 80, .height = 60, .channels = 4},
                           scans = {.width = 80, .height = 60, .channels = 3, .progressive = true};
    const struct png_spec passes = {.width = 80, .height = 60, .channels = 4, .interlaced = true};
    size_t size[3];
    uint8_t *bytes[3] = {jpeg_make(&inks, &size[0]), jpeg_make(&scans, &size[1]),
                         png_make(&passes, &size[2])};
    struct imgcore_context *on;
    assert_non_null(icc);
    good_make(&good);
    assert_int_equal(imgcore_context_create(&allocator, &on), IMGCORE_OK);
    int failures = 0;
    for (size_t kind = test_is_slow() ? 4 : 0; kind < 6; kind++) {
        struct rich_call call = {
            .source = {.bytes = bytes[kind % 3], .size_bytes = size[kind % 3]}};
        imgcore_options_default(&call.options);
        call.options.linear = kind % 3 != 0;
        call.options.cmyk_profile = icc;
        call.options.cmyk_profile_bytes = icc_bytes;
        failures += fail_each_allocation(on, &heap, &call, kind >= 3, &good);
    }
    assert_true(failures > (test_is_slow() ? 0 : 30));
    imgcore_context_destroy(on);
    for (size_t i = 0; i < 3; i++) {
        free(bytes[i]);
    }
    free(icc);
    good_clear(&good);
}

/* The pixels of one output, `side` wide, within a budget; the caller clears it. */
static enum imgcore_status run_within(struct imgcore_context *on, uint32_t side, size_t budget,
                                      struct imgcore_output *output) {
    const struct png_spec spec = {.width = 400, .height = 300, .channels = 4};
    struct imgcore_options options;
    struct imgcore_source source = {.bytes = NULL};
    imgcore_options_default(&options);
    options.limits.memory_bytes = budget;
    uint8_t *bytes = png_make(&spec, &source.size_bytes);
    source.bytes = bytes;
    *output = box(side, side, IMGCORE_FORMAT_PIXELS);
    output->enlarge = true;
    const enum imgcore_status status = imgcore_transform(on, &source, &options, output, 1, NULL);
    free(bytes);
    return status;
}

static enum imgcore_status run_fresh(uint32_t side, size_t budget, struct imgcore_output *output) {
    struct imgcore_context *fresh;
    assert_int_equal(imgcore_context_create(NULL, &fresh), IMGCORE_OK);
    const enum imgcore_status status = run_within(fresh, side, budget, output);
    imgcore_context_destroy(fresh);
    return status;
}

/* Blocks that a context keeps of larger images count as what they are used for: the least budget of
 * a new context is enough, and gives the same bytes. */
static void a_used_context_needs_no_larger_budget(void **state) {
    (void)state;
    const uint32_t side = 300;
    struct imgcore_context *on;
    struct imgcore_output wanted, output;
    size_t refused = 1, enough = (size_t)64 << 20;
    while (enough - refused > 1) {
        const size_t budget = refused + (enough - refused) / 2;
        const bool fits = run_fresh(side, budget, &output) == IMGCORE_OK;
        *(fits ? &enough : &refused) = budget;
        imgcore_bytes_free(output.bytes);
    }
    assert_int_equal(run_fresh(side, enough, &wanted), IMGCORE_OK);
    for (uint32_t larger = side; larger < 2 * side; larger += 50) {
        assert_int_equal(imgcore_context_create(NULL, &on), IMGCORE_OK);
        assert_int_equal(run_within(on, larger, 0, &output), IMGCORE_OK);
        imgcore_output_clear(on, &output, 1);
        assert_int_equal(run_within(on, side, enough, &output), IMGCORE_OK);
        assert_int_equal(output.size_bytes, wanted.size_bytes);
        assert_memory_equal(output.bytes, wanted.bytes, wanted.size_bytes);
        imgcore_output_clear(on, &output, 1);
        imgcore_context_destroy(on);
    }
    imgcore_bytes_free(wanted.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_call_after_each_failure_is_as_the_first),
        cmocka_unit_test(a_good_call_after_each_failed_allocation_is_as_the_first),
        cmocka_unit_test(a_used_context_survives_failed_allocations),
        cmocka_unit_test(a_used_context_needs_no_larger_budget),
    };
    return cmocka_run_group_tests_name("reuse", tests, set_up, tear_down);
}
