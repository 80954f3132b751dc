/* Text output: names that cannot affect a terminal, numbers with separators, formatted strings, and
 * the UTF-8 decoder of the escapes in JSON and HTML. Used by every command. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Allocates zeroed memory; ends the program if there is none. */
void *cli_alloc(size_t count, size_t size_bytes);
/* Returns a formatted string. Free it with free. */
char *cli_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads one code point of UTF-8 at `text` and returns how many bytes it takes; -1 (and one byte)
 * for invalid UTF-8. */
int32_t cli_utf8_next(const char *text, size_t *bytes);

/* Whether a code point is a control character (C0, DEL or C1). */
bool cli_is_control(int32_t code);

/* Prints `text` safely: control characters, marks that change the writing direction and invalid
 * UTF-8 appear as \xNN or \u{NNNN}. */
void cli_print_safe(FILE *out, const char *text);
/* Returns the columns of a terminal that cli_print_safe fills. */
int cli_safe_width(const char *text);
/* Calls cli_print_safe, then prints spaces up to `columns`. */
void cli_print_padded(FILE *out, const char *text, int columns);

/* "1,234,567"; `text` holds CLI_GROUPED_BYTES. */
#define CLI_GROUPED_BYTES 32
const char *cli_grouped(uint64_t number, char *text);

#endif
