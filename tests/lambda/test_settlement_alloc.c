/* Entire events through the settlement function, with MariaDB and AWS endpoints, while one
 * allocation after another fails (all of them with EVERY_ALLOCATION set: a minute), alone or with
 * all that follow it: the event fails or is taken back, no seller is given up, and the same event
 * again has the end that it has without a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/settlement/settlement.h"
#include "services/base/text.h"
#include "services/settlement/migrations.h"
#include "tests/services/aws_support.h"
#include "tests/services/settlement_lines_support.h"
#include "tests/support/failing_malloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define QUEUE        "https://sqs.ap-northeast-2.amazonaws.com/123456789012/queue"
#define MAX_STATE    ((size_t)64 * 1024)

static struct aws_fixture aws;
static struct test_clock wall;
static struct lrt_metrics metrics;
static struct settlement_function function;
static struct svc_buf body;

/* ---------------------------------------------------------------------- the world */

static void make_ledger(void) {
    size_t count = 0;
    struct db_migration *migrations = settle_migrations(NULL, &count);
    struct db_error db_error;
    assert_non_null(migrations);
    assert_int_equal(db_migrate(db, migrations, count, false, NULL, NULL, NULL, &db_error), SVC_OK);
    free(migrations);
}

static void make_shop(void) {
    fresh(NULL);
    for (int seller = 1; seller <= 2; seller++) {
        db_sql(
            &f,
            "INSERT INTO shop.settlement_sellers VALUES ('%d', '판매자', 'seller%d@example.com', "
            "'상점 %d', '123-45-67890', 'ko')",
            seller, seller, seller);
    }
    sell("1", "ORD-1", "1", "2026-09-05", 10000);
    refund("1", "ORD-1", "1", "r1", "2026-09-06", 3000);
    sell("2", "ORD-2", "1", "2026-09-07", 20000);
    db_sql(&f, "INSERT INTO shop.settlement_payments VALUES ('ORD-1', '2026-09-05', 10000, 3000), "
               "('ORD-2', '2026-09-07', 19000, 0)");
}

static long live;

static int start_all(void **state) {
    live = failing_malloc.live;
    if (start(state) != 0 || aws_start(&aws) != 0) {
        return -1;
    }
    /* Thousands of transactions, of which no crash is survived here. */
    db_sql(&f, "SET GLOBAL innodb_flush_log_at_trx_commit = 0");
    make_ledger();
    make_shop();
    svc_buf_init(&body, LRT_MAX_RESPONSE_BYTES);
    return 0;
}

static int stop_all(void **state) {
    svc_buf_clear(&body);
    aws_stop(&aws);
    stop(state);
    if (failing_malloc.live != live) {
        print_error("%ld blocks are not freed\n", failing_malloc.live - live);
        return -1;
    }
    return 0;
}

static void make_function(bool with_queue) {
    struct test_environment environment;
    test_environment_init(&environment);
    test_environment_set(&environment, "DB_SECRET_NAME", "shop");
    test_environment_set(&environment, "REPORTS_BUCKET", "bucket");
    test_environment_set(&environment, "EMAIL_QUEUE_URL", QUEUE);
    test_environment_set(&environment, "SETTLEMENT_QUEUE_URL", with_queue ? QUEUE : "");
    test_environment_set(&environment, "SETTLEMENT_BATCH_SELLERS", "1");
    memset(&function, 0, sizeof(function));
    memset(&metrics, 0, sizeof(metrics));
    assert_int_equal(settlement_settings_read(&environment.environment, &function.settings, &error),
                     SVC_OK);
    test_clock_init(&wall, NOW_MS);
    function.aws = aws.client;
    function.db = db;
    function.clock = &wall.clock;
    function.log = &aws.log.log;
    function.metrics = &metrics;
}

static void empty_world(void) {
    static const char *const tables[] = {"runs", "reports", "versions"};
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 60000));
    for (size_t i = 0; i < COUNT(tables); i++) {
        char sql[64];
        snprintf(sql, sizeof(sql), "DELETE FROM settlement_%s", tables[i]);
        db_do(db, sql);
    }
    db_do(db, "ALTER TABLE settlement_runs AUTO_INCREMENT = 1");
    aws_set(&aws, "{\"objects\":{},\"queue\":[],\"requests\":[],\"uploads\":{}}");
    svc_buf_reset(&aws.log.lines);
}

/* ---------------------------------------------------------------------- events */

static struct lrt_result result;

static void handle(const char *event) {
    const struct lrt_invocation invocation = {.request_id = "r",
                                              .deadline_ms = SVC_NO_DEADLINE,
                                              .event = (const uint8_t *)event,
                                              .event_bytes = strlen(event)};
    memset(&result, 0, sizeof(result));
    svc_buf_reset(&body);
    result.body = body;
    memset(&metrics, 0, sizeof(metrics));
    settlement_handle(&function, &invocation, &result);
    body = result.body;
}

static bool is_taken_back(void) {
    return result.failed || strstr(svc_buf_text(&body), "itemIdentifier") != NULL;
}

/* ---------------------------------------------------------------------- what is stored */

/* They are written in any order. */
struct objects {
    char lines[16][256];
    size_t count;
};

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

/* The summary by its size: it has the id of the run, and a plan that is rolled back takes one. */
static bool put_object(void *user, const char *name, const struct svc_json *object) {
    struct objects *objects = user;
    const bool is_summary = strstr(name, "/summary.json") != NULL;
    int64_t size = 0;
    assert_true(objects->count < COUNT(objects->lines));
    assert_true(svc_json_get_int(object, "size", &size));
    snprintf(objects->lines[objects->count++], sizeof(objects->lines[0]), "%s %lld %s", name,
             (long long)size, is_summary ? "" : svc_json_get_text(object, "body"));
    return true;
}

/* Tables and objects, without attempts and times of their own; freed by the caller. */
static char *stored(void) {
    static const char *const queries[] = {
        "SELECT type, generation, state, sellers, open_sellers, failed_sellers FROM "
        "shop.settlement_runs",
        "SELECT seller_id, state, version, mailed_version, mail_due, failure FROM "
        "shop.settlement_reports ORDER BY seller_id",
        "SELECT seller_id, version, reason, net_won, HEX(csv_sha256) FROM shop.settlement_versions "
        "ORDER BY seller_id, version",
    };
    struct objects objects = {.count = 0};
    struct svc_buf text;
    svc_buf_init(&text, MAX_STATE);
    for (size_t i = 0; i < COUNT(queries); i++) {
        assert_true(svc_buf_printf(&text, "%s\n", db_sql(&f, "%s", queries[i])));
    }
    aws_set(&aws, "{}");
    assert_true(svc_json_members(svc_json_get(aws.report, "objects"), put_object, &objects));
    qsort(objects.lines, objects.count, sizeof(objects.lines[0]), compare);
    for (size_t i = 0; i < objects.count; i++) {
        assert_true(svc_buf_printf(&text, "%s\n", objects.lines[i]));
    }
    int64_t uploads = -1;
    assert_true(svc_json_get_int(aws.report, "uploads", &uploads));
    assert_int_equal(uploads, 0);
    char *copy = malloc(text.size_bytes + 1); /* strdup is not counted */
    assert_non_null(copy);
    memcpy(copy, svc_buf_text(&text), text.size_bytes + 1);
    svc_buf_clear(&text);
    return copy;
}

/* ---------------------------------------------------------------------- the loops */

struct scene {
    const char *before; /* an event that precedes it; NULL */
    const char *event;
    bool with_queue;
    bool is_overdue; /* the run of `before` */
    int step;        /* every so many-th allocation: each takes 10 ms */
};

static void prepare(const struct scene *scene) {
    empty_world();
    make_function(scene->with_queue);
    if (scene->before != NULL) {
        handle(scene->before);
        assert_false(result.failed);
    }
    if (scene->is_overdue) {
        db_do(db, "UPDATE settlement_runs SET planned_at = planned_at - INTERVAL 7 HOUR");
    }
}

static void fail_each(const struct scene *scene, bool goes_on) {
    prepare(scene);
    handle(scene->event);
    assert_false(is_taken_back());
    char *expected = stored();
    bool has_failed = true;
    int taken_back = 0;
    const char *exhaustive = getenv("EVERY_ALLOCATION");
    const int step = exhaustive != NULL ? 1 : scene->step;
    for (int n = goes_on ? 1 + step / 2 : 1; has_failed; n += step) {
        prepare(scene);
        failing_malloc_arm(n, goes_on);
        handle(scene->event);
        has_failed = failing_malloc_disarm() > 0;
        taken_back += is_taken_back();
        if (result.failed) {
            assert_true(strncmp(result.error_type, "Settlement.", 11) == 0);
            assert_null(strstr(result.error_type, "MALFORMED"));
        }
        handle(scene->event);
        if (is_taken_back()) {
            fail_msg("allocation %d: %s %s %s", n, result.error_type, result.error_message,
                     svc_buf_text(&body));
        }
        char *found = stored();
        if (strcmp(found, expected) != 0) {
            print_error("allocation %d:\n%s instead of\n%s\n", n, found, expected);
            fail();
        }
        free(found);
        assert_true(n < 20000);
    }
    assert_true(taken_back > 0);
    free(expected);
}

static void fail_scene(const struct scene *scene) {
    aws_begin(&aws);
    prepare(scene);
    handle(scene->event); /* connects, and prepares all statements */
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        fail_each(scene, goes_on == 1);
    }
    aws_end(&aws);
}

#define MONTHLY "{\"reportType\":\"monthly\",\"time\":\"2026-10-01T00:00:00Z\"}"
#define BATCH                                                                                      \
    "{\"Records\":[{\"messageId\":\"m\",\"receiptHandle\":\"h\",\"eventSource\":\"aws:sqs\","      \
    "\"eventSourceARN\":\"arn:aws:sqs:ap-northeast-2:123456789012:queue\",\"attributes\":{"        \
    "\"ApproximateReceiveCount\":\"1\",\"SentTimestamp\":\"1760000000000\"},"                      \
    "\"messageAttributes\":{},\"body\":\"{\\\"settlement\\\":{\\\"runId\\\":\\\"1\\\","            \
    "\\\"generation\\\":1,\\\"after\\\":\\\"\\\",\\\"upto\\\":\\\"2\\\"}}\"}]}"

static void a_run_without_a_queue(void **state) {
    (void)state;
    fail_scene(&(struct scene){.event = MONTHLY, .step = 53});
}

static void a_plan_and_its_batches(void **state) {
    (void)state;
    fail_scene(&(struct scene){.event = MONTHLY, .with_queue = true, .step = 11});
}

static void a_batch(void **state) {
    (void)state;
    fail_scene(&(struct scene){.before = MONTHLY, .event = BATCH, .with_queue = true, .step = 41});
}

static void the_closing_task(void **state) {
    (void)state;
    fail_scene(&(struct scene){.before = MONTHLY,
                               .event = "{\"task\":\"close\"}",
                               .with_queue = true,
                               .is_overdue = true,
                               .step = 11});
}

static void the_check(void **state) {
    (void)state;
    fail_scene(&(struct scene){.event = "{\"task\":\"check\",\"period\":\"2026-09\"}", .step = 11});
}

static void a_dry_run(void **state) {
    (void)state;
    fail_scene(&(struct scene){
        .event = "{\"reportType\":\"monthly\",\"date\":\"2026-09-03\",\"dryRun\":true}",
        .step = 17});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_without_a_queue),
        cmocka_unit_test(a_plan_and_its_batches),
        cmocka_unit_test(a_batch),
        cmocka_unit_test(the_closing_task),
        cmocka_unit_test(the_check),
        cmocka_unit_test(a_dry_run),
    };
    return cmocka_run_group_tests(tests, start_all, stop_all);
}
