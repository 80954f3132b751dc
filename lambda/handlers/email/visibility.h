/* Visibility timeouts of single messages, longer or shorter than the queue's: SES asks for
 * seconds, or for minutes. Each return counts as a receive, and after maxReceiveCount of them SQS
 * moves the message to the dead-letter queue: so a message has to wait as long as it is pointless
 * to try it. Collected, and changed ten with one request. */
#ifndef EMAIL_VISIBILITY_H
#define EMAIL_VISIBILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambda/events/sqs.h"
#include "lambda/handlers/email/function.h"
#include "services/aws/sqs.h"

struct email_visibility {
    const struct email_function *function;
    int64_t deadline_ms;
    const struct lev_sqs_record *of; /* one of the messages collected: its queue is theirs */
    struct awsc_sqs_visibility entries[AWSC_MAX_SQS_BATCH];
    size_t count;
    bool is_given_up; /* none of a request's messages was changed: no further request is sent */
};

void email_visibility_init(struct email_visibility *visibility,
                           const struct email_function *function, int64_t deadline_ms);
/* The message comes again in `retry_s` or up to a quarter later, so that those of one batch do not
 * all come at once. A message without receipt handle or queue is left as it is. */
void email_visibility_add(struct email_visibility *visibility, const struct lev_sqs_record *record,
                          int retry_s);
/* Changes what was collected. A failure is a WARN line: those messages come again when the queue's
 * own timeout ends. After a request that changed nothing, no further one of the invocation is sent:
 * a batch may have 10,000 messages. */
void email_visibility_flush(struct email_visibility *visibility);

#endif
