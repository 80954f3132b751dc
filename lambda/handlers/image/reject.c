/* S3 has no conditional writes for tags. Between the two calls that read and write them, tags set
 * by another client are lost. In a bucket without versions, a function that is killed between
 * writing the tag and looking at the source again leaves the tag on a newer source; a version's tag
 * cannot go to another version. */
#include "lambda/handlers/image/reject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambda/handlers/image/result.h"

/* The version to tag. NULL, the current content: the bucket has no versions, or calls them "null"
 * because versioning is suspended; in both cases an overwrite replaces what was read. */
static const char *version_of(const struct awsc_s3_info *info) {
    const bool is_fixed = info->version_id[0] != '\0' && strcmp(info->version_id, "null") != 0;
    return is_fixed ? info->version_id : NULL;
}

/* The client refuses an eleventh tag by itself (no HTTP error), S3 if another client has set the
 * tenth meanwhile. S3 has no code of its own for it. */
static bool has_too_many_tags(const struct awsc_error *error) {
    return error->status == SVC_REJECTED &&
           (error->http_status < 400 ||
            (strcmp(error->code, "BadRequest") == 0 &&
             strstr(error->message, "tags cannot be greater than") != NULL));
}

enum svc_status image_reject_record(const struct image_clients *clients, const char *bucket,
                                    const char *key, const struct awsc_s3_info *info,
                                    const char *reason, struct awsc_error *error) {
    char value[sizeof(IMAGE_TAG_REJECTED) + IMAGE_REASON_BYTES];
    const char *version_id = version_of(info);
    (void)snprintf(value, sizeof(value), "%s%s", IMAGE_TAG_REJECTED, reason);
    enum svc_status status =
        awsc_s3_set_tag(clients->aws, bucket, key, version_id, IMAGE_TAG, value, error);
    if (status != SVC_OK && has_too_many_tags(error)) {
        svc_log_event(clients->log, SVC_LOG_WARN, "the source takes no more tags",
                      SVC_TEXT("bucket", bucket), SVC_TEXT("key", key));
        return SVC_OK;
    }
    if (status != SVC_OK || version_id != NULL) {
        return status;
    }
    const struct awsc_s3_get same = {.bucket = bucket, .key = key, .if_match = info->etag};
    struct awsc_s3_info now;
    status = awsc_s3_head(clients->aws, &same, &now, error);
    if (status == SVC_OK) {
        awsc_s3_info_clear(&now);
    }
    if (status == SVC_PRECONDITION_FAILED) {
        const enum svc_status cleared = image_reject_clear(clients, bucket, key, NULL, error);
        return cleared == SVC_OK ? SVC_PRECONDITION_FAILED : cleared;
    }
    return status;
}

enum svc_status image_reject_clear(const struct image_clients *clients, const char *bucket,
                                   const char *key, const char *version_id,
                                   struct awsc_error *error) {
    /* 15 kB: not for the stack. */
    struct awsc_s3_tags *tags = calloc(1, sizeof(*tags));
    if (tags == NULL) {
        return awsc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    enum svc_status status = awsc_s3_get_tags(clients->aws, bucket, key, version_id, tags, error);
    size_t kept = 0;
    for (size_t i = 0; status == SVC_OK && i < tags->count; i++) {
        const struct awsc_s3_tag *tag = &tags->tags[i];
        const bool is_ours =
            strcmp(tag->key, IMAGE_TAG) == 0 &&
            strncmp(tag->value, IMAGE_TAG_REJECTED, strlen(IMAGE_TAG_REJECTED)) == 0;
        if (!is_ours) {
            tags->tags[kept++] = *tag;
        }
    }
    if (status == SVC_OK && kept < tags->count) {
        tags->count = kept;
        status = awsc_s3_put_tags(clients->aws, bucket, key, version_id, tags, error);
    }
    free(tags);
    return status;
}
