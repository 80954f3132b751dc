/* Routes of webhooks: which path, method, content type and size get in, and which status the others
 * get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/route.h"
#include "tests/services/webhook_support.h"

#define TOKEN_ONE "abcdefghij-_0123"
#define TOKEN_TWO "ZYXWVUTSRQ9876543210"

static struct webhook_tokens tokens;
static bool has_internal, has_unsubscribe;

static int setup(void **state) {
    (void)state;
    webhook_tokens_init(&tokens);
    has_internal = has_unsubscribe = true;
    memset(&counted, 0, sizeof(counted));
    return webhook_tokens_add(&tokens, TOKEN_ONE, NULL) != SVC_OK ||
           webhook_tokens_add(&tokens, TOKEN_TWO, NULL) != SVC_OK;
}

static struct webhook_route route(const char *method, const char *path, const char *type,
                                  size_t body_bytes) {
    const struct webhook_request request = {method, path, type, body_bytes};
    const struct webhook_paths paths = {&tokens, has_internal, has_unsubscribe};
    return webhook_route(&paths, &request);
}

static void assert_status(const struct webhook_route found, int http_status) {
    assert_int_equal(found.http_status, http_status);
    assert_int_equal(found.handler == WEBHOOK_HANDLER_NONE, http_status != 200);
    if (http_status == 405) {
        assert_string_equal(found.allow, "POST");
    } else {
        assert_null(found.allow);
    }
}

static const struct {
    const char *path;
    enum webhook_handler handler;
} good[] = {{"/webhooks/payment", WEBHOOK_HANDLER_PAYMENT},
            {"/webhooks/shipping", WEBHOOK_HANDLER_SHIPPING},
            {"/webhooks/refund", WEBHOOK_HANDLER_REFUND},
            {"/webhooks/toss/" TOKEN_ONE, WEBHOOK_HANDLER_TOSS},
            {"/webhooks/toss/" TOKEN_TWO, WEBHOOK_HANDLER_TOSS},
            {"/webhooks/toss-confirmed", WEBHOOK_HANDLER_TOSS_CONFIRMED},
            {"/webhooks/toss-transactions", WEBHOOK_HANDLER_TOSS_TRANSACTIONS}};

static void test_each_path_has_its_handler(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct webhook_route found = route("POST", good[i].path, "application/json", 2);
        assert_status(found, 200);
        assert_int_equal(found.handler, good[i].handler);
    }
}

static void test_other_paths_are_not_found(void **state) {
    (void)state;
    static const char *const paths[] = {NULL,
                                        "",
                                        "/",
                                        "webhooks/payment",
                                        "/webhooks",
                                        "/webhooks/",
                                        "/webhooks/payments",
                                        "/webhooks/paymen",
                                        "/webhooks/payment/",
                                        "//webhooks/payment",
                                        "/webhooks//payment",
                                        "/webhooks/./payment",
                                        "/webhooks/payment?a=1",
                                        "/webhooks/%70ayment",
                                        "/Webhooks/payment",
                                        "/webhooks/PAYMENT",
                                        "/webhooks/toss",
                                        "/webhooks/toss/",
                                        "/webhooks/toss/" TOKEN_ONE "4",
                                        "/webhooks/toss/" TOKEN_ONE "/",
                                        "/webhooks/toss/abcdefghij-_012",
                                        "/webhooks/toss/abcdefghij-_0124",
                                        "/webhooks/toss/bbcdefghij-_0123",
                                        "/webhooks/toss/ABCDEFGHIJ-_0123",
                                        "/webhooks/toss/abcdefghij-_%3123",
                                        "/webhooks/toss/" TOKEN_TWO TOKEN_TWO,
                                        "/webhooks/toss-confirmed/",
                                        "/webhooks/toss-confirme",
                                        "/webhooks/toss-",
                                        "/unsubscribe/",
                                        "/unsubscribe?token=a",
                                        "/webhooks/unsubscribe"};
    char long_path[WEBHOOK_MAX_PATH_BYTES + 100];
    memset(long_path, 'a', sizeof(long_path));
    memcpy(long_path, "/webhooks/toss/", 15);
    long_path[sizeof(long_path) - 1] = '\0';
    for (size_t i = 0; i < COUNT(paths); i++) {
        assert_status(route("POST", paths[i], "application/json", 2), 404);
        /* A stranger learns nothing of the token by another method, type or size. */
        assert_status(route("GET", paths[i], NULL, SIZE_MAX), 404);
    }
    for (size_t size = sizeof(long_path) - 1; size > 0; size--) {
        long_path[size] = '\0';
        assert_status(route("POST", long_path, "application/json", 2), 404);
    }
}

static void test_other_methods_are_refused(void **state) {
    (void)state;
    static const char *const methods[] = {NULL,      "",      "GET",  "HEAD",  "PUT",  "DELETE",
                                          "OPTIONS", "PATCH", "post", "POST ", "POSTS"};
    for (size_t i = 0; i < COUNT(methods); i++) {
        for (size_t k = 0; k < COUNT(good); k++) {
            assert_status(route(methods[i], good[k].path, "text/plain", SIZE_MAX), 405);
        }
    }
}

static void test_only_json_in_utf8_is_taken(void **state) {
    (void)state;
    static const char *const taken[] = {"application/json",
                                        "Application/JSON",
                                        "application/json ",
                                        "application/json;",
                                        "application/json; charset=utf-8",
                                        "application/json;charset=UTF-8",
                                        "application/json ;\tCharset=\"utf-8\" "};
    static const char *const refused[] = {NULL,
                                          "",
                                          " application/json",
                                          "text/plain",
                                          "text/json",
                                          "application/jsonx",
                                          "application/json-patch+json",
                                          "application/jso",
                                          "application/x-www-form-urlencoded",
                                          "application/vnd.api+json",
                                          "application/json, text/plain",
                                          "application/json; charset=euc-kr",
                                          "application/json; charset=utf-8x",
                                          "application/json; charset=utf-16",
                                          "application/json; charset=utf-8; charset=utf-8",
                                          "application/json; boundary=a",
                                          "application/json\n"};
    for (size_t i = 0; i < COUNT(taken); i++) {
        assert_status(route("POST", "/webhooks/payment", taken[i], 2), 200);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_status(route("POST", "/webhooks/payment", refused[i], 2), 415);
        assert_status(route("POST", "/webhooks/payment", refused[i], SIZE_MAX), 415);
    }
    char padded[WEBHOOK_MAX_CONTENT_TYPE_BYTES + 2] = "application/json";
    memset(padded + strlen(padded), ' ', sizeof(padded) - 1 - strlen(padded));
    padded[sizeof(padded) - 1] = '\0';
    assert_status(route("POST", "/webhooks/payment", padded, 2), 415);
    padded[sizeof(padded) - 2] = '\0';
    assert_status(route("POST", "/webhooks/payment", padded, 2), 200);
}

static void test_a_body_has_a_limit(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const char *path = good[i].path;
        assert_status(route("POST", path, "application/json", 0), 200);
        assert_status(route("POST", path, "application/json", WEBHOOK_MAX_BODY_BYTES), 200);
        assert_status(route("POST", path, "application/json", WEBHOOK_MAX_BODY_BYTES + 1), 413);
        assert_status(route("POST", path, "application/json", SIZE_MAX), 413);
    }
}

static void test_tokens_are_compared_in_constant_time(void **state) {
    (void)state;
    static const char *const paths[] = {
        "/webhooks/toss/" TOKEN_ONE, "/webhooks/toss/" TOKEN_TWO, "/webhooks/toss/a23456789-123456",
        "/webhooks/toss/ZYXWVUTSRQ987654321", "/webhooks/toss/" TOKEN_ONE TOKEN_ONE TOKEN_ONE};
    for (size_t i = 0; i < COUNT(paths); i++) {
        memset(&counted, 0, sizeof(counted));
        assert_status(route("POST", paths[i], "application/json", 2), i < 2 ? 200 : 404);
        assert_int_equal(counted.comparisons, 2);
        assert_int_equal(counted.compared_bytes, 2 * (WEBHOOK_MAX_TOKEN_BYTES + 1));
    }
}

static void test_without_tokens_there_is_no_path_for_toss(void **state) {
    (void)state;
    webhook_tokens_clear(&tokens);
    assert_status(route("POST", "/webhooks/toss/" TOKEN_ONE, "application/json", 2), 404);
    assert_status(route("POST", "/webhooks/toss/", "application/json", 2), 404);
    static const struct webhook_tokens none;
    assert_memory_equal(&tokens, &none, sizeof(none));
}

static void test_tokens_that_are_refused(void **state) {
    (void)state;
    char longest[WEBHOOK_MAX_TOKEN_BYTES + 2];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    const char *const bad[] = {NULL,
                               "",
                               "canary",
                               "canary901234567",
                               "canary9012345678/",
                               "canary9012345678%20",
                               "canary9012345678\n",
                               longest};
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct svc_error error;
        assert_int_equal(webhook_tokens_add(&tokens, bad[i], &error), SVC_CONFIGURATION);
        assert_null(strstr(error.detail, "canary"));
        assert_int_equal(tokens.count, 2);
    }
    longest[WEBHOOK_MAX_TOKEN_BYTES] = '\0';
    assert_int_equal(webhook_tokens_add(&tokens, longest, NULL), SVC_OK);
    assert_int_equal(webhook_tokens_add(&tokens, "0123456789abcdef", NULL), SVC_OK);
    assert_int_equal(webhook_tokens_add(&tokens, "0123456789abcdeg", NULL), SVC_CONFIGURATION);
    char path[WEBHOOK_MAX_PATH_BYTES];
    snprintf(path, sizeof(path), "/webhooks/toss/%s", longest);
    assert_status(route("POST", path, "application/json", 2), 200);
}

static void test_optional_paths_are_unknown_unless_they_are_open(void **state) {
    (void)state;
    static const char *const internal[] = {"/webhooks/toss-confirmed",
                                           "/webhooks/toss-transactions"};
    has_internal = false;
    for (size_t i = 0; i < COUNT(internal); i++) {
        assert_status(route("POST", internal[i], "application/json", 2), 404);
        assert_status(route("GET", internal[i], NULL, SIZE_MAX), 404);
    }
    assert_status(route("GET", "/unsubscribe", NULL, 0), 200);
    has_internal = true;
    has_unsubscribe = false;
    assert_status(route("POST", internal[0], "application/json", 2), 200);
    assert_status(route("GET", "/unsubscribe", NULL, 0), 404);
    assert_status(route("DELETE", "/unsubscribe", NULL, SIZE_MAX), 404);
}

static void test_unsubscribing_takes_a_page_and_a_small_form(void **state) {
    (void)state;
    static const char *const types[] = {NULL, "", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=a", "application/json"};
    static const char *const methods[] = {NULL, "", "HEAD", "PUT", "get", "DELETE"};
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_status(route("GET", "/unsubscribe", types[i], 0), 200);
        assert_status(route("POST", "/unsubscribe", types[i], WEBHOOK_MAX_FORM_BYTES), 200);
        assert_status(route("POST", "/unsubscribe", types[i], WEBHOOK_MAX_FORM_BYTES + 1), 413);
    }
    assert_int_equal(route("POST", "/unsubscribe", NULL, 0).handler, WEBHOOK_HANDLER_UNSUBSCRIBE);
    for (size_t i = 0; i < COUNT(methods); i++) {
        const struct webhook_route found = route(methods[i], "/unsubscribe", NULL, 0);
        assert_int_equal(found.http_status, 405);
        assert_string_equal(found.allow, "GET, POST");
    }
}

static void test_which_paths_need_the_tokens(void **state) {
    (void)state;
    assert_true(webhook_route_needs_token("/webhooks/toss/" TOKEN_ONE));
    assert_true(webhook_route_needs_token("/webhooks/toss/"));
    assert_false(webhook_route_needs_token(NULL));
    assert_false(webhook_route_needs_token("/webhooks/toss"));
    assert_false(webhook_route_needs_token("/webhooks/toss-confirmed"));
    assert_false(webhook_route_needs_token("/webhooks/payment"));
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup(function, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_each_path_has_its_handler),
        TEST(test_other_paths_are_not_found),
        TEST(test_other_methods_are_refused),
        TEST(test_only_json_in_utf8_is_taken),
        TEST(test_a_body_has_a_limit),
        TEST(test_tokens_are_compared_in_constant_time),
        TEST(test_without_tokens_there_is_no_path_for_toss),
        TEST(test_tokens_that_are_refused),
        TEST(test_optional_paths_are_unknown_unless_they_are_open),
        TEST(test_unsubscribing_takes_a_page_and_a_small_form),
        TEST(test_which_paths_need_the_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
