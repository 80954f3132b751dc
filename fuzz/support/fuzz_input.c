#include "fuzz/support/fuzz.h"

#include <string.h>

double fuzz_take_double(struct fuzz_input *input) {
    const uint64_t bits = fuzz_take_u64(input);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint32_t fuzz_take_range(struct fuzz_input *input, uint32_t low, uint32_t high) {
    const uint32_t span = high - low; /* number of values - 1 */
    if (span == UINT32_MAX)
        return fuzz_take_u32(input);
    const uint32_t value = span <= UINT8_MAX ? fuzz_take_u8(input) : fuzz_take_u32(input);
    return low + value % (span + 1);
}

const uint8_t *fuzz_take_front(struct fuzz_input *input, size_t *size_bytes) {
    static const uint8_t nothing[1];
    const uint8_t *front = input->data;
    if (*size_bytes > input->size_bytes)
        *size_bytes = input->size_bytes;
    if (*size_bytes == 0)
        return nothing;
    input->data += *size_bytes;
    input->size_bytes -= *size_bytes;
    return front;
}

static char *copy_terminated(const uint8_t *bytes, size_t size_bytes) {
    char *copy = fuzz_alloc(size_bytes + 1);
    if (size_bytes)
        memcpy(copy, bytes, size_bytes);
    copy[size_bytes] = '\0';
    return copy;
}

char *fuzz_take_line(struct fuzz_input *input, char end, size_t *size_bytes) {
    const uint8_t *found = input->size_bytes ? memchr(input->data, end, input->size_bytes) : NULL;
    size_t length_bytes = found ? (size_t)(found - input->data) : input->size_bytes;
    size_t taken_bytes = length_bytes + (found ? 1 : 0);
    const uint8_t *front = fuzz_take_front(input, &taken_bytes);
    if (size_bytes)
        *size_bytes = length_bytes;
    return copy_terminated(front, length_bytes);
}

char *fuzz_take_rest(struct fuzz_input *input, size_t *size_bytes) {
    size_t rest_bytes = input->size_bytes;
    const uint8_t *rest = fuzz_take_front(input, &rest_bytes);
    if (size_bytes)
        *size_bytes = rest_bytes;
    return copy_terminated(rest, rest_bytes);
}

void *fuzz_alloc(size_t size_bytes) {
    void *block = malloc(size_bytes ? size_bytes : 1);
    if (!block) {
        fputs("fuzz: no memory\n", stderr);
        exit(1);
    }
    return block;
}
