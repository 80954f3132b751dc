/* Headers that sign a webhook: see sign.h. */
#include "services/webhook/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/webhook/signature.h"

static enum svc_status finish(struct webhook_sign_headers *out, size_t count,
                              enum svc_status status) {
    if (status == SVC_OK) {
        out->count = count;
    } else {
        memset(out, 0, sizeof(*out));
    }
    return status;
}

/* Appends "SEPARATOR PREFIX BASE64" to a header's value; the separator between entries alone. */
static enum svc_status append_entry(struct webhook_sign_header *header, char separator,
                                    const char *prefix, const uint8_t *bytes, size_t size_bytes) {
    struct svc_buf encoded;
    const size_t used = strlen(header->value);
    svc_buf_init(&encoded, sizeof(header->value));
    enum svc_status status =
        svc_base64(bytes, size_bytes, &encoded) ? SVC_OK : svc_buf_status(&encoded);
    const char between[] = {used > 0 ? separator : '\0', '\0'};
    if (status == SVC_OK &&
        snprintf(header->value + used, sizeof(header->value) - used, "%s%s%s", between, prefix,
                 svc_buf_text(&encoded)) >= (int)(sizeof(header->value) - used)) {
        status = SVC_INTERNAL;
    }
    svc_buf_clear(&encoded);
    return status;
}

/* before + body + after, which is signed. */
static enum svc_status join(struct svc_buf *content, const char *before, const void *body,
                            size_t body_bytes, const char *after) {
    const size_t size = strlen(before) + body_bytes + strlen(after);
    svc_buf_init(content, size);
    svc_buf_reserve(content, size);
    svc_buf_append_text(content, before);
    svc_buf_append(content, body, body_bytes);
    svc_buf_append_text(content, after);
    return svc_buf_status(content);
}

static enum svc_status append_hash(struct webhook_sign_header *header, char separator,
                                   const char *prefix, const struct webhook_key *key,
                                   const struct svc_buf *content) {
    uint8_t hash[SVC_SHA256_BYTES];
    const enum svc_status status =
        svc_hmac_sha256(key->bytes, key->size_bytes, content->bytes, content->size_bytes, hash);
    return status != SVC_OK ? status : append_entry(header, separator, prefix, hash, sizeof(hash));
}

enum svc_status webhook_sign_platform(const struct webhook_secrets *secrets, const void *body,
                                      size_t body_bytes, struct webhook_sign_headers *out) {
    const struct webhook_key_list *list = &secrets->schemes[WEBHOOK_SCHEME_PLATFORM];
    uint8_t hash[SVC_SHA256_BYTES] = {0};
    memset(out, 0, sizeof(*out));
    if (list->count == 0) {
        return SVC_INVALID_ARGUMENT;
    }
    const enum svc_status status =
        svc_hmac_sha256(list->keys[0].bytes, list->keys[0].size_bytes, body, body_bytes, hash);
    out->headers[0].name = WEBHOOK_HEADER_PLATFORM_SIGNATURE;
    svc_hex(hash, sizeof(hash), out->headers[0].value);
    return finish(out, 1, status);
}

/* Sets id and timestamp; `before` is what precedes the body in what is signed. */
static bool begin_standard(const char *id, int64_t sent_s, struct webhook_sign_headers *out,
                           char *before, size_t before_bytes) {
    memset(out, 0, sizeof(*out));
    if (!webhook_is_message_id(id) || sent_s <= 0) {
        return false;
    }
    out->headers[0].name = WEBHOOK_HEADER_STANDARD_ID;
    out->headers[1].name = WEBHOOK_HEADER_STANDARD_TIMESTAMP;
    out->headers[2].name = WEBHOOK_HEADER_STANDARD_SIGNATURE;
    snprintf(out->headers[0].value, sizeof(out->headers[0].value), "%s", id);
    snprintf(out->headers[1].value, sizeof(out->headers[1].value), "%" PRId64, sent_s);
    snprintf(before, before_bytes, "%s.%" PRId64 ".", id, sent_s);
    return true;
}

#define BEFORE_BYTES (WEBHOOK_MAX_MESSAGE_ID_BYTES + WEBHOOK_MAX_TIME_BYTES + 3)

enum svc_status webhook_sign_standard(const struct webhook_secrets *secrets, const char *id,
                                      int64_t sent_s, const void *body, size_t body_bytes,
                                      struct webhook_sign_headers *out) {
    const struct webhook_key_list *list = &secrets->schemes[WEBHOOK_SCHEME_STANDARD];
    char before[BEFORE_BYTES];
    struct svc_buf content;
    size_t signatures = 0;
    if (!begin_standard(id, sent_s, out, before, sizeof(before))) {
        return SVC_INVALID_ARGUMENT;
    }
    enum svc_status status = join(&content, before, body, body_bytes, "");
    for (size_t i = 0; i < list->count && status == SVC_OK; i++) {
        if (!list->keys[i].is_public) {
            status = append_hash(&out->headers[2], ' ', "v1,", &list->keys[i], &content);
            signatures++;
        }
    }
    svc_buf_clear(&content);
    return finish(out, 3, status == SVC_OK && signatures == 0 ? SVC_INVALID_ARGUMENT : status);
}

/* The private key begins the text's bytes, whether the public one follows or not. */
static enum svc_status read_private_key(const char *text, uint8_t seed[SVC_ED25519_KEY_BYTES]) {
    static const char prefix[] = "whsk_";
    struct svc_buf key;
    if (strncmp(text, prefix, sizeof(prefix) - 1) != 0) {
        return SVC_INVALID_ARGUMENT;
    }
    const char *encoded = text + sizeof(prefix) - 1;
    svc_buf_init(&key, WEBHOOK_MAX_STANDARD_BYTES);
    enum svc_status status =
        svc_base64_decode(encoded, strnlen(encoded, WEBHOOK_MAX_SECRET_BYTES), &key);
    if (status != SVC_OK && status != SVC_NO_MEMORY) {
        status = SVC_INVALID_ARGUMENT;
    }
    if (status == SVC_OK && key.size_bytes != SVC_ED25519_KEY_BYTES &&
        key.size_bytes != 2 * SVC_ED25519_KEY_BYTES) {
        status = SVC_INVALID_ARGUMENT;
    }
    if (status == SVC_OK) {
        memcpy(seed, key.bytes, SVC_ED25519_KEY_BYTES);
    }
    svc_buf_wipe(&key);
    return status;
}

enum svc_status webhook_sign_standard_public(const char *private_key, const char *id,
                                             int64_t sent_s, const void *body, size_t body_bytes,
                                             struct webhook_sign_headers *out) {
    uint8_t seed[SVC_ED25519_KEY_BYTES], signature[SVC_ED25519_SIGNATURE_BYTES];
    char before[BEFORE_BYTES];
    struct svc_buf content;
    if (!begin_standard(id, sent_s, out, before, sizeof(before))) {
        return SVC_INVALID_ARGUMENT;
    }
    enum svc_status status = read_private_key(private_key, seed);
    if (status != SVC_OK) {
        return finish(out, 0, status);
    }
    status = join(&content, before, body, body_bytes, "");
    if (status == SVC_OK) {
        status = svc_ed25519_sign(seed, content.bytes, content.size_bytes, signature);
    }
    if (status == SVC_OK) {
        status = append_entry(&out->headers[2], ' ', "v1a,", signature, sizeof(signature));
    }
    svc_wipe(seed, sizeof(seed));
    svc_buf_clear(&content);
    return finish(out, 3, status);
}

enum svc_status webhook_sign_toss(const struct webhook_secrets *secrets,
                                  enum webhook_sign_toss_key form, const char *time,
                                  const void *body, size_t body_bytes,
                                  struct webhook_sign_headers *out) {
    const struct webhook_key_list *list = &secrets->schemes[WEBHOOK_SCHEME_TOSS];
    char after[WEBHOOK_MAX_TIME_BYTES + 2] = ":";
    struct svc_buf content;
    int64_t ignored_ms;
    size_t signatures = 0;
    memset(out, 0, sizeof(*out));
    if (!svc_copy_text(after + 1, sizeof(after) - 1, time) ||
        !svc_parse_iso8601(time, &ignored_ms)) {
        return SVC_INVALID_ARGUMENT;
    }
    out->headers[0].name = WEBHOOK_HEADER_TOSS_SIGNATURE;
    out->headers[1].name = WEBHOOK_HEADER_TOSS_TIME;
    snprintf(out->headers[1].value, sizeof(out->headers[1].value), "%s", time);
    enum svc_status status = join(&content, "", body, body_bytes, after);
    for (size_t i = 0; i < list->count && status == SVC_OK; i++) {
        /* A secret's bytes follow its text. */
        const bool is_bytes = i > 0 && list->keys[i - 1].secret == list->keys[i].secret;
        if (is_bytes == (form == WEBHOOK_SIGN_TOSS_BYTES)) {
            status = append_hash(&out->headers[0], ',', "v1:", &list->keys[i], &content);
            signatures++;
        }
    }
    svc_buf_clear(&content);
    return finish(out, 2, status == SVC_OK && signatures == 0 ? SVC_INVALID_ARGUMENT : status);
}
