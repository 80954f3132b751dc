/* The state machines of an order: its payment, its parcels, its refunds. Pure functions over what
 * the database holds; the caller locks the rows, stores what changed and does the effects in the
 * same transaction.
 *
 * Webhooks arrive late, twice and in any order. So a state never moves back: what happened before
 * the present state is LATE and goes into the history alone, what contradicts it is IMPOSSIBLE.
 * Without a reversed deposit the final states depend on which events arrived, not on their order.
 */
#ifndef WEBHOOK_ORDER_STATE_H
#define WEBHOOK_ORDER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"

enum webhook_payment_state {
    WEBHOOK_UNPAID,             /* no event yet */
    WEBHOOK_PAYMENT_IS_PENDING, /* begun; a virtual account waits for its deposit */
    WEBHOOK_PAYMENT_HAS_FAILED, /* the customer may try again */
    WEBHOOK_PAID,
    WEBHOOK_CANCELLED,
    WEBHOOK_PAYMENT_STATES
};
enum webhook_payment_event {
    WEBHOOK_ON_PAYMENT_PENDING,
    WEBHOOK_ON_PAYMENT_FAILED,
    WEBHOOK_ON_PAYMENT_COMPLETED,
    WEBHOOK_ON_PAYMENT_CANCELLED,
    WEBHOOK_ON_DEPOSIT_REVERSED, /* confirmed by the provider: the deposit was an error */
    WEBHOOK_PAYMENT_EVENTS
};

enum webhook_parcel_state {
    WEBHOOK_PARCEL_UNKNOWN, /* no event yet */
    WEBHOOK_PREPARING,
    WEBHOOK_IN_TRANSIT,
    WEBHOOK_OUT_FOR_DELIVERY,
    WEBHOOK_DELIVERY_FAILED, /* an attempt; a later one may succeed */
    WEBHOOK_DELIVERED,
    WEBHOOK_PARCEL_STATES
};
enum webhook_parcel_event {
    WEBHOOK_ON_PREPARING,
    WEBHOOK_ON_IN_TRANSIT,
    WEBHOOK_ON_OUT_FOR_DELIVERY,
    WEBHOOK_ON_DELIVERY_FAILED,
    WEBHOOK_ON_DELIVERED,
    WEBHOOK_PARCEL_EVENTS
};

enum webhook_refund_state {
    WEBHOOK_REFUND_UNKNOWN, /* no event yet */
    WEBHOOK_REFUND_IS_PENDING,
    WEBHOOK_REFUND_IS_PROCESSING,
    WEBHOOK_REFUND_IS_COMPLETED,
    WEBHOOK_REFUND_IS_REJECTED,
    WEBHOOK_REFUND_STATES
};
enum webhook_refund_event {
    WEBHOOK_ON_REFUND_PENDING,
    WEBHOOK_ON_REFUND_PROCESSING,
    WEBHOOK_ON_REFUND_COMPLETED,
    WEBHOOK_ON_REFUND_REJECTED,
    WEBHOOK_REFUND_EVENTS
};

/* What becomes of an event. */
enum webhook_outcome {
    WEBHOOK_IMPOSSIBLE,      /* contradicts the state: 409, no inbox, nothing changed */
    WEBHOOK_AMOUNT_CONFLICT, /* another amount than the order's or the refund's: as IMPOSSIBLE */
    WEBHOOK_LATE,            /* happened before the present state: 200, history */
    WEBHOOK_REPEATED,        /* is the present state: 200, history */
    WEBHOOK_MOVED            /* 200, history, the new state stored, the effects done */
};

enum webhook_effect {
    WEBHOOK_MAIL_CONFIRMATION = 1, /* ORDER_CONFIRMATION; one for an order, by its messageId */
    WEBHOOK_MAIL_SHIPPING = 2,     /* SHIPPING_NOTIFICATION; one for a parcel */
    WEBHOOK_ALARM = 4              /* a person must look: goods and money disagree */
};

struct webhook_decision {
    enum webhook_outcome outcome;
    unsigned effects; /* of enum webhook_effect */
};

struct webhook_order {
    enum webhook_payment_state payment;
    int64_t total_won;    /* what is to be paid */
    int64_t paid_won;     /* 0, or total_won */
    int64_t refunded_won; /* sum of the completed refunds, never above paid_won */
    bool is_shipped;      /* a parcel has left */
};
struct webhook_order_parcel {
    enum webhook_parcel_state state;
};
struct webhook_order_refund {
    enum webhook_refund_state state;
    int64_t amount_won; /* of its first event */
};

/* Each changes its arguments only if the outcome is MOVED; a payment completed LATE (after its
 * cancellation) sets paid_won too, so that its refunds can be summed.
 *
 * amount_won counts for ON_PAYMENT_COMPLETED: it must be the order's total. A deposit is reversed
 * only while nothing of it is refunded; with goods on their way that is an ALARM. */
struct webhook_decision webhook_apply_payment(struct webhook_order *order,
                                              enum webhook_payment_event event, int64_t amount_won);
/* Goods of an order that is not paid do not leave: IMPOSSIBLE, and the sender tries again when the
 * payment has arrived. Those of a cancelled one: ALARM in place of the mail. */
struct webhook_decision webhook_apply_parcel(struct webhook_order *order,
                                             struct webhook_order_parcel *parcel,
                                             enum webhook_parcel_event event);
/* amount_won: above 0, the same in all events of a refund, and in sum not above what was paid. */
struct webhook_decision webhook_apply_refund(struct webhook_order *order,
                                             struct webhook_order_refund *refund,
                                             enum webhook_refund_event event, int64_t amount_won);

/* "paid", ...: constants, as the database and the history have them; NULL for no state. */
const char *webhook_payment_state_name(enum webhook_payment_state state);
const char *webhook_parcel_state_name(enum webhook_parcel_state state);
const char *webhook_refund_state_name(enum webhook_refund_state state);

/* The three tables as a Mermaid state diagram each, moves alone. */
bool webhook_write_diagrams(struct svc_buf *out);

#endif
