/* A payment as Toss Payments returns it for GET /v1/payments/KEY, and as PAYMENT_STATUS_CHANGED
 * contains it. Pure. */
#ifndef WEBHOOK_TOSS_PAYMENT_H
#define WEBHOOK_TOSS_PAYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/webhook/error.h"
#include "services/webhook/fields.h"
#include "services/webhook/limits.h"

enum webhook_toss_status {
    WEBHOOK_TOSS_READY,
    WEBHOOK_TOSS_IN_PROGRESS,
    WEBHOOK_TOSS_WAITING_FOR_DEPOSIT,
    WEBHOOK_TOSS_DONE,
    WEBHOOK_TOSS_CANCELED,
    WEBHOOK_TOSS_PARTIAL_CANCELED,
    WEBHOOK_TOSS_ABORTED,
    WEBHOOK_TOSS_EXPIRED
};
#define WEBHOOK_TOSS_STATUSES 8

enum webhook_cancel_status {
    WEBHOOK_CANCEL_DONE, /* also where a cancellation has no status */
    WEBHOOK_CANCEL_IN_PROGRESS,
    WEBHOOK_CANCEL_ABORTED
};

struct webhook_toss_cancel {
    char transaction_key[WEBHOOK_MAX_ID_BYTES + 1]; /* of one refund; no two are equal */
    enum webhook_cancel_status status;              /* only DONE is a refund */
    int64_t amount_won;                             /* 1 or more */
    int64_t canceled_at_ms;                         /* since 1970 */
    char reason[WEBHOOK_MAX_TEXT_BYTES + 1];        /* "": not stated */
};

/* About 40 KB. */
struct webhook_toss_payment {
    char payment_key[WEBHOOK_MAX_PAYMENT_KEY_BYTES + 1];
    char order_id[WEBHOOK_MAX_ORDER_ID_BYTES + 1];
    enum webhook_toss_status status;
    char method[WEBHOOK_MAX_NAME_BYTES + 1];             /* "": not chosen yet */
    char last_transaction_key[WEBHOOK_MAX_ID_BYTES + 1]; /* "": none yet */
    int64_t total_won, balance_won;                      /* balance: what is left to cancel */
    int64_t approved_at_ms;                              /* since 1970; WEBHOOK_NO_TIME: not paid */
    char secret[WEBHOOK_MAX_PAYMENT_SECRET_BYTES + 1];   /* "": none; the rest is zeros */
    struct webhook_toss_cancel cancels[WEBHOOK_MAX_CANCELS];
    size_t cancel_count;
};

/* On failure *payment is zero. Refused besides fields that are missing or of another type: a
 * currency other than KRW; DONE or PARTIAL_CANCELED without approvedAt and lastTransactionKey; a
 * balance over the total; two cancellations of one transactionKey; cancellations that are done and
 * more than the total; PARTIAL_CANCELED or CANCELED of a paid payment whose cancellations do not
 * explain the balance. Errors by `error`, which may be NULL: MALFORMED, TOO_LARGE, NO_MEMORY. */
enum svc_status webhook_toss_payment_parse(const void *bytes, size_t size_bytes,
                                           struct webhook_toss_payment *payment,
                                           struct webhook_error *error);
void webhook_toss_payment_clear(struct webhook_toss_payment *payment); /* overwrites */

const char *webhook_toss_status_name(enum webhook_toss_status status); /* "DONE" */
/* In the order of the enum, for webhook_field_word. */
extern const char *const webhook_toss_statuses[WEBHOOK_TOSS_STATUSES];

/* The inbox key of a confirmed payment: payment key, status and last transaction key, with colons
 * between them (no id has one). Both events that may report one change give the same. `out` takes
 * WEBHOOK_MAX_INBOX_KEY_BYTES + 1 bytes. */
void webhook_toss_payment_key(const struct webhook_toss_payment *payment, char *out);

#endif
