/* A message that will not be sent, put into the dead-letter queue with its reason, so that a person
 * can see why and decide. Its body is the message's, unchanged.
 *
 * Attributes (all strings but queuedAt):
 *   reason          a stable code: BAD_JSON, MISSING_FIELD, UNKNOWN_OUTCOME, ... (deliver.h)
 *   detail          a sentence without personal data
 *   template        if the message names one
 *   firstMessageId  the id that the queue gave the message first: SQS gives a message that is sent
 *                   again a new one, and the record of sent mails is kept under the first
 *   queuedAt        a number: when that was, ms since 1970; if known
 *   sourceQueue     the ARN of the queue it came from; if known
 *   recordKey       of UNKNOWN_OUTCOME: its key in the record of sent mails */
#ifndef EMAIL_DEAD_LETTER_H
#define EMAIL_DEAD_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambda/events/sqs.h"
#include "lambda/handlers/email/function.h"

#define EMAIL_ATTRIBUTE_REASON       "reason"
#define EMAIL_ATTRIBUTE_DETAIL       "detail"
#define EMAIL_ATTRIBUTE_TEMPLATE     "template"
#define EMAIL_ATTRIBUTE_FIRST_ID     "firstMessageId"
#define EMAIL_ATTRIBUTE_QUEUED_AT    "queuedAt"
#define EMAIL_ATTRIBUTE_SOURCE_QUEUE "sourceQueue"
#define EMAIL_ATTRIBUTE_RECORD_KEY   "recordKey"
/* Of a message that is sent again: "yes" if a person decided that one of unknown outcome is to be
 * sent. Whoever may send to the queue may set it. */
#define EMAIL_ATTRIBUTE_OVERRIDE "overrideUnknown"

struct email_dead_letter {
    const struct lev_sqs_record *record;
    const char *reason, *detail;
    const char *template_name; /* NULL: none */
    const char *first_id;
    const char *record_key; /* NULL: none */
    int64_t queued_at_ms;   /* -1: not known */
};

/* Sends it to DEAD_LETTER_QUEUE_URL, which must be set. false: it is not certain that the message
 * is there, so it has to stay where it is; an ERROR line states why. After a failure of unknown
 * outcome it may be there as well. */
bool email_dead_letter_send(const struct email_function *function,
                            const struct email_dead_letter *letter, int64_t deadline_ms);

#endif
