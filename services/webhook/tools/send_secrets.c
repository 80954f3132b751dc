/* The secrets of webhook-send: see send_secrets.h. */
#include "services/webhook/tools/send_secrets.h"

#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"

static enum svc_status add_standard(struct send_secrets *secrets, const char *text,
                                    struct svc_error *error) {
    if (strncmp(text, "whsk_", 5) != 0) {
        return webhook_secrets_add(&secrets->secrets, WEBHOOK_SCHEME_STANDARD, text, error);
    }
    if (secrets->private_key[0] != '\0' ||
        !svc_copy_text(secrets->private_key, sizeof(secrets->private_key), text)) {
        return svc_fail(error, SVC_CONFIGURATION, "more than one whsk_ key, or one too long");
    }
    return SVC_OK;
}

/* A word may be for either scheme: the event chooses. */
static enum svc_status add_word(struct send_secrets *secrets, const char *word,
                                struct svc_error *error) {
    if (strncmp(word, "whsec_", 6) == 0 || strncmp(word, "whsk_", 5) == 0) {
        return add_standard(secrets, word, error);
    }
    const enum svc_status status =
        webhook_secrets_add(&secrets->secrets, WEBHOOK_SCHEME_PLATFORM, word, error);
    return status != SVC_OK
               ? status
               : webhook_secrets_add(&secrets->secrets, WEBHOOK_SCHEME_TOSS, word, error);
}

static enum svc_status parse_words(const char *text, size_t size_bytes,
                                   struct send_secrets *secrets, struct svc_error *error) {
    char word[WEBHOOK_MAX_SECRET_BYTES + 1];
    enum svc_status status = SVC_OK;
    size_t used = 0;
    for (size_t i = 0; i <= size_bytes && status == SVC_OK; i++) {
        const char c = i < size_bytes ? text[i] : ' ';
        if (strchr(" \t\r\n", c) == NULL || c == '\0') {
            if (used == WEBHOOK_MAX_SECRET_BYTES || c == '\0') {
                status = svc_fail(error, SVC_CONFIGURATION,
                                  "a secret is longer than %zu bytes, or has a NUL",
                                  WEBHOOK_MAX_SECRET_BYTES);
            } else {
                word[used++] = c;
            }
        } else if (used > 0) {
            word[used] = '\0';
            used = 0;
            status = add_word(secrets, word, error);
        }
    }
    svc_wipe(word, sizeof(word));
    return status;
}

static enum svc_status add_member(struct send_secrets *secrets, enum webhook_scheme scheme,
                                  const struct svc_json *value, struct svc_error *error) {
    const bool is_list = svc_json_type(value) == SVC_JSON_ARRAY;
    const size_t count = is_list ? svc_json_count(value) : value != NULL;
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < count && status == SVC_OK; i++) {
        const char *text = svc_json_text(is_list ? svc_json_at(value, i) : value);
        if (text == NULL) {
            status = svc_fail(error, SVC_CONFIGURATION, "a secret is not a text");
        } else if (scheme == WEBHOOK_SCHEME_STANDARD) {
            status = add_standard(secrets, text, error);
        } else {
            status = webhook_secrets_add(&secrets->secrets, scheme, text, error);
        }
    }
    return status;
}

static enum svc_status parse_json(const char *text, size_t size_bytes, struct send_secrets *secrets,
                                  struct svc_error *error) {
    struct svc_json *document = NULL;
    enum svc_status status = svc_json_parse(text, size_bytes, 0, &document, error);
    for (int i = 0; i < WEBHOOK_SCHEMES && status == SVC_OK; i++) {
        const enum webhook_scheme scheme = (enum webhook_scheme)i;
        status =
            add_member(secrets, scheme, svc_json_get(document, webhook_scheme_name(scheme)), error);
    }
    svc_json_wipe(document);
    return status;
}

enum svc_status send_secrets_parse(const char *text, size_t size_bytes,
                                   struct send_secrets *secrets, struct svc_error *error) {
    webhook_secrets_init(&secrets->secrets);
    secrets->private_key[0] = '\0';
    const bool is_json = size_bytes > 0 && text[strspn(text, " \t\r\n")] == '{';
    return is_json ? parse_json(text, size_bytes, secrets, error)
                   : parse_words(text, size_bytes, secrets, error);
}

void send_secrets_clear(struct send_secrets *secrets) {
    webhook_secrets_clear(&secrets->secrets);
    svc_wipe(secrets->private_key, sizeof(secrets->private_key));
}
