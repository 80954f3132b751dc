/* The key to ask Toss with: see toss_key.h. */
#include "lambda/handlers/webhook/toss_key.h"

#include <string.h>

#include "services/aws/secrets.h"
#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

static bool is_key(const char *text) {
    return text != NULL && text[0] != '\0' && svc_is_printable(text) && strchr(text, ' ') == NULL &&
           strchr(text, ':') == NULL;
}

static bool parse(const struct svc_buf *text, char key[WEBHOOK_TOSS_KEY_BYTES]) {
    struct svc_json *document = NULL;
    const char *plain = svc_buf_text(text);
    const char *found = plain;
    if (plain[0] == '{') {
        (void)svc_json_parse(text->bytes, text->size_bytes, AWSC_MAX_SECRET_VALUE_BYTES, &document,
                             NULL);
        found = svc_json_get_text(document, "secretKey");
    }
    const bool is_good = strlen(plain) == text->size_bytes && is_key(found) &&
                         svc_copy_text(key, WEBHOOK_TOSS_KEY_BYTES, found);
    svc_json_wipe(document);
    return is_good;
}

enum svc_status webhook_toss_key_read(struct awsc_client *aws, const char *secret_name,
                                      bool refresh, char key[WEBHOOK_TOSS_KEY_BYTES],
                                      struct svc_error *error) {
    const struct awsc_secret_get get = {.name = secret_name, .refresh = refresh};
    struct awsc_error aws_error;
    struct svc_buf text;
    memset(key, 0, WEBHOOK_TOSS_KEY_BYTES);
    svc_buf_init(&text, AWSC_MAX_SECRET_VALUE_BYTES);
    enum svc_status status = awsc_secret_get(aws, &get, &text, &aws_error);
    if (status != SVC_OK) {
        char line[AWSC_ERROR_TEXT_BYTES];
        (void)svc_fail(error, status, "%s", awsc_error_text(&aws_error, line));
    } else if (!parse(&text, key)) {
        svc_wipe(key, WEBHOOK_TOSS_KEY_BYTES);
        status = svc_fail(error, SVC_CONFIGURATION,
                          "the secret TOSS_SECRET_NAME is not a key or {\"secretKey\":\"...\"}");
    }
    svc_buf_wipe(&text);
    return status;
}
