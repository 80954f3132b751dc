/* The secrets of webhooks as texts. One secret of each scheme: accepted exactly as secrets.h has
 * it, base64 and hex read by OpenSSL, and never in an error. The text of Secrets Manager: a list of
 * words or a JSON object, split by strtok and json-c here, gives the same keys; and the merchant's
 * key of Toss, through the client of Secrets Manager. */
#include <json-c/json.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "fuzz/support/fuzz_client.h"
#include "fuzz/support/json_oracle.h"
#include "lambda/handlers/webhook/keys.h"
#include "lambda/handlers/webhook/toss_key.h"
#include "services/base/text.h"

/* ---------------------------------------------------------------------- one secret */

struct bytes {
    uint8_t bytes[WEBHOOK_MAX_SECRET_BYTES];
    size_t size_bytes;
};

/* Base64 in its only spelling: what OpenSSL reads, it writes as the same text. */
static bool read_base64(const char *text, struct bytes *out) {
    uint8_t decoded[WEBHOOK_MAX_SECRET_BYTES + 4];
    char again[WEBHOOK_MAX_SECRET_BYTES + 8];
    const size_t size = strlen(text);
    const size_t padding =
        size >= 2 ? (size_t)(text[size - 1] == '=') + (text[size - 2] == '=') : 0;
    if (size == 0 || size % 4 || size > WEBHOOK_MAX_SECRET_BYTES)
        return false;
    const int most = EVP_DecodeBlock(decoded, (const uint8_t *)text, (int)size);
    if (most < (int)padding)
        return false;
    out->size_bytes = (size_t)most - padding;
    EVP_EncodeBlock((uint8_t *)again, decoded, (int)out->size_bytes);
    memcpy(out->bytes, decoded, out->size_bytes);
    return !strcmp(again, text);
}

static bool is_text_key(const char *text) {
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return size > 0 && size <= WEBHOOK_MAX_SECRET_BYTES && text[0] != ' ' && text[size - 1] != ' ';
}

/* The keys that a secret gives; 0: it is refused. */
static size_t expected_keys(enum webhook_scheme scheme, const char *text, struct bytes keys[2]) {
    if (scheme == WEBHOOK_SCHEME_STANDARD) {
        const bool is_public = !strncmp(text, "whpk_", 5), is_secret = !strncmp(text, "whsec_", 6);
        const size_t low = is_public ? 32 : 24, high = is_public ? 32 : 64;
        return (is_public || is_secret) && read_base64(text + (is_public ? 5 : 6), &keys[0]) &&
               keys[0].size_bytes >= low && keys[0].size_bytes <= high;
    }
    if (!is_text_key(text))
        return 0;
    keys[0].size_bytes = strlen(text);
    memcpy(keys[0].bytes, text, keys[0].size_bytes);
    long size = 0;
    unsigned char *hex = scheme == WEBHOOK_SCHEME_TOSS && !strchr(text, ':')
                             ? OPENSSL_hexstr2buf(text, &size)
                             : NULL;
    if (hex == NULL)
        return 1;
    keys[1].size_bytes = (size_t)size;
    memcpy(keys[1].bytes, hex, (size_t)size);
    OPENSSL_free(hex);
    return 2;
}

static void check_secret(enum webhook_scheme scheme, const char *text) {
    struct bytes keys[2];
    struct webhook_secrets secrets, before;
    struct svc_error error = {0};
    webhook_secrets_init(&secrets);
    const size_t count = expected_keys(scheme, text, keys);
    const enum svc_status status = webhook_secrets_add(&secrets, scheme, text, &error);
    const struct webhook_key_list *list = &secrets.schemes[scheme];
    FUZZ_CHECK(status == (count ? SVC_OK : SVC_CONFIGURATION), "%s of %s", svc_status_name(status),
               webhook_scheme_name(scheme));
    FUZZ_CHECK(list->count == count && list->secrets == (count > 0), "%zu keys, not %zu",
               list->count, count);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(list->keys[i].size_bytes == keys[i].size_bytes && list->keys[i].secret == 0 &&
                       !memcmp(list->keys[i].bytes, keys[i].bytes, keys[i].size_bytes),
                   "another key");
    FUZZ_CHECK(count == 0 ||
                   list->keys[0].is_public == (scheme == WEBHOOK_SCHEME_STANDARD && text[2] == 'p'),
               "a public key or none");
    FUZZ_CHECK(strlen(text) < 12 || !strstr(error.detail, text), "the secret: %s", error.detail);
    FUZZ_CHECK((webhook_secrets_check(&secrets, NULL) == SVC_OK) == (count > 0), "no secret");
    memcpy(&before, &secrets, sizeof(before));
    FUZZ_CHECK(webhook_secrets_add(&secrets, scheme, text, NULL) == SVC_CONFIGURATION &&
                   !memcmp(&before, &secrets, sizeof(before)),
               "stated twice");
    webhook_secrets_clear(&secrets);
}

static void check_token(const char *text) {
    struct webhook_tokens tokens;
    struct svc_error error = {0};
    char path[256];
    const size_t size = strlen(text);
    const bool is_good = size >= 16 && size <= 128 &&
                         !text[strspn(text, "-_0123456789abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
    webhook_tokens_init(&tokens);
    const enum svc_status status = webhook_tokens_add(&tokens, text, &error);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_CONFIGURATION), "%s", svc_status_name(status));
    FUZZ_CHECK(size < 12 || !strstr(error.detail, text), "the token: %s", error.detail);
    snprintf(path, sizeof(path), "/webhooks/toss/%.200s", text);
    const struct webhook_paths paths = {.tokens = &tokens};
    const struct webhook_request request = {"POST", path, "application/json", 2};
    FUZZ_CHECK(webhook_route(&paths, &request).http_status == (is_good ? 200 : 404), "%s", path);
    if (is_good) {
        path[strlen(path) - 1] ^= 1;
        FUZZ_CHECK(webhook_route(&paths, &request).http_status == 404, "%s", path);
    }
}

/* ---------------------------------------------------------------------- a set of them */

static enum svc_status add_named(struct webhook_key_set *set, const char *name, const char *text) {
    return !strcmp(name, "platform")
               ? webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_PLATFORM, text, NULL)
           : !strcmp(name, "standard")
               ? webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_STANDARD, text, NULL)
           : !strcmp(name, "toss")
               ? webhook_secrets_add(&set->senders, WEBHOOK_SCHEME_TOSS, text, NULL)
           : !strcmp(name, "internal")
               ? webhook_secrets_add(&set->internal, WEBHOOK_SCHEME_STANDARD, text, NULL)
           : !strcmp(name, "tossTokens") ? webhook_tokens_add(&set->tokens, text, NULL)
                                         : SVC_CONFIGURATION;
}

static bool is_known(const char *name) {
    static const char *const names[] = {"platform", "standard", "toss", "internal", "tossTokens"};
    bool is_one = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        is_one |= !strcmp(name, names[i]);
    return is_one;
}

static bool add_value(struct webhook_key_set *set, const char *name, json_object *value) {
    if (!json_object_is_type(value, json_type_string) ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
        return false;
    return add_named(set, name, json_object_get_string(value)) == SVC_OK;
}

static bool expect_json(const char *text, struct webhook_key_set *set) {
    json_object *document = json_tokener_parse(text);
    bool is_good = true;
    json_object_object_foreach(document, name, value) {
        const bool is_list = json_object_is_type(value, json_type_array);
        is_good = is_good && is_known(name) && (is_list || add_value(set, name, value));
        for (size_t i = 0; is_list && is_good && i < json_object_array_length(value); i++)
            is_good = add_value(set, name, json_object_array_get_idx(value, i));
    }
    json_object_put(document);
    return is_good;
}

static bool expect_words(const char *text, struct webhook_key_set *set) {
    char *copy = strdup(text), *rest = NULL;
    bool is_good = true;
    for (char *word = strtok_r(copy, " \t\r\n", &rest); word && is_good;
         word = strtok_r(NULL, " \t\r\n", &rest)) {
        const bool is_standard = !strncmp(word, "whsec_", 6) || !strncmp(word, "whpk_", 5);
        is_good = strlen(word) <= WEBHOOK_MAX_SECRET_BYTES &&
                  add_named(set, is_standard ? "standard" : "platform", word) == SVC_OK;
    }
    free(copy);
    return is_good;
}

static void check_set(const char *text, size_t size_bytes) {
    static struct webhook_key_set found, expected, none;
    struct json_oracle facts = {0};
    struct svc_error error = {0};
    const bool is_json = text[strspn(text, " \t\r\n")] == '{';
    bool is_good = strlen(text) == size_bytes;
    memset(&expected, 0, sizeof(expected));
    const enum svc_status status = webhook_key_set_parse(text, size_bytes, &found, &error);
    FUZZ_CHECK(status == SVC_OK || status == SVC_CONFIGURATION, "%s", svc_status_name(status));
    for (const char *at = error.detail; *at; at++)
        FUZZ_CHECK(*at >= ' ' && *at < 0x7f, "0x%02x in a detail", (unsigned char)*at);
    if (is_good && is_json) {
        is_good = json_oracle_accepts((const uint8_t *)text, size_bytes, &facts);
        if (facts.has_surrogates) /* json-c drops some of them */
            return;
        is_good = is_good && expect_json(text, &expected);
    } else if (is_good) {
        is_good = expect_words(text, &expected);
    }
    is_good = is_good && (webhook_secrets_check(&expected.senders, NULL) == SVC_OK ||
                          webhook_secrets_check(&expected.internal, NULL) == SVC_OK);
    FUZZ_CHECK(is_good == (status == SVC_OK), "%s: %s", is_good ? "refused" : "accepted",
               error.detail);
    FUZZ_CHECK(!memcmp(&found, is_good ? &expected : &none, sizeof(found)), "other keys");
}

/* ---------------------------------------------------------------------- the key of Toss's API */

/* The key that a secret's text is, or has; NULL: neither. *document is put by the caller. */
static const char *expect_toss_key(const char *text, size_t size_bytes, json_object **document) {
    struct json_oracle facts = {0};
    json_object *member = NULL;
    const char *key = text;
    *document = NULL;
    if (*text == '{') {
        if (!json_oracle_accepts((const uint8_t *)text, size_bytes, &facts))
            return NULL;
        *document = json_tokener_parse(text);
        if (!json_object_object_get_ex(*document, "secretKey", &member) ||
            !json_object_is_type(member, json_type_string) ||
            strlen(json_object_get_string(member)) != (size_t)json_object_get_string_len(member))
            return NULL;
        key = json_object_get_string(member);
    }
    for (const char *at = key; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == ':')
            return NULL;
    return *key && strlen(key) < WEBHOOK_TOSS_KEY_BYTES ? key : NULL;
}

static void check_toss_key(const char *text, size_t size_bytes) {
    static const char none[WEBHOOK_TOSS_KEY_BYTES];
    char key[WEBHOOK_TOSS_KEY_BYTES];
    struct fuzz_client fuzz;
    struct svc_buf response;
    struct svc_json_writer writer;
    struct svc_error error = {0};
    json_object *document = NULL;
    if (strlen(text) != size_bytes || size_bytes == 0 ||
        !svc_utf8_valid((const uint8_t *)text, size_bytes))
        return;
    svc_buf_init(&response, (size_t)1 << 20);
    svc_buf_append_text(&response, "200\n\n");
    svc_json_writer_init(&writer, &response);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "SecretString", text);
    svc_json_end_object(&writer);
    svc_buf_append_char(&response, '0'); /* the transport does not fail */
    struct fuzz_input input = {response.bytes, response.size_bytes};
    fuzz_client_open(&fuzz, &input);
    const char *expected = expect_toss_key(text, size_bytes, &document);
    const enum svc_status status = webhook_toss_key_read(fuzz.client, "toss", false, key, &error);
    FUZZ_CHECK(status == (expected ? SVC_OK : SVC_CONFIGURATION), "%s: %s", svc_status_name(status),
               error.detail);
    FUZZ_CHECK(expected ? !strcmp(key, expected) : !memcmp(key, none, sizeof(key)), "another key");
    FUZZ_CHECK(!strcmp(error.detail, expected ? ""
                                              : "the secret TOSS_SECRET_NAME is not a key or "
                                                "{\"secretKey\":\"...\"}"),
               "an error with more than its constant sentence: %s", error.detail);
    json_object_put(document);
    fuzz_client_close(&fuzz);
    svc_buf_clear(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    size_t text_bytes = 0;
    char *text = fuzz_take_rest(&input, &text_bytes);
    check_set(text, text_bytes);
    for (int scheme = 0; scheme < WEBHOOK_SCHEMES; scheme++)
        check_secret((enum webhook_scheme)scheme, text);
    check_token(text);
    check_toss_key(text, text_bytes);
    free(text);
    return 0;
}
