/* The secrets that verify signatures: see secrets.h. */
#include "services/webhook/secrets.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"

const char *webhook_scheme_name(enum webhook_scheme scheme) {
    static const char *const names[WEBHOOK_SCHEMES] = {"platform", "standard", "toss"};
    return (size_t)scheme < WEBHOOK_SCHEMES ? names[scheme] : "";
}

void webhook_secrets_init(struct webhook_secrets *secrets) {
    memset(secrets, 0, sizeof(*secrets));
}

void webhook_secrets_clear(struct webhook_secrets *secrets) {
    svc_wipe(secrets, sizeof(*secrets));
}

static bool has_key(const struct webhook_key_list *list, const void *bytes, size_t size_bytes) {
    for (size_t i = 0; i < list->count; i++) {
        if (list->keys[i].size_bytes == size_bytes &&
            svc_equal_constant_time(list->keys[i].bytes, bytes, size_bytes)) {
            return true;
        }
    }
    return false;
}

/* The caller has checked that there is space and that the size fits. */
static void put_key(struct webhook_key_list *list, const void *bytes, size_t size_bytes) {
    struct webhook_key *key = &list->keys[list->count++];
    memcpy(key->bytes, bytes, size_bytes);
    key->size_bytes = size_bytes;
    key->secret = list->secrets;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A text used as a key; for Toss the bytes of its hex digits as well. */
static enum svc_status add_text(struct webhook_key_list *list, const char *text, bool takes_hex,
                                struct svc_error *error) {
    const size_t size = strnlen(text, WEBHOOK_MAX_SECRET_BYTES + 1);
    uint8_t decoded[WEBHOOK_MAX_SECRET_BYTES / 2];
    if (size > WEBHOOK_MAX_SECRET_BYTES) {
        return svc_fail(error, SVC_CONFIGURATION, "a webhook secret has more than %zu bytes",
                        WEBHOOK_MAX_SECRET_BYTES);
    }
    if (is_blank(text[0]) || is_blank(text[size - 1])) {
        return svc_fail(error, SVC_CONFIGURATION, "a webhook secret begins or ends with a blank");
    }
    if (!svc_is_printable(text)) {
        return svc_fail(error, SVC_CONFIGURATION, "a webhook secret is not printable ASCII");
    }
    if (has_key(list, text, size)) {
        return svc_fail(error, SVC_CONFIGURATION, "a webhook secret is stated twice");
    }
    put_key(list, text, size);
    if (takes_hex && size % 2 == 0 && svc_hex_decode(text, decoded, size / 2)) {
        put_key(list, decoded, size / 2);
    }
    svc_wipe(decoded, sizeof(decoded));
    return SVC_OK;
}

/* The bytes of "whsec_..." and "whpk_...". One key in both forms is refused as stated twice: anyone
 * with the public key could sign. */
static enum svc_status add_standard(struct webhook_key_list *list, const char *text,
                                    struct svc_error *error) {
    static const char secret_prefix[] = "whsec_", public_prefix[] = "whpk_";
    const bool is_public = strncmp(text, public_prefix, sizeof(public_prefix) - 1) == 0;
    if (!is_public && strncmp(text, secret_prefix, sizeof(secret_prefix) - 1) != 0) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "a secret of Standard Webhooks begins neither with whsec_ nor with whpk_");
    }
    const char *encoded = text + (is_public ? sizeof(public_prefix) : sizeof(secret_prefix)) - 1;
    const size_t low = is_public ? SVC_ED25519_KEY_BYTES : WEBHOOK_MIN_STANDARD_BYTES;
    const size_t high = is_public ? SVC_ED25519_KEY_BYTES : WEBHOOK_MAX_STANDARD_BYTES;
    struct svc_buf key;
    svc_buf_init(&key, WEBHOOK_MAX_STANDARD_BYTES);
    enum svc_status status =
        svc_base64_decode(encoded, strnlen(encoded, WEBHOOK_MAX_SECRET_BYTES), &key);
    if (status == SVC_NO_MEMORY) {
        status = svc_fail(error, status, "no memory for a webhook secret");
    } else if (status != SVC_OK || key.size_bytes < low || key.size_bytes > high) {
        status =
            svc_fail(error, SVC_CONFIGURATION,
                     "a key of Standard Webhooks is not base64 of %zu to %zu bytes", low, high);
    } else if (has_key(list, key.bytes, key.size_bytes)) {
        status = svc_fail(error, SVC_CONFIGURATION, "a webhook secret is stated twice");
    } else {
        put_key(list, key.bytes, key.size_bytes);
        list->keys[list->count - 1].is_public = is_public;
    }
    svc_buf_wipe(&key);
    return status;
}

enum svc_status webhook_secrets_add(struct webhook_secrets *secrets, enum webhook_scheme scheme,
                                    const char *text, struct svc_error *error) {
    if ((size_t)scheme >= WEBHOOK_SCHEMES) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "no such scheme of signatures");
    }
    struct webhook_key_list *list = &secrets->schemes[scheme];
    if (text == NULL || *text == '\0') {
        return svc_fail(error, SVC_CONFIGURATION, "a webhook secret is empty");
    }
    if (list->secrets == WEBHOOK_MAX_SECRETS) {
        return svc_fail(error, SVC_CONFIGURATION, "more than %zu webhook secrets of one scheme",
                        WEBHOOK_MAX_SECRETS);
    }
    const enum svc_status status = scheme == WEBHOOK_SCHEME_STANDARD
                                       ? add_standard(list, text, error)
                                       : add_text(list, text, scheme == WEBHOOK_SCHEME_TOSS, error);
    if (status == SVC_OK) {
        list->secrets++;
    }
    return status;
}

enum svc_status webhook_secrets_check(const struct webhook_secrets *secrets,
                                      struct svc_error *error) {
    for (size_t i = 0; i < WEBHOOK_SCHEMES; i++) {
        if (secrets->schemes[i].secrets > 0) {
            return SVC_OK;
        }
    }
    return svc_fail(error, SVC_CONFIGURATION, "no webhook secret is configured");
}
