/* Keys of objects: decoded from an event, classified, and turned into the keys of outputs. Pure. */
#ifndef IMAGE_KEYS_H
#define IMAGE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/buf.h"

/* Appends the key that `text` stands for to `key`. is_encoded: form-encoded, as in S3
 * notifications and Batch Operations: '+' is a space, %XX a byte; else `text` is the key itself.
 * Errors: MALFORMED (a '%' without two hex digits, not UTF-8, a NUL, empty); TOO_LARGE (over the
 * 1,024 bytes of S3); NO_MEMORY. */
enum svc_status image_key_decode(const char *text, size_t size_bytes, bool is_encoded,
                                 struct svc_buf *key);

enum image_key_kind {
    IMAGE_KEY_SOURCE,   /* outputs are made of it */
    IMAGE_KEY_OUTPUT,   /* has a segment "processed/", or one of the output folder's name */
    IMAGE_KEY_FOLDER,   /* ends with '/': a folder's marker, not a picture */
    IMAGE_KEY_ELSEWHERE /* not below the source prefix */
};
enum image_key_kind image_key_kind(const char *key, const char *source_prefix,
                                   const char *output_folder);

/* Appends DIR/FOLDER/SIZE/NAME for DIR/NAME; FOLDER/SIZE/NAME for a NAME without a folder. The
 * key is not interpreted: "..", "//" and "%2e" have no meaning in it.
 * Errors: TOO_LARGE (over 1,024 bytes), NO_MEMORY. */
enum svc_status image_output_key(const char *key, const char *output_folder, const char *size_name,
                                 struct svc_buf *out);

#endif
