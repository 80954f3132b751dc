/* A source that is a function; for jpeg_files.h. */
#ifndef TESTS_JPEG_STREAM_H
#define TESTS_JPEG_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The same sequence on every machine. */
static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A source that returns up to `step` bytes at a time (0: as many as requested, with `random` set
 * any number up to `step`) and fails at the nth call (0: never). */
struct stream {
    const uint8_t *bytes;
    size_t size_bytes, at, step;
    uint32_t random; /* the state of the generator; 0: none */
    int fail_at_call, calls;
    bool rewinds, fails_to_rewind;
    size_t again_bytes; /* the size when it is read again, 0: the same */
    int rewound;        /* how often */
};

static bool stream_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct stream *stream = user;
    if (++stream->calls == stream->fail_at_call) {
        return false;
    }
    size_t left = stream->size_bytes - stream->at;
    size_t give = size_bytes < left ? size_bytes : left;
    const size_t step = stream->random == 0 || stream->step == 0
                            ? stream->step
                            : 1 + next_random(&stream->random) % stream->step;
    give = step != 0 && give > step ? step : give;
    memcpy(buffer, stream->bytes + stream->at, give);
    stream->at += give;
    *read_bytes = give;
    return true;
}

static bool stream_rewind(void *user) {
    struct stream *stream = user;
    stream->rewound++;
    stream->at = 0;
    stream->size_bytes = stream->again_bytes != 0 ? stream->again_bytes : stream->size_bytes;
    return !stream->fails_to_rewind;
}

#endif
