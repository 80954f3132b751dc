/* See store_decide.h. */
#include "services/webhook/store_decide.h"

#include <string.h>

#include "services/base/text.h"

void webhook_entries_init(const struct webhook_change *change, struct webhook_entry *entries) {
    for (size_t i = 0; i < change->step_count; i++) {
        const struct webhook_step *step = &change->steps[i];
        size_t first = 0;
        while (first < i &&
               (change->steps[first].subject != step->subject ||
                strcmp(webhook_step_id(&change->steps[first]), webhook_step_id(step)) != 0)) {
            first++;
        }
        entries[i] = (struct webhook_entry){.first = first, .event = step->event};
    }
}

/* A WAITING_FOR_DEPOSIT is a reversal only of an order that is paid. That the provider was asked
 * before the deposit was stored cannot be excluded until some time has passed. The other way round,
 * a deposit that the provider reported before its reversal was stored may be the reversed one. */
static enum webhook_stored_outcome check_confirmed(const struct webhook_change *change,
                                                   const struct webhook_known *known, int *event) {
    const bool is_paid = known->order.payment == WEBHOOK_PAID;
    const bool is_reversal = *event == WEBHOOK_ON_DEPOSIT_REVERSED;
    if (is_reversal && !is_paid) {
        *event = WEBHOOK_ON_PAYMENT_PENDING;
        return WEBHOOK_STORED;
    }
    if (is_reversal && change->asked_ms == 0) {
        return WEBHOOK_STORED_IMPOSSIBLE;
    }
    const bool is_deposit = *event == WEBHOOK_ON_PAYMENT_COMPLETED && change->asked_ms != 0 &&
                            known->order.payment == WEBHOOK_PAYMENT_IS_PENDING;
    if ((!is_reversal && !is_deposit) || known->changed_ms == WEBHOOK_NO_TIME) {
        return WEBHOOK_STORED;
    }
    return change->asked_ms < known->changed_ms + (is_reversal ? WEBHOOK_REVERSAL_AFTER_MS : 0)
               ? WEBHOOK_STORED_TOO_EARLY
               : WEBHOOK_STORED;
}

/* What is known of the payment beside its state. */
static void note_payment(const struct webhook_change *change, const struct webhook_step *step,
                         const struct webhook_entry *entry, int64_t now_ms,
                         struct webhook_known *known) {
    const bool is_paid = known->paid_at_ms != WEBHOOK_NO_TIME;
    const bool is_completion = entry->event == WEBHOOK_ON_PAYMENT_COMPLETED && !is_paid;
    if (is_completion) {
        known->paid_at_ms = step->happened_ms != WEBHOOK_NO_TIME ? step->happened_ms : now_ms;
        svc_copy_text(known->paid_by, sizeof(known->paid_by), change->sender);
    } else if (entry->outcome == WEBHOOK_MOVED && entry->event == WEBHOOK_ON_DEPOSIT_REVERSED) {
        known->paid_at_ms = WEBHOOK_NO_TIME;
        known->paid_by[0] = '\0';
    }
    /* Once it is paid, that payment stays the order's. */
    if (!is_completion && (is_paid || entry->outcome != WEBHOOK_MOVED)) {
        return;
    }
    if (step->name != NULL && step->name[0] != '\0') {
        svc_copy_text(known->method, sizeof(known->method), step->name);
    }
    if (step->reference != NULL && step->reference[0] != '\0') {
        svc_copy_text(known->transaction, sizeof(known->transaction), step->reference);
    }
}

static enum webhook_stored_outcome apply_payment(const struct webhook_change *change, size_t i,
                                                 int64_t now_ms, struct webhook_known *known,
                                                 struct webhook_entry *entry) {
    const struct webhook_step *step = &change->steps[i];
    const enum webhook_stored_outcome checked = check_confirmed(change, known, &entry->event);
    if (checked != WEBHOOK_STORED) {
        return checked;
    }
    entry->before = webhook_payment_state_name(known->order.payment);
    const struct webhook_decision decision = webhook_apply_payment(
        &known->order, (enum webhook_payment_event)entry->event, step->amount_won);
    entry->after = webhook_payment_state_name(known->order.payment);
    entry->outcome = decision.outcome;
    entry->effects = decision.effects;
    if (decision.outcome >= WEBHOOK_LATE) {
        note_payment(change, step, entry, now_ms, known);
    }
    return WEBHOOK_STORED;
}

/* A parcel without a number is being prepared. When a number comes it is one of those that have
 * one; and a report of it that comes later than a number is late, so that the order of arrival
 * makes no difference. */
static void apply_parcel(struct webhook_known *known, const char *id, struct webhook_entry *entry,
                         struct webhook_order_parcel *parcel) {
    entry->before = entry->after = webhook_parcel_state_name(parcel->state);
    if (id[0] == '\0' && known->has_numbered && entry->event == WEBHOOK_ON_PREPARING) {
        entry->outcome = WEBHOOK_LATE;
        return;
    }
    const struct webhook_decision decision =
        webhook_apply_parcel(&known->order, parcel, (enum webhook_parcel_event)entry->event);
    entry->after = webhook_parcel_state_name(parcel->state);
    entry->outcome = decision.outcome;
    entry->effects = decision.effects;
}

static void apply_refund(struct webhook_known *known, int64_t amount_won,
                         struct webhook_entry *entry, struct webhook_order_refund *refund) {
    entry->before = webhook_refund_state_name(refund->state);
    const struct webhook_decision decision = webhook_apply_refund(
        &known->order, refund, (enum webhook_refund_event)entry->event, amount_won);
    entry->after = webhook_refund_state_name(refund->state);
    entry->outcome = decision.outcome;
    entry->effects = decision.effects;
}

static enum webhook_stored_outcome apply_step(const struct webhook_change *change, size_t i,
                                              int64_t now_ms, struct webhook_known *known,
                                              struct webhook_entry *entries) {
    const struct webhook_step *step = &change->steps[i];
    struct webhook_entry *entry = &entries[i], *first = &entries[entry->first];
    enum webhook_stored_outcome outcome = WEBHOOK_STORED;
    switch (step->subject) {
    case WEBHOOK_SUBJECT_PAYMENT:
        outcome = apply_payment(change, i, now_ms, known, entry);
        break;
    case WEBHOOK_SUBJECT_PARCEL:
        apply_parcel(known, webhook_step_id(step), entry, &first->parcel);
        break;
    case WEBHOOK_SUBJECT_REFUND:
        apply_refund(known, step->amount_won, entry, &first->refund);
        break;
    }
    if (outcome != WEBHOOK_STORED) {
        return outcome;
    }
    if (entry->outcome == WEBHOOK_MOVED) {
        first->is_changed = true;
        first->last_moved = i;
    }
    return entry->outcome == WEBHOOK_IMPOSSIBLE        ? WEBHOOK_STORED_IMPOSSIBLE
           : entry->outcome == WEBHOOK_AMOUNT_CONFLICT ? WEBHOOK_STORED_CONFLICT
                                                       : WEBHOOK_STORED;
}

/* ---------------------------------------------------------------------- another payment */

/* A provider's payment of an order that another payment of the same provider has paid: an attempt
 * that the customer gave up, or money that came twice. Its cancellation is not the order's, and its
 * refunds give nothing of the order back. */
static bool is_of_another_payment(const struct webhook_change *change,
                                  const struct webhook_known *known) {
    if (change->asked_ms == 0 || known->order.paid_won == 0 || known->transaction[0] == '\0' ||
        strcmp(known->paid_by, change->sender) != 0) {
        return false;
    }
    for (size_t i = 0; i < change->step_count; i++) {
        const struct webhook_step *step = &change->steps[i];
        if (step->subject == WEBHOOK_SUBJECT_PAYMENT && step->reference != NULL &&
            step->reference[0] != '\0' && strcmp(step->reference, known->transaction) != 0) {
            return true;
        }
    }
    return false;
}

/* History alone; an alarm while the provider holds money of it. */
static void decide_another_payment(const struct webhook_change *change,
                                   const struct webhook_known *known, struct webhook_entry *entries,
                                   struct webhook_plan *plan) {
    int64_t held_won = 0;
    for (size_t i = 0; i < change->step_count; i++) {
        const struct webhook_step *step = &change->steps[i];
        struct webhook_entry *entry = &entries[i];
        const bool is_payment = step->subject == WEBHOOK_SUBJECT_PAYMENT;
        entry->outcome = WEBHOOK_LATE;
        entry->before = entry->after =
            is_payment ? webhook_payment_state_name(known->order.payment)
                       : webhook_refund_state_name(entries[entry->first].refund.state);
        if (is_payment && entry->event == WEBHOOK_ON_DEPOSIT_REVERSED) {
            entry->event = WEBHOOK_ON_PAYMENT_PENDING;
        } else if (is_payment && entry->event == WEBHOOK_ON_PAYMENT_COMPLETED) {
            held_won += step->amount_won;
        } else if (!is_payment && entry->event == WEBHOOK_ON_REFUND_COMPLETED) {
            held_won -= step->amount_won;
        }
    }
    plan->step_outcome = WEBHOOK_LATE;
    plan->effects = held_won > 0 ? WEBHOOK_ALARM : 0;
}

/* ---------------------------------------------------------------------- the whole change */

/* The effects of all steps. Nobody gets a confirmation of an order that is cancelled by the same
 * change; and a payment of a cancelled order needs nobody once all of it is refunded. */
static unsigned sum_effects(const struct webhook_change *change, const struct webhook_order *order,
                            const struct webhook_entry *entries) {
    const bool is_refunded = order->paid_won > 0 && order->refunded_won == order->paid_won;
    unsigned effects = 0;
    for (size_t i = 0; i < change->step_count; i++) {
        unsigned of_step = entries[i].effects;
        if (change->steps[i].subject == WEBHOOK_SUBJECT_PAYMENT && is_refunded) {
            of_step &= ~(unsigned)WEBHOOK_ALARM;
        }
        effects |= of_step;
    }
    if (order->payment == WEBHOOK_CANCELLED) {
        effects &= ~(unsigned)WEBHOOK_MAIL_CONFIRMATION;
    }
    return effects;
}

static void compare(const struct webhook_known *before, const struct webhook_known *after,
                    struct webhook_plan *plan) {
    plan->payment_state_changed = before->order.payment != after->order.payment;
    plan->payment_changed = plan->payment_state_changed ||
                            before->order.paid_won != after->order.paid_won ||
                            before->order.refunded_won != after->order.refunded_won;
    plan->order_changed =
        plan->payment_changed || before->order.is_shipped != after->order.is_shipped ||
        before->paid_at_ms != after->paid_at_ms || strcmp(before->method, after->method) != 0 ||
        strcmp(before->transaction, after->transaction) != 0;
}

void webhook_decide(const struct webhook_change *change, int64_t now_ms,
                    struct webhook_known *known, struct webhook_entry *entries,
                    struct webhook_plan *plan) {
    const struct webhook_known before = *known;
    bool has_moved = false;
    memset(plan, 0, sizeof(*plan));
    plan->outcome = WEBHOOK_STORED;
    if (is_of_another_payment(change, known)) {
        decide_another_payment(change, known, entries, plan);
        return;
    }
    for (size_t i = 0; i < change->step_count; i++) {
        plan->outcome = apply_step(change, i, now_ms, known, entries);
        if (plan->outcome != WEBHOOK_STORED) {
            plan->step_outcome = entries[i].outcome;
            return;
        }
        if (entries[i].outcome == WEBHOOK_MOVED || !has_moved) {
            plan->step_outcome = entries[i].outcome;
        }
        has_moved |= entries[i].outcome == WEBHOOK_MOVED;
        plan->unnumbered_has_a_number |= change->steps[i].subject == WEBHOOK_SUBJECT_PARCEL &&
                                         webhook_step_id(&change->steps[i])[0] != '\0' &&
                                         entries[i].outcome == WEBHOOK_MOVED &&
                                         known->has_unnumbered;
    }
    plan->effects = sum_effects(change, &known->order, entries);
    compare(&before, known, plan);
}
