/* An event's transaction: see store.h. */
#include "services/webhook/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/db/transaction.h"
#include "services/webhook/mail.h"
#include "services/webhook/store_internal.h"
#include "services/webhook/store_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum svc_status webhook_refuse_change(struct webhook_stored *stored,
                                      enum webhook_stored_outcome outcome, struct db_error *error) {
    memset(stored, 0, sizeof(*stored));
    stored->outcome = outcome;
    return db_fail(error, SVC_REJECTED, DB_FAULT_NONE, "the event is not stored");
}

bool webhook_is_refused_change(enum svc_status status, struct webhook_stored *stored,
                               struct db_error *error) {
    if (status != SVC_REJECTED || error->fault != DB_FAULT_NONE ||
        stored->outcome == WEBHOOK_STORED) {
        return false;
    }
    db_error_clear(error);
    return true;
}

/* ---------------------------------------------------------------------- the mails */

struct work {
    const struct webhook_store *store;
    const struct webhook_change *change; /* as given, or `again` */
    const struct webhook_change *given;
    struct webhook_change again; /* with a key of its own: see find_again */
    char again_key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    struct webhook_stored *stored;
    struct webhook_entry *entries;
    struct webhook_mail_made not_made[WEBHOOK_MAX_STORED_MAILS]; /* the first ones, for the log */
    enum email_template not_made_template[WEBHOOK_MAX_STORED_MAILS];
};

static enum svc_status owe(struct work *work, const struct webhook_mail *mail, int64_t now_ms,
                           struct db_error *error) {
    struct webhook_stored *stored = work->stored;
    struct webhook_mail_made made;
    const enum svc_status status = webhook_mail_owe(work->store->db, mail, now_ms,
                                                    now_ms + work->store->claim_ms, &made, error);
    if (status != SVC_OK) {
        return status;
    }
    if (made.result == WEBHOOK_MAIL_NOT_MADE) {
        if (stored->mails_not_made < WEBHOOK_MAX_STORED_MAILS) {
            work->not_made[stored->mails_not_made] = made;
            work->not_made_template[stored->mails_not_made] = mail->template_id;
        }
        stored->mails_not_made++;
    } else if (made.result == WEBHOOK_MAIL_OWED && stored->mail_count < WEBHOOK_MAX_STORED_MAILS) {
        stored->mails[stored->mail_count++] = made.outbox_id;
    }
    return SVC_OK;
}

static enum svc_status owe_mails(struct work *work, const struct webhook_known *known,
                                 const struct webhook_plan *plan, int64_t now_ms,
                                 struct db_error *error) {
    const struct webhook_change *change = work->change;
    enum svc_status status = SVC_OK;
    if ((plan->effects & WEBHOOK_MAIL_CONFIRMATION) != 0) {
        const struct webhook_mail mail = {.template_id = EMAIL_ORDER_CONFIRMATION,
                                          .order_id = change->order_id,
                                          .total_won = known->order.total_won};
        status = owe(work, &mail, now_ms, error);
    }
    for (size_t i = 0; i < change->step_count && status == SVC_OK; i++) {
        if ((work->entries[i].effects & WEBHOOK_MAIL_SHIPPING) != 0) {
            const struct webhook_step *step = &change->steps[i];
            const struct webhook_mail mail = {.template_id = EMAIL_SHIPPING_NOTIFICATION,
                                              .order_id = change->order_id,
                                              .tracking_number = webhook_step_id(step),
                                              .carrier = step->name};
            status = owe(work, &mail, now_ms, error);
        }
    }
    return status;
}

/* After the commit, so that a repeated transaction does not report twice. */
static void log_mails_not_made(const struct work *work) {
    for (size_t i = 0; i < work->stored->mails_not_made && i < COUNT(work->not_made); i++) {
        svc_log_event(work->store->log, SVC_LOG_ERROR,
                      "mail not made: the platform's data allows none",
                      SVC_TEXT("orderId", work->change->order_id),
                      SVC_TEXT("template", email_template_info(work->not_made_template[i])->name),
                      SVC_TEXT("reason", work->not_made[i].reason),
                      SVC_TEXT("field", work->not_made[i].field));
    }
}

/* ---------------------------------------------------------------------- the transaction */

static enum svc_status save(struct work *work, const struct webhook_known *known,
                            const struct webhook_plan *plan, int64_t now_ms,
                            struct db_error *error) {
    struct db *db = work->store->db;
    const struct webhook_change *change = work->change;
    enum svc_status status = webhook_save_order(db, change->order_id, known, plan, now_ms, error);
    if (status == SVC_OK) {
        status = webhook_save_subjects(db, change, work->entries, plan, now_ms, error);
    }
    if (status == SVC_OK) {
        status = webhook_call_platform(db, change, known, work->entries, plan, now_ms, error);
    }
    if (status == SVC_OK) {
        status = webhook_save_history(db, change, work->entries, now_ms, error);
    }
    return status == SVC_OK ? owe_mails(work, known, plan, now_ms, error) : status;
}

/* A provider's payment can come back to a state that the inbox has: a deposit that was an error,
 * and the deposit after it, may have the keys of the first ones. What the provider said when asked
 * moves the order then nevertheless, and gets a key with the time of the state that it leaves; so a
 * repetition of that is stored once as well. */
static enum svc_status find_again(struct db *db, struct work *work,
                                  const struct webhook_known *known,
                                  const struct webhook_plan *plan, int64_t now_ms,
                                  struct db_error *error) {
    if (plan->outcome == WEBHOOK_STORED_TOO_EARLY) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_TOO_EARLY, error);
    }
    if (plan->outcome != WEBHOOK_STORED || !plan->payment_state_changed ||
        known->changed_ms == WEBHOOK_NO_TIME) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_BEFORE, error);
    }
    (void)snprintf(work->again_key, sizeof(work->again_key), "%s:%" PRId64, work->given->event_key,
                   known->changed_ms);
    work->again = *work->given;
    work->again.event_key = work->again_key;
    work->change = &work->again;
    const enum svc_status status =
        webhook_insert_inbox(db, work->again.sender, work->again_key, work->again.order_id,
                             work->again.request_id, now_ms, error);
    return status != SVC_OK && error->fault == DB_FAULT_DUPLICATE_KEY
               ? webhook_refuse_change(work->stored, WEBHOOK_STORED_BEFORE, error)
               : status;
}

static enum svc_status store_change(struct db *db, void *user, struct db_error *error) {
    struct work *work = user;
    const struct webhook_change *change = work->change = work->given;
    const int64_t now_ms = svc_wall_ms(work->store->clock);
    struct webhook_known known;
    struct webhook_plan plan;
    memset(work->stored, 0, sizeof(*work->stored));
    enum svc_status status = webhook_insert_inbox(
        db, change->sender, change->event_key, change->order_id, change->request_id, now_ms, error);
    const bool is_known = status != SVC_OK && error->fault == DB_FAULT_DUPLICATE_KEY;
    if (status != SVC_OK && !is_known) {
        return status;
    }
    if (is_known && change->asked_ms == 0) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_BEFORE, error);
    }
    status = webhook_lock_order(db, change, &known, work->entries, error);
    if (status != SVC_OK) {
        return status;
    }
    if (!known.is_found) {
        return webhook_refuse_change(work->stored, WEBHOOK_STORED_NO_ORDER, error);
    }
    webhook_decide(change, now_ms, &known, work->entries, &plan);
    if (is_known) {
        status = find_again(db, work, &known, &plan, now_ms, error);
    } else if (plan.outcome != WEBHOOK_STORED) {
        status = webhook_refuse_change(work->stored, plan.outcome, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    work->stored->step_outcome = plan.step_outcome;
    work->stored->effects = plan.effects;
    return save(work, &known, &plan, now_ms, error);
}

/* Twice, because the connection that was lost may not be the only one. */
enum svc_status webhook_resolve_commit(const struct webhook_store *store, const char *sender,
                                       const char *event_key, const char *request_id,
                                       enum svc_status failure, struct webhook_stored *stored,
                                       struct db_error *error) {
    for (int attempt = 0; attempt < 2; attempt++) {
        struct db_error ignored;
        bool is_stored = false, is_ours = false;
        if (webhook_find_inbox(store->db, sender, event_key, request_id, &is_stored, &is_ours,
                               &ignored) != SVC_OK) {
            continue;
        }
        if (!is_stored) {
            error->maybe_done = false;
            return failure;
        }
        if (!is_ours) {
            memset(stored, 0, sizeof(*stored));
            stored->outcome = WEBHOOK_STORED_BEFORE;
        }
        db_error_clear(error);
        return SVC_OK;
    }
    return failure;
}

/* The order is read with the rows of one subject beside the payment. */
static bool is_valid(const struct webhook_change *change) {
    bool has_parcel = false, has_refund = false;
    for (size_t i = 0; i < change->step_count; i++) {
        has_parcel |= change->steps[i].subject == WEBHOOK_SUBJECT_PARCEL;
        has_refund |= change->steps[i].subject == WEBHOOK_SUBJECT_REFUND;
    }
    return change->step_count > 0 && !(has_parcel && has_refund);
}

enum svc_status webhook_store_change(const struct webhook_store *store,
                                     const struct webhook_change *change,
                                     struct webhook_stored *stored, struct db_error *error) {
    struct db_error own;
    struct work work = {.store = store, .given = change, .stored = stored};
    error = error != NULL ? error : &own;
    db_error_clear(error);
    memset(stored, 0, sizeof(*stored));
    if (!is_valid(change)) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "a change has steps, of parcels or of refunds");
    }
    work.entries = calloc(change->step_count, sizeof(*work.entries));
    if (work.entries == NULL) {
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for an event's steps");
    }
    enum svc_status status = db_transaction(store->db, NULL, store_change, &work, error);
    if (status != SVC_OK && error->maybe_done) {
        status = webhook_resolve_commit(store, change->sender, work.change->event_key,
                                        change->request_id, status, stored, error);
    } else if (webhook_is_refused_change(status, stored, error)) {
        status = SVC_OK;
    }
    free(work.entries);
    if (status == SVC_OK) {
        log_mails_not_made(&work);
    } else {
        memset(stored, 0, sizeof(*stored));
    }
    return status;
}

/* ---------------------------------------------------------------------- retention */

enum svc_status webhook_store_purge(const struct webhook_store *store, int64_t inbox_days,
                                    int64_t outbox_days, int limit, uint64_t *deleted,
                                    struct db_error *error) {
    static const struct db_statement inbox = {
        .sql = "DELETE FROM inbox WHERE received_at < ? ORDER BY received_at LIMIT ?"};
    static const struct db_statement outbox = {
        .sql = "DELETE FROM outbox WHERE sent_at < ? ORDER BY sent_at LIMIT ?"};
    const int64_t now_ms = svc_wall_ms(store->clock);
    const struct {
        const struct db_statement *statement;
        int64_t days;
    } tables[] = {{&inbox, inbox_days}, {&outbox, outbox_days}};
    *deleted = 0;
    for (size_t i = 0; i < COUNT(tables); i++) {
        const struct db_value values[] = {
            webhook_db_ms(now_ms - tables[i].days * INT64_C(86400000)), db_int(limit)};
        const struct db_query query = {
            .statement = tables[i].statement, .values = values, .value_count = COUNT(values)};
        struct db_result result;
        const enum svc_status status = db_run(store->db, &query, &result, error);
        if (status != SVC_OK) {
            return status;
        }
        *deleted += result.affected_rows;
    }
    return SVC_OK;
}
