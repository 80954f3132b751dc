/* URLs that may stand in a mail. */
#ifndef EMAIL_URL_H
#define EMAIL_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "services/email/limits.h"

#define EMAIL_URL_BYTES (EMAIL_MAX_URL_BYTES + 1)

/* Writes an absolute https URL in its ASCII form to `out`, at most `max_bytes` (up to
 * EMAIL_MAX_URL_BYTES) long: scheme and host in lower case, the host as email_domain_to_ascii makes
 * it, and everything behind it that no URL may hold as it is percent-encoded (Korean paths, blanks,
 * quotes, angle brackets). It can stand in an attribute, in angle brackets, in a header.
 * false, and *why a sentence: another scheme (javascript:, data:, http:), no host, a user or
 * password in front of it, control characters, not UTF-8, too long. */
bool email_url_check(const char *text, size_t size_bytes, size_t max_bytes,
                     char out[EMAIL_URL_BYTES], const char **why);

#endif
