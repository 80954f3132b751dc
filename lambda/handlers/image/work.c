/* One object:
 *
 *   look at the outputs ──► read the source ──► all pictures in one decode ──► write the outputs
 *     made from it already?   into the decoder      checked to its last byte     over what was seen
 *
 * The event is only a hint that something is to be looked at: what counts is the source as it is
 * when it is read. So events may be doubled, late or out of order. Two functions at work on one key
 * at the same time cannot undo each other's work: the outputs are looked at before the source is
 * opened, and are overwritten only if they still are what was seen. Whoever saw the older source
 * finds them changed, looks again, and finds the newer work done. */
#include "lambda/handlers/image/work.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/image/keys.h"
#include "lambda/handlers/image/outputs.h"
#include "lambda/handlers/image/reject.h"
#include "services/aws/s3.h"

/* How often the state is fetched anew before the event is left to Lambda to bring again. */
#define MAX_ROUNDS 5

struct job {
    const struct image_clients *clients;
    const struct image_task *task;
    const char *key;
    struct image_outputs *outputs;
    struct image_result *result;
};

enum verdict { FINISHED, LOOK_AGAIN };

/* What the decoder reads from: S3, with the time and the bytes counted. */
struct stream {
    struct awsc_s3_reader *reader;
    const struct svc_clock *clock;
    int64_t wait_ms, bytes;
};

static bool read_stream(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct stream *stream = user;
    const int64_t begin_ms = svc_monotonic_ms(stream->clock);
    const bool good = awsc_s3_read(stream->reader, buffer, size_bytes, read_bytes);
    stream->wait_ms += svc_monotonic_ms(stream->clock) - begin_ms;
    stream->bytes += good ? (int64_t)*read_bytes : 0;
    return good;
}

/* Sentences of the S3 client about the source. LOOK_AGAIN if it changed under our hands. */
static enum verdict judge(struct job *job, enum svc_status status, const struct awsc_error *error) {
    if (status == SVC_NOT_FOUND) {
        image_result_set(job->result, IMAGE_GONE, "GONE", "the source does not exist any more");
        return FINISHED;
    }
    image_result_fail(job->result, error);
    return status == SVC_PRECONDITION_FAILED || status == SVC_CONFLICT ||
                   status == SVC_CHECKSUM_MISMATCH
               ? LOOK_AGAIN
               : FINISHED;
}

static enum verdict reject(struct job *job, const struct awsc_s3_info *info, const char *reason,
                           const char *detail) {
    struct awsc_error error;
    const enum svc_status status =
        image_reject_record(job->clients, job->task->bucket, job->key, info, reason, &error);
    if (status != SVC_OK) {
        return judge(job, status, &error);
    }
    image_result_set(job->result, IMAGE_REJECTED, reason, "%s", detail);
    return FINISHED;
}

/* What the library's answer means, the source being whole and right. */
static enum verdict judge_picture(struct job *job, const struct awsc_s3_info *info,
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

/* The outputs that are not current, ready for the library. */
static size_t choose(const struct job *job, const struct awsc_s3_info *info,
                     struct imgcore_output *pictures, struct image_write *writes) {
    const struct image_settings *settings = job->clients->settings;
    size_t count = 0;
    for (size_t i = 0; i < settings->size_count; i++) {
        if (image_output_is_current(settings, job->outputs, i, info->etag, info->version_id)) {
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

static enum imgcore_status transform(const struct job *job, struct awsc_s3_reader *reader,
                                     struct imgcore_output *pictures, size_t count,
                                     struct imgcore_error *error) {
    const struct image_clients *clients = job->clients;
    struct stream stream = {.reader = reader, .clock = clients->clock};
    const struct imgcore_source source = {.read = read_stream, .user = &stream};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits = clients->settings->limits;
    options.preset = clients->settings->preset;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum imgcore_status status =
        imgcore_transform(clients->imgcore, &source, &options, pictures, count, error);
    const int64_t spent_ms = svc_monotonic_ms(clients->clock) - begin_ms;
    lrt_metrics_add(clients->metrics, "DownloadTime", LRT_MILLISECONDS, stream.wait_ms);
    lrt_metrics_add(clients->metrics, "TransformTime", LRT_MILLISECONDS, spent_ms - stream.wait_ms);
    lrt_metrics_add(clients->metrics, "BytesIn", LRT_BYTES, stream.bytes);
    return status;
}

static bool takes(const struct image_settings *settings, enum imgcore_format format) {
    return format == IMGCORE_FORMAT_PNG ? settings->takes_png : settings->takes_jpeg;
}

static enum verdict write_outputs(struct job *job, const struct awsc_s3_info *info,
                                  const struct image_write *writes, size_t count) {
    const struct image_clients *clients = job->clients;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status = image_outputs_write(clients, job->task->bucket, job->key, info,
                                                       job->outputs, writes, count, &error);
    lrt_metrics_add(clients->metrics, "WriteTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (status == SVC_PRECONDITION_FAILED || status == SVC_CONFLICT) {
        return judge(job, status, &error);
    }
    if (status != SVC_OK) {
        image_result_fail(job->result, &error);
        return FINISHED;
    }
    image_result_set(job->result, IMAGE_MADE, "", "%s", "");
    return FINISHED;
}

/* From an open source to written outputs. Takes the reader over. */
static enum verdict make(struct job *job, struct awsc_s3_reader *reader,
                         const struct awsc_s3_info *info) {
    const struct image_settings *settings = job->clients->settings;
    struct imgcore_output pictures[IMAGE_MAX_SIZES];
    struct image_write writes[IMAGE_MAX_SIZES];
    struct imgcore_error image_error;
    struct awsc_error error;
    const size_t count = choose(job, info, pictures, writes);
    if (count == 0) {
        awsc_s3_get_abort(reader);
        image_result_set(job->result, IMAGE_ALREADY_MADE, "", "%s", "");
        return FINISHED;
    }
    const enum imgcore_status image_status = transform(job, reader, pictures, count, &image_error);
    /* Whatever the decoder says of the bytes: first it must be sure that they are the right ones,
     * all of them. */
    const enum svc_status status = awsc_s3_get_finish(reader, &error);
    enum verdict verdict;
    if (status != SVC_OK) {
        verdict = judge(job, status, &error);
    } else if (image_status != IMGCORE_OK) {
        verdict = judge_picture(job, info, image_status, &image_error);
    } else if (!takes(settings, pictures[0].result_format)) {
        verdict = reject(job, info, "UNSUPPORTED", "the settings do not allow this format");
    } else {
        verdict = write_outputs(job, info, writes, count);
    }
    imgcore_output_clear(job->clients->imgcore, pictures, count);
    return verdict;
}

/* Which object it is that is too large has to be asked for again. */
static enum verdict reject_too_large(struct job *job) {
    const struct awsc_s3_get get = {.bucket = job->task->bucket, .key = job->key};
    struct awsc_s3_info info;
    struct awsc_error error;
    const enum svc_status status = awsc_s3_head(job->clients->aws, &get, &info, &error);
    if (status != SVC_OK) {
        return judge(job, status, &error);
    }
    enum verdict verdict = LOOK_AGAIN;
    if (info.size_bytes > job->clients->settings->max_source_bytes) {
        verdict =
            reject(job, &info, "SOURCE_TOO_LARGE", "the file is larger than IMAGE_MAX_SOURCE_MB");
    } else {
        image_result_set(job->result, IMAGE_FAILED, "CONFLICT",
                         "the source changes again and again");
    }
    awsc_s3_info_clear(&info);
    return verdict;
}

/* The source as it is now. */
static enum verdict open_and_make(struct job *job) {
    const struct image_clients *clients = job->clients;
    const struct awsc_s3_get get = {
        .bucket = job->task->bucket,
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
        return judge(job, status, &error);
    }
    const enum verdict verdict = make(job, reader, &info);
    awsc_s3_info_clear(&info);
    return verdict;
}

static enum verdict one_round(struct job *job, bool is_first) {
    const struct image_clients *clients = job->clients;
    struct awsc_error error;
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum svc_status status =
        image_outputs_look(clients, job->task->bucket, job->outputs, &error);
    lrt_metrics_add(clients->metrics, "CheckTime", LRT_MILLISECONDS,
                    svc_monotonic_ms(clients->clock) - begin_ms);
    if (status == SVC_INVALID_ARGUMENT) {
        image_result_set(job->result, IMAGE_REJECTED, "MALFORMED_RECORD",
                         "the bucket's name cannot be one");
        return FINISHED;
    }
    if (status != SVC_OK) {
        image_result_fail(job->result, &error);
        return FINISHED;
    }
    /* A duplicate is known without looking at the source: if that is newer than this event, an
     * event of its own tells of it. */
    if (is_first && job->task->etag != NULL &&
        image_outputs_are_current(clients->settings, job->outputs, job->task->etag,
                                  job->task->version_id)) {
        image_result_set(job->result, IMAGE_ALREADY_MADE, "", "%s", "");
        return FINISHED;
    }
    return open_and_make(job);
}

/* A source that was rejected once, by a smaller function or an older version, and is well now. Only
 * where somebody had it done anew: for every upload it would be a request in vain. */
static void clear_old_rejection(struct job *job) {
    struct awsc_error error;
    const bool is_well =
        job->result->outcome == IMAGE_MADE || job->result->outcome == IMAGE_ALREADY_MADE;
    if (!job->task->is_rerun || !is_well) {
        return;
    }
    const enum svc_status status =
        image_reject_clear(job->clients, job->task->bucket, job->key, NULL, &error);
    if (status != SVC_OK && status != SVC_NOT_FOUND) {
        image_result_fail(job->result, &error);
    }
}

static void work_on_key(const struct image_clients *clients, const struct image_task *task,
                        const char *key, struct image_result *result) {
    struct image_outputs outputs;
    if (image_outputs_name(clients->settings, key, &outputs) != SVC_OK) {
        image_result_set(result, IMAGE_REJECTED, "KEY_TOO_LONG",
                         "the keys of the outputs would be longer than 1,024 bytes");
        return;
    }
    struct job job = {clients, task, key, &outputs, result};
    enum verdict verdict = LOOK_AGAIN;
    for (int round = 0; round < MAX_ROUNDS && verdict == LOOK_AGAIN; round++) {
        verdict = one_round(&job, round == 0);
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
    (void)deadline_ms;
    if (!task->is_created) {
        image_result_set(result, IMAGE_SKIPPED, "EVENT", "not an event of a created object");
        return;
    }
    if (task->bucket == NULL || task->raw_key == NULL) {
        image_result_set(result, IMAGE_REJECTED, "MALFORMED_RECORD",
                         "no bucket or no key is named");
        return;
    }
    struct svc_buf key;
    svc_buf_init(&key, 3 * AWSC_MAX_S3_KEY_BYTES + 1);
    const enum svc_status status =
        image_key_decode(task->raw_key, task->raw_key_bytes, task->is_encoded, &key);
    if (status == SVC_NO_MEMORY) {
        image_result_set(result, IMAGE_FAILED, "NO_MEMORY", "%s", svc_status_message(status));
    } else if (status != SVC_OK) {
        image_result_set(result, IMAGE_REJECTED, "INVALID_KEY",
                         "the key is not well encoded UTF-8 of 1 to 1,024 bytes");
    } else if (!skip(clients, svc_buf_text(&key), result)) {
        work_on_key(clients, task, svc_buf_text(&key), result);
    }
    svc_buf_clear(&key);
}
