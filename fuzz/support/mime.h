/* A small reader of mails (RFC 5322, 2045 and 2047), written from the standards alone, for the
 * targets whose code writes them. Whatever a strict receiver may refuse ends the program. */
#ifndef FUZZ_SUPPORT_MIME_H
#define FUZZ_SUPPORT_MIME_H

#include <stddef.h>

#include "services/base/buf.h"

#define FUZZ_MIME_MAX_FIELDS 16

struct fuzz_mime_field {
    char name[80];
    struct svc_buf value; /* unfolded: without the line breaks */
};

/* The header fields of a mail or part, and what follows them. */
struct fuzz_mime {
    struct fuzz_mime_field fields[FUZZ_MIME_MAX_FIELDS];
    size_t field_count;
    const char *body; /* borrowed from the text */
    size_t body_bytes;
};

/* Crashes on a bare CR or LF, a NUL, a line of more than 998 bytes, one with an encoded word of
 * more than 76, a field without a name, a folded line of blanks alone, a byte beyond ASCII in a
 * field. Cleared with fuzz_mime_clear. */
void fuzz_mime_read(const char *text, size_t size_bytes, struct fuzz_mime *mail);
void fuzz_mime_clear(struct fuzz_mime *mail);

/* The value of the only field of that name (case does not count); NULL: there is none. Crashes
 * where there are two. */
const char *fuzz_mime_value(const struct fuzz_mime *mail, const char *name);

/* Appends unstructured text with its encoded words decoded, blanks between two of them dropped.
 * Crashes on one of more than 75 bytes, or of half a character. */
void fuzz_mime_decode_words(const char *text, size_t size_bytes, struct svc_buf *out);

/* Splits a mailbox into its display name, decoded, and its address. */
void fuzz_mime_mailbox(const char *text, struct svc_buf *name, struct svc_buf *address);

/* Appends the bytes of a base64 body. Crashes on lines of more than 76 characters, characters that
 * base64 has not, and padding elsewhere than at the end. */
void fuzz_mime_decode_base64(const char *text, size_t size_bytes, struct svc_buf *out);

/* The next part of a multipart body, from *at on; false: there is none. Crashes where text stands
 * outside of the parts, or the body does not end with the closing line. */
bool fuzz_mime_next_part(const struct fuzz_mime *mail, const char *boundary, const char **at,
                         struct fuzz_mime *part);

#endif
