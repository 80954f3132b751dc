/* What an event changes of an order: one step for the platform's events, several for a payment that
 * a provider confirmed. Pure. */
#ifndef WEBHOOK_CHANGE_H
#define WEBHOOK_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "services/webhook/event.h"
#include "services/webhook/order_state.h"

enum webhook_subject { WEBHOOK_SUBJECT_PAYMENT, WEBHOOK_SUBJECT_PARCEL, WEBHOOK_SUBJECT_REFUND };

/* Texts are borrowed from the event or payment; "" or NULL: not stated. */
struct webhook_step {
    enum webhook_subject subject;
    int event;             /* of enum webhook_payment_event, _parcel_event or _refund_event */
    int64_t amount_won;    /* of a payment or a refund; a parcel: 0 */
    int64_t happened_ms;   /* since 1970, as the sender states it; or WEBHOOK_NO_TIME */
    const char *id;        /* tracking number, refund id; "" for the payment */
    const char *name;      /* method of payment, carrier */
    const char *reference; /* of a payment: the transaction's id at its provider */
    const char *detail;    /* reason, location */
};

struct webhook_change {
    const char *sender;     /* of the inbox: "platform", "standard", "toss" */
    const char *event_key;  /* of the inbox, at most WEBHOOK_MAX_INBOX_KEY_BYTES */
    const char *request_id; /* of the request, for the inbox and the log */
    const char *order_id;
    const struct webhook_step *steps; /* applied in this order, all or none */
    size_t step_count;
    int64_t asked_ms; /* since 1970: when the provider was asked for the payment; 0: nobody was */
};

/* The one step of a platform's event. `event` must outlive `step`. */
void webhook_step_of_event(const struct webhook_event *event, struct webhook_step *step);

/* "payment", "completed": constants for the history. */
const char *webhook_subject_name(enum webhook_subject subject);
const char *webhook_step_event_name(const struct webhook_step *step);

#endif
