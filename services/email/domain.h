/* Domains: checked, and in the ASCII form that SMTP, SES and DNS take. */
#ifndef EMAIL_DOMAIN_H
#define EMAIL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "services/email/limits.h"

#define EMAIL_DOMAIN_BYTES (EMAIL_MAX_DOMAIN_BYTES + 1)

/* Writes a domain of at least two labels in ASCII and lower case to `out`: labels of letters,
 * digits and hyphens (not at an end), at most 63 bytes each and 253 together, the last not all
 * digits; a label beyond ASCII becomes "xn--" and its Punycode (RFC 3492). Before that, ideographic
 * full stops are taken for dots, Latin, Greek and Cyrillic capitals for small letters, and Hangul
 * jamo are composed to syllables, which is how macOS writes Korean.
 * false, and *why a sentence: anything else, "xn--" with what decodes to nothing included.
 *
 * Not done: the remainder of Unicode normalisation (NFC) and of the tables of IDNA 2008 (contextual
 * joiners, right-to-left rules, scripts in one label); symbols, emoji, compatibility forms and
 * invisible characters are refused instead. */
bool email_domain_to_ascii(const char *text, size_t size_bytes, char out[EMAIL_DOMAIN_BYTES],
                           const char **why);

#endif
