/* Calls of the JSON services: see json_call.h. */
#include <string.h>

#include "services/aws/json_call.h"

static void forget_answer(struct awsc_json_call *json) {
    if (json->is_secret) {
        svc_json_wipe(json->answer);
    } else {
        svc_json_free(json->answer);
    }
    json->answer = NULL;
}

static enum svc_status read_answer(struct awsc_call *call, struct awsc_error *error) {
    struct awsc_json_call *json = call->user;
    const struct svc_buf *body = &call->exchange->body;
    struct svc_error cause = {0};
    forget_answer(json);
    /* DeleteMessage answers nothing, or an empty object. */
    if (body->size_bytes == 0) {
        return SVC_OK;
    }
    enum svc_status status =
        svc_json_parse(body->bytes, body->size_bytes, 0, &json->answer, &cause);
    if (status == SVC_MALFORMED ||
        (status == SVC_OK && svc_json_type(json->answer) != SVC_JSON_OBJECT)) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "%s",
                         status == SVC_OK ? "not an object" : cause.detail);
    }
    return status == SVC_OK ? SVC_OK : awsc_fail(error, status, "%s", cause.detail);
}

void awsc_json_begin(struct awsc_json_call *json, enum awsc_service service, const char *operation,
                     const char *target, const char *type, size_t max_bytes) {
    memset(json, 0, sizeof(*json));
    awsc_call_init(&json->call, service, operation, "POST");
    json->call.check = read_answer;
    json->call.user = json;
    awsc_call_header(&json->call, "Content-Type", type);
    awsc_call_header(&json->call, "X-Amz-Target", target);
    svc_buf_init(&json->body, max_bytes);
    svc_json_writer_init(&json->writer, &json->body);
    svc_json_begin_object(&json->writer);
}

enum svc_status awsc_json_run(struct awsc_client *client, struct awsc_json_call *json,
                              struct awsc_error *error) {
    svc_json_end_object(&json->writer);
    enum svc_status status = svc_json_writer_status(&json->writer);
    if (status != SVC_OK && json->call.status == SVC_OK) {
        json->call.status = awsc_fail(&json->call.error, status, "%s", svc_status_message(status));
    }
    json->call.body = json->body.bytes;
    json->call.body_bytes = json->body.size_bytes;
    return awsc_call_run(client, &json->call, error);
}

void awsc_json_end(struct awsc_client *client, struct awsc_json_call *json) {
    forget_answer(json);
    awsc_call_clear(client, &json->call);
    svc_buf_clear(&json->body);
}
