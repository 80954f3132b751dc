/* What the tests of Toss's query API share: tests/webhook/toss_server.py, a client of it over the
 * real transport, and payments as Toss writes them. */
#ifndef TESTS_WEBHOOK_TOSS_SUPPORT_H
#define TESTS_WEBHOOK_TOSS_SUPPORT_H

#include "services/base/json.h"
#include "services/webhook/toss_client.h"
#include "tests/services/support.h"
#include "tests/services/webhook_support.h"

#define KEY_CANARY "test_sk_canary-7f"
#define SECRET     "ps_canary-9d"
#define ASKED_MS   INT64_C(1767323045678)

static struct {
    struct test_server server;
    struct svc_transport *transport;
    struct test_clock clock;
    struct test_log log;
    struct webhook_toss_client client;
    char base_url[64];
    struct svc_json *requests; /* since the last toss_requests */
} f;

static char reply[256 * 1024];

__attribute__((unused)) static void toss_set(const char *line) {
    assert_true(test_server_send(&f.server, line, reply, sizeof(reply)));
    assert_string_equal(reply, "ok");
}

/* The number of requests since the last call; they are in f.requests. */
__attribute__((unused)) static size_t toss_requests(void) {
    assert_true(test_server_send(&f.server, "requests", reply, sizeof(reply)));
    svc_json_free(f.requests);
    assert_int_equal(svc_json_parse(reply, strlen(reply), 0, &f.requests, NULL), SVC_OK);
    return svc_json_count(f.requests);
}

__attribute__((unused)) static const char *toss_request(size_t i, const char *name) {
    return svc_json_get_text(svc_json_at(f.requests, i), name);
}

/* The log must have nothing of the key, of a payment's secret, or of the key in base64. */
__attribute__((unused)) static void assert_nothing_leaked(const char *text) {
    assert_null(strstr(text, "canary"));
    assert_null(strstr(text, "dGVzdF9za19jYW5hcnk"));
}

static int toss_start(void **state) {
    (void)state;
    const char *const argv[] = {test_python(), "tests/webhook/toss_server.py", NULL};
    const struct svc_http_options options = {0};
    if (!test_server_start(&f.server, argv) ||
        svc_http_create(&options, &f.transport, NULL) != SVC_OK) {
        return -1;
    }
    snprintf(f.base_url, sizeof(f.base_url), "http://127.0.0.1:%d", f.server.port);
    return 0;
}

static int toss_stop(void **state) {
    (void)state;
    svc_json_free(f.requests);
    svc_http_destroy(f.transport);
    test_server_stop(&f.server);
    return 0;
}

static int toss_setup(void **state) {
    (void)state;
    test_clock_init(&f.clock, ASKED_MS);
    f.clock.real = true;
    test_log_init(&f.log, &f.clock.clock);
    f.client = (struct webhook_toss_client){.transport = f.transport,
                                            .clock = &f.clock.clock,
                                            .log = &f.log.log,
                                            .base_url = f.base_url};
    toss_set("clear");
    toss_set("key " KEY_CANARY);
    return 0;
}

static int toss_teardown(void **state) {
    (void)state;
    assert_nothing_leaked(svc_buf_text(&f.log.lines));
    test_log_clear(&f.log);
    return 0;
}

#define TOSS_TEST(function) cmocka_unit_test_setup_teardown(function, toss_setup, toss_teardown)

/* A payment of ORD-1 with SECRET, as JSON without its braces. */
#define TOSS_PAID                                                                                  \
    "\"paymentKey\":\"pk_1=\",\"orderId\":\"ORD-1\",\"status\":\"DONE\",\"method\":\"카드\","    \
    "\"lastTransactionKey\":\"T-1\",\"currency\":\"KRW\",\"totalAmount\":5000,"                    \
    "\"balanceAmount\":5000,\"approvedAt\":\"2026-01-02T12:04:05+09:00\",\"secret\":\"" SECRET     \
    "\",\"cancels\":null"

__attribute__((unused)) static struct webhook_toss_event toss_hint(bool has_key) {
    struct webhook_toss_event hint = {.kind = has_key ? WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED
                                                      : WEBHOOK_TOSS_DEPOSIT_CALLBACK};
    strcpy(hint.hint.payment_key, has_key ? "pk_1=" : "");
    strcpy(hint.hint.order_id, "ORD-1");
    strcpy(hint.hint.secret, SECRET);
    strcpy(hint.hint.transaction_key, "T-1");
    hint.hint.status = WEBHOOK_TOSS_DONE;
    return hint;
}

/* 2026-01-02 in KST. */
#define FROM_MS INT64_C(1767279600000)
#define TO_MS   INT64_C(1767366000000)

/* Transactions of one payment each, `count` of them, a second apart from the time's begin. */
__attribute__((unused)) static void set_many(int count) {
    static char line[256 * 1024];
    char *end = line + sprintf(line, "transactions [");
    for (int i = 0; i < count; i++) {
        char at[SVC_ISO8601_BYTES];
        svc_format_iso8601(FROM_MS + 32400000 + i * INT64_C(1000), at);
        end += sprintf(end,
                       "%s{\"transactionKey\":\"T-%d\",\"paymentKey\":\"p\",\"orderId\":\"O-%d\","
                       "\"status\":\"DONE\",\"transactionAt\":\"%.19s+09:00\",\"currency\":\"KRW\","
                       "\"amount\":%d}",
                       i == 0 ? "" : ",", i, i, at, i + 1);
    }
    strcpy(end, "]");
    toss_set(line);
}

#endif
