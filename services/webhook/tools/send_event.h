/* An event to send, and the signed request that it becomes. */
#ifndef WEBHOOK_SEND_EVENT_H
#define WEBHOOK_SEND_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/http.h"
#include "services/webhook/limits.h"
#include "services/webhook/sign.h"
#include "services/webhook/tools/send_secrets.h"

/* More than any receiver takes, so that its limit can be tested. */
#define SEND_MAX_BODY_BYTES ((size_t)8 * 1024 * 1024)
#define SEND_URL_BYTES      ((size_t)2048)

/* X(name, word) */
#define SEND_SCHEME_LIST(X)                                                                        \
    X(PLATFORM, "platform")                                                                        \
    X(STANDARD, "standard")               /* v1, with whsec_ */                                    \
    X(STANDARD_PUBLIC, "standard-public") /* v1a, with whsk_ */                                    \
    X(TOSS, "toss")                       /* the key is the secret's text */                       \
    X(TOSS_BYTES, "toss-bytes")           /* the key is what the secret's hex stands for */        \
    X(NONE, "none")

enum send_scheme {
#define SEND_SCHEME_ENUM(name, word) SEND_##name,
    SEND_SCHEME_LIST(SEND_SCHEME_ENUM)
#undef SEND_SCHEME_ENUM
        SEND_SCHEMES
};
/* SEND_SCHEMES: no such word; NULL is none. */
enum send_scheme send_scheme_of(const char *word);

/* What is done to a request after it was signed. A receiver refuses each of them. */
enum send_damage {
    SEND_WHOLE,
    SEND_BIT,             /* a bit of the body */
    SEND_CUT,             /* the body's last byte; the only one for SEND_NONE */
    SEND_MORE,            /* a byte more */
    SEND_UNSIGNED,        /* no header of the scheme */
    SEND_EMPTY_SIGNATURE, /* the last header is empty */
    SEND_DAMAGES
};

struct send_event {
    enum send_scheme scheme;
    char path[WEBHOOK_MAX_PATH_BYTES + 1];
    char id[WEBHOOK_MAX_MESSAGE_ID_BYTES + 1]; /* "": made from the body */
    char content_type[WEBHOOK_MAX_CONTENT_TYPE_BYTES + 1];
    struct svc_buf body;
};

void send_event_init(struct send_event *event, enum send_scheme scheme);
void send_event_clear(struct send_event *event);

/* Reads {"path":"/webhooks/payment","scheme":"platform","id":"...","contentType":"...","body":{...}
 * or "text":"..."}: path, and body or text are required, the scheme is event->scheme unless stated;
 * "body" is written anew, "text" is sent byte for byte. Errors: MALFORMED, TOO_LARGE, NO_MEMORY. */
enum svc_status send_event_parse(const char *line, size_t size_bytes, struct send_event *event,
                                 struct svc_error *error);

struct send_request {
    char url[SEND_URL_BYTES];
    struct webhook_sign_headers signature;
    struct svc_http_header headers[WEBHOOK_MAX_SIGN_HEADERS + 1];
    struct svc_http_request http; /* for the transport; borrows from here and from the event */
};

/* Signs the event as sent at `sent_ms` (since 1970) and fills the request to `base_url` and the
 * event's path. `damage` changes the event's body; `random` chooses where. Errors: CONFIGURATION
 * (no secret of the scheme), INVALID_ARGUMENT (URL too long, an id that no receiver accepts),
 * NO_MEMORY. */
enum svc_status send_request_make(const char *base_url, struct send_event *event,
                                  const struct send_secrets *secrets, int64_t sent_ms,
                                  enum send_damage damage, uint64_t random,
                                  struct send_request *request, struct svc_error *error);

#endif
