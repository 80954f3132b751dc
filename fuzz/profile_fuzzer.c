/* Shared profile files: the value of a key is the one that a reader by lines, with copies instead
 * of pointers, finds. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "services/aws/profile.h"

/* Without blanks at the ends, in place. */
static char *trim(char *text, const char *at_end) {
    text += strspn(text, " \t");
    for (size_t size = strlen(text); size > 0 && strchr(at_end, text[size - 1]); size--)
        text[size - 1] = '\0';
    return text;
}

static bool names_profile(char *line, bool is_config, const char *profile) {
    char *mark = strchr(line, ']');
    if (!mark)
        return false;
    *mark = '\0';
    char *name = trim(line + 1, " \t\r");
    if (is_config && strcmp(profile, "default") != 0) {
        if (strncmp(name, "profile", 7) != 0 || (name[7] != ' ' && name[7] != '\t'))
            return false;
        name = trim(name + 7, " \t\r");
    }
    return !strcmp(name, profile);
}

/* free() it; NULL: there is none. */
static char *find(const char *text, bool is_config, const char *profile, const char *key) {
    char *copy = strdup(text), *rest = copy, *found = NULL;
    bool is_inside = false;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const bool is_nested = line[0] == ' ' || line[0] == '\t';
        line = trim(line, " \t\r");
        if (line[0] == '[') {
            is_inside = names_profile(line, is_config, profile);
            continue;
        }
        char *equals = strchr(line, '=');
        if (!is_inside || is_nested || line[0] == '#' || line[0] == ';' || !equals)
            continue;
        *equals = '\0';
        if (!strcmp(trim(line, " \t\r"), key)) {
            free(found);
            found = strdup(trim(equals + 1, " \t\r"));
        }
    }
    free(copy);
    return found;
}

static const char *get_setting(void *user, const char *name) {
    return strcmp(name, "AWS_PROFILE") ? NULL : user;
}

static void check(const char *text, enum awsc_profile_file which, char *profile, const char *key) {
    size_t value_bytes = 0;
    char out[32];
    struct svc_buf file;
    const struct svc_environment environment = {get_setting, profile};
    const char *value = awsc_profile_value(text, which, profile, key, &value_bytes);
    char *expected = find(text, which == AWSC_PROFILE_CONFIG, profile, key);
    FUZZ_CHECK((value != NULL) == (expected != NULL), "%s of %s", key, profile);
    FUZZ_CHECK(!value || (strlen(expected) == value_bytes && !memcmp(expected, value, value_bytes)),
               "%s is \"%.*s\", not \"%s\"", key, (int)value_bytes, value, expected);
    svc_buf_init(&file, (size_t)1 << 20);
    svc_buf_append_text(&file, text);
    if (profile[0]) {
        const bool fits = value && value_bytes < sizeof(out);
        FUZZ_CHECK(awsc_profile_get(&environment, which, &file, key, out, sizeof(out)) == fits,
                   "found or not");
        FUZZ_CHECK(!fits || !strcmp(out, expected), "another value");
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
