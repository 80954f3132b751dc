/* Tags of objects: see s3.h. */
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

#define MAX_TAGGING_BYTES ((size_t)32 * 1024)

static bool copy_tag_text(const char *tag, size_t tag_bytes, const char *name, char *out,
                          size_t out_bytes) {
    struct svc_buf text;
    svc_buf_init(&text, out_bytes - 1);
    bool is_good = awsc_xml_text(tag, tag_bytes, name, &text) &&
                   svc_copy_text(out, out_bytes, svc_buf_text(&text));
    svc_buf_clear(&text);
    return is_good;
}

static enum svc_status read_tags(const struct svc_buf *body, struct awsc_s3_tags *tags,
                                 struct awsc_error *error) {
    const char *document = svc_buf_text(body), *tag = NULL;
    size_t at = 0, tag_bytes = 0;
    memset(tags, 0, sizeof(*tags));
    while (awsc_xml_element(document, body->size_bytes, "Tag", &at, &tag, &tag_bytes)) {
        if (tags->count == AWSC_MAX_S3_TAGS) {
            return awsc_fail(error, SVC_BAD_RESPONSE, "more tags than an object may have");
        }
        struct awsc_s3_tag *next = &tags->tags[tags->count];
        if (!copy_tag_text(tag, tag_bytes, "Key", next->key, sizeof(next->key)) ||
            !copy_tag_text(tag, tag_bytes, "Value", next->value, sizeof(next->value))) {
            return awsc_fail(error, SVC_BAD_RESPONSE, "a malformed tag");
        }
        tags->count++;
    }
    return SVC_OK;
}

/* A body without a tag set must not count as "no tags": the next write would remove them all. */
static enum svc_status check_tags(struct awsc_call *call, struct awsc_error *error) {
    const struct svc_buf *body = &call->exchange->body;
    const char *inner = NULL;
    size_t at = 0, inner_bytes = 0;
    const enum svc_status status = awsc_s3_check(call, error);
    if (status != SVC_OK) {
        return status;
    }
    return awsc_xml_element(svc_buf_text(body), body->size_bytes, "Tagging", &at, &inner,
                            &inner_bytes)
               ? SVC_OK
               : awsc_fail(error, SVC_BAD_RESPONSE, "a response without a tag set");
}

enum svc_status awsc_s3_get_tags(struct awsc_client *client, const char *bucket, const char *key,
                                 const char *version_id, struct awsc_s3_tags *tags,
                                 struct awsc_error *error) {
    struct awsc_call call;
    awsc_s3_call_init(client, &call, "GetObjectTagging", "GET", bucket, key, version_id);
    awsc_call_param(&call, "tagging", "");
    call.max_body_bytes = MAX_TAGGING_BYTES;
    call.check = check_tags;
    enum svc_status status = awsc_call_run(client, &call, error);
    if (status == SVC_OK) {
        status = read_tags(&call.exchange->body, tags, error);
    }
    awsc_call_clear(client, &call);
    return status;
}

enum svc_status awsc_s3_put_tags(struct awsc_client *client, const char *bucket, const char *key,
                                 const char *version_id, const struct awsc_s3_tags *tags,
                                 struct awsc_error *error) {
    struct awsc_call call;
    struct svc_buf body;
    svc_buf_init(&body, MAX_TAGGING_BYTES);
    svc_buf_append_text(&body,
                        "<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>");
    for (size_t i = 0; i < tags->count && i < AWSC_MAX_S3_TAGS; i++) {
        svc_buf_append_text(&body, "<Tag><Key>");
        awsc_xml_escape(tags->tags[i].key, &body);
        svc_buf_append_text(&body, "</Key><Value>");
        awsc_xml_escape(tags->tags[i].value, &body);
        svc_buf_append_text(&body, "</Value></Tag>");
    }
    svc_buf_append_text(&body, "</TagSet></Tagging>");
    awsc_s3_call_init(client, &call, "PutObjectTagging", "PUT", bucket, key, version_id);
    awsc_call_param(&call, "tagging", "");
    awsc_call_header(&call, "Content-Type", "application/xml");
    call.status = call.status == SVC_OK ? svc_buf_status(&body) : call.status;
    awsc_s3_body(&call, body.bytes, body.size_bytes, NULL);
    call.check = awsc_s3_check;
    enum svc_status status = awsc_call_run(client, &call, error);
    awsc_call_clear(client, &call);
    svc_buf_clear(&body);
    return status;
}

enum svc_status awsc_s3_set_tag(struct awsc_client *client, const char *bucket, const char *key,
                                const char *version_id, const char *name, const char *value,
                                struct awsc_error *error) {
    struct awsc_s3_tags tags;
    enum svc_status status = awsc_s3_get_tags(client, bucket, key, version_id, &tags, error);
    if (status != SVC_OK) {
        return status;
    }
    size_t i = 0;
    while (i < tags.count && strcmp(tags.tags[i].key, name) != 0) {
        i++;
    }
    if (i < tags.count && strcmp(tags.tags[i].value, value) == 0) {
        return SVC_OK;
    }
    if (i == AWSC_MAX_S3_TAGS) {
        return awsc_fail(error, SVC_REJECTED, "the object has %d other tags already",
                         AWSC_MAX_S3_TAGS);
    }
    if (!svc_copy_text(tags.tags[i].key, sizeof(tags.tags[i].key), name) ||
        !svc_copy_text(tags.tags[i].value, sizeof(tags.tags[i].value), value)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a tag that is too long");
    }
    tags.count += i == tags.count;
    return awsc_s3_put_tags(client, bucket, key, version_id, &tags, error);
}
