/* IMGCORE_FORMAT_PIXELS: an image that is pixels instead of a file, on either side of
 * imgcore_transform. */
#include "tests/imgcore/transform_support.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

static struct imgcore_pixels pixels_at(const uint8_t *rows, uint32_t width, uint32_t height,
                                       int channels) {
    return (struct imgcore_pixels){.first_row = rows,
                                   .stride_bytes = (ptrdiff_t)width * channels,
                                   .width_px = width,
                                   .height_px = height,
                                   .channels = (uint32_t)channels};
}

static void must_from(const struct imgcore_pixels *pixels, const struct imgcore_options *options,
                      struct imgcore_output *outputs, size_t count) {
    const struct imgcore_source source = {.pixels = pixels};
    struct imgcore_error error;
    if (imgcore_transform(context, &source, options, outputs, count, &error) != IMGCORE_OK) {
        fail_msg("%s: %s", imgcore_status_name(error.status), error.detail);
    }
}

static void check_equal(struct imgcore_output *a, struct imgcore_output *b) {
    assert_int_equal(a->size_bytes, b->size_bytes);
    assert_memory_equal(a->bytes, b->bytes, a->size_bytes);
    imgcore_output_clear(context, a, 1);
    imgcore_output_clear(context, b, 1);
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* Decodes a file to pixels of its size; checks what the output states about them. */
static struct imgcore_output decoded(const uint8_t *bytes, size_t size, uint32_t width,
                                     uint32_t height, int channels) {
    static const enum imgcore_color_model models[] = {IMGCORE_COLOR_GREY, IMGCORE_COLOR_GREY_ALPHA,
                                                      IMGCORE_COLOR_RGB, IMGCORE_COLOR_RGBA};
    struct imgcore_output output = box(0, 0, IMGCORE_FORMAT_PIXELS);
    must(bytes, size, NULL, &output, 1);
    assert_int_equal(output.result_format, IMGCORE_FORMAT_PIXELS);
    assert_int_equal(output.result_width_px, width);
    assert_int_equal(output.result_height_px, height);
    assert_int_equal(output.result_channels, channels);
    assert_int_equal(output.result_color, models[channels - 1]);
    assert_int_equal(output.size_bytes, (size_t)width * height * (size_t)channels);
    return output;
}

static void a_png_decodes_to_its_pixels(void **state) {
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            const struct png_spec spec = {
                .width = 67, .height = 41, .channels = channels, .interlaced = interlaced};
            size_t size;
            uint8_t *bytes = png_make(&spec, &size), *scene = scene_make(67, 41, channels);
            struct imgcore_output output = decoded(bytes, size, 67, 41, channels);
            assert_memory_equal(output.bytes, scene, output.size_bytes);
            imgcore_output_clear(context, &output, 1);
            free(scene);
            free(bytes);
        }
    }
}

static void a_jpeg_decodes_to_its_pixels(void **state) {
    (void)state;
    const struct jpeg_spec specs[] = {
        {.width = 67, .height = 41, .channels = 1},
        {.width = 67, .height = 41, .channels = 3},
        {.width = 67, .height = 41, .channels = 3, .progressive = true},
        {.width = 67, .height = 41, .channels = 3, .h_samp = 2, .v_samp = 2},
        {.width = 67, .height = 41, .channels = 3, .orientation = 5},
        {.width = 67, .height = 41, .channels = 4}};
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        size_t size;
        uint8_t *bytes = jpeg_make(&specs[i], &size);
        uint32_t width, height;
        int channels;
        const bool swaps = specs[i].orientation >= 5;
        const int expected = specs[i].channels == 1 ? 1 : 3;
        struct imgcore_output output =
            decoded(bytes, size, swaps ? 41 : 67, swaps ? 67 : 41, expected);
        /* the pixels that are in the PNG of the same call */
        uint8_t *png =
            pixels_of(bytes, size, NULL, box(0, 0, IMGCORE_FORMAT_PNG), &width, &height, &channels);
        assert_int_equal(channels, expected);
        assert_memory_equal(output.bytes, png, output.size_bytes);
        /* where nothing is upsampled and rotated, those of libjpeg: RGB may be rounded otherwise */
        uint8_t *jpeg = jpeg_read(bytes, size, &width, &height, &channels);
        for (size_t k = 0; i < 3 && k < output.size_bytes; k++) {
            assert_true(abs(output.bytes[k] - jpeg[k]) <= (i == 0 ? 0 : 1));
        }
        free(jpeg);
        free(png);
        imgcore_output_clear(context, &output, 1);
        free(bytes);
    }
}

static void an_output_of_another_format_states_no_channels(void **state) {
    (void)state;
    const struct png_spec spec = {.width = 20, .height = 20, .channels = 3};
    size_t size;
    uint8_t *bytes = png_make(&spec, &size);
    struct imgcore_output outputs[2] = {box(5, 5, IMGCORE_FORMAT_PNG),
                                        box(5, 5, IMGCORE_FORMAT_PIXELS)};
    outputs[0].result_channels = 9;
    must(bytes, size, NULL, outputs, 2);
    assert_int_equal(outputs[0].result_channels, 0);
    assert_int_equal(outputs[0].result_color, IMGCORE_COLOR_UNKNOWN);
    assert_int_equal(outputs[1].result_channels, 3);
    imgcore_output_clear(context, outputs, 2);
    free(bytes);
}

/* ---- encoding ------------------------------------------------------------------------------- */

/* The last row ends at a guard page; the gaps between rows hold what must not be used. */
static uint8_t *guarded_rows(const uint8_t *scene, uint32_t height, size_t row_bytes,
                             size_t stride_bytes, bool bottom_up) {
    const size_t all = stride_bytes * (height - 1) + row_bytes;
    uint8_t *rows = malloc(all);
    assert_non_null(rows);
    memset(rows, 0xa5, all);
    for (uint32_t y = 0; y < height; y++) {
        memcpy(rows + (bottom_up ? height - 1 - y : y) * stride_bytes, scene + y * row_bytes,
               row_bytes);
    }
    uint8_t *guarded = guard_copy(rows, all);
    free(rows);
    return guarded;
}

static void pixels_of_any_stride_encode_to_a_png_of_them(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(200, 20); seed++) {
        uint64_t random = seed;
        const uint32_t width = random_between(&random, 1, 80);
        const uint32_t height = random_between(&random, 1, 150);
        const int channels = (int)random_between(&random, 1, 4);
        const size_t row_bytes = (size_t)width * (size_t)channels;
        const size_t stride = row_bytes + random_between(&random, 0, 9);
        const bool bottom_up = random_between(&random, 0, 1);
        uint8_t *scene = scene_make(width, height, channels);
        struct imgcore_pixels pixels = pixels_at(
            guarded_rows(scene, height, row_bytes, stride, bottom_up), width, height, channels);
        pixels.stride_bytes = bottom_up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
        pixels.first_row += bottom_up ? (height - 1) * stride : 0;
        struct imgcore_output outputs[2] = {box(0, 0, IMGCORE_FORMAT_PNG),
                                            box(0, 0, IMGCORE_FORMAT_AUTO)};
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.threads = (uint32_t)(seed % 3);
        must_from(&pixels, &options, outputs, 2);
        uint32_t got_width, got_height;
        int got_channels;
        uint8_t *got = png_read(outputs[0].bytes, outputs[0].size_bytes, &got_width, &got_height,
                                &got_channels);
        assert_int_equal(got_width, width);
        assert_int_equal(got_height, height);
        assert_int_equal(got_channels, channels);
        assert_memory_equal(got, scene, row_bytes * height);
        assert_int_equal(outputs[1].result_format, IMGCORE_FORMAT_PIXELS);
        assert_memory_equal(outputs[1].bytes, scene, row_bytes * height);
        free(got);
        imgcore_output_clear(context, outputs, 2);
        free(scene);
    }
}

/* A PNG and its pixels give the same bytes, whatever is done to them, in one call or in two. */
static void pixels_give_what_a_png_of_them_gives(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(400, 30); seed++) {
        uint64_t random = seed;
        const uint32_t width = random_between(&random, 1, 120);
        const uint32_t height = random_between(&random, 1, 120);
        const int channels = (int)random_between(&random, 1, 4);
        const struct png_spec spec = {.width = width, .height = height, .channels = channels};
        size_t size;
        uint8_t *bytes = png_make(&spec, &size), *scene = scene_make(width, height, channels);
        const struct imgcore_pixels pixels = pixels_at(scene, width, height, channels);
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.linear = random_between(&random, 0, 1);
        if (random_between(&random, 0, 1)) {
            options.crop_left_px = random_between(&random, 0, width - 1);
            options.crop_top_px = random_between(&random, 0, height - 1);
            options.crop_width_px = random_between(&random, 1, width - options.crop_left_px);
            options.crop_height_px = random_between(&random, 1, height - options.crop_top_px);
        }
        struct imgcore_output from_file =
            box(random_between(&random, 0, 90), random_between(&random, 0, 90),
                (enum imgcore_format)random_between(&random, 1, 3));
        from_file.fit = (enum imgcore_fit)random_between(&random, 0, IMGCORE_FIT_FILL);
        from_file.enlarge = random_between(&random, 0, 1);
        from_file.subsampling =
            (enum imgcore_subsampling)random_between(&random, 0, IMGCORE_SUBSAMPLING_AUTO);
        from_file.background[1] = (uint8_t)random_between(&random, 0, 255);
        from_file.background[3] = (uint8_t)random_between(&random, 0, 255);
        const struct imgcore_output wanted = from_file;
        struct imgcore_output from_pixels = from_file;
        must(bytes, size, &options, &from_file, 1);
        must_from(&pixels, &options, &from_pixels, 1);
        assert_int_equal(from_pixels.result_channels, from_file.result_channels);
        /* resized to pixels first, and encoded by another call */
        struct imgcore_output resized = wanted, encoded = wanted;
        resized.format = IMGCORE_FORMAT_PIXELS;
        encoded.width_px = encoded.height_px = 0;
        must(bytes, size, &options, &resized, 1);
        const struct imgcore_pixels between =
            pixels_at(resized.bytes, resized.result_width_px, resized.result_height_px,
                      resized.result_channels);
        must_from(&between, NULL, &encoded, 1);
        assert_int_equal(encoded.size_bytes, from_file.size_bytes);
        assert_memory_equal(encoded.bytes, from_file.bytes, from_file.size_bytes);
        check_equal(&encoded, &from_pixels);
        imgcore_output_clear(context, &from_file, 1);
        imgcore_output_clear(context, &resized, 1);
        free(scene);
        free(bytes);
    }
}

static void pixels_to_pixels_are_those_of_imgcore_resize(void **state) {
    (void)state;
    for (int channels = 1; channels <= 4; channels++) {
        uint8_t *scene = scene_make(150, 110, channels);
        const struct imgcore_pixels pixels = pixels_at(scene, 150, 110, channels);
        struct imgcore_output output = box(61, 37, IMGCORE_FORMAT_PIXELS);
        output.fit = IMGCORE_FIT_FILL;
        must_from(&pixels, NULL, &output, 1);
        struct imgcore_resize_options resize;
        imgcore_resize_options_default(&resize);
        resize.channels = channels;
        resize.alpha = channels % 2 == 0 ? IMGCORE_ALPHA_STRAIGHT : IMGCORE_ALPHA_NONE;
        const ptrdiff_t stride = (ptrdiff_t)61 * channels;
        uint8_t *resized = malloc((size_t)stride * 37);
        assert_non_null(resized);
        assert_int_equal(imgcore_resize(context, scene, 150, 110, pixels.stride_bytes, resized, 61,
                                        37, stride, &resize, NULL),
                         IMGCORE_OK);
        assert_int_equal(output.size_bytes, (size_t)stride * 37);
        assert_memory_equal(output.bytes, resized, output.size_bytes);
        imgcore_output_clear(context, &output, 1);
        free(resized);
        free(scene);
    }
}

/* Of a JPEG, the direct path keeps the planes: the other one rounds RGB between. */
static void a_jpeg_through_pixels_is_close_to_a_direct_one(void **state) {
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        const struct jpeg_spec spec = {.width = 300, .height = 200, .channels = channels};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        struct imgcore_output direct = box(150, 100, IMGCORE_FORMAT_JPEG);
        direct.quality = 95;
        direct.subsampling = IMGCORE_SUBSAMPLING_444;
        struct imgcore_output encoded = direct, pixels = box(150, 100, IMGCORE_FORMAT_PIXELS);
        must(bytes, size, NULL, &direct, 1);
        must(bytes, size, NULL, &pixels, 1);
        const struct imgcore_pixels decoded = pixels_at(pixels.bytes, 150, 100, channels);
        must_from(&decoded, NULL, &encoded, 1);
        imgcore_output_clear(context, &pixels, 1);
        if (channels == 1) { /* the same path */
            check_equal(&direct, &encoded);
        } else {
            uint32_t width, height;
            uint8_t *a = jpeg_read(direct.bytes, direct.size_bytes, &width, &height, &channels);
            uint8_t *b = jpeg_read(encoded.bytes, encoded.size_bytes, &width, &height, &channels);
            assert_true(psnr_between(a, b, (size_t)150 * 100 * 3) >= 45.0);
            free(a);
            free(b);
            imgcore_output_clear(context, &direct, 1);
            imgcore_output_clear(context, &encoded, 1);
        }
        free(bytes);
    }
}

/* ---- what they are, and limits --------------------------------------------------------------- */

static void a_probe_states_what_they_are(void **state) {
    (void)state;
    static const char *const names[] = {"grey", "grey+alpha", "rgb", "rgba"};
    const uint8_t rows[4 * 3 * 2] = {0};
    for (int channels = 1; channels <= 4; channels++) {
        const struct imgcore_pixels pixels = pixels_at(rows, 3, 2, channels);
        const struct imgcore_source source = {.pixels = &pixels};
        struct imgcore_info info;
        imgcore_info_default(&info);
        assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
        assert_int_equal(info.format, IMGCORE_FORMAT_PIXELS);
        assert_int_equal(info.width_px, 3);
        assert_int_equal(info.oriented_height_px, 2);
        assert_int_equal(info.orientation, 1);
        assert_int_equal(info.bits, 8);
        assert_int_equal(info.has_alpha, channels % 2 == 0);
        assert_string_equal(info.color, names[channels - 1]);
        assert_true(info.icc_is_srgb);
        assert_int_equal(imgcore_check(context, &source, NULL, NULL), IMGCORE_OK);
        assert_null(imgcore_context_decoder(context));
    }
}

static void check_refused(const struct imgcore_source *source,
                          const struct imgcore_options *options, enum imgcore_status expected) {
    struct imgcore_error error;
    struct imgcore_output output = box(2, 2, IMGCORE_FORMAT_PIXELS);
    assert_int_equal(imgcore_transform(context, source, options, &output, 1, &error), expected);
    assert_int_equal(error.status, expected);
    assert_true(error.detail[0] != '\0');
    assert_null(output.bytes);
}

static void wrong_pixels_are_refused(void **state) {
    (void)state;
    const uint8_t rows[60] = {0};
    const struct imgcore_pixels good = pixels_at(rows, 5, 4, 3);
    struct imgcore_pixels bad;
    const struct imgcore_source source = {.pixels = &bad};
#define BAD(field, value, status)                                                                  \
    bad = good;                                                                                    \
    bad.field = value;                                                                             \
    check_refused(&source, NULL, status)
    BAD(first_row, NULL, IMGCORE_INVALID_ARGUMENT);
    BAD(width_px, 0, IMGCORE_INVALID_ARGUMENT);
    BAD(height_px, 0, IMGCORE_INVALID_ARGUMENT);
    BAD(width_px, UINT32_MAX, IMGCORE_INVALID_ARGUMENT);
    BAD(height_px, UINT32_MAX, IMGCORE_INVALID_ARGUMENT);
    BAD(channels, 0, IMGCORE_INVALID_ARGUMENT);
    BAD(channels, 5, IMGCORE_INVALID_ARGUMENT);
    BAD(channels, UINT32_MAX, IMGCORE_INVALID_ARGUMENT);
    BAD(stride_bytes, 14, IMGCORE_INVALID_ARGUMENT);
    BAD(stride_bytes, -14, IMGCORE_INVALID_ARGUMENT);
    BAD(stride_bytes, 0, IMGCORE_INVALID_ARGUMENT);
    for (int i = 0; i < 5; i++) {
        BAD(reserved[i], 1, IMGCORE_UNKNOWN_FIELD);
    }
#undef BAD
    const struct imgcore_source both = {.pixels = &good, .bytes = rows, .size_bytes = 60};
    check_refused(&both, NULL, IMGCORE_INVALID_ARGUMENT);
    const struct imgcore_source right = {.pixels = &good};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits.pixels = 19;
    check_refused(&right, &options, IMGCORE_TOO_LARGE);
    imgcore_options_default(&options);
    options.limits.side_px = 4;
    check_refused(&right, &options, IMGCORE_TOO_LARGE);
    imgcore_options_default(&options);
    options.limits.memory_bytes = 64;
    check_refused(&right, &options, IMGCORE_BUDGET);
    imgcore_options_default(&options);
    options.limits.output_pixels = 1;
    check_refused(&right, &options, IMGCORE_TOO_LARGE);
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct counted {
    long live, until_failure;
};

static void *counted_alloc(void *user, size_t size_bytes) {
    struct counted *counted = user;
    void *block = counted->until_failure-- == 0 ? NULL : malloc(size_bytes);
    counted->live += block != NULL;
    return block;
}

static void counted_free(void *user, void *block) {
    ((struct counted *)user)->live -= block != NULL;
    free(block);
}

static void a_failed_allocation_leaves_nothing(void **state) {
    (void)state;
    uint8_t *scene = scene_make(90, 70, 4);
    const struct imgcore_pixels pixels = pixels_at(scene, 90, 70, 4);
    const struct imgcore_source source = {.pixels = &pixels};
    bool succeeded = false;
    int failures = 0;
    for (long nth = 0; !succeeded; nth++) {
        struct counted counted = {.until_failure = -1};
        const struct imgcore_allocator allocator = {counted_alloc, counted_free, &counted};
        struct imgcore_context *own;
        assert_int_equal(imgcore_context_create(&allocator, &own), IMGCORE_OK);
        counted.until_failure = nth;
        struct imgcore_output outputs[2] = {box(40, 40, IMGCORE_FORMAT_PIXELS),
                                            box(30, 30, IMGCORE_FORMAT_PNG)};
        const enum imgcore_status status = imgcore_transform(own, &source, NULL, outputs, 2, NULL);
        succeeded = status == IMGCORE_OK;
        assert_true(succeeded || status == IMGCORE_NO_MEMORY);
        assert_true(succeeded || (outputs[0].bytes == NULL && outputs[1].bytes == NULL));
        failures += !succeeded;
        imgcore_output_clear(own, outputs, 2);
        imgcore_context_destroy(own);
        assert_int_equal(counted.live, 0);
    }
    assert_true(failures > 5);
    free(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_decodes_to_its_pixels),
        cmocka_unit_test(a_jpeg_decodes_to_its_pixels),
        cmocka_unit_test(an_output_of_another_format_states_no_channels),
        cmocka_unit_test(pixels_of_any_stride_encode_to_a_png_of_them),
        cmocka_unit_test(pixels_give_what_a_png_of_them_gives),
        cmocka_unit_test(pixels_to_pixels_are_those_of_imgcore_resize),
        cmocka_unit_test(a_jpeg_through_pixels_is_close_to_a_direct_one),
        cmocka_unit_test(a_probe_states_what_they_are),
        cmocka_unit_test(wrong_pixels_are_refused),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pixels", tests, set_up, tear_down);
}
