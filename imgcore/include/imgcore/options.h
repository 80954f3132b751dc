/* How imgcore_transform, imgcore_check and imgcore_probe work on an image. */
#ifndef IMGCORE_OPTIONS_H
#define IMGCORE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/api.h"
#include "imgcore/probe.h"
#include "imgcore/source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The trade of accuracy for speed. Images with alpha are resized exactly by all of them. */
enum imgcore_preset {
    IMGCORE_PRESET_BALANCED, /* shrinks a JPEG on load as long as at least 4 times the largest
                                output remains, and resizes from halved rows: 56 dB and more to the
                                exact result of photographs, before encoding, but about 40 dB with
                                BOX, whose edges lie within halved pixels; default */
    IMGCORE_PRESET_QUALITY,  /* does neither: within 1 of 255 at every sample */
    IMGCORE_PRESET_FAST      /* shrinks a JPEG on load as long as at least the largest output
                                remains, and resizes from halved rows */
};

/* What imgcore_transform works on, for measurements: see imgcore_options.on_stage. */
enum imgcore_stage {
    IMGCORE_STAGE_DECODE, /* reading and decoding the input */
    IMGCORE_STAGE_SHRINK, /* halving rows that several outputs share */
    IMGCORE_STAGE_RESIZE, /* resizing rows for one output */
    IMGCORE_STAGE_ENCODE  /* colour, orientation, canvas and encoding of one output */
};

struct imgcore_options {
    size_t struct_size_bytes;
    struct imgcore_limits limits; /* zeros: the defaults */
    enum imgcore_preset preset;
    bool tolerant; /* false: a truncated or damaged file is rejected; true: the part that can be
                      decoded is used, the rest is grey (JPEG) or transparent or black (PNG) */
    bool linear;   /* resize in linear light instead of in the gamma of the file. The curves to
                      linear light are those of what states the colours (imgcore_color_source), of
                      each channel its own; sRGB's if nothing does. CMYK, and a profile that
                      converts by tables of colours, have no such curves: every row is converted to
                      sRGB before it is resized, which takes longer */
    bool keep_icc; /* keep the profile and its colours instead of converting to sRGB, where the
                      profile is valid and fits the output: converted all the same is CMYK, a grey
                      image that gets a coloured background, a background behind a profile to
                      which sRGB cannot be converted, an output of pixels, and with `linear` a
                      profile without curves. Colours that cICP or gAMA states are kept with a
                      profile that describes them, unless they are those of sRGB */
    bool keep_copyright;     /* copy EXIF Copyright (0x8298) to the outputs */
    bool ignore_orientation; /* leave the image as stored */
    uint32_t threads; /* number of threads of imgcore_transform, including the calling one; 0 or 1:
                         only that one, the default */
    bool (*is_cancelled)(
        void *user);   /* called often during the call; true ends it with CANCELLED; NULL: never
                          cancelled, the default. See imgcore_transform */
    void *cancel_user; /* passed to is_cancelled */
    void (*on_stage)(void *user, enum imgcore_stage stage,
                     size_t output); /* called by imgcore_transform each time that it goes on with
                                        another stage, thousands of times for a large image: the
                                        decoder's rows go to every output strip by strip. `output`
                                        is the index for RESIZE and ENCODE, else 0. Never called
                                        with threads, which do several at once. It must not use the
                                        context. NULL: never, the default */
    void *stage_user;                /* passed to on_stage */
    const uint8_t *cmyk_profile; /* the ICC profile of CMYK inputs that have none, or none that can
                                    be used; must remain valid during the call. One that is
                                    damaged behind its header fails at the first image that
                                    needs it: imgcore_check_cmyk_profile finds it before. NULL:
                                    their inks are mixed by formula, which is more colourful than
                                    any print; the default */
    size_t cmyk_profile_bytes;
    void (*on_progress)(void *user, double part); /* called by imgcore_transform, by the calling
                        thread, each time that it has more of its work done: `part` of it, which
                        never decreases, and is 1 at the last call of one that succeeds. Rows count,
                        so the scans of a progressive JPEG and the passes of an interlaced PNG,
                        which come before the first row, are no progress. It must not use the
                        context. NULL: never, the default */
    void *progress_user;                          /* passed to on_progress */
    struct imgcore_info *info; /* a struct filled by imgcore_info_default: imgcore_transform and
                                  imgcore_check write to it what imgcore_probe states, from the same
                                  look at the header; if the call fails later, too. imgcore_probe
                                  does not use it. NULL: the default */
    uint32_t crop_left_px, crop_top_px; /* of imgcore_transform: the rectangle of the upright image
                                           (after orientation) that is used. The outputs are those
                                           of an image that consists of the rectangle alone: fits
                                           count from it, and no pixel outside has an influence.
                                           INVALID_ARGUMENT if it is not inside the image */
    uint32_t crop_width_px, crop_height_px; /* 0 in all four: the entire image, the default; 0 in
                                               only one of these two: INVALID_ARGUMENT */
};

/* Fills with defaults: all zeros. */
IMGCORE_API void imgcore_options_default_sized(struct imgcore_options *options,
                                               size_t struct_size_bytes);
#define imgcore_options_default(options)                                                           \
    imgcore_options_default_sized((options), sizeof(*(options)))

/* The maximum of options.threads. */
#define IMGCORE_MAX_THREADS 64

#ifdef __cplusplus
}
#endif

#endif
