/* The setting NAME in an environment, and what its reader must report. Included once by each test
 * program of the readers. */
#ifndef TESTS_SERVICES_SETTING_SUPPORT_H
#define TESTS_SERVICES_SETTING_SUPPORT_H

#include "services/base/settings.h"
#include "tests/services/support.h"

static struct test_environment environment;
static struct svc_settings settings;
static struct svc_error error;

static inline int begin(void **state) {
    (void)state;
    test_environment_init(&environment);
    return 0;
}

/* Readers from now on see NAME=value; NULL: it is not set. */
static inline void set(const char *value) {
    test_environment_set(&environment, "NAME", value);
    svc_error_clear(&error);
    svc_settings_init(&settings, &environment.environment, &error);
}

static inline void check_good(void) {
    if (settings.status != SVC_OK) {
        fail_msg("%s", error.detail);
    }
    assert_string_equal(error.detail, "");
}

/* It was refused with exactly this sentence. */
static inline void check_refused(const char *sentence) {
    assert_int_equal(settings.status, SVC_CONFIGURATION);
    assert_int_equal(error.status, SVC_CONFIGURATION);
    assert_string_equal(error.detail, sentence);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

#endif
