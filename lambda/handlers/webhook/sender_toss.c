/* Toss. Its path has a secret token, and its events are of two kinds:
 *
 *   payout.changed, seller.changed   signed by Toss, final
 *   PAYMENT_STATUS_CHANGED,          not signed: hints. Toss is asked for the payment, here or by
 *   DEPOSIT_CALLBACK                 the twin (TOSS_CONFIRM_QUEUE_URL), and what it replies counts
 *
 * An event of another name is answered with 200, since Toss would repeat it for days. A hint that
 * Toss denies is refused with 404: a real one that comes before Toss's own API has the payment is
 * repeated by Toss. */
#include <string.h>

#include "lambda/handlers/webhook/changes.h"
#include "lambda/handlers/webhook/sender.h"
#include "lambda/handlers/webhook/toss_apply.h"
#include "lambda/handlers/webhook/toss_key.h"
#include "services/aws/sqs.h"
#include "services/base/crypto.h"
#include "services/webhook/toss.h"
#include "services/webhook/toss_client.h"
#include "services/webhook/toss_confirmed.h"

/* What storing takes after Toss has replied. */
#define STORE_MS 2000

/* ---------------------------------------------------------------------- signed */

static void take_signed(struct webhook_function *function, struct webhook_call *call,
                        const struct webhook_toss_event *event, struct webhook_reply *reply) {
    if (!webhook_authenticate(function, KEYS_FOR_SENDERS, call, reply)) {
        return;
    }
    if (call->signature.scheme != WEBHOOK_SCHEME_TOSS) {
        webhook_reply_refuse_signature(reply, "WRONG_SCHEME");
    } else if (event->kind == WEBHOOK_TOSS_PAYOUT_CHANGED) {
        webhook_change_payout(function, call, event, reply);
    } else {
        webhook_reply_done(reply, "ignored"); /* no table of ours knows sellers */
    }
}

/* ---------------------------------------------------------------------- hints */

static void queue_hint(struct webhook_function *function, const struct webhook_call *call,
                       const struct webhook_toss_event *hint, struct webhook_reply *reply) {
    struct svc_buf text;
    struct awsc_error error = {0};
    svc_buf_init(&text, WEBHOOK_MAX_HINT_BYTES);
    const enum svc_status status = webhook_toss_hint_write(hint, &text);
    if (status != SVC_OK) {
        webhook_reply_fail(reply, svc_status_name(status), "the hint cannot be written");
    } else {
        const struct awsc_sqs_message message = {.body = svc_buf_text(&text)};
        if (awsc_sqs_send(function->aws, function->settings.confirm_queue_url, &message, NULL,
                          call->deadline_ms, &error) == SVC_OK) {
            webhook_reply_done(reply, "queued");
        } else {
            char line[AWSC_ERROR_TEXT_BYTES];
            webhook_reply_fail(reply, "CONFIRM_QUEUE", awsc_error_text(&error, line));
        }
    }
    svc_buf_wipe(&text);
}

static void ask(struct webhook_function *function, const struct webhook_call *call,
                const struct webhook_toss_event *hint, const char *key,
                struct webhook_reply *reply) {
    struct webhook_toss_payment payment;
    struct svc_error error = {0};
    struct svc_buf raw;
    int64_t asked_ms = 0;
    svc_buf_init(&raw, WEBHOOK_MAX_TOSS_BYTES);
    switch (webhook_toss_confirm(&function->toss, key, hint, call->deadline_ms - STORE_MS, &raw,
                                 &payment, &asked_ms, &error)) {
    case WEBHOOK_CONFIRMED:
        webhook_toss_apply(function, call, &payment, asked_ms, reply);
        break;
    case WEBHOOK_FORGED:
        lrt_metrics_add(function->metrics, "TossForged", LRT_COUNT, 1);
        webhook_reply_refuse(reply, 404, "TOSS_FORGED", error.detail);
        break;
    case WEBHOOK_UNCONFIRMED:
        function->is_toss_key_refused = error.status == SVC_ACCESS_DENIED;
        lrt_metrics_add(function->metrics, "TossUnconfirmed", LRT_COUNT, 1);
        webhook_reply_fail(reply, "TOSS_UNCONFIRMED", error.detail);
        break;
    }
    webhook_toss_payment_clear(&payment);
    svc_buf_wipe(&raw);
}

static void take_hint(struct webhook_function *function, const struct webhook_call *call,
                      const struct webhook_toss_event *hint, struct webhook_reply *reply) {
    if (function->settings.confirm_queue_url[0] != '\0') {
        queue_hint(function, call, hint, reply);
        return;
    }
    if (function->settings.toss_secret_name[0] == '\0') {
        webhook_reply_fail(reply, "TOSS_UNCONFIRMED",
                           "neither TOSS_SECRET_NAME nor TOSS_CONFIRM_QUEUE_URL is set");
        return;
    }
    char key[WEBHOOK_TOSS_KEY_BYTES];
    struct svc_error error = {0};
    if (webhook_toss_key_read(function->aws, function->settings.toss_secret_name,
                              function->is_toss_key_refused, key, &error) == SVC_OK) {
        function->is_toss_key_refused = false;
        ask(function, call, hint, key, reply);
    } else {
        webhook_reply_fail(reply, "TOSS_KEY", error.detail);
    }
    svc_wipe(key, sizeof(key));
}

/* ---------------------------------------------------------------------- both */

void webhook_take_toss(struct webhook_function *function, struct webhook_call *call,
                       struct webhook_reply *reply) {
    const struct lev_url_request *request = call->request;
    struct webhook_toss_event event;
    struct webhook_error error;
    reply->sender = webhook_scheme_name(WEBHOOK_SCHEME_TOSS);
    if (webhook_toss_event_parse(request->body, request->body_bytes, &event, &error) != SVC_OK) {
        if (error.reason == WEBHOOK_REASON_UNKNOWN_EVENT) {
            webhook_reply_done(reply, "ignored");
        } else {
            webhook_reply_refuse_body(reply, &error);
        }
        return;
    }
    reply->event = webhook_toss_kind_name(event.kind);
    if (webhook_toss_is_signed(event.kind)) {
        take_signed(function, call, &event, reply);
    } else {
        take_hint(function, call, &event, reply);
    }
    webhook_toss_event_clear(&event);
}
