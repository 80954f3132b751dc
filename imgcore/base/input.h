/* The bytes of a source, read front to back from memory or from a function.
 *
 * The window is the range of bytes available now: all remaining bytes of a source in memory, up to
 * IC_INPUT_CHUNK_BYTES of a function. Codecs look at the window and report how much of it they have
 * used. */
#ifndef IC_INPUT_H
#define IC_INPUT_H

#include "imgcore/base/mem.h"

struct ic_input {
    struct ic_mem *mem;
    imgcore_read_fn *read;     /* NULL: memory */
    imgcore_rewind_fn *rewind; /* NULL: what is read is gone */
    void *user;
    const uint8_t *window; /* the bytes available now */
    size_t window_bytes;
    uint8_t *chunk;    /* the buffer of the window if read is set */
    bool ended;        /* the source has no bytes beyond the window */
    bool failed;       /* read returned false, or more bytes than requested */
    uint64_t consumed; /* bytes used so far */
};

/* Errors: NO_MEMORY or BUDGET for the buffer. On failure nothing has to be cleared. */
enum imgcore_status ic_input_open(struct ic_input *input, struct ic_mem *mem,
                                  const struct imgcore_source *source);
void ic_input_clear(struct ic_input *input);

/* Fills the window up to at least `want_bytes` (at most IC_INPUT_CHUNK_BYTES) unless the source
 * ends before; returns how many bytes it holds. A return value of 0 for want_bytes >= 1 means that
 * the source has ended, or failed if input->failed. */
size_t ic_input_fill(struct ic_input *input, size_t want_bytes);

/* Consumes `size_bytes` of the window (at most window_bytes). */
void ic_input_use(struct ic_input *input, size_t size_bytes);

/* Consumes `size_bytes` of the source; false if it ends or fails before. */
bool ic_input_skip(struct ic_input *input, uint64_t size_bytes);

/* Copies the next `size_bytes` to `out`; false if the source ends or fails before. */
bool ic_input_copy(struct ic_input *input, void *out, size_t size_bytes);

/* A place in a source. */
struct ic_input_mark {
    uint64_t consumed;
    const uint8_t *window;
    size_t window_bytes;
    bool is_held; /* all bytes from here on are in the window: it is not filled again */
};

/* The current place. */
struct ic_input_mark ic_input_mark(const struct ic_input *input);

/* Whether the source can be read again from a mark on: because it is held, or by `rewind`. */
bool ic_input_can_return(const struct ic_input *input, const struct ic_input_mark *mark);

/* Returns to a mark to which that is possible, once: a source that is not held is rewound, and what
 * precedes the mark is skipped. False, with nothing more to read: it cannot be rewound (it counts
 * as failed), or has become shorter. */
bool ic_input_return(struct ic_input *input, const struct ic_input_mark *mark);

/* Returns READ_FAILED or TRUNCATED, the status of a source that has no more bytes. */
enum imgcore_status ic_input_end_status(const struct ic_input *input);

#endif
