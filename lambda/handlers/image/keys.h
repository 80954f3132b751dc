/* Keys of objects: which of them are sources, and the keys of their outputs. Pure. */
#ifndef IMAGE_KEYS_H
#define IMAGE_KEYS_H

#include "services/base/buf.h"

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
