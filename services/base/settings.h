/* Typed readers of settings. Each returns the setting's value, or `fallback` where the variable is
 * not set or empty. The first value that does not fit ends as a CONFIGURATION failure with a
 * sentence that names the variable and what it must be (never the value: it may be a secret put in
 * the wrong place); the readers after it return their fallback. So a function reads all of
 * its settings in a row and checks the status once:
 *
 *   struct svc_settings from;
 *   svc_settings_init(&from, environment, error);
 *   settings->quality = (int)svc_setting_number(&from, "IMAGE_QUALITY", 1, 100, 80);
 *   settings->preset = svc_setting_choice(&from, "IMAGE_PRESET", presets, 3, 0);
 *   return from.status;
 */
#ifndef SVC_SETTINGS_H
#define SVC_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/environment.h"
#include "services/base/status.h"
#include "services/base/text.h"

struct svc_settings {
    const struct svc_environment *environment;
    enum svc_status status;  /* OK, or CONFIGURATION from the first setting that does not fit */
    struct svc_error *error; /* of that setting; NULL is allowed */
};

/* Both are borrowed. */
void svc_settings_init(struct svc_settings *settings, const struct svc_environment *environment,
                       struct svc_error *error);

/* Records that a setting is not what it must be ("NAME is not EXPECTED"), unless an earlier one was
 * recorded. For readers of a function's own formats. */
void svc_setting_refuse(struct svc_settings *settings, const char *name, const char *expected);
/* The same for one that must be set: "NAME is not set". */
void svc_setting_require(struct svc_settings *settings, const char *name);

/* A decimal number from `low` to `high`: digits only. */
uint64_t svc_setting_number(struct svc_settings *settings, const char *name, uint64_t low,
                            uint64_t high, uint64_t fallback);
/* A duration in milliseconds from `low_ms` to `high_ms`, written as a whole number and its unit:
 * "250ms", "30s", "5m", "2h", "90d". */
int64_t svc_setting_duration_ms(struct svc_settings *settings, const char *name, int64_t low_ms,
                                int64_t high_ms, int64_t fallback_ms);
/* "true" or "false", in any case of letters. */
bool svc_setting_bool(struct svc_settings *settings, const char *name, bool fallback);
/* One of `count` words, by its index. */
size_t svc_setting_choice(struct svc_settings *settings, const char *name,
                          const char *const *choices, size_t count, size_t fallback);
/* Any of up to 32 words, separated by commas, none of them twice: bit i stands for choices[i]. */
uint32_t svc_setting_choices(struct svc_settings *settings, const char *name,
                             const char *const *choices, size_t count, uint32_t fallback);

/* Text of at most out_bytes - 1 bytes without control characters, copied into `out`. fallback NULL:
 * the setting must be set. */
void svc_setting_text(struct svc_settings *settings, const char *name, const char *fallback,
                      char *out, size_t out_bytes);
/* An https URL with a host and without user, query and fragment, copied like a text; http as well
 * if `allow_http`. fallback "": the setting may be absent. */
void svc_setting_url(struct svc_settings *settings, const char *name, bool allow_http,
                     const char *fallback, char *out, size_t out_bytes);
/* The name or ARN of a secret of Secrets Manager (letters, digits and /_+=.@-:, at most 512),
 * copied like a text; `out` of SVC_SECRET_NAME_BYTES. */
#define SVC_SECRET_NAME_BYTES 513
void svc_setting_secret_name(struct svc_settings *settings, const char *name, const char *fallback,
                             char out[SVC_SECRET_NAME_BYTES]);

#endif
