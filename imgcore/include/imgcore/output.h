/* The images that are requested of imgcore_transform, and its results. */
#ifndef IMGCORE_OUTPUT_H
#define IMGCORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/api.h"
#include "imgcore/context.h"
#include "imgcore/vocabulary.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How an image is fitted into the requested box. */
enum imgcore_fit {
    IMGCORE_FIT_INSIDE,  /* entire image, both sides at most those of the box; default */
    IMGCORE_FIT_COVER,   /* box filled, the image cropped by gravity */
    IMGCORE_FIT_CONTAIN, /* entire image, the rest of the box filled with the background */
    IMGCORE_FIT_FILL,    /* exactly the box, aspect ratio ignored */
    IMGCORE_FIT_OUTSIDE  /* entire image, both sides at least those of the box */
};

/* The part that `cover` keeps, and the position of the image when `contain` pads. */
enum imgcore_gravity {
    IMGCORE_GRAVITY_CENTRE,
    IMGCORE_GRAVITY_NORTH,
    IMGCORE_GRAVITY_NORTH_EAST,
    IMGCORE_GRAVITY_EAST,
    IMGCORE_GRAVITY_SOUTH_EAST,
    IMGCORE_GRAVITY_SOUTH,
    IMGCORE_GRAVITY_SOUTH_WEST,
    IMGCORE_GRAVITY_WEST,
    IMGCORE_GRAVITY_NORTH_WEST
};

/* The chroma of a JPEG output. */
enum imgcore_subsampling {
    IMGCORE_SUBSAMPLING_420, /* half in both directions; default */
    IMGCORE_SUBSAMPLING_422, /* half horizontally */
    IMGCORE_SUBSAMPLING_444, /* full */
    IMGCORE_SUBSAMPLING_AUTO /* full where the loss would be visible at saturated edges, else half
                              */
};

/* Takes the next `size_bytes` bytes of an output, 1 or more; they are valid during the call.
 * Returns false to end the call of the library with CANCELLED; it is not called again then. It is
 * called by the thread that calls the library, once all rows of the input are decoded, and outputs
 * with a function are encoded one after the other, in their order; outputs in one call with them
 * are encoded by that thread too. Either all outputs are made or none: if the call fails, the
 * program discards what it was given, of every output. */
typedef bool imgcore_write_fn(void *user, const uint8_t *bytes, size_t size_bytes);

/* One requested image and, after a success, its result. */
struct imgcore_output {
    size_t struct_size_bytes;
    /* in */
    uint32_t width_px, height_px; /* the box; 0 in one of them: no bound on that side (for inside);
                                     0 in both: the size of the input, or of the crop */
    enum imgcore_fit fit;
    enum imgcore_gravity gravity;
    bool enlarge; /* false: the result is never larger than the input */
    enum imgcore_filter filter;
    enum imgcore_format format;
    int quality; /* JPEG, 1 to 100; default 80 */
    enum imgcore_subsampling subsampling;
    bool progressive; /* JPEG: several scans; ignored for PNG */
    bool optimize;    /* JPEG: Huffman tables computed for the image */
    int png_level;    /* 0 (not compressed) to 9: the levels of libdeflate, above 64 MiB of samples
                         (4 MiB with a write function) those of zlib. Default 1: files are 1 to 6 %
                         larger than at zlib's level 6. Level 6 equals that size in three times the
                         time of level 1; 9 is smaller still */
    uint8_t background[4]; /* R G B A, sRGB (in an output that keeps its profile, converted to it);
                              behind transparency in a JPEG, and around a `contain`. Default white,
                              opaque */
    /* out */
    uint8_t *bytes; /* the encoded image, or its pixels; freed by imgcore_output_clear or
                       imgcore_bytes_free */
    size_t size_bytes;
    uint32_t result_width_px, result_height_px;
    enum imgcore_format result_format;
    uint32_t reserved; /* 0, else UNKNOWN_FIELD */
    /* out, of PIXELS: GREY, GREY_ALPHA, RGB or RGBA, as the input is (and as its background makes
     * it), with 1 to 4 channels, alpha straight. The bytes are result_height_px rows of
     * result_width_px x result_channels bytes, without gaps. 0 in both for other formats */
    enum imgcore_color_model result_color;
    int result_channels;
    /* in: takes the bytes instead of `bytes`, which stays NULL; see imgcore_write_fn. NULL: they
     * are collected, the default */
    imgcore_write_fn *write;
    void *write_user; /* passed to write */
};

/* Fills with defaults: INSIDE, LANCZOS3, quality 80, 4:2:0, PNG level 1, white. */
IMGCORE_API void imgcore_output_default_sized(struct imgcore_output *output,
                                              size_t struct_size_bytes);
#define imgcore_output_default(output) imgcore_output_default_sized((output), sizeof(*(output)))

/* Frees the bytes of `count` outputs and sets them to NULL, ready for another call. */
IMGCORE_API void imgcore_output_clear(struct imgcore_context *context,
                                      struct imgcore_output *outputs, size_t count);

/* Frees the bytes of one output without its context, which another thread may use at that moment,
 * or which is destroyed: for owners of bytes that outlive it. With an allocator of the caller, its
 * `free` is called by this thread. Set output.bytes to NULL where imgcore_output_clear still
 * follows. NULL is allowed. */
IMGCORE_API void imgcore_bytes_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
