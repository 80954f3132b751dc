/* A rendered message and the function's settings as SES takes them. Included by deliver.c. */
#ifndef EMAIL_DELIVER_LETTER_H
#define EMAIL_DELIVER_LETTER_H

#include "services/email/deliver.h"
#include "services/email/render.h"

#define EMAIL_MAX_TAGS 2

/* `email` points into the rest, and into what it was filled from. */
struct email_letter {
    struct awsc_ses_email email;
    const char *to[1];
    struct awsc_param headers[EMAIL_MAX_HEADERS], tags[EMAIL_MAX_TAGS];
};

void email_letter_fill(struct email_letter *letter, const struct email_mailer_settings *settings,
                       const struct email_message *message, const struct email_rendered *rendered);
/* Whether a mail with these settings passes awsc_ses_check: if not, no mail can be sent. */
bool email_letter_settings_are_good(const struct email_mailer_settings *settings);

#endif
