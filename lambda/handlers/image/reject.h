/* The record of a source that no picture can be made of: a tag on the source itself, where other
 * programs can see it. */
#ifndef IMAGE_REJECT_H
#define IMAGE_REJECT_H

#include "lambda/handlers/image/clients.h"
#include "services/aws/s3.h"

#define IMAGE_TAG          "image-status"
#define IMAGE_TAG_REJECTED "rejected:"

/* Sets the tag image-status=rejected:REASON on the source that `info` describes and keeps its other
 * tags. In a bucket without versions, or with versioning suspended, the source is looked at again
 * afterwards; if it was overwritten meanwhile, the tag is removed from the new content.
 * A source with ten other tags is left without the tag: OK, and a warning in the log.
 * Errors: NOT_FOUND (deleted meanwhile); PRECONDITION_FAILED (overwritten meanwhile); those of the
 * tag calls. */
enum svc_status image_reject_record(const struct image_clients *clients, const char *bucket,
                                    const char *key, const struct awsc_s3_info *info,
                                    const char *reason, struct awsc_error *error);

/* Removes the tag of an earlier rejection from the source and keeps the other tags.
 * Errors: those of the tag calls. */
enum svc_status image_reject_clear(const struct image_clients *clients, const char *bucket,
                                   const char *key, const char *version_id,
                                   struct awsc_error *error);

#endif
