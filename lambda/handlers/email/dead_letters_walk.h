/* All messages of a queue, each seen once, without consuming them: they are received, which hides
 * them from others, and made visible again at the end, whatever ends the walk: the last message, a
 * failure, SIGINT, SIGTERM. After SIGKILL they stay hidden for the queue's visibility timeout.
 *
 * SQS may deliver a message twice, and does so when the queue's visibility timeout ends during the
 * walk. A queue with a timeout of a few seconds repeats messages faster than it shows new ones. */
#ifndef EMAIL_DEAD_LETTERS_WALK_H
#define EMAIL_DEAD_LETTERS_WALK_H

#include <stdbool.h>

#include "services/aws/sqs.h"

/* Of one message; false ends the walk. *is_taken is set by what deleted the message, which then is
 * not made visible again. */
typedef bool email_walk_fn(void *user, const struct awsc_sqs_received_message *message,
                           bool *is_taken);

/* From now on SIGINT and SIGTERM end a walk after the message that is being looked at; a second one
 * ends the process. */
void email_walk_catch_signals(void);
bool email_walk_is_interrupted(void);

/* OK also if it was interrupted. Errors: those of awsc_sqs_receive, NO_MEMORY; and of making the
 * messages visible again, if nothing else failed. */
enum svc_status email_walk(struct awsc_client *client, const char *queue_url, email_walk_fn *each,
                           void *user, struct awsc_error *error);

#endif
