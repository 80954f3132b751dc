/* Entire events through the image function, without S3: all keys are outside of the source prefix,
 * so that each object is skipped. The clock moves on whenever it is read, so that time runs out
 * between objects; what is left untouched comes again, and is one line of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/image.h"
#include "tests/lambda/event_examples.h"
#include "tests/lambda/handle_support.h"
#include "tests/services/support.h"
#include "tests/support/failing_malloc.h"

/* While the function works, allocation number `failing` fails; 0: none does. */
static int failing;

/* A clock on which every reading of the monotonic time takes `step_ms`. */
struct ticking_clock {
    struct svc_clock clock;
    int64_t now_ms, step_ms;
};

static int64_t tick(void *user) {
    struct ticking_clock *clock = user;
    clock->now_ms += clock->step_ms;
    return clock->now_ms;
}

static int64_t wall(void *user) {
    (void)user;
    return INT64_C(1767323045000);
}

static void sleep_on(void *user, int64_t duration_ms) {
    struct ticking_clock *clock = user;
    clock->now_ms += duration_ms;
}

/* Handles an event with `time_ms` left, of which each look at the clock takes `step_ms`. */
static void handle(struct outcome *outcome, const char *example, int64_t time_ms, int64_t step_ms) {
    struct ticking_clock clock = {{wall, tick, sleep_on, &clock}, 1000, step_ms};
    struct test_environment environment;
    struct test_log log;
    struct image_settings settings;
    struct awsc_client *aws = NULL;
    char *text = example_text(example);
    memset(outcome, 0, sizeof(*outcome));
    svc_buf_init(&outcome->result.body, LRT_MAX_RESPONSE_BYTES);
    test_environment_init(&environment);
    test_environment_set(&environment, "AWS_REGION", "eu-west-1");
    test_environment_set(&environment, "AWS_ACCESS_KEY_ID", "id");
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", "secret");
    test_log_init(&log, &clock.clock);
    const struct awsc_client_options options = {.environment = &environment.environment,
                                                .clock = &clock.clock,
                                                .transport = &no_transport,
                                                .log = &log.log};
    assert_int_equal(awsc_client_create(&options, &aws, NULL), SVC_OK);
    assert_int_equal(image_settings_read(&environment.environment, &settings, NULL), SVC_OK);
    const struct image_clients clients = {.aws = aws,
                                          .settings = &settings,
                                          .clock = &clock.clock,
                                          .log = &log.log,
                                          .metrics = &outcome->metrics};
    const struct lrt_invocation invocation = {
        .request_id = "r",
        .deadline_ms = time_ms == SVC_NO_DEADLINE ? SVC_NO_DEADLINE : clock.now_ms + time_ms,
        .event = (const uint8_t *)text,
        .event_bytes = strlen(text)};
    failing_malloc_arm(failing, false);
    image_handle(&clients, &invocation, &outcome->result);
    failing_malloc_disarm();
    svc_buf_init(&outcome->log, 1 << 20);
    svc_buf_append_text(&outcome->log, svc_buf_text(&log.lines));
    test_log_clear(&log);
    awsc_client_destroy(aws);
    free(text);
}

#define OBJECT "{'eventSource':'aws:s3','s3':{'bucket':{'name':'b'},'object':{'key':'elsewhere'}}}"
#define FIVE   OBJECT "," OBJECT "," OBJECT "," OBJECT "," OBJECT

static void test_an_event_with_time_enough(void **state) {
    (void)state;
    struct outcome outcome;
    handle(&outcome, "{'Records':[" FIVE "]}", SVC_NO_DEADLINE, 500);
    assert_false(outcome.result.failed);
    assert_string_equal(svc_buf_text(&outcome.result.body),
                        "{\"made\":0,\"alreadyMade\":0,\"skipped\":5,\"gone\":0,\"rejected\":0,"
                        "\"failed\":0}");
    assert_int_equal(lines(&outcome, "\"WARN\""), 0);
    clear(&outcome);
}

/* The clock is read at the start, before each object once, around it twice: 3,600 ms each. Before
 * the third 1,400 ms are left, and a fifth of 9,800 must be. */
static void test_a_notification_that_runs_out_of_time(void **state) {
    (void)state;
    struct outcome outcome;
    handle(&outcome, "{'Records':[" FIVE "]}", 11000, 1200);
    assert_true(outcome.result.failed);
    assert_string_equal(outcome.result.error_type, "Image.DEADLINE");
    assert_string_equal(outcome.result.error_message,
                        "3 of 5 objects were not started: too little time was left");
    assert_int_equal(lines(&outcome, "\"skipped\""), 2);
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    assert_int_equal(lines(&outcome, "\"count\":3,\"of\":5"), 1);
    assert_int_equal(lines(&outcome, "\"ERROR\""), 0);
    clear(&outcome);
}

static void test_a_batch_that_runs_out_of_time(void **state) {
    (void)state;
    struct outcome outcome;
    struct svc_json *json = NULL;
    handle(&outcome,
           "{'invocationSchemaVersion':'1.0','invocationId':'i','tasks':["
           "{'taskId':'0','s3Key':'elsewhere','s3BucketArn':'arn:aws:s3:::b'},"
           "{'taskId':'1','s3Key':'elsewhere','s3BucketArn':'arn:aws:s3:::b'},"
           "{'taskId':'2','s3Key':'elsewhere','s3BucketArn':'arn:aws:s3:::b'},"
           "{'taskId':'3','s3Key':'elsewhere','s3BucketArn':'arn:aws:s3:::b'}]}",
           11000, 1200);
    assert_false(outcome.result.failed);
    assert_int_equal(
        svc_json_parse(outcome.result.body.bytes, outcome.result.body.size_bytes, 0, &json, NULL),
        SVC_OK);
    const struct svc_json *results = svc_json_get(json, "results");
    assert_int_equal(svc_json_count(results), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct svc_json *result = svc_json_at(results, i);
        assert_string_equal(svc_json_get_text(result, "resultCode"),
                            i < 2 ? "Succeeded" : "TemporaryFailure");
        assert_string_equal(svc_json_get_text(result, "resultString"),
                            i < 2 ? "skipped: ELSEWHERE: not below IMAGE_SOURCE_PREFIX (uploads/)"
                                  : "failed: DEADLINE: not started: too little time was left");
    }
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    assert_int_equal(lines(&outcome, "\"ERROR\""), 0);
    svc_json_free(json);
    clear(&outcome);
}

/* Messages whose bodies are `bodies`, with the ids 0, 1, ... */
static char *queue_of(const char *const *bodies, size_t count, const char *more) {
    struct svc_buf text;
    svc_buf_init(&text, 1 << 20);
    svc_buf_append_text(&text, "{\"Records\":[");
    for (size_t i = 0; i < count; i++) {
        char *body = example_string(bodies[i]);
        svc_buf_printf(&text, "%s{\"messageId\":\"%zu\",\"eventSource\":\"aws:sqs\"%s,\"body\":%s}",
                       i > 0 ? "," : "", i, more, body);
        free(body);
    }
    svc_buf_append_text(&text, "]}");
    assert_int_equal(svc_buf_status(&text), SVC_OK);
    return (char *)text.bytes;
}

#define ONE "{'Records':[" OBJECT "]}"

static void check_queue(const char *const *bodies, size_t count, const char *more, int64_t time_ms,
                        int64_t step_ms, const char *failed, struct outcome *outcome) {
    char *text = queue_of(bodies, count, more);
    struct svc_buf expected;
    svc_buf_init(&expected, 4096);
    svc_buf_append_text(&expected, "{\"batchItemFailures\":[");
    for (size_t i = 0; failed[i] != '\0'; i++) {
        svc_buf_printf(&expected, "%s{\"itemIdentifier\":\"%c\"}", i > 0 ? "," : "", failed[i]);
    }
    svc_buf_append_text(&expected, "]}");
    handle(outcome, text, time_ms, step_ms);
    assert_false(outcome->result.failed);
    assert_string_equal(svc_buf_text(&outcome->result.body), svc_buf_text(&expected));
    svc_buf_clear(&expected);
    free(text);
}

static void test_a_queue_that_runs_out_of_time(void **state) {
    (void)state;
    static const char *const bodies[] = {ONE, ONE, ONE, ONE, ONE};
    struct outcome outcome;
    /* The driver and the message each read the clock first: 5,200 ms a message. Before the third
     * 1,700 ms are left. */
    check_queue(bodies, 5, "", 16000, 1300, "234", &outcome);
    assert_int_equal(lines(&outcome, "\"skipped\""), 2);
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    assert_int_equal(lines(&outcome, "\"ERROR\""), 0);
    clear(&outcome);
}

/* A timeout of 3 s: three messages of 600 ms are handled. A fixed minimum of 2 s returned all but
 * the first. */
static void test_a_short_timeout_does_not_stop_after_the_first(void **state) {
    (void)state;
    static const char *const bodies[] = {ONE, ONE, ONE, ONE, ONE};
    struct outcome outcome;
    check_queue(bodies, 5, "", 2700, 150, "34", &outcome);
    assert_int_equal(lines(&outcome, "\"skipped\""), 3);
    clear(&outcome);
}

static void test_a_message_whose_objects_run_out_of_time(void **state) {
    (void)state;
    static const char *const bodies[] = {ONE, "{'Records':[" FIVE "]}", ONE};
    struct outcome outcome;
    check_queue(bodies, 3, "", 10000, 500, "12", &outcome);
    assert_int_equal(lines(&outcome, "\"skipped\""), 4);
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    assert_int_equal(lines(&outcome, "\"ERROR\""), 0);
    clear(&outcome);
}

static void test_messages_that_cannot_be_read_come_again(void **state) {
    (void)state;
    static const char *const bodies[] = {"not json", ONE, "{}", EXAMPLE_S3_TEST,
                                         "{'Records':[" OBJECT ",{'eventSource':'aws:sns'}]}"};
    struct outcome outcome;
    check_queue(bodies, 5, "", SVC_NO_DEADLINE, 1, "024", &outcome);
    assert_int_equal(lines(&outcome, "\"skipped\""), 1);
    assert_int_equal(lines(&outcome, "\"a message cannot be read\""), 3);
    clear(&outcome);
}

static void test_a_fifo_queue_keeps_its_order(void **state) {
    (void)state;
    static const char *const bodies[] = {ONE, "not json", ONE};
    struct outcome outcome;
    check_queue(bodies, 3, ",\"eventSourceARN\":\"arn:aws:sqs:r:1:q.fifo\"", SVC_NO_DEADLINE, 1,
                "12", &outcome);
    clear(&outcome);
}

static void test_messages_through_sns(void **state) {
    (void)state;
    char *enveloped = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), ONE);
    char *direct = example_wrap(EXAMPLE_SNS("@"), ONE);
    const char *const bodies[] = {enveloped, ONE};
    struct outcome outcome;
    check_queue(bodies, 2, "", SVC_NO_DEADLINE, 1, "", &outcome);
    assert_int_equal(lines(&outcome, "\"skipped\""), 2);
    clear(&outcome);
    handle(&outcome, direct, SVC_NO_DEADLINE, 1);
    assert_false(outcome.result.failed);
    assert_int_equal(lines(&outcome, "\"skipped\""), 1);
    clear(&outcome);
    free(direct);
    free(enveloped);
}

static void test_a_wrong_argument_of_a_batch_is_permanent(void **state) {
    (void)state;
    struct outcome outcome;
    struct svc_json *json = NULL;
    handle(&outcome,
           "{'invocationSchemaVersion':'2.0','invocationId':'i','job':{'userArguments':"
           "{'force':'maybe'}},'tasks':[{'taskId':'0','s3Key':'uploads/a','s3Bucket':'b'}]}",
           SVC_NO_DEADLINE, 1);
    assert_int_equal(
        svc_json_parse(outcome.result.body.bytes, outcome.result.body.size_bytes, 0, &json, NULL),
        SVC_OK);
    const struct svc_json *result = svc_json_at(svc_json_get(json, "results"), 0);
    assert_string_equal(svc_json_get_text(result, "resultCode"), "PermanentFailure");
    assert_string_equal(svc_json_get_text(result, "resultString"),
                        "rejected: INVALID_ARGUMENT: the job's argument force is neither \"true\" "
                        "nor \"false\"");
    assert_int_equal(lines(&outcome, "\"WARN\""), 1);
    svc_json_free(json);
    clear(&outcome);
}

static void test_what_is_no_event_fails_the_invocation(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "{}",
        "{'Records':[{'eventSource':'aws:ses'}]}",
        "{'Records':[{'eventSource':'aws:sqs','body':'{}'}]}",
        "{'invocationSchemaVersion':'3.0','invocationId':'i','tasks':[]}",
        EXAMPLE_SCHEDULE,
        EXAMPLE_SES_EVENTBRIDGE,
        EXAMPLE_URL,
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct outcome outcome;
        handle(&outcome, bad[i], SVC_NO_DEADLINE, 1);
        assert_true(outcome.result.failed);
        assert_string_equal(outcome.result.error_type, "Image.UnknownEvent");
        assert_non_null(strstr(outcome.result.error_message, "the event cannot be read: "));
        assert_int_equal(outcome.result.body.size_bytes, 0);
        clear(&outcome);
    }
}

static int64_t skipped(const struct outcome *outcome) {
    for (size_t i = 0; i < outcome->metrics.count; i++) {
        if (strcmp(outcome->metrics.values[i].name, "Skipped") == 0) {
            return outcome->metrics.values[i].value;
        }
    }
    return 0;
}

/* A message that is not reported as failed is deleted from its queue: it must have been handled. */
static void test_no_message_is_lost_without_memory(void **state) {
    (void)state;
    static const char *const bodies[] = {ONE, ONE, ONE};
    char *text = queue_of(bodies, 3, "");
    int seen_failed = 0, seen_reported = 0;
    for (int n = 1;; n++) {
        const long before = failing_malloc.live;
        struct outcome outcome;
        failing = n;
        handle(&outcome, text, SVC_NO_DEADLINE, 1);
        if (outcome.result.failed) {
            assert_string_equal(outcome.result.error_type, "Image.NO_MEMORY");
            seen_failed++;
        } else if (svc_buf_status(&outcome.result.body) == SVC_OK) {
            const char *body = svc_buf_text(&outcome.result.body);
            int64_t reported = 0;
            for (const char *at = body; (at = strstr(at, "itemIdentifier")) != NULL; at++) {
                reported++;
            }
            assert_true(skipped(&outcome) + reported == 3);
            seen_reported += reported > 0;
        } /* else the runtime reports that the result has no memory */
        clear(&outcome);
        assert_true(failing_malloc.live == before);
        if (failing_malloc.failures == 0) {
            break;
        }
    }
    failing = 0;
    assert_true(seen_failed > 2);
    assert_true(seen_reported > 2);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_event_with_time_enough),
        cmocka_unit_test(test_a_notification_that_runs_out_of_time),
        cmocka_unit_test(test_a_batch_that_runs_out_of_time),
        cmocka_unit_test(test_a_queue_that_runs_out_of_time),
        cmocka_unit_test(test_a_short_timeout_does_not_stop_after_the_first),
        cmocka_unit_test(test_a_message_whose_objects_run_out_of_time),
        cmocka_unit_test(test_messages_that_cannot_be_read_come_again),
        cmocka_unit_test(test_a_fifo_queue_keeps_its_order),
        cmocka_unit_test(test_messages_through_sns),
        cmocka_unit_test(test_a_wrong_argument_of_a_batch_is_permanent),
        cmocka_unit_test(test_what_is_no_event_fails_the_invocation),
        cmocka_unit_test(test_no_message_is_lost_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
