/* The client: shared by all operations of all services. It holds settings, credentials, endpoints,
 * the retry bucket, the clock skew and the trace id. One for each process, used by one thread at a
 * time; connections are kept as long as it lives.
 *
 * The operations are in s3.h, sqs.h, ses.h, secrets.h, dynamodb.h, lambda.h, codedeploy.h. Each
 * takes the client first and an error last, returns an enum svc_status, and is retried within its
 * deadline (retry.h).
 *
 *   struct awsc_client *client;
 *   struct awsc_client_options options = {0};
 *   awsc_client_create(&options, &client, &error);
 *   awsc_client_begin(client, svc_deadline_at(clock, lambda_deadline_ms - 500), trace_id);
 *   awsc_s3_put(client, &put, &result); */
#ifndef AWSC_CLIENT_H
#define AWSC_CLIENT_H

#include <stdint.h>

#include "services/aws/endpoint.h"
#include "services/aws/error.h"
#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/base/http.h"
#include "services/base/log.h"
#include "services/base/random.h"
#include "services/base/trace.h"

struct awsc_client;

/* All is borrowed for the client's life; every field may be NULL or 0. */
struct awsc_client_options {
    const struct svc_environment *environment; /* NULL: the process's */
    const struct svc_clock *clock;             /* NULL: the system's */
    const struct svc_random *random;           /* NULL: the system's */
    const struct svc_transport *transport;     /* NULL: one of its own */
    const struct svc_log *log;                 /* NULL: silent. A line for each attempt at DEBUG,
                                                  for each retry at WARN */
    struct svc_trace *trace;                   /* NULL: none. A span for each call */
    const char *region;                        /* NULL: as awsc_region finds it */
    int max_attempts;                          /* 0: AWS_MAX_ATTEMPTS, else AWSC_MAX_ATTEMPTS */
};

/* Sends nothing over the network. Errors: CONFIGURATION (region, endpoint, retry settings),
 * NO_MEMORY. */
enum svc_status awsc_client_create(const struct awsc_client_options *options,
                                   struct awsc_client **client, struct awsc_error *error);
void awsc_client_destroy(struct awsc_client *client); /* wipes secrets; NULL is allowed */

/* Begins a piece of work (an invocation). deadline_ms, a monotonic time or SVC_NO_DEADLINE, holds
 * for every call without a deadline of its own; without this call such calls have 60 s. trace_id is
 * copied and sent with every call: the value of _X_AMZN_TRACE_ID, Lineage included; NULL: none. */
void awsc_client_begin(struct awsc_client *client, int64_t deadline_ms, const char *trace_id);

const char *awsc_client_region(const struct awsc_client *client);
/* The one of the options; client NULL: NULL. */
struct svc_trace *awsc_client_trace(const struct awsc_client *client);

/* For tests and metrics. */
struct awsc_client_counts {
    uint64_t attempts, retries, throttled, connections_reused;
    int retry_tokens;
    int64_t skew_ms;
};
struct awsc_client_counts awsc_client_counts(const struct awsc_client *client);

#endif
