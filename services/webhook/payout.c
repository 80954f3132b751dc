/* Payouts to sellers: see webhook_store_payout in store.h. */
#include <string.h>

#include "services/db/transaction.h"
#include "services/webhook/store_internal.h"
#include "services/webhook/store_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SENDER "toss"

enum payout_state { SCHEDULED, HELD, PAID, FAILED };
static const char *const state_names[] = {"scheduled", "held", "paid", "failed"};

static enum payout_state state_of(enum webhook_payout_status status) {
    switch (status) {
    case WEBHOOK_PAYOUT_COMPLETED:
        return PAID;
    case WEBHOOK_PAYOUT_FAILED:
    case WEBHOOK_PAYOUT_CANCELED:
        return FAILED;
    case WEBHOOK_PAYOUT_REQUESTED:
    case WEBHOOK_PAYOUT_IN_PROGRESS:
        break;
    }
    return SCHEDULED;
}

struct payout_row {
    bool is_found;
    int state;    /* -1: none of ours */
    bool is_same; /* reference, seller and amount */
    int64_t changed_us;
};

struct work {
    const struct webhook_store *store;
    const struct webhook_toss_event *event;
    const char *event_key, *request_id;
    struct webhook_stored *stored;
    struct payout_row row;
};

static bool is_text(const struct db_value *value, const char *text) {
    const size_t length = strlen(text);
    return value->size_bytes == length && memcmp(value->bytes, text, length) == 0;
}

static bool take_payout(void *user, const struct db_value *row) {
    struct work *work = user;
    const struct webhook_toss_payout *payout = &work->event->payout;
    work->row.is_found = true;
    work->row.state = -1;
    for (size_t i = 0; i < COUNT(state_names); i++) {
        if (is_text(&row[0], state_names[i])) {
            work->row.state = (int)i;
        }
    }
    work->row.is_same = is_text(&row[1], payout->reference) &&
                        is_text(&row[2], payout->seller_id) && row[3].integer == payout->amount_won;
    work->row.changed_us = row[4].integer;
    return true;
}

/* 1 row if it is new, else none. It is locked then. */
static enum svc_status insert(struct db *db, const struct work *work, int64_t now_ms,
                              uint64_t *inserted, struct db_error *error) {
    static const struct db_statement statement = {
        .sql = "INSERT INTO payouts (payout_id, reference, seller_id, state, amount_won, "
               "changed_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
               "ON DUPLICATE KEY UPDATE payout_id = payouts.payout_id"};
    const struct webhook_toss_payout *payout = &work->event->payout;
    const struct db_value values[] = {
        db_text(payout->payout_id), db_text(payout->reference),
        db_text(payout->seller_id), db_text(state_names[state_of(payout->status)]),
        db_int(payout->amount_won), webhook_db_ms(work->event->created_at_ms),
        webhook_db_ms(now_ms),
    };
    const struct db_query query = {
        .statement = &statement, .values = values, .value_count = COUNT(values)};
    struct db_result result = {0};
    const enum svc_status status = db_run(db, &query, &result, error);
    *inserted = result.affected_rows;
    return status;
}

static enum svc_status read_row(struct db *db, struct work *work, struct db_error *error) {
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 64},
                                               {.type = DB_TEXT, .max_bytes = 256},
                                               {.type = DB_TEXT, .max_bytes = 256},
                                               {.type = DB_INT},
                                               {.type = DB_TIME}};
    static const struct db_statement statement = {
        "SELECT state, reference, seller_id, amount_won, changed_at FROM payouts "
        "WHERE payout_id = ? FOR UPDATE",
        columns, COUNT(columns)};
    const struct db_value id = db_text(work->event->payout.payout_id);
    const struct db_query query = {&statement, &id, 1, take_payout, work};
    const enum svc_status status = db_run(db, &query, NULL, error);
    if (status == SVC_OK && (!work->row.is_found || work->row.state < 0)) {
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                       "a payout is in a state that does not exist");
    }
    return status;
}

/* paid and failed are final, and nothing but they end the others: so what is stored does not depend
 * on the order of arrival. */
static enum svc_status move(struct db *db, struct work *work, int64_t now_ms,
                            struct db_error *error) {
    const enum payout_state next = state_of(work->event->payout.status);
    const int state = work->row.state;
    const bool is_final = state == PAID || state == FAILED;
    const bool next_is_final = next == PAID || next == FAILED;
    if (!work->row.is_same) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_CONFLICT, error);
    }
    if (is_final && next_is_final && (int)next != state) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_IMPOSSIBLE, error);
    }
    work->stored->step_outcome = (int)next == state ? WEBHOOK_REPEATED : WEBHOOK_LATE;
    if (is_final || (int)next == state ||
        (!next_is_final && work->event->created_at_ms < work->row.changed_us / 1000)) {
        return SVC_OK;
    }
    work->stored->step_outcome = WEBHOOK_MOVED;
    const struct db_value values[] = {
        db_text(state_names[next]), webhook_db_ms(work->event->created_at_ms),
        webhook_db_ms(now_ms), db_text(work->event->payout.payout_id)};
    return webhook_write_row(
        db, "UPDATE payouts SET state = ?, changed_at = ?, updated_at = ? WHERE payout_id = ?",
        values, COUNT(values), error);
}

static enum svc_status store_payout(struct db *db, void *user, struct db_error *error) {
    struct work *work = user;
    const int64_t now_ms = svc_wall_ms(work->store->clock);
    uint64_t inserted = 0;
    memset(work->stored, 0, sizeof(*work->stored));
    work->row = (struct payout_row){0};
    enum svc_status status =
        webhook_insert_inbox(db, SENDER, work->event_key, NULL, work->request_id, now_ms, error);
    if (status != SVC_OK) {
        return error->fault == DB_FAULT_DUPLICATE_KEY
                   ? webhook_refuse_change(work->stored, WEBHOOK_STORED_BEFORE, error)
                   : status;
    }
    status = insert(db, work, now_ms, &inserted, error);
    if (status != SVC_OK) {
        return status;
    }
    if (inserted > 0) {
        work->stored->step_outcome = WEBHOOK_MOVED;
        return SVC_OK;
    }
    status = read_row(db, work, error);
    return status == SVC_OK ? move(db, work, now_ms, error) : status;
}

enum svc_status webhook_store_payout(const struct webhook_store *store,
                                     const struct webhook_toss_event *event, const char *request_id,
                                     struct webhook_stored *stored, struct db_error *error) {
    struct db_error own;
    char event_key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    struct work work = {.store = store,
                        .event = event,
                        .event_key = event_key,
                        .request_id = request_id,
                        .stored = stored};
    error = error != NULL ? error : &own;
    db_error_clear(error);
    memset(stored, 0, sizeof(*stored));
    webhook_toss_event_key(event, event_key);
    if (event->kind != WEBHOOK_TOSS_PAYOUT_CHANGED || event_key[0] == '\0') {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "the event is no payout");
    }
    enum svc_status status = db_transaction(store->db, NULL, store_payout, &work, error);
    if (status != SVC_OK && error->maybe_done) {
        status =
            webhook_resolve_commit(store, SENDER, event_key, request_id, status, stored, error);
    } else if (webhook_is_refused_change(status, stored, error)) {
        status = SVC_OK;
    }
    if (status != SVC_OK) {
        memset(stored, 0, sizeof(*stored));
    }
    return status;
}
