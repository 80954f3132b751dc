/* The token of an unsubscribe link: the recipient's address, signed and expiring, so that a link
 * works without a login, and for this recipient alone. Producers of PROMOTIONAL messages make it
 * for unsubscribeUrl; the webhook handler's /unsubscribe verifies it. Pure.
 *
 *   base64url({"email":"a@example.com","expires":1800000000}) "." base64url(HMAC-SHA256 of that
 * text)
 *
 * The secret is used for nothing else. */
#ifndef EMAIL_UNSUBSCRIBE_H
#define EMAIL_UNSUBSCRIBE_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/email/address.h"

#define EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES  ((size_t)512)
#define EMAIL_MIN_UNSUBSCRIBE_SECRET_BYTES ((size_t)16)
#define EMAIL_MAX_UNSUBSCRIBE_SECRET_BYTES ((size_t)256)
#define EMAIL_MAX_UNSUBSCRIBE_SECRETS      ((size_t)4)

/* Appends the token: letters, digits, '-', '_' and one '.', at most
 * EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES. The address is checked and written in lower case. expires_s:
 * since 1970, the last second in which it is valid. Errors: INVALID_ARGUMENT (secret, address,
 * time), NO_MEMORY, TOO_LARGE of `out`. */
enum svc_status email_unsubscribe_token(const char *secret, const char *email, int64_t expires_s,
                                        struct svc_buf *out);

/* Verifies with any of the secrets, all tried: a secret is rotated by adding the new one first.
 * OK: `email` is the address, in lower case. Else it is "": ACCESS_DENIED: not signed with any, or
 * no token; PRECONDITION_FAILED: signed, and expired at now_ms; NO_MEMORY; INTERNAL. */
enum svc_status email_unsubscribe_verify(const char *const *secrets, size_t count,
                                         const char *token, int64_t now_ms,
                                         char email[EMAIL_ADDRESS_BYTES]);

#endif
