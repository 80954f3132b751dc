/* An event of SES as metrics and log lines: a line for each recipient, the address hashed. */
#ifndef EMAIL_SES_REPORT_H
#define EMAIL_SES_REPORT_H

#include "lambda/handlers/email/function.h"
#include "lambda/handlers/email/ses_event.h"

/* Metrics count recipients, as SES's own bounce and complaint rates do:
 *   MailEvents by EventType        of all; a suppressed one is "Suppressed", not "Bounce"
 *   MailBounces by BounceType      "Permanent.General"; not the suppressed ones
 *   MailsBounced, MailsComplained  permanent bounces, and complaints: what alarms compare with
 *                                  MailsSent
 *   MailsSuppressed                refused by a suppression list
 *   MailComplaints by FeedbackType */
void email_ses_report(const struct email_function *function, const struct email_ses_event *event);

#endif
