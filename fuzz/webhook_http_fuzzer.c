/* A request to the webhook function, from the event of a Function URL to the response: any method,
 * path, content type, header and body, unsigned or signed with a secret of its sender or of another
 * one. The handler is the function's own; its secrets come from a client with a fixed response, and
 * its database is away: asked for its login, it fails.
 *
 * Who is not authenticated gets the status of the route, or 401, and a constant body, and the
 * database is not asked for. Nothing is answered with 200 that the database did not store, but what
 * is ignored by its kind. No secret is in a response or in the log.
 *
 * The input: lines with the method, the path, the content type, a header's name and its value; then
 * the body. */
#include <string.h>
#include <strings.h>

#include "fuzz/support/fuzz_client.h"
#include "lambda/handlers/webhook/http.h"
#include "lambda/handlers/webhook/sender.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "services/webhook/sign.h"

#define PLATFORM "platform-secret-0123456789"
#define STANDARD "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define INTERNAL "whsec_HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TOSS     "toss-secret-0123456789"
#define TOKEN    "abcdefghij-_0123"
#define KEYS                                                                                       \
    "200\n\n{\"SecretString\":\"{\\\"platform\\\":\\\"" PLATFORM                                   \
    "\\\",\\\"standard\\\":\\\"" STANDARD "\\\",\\\"toss\\\":\\\"" TOSS                            \
    "\\\",\\\"internal\\\":\\\"" INTERNAL "\\\",\\\"tossTokens\\\":\\\"" TOKEN "\\\"}\"}0"

enum { AS_NOBODY, AS_PLATFORM, AS_STANDARD, AS_INTERNAL, AS_TOSS, AS_KINDS };

struct request {
    char *method, *path, *type, *name, *value;
    const uint8_t *body;
    size_t body_bytes;
    bool is_base64, has_type, is_changed, has_unsubscribe;
    unsigned as;
    struct webhook_sign_headers signature;
};

struct world {
    struct fuzz_client client;
    struct webhook_function function;
    struct lrt_metrics metrics;
    size_t logins; /* asked for */
};

static enum svc_status get_login(void *user, enum db_secret_stage stage, bool refresh,
                                 struct svc_buf *out, struct svc_error *error) {
    (void)stage, (void)refresh, (void)out;
    ++*(size_t *)user;
    return svc_fail(error, SVC_TIMED_OUT, "the login cannot be read");
}

/* ---------------------------------------------------------------------- the request */

static void sign(struct request *request, int64_t now_s) {
    static const char *const texts[AS_KINDS] = {"", PLATFORM, STANDARD, INTERNAL, TOSS};
    static const enum webhook_scheme schemes[AS_KINDS] = {
        0, WEBHOOK_SCHEME_PLATFORM, WEBHOOK_SCHEME_STANDARD, WEBHOOK_SCHEME_STANDARD,
        WEBHOOK_SCHEME_TOSS};
    struct webhook_secrets secrets;
    if (request->as == AS_NOBODY)
        return;
    const size_t size = request->body_bytes - (request->is_changed && request->body_bytes > 0);
    webhook_secrets_init(&secrets);
    FUZZ_CHECK(!webhook_secrets_add(&secrets, schemes[request->as], texts[request->as], NULL),
               "no secret");
    FUZZ_CHECK(!(request->as == AS_PLATFORM
                     ? webhook_sign_platform(&secrets, request->body, size, &request->signature)
                 : request->as == AS_TOSS
                     ? webhook_sign_toss(&secrets, WEBHOOK_SIGN_TOSS_TEXT, "2026-01-02T03:04:05Z",
                                         request->body, size, &request->signature)
                     : webhook_sign_standard(&secrets, "id_1", now_s, request->body, size,
                                             &request->signature)),
               "not signed");
}

static void write_headers(struct svc_json_writer *writer, const struct request *request) {
    svc_json_name(writer, "headers");
    svc_json_begin_object(writer);
    if (request->has_type)
        svc_json_add_text(writer, "content-type", request->type);
    for (size_t i = 0; i < request->signature.count; i++)
        svc_json_add_text(writer, request->signature.headers[i].name,
                          request->signature.headers[i].value);
    svc_json_add_text(writer, request->name, request->value);
    svc_json_end_object(writer);
}

/* NULL: the parts are no document, or a header stands in it twice. */
static struct svc_json *make_event(const struct request *request) {
    struct svc_buf text;
    struct svc_json_writer writer;
    struct svc_json *document = NULL;
    svc_buf_init(&text, (size_t)1 << 20);
    svc_json_writer_init(&writer, &text);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "version", "2.0");
    svc_json_add_text(&writer, "rawPath", request->path);
    svc_json_add_text(&writer, "rawQueryString", "");
    write_headers(&writer, request);
    svc_json_name(&writer, "requestContext");
    svc_json_begin_object(&writer);
    svc_json_name(&writer, "http");
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "method", request->method);
    svc_json_add_text(&writer, "path", request->path);
    svc_json_add_text(&writer, "sourceIp", "192.0.2.1");
    svc_json_end_object(&writer);
    svc_json_end_object(&writer);
    if (request->is_base64)
        svc_json_add_base64(&writer, "body", request->body, request->body_bytes);
    else
        svc_json_add_text(&writer, "body", (const char *)request->body);
    svc_json_add_bool(&writer, "isBase64Encoded", request->is_base64);
    svc_json_end_object(&writer);
    if (svc_json_writer_status(&writer) == SVC_OK)
        svc_json_parse(text.bytes, text.size_bytes, 0, &document, NULL);
    svc_buf_clear(&text);
    return document;
}

/* ---------------------------------------------------------------------- the expected status */

/* Whether no header of the input takes part in the signature or the body's type. */
static bool is_plain(const char *name) {
    static const char *const known[] = {"content-type",
                                        "x-webhook-signature",
                                        "webhook-id",
                                        "webhook-timestamp",
                                        "webhook-signature",
                                        "tosspayments-webhook-signature",
                                        "tosspayments-webhook-transmission-time"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcasecmp(known[i], name))
            return false;
    return true;
}

static enum webhook_handler expect_route(const struct request *request, int *http_status) {
    struct webhook_tokens tokens;
    webhook_tokens_init(&tokens);
    FUZZ_CHECK(webhook_tokens_add(&tokens, TOKEN, NULL) == SVC_OK, "no token");
    const struct webhook_paths paths = {&tokens, true, request->has_unsubscribe};
    const struct webhook_request asked = {request->method, request->path,
                                          request->has_type ? request->type : NULL,
                                          request->body_bytes};
    const struct webhook_route route = webhook_route(&paths, &asked);
    *http_status = route.http_status;
    return route.handler;
}

static bool is_authentic(const struct request *request, enum webhook_handler handler) {
    const bool is_right = !request->is_changed || request->body_bytes == 0;
    switch (handler) {
    case WEBHOOK_HANDLER_TOSS_CONFIRMED:
    case WEBHOOK_HANDLER_TOSS_TRANSACTIONS:
        return request->as == AS_INTERNAL && is_right;
    case WEBHOOK_HANDLER_PAYMENT:
    case WEBHOOK_HANDLER_SHIPPING:
    case WEBHOOK_HANDLER_REFUND:
        return (request->as == AS_PLATFORM || request->as == AS_STANDARD) && is_right;
    default:
        return true; /* judged by the sender's own file */
    }
}

/* ---------------------------------------------------------------------- checks */

static const char *constant_body(int64_t http_status) {
    static const struct {
        int64_t http_status;
        const char *text;
    } bodies[] = {{200, "ok"},
                  {400, "bad request"},
                  {401, "unauthorized"},
                  {404, "not found"},
                  {405, "method not allowed"},
                  {409, "conflict"},
                  {413, "too large"},
                  {415, "unsupported media type"},
                  {500, "try again"}};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        if (bodies[i].http_status == http_status)
            return bodies[i].text;
    return NULL;
}

static void check_no_secret(const char *text) {
    static const char *const secrets[] = {PLATFORM, STANDARD, INTERNAL, TOSS, TOKEN};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        FUZZ_CHECK(!strstr(text, secrets[i]), "a secret: %s", text);
}

static void check_response(const struct world *world, const struct request *request,
                           bool is_request, const struct lrt_result *result) {
    struct svc_json *response = NULL;
    int64_t http_status = 0;
    int route_status = 0;
    FUZZ_CHECK(!result->failed, "the invocation fails: %s", result->error_message);
    FUZZ_CHECK(svc_json_parse(result->body.bytes, result->body.size_bytes, 0, &response, NULL) ==
                       SVC_OK &&
                   svc_json_get_int(response, "statusCode", &http_status),
               "no response: %s", svc_buf_text(&result->body));
    const char *body = svc_json_get_text(response, "body");
    const char *type = svc_json_get_text(svc_json_get(response, "headers"), "content-type");
    const enum webhook_handler handler = expect_route(request, &route_status);
    const bool is_page = is_request && handler == WEBHOOK_HANDLER_UNSUBSCRIBE;
    FUZZ_CHECK(body && type && (constant_body(http_status) || is_page), "status %lld",
               (long long)http_status);
    if (!is_page) {
        char expected[64];
        snprintf(expected, sizeof(expected), "{\"status\":\"%s\"}", constant_body(http_status));
        FUZZ_CHECK(!strcmp(body, expected) && !strcmp(type, "application/json"), "%lld: %s",
                   (long long)http_status, body);
    }
    if (!is_request) {
        FUZZ_CHECK((http_status == 400 || http_status == 413) && world->logins == 0, "%lld of none",
                   (long long)http_status);
    } else if (is_plain(request->name)) {
        const bool is_known = is_authentic(request, handler);
        if (route_status != 200)
            FUZZ_CHECK(http_status == route_status, "%lld, not %d", (long long)http_status,
                       route_status);
        else
            FUZZ_CHECK((http_status == 401) == !is_known || handler == WEBHOOK_HANDLER_TOSS,
                       "%lld of a request that is %s", (long long)http_status,
                       is_known ? "signed" : "not signed");
        FUZZ_CHECK(world->logins == 0 || (route_status == 200 && is_known),
                   "the database is asked for a stranger");
    }
    const bool is_empty_list = handler == WEBHOOK_HANDLER_TOSS_TRANSACTIONS &&
                               !memchr(request->body, '{', request->body_bytes);
    FUZZ_CHECK(http_status != 200 || is_page || is_empty_list || handler == WEBHOOK_HANDLER_TOSS,
               "200 without the database");
    FUZZ_CHECK(world->logins == 0 || http_status >= 500 || is_page, "%lld after %zu logins",
               (long long)http_status, world->logins);
    check_no_secret(svc_buf_text(&result->body));
    svc_json_free(response);
}

/* ---------------------------------------------------------------------- the function */

static void open_world(struct world *world, const struct request *request) {
    struct fuzz_input input = {(const uint8_t *)KEYS, sizeof(KEYS) - 1};
    struct webhook_function *function = &world->function;
    struct db_error error = {0};
    memset(world, 0, sizeof(*world));
    fuzz_client_open(&world->client, &input);
    function->aws = world->client.client;
    function->transport = &world->client.transport;
    function->clock = &world->client.clock;
    function->log = &world->client.log_to;
    function->metrics = &world->metrics;
    strcpy(function->settings.secret_name, "keys");
    if (request->has_unsubscribe)
        strcpy(function->settings.unsubscribe_secret_name, "unsubscribe");
    FUZZ_CHECK(webhook_keys_init(&function->keys, function->aws, function->clock, function->log,
                                 function->settings.secret_name, "", NULL) == SVC_OK,
               "no keys");
    const struct db_options options = {.secret = {get_login, &world->logins},
                                       .ca_file = "/none",
                                       .clock = function->clock,
                                       .random = &world->client.random,
                                       .log = function->log};
    FUZZ_CHECK(db_create(&options, &function->db, &error) == SVC_OK, "no database");
    function->toss = (struct webhook_toss_client){.transport = function->transport,
                                                  .clock = function->clock,
                                                  .log = function->log,
                                                  .base_url = "https://api.example.com"};
    lrt_metrics_reset(&world->metrics);
}

static void close_world(struct world *world) {
    db_destroy(world->function.db);
    webhook_keys_clear(&world->function.keys);
    check_no_secret(svc_buf_text(&world->client.log));
    fuzz_client_close(&world->client);
}

static void check(struct request *request) {
    static struct world world;
    struct lrt_result result = {0};
    open_world(&world, request);
    sign(request, svc_wall_ms(&world.client.clock) / 1000);
    struct svc_json *event = make_event(request);
    if (event) {
        const struct lrt_invocation invocation = {
            .request_id = "id", .deadline_ms = svc_monotonic_ms(&world.client.clock) + 20000};
        struct lev_url_request read;
        const bool is_request = lev_url_request_read(event, &read, NULL) == SVC_OK;
        lev_url_request_clear(&read);
        svc_buf_init(&result.body, (size_t)1 << 20);
        webhook_http_handle(&world.function, event, &invocation, &result);
        check_response(&world, request, is_request, &result);
        svc_buf_clear(&result.body);
    }
    svc_json_free(event);
    close_world(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct request request = {0};
    const uint8_t flags = fuzz_take_u8(&input);
    request.as = fuzz_take_u8(&input) % AS_KINDS;
    request.is_base64 = flags & 1;
    request.has_type = flags & 2;
    request.is_changed = flags & 4;
    request.has_unsubscribe = flags & 8;
    request.method = fuzz_take_line(&input, '\n', NULL);
    request.path = fuzz_take_line(&input, '\n', NULL);
    request.type = fuzz_take_line(&input, '\n', NULL);
    request.name = fuzz_take_line(&input, '\n', NULL);
    request.value = fuzz_take_line(&input, '\n', NULL);
    char *body = fuzz_take_rest(&input, &request.body_bytes);
    request.body = (const uint8_t *)body;
    /* As text it ends at its first NUL, and is UTF-8. */
    if (!request.is_base64)
        request.body_bytes = strlen(body);
    if (request.is_base64 || svc_utf8_valid(request.body, request.body_bytes))
        check(&request);
    free(request.method);
    free(request.path);
    free(request.type);
    free(request.name);
    free(request.value);
    free(body);
    return 0;
}
