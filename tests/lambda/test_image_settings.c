/* Settings: the contract's values when nothing is set, and a named refusal of what makes no sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lambda/handlers/image/settings.h"
#include "tests/services/support.h"

static enum svc_status read_with(const char *name, const char *value,
                                 struct image_settings *settings, struct svc_error *error) {
    struct test_environment environment;
    test_environment_init(&environment);
    if (name != NULL) {
        test_environment_set(&environment, name, value);
    }
    return image_settings_read(&environment.environment, settings, error);
}

static void test_defaults_are_the_contract(void **state) {
    (void)state;
    struct image_settings settings;
    assert_int_equal(read_with(NULL, NULL, &settings, NULL), SVC_OK);
    static const struct {
        const char *name;
        uint32_t side_px;
    } sizes[] = {{"large", 1200}, {"medium", 800}, {"small", 400}, {"thumbnail", 200}};
    assert_int_equal(settings.size_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(settings.sizes[i].name, sizes[i].name);
        assert_int_equal(settings.sizes[i].width_px, sizes[i].side_px);
        assert_int_equal(settings.sizes[i].height_px, sizes[i].side_px);
    }
    assert_int_equal(settings.quality, 80);
    assert_true(settings.takes_jpeg);
    assert_true(settings.takes_png);
    assert_string_equal(settings.source_prefix, "uploads/");
    assert_string_equal(settings.output_folder, "processed");
    assert_string_equal(settings.cache_control, "public, max-age=31536000");
    assert_int_equal(settings.limits.memory_bytes, 0);
    assert_int_equal(settings.limits.pixels, 0);
}

static void test_what_can_be_set(void **state) {
    (void)state;
    struct image_settings settings;
    assert_int_equal(read_with("IMAGE_SIZES", "huge=16383x1,a-b_C9=1x2", &settings, NULL), SVC_OK);
    assert_int_equal(settings.size_count, 2);
    assert_string_equal(settings.sizes[1].name, "a-b_C9");
    assert_int_equal(settings.sizes[1].width_px, 1);
    assert_int_equal(settings.sizes[1].height_px, 2);
    assert_int_equal(read_with("IMAGE_QUALITY", "100", &settings, NULL), SVC_OK);
    assert_int_equal(settings.quality, 100);
    assert_int_equal(read_with("IMAGE_FORMATS", "png", &settings, NULL), SVC_OK);
    assert_false(settings.takes_jpeg);
    assert_true(settings.takes_png);
    assert_int_equal(read_with("IMAGE_PRESET", "quality", &settings, NULL), SVC_OK);
    assert_int_equal(settings.preset, IMGCORE_PRESET_QUALITY);
    assert_int_equal(read_with("IMAGE_SOURCE_PREFIX", "*", &settings, NULL), SVC_OK);
    assert_string_equal(settings.source_prefix, "");
    assert_int_equal(read_with("IMAGE_OUTPUT_FOLDER", "thumbs", &settings, NULL), SVC_OK);
    assert_string_equal(settings.output_folder, "thumbs");
    assert_int_equal(read_with("IMAGE_MAX_PIXELS", "4294967296", &settings, NULL), SVC_OK);
    assert_int_equal(settings.limits.pixels, UINT64_C(4294967296));
    assert_int_equal(read_with("IMAGE_MAX_SOURCE_MB", "3", &settings, NULL), SVC_OK);
    assert_int_equal(settings.max_source_bytes, 3 << 20);
}

static void test_the_memory_budget_follows_the_function(void **state) {
    (void)state;
    static const struct {
        const char *function_mb;
        size_t budget_mb;
    } examples[] = {{"128", 80}, {"1024", 976}, {"64", 16}, {"1", 16}, {"65", 17}};
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct image_settings settings;
        assert_int_equal(
            read_with("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", examples[i].function_mb, &settings, NULL),
            SVC_OK);
        assert_int_equal(settings.limits.memory_bytes, examples[i].budget_mb << 20);
    }
    struct image_settings settings;
    assert_int_equal(read_with("IMAGE_MEMORY_MB", "50", &settings, NULL), SVC_OK);
    assert_int_equal(settings.limits.memory_bytes, 50 << 20);
}

/* Outputs made by other settings must not pass for these. */
static void test_parameters_differ_with_every_setting(void **state) {
    (void)state;
    struct image_settings plain, other;
    assert_int_equal(read_with(NULL, NULL, &plain, NULL), SVC_OK);
    static const char *const changes[][2] = {{"IMAGE_QUALITY", "81"},
                                             {"IMAGE_PRESET", "fast"},
                                             {"IMAGE_SIZES", "large=1201x1200"},
                                             {"IMAGE_SIZES", "large=1200x1201"}};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        assert_int_equal(read_with(changes[i][0], changes[i][1], &other, NULL), SVC_OK);
        assert_string_not_equal(plain.sizes[0].parameters, other.sizes[0].parameters);
    }
    assert_string_not_equal(plain.sizes[0].parameters, plain.sizes[1].parameters);
}

/* A fix in imgcore changes what a back-fill finds current. */
static void test_parameters_name_the_version_of_imgcore(void **state) {
    (void)state;
    struct image_settings settings;
    assert_int_equal(read_with(NULL, NULL, &settings, NULL), SVC_OK);
    char expected[IMAGE_PARAMETERS_BYTES];
    (void)snprintf(expected, sizeof(expected), "1200x1200 q80 balanced imgcore %s",
                   imgcore_version());
    assert_string_equal(settings.sizes[0].parameters, expected);
}

static void test_nonsense_is_refused_by_name(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"IMAGE_SIZES", "large"},
        {"IMAGE_SIZES", "large="},
        {"IMAGE_SIZES", "large=10"},
        {"IMAGE_SIZES", "large=10x"},
        {"IMAGE_SIZES", "large=0x10"},
        {"IMAGE_SIZES", "large=16384x10"},
        {"IMAGE_SIZES", "large=99999999999999999999999x10"},
        {"IMAGE_SIZES", "=10x10"},
        {"IMAGE_SIZES", "../up=10x10"},
        {"IMAGE_SIZES", "a/b=10x10"},
        {"IMAGE_SIZES", "a=10x10,"},
        {"IMAGE_SIZES", "a=10x10 ,b=10x10"},
        {"IMAGE_SIZES", "a=10x10,a=20x20"},
        {"IMAGE_SIZES", "name-of-thirty-two-characters-abc=1x1"},
        {"IMAGE_SIZES", "a=1x1,b=1x1,c=1x1,d=1x1,e=1x1,f=1x1,g=1x1,h=1x1,i=1x1"},
        {"IMAGE_QUALITY", "0"},
        {"IMAGE_QUALITY", "101"},
        {"IMAGE_QUALITY", "80 "},
        {"IMAGE_QUALITY", "-1"},
        {"IMAGE_QUALITY", "0x50"},
        {"IMAGE_FORMATS", "jpg"},
        {"IMAGE_FORMATS", "jpeg,webp"},
        {"IMAGE_FORMATS", "jpeg,jpeg"},
        {"IMAGE_FORMATS", "jpeg,"},
        {"IMAGE_PRESET", "best"},
        {"IMAGE_OUTPUT_FOLDER", "a/b"},
        {"IMAGE_OUTPUT_FOLDER", ".."},
        {"IMAGE_CACHE_CONTROL", "public\r\nx: y"},
        {"IMAGE_CACHE_CONTROL", "\xed\x95\x9c"},
        {"IMAGE_MAX_PIXELS", "0"},
        {"IMAGE_MAX_SOURCE_MB", "5121"},
        {"IMAGE_MEMORY_MB", "15"},
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "much"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct image_settings settings;
        struct svc_error error = {0};
        if (read_with(bad[i][0], bad[i][1], &settings, &error) != SVC_CONFIGURATION ||
            strstr(error.detail, bad[i][0]) == NULL) {
            fail_msg("%s=%s", bad[i][0], bad[i][1]);
        }
    }
}

/* A file that stands for a profile. */
static void write_profile(const char *path, uint8_t content) {
    uint8_t bytes[200] = {0};
    FILE *file = fopen(path, "wb");
    bytes[150] = content;
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
    assert_int_equal(fclose(file), 0);
}

static void test_a_profile_for_cmyk_is_read(void **state) {
    (void)state;
    char path[] = "/tmp/test_image_settings-XXXXXX";
    char parameters[2][IMAGE_PARAMETERS_BYTES];
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    struct image_settings settings;
    for (uint8_t content = 0; content < 2; content++) {
        write_profile(path, content);
        assert_int_equal(read_with("IMAGE_CMYK_PROFILE", path, &settings, NULL), SVC_OK);
        assert_int_equal(settings.cmyk_profile.size_bytes, 200);
        assert_int_equal(settings.cmyk_profile.bytes[150], content);
        memcpy(parameters[content], settings.sizes[0].parameters, IMAGE_PARAMETERS_BYTES);
        assert_non_null(strstr(parameters[content], imgcore_version()));
        assert_non_null(strstr(parameters[content], " cmyk "));
        image_settings_clear(&settings);
    }
    /* Outputs made with another profile must not pass for these. */
    assert_string_not_equal(parameters[0], parameters[1]);
    struct svc_error error = {0};
    static const off_t refused_bytes[2] = {0, (off_t)IMAGE_MAX_PROFILE_BYTES + 1};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(truncate(path, refused_bytes[i]), 0);
        assert_int_equal(read_with("IMAGE_CMYK_PROFILE", path, &settings, &error),
                         SVC_CONFIGURATION);
        assert_non_null(strstr(error.detail, "IMAGE_CMYK_PROFILE"));
        image_settings_clear(&settings);
    }
    unlink(path);
    assert_int_equal(read_with("IMAGE_CMYK_PROFILE", path, &settings, NULL), SVC_CONFIGURATION);
    image_settings_clear(&settings);
    assert_int_equal(read_with(NULL, NULL, &settings, NULL), SVC_OK);
    assert_int_equal(settings.cmyk_profile.size_bytes, 0);
    image_settings_clear(&settings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_the_contract),
        cmocka_unit_test(test_what_can_be_set),
        cmocka_unit_test(test_the_memory_budget_follows_the_function),
        cmocka_unit_test(test_parameters_differ_with_every_setting),
        cmocka_unit_test(test_parameters_name_the_version_of_imgcore),
        cmocka_unit_test(test_nonsense_is_refused_by_name),
        cmocka_unit_test(test_a_profile_for_cmyk_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
