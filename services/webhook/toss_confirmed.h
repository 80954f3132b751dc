/* The way of a Toss hint where the function's subnets have no way out: the function in the VPC puts
 * the hint into a queue (TOSS_CONFIRM_QUEUE_URL); the same binary outside of the VPC, its twin,
 * takes it from there, asks Toss, and posts the payment to the function, byte for byte as Toss sent
 * it, signed as Standard Webhooks with the `internal` secret. The function takes it as confirmed:
 * its webhook-timestamp is when Toss was asked.
 *
 * The internal secrets are a webhook_secrets of their own, with WEBHOOK_SCHEME_STANDARD alone, so
 * that no other sender's secret opens this path. */
#ifndef WEBHOOK_TOSS_CONFIRMED_H
#define WEBHOOK_TOSS_CONFIRMED_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/webhook/secrets.h"
#include "services/webhook/toss.h"
#include "services/webhook/toss_client.h"

/* ---------------------------------------------------------------------- in the VPC */

/* Appends the message of a hint, JSON of at most WEBHOOK_MAX_HINT_BYTES. It may hold the payment's
 * secret: svc_buf_wipe. INVALID_ARGUMENT: the event is no hint; NO_MEMORY, TOO_LARGE of `out`. */
#define WEBHOOK_MAX_HINT_BYTES ((size_t)1024)
enum svc_status webhook_toss_hint_write(const struct webhook_toss_event *event,
                                        struct svc_buf *out);

/* ---------------------------------------------------------------------- the twin */

/* The reverse; *event is cleared with webhook_toss_event_clear, created_at_ms is WEBHOOK_NO_TIME.
 * Errors: as webhook_toss_event_parse. */
enum svc_status webhook_toss_hint_parse(const void *bytes, size_t size_bytes,
                                        struct webhook_toss_event *event,
                                        struct webhook_error *error);

/* Of one post, within the caller's deadline: the function's own limit is 8 s. */
#define WEBHOOK_TWIN_TIMEOUT_MS 9000

struct webhook_twin {
    struct webhook_toss_client *toss;
    const char *secret_key;                 /* of the merchant, to ask Toss with */
    const struct webhook_secrets *internal; /* all sign, so that they can be rotated */
    const char *confirmed_url;              /* TOSS_CONFIRMED_URL: https, or http to loopback */
    const char *transactions_url;           /* the same, for webhook_twin_list */
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct svc_trace *trace; /* NULL: no span of a post is recorded */
};

enum webhook_twin_result {
    WEBHOOK_TWIN_DONE,    /* the function has stored it, or had it */
    WEBHOOK_TWIN_FORGED,  /* Toss denies it: dropped */
    WEBHOOK_TWIN_REFUSED, /* 409: it contradicts the order. Dropped and logged at ERROR: no second
                             attempt mends it, and the reconciliation lists it */
    /* The message stays in the queue. A 404 too: the platform may store its order after the
     * payment. What never succeeds ends in the dead-letter queue, where a person sees it. */
    WEBHOOK_TWIN_FAILED
};
const char *webhook_twin_result_name(enum webhook_twin_result result); /* "done" */

/* One message of the queue. `error` states why it is not DONE, without secrets. Its status is that
 * of the request to Toss (ACCESS_DENIED: the secret key is refused), or of the post
 * (NO_CREDENTIALS: the function refuses the internal secrets). Either is then read anew. */
enum webhook_twin_result webhook_twin_handle(const struct webhook_twin *twin, const void *message,
                                             size_t message_bytes, int64_t deadline_ms,
                                             struct svc_error *error);

/* The second half of it: posts a payment. */
enum webhook_twin_result webhook_twin_post(const struct webhook_twin *twin,
                                           const struct svc_buf *payment, int64_t asked_ms,
                                           int64_t deadline_ms, struct svc_error *error);

/* For the reconciliation: lists Toss's transactions from from_ms on and before to_ms, and posts
 * them to transactions_url page by page, signed like a payment, each as Toss sent it. A page that
 * the function does not take ends it; everything can be repeated. Errors: those of
 * webhook_toss_pages and of a post. */
struct webhook_twin_listed {
    uint64_t pages, transactions; /* taken by the function */
};
enum svc_status webhook_twin_list(const struct webhook_twin *twin, int64_t from_ms, int64_t to_ms,
                                  int64_t deadline_ms, struct webhook_twin_listed *listed,
                                  struct svc_error *error);

#endif
