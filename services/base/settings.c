/* Typed readers of settings: see settings.h. */
#include "services/base/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/base/url.h"

#define EXPECTED_BYTES 200

void svc_settings_init(struct svc_settings *settings, const struct svc_environment *environment,
                       struct svc_error *error) {
    *settings = (struct svc_settings){environment, SVC_OK, error};
}

void svc_setting_refuse(struct svc_settings *settings, const char *name, const char *expected) {
    if (settings->status == SVC_OK) {
        settings->status =
            svc_fail(settings->error, SVC_CONFIGURATION, "%s is not %s", name, expected);
    }
}

void svc_setting_require(struct svc_settings *settings, const char *name) {
    svc_setting_refuse(settings, name, "set");
}

/* NULL: not set, or an earlier setting was refused, which ends the reading. */
static const char *value_of(const struct svc_settings *settings, const char *name) {
    return settings->status == SVC_OK ? svc_setting(settings->environment, name) : NULL;
}

uint64_t svc_setting_number(struct svc_settings *settings, const char *name, uint64_t low,
                            uint64_t high, uint64_t fallback) {
    const char *text = value_of(settings, name);
    uint64_t number = fallback;
    if (text != NULL && (!svc_read_number(&text, low, high, &number) || *text != '\0')) {
        char expected[EXPECTED_BYTES];
        (void)snprintf(expected, sizeof(expected), "a number from %llu to %llu",
                       (unsigned long long)low, (unsigned long long)high);
        svc_setting_refuse(settings, name, expected);
        return fallback;
    }
    return number;
}

static const struct {
    const char *unit;
    uint64_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

int64_t svc_setting_duration_ms(struct svc_settings *settings, const char *name, int64_t low_ms,
                                int64_t high_ms, int64_t fallback_ms) {
    const char *text = value_of(settings, name);
    if (text == NULL) {
        return fallback_ms;
    }
    uint64_t number;
    if (svc_read_number(&text, 0, INT64_MAX, &number)) {
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
            if (strcmp(text, units[i].unit) == 0 && number <= INT64_MAX / units[i].ms) {
                const int64_t ms = (int64_t)(number * units[i].ms);
                if (ms >= low_ms && ms <= high_ms) {
                    return ms;
                }
            }
        }
    }
    char expected[EXPECTED_BYTES];
    (void)snprintf(expected, sizeof(expected),
                   "a duration from %lldms to %lldms: a number and ms, s, m, h or d",
                   (long long)low_ms, (long long)high_ms);
    svc_setting_refuse(settings, name, expected);
    return fallback_ms;
}

/* "jpeg, png or webp", cut where it does not fit. */
static void list_choices(const char *const *choices, size_t count, char *out, size_t out_bytes) {
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && n < out_bytes; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        const int written = snprintf(out + n, out_bytes - n, "%s%s", before, choices[i]);
        n += written > 0 ? (size_t)written : 0;
    }
}

static size_t find_choice(const char *text, size_t size_bytes, const char *const *choices,
                          size_t count) {
    size_t i = 0;
    while (i < count &&
           (strlen(choices[i]) != size_bytes || memcmp(text, choices[i], size_bytes) != 0)) {
        i++;
    }
    return i;
}

size_t svc_setting_choice(struct svc_settings *settings, const char *name,
                          const char *const *choices, size_t count, size_t fallback) {
    const char *text = value_of(settings, name);
    if (text == NULL) {
        return fallback;
    }
    const size_t choice = find_choice(text, strlen(text), choices, count);
    if (choice < count) {
        return choice;
    }
    char expected[EXPECTED_BYTES];
    list_choices(choices, count, expected, sizeof(expected));
    svc_setting_refuse(settings, name, expected);
    return fallback;
}

bool svc_setting_bool(struct svc_settings *settings, const char *name, bool fallback) {
    const char *text = value_of(settings, name);
    if (text == NULL) {
        return fallback;
    }
    const bool is_true = svc_equal_nocase(text, "true");
    if (!is_true && !svc_equal_nocase(text, "false")) {
        svc_setting_refuse(settings, name, "true or false");
        return fallback;
    }
    return is_true;
}

uint32_t svc_setting_choices(struct svc_settings *settings, const char *name,
                             const char *const *choices, size_t count, uint32_t fallback) {
    const char *text = value_of(settings, name);
    if (text == NULL) {
        return fallback;
    }
    uint32_t chosen = 0;
    for (;;) {
        const size_t size_bytes = strcspn(text, ",");
        const size_t choice = find_choice(text, size_bytes, choices, count);
        if (choice == count || (chosen & UINT32_C(1) << choice) != 0) {
            break;
        }
        chosen |= UINT32_C(1) << choice;
        text += size_bytes;
        if (*text == '\0') {
            return chosen;
        }
        text++;
    }
    char words[EXPECTED_BYTES - 40];
    char expected[EXPECTED_BYTES];
    list_choices(choices, count, words, sizeof(words));
    (void)snprintf(expected, sizeof(expected), "a list, with commas, of %s", words);
    svc_setting_refuse(settings, name, expected);
    return fallback;
}

void svc_setting_text(struct svc_settings *settings, const char *name, const char *fallback,
                      char *out, size_t out_bytes) {
    const char *text = value_of(settings, name);
    text = text != NULL ? text : fallback;
    out[0] = '\0';
    if (text == NULL) {
        svc_setting_require(settings, name);
    } else if (svc_has_control(text) || !svc_copy_text(out, out_bytes, text)) {
        char expected[EXPECTED_BYTES];
        (void)snprintf(expected, sizeof(expected),
                       "a text of at most %zu bytes without control characters", out_bytes - 1);
        svc_setting_refuse(settings, name, expected);
    }
}

void svc_setting_url(struct svc_settings *settings, const char *name, bool allow_http,
                     const char *fallback, char *out, size_t out_bytes) {
    svc_setting_text(settings, name, fallback, out, out_bytes);
    struct svc_url url;
    if (out[0] != '\0' && (!svc_url_parse(out, &url) || (!url.is_https && !allow_http))) {
        out[0] = '\0';
        svc_setting_refuse(settings, name,
                           allow_http ? "an http or https URL of host, port and path"
                                      : "an https URL of host, port and path");
    }
}

void svc_setting_secret_name(struct svc_settings *settings, const char *name, const char *fallback,
                             char out[SVC_SECRET_NAME_BYTES]) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "/_+=.@-:";
    svc_setting_text(settings, name, fallback, out, SVC_SECRET_NAME_BYTES);
    if (out[strspn(out, allowed)] != '\0') {
        out[0] = '\0';
        svc_setting_refuse(settings, name, "the name or ARN of a secret");
    }
}
