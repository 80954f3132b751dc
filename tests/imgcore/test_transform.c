/* imgcore_transform: sizes, accuracy, fits, sources, targets, arguments. */
#include "tests/imgcore/transform_support.h"
#include "tests/support/slowly.h"

#include <malloc.h>

static void four_sizes_come_from_one_call(void **state) {
    (void)state;
    static const uint32_t sides[4] = {1200, 800, 400, 200};
    for (int png = 0; png < 2; png++) {
        size_t size;
        uint8_t *bytes;
        if (png) {
            const struct png_spec spec = {.width = 1301, .height = 977, .channels = 3};
            bytes = png_make(&spec, &size);
        } else {
            const struct jpeg_spec spec = {
                .width = 1301, .height = 977, .channels = 3, .h_samp = 2, .v_samp = 2};
            bytes = jpeg_make(&spec, &size);
        }
        struct imgcore_output outputs[4];
        for (size_t i = 0; i < 4; i++) {
            outputs[i] = box(sides[i], sides[i], IMGCORE_FORMAT_AUTO);
        }
        must(bytes, size, NULL, outputs, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(outputs[i].result_width_px, sides[i]);
            assert_int_equal(outputs[i].result_height_px,
                             (uint32_t)floor(977.0 * sides[i] / 1301.0 + 0.5));
            assert_int_equal(outputs[i].result_format,
                             png ? IMGCORE_FORMAT_PNG : IMGCORE_FORMAT_JPEG);
            uint32_t width, height;
            int channels;
            uint8_t *pixels =
                png ? png_read(outputs[i].bytes, outputs[i].size_bytes, &width, &height, &channels)
                    : jpeg_read(outputs[i].bytes, outputs[i].size_bytes, &width, &height,
                                &channels);
            assert_int_equal(width, outputs[i].result_width_px);
            assert_int_equal(channels, 3);
            /* the mark in the corner: its white part, then its black part */
            assert_true(pixels[(height / 16 * width + width / 16) * 3] > 230);
            assert_true(pixels[(height * 3 / 16 * width + width * 3 / 16) * 3] < 25);
            free(pixels);
        }
        imgcore_output_clear(context, outputs, 4);
        free(bytes);
    }
}

/* Lossless input and output: the pixels must equal the exact resize, with alpha in any case;
 * without it, by the preset quality, and else be nearly as close. */
static void png_to_png_is_exact(void **state) {
    (void)state;
    static const enum imgcore_preset presets[] = {IMGCORE_PRESET_BALANCED, IMGCORE_PRESET_QUALITY,
                                                  IMGCORE_PRESET_FAST};
    for (int round = 0; round < 12; round++) {
        const int channels = 1 + round % 4;
        const enum imgcore_preset preset = presets[round / 4];
        const struct png_spec spec = {
            .width = 331, .height = 217, .channels = channels, .interlaced = channels % 2 == 0};
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.preset = preset;
        size_t size;
        uint8_t *bytes = png_make(&spec, &size), *scene = scene_make(331, 217, channels);
        uint32_t width, height;
        int got;
        uint8_t *result = pixels_of(bytes, size, &options, box(100, 100, IMGCORE_FORMAT_AUTO),
                                    &width, &height, &got);
        assert_int_equal(got, channels);
        const struct exact_spec exact_spec = {.source_width = 331,
                                              .source_height = 217,
                                              .target_width = width,
                                              .target_height = height,
                                              .channels = channels,
                                              .alpha = channels % 2 == 0,
                                              .width = 331,
                                              .height = 217};
        double *exact = exact_resize(&exact_spec, scene);
        const size_t n = (size_t)width * height * (size_t)channels;
        const bool is_exact = preset == IMGCORE_PRESET_QUALITY || channels % 2 == 0;
        assert_true(exact_worst(exact, result, n) <= (is_exact ? 1.0 : 3.0));
        assert_true(exact_psnr(exact, result, n) >= (is_exact ? 58.8 : 57.0));
        free(exact);
        free(result);
        free(scene);
        free(bytes);
    }
}

/* The planes of a JPEG against the exact resize of its own full decode: odd sizes, every preset
 * that promises quality. 4:4:4, since libjpeg upsamples chroma differently. */
static void jpeg_planes_are_exact(void **state) {
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        const struct jpeg_spec spec = {.width = 1231, .height = 819, .channels = channels};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        uint32_t width, height;
        int got;
        uint8_t *full = jpeg_read(bytes, size, &width, &height, &got);
        static const uint32_t sides[] = {307, 200, 77, 25};
        for (int s = 4 - test_part(4, 4); s < 4; s++) {
            for (int preset = IMGCORE_PRESET_BALANCED; preset <= IMGCORE_PRESET_QUALITY; preset++) {
                struct imgcore_options options;
                imgcore_options_default(&options);
                options.preset = (enum imgcore_preset)preset;
                uint8_t *result =
                    pixels_of(bytes, size, &options, box(sides[s], sides[s], IMGCORE_FORMAT_PNG),
                              &width, &height, &got);
                const struct exact_spec exact_spec = {.source_width = 1231,
                                                      .source_height = 819,
                                                      .target_width = width,
                                                      .target_height = height,
                                                      .channels = channels,
                                                      .width = 1231,
                                                      .height = 819};
                double *exact = exact_resize(&exact_spec, full);
                const double psnr =
                    exact_psnr(exact, result, (size_t)width * height * (size_t)channels);
                /* in RGB the rounding errors of three planes of 8 bits add up to 52.9 dB */
                const double least = channels == 1 ? 58.5 : 52.5;
                /* the pyramid and the scaled decode may lose a little more, on this difficult scene
                 */
                const double allowed = preset == IMGCORE_PRESET_QUALITY ? 0.0 : 3.0;
                if (psnr < least - allowed) {
                    fail_msg("%d channels to %u, preset %d: %.1f dB", channels, sides[s], preset,
                             psnr);
                }
                free(exact);
                free(result);
            }
        }
        free(full);
        free(bytes);
    }
}

/* An image that is stored rotated must give the rotated pixels of the upright one. */
/* A 4:2:0 output of odd size, rotated: the chroma must have the same position as in the upright
 * one. */
static void fits_crop_and_pad(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 300, .height = 200, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    uint32_t width, height;
    int channels;
    struct imgcore_output output = box(90, 90, IMGCORE_FORMAT_PNG);
    output.fit = IMGCORE_FIT_COVER;
    output.gravity = IMGCORE_GRAVITY_WEST;
    uint8_t *result = pixels_of(bytes, size, NULL, output, &width, &height, &channels);
    assert_int_equal(width, 90);
    assert_int_equal(height, 90);
    assert_true(result[(5 * 90 + 5) * 3] > 230); /* the mark is at the west */
    free(result);
    output.fit = IMGCORE_FIT_CONTAIN;
    output.background[0] = 1;
    output.background[3] = 0;
    result = pixels_of(bytes, size, NULL, output, &width, &height, &channels);
    assert_int_equal(channels, 4); /* the background is transparent */
    assert_int_equal(height, 90);
    static const uint8_t background[4] = {1, 255, 255, 0};
    assert_memory_equal(result, background, 4);
    assert_int_equal(result[(20 * 90 + 5) * 4 + 3], 255);
    free(result);
    output = box(600, 0, IMGCORE_FORMAT_PNG);
    output.enlarge = true;
    result = pixels_of(bytes, size, NULL, output, &width, &height, &channels);
    assert_int_equal(width, 600);
    assert_int_equal(height, 400);
    free(result);
    free(bytes);
}

static void chroma_of_the_output_is_as_asked(void **state) {
    (void)state;
    static const char *const names[] = {"4:2:0", "4:2:2", "4:4:4"};
    for (int png = 0; png < 2; png++) {
        size_t size;
        uint8_t *bytes;
        if (png) {
            const struct png_spec spec = {.width = 131, .height = 77, .channels = 3};
            bytes = png_make(&spec, &size);
        } else {
            const struct jpeg_spec spec = {.width = 131, .height = 77, .channels = 3, .h_samp = 2};
            bytes = jpeg_make(&spec, &size);
        }
        for (int subsampling = 0; subsampling < 4; subsampling++) {
            for (int scans = 0; scans < 2; scans++) {
                struct imgcore_output output = box(65, 65, IMGCORE_FORMAT_JPEG);
                output.subsampling = (enum imgcore_subsampling)subsampling;
                output.progressive = scans != 0;
                output.optimize = true;
                must(bytes, size, NULL, &output, 1);
                const struct imgcore_source again = {.bytes = output.bytes,
                                                     .size_bytes = output.size_bytes};
                struct imgcore_info info;
                imgcore_info_default(&info);
                assert_int_equal(imgcore_probe(context, &again, NULL, &info, NULL), IMGCORE_OK);
                if (subsampling < 3) {
                    assert_string_equal(info.subsampling, names[subsampling]);
                }
                assert_int_equal(info.progressive, scans);
                imgcore_output_clear(context, &output, 1);
            }
        }
        free(bytes);
    }
}

struct slow_source {
    const uint8_t *bytes;
    size_t size, at, step;
    int calls_until_failure;
};

static bool read_slowly(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct slow_source *source = user;
    if (source->calls_until_failure >= 0 && source->calls_until_failure-- == 0) {
        return false;
    }
    size_t n = source->size - source->at;
    n = n < source->step ? n : source->step;
    n = n < size_bytes ? n : size_bytes;
    memcpy(buffer, source->bytes + source->at, n);
    source->at += n;
    *read_bytes = n;
    return true;
}

static void a_stream_is_as_good_as_memory(void **state) {
    (void)state;
    for (int png = 0; png < 2; png++) {
        size_t size;
        const struct png_spec p = {.width = 90, .height = 70, .channels = 4};
        const struct jpeg_spec j = {.width = 90, .height = 70, .channels = 3, .progressive = true};
        uint8_t *bytes = png ? png_make(&p, &size) : jpeg_make(&j, &size);
        struct imgcore_output want = box(40, 40, IMGCORE_FORMAT_AUTO), got = want;
        must(bytes, size, NULL, &want, 1);
        for (size_t step = 1; step < 3000; step = step * 3 + 1) {
            struct slow_source slow = {bytes, size, 0, step, -1};
            const struct imgcore_source source = {.read = read_slowly, .user = &slow};
            assert_int_equal(imgcore_transform(context, &source, NULL, &got, 1, NULL), IMGCORE_OK);
            assert_int_equal(got.size_bytes, want.size_bytes);
            assert_memory_equal(got.bytes, want.bytes, want.size_bytes);
            imgcore_output_clear(context, &got, 1);
        }
        for (int calls = 0; calls < (int)(size / 500); calls++) {
            struct slow_source slow = {bytes, size, 0, 500, calls};
            const struct imgcore_source source = {.read = read_slowly, .user = &slow};
            assert_int_equal(imgcore_transform(context, &source, NULL, &got, 1, NULL),
                             IMGCORE_READ_FAILED);
            assert_null(got.bytes);
        }
        imgcore_output_clear(context, &want, 1);
        free(bytes);
    }
}

static void *patterned_alloc(void *user, size_t size_bytes) {
    void *block = malloc(size_bytes);
    if (block != NULL) {
        memset(block, *(int *)user, size_bytes);
    }
    return block;
}

static void plain_free(void *user, void *block) {
    (void)user;
    free(block);
}

/* What the libraries allocate is filled as well, where the C library can (glibc). 0: no more. */
static void perturb(int byte) {
#ifdef M_PERTURB
    mallopt(M_PERTURB, byte);
#else
    (void)byte;
#endif
}

/* The previous content of memory has no effect: two fill patterns, the same bytes. */
static void outputs_do_not_depend_on_old_memory(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        size_t size;
        const struct png_spec p = {
            .width = 97, .height = 71, .channels = 4, .interlaced = kind == 1};
        const struct jpeg_spec j = {.width = 97,
                                    .height = 71,
                                    .channels = 3,
                                    .h_samp = 2,
                                    .v_samp = 2,
                                    .progressive = kind == 3,
                                    .orientation = 6};
        uint8_t *bytes = kind < 2 ? png_make(&p, &size) : jpeg_make(&j, &size);
        struct imgcore_output outputs[2][3];
        struct imgcore_context *contexts[2];
        int patterns[2] = {0x00, 0xff};
        for (int c = 0; c < 2; c++) {
            const struct imgcore_allocator allocator = {patterned_alloc, plain_free, &patterns[c]};
            perturb(c == 0 ? 0 : 0x5a);
            assert_int_equal(imgcore_context_create(&allocator, &contexts[c]), IMGCORE_OK);
            outputs[c][0] = box(41, 41, IMGCORE_FORMAT_JPEG);
            outputs[c][1] = box(33, 33, IMGCORE_FORMAT_PNG);
            outputs[c][2] = box(300, 300, IMGCORE_FORMAT_JPEG);
            outputs[c][2].enlarge = true;
            const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
            assert_int_equal(imgcore_transform(contexts[c], &source, NULL, outputs[c], 3, NULL),
                             IMGCORE_OK);
        }
        perturb(0);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(outputs[0][i].size_bytes, outputs[1][i].size_bytes);
            assert_memory_equal(outputs[0][i].bytes, outputs[1][i].bytes, outputs[0][i].size_bytes);
        }
        for (int c = 0; c < 2; c++) {
            imgcore_output_clear(contexts[c], outputs[c], 3);
            imgcore_context_destroy(contexts[c]);
        }
        free(bytes);
    }
}

static void every_target_makes_the_same_file(void **state) {
    (void)state;
    const struct jpeg_spec spec = {
        .width = 403, .height = 301, .channels = 3, .h_samp = 2, .v_samp = 2, .orientation = 8};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_output want = box(150, 150, IMGCORE_FORMAT_JPEG), got = want;
    struct imgcore_context *other;
    assert_int_equal(imgcore_context_create(NULL, &other), IMGCORE_OK);
    assert_int_equal(imgcore_context_use_target(other, "ref"), IMGCORE_OK);
    assert_int_equal(imgcore_transform(other, &source, NULL, &want, 1, NULL), IMGCORE_OK);
    size_t ran = 0;
    for (size_t t = 0; t < imgcore_target_count(); t++) {
        if (imgcore_target_usable(t)) {
            assert_int_equal(imgcore_context_use_target(other, imgcore_target_name(t)), IMGCORE_OK);
            assert_int_equal(imgcore_transform(other, &source, NULL, &got, 1, NULL), IMGCORE_OK);
            assert_int_equal(got.size_bytes, want.size_bytes);
            assert_memory_equal(got.bytes, want.bytes, want.size_bytes);
            imgcore_output_clear(other, &got, 1);
            ran++;
        }
    }
    assert_true(ran >= 1);
    imgcore_output_clear(other, &want, 1);
    imgcore_context_destroy(other);
    free(bytes);
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 20, .height = 20, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    const struct imgcore_source none = {.size_bytes = 5};
    struct imgcore_error error;
    struct imgcore_output good = box(10, 10, IMGCORE_FORMAT_AUTO), bad;
#define REFUSED(...)                                                                               \
    do {                                                                                           \
        assert_int_equal(imgcore_transform(__VA_ARGS__, &error), IMGCORE_INVALID_ARGUMENT);        \
        assert_int_equal(error.status, IMGCORE_INVALID_ARGUMENT);                                  \
        assert_true(error.detail[0] != '\0');                                                      \
    } while (0)
    REFUSED(NULL, &source, NULL, &good, 1);
    REFUSED(context, &source, NULL, NULL, 1);
    REFUSED(context, &source, NULL, &good, 0);
    REFUSED(context, &source, NULL, &good, IMGCORE_MAX_OUTPUTS + 1);
    REFUSED(context, NULL, NULL, &good, 1);
    REFUSED(context, &none, NULL, &good, 1);
    for (int i = 0; i < 2; i++) {
        struct imgcore_source newer = source;
        newer.reserved[i] = &newer;
        REFUSED(context, &newer, NULL, &good, 1);
    }
#define BAD(field, value)                                                                          \
    bad = good;                                                                                    \
    bad.field = value;                                                                             \
    REFUSED(context, &source, NULL, &bad, 1)
    BAD(quality, 0);
    BAD(quality, 101);
    BAD(png_level, 10);
    BAD(fit, (enum imgcore_fit)17);
    BAD(gravity, (enum imgcore_gravity)17);
    BAD(filter, (enum imgcore_filter)17);
    BAD(format, (enum imgcore_format)17);
    BAD(subsampling, (enum imgcore_subsampling)17);
    BAD(bytes, bytes);
    BAD(struct_size_bytes, 1);
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.preset = (enum imgcore_preset)9;
    REFUSED(context, &source, &options, &good, 1);
    imgcore_options_default(&options);
    options.struct_size_bytes = 0;
    REFUSED(context, &source, &options, &good, 1);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_sizes_come_from_one_call),
        cmocka_unit_test(png_to_png_is_exact),
        cmocka_unit_test(jpeg_planes_are_exact),
        cmocka_unit_test(fits_crop_and_pad),
        cmocka_unit_test(chroma_of_the_output_is_as_asked),
        cmocka_unit_test(a_stream_is_as_good_as_memory),
        cmocka_unit_test(outputs_do_not_depend_on_old_memory),
        cmocka_unit_test(every_target_makes_the_same_file),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests_name("transform", tests, set_up, tear_down);
}
