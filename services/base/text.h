/* Text: encodings (UTF-8, hex, base64, percent), controls, words. Pure functions, no locale. */
#ifndef SVC_TEXT_H
#define SVC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"

/* The length in bytes (1 to 4) of the well-formed UTF-8 sequence at the start of `bytes`; 0 if
 * there is none: overlong forms, surrogates and values past U+10FFFF are not well formed. */
size_t svc_utf8_length(const uint8_t *bytes, size_t size_bytes);
bool svc_utf8_valid(const uint8_t *bytes, size_t size_bytes);
/* Writes a code point (no surrogate, at most U+10FFFF) and returns how many bytes it took. */
size_t svc_utf8_encode(uint32_t code, uint8_t out[4]);
/* How many bytes of `text` fit into `most_bytes` without cutting a character in two. */
size_t svc_utf8_fit(const char *text, size_t most_bytes);

/* A C0 control or DEL: what ends a line, a header or a field in text protocols. */
bool svc_is_control(char c);
bool svc_has_control(const char *text);
/* Replaces each by '?'. */
void svc_replace_controls(char *text);

/* 0 to 15; -1 if it is no hex digit. */
int svc_hex_digit(char c);
/* Lower-case hex; `out` has room for 2 * size_bytes + 1, with its NUL. */
void svc_hex(const uint8_t *bytes, size_t size_bytes, char *out);
/* The reverse, either case; false unless `text` is exactly 2 * size_bytes hex digits. */
bool svc_hex_decode(const char *text, uint8_t *out, size_t size_bytes);

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

/* ASCII only, whatever the locale. */
bool svc_equal_nocase(const char *a, const char *b);
/* Whether `word` is one of the words; SVC_IS_ONE_OF for an array of them. */
bool svc_is_one_of(const char *word, const char *const *words, size_t count);
#define SVC_IS_ONE_OF(word, words)                                                                 \
    svc_is_one_of((word), (words), sizeof(words) / sizeof((words)[0]))
/* Copies `text` into a buffer of `out_bytes` (with NUL); false, and "" there, if it does not fit.*/
bool svc_copy_text(char *out, size_t out_bytes, const char *text);
/* A copy to be freed with free(); NULL: out of memory. */
char *svc_duplicate_text(const char *text);

#endif
