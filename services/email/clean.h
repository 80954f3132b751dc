/* Text from outside, made fit for a mail: one code point after the other. Pure functions. */
#ifndef EMAIL_CLEAN_H
#define EMAIL_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point that well-formed UTF-8 begins with; *length: its bytes. 0 with *length 0 where
 * none begins, the end of the text included. */
uint32_t email_code_point(const char *text, size_t size_bytes, size_t *length);
/* Appends a code point's UTF-8 (1 to 4 bytes) at `out`; returns its length. */
size_t email_put_code_point(uint32_t point, char *out);
/* Code points of well-formed UTF-8. */
size_t email_count_characters(const char *text, size_t size_bytes);
/* Bytes of the first `characters` code points. */
size_t email_prefix_bytes(const char *text, size_t size_bytes, size_t characters);

/* Copies `text` (well-formed UTF-8) to `out`, which holds at least size_bytes + 1 bytes, and
 * returns its new size; it never grows. On the way
 *   - a run of blanks with a control character, a line break among them, becomes one blank;
 *   - with `keep_lines`, line breaks of any kind become LF, at most two in a row;
 *   - marks that change the direction of the text after them (U+202A to U+202E, U+2066 to U+2069),
 *     byte order marks and interlinear marks are dropped;
 *   - of combining marks on one character, those after EMAIL_MAX_COMBINING_MARKS are dropped;
 *   - blanks at both ends are dropped.
 * `out` may be `text`. */
size_t email_clean(const char *text, size_t size_bytes, bool keep_lines, char *out);

/* Takes every mark "(광고)" out of cleaned text in place, also in full-width or square brackets and
 * with blanks inside, with the blanks around it; returns the new size. */
size_t email_drop_ad_marks(char *text);

#endif
