#include "fuzz/support/sigv4_oracle.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "services/base/http.h"

#define MAX_SEGMENTS 4200

void sigv4_put(struct sigv4_text *text, const char *more) {
    const size_t size_bytes = strlen(more);
    FUZZ_CHECK(text->size_bytes + size_bytes < SIGV4_MAX_TEXT, "the oracle's text is full");
    memcpy(text->bytes + text->size_bytes, more, size_bytes + 1);
    text->size_bytes += size_bytes;
}

struct sigv4_text sigv4_text(void) {
    struct sigv4_text text = {fuzz_alloc(SIGV4_MAX_TEXT), 0};
    text.bytes[0] = '\0';
    return text;
}

static void put_encoded(struct sigv4_text *text, const char *from, bool keeps_slash) {
    for (; *from; from++) {
        char escape[4];
        const unsigned char c = (unsigned char)*from;
        const bool is_plain =
            (c < 128 &&
             ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) ||
            c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keeps_slash);
        snprintf(escape, sizeof(escape), is_plain ? "%c" : "%%%02X", c);
        sigv4_put(text, escape);
    }
}

/* Segments on a stack. */
static void put_path(struct sigv4_text *text, const char *path) {
    char *copy = strdup(path);
    const char *kept[MAX_SEGMENTS];
    size_t count = 0;
    const bool ends_in_slash = path[0] && path[strlen(path) - 1] == '/';
    for (char *at = copy, *next; at; at = next) {
        next = strchr(at, '/');
        if (next)
            *next++ = '\0';
        if (!strcmp(at, "..")) {
            count -= count > 0;
        } else if (strcmp(at, ".") && *at) {
            FUZZ_CHECK(count < MAX_SEGMENTS, "the oracle's stack is full");
            kept[count++] = at;
        }
    }
    for (size_t i = 0; i < count; i++) {
        sigv4_put(text, "/");
        put_encoded(text, kept[i], true);
    }
    if (count == 0 || ends_in_slash)
        sigv4_put(text, "/");
    free(copy);
}

/* Sorted by insertion: names first, then values if `by_value`, else as they came. */
struct pair {
    struct sigv4_text name, value;
};

static void insert(struct pair *pairs, size_t count, struct pair pair, bool by_value) {
    size_t i = count;
    while (i > 0) {
        const int names = strcmp(pairs[i - 1].name.bytes, pair.name.bytes);
        if (names < 0 ||
            (names == 0 && (!by_value || strcmp(pairs[i - 1].value.bytes, pair.value.bytes) <= 0)))
            break;
        pairs[i] = pairs[i - 1];
        i--;
    }
    pairs[i] = pair;
}

static void free_pairs(struct pair *pairs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].name.bytes);
        free(pairs[i].value.bytes);
    }
}

void sigv4_put_query(struct sigv4_text *text, const struct awsc_sign_input *input) {
    struct pair pairs[SIGV4_MAX_PAIRS];
    for (size_t i = 0; i < input->query_count; i++) {
        struct pair pair = {sigv4_text(), sigv4_text()};
        put_encoded(&pair.name, input->query[i].name, false);
        put_encoded(&pair.value, input->query[i].value ? input->query[i].value : "", false);
        insert(pairs, i, pair, true);
    }
    for (size_t i = 0; i < input->query_count; i++) {
        sigv4_put(text, i > 0 ? "&" : "");
        sigv4_put(text, pairs[i].name.bytes);
        sigv4_put(text, "=");
        sigv4_put(text, pairs[i].value.bytes);
    }
    free_pairs(pairs, input->query_count);
}

/* Words between blanks, joined by one space. */
static void put_value(struct sigv4_text *text, const char *value) {
    const char *before = "";
    while (value[strspn(value, " \t\r\n")]) {
        char word[2] = "";
        value += strspn(value, " \t\r\n");
        sigv4_put(text, before);
        for (; *value && !strchr(" \t\r\n", *value); value++) {
            word[0] = *value;
            sigv4_put(text, word);
        }
        before = " ";
    }
}

void sigv4_put_headers(struct sigv4_text *text, struct sigv4_text *names,
                       const struct awsc_sign_input *input) {
    struct pair pairs[SIGV4_MAX_PAIRS];
    for (size_t i = 0; i < input->header_count; i++) {
        struct pair pair = {sigv4_text(), sigv4_text()};
        sigv4_put(&pair.name, input->headers[i].name);
        for (char *c = pair.name.bytes; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        put_value(&pair.value, input->headers[i].value);
        insert(pairs, i, pair, false);
    }
    for (size_t i = 0; i < input->header_count; i++) {
        const bool is_same = i > 0 && !strcmp(pairs[i].name.bytes, pairs[i - 1].name.bytes);
        if (!is_same) {
            sigv4_put(names, i > 0 ? ";" : "");
            sigv4_put(names, pairs[i].name.bytes);
            sigv4_put(text, i > 0 ? "\n" : "");
            sigv4_put(text, pairs[i].name.bytes);
        }
        sigv4_put(text, is_same ? "," : ":");
        sigv4_put(text, pairs[i].value.bytes);
    }
    sigv4_put(text, input->header_count ? "\n" : "");
    free_pairs(pairs, input->header_count);
}

static void hmac(const void *key, size_t key_bytes, const char *text, uint8_t out[32]) {
    unsigned size_bytes = 0;
    FUZZ_CHECK(HMAC(EVP_sha256(), key, (int)key_bytes, (const uint8_t *)text, strlen(text), out,
                    &size_bytes) &&
                   size_bytes == 32,
               "OpenSSL refuses");
}

static void hex_of(const uint8_t bytes[32], char out[65]) {
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

struct sigv4_text sigv4_oracle(const struct awsc_sign_input *input, const char *secret,
                               const char *date, struct sigv4_text *names, char signature[65]) {
    struct sigv4_text canonical = sigv4_text(), to_sign = sigv4_text();
    uint8_t key[32], next[32];
    char hash[65], day[9] = "", first[300];
    unsigned size_bytes = 0;
    sigv4_put(&canonical, input->method);
    sigv4_put(&canonical, "\n");
    if (input->s3_path)
        sigv4_put(&canonical, input->path[0] ? input->path : "/");
    else
        put_path(&canonical, input->path);
    sigv4_put(&canonical, "\n");
    sigv4_put_query(&canonical, input);
    sigv4_put(&canonical, "\n");
    sigv4_put_headers(&canonical, names, input);
    sigv4_put(&canonical, "\n");
    sigv4_put(&canonical, names->bytes);
    sigv4_put(&canonical, "\n");
    sigv4_put(&canonical, input->payload_hash);
    FUZZ_CHECK(EVP_Digest(canonical.bytes, canonical.size_bytes, next, &size_bytes, EVP_sha256(),
                          NULL) == 1,
               "OpenSSL refuses");
    hex_of(next, hash);
    memcpy(day, date, 8);
    sigv4_put(&to_sign, "AWS4-HMAC-SHA256\n");
    sigv4_put(&to_sign, date);
    for (int i = 0; i < 4; i++) {
        const char *scope[] = {day, input->region, input->service, "aws4_request"};
        sigv4_put(&to_sign, i ? "/" : "\n");
        sigv4_put(&to_sign, scope[i]);
    }
    sigv4_put(&to_sign, "\n");
    sigv4_put(&to_sign, hash);
    snprintf(first, sizeof(first), "AWS4%s", secret);
    hmac(first, strlen(first), day, key);
    hmac(key, 32, input->region, next);
    hmac(next, 32, input->service, key);
    hmac(key, 32, "aws4_request", next);
    hmac(next, 32, to_sign.bytes, key);
    hex_of(key, signature);
    free(to_sign.bytes);
    return canonical;
}
