/* Signing webhooks: what is signed here verifies with the receiver's code; Ed25519 by RFC 8032's
 * vectors and in the ways that an implementation can be wrong; v1a entries among v1 ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/chars.h"
#include "services/webhook/sign.h"
#include "tests/services/webhook_secrets_support.h"

static const char body[] = "{\"a\":1}";
#define SENT_S       INT64_C(1700000000)
#define SECRET_TWO   "secret-two"
#define OTHER_KEY    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER_TOSS   "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define STANDARD_SIG "AMaOha7DUT/0J0JMycRuYOBSvbx3WtwLd2khXXbaVj4="
#define TOSS_TIME    "2024-09-05T12:19:21+09:00"
/* The private key 00 01 ... 1f, and what tests/webhook/ed25519.py makes of it. */
#define PRIVATE_KEY "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define PRIVATE_64                                                                                 \
    "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxu"   \
    "A=="
#define PUBLIC_KEY "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
#define PUBLIC_SIG                                                                                 \
    "DA+4m4VqA33Hm9Wlha/1LaJIOTEvbTa2btJ5gtcP1KIJ83aMbtlDaDEj9gW4UzCjPd9EMUgy41eDWvfIiFddCQ=="

static struct webhook_sign_headers made;

static enum svc_status verify_made(const struct webhook_secrets *with) {
    struct webhook_headers headers;
    webhook_headers_init(&headers);
    for (size_t i = 0; i < made.count; i++) {
        webhook_headers_add(&headers, made.headers[i].name, made.headers[i].value);
    }
    return webhook_verify(with, &headers, body, strlen(body), SENT_S * 1000, &found);
}

static void take(struct webhook_secrets *into, enum webhook_scheme scheme, const char *text) {
    assert_int_equal(webhook_secrets_add(into, scheme, text, NULL), SVC_OK);
}

/* ---------------------------------------------------------------------- signing */

static void test_what_is_signed_verifies(void **state) {
    (void)state;
    const size_t size = strlen(body);
    assert_int_equal(webhook_sign_platform(&secrets, body, size, &made), SVC_OK);
    assert_int_equal(made.count, 1);
    assert_string_equal(made.headers[0].name, "x-webhook-signature");
    assert_string_equal(made.headers[0].value,
                        "89d4cbae150014750ad234b41f0dbcf38a7e9a895b57517c0f0ec7bd261cf498");
    assert_int_equal(verify_made(&secrets), SVC_OK);

    assert_int_equal(webhook_sign_standard(&secrets, "msg_1", SENT_S, body, size, &made), SVC_OK);
    assert_int_equal(made.count, 3);
    assert_string_equal(made.headers[0].name, "webhook-id");
    assert_string_equal(made.headers[0].value, "msg_1");
    assert_string_equal(made.headers[1].name, "webhook-timestamp");
    assert_string_equal(made.headers[1].value, "1700000000");
    assert_string_equal(made.headers[2].name, "webhook-signature");
    assert_string_equal(made.headers[2].value, "v1," STANDARD_SIG);
    assert_int_equal(verify_made(&secrets), SVC_OK);
    assert_string_equal(found.id, "msg_1");

    for (int form = WEBHOOK_SIGN_TOSS_TEXT; form <= WEBHOOK_SIGN_TOSS_BYTES; form++) {
        assert_int_equal(webhook_sign_toss(&secrets, (enum webhook_sign_toss_key)form, TOSS_TIME,
                                           body, size, &made),
                         SVC_OK);
        assert_int_equal(made.count, 2);
        assert_string_equal(made.headers[0].name, "tosspayments-webhook-signature");
        assert_string_equal(made.headers[0].value,
                            form == WEBHOOK_SIGN_TOSS_TEXT
                                ? "v1:mgwEn8Wq8V+gsSW71R5jgae9zpgVBa58Whm3cx6NiDk="
                                : "v1:rAAAItvaPQXEdBbhaoxSIZyfuTaShw3mRuyJ8/9Mdeg=");
        assert_string_equal(made.headers[1].value, TOSS_TIME);
        assert_int_equal(verify_made(&secrets), SVC_OK);
    }
}

/* A receiver that has one of two secrets accepts what is signed with both. */
static void test_every_standard_and_toss_secret_signs(void **state) {
    (void)state;
    struct webhook_secrets both, second;
    webhook_secrets_init(&both);
    webhook_secrets_init(&second);
    take(&both, WEBHOOK_SCHEME_STANDARD, PUBLIC_KEY); /* signs nothing */
    take(&both, WEBHOOK_SCHEME_STANDARD, STANDARD_KEY);
    take(&both, WEBHOOK_SCHEME_STANDARD, OTHER_KEY);
    take(&both, WEBHOOK_SCHEME_TOSS, TOSS_KEY);
    take(&both, WEBHOOK_SCHEME_TOSS, OTHER_TOSS);
    take(&second, WEBHOOK_SCHEME_STANDARD, OTHER_KEY);
    take(&second, WEBHOOK_SCHEME_TOSS, OTHER_TOSS);
    assert_int_equal(webhook_sign_standard(&both, "msg_1", SENT_S, body, strlen(body), &made),
                     SVC_OK);
    assert_int_equal(strlen(made.headers[2].value), 2 * strlen("v1," STANDARD_SIG) + 1);
    assert_int_equal(verify_made(&secrets), SVC_OK);
    assert_int_equal(verify_made(&second), SVC_OK);
    for (int form = WEBHOOK_SIGN_TOSS_TEXT; form <= WEBHOOK_SIGN_TOSS_BYTES; form++) {
        assert_int_equal(webhook_sign_toss(&both, (enum webhook_sign_toss_key)form, TOSS_TIME, body,
                                           strlen(body), &made),
                         SVC_OK);
        assert_int_equal(verify_made(&secrets), SVC_OK);
        assert_int_equal(verify_made(&second), SVC_OK);
    }
}

static void test_the_most_secrets_fit_into_a_header(void **state) {
    (void)state;
    struct webhook_secrets many;
    webhook_secrets_init(&many);
    for (size_t i = 0; i < WEBHOOK_MAX_SECRETS; i++) {
        char text[100];
        snprintf(text, sizeof(text), "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY%zu", i);
        take(&many, WEBHOOK_SCHEME_STANDARD, text);
        snprintf(text, sizeof(text), "00%zu0", i);
        take(&many, WEBHOOK_SCHEME_TOSS, text);
    }
    assert_int_equal(webhook_sign_standard(&many, "msg_1", SENT_S, body, strlen(body), &made),
                     SVC_OK);
    assert_int_equal(verify_made(&many), SVC_OK);
    assert_int_equal(found.secret, WEBHOOK_MAX_SECRETS - 1);
    assert_int_equal(
        webhook_sign_toss(&many, WEBHOOK_SIGN_TOSS_BYTES, TOSS_TIME, body, strlen(body), &made),
        SVC_OK);
    assert_int_equal(verify_made(&many), SVC_OK);
}

static void test_what_no_receiver_accepts_is_not_signed(void **state) {
    (void)state;
    static const char *const ids[] = {"", "a.b", "a b", NULL};
    static const char *const keys[] = {"",
                                       "whsk_",
                                       "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                                       "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
                                       "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AA",
                                       "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ=="};
    static const struct webhook_secrets none;
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_int_equal(webhook_sign_standard(&secrets, ids[i], SENT_S, body, 7, &made),
                         SVC_INVALID_ARGUMENT);
        assert_int_equal(made.count, 0);
    }
    assert_int_equal(webhook_sign_standard(&secrets, "msg_1", 0, body, 7, &made),
                     SVC_INVALID_ARGUMENT);
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_int_equal(webhook_sign_standard_public(keys[i], "msg_1", SENT_S, body, 7, &made),
                         SVC_INVALID_ARGUMENT);
        assert_int_equal(made.count, 0);
    }
    assert_int_equal(webhook_sign_toss(&secrets, WEBHOOK_SIGN_TOSS_TEXT, "now", body, 7, &made),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(webhook_sign_platform(&none, body, 7, &made), SVC_INVALID_ARGUMENT);
    assert_int_equal(webhook_sign_standard(&none, "msg_1", SENT_S, body, 7, &made),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(webhook_sign_toss(&none, WEBHOOK_SIGN_TOSS_TEXT, TOSS_TIME, body, 7, &made),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(made.count, 0);
}

/* ---------------------------------------------------------------------- Ed25519 */

struct vector {
    const char *seed, *key, *content, *signature;
};
static const struct vector vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

static bool is_valid(const uint8_t *key, const uint8_t *content, size_t size,
                     const uint8_t *signature) {
    bool valid = true;
    assert_int_equal(svc_ed25519_verify(key, content, size, signature, &valid), SVC_OK);
    return valid;
}

static void test_ed25519_by_the_rfcs_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        uint8_t seed[32], key[32], content[1], expected[64], signature[64];
        const size_t size = strlen(vectors[i].content) / 2;
        assert_true(svc_hex_decode(vectors[i].seed, seed, 32));
        assert_true(svc_hex_decode(vectors[i].key, key, 32));
        assert_true(svc_hex_decode(vectors[i].content, content, size));
        assert_true(svc_hex_decode(vectors[i].signature, expected, 64));
        assert_int_equal(svc_ed25519_sign(seed, content, size, signature), SVC_OK);
        assert_memory_equal(signature, expected, 64);
        assert_true(is_valid(key, content, size, signature));
        for (int bit = 0; bit < 512; bit += 9) {
            signature[bit / 8] = (uint8_t)(signature[bit / 8] ^ (1 << (bit % 8)));
            assert_false(is_valid(key, content, size, signature));
            signature[bit / 8] = expected[bit / 8];
        }
        for (int bit = 0; bit < 256; bit += 9) {
            const uint8_t kept = key[bit / 8];
            key[bit / 8] = (uint8_t)(kept ^ (1 << (bit % 8)));
            assert_false(is_valid(key, content, size, signature));
            key[bit / 8] = kept;
        }
        assert_false(is_valid(key, (const uint8_t *)"xy", 2, signature));
    }
}

/* OpenSSL's queue of errors of this thread: what is left there, curl would take for its own. */
unsigned long ERR_peek_error(void);

/* S + L is the same number modulo the group's order: a second signature for the same content. */
static void test_an_s_that_is_not_reduced_is_refused(void **state) {
    (void)state;
    uint8_t order[32], key[32], signature[64];
    unsigned carry = 0;
    assert_true(svc_hex_decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
                               order, 32));
    assert_true(svc_hex_decode(vectors[0].key, key, 32));
    assert_true(svc_hex_decode(vectors[0].signature, signature, 64));
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(is_valid(key, NULL, 0, signature));
    memset(signature, 0, sizeof(signature));
    assert_false(is_valid(key, NULL, 0, signature));
    memset(signature, 0xff, sizeof(signature));
    assert_false(is_valid(key, NULL, 0, signature));
    memset(key, 0xff, sizeof(key)); /* no point of the curve */
    assert_false(is_valid(key, NULL, 0, signature));
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---------------------------------------------------------------------- v1a */

static enum svc_status verify_entries(const char *entries) {
    const struct webhook_headers headers = {
        .standard_id = "msg_1", .standard_timestamp = "1700000000", .standard_signature = entries};
    return webhook_verify(&secrets, &headers, body, strlen(body), SENT_S * 1000, &found);
}

static void test_v1a_is_signed_and_verified(void **state) {
    (void)state;
    static const char *const keys[] = {PRIVATE_KEY, PRIVATE_64};
    take(&secrets, WEBHOOK_SCHEME_STANDARD, PUBLIC_KEY);
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_int_equal(
            webhook_sign_standard_public(keys[i], "msg_1", SENT_S, body, strlen(body), &made),
            SVC_OK);
        assert_string_equal(made.headers[2].value, "v1a," PUBLIC_SIG);
        assert_int_equal(verify_made(&secrets), SVC_OK);
        assert_int_equal(found.secret, 1);
        assert_string_equal(found.id, "msg_1");
    }
    /* The same tolerance. */
    const struct webhook_headers headers = {.standard_id = "msg_1",
                                            .standard_timestamp = "1700000000",
                                            .standard_signature = "v1a," PUBLIC_SIG};
    for (int away = -301; away <= 301; away += 602) {
        assert_int_equal(
            webhook_verify(&secrets, &headers, body, 7, (SENT_S + away) * 1000, &found),
            SVC_ACCESS_DENIED);
        assert_int_equal(found.refusal, WEBHOOK_REFUSED_TIMESTAMP);
        assert_int_equal(webhook_verify(&secrets, &headers, body, 7,
                                        (SENT_S + away - (away > 0 ? 1 : -1)) * 1000, &found),
                         SVC_OK);
    }
    assert_int_equal(webhook_verify(&secrets, &headers, "{\"a\":2}", 7, SENT_S * 1000, &found),
                     SVC_ACCESS_DENIED);
}

static void test_v1a_entries_by_what_keys_there_are(void **state) {
    (void)state;
    static const struct {
        const char *entries;
        enum webhook_refusal without_key, with_key; /* for v1a; there is one for v1 */
    } cases[] = {
        {"v1a," PUBLIC_SIG, WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_NONE},
        {"v1a," PUBLIC_SIG " v1," STANDARD_SIG, WEBHOOK_REFUSED_NONE, WEBHOOK_REFUSED_NONE},
        {"v1a,short v1," STANDARD_SIG, WEBHOOK_REFUSED_NONE, WEBHOOK_REFUSED_MALFORMED},
        {"v1," PUBLIC_SIG, WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MALFORMED},
        {"v1a," STANDARD_SIG, WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MALFORMED},
        {"v1A," PUBLIC_SIG, WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MALFORMED},
        {"v1a,EA+4m4VqA33Hm9Wlha/1LaJIOTEvbTa2btJ5gtcP1KIJ83aMbtlDaDEj9gW4UzCjPd9EMUgy41eDWvfIiFddC"
         "Q==",
         WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MISMATCH},
        {"v1a,DA+4m4VqA33Hm9Wlha/1LaJIOTEvbTa2btJ5gtcP1KIJ83aMbtlDaDEj9gW4UzCjPd9EMUgy41eDWvfIiFddC"
         "R==",
         WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MALFORMED},
        {"v1a,DA+4m4VqA33Hm9Wlha/1LaJIOTEvbTa2btJ5gtcP1KIJ83aMbtlDaDEj9gW4UzCjPd9EMUgy41eDWvfIiFddC"
         "Q",
         WEBHOOK_REFUSED_MALFORMED, WEBHOOK_REFUSED_MALFORMED},
    };
    for (int has_key = 0; has_key < 2; has_key++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            const enum webhook_refusal expected =
                has_key ? cases[i].with_key : cases[i].without_key;
            verify_entries(cases[i].entries);
            if (found.refusal != expected) {
                fail_msg("%s: %s", cases[i].entries, webhook_refusal_name(found.refusal));
            }
        }
        if (has_key == 0) {
            take(&secrets, WEBHOOK_SCHEME_STANDARD, PUBLIC_KEY);
        }
    }
}

/* Knowledge of the public key must not be enough to sign. */
static void test_a_public_key_is_no_key_for_v1(void **state) {
    (void)state;
    struct webhook_secrets forger;
    webhook_secrets_clear(&secrets);
    webhook_secrets_init(&forger);
    take(&secrets, WEBHOOK_SCHEME_STANDARD, PUBLIC_KEY);
    take(&forger, WEBHOOK_SCHEME_STANDARD, "whsec_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=");
    assert_int_equal(webhook_sign_standard(&forger, "msg_1", SENT_S, body, strlen(body), &made),
                     SVC_OK);
    assert_int_equal(verify_made(&secrets), SVC_ACCESS_DENIED);
    assert_int_equal(found.refusal, WEBHOOK_REFUSED_MISMATCH);
    /* And a configuration with both is a mistake. */
    assert_int_equal(
        webhook_secrets_add(&secrets, WEBHOOK_SCHEME_STANDARD,
                            "whsec_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", NULL),
        SVC_CONFIGURATION);
}

static enum svc_status sign_all(void) {
    enum svc_status status = webhook_sign_standard(&secrets, "msg_1", SENT_S, body, 7, &made);
    status = status != SVC_OK
                 ? status
                 : webhook_sign_toss(&secrets, WEBHOOK_SIGN_TOSS_TEXT, TOSS_TIME, body, 7, &made);
    status = status != SVC_OK
                 ? status
                 : webhook_sign_standard_public(PRIVATE_KEY, "msg_1", SENT_S, body, 7, &made);
    return status != SVC_OK ? status : verify_entries("v1a," PUBLIC_SIG);
}

static void test_each_allocation_failing(void **state) {
    (void)state;
    take(&secrets, WEBHOOK_SCHEME_STANDARD, PUBLIC_KEY);
    fail_allocations(sign_all, 8);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_signed_verifies),
        TEST(test_every_standard_and_toss_secret_signs),
        TEST(test_the_most_secrets_fit_into_a_header),
        TEST(test_what_no_receiver_accepts_is_not_signed),
        TEST(test_ed25519_by_the_rfcs_vectors),
        TEST(test_an_s_that_is_not_reduced_is_refused),
        TEST(test_v1a_is_signed_and_verified),
        TEST(test_v1a_entries_by_what_keys_there_are),
        TEST(test_a_public_key_is_no_key_for_v1),
        TEST(test_each_allocation_failing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
