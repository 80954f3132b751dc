/* The compressed data of a PNG in the fast reader, valid and faulty, in one IDAT and in many: its
 * status is that of libspng. Also its memory, and that it reads no byte past the file. */
#include "png_compare.h"

#include "tests/support/guard.h"

/* ---- faults of the compressed data ----------------------------------------------------------- */

enum { WIDTH = 40, HEIGHT = 30, ROW_BYTES = WIDTH * 3 + 1, DATA_BYTES = ROW_BYTES * HEIGHT };

static void make_data(uint8_t data[DATA_BYTES + 200]) {
    uint32_t random = 12;
    for (size_t i = 0; i < DATA_BYTES + 200; i++) {
        data[i] = (uint8_t)(i % ROW_BYTES == 0 ? next_random(&random) % 5
                                               : i / 5 + next_random(&random) % 4);
    }
}

/* Makes a file whose IDATs hold these bytes, `piece` in each. */
static void wrap(const struct bytes *packed, size_t piece, struct bytes *file) {
    put_signature(file);
    put_ihdr(file, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, 0);
    for (size_t at = 0; at < packed->size; at += piece) {
        put_chunk(file, "IDAT", packed->data + at,
                  piece < packed->size - at ? piece : packed->size - at);
    }
    put_iend(file);
}

/* Checks that both readers agree, in memory and streamed, with `status` for a single IDAT. */
static void check_packed(const struct bytes *packed, enum imgcore_status status) {
    static const size_t pieces[] = {1 << 20, 1000, 7, 1};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct bytes file = {0};
        wrap(packed, pieces[i], &file);
        assert_same(&file);
        assert_true(same_when_streamed(&file, 13));
        if (i == 0) {
            assert_int_equal(status_of(&file), status);
        }
        bytes_clear(&file);
    }
}

static void the_end_of_the_data_has_the_status_of_libspng(void **state) {
    (void)state;
    uint8_t data[DATA_BYTES + 200];
    make_data(data);
    struct bytes packed = {0};
    put_packed(&packed, data, DATA_BYTES);
    check_packed(&packed, IMGCORE_OK);
    packed.data[packed.size - 1] ^= 1; /* Adler-32 */
    check_packed(&packed, IMGCORE_CORRUPT);
    for (int cut = 0; cut < 4; cut++) { /* none, or a part of it */
        packed.size--;
        check_packed(&packed, IMGCORE_OK);
    }
    packed.size = packed.size / 2; /* half of the picture */
    check_packed(&packed, IMGCORE_CORRUPT);
    packed.size = 0; /* nothing */
    check_packed(&packed, IMGCORE_CORRUPT);
    put_packed(&packed, data, DATA_BYTES + 200); /* more than the picture */
    check_packed(&packed, IMGCORE_OK);
    bytes_clear(&packed);
    put_packed(&packed, data, DATA_BYTES - 1); /* a byte less */
    check_packed(&packed, IMGCORE_CORRUPT);
    bytes_clear(&packed);
    put_packed(&packed, data, DATA_BYTES);
    put(&packed, "something else", 14); /* after the end */
    check_packed(&packed, IMGCORE_OK);
    bytes_clear(&packed);
    for (size_t y = 0; y < HEIGHT; y++) { /* a filter that does not exist */
        make_data(data);
        data[y * ROW_BYTES] = 5;
        put_packed(&packed, data, DATA_BYTES);
        check_packed(&packed, IMGCORE_CORRUPT);
        bytes_clear(&packed);
    }
}

/* What a tolerant reader keeps of damaged data does not depend on the pieces of the source. */
static void damage_costs_the_same_rows_in_any_pieces(void **state) {
    (void)state;
    static const size_t steps[] = {1, 50, 1000};
    uint8_t data[DATA_BYTES + 200];
    struct bytes packed = {0};
    const struct decode_setup setup = {.tolerant = true};
    make_data(data);
    put_packed(&packed, data, DATA_BYTES);
    for (size_t at = 100; at < packed.size; at += 7) {
        struct bytes file = {0};
        struct decoded whole, pieces;
        packed.data[at] ^= 0x10;
        wrap(&packed, packed.size, &file);
        packed.data[at] ^= 0x10;
        decode_file(&file, &setup, &whole);
        assert_int_equal(whole.status, IMGCORE_OK);
        struct trickle t = {.data = file.data, .size = file.size, .step = steps[at % COUNT(steps)]};
        const struct imgcore_source source = {.read = read_trickle, .user = &t};
        decode_source(&source, &setup, &pieces);
        assert_int_equal(pieces.status, IMGCORE_OK);
        assert_memory_equal(pieces.pixels, whole.pixels, (size_t)WIDTH * HEIGHT * 3);
        decoded_clear(&pieces);
        decoded_clear(&whole);
        bytes_clear(&file);
    }
    bytes_clear(&packed);
}

static void every_head_of_the_data_has_the_status_of_libspng(void **state) {
    (void)state;
    uint8_t data[DATA_BYTES + 200];
    make_data(data);
    struct bytes packed = {0}, file = {0};
    put_packed(&packed, data, DATA_BYTES);
    wrap(&packed, packed.size, &file);
    const size_t at = find_chunk(&file, "IDAT", 0) + 8;
    int accepted = 0;
    for (int first = 0; first < 256; first++) {
        for (int k = 0; k < 12; k++) { /* headers with correct check bits, and some others */
            const int low = (31 - first * 256 % 31) % 31 + k / 4 * 31 + (k % 4 == 3 ? 1 : 0);
            file.data[at] = (uint8_t)first;
            file.data[at + 1] = (uint8_t)low;
            mend_checksums(&file);
            assert_same(&file);
            assert_true(same_when_streamed(&file, 100));
            accepted += status_of(&file) == IMGCORE_OK;
        }
    }
    assert_in_range(accepted, 8, 100);
    bytes_clear(&packed);
    bytes_clear(&file);
}

/* A header that claims a window of 256 bytes, with matches at larger distances: zlib does not
 * enforce the window, and such files exist. */
static void a_window_claimed_too_small_is_no_fault(void **state) {
    (void)state;
    uint8_t data[DATA_BYTES + 200];
    make_data(data);
    memcpy(data + 10 * ROW_BYTES, data, 10 * ROW_BYTES);
    struct bytes packed = {0};
    put_packed(&packed, data, DATA_BYTES);
    packed.data[0] = 0x08;
    packed.data[1] = 0x1d;
    check_packed(&packed, IMGCORE_OK);
    bytes_clear(&packed);
}

/* Stored blocks, static codes, no matches, flushes: every form of deflate data. */
static void every_form_of_the_data_is_unpacked(void **state) {
    (void)state;
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE,
                                     Z_FIXED};
    uint8_t data[DATA_BYTES + 200], out[DATA_BYTES * 2];
    make_data(data);
    for (size_t s = 0; s < COUNT(strategies); s++) {
        for (int level = 0; level <= 9; level += 3) {
            z_stream z = {0};
            assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15, 1 + level % 9, strategies[s]),
                             Z_OK);
            z.next_out = out;
            z.avail_out = sizeof(out);
            z.next_in = data;
            for (int part = 1; part <= 10; part++) {
                z.avail_in = part == 10 ? (uInt)(data + DATA_BYTES - z.next_in) : DATA_BYTES / 10;
                deflate(&z, part == 10 ? Z_FINISH : part % 2 ? Z_SYNC_FLUSH : Z_FULL_FLUSH);
            }
            struct bytes packed = {0};
            put(&packed, out, sizeof(out) - z.avail_out);
            deflateEnd(&z);
            check_packed(&packed, IMGCORE_OK);
            bytes_clear(&packed);
        }
    }
}

static void chunks_after_the_data_have_the_status_of_libspng(void **state) {
    (void)state;
    static const struct {
        const char *type, *data;
        size_t size;
    } chunks[] = {{"IEND", "x", 1},  {"IHDR", "", 0},    {"IHDR", "1234567890123", 13},
                  {"ABCD", "", 0},   {"abCD", "xy", 2},  {"PLTE", "123", 3},
                  {"tRNS", "12", 2}, {"IDAT", "12", 2},  {"iCCP", "name", 4},
                  {"eXIf", "II", 2}, {"tIME", "123", 3}, {"IEND", "", 0}};
    uint8_t data[DATA_BYTES + 200];
    make_data(data);
    struct bytes packed = {0};
    put_packed(&packed, data, DATA_BYTES);
    for (size_t i = 0; i < COUNT(chunks); i++) {
        for (int spoiled = 0; spoiled < 2; spoiled++) {
            struct bytes file = {0};
            put_signature(&file);
            put_ihdr(&file, WIDTH, HEIGHT, 8, PNG_COLOR_TYPE_RGB, 0);
            put_chunk(&file, "IDAT", packed.data, packed.size);
            put_chunk(&file, chunks[i].type, chunks[i].data, chunks[i].size);
            file.data[file.size - 1] ^= (uint8_t)spoiled;
            put_iend(&file);
            assert_same(&file);
            assert_true(same_when_streamed(&file, 50));
            for (int cut = 0; cut < 12 + 12; cut++) {
                file.size--;
                assert_same(&file);
                assert_true(same_when_streamed(&file, 50));
            }
            bytes_clear(&file);
        }
    }
    bytes_clear(&packed);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* igzip is written in assembly, which no sanitizer instruments: the file ends at a guard page. */
static void nothing_is_read_past_the_file(void **state) {
    (void)state;
    struct png_case c = {.width = 40,
                         .height = 30,
                         .color_type = PNG_COLOR_TYPE_RGB,
                         .depth = 8,
                         .filters = PNG_ALL_FILTERS,
                         .seed = 8};
    struct bytes file = {0};
    make_case(&c, &file);
    for (size_t size = file.size; size > 40; size--) {
        struct imgcore_source source = {.bytes = guard_copy(file.data, size), .size_bytes = size};
        struct decoded d;
        decode_source(&source, &fast, &d);
        assert_int_equal(d.status, size == file.size ? IMGCORE_OK : IMGCORE_TRUNCATED);
        decoded_clear(&d);
    }
    bytes_clear(&file);
}

/* The nth allocation of the readers fails, in a valid file and in one that is switched to libspng
 * in the middle. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    uint8_t data[DATA_BYTES + 200];
    make_data(data);
    for (int spoiled = 0; spoiled < 2; spoiled++) {
        struct bytes packed = {0}, file = {0};
        put_packed(&packed, data, DATA_BYTES + (spoiled ? 200 : 0));
        wrap(&packed, 100, &file);
        bool done = false;
        struct failing f = {.fail_at = 0};
        while (!done) {
            f.calls = 0;
            f.fail_at++;
            const struct imgcore_allocator allocator = {failing_alloc, failing_free, &f};
            const struct decode_setup setup = {.allocator = &allocator};
            struct decoded d;
            decode_file(&file, &setup, &d);
            done = f.calls < f.fail_at;
            assert_int_equal(d.status, done ? IMGCORE_OK : IMGCORE_NO_MEMORY);
            assert_true(!done || d.ended_fast != (spoiled == 1));
            decoded_clear(&d);
        }
        assert_true(f.fail_at > 5);
        bytes_clear(&packed);
        bytes_clear(&file);
    }
}

/* Ten times the height needs no more memory. */
static void memory_does_not_grow_with_the_height(void **state) {
    (void)state;
    size_t peak[2];
    for (uint32_t i = 0; i < 2; i++) {
        struct png_case c = {.width = 2000,
                             .height = i == 0 ? 40 : 400,
                             .color_type = PNG_COLOR_TYPE_RGB,
                             .depth = 8,
                             .filters = PNG_FILTER_PAETH,
                             .seed = 8};
        struct bytes file = {0};
        make_case(&c, &file);
        const struct decode_setup setup = {.discard = true};
        struct decoded d;
        decode_file(&file, &setup, &d);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_true(d.ended_fast);
        peak[i] = d.peak_bytes;
        decoded_clear(&d);
        bytes_clear(&file);
    }
    assert_int_equal(peak[0], peak[1]);
    assert_true(peak[0] < (size_t)512 * 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_the_data_has_the_status_of_libspng),
        cmocka_unit_test(damage_costs_the_same_rows_in_any_pieces),
        cmocka_unit_test(every_head_of_the_data_has_the_status_of_libspng),
        cmocka_unit_test(a_window_claimed_too_small_is_no_fault),
        cmocka_unit_test(every_form_of_the_data_is_unpacked),
        cmocka_unit_test(chunks_after_the_data_have_the_status_of_libspng),
        cmocka_unit_test(nothing_is_read_past_the_file),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(memory_does_not_grow_with_the_height),
    };
    return cmocka_run_group_tests_name("png_data", tests, NULL, NULL);
}
