/* Where an image comes from, and the limits for it. */
#ifndef IMGCORE_SOURCE_H
#define IMGCORE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads up to `size_bytes` bytes into `buffer` and stores their number in *read_bytes; 0 means the
 * end. Returns false if reading failed. */
typedef bool imgcore_read_fn(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes);

/* Returns to the first byte: read delivers the same bytes once more, from the beginning. Called at
 * most once in a call of the library, between two calls of read, whatever read has delivered by
 * then, but never after one that failed. Returns false if the source cannot be read again, or is
 * not the same any more; the call then ends with READ_FAILED. */
typedef bool imgcore_rewind_fn(void *user);
#define IMGCORE_SOURCE_REWINDS 1 /* the API has it, and imgcore_context_decoder */

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

#ifdef __cplusplus
}
#endif

#endif
