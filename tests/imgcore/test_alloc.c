/* Every allocation fails in turn: the nth only, and all from the nth on; including those of
 * libjpeg, libspng, zlib and lcms2, since malloc itself is replaced in this program. No failure may
 * crash, leak, or be reported as a success with a different image. Without and with threads; with
 * threads the order of allocations varies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "counted_malloc.h"
#include "imgcore/imgcore.h"
#include "tests/support/icc_profile.h"
#include "tests/support/pictures.h"

struct trial {
    const uint8_t *bytes;
    size_t size;
    bool linear;
    uint32_t threads;
    struct imgcore_output outputs[2];
    enum imgcore_status status;
    uint64_t checksum; /* of the outputs of a success */
};

static uint64_t checksum_of(const struct imgcore_output *outputs, size_t count) {
    uint64_t sum = 1469598103934665603u;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < outputs[i].size_bytes; k++) {
            sum = (sum ^ outputs[i].bytes[k]) * 1099511628211u;
        }
    }
    return sum;
}

/* Creates a context, transforms and destroys it, with allocation `nth` failing (-1: none). */
static void run(struct trial *trial, long nth, bool from_there_on) {
    const struct imgcore_allocator allocator = {hooked_alloc, hooked_free, NULL};
    const struct imgcore_source source = {.bytes = trial->bytes, .size_bytes = trial->size};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.linear = trial->linear;
    options.threads = trial->threads;
    options.keep_copyright = true;
    for (int i = 0; i < 2; i++) {
        imgcore_output_default(&trial->outputs[i]);
        trial->outputs[i].width_px = trial->outputs[i].height_px = 40 - 17 * (uint32_t)i;
        trial->outputs[i].format = i == 0 ? IMGCORE_FORMAT_JPEG : IMGCORE_FORMAT_PNG;
    }
    faults.seen = faults.live = 0;
    faults.countdown = nth < 0 ? LONG_MAX : nth;
    faults.from_there_on = from_there_on;
    faults.armed = true;
    struct imgcore_context *context = NULL;
    trial->status = imgcore_context_create(&allocator, &context);
    if (trial->status == IMGCORE_OK) {
        trial->status = imgcore_transform(context, &source, &options, trial->outputs, 2, NULL);
    }
    trial->checksum = trial->status == IMGCORE_OK ? checksum_of(trial->outputs, 2) : 0;
    for (int i = 0; trial->status != IMGCORE_OK && i < 2; i++) {
        faults.armed = false;
        assert_null(trial->outputs[i].bytes);
        faults.armed = true;
    }
    imgcore_output_clear(context, trial->outputs, 2);
    imgcore_context_destroy(context);
    faults.armed = false;
}

/* Each allocation fails in turn, alone and with all that follow; where TEST_SLOWLY is set
 * (valgrind) only every third, another third in each mode. */
static void fail_each_by(const uint8_t *bytes, size_t size, bool linear, uint32_t threads) {
    struct trial trial = {.bytes = bytes, .size = size, .linear = linear, .threads = threads};
    run(&trial, -1, false); /* libc keeps the memory that it once allocated for a thread */
    run(&trial, -1, false);
    assert_int_equal(trial.status, IMGCORE_OK);
    assert_int_equal(faults.live, 0);
    const long allocations = faults.seen;
    const uint64_t want = trial.checksum;
    const long step = getenv("TEST_SLOWLY") == NULL ? 1 : 3;
    assert_true(allocations > 20);
    for (int mode = 0; mode < 2; mode++) {
        for (long nth = step > 1 ? mode : 0; nth < allocations; nth += step) {
            run(&trial, nth, mode == 1);
            if (faults.live != 0) {
                fail_msg("allocation %ld, mode %d, %u threads: %ld blocks leak", nth, mode, threads,
                         (long)faults.live);
            }
            if (trial.status == IMGCORE_OK ? trial.checksum != want
                                           : trial.status != IMGCORE_NO_MEMORY) {
                fail_msg("allocation %ld, mode %d: %s", nth, mode,
                         trial.status == IMGCORE_OK ? "another picture"
                                                    : imgcore_status_name(trial.status));
            }
        }
    }
}

static void fail_each_in_turn(const uint8_t *bytes, size_t size, bool linear) {
    fail_each_by(bytes, size, linear, 1);
    fail_each_by(bytes, size, linear, 3);
}

static void a_jpeg_survives(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 61,
                                   .height = 47,
                                   .channels = 3,
                                   .h_samp = 2,
                                   .v_samp = 2,
                                   .orientation = 6,
                                   .copyright = "(c) us"};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    fail_each_in_turn(bytes, size, false);
    free(bytes);
}

static void a_jpeg_with_restart_markers_survives(void **state) {
    (void)state;
    const struct jpeg_spec spec = {
        .width = 61, .height = 300, .channels = 3, .h_samp = 2, .v_samp = 2, .restart_rows = 1};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    fail_each_in_turn(bytes, size, false);
    free(bytes);
}

static void a_progressive_jpeg_survives(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 61, .height = 47, .channels = 3, .progressive = true};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    fail_each_in_turn(bytes, size, true);
    free(bytes);
}

static void a_cmyk_jpeg_survives(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 61, .height = 47, .channels = 4, .ycck = true};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    fail_each_in_turn(bytes, size, false);
    free(bytes);
}

static void a_png_with_alpha_survives(void **state) {
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        const struct png_spec spec = {.width = 61,
                                      .height = 47,
                                      .channels = 4,
                                      .interlaced = interlaced != 0,
                                      .orientation = 3};
        size_t size;
        uint8_t *bytes = png_make(&spec, &size);
        fail_each_in_turn(bytes, size, false);
        free(bytes);
    }
}

static void a_profile_survives(void **state) {
    (void)state;
    size_t icc_bytes;
    uint8_t *icc = icc_profile_bytes(icc_profile_grey(1.5), &icc_bytes);
    for (int png = 0; png < 2; png++) {
        const struct jpeg_spec j = {
            .width = 61, .height = 47, .channels = 1, .icc = icc, .icc_bytes = icc_bytes};
        const struct png_spec p = {
            .width = 61, .height = 47, .channels = 2, .icc = icc, .icc_bytes = icc_bytes};
        size_t size;
        uint8_t *bytes = png ? png_make(&p, &size) : jpeg_make(&j, &size);
        fail_each_in_turn(bytes, size, false);
        fail_each_in_turn(bytes, size, true);
        free(bytes);
    }
    free(icc);
}

/* A grey profile whose curve falls: cheap, which conversions of RGB are not. */
static uint8_t *falling_profile(size_t *size_bytes) {
    static const cmsUInt16Number falling[3] = {65535, 20000, 0};
    cmsToneCurve *curve = cmsBuildTabulatedToneCurve16(NULL, 3, falling);
    cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return icc_profile_bytes(profile, size_bytes);
}

/* Rows become sRGB before they are resized: inks, and shades without a usable curve. */
static void rows_that_are_converted_survive(void **state) {
    (void)state;
    size_t icc_bytes;
    uint8_t *icc = falling_profile(&icc_bytes);
    const struct jpeg_spec j = {.width = 61, .height = 47, .channels = 4};
    const struct png_spec p = {
        .width = 61, .height = 47, .channels = 2, .icc = icc, .icc_bytes = icc_bytes};
    for (int png = 0; png < 2; png++) {
        size_t size;
        uint8_t *bytes = png ? png_make(&p, &size) : jpeg_make(&j, &size);
        fail_each_in_turn(bytes, size, true);
        free(bytes);
    }
    free(icc);
}

/* A profile is made of the gamma. */
static void a_stated_gamma_survives(void **state) {
    (void)state;
    static const uint8_t gamma[16] = {0, 0, 0, 4, 'g', 'A', 'M', 'A', 0, 1, 0x86, 0xa0};
    enum { HEAD_BYTES = 33 };
    for (int channels = 1; channels <= 3; channels += 2) {
        const struct png_spec spec = {.width = 61, .height = 47, .channels = channels};
        size_t size;
        uint8_t *plain = png_make(&spec, &size);
        uint8_t *bytes = malloc(size + sizeof(gamma));
        assert_non_null(bytes);
        memcpy(bytes, plain, HEAD_BYTES);
        memcpy(bytes + HEAD_BYTES, gamma, sizeof(gamma));
        const uint32_t crc = (uint32_t)crc32(0, gamma + 4, 8);
        for (int i = 0; i < 4; i++) {
            bytes[HEAD_BYTES + 12 + i] = (uint8_t)(crc >> (24 - 8 * i));
        }
        memcpy(bytes + HEAD_BYTES + sizeof(gamma), plain + HEAD_BYTES, size - HEAD_BYTES);
        fail_each_by(bytes, size + sizeof(gamma), channels == 1, channels == 1 ? 3 : 1);
        free(plain);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jpeg_survives),
        cmocka_unit_test(a_jpeg_with_restart_markers_survives),
        cmocka_unit_test(a_progressive_jpeg_survives),
        cmocka_unit_test(a_cmyk_jpeg_survives),
        cmocka_unit_test(a_png_with_alpha_survives),
        cmocka_unit_test(a_profile_survives),
        cmocka_unit_test(rows_that_are_converted_survive),
        cmocka_unit_test(a_stated_gamma_survives),
    };
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
