/* The fast PNG reader against libspng, which decides about faults, and libpng: the same pixels, the
 * same status. */
#include "png_compare.h"
#include "tests/support/slowly.h"

/* ---- files ----------------------------------------------------------------------------------- */

/* Splits the data of a file into IDATs of random sizes, some of them empty. */
static void split_idats(const struct bytes *file, uint32_t *random, struct bytes *out) {
    size_t at = 8;
    struct bytes data = {0};
    put_signature(out);
    while (memcmp(file->data + at + 4, "IEND", 4) != 0) {
        const size_t length = ic_u32be(file->data + at);
        if (memcmp(file->data + at + 4, "IDAT", 4) == 0) {
            put(&data, file->data + at + 8, length);
        } else {
            put(out, file->data + at, length + 12);
        }
        at += length + 12;
    }
    const uint32_t most = next_random(random) % 3 == 0 ? 3 : 400;
    for (size_t done = 0; done < data.size;) {
        size_t size = next_random(random) % (most + 1);
        size = size < data.size - done ? size : data.size - done;
        put_chunk(out, "IDAT", data.data + done, size);
        done += size;
    }
    put_iend(out);
    bytes_clear(&data);
}

/* Any kind that is not interlaced. */
static struct png_case random_case(uint32_t *random) {
    static const struct {
        int color_type, depth;
    } kinds[] = {
        {PNG_COLOR_TYPE_GRAY, 8},    {PNG_COLOR_TYPE_GRAY, 1},      {PNG_COLOR_TYPE_GRAY, 2},
        {PNG_COLOR_TYPE_GRAY, 4},    {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
        {PNG_COLOR_TYPE_RGB, 8},     {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_PALETTE, 8},
        {PNG_COLOR_TYPE_PALETTE, 4}, {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_GRAY_ALPHA, 16},
        {PNG_COLOR_TYPE_RGB, 16},    {PNG_COLOR_TYPE_RGB_ALPHA, 16}};
    static const int filters[] = {PNG_ALL_FILTERS,  PNG_ALL_FILTERS,  PNG_FILTER_NONE,
                                  PNG_FILTER_SUB,   PNG_FILTER_UP,    PNG_FILTER_AVG,
                                  PNG_FILTER_PAETH, PNG_FILTER_PAETH, PNG_FAST_FILTERS};
    const size_t kind = next_random(random) % COUNT(kinds);
    const uint32_t most = next_random(random) % 4 == 0 ? 300 : 40;
    struct png_case c = {.width = next_random(random) % most + 1,
                         .height = next_random(random) % most + 1,
                         .color_type = kinds[kind].color_type,
                         .depth = kinds[kind].depth,
                         .filters = filters[next_random(random) % COUNT(filters)],
                         .trns = next_random(random) % 3 == 0,
                         .seed = next_random(random)};
    if (c.color_type == PNG_COLOR_TYPE_GRAY_ALPHA || c.color_type == PNG_COLOR_TYPE_RGB_ALPHA) {
        c.trns = false;
    }
    return c;
}

/* Runs of rows with one filter, changed at random: unlike those of an encoder. */
static void random_filters(const struct png_case *c, uint32_t *random, struct bytes *file) {
    const size_t channels = c->color_type == PNG_COLOR_TYPE_RGB ? 3 : 4;
    const size_t pixel = channels * (size_t)c->depth / 8;
    const size_t row_bytes = c->width * pixel + 1;
    struct bytes rows = {0};
    for (size_t i = 0; i < row_bytes * c->height; i++) {
        const bool first = i % row_bytes == 0;
        const uint8_t byte = (uint8_t)(first ? next_random(random) % 5 : next_random(random));
        put(&rows, &byte, 1);
    }
    put_signature(file);
    put_ihdr(file, c->width, c->height, c->depth, c->color_type, 0);
    put_idat(file, rows.data, rows.size);
    put_iend(file);
    bytes_clear(&rows);
}

/* ---- good files ------------------------------------------------------------------------------ */

static void pixels_are_those_of_libpng(void **state) {
    (void)state;
    uint32_t random = 4711;
    for (int round = 0; round < test_part(120, 4); round++) {
        struct png_case c = random_case(&random);
        struct bytes made = {0}, file = {0};
        make_case(&c, &made);
        split_idats(&made, &random, &file);
        struct decoded d;
        decode_file(&file, &fast, &d);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_true(d.began_fast && d.ended_fast);
        decoded_clear(&d);
        assert_like_libpng(&file, &fast);
        assert_true(same_when_streamed(&file, next_random(&random) % 70 + 1));
        bytes_clear(&made);
        bytes_clear(&file);
    }
}

static void any_order_of_filters_is_undone_on_every_target(void **state) {
    (void)state;
    uint32_t random = 815;
    for (size_t i = 0; i < ic_target_count(); i++) {
        if (!ic_target_usable(i)) {
            continue;
        }
        struct ic_kernels kernels;
        ic_target_kernels(i, &kernels);
        const struct decode_setup setup = {.kernels = &kernels};
        for (int round = 0; round < 60; round++) {
            struct png_case c = {.width = next_random(&random) % 90 + 1,
                                 .height = next_random(&random) % 60 + 1,
                                 .color_type =
                                     round % 2 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA,
                                 .depth = round % 4 < 2 ? 8 : 16};
            struct bytes file = {0};
            random_filters(&c, &random, &file);
            assert_like_libpng(&file, &setup);
            bytes_clear(&file);
        }
    }
}

/* Large enough for several strips, for matches between them, and for several pieces of the input.
 */
static void large_pictures_come_in_strips(void **state) {
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct png_case c = {.width = 3001,
                             .height = 203,
                             .color_type = PNG_COLOR_TYPE_RGB,
                             .depth = 8,
                             .interlaced = interlaced == 1,
                             .filters = PNG_ALL_FILTERS,
                             .seed = 3};
        struct bytes file = {0};
        make_case(&c, &file);
        struct decoded d;
        decode_file(&file, &fast, &d);
        assert_int_equal(d.began_fast, interlaced == 0);
        decoded_clear(&d);
        assert_like_libpng(&file, &fast);
        assert_true(same_when_streamed(&file, 1000003));
        bytes_clear(&file);
    }
}

/* Only libspng's reader tolerates damage, and reads interlaced images. */
static void what_is_not_taken_goes_to_libspng(void **state) {
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct png_case c = {.width = 20,
                             .height = 20,
                             .color_type = PNG_COLOR_TYPE_RGB,
                             .depth = 8,
                             .interlaced = interlaced == 1,
                             .filters = PNG_ALL_FILTERS,
                             .seed = 1};
        struct bytes file = {0};
        struct decoded d;
        make_case(&c, &file);
        const struct decode_setup tolerant = {.tolerant = true};
        decode_file(&file, interlaced == 1 ? &fast : &tolerant, &d);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_false(d.began_fast);
        decoded_clear(&d);
        bytes_clear(&file);
    }
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void both_readers_agree_on_every_truncation(void **state) {
    (void)state;
    uint32_t random = 99;
    for (int round = 0; round < 4; round++) {
        struct png_case c = random_case(&random);
        c.width = c.width % 30 + 1;
        c.height = c.height % 30 + 1;
        struct bytes made = {0}, file = {0};
        make_case(&c, &made);
        split_idats(&made, &random, &file);
        const size_t whole = file.size;
        for (file.size = 0; file.size < whole; file.size++) {
            assert_same(&file);
            assert_true(same_when_streamed(&file, 1 + file.size % 9));
        }
        bytes_clear(&made);
        bytes_clear(&file);
    }
}

/* Bytes changed at random, with wrong and with corrected checksums; in memory the status and
 * sentence must be equal. */
static void both_readers_agree_on_random_damage(void **state) {
    (void)state;
    uint32_t random = 31337;
    int refused = 0, mended_refused = 0, streams_differ = 0;
    for (int round = 0; round < 800; round++) {
        struct png_case c = random_case(&random);
        struct bytes made = {0}, file = {0};
        c.width = c.width % 60 + 1;
        c.height = c.height % 60 + 1;
        make_case(&c, &made);
        split_idats(&made, &random, &file);
        for (uint32_t n = next_random(&random) % 3 + 1; n > 0; n--) {
            file.data[next_random(&random) % file.size] ^=
                (uint8_t)(1u << next_random(&random) % 8);
        }
        const bool mended = round % 4 != 0;
        if (mended) {
            mend_checksums(&file);
        }
        assert_same(&file);
        const bool same = same_when_streamed(&file, next_random(&random) % 300 + 1);
        assert_true(same || mended);
        streams_differ += !same;
        *(mended ? &mended_refused : &refused) += status_of(&file) != IMGCORE_OK;
        bytes_clear(&made);
        bytes_clear(&file);
    }
    assert_in_range(refused, 170, 200);
    assert_in_range(mended_refused, 300, 600);
    /* Faults after the last row, or two close together, with correct checksums: see png_read.c. */
    assert_in_range(streams_differ, 0, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_those_of_libpng),
        cmocka_unit_test(any_order_of_filters_is_undone_on_every_target),
        cmocka_unit_test(large_pictures_come_in_strips),
        cmocka_unit_test(what_is_not_taken_goes_to_libspng),
        cmocka_unit_test(both_readers_agree_on_every_truncation),
        cmocka_unit_test(both_readers_agree_on_random_damage),
    };
    return cmocka_run_group_tests_name("png_fast", tests, NULL, NULL);
}
