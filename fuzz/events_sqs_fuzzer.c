/* Events of SQS: the messages of the document; and the batch driver with a handler, a clock and a
 * deadline from the input against a model of its rules: its result names exactly the messages that
 * must come again, each once. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "lambda/events/sqs_batch.h"
#include "services/base/text.h"

struct world {
    struct svc_clock clock;
    int64_t now_ms;
    struct fuzz_input choices;
    const struct lev_sqs_event *event;
    size_t calls[512]; /* which records were handled, in this order */
    enum lev_sqs_result results[512];
    int64_t times_ms[512]; /* when each returned */
    size_t call_count;
};

static int64_t now_ms(void *user) {
    return ((const struct world *)user)->now_ms;
}

static enum lev_sqs_result handle(void *user, const struct lev_sqs_record *record) {
    struct world *world = user;
    const uint8_t choice = fuzz_take_u8(&world->choices);
    const enum lev_sqs_result result = choice % 8 < 5    ? LEV_SQS_DONE
                                       : choice % 8 == 7 ? LEV_SQS_STOP
                                                         : LEV_SQS_RETRY;
    world->now_ms += choice / 8 * 10;
    world->calls[world->call_count] = (size_t)(record - world->event->records);
    world->times_ms[world->call_count] = world->now_ms;
    world->results[world->call_count++] = result;
    return result;
}

/* The rules of sqs_batch.h, once more: which records are handled and which come again. */
static void check_driven(const struct lev_sqs_event *event, const struct world *world,
                         int64_t deadline_ms, int64_t min_left_ms, bool *comes_again) {
    bool is_stopped = false;
    size_t call = 0, taken = 0;
    int64_t now = 0;
    for (size_t i = 0; i < event->count; i++) {
        bool is_repeated = false, is_blocked = false;
        for (size_t k = 0; k < i; k++) {
            const char *group = event->records[i].group_id, *other = event->records[k].group_id;
            is_repeated |= !strcmp(event->records[k].message_id, event->records[i].message_id);
            is_blocked |= event->records[i].is_fifo && comes_again[k] &&
                          !strcmp(group ? group : "", other ? other : "");
        }
        comes_again[i] = false;
        if (is_repeated)
            continue;
        comes_again[i] = true;
        is_stopped =
            is_stopped ||
            (!is_blocked && (now >= deadline_ms || (taken > 0 && deadline_ms - now < min_left_ms)));
        if (is_blocked || is_stopped)
            continue;
        FUZZ_CHECK(call < world->call_count && world->calls[call] == i, "record %zu is not handled",
                   i);
        comes_again[i] = world->results[call] != LEV_SQS_DONE;
        is_stopped = world->results[call] == LEV_SQS_STOP;
        taken += !is_stopped;
        now = world->times_ms[call++];
    }
    FUZZ_CHECK(call == world->call_count, "%zu records are handled, not %zu", world->call_count,
               call);
}

static void check_result(const struct lev_sqs_event *event, const struct svc_buf *text,
                         const bool *comes_again) {
    struct svc_json *result = NULL;
    FUZZ_CHECK(svc_json_parse(text->bytes, text->size_bytes, 0, &result, NULL) == SVC_OK,
               "the result is no document");
    const struct svc_json *failures = svc_json_get(result, "batchItemFailures");
    size_t next = 0;
    FUZZ_CHECK(svc_json_type(failures) == SVC_JSON_ARRAY, "no list");
    for (size_t i = 0; i < event->count; i++) {
        if (!comes_again[i])
            continue;
        const char *id = svc_json_get_text(svc_json_at(failures, next++), "itemIdentifier");
        FUZZ_CHECK(id && !strcmp(id, event->records[i].message_id), "record %zu is not reported",
                   i);
    }
    FUZZ_CHECK(svc_json_count(failures) == next, "%zu failures, not %zu", svc_json_count(failures),
               next);
    svc_json_free(result);
}

static void drive(const struct lev_sqs_event *event, struct fuzz_input *choices) {
    struct world world = {.event = event};
    struct svc_buf result;
    struct lev_sqs_counts counts;
    bool comes_again[512];
    world.clock = (struct svc_clock){now_ms, now_ms, NULL, &world};
    const int64_t deadline_ms = fuzz_take_range(choices, 0, 2000);
    const int64_t wanted_ms = fuzz_take_range(choices, 0, 3000);
    const int64_t share_ms = deadline_ms / LEV_MIN_LEFT_DIVISOR;
    world.choices = *choices;
    const struct lev_sqs_driver driver = {.handle = handle,
                                          .user = &world,
                                          .clock = &world.clock,
                                          .deadline_ms = deadline_ms,
                                          .min_left_ms = wanted_ms};
    svc_buf_init(&result, (size_t)4 << 20);
    FUZZ_CHECK(lev_sqs_run(event, &driver, &result, &counts) == SVC_OK, "not run");
    FUZZ_CHECK(counts.done + counts.retried + counts.blocked + counts.untouched + counts.repeated ==
                   event->count,
               "the counts are not those of all records");
    check_driven(event, &world, deadline_ms, wanted_ms < share_ms ? wanted_ms : share_ms,
                 comes_again);
    check_result(event, &result, comes_again);
    svc_buf_clear(&result);
}

/* ---------------------------------------------------------------------- reading */

static void check_number(const struct svc_json *from, const char *name, int64_t read,
                         int64_t missing) {
    const char *text = svc_json_get_text(svc_json_get(from, "attributes"), name);
    const bool is_number = text && *text && !text[strspn(text, "0123456789")];
    const char *digits = is_number ? text + strspn(text, "0") : "";
    const int64_t expected = is_number && strlen(digits) <= 18 ? atoll(digits) : missing;
    FUZZ_CHECK(read == expected, "%s is %lld", name, (long long)read);
}

static void check_url(const struct lev_sqs_record *record) {
    struct svc_buf url;
    svc_buf_init(&url, 2048);
    if (lev_sqs_queue_url(record, &url) == SVC_OK) {
        const char *text = svc_buf_text(&url), *arn = record->queue_arn;
        char expected[1100], part[6][520] = {""};
        FUZZ_CHECK(sscanf(arn, "%519[^:]:%519[^:]:%519[^:]:%519[^:]:%519[^:]:%519s", part[0],
                          part[1], part[2], part[3], part[4], part[5]) == 6,
                   "a queue without a name: %s", arn);
        snprintf(expected, sizeof(expected), "/%s/%s", part[4], part[5]);
        FUZZ_CHECK(!strncmp(text, "https://sqs.", 12) && svc_ends_with(text, expected) &&
                       !strncmp(text + 12, part[3], strlen(part[3])) &&
                       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_./:")],
                   "%s is %s", arn, text);
        FUZZ_CHECK(!strcmp(lev_sqs_queue_name(record), part[5]), "another queue");
    }
    svc_buf_clear(&url);
}

static void check_record(const struct svc_json *from, const struct lev_sqs_record *record) {
    struct lev_attribute attribute;
    size_t body_bytes = 0;
    const char *body = svc_json_bytes(svc_json_get(from, "body"), &body_bytes);
    FUZZ_CHECK(record->message_id &&
                   !strcmp(record->message_id, svc_json_get_text(from, "messageId")),
               "another message");
    FUZZ_CHECK(body ? record->body && record->body_bytes == body_bytes &&
                          !memcmp(record->body, body, body_bytes)
                    : !record->body,
               "another body");
    check_number(from, "ApproximateReceiveCount", record->receive_count, 0);
    check_number(from, "SentTimestamp", record->sent_ms, -1);
    check_number(from, "ApproximateFirstReceiveTimestamp", record->first_received_ms, -1);
    FUZZ_CHECK(record->is_fifo == svc_ends_with(lev_sqs_queue_name(record), ".fifo"), "FIFO");
    check_url(record);
    if (lev_sqs_attribute(record, "kind", &attribute))
        FUZZ_CHECK(attribute.type && attribute.value &&
                       attribute.is_binary == !strncmp(attribute.type, "Binary", 6) &&
                       attribute.value[attribute.value_bytes] == '\0',
                   "an attribute");
}

/* The document ends at the first NUL; choices follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct svc_json *document = NULL;
    struct lev_sqs_event event;
    size_t text_bytes = 0;
    char *text = fuzz_take_line(&input, '\0', &text_bytes);
    svc_json_parse(text, text_bytes, 0, &document, NULL);
    const enum svc_status status = lev_sqs_read(document, &event, NULL);
    FUZZ_CHECK(status == SVC_OK || status == SVC_MALFORMED, "%s", svc_status_name(status));
    if (status == SVC_OK) {
        const struct svc_json *records = svc_json_get(document, "Records");
        FUZZ_CHECK(event.count == svc_json_count(records), "%zu messages", event.count);
        for (size_t i = 0; i < event.count; i++)
            check_record(svc_json_at(records, i), &event.records[i]);
        if (event.count <= 512)
            drive(&event, &input);
    }
    lev_sqs_clear(&event);
    svc_json_free(document);
    free(text);
    return 0;
}
