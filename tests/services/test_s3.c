/* S3 against a server that checks every signature, hash and checksum. */
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
#include "tests/support/random.h"

static struct aws_fixture f;

static enum svc_status put(const char *key, const char *body) {
    struct awsc_s3_put_result result;
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = key, .body = (const uint8_t *)body, .body_bytes = strlen(body)};
    return awsc_s3_put(f.client, &what, &result);
}

static void test_what_is_put_is_got(void **state) {
    (void)state;
    static const struct awsc_param metadata[] = {{"original-key", "%ED%95%9C.jpg"},
                                                 {"size", "large"}};
    const struct awsc_s3_put what = {
        .bucket = "bucket",
        .key = "uploads/a b+c/\xed\x95\x9c\xea\xb8\x80.jpg",
        .body = (const uint8_t *)"content",
        .body_bytes = 7,
        .content_type = "image/jpeg",
        .cache_control = "public, max-age=31536000",
        .metadata = metadata,
        .metadata_count = 2,
    };
    struct awsc_s3_put_result result;
    struct awsc_s3_info info;
    struct awsc_error error;
    struct svc_buf content;
    assert_string_equal(awsc_client_region(f.client), "ap-northeast-2");
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_OK);
    assert_string_equal(result.etag, "\"9a0364b9e99bb480dd25e1f0284c8555\"");
    assert_true(result.version_id[0] == 'v');
    assert_int_equal(result.error.attempts, 1);
    const struct awsc_s3_get get = {.bucket = "bucket",
                                    .key = what.key,
                                    .version_id = result.version_id,
                                    .if_match = result.etag};
    svc_buf_init(&content, 100);
    assert_int_equal(awsc_s3_get_all(f.client, &get, &content, &info, &error), SVC_OK);
    assert_string_equal(svc_buf_text(&content), "content");
    assert_string_equal(info.etag, result.etag);
    assert_string_equal(info.version_id, result.version_id);
    assert_string_equal(info.content_type, "image/jpeg");
    assert_string_equal(awsc_s3_metadata(&info, "Original-Key"), "%ED%95%9C.jpg");
    assert_string_equal(awsc_s3_metadata(&info, "size"), "large");
    assert_null(awsc_s3_metadata(&info, "absent"));
    awsc_s3_info_clear(&info);
    svc_buf_clear(&content);
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_OK);
    assert_int_equal(info.size_bytes, 7);
    assert_string_equal(awsc_s3_metadata(&info, "size"), "large");
    awsc_s3_info_clear(&info);
    assert_int_equal(aws_requests(&f), 3);
    const struct svc_json *object =
        aws_object(&f, "bucket/uploads/a b+c/\xed\x95\x9c\xea\xb8\x80.jpg");
    assert_string_equal(svc_json_get_text(object, "cache"), "public, max-age=31536000");
    /* All over one connection. */
    assert_int_equal(awsc_client_counts(f.client).connections_reused, 2);
}

/* Keys with every byte that UTF-8 has, and with what has a meaning in paths. */
static void test_every_key_is_exactly_that_key(void **state) {
    (void)state;
    static const char *const odd[] = {
        ".",          "..",           "a/../b",     "/a",     "a//b",           "a/",
        "%2e%2e/%00", "a%20b",        "a+b",        "a b",    "?x=y&z",         "#frag",
        "a;b,c:d@e",  "~-._",         "!*'()",      "\\back", "\"q\"",          "a=b&c",
        "<>{}|^`",    "\x7f\x01\t\n", "$&@=;:+ ,?", "//",     "processed/../x", "&amp;"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char name[256];
        if (put(odd[i], odd[i]) != SVC_OK) {
            fail_msg("key %s: %s", odd[i], svc_buf_text(&f.log.lines));
        }
        snprintf(name, sizeof(name), "bucket/%s", odd[i]);
        aws_set(&f, "{}");
        if (aws_object(&f, name) == NULL) {
            fail_msg("%s is not there", name);
        }
    }
    uint64_t random = 21;
    for (int round = 0; round < 60; round++) {
        char key[200], name[256];
        size_t size = 0;
        while (size < 100) {
            uint32_t c = random_between(&random, 1, 0x10ffff);
            c = random_between(&random, 0, 1) == 0 ? random_between(&random, 1, 0x7f) : c;
            if (c >= 0xd800 && c <= 0xdfff) {
                continue;
            }
            size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
            for (size_t k = length; k-- > 0; c >>= 6) {
                key[size + k] = (char)(k == 0 ? marks[length] | c : 0x80 | (c & 0x3f));
            }
            size += length;
        }
        key[size] = '\0';
        assert_int_equal(put(key, "x"), SVC_OK);
        snprintf(name, sizeof(name), "bucket/%s", key);
        aws_set(&f, "{}");
        assert_non_null(aws_object(&f, name));
    }
    char longest[1026];
    memset(longest, 'k', sizeof(longest));
    longest[1025] = '\0';
    assert_int_equal(put(longest, "x"), SVC_INVALID_ARGUMENT);
    longest[1024] = '\0';
    assert_int_equal(put(longest, "x"), SVC_OK);
    assert_int_equal(put("", "x"), SVC_INVALID_ARGUMENT);
    assert_int_equal(put("\xff", "x"), SVC_INVALID_ARGUMENT);
}

static void test_an_absent_and_a_changed_object_are_distinguished(void **state) {
    (void)state;
    struct awsc_s3_info info;
    struct awsc_error error;
    struct awsc_s3_reader *reader;
    struct awsc_s3_get get = {.bucket = "bucket", .key = "absent"};
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_NOT_FOUND);
    assert_string_equal(error.code, "NoSuchKey");
    assert_string_equal(error.service, "s3");
    assert_string_equal(error.operation, "GetObject");
    assert_string_equal(error.request_id, "REQUEST-ID-1");
    assert_int_equal(error.http_status, 404);
    assert_false(error.retryable);
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_NOT_FOUND);
    assert_int_equal(put("there", "first"), SVC_OK);
    get.key = "there";
    get.if_match = "8b04d5e3775d298e78455efc5ca404d5"; /* as events bring it, without quotes */
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_OK);
    awsc_s3_info_clear(&info);
    assert_int_equal(put("there", "second"), SVC_OK);
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error),
                     SVC_PRECONDITION_FAILED);
    get.if_match = NULL;
    get.if_none_match = "a9f0e61a137d86aa9db53465e0801612";
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_NOT_MODIFIED);
    get.if_none_match = NULL;
    get.version_id = "v-none";
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_NOT_FOUND);
    struct awsc_s3_put_result result;
    const struct awsc_s3_put what = {.bucket = "bucket",
                                     .key = "there",
                                     .body = (const uint8_t *)"x",
                                     .body_bytes = 1,
                                     .if_absent = true};
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_PRECONDITION_FAILED);
    aws_requests(&f);
    /* One request each. */
    assert_int_equal(awsc_client_counts(f.client).retries, 0);
}

static void test_an_object_over_the_limit_is_not_read(void **state) {
    (void)state;
    struct awsc_s3_info info;
    struct awsc_error error;
    struct awsc_s3_reader *reader;
    struct awsc_s3_get get = {.bucket = "bucket", .key = "big", .max_bytes = 99999};
    aws_set(&f, "{\"object\":{\"bucket/big\":{\"size\":100000}}}");
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_TOO_LARGE);
    get.max_bytes = 100000;
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_OK);
    awsc_s3_get_abort(reader);
    awsc_s3_info_clear(&info);
    struct svc_buf content;
    svc_buf_init(&content, 99999);
    assert_int_equal(awsc_s3_get_all(f.client, &get, &content, NULL, &error), SVC_TOO_LARGE);
    svc_buf_clear(&content);
    /* And a limit smaller than an error's body does not hide the error. */
    get.key = "absent";
    get.max_bytes = 1;
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_NOT_FOUND);
}

/* A slow reader makes the server wait, and memory does not grow; other calls run meanwhile. */
static void test_a_stream_is_read_at_the_readers_pace(void **state) {
    (void)state;
    struct awsc_s3_info info;
    struct awsc_error error;
    struct awsc_s3_reader *reader;
    const struct awsc_s3_get get = {.bucket = "bucket", .key = "big"};
    static uint8_t piece[70001];
    uint64_t total = 0;
    size_t got = 0;
    aws_set(&f, "{\"object\":{\"bucket/big\":{\"size\":20000000,\"byte\":65}}}");
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_OK);
    assert_int_equal(info.size_bytes, 20000000);
    for (int i = 0;; i++) {
        assert_true(awsc_s3_read(reader, piece, sizeof(piece), &got));
        if (got == 0) {
            break;
        }
        total += got;
        assert_true(piece[0] == 65 && piece[got - 1] == 65);
        if (i == 20) {
            assert_int_equal(put("beside", "x"), SVC_OK);
        }
    }
    assert_int_equal(total, 20000000);
    assert_int_equal(awsc_s3_get_finish(reader, &error), SVC_OK);
    awsc_s3_info_clear(&info);
    /* Finishing without having read everything reads the rest, and checks it. */
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_OK);
    assert_true(awsc_s3_read(reader, piece, 10, &got));
    assert_int_equal(awsc_s3_get_finish(reader, &error), SVC_OK);
    awsc_s3_info_clear(&info);
}

static void test_many_puts_go_out_together_over_kept_connections(void **state) {
    (void)state;
    static uint8_t body[300000];
    struct awsc_s3_put puts[20];
    struct awsc_s3_put_result results[20];
    char keys[20][32];
    for (int i = 0; i < 20; i++) {
        snprintf(keys[i], sizeof(keys[i]), "many/%d", i);
        puts[i] = (struct awsc_s3_put){
            .bucket = "bucket", .key = keys[i], .body = body, .body_bytes = (size_t)i * 15000};
    }
    assert_int_equal(awsc_s3_put_many(f.client, puts, 4, results), SVC_OK);
    assert_int_equal(awsc_client_counts(f.client).connections_reused, 0);
    assert_int_equal(awsc_s3_put_many(f.client, puts, 4, results), SVC_OK);
    assert_int_equal(awsc_client_counts(f.client).connections_reused, 4);
    assert_int_equal(awsc_s3_put_many(f.client, puts, 20, results), SVC_OK);
    assert_int_equal(awsc_s3_put_many(f.client, puts, 0, results), SVC_OK);
    /* One that fails stops no other. */
    puts[1].key = "";
    puts[2].if_absent = true;
    assert_int_equal(awsc_s3_put_many(f.client, puts, 4, results), SVC_INVALID_ARGUMENT);
    assert_int_equal(results[0].status, SVC_OK);
    assert_int_equal(results[1].status, SVC_INVALID_ARGUMENT);
    assert_int_equal(results[2].status, SVC_PRECONDITION_FAILED);
    assert_int_equal(results[3].status, SVC_OK);
    aws_requests(&f);
    int64_t size = 0;
    assert_true(svc_json_get_int(aws_object(&f, "bucket/many/19"), "size", &size));
    assert_int_equal(size, 285000);
    /* Heads, likewise. */
    struct awsc_s3_get gets[3] = {{.bucket = "bucket", .key = "many/3"},
                                  {.bucket = "bucket", .key = "absent"},
                                  {.bucket = "bucket", .key = "many/5"}};
    enum svc_status statuses[3];
    struct awsc_s3_info infos[3];
    struct awsc_error errors[3];
    assert_int_equal(awsc_s3_head_many(f.client, gets, 3, statuses, infos, errors), SVC_NOT_FOUND);
    assert_int_equal(statuses[0], SVC_OK);
    assert_int_equal(statuses[1], SVC_NOT_FOUND);
    assert_int_equal(statuses[2], SVC_OK);
    assert_int_equal(infos[2].size_bytes, 75000);
    awsc_s3_info_clear(&infos[0]);
    awsc_s3_info_clear(&infos[2]);
}

static void test_metadata_that_is_no_header_is_refused(void **state) {
    (void)state;
    static const struct awsc_param bad[] = {
        {"a", "x\r\nx-evil: 1"}, {"a b", "x"}, {"", "x"}, {"a:b", "x"}, {"a", "\xed\x95\x9c"}};
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct awsc_s3_put what = {
            .bucket = "bucket", .key = "k", .metadata = &bad[i], .metadata_count = 1};
        assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_INVALID_ARGUMENT);
    }
    const struct awsc_s3_put what = {.bucket = "bucket", .key = "k", .content_type = "a\nb"};
    assert_int_equal(awsc_s3_put(f.client, &what, &result), SVC_INVALID_ARGUMENT);
    static const char *const buckets[] = {"ab", "UPPER", "a/b", "-ab", "a..b", "a_b", "", "a.b."};
    for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
        const struct awsc_s3_put other = {.bucket = buckets[i], .key = "k"};
        assert_int_equal(awsc_s3_put(f.client, &other, &result), SVC_INVALID_ARGUMENT);
    }
    assert_int_equal(aws_requests(&f), 0);
}

static void test_tags_of_others_stay(void **state) {
    (void)state;
    struct awsc_s3_tags tags;
    struct awsc_error error;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1,\"tags\":[[\"a<&>\",\"\"],"
                "[\"owner\",\"\\ud55c \\\"x\\\"\"]]}}}");
    assert_int_equal(
        awsc_s3_set_tag(f.client, "bucket", "k", NULL, "image-status", "rejected:CORRUPT", &error),
        SVC_OK);
    assert_int_equal(awsc_s3_get_tags(f.client, "bucket", "k", NULL, &tags, &error), SVC_OK);
    assert_int_equal(tags.count, 3);
    assert_string_equal(tags.tags[0].key, "a<&>");
    assert_string_equal(tags.tags[0].value, "");
    assert_string_equal(tags.tags[1].value, "\xed\x95\x9c \"x\"");
    assert_string_equal(tags.tags[2].value, "rejected:CORRUPT");
    aws_requests(&f);
    /* What is there already is not written again. */
    assert_int_equal(
        awsc_s3_set_tag(f.client, "bucket", "k", NULL, "image-status", "rejected:CORRUPT", &error),
        SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(
        awsc_s3_set_tag(f.client, "bucket", "k", NULL, "image-status", "rejected:OTHER", &error),
        SVC_OK);
    aws_set(&f, "{\"object\":{\"bucket/full\":{\"size\":1,\"tags\":[[\"0\",\"\"],[\"1\",\"\"],"
                "[\"2\",\"\"],[\"3\",\"\"],[\"4\",\"\"],[\"5\",\"\"],[\"6\",\"\"],[\"7\",\"\"],"
                "[\"8\",\"\"],[\"9\",\"x\"]]}}}");
    assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "full", NULL, "a", "b", &error),
                     SVC_REJECTED);
    assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "full", NULL, "9", "b", &error), SVC_OK);
    assert_int_equal(awsc_s3_set_tag(f.client, "bucket", "absent", NULL, "9", "b", &error),
                     SVC_NOT_FOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_what_is_put_is_got),
        AWS_TEST(test_every_key_is_exactly_that_key),
        AWS_TEST(test_an_absent_and_a_changed_object_are_distinguished),
        AWS_TEST(test_an_object_over_the_limit_is_not_read),
        AWS_TEST(test_a_stream_is_read_at_the_readers_pace),
        AWS_TEST(test_many_puts_go_out_together_over_kept_connections),
        AWS_TEST(test_metadata_that_is_no_header_is_refused),
        AWS_TEST(test_tags_of_others_stay),
    };
    return AWS_RUN(tests);
}
