/* A file of bytes in memory or on disk: see spool.h. */
#include "services/settlement/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/base/environment.h"

/* With a file: what is gathered before a write, and read at once. */
#define PIECE_BYTES ((size_t)256 * 1024)
#define PATH_BYTES  4096

enum svc_status settle_spool_init(struct settle_spool *spool, size_t memory_bytes,
                                  uint64_t max_bytes, struct svc_error *error) {
    *spool =
        (struct settle_spool){.file = -1, .memory_bytes = memory_bytes, .max_bytes = max_bytes};
    svc_buf_init(&spool->pending, memory_bytes + PIECE_BYTES);
    const enum svc_status status = svc_hash_create(SVC_HASH_SHA256, &spool->hash);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "no memory for a checksum");
}

uint64_t settle_spool_bytes(const struct settle_spool *spool) {
    return spool->file_bytes + spool->pending.size_bytes;
}

static enum svc_status fail_io(struct svc_error *error, const char *what) {
    const bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return svc_fail(error, SVC_IO, "the CSV cannot be kept in a temporary file: %s: %s%s", what,
                    strerror(errno),
                    is_full ? " (TMPDIR, or /tmp, needs space for the largest report)" : "");
}

/* The file has no name: it is gone when the process ends, however that happens. */
static enum svc_status open_file(struct settle_spool *spool, struct svc_error *error) {
    char path[PATH_BYTES];
    const char *folder = svc_setting(svc_environment_system(), "TMPDIR");
    const int size =
        snprintf(path, sizeof(path), "%s/settlement-XXXXXX", folder != NULL ? folder : "/tmp");
    if (size < 0 || (size_t)size >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return fail_io(error, "open");
    }
    spool->file = mkstemp(path);
    if (spool->file < 0) {
        return fail_io(error, "open");
    }
    if (unlink(path) != 0 || fcntl(spool->file, F_SETFD, FD_CLOEXEC) != 0) {
        return fail_io(error, "unlink");
    }
    return SVC_OK;
}

static enum svc_status write_all(int file, const uint8_t *bytes, size_t size_bytes,
                                 struct svc_error *error) {
    while (size_bytes > 0) {
        const ssize_t written = write(file, bytes, size_bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? ENOSPC : errno;
            return fail_io(error, "write");
        }
        bytes += written;
        size_bytes -= (size_t)written;
    }
    return SVC_OK;
}

static enum svc_status hash_pending(struct settle_spool *spool, struct svc_error *error) {
    const enum svc_status status =
        svc_hash_add(spool->hash, spool->pending.bytes, spool->pending.size_bytes);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "the CSV's checksum fails");
}

/* Moves what is pending into the file. The memory of before the file is given back. */
static enum svc_status flush(struct settle_spool *spool, struct svc_error *error) {
    const bool is_first = spool->file < 0;
    enum svc_status status = is_first ? open_file(spool, error) : SVC_OK;
    if (status == SVC_OK) {
        status = hash_pending(spool, error);
    }
    if (status == SVC_OK) {
        status = write_all(spool->file, spool->pending.bytes, spool->pending.size_bytes, error);
    }
    if (status == SVC_OK) {
        spool->file_bytes += spool->pending.size_bytes;
        if (is_first) {
            svc_buf_clear(&spool->pending);
        } else {
            svc_buf_reset(&spool->pending);
        }
    }
    return status;
}

enum svc_status settle_spool_reserve(struct settle_spool *spool, size_t most_bytes,
                                     struct svc_error *error) {
    const size_t limit_bytes = spool->file < 0 ? spool->memory_bytes : PIECE_BYTES;
    enum svc_status status = svc_buf_status(&spool->pending);
    if (status != SVC_OK) {
        return svc_fail(error, status, "the CSV: %s", svc_status_message(status));
    }
    if (settle_spool_bytes(spool) > spool->max_bytes) {
        return svc_fail(error, SVC_TOO_LARGE, "the CSV has more than %" PRIu64 " bytes",
                        spool->max_bytes);
    }
    if (spool->pending.size_bytes > 0 && spool->pending.size_bytes + most_bytes > limit_bytes) {
        status = flush(spool, error);
    }
    return status;
}

enum svc_status settle_spool_finish(struct settle_spool *spool, uint8_t sha256[SVC_SHA256_BYTES],
                                    struct svc_error *error) {
    uint8_t hash[SVC_MAX_HASH_BYTES];
    size_t hash_bytes = 0;
    enum svc_status status = settle_spool_reserve(spool, 0, error);
    if (status == SVC_OK && spool->file >= 0 && spool->pending.size_bytes > 0) {
        status = flush(spool, error);
    }
    if (status == SVC_OK && spool->pending.size_bytes > 0) {
        status = hash_pending(spool, error);
    }
    if (status == SVC_OK) {
        status = svc_hash_finish(spool->hash, hash, &hash_bytes);
        if (status != SVC_OK) {
            svc_fail(error, status, "the CSV's checksum fails");
        }
    }
    if (status == SVC_OK) {
        memcpy(sha256, hash, SVC_SHA256_BYTES);
        spool->is_finished = true;
    }
    return status;
}

/* ---------------------------------------------------------------------- reading */

static enum svc_status read_file(const struct settle_spool *spool, settle_spool_piece_fn *take,
                                 void *user, struct svc_error *error) {
    enum svc_status status = SVC_OK;
    uint8_t *piece = malloc(PIECE_BYTES);
    if (piece == NULL) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory to read the CSV");
    }
    for (uint64_t at = 0; at < spool->file_bytes && status == SVC_OK;) {
        const uint64_t left_bytes = spool->file_bytes - at;
        const size_t most_bytes = left_bytes < PIECE_BYTES ? (size_t)left_bytes : PIECE_BYTES;
        const ssize_t count = pread(spool->file, piece, most_bytes, (off_t)at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            errno = count == 0 ? EIO : errno;
            status = fail_io(error, "read");
        } else if (!take(user, piece, (size_t)count)) {
            break;
        } else {
            at += (uint64_t)count;
        }
    }
    free(piece);
    return status;
}

enum svc_status settle_spool_read(const struct settle_spool *spool, settle_spool_piece_fn *take,
                                  void *user, struct svc_error *error) {
    if (!spool->is_finished) {
        return svc_fail(error, SVC_INTERNAL, "the CSV is read before it is finished");
    }
    if (spool->file >= 0) {
        return read_file(spool, take, user, error);
    }
    if (spool->pending.size_bytes > 0) {
        take(user, spool->pending.bytes, spool->pending.size_bytes);
    }
    return SVC_OK;
}

void settle_spool_clear(struct settle_spool *spool) {
    if (spool->hash != NULL && spool->file >= 0) {
        close(spool->file);
    }
    svc_hash_destroy(spool->hash);
    svc_buf_clear(&spool->pending);
    *spool = (struct settle_spool){.file = -1};
}
