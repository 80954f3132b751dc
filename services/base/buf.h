/* A byte buffer that grows up to a limit. Every growing thing of the services is one of these.
 *
 * A failed append is recorded: later appends do nothing, and svc_buf_status returns the reason, so
 * that a text can be composed first and checked once at its end. */
#ifndef SVC_BUF_H
#define SVC_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"

struct svc_buf {
    uint8_t
        *bytes; /* NULL while nothing was appended; else followed by a NUL that is not counted */
    size_t size_bytes, capacity_bytes, max_bytes;
    enum svc_status status; /* OK, TOO_LARGE, NO_MEMORY; INTERNAL: printf refused its format */
};

/* Takes no memory yet. Give back with svc_buf_clear. */
void svc_buf_init(struct svc_buf *buf, size_t max_bytes);
/* Frees; the buffer is as after svc_buf_init. A zeroed buffer may be cleared too. */
void svc_buf_clear(struct svc_buf *buf);
/* The same after overwriting its bytes, for secrets. (Growth always wipes the old block.) */
void svc_buf_wipe(struct svc_buf *buf);
/* Empty again, status OK; keeps its memory. */
void svc_buf_reset(struct svc_buf *buf);

/* Each returns whether everything so far fitted (status == OK); after a failure nothing of this
 * append is in the buffer. */
bool svc_buf_append(struct svc_buf *buf, const void *bytes, size_t size_bytes);
bool svc_buf_append_text(struct svc_buf *buf, const char *text); /* without its NUL */
bool svc_buf_append_char(struct svc_buf *buf, char c);
bool svc_buf_printf(struct svc_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Allocates space for `more_bytes` beyond size_bytes. */
bool svc_buf_reserve(struct svc_buf *buf, size_t more_bytes);

/* Removes the first `size_bytes` (at most all). */
void svc_buf_drop(struct svc_buf *buf, size_t size_bytes);

/* The bytes as a C string, "" when empty; valid until the next append. */
const char *svc_buf_text(const struct svc_buf *buf);
enum svc_status svc_buf_status(const struct svc_buf *buf);

#endif
