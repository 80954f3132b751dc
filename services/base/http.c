/* The real transport, on libcurl's multi interface: see http.h. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/base/http.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define CONNECT_TIMEOUT_MS 3000
#define STALL_TIMEOUT_MS   10000
#define MAX_WAIT_MS        60000
#define MAX_IDLE_S         55L /* a kept connection older than this is probably closed by the peer */

struct real;

/* The exchange others see, and what libcurl needs for it. */
struct real_exchange {
    struct svc_http_exchange seen; /* first: a pointer to it is a pointer to this */
    struct real *real;
    struct real_exchange *previous, *next; /* of those that are in the multi handle */
    CURL *easy;
    struct curl_slist *headers;
    const struct svc_clock *clock;
    int64_t deadline_ms;
    int stall_timeout_ms; /* negative: never */
    bool streamed;
    bool is_paused;
    uint64_t max_body_bytes, body_bytes; /* body_bytes: received so far */
    size_t header_bytes;
    int64_t waited_ms;           /* in this window of the stall check */
    uint64_t moved_bytes;        /* both ways, at the window's start */
    enum svc_status own_failure; /* what a callback of ours stopped it for */
    char curl_error[CURL_ERROR_SIZE];
};

struct real {
    struct svc_transport transport;
    const struct svc_clock *clock;
    CURLM *multi;
    CURLSH *share; /* TLS sessions: the second connection to a host resumes the first one's */
    char *ca_bundle, *user_agent;
    struct real_exchange *first;
    bool has_changed; /* since poll began */
};

/* ---------------------------------------------------------------------- the end of an exchange */

static void detach(struct real_exchange *exchange) {
    struct real *real = exchange->real;
    if (exchange->easy == NULL) {
        return;
    }
    curl_multi_remove_handle(real->multi, exchange->easy);
    curl_easy_cleanup(exchange->easy);
    exchange->easy = NULL;
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        real->first = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
}

static void finish(struct real_exchange *exchange, enum svc_status status, const char *detail) {
    exchange->seen.status = status;
    exchange->seen.state = SVC_HTTP_DONE;
    if (exchange->seen.received_wall_ms == 0) {
        exchange->seen.received_wall_ms = svc_wall_ms(exchange->clock);
    }
    if (status != SVC_OK) {
        svc_fail(&exchange->seen.error, status, "%s", detail);
    }
    exchange->real->has_changed = true;
    detach(exchange);
}

/* Of a failed handshake OpenSSL's own errors carry "error:"; what the network did does not, but for
 * an early end. */
static enum svc_status handshake_status(const struct real_exchange *exchange) {
    const char *text = exchange->curl_error;
    return strstr(text, "error:") != NULL && strstr(text, "unexpected eof") == NULL
               ? SVC_TLS_REFUSED
               : SVC_CONNECT_FAILED;
}

static enum svc_status status_of(const struct real_exchange *exchange, CURLcode code) {
    if (exchange->own_failure != SVC_OK) {
        return exchange->own_failure;
    }
    switch (code) {
    case CURLE_OK:
        return exchange->seen.state == SVC_HTTP_BODY ? SVC_OK : SVC_BAD_RESPONSE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return SVC_CONNECT_FAILED;
    case CURLE_SSL_CONNECT_ERROR:
        return handshake_status(exchange);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return SVC_TLS_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
        return SVC_TIMED_OUT;
    case CURLE_OUT_OF_MEMORY:
        return SVC_NO_MEMORY;
    case CURLE_URL_MALFORMAT:
        return SVC_INVALID_ARGUMENT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is no HTTP/1 */
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
        return SVC_BAD_RESPONSE;
    default:
        return SVC_CONNECTION_LOST;
    }
}

static void finish_by_curl(struct real_exchange *exchange, CURLcode code) {
    enum svc_status status = status_of(exchange, code);
    const char *detail = exchange->own_failure != SVC_OK   ? svc_status_message(status)
                         : exchange->curl_error[0] != '\0' ? exchange->curl_error
                                                           : curl_easy_strerror(code);
    finish(exchange, status, detail);
}

/* ---------------------------------------------------------------------- what libcurl calls */

/* Before each request on a connection. libcurl sends a request again by itself when a kept
 * connection turns out dead; trying again is decided by retry.h alone, so the second is stopped. */
static int on_request(void *user, char *address, char *local, int port, int local_port) {
    struct real_exchange *exchange = user;
    (void)address, (void)local, (void)port, (void)local_port;
    if (exchange->seen.sent) {
        exchange->own_failure = SVC_CONNECTION_LOST;
        return CURL_PREREQFUNC_ABORT;
    }
    long connects = 1;
    curl_easy_getinfo(exchange->easy, CURLINFO_NUM_CONNECTS, &connects);
    exchange->seen.reused = connects == 0;
    exchange->seen.sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t refuse(struct real_exchange *exchange, enum svc_status status) {
    exchange->own_failure = status;
    return 0; /* fewer than it gave: libcurl stops */
}

static void on_head_complete(struct real_exchange *exchange) {
    long code = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200) { /* not a 100 that another answer follows */
        exchange->seen.http_status = (int)code;
        exchange->seen.received_wall_ms = svc_wall_ms(exchange->clock);
        exchange->seen.state = SVC_HTTP_BODY;
        exchange->real->has_changed = true;
    }
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
    struct real_exchange *exchange = user;
    size_t line_bytes = size * count, length = line_bytes;
    exchange->header_bytes += line_bytes;
    if (exchange->header_bytes > SVC_MAX_RESPONSE_HEADER_BYTES ||
        memchr(line, '\0', line_bytes) != NULL) {
        return refuse(exchange, SVC_BAD_RESPONSE);
    }
    if (exchange->seen.state != SVC_HTTP_SENDING) {
        return line_bytes; /* a trailer: nobody asked for it */
    }
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n')) {
        length--;
    }
    if (length == 0) {
        on_head_complete(exchange);
        return line_bytes;
    }
    const char *colon = memchr(line, ':', length);
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        svc_buf_reset(&exchange->seen.headers);
        return line_bytes;
    }
    if (colon == NULL || colon == line) {
        return line_bytes;
    }
    const char *value = colon + 1;
    const char *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    svc_buf_append(&exchange->seen.headers, line, (size_t)(colon - line));
    svc_buf_append_char(&exchange->seen.headers, '\0');
    svc_buf_append(&exchange->seen.headers, value, (size_t)(end - value));
    svc_buf_append_char(&exchange->seen.headers, '\0');
    enum svc_status status = svc_buf_status(&exchange->seen.headers);
    return status == SVC_OK ? line_bytes : refuse(exchange, status);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    struct real_exchange *exchange = user;
    struct svc_buf *body = &exchange->seen.body;
    size_t body_bytes = size * count;
    if (exchange->streamed) {
        svc_buf_drop(body, exchange->seen.body_taken);
        exchange->seen.body_taken = 0;
        if (body->size_bytes > 0 && body_bytes > SVC_STREAM_WINDOW_BYTES - body->size_bytes) {
            exchange->is_paused = true;
            return CURL_WRITEFUNC_PAUSE;
        }
    }
    if (body_bytes > exchange->max_body_bytes - exchange->body_bytes) {
        return refuse(exchange, SVC_TOO_LARGE);
    }
    exchange->body_bytes += body_bytes;
    if (!svc_buf_append(body, bytes, body_bytes)) {
        return refuse(exchange, svc_buf_status(body));
    }
    exchange->real->has_changed = true;
    return body_bytes;
}

/* ---------------------------------------------------------------------- starting */

static bool is_clean(const char *text) {
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool has_scheme(const char *url, const char *scheme) {
    char start[sizeof("https://")];
    size_t size = strlen(scheme);
    if (size >= sizeof(start) || strnlen(url, size) < size) {
        return false;
    }
    memcpy(start, url, size);
    start[size] = '\0';
    return svc_equal_nocase(start, scheme);
}

static enum svc_status check_request(const struct svc_http_request *request) {
    bool is_url = has_scheme(request->url, "http://") || has_scheme(request->url, "https://");
    if (!is_url || !is_clean(request->url) || strchr(request->url, ' ') != NULL ||
        strlen(request->url) > SVC_MAX_URL_BYTES ||
        request->header_count > SVC_MAX_REQUEST_HEADERS || request->method[0] == '\0' ||
        !is_clean(request->method) || strchr(request->method, ' ') != NULL) {
        return SVC_INVALID_ARGUMENT;
    }
    for (size_t i = 0; i < request->header_count; i++) {
        const struct svc_http_header *header = &request->headers[i];
        if (header->name[0] == '\0' || strpbrk(header->name, ": ;\t") != NULL ||
            !is_clean(header->name) || !is_clean(header->value)) {
            return SVC_INVALID_ARGUMENT;
        }
    }
    return SVC_OK;
}

static bool add_header(struct real_exchange *exchange, const char *line) {
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);
    if (longer == NULL) {
        return false;
    }
    exchange->headers = longer;
    return true;
}

static enum svc_status set_headers(struct real_exchange *exchange,
                                   const struct svc_http_request *request) {
    struct svc_buf line;
    svc_buf_init(&line, SVC_MAX_RESPONSE_HEADER_BYTES);
    bool has_type = false;
    /* Without a colon's value libcurl leaves its own header out: no waiting for a 100. */
    bool is_good = add_header(exchange, "Expect:") && add_header(exchange, "Accept:");
    for (size_t i = 0; i < request->header_count && is_good; i++) {
        const struct svc_http_header *header = &request->headers[i];
        has_type |= svc_equal_nocase(header->name, "content-type");
        svc_buf_reset(&line);
        /* An empty value is libcurl's sign for leaving the header out; ';' sends it empty. */
        is_good = header->value[0] == '\0'
                      ? svc_buf_printf(&line, "%s;", header->name)
                      : svc_buf_printf(&line, "%s: %s", header->name, header->value);
        is_good = is_good && add_header(exchange, svc_buf_text(&line));
    }
    if (!has_type) {
        is_good = is_good && add_header(exchange, "Content-Type:");
    }
    svc_buf_wipe(&line);
    return is_good ? SVC_OK : SVC_NO_MEMORY;
}

/* libcurl's options, each checked: one that is not known must not be dropped in silence. */
static CURLcode set_transfer(struct real_exchange *exchange,
                             const struct svc_http_request *request) {
    CURL *easy = exchange->easy;
    CURLcode code = CURLE_OK;
#define SET(option, value)                                                                         \
    if (code == CURLE_OK) {                                                                        \
        code = curl_easy_setopt(easy, option, value);                                              \
    }
    SET(CURLOPT_URL, request->url)
    SET(CURLOPT_HTTPHEADER, exchange->headers)
    SET(CURLOPT_HEADERFUNCTION, on_header)
    SET(CURLOPT_HEADERDATA, exchange)
    SET(CURLOPT_WRITEFUNCTION, on_body)
    SET(CURLOPT_WRITEDATA, exchange)
    SET(CURLOPT_PREREQFUNCTION, on_request)
    SET(CURLOPT_PREREQDATA, exchange)
    SET(CURLOPT_ERRORBUFFER, exchange->curl_error)
    SET(CURLOPT_PRIVATE, exchange)
    bool is_post = strcmp(request->method, "POST") == 0 || strcmp(request->method, "PUT") == 0;
    if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L)
    } else if (is_post || request->body != NULL) {
        const void *body = request->body != NULL ? (const void *)request->body : "";
        SET(CURLOPT_POST, 1L)
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(request->body ? request->body_bytes : 0))
        SET(CURLOPT_POSTFIELDS, body)
        SET(CURLOPT_CUSTOMREQUEST, request->method)
    } else {
        SET(CURLOPT_HTTPGET, 1L)
        SET(CURLOPT_CUSTOMREQUEST, request->method)
    }
    return code;
}

static CURLcode set_rules(struct real_exchange *exchange, const struct svc_http_request *request) {
    CURL *easy = exchange->easy;
    const struct real *real = exchange->real;
    CURLcode code = CURLE_OK;
    int64_t connect_ms =
        request->connect_timeout_ms > 0 ? request->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    int64_t left_ms = svc_remaining_ms(exchange->clock, exchange->deadline_ms);
    SET(CURLOPT_NOSIGNAL, 1L)
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(left_ms < connect_ms ? left_ms : connect_ms))
    SET(CURLOPT_PROTOCOLS_STR, "http,https")
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)
    SET(CURLOPT_FOLLOWLOCATION, 0L)
    SET(CURLOPT_PROXY, "")
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED)
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
    SET(CURLOPT_SSL_VERIFYPEER, 1L)
    SET(CURLOPT_SSL_VERIFYHOST, 2L)
    SET(CURLOPT_CAINFO, real->ca_bundle)
    SET(CURLOPT_CAPATH, NULL)
    SET(CURLOPT_SHARE, real->share)
    SET(CURLOPT_PATH_AS_IS, 1L) /* "a/../b" is a key of S3 */
    SET(CURLOPT_TCP_NODELAY, 1L)
    SET(CURLOPT_BUFFERSIZE, 64L * 1024)
    SET(CURLOPT_MAXAGE_CONN, MAX_IDLE_S)
    SET(CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L)
    if (real->user_agent != NULL) {
        SET(CURLOPT_USERAGENT, real->user_agent)
    }
#undef SET
    return code;
}

static enum svc_status set_up(struct real_exchange *exchange,
                              const struct svc_http_request *request) {
    exchange->easy = curl_easy_init();
    if (exchange->easy == NULL || set_headers(exchange, request) != SVC_OK) {
        return SVC_NO_MEMORY;
    }
    CURLcode code = set_transfer(exchange, request);
    if (code == CURLE_OK) {
        code = set_rules(exchange, request);
    }
    if (code != CURLE_OK) {
        return code == CURLE_OUT_OF_MEMORY ? SVC_NO_MEMORY : SVC_INTERNAL;
    }
    return curl_multi_add_handle(exchange->real->multi, exchange->easy) == CURLM_OK ? SVC_OK
                                                                                    : SVC_NO_MEMORY;
}

static struct real_exchange *new_exchange(struct real *real,
                                          const struct svc_http_request *request) {
    struct real_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->real = real;
    exchange->clock = real->clock;
    exchange->deadline_ms = request->deadline_ms;
    exchange->stall_timeout_ms =
        request->stall_timeout_ms != 0 ? request->stall_timeout_ms : STALL_TIMEOUT_MS;
    exchange->streamed = request->streamed;
    exchange->max_body_bytes =
        request->max_body_bytes > 0 ? request->max_body_bytes : SVC_MAX_RESPONSE_BODY_BYTES;
    exchange->seen.sent_wall_ms = svc_wall_ms(real->clock);
    svc_buf_init(&exchange->seen.headers, SVC_MAX_RESPONSE_HEADER_BYTES);
    /* The limit is max_body_bytes; a streamed body never has more than its window. */
    svc_buf_init(&exchange->seen.body,
                 exchange->max_body_bytes < SIZE_MAX ? (size_t)exchange->max_body_bytes : SIZE_MAX);
    return exchange;
}

static void real_close(void *self, struct svc_http_exchange *seen) {
    (void)self;
    struct real_exchange *exchange = (struct real_exchange *)seen;
    if (exchange != NULL) {
        detach(exchange);
        svc_buf_wipe(&exchange->seen.headers);
        svc_buf_wipe(&exchange->seen.body);
        free(exchange);
    }
}

static enum svc_status real_start(void *self, const struct svc_http_request *request,
                                  struct svc_http_exchange **out) {
    struct real *real = self;
    *out = NULL;
    enum svc_status status = check_request(request);
    if (status != SVC_OK) {
        return status;
    }
    if (real->ca_bundle == NULL && has_scheme(request->url, "https://")) {
        return SVC_CONFIGURATION;
    }
    struct real_exchange *exchange = new_exchange(real, request);
    if (exchange == NULL) {
        return SVC_NO_MEMORY;
    }
    if (svc_remaining_ms(real->clock, exchange->deadline_ms) == 0) {
        finish(exchange, SVC_DEADLINE, svc_status_message(SVC_DEADLINE));
        *out = &exchange->seen;
        return SVC_OK;
    }
    status = set_up(exchange, request);
    if (status != SVC_OK) {
        curl_easy_cleanup(exchange->easy); /* it is in no list yet */
        exchange->easy = NULL;
        curl_slist_free_all(exchange->headers);
        real_close(real, &exchange->seen);
        return status;
    }
    exchange->next = real->first;
    if (real->first != NULL) {
        real->first->previous = exchange;
    }
    real->first = exchange;
    *out = &exchange->seen;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- going on */

static uint64_t moved_bytes(const struct real_exchange *exchange) {
    curl_off_t sent = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return (uint64_t)(sent > 0 ? sent : 0) + exchange->header_bytes + exchange->body_bytes;
}

/* Only time spent waiting counts: a reader that takes its time is no fault of the other side. */
static bool has_stalled(struct real_exchange *exchange, int64_t waited_ms) {
    if (exchange->stall_timeout_ms < 0 || exchange->is_paused) {
        return false;
    }
    exchange->waited_ms += waited_ms;
    if (exchange->waited_ms < exchange->stall_timeout_ms) {
        return false;
    }
    uint64_t moved = moved_bytes(exchange);
    uint64_t least = (uint64_t)exchange->waited_ms * SVC_LOW_SPEED_BYTES_PS / 1000;
    if (moved - exchange->moved_bytes < least) {
        return true;
    }
    exchange->moved_bytes = moved;
    exchange->waited_ms = 0;
    return false;
}

/* Ends those whose time is up; answers when the next one's will be. */
static int64_t check_times(struct real *real, int64_t waited_ms) {
    int64_t now = svc_monotonic_ms(real->clock);
    int64_t next = INT64_MAX;
    struct real_exchange *following;
    for (struct real_exchange *exchange = real->first; exchange != NULL; exchange = following) {
        following = exchange->next;
        if (exchange->deadline_ms <= now) {
            finish(exchange, SVC_DEADLINE, svc_status_message(SVC_DEADLINE));
        } else if (has_stalled(exchange, waited_ms)) {
            finish(exchange, SVC_TIMED_OUT, "the connection stalled");
        } else {
            int64_t stall_ms = exchange->stall_timeout_ms < 0 || exchange->is_paused
                                   ? INT64_MAX
                                   : now + exchange->stall_timeout_ms - exchange->waited_ms;
            next = exchange->deadline_ms < next ? exchange->deadline_ms : next;
            next = stall_ms < next ? stall_ms : next;
        }
    }
    return next;
}

/* Libcurl may call on_body from within: those that have room again. */
static void go_on_with_paused(struct real *real) {
    for (struct real_exchange *exchange = real->first; exchange != NULL;
         exchange = exchange->next) {
        if (exchange->is_paused && exchange->seen.body.size_bytes - exchange->seen.body_taken <=
                                       SVC_STREAM_WINDOW_BYTES / 2) {
            exchange->is_paused = false;
            curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
        }
    }
}

static void take_results(struct real *real) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(real->multi, &left)) != NULL) {
        char *exchange = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange) == CURLE_OK) {
            finish_by_curl((struct real_exchange *)(void *)exchange, code);
        }
    }
}

static enum svc_status real_poll(void *self, int64_t until_ms) {
    struct real *real = self;
    int64_t waited_ms = 0;
    real->has_changed = false;
    for (;;) {
        int running = 0;
        go_on_with_paused(real);
        CURLMcode code = curl_multi_perform(real->multi, &running);
        if (code != CURLM_OK) {
            return code == CURLM_OUT_OF_MEMORY ? SVC_NO_MEMORY : SVC_INTERNAL;
        }
        take_results(real);
        int64_t next_ms = check_times(real, waited_ms);
        int64_t now_ms = svc_monotonic_ms(real->clock);
        if (real->has_changed || now_ms >= until_ms) {
            return SVC_OK;
        }
        if (real->first == NULL) {
            /* Nothing can change any more: wait for `until`, or say so rather than hang. */
            if (until_ms == SVC_NO_DEADLINE) {
                return SVC_INTERNAL;
            }
            svc_sleep_ms(real->clock, until_ms - now_ms);
            return SVC_OK;
        }
        int64_t wait_ms = (next_ms < until_ms ? next_ms : until_ms) - now_ms;
        wait_ms = wait_ms < 1 ? 1 : wait_ms > MAX_WAIT_MS ? MAX_WAIT_MS : wait_ms;
        code = curl_multi_poll(real->multi, NULL, 0, (int)wait_ms, NULL);
        if (code != CURLM_OK) {
            return code == CURLM_OUT_OF_MEMORY ? SVC_NO_MEMORY : SVC_INTERNAL;
        }
        waited_ms = svc_monotonic_ms(real->clock) - now_ms;
    }
}

/* ---------------------------------------------------------------------- the transport */

static char *copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *copied = malloc(size);
    if (copied != NULL) {
        memcpy(copied, text, size);
    }
    return copied;
}

/* NULL in *found: there is none, which matters only once https is asked for. */
static enum svc_status find_ca_bundle(const char *named, const char **found,
                                      struct svc_error *error) {
    static const char *const settings[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/certs/ca-certificates.crt"};
    for (size_t i = 0; named == NULL && i < sizeof(settings) / sizeof(settings[0]); i++) {
        const char *value = getenv(settings[i]);
        named = value != NULL && value[0] != '\0' ? value : NULL;
    }
    if (named != NULL && access(named, R_OK) != 0) {
        return svc_fail(error, SVC_CONFIGURATION, "the CA bundle %s cannot be read", named);
    }
    for (size_t i = 0; named == NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        named = access(known[i], R_OK) == 0 ? known[i] : NULL;
    }
    *found = named;
    return SVC_OK;
}

void svc_http_destroy(struct svc_transport *transport) {
    if (transport == NULL) {
        return;
    }
    struct real *real = transport->self;
    while (real->first != NULL) {
        finish(real->first, SVC_CONNECTION_LOST, "the transport was destroyed");
    }
    curl_multi_cleanup(real->multi);
    curl_share_cleanup(real->share);
    free(real->ca_bundle);
    free(real->user_agent);
    free(real);
    curl_global_cleanup();
}

enum svc_status svc_http_create(const struct svc_http_options *options, struct svc_transport **out,
                                struct svc_error *error) {
    const char *ca_bundle = NULL;
    *out = NULL;
    enum svc_status status = find_ca_bundle(options->ca_bundle, &ca_bundle, error);
    if (status != SVC_OK) {
        return status;
    }
    struct real *real = calloc(1, sizeof(*real));
    if (real == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(real);
        return svc_fail(error, SVC_NO_MEMORY, "no memory for HTTP");
    }
    real->transport = (struct svc_transport){real, real_start, real_poll, real_close};
    real->clock = options->clock != NULL ? options->clock : svc_clock_system();
    real->multi = curl_multi_init();
    real->share = curl_share_init();
    real->ca_bundle = ca_bundle != NULL ? copy(ca_bundle) : NULL;
    real->user_agent = options->user_agent != NULL ? copy(options->user_agent) : NULL;
    if (real->multi == NULL || real->share == NULL ||
        (ca_bundle != NULL && real->ca_bundle == NULL) ||
        (options->user_agent != NULL && real->user_agent == NULL) ||
        curl_share_setopt(real->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != 0 ||
        curl_multi_setopt(real->multi, CURLMOPT_MAXCONNECTS, (long)SVC_MAX_CONNECTIONS_KEPT) !=
            CURLM_OK) {
        svc_http_destroy(&real->transport);
        return svc_fail(error, SVC_NO_MEMORY, "no memory for HTTP");
    }
    *out = &real->transport;
    return SVC_OK;
}
