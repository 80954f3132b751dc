/* Punycode read from RFC 3492 alone, in 64 bits: what that of services/email is compared with. */
#ifndef FUZZ_PUNYCODE_ORACLE_H
#define FUZZ_PUNYCODE_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes a label without its "xn--". *count: capacity of `points` on entry, code points on return.
 * false: it is no Punycode, a code point is past U+10FFFF, or it does not fit. */
bool punycode_oracle_decode(const char *text, size_t size_bytes, uint32_t *points, size_t *count);

#endif
