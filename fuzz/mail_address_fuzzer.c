/* Addresses, domains, Punycode, URLs and the tokens of unsubscribe links: what is accepted keeps
 * the grammar by checks of this file; domains are decoded by an independent reader of Punycode and
 * are what was given; a token is good for its address and time alone, and no changed one is. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/punycode_oracle.h"
#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "services/email/clean.h"
#include "services/email/domain.h"
#include "services/email/punycode.h"
#include "services/email/unsubscribe.h"
#include "services/email/url.h"

#include <string.h>

#define LOWER_AND_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

/* ---------------------------------------------------------------------- Punycode */

static void check_punycode(const char *text, size_t size_bytes) {
    uint32_t points[EMAIL_MAX_LABEL_POINTS], expected[EMAIL_MAX_LABEL_POINTS];
    size_t count = EMAIL_MAX_LABEL_POINTS, expected_count = EMAIL_MAX_LABEL_POINTS;
    char encoded[2048];
    const bool is_read = email_punycode_decode(text, size_bytes, points, &count);
    const bool is_one = punycode_oracle_decode(text, size_bytes, expected, &expected_count);
    FUZZ_CHECK(is_read == is_one, "Punycode is %s", is_read ? "taken" : "refused");
    FUZZ_CHECK(!is_read ||
                   (count == expected_count && !memcmp(points, expected, count * sizeof(*points))),
               "%zu code points, not %zu", count, expected_count);
    /* The same bytes as UTF-8, encoded. */
    count = 0;
    for (size_t at = 0, length = 0; at < size_bytes && count < EMAIL_MAX_LABEL_POINTS;
         at += length) {
        points[count] = email_code_point(text + at, size_bytes - at, &length);
        length = length ? length : 1;
        count++;
    }
    if (!email_punycode_encode(points, count, encoded, sizeof encoded))
        FUZZ_CHECK(false, "%zu code points are not encoded", count);
    const size_t encoded_bytes = strlen(encoded);
    if (memchr(points, 0, count * sizeof *points) && encoded_bytes < count)
        return; /* a NUL ends the text */
    expected_count = EMAIL_MAX_LABEL_POINTS;
    FUZZ_CHECK(punycode_oracle_decode(encoded, encoded_bytes, expected, &expected_count) &&
                   expected_count == count && !memcmp(points, expected, count * sizeof(*points)),
               "%s is something else", encoded);
    FUZZ_CHECK(!email_punycode_encode(points, count, encoded, encoded_bytes),
               "%zu bytes in as many", encoded_bytes);
}

/* ---------------------------------------------------------------------- domains */

/* Appends a label of an ASCII domain in UTF-8. */
static void put_label(const char *label, size_t size_bytes, struct svc_buf *out) {
    uint32_t points[EMAIL_MAX_LABEL_POINTS];
    size_t count = EMAIL_MAX_LABEL_POINTS;
    if (size_bytes < 4 || memcmp(label, "xn--", 4) != 0) {
        svc_buf_append(out, label, size_bytes);
        return;
    }
    FUZZ_CHECK(punycode_oracle_decode(label + 4, size_bytes - 4, points, &count),
               "%.*s decodes to nothing", (int)size_bytes, label);
    bool is_ascii = true;
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[4];
        is_ascii &= points[i] < 0x80;
        FUZZ_CHECK(points[i] > ' ' && (points[i] < 0xd800 || points[i] > 0xdfff) &&
                       points[i] != 0x3002 && points[i] != 0x202e && points[i] != 0x200b,
                   "U+%04x in a label", points[i]);
        svc_buf_append(out, bytes, svc_utf8_encode(points[i], bytes));
    }
    FUZZ_CHECK(!is_ascii, "%.*s encodes ASCII", (int)size_bytes, label);
}

/* Whether nothing of it is mapped: small letters of ASCII and Hangul syllables alone. */
static bool is_unmapped(const char *text, size_t size_bytes) {
    for (size_t at = 0, length = 0; at < size_bytes; at += length) {
        const uint32_t c = email_code_point(text + at, size_bytes - at, &length);
        const bool is_ascii = c && c < 0x80 && strchr(LOWER_AND_DIGITS "-.", (char)c);
        if (length == 0 || !(is_ascii || (c >= 0xac00 && c <= 0xd7a3)))
            return false;
    }
    return !memmem(text, size_bytes, "xn--", 4);
}

static void check_ascii_domain(const char *domain, struct svc_buf *decoded) {
    size_t labels = 0, last_digits = 0, label_bytes = 0;
    FUZZ_CHECK(strlen(domain) <= 253, "a domain of %zu bytes", strlen(domain));
    for (const char *at = domain; *at; at += label_bytes + (at[label_bytes] == '.')) {
        label_bytes = strcspn(at, ".");
        last_digits = strspn(at, "0123456789");
        FUZZ_CHECK(label_bytes > 0 && label_bytes <= 63 && at[0] != '-' &&
                       at[label_bytes - 1] != '-' &&
                       strspn(at, LOWER_AND_DIGITS "-") == label_bytes,
                   "a label of %s", domain);
        FUZZ_CHECK(at[label_bytes] != '.' || at[label_bytes + 1], "a dot ends %s", domain);
        if (labels++ > 0)
            svc_buf_append_char(decoded, '.');
        put_label(at, label_bytes, decoded);
    }
    FUZZ_CHECK(labels >= 2 && last_digits < label_bytes, "the domain %s", domain);
}

static void check_domain(const char *text, size_t size_bytes) {
    char domain[EMAIL_DOMAIN_BYTES], again[EMAIL_DOMAIN_BYTES];
    const char *why = NULL;
    struct svc_buf decoded;
    if (!email_domain_to_ascii(text, size_bytes, domain, &why)) {
        FUZZ_CHECK(why && *why, "refused without a reason");
        return;
    }
    svc_buf_init(&decoded, 4096);
    check_ascii_domain(domain, &decoded);
    FUZZ_CHECK(email_domain_to_ascii(domain, strlen(domain), again, &why) && !strcmp(again, domain),
               "%s becomes %s", domain, again);
    FUZZ_CHECK(email_domain_to_ascii(svc_buf_text(&decoded), decoded.size_bytes, again, &why) &&
                   !strcmp(again, domain),
               "%s in UTF-8 is %s, which becomes %s", domain, svc_buf_text(&decoded), again);
    if (is_unmapped(text, size_bytes))
        FUZZ_CHECK(decoded.size_bytes == size_bytes &&
                       !memcmp(svc_buf_text(&decoded), text, size_bytes),
                   "%.*s becomes %s", (int)size_bytes, text, svc_buf_text(&decoded));
    svc_buf_clear(&decoded);
}

/* ---------------------------------------------------------------------- addresses */

static bool is_local(const char *text, size_t size_bytes) {
    if (size_bytes == 0 || size_bytes > 64 || memmem(text, size_bytes, "=?", 2))
        return false;
    for (size_t i = 0; i < size_bytes; i++) {
        const char c = text[i];
        const bool is_dot = c == '.' && i > 0 && i + 1 < size_bytes && text[i - 1] != '.';
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_dot && !is_letter && !(c >= '0' && c <= '9') &&
            !(c && strchr("!#$%&'*+-/=?^_`{|}~", c)))
            return false;
    }
    return true;
}

static bool check_address(const char *text, size_t size_bytes) {
    char address[EMAIL_ADDRESS_BYTES], domain[EMAIL_DOMAIN_BYTES];
    const char *why = NULL, *ignored = NULL;
    const char *at = size_bytes ? memchr(text, '@', size_bytes) : NULL;
    const size_t local_bytes = at ? (size_t)(at - text) : 0;
    const size_t rest_bytes = at ? size_bytes - local_bytes - 1 : 0;
    const bool is_good = at && is_local(text, local_bytes) && size_bytes <= 1016 &&
                         email_domain_to_ascii(at + 1, rest_bytes, domain, &ignored) &&
                         local_bytes + 1 + strlen(domain) <= 254;
    const bool is_taken = email_address_check(text, size_bytes, address, &why);
    FUZZ_CHECK(is_taken == is_good && is_taken == (why == NULL), "%.*s is %s: %s", (int)size_bytes,
               text, is_taken ? "taken" : "refused", why);
    FUZZ_CHECK(is_taken ? !memcmp(address, text, local_bytes + 1) &&
                              !strcmp(address + local_bytes + 1, domain)
                        : !address[0],
               "%.*s becomes %s", (int)size_bytes, text, address);
    return is_taken;
}

/* ---------------------------------------------------------------------- URLs */

static void check_url(const char *text, size_t size_bytes, size_t max_bytes) {
    char url[EMAIL_URL_BYTES], again[EMAIL_URL_BYTES], domain[EMAIL_DOMAIN_BYTES];
    const char *why = NULL;
    if (!email_url_check(text, size_bytes, max_bytes, url, &why)) {
        FUZZ_CHECK(why && *why && !url[0], "refused without a reason");
        return;
    }
    FUZZ_CHECK(strlen(url) <= max_bytes && !strncmp(url, "https://", 8), "the URL %s", url);
    const char *host = url + 8;
    const size_t host_bytes = strcspn(host, ":/");
    FUZZ_CHECK(email_domain_to_ascii(host, host_bytes, domain, &why) &&
                   strlen(domain) == host_bytes && !memcmp(domain, host, host_bytes),
               "the host of %s", url);
    const char *rest = host + host_bytes;
    if (*rest == ':') {
        const size_t digits = strspn(rest + 1, "0123456789");
        FUZZ_CHECK(digits >= 1 && digits <= 5 && atoi(rest + 1) > 0 && atoi(rest + 1) < 65536,
                   "the port of %s", url);
        rest += digits + 1;
    }
    FUZZ_CHECK(*rest == '/', "no path: %s", url);
    for (; *rest; rest++)
        FUZZ_CHECK(
            *rest > ' ' && *rest < 0x7f && !strchr("\"<>\\^`{|}", *rest) &&
                (*rest != '%' || (svc_hex_digit(rest[1]) >= 0 && svc_hex_digit(rest[2]) >= 0)),
            "0x%02x in %s", (unsigned char)*rest, url);
    FUZZ_CHECK(email_url_check(url, strlen(url), max_bytes, again, &why) && !strcmp(again, url),
               "%s becomes %s", url, again);
}

/* ---------------------------------------------------------------------- tokens */

#define EXPIRES_S INT64_C(1800000000)

static void to_lower(char *text) {
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* A changed token, or one for another secret, is no token. */
static void check_changed(const char *const *secrets, const char *good,
                          struct fuzz_input *choices) {
    static const char *const others[] = {"another secret!!"};
    char email[EMAIL_ADDRESS_BYTES] = "x", changed[EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES + 3];
    const size_t size_bytes = strlen(good);
    const size_t at = fuzz_take_u32(choices) % (size_bytes + 1);
    const char c = (char)fuzz_take_u8(choices);
    FUZZ_CHECK(email_unsubscribe_verify(others, 1, good, 0, email) == SVC_ACCESS_DENIED &&
                   !email[0],
               "good for another secret");
    memcpy(changed, good, size_bytes + 1);
    changed[at] = c;
    changed[size_bytes + 1] = '\0';
    if (strcmp(changed, good) != 0)
        FUZZ_CHECK(email_unsubscribe_verify(secrets, 1, changed, 0, email) == SVC_ACCESS_DENIED &&
                       !email[0],
                   "%s is as good as %s", changed, good);
}

static void check_token(const char *address, const char *secret, int64_t expires_s, bool is_address,
                        struct fuzz_input *choices) {
    const char *const secrets[] = {secret};
    char email[EMAIL_ADDRESS_BYTES], expected[EMAIL_ADDRESS_BYTES];
    const char *why = NULL;
    struct svc_buf token;
    const bool is_good = is_address && strlen(secret) >= 16 && strlen(secret) <= 256 &&
                         expires_s > 0 && expires_s <= INT64_C(253402300799);
    svc_buf_init(&token, EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES);
    const enum svc_status status = email_unsubscribe_token(secret, address, expires_s, &token);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_INVALID_ARGUMENT), "a token for %s: status %d",
               address, (int)status);
    if (is_good) {
        const char *text = svc_buf_text(&token);
        email_address_check(address, strlen(address), expected, &why);
        to_lower(expected);
        FUZZ_CHECK(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER_AND_DIGITS "-_.") ==
                           token.size_bytes &&
                       strchr(text, '.') == strrchr(text, '.'),
                   "the token %s", text);
        FUZZ_CHECK(email_unsubscribe_verify(secrets, 1, text, expires_s * 1000 + 999, email) ==
                           SVC_OK &&
                       !strcmp(email, expected),
                   "the token for %s is for %s", expected, email);
        FUZZ_CHECK(email_unsubscribe_verify(secrets, 1, text, (expires_s + 1) * 1000, email) ==
                           SVC_PRECONDITION_FAILED &&
                       !email[0],
                   "good for ever");
        check_changed(secrets, text, choices);
    }
    svc_buf_clear(&token);
}

/* base64url without padding, bit by bit. */
static void put_base64url(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t bit = 0; bit < 8 * size_bytes; bit += 6) {
        unsigned value = 0;
        for (size_t i = bit; i < bit + 6; i++)
            value = value << 1 | (i < 8 * size_bytes && bytes[i / 8] >> (7 - i % 8) & 1);
        svc_buf_append_char(out, alphabet[value]);
    }
}

/* Any text that is signed with the secret: only the payload of a token is one. */
static void check_signed(const char *payload, size_t size_bytes) {
    static const char secret[] = "0123456789abcdef";
    static const char *const secrets[] = {"", "too short", secret, NULL};
    char email[EMAIL_ADDRESS_BYTES], expected[EMAIL_ADDRESS_BYTES] = "";
    uint8_t mac[SVC_SHA256_BYTES];
    struct svc_buf token;
    struct svc_json *document = NULL;
    int64_t expires_s = 0;
    const char *why = NULL;
    svc_buf_init(&token, 4096);
    put_base64url((const uint8_t *)payload, size_bytes, &token);
    svc_hmac_sha256(secret, 16, token.bytes, token.size_bytes, mac);
    svc_buf_append_char(&token, '.');
    put_base64url(mac, sizeof mac, &token);
    const bool is_json = svc_json_parse(payload, size_bytes, 0, &document, NULL) == SVC_OK;
    const char *address = svc_json_get_text(document, "email");
    const bool is_good = is_json && svc_json_get_int(document, "expires", &expires_s) && address &&
                         email_address_check(address, strlen(address), expected, &why) &&
                         token.size_bytes <= EMAIL_MAX_UNSUBSCRIBE_TOKEN_BYTES;
    to_lower(expected);
    const enum svc_status status =
        email_unsubscribe_verify(secrets, 4, svc_buf_text(&token), EXPIRES_S * 1000, email);
    FUZZ_CHECK(status == (!is_good                 ? SVC_ACCESS_DENIED
                          : expires_s >= EXPIRES_S ? SVC_OK
                                                   : SVC_PRECONDITION_FAILED),
               "a signed payload has status %d", (int)status);
    FUZZ_CHECK(!strcmp(email, status == SVC_OK ? expected : ""), "it is for %s", email);
    svc_json_free(document);
    svc_buf_clear(&token);
}

static void check_tokens(const char *address, const char *secret, int64_t expires_s,
                         bool is_address, struct fuzz_input choices) {
    const char *const secrets[] = {secret};
    char email[EMAIL_ADDRESS_BYTES];
    struct fuzz_input input = choices;
    size_t size_bytes = 0;
    char *text = fuzz_take_rest(&input, &size_bytes);
    check_token(address, secret, expires_s, is_address, &choices);
    check_signed(text, size_bytes);
    FUZZ_CHECK(email_unsubscribe_verify(secrets, 1, text, 0, email) != SVC_OK && !email[0],
               "a token that nobody signed");
    free(text);
}

/* An address, a secret, a label, a URL, and a text for tokens, a line each. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const uint8_t choice = fuzz_take_u8(&input);
    const size_t max_bytes = choice & 1 ? EMAIL_MAX_URL_BYTES : fuzz_take_u8(&input) + (size_t)9;
    const int64_t expires_s = choice & 2 ? EXPIRES_S : (int64_t)fuzz_take_u64(&input);
    size_t address_bytes = 0, url_bytes = 0, label_bytes = 0;
    char *address = fuzz_take_line(&input, '\n', &address_bytes);
    char *secret = fuzz_take_line(&input, '\n', NULL);
    char *label = fuzz_take_line(&input, '\n', &label_bytes);
    char *url = fuzz_take_line(&input, '\n', &url_bytes);
    const char *at = address_bytes ? memchr(address, '@', address_bytes) : NULL;
    check_punycode(label, label_bytes);
    check_domain(at ? at + 1 : address, address_bytes - (at ? (size_t)(at + 1 - address) : 0));
    const bool is_address = check_address(address, address_bytes);
    check_url(url, url_bytes, max_bytes);
    /* Signing takes most of the time. */
    if (strlen(address) == address_bytes && !(choice & 4))
        check_tokens(address, secret, expires_s, is_address, input);
    free(address);
    free(secret);
    free(label);
    free(url);
    return 0;
}
