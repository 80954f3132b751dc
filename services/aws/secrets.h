/* Secrets Manager: GetSecretValue, cached in the client. Errors: as in s3.h; NOT_FOUND: no such
 * secret, or no version with that stage. */
#ifndef AWSC_SECRETS_H
#define AWSC_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/buf.h"

/* How old a cached value may be: without a request, and if the request for a new one fails. */
#define AWSC_SECRET_TTL_MS   (5 * 60 * 1000)
#define AWSC_SECRET_STALE_MS (60 * 60 * 1000)

/* The stages that a rotation moves from version to version. */
#define AWSC_SECRET_CURRENT  "AWSCURRENT"
#define AWSC_SECRET_PREVIOUS "AWSPREVIOUS"
#define AWSC_SECRET_PENDING  "AWSPENDING"

struct awsc_secret_get {
    const char *name;  /* or ARN */
    const char *stage; /* NULL: AWSC_SECRET_CURRENT */
    /* Fetches the secret whatever is cached, and never returns an older value: for use after the
     * database refused the password. */
    bool refresh;
    int64_t deadline_ms; /* 0: the client's */
};

/* Appends the string of a secret to `value`, which belongs to the caller: made with
 *   svc_buf_init(&value, AWSC_MAX_SECRET_VALUE_BYTES)
 * and given back with svc_buf_wipe. No later call changes it.
 *
 * Each pair of name and stage is an entry of the cache, up to AWSC_MAX_SECRETS_CACHED; one more
 * replaces the least recently used. If a request fails for a transient reason, a value no older
 * than AWSC_SECRET_STALE_MS is returned, with OK and no error. Values that leave the cache are
 * wiped, as all are by awsc_client_destroy.
 * Errors: BAD_RESPONSE if the secret has no string. */
enum svc_status awsc_secret_get(struct awsc_client *client, const struct awsc_secret_get *get,
                                struct svc_buf *value, struct awsc_error *error);

#endif
