/* Events of S3 in every carrier, tasks of S3 Batch Operations, and what the image function makes of
 * their keys: the objects of the document, keys decoded as a second decoder does, outputs always
 * below the output folder and never the source, one result for each task. */
#include <string.h>

#include "fuzz/support/fuzz.h"
#include "lambda/events/kind.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/keys.h"
#include "services/base/limits.h"
#include "services/base/text.h"

/* Form-decodes by hand; -1: not well formed. */
static long decode(const struct lev_s3_object *object, char *out) {
    long size = 0;
    for (size_t i = 0; i < object->raw_key_bytes; i++) {
        char c = object->raw_key[i];
        if (object->is_encoded && c == '+')
            c = ' ';
        else if (object->is_encoded && c == '%') {
            char digits[3] = "", *end = NULL;
            if (i + 2 >= object->raw_key_bytes)
                return -1;
            memcpy(digits, object->raw_key + i + 1, 2);
            if (!strchr("0123456789abcdefABCDEF", digits[0]) || !digits[0])
                return -1;
            c = (char)(unsigned char)strtoul(digits, &end, 16);
            if (end != digits + 2)
                return -1;
            i += 2;
        }
        out[size++] = c;
    }
    return size;
}

static void check_output(const char *key) {
    struct svc_buf output;
    const char *const folders[] = {"processed", "out"};
    for (size_t i = 0; i < 2; i++) {
        const enum image_key_kind kind = image_key_kind(key, "", folders[i]);
        if (kind != IMAGE_KEY_SOURCE)
            continue;
        svc_buf_init(&output, 4 * AWSC_MAX_S3_KEY_BYTES);
        const enum svc_status status = image_output_key(key, folders[i], "thumb", &output);
        const char *text = svc_buf_text(&output);
        const char *name = strrchr(key, '/') ? strrchr(key, '/') + 1 : key;
        char tail[AWSC_MAX_S3_KEY_BYTES + 64];
        snprintf(tail, sizeof(tail), "%s/thumb/%s", folders[i], name);
        FUZZ_CHECK(status == (output.size_bytes > AWSC_MAX_S3_KEY_BYTES ? SVC_TOO_LARGE : SVC_OK),
                   "%zu bytes: %s", output.size_bytes, svc_status_name(status));
        FUZZ_CHECK(strcmp(text, key) != 0 && svc_ends_with(text, tail) &&
                       !strncmp(text, key, (size_t)(name - key)),
                   "%s makes %s", key, text);
        FUZZ_CHECK(image_key_kind(text, "", folders[i]) == IMAGE_KEY_OUTPUT,
                   "%s would be made an output of again", text);
        svc_buf_clear(&output);
    }
    FUZZ_CHECK(!strstr(key, "/processed/") || image_key_kind(key, "", "out") == IMAGE_KEY_OUTPUT,
               "an output is a source");
}

static void check_object(const struct lev_s3_object *object) {
    struct svc_buf key;
    struct image_task task;
    char *decoded = fuzz_alloc(object->raw_key_bytes + 1);
    svc_buf_init(&key, 8 * AWSC_MAX_S3_KEY_BYTES);
    const enum svc_status status = lev_s3_key(object, &key);
    const long decoded_bytes = object->raw_key ? decode(object, decoded) : -1;
    const bool is_good = decoded_bytes > 0 && !memchr(decoded, 0, (size_t)decoded_bytes) &&
                         svc_utf8_valid((const uint8_t *)decoded, (size_t)decoded_bytes) &&
                         (size_t)decoded_bytes <= AWSC_MAX_S3_KEY_BYTES;
    FUZZ_CHECK((status == SVC_OK) == is_good, "a key: %s", svc_status_name(status));
    if (is_good) {
        FUZZ_CHECK(key.size_bytes == (size_t)decoded_bytes &&
                       !memcmp(key.bytes, decoded, key.size_bytes),
                   "another key");
        check_output(svc_buf_text(&key));
    }
    FUZZ_CHECK(object->size_bytes >= -1, "a size of %lld", (long long)object->size_bytes);
    image_task_from_object(object, &task);
    FUZZ_CHECK(!task.is_rerun && !task.is_forced && task.object.raw_key == object->raw_key,
               "another task");
    svc_buf_clear(&key);
    free(decoded);
}

static bool is_usual(enum svc_status status) {
    return status == SVC_OK || status == SVC_MALFORMED || status == SVC_TOO_LARGE;
}

/* From the document, and from its text. */
static void check_event(const struct svc_json *document, const uint8_t *bytes, size_t size_bytes) {
    struct lev_s3_event event, from_text;
    const enum svc_status status = lev_s3_read(document, &event, NULL);
    const enum svc_status again =
        lev_s3_read_body((const char *)bytes, size_bytes, &from_text, NULL);
    FUZZ_CHECK(status == again && is_usual(status), "%s and %s", svc_status_name(status),
               svc_status_name(again));
    FUZZ_CHECK(event.count == from_text.count, "%zu and %zu objects", event.count, from_text.count);
    const struct svc_json *records = svc_json_get(document, "Records");
    if (status == SVC_OK && lev_kind_of(document) == LEV_S3 && records != NULL)
        FUZZ_CHECK(event.count == svc_json_count(records) ||
                       svc_json_get_text(document, "source") != NULL ||
                       svc_json_get_text(document, "Event") != NULL ||
                       svc_json_get_text(document, "Type") != NULL,
                   "%zu objects", event.count);
    for (size_t i = 0; i < event.count; i++) {
        check_object(&event.objects[i]);
        FUZZ_CHECK(event.objects[i].is_created == from_text.objects[i].is_created, "another event");
    }
    lev_s3_clear(&event);
    lev_s3_clear(&from_text);
}

/* Writes a result for each task and reads it back. */
static void check_results(const struct lev_s3_batch *batch, struct fuzz_input *choices) {
    static const char *const codes[] = {"Succeeded", "TemporaryFailure", "PermanentFailure"};
    struct svc_buf text;
    struct svc_json_writer writer;
    struct svc_json *result = NULL;
    struct fuzz_input again = *choices;
    svc_buf_init(&text, (size_t)1 << 20);
    svc_json_writer_init(&writer, &text);
    lev_s3_batch_begin(&writer, batch);
    for (size_t i = 0; i < batch->task_count; i++)
        lev_s3_batch_add(&writer, batch->tasks[i].id,
                         (enum lev_s3_result)fuzz_take_range(choices, 0, 2), "why");
    lev_s3_batch_end(&writer);
    FUZZ_CHECK(svc_json_writer_status(&writer) == SVC_OK &&
                   svc_json_parse(text.bytes, text.size_bytes, 0, &result, NULL) == SVC_OK,
               "the result is not written");
    const struct svc_json *results = svc_json_get(result, "results");
    FUZZ_CHECK(!strcmp(svc_json_get_text(result, "invocationId"), batch->invocation_id) &&
                   !strcmp(svc_json_get_text(result, "invocationSchemaVersion"), batch->schema) &&
                   svc_json_count(results) == batch->task_count,
               "the result of another batch");
    for (size_t i = 0; i < batch->task_count; i++) {
        const struct svc_json *one = svc_json_at(results, i);
        FUZZ_CHECK(
            !strcmp(svc_json_get_text(one, "taskId"), batch->tasks[i].id) &&
                !strcmp(svc_json_get_text(one, "resultCode"), codes[fuzz_take_range(&again, 0, 2)]),
            "the result of another task");
    }
    svc_json_free(result);
    svc_buf_clear(&text);
}

static void check_batch(const struct svc_json *document, struct fuzz_input *choices) {
    struct lev_s3_batch batch;
    const enum svc_status status = lev_s3_batch_read(document, &batch, NULL);
    FUZZ_CHECK(is_usual(status), "%s", svc_status_name(status));
    if (status == SVC_OK) {
        bool is_forced = false;
        const bool is_clear = image_batch_force(&batch, &is_forced);
        FUZZ_CHECK(is_clear || !is_forced, "forced by what is unclear");
        FUZZ_CHECK(batch.task_count == svc_json_count(svc_json_get(document, "tasks")), "%zu tasks",
                   batch.task_count);
        for (size_t i = 0; i < batch.task_count; i++) {
            struct image_task task;
            check_object(&batch.tasks[i].object);
            image_task_from_batch(&batch, i, is_forced, &task);
            FUZZ_CHECK(task.is_rerun && task.is_forced == is_forced, "another task");
        }
        check_results(&batch, choices);
    }
    lev_s3_batch_clear(&batch);
}

/* The document ends at the first NUL; choices follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct svc_json *document = NULL;
    struct lev_s3_event event;
    size_t text_bytes = 0;
    char *text = fuzz_take_line(&input, '\0', &text_bytes);
    if (svc_json_parse(text, text_bytes, 0, &document, NULL) == SVC_OK) {
        check_event(document, (const uint8_t *)text, text_bytes);
        check_batch(document, &input);
    } else {
        FUZZ_CHECK(lev_s3_read_body(text, text_bytes, &event, NULL) == SVC_MALFORMED,
                   "read what is no document");
        lev_s3_clear(&event);
    }
    svc_json_free(document);
    free(text);
    /* The input itself as a key. */
    struct lev_s3_object object = {.is_encoded = true, .raw_key = (const char *)data};
    object.raw_key_bytes = data != NULL ? size_bytes : 0;
    check_object(&object);
    object.is_encoded = false;
    check_object(&object);
    return 0;
}
