/* The shared profile files' format: see awsc_profile_value in credentials.h. */
#include <string.h>

#include "services/aws/credentials.h"

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
static bool is_section(struct span line, bool is_config, const char *profile) {
    const char *end = memchr(line.text, ']', line.size);
    if (end == NULL) {
        return false;
    }
    struct span name = trimmed(line.text + 1, (size_t)(end - line.text - 1));
    if (is_config && strcmp(profile, "default") != 0) {
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

const char *awsc_profile_value(const char *text, bool is_config, const char *profile,
                               const char *key, size_t *value_bytes) {
    const char *found = NULL;
    bool is_inside = false;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        bool is_nested = *text == ' ' || *text == '\t'; /* a property of the property above */
        struct span line = trimmed(text, size);
        if (line.size > 0 && line.text[0] == '[') {
            is_inside = is_section(line, is_config, profile);
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
