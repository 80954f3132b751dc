/* The bytes of a source: see input.h. */
#include <string.h>

#include "imgcore/base/input.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"

enum imgcore_status ic_input_open(struct ic_input *input, struct ic_mem *mem,
                                  const struct imgcore_source *source) {
    memset(input, 0, sizeof(*input));
    input->mem = mem;
    if (source->read == NULL) {
        input->window = source->bytes;
        input->window_bytes = source->size_bytes;
        input->ended = true;
        return IMGCORE_OK;
    }
    input->read = source->read;
    input->rewind = source->rewind;
    input->user = source->user;
    input->chunk = ic_alloc(mem, IC_INPUT_CHUNK_BYTES);
    if (input->chunk == NULL) {
        return mem->status;
    }
    input->window = input->chunk;
    return IMGCORE_OK;
}

void ic_input_clear(struct ic_input *input) {
    ic_free(input->mem, input->chunk);
    input->chunk = NULL;
    input->window = NULL;
    input->window_bytes = 0;
    input->ended = true;
}

size_t ic_input_fill(struct ic_input *input, size_t want_bytes) {
    if (!IC_HOLDS(want_bytes <= IC_INPUT_CHUNK_BYTES)) {
        want_bytes = IC_INPUT_CHUNK_BYTES;
    }
    if (input->window_bytes >= want_bytes || input->ended) {
        return input->window_bytes;
    }
    memmove(input->chunk, input->window, input->window_bytes);
    input->window = input->chunk;
    while (input->window_bytes < want_bytes && !input->ended) {
        size_t free_bytes = IC_INPUT_CHUNK_BYTES - input->window_bytes;
        size_t got = 0;
        if (!input->read(input->user, input->chunk + input->window_bytes, free_bytes, &got) ||
            got > free_bytes) {
            input->failed = true;
            input->ended = true;
            input->window_bytes =
                0; /* after a failure not even the bytes read before are returned */
            break;
        }
        input->window_bytes += got;
        input->ended = got == 0;
    }
    return input->window_bytes;
}

void ic_input_use(struct ic_input *input, size_t size_bytes) {
    if (!IC_HOLDS(size_bytes <= input->window_bytes)) {
        size_bytes = input->window_bytes;
    }
    input->window += size_bytes;
    input->window_bytes -= size_bytes;
    input->consumed += size_bytes;
}

bool ic_input_skip(struct ic_input *input, uint64_t size_bytes) {
    while (size_bytes > 0) {
        if (ic_input_fill(input, 1) == 0) {
            return false;
        }
        size_t step = input->window_bytes < size_bytes ? input->window_bytes : (size_t)size_bytes;
        ic_input_use(input, step);
        size_bytes -= step;
    }
    return true;
}

bool ic_input_copy(struct ic_input *input, void *out, size_t size_bytes) {
    uint8_t *to = out;
    while (size_bytes > 0) {
        if (ic_input_fill(input, 1) == 0) {
            return false;
        }
        size_t step = input->window_bytes < size_bytes ? input->window_bytes : size_bytes;
        memcpy(to, input->window, step);
        ic_input_use(input, step);
        to += step;
        size_bytes -= step;
    }
    return true;
}

struct ic_input_mark ic_input_mark(const struct ic_input *input) {
    return (struct ic_input_mark){.consumed = input->consumed,
                                  .window = input->window,
                                  .window_bytes = input->window_bytes,
                                  .is_held = input->ended && !input->failed};
}

bool ic_input_can_return(const struct ic_input *input, const struct ic_input_mark *mark) {
    return mark->is_held || input->rewind != NULL;
}

bool ic_input_return(struct ic_input *input, const struct ic_input_mark *mark) {
    if (mark->is_held) {
        input->window = mark->window;
        input->window_bytes = mark->window_bytes;
        input->consumed = mark->consumed;
        return true;
    }
    input->window = input->chunk;
    input->window_bytes = 0;
    input->consumed = 0;
    input->failed = !input->rewind(input->user);
    input->ended = input->failed;
    return !input->failed && ic_input_skip(input, mark->consumed);
}

enum imgcore_status ic_input_end_status(const struct ic_input *input) {
    return input->failed ? IMGCORE_READ_FAILED : IMGCORE_TRUNCATED;
}
