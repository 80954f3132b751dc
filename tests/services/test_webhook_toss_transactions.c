/* Toss's list of transactions: a page read strictly, all pages of a time, pages that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/toss_transactions.h"
#include "tests/services/webhook_toss_support.h"

static struct svc_error error;

#define ENTRY                                                                                      \
    "{\"mId\":\"m\",\"transactionKey\":\"T-1\",\"paymentKey\":\"pk=\",\"orderId\":\"O-1\","        \
    "\"status\":\"DONE\",\"transactionAt\":\"2026-01-02T09:00:00+09:00\",\"currency\":\"KRW\","    \
    "\"amount\":5000,\"receiptUrl\":null}"

static struct webhook_toss_transaction kept;
static size_t kept_count, most_kept;

static bool keep(void *user, const struct webhook_toss_transaction *transaction) {
    (void)user;
    kept = *transaction;
    return ++kept_count < most_kept;
}

static enum svc_status parse(const char *text, size_t *count) {
    kept_count = 0;
    most_kept = SIZE_MAX;
    return webhook_toss_transactions_parse(text, strlen(text), keep, NULL, count, NULL);
}

static void test_a_page_is_read_strictly(void **state) {
    (void)state;
    size_t count = 9;
    assert_int_equal(parse("[]", &count), SVC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(parse("[" ENTRY "," ENTRY "]", &count), SVC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kept_count, 2);
    assert_string_equal(kept.transaction_key, "T-1");
    assert_string_equal(kept.payment_key, "pk=");
    assert_string_equal(kept.order_id, "O-1");
    assert_int_equal(kept.status, WEBHOOK_TOSS_DONE);
    assert_int_equal(kept.amount_won, 5000);
    assert_int_equal(kept.happened_ms, INT64_C(1767312000000));
    static const struct {
        const char *name, *value;
        bool is_good;
    } cases[] = {{"transactionKey", NULL, false},
                 {"transactionKey", "\"a/b\"", false},
                 {"paymentKey", "null", false},
                 {"orderId", "\"\"", false},
                 {"status", "\"PAID\"", false},
                 {"status", "\"PARTIAL_CANCELED\"", true},
                 {"transactionAt", NULL, false},
                 {"transactionAt", "\"2026-01-02\"", false},
                 {"currency", NULL, false},
                 {"amount", NULL, false},
                 {"amount", "\"1\"", false},
                 {"amount", "0.5", false},
                 {"amount", "1e13", false},
                 {"amount", "-5e3", true},
                 {"mId", "[1]", true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char page[1024];
        char *entry = with_member(ENTRY, cases[i].name, cases[i].value);
        snprintf(page, sizeof(page), "[" ENTRY ",%s]", entry);
        free(entry);
        const enum svc_status status = parse(page, &count);
        if (status != (cases[i].is_good ? SVC_OK : SVC_MALFORMED)) {
            fail_msg("%s: %s: %s", cases[i].name, cases[i].value, svc_status_name(status));
        }
        assert_int_equal(kept_count, cases[i].is_good ? 2 : 0); /* all or nothing */
        assert_int_equal(kept.amount_won, 5000);
    }
    static const char *const bad[] = {"",    "null",  "{}",      "[1]", "[[]]",
                                      "[{}", "\"a\"", "[" ENTRY, ENTRY, "[" ENTRY "],"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(parse(bad[i], &count), SVC_MALFORMED);
        assert_int_equal(count, 0);
    }
    static char large[WEBHOOK_MAX_TOSS_BYTES + 2];
    char *end = large;
    for (int i = 0; i <= WEBHOOK_TOSS_PAGE; i++) {
        end += sprintf(end, "%s%s", i == 0 ? "[" : ",", ENTRY);
    }
    strcpy(end, "]");
    assert_int_equal(parse(large, &count), SVC_TOO_LARGE);
    memset(large, ' ', sizeof(large) - 1);
    assert_int_equal(parse(large, &count), SVC_TOO_LARGE);
}

/* One in another currency, with cents, hides none of the others. */
static void test_another_currency_is_marked(void **state) {
    (void)state;
    size_t count;
    char *foreign = with_member(ENTRY, "currency", "\"USD\"");
    char *cents = with_member(foreign, "amount", "10.5");
    char both[1024];
    snprintf(both, sizeof(both), "[" ENTRY ",%s]", cents);
    free(foreign);
    free(cents);
    assert_int_equal(parse(both, &count), SVC_OK);
    assert_int_equal(kept_count, 2);
    assert_false(kept.is_won);
    assert_int_equal(kept.amount_won, 0);
}

static enum svc_status list_in(int64_t from_ms, int64_t to_ms, size_t max_count, size_t most) {
    kept_count = 0;
    most_kept = most;
    f.client.failures = 0;
    return webhook_toss_transactions(&f.client, KEY_CANARY, from_ms, to_ms, max_count,
                                     svc_deadline_in(&f.clock.clock, 60000), keep, NULL, &error);
}

static void test_all_pages_are_listed(void **state) {
    (void)state;
    static const int counts[] = {0, 1, 99, 100, 101, 200, 250};
    for (size_t i = 0; i < COUNT(counts); i++) {
        set_many(counts[i]);
        assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_OK);
        assert_int_equal(kept_count, counts[i]);
        assert_int_equal(toss_requests(), counts[i] / WEBHOOK_TOSS_PAGE + 1);
    }
    assert_string_equal(toss_request(0, "path"), "/v1/transactions?startDate=2026-01-02T00:00:00"
                                                 "&endDate=2026-01-02T23:59:59&limit=100");
    assert_string_equal(toss_request(2, "path"),
                        "/v1/transactions?startDate=2026-01-02T00:00:00"
                        "&endDate=2026-01-02T23:59:59&limit=100&startingAfter=T-199");
    /* The second at the end does not belong to it; who wants no more gets no more. */
    assert_int_equal(list_in(FROM_MS + 10000, FROM_MS + 20000, 1000, SIZE_MAX), SVC_OK);
    assert_int_equal(kept_count, 10);
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, 3), SVC_OK);
    assert_int_equal(kept_count, 3);
    assert_int_equal(list_in(FROM_MS, TO_MS, 250, SIZE_MAX), SVC_OK);
    assert_int_equal(list_in(FROM_MS, TO_MS, 249, SIZE_MAX), SVC_TOO_LARGE);
    assert_int_equal(list_in(TO_MS, TO_MS, 10, SIZE_MAX), SVC_INVALID_ARGUMENT);
}

/* Waits take no time here. */
static void test_a_page_that_fails_is_asked_for_again(void **state) {
    (void)state;
    set_many(150);
    toss_set("fault 500 2");
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_OK);
    assert_int_equal(kept_count, 150);
    assert_int_equal(toss_requests(), 4);
    assert_int_equal(f.clock.sleeps, 2);
    toss_set("fault 503 3");
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_SERVER_ERROR);
    assert_int_equal(toss_requests(), 3);
    toss_set("fault 400 1");
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_REJECTED);
    toss_set("fault 401 1");
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_ACCESS_DENIED);
    toss_set("fault html 1");
    assert_int_equal(list_in(FROM_MS, TO_MS, 1000, SIZE_MAX), SVC_BAD_RESPONSE);
    assert_int_equal(toss_requests(), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_read_strictly),
        cmocka_unit_test(test_another_currency_is_marked),
        TOSS_TEST(test_all_pages_are_listed),
        TOSS_TEST(test_a_page_that_fails_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, toss_start, toss_stop);
}
