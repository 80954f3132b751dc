/* The chunks of a PNG: damaged, unusual, out of place; and the metadata read from them. */
#include "png_support.h"

/* ---- damage ---- */

static void spoil_crc(struct bytes *file, const char *type, int nth) {
    size_t at = find_chunk(file, type, nth);
    file->data[at + 8 + ic_u32be(file->data + at)] ^= 1;
}

static void wrong_crcs_are_found(void **state) {
    (void)state;
    static const char *const refused[] = {"IHDR", "PLTE", "IDAT", "IEND"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct bytes file = {0};
        make_palette_file(&file, 16, 4);
        spoil_crc(&file, refused[i], 0);
        assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
        bytes_clear(&file);
    }
    struct bytes file = {0}; /* an ancillary chunk is dropped, as in libpng */
    struct decoded d;
    make_palette_file(&file, 16, 4);
    spoil_crc(&file, "tRNS", 0);
    assert_like_libpng(&file, NULL);
    decode_file(&file, NULL, &d);
    assert_int_equal(d.header.color, IC_COLOR_RGB);
    decoded_clear(&d);
    bytes_clear(&file);
}

/* All pixels are delivered before the CRC of the last IDAT is read. */
static void a_wrong_crc_after_the_picture_is_found(void **state) {
    (void)state;
    static const uint8_t rows[] = {0, 1, 2, 3};
    struct bytes packed = {0}, file = {0};
    put_packed(&packed, rows, sizeof(rows));
    put_signature(&file);
    put_ihdr(&file, 3, 1, 8, PNG_COLOR_TYPE_GRAY, 0);
    put_chunk(&file, "IDAT", packed.data, packed.size);
    put_chunk(&file, "IDAT", "more", 4);
    put_chunk(&file, "tEXt", "Title\0x", 7);
    put_iend(&file);
    assert_int_equal(status_of(&file), IMGCORE_OK);
    spoil_crc(&file, "IDAT", 1);
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    spoil_crc(&file, "IDAT", 1);
    spoil_crc(&file, "tEXt", 0); /* skipped */
    assert_int_equal(status_of(&file), IMGCORE_OK);
    bytes_clear(&packed);
    bytes_clear(&file);
}

/* Makes a grey file of 3 x 2 pixels around the given compressed data, after one extra chunk. */
static void make_grey(struct bytes *file, const char *type, const void *data, size_t size,
                      const struct bytes *packed) {
    static const uint8_t rows[] = {0, 1, 2, 3, 0, 4, 5, 6};
    put_signature(file);
    put_ihdr(file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
    if (type != NULL) {
        put_chunk(file, type, data, size);
    }
    if (packed != NULL) {
        put_chunk(file, "IDAT", packed->data, packed->size);
    } else {
        put_idat(file, rows, sizeof(rows));
    }
    put_iend(file);
}

static void check_packed(const struct bytes *packed, enum imgcore_status status,
                         bool libpng_takes_it) {
    struct bytes file = {0};
    uint32_t width, height;
    int channels;
    uint8_t *pixels = NULL;
    make_grey(&file, NULL, NULL, 0, packed);
    assert_int_equal(status_of(&file), status);
    assert_int_equal(oracle(&file, &width, &height, &channels, &pixels), libpng_takes_it);
    free(pixels);
    struct decode_setup setup = {.tolerant = true};
    struct decoded d;
    decode_file(&file, &setup, &d);
    assert_int_equal(d.status, IMGCORE_OK);
    decoded_clear(&d);
    bytes_clear(&file);
}

static void damaged_data_has_the_status_of_libpng(void **state) {
    (void)state;
    static const uint8_t bad_first_filter[] = {5, 1, 2, 3, 0, 4, 5, 6};
    static const uint8_t bad_later_filter[] = {0, 1, 2, 3, 255, 4, 5, 6};
    static const uint8_t rows[] = {0, 1, 2, 3, 0, 4, 5, 6, 7, 8, 9, 10};
    struct bytes packed = {0};
    put_packed(&packed, bad_first_filter, 8);
    check_packed(&packed, IMGCORE_CORRUPT, false);
    packed.size = 0;
    put_packed(&packed, bad_later_filter, 8);
    check_packed(&packed, IMGCORE_CORRUPT, false);
    packed.size = 0;
    put_packed(&packed, rows, 7); /* one byte short */
    check_packed(&packed, IMGCORE_CORRUPT, false);
    packed.size = 0;
    put_packed(&packed, rows, sizeof(rows)); /* too much */
    check_packed(&packed, IMGCORE_OK, true);
    packed.size = 0;
    put_packed(&packed, rows, 8);
    packed.data[packed.size - 1] ^= 1; /* Adler-32 */
    check_packed(&packed, IMGCORE_CORRUPT, false);
    packed.data[packed.size - 1] ^= 1;
    /* No Adler-32: the only difference. libspng does not search for the end of the data after the
     * last row, libpng does. */
    packed.size -= 4;
    check_packed(&packed, IMGCORE_OK, false);
    packed.data[2] = 0xff; /* a block of a type that does not exist */
    check_packed(&packed, IMGCORE_CORRUPT, false);
    packed.data[0] = 0x79; /* not zlib's header */
    check_packed(&packed, IMGCORE_CORRUPT, false);
    bytes_clear(&packed);
}

static void check_ihdr_byte(size_t offset, uint8_t value, enum imgcore_status status) {
    struct bytes file = {0};
    make_grey(&file, NULL, NULL, 0, NULL);
    file.data[16 + offset] = value;
    uint32_t crc = (uint32_t)crc32_z(0, file.data + 12, 17);
    ic_put_u32be(file.data + 29, crc);
    assert_int_equal(status_of(&file), status);
    bytes_clear(&file);
}

static void wrong_headers_are_refused(void **state) {
    (void)state;
    check_ihdr_byte(3, 0, IMGCORE_CORRUPT);    /* width 0 */
    check_ihdr_byte(7, 0, IMGCORE_CORRUPT);    /* height 0 */
    check_ihdr_byte(0, 0x80, IMGCORE_CORRUPT); /* over 2^31 - 1 */
    check_ihdr_byte(0, 0x7f, IMGCORE_TOO_LARGE);
    check_ihdr_byte(8, 3, IMGCORE_CORRUPT);
    check_ihdr_byte(8, 0, IMGCORE_CORRUPT);
    check_ihdr_byte(8, 32, IMGCORE_CORRUPT);
    check_ihdr_byte(9, 1, IMGCORE_CORRUPT);
    check_ihdr_byte(9, 3, IMGCORE_CORRUPT); /* palette without PLTE */
    check_ihdr_byte(9, 255, IMGCORE_CORRUPT);
    check_ihdr_byte(10, 1, IMGCORE_UNSUPPORTED);
    check_ihdr_byte(11, 64, IMGCORE_UNSUPPORTED);
    check_ihdr_byte(12, 2, IMGCORE_UNSUPPORTED);
    check_ihdr_byte(12, 0, IMGCORE_OK);
}

static void check_extra(const char *type, const void *data, size_t size,
                        enum imgcore_status status) {
    struct bytes file = {0};
    make_grey(&file, type, data, size, NULL);
    assert_int_equal(status_of(&file), status);
    bytes_clear(&file);
}

static void unusual_chunks_have_a_status(void **state) {
    (void)state;
    static const uint8_t ihdr[13] = {0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0};
    check_extra("ABCD", "x", 1, IMGCORE_UNSUPPORTED);
    check_extra("IHDR", ihdr, 13, IMGCORE_CORRUPT);
    check_extra("IEND", NULL, 0, IMGCORE_CORRUPT);
    check_extra("ab1d", "x", 1, IMGCORE_CORRUPT);
    check_extra("abCd", "x", 1, IMGCORE_OK);
    check_extra("PLTE", "xy", 2, IMGCORE_OK); /* unused for grey */
    check_extra("tRNS", "x", 1, IMGCORE_OK);  /* of the wrong length: dropped */
    check_extra("tRNS", NULL, 0, IMGCORE_OK);
    check_extra("acTL", "\0\0\0\1\0\0\0\0", 8, IMGCORE_OK); /* APNG: its default image */

    struct bytes file = {0};
    put_signature(&file);
    put_chunk(&file, "CgBI", "\x50\0\x20\x02", 4);
    put_ihdr(&file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
    assert_int_equal(status_of(&file), IMGCORE_UNSUPPORTED);
    file.size = 8;
    put_chunk(&file, "tEXt", "a\0b", 3);
    put_ihdr(&file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    file.size = 8;
    put_chunk(&file, "IHDR", ihdr, 12);
    put_iend(&file);
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    file.size = 0;
    make_grey(&file, "tEXt", "a\0b", 3, NULL);
    file.data[find_chunk(&file, "tEXt", 0)] = 0x80; /* longer than 2^31 - 1 */
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    file.data[find_chunk(&file, "IHDR", 0) - 4] = 'x'; /* in the signature */
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    bytes_clear(&file);
}

static void faulty_palettes_have_a_status(void **state) {
    (void)state;
    static const uint8_t row[] = {0, 0x1b};
    uint8_t plte[257 * 3] = {0};
    static const struct {
        size_t size;
        enum imgcore_status status;
    } cases[] = {{0, IMGCORE_CORRUPT}, {2, IMGCORE_CORRUPT},  {3, IMGCORE_OK},
                 {12, IMGCORE_OK},     {13, IMGCORE_CORRUPT}, {15, IMGCORE_OK},
                 {768, IMGCORE_OK},    {771, IMGCORE_CORRUPT}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes file = {0};
        put_signature(&file);
        put_ihdr(&file, 4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0);
        put_chunk(&file, "PLTE", plte, cases[i].size);
        put_idat(&file, row, sizeof(row));
        put_iend(&file);
        assert_int_equal(status_of(&file), cases[i].status);
        bytes_clear(&file);
    }
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, 4, 1, 2, PNG_COLOR_TYPE_PALETTE, 0);
    put_chunk(&file, "PLTE", plte, 12);
    put_chunk(&file, "PLTE", plte, 12);
    put_idat(&file, row, sizeof(row));
    put_iend(&file);
    assert_int_equal(status_of(&file), IMGCORE_CORRUPT);
    bytes_clear(&file);
}

/* Makes a grey file with its compressed data in two IDATs, and chunks between and after them. */
static enum imgcore_status split_status(size_t first, const char *between, const char *after) {
    static const uint8_t rows[] = {0, 1, 2, 3, 0, 4, 5, 6};
    struct bytes packed = {0}, file = {0};
    put_packed(&packed, rows, sizeof(rows));
    put_signature(&file);
    put_ihdr(&file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
    first = first < packed.size ? first : packed.size;
    put_chunk(&file, "IDAT", packed.data, first);
    if (between != NULL) {
        put_chunk(&file, between, "x", 1);
    }
    put_chunk(&file, "IDAT", packed.data + first, packed.size - first);
    if (after != NULL) {
        put_chunk(&file, after, "x", 1);
        put_chunk(&file, "IDAT", "late", 4);
    }
    put_iend(&file);
    enum imgcore_status status = status_of(&file);
    uint32_t width, height;
    int channels;
    uint8_t *pixels = NULL;
    assert_int_equal(oracle(&file, &width, &height, &channels, &pixels), status == IMGCORE_OK);
    free(pixels);
    bytes_clear(&packed);
    bytes_clear(&file);
    return status;
}

static void idat_chunks_must_stand_together(void **state) {
    (void)state;
    assert_int_equal(split_status(3, NULL, NULL), IMGCORE_OK);
    assert_int_equal(split_status(0, NULL, NULL), IMGCORE_OK);
    assert_int_equal(split_status(99, NULL, NULL), IMGCORE_OK);
    assert_int_equal(split_status(3, "abCd", NULL), IMGCORE_CORRUPT);
    assert_int_equal(split_status(3, "ABCD", NULL), IMGCORE_CORRUPT);
    assert_int_equal(split_status(99, "abCd", NULL), IMGCORE_OK);
    assert_int_equal(split_status(99, NULL, "abCd"), IMGCORE_OK);
    assert_int_equal(split_status(99, NULL, "ABCD"), IMGCORE_UNSUPPORTED);
}

/* ---- metadata ---- */

/* A TIFF structure that holds an orientation. */
static void put_tiff(struct bytes *out, uint8_t orientation) {
    static const uint8_t tiff[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0,
                                   3,   0,   0, 0,  1, 0, 0, 0, 0, 0, 0, 0,  0};
    put(out, tiff, sizeof(tiff));
    out->data[out->size - 7] = orientation;
}

struct extra {
    const char *type;
    const void *data;
    size_t size;
    bool after_idat, spoiled;
};

static void decode_with(const struct extra *extras, size_t count, const struct decode_setup *setup,
                        struct decoded *d) {
    static const uint8_t rows[] = {0, 1, 2, 3};
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, 3, 1, 8, PNG_COLOR_TYPE_GRAY, 0);
    for (int after = 0; after < 2; after++) {
        for (size_t i = 0; i < count; i++) {
            if (extras[i].after_idat == (after == 1)) {
                put_chunk(&file, extras[i].type, extras[i].data, extras[i].size);
                file.data[file.size - 1] ^= extras[i].spoiled ? 1 : 0;
            }
        }
        if (after == 0) {
            put_idat(&file, rows, sizeof(rows));
        }
    }
    put_iend(&file);
    struct decoded pieces;
    struct trickle t = {.data = file.data, .size = file.size, .step = 1};
    struct imgcore_source source = {.read = read_trickle, .user = &t};
    static const struct decode_setup plain = {.tolerant = false};
    decode_source(&source, setup == NULL ? &plain : setup, &pieces);
    decode_file(&file, setup, d);
    assert_int_equal(pieces.status, d->status);
    assert_int_equal(pieces.icc.size, d->icc.size);
    assert_int_equal(pieces.header.orientation, d->header.orientation);
    decoded_clear(&pieces);
    bytes_clear(&file);
}

static int orientation_with(const struct extra *extras, size_t count,
                            const struct decode_setup *setup) {
    struct decoded d;
    decode_with(extras, count, setup, &d);
    assert_int_equal(d.status, IMGCORE_OK);
    int orientation = d.header.orientation;
    decoded_clear(&d);
    return orientation;
}

static void orientation_comes_from_exif(void **state) {
    (void)state;
    struct bytes six = {0}, three = {0}, prefixed = {0};
    put_tiff(&six, 6);
    put_tiff(&three, 3);
    put(&prefixed, "Exif\0\0", 6);
    put_tiff(&prefixed, 8);
    struct extra e[] = {{.type = "eXIf", .data = six.data, .size = six.size},
                        {.type = "eXIf", .data = three.data, .size = three.size}};
    assert_int_equal(orientation_with(e, 1, NULL), 6);
    assert_int_equal(orientation_with(e, 2, NULL), 6); /* the first one counts */
    e[0].spoiled = true;
    assert_int_equal(orientation_with(e, 1, NULL), 1);
    e[0].spoiled = false;
    e[0].after_idat = true;
    assert_int_equal(orientation_with(e, 1, NULL), 1);
    assert_int_equal(orientation_with(e, 2, NULL), 3);
    e[0].after_idat = false;
    e[0].size = 0; /* libspng alone would reject the file */
    assert_int_equal(orientation_with(e, 1, NULL), 1);
    assert_int_equal(orientation_with(e, 2, NULL), 3);
    e[0].size = six.size;
    struct decode_setup setup = {.limits = {.metadata_bytes = six.size}};
    assert_int_equal(orientation_with(e, 1, &setup), 6);
    setup.limits.metadata_bytes--;
    assert_int_equal(orientation_with(e, 1, &setup), 1);
    struct extra p = {.type = "eXIf", .data = prefixed.data, .size = prefixed.size};
    assert_int_equal(orientation_with(&p, 1, NULL), 8);
    bytes_clear(&six);
    bytes_clear(&three);
    bytes_clear(&prefixed);
}

static size_t icc_size_with(const struct extra *extras, size_t count,
                            const struct decode_setup *setup, enum imgcore_status status) {
    struct decoded d;
    decode_with(extras, count, setup, &d);
    assert_int_equal(d.status, status);
    size_t size = d.icc.size;
    decoded_clear(&d);
    return size;
}

static void profiles_are_unpacked(void **state) {
    (void)state;
    char long_name[100];
    struct bytes iccp = {0}, other = {0};
    make_iccp(&iccp, "icc", 4, 0, 20000);
    make_iccp(&other, "", 1, 0, 300);
    struct extra e[] = {{.type = "iCCP", .data = iccp.data, .size = iccp.size},
                        {.type = "iCCP", .data = other.data, .size = other.size}};
    assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 20000);
    assert_int_equal(icc_size_with(e, 2, NULL, IMGCORE_OK), 20000);
    assert_int_equal(icc_size_with(e + 1, 1, NULL, IMGCORE_OK), 300); /* no name: accepted */
    struct decode_setup setup = {.limits = {.icc_bytes = 20000}};
    assert_int_equal(icc_size_with(e, 1, &setup, IMGCORE_OK), 20000);
    setup.limits.icc_bytes--;
    assert_int_equal(icc_size_with(e, 1, &setup, IMGCORE_TOO_LARGE), 0);
    e[0].spoiled = true; /* its CRC */
    assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 0);
    e[0].spoiled = false;
    for (size_t size = 0; size < 60; size++) { /* cut anywhere: no profile */
        e[0].size = size;
        assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 0);
    }
    e[0].size = iccp.size - 1;
    assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 0);
    e[0].size = iccp.size;
    iccp.data[iccp.size - 1] ^= 1; /* its Adler-32 */
    assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 0);
    e[0].after_idat = true;
    assert_int_equal(icc_size_with(e, 1, NULL, IMGCORE_OK), 0);

    static const struct {
        size_t name_bytes; /* without the NUL */
        uint8_t method;
        size_t expected;
    } cases[] = {{79, 0, 300}, {80, 0, 0}, {79, 1, 0}, {90, 0, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        memset(long_name, 'n', sizeof(long_name));
        long_name[cases[i].name_bytes] = 0;
        other.size = 0;
        make_iccp(&other, long_name, cases[i].name_bytes + 1, cases[i].method, 300);
        struct extra x = {.type = "iCCP", .data = other.data, .size = other.size};
        assert_int_equal(icc_size_with(&x, 1, NULL, IMGCORE_OK), cases[i].expected);
    }
    bytes_clear(&iccp);
    bytes_clear(&other);
}

/* Appends the data of an iCCP whose profile of `size` bytes states `stated` of them. It is not
 * compressed but in stored blocks, so that a cut of the data is one of the profile. */
static void put_stored_iccp(struct bytes *out, size_t size, size_t stated) {
    uint8_t profile[400] = {0};
    static const uint8_t zlib_head[] = {0x78, 0x01};
    const uint8_t block[] = {1, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size,
                             (uint8_t) ~(size >> 8)};
    uint8_t adler[4];
    ic_put_u32be(profile, (uint32_t)stated);
    put(out, "icc\0\0", 5);
    put(out, zlib_head, sizeof(zlib_head));
    put(out, block, sizeof(block));
    put(out, profile, size);
    ic_put_u32be(adler, (uint32_t)adler32(1, profile, (uInt)size));
    put(out, adler, sizeof(adler));
}

/* As in libpng: what a profile states is its size decides, not the end of the compressed data. */
static void a_whole_profile_needs_no_end_of_its_data(void **state) {
    (void)state;
    static const struct {
        size_t size, stated, cut, expected;
    } cases[] = {
        {300, 300, 0, 300}, {300, 300, 4, 300}, {300, 300, 5, 0}, /* Adler-32, a byte more */
        {300, 300, 1, 300}, {300, 200, 0, 200}, {300, 200, 104, 200},
        {300, 200, 105, 0}, {132, 132, 4, 132}, {300, 131, 4, 0}, /* none is so short */
        {300, 301, 4, 0},   {300, 301, 0, 300}, /* no fault of the data: the profile is judged later
                                                 */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes iccp = {0};
        put_stored_iccp(&iccp, cases[i].size, cases[i].stated);
        struct extra extra = {.type = "iCCP", .data = iccp.data, .size = iccp.size - cases[i].cut};
        assert_int_equal(icc_size_with(&extra, 1, NULL, IMGCORE_OK), cases[i].expected);
        bytes_clear(&iccp);
    }
    struct bytes iccp = {0};
    put_stored_iccp(&iccp, 300, 300);
    iccp.data[iccp.size - 1] ^= 1; /* its Adler-32 */
    struct extra extra = {.type = "iCCP", .data = iccp.data, .size = iccp.size};
    assert_int_equal(icc_size_with(&extra, 1, NULL, IMGCORE_OK), 300);
    extra.spoiled = true;
    assert_int_equal(icc_size_with(&extra, 1, NULL, IMGCORE_OK), 0);
    bytes_clear(&iccp);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_crcs_are_found),
        cmocka_unit_test(a_wrong_crc_after_the_picture_is_found),
        cmocka_unit_test(damaged_data_has_the_status_of_libpng),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(unusual_chunks_have_a_status),
        cmocka_unit_test(faulty_palettes_have_a_status),
        cmocka_unit_test(idat_chunks_must_stand_together),
        cmocka_unit_test(orientation_comes_from_exif),
        cmocka_unit_test(profiles_are_unpacked),
        cmocka_unit_test(a_whole_profile_needs_no_end_of_its_data),
    };
    return cmocka_run_group_tests_name("png_chunks", tests, NULL, NULL);
}
