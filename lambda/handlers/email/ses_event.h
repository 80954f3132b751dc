/* What SES reports of mails: sent, delivered, bounced, complained of. Three ways lead here:
 *
 *   SNS           the topic's message is SES's event (or an EventBridge event with it)
 *   EventBridge   events of the source "aws.ses"; `detail` is SES's event
 *   SQS           the body is one of the two, or SES's event itself (raw message delivery)
 *
 * SES's event: {"eventType":"Bounce","mail":{"messageId":"...","destination":["..."],"tags":{
 * "template":["ORDER_CONFIRMATION"]}},"bounce":{"bounceType":"Permanent","bounceSubType":"General",
 * "bouncedRecipients":[{"emailAddress":"..."}]}}. Feedback notifications of an identity have
 * "notificationType" instead of "eventType". Format: "Examples of event data that Amazon SES
 * publishes" in the SES guide. */
#ifndef EMAIL_SES_EVENT_H
#define EMAIL_SES_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/json.h"
#include "services/base/status.h"

/* SES publishes the headers of the mail with each event; ours take less than 8 KiB. */
#define EMAIL_MAX_SES_EVENT_BYTES ((size_t)256 * 1024)
/* SES's own limit for a mail. */
#define EMAIL_MAX_SES_RECIPIENTS ((size_t)50)

/* X(name, SES's word, the object with its details) */
#define EMAIL_SES_EVENT_LIST(X)                                                                    \
    X(SEND, "Send", "send")                                                                        \
    X(DELIVERY, "Delivery", "delivery")                                                            \
    X(BOUNCE, "Bounce", "bounce")                                                                  \
    X(COMPLAINT, "Complaint", "complaint")                                                         \
    X(REJECT, "Reject", "reject")                                                                  \
    X(RENDERING_FAILURE, "Rendering Failure", "failure")                                           \
    X(DELIVERY_DELAY, "DeliveryDelay", "deliveryDelay")                                            \
    X(SUBSCRIPTION, "Subscription", "subscription")                                                \
    X(OPEN, "Open", "open")                                                                        \
    X(CLICK, "Click", "click")

enum email_ses_event_type {
#define EMAIL_SES_EVENT_ENUM(name, word, object) EMAIL_SES_##name,
    EMAIL_SES_EVENT_LIST(EMAIL_SES_EVENT_ENUM)
#undef EMAIL_SES_EVENT_ENUM
        EMAIL_SES_NOTICE, /* of a mail none: a new topic was connected, the account's status */
    EMAIL_SES_OTHER       /* a type that is not listed here */
};

/* Pointers are borrowed from the documents. */
struct email_ses_event {
    enum email_ses_event_type type;
    const struct svc_json *mail;    /* NULL for a NOTICE */
    const struct svc_json *details; /* the object named like the type; NULL: none */
    struct svc_json *inner;         /* of an SNS message: freed by email_ses_event_clear */
};

/* Whether the body of an SQS message is meant to be such an event, and no mail to be sent. A body
 * that holds none of the words that every such event has is not parsed. */
bool email_ses_event_is(const char *body, size_t body_bytes);

/* Reads an event in any of its forms. `document` outlives `event`, which is cleared also after a
 * failure. Errors: MALFORMED (neither of them, or one without what every event has), TOO_LARGE,
 * NO_MEMORY. */
enum svc_status email_ses_event_read(const struct svc_json *document, struct email_ses_event *event,
                                     struct svc_error *error);
/* The same for the text of SES's or EventBridge's event in an SNS message. */
enum svc_status email_ses_event_parse(const char *text, size_t size_bytes,
                                      struct email_ses_event *event, struct svc_error *error);
void email_ses_event_clear(struct email_ses_event *event);

/* How many recipients the event is about, at most EMAIL_MAX_SES_RECIPIENTS, and the address of one;
 * NULL: not stated. */
size_t email_ses_event_recipients(const struct email_ses_event *event);
const char *email_ses_event_recipient(const struct email_ses_event *event, size_t index);
/* The status code of a bounced or delayed recipient, "5.1.1"; NULL: not stated, or no such code. */
const char *email_ses_event_status(const struct email_ses_event *event, size_t index);

/* A bounce because the address is on a suppression list: SES sent nothing, and does not count it as
 * a bounce. */
bool email_ses_event_is_suppressed(const struct email_ses_event *event);
/* Words of fixed lists, "Other" for any other: of the type ("Bounce", "RenderingFailure"), of the
 * bounce ("Permanent", "General") and of the complaint ("abuse"; "none" if not stated). Constants.
 */
const char *email_ses_event_name(const struct email_ses_event *event);
const char *email_ses_event_bounce_type(const struct email_ses_event *event);
const char *email_ses_event_bounce_subtype(const struct email_ses_event *event);
const char *email_ses_event_feedback(const struct email_ses_event *event);
/* The template's name from the tag "template"; NULL: no tag, or not one of ours. */
const char *email_ses_event_template(const struct email_ses_event *event);
/* SES's id of the mail; NULL: not stated, or of other characters than an id has. */
const char *email_ses_event_message_id(const struct email_ses_event *event);

#endif
