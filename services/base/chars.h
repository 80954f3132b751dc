/* Characters and hex. Includes nothing of base, so that status, crypto and buf can use it; others
 * get it with text.h. */
#ifndef SVC_CHARS_H
#define SVC_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A C0 control or DEL: what ends a line, a header or a field in text protocols. */
bool svc_is_control(char c);
bool svc_has_control(const char *text);
/* Replaces each by '?'. */
void svc_replace_controls(char *text);

/* Whether all characters are printable ASCII: ' ' to '~'. True for "". */
bool svc_is_printable(const char *text);

/* 0 to 15; -1 if it is no hex digit. */
int svc_hex_digit(char c);
/* Lower-case hex; `out` takes 2 * size_bytes + 1 bytes, with its NUL. */
void svc_hex(const uint8_t *bytes, size_t size_bytes, char *out);
/* The reverse, either case; false unless `text` is exactly 2 * size_bytes hex digits. */
bool svc_hex_decode(const char *text, uint8_t *out, size_t size_bytes);

#endif
