/* Text for people and for machines: names that cannot upset a terminal, numbers with separators,
 * strings that grow, JSON's and HTML's escapes work on UTF-8 read here. Used by every command. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A block of memory or the end of the program: a command has nothing better to do without. */
void *cli_alloc(size_t count, size_t size_bytes);
/* A formatted string; give back with free. */
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One code point of UTF-8 at `text`, and how many bytes it takes; -1 (and one byte) where the bytes
 * are no UTF-8. */
int32_t cli_utf8_next(const char *text, size_t *bytes);

/* Whether a code point is a control character (C0, DEL or C1). */
bool cli_is_control(int32_t code);

/* Prints `text` so that it shows what it is and does nothing: control characters, marks that turn
 * the writing direction and bytes that are no UTF-8 appear as \xNN or \u{NNNN}. */
void cli_print_safe(FILE *out, const char *text);
/* Columns of a terminal that cli_print_safe fills. */
int cli_safe_width(const char *text);
/* cli_print_safe, then spaces up to `columns`. */
void cli_print_padded(FILE *out, const char *text, int columns);

/* "1,234,567"; `text` holds CLI_GROUPED_BYTES. */
#define CLI_GROUPED_BYTES 32
const char *cli_grouped(uint64_t number, char *text);

#endif
