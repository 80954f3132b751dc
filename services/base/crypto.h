/* Hashes, checksums, comparison in constant time. The only room with OpenSSL's libcrypto. */
#ifndef SVC_CRYPTO_H
#define SVC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"

#define SVC_SHA256_BYTES   32
#define SVC_MAX_HASH_BYTES 32

/* Errors of all: INTERNAL if OpenSSL refuses (it has no reason to), NO_MEMORY. */
enum svc_status svc_sha256(const void *bytes, size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);
/* As lower-case hex, with its NUL. */
#define SVC_SHA256_HEX_BYTES (2 * SVC_SHA256_BYTES + 1)
enum svc_status svc_sha256_hex(const void *bytes, size_t size_bytes,
                               char out[SVC_SHA256_HEX_BYTES]);
enum svc_status svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);

/* Whether the two runs of bytes are the same; the time tells only of the size. */
bool svc_equal_constant_time(const void *a, const void *b, size_t size_bytes);
/* Overwrites, and the compiler may not leave it out. */
void svc_wipe(void *bytes, size_t size_bytes);

/* The hashes that content is checked by, piece by piece. CRCs are the values as S3 has them:
 * CRC-32 (ISO-HDLC, zlib's), CRC-32C (Castagnoli) and CRC-64/NVME (what S3 takes of an object for
 * which its writer gave none), big-endian. MD5 only because SQS answers with it. */
enum svc_hash_kind {
    SVC_HASH_MD5,
    SVC_HASH_CRC32,
    SVC_HASH_CRC32C,
    SVC_HASH_CRC64NVME,
    SVC_HASH_SHA1,
    SVC_HASH_SHA256
};
struct svc_hash;
/* Destroy with svc_hash_destroy (NULL is allowed). */
enum svc_status svc_hash_create(enum svc_hash_kind kind, struct svc_hash **hash);
void svc_hash_destroy(struct svc_hash *hash);
enum svc_status svc_hash_add(struct svc_hash *hash, const void *bytes, size_t size_bytes);
/* Once, at the end; *size_bytes: 4, 8, 16, 20 or 32. */
enum svc_status svc_hash_finish(struct svc_hash *hash, uint8_t out[SVC_MAX_HASH_BYTES],
                                size_t *size_bytes);
/* All at once. */
enum svc_status svc_hash_of(enum svc_hash_kind kind, const void *bytes, size_t size_bytes,
                            uint8_t out[SVC_MAX_HASH_BYTES], size_t *hash_bytes);

#endif
