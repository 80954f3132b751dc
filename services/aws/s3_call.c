/* What the S3 files share: see s3_call.h. */
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

static void begin_call(struct awsc_client *client, struct awsc_call *call, const char *operation,
                       const char *method, const char *bucket, const char *key) {
    struct svc_error cause = {0};
    awsc_call_init(call, AWSC_S3, operation, method);
    enum svc_status status =
        awsc_s3_address(&client->endpoints[AWSC_S3], bucket, key, &call->host, &call->path, &cause);
    if (status != SVC_OK) {
        call->status = awsc_fail(&call->error, status, "%s", cause.detail);
    }
    awsc_call_header(call, "x-amz-expected-bucket-owner",
                     client->s3_owner[0] != '\0' ? client->s3_owner : NULL);
}

void awsc_s3_call_init(struct awsc_client *client, struct awsc_call *call, const char *operation,
                       const char *method, const char *bucket, const char *key,
                       const char *version_id) {
    begin_call(client, call, operation, method, bucket, key != NULL ? key : "");
    awsc_call_param(call, "versionId", version_id);
}

void awsc_s3_bucket_call_init(struct awsc_client *client, struct awsc_call *call,
                              const char *operation, const char *method, const char *bucket) {
    begin_call(client, call, operation, method, bucket, NULL);
}

enum svc_status awsc_s3_expect_owner(struct awsc_client *client, const char *account_id) {
    if (account_id != NULL &&
        (strlen(account_id) != 12 || account_id[strspn(account_id, "0123456789")] != '\0')) {
        return SVC_INVALID_ARGUMENT;
    }
    svc_copy_text(client->s3_owner, sizeof(client->s3_owner), account_id != NULL ? account_id : "");
    return SVC_OK;
}

void awsc_s3_etag_header(struct awsc_call *call, const char *name, const char *etag) {
    if (etag == NULL) {
        return;
    }
    if (etag[0] == '"' || strncmp(etag, "W/", 2) == 0) {
        awsc_call_header(call, name, etag);
    } else {
        struct svc_buf *text = awsc_call_text(call);
        svc_buf_printf(text, "\"%s\"", etag);
        awsc_call_header(call, name, svc_buf_text(text));
    }
}

static bool is_metadata_name(const char *name) {
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return size > 0 && name[size] == '\0';
}

static void add_metadata(struct awsc_call *call, const struct awsc_s3_put *put) {
    size_t size = 0;
    for (size_t i = 0; i < put->metadata_count && call->status == SVC_OK; i++) {
        const struct awsc_param *entry = &put->metadata[i];
        const char *value = entry->value != NULL ? entry->value : "";
        size += strlen(entry->name) + strlen(value);
        if (!is_metadata_name(entry->name) || !svc_is_printable(value) ||
            size > AWSC_MAX_S3_METADATA_BYTES) {
            call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT,
                                     "metadata is printable ASCII of at most %zu bytes",
                                     AWSC_MAX_S3_METADATA_BYTES);
            return;
        }
        struct svc_buf *name = awsc_call_text(call);
        svc_buf_printf(name, "x-amz-meta-%s", entry->name);
        awsc_call_header(call, svc_buf_text(name), value);
    }
}

static void add_encryption(struct awsc_call *call, const struct awsc_s3_put *put) {
    static const char *const names[] = {NULL, "AES256", "aws:kms"};
    if (put->encryption > AWSC_S3_KMS ||
        (put->kms_key_id != NULL &&
         (put->encryption != AWSC_S3_KMS || put->kms_key_id[0] == '\0'))) {
        call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT,
                                 "a KMS key id belongs to encryption by KMS");
        return;
    }
    awsc_call_header(call, "x-amz-server-side-encryption", names[put->encryption]);
    awsc_call_header(call, "x-amz-server-side-encryption-aws-kms-key-id", put->kms_key_id);
}

void awsc_s3_put_headers(struct awsc_call *call, const struct awsc_s3_put *put) {
    awsc_call_header(call, "Content-Type",
                     put->content_type != NULL ? put->content_type : "application/octet-stream");
    awsc_call_header(call, "Cache-Control", put->cache_control);
    if (put->content_disposition != NULL && !svc_is_printable(put->content_disposition)) {
        call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT,
                                 "a content disposition is printable ASCII");
        return;
    }
    awsc_call_header(call, "Content-Disposition", put->content_disposition);
    add_encryption(call, put);
    add_metadata(call, put);
}

enum svc_status awsc_s3_attachment(const char *file_name, struct svc_buf *out) {
    size_t size = file_name != NULL ? strlen(file_name) : 0;
    if (size == 0 || !svc_utf8_valid((const uint8_t *)file_name, size)) {
        return SVC_INVALID_ARGUMENT;
    }
    svc_buf_append_text(out, "attachment; filename=\"");
    for (size_t at = 0; at < size;) {
        size_t length = svc_utf8_length((const uint8_t *)file_name + at, size - at);
        char c = file_name[at];
        bool is_plain = length == 1 && c >= 0x20 && c < 0x7f && strchr("\"\\%/", c) == NULL;
        svc_buf_append_char(out, is_plain ? c : '_');
        at += length;
    }
    svc_buf_append_text(out, "\"; filename*=UTF-8''");
    svc_percent_encode(file_name, size, false, out);
    return svc_buf_status(out);
}

void awsc_s3_body(struct awsc_call *call, const uint8_t *body, size_t body_bytes,
                  const char **crc) {
    uint8_t hash[SVC_MAX_HASH_BYTES];
    size_t hash_bytes = 0;
    call->body = body;
    call->body_bytes = body_bytes;
    if (call->status != SVC_OK) {
        return;
    }
    call->status = svc_hash_of(SVC_HASH_CRC32, body, body_bytes, hash, &hash_bytes);
    if (call->status == SVC_OK) {
        struct svc_buf *text = awsc_call_text(call);
        svc_base64(hash, hash_bytes, text);
        awsc_call_header(call, "x-amz-checksum-crc32", svc_buf_text(text));
        awsc_call_header(call, "x-amz-sdk-checksum-algorithm", "CRC32");
        if (crc != NULL) {
            *crc = svc_buf_text(text);
        }
    }
}

enum svc_status awsc_s3_check(struct awsc_call *call, struct awsc_error *error) {
    const char *inner = NULL;
    size_t at = 0, inner_bytes = 0;
    const struct svc_buf *body = &call->exchange->body;
    if (!awsc_xml_element(svc_buf_text(body), body->size_bytes, "Error", &at, &inner,
                          &inner_bytes)) {
        return SVC_OK;
    }
    awsc_read_error(call->row, call->exchange, error);
    error->http_status = 500; /* that is what it would be, had S3 not begun with a 200 already */
    return awsc_status_of(call->row, error->http_status, error->code);
}

void awsc_s3_read_result(const struct awsc_call *call, struct awsc_s3_put_result *result) {
    const char *etag = svc_http_header_value(call->exchange, "etag");
    const char *version = svc_http_header_value(call->exchange, "x-amz-version-id");
    svc_copy_text(result->etag, sizeof(result->etag), etag != NULL ? etag : "");
    svc_copy_text(result->version_id, sizeof(result->version_id), version != NULL ? version : "");
}

/* ---------------------------------------------------------------------- info */

#define META_PREFIX "x-amz-meta-"

static bool copy_header(const struct svc_http_exchange *exchange, const char *name, char *out,
                        size_t out_bytes) {
    const char *value = svc_http_header_value(exchange, name);
    return svc_copy_text(out, out_bytes, value != NULL ? value : "");
}

enum svc_status awsc_s3_read_info(const struct svc_http_exchange *exchange,
                                  struct awsc_s3_info *info, struct awsc_error *error) {
    const char *name = NULL, *value = NULL;
    size_t position = 0;
    memset(info, 0, sizeof(*info));
    svc_buf_init(&info->metadata, SVC_MAX_RESPONSE_HEADER_BYTES);
    if (!svc_parse_uint(svc_http_header_value(exchange, "content-length"), INT64_MAX,
                        &info->size_bytes)) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "no Content-Length");
    }
    if (!copy_header(exchange, "etag", info->etag, sizeof(info->etag)) ||
        !copy_header(exchange, "x-amz-version-id", info->version_id, sizeof(info->version_id))) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "an ETag or a version id that is too long");
    }
    copy_header(exchange, "content-type", info->content_type, sizeof(info->content_type));
    while (svc_http_next_header(exchange, &position, &name, &value)) {
        if (svc_begins_nocase(name, META_PREFIX) && name[sizeof(META_PREFIX) - 1] != '\0') {
            svc_buf_append(&info->metadata, name + sizeof(META_PREFIX) - 1,
                           strlen(name) - sizeof(META_PREFIX) + 2);
            svc_buf_append(&info->metadata, value, strlen(value) + 1);
        }
    }
    enum svc_status status = svc_buf_status(&info->metadata);
    if (status != SVC_OK) {
        awsc_s3_info_clear(info);
        return awsc_fail(error, status, "no memory for an object's metadata");
    }
    return SVC_OK;
}

void awsc_s3_info_clear(struct awsc_s3_info *info) {
    svc_buf_clear(&info->metadata);
}

const char *awsc_s3_metadata(const struct awsc_s3_info *info, const char *name) {
    const char *at = svc_buf_text(&info->metadata);
    const char *end = at + info->metadata.size_bytes;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (svc_equal_nocase(at, name)) {
            return value;
        }
        at = value + strlen(value) + 1;
    }
    return NULL;
}
