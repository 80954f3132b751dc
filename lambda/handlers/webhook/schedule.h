/* Events of a schedule, {"task":"sweep","time":"2026-01-02T03:04:05Z"}:
 *
 *   sweep       (also without a task) sends the mails that are still owed, and deletes old rows of
 *               inbox and outbox. Every minute
 *   reconcile   compares what Toss lists with what is stored, for the day in KST that ended last
 *               before `time`. Once a day */
#ifndef WEBHOOK_SCHEDULE_H
#define WEBHOOK_SCHEDULE_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

/* Kinds of failure: Webhook.MALFORMED, Webhook.UNKNOWN_TASK, Webhook.SWEEP, Webhook.RECONCILE. */
void webhook_schedule_handle(struct webhook_function *function, const struct svc_json *document,
                             const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
