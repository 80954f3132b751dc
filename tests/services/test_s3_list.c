/* Lists of keys, page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

/* What a list handed out: "key|key|...", a common prefix in parentheses. */
struct found {
    struct svc_buf keys;
    int count, most;
};

static bool keep(void *user, const struct awsc_s3_listed *entry) {
    struct found *found = user;
    svc_buf_printf(&found->keys, entry->is_prefix ? "%s(%s)" : "%s%s", found->count > 0 ? "|" : "",
                   entry->key);
    if (!entry->is_prefix) {
        assert_int_equal(entry->size_bytes, 1);
        assert_string_equal(entry->etag, "\"9dd4e461268c8034f5c8564e155c67a6\"");
        assert_int_equal(entry->modified_wall_ms, INT64_C(1772600767000));
    }
    return ++found->count != found->most;
}

static void put_keys(const char *const *keys, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct awsc_s3_put_result result;
        const struct awsc_s3_put put = {
            .bucket = "bucket", .key = keys[i], .body = (const uint8_t *)"x", .body_bytes = 1};
        assert_int_equal(awsc_s3_put(f.client, &put, &result), SVC_OK);
    }
}

/* All pages of a list; returns how many. */
static int expect_list(struct awsc_s3_list list, const char *expected) {
    struct found found = {.most = -1};
    struct awsc_error error;
    struct svc_buf next;
    int pages = 0;
    svc_buf_init(&found.keys, 1 << 20);
    svc_buf_init(&next, 4096);
    list.bucket = "bucket";
    enum svc_status status = SVC_OK;
    do {
        status = awsc_s3_list(f.client, &list, keep, &found, &next, &error);
        list.continuation = svc_buf_text(&next);
        pages++;
    } while (status == SVC_OK && next.size_bytes > 0);
    assert_int_equal(status, SVC_OK);
    assert_string_equal(svc_buf_text(&found.keys), expected);
    svc_buf_clear(&found.keys);
    svc_buf_clear(&next);
    return pages;
}

static void test_keys_come_page_by_page(void **state) {
    (void)state;
    static const char *const keys[] = {"a", "b/1", "b/2", "b/c/3", "c", "d/4"};
    put_keys(keys, 6);
    assert_int_equal(expect_list((struct awsc_s3_list){0}, "a|b/1|b/2|b/c/3|c|d/4"), 1);
    assert_int_equal(expect_list((struct awsc_s3_list){.max_keys = 2}, "a|b/1|b/2|b/c/3|c|d/4"), 3);
    assert_int_equal(expect_list((struct awsc_s3_list){.max_keys = 4}, "a|b/1|b/2|b/c/3|c|d/4"), 2);
    expect_list((struct awsc_s3_list){.prefix = "b/"}, "b/1|b/2|b/c/3");
    expect_list((struct awsc_s3_list){.delimiter = "/"}, "a|c|(b/)|(d/)");
    assert_int_equal(
        expect_list((struct awsc_s3_list){.delimiter = "/", .max_keys = 1}, "a|(b/)|c|(d/)"), 4);
    expect_list((struct awsc_s3_list){.prefix = "b/", .delimiter = "/"}, "b/1|b/2|(b/c/)");
    expect_list((struct awsc_s3_list){.start_after = "b/2"}, "b/c/3|c|d/4");
    assert_int_equal(
        expect_list((struct awsc_s3_list){.start_after = "b/2", .max_keys = 1}, "b/c/3|c|d/4"), 3);
    assert_int_equal(expect_list((struct awsc_s3_list){.prefix = "none"}, ""), 1);
}

/* Keys with what XML and URLs make something of. */
static void test_odd_keys_are_listed_exactly(void **state) {
    (void)state;
    static const char *const good[] = {
        "\x01\x1f",        "<Key>x</Key>", "a b",
        "a%20b",           "a&amp;b",      "a+b",
        "a<b>\"c\"'d'",    "line\nfeed\r", "\xed\x95\x9c/\xea\xb8\x80",
        "\xf0\x9f\x98\x80"};
    put_keys(good, sizeof(good) / sizeof(good[0]));
    expect_list((struct awsc_s3_list){0},
                "\x01\x1f|<Key>x</Key>|a b|a%20b|a&amp;b|a+b|a<b>\"c\"'d'|line\nfeed\r|"
                "\xed\x95\x9c/\xea\xb8\x80|\xf0\x9f\x98\x80");
    assert_int_equal(expect_list((struct awsc_s3_list){.max_keys = 1, .prefix = "a"},
                                 "a b|a%20b|a&amp;b|a+b|a<b>\"c\"'d'"),
                     5);
    expect_list((struct awsc_s3_list){.prefix = "\xed\x95\x9c/", .delimiter = "/"},
                "\xed\x95\x9c/\xea\xb8\x80");
    char longest[1025];
    for (size_t i = 0; i < 1024; i++) {
        longest[i] = i % 2 == 0 ? '&' : '<';
    }
    longest[1024] = '\0';
    const char *const one = longest;
    put_keys(&one, 1);
    expect_list((struct awsc_s3_list){.prefix = "&<"}, longest);
}

static void test_a_thousand_keys_are_one_page(void **state) {
    (void)state;
    struct found found = {.most = -1};
    struct awsc_error error;
    struct svc_buf next, line;
    const struct awsc_s3_list list = {.bucket = "bucket"};
    svc_buf_init(&line, 1 << 20);
    svc_buf_append_text(&line, "{\"object\":{");
    for (int i = 0; i < 1001; i++) {
        svc_buf_printf(&line, "%s\"bucket/%04d\":{\"size\":1}", i > 0 ? "," : "", i);
    }
    svc_buf_append_text(&line, "}}");
    aws_set(&f, svc_buf_text(&line));
    svc_buf_clear(&line);
    svc_buf_init(&found.keys, 1 << 20);
    svc_buf_init(&next, 4096);
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_OK);
    assert_int_equal(found.count, 1000);
    assert_true(next.size_bytes > 0);
    /* The caller has had enough: that is no failure, and the page's continuation stays. */
    found.count = 0;
    found.most = 7;
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_OK);
    assert_int_equal(found.count, 7);
    assert_true(next.size_bytes > 0);
    svc_buf_clear(&next);
    svc_buf_clear(&found.keys);
}

/* Nothing is handed out of a page that is wrong anywhere. */
static void test_a_page_that_makes_no_sense_is_refused_whole(void **state) {
    (void)state;
    static const char *const keys[] = {"a", "b", "c/1"};
    static const char *const edits[] = {
        "[\"ListBucketResult\",\"Other\"]",
        "[\"<Key>b</Key>\",\"\"]",
        "[\"<Key>b</Key>\",\"<Key></Key>\"]",
        "[\"<Key>b</Key>\",\"<Key>%0</Key>\"]",
        "[\"<Key>b</Key>\",\"<Key>x%00y</Key>\"]",
        "[\"<Size>1</Size>\",\"<Size>-1</Size>\"]",
        "[\"<Size>1</Size>\",\"<Size>1x</Size>\"]",
        "[\"<Size>1</Size>\",\"<Size>99999999999999999999</Size>\"]",
        "[\"2026-03-04T\",\"yesterday\"]",
        "[\"ETag>\",\"Tag>\"]",
        "[\"<Prefix>c/</Prefix></CommonPrefixes>\",\"</CommonPrefixes>\"]",
        "[\"<IsTruncated>false\",\"<IsTruncated>true\"]",
        ("[\"</ListBucketResult>\",\"<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes>"
         "</ListBucketResult>\"]"),
    };
    struct found found = {.most = -1};
    struct awsc_error error;
    struct svc_buf next;
    const struct awsc_s3_list list = {.bucket = "bucket", .delimiter = "/", .max_keys = 3};
    char line[512];
    put_keys(keys, 3);
    svc_buf_init(&found.keys, 4096);
    svc_buf_init(&next, 4096);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        snprintf(line, sizeof(line), "{\"list_edits\":[%s]}", edits[i]);
        aws_set(&f, line);
        enum svc_status status = awsc_s3_list(f.client, &list, keep, &found, &next, &error);
        if (status != SVC_BAD_RESPONSE || found.count != 0 || next.size_bytes != 0) {
            fail_msg("%s: %s, %d entries", edits[i], svc_status_name(status), found.count);
        }
    }
    aws_set(&f, "{\"list_edits\":[]}");
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_OK);
    assert_int_equal(found.count, 3);
    /* A server that ignores encoding-type. */
    svc_buf_reset(&found.keys);
    found.count = 0;
    aws_set(&f, "{\"list_edits\":[[\"<EncodingType>url</EncodingType>\",\"\"],"
                "[\"<Key>b</Key>\",\"<Key>%41+&lt;</Key>\"]]}");
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_OK);
    assert_string_equal(svc_buf_text(&found.keys), "a|%41+<|(c/)");
    svc_buf_clear(&found.keys);
    svc_buf_clear(&next);
}

/* A continuation that comes again and again would never end. */
static void test_a_list_does_not_go_round_in_circles(void **state) {
    (void)state;
    static const char *const keys[] = {"a", "b", "c"};
    struct found found = {.most = -1};
    struct awsc_error error;
    struct svc_buf next;
    struct awsc_s3_list list = {.bucket = "bucket", .max_keys = 1};
    put_keys(keys, 3);
    svc_buf_init(&found.keys, 4096);
    svc_buf_init(&next, 4096);
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_OK);
    assert_string_equal(svc_buf_text(&next), "YQ==");
    list.continuation = svc_buf_text(&next);
    aws_set(&f,
            "{\"list_edits\":[[\"<NextContinuationToken>Yg==\",\"<NextContinuationToken>YQ==\"]]}");
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_BAD_RESPONSE);
    assert_int_equal(found.count, 1);
    svc_buf_clear(&found.keys);
    svc_buf_clear(&next);
}

static void test_what_no_list_is_is_refused(void **state) {
    (void)state;
    struct found found = {.most = -1};
    struct awsc_error error;
    struct svc_buf next;
    struct awsc_s3_list list = {.bucket = "bucket", .max_keys = 1001};
    svc_buf_init(&next, 4096);
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error),
                     SVC_INVALID_ARGUMENT);
    list.max_keys = -1;
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error),
                     SVC_INVALID_ARGUMENT);
    list = (struct awsc_s3_list){.bucket = "NO"};
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(aws_requests(&f), 0);
    list.bucket = "missing";
    assert_int_equal(awsc_s3_list(f.client, &list, keep, &found, &next, &error), SVC_NO_RESOURCE);
    assert_string_equal(error.operation, "ListObjectsV2");
    svc_buf_clear(&next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_keys_come_page_by_page),
        AWS_TEST(test_odd_keys_are_listed_exactly),
        AWS_TEST(test_a_thousand_keys_are_one_page),
        AWS_TEST(test_a_page_that_makes_no_sense_is_refused_whole),
        AWS_TEST(test_a_list_does_not_go_round_in_circles),
        AWS_TEST(test_what_no_list_is_is_refused),
    };
    return AWS_RUN(tests);
}
