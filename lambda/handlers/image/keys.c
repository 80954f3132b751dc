/* Keys: see keys.h. For S3 a key is a string of bytes, so it is never normalised. */
#include "lambda/handlers/image/keys.h"

#include <string.h>

#include "services/base/limits.h"
#include "services/base/text.h"

/* Outputs made under the default name stay outputs when IMAGE_OUTPUT_FOLDER changes. */
#define ALWAYS_OUTPUT "processed"

/* Whether any folder in the key has this name. */
static bool has_segment(const char *key, const char *segment) {
    const size_t segment_bytes = strlen(segment);
    for (const char *start = key, *end; (end = strchr(start, '/')) != NULL; start = end + 1) {
        if ((size_t)(end - start) == segment_bytes && memcmp(start, segment, segment_bytes) == 0) {
            return true;
        }
    }
    return false;
}

enum image_key_kind image_key_kind(const char *key, const char *source_prefix,
                                   const char *output_folder) {
    if (has_segment(key, ALWAYS_OUTPUT) || has_segment(key, output_folder)) {
        return IMAGE_KEY_OUTPUT;
    }
    if (strncmp(key, source_prefix, strlen(source_prefix)) != 0) {
        return IMAGE_KEY_ELSEWHERE;
    }
    return svc_ends_with(key, "/") ? IMAGE_KEY_FOLDER : IMAGE_KEY_SOURCE;
}

enum svc_status image_output_key(const char *key, const char *output_folder, const char *size_name,
                                 struct svc_buf *out) {
    const char *slash = strrchr(key, '/');
    const char *name = slash != NULL ? slash + 1 : key;
    svc_buf_append(out, key, (size_t)(name - key));
    svc_buf_append_text(out, output_folder);
    svc_buf_append_char(out, '/');
    svc_buf_append_text(out, size_name);
    svc_buf_append_char(out, '/');
    svc_buf_append_text(out, name);
    if (svc_buf_status(out) == SVC_OK && out->size_bytes > AWSC_MAX_S3_KEY_BYTES) {
        return SVC_TOO_LARGE;
    }
    return svc_buf_status(out);
}
