/* Every example, cut at each byte and changed at random: the readers return a status, and the
 * sanitizers watch. What is read is read to its last byte. The seeds are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/eventbridge.h"
#include "lambda/events/function_url.h"
#include "lambda/events/kind.h"
#include "lambda/events/s3.h"
#include "lambda/events/s3_batch.h"
#include "lambda/events/schedule.h"
#include "lambda/events/sns.h"
#include "lambda/events/sqs_batch.h"
#include "tests/lambda/event_examples.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

#define ROUNDS 1500 /* of each example */

/* Sums up all bytes, so that each is looked at. */
static size_t sum;

static void touch(const void *bytes, size_t size_bytes) {
    for (size_t i = 0; bytes != NULL && i < size_bytes; i++) {
        sum += ((const uint8_t *)bytes)[i];
    }
}

static void touch_text(const char *text) {
    touch(text, text != NULL ? strlen(text) : 0);
}

static void touch_objects(const struct lev_s3_object *object) {
    struct svc_buf key;
    svc_buf_init(&key, 4096);
    lev_s3_key(object, &key);
    touch(key.bytes, key.size_bytes);
    svc_buf_clear(&key);
    touch(object->raw_key, object->raw_key_bytes);
    touch_text(object->bucket);
    touch_text(object->etag);
    touch_text(object->version_id);
    touch_text(object->sequencer);
    touch_text(object->event_name);
}

static void check(enum svc_status status) {
    assert_true(status == SVC_OK || status == SVC_MALFORMED);
}

static void read_s3(const struct svc_json *document) {
    struct lev_s3_event event;
    check(lev_s3_read(document, &event, NULL));
    for (size_t i = 0; i < event.count; i++) {
        touch_objects(&event.objects[i]);
    }
    lev_s3_clear(&event);
}

static void read_s3_batch(const struct svc_json *document) {
    struct lev_s3_batch batch;
    check(lev_s3_batch_read(document, &batch, NULL));
    for (size_t i = 0; i < batch.task_count; i++) {
        touch_text(batch.tasks[i].id);
        touch_objects(&batch.tasks[i].object);
    }
    lev_s3_batch_clear(&batch);
}

static void read_sns(const struct svc_json *document) {
    struct lev_sns_event event;
    struct lev_attribute attribute;
    check(lev_sns_read(document, &event, NULL));
    for (size_t i = 0; i < event.count; i++) {
        touch(event.messages[i].message, event.messages[i].message_bytes);
        touch_text(event.messages[i].id);
        touch_text(event.messages[i].subject);
        if (lev_sns_attribute(&event.messages[i], "Test", &attribute)) {
            touch(attribute.value, attribute.value_bytes);
        }
    }
    lev_sns_clear(&event);
}

static enum lev_sqs_result handle(void *user, const struct lev_sqs_record *record) {
    struct lev_s3_event event;
    struct lev_attribute attribute;
    (void)user;
    touch(record->body, record->body_bytes);
    touch_text(record->message_id);
    touch_text(lev_sqs_queue_name(record));
    if (lev_sqs_attribute(record, "myBinary", &attribute)) {
        touch(attribute.value, attribute.value_bytes);
    }
    check(lev_s3_read_body(record->body, record->body_bytes, &event, NULL));
    lev_s3_clear(&event);
    return record->body_bytes % 2 == 0 ? LEV_SQS_DONE : LEV_SQS_RETRY;
}

static void read_sqs(const struct svc_json *document) {
    const struct lev_sqs_driver driver = {
        .handle = handle, .clock = svc_clock_system(), .deadline_ms = SVC_NO_DEADLINE};
    struct lev_sqs_event event;
    struct svc_buf result;
    const enum svc_status status = lev_sqs_read(document, &event, NULL);
    check(status);
    if (status == SVC_OK) {
        struct svc_json *written = NULL;
        svc_buf_init(&result, 1 << 20);
        assert_int_equal(lev_sqs_run(&event, &driver, &result, NULL), SVC_OK);
        assert_int_equal(svc_json_parse(result.bytes, result.size_bytes, 0, &written, NULL),
                         SVC_OK);
        svc_json_free(written);
        svc_buf_clear(&result);
    }
    lev_sqs_clear(&event);
}

static void read_url(const struct svc_json *document) {
    struct lev_url_request request;
    check(lev_url_request_read(document, &request, NULL));
    touch(request.body, request.body_bytes);
    touch_text(request.path);
    for (size_t i = 0; i < request.header_count; i++) {
        touch_text(request.headers[i].name);
        touch_text(request.headers[i].value);
    }
    for (size_t i = 0; i < request.parameter_count; i++) {
        touch_text(request.parameters[i].name);
        touch_text(request.parameters[i].value);
    }
    for (size_t i = 0; i < request.cookie_count; i++) {
        touch_text(request.cookies[i]);
    }
    lev_url_request_clear(&request);
}

static void read_schedule(const struct svc_json *document) {
    struct lev_schedule schedule;
    struct lev_eventbridge event;
    check(lev_schedule_read(document, &schedule, NULL));
    touch_text(schedule.report_type);
    touch_text(schedule.arn);
    lev_eventbridge_read(document, &event);
    touch_text(event.source);
}

/* Every reader gets every document, whatever its kind. */
static void read_all(const char *text, size_t size_bytes) {
    struct svc_json *document = NULL;
    if (svc_json_parse(text, size_bytes, 0, &document, NULL) == SVC_OK) {
        sum += lev_kind_of(document);
        read_s3(document);
        read_s3_batch(document);
        read_sns(document);
        read_sqs(document);
        read_url(document);
        read_schedule(document);
    }
    svc_json_free(document);
}

static void cut(const char *text) {
    const size_t size_bytes = strlen(text);
    for (size_t size = 0; size < size_bytes; size++) {
        struct lev_s3_event event;
        char *exact = malloc(size > 0 ? size : 1); /* so that reading past the end is seen */
        assert_non_null(exact);
        memcpy(exact, text, size);
        assert_int_equal(lev_s3_read_body(exact, size, &event, NULL), SVC_MALFORMED);
        lev_s3_clear(&event);
        read_all(exact, size);
        free(exact);
    }
}

/* Bytes of which JSON is made are put in more often than others, so that many stay JSON. */
static void change(const char *text, uint64_t *seed) {
    static const char likely[] = "\"{}[]:,0123456789%+=&nulltrue.\\u00 Aa/";
    const uint32_t size_bytes = (uint32_t)strlen(text);
    char *copy = malloc(size_bytes + 1);
    assert_non_null(copy);
    for (int round = 0; round < test_part(ROUNDS, 5); round++) {
        memcpy(copy, text, size_bytes + 1);
        for (uint32_t n = random_between(seed, 1, 4); n > 0; n--) {
            char *at = &copy[random_between(seed, 0, size_bytes - 1)];
            *at = random_between(seed, 0, 9) == 0
                      ? (char)random_between(seed, 0, 255)
                      : likely[random_between(seed, 0, sizeof(likely) - 2)];
        }
        read_all(copy, size_bytes);
    }
    free(copy);
}

/* The members of one example get the values of another one: well formed, of the wrong types. */
static void swap_values(const char *text, uint64_t *seed) {
    static const char *const values[] = {"null", "17",   "-1",           "1.5e3",
                                         "true", "\"\"", "[]",           "[[]]",
                                         "[{}]", "{}",   "{\"a\":null}", "\"\\u0000\""};
    const uint32_t size_bytes = (uint32_t)strlen(text);
    for (int round = 0; round < test_part(ROUNDS, 5); round++) {
        /* the value after a colon at random, up to the next comma or bracket */
        const char *colon = strchr(text + random_between(seed, 0, size_bytes - 1), ':');
        if (colon == NULL) {
            continue;
        }
        struct svc_buf changed;
        svc_buf_init(&changed, 1 << 20);
        svc_buf_append(&changed, text, (size_t)(colon + 1 - text));
        svc_buf_append_text(&changed,
                            values[random_between(seed, 0, sizeof(values) / sizeof(*values) - 1)]);
        svc_buf_append_text(&changed, colon + 1 + strcspn(colon + 1, ",}]"));
        read_all(svc_buf_text(&changed), changed.size_bytes);
        svc_buf_clear(&changed);
    }
}

static void test_damaged_events(void **state) {
    (void)state;
    char *wrapped[] = {
        example_wrap(EXAMPLE_SNS("@"), EXAMPLE_S3),
        example_wrap(EXAMPLE_SNS_ENVELOPE("@"), EXAMPLE_S3_EVENTBRIDGE),
        example_wrap("{'Records':[{'messageId':'1','eventSource':'aws:sqs','body':@}]}",
                     EXAMPLE_S3),
    };
    static const char *const plain[] = {
        EXAMPLE_S3,       EXAMPLE_S3_EVENTBRIDGE, EXAMPLE_S3_BATCH_1,   EXAMPLE_S3_BATCH_2,
        EXAMPLE_SQS,      EXAMPLE_SQS_FIFO,       EXAMPLE_URL,          EXAMPLE_URL_BASE64,
        EXAMPLE_SCHEDULE, EXAMPLE_SCHEDULER,      EXAMPLE_OWN_SCHEDULE,
    };
    const size_t wrapped_count = sizeof(wrapped) / sizeof(wrapped[0]);
    const size_t count = sizeof(plain) / sizeof(plain[0]) + wrapped_count;
    uint64_t seed = 11;
    for (size_t i = 0; i < count; i++) {
        char *text =
            i < wrapped_count ? example_text(wrapped[i]) : example_text(plain[i - wrapped_count]);
        read_all(text, strlen(text));
        cut(text);
        change(text, &seed);
        swap_values(text, &seed);
        free(text);
    }
    for (size_t i = 0; i < wrapped_count; i++) {
        free(wrapped[i]);
    }
    assert_true(sum > 0);
}

/* A body that is itself damaged: JSON that carries JSON. */
static void test_damaged_bodies(void **state) {
    (void)state;
    uint64_t seed = 12;
    char *text = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), EXAMPLE_S3);
    const uint32_t size_bytes = (uint32_t)strlen(text);
    for (int round = 0; round < test_part(4 * ROUNDS, 5); round++) {
        char *copy = example_text(text);
        for (uint32_t n = random_between(&seed, 1, 3); n > 0; n--) {
            copy[random_between(&seed, 0, size_bytes - 1)] = (char)random_between(&seed, 32, 126);
        }
        struct lev_s3_event event;
        check(lev_s3_read_body(copy, size_bytes, &event, NULL));
        for (size_t i = 0; i < event.count; i++) {
            touch_objects(&event.objects[i]);
        }
        lev_s3_clear(&event);
        free(copy);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_events),
        cmocka_unit_test(test_damaged_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
