/* A rendered mail as the bytes of RFC 5322 and MIME, as it would arrive: for looking at, and for
 * other ways out than SES's simple content. */
#ifndef EMAIL_MIME_H
#define EMAIL_MIME_H

#include "services/email/render.h"

struct email_envelope {
    const char *from;       /* a mailbox, as email_put_mailbox takes it */
    const char *to;         /* an address, as email_address_check returns it */
    const char *reply_to;   /* a mailbox; NULL: none */
    const char *message_id; /* "<id@domain>"; NULL: none, servers add one */
    int64_t date_ms;        /* ms since 1970; written in KST */
};

/* Appends the mail: headers folded at 76 columns, multipart/alternative of text and HTML, both
 * UTF-8 in base64. Lines end with CRLF; none is longer than 998 bytes.
 * Errors: INVALID_ARGUMENT (a mailbox or id that is not valid), TOO_LARGE, NO_MEMORY of `out`. */
enum svc_status email_write_mime(const struct email_rendered *rendered,
                                 const struct email_envelope *envelope, struct svc_buf *out);

#endif
