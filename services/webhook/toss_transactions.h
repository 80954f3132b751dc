/* The transactions of a time as Toss lists them: GET /v1/transactions, page after page. A
 * transaction is a payment or one cancellation of it.
 *
 *   [{"transactionKey","paymentKey","orderId","status","transactionAt","currency","amount",...}] */
#ifndef WEBHOOK_TOSS_TRANSACTIONS_H
#define WEBHOOK_TOSS_TRANSACTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "services/webhook/toss_client.h"

/* Of one page: about 700 bytes each. */
#define WEBHOOK_TOSS_PAGE 100

struct webhook_toss_transaction {
    char transaction_key[WEBHOOK_MAX_ID_BYTES + 1];
    char payment_key[WEBHOOK_MAX_PAYMENT_KEY_BYTES + 1];
    char order_id[WEBHOOK_MAX_ORDER_ID_BYTES + 1];
    enum webhook_toss_status status;
    bool is_won;        /* false: in another currency, and no amount */
    int64_t amount_won; /* 0 or more; the absolute value where Toss writes a negative one */
    int64_t happened_ms;
};

/* Pure. Calls `each` for every transaction in the order of the page until it returns false (then
 * the call returns OK); the struct lives until it returns. *count: how many the page has. Errors by
 * `error` (NULL is allowed): MALFORMED, TOO_LARGE (bytes; more than WEBHOOK_TOSS_PAGE), NO_MEMORY.
 * A fault is found before the first call: all or nothing. */
typedef bool webhook_toss_transaction_fn(void *user,
                                         const struct webhook_toss_transaction *transaction);
enum svc_status webhook_toss_transactions_parse(const void *bytes, size_t size_bytes,
                                                webhook_toss_transaction_fn *each, void *user,
                                                size_t *count, struct webhook_error *error);

/* Lists all from `from_ms` on and before `to_ms`, by time; whole seconds. Errors: those of
 * webhook_toss_get; BAD_RESPONSE (a page that does not parse, a page that does not go on);
 * TOO_LARGE: more than max_count. */
enum svc_status webhook_toss_transactions(struct webhook_toss_client *client,
                                          const char *secret_key, int64_t from_ms, int64_t to_ms,
                                          size_t max_count, int64_t deadline_ms,
                                          webhook_toss_transaction_fn *each, void *user,
                                          struct svc_error *error);

/* The same page by page, each that is not empty as Toss sent it; what `page` returns other than OK
 * ends it. */
typedef enum svc_status webhook_toss_page_fn(void *user, const struct svc_buf *page, size_t count,
                                             struct svc_error *error);
enum svc_status webhook_toss_pages(struct webhook_toss_client *client, const char *secret_key,
                                   int64_t from_ms, int64_t to_ms, int64_t deadline_ms,
                                   webhook_toss_page_fn *page, void *user, struct svc_error *error);

#endif
