/* Recording spans: the tree, the bounds, memory that fails or is kept, clocks that are set back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/trace.h"
#include "tests/support/failing_malloc.h"

/* A clock that goes on by one microsecond at each look. */
struct ticks {
    int64_t wall_us, monotonic_us;
};

static int64_t wall(void *user) {
    return ((struct ticks *)user)->wall_us;
}

static int64_t monotonic(void *user) {
    return ++((struct ticks *)user)->monotonic_us;
}

static struct ticks ticks;
static const struct svc_trace_clock test_clock = {wall, monotonic, &ticks};

static bool no_random(void *user, void *bytes, size_t size_bytes) {
    int *left = user;
    memset(bytes, 0x5a, size_bytes);
    return --*left >= 0;
}

static void begin(struct svc_trace *trace) {
    ticks = (struct ticks){INT64_C(1700000000000000), 500};
    svc_trace_init(trace, &test_clock, NULL);
    svc_trace_start(trace, "whole");
}

static void test_spans_form_a_tree(void **state) {
    (void)state;
    struct svc_trace trace;
    begin(&trace);
    assert_true(trace.is_on);
    struct svc_span *outer = svc_span_enter(&trace, SVC_SPAN_LOCAL, "outer");
    struct svc_span *leaf = svc_span_begin(&trace, SVC_SPAN_AWS, "S3");
    struct svc_span *other = svc_span_begin(&trace, SVC_SPAN_AWS, "SQS");
    assert_ptr_equal(leaf->parent, outer);
    assert_ptr_equal(other->parent, outer);
    svc_span_end(leaf);
    assert_ptr_equal(trace.current, outer);
    svc_span_end(outer);
    assert_ptr_equal(trace.current, &trace.spans[0]);
    svc_span_end(other); /* ends after the one that it is below */
    assert_ptr_equal(trace.current, &trace.spans[0]);
    assert_null(trace.spans[0].parent);
    assert_ptr_equal(outer->parent, &trace.spans[0]);
    assert_int_equal(trace.count, 4);
    for (size_t i = 0; i < trace.count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(trace.spans[i].id != trace.spans[k].id);
        }
    }
    assert_true(leaf->begin_us >= INT64_C(1700000000000000) && leaf->end_us > leaf->begin_us);
    svc_trace_stop(&trace);
    assert_true(trace.spans[0].end_us > other->end_us);
    assert_false(trace.is_on);
    assert_null(svc_span_begin(&trace, SVC_SPAN_AWS, "late"));
    svc_trace_clear(&trace);
}

static void test_a_span_that_was_forgotten_is_not_the_parent_of_later_ones(void **state) {
    (void)state;
    struct svc_trace trace;
    begin(&trace);
    struct svc_span *outer = svc_span_enter(&trace, SVC_SPAN_LOCAL, "outer");
    struct svc_span *forgotten = svc_span_enter(&trace, SVC_SPAN_LOCAL, "forgotten");
    svc_span_end(outer);
    struct svc_span *next = svc_span_begin(&trace, SVC_SPAN_LOCAL, "next");
    assert_ptr_equal(next->parent, &trace.spans[0]);
    svc_trace_stop(&trace);
    assert_true(forgotten->end_us > 0);
    svc_trace_clear(&trace);
}

static void test_a_clock_that_is_set_back_does_not_matter(void **state) {
    (void)state;
    struct svc_trace trace;
    begin(&trace);
    struct svc_span *span = svc_span_begin(&trace, SVC_SPAN_LOCAL, "a");
    ticks.wall_us -= 3600000000;
    svc_span_end(span);
    assert_true(span->end_us > span->begin_us);
    svc_span_set_times(span, 10, 5);
    assert_int_equal(span->end_us, 10);
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
}

static void test_what_is_beyond_the_bounds_is_dropped_and_counted(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};
    struct svc_trace trace;
    char text[1024];
    begin(&trace);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 1; i < SVC_TRACE_MAX_SPANS + 40; i++) {
        struct svc_span *span = svc_span_begin(&trace, SVC_SPAN_AWS, text);
        assert_int_equal(span != NULL, i < SVC_TRACE_MAX_SPANS);
        for (int k = 0; k < 12; k++) {
            svc_span_set_text(span, names[k], text);
        }
        svc_span_fail(span, SVC_SPAN_FAULT, text, "constant");
        svc_span_end(span);
    }
    assert_int_equal(trace.count, SVC_TRACE_MAX_SPANS);
    assert_int_equal(trace.dropped, 40);
    assert_true(trace.text_bytes <= SVC_TRACE_TEXT_BYTES);
    assert_true(trace.text_bytes > SVC_TRACE_TEXT_BYTES - 2 * SVC_SPAN_MAX_TEXT);
    assert_int_equal(trace.spans[1].value_count, SVC_SPAN_VALUES);
    assert_int_equal(strlen(trace.spans[1].values[0].text), SVC_SPAN_MAX_TEXT);
    assert_int_equal(strlen(trace.spans[1].name), SVC_SPAN_NAME_BYTES - 1);
    /* Without space for its text a span still has its result. */
    assert_null(trace.spans[SVC_TRACE_MAX_SPANS - 1].error_type);
    assert_int_equal(trace.spans[SVC_TRACE_MAX_SPANS - 1].result, SVC_SPAN_FAULT);
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
}

static void test_a_value_that_is_set_again_is_replaced(void **state) {
    (void)state;
    struct svc_trace trace;
    begin(&trace);
    struct svc_span *span = svc_span_begin(&trace, SVC_SPAN_LOCAL, "a");
    svc_span_set_number(span, "rows", 1);
    svc_span_set_number(span, "bytes", 2);
    svc_span_set_text(span, "rows", "three");
    assert_int_equal(span->value_count, 2);
    assert_string_equal(span->values[0].text, "three");
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
}

static void test_a_text_is_not_cut_inside_a_character(void **state) {
    (void)state;
    struct svc_trace trace;
    char text[400] = "";
    begin(&trace);
    for (int i = 0; i < 100; i++) {
        strcat(text, "\xed\x95\x9c"); /* U+D55C: three bytes */
    }
    struct svc_span *span = svc_span_begin(&trace, SVC_SPAN_LOCAL, text);
    svc_span_set_text(span, "a", text);
    assert_ptr_equal(span, &trace.spans[1]);
    assert_int_equal(strlen(trace.spans[1].name), 63);
    assert_int_equal(strlen(trace.spans[1].values[0].text), 249);
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
}

static void test_memory_is_taken_once_and_holds_nothing_of_the_last_invocation(void **state) {
    (void)state;
    struct svc_trace trace;
    begin(&trace);
    const struct svc_span *spans = trace.spans;
    struct svc_span *span = svc_span_begin(&trace, SVC_SPAN_AWS, "first");
    svc_span_set_text(span, "a", "of the first");
    svc_span_fail(span, SVC_SPAN_FAULT, "Type", "message");
    const uint64_t id = span->id;
    svc_trace_stop(&trace);
    const long live = failing_malloc.live;
    for (int i = 0; i < 1000; i++) {
        svc_trace_start(&trace, "again");
        svc_trace_stop(&trace);
    }
    svc_trace_start(&trace, "again");
    assert_int_equal(failing_malloc.live, live);
    assert_ptr_equal(trace.spans, spans);
    assert_int_equal(trace.count, 1);
    span = svc_span_begin(&trace, SVC_SPAN_AWS, "second");
    assert_int_equal(span->value_count, 0);
    assert_int_equal(span->result, SVC_SPAN_OK);
    assert_null(span->error_type);
    assert_null(span->error_message);
    assert_int_equal(span->end_us, 0);
    assert_true(span->id != id);
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
    assert_int_equal(failing_malloc.live, live - 2);
}

static void test_without_memory_nothing_is_recorded_and_all_calls_do_nothing(void **state) {
    (void)state;
    for (int n = 1; n <= 2; n++) {
        struct svc_trace trace;
        svc_trace_init(&trace, NULL, NULL);
        failing_malloc_arm(n, false);
        svc_trace_start(&trace, "whole");
        assert_int_equal(failing_malloc_disarm(), 1);
        assert_false(trace.is_on);
        assert_null(svc_span_enter(&trace, SVC_SPAN_LOCAL, "a"));
        svc_trace_stop(&trace);
        svc_trace_start(&trace, "whole"); /* the next invocation is */
        assert_true(trace.is_on);
        svc_trace_clear(&trace);
    }
    svc_span_set_text(NULL, "a", "b");
    svc_span_set_constant(NULL, "a", "b");
    svc_span_set_number(NULL, "a", 1);
    svc_span_set_times(NULL, 1, 2);
    svc_span_fail(NULL, SVC_SPAN_FAULT, "a", "b");
    svc_span_end(NULL);
    svc_trace_start(NULL, "a");
    svc_trace_stop(NULL);
    svc_trace_clear(NULL);
    assert_null(svc_span_enter(NULL, SVC_SPAN_LOCAL, "a"));
}

static void test_without_random_numbers_nothing_is_recorded(void **state) {
    (void)state;
    struct svc_trace trace;
    int left = 0;
    const struct svc_random random = {no_random, &left};
    svc_trace_init(&trace, NULL, &random);
    svc_trace_start(&trace, "whole");
    assert_false(trace.is_on);
    left = 1; /* enough for the first spans */
    svc_trace_start(&trace, "whole");
    assert_true(trace.is_on);
    size_t got = 0;
    for (int i = 0; i < 100; i++) {
        got += svc_span_begin(&trace, SVC_SPAN_LOCAL, "a") != NULL;
    }
    assert_int_equal(got, 31);
    assert_int_equal(trace.dropped, 69);
    svc_trace_stop(&trace);
    svc_trace_clear(&trace);
}

static void test_off_takes_no_memory(void **state) {
    (void)state;
    struct svc_trace trace;
    const long live = failing_malloc.live;
    svc_trace_init(&trace, NULL, NULL);
    for (int i = 0; i < 1000; i++) {
        svc_span_end(svc_span_begin(&trace, SVC_SPAN_AWS, "a"));
    }
    assert_int_equal(failing_malloc.live, live);
    assert_null(trace.spans);
    assert_int_equal(trace.dropped, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans_form_a_tree),
        cmocka_unit_test(test_a_span_that_was_forgotten_is_not_the_parent_of_later_ones),
        cmocka_unit_test(test_a_clock_that_is_set_back_does_not_matter),
        cmocka_unit_test(test_what_is_beyond_the_bounds_is_dropped_and_counted),
        cmocka_unit_test(test_a_value_that_is_set_again_is_replaced),
        cmocka_unit_test(test_a_text_is_not_cut_inside_a_character),
        cmocka_unit_test(test_memory_is_taken_once_and_holds_nothing_of_the_last_invocation),
        cmocka_unit_test(test_without_memory_nothing_is_recorded_and_all_calls_do_nothing),
        cmocka_unit_test(test_without_random_numbers_nothing_is_recorded),
        cmocka_unit_test(test_off_takes_no_memory),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
