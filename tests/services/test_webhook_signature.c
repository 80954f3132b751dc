/* Signatures of webhooks: published and computed vectors, each way to be wrong, boundaries, several
 * secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/chars.h"
#include "tests/services/webhook_secrets_support.h"

static const char body[] = "{\"a\":1}";
#define SECRET_TWO   "secret-two"
#define HEX_ONE      "89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf498"
#define HEX_TWO      "6d41d8561e0e68d603eaad57fd9c094ed392daaaa66eb957db54f4f92456a5a6"
#define STANDARD_SIG "AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4="
#define TOSS_TIME    "2024-09-05T12:19:21+09:00"
#define TOSS_BYTES   "rAAAItvaPQXEdBbhaoxSIZyfuTaShw3mRuyJ8/9Mdeg=" /* the key is the hex's bytes */
#define TOSS_TEXT    "mgwEn8Wq8V+gsSW71R5jgae9zpgVBa58Whm3cx6NiDk=" /* the key is the hex's text */
#define OTHER        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SENT_MS      INT64_C(1700000000000)

static enum svc_status verify(const struct webhook_headers *headers, int64_t now_ms) {
    return webhook_verify(&secrets, headers, body, strlen(body), now_ms, &found);
}

static void assert_refused(const struct webhook_headers *headers, enum webhook_refusal refusal) {
    if (verify(headers, SENT_MS) != SVC_ACCESS_DENIED || found.refusal != refusal) {
        fail_msg("%s instead of %s", webhook_refusal_name(found.refusal),
                 webhook_refusal_name(refusal));
    }
    assert_string_equal(found.id, "");
    assert_int_equal(found.sent_ms, 0);
}

static struct webhook_headers platform(const char *signature) {
    return (struct webhook_headers){.platform_signature = signature};
}

static struct webhook_headers standard(const char *signature) {
    return (struct webhook_headers){.standard_id = "msg_1",
                                    .standard_timestamp = "1700000000",
                                    .standard_signature = signature};
}

static struct webhook_headers toss(const char *signature) {
    return (struct webhook_headers){.toss_signature = signature, .toss_time = TOSS_TIME};
}

/* ---------------------------------------------------------------------- the platform's */

static void test_the_platforms_signature_is_verified(void **state) {
    (void)state;
    const struct webhook_headers headers = platform(HEX_ONE);
    assert_int_equal(verify(&headers, 0), SVC_OK);
    assert_int_equal(found.scheme, WEBHOOK_SCHEME_PLATFORM);
    assert_int_equal(found.refusal, WEBHOOK_REFUSED_NONE);
    assert_string_equal(found.id, "");
}

static void test_each_bit_of_a_signature_counts(void **state) {
    (void)state;
    char changed[] = HEX_ONE;
    for (size_t i = 0; i < strlen(changed); i++) {
        const char kept = changed[i];
        for (int bit = 0; bit < 4; bit++) {
            changed[i] = "0123456789abcdef"[svc_hex_digit(kept) ^ (1 << bit)];
            const struct webhook_headers headers = platform(changed);
            assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
        }
        changed[i] = kept;
    }
}

static void test_each_bit_of_a_body_counts(void **state) {
    (void)state;
    const struct webhook_headers headers = platform(HEX_ONE);
    char changed[sizeof(body)];
    memcpy(changed, body, sizeof(body));
    for (size_t i = 0; i < 8 * strlen(body); i++) {
        changed[i / 8] = (char)(changed[i / 8] ^ (1 << (i % 8)));
        assert_int_equal(webhook_verify(&secrets, &headers, changed, strlen(body), SENT_MS, &found),
                         SVC_ACCESS_DENIED);
        changed[i / 8] = body[i / 8];
    }
    assert_int_equal(webhook_verify(&secrets, &headers, body, 6, SENT_MS, &found),
                     SVC_ACCESS_DENIED);
    assert_int_equal(webhook_verify(&secrets, &headers, body, 8, SENT_MS, &found),
                     SVC_ACCESS_DENIED);
}

static void test_hex_of_another_form_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "8",
        "89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf4",
        "89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf49",
        HEX_ONE "0",
        HEX_ONE "00",
        HEX_ONE " ",
        " " HEX_ONE,
        HEX_ONE "\n",
        HEX_ONE "," HEX_ONE,
        HEX_ONE ", " HEX_ONE,
        "sha256=" HEX_ONE,
        "89D4CBAE150014750AD234B41F0DBCF38A7E9A895B57517C0F0EC7BD261CF498",
        "89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf49g",
        "0x9d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf49",
        "89D4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf498"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct webhook_headers headers = platform(bad[i]);
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
    char *flood = malloc(100001);
    assert_non_null(flood);
    memset(flood, 'a', 100000);
    flood[100000] = '\0';
    const struct webhook_headers headers = platform(flood);
    assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    free(flood);
}

/* ---------------------------------------------------------------------- Standard Webhooks */

static void test_the_specifications_example_is_verified(void **state) {
    (void)state;
    static const char text[] = "{\"test\": 2432232314}";
    const struct webhook_headers headers = {.standard_id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                            .standard_timestamp = "1614265330",
                                            .standard_signature =
                                                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_STANDARD,
                                         "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL),
                     SVC_OK);
    assert_int_equal(
        webhook_verify(&secrets, &headers, text, strlen(text), INT64_C(1614265330000), &found),
        SVC_OK);
    assert_int_equal(found.scheme, WEBHOOK_SCHEME_STANDARD);
    assert_string_equal(found.id, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_int_equal(found.sent_ms, INT64_C(1614265330000));
    assert_int_equal(found.secret, 1);
}

static void test_the_tolerance_is_300_s_both_ways(void **state) {
    (void)state;
    const struct webhook_headers headers = standard("v1," STANDARD_SIG);
    for (int sign = -1; sign <= 1; sign += 2) {
        assert_int_equal(verify(&headers, SENT_MS + sign * 299000), SVC_OK);
        assert_int_equal(verify(&headers, SENT_MS + sign * 300000), SVC_OK);
        assert_int_equal(verify(&headers, SENT_MS + sign * 301000), SVC_ACCESS_DENIED);
        assert_int_equal(found.refusal, WEBHOOK_REFUSED_TIMESTAMP);
        assert_string_equal(found.id, "");
    }
    assert_int_equal(verify(&headers, SENT_MS + 300999), SVC_OK); /* whole seconds count */
    assert_int_equal(verify(&headers, SENT_MS - 300001), SVC_ACCESS_DENIED);
    assert_int_equal(verify(&headers, INT64_MAX), SVC_ACCESS_DENIED);
    assert_int_equal(verify(&headers, INT64_MIN), SVC_ACCESS_DENIED);
}

static void test_several_standard_entries(void **state) {
    (void)state;
#define V1 "v1," STANDARD_SIG
#define V0 "v1," OTHER
    static const char *const good[] = {
        V1,         V0 " " V1,
        V1 " " V0,  "v1a,whatever " V1,
        V1 " v2,x", V0 " " V0 " " V0 " " V0 " " V0 " " V0 " " V0 " " V1};
    static const char *const other[] = {V0, V0 " " V0};
    static const char *const bad[] = {
        "",
        " ",
        "v1",
        "v1,",
        ",",
        "," STANDARD_SIG,
        STANDARD_SIG,
        " " V1,
        V1 " ",
        V0 "  " V1,
        V1 "\n",
        V1 "," V1,
        V1 ",v1," STANDARD_SIG,
        "V1," STANDARD_SIG,
        "v1:" STANDARD_SIG,
        "v1a,x",
        "v2,x v2,x v2,x v2,x v2,x v2,x v2,x v2,x " V1,
        V1 " v1,short",
        V1 " v1",
        "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4",
        "v1,AMaOha7DUT_0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4=",
        "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj5=",
        "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4A",
        "v1,AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVg==",
        "v1,89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf498",
        V0 " " V0 " " V0 " " V0 " " V0 " " V0 " " V0 " " V0 " " V1};
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct webhook_headers headers = standard(good[i]);
        assert_int_equal(verify(&headers, SENT_MS), SVC_OK);
        assert_string_equal(found.id, "msg_1");
    }
    for (size_t i = 0; i < COUNT(other); i++) {
        const struct webhook_headers headers = standard(other[i]);
        assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct webhook_headers headers = standard(bad[i]);
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
}

static void test_standard_ids_and_times_of_another_form(void **state) {
    (void)state;
    char long_id[WEBHOOK_MAX_MESSAGE_ID_BYTES + 2];
    memset(long_id, 'a', sizeof(long_id));
    long_id[sizeof(long_id) - 1] = '\0';
    const char *const ids[] = {"", "a.b", "a b", "a\n", "\xed\x95\x9c", "a/b", "a:b", long_id};
    static const char *const times[] = {"",
                                        " 1700000000",
                                        "1700000000 ",
                                        "+1700000000",
                                        "-1",
                                        "01700000000",
                                        "1.7e9",
                                        "1700000000.0",
                                        "0",
                                        "0x65",
                                        "1700000000a",
                                        "18446744073709551616",
                                        "253402300800",
                                        "999999999999999999999999999999999999999999"};
    struct webhook_headers headers = standard("v1," STANDARD_SIG);
    for (size_t i = 0; i < COUNT(ids); i++) {
        headers.standard_id = ids[i];
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
    long_id[WEBHOOK_MAX_MESSAGE_ID_BYTES] = '\0';
    headers.standard_id = long_id; /* the longest is of its form, and signed otherwise */
    assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
    headers.standard_id = "msg_2";
    assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
    headers.standard_id = "msg_1";
    for (size_t i = 0; i < COUNT(times); i++) {
        headers.standard_timestamp = times[i];
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
    headers.standard_timestamp = "1700000001";
    assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
}

/* ---------------------------------------------------------------------- Toss */

static void test_toss_signs_with_its_key_as_text_or_as_bytes(void **state) {
    (void)state;
    static const char *const good[] = {"v1:" TOSS_BYTES,
                                       "v1:" TOSS_TEXT,
                                       "v1:" OTHER ",v1:" TOSS_TEXT,
                                       "v1:" OTHER "," TOSS_TEXT,
                                       "v1:" TOSS_BYTES "," OTHER,
                                       "v1:" OTHER " ,\tv1:" TOSS_BYTES,
                                       "v0:abc,v1:" TOSS_BYTES,
                                       "v2:a,b,c,d,e,f,g,v1:" TOSS_TEXT,
                                       "v1:" TOSS_BYTES ",v2:abc,def"};
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct webhook_headers headers = toss(good[i]);
        assert_int_equal(verify(&headers, 0), SVC_OK);
        assert_int_equal(found.scheme, WEBHOOK_SCHEME_TOSS);
        assert_int_equal(found.secret, 0);
        assert_int_equal(found.sent_ms, INT64_C(1725506361000));
    }
}

static void test_toss_headers_of_another_form(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "v1:",
                                      ",",
                                      ":",
                                      "v1",
                                      TOSS_TEXT,
                                      ":" TOSS_TEXT,
                                      "V1:" TOSS_TEXT,
                                      "v1," TOSS_TEXT,
                                      "v1:" TOSS_TEXT ",",
                                      ",v1:" TOSS_TEXT,
                                      "v1:" TOSS_TEXT ",,v1:" OTHER,
                                      "v1: " TOSS_TEXT,
                                      "v1:" TOSS_TEXT ";" OTHER,
                                      "v1:" TOSS_TEXT ",v1:abc",
                                      "v2:" TOSS_TEXT,
                                      "v2:a,b,c,d,e,f,g,h,v1:" TOSS_TEXT,
                                      OTHER ",v1:" TOSS_TEXT,
                                      ":" OTHER ",v1:" TOSS_TEXT,
                                      "v2:abc," TOSS_TEXT,
                                      "v1:mgwEn8Wq8V+gsSW71R5jgae9zpgVBa58Whm3cx6NiDk",
                                      "v1:mgwEn8Wq8V-gsSW71R5jgae9zpgVBa58Whm3cx6NiDk="};
    static const char *const times[] = {"",           "now",        "2024-09-05T12:19:21",
                                        "2024-09-05", "1725506361", "2024-09-05T12:19:21+09:00 "};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct webhook_headers headers = toss(bad[i]);
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
    struct webhook_headers headers = toss("v1:" TOSS_TEXT);
    for (size_t i = 0; i < COUNT(times); i++) {
        headers.toss_time = times[i];
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
    headers.toss_time = NULL;
    assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    headers.toss_time = "2024-09-05T12:19:22+09:00";
    assert_refused(&headers, WEBHOOK_REFUSED_MISMATCH);
}

/* ---------------------------------------------------------------------- requests */

static void test_headers_of_no_scheme_or_of_two(void **state) {
    (void)state;
    struct webhook_headers headers = {0};
    assert_refused(&headers, WEBHOOK_REFUSED_UNSIGNED);
    headers.toss_time = TOSS_TIME; /* Toss sends it with unsigned events too */
    assert_refused(&headers, WEBHOOK_REFUSED_UNSIGNED);
    headers = platform(HEX_ONE);
    headers.standard_id = "msg_1";
    assert_refused(&headers, WEBHOOK_REFUSED_AMBIGUOUS);
    headers = platform(HEX_ONE);
    headers.toss_signature = "v1:" TOSS_TEXT;
    assert_refused(&headers, WEBHOOK_REFUSED_AMBIGUOUS);
    headers = standard("v1," STANDARD_SIG);
    headers.toss_signature = "v1:" TOSS_TEXT;
    assert_refused(&headers, WEBHOOK_REFUSED_AMBIGUOUS);
    for (int missing = 0; missing < 3; missing++) {
        headers = standard("v1," STANDARD_SIG);
        *(missing == 0   ? &headers.standard_id
          : missing == 1 ? &headers.standard_timestamp
                         : &headers.standard_signature) = NULL;
        assert_refused(&headers, WEBHOOK_REFUSED_MALFORMED);
    }
}

static void test_headers_are_collected_once_in_any_case(void **state) {
    (void)state;
    struct webhook_headers headers;
    webhook_headers_init(&headers);
    webhook_headers_add(&headers, "Host", "a");
    webhook_headers_add(&headers, "X-Webhook-Signature", HEX_ONE);
    webhook_headers_add(&headers, "x-webhook-signature2", HEX_TWO);
    assert_int_equal(verify(&headers, 0), SVC_OK);
    webhook_headers_add(&headers, "x-webhook-signature", HEX_ONE);
    assert_refused(&headers, WEBHOOK_REFUSED_AMBIGUOUS);

    webhook_headers_init(&headers);
    webhook_headers_add(&headers, "Webhook-Id", "msg_1");
    webhook_headers_add(&headers, "Webhook-Timestamp", "1700000000");
    webhook_headers_add(&headers, "Webhook-Signature", "v1," STANDARD_SIG);
    assert_int_equal(verify(&headers, SENT_MS), SVC_OK);
    webhook_headers_add(&headers, "WEBHOOK-ID", "msg_1");
    assert_refused(&headers, WEBHOOK_REFUSED_AMBIGUOUS);

    webhook_headers_init(&headers);
    webhook_headers_add(&headers, "TossPayments-Webhook-Signature", "v1:" TOSS_TEXT);
    webhook_headers_add(&headers, "TossPayments-Webhook-Transmission-Time", TOSS_TIME);
    assert_int_equal(verify(&headers, SENT_MS), SVC_OK);
}

static void test_a_body_over_the_limit_is_not_hashed(void **state) {
    (void)state;
    const struct webhook_headers headers = platform(HEX_ONE);
    char *large = calloc(1, WEBHOOK_MAX_BODY_BYTES + 1);
    assert_non_null(large);
    assert_int_equal(
        webhook_verify(&secrets, &headers, large, WEBHOOK_MAX_BODY_BYTES + 1, 0, &found),
        SVC_TOO_LARGE);
    assert_int_equal(counted.hmacs, 0);
    assert_int_equal(webhook_verify(&secrets, &headers, large, WEBHOOK_MAX_BODY_BYTES, 0, &found),
                     SVC_ACCESS_DENIED);
    assert_int_equal(counted.hmacs, 1);
    const struct webhook_headers all[] = {headers, standard("v1," STANDARD_SIG),
                                          toss("v1:" TOSS_TEXT)};
    for (size_t i = 0; i < COUNT(all); i++) { /* no body at all */
        assert_int_equal(webhook_verify(&secrets, &all[i], NULL, 0, SENT_MS, &found),
                         SVC_ACCESS_DENIED);
        assert_int_equal(found.refusal, WEBHOOK_REFUSED_MISMATCH);
    }
    free(large);
}

static void test_a_hash_that_fails_lets_nothing_in(void **state) {
    (void)state;
    const struct webhook_headers headers = platform(HEX_ONE);
    counted.hmac_fails = true;
    assert_int_equal(verify(&headers, 0), SVC_INTERNAL);
}

/* ---------------------------------------------------------------------- secrets */

static void test_secrets_rotate_without_a_refusal(void **state) {
    (void)state;
    const struct webhook_headers one = platform(HEX_ONE), two = platform(HEX_TWO);
    assert_int_equal(verify(&one, 0), SVC_OK);
    assert_refused(&two, WEBHOOK_REFUSED_MISMATCH);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, SECRET_TWO, NULL),
                     SVC_OK);
    assert_int_equal(verify(&one, 0), SVC_OK);
    assert_int_equal(found.secret, 0);
    assert_int_equal(verify(&two, 0), SVC_OK);
    assert_int_equal(found.secret, 1);
    webhook_secrets_clear(&secrets);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, SECRET_TWO, NULL),
                     SVC_OK);
    assert_refused(&one, WEBHOOK_REFUSED_MISMATCH);
    assert_int_equal(verify(&two, 0), SVC_OK);
    const struct webhook_headers other = standard("v1," STANDARD_SIG);
    assert_refused(&other, WEBHOOK_REFUSED_NO_SECRET);
}

/* Every key with every signature, whichever matches, over all 32 bytes: the time depends on the
 * counts only. */
static void test_every_key_is_compared_with_every_signature(void **state) {
    (void)state;
    static const char *const headers[] = {"v1," STANDARD_SIG " v1," OTHER " v1," OTHER,
                                          "v1," OTHER " v1," OTHER " v1," STANDARD_SIG,
                                          "v1," OTHER " v1," OTHER " v1," OTHER};
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_STANDARD,
                                         "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL),
                     SVC_OK);
    for (size_t i = 0; i < COUNT(headers); i++) {
        const struct webhook_headers sent = standard(headers[i]);
        memset(&counted, 0, sizeof(counted));
        assert_int_equal(verify(&sent, SENT_MS), i < 2 ? SVC_OK : SVC_ACCESS_DENIED);
        assert_int_equal(counted.hmacs, 2);
        assert_int_equal(counted.comparisons, 6);
        assert_int_equal(counted.compared_bytes, 6 * SVC_SHA256_BYTES);
    }
}

/* ---------------------------------------------------------------------- memory */

static enum svc_status verify_all(void) {
    const struct webhook_headers one = standard("v1," OTHER " v1," STANDARD_SIG);
    const struct webhook_headers two = toss("v1:" OTHER "," TOSS_TEXT);
    struct webhook_secrets more;
    webhook_secrets_init(&more);
    enum svc_status status =
        webhook_secrets_add(&more, WEBHOOK_SCHEME_STANDARD, STANDARD_KEY, NULL);
    status = status != SVC_OK ? status : verify(&one, SENT_MS);
    return status != SVC_OK ? status : verify(&two, SENT_MS);
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    fail_allocations(verify_all, 6);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_the_platforms_signature_is_verified),
        TEST(test_each_bit_of_a_signature_counts),
        TEST(test_each_bit_of_a_body_counts),
        TEST(test_hex_of_another_form_is_refused),
        TEST(test_the_specifications_example_is_verified),
        TEST(test_the_tolerance_is_300_s_both_ways),
        TEST(test_several_standard_entries),
        TEST(test_standard_ids_and_times_of_another_form),
        TEST(test_toss_signs_with_its_key_as_text_or_as_bytes),
        TEST(test_toss_headers_of_another_form),
        TEST(test_headers_of_no_scheme_or_of_two),
        TEST(test_headers_are_collected_once_in_any_case),
        TEST(test_a_body_over_the_limit_is_not_hashed),
        TEST(test_a_hash_that_fails_lets_nothing_in),
        TEST(test_secrets_rotate_without_a_refusal),
        TEST(test_every_key_is_compared_with_every_signature),
        TEST(test_each_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
