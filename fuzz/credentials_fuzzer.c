/* Where credentials come from: any environment, profile files, token file and response of a
 * container's endpoint. The source that counts, its URL and header, and the credentials are those
 * of a second reading, by profile_oracle.h, a regular expression and json-c; a second call asks
 * again only when it must.
 *
 * The input is parts with a record separator (0x1e) between them: the environment's lines
 * NAME=VALUE; the files of `paths` (a part that is missing: no such file); the response's body.
 * Files are read from these parts: svc_read_file is wrapped. */
#include <json-c/json.h>
#include <regex.h>
#include <string.h>

#include "fuzz/support/json_oracle.h"
#include "fuzz/support/profile_oracle.h"
#include "services/aws/credentials.h"
#include "services/base/text.h"

#define NOW_MS INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

static const char *const paths[] = {"/home/.aws/credentials", "/home/.aws/config", "/files/a"};
#define FILES (sizeof(paths) / sizeof(paths[0]))

static struct world {
    char *environment, *files[FILES], *body;
    size_t file_bytes[FILES], body_bytes;
    int http_status;
    enum svc_status failure; /* of the transport; OK: none */
    size_t requests, open_exchanges;
    char url[4096], token[4096]; /* of the last request */
} world;

/* ---------------------------------------------------------------------- its parts */

/* Of the first line NAME=VALUE; NULL: none, or empty. Valid until the next call. */
static const char *setting(const char *name) {
    static char value[4096];
    const size_t name_bytes = strlen(name);
    for (const char *at = world.environment; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        if (strncmp(at, name, name_bytes) != 0 || at[name_bytes] != '=')
            continue;
        const char *from = at + name_bytes + 1;
        const size_t size = strcspn(from, "\n");
        FUZZ_CHECK(size < sizeof(value), "a value of %zu bytes", size);
        memcpy(value, from, size);
        value[size] = '\0';
        return size ? value : NULL;
    }
    return NULL;
}

static const char *get_setting(void *user, const char *name) {
    (void)user;
    const char *value = setting(name);
    return value ? value : "";
}

/* The number of the file that a path names; FILES: there is none. */
static size_t file_at(const char *path) {
    size_t i = 0;
    while (i < FILES && (!world.files[i] || strcmp(paths[i], path) != 0))
        i++;
    return i;
}

enum svc_status __wrap_svc_read_file(const char *path, struct svc_buf *out);
enum svc_status __wrap_svc_read_file(const char *path, struct svc_buf *out) {
    const size_t i = file_at(path);
    if (i == FILES)
        return SVC_IO;
    svc_buf_append(out, world.files[i], world.file_bytes[i]);
    return svc_buf_status(out);
}

static void close_exchange(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    if (!exchange)
        return;
    world.open_exchanges--;
    svc_buf_clear(&exchange->headers);
    svc_buf_clear(&exchange->body);
    free(exchange);
}

static enum svc_status start(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **out) {
    (void)self;
    *out = NULL;
    FUZZ_CHECK(!strcmp(request->method, "GET") && request->header_count >= 1 &&
                   request->header_count <= 2 && !strcmp(request->headers[0].name, "Accept"),
               "another request");
    snprintf(world.url, sizeof(world.url), "%s", request->url);
    snprintf(world.token, sizeof(world.token), "%s",
             request->header_count == 2 ? request->headers[1].value : "");
    FUZZ_CHECK(request->header_count == 1 || !strcmp(request->headers[1].name, "Authorization"),
               "a header %s", request->headers[1].name);
    world.requests++;
    if (svc_http_check_request(request) != SVC_OK)
        return SVC_INVALID_ARGUMENT;
    struct svc_http_exchange *exchange = fuzz_alloc(sizeof(*exchange));
    *exchange = (struct svc_http_exchange){.state = SVC_HTTP_DONE,
                                           .status = world.failure,
                                           .http_status = world.failure ? 0 : world.http_status};
    svc_buf_init(&exchange->headers, 1024);
    svc_buf_init(&exchange->body, (size_t)1 << 20);
    svc_buf_append(&exchange->body, world.body, world.body_bytes);
    world.open_exchanges++;
    *out = exchange;
    return SVC_OK;
}

static enum svc_status poll_exchanges(void *self, int64_t until_ms) {
    (void)self, (void)until_ms;
    return SVC_OK;
}

static int64_t wall_ms(void *user) {
    (void)user;
    return NOW_MS;
}

static int64_t monotonic_ms(void *user) {
    (void)user;
    return 1000;
}

static void sleep_ms(void *user, int64_t duration_ms) {
    (void)user, (void)duration_ms;
    FUZZ_CHECK(false, "it waits");
}

/* ---------------------------------------------------------------------- the second reading */

struct expected {
    enum svc_status status; /* SVC_NOT_FOUND: this source has none */
    bool is_unsure;         /* json-c drops some characters that are written as two escapes */
    char id[4096], secret[4096], token[4096];
    int64_t expires_ms;
};

static bool matches(const char *pattern, const char *text) {
    regex_t expression;
    FUZZ_CHECK(!regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB), "no expression");
    const bool is_match = !regexec(&expression, text, 0, NULL, 0);
    regfree(&expression);
    return is_match;
}

static void copy_setting(const char *name, char out[4096]) {
    const char *value = setting(name);
    snprintf(out, 4096, "%s", value ? value : "");
}

static void expect_environment(struct expected *expected) {
    copy_setting("AWS_ACCESS_KEY_ID", expected->id);
    copy_setting("AWS_SECRET_ACCESS_KEY", expected->secret);
    copy_setting("AWS_SESSION_TOKEN", expected->token);
    expected->expires_ms = AWSC_NEVER_EXPIRES;
    expected->status = !*expected->id                                     ? SVC_NOT_FOUND
                       : strlen(expected->id) > AWSC_MAX_KEY_ID_BYTES     ? SVC_NO_CREDENTIALS
                       : !*expected->secret                               ? SVC_NOT_FOUND
                       : strlen(expected->secret) > AWSC_MAX_SECRET_BYTES ? SVC_NO_CREDENTIALS
                                                                          : SVC_OK;
}

/* A part of a profile's credentials: "" if it is absent. */
static void take_value(const char *text, bool is_config, const char *key, size_t most,
                       struct expected *expected, char *out) {
    char profile[4096];
    copy_setting("AWS_PROFILE", profile);
    char *value = strlen(profile) >= 256
                      ? NULL
                      : profile_oracle_find(text, is_config, *profile ? profile : "default", key);
    snprintf(out, 4096, "%s", value ? value : "");
    if (expected->status == SVC_OK && strlen(out) > most)
        expected->status = SVC_NO_CREDENTIALS;
    free(value);
}

static void expect_file(bool is_config, struct expected *expected) {
    char path[8192];
    const char *named = setting(is_config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE");
    if (named)
        snprintf(path, sizeof(path), "%s", named);
    else
        snprintf(path, sizeof(path), "%s/.aws/%s", setting("HOME") ? setting("HOME") : "?",
                 is_config ? "config" : "credentials");
    const size_t i = file_at(path);
    expected->status = SVC_NOT_FOUND;
    if (i == FILES)
        return;
    expected->status = SVC_OK;
    take_value(world.files[i], is_config, "aws_access_key_id", AWSC_MAX_KEY_ID_BYTES, expected,
               expected->id);
    if (!*expected->id)
        expected->status = SVC_NOT_FOUND;
    take_value(world.files[i], is_config, "aws_secret_access_key", AWSC_MAX_SECRET_BYTES, expected,
               expected->secret);
    if (expected->status == SVC_OK && !*expected->secret)
        expected->status = SVC_NOT_FOUND;
    take_value(world.files[i], is_config, "aws_session_token", AWSC_MAX_SESSION_TOKEN_BYTES,
               expected, expected->token);
}

/* https, or plain http to a host of this machine, whatever follows it but an '@'. */
static bool is_allowed(const char *url) {
    return !strncmp(url, "https://", 8) ||
           (!strchr(url, '@') &&
            matches("^http://(localhost|169[.]254[.]170[.](2|23)|\\[::1]|\\[fd00:ec2::23]|"
                    "127([.](2[0-4][0-9]|25[0-5]|[01]?[0-9]?[0-9])){3})([:/?]|$)",
                    url));
}

static enum svc_status expect_request(char url[8192], char token[4096]) {
    const char *value = setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (value) {
        snprintf(url, 8192, "http://169.254.170.2%s%s", *value == '/' ? "" : "/", value);
    } else {
        value = setting("AWS_CONTAINER_CREDENTIALS_FULL_URI");
        if (!value)
            return SVC_NOT_FOUND;
        if (!is_allowed(value))
            return SVC_NO_CREDENTIALS;
        snprintf(url, 8192, "%s", value);
    }
    copy_setting("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token);
    if (!*token) {
        copy_setting("AWS_CONTAINER_AUTHORIZATION_TOKEN", token);
        return SVC_OK;
    }
    const size_t i = file_at(token);
    if (i == FILES)
        return SVC_NO_CREDENTIALS;
    size_t size = world.file_bytes[i];
    while (size && strchr("\r\n", world.files[i][size - 1]) && world.files[i][size - 1])
        size--;
    snprintf(token, 4096, "%.*s", (int)size, world.files[i]);
    return SVC_OK;
}

static const char *member(json_object *object, const char *name) {
    json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, json_type_string) ||
        strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
        return NULL;
    return json_object_get_string(value);
}

/* Whether a member is there, is not null, and is no text. */
static bool is_wrong(json_object *object, const char *name) {
    json_object *value = NULL;
    return json_object_is_type(object, json_type_object) &&
           json_object_object_get_ex(object, name, &value) && value && !member(object, name);
}

static enum svc_status expect_body(struct expected *expected) {
    struct json_oracle facts = {0};
    const bool is_json = json_oracle_accepts((const uint8_t *)world.body, world.body_bytes, &facts);
    expected->is_unsure = facts.has_surrogates;
    json_object *document = is_json ? json_tokener_parse(world.body) : NULL;
    const char *id = member(document, "AccessKeyId"), *token = member(document, "Token");
    const char *secret = member(document, "SecretAccessKey");
    const char *expiration = member(document, "Expiration");
    expected->expires_ms = AWSC_NEVER_EXPIRES;
    const bool is_good = id && *id && strlen(id) <= AWSC_MAX_KEY_ID_BYTES && secret && *secret &&
                         strlen(secret) <= AWSC_MAX_SECRET_BYTES && !is_wrong(document, "Token") &&
                         !is_wrong(document, "Expiration") &&
                         (!expiration || svc_parse_iso8601(expiration, &expected->expires_ms)) &&
                         expected->expires_ms > NOW_MS;
    if (is_good) {
        snprintf(expected->id, sizeof(expected->id), "%s", id);
        snprintf(expected->secret, sizeof(expected->secret), "%s", secret);
        snprintf(expected->token, sizeof(expected->token), "%s", token ? token : "");
    }
    json_object_put(document);
    return is_good ? SVC_OK : SVC_NO_CREDENTIALS;
}

static void expect_container(struct expected *expected) {
    char url[8192], token[4096];
    expected->status = expect_request(url, token);
    FUZZ_CHECK(world.requests == (expected->status == SVC_OK), "%zu requests", world.requests);
    if (expected->status != SVC_OK)
        return;
    FUZZ_CHECK(!strcmp(world.url, url), "asks %s, not %s", world.url, url);
    FUZZ_CHECK(!strcmp(world.token, token), "another token");
    const struct svc_http_header header = {"Authorization", token};
    const struct svc_http_request request = {
        .method = "GET", .url = url, .headers = &header, .header_count = *token != '\0'};
    if (svc_http_check_request(&request) != SVC_OK)
        expected->status = SVC_INVALID_ARGUMENT;
    else if (world.failure)
        expected->status = world.failure;
    else if (world.http_status != 200)
        expected->status = world.http_status >= 500 || world.http_status == 429
                               ? SVC_BAD_RESPONSE
                               : SVC_NO_CREDENTIALS;
    else
        expected->status = expect_body(expected);
}

static void expect(struct expected *expected) {
    memset(expected, 0, sizeof(*expected));
    expect_environment(expected);
    if (expected->status == SVC_NOT_FOUND)
        expect_file(false, expected);
    if (expected->status == SVC_NOT_FOUND)
        expect_file(true, expected);
    if (expected->status != SVC_NOT_FOUND) {
        FUZZ_CHECK(world.requests == 0, "a request");
        return;
    }
    expect_container(expected);
    if (expected->status == SVC_NOT_FOUND)
        expected->status = SVC_NO_CREDENTIALS;
}

/* ---------------------------------------------------------------------- calls */

/* A second call asks again only for credentials that are called expired or are about to be. */
static void check_again(struct awsc_provider *provider, const struct expected *expected) {
    const struct awsc_credentials *credentials = NULL;
    const bool is_remote = world.requests > 0;
    const bool is_due = expected->expires_ms != AWSC_NEVER_EXPIRES &&
                        expected->expires_ms - NOW_MS <= 5 * 60 * 1000;
    const uint64_t version = awsc_provider_version(provider);
    FUZZ_CHECK(version == 1, "version %llu", (unsigned long long)version);
    awsc_provider_expire(provider, version - 1);
    world.requests = 0;
    FUZZ_CHECK(awsc_provider_get(provider, SVC_NO_DEADLINE, &credentials, NULL) == SVC_OK &&
                   world.requests == (is_remote && is_due) &&
                   awsc_provider_version(provider) == version + is_due,
               "%zu requests for those that are kept", world.requests);
    awsc_provider_expire(provider, version + is_due);
    world.requests = 0;
    FUZZ_CHECK(awsc_provider_get(provider, SVC_NO_DEADLINE, &credentials, NULL) == SVC_OK &&
                   world.requests == is_remote &&
                   awsc_provider_version(provider) == version + is_due + 1,
               "%zu requests for expired ones", world.requests);
}

static void check_secrets(const struct awsc_provider *provider, const struct expected *expected) {
    char text[8300];
    snprintf(text, sizeof(text), "begin %s end", expected->secret);
    FUZZ_CHECK(awsc_provider_has_in(provider, text), "the secret key is not found");
    if (strlen(expected->token) >= 16) {
        snprintf(text, sizeof(text), "begin %s end", expected->token);
        FUZZ_CHECK(awsc_provider_has_in(provider, text), "the token is not found");
    }
}

static void check(void) {
    static const struct svc_environment environment = {get_setting, NULL};
    static const struct svc_clock clock = {wall_ms, monotonic_ms, sleep_ms, NULL};
    static const struct svc_transport transport = {NULL, start, poll_exchanges, close_exchange};
    static struct expected expected;
    struct awsc_provider *provider = NULL;
    const struct awsc_credentials *found = NULL;
    struct svc_error error = {0};
    FUZZ_CHECK(awsc_provider_create(&environment, &clock, &transport, &provider) == SVC_OK,
               "no provider");
    const enum svc_status status = awsc_provider_get(provider, SVC_NO_DEADLINE, &found, &error);
    expect(&expected);
    FUZZ_CHECK(expected.is_unsure || status == expected.status, "%s, not %s: %s",
               svc_status_name(status), svc_status_name(expected.status), error.detail);
    FUZZ_CHECK(strlen(expected.secret) < 24 || !strstr(error.detail, expected.secret),
               "the secret key in an error");
    if (status == SVC_OK && !expected.is_unsure) {
        FUZZ_CHECK(!strcmp(found->access_key_id, expected.id) &&
                       !strcmp(found->secret_access_key, expected.secret) &&
                       !strcmp(found->session_token, expected.token),
                   "other credentials");
        FUZZ_CHECK(found->expires_wall_ms == expected.expires_ms ||
                       (world.requests == 0 && found->expires_wall_ms == AWSC_NEVER_EXPIRES),
                   "another end");
        FUZZ_CHECK(awsc_provider_is_refreshable(provider) ==
                       (found->expires_wall_ms != AWSC_NEVER_EXPIRES),
                   "refreshable or not");
        check_secrets(provider, &expected);
        check_again(provider, &expected);
    }
    awsc_provider_destroy(provider);
    FUZZ_CHECK(world.open_exchanges == 0, "%zu exchanges are open", world.open_exchanges);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const enum svc_status failures[] = {SVC_CONNECT_FAILED, SVC_TIMED_OUT, SVC_TOO_LARGE};
    static const int statuses[] = {200, 200, 200, 200, 404, 429, 500, 503};
    struct fuzz_input input = {data, size_bytes};
    const uint8_t choice = fuzz_take_u8(&input);
    if (size_bytes > 4000)
        return 0;
    memset(&world, 0, sizeof(world));
    world.http_status = statuses[choice % 8];
    world.failure = choice >= 0xf0 ? failures[choice % 3] : SVC_OK;
    world.environment = fuzz_take_line(&input, '\x1e', NULL);
    for (size_t i = 0; i < FILES; i++)
        if (input.size_bytes)
            world.files[i] = fuzz_take_line(&input, '\x1e', &world.file_bytes[i]);
    world.body = fuzz_take_rest(&input, &world.body_bytes);
    check();
    free(world.environment);
    for (size_t i = 0; i < FILES; i++)
        free(world.files[i]);
    free(world.body);
    return 0;
}
