/* The readers of texts, URLs and names of secrets in settings: what each accepts, what it refuses,
 * and its message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/url.h"
#include "tests/services/setting_support.h"

static void test_texts_fit_and_have_no_controls(void **state) {
    (void)state;
    char out[9];
    static const char *const bad[] = {"123456789", "a\nb", "a\tb", "\x7f", "\x1b[1m"};
    set("12345678");
    svc_setting_text(&settings, "NAME", NULL, out, sizeof(out));
    check_good();
    assert_string_equal(out, "12345678");
    set("\xed\x95\x9c \xea\xb5\xad");
    svc_setting_text(&settings, "NAME", NULL, out, sizeof(out));
    check_good();
    assert_string_equal(out, "\xed\x95\x9c \xea\xb5\xad");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        strcpy(out, "before");
        svc_setting_text(&settings, "NAME", "else", out, sizeof(out));
        check_refused("NAME is not a text of at most 8 bytes without control characters");
        assert_string_equal(out, "");
    }
}

static void test_urls_have_scheme_host_port_and_path(void **state) {
    (void)state;
    static const char *const good[] = {"https://example.com",          "https://example.com/",
                                       "https://example.com:8443/a/b", "https://127.0.0.1:1",
                                       "https://[::1]:8080/x",         "https://a-b_c.example/%7Ea",
                                       "https://example.com:443/a",    "https://example.com/a@b;c"};
    static const char *const bad[] = {"http://example.com",
                                      "example.com",
                                      "https:/example.com",
                                      "https://",
                                      "https:///a",
                                      "https://:443",
                                      "https://user@example.com",
                                      "https://u:p@example.com/",
                                      "https://example.com?a=b",
                                      "https://example.com/?a=b",
                                      "https://example.com/#a",
                                      "https://example.com:",
                                      "https://example.com:x",
                                      "https://example.com:65536",
                                      "https://example.com:0443333",
                                      "https://exa mple.com",
                                      "https://example.com/a b",
                                      "https://[::1",
                                      "https://[]/",
                                      "https://[zz]",
                                      "https://\xed\x95\x9c.kr",
                                      "ftp://example.com",
                                      "HTTPS://example.com",
                                      "https://example.com/\"",
                                      "https://example.com\\@evil"};
    char out[64];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        set(good[i]);
        svc_setting_url(&settings, "NAME", false, NULL, out, sizeof(out));
        check_good();
        assert_string_equal(out, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        svc_setting_url(&settings, "NAME", false, NULL, out, sizeof(out));
        if (settings.status == SVC_OK) {
            fail_msg("%s is taken", bad[i]);
        }
        check_refused("NAME is not an https URL of host, port and path");
        assert_string_equal(out, "");
    }
    set("http://example.com/a");
    svc_setting_url(&settings, "NAME", true, NULL, out, sizeof(out));
    check_good();
    assert_string_equal(out, "http://example.com/a");
    set("ftp://example.com/a");
    svc_setting_url(&settings, "NAME", true, NULL, out, sizeof(out));
    check_refused("NAME is not an http or https URL of host, port and path");
    set("https://example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    svc_setting_url(&settings, "NAME", true, NULL, out, sizeof(out));
    check_refused("NAME is not a text of at most 63 bytes without control characters");
}

static void test_a_url_is_taken_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *authority, *path;
        bool is_https;
    } cases[] = {
        {"https://example.com", "example.com", "", true},
        {"https://example.com:443/a", "example.com", "/a", true},
        {"http://example.com:443/a", "example.com:443", "/a", false},
        {"http://example.com:80", "example.com", "", false},
        {"https://[::1]:080/", "[::1]:080", "/", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_url url;
        assert_true(svc_url_parse(cases[i].text, &url));
        assert_int_equal(url.is_https, cases[i].is_https);
        assert_int_equal(url.authority_bytes, strlen(cases[i].authority));
        assert_memory_equal(url.authority, cases[i].authority, url.authority_bytes);
        assert_string_equal(url.path, cases[i].path);
    }
}

static void test_names_of_secrets_have_their_letters(void **state) {
    (void)state;
    char out[SVC_SECRET_NAME_BYTES], longest[SVC_SECRET_NAME_BYTES + 1];
    static const char arn[] =
        "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:prod/db_+=.@-AbCdEf";
    static const char *const bad[] = {"a b", "a\"b", "a#b", "a{b}", "\xed\x95\x9c", "a,b"};
    set(arn);
    svc_setting_secret_name(&settings, "NAME", NULL, out);
    check_good();
    assert_string_equal(out, arn);
    memset(longest, 'a', sizeof(longest));
    longest[SVC_SECRET_NAME_BYTES - 1] = '\0';
    set(longest);
    svc_setting_secret_name(&settings, "NAME", NULL, out);
    check_good();
    assert_string_equal(out, longest);
    longest[SVC_SECRET_NAME_BYTES - 1] = 'a';
    longest[SVC_SECRET_NAME_BYTES] = '\0';
    set(longest);
    svc_setting_secret_name(&settings, "NAME", NULL, out);
    check_refused("NAME is not a text of at most 512 bytes without control characters");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(bad[i]);
        svc_setting_secret_name(&settings, "NAME", NULL, out);
        check_refused("NAME is not the name or ARN of a secret");
        assert_string_equal(out, "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_texts_fit_and_have_no_controls),
        TEST(test_urls_have_scheme_host_port_and_path),
        TEST(test_a_url_is_taken_apart),
        TEST(test_names_of_secrets_have_their_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
