/* The client's fields, shared by the modules that make calls with it. Only files of services/aws
 * include this. */
#ifndef AWSC_CLIENT_INTERNAL_H
#define AWSC_CLIENT_INTERNAL_H

#include "services/aws/client.h"
#include "services/aws/credentials.h"
#include "services/aws/retry.h"

struct awsc_secret; /* secrets.c */

struct awsc_client {
    const struct svc_environment *environment;
    const struct svc_clock *clock;
    const struct svc_random *random;
    const struct svc_transport *transport;
    struct svc_transport *own_transport; /* NULL: the caller gave one */
    const struct svc_log *log;
    struct svc_trace *trace;
    char region[AWSC_MAX_REGION_BYTES + 1];
    struct awsc_endpoint endpoints[AWSC_SERVICES];
    struct awsc_provider *provider;
    struct awsc_retry_bucket bucket;
    int max_attempts;
    int64_t deadline_ms; /* of calls without their own; 0: none was set */
    char trace_id[1024];
    struct awsc_client_counts counts;
    char s3_owner[13]; /* of every bucket; "": not stated */
    /* The cache of secrets.c, which sets `clear_secrets` when it puts something there. */
    struct awsc_secret *secrets[AWSC_MAX_SECRETS_CACHED];
    void (*clear_secrets)(struct awsc_client *client);
};

#endif
