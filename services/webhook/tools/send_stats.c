/* Counts and latencies of a replay: see send_stats.h. */
#include "services/webhook/tools/send_stats.h"

#include <inttypes.h>

#include "services/base/json.h"

enum { BITS = 5, WIDTH = 1 << BITS, JSON_BYTES = 64 * 1024 };

/* Classes 0 to 31 are one microsecond wide, each 32 that follow twice as wide as those before. */
static size_t class_of(uint64_t us) {
    unsigned shift = 0;
    while ((us >> shift) >= 2 * WIDTH) {
        shift++;
    }
    const size_t class = shift * WIDTH + (size_t)(us >> shift);
    return class < SEND_STATS_CLASSES ? class : SEND_STATS_CLASSES - 1;
}

/* The largest latency of a class. */
static uint64_t end_of(size_t class) {
    if (class < 2 * WIDTH) {
        return class;
    }
    const unsigned shift = (unsigned)(class / WIDTH - 1);
    return (((uint64_t)(class % WIDTH) + WIDTH + 1) << shift) - 1;
}

void send_stats_response(struct send_stats *stats, int http_status, uint64_t latency_us) {
    if (http_status >= 0 && http_status < SEND_STATS_STATUSES) {
        stats->statuses[http_status]++;
    }
    stats->classes[class_of(latency_us)]++;
    stats->responses++;
    stats->max_us = latency_us > stats->max_us ? latency_us : stats->max_us;
}

void send_stats_failure(struct send_stats *stats, enum svc_status status) {
    if ((unsigned)status < SEND_STATS_FAILURES) {
        stats->failures[status]++;
    }
}

uint64_t send_stats_quantile_us(const struct send_stats *stats, double share) {
    const double wanted = share * (double)stats->responses;
    uint64_t seen = 0;
    for (size_t i = 0; i < SEND_STATS_CLASSES && stats->responses > 0; i++) {
        seen += stats->classes[i];
        if (seen > 0 && (double)seen >= wanted) {
            const uint64_t end = end_of(i);
            return end < stats->max_us ? end : stats->max_us;
        }
    }
    return 0;
}

static double rate_of(const struct send_stats *stats) {
    return stats->duration_us > 0 ? (double)stats->sent * 1e6 / (double)stats->duration_us : 0;
}

void send_stats_print(const struct send_stats *stats, FILE *out) {
    fprintf(out,
            "%" PRIu64 " events accepted, %" PRIu64 " not; %" PRIu64 " requests in %.2f s, %.0f/s, "
            "%" PRIu64 " of them retries\n",
            stats->accepted, stats->refused, stats->sent, (double)stats->duration_us / 1e6,
            rate_of(stats), stats->retries);
    for (int i = 0; i < SEND_STATS_STATUSES; i++) {
        if (stats->statuses[i] > 0) {
            fprintf(out, "  %d: %" PRIu64 "\n", i, stats->statuses[i]);
        }
    }
    for (int i = 0; i < SEND_STATS_FAILURES; i++) {
        if (stats->failures[i] > 0) {
            fprintf(out, "  %s: %" PRIu64 "\n", svc_status_name((enum svc_status)i),
                    stats->failures[i]);
        }
    }
    if (stats->damaged > 0) {
        fprintf(out, "damaged copies: %" PRIu64 ", accepted %" PRIu64 "\n", stats->damaged,
                stats->damaged_accepted);
    }
    fprintf(out, "latency ms: p50 %.2f, p99 %.2f, max %.2f\n",
            (double)send_stats_quantile_us(stats, 0.5) / 1e3,
            (double)send_stats_quantile_us(stats, 0.99) / 1e3, (double)stats->max_us / 1e3);
}

static void add_ms(struct svc_json_writer *writer, const char *name, uint64_t us) {
    svc_json_name(writer, name);
    svc_json_put_double(writer, (double)us / 1e3);
}

static void add_count(struct svc_json_writer *writer, const char *name, uint64_t count) {
    svc_json_add_int(writer, name, (int64_t)count);
}

static void add_outcomes(struct svc_json_writer *writer, const struct send_stats *stats) {
    char name[16];
    svc_json_name(writer, "statuses");
    svc_json_begin_object(writer);
    for (int i = 0; i < SEND_STATS_STATUSES; i++) {
        if (stats->statuses[i] > 0) {
            snprintf(name, sizeof(name), "%d", i);
            add_count(writer, name, stats->statuses[i]);
        }
    }
    svc_json_end_object(writer);
    svc_json_name(writer, "failures");
    svc_json_begin_object(writer);
    for (int i = 0; i < SEND_STATS_FAILURES; i++) {
        if (stats->failures[i] > 0) {
            add_count(writer, svc_status_name((enum svc_status)i), stats->failures[i]);
        }
    }
    svc_json_end_object(writer);
}

int send_stats_print_json(const struct send_stats *stats, FILE *out) {
    struct svc_buf text;
    struct svc_json_writer writer;
    svc_buf_init(&text, JSON_BYTES);
    svc_json_writer_init(&writer, &text);
    svc_json_begin_object(&writer);
    add_count(&writer, "accepted", stats->accepted);
    add_count(&writer, "refused", stats->refused);
    add_count(&writer, "requests", stats->sent);
    add_count(&writer, "retries", stats->retries);
    add_count(&writer, "damaged", stats->damaged);
    add_count(&writer, "damagedAccepted", stats->damaged_accepted);
    add_outcomes(&writer, stats);
    add_ms(&writer, "durationMs", (uint64_t)stats->duration_us);
    svc_json_name(&writer, "requestsPerSecond");
    svc_json_put_double(&writer, rate_of(stats));
    svc_json_name(&writer, "latencyMs");
    svc_json_begin_object(&writer);
    add_ms(&writer, "p50", send_stats_quantile_us(stats, 0.5));
    add_ms(&writer, "p99", send_stats_quantile_us(stats, 0.99));
    add_ms(&writer, "max", stats->max_us);
    svc_json_end_object(&writer);
    svc_json_end_object(&writer);
    const int is_done = svc_json_writer_status(&writer) == SVC_OK;
    if (is_done) {
        fprintf(out, "%s\n", svc_buf_text(&text));
    }
    svc_buf_clear(&text);
    return is_done;
}
