/* AppSpecs: what they name, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/deploy/appspec.h"

/* A resource with a name and a version, as JSON writes them. */
#define RESOURCE(name, version)                                                                    \
    "{\"x\":{\"Type\":\"AWS::Lambda::Function\",\"Properties\":{\"Name\":" name                    \
    ",\"Alias\":\"live\",\"CurrentVersion\":\"1\",\"TargetVersion\":" version "}}}"
#define APPSPEC(resources) "{\"version\":0.0,\"Resources\":[" resources "]}"

static struct deploy_target target;

static enum svc_status read_text(const char *text) {
    struct svc_error error = {0};
    const enum svc_status status = deploy_appspec_read(text, strlen(text), &target, &error);
    assert_int_equal(error.status, status);
    assert_true(status == SVC_OK || error.detail[0] != '\0');
    return status;
}

static void test_function_and_version_are_found(void **state) {
    (void)state;
    assert_int_equal(read_text(APPSPEC(RESOURCE("\"openmarket-dev-email-sender\"", "\"12\""))),
                     SVC_OK);
    assert_string_equal(target.function, "openmarket-dev-email-sender");
    assert_string_equal(target.version, "12");
    assert_int_equal(read_text(APPSPEC(RESOURCE("\"f\"", "7"))), SVC_OK);
    assert_string_equal(target.version, "7");
    /* With hooks and further members. */
    assert_int_equal(read_text("{\"Hooks\":[{\"BeforeAllowTraffic\":\"h\"}],\"version\":\"0.0\","
                               "\"Resources\":[" RESOURCE("\"f\"", "\"1\"") "],\"more\":{}}"),
                     SVC_OK);
}

static void test_what_is_no_appspec_is_malformed(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "null",
        "[]",
        "version: 0.0",
        "{",
        "{}",
        "{\"Resources\":{}}",
        APPSPEC(""),
        APPSPEC("{}"),
        APPSPEC("null"),
        APPSPEC("{\"x\":null}"),
        APPSPEC("{\"x\":{}}"),
        APPSPEC("{\"x\":{\"Type\":7,\"Properties\":[]}}"),
        (APPSPEC(RESOURCE("\"f\"", "\"1\"") "," RESOURCE("\"g\"", "\"1\""))),
        APPSPEC(RESOURCE("\"\"", "\"1\"")),
        APPSPEC(RESOURCE("7", "\"1\"")),
        APPSPEC(RESOURCE("\"a b\"", "\"1\"")),
        APPSPEC(RESOURCE("\"arn:aws:lambda:r:1:function:f\"", "\"1\"")),
        APPSPEC(RESOURCE("\"f\\u0000\"", "\"1\"")),
        APPSPEC(RESOURCE("\"f\"", "\"\"")),
        APPSPEC(RESOURCE("\"f\"", "\"$LATEST\"")),
        APPSPEC(RESOURCE("\"f\"", "\"live\"")),
        APPSPEC(RESOURCE("\"f\"", "0")),
        APPSPEC(RESOURCE("\"f\"", "-1")),
        APPSPEC(RESOURCE("\"f\"", "1.5")),
        APPSPEC(RESOURCE("\"f\"", "true")),
        APPSPEC(RESOURCE("\"f\"", "null")),
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (read_text(cases[i]) != SVC_MALFORMED) {
            fail_msg("%s", cases[i]);
        }
    }
}

static void test_names_beyond_lambda_s_limits_are_malformed(void **state) {
    (void)state;
    char text[1024], name[300];
    for (size_t size = 63; size <= 66; size++) {
        memset(name, 'f', size);
        name[size] = '\0';
        snprintf(text, sizeof(text), APPSPEC(RESOURCE("\"%s\"", "\"1\"")), name);
        assert_int_equal(read_text(text), size <= 64 ? SVC_OK : SVC_MALFORMED);
    }
    for (size_t size = 127; size <= 130; size++) {
        memset(name, '1', size);
        name[size] = '\0';
        snprintf(text, sizeof(text), APPSPEC(RESOURCE("\"f\"", "\"%s\"")), name);
        assert_int_equal(read_text(text), size <= 128 ? SVC_OK : SVC_MALFORMED);
    }
}

static void test_every_cut_is_malformed(void **state) {
    (void)state;
    static const char text[] = APPSPEC(RESOURCE("\"f\"", "\"1\""));
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct svc_error error;
        assert_int_equal(deploy_appspec_read(text, size, &target, &error), SVC_MALFORMED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_and_version_are_found),
        cmocka_unit_test(test_what_is_no_appspec_is_malformed),
        cmocka_unit_test(test_names_beyond_lambda_s_limits_are_malformed),
        cmocka_unit_test(test_every_cut_is_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
