/* Credentials, from the first of these sources that has any, in the order of the AWS SDKs:
 *
 *   environment   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (what Lambda sets)
 *   profile       AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE (else ~/.aws/...), AWS_PROFILE
 *   container     AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, with
 *                 AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. A FULL_URI by plain http only
 *                 to a loopback address or the link-local ones of container agents
 *
 * Credentials that expire are fetched again 5 minutes before. If that fails, the old ones are used
 * until they expire; then NO_CREDENTIALS. */
#ifndef AWSC_CREDENTIALS_H
#define AWSC_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/error.h"
#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/base/http.h"
#include "services/base/limits.h"

#define AWSC_NEVER_EXPIRES INT64_MAX

struct awsc_credentials {
    char access_key_id[AWSC_MAX_KEY_ID_BYTES + 1];
    char secret_access_key[AWSC_MAX_SECRET_BYTES + 1];
    char session_token[AWSC_MAX_SESSION_TOKEN_BYTES + 1]; /* "": none */
    int64_t expires_wall_ms;                              /* or AWSC_NEVER_EXPIRES */
};
void awsc_credentials_wipe(struct awsc_credentials *credentials);

struct awsc_provider;

/* All arguments are borrowed for the provider's life. Reads nothing yet. Errors: NO_MEMORY. */
enum svc_status awsc_provider_create(const struct svc_environment *environment,
                                     const struct svc_clock *clock,
                                     const struct svc_transport *transport,
                                     struct awsc_provider **provider);
void awsc_provider_destroy(struct awsc_provider *provider); /* wipes; NULL is allowed */

/* *credentials is valid until the next call with the provider; never keep a copy. Errors:
 * NO_CREDENTIALS (none set, unreadable, too long, expired; the detail states which), NO_MEMORY,
 * DEADLINE and the statuses of HTTP (container). */
enum svc_status awsc_provider_get(struct awsc_provider *provider, int64_t deadline_ms,
                                  const struct awsc_credentials **credentials,
                                  struct svc_error *error);
/* The version of the present credentials: how often they were fetched. */
uint64_t awsc_provider_version(const struct awsc_provider *provider);
/* The service called the credentials of this version expired: the next get fetches new ones, unless
 * that has happened since. */
void awsc_provider_expire(struct awsc_provider *provider, uint64_t version);
/* Whether the present credentials expire, so that their source can give new ones. */
bool awsc_provider_is_refreshable(const struct awsc_provider *provider);

/* Whether a text contains the secret key, or the start of the session token, of the present
 * credentials: such a text must not be logged. */
bool awsc_provider_has_in(const struct awsc_provider *provider, const char *text);

#endif
