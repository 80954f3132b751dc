/* SES version 2: see ses.h. */
#include <string.h>

#include "services/aws/json_call.h"
#include "services/aws/ses.h"
#include "services/base/text.h"

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
    message_id[0] = '\0';
    enum svc_status status = awsc_ses_check(email, error);
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
    /* SES accepted it, whatever its id looks like. */
    if (status == SVC_OK && id != NULL) {
        svc_copy_text(message_id, AWSC_SES_ID_BYTES, id);
    }
    awsc_json_end(client, &json);
    return status;
}
