/* One object, in rounds:
 *
 *   1. look    HEAD all outputs: their ETags, and in their metadata the source they were made from
 *   2. read    GET the source as it is now, into the decoder; all pictures in one decode. A JPEG
 *              that is not proper is read twice, the second time only if it is the same (If-Match)
 *   3. write   the outputs that are not of this source, each only over the ETag seen in step 1
 *   4. check   HEAD the source: the same ETag and version as in step 2? If not: another round
 *
 * If the outputs of step 1 agree with each other, step 4 follows at once: where the source is the
 * one they were made from, the work is done ("already made"). If step 2 shows that, the GET is the
 * check.
 *
 * WHY THE OUTPUTS ARE THOSE OF THE PRESENT SOURCE WHEN ALL EVENTS ARE FINISHED
 *
 * Several functions may work on one key at the same time, on a source that changes, with events
 * that are duplicated, late or out of order. Take one output, the last write to it, and the
 * invocation F that made this write.
 *
 * (a) The delivery that started F is finished by F, or by a retry if F failed or was killed. The
 * invocation that finishes it checks the source at a time t, after the last write. In its last
 * round it made this write, or saw its result in step 1. So if it ends as made or already made, the
 * output is of the source as it is at t. What the source was before (A -> B -> A) does not matter.
 * It may also end as gone or rejected; then there is no picture of the source at t to be made.
 *
 * (b) If the source is not uploaded again after t, the output is right.
 *
 * (c) If it is, S3 sends an event for the last upload. The invocation that finishes this event
 * looks at the output after that upload, so after t, and sees the last write. It does not write the
 * output again, so it finds it to be of the source that it reads, which is the present one.
 *
 * The proof holds for each output by itself, so several functions may have written them.
 *
 * It needs no conditions on the writes. Those make a slow function notice a faster one, but not in
 * all cases: ETags are hashes of the content, and two sources, or two versions of one, can give
 * outputs of the same bytes. Nor does it need anything of the event but the key. The event's ETag
 * only decides which request is sent first: the upload it belongs to may have been replaced since.
 *
 * Sources are compared by ETag and version id. With versioning each upload has an id of its own.
 * Without it, or suspended (all ids are "null"), an earlier content may return, and outputs that
 * were made of it are right again.
 *
 * The outputs of a source that is deleted or rejected stay as they are, of some earlier content.
 *
 * After MAX_ROUNDS the event fails, and Lambda retries it. When the source is at rest, each
 * function at work writes at most once from an older source, so rounds end.
 *
 * What remains: an event that is given up (all retries failed: it is in the dead-letter queue)
 * after a write and before the check; a function killed there whose message SQS delivered twice and
 * the other function deleted; S3 sending a single event for two simultaneous uploads of a key
 * without versions; an older version that becomes the current one when a newer one is deleted by
 * its id, which is no upload; a PUT that S3 carries out after the client has given it up and all
 * checks are done. A back-fill (S3 Batch Operations) finds and repairs them. */
#include "lambda/handlers/image/work.h"

#include <string.h>

#include "lambda/handlers/image/keys.h"
#include "lambda/handlers/image/outputs.h"
#include "lambda/handlers/image/reject.h"
#include "lambda/handlers/image/transform.h"
#include "services/aws/s3.h"
#include "services/aws/s3_denied.h"

#define MAX_ROUNDS 5

struct job {
    const struct image_clients *clients;
    const struct image_task *task;
    const char *key;
    struct image_outputs *outputs;
    struct image_result *result;
    int64_t deadline_ms;
    bool is_forced; /* until the outputs are written: current ones are made anew as well */
};

/* What follows a step. The job's result is set in both cases: with LOOK_AGAIN it is that of the
 * last round. */
enum next { FINISHED, LOOK_AGAIN };

static enum next fail(struct job *job, const struct awsc_error *error) {
    image_result_fail(job->result, error);
    if (error->status == SVC_NO_RESOURCE) {
        /* A HEAD cannot report this: its 404 has no body. The GET of the source does. */
        image_result_set(job->result, IMAGE_NO_BUCKET, "NO_BUCKET", "the bucket does not exist");
    }
    return FINISHED;
}

static enum next fail_moved(struct job *job) {
    image_result_set(job->result, IMAGE_FAILED, "CONFLICT", "the source changes again and again");
    return LOOK_AGAIN;
}

/* After a call on the source that failed. */
static enum next fail_source(struct job *job, enum svc_status status,
                             const struct awsc_error *error) {
    if (status == SVC_NOT_FOUND) {
        image_result_set(job->result, IMAGE_GONE, "GONE", "the source does not exist any more");
        return FINISHED;
    }
    (void)fail(job, error);
    return status == SVC_PRECONDITION_FAILED || status == SVC_CONFLICT ||
                   status == SVC_CHECKSUM_MISMATCH
               ? LOOK_AGAIN
               : FINISHED;
}

/* The same for a HEAD or GET of it, with the reason why it was denied. */
static enum next fail_get(struct job *job, const struct awsc_s3_get *get, enum svc_status status,
                          struct awsc_error *error) {
    if (image_is_unexplained(error)) {
        status = awsc_s3_explain_denied(job->clients->aws, get, error);
    }
    return fail_source(job, status, error);
}

static enum next reject(struct job *job, const struct awsc_s3_info *info, const char *reason,
                        const char *detail) {
    struct awsc_error error;
    const enum svc_status status =
        image_reject_record(job->clients, job->task->object.bucket, job->key, info, reason, &error);
    if (status != SVC_OK) {
        return fail_source(job, status, &error);
    }
    image_result_set(job->result, IMAGE_REJECTED, reason, "%s", detail);
    return FINISHED;
}

/* After a decode or encode that failed, of a source that arrived complete. */
static enum next fail_picture(struct job *job, const struct awsc_s3_info *info,
                              enum imgcore_status status, const struct imgcore_error *error) {
    const char *detail = error->detail[0] != '\0' ? error->detail : imgcore_status_message(status);
    switch (imgcore_status_group(status)) {
    case IMGCORE_GROUP_INPUT:
    case IMGCORE_GROUP_LIMIT:
        return reject(job, info, imgcore_status_name(status), detail);
    case IMGCORE_GROUP_NONE:
    case IMGCORE_GROUP_CALLER:
    case IMGCORE_GROUP_ENVIRONMENT:
    case IMGCORE_GROUP_BUG:
        break;
    }
    image_result_set(job->result, IMAGE_FAILED, imgcore_status_name(status), "%s", detail);
    return FINISHED;
}

/* Step 4: `outcome` if the source is the one of this ETag and version, else LOOK_AGAIN. */
static enum next check_source(struct job *job, const char *etag, const char *version_id,
                              enum image_outcome outcome) {
    const struct image_clients *clients = job->clients;
    const struct awsc_s3_get get = {.bucket = job->task->object.bucket, .key = job->key};
    struct awsc_s3_info now;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status = awsc_s3_head(clients->aws, &get, &now, &error);
    lrt_metrics_add(clients->metrics, "CheckTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (status != SVC_OK) {
        return fail_get(job, &get, status, &error);
    }
    char bare[IMAGE_ETAG_BYTES], bare_now[IMAGE_ETAG_BYTES];
    image_bare_etag(etag, bare);
    image_bare_etag(now.etag, bare_now);
    const bool is_same = strcmp(bare, bare_now) == 0 && strcmp(version_id, now.version_id) == 0;
    awsc_s3_info_clear(&now);
    if (!is_same) {
        return fail_moved(job);
    }
    image_result_set(job->result, outcome, "", "%s", "");
    return FINISHED;
}

/* The outputs to make, as imgcore and image_outputs_write take them. */
static size_t choose(const struct job *job, const struct awsc_s3_info *info,
                     struct imgcore_output *pictures, struct image_write *writes) {
    const struct image_settings *settings = job->clients->settings;
    size_t count = 0;
    for (size_t i = 0; i < settings->size_count; i++) {
        if (!job->is_forced &&
            image_output_is_current(settings, job->outputs, i, info->etag, info->version_id)) {
            continue;
        }
        struct imgcore_output *picture = &pictures[count];
        imgcore_output_default(picture);
        picture->width_px = settings->sizes[i].width_px;
        picture->height_px = settings->sizes[i].height_px;
        picture->quality = settings->quality;
        writes[count] = (struct image_write){.index = i, .picture = picture};
        count++;
    }
    return count;
}

static bool is_allowed(const struct image_settings *settings, enum imgcore_format format) {
    return format == IMGCORE_FORMAT_PNG ? settings->takes_png : settings->takes_jpeg;
}

/* Steps 3 and 4. */
static enum next write_and_check(struct job *job, const struct awsc_s3_info *info,
                                 const struct image_write *writes, size_t count) {
    const struct image_clients *clients = job->clients;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status = image_outputs_write(clients, job->task->object.bucket, job->key,
                                                       info, job->outputs, writes, count, &error);
    lrt_metrics_add(clients->metrics, "WriteTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (image_outputs_is_overtaken(status)) {
        image_result_fail(job->result, &error);
        return LOOK_AGAIN;
    }
    if (status != SVC_OK) {
        return fail(job, &error);
    }
    job->is_forced = false;
    return check_source(job, info->etag, info->version_id, IMAGE_MADE);
}

/* From an open source to written outputs. Closes the reader. */
static enum next make(struct job *job, struct awsc_s3_reader *reader,
                      const struct awsc_s3_info *info) {
    const struct image_settings *settings = job->clients->settings;
    struct imgcore_output pictures[IMAGE_MAX_SIZES];
    struct image_write writes[IMAGE_MAX_SIZES];
    struct imgcore_error image_error;
    struct awsc_error error;
    const size_t count = choose(job, info, pictures, writes);
    if (count == 0) {
        /* The outputs were seen before the source was: this is the check. */
        awsc_s3_get_abort(reader);
        image_result_set(job->result, IMAGE_ALREADY_MADE, "", "%s", "");
        return FINISHED;
    }
    const enum imgcore_status image_status =
        image_transform(job->clients, reader, job->deadline_ms, pictures, count, &image_error);
    if (image_status == IMGCORE_CANCELLED) {
        awsc_s3_get_abort(reader);
        imgcore_output_clear(job->clients->imgcore, pictures, count);
        image_result_set(job->result, IMAGE_FAILED, "DEADLINE",
                         "the time of the invocation does not suffice for this picture");
        return FINISHED;
    }
    /* imgcore's status counts only if the bytes were the correct ones, all of them. */
    const enum svc_status status = awsc_s3_get_finish(reader, &error);
    enum next next;
    if (status != SVC_OK) {
        next = fail_source(job, status, &error);
    } else if (image_status != IMGCORE_OK) {
        next = fail_picture(job, info, image_status, &image_error);
    } else if (!is_allowed(settings, pictures[0].result_format)) {
        next = reject(job, info, "UNSUPPORTED", "the settings do not allow this format");
    } else {
        next = write_and_check(job, info, writes, count);
    }
    imgcore_output_clear(job->clients->imgcore, pictures, count);
    return next;
}

/* The refused GET does not report which object it was: the tag needs its ETag and version. */
static enum next reject_too_large(struct job *job) {
    const struct awsc_s3_get get = {.bucket = job->task->object.bucket, .key = job->key};
    struct awsc_s3_info info;
    struct awsc_error error;
    const enum svc_status status = awsc_s3_head(job->clients->aws, &get, &info, &error);
    if (status != SVC_OK) {
        return fail_get(job, &get, status, &error);
    }
    enum next next;
    if (info.size_bytes > job->clients->settings->max_source_bytes) {
        next =
            reject(job, &info, "SOURCE_TOO_LARGE", "the file is larger than IMAGE_MAX_SOURCE_MB");
    } else {
        next = fail_moved(job);
    }
    awsc_s3_info_clear(&info);
    return next;
}

/* Step 2 and the others after it. */
static enum next read_and_make(struct job *job) {
    const struct image_clients *clients = job->clients;
    const struct awsc_s3_get get = {
        .bucket = job->task->object.bucket,
        .key = job->key,
        .max_bytes = clients->settings->max_source_bytes,
    };
    struct awsc_s3_reader *reader = NULL;
    struct awsc_s3_info info;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status = awsc_s3_get_open(clients->aws, &get, &reader, &info, &error);
    lrt_metrics_add(clients->metrics, "DownloadTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (status == SVC_TOO_LARGE) {
        return reject_too_large(job);
    }
    if (status != SVC_OK) {
        return fail_get(job, &get, status, &error);
    }
    const enum next next = make(job, reader, &info);
    awsc_s3_info_clear(&info);
    return next;
}

/* Whether the outputs that were seen are probably those of the source: they agree with each other,
 * and with the event if it has an ETag. Then a HEAD of the source is cheaper than a GET. */
static bool is_probably_made(const struct job *job, const char **etag, const char **version_id) {
    return !job->is_forced &&
           image_outputs_agree(job->clients->settings, job->outputs, etag, version_id) &&
           (job->task->object.etag == NULL || strcmp(job->task->object.etag, *etag) == 0);
}

static enum next work_round(struct job *job) {
    const struct image_clients *clients = job->clients;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status =
        image_outputs_look(clients, job->task->object.bucket, job->outputs, &error);
    lrt_metrics_add(clients->metrics, "CheckTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (status == SVC_INVALID_ARGUMENT) {
        image_result_set(job->result, IMAGE_REJECTED, "MALFORMED_RECORD",
                         "the bucket's name cannot be one");
        return FINISHED;
    }
    if (status != SVC_OK) {
        return fail(job, &error);
    }
    const char *etag, *version_id;
    if (is_probably_made(job, &etag, &version_id) &&
        check_source(job, etag, version_id, IMAGE_ALREADY_MADE) == FINISHED) {
        return FINISHED;
    }
    return read_and_make(job);
}

/* A source that was rejected once, by a smaller function or an older version, and is accepted now.
 * Only in a back-fill: for every upload it would be a wasted request. */
static void clear_old_rejection(struct job *job) {
    struct awsc_error error;
    const bool is_accepted =
        job->result->outcome == IMAGE_MADE || job->result->outcome == IMAGE_ALREADY_MADE;
    if (!job->task->is_rerun || !is_accepted) {
        return;
    }
    const enum svc_status status =
        image_reject_clear(job->clients, job->task->object.bucket, job->key, NULL, &error);
    if (status != SVC_OK && status != SVC_NOT_FOUND) {
        image_result_fail(job->result, &error);
    }
}

static void work_on_key(const struct image_clients *clients, const struct image_task *task,
                        const char *key, int64_t deadline_ms, struct image_result *result) {
    struct image_outputs outputs;
    if (image_outputs_name(clients->settings, key, &outputs) != SVC_OK) {
        image_result_set(result, IMAGE_REJECTED, "KEY_TOO_LONG",
                         "the keys of the outputs would be longer than 1,024 bytes");
        return;
    }
    struct job job = {clients, task, key, &outputs, result, deadline_ms, task->is_forced};
    enum next next = LOOK_AGAIN;
    for (int round = 0; round < MAX_ROUNDS && next == LOOK_AGAIN; round++) {
        next = work_round(&job);
        image_outputs_clear(&outputs);
    }
    clear_old_rejection(&job);
}

static bool skip(const struct image_clients *clients, const char *key,
                 struct image_result *result) {
    switch (
        image_key_kind(key, clients->settings->source_prefix, clients->settings->output_folder)) {
    case IMAGE_KEY_SOURCE:
        return false;
    case IMAGE_KEY_OUTPUT:
        image_result_set(result, IMAGE_SKIPPED, "OUTPUT", "an output, not a source");
        break;
    case IMAGE_KEY_FOLDER:
        image_result_set(result, IMAGE_SKIPPED, "FOLDER", "a folder, not a file");
        break;
    case IMAGE_KEY_ELSEWHERE:
        image_result_set(result, IMAGE_SKIPPED, "ELSEWHERE", "not below IMAGE_SOURCE_PREFIX (%s)",
                         clients->settings->source_prefix);
        break;
    }
    return true;
}

void image_work(const struct image_clients *clients, const struct image_task *task,
                int64_t deadline_ms, struct image_result *result) {
    if (!task->object.is_created) {
        image_result_set(result, IMAGE_SKIPPED, "EVENT", "not an event of a created object");
        return;
    }
    if (task->object.bucket == NULL || task->object.raw_key == NULL) {
        image_result_set(result, IMAGE_REJECTED, "MALFORMED_RECORD",
                         "no bucket or no key is named");
        return;
    }
    struct svc_buf key;
    svc_buf_init(&key, 3 * AWSC_MAX_S3_KEY_BYTES + 1);
    const enum svc_status status = lev_s3_key(&task->object, &key);
    if (status == SVC_NO_MEMORY) {
        image_result_set(result, IMAGE_FAILED, "NO_MEMORY", "%s", svc_status_message(status));
    } else if (status != SVC_OK) {
        image_result_set(result, IMAGE_REJECTED, "INVALID_KEY",
                         "the key is not well encoded UTF-8 of 1 to 1,024 bytes");
    } else if (!skip(clients, svc_buf_text(&key), result)) {
        work_on_key(clients, task, svc_buf_text(&key), deadline_ms, result);
    }
    svc_buf_clear(&key);
}
