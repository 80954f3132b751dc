/* When the certificates of a PEM file end. */
#ifndef SVC_CERTIFICATE_H
#define SVC_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"

/* More certificates in one file are refused: the largest known bundles have some hundreds. */
#define SVC_MAX_CERTIFICATES       ((size_t)2000)
#define SVC_CERTIFICATE_NAME_BYTES 128

struct svc_certificates {
    size_t count;
    int64_t first_end_wall_ms; /* notAfter of the one that ends first */
    char
        first_name[SVC_CERTIFICATE_NAME_BYTES]; /* its subject's common name, printable; "": none */
};

/* Reads all certificates of a PEM text; other kinds of entries and text between them are skipped.
 * Errors: MALFORMED (no certificate, one that cannot be read, a date that is none), TOO_LARGE,
 * NO_MEMORY. */
enum svc_status svc_certificates_read(const void *pem, size_t pem_bytes,
                                      struct svc_certificates *certificates,
                                      struct svc_error *error);

/* Whole days from now until a time, rounded down: 0 in the last 24 hours, negative afterwards. */
int64_t svc_days_until(int64_t end_wall_ms, int64_t now_wall_ms);

#endif
