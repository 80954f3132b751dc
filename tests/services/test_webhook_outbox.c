/* The outbox between MariaDB and SQS: what is sent is marked, and what is not stays owed, whichever
 * of the two fails at which step. */
#include "services/aws/sqs.h"
#include "services/webhook/outbox.h"
#include "tests/services/aws_support.h"
#include "tests/services/webhook_store_support.h"
#include "tests/support/failing_malloc.h"

#define QUEUE "https://sqs.ap-northeast-2.amazonaws.com/123456789012/queue"

static struct aws_fixture aws;
static struct db *proxied;
static struct webhook_outbox outbox;
static struct webhook_outbox_counts counts;
static struct db_error error;

static int start(void **state) {
    if (aws_start(&aws) != 0 || store_start(state) != 0) {
        return -1;
    }
    proxied = db_of(&f);
    return 0;
}

static int stop(void **state) {
    db_destroy(proxied);
    aws_stop(&aws);
    return store_stop(state);
}

static int fresh(void **state) {
    db_command_of(&f, "cut no");
    store_fresh(state);
    aws_begin(&aws);
    outbox = (struct webhook_outbox){.db = db,
                                     .aws = aws.client,
                                     .queue_url = QUEUE,
                                     .clock = &aws.clock.clock,
                                     .log = &f.log.log};
    memset(&counts, 0, sizeof(counts));
    return 0;
}

static int end(void **state) {
    (void)state;
    assert_null(strstr(svc_buf_text(&f.log.lines), "canary"));
    aws_end(&aws);
    return 0;
}

/* Through the proxy, on a connection that has the statements prepared. */
static void through_proxy(void) {
    static const uint64_t none = UINT64_MAX;
    db_disconnect(proxied);
    db_secrets_reset(&f, true);
    db_set_deadline(proxied, svc_deadline_in(svc_clock_system(), 30000));
    outbox.db = proxied;
    db_do(proxied, "UPDATE outbox SET id = id WHERE id = 0");
    assert_int_equal(webhook_outbox_send(&outbox, &none, 1, SVC_NO_DEADLINE, &counts, &error),
                     SVC_OK);
}

/* ---------------------------------------------------------------------- rows */

/* A row that is claimed for so many seconds more; returns its id. */
static uint64_t put(const char *body, int number, int claimed_s) {
    db_command_of(&f,
                  "sql INSERT INTO outbox (message_id, order_id, body, created_at, claimed_until) "
                  "VALUES ('m-%s-%d', 'ORD-1', '%s canary-%d', UTC_TIMESTAMP(6) - INTERVAL 90 "
                  "SECOND, UTC_TIMESTAMP(6) + INTERVAL %d SECOND)",
                  body, number, body, number, claimed_s);
    return strtoull(db_sql(&f, "SELECT LAST_INSERT_ID()"), NULL, 10);
}

static size_t queued(void) {
    aws_set(&aws, "{}");
    return svc_json_count(svc_json_get(aws.report, "queue"));
}

/* Message i of the queue has this text in it. */
static void assert_queued(size_t i, const char *part) {
    struct awsc_sqs_received received;
    struct awsc_error failure;
    assert_int_equal(awsc_sqs_receive(aws.client, QUEUE, 10, 0, &received, 0, &failure), SVC_OK);
    assert_true(i < received.count);
    assert_non_null(strstr(received.messages[i].body, part));
    awsc_sqs_received_clear(&received);
}

static enum svc_status send_ids(const uint64_t *ids, size_t count) {
    return webhook_outbox_send(&outbox, ids, count, SVC_NO_DEADLINE, &counts, &error);
}

static enum svc_status sweep(void) {
    memset(&counts, 0, sizeof(counts));
    return webhook_outbox_sweep(&outbox, SVC_NO_DEADLINE, &counts, &error);
}

static void end_claims(void) {
    db_sql(&f, "UPDATE outbox SET claimed_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE "
               "sent_at IS NULL");
}

/* The wait of a row that failed between two times of the outbox's clock, to the half minute. */
static int wait_s(const char *message_id, int64_t before_ms) {
    const int64_t until_us =
        atoll(db_sql(&f,
                     "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', claimed_until) FROM "
                     "outbox WHERE message_id = '%s'",
                     message_id));
    const int64_t most_ms = until_us / 1000 - before_ms;
    const int64_t least_ms = until_us / 1000 - svc_wall_ms(outbox.clock);
    assert_true(most_ms - least_ms < 30000);
    assert_int_equal(least_ms / 30000 + 1, most_ms / 30000);
    return (int)(most_ms / 30000) * 30;
}

#define SENT_ROWS "SELECT COUNT(*) FROM outbox WHERE sent_at IS NOT NULL AND body IS NULL"
#define KEPT_ROWS                                                                                  \
    "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND body IS NOT NULL AND claimed_until = "  \
    "'9999-12-31'"
#define OWED_ROWS "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND body IS NOT NULL"

/* ---------------------------------------------------------------------- after a commit */

static void sent_rows_are_marked(void **state) {
    (void)state;
    const uint64_t ids[] = {put("a", 1, 60), put("b", 2, 60), put("c", 3, 60)};
    send_ids(ids, 0);
    assert_int_equal(send_ids(ids, 3), SVC_OK);
    assert_int_equal(counts.sent, 3);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(queued(), 3);
    assert_queued(0, "a canary-1");
    assert_sql("3", SENT_ROWS);
    assert_sql("1\tNULL", "SELECT DISTINCT attempts, claimed_until FROM outbox");
    /* A second time there is nothing to send. */
    assert_int_equal(send_ids(ids, 3), SVC_OK);
    assert_int_equal(queued(), 3);
    const uint64_t one_more = put("d", 4, 60);
    const struct db_counts before = db_counts(db);
    assert_int_equal(send_ids(&one_more, 1), SVC_OK);
    assert_int_equal(db_counts(db).executed - before.executed, 2);
    assert_int_equal(db_counts(db).round_trips - before.round_trips, 2);
}

static void many_rows_go_in_batches(void **state) {
    (void)state;
    uint64_t ids[23];
    for (int i = 0; i < 23; i++) {
        ids[i] = put("a", i, 60);
    }
    aws_requests(&aws);
    assert_int_equal(send_ids(ids, 23), SVC_OK);
    assert_int_equal(counts.sent, 23);
    assert_int_equal(aws_requests(&aws), 3);
    assert_int_equal(queued(), 23);
    assert_sql("23", SENT_ROWS);
}

static void a_refused_entry_stays_owed_alone(void **state) {
    (void)state;
    const uint64_t ids[] = {put("good", 1, 60), put("bad", 2, 60), put("never", 3, 60)};
    const int64_t before_ms = svc_wall_ms(outbox.clock);
    assert_int_not_equal(send_ids(ids, 3), SVC_OK);
    assert_int_equal(error.fault, DB_FAULT_NONE);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(counts.failed, 2);
    assert_int_equal(counts.refused, 1);
    assert_int_equal(queued(), 1);
    assert_sql("m-good-1", "SELECT message_id FROM outbox WHERE sent_at IS NOT NULL");
    assert_sql("m-bad-2\t1|m-never-3\t1",
               "SELECT message_id, attempts FROM outbox WHERE sent_at IS NULL ORDER BY id");
    assert_sql("1", KEPT_ROWS);
    assert_int_equal(wait_s("m-never-3", before_ms), 30);
    assert_non_null(strstr(svc_buf_text(&f.log.lines), "InvalidMessageContents"));
}

static void a_failed_request_leaves_all_owed(void **state) {
    (void)state;
    const uint64_t ids[] = {put("a", 1, 60), put("b", 2, 60)};
    aws_set_fault(&aws, "status:500:InternalError", 5);
    assert_int_equal(send_ids(ids, 2), SVC_SERVER_ERROR);
    assert_int_equal(counts.failed, 2);
    assert_int_equal(counts.refused, 0);
    assert_sql("2", OWED_ROWS);
    aws_set_fault(&aws, "", 0);
    end_claims();
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 2);
    assert_int_equal(counts.left, 0);
    assert_int_equal(queued(), 2);
}

/* The queue may have the message: it is sent again, and the mail function sees the same messageId.
 */
static void a_lost_response_leaves_the_row_owed(void **state) {
    (void)state;
    const uint64_t id = put("a", 1, 60);
    aws_set_fault(&aws, "lost", 5);
    assert_int_not_equal(send_ids(&id, 1), SVC_OK);
    assert_int_equal(counts.failed, 1);
    assert_sql("1", OWED_ROWS);
    aws_set_fault(&aws, "", 0);
    const size_t before = queued();
    assert_true(before > 0);
    end_claims();
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(queued(), before + 1);
    assert_queued(before, "a canary-1");
    assert_sql("1", SENT_ROWS);
    /* One that the reply does not mention is owed as well. */
    const uint64_t forgotten = put("forgotten", 2, 60);
    assert_int_equal(send_ids(&forgotten, 1), SVC_BAD_RESPONSE);
    assert_sql("1", OWED_ROWS);
}

/* ---------------------------------------------------------------------- the database fails */

static void a_mark_is_repeated_on_a_new_connection(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    for (size_t kind = 0; kind < 2; kind++) {
        const uint64_t id = put("a", (int)kind, 60);
        through_proxy();
        db_command_of(&f, "cut %s 2", kinds[kind]);
        assert_int_equal(send_ids(&id, 1), SVC_OK);
        db_secrets_reset(&f, false);
        assert_int_equal(queued(), kind + 1);
    }
    assert_int_equal(counts.sent, 2);
    assert_sql("2", SENT_ROWS);
    assert_sql("1", "SELECT DISTINCT attempts FROM outbox");
}

static void without_a_database_the_claim_stays(void **state) {
    (void)state;
    const uint64_t id = put("a", 1, 60);
    through_proxy();
    db_command_of(&f, "cut request 2");
    f.secrets.status = SVC_TIMED_OUT; /* no new connection */
    assert_int_not_equal(send_ids(&id, 1), SVC_OK);
    assert_int_equal(counts.sent, 0);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(queued(), 1);
    db_secrets_reset(&f, false);
    outbox.db = db;
    assert_sql("1\t0", "SELECT COUNT(*), attempts FROM outbox WHERE sent_at IS NULL AND "
                       "claimed_until > UTC_TIMESTAMP(6)");
    assert_int_equal(sweep(), SVC_OK); /* not before the claim ends */
    assert_int_equal(queued(), 1);
    assert_int_equal(counts.left, 1);
    end_claims();
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(queued(), 2);
    assert_queued(1, "a canary-1");
    assert_sql("1", SENT_ROWS);
}

static void a_sweep_cut_at_each_step_loses_nothing(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    end(NULL);
    /* BEGIN, claim, claim, COMMIT, mark; BEGIN, claim, COMMIT; count. */
    for (int step = 1; step <= 9; step++) {
        for (size_t kind = 0; kind < 2; kind++) {
            fresh(NULL);
            put("a", 1, -1);
            put("b", 2, -1);
            through_proxy();
            sweep(); /* prepares all */
            db_sql(&f, "DELETE FROM outbox");
            const size_t before = queued();
            put("a", 3, -1);
            put("b", 4, -1);
            db_command_of(&f, "cut %s %d", kinds[kind], step);
            (void)sweep();
            db_command_of(&f, "cut no");
            db_secrets_reset(&f, false);
            outbox.db = db;
            end_claims();
            assert_int_equal(sweep(), SVC_OK);
            assert_sql("2", SENT_ROWS);
            assert_int_equal(queued(), before + 2);
            end(NULL);
        }
    }
    fresh(NULL);
}

/* ---------------------------------------------------------------------- the sweep */

static void a_sweep_takes_what_nobody_has_claimed(void **state) {
    (void)state;
    for (int i = 0; i < 25; i++) {
        put("a", i, -1);
    }
    put("b", 1, 60);
    put("b", 2, 0); /* its claim ends now */
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 26);
    assert_int_equal(counts.failed, 0);
    assert_int_equal(counts.left, 1);
    assert_in_range(counts.oldest_ms, 90000, 150000);
    assert_int_equal(queued(), 26);
    assert_sql("m-b-1", "SELECT message_id FROM outbox WHERE sent_at IS NULL");
    end_claims();
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.left, 0);
    assert_int_equal(counts.oldest_ms, 0);
}

/* Another sweep that is about to claim: its rows are passed over, not waited for. */
static void locked_rows_are_skipped(void **state) {
    (void)state;
    for (int i = 0; i < 5; i++) {
        put("a", i, -1);
    }
    db_do(proxied, "UPDATE outbox SET id = id WHERE id = 0");
    assert_int_equal(db_begin(proxied, NULL, &error), SVC_OK);
    db_do(proxied, "UPDATE outbox SET order_id = 'x' WHERE message_id IN ('m-a-0', 'm-a-3')");
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 3);
    assert_int_equal(counts.left, 2);
    assert_in_range(svc_monotonic_ms(svc_clock_system()) - begin_ms, 0, 990); /* no lock wait */
    db_rollback(proxied);
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 2);
}

static void a_sweep_reads_by_the_index(void **state) {
    (void)state;
    const char *plan =
        db_sql(&f, "EXPLAIN SELECT id, body FROM outbox FORCE INDEX (outbox_due) WHERE sent_at IS "
                   "NULL AND body IS NOT NULL AND (claimed_until <= UTC_TIMESTAMP(6) OR "
                   "claimed_until IS NULL) ORDER BY claimed_until LIMIT 10");
    assert_non_null(strstr(plan, "outbox_due"));
    assert_null(strstr(plan, "filesort"));
}

/* As an operator may leave it. */
static void a_row_that_nobody_claims_is_sent(void **state) {
    (void)state;
    put("a", 1, 60);
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 0);
    db_sql(&f, "UPDATE outbox SET claimed_until = NULL");
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 1);
}

/* Messages that SQS refuses are older than the others, and more than a batch. */
static void refused_messages_do_not_block_the_others(void **state) {
    (void)state;
    for (int i = 0; i < 25; i++) {
        put("denied", i, -50);
    }
    for (int i = 0; i < 5; i++) {
        put("good", i, -1);
    }
    assert_int_not_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 5);
    assert_int_equal(counts.failed, 25);
    assert_int_equal(counts.refused, 25);
    assert_int_equal(counts.left, 25);
    aws_requests(&aws);
    assert_int_equal(sweep(), SVC_OK); /* not again at once */
    assert_int_equal(counts.left, 25);
    assert_int_equal(aws_requests(&aws), 0);
}

/* Those that it refuses for their content are kept for a person and not sent again, however often
 * the sweep runs; mended, they go. */
static void messages_of_refused_content_wait_for_a_person(void **state) {
    (void)state;
    for (int i = 0; i < 12; i++) {
        put("bad", i, -50);
    }
    const uint64_t good = put("good", 1, -1);
    assert_int_equal(sweep(), SVC_REJECTED);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(counts.refused, 12);
    assert_int_equal(counts.left, 0);
    assert_int_equal(counts.oldest_ms, 0);
    assert_int_equal(counts.kept, 12);
    assert_sql("12", KEPT_ROWS);
    char id[48];
    snprintf(id, sizeof(id), "\"outboxId\":%llu", (unsigned long long)good - 1);
    assert_non_null(strstr(svc_buf_text(&f.log.lines), id));
    aws_requests(&aws);
    put("later", 1, -1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sweep(), SVC_OK);
        assert_int_equal(counts.left, 0);
        assert_int_equal(counts.kept, 12);
    }
    assert_in_range(aws_requests(&aws), 1, 2); /* of the one that is not kept */
    db_sql(&f, "UPDATE outbox SET body = 'mended canary-', claimed_until = NULL WHERE message_id = "
               "'m-bad-7'");
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(counts.kept, 11);
    assert_sql("1", "SELECT COUNT(*) FROM outbox WHERE message_id = 'm-bad-7' AND body IS NULL");
}

/* SQS may refuse the request as a whole: the messages beside the bad one are not kept. */
static void a_refused_request_keeps_the_bad_message_alone(void **state) {
    (void)state;
    const uint64_t ids[] = {put("a", 1, 60), put("b", 2, 60), put("c", 3, 60)};
    aws_set_fault(&aws, "status:400:InvalidMessageContents", 2);
    assert_int_equal(send_ids(ids, 3), SVC_REJECTED);
    assert_int_equal(counts.sent, 2);
    assert_int_equal(counts.refused, 1);
    assert_sql("1", KEPT_ROWS);
    assert_sql("m-a-1", "SELECT message_id FROM outbox WHERE sent_at IS NULL");
    assert_int_equal(queued(), 2);
}

static void the_waits_grow_and_are_bounded(void **state) {
    (void)state;
    static const int refused_s[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600};
    put("denied", 1, -1);
    put("never", 1, -1);
    for (size_t i = 0; i < COUNT(refused_s); i++) {
        const int64_t before_ms = svc_wall_ms(outbox.clock);
        (void)sweep();
        assert_int_equal(wait_s("m-denied-1", before_ms), refused_s[i]);
        assert_int_equal(wait_s("m-never-1", before_ms), refused_s[i] < 300 ? refused_s[i] : 300);
        end_claims();
    }
    db_sql(&f, "UPDATE outbox SET attempts = 4000000000");
    const int64_t before_ms = svc_wall_ms(outbox.clock);
    (void)sweep();
    assert_int_equal(wait_s("m-denied-1", before_ms), 3600);
}

static void a_sweep_ends_when_the_queue_is_down(void **state) {
    (void)state;
    for (int i = 0; i < 25; i++) {
        put("a", i, -1);
    }
    aws_requests(&aws);
    aws_set_fault(&aws, "status:500:InternalError", 9);
    assert_int_equal(sweep(), SVC_SERVER_ERROR);
    assert_int_equal(counts.failed, 10);
    assert_int_equal(counts.left, 25);
    assert_in_range(aws_requests(&aws), 1, 5);
    assert_sql("25", OWED_ROWS);
}

static void a_sweep_ends_in_time(void **state) {
    (void)state;
    put("a", 1, -1);
    const int64_t deadline_ms = svc_deadline_in(outbox.clock, 1500);
    assert_int_equal(webhook_outbox_sweep(&outbox, deadline_ms, &counts, &error), SVC_OK);
    assert_int_equal(counts.sent, 0);
    assert_int_equal(counts.left, 1);
    assert_int_equal(queued(), 0);
}

static void no_queue_leaves_all_owed(void **state) {
    (void)state;
    const uint64_t id = put("a", 1, 60);
    outbox.queue_url = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/other";
    assert_int_equal(send_ids(&id, 1), SVC_NO_RESOURCE);
    assert_sql("1", OWED_ROWS);
}

/* ---------------------------------------------------------------------- from an event on */

static void the_mail_of_an_event_is_sent_once(void **state) {
    (void)state;
    store.clock = outbox.clock;
    const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(send_ids(stored.mails, stored.mail_count), SVC_OK);
    assert_int_equal(sweep(), SVC_OK);
    assert_int_equal(queued(), 1);
    assert_queued(0, "\"messageId\":\"order-ORD-1-paid\"");
    assert_sql("1", SENT_ROWS);
}

static void exhausted_memory_loses_nothing(void **state) {
    (void)state;
    int failures = 0;
    bool has_failed = true;
    for (int n = 1; has_failed && n < 200; n++) {
        db_sql(&f, "DELETE FROM outbox");
        const uint64_t ids[] = {put("a", 1, 60), put("b", 2, 60)};
        memset(&counts, 0, sizeof(counts));
        failing_malloc_arm(n, false);
        const enum svc_status status = send_ids(ids, 2);
        has_failed = failing_malloc_disarm() > 0;
        failures += status != SVC_OK;
        assert_int_equal(counts.sent + counts.failed, 2);
        assert_int_equal(atoi(db_sql(&f, SENT_ROWS)), counts.sent);
        assert_int_equal(atoi(db_sql(&f, OWED_ROWS)), counts.failed);
    }
    assert_true(failures > 5);
    assert_false(has_failed);
}

#define OUTBOX_TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(sent_rows_are_marked),
        OUTBOX_TEST(many_rows_go_in_batches),
        OUTBOX_TEST(a_refused_entry_stays_owed_alone),
        OUTBOX_TEST(a_failed_request_leaves_all_owed),
        OUTBOX_TEST(a_lost_response_leaves_the_row_owed),
        OUTBOX_TEST(a_mark_is_repeated_on_a_new_connection),
        OUTBOX_TEST(without_a_database_the_claim_stays),
        OUTBOX_TEST(a_sweep_cut_at_each_step_loses_nothing),
        OUTBOX_TEST(a_sweep_takes_what_nobody_has_claimed),
        OUTBOX_TEST(locked_rows_are_skipped),
        OUTBOX_TEST(a_sweep_reads_by_the_index),
        OUTBOX_TEST(a_row_that_nobody_claims_is_sent),
        OUTBOX_TEST(refused_messages_do_not_block_the_others),
        OUTBOX_TEST(messages_of_refused_content_wait_for_a_person),
        OUTBOX_TEST(a_refused_request_keeps_the_bad_message_alone),
        OUTBOX_TEST(the_waits_grow_and_are_bounded),
        OUTBOX_TEST(a_sweep_ends_when_the_queue_is_down),
        OUTBOX_TEST(a_sweep_ends_in_time),
        OUTBOX_TEST(no_queue_leaves_all_owed),
        OUTBOX_TEST(the_mail_of_an_event_is_sent_once),
        OUTBOX_TEST(exhausted_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
