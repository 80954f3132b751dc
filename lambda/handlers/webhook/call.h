/* One request that has passed the route, and what becomes of it. */
#ifndef WEBHOOK_CALL_H
#define WEBHOOK_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "lambda/events/function_url.h"
#include "services/base/buf.h"
#include "services/db/error.h"
#include "services/webhook/error.h"
#include "services/webhook/outbox.h"
#include "services/webhook/route.h"
#include "services/webhook/signature.h"
#include "services/webhook/store.h"

struct webhook_call {
    const struct lev_url_request *request;
    enum webhook_handler handler;
    struct webhook_headers headers;     /* of signatures */
    struct webhook_signature signature; /* verified, unless the sender checks it itself */
    char request_id[65];                /* cut: a column has that size */
    int64_t deadline_ms;
};

/* What the sender gets is `http_status` with a constant body (or `page`); the rest is for the log
 * and the metrics, and has no personal data. Names are constants of the code. */
struct webhook_reply {
    int http_status;
    const char *sender; /* "platform", "standard", "toss", "internal", "people" */
    const char *event;  /* "payment", "payout.changed"; NULL: not known */
    const char
        *outcome;       /* "stored", "late", "repeated", "queued", "ignored", "refused", "failed" */
    const char *reason; /* of "refused" and "failed"; NULL */
    bool is_signature;  /* refused for its signature */
    char detail[DB_ERROR_TEXT_BYTES]; /* "": none */
    struct webhook_stored stored;
    struct webhook_outbox_counts mails;
    struct svc_buf page; /* HTML for people; empty: the constant body */
    const char *allow;   /* of a 405 */
};

void webhook_reply_init(struct webhook_reply *reply);
void webhook_reply_clear(struct webhook_reply *reply);

void webhook_reply_done(struct webhook_reply *reply, const char *outcome);
/* The sender is at fault: `http_status` is 4xx. detail NULL: none. */
void webhook_reply_refuse(struct webhook_reply *reply, int http_status, const char *reason,
                          const char *detail);
void webhook_reply_refuse_body(struct webhook_reply *reply, const struct webhook_error *error);
/* 401, the same for every reason. */
void webhook_reply_refuse_signature(struct webhook_reply *reply, const char *reason);
/* 500: the sender tries again. */
void webhook_reply_fail(struct webhook_reply *reply, const char *reason, const char *detail);
void webhook_reply_fail_db(struct webhook_reply *reply, const struct db_error *error);

#endif
