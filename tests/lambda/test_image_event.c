/* The four kinds of events become tasks; everything else is refused, and what is hostile in one
 * record stays in that record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/event.h"
#include "tests/support/random.h"

static enum svc_status read_event(const char *text, struct image_event *event) {
    struct svc_error error = {0};
    const enum svc_status status =
        image_event_read((const uint8_t *)text, strlen(text), event, &error);
    if (status != SVC_OK) {
        assert_int_equal(error.status, status);
        assert_true(error.detail[0] != '\0');
    }
    return status;
}

static bool has_key(const struct image_task *task, const char *expected) {
    return task->raw_key != NULL && task->raw_key_bytes == strlen(expected) &&
           memcmp(task->raw_key, expected, task->raw_key_bytes) == 0;
}

#define RECORD(key, more)                                                                          \
    "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\","    \
    "\"s3\":{\"bucket\":{\"name\":\"photos\",\"arn\":\"arn:aws:s3:::photos\"},"                    \
    "\"object\":{\"key\":\"" key "\",\"size\":1024" more "}}}"

static void test_every_record_of_a_notification(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(
        read_event("{\"Records\":[" RECORD("uploads/a+b.jpg",
                                           ",\"eTag\":\"0123\",\"versionId\":\"v1\","
                                           "\"sequencer\":\"00\"") "," RECORD("uploads/c", "") "]}",
                   &event),
        SVC_OK);
    assert_int_equal(event.kind, IMAGE_EVENT_RECORDS);
    assert_int_equal(event.task_count, 2);
    assert_string_equal(event.tasks[0].bucket, "photos");
    assert_true(has_key(&event.tasks[0], "uploads/a+b.jpg"));
    assert_true(event.tasks[0].is_encoded);
    assert_true(event.tasks[0].is_created);
    assert_string_equal(event.tasks[0].etag, "0123");
    assert_string_equal(event.tasks[0].version_id, "v1");
    assert_true(has_key(&event.tasks[1], "uploads/c"));
    assert_null(event.tasks[1].etag);
    assert_null(event.tasks[1].version_id);
    image_event_clear(&event);
}

static void test_other_events_of_s3_are_not_created_ones(void **state) {
    (void)state;
    static const char *const names[] = {"ObjectRemoved:Delete", "ObjectTagging:Put",
                                        "ObjectRestore:Completed", "", "Created"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char text[512];
        struct image_event event;
        (void)snprintf(text, sizeof(text),
                       "{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"%s\",\"s3\":{"
                       "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"uploads/a\"}}}]}",
                       names[i]);
        assert_int_equal(read_event(text, &event), SVC_OK);
        assert_int_equal(event.task_count, 1);
        assert_false(event.tasks[0].is_created);
        image_event_clear(&event);
    }
}

static void test_the_test_event_has_nothing_to_do(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(read_event("{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\","
                                "\"Time\":\"2026-01-01T00:00:00.000Z\",\"Bucket\":\"photos\"}",
                                &event),
                     SVC_OK);
    assert_int_equal(event.task_count, 0);
    image_event_clear(&event);
    assert_int_equal(read_event("{\"Records\":[]}", &event), SVC_OK);
    assert_int_equal(event.task_count, 0);
    image_event_clear(&event);
}

#define BRIDGE(type)                                                                               \
    "{\"version\":\"0\",\"detail-type\":\"" type "\",\"source\":\"aws.s3\",\"detail\":{"           \
    "\"bucket\":{\"name\":\"photos\"},\"object\":{\"key\":\"uploads/a+b %2B.jpg\",\"size\":5,"     \
    "\"etag\":\"0123\",\"version-id\":\"v2\",\"sequencer\":\"00\"},\"reason\":\"PutObject\"}}"

static void test_eventbridge(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(read_event(BRIDGE("Object Created"), &event), SVC_OK);
    assert_int_equal(event.kind, IMAGE_EVENT_RECORDS);
    assert_int_equal(event.task_count, 1);
    assert_true(has_key(&event.tasks[0], "uploads/a+b %2B.jpg"));
    assert_false(event.tasks[0].is_encoded);
    assert_true(event.tasks[0].is_created);
    assert_string_equal(event.tasks[0].etag, "0123");
    assert_string_equal(event.tasks[0].version_id, "v2");
    image_event_clear(&event);
    assert_int_equal(read_event(BRIDGE("Object Deleted"), &event), SVC_OK);
    assert_false(event.tasks[0].is_created);
    image_event_clear(&event);
}

#define MESSAGE(id, body)                                                                          \
    "{\"messageId\":\"" id "\",\"receiptHandle\":\"r\",\"body\":" body                             \
    ",\"eventSource\":\"aws:sqs\",\"eventSourceARN\":\"arn:aws:sqs:r:1:q\"}"
#define SMALL_BODY(key)                                                                            \
    "\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"eventName\\\":"                   \
    "\\\"ObjectCreated:Put\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"photos\\\"},"          \
    "\\\"object\\\":{\\\"key\\\":\\\"" key "\\\"}}}]}\""

static void test_messages_keep_their_place(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(
        read_event(
            "{\"Records\":[" MESSAGE("m0", SMALL_BODY("uploads/a")) "," MESSAGE(
                "m1",
                "\"not"
                " json"
                "\"") "," MESSAGE("m2",
                                  "\"{}\"") "," MESSAGE("m3",
                                                        "17") "," MESSAGE("m4",
                                                                          "\"{\\\"Event\\\":"
                                                                          "\\\"s3:TestEvent\\\"}"
                                                                          "\"") "," MESSAGE("m5",
                                                                                            SMALL_BODY(
                                                                                                "u"
                                                                                                "p"
                                                                                                "l"
                                                                                                "o"
                                                                                                "a"
                                                                                                "d"
                                                                                                "s"
                                                                                                "/"
                                                                                                "b")) "]}",
            &event),
        SVC_OK);
    assert_int_equal(event.kind, IMAGE_EVENT_QUEUE);
    assert_int_equal(event.group_count, 6);
    assert_string_equal(event.groups[0].id, "m0");
    assert_null(event.groups[0].problem);
    assert_non_null(event.groups[1].problem);
    assert_non_null(event.groups[2].problem);
    assert_non_null(event.groups[3].problem);
    assert_null(event.groups[4].problem);
    assert_string_equal(event.groups[5].id, "m5");
    assert_int_equal(event.task_count, 2);
    assert_int_equal(event.tasks[0].group, 0);
    assert_true(has_key(&event.tasks[0], "uploads/a"));
    assert_true(event.tasks[0].is_encoded);
    assert_int_equal(event.tasks[1].group, 5);
    image_event_clear(&event);
}

/* A message with one good record and one that is not from S3 is one that cannot be read. */
static void test_a_message_counts_as_a_whole(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(
        read_event("{\"Records\":[" MESSAGE(
                       "m0", "\"{\\\"Records\\\":[{\\\"eventSource\\\":\\\"aws:s3\\\"},"
                             "{\\\"eventSource\\\":\\\"aws:sns\\\"}]}\"") "]}",
                   &event),
        SVC_OK);
    assert_non_null(event.groups[0].problem);
    assert_int_equal(event.task_count, 0);
    image_event_clear(&event);
}

static void test_batches_of_both_schemas(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(
        read_event("{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"i1\",\"job\":{\"id\":"
                   "\"j\"},\"tasks\":[{\"taskId\":\"t0\",\"s3Key\":\"uploads/a+b\",\"s3VersionId\":"
                   "\"1\",\"s3BucketArn\":\"arn:aws:s3:::photos\"},{\"taskId\":\"t1\",\"s3Key\":"
                   "\"uploads/c\",\"s3VersionId\":null,\"s3BucketArn\":\"arn:aws-cn:s3:::x\"},"
                   "{\"taskId\":\"t2\",\"s3BucketArn\":\"photos\",\"s3Key\":5}]}",
                   &event),
        SVC_OK);
    assert_int_equal(event.kind, IMAGE_EVENT_BATCH);
    assert_string_equal(event.schema, "1.0");
    assert_string_equal(event.invocation_id, "i1");
    assert_int_equal(event.task_count, 3);
    assert_string_equal(event.groups[0].id, "t0");
    assert_string_equal(event.tasks[0].bucket, "photos");
    assert_true(event.tasks[0].is_encoded);
    assert_string_equal(event.tasks[0].version_id, "1");
    assert_null(event.tasks[0].etag);
    assert_string_equal(event.tasks[1].bucket, "x");
    assert_null(event.tasks[1].version_id);
    assert_null(event.tasks[2].bucket);
    assert_null(event.tasks[2].raw_key);
    image_event_clear(&event);
    assert_int_equal(
        read_event("{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"i2\",\"job\":{\"id\":"
                   "\"j\",\"userArguments\":{\"a\":\"b\"}},\"tasks\":[{\"taskId\":\"t0\",\"s3Key\":"
                   "\"uploads/a\",\"s3VersionId\":null,\"s3Bucket\":\"photos\"}]}",
                   &event),
        SVC_OK);
    assert_string_equal(event.schema, "2.0");
    assert_string_equal(event.tasks[0].bucket, "photos");
    image_event_clear(&event);
}

static void test_what_is_no_event_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "17",
        "[]",
        "{}",
        "not json",
        "{\"Records\":{}}",
        "{\"Records\":null}",
        "{\"Records\":[17]}",
        "{\"Records\":[{\"eventSource\":\"aws:ses\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:s3\"},{\"eventSource\":\"aws:sqs\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]}",
        "{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\"},{}]}",
        "{\"source\":\"aws.ec2\",\"detail\":{}}",
        "{\"invocationSchemaVersion\":\"3.0\",\"invocationId\":\"i\",\"tasks\":[]}",
        "{\"invocationSchemaVersion\":\"1.0\",\"tasks\":[]}",
        "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"i\"}",
        "{\"invocationSchemaVersion\":\"1.0\",\"invocationId\":\"i\",\"tasks\":[{}]}",
        "{\"Records\":[],\"Records\":[]}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct image_event event;
        if (read_event(bad[i], &event) != SVC_MALFORMED) {
            fail_msg("%s", bad[i]);
        }
        image_event_clear(&event);
    }
}

static void test_bad_records_stay_alone(void **state) {
    (void)state;
    struct image_event event;
    assert_int_equal(
        read_event("{\"Records\":[{\"eventSource\":\"aws:s3\"},{\"eventSource\":\"aws:s3\",\"s3\":"
                   "17},{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":[],\"object\":{\"key\":{}}}}"
                   "," RECORD("uploads/a\\u0000b", "") "," RECORD("uploads/good", "") "]}",
                   &event),
        SVC_OK);
    assert_int_equal(event.task_count, 5);
    for (size_t i = 0; i < 3; i++) {
        assert_null(event.tasks[i].bucket);
        assert_null(event.tasks[i].raw_key);
    }
    assert_int_equal(event.tasks[3].raw_key_bytes, strlen("uploads/a_b"));
    assert_true(has_key(&event.tasks[4], "uploads/good"));
    image_event_clear(&event);
}

static void test_a_flood_of_records_is_refused(void **state) {
    (void)state;
    static const char record[] = "{\"eventSource\":\"aws:s3\"}";
    const size_t count = IMAGE_MAX_TASKS + 1;
    char *text = malloc(count * sizeof(record) + 64);
    assert_non_null(text);
    for (size_t n = count - 1; n <= count; n++) {
        size_t used = (size_t)sprintf(text, "{\"Records\":[");
        for (size_t i = 0; i < n; i++) {
            used += (size_t)sprintf(text + used, "%s%s", i > 0 ? "," : "", record);
        }
        (void)sprintf(text + used, "]}");
        struct image_event event;
        assert_int_equal(read_event(text, &event), n == count ? SVC_TOO_LARGE : SVC_OK);
        image_event_clear(&event);
    }
    free(text);
}

/* Whatever is cut or changed, the answer is a task list or a refusal; the sanitizers watch. */
static void test_damaged_events(void **state) {
    (void)state;
    static const char batch[] =
        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"i\",\"tasks\":[{\"taskId\":\"t\","
        "\"s3Key\":\"k\",\"s3Bucket\":\"b\"}]}";
    static const char *const events[] = {
        "{\"Records\":[" RECORD("uploads/a+b.jpg", ",\"eTag\":\"0123\"") "]}",
        BRIDGE("Object Created"),
        "{\"Records\":[" MESSAGE("m0", SMALL_BODY("uploads/a")) "]}",
        batch,
    };
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const size_t size_bytes = strlen(events[i]);
        for (size_t cut = 0; cut < size_bytes; cut++) {
            struct image_event event;
            assert_int_equal(image_event_read((const uint8_t *)events[i], cut, &event, NULL),
                             SVC_MALFORMED);
            image_event_clear(&event);
        }
        for (int round = 0; round < 3000; round++) {
            char copy[2048];
            memcpy(copy, events[i], size_bytes + 1);
            for (uint32_t n = random_between(&seed, 1, 4); n > 0; n--) {
                copy[random_between(&seed, 0, (uint32_t)size_bytes - 1)] =
                    (char)random_between(&seed, 0, 255);
            }
            struct image_event event;
            const enum svc_status status =
                image_event_read((const uint8_t *)copy, size_bytes, &event, NULL);
            assert_true(status == SVC_OK || status == SVC_MALFORMED);
            image_event_clear(&event);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_record_of_a_notification),
        cmocka_unit_test(test_other_events_of_s3_are_not_created_ones),
        cmocka_unit_test(test_the_test_event_has_nothing_to_do),
        cmocka_unit_test(test_eventbridge),
        cmocka_unit_test(test_messages_keep_their_place),
        cmocka_unit_test(test_a_message_counts_as_a_whole),
        cmocka_unit_test(test_batches_of_both_schemas),
        cmocka_unit_test(test_what_is_no_event_is_refused),
        cmocka_unit_test(test_bad_records_stay_alone),
        cmocka_unit_test(test_a_flood_of_records_is_refused),
        cmocka_unit_test(test_damaged_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
