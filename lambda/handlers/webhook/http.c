/* One HTTP request: see http.h. In this order, so that each step costs strangers less than us:
 *
 *   path, method, content type, size    from the event alone
 *   secrets                             from memory, or Secrets Manager at most so often (keys.h)
 *   signature                           over the body's bytes
 *   body                                by the sender's file
 *   database                            only for what is signed, or confirmed by Toss */
#include "lambda/handlers/webhook/http.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/webhook/report.h"
#include "lambda/handlers/webhook/sender.h"
#include "services/webhook/unsubscribe.h"

/* ---------------------------------------------------------------------- the response */

static const char *body_of(int http_status) {
    switch (http_status) {
    case 200:
        return "{\"status\":\"ok\"}";
    case 400:
        return "{\"status\":\"bad request\"}";
    case 401:
        return "{\"status\":\"unauthorized\"}";
    case 404:
        return "{\"status\":\"not found\"}";
    case 405:
        return "{\"status\":\"method not allowed\"}";
    case 409:
        return "{\"status\":\"conflict\"}";
    case 413:
        return "{\"status\":\"too large\"}";
    case 415:
        return "{\"status\":\"unsupported media type\"}";
    default:
        return "{\"status\":\"try again\"}";
    }
}

#define MAX_HEADERS 12

static void write_response(const struct webhook_reply *reply, const char *request_id,
                           struct lrt_result *result) {
    struct lev_url_pair headers[MAX_HEADERS];
    size_t count = 0;
    const bool is_page = reply->page.size_bytes > 0;
    headers[count++] = (struct lev_url_pair){"x-request-id", request_id};
    headers[count++] = (struct lev_url_pair){"content-type", is_page ? "text/html; charset=utf-8"
                                                                     : "application/json"};
    if (reply->allow != NULL) {
        headers[count++] = (struct lev_url_pair){"allow", reply->allow};
    }
    for (size_t i = 0; is_page && i < webhook_unsubscribe_header_count && count < MAX_HEADERS;
         i++) {
        headers[count++] = (struct lev_url_pair){webhook_unsubscribe_headers[i].name,
                                                 webhook_unsubscribe_headers[i].value};
    }
    if (!is_page) {
        headers[count++] = (struct lev_url_pair){"cache-control", "no-store"};
    }
    const char *body = is_page ? svc_buf_text(&reply->page) : body_of(reply->http_status);
    const struct lev_url_response response = {
        .status_code = reply->http_status,
        .headers = headers,
        .header_count = count,
        .body = body,
        .body_bytes = strlen(body),
    };
    struct svc_error error = {0};
    const enum svc_status status = lev_url_response_write(&response, &result->body, &error);
    if (status != SVC_OK) {
        lrt_fail(result, "Webhook.NO_RESPONSE", "the response cannot be written: %s",
                 svc_status_name(status));
    }
}

/* ---------------------------------------------------------------------- the request */

static struct webhook_route find_route(const struct webhook_function *function,
                                       const struct webhook_tokens *tokens, bool has_internal,
                                       const struct lev_url_request *request) {
    const struct webhook_paths paths = {
        .tokens = tokens,
        .has_internal = has_internal,
        .has_unsubscribe = function->settings.unsubscribe_secret_name[0] != '\0',
    };
    const struct webhook_request asked = {
        .method = request->method,
        .path = request->path,
        .content_type = lev_url_header(request, "content-type"),
        .body_bytes = request->body_bytes,
    };
    return webhook_route(&paths, &asked);
}

static struct webhook_route find_route_by_keys(const struct webhook_function *function,
                                               const struct lev_url_request *request) {
    const struct webhook_key_set *set = &function->keys.fetched;
    return find_route(function, &set->tokens,
                      set->internal.schemes[WEBHOOK_SCHEME_STANDARD].count > 0, request);
}

/* Whether no secret can make the path known. */
static bool is_unknown(const struct webhook_function *function,
                       const struct lev_url_request *request) {
    return !webhook_route_needs_token(request->path) &&
           find_route(function, &function->keys.fetched.tokens, true, request).http_status == 404;
}

/* A path of Toss with a token that is not known may have a new one. */
static struct webhook_route route(struct webhook_function *function,
                                  const struct lev_url_request *request, int64_t deadline_ms) {
    struct webhook_route found = find_route_by_keys(function, request);
    if (found.http_status == 404 && webhook_route_needs_token(request->path) &&
        webhook_keys_refresh(&function->keys, deadline_ms)) {
        found = find_route_by_keys(function, request);
    }
    return found;
}

static bool authenticate(struct webhook_function *function, const struct webhook_sender *sender,
                         struct webhook_call *call, struct webhook_reply *reply) {
    switch (sender->auth) {
    case WEBHOOK_AUTH_SIGNED:
        return webhook_authenticate(function, KEYS_FOR_SENDERS, call, reply);
    case WEBHOOK_AUTH_INTERNAL:
        return webhook_authenticate(function, KEYS_FOR_INTERNAL, call, reply);
    case WEBHOOK_AUTH_OWN:
        return true;
    }
    return false;
}

static void refuse_route(const struct webhook_route *route, struct webhook_reply *reply) {
    static const struct {
        int http_status;
        const char *reason;
    } reasons[] = {{405, "METHOD"}, {413, "BODY_SIZE"}, {415, "CONTENT_TYPE"}};
    const char *reason = "PATH";
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        reason = reasons[i].http_status == route->http_status ? reasons[i].reason : reason;
    }
    reply->allow = route->allow;
    webhook_reply_refuse(reply, route->http_status != 200 ? route->http_status : 404, reason, NULL);
}

/* The route's sender. NULL: the reply is set. */
static const struct webhook_sender *find_sender(struct webhook_function *function,
                                                const struct lev_url_request *request,
                                                int64_t deadline_ms, struct webhook_route *found,
                                                struct webhook_reply *reply) {
    *found = (struct webhook_route){.http_status = 404};
    if (is_unknown(function, request)) {
        refuse_route(found, reply);
        return NULL;
    }
    const bool has_keys = webhook_keys_prepare(&function->keys, deadline_ms);
    *found = route(function, request, deadline_ms);
    const struct webhook_sender *sender = webhook_sender_of(found->handler);
    const bool needs_keys = found->handler != WEBHOOK_HANDLER_UNSUBSCRIBE &&
                            (sender != NULL || found->http_status == 404);
    if (needs_keys && !has_keys) {
        webhook_reply_fail(reply, "NO_KEYS", "the webhooks' secrets cannot be read");
        return NULL;
    }
    if (sender == NULL) {
        refuse_route(found, reply);
    }
    return sender;
}

static void take(struct webhook_function *function, const struct lev_url_request *request,
                 const struct lrt_invocation *invocation, int64_t deadline_ms,
                 struct webhook_reply *reply) {
    struct webhook_route found;
    const struct webhook_sender *sender =
        find_sender(function, request, deadline_ms, &found, reply);
    if (sender == NULL) {
        return;
    }
    struct webhook_call call = {
        .request = request,
        .handler = found.handler,
        .deadline_ms = deadline_ms,
    };
    (void)snprintf(call.request_id, sizeof(call.request_id), "%s", invocation->request_id);
    reply->sender = sender->name;
    webhook_headers_init(&call.headers);
    for (size_t i = 0; i < request->header_count; i++) {
        webhook_headers_add(&call.headers, request->headers[i].name, request->headers[i].value);
    }
    if (authenticate(function, sender, &call, reply)) {
        sender->take(function, &call, reply);
    }
}

static void refuse_request(enum svc_status status, const struct svc_error *error,
                           struct webhook_reply *reply) {
    if (status == SVC_NO_MEMORY) {
        webhook_reply_fail(reply, svc_status_name(status), error->detail);
    } else {
        webhook_reply_refuse(reply, status == SVC_TOO_LARGE ? 413 : 400, "REQUEST", error->detail);
    }
}

void webhook_http_handle(struct webhook_function *function, const struct svc_json *document,
                         const struct lrt_invocation *invocation, struct lrt_result *result) {
    const int64_t begin_ms = svc_monotonic_ms(function->clock);
    const int64_t most_ms = begin_ms + WEBHOOK_ANSWER_MS - WEBHOOK_ANSWER_RESERVE_MS;
    const int64_t deadline_ms =
        invocation->deadline_ms < most_ms ? invocation->deadline_ms : most_ms;
    const struct db_counts before = db_counts(function->db);
    struct lev_url_request request;
    struct webhook_reply reply;
    struct svc_error error = {0};
    webhook_reply_init(&reply);
    awsc_client_begin(function->aws, deadline_ms, invocation->trace_id);
    const enum svc_status status = lev_url_request_read(document, &request, &error);
    if (status == SVC_OK) {
        take(function, &request, invocation, deadline_ms, &reply);
    } else {
        refuse_request(status, &error, &reply);
    }
    write_response(&reply, invocation->request_id, result);
    webhook_report(function, &reply, &before, svc_monotonic_ms(function->clock) - begin_ms);
    webhook_reply_clear(&reply);
    lev_url_request_clear(&request);
}
