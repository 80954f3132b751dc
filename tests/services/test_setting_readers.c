/* The typed readers of settings: what each accepts, what it refuses, and its message. Texts have
 * test_setting_texts.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/url.h"
#include "tests/services/setting_support.h"

/* ---------------------------------------------------------------------- numbers */

static void test_numbers_have_bounds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t low, high, number;
    } good[] = {
        {"0", 0, 0, 0},
        {"1", 1, 100, 1},
        {"100", 1, 100, 100},
        {"007", 1, 100, 7},
        {"18446744073709551615", 0, UINT64_MAX, UINT64_MAX},
    };
    static const struct {
        const char *text;
        uint64_t low, high;
    } bad[] = {
        {"0", 1, 100},        {"101", 1, 100}, {"-1", 0, 100},
        {"+1", 0, 100},       {" 1", 0, 100},  {"1 ", 0, 100},
        {"1.0", 0, 100},      {"0x1", 0, 100}, {"1e1", 0, 100},
        {"one", 0, 100},      {"1,2", 0, 100}, {"18446744073709551616", 0, UINT64_MAX},
        {"\xd9\xa1", 0, 100}, {"\n", 0, 100},  {"99999999999999999999999", 0, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        set(good[i].text);
        assert_true(svc_setting_number(&settings, "NAME", good[i].low, good[i].high, 55) ==
                    good[i].number);
        check_good();
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char sentence[100];
        set(bad[i].text);
        assert_true(svc_setting_number(&settings, "NAME", bad[i].low, bad[i].high, 55) == 55);
        snprintf(sentence, sizeof(sentence), "NAME is not a number from %llu to %llu",
                 (unsigned long long)bad[i].low, (unsigned long long)bad[i].high);
        check_refused(sentence);
    }
}

static void test_durations_have_a_unit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0ms", 0},     {"250ms", 250},      {"30s", 30000},
                {"5m", 300000}, {"2h", 7200000},     {"90d", INT64_C(7776000000)},
                {"07s", 7000},  {"100d", 8640000000}};
    static const char *const bad[] = {"30",
                                      "s",
                                      "30 s",
                                      "30S",
                                      "1w",
                                      "-1s",
                                      "1.5s",
                                      "30sec",
                                      "1h30m",
                                      "101d",
                                      "ms",
                                      "8640000001ms",
                                      "106751991168d",
                                      "18446744073709551616s",
                                      "213503982334601d"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        set(good[i].text);
        assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 0, INT64_C(8640000000), 1234),
                         good[i].ms);
        check_good();
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 0, INT64_C(8640000000), 1234),
                         1234);
        check_refused("NAME is not a duration from 0ms to 8640000000ms: a number and ms, s, m, h "
                      "or d");
    }
    /* No product of number and unit wraps round into the range. */
    set("106751991167d");
    assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 0, INT64_MAX, 1),
                     INT64_C(106751991167) * 86400000);
    check_good();
    set("106751991168d");
    assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 0, INT64_MAX, 1), 1);
    assert_int_equal(settings.status, SVC_CONFIGURATION);
    /* One that fits in small units only. */
    set("9223372036854775807ms");
    assert_true(svc_setting_duration_ms(&settings, "NAME", 0, INT64_MAX, 1) == INT64_MAX);
    check_good();
    set("999ms");
    assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 1000, 2000, 1500), 1500);
    assert_int_equal(settings.status, SVC_CONFIGURATION);
}

static void test_read_number_moves_behind_its_digits_only(void **state) {
    (void)state;
    const char *text = "12ab";
    uint64_t number = 77;
    assert_true(svc_read_number(&text, 0, 100, &number));
    assert_int_equal(number, 12);
    assert_string_equal(text, "ab");
    assert_false(svc_read_number(&text, 0, 100, &number));
    assert_string_equal(text, "ab");
    text = "101";
    assert_false(svc_read_number(&text, 0, 100, &number));
    assert_string_equal(text, "101");
    assert_int_equal(number, 12);
}

/* ---------------------------------------------------------------------- words */

static void test_booleans_are_true_or_false(void **state) {
    (void)state;
    static const char *const bad[] = {"1", "0", "yes", "no", "on", "t", "true ", "truee", "tru"};
    static const char *const yes[] = {"true", "True", "TRUE"};
    static const char *const no[] = {"false", "False", "FALSE"};
    for (size_t i = 0; i < 3; i++) {
        set(yes[i]);
        assert_true(svc_setting_bool(&settings, "NAME", false));
        check_good();
        set(no[i]);
        assert_false(svc_setting_bool(&settings, "NAME", true));
        check_good();
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int fallback = 0; fallback < 2; fallback++) {
            set(bad[i]);
            assert_int_equal(svc_setting_bool(&settings, "NAME", fallback), fallback);
            check_refused("NAME is not true or false");
        }
    }
}

static const char *const formats[] = {"jpeg", "png", "webp"};

static void test_a_choice_is_one_of_its_words(void **state) {
    (void)state;
    static const char *const bad[] = {"jpe", "jpegs", "JPEG", "jpeg,png", "jpeg ", "gif"};
    for (size_t i = 0; i < 3; i++) {
        set(formats[i]);
        assert_int_equal(svc_setting_choice(&settings, "NAME", formats, 3, 1), i);
        check_good();
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        assert_int_equal(svc_setting_choice(&settings, "NAME", formats, 3, 1), 1);
        check_refused("NAME is not jpeg, png or webp");
    }
    set("x");
    svc_setting_choice(&settings, "NAME", formats, 2, 1);
    check_refused("NAME is not jpeg or png");
    set("x");
    svc_setting_choice(&settings, "NAME", formats, 1, 0);
    check_refused("NAME is not jpeg");
}

static void test_choices_are_a_list_without_repeats(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t chosen;
    } good[] = {{"jpeg", 1}, {"png", 2}, {"webp,jpeg", 5}, {"png,webp,jpeg", 7}};
    static const char *const bad[] = {"jpeg,",     ",jpeg", "jpeg,,png", "jpeg, png",
                                      "jpeg,jpeg", ",",     "gif",       "jpeg,gif"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        set(good[i].text);
        assert_int_equal(svc_setting_choices(&settings, "NAME", formats, 3, 2), good[i].chosen);
        check_good();
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        assert_int_equal(svc_setting_choices(&settings, "NAME", formats, 3, 2), 2);
        check_refused("NAME is not a list, with commas, of jpeg, png or webp");
    }
}

/* All 32 bits, and a sentence that does not fit. */
static void test_choices_may_be_thirty_two(void **state) {
    (void)state;
    char words[32][24];
    const char *choices[32];
    for (size_t i = 0; i < 32; i++) {
        snprintf(words[i], sizeof(words[i]), "word-number-%zu", i);
        choices[i] = words[i];
    }
    set("word-number-31,word-number-0");
    assert_true(svc_setting_choices(&settings, "NAME", choices, 32, 0) == 0x80000001u);
    check_good();
    set("word-number-32");
    assert_int_equal(svc_setting_choices(&settings, "NAME", choices, 32, 9), 9);
    assert_int_equal(settings.status, SVC_CONFIGURATION);
    assert_ptr_equal(strstr(error.detail, "NAME is not a list, with commas, of word-number-0, "),
                     error.detail);
    set("x");
    assert_int_equal(svc_setting_choice(&settings, "NAME", choices, 32, 9), 9);
    assert_int_equal(settings.status, SVC_CONFIGURATION);
    assert_ptr_equal(strstr(error.detail, "NAME is not word-number-0, "), error.detail);
}

/* ---------------------------------------------------------------------- all of them */

/* Reads NAME by every reader with a fallback; each must give it. */
static void check_fallbacks(void) {
    char out[32], name[SVC_SECRET_NAME_BYTES];
    assert_int_equal(svc_setting_number(&settings, "NAME", 1, 9, 5), 5);
    assert_int_equal(svc_setting_duration_ms(&settings, "NAME", 1, 9, 5), 5);
    assert_true(svc_setting_bool(&settings, "NAME", true));
    assert_int_equal(svc_setting_choice(&settings, "NAME", formats, 3, 2), 2);
    assert_int_equal(svc_setting_choices(&settings, "NAME", formats, 3, 5), 5);
    svc_setting_text(&settings, "NAME", "text", out, sizeof(out));
    assert_string_equal(out, "text");
    svc_setting_url(&settings, "NAME", false, "https://example.com", out, sizeof(out));
    assert_string_equal(out, "https://example.com");
    svc_setting_url(&settings, "NAME", false, "", out, sizeof(out));
    assert_string_equal(out, "");
    svc_setting_secret_name(&settings, "NAME", "name", name);
    assert_string_equal(name, "name");
}

static void test_unset_and_empty_are_the_fallback(void **state) {
    (void)state;
    static const char *const values[] = {NULL, ""};
    char out[SVC_SECRET_NAME_BYTES];
    for (size_t i = 0; i < 2; i++) {
        set(values[i]);
        check_fallbacks();
        check_good();
        svc_setting_text(&settings, "NAME", NULL, out, sizeof(out));
        check_refused("NAME is not set");
        assert_string_equal(out, "");
        set(values[i]);
        svc_setting_url(&settings, "NAME", true, NULL, out, sizeof(out));
        check_refused("NAME is not set");
        set(values[i]);
        svc_setting_secret_name(&settings, "NAME", NULL, out);
        check_refused("NAME is not set");
    }
}

static void test_the_first_failure_stays_and_the_rest_read_their_fallback(void **state) {
    (void)state;
    char out[32], name[SVC_SECRET_NAME_BYTES];
    test_environment_set(&environment, "GOOD", "7");
    test_environment_set(&environment, "LIST", "png");
    test_environment_set(&environment, "URL", "https://good.example");
    set("x");
    assert_int_equal(svc_setting_number(&settings, "NAME", 1, 9, 5), 5);
    check_refused("NAME is not a number from 1 to 9");
    /* Good values too: what follows a failure is not acted on by half. */
    assert_int_equal(svc_setting_number(&settings, "GOOD", 1, 9, 5), 5);
    assert_int_equal(svc_setting_duration_ms(&settings, "GOOD", 1, 9, 5), 5);
    assert_int_equal(svc_setting_choice(&settings, "LIST", formats, 3, 0), 0);
    assert_int_equal(svc_setting_choices(&settings, "LIST", formats, 3, 5), 5);
    assert_false(svc_setting_bool(&settings, "GOOD", false));
    svc_setting_text(&settings, "GOOD", "text", out, sizeof(out));
    assert_string_equal(out, "text");
    svc_setting_text(&settings, "GOOD", NULL, out, sizeof(out));
    assert_string_equal(out, "");
    svc_setting_url(&settings, "URL", false, "", out, sizeof(out));
    assert_string_equal(out, "");
    svc_setting_secret_name(&settings, "GOOD", "name", name);
    assert_string_equal(name, "name");
    svc_setting_refuse(&settings, "OTHER", "anything");
    svc_setting_require(&settings, "OTHER");
    check_refused("NAME is not a number from 1 to 9");
}

/* A secret put into the wrong variable does not come to light. */
static void test_no_sentence_has_the_value(void **state) {
    (void)state;
    static const char secret[] = "canary secret/key#with?signs\n";
    char out[32], name[SVC_SECRET_NAME_BYTES];
    for (int reader = 0; reader < 8; reader++) {
        set(secret);
        switch (reader) {
        case 0:
            svc_setting_number(&settings, "NAME", 1, 9, 5);
            break;
        case 1:
            svc_setting_duration_ms(&settings, "NAME", 1, 9, 5);
            break;
        case 2:
            svc_setting_bool(&settings, "NAME", true);
            break;
        case 3:
            svc_setting_choice(&settings, "NAME", formats, 3, 2);
            break;
        case 4:
            svc_setting_choices(&settings, "NAME", formats, 3, 5);
            break;
        case 5:
            svc_setting_text(&settings, "NAME", "", out, sizeof(out));
            break;
        case 6:
            svc_setting_url(&settings, "NAME", false, "", out, sizeof(out));
            break;
        default:
            svc_setting_secret_name(&settings, "NAME", "", name);
            break;
        }
        assert_int_equal(settings.status, SVC_CONFIGURATION);
        assert_ptr_equal(strstr(error.detail, "NAME is not "), error.detail);
        assert_null(strstr(error.detail, "canary"));
        assert_null(strstr(error.detail, "key"));
    }
}

static void test_an_error_is_not_needed(void **state) {
    (void)state;
    set("x");
    svc_settings_init(&settings, &environment.environment, NULL);
    assert_int_equal(svc_setting_number(&settings, "NAME", 1, 9, 5), 5);
    assert_int_equal(settings.status, SVC_CONFIGURATION);
    svc_settings_init(&settings, &environment.environment, &error);
    svc_setting_refuse(&settings, "OTHER", "a moon");
    check_refused("OTHER is not a moon");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_have_bounds),
        TEST(test_durations_have_a_unit),
        TEST(test_read_number_moves_behind_its_digits_only),
        TEST(test_booleans_are_true_or_false),
        TEST(test_a_choice_is_one_of_its_words),
        TEST(test_choices_are_a_list_without_repeats),
        TEST(test_choices_may_be_thirty_two),
        TEST(test_unset_and_empty_are_the_fallback),
        TEST(test_the_first_failure_stays_and_the_rest_read_their_fallback),
        TEST(test_no_sentence_has_the_value),
        TEST(test_an_error_is_not_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
