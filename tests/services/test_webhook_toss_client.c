/* Asking Toss: which request is sent, what each response means, when the breaker opens and closes;
 * against a server on loopback that is wrong in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/webhook_toss_support.h"
#include "tests/support/random.h"

static struct webhook_toss_payment payment;
static struct svc_buf raw;
static struct svc_error error;
static int64_t asked_ms;

static enum webhook_confirmation confirm_in(const struct webhook_toss_event *hint,
                                            int64_t duration_ms) {
    svc_buf_wipe(&raw);
    svc_buf_init(&raw, WEBHOOK_MAX_TOSS_BYTES);
    const enum webhook_confirmation result = webhook_toss_confirm(
        &f.client, KEY_CANARY, hint, svc_deadline_in(&f.clock.clock, duration_ms), &raw, &payment,
        &asked_ms, &error);
    assert_nothing_leaked(error.detail);
    return result;
}

static enum webhook_confirmation confirm(void) {
    const struct webhook_toss_event hint = toss_hint(true);
    return confirm_in(&hint, 60000);
}

static int teardown(void **state) {
    svc_buf_wipe(&raw);
    return toss_teardown(state);
}

/* ---------------------------------------------------------------------- requests */

static void test_a_payment_is_asked_for_by_key_or_by_order(void **state) {
    (void)state;
    static const char body[] = "{" TOSS_PAID "}";
    toss_set("payment pk_1= {" TOSS_PAID "}");
    toss_set("payment ORD-1 {" TOSS_PAID "}");
    for (int has_key = 0; has_key < 2; has_key++) {
        const int64_t before_ms = svc_wall_ms(&f.clock.clock);
        const struct webhook_toss_event hint = toss_hint(has_key == 1);
        assert_int_equal(confirm_in(&hint, 60000), WEBHOOK_CONFIRMED);
        assert_int_equal(error.status, SVC_OK);
        assert_int_equal(payment.status, WEBHOOK_TOSS_DONE);
        assert_int_equal(payment.total_won, 5000);
        assert_int_equal(raw.size_bytes, strlen(body));
        assert_memory_equal(raw.bytes, body, raw.size_bytes);
        assert_true(asked_ms >= before_ms && asked_ms <= svc_wall_ms(&f.clock.clock));
    }
    assert_int_equal(toss_requests(), 2);
    assert_string_equal(toss_request(0, "method"), "GET");
    assert_string_equal(toss_request(0, "path"), "/v1/payments/orders/ORD-1");
    assert_string_equal(toss_request(1, "path"), "/v1/payments/pk_1%3D");
    assert_string_equal(
        svc_json_get_text(svc_json_get(svc_json_at(f.requests, 0), "headers"), "authorization"),
        "Basic dGVzdF9za19jYW5hcnktN2Y6");
    /* A base with a slash at its end is the same. */
    char base[80];
    snprintf(base, sizeof(base), "%s/", f.base_url);
    f.client.base_url = base;
    assert_int_equal(confirm(), WEBHOOK_CONFIRMED);
    assert_int_equal(toss_requests(), 1);
    assert_string_equal(toss_request(0, "path"), "/v1/payments/pk_1%3D");
}

static void test_nothing_is_sent_where_nothing_can_come_of_it(void **state) {
    (void)state;
    static const char *const ids[] = {".", "..", "..."};
    struct webhook_toss_event hint = toss_hint(false);
    for (size_t i = 0; i < COUNT(ids); i++) {
        strcpy(hint.hint.order_id, ids[i]);
        assert_int_equal(confirm_in(&hint, 60000), WEBHOOK_FORGED);
    }
    hint.kind = WEBHOOK_TOSS_PAYOUT_CHANGED;
    assert_int_equal(confirm_in(&hint, 60000), WEBHOOK_UNCONFIRMED);
    assert_int_equal(error.status, SVC_INVALID_ARGUMENT);

    const struct webhook_toss_event good = toss_hint(true);
    static const char *const keys[] = {"", NULL, "canary\r\nX: y", "canary\xff"};
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_int_equal(webhook_toss_confirm(&f.client, keys[i], &good,
                                              svc_deadline_in(&f.clock.clock, 60000), &raw,
                                              &payment, &asked_ms, &error),
                         WEBHOOK_UNCONFIRMED);
        assert_int_equal(error.status, SVC_CONFIGURATION);
        assert_nothing_leaked(error.detail);
    }
    f.client.base_url = "http://api.example.com";
    assert_int_equal(confirm(), WEBHOOK_UNCONFIRMED);
    assert_int_equal(error.status, SVC_CONFIGURATION);
    assert_int_equal(f.client.failures, 0);
    assert_int_equal(toss_requests(), 0);
}

static void test_which_urls_are_allowed(void **state) {
    (void)state;
    static const char *const good[] = {"https://api.tosspayments.com",
                                       "https://a.example:8443/x",
                                       "http://127.0.0.1:1/",
                                       "http://localhost",
                                       "http://[::1]:80/a",
                                       WEBHOOK_TOSS_URL};
    static const char *const bad[] = {NULL,
                                      "",
                                      "api.tosspayments.com",
                                      "ftp://127.0.0.1",
                                      "http://api.tosspayments.com",
                                      "http://127.0.0.1.example.com",
                                      "http://localhost.example.com",
                                      "http://127.0.0.2",
                                      "https://user:pw@a.example",
                                      "https://a.example/?b"};
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(webhook_check_url("TOSS_API_URL", good[i], &error), SVC_OK);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(webhook_check_url("TOSS_API_URL", bad[i], &error), SVC_CONFIGURATION);
        assert_non_null(strstr(error.detail, "TOSS_API_URL"));
    }
}

/* ---------------------------------------------------------------------- responses */

/* The result of one request, and what it does to a breaker with 2 failures. */
enum health { UNCHANGED, WORKS, FAILS };

static void assert_response(const char *name, enum webhook_confirmation expected,
                            enum svc_status status, enum health health) {
    f.client.failures = 2;
    const enum webhook_confirmation result = confirm();
    const int failures = health == UNCHANGED ? 2 : health == WORKS ? 0 : 3;
    if (result != expected || error.status != status || f.client.failures != failures) {
        fail_msg("%s: result %d, %s (%s), %d failures", name, (int)result,
                 svc_status_name(error.status), error.detail, f.client.failures);
    }
    if (result != WEBHOOK_CONFIRMED) {
        static const struct webhook_toss_payment none;
        assert_memory_equal(&payment, &none, sizeof(none));
    }
}

static void test_what_each_response_means(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum webhook_confirmation expected;
        enum svc_status status;
        enum health health;
    } cases[] = {
        {"404", WEBHOOK_FORGED, SVC_NOT_FOUND, WORKS},
        {"400", WEBHOOK_UNCONFIRMED, SVC_REJECTED, UNCHANGED},
        {"405", WEBHOOK_UNCONFIRMED, SVC_REJECTED, UNCHANGED},
        {"401", WEBHOOK_UNCONFIRMED, SVC_ACCESS_DENIED, FAILS},
        {"403", WEBHOOK_UNCONFIRMED, SVC_ACCESS_DENIED, FAILS},
        {"403:INCORRECT_BASIC_AUTH_FORMAT", WEBHOOK_UNCONFIRMED, SVC_ACCESS_DENIED, FAILS},
        {"403:FORBIDDEN_CONSECUTIVE_REQUEST", WEBHOOK_UNCONFIRMED, SVC_THROTTLED, UNCHANGED},
        {"429", WEBHOOK_UNCONFIRMED, SVC_THROTTLED, FAILS},
        {"500", WEBHOOK_UNCONFIRMED, SVC_SERVER_ERROR, FAILS},
        {"503", WEBHOOK_UNCONFIRMED, SVC_SERVER_ERROR, FAILS},
        {"204", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, FAILS},
        {"redirect", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, FAILS},
        {"html", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, FAILS},
        {"cut", WEBHOOK_UNCONFIRMED, SVC_CONNECTION_LOST, FAILS},
        {"huge", WEBHOOK_UNCONFIRMED, SVC_TOO_LARGE, UNCHANGED},
    };
    toss_set("payment pk_1= {" TOSS_PAID "}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[80];
        snprintf(line, sizeof(line), "fault %s 1", cases[i].fault);
        toss_set(line);
        assert_response(cases[i].fault, cases[i].expected, cases[i].status, cases[i].health);
        assert_int_equal(toss_requests(), 1); /* a redirect is not followed */
    }
    assert_response("none", WEBHOOK_CONFIRMED, SVC_OK, WORKS);
}

static void test_payments_that_are_not_the_hints(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        enum webhook_confirmation expected;
        enum svc_status status;
        enum health health;
    } cases[] = {
        {"orderId", "\"ORD-2\"", WEBHOOK_FORGED, SVC_NOT_FOUND, WORKS},
        {"paymentKey", "\"pk_2\"", WEBHOOK_FORGED, SVC_NOT_FOUND, WORKS},
        {"secret", "\"ps_other\"", WEBHOOK_FORGED, SVC_NOT_FOUND, WORKS},
        {"secret", "null", WEBHOOK_FORGED, SVC_NOT_FOUND, WORKS},
        {"status", "\"NEW\"", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, UNCHANGED},
        {"currency", "\"USD\"", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, UNCHANGED},
        {"totalAmount", "-1", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, UNCHANGED},
        {"totalAmount", "[", WEBHOOK_UNCONFIRMED, SVC_BAD_RESPONSE, FAILS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[1024];
        char *body = with_member("{" TOSS_PAID "}", cases[i].name, cases[i].value);
        snprintf(line, sizeof(line), "payment pk_1= %s", body);
        free(body);
        toss_set(line);
        assert_response(cases[i].name, cases[i].expected, cases[i].status, cases[i].health);
    }
    assert_int_equal(toss_requests(), COUNT(cases));
}

static void test_a_wrong_key_is_logged_and_not_shown(void **state) {
    (void)state;
    toss_set("key other");
    assert_response("wrong key", WEBHOOK_UNCONFIRMED, SVC_ACCESS_DENIED, FAILS);
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "\"level\":\"ERROR\""));
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "UNAUTHORIZED_KEY"));
}

/* A server that is silent, or sends byte after byte, in the caller's time. */
static void test_the_callers_time_is_kept(void **state) {
    (void)state;
    static const char *const faults[] = {"hang", "slow"};
    const struct webhook_toss_event hint = toss_hint(true);
    for (size_t i = 0; i < COUNT(faults); i++) {
        char line[40];
        snprintf(line, sizeof(line), "fault %s 1", faults[i]);
        toss_set(line);
        f.client.failures = 2;
        assert_int_equal(confirm_in(&hint, 150), WEBHOOK_UNCONFIRMED);
        assert_int_equal(error.status, SVC_DEADLINE);
        assert_int_equal(f.client.failures, 2); /* so little time is no fault of Toss's */
        toss_set("clear"); /* on a busy machine the request may not have been sent in its time */
    }
    toss_set("payment pk_1= {" TOSS_PAID "}");
    assert_int_equal(confirm(), WEBHOOK_CONFIRMED);
}

/* Over TLS the key goes to the server that the CA vouches for, and to no other. */
static void test_the_key_goes_to_a_verified_server(void **state) {
    (void)state;
    char folder[] = "/tmp/test_toss_XXXXXX", command[128], path[3][64], url[64];
    struct test_server server;
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command), "sh " TEST_FILE("make_certificates.sh") " %s", folder);
    assert_int_equal(system(command), 0);
    static const char *const names[] = {"good.pem", "good.key", "ca.pem"};
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
    }
    const char *const argv[] = {test_python(), "tests/webhook/toss_server.py", path[0], path[1],
                                NULL};
    assert_true(test_server_start(&server, argv));
    snprintf(url, sizeof(url), "https://localhost:%d", server.port);
    f.client.base_url = url;
    /* The transport of the other tests does not trust this CA. */
    assert_response("another CA", WEBHOOK_UNCONFIRMED, SVC_TLS_REFUSED, FAILS);
    assert_true(test_server_send(&server, "requests", reply, sizeof(reply)));
    assert_string_equal(reply, "[]");

    const struct svc_http_options options = {.ca_bundle = path[2]};
    struct svc_transport *trusting = NULL;
    assert_int_equal(svc_http_create(&options, &trusting, &error), SVC_OK);
    f.client.transport = trusting;
    assert_true(test_server_send(&server, "key " KEY_CANARY, reply, sizeof(reply)));
    assert_true(test_server_send(&server, "payment pk_1= {" TOSS_PAID "}", reply, sizeof(reply)));
    assert_response("the CA", WEBHOOK_CONFIRMED, SVC_OK, WORKS);
    svc_http_destroy(trusting);
    test_server_stop(&server);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void test_a_refused_connection(void **state) {
    (void)state;
    f.client.base_url = "http://127.0.0.1:1";
    assert_response("refused", WEBHOOK_UNCONFIRMED, SVC_CONNECT_FAILED, FAILS);
}

/* ---------------------------------------------------------------------- the breaker */

/* A transport whose every exchange is done at once: as `next` is, by default no response in the
 * time that it is given. */
static const struct response {
    enum svc_status status;
    int http_status;
    const char *body;
} no_response = {SVC_DEADLINE, 0, ""};
static struct response next;
static int64_t allowed_ms;
static enum svc_status silent_start(void *self, const struct svc_http_request *request,
                                    struct svc_http_exchange **exchange) {
    (void)self;
    *exchange = calloc(1, sizeof(**exchange));
    if (*exchange == NULL) {
        return SVC_NO_MEMORY;
    }
    allowed_ms = svc_remaining_ms(&f.clock.clock, request->deadline_ms);
    (*exchange)->state = SVC_HTTP_DONE;
    (*exchange)->status = next.status;
    (*exchange)->http_status = next.http_status;
    svc_buf_init(&(*exchange)->body, 4096);
    svc_buf_append_text(&(*exchange)->body, next.body);
    return SVC_OK;
}
static enum svc_status silent_poll(void *self, int64_t until_ms) {
    (void)self;
    (void)until_ms;
    return SVC_OK;
}
static void silent_close(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    if (exchange != NULL) {
        svc_buf_clear(&exchange->body);
    }
    free(exchange);
}
static const struct svc_transport silent = {NULL, silent_start, silent_poll, silent_close};

static void test_a_request_has_its_own_limit(void **state) {
    (void)state;
    const struct webhook_toss_event hint = toss_hint(true);
    f.clock.real = false;
    f.client.transport = &silent;
    next = no_response;
    assert_int_equal(confirm_in(&hint, 8000), WEBHOOK_UNCONFIRMED);
    assert_int_equal(allowed_ms, WEBHOOK_TOSS_TIMEOUT_MS);
    assert_int_equal(error.status, SVC_TIMED_OUT);
    assert_int_equal(f.client.failures, 1);
    assert_int_equal(confirm_in(&hint, 3999), WEBHOOK_UNCONFIRMED);
    assert_int_equal(allowed_ms, 3999);
    assert_int_equal(error.status, SVC_DEADLINE);
    assert_int_equal(f.client.failures, 1);
}

static void test_the_breaker_opens_and_closes(void **state) {
    (void)state;
    f.clock.real = false;
    f.client.transport = &silent;
    next = no_response;
    const struct webhook_toss_event hint = toss_hint(true);
    for (int i = 0; i < WEBHOOK_TOSS_MAX_FAILURES; i++) {
        assert_int_equal(confirm_in(&hint, 8000), WEBHOOK_UNCONFIRMED);
        assert_int_equal(error.status, SVC_TIMED_OUT);
    }
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "not asked for a while"));
    for (int round = 0; round < 3; round++) { /* nothing is sent for a while, then one */
        allowed_ms = -1;
        assert_int_equal(confirm_in(&hint, 8000), WEBHOOK_UNCONFIRMED);
        assert_int_equal(error.status, SVC_SERVER_ERROR);
        assert_int_equal(allowed_ms, -1);
        f.clock.monotonic_ms += WEBHOOK_TOSS_OPEN_MS - 1;
        assert_int_equal(confirm_in(&hint, 8000), WEBHOOK_UNCONFIRMED);
        assert_int_equal(allowed_ms, -1);
        f.clock.monotonic_ms += 1;
        assert_int_equal(confirm_in(&hint, 8000), WEBHOOK_UNCONFIRMED);
        assert_int_equal(error.status, SVC_TIMED_OUT);
        assert_int_equal(allowed_ms, WEBHOOK_TOSS_TIMEOUT_MS);
    }
    f.clock.real = true;
    f.client.transport = f.transport;
    f.clock.monotonic_ms += WEBHOOK_TOSS_OPEN_MS;
    toss_set("payment pk_1= {" TOSS_PAID "}");
    assert_int_equal(confirm(), WEBHOOK_CONFIRMED);
    assert_int_equal(f.client.failures, 0);
    toss_set("fault 500 4");
    for (int i = 0; i < 4; i++) {
        assert_int_equal(confirm(), WEBHOOK_UNCONFIRMED);
    }
    assert_int_equal(confirm(), WEBHOOK_CONFIRMED); /* four in a row are not five */
}

static const struct {
    struct response response;
    enum webhook_confirmation result;
    enum health health;
} kinds[] = {
    {{SVC_OK, 200, "{" TOSS_PAID "}"}, WEBHOOK_CONFIRMED, WORKS},
    {{SVC_OK, 404, "{\"code\":\"NOT_FOUND_PAYMENT\"}"}, WEBHOOK_FORGED, WORKS},
    {{SVC_OK, 400, ""}, WEBHOOK_UNCONFIRMED, UNCHANGED},
    {{SVC_OK, 403, "{\"code\":\"FORBIDDEN_CONSECUTIVE_REQUEST\"}"}, WEBHOOK_UNCONFIRMED, UNCHANGED},
    {{SVC_OK, 200, "{}"}, WEBHOOK_UNCONFIRMED, UNCHANGED},
    {{SVC_NO_MEMORY, 0, ""}, WEBHOOK_UNCONFIRMED, UNCHANGED},
    {{SVC_TOO_LARGE, 200, ""}, WEBHOOK_UNCONFIRMED, UNCHANGED},
    {{SVC_OK, 401, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_OK, 429, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_OK, 500, "{\"code\":[]}"}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_OK, 302, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_OK, 200, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_DEADLINE, 0, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_CONNECT_FAILED, 0, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_CONNECTION_LOST, 200, ""}, WEBHOOK_UNCONFIRMED, FAILS},
    {{SVC_TLS_REFUSED, 0, ""}, WEBHOOK_UNCONFIRMED, FAILS},
};

/* Random responses at random times: a request is sent, counted and believed as in the model. */
static void test_random_responses_against_a_model(void **state) {
    (void)state;
    const struct webhook_toss_event hint = toss_hint(true);
    uint64_t random = 20261128;
    int in_a_row = 0, opened = 0, closed = 0;
    int64_t silent_until_ms = INT64_MIN;
    f.clock.real = false;
    f.client.transport = &silent;
    f.client.log = NULL;
    for (int i = 0; i < 5000; i++) {
        /* Mostly failures for a while, then mostly others. */
        const bool is_bad_time = i / 50 % 2 == 1;
        const size_t kind = random_between(&random, 0, 9) < (is_bad_time ? 9 : 2)
                                ? random_between(&random, 7, COUNT(kinds) - 1)
                                : random_between(&random, 0, 6);
        f.clock.monotonic_ms +=
            random_between(&random, 0, 9) == 0 ? 30000 : random_between(&random, 0, 3000);
        const bool is_silent = in_a_row >= 5 && f.clock.monotonic_ms < silent_until_ms;
        next = kinds[kind].response;
        allowed_ms = -1;
        const enum webhook_confirmation result = confirm_in(&hint, 8000);
        assert_int_equal(allowed_ms, is_silent ? -1 : WEBHOOK_TOSS_TIMEOUT_MS);
        assert_int_equal(result, is_silent ? WEBHOOK_UNCONFIRMED : kinds[kind].result);
        if (!is_silent && kinds[kind].health == FAILS && ++in_a_row >= 5) {
            silent_until_ms = f.clock.monotonic_ms + 30000;
            opened++;
        } else if (!is_silent && kinds[kind].health == WORKS) {
            closed += in_a_row >= 5;
            in_a_row = 0;
        }
    }
    assert_true(opened > 25 && closed > 12);
}

/* Many forged hints change nothing: the real one is confirmed. */
static void test_forged_hints_do_not_open_the_breaker(void **state) {
    (void)state;
    toss_set("payment pk_1= {" TOSS_PAID "}");
    for (int i = 0; i < 100; i++) {
        struct webhook_toss_event forged = toss_hint(i % 2 == 0);
        snprintf(forged.hint.order_id, sizeof(forged.hint.order_id), "ORD-%d", i + 100);
        if (i % 4 == 0) {
            snprintf(forged.hint.payment_key, sizeof(forged.hint.payment_key), "pk-%d", i + 100);
        }
        if (i % 10 == 0) {
            toss_set("fault 400 1");
        }
        assert_int_equal(confirm_in(&forged, 60000),
                         i % 10 == 0 ? WEBHOOK_UNCONFIRMED : WEBHOOK_FORGED);
    }
    assert_int_equal(toss_requests(), 100);
    assert_int_equal(f.client.failures, 0);
    assert_int_equal(confirm(), WEBHOOK_CONFIRMED);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, toss_setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_payment_is_asked_for_by_key_or_by_order),
        TEST(test_nothing_is_sent_where_nothing_can_come_of_it),
        TEST(test_which_urls_are_allowed),
        TEST(test_what_each_response_means),
        TEST(test_payments_that_are_not_the_hints),
        TEST(test_a_wrong_key_is_logged_and_not_shown),
        TEST(test_the_callers_time_is_kept),
        TEST(test_the_key_goes_to_a_verified_server),
        TEST(test_a_refused_connection),
        TEST(test_a_request_has_its_own_limit),
        TEST(test_the_breaker_opens_and_closes),
        TEST(test_random_responses_against_a_model),
        TEST(test_forged_hints_do_not_open_the_breaker),
    };
    return cmocka_run_group_tests(tests, toss_start, toss_stop);
}
