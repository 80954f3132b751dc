/* The sellers of a run in parts: see batch.h. */
#include "services/settlement/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/sqs.h"
#include "services/base/text.h"
#include "services/db/literal.h"
#include "services/db/statement.h"

/* Sellers that are read from the ledger at once. */
#define PAGE_SELLERS 100
/* A message is 250 bytes at most. */
#define MAX_MESSAGE_BYTES ((size_t)1024)
/* No further seller is begun with less, however fast the others were. */
#define MIN_SELLER_MS 1000

typedef char seller_id[SETTLE_MAX_SELLER_ID_BYTES + 1];

/* ---------------------------------------------------------------------- the message */

bool settle_batch_put(const struct settle_batch *batch, struct svc_buf *out) {
    struct svc_json_writer writer;
    char run_id[24];
    (void)snprintf(run_id, sizeof(run_id), "%" PRIu64, batch->run_id);
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_name(&writer, "settlement");
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "runId", run_id);
    svc_json_add_int(&writer, "generation", batch->generation);
    svc_json_add_text(&writer, "after", batch->after);
    svc_json_add_text(&writer, "upto", batch->upto);
    svc_json_end_object(&writer);
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer) == SVC_OK;
}

static bool read_id(const struct svc_json *object, const char *name, bool may_be_empty,
                    seller_id out) {
    const char *text = svc_json_get_text(object, name);
    return text != NULL && (settle_seller_id_valid(text) || (may_be_empty && text[0] == '\0')) &&
           svc_copy_text(out, sizeof(seller_id), text);
}

static bool read_batch(const struct svc_json *document, struct settle_batch *batch) {
    const struct svc_json *object = svc_json_get(document, "settlement");
    int64_t generation = 0;
    const bool is_read =
        svc_json_count(document) == 1 && svc_json_count(object) == 4 &&
        svc_parse_uint(svc_json_get_text(object, "runId"), UINT64_MAX, &batch->run_id) &&
        svc_json_get_int(object, "generation", &generation) && generation >= 1 &&
        generation <= UINT32_MAX && read_id(object, "after", true, batch->after) &&
        read_id(object, "upto", false, batch->upto);
    batch->generation = is_read ? (uint32_t)generation : 0;
    return is_read;
}

enum svc_status settle_batch_parse(const void *bytes, size_t size_bytes, struct settle_batch *batch,
                                   struct svc_error *error) {
    struct svc_json *document = NULL;
    memset(batch, 0, sizeof(*batch));
    enum svc_status status = svc_json_parse(bytes, size_bytes, MAX_MESSAGE_BYTES, &document, error);
    if (status == SVC_TOO_LARGE || (status == SVC_OK && !read_batch(document, batch))) {
        status = svc_fail(error, SVC_MALFORMED, "the message is not a batch of sellers");
    }
    svc_json_free(document);
    return status;
}

/* ---------------------------------------------------------------------- sending */

struct outgoing {
    struct awsc_client *aws;
    const char *queue_url;
    int64_t deadline_ms;
    size_t count;
    struct svc_buf bodies[AWSC_MAX_SQS_BATCH];
};

static enum svc_status flush(struct outgoing *out, uint64_t *batches, struct svc_error *error) {
    struct awsc_sqs_message messages[AWSC_MAX_SQS_BATCH] = {{0}};
    struct awsc_sqs_result results[AWSC_MAX_SQS_BATCH];
    struct awsc_error aws_error;
    char line[AWSC_ERROR_TEXT_BYTES];
    if (out->count == 0) {
        return SVC_OK;
    }
    for (size_t i = 0; i < out->count; i++) {
        messages[i].body = svc_buf_text(&out->bodies[i]);
    }
    const enum svc_status status = awsc_sqs_send_batch(
        out->aws, out->queue_url, messages, out->count, results, out->deadline_ms, &aws_error);
    *batches += status == SVC_OK ? out->count : 0;
    out->count = 0;
    return status == SVC_OK
               ? SVC_OK
               : svc_fail(error, status, "the batches: %s", awsc_error_text(&aws_error, line));
}

static enum svc_status add(struct outgoing *out, const struct settle_batch *batch,
                           uint64_t *batches, struct svc_error *error) {
    struct svc_buf *body = &out->bodies[out->count];
    svc_buf_reset(body);
    if (!settle_batch_put(batch, body)) {
        return svc_fail(error, svc_buf_status(body), "a batch's message");
    }
    out->count++;
    return out->count == AWSC_MAX_SQS_BATCH ? flush(out, batches, error) : SVC_OK;
}

static enum svc_status send_all(struct settle_ledger *ledger, const struct settle_run *run,
                                seller_id *ids, size_t batch_sellers, struct outgoing *out,
                                uint64_t *batches, struct svc_error *error) {
    struct settle_batch batch = {.run_id = run->run_id, .generation = run->generation};
    size_t count = batch_sellers;
    while (count == batch_sellers) {
        enum svc_status status = settle_ledger_open_sellers(ledger, run->run_id, batch.after, "",
                                                            batch_sellers, ids, &count, error);
        if (status == SVC_OK && count > 0) {
            memcpy(batch.upto, ids[count - 1], sizeof(batch.upto));
            status = add(out, &batch, batches, error);
            memcpy(batch.after, batch.upto, sizeof(batch.after));
        }
        if (status != SVC_OK) {
            return status;
        }
    }
    return flush(out, batches, error);
}

enum svc_status settle_batches_send(struct settle_ledger *ledger, struct awsc_client *aws,
                                    const char *queue_url, const struct settle_run *run,
                                    size_t batch_sellers, int64_t deadline_ms, uint64_t *batches,
                                    struct svc_error *error) {
    struct outgoing out = {.aws = aws, .queue_url = queue_url, .deadline_ms = deadline_ms};
    *batches = 0;
    seller_id *ids = calloc(batch_sellers, sizeof(*ids));
    if (ids == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    for (size_t i = 0; i < AWSC_MAX_SQS_BATCH; i++) {
        svc_buf_init(&out.bodies[i], MAX_MESSAGE_BYTES);
    }
    const enum svc_status status = send_all(ledger, run, ids, batch_sellers, &out, batches, error);
    for (size_t i = 0; i < AWSC_MAX_SQS_BATCH; i++) {
        svc_buf_clear(&out.bodies[i]);
    }
    free(ids);
    return status;
}

/* ---------------------------------------------------------------------- the work */

struct course {
    struct settle_runner *runner;
    const struct settle_run *run;
    int64_t reserve_ms;
    settle_worked_fn *each;
    void *user;
    struct settle_worked *worked;
    int later_in_a_row;
};

static bool has_time(const struct course *course) {
    const struct settle_worked *worked = course->worked;
    const bool is_first = worked->made + worked->unchanged + worked->failed + worked->later == 0;
    const int64_t slow_ms = 3 * worked->slowest_ms;
    const int64_t needed_ms =
        (slow_ms > MIN_SELLER_MS ? slow_ms : MIN_SELLER_MS) + course->reserve_ms;
    return is_first ||
           svc_remaining_ms(course->runner->clock, course->runner->deadline_ms) >= needed_ms;
}

static void count(struct course *course, const struct settle_seller_result *result) {
    struct settle_worked *worked = course->worked;
    worked->made += result->outcome == SETTLE_MADE;
    worked->unchanged += result->outcome == SETTLE_UNCHANGED;
    worked->failed += result->outcome == SETTLE_FAILED;
    worked->later += result->outcome == SETTLE_LATER;
    worked->mails += result->is_mailed;
    /* CONFLICT: another process has this one; the others may be free. */
    const bool is_hopeless = result->outcome == SETTLE_LATER && result->reason != SVC_CONFLICT;
    course->later_in_a_row = is_hopeless ? course->later_in_a_row + 1 : 0;
    worked->is_stopped = course->later_in_a_row >= SETTLE_MAX_LATER_IN_A_ROW;
}

static void work_one(struct course *course, const char *id) {
    struct settle_seller_result result;
    struct svc_error error = {0};
    const int64_t begin_ms = svc_monotonic_ms(course->runner->clock);
    (void)settle_seller_run(course->runner, course->run, id, false, false, &result, &error);
    const int64_t took_ms = svc_monotonic_ms(course->runner->clock) - begin_ms;
    struct settle_worked *worked = course->worked;
    worked->slowest_ms = took_ms > worked->slowest_ms ? took_ms : worked->slowest_ms;
    count(course, &result);
    course->each(course->user, &result, &error);
}

static void work_page(struct course *course, seller_id *ids, size_t count) {
    struct settle_worked *worked = course->worked;
    for (size_t i = 0; i < count && !worked->is_stopped; i++) {
        if (!has_time(course)) {
            worked->is_out_of_time = true;
            return;
        }
        work_one(course, ids[i]);
    }
}

enum svc_status settle_work_sellers(struct settle_runner *runner, const struct settle_run *run,
                                    const char *after, const char *upto, int64_t reserve_ms,
                                    settle_worked_fn *each, void *user,
                                    struct settle_worked *worked, struct svc_error *error) {
    struct settle_ledger ledger = {runner->db, runner->clock};
    struct course course = {runner, run, reserve_ms, each, user, worked, 0};
    seller_id last, ids[PAGE_SELLERS];
    size_t count = PAGE_SELLERS;
    memset(worked, 0, sizeof(*worked));
    (void)svc_copy_text(last, sizeof(last), after);
    while (count == PAGE_SELLERS && !worked->is_stopped && !worked->is_out_of_time) {
        const enum svc_status status = settle_ledger_open_sellers(&ledger, run->run_id, last, upto,
                                                                  PAGE_SELLERS, ids, &count, error);
        if (status != SVC_OK) {
            return status;
        }
        work_page(&course, ids, count);
        if (count > 0) {
            memcpy(last, ids[count - 1], sizeof(last));
        }
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- for dry runs */

struct listed {
    seller_id *ids;
    size_t count;
};

static bool take_id(void *user, const struct db_value *row) {
    struct listed *listed = user;
    (void)svc_copy_text(listed->ids[listed->count++], sizeof(seller_id), row[0].bytes);
    return true;
}

#define MAX_SQL_BYTES ((size_t)2048)

/* As the plan of the ledger has it: ids byte by byte, and those that are not valid by a name. */
static void put_list_sql(const struct settle_period *period, struct svc_buf *sql) {
    (void)svc_buf_append_text(
        sql, "SELECT l.id FROM (SELECT IF(t.id <> '' AND CHAR_LENGTH(t.id) <= 64 AND t.id NOT "
             "REGEXP '[^A-Za-z0-9_-]', t.id, CONCAT('?', LEFT(SHA2(t.id, 256), 16))) AS id FROM ("
             "SELECT CONVERT(b.id USING utf8mb4) COLLATE utf8mb4_bin AS id FROM (SELECT DISTINCT "
             "CAST(COALESCE(CAST(seller_id AS CHAR CHARACTER SET utf8mb4), '') AS BINARY) AS id "
             "FROM settlement_lines WHERE settled_at >= ");
    (void)db_literal_time(sql, period->from_ms * 1000);
    (void)svc_buf_append_text(sql, " AND settled_at < ");
    (void)db_literal_time(sql, period->to_ms * 1000);
    (void)svc_buf_append_text(sql, ") b) t) l WHERE l.id > ? ORDER BY l.id LIMIT ?");
}

enum svc_status settle_list_sellers(struct db *db, const struct settle_period *period,
                                    const char *after, size_t most, seller_id *ids, size_t *count,
                                    struct svc_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = SETTLE_MAX_SELLER_ID_BYTES}};
    const struct db_value values[] = {db_text(after), db_uint(most)};
    struct listed listed = {.ids = ids};
    struct svc_buf sql;
    struct db_error db_error;
    char line[DB_ERROR_TEXT_BYTES];
    svc_buf_init(&sql, MAX_SQL_BYTES);
    put_list_sql(period, &sql);
    const struct db_statement statement = {svc_buf_text(&sql), columns, 1};
    const struct db_query query = {&statement, values, 2, take_id, &listed};
    enum svc_status status = svc_buf_status(&sql);
    if (status != SVC_OK) {
        (void)svc_fail(error, status, "the list of sellers");
    } else {
        status = db_run(db, &query, NULL, &db_error);
        if (status != SVC_OK) {
            (void)svc_fail(error, status, "%s", db_error_text(&db_error, line));
        }
    }
    svc_buf_clear(&sql);
    *count = listed.count;
    return status;
}
