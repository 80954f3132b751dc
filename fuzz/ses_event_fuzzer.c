/* Events of SES in all their forms: refused with a reason, or read so that every word that reaches
 * metrics and logs is one of the documented lists, and recipients, status codes and ids are those
 * that the document states. The same of a list of SNS's records. Besides, what dead letters are
 * looked up by: the set of ids against a list, and the table of reasons. */
#include <string.h>
#include <strings.h>

#include "fuzz/support/fuzz.h"
#include "lambda/events/kind.h"
#include "lambda/events/sns.h"
#include "lambda/handlers/email/dead_letters_ids.h"
#include "lambda/handlers/email/dead_letters_reason.h"
#include "lambda/handlers/email/ses_event.h"
#include "services/base/text.h"
#include "services/email/limits.h"

/* ---------------------------------------------------------------------- words of SES */

/* In the order of enum email_ses_event_type: SES's word, ours, and the object of its details. */
static const char *const type_words[][3] = {
    {"Send", "Send", "send"},
    {"Delivery", "Delivery", "delivery"},
    {"Bounce", "Bounce", "bounce"},
    {"Complaint", "Complaint", "complaint"},
    {"Reject", "Reject", "reject"},
    {"Rendering Failure", "RenderingFailure", "failure"},
    {"DeliveryDelay", "DeliveryDelay", "deliveryDelay"},
    {"Subscription", "Subscription", "subscription"},
    {"Open", "Open", "open"},
    {"Click", "Click", "click"},
};
#define TYPES (sizeof type_words / sizeof *type_words)

static bool is_one_of(const char *word, const char *words) {
    const size_t size_bytes = strlen(word);
    for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == size_bytes && !memcmp(at, word, size_bytes))
            return true;
    return false;
}

/* The word that the document states if it is one of them, else `otherwise`. */
static void check_word(const char *word, const char *stated, const char *words,
                       const char *otherwise) {
    const char *expected = stated && *stated && is_one_of(stated, words) ? stated : otherwise;
    FUZZ_CHECK(!strcmp(word, expected), "\"%s\" of \"%s\"", word, stated ? stated : "(none)");
}

static void check_words(const struct email_ses_event *event) {
    const char *subtype = svc_json_get_text(event->details, "bounceSubType");
    const char *feedback = svc_json_get_text(event->details, "complaintFeedbackType");
    check_word(email_ses_event_bounce_type(event), svc_json_get_text(event->details, "bounceType"),
               "Permanent|Transient|Undetermined", "Other");
    check_word(email_ses_event_bounce_subtype(event), subtype,
               "General|NoEmail|Suppressed|OnAccountSuppressionList|MailboxFull|MessageTooLarge|"
               "ContentRejected|AttachmentRejected|CustomTimeoutExceeded|Undetermined|"
               "UnsubscribedRecipient",
               "Other");
    check_word(email_ses_event_feedback(event), feedback,
               "abuse|auth-failure|fraud|not-spam|other|virus", feedback ? "Other" : "none");
    FUZZ_CHECK(email_ses_event_is_suppressed(event) ==
                   (event->type == EMAIL_SES_BOUNCE && subtype &&
                    is_one_of(subtype, "Suppressed|OnAccountSuppressionList")),
               "suppressed: %s", subtype ? subtype : "(none)");
}

/* ---------------------------------------------------------------------- recipients */

static const struct svc_json *expected_recipients(const struct email_ses_event *event) {
    static const char *const names[TYPES] = {[EMAIL_SES_DELIVERY] = "recipients",
                                             [EMAIL_SES_BOUNCE] = "bouncedRecipients",
                                             [EMAIL_SES_COMPLAINT] = "complainedRecipients",
                                             [EMAIL_SES_DELIVERY_DELAY] = "delayedRecipients"};
    const char *name = (size_t)event->type < TYPES ? names[event->type] : NULL;
    const struct svc_json *list = name ? svc_json_get(event->details, name) : NULL;
    if (svc_json_type(list) == SVC_JSON_ARRAY && svc_json_at(list, 0))
        return list;
    list = svc_json_get(event->mail, "destination");
    return svc_json_type(list) == SVC_JSON_ARRAY ? list : NULL;
}

static bool is_status(const char *text) {
    size_t size_bytes = 0;
    for (; text[size_bytes]; size_bytes++)
        if (text[size_bytes] != '.' && (text[size_bytes] < '0' || text[size_bytes] > '9'))
            return false;
    return size_bytes <= 16;
}

static void check_recipients(const struct email_ses_event *event) {
    const struct svc_json *list = expected_recipients(event);
    const size_t count = svc_json_count(list);
    FUZZ_CHECK(email_ses_event_recipients(event) == (count > 50 ? 50 : count),
               "%zu recipients of %zu", email_ses_event_recipients(event), count);
    for (size_t i = 0; i < count + 1; i++) {
        const struct svc_json *entry = svc_json_at(list, i);
        const char *expected = svc_json_text(entry);
        const char *code = svc_json_get_text(entry, "status");
        if (!expected)
            expected = svc_json_get_text(entry, "emailAddress");
        FUZZ_CHECK(email_ses_event_recipient(event, i) == expected, "recipient %zu", i);
        FUZZ_CHECK(email_ses_event_status(event, i) == (code && is_status(code) ? code : NULL),
                   "the status of recipient %zu", i);
    }
}

/* ---------------------------------------------------------------------- the event */

static void check_mail(const struct email_ses_event *event) {
    const char *id = email_ses_event_message_id(event);
    const char *stated = svc_json_get_text(event->mail, "messageId");
    const bool is_id = stated && *stated && strlen(stated) <= 128 &&
                       strspn(stated, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                      "0123456789-_.") == strlen(stated);
    FUZZ_CHECK(id == (is_id ? stated : NULL), "the id of the mail");
    const char *template_name = email_ses_event_template(event);
    const struct svc_json *tags = svc_json_get(event->mail, "tags");
    const char *tag = svc_json_text(svc_json_at(svc_json_get(tags, "template"), 0));
    const bool is_template =
        tag && *tag &&
        is_one_of(tag, "ORDER_CONFIRMATION|SHIPPING_NOTIFICATION|PASSWORD_RESET|PROMOTIONAL|"
                       "SETTLEMENT_REPORT");
    FUZZ_CHECK((template_name != NULL) == is_template &&
                   (!is_template || !strcmp(template_name, tag)),
               "the template %s", template_name ? template_name : "(none)");
}

/* `from`: the object that states the type; NULL where the event was inside a text. */
static void check_event(const struct email_ses_event *event) {
    const char *name = email_ses_event_name(event);
    FUZZ_CHECK(event->type <= EMAIL_SES_OTHER, "type %d", (int)event->type);
    FUZZ_CHECK(!strcmp(name, (size_t)event->type < TYPES       ? type_words[event->type][1]
                             : event->type == EMAIL_SES_NOTICE ? "Notice"
                                                               : "Other"),
               "the name %s", name);
    FUZZ_CHECK((event->mail == NULL) == (event->type == EMAIL_SES_NOTICE), "a %s without mail",
               name);
    FUZZ_CHECK((event->type != EMAIL_SES_BOUNCE && event->type != EMAIL_SES_COMPLAINT) ||
                   svc_json_type(event->details) == SVC_JSON_OBJECT,
               "a %s without details", name);
    FUZZ_CHECK((size_t)event->type < TYPES || !event->details, "details of a %s", name);
    check_words(event);
    check_recipients(event);
    check_mail(event);
}

/* The rules of ses_event.h for SES's own event, once more. */
static void check_bare(const struct svc_json *document, const struct email_ses_event *event,
                       enum svc_status status) {
    const char *type = svc_json_get_text(document, "eventType");
    type = type ? type : svc_json_get_text(document, "notificationType");
    size_t index = 0;
    while (type && index < TYPES && strcmp(type, type_words[index][0]) != 0)
        index++;
    if (!type || svc_json_get(document, "source") || svc_json_get(document, "detail-type") ||
        svc_json_get(document, "TopicArn"))
        return;
    const bool is_notice = !strcmp(type, "AmazonSnsSubscriptionSucceeded");
    const struct svc_json *mail = svc_json_get(document, "mail");
    const struct svc_json *details =
        index < TYPES ? svc_json_get(document, type_words[index][2]) : NULL;
    const bool needs_details = index == EMAIL_SES_BOUNCE || index == EMAIL_SES_COMPLAINT;
    const bool is_good =
        is_notice || (svc_json_type(mail) == SVC_JSON_OBJECT &&
                      (!needs_details || svc_json_type(details) == SVC_JSON_OBJECT));
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_MALFORMED), "the type %s: status %d", type,
               (int)status);
    if (is_good)
        FUZZ_CHECK(is_notice ? event->type == EMAIL_SES_NOTICE
                             : event->mail == mail && event->details == details &&
                                   (size_t)event->type == (index < TYPES ? index : EMAIL_SES_OTHER),
                   "the type %s became %s", type, email_ses_event_name(event));
}

static void check_status(enum svc_status status, const struct svc_error *error) {
    FUZZ_CHECK(status == SVC_MALFORMED || status == SVC_TOO_LARGE, "status %d", (int)status);
    FUZZ_CHECK(error->status == status && error->detail[0] && !svc_has_control(error->detail),
               "no reason: \"%s\"", error->detail);
}

static void check_read(const char *text, size_t size_bytes) {
    struct svc_json *document = NULL;
    struct email_ses_event event;
    struct svc_error error = {0};
    enum svc_status status = email_ses_event_parse(text, size_bytes, &event, &error);
    if (status == SVC_OK)
        check_event(&event);
    else
        check_status(status, &error);
    email_ses_event_clear(&event);
    const bool is_one = email_ses_event_is(text, size_bytes);
    const bool is_json = svc_json_parse(text, size_bytes, 0, &document, NULL) == SVC_OK;
    FUZZ_CHECK(is_json || !is_one, "an event that is no document");
    FUZZ_CHECK(!is_one || !svc_json_get(document, "template"), "a mail became an event");
    error = (struct svc_error){0};
    status = is_json ? email_ses_event_read(document, &event, &error) : SVC_OK;
    if (is_json && status == SVC_OK) {
        check_event(&event);
        FUZZ_CHECK(!svc_json_get_text(document, "eventType") || is_one ||
                       svc_json_get(document, "template") || strchr(text, '\\'),
                   "an event is taken for a mail");
    } else if (is_json) {
        check_status(status, &error);
    }
    if (is_json)
        check_bare(document, &event, status);
    if (is_json)
        email_ses_event_clear(&event);
    svc_json_free(document);
}

/* ---------------------------------------------------------------------- dead letters */

enum { MAX_IDS = 256 };

/* Words of the text as ids, against a list that is searched from its begin. */
static void check_ids(char *text) {
    struct email_ids ids = {0};
    const char *added[MAX_IDS];
    size_t count = 0;
    FUZZ_CHECK(!email_ids_has(&ids, text), "an id in an empty set");
    for (char *id = strtok(text, " \n\",:"); id && count < MAX_IDS; id = strtok(NULL, " \n\",:")) {
        size_t expected = 0, number = SIZE_MAX;
        bool was_there = false;
        while (expected < count && strcmp(added[expected], id) != 0)
            expected++;
        FUZZ_CHECK(email_ids_has(&ids, id) == (expected < count), "%s is there", id);
        FUZZ_CHECK(email_ids_add(&ids, id, &number, &was_there) && number == expected &&
                       was_there == (expected < count),
                   "%s is number %zu, not %zu", id, number, expected);
        if (expected == count)
            added[count++] = id;
    }
    FUZZ_CHECK(ids.count == count && ids.capacity >= count, "%zu ids, not %zu", ids.count, count);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(!strcmp(ids.ids[i], added[i]) && email_ids_has(&ids, added[i]), "id %zu is %s",
                   i, ids.ids[i]);
    email_ids_clear(&ids);
    FUZZ_CHECK(!ids.count && !ids.ids && !ids.slots, "not cleared");
}

/* A copy with letters of one case, and one of the characters that count as equal. */
static void fold(const char *text, char *out, size_t out_bytes) {
    size_t i = 0;
    for (; text[i] && i + 1 < out_bytes; i++)
        out[i] = text[i] == ' ' || text[i] == '-' ? '_' : text[i];
    out[i] = '\0';
}

static void check_reason(const char *reason, const char *wanted) {
    char a[1024], b[1024];
    const struct email_dead_reason *found = email_dead_reason_find(reason);
    FUZZ_CHECK(found && found->meaning[0] && found->advice[0] &&
                   (!found->name[0] || !strcmp(found->name, reason)),
               "the reason %s", reason);
    FUZZ_CHECK(found->name[0] ||
                   (strcmp(reason, EMAIL_REASON_MOVED) != 0 &&
                    strcmp(reason, EMAIL_REASON_UNKNOWN) != 0 && strcmp(reason, "BAD_JSON") != 0 &&
                    strcmp(reason, "NO_TIME") != 0),
               "no row of %s", reason);
    fold(reason, a, sizeof a);
    fold(wanted, b, sizeof b);
    FUZZ_CHECK(email_dead_reason_is(reason, wanted) == !strcasecmp(a, b), "%s is %s", reason,
               wanted);
    FUZZ_CHECK(email_dead_reason_is(wanted, reason) == email_dead_reason_is(reason, wanted) &&
                   email_dead_reason_is(reason, reason),
               "%s the other way", reason);
}

/* ---------------------------------------------------------------------- records of SNS */

static bool is_text(const struct svc_json *object, const char *name, const char *expected) {
    const char *text = svc_json_get_text(object, name);
    return text && (!expected || !strcmp(text, expected));
}

/* An attribute is what its two members say. */
static void check_attribute(const struct lev_sns_message *message, const char *name) {
    struct lev_attribute attribute;
    size_t size_bytes = 0;
    const struct svc_json *from = svc_json_get(message->attributes, name);
    const char *value = svc_json_bytes(svc_json_get(from, "Value"), &size_bytes);
    const bool is_good = is_text(from, "Type", NULL) && value;
    FUZZ_CHECK(lev_sns_attribute(message, name, &attribute) == is_good, "the attribute %s", name);
    FUZZ_CHECK(!is_good || (attribute.value_bytes == size_bytes &&
                            !memcmp(attribute.value, value, size_bytes) &&
                            attribute.is_binary == !strncmp(attribute.type, "Binary", 6)),
               "another attribute %s", name);
}

static void check_sns(const char *text, size_t text_bytes) {
    struct svc_json *document = NULL;
    struct lev_sns_event event;
    svc_json_parse(text, text_bytes, 0, &document, NULL);
    const struct svc_json *records = svc_json_get(document, "Records");
    const size_t count = svc_json_count(records);
    bool is_good = svc_json_type(records) == SVC_JSON_ARRAY && count <= LEV_MAX_SNS_RECORDS;
    for (size_t i = 0; is_good && i < count; i++) {
        const struct svc_json *record = svc_json_at(records, i);
        const struct svc_json *sns = svc_json_get(record, "Sns");
        size_t size_bytes = 0;
        is_good = is_text(record, "EventSource", "aws:sns") &&
                  is_text(sns, "Type", "Notification") && is_text(sns, "MessageId", NULL) &&
                  svc_json_bytes(svc_json_get(sns, "Message"), &size_bytes);
    }
    const enum svc_status status = lev_sns_read(document, &event, NULL);
    FUZZ_CHECK((status == SVC_OK) == is_good, "%s", svc_status_name(status));
    FUZZ_CHECK(status != SVC_OK || event.count == count, "%zu messages", event.count);
    if (records) {
        const struct svc_json *first = svc_json_at(records, 0);
        const enum lev_kind kind = is_text(first, "eventSource", "aws:sqs")   ? LEV_SQS
                                   : is_text(first, "eventSource", "aws:s3")  ? LEV_S3
                                   : is_text(first, "EventSource", "aws:sns") ? LEV_SNS
                                                                              : LEV_OTHER;
        FUZZ_CHECK(lev_kind_of(document) == kind, "kind %d, not %d", (int)lev_kind_of(document),
                   (int)kind);
    } else {
        lev_kind_of(document);
    }
    for (size_t i = 0; status == SVC_OK && i < count; i++) {
        const struct svc_json *sns = svc_json_get(svc_json_at(records, i), "Sns");
        size_t size_bytes = 0;
        const char *message = svc_json_bytes(svc_json_get(sns, "Message"), &size_bytes);
        FUZZ_CHECK(is_text(sns, "MessageId", event.messages[i].id) &&
                       event.messages[i].message_bytes == size_bytes &&
                       !memcmp(event.messages[i].message, message, size_bytes),
                   "another message");
        check_attribute(&event.messages[i], "kind");
        check_attribute(&event.messages[i], "other");
    }
    lev_sns_clear(&event);
    svc_json_free(document);
}

/* A document; or behind a byte 1 lines: two reasons, then ids. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    if (size_bytes && data[0] == '\1') {
        size_t one = 1;
        fuzz_take_front(&input, &one);
        char *reason = fuzz_take_line(&input, '\n', NULL);
        char *wanted = fuzz_take_line(&input, '\n', NULL);
        char *ids = fuzz_take_rest(&input, NULL);
        if (strlen(reason) < 1000 && strlen(wanted) < 1000)
            check_reason(reason, wanted);
        check_ids(ids);
        free(reason);
        free(wanted);
        free(ids);
        return 0;
    }
    size_t text_bytes = 0;
    char *text = fuzz_take_rest(&input, &text_bytes);
    check_read(text, text_bytes);
    check_sns(text, text_bytes);
    free(text);
    return 0;
}
