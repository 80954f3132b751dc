/* Encodings and texts of services/base: percent, base64, hex and UTF-8 forwards and back, against
 * OpenSSL and libcurl where they have the same; numbers against strtoull; URLs of settings against
 * libcurl's parser; texts that are cut. */
#include <curl/curl.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/base/text.h"
#include "services/base/url.h"

#define MAX_BYTES ((size_t)1 << 16)

static void check_percent(const uint8_t *bytes, size_t size_bytes) {
    struct svc_buf encoded, decoded;
    svc_buf_init(&encoded, MAX_BYTES);
    svc_buf_init(&decoded, MAX_BYTES);
    svc_percent_encode(bytes, size_bytes, false, &encoded);
    char *theirs = size_bytes ? curl_easy_escape(NULL, (const char *)bytes, (int)size_bytes) : NULL;
    FUZZ_CHECK(!strcmp(svc_buf_text(&encoded), theirs ? theirs : ""), "%s, not %s",
               svc_buf_text(&encoded), theirs);
    curl_free(theirs);
    for (int form = 0; form < 2; form++) {
        svc_buf_reset(&decoded);
        FUZZ_CHECK(svc_percent_decode(svc_buf_text(&encoded), encoded.size_bytes, form, &decoded) ==
                           SVC_OK &&
                       decoded.size_bytes == size_bytes &&
                       (!size_bytes || !memcmp(decoded.bytes, bytes, size_bytes)),
                   "decoded as another");
    }
    svc_buf_reset(&encoded);
    svc_percent_encode(bytes, size_bytes, true, &encoded);
    FUZZ_CHECK(strspn(svc_buf_text(&encoded), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789-._~%/") == encoded.size_bytes,
               "a character that is not encoded");
    svc_buf_clear(&encoded);
    svc_buf_clear(&decoded);
}

/* The input as what is encoded: exactly the texts without a '%' that two digits do not follow. */
static void check_decode(const uint8_t *bytes, size_t size_bytes) {
    struct svc_buf decoded;
    bool is_good = true;
    size_t expected_bytes = size_bytes;
    for (size_t i = 0; i < size_bytes && is_good; i++) {
        if (bytes[i] != '%')
            continue;
        is_good = i + 2 < size_bytes && svc_hex_digit((char)bytes[i + 1]) >= 0 &&
                  svc_hex_digit((char)bytes[i + 2]) >= 0;
        expected_bytes -= 2;
        i += 2;
    }
    svc_buf_init(&decoded, MAX_BYTES);
    const enum svc_status status =
        svc_percent_decode((const char *)bytes, size_bytes, false, &decoded);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_MALFORMED), "%s", svc_status_name(status));
    FUZZ_CHECK(!is_good || decoded.size_bytes == expected_bytes, "%zu bytes", decoded.size_bytes);
    svc_buf_clear(&decoded);
}

static void check_base64(const uint8_t *bytes, size_t size_bytes) {
    struct svc_buf encoded, decoded;
    char *theirs = fuzz_alloc(size_bytes * 2 + 8);
    theirs[0] = '\0';
    svc_buf_init(&encoded, MAX_BYTES);
    svc_buf_init(&decoded, MAX_BYTES);
    svc_base64(bytes, size_bytes, &encoded);
    if (size_bytes)
        EVP_EncodeBlock((uint8_t *)theirs, bytes, (int)size_bytes);
    FUZZ_CHECK(!strcmp(svc_buf_text(&encoded), theirs), "%s, not %s", svc_buf_text(&encoded),
               theirs);
    FUZZ_CHECK(svc_base64_decode(theirs, strlen(theirs), &decoded) == SVC_OK &&
                   decoded.size_bytes == size_bytes &&
                   (!size_bytes || !memcmp(decoded.bytes, bytes, size_bytes)),
               "decoded as another");
    /* As what is encoded: each sequence of bytes has one text alone. */
    svc_buf_reset(&decoded);
    svc_buf_reset(&encoded);
    if (svc_base64_decode((const char *)bytes, size_bytes, &decoded) == SVC_OK) {
        svc_base64(decoded.bytes, decoded.size_bytes, &encoded);
        FUZZ_CHECK(encoded.size_bytes == size_bytes &&
                       (!size_bytes || !memcmp(encoded.bytes, bytes, size_bytes)),
                   "two texts for the same bytes");
    }
    svc_buf_clear(&encoded);
    svc_buf_clear(&decoded);
    free(theirs);
}

static void check_hex(const uint8_t *bytes, size_t size_bytes) {
    char *text = fuzz_alloc(2 * size_bytes + 1), digits[3];
    uint8_t *back = fuzz_alloc(size_bytes);
    svc_hex(bytes, size_bytes, text);
    FUZZ_CHECK(strlen(text) == 2 * size_bytes, "its size");
    for (size_t i = 0; i < size_bytes; i++) {
        snprintf(digits, sizeof(digits), "%02x", bytes[i]);
        FUZZ_CHECK(!memcmp(text + 2 * i, digits, 2), "%s", text);
    }
    FUZZ_CHECK(svc_hex_decode(text, back, size_bytes) &&
                   (!size_bytes || !memcmp(back, bytes, size_bytes)),
               "decoded as another");
    FUZZ_CHECK(!svc_hex_decode(text, back, size_bytes + 1), "more than there is");
    free(text);
    free(back);
}

/* Well-formed is what comes out of code points, one after the other. */
static void check_utf8(const uint8_t *bytes, size_t size_bytes) {
    size_t at = 0, length = 1;
    uint8_t again[4];
    while (at < size_bytes && (length = svc_utf8_length(bytes + at, size_bytes - at)) > 0) {
        uint32_t code = length == 1 ? bytes[at] : bytes[at] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++)
            code = code << 6 | (bytes[at + i] & 0x3f);
        FUZZ_CHECK(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) &&
                       svc_utf8_encode(code, again) == length && !memcmp(again, bytes + at, length),
                   "U+%04X", code);
        at += length;
    }
    FUZZ_CHECK(svc_utf8_valid(bytes, size_bytes) == (at == size_bytes), "valid or not");
}

static void check_cut(const char *text, size_t room_bytes) {
    char cut[64], copied[64];
    const size_t size_bytes = strlen(text);
    svc_copy_cut(cut, room_bytes, text);
    FUZZ_CHECK(strlen(cut) < room_bytes && !strncmp(cut, text, strlen(cut)), "\"%s\"", cut);
    FUZZ_CHECK(size_bytes >= room_bytes || !strcmp(cut, text), "cut without a need");
    if (svc_utf8_valid((const uint8_t *)text, size_bytes))
        FUZZ_CHECK(svc_utf8_valid((const uint8_t *)cut, strlen(cut)) &&
                       (size_bytes < room_bytes || strlen(cut) + 4 >= room_bytes),
                   "cut at another place");
    const bool fits = svc_copy_text(copied, room_bytes, text);
    FUZZ_CHECK(fits == (size_bytes < room_bytes) && !strcmp(copied, fits ? text : ""), "\"%s\"",
               copied);
}

static void check_number(const char *text, uint64_t high) {
    uint64_t number = 42;
    char *end = NULL;
    errno = 0;
    const bool is_digits = *text && !text[strspn(text, "0123456789")];
    const unsigned long long expected = strtoull(text, &end, 10);
    const bool is_good = is_digits && errno == 0 && expected <= high;
    FUZZ_CHECK(svc_parse_uint(text, high, &number) == is_good, "\"%s\"", text);
    FUZZ_CHECK(number == (is_good ? expected : 42), "\"%s\" is %llu", text,
               (unsigned long long)number);
}

static void check_part(CURLU *theirs, CURLUPart part, const char *text, size_t size_bytes) {
    char *found = NULL;
    const CURLUcode code = curl_url_get(theirs, part, &found, CURLU_DEFAULT_PORT);
    FUZZ_CHECK(code == CURLUE_OK && strlen(found) == size_bytes && !memcmp(found, text, size_bytes),
               "part %d is %s, not %.*s", (int)part, found, (int)size_bytes, text);
    curl_free(found);
}

/* What is accepted is split as libcurl splits it, which sends the request. */
static void check_url(const char *text) {
    struct svc_url url;
    if (!svc_url_parse(text, &url))
        return;
    FUZZ_CHECK(!text[strcspn(text, " \t\r\n?#@\\\"<>")] || strchr(url.path, '@'), "\"%s\"", text);
    FUZZ_CHECK(url.authority_bytes > 0 && (!url.path[0] || url.path[0] == '/'), "\"%s\"", text);
    CURLU *theirs = curl_url();
    if (theirs && curl_url_set(theirs, CURLUPART_URL, text, CURLU_PATH_AS_IS) == CURLUE_OK) {
        const char *port = NULL;
        size_t host_bytes = url.authority_bytes;
        if (url.authority[0] != '[' && (port = memchr(url.authority, ':', url.authority_bytes)))
            host_bytes = (size_t)(port - url.authority);
        check_part(theirs, CURLUPART_SCHEME, url.is_https ? "https" : "http", url.is_https ? 5 : 4);
        if (url.authority[0] != '[' && !strchr("0123456789", url.authority[host_bytes - 1]))
            check_part(theirs, CURLUPART_HOST, url.authority, host_bytes);
        check_part(theirs, CURLUPART_PATH, url.path[0] ? url.path : "/",
                   url.path[0] ? strlen(url.path) : 1);
    }
    curl_url_cleanup(theirs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes > 4096 ? 4096 : size_bytes};
    const uint8_t *bytes = (const uint8_t *)(data ? (const char *)data : "");
    const size_t room_bytes = fuzz_take_range(&input, 1, 64);
    const uint64_t high = fuzz_take_u64(&input);
    const size_t used_bytes = input.size_bytes;
    char *text = fuzz_take_rest(&input, NULL);
    check_percent(bytes, used_bytes);
    check_decode(bytes, used_bytes);
    check_base64(bytes, used_bytes);
    check_hex(bytes, used_bytes);
    check_utf8(bytes, used_bytes);
    check_cut(text, room_bytes);
    check_number(text, high);
    check_url(text);
    free(text);
    return 0;
}
