/* Headers and metadata of a report's objects: see publish_internal.h. */
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/publish_internal.h"

#define GENERATOR             "openmarket-settlement"
#define MAX_DISPOSITION_BYTES ((size_t)2048)
#define MAX_NAME_BYTES        ((size_t)512)

enum svc_status publish_fail(const struct awsc_error *cause, struct svc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    return svc_fail(error, cause->status, "%s", awsc_error_text(cause, text));
}

enum svc_status publish_key(const struct publication *publication,
                            const struct settle_period *period, enum settle_format format,
                            uint32_t version, char key[SETTLE_OBJECT_KEY_BYTES],
                            struct svc_error *error) {
    return settle_object_key(period, publication->seller->id, format, version, key)
               ? SVC_OK
               : svc_fail(error, SVC_INVALID_ARGUMENT, "the seller's id is no part of a key");
}

bool publish_is_contested(enum svc_status status) {
    return status == SVC_PRECONDITION_FAILED || status == SVC_NOT_FOUND || status == SVC_CONFLICT;
}

struct publish_object publish_describe(const struct publication *publication,
                                       enum settle_format format,
                                       const struct settle_version *figures) {
    struct publish_object object = {
        .format = format, .version = figures->version, .attempt = publication->publisher->attempt};
    svc_copy_text(object.period_name, sizeof(object.period_name), publication->period_name);
    svc_hex(figures->sha256[format], SVC_SHA256_BYTES, object.sha256);
    svc_copy_text(object.rules, sizeof(object.rules), figures->rules);
    return object;
}

static bool read_text(const struct awsc_s3_info *info, const char *name, char *out,
                      size_t out_bytes) {
    const char *value = awsc_s3_metadata(info, name);
    return value != NULL && svc_copy_text(out, out_bytes, value);
}

static bool read_count(const struct awsc_s3_info *info, const char *name, uint32_t *count) {
    uint64_t number = 0;
    const bool is_number = svc_parse_uint(awsc_s3_metadata(info, name), UINT32_MAX, &number);
    *count = (uint32_t)number;
    return is_number;
}

bool publish_read_object(const struct awsc_s3_info *info, enum settle_format format,
                         struct publish_object *object) {
    uint8_t sha256[SVC_SHA256_BYTES];
    *object = (struct publish_object){.format = format};
    return read_count(info, "version", &object->version) && object->version > 0 &&
           read_count(info, "attempt", &object->attempt) &&
           read_text(info, "period", object->period_name, sizeof(object->period_name)) &&
           read_text(info, "rules", object->rules, sizeof(object->rules)) &&
           read_text(info, "sha256", object->sha256, sizeof(object->sha256)) &&
           svc_hex_decode(object->sha256, sha256, sizeof(sha256));
}

bool publish_same_content(const struct publish_object *a, const struct publish_object *b) {
    return a->version == b->version && strcmp(a->sha256, b->sha256) == 0 &&
           strcmp(a->period_name, b->period_name) == 0;
}

/* A page is opened, the others are saved as files. */
static enum svc_status put_disposition(const struct publication *publication,
                                       const struct settle_period *period,
                                       enum settle_format format, struct svc_buf *out) {
    static const char attachment[] = "attachment";
    struct svc_buf name, value;
    svc_buf_init(&name, MAX_NAME_BYTES);
    svc_buf_init(&value, MAX_DISPOSITION_BYTES);
    settle_put_file_name(period, publication->seller->business_name, format, &name);
    enum svc_status status = svc_buf_status(&name);
    status = status == SVC_OK ? awsc_s3_attachment(svc_buf_text(&name), &value) : status;
    if (status == SVC_OK) {
        const bool is_inline = format == SETTLE_HTML &&
                               strncmp(svc_buf_text(&value), attachment, strlen(attachment)) == 0;
        svc_buf_append_text(out, is_inline ? "inline" : "");
        svc_buf_append_text(out, svc_buf_text(&value) + (is_inline ? strlen(attachment) : 0));
        status = svc_buf_status(out);
    }
    svc_buf_clear(&name);
    svc_buf_clear(&value);
    return status;
}

enum svc_status publish_headers(const struct publication *publication,
                                const struct settle_period *period,
                                const struct publish_object *object,
                                struct publish_headers *headers, struct awsc_s3_put *put,
                                struct svc_error *error) {
    svc_buf_init(&headers->disposition, MAX_DISPOSITION_BYTES);
    const enum svc_status status =
        put_disposition(publication, period, object->format, &headers->disposition);
    if (status != SVC_OK) {
        return svc_fail(error, status, "the file name of an object");
    }
    snprintf(headers->version, sizeof(headers->version), "%u", (unsigned)object->version);
    snprintf(headers->attempt, sizeof(headers->attempt), "%u", (unsigned)object->attempt);
    const struct awsc_param metadata[] = {
        {"version", headers->version},   {"attempt", headers->attempt}, {"sha256", object->sha256},
        {"period", object->period_name}, {"rules", object->rules},      {"generated-by", GENERATOR},
    };
    _Static_assert(sizeof(metadata) == sizeof(headers->metadata), "all entries");
    memcpy(headers->metadata, metadata, sizeof(metadata));
    *put = (struct awsc_s3_put){
        .bucket = publication->publisher->bucket,
        .content_type = settle_format_content_type(object->format),
        .cache_control = "private, no-cache",
        .content_disposition = svc_buf_text(&headers->disposition),
        .metadata = headers->metadata,
        .metadata_count = sizeof(metadata) / sizeof(metadata[0]),
        .deadline_ms = publication->publisher->deadline_ms,
    };
    return SVC_OK;
}

void publish_headers_clear(struct publish_headers *headers) {
    svc_buf_clear(&headers->disposition);
}

void publish_set_condition(struct awsc_s3_put *put, const struct publish_condition *condition) {
    put->if_absent = condition->if_match[0] == '\0';
    put->if_match = put->if_absent ? NULL : condition->if_match;
}
