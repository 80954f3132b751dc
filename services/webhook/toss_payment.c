/* A payment of Toss: see toss_payment.h. */
#include "services/webhook/toss_payment.h"

#include <stdio.h>
#include <string.h>

#include "services/base/crypto.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const webhook_toss_statuses[WEBHOOK_TOSS_STATUSES] = {
    "READY",   "IN_PROGRESS", "WAITING_FOR_DEPOSIT", "DONE", "CANCELED", "PARTIAL_CANCELED",
    "ABORTED", "EXPIRED"};
static const char *const cancel_statuses[] = {"DONE", "IN_PROGRESS", "ABORTED"};

const char *webhook_toss_status_name(enum webhook_toss_status status) {
    return (size_t)status < WEBHOOK_TOSS_STATUSES ? webhook_toss_statuses[status] : "";
}

void webhook_toss_payment_clear(struct webhook_toss_payment *payment) {
    svc_wipe(payment, sizeof(*payment));
}

void webhook_toss_payment_key(const struct webhook_toss_payment *payment, char *out) {
    snprintf(out, WEBHOOK_MAX_INBOX_KEY_BYTES + 1, "%s:%s:%s", payment->payment_key,
             webhook_toss_status_name(payment->status), payment->last_transaction_key);
}

/* ---------------------------------------------------------------------- cancellations */

static void read_cancel(struct webhook_fields *fields, struct webhook_toss_cancel *cancel) {
    int status = WEBHOOK_CANCEL_DONE;
    webhook_field_id(fields, "transactionKey", WEBHOOK_REQUIRED, cancel->transaction_key,
                     sizeof(cancel->transaction_key));
    if (svc_json_get(fields->object, "cancelStatus") != NULL) {
        webhook_field_word(fields, "cancelStatus", cancel_statuses, COUNT(cancel_statuses),
                           &status);
    }
    cancel->status = (enum webhook_cancel_status)status;
    webhook_field_won(fields, "cancelAmount", 1, &cancel->amount_won);
    webhook_field_time(fields, "canceledAt", WEBHOOK_REQUIRED, &cancel->canceled_at_ms);
    webhook_field_text(fields, "cancelReason", cancel->reason, sizeof(cancel->reason));
}

static bool is_repeated(const struct webhook_toss_payment *payment, size_t index) {
    for (size_t i = 0; i < index; i++) {
        if (strcmp(payment->cancels[i].transaction_key, payment->cancels[index].transaction_key) ==
            0) {
            return true;
        }
    }
    return false;
}

static void read_cancels(struct webhook_fields *fields, struct webhook_toss_payment *payment) {
    const struct svc_json *cancels = svc_json_get(fields->object, "cancels");
    if (fields->status != SVC_OK || cancels == NULL) {
        return;
    }
    const size_t count = svc_json_count(cancels);
    if (svc_json_type(cancels) != SVC_JSON_ARRAY || count > WEBHOOK_MAX_CANCELS) {
        webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, "cancels",
                             "is not a list, or is too long");
        return;
    }
    for (size_t i = 0; i < count && fields->status == SVC_OK; i++) {
        char prefix[32];
        snprintf(prefix, sizeof(prefix), "cancels[%zu].", i);
        struct webhook_fields entry = {svc_json_at(cancels, i), prefix, fields->error, SVC_OK};
        read_cancel(&entry, &payment->cancels[i]);
        if (entry.status == SVC_OK && is_repeated(payment, i)) {
            webhook_field_refuse(&entry, WEBHOOK_REASON_INCONSISTENT, "transactionKey",
                                 "stands twice");
        }
        fields->status = entry.status;
    }
    payment->cancel_count = count;
}

/* ---------------------------------------------------------------------- the payment */

static void read_money(struct webhook_fields *fields, struct webhook_toss_payment *payment) {
    char currency[WEBHOOK_MAX_NAME_BYTES + 1];
    webhook_field_id(fields, "currency", WEBHOOK_REQUIRED, currency, sizeof(currency));
    if (fields->status == SVC_OK && strcmp(currency, "KRW") != 0) {
        webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, "currency", "is not KRW");
    }
    webhook_field_won(fields, "totalAmount", 0, &payment->total_won);
    webhook_field_won(fields, "balanceAmount", 0, &payment->balance_won);
}

static void check_money(struct webhook_fields *fields, const struct webhook_toss_payment *payment) {
    const bool is_paid = payment->approved_at_ms != WEBHOOK_NO_TIME;
    int64_t canceled_won = 0;
    for (size_t i = 0; i < payment->cancel_count; i++) {
        const struct webhook_toss_cancel *cancel = &payment->cancels[i];
        canceled_won += cancel->status == WEBHOOK_CANCEL_DONE ? cancel->amount_won : 0;
    }
    if (payment->balance_won > payment->total_won) {
        webhook_field_refuse(fields, WEBHOOK_REASON_INCONSISTENT, "balanceAmount",
                             "is more than the total");
    } else if (canceled_won > payment->total_won) {
        webhook_field_refuse(fields, WEBHOOK_REASON_INCONSISTENT, "cancels",
                             "are more than the total");
    } else if (is_paid &&
               (payment->status == WEBHOOK_TOSS_CANCELED ||
                payment->status == WEBHOOK_TOSS_PARTIAL_CANCELED) &&
               canceled_won != payment->total_won - payment->balance_won) {
        webhook_field_refuse(fields, WEBHOOK_REASON_INCONSISTENT, "balanceAmount",
                             "is not the total without the cancellations");
    }
}

static void read_payment(struct webhook_fields *fields, struct webhook_toss_payment *payment) {
    int status = 0;
    webhook_field_id(fields, "paymentKey", WEBHOOK_REQUIRED, payment->payment_key,
                     sizeof(payment->payment_key));
    webhook_field_id(fields, "orderId", WEBHOOK_REQUIRED, payment->order_id,
                     sizeof(payment->order_id));
    webhook_field_word(fields, "status", webhook_toss_statuses, WEBHOOK_TOSS_STATUSES, &status);
    payment->status = (enum webhook_toss_status)status;
    const enum webhook_presence presence =
        payment->status == WEBHOOK_TOSS_DONE || payment->status == WEBHOOK_TOSS_PARTIAL_CANCELED
            ? WEBHOOK_REQUIRED
            : WEBHOOK_OPTIONAL;
    webhook_field_id(fields, "lastTransactionKey", presence, payment->last_transaction_key,
                     sizeof(payment->last_transaction_key));
    webhook_field_time(fields, "approvedAt", presence, &payment->approved_at_ms);
    webhook_field_name(fields, "method", WEBHOOK_OPTIONAL, payment->method,
                       sizeof(payment->method));
    webhook_field_id(fields, "secret", WEBHOOK_OPTIONAL, payment->secret, sizeof(payment->secret));
    read_money(fields, payment);
    read_cancels(fields, payment);
    if (fields->status == SVC_OK) {
        check_money(fields, payment);
    }
}

enum svc_status webhook_toss_payment_parse(const void *bytes, size_t size_bytes,
                                           struct webhook_toss_payment *payment,
                                           struct webhook_error *error) {
    struct svc_json *document = NULL;
    memset(payment, 0, sizeof(*payment));
    webhook_error_clear(error);
    enum svc_status status = webhook_parse_object(bytes, size_bytes, &document, error);
    if (status != SVC_OK) {
        return status;
    }
    struct webhook_fields fields = {document, "", error, SVC_OK};
    read_payment(&fields, payment);
    svc_json_wipe(document);
    if (fields.status != SVC_OK) {
        webhook_toss_payment_clear(payment);
    }
    return fields.status;
}
