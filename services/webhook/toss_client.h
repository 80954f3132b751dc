/* Toss's query API: a payment by its key or its order, and the transactions of a time. HTTPS with
 * the merchant's secret key as the name of basic authentication; nothing but GET. A circuit breaker
 * stops asking after failures of Toss (not after 404 or another refusal: a forged hint causes
 * those). */
#ifndef WEBHOOK_TOSS_CLIENT_H
#define WEBHOOK_TOSS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/http.h"
#include "services/base/log.h"
#include "services/webhook/toss.h"

#define WEBHOOK_TOSS_URL "https://api.tosspayments.com"
/* The breaker: after so many failures in a row, no request for so long; then one. */
#define WEBHOOK_TOSS_MAX_FAILURES 5
#define WEBHOOK_TOSS_OPEN_MS      30000
/* Of one request, within the caller's deadline. */
#define WEBHOOK_TOSS_TIMEOUT_MS 4000
#define WEBHOOK_MAX_TOSS_BYTES  ((size_t)128 * 1024)

struct webhook_toss_client {
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    const struct svc_log *log;
    const char *base_url; /* TOSS_API_URL; default WEBHOOK_TOSS_URL. http only for loopback */
    /* The breaker's. */
    int failures;
    int64_t closed_until_ms;
};

enum webhook_confirmation {
    WEBHOOK_CONFIRMED, /* `payment` is what Toss says now */
    WEBHOOK_FORGED,    /* Toss has no such payment, or the hint is about another: nothing changes */
    WEBHOOK_UNCONFIRMED /* Toss cannot be asked now: the sender has to try again */
};

/* Asks Toss about a hint. secret_key: of the merchant ("live_sk_..."). `raw`, empty, gets the bytes
 * that Toss sent (they may hold the payment's secret: svc_buf_wipe), *asked_ms the wall time just
 * before the request. `payment` is cleared with webhook_toss_payment_clear, whatever is returned.
 * `error` states why it is not CONFIRMED, without secrets. */
enum webhook_confirmation webhook_toss_confirm(struct webhook_toss_client *client,
                                               const char *secret_key,
                                               const struct webhook_toss_event *hint,
                                               int64_t deadline_ms, struct svc_buf *raw,
                                               struct webhook_toss_payment *payment,
                                               int64_t *asked_ms, struct svc_error *error);

#endif
