/* A report's objects: first versions, changes, custom periods, links, large files. Against an S3
 * endpoint on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/settlement_publish_support.h"
#include "tests/support/sanitized.h"

static const char *const extensions[SETTLE_FORMATS] = {"csv", "html", "json"};

/* ---------------------------------------------------------------------- versions */

static void a_first_version_is_three_puts(void **state) {
    (void)state;
    stand_in_reset(50);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    assert_int_equal(aws_requests(&f), 3);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_int_equal(object_count(), 3);
    static const char *const types[] = {"text/csv; charset=utf-8", "text/html; charset=utf-8",
                                        "application/json"};
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        const struct svc_json *object = aws_object(&f, key_of(&ledger, format, 0));
        const struct svc_json *meta = svc_json_get(object, "meta");
        const char *disposition = svc_json_get_text(object, "disposition");
        assert_string_equal(svc_json_get_text(object, "type"), types[format]);
        assert_string_equal(svc_json_get_text(object, "cache"), "private, no-cache");
        assert_string_equal(svc_json_get_text(meta, "x-amz-meta-period"), "2026-09");
        assert_string_equal(svc_json_get_text(meta, "x-amz-meta-rules"),
                            "1 half-up down included gross 500 0");
        assert_non_null(svc_json_get_text(meta, "x-amz-meta-generated-by"));
        assert_int_equal(strncmp(disposition, format == SETTLE_HTML ? "inline;" : "attachment;",
                                 format == SETTLE_HTML ? 7 : 11),
                         0);
        assert_non_null(strstr(disposition, "%EC%A0%95%EC%82%B0_2026-09_"));
        assert_non_null(strstr(disposition, extensions[format]));
    }
}

static void an_unchanged_report_writes_nothing(void **state) {
    (void)state;
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    aws_requests(&f);
    check(&ledger, 0);
    assert_int_equal(aws_requests(&f), 3);
    assert_objects(&ledger, 0, &ledger.newest);
}

static void a_change_keeps_the_old_version(void **state) {
    (void)state;
    struct settle_version versions[4] = {0};
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    for (uint32_t version = 1; version <= 3; version++) {
        stand_in.refunds = version - 1; /* late ones */
        publish(&ledger);
        versions[version] = ledger.newest;
        assert_int_equal(ledger.newest.version, version);
    }
    assert_objects(&ledger, 0, &versions[3]);
    assert_objects(&ledger, 1, &versions[1]);
    assert_objects(&ledger, 2, &versions[2]);
    assert_int_equal(object_count(), 9);
}

static void an_equal_csv_is_kept_with_its_version(void **state) {
    (void)state;
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    const struct settle_version first = ledger.newest;
    ledger.seller.business_number[0] = '9'; /* on the page, not in the CSV */
    publish(&ledger);
    assert_memory_equal(first.sha256[SETTLE_CSV], ledger.newest.sha256[SETTLE_CSV], 32);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_objects(&ledger, 1, &first);
}

static void missing_and_foreign_objects_are_written_again(void **state) {
    (void)state;
    char line[512];
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        struct awsc_error error;
        const struct awsc_s3_delete what = {.bucket = "bucket",
                                            .key = key_of(&ledger, format, 0) + strlen("bucket/")};
        assert_int_equal(awsc_s3_delete(f.client, &what, NULL, &error), SVC_OK);
        check(&ledger, 1);
        assert_objects(&ledger, 0, &ledger.newest);
        snprintf(line, sizeof(line), "{\"object\":{\"%s\":{\"size\":10}}}",
                 key_of(&ledger, format, 0));
        aws_set(&f, line);
        check(&ledger, 1);
        assert_objects(&ledger, 0, &ledger.newest);
    }
}

/* A lifecycle rule, a person: the bucket no longer has what the ledger has. */
static void a_lost_version_stops_nothing(void **state) {
    (void)state;
    char line[512];
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    aws_set(&f, "{\"objects\":{}}");
    stand_in.refunds = 1;
    publish(&ledger);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_int_equal(object_count(), 3);
    snprintf(line, sizeof(line), "{\"object\":{\"%s\":{\"size\":10}}}",
             key_of(&ledger, SETTLE_CSV, 0));
    aws_set(&f, line);
    stand_in.refunds = 2;
    publish(&ledger);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_int_equal(object_count(), 5); /* of version 2 page and JSON */
}

/* A version that was written again, and whose new ETags a crash kept from the ledger. */
static void the_same_bytes_with_another_etag_are_kept(void **state) {
    (void)state;
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    const struct settle_version first = ledger.newest;
    for (int format = 0; format < SETTLE_FORMATS; format++) {
        snprintf(ledger.newest.etags[format], SETTLE_ETAG_BYTES, "\"of-another-put\"");
    }
    stand_in.refunds = 1;
    publish(&ledger);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_objects(&ledger, 1, &first);
}

static void a_stale_older_version_is_replaced_by_the_ledgers(void **state) {
    (void)state;
    char line[512];
    stand_in_reset(20);
    struct ledger ledger = new_ledger("2026-09");
    publish(&ledger);
    const struct settle_version first = ledger.newest;
    snprintf(line, sizeof(line), "{\"object\":{\"%s\":{\"size\":10}}}",
             key_of(&ledger, SETTLE_CSV, 1)); /* of a ledger that is gone */
    aws_set(&f, line);
    stand_in.refunds = 1;
    publish(&ledger);
    assert_objects(&ledger, 0, &ledger.newest);
    assert_objects(&ledger, 1, &first);
}

/* ---------------------------------------------------------------------- custom periods */

static void custom_periods_of_one_first_day_share_the_key(void **state) {
    (void)state;
    stand_in_reset(5);
    struct ledger half = new_ledger("2026-09-01..2026-09-15");
    struct ledger whole = new_ledger("2026-09-01..2026-09-30");
    publish(&half);
    const struct settle_version first_half = half.newest;
    stand_in.count = 9;
    publish(&whole);
    assert_objects(&whole, 0, &whole.newest);
    assert_objects(&half, 1, &first_half);
    stand_in.count = 5;
    stand_in.refunds = 2;
    publish(&half); /* a late change */
    assert_objects(&half, 0, &half.newest);
    assert_objects(&half, 1, &first_half);
    assert_objects(&whole, 1, &whole.newest);
    stand_in.count = 9;
    stand_in.refunds = 0;
    check(&whole, 3);
    assert_objects(&whole, 0, &whole.newest);
    assert_objects(&half, 2, &half.newest);
}

/* ---------------------------------------------------------------------- refusals, hostile names */

static void a_passed_deadline_writes_nothing(void **state) {
    (void)state;
    char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES];
    struct svc_error error;
    int rewritten = -1;
    stand_in_reset(3);
    struct ledger ledger = new_ledger("2026-09");
    struct settle_report *report = make(&ledger, 1);
    struct settle_publisher publisher = publisher_of(&ledger);
    publisher.deadline_ms = svc_deadline_in(&f.clock.clock, -1);
    assert_int_equal(settle_publish(&publisher, &ledger.period, &ledger.seller, &ledger.newest,
                                    report, etags, &error),
                     SVC_DEADLINE);
    assert_int_equal(object_count(), 0);
    /* Nor is another version than the next one written, or checked. */
    ledger.newest.version = 1;
    assert_int_equal(settle_publish(&publisher, &ledger.period, &ledger.seller, &ledger.newest,
                                    report, etags, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(settle_publish_check(&publisher, &ledger.period, &ledger.seller,
                                          &ledger.newest, report, &rewritten, etags, &error),
                     SVC_INVALID_ARGUMENT);
    settle_report_destroy(report);
}

/* Without a template: of the newest version's object, for S3's longest time. */
static void a_presigned_link_names_the_newest_object(void **state) {
    (void)state;
    static const char *const parts[] = {"http://",
                                        "/settlements/monthly/2026-09-01/seller-42.html?",
                                        "X-Amz-Expires=604800", "X-Amz-Signature="};
    const struct ledger ledger = new_ledger("2026-09");
    const struct settle_publisher publisher = publisher_of(&ledger);
    struct svc_error error = {0};
    struct svc_buf url;
    svc_buf_init(&url, 8192);
    assert_int_equal(
        settle_link_put(&publisher, "", &ledger.period, "42", SETTLE_HTML, 3, &url, &error),
        SVC_OK);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        assert_non_null(strstr(svc_buf_text(&url), parts[i]));
    }
    assert_int_equal(aws_requests(&f), 0);
    svc_buf_reset(&url);
    assert_int_equal(
        settle_link_put(&publisher, "", &ledger.period, "../42", SETTLE_HTML, 3, &url, &error),
        SVC_INVALID_ARGUMENT);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f.environment, "AWS_EC2_METADATA_DISABLED", "true");
    aws_new_client(&f);
    const struct settle_publisher nobody = publisher_of(&ledger);
    assert_int_not_equal(
        settle_link_put(&nobody, "", &ledger.period, "42", SETTLE_HTML, 3, &url, &error), SVC_OK);
    assert_int_equal(url.size_bytes, 0);
    svc_buf_clear(&url);
}

static void hostile_names_are_harmless(void **state) {
    (void)state;
    static const char *const names[] = {
        "",       "\r\nx-evil: 1", "a\"b\\c/../d",         "\xff\xfe",        "\u202egpj.exe",
        "%00%2e", "가나다\n",      "'; filename=evil.exe", "日本語 한국어 😀", "a;b,c=d",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        stand_in_reset(3);
        aws_set(&f, "{\"objects\":{}}");
        struct ledger ledger = new_ledger("2026-09");
        snprintf(ledger.seller.business_name, sizeof(ledger.seller.business_name), "%s", names[i]);
        snprintf(ledger.seller.name, sizeof(ledger.seller.name), "%s", names[i]);
        publish(&ledger);
        assert_objects(&ledger, 0, &ledger.newest);
        for (int format = 0; format < SETTLE_FORMATS; format++) {
            const struct svc_json *object = aws_object(&f, key_of(&ledger, format, 0));
            const char *disposition = svc_json_get_text(object, "disposition");
            assert_true(svc_is_printable(disposition));
            assert_null(strstr(disposition, "evil.exe;"));
            assert_null(strchr(disposition, '\\'));
            assert_null(strchr(disposition, '/'));
        }
    }
}

/* ---------------------------------------------------------------------- large files */

#if IS_SANITIZED
#define LARGE_BYTES 11000000
#else
#define LARGE_BYTES 30000000
#endif

static int64_t peak_kb(void) {
    char line[256];
    int64_t found = -1;
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    while (fgets(line, sizeof(line), status) != NULL) {
        long long kb = 0;
        if (sscanf(line, "VmHWM: %lld kB", &kb) == 1) {
            found = kb;
        }
    }
    fclose(status);
    return found;
}

/* 0: this kernel does not forget it. */
static int64_t forget_peak(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) {
        return 0;
    }
    const bool is_done = fputs("5", file) >= 0;
    return fclose(file) == 0 && is_done ? peak_kb() : 0;
}

static void a_large_csv_takes_constant_memory(void **state) {
    (void)state;
    stand_in_reset(0);
    set_csv_bytes(LARGE_BYTES);
    struct ledger ledger = new_ledger("2026-09");
    const int64_t before_kb = forget_peak();
    publish(&ledger);
    stand_in.refunds = 1;
    publish(&ledger);
    const int64_t after_kb = peak_kb();
    assert_true(ledger.newest.csv_bytes > LARGE_BYTES);
    assert_objects(&ledger, 0, &ledger.newest);
    aws_set(&f, "{}");
    int64_t uploads = -1;
    assert_true(svc_json_get_int(f.report, "uploads", &uploads));
    assert_int_equal(uploads, 0);
    assert_int_equal(object_count(), 6);
    if (!IS_SANITIZED && before_kb > 0) {
        print_message("%.1f MB of CSV twice: %.1f MB of memory\n",
                      (double)ledger.newest.csv_bytes / 1e6, (double)(after_kb - before_kb) / 1e3);
        assert_true(after_kb - before_kb < 24000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(a_first_version_is_three_puts),
        AWS_TEST(an_unchanged_report_writes_nothing),
        AWS_TEST(a_change_keeps_the_old_version),
        AWS_TEST(an_equal_csv_is_kept_with_its_version),
        AWS_TEST(missing_and_foreign_objects_are_written_again),
        AWS_TEST(a_lost_version_stops_nothing),
        AWS_TEST(the_same_bytes_with_another_etag_are_kept),
        AWS_TEST(a_stale_older_version_is_replaced_by_the_ledgers),
        AWS_TEST(custom_periods_of_one_first_day_share_the_key),
        AWS_TEST(a_passed_deadline_writes_nothing),
        AWS_TEST(a_presigned_link_names_the_newest_object),
        AWS_TEST(hostile_names_are_harmless),
        AWS_TEST(a_large_csv_takes_constant_memory),
    };
    return AWS_RUN(tests);
}
