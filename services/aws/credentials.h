/* Credentials, from the first of these that has any, as the AWS SDKs look for them:
 *
 *   environment   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (what Lambda sets)
 *   profile       AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE (else ~/.aws/...), AWS_PROFILE
 *   container     AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, with
 *                 AWS_CONTAINER_AUTHORIZATION_TOKEN or _TOKEN_FILE. A FULL_URI by plain http only
 *                 to a loopback address or the container agents' link-local ones
 *
 * Those that expire are fetched again 5 minutes before; within that time a failed refresh still
 * gives the old ones, after it NO_CREDENTIALS. */
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

/* All is borrowed for the provider's life. Nothing is read yet. Errors: NO_MEMORY. */
enum svc_status awsc_provider_create(const struct svc_environment *environment,
                                     const struct svc_clock *clock,
                                     const struct svc_transport *transport,
                                     struct awsc_provider **provider);
void awsc_provider_destroy(struct awsc_provider *provider); /* wipes; NULL is allowed */

/* *credentials lives in the provider until the next call with it; never copy it where it stays.
 * Errors: NO_CREDENTIALS (none set, unreadable, expired; the detail says what was tried),
 * DEADLINE and the statuses of HTTP (container). */
enum svc_status awsc_provider_get(struct awsc_provider *provider, int64_t deadline_ms,
                                  const struct awsc_credentials **credentials,
                                  struct svc_error *error);
/* How often credentials were fetched: those at hand are of this version. */
uint64_t awsc_provider_version(const struct awsc_provider *provider);
/* The service called those of this version expired: the next get fetches them anew. Nothing happens
 * if they were fetched anew since. */
void awsc_provider_expire(struct awsc_provider *provider, uint64_t version);
/* Whether those at hand have an end: a source that gives such gives new ones. */
bool awsc_provider_is_refreshable(const struct awsc_provider *provider);

/* Whether a text holds the secret key, or the start of the session token, of the credentials at
 * hand: such a text goes into no log. */
bool awsc_provider_has_in(const struct awsc_provider *provider, const char *text);

#endif
