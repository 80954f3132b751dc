/* The PNG encoder, read back by libpng and by the reader. */
#include "png_support.h"

/* ---- the writer ---- */

static const enum ic_color written_colors[] = {IC_COLOR_GREY, IC_COLOR_GREY_ALPHA, IC_COLOR_RGB,
                                               IC_COLOR_RGBA};

/* Makes an image with `gap` bytes after each row; bottom-up if requested. */
static struct ic_picture make_picture(enum ic_color color, uint32_t width, uint32_t height,
                                      size_t gap, bool bottom_up, uint8_t **block) {
    size_t channels = (size_t)ic_color_channels(color);
    size_t stride = width * channels + gap;
    *block = malloc(stride * height);
    assert_non_null(*block);
    uint32_t random = width * 31 + height;
    for (size_t i = 0; i < stride * height; i++) {
        (*block)[i] = (uint8_t)(i / 3 + next_random(&random) % 5);
    }
    struct ic_picture picture = {
        .color = color, .width_px = width, .height_px = height, .planes = 1};
    picture.plane[0].rows = bottom_up ? *block + stride * (height - 1) : *block;
    picture.plane[0].stride_bytes = bottom_up ? -(ptrdiff_t)stride : (ptrdiff_t)stride;
    picture.plane[0].width = width;
    picture.plane[0].height = height;
    picture.plane[0].channels = (int)channels;
    return picture;
}

static void assert_written(const struct ic_buf *out, const struct ic_picture *picture) {
    struct bytes file = {.data = out->bytes, .size = out->size_bytes};
    uint32_t width, height;
    int channels;
    uint8_t *pixels;
    assert_true(oracle(&file, &width, &height, &channels, &pixels));
    assert_int_equal(width, picture->width_px);
    assert_int_equal(height, picture->height_px);
    assert_int_equal(channels, ic_color_channels(picture->color));
    size_t row_bytes = width * (size_t)channels;
    for (uint32_t y = 0; y < height; y++) {
        assert_memory_equal(pixels + y * row_bytes,
                            picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes,
                            row_bytes);
    }
    free(pixels);
}

static void check_written(const struct ic_kernels *kernels) {
    for (size_t c = 0; c < COUNT(written_colors); c++) {
        for (int level = 0; level <= 9; level++) {
            uint8_t *block;
            struct ic_picture picture =
                make_picture(written_colors[c], level == 5 ? 1 : (uint32_t)(level * 40 + 3),
                             level == 4 ? 1 : 37, (size_t)level * 5, level % 2 == 1, &block);
            struct ic_write_options options = {.kernels = kernels, .png_level = level};
            struct ic_mem mem;
            ic_mem_init(&mem, NULL);
            struct ic_buf out = {.mem = &mem};
            struct imgcore_error error;
            assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error), IMGCORE_OK);
            assert_written(&out, &picture);
            struct bytes file = {.data = out.bytes, .size = out.size_bytes};
            assert_like_libpng(&file, NULL);
            /* Signature, IHDR, IDAT, IEND and nothing else. */
            assert_int_equal(find_chunk(&file, "IDAT", 0), 33);
            size_t at = 33;
            while (memcmp(file.data + at + 4, "IDAT", 4) == 0) {
                at += (size_t)ic_u32be(file.data + at) + 12;
            }
            assert_int_equal(find_chunk(&file, "IEND", 0), at);
            assert_int_equal(at + 12, file.size);
            ic_buf_clear(&out);
            assert_int_equal(mem.reserved_bytes, 0);
            ic_mem_clear(&mem);
            free(block);
        }
    }
}

static void what_is_written_libpng_reads(void **state) {
    (void)state;
    check_written(best_kernels());
    check_written(NULL);
    for (size_t i = 0; i < ic_target_count(); i++) {
        if (ic_target_usable(i)) {
            struct ic_kernels kernels;
            ic_target_kernels(i, &kernels);
            check_written(&kernels);
        }
    }
}

static void metadata_is_written_as_asked(void **state) {
    (void)state;
    uint8_t icc[30000];
    uint32_t random = 9;
    for (size_t i = 0; i < sizeof(icc); i++) {
        icc[i] = (uint8_t)next_random(&random);
    }
    uint8_t *block;
    struct ic_picture picture = make_picture(IC_COLOR_RGB, 9, 7, 3, false, &block);
    struct ic_write_options options = {.kernels = best_kernels(),
                                       .png_level = 6,
                                       .icc = icc,
                                       .icc_bytes = sizeof(icc),
                                       .copyright = "(c) somebody"};
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    struct ic_buf out = {.mem = &mem};
    assert_true(ic_buf_append(&out, "before", 6)); /* the encoder appends */
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, NULL), IMGCORE_OK);
    assert_memory_equal(out.bytes, "before", 6);
    struct bytes file = {.data = out.bytes + 6, .size = out.size_bytes - 6};
    struct decoded d;
    decode_file(&file, NULL, &d);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_int_equal(d.icc.size, sizeof(icc));
    assert_memory_equal(d.icc.data, icc, sizeof(icc));
    assert_string_equal((char *)d.copyright.data, "(c) somebody");
    decoded_clear(&d);
    ic_buf_clear(&out);
    ic_mem_clear(&mem);
    free(block);
}

static void wrong_pictures_are_not_written(void **state) {
    (void)state;
    uint8_t *block;
    struct ic_mem mem;
    struct imgcore_error error;
    struct ic_write_options options = {.kernels = best_kernels(), .png_level = 6};
    ic_mem_init(&mem, NULL);
    struct ic_buf out = {.mem = &mem};
    struct ic_picture picture = make_picture(IC_COLOR_RGB, 3, 3, 0, false, &block);
    picture.color = IC_COLOR_CMYK;
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error),
                     IMGCORE_INVALID_ARGUMENT);
    picture.color = IC_COLOR_YCBCR;
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error),
                     IMGCORE_INVALID_ARGUMENT);
    picture.color = IC_COLOR_RGB;
    picture.height_px = 0;
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error),
                     IMGCORE_INVALID_ARGUMENT);
    picture.height_px = 0x80000000u;
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error), IMGCORE_TOO_LARGE);
    picture.height_px = 3;
    ic_mem_set_budget(&mem, 100000);
    assert_int_equal(ic_png_write(&mem, &picture, &options, &out, &error), IMGCORE_BUDGET);
    assert_null(out.bytes);
    ic_mem_clear(&mem);
    free(block);
}

static void every_allocation_of_the_writer_may_fail(void **state) {
    (void)state;
    uint8_t *block;
    static const uint8_t icc[500] = {1, 2, 3};
    struct ic_picture picture = make_picture(IC_COLOR_RGBA, 150, 90, 3, false, &block);
    struct ic_write_options options = {.kernels = best_kernels(),
                                       .png_level = 1,
                                       .icc = icc,
                                       .icc_bytes = sizeof(icc),
                                       .copyright = "somebody"};
    for (int on = 0; on < 2; on++) {
        struct failing f = {.from_there_on = on == 1};
        bool done = false;
        while (!done) {
            f.calls = 0;
            f.fail_at++;
            struct imgcore_allocator allocator = {
                .alloc = failing_alloc, .free = failing_free, .user = &f};
            struct ic_mem mem;
            struct imgcore_error error;
            ic_mem_init(&mem, &allocator);
            struct ic_buf out = {.mem = &mem};
            enum imgcore_status status = ic_png_write(&mem, &picture, &options, &out, &error);
            done = f.calls < f.fail_at;
            if (done || f.from_there_on || status != IMGCORE_OK) {
                assert_int_equal(status, done ? IMGCORE_OK : IMGCORE_NO_MEMORY);
            }
            assert_true((status == IMGCORE_OK) == (out.bytes != NULL));
            if (status == IMGCORE_OK) {
                assert_written(&out, &picture);
            }
            ic_buf_clear(&out);
            assert_int_equal(mem.used_bytes, 0);
            assert_int_equal(mem.reserved_bytes, 0);
            ic_mem_clear(&mem);
        }
        assert_true(f.fail_at > 4);
    }
    free(block);
}

static size_t written_bytes(const struct ic_kernels *kernels, const struct ic_picture *picture,
                            int level, size_t budget_bytes, size_t *peak_bytes) {
    struct ic_write_options options = {.kernels = kernels, .png_level = level};
    struct ic_mem mem;
    struct imgcore_error error;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, budget_bytes);
    struct ic_buf out = {.mem = &mem};
    assert_int_equal(ic_png_write(&mem, picture, &options, &out, &error), IMGCORE_OK);
    assert_int_equal(error.status, IMGCORE_OK);
    assert_written(&out, picture);
    const size_t size_bytes = out.size_bytes;
    *peak_bytes = mem.peak_bytes;
    ic_buf_clear(&out);
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    ic_mem_clear(&mem);
    return size_bytes;
}

static void large_images_are_encoded_row_by_row(void **state) {
    (void)state;
    uint8_t *block;
    size_t whole_peak, rows_peak, peak;
    struct ic_picture picture = make_picture(IC_COLOR_RGB, 1500, 1000, 0, false, &block);
    const size_t budget = (size_t)100 << 20;
    size_t whole = written_bytes(best_kernels(), &picture, 1, budget, &whole_peak);
    size_t rows = written_bytes(NULL, &picture, 1, budget, &rows_peak);
    assert_int_not_equal(whole, rows);
    assert_true(whole_peak > rows_peak);
    assert_int_equal(written_bytes(best_kernels(), &picture, 1, rows_peak, &peak), rows);
    free(block);
    /* 72 MiB of pixels: too large to be compressed in one piece, for any budget. */
    picture = make_picture(IC_COLOR_GREY, 1, 1, 0, false, &block);
    uint8_t *row = calloc(1, 24000);
    assert_non_null(row);
    picture.width_px = 24000;
    picture.height_px = 3000;
    picture.plane[0].rows = row;
    picture.plane[0].stride_bytes = 0; /* all rows share the memory of one */
    written_bytes(best_kernels(), &picture, 1, (size_t)1 << 30, &peak);
    assert_true(peak < (size_t)4 << 20);
    free(row);
    free(block);
}

/* The highest level gives the smallest file, level 0 the largest. */
static void higher_levels_give_smaller_files(void **state) {
    (void)state;
    uint8_t *block;
    size_t peak, size[10];
    struct ic_picture picture = make_picture(IC_COLOR_RGB, 300, 200, 0, false, &block);
    for (int level = 0; level < 10; level++) {
        size[level] = written_bytes(best_kernels(), &picture, level, (size_t)100 << 20, &peak);
    }
    assert_true(size[0] > (size_t)300 * 200 * 3);
    assert_true(size[1] < size[0] * 3 / 4);
    assert_true(size[6] < size[1]);
    assert_true(size[9] < size[1]);
    free(block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_libpng_reads),
        cmocka_unit_test(metadata_is_written_as_asked),
        cmocka_unit_test(wrong_pictures_are_not_written),
        cmocka_unit_test(every_allocation_of_the_writer_may_fail),
        cmocka_unit_test(large_images_are_encoded_row_by_row),
        cmocka_unit_test(higher_levels_give_smaller_files),
    };
    return cmocka_run_group_tests_name("png_write", tests, NULL, NULL);
}
