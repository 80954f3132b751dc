/* The outputs of one source in the bucket: their keys, what they were made from, and how they are
 * written. */
#ifndef IMAGE_OUTPUTS_H
#define IMAGE_OUTPUTS_H

#include "lambda/handlers/image/clients.h"
#include "services/aws/s3.h"
#include "services/base/limits.h"

struct image_outputs {
    size_t count; /* as many as the settings have sizes, in their order */
    char keys[IMAGE_MAX_SIZES][AWSC_MAX_S3_KEY_BYTES + 1];
    bool exists[IMAGE_MAX_SIZES];
    struct awsc_s3_info infos[IMAGE_MAX_SIZES]; /* of those that exist */
};

/* An ETag without its quotes; "" for NULL and for one that is too long to be one. */
#define IMAGE_ETAG_BYTES 128
void image_bare_etag(const char *etag, char bare[IMAGE_ETAG_BYTES]);

/* Sets the keys; no output exists until image_outputs_look. Errors: TOO_LARGE (a key over 1,024
 * bytes). */
enum svc_status image_outputs_name(const struct image_settings *settings, const char *key,
                                   struct image_outputs *outputs);
/* Whether awsc_s3_explain_denied can add to the error of a HEAD or GET: a right is missing, or the
 * response is a 400 without a reason, such as an expired token's. */
bool image_is_unexplained(const struct awsc_error *error);

/* Sends a HEAD for each output, all at the same time. Cleared with image_outputs_clear, also after
 * a failure. Errors: those of awsc_s3_head but NOT_FOUND; ACCESS_DENIED with what to check. */
enum svc_status image_outputs_look(const struct image_clients *clients, const char *bucket,
                                   struct image_outputs *outputs, struct awsc_error *error);
void image_outputs_clear(struct image_outputs *outputs);

/* Whether output `index` was made from the source of this ETag and version (NULL or "": none), by
 * the present settings. */
bool image_output_is_current(const struct image_settings *settings,
                             const struct image_outputs *outputs, size_t index, const char *etag,
                             const char *version_id);
/* Whether all outputs exist and were made from one source, by the present settings. *etag (bare)
 * and *version_id ("": none) are that source's; they live as long as the outputs' infos. */
bool image_outputs_agree(const struct image_settings *settings, const struct image_outputs *outputs,
                         const char **etag, const char **version_id);

/* A picture to write as output `index`. */
struct image_write {
    size_t index;
    const struct imgcore_output *picture;
};
/* Sends all writes at the same time, each with the condition that the output still is what
 * image_outputs_look saw. Errors: those of awsc_s3_put. If several writes fail, the error is that
 * of one that image_outputs_is_overtaken does not cover, if there is one. */
enum svc_status image_outputs_write(const struct image_clients *clients, const char *bucket,
                                    const char *key, const struct awsc_s3_info *source,
                                    const struct image_outputs *outputs,
                                    const struct image_write *writes, size_t count,
                                    struct awsc_error *error);
/* Whether a write failed because an output is not what image_outputs_look saw any more:
 * it was written by another function, or deleted. */
bool image_outputs_is_overtaken(enum svc_status status);

#endif
