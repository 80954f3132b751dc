/* A change of an order: stored, then its mails are sent as far as the time allows. */
#ifndef WEBHOOK_CHANGES_H
#define WEBHOOK_CHANGES_H

#include "lambda/handlers/webhook/call.h"
#include "lambda/handlers/webhook/function.h"
#include "services/webhook/change.h"
#include "services/webhook/toss.h"

/* After the event is stored, the response waits no longer than this for the mails' queue: what is
 * not sent by then is swept. */
#define WEBHOOK_MAIL_MS 2000

/* Both set the reply. */
void webhook_change_order(struct webhook_function *function, const struct webhook_call *call,
                          const struct webhook_change *change, struct webhook_reply *reply);
void webhook_change_payout(struct webhook_function *function, const struct webhook_call *call,
                           const struct webhook_toss_event *event, struct webhook_reply *reply);

/* The store and the outbox of an invocation that ends at `deadline_ms`. */
struct webhook_store webhook_store_for(const struct webhook_function *function,
                                       int64_t deadline_ms);
struct webhook_outbox webhook_outbox_for(const struct webhook_function *function);

#endif
