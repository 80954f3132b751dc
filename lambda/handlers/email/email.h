/* The mail function: messages of a queue, and what SES reports of mails. */
#ifndef EMAIL_EMAIL_H
#define EMAIL_EMAIL_H

#include "lambda/handlers/email/function.h"
#include "lambda/runtime/runtime.h"

/* Handles one event; kinds of failure (error types):
 *   Email.MALFORMED      an event of SES that cannot be read; the others of the invocation are
 *                        reported
 *   Email.UNKNOWN_EVENT  none of the events that the function takes
 *   Email.NO_MEMORY      no message was handled */
void email_handle(struct email_function *function, const struct lrt_invocation *invocation,
                  struct lrt_result *result);

#endif
