/* Copies of a text in the memory of this process that can be written: what stays of a secret. The
 * text sought is given hidden, so that it is no copy itself. */
#ifndef TESTS_SUPPORT_MEMORY_COPIES_H
#define TESTS_SUPPORT_MEMORY_COPIES_H

#include <stddef.h>

/* Hides a text, or shows a hidden one: each byte is changed by the same bits. */
void memory_copies_hide(char *text, size_t size_bytes);
/* Copies in the memory that can be written, sanitizers' shadows left out. -1: it cannot be read.
 * Each is reported on stderr by what is mapped there: "[heap]", "[stack]", a file, or nothing. */
int memory_copies_count(const char *hidden, size_t size_bytes);
/* Copies in a block. */
int memory_copies_in(const char *bytes, size_t bytes_size, const char *hidden, size_t size_bytes);

#endif
