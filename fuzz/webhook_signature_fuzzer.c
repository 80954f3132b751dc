/* Standard Webhooks and platform signatures, made by OpenSSL here: accepted if and only if one
 * entry is the HMAC of the body as received, within 300 s. The same with several secrets and
 * several entries of all three schemes, some of them of a secret that the receiver no longer has:
 * accepted if and only if a secret matches, and the last of those is reported. What sign.h makes
 * is accepted by a receiver that shares a secret. Entries v1a beside entries v1: the Ed25519
 * signatures are OpenSSL's, and sign.h makes the same bytes. Then any text as a header: never
 * accepted, whatever keys the receiver has. */
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

/* ---------------------------------------------------------------------- v1a */

#define PAIRS 4 /* of Ed25519 keys */

static void pair_seed(size_t i, uint8_t seed[32]) {
    memset(seed, (int)(i * 41 + 7), 32);
}

static EVP_PKEY *pair(size_t i) {
    uint8_t seed[32];
    pair_seed(i, seed);
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    FUZZ_CHECK(own, "no key");
    return own;
}

static void add_public(struct webhook_secrets *secrets, size_t i) {
    char text[64] = "whpk_";
    uint8_t bytes[32];
    size_t bytes_size = sizeof bytes;
    EVP_PKEY *own = pair(i);
    FUZZ_CHECK(EVP_PKEY_get_raw_public_key(own, bytes, &bytes_size), "no public key");
    EVP_PKEY_free(own);
    EVP_EncodeBlock((uint8_t *)text + 5, bytes, sizeof bytes);
    FUZZ_CHECK(webhook_secrets_add(secrets, WEBHOOK_SCHEME_STANDARD, text, NULL) == SVC_OK,
               "no public key %zu", i);
}

static void sign_public(size_t i, const char *before, const uint8_t *body, size_t body_bytes,
                        char encoded[96]) {
    uint8_t signature[64];
    size_t signature_bytes = sizeof signature;
    const size_t before_bytes = strlen(before);
    uint8_t *content = fuzz_alloc(before_bytes + body_bytes + 1);
    memcpy(content, before, before_bytes);
    memcpy(content + before_bytes, body, body_bytes);
    EVP_PKEY *own = pair(i);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    FUZZ_CHECK(context && EVP_DigestSignInit(context, NULL, NULL, NULL, own) == 1 &&
                   EVP_DigestSign(context, signature, &signature_bytes, content,
                                  before_bytes + body_bytes) == 1,
               "no signature");
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(own);
    free(content);
    EVP_EncodeBlock((uint8_t *)encoded, signature, sizeof signature);
}

/* Whether the receiver can read an entry's value, and which key it is of: a pair, or PAIRS plus a
 * secret's number, or none of them. */
struct entry {
    bool is_public, is_readable;
    size_t key;
};
#define NO_KEY SIZE_MAX

static struct entry put_public_entry(struct fuzz_input *input, const uint8_t *body,
                                     size_t body_bytes, char *header) {
    static const char before[] = "id_1.1788220800.";
    const uint8_t choice = fuzz_take_u8(input), kind = fuzz_take_u8(input);
    struct entry entry = {.is_public = choice & 1, .is_readable = true, .key = choice / 2 % PAIRS};
    char encoded[96], text[33];
    uint8_t mac[32];
    if (entry.is_public) {
        sign_public(entry.key, before, body, body_bytes, encoded);
    } else {
        key_text(entry.key, text);
        sign_with(text, 32, before, body, body_bytes, "", mac);
        EVP_EncodeBlock((uint8_t *)encoded, mac, sizeof mac);
        entry.key += PAIRS;
    }
    if (kind % 8 == 1) { /* another character: the last one that counts has no stray bits */
        const size_t at = kind / 8 % 20;
        encoded[at] = encoded[at] == 'A' ? 'B' : 'A';
        entry.key = NO_KEY;
    } else if (kind % 8 == 2) {
        encoded[strlen(encoded) - 4] = '\0';
        entry.is_readable = false;
    } else if (kind % 8 == 3) { /* its value under the version of the other kind */
        entry.is_public = !entry.is_public;
        entry.is_readable = false;
    }
    strcat(strcat(header, *header ? " " : ""), entry.is_public ? "v1a," : "v1,");
    strcat(header, encoded);
    return entry;
}

/* A receiver with some of the pairs' public keys and some secrets, and entries of both versions. */
static void check_public(struct fuzz_input *input) {
    const uint8_t public_keys = fuzz_take_u8(input) % (1 << PAIRS);
    const uint8_t secret_keys = fuzz_take_u8(input) % (1 << PAIRS);
    const size_t entries = 1 + fuzz_take_u8(input) % WEBHOOK_MAX_SIGNATURES;
    const int64_t late_s = fuzz_take_u8(input) & 128 ? 301 : 0;
    const bool is_changed = fuzz_take_u8(input) % 8 == 1;
    char header[2048] = "";
    size_t body_bytes = 64, known[2 * PAIRS], last = NO_KEY, values = 0;
    const uint8_t *body = fuzz_take_front(input, &body_bytes);
    bool is_readable = true;
    struct webhook_secrets secrets;
    struct webhook_headers headers;
    struct webhook_signature found;
    webhook_secrets_init(&secrets);
    for (size_t i = 0, count = 0; i < 2 * PAIRS; i++) {
        known[i] = NO_KEY;
        if (i < PAIRS ? public_keys >> i & 1 : secret_keys >> (i - PAIRS) & 1) {
            known[i] = count++;
            if (i < PAIRS)
                add_public(&secrets, i);
            else
                add_key(&secrets, WEBHOOK_SCHEME_STANDARD, i - PAIRS);
        }
    }
    for (size_t i = 0; i < entries; i++) {
        const struct entry entry = put_public_entry(input, body, body_bytes, header);
        if (entry.is_public && !public_keys)
            continue; /* skipped, whatever it is */
        values++;
        is_readable = is_readable && entry.is_readable;
        const size_t match = entry.key == NO_KEY || is_changed ? NO_KEY : known[entry.key];
        last = match != NO_KEY && (last == NO_KEY || match > last) ? match : last;
    }
    webhook_headers_init(&headers);
    webhook_headers_add(&headers, "webhook-id", is_changed ? "id_2" : "id_1");
    webhook_headers_add(&headers, "webhook-timestamp", "1788220800");
    webhook_headers_add(&headers, "webhook-signature", header);
    const bool fits = strlen(header) <= WEBHOOK_MAX_SIGNATURE_BYTES;
    const enum webhook_refusal expected = !public_keys && !secret_keys ? WEBHOOK_REFUSED_NO_SECRET
                                          : !fits || !is_readable || !values
                                              ? WEBHOOK_REFUSED_MALFORMED
                                          : late_s         ? WEBHOOK_REFUSED_TIMESTAMP
                                          : last == NO_KEY ? WEBHOOK_REFUSED_MISMATCH
                                                           : WEBHOOK_REFUSED_NONE;
    const enum svc_status status =
        webhook_verify(&secrets, &headers, body, body_bytes, (NOW_S + late_s) * 1000, &found);
    FUZZ_CHECK(found.refusal == expected, "%s, not %s: \"%s\"", webhook_refusal_name(found.refusal),
               webhook_refusal_name(expected), header);
    FUZZ_CHECK((status == SVC_OK) == (expected == WEBHOOK_REFUSED_NONE), "status %d", (int)status);
    FUZZ_CHECK(status != SVC_OK || found.secret == last, "secret %zu, not %zu", found.secret, last);
    webhook_secrets_clear(&secrets);
}

/* ---------------------------------------------------------------------- sign.h */

/* The seed alone or with its public key, or a text that is neither: the header is OpenSSL's. */
static void check_made_public(struct fuzz_input *input) {
    const size_t i = fuzz_take_u8(input) % PAIRS;
    const uint8_t form = fuzz_take_u8(input) % 6;
    size_t body_bytes = 64;
    const uint8_t *body = fuzz_take_front(input, &body_bytes);
    uint8_t bytes[64] = {0};
    char private_key[128] = "whsk_", encoded[96], expected[128];
    struct webhook_sign_headers made;
    pair_seed(i, bytes);
    memset(bytes + 32, 9, 32);
    EVP_EncodeBlock((uint8_t *)private_key + 5, bytes,
                    form == 0   ? 32
                    : form == 1 ? 64
                                : 31 + 2 * (form & 1));
    if (form == 4)
        private_key[3] = 'p';
    const char *id = form == 5 ? "id.1" : "id_1";
    const bool is_good = form < 2;
    const enum svc_status status =
        webhook_sign_standard_public(private_key, id, NOW_S, body, body_bytes, &made);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_INVALID_ARGUMENT), "status %d of form %d",
               (int)status, form);
    FUZZ_CHECK(made.count == (is_good ? 3 : 0), "%zu headers", made.count);
    if (!is_good)
        return;
    sign_public(i, "id_1.1788220800.", body, body_bytes, encoded);
    snprintf(expected, sizeof expected, "v1a,%s", encoded);
    FUZZ_CHECK(!strcmp(made.headers[2].value, expected) &&
                   !strcmp(made.headers[2].name, "webhook-signature"),
               "%s, not %s", made.headers[2].value, expected);
    FUZZ_CHECK(!strcmp(made.headers[0].value, id) && !strcmp(made.headers[1].value, "1788220800"),
               "%s, %s", made.headers[0].value, made.headers[1].value);
}

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

/* Any text as a header, of a receiver that has keys of both versions. */
static void check_any(const uint8_t *data, size_t size_bytes, struct webhook_secrets *secrets) {
    struct fuzz_input input = {data, size_bytes};
    char *text = fuzz_take_line(&input, '\n', NULL);
    struct webhook_headers headers;
    struct webhook_signature found;
    webhook_headers_init(&headers);
    webhook_headers_add(&headers, size_bytes % 2 ? "x-webhook-signature" : "webhook-signature",
                        text);
    if (size_bytes % 4 >= 2) {
        webhook_headers_add(&headers, "webhook-id", "id_1");
        webhook_headers_add(&headers, "webhook-timestamp", "1788220800");
        add_public(secrets, 0);
    }
    FUZZ_CHECK(webhook_verify(secrets, &headers, "{}", 2, NOW_S * 1000, &found) ==
                   SVC_ACCESS_DENIED,
               "accepted \"%s\"", text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct webhook_secrets secrets;
    add_secrets(&secrets);
    /* One of them: each makes many signatures. */
    switch (fuzz_take_u8(&input) % 5) {
    case 0:
        check_signed(&input, &secrets);
        break;
    case 1:
        check_rotated(&input);
        break;
    case 2:
        check_made(&input);
        break;
    case 3:
        check_public(&input);
        break;
    default:
        check_made_public(&input);
    }
    check_any(data, size_bytes, &secrets);
    webhook_secrets_clear(&secrets);
    return 0;
}
