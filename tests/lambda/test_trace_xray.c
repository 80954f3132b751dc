/* X-Ray's exporter: what a daemon on UDP receives. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lambda/runtime/trace_xray.h"
#include "services/base/json.h"
#include "tests/support/failing_malloc.h"

#define ROOT   "1-5759e988-bd862e3fe1be46a994272793"
#define PARENT "53995c3f42cd8ad8"
#define HEADER "Root=" ROOT ";Parent=" PARENT ";Sampled=1;Lineage=1:a87bd80c:0"

/* ---------------------------------------------------------------------- a daemon */

struct daemon {
    int descriptor;
    char address[64];
    struct svc_environment environment;
    struct svc_log log;
    int warnings;
    struct svc_trace trace;
    struct lrt_xray xray;
    struct svc_trace_exporter exporter;
};

static const char *get_variable(void *user, const char *name) {
    const struct daemon *daemon = user;
    return strcmp(name, "AWS_XRAY_DAEMON_ADDRESS") == 0 ? daemon->address : NULL;
}

static void count_line(void *user, const char *line, size_t size_bytes) {
    (void)line;
    (void)size_bytes;
    ((struct daemon *)user)->warnings++;
}

static void bind_to(struct daemon *daemon, uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t bytes = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    daemon->descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(daemon->descriptor >= 0);
    const int buffer_bytes = 1 << 22; /* the system cuts it to its own limit */
    assert_int_equal(
        setsockopt(daemon->descriptor, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof(buffer_bytes)),
        0);
    assert_int_equal(bind(daemon->descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(daemon->descriptor, (struct sockaddr *)&address, &bytes), 0);
    snprintf(daemon->address, sizeof(daemon->address), "127.0.0.1:%u", ntohs(address.sin_port));
}

static void open_daemon(struct daemon *daemon) {
    memset(daemon, 0, sizeof(*daemon));
    bind_to(daemon, 0);
    daemon->environment = (struct svc_environment){get_variable, daemon};
    svc_log_init(&daemon->log, svc_clock_system(), count_line, daemon);
    svc_trace_init(&daemon->trace, NULL, NULL);
    lrt_xray_open(&daemon->xray, &daemon->environment, &daemon->log, &daemon->exporter);
}

static void close_daemon(struct daemon *daemon) {
    lrt_xray_close(&daemon->xray);
    svc_trace_clear(&daemon->trace);
    if (daemon->descriptor >= 0) {
        close(daemon->descriptor);
    }
}

static bool begin(struct daemon *daemon, const char *header) {
    if (!daemon->exporter.begin(daemon->exporter.self, header)) {
        return false;
    }
    svc_trace_start(&daemon->trace, "handler");
    return daemon->trace.is_on;
}

static void finish(struct daemon *daemon) {
    svc_trace_stop(&daemon->trace);
    daemon->exporter.send(daemon->exporter.self, &daemon->trace);
}

/* The next datagram as a document, NULL if there is none. */
static struct svc_json *receive(const struct daemon *daemon) {
    static char bytes[70000];
    static const char header[] = "{\"format\":\"json\",\"version\":1}\n";
    const size_t header_bytes = sizeof(header) - 1;
    const ssize_t got = recv(daemon->descriptor, bytes, sizeof(bytes), MSG_DONTWAIT);
    struct svc_json *document = NULL;
    if (got < 0) {
        assert_int_equal(errno, EAGAIN);
        return NULL;
    }
    assert_true((size_t)got > header_bytes && (size_t)got <= LRT_XRAY_MAX_DATAGRAM_BYTES);
    assert_memory_equal(bytes, header, header_bytes);
    assert_int_equal(
        svc_json_parse(bytes + header_bytes, (size_t)got - header_bytes, 0, &document, NULL),
        SVC_OK);
    assert_string_equal(svc_json_get_text(document, "type"), "subsegment");
    assert_string_equal(svc_json_get_text(document, "trace_id"), ROOT);
    return document;
}

static void test_an_invocation_becomes_a_document(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    svc_span_set_text(&daemon.trace.spans[0], "function", "image-processor");
    struct svc_span *span = svc_span_begin(&daemon.trace, SVC_SPAN_AWS, "S3");
    svc_span_set_constant(span, SVC_SPAN_OPERATION, "GetObject");
    svc_span_set_constant(span, SVC_SPAN_REGION, "ap-northeast-2");
    svc_span_set_text(span, SVC_SPAN_REQUEST_ID, "ABC");
    svc_span_set_number(span, SVC_SPAN_ATTEMPTS, 3);
    svc_span_set_number(span, SVC_SPAN_HTTP_STATUS, 503);
    svc_span_fail(span, SVC_SPAN_THROTTLED, "SlowDown", "the service throttles the requests");
    svc_span_end(span);
    span = svc_span_begin(&daemon.trace, SVC_SPAN_DATABASE, "data<base>");
    svc_span_set_text(span, SVC_SPAN_STATEMENT, "SELECT ?");
    svc_span_set_constant(span, SVC_SPAN_DATABASE_IS, "MariaDB");
    svc_span_set_number(span, "rows", 2);
    svc_span_end(span);
    span = svc_span_begin(&daemon.trace, SVC_SPAN_REMOTE, "Toss");
    svc_span_set_number(span, SVC_SPAN_HTTP_STATUS, 404);
    svc_span_end(span);
    finish(&daemon);
    struct svc_json *document = receive(&daemon);
    assert_non_null(document);
    assert_string_equal(svc_json_get_text(document, "name"), "handler");
    assert_string_equal(svc_json_get_text(document, "parent_id"), PARENT);
    assert_string_equal(svc_json_get_text(svc_json_get(document, "annotations"), "function"),
                        "image-processor");
    const struct svc_json *below = svc_json_get(document, "subsegments");
    assert_int_equal(svc_json_count(below), 3);
    const struct svc_json *call = svc_json_at(below, 0), *aws = svc_json_get(call, "aws");
    int64_t number = 0;
    bool is_true = false;
    assert_string_equal(svc_json_get_text(call, "namespace"), "aws");
    assert_string_equal(svc_json_get_text(aws, "operation"), "GetObject");
    assert_string_equal(svc_json_get_text(aws, "request_id"), "ABC");
    assert_true(svc_json_get_int(aws, "retries", &number) && number == 2);
    assert_true(
        svc_json_get_int(svc_json_get(svc_json_get(call, "http"), "response"), "status", &number) &&
        number == 503);
    assert_true(svc_json_bool(svc_json_get(call, "throttle"), &is_true) && is_true);
    assert_true(svc_json_bool(svc_json_get(call, "error"), &is_true) && is_true);
    assert_false(svc_json_has(call, "fault"));
    const struct svc_json *exception =
        svc_json_at(svc_json_get(svc_json_get(call, "cause"), "exceptions"), 0);
    assert_string_equal(svc_json_get_text(exception, "type"), "SlowDown");
    const struct svc_json *statement = svc_json_at(below, 1);
    assert_string_equal(svc_json_get_text(statement, "name"), "data_base_");
    assert_string_equal(svc_json_get_text(svc_json_get(statement, "sql"), "sanitized_query"),
                        "SELECT ?");
    assert_string_equal(svc_json_get_text(statement, "namespace"), "remote");
    assert_false(svc_json_has(statement, "trace_id"));
    const struct svc_json *request = svc_json_at(below, 2);
    assert_string_equal(svc_json_get_text(request, "name"), "Toss");
    assert_string_equal(svc_json_get_text(request, "namespace"), "remote");
    assert_false(svc_json_has(request, "sql"));
    double begin_s = 0, end_s = 0;
    assert_true(svc_json_double(svc_json_get(statement, "start_time"), &begin_s));
    assert_true(svc_json_double(svc_json_get(statement, "end_time"), &end_s));
    assert_true(begin_s > 1.7e9 && end_s >= begin_s && end_s < begin_s + 60);
    svc_json_free(document);
    assert_null(receive(&daemon));
    close_daemon(&daemon);
}

static void test_what_is_not_sampled_opens_and_sends_nothing(void **state) {
    (void)state;
    static const char *const headers[] = {NULL, "", "Root=" ROOT,
                                          "Root=" ROOT ";Parent=" PARENT ";Sampled=0", "junk"};
    struct daemon daemon;
    open_daemon(&daemon);
    const long live = failing_malloc.live;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        assert_false(begin(&daemon, headers[i]));
    }
    assert_int_equal(daemon.xray.descriptor, -1);
    assert_int_equal(failing_malloc.live, live);
    assert_null(receive(&daemon));
    close_daemon(&daemon);
}

static void test_a_bad_address_is_reported_once(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    strcpy(daemon.address, "daemon.example:2000");
    for (int i = 0; i < 3; i++) {
        assert_false(begin(&daemon, HEADER));
    }
    assert_int_equal(daemon.warnings, 1);
    close_daemon(&daemon);
}

/* Marks the spans of a document as seen, by the number in their name. */
static void see(const struct svc_json *span, int *seen) {
    const char *name = svc_json_get_text(span, "name");
    const struct svc_json *below = svc_json_get(span, "subsegments");
    if (strcmp(name, "handler") != 0) {
        seen[atoi(name)]++;
    }
    for (size_t i = 0; i < svc_json_count(below); i++) {
        see(svc_json_at(below, i), seen);
    }
}

static size_t see_all(const struct daemon *daemon, int *seen, size_t count) {
    size_t datagrams = 0;
    memset(seen, 0, count * sizeof(*seen));
    for (struct svc_json *document; (document = receive(daemon)) != NULL; datagrams++) {
        see(document, seen);
        svc_json_free(document);
    }
    return datagrams;
}

/* All texts of the largest size, of bytes that take six each in JSON. */
static void fill_worst(struct svc_span *span) {
    static const char *const names[SVC_SPAN_VALUES] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    char text[400];
    memset(text, 1, sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < SVC_SPAN_VALUES; i++) {
        svc_span_set_text(span, names[i], text);
    }
    svc_span_fail(span, SVC_SPAN_FAULT, text, "constant");
    svc_span_end(span);
}

static struct svc_span *begin_numbered(struct daemon *daemon, int number) {
    char name[SVC_SPAN_NAME_BYTES];
    snprintf(name, sizeof(name), "%d \\\\\\", number);
    return svc_span_begin(&daemon->trace, number % 2 == 0 ? SVC_SPAN_LOCAL : SVC_SPAN_AWS, name);
}

/* As many as the socket holds until the test reads it. */
static void test_more_than_a_datagram_holds_is_split(void **state) {
    (void)state;
    enum { SPANS = 50 };
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct daemon daemon;
    int seen[SVC_TRACE_MAX_SPANS];
    char text[400];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    for (int i = 1; i <= SPANS; i++) {
        struct svc_span *span = begin_numbered(&daemon, i);
        for (int k = 0; k < 5; k++) {
            svc_span_set_text(span, names[k], text);
        }
        svc_span_end(span);
    }
    finish(&daemon);
    assert_int_equal(daemon.xray.lost, 0);
    assert_in_range(daemon.xray.sent, 5, 45);
    assert_int_equal(see_all(&daemon, seen, SVC_TRACE_MAX_SPANS), daemon.xray.sent);
    for (int i = 1; i <= SPANS; i++) {
        assert_int_equal(seen[i], 1);
    }
    close_daemon(&daemon);
}

static void test_the_first_span_states_how_many_are_missing(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    for (int i = 1; i < SVC_TRACE_MAX_SPANS + 10; i++) {
        svc_span_end(begin_numbered(&daemon, i));
    }
    finish(&daemon);
    struct svc_json *first = receive(&daemon);
    int64_t dropped = 0;
    assert_true(svc_json_get_int(svc_json_get(first, "annotations"), "spans_dropped", &dropped));
    assert_int_equal(dropped, 10);
    assert_int_equal(svc_json_count(svc_json_get(first, "subsegments")), SVC_TRACE_MAX_SPANS - 1);
    svc_json_free(first);
    assert_null(receive(&daemon));
    close_daemon(&daemon);
}

/* The largest span that there can be, in a document that is nearly full. */
static void test_the_worst_span_fits_beside_a_nearly_full_document(void **state) {
    (void)state;
    struct daemon daemon;
    int seen[SVC_TRACE_MAX_SPANS];
    open_daemon(&daemon);
    for (int fill = 0; fill < 12; fill++) {
        assert_true(begin(&daemon, HEADER));
        for (int i = 1; i <= fill; i++) {
            char name[SVC_SPAN_NAME_BYTES];
            snprintf(name, sizeof(name), "%d", i);
            fill_worst(svc_span_begin(&daemon.trace, SVC_SPAN_LOCAL, name));
        }
        finish(&daemon);
        (void)see_all(&daemon, seen, SVC_TRACE_MAX_SPANS);
        for (int i = 1; i <= fill; i++) {
            assert_int_equal(seen[i], 1);
        }
        assert_int_equal(daemon.xray.lost, 0);
    }
    close_daemon(&daemon);
}

static void test_spans_deeper_than_json_may_be_are_split_too(void **state) {
    (void)state;
    struct daemon daemon;
    int seen[SVC_TRACE_MAX_SPANS];
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    for (int i = 1; i < 100; i++) {
        char name[SVC_SPAN_NAME_BYTES];
        snprintf(name, sizeof(name), "%d", i);
        struct svc_span *span = svc_span_enter(&daemon.trace, SVC_SPAN_AWS, name);
        svc_span_fail(span, SVC_SPAN_FAULT, "Type", "message");
    }
    finish(&daemon);
    assert_true(see_all(&daemon, seen, SVC_TRACE_MAX_SPANS) > 5);
    assert_int_equal(daemon.xray.lost, 0);
    for (int i = 1; i < 100; i++) {
        assert_int_equal(seen[i], 1);
    }
    close_daemon(&daemon);
}

static void test_annotations_are_few_and_the_rest_is_metadata(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    for (int i = 0; i < 60; i++) {
        struct svc_span *span = svc_span_begin(&daemon.trace, SVC_SPAN_LOCAL, "a");
        svc_span_set_number(span, "busy_us", i);
    }
    finish(&daemon);
    struct svc_json *document = receive(&daemon);
    const struct svc_json *below = svc_json_get(document, "subsegments");
    size_t annotations = 0, metadata = 0;
    for (size_t i = 0; i < svc_json_count(below); i++) {
        annotations += svc_json_has(svc_json_at(below, i), "annotations");
        metadata += svc_json_has(svc_json_at(below, i), "metadata");
    }
    assert_int_equal(annotations, LRT_XRAY_MAX_ANNOTATIONS);
    assert_int_equal(metadata, 60 - LRT_XRAY_MAX_ANNOTATIONS);
    svc_json_free(document);
    close_daemon(&daemon);
}

/* The kernel reports the closed port at the next send, which must not be lost for it. */
static void test_without_a_daemon_nothing_fails_and_one_that_comes_gets_all(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    const uint16_t port = (uint16_t)atoi(strchr(daemon.address, ':') + 1);
    close(daemon.descriptor);
    for (int i = 0; i < 5; i++) {
        assert_true(begin(&daemon, HEADER));
        finish(&daemon);
    }
    assert_true(daemon.xray.sent + daemon.xray.lost == 5);
    bind_to(&daemon, port);
    assert_true(begin(&daemon, HEADER));
    finish(&daemon);
    struct svc_json *document = receive(&daemon);
    assert_non_null(document);
    svc_json_free(document);
    close_daemon(&daemon);
}

static void test_without_memory_the_document_alone_is_lost(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    assert_true(begin(&daemon, HEADER));
    svc_trace_stop(&daemon.trace);
    failing_malloc_arm(1, true);
    daemon.exporter.send(daemon.exporter.self, &daemon.trace);
    assert_true(failing_malloc_disarm() > 0);
    assert_int_equal(daemon.xray.lost, 1);
    assert_null(receive(&daemon));
    assert_true(begin(&daemon, HEADER));
    finish(&daemon);
    struct svc_json *document = receive(&daemon);
    assert_non_null(document);
    svc_json_free(document);
    close_daemon(&daemon);
}

static void test_memory_does_not_grow_from_invocation_to_invocation(void **state) {
    (void)state;
    struct daemon daemon;
    open_daemon(&daemon);
    long live = 0;
    for (int i = 0; i < 200; i++) {
        assert_true(begin(&daemon, HEADER));
        svc_span_end(svc_span_begin(&daemon.trace, SVC_SPAN_AWS, "S3"));
        finish(&daemon);
        svc_json_free(receive(&daemon));
        live = i == 0 ? failing_malloc.live : live;
        assert_int_equal(failing_malloc.live, live);
    }
    close_daemon(&daemon);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_invocation_becomes_a_document),
        cmocka_unit_test(test_what_is_not_sampled_opens_and_sends_nothing),
        cmocka_unit_test(test_a_bad_address_is_reported_once),
        cmocka_unit_test(test_more_than_a_datagram_holds_is_split),
        cmocka_unit_test(test_the_first_span_states_how_many_are_missing),
        cmocka_unit_test(test_the_worst_span_fits_beside_a_nearly_full_document),
        cmocka_unit_test(test_spans_deeper_than_json_may_be_are_split_too),
        cmocka_unit_test(test_annotations_are_few_and_the_rest_is_metadata),
        cmocka_unit_test(test_without_a_daemon_nothing_fails_and_one_that_comes_gets_all),
        cmocka_unit_test(test_without_memory_the_document_alone_is_lost),
        cmocka_unit_test(test_memory_does_not_grow_from_invocation_to_invocation),
    };
    return cmocka_run_group_tests_name("trace_xray", tests, NULL, NULL);
}
