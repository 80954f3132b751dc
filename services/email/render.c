/* Rendering: see render.h. */
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "services/email/render.h"
#include "services/email/templates.h"

#define KST_MS (INT64_C(9) * 60 * 60 * 1000)

static bool is_given(const char *text) {
    return text != NULL && *text != '\0';
}

static bool is_one_line(const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return false;
        }
    }
    return svc_utf8_valid((const uint8_t *)text, size);
}

static enum svc_status check_sender(const struct email_message *message,
                                    const struct email_sender *sender, struct email_error *error) {
    char address[EMAIL_ADDRESS_BYTES];
    const char *why = NULL;
    const char *const texts[] = {sender->name, sender->phone, sender->address};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (is_given(texts[i]) && !is_one_line(texts[i])) {
            return email_refuse(error, EMAIL_REASON_BAD_SENDER, "",
                                "a setting of the sender has a control character, or is not UTF-8");
        }
    }
    if (is_given(sender->email) &&
        !email_address_check(sender->email, strlen(sender->email), address, &why)) {
        return email_refuse(error, EMAIL_REASON_BAD_SENDER, "",
                            "the sender's e-mail is not exactly one address: %s", why);
    }
    if (email_template_info(message->template_id)->is_promotional &&
        !(is_given(sender->name) && is_given(sender->email) && is_given(sender->phone) &&
          is_given(sender->address))) {
        return email_refuse(error, EMAIL_REASON_BAD_SENDER, "",
                            "advertising mail must name its sender, with e-mail, telephone and "
                            "address, and the settings lack one of them");
    }
    return SVC_OK;
}

static enum svc_status render_part(const struct email_view *view, enum email_part part,
                                   size_t usual_bytes, struct svc_buf *out,
                                   struct email_error *error) {
    static const char *const names[EMAIL_PARTS] = {"the subject", "the HTML part", "the text part"};
    const struct email_message *message = view->message;
    const struct email_mustache_data data = email_view_data(view);
    svc_buf_reserve(out, usual_bytes);
    enum svc_status status = email_mustache_render(
        &email_programs[message->template_id][message->language][part], &data, out);
    return status == SVC_OK ? SVC_OK : email_refuse_output(error, status, names[part]);
}

static enum svc_status add_headers(const struct email_message *message,
                                   struct email_rendered *rendered, struct email_error *error) {
    if (!email_template_info(message->template_id)->is_promotional) {
        return SVC_OK;
    }
    const struct email_value *url = email_message_value(message, "unsubscribeUrl");
    if (url == NULL) {
        return email_refuse(error, EMAIL_REASON_MISSING_FIELD, "data.unsubscribeUrl",
                            "is required and missing or empty");
    }
    svc_buf_append_char(&rendered->unsubscribe, '<');
    svc_buf_append_text(&rendered->unsubscribe, url->text);
    svc_buf_append_char(&rendered->unsubscribe, '>');
    if (svc_buf_status(&rendered->unsubscribe) != SVC_OK) {
        return email_refuse_output(error, svc_buf_status(&rendered->unsubscribe),
                                   "List-Unsubscribe");
    }
    rendered->headers[0] =
        (struct email_header){"List-Unsubscribe", svc_buf_text(&rendered->unsubscribe)};
    rendered->headers[1] =
        (struct email_header){"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"};
    rendered->header_count = 2;
    return SVC_OK;
}

enum svc_status email_render(const struct email_message *message, const struct email_sender *sender,
                             int64_t now_ms, struct email_rendered *rendered,
                             struct email_error *error) {
    const struct email_view view = {message, sender, svc_date_from_ms(now_ms + KST_MS).year};
    memset(rendered, 0, sizeof(*rendered));
    svc_buf_init(&rendered->subject, EMAIL_MAX_SUBJECT_BYTES);
    svc_buf_init(&rendered->html, EMAIL_MAX_HTML_BYTES);
    svc_buf_init(&rendered->text, EMAIL_MAX_TEXT_BYTES);
    svc_buf_init(&rendered->unsubscribe, EMAIL_MAX_UNSUBSCRIBE_URL_BYTES + 2);
    email_error_clear(error);
    enum svc_status status = check_sender(message, sender, error);
    if (status == SVC_OK) {
        status = render_part(&view, EMAIL_PART_SUBJECT, 256, &rendered->subject, error);
    }
    if (status == SVC_OK) {
        status = render_part(&view, EMAIL_PART_HTML, (size_t)32 * 1024, &rendered->html, error);
    }
    if (status == SVC_OK) {
        status = render_part(&view, EMAIL_PART_TEXT, (size_t)4 * 1024, &rendered->text, error);
    }
    if (status == SVC_OK) {
        status = add_headers(message, rendered, error);
    }
    if (status != SVC_OK) {
        email_rendered_clear(rendered);
    }
    return status;
}

void email_rendered_clear(struct email_rendered *rendered) {
    svc_buf_clear(&rendered->subject);
    svc_buf_clear(&rendered->html);
    svc_buf_clear(&rendered->text);
    svc_buf_clear(&rendered->unsubscribe);
    memset(rendered->headers, 0, sizeof(rendered->headers));
    rendered->header_count = 0;
}
