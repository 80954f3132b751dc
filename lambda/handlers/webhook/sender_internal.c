/* The twin outside of the VPC, by internal secrets: a payment, byte for byte as Toss returned it,
 * whose webhook-timestamp is when Toss was asked; and pages of Toss's list of transactions, for the
 * reconciliation, which changes nothing. */
#include "lambda/handlers/webhook/reconcile.h"
#include "lambda/handlers/webhook/sender.h"
#include "lambda/handlers/webhook/toss_apply.h"

void webhook_take_confirmed(struct webhook_function *function, struct webhook_call *call,
                            struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    struct webhook_toss_payment payment;
    struct webhook_error error;
    reply->event = "toss-confirmed";
    if (webhook_toss_payment_parse(request->body, request->body_bytes, &payment, &error) !=
        SVC_OK) {
        webhook_reply_refuse_body(reply, &error);
        return;
    }
    webhook_toss_apply(function, call, &payment, call->signature.sent_ms, reply);
    webhook_toss_payment_clear(&payment);
}

void webhook_take_transactions(struct webhook_function *function, struct webhook_call *call,
                               struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    struct svc_error error = {0};
    reply->event = "toss-transactions";
    const enum svc_status status = webhook_reconcile_take_page(
        function, request->body, request->body_bytes, call->deadline_ms, &error);
    if (status == SVC_OK) {
        webhook_reply_done(reply, "compared");
    } else if (status == SVC_MALFORMED) {
        webhook_reply_refuse(reply, 400, "BAD_JSON", error.detail);
    } else if (status == SVC_TOO_LARGE) {
        webhook_reply_refuse(reply, 413, "TOO_LARGE", error.detail);
    } else {
        webhook_reply_fail(reply, svc_status_name(status), error.detail);
    }
}
