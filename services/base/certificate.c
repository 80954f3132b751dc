/* Certificates of PEM files: see certificate.h. */
#include "services/base/certificate.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "services/base/clock.h"
#include "services/base/text.h"

#define MS_PER_DAY INT64_C(86400000)

/* ASN.1's times have four digits of the year at most. */
static bool read_time(const ASN1_TIME *from, int64_t *wall_ms) {
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(from, &tm) != 1) {
        return false;
    }
    const struct svc_date date = {
        .year = tm.tm_year + 1900,
        .month = tm.tm_mon + 1,
        .day = tm.tm_mday,
        .hour = tm.tm_hour,
        .minute = tm.tm_min,
        .second = tm.tm_sec,
    };
    *wall_ms = svc_date_to_ms(&date);
    return true;
}

static void copy_name(X509 *certificate, char name[SVC_CERTIFICATE_NAME_BYTES]) {
    const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               name, SVC_CERTIFICATE_NAME_BYTES);
    if (size < 0) {
        name[0] = '\0';
    }
    for (char *c = name; *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            *c = '?';
        }
    }
}

static enum svc_status take(X509 *certificate, struct svc_certificates *certificates,
                            struct svc_error *error) {
    int64_t end_ms = 0;
    if (certificates->count == SVC_MAX_CERTIFICATES) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu certificates", SVC_MAX_CERTIFICATES);
    }
    if (!read_time(X509_get0_notAfter(certificate), &end_ms)) {
        return svc_fail(error, SVC_MALFORMED, "certificate %zu has no valid end",
                        certificates->count + 1);
    }
    if (certificates->count == 0 || end_ms < certificates->first_end_wall_ms) {
        certificates->first_end_wall_ms = end_ms;
        copy_name(certificate, certificates->first_name);
    }
    certificates->count++;
    return SVC_OK;
}

/* After the last one OpenSSL reports PEM_R_NO_START_LINE; anything else is a damaged entry. */
static enum svc_status end_of_list(const struct svc_certificates *certificates,
                                   struct svc_error *error) {
    const unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
        return svc_fail(error, SVC_MALFORMED, "certificate %zu cannot be read",
                        certificates->count + 1);
    }
    return certificates->count > 0 ? SVC_OK
                                   : svc_fail(error, SVC_MALFORMED, "there is no certificate");
}

enum svc_status svc_certificates_read(const void *pem, size_t pem_bytes,
                                      struct svc_certificates *certificates,
                                      struct svc_error *error) {
    memset(certificates, 0, sizeof(*certificates));
    if (pem_bytes > INT_MAX) {
        return svc_fail(error, SVC_TOO_LARGE, "%s", svc_status_message(SVC_TOO_LARGE));
    }
    BIO *from = BIO_new_mem_buf(pem, (int)pem_bytes);
    if (from == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    enum svc_status status = SVC_OK;
    ERR_clear_error();
    while (status == SVC_OK) {
        X509 *certificate = PEM_read_bio_X509(from, NULL, NULL, NULL);
        if (certificate == NULL) {
            status = end_of_list(certificates, error);
            break;
        }
        status = take(certificate, certificates, error);
        X509_free(certificate);
    }
    ERR_clear_error();
    BIO_free(from);
    return status;
}

int64_t svc_days_until(int64_t end_wall_ms, int64_t now_wall_ms) {
    const int64_t left_ms = end_wall_ms - now_wall_ms;
    return left_ms / MS_PER_DAY - (left_ms % MS_PER_DAY < 0);
}
