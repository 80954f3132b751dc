/* The platform's signed bodies: exactly those are accepted that the tables below accept
 * (fuzz/support/body_oracle.h), with the values that json-c reads; what was read, written again, is
 * read as the same; and the step that it makes of an order is that of its status. */
#include <string.h>

#include "fuzz/support/body_oracle.h"
#include "services/webhook/change.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const types[][2] = {{"payment"}, {"shipping"}, {"refund"}};
static const char *const payment_words[] = {"completed", "failed", "cancelled", "pending", NULL};
static const char *const shipping_words[] = {"preparing", "in_transit", "out_for_delivery",
                                             "delivered", "failed",     NULL};
static const char *const refund_words[] = {"pending", "processing", "completed", "rejected", NULL};

#define KEPT(member) offsetof(struct webhook_event, member)
#define TYPE_OF(type)                                                                              \
    { "type", BODY_WORD, BODY_ALWAYS, BODY_NOT_KEPT, 0, types[type] }
#define ORDER                                                                                      \
    { "orderId", BODY_ID, BODY_ALWAYS, KEPT(order_id), 64, NULL }

#define COMPLETED (1u << 0) /* of a payment */
static const struct body_rule payment_rules[] = {
    TYPE_OF(WEBHOOK_PAYMENT),
    ORDER,
    {"status", BODY_WORD, BODY_ALWAYS, KEPT(payment.status), 0, payment_words},
    {"paymentMethod", BODY_NAME, COMPLETED, KEPT(payment.method), 64, NULL},
    {"transactionId", BODY_ID, COMPLETED, KEPT(payment.transaction_id), 64, NULL},
    {"amount", BODY_WON, BODY_ALWAYS, KEPT(payment.amount_won), 0, NULL},
    {"paidAt", BODY_TIME, COMPLETED, KEPT(payment.paid_at_ms), 0, NULL},
};

#define SENT (~(1u << 0)) /* not preparing */
static const struct body_rule shipping_rules[] = {
    TYPE_OF(WEBHOOK_SHIPPING),
    ORDER,
    {"status", BODY_WORD, BODY_ALWAYS, KEPT(shipping.status), 0, shipping_words},
    {"trackingNumber", BODY_ID, SENT, KEPT(shipping.tracking_number), 64, NULL},
    {"carrier", BODY_NAME, SENT, KEPT(shipping.carrier), 64, NULL},
    {"location", BODY_TEXT, 0, KEPT(shipping.location), 255, NULL},
    {"timestamp", BODY_TIME, BODY_ALWAYS, KEPT(shipping.time_ms), 0, NULL},
};

#define FINAL (1u << 2 | 1u << 3) /* completed, rejected */
static const struct body_rule refund_rules[] = {
    TYPE_OF(WEBHOOK_REFUND),
    ORDER,
    {"status", BODY_WORD, BODY_ALWAYS, KEPT(refund.status), 0, refund_words},
    {"refundId", BODY_ID, BODY_ALWAYS, KEPT(refund.refund_id), 64, NULL},
    {"amount", BODY_WON, BODY_ALWAYS, KEPT(refund.amount_won), 1, NULL},
    {"reason", BODY_TEXT, 0, KEPT(refund.reason), 255, NULL},
    {"processedAt", BODY_TIME, FINAL, KEPT(refund.processed_at_ms), 0, NULL},
};

static const struct kind {
    const struct body_rule *rules;
    size_t count;
    const char *const *statuses;
    enum webhook_subject subject;
} kinds[] = {
    {payment_rules, COUNT(payment_rules), payment_words, WEBHOOK_SUBJECT_PAYMENT},
    {shipping_rules, COUNT(shipping_rules), shipping_words, WEBHOOK_SUBJECT_PARCEL},
    {refund_rules, COUNT(refund_rules), refund_words, WEBHOOK_SUBJECT_REFUND},
};

static void check_again(const struct kind *kind, const struct webhook_event *event) {
    struct webhook_event again;
    struct webhook_error error;
    json_object *object = json_object_new_object();
    body_write(object, kind->rules, kind->count, event);
    const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
    FUZZ_CHECK(webhook_event_parse(text, strlen(text), event->type, &again, &error) == SVC_OK,
               "%s: %s", error.detail, text);
    FUZZ_CHECK(!memcmp(&again, event, sizeof(again)), "%s is another event", text);
    json_object_put(object);
}

static const char *status_name(const struct webhook_event *event) {
    return event->type == WEBHOOK_PAYMENT    ? webhook_payment_status_name(event->payment.status)
           : event->type == WEBHOOK_SHIPPING ? webhook_shipping_status_name(event->shipping.status)
                                             : webhook_refund_status_name(event->refund.status);
}

static void check_step(const struct kind *kind, const struct webhook_event *event) {
    struct webhook_step step;
    webhook_step_of_event(event, &step);
    const bool is_parcel = event->type == WEBHOOK_SHIPPING,
               is_refund = event->type == WEBHOOK_REFUND;
    FUZZ_CHECK(step.subject == kind->subject &&
                   !strcmp(webhook_subject_name(step.subject),
                           is_parcel ? "parcel" : types[kind - kinds][0]),
               "another subject");
    FUZZ_CHECK(!strcmp(webhook_step_event_name(&step), status_name(event)), "%s became %s",
               status_name(event), webhook_step_event_name(&step));
    FUZZ_CHECK(step.amount_won == (is_parcel   ? 0
                                   : is_refund ? event->refund.amount_won
                                               : event->payment.amount_won),
               "another amount");
    FUZZ_CHECK(!strcmp(step.id, is_parcel   ? event->shipping.tracking_number
                                : is_refund ? event->refund.refund_id
                                            : ""),
               "another id");
    FUZZ_CHECK(!strcmp(step.detail, is_parcel   ? event->shipping.location
                                    : is_refund ? event->refund.reason
                                                : ""),
               "another detail");
    FUZZ_CHECK(step.happened_ms == (is_parcel   ? event->shipping.time_ms
                                    : is_refund ? event->refund.processed_at_ms
                                                : event->payment.paid_at_ms),
               "another time");
}

static void check_type(const uint8_t *data, size_t size_bytes, enum webhook_type type,
                       json_object *document, bool is_exact) {
    const struct kind *kind = &kinds[type];
    struct webhook_event event;
    struct webhook_error error;
    const enum svc_status status = webhook_event_parse(data, size_bytes, type, &event, &error);
    body_check_error(status, &error, &event, sizeof(event));
    if (is_exact || document == NULL) {
        const bool is_good = json_object_is_type(document, json_type_object) &&
                             body_accepts(document, kind->rules, kind->count,
                                          body_word(document, "status", kind->statuses));
        FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
                   status == SVC_OK ? "" : error.detail);
        if (is_good)
            body_compare(document, kind->rules, kind->count, &event);
    }
    if (status == SVC_OK) {
        FUZZ_CHECK(event.type == type && !strcmp(webhook_type_name(type), types[type][0]), "type");
        check_again(kind, &event);
        check_step(kind, &event);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    bool is_exact = false;
    json_object *document = body_parse(data, size_bytes, &is_exact);
    for (unsigned type = 0; type < COUNT(kinds); type++)
        /* Its own type, and now and then another. */
        if (body_accepts(document, kinds[type].rules, 1, 0) || size_bytes % COUNT(kinds) == type)
            check_type(data, size_bytes, (enum webhook_type)type, document, is_exact);
    json_object_put(document);
    return 0;
}
