/* HTTP/1.1 requests over kept-alive connections, several at once. Only http*.c use libcurl.
 *
 * A transport is a struct of functions, so that tests can replace it; svc_http_create makes the
 * real one. An exchange is a request and its response: it is started, polled until it is done,
 * read, closed. Polling advances all started exchanges.
 *
 * The real transport uses TLS 1.2 or newer and always verifies certificate and host name; no
 * redirects, proxies, cookies, netrc or compression; plain http only for http URLs. Headers and
 * bodies of responses are bounded. A kept connection that the peer ended while it was idle is
 * replaced before anything of the request is sent. One thread at a time. */
#ifndef SVC_HTTP_H
#define SVC_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/environment.h"

struct svc_http_header {
    const char *name, *value;
};

/* All is borrowed until the exchange is closed. */
struct svc_http_request {
    const char *method; /* "GET", ... */
    const char *url;    /* http or https, absolute, encoded */
    const struct svc_http_header
        *headers; /* Content-Length and Host are added; a "" value is sent */
    size_t header_count;
    const uint8_t *body; /* NULL: none; PUT and POST then send Content-Length: 0 */
    size_t body_bytes;
    bool streamed;         /* the response's body is read by svc_http_read as it arrives */
    bool fresh_connection; /* over a new connection: for retries */
    int max_idle_s;        /* over no connection that was idle for longer. 0: 55 */
    uint64_t
        max_body_bytes;     /* of the response; more is TOO_LARGE. 0: SVC_MAX_RESPONSE_BODY_BYTES */
    int64_t deadline_ms;    /* SVC_NO_DEADLINE, or a monotonic time: DEADLINE */
    int connect_timeout_ms; /* name, TCP and TLS together: TIMED_OUT. 0: 3,000 */
    int stall_timeout_ms;   /* fewer than SVC_LOW_SPEED_BYTES_PS both ways over so long: TIMED_OUT.
                               0: 10,000; negative: never */
    bool long_poll; /* the response may begin at any time: it stalls only after its first byte */
};

enum svc_http_state {
    SVC_HTTP_SENDING, /* the response's headers have not arrived */
    SVC_HTTP_BODY,    /* http_status and headers have; the body is arriving */
    SVC_HTTP_DONE     /* `status` holds the result */
};

struct svc_http_exchange {
    enum svc_http_state state;
    enum svc_status status; /* when done: OK for a complete response with any http_status */
    int http_status;        /* 0 before the headers have arrived */
    struct svc_buf headers; /* name NUL value NUL ...: see svc_http_header_value */
    struct svc_buf body;    /* complete; or, streamed, a window of the bytes that came last */
    size_t body_taken;      /* streamed: bytes at the window's start that were read already */
    int64_t sent_wall_ms, received_wall_ms; /* start; headers received (or failed) */
    bool sent;                              /* when done: bytes of the request left this process */
    bool reused;                            /* went over a kept connection */
    struct svc_error error;                 /* why status is not OK */
};

struct svc_transport {
    void *self;
    /* On failure there is no exchange. Errors: INVALID_ARGUMENT (URL, headers), NO_MEMORY. */
    enum svc_status (*start)(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **exchange);
    /* Advances all exchanges until one of them changes its state or receives bytes, or until the
     * monotonic time `until_ms`. */
    enum svc_status (*poll)(void *self, int64_t until_ms);
    /* At any time; an exchange that is not done is aborted. NULL is allowed. */
    void (*close)(void *self, struct svc_http_exchange *exchange);
};

struct svc_http_options {
    const struct svc_clock *clock;             /* NULL: the system's */
    const struct svc_environment *environment; /* read while creating; NULL: the system's */
    const char *ca_bundle; /* PEM file; NULL: AWS_CA_BUNDLE, SSL_CERT_FILE, then the known places */
    const char *user_agent; /* NULL: none */
};

/* The real transport. Destroy with svc_http_destroy after closing its exchanges.
 * Errors: CONFIGURATION (no CA bundle where one is named), NO_MEMORY. */
enum svc_status svc_http_create(const struct svc_http_options *options,
                                struct svc_transport **transport, struct svc_error *error);
void svc_http_destroy(struct svc_transport *transport); /* NULL is allowed */

/* Starts and polls until it is done (streamed: until the headers have arrived). *exchange is NULL
 * only if it could not be started; otherwise the caller closes it, also after a failure.
 * Errors: those of `start`; CONNECT_FAILED, TLS_REFUSED, CONNECTION_LOST (reset, shorter than its
 * Content-Length), TIMED_OUT, DEADLINE, TOO_LARGE, BAD_RESPONSE (not HTTP, header limits). */
enum svc_status svc_http_send(const struct svc_transport *transport,
                              const struct svc_http_request *request,
                              struct svc_http_exchange **exchange);

/* The next bytes of a streamed body, at least 1 unless it ended (*read_bytes 0). Errors as above.
 */
enum svc_status svc_http_read(const struct svc_transport *transport,
                              struct svc_http_exchange *exchange, uint8_t *buffer,
                              size_t size_bytes, size_t *read_bytes);

/* ---------------------------------------------------------------------- for transports */

/* INVALID_ARGUMENT unless the request has an http or https URL and no byte that would end a line.
 */
enum svc_status svc_http_check_request(const struct svc_http_request *request);
/* Adds "Name: value", without its line end; a line without a colon or a name is skipped. Errors:
 * BAD_RESPONSE (a NUL), TOO_LARGE, NO_MEMORY. */
enum svc_status svc_http_keep_header(struct svc_http_exchange *exchange, const char *line,
                                     size_t size_bytes);

/* ---------------------------------------------------------------------- headers of a response */

/* The value of the response's first header of this name (any case); NULL if there is none. */
const char *svc_http_header_value(const struct svc_http_exchange *exchange, const char *name);
/* Walks all: start with *position 0; false at the end. */
bool svc_http_next_header(const struct svc_http_exchange *exchange, size_t *position,
                          const char **name, const char **value);

#endif
