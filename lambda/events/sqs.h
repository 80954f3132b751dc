/* Messages of SQS, as an event source mapping hands them to a function:
 *
 *   {"Records":[{"messageId":"...","receiptHandle":"...","body":"...","attributes":{
 *    "ApproximateReceiveCount":"1","SentTimestamp":"1545082649183","MessageGroupId":"...",...},
 *    "messageAttributes":{"NAME":{"dataType":"String","stringValue":"..."}},
 *    "eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:REGION:ACCOUNT:QUEUE",...}]}
 *
 * sqs_batch.h calls a handler for each of them and writes the result. Format: "Using Lambda with
 * Amazon SQS" in the Lambda guide. Pure. */
#ifndef LEV_SQS_H
#define LEV_SQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambda/events/attribute.h"
#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/base/status.h"

/* Lambda's largest batch: 10 messages, or up to 10,000 where the mapping has a batch window. */
#define LEV_MAX_SQS_RECORDS ((size_t)10000)

/* All pointers are borrowed from the document. */
struct lev_sqs_record {
    const char *message_id; /* the same for every delivery of one message */
    const char
        *receipt_handle;       /* of this delivery, for ChangeMessageVisibility; NULL: not stated */
    const char *body;          /* NULL: there is none, or it is no text */
    size_t body_bytes;         /* may hold U+0000 */
    const char *group_id;      /* MessageGroupId; NULL: none. Ordered only in a FIFO queue */
    const char *queue_arn;     /* NULL: not stated */
    int64_t receive_count;     /* deliveries up to now, this one included; 0: not stated */
    int64_t sent_ms;           /* since 1970; -1: not stated */
    int64_t first_received_ms; /* since 1970; -1: not stated */
    bool is_fifo;              /* the queue's name ends in .fifo */
    const struct svc_json *attributes; /* see lev_sqs_attribute; NULL: none */
};

struct lev_sqs_event {
    struct lev_sqs_record *records; /* in the event's order, which is that of each group */
    size_t count;
};

/* Reads the event. `document` outlives `event`, which is cleared with lev_sqs_clear, also after a
 * failure. Errors: MALFORMED (no list, a record that is not from SQS or has no messageId: it could
 * not be reported as failed), TOO_LARGE (LEV_MAX_SQS_RECORDS), NO_MEMORY. */
enum svc_status lev_sqs_read(const struct svc_json *document, struct lev_sqs_event *event,
                             struct svc_error *error);
void lev_sqs_clear(struct lev_sqs_event *event);

/* The name of the queue; "" if the ARN is not stated. */
const char *lev_sqs_queue_name(const struct lev_sqs_record *record);

/* Appends the URL that SQS's operations take, such as ChangeMessageVisibility on the receipt
 * handle: "https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE". Errors: MALFORMED (no ARN of a queue,
 * or of a partition other than aws, aws-us-gov and aws-cn), TOO_LARGE, NO_MEMORY. */
enum svc_status lev_sqs_queue_url(const struct lev_sqs_record *record, struct svc_buf *url);

/* The message attribute of that name; false: there is none, or it is not well formed. */
bool lev_sqs_attribute(const struct lev_sqs_record *record, const char *name,
                       struct lev_attribute *attribute);

#endif
