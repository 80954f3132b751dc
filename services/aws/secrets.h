/* Secrets Manager: GetSecretValue, cached in the client. Errors: as in s3.h; NOT_FOUND. */
#ifndef AWSC_SECRETS_H
#define AWSC_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"

#define AWSC_SECRET_TTL_MS (5 * 60 * 1000)

/* The secret's current string. *value is owned by the client's cache, NUL-terminated, wiped and
 * replaced by the next call for the same name and by awsc_client_destroy: use it at once, copy it
 * never. Up to AWSC_SECRET_TTL_MS old, or fetched now if `refresh` (after the database refused the
 * password). If a fetch fails for a passing reason and the old value is less than an hour old, the
 * old one is given (not with `refresh`).
 * Errors: BAD_RESPONSE if it has no string. */
enum svc_status awsc_secret_get(struct awsc_client *client, const char *name, bool refresh,
                                const char **value, size_t *value_bytes, int64_t deadline_ms,
                                struct awsc_error *error);

#endif
