/* Every limit of the library that a caller cannot change. Limits that a caller can change are the
 * IMGCORE_DEFAULT_* of the public header. Used by every module. */
#ifndef IC_LIMITS_H
#define IC_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define IC_MAX_CHANNELS 4
#define IC_MAX_PLANES   4

/* A struct of a caller that states a larger size was not initialised. */
#define IC_MAX_STRUCT_BYTES ((size_t)64 * 1024)

/* Sides of images given to imgcore_resize: keeps every sum of sizes far from overflow. */
#define IC_MAX_RESIZE_SIDE_PX ((1u << 24) - 1)

/* JPEG's own limit on a side (16 bits, and libjpeg's JPEG_MAX_DIMENSION is a little less). */
#define IC_MAX_JPEG_SIDE_PX 65500u

/* The side of a block of a JPEG. */
#define IC_JPEG_BLOCK_PX 8u

/* Size of the reads from a source that is a function, and the window of its bytes: the data of a
 * JPEG must fit it if the own decoder is to read it from a function that cannot be rewound. */
#define IC_INPUT_CHUNK_BYTES ((size_t)64 * 1024)

/* Bytes of an output that are collected before a sink gets them. */
#define IC_SINK_BYTES ((size_t)64 * 1024)

/* Filtered bytes of a PNG that are compressed in one piece, into a file that is collected: three
 * times as many bytes are in use. With a sink, only of small images, for the same bytes and time as
 * without one. */
#define IC_MAX_PACKED_BYTES      ((size_t)64 << 20)
#define IC_MAX_PACKED_SINK_BYTES ((size_t)4 << 20)

/* Entries of an EXIF IFD that are examined. */
#define IC_MAX_EXIF_ENTRIES 512u

/* A copyright text longer than this is cut. */
#define IC_MAX_COPYRIGHT_BYTES 2048u

/* What every ICC profile begins with. */
#define IC_ICC_HEADER_BYTES 128u

/* A profile that is made of the chunks of a PNG: 0.5 KB. */
#define IC_MAX_STATED_PROFILE_BYTES 4096u

/* The gammas of a PNG, times 100,000, that are taken: exponents of 10 to 1/10. The specification
 * sets no bounds, and no display has others. */
#define IC_MIN_PNG_GAMMA 10000u
#define IC_MAX_PNG_GAMMA 1000000u

/* Chunks of an ICC profile in a JPEG: the sequence number has one byte. */
#define IC_MAX_ICC_CHUNKS 255u

/* Chunks that a PNG may have before its end. */
#define IC_MAX_PNG_CHUNKS ((uint32_t)1 << 24)

/* The stack of a worker thread: no work recurses, and no frame is larger than a few KiB. Sanitizers
 * enlarge frames. */
#define IC_THREAD_STACK_BYTES ((size_t)1 << 20)

/* Alignment of every block and row the library allocates: a cache line, a 512-bit vector. */
#define IC_ALIGN_BYTES 64u

/* Readable bytes after the last sample of every row that the library allocates, so that kernels may
 * load entire vectors. */
#define IC_ROW_SLACK_BYTES 128u

#endif
