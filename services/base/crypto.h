/* Hashes, checksums, comparison in constant time. Only crypto.c includes OpenSSL. */
#ifndef SVC_CRYPTO_H
#define SVC_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/status.h"

#define SVC_SHA256_BYTES   32
#define SVC_MAX_HASH_BYTES 32

/* TLS is set by the program alone, not by the machine's configuration file of OpenSSL, whose
 * reading takes a fifth of the instructions from exec to the first request. Called before curl
 * initialises OpenSSL, which would read it. */
void svc_crypto_ignore_configuration(void);
/* OpenSSL wipes what the connections of an SSL_CTX have decrypted once the caller has taken it;
 * otherwise it stays until the next record arrives. */
void svc_crypto_keep_no_plaintext(void *tls_context);

/* Errors of all: INTERNAL if OpenSSL refuses (it has no reason to), NO_MEMORY. */
enum svc_status svc_sha256(const void *bytes, size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);
/* As lower-case hex, with its NUL. */
#define SVC_SHA256_HEX_BYTES (2 * SVC_SHA256_BYTES + 1)
enum svc_status svc_sha256_hex(const void *bytes, size_t size_bytes,
                               char out[SVC_SHA256_HEX_BYTES]);
enum svc_status svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);

/* Ed25519 (RFC 8032), without a prehash. *is_valid: whether the signature is this key's over these
 * bytes; false too for an S that is not reduced, and a key or R that is no point. */
#define SVC_ED25519_KEY_BYTES       32
#define SVC_ED25519_SIGNATURE_BYTES 64
enum svc_status svc_ed25519_verify(const uint8_t public_key[SVC_ED25519_KEY_BYTES],
                                   const void *bytes, size_t size_bytes,
                                   const uint8_t signature[SVC_ED25519_SIGNATURE_BYTES],
                                   bool *is_valid);
/* seed: the private key of RFC 8032. */
enum svc_status svc_ed25519_sign(const uint8_t seed[SVC_ED25519_KEY_BYTES], const void *bytes,
                                 size_t size_bytes, uint8_t out[SVC_ED25519_SIGNATURE_BYTES]);

/* Whether two byte sequences are equal; the time depends on the size only. */
bool svc_equal_constant_time(const void *a, const void *b, size_t size_bytes);
/* Overwrites the bytes; the compiler cannot remove the call. */
void svc_wipe(void *bytes, size_t size_bytes);

/* Hashes and checksums of content that arrives in pieces. CRCs have S3's format, big-endian: CRC-32
 * (ISO-HDLC, as in zlib), CRC-32C (Castagnoli) and CRC-64/NVME (S3's default for an object whose
 * writer sent no checksum). MD5 is needed for SQS, which returns it. */
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
