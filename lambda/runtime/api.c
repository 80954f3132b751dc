/* Requests to the Runtime API. It is on the same machine: a request is repeated after a few
 * milliseconds or not at all. */
#include "lambda/runtime/api.h"

#include <stdio.h>
#include <string.h>

#include "services/base/json.h"
#include "services/base/text.h"

/* For a request and its response; a result of 6 MiB takes milliseconds over loopback. */
#define POST_TIMEOUT_MS 5000
#define TRIES           3
#define RETRY_PAUSE_MS  10
/* error type, message (each byte may become six) and the names around them */
#define MAX_FAILURE_BYTES (8 * (LRT_ERROR_MESSAGE_BYTES + LRT_ERROR_TYPE_BYTES))

static bool is_host_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("-._:[]", c) != NULL;
}

enum svc_status lrt_api_init(struct lrt_api *api, const char *host,
                             const struct svc_transport *transport, const struct svc_clock *clock,
                             struct svc_error *error) {
    const size_t size_bytes = strlen(host);
    bool good = size_bytes > 0 && size_bytes <= LRT_MAX_API_HOST_BYTES;
    for (size_t i = 0; good && i < size_bytes; i++) {
        good = is_host_char(host[i]);
    }
    if (!good) {
        return svc_fail(error, SVC_CONFIGURATION, "AWS_LAMBDA_RUNTIME_API is not HOST:PORT");
    }
    api->transport = transport;
    api->clock = clock;
    (void)snprintf(api->base, sizeof(api->base), "http://%s/2018-06-01/runtime", host);
    return SVC_OK;
}

static bool is_id_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static enum svc_status read_request_id(struct lrt_next *next, struct svc_error *error) {
    const char *id = svc_http_header_value(next->exchange, "Lambda-Runtime-Aws-Request-Id");
    bool good = id != NULL && id[0] != '\0' && strlen(id) <= LRT_MAX_REQUEST_ID_BYTES;
    for (const char *c = id; good && *c != '\0'; c++) {
        good = is_id_char(*c);
    }
    next->request_id = id;
    return good ? SVC_OK
                : svc_fail(error, SVC_BAD_RESPONSE,
                           "the Runtime API sends an event without a valid request id");
}

/* The header's value in *value, NULL if it is absent or empty. false: longer than its limit. */
static bool read_optional(const struct lrt_next *next, const char *name, size_t max_bytes,
                          const char **value) {
    const char *text = svc_http_header_value(next->exchange, name);
    const size_t size_bytes = text != NULL ? strlen(text) : 0;
    *value = size_bytes > 0 && size_bytes <= max_bytes ? text : NULL;
    return size_bytes <= max_bytes;
}

static enum svc_status read_headers(struct lrt_next *next, struct svc_error *error) {
    const struct {
        const char *name;
        size_t max_bytes;
        const char **value;
    } optional[] = {
        {"Lambda-Runtime-Invoked-Function-Arn", LRT_MAX_ARN_BYTES, &next->function_arn},
        {"Lambda-Runtime-Client-Context", LRT_MAX_CONTEXT_BYTES, &next->client_context},
        {"Lambda-Runtime-Cognito-Identity", LRT_MAX_CONTEXT_BYTES, &next->cognito_identity},
        {"Lambda-Runtime-Aws-Tenant-Id", LRT_MAX_TENANT_ID_BYTES, &next->tenant_id},
    };
    if (next->exchange->http_status != 200) {
        return svc_fail(error, SVC_BAD_RESPONSE, "the Runtime API returns %d for the next event",
                        next->exchange->http_status);
    }
    const enum svc_status status = read_request_id(next, error);
    if (status != SVC_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        if (!read_optional(next, optional[i].name, optional[i].max_bytes, optional[i].value)) {
            return svc_fail(error, SVC_BAD_RESPONSE, "%s is longer than %zu bytes",
                            optional[i].name, optional[i].max_bytes);
        }
    }
    (void)read_optional(next, "Lambda-Runtime-Trace-Id", LRT_MAX_TRACE_ID_BYTES, &next->trace_id);
    const char *deadline = svc_http_header_value(next->exchange, "Lambda-Runtime-Deadline-Ms");
    next->deadline_wall_ms = 0;
    for (const char *c = deadline; c != NULL && *c >= '0' && *c <= '9' && c - deadline < 16; c++) {
        next->deadline_wall_ms = next->deadline_wall_ms * 10 + (*c - '0');
    }
    return SVC_OK;
}

/* Whether the request may have failed because a kept connection was dead. */
static bool is_worth_another(enum svc_status status) {
    return status == SVC_CONNECT_FAILED || status == SVC_CONNECTION_LOST;
}

enum svc_status lrt_api_next(const struct lrt_api *api, struct lrt_next *next,
                             struct svc_error *error) {
    char url[sizeof(api->base) + 32];
    (void)snprintf(url, sizeof(url), "%s/invocation/next", api->base);
    struct svc_http_request request = {
        .method = "GET",
        .url = url,
        .deadline_ms = SVC_NO_DEADLINE,
        .long_poll = true,
        .stall_timeout_ms = LRT_API_STALL_MS,
    };
    enum svc_status status = SVC_OK;
    for (int i = 0; i < TRIES; i++) {
        svc_sleep_ms(api->clock, i > 0 ? RETRY_PAUSE_MS : 0);
        request.fresh_connection = i > 0;
        *next = (struct lrt_next){0};
        status = svc_http_send(api->transport, &request, &next->exchange);
        if (status == SVC_OK) {
            status = read_headers(next, error);
        } else {
            svc_fail(error, status, "%s",
                     next->exchange != NULL ? next->exchange->error.detail
                                            : svc_status_message(status));
        }
        if (status == SVC_OK) {
            return SVC_OK;
        }
        lrt_api_next_close(api, next);
        if (!is_worth_another(status)) {
            break;
        }
    }
    return status;
}

void lrt_api_next_close(const struct lrt_api *api, struct lrt_next *next) {
    api->transport->close(api->transport->self, next->exchange);
    next->exchange = NULL;
}

static enum svc_status classify(int http_status, struct svc_error *error) {
    if (http_status >= 200 && http_status < 300) {
        return SVC_OK;
    }
    const enum svc_status status = http_status == 413   ? SVC_TOO_LARGE
                                   : http_status >= 500 ? SVC_SERVER_ERROR
                                   : http_status >= 400 ? SVC_REJECTED
                                                        : SVC_BAD_RESPONSE;
    return svc_fail(error, status, "the Runtime API returns %d", http_status);
}

static enum svc_status post(const struct lrt_api *api, const char *url,
                            const struct svc_http_header *headers, size_t header_count,
                            const uint8_t *body, size_t body_bytes, struct svc_error *error) {
    struct svc_http_request request = {
        .method = "POST",
        .url = url,
        .headers = headers,
        .header_count = header_count,
        .body = body,
        .body_bytes = body_bytes,
    };
    enum svc_status status = SVC_OK;
    for (int i = 0; i < TRIES; i++) {
        svc_sleep_ms(api->clock, i > 0 ? RETRY_PAUSE_MS : 0);
        request.fresh_connection = i > 0;
        request.deadline_ms = svc_deadline_in(api->clock, POST_TIMEOUT_MS);
        struct svc_http_exchange *exchange = NULL;
        status = svc_http_send(api->transport, &request, &exchange);
        /* An API that refuses a body for its size may respond and close the connection before it
         * has read all. */
        if (exchange != NULL && exchange->http_status != 0) {
            status = classify(exchange->http_status, error);
        } else if (status != SVC_OK) {
            svc_fail(error, status, "%s",
                     exchange != NULL ? exchange->error.detail : svc_status_message(status));
        }
        api->transport->close(api->transport->self, exchange);
        if (!is_worth_another(status)) {
            break;
        }
    }
    return status;
}

static const struct svc_http_header json_type = {"Content-Type", "application/json"};

enum svc_status lrt_api_respond(const struct lrt_api *api, const char *request_id,
                                const uint8_t *body, size_t body_bytes, struct svc_error *error) {
    char url[sizeof(api->base) + LRT_MAX_REQUEST_ID_BYTES + 32];
    (void)snprintf(url, sizeof(url), "%s/invocation/%s/response", api->base, request_id);
    return post(api, url, &json_type, 1, body, body_bytes, error);
}

static enum svc_status post_failure(const struct lrt_api *api, const char *url,
                                    const char *error_type, const char *message,
                                    struct svc_error *error) {
    struct svc_buf body;
    struct svc_json_writer writer;
    svc_buf_init(&body, MAX_FAILURE_BYTES);
    svc_json_writer_init(&writer, &body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "errorMessage", message);
    svc_json_add_text(&writer, "errorType", error_type);
    svc_json_name(&writer, "stackTrace");
    svc_json_begin_array(&writer);
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
    enum svc_status status = svc_json_writer_status(&writer);
    if (status == SVC_OK) {
        const struct svc_http_header headers[] = {
            json_type,
            {"Lambda-Runtime-Function-Error-Type", error_type},
        };
        status = post(api, url, headers, 2, body.bytes, body.size_bytes, error);
    } else {
        svc_fail(error, status, "the error cannot be written");
    }
    svc_buf_clear(&body);
    return status;
}

enum svc_status lrt_api_fail(const struct lrt_api *api, const char *request_id,
                             const char *error_type, const char *message, struct svc_error *error) {
    char url[sizeof(api->base) + LRT_MAX_REQUEST_ID_BYTES + 32];
    (void)snprintf(url, sizeof(url), "%s/invocation/%s/error", api->base, request_id);
    return post_failure(api, url, error_type, message, error);
}

enum svc_status lrt_api_init_fail(const struct lrt_api *api, const char *error_type,
                                  const char *message, struct svc_error *error) {
    char url[sizeof(api->base) + 32];
    (void)snprintf(url, sizeof(url), "%s/init/error", api->base);
    return post_failure(api, url, error_type, message, error);
}
