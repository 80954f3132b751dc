/* EXIF: orientation and copyright of valid, unusual and hostile TIFF structures, and the structure
 * that is written. Every block ends at a guard page, so that a read of one byte too many crashes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "imgcore/base/limits.h"
#include "imgcore/codec/exif.h"
#include "tests/support/guard.h"

struct block {
    uint8_t bytes[16384];
    size_t size_bytes;
    bool big;
};

static void put(struct block *b, int size, uint32_t value) {
    for (int i = 0; i < size; i++) {
        int shift = 8 * (b->big ? size - 1 - i : i);
        b->bytes[b->size_bytes++] = (uint8_t)(value >> shift);
    }
}

static void put_bytes(struct block *b, const void *bytes, size_t size_bytes) {
    memcpy(b->bytes + b->size_bytes, bytes, size_bytes);
    b->size_bytes += size_bytes;
}

/* Starts a block: a head, directly followed by IFD0. */
static void begin(struct block *b, bool big, uint32_t entries) {
    b->size_bytes = 0;
    b->big = big;
    put_bytes(b, big ? "MM\0*" : "II*\0", 4);
    put(b, 4, 8);
    put(b, 2, entries);
}

/* Returns the size of one value of a TIFF type; 0 for an unknown type. */
static int type_bytes(uint32_t type) {
    static const int bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizeof(bytes) / sizeof(bytes[0]) ? bytes[type] : 0;
}

/* Appends an entry. A single value of up to four bytes is at the left of the field; otherwise
 * `value` fills the field, like a position. */
static void put_entry(struct block *b, uint32_t tag, uint32_t type, uint32_t count,
                      uint32_t value) {
    int size = count == 1 ? type_bytes(type) : 0;
    size = size == 1 || size == 2 ? size : 4;
    put(b, 2, tag);
    put(b, 2, type);
    put(b, 4, count);
    put(b, size, value);
    put(b, 4 - size, 0);
}

static int orientation(const struct block *b, size_t size_bytes) {
    return ic_exif_orientation(guard_copy(b->bytes, size_bytes), size_bytes);
}

/* Returns the copyright of a block, or NULL; in static memory. */
static const char *copyright(const struct block *b, size_t size_bytes) {
    static char text[IC_MAX_COPYRIGHT_BYTES + 1];
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    char *found = ic_exif_copyright(&mem, guard_copy(b->bytes, size_bytes), size_bytes);
    assert_int_equal(mem.status, IMGCORE_OK);
    if (found != NULL) {
        assert_true(strlen(found) >= 1 && strlen(found) <= IC_MAX_COPYRIGHT_BYTES);
        strcpy(text, found);
    }
    ic_free(&mem, found);
    ic_mem_clear(&mem);
    return found != NULL ? text : NULL;
}

static void orientation_is_read_in_both_byte_orders(void **state) {
    (void)state;
    struct block b;
    for (int big = 0; big < 2; big++) {
        for (uint32_t type = 1; type <= 13; type++) {
            for (uint32_t value = 0; value <= 10; value++) {
                begin(&b, big != 0, 2);
                put_entry(&b, 0x010f, 2, 4, 0);
                put_entry(&b, 0x0112, type, 1, value);
                put(&b, 4, 0);
                bool whole =
                    type == 1 || type == 3 || type == 4 || type == 6 || type == 8 || type == 9;
                bool counts = whole && value >= 1 && value <= 8;
                assert_int_equal(orientation(&b, b.size_bytes), counts ? (int)value : 1);
            }
        }
    }
}

static void the_first_orientation_counts(void **state) {
    (void)state;
    struct block b;
    begin(&b, false, 3);
    put_entry(&b, 0x0100, 4, 1, 7);
    put_entry(&b, 0x0112, 3, 1, 5);
    put_entry(&b, 0x0112, 3, 1, 3);
    assert_int_equal(orientation(&b, b.size_bytes), 5);
    b.bytes[10 + 12 + 8] = 99; /* if it is out of range, there is none */
    assert_int_equal(orientation(&b, b.size_bytes), 1);
    begin(&b, false, 1);
    put_entry(&b, 0x0112, 3, 0, 6); /* no value */
    assert_int_equal(orientation(&b, b.size_bytes), 1);
}

static const uint32_t whole_types[] = {1, 3, 4, 6, 8, 9};

/* Of several values the first counts; it is in the field itself if all of them fit there, otherwise
 * at the position that the field holds. */
static void the_first_value_counts(void **state) {
    (void)state;
    struct block b;
    for (size_t i = 0; i < 2 * sizeof(whole_types) / sizeof(whole_types[0]); i++) {
        uint32_t type = whole_types[i / 2];
        int size = type_bytes(type);
        for (uint32_t count = 1; count <= 6; count++) {
            bool inside = (uint32_t)size * count <= 4;
            begin(&b, i % 2 != 0, 1);
            put(&b, 2, 0x0112);
            put(&b, 2, type);
            put(&b, 4, count);
            if (!inside) {
                put(&b, 4, 26);
                put(&b, 4, 0);
            }
            for (uint32_t j = 0; j < count; j++) {
                put(&b, size, j == 0 ? 8 : 3);
            }
            put(&b, inside ? 4 - size * (int)count : 0, 0);
            assert_int_equal(orientation(&b, b.size_bytes), 8);
            size_t least = inside ? 22 : 26 + (size_t)size; /* the other values may be missing */
            for (size_t cut = 10; cut <= b.size_bytes; cut++) {
                assert_int_equal(orientation(&b, cut), cut >= least ? 8 : 1);
            }
        }
    }
}

static void negative_values_are_out_of_range(void **state) {
    (void)state;
    struct block b;
    for (size_t i = 0; i < sizeof(whole_types) / sizeof(whole_types[0]); i++) {
        for (uint32_t below = 1; below <= 8; below++) {
            begin(&b, false, 1);
            put_entry(&b, 0x0112, whole_types[i], 1, 0u - below);
            assert_int_equal(orientation(&b, b.size_bytes), 1);
        }
    }
}

static void wild_positions_have_no_orientation(void **state) {
    (void)state;
    struct block b;
    static const uint32_t wild[][2] = {
        /* count, position; 30 is after the last byte */
        {0xffffffff, 30},         {0x80000000, 30},         {0x40000001, 30}, {5, 30},
        {5, 0x7fffffff},          {5, 0x80000000},          {5, 0xfffffffe},  {5, 0xffffffff},
        {0xffffffff, 0xffffffff}, {0x80000001, 0xfffffffc},
    };
    for (size_t i = 0; i < sizeof(whole_types) / sizeof(whole_types[0]); i++) {
        for (size_t j = 0; j < sizeof(wild) / sizeof(wild[0]); j++) {
            begin(&b, false, 1);
            put_entry(&b, 0x0112, whole_types[i], wild[j][0], wild[j][1]);
            put(&b, 4, 0);
            put(&b, 4, 6);
            assert_int_equal(orientation(&b, b.size_bytes), 1);
        }
        begin(&b, false, 1);
        put_entry(&b, 0x0112, whole_types[i], 0xffffffff, 26); /* the first value exists */
        put(&b, 4, 0);
        put(&b, 4, 6);
        assert_int_equal(orientation(&b, b.size_bytes), 6);
    }
}

static void other_data_than_tiff_has_no_orientation(void **state) {
    (void)state;
    static const char *const heads[] = {"II\0*", "MM*\0", "IM*\0", "XX*\0", "II+\0"};
    struct block b;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        begin(&b, false, 1);
        put_entry(&b, 0x0112, 3, 1, 6);
        assert_int_equal(orientation(&b, b.size_bytes), 6);
        memcpy(b.bytes, heads[i], 4);
        assert_int_equal(orientation(&b, b.size_bytes), 1);
    }
}

static void an_ifd_may_lie_anywhere_but_outside(void **state) {
    (void)state;
    struct block b;
    for (int big = 0; big < 2; big++) {
        begin(&b, big != 0, 1);
        put_entry(&b, 0x0112, 3, 1, 6);
        static const uint32_t wild[] = {0,  1,  4,          7,          9,          21,
                                        22, 23, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
        for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
            size_t size = b.size_bytes;
            b.size_bytes = 4;
            put(&b, 4, wild[i]);
            b.size_bytes = size;
            assert_int_equal(orientation(&b, size), 1);
        }
        /* inside the head: its fifth byte is read as a count, followed by entries */
        b.size_bytes = 0;
        b.big = false;
        put_bytes(&b, "II*\0", 4);
        put(&b, 4, 4);
        put_bytes(&b, "\0\0\0\0\0\0\0\0\0\0", 10);
        put_entry(&b, 0x0112, 3, 1, 6);
        assert_int_equal(orientation(&b, b.size_bytes), 1);
        struct block far = {.big = big != 0};
        put_bytes(&far, big != 0 ? "MM\0*" : "II*\0", 4);
        put(&far, 4, 1001);
        while (far.size_bytes < 1001) {
            put(&far, 1, 0);
        }
        put(&far, 2, 1);
        put_entry(&far, 0x0112, 3, 1, 7);
        assert_int_equal(orientation(&far, far.size_bytes), 7);
    }
}

/* An IFD may claim 65535 entries; those that exist count, up to the limit. */
static void entries_are_limited(void **state) {
    (void)state;
    struct block b;
    for (uint32_t at = 0; at < IC_MAX_EXIF_ENTRIES + 3; at++) {
        begin(&b, false, 65535);
        for (uint32_t i = 0; i < at; i++) {
            put_entry(&b, 0x9000, 4, 1, 0);
        }
        put_entry(&b, 0x0112, 3, 1, 8);
        assert_int_equal(orientation(&b, b.size_bytes), at < IC_MAX_EXIF_ENTRIES ? 8 : 1);
    }
}

static void every_cut_gives_the_value_or_none(void **state) {
    (void)state;
    struct block b;
    for (int big = 0; big < 2; big++) {
        begin(&b, big != 0, 2);
        put_entry(&b, 0x0112, 3, 1, 6);
        put_entry(&b, 0x8298, 2, 8, 38);
        put(&b, 4, 0);
        put_bytes(&b, "someone", 8);
        for (size_t cut = 0; cut <= b.size_bytes; cut++) {
            assert_int_equal(orientation(&b, cut), cut >= 22 ? 6 : 1);
            const char *text = copyright(&b, cut);
            if (cut == b.size_bytes) {
                assert_string_equal(text, "someone");
            } else {
                assert_null(text);
            }
        }
    }
}

static const char *copyright_of(const void *text, uint32_t count) {
    static struct block b;
    begin(&b, true, 1);
    if (count <= 4) {
        uint8_t field[4] = {0};
        memcpy(field, text, count);
        put(&b, 2, 0x8298);
        put(&b, 2, 2);
        put(&b, 4, count);
        put_bytes(&b, field, 4);
    } else {
        put_entry(&b, 0x8298, 2, count, 26);
        put(&b, 4, 0);
        put_bytes(&b, text, count);
    }
    return copyright(&b, b.size_bytes);
}

static void copyright_is_the_photographers_part(void **state) {
    (void)state;
    assert_string_equal(copyright_of("Jane Doe, 2024", 15), "Jane Doe, 2024");
    assert_string_equal(copyright_of("no NUL behind", 13), "no NUL behind");
    assert_string_equal(copyright_of("photographer\0editor", 20), "photographer");
    assert_null(copyright_of(" \0editor", 9)); /* a space: only an editor */
    assert_null(copyright_of("    ", 5));
    assert_null(copyright_of("\0editor", 8));
    assert_null(copyright_of("", 0));
    assert_null(copyright_of("", 1));
    assert_string_equal(copyright_of("abcd", 4), "abcd"); /* in the field itself */
    assert_string_equal(copyright_of("a", 2), "a");
    assert_string_equal(copyright_of("a\tb\nc\x7f\x1b[2Jd", 12), "abc[2Jd");
    assert_string_equal(copyright_of("\xc2\xa9 J\xc3\xb6rg", 9), "\xc2\xa9 J\xc3\xb6rg");
}

static void long_copyrights_are_cut_between_characters(void **state) {
    (void)state;
    char text[IC_MAX_COPYRIGHT_BYTES + 100];
    memset(text, 'x', sizeof(text));
    assert_int_equal(strlen(copyright_of(text, sizeof(text))), IC_MAX_COPYRIGHT_BYTES);
    memcpy(text + IC_MAX_COPYRIGHT_BYTES - 1, "\xe2\x82\xac", 3); /* across the limit */
    assert_int_equal(strlen(copyright_of(text, sizeof(text))), IC_MAX_COPYRIGHT_BYTES - 1);
    memcpy(text + IC_MAX_COPYRIGHT_BYTES - 3, "\xe2\x82\xac", 3); /* directly before it */
    text[IC_MAX_COPYRIGHT_BYTES] = 'x';
    assert_int_equal(strlen(copyright_of(text, sizeof(text))), IC_MAX_COPYRIGHT_BYTES);
    memset(text, 0x80, sizeof(text)); /* no UTF-8 at all */
    assert_int_equal(strlen(copyright_of(text, sizeof(text))), IC_MAX_COPYRIGHT_BYTES - 3);
}

static void wild_copyrights_are_none(void **state) {
    (void)state;
    struct block b;
    static const uint32_t wild[][3] = {
        /* type, count, position */
        {2, 0xffffffff, 8}, {2, 8, 0xffffffff}, {2, 0xffffffff, 0xffffffff},
        {2, 100, 8},        {2, 8, 23},         {1, 8, 8},
        {7, 8, 8},          {3, 8, 8},
    };
    for (size_t i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
        begin(&b, false, 1);
        put_entry(&b, 0x8298, wild[i][0], wild[i][1], wild[i][2]);
        put_bytes(&b, "12345678", 8);
        assert_null(copyright(&b, b.size_bytes));
    }
}

static void a_written_copyright_is_read_back(void **state) {
    (void)state;
    static const char *const texts[] = {"a", "abc", "abcd", "\xc2\xa9 2024 J\xc3\xb6rg M\xc3\xbc"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ic_mem mem;
        struct ic_buf buf = {.mem = &mem};
        struct block b = {.big = false};
        ic_mem_init(&mem, NULL);
        assert_true(ic_exif_write_copyright(&buf, texts[i]));
        put_bytes(&b, buf.bytes, buf.size_bytes);
        assert_string_equal(copyright(&b, b.size_bytes), texts[i]);
        assert_int_equal(orientation(&b, b.size_bytes), 1);
        ic_buf_clear(&buf);
        ic_mem_clear(&mem);
    }
}

static void short_memory_is_reported(void **state) {
    (void)state;
    struct ic_mem mem;
    struct ic_buf buf = {.mem = &mem};
    uint8_t tiff[] = "II*\0\x08\0\0\0\x01\0\x98\x82\x02\0\x04\0\0\0abc\0";
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, 3);
    assert_null(ic_exif_copyright(&mem, tiff, sizeof(tiff)));
    assert_int_equal(mem.status, IMGCORE_BUDGET);
    assert_false(ic_exif_write_copyright(&buf, "abc"));
    assert_int_equal(buf.size_bytes, 0);
    ic_mem_clear(&mem);
}

/* For any bytes the result is an orientation, and possibly a text without control characters. */
static void random_blocks_do_no_harm(void **state) {
    (void)state;
    uint32_t seed = 77;
    int found = 0;
    for (int round = 0; round < 40000; round++) {
        struct block b;
        begin(&b, round % 2 == 0, 4);
        put_entry(&b, 0x0112, 3, 1, 6);
        put_entry(&b, 0x0112, 4, 1, 3);
        put_entry(&b, 0x8298, 2, 20, 62);
        put_entry(&b, 0x8769, 4, 1, 8); /* points back to IFD0 */
        put(&b, 4, 8);                  /* and so does the next IFD */
        put_bytes(&b, "somebody\0somebody els", 20);
        uint32_t hits = (uint32_t)round % 6;
        for (uint32_t i = 0; i < hits; i++) {
            seed = seed * 1664525u + 1013904223u;
            b.bytes[(seed >> 8) % b.size_bytes] = (uint8_t)(seed >> 24);
        }
        seed = seed * 1664525u + 1013904223u;
        size_t size = round % 3 == 0 ? (seed >> 8) % (b.size_bytes + 1) : b.size_bytes;
        int value = orientation(&b, size);
        assert_in_range(value, 1, 8);
        const char *text = copyright(&b, size);
        for (size_t i = 0; text != NULL && text[i] != '\0'; i++) {
            assert_true((uint8_t)text[i] >= 0x20 && text[i] != 0x7f);
        }
        found += value == 6 && text != NULL;
    }
    assert_true(found > 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_is_read_in_both_byte_orders),
        cmocka_unit_test(the_first_orientation_counts),
        cmocka_unit_test(the_first_value_counts),
        cmocka_unit_test(negative_values_are_out_of_range),
        cmocka_unit_test(wild_positions_have_no_orientation),
        cmocka_unit_test(other_data_than_tiff_has_no_orientation),
        cmocka_unit_test(an_ifd_may_lie_anywhere_but_outside),
        cmocka_unit_test(entries_are_limited),
        cmocka_unit_test(every_cut_gives_the_value_or_none),
        cmocka_unit_test(copyright_is_the_photographers_part),
        cmocka_unit_test(long_copyrights_are_cut_between_characters),
        cmocka_unit_test(wild_copyrights_are_none),
        cmocka_unit_test(a_written_copyright_is_read_back),
        cmocka_unit_test(short_memory_is_reported),
        cmocka_unit_test(random_blocks_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
