/* Where services are: see endpoint.h. */
#include "services/aws/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"

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

enum svc_status awsc_region(const struct svc_environment *environment,
                            char region[AWSC_MAX_REGION_BYTES + 1], struct svc_error *error) {
    const char *value = svc_setting(environment, "AWS_REGION");
    if (value == NULL) {
        value = svc_setting(environment, "AWS_DEFAULT_REGION");
    }
    region[0] = '\0';
    if (value == NULL) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "neither AWS_REGION nor AWS_DEFAULT_REGION is set");
    }
    if (!is_label(value, strlen(value)) ||
        !svc_copy_text(region, AWSC_MAX_REGION_BYTES + 1, value)) {
        return svc_fail(error, SVC_CONFIGURATION, "AWS_REGION is not a region's name");
    }
    return SVC_OK;
}

/* "host" or "host:port", host a name, an IPv4 address, or an IPv6 one in brackets. */
static bool is_authority(const char *text, size_t size) {
    size_t host = 0;
    if (size > 0 && text[0] == '[') {
        while (host < size && text[host] != ']') {
            host++;
        }
        host++;
        if (host > size || strspn(text + 1, "0123456789abcdefABCDEF:.") != host - 2) {
            return false;
        }
    } else {
        while (host < size && text[host] != ':') {
            char c = text[host];
            bool is_upper = c >= 'A' && c <= 'Z';
            if (!is_lower_or_digit(c) && !is_upper && c != '-' && c != '.' && c != '_') {
                return false;
            }
            host++;
        }
    }
    if (host == 0 || host > AWSC_MAX_HOST_BYTES) {
        return false;
    }
    if (host == size) {
        return true;
    }
    size_t digits = size - host - 1;
    return text[host] == ':' && digits >= 1 && digits <= 5 &&
           strspn(text + host + 1, "0123456789") >= digits && atol(text + host + 1) <= 65535;
}

/* Host as the Host header has it: without the scheme's own port. */
static bool copy_authority(struct awsc_endpoint *endpoint, const char *text, size_t size) {
    const char *own_port = endpoint->is_https ? ":443" : ":80";
    size_t port = strlen(own_port);
    if (size > port && memcmp(text + size - port, own_port, port) == 0) {
        size -= port;
    }
    if (size >= sizeof(endpoint->host)) {
        return false;
    }
    memcpy(endpoint->host, text, size);
    endpoint->host[size] = '\0';
    return true;
}

static bool parse_override(const char *url, struct awsc_endpoint *endpoint) {
    endpoint->is_overridden = true;
    endpoint->is_https = strncmp(url, "https://", 8) == 0;
    if (!endpoint->is_https && strncmp(url, "http://", 7) != 0) {
        return false;
    }
    const char *authority = url + (endpoint->is_https ? 8 : 7);
    size_t size = strcspn(authority, "/");
    if (!is_authority(authority, size) || !copy_authority(endpoint, authority, size)) {
        return false;
    }
    const char *path = authority + size;
    size_t path_size = strlen(path);
    while (path_size > 0 && path[path_size - 1] == '/') {
        path_size--;
    }
    if (path_size >= sizeof(endpoint->path)) {
        return false;
    }
    for (size_t i = 0; i < path_size; i++) {
        if (path[i] <= ' ' || path[i] == 0x7f || strchr("?#%\\", path[i]) != NULL) {
            return false;
        }
    }
    memcpy(endpoint->path, path, path_size);
    endpoint->path[path_size] = '\0';
    return true;
}

/* The domains of AWS's partitions, by how the names of their regions begin. */
static const struct partition {
    const char *region_prefix, *dns, *dualstack;
} partitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"}, /* us-gov- too */
};

static const struct partition *partition_of(const char *region) {
    const struct partition *partition = partitions;
    while (strncmp(region, partition->region_prefix, strlen(partition->region_prefix)) != 0) {
        partition++;
    }
    return partition;
}

static const char *value_of(const char *name, const char *region) {
    if (strncmp(name, "{region}", strlen("{region}")) == 0) {
        return region;
    }
    const struct partition *partition = partition_of(region);
    return strncmp(name, "{dns}", strlen("{dns}")) == 0 ? partition->dns : partition->dualstack;
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

enum svc_status awsc_endpoint_resolve(const struct svc_environment *environment,
                                      enum awsc_service service, const char *region,
                                      struct awsc_endpoint *endpoint, struct svc_error *error) {
    memset(endpoint, 0, sizeof(*endpoint));
    const char *ignore = svc_setting(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (ignore == NULL || !svc_equal_nocase(ignore, "true")) {
        const char *setting = awsc_service_row(service)->endpoint_setting;
        const char *url = svc_setting(environment, setting);
        if (url == NULL) {
            setting = "AWS_ENDPOINT_URL";
            url = svc_setting(environment, setting);
        }
        if (url != NULL) {
            return parse_override(url, endpoint)
                       ? SVC_OK
                       : svc_fail(error, SVC_CONFIGURATION,
                                  "%s is no http or https URL of host, port and path", setting);
        }
    }
    endpoint->is_https = true;
    return make_host(awsc_service_row(service)->host, region, endpoint->host)
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
