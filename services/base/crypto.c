/* Hashes and comparison by OpenSSL's libcrypto: see crypto.h. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/chars.h"
#include "services/base/crc.h"
#include "services/base/crypto.h"

void svc_crypto_ignore_configuration(void) {
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

void svc_crypto_keep_no_plaintext(void *tls_context) {
    (void)SSL_CTX_set_options(tls_context, SSL_OP_CLEANSE_PLAINTEXT);
    /* Buffers that are freed after each record are wiped as a whole each time. */
    (void)SSL_CTX_clear_mode(tls_context, SSL_MODE_RELEASE_BUFFERS);
}

enum svc_status svc_sha256(const void *bytes, size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]) {
    unsigned int size = 0;
    if (EVP_Digest(size_bytes > 0 ? bytes : "", size_bytes, out, &size, EVP_sha256(), NULL) != 1) {
        return SVC_INTERNAL;
    }
    return size == SVC_SHA256_BYTES ? SVC_OK : SVC_INTERNAL;
}

enum svc_status svc_sha256_hex(const void *bytes, size_t size_bytes,
                               char out[SVC_SHA256_HEX_BYTES]) {
    uint8_t hash[SVC_SHA256_BYTES];
    enum svc_status status = svc_sha256(bytes, size_bytes, hash);
    if (status == SVC_OK) {
        svc_hex(hash, sizeof(hash), out);
    } else {
        out[0] = '\0';
    }
    return status;
}

enum svc_status svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]) {
    unsigned int size = 0;
    if (key_bytes > INT32_MAX) {
        return SVC_INVALID_ARGUMENT;
    }
    /* A NULL key means "as before" to OpenSSL. */
    if (HMAC(EVP_sha256(), key_bytes > 0 ? key : "", (int)key_bytes, size_bytes > 0 ? bytes : "",
             size_bytes, out, &size) == NULL) {
        return SVC_INTERNAL;
    }
    return size == SVC_SHA256_BYTES ? SVC_OK : SVC_INTERNAL;
}

enum svc_status svc_ed25519_verify(const uint8_t public_key[SVC_ED25519_KEY_BYTES],
                                   const void *bytes, size_t size_bytes,
                                   const uint8_t signature[SVC_ED25519_SIGNATURE_BYTES],
                                   bool *is_valid) {
    *is_valid = false;
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SVC_ED25519_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum svc_status status = SVC_INTERNAL;
    if (key != NULL && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1) {
        *is_valid = EVP_DigestVerify(context, signature, SVC_ED25519_SIGNATURE_BYTES,
                                     size_bytes > 0 ? bytes : (const void *)"", size_bytes) == 1;
        status = SVC_OK;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return status;
}

enum svc_status svc_ed25519_sign(const uint8_t seed[SVC_ED25519_KEY_BYTES], const void *bytes,
                                 size_t size_bytes, uint8_t out[SVC_ED25519_SIGNATURE_BYTES]) {
    size_t out_bytes = SVC_ED25519_SIGNATURE_BYTES;
    EVP_PKEY *key =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SVC_ED25519_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool is_signed =
        key != NULL && context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestSign(context, out, &out_bytes, size_bytes > 0 ? bytes : (const void *)"",
                       size_bytes) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return is_signed && out_bytes == SVC_ED25519_SIGNATURE_BYTES ? SVC_OK : SVC_INTERNAL;
}

bool svc_equal_constant_time(const void *a, const void *b, size_t size_bytes) {
    return size_bytes == 0 || CRYPTO_memcmp(a, b, size_bytes) == 0;
}

void svc_wipe(void *bytes, size_t size_bytes) {
    if (size_bytes > 0) {
        /* The assembly may read the bytes, so the memset stays. OPENSSL_cleanse takes six times as
         * long for 64 KiB, and sanitizers do not see what its own assembly writes. */
        memset(bytes, 0, size_bytes);
        __asm__ volatile("" : : "r"(bytes) : "memory");
    }
}

struct svc_hash {
    enum svc_hash_kind kind;
    EVP_MD_CTX *digest; /* NULL: a CRC */
    struct svc_crc crc;
};

static const EVP_MD *digest_of(enum svc_hash_kind kind) {
    switch (kind) {
    case SVC_HASH_MD5:
        return EVP_md5();
    case SVC_HASH_SHA1:
        return EVP_sha1();
    case SVC_HASH_SHA256:
        return EVP_sha256();
    case SVC_HASH_CRC32:
    case SVC_HASH_CRC32C:
    case SVC_HASH_CRC64NVME:
        break;
    }
    return NULL;
}

enum svc_status svc_hash_create(enum svc_hash_kind kind, struct svc_hash **out) {
    *out = NULL;
    struct svc_hash *hash = calloc(1, sizeof(*hash));
    if (hash == NULL) {
        return SVC_NO_MEMORY;
    }
    hash->kind = kind;
    const EVP_MD *digest = digest_of(kind);
    if (digest == NULL) {
        svc_crc_init(&hash->crc, kind == SVC_HASH_CRC64NVME ? SVC_CRC64NVME
                                 : kind == SVC_HASH_CRC32C  ? SVC_CRC32C
                                                            : SVC_CRC32);
    } else {
        hash->digest = EVP_MD_CTX_new();
        if (hash->digest == NULL) {
            free(hash);
            return SVC_NO_MEMORY;
        }
        if (EVP_DigestInit_ex(hash->digest, digest, NULL) != 1) {
            svc_hash_destroy(hash);
            return SVC_INTERNAL;
        }
    }
    *out = hash;
    return SVC_OK;
}

void svc_hash_destroy(struct svc_hash *hash) {
    if (hash != NULL) {
        EVP_MD_CTX_free(hash->digest);
        free(hash);
    }
}

enum svc_status svc_hash_add(struct svc_hash *hash, const void *bytes, size_t size_bytes) {
    if (size_bytes == 0) {
        return SVC_OK;
    }
    if (hash->digest == NULL) {
        svc_crc_add(&hash->crc, bytes, size_bytes);
        return SVC_OK;
    }
    return EVP_DigestUpdate(hash->digest, bytes, size_bytes) == 1 ? SVC_OK : SVC_INTERNAL;
}

enum svc_status svc_hash_finish(struct svc_hash *hash, uint8_t out[SVC_MAX_HASH_BYTES],
                                size_t *size_bytes) {
    if (hash->digest == NULL) {
        const uint64_t value = svc_crc_value(&hash->crc);
        const size_t size = hash->kind == SVC_HASH_CRC64NVME ? 8 : 4;
        for (size_t i = 0; i < size; i++) {
            out[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
        }
        *size_bytes = size;
        return SVC_OK;
    }
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(hash->digest, out, &size) != 1) {
        return SVC_INTERNAL;
    }
    *size_bytes = size;
    return SVC_OK;
}

enum svc_status svc_hash_of(enum svc_hash_kind kind, const void *bytes, size_t size_bytes,
                            uint8_t out[SVC_MAX_HASH_BYTES], size_t *hash_bytes) {
    struct svc_hash *hash;
    enum svc_status status = svc_hash_create(kind, &hash);
    if (status == SVC_OK) {
        status = svc_hash_add(hash, bytes, size_bytes);
    }
    if (status == SVC_OK) {
        status = svc_hash_finish(hash, out, hash_bytes);
    }
    svc_hash_destroy(hash);
    return status;
}
