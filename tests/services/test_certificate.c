/* When the certificates of a PEM file end. They are made here, by OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "services/base/buf.h"
#include "services/base/certificate.h"
#include "services/base/clock.h"

#define MAX_PEM_BYTES ((size_t)1024 * 1024)
#define DAY_MS        INT64_C(86400000)

static EVP_PKEY *key;

static int make_key(void **state) {
    (void)state;
    key = EVP_EC_gen("P-256");
    return key == NULL;
}

static int free_key(void **state) {
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

/* Appends a certificate that ends at "20301231235959Z" or the like. */
static void append(struct svc_buf *pem, const char *name, const char *end) {
    X509 *certificate = X509_new();
    BIO *out = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    assert_true(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1);
    assert_true(ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20200101000000Z") ==
                1);
    assert_true(ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), end) == 1);
    if (name != NULL) {
        assert_true(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                                               MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                                               0) == 1);
    }
    assert_true(X509_set_pubkey(certificate, key) == 1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    assert_true(PEM_write_bio_X509(out, certificate) == 1);
    const long size = BIO_get_mem_data(out, &bytes);
    assert_true(svc_buf_append(pem, bytes, (size_t)size));
    BIO_free(out);
    X509_free(certificate);
}

static enum svc_status read_pem(const struct svc_buf *pem, struct svc_certificates *found) {
    struct svc_error error = {0};
    const enum svc_status status =
        svc_certificates_read(svc_buf_text(pem), pem->size_bytes, found, &error);
    assert_int_equal(error.status, status);
    assert_true(status == SVC_OK || error.detail[0] != '\0');
    return status;
}

static int64_t at(const char *iso8601) {
    int64_t wall_ms = 0;
    assert_true(svc_parse_iso8601(iso8601, &wall_ms));
    return wall_ms;
}

static void test_the_first_end_is_found_among_several(void **state) {
    (void)state;
    struct svc_certificates found;
    struct svc_buf pem;
    svc_buf_init(&pem, MAX_PEM_BYTES);
    svc_buf_append_text(&pem, "# the region's bundle\n");
    append(&pem, "second", "20610518225809Z");
    append(&pem, "first", "20300101000000Z");
    svc_buf_append_text(&pem, "\nsome text\n");
    append(&pem, "third", "21210518225809Z");
    assert_int_equal(read_pem(&pem, &found), SVC_OK);
    assert_int_equal(found.count, 3);
    assert_string_equal(found.first_name, "first");
    assert_true(found.first_end_wall_ms == at("2030-01-01T00:00:00Z"));
    svc_buf_clear(&pem);
}

/* UTCTime has two digits of the year, GeneralizedTime four. */
static void test_both_kinds_of_times_are_read(void **state) {
    (void)state;
    static const char *const ends[][2] = {{"20491231235959Z", "2049-12-31T23:59:59Z"},
                                          {"20500101000000Z", "2050-01-01T00:00:00Z"},
                                          {"20240229120000Z", "2024-02-29T12:00:00Z"},
                                          {"99991231235959Z", "9999-12-31T23:59:59Z"}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct svc_certificates found;
        struct svc_buf pem;
        svc_buf_init(&pem, MAX_PEM_BYTES);
        append(&pem, NULL, ends[i][0]);
        assert_int_equal(read_pem(&pem, &found), SVC_OK);
        assert_true(found.first_end_wall_ms == at(ends[i][1]));
        assert_string_equal(found.first_name, "");
        svc_buf_clear(&pem);
    }
}

static void test_a_name_is_printable_and_cut(void **state) {
    (void)state;
    struct svc_certificates found;
    struct svc_buf pem;
    svc_buf_init(&pem, MAX_PEM_BYTES);
    append(&pem, "a\nb\xed\x95\x9c", "20300101000000Z");
    assert_int_equal(read_pem(&pem, &found), SVC_OK);
    assert_true(strncmp(found.first_name, "a?b", 3) == 0);
    for (const char *c = found.first_name; *c != '\0'; c++) {
        assert_true(*c >= 0x20 && *c <= 0x7e);
    }
    svc_buf_clear(&pem);
}

static void test_what_is_no_bundle_is_malformed(void **state) {
    (void)state;
    struct svc_certificates found;
    struct svc_buf pem, cut;
    svc_buf_init(&pem, MAX_PEM_BYTES);
    svc_buf_init(&cut, MAX_PEM_BYTES);
    assert_int_equal(read_pem(&pem, &found), SVC_MALFORMED);
    svc_buf_append_text(&pem, "not a certificate\n");
    assert_int_equal(read_pem(&pem, &found), SVC_MALFORMED);
    svc_buf_reset(&pem);
    append(&pem, "one", "20300101000000Z");
    const size_t size = pem.size_bytes;
    append(&pem, "two", "20300101000000Z");
    /* Damaged: a base64 character of the second one, and a cut anywhere in it. */
    svc_buf_append(&cut, svc_buf_text(&pem), pem.size_bytes);
    cut.bytes[size + 60] ^= 0x15;
    assert_int_equal(read_pem(&cut, &found), SVC_MALFORMED);
    for (size_t end = size + 40; end + 30 < pem.size_bytes; end += 7) {
        svc_buf_reset(&cut);
        svc_buf_append(&cut, svc_buf_text(&pem), end);
        assert_int_equal(read_pem(&cut, &found), SVC_MALFORMED);
    }
    /* One after the other. */
    assert_int_equal(read_pem(&pem, &found), SVC_OK);
    assert_int_equal(found.count, 2);
    svc_buf_clear(&pem);
    svc_buf_clear(&cut);
}

static void test_a_flood_of_certificates_is_refused(void **state) {
    (void)state;
    struct svc_certificates found;
    struct svc_buf one, pem;
    svc_buf_init(&one, MAX_PEM_BYTES);
    svc_buf_init(&pem, 4 * MAX_PEM_BYTES);
    append(&one, "one", "20300101000000Z");
    for (size_t i = 0; i < SVC_MAX_CERTIFICATES; i++) {
        svc_buf_append(&pem, svc_buf_text(&one), one.size_bytes);
    }
    assert_int_equal(read_pem(&pem, &found), SVC_OK);
    svc_buf_append(&pem, svc_buf_text(&one), one.size_bytes);
    assert_int_equal(read_pem(&pem, &found), SVC_TOO_LARGE);
    svc_buf_clear(&one);
    svc_buf_clear(&pem);
}

static void test_days_are_rounded_down(void **state) {
    (void)state;
    assert_true(svc_days_until(10 * DAY_MS, 0) == 10);
    assert_true(svc_days_until(10 * DAY_MS - 1, 0) == 9);
    assert_true(svc_days_until(1, 0) == 0);
    assert_true(svc_days_until(0, 0) == 0);
    assert_true(svc_days_until(-1, 0) == -1);
    assert_true(svc_days_until(-DAY_MS, 0) == -1);
    assert_true(svc_days_until(-DAY_MS - 1, 0) == -2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_end_is_found_among_several),
        cmocka_unit_test(test_both_kinds_of_times_are_read),
        cmocka_unit_test(test_a_name_is_printable_and_cut),
        cmocka_unit_test(test_what_is_no_bundle_is_malformed),
        cmocka_unit_test(test_a_flood_of_certificates_is_refused),
        cmocka_unit_test(test_days_are_rounded_down),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
