/* The twin outside of the VPC: what its two tasks share, and the second of them. The first is
 * confirm_queue.h. */
#ifndef WEBHOOK_TWIN_H
#define WEBHOOK_TWIN_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/handlers/webhook/toss_key.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"
#include "services/webhook/toss_confirmed.h"

/* Reads the key to ask Toss with into `key`, which the caller wipes, and the secrets to sign with.
 * *twin borrows both. false: one of them is not available; an ERROR line states why. */
bool webhook_twin_prepare(struct webhook_function *function, int64_t deadline_ms,
                          char key[WEBHOOK_TOSS_KEY_BYTES], struct webhook_twin *twin);

/* {"task":"reconcile","time":...}: lists Toss's transactions of the day in KST that ended last
 * before `time`, and posts them page by page to the function in the VPC, which compares them. Fails
 * with Webhook.MALFORMED, Webhook.UNKNOWN_TASK, Webhook.RECONCILE. */
void webhook_twin_schedule_handle(struct webhook_function *function,
                                  const struct svc_json *document,
                                  const struct lrt_invocation *invocation,
                                  struct lrt_result *result);

#endif
