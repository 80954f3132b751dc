/* Reconciliation: the comparison against a model, Toss's list page by page, and whole runs against
 * a MariaDB server and a Toss that disagree in every way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/reconcile.h"
#include "services/webhook/reconcile_compare.h"
#include "tests/services/webhook_tables_support.h"
#include "tests/services/webhook_toss_support.h"
#include "tests/support/random.h"

static struct db_fixture server;
static struct db *db;
static struct svc_error error;

static int start(void **state) {
    if (toss_start(state) != 0 || !db_fixture_start(&server)) {
        return -1;
    }
    db = db_of(&server);
    make_table(&server, "0002_order_states");
    make_table(&server, "0004_order_refunds");
    make_table(&server, "0005_order_history");
    return 0;
}

static int stop(void **state) {
    db_destroy(db);
    db_fixture_stop(&server);
    return toss_stop(state);
}

/* ---------------------------------------------------------------------- the comparison */

#define MAX_RECORDS 12

static struct {
    unsigned toss_missing, here_missing, different;
    int64_t sum; /* of the amounts reported, to tell them apart */
} seen;

static void note(void *user, enum webhook_difference difference, const struct webhook_record *toss,
                 const struct webhook_record *stored) {
    (void)user;
    assert_int_equal(toss == NULL, difference == WEBHOOK_MISSING_AT_TOSS);
    assert_int_equal(stored == NULL, difference == WEBHOOK_MISSING_HERE);
    seen.toss_missing += difference == WEBHOOK_MISSING_AT_TOSS;
    seen.here_missing += difference == WEBHOOK_MISSING_HERE;
    seen.different += difference == WEBHOOK_DIFFERENT_AMOUNTS;
    seen.sum += (toss != NULL ? toss->amount_won : 0) + (stored != NULL ? stored->amount_won : 0);
}

/* A subset of few orders and ids, sorted and each once; times from 0 to 9. */
static size_t draw(uint64_t *random, struct webhook_record *records) {
    size_t count = 0;
    for (unsigned order = 0; order < 4; order++) {
        for (unsigned id = 0; id < 3; id++) {
            if (random_between(random, 0, 1) == 0) {
                struct webhook_record *record = &records[count++];
                memset(record, 0, sizeof(*record));
                snprintf(record->order_id, sizeof(record->order_id), "O%.*s", (int)order, "---");
                snprintf(record->id, sizeof(record->id), "%.*s", (int)id, "TT");
                record->amount_won = (int64_t)random_between(random, 1, 2)
                                     << (2 * (order * 3 + id));
                record->time_ms = random_between(random, 0, 9);
            }
        }
    }
    qsort(records, count, sizeof(*records), webhook_record_compare);
    return count;
}

static bool is_inside(const struct webhook_record *record) {
    return record->time_ms >= 3 && record->time_ms < 7;
}

static const struct webhook_record *find(const struct webhook_record *records, size_t count,
                                         const struct webhook_record *like) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].order_id, like->order_id) == 0 &&
            strcmp(records[i].id, like->id) == 0) {
            return &records[i];
        }
    }
    return NULL;
}

static void test_the_comparison_is_that_of_a_model(void **state) {
    (void)state;
    uint64_t random = 20261128;
    unsigned all = 0;
    for (int run = 0; run < 20000; run++) {
        struct webhook_record toss[MAX_RECORDS], stored[MAX_RECORDS];
        const size_t toss_count = draw(&random, toss), count = draw(&random, stored);
        unsigned toss_missing = 0, here_missing = 0, different = 0;
        int64_t sum = 0;
        for (size_t i = 0; i < toss_count; i++) {
            const struct webhook_record *other = find(stored, count, &toss[i]);
            if (other == NULL && is_inside(&toss[i])) {
                here_missing++;
                sum += toss[i].amount_won;
            } else if (other != NULL && other->amount_won != toss[i].amount_won &&
                       (is_inside(&toss[i]) || is_inside(other))) {
                different++;
                sum += toss[i].amount_won + other->amount_won;
            }
        }
        for (size_t i = 0; i < count; i++) {
            if (find(toss, toss_count, &stored[i]) == NULL && is_inside(&stored[i])) {
                toss_missing++;
                sum += stored[i].amount_won;
            }
        }
        struct webhook_comparison comparison = {
            .records = toss, .count = toss_count, .from_ms = 3, .to_ms = 7, .report = note};
        memset(&seen, 0, sizeof(seen));
        for (size_t i = 0; i < count; i++) {
            webhook_compare_next(&comparison, &stored[i]);
        }
        webhook_compare_next(&comparison, NULL);
        assert_int_equal(seen.toss_missing, toss_missing);
        assert_int_equal(seen.here_missing, here_missing);
        assert_int_equal(seen.different, different);
        assert_int_equal(seen.sum, sum);
        all += toss_missing + here_missing + different;
    }
    assert_true(all > 20000);
}

static void test_the_day_that_ended_last(void **state) {
    (void)state;
    static const struct {
        const char *now;
        int64_t delay_ms;
        const char *from, *date;
    } cases[] = {
        {"2026-01-03T00:00:00+09:00", 0, "2026-01-02T00:00:00+09:00", "2026-01-02"},
        {"2026-01-02T23:59:59.999+09:00", 0, "2026-01-01T00:00:00+09:00", "2026-01-01"},
        {"2026-01-03T05:59:59+09:00", 21600000, "2026-01-01T00:00:00+09:00", "2026-01-01"},
        {"2026-01-03T06:00:00+09:00", 21600000, "2026-01-02T00:00:00+09:00", "2026-01-02"},
        {"2026-01-02T15:00:00Z", 0, "2026-01-02T00:00:00+09:00", "2026-01-02"},
        {"2026-01-02T14:59:59Z", 0, "2026-01-01T00:00:00+09:00", "2026-01-01"},
        {"2026-03-01T00:00:00+09:00", 0, "2026-02-28T00:00:00+09:00", "2026-02-28"},
        {"2025-01-01T08:00:00+09:00", 0, "2024-12-31T00:00:00+09:00", "2024-12-31"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t now_ms, expected_ms, from_ms, to_ms;
        char date[WEBHOOK_DAY_BYTES];
        assert_true(svc_parse_iso8601(cases[i].now, &now_ms));
        assert_true(svc_parse_iso8601(cases[i].from, &expected_ms));
        webhook_reconcile_day(now_ms, cases[i].delay_ms, &from_ms, &to_ms, date);
        assert_int_equal(from_ms, expected_ms);
        assert_int_equal(to_ms, expected_ms + 86400000);
        assert_string_equal(date, cases[i].date);
    }
}

/* ---------------------------------------------------------------------- whole runs */

static struct webhook_reconciled result;
static struct svc_buf report;

static enum svc_status reconcile(void) {
    const struct webhook_reconciliation run = {.toss = &f.client,
                                               .secret_key = KEY_CANARY,
                                               .db = db,
                                               .clock = &f.clock.clock,
                                               .log = &f.log.log,
                                               .from_ms = FROM_MS,
                                               .to_ms = TO_MS,
                                               .deadline_ms =
                                                   svc_deadline_in(&f.clock.clock, 60000)};
    svc_buf_clear(&report);
    svc_buf_init(&report, WEBHOOK_MAX_REPORT_BYTES);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 60000));
    const enum svc_status status = webhook_reconcile(&run, &result, &report, &error);
    assert_nothing_leaked(error.detail);
    return status;
}

static int setup(void **state) {
    db_sql(&server, "USE shop; DELETE FROM order_states; DELETE FROM order_refunds; "
                    "DELETE FROM order_history");
    return toss_setup(state);
}

static int teardown(void **state) {
    svc_buf_clear(&report);
    return toss_teardown(state);
}

/* A stored payment, its sender, and a time of 2026-01-02 in UTC ("2026-01-01 15:00:00" is the
 * begin).
 */
static void put_payment(const char *order, int won, const char *state, const char *at,
                        const char *sender) {
    db_sql(
        &server,
        "USE shop; INSERT INTO order_states (order_id, payment_state, paid_won, paid_at, "
        "updated_at) VALUES ('%s', '%s', %d, '%s', NOW(6)); INSERT INTO order_history (order_id, "
        "sender, event_key, subject, subject_id, event, outcome, state_before, state_after, "
        "received_at) VALUES ('%s', '%s', 'k', 'payment', '', 'completed', 'moved', 'unpaid', "
        "'paid', NOW(6))",
        order, state, won, at, order, sender);
}

static void put_refund(const char *order, const char *id, int won, const char *at) {
    db_sql(&server,
           "USE shop; INSERT INTO order_refunds (order_id, refund_id, state, amount_won, "
           "processed_at, updated_at) VALUES ('%s', '%s', 'completed', %d, '%s', NOW(6)); INSERT "
           "INTO order_history (order_id, sender, event_key, subject, subject_id, event, outcome, "
           "state_before, state_after, received_at) VALUES ('%s', 'toss', 'k', 'refund', '%s', "
           "'completed', 'moved', 'unknown', 'completed', NOW(6))",
           order, id, won, at, order, id);
}

/* "key order status amount time" with blanks; NULL at the end. The times are KST; an amount below 0
 * is in dollars. */
static void set_transactions(const char *const *entries) {
    static char line[64 * 1024];
    char *end = line + sprintf(line, "transactions [");
    for (size_t i = 0; entries[i] != NULL; i++) {
        char key[32], order[32], status[32], at[32];
        int won;
        assert_int_equal(sscanf(entries[i], "%31s %31s %31s %d %31s", key, order, status, &won, at),
                         5);
        end +=
            sprintf(end,
                    "%s{\"transactionKey\":\"%s\",\"paymentKey\":\"p-%s\",\"orderId\":\"%s\","
                    "\"status\":\"%s\",\"transactionAt\":\"%s+09:00\",\"currency\":\"%s\","
                    "\"amount\":%d}",
                    i == 0 ? "" : ",", key, order, order, status, at, won < 0 ? "USD" : "KRW", won);
    }
    strcpy(end, "]");
    toss_set(line);
}

static void assert_listed(const char *difference, const char *subject, const char *order,
                          const char *key, int toss_won, int stored_won) {
    char text[256];
    snprintf(
        text, sizeof(text),
        "{\"difference\":\"%s\",\"subject\":\"%s\",\"orderId\":\"%s\",\"transactionKey\":\"%s\","
        "\"tossWon\":%d,\"storedWon\":%d,",
        difference, subject, order, key, toss_won, stored_won);
    if (strstr(svc_buf_text(&report), text) == NULL) {
        fail_msg("%s is not in %s", text, svc_buf_text(&report));
    }
}

static void test_what_agrees_is_no_difference(void **state) {
    (void)state;
    static const char *const toss[] = {
        "T-1 O-1 DONE 5000 2026-01-02T00:00:00",
        "T-2 O-2 DONE 100 2026-01-02T23:59:59",
        "T-3 O-3 WAITING_FOR_DEPOSIT 700 2026-01-02T10:00:00", /* not paid yet */
        "T-4 O-4 WAITING_FOR_DEPOSIT 800 2026-01-02T10:00:00",
        "T-5 O-4 DONE 800 2026-01-02T11:00:00",
        "T-6 O-5 DONE 900 2026-01-02T10:00:00",
        "T-7 O-5 WAITING_FOR_DEPOSIT 900 2026-01-02T11:00:00", /* a deposit that was an error */
        "T-8 O-1 PARTIAL_CANCELED 1000 2026-01-02T12:00:00",
        "T-9 O-1 CANCELED 4000 2026-01-02T13:00:00",
        "T-a O-6 CANCELED 300 2026-01-02T13:00:00", /* an account closed before its deposit */
        "T-b O-7 DONE 50 2026-01-01T23:55:00",      /* the margin's: no business of this day */
        "T-c O-8 DONE 60 2026-01-02T15:00:00",      /* stored, with another time */
        "T-d O-9 DONE 70 2026-01-02T15:00:00",      /* stored by the platform's own webhook */
        "T-f O-x DONE -20 2026-01-02T15:00:00",
        "T-e O-0 ABORTED 70 2026-01-02T15:00:00",
        NULL};
    set_transactions(toss);
    put_payment("O-1", 5000, "cancelled", "2026-01-01 15:00:00", "toss");
    put_payment("O-2", 100, "paid", "2026-01-02 15:00:01", "toss"); /* a second later here */
    put_payment("O-4", 800, "paid", "2026-01-02 02:00:00", "toss");
    put_payment("O-5", 0, "pending", "2026-01-02 01:00:00", "toss");
    put_payment("O-6", 0, "cancelled", "2026-01-02 01:00:00", "toss");
    put_payment("O-8", 60, "paid", "2026-02-02 01:00:00", "toss");
    put_payment("O-9", 70, "paid", "2026-01-02 06:00:00", "platform");
    put_payment("O-k", 11, "paid", "2026-01-02 06:00:00", "platform"); /* by another provider */
    put_refund("O-1", "T-8", 1000, "2026-01-02 03:00:00");
    put_refund("O-1", "T-9", 4000, "2026-01-02 04:00:00");
    assert_int_equal(reconcile(), SVC_OK);
    assert_string_equal(
        svc_buf_text(&report),
        "{\"from\":\"2026-01-01T15:00:00.000Z\",\"to\":\"2026-01-02T15:00:00.000Z\","
        "\"differences\":[],\"payments\":5,\"refunds\":3,\"otherCurrencies\":1,\"missingHere\":0,"
        "\"missingAtToss\":0,"
        "\"differentAmounts\":0,\"isComplete\":true}");
    assert_null(strstr(svc_buf_text(&f.log.lines), "WARN"));
}

static void test_each_difference_is_listed(void **state) {
    (void)state;
    static const char *const toss[] = {"T-1 O-1 DONE 5000 2026-01-02T10:00:00",
                                       "T-2 O-2 DONE 100 2026-01-02T10:00:00",
                                       "T-3 O-3 DONE 300 2026-01-02T10:00:00",
                                       "T-4 O-3 PARTIAL_CANCELED 30 2026-01-02T11:00:00",
                                       "T-5 O-3 PARTIAL_CANCELED 40 2026-01-02T12:00:00",
                                       "T-6 O-5 DONE 900 2026-01-02T10:00:00",
                                       NULL};
    set_transactions(toss);
    put_payment("O-2", 99, "paid", "2026-01-02 01:00:00", "toss");
    put_payment("O-3", 300, "paid", "2026-01-02 01:00:00", "toss");
    put_payment("O-4", 444, "paid", "2026-01-02 01:00:00", "toss");
    put_payment("O-5", 0, "pending", "2026-01-02 01:00:00", "toss");
    put_refund("O-3", "T-5", 41, "2026-01-02 03:00:00");
    put_refund("O-3", "T-x", 7, "2026-01-02 03:00:00");
    assert_int_equal(reconcile(), SVC_OK);
    assert_int_equal(result.payments, 4);
    assert_int_equal(result.refunds, 2);
    assert_int_equal(result.differences[WEBHOOK_MISSING_HERE], 3);
    assert_int_equal(result.differences[WEBHOOK_MISSING_AT_TOSS], 2);
    assert_int_equal(result.differences[WEBHOOK_DIFFERENT_AMOUNTS], 2);
    assert_listed("missing_here", "payment", "O-1", "", 5000, 0);
    assert_listed("different_amounts", "payment", "O-2", "", 100, 99);
    assert_listed("missing_at_toss", "payment", "O-4", "", 0, 444);
    assert_listed("missing_here", "payment", "O-5", "", 900, 0);
    assert_listed("missing_here", "refund", "O-3", "T-4", 30, 0);
    assert_listed("different_amounts", "refund", "O-3", "T-5", 40, 41);
    assert_listed("missing_at_toss", "refund", "O-3", "T-x", 0, 7);
    size_t lines = 0;
    for (const char *at = svc_buf_text(&f.log.lines); (at = strstr(at, "WARN")) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, 7);
    /* And nothing was changed. */
    assert_string_equal(
        db_sql(&server, "USE shop; SELECT COUNT(*), SUM(paid_won) FROM order_states"), "4\t843");
}

/* What the twin posts, one page at a time: the same, but for what Toss does not list. */
static void test_a_page_from_the_twin(void **state) {
    (void)state;
    static const char page[] =
        "[{\"transactionKey\":\"T-1\",\"paymentKey\":\"p\",\"orderId\":\"O-1\",\"status\":\"DONE\","
        "\"transactionAt\":\"2026-01-02T10:00:00+09:00\",\"currency\":\"KRW\",\"amount\":5000},"
        "{\"transactionKey\":\"T-2\",\"paymentKey\":\"p\",\"orderId\":\"O-2\",\"status\":\"DONE\","
        "\"transactionAt\":\"2026-01-02T10:00:00+09:00\",\"currency\":\"KRW\",\"amount\":100},"
        "{\"transactionKey\":\"T-3\",\"paymentKey\":\"p\",\"orderId\":\"O-2\","
        "\"status\":\"PARTIAL_CANCELED\",\"transactionAt\":\"2026-01-02T10:00:00+09:00\","
        "\"currency\":\"KRW\",\"amount\":40},"
        "{\"transactionKey\":\"T-4\",\"paymentKey\":\"p\",\"orderId\":\"O-2\","
        "\"status\":\"PARTIAL_CANCELED\",\"transactionAt\":\"2026-01-02T11:00:00+09:00\","
        "\"currency\":\"KRW\",\"amount\":50}]";
    const struct webhook_reconciliation run = {
        .db = db, .clock = &f.clock.clock, .log = &f.log.log};
    put_payment("O-2", 99, "paid", "2026-01-02 01:00:00", "toss");
    put_payment("O-3", 300, "paid", "2026-01-02 01:00:00", "toss");
    put_refund("O-2", "T-4", 50, "2026-01-02 02:00:00");
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 60000));
    assert_int_equal(webhook_reconcile_page(&run, page, strlen(page), &result, &error), SVC_OK);
    assert_int_equal(result.payments, 2);
    assert_int_equal(result.refunds, 2);
    assert_int_equal(result.differences[WEBHOOK_MISSING_HERE], 2);
    assert_int_equal(result.differences[WEBHOOK_MISSING_AT_TOSS], 0);
    assert_int_equal(result.differences[WEBHOOK_DIFFERENT_AMOUNTS], 1);
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "\"transactionKey\":\"T-3\""));
    assert_int_equal(webhook_reconcile_page(&run, "[]", 2, &result, &error), SVC_OK);
    assert_int_equal(webhook_reconcile_page(&run, "{}", 2, &result, &error), SVC_MALFORMED);
    assert_int_equal(webhook_reconcile_page(&run, "", 0, &result, &error), SVC_MALFORMED);
}

static void test_only_so_many_differences_are_listed(void **state) {
    (void)state;
    set_many(WEBHOOK_MAX_DIFFERENCES + 1);
    assert_int_equal(reconcile(), SVC_OK);
    assert_int_equal(result.differences[WEBHOOK_MISSING_HERE], WEBHOOK_MAX_DIFFERENCES + 1);
    assert_non_null(strstr(svc_buf_text(&report), "\"missingHere\":1001"));
    assert_non_null(strstr(svc_buf_text(&report), "\"isComplete\":false"));
}

static void test_a_run_that_fails(void **state) {
    (void)state;
    toss_set("fault 401 1");
    assert_int_equal(reconcile(), SVC_ACCESS_DENIED);
    set_many(1);
    db_sql(&server, "USE shop; RENAME TABLE order_refunds TO order_refunds_away");
    const enum svc_status status = reconcile();
    db_sql(&server, "USE shop; RENAME TABLE order_refunds_away TO order_refunds");
    assert_int_not_equal(status, SVC_OK);
    assert_non_null(strstr(error.detail, "the stored orders cannot be read"));
    assert_int_equal(reconcile(), SVC_OK);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_comparison_is_that_of_a_model),
        cmocka_unit_test(test_the_day_that_ended_last),
        TEST(test_what_agrees_is_no_difference),
        TEST(test_each_difference_is_listed),
        TEST(test_a_page_from_the_twin),
        TEST(test_only_so_many_differences_are_listed),
        TEST(test_a_run_that_fails),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
