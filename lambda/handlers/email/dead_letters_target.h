/* To which queue a dead letter goes back. */
#ifndef EMAIL_DEAD_LETTERS_TARGET_H
#define EMAIL_DEAD_LETTERS_TARGET_H

#include <stdbool.h>

#define EMAIL_DEAD_URL_BYTES 1100

/* The URL of the queue that `source` (an ARN, or a URL) names, as a neighbour of the dead-letter
 * queue: same endpoint, region and account, whatever the source states. For the message may have
 * been written by anyone who may send to that queue, and is not to choose where customers' data
 * goes. false: the source is no queue of the same account. */
bool email_dead_neighbour(const char *dead_letter_url, const char *source,
                          char out[EMAIL_DEAD_URL_BYTES]);

#endif
