/* output.write: a function takes the bytes of an output piece by piece. */
#include "tests/imgcore/transform_support.h"

#include <pthread.h>

/* Collects what it is given. */
struct taker {
    uint8_t *bytes;
    size_t size_bytes, largest_piece, pieces;
    size_t stops_at; /* the piece at which it returns false, from 1; 0: never */
    bool has_stopped;
    int number; /* of the output */
    pthread_t thread;
};

static int last_number; /* the output of the last call */

static bool take(void *user, const uint8_t *bytes, size_t size_bytes) {
    struct taker *taker = user;
    assert_true(size_bytes > 0);
    assert_false(taker->has_stopped);
    assert_true(taker->number >= last_number);
    assert_true(pthread_equal(taker->thread, pthread_self()));
    last_number = taker->number;
    if (++taker->pieces == taker->stops_at) {
        taker->has_stopped = true;
        return false;
    }
    taker->bytes = realloc(taker->bytes, taker->size_bytes + size_bytes);
    assert_non_null(taker->bytes);
    memcpy(taker->bytes + taker->size_bytes, bytes, size_bytes);
    taker->size_bytes += size_bytes;
    taker->largest_piece = size_bytes > taker->largest_piece ? size_bytes : taker->largest_piece;
    return true;
}

static void give_to(struct imgcore_output *output, struct taker *taker) {
    taker->thread = pthread_self();
    output->write = take;
    output->write_user = taker;
}

/* Pixels that do not compress. */
static uint8_t *noise(uint32_t width, uint32_t height, int channels) {
    const size_t n = (size_t)width * height * (size_t)channels;
    uint8_t *pixels = malloc(n);
    uint32_t state = 12345;
    assert_non_null(pixels);
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)(state >> 24);
    }
    return pixels;
}

static enum imgcore_status run(struct imgcore_context *with, const uint8_t *pixels, uint32_t width,
                               uint32_t height, size_t memory_bytes, struct imgcore_output *outputs,
                               size_t count, struct imgcore_error *error) {
    const struct imgcore_pixels input = {.first_row = pixels,
                                         .stride_bytes = (ptrdiff_t)width * 3,
                                         .width_px = width,
                                         .height_px = height,
                                         .channels = 3};
    const struct imgcore_source source = {.pixels = &input};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits.memory_bytes = memory_bytes;
    last_number = 0;
    return imgcore_transform(with, &source, &options, outputs, count, error);
}

/* ---- the bytes ------------------------------------------------------------------------------- */

enum { KINDS = 8 };

static struct imgcore_output output_of(int kind) {
    static const enum imgcore_format formats[KINDS] = {
        IMGCORE_FORMAT_JPEG, IMGCORE_FORMAT_JPEG, IMGCORE_FORMAT_JPEG,   IMGCORE_FORMAT_PNG,
        IMGCORE_FORMAT_PNG,  IMGCORE_FORMAT_PNG,  IMGCORE_FORMAT_PIXELS, IMGCORE_FORMAT_PIXELS};
    struct imgcore_output output = box(kind % 2 ? 0 : 400, 0, formats[kind]);
    output.quality = 97;
    output.progressive = kind == 1;
    output.optimize = kind == 2;
    output.png_level = kind == 3 ? 0 : kind;
    return output;
}

static void they_are_those_of_a_collected_output(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 900, .height = 600, .channels = 3, .quality = 97};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.threads = threads;
        struct imgcore_output collected[KINDS], mixed[KINDS];
        struct taker takers[KINDS];
        memset(takers, 0, sizeof(takers));
        last_number = 0;
        for (int i = 0; i < KINDS; i++) {
            collected[i] = mixed[i] = output_of(i);
            takers[i].number = i;
            if (i != 4) { /* some outputs of a call may be collected */
                give_to(&mixed[i], &takers[i]);
            }
        }
        must(bytes, size, &options, collected, KINDS);
        must(bytes, size, &options, mixed, KINDS);
        for (int i = 0; i < KINDS; i++) {
            const uint8_t *got = i == 4 ? mixed[i].bytes : takers[i].bytes;
            assert_true(i == 4 || mixed[i].bytes == NULL);
            assert_true(i == 4 || takers[i].size_bytes == mixed[i].size_bytes);
            assert_int_equal(mixed[i].size_bytes, collected[i].size_bytes);
            assert_memory_equal(got, collected[i].bytes, collected[i].size_bytes);
            assert_int_equal(mixed[i].result_width_px, collected[i].result_width_px);
            assert_int_equal(mixed[i].result_channels, collected[i].result_channels);
            assert_ptr_equal(mixed[i].write_user, i == 4 ? NULL : &takers[i]);
            free(takers[i].bytes);
        }
        assert_true(takers[1].pieces > 1);
        imgcore_output_clear(context, collected, KINDS);
        imgcore_output_clear(context, mixed, KINDS);
    }
    free(bytes);
}

/* Another encoder, whose bytes differ and whose pixels do not. */
static void a_large_png_has_the_same_pixels(void **state) {
    (void)state;
    enum { WIDTH = 1300, HEIGHT = 1100 }; /* 4.1 MiB */
    uint8_t *pixels = scene_make(WIDTH, HEIGHT, 3);
    struct taker taker = {.number = 0};
    struct imgcore_output output = box(0, 0, IMGCORE_FORMAT_PNG);
    give_to(&output, &taker);
    assert_int_equal(run(context, pixels, WIDTH, HEIGHT, 0, &output, 1, NULL), IMGCORE_OK);
    uint32_t width, height;
    int channels;
    uint8_t *decoded = png_read(taker.bytes, taker.size_bytes, &width, &height, &channels);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    assert_memory_equal(decoded, pixels, (size_t)WIDTH * HEIGHT * 3);
    assert_true(taker.pieces > 10);
    free(decoded);
    free(taker.bytes);
    free(pixels);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static void one_that_stops_ends_the_call(void **state) {
    (void)state;
    enum { WIDTH = 700, HEIGHT = 500 };
    uint8_t *pixels = noise(WIDTH, HEIGHT, 3);
    for (int format = IMGCORE_FORMAT_JPEG; format <= IMGCORE_FORMAT_PIXELS; format++) {
        size_t pieces = 1;
        for (size_t nth = 1; nth <= pieces; nth++) {
            struct imgcore_output outputs[3];
            struct taker takers[3];
            memset(takers, 0, sizeof(takers));
            for (int i = 0; i < 3; i++) {
                outputs[i] = box(0, 0, (enum imgcore_format)format);
                takers[i].number = i;
            }
            give_to(&outputs[1], &takers[1]);
            give_to(&outputs[2], &takers[2]);
            struct imgcore_error error;
            if (nth == 1) { /* how many there are */
                assert_int_equal(run(context, pixels, WIDTH, HEIGHT, 0, outputs, 3, &error),
                                 IMGCORE_OK);
                pieces = takers[1].pieces;
                free(takers[1].bytes);
                free(takers[2].bytes);
                imgcore_output_clear(context, outputs, 3);
                memset(takers, 0, sizeof(takers));
                give_to(&outputs[1], &takers[1]);
                give_to(&outputs[2], &takers[2]);
                takers[1].number = 1;
                takers[2].number = 2;
            }
            takers[1].stops_at = nth;
            assert_int_equal(run(context, pixels, WIDTH, HEIGHT, 0, outputs, 3, &error),
                             IMGCORE_CANCELLED);
            assert_int_equal(error.status, IMGCORE_CANCELLED);
            assert_non_null(strstr(error.detail, "output 2"));
            assert_int_equal(takers[1].pieces, nth);
            assert_int_equal(takers[2].pieces, 0);
            for (int i = 0; i < 3; i++) {
                assert_null(outputs[i].bytes);
            }
            free(takers[1].bytes);
        }
        assert_true(pieces >= (format == IMGCORE_FORMAT_PNG ? 1 : 3));
    }
    free(pixels);
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct meter {
    size_t live_bytes, peak_bytes;
};

static void *metered_alloc(void *user, size_t size_bytes) {
    struct meter *meter = user;
    size_t *block = malloc(size_bytes + 64);
    if (block == NULL) {
        return NULL;
    }
    *block = size_bytes;
    meter->live_bytes += size_bytes;
    meter->peak_bytes =
        meter->live_bytes > meter->peak_bytes ? meter->live_bytes : meter->peak_bytes;
    return (char *)block + 64;
}

static void metered_free(void *user, void *block) {
    if (block != NULL) {
        size_t *begin = (size_t *)((char *)block - 64);
        ((struct meter *)user)->live_bytes -= *begin;
        free(begin);
    }
}

/* The file that is not held is missing in the peak, and in what the budget has to allow. */
static void the_file_is_not_held(void **state) {
    (void)state;
    enum { WIDTH = 1500, HEIGHT = 1200, SAMPLES = WIDTH * HEIGHT * 3, PIECE = 256 * 1024 };
    uint8_t *pixels = noise(WIDTH, HEIGHT, 3);
    for (int format = IMGCORE_FORMAT_JPEG; format <= IMGCORE_FORMAT_PIXELS; format++) {
        size_t peak[2], file_bytes = 0;
        for (int has_sink = 0; has_sink < 2; has_sink++) {
            struct meter meter = {0, 0};
            const struct imgcore_allocator allocator = {metered_alloc, metered_free, &meter};
            struct imgcore_context *own;
            struct taker taker = {.number = 0};
            assert_int_equal(imgcore_context_create(&allocator, &own), IMGCORE_OK);
            struct imgcore_output output = box(0, 0, (enum imgcore_format)format);
            output.quality = 100;
            output.subsampling = IMGCORE_SUBSAMPLING_444;
            if (has_sink) {
                give_to(&output, &taker);
            }
            assert_int_equal(run(own, pixels, WIDTH, HEIGHT, 0, &output, 1, NULL), IMGCORE_OK);
            peak[has_sink] = meter.peak_bytes;
            file_bytes = output.size_bytes;
            imgcore_output_clear(own, &output, 1);
            if (has_sink) {
                assert_true(taker.largest_piece <= PIECE);
                /* the image, and pieces */
                const size_t enough = SAMPLES + HEIGHT * 192u + 4 * PIECE;
                assert_true(peak[1] <= enough);
                assert_int_equal(run(own, pixels, WIDTH, HEIGHT, enough, &output, 1, NULL),
                                 IMGCORE_OK);
                output.write = NULL;
                assert_int_equal(run(own, pixels, WIDTH, HEIGHT, enough, &output, 1, NULL),
                                 IMGCORE_BUDGET);
            }
            free(taker.bytes);
            imgcore_context_destroy(own);
            assert_int_equal(meter.live_bytes, 0);
        }
        assert_true(file_bytes > (size_t)3 << 20);
        assert_true(peak[0] - peak[1] >= file_bytes - PIECE);
    }
    free(pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_those_of_a_collected_output),
        cmocka_unit_test(a_large_png_has_the_same_pixels),
        cmocka_unit_test(one_that_stops_ends_the_call),
        cmocka_unit_test(the_file_is_not_held),
    };
    return cmocka_run_group_tests_name("sink", tests, set_up, tear_down);
}
