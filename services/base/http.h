/* HTTP/1.1 requests over kept-alive connections, several at once. The only room with libcurl
 * (http.c, http_exchange.c).
 *
 * A transport is a struct of functions, so that tests can put another in its place; svc_http_create
 * makes the real one. An exchange is a request and its answer: it is started, polled until it is
 * done, looked at, closed. All started exchanges go on whenever any of them is polled.
 *
 * Of the real one: TLS 1.2 or newer, peer and name always verified; no redirects, no proxies, no
 * cookies, no netrc, no compression; plain http only where a URL says http. Headers and bodies of
 * answers are bounded. One thread at a time. */
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
    bool streamed;           /* the answer's body is taken by svc_http_read as it comes */
    bool fresh_connection;   /* not over a kept one: for second attempts */
    int max_idle_s;          /* nor over one that was idle for longer. 0: 55 */
    uint64_t max_body_bytes; /* of the answer; more is TOO_LARGE. 0: SVC_MAX_RESPONSE_BODY_BYTES */
    int64_t deadline_ms;     /* SVC_NO_DEADLINE, or a moment of the monotonic clock: DEADLINE */
    int connect_timeout_ms;  /* name, TCP and TLS together: TIMED_OUT. 0: 3,000 */
    int stall_timeout_ms;    /* fewer than SVC_LOW_SPEED_BYTES_PS both ways over so long: TIMED_OUT.
                                0: 10,000; negative: never */
    bool long_poll; /* the response may begin at any time: it stalls only after its first byte */
};

enum svc_http_state {
    SVC_HTTP_SENDING, /* the answer's head is not here yet */
    SVC_HTTP_BODY,    /* http_status and headers are; the body is coming */
    SVC_HTTP_DONE     /* status says how it ended */
};

struct svc_http_exchange {
    enum svc_http_state state;
    enum svc_status status; /* when done: OK for a whole answer, whatever its http_status */
    int http_status;        /* 0 before the head is here */
    struct svc_buf headers; /* name NUL value NUL ...: see svc_http_header_value */
    struct svc_buf body;    /* gathered; or, streamed, a window of what came last */
    size_t body_taken;      /* streamed: bytes at the window's start that were used already */
    int64_t sent_wall_ms, received_wall_ms; /* start; head received (or failed) */
    bool sent;                              /* when done: bytes of the request left this process */
    bool reused;                            /* went over a connection that was there already */
    struct svc_error error;                 /* why status is not OK */
};

struct svc_transport {
    void *self;
    /* On failure there is no exchange. Errors: INVALID_ARGUMENT (URL, headers), NO_MEMORY. */
    enum svc_status (*start)(void *self, const struct svc_http_request *request,
                             struct svc_http_exchange **exchange);
    /* Lets all go on until one of them changed its state or got bytes, or until `until_ms` of the
     * monotonic clock. */
    enum svc_status (*poll)(void *self, int64_t until_ms);
    /* At any time; one that is not done is cut off. NULL is allowed. */
    void (*close)(void *self, struct svc_http_exchange *exchange);
};

struct svc_http_options {
    const struct svc_clock *clock;             /* NULL: the system's */
    const struct svc_environment *environment; /* read while creating; NULL: the system's */
    const char *ca_bundle; /* PEM file; NULL: AWS_CA_BUNDLE, SSL_CERT_FILE, then the known places */
    const char *user_agent; /* NULL: none */
};

/* The real transport. Give back with svc_http_destroy, after closing its exchanges.
 * Errors: CONFIGURATION (no CA bundle where one is named), NO_MEMORY. */
enum svc_status svc_http_create(const struct svc_http_options *options,
                                struct svc_transport **transport, struct svc_error *error);
void svc_http_destroy(struct svc_transport *transport); /* NULL is allowed */

/* Starts and polls until it is done (streamed: until the head is here). *exchange is NULL only if
 * it could not be started; otherwise to be closed by the caller, also on failure.
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

/* Whether it is a request at all: an http or https URL, no byte that would end a line.
 * INVALID_ARGUMENT if not. */
enum svc_status svc_http_check_request(const struct svc_http_request *request);
/* Whether a URL begins with "https://" or another such. */
bool svc_http_has_scheme(const char *url, const char *scheme);
/* Keeps "Name: value", without its line end. */
enum svc_status svc_http_keep_header(struct svc_http_exchange *exchange, const char *line,
                                     size_t size_bytes);

/* ---------------------------------------------------------------------- headers of an answer */

/* The value of the answer's first header of this name (any case); NULL if there is none. */
const char *svc_http_header_value(const struct svc_http_exchange *exchange, const char *name);
/* Walks all: start with *position 0; false at the end. */
bool svc_http_next_header(const struct svc_http_exchange *exchange, size_t *position,
                          const char **name, const char **value);

#endif
