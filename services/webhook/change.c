/* Steps of events, and their names: see change.h. */
#include "services/webhook/change.h"

/* Indexed by the status of a body. */
static const int payment_events[] = {
    [WEBHOOK_PAYMENT_COMPLETED] = WEBHOOK_ON_PAYMENT_COMPLETED,
    [WEBHOOK_PAYMENT_FAILED] = WEBHOOK_ON_PAYMENT_FAILED,
    [WEBHOOK_PAYMENT_CANCELLED] = WEBHOOK_ON_PAYMENT_CANCELLED,
    [WEBHOOK_PAYMENT_PENDING] = WEBHOOK_ON_PAYMENT_PENDING,
};
static const int parcel_events[] = {
    [WEBHOOK_SHIPPING_PREPARING] = WEBHOOK_ON_PREPARING,
    [WEBHOOK_SHIPPING_IN_TRANSIT] = WEBHOOK_ON_IN_TRANSIT,
    [WEBHOOK_SHIPPING_OUT_FOR_DELIVERY] = WEBHOOK_ON_OUT_FOR_DELIVERY,
    [WEBHOOK_SHIPPING_DELIVERED] = WEBHOOK_ON_DELIVERED,
    [WEBHOOK_SHIPPING_FAILED] = WEBHOOK_ON_DELIVERY_FAILED,
};
static const int refund_events[] = {
    [WEBHOOK_REFUND_PENDING] = WEBHOOK_ON_REFUND_PENDING,
    [WEBHOOK_REFUND_PROCESSING] = WEBHOOK_ON_REFUND_PROCESSING,
    [WEBHOOK_REFUND_COMPLETED] = WEBHOOK_ON_REFUND_COMPLETED,
    [WEBHOOK_REFUND_REJECTED] = WEBHOOK_ON_REFUND_REJECTED,
};

void webhook_step_of_event(const struct webhook_event *event, struct webhook_step *step) {
    *step = (struct webhook_step){
        .happened_ms = WEBHOOK_NO_TIME, .id = "", .name = "", .reference = "", .detail = ""};
    switch (event->type) {
    case WEBHOOK_PAYMENT:
        step->subject = WEBHOOK_SUBJECT_PAYMENT;
        step->event = payment_events[event->payment.status];
        step->amount_won = event->payment.amount_won;
        step->happened_ms = event->payment.paid_at_ms;
        step->name = event->payment.method;
        step->reference = event->payment.transaction_id;
        break;
    case WEBHOOK_SHIPPING:
        step->subject = WEBHOOK_SUBJECT_PARCEL;
        step->event = parcel_events[event->shipping.status];
        step->happened_ms = event->shipping.time_ms;
        step->id = event->shipping.tracking_number;
        step->name = event->shipping.carrier;
        step->detail = event->shipping.location;
        break;
    case WEBHOOK_REFUND:
        step->subject = WEBHOOK_SUBJECT_REFUND;
        step->event = refund_events[event->refund.status];
        step->amount_won = event->refund.amount_won;
        step->happened_ms = event->refund.processed_at_ms;
        step->id = event->refund.refund_id;
        step->detail = event->refund.reason;
        break;
    }
}

const char *webhook_subject_name(enum webhook_subject subject) {
    static const char *const names[] = {"payment", "parcel", "refund"};
    return (unsigned)subject <= WEBHOOK_SUBJECT_REFUND ? names[subject] : "";
}

const char *webhook_step_event_name(const struct webhook_step *step) {
    static const char *const payments[WEBHOOK_PAYMENT_EVENTS] = {
        [WEBHOOK_ON_PAYMENT_PENDING] = "pending",
        [WEBHOOK_ON_PAYMENT_FAILED] = "failed",
        [WEBHOOK_ON_PAYMENT_COMPLETED] = "completed",
        [WEBHOOK_ON_PAYMENT_CANCELLED] = "cancelled",
        [WEBHOOK_ON_DEPOSIT_REVERSED] = "deposit_reversed",
    };
    static const char *const parcels[WEBHOOK_PARCEL_EVENTS] = {
        [WEBHOOK_ON_PREPARING] = "preparing",
        [WEBHOOK_ON_IN_TRANSIT] = "in_transit",
        [WEBHOOK_ON_OUT_FOR_DELIVERY] = "out_for_delivery",
        [WEBHOOK_ON_DELIVERY_FAILED] = "failed",
        [WEBHOOK_ON_DELIVERED] = "delivered",
    };
    static const char *const refunds[WEBHOOK_REFUND_EVENTS] = {
        [WEBHOOK_ON_REFUND_PENDING] = "pending",
        [WEBHOOK_ON_REFUND_PROCESSING] = "processing",
        [WEBHOOK_ON_REFUND_COMPLETED] = "completed",
        [WEBHOOK_ON_REFUND_REJECTED] = "rejected",
    };
    const unsigned event = (unsigned)step->event;
    switch (step->subject) {
    case WEBHOOK_SUBJECT_PAYMENT:
        return event < WEBHOOK_PAYMENT_EVENTS ? payments[event] : "";
    case WEBHOOK_SUBJECT_PARCEL:
        return event < WEBHOOK_PARCEL_EVENTS ? parcels[event] : "";
    case WEBHOOK_SUBJECT_REFUND:
        return event < WEBHOOK_REFUND_EVENTS ? refunds[event] : "";
    }
    return "";
}
