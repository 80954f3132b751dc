/* Addresses of mail: exactly one recipient, and senders with a display name. Nothing that passes
 * here can add a header, a second recipient or a comment to a mail. */
#ifndef EMAIL_ADDRESS_H
#define EMAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"
#include "services/email/limits.h"

#define EMAIL_ADDRESS_BYTES (EMAIL_MAX_ADDRESS_BYTES + 1)

/* One address, local-part@domain: a local part of 1 to 64 bytes of atext joined by single dots
 * (RFC 5322's dot-atom), a domain as email_domain_to_ascii takes it, 254 bytes together. `out` is
 * the address with its domain in ASCII. Refused: blanks, quoted local parts, comments, angle
 * brackets, lists, address literals, encoded words ("=?"), local parts beyond ASCII (SES sends
 * none). false, and *why a sentence that holds nothing of the text. */
bool email_address_check(const char *text, size_t size_bytes, char out[EMAIL_ADDRESS_BYTES],
                         const char **why);

/* Appends `name` as a display name fit for a header: as it is if it is atoms, quoted if it is
 * other printable ASCII, else as RFC 2047 encoded words (UTF-8, B) of at most 75 bytes each, that
 * are parted by a blank, or with `fold` by CRLF and a blank, so that the line that `out` ends with
 * and those after it have at most 76 bytes. The name has no control characters. */
bool email_put_phrase(const char *name, bool fold, struct svc_buf *out);
/* The same for unstructured text such as a subject: as it is if it is printable ASCII that no
 * reader takes for encoded words, else encoded words. `column`: where the text begins in its line.
 */
bool email_put_unstructured(const char *text, size_t column, bool fold, struct svc_buf *out);

/* A mailbox for From or Reply-To: "address", "<address>" or "Name <address>", the name in UTF-8 and
 * optionally in double quotes; appended to `out` encoded. false, and *why a sentence: no mailbox,
 * or it does not fit into `out`. */
bool email_put_mailbox(const char *text, bool fold, struct svc_buf *out, const char **why);

#endif
