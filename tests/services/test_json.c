/* JSON is read to the letter of RFC 8259 and written so that others read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "tests/support/random.h"

static enum svc_status parse(const char *text, struct svc_json **document) {
    struct svc_error error;
    return svc_json_parse(text, strlen(text), 0, document, &error);
}

static enum svc_status parse_status(const char *text, size_t size_bytes) {
    struct svc_json *document;
    struct svc_error error = {0};
    enum svc_status status = svc_json_parse(text, size_bytes, 0, &document, &error);
    svc_json_free(document);
    if (status != SVC_OK) {
        assert_int_equal(error.status, status);
        assert_true(error.detail[0] != '\0');
    }
    return status;
}

/* Some of these json-c takes, fifteen of them in its strict mode. */
static const char *const no_json[] = {
    "NaN",
    "[NaN]",
    "Infinity",
    "-Infinity",
    "[-Infinity]",
    "-01",
    "01",
    "[00]",
    "2.e3",
    "[2.]",
    ".5",
    "+1",
    "1e",
    "1e+",
    "0x10",
    "'a'",
    "{'a':1}",
    "[1,]",
    "{\"a\":1,}",
    "[,1]",
    "[1 2]",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "{\"a\":}",
    "\"a\tb\"",
    "\"a\nb\"",
    "\"\x01\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\a\"",
    "\"abc",
    "\"abc\\",
    "",
    " ",
    "nul",
    "nullx",
    "NULL",
    "True",
    "TRUE",
    "tru",
    "falsey",
    "[1] 2",
    "{} {}",
    "/* a */ 1",
    "1 // a",
    "[1]/**/",
    "\xef\xbb\xbf{}",
    "[1]\f",
    "\v1",
    "\xa0[1]",
    "--1",
    "- 1",
    "1.5.2",
    "1e5.2",
    "[",
    "]",
    "{",
    "}",
    "[}",
    "{]",
    "{\"a\"}",
    "{\"a\":1",
    "[1",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\ud800\"",
    "\"\\ud800x\"",
    "\"\\uD83D\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xc3\"",
    "\"\xe2\x82\"",
    "{\"\\u0000\":1}",
    "{\"a\\u0000b\":1}",
    "-",
    "[-]",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    "[{\"x\":{\"b\":1,\"b\":1}}]",
    "{\"a\":{\"c\":1},\"a\":{\"c\":1}}",
    "{\"\":1,\"\":2}",
};

static void test_invalid_json_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(no_json) / sizeof(no_json[0]); i++) {
        if (parse_status(no_json[i], strlen(no_json[i])) != SVC_MALFORMED) {
            fail_msg("taken: %s", no_json[i]);
        }
    }
    assert_int_equal(parse_status("[1]\0", 4), SVC_MALFORMED);
    assert_int_equal(parse_status("\"a\0b\"", 5), SVC_MALFORMED);
}

static void test_valid_json_is_accepted(void **state) {
    (void)state;
    static const char *const good[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "1.5",
        "1e5",
        "1E+5",
        "1e-5",
        "0.0",
        "-0.0e0",
        "\"\"",
        "\"a\"",
        "[]",
        "{}",
        " [ ] ",
        "\t\n\r{}\n",
        "[1,2]",
        "{\"a\":1}",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\x7f\"",
        "\"\xed\x95\x9c\xea\xb8\x80\"",
        "\"\xf0\x9f\x98\x80\"",
        "\"\\u0000\"",
        "123456789012345678901234567890",
        "1e999",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        "{\"a\":null,\"b\":null}",
        "[null,null]",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (parse_status(good[i], strlen(good[i])) != SVC_OK) {
            fail_msg("refused: %s", good[i]);
        }
    }
}

static void test_depth_and_size_have_limits(void **state) {
    (void)state;
    char text[2 * SVC_MAX_JSON_DEPTH + 4];
    for (int depth = SVC_MAX_JSON_DEPTH; depth <= SVC_MAX_JSON_DEPTH + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        assert_int_equal(parse_status(text, 2 * (size_t)depth),
                         depth <= SVC_MAX_JSON_DEPTH ? SVC_OK : SVC_MALFORMED);
    }
    struct svc_json *document;
    struct svc_error error;
    assert_int_equal(svc_json_parse("[1,2]", 5, 4, &document, &error), SVC_TOO_LARGE);
    assert_null(document);
    /* A million open brackets cost nothing. */
    size_t size = 1000000;
    char *flood = malloc(size);
    assert_non_null(flood);
    memset(flood, '[', size);
    assert_int_equal(parse_status(flood, size), SVC_MALFORMED);
    free(flood);
}

static void test_values_have_their_types(void **state) {
    (void)state;
    struct svc_json *document;
    assert_int_equal(
        parse("{\"t\":\"x\",\"nul\":\"a\\u0000b\",\"i\":-5,\"d\":2.5,\"b\":true,\"n\":null,"
              "\"a\":[1,\"2\"],\"max\":9223372036854775807,\"big\":9223372036854775808,"
              "\"low\":-9223372036854775807,\"lower\":-9223372036854775808,"
              "\"huge\":99999999999999999999999,\"inf\":1e999,\"one\":1.0}",
              &document),
        SVC_OK);
    int64_t number = 77;
    double real = 0;
    bool is_true = false;
    size_t size = 0;
    assert_string_equal(svc_json_get_text(document, "t"), "x");
    assert_null(svc_json_get_text(document, "nul"));
    assert_memory_equal(svc_json_bytes(svc_json_get(document, "nul"), &size), "a\0b", 3);
    assert_int_equal(size, 3);
    assert_true(svc_json_get_int(document, "i", &number));
    assert_int_equal(number, -5);
    assert_false(svc_json_get_int(document, "d", &number));
    assert_false(svc_json_get_int(document, "t", &number));
    assert_false(svc_json_get_int(document, "one", &number));
    assert_false(svc_json_get_int(document, "big", &number));
    assert_false(svc_json_get_int(document, "huge", &number));
    assert_false(svc_json_get_int(document, "lower", &number));
    assert_int_equal(number, -5);
    assert_true(svc_json_get_int(document, "max", &number));
    assert_true(number == INT64_MAX);
    assert_true(svc_json_get_int(document, "low", &number));
    assert_true(number == -INT64_MAX);
    assert_true(svc_json_double(svc_json_get(document, "d"), &real));
    assert_true(real == 2.5);
    assert_true(svc_json_double(svc_json_get(document, "i"), &real));
    assert_true(real == -5);
    assert_false(svc_json_double(svc_json_get(document, "inf"), &real));
    assert_true(svc_json_bool(svc_json_get(document, "b"), &is_true));
    assert_true(is_true);
    assert_false(svc_json_bool(svc_json_get(document, "i"), &is_true));
    assert_null(svc_json_get(document, "n"));
    assert_true(svc_json_has(document, "n"));
    assert_false(svc_json_has(document, "absent"));
    const struct svc_json *array = svc_json_get(document, "a");
    assert_int_equal(svc_json_count(array), 2);
    assert_string_equal(svc_json_text(svc_json_at(array, 1)), "2");
    assert_null(svc_json_at(array, 2));
    assert_null(svc_json_at(document, 0));
    assert_null(svc_json_get(array, "t"));
    assert_null(svc_json_get(NULL, "t"));
    assert_int_equal(svc_json_type(array), SVC_JSON_ARRAY);
    assert_int_equal(svc_json_type(NULL), SVC_JSON_NULL);
    svc_json_free(document);
}

static void written(struct svc_buf *out, const char *expected) {
    assert_int_equal(svc_buf_status(out), SVC_OK);
    assert_string_equal(svc_buf_text(out), expected);
    svc_buf_reset(out);
}

static void test_text_is_escaped(void **state) {
    (void)state;
    struct svc_buf out;
    struct svc_json_writer writer;
    svc_buf_init(&out, 4096);
    svc_json_writer_init(&writer, &out);
    svc_json_put_text(&writer, "a\"\\/\n\r\t\b\x1f\x7f"
                               "\xed\x95\x9c\xf0\x9f\x98\x80\xc2\x85\xe2\x80\xa8");
    written(&out, "\"a\\\"\\\\/\\n\\r\\t\\u0008\\u001f\\u007f\xed\x95\x9c\xf0\x9f\x98\x80\\u0085"
                  "\\u2028\"");
    svc_json_writer_init(&writer, &out);
    writer.ascii = true;
    svc_json_put_text(&writer, "\xc3\xa9\xed\x95\x9c\xf0\x9f\x98\x80\xff");
    written(&out, "\"\\u00e9\\ud55c\\ud83d\\ude00\\ufffd\"");
    svc_json_writer_init(&writer, &out);
    svc_json_put_bytes(&writer, "a\0\xff\xc3", 4);
    written(&out, "\"a\\u0000\xef\xbf\xbd\xef\xbf\xbd\"");
    svc_buf_clear(&out);
}

static void test_commas_and_colons_are_added(void **state) {
    (void)state;
    struct svc_buf out;
    struct svc_json_writer writer;
    svc_buf_init(&out, 4096);
    svc_json_writer_init(&writer, &out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "a", "b");
    svc_json_name(&writer, "c");
    svc_json_begin_array(&writer);
    svc_json_put_int(&writer, INT64_MIN);
    svc_json_put_bool(&writer, false);
    svc_json_put_null(&writer);
    svc_json_begin_object(&writer);
    svc_json_end_object(&writer);
    svc_json_begin_array(&writer);
    svc_json_end_array(&writer);
    svc_json_end_array(&writer);
    svc_json_add_int(&writer, "d", 5);
    svc_json_add_text(&writer, "e", NULL);
    svc_json_name(&writer, "f");
    svc_json_put_double(&writer, 0.1);
    svc_json_name(&writer, "g");
    svc_json_put_double(&writer, -0.0);
    svc_json_end_object(&writer);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    written(&out, "{\"a\":\"b\",\"c\":[-9223372036854775808,false,null,{},[]],\"d\":5,\"e\":null,"
                  "\"f\":0.1,\"g\":-0.0}");
    svc_buf_clear(&out);
}

static void test_millionths_are_written_exactly(void **state) {
    (void)state;
    struct svc_buf out;
    struct svc_json_writer writer;
    svc_buf_init(&out, 1000);
    svc_json_writer_init(&writer, &out);
    svc_json_begin_array(&writer);
    svc_json_put_millionths(&writer, INT64_C(1764381600000001));
    svc_json_put_millionths(&writer, 0);
    svc_json_put_millionths(&writer, -1);
    svc_json_put_millionths(&writer, INT64_MIN);
    svc_json_put_millionths(&writer, INT64_MAX);
    svc_json_end_array(&writer);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    written(&out, "[1764381600.000001,0.000000,-0.000001,-9223372036854.775808,"
                  "9223372036854.775807]");
    svc_buf_clear(&out);
}

/* Calls in a wrong order are reported, whatever the order is. */
static void test_a_wrong_order_of_calls_is_reported(void **state) {
    (void)state;
    struct svc_json_writer writer;
    struct svc_buf out;
    svc_buf_init(&out, 4096);
    for (int fault = 0; fault < 9; fault++) {
        svc_buf_reset(&out);
        svc_json_writer_init(&writer, &out);
        switch (fault) {
        case 0:
            break; /* nothing */
        case 1:
            svc_json_begin_object(&writer); /* not ended */
            break;
        case 2:
            svc_json_begin_object(&writer);
            svc_json_end_array(&writer);
            break;
        case 3:
            svc_json_begin_object(&writer);
            svc_json_put_int(&writer, 1); /* no name */
            svc_json_end_object(&writer);
            break;
        case 4:
            svc_json_begin_object(&writer);
            svc_json_name(&writer, "a"); /* no value */
            svc_json_end_object(&writer);
            break;
        case 5:
            svc_json_put_int(&writer, 1);
            svc_json_put_int(&writer, 2);
            break;
        case 6:
            svc_json_begin_array(&writer);
            svc_json_name(&writer, "a");
            svc_json_end_array(&writer);
            break;
        case 7:
            svc_json_end_object(&writer);
            break;
        case 8:
            for (int i = 0; i <= SVC_MAX_JSON_DEPTH; i++) {
                svc_json_begin_array(&writer);
            }
            for (int i = 0; i <= SVC_MAX_JSON_DEPTH; i++) {
                svc_json_end_array(&writer);
            }
            break;
        }
        assert_int_equal(svc_json_writer_status(&writer), SVC_INTERNAL);
    }
    svc_buf_clear(&out);
    svc_buf_init(&out, 3);
    svc_json_writer_init(&writer, &out);
    svc_json_put_text(&writer, "abcdef");
    assert_int_equal(svc_json_writer_status(&writer), SVC_TOO_LARGE);
    svc_buf_clear(&out);
}

/* What is read, written, and read again is the same; a number we could not keep is refused. */
static void test_values_round_trip(void **state) {
    (void)state;
    static const char text[] =
        "{\"a\":[1,-2.5,true,null,\"x\\u0000y\\\\\",{\"b\":{}}],\"c\":1e300}";
    struct svc_json *document, *again;
    struct svc_buf out;
    struct svc_json_writer writer;
    svc_buf_init(&out, 4096);
    assert_int_equal(parse(text, &document), SVC_OK);
    svc_json_writer_init(&writer, &out);
    svc_json_put_value(&writer, document);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    assert_string_equal(svc_buf_text(&out),
                        "{\"a\":[1,-2.5,true,null,\"x\\u0000y\\\\\",{\"b\":{}}],\"c\":1e+300}");
    assert_int_equal(parse(svc_buf_text(&out), &again), SVC_OK);
    svc_json_free(again);
    svc_json_free(document);
    assert_int_equal(parse("[123456789012345678901234567890]", &document), SVC_OK);
    svc_buf_reset(&out);
    svc_json_writer_init(&writer, &out);
    svc_json_put_value(&writer, document);
    assert_int_equal(svc_json_writer_status(&writer), SVC_INTERNAL);
    svc_json_free(document);
    svc_buf_clear(&out);
}

/* json-c alone loses one in thirty-two of these. */
static void test_every_character_beyond_the_first_plane_is_read(void **state) {
    (void)state;
    for (uint32_t c = 0x10000; c <= 0x10ffff; c += c % 0x10000 < 0xd700 ? 0x7f : 1) {
        char text[80];
        uint32_t v = c - 0x10000;
        struct svc_json *document;
        const char expected[] = {'\\',
                                 (char)(0xf0 | c >> 18),
                                 (char)(0x80 | (c >> 12 & 0x3f)),
                                 (char)(0x80 | (c >> 6 & 0x3f)),
                                 (char)(0x80 | (c & 0x3f)),
                                 '"',
                                 '\0'};
        snprintf(text, sizeof(text), "[{\"a\":\"\\\\\\u%04x\\u%04X\\\"\"}]", 0xd800 + (v >> 10),
                 0xdc00 + (v & 0x3ff));
        assert_int_equal(parse(text, &document), SVC_OK);
        assert_string_equal(svc_json_get_text(svc_json_at(document, 0), "a"), expected);
        svc_json_free(document);
    }
}

/* Damaged documents: taken or refused, and what is taken can be written and read again. */
static void test_damaged_json_is_refused_or_valid(void **state) {
    (void)state;
    static const char base[] =
        "{\"Records\":[{\"s3\":{\"object\":{\"key\":\"a\\u00e9\xed\x95\x9c\","
        "\"size\":1024,\"x\":[1.5e3,true,false,null]}}}],\"b\":\"\\ud83d\\ude00\"}";
    static const char alphabet[] = "{}[]\",:\\u0019eE+-.tfn \n\xed\x95\xff";
    uint64_t random = 7;
    struct svc_buf out;
    svc_buf_init(&out, 8192);
    int taken = 0;
    for (int round = 0; round < 50000; round++) {
        char text[sizeof(base)];
        memcpy(text, base, sizeof(base));
        size_t size = sizeof(base) - 1;
        for (uint32_t edits = 1 + random_between(&random, 0, 2); edits > 0; edits--) {
            text[random_between(&random, 0, (uint32_t)size - 1)] =
                alphabet[random_between(&random, 0, sizeof(alphabet) - 2)];
        }
        struct svc_json *document, *again;
        struct svc_error error;
        if (svc_json_parse(text, size, 0, &document, &error) != SVC_OK) {
            assert_null(document);
            continue;
        }
        taken++;
        struct svc_json_writer writer;
        svc_buf_reset(&out);
        svc_json_writer_init(&writer, &out);
        svc_json_put_value(&writer, document);
        if (svc_json_writer_status(&writer) == SVC_OK) {
            assert_int_equal(svc_json_parse(out.bytes, out.size_bytes, 0, &again, &error), SVC_OK);
            svc_json_free(again);
        }
        svc_json_free(document);
    }
    assert_true(taken > 100);
    svc_buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invalid_json_is_refused),
        cmocka_unit_test(test_valid_json_is_accepted),
        cmocka_unit_test(test_depth_and_size_have_limits),
        cmocka_unit_test(test_values_have_their_types),
        cmocka_unit_test(test_text_is_escaped),
        cmocka_unit_test(test_commas_and_colons_are_added),
        cmocka_unit_test(test_millionths_are_written_exactly),
        cmocka_unit_test(test_a_wrong_order_of_calls_is_reported),
        cmocka_unit_test(test_values_round_trip),
        cmocka_unit_test(test_every_character_beyond_the_first_plane_is_read),
        cmocka_unit_test(test_damaged_json_is_refused_or_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
