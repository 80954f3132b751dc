/* Every limit of the library that a caller cannot change, by name. Those that a caller can change
 * are the IMGCORE_DEFAULT_* of the public header. Used by every room. */
#ifndef IC_LIMITS_H
#define IC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define IC_MAX_CHANNELS 4
#define IC_MAX_PLANES   4

/* Sides of pictures given to imgcore_resize: keeps every sum of sizes far from overflow. */
#define IC_MAX_RESIZE_SIDE_PX ((1u << 24) - 1)

/* JPEG's own limit on a side (16 bits, and libjpeg's JPEG_MAX_DIMENSION is a little less). */
#define IC_MAX_JPEG_SIDE_PX 65500u

/* Bytes a stream is read in. */
#define IC_INPUT_CHUNK_BYTES ((size_t)64 * 1024)

/* EXIF: entries of an IFD looked at before giving up. */
#define IC_MAX_EXIF_ENTRIES 512u

/* A copyright text longer than this is cut. */
#define IC_MAX_COPYRIGHT_BYTES 2048u

/* Chunks of an ICC profile in a JPEG: the sequence number has one byte. */
#define IC_MAX_ICC_CHUNKS 255u

/* Chunks and segments a file may have before its picture is complete. */
#define IC_MAX_PNG_CHUNKS ((uint32_t)1 << 24)

/* The stack of a thread of a crew: none of the work recurses, and no frame is larger than a few
 * KiB. Sanitizers widen frames. */
#define IC_THREAD_STACK_BYTES ((size_t)1 << 20)

/* Alignment of every block and row the library allocates: a cache line, a 512-bit vector. */
#define IC_ALIGN_BYTES 64u

/* Readable bytes that every row the library allocates has past its last sample, so that kernels
 * may load whole vectors. */
#define IC_ROW_SLACK_BYTES 128u

#endif
