/* A message made into a mail. */
#ifndef EMAIL_RENDER_H
#define EMAIL_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/email/error.h"
#include "services/email/message.h"
#include "services/email/view.h"

struct email_header {
    const char *name, *value; /* printable ASCII */
};

#define EMAIL_MAX_HEADERS 2

struct email_rendered {
    struct svc_buf subject, html, text; /* UTF-8; the subject is one line and not encoded */
    struct svc_buf unsubscribe;         /* what a header's value points into */
    /* Of the mail, besides From, To and Subject. PROMOTIONAL: List-Unsubscribe and
     * List-Unsubscribe-Post (RFC 8058); the others: none. */
    struct email_header headers[EMAIL_MAX_HEADERS];
    size_t header_count;
};

/* Renders all parts in the message's language. `now_ms`: ms since 1970, for the year in the footer.
 * On failure `rendered` is empty. Cleared with email_rendered_clear.
 * Errors: CONFIGURATION (BAD_SENDER: PROMOTIONAL without the sender's particulars, a sender's
 * e-mail that is not an address, a setting with control characters), TOO_LARGE, NO_MEMORY. Memory:
 * the parts, and while one grows the same again: under 1 MiB for the largest message, 64 KiB for a
 * usual one; nothing is parsed. */
enum svc_status email_render(const struct email_message *message, const struct email_sender *sender,
                             int64_t now_ms, struct email_rendered *rendered,
                             struct email_error *error);
void email_rendered_clear(struct email_rendered *rendered); /* a zeroed one may be cleared too */

#endif
