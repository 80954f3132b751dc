/* Webhooks of Toss Payments: see toss.h. */
#include "services/webhook/toss.h"

#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/crypto.h"
#include "services/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const kinds[] = {"PAYMENT_STATUS_CHANGED", "DEPOSIT_CALLBACK", "payout.changed",
                                    "seller.changed"};
static const char *const payout_statuses[] = {"REQUESTED", "IN_PROGRESS", "COMPLETED", "FAILED",
                                              "CANCELED"};
static const char *const seller_statuses[] = {"APPROVAL_REQUIRED", "PARTIALLY_APPROVED",
                                              "KYC_REQUIRED", "APPROVED"};

bool webhook_toss_is_signed(enum webhook_toss_kind kind) {
    return kind != WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED && kind != WEBHOOK_TOSS_DEPOSIT_CALLBACK;
}

const char *webhook_toss_kind_name(enum webhook_toss_kind kind) {
    return (size_t)kind < COUNT(kinds) ? kinds[kind] : "";
}

const char *webhook_payout_status_name(enum webhook_payout_status status) {
    return (size_t)status < COUNT(payout_statuses) ? payout_statuses[status] : "";
}

const char *webhook_seller_status_name(enum webhook_seller_status status) {
    return (size_t)status < COUNT(seller_statuses) ? seller_statuses[status] : "";
}

void webhook_toss_event_clear(struct webhook_toss_event *event) {
    svc_wipe(event, sizeof(*event));
}

void webhook_toss_event_key(const struct webhook_toss_event *event, char *out) {
    out[0] = '\0';
    if (webhook_toss_is_signed(event->kind)) {
        snprintf(out, WEBHOOK_MAX_INBOX_KEY_BYTES + 1, "%s:%s", webhook_toss_kind_name(event->kind),
                 event->event_id);
    }
}

/* Both secrets are compared over their full size, zeros included. */
bool webhook_toss_hint_matches(const struct webhook_toss_event *event,
                               const struct webhook_toss_payment *payment) {
    const struct webhook_toss_hint *hint = &event->hint;
    if (webhook_toss_is_signed(event->kind)) {
        return false;
    }
    const bool is_equal =
        svc_equal_constant_time(hint->secret, payment->secret, sizeof(hint->secret));
    const bool has_secret = hint->secret[0] != '\0';
    const bool may_lack = event->kind == WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED;
    return (has_secret ? is_equal : may_lack) && hint->order_id[0] != '\0' &&
           strcmp(hint->order_id, payment->order_id) == 0 &&
           (hint->payment_key[0] == '\0' || strcmp(hint->payment_key, payment->payment_key) == 0);
}

/* ---------------------------------------------------------------------- parsing */

/* Toss writes createdAt of its unsigned events in Korean time without an offset. */
static void read_created_at(struct webhook_fields *fields, int64_t *time_ms) {
    char text[WEBHOOK_MAX_TIME_BYTES + sizeof("+09:00")];
    const char *found = svc_json_get_text(fields->object, "createdAt");
    if (fields->status == SVC_OK && found != NULL && strlen(found) <= WEBHOOK_MAX_TIME_BYTES &&
        !svc_parse_iso8601(found, time_ms)) {
        snprintf(text, sizeof(text), "%s+09:00", found);
        if (svc_parse_iso8601(text, time_ms)) {
            return;
        }
    }
    webhook_field_time(fields, "createdAt", WEBHOOK_REQUIRED, time_ms);
}

static void read_hint(struct webhook_fields *fields, enum webhook_toss_kind kind,
                      struct webhook_toss_hint *hint) {
    const bool is_deposit = kind == WEBHOOK_TOSS_DEPOSIT_CALLBACK;
    int status = 0;
    if (!is_deposit) {
        webhook_field_id(fields, "paymentKey", WEBHOOK_REQUIRED, hint->payment_key,
                         sizeof(hint->payment_key));
    }
    webhook_field_id(fields, "orderId", WEBHOOK_REQUIRED, hint->order_id, sizeof(hint->order_id));
    webhook_field_word(fields, "status", webhook_toss_statuses, WEBHOOK_TOSS_STATUSES, &status);
    hint->status = (enum webhook_toss_status)status;
    webhook_field_id(fields, is_deposit ? "transactionKey" : "lastTransactionKey", WEBHOOK_OPTIONAL,
                     hint->transaction_key, sizeof(hint->transaction_key));
    webhook_field_id(fields, "secret", is_deposit ? WEBHOOK_REQUIRED : WEBHOOK_OPTIONAL,
                     hint->secret, sizeof(hint->secret));
}

static void read_payout(struct webhook_fields *fields, struct webhook_toss_payout *payout) {
    char currency[WEBHOOK_MAX_NAME_BYTES + 1];
    int status = 0;
    webhook_field_id(fields, "id", WEBHOOK_REQUIRED, payout->payout_id, sizeof(payout->payout_id));
    webhook_field_id(fields, "refPayoutId", WEBHOOK_REQUIRED, payout->reference,
                     sizeof(payout->reference));
    webhook_field_id(fields, "destination", WEBHOOK_REQUIRED, payout->seller_id,
                     sizeof(payout->seller_id));
    webhook_field_word(fields, "status", payout_statuses, COUNT(payout_statuses), &status);
    payout->status = (enum webhook_payout_status)status;
    struct webhook_fields amount = {svc_json_get(fields->object, "amount"), "entityBody.amount.",
                                    fields->error, fields->status};
    webhook_field_id(&amount, "currency", WEBHOOK_REQUIRED, currency, sizeof(currency));
    if (amount.status == SVC_OK && strcmp(currency, "KRW") != 0) {
        webhook_field_refuse(&amount, WEBHOOK_REASON_BAD_FIELD, "currency", "is not KRW");
    }
    webhook_field_won(&amount, "value", 1, &payout->amount_won);
    fields->status = amount.status;
}

static void read_seller(struct webhook_fields *fields, struct webhook_toss_seller *seller) {
    int status = 0;
    webhook_field_id(fields, "id", WEBHOOK_REQUIRED, seller->seller_id, sizeof(seller->seller_id));
    webhook_field_id(fields, "refSellerId", WEBHOOK_REQUIRED, seller->reference,
                     sizeof(seller->reference));
    webhook_field_word(fields, "status", seller_statuses, COUNT(seller_statuses), &status);
    seller->status = (enum webhook_seller_status)status;
}

/* A member that must be an object; NULL after a refusal. */
static const struct svc_json *read_object(struct webhook_fields *fields, const char *name) {
    const struct svc_json *found = svc_json_get(fields->object, name);
    if (fields->status != SVC_OK) {
        return NULL;
    }
    if (svc_json_type(found) != SVC_JSON_OBJECT) {
        webhook_field_refuse(
            fields, found == NULL ? WEBHOOK_REASON_MISSING_FIELD : WEBHOOK_REASON_BAD_FIELD, name,
            "is required and not an object");
        return NULL;
    }
    return found;
}

static void read_signed(struct webhook_fields *fields, struct webhook_toss_event *event) {
    char type[WEBHOOK_MAX_ID_BYTES + 1];
    const bool is_payout = event->kind == WEBHOOK_TOSS_PAYOUT_CHANGED;
    webhook_field_id(fields, "eventId", WEBHOOK_REQUIRED, event->event_id, sizeof(event->event_id));
    webhook_field_id(fields, "entityType", WEBHOOK_REQUIRED, type, sizeof(type));
    if (fields->status == SVC_OK && strcmp(type, is_payout ? "payout" : "seller") != 0) {
        webhook_field_refuse(fields, WEBHOOK_REASON_INCONSISTENT, "entityType",
                             "is not that of the event");
    }
    struct webhook_fields entity = {read_object(fields, "entityBody"), "entityBody.", fields->error,
                                    fields->status};
    if (is_payout) {
        read_payout(&entity, &event->payout);
    } else {
        read_seller(&entity, &event->seller);
    }
    fields->status = entity.status;
}

/* A DEPOSIT_CALLBACK as Toss documents it has no eventType, and its members stand at the top. */
static void read_event(struct webhook_fields *fields, struct webhook_toss_event *event) {
    const struct svc_json *named = svc_json_get(fields->object, "eventType");
    int kind = WEBHOOK_TOSS_DEPOSIT_CALLBACK;
    if (named != NULL && !webhook_field_word(fields, "eventType", kinds, COUNT(kinds), &kind)) {
        fields->status = webhook_refuse(fields->error,
                                        svc_json_text(named) == NULL ? WEBHOOK_REASON_BAD_FIELD
                                                                     : WEBHOOK_REASON_UNKNOWN_EVENT,
                                        "eventType", "is none of the events listed");
        return;
    }
    event->kind = (enum webhook_toss_kind)kind;
    read_created_at(fields, &event->created_at_ms);
    if (webhook_toss_is_signed(event->kind)) {
        read_signed(fields, event);
    } else if (named == NULL) {
        read_hint(fields, event->kind, &event->hint);
    } else {
        struct webhook_fields data = {read_object(fields, "data"), "data.", fields->error,
                                      fields->status};
        read_hint(&data, event->kind, &event->hint);
        fields->status = data.status;
    }
}

enum svc_status webhook_toss_event_parse(const void *bytes, size_t size_bytes,
                                         struct webhook_toss_event *event,
                                         struct webhook_error *error) {
    struct svc_json *document = NULL;
    memset(event, 0, sizeof(*event));
    webhook_error_clear(error);
    enum svc_status status = webhook_parse_object(bytes, size_bytes, &document, error);
    if (status != SVC_OK) {
        return status;
    }
    struct webhook_fields fields = {document, "", error, SVC_OK};
    read_event(&fields, event);
    svc_json_wipe(document);
    if (fields.status != SVC_OK) {
        webhook_toss_event_clear(event);
    }
    return fields.status;
}
