/* Where services are: see endpoint.h. */
#include "services/aws/endpoint.h"

#include <string.h>

#include "services/aws/profile.h"
#include "services/base/partition.h"
#include "services/base/settings.h"
#include "services/base/text.h"
#include "services/base/url.h"

#define MAX_OVERRIDE_BYTES 1024

static bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(const char *text, size_t size) {
    if (size == 0 || size > 63 || text[0] == '-' || text[size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_lower_or_digit(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}

/* "" without a file that can be read, a profile or its region. */
static enum svc_status profile_region(const struct svc_environment *environment, char *region,
                                      size_t region_bytes) {
    struct svc_buf text;
    const enum svc_status status = awsc_profile_read(environment, AWSC_PROFILE_CONFIG, &text);
    if (status != SVC_OK || awsc_profile_get(environment, AWSC_PROFILE_CONFIG, &text, "region",
                                             region, region_bytes) != SVC_OK) {
        region[0] = '\0';
    }
    svc_buf_wipe(&text);
    return status == SVC_NO_MEMORY ? status : SVC_OK;
}

enum svc_status awsc_region(const struct svc_environment *environment, const char *given,
                            char region[AWSC_MAX_REGION_BYTES + 1], struct svc_error *error) {
    static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    const char *source = "the region given";
    region[0] = '\0';
    char from_profile[AWSC_MAX_REGION_BYTES + 2] = "";
    for (size_t i = 0; i < 2 && given == NULL; i++) {
        source = names[i];
        given = svc_setting(environment, names[i]);
    }
    if (given == NULL) {
        source = "the profile's region";
        if (profile_region(environment, from_profile, sizeof(from_profile)) != SVC_OK) {
            return svc_fail(error, SVC_NO_MEMORY, "no memory for a profile");
        }
        given = from_profile[0] != '\0' ? from_profile : NULL;
    }
    if (given == NULL) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "no region: neither AWS_REGION nor AWS_DEFAULT_REGION nor a profile sets "
                        "one");
    }
    if (!is_label(given, strlen(given)) ||
        !svc_copy_text(region, AWSC_MAX_REGION_BYTES + 1, given)) {
        return svc_fail(error, SVC_CONFIGURATION, "%s is not a region's name", source);
    }
    return SVC_OK;
}

/* Where a setting puts the service; false: `text` is no URL for that. */
static bool parse_override(const char *text, struct awsc_endpoint *endpoint) {
    struct svc_url url;
    if (!svc_url_parse(text, &url) || url.authority_bytes >= sizeof(endpoint->host) ||
        strchr(url.path, '%') != NULL) { /* a path that is encoded already would be signed wrong */
        return false;
    }
    endpoint->is_overridden = true;
    endpoint->is_https = url.is_https;
    memcpy(endpoint->host, url.authority, url.authority_bytes);
    endpoint->host[url.authority_bytes] = '\0';
    size_t path_bytes = strlen(url.path);
    while (path_bytes > 0 && url.path[path_bytes - 1] == '/') {
        path_bytes--;
    }
    if (path_bytes >= sizeof(endpoint->path)) {
        return false;
    }
    memcpy(endpoint->path, url.path, path_bytes);
    endpoint->path[path_bytes] = '\0';
    return true;
}

static const char *value_of(const char *name, const char *region) {
    if (strncmp(name, "{region}", strlen("{region}")) == 0) {
        return region;
    }
    const struct svc_partition *partition = svc_partition_of_region(region);
    return strncmp(name, "{dns}", strlen("{dns}")) == 0 ? partition->dns_suffix
                                                        : partition->dualstack_suffix;
}

/* Fills in a host pattern of service.c; false if the host does not fit. */
static bool make_host(const char *pattern, const char *region, char host[AWSC_HOST_HEADER_BYTES]) {
    size_t used = 0;
    while (*pattern != '\0') {
        const char *part = pattern;
        size_t size = strcspn(pattern, "{");
        pattern += size;
        if (size == 0) {
            part = value_of(pattern, region);
            size = strlen(part);
            pattern += strcspn(pattern, "}") + 1;
        }
        if (size > AWSC_MAX_HOST_BYTES - used) {
            return false;
        }
        memcpy(host + used, part, size);
        used += size;
    }
    host[used] = '\0';
    return true;
}

static const char *host_pattern(const struct awsc_service_row *row, const char *region,
                                bool use_fips, bool use_dualstack) {
    if (use_dualstack) {
        return use_fips ? row->fips_dualstack_host : row->dualstack_host;
    }
    const bool is_plain_fips = row->is_gov_host_fips && strncmp(region, "us-gov-", 7) == 0;
    return use_fips && !is_plain_fips ? row->fips_host : row->host;
}

/* The service's own setting or that for all, into `url`; "": neither is set. Returns its name. */
static const char *read_override(struct svc_settings *settings, const struct awsc_service_row *row,
                                 char *url, size_t url_bytes) {
    const char *const names[] = {row->endpoint_setting, "AWS_ENDPOINT_URL"};
    url[0] = '\0';
    if (svc_setting_bool(settings, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", false)) {
        return "";
    }
    size_t i = 0;
    for (; i < 2 && url[0] == '\0' && settings->status == SVC_OK; i++) {
        svc_setting_url(settings, names[i], true, "", url, url_bytes);
    }
    return i > 0 ? names[i - 1] : "";
}

enum svc_status awsc_endpoint_resolve(const struct svc_environment *environment,
                                      enum awsc_service service, const char *region,
                                      struct awsc_endpoint *endpoint, struct svc_error *error) {
    const struct awsc_service_row *row = awsc_service_row(service);
    struct svc_settings settings;
    char url[MAX_OVERRIDE_BYTES];
    memset(endpoint, 0, sizeof(*endpoint));
    svc_settings_init(&settings, environment, error);
    const char *name = read_override(&settings, row, url, sizeof(url));
    const bool use_fips = svc_setting_bool(&settings, "AWS_USE_FIPS_ENDPOINT", false);
    const bool use_dualstack = svc_setting_bool(&settings, "AWS_USE_DUALSTACK_ENDPOINT", false);
    if (settings.status != SVC_OK) {
        return settings.status;
    }
    if (url[0] != '\0') {
        if (use_fips || use_dualstack) {
            return svc_fail(error, SVC_CONFIGURATION,
                            "%s and AWS_USE_%s_ENDPOINT exclude each other", name,
                            use_fips ? "FIPS" : "DUALSTACK");
        }
        if (!parse_override(url, endpoint)) {
            svc_setting_refuse(&settings, name, "an http or https URL of host, port and path");
        }
        return settings.status;
    }
    if (use_fips && !svc_partition_of_region(region)->has_fips) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "AWS_USE_FIPS_ENDPOINT: there are none in the region's partition");
    }
    endpoint->is_https = true;
    return make_host(host_pattern(row, region, use_fips, use_dualstack), region, endpoint->host)
               ? SVC_OK
               : svc_fail(error, SVC_CONFIGURATION, "the region's name is too long");
}

/* S3's rule for new buckets: 3 to 63 lower-case letters, digits, dots, hyphens. */
static bool is_bucket(const char *bucket) {
    size_t size = strlen(bucket);
    if (size < 3 || size > 63) {
        return false;
    }
    for (const char *label = bucket;; label++) {
        size_t length = strcspn(label, ".");
        if (!is_label(label, length)) {
            return false;
        }
        label += length;
        if (*label == '\0') {
            return true;
        }
    }
}

enum svc_status awsc_s3_address(const struct awsc_endpoint *endpoint, const char *bucket,
                                const char *key, struct svc_buf *host, struct svc_buf *path,
                                struct svc_error *error) {
    if (bucket == NULL || !is_bucket(bucket)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "not the name of a bucket");
    }
    size_t key_bytes = key != NULL ? strlen(key) : 0;
    if (key != NULL && (key_bytes == 0 || key_bytes > AWSC_MAX_S3_KEY_BYTES ||
                        !svc_utf8_valid((const uint8_t *)key, key_bytes))) {
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "a key has 1 to %zu bytes of UTF-8, this one has %zu",
                        AWSC_MAX_S3_KEY_BYTES, key_bytes);
    }
    bool is_virtual = !endpoint->is_overridden && strchr(bucket, '.') == NULL;
    if (is_virtual) {
        svc_buf_printf(host, "%s.%s", bucket, endpoint->host);
        svc_buf_append_char(path, '/');
    } else {
        svc_buf_append_text(host, endpoint->host);
        svc_buf_printf(path, "%s/%s", endpoint->path, bucket);
        if (key != NULL) {
            svc_buf_append_char(path, '/');
        }
    }
    if (key != NULL) {
        svc_percent_encode(key, key_bytes, true, path);
    }
    if (svc_buf_status(host) != SVC_OK || svc_buf_status(path) != SVC_OK) {
        return svc_fail(error, SVC_NO_MEMORY, "no memory for an address");
    }
    return SVC_OK;
}
