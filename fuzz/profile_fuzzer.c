/* Shared profile files: the value of a key is the one that a reader by lines, with copies instead
 * of pointers, finds. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "fuzz/support/profile_oracle.h"
#include "services/aws/profile.h"

static const char *get_setting(void *user, const char *name) {
    return strcmp(name, "AWS_PROFILE") ? NULL : user;
}

static void check(const char *text, enum awsc_profile_file which, char *profile, const char *key) {
    size_t value_bytes = 0;
    char out[32];
    struct svc_buf file;
    const struct svc_environment environment = {get_setting, profile};
    const char *value = awsc_profile_value(text, which, profile, key, &value_bytes);
    char *expected = profile_oracle_find(text, which == AWSC_PROFILE_CONFIG, profile, key);
    FUZZ_CHECK((value != NULL) == (expected != NULL), "%s of %s", key, profile);
    FUZZ_CHECK(!value || (strlen(expected) == value_bytes && !memcmp(expected, value, value_bytes)),
               "%s is \"%.*s\", not \"%s\"", key, (int)value_bytes, value, expected);
    svc_buf_init(&file, (size_t)1 << 20);
    svc_buf_append_text(&file, text);
    if (profile[0]) {
        const enum svc_status status = !value                       ? SVC_NOT_FOUND
                                       : value_bytes >= sizeof(out) ? SVC_TOO_LARGE
                                                                    : SVC_OK;
        FUZZ_CHECK(awsc_profile_get(&environment, which, &file, key, out, sizeof(out)) == status,
                   "not %s", svc_status_name(status));
        FUZZ_CHECK(status != SVC_OK || !strcmp(out, expected), "another value");
    }
    svc_buf_clear(&file);
    free(expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    char *profile = fuzz_take_line(&input, '\n', NULL);
    char *key = fuzz_take_line(&input, '\n', NULL);
    char *text = fuzz_take_rest(&input, NULL);
    char usual[] = "default";
    if (strlen(profile) < 200) {
        check(text, AWSC_PROFILE_CREDENTIALS, profile, key);
        check(text, AWSC_PROFILE_CONFIG, profile, key);
        check(text, AWSC_PROFILE_CREDENTIALS, usual, "aws_access_key_id");
        check(text, AWSC_PROFILE_CONFIG, usual, "region");
    }
    free(profile);
    free(key);
    free(text);
    return 0;
}
