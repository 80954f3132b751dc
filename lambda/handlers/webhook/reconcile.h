/* The task "reconcile": what Toss lists for a day against what is stored. */
#ifndef WEBHOOK_RECONCILE_TASK_H
#define WEBHOOK_RECONCILE_TASK_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"

/* Webhooks of the day's end may come this much later. */
#define WEBHOOK_RECONCILE_DELAY_MS (60 * 60 * 1000)

/* time_ms: since 1970, when the schedule was due: the day in KST that ended last before it. Fails
 * with Webhook.RECONCILE. */
void webhook_reconcile_handle(struct webhook_function *function, int64_t time_ms,
                              const struct lrt_invocation *invocation, struct lrt_result *result);

/* A page of Toss's list that the twin has posted. Errors: those of webhook_reconcile_page. */
enum svc_status webhook_reconcile_take_page(struct webhook_function *function, const void *page,
                                            size_t page_bytes, int64_t deadline_ms,
                                            struct svc_error *error);

#endif
