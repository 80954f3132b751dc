/* Webhooks of Toss Payments. Pure.
 *
 *   PAYMENT_STATUS_CHANGED  {"eventType":...,"createdAt":...,"data":PAYMENT}
 *   DEPOSIT_CALLBACK        {"createdAt":...,"secret":...,"orderId":...,"status":...,
 *                           "transactionKey":...}, or those in "data" beside an "eventType"
 *   payout.changed          {"eventType":...,"createdAt":...,"eventId":...,"entityType":"payout",
 *                           "entityBody":{"id","refPayoutId","destination","amount":{"currency",
 *                           "value"},"status","payoutDate",...}}
 *   seller.changed          the same with "entityType":"seller" and {"id","refSellerId","status"}
 *
 * The first two are not signed: they are hints, from which nothing but the key to ask Toss with is
 * taken. What Toss returns for GET /v1/payments/KEY is a payment: toss_payment.h. The last two are
 * signed (signature.h) and final. */
#ifndef WEBHOOK_TOSS_H
#define WEBHOOK_TOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/webhook/toss_payment.h"

enum webhook_toss_kind {
    WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED,
    WEBHOOK_TOSS_DEPOSIT_CALLBACK,
    WEBHOOK_TOSS_PAYOUT_CHANGED,
    WEBHOOK_TOSS_SELLER_CHANGED
};

enum webhook_payout_status {
    WEBHOOK_PAYOUT_REQUESTED,
    WEBHOOK_PAYOUT_IN_PROGRESS,
    WEBHOOK_PAYOUT_COMPLETED,
    WEBHOOK_PAYOUT_FAILED,
    WEBHOOK_PAYOUT_CANCELED
};

enum webhook_seller_status {
    WEBHOOK_SELLER_APPROVAL_REQUIRED,
    WEBHOOK_SELLER_PARTIALLY_APPROVED,
    WEBHOOK_SELLER_KYC_REQUIRED,
    WEBHOOK_SELLER_APPROVED
};

/* What a hint says; none of it is true until Toss confirms it. */
struct webhook_toss_hint {
    char payment_key[WEBHOOK_MAX_PAYMENT_KEY_BYTES + 1]; /* "" in a DEPOSIT_CALLBACK */
    char order_id[WEBHOOK_MAX_ORDER_ID_BYTES + 1];
    enum webhook_toss_status status;
    char transaction_key[WEBHOOK_MAX_ID_BYTES + 1];    /* "": not stated */
    char secret[WEBHOOK_MAX_PAYMENT_SECRET_BYTES + 1]; /* "": not stated; the rest is zeros */
};

struct webhook_toss_payout {
    char payout_id[WEBHOOK_MAX_ID_BYTES + 1];
    char reference[WEBHOOK_MAX_ID_BYTES + 1]; /* refPayoutId: the platform's own */
    char seller_id[WEBHOOK_MAX_ID_BYTES + 1]; /* destination */
    enum webhook_payout_status status;
    int64_t amount_won; /* 1 or more */
};

struct webhook_toss_seller {
    char seller_id[WEBHOOK_MAX_ID_BYTES + 1];
    char reference[WEBHOOK_MAX_ID_BYTES + 1]; /* refSellerId: the platform's own */
    enum webhook_seller_status status;
};

struct webhook_toss_event {
    enum webhook_toss_kind kind;
    int64_t created_at_ms;                   /* since 1970; Korean time where it has no offset */
    char event_id[WEBHOOK_MAX_ID_BYTES + 1]; /* "" in hints */
    union {
        struct webhook_toss_hint hint;
        struct webhook_toss_payout payout;
        struct webhook_toss_seller seller;
    };
};

/* On failure *event is zero. Errors by `error`, which may be NULL: MALFORMED (UNKNOWN_EVENT for one
 * that is not listed), TOO_LARGE, NO_MEMORY. The event may hold a payment's secret: cleared with
 * webhook_toss_event_clear. */
enum svc_status webhook_toss_event_parse(const void *bytes, size_t size_bytes,
                                         struct webhook_toss_event *event,
                                         struct webhook_error *error);
void webhook_toss_event_clear(struct webhook_toss_event *event); /* overwrites */

/* Whether Toss signs this kind: then only a verified WEBHOOK_SCHEME_TOSS signature lets it in; of
 * the others none has to be there. */
bool webhook_toss_is_signed(enum webhook_toss_kind kind);
const char *webhook_toss_kind_name(enum webhook_toss_kind kind); /* "payout.changed" */
const char *webhook_payout_status_name(enum webhook_payout_status status);
const char *webhook_seller_status_name(enum webhook_seller_status status);

/* Whether a hint is about this payment: the same order, the same payment key if the hint has one,
 * and the same secret, compared in constant time. A DEPOSIT_CALLBACK must have a secret; a
 * PAYMENT_STATUS_CHANGED without one (Toss omits it for some methods) counts, because all that is
 * used afterwards is the payment that Toss returned. The hint's status is not compared: the payment
 * may have moved on. */
bool webhook_toss_hint_matches(const struct webhook_toss_event *event,
                               const struct webhook_toss_payment *payment);

/* The inbox key of a signed event: its kind and eventId, with a colon between them. `out` takes
 * WEBHOOK_MAX_INBOX_KEY_BYTES + 1 bytes; "" for a hint, whose key is that of the payment. */
void webhook_toss_event_key(const struct webhook_toss_event *event, char *out);

#endif
