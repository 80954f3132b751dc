/* Events on three platforms, by the function's own account with the documented rights: nothing but
 * the platforms' .sql files differs. */
#include "services/webhook/outbox.h"
#include "services/webhook/store_rows.h"
#include "tests/services/platforms/platform.h"
#include "tests/services/webhook_store_support.h"

/* Order 6: 15,600 won, two lines, a customer who reads English. */
#define ORDER "ORD-000006"
#define TOTAL 15600

static struct db *function, *rival;

static void log_in_as(const char *user) {
    db_secrets_reset(&f, false);
    f.secrets.user = user;
}

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db_sql(&f, "CREATE USER webhook_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "CREATE USER webhook@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'");
    function = db_of(&f);
    rival = db_of(&f);
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_destroy(function);
    db_destroy(rival);
    db_fixture_stop(&f);
    return 0;
}

static void load(const char *platform) {
    db_disconnect(function);
    db_disconnect(rival);
    platform_load(&f, platform, 120);
    db_sql(&f, "source services/webhook/sql/rights/1_migration.sql");
    log_in_as("webhook_migration");
    struct db *migration = db_of(&f);
    platform_migrate(migration, platform);
    db_destroy(migration);
    db_sql(&f, "source services/webhook/sql/rights/2_function.sql");
    log_in_as("webhook");
    test_clock_init(&wall, NOW_MS);
    store = (struct webhook_store){
        .db = function, .clock = &wall.clock, .log = &f.log.log, .claim_ms = 60000};
    db_set_deadline(function, svc_deadline_in(svc_clock_system(), 30000));
    db_set_deadline(rival, svc_deadline_in(svc_clock_system(), 30000));
}

static struct webhook_stored of_order(const char *order_id, const char *key,
                                      struct webhook_step step) {
    struct webhook_change change = change_of(key, &step, 1);
    change.order_id = order_id;
    return stored_of(&change);
}

/* The lines in the platform's order; names differ. */
static void check_confirmation(void) {
    assert_sql("order-" ORDER "-paid", "SELECT message_id FROM outbox");
    assert_sql("customer6@example.com\ten\t2\t10600\t2\t2500\t15600",
               "SELECT JSON_VALUE(body, '$.toEmail'), JSON_VALUE(body, '$.language'), "
               "JSON_LENGTH(body, '$.data.items'), JSON_VALUE(body, '$.data.items[0].price'), "
               "JSON_VALUE(body, '$.data.items[1].quantity'), "
               "JSON_VALUE(body, '$.data.items[1].price'), JSON_VALUE(body, '$.data.totalAmount') "
               "FROM outbox");
}

static void an_order_is_paid_shipped_and_refunded(const char *platform) {
    load(platform);
    assert_int_equal(of_order(ORDER, "p0", pay(WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL - 1)).outcome,
                     WEBHOOK_STORED_CONFLICT);
    assert_int_equal(of_order("ord-000006", "p0", pay(WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL)).outcome,
                     WEBHOOK_STORED_NO_ORDER);
    const struct webhook_stored paid =
        of_order(ORDER, "p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL));
    assert_int_equal(paid.outcome, WEBHOOK_STORED);
    assert_int_equal(paid.mail_count, 1);
    check_confirmation();
    assert_sql("paid", "SELECT payment_state FROM webhook_orders WHERE order_id = '" ORDER "'");
    assert_int_equal(of_order(ORDER, "s1", ship(WEBHOOK_ON_PREPARING, "")).outcome, WEBHOOK_STORED);
    assert_int_equal(of_order(ORDER, "s2", ship(WEBHOOK_ON_IN_TRANSIT, "T-1")).mail_count, 1);
    assert_sql("T-1\tin_transit", "SELECT tracking_number, state FROM order_parcels");
    assert_int_equal(of_order(ORDER, "r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 600)).outcome,
                     WEBHOOK_STORED);
    /* What the platform shows now is none of its business. */
    assert_int_equal(
        of_order(ORDER, "r2", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-2", TOTAL - 600)).outcome,
        WEBHOOK_STORED);
    assert_sql("paid\t15600\t15600\t1",
               "SELECT payment_state, paid_won, refunded_won, is_shipped FROM order_states");
    assert_sql("cancelled",
               "SELECT payment_state FROM webhook_orders WHERE order_id = '" ORDER "'");
    assert_sql("2", "SELECT COUNT(*) FROM outbox");
}

/* Another order's event in progress, of whichever subject, is not waited for: the statement that
 * locks uses the platform's index. */
static void orders_do_not_wait_for_each_other(void) {
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 64}};
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(db_begin(rival, NULL, &error), SVC_OK);
    assert_int_equal(db_run_values(rival,
                                   "SELECT o.order_id FROM webhook_orders o WHERE o.order_id = "
                                   "'ORD-000007' FOR UPDATE",
                                   columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.rows, 1);
    const struct db_counts before = db_counts(function);
    of_order("ORD-000008", "p8", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 15800));
    of_order("ORD-000008", "s8", ship(WEBHOOK_ON_IN_TRANSIT, "T-8"));
    of_order("ORD-000008", "r8", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-8", 1));
    assert_int_equal(db_counts(function).retries, before.retries); /* no lock wait */
    db_rollback(rival);
    db_forget_rows(&kept);
}

/* What the function's account needs beside: payouts and retention. */
static void the_rest_is_allowed(void) {
    struct webhook_toss_event event = {
        .kind = WEBHOOK_TOSS_PAYOUT_CHANGED,
        .created_at_ms = NOW_MS,
        .event_id = "e1",
        .payout = {.payout_id = "FPA-1", .reference = "r", .seller_id = "s", .amount_won = 1}};
    struct webhook_outbox outbox = {.db = function, .clock = &wall.clock};
    struct webhook_outbox_counts counts = {0};
    struct webhook_stored stored;
    struct db_error error;
    uint64_t deleted = 0;
    for (int i = 0; i < 2; i++) {
        event.event_id[1] = (char)('1' + i);
        event.payout.status = i == 0 ? WEBHOOK_PAYOUT_REQUESTED : WEBHOOK_PAYOUT_COMPLETED;
        assert_int_equal(webhook_store_payout(&store, &event, "r", &stored, &error), SVC_OK);
        assert_int_equal(stored.step_outcome, WEBHOOK_MOVED);
    }
    assert_int_equal(webhook_store_purge(&store, 1, 1, 10, &deleted, &error), SVC_OK);
    /* All mails are claimed: none is sent. */
    assert_int_equal(webhook_outbox_sweep(&outbox, SVC_NO_DEADLINE, &counts, &error), SVC_OK);
    assert_true(counts.left > 0);
    bool is_stored = false, is_ours = false;
    assert_int_equal(
        webhook_find_inbox(function, "platform", "p1", "request-1", &is_stored, &is_ours, &error),
        SVC_OK);
    assert_true(is_stored && is_ours);
}

static void all_of_it_on(const char *platform) {
    an_order_is_paid_shipped_and_refunded(platform);
    orders_do_not_wait_for_each_other();
    the_rest_is_allowed();
    assert_null(strstr(svc_buf_text(&f.log.lines), "customer6"));
}

static void a_platform_in_snake_case(void **state) {
    (void)state;
    all_of_it_on("snake_case");
}

static void a_platform_in_camel_case(void **state) {
    (void)state;
    all_of_it_on("camel_case");
}

static void an_invented_platform(void **state) {
    (void)state;
    all_of_it_on("invented");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_platform_in_snake_case),
        cmocka_unit_test(a_platform_in_camel_case),
        cmocka_unit_test(an_invented_platform),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
