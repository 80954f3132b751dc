/* The platform's own webhooks: see event.h. */
#include "services/webhook/event.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const types[] = {"payment", "shipping", "refund"};
static const char *const payment_statuses[] = {"completed", "failed", "cancelled", "pending"};
static const char *const shipping_statuses[] = {"preparing", "in_transit", "out_for_delivery",
                                                "delivered", "failed"};
static const char *const refund_statuses[] = {"pending", "processing", "completed", "rejected"};

static const char *name_of(const char *const *names, size_t count, size_t index) {
    return index < count ? names[index] : "";
}

const char *webhook_type_name(enum webhook_type type) {
    return name_of(types, COUNT(types), (size_t)type);
}

const char *webhook_payment_status_name(enum webhook_payment_status status) {
    return name_of(payment_statuses, COUNT(payment_statuses), (size_t)status);
}

const char *webhook_shipping_status_name(enum webhook_shipping_status status) {
    return name_of(shipping_statuses, COUNT(shipping_statuses), (size_t)status);
}

const char *webhook_refund_status_name(enum webhook_refund_status status) {
    return name_of(refund_statuses, COUNT(refund_statuses), (size_t)status);
}

static enum webhook_presence required_if(bool is_required) {
    return is_required ? WEBHOOK_REQUIRED : WEBHOOK_OPTIONAL;
}

static void read_payment(struct webhook_fields *fields, struct webhook_payment *payment) {
    int status = 0;
    webhook_field_word(fields, "status", payment_statuses, COUNT(payment_statuses), &status);
    payment->status = (enum webhook_payment_status)status;
    const enum webhook_presence presence =
        required_if(payment->status == WEBHOOK_PAYMENT_COMPLETED);
    webhook_field_name(fields, "paymentMethod", presence, payment->method, sizeof(payment->method));
    webhook_field_id(fields, "transactionId", presence, payment->transaction_id,
                     sizeof(payment->transaction_id));
    webhook_field_won(fields, "amount", 0, &payment->amount_won);
    webhook_field_time(fields, "paidAt", presence, &payment->paid_at_ms);
}

static void read_shipping(struct webhook_fields *fields, struct webhook_shipping *shipping) {
    int status = 0;
    webhook_field_word(fields, "status", shipping_statuses, COUNT(shipping_statuses), &status);
    shipping->status = (enum webhook_shipping_status)status;
    /* A parcel that is being prepared may have no label yet. */
    const enum webhook_presence presence =
        required_if(shipping->status != WEBHOOK_SHIPPING_PREPARING);
    webhook_field_id(fields, "trackingNumber", presence, shipping->tracking_number,
                     sizeof(shipping->tracking_number));
    webhook_field_name(fields, "carrier", presence, shipping->carrier, sizeof(shipping->carrier));
    webhook_field_text(fields, "location", shipping->location, sizeof(shipping->location));
    webhook_field_time(fields, "timestamp", WEBHOOK_REQUIRED, &shipping->time_ms);
}

static void read_refund(struct webhook_fields *fields, struct webhook_refund *refund) {
    int status = 0;
    webhook_field_word(fields, "status", refund_statuses, COUNT(refund_statuses), &status);
    refund->status = (enum webhook_refund_status)status;
    const bool is_over =
        refund->status == WEBHOOK_REFUND_COMPLETED || refund->status == WEBHOOK_REFUND_REJECTED;
    webhook_field_id(fields, "refundId", WEBHOOK_REQUIRED, refund->refund_id,
                     sizeof(refund->refund_id));
    webhook_field_won(fields, "amount", 1, &refund->amount_won);
    webhook_field_text(fields, "reason", refund->reason, sizeof(refund->reason));
    webhook_field_time(fields, "processedAt", required_if(is_over), &refund->processed_at_ms);
}

static void read_type(struct webhook_fields *fields, enum webhook_type type) {
    if (!svc_json_has(fields->object, "type")) {
        webhook_field_refuse(fields, WEBHOOK_REASON_MISSING_FIELD, "type", "is required");
        return;
    }
    const char *text = svc_json_get_text(fields->object, "type");
    if (text == NULL || strcmp(text, webhook_type_name(type)) != 0) {
        webhook_field_refuse(fields, WEBHOOK_REASON_WRONG_TYPE, "type", "is not that of the path");
    }
}

enum svc_status webhook_event_parse(const void *bytes, size_t size_bytes, enum webhook_type type,
                                    struct webhook_event *event, struct webhook_error *error) {
    struct svc_json *document = NULL;
    memset(event, 0, sizeof(*event));
    webhook_error_clear(error);
    enum svc_status status = webhook_parse_object(bytes, size_bytes, &document, error);
    if (status != SVC_OK) {
        return status;
    }
    struct webhook_fields fields = {document, "", error, SVC_OK};
    event->type = type;
    read_type(&fields, type);
    webhook_field_id(&fields, "orderId", WEBHOOK_REQUIRED, event->order_id,
                     sizeof(event->order_id));
    switch (type) {
    case WEBHOOK_PAYMENT:
        read_payment(&fields, &event->payment);
        break;
    case WEBHOOK_SHIPPING:
        read_shipping(&fields, &event->shipping);
        break;
    case WEBHOOK_REFUND:
        read_refund(&fields, &event->refund);
        break;
    }
    svc_json_wipe(document);
    if (fields.status != SVC_OK) {
        memset(event, 0, sizeof(*event));
    }
    return fields.status;
}
