/* Counts and latencies of a replay, in memory that does not grow with it. Pure. */
#ifndef WEBHOOK_SEND_STATS_H
#define WEBHOOK_SEND_STATS_H

#include <stdint.h>
#include <stdio.h>

#include "services/base/status.h"

/* Latencies are counted in classes that are at most 1/32 wide of their value. */
#define SEND_STATS_CLASSES  ((32 - 5 + 1) * 32)
#define SEND_STATS_STATUSES 600
#define SEND_STATS_FAILURES 100

struct send_stats {
    uint64_t statuses[SEND_STATS_STATUSES]; /* by HTTP status */
    uint64_t failures[SEND_STATS_FAILURES]; /* by enum svc_status: no response */
    uint64_t classes[SEND_STATS_CLASSES];
    uint64_t responses, max_us;
    uint64_t sent;             /* requests, repetitions included */
    uint64_t accepted;         /* events with a 2xx */
    uint64_t refused;          /* events without one, after all attempts */
    uint64_t retries;          /* requests beyond an event's first */
    uint64_t damaged;          /* damaged copies sent */
    uint64_t damaged_accepted; /* of these with a 2xx: none is right */
    int64_t duration_us;
};

void send_stats_response(struct send_stats *stats, int http_status, uint64_t latency_us);
void send_stats_failure(struct send_stats *stats, enum svc_status status);
/* The latency that `share` (0 to 1) of the responses do not exceed, rounded up to its class; 0
 * without responses. */
uint64_t send_stats_quantile_us(const struct send_stats *stats, double share);

/* As text, or as one line of JSON. */
void send_stats_print(const struct send_stats *stats, FILE *out);
/* false: no memory. */
int send_stats_print_json(const struct send_stats *stats, FILE *out);

#endif
