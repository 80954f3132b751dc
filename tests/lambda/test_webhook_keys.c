/* The webhooks' secrets: how the text of a secret becomes keys, and how they are cached while a
 * Secrets Manager of the test's own changes, fails, and is asked too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/webhook/keys.h"
#include "services/base/crypto.h"
#include "services/base/text.h"
#include "tests/services/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STANDARD     "whsec_YS1zdGFuZGFyZC13ZWJob29rcy1zZWNyZXQ="

static enum svc_status parse(const char *text, struct webhook_key_set *set,
                             struct svc_error *error) {
    return webhook_key_set_parse(text, strlen(text), set, error);
}

static size_t secrets_in(const struct webhook_key_set *set, enum webhook_scheme scheme) {
    return set->senders.schemes[scheme].secrets;
}

/* ---------------------------------------------------------------------- the text of a secret */

static void test_words_are_told_apart_by_their_prefix(void **state) {
    (void)state;
    struct webhook_key_set set;
    assert_int_equal(parse("  one\ttwo " STANDARD "\r\n", &set, NULL), SVC_OK);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_PLATFORM), 2);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_STANDARD), 1);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_TOSS), 0);
    assert_int_equal(set.tokens.count, 0);
    assert_memory_equal(set.senders.schemes[WEBHOOK_SCHEME_PLATFORM].keys[1].bytes, "two", 3);
}

static void test_json_has_a_list_for_each_kind(void **state) {
    (void)state;
    struct webhook_key_set set;
    assert_int_equal(parse(" {\"platform\":[\"a\",\"b\"],\"standard\":\"" STANDARD
                           "\",\"toss\":[\"abcd\"],\"tossTokens\":[\"0123456789abcdef\"],"
                           "\"internal\":[\"" STANDARD "\"]}",
                           &set, NULL),
                     SVC_OK);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_PLATFORM), 2);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_STANDARD), 1);
    assert_int_equal(secrets_in(&set, WEBHOOK_SCHEME_TOSS), 1);
    assert_int_equal(set.tokens.count, 1);
    assert_int_equal(set.internal.schemes[WEBHOOK_SCHEME_STANDARD].secrets, 1);
    assert_int_equal(set.internal.schemes[WEBHOOK_SCHEME_PLATFORM].secrets, 0);
}

static void test_what_is_no_secret_is_refused_and_not_shown(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "  \n",
        "{}",
        "{\"platform\":[]}",
        "{\"tossTokens\":[\"canary6789abcdef\"]}", /* opens nothing by itself */
        "{\"platform\":\"canary\"",
        "{\"platform\":[\"canary\",1]}",
        "{\"platform\":[\"canary\",null]}",
        "{\"platform\":[\"canary\",\"\"]}",
        "{\"platform\":{\"canary\":\"canary\"}}",
        "{\"platfrom\":[\"canary\"],\"platform\":[\"b\"]}",
        "{\"canary\":[\"a\"],\"platform\":[\"b\"]}",
        "{\"platform\":[\"canary\"],\"platform\":[\"b\"]}",
        "{\"platform\":[\"canary\",\"canary\"]}",
        "{\"standard\":[\"canary\"]}",
        "{\"internal\":[\"canary\"]}",
        "{\"platform\":[\"a\"],\"tossTokens\":[\"canary\"]}",
        "canary canary",
        "whsec_canary",
        "whpk_canary",
        "1 2 3 4 5 6 7 8 canary",
    };
    static const struct webhook_key_set none;
    struct webhook_key_set set;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct svc_error error = {0};
        memset(&set, 0xaa, sizeof(set));
        if (parse(bad[i], &set, &error) != SVC_CONFIGURATION || error.detail[0] == '\0' ||
            strstr(error.detail, "canary") != NULL) {
            fail_msg("%s: %s", bad[i], error.detail);
        }
        assert_memory_equal(&set, &none, sizeof(none));
    }
    assert_int_equal(webhook_key_set_parse("a\0b", 3, &set, NULL), SVC_CONFIGURATION);
    char word[WEBHOOK_MAX_SECRET_BYTES + 2];
    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    assert_int_equal(parse(word, &set, NULL), SVC_CONFIGURATION);
    assert_int_equal(parse(word + 1, &set, NULL), SVC_OK);
}

/* ---------------------------------------------------------------------- the cache */

static struct {
    int64_t now_ms;
    const char *secret; /* as text of JSON; NULL: the service fails */
    int requests;
    int64_t takes_ms;
} manager;

static int64_t now(void *user) {
    (void)user;
    return manager.now_ms;
}

static void no_sleep(void *user, int64_t duration_ms) {
    (void)user;
    manager.now_ms += duration_ms;
}

static const struct svc_clock test_clock = {now, now, no_sleep, NULL};

static enum svc_status start(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **exchange) {
    (void)self, (void)request;
    struct svc_http_exchange *made = calloc(1, sizeof(*made));
    assert_non_null(made);
    manager.requests++;
    manager.now_ms += manager.takes_ms;
    svc_buf_init(&made->headers, 1024);
    svc_buf_init(&made->body, 4096);
    made->state = SVC_HTTP_DONE;
    made->sent = true;
    made->http_status = manager.secret != NULL ? 200 : 500;
    if (manager.secret != NULL) {
        assert_true(svc_buf_printf(&made->body, "{\"SecretString\":\"%s\"}", manager.secret));
    }
    *exchange = made;
    return SVC_OK;
}

static enum svc_status poll(void *self, int64_t until_ms) {
    (void)self, (void)until_ms;
    return SVC_OK;
}

static void end(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    if (exchange != NULL) {
        svc_buf_clear(&exchange->headers);
        svc_buf_clear(&exchange->body);
        free(exchange);
    }
}

static const struct svc_transport transport = {NULL, start, poll, end};

struct fixture {
    struct test_environment environment;
    struct awsc_client *aws;
    struct webhook_keys keys;
};

static int set_up(void **state) {
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    memset(&manager, 0, sizeof(manager));
    manager.now_ms = INT64_C(1767225600000);
    manager.secret = "old";
    test_environment_init(&fixture.environment);
    test_environment_set(&fixture.environment, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_environment_set(&fixture.environment, "AWS_SECRET_ACCESS_KEY", "secret");
    test_environment_set(&fixture.environment, "AWS_REGION", "ap-northeast-2");
    test_environment_set(&fixture.environment, "AWS_MAX_ATTEMPTS", "1");
    const struct awsc_client_options options = {
        .environment = &fixture.environment.environment,
        .clock = &test_clock,
        .transport = &transport,
    };
    *state = &fixture;
    return awsc_client_create(&options, &fixture.aws, NULL) != SVC_OK ||
           webhook_keys_init(&fixture.keys, fixture.aws, &test_clock, NULL, "openmarket/webhook",
                             "", NULL) != SVC_OK;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    awsc_client_destroy(fixture->aws);
    webhook_keys_clear(&fixture->keys);
    return 0;
}

/* Whether a request that is signed with `secret` gets in, as the function takes it. */
static bool gets_in(struct webhook_keys *keys, const char *secret) {
    static const char body[] = "{}";
    uint8_t mac[SVC_SHA256_BYTES];
    char hex[2 * SVC_SHA256_BYTES + 1];
    struct webhook_headers headers;
    struct webhook_signature signature;
    assert_int_equal(svc_hmac_sha256(secret, strlen(secret), body, 2, mac), SVC_OK);
    svc_hex(mac, sizeof(mac), hex);
    webhook_headers_init(&headers);
    webhook_headers_add(&headers, "x-webhook-signature", hex);
    return webhook_keys_prepare(keys, SVC_NO_DEADLINE) &&
           webhook_keys_verify(keys, KEYS_FOR_SENDERS, &headers, body, 2, SVC_NO_DEADLINE,
                               &signature) == SVC_OK;
}

static void test_the_secret_is_read_once_a_minute(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    for (int second = 0; second < 180; second++) {
        assert_true(gets_in(keys, "old"));
        manager.now_ms += 1000;
    }
    assert_int_equal(manager.requests, 3);
}

static void test_a_new_secret_opens_at_once(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    assert_true(gets_in(keys, "old"));
    manager.secret = "old new";
    assert_true(gets_in(keys, "new"));
    assert_true(gets_in(keys, "old"));
    assert_int_equal(manager.requests, 2);
    manager.secret = "old new newer";
    assert_true(gets_in(keys, "newer"));
    assert_int_equal(manager.requests, 3);
}

static void test_wrong_signatures_while_nothing_can_be_read_wait_for_it_seldom(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    assert_true(gets_in(keys, "old"));
    manager.secret = NULL;
    manager.requests = 0;
    for (int i = 0; i < 900; i++) {
        assert_false(gets_in(keys, "wrong"));
        manager.now_ms += 10;
    }
    assert_int_equal(manager.requests, 1);
    assert_true(gets_in(keys, "old"));
}

static void test_a_removed_secret_closes_within_a_minute(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    manager.secret = "old new";
    assert_true(gets_in(keys, "old"));
    manager.secret = "new";
    manager.now_ms += KEYS_FRESH_MS;
    assert_false(gets_in(keys, "old"));
    assert_true(gets_in(keys, "new"));
}

static void test_strangers_cause_few_requests(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    for (int i = 0; i < 1000; i++) {
        assert_false(gets_in(keys, "wrong"));
        manager.now_ms += 10;
    }
    /* One at the start, the burst, and one in each ten seconds. */
    assert_true(manager.requests <= 1 + KEYS_BURST + 1);
    manager.requests = 0;
    for (int i = 0; i < 1000; i++) {
        assert_false(gets_in(keys, "wrong"));
        manager.now_ms += 100;
    }
    assert_true(manager.requests >= 9 && manager.requests <= 11);
    assert_true(gets_in(keys, "old"));
}

static void test_old_secrets_count_for_an_hour_while_none_can_be_read(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    assert_true(gets_in(keys, "old"));
    const int64_t begin_ms = manager.now_ms;
    manager.secret = NULL;
    while (manager.now_ms - begin_ms < KEYS_STALE_MS - 60000) {
        manager.now_ms += 60000;
        assert_true(gets_in(keys, "old"));
    }
    assert_true(manager.requests >= 59);
    manager.now_ms = begin_ms + KEYS_STALE_MS;
    assert_false(gets_in(keys, "old"));
    assert_false(keys->has_fetched);
    manager.secret = "old";
    manager.now_ms += KEYS_AGAIN_EMPTY_MS;
    assert_true(gets_in(keys, "old"));
}

static void test_a_secret_that_became_nonsense_keeps_the_old_one(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    assert_true(gets_in(keys, "old"));
    manager.secret = "{\\\"platform\\\":";
    manager.now_ms += KEYS_FRESH_MS;
    assert_true(gets_in(keys, "old"));
    assert_int_equal(manager.requests, 2);
}

static void test_without_any_secret_nothing_opens_and_few_requests_are_made(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    manager.secret = NULL;
    for (int i = 0; i < 500; i++) {
        assert_false(webhook_keys_prepare(keys, SVC_NO_DEADLINE));
        manager.now_ms += 10;
    }
    assert_true(manager.requests >= 4 && manager.requests <= 5);
    manager.secret = "old";
    manager.now_ms += KEYS_AGAIN_EMPTY_MS;
    assert_true(gets_in(keys, "old"));
}

static void test_fixed_and_fetched_secrets_open_both(void **state) {
    struct fixture *fixture = *state;
    struct webhook_keys *keys = &fixture->keys;
    assert_int_equal(webhook_keys_init(keys, fixture->aws, &test_clock, NULL, "a", "fixed", NULL),
                     SVC_OK);
    assert_true(gets_in(keys, "fixed"));
    assert_true(gets_in(keys, "old"));
    /* While Secrets Manager is away the fixed ones open. */
    manager.secret = NULL;
    manager.now_ms += KEYS_STALE_MS;
    assert_true(gets_in(keys, "fixed"));
    assert_false(gets_in(keys, "old"));
    /* Without a name nothing is asked. */
    manager.requests = 0;
    assert_int_equal(webhook_keys_init(keys, fixture->aws, &test_clock, NULL, "", "fixed", NULL),
                     SVC_OK);
    assert_true(gets_in(keys, "fixed"));
    assert_false(gets_in(keys, "old"));
    assert_int_equal(manager.requests, 0);
}

static void test_internal_secrets_open_no_other_door(void **state) {
    struct webhook_keys *keys = &((struct fixture *)*state)->keys;
    struct webhook_headers headers;
    struct webhook_signature signature;
    manager.secret = "{\\\"internal\\\":\\\"" STANDARD "\\\"}";
    assert_true(webhook_keys_prepare(keys, SVC_NO_DEADLINE));
    webhook_headers_init(&headers);
    char text[64], entry[64] = "v1,";
    char time[24];
    struct svc_buf encoded, key;
    uint8_t mac[SVC_SHA256_BYTES];
    (void)snprintf(time, sizeof(time), "%lld", (long long)(manager.now_ms / 1000));
    (void)snprintf(text, sizeof(text), "msg_1.%s.{}", time);
    svc_buf_init(&encoded, 64);
    svc_buf_init(&key, 64);
    assert_int_equal(svc_base64_decode(&STANDARD[6], strlen(STANDARD) - 6, &key), SVC_OK);
    assert_int_equal(svc_hmac_sha256(key.bytes, key.size_bytes, text, strlen(text), mac), SVC_OK);
    assert_true(svc_base64(mac, sizeof(mac), &encoded));
    (void)snprintf(entry, sizeof(entry), "v1,%s", svc_buf_text(&encoded));
    webhook_headers_add(&headers, "webhook-id", "msg_1");
    webhook_headers_add(&headers, "webhook-timestamp", time);
    webhook_headers_add(&headers, "webhook-signature", entry);
    assert_int_equal(webhook_keys_verify(keys, KEYS_FOR_INTERNAL, &headers, "{}", 2,
                                         SVC_NO_DEADLINE, &signature),
                     SVC_OK);
    assert_int_equal(
        webhook_keys_verify(keys, KEYS_FOR_SENDERS, &headers, "{}", 2, SVC_NO_DEADLINE, &signature),
        SVC_ACCESS_DENIED);
    assert_int_equal(signature.refusal, WEBHOOK_REFUSED_NO_SECRET);
    svc_buf_clear(&encoded);
    svc_buf_clear(&key);
}

int main(void) {
#define CACHE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_are_told_apart_by_their_prefix),
        cmocka_unit_test(test_json_has_a_list_for_each_kind),
        cmocka_unit_test(test_what_is_no_secret_is_refused_and_not_shown),
        CACHE_TEST(test_the_secret_is_read_once_a_minute),
        CACHE_TEST(test_a_new_secret_opens_at_once),
        CACHE_TEST(test_wrong_signatures_while_nothing_can_be_read_wait_for_it_seldom),
        CACHE_TEST(test_a_removed_secret_closes_within_a_minute),
        CACHE_TEST(test_strangers_cause_few_requests),
        CACHE_TEST(test_old_secrets_count_for_an_hour_while_none_can_be_read),
        CACHE_TEST(test_a_secret_that_became_nonsense_keeps_the_old_one),
        CACHE_TEST(test_without_any_secret_nothing_opens_and_few_requests_are_made),
        CACHE_TEST(test_fixed_and_fetched_secrets_open_both),
        CACHE_TEST(test_internal_secrets_open_no_other_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
