/* PNG: the fast reader, libspng alone, a source in pieces, a source that fails and libpng agree
 * about an input: the same status and the same pixels, but for the differences named below.
 *
 * The last byte of the input chooses: bit 0 corrects the checksums of complete chunks first, so
 * that changed contents are reached; bit 1 tolerates damage; bit 2 also interrupts the call, by a
 * budget or a cancellation. Then the size of the pieces and the call that fails. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/fuzz_codec.h"
#include "fuzz/support/fuzz_libpng.h"
#include "imgcore/base/bytes.h"
#include "imgcore/kernels/kernels.h"

#include <string.h>
#include <zlib.h>

struct choices {
    bool corrects_checksums, tolerant;
    size_t step_bytes;
    uint32_t fail_at_call;
};

static void correct_checksums(uint8_t *file, size_t size_bytes) {
    for (size_t at = 8; at + 12 <= size_bytes;) {
        const size_t length = ic_u32be(file + at);
        if (length > size_bytes - at - 12)
            return;
        ic_put_u32be(file + at + 8 + length, (uint32_t)crc32_z(0, file + at + 4, length + 4));
        at += length + 12;
    }
}

/* igzip accepts an incomplete set of Huffman codes as long as no unused one occurs; zlib does not
 * (imgcore/codec/png_fast.c). Shown by fuzz/seeds/png_read/incomplete-set-of-codes. */
static bool is_known_to_igzip_only(const struct fuzz_decoded *fast,
                                   const struct fuzz_decoded *general) {
    return fast->status == IMGCORE_OK && general->status == IMGCORE_CORRUPT &&
           !strcmp(general->error.detail, "the compressed data is damaged");
}

/* Returns whether libspng alone gives the same, and libpng should. */
static bool check_general(const uint8_t *data, size_t size_bytes, const struct fuzz_decoded *fast) {
    const struct fuzz_decode_setup setup = {.kernels = NULL};
    struct fuzz_decoded general = fuzz_decode(data, size_bytes, &setup);
    const bool is_same = !is_known_to_igzip_only(fast, &general);
    if (is_same) {
        FUZZ_CHECK(fast->status == general.status &&
                       !strcmp(fast->error.detail, general.error.detail),
                   "fast %s (%s), general %s (%s)", imgcore_status_name(fast->status),
                   fast->error.detail, imgcore_status_name(general.status), general.error.detail);
        if (fast->status == IMGCORE_OK)
            fuzz_check_same_rows(fast, &general, "fast and general");
    }
    fuzz_decoded_clear(&general);
    return is_same;
}

/* igzip refuses data behind the last row together with the row. With the file in memory libspng
 * decides, and reads no further than the row. Shown by
 * fuzz/crashers/png_read/damage-behind-the-last-row-in-pieces. */
static bool is_damaged_behind(const struct fuzz_decoded *whole,
                              const struct fuzz_decoded *streamed) {
    return whole->status == IMGCORE_OK && streamed->status == IMGCORE_CORRUPT &&
           !strcmp(streamed->error.detail, "the compressed data is damaged");
}

/* Nor does a streamed source show the same fault behind the last row, or any. Shown by
 * fuzz/seeds/png_read/damage-behind-the-last-row and end-behind-the-last-row. */
static bool is_checked_in_memory_only(const struct fuzz_decoded *whole) {
    return whole->failed_in_finish;
}

/* In front of a cut zlib gives rows that igzip does not give yet: a bad row is a second fault then.
 * Shown by fuzz/crashers/png_read/bad-filter-before-the-cut. */
static bool is_bad_before_cut(const struct fuzz_decoded *whole,
                              const struct fuzz_decoded *streamed) {
    return whole->status == IMGCORE_CORRUPT && streamed->status == IMGCORE_TRUNCATED;
}

/* Nor does zlib, which gives the row first, see damage between it and a cut, or an end. Shown by
 * fuzz/crashers/png_read/damage-before-the-cut and end-before-the-cut. */
static bool is_damaged_before_cut(const struct fuzz_decoded *whole,
                                  const struct fuzz_decoded *streamed) {
    return whole->status == IMGCORE_TRUNCATED && streamed->status == IMGCORE_CORRUPT &&
           (!strcmp(streamed->error.detail, "the compressed data is damaged") ||
            !strcmp(streamed->error.detail, "the compressed data ends before the picture does"));
}

/* The streamed source gives the same, but for the four above: a source that cannot be read again
 * is not read by libspng (imgcore/codec/png_read.c). Tolerant readers end where the first fault is
 * seen, which depends on the pieces. */
static void check_streamed(const uint8_t *data, size_t size_bytes,
                           const struct fuzz_decode_setup *setup, const struct fuzz_decoded *whole,
                           const struct choices *choices) {
    struct fuzz_stream stream = {.step_bytes = choices->step_bytes};
    struct fuzz_decode_setup streamed_setup = *setup;
    streamed_setup.stream = &stream;
    struct fuzz_decoded streamed = fuzz_decode(data, size_bytes, &streamed_setup);
    if (!setup->tolerant && !is_damaged_behind(whole, &streamed) &&
        !is_checked_in_memory_only(whole) && !is_bad_before_cut(whole, &streamed) &&
        !is_damaged_before_cut(whole, &streamed)) {
        FUZZ_CHECK(whole->status == streamed.status, "whole %s (%s), streamed %s (%s)",
                   imgcore_status_name(whole->status), whole->error.detail,
                   imgcore_status_name(streamed.status), streamed.error.detail);
        if (whole->status == IMGCORE_OK)
            fuzz_check_same_rows(whole, &streamed, "whole and streamed");
    }
    fuzz_decoded_clear(&streamed);
}

static void check_failing(const uint8_t *data, size_t size_bytes,
                          const struct fuzz_decode_setup *setup, const struct choices *choices) {
    struct fuzz_stream stream = {.step_bytes = choices->step_bytes,
                                 .fail_at_call = choices->fail_at_call};
    struct fuzz_decode_setup failing_setup = *setup;
    failing_setup.stream = &stream;
    struct fuzz_decoded failing = fuzz_decode(data, size_bytes, &failing_setup);
    if (stream.has_failed && !setup->tolerant)
        FUZZ_CHECK(failing.status == IMGCORE_READ_FAILED, "%s (%s) after a failed read",
                   imgcore_status_name(failing.status), failing.error.detail);
    fuzz_decoded_clear(&failing);
}

static void check_same_as_libpng(const struct fuzz_decoded *fast,
                                 const struct fuzz_libpng *reference) {
    const struct ic_plane_layout *plane = &fast->layout.plane[0];
    FUZZ_CHECK(reference->width_px == plane->width && reference->height_px == plane->height &&
                   reference->channels == plane->channels,
               "libpng: %u x %u x %d", reference->width_px, reference->height_px,
               reference->channels);
    FUZZ_CHECK(!memcmp(reference->pixels, fast->plane[0],
                       (size_t)plane->width * plane->height * (size_t)plane->channels),
               "the pixels of libpng differ");
}

static void check_libpng(const uint8_t *data, size_t size_bytes, const struct fuzz_decoded *fast) {
    struct fuzz_libpng reference = fuzz_libpng_read(data, size_bytes, FUZZ_MAX_PIXELS);
    if (fast->status == IMGCORE_OK) {
        FUZZ_CHECK(reference.is_read || fuzz_libpng_is_stricter(reference.fault),
                   "libpng refuses: %s", reference.fault);
        check_same_as_libpng(fast, &reference);
    } else if (reference.is_read) {
        FUZZ_CHECK(fuzz_libpng_is_laxer(fast->status, fast->error.detail),
                   "libpng accepts (\"%s\"), the reader %s (%s)", reference.warning,
                   imgcore_status_name(fast->status), fast->error.detail);
    }
    fuzz_libpng_clear(&reference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static struct ic_kernels kernels;
    if (!kernels.target)
        ic_target_kernels(ic_target_choose(NULL), &kernels);
    struct fuzz_input input = {data, size_bytes};
    const uint8_t flags = fuzz_take_u8(&input);
    const struct choices choices = {.corrects_checksums = flags & 1,
                                    .tolerant = flags & 2,
                                    .step_bytes = fuzz_take_u8(&input),
                                    .fail_at_call = fuzz_take_range(&input, 1, 64)};
    uint8_t *file = fuzz_alloc(input.size_bytes);
    if (input.size_bytes)
        memcpy(file, input.data, input.size_bytes);
    if (input.size_bytes < 8 || memcmp(file, "\x89PNG\r\n\x1a\n", 8)) {
        free(file);
        return 0;
    }
    if (choices.corrects_checksums)
        correct_checksums(file, input.size_bytes);
    const struct fuzz_decode_setup setup = {.kernels = &kernels, .tolerant = choices.tolerant};
    struct fuzz_decoded fast = fuzz_decode(file, input.size_bytes, &setup);
    if (flags & 4)
        fuzz_check_interrupted_decode(file, input.size_bytes, &setup, &fast, choices.step_bytes,
                                      choices.fail_at_call);
    check_streamed(file, input.size_bytes, &setup, &fast, &choices);
    check_failing(file, input.size_bytes, &setup, &choices);
    if (!choices.tolerant && check_general(file, input.size_bytes, &fast))
        check_libpng(file, input.size_bytes, &fast);
    fuzz_decoded_clear(&fast);
    free(file);
    return 0;
}
