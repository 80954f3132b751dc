/* What became of a message of the queue, as one log line and metrics. Neither holds an address, a
 * field of the message or a secret. */
#ifndef EMAIL_REPORT_H
#define EMAIL_REPORT_H

#include "lambda/events/sqs.h"
#include "lambda/handlers/email/function.h"

/* Metrics:
 *   MailsSent, and by Template; MailsRefused, and by Reason
 *   MailsDuplicate   sent before: nothing was done      MailsOutdated   not sent, not useful
 *   MailsUnknown     may have been sent                 MailsRetried    come again
 *   MailsUnavailable come again: none can be sent now   ThrottledBySes  of these, for SES's limits
 *   RecordIncomplete sent, and the record could not be completed: a second delivery of the message
 *                    ends as unknown */
void email_report_delivery(const struct email_function *function,
                           const struct lev_sqs_record *record,
                           const struct email_delivery *delivery, int64_t duration_ms);

/* The template's name; NULL: the message did not name one. */
const char *email_report_template(const struct email_delivery *delivery);

#endif
