/* JPEG: libjpeg-turbo's reader and the own one, on one thread, on several, from a source in pieces
 * and from one that fails agree about an input; what libjpeg-turbo reads without a warning is read
 * as the same samples.
 *
 * From the end of the input: the scale, then bit 0 planes, bit 1 tolerance, bit 2 an interrupted
 * call, bit 3 no rewind for the own reader and bits 4 to 7 its target, the size of the pieces, the
 * call that fails. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/fuzz_codec.h"
#include "fuzz/support/fuzz_libjpeg.h"
#include "imgcore/base/thread_pool.h"

#include <string.h>

struct file {
    const uint8_t *data;
    size_t size_bytes;
};

/* libjpeg looks up codes that do not exist without a warning as long as the data of a whole row of
 * blocks is at hand, so only a source in pieces may report them. Shown by the seed bad_code. */
static bool shows_code(const struct fuzz_decoded *streamed) {
    return streamed->status == IMGCORE_CORRUPT &&
           strstr(streamed->error.detail, "a code that does not exist");
}

/* Fill bytes before a stuffed zero. libjpeg's fast path takes them for a marker and decodes the MCU
 * again without them, but leaves the coefficients of its first attempt; it is not used for a source
 * in pieces. Shown by fuzz/crashers/jpeg_read/fill-bytes-before-a-stuffed-zero. */
static bool has_filled_zero(const struct file *file) {
    return memmem(file->data, file->size_bytes, "\xff\xff\0", 3) != NULL;
}

static void check_streamed(const struct file *file, const struct fuzz_decode_setup *setup,
                           const struct fuzz_decoded *whole, struct fuzz_stream stream) {
    struct fuzz_decode_setup streamed_setup = *setup;
    streamed_setup.stream = &stream;
    struct fuzz_decoded streamed = fuzz_decode(file->data, file->size_bytes, &streamed_setup);
    if (!shows_code(&streamed)) {
        FUZZ_CHECK(whole->status == streamed.status, "whole %s (%s), streamed %s (%s)",
                   imgcore_status_name(whole->status), whole->error.detail,
                   imgcore_status_name(streamed.status), streamed.error.detail);
        if (whole->status == IMGCORE_OK && !has_filled_zero(file))
            fuzz_check_same_rows(whole, &streamed, "whole and streamed");
    }
    fuzz_decoded_clear(&streamed);
}

/* Whether a fault of the file may come before the failed read: the fault of the whole file, a code
 * as above, or, if the whole file has too many scans, one in the scans that had arrived. The last
 * is shown by fuzz/seeds/jpeg_read/scans-over-the-limit-in-pieces. */
static bool may_precede(const struct fuzz_decoded *whole, const struct fuzz_decoded *failing) {
    return failing->status == whole->status || shows_code(failing) ||
           (whole->status == IMGCORE_TOO_LARGE && failing->status == IMGCORE_CORRUPT);
}

static void check_failing(const struct file *file, const struct fuzz_decode_setup *setup,
                          const struct fuzz_decoded *whole, struct fuzz_stream stream) {
    struct fuzz_decode_setup failing_setup = *setup;
    failing_setup.stream = &stream;
    struct fuzz_decoded failing = fuzz_decode(file->data, file->size_bytes, &failing_setup);
    if (stream.has_failed && failing.status == IMGCORE_OK && whole->status == IMGCORE_OK)
        fuzz_check_same_rows(whole, &failing, "whole and failed after the image");
    else if (stream.has_failed)
        FUZZ_CHECK(failing.status == IMGCORE_READ_FAILED || may_precede(whole, &failing),
                   "%s (%s) after a failed read, whole %s", imgcore_status_name(failing.status),
                   failing.error.detail, imgcore_status_name(whole->status));
    fuzz_decoded_clear(&failing);
}

static void check_threads(const struct file *file, const struct fuzz_decode_setup *setup,
                          const struct ic_kernels *kernels, const struct fuzz_decoded *single) {
    static struct ic_thread_pool pool; /* its threads sleep between the inputs */
    ic_thread_pool_resize(&pool, 3);
    struct fuzz_decode_setup threads_setup = *setup;
    threads_setup.pool = &pool;
    threads_setup.kernels = kernels; /* restart segments are decoded by the own reader */
    struct fuzz_decoded threads = fuzz_decode(file->data, file->size_bytes, &threads_setup);
    FUZZ_CHECK(single->status == threads.status &&
                   !strcmp(single->error.detail, threads.error.detail),
               "one thread %s (%s), several %s (%s)", imgcore_status_name(single->status),
               single->error.detail, imgcore_status_name(threads.status), threads.error.detail);
    if (single->status == IMGCORE_OK)
        fuzz_check_same_rows(single, &threads, "one thread and several");
    fuzz_decoded_clear(&threads);
}

/* The own reader gives what libjpeg gives, or leaves the file to it; also from a source in pieces
 * of any size, that can be read again or not, and that fails in either reading. */
static void check_own(const struct file *file, const struct fuzz_decode_setup *setup,
                      const struct ic_kernels *kernels, const struct fuzz_decoded *library,
                      struct fuzz_stream stream) {
    struct fuzz_decode_setup own_setup = *setup;
    own_setup.kernels = kernels;
    struct fuzz_decoded own = fuzz_decode(file->data, file->size_bytes, &own_setup);
    FUZZ_CHECK(library->status == own.status && !strcmp(library->error.detail, own.error.detail),
               "libjpeg %s (%s), own reader on %s %s (%s)", imgcore_status_name(library->status),
               library->error.detail, kernels->target, imgcore_status_name(own.status),
               own.error.detail);
    if (library->status == IMGCORE_OK)
        fuzz_check_same_rows(library, &own, "libjpeg and the own reader");
    fuzz_decoded_clear(&own);
    check_failing(file, &own_setup, library, stream);
    stream.fail_at_call = 0;
    check_streamed(file, &own_setup, library, stream);
}

static void check_same_as_libjpeg(const struct fuzz_decoded *whole,
                                  const struct fuzz_libjpeg *reference) {
    FUZZ_CHECK(whole->layout.planes == reference->planes, "libjpeg has %d planes",
               reference->planes);
    for (int p = 0; p < reference->planes; p++) {
        const struct ic_plane_layout *plane = &whole->layout.plane[p];
        FUZZ_CHECK(plane->width == reference->width[p] && plane->height == reference->height[p] &&
                       plane->channels == reference->channels,
                   "plane %d: %u x %u, libjpeg %u x %u", p, plane->width, plane->height,
                   reference->width[p], reference->height[p]);
        FUZZ_CHECK(!memcmp(whole->plane[p], reference->plane[p],
                           (size_t)plane->width * plane->height * (size_t)plane->channels),
                   "plane %d is not that of libjpeg", p);
    }
}

/* Refusals of files that libjpeg reads without a warning: numbers of components that have no
 * colours (the seed two_components); planes of other colours (the seed rgb_planes); a component
 * of which no scan has data, where libjpeg shows zeros (the seed missing_component). */
static bool may_refuse(const struct fuzz_decode_setup *setup, const struct fuzz_decoded *whole) {
    const enum ic_color color = whole->header.color;
    const bool has_planes = color == IC_COLOR_YCBCR || color == IC_COLOR_GREY;
    return (whole->status == IMGCORE_UNSUPPORTED &&
            strstr(whole->error.detail, "components is not supported")) ||
           (whole->status == IMGCORE_INVALID_ARGUMENT && setup->planes && !has_planes) ||
           (whole->status == IMGCORE_CORRUPT && strstr(whole->error.detail, "has no picture data"));
}

static void check_libjpeg(const struct file *file, const struct fuzz_decode_setup *setup,
                          const struct fuzz_decoded *whole) {
    const struct fuzz_libjpeg_setup reference_setup = {.planes = setup->planes,
                                                       .scale_denom = setup->scale_denom,
                                                       .stops_at_warning =
                                                           whole->status != IMGCORE_OK,
                                                       .max_pixels = FUZZ_MAX_PIXELS,
                                                       .max_scans = (int)FUZZ_MAX_SCANS};
    struct fuzz_libjpeg reference =
        fuzz_libjpeg_read(file->data, file->size_bytes, &reference_setup);
    if (whole->status == IMGCORE_OK) {
        FUZZ_CHECK(reference.is_read, "libjpeg refuses");
        check_same_as_libjpeg(whole, &reference);
    } else {
        FUZZ_CHECK(!reference.is_read || may_refuse(setup, whole),
                   "libjpeg reads it without a warning: %s (%s)",
                   imgcore_status_name(whole->status), whole->error.detail);
    }
    fuzz_libjpeg_clear(&reference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const int scale_denom = 1 << fuzz_take_range(&input, 0, 3);
    const uint8_t flags = fuzz_take_u8(&input);
    const size_t step_bytes = fuzz_take_u8(&input);
    const uint32_t fail_at_call = fuzz_take_range(&input, 1, 64);
    const struct file file = {input.data, input.size_bytes};
    if (file.size_bytes < 3 || memcmp(file.data, "\xff\xd8\xff", 3))
        return 0;
    const struct fuzz_decode_setup setup = {
        .planes = flags & 1, .tolerant = flags & 2, .scale_denom = scale_denom};
    struct fuzz_decoded whole = fuzz_decode(file.data, file.size_bytes, &setup);
    if (flags & 4)
        fuzz_check_interrupted_decode(file.data, file.size_bytes, &setup, &whole, step_bytes,
                                      fail_at_call);
    const struct fuzz_stream pieces = {.step_bytes = step_bytes};
    const struct fuzz_stream failing = {.step_bytes = step_bytes, .fail_at_call = fail_at_call};
    check_streamed(&file, &setup, &whole, pieces);
    check_failing(&file, &setup, &whole, failing);
    const size_t target = (size_t)(flags >> 4) % ic_target_count();
    struct ic_kernels kernels;
    ic_target_kernels(ic_target_usable(target) ? target : ic_target_choose(NULL), &kernels);
    kernels.reads_jpeg = true; /* the reference, too */
    check_threads(&file, &setup, &kernels, &whole);
    if (setup.planes) {
        struct fuzz_stream own = failing;
        own.random = fail_at_call;
        own.rewinds = !(flags & 8);
        check_own(&file, &setup, &kernels, &whole, own);
    }
    if (!setup.tolerant)
        check_libjpeg(&file, &setup, &whole);
    fuzz_decoded_clear(&whole);
    return 0;
}
