/* SES version 2: see ses.h. */
#include <string.h>

#include "services/aws/json_call.h"
#include "services/aws/ses.h"
#include "services/base/text.h"

/* Nothing that would end a header or a line of SMTP. */
static bool is_header_text(const char *text) {
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool are_addresses(const char *const *addresses, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *at = strchr(addresses[i], '@');
        if (at == NULL || at == addresses[i] || at[1] == '\0' || !is_header_text(addresses[i])) {
            return false;
        }
    }
    return true;
}

static bool is_word(const char *text, const char *others) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (text == NULL || text[0] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (strchr(letters, *text) == NULL && strchr(others, *text) == NULL) {
            return false;
        }
    }
    return true;
}

static enum svc_status check_email(const struct awsc_ses_email *email, struct awsc_error *error) {
    if (email->from == NULL || !are_addresses(&email->from, 1) ||
        !are_addresses(email->to, email->to_count) ||
        !are_addresses(email->bcc, email->bcc_count) ||
        !are_addresses(email->reply_to, email->reply_to_count)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not an address");
    }
    size_t recipients = email->to_count + email->bcc_count;
    if (recipients == 0 || recipients > AWSC_MAX_SES_RECIPIENTS) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a mail has 1 to %d recipients",
                         AWSC_MAX_SES_RECIPIENTS);
    }
    if (email->subject == NULL || !is_header_text(email->subject) ||
        (email->html == NULL && email->text == NULL)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a mail has a subject and a body");
    }
    for (size_t i = 0; i < email->header_count; i++) {
        const char *value = email->headers[i].value;
        if (!is_word(email->headers[i].name, "-_") || value == NULL || !is_header_text(value)) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT, "not a header");
        }
    }
    for (size_t i = 0; i < email->tag_count; i++) {
        if (!is_word(email->tags[i].name, "-_") || !is_word(email->tags[i].value, "-_.@")) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT, "not a tag");
        }
    }
    return SVC_OK;
}

static void add_list(struct svc_json_writer *writer, const char *name, const char *const *texts,
                     size_t count) {
    if (count > 0) {
        svc_json_name(writer, name);
        svc_json_begin_array(writer);
        for (size_t i = 0; i < count; i++) {
            svc_json_put_text(writer, texts[i]);
        }
        svc_json_end_array(writer);
    }
}

static void add_pairs(struct svc_json_writer *writer, const char *name,
                      const struct awsc_param *pairs, size_t count) {
    if (count > 0) {
        svc_json_name(writer, name);
        svc_json_begin_array(writer);
        for (size_t i = 0; i < count; i++) {
            svc_json_begin_object(writer);
            svc_json_add_text(writer, "Name", pairs[i].name);
            svc_json_add_text(writer, "Value", pairs[i].value);
            svc_json_end_object(writer);
        }
        svc_json_end_array(writer);
    }
}

static void add_content(struct svc_json_writer *writer, const char *name, const char *text) {
    if (text != NULL) {
        svc_json_name(writer, name);
        svc_json_begin_object(writer);
        svc_json_add_text(writer, "Data", text);
        svc_json_add_text(writer, "Charset", "UTF-8");
        svc_json_end_object(writer);
    }
}

static void write_email(struct svc_json_writer *writer, const struct awsc_ses_email *email) {
    svc_json_add_text(writer, "FromEmailAddress", email->from);
    svc_json_name(writer, "Destination");
    svc_json_begin_object(writer);
    add_list(writer, "ToAddresses", email->to, email->to_count);
    add_list(writer, "BccAddresses", email->bcc, email->bcc_count);
    svc_json_end_object(writer);
    add_list(writer, "ReplyToAddresses", email->reply_to, email->reply_to_count);
    svc_json_name(writer, "Content");
    svc_json_begin_object(writer);
    svc_json_name(writer, "Simple");
    svc_json_begin_object(writer);
    add_content(writer, "Subject", email->subject);
    svc_json_name(writer, "Body");
    svc_json_begin_object(writer);
    add_content(writer, "Text", email->text);
    add_content(writer, "Html", email->html);
    svc_json_end_object(writer);
    add_pairs(writer, "Headers", email->headers, email->header_count);
    svc_json_end_object(writer);
    svc_json_end_object(writer);
    add_pairs(writer, "EmailTags", email->tags, email->tag_count);
    if (email->configuration_set != NULL) {
        svc_json_add_text(writer, "ConfigurationSetName", email->configuration_set);
    }
}

enum svc_status awsc_ses_send(struct awsc_client *client, const struct awsc_ses_email *email,
                              char message_id[AWSC_SES_ID_BYTES], struct awsc_error *error) {
    struct awsc_json_call json;
    awsc_error_clear(error);
    message_id[0] = '\0';
    enum svc_status status = check_email(email, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_json_begin(&json, AWSC_SES, "SendEmail", AWSC_MAX_SES_BYTES);
    json.call.deadline_ms = email->deadline_ms;
    json.call.is_unrepeatable = true;
    svc_buf_printf(&json.call.path, "%s/v2/email/outbound-emails",
                   client->endpoints[AWSC_SES].path);
    write_email(&json.writer, email);
    status = awsc_json_run(client, &json, error);
    const char *id = svc_json_get_text(json.response, "MessageId");
    /* It was accepted, whatever its id looks like. */
    if (status == SVC_OK && id != NULL) {
        svc_copy_text(message_id, AWSC_SES_ID_BYTES, id);
    }
    awsc_json_end(client, &json);
    return status;
}
