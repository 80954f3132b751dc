/* What the tests of the webhooks share: counted comparisons and hashes, documents with a member
 * changed, and allocations that fail in turn. Each program is linked with --wrap for the first. */
#ifndef TESTS_WEBHOOK_SUPPORT_H
#define TESTS_WEBHOOK_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"
#include "tests/support/failing_malloc.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct {
    size_t comparisons, compared_bytes, hmacs;
    bool hmac_fails;
} counted;

bool __real_svc_equal_constant_time(const void *a, const void *b, size_t size_bytes);
bool __wrap_svc_equal_constant_time(const void *a, const void *b, size_t size_bytes);
bool __wrap_svc_equal_constant_time(const void *a, const void *b, size_t size_bytes) {
    counted.comparisons++;
    counted.compared_bytes += size_bytes;
    return __real_svc_equal_constant_time(a, b, size_bytes);
}

enum svc_status __real_svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                       size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);
enum svc_status __wrap_svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                       size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]);
enum svc_status __wrap_svc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes,
                                       size_t size_bytes, uint8_t out[SVC_SHA256_BYTES]) {
    counted.hmacs++;
    return counted.hmac_fails ? SVC_INTERNAL
                              : __real_svc_hmac_sha256(key, key_bytes, bytes, size_bytes, out);
}

/* Documents that json-c in strict mode takes although they are not JSON, or that name a member
 * twice, are too deep, or are not UTF-8; each as the value of a member that is otherwise ignored,
 * so that nothing but the parser can refuse it. */
static const char *const invalid_values[] = {
    "NaN",
    "Infinity",
    "-Infinity",
    "-01",
    "01",
    "2.e3",
    "1.",
    ".5",
    "+1",
    "'a'",
    "\"a\tb\"",
    "\"\x01\"",
    "\"a\nb\"",
    "nan",
    "True",
    "1]",
    "\"\\ud800\"",
    "\"\xff\"",
    "\"\xc0\xaf\"",
    "{\"a\":1,\"a\":2}",
    "[1,]",
    "0x1",
    "1/**/",
    "\"\\u00\"",
    "{a:1}",
    "tru",
    "\"\xed\xa0\x80\"",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};

/* `text` with the first `from` replaced by `to`; freed by the caller. */
__attribute__((unused)) static char *replaced(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    if (at == NULL) {
        fprintf(stderr, "no %s in %s\n", from, text);
        abort();
    }
    const size_t size = strlen(text) + strlen(to) + 1;
    char *made = malloc(size);
    if (made == NULL) {
        abort();
    }
    snprintf(made, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return made;
}

/* A JSON object with the value of the top-level or nested `"name":` replaced by `value`; NULL: the
 * member is removed (renamed to one that is ignored). Values have no comma or brace of their own.
 */
__attribute__((unused)) static char *with_member(const char *text, const char *name,
                                                 const char *value) {
    char key[80];
    snprintf(key, sizeof(key), "\"%s\":", name);
    const char *at = strstr(text, key);
    if (at == NULL) {
        fprintf(stderr, "no %s in %s\n", key, text);
        abort();
    }
    if (value == NULL) {
        return replaced(text, key, "\"ignored\":");
    }
    const char *from = at + strlen(key);
    size_t skipped = strcspn(from, ",}");
    if (*from == '[' || *from == '{') {
        const char close = *from == '[' ? ']' : '}';
        skipped = (size_t)(strrchr(from, close) - from) + (*from == '[');
    }
    const size_t size = strlen(text) + strlen(value) + 1;
    char *made = malloc(size);
    if (made == NULL) {
        abort();
    }
    snprintf(made, size, "%.*s%s%s", (int)(from - text), text, value, from + skipped);
    return made;
}

/* Runs `work` with each allocation of ours failing, once and from there on: it must return
 * NO_MEMORY, leave nothing behind, and succeed in the end. At least `least` have failed by then. */
__attribute__((unused)) static void fail_allocations(enum svc_status (*work)(void), int least) {
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        for (int n = 1;; n++) {
            const long before = failing_malloc.live;
            failing_malloc_arm(n, goes_on == 1);
            const enum svc_status status = work();
            const int failures = failing_malloc_disarm();
            assert_int_equal(failing_malloc.live, before);
            if (failures == 0) {
                assert_int_equal(status, SVC_OK);
                assert_true(n > least);
                break;
            }
            assert_int_equal(status, SVC_NO_MEMORY);
        }
    }
}

#endif
