/* See outbox.h. */
#include "services/webhook/outbox.h"

#include <string.h>

#include "services/aws/sqs.h"
#include "services/db/transaction.h"
#include "services/email/limits.h"
#include "services/webhook/store_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A row that failed waits so long, twice as long each time, at most: */
#define RETRY_BASE_S   30
#define RETRY_MOST_S   300  /* the queue failed: it may work again any time */
#define REFUSED_MOST_S 3600 /* the queue refuses it, as it may refuse all: rights, keys */

/* claimed_until of a message whose content SQS refuses: it waits for a person, who mends the row
 * and sets the column to NULL. */
#define KEPT_UNTIL "'9999-12-31 00:00:00'"

/* What a sweep keeps of its time for the marks, and the least it begins another batch with. */
#define MARK_MS 1000
/* A sweep without a deadline. */
#define CLAIM_MS 60000

/* Up to a batch of rows, with their bodies. */
struct batch {
    size_t count;
    uint64_t ids[AWSC_MAX_SQS_BATCH];
    struct svc_buf bodies[AWSC_MAX_SQS_BATCH];
    bool no_memory;
};

static void batch_init(struct batch *batch) {
    memset(batch, 0, sizeof(*batch));
    for (size_t i = 0; i < AWSC_MAX_SQS_BATCH; i++) {
        svc_buf_init(&batch->bodies[i], EMAIL_MAX_MESSAGE_BYTES);
    }
}

/* The bodies are personal data. */
static void batch_clear(struct batch *batch) {
    for (size_t i = 0; i < AWSC_MAX_SQS_BATCH; i++) {
        svc_buf_wipe(&batch->bodies[i]);
    }
}

/* Ten placeholders for up to ten ids: 0 is none's. */
#define TEN_IDS "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_Static_assert(AWSC_MAX_SQS_BATCH == 10, "TEN_IDS has one for each");

static void put_ids(const uint64_t *ids, size_t count, struct db_value *values) {
    for (size_t i = 0; i < AWSC_MAX_SQS_BATCH; i++) {
        values[i] = db_uint(i < count ? ids[i] : 0);
    }
}

static const struct db_column row_columns[] = {
    {.type = DB_UINT}, {.type = DB_TEXT, .max_bytes = EMAIL_MAX_MESSAGE_BYTES}};

static bool take_row(void *user, const struct db_value *row) {
    struct batch *batch = user;
    if (batch->count == AWSC_MAX_SQS_BATCH) {
        return false;
    }
    struct svc_buf *body = &batch->bodies[batch->count];
    svc_buf_reset(body);
    if (!svc_buf_append(body, row[1].bytes, row[1].size_bytes)) {
        batch->no_memory = true;
        return false;
    }
    batch->ids[batch->count++] = row[0].unsigned_integer;
    return true;
}

static enum svc_status read_rows(struct db *db, const struct db_query *query,
                                 struct db_error *error) {
    struct batch *batch = query->user;
    batch->count = 0;
    const enum svc_status status = db_run(db, query, NULL, error);
    return status == SVC_OK && batch->no_memory
               ? db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for the outbox")
               : status;
}

/* ---------------------------------------------------------------------- send and mark */

/* Once more if the connection broke: a mark changes nothing the second time, and without it the
 * message is sent twice. */
static enum svc_status mark(struct db *db, const char *sql, const struct db_value *values,
                            size_t count, struct db_error *error) {
    const enum svc_status status = webhook_write_row(db, sql, values, count, error);
    return status != SVC_OK && error->fault == DB_FAULT_CONNECTION
               ? webhook_write_row(db, sql, values, count, error)
               : status;
}

static enum svc_status mark_sent(struct db *db, const uint64_t *ids, size_t count, int64_t now_ms,
                                 struct db_error *error) {
    struct db_value values[1 + AWSC_MAX_SQS_BATCH] = {webhook_db_ms(now_ms)};
    put_ids(ids, count, values + 1);
    return mark(
        db,
        "UPDATE outbox SET sent_at = ?, body = NULL, claimed_until = NULL, attempts = attempts + 1 "
        "WHERE sent_at IS NULL AND id IN " TEN_IDS,
        values, COUNT(values), error);
}

/* Assignments are made from left to right: the wait is by the attempts before this one. */
static enum svc_status mark_failed(struct db *db, const uint64_t *ids, size_t count, int64_t most_s,
                                   int64_t now_ms, struct db_error *error) {
    struct db_value values[3 + AWSC_MAX_SQS_BATCH] = {webhook_db_ms(now_ms), db_int(most_s),
                                                      db_int(RETRY_BASE_S)};
    put_ids(ids, count, values + 3);
    return mark(
        db,
        "UPDATE outbox SET claimed_until = ? + INTERVAL LEAST(?, ? << LEAST(attempts, 10)) SECOND, "
        "attempts = attempts + 1 WHERE sent_at IS NULL AND id IN " TEN_IDS,
        values, COUNT(values), error);
}

static enum svc_status mark_kept(struct db *db, const uint64_t *ids, size_t count,
                                 struct db_error *error) {
    struct db_value values[AWSC_MAX_SQS_BATCH];
    put_ids(ids, count, values);
    return mark(db,
                "UPDATE outbox SET claimed_until = " KEPT_UNTIL ", attempts = attempts + 1 "
                "WHERE sent_at IS NULL AND id IN " TEN_IDS,
                values, COUNT(values), error);
}

enum { SENT, FAILED, REFUSED, KEPT, KINDS };
struct sorted {
    uint64_t ids[KINDS][AWSC_MAX_SQS_BATCH];
    size_t counts[KINDS];
};

static enum svc_status mark_kind(struct db *db, const struct sorted *sorted, int kind,
                                 int64_t now_ms, struct db_error *error) {
    const uint64_t *ids = sorted->ids[kind];
    const size_t count = sorted->counts[kind];
    switch (kind) {
    case SENT:
        return mark_sent(db, ids, count, now_ms, error);
    case KEPT:
        return mark_kept(db, ids, count, error);
    default:
        return mark_failed(db, ids, count, kind == FAILED ? RETRY_MOST_S : REFUSED_MOST_S, now_ms,
                           error);
    }
}

static bool is_content_refusal(const struct awsc_sqs_result *result) {
    return awsc_sqs_is_content_refusal(result->status, result->code);
}

static int kind_of(const struct awsc_sqs_result *result) {
    if (result->status == SVC_OK) {
        return SENT;
    }
    if (!result->sender_fault) {
        return FAILED;
    }
    return is_content_refusal(result) ? KEPT : REFUSED;
}

static void sort(const struct batch *batch, const struct awsc_sqs_result *results,
                 struct sorted *sorted) {
    memset(sorted, 0, sizeof(*sorted));
    for (size_t i = 0; i < batch->count; i++) {
        const int kind = kind_of(&results[i]);
        sorted->ids[kind][sorted->counts[kind]++] = batch->ids[i];
    }
}

static void log_failures(const struct webhook_outbox *outbox, const struct batch *batch,
                         const struct awsc_sqs_result *results) {
    for (size_t i = 0; i < batch->count; i++) {
        if (results[i].status != SVC_OK) {
            svc_log_event(
                outbox->log, results[i].sender_fault ? SVC_LOG_ERROR : SVC_LOG_WARN,
                results[i].sender_fault ? "the queue refuses a mail" : "a mail is not queued yet",
                SVC_INT("outboxId", batch->ids[i]),
                SVC_TEXT("status", svc_status_name(results[i].status)),
                SVC_TEXT("code", results[i].code), SVC_BOOL("maybeQueued", results[i].maybe_done));
        }
    }
}

/* Sends all at once; each alone if SQS refuses the request for its content without naming an entry.
 * Returns the first failure, once all are sent. */
static enum svc_status send_messages(const struct webhook_outbox *outbox,
                                     const struct awsc_sqs_message *messages, size_t count,
                                     struct awsc_sqs_result *results, int64_t deadline_ms) {
    enum svc_status first = SVC_OK;
    (void)awsc_sqs_send_batch(outbox->aws, outbox->queue_url, messages, count, results, deadline_ms,
                              NULL);
    for (size_t i = 0; i < count; i++) {
        if (is_content_refusal(&results[i]) && !results[i].sender_fault) {
            (void)awsc_sqs_send_batch(outbox->aws, outbox->queue_url, &messages[i], 1, &results[i],
                                      deadline_ms, NULL);
            results[i].sender_fault |= is_content_refusal(&results[i]);
        }
        first = first == SVC_OK ? results[i].status : first;
    }
    return first;
}

/* Sends a batch and marks what became of it. A mark that fails leaves the claim: the row is sent
 * again when that ends. */
static enum svc_status send_batch(const struct webhook_outbox *outbox, const struct batch *batch,
                                  int64_t deadline_ms, struct webhook_outbox_counts *counts,
                                  struct db_error *error) {
    struct awsc_sqs_message messages[AWSC_MAX_SQS_BATCH];
    struct awsc_sqs_result results[AWSC_MAX_SQS_BATCH];
    struct sorted sorted;
    memset(messages, 0, sizeof(messages));
    for (size_t i = 0; i < batch->count; i++) {
        messages[i].body = svc_buf_text(&batch->bodies[i]);
    }
    enum svc_status status = send_messages(outbox, messages, batch->count, results, deadline_ms);
    const int64_t now_ms = svc_wall_ms(outbox->clock);
    sort(batch, results, &sorted);
    if (status != SVC_OK) {
        (void)db_fail(error, status, DB_FAULT_NONE, "SQS: %s", svc_status_message(status));
        log_failures(outbox, batch, results);
    }
    for (int kind = 0; kind < KINDS; kind++) {
        struct db_error mark_error;
        enum svc_status marked = SVC_OK;
        if (sorted.counts[kind] == 0) {
            continue;
        }
        marked = mark_kind(outbox->db, &sorted, kind, now_ms, &mark_error);
        if (marked == SVC_OK && kind == SENT) {
            counts->sent += sorted.counts[kind];
        } else {
            counts->failed += sorted.counts[kind];
        }
        counts->refused += kind == REFUSED || kind == KEPT ? sorted.counts[kind] : 0;
        if (marked != SVC_OK && status == SVC_OK) {
            status = marked;
            *error = mark_error;
        }
    }
    return status;
}

/* ---------------------------------------------------------------------- after a commit */

enum svc_status webhook_outbox_send(const struct webhook_outbox *outbox, const uint64_t *ids,
                                    size_t count, int64_t deadline_ms,
                                    struct webhook_outbox_counts *counts, struct db_error *error) {
    static const struct db_statement statement = {
        "SELECT id, body FROM outbox WHERE sent_at IS NULL AND id IN " TEN_IDS, row_columns,
        COUNT(row_columns)};
    struct db_error own, later;
    enum svc_status first = SVC_OK;
    struct batch batch;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    batch_init(&batch);
    for (size_t from = 0; from < count; from += AWSC_MAX_SQS_BATCH) {
        const size_t some =
            count - from < AWSC_MAX_SQS_BATCH ? count - from : (size_t)AWSC_MAX_SQS_BATCH;
        struct db_value values[AWSC_MAX_SQS_BATCH];
        put_ids(ids + from, some, values);
        const struct db_query query = {&statement, values, COUNT(values), take_row, &batch};
        struct db_error *here = first == SVC_OK ? error : &later;
        enum svc_status status = read_rows(outbox->db, &query, here);
        if (status != SVC_OK) {
            counts->failed += some;
        } else if (batch.count > 0) {
            status = send_batch(outbox, &batch, deadline_ms, counts, here);
        }
        first = first == SVC_OK ? status : first;
    }
    batch_clear(&batch);
    return first;
}

/* ---------------------------------------------------------------------- the sweep */

struct claim {
    const struct webhook_outbox *outbox;
    int64_t until_ms; /* of the wall clock */
    struct batch *batch;
};

/* Rows by the time from which they may be sent, in the order of the index: those that failed come
 * behind the others, and no more rows are locked than are taken. */
static enum svc_status claim(struct db *db, void *user, struct db_error *error) {
    static const struct db_statement statement = {
        "SELECT id, body FROM outbox FORCE INDEX (outbox_due) WHERE sent_at IS NULL AND body IS "
        "NOT NULL AND (claimed_until <= ? OR claimed_until IS NULL) ORDER BY claimed_until LIMIT "
        "10 "
        "FOR UPDATE SKIP LOCKED",
        row_columns, COUNT(row_columns)};
    struct claim *claim = user;
    const struct db_value now = webhook_db_ms(svc_wall_ms(claim->outbox->clock));
    const struct db_query query = {&statement, &now, 1, take_row, claim->batch};
    enum svc_status status = read_rows(db, &query, error);
    if (status != SVC_OK || claim->batch->count == 0) {
        return status;
    }
    struct db_value values[1 + AWSC_MAX_SQS_BATCH] = {webhook_db_ms(claim->until_ms)};
    put_ids(claim->batch->ids, claim->batch->count, values + 1);
    return webhook_write_row(db, "UPDATE outbox SET claimed_until = ? WHERE id IN " TEN_IDS, values,
                             COUNT(values), error);
}

static bool take_left(void *user, const struct db_value *row) {
    struct webhook_outbox_counts *counts = user;
    counts->left = (uint64_t)row[0].integer;
    counts->oldest_ms = row[1].type == DB_NULL ? 0 : row[1].integer / 1000;
    counts->kept = (uint64_t)row[2].integer;
    return true;
}

static enum svc_status count_left(const struct webhook_outbox *outbox,
                                  struct webhook_outbox_counts *counts, struct db_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_INT}, {.type = DB_TIME, .nullable = true}, {.type = DB_INT}};
    static const struct db_statement statement = {
        "SELECT COUNT(IF(k.is_kept, NULL, 1)), MIN(IF(k.is_kept, NULL, k.created_at)), "
        "COUNT(IF(k.is_kept, 1, NULL)) FROM (SELECT created_at, COALESCE(claimed_until "
        "= " KEPT_UNTIL ", 0) AS is_kept FROM outbox WHERE sent_at IS NULL) k",
        columns, COUNT(columns)};
    const struct db_query query = {&statement, NULL, 0, take_left, counts};
    const enum svc_status status = db_run(outbox->db, &query, NULL, error);
    if (status == SVC_OK && counts->left > 0) {
        const int64_t age_ms = svc_wall_ms(outbox->clock) - counts->oldest_ms;
        counts->oldest_ms = age_ms > 0 ? age_ms : 0;
    }
    return status;
}

enum svc_status webhook_outbox_sweep(const struct webhook_outbox *outbox, int64_t deadline_ms,
                                     struct webhook_outbox_counts *counts, struct db_error *error) {
    struct db_error own, later;
    enum svc_status first = SVC_OK;
    struct batch batch;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    batch_init(&batch);
    for (;;) {
        const int64_t left_ms = svc_remaining_ms(outbox->clock, deadline_ms);
        struct db_error *here = first == SVC_OK ? error : &later;
        struct claim work = {.outbox = outbox,
                             .until_ms = svc_wall_ms(outbox->clock) +
                                         (left_ms < CLAIM_MS ? left_ms : CLAIM_MS),
                             .batch = &batch};
        if (left_ms < 2 * MARK_MS) {
            break;
        }
        enum svc_status status = db_transaction(outbox->db, NULL, claim, &work, here);
        if (status != SVC_OK || batch.count == 0) {
            first = first == SVC_OK ? status : first;
            break;
        }
        const uint64_t sent = counts->sent, refused = counts->refused;
        const int64_t send_deadline_ms =
            deadline_ms == SVC_NO_DEADLINE ? SVC_NO_DEADLINE : deadline_ms - MARK_MS;
        status = send_batch(outbox, &batch, send_deadline_ms, counts, here);
        first = first == SVC_OK ? status : first;
        if (status != SVC_OK && counts->sent == sent && counts->refused == refused) {
            break; /* the queue, or the database, is down */
        }
    }
    batch_clear(&batch);
    const enum svc_status counted = count_left(outbox, counts, first == SVC_OK ? error : &later);
    return first != SVC_OK ? first : counted;
}
