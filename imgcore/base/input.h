/* The bytes of a source, front to back, whether they lie in memory or come from a function.
 *
 * A window is the run of bytes at hand: for memory all that is left, for a function up to
 * IC_INPUT_CHUNK_BYTES. Codecs look at the window and say how much of it they used. */
#ifndef IC_INPUT_H
#define IC_INPUT_H

#include "imgcore/base/mem.h"

struct ic_input {
    struct ic_mem *mem;
    imgcore_read_fn *read; /* NULL: memory */
    void *user;
    const uint8_t *window; /* the bytes at hand */
    size_t window_bytes;
    uint8_t *chunk;    /* ours, if read is set */
    bool ended;        /* the source has no more beyond the window */
    bool failed;       /* read answered false, or more than it was asked for */
    uint64_t consumed; /* bytes used so far */
};

/* Errors: NO_MEMORY or BUDGET for the chunk. On failure nothing is left to clear. */
enum imgcore_status ic_input_open(struct ic_input *input, struct ic_mem *mem,
                                  const struct imgcore_source *source);
void ic_input_clear(struct ic_input *input);

/* Makes the window hold at least `want_bytes` (at most IC_INPUT_CHUNK_BYTES) unless the source
 * ends before; answers how many it holds. After 0 for want >= 1: ended, or failed if
 * input->failed. */
size_t ic_input_fill(struct ic_input *input, size_t want_bytes);

/* Uses up `size_bytes` of the window (at most window_bytes). */
void ic_input_use(struct ic_input *input, size_t size_bytes);

/* Uses up `size_bytes` from wherever they come; false if the source ends or fails before. */
bool ic_input_skip(struct ic_input *input, uint64_t size_bytes);

/* Copies the next `size_bytes` to `out`; false if the source ends or fails before. */
bool ic_input_copy(struct ic_input *input, void *out, size_t size_bytes);

/* READ_FAILED or TRUNCATED: what running out of bytes means now. */
enum imgcore_status ic_input_end_status(const struct ic_input *input);

#endif
