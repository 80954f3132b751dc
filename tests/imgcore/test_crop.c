/* options.crop_*: the result is that of an image which consists of the rectangle alone. */
#include "tests/imgcore/crop_model.h"
#include "tests/support/slowly.h"

/* ---- the model ----------------------------------------------------------------------------- */

/* Colours count as much as their alpha: that of a transparent pixel has no meaning. */
static double worst_with_alpha(const double *exact, const uint8_t *made, size_t pixels,
                               size_t channels) {
    double worst = 0.0;
    for (size_t i = 0; i < pixels * channels; i++) {
        const double alpha = exact[i / channels * channels + channels - 1] / 255.0;
        const bool is_alpha = i % channels == channels - 1;
        worst = fmax(worst, fabs(exact[i] - made[i]) * (is_alpha ? 1.0 : alpha));
    }
    return worst;
}

/* Returns the largest difference to the model, and the PSNR. */
static double compare(const struct subject *subject, const struct rectangle *crop,
                      const struct imgcore_options *options, const struct imgcore_output *wanted,
                      double *psnr) {
    uint32_t width, height;
    int channels;
    uint8_t *made = pixels_of(subject->file.bytes, subject->file.size_bytes, options, *wanted,
                              &width, &height, &channels);
    assert_int_equal(channels, subject->channels);
    double *exact = model(subject, crop, width, height, wanted->filter);
    const size_t n = (size_t)width * height * (size_t)channels;
    const double worst =
        subject->alpha ? worst_with_alpha(exact, made, (size_t)width * height, (size_t)channels)
                       : exact_worst(exact, made, n);
    *psnr = exact_psnr(exact, made, n);
    free(exact);
    free(made);
    return worst;
}

/* The rounding errors of three planes of 8 bits, weighed by the formulas of RGB; of the product of
 * CMYK; of the table of linear light, which is coarse where it is dark. */
static double allowed(const struct subject *subject) {
    if (subject->is_jpeg && !subject->linear && subject->channels == 3) {
        return subject->pixels != NULL ? 2.5 : 3.5;
    }
    return subject->linear ? 1.5 : 1.0;
}

static void it_equals_resizing_what_was_cut_out(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(600, 30); seed++) {
        uint64_t random = seed;
        struct subject subject = make_subject(&random, 90);
        const struct rectangle crop = random_crop(&subject, &random);
        struct imgcore_options options = options_of(&crop);
        options.preset = IMGCORE_PRESET_QUALITY;
        options.linear = subject.linear;
        options.threads = random_between(&random, 1, 3);
        struct imgcore_output output = box(random_between(&random, 0, 100),
                                           random_between(&random, 0, 100), IMGCORE_FORMAT_PNG);
        output.fit = random_between(&random, 0, 1) ? IMGCORE_FIT_FILL : IMGCORE_FIT_INSIDE;
        output.enlarge = random_between(&random, 0, 1);
        output.filter = (enum imgcore_filter)random_between(&random, 0, IMGCORE_FILTER_BOX);
        double psnr;
        const double worst = compare(&subject, &crop, &options, &output, &psnr);
        if (worst > allowed(&subject)) {
            fail_msg("seed %d: %ux%u, orientation %d, crop %u,%u %ux%u: %.2f from the model",
                     (int)seed, subject.width, subject.height, subject.orientation, crop.left,
                     crop.top, crop.width, crop.height, worst);
        }
        subject_free(&subject);
    }
}

/* From plane to plane, without RGB between, at the least loss of a JPEG. */
static void planes_equal_resizing_what_was_cut_out(void **state) {
    (void)state;
    int tested = 0;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(500, 30); seed++) {
        uint64_t random = seed;
        struct subject subject = make_subject(&random, 70);
        const struct rectangle crop = random_crop(&subject, &random);
        struct imgcore_options options = options_of(&crop);
        options.preset = IMGCORE_PRESET_QUALITY;
        struct imgcore_output output = box(random_between(&random, 1, 60),
                                           random_between(&random, 1, 60), IMGCORE_FORMAT_JPEG);
        output.fit = IMGCORE_FIT_FILL;
        output.enlarge = true;
        output.quality = 100;
        output.subsampling =
            (enum imgcore_subsampling)random_between(&random, 0, IMGCORE_SUBSAMPLING_444);
        const uint32_t h = output.subsampling == IMGCORE_SUBSAMPLING_444 ? 1 : 2;
        const uint32_t v = output.subsampling == IMGCORE_SUBSAMPLING_420 ? 2 : 1;
        if (subject.planes.planes == 3) {
            tested++;
            must(subject.file.bytes, subject.file.size_bytes, &options, &output, 1);
            const struct blob made = {output.bytes, output.size_bytes};
            struct plain planes = plain_decode(&made, true, 1);
            for (int p = 0; p < 3; p++) {
                double *exact = model_plane(&subject, p, &crop, output.width_px, output.height_px,
                                            p ? h : 1, p ? v : 1);
                const double worst =
                    exact_worst(exact, planes.plane[p], (size_t)planes.width[p] * planes.height[p]);
                if (worst > 3.5) {
                    fail_msg("seed %d, plane %d of %ux%u from %ux%u by %d,%d at %u,%u: %.1f",
                             (int)seed, p, output.width_px, output.height_px, crop.width,
                             crop.height, subject.factor_x, subject.factor_y, crop.left, crop.top,
                             worst);
                }
                free(exact);
            }
            plain_free(&planes);
            imgcore_output_clear(context, &output, 1);
        }
        subject_free(&subject);
    }
    assert_true(tested > 0);
}

/* The pyramid and the scaled decode: larger pictures, much smaller results. */
static void halved_rows_and_a_scaled_decode_are_as_accurate(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(60, 20); seed++) {
        uint64_t random = seed;
        struct subject subject = {.width = random_between(&random, 300, 700),
                                  .height = random_between(&random, 300, 700),
                                  .orientation = (int)random_between(&random, 1, 8)};
        take_jpeg(&subject, &random);
        subject.linear = false;
        const bool is_rgb = subject.planes.planes == 3;
        struct rectangle crop = {random_between(&random, 0, 99), random_between(&random, 0, 99),
                                 200, 200};
        if (seed % 2 == 0) { /* at blocks of any subsampling: it may shrink on load */
            crop.left = crop.left / 32 * 32;
            crop.top = crop.top / 32 * 32;
            crop.width = crop.height = 192;
            subject.orientation = 1;
        }
        struct imgcore_options options = options_of(&crop);
        options.ignore_orientation = seed % 2 == 0;
        const struct imgcore_output output =
            box(random_between(&random, 8, 40), 0, IMGCORE_FORMAT_PNG);
        double psnr = 99.0;
        /* 4:1:1 and 4:1:0 have too little chroma for the balanced preset here */
        if (subject.planes.ok && subject.factor_x <= 2) {
            compare(&subject, &crop, &options, &output, &psnr);
        }
        if (psnr < (is_rgb ? 52.5 : 58.5) - 5.0) {
            fail_msg("seed %d: %.1f dB", (int)seed, psnr);
        }
        subject_free(&subject);
    }
}

/* ---- nothing outside has an influence -------------------------------------------------------- */

/* Two pictures whose blocks are the same inside the rectangle, and different everywhere else. */
static void pixels_outside_have_no_influence(void **state) {
    (void)state;
    const struct rectangle crop = {48, 32, 96, 64};
    uint8_t *scene = scene_make(240, 160, 3), *other = scene_make(240, 160, 3);
    for (uint32_t y = 0; y < 160; y++) {
        for (uint32_t x = 0; x < 240; x++) {
            const bool inside = x - crop.left < crop.width && y - crop.top < crop.height;
            for (uint32_t c = 0; c < 3 && !inside; c++) {
                other[(y * 240 + x) * 3 + c] = (uint8_t)(x * 71 + y * 29 + c * 111);
            }
        }
    }
    for (int kind = 0; kind < 3 * 3 * 2; kind++) {
        const struct jpeg_spec jpeg = {.width = 240,
                                       .height = 160,
                                       .channels = 3,
                                       .h_samp = kind % 3 == 2 ? 2 : 1,
                                       .v_samp = kind % 3 == 2 ? 2 : 1};
        const struct png_spec png = {.width = 240, .height = 160, .channels = 3};
        struct imgcore_options options = options_of(&crop);
        options.preset = (enum imgcore_preset)(kind / 3 % 3);
        struct imgcore_output outputs[2][2];
        for (int i = 0; i < 2; i++) {
            struct jpeg_spec jpeg_of = jpeg;
            struct png_spec png_of = png;
            jpeg_of.pixels = png_of.pixels = i ? other : scene;
            size_t size;
            uint8_t *bytes = kind % 3 == 0 ? png_make(&png_of, &size) : jpeg_make(&jpeg_of, &size);
            outputs[i][0] = box(kind / 9 ? 12 : 96, 0, IMGCORE_FORMAT_PNG);
            outputs[i][1] = box(kind / 9 ? 24 : 48, 0, IMGCORE_FORMAT_JPEG);
            must(bytes, size, &options, outputs[i], 2);
            free(bytes);
        }
        for (int k = 0; k < 2; k++) {
            assert_int_equal(outputs[0][k].size_bytes, outputs[1][k].size_bytes);
            assert_memory_equal(outputs[0][k].bytes, outputs[1][k].bytes, outputs[0][k].size_bytes);
        }
        imgcore_output_clear(context, outputs[0], 2);
        imgcore_output_clear(context, outputs[1], 2);
    }
    free(scene);
    free(other);
}

/* A black rectangle on white, whose edges divide blocks: what the preset does to whole blocks must
 * not let white in. */
static void white_around_a_black_rectangle_stays_outside(void **state) {
    (void)state;
    const struct rectangle crop = {21, 27, 147, 101};
    uint8_t *picture = malloc((size_t)240 * 160 * 3);
    assert_non_null(picture);
    memset(picture, 255, (size_t)240 * 160 * 3);
    for (uint32_t y = crop.top; y < crop.top + crop.height; y++) {
        memset(picture + ((size_t)y * 240 + crop.left) * 3, 0, (size_t)crop.width * 3);
    }
    for (int kind = 0; kind < 3 * 3; kind++) {
        const struct jpeg_spec spec = {.width = 240,
                                       .height = 160,
                                       .channels = 3,
                                       .pixels = picture,
                                       .quality = 100,
                                       .h_samp = kind % 3 == 0 ? 1 : 2,
                                       .v_samp = kind % 3 == 2 ? 2 : 1};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        struct imgcore_options options = options_of(&crop);
        options.preset = (enum imgcore_preset)(kind / 3);
        for (uint32_t side = 4; side <= 64; side *= 2) {
            uint32_t width, height;
            int channels;
            uint8_t *made = pixels_of(bytes, size, &options, box(side, 0, IMGCORE_FORMAT_PNG),
                                      &width, &height, &channels);
            for (uint32_t i = 0; i < width * height * 3; i++) {
                assert_in_range(made[i], 0, 4);
            }
            free(made);
        }
        free(bytes);
    }
    free(picture);
}

/* ---- sizes, and what is refused ---------------------------------------------------------------
 */

static void fits_count_from_it(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 300, .height = 200, .channels = 3, .orientation = 6};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const struct rectangle crop = {10, 20, 100, 50}; /* of 200 x 300 */
    const struct imgcore_options options = options_of(&crop);
    struct imgcore_output outputs[4] = {
        box(0, 0, IMGCORE_FORMAT_JPEG), box(50, 50, IMGCORE_FORMAT_JPEG),
        box(150, 150, IMGCORE_FORMAT_JPEG), box(40, 40, IMGCORE_FORMAT_JPEG)};
    outputs[3].fit = IMGCORE_FIT_COVER;
    must(bytes, size, &options, outputs, 4);
    const uint32_t expected[4][2] = {{100, 50}, {50, 25}, {100, 50}, {40, 40}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(outputs[i].result_width_px, expected[i][0]);
        assert_int_equal(outputs[i].result_height_px, expected[i][1]);
    }
    imgcore_output_clear(context, outputs, 4);
    free(bytes);
}

static void one_that_is_not_inside_is_refused(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 30, .height = 20, .channels = 3, .orientation = 8};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size); /* 20 x 30 */
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    static const struct rectangle wrong[] = {
        {0, 0, 21, 30}, {0, 0, 20, 31},         {1, 0, 20, 30},         {0, 1, 20, 30},
        {20, 0, 1, 1},  {0, 30, 1, 1},          {UINT32_MAX, 0, 2, 2},  {2, 2, UINT32_MAX, 1},
        {0, 0, 0, 5},   {0, 0, 5, 0},           {1, 0, 0, 0},           {0, 1, 0, 0},
        {0, 0, 30, 20}, {UINT32_MAX, 1, 1, 30}, {1, UINT32_MAX, 20, 1}, {0, 2, 1, UINT32_MAX}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct imgcore_options options = options_of(&wrong[i]);
        struct imgcore_output output = box(5, 5, IMGCORE_FORMAT_PNG);
        struct imgcore_error error;
        assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, &error),
                         IMGCORE_INVALID_ARGUMENT);
        assert_non_null(strstr(error.detail, "crop"));
        assert_null(output.bytes);
    }
    const struct rectangle all = {0, 0, 20, 30};
    const struct imgcore_options options = options_of(&all);
    struct imgcore_output outputs[2] = {box(7, 0, IMGCORE_FORMAT_PNG),
                                        box(7, 0, IMGCORE_FORMAT_PNG)};
    must(bytes, size, &options, &outputs[0], 1);
    must(bytes, size, NULL, &outputs[1], 1);
    assert_int_equal(outputs[0].size_bytes, outputs[1].size_bytes);
    assert_memory_equal(outputs[0].bytes, outputs[1].bytes, outputs[0].size_bytes);
    imgcore_output_clear(context, outputs, 2);
    free(bytes);
}

/* ---- the rows below it ------------------------------------------------------------------------
 */

struct counted {
    struct blob file;
    size_t read_bytes;
};

static bool read_counted(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct counted *counted = user;
    const size_t left = counted->file.size_bytes - counted->read_bytes;
    *read_bytes = size_bytes < left ? size_bytes : left;
    memcpy(buffer, counted->file.bytes + counted->read_bytes, *read_bytes);
    counted->read_bytes += *read_bytes;
    return true;
}

static double last_part;
static void note_part(void *user, double part) {
    (void)user;
    assert_true(part >= last_part && part <= 1.0);
    last_part = part;
}

/* Neither read nor checked: a file that ends below the rectangle is as good. */
static void rows_below_it_are_not_read(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct blob file = {NULL, 0};
        if (kind < 2) {
            const struct jpeg_spec spec = {.width = 500,
                                           .height = 1600,
                                           .channels = 3,
                                           .h_samp = 1 + kind,
                                           .v_samp = 1 + kind,
                                           .restart_rows = kind};
            file.bytes = jpeg_make(&spec, &file.size_bytes);
        } else {
            const struct png_spec spec = {.width = 500, .height = 1600, .channels = kind + 1};
            file.bytes = png_make(&spec, &file.size_bytes);
        }
        struct rectangle crop = {100, 40, 300, 200};
        struct imgcore_options options = options_of(&crop);
        struct imgcore_output whole = box(0, 0, IMGCORE_FORMAT_PNG), cut = whole;
        must(file.bytes, file.size_bytes, &options, &whole, 1);
        options.on_progress = note_part;
        last_part = 0.0;
        for (uint32_t threads = 1; threads <= 3; threads++) {
            options.threads = threads;
            last_part = 0.0;
            must(file.bytes, file.size_bytes / 2, &options, &cut, 1);
            assert_true(last_part == 1.0);
            assert_int_equal(cut.size_bytes, whole.size_bytes);
            assert_memory_equal(cut.bytes, whole.bytes, whole.size_bytes);
            imgcore_output_clear(context, &cut, 1);
        }
        options.on_progress = NULL;
        struct counted counted = {.file = file};
        const struct imgcore_source source = {.read = read_counted, .user = &counted};
        assert_int_equal(imgcore_transform(context, &source, &options, &cut, 1, NULL), IMGCORE_OK);
        assert_true(counted.read_bytes < file.size_bytes / 4 + 128 * 1024);
        assert_true(counted.read_bytes < file.size_bytes);
        assert_memory_equal(cut.bytes, whole.bytes, whole.size_bytes);
        imgcore_output_clear(context, &cut, 1);
        /* what is needed must be there */
        options.crop_top_px = 1300;
        const struct imgcore_source half = {.bytes = file.bytes, .size_bytes = file.size_bytes / 2};
        assert_int_equal(imgcore_transform(context, &half, &options, &cut, 1, NULL),
                         IMGCORE_TRUNCATED);
        options.crop_top_px = 40;
        assert_int_equal(imgcore_check(context, &half, &options, NULL), IMGCORE_TRUNCATED);
        imgcore_output_clear(context, &whole, 1);
        blob_free(&file);
    }
}

/* Damage at random places: any number of threads gives the same status and the same bytes. */
static void damage_and_threads_change_nothing(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= (uint64_t)test_part(300, 20); seed++) {
        uint64_t random = seed;
        /* some are large enough for several threads to decode them */
        struct subject subject = make_subject(&random, seed % 10 == 0 ? 900 : 120);
        const struct rectangle crop = random_crop(&subject, &random);
        struct imgcore_options options = options_of(&crop);
        options.tolerant = seed % 5 == 0;
        if (seed % 3 != 0) {
            const size_t at = random_between(&random, (uint32_t)subject.file.size_bytes / 3,
                                             (uint32_t)subject.file.size_bytes - 1);
            subject.file.bytes[at] ^= (uint8_t)random_between(&random, 1, 255);
        }
        const struct imgcore_source source = {.bytes = subject.file.bytes,
                                              .size_bytes = subject.file.size_bytes};
        enum imgcore_status status[3];
        struct imgcore_output output[3];
        for (uint32_t i = 0; i < 3; i++) {
            options.threads = i + 1;
            output[i] = box(20, 20, IMGCORE_FORMAT_PNG);
            status[i] = imgcore_transform(context, &source, &options, &output[i], 1, NULL);
            assert_int_not_equal(status[i], IMGCORE_INTERNAL);
            assert_int_equal(status[i], status[0]);
            assert_int_equal(output[i].size_bytes, output[0].size_bytes);
            if (status[0] == IMGCORE_OK) {
                assert_memory_equal(output[i].bytes, output[0].bytes, output[0].size_bytes);
            }
        }
        imgcore_output_clear(context, output, 3);
        subject_free(&subject);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_equals_resizing_what_was_cut_out),
        cmocka_unit_test(planes_equal_resizing_what_was_cut_out),
        cmocka_unit_test(halved_rows_and_a_scaled_decode_are_as_accurate),
        cmocka_unit_test(pixels_outside_have_no_influence),
        cmocka_unit_test(white_around_a_black_rectangle_stays_outside),
        cmocka_unit_test(fits_count_from_it),
        cmocka_unit_test(one_that_is_not_inside_is_refused),
        cmocka_unit_test(rows_below_it_are_not_read),
        cmocka_unit_test(damage_and_threads_change_nothing),
    };
    return cmocka_run_group_tests_name("crop", tests, set_up, tear_down);
}
