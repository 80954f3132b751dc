/* The platform's own webhooks, from bytes to a typed event. Pure. The signature is verified before.
 *
 *   payment   {"type":"payment","orderId":"ORD-1","status":"completed","paymentMethod":"card",
 *             "transactionId":"T-1","amount":5000,"paidAt":"2026-01-02T03:04:05+09:00"}
 *   shipping  {"type":"shipping","orderId":"ORD-1","status":"in_transit","trackingNumber":"1234",
 *             "carrier":"CJ","location":"Seoul","timestamp":"2026-01-02T03:04:05+09:00"}
 *   refund    {"type":"refund","orderId":"ORD-1","refundId":"R-1","status":"completed",
 *             "amount":5000,"reason":"...","processedAt":"2026-01-02T03:04:05+09:00"}
 *
 * type, orderId and status are required, amount where listed, and timestamp, refundId. A payment
 * that is completed needs paymentMethod, transactionId and paidAt; a parcel needs trackingNumber
 * and carrier unless it is being prepared; a refund that is completed or rejected needs
 * processedAt. Other fields are optional, null counts as absent, and names that are not listed are
 * ignored. */
#ifndef WEBHOOK_EVENT_H
#define WEBHOOK_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "services/webhook/error.h"
#include "services/webhook/fields.h"
#include "services/webhook/limits.h"

enum webhook_type { WEBHOOK_PAYMENT, WEBHOOK_SHIPPING, WEBHOOK_REFUND };

enum webhook_payment_status {
    WEBHOOK_PAYMENT_COMPLETED,
    WEBHOOK_PAYMENT_FAILED,
    WEBHOOK_PAYMENT_CANCELLED,
    WEBHOOK_PAYMENT_PENDING
};

enum webhook_shipping_status {
    WEBHOOK_SHIPPING_PREPARING,
    WEBHOOK_SHIPPING_IN_TRANSIT,
    WEBHOOK_SHIPPING_OUT_FOR_DELIVERY,
    WEBHOOK_SHIPPING_DELIVERED,
    WEBHOOK_SHIPPING_FAILED
};

enum webhook_refund_status {
    WEBHOOK_REFUND_PENDING,
    WEBHOOK_REFUND_PROCESSING,
    WEBHOOK_REFUND_COMPLETED,
    WEBHOOK_REFUND_REJECTED
};

struct webhook_payment {
    enum webhook_payment_status status;
    char method[WEBHOOK_MAX_NAME_BYTES + 1];       /* "": not stated */
    char transaction_id[WEBHOOK_MAX_ID_BYTES + 1]; /* "": not stated */
    int64_t amount_won;                            /* 0 or more */
    int64_t paid_at_ms;                            /* since 1970; or WEBHOOK_NO_TIME */
};

struct webhook_shipping {
    enum webhook_shipping_status status;
    char tracking_number[WEBHOOK_MAX_ID_BYTES + 1]; /* "": not stated */
    char carrier[WEBHOOK_MAX_NAME_BYTES + 1];       /* "": not stated */
    char location[WEBHOOK_MAX_TEXT_BYTES + 1];      /* "": not stated */
    int64_t time_ms;                                /* since 1970 */
};

struct webhook_refund {
    enum webhook_refund_status status;
    char refund_id[WEBHOOK_MAX_ID_BYTES + 1];
    char reason[WEBHOOK_MAX_TEXT_BYTES + 1]; /* "": not stated */
    int64_t amount_won;                      /* 1 or more */
    int64_t processed_at_ms;                 /* since 1970; or WEBHOOK_NO_TIME */
};

struct webhook_event {
    enum webhook_type type;
    char order_id[WEBHOOK_MAX_ORDER_ID_BYTES + 1];
    union {
        struct webhook_payment payment;
        struct webhook_shipping shipping;
        struct webhook_refund refund;
    };
};

/* Reads the body of a path whose type is `type`. On failure *event is zero. Errors by `error`,
 * which may be NULL: MALFORMED, TOO_LARGE, NO_MEMORY. */
enum svc_status webhook_event_parse(const void *bytes, size_t size_bytes, enum webhook_type type,
                                    struct webhook_event *event, struct webhook_error *error);

/* As bodies have them: "payment", "completed". "" for a value outside the enum. */
const char *webhook_type_name(enum webhook_type type);
const char *webhook_payment_status_name(enum webhook_payment_status status);
const char *webhook_shipping_status_name(enum webhook_shipping_status status);
const char *webhook_refund_status_name(enum webhook_refund_status status);

#endif
