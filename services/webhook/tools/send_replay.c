/* Sends the events of a file: see send_replay.h. */
#include "services/webhook/tools/send_replay.h"

#include <stdlib.h>
#include <time.h>

struct slot {
    struct svc_http_exchange *exchange; /* NULL: free */
    struct send_item item;
    struct send_event event;
    struct send_request request;
    int64_t begin_us;
};

struct run {
    const struct send_replay *replay;
    struct send_stats *stats;
    struct svc_error *error;
    struct send_source source;
    struct slot slots[SEND_MAX_JOBS];
    int active;
    int round;
    uint64_t random; /* for damages */
    int64_t next_us; /* when the rate allows another request */
    bool is_read;    /* the round has no more items */
};

/* Latencies of a local receiver are below svc_clock's millisecond. */
static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool is_accepted(int http_status) {
    return http_status >= 200 && http_status < 300;
}

static bool is_retried(const struct run *run, int http_status) {
    if (run->round >= run->replay->retries) {
        return false;
    }
    return http_status == 0 || http_status >= 500 || http_status == 429 ||
           (run->replay->retry_refused && (http_status == 404 || http_status == 409));
}

/* http_status 0: no response. */
static enum svc_status count_outcome(struct run *run, struct slot *slot, int http_status) {
    struct send_stats *stats = run->stats;
    if (slot->item.is_damaged) {
        stats->damaged++;
        stats->damaged_accepted += is_accepted(http_status);
    } else if (is_accepted(http_status)) {
        stats->accepted++;
    } else if (is_retried(run, http_status)) {
        return send_source_again(&run->source, &slot->item)
                   ? SVC_OK
                   : svc_fail(run->error, SVC_NO_MEMORY, "no memory for events to send again");
    } else {
        stats->refused++;
    }
    return SVC_OK;
}

static void release(struct run *run, struct slot *slot) {
    run->replay->transport->close(run->replay->transport->self, slot->exchange);
    slot->exchange = NULL;
    send_event_clear(&slot->event);
    run->active--;
}

static enum svc_status finish(struct run *run, struct slot *slot) {
    const struct svc_http_exchange *exchange = slot->exchange;
    int http_status = 0;
    if (exchange->status == SVC_OK) {
        http_status = exchange->http_status;
        send_stats_response(run->stats, http_status, (uint64_t)(now_us() - slot->begin_us));
    } else {
        send_stats_failure(run->stats, exchange->status);
    }
    const enum svc_status status = count_outcome(run, slot, http_status);
    release(run, slot);
    return status;
}

static enum svc_status start(struct run *run, struct slot *slot, const struct send_item *item) {
    const struct send_replay *replay = run->replay;
    const uint64_t random = send_random(&run->random);
    const enum send_damage damage =
        item->is_damaged ? (enum send_damage)(1 + random % (SEND_DAMAGES - 1)) : SEND_WHOLE;
    send_event_init(&slot->event, replay->scheme);
    enum svc_status status = send_event_parse(
        svc_buf_text(&run->source.line), run->source.line.size_bytes, &slot->event, run->error);
    if (status == SVC_OK) {
        status = send_request_make(replay->base_url, &slot->event, replay->secrets,
                                   svc_wall_ms(replay->clock) + replay->time_offset_ms, damage,
                                   random >> 8, &slot->request, run->error);
    }
    if (status == SVC_OK) {
        slot->item = *item;
        slot->request.http.deadline_ms = svc_deadline_in(replay->clock, replay->timeout_ms);
        slot->begin_us = now_us();
        status =
            replay->transport->start(replay->transport->self, &slot->request.http, &slot->exchange);
        if (status != SVC_OK) {
            svc_fail(run->error, status, "no request can be made: is the URL right?");
        }
    }
    if (status != SVC_OK) {
        send_event_clear(&slot->event);
        slot->exchange = NULL;
        return status;
    }
    run->active++;
    run->stats->sent++;
    run->stats->retries += run->round > 0;
    return SVC_OK;
}

/* Fills the free slots as far as the rate allows. */
static enum svc_status fill(struct run *run) {
    const struct send_replay *replay = run->replay;
    for (int i = 0; i < replay->jobs && !run->is_read; i++) {
        struct slot *slot = &run->slots[i];
        struct send_item item;
        enum svc_status status = SVC_OK;
        if (slot->exchange != NULL) {
            continue;
        }
        if (replay->rate > 0 && now_us() < run->next_us) {
            break;
        }
        if (!send_source_next(&run->source, &item, &status, run->error)) {
            run->is_read = true;
            return status;
        }
        run->next_us += replay->rate > 0 ? (int64_t)(1e6 / replay->rate) : 0;
        status = start(run, slot, &item);
        if (status != SVC_OK) {
            return status;
        }
    }
    return SVC_OK;
}

static enum svc_status run_round(struct run *run) {
    const struct svc_transport *transport = run->replay->transport;
    run->is_read = false;
    for (;;) {
        enum svc_status status = fill(run);
        if (status != SVC_OK || (run->is_read && run->active == 0)) {
            return status;
        }
        const int64_t now_ms = svc_monotonic_ms(run->replay->clock);
        const int64_t wait_ms =
            run->replay->rate > 0 ? (run->next_us - now_us() + 999) / 1000 : 1000;
        status = transport->poll(transport->self, now_ms + (wait_ms > 0 ? wait_ms : 1));
        for (int i = 0; i < run->replay->jobs && status == SVC_OK; i++) {
            struct slot *slot = &run->slots[i];
            if (slot->exchange != NULL && slot->exchange->state == SVC_HTTP_DONE) {
                status = finish(run, slot);
            }
        }
        if (status != SVC_OK) {
            return status;
        }
    }
}

enum svc_status send_replay_run(const struct send_replay *replay, FILE *file,
                                struct send_stats *stats, struct svc_error *error) {
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory for the requests");
    }
    *stats = (struct send_stats){0};
    run->replay = replay;
    run->stats = stats;
    run->error = error;
    run->random = replay->source.seed ^ UINT64_C(0x5bf03635);
    enum svc_status status = send_source_open(file, &replay->source, &run->source, error);
    const int64_t begin_us = run->next_us = now_us();
    if (status == SVC_OK) {
        status = run_round(run);
    }
    while (status == SVC_OK && run->round < replay->retries &&
           send_source_next_round(&run->source)) {
        run->round++;
        svc_sleep_ms(replay->clock, replay->retry_delay_ms);
        run->next_us = now_us();
        status = run_round(run);
    }
    stats->duration_us = now_us() - begin_us;
    for (int i = 0; i < SEND_MAX_JOBS; i++) {
        if (run->slots[i].exchange != NULL) {
            release(run, &run->slots[i]);
        }
    }
    send_source_close(&run->source);
    free(run);
    return status;
}
