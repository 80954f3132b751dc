/* The platform's own webhooks, and those of senders that sign by its scheme or by Standard Webhooks
 * (KakaoPay and CJ Logistics have no webhook of their own: whoever relays their news uses this).
 * The path decides the type. The inbox's key is the message's id where the scheme has one, else the
 * digest of the body: the same bytes are the same event. */
#include <stdio.h>

#include "lambda/handlers/webhook/changes.h"
#include "lambda/handlers/webhook/sender.h"
#include "services/base/crypto.h"
#include "services/webhook/event.h"

static enum webhook_type type_of(enum webhook_handler handler) {
    switch (handler) {
    case WEBHOOK_HANDLER_SHIPPING:
        return WEBHOOK_SHIPPING;
    case WEBHOOK_HANDLER_REFUND:
        return WEBHOOK_REFUND;
    default:
        return WEBHOOK_PAYMENT;
    }
}

static bool make_key(const struct webhook_call *call, char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1]) {
    const size_t key_bytes = WEBHOOK_MAX_INBOX_KEY_BYTES + 1;
    char digest[SVC_SHA256_HEX_BYTES];
    if (call->signature.scheme == WEBHOOK_SCHEME_STANDARD) {
        (void)snprintf(key, key_bytes, "%s", call->signature.id);
        return true;
    }
    if (svc_sha256_hex(call->request->body, call->request->body_bytes, digest) != SVC_OK) {
        return false;
    }
    (void)snprintf(key, key_bytes, "sha256:%s", digest);
    return true;
}

void webhook_take_platform(struct webhook_function *function, struct webhook_call *call,
                           struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    const enum webhook_type type = type_of(call->handler);
    struct webhook_event event;
    struct webhook_error error;
    struct webhook_step step;
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    reply->sender = webhook_scheme_name(call->signature.scheme);
    reply->event = webhook_type_name(type);
    /* Toss's key is shared with Toss alone, which has nothing to say here. */
    if (call->signature.scheme != WEBHOOK_SCHEME_PLATFORM &&
        call->signature.scheme != WEBHOOK_SCHEME_STANDARD) {
        webhook_reply_refuse_signature(reply, "WRONG_SCHEME");
        return;
    }
    if (webhook_event_parse(request->body, request->body_bytes, type, &event, &error) != SVC_OK) {
        webhook_reply_refuse_body(reply, &error);
        return;
    }
    if (!make_key(call, key)) {
        webhook_reply_fail(reply, "INTERNAL", "the body's digest cannot be made");
        return;
    }
    webhook_step_of_event(&event, &step);
    const struct webhook_change change = {
        .sender = reply->sender,
        .event_key = key,
        .request_id = call->request_id,
        .order_id = event.order_id,
        .steps = &step,
        .step_count = 1,
    };
    webhook_change_order(function, call, &change, reply);
}
