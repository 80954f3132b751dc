/* Older versions of a report, copied to keys of their own: see publish_internal.h. */
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/publish_internal.h"

#define READ_BYTES ((size_t)64 * 1024)

enum svc_status publish_head(const struct publication *publication, const char *key,
                             struct awsc_s3_info *info, struct svc_error *error) {
    struct awsc_error cause;
    const struct awsc_s3_get get = {.bucket = publication->publisher->bucket,
                                    .key = key,
                                    .deadline_ms = publication->publisher->deadline_ms};
    memset(info, 0, sizeof(*info));
    const enum svc_status status = awsc_s3_head(publication->publisher->aws, &get, info, &cause);
    if (status != SVC_OK) {
        memset(info, 0, sizeof(*info));
    }
    return status == SVC_OK || status == SVC_NOT_FOUND ? status : publish_fail(&cause, error);
}

/* ---------------------------------------------------------------------- copying */

/* What became of a copy that did not fail. */
enum copied {
    COPIED,
    SOURCE_IS_GONE,  /* nothing, or another object, is there now */
    SOURCE_IS_OTHER, /* its bytes have not the checksum */
    TARGET_IS_TAKEN  /* another writer was there */
};

struct copy {
    const char *source_key, *source_etag;
    const char *target_key;
    struct publish_condition condition; /* of the target */
    const struct settle_period *period;
    const struct publish_object *object; /* of which the bytes must have the checksum */
};

/* Reads the source to its end and closes it. An upload that fails ends the reading: finishing it
 * returns why, so that *copied is COPIED then. */
static enum svc_status pour(struct awsc_s3_reader *reader, struct awsc_s3_upload *upload,
                            struct svc_hash *hash, bool *is_upload_broken,
                            struct svc_error *error) {
    uint8_t piece[READ_BYTES];
    size_t size_bytes = 0;
    while (awsc_s3_read(reader, piece, sizeof(piece), &size_bytes) && size_bytes > 0) {
        const enum svc_status status = svc_hash_add(hash, piece, size_bytes);
        if (status != SVC_OK) {
            return svc_fail(error, status, "the checksum of an older version fails");
        }
        if (awsc_s3_upload_write(upload, piece, size_bytes) != SVC_OK) {
            *is_upload_broken = true;
            return SVC_OK;
        }
    }
    return SVC_OK;
}

static enum svc_status compare(struct svc_hash *hash, const char *sha256, enum copied *copied,
                               struct svc_error *error) {
    uint8_t bytes[SVC_MAX_HASH_BYTES];
    char hex[2 * SVC_MAX_HASH_BYTES + 1];
    size_t size_bytes = 0;
    const enum svc_status status = svc_hash_finish(hash, bytes, &size_bytes);
    if (status != SVC_OK) {
        return svc_fail(error, status, "the checksum of an older version fails");
    }
    svc_hex(bytes, size_bytes, hex);
    *copied = strcmp(hex, sha256) == 0 ? COPIED : SOURCE_IS_OTHER;
    return SVC_OK;
}

static enum svc_status fill_upload(const struct copy *copy, struct awsc_s3_reader *reader,
                                   struct awsc_s3_upload *upload, enum copied *copied,
                                   struct svc_error *error) {
    struct svc_hash *hash = NULL;
    struct awsc_error cause;
    bool is_upload_broken = false;
    enum svc_status status = svc_hash_create(SVC_HASH_SHA256, &hash);
    status = status == SVC_OK ? pour(reader, upload, hash, &is_upload_broken, error)
                              : svc_fail(error, status, "no memory for a checksum");
    if (status != SVC_OK || is_upload_broken) {
        awsc_s3_get_abort(reader);
        *copied = COPIED;
    } else {
        status = awsc_s3_get_finish(reader, &cause);
        if (status == SVC_OK) {
            status = compare(hash, copy->object->sha256, copied, error);
        } else if (status == SVC_PRECONDITION_FAILED || status == SVC_NOT_FOUND) {
            *copied = SOURCE_IS_GONE;
            status = SVC_OK;
        } else {
            publish_fail(&cause, error);
        }
    }
    svc_hash_destroy(hash);
    return status;
}

static enum svc_status upload_from(const struct publication *publication, const struct copy *copy,
                                   struct awsc_s3_reader *reader, enum copied *copied,
                                   struct svc_error *error) {
    struct publish_headers headers;
    struct awsc_s3_put put;
    struct awsc_s3_upload *upload = NULL;
    struct awsc_s3_put_result result;
    enum svc_status status =
        publish_headers(publication, copy->period, copy->object, &headers, &put, error);
    if (status == SVC_OK) {
        put.key = copy->target_key;
        publish_set_condition(&put, &copy->condition);
        status = awsc_s3_upload_open(publication->publisher->aws, &put, AWSC_MIN_S3_PART_BYTES,
                                     &upload, &result.error);
        status = status == SVC_OK ? SVC_OK : publish_fail(&result.error, error);
    }
    if (status != SVC_OK) {
        awsc_s3_get_abort(reader);
        publish_headers_clear(&headers);
        return status;
    }
    status = fill_upload(copy, reader, upload, copied, error);
    if (status != SVC_OK || *copied != COPIED) {
        awsc_s3_upload_abort(upload);
    } else if ((status = awsc_s3_upload_finish(upload, &result)) != SVC_OK) {
        *copied = publish_is_contested(status) ? TARGET_IS_TAKEN : COPIED;
        status = *copied == TARGET_IS_TAKEN ? SVC_OK : publish_fail(&result.error, error);
    }
    publish_headers_clear(&headers);
    return status;
}

static enum svc_status copy_object(const struct publication *publication, const struct copy *copy,
                                   enum copied *copied, struct svc_error *error) {
    struct awsc_s3_reader *reader = NULL;
    struct awsc_s3_info info;
    struct awsc_error cause;
    const struct awsc_s3_get get = {.bucket = publication->publisher->bucket,
                                    .key = copy->source_key,
                                    .if_match = copy->source_etag,
                                    .deadline_ms = publication->publisher->deadline_ms};
    *copied = SOURCE_IS_GONE;
    const enum svc_status status =
        awsc_s3_get_open(publication->publisher->aws, &get, &reader, &info, &cause);
    if (status == SVC_PRECONDITION_FAILED || status == SVC_NOT_FOUND) {
        return SVC_OK;
    }
    if (status != SVC_OK) {
        return publish_fail(&cause, error);
    }
    awsc_s3_info_clear(&info);
    return upload_from(publication, copy, reader, copied, error);
}

/* ---------------------------------------------------------------------- keeping */

/* Whether the target holds the object; else *condition is that of writing it. */
static enum svc_status look_at_target(const struct publication *publication, const char *key,
                                      const struct publish_object *object, bool *is_there,
                                      struct publish_condition *condition,
                                      struct svc_error *error) {
    struct awsc_s3_info info;
    struct publish_object found;
    const enum svc_status status = publish_head(publication, key, &info, error);
    *is_there = status == SVC_OK && publish_read_object(&info, object->format, &found) &&
                publish_same_content(&found, object);
    svc_copy_text(condition->if_match, sizeof(condition->if_match),
                  status == SVC_OK ? info.etag : "");
    awsc_s3_info_clear(&info);
    return status == SVC_NOT_FOUND ? SVC_OK : status;
}

/* The ETag of what is at the key now; "": nothing. */
static enum svc_status look_at_source(const struct publication *publication, const char *key,
                                      char etag[SETTLE_ETAG_BYTES], struct svc_error *error) {
    struct awsc_s3_info info;
    const enum svc_status status = publish_head(publication, key, &info, error);
    svc_copy_text(etag, SETTLE_ETAG_BYTES, status == SVC_OK ? info.etag : "");
    awsc_s3_info_clear(&info);
    return status == SVC_NOT_FOUND ? SVC_OK : status;
}

/* `etag`: what the source had. *is_done: the target holds the object, or no source does. */
static enum svc_status keep_once(const struct publication *publication, struct copy *copy,
                                 const char *etag, bool *is_done, struct svc_error *error) {
    enum copied copied = COPIED;
    enum svc_status status = look_at_target(publication, copy->target_key, copy->object, is_done,
                                            &copy->condition, error);
    if (status != SVC_OK || *is_done) {
        return status;
    }
    if (etag[0] == '\0') {
        *is_done = true;
        return SVC_OK;
    }
    copy->source_etag = etag;
    status = copy_object(publication, copy, &copied, error);
    *is_done = status == SVC_OK && (copied == COPIED || copied == SOURCE_IS_OTHER);
    return status;
}

enum svc_status publish_keep(const struct publication *publication, enum settle_format format,
                             const struct settle_version *version, struct svc_error *error) {
    char source[SETTLE_OBJECT_KEY_BYTES], target[SETTLE_OBJECT_KEY_BYTES], etag[SETTLE_ETAG_BYTES];
    const struct publish_object object = publish_describe(publication, format, version);
    struct copy copy = {.source_key = source,
                        .target_key = target,
                        .period = publication->period,
                        .object = &object};
    bool is_done = false;
    enum svc_status status =
        publish_key(publication, publication->period, format, 0, source, error);
    if (status == SVC_OK) {
        status =
            publish_key(publication, publication->period, format, version->version, target, error);
    }
    svc_copy_text(etag, sizeof(etag), version->etags[format]);
    for (int i = 0; i < PUBLISH_TRIES && status == SVC_OK && !is_done; i++) {
        /* The ledger's ETag first. The same bytes may have another one: what is read is hashed. */
        if (i > 0 || etag[0] == '\0') {
            status = look_at_source(publication, source, etag, error);
        }
        status = status == SVC_OK ? keep_once(publication, &copy, etag, &is_done, error) : status;
    }
    return status == SVC_OK && !is_done
               ? svc_fail(error, SVC_CONFLICT, "another attempt writes version %u of the report",
                          (unsigned)version->version)
               : status;
}

enum svc_status publish_keep_other(const struct publication *publication, const char *key,
                                   const struct publish_object *object, const char *etag,
                                   struct svc_error *error) {
    char target[SETTLE_OBJECT_KEY_BYTES];
    struct settle_period period;
    struct awsc_s3_info info;
    struct copy copy = {.source_key = key,
                        .source_etag = etag,
                        .target_key = target,
                        .period = &period,
                        .object = object};
    enum copied copied = COPIED;
    if (settle_period_parse(object->period_name, INT64_MAX, &period, NULL) != SVC_OK) {
        return SVC_OK; /* no key is named after it */
    }
    enum svc_status status =
        publish_key(publication, &period, object->format, object->version, target, error);
    status = status == SVC_OK ? publish_head(publication, target, &info, error) : status;
    if (status == SVC_OK) {
        awsc_s3_info_clear(&info); /* whatever it is: its own ledger decides about it */
        return SVC_OK;
    }
    return status == SVC_NOT_FOUND ? copy_object(publication, &copy, &copied, error) : status;
}
