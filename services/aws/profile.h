/* The shared profile files of the AWS SDKs and their CLI. */
#ifndef AWSC_PROFILE_H
#define AWSC_PROFILE_H

#include <stddef.h>

#include "services/base/buf.h"
#include "services/base/environment.h"

enum awsc_profile_file {
    AWSC_PROFILE_CREDENTIALS, /* AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials */
    AWSC_PROFILE_CONFIG       /* AWS_CONFIG_FILE, else ~/.aws/config */
};

/* Reads the entire file; `text` is initialised here, wiped by the caller in any case. Errors:
 * NOT_FOUND (neither the setting nor HOME gives a path), IO (it cannot be read), TOO_LARGE
 * (AWSC_MAX_PROFILE_BYTES), NO_MEMORY. */
enum svc_status awsc_profile_read(const struct svc_environment *environment,
                                  enum awsc_profile_file which, struct svc_buf *text);
/* Copies a value of the profile that AWS_PROFILE names (else of "default") from a file's text.
 * Errors, with `out` unchanged: NOT_FOUND, TOO_LARGE (it does not fit). */
enum svc_status awsc_profile_get(const struct svc_environment *environment,
                                 enum awsc_profile_file which, const struct svc_buf *text,
                                 const char *key, char *out, size_t out_bytes);

/* A key of a profile: of `[profile]` in the credentials file's text, of `[profile NAME]` or
 * `[default]` in the config file's. The last of several counts. Returns the value's start,
 * *value_bytes long; NULL if there is none. Pure. */
const char *awsc_profile_value(const char *text, enum awsc_profile_file which, const char *profile,
                               const char *key, size_t *value_bytes);

#endif
