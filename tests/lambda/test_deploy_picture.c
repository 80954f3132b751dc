/* The known picture, and the sizes that are read of pictures and expected of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/deploy/picture.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

static void test_the_picture_is_the_same_every_time(void **state) {
    (void)state;
    struct svc_buf first, second;
    uint32_t width = 0, height = 0;
    svc_buf_init(&first, DEPLOY_MAX_PICTURE_BYTES);
    svc_buf_init(&second, DEPLOY_MAX_PICTURE_BYTES);
    assert_int_equal(deploy_picture_write(&first), SVC_OK);
    assert_int_equal(deploy_picture_write(&second), SVC_OK);
    assert_int_equal(first.size_bytes, second.size_bytes);
    assert_memory_equal(first.bytes, second.bytes, first.size_bytes);
    /* Stored rotated. */
    assert_true(deploy_jpeg_size(first.bytes, first.size_bytes, &width, &height));
    assert_int_equal(width, DEPLOY_PICTURE_HEIGHT_PX);
    assert_int_equal(height, DEPLOY_PICTURE_WIDTH_PX);
    svc_buf_clear(&first);
    svc_buf_clear(&second);
    svc_buf_init(&first, 1000);
    assert_int_equal(deploy_picture_write(&first), SVC_TOO_LARGE);
    svc_buf_clear(&first);
}

/* Before a guard page: a byte read beyond it ends the test. */
static bool read_copy(const uint8_t *bytes, size_t size_bytes, uint32_t *width, uint32_t *height) {
    return deploy_jpeg_size(guard_copy(bytes, size_bytes), size_bytes, width, height);
}

static void test_a_cut_picture_has_no_size(void **state) {
    (void)state;
    struct svc_buf jpeg;
    uint32_t width, height;
    svc_buf_init(&jpeg, DEPLOY_MAX_PICTURE_BYTES);
    assert_int_equal(deploy_picture_write(&jpeg), SVC_OK);
    for (size_t size = 0; size < jpeg.size_bytes; size++) {
        assert_false(read_copy(jpeg.bytes, size, &width, &height));
    }
    assert_true(read_copy(jpeg.bytes, jpeg.size_bytes, &width, &height));
    svc_buf_clear(&jpeg);
}

static void test_damaged_heads_are_read_within_their_bounds(void **state) {
    (void)state;
    struct svc_buf jpeg;
    uint8_t head[200];
    uint32_t width, height;
    uint64_t random = 1;
    svc_buf_init(&jpeg, DEPLOY_MAX_PICTURE_BYTES);
    assert_int_equal(deploy_picture_write(&jpeg), SVC_OK);
    size_t read = 0;
    for (int i = 0; i < 100000; i++) {
        const size_t size = random_between(&random, 4, sizeof(head));
        memcpy(head, jpeg.bytes, size);
        for (int k = 0; k < 3; k++) {
            head[random_between(&random, 2, (uint32_t)size - 1)] =
                (uint8_t)random_between(&random, 0, 255);
        }
        head[size - 2] = 0xff;
        head[size - 1] = 0xd9;
        read += read_copy(head, size, &width, &height);
    }
    assert_true(read > 0 && read < 100000);
    svc_buf_clear(&jpeg);
}

static void test_sizes_that_are_none(void **state) {
    (void)state;
    uint32_t width, height;
    /* Width 0, a frame that is too short, a length of 1, fill bytes instead of a marker. */
    static const uint8_t cases[][16] = {
        {0xff, 0xd8, 0xff, 0xc0, 0, 8, 8, 0, 5, 0, 0, 1, 0, 0, 0xff, 0xd9},
        {0xff, 0xd8, 0xff, 0xc0, 0, 7, 8, 0, 5, 0, 5, 1, 0, 0, 0xff, 0xd9},
        {0xff, 0xd8, 0xff, 0xe0, 0, 1, 8, 0, 5, 0, 5, 1, 0, 0, 0xff, 0xd9},
        {0xff, 0xd8, 0x00, 0xc0, 0, 8, 8, 0, 5, 0, 5, 1, 0, 0, 0xff, 0xd9},
        {0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff, 8, 0, 5, 0, 5, 1, 0, 0, 0xff, 0xd9},
    };
    static const uint8_t good[] = {0xff, 0xd8, 0xff, 0xc2, 0, 8, 8,    0,
                                   5,    0,    7,    1,    0, 0, 0xff, 0xd9};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(read_copy(cases[i], sizeof(cases[i]), &width, &height));
    }
    assert_true(read_copy(good, sizeof(good), &width, &height));
    assert_int_equal(width, 7);
    assert_int_equal(height, 5);
}

static void test_the_picture_fits_inside_every_box(void **state) {
    (void)state;
    static const uint32_t cases[][4] = {
        {1200, 1200, 900, 1200}, {800, 800, 600, 800},     {400, 400, 300, 400},
        {200, 200, 150, 200},    {1200, 1600, 1200, 1600}, {65535, 65535, 1200, 1600},
        {600, 65535, 600, 800},  {65535, 400, 300, 400},   {1, 1, 1, 1},
        {100, 1000, 100, 133},   {3, 65535, 3, 4},         {1199, 65535, 1199, 1599}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t width, height;
        deploy_fitted_size(cases[i][0], cases[i][1], &width, &height);
        assert_int_equal(width, cases[i][2]);
        assert_int_equal(height, cases[i][3]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_picture_is_the_same_every_time),
        cmocka_unit_test(test_a_cut_picture_has_no_size),
        cmocka_unit_test(test_damaged_heads_are_read_within_their_bounds),
        cmocka_unit_test(test_sizes_that_are_none),
        cmocka_unit_test(test_the_picture_fits_inside_every_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
