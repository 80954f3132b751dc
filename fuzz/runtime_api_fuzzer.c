/* What the Runtime API sends: the headers of an event, the trace header in them, the address of the
 * API and of the X-Ray daemon. And what is sent to it: any message becomes one JSON object. */
#include <arpa/inet.h>
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "lambda/runtime/api.h"
#include "lambda/runtime/trace_xray.h"
#include "services/base/json.h"

/* A transport of one response; what is posted is parsed. */
struct world {
    struct svc_transport transport;
    struct svc_clock clock;
    int http_status;
    struct svc_buf headers; /* lines */
    size_t open_exchanges;
};

static enum svc_status start(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **out) {
    struct world *world = self;
    struct svc_http_exchange *exchange = fuzz_alloc(sizeof(*exchange));
    FUZZ_CHECK(svc_http_check_request(request) == SVC_OK, "a request that cannot be sent: %s",
               request->url);
    *exchange = (struct svc_http_exchange){
        .state = SVC_HTTP_DONE, .sent = true, .http_status = world->http_status};
    svc_buf_init(&exchange->headers, (size_t)1 << 20);
    const char *at = svc_buf_text(&world->headers);
    for (const char *end; (end = strchr(at, '\n')); at = end + 1)
        svc_http_keep_header(exchange, at, (size_t)(end - at));
    if (request->body) {
        struct svc_json *posted = NULL;
        FUZZ_CHECK(svc_json_parse(request->body, request->body_bytes, 0, &posted, NULL) == SVC_OK,
                   "what is posted is no document");
        FUZZ_CHECK(svc_json_get_text(posted, "errorMessage") != NULL, "no message");
        svc_json_free(posted);
    }
    world->open_exchanges++;
    *out = exchange;
    return SVC_OK;
}

static enum svc_status poll_exchanges(void *self, int64_t until_ms) {
    (void)self, (void)until_ms;
    return SVC_OK;
}

static void close_exchange(void *self, struct svc_http_exchange *exchange) {
    if (!exchange)
        return;
    ((struct world *)self)->open_exchanges--;
    svc_buf_clear(&exchange->headers);
    free(exchange);
}

static int64_t now_ms(void *user) {
    (void)user;
    return 0;
}

static void sleep_ms(void *user, int64_t duration_ms) {
    (void)user, (void)duration_ms;
}

static void check_bound(const char *text, size_t most_bytes) {
    FUZZ_CHECK(!text || (text[0] && strlen(text) <= most_bytes), "a header of %zu bytes",
               strlen(text));
}

static void check_next(const struct lrt_next *next) {
    FUZZ_CHECK(
        next->request_id && next->request_id[0] &&
            strlen(next->request_id) <= LRT_MAX_REQUEST_ID_BYTES &&
            !next->request_id[strspn(next->request_id, "abcdefghijklmnopqrstuvwxyz0123456789-_"
                                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ")],
        "a request id that changes the URL: %s", next->request_id);
    check_bound(next->trace_id, LRT_MAX_TRACE_ID_BYTES);
    check_bound(next->function_arn, LRT_MAX_ARN_BYTES);
    check_bound(next->client_context, LRT_MAX_CONTEXT_BYTES);
    check_bound(next->cognito_identity, LRT_MAX_CONTEXT_BYTES);
    check_bound(next->tenant_id, LRT_MAX_TENANT_ID_BYTES);
    FUZZ_CHECK(next->deadline_wall_ms >= 0 && next->deadline_wall_ms <= INT64_C(9999999999999999),
               "a deadline of %lld", (long long)next->deadline_wall_ms);
}

/* Fields split by strtok, in place of the parser's pointers. */
static bool read_trace(const char *header, struct lrt_xray_context *context) {
    char *copy = strdup(header), *rest = copy;
    int roots = 0, parents = 0, samples = 0;
    bool is_good = true;
    memset(context, 0, sizeof(*context));
    for (char *field; is_good && (field = strsep(&rest, ";"));) {
        field += strspn(field, " \t");
        for (size_t size = strlen(field); size > 0 && strchr(" \t", field[size - 1]); size--)
            field[size - 1] = '\0';
        unsigned first = 0;
        int end = 0;
        if (!strncmp(field, "Root=", 5)) {
            is_good = strlen(field) == 40 && sscanf(field, "Root=1-%8x-%n", &first, &end) == 1 &&
                      end == 16 && strspn(field + 7, "0123456789abcdefABCDEF") == 8 &&
                      strspn(field + 16, "0123456789abcdefABCDEF") == 24 && ++roots == 1;
            if (is_good)
                memcpy(context->root, field + 5, 35);
        } else if (!strncmp(field, "Parent=", 7)) {
            is_good = strlen(field) == 23 && strspn(field + 7, "0123456789abcdefABCDEF") == 16 &&
                      ++parents == 1;
            if (is_good)
                memcpy(context->parent, field + 7, 16);
        } else if (!strncmp(field, "Sampled=", 8)) {
            is_good = field[8] && strchr("01?", field[8]) && !field[9] && ++samples == 1;
            context->is_sampled = field[8] == '1';
        }
    }
    free(copy);
    return is_good && roots == 1 && parents == 1;
}

static void check_trace(const char *header) {
    struct lrt_xray_context read, expected;
    const bool is_good = read_trace(header, &expected);
    FUZZ_CHECK(lrt_xray_context_parse(header, &read) == is_good, "\"%s\" is %s", header,
               is_good ? "refused" : "accepted");
    if (is_good) {
        FUZZ_CHECK(!strcasecmp(read.root, expected.root) &&
                       !strcasecmp(read.parent, expected.parent) &&
                       read.is_sampled == expected.is_sampled,
                   "\"%s\" is another trace", header);
        FUZZ_CHECK(!read.root[strcspn(read.root, "ABCDEF")] &&
                       !read.parent[strcspn(read.parent, "ABCDEF")],
                   "not in lower case");
    }
}

/* An address that is accepted is written by the C library as one that is accepted too. */
static void check_address(const char *text) {
    struct sockaddr_storage address, again;
    socklen_t bytes = 0, again_bytes = 0;
    char host[64] = "", written[128];
    if (!lrt_xray_address_parse(text, &address, &bytes))
        return;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    const bool is_v6 = address.ss_family == AF_INET6;
    FUZZ_CHECK(bytes == (is_v6 ? sizeof(*v6) : sizeof(*v4)), "the size of an address");
    FUZZ_CHECK(inet_ntop(address.ss_family, is_v6 ? (const void *)&v6->sin6_addr : &v4->sin_addr,
                         host, sizeof(host)) != NULL,
               "no address");
    snprintf(written, sizeof(written), is_v6 ? "[%s]:%u" : "%s:%u", host,
             ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    FUZZ_CHECK(lrt_xray_address_parse(written, &again, &again_bytes) && again_bytes == bytes &&
                   !memcmp(&again, &address, bytes),
               "\"%s\" became \"%s\"", text, written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct world world = {.http_status = fuzz_take_bool(&input) ? 200 : 500};
    struct lrt_api api = {0};
    struct lrt_next next = {0};
    world.transport = (struct svc_transport){&world, start, poll_exchanges, close_exchange};
    world.clock = (struct svc_clock){now_ms, now_ms, sleep_ms, NULL};
    svc_buf_init(&world.headers, (size_t)1 << 20);
    char *host = fuzz_take_line(&input, '\n', NULL);
    char *daemon_address = fuzz_take_line(&input, '\n', NULL);
    char *trace = fuzz_take_line(&input, '\n', NULL);
    char *message = fuzz_take_line(&input, '\n', NULL);
    char *rest = fuzz_take_rest(&input, NULL);
    svc_buf_append_text(&world.headers, rest);
    check_trace(trace);
    check_address(daemon_address);
    if (lrt_api_init(&api, host, &world.transport, &world.clock, NULL) != SVC_OK)
        FUZZ_CHECK(lrt_api_init(&api, "127.0.0.1:9001", &world.transport, &world.clock, NULL) ==
                       SVC_OK,
                   "no API");
    const enum svc_status status = lrt_api_next(&api, &next, NULL);
    FUZZ_CHECK(status == SVC_OK || status == SVC_BAD_RESPONSE, "%s", svc_status_name(status));
    if (status == SVC_OK) {
        check_next(&next);
        if (strlen(message) <= 1000)
            lrt_api_fail(&api, next.request_id, "Type", message, NULL);
        lrt_api_next_close(&api, &next);
    }
    FUZZ_CHECK(world.open_exchanges == 0, "%zu exchanges are open", world.open_exchanges);
    svc_buf_clear(&world.headers);
    free(host);
    free(daemon_address);
    free(trace);
    free(message);
    free(rest);
    return 0;
}
