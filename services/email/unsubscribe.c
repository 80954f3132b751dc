/* The token of an unsubscribe link: see unsubscribe.h. */
#include "services/email/unsubscribe.h"

#include <inttypes.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"

/* Past every time that a mail is kept, and far below what a double holds exactly. */
#define MAX_EXPIRES_S INT64_C(253402300799)
#define MAC_BYTES     ((size_t)43) /* base64url of a SHA-256 */

/* ---------------------------------------------------------------------- base64url */

/* RFC 4648's base64 for URLs, without padding. */
static enum svc_status put_base64url(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out) {
    const size_t start = out->size_bytes;
    if (!svc_base64(bytes, size_bytes, out)) {
        return svc_buf_status(out);
    }
    for (size_t i = start; i < out->size_bytes; i++) {
        uint8_t *c = &out->bytes[i];
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    }
    while (out->size_bytes > start && out->bytes[out->size_bytes - 1] == '=') {
        out->bytes[--out->size_bytes] = '\0';
    }
    return SVC_OK;
}

/* The reverse; MALFORMED for padding, stray bits, and what base64 has in their places. */
static enum svc_status read_base64url(const char *text, size_t size_bytes, struct svc_buf *out) {
    char plain[EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES + 4];
    size_t size = 0;
    if (size_bytes == 0 || size_bytes > EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES) {
        return SVC_MALFORMED;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] == '+' || text[i] == '/' || text[i] == '=') {
            return SVC_MALFORMED;
        }
        plain[size++] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    }
    while (size % 4 != 0) {
        plain[size++] = '=';
    }
    return svc_base64_decode(plain, size, out);
}

/* ---------------------------------------------------------------------- making */

static size_t secret_size(const char *secret) {
    const size_t size =
        secret == NULL ? 0 : strnlen(secret, EMAIL_MAX_UNSUBSCRIBE_SECRET_BYTES + 1);
    return size >= EMAIL_MIN_UNSUBSCRIBE_SECRET_BYTES && size <= EMAIL_MAX_UNSUBSCRIBE_SECRET_BYTES
               ? size
               : 0;
}

/* The address as it is stored: checked, in lower case. */
static bool normalize(const char *text, char email[EMAIL_ADDRESS_BYTES]) {
    const char *why = NULL;
    email[0] = '\0';
    if (text == NULL || !email_address_check(text, strlen(text), email, &why)) {
        email[0] = '\0';
        return false;
    }
    for (char *at = email; *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return true;
}

static enum svc_status write_payload(const char *email, int64_t expires_s, struct svc_buf *out) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "email", email);
    svc_json_add_int(&writer, "expires", expires_s);
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer);
}

enum svc_status email_unsubscribe_token(const char *secret, const char *email, int64_t expires_s,
                                        struct svc_buf *out) {
    char address[EMAIL_ADDRESS_BYTES];
    uint8_t mac[SVC_SHA256_BYTES];
    struct svc_buf payload, token;
    const size_t size = secret_size(secret);
    if (size == 0 || expires_s <= 0 || expires_s > MAX_EXPIRES_S || !normalize(email, address)) {
        return SVC_INVALID_ARGUMENT;
    }
    svc_buf_init(&payload, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    svc_buf_init(&token, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    enum svc_status status = write_payload(address, expires_s, &payload);
    if (status == SVC_OK) {
        status = put_base64url(payload.bytes, payload.size_bytes, &token);
    }
    if (status == SVC_OK) {
        status = svc_hmac_sha256(secret, size, token.bytes, token.size_bytes, mac);
    }
    if (status == SVC_OK) {
        svc_buf_append_char(&token, '.');
        status = put_base64url(mac, sizeof(mac), &token);
    }
    if (status == SVC_OK) {
        svc_buf_append(out, token.bytes, token.size_bytes);
        status = svc_buf_status(out);
    }
    svc_buf_clear(&payload);
    svc_buf_clear(&token);
    return status;
}

/* ---------------------------------------------------------------------- verifying */

/* Compares with every secret, whichever matches. */
static enum svc_status compare(const char *const *secrets, size_t count, const char *text,
                               size_t size_bytes, const uint8_t mac[SVC_SHA256_BYTES]) {
    uint8_t expected[SVC_SHA256_BYTES];
    unsigned matches = 0;
    for (size_t i = 0; i < count && i < EMAIL_MAX_UNSUBSCRIBE_SECRETS; i++) {
        const size_t size = secret_size(secrets[i]);
        if (size == 0) {
            continue;
        }
        const enum svc_status status =
            svc_hmac_sha256(secrets[i], size, text, size_bytes, expected);
        if (status != SVC_OK) {
            return status;
        }
        matches += svc_equal_constant_time(expected, mac, sizeof(expected));
    }
    svc_wipe(expected, sizeof(expected));
    return matches > 0 ? SVC_OK : SVC_ACCESS_DENIED;
}

/* Of a text that was signed here; anything else in it is a bug, or another use of the secret. */
static enum svc_status read_payload(const char *text, size_t size_bytes, int64_t now_ms,
                                    char email[EMAIL_ADDRESS_BYTES]) {
    struct svc_buf payload;
    struct svc_json *document = NULL;
    int64_t expires_s = 0;
    svc_buf_init(&payload, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    enum svc_status status = read_base64url(text, size_bytes, &payload);
    if (status == SVC_OK) {
        status = svc_json_parse(payload.bytes, payload.size_bytes,
                                EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES, &document, NULL);
    }
    if (status == SVC_OK && (!svc_json_get_int(document, "expires", &expires_s) ||
                             !normalize(svc_json_get_text(document, "email"), email))) {
        status = SVC_ACCESS_DENIED;
    }
    /* The last second in which it is valid counts as a whole. */
    if (status == SVC_OK && now_ms / 1000 > expires_s) {
        status = SVC_PRECONDITION_FAILED;
    }
    svc_json_free(document);
    svc_buf_clear(&payload);
    return status == SVC_OK || status == SVC_NO_MEMORY || status == SVC_PRECONDITION_FAILED
               ? status
               : SVC_ACCESS_DENIED;
}

enum svc_status email_unsubscribe_verify(const char *const *secrets, size_t count,
                                         const char *token, int64_t now_ms,
                                         char email[EMAIL_ADDRESS_BYTES]) {
    struct svc_buf mac;
    const char *dot = token == NULL ? NULL : strchr(token, '.');
    email[0] = '\0';
    if (dot == NULL ||
        strnlen(token, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES + 1) > EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES ||
        strlen(dot + 1) != MAC_BYTES) {
        return SVC_ACCESS_DENIED;
    }
    svc_buf_init(&mac, SVC_SHA256_BYTES + 1);
    enum svc_status status = read_base64url(dot + 1, MAC_BYTES, &mac);
    if (status == SVC_OK && mac.size_bytes == SVC_SHA256_BYTES) {
        status = compare(secrets, count, token, (size_t)(dot - token), mac.bytes);
    } else if (status != SVC_NO_MEMORY) {
        status = SVC_ACCESS_DENIED;
    }
    svc_buf_clear(&mac);
    if (status == SVC_OK) {
        status = read_payload(token, (size_t)(dot - token), now_ms, email);
    }
    if (status != SVC_OK) {
        email[0] = '\0';
    }
    return status;
}
