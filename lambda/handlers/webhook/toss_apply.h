/* A payment that Toss confirmed, as a change of its order. */
#ifndef WEBHOOK_TOSS_APPLY_H
#define WEBHOOK_TOSS_APPLY_H

#include "lambda/handlers/webhook/call.h"
#include "lambda/handlers/webhook/function.h"
#include "services/webhook/toss_payment.h"

/* asked_ms: since 1970, when Toss was asked. Sets the reply. */
void webhook_toss_apply(struct webhook_function *function, const struct webhook_call *call,
                        const struct webhook_toss_payment *payment, int64_t asked_ms,
                        struct webhook_reply *reply);

#endif
