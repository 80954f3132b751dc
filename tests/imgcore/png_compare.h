/* Runs the fast PNG reader and libspng alone, for the tests of files on which they must agree. */
#ifndef PNG_COMPARE_H
#define PNG_COMPARE_H

#include "png_support.h"

static const struct decode_setup fast = {.tolerant = false}, general = {.libspng_alone = true};

/* Corrects the checksums of complete chunks. */
static inline void mend_checksums(struct bytes *file) {
    for (size_t at = 8; at + 12 <= file->size;) {
        const size_t length = ic_u32be(file->data + at);
        if (length > file->size - at - 12) {
            return;
        }
        ic_put_u32be(file->data + at + 8 + length,
                     (uint32_t)crc32_z(0, file->data + at + 4, length + 4));
        at += length + 12;
    }
}

/* Whether both readers return the same status, sentence and pixels for a file in memory. */
static inline void assert_same(const struct bytes *file) {
    struct decoded a, b;
    decode_file(file, &fast, &a);
    decode_file(file, &general, &b);
    assert_false(b.began_fast);
    assert_int_equal(a.status, b.status);
    assert_string_equal(a.error.detail, b.error.detail);
    if (a.status == IMGCORE_OK) {
        assert_memory_equal(a.pixels, b.pixels,
                            (size_t)a.header.width_px * a.header.height_px * (size_t)a.channels);
    }
    decoded_clear(&a);
    decoded_clear(&b);
}

/* The same for a source that returns `step` bytes at a time and cannot be read again. */
static inline bool same_when_streamed(const struct bytes *file, size_t step) {
    struct decoded a, b;
    struct trickle t = {.data = file->data, .size = file->size, .step = step};
    struct imgcore_source source = {.read = read_trickle, .user = &t};
    decode_source(&source, &fast, &a);
    decode_file(file, &general, &b);
    bool same = a.status == b.status;
    if (same && a.status == IMGCORE_OK) {
        assert_memory_equal(a.pixels, b.pixels,
                            (size_t)a.header.width_px * a.header.height_px * (size_t)a.channels);
    }
    decoded_clear(&a);
    decoded_clear(&b);
    return same;
}

#endif
