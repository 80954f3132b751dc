/* Sends the events of a file, several requests at a time over connections that are kept, all of one
 * thread. */
#ifndef WEBHOOK_SEND_REPLAY_H
#define WEBHOOK_SEND_REPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "services/base/http.h"
#include "services/webhook/tools/send_event.h"
#include "services/webhook/tools/send_source.h"
#include "services/webhook/tools/send_stats.h"

#define SEND_MAX_JOBS 16 /* SVC_MAX_CONNECTIONS_KEPT */

struct send_replay {
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    const struct send_secrets *secrets;
    const char *base_url;
    enum send_scheme scheme; /* of events that state none */
    int64_t time_offset_ms;  /* added to now for the signatures */
    struct send_source_options source;
    int jobs;
    double rate;        /* requests a second at most; 0: any */
    int retries;        /* rounds after the first for what fails: 5xx, 429, no response */
    bool retry_refused; /* and 404, 409 */
    int retry_delay_ms; /* between two rounds */
    int timeout_ms;     /* of a request */
};

/* Errors: MALFORMED (an event), CONFIGURATION (no secret), those of send_source_open. */
enum svc_status send_replay_run(const struct send_replay *replay, FILE *file,
                                struct send_stats *stats, struct svc_error *error);

#endif
