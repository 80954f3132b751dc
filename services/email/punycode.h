/* Punycode (RFC 3492): the ASCII form of a label of a domain. Pure functions. */
#ifndef EMAIL_PUNYCODE_H
#define EMAIL_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMAIL_MAX_LABEL_POINTS ((size_t)256)

/* Writes the encoded form of `count` code points into `out` of `out_bytes`, with its NUL and
 * without "xn--". false: it does not fit, or arithmetic would overflow. */
bool email_punycode_encode(const uint32_t *points, size_t count, char *out, size_t out_bytes);

/* The reverse. *count: capacity of `points` on entry, code points on return. false: `text` is not
 * an encoded form, or does not fit. */
bool email_punycode_decode(const char *text, size_t size_bytes, uint32_t *points, size_t *count);

#endif
