/* S3 objects written in parts, with their headers, deleted; owners; presigned URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static enum svc_status put(const char *key, const char *body) {
    struct awsc_s3_put_result result;
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = key, .body = (const uint8_t *)body, .body_bytes = strlen(body)};
    return awsc_s3_put(f.client, &what, &result);
}

/* ---------------------------------------------------------------------- uploads */

static enum svc_status upload(size_t size_bytes, struct awsc_s3_put_result *result) {
    static uint8_t piece[1000003];
    struct awsc_s3_upload *handle;
    struct awsc_error error;
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = "upload", .content_type = "text/csv"};
    assert_int_equal(awsc_s3_upload_open(f.client, &what, AWSC_MIN_S3_PART_BYTES, &handle, &error),
                     SVC_OK);
    memset(piece, 120, sizeof(piece));
    for (size_t sent = 0; sent < size_bytes;) {
        size_t step = size_bytes - sent < sizeof(piece) ? size_bytes - sent : sizeof(piece);
        if (awsc_s3_upload_write(handle, piece, step) != SVC_OK) {
            break;
        }
        sent += step;
    }
    return awsc_s3_upload_finish(handle, result);
}

static int64_t uploads_open(void) {
    int64_t count = -1;
    aws_set(&f, "{}");
    assert_true(svc_json_get_int(f.report, "uploads", &count));
    return count;
}

static void test_uploads_are_in_parts_only_if_they_must(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    int64_t size = 0;
    const size_t part = AWSC_MIN_S3_PART_BYTES;
    /* size, requests: one put up to a part; else create, parts, complete. */
    const size_t cases[][2] = {{0, 1},        {1, 1},        {part, 1},
                               {part + 1, 4}, {2 * part, 4}, {2 * part + 5, 5}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(upload(cases[i][0], &result), SVC_OK);
        assert_int_equal(aws_requests(&f), cases[i][1]);
        const struct svc_json *object = aws_object(&f, "bucket/upload");
        assert_true(svc_json_get_int(object, "size", &size));
        assert_int_equal(size, cases[i][0]);
        assert_string_equal(svc_json_get_text(object, "type"), "text/csv");
        assert_string_equal(svc_json_get_text(object, "etag"), result.etag);
        assert_int_equal(uploads_open(), 0);
    }
    /* The checksum of the parts is not used as a checksum of the object. */
    struct svc_buf content;
    struct awsc_error error;
    const struct awsc_s3_get get = {.bucket = "bucket", .key = "upload"};
    svc_buf_init(&content, 20000000);
    assert_int_equal(awsc_s3_get_all(f.client, &get, &content, NULL, &error), SVC_OK);
    assert_int_equal(content.size_bytes, 2 * part + 5);
    svc_buf_clear(&content);
}

static void test_a_failed_upload_leaves_nothing(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    const size_t part = AWSC_MIN_S3_PART_BYTES;
    static const char *const faults[] = {
        "{\"faults\":[\"status:403:AccessDenied\"]}",
        "{\"faults\":[\"\",\"status:403:AccessDenied\"]}",
        "{\"faults\":[\"\",\"\",\"reset\",\"reset\",\"reset\"]}",
        "{\"faults\":[\"\",\"\",\"\",\"status:400:InvalidPart\"]}",
        "{\"faults\":[\"\",\"\",\"\",\"error200:A\",\"error200:A\",\"error200:A\"]}",
    };
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        aws_set(&f, faults[i]);
        assert_int_not_equal(upload(part + 7, &result), SVC_OK);
        assert_int_not_equal(result.status, SVC_OK);
        assert_int_equal(result.error.status, result.status);
        assert_int_equal(uploads_open(), 0);
        assert_null(aws_object(&f, "bucket/upload"));
    }
    struct awsc_s3_upload *handle;
    const struct awsc_s3_put what = {.bucket = "bucket", .key = "upload"};
    uint8_t *body = calloc(2, part);
    assert_non_null(body);
    assert_int_equal(awsc_s3_upload_open(f.client, &what, part, &handle, NULL), SVC_OK);
    assert_int_equal(awsc_s3_upload_write(handle, body, 2 * part), SVC_OK);
    assert_int_equal(uploads_open(), 1);
    awsc_s3_upload_abort(handle);
    assert_int_equal(uploads_open(), 0);
    free(body);
    assert_int_equal(awsc_s3_upload_open(f.client, &what, 100, &handle, NULL),
                     SVC_INVALID_ARGUMENT);
    awsc_s3_upload_abort(NULL);
}

/* The deadline passes during the upload: no further part is sent, the abort is. */
static void test_an_upload_is_aborted_after_its_deadline(void **state) {
    (void)state;
    const size_t part = AWSC_MIN_S3_PART_BYTES;
    struct awsc_s3_put_result result;
    uint8_t *body = calloc(2, part);
    assert_non_null(body);
    for (int is_abort = 0; is_abort < 2; is_abort++) {
        struct awsc_s3_upload *handle;
        const struct awsc_s3_put what = {.bucket = "bucket",
                                         .key = "upload",
                                         .deadline_ms = svc_deadline_in(&f.clock.clock, 30000)};
        assert_int_equal(awsc_s3_upload_open(f.client, &what, part, &handle, NULL), SVC_OK);
        assert_int_equal(awsc_s3_upload_write(handle, body, 2 * part), SVC_OK);
        assert_int_equal(uploads_open(), 1);
        f.clock.monotonic_ms += 30000;
        if (is_abort) {
            awsc_s3_upload_abort(handle);
        } else {
            assert_int_equal(awsc_s3_upload_finish(handle, &result), SVC_DEADLINE);
        }
        assert_int_equal(aws_requests(&f), 1);
        assert_string_equal(aws_request(&f, 0, "method"), "DELETE");
        assert_int_equal(uploads_open(), 0);
    }
    free(body);
}

/* ---------------------------------------------------------------------- headers of a put */

static void test_disposition_and_encryption_go_with_every_kind_of_put(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    struct svc_buf name;
    svc_buf_init(&name, 1000);
    assert_int_equal(awsc_s3_attachment("\xec\xa0\x95\xec\x82\xb0 \"1\"/50%.csv", &name), SVC_OK);
    assert_string_equal(svc_buf_text(&name),
                        "attachment; filename=\"__ _1__50_.csv\"; "
                        "filename*=UTF-8''%EC%A0%95%EC%82%B0%20%221%22%2F50%25.csv");
    struct awsc_s3_put what = {.bucket = "bucket",
                               .key = "upload",
                               .body = (const uint8_t *)"x",
                               .body_bytes = 1,
                               .content_disposition = svc_buf_text(&name),
                               .encryption = AWSC_S3_KMS,
                               .kms_key_id = "alias/reports"};
    uint8_t *body = calloc(2, AWSC_MIN_S3_PART_BYTES);
    assert_non_null(body);
    for (int is_upload = 0; is_upload < 2; is_upload++) {
        if (is_upload) {
            struct awsc_s3_upload *handle;
            assert_int_equal(
                awsc_s3_upload_open(f.client, &what, AWSC_MIN_S3_PART_BYTES, &handle, NULL),
                SVC_OK);
            awsc_s3_upload_write(handle, body, 2 * AWSC_MIN_S3_PART_BYTES);
            assert_int_equal(awsc_s3_upload_finish(handle, &result), SVC_OK);
        } else {
            assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_OK);
        }
        aws_set(&f, "{}");
        const struct svc_json *object = aws_object(&f, "bucket/upload");
        assert_string_equal(svc_json_get_text(object, "disposition"), what.content_disposition);
        assert_string_equal(svc_json_get_text(object, "encryption"), "aws:kms");
        assert_string_equal(svc_json_get_text(object, "kms"), "alias/reports");
    }
    free(body);
    what.encryption = AWSC_S3_AES256;
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_INVALID_ARGUMENT);
    what.kms_key_id = NULL;
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_OK);
    aws_set(&f, "{}");
    const struct svc_json *object = aws_object(&f, "bucket/upload");
    assert_string_equal(svc_json_get_text(object, "encryption"), "AES256");
    assert_string_equal(svc_json_get_text(object, "kms"), "");
    static const char *const bad[] = {"a\r\nx-evil: 1", "\xed\x95\x9c", "\x7f"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        what.content_disposition = bad[i];
        assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_INVALID_ARGUMENT);
    }
    assert_int_equal(awsc_s3_attachment("", &name), SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_s3_attachment("\xff", &name), SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_s3_attachment(NULL, &name), SVC_INVALID_ARGUMENT);
    svc_buf_clear(&name);
}

/* Gone, another one, and no bucket at all are three different things. */
static void test_a_conditional_put_reports_why_it_failed(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    struct awsc_s3_put what = {.bucket = "bucket",
                               .key = "k",
                               .body = (const uint8_t *)"x",
                               .body_bytes = 1,
                               .if_match = "9dd4e461268c8034f5c8564e155c67a6"};
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_NOT_FOUND);
    assert_string_equal(result.error.code, "NoSuchKey");
    assert_int_equal(put("k", "other"), SVC_OK);
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_PRECONDITION_FAILED);
    assert_int_equal(put("k", "x"), SVC_OK);
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_OK);
    /* The response is lost: the second attempt finds what the first one wrote. */
    what.key = "new";
    what.if_match = NULL;
    what.if_absent = true;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_PRECONDITION_FAILED);
    assert_true(result.error.maybe_done);
    what.bucket = "missing";
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_NO_RESOURCE);
    assert_string_equal(result.error.code, "NoSuchBucket");
}

/* ---------------------------------------------------------------------- deleting */

static void test_an_object_is_deleted(void **state) {
    (void)state;
    struct awsc_s3_delete what = {.bucket = "bucket", .key = "a b/\xed\x95\x9c"};
    struct awsc_s3_deleted deleted;
    struct awsc_error error;
    struct awsc_s3_put_result result;
    const struct awsc_s3_put source = {
        .bucket = "bucket", .key = what.key, .body = (const uint8_t *)"x", .body_bytes = 1};
    assert_int_equal(awsc_s3_put(f.client, &source, &result), SVC_OK);
    what.if_match = "8277e0910d750195b448797616e091ad";
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_PRECONDITION_FAILED);
    what.if_match = result.etag;
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_OK);
    assert_true(deleted.is_marker && deleted.version_id[0] == 'v');
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_NOT_FOUND);
    assert_string_equal(deleted.version_id, "");
    what.if_match = NULL;
    assert_int_equal(awsc_s3_delete(f.client, &what, NULL, NULL), SVC_OK);
    assert_int_equal(awsc_s3_put(f.client, &source, &result), SVC_OK);
    what.version_id = result.version_id;
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_OK);
    assert_string_equal(deleted.version_id, result.version_id);
    assert_false(deleted.is_marker);
    aws_requests(&f);
    assert_null(aws_object(&f, "bucket/a b/\xed\x95\x9c"));
    what.bucket = "missing";
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_NO_RESOURCE);
    what.key = "";
    assert_int_equal(awsc_s3_delete(f.client, &what, &deleted, &error), SVC_INVALID_ARGUMENT);
}

/* ---------------------------------------------------------------------- owner */

static bool count_entry(void *user, const struct awsc_s3_listed *entry) {
    (void)entry;
    ++*(int *)user;
    return true;
}

/* Every request states the owner; the server refuses any that does not. */
static void test_every_request_states_the_expected_owner(void **state) {
    (void)state;
    struct awsc_s3_get get = {.bucket = "bucket", .key = "upload"};
    const struct awsc_s3_delete drop = {.bucket = "bucket", .key = "upload"};
    const struct awsc_s3_list list = {.bucket = "bucket"};
    struct awsc_s3_put_result result;
    struct awsc_s3_info info;
    struct awsc_s3_tags tags;
    struct awsc_error error;
    struct svc_buf content;
    int count = 0;
    svc_buf_init(&content, 20000000);
    assert_int_equal(awsc_s3_expect_owner(f.client, "123456789012"), SVC_OK);
    aws_set(&f, "{\"owner_is_needed\":true}");
    assert_int_equal(upload(2 * AWSC_MIN_S3_PART_BYTES, &result), SVC_OK);
    aws_set(&f, "{\"faults\":[\"\",\"\",\"status:403:AccessDenied\"]}");
    assert_int_equal(upload(2 * AWSC_MIN_S3_PART_BYTES, &result), SVC_ACCESS_DENIED);
    assert_int_equal(uploads_open(), 0);
    assert_int_equal(put("k", "x"), SVC_OK);
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_OK);
    awsc_s3_info_clear(&info);
    aws_set(&f, "{\"faults\":[\"truncate\"]}"); /* and the request that continues it */
    assert_int_equal(awsc_s3_get_all(f.client, &get, &content, NULL, &error), SVC_OK);
    assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "upload", NULL, "a", "b", &error), SVC_OK);
    assert_int_equal(awsc_s3_get_tags(f.client, "bucket", "upload", NULL, &tags, &error), SVC_OK);
    svc_buf_reset(&content);
    assert_int_equal(awsc_s3_list(f.client, &list, count_entry, &count, &content, &error), SVC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(awsc_s3_delete(f.client, &drop, NULL, &error), SVC_OK);
    /* A bucket of another account. */
    assert_int_equal(awsc_s3_expect_owner(f.client, "999999999999"), SVC_OK);
    assert_int_equal(put("k", "x"), SVC_ACCESS_DENIED);
    static const char *const bad[] = {"", "12345678901", "1234567890123", "12345678901a"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(awsc_s3_expect_owner(f.client, bad[i]), SVC_INVALID_ARGUMENT);
    }
    assert_int_equal(awsc_s3_expect_owner(f.client, NULL), SVC_OK);
    aws_set(&f, "{\"owner_is_needed\":false}");
    assert_int_equal(put("k", "x"), SVC_OK);
    svc_buf_clear(&content);
}

/* ---------------------------------------------------------------------- tags */

/* A body that is no tag set is not "no tags": the others would be erased. */
static void test_tags_are_kept_when_reading_them_fails(void **state) {
    (void)state;
    static const char *const faults[] = {
        "{\"faults\":[\"big:40\",\"big:40\",\"big:40\"]}",
        ("{\"faults\":[\"error200:InternalError\",\"error200:InternalError\","
         "\"error200:InternalError\"]}"),
        "{\"faults\":[\"big:40\"]}"};
    static const enum svc_status expected[] = {SVC_BAD_RESPONSE, SVC_SERVER_ERROR, SVC_OK};
    struct awsc_s3_tags tags;
    struct awsc_error error;
    assert_int_equal(put("k", "x"), SVC_OK);
    assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "k", NULL, "other", "1", &error), SVC_OK);
    for (size_t i = 0; i < 3; i++) {
        aws_set(&f, faults[i]);
        assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "k", NULL, "ours", "1", &error),
                         expected[i]);
        assert_int_equal(awsc_s3_get_tags(f.client, "bucket", "k", NULL, &tags, &error), SVC_OK);
        assert_int_equal(tags.count, expected[i] == SVC_OK ? 2 : 1);
        assert_string_equal(tags.tags[0].key, "other");
    }
}

/* ---------------------------------------------------------------------- presigned */

/* A URL of 1,000 s, and the ms from now to its end; -1: unknown. */
static int64_t presigned_end(int expires_s) {
    struct svc_buf url;
    struct awsc_error error;
    int64_t ends_ms = 0;
    svc_buf_init(&url, SVC_MAX_URL_BYTES);
    int64_t now_ms = svc_wall_ms(&f.clock.clock);
    assert_int_equal(
        awsc_s3_presign_get(f.client, "bucket", "key", expires_s, &url, &ends_ms, &error), SVC_OK);
    assert_non_null(strstr(svc_buf_text(&url), "X-Amz-Signature="));
    svc_buf_clear(&url);
    return ends_ms == AWSC_S3_END_UNKNOWN ? -1 : ends_ms - now_ms;
}

static void test_a_presigned_url_states_its_true_end(void **state) {
    (void)state;
    struct svc_buf out;
    struct awsc_error error;
    char url[80];
    int64_t ends_ms = 0;
    /* Credentials that last. */
    int64_t lasts_ms = presigned_end(3600);
    assert_true(lasts_ms >= 3600000 && lasts_ms < 3610000);
    svc_buf_init(&out, 100000);
    assert_int_equal(awsc_s3_presign_get(f.client, "bucket", "key", 0, &out, &ends_ms, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(ends_ms, AWSC_S3_END_UNKNOWN);
    assert_string_equal(svc_buf_text(&out), "");
    assert_int_equal(awsc_s3_presign_get(f.client, "bucket", "key", 60, &out, NULL, &error),
                     SVC_OK);
    svc_buf_clear(&out);
    /* A session whose end is not stated, as in Lambda. */
    test_environment_set(&f.environment, "AWS_SESSION_TOKEN", "canary-session-token");
    aws_new_client(&f);
    assert_int_equal(presigned_end(60), -1);
    test_environment_set(&f.environment, "AWS_SESSION_TOKEN", NULL);
    /* A session that ends in 1,000 s. */
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials", f.server.port);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    aws_new_client(&f);
    aws_set(&f, "{\"lifetime\":1000,\"token\":\"canary-session-token\"}");
    lasts_ms = presigned_end(604800);
    assert_true(lasts_ms > 980000 && lasts_ms <= 1000000);
    lasts_ms = presigned_end(60);
    assert_true(lasts_ms >= 60000 && lasts_ms < 70000);
    aws_set(&f, "{\"lifetime\":3600,\"token\":\"\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_tags_are_kept_when_reading_them_fails),
        AWS_TEST(test_uploads_are_in_parts_only_if_they_must),
        AWS_TEST(test_a_failed_upload_leaves_nothing),
        AWS_TEST(test_an_upload_is_aborted_after_its_deadline),
        AWS_TEST(test_disposition_and_encryption_go_with_every_kind_of_put),
        AWS_TEST(test_a_conditional_put_reports_why_it_failed),
        AWS_TEST(test_an_object_is_deleted),
        AWS_TEST(test_every_request_states_the_expected_owner),
        AWS_TEST(test_a_presigned_url_states_its_true_end),
    };
    return AWS_RUN(tests);
}
