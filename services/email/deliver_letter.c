/* Mails for SES: see deliver_letter.h. */
#include "services/email/deliver_letter.h"

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

static void fill_sender(const struct email_mailer_settings *settings,
                        struct awsc_ses_email *email) {
    email->from = settings->from;
    email->reply_to = &settings->reply_to;
    email->reply_to_count = is_set(settings->reply_to);
    email->configuration_set = settings->configuration_set;
}

void email_letter_fill(struct email_letter *letter, const struct email_mailer_settings *settings,
                       const struct email_message *message, const struct email_rendered *rendered) {
    const struct email_template_info *info = email_template_info(message->template_id);
    struct awsc_ses_email *email = &letter->email;
    fill_sender(settings, email);
    letter->to[0] = message->to;
    email->to = letter->to;
    email->to_count = 1;
    email->bcc = &settings->bcc;
    email->bcc_count = info->may_bcc && is_set(settings->bcc);
    email->subject = svc_buf_text(&rendered->subject);
    email->html = svc_buf_text(&rendered->html);
    email->text = svc_buf_text(&rendered->text);
    for (size_t i = 0; i < rendered->header_count; i++) {
        letter->headers[i] =
            (struct awsc_param){rendered->headers[i].name, rendered->headers[i].value};
    }
    email->headers = letter->headers;
    email->header_count = rendered->header_count;
    letter->tags[0] = (struct awsc_param){"template", info->name};
    letter->tags[1] = (struct awsc_param){"environment", settings->environment};
    email->tags = letter->tags;
    email->tag_count = settings->environment != NULL ? 2 : 1;
}

bool email_letter_settings_are_good(const struct email_mailer_settings *settings) {
    static const char *const to[] = {"someone@example.com"};
    const struct awsc_param tag = {"environment", settings->environment};
    struct awsc_ses_email email = {.to = to, .to_count = 1, .subject = "x", .text = "x"};
    fill_sender(settings, &email);
    email.tags = &tag;
    email.tag_count = settings->environment != NULL;
    email.bcc = &settings->bcc;
    email.bcc_count = is_set(settings->bcc);
    return awsc_ses_check(&email, NULL) == SVC_OK;
}
