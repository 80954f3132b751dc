/* The batch driver: see sqs_batch.h. */
#include "lambda/events/sqs_batch.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/json.h"

/* What the driver holds for each record. */
struct slot {
    size_t first;       /* the first record with the same message id; itself in most cases */
    size_t group;       /* the first record of the same message group */
    bool is_failed;     /* reported to the queue */
    bool stopped_group; /* of a group's first record: one of the group failed */
};

struct name {
    const char *text;
    size_t index;
};

static int compare_names(const void *a, const void *b) {
    const struct name *left = a, *right = b;
    const int order = strcmp(left->text, right->text);
    if (order != 0) {
        return order;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static const char *group_of(const struct lev_sqs_record *record) {
    return record->group_id != NULL ? record->group_id : "";
}

/* Sorts, because comparing each record with each other would take seconds for the largest batch. */
static void number_records(const struct lev_sqs_event *event, struct name *names,
                           struct slot *slots) {
    for (size_t i = 0; i < event->count; i++) {
        names[i] = (struct name){event->records[i].message_id, i};
    }
    qsort(names, event->count, sizeof(*names), compare_names);
    for (size_t i = 0; i < event->count; i++) {
        const bool is_same = i > 0 && strcmp(names[i - 1].text, names[i].text) == 0;
        slots[names[i].index].first = is_same ? slots[names[i - 1].index].first : names[i].index;
    }
    for (size_t i = 0; i < event->count; i++) {
        names[i] = (struct name){group_of(&event->records[i]), i};
    }
    qsort(names, event->count, sizeof(*names), compare_names);
    for (size_t i = 0; i < event->count; i++) {
        const bool is_same = i > 0 && strcmp(names[i - 1].text, names[i].text) == 0;
        slots[names[i].index].group = is_same ? slots[names[i - 1].index].group : names[i].index;
    }
}

int64_t lev_min_left_ms(const struct svc_clock *clock, int64_t deadline_ms, int64_t wanted_ms) {
    const int64_t share_ms = svc_remaining_ms(clock, deadline_ms) / LEV_MIN_LEFT_DIVISOR;
    return wanted_ms < share_ms ? wanted_ms : share_ms;
}

bool lev_time_for_next(const struct svc_clock *clock, int64_t deadline_ms, int64_t min_left_ms,
                       size_t taken) {
    const int64_t left_ms = svc_remaining_ms(clock, deadline_ms);
    return left_ms > 0 && (taken == 0 || left_ms >= min_left_ms);
}

static void handle_records(const struct lev_sqs_event *event, const struct lev_sqs_driver *driver,
                           int64_t min_left_ms, struct slot *slots, struct lev_sqs_counts *counts) {
    bool is_stopped = false;
    for (size_t i = 0; i < event->count; i++) {
        const struct lev_sqs_record *record = &event->records[i];
        bool *stopped_group = &slots[slots[i].group].stopped_group;
        if (slots[i].first != i) {
            counts->repeated++;
            continue;
        }
        slots[i].is_failed = true;
        if (record->is_fifo && *stopped_group) {
            counts->blocked++;
            continue;
        }
        is_stopped = is_stopped || !lev_time_for_next(driver->clock, driver->deadline_ms,
                                                      min_left_ms, counts->done + counts->retried);
        if (is_stopped) {
            counts->untouched++;
            continue;
        }
        const enum lev_sqs_result result = driver->handle(driver->user, record);
        is_stopped = result == LEV_SQS_STOP;
        slots[i].is_failed = result != LEV_SQS_DONE;
        *stopped_group = *stopped_group || slots[i].is_failed;
        counts->done += result == LEV_SQS_DONE;
        counts->retried += result == LEV_SQS_RETRY;
        counts->untouched += is_stopped;
    }
}

/* What a text takes at most as a JSON string without its quotes. */
static size_t max_json_bytes(const char *text) {
    size_t size_bytes = 0;
    bool is_plain = true;
    for (; text[size_bytes] != '\0'; size_bytes++) {
        const char c = text[size_bytes];
        is_plain = is_plain && c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
    }
    return is_plain ? size_bytes : strlen("\\u0000") * size_bytes;
}

/* The memory for the longest result: every message failed. */
static enum svc_status reserve_result(const struct lev_sqs_event *event, struct svc_buf *result) {
    size_t size_bytes = strlen("{\"batchItemFailures\":[]}");
    for (size_t i = 0; i < event->count; i++) {
        size_bytes += strlen("{\"itemIdentifier\":\"\"},");
        size_bytes += max_json_bytes(event->records[i].message_id);
    }
    svc_buf_reserve(result, size_bytes);
    return svc_buf_status(result);
}

static enum svc_status write_result(const struct lev_sqs_event *event, const struct slot *slots,
                                    struct svc_buf *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, result);
    svc_json_begin_object(&writer);
    svc_json_name(&writer, "batchItemFailures");
    svc_json_begin_array(&writer);
    for (size_t i = 0; i < event->count; i++) {
        if (slots[i].is_failed) {
            svc_json_begin_object(&writer);
            svc_json_add_text(&writer, "itemIdentifier", event->records[i].message_id);
            svc_json_end_object(&writer);
        }
    }
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer);
}

static void log_counts(const struct lev_sqs_driver *driver, int64_t min_left_ms,
                       const struct lev_sqs_counts *counts, size_t total) {
    if (counts->untouched > 0) {
        svc_log_event(driver->log, SVC_LOG_WARN, "messages are returned to the queue untouched",
                      SVC_INT("count", counts->untouched), SVC_INT("of", total),
                      SVC_INT("minLeftMs", min_left_ms));
    }
    if (counts->blocked > 0) {
        svc_log_event(driver->log, SVC_LOG_WARN,
                      "messages are returned to the queue behind a failure of their group",
                      SVC_INT("count", counts->blocked), SVC_INT("of", total));
    }
}

enum svc_status lev_sqs_run(const struct lev_sqs_event *event, const struct lev_sqs_driver *driver,
                            struct svc_buf *result, struct lev_sqs_counts *counts) {
    const int64_t min_left_ms =
        lev_min_left_ms(driver->clock, driver->deadline_ms, driver->min_left_ms);
    struct lev_sqs_counts own = {0};
    const size_t count = event->count > 0 ? event->count : 1;
    struct slot *slots = calloc(count, sizeof(*slots));
    struct name *names = calloc(count, sizeof(*names));
    enum svc_status status = SVC_NO_MEMORY;
    if (slots != NULL && names != NULL) {
        status = reserve_result(event, result);
    }
    if (status == SVC_OK) {
        number_records(event, names, slots);
        handle_records(event, driver, min_left_ms, slots, &own);
        log_counts(driver, min_left_ms, &own, event->count);
        status = write_result(event, slots, result);
    }
    free(names);
    free(slots);
    if (counts != NULL) {
        *counts = own;
    }
    return status;
}
