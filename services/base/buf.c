/* A byte buffer that grows up to a limit: see buf.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/buf.h"
#include "services/base/crypto.h"

#define FIRST_CAPACITY_BYTES 256

void svc_buf_init(struct svc_buf *buf, size_t max_bytes) {
    memset(buf, 0, sizeof(*buf));
    buf->max_bytes = max_bytes;
}

void svc_buf_clear(struct svc_buf *buf) {
    free(buf->bytes);
    svc_buf_init(buf, buf->max_bytes);
}

void svc_buf_wipe(struct svc_buf *buf) {
    if (buf->bytes != NULL) {
        svc_wipe(buf->bytes, buf->capacity_bytes);
    }
    svc_buf_clear(buf);
}

void svc_buf_reset(struct svc_buf *buf) {
    buf->size_bytes = 0;
    buf->status = SVC_OK;
    if (buf->bytes != NULL) {
        buf->bytes[0] = 0;
    }
}

bool svc_buf_reserve(struct svc_buf *buf, size_t more_bytes) {
    if (buf->status != SVC_OK) {
        return false;
    }
    if (more_bytes > buf->max_bytes - buf->size_bytes || more_bytes >= SIZE_MAX - buf->size_bytes) {
        buf->status = SVC_TOO_LARGE;
        return false;
    }
    size_t wanted = buf->size_bytes + more_bytes + 1; /* and its NUL */
    if (wanted <= buf->capacity_bytes) {
        return true;
    }
    size_t capacity = buf->capacity_bytes > SIZE_MAX / 2 ? SIZE_MAX : 2 * buf->capacity_bytes;
    if (capacity < FIRST_CAPACITY_BYTES) {
        capacity = FIRST_CAPACITY_BYTES;
    }
    if (capacity < wanted) {
        capacity = wanted;
    }
    /* Not realloc: it may leave a copy of a secret in the freed block. */
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL) {
        buf->status = SVC_NO_MEMORY;
        return false;
    }
    if (buf->bytes != NULL) {
        memcpy(bytes, buf->bytes, buf->size_bytes);
        /* Also what was there before a reset. */
        svc_wipe(buf->bytes, buf->capacity_bytes);
        free(buf->bytes);
    }
    buf->bytes = bytes;
    buf->capacity_bytes = capacity;
    buf->bytes[buf->size_bytes] = 0;
    return true;
}

bool svc_buf_append(struct svc_buf *buf, const void *bytes, size_t size_bytes) {
    if (!svc_buf_reserve(buf, size_bytes)) {
        return false;
    }
    if (size_bytes > 0) {
        memcpy(buf->bytes + buf->size_bytes, bytes, size_bytes);
    }
    buf->size_bytes += size_bytes;
    buf->bytes[buf->size_bytes] = 0;
    return true;
}

bool svc_buf_append_text(struct svc_buf *buf, const char *text) {
    return svc_buf_append(buf, text, strlen(text));
}

bool svc_buf_append_char(struct svc_buf *buf, char c) {
    return svc_buf_append(buf, &c, 1);
}

bool svc_buf_printf(struct svc_buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0) {
        buf->status = SVC_INTERNAL;
        return false;
    }
    if (!svc_buf_reserve(buf, (size_t)size)) {
        return false;
    }
    va_start(args, format);
    vsnprintf((char *)buf->bytes + buf->size_bytes, (size_t)size + 1, format, args);
    va_end(args);
    buf->size_bytes += (size_t)size;
    return true;
}

void svc_buf_drop(struct svc_buf *buf, size_t size_bytes) {
    if (size_bytes > buf->size_bytes) {
        size_bytes = buf->size_bytes;
    }
    if (size_bytes > 0) {
        buf->size_bytes -= size_bytes;
        memmove(buf->bytes, buf->bytes + size_bytes, buf->size_bytes);
        buf->bytes[buf->size_bytes] = 0;
    }
}

const char *svc_buf_text(const struct svc_buf *buf) {
    return buf->bytes != NULL ? (const char *)buf->bytes : "";
}

enum svc_status svc_buf_status(const struct svc_buf *buf) {
    return buf->status;
}
