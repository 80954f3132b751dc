/* What becomes of a request: see call.h. */
#include "lambda/handlers/webhook/call.h"

#include <stdio.h>
#include <string.h>

/* Of a page for people. */
#define MAX_PAGE_BYTES ((size_t)16 * 1024)

void webhook_reply_init(struct webhook_reply *reply) {
    memset(reply, 0, sizeof(*reply));
    reply->sender = "none";
    svc_buf_init(&reply->page, MAX_PAGE_BYTES);
    webhook_reply_fail(reply, "INTERNAL", NULL);
}

void webhook_reply_clear(struct webhook_reply *reply) {
    svc_buf_wipe(&reply->page);
}

static void set(struct webhook_reply *reply, int http_status, const char *outcome,
                const char *reason, const char *detail) {
    reply->http_status = http_status;
    reply->outcome = outcome;
    reply->reason = reason;
    (void)snprintf(reply->detail, sizeof(reply->detail), "%s", detail != NULL ? detail : "");
}

void webhook_reply_done(struct webhook_reply *reply, const char *outcome) {
    set(reply, 200, outcome, NULL, NULL);
}

void webhook_reply_refuse(struct webhook_reply *reply, int http_status, const char *reason,
                          const char *detail) {
    set(reply, http_status, "refused", reason, detail);
}

void webhook_reply_refuse_body(struct webhook_reply *reply, const struct webhook_error *error) {
    const int http_status = webhook_http_status(error->reason);
    const char *reason = webhook_reason_name(error->reason);
    if (http_status >= 500) {
        webhook_reply_fail(reply, reason, error->detail);
    } else {
        webhook_reply_refuse(reply, http_status, reason, error->detail);
    }
}

void webhook_reply_refuse_signature(struct webhook_reply *reply, const char *reason) {
    reply->is_signature = true;
    webhook_reply_refuse(reply, 401, reason, NULL);
}

void webhook_reply_fail(struct webhook_reply *reply, const char *reason, const char *detail) {
    set(reply, 500, "failed", reason, detail);
}

void webhook_reply_fail_db(struct webhook_reply *reply, const struct db_error *error) {
    char line[DB_ERROR_TEXT_BYTES];
    webhook_reply_fail(reply, svc_status_name(error->status), db_error_text(error, line));
}
