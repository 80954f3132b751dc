/* Standard Webhooks and platform signatures, made by OpenSSL here: accepted if and only if one
 * entry is the HMAC of the body as received, within 300 s. Then any text as a header: never
 * accepted. */
#include "fuzz/support/fuzz.h"
#include "services/base/text.h"
#include "services/webhook/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define NOW_S INT64_C(1788220800)
static const char key[] = "0123456789abcdef0123456789abcdef";

static void sign(const char *before, const uint8_t *body, size_t body_bytes, uint8_t mac[32]) {
    unsigned mac_bytes = 32;
    const size_t before_bytes = strlen(before);
    uint8_t *content = fuzz_alloc(before_bytes + body_bytes);
    memcpy(content, before, before_bytes);
    memcpy(content + before_bytes, body, body_bytes);
    FUZZ_CHECK(HMAC(EVP_sha256(), key, sizeof key - 1, content, before_bytes + body_bytes, mac,
                    &mac_bytes),
               "no HMAC");
    free(content);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct webhook_secrets secrets;
    add_secrets(&secrets);
    check_signed(&input, &secrets);
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
