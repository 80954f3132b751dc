/* Writing a report's objects: see publish.h. */
#include "services/settlement/publish.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/publish_internal.h"

/* The page first: no other version has its bytes, so that an attempt that was overtaken stops at
 * it. A CSV may be that of an earlier version, with the same ETag. */
static const enum settle_format order[SETTLE_FORMATS] = {SETTLE_HTML, SETTLE_JSON, SETTLE_CSV};

struct job {
    struct publication publication;
    const struct settle_report *report;
    struct publish_object objects[SETTLE_FORMATS]; /* as they are written */
    char keys[SETTLE_FORMATS][SETTLE_OBJECT_KEY_BYTES];
};

static enum svc_status job_init(struct job *job, const struct settle_publisher *publisher,
                                const struct settle_period *period,
                                const struct settle_seller *seller,
                                const struct settle_report *report, struct svc_error *error) {
    enum svc_status status = SVC_OK;
    job->publication = (struct publication){publisher, period, seller, ""};
    job->report = report;
    settle_period_name(period, job->publication.period_name);
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK; i++) {
        const enum settle_format format = (enum settle_format)i;
        job->objects[i] =
            publish_describe(&job->publication, format, settle_report_figures(report));
        status = publish_key(&job->publication, period, format, 0, job->keys[i], error);
    }
    return status;
}

/* ---------------------------------------------------------------------- one write */

/* The first piece of a file. */
struct first_piece {
    const uint8_t *bytes;
    size_t size_bytes;
};

static bool take_first(void *user, const uint8_t *bytes, size_t size_bytes) {
    struct first_piece *first = user;
    *first = (struct first_piece){bytes, size_bytes};
    return false;
}

/* Whether a file is in memory as one piece, which lives as long as the report. */
static bool is_in_memory(const struct settle_report *report, enum settle_format format,
                         struct first_piece *piece) {
    *piece = (struct first_piece){NULL, 0};
    return settle_report_read(report, format, take_first, piece, NULL) == SVC_OK &&
           piece->size_bytes == settle_report_bytes(report, format);
}

static bool take_part(void *user, const uint8_t *bytes, size_t size_bytes) {
    return awsc_s3_upload_write(user, bytes, size_bytes) == SVC_OK;
}

/* result->status is that of S3; the function's own is that of reading the file. */
static enum svc_status upload_file(const struct job *job, enum settle_format format,
                                   const struct awsc_s3_put *put, struct awsc_s3_put_result *result,
                                   struct svc_error *error) {
    struct awsc_s3_upload *upload = NULL;
    result->status = awsc_s3_upload_open(job->publication.publisher->aws, put,
                                         AWSC_MIN_S3_PART_BYTES, &upload, &result->error);
    if (result->status != SVC_OK) {
        return SVC_OK;
    }
    const enum svc_status status =
        settle_report_read(job->report, format, take_part, upload, error);
    if (status != SVC_OK) {
        awsc_s3_upload_abort(upload);
        return status;
    }
    awsc_s3_upload_finish(upload, result);
    return SVC_OK;
}

static enum svc_status write_file(const struct job *job, enum settle_format format,
                                  const struct publish_condition *condition,
                                  struct awsc_s3_put_result *result, struct svc_error *error) {
    struct publish_headers headers;
    struct awsc_s3_put put;
    struct first_piece piece;
    memset(result, 0, sizeof(*result));
    enum svc_status status = publish_headers(&job->publication, job->publication.period,
                                             &job->objects[format], &headers, &put, error);
    if (status == SVC_OK) {
        put.key = job->keys[format];
        publish_set_condition(&put, condition);
        if (is_in_memory(job->report, format, &piece)) {
            put.body = piece.bytes;
            put.body_bytes = piece.size_bytes;
            awsc_s3_put(job->publication.publisher->aws, &put, result);
        } else {
            status = upload_file(job, format, &put, result, error);
        }
    }
    publish_headers_clear(&headers);
    return status;
}

/* ---------------------------------------------------------------------- what is there */

struct found {
    bool is_ours; /* this report's own object */
    char etag[SETTLE_ETAG_BYTES];
    struct publish_condition condition; /* of writing over it */
};

static bool is_own_period(const struct job *job, const struct publish_object *object) {
    return strcmp(object->period_name, job->publication.period_name) == 0;
}

/* What a HEAD of the contract's key found, and what has to be done before it is overwritten. */
static enum svc_status classify(const struct job *job, enum settle_format format,
                                enum svc_status head, const struct awsc_s3_info *info,
                                struct found *found, struct svc_error *error) {
    struct publish_object object;
    memset(found, 0, sizeof(*found));
    if (head == SVC_NOT_FOUND) {
        return SVC_OK;
    }
    if (!svc_copy_text(found->etag, sizeof(found->etag), info->etag)) {
        return svc_fail(error, SVC_BAD_RESPONSE, "an ETag of S3 is longer than the ledger's");
    }
    svc_copy_text(found->condition.if_match, sizeof(found->condition.if_match), info->etag);
    if (!publish_read_object(info, format, &object)) {
        return SVC_OK;
    }
    if (!is_own_period(job, &object)) {
        return publish_keep_other(&job->publication, job->keys[format], &object, found->etag,
                                  error);
    }
    found->is_ours = publish_same_content(&object, &job->objects[format]) &&
                     info->size_bytes == settle_report_bytes(job->report, format);
    if (!found->is_ours && object.attempt > job->publication.publisher->attempt) {
        return svc_fail(error, SVC_CONFLICT,
                        "attempt %u has written the report, and this is attempt %u",
                        (unsigned)object.attempt, (unsigned)job->publication.publisher->attempt);
    }
    return SVC_OK;
}

static enum svc_status look(const struct job *job, enum settle_format format, struct found *found,
                            struct svc_error *error) {
    struct awsc_s3_info info;
    enum svc_status status = publish_head(&job->publication, job->keys[format], &info, error);
    if (status == SVC_OK || status == SVC_NOT_FOUND) {
        status = classify(job, format, status, &info, found, error);
    }
    awsc_s3_info_clear(&info);
    return status;
}

/* Writes one file until it is there, whoever wrote it: a write whose response was lost finds its
 * own object. */
static enum svc_status write_until_there(const struct job *job, enum settle_format format,
                                         struct publish_condition condition,
                                         char etag[SETTLE_ETAG_BYTES], struct svc_error *error) {
    for (int i = 0; i < PUBLISH_TRIES; i++) {
        struct awsc_s3_put_result result;
        struct found found;
        enum svc_status status = write_file(job, format, &condition, &result, error);
        if (status != SVC_OK) {
            return status;
        }
        if (result.status == SVC_OK) {
            return svc_copy_text(etag, SETTLE_ETAG_BYTES, result.etag)
                       ? SVC_OK
                       : svc_fail(error, SVC_BAD_RESPONSE,
                                  "an ETag of S3 is longer than the ledger's");
        }
        if (!publish_is_contested(result.status)) {
            return publish_fail(&result.error, error);
        }
        status = look(job, format, &found, error);
        if (status != SVC_OK) {
            return status;
        }
        if (found.is_ours) {
            svc_copy_text(etag, SETTLE_ETAG_BYTES, found.etag);
            return SVC_OK;
        }
        condition = found.condition;
    }
    return svc_fail(error, SVC_CONFLICT, "another attempt writes the report at the same time");
}

/* ---------------------------------------------------------------------- a first version */

/* All files that are in memory at once; written[format]: it is there. */
static enum svc_status write_together(const struct job *job, bool written[SETTLE_FORMATS],
                                      char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES],
                                      struct svc_error *error) {
    struct publish_headers headers[SETTLE_FORMATS];
    struct awsc_s3_put puts[SETTLE_FORMATS];
    struct awsc_s3_put_result results[SETTLE_FORMATS];
    enum settle_format formats[SETTLE_FORMATS];
    struct first_piece piece;
    size_t count = 0;
    enum svc_status status = SVC_OK;
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK; i++) {
        if (is_in_memory(job->report, order[i], &piece)) {
            status = publish_headers(&job->publication, job->publication.period,
                                     &job->objects[order[i]], &headers[count], &puts[count], error);
            puts[count].key = job->keys[order[i]];
            puts[count].body = piece.bytes;
            puts[count].body_bytes = piece.size_bytes;
            puts[count].if_absent = true;
            formats[count++] = order[i];
        }
    }
    if (status == SVC_OK) {
        awsc_s3_put_many(job->publication.publisher->aws, puts, count, results);
    }
    for (size_t i = 0; i < count; i++) {
        publish_headers_clear(&headers[i]);
        if (status == SVC_OK && results[i].status == SVC_OK) {
            written[formats[i]] =
                svc_copy_text(etags[formats[i]], SETTLE_ETAG_BYTES, results[i].etag);
        } else if (status == SVC_OK && !publish_is_contested(results[i].status)) {
            status = publish_fail(&results[i].error, error);
        }
    }
    return status;
}

/* ---------------------------------------------------------------------- the interface */

enum svc_status
settle_publish(const struct settle_publisher *publisher, const struct settle_period *period,
               const struct settle_seller *seller, const struct settle_version *newest,
               const struct settle_report *report, char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES],
               struct svc_error *error) {
    struct job job;
    bool written[SETTLE_FORMATS] = {false};
    enum svc_status status = job_init(&job, publisher, period, seller, report, error);
    if (status == SVC_OK && settle_report_figures(report)->version != newest->version + 1) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the report is not version %u",
                        (unsigned)newest->version + 1);
    }
    if (newest->version == 0) {
        status = status == SVC_OK ? write_together(&job, written, etags, error) : status;
    }
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK && newest->version > 0; i++) {
        status = publish_keep(&job.publication, order[i], newest, error);
    }
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK; i++) {
        const enum settle_format format = order[i];
        struct publish_condition condition = {""};
        if (newest->version > 0) {
            svc_copy_text(condition.if_match, sizeof(condition.if_match), newest->etags[format]);
        }
        if (!written[format]) {
            status = write_until_there(&job, format, condition, etags[format], error);
        }
    }
    return status;
}

/* HEADs of the three contract's keys at once. */
static enum svc_status look_at_all(const struct job *job, enum svc_status statuses[SETTLE_FORMATS],
                                   struct awsc_s3_info infos[SETTLE_FORMATS],
                                   struct svc_error *error) {
    struct awsc_s3_get gets[SETTLE_FORMATS];
    struct awsc_error errors[SETTLE_FORMATS];
    enum svc_status status = SVC_OK;
    for (int i = 0; i < SETTLE_FORMATS; i++) {
        gets[i] = (struct awsc_s3_get){.bucket = job->publication.publisher->bucket,
                                       .key = job->keys[i],
                                       .deadline_ms = job->publication.publisher->deadline_ms};
    }
    awsc_s3_head_many(job->publication.publisher->aws, gets, SETTLE_FORMATS, statuses, infos,
                      errors);
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK; i++) {
        if (statuses[i] != SVC_OK && statuses[i] != SVC_NOT_FOUND) {
            status = publish_fail(&errors[i], error);
        }
    }
    return status;
}

/* One file of an unchanged report. */
static enum svc_status check_file(const struct job *job, enum settle_format format,
                                  enum svc_status head, const struct awsc_s3_info *info,
                                  const char *ledger_etag, int *rewritten,
                                  char etag[SETTLE_ETAG_BYTES], struct svc_error *error) {
    struct found found;
    if (head == SVC_OK && ledger_etag[0] != '\0' && strcmp(info->etag, ledger_etag) == 0 &&
        info->size_bytes == settle_report_bytes(job->report, format)) {
        svc_copy_text(etag, SETTLE_ETAG_BYTES, ledger_etag);
        return SVC_OK;
    }
    enum svc_status status = classify(job, format, head, info, &found, error);
    if (status == SVC_OK && found.is_ours) {
        svc_copy_text(etag, SETTLE_ETAG_BYTES, found.etag);
    } else if (status == SVC_OK) {
        status = write_until_there(job, format, found.condition, etag, error);
        *rewritten += status == SVC_OK;
    }
    return status;
}

enum svc_status
settle_publish_check(const struct settle_publisher *publisher, const struct settle_period *period,
                     const struct settle_seller *seller, const struct settle_version *newest,
                     const struct settle_report *report, int *rewritten,
                     char etags[SETTLE_FORMATS][SETTLE_ETAG_BYTES], struct svc_error *error) {
    struct job job;
    struct awsc_s3_info infos[SETTLE_FORMATS];
    enum svc_status heads[SETTLE_FORMATS];
    const struct settle_version *figures = settle_report_figures(report);
    *rewritten = 0;
    if (newest->version == 0 || figures->version != newest->version ||
        memcmp(figures->sha256, newest->sha256, sizeof(figures->sha256)) != 0) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the report is not the ledger's version %u",
                        (unsigned)newest->version);
    }
    enum svc_status status = job_init(&job, publisher, period, seller, report, error);
    if (status != SVC_OK) {
        return status;
    }
    memset(infos, 0, sizeof(infos));
    status = look_at_all(&job, heads, infos, error);
    for (int i = 0; i < SETTLE_FORMATS && status == SVC_OK; i++) {
        const enum settle_format format = order[i];
        status = check_file(&job, format, heads[format], &infos[format], newest->etags[format],
                            rewritten, etags[format], error);
    }
    for (int i = 0; i < SETTLE_FORMATS; i++) {
        if (heads[i] == SVC_OK) {
            awsc_s3_info_clear(&infos[i]);
        }
    }
    return status;
}
