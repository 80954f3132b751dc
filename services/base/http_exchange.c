/* One request and its response with libcurl: options, callbacks, result. See http_real.h. */
#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/http_real.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define CONNECT_TIMEOUT_MS 3000
#define STALL_TIMEOUT_MS   10000
#define MAX_IDLE_S         55 /* a connection idle for longer is probably closed by the peer */

/* ---------------------------------------------------------------------- the end of an exchange */

/* The session token is among them. */
static void free_headers(struct svc_http_real_exchange *exchange) {
    for (struct curl_slist *line = exchange->headers; line != NULL; line = line->next) {
        svc_wipe(line->data, strlen(line->data));
    }
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
}

/* Whether a byte of the request was taken by the connection. TLS takes a write as a whole: if it
 * took nothing, the peer has no complete request. */
static bool has_sent(const struct svc_http_real_exchange *exchange) {
    long request_bytes = 0;
    curl_off_t body_bytes = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    return request_bytes > 0 || body_bytes > 0;
}

static void detach(struct svc_http_real_exchange *exchange) {
    struct svc_http_real *real = exchange->real;
    if (exchange->easy == NULL) {
        return;
    }
    curl_multi_remove_handle(real->multi, exchange->easy);
    curl_easy_cleanup(exchange->easy);
    exchange->easy = NULL;
    free_headers(exchange);
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        real->first = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
}

void svc_http_real_finish(struct svc_http_real_exchange *exchange, enum svc_status status,
                          const char *detail) {
    exchange->seen.status = status;
    exchange->seen.state = SVC_HTTP_DONE;
    exchange->seen.sent = exchange->easy != NULL && has_sent(exchange);
    if (exchange->seen.received_wall_ms == 0) {
        exchange->seen.received_wall_ms = svc_wall_ms(exchange->clock);
    }
    if (status != SVC_OK) {
        svc_fail(&exchange->seen.error, status, "%s", detail);
    }
    exchange->real->has_changed = true;
    detach(exchange);
}

/* A failed handshake: the messages of OpenSSL's own errors contain "error:", those of the network
 * do not, except "unexpected eof". */
static enum svc_status handshake_status(const struct svc_http_real_exchange *exchange) {
    const char *text = exchange->curl_error;
    return strstr(text, "error:") != NULL && strstr(text, "unexpected eof") == NULL
               ? SVC_TLS_REFUSED
               : SVC_CONNECT_FAILED;
}

static enum svc_status status_of(const struct svc_http_real_exchange *exchange, CURLcode code) {
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
    case CURLE_UNSUPPORTED_PROTOCOL: /* a response that is not HTTP/1 */
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_TOO_MANY_REDIRECTS:
        return SVC_BAD_RESPONSE;
    default:
        return SVC_CONNECTION_LOST;
    }
}

/* Sends the request over a new connection, after a kept one was found closed. */
static bool start_afresh(struct svc_http_real_exchange *exchange) {
    CURLM *multi = exchange->real->multi;
    exchange->is_stale = false;
    exchange->curl_error[0] = '\0';
    return curl_multi_remove_handle(multi, exchange->easy) == CURLM_OK &&
           curl_easy_setopt(exchange->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
           curl_multi_add_handle(multi, exchange->easy) == CURLM_OK;
}

void svc_http_real_finish_by_curl(struct svc_http_real_exchange *exchange, CURLcode code) {
    if (exchange->is_stale) {
        if (!start_afresh(exchange)) {
            svc_http_real_finish(exchange, SVC_NO_MEMORY, svc_status_message(SVC_NO_MEMORY));
        }
        return;
    }
    enum svc_status status = status_of(exchange, code);
    const char *detail = exchange->own_failure != SVC_OK   ? svc_status_message(status)
                         : exchange->curl_error[0] != '\0' ? exchange->curl_error
                                                           : curl_easy_strerror(code);
    svc_http_real_finish(exchange, status, detail);
}

/* ---------------------------------------------------------------------- callbacks */

/* Before each request on a connection, and before a byte of it is written.
 *
 * libcurl sends a request again by itself when a kept connection fails. It may, as long as no byte
 * of it left; from then on only the caller decides whether it is repeated, and it is stopped. */
static int on_request(void *user, char *peer, char *own, int peer_port, int own_port) {
    struct svc_http_real_exchange *exchange = user;
    if (has_sent(exchange)) {
        exchange->own_failure = SVC_CONNECTION_LOST;
        return CURL_PREREQFUNC_ABORT;
    }
    long connects = 1;
    curl_easy_getinfo(exchange->easy, CURLINFO_NUM_CONNECTS, &connects);
    exchange->seen.reused = connects == 0;
    exchange->is_stale = exchange->seen.reused &&
                         svc_http_real_is_ended(exchange->real, peer, peer_port, own, own_port);
    return exchange->is_stale ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static size_t refuse(struct svc_http_real_exchange *exchange, enum svc_status status) {
    exchange->own_failure = status;
    return 0; /* fewer bytes than given: libcurl aborts the transfer */
}

static void on_head_complete(struct svc_http_real_exchange *exchange) {
    long code = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &code);
    if (code >= 200) { /* not an interim response (100) */
        exchange->seen.http_status = (int)code;
        exchange->seen.received_wall_ms = svc_wall_ms(exchange->clock);
        exchange->seen.state = SVC_HTTP_BODY;
        exchange->real->has_changed = true;
    }
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
    struct svc_http_real_exchange *exchange = user;
    size_t line_bytes = size * count, length = line_bytes;
    exchange->header_bytes += line_bytes;
    if (exchange->header_bytes > SVC_MAX_RESPONSE_HEADER_BYTES ||
        memchr(line, '\0', line_bytes) != NULL) {
        return refuse(exchange, SVC_BAD_RESPONSE);
    }
    if (exchange->seen.state != SVC_HTTP_SENDING) {
        return line_bytes; /* a trailer: ignored */
    }
    while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n')) {
        length--;
    }
    if (length == 0) {
        on_head_complete(exchange);
        return line_bytes;
    }
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        svc_buf_reset(&exchange->seen.headers);
        return line_bytes;
    }
    enum svc_status status = svc_http_keep_header(&exchange->seen, line, length);
    return status == SVC_OK ? line_bytes : refuse(exchange, status);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    struct svc_http_real_exchange *exchange = user;
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
    if (!exchange->streamed) {
        svc_wipe(bytes, body_bytes); /* libcurl may keep its buffer for the next response */
    }
    exchange->real->has_changed = true;
    return body_bytes;
}

/* ---------------------------------------------------------------------- starting */

static bool add_header(struct svc_http_real_exchange *exchange, const char *line) {
    struct curl_slist *longer = curl_slist_append(exchange->headers, line);
    if (longer == NULL) {
        return false;
    }
    exchange->headers = longer;
    return true;
}

static enum svc_status set_headers(struct svc_http_real_exchange *exchange,
                                   const struct svc_http_request *request) {
    struct svc_buf line;
    svc_buf_init(&line, SVC_MAX_RESPONSE_HEADER_BYTES);
    bool has_type = false;
    /* A name without a value removes libcurl's own header: no wait for a 100. */
    bool is_good = add_header(exchange, "Expect:") && add_header(exchange, "Accept:");
    for (size_t i = 0; i < request->header_count && is_good; i++) {
        const struct svc_http_header *header = &request->headers[i];
        has_type |= svc_equal_nocase(header->name, "content-type");
        svc_buf_reset(&line);
        /* An empty value would remove the header; ';' sends it empty. */
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

static CURLcode on_tls_context(CURL *easy, void *context, void *user) {
    (void)easy, (void)user;
    svc_crypto_keep_no_plaintext(context);
    return CURLE_OK;
}

/* Options of libcurl, each checked: an unknown one must not be ignored silently. */
static CURLcode set_transfer(struct svc_http_real_exchange *exchange,
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

static CURLcode set_rules(struct svc_http_real_exchange *exchange,
                          const struct svc_http_request *request) {
    CURL *easy = exchange->easy;
    const struct svc_http_real *real = exchange->real;
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
    SET(CURLOPT_SSL_CTX_FUNCTION, on_tls_context)
    SET(CURLOPT_CAINFO, real->ca_bundle)
    SET(CURLOPT_CAPATH, NULL)
    SET(CURLOPT_SHARE, real->share)
    SET(CURLOPT_OPENSOCKETFUNCTION, svc_http_real_open_socket)
    SET(CURLOPT_OPENSOCKETDATA, exchange->real)
    SET(CURLOPT_CLOSESOCKETFUNCTION, svc_http_real_close_socket)
    SET(CURLOPT_CLOSESOCKETDATA, exchange->real)
    SET(CURLOPT_PATH_AS_IS, 1L) /* "a/../b" is a key of S3 */
    SET(CURLOPT_TCP_NODELAY, 1L)
    SET(CURLOPT_BUFFERSIZE, 64L * 1024)
    SET(CURLOPT_MAXAGE_CONN, (long)(request->max_idle_s > 0 ? request->max_idle_s : MAX_IDLE_S))
    SET(CURLOPT_FRESH_CONNECT, request->fresh_connection ? 1L : 0L)
    if (real->user_agent != NULL) {
        SET(CURLOPT_USERAGENT, real->user_agent)
    }
#undef SET
    return code;
}

static enum svc_status set_up(struct svc_http_real_exchange *exchange,
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

static struct svc_http_real_exchange *new_exchange(struct svc_http_real *real,
                                                   const struct svc_http_request *request) {
    struct svc_http_real_exchange *exchange = calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->real = real;
    exchange->clock = real->clock;
    exchange->deadline_ms = request->deadline_ms;
    exchange->stall_timeout_ms =
        request->stall_timeout_ms != 0 ? request->stall_timeout_ms : STALL_TIMEOUT_MS;
    exchange->streamed = request->streamed;
    exchange->long_poll = request->long_poll;
    exchange->max_body_bytes =
        request->max_body_bytes > 0 ? request->max_body_bytes : SVC_MAX_RESPONSE_BODY_BYTES;
    exchange->seen.sent_wall_ms = svc_wall_ms(real->clock);
    svc_buf_init(&exchange->seen.headers, SVC_MAX_RESPONSE_HEADER_BYTES);
    /* The limit is max_body_bytes; of a streamed body the buffer holds only the window. */
    svc_buf_init(&exchange->seen.body,
                 exchange->max_body_bytes < SIZE_MAX ? (size_t)exchange->max_body_bytes : SIZE_MAX);
    return exchange;
}

void svc_http_real_close(void *self, struct svc_http_exchange *seen) {
    (void)self;
    struct svc_http_real_exchange *exchange = (struct svc_http_real_exchange *)seen;
    if (exchange != NULL) {
        detach(exchange);
        svc_buf_wipe(&exchange->seen.headers);
        svc_buf_wipe(&exchange->seen.body);
        free(exchange);
    }
}

enum svc_status svc_http_real_start(void *self, const struct svc_http_request *request,
                                    struct svc_http_exchange **out) {
    struct svc_http_real *real = self;
    *out = NULL;
    enum svc_status status = svc_http_check_request(request);
    if (status != SVC_OK) {
        return status;
    }
    struct svc_http_real_exchange *exchange = new_exchange(real, request);
    if (exchange == NULL) {
        return SVC_NO_MEMORY;
    }
    if (real->ca_bundle == NULL && svc_begins_nocase(request->url, "https://")) {
        svc_http_real_finish(
            exchange, SVC_CONFIGURATION,
            "no bundle of certificate authorities is found; AWS_CA_BUNDLE names one");
        *out = &exchange->seen;
        return SVC_OK;
    }
    if (svc_remaining_ms(real->clock, exchange->deadline_ms) == 0) {
        svc_http_real_finish(exchange, SVC_DEADLINE, svc_status_message(SVC_DEADLINE));
        *out = &exchange->seen;
        return SVC_OK;
    }
    status = set_up(exchange, request);
    if (status != SVC_OK) {
        curl_easy_cleanup(exchange->easy); /* it is not in the list yet */
        exchange->easy = NULL;
        free_headers(exchange);
        svc_http_real_close(real, &exchange->seen);
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
