/* Secrets of webhooks: which are taken and refused, how many, what is left of them; and a run of
 * requests signed by Python. */
#define _DEFAULT_SOURCE /* strsep */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/chars.h"
#include "tests/services/support.h"
#include "tests/services/webhook_secrets_support.h"

#define HEX    TOSS_KEY /* a hash of its form */
#define BASE64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define KEY_OF_65_BYTES                                                                            \
    "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                           \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* The platform's key is its text alone, also where it looks like hex. */
static void test_only_toss_has_a_key_of_hex(void **state) {
    (void)state;
    webhook_secrets_clear(&secrets);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, "00ff", NULL), SVC_OK);
    assert_int_equal(secrets.schemes[WEBHOOK_SCHEME_PLATFORM].count, 1);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_TOSS, "00ff", NULL), SVC_OK);
    assert_int_equal(secrets.schemes[WEBHOOK_SCHEME_TOSS].count, 2);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_TOSS, "00f", NULL), SVC_OK);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_TOSS, "00fg", NULL), SVC_OK);
    assert_int_equal(secrets.schemes[WEBHOOK_SCHEME_TOSS].count, 4);
}

static void test_secrets_that_are_refused(void **state) {
    (void)state;
    static const struct {
        enum webhook_scheme scheme;
        const char *text;
    } bad[] = {
        {WEBHOOK_SCHEME_PLATFORM, NULL},
        {WEBHOOK_SCHEME_PLATFORM, ""},
        {WEBHOOK_SCHEME_PLATFORM, " "},
        {WEBHOOK_SCHEME_PLATFORM, "canary\n"},
        {WEBHOOK_SCHEME_PLATFORM, " canary"},
        {WEBHOOK_SCHEME_PLATFORM, "canary "},
        {WEBHOOK_SCHEME_PLATFORM, "cana\x01ry"},
        {WEBHOOK_SCHEME_PLATFORM, "canary\xff"},
        {WEBHOOK_SCHEME_PLATFORM, SECRET_ONE},
        {WEBHOOK_SCHEME_TOSS, ""},
        {WEBHOOK_SCHEME_TOSS, TOSS_KEY},
        {WEBHOOK_SCHEME_STANDARD, ""},
        {WEBHOOK_SCHEME_STANDARD, "whsec_"},
        {WEBHOOK_SCHEME_STANDARD, "whsec_canary"},
        {WEBHOOK_SCHEME_STANDARD, STANDARD_KEY},
        {WEBHOOK_SCHEME_STANDARD, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {WEBHOOK_SCHEME_STANDARD, "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY="}, /* 23 bytes */
        {WEBHOOK_SCHEME_STANDARD, "whpk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"},
        {WEBHOOK_SCHEME_STANDARD, KEY_OF_65_BYTES},
    };
    const struct webhook_secrets before = secrets;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct svc_error error;
        assert_int_equal(webhook_secrets_add(&secrets, bad[i].scheme, bad[i].text, &error),
                         SVC_CONFIGURATION);
        assert_memory_equal(&secrets, &before, sizeof(before));
        assert_true(error.detail[0] != '\0');
        assert_null(strstr(error.detail, "canary"));
    }
    char text[WEBHOOK_MAX_SECRET_BYTES + 2];
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, text, NULL),
                     SVC_CONFIGURATION);
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEMES, "x", NULL),
                     SVC_INVALID_ARGUMENT);
    text[sizeof(text) - 2] = '\0';
    assert_int_equal(webhook_secrets_add(&secrets, WEBHOOK_SCHEME_PLATFORM, text, NULL), SVC_OK);
}

static void test_the_number_of_secrets_is_bounded(void **state) {
    (void)state;
    for (int scheme = WEBHOOK_SCHEME_PLATFORM; scheme < WEBHOOK_SCHEMES; scheme++) {
        for (size_t i = 1; i <= WEBHOOK_MAX_SECRETS; i++) {
            char text[100];
            snprintf(text, sizeof(text),
                     scheme == WEBHOOK_SCHEME_STANDARD ? "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY%zu"
                                                       : "00%zu0",
                     i);
            assert_int_equal(webhook_secrets_add(&secrets, (enum webhook_scheme)scheme, text, NULL),
                             i < WEBHOOK_MAX_SECRETS ? SVC_OK : SVC_CONFIGURATION);
        }
    }
}

static void test_no_secret_no_start_and_none_stays_in_memory(void **state) {
    (void)state;
    static const struct webhook_secrets none;
    struct svc_error error;
    assert_int_equal(webhook_secrets_check(&secrets, &error), SVC_OK);
    webhook_secrets_clear(&secrets);
    assert_memory_equal(&secrets, &none, sizeof(none));
    assert_int_equal(webhook_secrets_check(&secrets, &error), SVC_CONFIGURATION);
    for (int scheme = WEBHOOK_SCHEME_PLATFORM; scheme < WEBHOOK_SCHEMES; scheme++) {
        const struct webhook_headers sent = {
            .platform_signature = scheme == WEBHOOK_SCHEME_PLATFORM ? HEX : NULL,
            .standard_signature = scheme == WEBHOOK_SCHEME_STANDARD ? "v1," BASE64 : NULL,
            .toss_signature = scheme == WEBHOOK_SCHEME_TOSS ? "v1:" BASE64 : NULL};
        assert_int_equal(webhook_verify(&secrets, &sent, "{}", 2, 0, &found), SVC_ACCESS_DENIED);
        assert_int_equal(found.refusal, WEBHOOK_REFUSED_NO_SECRET);
    }
}

/* ---------------------------------------------------------------------- the reference */

static size_t unhex(const char *hex, uint8_t *out) {
    const size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(svc_hex_digit(hex[2 * i]) * 16 + svc_hex_digit(hex[2 * i + 1]));
    }
    return size;
}

static bool run_reference(char *line) {
    static uint8_t content[4096];
    char *part[8], *rest = line;
    for (size_t i = 0; i < COUNT(part); i++) {
        part[i] = strsep(&rest, "\t\n");
        assert_non_null(part[i]);
    }
    const enum webhook_scheme scheme = strcmp(part[0], "platform") == 0   ? WEBHOOK_SCHEME_PLATFORM
                                       : strcmp(part[0], "standard") == 0 ? WEBHOOK_SCHEME_STANDARD
                                                                          : WEBHOOK_SCHEME_TOSS;
    struct webhook_headers headers = {0};
    if (scheme == WEBHOOK_SCHEME_PLATFORM) {
        headers.platform_signature = part[5];
    } else if (scheme == WEBHOOK_SCHEME_STANDARD) {
        headers = (struct webhook_headers){
            .standard_id = part[3], .standard_timestamp = part[4], .standard_signature = part[5]};
    } else {
        headers = (struct webhook_headers){.toss_signature = part[5], .toss_time = part[4]};
    }
    webhook_secrets_clear(&secrets);
    assert_int_equal(webhook_secrets_add(&secrets, scheme, part[1], NULL), SVC_OK);
    const size_t size = unhex(part[2], content);
    const enum svc_status status = webhook_verify(
        &secrets, &headers, content, size, (int64_t)strtoll(part[7], NULL, 10) * 1000, &found);
    const bool is_good = strcmp(part[6], "ok") == 0;
    if (status != (is_good ? SVC_OK : SVC_ACCESS_DENIED) ||
        (!is_good && found.refusal != WEBHOOK_REFUSED_MISMATCH &&
         found.refusal != WEBHOOK_REFUSED_TIMESTAMP)) {
        fail_msg("%s %s: %s, %s", part[0], part[3], svc_status_name(status),
                 webhook_refusal_name(found.refusal));
    }
    return is_good;
}

static void test_requests_signed_by_python(void **state) {
    (void)state;
    static char line[16384];
    char command[256];
    size_t good = 0, bad = 0;
    snprintf(command, sizeof(command), "%s tests/webhook/signatures.py 20261128 300",
             test_python());
    FILE *from = popen(command, "r");
    assert_non_null(from);
    while (fgets(line, sizeof(line), from) != NULL) {
        *(run_reference(line) ? &good : &bad) += 1;
    }
    assert_int_equal(pclose(from), 0);
    assert_int_equal(good + bad, 300);
    assert_true(good >= 100 && bad >= 60);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_only_toss_has_a_key_of_hex),
        TEST(test_secrets_that_are_refused),
        TEST(test_the_number_of_secrets_is_bounded),
        TEST(test_no_secret_no_start_and_none_stays_in_memory),
        TEST(test_requests_signed_by_python),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
