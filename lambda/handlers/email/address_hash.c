/* Keyed hashes of addresses: see address_hash.h. */
#include "lambda/handlers/email/address_hash.h"

#include <string.h>

#include "services/aws/secrets.h"
#include "services/base/buf.h"
#include "services/base/limits.h"
#include "services/base/random.h"
#include "services/base/text.h"

/* The secret is for logs alone: a request that stalls must not use up the time of mails. */
#define READ_MS       1500
#define READ_AGAIN_MS (60 * 1000)
/* An address of an event may come with a display name. */
#define MAX_ADDRESS_BYTES ((size_t)512)

enum svc_status email_address_hash_init(struct email_address_hash *hash, struct svc_error *error) {
    memset(hash, 0, sizeof(*hash));
    if (!svc_random_fill(svc_random_system(), hash->key, sizeof(hash->key))) {
        return svc_fail(error, SVC_INTERNAL, "the system has no random numbers");
    }
    return SVC_OK;
}

void email_address_hash_clear(struct email_address_hash *hash) {
    svc_wipe(hash, sizeof(*hash));
}

static bool read_secret(struct email_address_hash *hash, struct awsc_client *client,
                        const struct awsc_secret_get *get, char *why, size_t why_bytes) {
    struct svc_buf value;
    struct awsc_error error;
    svc_buf_init(&value, AWSC_MAX_SECRET_VALUE_BYTES);
    bool is_read = false;
    if (awsc_secret_get(client, get, &value, &error) != SVC_OK) {
        (void)svc_copy_text(why, why_bytes, svc_status_name(error.status));
    } else if (value.size_bytes < EMAIL_MIN_HASH_SECRET_BYTES) {
        (void)svc_copy_text(why, why_bytes, "shorter than 16 bytes");
    } else {
        uint8_t key[SVC_SHA256_BYTES];
        is_read = svc_sha256(value.bytes, value.size_bytes, key) == SVC_OK;
        if (is_read) {
            memcpy(hash->key, key, sizeof(key));
        } else {
            (void)svc_copy_text(why, why_bytes, "cannot be hashed");
        }
        svc_wipe(key, sizeof(key));
    }
    svc_buf_wipe(&value);
    return is_read;
}

void email_address_hash_prepare(struct email_address_hash *hash, struct awsc_client *client,
                                const char *secret_name, const struct svc_clock *clock,
                                const struct svc_log *log, int64_t deadline_ms) {
    const int64_t now_ms = svc_monotonic_ms(clock);
    if (secret_name[0] == '\0' || hash->has_secret || now_ms < hash->next_read_ms) {
        return;
    }
    const int64_t most_ms = svc_deadline_in(clock, READ_MS);
    const struct awsc_secret_get get = {
        .name = secret_name,
        .deadline_ms = deadline_ms < most_ms ? deadline_ms : most_ms,
    };
    char why[64] = "";
    hash->has_secret = read_secret(hash, client, &get, why, sizeof(why));
    if (!hash->has_secret) {
        hash->next_read_ms = now_ms + READ_AGAIN_MS;
        svc_log_event(
            log, SVC_LOG_WARN,
            "addresses are hashed with a random key: ADDRESS_HASH_SECRET is not available",
            SVC_TEXT("reason", why));
    }
}

void email_address_hash_of(const struct email_address_hash *hash, const char *address,
                           char out[EMAIL_HASH_BYTES]) {
    char bare[MAX_ADDRESS_BYTES];
    uint8_t digest[SVC_SHA256_BYTES];
    const char *open = strrchr(address, '<');
    const char *from = open != NULL ? open + 1 : address;
    size_t size_bytes = strcspn(from, ">");
    if (size_bytes > sizeof(bare)) {
        size_bytes = sizeof(bare);
    }
    for (size_t i = 0; i < size_bytes; i++) {
        const char c = from[i];
        bare[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[0] = '\0';
    if (size_bytes > 0 &&
        svc_hmac_sha256(hash->key, sizeof(hash->key), bare, size_bytes, digest) == SVC_OK) {
        svc_hex(digest, (EMAIL_HASH_BYTES - 1) / 2, out);
    }
}
