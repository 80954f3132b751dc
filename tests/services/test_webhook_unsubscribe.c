/* Unsubscribing: tokens forged and expired, one-click bodies of both forms, pages, and the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "services/email/unsubscribe.h"
#include "services/webhook/unsubscribe.h"
#include "tests/services/webhook_support.h"
#include "tests/services/webhook_tables_support.h"

#define SECRET    "canary-secret-0123456789"
#define OTHER     "another-secret-0123456789"
#define EXPIRES_S INT64_C(1800000000)
#define NOW_MS    INT64_C(1790000000000)
/* By Python's hmac and base64. */
#define PAYLOAD "eyJlbWFpbCI6ImdpbGRvbmdAZXhhbXBsZS5jb20iLCJleHBpcmVzIjoxODAwMDAwMDAwfQ"
#define TOKEN   PAYLOAD ".mxR01X-rBORHHojmxCTMInmytwwMjxGtYA8nrwV3PY4"

static char email[EMAIL_ADDRESS_BYTES];

static enum svc_status verify_with(const char *secret, const char *token, int64_t now_ms) {
    const char *const secrets[] = {secret};
    strcpy(email, "stale");
    return email_unsubscribe_verify(secrets, 1, token, now_ms, email);
}

static enum svc_status verify(const char *token) {
    return verify_with(SECRET, token, NOW_MS);
}

/* ---------------------------------------------------------------------- tokens */

static void test_a_token_is_made_and_verified(void **state) {
    (void)state;
    struct svc_buf token;
    svc_buf_init(&token, 1000);
    assert_int_equal(email_unsubscribe_token(SECRET, "GilDong@Example.com", EXPIRES_S, &token),
                     SVC_OK);
    assert_string_equal(svc_buf_text(&token), TOKEN);
    assert_int_equal(verify(TOKEN), SVC_OK);
    assert_string_equal(email, "gildong@example.com");
    /* To the end of its last second. */
    assert_int_equal(verify_with(SECRET, TOKEN, EXPIRES_S * 1000 + 999), SVC_OK);
    assert_int_equal(verify_with(SECRET, TOKEN, EXPIRES_S * 1000 + 1000), SVC_PRECONDITION_FAILED);
    assert_string_equal(email, "");
    /* It needs no encoding in a URL. */
    assert_int_equal(strspn(TOKEN, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_."),
                     strlen(TOKEN));
    svc_buf_clear(&token);
}

static void test_the_longest_address_fits(void **state) {
    (void)state;
    char longest[EMAIL_ADDRESS_BYTES + 8];
    struct svc_buf token;
    memset(longest, 'a', 64);
    longest[64] = '@';
    size_t size = 65;
    while (size + 50 < 251) {
        memset(longest + size, 'b', 49);
        longest[size + 49] = '.';
        size += 50;
    }
    memset(longest + size, 'c', 254 - size);
    longest[254] = '\0';
    svc_buf_init(&token, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    assert_int_equal(email_unsubscribe_token(SECRET, longest, INT64_C(253402300799), &token),
                     SVC_OK);
    assert_int_equal(verify(svc_buf_text(&token)), SVC_OK);
    assert_string_equal(email, longest);
    svc_buf_clear(&token);
}

/* In UTF-8 an address may be longer than its ASCII form: none is cut to another one. */
static void test_a_long_address_in_utf8_is_taken_whole(void **state) {
    (void)state;
    char address[512] = "a@";
    struct svc_buf token;
    for (size_t i = 0; i < 82; i++) {
        strcat(address, i == 49 ? "가." : "가");
    }
    strcat(address, ".company.kr");
    assert_true(strlen(address) > EMAIL_ADDRESS_BYTES);
    svc_buf_init(&token, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    assert_int_equal(email_unsubscribe_token(SECRET, address, EXPIRES_S, &token), SVC_OK);
    assert_int_equal(verify(svc_buf_text(&token)), SVC_OK);
    assert_true(strlen(email) > 11);
    assert_string_equal(email + strlen(email) - 11, ".company.kr");
    svc_buf_clear(&token);
}

static void test_what_no_token_is_made_of(void **state) {
    (void)state;
    static const struct {
        const char *secret, *address;
        int64_t expires_s;
    } bad[] = {{"", "a@example.com", EXPIRES_S},
               {NULL, "a@example.com", EXPIRES_S},
               {"short", "a@example.com", EXPIRES_S},
               {SECRET, "", EXPIRES_S},
               {SECRET, NULL, EXPIRES_S},
               {SECRET, "no address", EXPIRES_S},
               {SECRET, "a@example.com,b@example.com", EXPIRES_S},
               {SECRET, "a@example.com\r\nX: y", EXPIRES_S},
               {SECRET, "a@example.com", 0},
               {SECRET, "a@example.com", -1},
               {SECRET, "a@example.com", INT64_MAX}};
    struct svc_buf token;
    svc_buf_init(&token, 1000);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(
            email_unsubscribe_token(bad[i].secret, bad[i].address, bad[i].expires_s, &token),
            SVC_INVALID_ARGUMENT);
        assert_int_equal(token.size_bytes, 0);
    }
}

static void test_each_character_of_a_token_counts(void **state) {
    (void)state;
    char changed[] = TOKEN "?";
    assert_int_equal(verify(changed), SVC_ACCESS_DENIED);
    for (size_t i = 0; i < strlen(TOKEN); i++) {
        static const char others[] = "Aa0-_.=+/ ";
        for (size_t k = 0; k < sizeof(others) - 1; k++) {
            strcpy(changed, TOKEN);
            if (changed[i] != others[k]) {
                changed[i] = others[k];
                assert_int_equal(verify(changed), SVC_ACCESS_DENIED);
                assert_string_equal(email, "");
            }
        }
        strcpy(changed, TOKEN);
        changed[i] = '\0';
        assert_int_equal(verify(changed), SVC_ACCESS_DENIED);
    }
    assert_int_equal(verify(NULL), SVC_ACCESS_DENIED);
    assert_int_equal(verify("."), SVC_ACCESS_DENIED);
    assert_int_equal(verify(".mxR01X-rBORHHojmxCTMInmytwwMjxGtYA8nrwV3PY4"), SVC_ACCESS_DENIED);
    char *flood = malloc(100001);
    assert_non_null(flood);
    memset(flood, 'a', 100000);
    flood[50] = '.';
    flood[100000] = '\0';
    assert_int_equal(verify(flood), SVC_ACCESS_DENIED);
    free(flood);
}

/* Signed with the secret, and yet nothing that this module writes: another use of it. */
static void test_signed_texts_that_are_no_payload(void **state) {
    (void)state;
    static const char *const bad[] = {
        "W10.u3tSHRT9NcUi_Tz-7uNaNRa6lqodZWORcIPggd1eTxs",
        "e30.43YsJf6VSdbszXWZENXxvZh5JsyiGXQN0dOYp2-2EkM",
        "eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20ifQ.8piY7qb-Ovx9gX6zMkURtuc2jnhQIol_AVdUwdRjXCg",
        "eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20iLCJleHBpcmVzIjoiMTgwMDAwMDAwMCJ9."
        "N2Vq4TQzQyIKrF5ATO5VEK1UzD4XvQSV71PdlNz3zNE",
        "eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20iLCJleHBpcmVzIjoxLjhlOX0."
        "ZYr6ndSO6JJzdTFh9NhNyDJYlPzVm7PfXpWYfUsAiZw",
        "eyJlbWFpbCI6ImEgYiIsImV4cGlyZXMiOjE4MDAwMDAwMDB9."
        "I8aq5pRblvdklBAoy6iBtH2SqihbXliMuxdFpPGKNkg",
        "eyJlbWFpbCI6WyJhQGV4YW1wbGUuY29tIl0sImV4cGlyZXMiOjE4MDAwMDAwMDB9.eI6mbn7lteYSoZ4AhNCv-"
        "DKJQc909veSaIpsMMNg9-o",
        "bnVsbA.CYPCHW_aAanTPZGT3YSqvFmUuTiW6_ZFAI0NGmKcyko",
        "eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20iLCJleHBpcmVzIjoxODAwMDAwMDAw.n2U7AbDtr-9tJEgGJtkv0_9BEPJ-"
        "4J37qOygARJlts8",
        "eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20iLCJleHBpcmVzIjoxODAwMDAwMDAwLCJleHBpcmVzIjoxfQ._"
        "6qyz4UmurLh4tNrvmiPqVKGBv_DNRJsKIdbkM4-tZA"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(verify(bad[i]), SVC_ACCESS_DENIED);
        assert_string_equal(email, "");
    }
    assert_int_equal(verify("eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20iLCJleHBpcmVzIjotMX0."
                            "5COce1DyP9JaGK45WQeuDJAKuS3wltrOXqb167XQoUc"),
                     SVC_PRECONDITION_FAILED);
}

/* All secrets are tried, and hashed, whichever matches. */
static void test_secrets_rotate(void **state) {
    (void)state;
    const char *const both[] = {OTHER, SECRET};
    const char *const reversed[] = {SECRET, OTHER};
    const char *const none[] = {"", NULL, "short"};
    assert_int_equal(verify_with(OTHER, TOKEN, NOW_MS), SVC_ACCESS_DENIED);
    memset(&counted, 0, sizeof(counted));
    assert_int_equal(email_unsubscribe_verify(both, 2, TOKEN, NOW_MS, email), SVC_OK);
    assert_int_equal(email_unsubscribe_verify(reversed, 2, TOKEN, NOW_MS, email), SVC_OK);
    assert_int_equal(counted.hmacs, 4);
    assert_int_equal(counted.comparisons, 4);
    assert_int_equal(email_unsubscribe_verify(none, 3, TOKEN, NOW_MS, email), SVC_ACCESS_DENIED);
    assert_int_equal(email_unsubscribe_verify(none, 0, TOKEN, NOW_MS, email), SVC_ACCESS_DENIED);
    /* Signed with the empty key, and with one that is too short: a setting left empty opens
     * nothing. */
    assert_int_equal(
        email_unsubscribe_verify(none, 3, PAYLOAD ".yPEPMMIaSi0Hu1qmncuiFWetGc6sL1K70VY8F170jfE",
                                 NOW_MS, email),
        SVC_ACCESS_DENIED);
    assert_int_equal(
        email_unsubscribe_verify(none, 3, PAYLOAD ".xG5T8LOW7ZJm3oVeX0kSIuAEpqA3OBE5q2FbwJsy30M",
                                 NOW_MS, email),
        SVC_ACCESS_DENIED);
    counted.hmac_fails = true;
    assert_int_equal(verify(TOKEN), SVC_INTERNAL);
    counted.hmac_fails = false;
}

static enum svc_status make_and_verify(void) {
    struct svc_buf token;
    svc_buf_init(&token, 1000);
    enum svc_status status = email_unsubscribe_token(SECRET, "a@example.com", EXPIRES_S, &token);
    status = status != SVC_OK ? status : verify(svc_buf_text(&token));
    svc_buf_clear(&token);
    return status;
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    fail_allocations(make_and_verify, 3);
}

/* ---------------------------------------------------------------------- requests */

static void test_the_token_of_a_query(void **state) {
    (void)state;
    static const struct {
        const char *query, *token;
    } cases[] = {{"token=abc", "abc"},
                 {"a=b&token=abc&c", "abc"},
                 {"token=a=b", "a=b"},
                 {"&&token=abc&", "abc"},
                 {"token=", NULL},
                 {"token", NULL},
                 {"", NULL},
                 {NULL, NULL},
                 {"Token=abc", NULL},
                 {"xtoken=abc", NULL},
                 {"token=abc&token=abc", NULL},
                 {"token=12345678", NULL},
                 {"token=1234567", "1234567"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[8] = "stale";
        assert_int_equal(webhook_unsubscribe_token(cases[i].query, out, sizeof(out)),
                         cases[i].token != NULL);
        assert_string_equal(out, cases[i].token != NULL ? cases[i].token : "");
    }
}

#define FORM "application/x-www-form-urlencoded"
#define PART "multipart/form-data; boundary=xyz"

enum { NONE = WEBHOOK_UNSUBSCRIBE_NONE, CLICK = WEBHOOK_UNSUBSCRIBE_ONE_CLICK };
static const struct {
    const char *type, *body;
    int expected;
} posts[] = {
    {FORM, "List-Unsubscribe=One-Click", CLICK},
    {"Application/X-WWW-Form-Urlencoded; charset=utf-8", "List-Unsubscribe=One-Click", CLICK},
    {FORM, "a=b&List-Unsubscribe=One-Click&c", CLICK},
    {FORM, "unsubscribe=page", WEBHOOK_UNSUBSCRIBE_PAGE},
    {FORM, "", NONE},
    {FORM, "List-Unsubscribe", NONE},
    {FORM, "List-Unsubscribe=", NONE},
    {FORM, "List-Unsubscribe=One-Clickx", NONE},
    {FORM, "List-Unsubscribe=one-click", NONE},
    {FORM, "xList-Unsubscribe=One-Click", NONE},
    {FORM "x", "List-Unsubscribe=One-Click", NONE},
    {"application/json", "List-Unsubscribe=One-Click", NONE},
    {"text/plain", "List-Unsubscribe=One-Click", NONE},
    {NULL, "List-Unsubscribe=One-Click", NONE},
    {PART,
     "--xyz\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n"
     "--xyz--\r\n",
     CLICK},
    {"multipart/form-data; boundary=\"x y\"",
     "--x y\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\nContent-Type: "
     "text/plain\r\n\r\nOne-Click\r\n--x y--",
     CLICK},
    {PART,
     "--xyz\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nOne-Click\r\n--xyz\r\n"
     "Content-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--xyz--",
     CLICK},
    {PART, "--xyz\r\nContent-Disposition: form-data; name=\"\r\n\r\nOne-Click\r\n--xyz--", NONE},
    {PART, "--xyz\r\n\r\nOne-Click\r\n--xyz--", NONE},
    {PART, "--xyz\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n", NONE},
    {PART, "--xyz\r\n--xyz--", NONE},
    {PART, "--xyz", NONE},
    {PART, "--abc\r\n", NONE},
    {PART,
     "--xyz\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nNo\r\n--xyz--",
     NONE},
    {"multipart/form-data", "--xyz\r\n", NONE},
    {"multipart/form-data; boundary=", "--\r\n", NONE},
};

static void test_what_a_post_is(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(posts); i++) {
        /* In memory of its exact size, so that a sanitizer finds what is read beyond. */
        const size_t size = strlen(posts[i].body);
        char *body = malloc(size + (size == 0));
        assert_non_null(body);
        memcpy(body, posts[i].body, size);
        const int found = (int)webhook_unsubscribe_parse(posts[i].type, body, size);
        if (found != posts[i].expected) {
            fail_msg("%s: %d", posts[i].body, found);
        }
        for (size_t cut = 0; cut < size; cut++) { /* shortened, it is read within its bounds */
            char *part = malloc(cut + 1);
            assert_non_null(part);
            memcpy(part, body, cut);
            (void)webhook_unsubscribe_parse(posts[i].type, part, cut);
            free(part);
        }
        free(body);
    }
    static char large[WEBHOOK_MAX_UNSUBSCRIBE_BODY_BYTES + 1] = "List-Unsubscribe=One-Click&";
    memset(large + strlen(large), 'a', sizeof(large) - strlen(large));
    assert_int_equal(webhook_unsubscribe_parse(FORM, large, sizeof(large) - 1), CLICK);
    assert_int_equal(webhook_unsubscribe_parse(FORM, large, sizeof(large)), NONE);
}

/* ---------------------------------------------------------------------- pages */

static void test_the_pages(void **state) {
    (void)state;
    static const int http[] = {200, 200, 410, 403, 500};
    for (int page = WEBHOOK_PAGE_ASK; page <= WEBHOOK_PAGE_FAILED; page++) {
        struct svc_buf html;
        int http_status = 0;
        svc_buf_init(&html, 8192);
        assert_int_equal(webhook_unsubscribe_page((enum webhook_unsubscribe_page)page,
                                                  "gildong@example.com", &html, &http_status),
                         SVC_OK);
        const char *text = svc_buf_text(&html);
        assert_int_equal(http_status, http[page]);
        assert_true(svc_utf8_valid(html.bytes, html.size_bytes));
        assert_null(strstr(text, "gildong"));
        assert_int_equal(strstr(text, "<p>g***@example.com</p>") != NULL,
                         page <= WEBHOOK_PAGE_DONE);
        assert_int_equal(strstr(text, "<form method=\"post\">") != NULL, page == WEBHOOK_PAGE_ASK);
        const char *english = strstr(text, "<p lang=\"en\">");
        assert_non_null(english);
        assert_true(strstr(text, "니다") < english || strstr(text, "니까") < english);
        assert_null(strstr(text, "http"));
        svc_buf_clear(&html);
    }
    /* What an address may have is escaped. */
    struct svc_buf html;
    int http_status;
    svc_buf_init(&html, 8192);
    assert_int_equal(
        webhook_unsubscribe_page(WEBHOOK_PAGE_ASK, "&amp@example.com", &html, &http_status),
        SVC_OK);
    assert_non_null(strstr(svc_buf_text(&html), "<p>&amp;***@example.com</p>"));
    svc_buf_clear(&html);
    svc_buf_init(&html, 100);
    assert_int_equal(webhook_unsubscribe_page(WEBHOOK_PAGE_ASK, NULL, &html, &http_status),
                     SVC_TOO_LARGE);
    svc_buf_clear(&html);
}

/* ---------------------------------------------------------------------- the table */

static struct db_fixture server;

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&server)) {
        return -1;
    }
    make_table(&server, "0008_unsubscribes");
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_fixture_stop(&server);
    return 0;
}

static void test_a_wish_is_stored_once(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = db_of(&server);
    static const struct {
        const char *email;
        enum webhook_unsubscribe_source source;
        int64_t now_ms;
        enum svc_status expected;
    } wishes[] = {
        {"a@example.com", WEBHOOK_UNSUBSCRIBE_ONE_CLICK, NOW_MS, SVC_OK},
        {"a@example.com", WEBHOOK_UNSUBSCRIBE_PAGE, NOW_MS + 5000, SVC_OK},
        {"o'b\"; --@example.com", WEBHOOK_UNSUBSCRIBE_PAGE, NOW_MS + 1, SVC_OK},
        {"", WEBHOOK_UNSUBSCRIBE_PAGE, NOW_MS, SVC_INVALID_ARGUMENT},
        {"b@example.com", WEBHOOK_UNSUBSCRIBE_NONE, NOW_MS, SVC_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT(wishes); i++) {
        assert_int_equal(webhook_unsubscribe_store(db, wishes[i].email, wishes[i].source,
                                                   wishes[i].now_ms, &error),
                         wishes[i].expected);
    }
    assert_string_equal(db_sql(&server, "USE shop; SELECT email, source, created_at FROM "
                                        "unsubscribes ORDER BY id"),
                        "a@example.com\tone_click\t2026-09-21 14:13:20.000000|"
                        "o'b\"; --@example.com\tpage\t2026-09-21 14:13:20.001000");
    db_destroy(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_is_made_and_verified),
        cmocka_unit_test(test_the_longest_address_fits),
        cmocka_unit_test(test_a_long_address_in_utf8_is_taken_whole),
        cmocka_unit_test(test_what_no_token_is_made_of),
        cmocka_unit_test(test_each_character_of_a_token_counts),
        cmocka_unit_test(test_signed_texts_that_are_no_payload),
        cmocka_unit_test(test_secrets_rotate),
        cmocka_unit_test(test_each_allocation_failing),
        cmocka_unit_test(test_the_token_of_a_query),
        cmocka_unit_test(test_what_a_post_is),
        cmocka_unit_test(test_the_pages),
        cmocka_unit_test(test_a_wish_is_stored_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
