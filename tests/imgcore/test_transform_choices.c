/* What imgcore_transform decides by the content of a file, from end to end: the chroma of an
 * output, and the part of a damaged file that is used. And that the measure of chroma's place sees
 * half a sample. */
#include "tests/imgcore/transform_support.h"

/* ---- AUTO subsampling -------------------------------------------------------------------------
 */

enum { W = 240, H = 180 };

/* Thin stripes of saturated colours, or a smooth shade. */
static uint8_t *draw(bool has_edges) {
    uint8_t *pixels = malloc((size_t)W * H * 3);
    assert_non_null(pixels);
    for (uint32_t y = 0; y < H; y++) {
        for (uint32_t x = 0; x < W; x++) {
            uint8_t *pixel = pixels + 3 * (y * W + x);
            const bool is_red = (x / 6 + y / 6) % 2 != 0;
            pixel[0] = (uint8_t)(has_edges ? 255 : 90 + x / 4);
            pixel[1] = (uint8_t)(has_edges ? (is_red ? 0 : 255) : 100 + y / 4);
            pixel[2] = (uint8_t)(has_edges ? (is_red ? 0 : 255) : 120 + x / 8);
        }
    }
    return pixels;
}

static enum imgcore_chroma chroma_of(const struct imgcore_output *output) {
    const struct imgcore_source source = {.bytes = output->bytes, .size_bytes = output->size_bytes};
    struct imgcore_info info;
    imgcore_info_default(&info);
    assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
    return info.chroma;
}

static struct imgcore_output make_with(const uint8_t *bytes, size_t size,
                                       const struct imgcore_options *options,
                                       enum imgcore_subsampling subsampling) {
    struct imgcore_output output = box(120, 90, IMGCORE_FORMAT_JPEG);
    output.subsampling = subsampling;
    must(bytes, size, options, &output, 1);
    return output;
}

static void check_auto(const uint8_t *bytes, size_t size, bool has_edges) {
    for (int linear = 0; linear < 2; linear++) { /* from planes, and from RGB */
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.linear = linear != 0;
        struct imgcore_output chosen = make_with(bytes, size, &options, IMGCORE_SUBSAMPLING_AUTO);
        struct imgcore_output asked = make_with(
            bytes, size, &options, has_edges ? IMGCORE_SUBSAMPLING_444 : IMGCORE_SUBSAMPLING_420);
        assert_int_equal(chroma_of(&chosen), has_edges ? IMGCORE_CHROMA_444 : IMGCORE_CHROMA_420);
        if (has_edges) { /* the same file */
            assert_int_equal(chosen.size_bytes, asked.size_bytes);
            assert_memory_equal(chosen.bytes, asked.bytes, asked.size_bytes);
        }
        uint32_t width, height;
        int channels;
        uint8_t *a = jpeg_read(chosen.bytes, chosen.size_bytes, &width, &height, &channels);
        uint8_t *b = jpeg_read(asked.bytes, asked.size_bytes, &width, &height, &channels);
        assert_true(psnr_between(a, b, (size_t)width * height * 3) > 40.0);
        free(a);
        free(b);
        imgcore_output_clear(context, &chosen, 1);
        imgcore_output_clear(context, &asked, 1);
    }
}

static void auto_keeps_full_chroma_where_edges_need_it(void **state) {
    (void)state;
    for (int has_edges = 0; has_edges < 2; has_edges++) {
        uint8_t *pixels = draw(has_edges != 0);
        size_t size;
        const struct png_spec png = {.width = W, .height = H, .channels = 3, .pixels = pixels};
        const struct jpeg_spec jpeg = {
            .width = W, .height = H, .channels = 3, .pixels = pixels, .quality = 97};
        uint8_t *bytes = png_make(&png, &size);
        check_auto(bytes, size, has_edges != 0);
        free(bytes);
        bytes = jpeg_make(&jpeg, &size);
        check_auto(bytes, size, has_edges != 0);
        free(bytes);
        free(pixels);
    }
}

/* ---- tolerant ----------------------------------------------------------------------------------
 */

/* Decodes at full size. */
static uint8_t *decode(const uint8_t *bytes, size_t size, bool tolerant, int *channels) {
    struct imgcore_options options;
    uint32_t width, height;
    imgcore_options_default(&options);
    options.tolerant = tolerant;
    options.preset = IMGCORE_PRESET_QUALITY;
    uint8_t *pixels =
        pixels_of(bytes, size, &options, box(0, 0, IMGCORE_FORMAT_PNG), &width, &height, channels);
    assert_int_equal(width, W);
    assert_int_equal(height, H);
    return pixels;
}

/* The upper rows are those of the whole file, the lower ones `rest`, to within a level. */
static void check_cut(const uint8_t *bytes, size_t size, const uint8_t rest[4]) {
    int channels;
    uint8_t *whole = decode(bytes, size, false, &channels);
    uint8_t *same = decode(bytes, size, true, &channels);
    assert_memory_equal(whole, same, (size_t)W * H * (size_t)channels);
    uint8_t *cut = decode(bytes, size * 6 / 10, true, &channels);
    const size_t row_bytes = (size_t)W * (size_t)channels;
    assert_memory_equal(cut, whole, H / 3 * row_bytes);
    assert_memory_not_equal(cut + (H - 1) * row_bytes, whole + (H - 1) * row_bytes, row_bytes);
    for (size_t i = 0; i < row_bytes; i++) {
        const int last = cut[(H - 1) * row_bytes + i], wanted = rest[i % (size_t)channels];
        assert_true(abs(last - wanted) <= 1);
    }
    free(whole);
    free(same);
    free(cut);
}

static void the_part_that_can_be_decoded_is_used(void **state) {
    (void)state;
    static const uint8_t grey[4] = {128, 128, 128}, none[4] = {0, 0, 0, 0};
    uint8_t noise[W * H * 4];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof(noise); i++) { /* so that the data is spread over the file */
        random = random * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(random >> 24);
    }
    size_t size;
    const struct jpeg_spec jpeg = {.width = W, .height = H, .channels = 3, .pixels = noise};
    uint8_t *bytes = jpeg_make(&jpeg, &size);
    check_cut(bytes, size, grey);
    free(bytes);
    for (int channels = 3; channels <= 4; channels++) {
        const struct png_spec png = {
            .width = W, .height = H, .channels = channels, .pixels = noise};
        bytes = png_make(&png, &size);
        check_cut(bytes, size, none);
        free(bytes);
    }
}

/* ---- the place of chroma ------------------------------------------------------------------------
 */

static uint8_t clamp(double value) {
    return (uint8_t)(value < 0.0 ? 0.0 : value > 255.0 ? 255.0 : value + 0.5);
}

/* Gives each pixel the colour of the one `right` and `down` pixels away, and leaves its luma. */
static void shift_chroma(const uint8_t *in, uint8_t *out, uint32_t width, uint32_t height,
                         uint32_t right, uint32_t down) {
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t from_x = x + right < width ? x + right : width - 1;
            const uint32_t from_y = y + down < height ? y + down : height - 1;
            const uint8_t *here = in + 3 * ((size_t)y * width + x);
            const uint8_t *there = in + 3 * ((size_t)from_y * width + from_x);
            uint8_t *pixel = out + 3 * ((size_t)y * width + x);
            const double luma = 0.299 * here[0] + 0.587 * here[1] + 0.114 * here[2];
            const double other = 0.299 * there[0] + 0.587 * there[1] + 0.114 * there[2];
            for (int c = 0; c < 3; c++) {
                pixel[c] = clamp(luma + there[c] - other);
            }
        }
    }
}

/* Files of less chroma, reduced to a quarter, are as those of full chroma: within the decibels of
 * each kind, which a decoder would miss that took chroma for half a sample off. That is shown by
 * files whose chroma is. */
static void subsampled_chroma_keeps_its_place(void **state) {
    (void)state;
    enum { WIDTH = 403, HEIGHT = 301 };
    static const struct {
        int h, v;
        uint32_t right_px, down_px; /* half a sample */
        double least_db;
    } kinds[] = {{1, 1, 0, 0, 0.0},
                 {2, 1, 1, 0, 44.0},
                 {2, 2, 1, 1, 43.0},
                 {1, 2, 0, 1, 47.0},
                 {4, 1, 2, 0, 33.0}};
    uint8_t *scene = scene_make(WIDTH, HEIGHT, 3);
    uint8_t *shifted = malloc((size_t)WIDTH * HEIGHT * 3);
    assert_non_null(shifted);
    uint8_t *want = NULL;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (uint32_t off = 0; off < 2; off++) {
            shift_chroma(scene, shifted, WIDTH, HEIGHT, off * kinds[k].right_px,
                         off * kinds[k].down_px);
            const struct jpeg_spec spec = {.width = WIDTH,
                                           .height = HEIGHT,
                                           .channels = 3,
                                           .pixels = shifted,
                                           .quality = 98,
                                           .h_samp = kinds[k].h,
                                           .v_samp = kinds[k].v};
            uint32_t width, height;
            int channels;
            size_t size;
            uint8_t *bytes = jpeg_make(&spec, &size);
            uint8_t *result = pixels_of(bytes, size, NULL, box(101, 101, IMGCORE_FORMAT_PNG),
                                        &width, &height, &channels);
            free(bytes);
            if (want == NULL) {
                want = result;
                continue;
            }
            const double psnr = psnr_between(want, result, (size_t)width * height * 3);
            if (k != 0 && (off == 0) != (psnr >= kinds[k].least_db)) {
                fail_msg("%dx%d%s: %.1f dB", kinds[k].h, kinds[k].v, off ? ", shifted" : "", psnr);
            }
            free(result);
        }
    }
    free(want);
    free(shifted);
    free(scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auto_keeps_full_chroma_where_edges_need_it),
        cmocka_unit_test(the_part_that_can_be_decoded_is_used),
        cmocka_unit_test(subsampled_chroma_keeps_its_place),
    };
    return cmocka_run_group_tests_name("transform choices", tests, set_up, tear_down);
}
