/* Objects written in one request, and presigned URLs: see s3.h. */
#include <stdlib.h>
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

static void describe_put(struct awsc_client *client, struct awsc_call *call,
                         const struct awsc_s3_put *put) {
    awsc_s3_call_init(client, call, "PutObject", "PUT", put->bucket, put->key, NULL);
    if (call->status == SVC_OK && put->body_bytes > AWSC_MAX_S3_PUT_BYTES) {
        call->status =
            awsc_fail(&call->error, SVC_TOO_LARGE, "a single put takes 5 GiB: write it in parts");
        return;
    }
    call->check = awsc_s3_check;
    call->deadline_ms = put->deadline_ms;
    awsc_s3_put_headers(call, put);
    awsc_s3_etag_header(call, "If-Match", put->if_match);
    awsc_call_header(call, "If-None-Match", put->if_absent ? "*" : NULL);
    awsc_s3_body(call, put->body, put->body_bytes, NULL);
}

static void take_result(const struct awsc_call *call, struct awsc_s3_put_result *result) {
    memset(result, 0, sizeof(*result));
    result->status = call->status;
    result->error = call->error;
    result->error.status = call->status;
    if (call->status == SVC_OK) {
        awsc_s3_read_result(call, result);
    }
}

/* Up to AWSC_MAX_CALLS_AT_ONCE of them, in `calls`. */
static enum svc_status put_some(struct awsc_client *client, struct awsc_call *calls,
                                const struct awsc_s3_put *puts, size_t count,
                                struct awsc_s3_put_result *results) {
    struct awsc_call *list[AWSC_MAX_CALLS_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        list[i] = &calls[i];
        describe_put(client, &calls[i], &puts[i]);
    }
    enum svc_status status = awsc_calls_run(client, list, count);
    for (size_t i = 0; i < count; i++) {
        take_result(&calls[i], &results[i]);
        awsc_call_clear(client, &calls[i]);
    }
    return status;
}

enum svc_status awsc_s3_put_many(struct awsc_client *client, const struct awsc_s3_put *puts,
                                 size_t count, struct awsc_s3_put_result *results) {
    enum svc_status result = SVC_OK;
    size_t at_once = count < AWSC_MAX_CALLS_AT_ONCE ? count : AWSC_MAX_CALLS_AT_ONCE;
    struct awsc_call *calls = calloc(at_once > 0 ? at_once : 1, sizeof(*calls));
    if (calls == NULL) {
        for (size_t i = 0; i < count; i++) {
            memset(&results[i], 0, sizeof(results[i]));
            results[i].status = awsc_fail(&results[i].error, SVC_NO_MEMORY, "no memory for a put");
        }
        return SVC_NO_MEMORY;
    }
    for (size_t start = 0; start < count; start += at_once) {
        size_t now = count - start < at_once ? count - start : at_once;
        enum svc_status status = put_some(client, calls, puts + start, now, results + start);
        result = result == SVC_OK ? status : result;
    }
    free(calls);
    return result;
}

enum svc_status awsc_s3_put(struct awsc_client *client, const struct awsc_s3_put *put,
                            struct awsc_s3_put_result *result) {
    return awsc_s3_put_many(client, put, 1, result);
}

/* ---------------------------------------------------------------------- presigned */

/* When a URL ends that is signed at wall_ms. */
static int64_t end_of_url(const struct awsc_credentials *credentials, int64_t wall_ms,
                          int expires_s) {
    int64_t ends_ms = wall_ms + (int64_t)expires_s * 1000;
    if (credentials->expires_wall_ms != AWSC_NEVER_EXPIRES) {
        return credentials->expires_wall_ms < ends_ms ? credentials->expires_wall_ms : ends_ms;
    }
    return credentials->session_token[0] != '\0' ? AWSC_S3_END_UNKNOWN : ends_ms;
}

enum svc_status awsc_s3_presign_get(struct awsc_client *client, const char *bucket, const char *key,
                                    int expires_s, struct svc_buf *url, int64_t *ends_wall_ms,
                                    struct awsc_error *error) {
    const struct awsc_endpoint *endpoint = &client->endpoints[AWSC_S3];
    const struct awsc_credentials *credentials = NULL;
    struct svc_error cause = {0};
    struct svc_buf host, path;
    int64_t ends_ms = AWSC_S3_END_UNKNOWN;
    size_t before = url->size_bytes;
    awsc_error_clear(error);
    svc_buf_init(&host, 2 * AWSC_MAX_HOST_BYTES);
    svc_buf_init(&path, SVC_MAX_URL_BYTES);
    enum svc_status status =
        awsc_s3_address(endpoint, bucket, key != NULL ? key : "", &host, &path, &cause);
    if (status == SVC_OK) {
        status =
            awsc_provider_get(client->provider, awsc_deadline(client, 0), &credentials, &cause);
    }
    if (status == SVC_OK) {
        const struct svc_http_header header = {"Host", svc_buf_text(&host)};
        const struct awsc_sign_input input = {
            .method = "GET",
            .path = svc_buf_text(&path),
            .s3_path = true,
            .headers = &header,
            .header_count = 1,
            .payload_hash = AWSC_UNSIGNED_PAYLOAD,
            .region = client->region,
            .service = "s3",
            .wall_ms = svc_wall_ms(client->clock) + client->counts.skew_ms,
        };
        svc_buf_printf(url, "%s://%s", endpoint->is_https ? "https" : "http", svc_buf_text(&host));
        status = awsc_presign(&input, credentials, expires_s, url);
        ends_ms = end_of_url(credentials, input.wall_ms, expires_s);
        if (status != SVC_OK) {
            svc_fail(&cause, status, "%s", svc_status_message(status));
        }
    }
    if (status != SVC_OK && url->size_bytes > before) {
        url->size_bytes = before; /* no half of a URL stays */
        url->bytes[before] = 0;
    }
    if (ends_wall_ms != NULL) {
        *ends_wall_ms = status == SVC_OK ? ends_ms : AWSC_S3_END_UNKNOWN;
    }
    svc_buf_clear(&host);
    svc_buf_clear(&path);
    return status == SVC_OK ? SVC_OK : awsc_fail(error, status, "%s", cause.detail);
}
