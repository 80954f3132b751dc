/* See store_rows.h: what an event changes. */
#include "services/webhook/store_rows.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The first event inserts: had another one done so meanwhile, without a lock on the platform's
 * order, the key would refuse. */
enum svc_status webhook_save_order(struct db *db, const char *order_id,
                                   const struct webhook_known *known,
                                   const struct webhook_plan *plan, int64_t now_ms,
                                   struct db_error *error) {
    const bool is_new = !known->has_states;
    const int64_t changed_ms = is_new || plan->payment_state_changed ? now_ms : known->changed_ms;
    const struct db_value values[] = {
        db_text(webhook_payment_state_name(known->order.payment)),
        db_int(known->order.paid_won),
        db_int(known->order.refunded_won),
        db_int(known->order.is_shipped),
        webhook_db_text(known->method),
        webhook_db_text(known->transaction),
        webhook_db_ms(known->paid_at_ms),
        webhook_db_text(known->paid_by),
        webhook_db_ms(changed_ms),
        webhook_db_ms(now_ms),
        db_text(order_id),
    };
    if (!is_new && !plan->order_changed) {
        return SVC_OK;
    }
    return webhook_write_row(
        db,
        is_new
            ? "INSERT INTO order_states (payment_state, paid_won, refunded_won, is_shipped, "
              "payment_method, transaction_id, paid_at, paid_by, payment_changed_at, updated_at, "
              "order_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            : "UPDATE order_states SET payment_state = ?, paid_won = ?, refunded_won = ?, "
              "is_shipped = ?, payment_method = ?, transaction_id = ?, paid_at = ?, paid_by = ?, "
              "payment_changed_at = ?, updated_at = ? WHERE order_id = ?",
        values, COUNT(values), error);
}

/* ---------------------------------------------------------------------- parcels and refunds */

static enum svc_status save_parcel(struct db *db, const char *order_id,
                                   const struct webhook_step *step,
                                   const struct webhook_entry *entry, int64_t now_ms,
                                   struct db_error *error) {
    const struct db_value values[] = {
        db_text(webhook_parcel_state_name(entry->parcel.state)),
        webhook_db_text(step->name),
        webhook_db_ms(now_ms),
        db_text(order_id),
        db_text(webhook_step_id(step)),
    };
    return webhook_write_row(
        db,
        entry->is_stored ? "UPDATE order_parcels SET state = ?, carrier = COALESCE(?, carrier), "
                           "updated_at = ? WHERE order_id = ? AND tracking_number = ?"
                         : "INSERT INTO order_parcels (state, carrier, updated_at, order_id, "
                           "tracking_number) VALUES (?, ?, ?, ?, ?)",
        values, COUNT(values), error);
}

static enum svc_status save_refund(struct db *db, const char *order_id,
                                   const struct webhook_step *step,
                                   const struct webhook_entry *entry, int64_t now_ms,
                                   struct db_error *error) {
    const bool is_final = entry->refund.state == WEBHOOK_REFUND_IS_COMPLETED ||
                          entry->refund.state == WEBHOOK_REFUND_IS_REJECTED;
    const int64_t processed_ms = step->happened_ms != WEBHOOK_NO_TIME ? step->happened_ms : now_ms;
    const struct db_value values[] = {
        db_text(webhook_refund_state_name(entry->refund.state)),
        webhook_db_text(step->detail),
        is_final ? webhook_db_ms(processed_ms) : db_null(),
        webhook_db_ms(now_ms),
        db_text(order_id),
        db_text(webhook_step_id(step)),
        db_int(entry->refund.amount_won), /* of its first event, so the last value */
    };
    return webhook_write_row(
        db,
        entry->is_stored
            ? "UPDATE order_refunds SET state = ?, reason = COALESCE(?, reason), processed_at = ?, "
              "updated_at = ? WHERE order_id = ? AND refund_id = ?"
            : "INSERT INTO order_refunds (state, reason, processed_at, updated_at, order_id, "
              "refund_id, amount_won) VALUES (?, ?, ?, ?, ?, ?, ?)",
        values, COUNT(values) - (entry->is_stored ? 1 : 0), error);
}

enum svc_status webhook_save_subjects(struct db *db, const struct webhook_change *change,
                                      const struct webhook_entry *entries,
                                      const struct webhook_plan *plan, int64_t now_ms,
                                      struct db_error *error) {
    enum svc_status status = SVC_OK;
    if (plan->unnumbered_has_a_number) {
        const struct db_value order = db_text(change->order_id);
        status = webhook_write_row(
            db, "DELETE FROM order_parcels WHERE order_id = ? AND tracking_number = ''", &order, 1,
            error);
    }
    for (size_t i = 0; i < change->step_count && status == SVC_OK; i++) {
        const struct webhook_entry *entry = &entries[i];
        if (!entry->is_changed) {
            continue;
        }
        const struct webhook_step *step = &change->steps[entry->last_moved];
        if (step->subject == WEBHOOK_SUBJECT_PARCEL) {
            status = save_parcel(db, change->order_id, step, entry, now_ms, error);
        } else if (step->subject == WEBHOOK_SUBJECT_REFUND) {
            status = save_refund(db, change->order_id, step, entry, now_ms, error);
        }
    }
    return status;
}

/* ---------------------------------------------------------------------- the history */

static enum svc_status save_step(struct db *db, const struct webhook_change *change,
                                 const struct webhook_step *step, const struct webhook_entry *entry,
                                 int64_t now_ms, struct db_error *error) {
    const struct webhook_step named = {.subject = step->subject, .event = entry->event};
    const struct db_value values[] = {
        db_text(change->order_id),
        db_text(change->sender),
        db_text(change->event_key),
        db_text(webhook_subject_name(step->subject)),
        db_text(webhook_step_id(step)),
        db_text(webhook_step_event_name(&named)),
        db_text(entry->outcome == WEBHOOK_MOVED  ? "moved"
                : entry->outcome == WEBHOOK_LATE ? "late"
                                                 : "repeated"),
        db_text(entry->before),
        db_text(entry->after),
        step->subject == WEBHOOK_SUBJECT_PARCEL ? db_null() : db_int(step->amount_won),
        webhook_db_text(step->detail),
        webhook_db_ms(step->happened_ms),
        webhook_db_ms(now_ms),
    };
    return webhook_write_row(
        db,
        "INSERT INTO order_history (order_id, sender, event_key, subject, subject_id, "
        "event, outcome, state_before, state_after, amount_won, detail, happened_at, "
        "received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values, COUNT(values), error);
}

/* A provider's payment lists its earlier cancellations each time: what only repeats is left out,
 * unless nothing else happened. */
enum svc_status webhook_save_history(struct db *db, const struct webhook_change *change,
                                     const struct webhook_entry *entries, int64_t now_ms,
                                     struct db_error *error) {
    enum svc_status status = SVC_OK;
    bool has_any = false;
    for (size_t i = 0; i < change->step_count && status == SVC_OK; i++) {
        const bool is_last = i + 1 == change->step_count;
        if (entries[i].outcome != WEBHOOK_REPEATED || (is_last && !has_any)) {
            has_any = true;
            status = save_step(db, change, &change->steps[i], &entries[i], now_ms, error);
        }
    }
    return status;
}

/* ---------------------------------------------------------------------- the platform */

static enum svc_status call_payment(struct db *db, const char *order_id,
                                    const struct webhook_known *known, struct db_error *error) {
    const struct db_value values[] = {
        db_text(order_id),
        db_text(webhook_payment_state_name(known->order.payment)),
        db_int(known->order.paid_won),
        db_int(known->order.refunded_won),
        webhook_db_text(known->method),
        webhook_db_text(known->transaction),
        webhook_db_ms(known->paid_at_ms),
    };
    return webhook_write_row(db, "CALL webhook_store_payment(?, ?, ?, ?, ?, ?, ?)", values,
                             COUNT(values), error);
}

static enum svc_status call_shipping(struct db *db, const char *order_id,
                                     const struct webhook_step *step,
                                     const struct webhook_entry *entry, int64_t now_ms,
                                     struct db_error *error) {
    const int64_t changed_ms = step->happened_ms != WEBHOOK_NO_TIME ? step->happened_ms : now_ms;
    const struct db_value values[] = {
        db_text(order_id),
        db_text(webhook_parcel_state_name(entry->parcel.state)),
        db_text(webhook_step_id(step)),
        webhook_db_text(step->name),
        webhook_db_ms(changed_ms),
    };
    return webhook_write_row(db, "CALL webhook_store_shipping(?, ?, ?, ?, ?)", values,
                             COUNT(values), error);
}

enum svc_status webhook_call_platform(struct db *db, const struct webhook_change *change,
                                      const struct webhook_known *known,
                                      const struct webhook_entry *entries,
                                      const struct webhook_plan *plan, int64_t now_ms,
                                      struct db_error *error) {
    enum svc_status status = SVC_OK;
    if (plan->payment_changed) {
        status = call_payment(db, change->order_id, known, error);
    }
    for (size_t i = 0; i < change->step_count && status == SVC_OK; i++) {
        if (entries[i].is_changed && change->steps[i].subject == WEBHOOK_SUBJECT_PARCEL) {
            status = call_shipping(db, change->order_id, &change->steps[entries[i].last_moved],
                                   &entries[i], now_ms, error);
        }
    }
    return status;
}
