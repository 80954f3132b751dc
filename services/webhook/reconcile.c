/* Reconciliation with Toss: see reconcile.h. Toss's list is held, sorted; the stored rows are read
 * in the same order and compared as they arrive. What seems to be missing here is looked up by its
 * order then: it may be stored with another time. */
#include "services/webhook/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/json.h"
#include "services/db/statement.h"
#include "services/webhook/reconcile_compare.h"
#include "services/webhook/toss_transactions.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KST_MS       INT64_C(32400000)
#define DAY_MS       INT64_C(86400000)

const char *webhook_difference_name(enum webhook_difference difference) {
    static const char *const names[] = {"missing_here", "missing_at_toss", "different_amounts"};
    return (size_t)difference < COUNT(names) ? names[difference] : "";
}

void webhook_reconcile_day(int64_t now_ms, int64_t delay_ms, int64_t *from_ms, int64_t *to_ms,
                           char date[WEBHOOK_DAY_BYTES]) {
    const int64_t korean_ms = now_ms - delay_ms + KST_MS;
    const struct svc_date day = svc_date_from_ms(korean_ms - DAY_MS);
    *to_ms = korean_ms - korean_ms % DAY_MS - KST_MS;
    *from_ms = *to_ms - DAY_MS;
    snprintf(date, WEBHOOK_DAY_BYTES, "%04d-%02d-%02d", day.year, day.month, day.day);
}

struct run {
    const struct webhook_reconciliation *options;
    struct webhook_reconciled *result;
    struct svc_buf payments, refunds; /* of struct webhook_record */
    struct svc_buf missing;           /* of const struct webhook_record *: not found in the rows */
    struct svc_json_writer writer;
    bool has_report;
    uint64_t listed;
    bool is_refunds;   /* what is compared now */
    bool is_from_toss; /* whether a webhook of Toss stored the row that is compared now */
};

/* ---------------------------------------------------------------------- Toss's side */

static bool take(void *user, const struct webhook_toss_transaction *transaction) {
    struct run *run = user;
    const enum webhook_toss_status status = transaction->status;
    if (!transaction->is_won) {
        run->result->other_currencies++;
        return true;
    }
    const bool is_refund =
        status == WEBHOOK_TOSS_CANCELED || status == WEBHOOK_TOSS_PARTIAL_CANCELED;
    const bool is_reversal = status == WEBHOOK_TOSS_WAITING_FOR_DEPOSIT;
    if (!is_refund && !is_reversal && status != WEBHOOK_TOSS_DONE) {
        return true;
    }
    struct webhook_record record = {.amount_won = is_reversal ? 0 : transaction->amount_won,
                                    .time_ms = transaction->happened_ms};
    memcpy(record.order_id, transaction->order_id, sizeof(record.order_id));
    if (is_refund) {
        memcpy(record.id, transaction->transaction_key, sizeof(record.id));
    }
    return svc_buf_append(is_refund ? &run->refunds : &run->payments, &record, sizeof(record));
}

/* Sorts, and keeps the last record of each order and id, unless it is of nothing: an account that
 * waits for its deposit, or waits again. Returns how many are left. */
static size_t keep_last(struct svc_buf *buf) {
    struct webhook_record *records = (struct webhook_record *)(void *)buf->bytes;
    const size_t count = buf->size_bytes / sizeof(*records);
    size_t kept = 0;
    if (count == 0) {
        return 0;
    }
    qsort(records, count, sizeof(*records), webhook_record_compare);
    for (size_t i = 0; i < count; i++) {
        const bool is_last = i + 1 == count ||
                             strcmp(records[i].order_id, records[i + 1].order_id) != 0 ||
                             strcmp(records[i].id, records[i + 1].id) != 0;
        if (is_last && records[i].amount_won > 0) {
            records[kept++] = records[i];
        }
    }
    return kept;
}

/* ---------------------------------------------------------------------- differences */

static void add_difference(struct run *run, enum webhook_difference difference,
                           const struct webhook_record *record, int64_t toss_won,
                           int64_t stored_won) {
    const char *name = webhook_difference_name(difference);
    const char *subject = run->is_refunds ? "refund" : "payment";
    char at[SVC_ISO8601_BYTES];
    run->result->differences[difference]++;
    if (run->listed == WEBHOOK_MAX_DIFFERENCES) {
        return;
    }
    run->listed++;
    svc_format_iso8601(record->time_ms, at);
    if (run->has_report) {
        svc_json_begin_object(&run->writer);
        svc_json_add_text(&run->writer, "difference", name);
        svc_json_add_text(&run->writer, "subject", subject);
        svc_json_add_text(&run->writer, "orderId", record->order_id);
        svc_json_add_text(&run->writer, "transactionKey", record->id);
        svc_json_add_int(&run->writer, "tossWon", toss_won);
        svc_json_add_int(&run->writer, "storedWon", stored_won);
        svc_json_add_text(&run->writer, "at", at);
        svc_json_end_object(&run->writer);
    }
    svc_log_event(run->options->log, SVC_LOG_WARN, "Toss and the stored orders differ",
                  SVC_TEXT("difference", name), SVC_TEXT("subject", subject),
                  SVC_TEXT("orderId", record->order_id), SVC_TEXT("transactionKey", record->id),
                  SVC_INT("tossWon", toss_won), SVC_INT("storedWon", stored_won),
                  SVC_TEXT("at", at));
}

static void on_difference(void *user, enum webhook_difference difference,
                          const struct webhook_record *toss, const struct webhook_record *stored) {
    struct run *run = user;
    if (difference == WEBHOOK_MISSING_HERE) {
        svc_buf_append(&run->missing, &toss, sizeof(toss));
    } else if (difference == WEBHOOK_DIFFERENT_AMOUNTS) {
        add_difference(run, difference, toss, toss->amount_won, stored->amount_won);
    } else if (run->is_from_toss) {
        add_difference(run, difference, stored, 0, stored->amount_won);
    }
}

/* ---------------------------------------------------------------------- the stored side */

#define FROM_TOSS(subject, more)                                                                   \
    "EXISTS (SELECT 1 FROM order_history h WHERE h.order_id = t.order_id AND h.sender = 'toss'"    \
    " AND h.subject = '" subject "'" more ")"

static const struct db_column row_columns[] = {
    {.type = DB_TEXT, .max_bytes = WEBHOOK_MAX_ORDER_ID_BYTES},
    {.type = DB_TEXT, .max_bytes = WEBHOOK_MAX_ID_BYTES},
    {.type = DB_INT},
    {.type = DB_TIME},
    {.type = DB_INT}};
static const struct db_statement payments_statement = {
    ("SELECT t.order_id, '', t.paid_won, t.paid_at, " FROM_TOSS(
        "payment",
        "") " FROM order_states t WHERE t.paid_at >= ? AND t.paid_at < ? AND t.paid_won > 0"
            " ORDER BY t.order_id"),
    row_columns, COUNT(row_columns)};
static const struct db_statement refunds_statement = {
    ("SELECT t.order_id, t.refund_id, t.amount_won, t.processed_at, " FROM_TOSS(
        "refund", " AND h.subject_id = t.refund_id") " FROM order_refunds t WHERE t.processed_at "
                                                     ">= ? AND t.processed_at < ?"
                                                     " AND t.state = 'completed' ORDER BY "
                                                     "t.order_id, t.refund_id"),
    row_columns, COUNT(row_columns)};

struct rows {
    struct run *run;
    struct webhook_comparison comparison;
};

static bool on_row(void *user, const struct db_value *row) {
    struct rows *rows = user;
    struct webhook_record record = {.amount_won = row[2].integer, .time_ms = row[3].integer / 1000};
    memcpy(record.order_id, row[0].bytes, row[0].size_bytes);
    memcpy(record.id, row[1].bytes, row[1].size_bytes);
    rows->run->is_from_toss = row[4].integer != 0;
    webhook_compare_next(&rows->comparison, &record);
    return svc_buf_status(&rows->run->missing) == SVC_OK;
}

static enum svc_status fail(struct svc_error *error, const struct db_error *fault) {
    char text[DB_ERROR_TEXT_BYTES];
    return svc_fail(error, fault->status, "the stored orders cannot be read: %s",
                    db_error_text(fault, text));
}

static enum svc_status compare_rows(struct run *run, const struct db_statement *statement,
                                    const struct svc_buf *records, size_t count,
                                    struct svc_error *error) {
    const struct webhook_reconciliation *options = run->options;
    const struct db_value values[] = {
        db_time((options->from_ms - WEBHOOK_RECONCILE_MARGIN_MS) * 1000),
        db_time((options->to_ms + WEBHOOK_RECONCILE_MARGIN_MS) * 1000)};
    struct rows rows = {run,
                        {.records = (const struct webhook_record *)(const void *)records->bytes,
                         .count = count,
                         .from_ms = options->from_ms,
                         .to_ms = options->to_ms,
                         .report = on_difference,
                         .user = run}};
    const struct db_query query = {statement, values, COUNT(values), on_row, &rows};
    struct db_error fault;
    db_error_clear(&fault);
    if (db_run(options->db, &query, NULL, &fault) != SVC_OK) {
        return fail(error, &fault);
    }
    webhook_compare_next(&rows.comparison, NULL);
    return svc_buf_status(&run->missing) == SVC_OK
               ? SVC_OK
               : svc_fail(error, svc_buf_status(&run->missing), "no memory to reconcile");
}

/* ---------------------------------------------------------------------- what seems missing */

static const struct db_column found_columns[] = {
    {.type = DB_INT}, {.type = DB_TEXT, .max_bytes = 16}, {.type = DB_INT, .nullable = true}};
static const struct db_statement found_statement = {
    ("SELECT s.paid_won, s.payment_state, r.amount_won FROM order_states s"
     " LEFT JOIN order_refunds r ON r.order_id = s.order_id AND r.refund_id = ?"
     " AND r.state = 'completed' WHERE s.order_id = ?"),
    found_columns, COUNT(found_columns)};

struct found {
    int64_t paid_won, refunded_won; /* 0: not paid; no such refund */
    bool is_cancelled;
};

static bool on_found(void *user, const struct db_value *row) {
    struct found *found = user;
    found->paid_won = row[0].integer;
    found->is_cancelled = strcmp(row[1].bytes, "cancelled") == 0;
    found->refunded_won = row[2].type == DB_NULL ? 0 : row[2].integer;
    return true;
}

static enum svc_status look_up(struct run *run, const struct webhook_record *toss,
                               struct svc_error *error) {
    const struct db_value values[] = {db_text(toss->id), db_text(toss->order_id)};
    struct found found = {.paid_won = 0};
    const struct db_query query = {&found_statement, values, COUNT(values), on_found, &found};
    struct db_error fault;
    db_error_clear(&fault);
    if (db_run(run->options->db, &query, NULL, &fault) != SVC_OK) {
        return fail(error, &fault);
    }
    const int64_t stored_won = run->is_refunds ? found.refunded_won : found.paid_won;
    /* Of an account that was closed before its deposit there is nothing to give back. */
    const bool is_nothing = run->is_refunds && found.paid_won == 0 && found.is_cancelled;
    if (stored_won != toss->amount_won && !is_nothing) {
        add_difference(run, stored_won == 0 ? WEBHOOK_MISSING_HERE : WEBHOOK_DIFFERENT_AMOUNTS,
                       toss, toss->amount_won, stored_won);
    }
    return SVC_OK;
}

/* One of the two lists: the rows, then what none of them was. */
static enum svc_status compare(struct run *run, bool is_refunds, uint64_t *inside,
                               struct svc_error *error) {
    struct svc_buf *list = is_refunds ? &run->refunds : &run->payments;
    const size_t count = keep_last(list);
    const struct webhook_record *records = (const struct webhook_record *)(const void *)list->bytes;
    run->is_refunds = is_refunds;
    svc_buf_reset(&run->missing);
    for (size_t i = 0; i < count; i++) {
        *inside +=
            records[i].time_ms >= run->options->from_ms && records[i].time_ms < run->options->to_ms;
    }
    enum svc_status status = compare_rows(
        run, is_refunds ? &refunds_statement : &payments_statement, list, count, error);
    const size_t missing = run->missing.size_bytes / sizeof(records);
    for (size_t i = 0; i < missing && status == SVC_OK; i++) {
        memcpy(&records, run->missing.bytes + i * sizeof(records), sizeof(records));
        status = look_up(run, records, error);
    }
    return status;
}

/* ---------------------------------------------------------------------- the run */

static enum svc_status list(struct run *run, struct svc_error *error) {
    const struct webhook_reconciliation *options = run->options;
    const enum svc_status status = webhook_toss_transactions(
        options->toss, options->secret_key, options->from_ms - WEBHOOK_RECONCILE_MARGIN_MS,
        options->to_ms + WEBHOOK_RECONCILE_MARGIN_MS, WEBHOOK_MAX_RECONCILED, options->deadline_ms,
        take, run, error);
    if (status == SVC_OK &&
        (svc_buf_status(&run->payments) != SVC_OK || svc_buf_status(&run->refunds) != SVC_OK)) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory to reconcile");
    }
    return status;
}

static void begin_report(struct run *run, struct svc_buf *report) {
    char from[SVC_ISO8601_BYTES], to[SVC_ISO8601_BYTES];
    svc_format_iso8601(run->options->from_ms, from);
    svc_format_iso8601(run->options->to_ms, to);
    svc_json_writer_init(&run->writer, report);
    svc_json_begin_object(&run->writer);
    svc_json_add_text(&run->writer, "from", from);
    svc_json_add_text(&run->writer, "to", to);
    svc_json_name(&run->writer, "differences");
    svc_json_begin_array(&run->writer);
}

static enum svc_status end_report(struct run *run, struct svc_error *error) {
    const struct webhook_reconciled *result = run->result;
    static const char *const names[] = {"missingHere", "missingAtToss", "differentAmounts"};
    uint64_t all = 0;
    svc_json_end_array(&run->writer);
    svc_json_add_int(&run->writer, "payments", (int64_t)result->payments);
    svc_json_add_int(&run->writer, "refunds", (int64_t)result->refunds);
    svc_json_add_int(&run->writer, "otherCurrencies", (int64_t)result->other_currencies);
    for (size_t i = 0; i < WEBHOOK_DIFFERENCES; i++) {
        svc_json_add_int(&run->writer, names[i], (int64_t)result->differences[i]);
        all += result->differences[i];
    }
    svc_json_add_bool(&run->writer, "isComplete", run->listed == all);
    svc_json_end_object(&run->writer);
    svc_log_event(run->options->log, SVC_LOG_INFO, "reconciled with Toss",
                  SVC_INT("payments", result->payments), SVC_INT("refunds", result->refunds),
                  SVC_INT("otherCurrencies", result->other_currencies),
                  SVC_INT("missingHere", result->differences[WEBHOOK_MISSING_HERE]),
                  SVC_INT("missingAtToss", result->differences[WEBHOOK_MISSING_AT_TOSS]),
                  SVC_INT("differentAmounts", result->differences[WEBHOOK_DIFFERENT_AMOUNTS]));
    const enum svc_status status = svc_json_writer_status(&run->writer);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "the report cannot be written");
}

enum svc_status webhook_reconcile(const struct webhook_reconciliation *options,
                                  struct webhook_reconciled *result, struct svc_buf *report,
                                  struct svc_error *error) {
    struct run run = {.options = options, .result = result, .has_report = true};
    const size_t max_bytes = WEBHOOK_MAX_RECONCILED * sizeof(struct webhook_record);
    memset(result, 0, sizeof(*result));
    svc_error_clear(error);
    svc_buf_init(&run.payments, max_bytes);
    svc_buf_init(&run.refunds, max_bytes);
    svc_buf_init(&run.missing, WEBHOOK_MAX_RECONCILED * sizeof(void *));
    begin_report(&run, report);
    enum svc_status status = list(&run, error);
    if (status == SVC_OK) {
        status = compare(&run, false, &result->payments, error);
    }
    if (status == SVC_OK) {
        status = compare(&run, true, &result->refunds, error);
    }
    if (status == SVC_OK) {
        status = end_report(&run, error);
    }
    svc_buf_clear(&run.payments);
    svc_buf_clear(&run.refunds);
    svc_buf_clear(&run.missing);
    return status;
}

static enum svc_status look_up_all(struct run *run, bool is_refunds, uint64_t *count,
                                   struct svc_error *error) {
    struct svc_buf *list = is_refunds ? &run->refunds : &run->payments;
    enum svc_status status = svc_buf_status(list);
    *count = status == SVC_OK ? keep_last(list) : 0;
    run->is_refunds = is_refunds;
    if (status != SVC_OK) {
        return svc_fail(error, status, "no memory to reconcile");
    }
    const struct webhook_record *records = (const struct webhook_record *)(const void *)list->bytes;
    for (size_t i = 0; i < *count && status == SVC_OK; i++) {
        status = look_up(run, &records[i], error);
    }
    return status;
}

enum svc_status webhook_reconcile_page(const struct webhook_reconciliation *options,
                                       const void *page, size_t page_bytes,
                                       struct webhook_reconciled *result, struct svc_error *error) {
    struct run run = {.options = options, .result = result};
    struct webhook_error fault;
    size_t count;
    memset(result, 0, sizeof(*result));
    svc_error_clear(error);
    svc_buf_init(&run.payments, WEBHOOK_TOSS_PAGE * sizeof(struct webhook_record));
    svc_buf_init(&run.refunds, WEBHOOK_TOSS_PAGE * sizeof(struct webhook_record));
    enum svc_status status =
        webhook_toss_transactions_parse(page, page_bytes, take, &run, &count, &fault);
    if (status != SVC_OK) {
        svc_fail(error, status, "the page is not Toss's list: %s", fault.detail);
    } else {
        status = look_up_all(&run, false, &result->payments, error);
    }
    if (status == SVC_OK) {
        status = look_up_all(&run, true, &result->refunds, error);
    }
    svc_buf_clear(&run.payments);
    svc_buf_clear(&run.refunds);
    return status;
}
