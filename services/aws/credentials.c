/* Where credentials come from: see credentials.h. */
#include "services/aws/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/profile.h"
#include "services/base/crypto.h"
#include "services/base/file.h"
#include "services/base/json.h"
#include "services/base/text.h"

#define REFRESH_BEFORE_MS    (5 * 60 * 1000)
#define CONTAINER_HOST       "http://169.254.170.2"
#define CONTAINER_TIMEOUT_MS 5000
#define MAX_RESPONSE_BYTES   ((size_t)64 * 1024)
#define MAX_TOKEN_BYTES      ((size_t)8 * 1024)

struct awsc_provider {
    const struct svc_environment *environment;
    const struct svc_clock *clock;
    const struct svc_transport *transport;
    struct awsc_credentials credentials;
    uint64_t version;  /* of the credentials; 0: none were fetched yet */
    bool must_refresh; /* the service called them expired */
};

void awsc_credentials_wipe(struct awsc_credentials *credentials) {
    svc_wipe(credentials, sizeof(*credentials));
}

enum svc_status awsc_provider_create(const struct svc_environment *environment,
                                     const struct svc_clock *clock,
                                     const struct svc_transport *transport,
                                     struct awsc_provider **out) {
    struct awsc_provider *provider = calloc(1, sizeof(*provider));
    *out = provider;
    if (provider == NULL) {
        return SVC_NO_MEMORY;
    }
    provider->environment = environment;
    provider->clock = clock;
    provider->transport = transport;
    return SVC_OK;
}

void awsc_provider_destroy(struct awsc_provider *provider) {
    if (provider != NULL) {
        awsc_credentials_wipe(&provider->credentials);
        free(provider);
    }
}

uint64_t awsc_provider_version(const struct awsc_provider *provider) {
    return provider->version;
}

void awsc_provider_expire(struct awsc_provider *provider, uint64_t version) {
    provider->must_refresh |= version == provider->version;
}

bool awsc_provider_is_refreshable(const struct awsc_provider *provider) {
    return provider->version > 0 && provider->credentials.expires_wall_ms != AWSC_NEVER_EXPIRES;
}

bool awsc_provider_has_in(const struct awsc_provider *provider, const char *text) {
    const struct awsc_credentials *own = &provider->credentials;
    char start[17] = "";
    if (provider->version == 0) {
        return false;
    }
    memcpy(start, own->session_token, strnlen(own->session_token, sizeof(start) - 1));
    bool has = (own->secret_access_key[0] != '\0' && strstr(text, own->secret_access_key)) ||
               (strlen(start) == sizeof(start) - 1 && strstr(text, start) != NULL);
    svc_wipe(start, sizeof(start));
    return has;
}

/* Sets the three parts if they fit and are not empty; else *credentials is unchanged. */
static bool set_parts(struct awsc_credentials *credentials, const char *id, const char *secret,
                      const char *token, int64_t expires_wall_ms) {
    struct awsc_credentials parts = {.expires_wall_ms = expires_wall_ms};
    bool fits = svc_copy_text(parts.access_key_id, sizeof(parts.access_key_id), id) &&
                svc_copy_text(parts.secret_access_key, sizeof(parts.secret_access_key), secret) &&
                svc_copy_text(parts.session_token, sizeof(parts.session_token), token) &&
                id[0] != '\0' && secret[0] != '\0';
    if (fits) {
        *credentials = parts;
    }
    awsc_credentials_wipe(&parts);
    return fits;
}

/* ---------------------------------------------------------------------- environment */

static const size_t part_bytes[] = {AWSC_MAX_KEY_ID_BYTES, AWSC_MAX_SECRET_BYTES,
                                    AWSC_MAX_SESSION_TOKEN_BYTES};

/* Each source returns NOT_FOUND if it has none: the next one is tried. */
static enum svc_status from_environment(struct awsc_provider *provider, struct svc_error *error) {
    static const char *const names[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                        "AWS_SESSION_TOKEN"};
    struct awsc_credentials read = {.expires_wall_ms = AWSC_NEVER_EXPIRES};
    char *parts[] = {read.access_key_id, read.secret_access_key, read.session_token};
    enum svc_status status = SVC_OK;
    /* One by one: a string of the environment is valid only until the next look-up. */
    for (size_t i = 0; i < 3 && status == SVC_OK; i++) {
        const char *value = svc_setting(provider->environment, names[i]);
        if (value == NULL && i < 2) {
            status = SVC_NOT_FOUND;
        } else if (!svc_copy_text(parts[i], part_bytes[i] + 1, value != NULL ? value : "")) {
            status = svc_fail(error, SVC_NO_CREDENTIALS, "%s is too long", names[i]);
        }
    }
    if (status == SVC_OK) {
        provider->credentials = read;
    }
    awsc_credentials_wipe(&read);
    return status;
}

/* ---------------------------------------------------------------------- files */

static enum svc_status from_file(struct awsc_provider *provider, enum awsc_profile_file which,
                                 struct svc_error *error) {
    static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                        "aws_session_token"};
    const struct svc_environment *environment = provider->environment;
    struct svc_buf text;
    struct awsc_credentials read = {.expires_wall_ms = AWSC_NEVER_EXPIRES};
    char *parts[] = {read.access_key_id, read.secret_access_key, read.session_token};
    enum svc_status status = awsc_profile_read(environment, which, &text);
    if (status != SVC_OK && status != SVC_NO_MEMORY) {
        status = SVC_NOT_FOUND; /* a file that cannot be read counts as none */
    }
    for (size_t i = 0; i < 3 && status == SVC_OK; i++) {
        const enum svc_status found =
            awsc_profile_get(environment, which, &text, names[i], parts[i], part_bytes[i] + 1);
        if (found == SVC_TOO_LARGE) {
            status = svc_fail(error, SVC_NO_CREDENTIALS, "%s of the profile is too long", names[i]);
        } else if (i < 2 && parts[i][0] == '\0') {
            status = SVC_NOT_FOUND;
        }
    }
    if (status == SVC_OK) {
        provider->credentials = read;
    }
    awsc_credentials_wipe(&read);
    svc_buf_wipe(&text);
    return status;
}

/* ---------------------------------------------------------------------- container */

/* Plain http exposes the credentials to the network: allowed only to addresses on this host. */
static bool is_allowed_url(const char *url) {
    static const char *const hosts[] = {"localhost", "169.254.170.2", "169.254.170.23", "[::1]",
                                        "[fd00:ec2::23]"};
    if (strncmp(url, "https://", 8) == 0) {
        return true;
    }
    if (strncmp(url, "http://", 7) != 0) {
        return false;
    }
    const char *host = url + 7;
    size_t size = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#@");
    if (size > strlen(host) || host[size] == '@' || strchr("/:?", host[size]) == NULL ||
        strchr(host, '@') != NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (size == strlen(hosts[i]) && memcmp(host, hosts[i], size) == 0) {
            return true;
        }
    }
    /* 127.0.0.0/8, in its plain form only. */
    int a = 0, b = 0, c = 0, end = 0;
    return size <= 15 && sscanf(host, "127.%3d.%3d.%3d%n", &a, &b, &c, &end) == 3 &&
           (size_t)end == size && strspn(host, "0123456789.") == size && a <= 255 && b <= 255 &&
           c <= 255;
}

static enum svc_status container_url(const struct awsc_provider *provider, struct svc_buf *url,
                                     struct svc_error *error) {
    const char *value =
        svc_setting(provider->environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (value != NULL) {
        svc_buf_printf(url, CONTAINER_HOST "%s%s", value[0] == '/' ? "" : "/", value);
        return svc_buf_status(url);
    }
    value = svc_setting(provider->environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (value == NULL) {
        return SVC_NOT_FOUND;
    }
    if (!is_allowed_url(value)) {
        return svc_fail(error, SVC_NO_CREDENTIALS,
                        "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor a loopback or "
                        "container agent's address");
    }
    svc_buf_append_text(url, value);
    return svc_buf_status(url);
}

static enum svc_status container_token(const struct awsc_provider *provider, struct svc_buf *token,
                                       struct svc_error *error) {
    const char *value =
        svc_setting(provider->environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    if (value != NULL) {
        const enum svc_status status = svc_read_file(value, token);
        if (status != SVC_OK) {
            return svc_fail(error, status == SVC_NO_MEMORY ? status : SVC_NO_CREDENTIALS,
                            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
        }
        while (token->size_bytes > 0 && (token->bytes[token->size_bytes - 1] == '\n' ||
                                         token->bytes[token->size_bytes - 1] == '\r')) {
            token->bytes[--token->size_bytes] = 0;
        }
        return SVC_OK;
    }
    value = svc_setting(provider->environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    svc_buf_append_text(token, value != NULL ? value : "");
    return svc_buf_status(token);
}

/* A number or an object is not the same as none: credentials without an end are kept for ever. */
static bool is_text_or_absent(const struct svc_json *response, const char *name) {
    return svc_json_get(response, name) == NULL || svc_json_get_text(response, name) != NULL;
}

static enum svc_status read_response(struct awsc_provider *provider,
                                     const struct svc_http_exchange *exchange,
                                     struct svc_error *error) {
    struct svc_json *response = NULL;
    int64_t expires_ms = AWSC_NEVER_EXPIRES;
    enum svc_status status = svc_json_parse(exchange->body.bytes, exchange->body.size_bytes,
                                            MAX_RESPONSE_BYTES, &response, NULL);
    const char *id = svc_json_get_text(response, "AccessKeyId");
    const char *secret = svc_json_get_text(response, "SecretAccessKey");
    const char *token = svc_json_get_text(response, "Token");
    const char *expiration = svc_json_get_text(response, "Expiration");
    bool is_good =
        status == SVC_OK && id != NULL && secret != NULL && is_text_or_absent(response, "Token") &&
        is_text_or_absent(response, "Expiration") &&
        (expiration == NULL || svc_parse_iso8601(expiration, &expires_ms)) &&
        set_parts(&provider->credentials, id, secret, token != NULL ? token : "", expires_ms);
    svc_json_wipe(response);
    return is_good ? SVC_OK
                   : svc_fail(error, SVC_NO_CREDENTIALS,
                              "the container's credentials endpoint gave none");
}

static enum svc_status fetch_from_container(struct awsc_provider *provider, const char *url,
                                            const char *token, int64_t deadline_ms,
                                            struct svc_error *error) {
    const struct svc_http_header headers[] = {{"Accept", "application/json"},
                                              {"Authorization", token}};
    int64_t own_ms = svc_deadline_in(provider->clock, CONTAINER_TIMEOUT_MS);
    struct svc_http_request request = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .header_count = token[0] != '\0' ? 2 : 1,
        .max_body_bytes = MAX_RESPONSE_BYTES,
        .deadline_ms = own_ms < deadline_ms ? own_ms : deadline_ms,
    };
    struct svc_http_exchange *exchange = NULL;
    enum svc_status status = svc_http_send(provider->transport, &request, &exchange);
    if (status != SVC_OK) {
        svc_fail(error, status, "the container's credentials endpoint: %s",
                 svc_status_message(status));
    } else if (exchange->http_status != 200) {
        status = exchange->http_status >= 500 || exchange->http_status == 429 ? SVC_BAD_RESPONSE
                                                                              : SVC_NO_CREDENTIALS;
        svc_fail(error, status, "the container's credentials endpoint returned %d",
                 exchange->http_status);
    } else {
        status = read_response(provider, exchange, error);
    }
    provider->transport->close(provider->transport->self, exchange);
    return status;
}

static enum svc_status from_container(struct awsc_provider *provider, int64_t deadline_ms,
                                      struct svc_error *error) {
    struct svc_buf url, token;
    svc_buf_init(&url, SVC_MAX_URL_BYTES);
    svc_buf_init(&token, MAX_TOKEN_BYTES);
    enum svc_status status = container_url(provider, &url, error);
    if (status == SVC_OK) {
        status = container_token(provider, &token, error);
    }
    if (status == SVC_OK) {
        status = fetch_from_container(provider, svc_buf_text(&url), svc_buf_text(&token),
                                      deadline_ms, error);
    }
    svc_buf_clear(&url);
    svc_buf_wipe(&token);
    return status;
}

/* ---------------------------------------------------------------------- the chain */

static enum svc_status fetch(struct awsc_provider *provider, int64_t deadline_ms,
                             struct svc_error *error) {
    enum svc_status status = from_environment(provider, error);
    if (status == SVC_NOT_FOUND) {
        status = from_file(provider, AWSC_PROFILE_CREDENTIALS, error);
    }
    if (status == SVC_NOT_FOUND) {
        status = from_file(provider, AWSC_PROFILE_CONFIG, error);
    }
    if (status == SVC_NOT_FOUND) {
        status = from_container(provider, deadline_ms, error);
    }
    if (status == SVC_NOT_FOUND) {
        status = svc_fail(error, SVC_NO_CREDENTIALS,
                          "no credentials in the environment, in a profile or from a container");
    }
    return status;
}

enum svc_status awsc_provider_get(struct awsc_provider *provider, int64_t deadline_ms,
                                  const struct awsc_credentials **credentials,
                                  struct svc_error *error) {
    int64_t expires_ms = provider->credentials.expires_wall_ms;
    int64_t now_ms = svc_wall_ms(provider->clock);
    bool is_due = expires_ms != AWSC_NEVER_EXPIRES && now_ms >= expires_ms - REFRESH_BEFORE_MS;
    *credentials = &provider->credentials;
    if (provider->version > 0 && !is_due && !provider->must_refresh) {
        return SVC_OK;
    }
    enum svc_status status = fetch(provider, deadline_ms, error);
    if (status == SVC_OK) {
        provider->version++;
        provider->must_refresh = false;
        expires_ms = provider->credentials.expires_wall_ms;
        return expires_ms > now_ms
                   ? SVC_OK
                   : svc_fail(error, SVC_NO_CREDENTIALS, "the credentials found have expired");
    }
    /* Not expired yet: the next call tries again. */
    if (provider->version > 0 && !provider->must_refresh && now_ms < expires_ms) {
        return SVC_OK;
    }
    return status;
}
