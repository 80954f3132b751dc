/* Certificates of PEM files: how many there are, and which ends first, against OpenSSL read another
 * way. Days until a moment. */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/base/certificate.h"
#include "services/base/chars.h"

static int64_t end_of(const X509 *certificate) {
    int days = 0, seconds = 0;
    ASN1_TIME *start = ASN1_TIME_set(NULL, 0);
    FUZZ_CHECK(ASN1_TIME_diff(&days, &seconds, start, X509_get0_notAfter(certificate)) == 1,
               "an end that is none was accepted");
    ASN1_TIME_free(start);
    return ((int64_t)days * 86400 + seconds) * 1000;
}

/* The entries as OpenSSL takes the file apart, without knowing what they are. */
static void check_read(const uint8_t *pem, size_t pem_bytes,
                       const struct svc_certificates *certificates) {
    BIO *from = BIO_new_mem_buf(pem, (int)pem_bytes);
    size_t count = 0;
    int64_t first_ms = INT64_MAX;
    char *name = NULL, *header = NULL;
    uint8_t *der = NULL;
    long der_bytes = 0;
    while (PEM_read_bio(from, &name, &header, &der, &der_bytes) == 1) {
        if (!strcmp(name, PEM_STRING_X509) || !strcmp(name, PEM_STRING_X509_OLD) ||
            !strcmp(name, PEM_STRING_X509_TRUSTED)) {
            const uint8_t *at = der;
            X509 *certificate = d2i_X509(NULL, &at, der_bytes);
            FUZZ_CHECK(certificate != NULL, "a certificate that is none was accepted");
            const int64_t end_ms = end_of(certificate);
            first_ms = end_ms < first_ms ? end_ms : first_ms;
            count++;
            X509_free(certificate);
        }
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(from);
    ERR_clear_error();
    FUZZ_CHECK(certificates->count == count && count > 0 && count <= SVC_MAX_CERTIFICATES,
               "%zu certificates, not %zu", certificates->count, count);
    FUZZ_CHECK(certificates->first_end_wall_ms == first_ms, "ends at %lld, not %lld",
               (long long)certificates->first_end_wall_ms, (long long)first_ms);
    FUZZ_CHECK(strlen(certificates->first_name) < SVC_CERTIFICATE_NAME_BYTES &&
                   svc_is_printable(certificates->first_name),
               "the name \"%s\"", certificates->first_name);
}

static void check_days(int64_t end_ms, int64_t now_ms) {
    const int64_t days = svc_days_until(end_ms, now_ms);
    FUZZ_CHECK(days * 86400000 <= end_ms - now_ms && (days + 1) * 86400000 > end_ms - now_ms,
               "%lld days", (long long)days);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct svc_certificates certificates;
    struct svc_error error = {0};
    const uint8_t *pem = (const uint8_t *)(data ? (const char *)data : "");
    struct fuzz_input input = {data, size_bytes};
    const enum svc_status status = svc_certificates_read(pem, size_bytes, &certificates, &error);
    FUZZ_CHECK(status == SVC_OK || status == SVC_MALFORMED, "%s: %s", svc_status_name(status),
               error.detail);
    FUZZ_CHECK(ERR_peek_error() == 0, "an error of OpenSSL is left");
    if (status == SVC_OK)
        check_read(pem, size_bytes, &certificates);
    check_days((int64_t)fuzz_take_u32(&input) * 100, (int64_t)fuzz_take_u32(&input) * 100);
    return 0;
}
