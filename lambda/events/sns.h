/* Messages of SNS, in the two forms in which they reach a function:
 *
 *   directly     {"Records":[{"EventSource":"aws:sns","EventSubscriptionArn":"arn:...","Sns":{
 *                "Type":"Notification","MessageId":"...","TopicArn":"arn:...","Subject":"...",
 *                "Message":"...","Timestamp":"...","MessageAttributes":{"NAME":{"Type":"String",
 *                "Value":"..."}}}}]}
 *   in a queue   the body of an SQS message is the envelope, the object that "Sns" is above. With
 *                raw delivery there is no envelope: the body is the message itself, and the
 *                attributes are those of the SQS message
 *
 * SNS delivers at least once: the message id is the same each time. Format: "Using AWS Lambda with
 * Amazon SNS" in the Lambda guide, "HTTP/HTTPS notification JSON format" in the SNS guide. */
#ifndef LEV_SNS_H
#define LEV_SNS_H

#include "lambda/events/attribute.h"
#include "services/base/json.h"
#include "services/base/status.h"

#define LEV_MAX_SNS_RECORDS ((size_t)1000) /* SNS sends one in each event */

/* All pointers are borrowed from the document. */
struct lev_sns_message {
    const char *id;                    /* the same for every delivery of one message */
    const char *topic_arn;             /* NULL: not stated */
    const char *subject;               /* NULL: none */
    const char *message;               /* what was published */
    size_t message_bytes;              /* may hold U+0000 */
    const struct svc_json *attributes; /* see lev_sns_attribute; NULL: none */
};

struct lev_sns_event {
    struct lev_sns_message *messages; /* in the event's order */
    size_t count;
};

/* Reads the event of a direct invocation. `document` outlives `event`, which is cleared with
 * lev_sns_clear, also after a failure. Errors: MALFORMED (no list, a record that is not from SNS,
 * or one without id or message), TOO_LARGE (LEV_MAX_SNS_RECORDS), NO_MEMORY. */
enum svc_status lev_sns_read(const struct svc_json *document, struct lev_sns_event *event,
                             struct svc_error *error);
void lev_sns_clear(struct lev_sns_event *event);

/* Whether the body of an SQS message has the form of an envelope: texts "Type", "MessageId" and
 * "TopicArn". */
bool lev_sns_is_envelope(const struct svc_json *body);
/* Reads the envelope. Allocates nothing. Errors: MALFORMED (not of the type Notification, such as a
 * SubscriptionConfirmation, or without id or message). */
enum svc_status lev_sns_read_envelope(const struct svc_json *body, struct lev_sns_message *message,
                                      struct svc_error *error);

/* The attribute of that name; false: there is none, or it is not well formed. */
bool lev_sns_attribute(const struct lev_sns_message *message, const char *name,
                       struct lev_attribute *attribute);

#endif
