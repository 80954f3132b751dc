/* The check of the image function: a known picture under a key of its own.
 *
 * The key lies below the prefix of the uploads' trigger, so that the rights and settings of real
 * uploads are checked. The trigger therefore starts the live version as well, which does no harm:
 * the outputs are of this key alone. Its outputs and those of the new version are distinguished by
 * order:
 *
 *   1. the picture is put under a key that never was there
 *   2. the live version is given the time to make its outputs; their times are noted (or that there
 *      are none: no trigger yet, or a live version that does not work)
 *   3. the new version is invoked by its number with a task of S3 Batch Operations that forces it
 *      to make the outputs anew
 *   4. every output must be there, later than the one of step 2, made from this picture, a JPEG of
 *      the expected size
 *
 * Picture and outputs stay for a lifecycle rule of the prefix: the check needs no right to delete.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lambda/handlers/deploy/check.h"
#include "lambda/handlers/deploy/picture.h"
#include "services/aws/s3.h"
#include "services/base/random.h"
#include "services/base/text.h"

#define NAME             "picture.jpg"
#define POLL_MS          500
#define MAX_OUTPUT_BYTES ((size_t)4 * 1024 * 1024)
#define TIME_BYTES       40

struct outputs {
    const struct deploy_settings *settings;
    char source_key[AWSC_MAX_S3_KEY_BYTES + 1];
    char source_etag[128]; /* without quotes */
    char keys[DEPLOY_MAX_SIZES][AWSC_MAX_S3_KEY_BYTES + 1];
    char before[DEPLOY_MAX_SIZES][TIME_BYTES]; /* when the live version made it; "": it has not */
};

static bool fail_call(struct deploy_check *check, const char *reason,
                      const struct awsc_error *error) {
    char line[AWSC_ERROR_TEXT_BYTES];
    return deploy_fail(check, error->status == SVC_DEADLINE ? "DEADLINE" : reason, "%s",
                       awsc_error_text(error, line));
}

static bool name_keys(struct deploy_check *check, struct outputs *outputs) {
    const struct deploy_settings *settings = outputs->settings;
    char folder[AWSC_MAX_S3_KEY_BYTES + 1], id[SVC_UUID_BYTES];
    /* A hook that is delivered again must not find the outputs of the first time. */
    if (!svc_random_uuid(svc_random_system(), id)) {
        return deploy_fail(check, "INTERNAL", "the system has no random numbers");
    }
    (void)snprintf(folder, sizeof(folder), "%s%s/%s", settings->prefix, check->deployment_id, id);
    (void)snprintf(outputs->source_key, sizeof(outputs->source_key), "%.900s/" NAME, folder);
    for (size_t i = 0; i < settings->size_count; i++) {
        (void)snprintf(outputs->keys[i], sizeof(outputs->keys[i]), "%.800s/%s/%s/" NAME, folder,
                       settings->output_folder, settings->sizes[i].name);
    }
    return true;
}

static bool put_picture(struct deploy_check *check, struct outputs *outputs) {
    struct svc_buf jpeg;
    struct awsc_s3_put_result result;
    svc_buf_init(&jpeg, DEPLOY_MAX_PICTURE_BYTES);
    enum svc_status status = deploy_picture_write(&jpeg);
    if (status != SVC_OK) {
        svc_buf_clear(&jpeg);
        return deploy_fail(check, "NO_MEMORY", "%s", svc_status_message(status));
    }
    const struct awsc_s3_put put = {
        .bucket = outputs->settings->bucket,
        .key = outputs->source_key,
        .body = jpeg.bytes,
        .body_bytes = jpeg.size_bytes,
        .content_type = "image/jpeg",
        .deadline_ms = check->deadline_ms,
    };
    status = awsc_s3_put(check->function->aws, &put, &result);
    svc_buf_clear(&jpeg);
    if (status != SVC_OK) {
        return fail_call(check, "UPLOAD", &result.error);
    }
    (void)snprintf(outputs->source_etag, sizeof(outputs->source_etag), "%.*s",
                   (int)strcspn(result.etag + (result.etag[0] == '"'), "\""),
                   result.etag + (result.etag[0] == '"'));
    return true;
}

/* ---------------------------------------------------------------------- the live version */

static void note_time(const struct awsc_s3_info *info, char time[TIME_BYTES]) {
    const char *made = awsc_s3_metadata(info, "processed-at");
    /* Output without a time: any time is later. */
    if (made == NULL || !svc_copy_text(time, TIME_BYTES, made)) {
        (void)svc_copy_text(time, TIME_BYTES, "-");
    }
}

/* Whether all outputs are there; notes the times of those that are. Without the right to list the
 * bucket, an object that does not exist is a 403. */
static bool look(const struct deploy_check *check, struct outputs *outputs) {
    struct awsc_s3_get gets[DEPLOY_MAX_SIZES] = {0};
    enum svc_status statuses[DEPLOY_MAX_SIZES];
    struct awsc_s3_info infos[DEPLOY_MAX_SIZES];
    const size_t count = outputs->settings->size_count;
    bool has_all = true;
    for (size_t i = 0; i < count; i++) {
        gets[i].bucket = outputs->settings->bucket;
        gets[i].key = outputs->keys[i];
        gets[i].deadline_ms = check->deadline_ms;
    }
    (void)awsc_s3_head_many(check->function->aws, gets, count, statuses, infos, NULL);
    for (size_t i = 0; i < count; i++) {
        outputs->before[i][0] = '\0';
        if (statuses[i] == SVC_OK) {
            note_time(&infos[i], outputs->before[i]);
            awsc_s3_info_clear(&infos[i]);
        }
        has_all = has_all && statuses[i] == SVC_OK;
    }
    return has_all;
}

static void wait_for_live(const struct deploy_check *check, struct outputs *outputs) {
    const struct svc_clock *clock = check->function->clock;
    const int64_t until_ms = svc_deadline_in(clock, outputs->settings->live_wait_ms);
    bool has_all = look(check, outputs);
    while (!has_all && svc_remaining_ms(clock, until_ms) > 0 &&
           svc_remaining_ms(clock, check->deadline_ms) > POLL_MS) {
        svc_sleep_ms(clock, POLL_MS);
        has_all = look(check, outputs);
    }
    svc_log_event(check->function->log, SVC_LOG_INFO, "picture uploaded",
                  SVC_TEXT("key", outputs->source_key), SVC_BOOL("madeByLiveVersion", has_all));
}

/* ---------------------------------------------------------------------- the new version */

static void write_task(const struct outputs *outputs, const char *deployment_id,
                       struct svc_buf *event) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, event);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "invocationSchemaVersion", "2.0");
    svc_json_add_text(&writer, "invocationId", deployment_id);
    svc_json_name(&writer, "job");
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "id", "deploy-check");
    svc_json_name(&writer, "userArguments");
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "force", "true");
    svc_json_end_object(&writer);
    svc_json_end_object(&writer);
    svc_json_name(&writer, "tasks");
    svc_json_begin_array(&writer);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "taskId", "picture");
    svc_json_add_text(&writer, "s3Key", outputs->source_key); /* nothing in it needs encoding */
    svc_json_add_text(&writer, "s3Bucket", outputs->settings->bucket);
    svc_json_end_object(&writer);
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
}

static bool verify_result(struct deploy_check *check, const struct svc_json *result,
                          const void *user) {
    (void)user;
    const struct svc_json *results = svc_json_get(result, "results");
    const struct svc_json *task = svc_json_at(results, 0);
    const char *id = svc_json_get_text(task, "taskId");
    const char *code = svc_json_get_text(task, "resultCode");
    const char *text = svc_json_get_text(task, "resultString");
    if (svc_json_count(results) != 1 || id == NULL || strcmp(id, "picture") != 0 || code == NULL) {
        return deploy_fail(check, "RESULT", "the result is not that of the task");
    }
    if (strcmp(code, "Succeeded") != 0 || text == NULL || strcmp(text, "made") != 0) {
        return deploy_fail(check, "RESULT", "the picture is not made: %.40s: %.300s", code,
                           text != NULL ? text : "");
    }
    return true;
}

static bool invoke(struct deploy_check *check, const struct outputs *outputs) {
    struct svc_buf event;
    svc_buf_init(&event, AWSC_MAX_LAMBDA_EVENT_BYTES);
    write_task(outputs, check->deployment_id, &event);
    return deploy_invoke(check, &event, verify_result, NULL);
}

/* ---------------------------------------------------------------------- the outputs */

/* 1 pixel is the rounding of sizes other than the default ones. */
static bool is_near(uint32_t a_px, uint32_t b_px) {
    return a_px <= b_px + 1 && b_px <= a_px + 1;
}

static bool verify_output(struct deploy_check *check, const struct outputs *outputs, size_t i,
                          const struct awsc_s3_info *info, const struct svc_buf *content) {
    const struct deploy_size *size = &outputs->settings->sizes[i];
    const char *made = awsc_s3_metadata(info, "processed-at");
    const char *source = awsc_s3_metadata(info, "source-etag");
    uint32_t width = 0, height = 0, wanted_width, wanted_height;
    if (made == NULL || strcmp(made, outputs->before[i]) == 0) {
        return deploy_fail(check, "OUTPUT", "%s is not made by the new version", size->name);
    }
    if (source == NULL || strcmp(source, outputs->source_etag) != 0) {
        return deploy_fail(check, "OUTPUT", "%s is not made from the picture", size->name);
    }
    if (strcmp(info->content_type, "image/jpeg") != 0 ||
        !deploy_jpeg_size(content->bytes, content->size_bytes, &width, &height)) {
        return deploy_fail(check, "OUTPUT", "%s is not a JPEG", size->name);
    }
    deploy_fitted_size(size->width_px, size->height_px, &wanted_width, &wanted_height);
    if (!is_near(width, wanted_width) || !is_near(height, wanted_height)) {
        return deploy_fail(check, "OUTPUT",
                           "%s has %" PRIu32 "x%" PRIu32 " pixels instead of %" PRIu32 "x%" PRIu32,
                           size->name, width, height, wanted_width, wanted_height);
    }
    return true;
}

static bool check_output(struct deploy_check *check, const struct outputs *outputs, size_t i) {
    const struct awsc_s3_get get = {
        .bucket = outputs->settings->bucket,
        .key = outputs->keys[i],
        .max_bytes = MAX_OUTPUT_BYTES,
        .deadline_ms = check->deadline_ms,
    };
    struct svc_buf content;
    struct awsc_s3_info info;
    struct awsc_error error;
    svc_buf_init(&content, MAX_OUTPUT_BYTES);
    const enum svc_status status =
        awsc_s3_get_all(check->function->aws, &get, &content, &info, &error);
    const bool has_passed = status == SVC_OK ? verify_output(check, outputs, i, &info, &content)
                                             : fail_call(check, "OUTPUT", &error);
    if (status == SVC_OK) {
        awsc_s3_info_clear(&info);
    }
    svc_buf_clear(&content);
    return has_passed;
}

bool deploy_check_image(struct deploy_check *check) {
    struct outputs outputs = {.settings = &check->function->settings};
    if (!name_keys(check, &outputs) || !put_picture(check, &outputs)) {
        return false;
    }
    wait_for_live(check, &outputs);
    bool has_passed = invoke(check, &outputs);
    for (size_t i = 0; i < outputs.settings->size_count && has_passed; i++) {
        has_passed = check_output(check, &outputs, i);
    }
    return has_passed;
}
