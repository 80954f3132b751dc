/* Standard Webhooks and platform signatures, made by OpenSSL here: accepted if and only if one
 * entry is the HMAC of the body as received, within 300 s. The same with several secrets and
 * several entries of all three schemes, some of them of a secret that the receiver no longer has:
 * accepted if and only if a secret matches, and the last of those is reported. What sign.h makes
 * is accepted by a receiver that shares a secret. Then any text as a header: never accepted. */
#include "fuzz/support/fuzz.h"
#include "services/base/text.h"
#include "services/webhook/sign.h"
#include "services/webhook/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define NOW_S INT64_C(1788220800)
#define TIME  "2026-09-01T00:00:00+09:00"
#define KEYS  12 /* of senders; a receiver has up to WEBHOOK_MAX_SECRETS of them */
static const char key[] = "0123456789abcdef0123456789abcdef";

static void sign_with(const char *secret, size_t secret_bytes, const char *before,
                      const uint8_t *body, size_t body_bytes, const char *after, uint8_t mac[32]) {
    unsigned mac_bytes = 32;
    const size_t before_bytes = strlen(before), after_bytes = strlen(after);
    uint8_t *content = fuzz_alloc(before_bytes + body_bytes + after_bytes + 1);
    memcpy(content, before, before_bytes);
    memcpy(content + before_bytes, body, body_bytes);
    memcpy(content + before_bytes + body_bytes, after, after_bytes);
    FUZZ_CHECK(HMAC(EVP_sha256(), secret, (int)secret_bytes, content,
                    before_bytes + body_bytes + after_bytes, mac, &mac_bytes),
               "no HMAC");
    free(content);
}

static void sign(const char *before, const uint8_t *body, size_t body_bytes, uint8_t mac[32]) {
    sign_with(key, sizeof key - 1, before, body, body_bytes, "", mac);
}

static void add_secrets(struct webhook_secrets *secrets) {
    char standard[128] = "whsec_";
    EVP_EncodeBlock((uint8_t *)standard + 6, (const uint8_t *)key, sizeof key - 1);
    webhook_secrets_init(secrets);
    FUZZ_CHECK(!webhook_secrets_add(secrets, WEBHOOK_SCHEME_STANDARD, standard, NULL) &&
                   !webhook_secrets_add(secrets, WEBHOOK_SCHEME_PLATFORM, key, NULL),
               "no secret");
}

static void check_signed(struct fuzz_input *input, const struct webhook_secrets *secrets) {
    const bool is_standard = fuzz_take_bool(input);
    const int64_t age_s =
        (int64_t)fuzz_take_range(input, 0, 6) - 3 + (fuzz_take_bool(input) ? 300 : -300);
    const bool is_broken = fuzz_take_bool(input);
    const uint8_t flipped = fuzz_take_u8(input), entries = fuzz_take_u8(input) % 10;
    size_t body_bytes = 65536;
    const uint8_t *body = fuzz_take_front(input, &body_bytes);
    uint8_t mac[32], *sent = mac;
    char time[32], before[64] = "", header[1024] = "", encoded[65];
    snprintf(time, sizeof time, "%lld", (long long)(NOW_S - age_s));
    if (is_standard)
        snprintf(before, sizeof before, "id_1.%s.", time);
    sign(before, body, body_bytes, mac);
    sent[flipped % 32] ^= is_broken ? (uint8_t)(1 << (flipped >> 5)) : 0;
    struct webhook_headers headers;
    webhook_headers_init(&headers);
    if (is_standard) {
        EVP_EncodeBlock((uint8_t *)encoded, mac, 32);
        for (uint8_t i = 0; i < entries; i++)
            strcat(header, "v2,unknown ");
        strcat(strcat(header, "v1,"), encoded);
        webhook_headers_add(&headers, "Webhook-Id", "id_1");
        webhook_headers_add(&headers, "Webhook-Timestamp", time);
        webhook_headers_add(&headers, "Webhook-Signature", header);
    } else {
        for (size_t i = 0; i < 32; i++)
            snprintf(header + 2 * i, 3, "%02x", mac[i]);
        webhook_headers_add(&headers, "X-Webhook-Signature", header);
    }
    const bool is_good =
        !is_broken &&
        (!is_standard || (age_s >= -300 && age_s <= 300 && entries < WEBHOOK_MAX_SIGNATURES));
    struct webhook_signature found;
    const enum svc_status status =
        webhook_verify(secrets, &headers, body, body_bytes, NOW_S * 1000, &found);
    FUZZ_CHECK((status == SVC_OK) == is_good && (is_good || status == SVC_ACCESS_DENIED),
               "status %d, age %lld", (int)status, (long long)age_s);
}

/* ---------------------------------------------------------------------- rotation */

/* The text of sender key i; as a secret of Standard Webhooks its 32 bytes in base64. */
static void key_text(size_t i, char out[33]) {
    snprintf(out, 33, "%02zx23456789abcdef0123456789abcd%02zx", i, i * 7);
}

static void add_key(struct webhook_secrets *secrets, enum webhook_scheme scheme, size_t i) {
    char text[33], standard[64] = "whsec_";
    key_text(i, text);
    EVP_EncodeBlock((uint8_t *)standard + 6, (const uint8_t *)text, 32);
    FUZZ_CHECK(webhook_secrets_add(secrets, scheme,
                                   scheme == WEBHOOK_SCHEME_STANDARD ? standard : text,
                                   NULL) == SVC_OK,
               "no secret %zu", i);
}

/* Appends one entry of a header; returns which key it is of, KEYS: of none. */
static size_t put_entry(struct fuzz_input *input, enum webhook_scheme scheme, const char *before,
                        const uint8_t *body, size_t body_bytes, const char *after, char *header) {
    const uint8_t choice = fuzz_take_u8(input), kind = fuzz_take_u8(input);
    const size_t i = choice % KEYS;
    const bool is_toss = scheme == WEBHOOK_SCHEME_TOSS;
    const char *separator = *header == '\0' ? "" : is_toss ? kind & 64 ? " , " : "," : " ";
    uint8_t mac[32];
    char text[33], encoded[64];
    key_text(i, text);
    if (is_toss && kind & 32) { /* the bytes that the hex stands for */
        uint8_t bytes[16];
        for (size_t n = 0; n < sizeof bytes; n++)
            sscanf(text + 2 * n, "%2hhx", &bytes[n]);
        sign_with((const char *)bytes, sizeof bytes, before, body, body_bytes, after, mac);
    } else {
        sign_with(text, 32, before, body, body_bytes, after, mac);
    }
    const bool is_broken = kind % 4 == 1, is_other = kind % 4 == 2;
    mac[choice % 32] ^= is_broken ? (uint8_t)(1 << kind / 32) : 0;
    EVP_EncodeBlock((uint8_t *)encoded, mac, 32);
    strcat(strcat(header, separator), is_other ? "v2" : "v1");
    strcat(strcat(header, is_toss ? ":" : ","), encoded);
    return is_broken || is_other ? KEYS : i;
}

static void check_rotated(struct fuzz_input *input) {
    const enum webhook_scheme scheme =
        fuzz_take_bool(input) ? WEBHOOK_SCHEME_STANDARD : WEBHOOK_SCHEME_TOSS;
    const size_t first = fuzz_take_u8(input) % (KEYS - 1);
    const size_t count = 1 + fuzz_take_u8(input) % WEBHOOK_MAX_SECRETS;
    const size_t entries = 1 + fuzz_take_u8(input) % (WEBHOOK_MAX_SIGNATURES + 1);
    const char *before = scheme == WEBHOOK_SCHEME_STANDARD ? "id_1.1788220800." : "";
    const char *after = scheme == WEBHOOK_SCHEME_TOSS ? ":" TIME : "";
    char header[2048] = "";
    size_t keys[WEBHOOK_MAX_SIGNATURES + 1], body_bytes = 64, last = KEYS, known = 0;
    const uint8_t *body = fuzz_take_front(input, &body_bytes);
    struct webhook_secrets secrets;
    webhook_secrets_init(&secrets);
    for (size_t i = first; i < KEYS && i < first + count; i++, known++)
        add_key(&secrets, scheme, i);
    bool has_v1 = false;
    for (size_t i = 0; i < entries; i++) {
        keys[i] = put_entry(input, scheme, before, body, body_bytes, after, header);
        const bool is_known = keys[i] >= first && keys[i] < first + known;
        last = is_known && (last == KEYS || keys[i] - first > last) ? keys[i] - first : last;
    }
    has_v1 = strstr(header, scheme == WEBHOOK_SCHEME_TOSS ? "v1:" : "v1,") != NULL;
    struct webhook_headers headers;
    webhook_headers_init(&headers);
    if (scheme == WEBHOOK_SCHEME_STANDARD) {
        webhook_headers_add(&headers, "webhook-id", "id_1");
        webhook_headers_add(&headers, "webhook-timestamp", "1788220800");
        webhook_headers_add(&headers, "webhook-signature", header);
    } else {
        webhook_headers_add(&headers, "TossPayments-Webhook-Signature", header);
        webhook_headers_add(&headers, "tosspayments-webhook-transmission-time", TIME);
    }
    struct webhook_signature found;
    const bool is_whole = entries <= WEBHOOK_MAX_SIGNATURES && has_v1;
    const enum svc_status status =
        webhook_verify(&secrets, &headers, body, body_bytes, NOW_S * 1000, &found);
    FUZZ_CHECK((status == SVC_OK) == (is_whole && last < KEYS), "status %d of \"%s\"", (int)status,
               header);
    FUZZ_CHECK(found.refusal == (status == SVC_OK ? WEBHOOK_REFUSED_NONE
                                 : is_whole       ? WEBHOOK_REFUSED_MISMATCH
                                                  : WEBHOOK_REFUSED_MALFORMED),
               "%s", webhook_refusal_name(found.refusal));
    FUZZ_CHECK(status != SVC_OK || found.secret == last, "secret %zu, not %zu", found.secret, last);
}

/* ---------------------------------------------------------------------- sign.h */

static enum svc_status make_headers(enum webhook_scheme scheme, bool as_bytes,
                                    const struct webhook_secrets *secrets, const uint8_t *body,
                                    size_t body_bytes, struct webhook_sign_headers *made) {
    if (scheme == WEBHOOK_SCHEME_PLATFORM)
        return webhook_sign_platform(secrets, body, body_bytes, made);
    if (scheme == WEBHOOK_SCHEME_STANDARD)
        return webhook_sign_standard(secrets, "id_1", NOW_S, body, body_bytes, made);
    return webhook_sign_toss(secrets, as_bytes ? WEBHOOK_SIGN_TOSS_BYTES : WEBHOOK_SIGN_TOSS_TEXT,
                             TIME, body, body_bytes, made);
}

static void check_made(struct fuzz_input *input) {
    const enum webhook_scheme scheme = (enum webhook_scheme)(fuzz_take_u8(input) % WEBHOOK_SCHEMES);
    const size_t sender = fuzz_take_u8(input) % 6, receiver = fuzz_take_u8(input) % 6;
    const size_t senders = scheme == WEBHOOK_SCHEME_PLATFORM ? 1 : 1 + fuzz_take_u8(input) % 4;
    const size_t receivers = 1 + fuzz_take_u8(input) % 4;
    const bool as_bytes = fuzz_take_bool(input), is_changed = fuzz_take_bool(input);
    size_t body_bytes = 64;
    const uint8_t *body = fuzz_take_front(input, &body_bytes);
    struct webhook_secrets from, to;
    struct webhook_sign_headers made;
    struct webhook_headers headers;
    struct webhook_signature found;
    webhook_secrets_init(&from);
    webhook_secrets_init(&to);
    for (size_t i = sender; i < sender + senders; i++)
        add_key(&from, scheme, i);
    for (size_t i = receiver; i < receiver + receivers; i++)
        add_key(&to, scheme, i);
    FUZZ_CHECK(make_headers(scheme, as_bytes, &from, body, body_bytes, &made) == SVC_OK,
               "not signed");
    webhook_headers_init(&headers);
    for (size_t i = 0; i < made.count; i++)
        webhook_headers_add(&headers, made.headers[i].name, made.headers[i].value);
    const bool is_shared = sender < receiver + receivers && receiver < sender + senders;
    const size_t size = is_changed && body_bytes ? body_bytes - 1 : body_bytes;
    FUZZ_CHECK((webhook_verify(&to, &headers, body, size, NOW_S * 1000, &found) == SVC_OK) ==
                   (is_shared && size == body_bytes),
               "what was signed is %s", is_shared ? "refused" : "accepted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct webhook_secrets secrets;
    add_secrets(&secrets);
    /* One of them: each makes many HMACs. */
    const uint8_t choice = fuzz_take_u8(&input) % 3;
    if (choice == 0)
        check_signed(&input, &secrets);
    else if (choice == 1)
        check_rotated(&input);
    else
        check_made(&input);
    input = (struct fuzz_input){data, size_bytes};
    char *text = fuzz_take_line(&input, '\n', NULL);
    struct webhook_headers headers;
    webhook_headers_init(&headers);
    webhook_headers_add(&headers, size_bytes % 2 ? "x-webhook-signature" : "webhook-signature",
                        text);
    struct webhook_signature found;
    FUZZ_CHECK(webhook_verify(&secrets, &headers, "{}", 2, NOW_S * 1000, &found) ==
                   SVC_ACCESS_DENIED,
               "accepted \"%s\"", text);
    free(text);
    webhook_secrets_clear(&secrets);
    return 0;
}
