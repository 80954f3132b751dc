/* imgcore_resize against the exact resize: every channel count, filter and target; alpha, linear
 * light, boxes, strides; and the cases in which nothing may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/imgcore.h"
#include "tests/support/exact.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

enum content { NOISE, PHOTO, EDGES, CONTENTS };

/* Noise is the worst case of rounding, smooth waves with grain resemble photographs, hard edges
 * make filters overshoot and clamp. */
static void fill(uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                 enum content content, uint64_t *seed) {
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            for (int c = 0; c < channels; c++) {
                double v = 0.0;
                if (content == NOISE) {
                    v = random_between(seed, 0, 255);
                } else if (content == PHOTO) {
                    v = 128.0 + 90.0 * sin(x * 0.05 + c) * cos(y * 0.04 - c) +
                        random_between(seed, 0, 12);
                } else {
                    v = ((x / 7 + y / 5 + (uint32_t)c) % 2) * 255.0;
                }
                *pixels++ = (uint8_t)v;
            }
        }
    }
}

struct job {
    struct exact_spec spec;
    enum content content;
    uint32_t bands; /* if not 0, up to this many rows are opaque, up to this many are not, ... */
};

static void make_opaque(uint8_t *row, uint32_t width, int channels) {
    for (size_t x = 0; x < width; x++) {
        row[x * (size_t)channels + (size_t)channels - 1] = 255;
    }
}

static void make_bands(uint8_t *pixels, const struct job *job, uint64_t *seed) {
    const struct exact_spec *spec = &job->spec;
    bool opaque = random_between(seed, 0, 1) == 1;
    for (uint32_t y = 0; y < spec->source_height; opaque = !opaque) {
        uint32_t rows = random_between(seed, 1, job->bands);
        for (; rows > 0 && y < spec->source_height; rows--, y++) {
            if (opaque) {
                make_opaque(pixels + (size_t)y * spec->source_width * (size_t)spec->channels,
                            spec->source_width, spec->channels);
            }
        }
    }
}

/* Resizes with one target; the result is packed and free()d by the caller. */
static uint8_t *resize(struct imgcore_context *context, const struct exact_spec *spec,
                       const uint8_t *source) {
    struct imgcore_resize_options options;
    imgcore_resize_options_default(&options);
    options.channels = spec->channels;
    options.alpha = spec->alpha ? IMGCORE_ALPHA_STRAIGHT : IMGCORE_ALPHA_NONE;
    options.linear = spec->linear;
    options.filter = spec->filter;
    options.box_left_px = spec->left;
    options.box_top_px = spec->top;
    options.box_width_px = spec->width;
    options.box_height_px = spec->height;
    const ptrdiff_t channels = spec->channels;
    uint8_t *target = malloc((size_t)spec->target_width * spec->target_height * (size_t)channels);
    assert_non_null(target);
    struct imgcore_error error;
    enum imgcore_status status = imgcore_resize(
        context, source, spec->source_width, spec->source_height,
        (ptrdiff_t)spec->source_width * channels, target, spec->target_width, spec->target_height,
        (ptrdiff_t)spec->target_width * channels, &options, &error);
    if (status != IMGCORE_OK) {
        fail_msg("%s: %s", imgcore_status_name(status), error.detail);
    }
    return target;
}

/* Every usable target must give the result of plain C, which must be close to the exact result. */
static void check_job(const struct job *job, uint64_t *seed, double least_psnr) {
    const struct exact_spec *spec = &job->spec;
    const size_t source_bytes =
        (size_t)spec->source_width * spec->source_height * (size_t)spec->channels;
    const size_t n = (size_t)spec->target_width * spec->target_height * (size_t)spec->channels;
    uint8_t *source = malloc(source_bytes);
    assert_non_null(source);
    fill(source, spec->source_width, spec->source_height, spec->channels, job->content, seed);
    if (job->bands > 0) {
        make_bands(source, job, seed);
    }
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    assert_int_equal(imgcore_context_use_target(context, "ref"), IMGCORE_OK);
    uint8_t *reference = resize(context, spec, source);
    double *exact = exact_resize(spec, source);
    const double worst = exact_worst(exact, reference, n), psnr = exact_psnr(exact, reference, n);
    if (worst > 1.0 || psnr < least_psnr) {
        fail_msg("%ux%u to %ux%u, %d channels, alpha %d, linear %d, filter %d, content %d: worst "
                 "%.3f, %.2f dB",
                 spec->source_width, spec->source_height, spec->target_width, spec->target_height,
                 spec->channels, spec->alpha, spec->linear, (int)spec->filter, (int)job->content,
                 worst, psnr);
    }
    for (size_t t = 0; t < imgcore_target_count(); t++) {
        if (imgcore_target_usable(t)) {
            const char *name = imgcore_target_name(t);
            assert_int_equal(imgcore_context_use_target(context, name), IMGCORE_OK);
            uint8_t *result = resize(context, spec, source);
            if (memcmp(result, reference, n) != 0) {
                fail_msg("%s differs from ref: %ux%u to %ux%u, %d channels, alpha %d", name,
                         spec->source_width, spec->source_height, spec->target_width,
                         spec->target_height, spec->channels, spec->alpha);
            }
            free(result);
        }
    }
    imgcore_context_destroy(context);
    free(exact);
    free(reference);
    free(source);
}

static struct job whole(uint32_t sw, uint32_t sh, uint32_t tw, uint32_t th, int channels,
                        bool alpha) {
    struct job job;
    memset(&job, 0, sizeof(job));
    job.spec.source_width = sw;
    job.spec.source_height = sh;
    job.spec.target_width = tw;
    job.spec.target_height = th;
    job.spec.channels = channels;
    job.spec.alpha = alpha;
    job.spec.width = sw;
    job.spec.height = sh;
    return job;
}

/* The accuracy goal of the library: 58.8 dB, nearly the 58.92 that rounding to 8 bits leaves.
 * Images with many clamped pixels have more. */
static void lanczos3_is_exact_from_7x_reduction_to_3x_enlargement(void **state) {
    (void)state;
    static const uint32_t sizes[][4] = {
        {701, 353, 100, 50}, {400, 301, 133, 77}, {300, 200, 299, 199}, {211, 97, 211, 60},
        {97, 211, 60, 211},  {101, 67, 202, 201}, {64, 48, 192, 144},   {333, 41, 48, 123}};
    uint64_t seed = 10;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (int channels = 1; channels <= 4; channels++) {
            for (int alpha = 0; alpha <= (channels % 2 == 0); alpha++) {
                for (int content = 0; content < test_part(CONTENTS, CONTENTS); content++) {
                    struct job job = whole(sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3],
                                           channels, alpha != 0);
                    job.content = (enum content)content;
                    check_job(&job, &seed, 58.8);
                }
            }
        }
    }
}

static void every_filter_is_exact(void **state) {
    (void)state;
    uint64_t seed = 11;
    for (int filter = IMGCORE_FILTER_LANCZOS3; filter <= IMGCORE_FILTER_BOX; filter++) {
        for (int grow = 0; grow < 2; grow++) {
            struct job job =
                grow ? whole(53, 47, 131, 99, 3, false) : whole(311, 207, 70, 61, 3, false);
            job.spec.filter = (enum imgcore_filter)filter;
            check_job(&job, &seed, 58.7);
            job.spec.channels = 4;
            job.spec.alpha = true;
            check_job(&job, &seed, 58.7);
        }
    }
}

static void random_sizes_and_boxes_are_exact(void **state) {
    (void)state;
    uint64_t seed = 12;
    for (int round = 0; round < test_part(150, 5); round++) {
        struct job job = whole(random_between(&seed, 1, 120), random_between(&seed, 1, 120),
                               random_between(&seed, 1, 90), random_between(&seed, 1, 90),
                               (int)random_between(&seed, 1, 4), false);
        job.spec.alpha = job.spec.channels % 2 == 0 && random_between(&seed, 0, 1) == 1;
        job.spec.filter = (enum imgcore_filter)random_between(&seed, 0, 4);
        job.content = (enum content)random_between(&seed, 0, 2);
        if (random_between(&seed, 0, 1) == 1) {
            job.spec.left = job.spec.source_width * (random_between(&seed, 0, 500) / 1000.0);
            job.spec.top = job.spec.source_height * (random_between(&seed, 0, 500) / 1000.0);
            job.spec.width = (job.spec.source_width - job.spec.left) *
                             (random_between(&seed, 100, 1000) / 1000.0);
            job.spec.height = (job.spec.source_height - job.spec.top) *
                              (random_between(&seed, 100, 1000) / 1000.0);
        }
        check_job(&job, &seed, 0.0);
    }
}

/* The box filter has steps: which samples it counts changes at once where its edge crosses their
 * centres. */
static void the_box_filter_is_exact_for_fractional_boxes(void **state) {
    (void)state;
    uint64_t seed = 17;
    for (int round = 0; round < test_part(60, 5); round++) {
        const uint32_t width = random_between(&seed, 20, 120),
                       height = random_between(&seed, 20, 90);
        struct job job = whole(width, height, random_between(&seed, 1, 150),
                               random_between(&seed, 1, 120), round % 2 ? 3 : 4, round % 2 == 0);
        job.spec.filter = IMGCORE_FILTER_BOX;
        job.spec.left = random_between(&seed, 1, 9999) / 1234.5;
        job.spec.top = random_between(&seed, 1, 9999) / 1357.9;
        job.spec.width = (width - job.spec.left) * random_between(&seed, 500, 999) / 1000.0;
        job.spec.height = (height - job.spec.top) * random_between(&seed, 500, 999) / 1000.0;
        check_job(&job, &seed, 0.0);
    }
}

static void extreme_ratios_are_exact(void **state) {
    (void)state;
    uint64_t seed = 13;
    static const uint32_t sizes[][4] = {{3000, 3, 1, 3},  {3, 3000, 3, 1}, {900, 800, 2, 2},
                                        {2, 2, 300, 300}, {1, 1, 40, 50},  {40, 900, 300, 4},
                                        {900, 40, 4, 300}};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (int channels = 1; channels <= 4; channels += 3) {
            struct job job =
                whole(sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3], channels, channels == 4);
            check_job(&job, &seed, 0.0);
        }
    }
}

static void linear_light_is_exact(void **state) {
    (void)state;
    uint64_t seed = 14;
    for (int channels = 1; channels <= 4; channels++) {
        for (int content = 0; content < test_part(CONTENTS, CONTENTS); content++) {
            struct job job = whole(311, 207, 70, 61, channels, channels % 2 == 0);
            job.spec.linear = true;
            job.content = (enum content)content;
            check_job(&job, &seed, 58.0);
        }
    }
}

static void constants_stay_constant(void **state) {
    (void)state;
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    uint64_t seed = 15;
    for (int round = 0; round < test_part(120, 5); round++) {
        struct job job = whole(random_between(&seed, 1, 300), random_between(&seed, 1, 300),
                               random_between(&seed, 1, 300), random_between(&seed, 1, 300),
                               (int)random_between(&seed, 1, 4), false);
        job.spec.alpha = job.spec.channels % 2 == 0 && round % 2 == 0;
        job.spec.linear = round % 5 == 0;
        job.spec.filter = (enum imgcore_filter)random_between(&seed, 0, 5);
        uint8_t color[4];
        for (int c = 0; c < 4; c++) {
            color[c] = (uint8_t)random_between(&seed, 1, 255);
        }
        const size_t channels = (size_t)job.spec.channels;
        const size_t pixels = (size_t)job.spec.source_width * job.spec.source_height;
        uint8_t *source = malloc(pixels * channels);
        assert_non_null(source);
        for (size_t i = 0; i < pixels; i++) {
            memcpy(source + i * channels, color, channels);
        }
        uint8_t *result = resize(context, &job.spec, source);
        for (size_t i = 0; i < (size_t)job.spec.target_width * job.spec.target_height; i++) {
            assert_memory_equal(result + i * channels, color, channels);
        }
        free(result);
        free(source);
    }
    imgcore_context_destroy(context);
}

static void identity_stays_identity(void **state) {
    (void)state;
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    uint64_t seed = 16;
    for (int channels = 1; channels <= 4; channels++) {
        for (int filter = IMGCORE_FILTER_LANCZOS3; filter <= IMGCORE_FILTER_BOX; filter++) {
            if (filter == IMGCORE_FILTER_MITCHELL) {
                continue; /* it blurs by design */
            }
            struct job job = whole(61, 43, 61, 43, channels, channels % 2 == 0);
            job.spec.filter = (enum imgcore_filter)filter;
            uint8_t source[61 * 43 * 4];
            fill(source, 61, 43, channels, NOISE, &seed);
            uint8_t *result = resize(context, &job.spec, source);
            assert_memory_equal(result, source, (size_t)61 * 43 * (size_t)channels);
            free(result);
            /* a crop at whole pixels is a copy too */
            job = whole(61, 43, 20, 11, channels, false);
            job.spec.filter = (enum imgcore_filter)filter;
            job.spec.left = 7;
            job.spec.top = 30;
            job.spec.width = 20;
            job.spec.height = 11;
            result = resize(context, &job.spec, source);
            for (size_t y = 0; y < 11; y++) {
                assert_memory_equal(result + y * 20 * (size_t)channels,
                                    source + ((30 + y) * 61 + 7) * (size_t)channels,
                                    20 * (size_t)channels);
            }
            free(result);
        }
    }
    imgcore_context_destroy(context);
}

/* Opaque rows take another path than others: both must meet without a seam. */
static void bands_of_opaque_rows_are_exact(void **state) {
    (void)state;
    static const enum imgcore_filter filters[] = {IMGCORE_FILTER_LANCZOS3, IMGCORE_FILTER_BOX};
    uint64_t seed = 18;
    for (int round = 0; round < test_part(60, 6); round++) {
        const uint32_t height = random_between(&seed, 1, 500);
        struct job job = whole(random_between(&seed, 1, 50), height, random_between(&seed, 1, 40),
                               random_between(&seed, 1, 120), round % 3 == 0 ? 2 : 4, true);
        job.spec.filter = filters[round % 2];
        job.content = (enum content)random_between(&seed, 0, 2);
        job.bands = 1 + height / random_between(&seed, 1, 8);
        if (round % 4 == 0) {
            job.spec.top = height / 5.0;
            job.spec.height = height / 2.0;
        }
        check_job(&job, &seed, 0.0);
    }
}

/* An opaque image has the colours that it has without alpha, and alpha 255 at any ratio. */
static void opaque_images_have_the_colours_of_rgb(void **state) {
    (void)state;
    static const uint32_t sizes[][4] = {{300, 200, 97, 61},
                                        {64, 48, 100, 80},
                                        {40, 600, 40, 3},
                                        {50, 70, 50, 33},
                                        {90, 31, 14, 31}};
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    uint64_t seed = 19;
    for (int round = 0; round < 10; round++) {
        const uint32_t *size = sizes[round % 5];
        struct job rgb = whole(size[0], size[1], size[2], size[3], 3, false);
        struct job rgba = whole(size[0], size[1], size[2], size[3], 4, true);
        rgb.spec.filter = rgba.spec.filter =
            round < 5 ? IMGCORE_FILTER_LANCZOS3 : IMGCORE_FILTER_BOX;
        const size_t pixels = (size_t)size[0] * size[1], made = (size_t)size[2] * size[3];
        uint8_t *four = malloc(4 * pixels), *three = malloc(3 * pixels);
        assert_true(four != NULL && three != NULL);
        fill(four, size[0], size[1], 4, NOISE, &seed);
        make_opaque(four, (uint32_t)pixels, 4);
        for (size_t i = 0; i < pixels; i++) {
            memcpy(three + 3 * i, four + 4 * i, 3);
        }
        uint8_t *wanted = resize(context, &rgb.spec, three);
        uint8_t *result = resize(context, &rgba.spec, four);
        for (size_t i = 0; i < made; i++) {
            assert_memory_equal(result + 4 * i, wanted + 3 * i, 3);
            assert_int_equal(result[4 * i + 3], 255);
        }
        free(four);
        free(three);
        free(wanted);
        free(result);
    }
    imgcore_context_destroy(context);
}

/* Colour under alpha 0 must not be visible anywhere. */
static void alpha_never_bleeds(void **state) {
    (void)state;
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    static const uint32_t targets[][2] = {{20, 20}, {33, 50}, {130, 90}};
    for (size_t t = 0; t < 3; t++) {
        struct job job = whole(64, 64, targets[t][0], targets[t][1], 4, true);
        uint8_t source[64 * 64 * 4];
        for (size_t i = 0; i < (size_t)64 * 64; i++) {
            static const uint8_t hidden[4] = {255, 0, 0, 0}, shown[4] = {0, 80, 0, 255};
            memcpy(source + 4 * i, (i / 64 + i % 64) / 9 % 2 ? hidden : shown, 4);
        }
        uint8_t *result = resize(context, &job.spec, source);
        for (size_t i = 0; i < (size_t)targets[t][0] * targets[t][1]; i++) {
            const uint8_t *pixel = result + 4 * i;
            assert_int_equal(pixel[0], 0);
            assert_true(pixel[3] == 0 ? pixel[1] == 0 : abs(pixel[1] - 80) <= 1);
            assert_int_equal(pixel[2], 0);
        }
        free(result);
    }
    imgcore_context_destroy(context);
}

static void strides_of_any_sign_are_kept_to(void **state) {
    (void)state;
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    struct imgcore_resize_options options;
    imgcore_resize_options_default(&options);
    uint64_t seed = 17;
    enum { SW = 50, SH = 40, TW = 23, TH = 17, PAD = 13 };
    uint8_t source[SH][SW * 3 + PAD], flipped[SH][SW * 3 + PAD];
    uint8_t target[TH][TW * 3 + PAD], back[TH][TW * 3 + PAD];
    for (int y = 0; y < SH; y++) {
        fill(source[y], SW * 3 + PAD, 1, 1, NOISE, &seed);
        memcpy(flipped[SH - 1 - y], source[y], sizeof(source[y]));
    }
    memset(target, 0xa5, sizeof(target));
    memset(back, 0xa5, sizeof(back));
    const ptrdiff_t in = sizeof(source[0]), out = sizeof(target[0]);
    assert_int_equal(
        imgcore_resize(context, source[0], SW, SH, in, target[0], TW, TH, out, &options, NULL),
        IMGCORE_OK);
    assert_int_equal(imgcore_resize(context, flipped[SH - 1], SW, SH, -in, back[TH - 1], TW, TH,
                                    -out, &options, NULL),
                     IMGCORE_OK);
    for (int y = 0; y < TH; y++) {
        assert_memory_equal(target[y], back[TH - 1 - y], TW * 3);
        for (int i = TW * 3; i < TW * 3 + PAD; i++) {
            assert_int_equal(target[y][i], 0xa5);
        }
    }
    imgcore_context_destroy(context);
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    struct imgcore_context *context;
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    struct imgcore_resize_options good, bad;
    imgcore_resize_options_default(&good);
    good.channels = 1;
    uint8_t in[16] = {0}, out[16];
    struct imgcore_error error;
#define REFUSED(source, sw, sh, ss, target, tw, th, ts, options)                                   \
    do {                                                                                           \
        assert_int_equal(                                                                          \
            imgcore_resize(context, source, sw, sh, ss, target, tw, th, ts, options, &error),      \
            IMGCORE_INVALID_ARGUMENT);                                                             \
        assert_true(error.detail[0] != '\0');                                                      \
    } while (0)
    assert_int_equal(imgcore_resize(context, in, 4, 4, 4, out, 2, 2, 2, &good, &error), IMGCORE_OK);
    REFUSED(NULL, 4, 4, 4, out, 2, 2, 2, &good);
    REFUSED(in, 0, 4, 4, out, 2, 2, 2, &good);
    REFUSED(in, 4, 4, 3, out, 2, 2, 2, &good);
    REFUSED(in, 4, 4, -3, out, 2, 2, 2, &good);
    REFUSED(in, 4, 4, 4, out, 2, 0, 2, &good);
    REFUSED(in, 4, 4, 4, out, 2, 1u << 24, 2, &good);
    REFUSED(in, 4, 4, 4, NULL, 2, 2, 2, &good);
    REFUSED(in, 4, 4, 4, out, 2, 2, 2, NULL);
#define BAD(field, value)                                                                          \
    bad = good;                                                                                    \
    bad.field = value;                                                                             \
    REFUSED(in, 4, 4, 4, out, 2, 2, 2, &bad)
    BAD(channels, 0);
    BAD(channels, 5);
    BAD(alpha, IMGCORE_ALPHA_STRAIGHT); /* one channel */
    BAD(alpha, (enum imgcore_alpha)9);
    BAD(filter, (enum imgcore_filter)77);
    BAD(struct_size_bytes, 3);
    BAD(box_width_px, NAN);
    bad = good;
    bad.box_left_px = 1.0;
    bad.box_width_px = 3.5;
    bad.box_height_px = 4.0;
    REFUSED(in, 4, 4, 4, out, 2, 2, 2, &bad);
    imgcore_context_destroy(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanczos3_is_exact_from_7x_reduction_to_3x_enlargement),
        cmocka_unit_test(every_filter_is_exact),
        cmocka_unit_test(random_sizes_and_boxes_are_exact),
        cmocka_unit_test(the_box_filter_is_exact_for_fractional_boxes),
        cmocka_unit_test(extreme_ratios_are_exact),
        cmocka_unit_test(linear_light_is_exact),
        cmocka_unit_test(constants_stay_constant),
        cmocka_unit_test(identity_stays_identity),
        cmocka_unit_test(bands_of_opaque_rows_are_exact),
        cmocka_unit_test(opaque_images_have_the_colours_of_rgb),
        cmocka_unit_test(alpha_never_bleeds),
        cmocka_unit_test(strides_of_any_sign_are_kept_to),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests_name("resize", tests, NULL, NULL);
}
