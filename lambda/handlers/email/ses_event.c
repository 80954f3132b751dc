/* Events of SES: see ses_event.h. Words that reach metrics and logs come from the tables here,
 * never from the event. */
#include "lambda/handlers/email/ses_event.h"

#include <string.h>

#include "lambda/events/eventbridge.h"
#include "lambda/events/sns.h"
#include "services/base/chars.h"
#include "services/email/message.h"
#include "services/email/schema.h"

#define MAX_ID_BYTES     ((size_t)128)
#define MAX_STATUS_BYTES ((size_t)16) /* "5.1.1" */

/* What SES sends to a topic when it is connected. */
#define TOPIC_IS_VALID   "Successfully validated SNS topic"
#define TOPIC_SUBSCRIBED "AmazonSnsSubscriptionSucceeded"

struct type {
    const char *word, *object;
};
static const struct type types[] = {
#define EMAIL_SES_EVENT_TYPE(name, word, object) [EMAIL_SES_##name] = {word, object},
    EMAIL_SES_EVENT_LIST(EMAIL_SES_EVENT_TYPE)
#undef EMAIL_SES_EVENT_TYPE
};
#define TYPES (sizeof(types) / sizeof(types[0]))

static const char *const bounce_types[] = {"Permanent", "Transient", "Undetermined"};
static const char *const bounce_subtypes[] = {
    "General",
    "NoEmail",
    "Suppressed",
    "OnAccountSuppressionList",
    "MailboxFull",
    "MessageTooLarge",
    "ContentRejected",
    "AttachmentRejected",
    "CustomTimeoutExceeded",
    "Undetermined",
    "UnsubscribedRecipient",
};
static const char *const feedback_types[] = {"abuse",    "auth-failure", "fraud",
                                             "not-spam", "other",        "virus"};

/* The table's own string; `otherwise` if it is none of them. */
static const char *word_of(const char *text, const char *const *words, size_t count,
                           const char *otherwise) {
    for (size_t i = 0; i < count && text != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return words[i];
        }
    }
    return otherwise;
}
#define WORD_OF(text, words, otherwise)                                                            \
    word_of((text), (words), sizeof(words) / sizeof((words)[0]), (otherwise))

/* ---------------------------------------------------------------------- reading */

static const char *type_text(const struct svc_json *object) {
    const char *type = svc_json_get_text(object, "eventType");
    return type != NULL ? type : svc_json_get_text(object, "notificationType");
}

static bool contains(const char *text, size_t size_bytes, const char *word) {
    const size_t word_bytes = strlen(word);
    for (const char *at = text; size_bytes - (size_t)(at - text) >= word_bytes; at++) {
        at = memchr(at, word[0], size_bytes - (size_t)(at - text) - word_bytes + 1);
        if (at == NULL) {
            return false;
        }
        if (memcmp(at, word, word_bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_event(const struct svc_json *document) {
    return svc_json_get(document, "template") == NULL &&
           (lev_sns_is_envelope(document) || type_text(document) != NULL ||
            svc_json_get_text(document, "detail-type") != NULL);
}

/* Bounded like a message of the queue: small containers take much memory. */
static enum svc_status parse(const char *text, size_t size_bytes, struct svc_json **document,
                             struct svc_error *error) {
    *document = NULL;
    if (size_bytes <= EMAIL_MAX_SES_EVENT_BYTES && email_has_too_many_values(text, size_bytes)) {
        return svc_fail(error, SVC_TOO_LARGE, "an event of SES with too many values");
    }
    return svc_json_parse(text, size_bytes, EMAIL_MAX_SES_EVENT_BYTES, document, error);
}

bool email_ses_event_is(const char *body, size_t body_bytes) {
    if (body == NULL || body_bytes > EMAIL_MAX_SES_EVENT_BYTES ||
        !(contains(body, body_bytes, "\"TopicArn\"") ||
          contains(body, body_bytes, "\"eventType\"") ||
          contains(body, body_bytes, "\"notificationType\"") ||
          contains(body, body_bytes, "\"detail-type\""))) {
        return false;
    }
    struct svc_json *document = NULL;
    const bool is_one = parse(body, body_bytes, &document, NULL) == SVC_OK && is_event(document);
    svc_json_free(document);
    return is_one;
}

/* SES's event itself. */
static enum svc_status read_ses(const struct svc_json *document, struct email_ses_event *event,
                                struct svc_error *error) {
    const char *text = type_text(document);
    if (text == NULL) {
        return svc_fail(error, SVC_MALFORMED, "an event of SES without eventType");
    }
    if (strcmp(text, TOPIC_SUBSCRIBED) == 0) {
        event->type = EMAIL_SES_NOTICE;
        return SVC_OK;
    }
    event->type = EMAIL_SES_OTHER;
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(text, types[i].word) == 0) {
            event->type = (enum email_ses_event_type)i;
            event->details = svc_json_get(document, types[i].object);
        }
    }
    event->mail = svc_json_get(document, "mail");
    if (svc_json_type(event->mail) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "an event of SES without mail");
    }
    if ((event->type == EMAIL_SES_BOUNCE || event->type == EMAIL_SES_COMPLAINT) &&
        svc_json_type(event->details) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "an event of SES without its details");
    }
    return SVC_OK;
}

/* Without an SNS envelope. */
static enum svc_status read_bare(const struct svc_json *document, struct email_ses_event *event,
                                 struct svc_error *error) {
    struct lev_eventbridge bridge;
    if (!lev_eventbridge_read(document, &bridge)) {
        return read_ses(document, event, error);
    }
    if (strcmp(bridge.source, "aws.ses") != 0) {
        return svc_fail(error, SVC_MALFORMED, "an event of EventBridge that is not from aws.ses");
    }
    if (type_text(bridge.detail) == NULL) {
        event->type = EMAIL_SES_NOTICE; /* such as "Advisor Recommendation Status Open" */
        return SVC_OK;
    }
    return read_ses(bridge.detail, event, error);
}

enum svc_status email_ses_event_parse(const char *text, size_t size_bytes,
                                      struct email_ses_event *event, struct svc_error *error) {
    memset(event, 0, sizeof(*event));
    if (size_bytes >= strlen(TOPIC_IS_VALID) &&
        memcmp(text, TOPIC_IS_VALID, strlen(TOPIC_IS_VALID)) == 0) {
        event->type = EMAIL_SES_NOTICE;
        return SVC_OK;
    }
    const enum svc_status status = parse(text, size_bytes, &event->inner, error);
    return status == SVC_OK ? read_bare(event->inner, event, error) : status;
}

enum svc_status email_ses_event_read(const struct svc_json *document, struct email_ses_event *event,
                                     struct svc_error *error) {
    memset(event, 0, sizeof(*event));
    if (!lev_sns_is_envelope(document)) {
        return read_bare(document, event, error);
    }
    struct lev_sns_message message;
    const enum svc_status status = lev_sns_read_envelope(document, &message, error);
    return status == SVC_OK
               ? email_ses_event_parse(message.message, message.message_bytes, event, error)
               : status;
}

void email_ses_event_clear(struct email_ses_event *event) {
    svc_json_free(event->inner);
    memset(event, 0, sizeof(*event));
}

/* ---------------------------------------------------------------------- recipients */

/* The recipients whom the event is about: of bounces, complaints and delays a list of objects,
 * else the addresses themselves. */
static const struct svc_json *recipients_of(const struct email_ses_event *event) {
    const struct svc_json *list = NULL;
    switch (event->type) {
    case EMAIL_SES_BOUNCE:
        list = svc_json_get(event->details, "bouncedRecipients");
        break;
    case EMAIL_SES_COMPLAINT:
        list = svc_json_get(event->details, "complainedRecipients");
        break;
    case EMAIL_SES_DELIVERY_DELAY:
        list = svc_json_get(event->details, "delayedRecipients");
        break;
    case EMAIL_SES_DELIVERY:
        list = svc_json_get(event->details, "recipients");
        break;
    default:
        break;
    }
    return svc_json_count(list) > 0 && svc_json_type(list) == SVC_JSON_ARRAY
               ? list
               : svc_json_get(event->mail, "destination");
}

size_t email_ses_event_recipients(const struct email_ses_event *event) {
    const struct svc_json *list = recipients_of(event);
    const size_t count = svc_json_type(list) == SVC_JSON_ARRAY ? svc_json_count(list) : 0;
    return count < EMAIL_MAX_SES_RECIPIENTS ? count : EMAIL_MAX_SES_RECIPIENTS;
}

const char *email_ses_event_recipient(const struct email_ses_event *event, size_t index) {
    const struct svc_json *one = svc_json_at(recipients_of(event), index);
    const char *address = svc_json_text(one);
    return address != NULL ? address : svc_json_get_text(one, "emailAddress");
}

const char *email_ses_event_status(const struct email_ses_event *event, size_t index) {
    const char *status = svc_json_get_text(svc_json_at(recipients_of(event), index), "status");
    return status != NULL && strlen(status) <= MAX_STATUS_BYTES &&
                   status[strspn(status, "0123456789.")] == '\0'
               ? status
               : NULL;
}

/* ---------------------------------------------------------------------- words */

const char *email_ses_event_name(const struct email_ses_event *event) {
    switch (event->type) {
    case EMAIL_SES_NOTICE:
        return "Notice";
    case EMAIL_SES_OTHER:
        return "Other";
    case EMAIL_SES_RENDERING_FAILURE:
        return "RenderingFailure"; /* without SES's blank: it names a metric */
    default:
        return types[event->type].word;
    }
}

const char *email_ses_event_bounce_type(const struct email_ses_event *event) {
    return WORD_OF(svc_json_get_text(event->details, "bounceType"), bounce_types, "Other");
}

const char *email_ses_event_bounce_subtype(const struct email_ses_event *event) {
    return WORD_OF(svc_json_get_text(event->details, "bounceSubType"), bounce_subtypes, "Other");
}

bool email_ses_event_is_suppressed(const struct email_ses_event *event) {
    const char *subtype = email_ses_event_bounce_subtype(event);
    return event->type == EMAIL_SES_BOUNCE &&
           (strcmp(subtype, "OnAccountSuppressionList") == 0 || strcmp(subtype, "Suppressed") == 0);
}

const char *email_ses_event_feedback(const struct email_ses_event *event) {
    const char *text = svc_json_get_text(event->details, "complaintFeedbackType");
    return text != NULL ? WORD_OF(text, feedback_types, "Other") : "none";
}

const char *email_ses_event_template(const struct email_ses_event *event) {
    enum email_template id;
    const char *name =
        svc_json_text(svc_json_at(svc_json_get(svc_json_get(event->mail, "tags"), "template"), 0));
    return name != NULL && email_template_find(name, &id) ? email_template_info(id)->name : NULL;
}

const char *email_ses_event_message_id(const struct email_ses_event *event) {
    const char *id = svc_json_get_text(event->mail, "messageId");
    size_t i = 0;
    while (id != NULL && i <= MAX_ID_BYTES &&
           ((id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'z') ||
            (id[i] >= 'A' && id[i] <= 'Z') || id[i] == '-' || id[i] == '_' || id[i] == '.')) {
        i++;
    }
    return id != NULL && i > 0 && i <= MAX_ID_BYTES && id[i] == '\0' ? id : NULL;
}
