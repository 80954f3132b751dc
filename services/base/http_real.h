/* Shared by the files of the real transport: http.c (polling of all exchanges), http_exchange.c
 * (one request and its response) and http_sockets.c. Only they include this and use libcurl. */
#ifndef SVC_HTTP_REAL_H
#define SVC_HTTP_REAL_H

#include <curl/curl.h>

#include "services/base/http.h"

struct svc_http_real;

/* The exchange as callers see it, and the state that libcurl needs for it. */
struct svc_http_real_exchange {
    struct svc_http_exchange seen; /* first: a pointer to it is a pointer to this */
    struct svc_http_real *real;
    struct svc_http_real_exchange *previous, *next; /* of those that are in the multi handle */
    CURL *easy;
    struct curl_slist *headers;
    const struct svc_clock *clock;
    int64_t deadline_ms;
    int stall_timeout_ms; /* negative: never */
    bool streamed;
    bool is_paused;
    bool is_stale;  /* the kept connection was found closed before a byte was written */
    bool long_poll; /* and no byte of the response has arrived yet */
    uint64_t max_body_bytes, body_bytes; /* body_bytes: received so far */
    size_t header_bytes;
    int64_t waited_ms;           /* in this window of the stall check */
    uint64_t moved_bytes;        /* both ways, at the window's start */
    enum svc_status own_failure; /* why one of our callbacks aborted it */
    char curl_error[CURL_ERROR_SIZE];
};

/* More than are open at once: kept connections, and those of AWSC_MAX_CALLS_AT_ONCE calls. */
#define SVC_HTTP_REAL_SOCKETS 64

struct svc_http_real {
    struct svc_transport transport;
    const struct svc_clock *clock;
    CURLM *multi;
    CURLSH *share; /* TLS sessions: the second connection to a host resumes the first one's */
    char *ca_bundle, *user_agent;
    struct svc_http_real_exchange *first;
    bool has_changed;                   /* since poll began */
    int sockets[SVC_HTTP_REAL_SOCKETS]; /* open ones; one too many is not listed */
    size_t socket_count;
};

/* The functions of the transport that concern one exchange. */
enum svc_status svc_http_real_start(void *self, const struct svc_http_request *request,
                                    struct svc_http_exchange **out);
void svc_http_real_close(void *self, struct svc_http_exchange *seen);

/* libcurl opens and closes its sockets by these. */
curl_socket_t svc_http_real_open_socket(void *user, curlsocktype purpose,
                                        struct curl_sockaddr *address);
int svc_http_real_close_socket(void *user, curl_socket_t fd);
/* Whether an idle connection must not be used: between two requests of HTTP/1.1 the peer sends
 * nothing, so anything to read is the connection's end: FIN, RST, or the close_notify of TLS, with
 * which libcurl 7.88 takes a connection as alive (8.x refuses it like this). True also for one that
 * is not listed. */
bool svc_http_real_is_ended(const struct svc_http_real *real, const char *peer, int peer_port,
                            const char *own, int own_port);

/* Ends an exchange with a status, or with libcurl's result. */
void svc_http_real_finish(struct svc_http_real_exchange *exchange, enum svc_status status,
                          const char *detail);
void svc_http_real_finish_by_curl(struct svc_http_real_exchange *exchange, CURLcode code);

#endif
