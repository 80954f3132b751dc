/* Buffers, text encodings, time, random numbers, hashes, logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/buf.h"
#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/services/support.h"
#include "tests/support/random.h"

static void test_a_buffer_keeps_to_its_limit(void **state) {
    (void)state;
    struct svc_buf buf;
    svc_buf_init(&buf, 10);
    assert_string_equal(svc_buf_text(&buf), "");
    assert_true(svc_buf_append_text(&buf, "12345"));
    assert_true(svc_buf_printf(&buf, "%d", 6789));
    assert_false(svc_buf_append_text(&buf, "ab"));
    assert_int_equal(svc_buf_status(&buf), SVC_TOO_LARGE);
    assert_string_equal(svc_buf_text(&buf), "123456789");
    assert_false(
        svc_buf_append_text(&buf, "a")); /* it would fit, but something is missing before */
    svc_buf_reset(&buf);
    assert_true(svc_buf_append_text(&buf, "0123456789"));
    svc_buf_drop(&buf, 4);
    assert_string_equal(svc_buf_text(&buf), "456789");
    svc_buf_drop(&buf, 99);
    assert_string_equal(svc_buf_text(&buf), "");
    svc_buf_wipe(&buf);
    svc_buf_init(&buf, SIZE_MAX);
    assert_true(svc_buf_append_text(&buf, "x"));
    assert_false(svc_buf_reserve(&buf, SIZE_MAX - 1));
    assert_int_equal(svc_buf_status(&buf), SVC_TOO_LARGE);
    svc_buf_clear(&buf);
}

static void test_utf8_is_validated_as_unicode_defines_it(void **state) {
    (void)state;
    /* Every code point, encoded by the definition; surrogates are none. */
    for (uint32_t c = 1; c <= 0x110000; c++) {
        uint8_t b[4];
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n; i-- > 1;) {
            b[i] = (uint8_t)(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
        }
        b[0] = (uint8_t)(n == 1   ? c
                         : n == 2 ? 0xc0 | c >> 6
                         : n == 3 ? 0xe0 | c >> 12
                                  : 0xf0 | c >> 18);
        bool is_good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        assert_int_equal(svc_utf8_length(b, n), is_good ? n : 0);
        if (is_good) {
            uint8_t encoded[4];
            assert_int_equal(svc_utf8_encode(c, encoded), n);
            assert_memory_equal(encoded, b, n);
        }
        assert_int_equal(svc_utf8_valid(b, n - 1), n == 1);
    }
    assert_false(svc_utf8_valid((const uint8_t *)"\xc1\xbf", 2));
    assert_false(svc_utf8_valid((const uint8_t *)"\xe0\x9f\xbf", 3));
    assert_false(svc_utf8_valid((const uint8_t *)"\xf0\x8f\xbf\xbf", 4));
    assert_false(svc_utf8_valid((const uint8_t *)"\x80", 1));
}

static void test_texts_are_cut_between_characters(void **state) {
    (void)state;
    static const char text[] = "a\xc3\xa9\xed\x95\x9c\xf0\x9f\x98\x80z"; /* 1, 2, 3, 4, 1 */
    static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t most = 0; most < sizeof(fits) / sizeof(fits[0]); most++) {
        assert_int_equal(svc_utf8_fit(text, most), fits[most]);
    }
    assert_int_equal(svc_utf8_fit("", 0), 0);
    /* No UTF-8: cut anywhere, but for the good characters among it. */
    assert_int_equal(svc_utf8_fit("\x80\x80\x80", 2), 2);
    assert_int_equal(svc_utf8_fit("\xb0\xa1\xb0\xa1\xb0\xa1", 5), 5);
    assert_int_equal(svc_utf8_fit("\xf0\x80\x80\x80\x80", 3), 3);
    assert_int_equal(svc_utf8_fit("\xed\x95\xed\x95\x9c", 4), 2);
    assert_int_equal(svc_utf8_fit("\x80\x80\x80\xed\x95\x9c", 5), 3);
    assert_int_equal(svc_utf8_fit("ab\xed\x95", 3), 3);
}

static void test_controls_and_words_are_found(void **state) {
    (void)state;
    static const char *const words[] = {"one", "two"};
    char text[] = "a\tb\x7f"
                  "c\x1f\xed\x95\x9c";
    for (int c = 0; c < 256; c++) {
        assert_int_equal(svc_is_control((char)c), c < 32 || c == 127);
    }
    assert_true(svc_has_control(text));
    svc_replace_controls(text);
    assert_string_equal(text, "a?b?c?\xed\x95\x9c");
    assert_false(svc_has_control(text));
    assert_false(svc_has_control(""));
    assert_true(SVC_IS_ONE_OF("two", words));
    assert_false(SVC_IS_ONE_OF("tw", words));
    assert_false(SVC_IS_ONE_OF("", words));
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; c++) {
        const char *at = c != 0 ? strchr(digits, c) : NULL;
        const int value = at == NULL         ? -1
                          : at - digits < 16 ? (int)(at - digits)
                                             : (int)(at - digits) - 6;
        assert_int_equal(svc_hex_digit((char)c), value);
    }
}

static void test_base64_and_percent_encoding_round_trip(void **state) {
    (void)state;
    struct svc_buf text, back;
    uint64_t random = 1;
    svc_buf_init(&text, 4096);
    svc_buf_init(&back, 4096);
    for (size_t size = 0; size < 200; size++) {
        uint8_t bytes[200];
        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)random_next(&random);
        }
        svc_buf_reset(&text);
        svc_buf_reset(&back);
        assert_true(svc_base64(bytes, size, &text));
        assert_int_equal(text.size_bytes, (size + 2) / 3 * 4);
        assert_int_equal(svc_base64_decode(svc_buf_text(&text), text.size_bytes, &back), SVC_OK);
        assert_int_equal(back.size_bytes, size);
        assert_true(size == 0 || memcmp(back.bytes, bytes, size) == 0);
        svc_buf_reset(&text);
        svc_buf_reset(&back);
        assert_true(svc_percent_encode(bytes, size, size % 2 == 0, &text));
        assert_int_equal(svc_percent_decode(svc_buf_text(&text), text.size_bytes, true, &back),
                         SVC_OK);
        assert_int_equal(back.size_bytes, size);
        assert_true(size == 0 || memcmp(back.bytes, bytes, size) == 0);
    }
    static const char *const bad[] = {"A",    "AA",   "AAA",  "=AAA",  "A===",     "AA=A",
                                      "AB==", "AAB=", "AA A", "AA\n=", "AA==AAAA", "A-_A"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        svc_buf_reset(&back);
        assert_int_equal(svc_base64_decode(bad[i], strlen(bad[i]), &back), SVC_MALFORMED);
    }
    svc_buf_clear(&text);
    svc_buf_clear(&back);
}

static void test_form_keys_are_decoded_as_s3_sends_them(void **state) {
    (void)state;
    struct svc_buf out;
    svc_buf_init(&out, 100);
    assert_int_equal(svc_percent_decode("a+b%2Bc%ED%95%9C%00", 19, true, &out), SVC_OK);
    assert_int_equal(out.size_bytes, 9);
    assert_memory_equal(out.bytes, "a b+c\xed\x95\x9c", 9);
    static const char *const bad[] = {"%", "%2", "a%g0", "%0g", "%%20"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        svc_buf_reset(&out);
        assert_int_equal(svc_percent_decode(bad[i], strlen(bad[i]), true, &out), SVC_MALFORMED);
    }
    svc_buf_reset(&out);
    assert_int_equal(svc_percent_decode("a+b", 3, false, &out), SVC_OK);
    assert_string_equal(svc_buf_text(&out), "a+b");
    svc_buf_clear(&out);
    uint8_t bytes[2];
    assert_true(svc_hex_decode("fF00", bytes, 2));
    assert_memory_equal(bytes, "\xff\0", 2);
    assert_false(svc_hex_decode("fF0", bytes, 2));
    assert_false(svc_hex_decode("fF0g", bytes, 2));
    assert_false(svc_hex_decode("fF0000", bytes, 2));
}

static void test_dates_round_trip(void **state) {
    (void)state;
    char text[SVC_ISO8601_BYTES];
    uint64_t random = 2;
    for (int i = 0; i < 20000; i++) {
        int64_t ms = (int64_t)(random_next(&random) % UINT64_C(253402300800000));
        int64_t back = 0;
        svc_format_iso8601(ms, text);
        assert_true(svc_parse_iso8601(text, &back));
        assert_true(back == ms);
    }
    char amz[SVC_AMZ_DATE_BYTES];
    svc_format_amz_date(INT64_C(1440938160000), amz);
    assert_string_equal(amz, "20150830T123600Z");
    int64_t ms = 0;
    assert_true(svc_parse_iso8601("2026-01-02T03:04:05Z", &ms));
    assert_true(ms == INT64_C(1767323045000));
    assert_true(svc_parse_iso8601("2026-01-02T12:04:05.5+09:00", &ms));
    assert_true(ms == INT64_C(1767323045500));
    assert_true(svc_parse_http_date("Fri, 02 Jan 2026 03:04:05 GMT", &ms));
    assert_true(ms == INT64_C(1767323045000));
    assert_true(svc_parse_iso8601("2024-02-29T00:00:00Z", &ms));
    static const char *const bad[] = {
        "",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-13-02T03:04:05Z",
        "2026-00-02T03:04:05Z",
        "2025-02-29T03:04:05Z",
        "2026-04-31T03:04:05Z",
        "2026-01-02T24:04:05Z",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05+9:00",
        "2026-01-02 03:04:05Z",
        "Fri, 02 Jan 2026 03:04:05 GMT",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(svc_parse_iso8601(bad[i], &ms));
    }
    assert_false(svc_parse_http_date("Fri, 02 Jan 2026 03:04:05 UTC", &ms));
    assert_false(svc_parse_http_date("Fri, 32 Jan 2026 03:04:05 GMT", &ms));
    assert_false(svc_parse_http_date("Fri, 02 Foo 2026 03:04:05 GMT", &ms));
    assert_false(svc_parse_http_date("Fry, 02 Jan 2026 03:04:05 GMT", &ms));
    assert_false(svc_parse_http_date("Friday, 02-Jan-26 03:04:05 GMT", &ms));
}

static void test_deadlines_saturate(void **state) {
    (void)state;
    struct test_clock clock;
    test_clock_init(&clock, 5000);
    assert_true(svc_remaining_ms(&clock.clock, SVC_NO_DEADLINE) == INT64_MAX);
    assert_true(svc_deadline_in(&clock.clock, INT64_MAX) == SVC_NO_DEADLINE);
    assert_true(svc_remaining_ms(&clock.clock, svc_deadline_in(&clock.clock, 250)) == 250);
    assert_true(svc_remaining_ms(&clock.clock, svc_deadline_at(&clock.clock, 5100)) == 100);
    assert_true(svc_remaining_ms(&clock.clock, svc_deadline_at(&clock.clock, 4000)) == 0);
    svc_sleep_ms(&clock.clock, 60);
    assert_true(svc_remaining_ms(&clock.clock, 1100) == 40);
}

static void test_random_numbers_are_spread(void **state) {
    (void)state;
    char a[SVC_UUID_BYTES], b[SVC_UUID_BYTES];
    double sum = 0;
    for (int i = 0; i < 4000; i++) {
        double unit = svc_random_unit(svc_random_system());
        assert_true(unit >= 0 && unit < 1);
        sum += unit;
    }
    assert_true(sum > 1800 && sum < 2200); /* ten standard deviations */
    assert_true(svc_random_uuid(svc_random_system(), a));
    assert_true(svc_random_uuid(svc_random_system(), b));
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
}

static void check_hash(enum svc_hash_kind kind, const char *text, const char *expected) {
    uint8_t hash[SVC_MAX_HASH_BYTES];
    char hex[2 * SVC_MAX_HASH_BYTES + 1];
    size_t size = 0;
    assert_int_equal(svc_hash_of(kind, text, strlen(text), hash, &size), SVC_OK);
    svc_hex(hash, size, hex);
    assert_string_equal(hex, expected);
}

/* The check values of the catalogues, and parts of every size against the entire text. */
static void test_hashes_are_correct(void **state) {
    (void)state;
    check_hash(SVC_HASH_CRC32, "123456789", "cbf43926");
    check_hash(SVC_HASH_CRC32C, "123456789", "e3069283");
    check_hash(SVC_HASH_CRC64NVME, "123456789", "ae8b14860a799888");
    check_hash(SVC_HASH_CRC64NVME, "", "0000000000000000");
    check_hash(SVC_HASH_CRC32, "", "00000000");
    check_hash(SVC_HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72");
    check_hash(SVC_HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d");
    check_hash(SVC_HASH_SHA256, "abc",
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    uint8_t bytes[1000];
    uint64_t random = 3;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)random_next(&random);
    }
    for (int kind = SVC_HASH_MD5; kind <= SVC_HASH_SHA256; kind++) {
        for (size_t cut = 0; cut < 40; cut++) {
            struct svc_hash *hash;
            uint8_t entire[SVC_MAX_HASH_BYTES], parts[SVC_MAX_HASH_BYTES];
            size_t size = 0;
            assert_int_equal(svc_hash_create((enum svc_hash_kind)kind, &hash), SVC_OK);
            assert_int_equal(svc_hash_add(hash, bytes, cut), SVC_OK);
            assert_int_equal(svc_hash_add(hash, bytes + cut, sizeof(bytes) - cut), SVC_OK);
            assert_int_equal(svc_hash_finish(hash, parts, &size), SVC_OK);
            svc_hash_destroy(hash);
            assert_int_equal(
                svc_hash_of((enum svc_hash_kind)kind, bytes, sizeof(bytes), entire, &size), SVC_OK);
            assert_memory_equal(entire, parts, size);
        }
    }
    /* RFC 4231, case 2. */
    uint8_t mac[SVC_SHA256_BYTES];
    char hex[SVC_SHA256_HEX_BYTES];
    assert_int_equal(svc_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac), SVC_OK);
    svc_hex(mac, sizeof(mac), hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_int_equal(svc_hmac_sha256(NULL, 0, NULL, 0, mac), SVC_OK);
    assert_true(svc_equal_constant_time("abc", "abc", 3));
    assert_false(svc_equal_constant_time("abc", "abd", 3));
    assert_true(svc_equal_constant_time(NULL, NULL, 0));
}

/* ---------------------------------------------------------------------- logs */

static void test_a_log_line_is_one_line_and_one_object(void **state) {
    (void)state;
    struct test_clock clock;
    struct test_log log;
    test_clock_init(&clock, INT64_C(1767323045678));
    test_log_init(&log, &clock.clock);
    svc_log_set_request_id(&log.log, "8476a536");
    svc_log_event(&log.log, SVC_LOG_WARN, "a \"message\"\n{\"level\":\"FATAL\"}",
                  SVC_TEXT("key", "a\r\nb\x1b[31m\xff\xed\x95\x9c"), SVC_INT("bytes", -5),
                  SVC_BOOL("again", true), SVC_TEXT("none", NULL));
    assert_string_equal(
        svc_buf_text(&log.lines),
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"WARN\","
        "\"message\":\"a \\\"message\\\"\\n{\\\"level\\\":\\\"FATAL\\\"}\","
        "\"requestId\":\"8476a536\",\"key\":\"a\\r\\nb\\u001b[31m\xef\xbf\xbd\xed\x95\x9c\","
        "\"bytes\":-5,\"again\":true,\"none\":null}\n");
    test_log_clear(&log);
}

/* Any bytes in any text: still one line that is strict JSON. */
static void test_nothing_injected_into_a_log_gets_through(void **state) {
    (void)state;
    struct test_clock clock;
    struct test_log log;
    uint64_t random = 5;
    test_clock_init(&clock, 0);
    test_log_init(&log, &clock.clock);
    for (int round = 0; round < 2000; round++) {
        char text[4][3000];
        for (int k = 0; k < 4; k++) {
            size_t size = random_between(&random, 0, round % 50 == 0 ? 2999 : 60);
            for (size_t i = 0; i < size; i++) {
                text[k][i] = (char)random_between(&random, 1, 255);
            }
            text[k][size] = '\0';
        }
        svc_buf_reset(&log.lines);
        svc_log_set_request_id(&log.log, text[3]);
        svc_log_event(&log.log, SVC_LOG_INFO, text[0], SVC_TEXT("a", text[1]),
                      SVC_TEXT("b", text[2]));
        const char *line = svc_buf_text(&log.lines);
        size_t size = log.lines.size_bytes;
        assert_true(size > 1 && size <= SVC_MAX_LOG_LINE_BYTES + 1);
        assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
        struct svc_json *document;
        assert_int_equal(svc_json_parse(line, size, 0, &document, NULL), SVC_OK);
        assert_string_equal(svc_json_get_text(document, "level"), "INFO");
        assert_int_equal(svc_json_count(document), log.log.request_id[0] ? 6 : 5);
        svc_json_free(document);
    }
    test_log_clear(&log);
}

static void test_log_levels_and_limits(void **state) {
    (void)state;
    struct test_clock clock;
    struct test_log log;
    test_clock_init(&clock, 0);
    test_log_init(&log, &clock.clock);
    enum svc_log_level level = SVC_LOG_INFO;
    assert_true(svc_log_level_parse("warn", &level));
    assert_int_equal(level, SVC_LOG_WARN);
    assert_false(svc_log_level_parse("warning", &level));
    assert_false(svc_log_level_parse(NULL, &level));
    assert_int_equal(level, SVC_LOG_WARN);
    log.log.level = level;
    svc_log_write(&log.log, SVC_LOG_INFO, "not wanted", NULL);
    assert_int_equal(log.lines.size_bytes, 0);
    svc_log_write(NULL, SVC_LOG_FATAL, "nowhere", NULL);
    static char longest[20000];
    memset(longest, 'x', sizeof(longest) - 1);
    svc_log_event(&log.log, SVC_LOG_ERROR, longest, SVC_TEXT("a", "b"));
    assert_true(log.lines.size_bytes < SVC_MAX_LOG_VALUE_BYTES + 200);
    assert_non_null(strstr(svc_buf_text(&log.lines), "xxx...\""));
    /* More fields than fit into a line: the head stays, marked as cut. */
    struct svc_log_field fields[40];
    for (size_t i = 0; i < 39; i++) {
        fields[i] = (struct svc_log_field)SVC_TEXT("name", longest);
    }
    fields[39] = (struct svc_log_field){SVC_LOG_END, NULL, NULL, 0};
    svc_buf_reset(&log.lines);
    svc_log_write(&log.log, SVC_LOG_ERROR, "many", fields);
    assert_non_null(strstr(svc_buf_text(&log.lines), "\"message\":\"many\",\"cut\":true}\n"));
    test_log_clear(&log);
}

static void test_every_status_has_a_sentence(void **state) {
    (void)state;
    static const enum svc_status all[] = {
#define ENTRY(name, value, group, sentence) SVC_##name,
        SVC_STATUS_LIST(ENTRY)
#undef ENTRY
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_true(strlen(svc_status_message(all[i])) > 3);
        assert_string_not_equal(svc_status_name(all[i]), "UNKNOWN");
        assert_int_equal(svc_status_group(all[i]) == SVC_GROUP_NONE, all[i] == SVC_OK);
    }
    assert_int_equal(svc_status_group((enum svc_status)12345), SVC_GROUP_BUG);
    struct svc_error error;
    assert_int_equal(svc_fail(&error, SVC_IO, "a\nb%s", "\x1b"), SVC_IO);
    assert_string_equal(error.detail, "a?b?");
    assert_int_equal(svc_fail(NULL, SVC_IO, "x"), SVC_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_buffer_keeps_to_its_limit),
        cmocka_unit_test(test_utf8_is_validated_as_unicode_defines_it),
        cmocka_unit_test(test_texts_are_cut_between_characters),
        cmocka_unit_test(test_controls_and_words_are_found),
        cmocka_unit_test(test_base64_and_percent_encoding_round_trip),
        cmocka_unit_test(test_form_keys_are_decoded_as_s3_sends_them),
        cmocka_unit_test(test_dates_round_trip),
        cmocka_unit_test(test_deadlines_saturate),
        cmocka_unit_test(test_random_numbers_are_spread),
        cmocka_unit_test(test_hashes_are_correct),
        cmocka_unit_test(test_a_log_line_is_one_line_and_one_object),
        cmocka_unit_test(test_nothing_injected_into_a_log_gets_through),
        cmocka_unit_test(test_log_levels_and_limits),
        cmocka_unit_test(test_every_status_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
