/* Dead letters read: see dead_letters_view.h. */
#include "lambda/handlers/email/dead_letters_view.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/email/dead_letter.h"
#include "lambda/handlers/email/dead_letters_reason.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "services/email/message.h"

/* Printable ASCII; all else, which a terminal may act on, becomes '?'. */
static void copy_printable(char *out, size_t out_bytes, const char *text) {
    size_t size = 0;
    for (; text != NULL && text[size] != '\0' && size + 1 < out_bytes; size++) {
        out[size] = text[size] >= 0x20 && text[size] < 0x7f ? text[size] : '?';
    }
    out[size] = '\0';
}

/* NULL: there is none, or it is no text. */
static const char *text_of(const struct awsc_sqs_received_message *message, const char *name) {
    const struct awsc_sqs_attribute *attribute = awsc_sqs_find_attribute(message, name);
    bool is_text = attribute != NULL && attribute->type != AWSC_SQS_BINARY &&
                   strlen(attribute->value) == attribute->value_bytes;
    return is_text ? attribute->value : NULL;
}

/* An id as the function takes it (queue.c): the same text, or nothing. */
static bool copy_id(char *out, size_t out_bytes, const char *text) {
    bool is_id =
        text != NULL && text[0] != '\0' && svc_is_printable(text) && strchr(text, ' ') == NULL;
    return is_id && svc_copy_text(out, out_bytes, text);
}

static void mask(char out[EMAIL_ADDRESS_BYTES], const char *address) {
    const char *at = address != NULL ? strrchr(address, '@') : NULL;
    char domain[EMAIL_ADDRESS_BYTES];
    out[0] = '\0';
    if (at != NULL && at != address) {
        copy_printable(domain, sizeof(domain), at);
        char first = address[0] > 0x20 && address[0] < 0x7f ? address[0] : '?';
        (void)snprintf(out, EMAIL_ADDRESS_BYTES, "%c***%.240s", first, domain);
    }
}

/* Of a body that is not a good message, what can be read of it. Such a message has no record. */
static void read_broken(const char *body, struct email_dead_view *view) {
    struct svc_json *document = NULL;
    if (!email_has_too_many_values(body, strlen(body)) &&
        svc_json_parse(body, strlen(body), EMAIL_MAX_MESSAGE_BYTES, &document, NULL) == SVC_OK) {
        if (view->template_name[0] == '\0') {
            copy_printable(view->template_name, sizeof(view->template_name),
                           svc_json_get_text(document, "template"));
        }
        mask(view->recipient, svc_json_get_text(document, "toEmail"));
    }
    svc_json_free(document);
}

static void read_body(const char *body, int64_t now_ms, struct email_dead_view *view) {
    struct email_message message;
    enum svc_status status = email_message_parse(body, strlen(body), &message, &view->refusal);
    view->is_accepted = status == SVC_OK;
    if (view->is_accepted) {
        copy_printable(view->template_name, sizeof(view->template_name),
                       email_template_info(message.template_id)->name);
        mask(view->recipient, message.to);
        (void)email_record_key(message.id, view->first_id, view->key);
        view->is_outdated =
            view->queued_at_ms > 0 && email_message_expired(&message, view->queued_at_ms, now_ms);
    } else {
        read_broken(body, view);
    }
    email_message_clear(&message);
}

void email_dead_view_read(const struct awsc_sqs_received_message *message, int64_t now_ms,
                          struct email_dead_view *view) {
    uint64_t queued_at_ms = 0;
    *view = (struct email_dead_view){.dead_since_ms = message->sent_wall_ms,
                                     .queued_at_ms = message->sent_wall_ms,
                                     .receives = message->receive_count};
    copy_printable(view->id, sizeof(view->id), message->message_id);
    if (!copy_id(view->first_id, sizeof(view->first_id),
                 text_of(message, EMAIL_ATTRIBUTE_FIRST_ID))) {
        copy_printable(view->first_id, sizeof(view->first_id), message->message_id);
    }
    if (svc_parse_uint(text_of(message, EMAIL_ATTRIBUTE_QUEUED_AT), INT64_MAX, &queued_at_ms) &&
        (int64_t)queued_at_ms < view->queued_at_ms) {
        view->queued_at_ms = (int64_t)queued_at_ms;
    }
    const char *reason = text_of(message, EMAIL_ATTRIBUTE_REASON);
    copy_printable(view->reason, sizeof(view->reason),
                   reason != NULL ? reason : EMAIL_REASON_MOVED);
    copy_printable(view->detail, sizeof(view->detail), text_of(message, EMAIL_ATTRIBUTE_DETAIL));
    copy_printable(view->template_name, sizeof(view->template_name),
                   text_of(message, EMAIL_ATTRIBUTE_TEMPLATE));
    copy_printable(view->source_queue, sizeof(view->source_queue),
                   text_of(message, EMAIL_ATTRIBUTE_SOURCE_QUEUE));
    read_body(message->body, now_ms, view);
    /* What the function recorded counts more than what the body says. */
    (void)copy_id(view->key, sizeof(view->key), text_of(message, EMAIL_ATTRIBUTE_RECORD_KEY));
}

void email_dead_put_age(int64_t from_ms, int64_t now_ms, char out[24]) {
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t age_s = now_ms > from_ms ? (now_ms - from_ms) / 1000 : 0;
    size_t i = 0;
    while (i < 3 && age_s < 2 * units[i].seconds) {
        i++;
    }
    if (from_ms > 0) {
        (void)snprintf(out, 24, "%lld%c", (long long)(age_s / units[i].seconds), units[i].unit);
    } else {
        (void)svc_copy_text(out, 24, "?");
    }
}
