/* Which request goes where, decided before the body is read, a signature is verified or a database
 * is asked. Pure. */
#ifndef WEBHOOK_ROUTE_H
#define WEBHOOK_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/status.h"
#include "services/webhook/limits.h"

/* The secret tokens in the path of Toss's URL: several, so that one is rotated without a gap. */
struct webhook_tokens {
    char tokens[WEBHOOK_MAX_TOKENS][WEBHOOK_MAX_TOKEN_BYTES + 1]; /* the rest of each is zeros */
    size_t count;
};

void webhook_tokens_init(struct webhook_tokens *tokens);
void webhook_tokens_clear(struct webhook_tokens *tokens); /* overwrites */
/* CONFIGURATION: not WEBHOOK_MIN_TOKEN_BYTES to WEBHOOK_MAX_TOKEN_BYTES letters, digits, '-' and
 * '_', or too many. The error has nothing of the token. */
enum svc_status webhook_tokens_add(struct webhook_tokens *tokens, const char *token,
                                   struct svc_error *error);

enum webhook_handler {
    WEBHOOK_HANDLER_NONE,              /* refused with `http_status` */
    WEBHOOK_HANDLER_PAYMENT,           /* POST /webhooks/payment */
    WEBHOOK_HANDLER_SHIPPING,          /* POST /webhooks/shipping */
    WEBHOOK_HANDLER_REFUND,            /* POST /webhooks/refund */
    WEBHOOK_HANDLER_TOSS,              /* POST /webhooks/toss/TOKEN */
    WEBHOOK_HANDLER_TOSS_CONFIRMED,    /* POST /webhooks/toss-confirmed: internal */
    WEBHOOK_HANDLER_TOSS_TRANSACTIONS, /* POST /webhooks/toss-transactions: internal */
    WEBHOOK_HANDLER_UNSUBSCRIBE,       /* GET, POST /unsubscribe: people and their mail programs */
    WEBHOOK_HANDLERS
};

/* Which of the optional paths there are; the others are unknown. */
struct webhook_paths {
    const struct webhook_tokens *tokens; /* of Toss's path */
    bool has_internal;                   /* there is a secret that verifies them */
    bool has_unsubscribe;
};

struct webhook_request {
    const char *method;       /* "POST" */
    const char *path;         /* as sent, not decoded, without the query */
    const char *content_type; /* NULL: not sent */
    size_t body_bytes;        /* decoded */
};

struct webhook_route {
    enum webhook_handler handler;
    int http_status;   /* 200: to be handled; else 404, 405, 413, 415 */
    const char *allow; /* the header Allow of a 405; NULL: none */
};

/* Checks in this order: 404 for another path (case, a trailing slash and percent-encoding matter; a
 * wrong token is an unknown path, whatever the method), 405 for another method than POST, 415 for
 * another content type than application/json, with charset=utf-8 or none, 413 for a body over
 * WEBHOOK_MAX_BODY_BYTES. /unsubscribe takes GET as well and any content type, and its body is over
 * the limit with more than WEBHOOK_MAX_FORM_BYTES. */
struct webhook_route webhook_route(const struct webhook_paths *paths,
                                   const struct webhook_request *request);

/* Whether a path may be Toss's, whatever its token: for a caller that reads the tokens when they
 * are needed. */
bool webhook_route_needs_token(const char *path);

#endif
