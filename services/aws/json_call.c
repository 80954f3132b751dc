/* Calls with JSON in both directions: see json_call.h. */
#include "services/aws/json_call.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/limits.h"
#include "services/base/text.h"

static void drop_response(struct awsc_json_call *json) {
    if (json->call.row->is_response_secret) {
        svc_json_wipe(json->response);
    } else {
        svc_json_free(json->response);
    }
    json->response = NULL;
}

/* x-amz-crc32: the CRC-32 of the body, in decimal. */
static bool crc32_matches(const struct svc_http_exchange *exchange) {
    const char *text = svc_http_header_value(exchange, "x-amz-crc32");
    uint8_t hash[SVC_MAX_HASH_BYTES];
    size_t hash_bytes = 0;
    uint64_t expected = 0;
    if (text == NULL) {
        return true;
    }
    if (!svc_parse_uint(text, UINT32_MAX, &expected) ||
        svc_hash_of(SVC_HASH_CRC32, exchange->body.bytes, exchange->body.size_bytes, hash,
                    &hash_bytes) != SVC_OK) {
        return false;
    }
    return expected ==
           ((uint64_t)hash[0] << 24 | (uint64_t)hash[1] << 16 | (uint64_t)hash[2] << 8 | hash[3]);
}

bool awsc_json_check_refusal(const struct awsc_call *call, struct awsc_error *error) {
    if (!call->row->has_body_crc32 || crc32_matches(call->exchange)) {
        return true;
    }
    error->code[0] = '\0';
    error->maybe_done = true;
    awsc_fail(error, SVC_CHECKSUM_MISMATCH, "the body does not have its x-amz-crc32");
    return false;
}

static void check_refusal(struct awsc_call *call, struct awsc_error *error) {
    awsc_json_check_refusal(call, error);
}

static enum svc_status read_response(struct awsc_call *call, struct awsc_error *error) {
    struct awsc_json_call *json = call->user;
    const struct svc_buf *body = &call->exchange->body;
    struct svc_error cause = {0};
    drop_response(json);
    if (call->row->has_body_crc32 && !crc32_matches(call->exchange)) {
        return awsc_fail(error, SVC_CHECKSUM_MISMATCH, "the body does not have its x-amz-crc32");
    }
    /* DeleteMessage's response is empty, or an empty object. */
    if (body->size_bytes == 0) {
        return SVC_OK;
    }
    enum svc_status status = svc_json_parse(body->bytes, body->size_bytes,
                                            (size_t)call->max_body_bytes, &json->response, &cause);
    if (status == SVC_MALFORMED ||
        (status == SVC_OK && svc_json_type(json->response) != SVC_JSON_OBJECT)) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "%s",
                         status == SVC_OK ? "not an object" : cause.detail);
    }
    return status == SVC_OK ? SVC_OK : awsc_fail(error, status, "%s", cause.detail);
}

void awsc_json_begin(struct awsc_json_call *json, enum awsc_service service, const char *operation,
                     size_t max_bytes) {
    memset(json, 0, sizeof(*json));
    awsc_call_init(&json->call, service, operation, "POST");
    json->call.check = read_response;
    json->call.read_refusal = check_refusal;
    json->call.user = json;
    json->call.max_body_bytes = SVC_MAX_RESPONSE_BODY_BYTES;
    awsc_call_header(&json->call, "Content-Type", json->call.row->content_type);
    if (json->call.row->target_prefix != NULL) {
        struct svc_buf *target = awsc_call_text(&json->call);
        svc_buf_printf(target, "%s%s", json->call.row->target_prefix, operation);
        awsc_call_header(&json->call, "X-Amz-Target", svc_buf_text(target));
    }
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
    drop_response(json);
    awsc_call_clear(client, &json->call);
    svc_buf_clear(&json->body);
}
