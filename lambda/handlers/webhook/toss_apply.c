/* A confirmed payment: see toss_apply.h. */
#include "lambda/handlers/webhook/toss_apply.h"

#include "lambda/handlers/webhook/changes.h"
#include "services/webhook/toss_change.h"

void webhook_toss_apply(struct webhook_function *function, const struct webhook_call *call,
                        const struct webhook_toss_payment *payment, int64_t asked_ms,
                        struct webhook_reply *reply) {
    struct webhook_step steps[WEBHOOK_MAX_STEPS];
    char key[WEBHOOK_MAX_INBOX_KEY_BYTES + 1];
    webhook_toss_payment_key(payment, key);
    const struct webhook_change change = {
        .sender = webhook_scheme_name(WEBHOOK_SCHEME_TOSS),
        .event_key = key,
        .request_id = call->request_id,
        .order_id = payment->order_id,
        .steps = steps,
        .step_count = webhook_toss_steps(payment, steps),
        .asked_ms = asked_ms,
    };
    if (change.step_count == 0) {
        webhook_reply_done(reply, "ignored");
        return;
    }
    webhook_change_order(function, call, &change, reply);
}
