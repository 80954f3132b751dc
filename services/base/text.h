/* Text: encodings (UTF-8, base64, percent), numbers, words; characters and hex from chars.h. Pure
 * functions, no locale. */
#ifndef SVC_TEXT_H
#define SVC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/chars.h"

/* The length in bytes (1 to 4) of the well-formed UTF-8 sequence at the start of `bytes`; 0 if
 * there is none: overlong forms, surrogates and values past U+10FFFF are not well formed. */
size_t svc_utf8_length(const uint8_t *bytes, size_t size_bytes);
bool svc_utf8_valid(const uint8_t *bytes, size_t size_bytes);
/* Writes a code point (no surrogate, at most U+10FFFF) and returns how many bytes it took. */
size_t svc_utf8_encode(uint32_t code, uint8_t out[4]);
/* How many bytes of `text` fit into `most_bytes` without cutting a character in two: at most three
 * fewer. Bytes that are no UTF-8 are cut anywhere, so that they do not take the rest with them. */
size_t svc_utf8_fit(const char *text, size_t most_bytes);

/* RFC 4648 with padding. */
bool svc_base64(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out);
/* Strict: with padding, without blanks and stray bits. MALFORMED; TOO_LARGE, NO_MEMORY of `out`. */
enum svc_status svc_base64_decode(const char *text, size_t size_bytes, struct svc_buf *out);

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986's unreserved) and, if keep_slash, '/'.
 * Hex digits are upper case. */
bool svc_percent_encode(const void *bytes, size_t size_bytes, bool keep_slash, struct svc_buf *out);
/* Undoes percent-encoding; with `form` a '+' is a space. MALFORMED for a '%' that two hex digits
 * do not follow. The result may contain any byte, NUL included: use out->size_bytes. */
enum svc_status svc_percent_decode(const char *text, size_t size_bytes, bool form,
                                   struct svc_buf *out);

/* Reads the digits at *text as a number from `low` to `high` and moves *text behind them. false if
 * there is none; *text and *number are unchanged then. */
bool svc_read_number(const char **text, uint64_t low, uint64_t high, uint64_t *number);

/* The same for a text that is such a number and nothing else; NULL is none. */
bool svc_parse_uint(const char *text, uint64_t high, uint64_t *number);

/* ASCII only, whatever the locale. */
bool svc_equal_nocase(const char *a, const char *b);
bool svc_begins_nocase(const char *text, const char *prefix);
bool svc_ends_with(const char *text, const char *end); /* case counts */
/* Whether `word` is one of the words; SVC_IS_ONE_OF for an array of them. */
bool svc_is_one_of(const char *word, const char *const *words, size_t count);
#define SVC_IS_ONE_OF(word, words)                                                                 \
    svc_is_one_of((word), (words), sizeof(words) / sizeof((words)[0]))
/* Copies `text` into a buffer of `out_bytes` (with NUL); false, and "" there, if it does not fit.*/
bool svc_copy_text(char *out, size_t out_bytes, const char *text);
/* The same for a text that may be longer: cut to what fits, without half a character. */
void svc_copy_cut(char *out, size_t out_bytes, const char *text);
/* A copy to be freed with free(); NULL: out of memory. */
char *svc_duplicate_text(const char *text);

#endif
