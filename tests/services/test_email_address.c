/* Addresses, domains, Punycode, URLs and encoded words of the mailer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/address.h"
#include "services/email/clean.h"
#include "services/email/domain.h"
#include "services/email/punycode.h"
#include "services/email/url.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static size_t points_of(const char *text, uint32_t *points) {
    size_t count = 0, size = strlen(text);
    for (size_t at = 0, length = 0; at < size; at += length) {
        points[count++] = email_code_point(text + at, size - at, &length);
    }
    return count;
}

/* The samples of RFC 3492, section 7.1. */
static const char *const samples[][2] = {
    {"ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"},
    {"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
    {"他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"},
    {"Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"},
    {"למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"},
    {"यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"},
    {"なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"},
    {"세계의모든사람들이한국어를이해한다면얼마나좋을까",
     "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c"},
    {"почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"},
    {"PorquénopuedensimplementehablarenEspañol", "PorqunopuedensimplementehablarenEspaol-fmd56a"},
    {"TạisaohọkhôngthểchỉnóitiếngViệt", "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g"},
    {"3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"},
    {"安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"},
    {"Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b"},
    {"ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v"},
    {"MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e"},
    {"パフィーdeルンバ", "de-jg4avhby1noc0d"},
    {"そのスピードで", "d9juau41awczczp"},
    {"-> $1.00 <-", "-> $1.00 <--"}};

static void test_punycode_of_the_samples_of_its_rfc(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        uint32_t points[EMAIL_MAX_LABEL_POINTS], back[EMAIL_MAX_LABEL_POINTS];
        char encoded[200];
        size_t count = points_of(samples[i][0], points), back_count = COUNT(back);
        assert_true(email_punycode_encode(points, count, encoded, sizeof(encoded)));
        assert_string_equal(encoded, samples[i][1]);
        assert_true(email_punycode_decode(encoded, strlen(encoded), back, &back_count));
        assert_int_equal(back_count, count);
        assert_memory_equal(back, points, count * sizeof(*points));
    }
}

static void test_punycode_refuses_what_nothing_encodes_to(void **state) {
    (void)state;
    static const char *const bad[] = {"99999999", "a-\xff", "zzzzzzzzzzzzzzzzzzzz", "!", "a-b!"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint32_t points[EMAIL_MAX_LABEL_POINTS];
        size_t count = COUNT(points);
        assert_false(email_punycode_decode(bad[i], strlen(bad[i]), points, &count));
    }
    uint32_t points[] = {0xd55c, 0xad6d};
    char small[6];
    assert_false(email_punycode_encode(points, 2, small, sizeof(small)));
}

static void test_domains_become_ascii(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"Example.COM", "example.com"},
        {"한국.kr", "xn--3e0b707e.kr"},
        {"\u1112\u1161\u11ab\u1100\u116e\u11a8.kr", "xn--3e0b707e.kr"}, /* jamo */
        {"\ud55c\u11a8.kr", "xn--rud3131h.kr"},                         /* has its final already */
        {"도메인\u3002한국", "xn--hq1bm8jm9l.xn--3e0b707e"},
        {"MÜNCHEN.de", "xn--mnchen-3ya.de"},
        {"ПОЧТА.рф", "xn--80a1acny.xn--p1ai"},
        {"xn--3e0b707e.kr", "xn--3e0b707e.kr"},
        {"r3---sn.example.com", "r3---sn.example.com"},
        {"1.2.example", "1.2.example"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        char out[EMAIL_DOMAIN_BYTES];
        const char *why = NULL;
        if (!email_domain_to_ascii(good[i][0], strlen(good[i][0]), out, &why)) {
            fail_msg("%s: %s", good[i][0], why);
        }
        assert_string_equal(out, good[i][1]);
    }
}

static void test_domains_that_are_none(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "localhost",
                                      ".com",
                                      "a..com",
                                      "a.com.",
                                      "-a.com",
                                      "a-.com",
                                      "a_b.com",
                                      "a b.com",
                                      "a.1",
                                      "127.0.0.1",
                                      "[127.0.0.1]",
                                      "a.com\n",
                                      "a,b.com",
                                      "xn--.com",
                                      "xn--abc-.com",
                                      "xn---3e0b707e.kr",
                                      "xn--zzzzzzzzzzzz99999999.com",
                                      "xn--3ba.com",   /* a capital, which is mapped */
                                      "xn--ypd8q.com", /* jamo, which are composed */
                                      "xn--a--9ia.com",
                                      "xn---a-bja.com",
                                      "\xff.com",
                                      "\xf0\x9f\x98\x80.com",
                                      "a\u200b.com",
                                      "\u202e.com",
                                      "exam\u3000ple.com",
                                      "ｆｕｌｌ.com",
                                      "a.com\x01",
                                      "a@b.com",
                                      "a:b.com"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char out[EMAIL_DOMAIN_BYTES];
        const char *why = NULL;
        if (email_domain_to_ascii(bad[i], strlen(bad[i]), out, &why)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_non_null(why);
    }
    char label[300], out[EMAIL_DOMAIN_BYTES];
    const char *why = NULL;
    for (int size = 60; size < 70; size++) {
        snprintf(
            label, sizeof(label), "%.*s.com", size,
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert_int_equal(email_domain_to_ascii(label, strlen(label), out, &why), size <= 63);
    }
    /* 253 bytes and one more. */
    char *at = label;
    for (int i = 0; i < 126; i++) {
        at += sprintf(at, "a.");
    }
    strcpy(at, "b");
    assert_true(email_domain_to_ascii(label, 253, out, &why));
    strcpy(at, "bb");
    assert_false(email_domain_to_ascii(label, 254, out, &why));
}

static bool address(const char *text, size_t size, char *out) {
    const char *why = NULL;
    bool is_good = email_address_check(text, size, out, &why);
    assert_int_equal(is_good, why == NULL);
    return is_good;
}

static void test_one_address_is_taken(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"customer@example.com", "customer@example.com"},
        {"First.Last+tag@Example.COM", "First.Last+tag@example.com"},
        {"!#$%&'*+-/?=^_`{|}~@example.com", "!#$%&'*+-/?=^_`{|}~@example.com"},
        {"kim@한국.kr", "kim@xn--3e0b707e.kr"}};
    for (size_t i = 0; i < COUNT(good); i++) {
        char out[EMAIL_ADDRESS_BYTES];
        assert_true(address(good[i][0], strlen(good[i][0]), out));
        assert_string_equal(out, good[i][1]);
    }
}

static void test_anything_but_one_address_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "@",
                                      "a@",
                                      "@example.com",
                                      "a",
                                      "a b@example.com",
                                      "a@example.com,b@example.com",
                                      "a@example.com;b@example.com",
                                      "a@example.com b@example.com",
                                      "a@@example.com",
                                      "a@b@example.com",
                                      "<a@example.com>",
                                      "Name <a@example.com>",
                                      "a@example.com>",
                                      "\"a\"@example.com",
                                      "a(comment)@example.com",
                                      ".a@example.com",
                                      "a.@example.com",
                                      "a..b@example.com",
                                      "a@example.com\r\nBcc: b@example.com",
                                      "a@example.com\n",
                                      "\ta@example.com",
                                      " a@example.com",
                                      "a@example.com ",
                                      "한국@example.com",
                                      "a\x7f@example.com",
                                      "a\\@example.com",
                                      "a@[127.0.0.1]",
                                      "a@localhost",
                                      "a@example.com%0d%0aBcc",
                                      "a:b@example.com",
                                      "a@exam\u2024ple.com",
                                      "mailto:a@example.com",
                                      "=?utf-8?q?a?=@example.com",
                                      "a=?b@example.com"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char out[EMAIL_ADDRESS_BYTES];
        if (address(bad[i], strlen(bad[i]), out)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_string_equal(out, "");
    }
    char out[EMAIL_ADDRESS_BYTES];
    assert_false(address("a@example.com\0b", 15, out));
    assert_false(address("a\0b@example.com", 15, out));
}

static void test_the_lengths_of_an_address(void **state) {
    (void)state;
    char text[600], out[EMAIL_ADDRESS_BYTES];
    for (size_t local = 63; local <= 65; local++) {
        memset(text, 'a', local);
        strcpy(text + local, "@example.com");
        assert_int_equal(address(text, strlen(text), out), local <= 64);
    }
    for (size_t whole = 253; whole <= 255; whole++) {
        memset(text, 'a', whole);
        memcpy(text + 40, "@", 1);
        for (size_t i = 60; i + 4 < whole; i += 20) {
            text[i] = '.';
        }
        text[whole] = '\0';
        assert_int_equal(address(text, whole, out), whole <= 254);
    }
    memset(text, 'a', sizeof(text));
    assert_false(address(text, sizeof(text), out));
}

static const char *phrase(const char *name, bool fold, struct svc_buf *out) {
    svc_buf_reset(out);
    assert_true(email_put_phrase(name, fold, out));
    return svc_buf_text(out);
}

static void test_display_names_are_encoded(void **state) {
    (void)state;
    struct svc_buf out;
    svc_buf_init(&out, 4096);
    assert_string_equal(phrase("Open Market", true, &out), "Open Market");
    assert_string_equal(phrase("Open, \"Market\"", true, &out), "\"Open, \\\"Market\\\"\"");
    assert_string_equal(phrase("=?UTF-8?Q?x?=", true, &out), "=?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=");
    assert_string_equal(phrase("오픈마켓", true, &out), "=?UTF-8?B?7Jik7ZSI66eI7LyT?=");
    assert_string_equal(phrase("오픈마켓", false, &out), "=?UTF-8?B?7Jik7ZSI66eI7LyT?=");
    /* Words of at most 75 bytes, lines of at most 76, no character cut in two. */
    const char *text =
        phrase("대한민국에서 가장 크고 믿을 수 있는 열린 장터 오픈마켓 고객센터입니다", true, &out);
    size_t line = 0, words = 0;
    for (const char *word = text; word != NULL;) {
        const char *end = strstr(word, "\r\n ");
        size_t size = end != NULL ? (size_t)(end - word) : strlen(word);
        assert_true(size <= 75 && line + size <= 76);
        word = end != NULL ? end + 3 : NULL;
        line = 1;
        words++;
    }
    assert_true(words >= 2);
    /* Parted by blanks they are no longer than that either. */
    text = phrase("aé한글 대한민국에서 가장 크고 믿을 수 있는 열린 장터 오픈마켓 고객센터", false,
                  &out);
    for (const char *word = text; *word != '\0'; word += strspn(word, " ")) {
        assert_true(strcspn(word, " ") <= 75);
        word += strcspn(word, " ");
    }
    svc_buf_clear(&out);
}

static void test_mailboxes(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"no-reply@openmarket.example", "no-reply@openmarket.example"},
        {"<no-reply@openmarket.example>", "no-reply@openmarket.example"},
        {"오픈마켓 <no-reply@openmarket.example>",
         "=?UTF-8?B?7Jik7ZSI66eI7LyT?= <no-reply@openmarket.example>"},
        {"\"오픈마켓\" <no-reply@openmarket.example>",
         "=?UTF-8?B?7Jik7ZSI66eI7LyT?= <no-reply@openmarket.example>"},
        {"OpenMarket <no-reply@한국.kr>", "OpenMarket <no-reply@xn--3e0b707e.kr>"},
        {"\"Kim, \\\"Q\\\"\" <a@b.example>", "\"Kim, \\\"Q\\\"\" <a@b.example>"}};
    static const char *const bad[] = {"",
                                      "Name",
                                      "a@b.example, c@d.example",
                                      "A <a@b.example>, B <c@d.example>",
                                      "A <a@b.example",
                                      "A a@b.example>",
                                      "A\r\nBcc: x@y.example <a@b.example>",
                                      "A <<a@b.example>",
                                      "A <a@b.example> x"};
    struct svc_buf out;
    const char *why = NULL;
    svc_buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT(good); i++) {
        svc_buf_reset(&out);
        if (!email_put_mailbox(good[i][0], false, &out, &why)) {
            fail_msg("%s: %s", good[i][0], why);
        }
        assert_string_equal(svc_buf_text(&out), good[i][1]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        svc_buf_reset(&out);
        if (email_put_mailbox(bad[i], false, &out, &why)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_int_equal(out.size_bytes, 0);
    }
    /* Folded, also where the address no longer fits behind the last word. */
    static const char folded[] =
        "Reply-To: =?UTF-8?B?7Jik7ZSI66eI7LyTIOqzoOqwneyEvO2EsA==?=\r\n <no-reply@example.com>";
    svc_buf_reset(&out);
    svc_buf_append_text(&out, "Reply-To: ");
    assert_true(email_put_mailbox("오픈마켓 고객센터 <no-reply@example.com>", true, &out, &why));
    assert_string_equal(svc_buf_text(&out), folded);
    svc_buf_clear(&out);
}

static void test_words_fill_the_line_that_they_begin_in(void **state) {
    (void)state;
    struct svc_buf out;
    const char *why = NULL;
    svc_buf_init(&out, 4096);
    svc_buf_append_text(&out, "X: y\r\nReply-To: ");
    assert_true(email_put_mailbox("대한민국에서 가장 크고 믿을 수 있는 열린 장터 <a@b.example>",
                                  true, &out, &why));
    for (const char *line = svc_buf_text(&out); line != NULL;) {
        const char *end = strstr(line, "\r\n");
        assert_true((end != NULL ? (size_t)(end - line) : strlen(line)) <= 76);
        line = end != NULL ? end + 2 : NULL;
    }
    svc_buf_clear(&out);
}

static void test_urls(void **state) {
    (void)state;
    static const char *const good[][2] = {
        {"https://a.example/b?c=d&e=f#g", "https://a.example/b?c=d&e=f#g"},
        {"HTTPS://A.Example", "https://a.example/"},
        {"https://a.example?q", "https://a.example/?q"},
        {"https://a.example:8443/x", "https://a.example:8443/x"},
        {"https://한국.kr/상품", "https://xn--3e0b707e.kr/%EC%83%81%ED%92%88"},
        {"https://a.example/\"><b>", "https://a.example/%22%3E%3Cb%3E"},
        {"https://a.example/a b|c\\d", "https://a.example/a%20b%7Cc%5Cd"},
        {"https://a.example/100%/%41%zz", "https://a.example/100%25/%41%25zz"},
        {"https://a.example\\@b.example", "https://a.example/%5C@b.example"}};
    static const char *const bad[] = {"",
                                      "http://a.example/",
                                      "javascript:alert(1)",
                                      "JaVaScRiPt:alert(1)",
                                      "data:text/html,x",
                                      "//a.example/",
                                      "/path",
                                      "https:a.example",
                                      "https:/a.example",
                                      "https://",
                                      "https:///x",
                                      "https://user@a.example/",
                                      "https://a.example@b.example/",
                                      "https://a.example:0/",
                                      "https://a.example:99999/",
                                      "https://a.example:8x/",
                                      "https://a.example:/",
                                      "https://localhost/",
                                      "https://127.0.0.1/",
                                      "https://[::1]/",
                                      "https://a.example/\r\nX: y",
                                      "https://a.example/\n",
                                      "https://a.exa\tmple/",
                                      " https://a.example/",
                                      "https://a.example/\xff",
                                      "https://a_b.example/"};
    char out[EMAIL_URL_BYTES];
    const char *why = NULL;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!email_url_check(good[i][0], strlen(good[i][0]), EMAIL_MAX_URL_BYTES, out, &why)) {
            fail_msg("%s: %s", good[i][0], why);
        }
        assert_string_equal(out, good[i][1]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (email_url_check(bad[i], strlen(bad[i]), EMAIL_MAX_URL_BYTES, out, &why)) {
            fail_msg("%s is taken", bad[i]);
        }
        assert_string_equal(out, "");
    }
    assert_true(email_url_check("https://a.example/b", 19, 19, out, &why));
    assert_false(email_url_check("https://a.example/b", 19, 18, out, &why));
}

static void test_text_is_cleaned(void **state) {
    (void)state;
    static const struct {
        const char *text, *line, *lines;
    } cases[] = {{"plain", "plain", "plain"},
                 {"  two  blanks  ", "two  blanks", "two  blanks"},
                 {"a\r\nb", "a b", "a\nb"},
                 {"a\n\n\n\nb\r\rc", "a b c", "a\n\nb\n\nc"},
                 {"a \t \x07 b", "a b", "a b"},
                 {"a\xc2\x85"
                  "b\u2028c\u2029d",
                  "a b c d", "a\nb\nc\nd"},
                 {"a\xc2\x9f"
                  "b",
                  "a b", "a b"},
                 {"\u202egnp.exe\u202c \u2066x\u2069", "gnp.exe x", "gnp.exe x"},
                 {"\ufeffa\ufff9b", "ab", "ab"},
                 {"\n \t", "", ""},
                 {"\u200fעברית\u200e", "\u200fעברית\u200e", "\u200fעברית\u200e"},
                 {"👩‍👩‍👧‍👦 🇰🇷", "👩‍👩‍👧‍👦 🇰🇷",
                  "👩‍👩‍👧‍👦 🇰🇷"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[200];
        assert_int_equal(email_clean(cases[i].text, strlen(cases[i].text), false, out),
                         strlen(cases[i].line));
        assert_string_equal(out, cases[i].line);
        email_clean(cases[i].text, strlen(cases[i].text), true, out);
        assert_string_equal(out, cases[i].lines);
    }
    /* A flood of marks on one letter, and the letter after it. */
    char flood[2 * 1000 + 3] = "a", out[sizeof(flood)];
    for (int i = 0; i < 1000; i++) {
        memcpy(flood + 1 + 2 * i, "\u0301", 2);
    }
    strcpy(flood + 2001, "b");
    assert_int_equal(email_clean(flood, strlen(flood), false, out),
                     1 + 2 * EMAIL_MAX_COMBINING_MARKS + 1);
}

static void test_marks_of_advertising_are_dropped(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"(광고) 특가", "특가"},
                                           {"( 광 고 )특가", "특가"},
                                           {"[광고] （광고） 특가", "특가"},
                                           {"특가 (광고)", "특가"},
                                           {"((광고)광고) 특가", "특가"},
                                           {"(광고)", ""},
                                           {"광고 아닌 특가 (정보)", "광고 아닌 특가 (정보)"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[100];
        strcpy(text, cases[i][0]);
        assert_int_equal(email_drop_ad_marks(text), strlen(cases[i][1]));
        assert_string_equal(text, cases[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_punycode_of_the_samples_of_its_rfc),
        cmocka_unit_test(test_punycode_refuses_what_nothing_encodes_to),
        cmocka_unit_test(test_domains_become_ascii),
        cmocka_unit_test(test_domains_that_are_none),
        cmocka_unit_test(test_one_address_is_taken),
        cmocka_unit_test(test_anything_but_one_address_is_refused),
        cmocka_unit_test(test_the_lengths_of_an_address),
        cmocka_unit_test(test_display_names_are_encoded),
        cmocka_unit_test(test_mailboxes),
        cmocka_unit_test(test_words_fill_the_line_that_they_begin_in),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_text_is_cleaned),
        cmocka_unit_test(test_marks_of_advertising_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
