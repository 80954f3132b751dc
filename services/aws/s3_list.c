/* Keys of a bucket, page by page: see s3.h. */
#include <stdio.h>
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

#define MAX_FIELD_BYTES (4 * AWSC_MAX_S3_KEY_BYTES) /* a key with every byte as %xx */

/* A page and how it is read. The texts of the current entry are decoded into `key` and `etag`. */
struct page {
    const char *document;
    size_t document_bytes;
    bool is_encoded; /* keys are encoded as in URLs */
    struct svc_buf encoded, key, etag, field;
    awsc_s3_list_fn *each; /* NULL: entries are only checked */
    void *user;
    size_t count;
};

/* The text of an element of an entry, decoded; false: missing or malformed. */
static bool read_name(struct page *page, const char *entry, size_t entry_bytes, const char *name) {
    svc_buf_reset(&page->encoded);
    svc_buf_reset(&page->key);
    if (!awsc_xml_text(entry, entry_bytes, name, &page->encoded) || page->encoded.size_bytes == 0) {
        return false;
    }
    const char *text = svc_buf_text(&page->encoded);
    if (!page->is_encoded) {
        svc_buf_append(&page->key, text, page->encoded.size_bytes);
    } else if (svc_percent_decode(text, page->encoded.size_bytes, true, &page->key) != SVC_OK) {
        return false;
    }
    return svc_buf_status(&page->key) == SVC_OK &&
           strlen(svc_buf_text(&page->key)) == page->key.size_bytes;
}

static bool read_entry(struct page *page, const char *entry, size_t entry_bytes,
                       struct awsc_s3_listed *listed) {
    memset(listed, 0, sizeof(*listed));
    svc_buf_reset(&page->etag);
    svc_buf_reset(&page->field);
    if (!awsc_xml_text(entry, entry_bytes, "Size", &page->field)) {
        return false;
    }
    if (!svc_parse_uint(svc_buf_text(&page->field), INT64_MAX, &listed->size_bytes)) {
        return false;
    }
    svc_buf_reset(&page->field);
    bool is_good = awsc_xml_text(entry, entry_bytes, "LastModified", &page->field) &&
                   svc_parse_iso8601(svc_buf_text(&page->field), &listed->modified_wall_ms) &&
                   awsc_xml_text(entry, entry_bytes, "ETag", &page->etag) &&
                   read_name(page, entry, entry_bytes, "Key");
    listed->key = svc_buf_text(&page->key);
    listed->etag = svc_buf_text(&page->etag);
    return is_good;
}

static bool read_prefix(struct page *page, const char *entry, size_t entry_bytes,
                        struct awsc_s3_listed *listed) {
    memset(listed, 0, sizeof(*listed));
    bool is_good = read_name(page, entry, entry_bytes, "Prefix");
    listed->key = svc_buf_text(&page->key);
    listed->etag = "";
    listed->is_prefix = true;
    return is_good;
}

/* Hands out the entries of one kind; false: one is malformed. *wants_more: what the
 * caller returned. */
static bool walk(struct page *page, const char *element, bool *wants_more,
                 bool (*read)(struct page *page, const char *entry, size_t entry_bytes,
                              struct awsc_s3_listed *listed)) {
    const char *entry = NULL;
    size_t at = 0, entry_bytes = 0;
    while (*wants_more && awsc_xml_element(page->document, page->document_bytes, element, &at,
                                           &entry, &entry_bytes)) {
        struct awsc_s3_listed listed;
        if (!read(page, entry, entry_bytes, &listed)) {
            return false;
        }
        page->count++;
        *wants_more = page->each == NULL || page->each(page->user, &listed);
    }
    return true;
}

static bool walk_all(struct page *page, awsc_s3_list_fn *each, void *user) {
    bool wants_more = true;
    page->each = each;
    page->user = user;
    page->count = 0;
    return walk(page, "Contents", &wants_more, read_entry) &&
           walk(page, "CommonPrefixes", &wants_more, read_prefix);
}

static enum svc_status memory_of(const struct page *page) {
    const struct svc_buf *const bufs[] = {&page->encoded, &page->key, &page->etag, &page->field};
    for (size_t i = 0; i < 4; i++) {
        if (svc_buf_status(bufs[i]) == SVC_NO_MEMORY) {
            return SVC_NO_MEMORY;
        }
    }
    return SVC_OK;
}

/* The continuation of the next page, if there is one. */
static enum svc_status read_next(const struct page *page, const char *continuation,
                                 struct svc_buf *next, struct awsc_error *error) {
    struct svc_buf truncated;
    svc_buf_init(&truncated, 16);
    awsc_xml_text(page->document, page->document_bytes, "IsTruncated", &truncated);
    bool is_truncated = strcmp(svc_buf_text(&truncated), "true") == 0;
    enum svc_status status = svc_buf_status(&truncated);
    svc_buf_clear(&truncated);
    if (status == SVC_NO_MEMORY) {
        return awsc_fail(error, status, "no memory for a list");
    }
    if (!is_truncated) {
        return SVC_OK;
    }
    if (!awsc_xml_text(page->document, page->document_bytes, "NextContinuationToken", next) ||
        next->size_bytes == 0 || next->size_bytes > AWSC_MAX_S3_TOKEN_BYTES ||
        (continuation != NULL && strcmp(svc_buf_text(next), continuation) == 0)) {
        status = svc_buf_status(next) == SVC_NO_MEMORY ? SVC_NO_MEMORY : SVC_BAD_RESPONSE;
        svc_buf_reset(next);
        return awsc_fail(error, status, "a page that is not the last has no valid continuation");
    }
    return SVC_OK;
}

static enum svc_status read_page(const struct svc_buf *body, const struct awsc_s3_list *list,
                                 size_t max_keys, awsc_s3_list_fn *each, void *user,
                                 struct svc_buf *next, struct awsc_error *error) {
    struct page page = {.document = svc_buf_text(body), .document_bytes = body->size_bytes};
    const char *inner = NULL;
    size_t at = 0, inner_bytes = 0;
    page.is_encoded = awsc_xml_element(page.document, page.document_bytes, "EncodingType", &at,
                                       &inner, &inner_bytes);
    at = 0;
    if (!awsc_xml_element(page.document, page.document_bytes, "ListBucketResult", &at, &inner,
                          &inner_bytes)) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "not a list of keys");
    }
    svc_buf_init(&page.encoded, MAX_FIELD_BYTES);
    svc_buf_init(&page.key, AWSC_MAX_S3_KEY_BYTES);
    svc_buf_init(&page.etag, 256);
    svc_buf_init(&page.field, 64);
    enum svc_status status = SVC_OK;
    if (!walk_all(&page, NULL, NULL) || page.count > max_keys) {
        status = memory_of(&page) != SVC_OK ? SVC_NO_MEMORY : SVC_BAD_RESPONSE;
        awsc_fail(error, status, "an entry of the list is malformed, or there are too many");
    }
    if (status == SVC_OK) {
        status = read_next(&page, list->continuation, next, error);
    }
    /* The buffers have their memory from the first walk: the second cannot fail. */
    if (status == SVC_OK && !walk_all(&page, each, user)) {
        status = awsc_fail(error, SVC_INTERNAL, "a list changed while it was read");
    }
    svc_buf_clear(&page.encoded);
    svc_buf_clear(&page.key);
    svc_buf_clear(&page.etag);
    svc_buf_clear(&page.field);
    return status;
}

enum svc_status awsc_s3_list(struct awsc_client *client, const struct awsc_s3_list *list,
                             awsc_s3_list_fn *each, void *user, struct svc_buf *next,
                             struct awsc_error *error) {
    struct awsc_call call;
    struct awsc_error own;
    char number[16];
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    int max_keys = list->max_keys == 0 ? AWSC_MAX_S3_LIST : list->max_keys;
    if (max_keys < 1 || max_keys > AWSC_MAX_S3_LIST) {
        svc_buf_reset(next);
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a page has 1 to %d keys", AWSC_MAX_S3_LIST);
    }
    bool is_continued = list->continuation != NULL && list->continuation[0] != '\0';
    snprintf(number, sizeof(number), "%d", max_keys);
    awsc_s3_bucket_call_init(client, &call, "ListObjectsV2", "GET", list->bucket);
    awsc_call_param(&call, "list-type", "2");
    awsc_call_param(&call, "encoding-type", "url"); /* XML cannot hold every character of a key */
    awsc_call_param(&call, "max-keys", number);
    awsc_call_param(&call, "prefix", list->prefix);
    awsc_call_param(&call, "delimiter", list->delimiter);
    if (is_continued) {
        awsc_call_param(&call, "continuation-token", list->continuation);
    } else {
        awsc_call_param(&call, "start-after", list->start_after);
    }
    call.check = awsc_s3_check;
    call.deadline_ms = list->deadline_ms;
    call.max_body_bytes = AWSC_MAX_S3_LIST_BYTES;
    enum svc_status status = awsc_call_run(client, &call, error);
    /* `next` may be where the continuation stands that was just sent. */
    struct svc_buf found;
    svc_buf_init(&found, AWSC_MAX_S3_TOKEN_BYTES);
    if (status == SVC_OK) {
        status = read_page(&call.exchange->body, list, (size_t)max_keys, each, user, &found, error);
    }
    svc_buf_reset(next);
    if (status == SVC_OK && !svc_buf_append(next, svc_buf_text(&found), found.size_bytes)) {
        status = awsc_fail(error, svc_buf_status(next), "no memory for the continuation");
    }
    svc_buf_clear(&found);
    awsc_call_clear(client, &call);
    return status;
}
