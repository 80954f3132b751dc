/* Messages of SQS, and the batch driver: which messages come again, in which order they are
 * handled, and when no further one is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/sqs.h"
#include "lambda/events/sqs_batch.h"
#include "tests/lambda/event_examples.h"
#include "tests/services/support.h"
#include "tests/support/random.h"

static void test_a_message_of_a_standard_queue(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_SQS);
    struct lev_sqs_event event;
    struct lev_attribute attribute;
    assert_int_equal(lev_sqs_read(document, &event, NULL), SVC_OK);
    assert_int_equal(event.count, 1);
    const struct lev_sqs_record *record = &event.records[0];
    assert_string_equal(record->message_id, "059f36b4-87a3-44ab-83d2-661975830a7d");
    assert_string_equal(record->receipt_handle, "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...");
    assert_string_equal(record->body, "Test message.");
    assert_int_equal(record->body_bytes, strlen("Test message."));
    assert_int_equal(record->receive_count, 1);
    assert_true(record->sent_ms == INT64_C(1545082649183));
    assert_true(record->first_received_ms == INT64_C(1545082649185));
    assert_null(record->group_id);
    assert_false(record->is_fifo);
    assert_string_equal(record->queue_arn, "arn:aws:sqs:us-east-2:123456789012:my-queue");
    assert_string_equal(lev_sqs_queue_name(record), "my-queue");
    assert_true(lev_sqs_attribute(record, "myAttribute", &attribute));
    assert_string_equal(attribute.type, "String");
    assert_string_equal(attribute.value, "myValue");
    assert_false(attribute.is_binary);
    assert_true(lev_sqs_attribute(record, "myBinary", &attribute));
    assert_string_equal(attribute.value, "AAEC");
    assert_true(attribute.is_binary);
    assert_false(lev_sqs_attribute(record, "other", &attribute));
    lev_sqs_clear(&event);
    svc_json_free(document);
}

static void test_a_message_of_a_fifo_queue(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_SQS_FIFO);
    struct lev_sqs_event event;
    assert_int_equal(lev_sqs_read(document, &event, NULL), SVC_OK);
    assert_string_equal(event.records[0].group_id, "1");
    assert_int_equal(event.records[0].receive_count, 3);
    assert_true(event.records[0].is_fifo);
    assert_string_equal(lev_sqs_queue_name(&event.records[0]), "fifo.fifo");
    lev_sqs_clear(&event);
    svc_json_free(document);
}

static void test_a_queue_is_fifo_by_the_end_of_its_name(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool is_fifo;
    } cases[] = {{"a.fifo", true},      {"a.fifo.fifo", true}, {"fifo", false},  {"a-fifo", false},
                 {"a.fifo-old", false}, {"a.fifo.b", false},   {"a.FIFO", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        (void)snprintf(text, sizeof(text),
                       "{'Records':[{'eventSource':'aws:sqs','messageId':'a','eventSourceARN':"
                       "'arn:aws:sqs:us-east-2:123456789012:%s'}]}",
                       cases[i].name);
        struct svc_json *document = example_parse(text);
        struct lev_sqs_event event;
        assert_int_equal(lev_sqs_read(document, &event, NULL), SVC_OK);
        assert_int_equal(event.records[0].is_fifo, cases[i].is_fifo);
        lev_sqs_clear(&event);
        svc_json_free(document);
    }
}

static void test_members_that_are_missing_or_wrong(void **state) {
    (void)state;
    struct svc_json *document = example_parse(
        "{'Records':[{'eventSource':'aws:sqs','messageId':'a'},"
        "{'eventSource':'aws:sqs','messageId':'b','body':17,'attributes':{'SentTimestamp':5,"
        "'ApproximateReceiveCount':'-1','ApproximateFirstReceiveTimestamp':'1234567890123456789'},"
        "'messageAttributes':{'x':{'dataType':'String','binaryValue':'AA=='},'y':5}},"
        "{'eventSource':'aws:sqs','messageId':'c','body':'a\\u0000b','eventSourceARN':'name',"
        "'attributes':{'ApproximateReceiveCount':''}}]}");
    struct lev_sqs_event event;
    struct lev_attribute attribute;
    assert_int_equal(lev_sqs_read(document, &event, NULL), SVC_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_null(event.records[i].body);
        assert_int_equal(event.records[i].receive_count, 0);
        assert_int_equal(event.records[i].sent_ms, -1);
        assert_int_equal(event.records[i].first_received_ms, -1);
        assert_false(event.records[i].is_fifo);
        assert_string_equal(lev_sqs_queue_name(&event.records[i]), "");
    }
    assert_false(lev_sqs_attribute(&event.records[1], "x", &attribute));
    assert_false(lev_sqs_attribute(&event.records[1], "y", &attribute));
    assert_int_equal(event.records[2].body_bytes, 3);
    assert_int_equal(event.records[2].receive_count, 0);
    assert_string_equal(lev_sqs_queue_name(&event.records[2]), "name");
    lev_sqs_clear(&event);
    svc_json_free(document);
}

static void test_what_is_no_event_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{'Records':{}}",
        "{'Records':[17]}",
        "{'Records':[{'eventSource':'aws:s3','messageId':'a'}]}",
        "{'Records':[{'eventSource':'aws:sqs','body':'b'}]}",
        "{'Records':[{'eventSource':'aws:sqs','messageId':5}]}",
        "{'Records':[{'eventSource':'aws:sqs','messageId':'a'},{}]}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *document = example_parse(bad[i]);
        struct lev_sqs_event event;
        struct svc_error error = {0};
        assert_int_equal(lev_sqs_read(document, &event, &error), SVC_MALFORMED);
        assert_true(error.detail[0] != '\0');
        lev_sqs_clear(&event);
        svc_json_free(document);
    }
}

static void test_the_url_of_a_queue(void **state) {
    (void)state;
    static const struct {
        const char *arn, *url; /* NULL: refused */
    } cases[] = {
        {"arn:aws:sqs:us-east-2:123456789012:my-queue",
         "https://sqs.us-east-2.amazonaws.com/123456789012/my-queue"},
        {"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:a_b.fifo",
         "https://sqs.us-gov-west-1.amazonaws.com/123456789012/a_b.fifo"},
        {"arn:aws-cn:sqs:cn-north-1:123456789012:q",
         "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q"},
        {"arn:aws-eusc:sqs:eusc-de-east-1:123456789012:q",
         "https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/q"},
        {NULL, NULL},
        {"", NULL},
        {"my-queue", NULL},
        {"arn:aws:sns:us-east-2:123456789012:topic", NULL},
        {"arn:aws-new:sqs:us-east-2:123456789012:q", NULL},
        {"urn:aws:sqs:us-east-2:123456789012:q", NULL},
        {"arn:aws:sqs::123456789012:q", NULL},
        {"arn:aws:sqs:us-east-2:123456789012:", NULL},
        {"arn:aws:sqs:us-east-2:123456789012", NULL},
        {"arn:aws:sqs:us-east-2:123456789012:q:r", NULL},
        {"arn:aws:sqs:evil.example/:123456789012:q", NULL},
        {"arn:aws:sqs:us-east-2:1@evil:q", NULL},
        {"arn:aws:sqs:us-east-2:123456789012:q\r\n", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct lev_sqs_record record = {.queue_arn = cases[i].arn};
        struct svc_buf url;
        svc_buf_init(&url, 1000);
        assert_int_equal(lev_sqs_queue_url(&record, &url),
                         cases[i].url != NULL ? SVC_OK : SVC_MALFORMED);
        assert_string_equal(svc_buf_text(&url), cases[i].url != NULL ? cases[i].url : "");
        svc_buf_clear(&url);
    }
    char arn[600] = "arn:aws:sqs:us-east-2:123456789012:";
    memset(arn + strlen(arn), 'q', sizeof(arn) - 1 - strlen(arn));
    const struct lev_sqs_record record = {.queue_arn = arn};
    struct svc_buf url;
    svc_buf_init(&url, 1000);
    assert_int_equal(lev_sqs_queue_url(&record, &url), SVC_MALFORMED);
    svc_buf_clear(&url);
}

/* ---------------------------------------------------------------------- the driver */

#define MAX_CALLS 64

/* A handler whose results the tests choose; the clock moves with each call. */
struct trial {
    struct test_clock clock;
    struct test_log log;
    const char *retry, *stop; /* message ids, each one letter */
    int64_t cost_ms;
    char calls[MAX_CALLS]; /* the ids in their order */
    size_t count;
    struct svc_buf result;
    struct lev_sqs_counts counts;
};

static enum lev_sqs_result handle(void *user, const struct lev_sqs_record *record) {
    struct trial *trial = user;
    const char id = record->message_id[0];
    assert_true(trial->count < MAX_CALLS - 1);
    trial->calls[trial->count++] = id;
    trial->clock.monotonic_ms += trial->cost_ms;
    return strchr(trial->retry, id) != NULL  ? LEV_SQS_RETRY
           : strchr(trial->stop, id) != NULL ? LEV_SQS_STOP
                                             : LEV_SQS_DONE;
}

/* Runs messages whose ids are the letters of `ids`; groups NULL: without, else a letter for each.
 */
static void run(struct trial *trial, const char *queue, const char *ids, const char *groups,
                int64_t deadline_in_ms, int64_t min_left_ms) {
    struct lev_sqs_record records[MAX_CALLS];
    char names[MAX_CALLS][2], group_names[MAX_CALLS][2];
    struct lev_sqs_event event = {records, strlen(ids)};
    memset(records, 0, sizeof(records));
    for (size_t i = 0; i < event.count; i++) {
        names[i][0] = ids[i];
        names[i][1] = '\0';
        records[i].message_id = names[i];
        records[i].is_fifo = strstr(queue, ".fifo") != NULL;
        if (groups != NULL) {
            group_names[i][0] = groups[i];
            group_names[i][1] = '\0';
            records[i].group_id = group_names[i];
        }
    }
    test_clock_init(&trial->clock, 1000000);
    test_log_init(&trial->log, &trial->clock.clock);
    svc_buf_init(&trial->result, 1 << 20);
    const struct lev_sqs_driver driver = {
        .handle = handle,
        .user = trial,
        .clock = &trial->clock.clock,
        .log = &trial->log.log,
        .deadline_ms = deadline_in_ms == SVC_NO_DEADLINE
                           ? SVC_NO_DEADLINE
                           : trial->clock.monotonic_ms + deadline_in_ms,
        .min_left_ms = min_left_ms,
    };
    assert_int_equal(lev_sqs_run(&event, &driver, &trial->result, &trial->counts), SVC_OK);
    const struct lev_sqs_counts *counts = &trial->counts;
    assert_int_equal(counts->done + counts->retried + counts->blocked + counts->untouched +
                         counts->repeated,
                     event.count);
}

/* `calls` were made, and exactly `failed` are reported, in this order. */
static void check(struct trial *trial, const char *calls, const char *failed) {
    char expected[2048] = "{\"batchItemFailures\":[";
    for (size_t i = 0; failed[i] != '\0'; i++) {
        char item[64];
        (void)snprintf(item, sizeof(item), "%s{\"itemIdentifier\":\"%c\"}", i > 0 ? "," : "",
                       failed[i]);
        strcat(expected, item);
    }
    strcat(expected, "]}");
    assert_string_equal(trial->calls, calls);
    assert_string_equal(svc_buf_text(&trial->result), expected);
}

static size_t log_lines(const struct trial *trial, const char *level) {
    size_t count = 0;
    const char *at = svc_buf_text(&trial->log.lines);
    while ((at = strstr(at, level)) != NULL) {
        count++;
        at++;
    }
    return count;
}

static void clear(struct trial *trial) {
    test_log_clear(&trial->log);
    svc_buf_clear(&trial->result);
}

#define STANDARD "arn:aws:sqs:r:1:q"
#define FIFO     "arn:aws:sqs:r:1:q.fifo"

static void test_exactly_the_failed_messages(void **state) {
    (void)state;
    struct trial trial = {.retry = "bd", .stop = ""};
    run(&trial, STANDARD, "abcde", NULL, SVC_NO_DEADLINE, 0);
    check(&trial, "abcde", "bd");
    assert_int_equal(trial.counts.done, 3);
    assert_int_equal(trial.counts.retried, 2);
    assert_int_equal(trial.log.lines.size_bytes, 0);
    clear(&trial);
}

static void test_no_failure_is_an_empty_list(void **state) {
    (void)state;
    struct trial trial = {.retry = "", .stop = ""};
    run(&trial, STANDARD, "abc", NULL, SVC_NO_DEADLINE, 0);
    check(&trial, "abc", "");
    clear(&trial);
    struct trial none = {.retry = "", .stop = ""};
    run(&none, STANDARD, "", NULL, SVC_NO_DEADLINE, 0);
    check(&none, "", "");
    clear(&none);
}

static void test_a_group_stops_at_its_first_failure(void **state) {
    (void)state;
    struct trial trial = {.retry = "cf", .stop = ""};
    run(&trial, FIFO, "abcdefgh", "12121233", SVC_NO_DEADLINE, 0);
    /* c fails: e is blocked; f fails: nothing of group 2 follows; group 3 goes on */
    check(&trial, "abcdfgh", "cef");
    assert_int_equal(trial.counts.blocked, 1);
    assert_int_equal(log_lines(&trial, "\"WARN\""), 1);
    assert_int_equal(log_lines(&trial, "\"ERROR\""), 0);
    clear(&trial);
}

static void test_fifo_messages_without_a_group_are_one_group(void **state) {
    (void)state;
    struct trial trial = {.retry = "b", .stop = ""};
    run(&trial, FIFO, "abcd", NULL, SVC_NO_DEADLINE, 0);
    check(&trial, "ab", "bcd");
    assert_int_equal(trial.counts.blocked, 2);
    clear(&trial);
}

/* Groups of a standard queue (fair queues) are no order: the others are handled. */
static void test_groups_of_a_standard_queue_do_not_stop(void **state) {
    (void)state;
    struct trial trial = {.retry = "a", .stop = ""};
    run(&trial, STANDARD, "abcd", "1111", SVC_NO_DEADLINE, 0);
    check(&trial, "abcd", "a");
    clear(&trial);
}

static void test_a_repeated_message_is_handled_once(void **state) {
    (void)state;
    struct trial trial = {.retry = "b", .stop = ""};
    run(&trial, STANDARD, "abacbb", NULL, SVC_NO_DEADLINE, 0);
    check(&trial, "abc", "b");
    assert_int_equal(trial.counts.repeated, 3);
    clear(&trial);
}

static void test_the_deadline_leaves_the_rest_untouched(void **state) {
    (void)state;
    /* 18 s, each message takes 4 s, 3 s must be left: before a 18, b 14, c 10, d 6, e 2 */
    struct trial trial = {.retry = "b", .stop = "", .cost_ms = 4000};
    run(&trial, STANDARD, "abcdefg", NULL, 18000, 3000);
    check(&trial, "abcd", "befg");
    assert_int_equal(trial.counts.untouched, 3);
    assert_int_equal(log_lines(&trial, "\"WARN\""), 1);
    assert_int_equal(log_lines(&trial, "\"ERROR\""), 0);
    assert_non_null(strstr(svc_buf_text(&trial.log.lines), "\"count\":3"));
    clear(&trial);
}

static void test_the_boundary_of_the_deadline(void **state) {
    (void)state;
    struct trial exact = {.retry = "", .stop = "", .cost_ms = 4000};
    run(&exact, STANDARD, "abcd", NULL, 10000, 2000);
    check(&exact, "abc", "d"); /* before c 2,000 ms are left */
    clear(&exact);
    struct trial less = {.retry = "", .stop = "", .cost_ms = 4001};
    run(&less, STANDARD, "abcd", NULL, 10000, 2000);
    check(&less, "ab", "cd");
    clear(&less);
}

/* Each message that comes back untouched has one more receive, of the few that the queue allows. */
static void test_a_short_timeout_does_not_return_most_of_a_batch(void **state) {
    (void)state;
    /* 540 ms must be left, a fifth of the time, not 2 s: before b 1,900, c 1,100, d 300 */
    struct trial trial = {.retry = "", .stop = "", .cost_ms = 800};
    run(&trial, STANDARD, "abcdefghij", NULL, 2700, 2000);
    check(&trial, "abc", "defghij");
    assert_non_null(strstr(svc_buf_text(&trial.log.lines), "\"minLeftMs\":540"));
    clear(&trial);
    struct test_clock clock;
    test_clock_init(&clock, 1000000);
    const int64_t now_ms = clock.monotonic_ms;
    assert_int_equal(lev_min_left_ms(&clock.clock, now_ms + 2700, 2000), 540);
    assert_int_equal(lev_min_left_ms(&clock.clock, now_ms + 10000, 2000), 2000);
    assert_int_equal(lev_min_left_ms(&clock.clock, now_ms + 9999, 2000), 1999);
    assert_int_equal(lev_min_left_ms(&clock.clock, now_ms - 1, 2000), 0);
    assert_int_equal(lev_min_left_ms(&clock.clock, SVC_NO_DEADLINE, 2000), 2000);
}

/* A function whose time suffices for one message still handles it in each invocation; one without
 * any time does not. */
static void test_the_first_message_is_taken_if_any_time_is_left(void **state) {
    (void)state;
    struct trial trial = {.retry = "", .stop = "", .cost_ms = 450};
    run(&trial, STANDARD, "abc", NULL, 500, 2000);
    check(&trial, "a", "bc");
    clear(&trial);
    struct trial late = {.retry = "", .stop = "", .cost_ms = 10};
    run(&late, STANDARD, "abc", NULL, 0, 2000);
    check(&late, "", "abc");
    assert_int_equal(late.counts.untouched, 3);
    assert_int_equal(log_lines(&late, "\"WARN\""), 1);
    clear(&late);
}

static void test_the_handler_stops_the_batch(void **state) {
    (void)state;
    struct trial trial = {.retry = "a", .stop = "c"};
    run(&trial, STANDARD, "abcde", NULL, SVC_NO_DEADLINE, 0);
    check(&trial, "abc", "acde");
    assert_int_equal(trial.counts.done, 1);
    assert_int_equal(trial.counts.retried, 1);
    assert_int_equal(trial.counts.untouched, 3);
    assert_int_equal(log_lines(&trial, "\"WARN\""), 1);
    clear(&trial);
    struct trial last = {.retry = "", .stop = "c"};
    run(&last, STANDARD, "abc", NULL, SVC_NO_DEADLINE, 0);
    check(&last, "abc", "c");
    assert_int_equal(log_lines(&last, "\"WARN\""), 1);
    clear(&last);
}

/* The rule again, written down another way: message i is handled if it is the first of its id and
 * no earlier handled message of its group failed. */
static void test_random_batches(void **state) {
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 3000; round++) {
        char ids[MAX_CALLS] = {0}, groups[MAX_CALLS] = {0}, retry[8] = {0};
        char calls[MAX_CALLS] = {0}, failed[MAX_CALLS] = {0};
        const bool is_fifo = random_between(&seed, 0, 1) == 1;
        const uint32_t count = random_between(&seed, 0, 20);
        for (uint32_t i = 0; i < random_between(&seed, 0, 5); i++) {
            retry[i] = (char)random_between(&seed, 'a', 'm');
        }
        for (uint32_t i = 0; i < count; i++) {
            ids[i] = (char)random_between(&seed, 'a', 'm');
            groups[i] = (char)random_between(&seed, '1', '3');
            if (memchr(ids, ids[i], i) != NULL) {
                /* a repeated message has the group of the first one */
                groups[i] = groups[(const char *)memchr(ids, ids[i], i) - ids];
                continue;
            }
            bool is_blocked = false;
            for (uint32_t k = 0; k < i && is_fifo; k++) {
                is_blocked |= groups[k] == groups[i] && strchr(retry, ids[k]) != NULL;
            }
            if (!is_blocked) {
                calls[strlen(calls)] = ids[i];
            }
            if (is_blocked || strchr(retry, ids[i]) != NULL) {
                failed[strlen(failed)] = ids[i];
            }
        }
        struct trial trial = {.retry = retry, .stop = ""};
        run(&trial, is_fifo ? FIFO : STANDARD, ids, groups, SVC_NO_DEADLINE, 0);
        check(&trial, calls, failed);
        clear(&trial);
    }
}

static enum lev_sqs_result handle_any(void *user, const struct lev_sqs_record *record) {
    size_t *calls = user;
    (*calls)++;
    return record->receive_count == 1 ? LEV_SQS_RETRY : LEV_SQS_DONE;
}

/* The memory of the result at the first call of the handler. */
struct reserved {
    const struct svc_buf *result;
    size_t calls, capacity_bytes;
};

static enum lev_sqs_result note_capacity(void *user, const struct lev_sqs_record *record) {
    struct reserved *reserved = user;
    (void)record;
    if (reserved->calls++ == 0) {
        reserved->capacity_bytes = reserved->result->capacity_bytes;
    }
    return LEV_SQS_RETRY;
}

/* Also for ids that JSON has to escape: the result needs no more memory after the first call. */
static void test_the_result_is_reserved_before_the_first_call(void **state) {
    (void)state;
    static const char *const ids[] = {"plain-id",
                                      "\"",
                                      "\\\\\\",
                                      "\x01\x02\x03\n\t",
                                      "\x7f\x7f\x7f",
                                      "\xc2\x80\xc2\x9f",
                                      "\xe2\x80\xa8\xe2\x80\xa9",
                                      "\xff\xff",
                                      "한글",
                                      ""};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct lev_sqs_record records[60];
        char names[60][64];
        struct lev_sqs_event event = {records, 60};
        struct svc_buf result;
        struct reserved reserved = {.result = &result};
        struct svc_json *json = NULL;
        memset(records, 0, sizeof(records));
        for (size_t k = 0; k < 60; k++) {
            (void)snprintf(names[k], sizeof(names[k]), "%s%zu%s", ids[i], k, ids[i]);
            records[k].message_id = names[k];
        }
        const struct lev_sqs_driver driver = {.handle = note_capacity,
                                              .user = &reserved,
                                              .clock = svc_clock_system(),
                                              .deadline_ms = SVC_NO_DEADLINE};
        svc_buf_init(&result, 1 << 20);
        assert_int_equal(lev_sqs_run(&event, &driver, &result, NULL), SVC_OK);
        assert_int_equal(reserved.calls, 60);
        assert_int_equal(result.capacity_bytes, reserved.capacity_bytes);
        assert_int_equal(svc_json_parse(result.bytes, result.size_bytes, 0, &json, NULL), SVC_OK);
        assert_int_equal(svc_json_count(svc_json_get(json, "batchItemFailures")), 60);
        svc_json_free(json);
        svc_buf_clear(&result);
    }
}

/* The largest batch, each message in a group of its own, every one failing: the driver's own work
 * must not grow with the square of the number. */
static void test_the_largest_batch(void **state) {
    (void)state;
    const size_t count = LEV_MAX_SQS_RECORDS + 1;
    char *text = malloc(count * 160 + 64);
    assert_non_null(text);
    for (size_t n = count - 1; n <= count; n++) {
        size_t used = (size_t)sprintf(text, "{\"Records\":[");
        for (size_t i = 0; i < n; i++) {
            used += (size_t)sprintf(text + used,
                                    "%s{'messageId':'m%zu','eventSource':'aws:sqs','eventSourceARN'"
                                    ":'a:q.fifo','attributes':{'MessageGroupId':'g%zu',"
                                    "'ApproximateReceiveCount':'1'}}",
                                    i > 0 ? "," : "", i, i);
        }
        (void)sprintf(text + used, "]}");
        struct svc_json *document = example_parse(text);
        struct lev_sqs_event event;
        const enum svc_status status = lev_sqs_read(document, &event, NULL);
        assert_int_equal(status, n == count ? SVC_TOO_LARGE : SVC_OK);
        if (status == SVC_OK) {
            size_t calls = 0;
            struct lev_sqs_counts counts;
            struct svc_buf result;
            const struct lev_sqs_driver driver = {.handle = handle_any,
                                                  .user = &calls,
                                                  .clock = svc_clock_system(),
                                                  .deadline_ms = SVC_NO_DEADLINE};
            svc_buf_init(&result, 6 << 20);
            assert_int_equal(lev_sqs_run(&event, &driver, &result, &counts), SVC_OK);
            assert_int_equal(calls, n);
            assert_int_equal(counts.retried, n);
            svc_buf_clear(&result);
            svc_buf_init(&result, 1000);
            calls = 0;
            assert_int_equal(lev_sqs_run(&event, &driver, &result, &counts), SVC_TOO_LARGE);
            assert_int_equal(calls, 0);
            svc_buf_clear(&result);
        }
        lev_sqs_clear(&event);
        svc_json_free(document);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_of_a_standard_queue),
        cmocka_unit_test(test_a_message_of_a_fifo_queue),
        cmocka_unit_test(test_a_queue_is_fifo_by_the_end_of_its_name),
        cmocka_unit_test(test_members_that_are_missing_or_wrong),
        cmocka_unit_test(test_what_is_no_event_is_refused),
        cmocka_unit_test(test_the_url_of_a_queue),
        cmocka_unit_test(test_exactly_the_failed_messages),
        cmocka_unit_test(test_no_failure_is_an_empty_list),
        cmocka_unit_test(test_a_group_stops_at_its_first_failure),
        cmocka_unit_test(test_fifo_messages_without_a_group_are_one_group),
        cmocka_unit_test(test_groups_of_a_standard_queue_do_not_stop),
        cmocka_unit_test(test_a_repeated_message_is_handled_once),
        cmocka_unit_test(test_the_deadline_leaves_the_rest_untouched),
        cmocka_unit_test(test_the_boundary_of_the_deadline),
        cmocka_unit_test(test_a_short_timeout_does_not_return_most_of_a_batch),
        cmocka_unit_test(test_the_first_message_is_taken_if_any_time_is_left),
        cmocka_unit_test(test_the_handler_stops_the_batch),
        cmocka_unit_test(test_random_batches),
        cmocka_unit_test(test_the_result_is_reserved_before_the_first_call),
        cmocka_unit_test(test_the_largest_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
