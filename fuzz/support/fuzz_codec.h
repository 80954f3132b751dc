/* Decodes an input through the codec interface as the pipeline does, and checks what every reader
 * promises: rows in order, each once, aligned, with readable slack; no memory left; never INTERNAL.
 * Shared by the targets of the codecs. */
#ifndef FUZZ_FUZZ_CODEC_H
#define FUZZ_FUZZ_CODEC_H

#include "imgcore/codec/codec.h"

/* No input is slow: images are small, and memory too. */
#define FUZZ_MAX_PIXELS       ((uint64_t)1 << 17)
#define FUZZ_MAX_MEMORY_BYTES ((size_t)64 << 20)
#define FUZZ_MAX_SCANS        UINT32_C(20)

/* A source that returns up to step_bytes bytes per call and fails at one call. */
struct fuzz_stream {
    const uint8_t *data;
    size_t size_bytes, step_bytes; /* step_bytes 0: as many as requested */
    uint32_t random;               /* not 0: pieces of any size up to step_bytes; changed */
    uint32_t fail_at_call;         /* 0: never */
    bool rewinds;
    uint32_t calls; /* of both functions */
    bool has_failed, is_rewound;
    const uint8_t *begin; /* private: for the second reading */
    size_t begin_bytes;
};

/* An imgcore_read_fn; `user` is a struct fuzz_stream. Crashes if it is called after a failure. */
bool fuzz_stream_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes);

struct fuzz_decode_setup {
    bool planes, tolerant;
    int scale_denom;                  /* 0: 1 */
    const struct ic_kernels *kernels; /* NULL: libspng and libjpeg alone read */
    struct ic_thread_pool *pool;      /* NULL: one thread */
    struct fuzz_stream *stream;       /* NULL: the source is memory */
    size_t budget_bytes;              /* 0: FUZZ_MAX_MEMORY_BYTES */
    struct ic_cancel *cancel;         /* NULL: never */
};

struct fuzz_decoded {
    enum imgcore_status status;
    bool failed_in_finish; /* every row was delivered before the failure */
    struct imgcore_error error;
    struct ic_header header; /* without its blobs */
    struct ic_read_layout layout;
    uint8_t *plane[IC_MAX_PLANES]; /* with status OK: all samples, rows without gaps; else NULL */
};

/* For ic_cancel: `user` is a countdown, a uint32_t; true from when it reaches 0. */
bool fuzz_cancel_at_zero(void *user);

/* The limits of every decoding. */
struct imgcore_limits fuzz_limits(void);

/* What the header of a file holds; the texts and the profile are copies. */
struct fuzz_header {
    enum imgcore_status status;
    struct ic_header header; /* without its blobs */
    uint8_t *icc;            /* NULL: none */
    char *copyright;         /* NULL: none */
};

/* Reads only the header, by these limits. With a stream the source is that one. Clear the result
 * with fuzz_header_clear. */
struct fuzz_header fuzz_read_header(const uint8_t *data, size_t size_bytes,
                                    const struct imgcore_limits *limits,
                                    struct fuzz_stream *stream);
void fuzz_header_clear(struct fuzz_header *read);

/* Crashes unless a written file holds exactly this profile and this copyright (NULL: none), and no
 * orientation. */
void fuzz_check_metadata(const struct ic_buf *file, const uint8_t *icc, size_t icc_bytes,
                         const char *copyright);

/* Decodes the input, or what setup->stream gives. Clear the result with fuzz_decoded_clear. */
struct fuzz_decoded fuzz_decode(const uint8_t *data, size_t size_bytes,
                                const struct fuzz_decode_setup *setup);
void fuzz_decoded_clear(struct fuzz_decoded *decoded);

/* Decodes with a budget of (budget + 1) KiB, or, if `budget` is even, with a cancellation at check
 * `cancel_at`. Crashes unless the call is interrupted or ends as `whole`. */
void fuzz_check_interrupted_decode(const uint8_t *data, size_t size_bytes,
                                   const struct fuzz_decode_setup *setup,
                                   const struct fuzz_decoded *whole, size_t budget,
                                   uint32_t cancel_at);

/* Crashes unless both have the same planes with the same samples; both statuses are OK. */
void fuzz_check_same_rows(const struct fuzz_decoded *a, const struct fuzz_decoded *b,
                          const char *what);

#endif
