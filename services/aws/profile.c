/* The shared profile files: see profile.h. */
#include "services/aws/profile.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "services/base/file.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define MAX_PATH_BYTES    ((size_t)4096)
#define MAX_PROFILE_BYTES ((size_t)256) /* of a profile's name */

struct span {
    const char *text;
    size_t size;
};

static struct span trimmed(const char *text, size_t size) {
    while (size > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        size--;
    }
    while (size > 0 &&
           (text[size - 1] == ' ' || text[size - 1] == '\t' || text[size - 1] == '\r')) {
        size--;
    }
    return (struct span){text, size};
}

static bool span_is(struct span span, const char *text) {
    return span.size == strlen(text) && memcmp(span.text, text, span.size) == 0;
}

/* "[name]", in the config file "[profile name]" but for the default one. */
static bool is_section(struct span line, enum awsc_profile_file which, const char *profile) {
    const char *end = memchr(line.text, ']', line.size);
    if (end == NULL) {
        return false;
    }
    struct span name = trimmed(line.text + 1, (size_t)(end - line.text - 1));
    if (which == AWSC_PROFILE_CONFIG && strcmp(profile, "default") != 0) {
        static const char prefix[] = "profile";
        size_t size = sizeof(prefix) - 1;
        if (name.size <= size || memcmp(name.text, prefix, size) != 0 ||
            (name.text[size] != ' ' && name.text[size] != '\t')) {
            return false;
        }
        name = trimmed(name.text + size, name.size - size);
    }
    return span_is(name, profile);
}

const char *awsc_profile_value(const char *text, enum awsc_profile_file which, const char *profile,
                               const char *key, size_t *value_bytes) {
    const char *found = NULL;
    bool is_inside = false;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        bool is_nested = *text == ' ' || *text == '\t'; /* a property of the property above */
        struct span line = trimmed(text, size);
        if (line.size > 0 && line.text[0] == '[') {
            is_inside = is_section(line, which, profile);
        } else if (is_inside && !is_nested && line.size > 0 && line.text[0] != '#' &&
                   line.text[0] != ';') {
            const char *equals = memchr(line.text, '=', line.size);
            if (equals != NULL && span_is(trimmed(line.text, (size_t)(equals - line.text)), key)) {
                struct span value =
                    trimmed(equals + 1, line.size - (size_t)(equals + 1 - line.text));
                found = value.text;
                *value_bytes = value.size;
            }
        }
        text += size + (text[size] == '\n');
    }
    return found;
}

static bool file_path(const struct svc_environment *environment, enum awsc_profile_file which,
                      char path[MAX_PATH_BYTES]) {
    const bool is_config = which == AWSC_PROFILE_CONFIG;
    const char *value =
        svc_setting(environment, is_config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE");
    if (value != NULL) {
        return svc_copy_text(path, MAX_PATH_BYTES, value);
    }
    value = svc_setting(environment, "HOME");
    if (value == NULL) {
        return false;
    }
    const int size =
        snprintf(path, MAX_PATH_BYTES, "%s/.aws/%s", value, is_config ? "config" : "credentials");
    return size > 0 && (size_t)size < MAX_PATH_BYTES;
}

enum svc_status awsc_profile_read(const struct svc_environment *environment,
                                  enum awsc_profile_file which, struct svc_buf *text) {
    char path[MAX_PATH_BYTES];
    svc_buf_init(text, AWSC_MAX_PROFILE_BYTES);
    return file_path(environment, which, path) ? svc_read_file(path, text) : SVC_NOT_FOUND;
}

enum svc_status awsc_profile_get(const struct svc_environment *environment,
                                 enum awsc_profile_file which, const struct svc_buf *text,
                                 const char *key, char *out, size_t out_bytes) {
    char profile[MAX_PROFILE_BYTES];
    const char *named = svc_setting(environment, "AWS_PROFILE");
    if (!svc_copy_text(profile, sizeof(profile), named != NULL ? named : "default")) {
        return SVC_NOT_FOUND;
    }
    size_t size = 0;
    const char *value = awsc_profile_value(svc_buf_text(text), which, profile, key, &size);
    if (value == NULL) {
        return SVC_NOT_FOUND;
    }
    if (size >= out_bytes) {
        return SVC_TOO_LARGE;
    }
    memcpy(out, value, size);
    out[size] = '\0';
    return SVC_OK;
}
