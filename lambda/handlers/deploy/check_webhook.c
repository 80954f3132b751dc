/* The check of the webhook function: two requests as its Function URL delivers them, both refused
 * before the database is asked. A forged signature is 401, which takes the secrets (Secrets
 * Manager); GET is 405. A version that lets a forged webhook through does not pass. */
#include <string.h>

#include "lambda/handlers/deploy/check.h"
#include "services/base/limits.h"

#define PATH   "/webhooks/payment"
#define FORGED "0000000000000000000000000000000000000000000000000000000000000000"

/* Of an order that cannot be, should a broken version take it. */
static const char body[] =
    "{\"type\":\"payment\",\"orderId\":\"deploy-check\",\"status\":\"pending\","
    "\"paymentMethod\":\"card\",\"transactionId\":\"deploy-check\",\"amount\":1,"
    "\"paidAt\":\"1970-01-01T00:00:00Z\"}";

static void put_http(struct svc_json_writer *writer, const char *method) {
    svc_json_name(writer, "requestContext");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "accountId", "anonymous");
    svc_json_add_text(writer, "apiId", "deploy-check");
    svc_json_add_text(writer, "domainName", "deploy-check.lambda-url.local.on.aws");
    svc_json_add_text(writer, "requestId", "deploy-check");
    svc_json_add_text(writer, "routeKey", "$default");
    svc_json_add_text(writer, "stage", "$default");
    svc_json_name(writer, "http");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "method", method);
    svc_json_add_text(writer, "path", PATH);
    svc_json_add_text(writer, "protocol", "HTTP/1.1");
    svc_json_add_text(writer, "sourceIp", "127.0.0.1");
    svc_json_add_text(writer, "userAgent", "deploy-check");
    svc_json_end_object(writer);
    svc_json_end_object(writer);
}

static void put_request(struct svc_json_writer *writer, const char *method) {
    const bool has_body = strcmp(method, "POST") == 0;
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "version", "2.0");
    svc_json_add_text(writer, "routeKey", "$default");
    svc_json_add_text(writer, "rawPath", PATH);
    svc_json_add_text(writer, "rawQueryString", "");
    svc_json_name(writer, "headers");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "user-agent", "deploy-check");
    if (has_body) {
        svc_json_add_text(writer, "content-type", "application/json");
        svc_json_add_text(writer, "x-webhook-signature", FORGED);
    }
    svc_json_end_object(writer);
    put_http(writer, method);
    if (has_body) {
        svc_json_add_text(writer, "body", body);
    }
    svc_json_add_bool(writer, "isBase64Encoded", false);
    svc_json_end_object(writer);
}

struct expectation {
    const char *method;
    int64_t status;
};

static bool verify(struct deploy_check *check, const struct svc_json *result, const void *user) {
    const struct expectation *expected = user;
    int64_t status = 0;
    if (!svc_json_get_int(result, "statusCode", &status) || status != expected->status) {
        return deploy_fail(check, "RESULT",
                           "the response to %s " PATH " has the status %lld instead of %lld",
                           expected->method, (long long)status, (long long)expected->status);
    }
    return true;
}

static bool request(struct deploy_check *check, const char *method, int64_t status) {
    const struct expectation expected = {method, status};
    struct svc_buf event;
    struct svc_json_writer writer;
    svc_buf_init(&event, AWSC_MAX_LAMBDA_EVENT_BYTES);
    svc_json_writer_init(&writer, &event);
    put_request(&writer, method);
    return deploy_invoke(check, &event, verify, &expected);
}

bool deploy_check_webhook(struct deploy_check *check) {
    return request(check, "POST", 401) && request(check, "GET", 405);
}
