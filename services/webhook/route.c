/* Which request goes where: see route.h. */
#include "services/webhook/route.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"

/* ---------------------------------------------------------------------- tokens */

void webhook_tokens_init(struct webhook_tokens *tokens) {
    memset(tokens, 0, sizeof(*tokens));
}

void webhook_tokens_clear(struct webhook_tokens *tokens) {
    svc_wipe(tokens, sizeof(*tokens));
}

static bool is_token(const char *text) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t size = strnlen(text, WEBHOOK_MAX_TOKEN_BYTES + 1);
    return size >= WEBHOOK_MIN_TOKEN_BYTES && size <= WEBHOOK_MAX_TOKEN_BYTES &&
           strspn(text, letters) == size;
}

enum svc_status webhook_tokens_add(struct webhook_tokens *tokens, const char *token,
                                   struct svc_error *error) {
    if (token == NULL || !is_token(token)) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "a token of a webhook's path is not %zu to %zu letters, digits, - and _",
                        WEBHOOK_MIN_TOKEN_BYTES, WEBHOOK_MAX_TOKEN_BYTES);
    }
    if (tokens->count == WEBHOOK_MAX_TOKENS) {
        return svc_fail(error, SVC_CONFIGURATION, "more than %zu tokens of a webhook's path",
                        WEBHOOK_MAX_TOKENS);
    }
    char *to = tokens->tokens[tokens->count++];
    memset(to, 0, sizeof(tokens->tokens[0]));
    memcpy(to, token, strlen(token));
    return SVC_OK;
}

/* All tokens are compared over their full size, zeros included: neither the place of a difference
 * nor a length shows in the time. */
static bool has_token(const struct webhook_tokens *tokens, const char *text) {
    char padded[WEBHOOK_MAX_TOKEN_BYTES + 1] = {0};
    unsigned matches = 0;
    if (!is_token(text)) {
        return false;
    }
    memcpy(padded, text, strlen(text));
    for (size_t i = 0; i < tokens->count; i++) {
        matches += svc_equal_constant_time(tokens->tokens[i], padded, sizeof(padded));
    }
    svc_wipe(padded, sizeof(padded));
    return matches > 0;
}

/* ---------------------------------------------------------------------- paths */

static const char toss_prefix[] = "/webhooks/toss/";

static bool is_short(const char *path) {
    return path != NULL && strnlen(path, WEBHOOK_MAX_PATH_BYTES + 1) <= WEBHOOK_MAX_PATH_BYTES;
}

bool webhook_route_needs_token(const char *path) {
    return is_short(path) && strncmp(path, toss_prefix, sizeof(toss_prefix) - 1) == 0;
}

static bool is_open(const struct webhook_paths *paths, enum webhook_handler handler) {
    switch (handler) {
    case WEBHOOK_HANDLER_TOSS_CONFIRMED:
    case WEBHOOK_HANDLER_TOSS_TRANSACTIONS:
        return paths->has_internal;
    case WEBHOOK_HANDLER_UNSUBSCRIBE:
        return paths->has_unsubscribe;
    default:
        return true;
    }
}

static enum webhook_handler find_handler(const struct webhook_paths *paths, const char *path) {
    static const struct {
        const char *path;
        enum webhook_handler handler;
    } known[] = {
        {"/webhooks/payment", WEBHOOK_HANDLER_PAYMENT},
        {"/webhooks/shipping", WEBHOOK_HANDLER_SHIPPING},
        {"/webhooks/refund", WEBHOOK_HANDLER_REFUND},
        {"/webhooks/toss-confirmed", WEBHOOK_HANDLER_TOSS_CONFIRMED},
        {"/webhooks/toss-transactions", WEBHOOK_HANDLER_TOSS_TRANSACTIONS},
        {"/unsubscribe", WEBHOOK_HANDLER_UNSUBSCRIBE},
    };
    if (!is_short(path)) {
        return WEBHOOK_HANDLER_NONE;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(path, known[i].path) == 0) {
            return is_open(paths, known[i].handler) ? known[i].handler : WEBHOOK_HANDLER_NONE;
        }
    }
    return webhook_route_needs_token(path) &&
                   has_token(paths->tokens, path + sizeof(toss_prefix) - 1)
               ? WEBHOOK_HANDLER_TOSS
               : WEBHOOK_HANDLER_NONE;
}

/* ---------------------------------------------------------------------- content type */

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t");
}

/* The only parameter there may be is charset=utf-8, quoted or not, once. */
static bool is_json(const char *type) {
    static const char json[] = "application/json";
    static const char *const charsets[] = {"charset=utf-8", "charset=\"utf-8\""};
    if (type == NULL ||
        strnlen(type, WEBHOOK_MAX_CONTENT_TYPE_BYTES + 1) > WEBHOOK_MAX_CONTENT_TYPE_BYTES ||
        !svc_begins_nocase(type, json)) {
        return false;
    }
    const char *rest = skip_blanks(type + sizeof(json) - 1);
    if (*rest == ';') {
        rest = skip_blanks(rest + 1);
        for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
            if (svc_begins_nocase(rest, charsets[i])) {
                rest = skip_blanks(rest + strlen(charsets[i]));
                break;
            }
        }
    }
    return *rest == '\0';
}

static bool takes_method(enum webhook_handler handler, const char *method) {
    return method != NULL &&
           (strcmp(method, "POST") == 0 ||
            (handler == WEBHOOK_HANDLER_UNSUBSCRIBE && strcmp(method, "GET") == 0));
}

struct webhook_route webhook_route(const struct webhook_paths *paths,
                                   const struct webhook_request *request) {
    struct webhook_route route = {WEBHOOK_HANDLER_NONE, 200, NULL};
    const enum webhook_handler handler = find_handler(paths, request->path);
    const bool is_form = handler == WEBHOOK_HANDLER_UNSUBSCRIBE;
    if (handler == WEBHOOK_HANDLER_NONE) {
        route.http_status = 404;
    } else if (!takes_method(handler, request->method)) {
        route.http_status = 405;
        route.allow = is_form ? "GET, POST" : "POST";
    } else if (!is_form && !is_json(request->content_type)) {
        route.http_status = 415;
    } else if (request->body_bytes > (is_form ? WEBHOOK_MAX_FORM_BYTES : WEBHOOK_MAX_BODY_BYTES)) {
        route.http_status = 413;
    } else {
        route.handler = handler;
    }
    return route;
}
