/* What became of a request, as one line of the log and as metrics. Neither has personal data, an
 * order's id, or a secret. */
#ifndef WEBHOOK_REPORT_H
#define WEBHOOK_REPORT_H

#include "lambda/handlers/webhook/call.h"
#include "lambda/handlers/webhook/function.h"

/* Metrics, where there is something to count:
 *   Webhooks            by Outcome: every request that was routed to a sender
 *   WebhooksStored, WebhooksLate, WebhooksRepeated, WebhooksQueued, WebhooksIgnored   by Sender
 *   WebhooksRefused     by Reason; without those of SignaturesRefused
 *   SignaturesRefused   by Reason
 *   WebhooksFailed      by Reason: answered with 500
 *   TossUnconfirmed     hints that could not be confirmed yet; TossForged: that Toss denies
 *   MailsOwed, MailsSent, MailsNotMade, Alarms
 *   ResponseTime        ms */
void webhook_report(const struct webhook_function *function, const struct webhook_reply *reply,
                    const struct db_counts *before, int64_t duration_ms);

#endif
