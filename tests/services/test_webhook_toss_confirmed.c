/* Hints by way of the queue: the message there and back, and the twin between Toss and the
 * function, both played by one server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "services/webhook/signature.h"
#include "services/webhook/toss_confirmed.h"
#include "tests/services/webhook_toss_support.h"

#define INTERNAL_ONE "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define INTERNAL_TWO "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static struct webhook_secrets internal;
static struct webhook_twin twin;
static struct svc_error error;
static struct svc_buf message;
static char confirmed_url[96], transactions_url[96];

static void write_message(const struct webhook_toss_event *event) {
    svc_buf_wipe(&message);
    svc_buf_init(&message, WEBHOOK_MAX_HINT_BYTES);
    assert_int_equal(webhook_toss_hint_write(event, &message), SVC_OK);
}

static int setup(void **state) {
    const int result = toss_setup(state);
    const struct webhook_toss_event hint = toss_hint(true);
    webhook_secrets_init(&internal);
    assert_int_equal(webhook_secrets_add(&internal, WEBHOOK_SCHEME_STANDARD, INTERNAL_ONE, NULL),
                     SVC_OK);
    snprintf(confirmed_url, sizeof(confirmed_url), "%s/webhooks/toss-confirmed", f.base_url);
    snprintf(transactions_url, sizeof(transactions_url), "%s/webhooks/toss-transactions",
             f.base_url);
    twin = (struct webhook_twin){.toss = &f.client,
                                 .secret_key = KEY_CANARY,
                                 .internal = &internal,
                                 .confirmed_url = confirmed_url,
                                 .transactions_url = transactions_url,
                                 .transport = f.transport,
                                 .clock = &f.clock.clock,
                                 .log = &f.log.log};
    write_message(&hint);
    return result;
}

static int teardown(void **state) {
    svc_buf_wipe(&message);
    return toss_teardown(state);
}

static enum webhook_twin_result handle(void) {
    const enum webhook_twin_result result = webhook_twin_handle(
        &twin, message.bytes, message.size_bytes, svc_deadline_in(&f.clock.clock, 60000), &error);
    assert_nothing_leaked(error.detail);
    return result;
}

/* ---------------------------------------------------------------------- the message */

static void test_a_hint_survives_the_queue(void **state) {
    (void)state;
    for (int has_key = 0; has_key < 2; has_key++) {
        struct webhook_toss_event hint = toss_hint(has_key == 1), back;
        struct webhook_error fault;
        hint.created_at_ms = WEBHOOK_NO_TIME;
        write_message(&hint);
        assert_int_equal(webhook_toss_hint_parse(message.bytes, message.size_bytes, &back, &fault),
                         SVC_OK);
        assert_memory_equal(&back, &hint, sizeof(hint));
    }
    /* The longest fits. */
    struct webhook_toss_event longest = toss_hint(true);
    memset(longest.hint.payment_key, 'k', WEBHOOK_MAX_PAYMENT_KEY_BYTES);
    memset(longest.hint.order_id, 'o', WEBHOOK_MAX_ORDER_ID_BYTES);
    memset(longest.hint.transaction_key, 't', WEBHOOK_MAX_ID_BYTES);
    memset(longest.hint.secret, 's', WEBHOOK_MAX_PAYMENT_SECRET_BYTES);
    write_message(&longest);

    struct webhook_toss_event payout = toss_hint(true);
    payout.kind = WEBHOOK_TOSS_PAYOUT_CHANGED;
    assert_int_equal(webhook_toss_hint_write(&payout, &message), SVC_INVALID_ARGUMENT);
}

static void test_messages_that_are_no_hint(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
    } bad[] = {{"kind", NULL},         {"kind", "\"payout.changed\""}, {"kind", "1"},
               {"paymentKey", "\"\""}, {"paymentKey", "\"a/b\""},      {"paymentKey", "7"},
               {"orderId", NULL},      {"orderId", "\"a b\""},         {"status", "\"PAID\""},
               {"status", NULL},       {"transactionKey", "[]"},       {"secret", "\"a\\u0000\""},
               {"secret", "{}"}};
    struct webhook_toss_event event;
    static const struct webhook_toss_event none;
    char good[WEBHOOK_MAX_HINT_BYTES + 1];
    snprintf(good, sizeof(good), "%s", svc_buf_text(&message));
    for (size_t i = 0; i < COUNT(bad); i++) {
        char *body = with_member(good, bad[i].name, bad[i].value);
        assert_int_equal(webhook_toss_hint_parse(body, strlen(body), &event, NULL), SVC_MALFORMED);
        assert_memory_equal(&event, &none, sizeof(none));
        free(body);
    }
    for (size_t i = 0; i < COUNT(invalid_values); i++) { /* each as a member that is ignored */
        char body[2048];
        snprintf(body, sizeof(body), "{\"x\":%s,%s", invalid_values[i], good + 1);
        assert_int_not_equal(webhook_toss_hint_parse(body, strlen(body), &event, NULL), SVC_OK);
    }
    static char large[WEBHOOK_MAX_HINT_BYTES + 1];
    memset(large, ' ', sizeof(large));
    memcpy(large, good, strlen(good));
    assert_int_equal(webhook_toss_hint_parse(large, sizeof(large), &event, NULL), SVC_TOO_LARGE);
    assert_int_equal(webhook_toss_hint_parse(large, sizeof(large) - 1, &event, NULL), SVC_OK);
    webhook_toss_event_clear(&event);
    assert_int_equal(
        webhook_twin_handle(&twin, "{}", 2, svc_deadline_in(&f.clock.clock, 60000), &error),
        WEBHOOK_TWIN_FAILED);
    assert_int_equal(toss_requests(), 0);
}

/* ---------------------------------------------------------------------- the twin */

/* Verifies request i of the last toss_requests as the function does; its body must be `body`. */
static void assert_posted_to(const char *path, size_t i, const struct webhook_secrets *with,
                             const char *body) {
    struct webhook_headers headers;
    struct webhook_signature signature;
    struct svc_buf posted;
    const struct svc_json *sent = svc_json_get(svc_json_at(f.requests, i), "headers");
    static const char *const names[] = {WEBHOOK_HEADER_STANDARD_ID,
                                        WEBHOOK_HEADER_STANDARD_TIMESTAMP,
                                        WEBHOOK_HEADER_STANDARD_SIGNATURE};
    webhook_headers_init(&headers);
    for (size_t k = 0; k < COUNT(names); k++) {
        webhook_headers_add(&headers, names[k], svc_json_get_text(sent, names[k]));
    }
    const char *text = toss_request(i, "body");
    svc_buf_init(&posted, WEBHOOK_MAX_TOSS_BYTES);
    assert_int_equal(svc_base64_decode(text, strlen(text), &posted), SVC_OK);
    if (body != NULL) {
        assert_string_equal(svc_buf_text(&posted), body);
    }
    assert_int_equal(webhook_verify(with, &headers, posted.bytes, posted.size_bytes,
                                    svc_wall_ms(&f.clock.clock), &signature),
                     SVC_OK);
    assert_string_equal(toss_request(i, "method"), "POST");
    assert_string_equal(toss_request(i, "path"), path);
    assert_string_equal(svc_json_get_text(sent, "content-type"), "application/json");
    assert_null(svc_json_get_text(sent, "authorization")); /* that is Toss's alone */
    svc_buf_wipe(&posted);
}

static void assert_posted(size_t i, const struct webhook_secrets *with, const char *body) {
    assert_posted_to("/webhooks/toss-confirmed", i, with, body);
}

static void test_the_payment_arrives_byte_for_byte(void **state) {
    (void)state;
    /* Blanks, an unknown member and an escape are kept: the bytes are what is signed. */
    static const char body[] = "{ \"extra\":\"\\uD55C\" , " TOSS_PAID " }";
    char line[1024];
    struct webhook_secrets second;
    snprintf(line, sizeof(line), "payment pk_1= %s", body);
    toss_set(line);
    assert_int_equal(handle(), WEBHOOK_TWIN_DONE);
    assert_int_equal(error.status, SVC_OK);
    assert_int_equal(toss_requests(), 2);
    assert_string_equal(toss_request(0, "path"), "/v1/payments/pk_1%3D");
    assert_posted(1, &internal, body);
    /* While the internal secret is rotated, a function with either takes it. */
    webhook_secrets_init(&second);
    assert_int_equal(webhook_secrets_add(&second, WEBHOOK_SCHEME_STANDARD, INTERNAL_TWO, NULL),
                     SVC_OK);
    assert_int_equal(webhook_secrets_add(&internal, WEBHOOK_SCHEME_STANDARD, INTERNAL_TWO, NULL),
                     SVC_OK);
    assert_int_equal(handle(), WEBHOOK_TWIN_DONE);
    assert_int_equal(toss_requests(), 2);
    assert_posted(1, &internal, body);
    assert_posted(1, &second, body);
}

static void test_the_timestamp_is_when_toss_was_asked(void **state) {
    (void)state;
    struct svc_buf payment;
    svc_buf_init(&payment, 100);
    svc_buf_append_text(&payment, "{}");
    assert_int_equal(webhook_twin_post(&twin, &payment, INT64_C(1700000000999),
                                       svc_deadline_in(&f.clock.clock, 60000), &error),
                     WEBHOOK_TWIN_DONE);
    svc_buf_clear(&payment);
    assert_int_equal(toss_requests(), 1);
    assert_string_equal(
        svc_json_get_text(svc_json_get(svc_json_at(f.requests, 0), "headers"), "webhook-timestamp"),
        "1700000000");
}

static void test_what_the_functions_statuses_mean(void **state) {
    (void)state;
    static const struct {
        int http;
        enum webhook_twin_result result;
        enum svc_status status;
    } cases[] = {{200, WEBHOOK_TWIN_DONE, SVC_OK},
                 {204, WEBHOOK_TWIN_FAILED, SVC_REJECTED},
                 {302, WEBHOOK_TWIN_FAILED, SVC_REJECTED},
                 {400, WEBHOOK_TWIN_FAILED, SVC_REJECTED},
                 {401, WEBHOOK_TWIN_FAILED, SVC_NO_CREDENTIALS},
                 {403, WEBHOOK_TWIN_FAILED, SVC_NO_CREDENTIALS},
                 {404, WEBHOOK_TWIN_FAILED, SVC_NOT_FOUND},
                 {409, WEBHOOK_TWIN_REFUSED, SVC_CONFLICT},
                 {429, WEBHOOK_TWIN_FAILED, SVC_THROTTLED},
                 {500, WEBHOOK_TWIN_FAILED, SVC_SERVER_ERROR},
                 {503, WEBHOOK_TWIN_FAILED, SVC_SERVER_ERROR}};
    toss_set("payment pk_1= {" TOSS_PAID "}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[40];
        snprintf(line, sizeof(line), "post %d", cases[i].http);
        toss_set(line);
        const enum webhook_twin_result result = handle();
        if (result != cases[i].result || error.status != cases[i].status) {
            fail_msg("%d: %s, %s", cases[i].http, webhook_twin_result_name(result),
                     svc_status_name(error.status));
        }
    }
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "contradicts its order"));
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "denies the internal secret"));
}

/* http 0: there was no response; error_type NULL: no failure. */
static void assert_span(const struct svc_trace *trace, size_t i, const char *name, int64_t http,
                        enum svc_span_result result, const char *error_type) {
    const struct svc_span *span = &trace->spans[i];
    assert_string_equal(span->name, name);
    assert_int_equal(span->kind, SVC_SPAN_REMOTE);
    assert_int_equal(span->value_count, http != 0);
    if (http != 0) {
        assert_string_equal(span->values[0].name, SVC_SPAN_HTTP_STATUS);
        assert_int_equal(span->values[0].number, http);
    }
    assert_int_equal(span->result, result);
    if (error_type == NULL) {
        assert_null(span->error_type);
    } else {
        assert_string_equal(span->error_type, error_type);
    }
    assert_true(span->end_us != 0);
}

static void test_requests_are_spans(void **state) {
    (void)state;
    struct svc_trace trace;
    svc_trace_init(&trace, NULL, NULL);
    svc_trace_start(&trace, "handler");
    f.client.trace = twin.trace = &trace;
    assert_int_equal(handle(), WEBHOOK_TWIN_FORGED);
    toss_set("payment pk_1= {" TOSS_PAID "}");
    assert_int_equal(handle(), WEBHOOK_TWIN_DONE);
    toss_set("post 503");
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    toss_set("fault 429 1");
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    f.client.base_url = "http://127.0.0.1:1"; /* nobody listens */
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    assert_int_equal(trace.count, 8);
    assert_span(&trace, 1, "Toss", 404, SVC_SPAN_OK, NULL);
    assert_span(&trace, 2, "Toss", 200, SVC_SPAN_OK, NULL);
    assert_span(&trace, 3, "webhook function", 200, SVC_SPAN_OK, NULL);
    assert_span(&trace, 4, "Toss", 200, SVC_SPAN_OK, NULL);
    assert_span(&trace, 5, "webhook function", 503, SVC_SPAN_FAULT, "SERVER_ERROR");
    assert_span(&trace, 6, "Toss", 429, SVC_SPAN_THROTTLED, "THROTTLED");
    assert_span(&trace, 7, "Toss", 0, SVC_SPAN_FAULT, svc_status_name(error.status));
    svc_trace_clear(&trace);
}

static void test_what_is_not_confirmed_is_not_posted(void **state) {
    (void)state;
    assert_int_equal(handle(), WEBHOOK_TWIN_FORGED);
    toss_set("payment pk_1= {" TOSS_PAID "}");
    toss_set("fault 500 1");
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    toss_set("fault html 1");
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    toss_set("fault 401 1");
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    assert_int_equal(error.status, SVC_ACCESS_DENIED);
    assert_int_equal(toss_requests(), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(toss_request(i, "method"), "GET");
    }
    /* Without an internal secret, or to a strange URL, nothing is posted either. */
    webhook_secrets_clear(&internal);
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    twin.confirmed_url = "http://example.com/webhooks/toss-confirmed";
    assert_int_equal(handle(), WEBHOOK_TWIN_FAILED);
    assert_int_equal(error.status, SVC_CONFIGURATION);
    assert_int_equal(toss_requests(), 2);
    assert_string_equal(toss_request(0, "method"), "GET");
    assert_string_equal(toss_request(1, "method"), "GET");
}

/* ---------------------------------------------------------------------- transactions */

static enum svc_status list(struct webhook_twin_listed *listed) {
    return webhook_twin_list(&twin, FROM_MS, TO_MS, svc_deadline_in(&f.clock.clock, 60000), listed,
                             &error);
}

static void test_transactions_are_posted_page_by_page(void **state) {
    (void)state;
    struct webhook_twin_listed listed;
    assert_int_equal(list(&listed), SVC_OK);
    assert_int_equal(listed.pages, 0);
    assert_int_equal(toss_requests(), 1); /* an empty page is not posted */
    set_many(150);
    assert_int_equal(list(&listed), SVC_OK);
    assert_int_equal(listed.pages, 2);
    assert_int_equal(listed.transactions, 150);
    assert_int_equal(toss_requests(), 4);
    assert_posted_to("/webhooks/toss-transactions", 1, &internal, NULL);
    assert_posted_to("/webhooks/toss-transactions", 3, &internal, NULL);
    toss_set("post 500");
    assert_int_equal(list(&listed), SVC_SERVER_ERROR);
    assert_int_equal(listed.pages, 0);
    assert_int_equal(toss_requests(), 2); /* no further page */
}

static enum svc_status write_and_parse(void) {
    struct webhook_toss_event hint = toss_hint(true), back;
    struct svc_buf text;
    svc_buf_init(&text, WEBHOOK_MAX_HINT_BYTES);
    enum svc_status status = webhook_toss_hint_write(&hint, &text);
    if (status == SVC_OK) {
        status = webhook_toss_hint_parse(text.bytes, text.size_bytes, &back, NULL);
        webhook_toss_event_clear(&back);
    }
    svc_buf_wipe(&text);
    return status;
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    fail_allocations(write_and_parse, 1);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_hint_survives_the_queue),
        TEST(test_messages_that_are_no_hint),
        TEST(test_the_payment_arrives_byte_for_byte),
        TEST(test_the_timestamp_is_when_toss_was_asked),
        TEST(test_what_the_functions_statuses_mean),
        TEST(test_requests_are_spans),
        TEST(test_what_is_not_confirmed_is_not_posted),
        TEST(test_transactions_are_posted_page_by_page),
        TEST(test_each_allocation_failing),
    };
    return cmocka_run_group_tests(tests, toss_start, toss_stop);
}
