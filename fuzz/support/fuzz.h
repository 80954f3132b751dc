/* What every fuzz target shares: a check that crashes, and choices taken from the input.
 *
 * A target defines LLVMFuzzerTestOneInput. It reads no file, opens no socket, reads no clock, and
 * gives the same result for the same input. It checks properties by FUZZ_CHECK: that nothing
 * crashes is not enough. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry point, and that of OSS-Fuzz, AFL++ and fuzz/support/replay.c. Always returns 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* Crashes unless `condition` holds; `...` is a printf format and its values: what was broken. */
#define FUZZ_CHECK(condition, ...)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: FUZZ_CHECK(%s): ", __FILE__, __LINE__, #condition);            \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* An input in two parts: a file or text in front, and choices taken byte by byte from its end, so
 * that a seed stays a valid file whatever follows it. Copy it freely. */
struct fuzz_input {
    const uint8_t *data;
    size_t size_bytes; /* not yet taken */
};

/* All of these give 0 (or `low`, false, nothing) once the input is used up. */
static inline uint8_t fuzz_take_u8(struct fuzz_input *input) {
    return input->size_bytes ? input->data[--input->size_bytes] : 0;
}

static inline uint32_t fuzz_take_u32(struct fuzz_input *input) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | fuzz_take_u8(input);
    return value;
}

static inline uint64_t fuzz_take_u64(struct fuzz_input *input) {
    const uint64_t high = fuzz_take_u32(input);
    return high << 32 | fuzz_take_u32(input);
}

static inline bool fuzz_take_bool(struct fuzz_input *input) {
    return fuzz_take_u8(input) & 1;
}

/* Any eight bytes: infinities and numbers that are none as well. */
double fuzz_take_double(struct fuzz_input *input);

/* Takes a number from low to high, both included; one byte of input where the range has at most 256
 * values, else four. low <= high. */
uint32_t fuzz_take_range(struct fuzz_input *input, uint32_t low, uint32_t high);

/* Takes up to size_bytes bytes from the FRONT of what is left. Returns where they begin;
 * *size_bytes becomes how many there are. Not terminated, never NULL. */
const uint8_t *fuzz_take_front(struct fuzz_input *input, size_t *size_bytes);

/* Takes from the front up to the next `end` byte, which is taken as well, or to the end of the
 * input. Returns a terminated copy without that byte; NUL bytes inside stay. *size_bytes (may be
 * NULL) is its length. Ends the program if memory is short. free() it. */
char *fuzz_take_line(struct fuzz_input *input, char end, size_t *size_bytes);

/* Returns a terminated copy of everything left, of size input->size_bytes before the call. free()
 * it. */
char *fuzz_take_rest(struct fuzz_input *input, size_t *size_bytes);

/* malloc that ends the program instead of returning NULL. */
void *fuzz_alloc(size_t size_bytes);

#endif
