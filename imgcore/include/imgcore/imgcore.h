/* imgcore: photographs in, resized photographs out.
 *
 * Three functions do the work:
 *   imgcore_probe      reads what a file is, from its header alone
 *   imgcore_transform  decodes one encoded image once and makes any number of encoded images from
 *                      it; either side may be pixels instead: it decodes, encodes and resizes
 *   imgcore_resize     resizes pixels of any meaning, for programs that only need the resizer
 *
 * Conventions of every function here:
 *   - Sizes ending in _px count pixels, in _bytes bytes. A stride is signed and in bytes: the
 *     distance from one row to the next; it is negative for a bottom-up image.
 *   - A struct that begins with struct_size_bytes grows at its end from version to version. Fill it
 *     by its _default macro, which passes the size that the program's header gives it; the function
 *     behind the macro, _default_sized, fills that many bytes, for languages that have no macros.
 *     The library reads and writes no byte more: an older program gets the defaults of the fields
 *     that it lacks. In a newer program, fields that an older library does not know are 0 after
 *     _default, and fail with UNKNOWN_FIELD if they are not left so. The other structs never grow.
 *   - A function returns IMGCORE_OK, or another status and a description in `error` (may be NULL).
 *     After a failure no output exists and nothing has to be freed.
 *   - A context is used by one thread at a time; several contexts may be used at the same time. The
 *     library has no state outside its contexts. It creates threads only if options.threads allows
 *     it.
 *   - After fork, the child may use and destroy the contexts of its parent if no thread was in a
 *     call with them at that moment: they are copies, whose threads are created again when they are
 *     needed. A context that was in a call must not be touched in the child. */
#ifndef IMGCORE_H
#define IMGCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/status.h"
#include "imgcore/version.h"

#if defined(__GNUC__)
#define IMGCORE_API __attribute__((visibility("default")))
#else
#define IMGCORE_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------------- status and version */

/* Returns the sentence for a status, "unknown status" for any other number. Static storage. */
IMGCORE_API const char *imgcore_status_message(enum imgcore_status status);

/* Returns the name of a status without its prefix ("TRUNCATED"), for logs and scripts. Static
 * storage. */
IMGCORE_API const char *imgcore_status_name(enum imgcore_status status);

/* Returns the origin of a failure. */
IMGCORE_API enum imgcore_status_group imgcore_status_group(enum imgcore_status status);

/* The version of the library at run time ("0.2.0"), which may differ from the version of the header
 * at compile time, IMGCORE_VERSION_STRING. Results may differ from version to version, so a hash of
 * encode parameters should include it. Static storage. */
IMGCORE_API const char *imgcore_version(void);

/* A failure described for a person: filled by a call that fails, cleared by one that succeeds. */
struct imgcore_error {
    enum imgcore_status status;
    char detail[200];     /* details in English; "" if the status says everything */
    uint64_t reserved[4]; /* set to 0 */
};

/* ---------------------------------------------------------------------- vocabulary */

enum imgcore_format {
    IMGCORE_FORMAT_AUTO, /* as an output: the format of the input */
    IMGCORE_FORMAT_JPEG,
    IMGCORE_FORMAT_PNG,
    IMGCORE_FORMAT_PIXELS /* samples of 8 bits, without a file around them: imgcore_source.pixels,
                             imgcore_output.result_channels */
};

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

/* The reconstruction filter. For a reduction its support is widened by the ratio. */
enum imgcore_filter {
    IMGCORE_FILTER_LANCZOS3,    /* support 3; default */
    IMGCORE_FILTER_LANCZOS2,    /* support 2 */
    IMGCORE_FILTER_MITCHELL,    /* cubic, B = C = 1/3, support 2 */
    IMGCORE_FILTER_CATMULL_ROM, /* cubic, B = 0, C = 1/2, support 2 */
    IMGCORE_FILTER_TRIANGLE,    /* support 1 */
    IMGCORE_FILTER_BOX          /* support 1/2 */
};

/* The chroma of a JPEG output. */
enum imgcore_subsampling {
    IMGCORE_SUBSAMPLING_420, /* half in both directions; default */
    IMGCORE_SUBSAMPLING_422, /* half horizontally */
    IMGCORE_SUBSAMPLING_444, /* full */
    IMGCORE_SUBSAMPLING_AUTO /* full where the loss would be visible at saturated edges, else half
                              */
};

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

/* ---------------------------------------------------------------------- context */

/* The source of memory. Both functions are set or neither; alloc may return NULL. With threads they
 * are called from any thread of the context, never by two at once. The memory that codec libraries
 * allocate themselves comes from malloc, but counts against the budget where it grows with the
 * image. */
struct imgcore_allocator {
    void *(*alloc)(void *user, size_t size_bytes); /* aligned for any C type */
    void (*free)(void *user, void *block);
    void *user;
};

struct imgcore_context; /* the chosen kernels, and tables and buffers kept between calls */

/* Creates a context. `allocator` NULL: malloc and free; else it is copied, and its functions must
 * remain valid as long as the context. The environment variable IMGCORE_TARGETS (names separated by
 * commas, as imgcore_target_name returns them) limits the CPU targets that are used to those: the
 * best of them is used for every job; with IMGCORE_JPEG=libjpeg, libjpeg-turbo reads every JPEG,
 * on one thread ("own" is the default).
 * Errors: INVALID_ARGUMENT (context NULL, only half an allocator, no usable target in
 * IMGCORE_TARGETS, another word in IMGCORE_JPEG), NO_MEMORY. On failure *context is NULL. */
IMGCORE_API enum imgcore_status imgcore_context_create(const struct imgcore_allocator *allocator,
                                                       struct imgcore_context **context);

/* Frees a context and everything that it holds; NULL is allowed. The bytes of outputs stay valid:
 * free them by imgcore_bytes_free. */
IMGCORE_API void imgcore_context_destroy(struct imgcore_context *context);

/* Limits a context to one target by name ("ref" is plain C). Errors: INVALID_ARGUMENT for a name
 * that is not compiled in or that this CPU cannot run. */
IMGCORE_API enum imgcore_status imgcore_context_use_target(struct imgcore_context *context,
                                                           const char *name);

/* Jobs that may use different targets: on some CPUs wide vectors make the scalar code around them
 * slower, so that what is best for kernels alone is not best for decoding and encoding. */
enum imgcore_job {
    IMGCORE_JOB_TRANSFORM, /* imgcore_transform, imgcore_check: codecs between kernels */
    IMGCORE_JOB_RESIZE     /* imgcore_resize: kernels alone */
};

/* Returns the name of the target that a context uses for a job. Static storage. */
IMGCORE_API const char *imgcore_context_target(const struct imgcore_context *context,
                                               enum imgcore_job job);
/* Returns why: a phrase in English. Static storage. */
IMGCORE_API const char *imgcore_context_target_reason(const struct imgcore_context *context,
                                                      enum imgcore_job job);

/* Returns the decoder of the pixels of the last imgcore_transform or imgcore_check of a context:
 * "imgcore", "libjpeg-turbo" or "libspng"; NULL if none has begun, and for pixels. Static storage.
 */
IMGCORE_API const char *imgcore_context_decoder(const struct imgcore_context *context);
/* Returns why the own decoder left that image to the library, which read it from the beginning;
 * NULL: it did not. One word, for counting; for a JPEG "CODE", "DATA_SHORT", "DATA_LEFT",
 * "MARKER", "RANGE" or "MEMORY", for a PNG "DATA". It does not mean that the image was refused.
 * Static storage. */
IMGCORE_API const char *imgcore_context_fallback(const struct imgcore_context *context);

/* Returns the number of CPU targets compiled in. They are ordered best first; the last one is
 * always "ref", plain C. */
IMGCORE_API size_t imgcore_target_count(void);
/* Returns the name of target `index`, NULL past the end. Static storage. */
IMGCORE_API const char *imgcore_target_name(size_t index);
/* Whether this CPU can run target `index`. */
IMGCORE_API bool imgcore_target_usable(size_t index);

/* ---------------------------------------------------------------------- input and limits */

/* Reads up to `size_bytes` bytes into `buffer` and stores their number in *read_bytes; 0 means the
 * end. Returns false if reading failed. */
typedef bool imgcore_read_fn(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes);

/* Returns to the first byte: read delivers the same bytes once more, from the beginning. Called at
 * most once in a call of the library, between two calls of read, whatever read has delivered by
 * then, but never after one that failed. Returns false if the source cannot be read again, or is
 * not the same any more; the call then ends with READ_FAILED. */
typedef bool imgcore_rewind_fn(void *user);
#define IMGCORE_SOURCE_REWINDS 1 /* this header has it, and imgcore_context_decoder */

/* An image in memory, as samples of 8 bits: sRGB, alpha straight. The struct never grows. */
struct imgcore_pixels {
    const uint8_t *first_row;     /* height_px rows of width_px pixels; only those bytes are read */
    ptrdiff_t stride_bytes;       /* |stride| at least width x channels */
    uint32_t width_px, height_px; /* 1 to 2^24 - 1, within the limits */
    uint32_t channels;            /* 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; interleaved */
    uint32_t reserved[5];         /* 0, else UNKNOWN_FIELD */
};

/* An encoded image: bytes in memory, or a function that reads them front to back. Or the pixels of
 * one. The functions are called by the thread that calls the library. */
struct imgcore_source {
    const uint8_t *bytes; /* used if read is NULL; must remain valid during the call */
    size_t size_bytes;
    imgcore_read_fn *read;
    void *user; /* passed to read and rewind */
    /* NULL: the source can be read only once; a JPEG whose data does not fit 64 KiB is then read by
     * libjpeg-turbo alone, which takes longer */
    imgcore_rewind_fn *rewind;
    /* not NULL: the image itself, and bytes, size_bytes and read are 0. It has no metadata; the
     * rows must remain valid during the call */
    const struct imgcore_pixels *pixels;
    void *reserved[2]; /* NULL, else the call ends with INVALID_ARGUMENT */
};

/* The limits for a file. 0 in any field means its default (IMGCORE_DEFAULT_*). New limits take the
 * place of reserved words: the struct has one size for ever, since it lies inside another. */
struct imgcore_limits {
    uint64_t pixels;        /* width x height of the input */
    uint32_t side_px;       /* width or height of the input */
    uint32_t scans;         /* scans of a JPEG */
    size_t memory_bytes;    /* peak of one call, including the codec libraries */
    size_t metadata_bytes;  /* an EXIF block; a larger one is ignored */
    size_t icc_bytes;       /* an ICC profile, unpacked; a larger one is refused */
    uint64_t output_pixels; /* width x height of an output */
    uint64_t reserved[8];   /* 0, else UNKNOWN_FIELD */
};

#define IMGCORE_DEFAULT_PIXELS         (UINT64_C(268402689)) /* 16383 squared */
#define IMGCORE_DEFAULT_SIDE_PX        (UINT32_C(65535))
#define IMGCORE_DEFAULT_SCANS          (UINT32_C(100))
#define IMGCORE_DEFAULT_MEMORY_BYTES   ((size_t)400 << 20)
#define IMGCORE_DEFAULT_METADATA_BYTES ((size_t)1 << 20)
#define IMGCORE_DEFAULT_ICC_BYTES      ((size_t)4 << 20)
#define IMGCORE_DEFAULT_OUTPUT_PIXELS  (UINT64_C(100000000))

/* ---------------------------------------------------------------------- probe */

enum imgcore_color_model {
    IMGCORE_COLOR_UNKNOWN, /* nothing was read */
    IMGCORE_COLOR_GREY,
    IMGCORE_COLOR_GREY_ALPHA,
    IMGCORE_COLOR_PALETTE, /* with or without transparency */
    IMGCORE_COLOR_RGB,
    IMGCORE_COLOR_RGBA,
    IMGCORE_COLOR_YCBCR,
    IMGCORE_COLOR_CMYK,
    IMGCORE_COLOR_YCCK /* CMYK, stored as YCbCr and K */
};

/* The chroma of a JPEG of three or four components. */
enum imgcore_chroma {
    IMGCORE_CHROMA_NONE, /* no JPEG, or a grey one */
    IMGCORE_CHROMA_444,
    IMGCORE_CHROMA_422,
    IMGCORE_CHROMA_420,
    IMGCORE_CHROMA_440,
    IMGCORE_CHROMA_411,
    IMGCORE_CHROMA_410,
    IMGCORE_CHROMA_OTHER /* other factors, which `subsampling` states */
};

/* What states the colours of a file. Of several the first of this order counts that can be used, as
 * the PNG specification has it: cICP, the embedded profile, sRGB, gAMA with cHRM. In a PNG a chunk
 * counts as absent that is damaged, has a wrong length, stands behind the palette or the image
 * data, or follows another of its type.
 *   cICP  counts with the matrix 0 in full range, the primaries 1, 4 to 9, 11, 12 and 22 of ITU-T
 *         H.273, and the transfers 1, 4 to 8 and 13 to 15. HDR (16, PQ, and 18, HLG) does not
 *         count: how its highlights are mapped is a matter of taste, and of the display it was made
 *         for. Such files carry a profile or another chunk for programs without HDR; if not, their
 *         samples are taken for sRGB, and look pale
 *   gAMA  counts from 0.1 to 10. Within 0.005 of 0.45455, and with the primaries of sRGB, it stands
 *         for sRGB, and nothing is converted; with other primaries it is a power like any other
 *   cHRM  counts beside gAMA, if its primaries enclose its white; without it the primaries are
 *         those of sRGB */
enum imgcore_color_source {
    IMGCORE_COLOR_SOURCE_NONE,    /* nothing: the samples are taken for sRGB, or mixed as inks */
    IMGCORE_COLOR_SOURCE_PROFILE, /* the embedded ICC profile */
    IMGCORE_COLOR_SOURCE_SRGB,    /* an sRGB chunk */
    IMGCORE_COLOR_SOURCE_GAMA,
    IMGCORE_COLOR_SOURCE_GAMA_CHRM,
    IMGCORE_COLOR_SOURCE_CICP
};

struct imgcore_info {
    size_t struct_size_bytes;
    enum imgcore_format format;
    uint32_t width_px, height_px;                   /* as stored */
    uint32_t oriented_width_px, oriented_height_px; /* as displayed, orientation applied */
    int orientation;                                /* EXIF, 1 to 8; 1 if there is none */
    int bits;                                       /* per sample in the file: 1, 2, 4, 8 or 16 */
    bool has_alpha;                                 /* an alpha channel or a tRNS chunk */
    bool progressive;                               /* a progressive JPEG or an interlaced PNG */
    bool arithmetic;                                /* an arithmetic-coded JPEG */
    char color[16]; /* "grey", "grey+alpha", "palette", "rgb", "rgba", "ycbcr", "cmyk", "ycck" */

    char subsampling[24];     /* JPEG: "4:2:0", "4:2:2", "4:4:4", ... or the factors; else "" */
    size_t icc_bytes;         /* 0: no embedded profile */
    char icc_description[64]; /* the description in the profile, ASCII, "" if none */
    bool icc_is_srgb;         /* the colours need no conversion, whatever states them */
    enum imgcore_color_model color_model; /* what `color` names */
    enum imgcore_chroma chroma;           /* what `subsampling` names */
    enum imgcore_color_source color_source;
    char color_detail[64]; /* the chunk that counts, and a cICP that does not: "gAMA 0.55556, cHRM",
                              "cICP 9/16/0/1 not used"; "" if there is neither */
};

/* Clears all fields and sets struct_size_bytes. */
IMGCORE_API void imgcore_info_default_sized(struct imgcore_info *info, size_t struct_size_bytes);
#define imgcore_info_default(info) imgcore_info_default_sized((info), sizeof(*(info)))

struct imgcore_options;

/* Fills `info` from the header of a file: reads as little as possible and decodes no pixels.
 * Errors: as imgcore_transform, as far as the header shows them. If a limit is exceeded, `info`
 * still holds what was read. */
IMGCORE_API enum imgcore_status imgcore_probe(struct imgcore_context *context,
                                              const struct imgcore_source *source,
                                              const struct imgcore_options *options,
                                              struct imgcore_info *info,
                                              struct imgcore_error *error);

/* ---------------------------------------------------------------------- transform */

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

/* Fills with defaults: all zeros. */
IMGCORE_API void imgcore_options_default_sized(struct imgcore_options *options,
                                               size_t struct_size_bytes);
#define imgcore_options_default(options)                                                           \
    imgcore_options_default_sized((options), sizeof(*(options)))

/* The maximum of options.threads. */
#define IMGCORE_MAX_THREADS 64

/* Decodes one image once and makes `count` outputs from it. The format (JPEG or PNG) is recognised
 * by the first bytes, unless the source is pixels. EXIF orientation is applied, colours are
 * converted to sRGB by what states them (imgcore_color_source), and all metadata is dropped (see
 * options). Either all outputs are made or none.
 *   options  NULL: defaults
 *   outputs  count of them, 1 to IMGCORE_MAX_OUTPUTS, one struct_size_bytes after the other, which
 *            all of them state; bytes must be NULL on entry
 * Crop: the rows above the rectangle are decoded, those below it are not, and the file may end or
 * be damaged there: it is read up to the strip with the last row of the rectangle (a few rows; all
 * scans of a progressive JPEG, all passes of an interlaced PNG). So damage below it is found or
 * not, by how far the decoder looks ahead. imgcore_check reads all of the file. A JPEG is shrunk on
 * load only if every side of the rectangle is one of the image or a multiple of 8 pixels of the
 * most subsampled component (16 for 4:2:0) in the stored image: a scaled block has one value for
 * pixels on both sides. Pixels: a source of pixels gives the bytes that a PNG of them gives. To
 * decode to pixels in one call and encode them in another gives what one call gives, but for a JPEG
 * in colour: its planes are rounded to RGB between the two. Memory: bounded by limits.memory_bytes.
 * It grows with the width of the input and the area of the outputs, and with the area of the input
 * only for a progressive JPEG or an interlaced PNG. An output with a write function is not held as
 * a file, only as an image: pieces of about 64 KiB are passed on (more of a PNG of up to 4 MiB of
 * samples, and a row of pixels at least). Its bytes are those without the function, but for a PNG
 * of 4 to 64 MiB of samples, which is compressed row by row by zlib. A JPEG that is progressive or
 * optimised holds all its coefficients. Threads: the results are the same bytes for any
 * options.threads, and so are the errors. The context creates threads at the first call that uses
 * them and keeps them, sleeping, until it is destroyed; they block all signals. If a thread or its
 * memory is not available, the call works with fewer. Cancellation: options.is_cancelled is called
 * before the header is read, for every strip of rows (and for every strip that goes into an
 * enlarged output), for every 32 KiB of a progressive JPEG or, if libjpeg-turbo reads it, every row
 * of MCUs of every scan, for every row of an interlaced PNG, for every 64 KiB of compressed PNG
 * data, before every output, and for every strip of an output while it is encoded. Only the
 * compression of a PNG output of up to 64 MiB of samples is a single step (53 MB: 0.4 s at level 1,
 * 5 s at level 9). The function is called by the calling thread and, with options.threads, also by
 * threads of the context, but never by two at once. It must not use the context. Once it has
 * returned true it is not called again in this call. Errors: INVALID_ARGUMENT, UNKNOWN_FIELD;
 * CANCELLED; TRUNCATED, CORRUPT, UNSUPPORTED for the file; TOO_LARGE, BUDGET for its size;
 * NO_MEMORY; READ_FAILED. */
#define IMGCORE_MAX_OUTPUTS 16
IMGCORE_API enum imgcore_status imgcore_transform(struct imgcore_context *context,
                                                  const struct imgcore_source *source,
                                                  const struct imgcore_options *options,
                                                  struct imgcore_output *outputs, size_t count,
                                                  struct imgcore_error *error);

/* Checks that a profile can be options.cmyk_profile: that colours can be converted by it. For
 * programs that read it when they start, where damage is found too late by the first CMYK image.
 * Errors: INVALID_ARGUMENT (context or profile NULL, no profile of CMYK, a damaged one), NO_MEMORY.
 */
IMGCORE_API enum imgcore_status imgcore_check_cmyk_profile(struct imgcore_context *context,
                                                           const uint8_t *profile,
                                                           size_t size_bytes,
                                                           struct imgcore_error *error);

/* Frees the bytes of `count` outputs and sets them to NULL, ready for another call. */
IMGCORE_API void imgcore_output_clear(struct imgcore_context *context,
                                      struct imgcore_output *outputs, size_t count);

/* Frees the bytes of one output without its context, which another thread may use at that moment,
 * or which is destroyed: for owners of bytes that outlive it. With an allocator of the caller, its
 * `free` is called by this thread. Set output.bytes to NULL where imgcore_output_clear still
 * follows. NULL is allowed. */
IMGCORE_API void imgcore_bytes_free(uint8_t *bytes);

/* Decodes the entire file and drops the pixels: reports whether imgcore_transform would accept it
 * without a crop. Errors: as there. */
IMGCORE_API enum imgcore_status imgcore_check(struct imgcore_context *context,
                                              const struct imgcore_source *source,
                                              const struct imgcore_options *options,
                                              struct imgcore_error *error);

/* ---------------------------------------------------------------------- resize */

enum imgcore_alpha {
    IMGCORE_ALPHA_NONE,         /* each channel on its own */
    IMGCORE_ALPHA_STRAIGHT,     /* the last channel is alpha; resized in premultiplied form */
    IMGCORE_ALPHA_PREMULTIPLIED /* already premultiplied: each channel on its own */
};

struct imgcore_resize_options {
    size_t struct_size_bytes;
    int channels;             /* 1 to 4, interleaved, 8 bits each */
    enum imgcore_alpha alpha; /* STRAIGHT needs 2 or 4 channels */
    enum imgcore_filter filter;
    bool linear; /* the colour channels are sRGB and resized in linear light; not PREMULTIPLIED */
    /* the part of the source to use, in source pixels, fractions allowed, inside the source; width
     * and height 0: the entire source */
    double box_left_px, box_top_px, box_width_px, box_height_px;
};

/* Fills with defaults: 3 channels without alpha, LANCZOS3, the entire source. */
IMGCORE_API void imgcore_resize_options_default_sized(struct imgcore_resize_options *options,
                                                      size_t struct_size_bytes);
#define imgcore_resize_options_default(options)                                                    \
    imgcore_resize_options_default_sized((options), sizeof(*(options)))

/* Resizes pixels: separable, with normalised weights, clamped once at the end; the result differs
 * from the exact one by at most 1. At the edges only taps inside the source are used, and
 * normalised.
 *   source  source_height_px rows of source_width_px pixels; only those bytes are read
 *   target  target_height_px rows of target_width_px pixels; only those bytes are written; must not
 *           overlap the source
 *   sides   1 to 2^24 - 1; |stride| at least width x channels
 * Allocates memory that grows with the widths, not with the area, and keeps it in the context for
 * the next call.
 * Errors: INVALID_ARGUMENT, UNKNOWN_FIELD, NO_MEMORY. */
IMGCORE_API enum imgcore_status
imgcore_resize(struct imgcore_context *context, const uint8_t *source, uint32_t source_width_px,
               uint32_t source_height_px, ptrdiff_t source_stride_bytes, uint8_t *target,
               uint32_t target_width_px, uint32_t target_height_px, ptrdiff_t target_stride_bytes,
               const struct imgcore_resize_options *options, struct imgcore_error *error);

#ifdef __cplusplus
}
#endif

#endif
