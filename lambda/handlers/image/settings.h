/* The settings of the image function. lambda/README.md lists the variables. */
#ifndef IMAGE_SETTINGS_H
#define IMAGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/imgcore.h"
#include "services/base/buf.h"
#include "services/base/environment.h"
#include "services/base/status.h"

#define IMAGE_MAX_SIZES        8
#define IMAGE_SIZE_NAME_BYTES  32
#define IMAGE_PREFIX_BYTES     256
#define IMAGE_FOLDER_BYTES     64
#define IMAGE_CACHE_BYTES      128
#define IMAGE_PARAMETERS_BYTES 96
#define IMAGE_PATH_BYTES       1024
/* Those of presses have up to 3 MB. */
#define IMAGE_MAX_PROFILE_BYTES ((size_t)16 << 20)
#define IMAGE_DEFAULT_SOURCE_MB 256
/* What the process needs besides the picture: code, libraries, connections, the encoded outputs.
 * The rest of the function's memory is the picture's. */
#define IMAGE_RESERVED_MB 48

struct image_size {
    char name[IMAGE_SIZE_NAME_BYTES]; /* "large": a segment of the output's key */
    uint32_t width_px, height_px;     /* the box it fits inside */
    /* All that an output of this size depends on besides its source:
     * "1200x1200 q80 balanced imgcore 0.2.0", and with a profile " cmyk 9f86d081" */
    char parameters[IMAGE_PARAMETERS_BYTES];
};

struct image_settings {
    struct image_size sizes[IMAGE_MAX_SIZES]; /* IMAGE_SIZES */
    size_t size_count;
    int quality;                            /* IMAGE_QUALITY: of JPEG, 1 to 100 */
    enum imgcore_preset preset;             /* IMAGE_PRESET */
    bool takes_jpeg, takes_png;             /* IMAGE_FORMATS */
    char source_prefix[IMAGE_PREFIX_BYTES]; /* IMAGE_SOURCE_PREFIX; "": any key */
    char output_folder[IMAGE_FOLDER_BYTES]; /* IMAGE_OUTPUT_FOLDER: one segment */
    char cache_control[IMAGE_CACHE_BYTES];  /* IMAGE_CACHE_CONTROL */
    struct svc_buf cmyk_profile;            /* the file IMAGE_CMYK_PROFILE; empty: none */
    uint64_t max_source_bytes;              /* IMAGE_MAX_SOURCE_MB */
    struct imgcore_limits limits;           /* IMAGE_MAX_PIXELS, IMAGE_MEMORY_MB or
                                               AWS_LAMBDA_FUNCTION_MEMORY_SIZE */
};

/* Fills `settings` with the defaults and what the environment sets, and reads the profile, without
 * checking it (imgcore_check_cmyk_profile). Clear it also after a failure. Errors: CONFIGURATION,
 * naming the variable. */
enum svc_status image_settings_read(const struct svc_environment *environment,
                                    struct image_settings *settings, struct svc_error *error);
void image_settings_clear(struct image_settings *settings);

#endif
