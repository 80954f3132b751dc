/* Settings of the deployment check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/deploy/settings.h"
#include "tests/services/support.h"

static struct deploy_settings settings;

static enum svc_status read_with(const char *name, const char *value, struct svc_error *error) {
    struct test_environment environment;
    test_environment_init(&environment);
    test_environment_set(&environment, "IMAGE_FUNCTION", "shop-image");
    test_environment_set(&environment, "WEBHOOK_FUNCTION", "shop-webhook");
    test_environment_set(&environment, "UPLOADS_BUCKET", "shop-uploads");
    if (name != NULL) {
        test_environment_set(&environment, name, value);
    }
    return deploy_settings_read(&environment.environment, &settings, error);
}

static void test_defaults(void **state) {
    (void)state;
    assert_int_equal(read_with(NULL, NULL, NULL), SVC_OK);
    assert_string_equal(settings.functions[DEPLOY_IMAGE], "shop-image");
    assert_string_equal(settings.functions[DEPLOY_EMAIL], "");
    assert_string_equal(settings.functions[DEPLOY_SETTLEMENT], "");
    assert_string_equal(settings.functions[DEPLOY_WEBHOOK], "shop-webhook");
    assert_string_equal(settings.prefix, "uploads/products/deploy-check/");
    assert_string_equal(settings.output_folder, "processed");
    assert_int_equal(settings.live_wait_ms, 15000);
    assert_int_equal(settings.size_count, 4);
    assert_string_equal(settings.sizes[0].name, "large");
    assert_int_equal(settings.sizes[3].height_px, 200);
}

static void test_what_can_be_set(void **state) {
    (void)state;
    assert_int_equal(read_with("IMAGE_SIZES", "a=1x65535", NULL), SVC_OK);
    assert_int_equal(settings.size_count, 1);
    assert_int_equal(settings.sizes[0].width_px, 1);
    assert_int_equal(settings.sizes[0].height_px, 65535);
    assert_int_equal(read_with("CHECK_LIVE_WAIT", "0s", NULL), SVC_OK);
    assert_int_equal(settings.live_wait_ms, 0);
    assert_int_equal(read_with("CHECK_PREFIX", "uploads/x/", NULL), SVC_OK);
    assert_string_equal(settings.prefix, "uploads/x/");
    /* Without the image function nothing of it is needed. */
    struct test_environment environment;
    test_environment_init(&environment);
    test_environment_set(&environment, "EMAIL_FUNCTION", "e");
    assert_int_equal(deploy_settings_read(&environment.environment, &settings, NULL), SVC_OK);
}

static void test_what_is_wrong_is_named(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"IMAGE_FUNCTION", "arn:aws:lambda:r:1:function:f"},
        {"EMAIL_FUNCTION", "shop-image"},
        {"EMAIL_FUNCTION", "a b"},
        {"UPLOADS_BUCKET", "Shop_Uploads"},
        {"UPLOADS_BUCKET", ""},
        {"CHECK_PREFIX", "uploads"},
        {"CHECK_PREFIX", "uploads/a b/"},
        {"IMAGE_OUTPUT_FOLDER", "a/b"},
        {"IMAGE_SIZES", "large"},
        {"IMAGE_SIZES", "large=0x1"},
        {"IMAGE_SIZES", "large=1x65536"},
        {"IMAGE_SIZES", "large=1x1,"},
        {"IMAGE_SIZES", "a=1x1,b=1x1,c=1x1,d=1x1,e=1x1,f=1x1,g=1x1,h=1x1,i=1x1"},
        {"IMAGE_SIZES", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1x1"},
        {"CHECK_LIVE_WAIT", "121s"},
        {"CHECK_LIVE_WAIT", "-1s"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_error error = {0};
        assert_int_equal(read_with(cases[i][0], cases[i][1], &error), SVC_CONFIGURATION);
        assert_non_null(strstr(error.detail, cases[i][0]));
    }
    struct test_environment environment;
    struct svc_error error = {0};
    test_environment_init(&environment);
    assert_int_equal(deploy_settings_read(&environment.environment, &settings, &error),
                     SVC_CONFIGURATION);
    assert_non_null(strstr(error.detail, "IMAGE_FUNCTION, EMAIL_FUNCTION"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_can_be_set),
        cmocka_unit_test(test_what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
