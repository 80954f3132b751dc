#include "fuzz/support/fuzz_client.h"

#include <string.h>

#include "services/base/json.h"
#include "services/base/text.h"

#define START_WALL_MS INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

/* ---------------------------------------------------------------------- the transport */

static void close_exchange(void *self, struct svc_http_exchange *exchange) {
    struct fuzz_client *fuzz = self;
    if (!exchange)
        return;
    fuzz->open_exchanges--;
    svc_buf_clear(&exchange->headers);
    svc_buf_clear(&exchange->body);
    free(exchange);
}

static void fill_headers(const struct fuzz_client *fuzz, struct svc_http_exchange *exchange) {
    const char *at = svc_buf_text(&fuzz->headers);
    const char *end = at + fuzz->headers.size_bytes;
    while (at < end && exchange->status == SVC_OK) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        exchange->status = svc_http_keep_header(exchange, at, (size_t)(line_end - at));
        at = line_end + 1;
    }
}

static void fill_body(const struct fuzz_client *fuzz, const struct svc_http_request *request,
                      struct svc_http_exchange *exchange) {
    const uint64_t most =
        request->max_body_bytes ? request->max_body_bytes : SVC_MAX_RESPONSE_BODY_BYTES;
    if (fuzz->body_bytes > most && !request->streamed)
        exchange->status = svc_fail(&exchange->error, SVC_TOO_LARGE, "the body is too large");
    else if (fuzz->body_bytes)
        svc_buf_append(&exchange->body, fuzz->body, fuzz->body_bytes);
}

static enum svc_status start(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **out) {
    struct fuzz_client *fuzz = self;
    *out = NULL;
    FUZZ_CHECK(svc_http_check_request(request) == SVC_OK, "a request that cannot be sent");
    fuzz->requests++;
    struct svc_http_exchange *exchange = fuzz_alloc(sizeof(*exchange));
    *exchange = (struct svc_http_exchange){.state = SVC_HTTP_DONE,
                                           .sent_wall_ms = START_WALL_MS,
                                           .received_wall_ms = START_WALL_MS,
                                           .sent = fuzz->failure != SVC_CONNECT_FAILED};
    fuzz->open_exchanges++;
    svc_buf_init(&exchange->headers, SVC_MAX_RESPONSE_HEADER_BYTES);
    svc_buf_init(&exchange->body, (size_t)1 << 20);
    exchange->status = fuzz->failure;
    if (exchange->status == SVC_OK) {
        exchange->http_status = fuzz->http_status;
        fill_headers(fuzz, exchange);
        if (exchange->status == SVC_OK)
            fill_body(fuzz, request, exchange);
    }
    *out = exchange;
    return SVC_OK;
}

static enum svc_status poll_exchanges(void *self, int64_t until_ms) {
    struct fuzz_client *fuzz = self;
    if (until_ms != SVC_NO_DEADLINE && until_ms > fuzz->now_ms)
        fuzz->now_ms = until_ms;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- the rest of its world */

static int64_t wall_ms(void *user) {
    return START_WALL_MS + ((const struct fuzz_client *)user)->now_ms;
}

static int64_t monotonic_ms(void *user) {
    return ((const struct fuzz_client *)user)->now_ms;
}

static void sleep_ms(void *user, int64_t duration_ms) {
    ((struct fuzz_client *)user)->now_ms += duration_ms > 0 ? duration_ms : 0;
}

static const char *get_setting(void *user, const char *name) {
    static const char *const settings[][2] = {{"AWS_REGION", "eu-west-1"},
                                              {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                              {"AWS_SECRET_ACCESS_KEY", FUZZ_SECRET_KEY},
                                              {"AWS_SESSION_TOKEN", FUZZ_SESSION_TOKEN}};
    (void)user;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (!strcmp(name, settings[i][0]))
            return settings[i][1];
    }
    return NULL;
}

static bool fill_random(void *user, void *bytes, size_t size_bytes) {
    (void)user;
    memset(bytes, 0x5a, size_bytes);
    return true;
}

static void keep_line(void *user, const char *line, size_t size_bytes) {
    svc_buf_append(&((struct fuzz_client *)user)->log, line, size_bytes);
}

static void read_response(struct fuzz_client *fuzz, struct fuzz_input *input) {
    static const enum svc_status failures[] = {SVC_CONNECT_FAILED, SVC_CONNECTION_LOST,
                                               SVC_TIMED_OUT, SVC_TLS_REFUSED};
    const uint8_t choice = fuzz_take_u8(input);
    fuzz->failure = choice >= 0xf0 ? failures[choice % 4] : SVC_OK;
    char *status = fuzz_take_line(input, '\n', NULL);
    fuzz->http_status = 200;
    if (strlen(status) == 3 && status[0] >= '2' && status[0] <= '5')
        fuzz->http_status = atoi(status);
    free(status);
    for (bool is_head = true; is_head && input->size_bytes;) {
        size_t line_bytes = 0;
        char *line = fuzz_take_line(input, '\n', &line_bytes);
        is_head = line_bytes > 0;
        if (is_head && memchr(line, 0, line_bytes) == NULL) {
            svc_buf_append(&fuzz->headers, line, line_bytes);
            svc_buf_append_char(&fuzz->headers, '\n');
        }
        free(line);
    }
    fuzz->body_bytes = input->size_bytes;
    fuzz->body = fuzz_take_front(input, &fuzz->body_bytes);
}

void fuzz_client_open(struct fuzz_client *fuzz, struct fuzz_input *input) {
    memset(fuzz, 0, sizeof(*fuzz));
    svc_buf_init(&fuzz->headers, SVC_MAX_RESPONSE_HEADER_BYTES / 2);
    svc_buf_init(&fuzz->log, (size_t)1 << 20);
    fuzz->clock = (struct svc_clock){wall_ms, monotonic_ms, sleep_ms, fuzz};
    fuzz->environment = (struct svc_environment){get_setting, fuzz};
    fuzz->random = (struct svc_random){fill_random, NULL};
    fuzz->transport = (struct svc_transport){fuzz, start, poll_exchanges, close_exchange};
    svc_log_init(&fuzz->log_to, &fuzz->clock, keep_line, fuzz);
    fuzz->log_to.level = SVC_LOG_TRACE;
    read_response(fuzz, input);
    const struct awsc_client_options options = {.environment = &fuzz->environment,
                                                .clock = &fuzz->clock,
                                                .random = &fuzz->random,
                                                .transport = &fuzz->transport,
                                                .log = &fuzz->log_to};
    FUZZ_CHECK(awsc_client_create(&options, &fuzz->client, NULL) == SVC_OK, "no client");
}

/* ---------------------------------------------------------------------- checks */

static void check_log(const struct fuzz_client *fuzz) {
    const char *at = svc_buf_text(&fuzz->log), *end = at + fuzz->log.size_bytes;
    FUZZ_CHECK(!strstr(at, FUZZ_SECRET_KEY) && !strstr(at, FUZZ_SESSION_TOKEN),
               "a secret is in the log: %s", at);
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        struct svc_json *line = NULL;
        FUZZ_CHECK(line_end != NULL, "the last line has no end");
        FUZZ_CHECK(svc_json_parse(at, (size_t)(line_end - at), 0, &line, NULL) == SVC_OK &&
                       svc_json_type(line) == SVC_JSON_OBJECT,
                   "a line of the log is no object");
        FUZZ_CHECK(svc_json_get_text(line, "message") != NULL, "a line without its message");
        svc_json_free(line);
        at = line_end + 1;
    }
}

void fuzz_client_close(struct fuzz_client *fuzz) {
    awsc_client_destroy(fuzz->client);
    FUZZ_CHECK(fuzz->open_exchanges == 0, "%zu exchanges are open", fuzz->open_exchanges);
    check_log(fuzz);
    svc_buf_clear(&fuzz->headers);
    svc_buf_clear(&fuzz->log);
}

static void check_text(const char *text, size_t room_bytes) {
    FUZZ_CHECK(memchr(text, 0, room_bytes) != NULL, "a text without its end");
    FUZZ_CHECK(!svc_has_control(text), "a control character in an error");
}

void fuzz_client_check(const struct fuzz_client *fuzz, enum svc_status status,
                       const struct awsc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    FUZZ_CHECK(status != SVC_INTERNAL, "INTERNAL: %s", error->message);
    FUZZ_CHECK(status == error->status, "returns %s, and the error %s", svc_status_name(status),
               svc_status_name(error->status));
    FUZZ_CHECK(fuzz->requests <= 3 && error->attempts <= 3, "%zu requests", fuzz->requests);
    FUZZ_CHECK(status != SVC_OK || (!error->maybe_done && fuzz->failure == SVC_OK),
               "a success that may be done");
    check_text(error->service, sizeof(error->service));
    check_text(error->operation, sizeof(error->operation));
    check_text(error->code, sizeof(error->code));
    check_text(error->message, sizeof(error->message));
    check_text(error->request_id, sizeof(error->request_id));
    awsc_error_text(error, text);
    check_text(text, sizeof(text));
    FUZZ_CHECK(!strstr(text, FUZZ_SECRET_KEY) && !strstr(text, FUZZ_SESSION_TOKEN),
               "a secret is in an error");
}

void fuzz_client_check_once(const struct fuzz_client *fuzz, const struct awsc_error *error) {
    FUZZ_CHECK(!error->maybe_done || fuzz->requests == 1, "sent %zu times, and may be done",
               fuzz->requests);
}
