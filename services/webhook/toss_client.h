/* Toss's query API: a payment by its key or its order, and the transactions of a time. HTTPS with
 * the merchant's secret key as the name of basic authentication; nothing but GET. A circuit breaker
 * stops asking after failures of Toss (not after 404 or another refusal: a forged hint causes
 * those). */
#ifndef WEBHOOK_TOSS_CLIENT_H
#define WEBHOOK_TOSS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/http.h"
#include "services/base/log.h"
#include "services/base/trace.h"
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
    struct svc_trace *trace; /* NULL: no span of a request is recorded */
    const char *base_url;    /* TOSS_API_URL; default WEBHOOK_TOSS_URL. http only for loopback */
    /* The breaker's; zero at first. */
    int failures;
    int64_t closed_until_ms;
};

/* CONFIGURATION unless `url` is an https URL, or an http one to loopback (127.0.0.1, [::1],
 * localhost): of Toss, and of the function that the twin posts to. name: the setting's, for the
 * error. */
enum svc_status webhook_check_url(const char *name, const char *url, struct svc_error *error);

enum webhook_confirmation {
    WEBHOOK_CONFIRMED, /* `payment` is what Toss returns now */
    WEBHOOK_FORGED,    /* Toss has no such payment, or the hint is about another: nothing changes */
    WEBHOOK_UNCONFIRMED /* Toss cannot be asked now: the sender has to try again */
};

/* Asks Toss about a hint. secret_key: of the merchant ("live_sk_..."). `raw`, empty, gets the bytes
 * that Toss sent (they may hold the payment's secret: svc_buf_wipe), *asked_ms the wall time just
 * before the request. `payment` is cleared with webhook_toss_payment_clear, whatever is returned.
 * `error` states why it is not CONFIRMED, without secrets.
 *
 *   Toss returns                        result       breaker    error->status
 *   200, a payment as in the hint       CONFIRMED    works
 *   200, another payment; 404           FORGED       works      NOT_FOUND
 *   200, no JSON                        UNCONFIRMED  fails      BAD_RESPONSE
 *   200, a field that is not known      UNCONFIRMED  unchanged  BAD_RESPONSE, a line at ERROR
 *   400, other 4xx                      UNCONFIRMED  unchanged  REJECTED
 *   401, 403                            UNCONFIRMED  fails      ACCESS_DENIED, a line at ERROR
 *   403 FORBIDDEN_CONSECUTIVE_REQUEST   UNCONFIRMED  unchanged  THROTTLED
 *   429                                 UNCONFIRMED  fails      THROTTLED
 *   5xx, 3xx, nothing in time           UNCONFIRMED  fails      SERVER_ERROR, ...
 *   nothing in the caller's time        UNCONFIRMED  unchanged  DEADLINE
 *   (the breaker is open: not asked)    UNCONFIRMED  unchanged  SERVER_ERROR
 *
 * A forged id may cause a 400, and so may a change of the API: it is neither believed nor counted.
 * ACCESS_DENIED: the key is wrong or was replaced; the caller reads its secret anew. */
enum webhook_confirmation webhook_toss_confirm(struct webhook_toss_client *client,
                                               const char *secret_key,
                                               const struct webhook_toss_event *hint,
                                               int64_t deadline_ms, struct svc_buf *raw,
                                               struct webhook_toss_payment *payment,
                                               int64_t *asked_ms, struct svc_error *error);

/* ---------------------------------------------------------------------- for toss_*.c */

/* GET of a path of Toss's ("/v1/..."); `raw` gets the body of a 200, at most
 * WEBHOOK_MAX_TOSS_BYTES. Errors as listed above, NOT_FOUND for 404. After OK the caller reports
 * whether the body was usable. */
enum svc_status webhook_toss_get(struct webhook_toss_client *client, const char *secret_key,
                                 const char *path, int64_t deadline_ms, struct svc_buf *raw,
                                 int64_t *asked_ms, struct svc_error *error);
void webhook_toss_report(struct webhook_toss_client *client, bool is_working);

#endif
