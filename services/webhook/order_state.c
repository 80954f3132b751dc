/* The tables of the order's states: see order_state.h. Read a row as: in this state, on this event.
 */
#include "services/webhook/order_state.h"

#include <stddef.h>

struct step {
    enum webhook_outcome outcome;
    int next; /* MOVED alone */
    unsigned effects;
};

#define TO(state, effects)                                                                         \
    { WEBHOOK_MOVED, WEBHOOK_##state, (effects) }
#define SAME                                                                                       \
    { WEBHOOK_REPEATED, 0, 0 }
#define LATE                                                                                       \
    { WEBHOOK_LATE, 0, 0 }
#define NEVER                                                                                      \
    { WEBHOOK_IMPOSSIBLE, 0, 0 }

/* A failure after PAID is that of an earlier attempt. CANCELLED is final; a payment that completes
 * afterwards has either been overtaken by its cancellation, or needs a person. */
static const struct step payment_steps[WEBHOOK_PAYMENT_STATES][WEBHOOK_PAYMENT_EVENTS] = {
    [WEBHOOK_UNPAID] =
        {
            [WEBHOOK_ON_PAYMENT_PENDING] = TO(PAYMENT_IS_PENDING, 0),
            [WEBHOOK_ON_PAYMENT_FAILED] = TO(PAYMENT_HAS_FAILED, 0),
            [WEBHOOK_ON_PAYMENT_COMPLETED] = TO(PAID, WEBHOOK_MAIL_CONFIRMATION),
            [WEBHOOK_ON_PAYMENT_CANCELLED] = TO(CANCELLED, 0),
            [WEBHOOK_ON_DEPOSIT_REVERSED] = TO(PAYMENT_IS_PENDING, 0),
        },
    [WEBHOOK_PAYMENT_IS_PENDING] =
        {
            [WEBHOOK_ON_PAYMENT_PENDING] = SAME,
            [WEBHOOK_ON_PAYMENT_FAILED] = TO(PAYMENT_HAS_FAILED, 0),
            [WEBHOOK_ON_PAYMENT_COMPLETED] = TO(PAID, WEBHOOK_MAIL_CONFIRMATION),
            [WEBHOOK_ON_PAYMENT_CANCELLED] = TO(CANCELLED, 0),
            [WEBHOOK_ON_DEPOSIT_REVERSED] = SAME,
        },
    [WEBHOOK_PAYMENT_HAS_FAILED] =
        {
            [WEBHOOK_ON_PAYMENT_PENDING] = LATE,
            [WEBHOOK_ON_PAYMENT_FAILED] = SAME,
            [WEBHOOK_ON_PAYMENT_COMPLETED] = TO(PAID, WEBHOOK_MAIL_CONFIRMATION),
            [WEBHOOK_ON_PAYMENT_CANCELLED] = TO(CANCELLED, 0),
            [WEBHOOK_ON_DEPOSIT_REVERSED] = LATE,
        },
    [WEBHOOK_PAID] =
        {
            [WEBHOOK_ON_PAYMENT_PENDING] = LATE,
            [WEBHOOK_ON_PAYMENT_FAILED] = LATE,
            [WEBHOOK_ON_PAYMENT_COMPLETED] = SAME,
            [WEBHOOK_ON_PAYMENT_CANCELLED] = TO(CANCELLED, 0),
            [WEBHOOK_ON_DEPOSIT_REVERSED] = TO(PAYMENT_IS_PENDING, 0),
        },
    [WEBHOOK_CANCELLED] =
        {
            [WEBHOOK_ON_PAYMENT_PENDING] = LATE,
            [WEBHOOK_ON_PAYMENT_FAILED] = LATE,
            [WEBHOOK_ON_PAYMENT_COMPLETED] = {WEBHOOK_LATE, 0, WEBHOOK_ALARM},
            [WEBHOOK_ON_PAYMENT_CANCELLED] = SAME,
            [WEBHOOK_ON_DEPOSIT_REVERSED] = LATE,
        },
};

/* A failed attempt is left by the delivery alone: whatever else arrives may be from before it. */
static const struct step parcel_steps[WEBHOOK_PARCEL_STATES][WEBHOOK_PARCEL_EVENTS] = {
    [WEBHOOK_PARCEL_UNKNOWN] =
        {
            [WEBHOOK_ON_PREPARING] = TO(PREPARING, 0),
            [WEBHOOK_ON_IN_TRANSIT] = TO(IN_TRANSIT, WEBHOOK_MAIL_SHIPPING),
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = TO(OUT_FOR_DELIVERY, WEBHOOK_MAIL_SHIPPING),
            [WEBHOOK_ON_DELIVERY_FAILED] = TO(DELIVERY_FAILED, 0),
            [WEBHOOK_ON_DELIVERED] = TO(DELIVERED, 0),
        },
    [WEBHOOK_PREPARING] =
        {
            [WEBHOOK_ON_PREPARING] = SAME,
            [WEBHOOK_ON_IN_TRANSIT] = TO(IN_TRANSIT, WEBHOOK_MAIL_SHIPPING),
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = TO(OUT_FOR_DELIVERY, WEBHOOK_MAIL_SHIPPING),
            [WEBHOOK_ON_DELIVERY_FAILED] = TO(DELIVERY_FAILED, 0),
            [WEBHOOK_ON_DELIVERED] = TO(DELIVERED, 0),
        },
    [WEBHOOK_IN_TRANSIT] =
        {
            [WEBHOOK_ON_PREPARING] = LATE,
            [WEBHOOK_ON_IN_TRANSIT] = SAME,
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = TO(OUT_FOR_DELIVERY, 0),
            [WEBHOOK_ON_DELIVERY_FAILED] = TO(DELIVERY_FAILED, 0),
            [WEBHOOK_ON_DELIVERED] = TO(DELIVERED, 0),
        },
    [WEBHOOK_OUT_FOR_DELIVERY] =
        {
            [WEBHOOK_ON_PREPARING] = LATE,
            [WEBHOOK_ON_IN_TRANSIT] = LATE,
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = SAME,
            [WEBHOOK_ON_DELIVERY_FAILED] = TO(DELIVERY_FAILED, 0),
            [WEBHOOK_ON_DELIVERED] = TO(DELIVERED, 0),
        },
    [WEBHOOK_DELIVERY_FAILED] =
        {
            [WEBHOOK_ON_PREPARING] = LATE,
            [WEBHOOK_ON_IN_TRANSIT] = LATE,
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = LATE,
            [WEBHOOK_ON_DELIVERY_FAILED] = SAME,
            [WEBHOOK_ON_DELIVERED] = TO(DELIVERED, 0),
        },
    [WEBHOOK_DELIVERED] =
        {
            [WEBHOOK_ON_PREPARING] = LATE,
            [WEBHOOK_ON_IN_TRANSIT] = LATE,
            [WEBHOOK_ON_OUT_FOR_DELIVERY] = LATE,
            [WEBHOOK_ON_DELIVERY_FAILED] = LATE,
            [WEBHOOK_ON_DELIVERED] = SAME,
        },
};

static const struct step refund_steps[WEBHOOK_REFUND_STATES][WEBHOOK_REFUND_EVENTS] = {
    [WEBHOOK_REFUND_UNKNOWN] =
        {
            [WEBHOOK_ON_REFUND_PENDING] = TO(REFUND_IS_PENDING, 0),
            [WEBHOOK_ON_REFUND_PROCESSING] = TO(REFUND_IS_PROCESSING, 0),
            [WEBHOOK_ON_REFUND_COMPLETED] = TO(REFUND_IS_COMPLETED, 0),
            [WEBHOOK_ON_REFUND_REJECTED] = TO(REFUND_IS_REJECTED, 0),
        },
    [WEBHOOK_REFUND_IS_PENDING] =
        {
            [WEBHOOK_ON_REFUND_PENDING] = SAME,
            [WEBHOOK_ON_REFUND_PROCESSING] = TO(REFUND_IS_PROCESSING, 0),
            [WEBHOOK_ON_REFUND_COMPLETED] = TO(REFUND_IS_COMPLETED, 0),
            [WEBHOOK_ON_REFUND_REJECTED] = TO(REFUND_IS_REJECTED, 0),
        },
    [WEBHOOK_REFUND_IS_PROCESSING] =
        {
            [WEBHOOK_ON_REFUND_PENDING] = LATE,
            [WEBHOOK_ON_REFUND_PROCESSING] = SAME,
            [WEBHOOK_ON_REFUND_COMPLETED] = TO(REFUND_IS_COMPLETED, 0),
            [WEBHOOK_ON_REFUND_REJECTED] = TO(REFUND_IS_REJECTED, 0),
        },
    [WEBHOOK_REFUND_IS_COMPLETED] =
        {
            [WEBHOOK_ON_REFUND_PENDING] = LATE,
            [WEBHOOK_ON_REFUND_PROCESSING] = LATE,
            [WEBHOOK_ON_REFUND_COMPLETED] = SAME,
            [WEBHOOK_ON_REFUND_REJECTED] = NEVER,
        },
    [WEBHOOK_REFUND_IS_REJECTED] =
        {
            [WEBHOOK_ON_REFUND_PENDING] = LATE,
            [WEBHOOK_ON_REFUND_PROCESSING] = LATE,
            [WEBHOOK_ON_REFUND_COMPLETED] = NEVER,
            [WEBHOOK_ON_REFUND_REJECTED] = SAME,
        },
};

static const struct webhook_decision impossible = {WEBHOOK_IMPOSSIBLE, 0};
static const struct webhook_decision amount_conflict = {WEBHOOK_AMOUNT_CONFLICT, 0};

/* ---------------------------------------------------------------------- applying */

struct webhook_decision webhook_apply_payment(struct webhook_order *order,
                                              enum webhook_payment_event event,
                                              int64_t amount_won) {
    if ((unsigned)order->payment >= WEBHOOK_PAYMENT_STATES ||
        (unsigned)event >= WEBHOOK_PAYMENT_EVENTS) {
        return impossible;
    }
    const struct step *step = &payment_steps[order->payment][event];
    struct webhook_decision decision = {step->outcome, step->effects};
    if (event == WEBHOOK_ON_PAYMENT_COMPLETED) {
        if (amount_won != order->total_won || amount_won <= 0) {
            return amount_conflict;
        }
        /* The second time it is known, and no reason for another alarm. */
        if (step->outcome == WEBHOOK_LATE && order->paid_won == amount_won) {
            decision.effects = 0;
        }
        order->paid_won = amount_won;
    }
    if (step->outcome != WEBHOOK_MOVED) {
        return decision;
    }
    if (event == WEBHOOK_ON_DEPOSIT_REVERSED) {
        if (order->refunded_won > 0) {
            return impossible;
        }
        order->paid_won = 0;
        decision.effects |= order->is_shipped ? WEBHOOK_ALARM : 0;
    }
    order->payment = (enum webhook_payment_state)step->next;
    return decision;
}

/* Whether goods in this state have left. */
static bool has_left(enum webhook_parcel_state state) {
    return state >= WEBHOOK_IN_TRANSIT;
}

struct webhook_decision webhook_apply_parcel(struct webhook_order *order,
                                             struct webhook_order_parcel *parcel,
                                             enum webhook_parcel_event event) {
    if ((unsigned)parcel->state >= WEBHOOK_PARCEL_STATES ||
        (unsigned)event >= WEBHOOK_PARCEL_EVENTS) {
        return impossible;
    }
    const struct step *step = &parcel_steps[parcel->state][event];
    struct webhook_decision decision = {step->outcome, step->effects};
    if (step->outcome != WEBHOOK_MOVED) {
        return decision;
    }
    const enum webhook_parcel_state next = (enum webhook_parcel_state)step->next;
    const bool leaves = has_left(next) && !has_left(parcel->state);
    if (leaves && order->payment == WEBHOOK_CANCELLED) {
        decision.effects = WEBHOOK_ALARM;
    } else if (leaves && order->payment != WEBHOOK_PAID) {
        return impossible;
    }
    order->is_shipped |= has_left(next);
    parcel->state = next;
    return decision;
}

struct webhook_decision webhook_apply_refund(struct webhook_order *order,
                                             struct webhook_order_refund *refund,
                                             enum webhook_refund_event event, int64_t amount_won) {
    if ((unsigned)refund->state >= WEBHOOK_REFUND_STATES ||
        (unsigned)event >= WEBHOOK_REFUND_EVENTS || order->paid_won == 0) {
        return impossible;
    }
    const bool is_first = refund->state == WEBHOOK_REFUND_UNKNOWN;
    if (amount_won <= 0 || amount_won > order->paid_won ||
        (!is_first && amount_won != refund->amount_won)) {
        return amount_conflict;
    }
    const struct step *step = &refund_steps[refund->state][event];
    if (step->outcome != WEBHOOK_MOVED) {
        return (struct webhook_decision){step->outcome, step->effects};
    }
    if (step->next == WEBHOOK_REFUND_IS_COMPLETED) {
        if (amount_won > order->paid_won - order->refunded_won) {
            return amount_conflict;
        }
        order->refunded_won += amount_won;
    }
    refund->state = (enum webhook_refund_state)step->next;
    refund->amount_won = amount_won;
    return (struct webhook_decision){step->outcome, step->effects};
}

/* ---------------------------------------------------------------------- names and diagrams */

static const char *const payment_names[] = {"unpaid", "pending", "failed", "paid", "cancelled"};
static const char *const payment_events[] = {"pending", "failed", "completed", "cancelled",
                                             "deposit_reversed"};
static const char *const parcel_names[] = {"unknown",          "preparing", "in_transit",
                                           "out_for_delivery", "failed",    "delivered"};
static const char *const parcel_events[] = {"preparing", "in_transit", "out_for_delivery", "failed",
                                            "delivered"};
static const char *const refund_names[] = {"unknown", "pending", "processing", "completed",
                                           "rejected"};
static const char *const refund_events[] = {"pending", "processing", "completed", "rejected"};

const char *webhook_payment_state_name(enum webhook_payment_state state) {
    return (unsigned)state < WEBHOOK_PAYMENT_STATES ? payment_names[state] : NULL;
}

const char *webhook_parcel_state_name(enum webhook_parcel_state state) {
    return (unsigned)state < WEBHOOK_PARCEL_STATES ? parcel_names[state] : NULL;
}

const char *webhook_refund_state_name(enum webhook_refund_state state) {
    return (unsigned)state < WEBHOOK_REFUND_STATES ? refund_names[state] : NULL;
}

static void write_diagram(struct svc_buf *out, const char *title, const struct step *steps,
                          size_t states, size_t events, const char *const *names,
                          const char *const *event_names) {
    svc_buf_printf(out, "---\ntitle: %s\n---\nstateDiagram-v2\n    [*] --> %s\n", title, names[0]);
    for (size_t i = 0; i < states; i++) {
        for (size_t k = 0; k < events; k++) {
            const struct step *step = &steps[i * events + k];
            if (step->outcome == WEBHOOK_MOVED) {
                svc_buf_printf(out, "    %s --> %s: %s%s\n", names[i], names[step->next],
                               event_names[k], step->effects != 0 ? " / mail" : "");
            }
        }
    }
    svc_buf_append_char(out, '\n');
}

bool webhook_write_diagrams(struct svc_buf *out) {
    write_diagram(out, "payment", payment_steps[0], WEBHOOK_PAYMENT_STATES, WEBHOOK_PAYMENT_EVENTS,
                  payment_names, payment_events);
    write_diagram(out, "parcel", parcel_steps[0], WEBHOOK_PARCEL_STATES, WEBHOOK_PARCEL_EVENTS,
                  parcel_names, parcel_events);
    write_diagram(out, "refund", refund_steps[0], WEBHOOK_REFUND_STATES, WEBHOOK_REFUND_EVENTS,
                  refund_names, refund_events);
    return svc_buf_status(out) == SVC_OK;
}
