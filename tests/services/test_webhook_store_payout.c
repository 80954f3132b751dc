/* Payouts: whatever the order of arrival, the same row. */
#include "tests/services/webhook_store_support.h"

#define DAY_MS INT64_C(86400000)

static struct webhook_toss_event event_of(const char *event_id, enum webhook_payout_status status,
                                          int64_t created_at_ms) {
    struct webhook_toss_event event = {.kind = WEBHOOK_TOSS_PAYOUT_CHANGED,
                                       .created_at_ms = created_at_ms};
    snprintf(event.event_id, sizeof(event.event_id), "%s", event_id);
    snprintf(event.payout.payout_id, sizeof(event.payout.payout_id), "FPA-1");
    snprintf(event.payout.reference, sizeof(event.payout.reference), "ours-1");
    snprintf(event.payout.seller_id, sizeof(event.payout.seller_id), "seller-1");
    event.payout.status = status;
    event.payout.amount_won = 30000;
    return event;
}

static struct webhook_stored stored_event(const struct webhook_toss_event *event) {
    struct webhook_stored stored;
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (webhook_store_payout(&store, event, "request-1", &stored, &error) != SVC_OK) {
        print_error("%s\n", db_error_text(&error, text));
        fail();
    }
    return stored;
}

static enum webhook_stored_outcome put(const char *event_id, enum webhook_payout_status status,
                                       int64_t created_at_ms) {
    const struct webhook_toss_event event = event_of(event_id, status, created_at_ms);
    return stored_event(&event).outcome;
}

static void a_payout_is_stored_and_moved(void **state) {
    (void)state;
    assert_int_equal(put("e1", WEBHOOK_PAYOUT_REQUESTED, NOW_MS - DAY_MS), WEBHOOK_STORED);
    assert_sql("FPA-1\tours-1\tseller-1\tscheduled\t30000\t2026-09-20 14:13:20.000000\t2026-09-21 "
               "14:13:20.000000",
               "SELECT * FROM payouts");
    assert_sql("toss\tpayout.changed:e1\tNULL\trequest-1",
               "SELECT sender, event_key, order_id, request_id FROM inbox");
    assert_int_equal(put("e1", WEBHOOK_PAYOUT_COMPLETED, NOW_MS), WEBHOOK_STORED_BEFORE);
    assert_int_equal(put("e2", WEBHOOK_PAYOUT_IN_PROGRESS, NOW_MS - 5), WEBHOOK_STORED);
    assert_int_equal(put("e3", WEBHOOK_PAYOUT_COMPLETED, NOW_MS), WEBHOOK_STORED);
    assert_sql("paid\t2026-09-21 14:13:20.000000", "SELECT state, changed_at FROM payouts");
    /* Late ones change nothing, even if they claim to be newer. */
    assert_int_equal(put("e4", WEBHOOK_PAYOUT_REQUESTED, NOW_MS + 9), WEBHOOK_STORED);
    assert_int_equal(put("e5", WEBHOOK_PAYOUT_COMPLETED, NOW_MS + 9), WEBHOOK_STORED);
    assert_sql("paid\t2026-09-21 14:13:20.000000", "SELECT state, changed_at FROM payouts");
}

static void a_final_state_comes_in_any_order(void **state) {
    (void)state;
    assert_int_equal(put("e3", WEBHOOK_PAYOUT_CANCELED, NOW_MS), WEBHOOK_STORED);
    assert_int_equal(put("e1", WEBHOOK_PAYOUT_REQUESTED, NOW_MS - 9), WEBHOOK_STORED);
    assert_sql("failed", "SELECT state FROM payouts");
    store_fresh(NULL);
    assert_int_equal(put("e1", WEBHOOK_PAYOUT_REQUESTED, NOW_MS), WEBHOOK_STORED);
    assert_int_equal(put("e3", WEBHOOK_PAYOUT_FAILED, NOW_MS - 9), WEBHOOK_STORED);
    assert_sql("failed", "SELECT state FROM payouts");
}

static void assert_refused(const struct webhook_toss_event *event,
                           enum webhook_stored_outcome expected) {
    char *before = all_tables();
    assert_int_equal(stored_event(event).outcome, expected);
    char *after = all_tables();
    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void what_contradicts_is_refused(void **state) {
    (void)state;
    put("e1", WEBHOOK_PAYOUT_COMPLETED, NOW_MS);
    struct webhook_toss_event event = event_of("e2", WEBHOOK_PAYOUT_FAILED, NOW_MS + 1);
    assert_refused(&event, WEBHOOK_STORED_IMPOSSIBLE);
    event.payout.status = WEBHOOK_PAYOUT_COMPLETED;
    event.payout.amount_won = 30001;
    assert_refused(&event, WEBHOOK_STORED_CONFLICT);
    event.payout.amount_won = 30000;
    event.payout.seller_id[0] = 'S';
    assert_refused(&event, WEBHOOK_STORED_CONFLICT);
    event.payout.seller_id[0] = 's';
    event.payout.reference[0] = 'O';
    assert_refused(&event, WEBHOOK_STORED_CONFLICT);
    event.payout.reference[0] = 'o';
    assert_int_equal(stored_event(&event).outcome, WEBHOOK_STORED);
}

static void only_payouts_are_taken(void **state) {
    (void)state;
    struct webhook_toss_event event = event_of("e1", WEBHOOK_PAYOUT_COMPLETED, NOW_MS);
    struct webhook_stored stored;
    struct db_error error;
    event.kind = WEBHOOK_TOSS_SELLER_CHANGED;
    assert_int_equal(webhook_store_payout(&store, &event, "r", &stored, &error),
                     SVC_INVALID_ARGUMENT);
    assert_sql("0", "SELECT COUNT(*) FROM inbox");
}

/* BEGIN, inbox, insert, select, update, COMMIT. */
static void a_cut_at_each_step_changes_nothing(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    struct db *proxied = db_of(&f);
    put("e1", WEBHOOK_PAYOUT_REQUESTED, NOW_MS - 1);
    put("e2", WEBHOOK_PAYOUT_COMPLETED, NOW_MS);
    char *expected = all_tables();
    for (size_t kind = 0; kind < 2; kind++) {
        for (int step = 1; step <= 6; step++) {
            struct webhook_stored stored;
            struct db_error error;
            const struct webhook_toss_event event =
                event_of("e2", WEBHOOK_PAYOUT_COMPLETED, NOW_MS);
            db_disconnect(proxied);
            store_fresh(NULL);
            db_secrets_reset(&f, true);
            store.db = proxied;
            put("e1", WEBHOOK_PAYOUT_REQUESTED, NOW_MS - 1);
            put("e2", WEBHOOK_PAYOUT_COMPLETED, NOW_MS);
            db_sql(&f, "DELETE FROM inbox WHERE event_key LIKE '%%e2'");
            db_sql(&f, "UPDATE payouts SET state = 'scheduled'");
            db_command_of(&f, "cut %s %d", kinds[kind], step);
            const enum svc_status status =
                webhook_store_payout(&store, &event, "request-1", &stored, &error);
            assert_int_equal(status == SVC_OK, !(kind == 0 && step == 6));
            assert_false(error.maybe_done);
            db_command_of(&f, "cut no");
            store.db = db;
            assert_int_equal(put("e2", WEBHOOK_PAYOUT_COMPLETED, NOW_MS),
                             status == SVC_OK ? WEBHOOK_STORED_BEFORE : WEBHOOK_STORED);
            char *tables = all_tables();
            assert_string_equal(tables, expected);
            free(tables);
        }
    }
    free(expected);
    db_destroy(proxied);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_payout_is_stored_and_moved),
        STORE_TEST(a_final_state_comes_in_any_order),
        STORE_TEST(what_contradicts_is_refused),
        STORE_TEST(only_payouts_are_taken),
        STORE_TEST(a_cut_at_each_step_changes_nothing),
    };
    return cmocka_run_group_tests(tests, store_start, store_stop);
}
