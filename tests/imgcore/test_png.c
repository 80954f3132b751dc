/* The PNG reader: every type of file against libpng, slow and failing sources, truncation at every
 * byte, limits and memory. */
#include "png_support.h"

#include "imgcore/codec/exif.h"

/* ---- every type against libpng ---- */

static const struct {
    int color_type, depth;
} types[] = {
    {PNG_COLOR_TYPE_GRAY, 1},        {PNG_COLOR_TYPE_GRAY, 2},      {PNG_COLOR_TYPE_GRAY, 4},
    {PNG_COLOR_TYPE_GRAY, 8},        {PNG_COLOR_TYPE_GRAY, 16},     {PNG_COLOR_TYPE_RGB, 8},
    {PNG_COLOR_TYPE_RGB, 16},        {PNG_COLOR_TYPE_PALETTE, 1},   {PNG_COLOR_TYPE_PALETTE, 2},
    {PNG_COLOR_TYPE_PALETTE, 4},     {PNG_COLOR_TYPE_PALETTE, 8},   {PNG_COLOR_TYPE_GRAY_ALPHA, 8},
    {PNG_COLOR_TYPE_GRAY_ALPHA, 16}, {PNG_COLOR_TYPE_RGB_ALPHA, 8}, {PNG_COLOR_TYPE_RGB_ALPHA, 16}};

static const int filters[] = {PNG_FILTER_NONE, PNG_FILTER_SUB,   PNG_FILTER_UP,
                              PNG_FILTER_AVG,  PNG_FILTER_PAETH, PNG_ALL_FILTERS};

static bool has_trns_variant(int color_type) {
    return (color_type & PNG_COLOR_MASK_ALPHA) == 0;
}

static void check_sizes(struct png_case *c) {
    for (uint32_t side = 1; side <= 33; side += 2) {
        c->seed++;
        c->width = side;
        c->height = c->seed % 33 + 1;
        struct bytes file = {0};
        make_case(c, &file);
        assert_like_libpng(&file, NULL);
        bytes_clear(&file);
    }
}

static void every_type_equals_libpng(void **state) {
    (void)state;
    struct png_case c = {.seed = 1};
    for (size_t t = 0; t < COUNT(types); t++) {
        c.color_type = types[t].color_type;
        c.depth = types[t].depth;
        for (int variant = 0; variant < 4; variant++) {
            c.interlaced = variant % 2 == 1;
            c.trns = variant / 2 == 1;
            if (c.trns && !has_trns_variant(c.color_type)) {
                continue;
            }
            for (size_t f = 0; f < COUNT(filters); f++) {
                c.filters = filters[f];
                check_sizes(&c);
            }
        }
    }
}

/* Rows wider than one strip's target, and IDATs that end in the middle of rows. */
static void a_larger_picture_equals_libpng(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(types); t++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            struct png_case c = {.width = t % 2 == 0 ? 1501 : 61,
                                 .height = t % 2 == 0 ? 67 : 803,
                                 .color_type = types[t].color_type,
                                 .depth = types[t].depth,
                                 .interlaced = interlaced != 0,
                                 .filters = PNG_ALL_FILTERS,
                                 .seed = 7};
            struct bytes file = {0};
            make_case(&c, &file);
            assert_like_libpng(&file, NULL);
            bytes_clear(&file);
        }
    }
}

static void all_16_bit_values_narrow_like_libpng(void **state) {
    (void)state;
    size_t row_bytes = 1 + 256 * 2;
    uint8_t *rows = calloc(256, row_bytes);
    assert_non_null(rows);
    for (size_t v = 0; v < 65536; v++) {
        rows[v / 256 * row_bytes + 1 + v % 256 * 2] = (uint8_t)(v >> 8);
        rows[v / 256 * row_bytes + 2 + v % 256 * 2] = (uint8_t)v;
    }
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, 256, 256, 16, PNG_COLOR_TYPE_GRAY, 0);
    put_chunk(&file, "tRNS", "\x12\x34", 2);
    put_idat(&file, rows, 256 * row_bytes);
    put_iend(&file);
    assert_like_libpng(&file, NULL);
    struct decoded decoded;
    decode_file(&file, NULL, &decoded);
    for (size_t v = 0; v < 65536; v++) { /* only the key is transparent, not its neighbours */
        assert_int_equal(decoded.pixels[2 * v + 1], v == 0x1234 ? 0 : 255);
    }
    decoded_clear(&decoded);
    bytes_clear(&file);
    free(rows);
}

static void bits_above_the_depth_of_a_key_do_not_count(void **state) {
    (void)state;
    static const uint8_t rows[] = {0, 0x1b, 0, 0xe4};
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, 4, 2, 2, PNG_COLOR_TYPE_GRAY, 0);
    put_chunk(&file, "tRNS", "\xff\xfe", 2);
    put_idat(&file, rows, sizeof(rows));
    put_iend(&file);
    assert_like_libpng(&file, NULL);
    bytes_clear(&file);
}

static void indices_past_the_palette_are_black_as_in_libpng(void **state) {
    (void)state;
    static const size_t cases[][2] = {{16, 0}, {5, 0}, {1, 0}, {16, 3}, {5, 5}, {5, 2}, {1, 1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes file = {0};
        make_palette_file(&file, cases[i][0], cases[i][1]);
        assert_like_libpng(&file, NULL);
        bytes_clear(&file);
    }
    struct bytes file = {0};
    struct decoded decoded;
    make_palette_file(&file, 5, 2);
    decode_file(&file, NULL, &decoded);
    assert_memory_equal(decoded.pixels + 15 * 4, "\0\0\0\xff", 4);
    decoded_clear(&decoded);
    bytes_clear(&file);
    make_palette_file(&file, 3, 4); /* more alphas than colours: not used */
    assert_like_libpng(&file, NULL);
    bytes_clear(&file);
}

/* Makes a file of 16 x 3 pixels that uses every index of this depth, whose palette has any number
 * of entries. */
static void make_long_palette(struct bytes *file, int depth, bool interlaced, size_t entries,
                              size_t alphas) {
    uint8_t rows[3 * 16 * 3] = {0};
    put_signature(file);
    put_ihdr(file, 16, 3, depth, PNG_COLOR_TYPE_PALETTE, interlaced);
    put_palette(file, entries, alphas);
    /* Filter 0 wherever a row may begin, and other bytes everywhere else. */
    const size_t row_bytes = interlaced ? 1 : (size_t)2 * (size_t)depth;
    for (size_t i = 0; i < sizeof(rows); i++) {
        const size_t at = i % (row_bytes + 1);
        rows[i] = (uint8_t)(at == 0 || interlaced ? 0 : 0x1b + 0x4d * at);
    }
    put_idat(file, rows, sizeof(rows));
    put_iend(file);
}

static void entries_that_no_pixel_can_name_are_dropped_as_in_libpng(void **state) {
    (void)state;
    static const struct decode_setup setups[] = {
        {.tolerant = false}, {.tolerant = true}, {.libspng_alone = true}};
    for (int depth = 1; depth <= 4; depth *= 2) {
        const size_t named = (size_t)1 << depth;
        const size_t entries[] = {named, named + 1, 200, 256};
        const size_t alphas[] = {0, 1, named, named + 1, 256};
        for (size_t i = 0; i < COUNT(entries) * COUNT(alphas) * COUNT(setups) * 2; i++) {
            struct bytes file = {0};
            const size_t e = entries[i % 4], a = alphas[i / 4 % 5];
            make_long_palette(&file, depth, i / 60 != 0, e, a);
            assert_like_libpng(&file, &setups[i / 20 % 3]);
            struct decoded d;
            struct trickle t = {.data = file.data, .size = file.size, .step = 1};
            const struct imgcore_source source = {.read = read_trickle, .user = &t};
            decode_source(&source, &setups[i / 20 % 3], &d);
            assert_int_equal(d.status, IMGCORE_OK);
            decoded_clear(&d);
            bytes_clear(&file);
        }
    }
}

/* libspng starts again where the fast reader finds a fault: here compressed data that has no end.
 */
static void a_long_palette_is_read_again(void **state) {
    (void)state;
    static const uint8_t row[] = {0, 0x1b, 0xe4, 0x1b, 0xe4};
    struct bytes packed = {0};
    struct decoded d[2];
    put_packed(&packed, row, sizeof(row));
    for (size_t i = 0; i < 2; i++) {
        struct bytes file = {0};
        put_signature(&file);
        put_ihdr(&file, 16, 1, 2, PNG_COLOR_TYPE_PALETTE, 0);
        put_palette(&file, 99, 3);
        put_chunk(&file, "IDAT", packed.data, packed.size - 4 * i); /* without the Adler-32 */
        put_iend(&file);
        decode_file(&file, NULL, &d[i]);
        assert_true(d[i].began_fast);
        assert_int_equal(d[i].status, IMGCORE_OK);
        bytes_clear(&file);
    }
    assert_memory_equal(d[0].pixels, d[1].pixels, 16 * 4);
    decoded_clear(&d[0]);
    decoded_clear(&d[1]);
    bytes_clear(&packed);
}

static void a_damaged_long_palette_is_refused(void **state) {
    (void)state;
    struct bytes file = {0};
    make_long_palette(&file, 4, false, 256, 0);
    const size_t plte = find_chunk(&file, "PLTE", 0);
    /* Its checksum is that of all entries. */
    for (size_t i = 4; i < 4 + 768 + 8; i += 97) {
        file.data[plte + i] ^= 0x20;
        const enum imgcore_status status = status_of(&file);
        /* In the type: another chunk, so that there is no palette. */
        assert_int_equal(status, IMGCORE_CORRUPT);
        file.data[plte + i] ^= 0x20;
    }
    for (size_t cut = plte; cut < plte + 8 + 768 + 4; cut++) {
        const struct bytes part = {file.data, cut, cut};
        assert_int_equal(status_of(&part), IMGCORE_TRUNCATED);
    }
    bytes_clear(&file);
}

static void the_header_describes_the_file(void **state) {
    (void)state;
    static const enum ic_color plain[] = {IC_COLOR_GREY, IC_COLOR_GREY,       IC_COLOR_RGB,
                                          IC_COLOR_RGB,  IC_COLOR_GREY_ALPHA, IC_COLOR_GREY,
                                          IC_COLOR_RGBA};
    for (size_t t = 0; t < COUNT(types); t++) {
        struct png_case c = {.width = 5,
                             .height = 3,
                             .color_type = types[t].color_type,
                             .depth = types[t].depth,
                             .interlaced = t % 2 == 1,
                             .filters = PNG_FILTER_NONE,
                             .seed = 3};
        for (int trns = 0; trns < (has_trns_variant(c.color_type) ? 2 : 1); trns++) {
            struct bytes file = {0};
            struct decoded d;
            c.trns = trns == 1;
            make_case(&c, &file);
            decode_file(&file, NULL, &d);
            enum ic_color color = plain[c.color_type];
            if (c.trns) {
                color = color == IC_COLOR_GREY ? IC_COLOR_GREY_ALPHA : IC_COLOR_RGBA;
            }
            assert_int_equal(d.header.format, IMGCORE_FORMAT_PNG);
            assert_int_equal(d.header.color, color);
            assert_int_equal(d.header.bits, c.depth);
            assert_int_equal(d.header.progressive, c.interlaced);
            assert_int_equal(d.header.palette, c.color_type == PNG_COLOR_TYPE_PALETTE);
            assert_int_equal(d.header.orientation, 1);
            assert_int_equal(d.header.components, 0);
            assert_int_equal(d.icc.size, 0);
            decoded_clear(&d);
            bytes_clear(&file);
        }
    }
}

/* ---- sources ---- */

/* Palette with transparency, 16-bit interlaced, 1-bit grey: small files for the slow tests. */
static void make_small(int which, struct bytes *file) {
    static const struct png_case cases[] = {
        {.width = 13, .height = 9, .color_type = PNG_COLOR_TYPE_PALETTE, .depth = 4, .trns = true},
        {.width = 7, .height = 6, .color_type = PNG_COLOR_TYPE_RGB_ALPHA, .depth = 16},
        {.width = 35, .height = 11, .color_type = PNG_COLOR_TYPE_GRAY, .depth = 1},
        {.width = 11, .height = 10, .color_type = PNG_COLOR_TYPE_RGB, .depth = 8}};
    struct png_case c = cases[which];
    c.interlaced = which == 1;
    c.filters = PNG_ALL_FILTERS;
    c.seed = 11;
    make_case(&c, file);
}
#define SMALL_FILES 4

static void a_source_in_pieces_equals_memory(void **state) {
    (void)state;
    static const size_t steps[] = {1, 2, 3, 7, 1000};
    for (int which = 0; which < SMALL_FILES; which++) {
        struct bytes file = {0};
        struct decoded whole, pieces;
        make_small(which, &file);
        decode_file(&file, NULL, &whole);
        assert_int_equal(whole.status, IMGCORE_OK);
        for (size_t s = 0; s < COUNT(steps) * 2; s++) {
            struct trickle t = {.data = file.data, .size = file.size, .step = steps[s / 2]};
            struct imgcore_source source = {.read = read_trickle, .user = &t};
            struct decode_setup setup = {.tolerant = s % 2 == 1};
            decode_source(&source, &setup, &pieces);
            assert_int_equal(pieces.status, IMGCORE_OK);
            assert_memory_equal(pieces.pixels, whole.pixels,
                                (size_t)whole.header.width_px * whole.header.height_px *
                                    (size_t)whole.channels);
            decoded_clear(&pieces);
        }
        decoded_clear(&whole);
        bytes_clear(&file);
    }
}

static void a_failing_source_is_reported(void **state) {
    (void)state;
    for (int which = 0; which < SMALL_FILES * 2; which++) {
        struct bytes file = {0};
        make_small(which / 2, &file);
        struct decode_setup setup = {.tolerant = which % 2 == 1};
        int fail_at = 0;
        bool done = false;
        while (!done) {
            fail_at++;
            struct trickle t = {
                .data = file.data, .size = file.size, .step = 5, .fail_at = fail_at};
            struct imgcore_source source = {.read = read_trickle, .user = &t};
            struct decoded d;
            decode_source(&source, &setup, &d);
            done = t.calls < fail_at;
            assert_int_equal(d.status, done ? IMGCORE_OK : IMGCORE_READ_FAILED);
            decoded_clear(&d);
        }
        assert_true(fail_at > 10);
        bytes_clear(&file);
    }
}

/* ---- truncation ---- */

static void every_truncation_is_refused(void **state) {
    (void)state;
    for (int which = 0; which < SMALL_FILES; which++) {
        struct bytes file = {0};
        make_small(which, &file);
        for (size_t size = 0; size < file.size; size++) {
            struct bytes cut = {.data = file.data, .size = size};
            assert_int_equal(status_of(&cut), IMGCORE_TRUNCATED);
            struct trickle t = {.data = file.data, .size = size, .step = 64};
            struct imgcore_source source = {.read = read_trickle, .user = &t};
            struct decode_setup setup = {.tolerant = false};
            struct decoded d;
            decode_source(&source, &setup, &d);
            assert_int_equal(d.status, IMGCORE_TRUNCATED);
            decoded_clear(&d);
        }
        assert_int_equal(status_of(&file), IMGCORE_OK);
        bytes_clear(&file);
    }
}

/* Checks that every pixel is either correct or 0. Returns how many are certainly correct. */
static size_t count_right(const struct decoded *got, const struct decoded *whole, bool in_order) {
    size_t channels = (size_t)whole->channels;
    size_t pixels = (size_t)whole->header.width_px * whole->header.height_px;
    static const uint8_t nothing[4];
    size_t right = 0;
    bool over = false;
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *a = got->pixels + i * channels;
        const uint8_t *b = whole->pixels + i * channels;
        bool same = memcmp(a, b, channels) == 0;
        if (!same) {
            assert_memory_equal(a, nothing, channels);
            over = true;
        } else if (memcmp(a, nothing, channels) != 0) {
            right++;
            assert_false(in_order && over);
        }
    }
    return right;
}

static void tolerant_truncation_gives_what_is_there(void **state) {
    (void)state;
    struct decode_setup setup = {.tolerant = true};
    for (int which = 0; which < SMALL_FILES; which++) {
        struct bytes file = {0};
        struct decoded whole;
        make_small(which, &file);
        decode_file(&file, NULL, &whole);
        size_t before = 0, opened = 0;
        for (size_t size = 0; size <= file.size; size++) {
            struct bytes cut = {.data = file.data, .size = size};
            struct decoded d;
            decode_file(&cut, &setup, &d);
            if (!d.opened) {
                assert_int_equal(d.status, IMGCORE_TRUNCATED);
                assert_int_equal(opened, 0);
                decoded_clear(&d);
                continue;
            }
            opened++;
            assert_int_equal(d.status, IMGCORE_OK);
            size_t right = count_right(&d, &whole, which != 1);
            assert_true(right >= before);
            before = right;
            decoded_clear(&d);
        }
        assert_int_equal(before, count_right(&whole, &whole, false));
        /* Without IEND, the CRC and the Adler-32 the image is still complete. */
        struct bytes cut = {.data = file.data, .size = file.size - 20};
        struct decoded d;
        decode_file(&cut, &setup, &d);
        assert_int_equal(count_right(&d, &whole, false), before);
        decoded_clear(&d);
        decoded_clear(&whole);
        bytes_clear(&file);
    }
}

/* ---- limits and memory ---- */

static void limits_are_kept(void **state) {
    (void)state;
    struct bytes file = {0};
    struct decoded d;
    make_small(0, &file); /* 13 x 9 */
    struct decode_setup setup = {.limits = {.side_px = 12}};
    decode_file(&file, &setup, &d);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    assert_int_equal(d.header.width_px, 13); /* the header is still reported */
    assert_int_equal(d.header.height_px, 9);
    assert_true(d.header.palette);
    setup.limits.side_px = 13;
    setup.limits.pixels = 116;
    decode_file(&file, &setup, &d);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    setup.limits.pixels = 117;
    decode_file(&file, &setup, &d);
    assert_int_equal(d.status, IMGCORE_OK);
    size_t peak_bytes = d.peak_bytes;
    decoded_clear(&d);
    for (size_t budget = 1; budget < peak_bytes; budget += 97) {
        setup.limits.memory_bytes = budget;
        decode_file(&file, &setup, &d);
        assert_int_equal(d.status, IMGCORE_BUDGET);
        decoded_clear(&d);
    }
    setup.limits.memory_bytes = peak_bytes;
    decode_file(&file, &setup, &d);
    assert_int_equal(d.status, IMGCORE_OK);
    decoded_clear(&d);
    bytes_clear(&file);
}

/* libspng's two rows (three if interlaced) count, as do the reader's own. */
static void the_rows_of_libspng_are_counted(void **state) {
    (void)state;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        struct png_case c = {.width = 20000,
                             .height = 1,
                             .color_type = PNG_COLOR_TYPE_RGB,
                             .depth = 16,
                             .interlaced = interlaced == 1,
                             .filters = PNG_FILTER_NONE,
                             .seed = 2};
        struct bytes file = {0};
        struct decoded d;
        make_case(&c, &file);
        decode_file(&file, NULL, &d);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_true(d.peak_bytes >= (size_t)(interlaced == 1 ? 4 : 3) * 120000 + 60000);
        decoded_clear(&d);
        bytes_clear(&file);
    }
}

/* A file that uses every kind of allocation. */
static void make_rich(struct bytes *file, bool interlaced) {
    uint8_t rows[200] = {0};
    struct bytes iccp = {0};
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    struct ic_buf exif = {.mem = &mem};
    make_iccp(&iccp, "icc", 4, 0, 9000);
    put_signature(file);
    put_ihdr(file, 5, 5, 16, PNG_COLOR_TYPE_RGB, interlaced);
    put_chunk(file, "iCCP", iccp.data, iccp.size);
    assert_true(ic_exif_write_copyright(&exif, "somebody"));
    put_chunk(file, "eXIf", exif.bytes, exif.size_bytes);
    put_idat(file, rows, sizeof(rows));
    put_iend(file);
    ic_buf_clear(&exif);
    ic_mem_clear(&mem);
    bytes_clear(&iccp);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        struct bytes file = {0};
        make_rich(&file, variant % 2 == 1);
        bool done = false;
        struct failing f = {.from_there_on = variant / 2 % 2 == 1};
        while (!done) {
            f.calls = 0;
            f.fail_at++;
            struct imgcore_allocator allocator = {
                .alloc = failing_alloc, .free = failing_free, .user = &f};
            struct decode_setup setup = {.allocator = &allocator, .tolerant = variant / 4 == 1};
            struct trickle t = {.data = file.data, .size = file.size, .step = 1000};
            struct imgcore_source source = {.read = read_trickle, .user = &t};
            struct decoded d;
            decode_source(&source, &setup, &d);
            done = f.calls < f.fail_at;
            /* A single failure may be recovered by freeing the blocks that mem keeps for reuse. */
            if (done || f.from_there_on || d.status != IMGCORE_OK) {
                assert_int_equal(d.status, done ? IMGCORE_OK : IMGCORE_NO_MEMORY);
            }
            if (d.status == IMGCORE_OK) {
                assert_int_equal(d.icc.size, 9000);
                assert_string_equal((char *)d.copyright.data, "somebody");
            }
            decoded_clear(&d);
        }
        assert_true(f.fail_at > 7);
        bytes_clear(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_equals_libpng),
        cmocka_unit_test(a_larger_picture_equals_libpng),
        cmocka_unit_test(all_16_bit_values_narrow_like_libpng),
        cmocka_unit_test(bits_above_the_depth_of_a_key_do_not_count),
        cmocka_unit_test(indices_past_the_palette_are_black_as_in_libpng),
        cmocka_unit_test(entries_that_no_pixel_can_name_are_dropped_as_in_libpng),
        cmocka_unit_test(a_long_palette_is_read_again),
        cmocka_unit_test(a_damaged_long_palette_is_refused),
        cmocka_unit_test(the_header_describes_the_file),
        cmocka_unit_test(a_source_in_pieces_equals_memory),
        cmocka_unit_test(a_failing_source_is_reported),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(tolerant_truncation_gives_what_is_there),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(the_rows_of_libspng_are_counted),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("png", tests, NULL, NULL);
}
