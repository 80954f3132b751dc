/* What an output was made from and how is in its metadata, so that any instance can find out at any
 * time whether the work is done. Outputs of versions before 0.2 have "recipe" instead of
 * "parameters", without a version of imgcore: they count as not current. */
#include "lambda/handlers/image/outputs.h"

#include <stdio.h>
#include <string.h>

#include "lambda/handlers/image/keys.h"
#include "services/aws/s3_denied.h"
#include "services/base/text.h"

#define META_KEY        "original-key"
#define META_SIZE       "size"
#define META_TIME       "processed-at"
#define META_ETAG       "source-etag"
#define META_VERSION    "source-version"
#define META_PARAMETERS "parameters"
#define MAX_METADATA    6
/* A key of 1,024 bytes, percent-encoded. */
#define MAX_ENCODED_KEY_BYTES (3 * AWSC_MAX_S3_KEY_BYTES)

void image_bare_etag(const char *etag, char bare[IMAGE_ETAG_BYTES]) {
    size_t n = 0;
    for (const char *c = etag != NULL ? etag : ""; *c != '\0'; c++) {
        if (n + 1 == IMAGE_ETAG_BYTES) {
            n = 0;
            break;
        }
        if (*c != '"') {
            bare[n++] = *c;
        }
    }
    bare[n] = '\0';
}

enum svc_status image_outputs_name(const struct image_settings *settings, const char *key,
                                   struct image_outputs *outputs) {
    memset(outputs, 0, sizeof(*outputs));
    outputs->count = settings->size_count;
    for (size_t i = 0; i < outputs->count; i++) {
        struct svc_buf name;
        svc_buf_init(&name, 2 * AWSC_MAX_S3_KEY_BYTES);
        enum svc_status status =
            image_output_key(key, settings->output_folder, settings->sizes[i].name, &name);
        if (status == SVC_OK) {
            memcpy(outputs->keys[i], svc_buf_text(&name), name.size_bytes + 1);
        }
        svc_buf_clear(&name);
        if (status != SVC_OK) {
            return status;
        }
    }
    return SVC_OK;
}

bool image_is_unexplained(const struct awsc_error *error) {
    return error->status == SVC_ACCESS_DENIED ||
           (error->http_status == 400 && error->code[0] == '\0');
}

enum svc_status image_outputs_look(const struct image_clients *clients, const char *bucket,
                                   struct image_outputs *outputs, struct awsc_error *error) {
    struct awsc_s3_get gets[IMAGE_MAX_SIZES] = {0};
    enum svc_status statuses[IMAGE_MAX_SIZES];
    struct awsc_error errors[IMAGE_MAX_SIZES];
    for (size_t i = 0; i < outputs->count; i++) {
        gets[i].bucket = bucket;
        gets[i].key = outputs->keys[i];
    }
    (void)awsc_s3_head_many(clients->aws, gets, outputs->count, statuses, outputs->infos, errors);
    enum svc_status status = SVC_OK;
    const struct awsc_s3_get *failed = NULL;
    for (size_t i = 0; i < outputs->count; i++) {
        outputs->exists[i] = statuses[i] == SVC_OK;
        if (statuses[i] != SVC_OK && statuses[i] != SVC_NOT_FOUND && status == SVC_OK) {
            status = statuses[i];
            *error = errors[i];
            failed = &gets[i];
        }
    }
    return failed != NULL && image_is_unexplained(error)
               ? awsc_s3_explain_denied(clients->aws, failed, error)
               : status;
}

void image_outputs_clear(struct image_outputs *outputs) {
    for (size_t i = 0; i < outputs->count; i++) {
        if (outputs->exists[i]) {
            awsc_s3_info_clear(&outputs->infos[i]);
            outputs->exists[i] = false;
        }
    }
}

static bool has_metadata(const struct awsc_s3_info *info, const char *name, const char *expected) {
    const char *value = awsc_s3_metadata(info, name);
    return strcmp(value != NULL ? value : "", expected) == 0;
}

bool image_output_is_current(const struct image_settings *settings,
                             const struct image_outputs *outputs, size_t index, const char *etag,
                             const char *version_id) {
    char bare[IMAGE_ETAG_BYTES];
    image_bare_etag(etag, bare);
    const struct awsc_s3_info *info = &outputs->infos[index];
    return outputs->exists[index] && bare[0] != '\0' && has_metadata(info, META_ETAG, bare) &&
           has_metadata(info, META_VERSION, version_id != NULL ? version_id : "") &&
           has_metadata(info, META_PARAMETERS, settings->sizes[index].parameters);
}

bool image_outputs_agree(const struct image_settings *settings, const struct image_outputs *outputs,
                         const char **etag, const char **version_id) {
    if (outputs->count == 0 || !outputs->exists[0]) {
        return false;
    }
    *etag = awsc_s3_metadata(&outputs->infos[0], META_ETAG);
    *version_id = awsc_s3_metadata(&outputs->infos[0], META_VERSION);
    *version_id = *version_id != NULL ? *version_id : "";
    for (size_t i = 0; i < outputs->count; i++) {
        if (!image_output_is_current(settings, outputs, i, *etag, *version_id)) {
            return false;
        }
    }
    return true;
}

/* The metadata that is the same for all outputs of a source. */
struct labels {
    char etag[IMAGE_ETAG_BYTES];
    char time[SVC_ISO8601_BYTES];
    const char *key;     /* percent-encoded */
    const char *version; /* "": none */
};

static size_t write_metadata(const struct labels *labels, const struct image_size *size,
                             struct awsc_param metadata[MAX_METADATA]) {
    size_t n = 0;
    metadata[n++] = (struct awsc_param){META_SIZE, size->name};
    metadata[n++] = (struct awsc_param){META_TIME, labels->time};
    metadata[n++] = (struct awsc_param){META_ETAG, labels->etag};
    metadata[n++] = (struct awsc_param){META_PARAMETERS, size->parameters};
    if (labels->version[0] != '\0') {
        metadata[n++] = (struct awsc_param){META_VERSION, labels->version};
    }
    size_t total_bytes = strlen(META_KEY) + strlen(labels->key);
    for (size_t i = 0; i < n; i++) {
        total_bytes += strlen(metadata[i].name) + strlen(metadata[i].value);
    }
    /* S3 takes 2 KB of metadata. A key that does not fit is left out: it follows from the
     * output's own key, the other values do not. */
    if (total_bytes <= AWSC_MAX_S3_METADATA_BYTES) {
        metadata[n++] = (struct awsc_param){META_KEY, labels->key};
    }
    return n;
}

static const char *content_type(enum imgcore_format format) {
    return format == IMGCORE_FORMAT_PNG ? "image/png" : "image/jpeg";
}

bool image_outputs_is_overtaken(enum svc_status status) {
    /* An If-Match on an object that does not exist is 404. */
    return status == SVC_PRECONDITION_FAILED || status == SVC_CONFLICT || status == SVC_NOT_FOUND;
}

static enum svc_status worst_of(const struct awsc_s3_put_result *results, size_t count,
                                struct awsc_error *error) {
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < count; i++) {
        if (results[i].status != SVC_OK &&
            (status == SVC_OK || image_outputs_is_overtaken(status))) {
            status = results[i].status;
            *error = results[i].error;
        }
    }
    return status;
}

enum svc_status image_outputs_write(const struct image_clients *clients, const char *bucket,
                                    const char *key, const struct awsc_s3_info *source,
                                    const struct image_outputs *outputs,
                                    const struct image_write *writes, size_t count,
                                    struct awsc_error *error) {
    struct awsc_s3_put puts[IMAGE_MAX_SIZES] = {0};
    struct awsc_s3_put_result results[IMAGE_MAX_SIZES] = {0};
    struct awsc_param metadata[IMAGE_MAX_SIZES][MAX_METADATA];
    struct labels labels = {.version = source->version_id};
    struct svc_buf encoded;
    svc_buf_init(&encoded, MAX_ENCODED_KEY_BYTES + 1);
    if (!svc_percent_encode(key, strlen(key), true, &encoded)) {
        svc_buf_clear(&encoded);
        return awsc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    labels.key = svc_buf_text(&encoded);
    image_bare_etag(source->etag, labels.etag);
    svc_format_iso8601(svc_wall_ms(clients->clock), labels.time);
    for (size_t i = 0; i < count; i++) {
        const size_t index = writes[i].index;
        const struct imgcore_output *picture = writes[i].picture;
        puts[i].bucket = bucket;
        puts[i].key = outputs->keys[index];
        puts[i].body = picture->bytes;
        puts[i].body_bytes = picture->size_bytes;
        puts[i].content_type = content_type(picture->result_format);
        puts[i].cache_control = clients->settings->cache_control;
        puts[i].metadata = metadata[i];
        puts[i].metadata_count =
            write_metadata(&labels, &clients->settings->sizes[index], metadata[i]);
        puts[i].if_match = outputs->exists[index] ? outputs->infos[index].etag : NULL;
        puts[i].if_absent = !outputs->exists[index];
        lrt_metrics_add(clients->metrics, "BytesOut", LRT_BYTES, (int64_t)picture->size_bytes);
    }
    (void)awsc_s3_put_many(clients->aws, puts, count, results);
    svc_buf_clear(&encoded);
    return worst_of(results, count, error);
}
