/* The ledger with many sellers: how many rows the server reads for each step, which must not grow
 * with the run, and how long a plan and its batches take. TEST_SELLERS in the environment gives
 * another number of sellers. */
#include "services/base/clock.h"
#include "tests/services/ledger_support.h"
#include "tests/services/platforms/platform.h"

#define EVENT_MS (NOW_MS - 60000)
#define BATCH    100

static unsigned sellers;
static int64_t unread; /* rows that the question itself reads */

static int start(void **state) {
    const char *text = getenv("TEST_SELLERS");
    sellers = text != NULL ? (unsigned)strtoul(text, NULL, 10) : 3000;
    return ledger_start(state);
}

/* Rows that this connection's statements have read since it began. */
static int64_t rows_read(void) {
    return db_number(db, "SELECT CAST(SUM(variable_value) AS SIGNED) FROM "
                         "information_schema.session_status WHERE variable_name IN "
                         "('HANDLER_READ_FIRST', 'HANDLER_READ_KEY', 'HANDLER_READ_LAST', "
                         "'HANDLER_READ_NEXT', 'HANDLER_READ_PREV', 'HANDLER_READ_RND', "
                         "'HANDLER_READ_RND_NEXT')");
}

static int64_t read_since(int64_t before) {
    return rows_read() - before - unread;
}

/* Many runs of many sellers, of whom September's were planned by the ledger. */
static struct settle_run set_up(void) {
    struct settle_plan plan = plan_of(&september, EVENT_MS);
    ledger_fresh(NULL);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 100000));
    db_sql(&f,
           "INSERT INTO settlement_lines SELECT CONCAT('seller-', LPAD(seq, 6, '0')), "
           "'2026-09-10' FROM seq_1_to_%u; INSERT INTO settlement_lines SELECT CONCAT('seller-', "
           "LPAD(seq, 6, '0')), '2026-08-10' FROM seq_1_to_%u",
           sellers, sellers);
    struct settle_run run = plan_event(&august, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "seller-000001", 1); /* with a debt */
    plan.carries_debt = true;
    const int64_t begun_ms = svc_monotonic_ms(svc_clock_system());
    run = planned_as(&plan, SETTLE_PLANNED);
    print_message("plan of %u sellers: %lld ms\n", sellers,
                  (long long)(svc_monotonic_ms(svc_clock_system()) - begun_ms));
    assert_int_equal(run.sellers, sellers);
    assert_int_equal(run.open_sellers, sellers);
    db_sql(&f, "ANALYZE TABLE settlement_runs, settlement_reports, settlement_versions");
    const int64_t before = rows_read();
    unread = rows_read() - before;
    return run;
}

static void check_batches(const struct settle_run *run) {
    static char ids[BATCH + 1][SETTLE_MAX_SELLER_ID_BYTES + 1];
    char after[SETTLE_MAX_SELLER_ID_BYTES + 1] = "";
    size_t count = BATCH, total = 0;
    struct svc_error error;
    const int64_t before = rows_read(), begun_ms = svc_monotonic_ms(svc_clock_system());
    while (count == BATCH) {
        assert_int_equal(
            settle_ledger_open_sellers(&ledger, run->run_id, after, "", BATCH, ids, &count, &error),
            SVC_OK);
        total += count;
        if (count > 0) {
            assert_true(strcmp(ids[0], after) > 0);
            memcpy(after, ids[count - 1], sizeof(after));
        }
    }
    print_message("%zu sellers in batches of %d: %lld ms\n", total, BATCH,
                  (long long)(svc_monotonic_ms(svc_clock_system()) - begun_ms));
    assert_int_equal(total, sellers);
    /* One read for a seller, and a few for each batch. */
    assert_in_range(read_since(before), sellers, sellers + sellers / BATCH * 5 + 20);
}

static bool count_seller(void *user, const struct settle_run_seller *seller) {
    size_t *count = user;
    *count += seller->seller_id[0] == 's';
    return true;
}

static void check_summary(const struct settle_run *run) {
    struct svc_error error;
    size_t count = 0;
    const int64_t before = rows_read(), begun_ms = svc_monotonic_ms(svc_clock_system());
    assert_int_equal(settle_ledger_each_seller(&ledger, run, count_seller, &count, &error), SVC_OK);
    print_message("all sellers of the run: %lld ms\n",
                  (long long)(svc_monotonic_ms(svc_clock_system()) - begun_ms));
    assert_int_equal(count, sellers);
    /* The report's row and its version's. */
    assert_in_range(read_since(before), sellers, 2 * sellers + 20);
}

static void steps_read_as_much_of_a_large_run_as_of_a_small_one(void **state) {
    (void)state;
    const struct settle_run run = set_up();
    struct settle_run overdue[2];
    struct settle_finished finished;
    struct settle_version newest;
    struct svc_error error;
    int64_t carried_in_won = 0;
    size_t count = 0;
    int64_t before = rows_read();
    const struct settle_claim claim = claimed(run.run_id, "seller-000001");
    assert_in_range(read_since(before), 1, 20);
    assert_int_equal(claim.carried_in_won, -2);
    const struct settle_version made = version_of(1, 1);
    before = rows_read();
    assert_int_equal(settle_ledger_finish(&ledger, &claim, &made, true, &finished, &error), SVC_OK);
    assert_in_range(read_since(before), 1, 10);
    before = rows_read();
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 1, &error), SVC_OK);
    assert_in_range(read_since(before), 1, 5);
    const struct settle_claim second = claimed(run.run_id, "seller-000002");
    before = rows_read();
    assert_int_equal(settle_ledger_fail(&ledger, &second, "no rate", &finished, &error), SVC_OK);
    assert_in_range(read_since(before), 1, 10);
    before = rows_read();
    assert_int_equal(
        settle_ledger_look(&ledger, &october, "seller-000001", &newest, &carried_in_won, &error),
        SVC_OK);
    assert_in_range(read_since(before), 1, 20);
    before = rows_read();
    assert_int_equal(settle_ledger_overdue(&ledger, NOW_MS + 1, 2, overdue, &count, &error),
                     SVC_OK);
    assert_int_equal(count, 2);
    assert_in_range(read_since(before), 1, 10);
    before = rows_read();
    assert_true(close_run(&run, SETTLE_RUN_INCOMPLETE));
    assert_in_range(read_since(before), 1, 5);
    struct settle_plan plan = plan_of(&september, EVENT_MS);
    before = rows_read();
    planned_as(&plan, SETTLE_GOES_ON);
    assert_in_range(read_since(before), 1, 10);
}

/* Claim, finish, mailed and release: what each seller costs besides its report. */
static void a_report_takes_few_round_trips(void **state) {
    (void)state;
    enum { REPORTS = 100 };
    ledger_fresh(NULL);
    db_sql(&f, "INSERT INTO settlement_lines SELECT seq, '2026-09-10' FROM seq_1_to_%d",
           REPORTS + 1);
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    char id[16];
    make_report(run.run_id, "101", 1); /* prepares the statements */
    const uint64_t before = db_counts(db).round_trips;
    const int64_t begun_ms = svc_monotonic_ms(svc_clock_system());
    for (int i = 1; i <= REPORTS; i++) {
        snprintf(id, sizeof(id), "%d", i);
        assert_int_equal(make_report(run.run_id, id, i), i == REPORTS);
    }
    print_message("%d reports: %lld ms\n", REPORTS,
                  (long long)(svc_monotonic_ms(svc_clock_system()) - begun_ms));
    /* A few more set the server's limit for a statement. */
    assert_in_range(db_counts(db).round_trips - before, 16 * REPORTS, 16 * REPORTS + 10);
}

static void batches_and_summary_read_each_seller_once(void **state) {
    (void)state;
    const struct settle_run run = set_up();
    check_batches(&run);
    check_summary(&run);
}

/* ---------------------------------------------------------------------- real views */

/* Orders of 240 days, ten a day, with their refunds a day later. */
static const struct {
    const char *platform, *settle;
} views[] = {
    {"snake_case",
     "UPDATE orders SET status = 'confirmed', confirmed_at = '2026-01-02' + INTERVAL id * 8640 "
     "SECOND WHERE id <= 2400; INSERT INTO refunds (order_id, amount, status, processed_at) SELECT "
     "id, 100, 'completed', confirmed_at + INTERVAL 1 DAY FROM orders WHERE id <= 2400; ANALYZE "
     "TABLE orders, order_items, refunds, products"},
    {"camel_case",
     "UPDATE `Order` SET orderStatus = 'CONFIRMED', confirmedAt = '2026-01-02' + INTERVAL "
     "SUBSTRING(orderNumber, 5) * 8640 SECOND WHERE orderNumber LIKE 'ORD-%'; INSERT INTO Refund "
     "(id, orderId, amount, status, processedAt) SELECT id, id, 100, 'COMPLETED', confirmedAt + "
     "INTERVAL 1 DAY FROM `Order` WHERE orderNumber LIKE 'ORD-%'; ANALYZE TABLE `Order`, "
     "OrderItem, Refund, Product"},
};

static void a_plan_reads_the_lines_of_its_period_alone(void **state) {
    (void)state;
    struct settle_period day;
    struct svc_error error;
    assert_int_equal(settle_period_parse("2026-01-18", NOW_MS, &day, &error), SVC_OK);
    for (size_t i = 0; i < COUNT(views); i++) {
        db_disconnect(db);
        platform_load(&f, views[i].platform, 2400);
        platform_migrate_settlement(db, views[i].platform);
        db_command_of(&f, "sql %s", views[i].settle);
        const int64_t expected =
            db_number(db, "SELECT COUNT(DISTINCT seller_id) FROM settlement_lines WHERE settled_at "
                          ">= '2026-01-17 15:00:00' AND settled_at < '2026-01-18 15:00:00'");
        const int64_t lines = db_number(db, "SELECT COUNT(*) FROM settlement_lines");
        const int64_t before = rows_read();
        unread = rows_read() - before;
        const int64_t begun = rows_read();
        const struct settle_run run = plan_event(&day, EVENT_MS, SETTLE_PLANNED);
        print_message("%s: %lld lines, a day's plan of %u sellers reads %lld rows\n",
                      views[i].platform, (long long)lines, run.sellers,
                      (long long)read_since(begun));
        assert_true(expected > 1);
        assert_int_equal(run.open_sellers, expected);
        assert_in_range(read_since(begun), 1, lines / 4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_read_as_much_of_a_large_run_as_of_a_small_one),
        cmocka_unit_test(a_report_takes_few_round_trips),
        cmocka_unit_test(batches_and_summary_read_each_seller_once),
        cmocka_unit_test(a_plan_reads_the_lines_of_its_period_alone), /* drops the tables */
    };
    return cmocka_run_group_tests(tests, start, ledger_stop);
}
