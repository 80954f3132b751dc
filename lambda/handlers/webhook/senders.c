/* Which sender has which path, and how requests are authenticated: see sender.h. */
#include <stddef.h>

#include "lambda/handlers/webhook/sender.h"

static const struct {
    enum webhook_handler handler;
    struct webhook_sender sender;
} senders[] = {
    {WEBHOOK_HANDLER_PAYMENT, {"platform", WEBHOOK_AUTH_SIGNED, webhook_take_platform}},
    {WEBHOOK_HANDLER_SHIPPING, {"platform", WEBHOOK_AUTH_SIGNED, webhook_take_platform}},
    {WEBHOOK_HANDLER_REFUND, {"platform", WEBHOOK_AUTH_SIGNED, webhook_take_platform}},
    {WEBHOOK_HANDLER_TOSS, {"toss", WEBHOOK_AUTH_OWN, webhook_take_toss}},
    {WEBHOOK_HANDLER_TOSS_CONFIRMED, {"internal", WEBHOOK_AUTH_INTERNAL, webhook_take_confirmed}},
    {WEBHOOK_HANDLER_TOSS_TRANSACTIONS,
     {"internal", WEBHOOK_AUTH_INTERNAL, webhook_take_transactions}},
    {WEBHOOK_HANDLER_UNSUBSCRIBE, {"people", WEBHOOK_AUTH_OWN, webhook_take_unsubscribe}},
};

const struct webhook_sender *webhook_sender_of(enum webhook_handler handler) {
    for (size_t i = 0; i < sizeof(senders) / sizeof(senders[0]); i++) {
        if (senders[i].handler == handler) {
            return &senders[i].sender;
        }
    }
    return NULL;
}

bool webhook_authenticate(struct webhook_function *function, enum webhook_keys_for purpose,
                          struct webhook_call *call, struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    const enum svc_status status =
        webhook_keys_verify(&function->keys, purpose, &call->headers, request->body,
                            request->body_bytes, call->deadline_ms, &call->signature);
    if (status == SVC_ACCESS_DENIED) {
        webhook_reply_refuse_signature(reply, webhook_refusal_name(call->signature.refusal));
    } else if (status == SVC_TOO_LARGE) {
        webhook_reply_refuse(reply, 413, svc_status_name(status), NULL);
    } else if (status != SVC_OK) {
        webhook_reply_fail(reply, svc_status_name(status), "the signature cannot be verified");
    }
    return status == SVC_OK;
}
