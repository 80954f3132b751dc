/* Bytes that are written once, front to back, and read as often as needed: in memory while they are
 * few, then in an unlinked file of TMPDIR (/tmp). Hashed as they arrive. */
#ifndef SETTLE_SPOOL_H
#define SETTLE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/crypto.h"
#include "services/base/status.h"

struct settle_spool {
    struct svc_buf pending; /* what is neither hashed nor in the file yet; all of it without a file,
                               once finished */
    struct svc_hash *hash;
    uint64_t file_bytes, max_bytes;
    size_t memory_bytes; /* more than that makes a file */
    int file;            /* -1: none */
    bool is_finished;
};

/* Nothing is allocated but the hash. A spool of zeros may be cleared too. Errors: NO_MEMORY. */
enum svc_status settle_spool_init(struct settle_spool *spool, size_t memory_bytes,
                                  uint64_t max_bytes, struct svc_error *error);
/* Appends are made to spool->pending, each of at most `most_bytes`; before each, this makes space.
 * most_bytes: up to 256 KiB. Errors: IO (no file, disk full), TOO_LARGE (max_bytes), NO_MEMORY. */
enum svc_status settle_spool_reserve(struct settle_spool *spool, size_t most_bytes,
                                     struct svc_error *error);
/* No append follows. Errors: the same. */
enum svc_status settle_spool_finish(struct settle_spool *spool, uint8_t sha256[SVC_SHA256_BYTES],
                                    struct svc_error *error);
uint64_t settle_spool_bytes(const struct settle_spool *spool);

/* Gives a finished spool's bytes in pieces until `take` returns false; bytes in memory are one
 * piece that lives as long as the spool. Errors: IO, NO_MEMORY. */
typedef bool settle_spool_piece_fn(void *user, const uint8_t *bytes, size_t size_bytes);
enum svc_status settle_spool_read(const struct settle_spool *spool, settle_spool_piece_fn *take,
                                  void *user, struct svc_error *error);
void settle_spool_clear(struct settle_spool *spool);

#endif
