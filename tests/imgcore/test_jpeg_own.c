/* The own JPEG reader: the samples of libjpeg to the bit on every target, and libjpeg's verdict on
 * whatever is no proper file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jpeg_own.h"

static const struct jpeg_params kinds[] = {
    JPEG_KINDS,
    {.components = 1, .space = JCS_GRAYSCALE, .h = {2}, .v = {1}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void every_target_reads_the_samples_of_libjpeg(void **state) {
    (void)state;
    uint32_t random = 1;
    for (size_t t = 0; t < ic_target_count(); t++) {
        struct ic_kernels kernels;
        if (!kernels_of(t, &kernels)) {
            continue;
        }
        for (size_t i = 0; i < KINDS * 24; i++) {
            struct jpeg_params r = kinds[i % KINDS];
            r.width = 1 + next_random(&random) % 150;
            r.height = 1 + next_random(&random) % 150;
            r.quality = 1 + (int)(next_random(&random) % 100);
            r.restart = next_random(&random) % 3 == 0 ? 1 + next_random(&random) % 12 : 0;
            r.flat = next_random(&random) % 8 == 0;
            struct blob file = make_jpeg(&r);
            for (size_t s = 0; s < 4; s++) {
                const struct how how = {.denom = scales[s], .tolerant = i % 2 != 0};
                assert_true(compare(&file, &how, &kernels));
            }
            blob_free(&file);
        }
    }
}

/* Noise of all frequencies at every quality: long codes, large values, sums out of range. */
static void noise_is_read_or_left_to_libjpeg(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    int by_own = 0;
    for (int quality = 1; quality <= 100; quality++) {
        for (int kind = 0; kind < 3; kind++) {
            struct jpeg_params r = kinds[kind];
            r.width = 90;
            r.height = 70;
            r.quality = quality;
            r.noise = 1 + quality % 2; /* grey levels at random, or black and white */
            struct blob file = make_jpeg(&r);
            const struct how how = {.denom = scales[quality % 4]};
            by_own += compare(&file, &how, &kernels);
            blob_free(&file);
        }
    }
    assert_in_range(by_own, 250, 300);
}

static void a_fault_at_any_byte_has_the_verdict_of_libjpeg(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct jpeg_params r = kinds[0];
    r.width = 40;
    r.height = 50;
    r.restart = 2;
    struct blob file = make_jpeg(&r);
    const size_t data = find_marker(&file, 0xda, 0);
    uint32_t random = 7;
    int by_own = 0, left = 0;
    for (size_t at = data; at < file.size_bytes; at++) {
        const uint8_t kept = file.bytes[at];
        for (int k = 0; k < 4; k++) {
            file.bytes[at] = (uint8_t)(k == 0   ? 0xff
                                       : k == 1 ? 0
                                       : k == 2 ? kept ^ (1u << next_random(&random) % 8)
                                                : 0xd0 + next_random(&random) % 10);
            const struct how how = {.denom = scales[at % 4], .tolerant = k == 3};
            const bool read_by_own = compare(&file, &how, &kernels);
            by_own += read_by_own;
            left += !read_by_own;
        }
        file.bytes[at] = kept;
        struct blob cut = blob_cut(&file, at, file.size_bytes);
        const struct how how = {.denom = 1, .tolerant = at % 2 != 0};
        assert_false(compare(&cut, &how, &kernels));
        blob_free(&cut);
    }
    assert_true(by_own > 100); /* other values, and all that the file means is changed */
    assert_true(left > 1000);
    blob_free(&file);
}

/* Rows that were delivered before the end of the data was noticed are those of libjpeg: here the
 * data goes on, with a 0xff that fill bytes precede, after what looks like its end. */
static void no_row_is_read_past_the_data(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    const struct how how = {.denom = 1};
    struct jpeg_params r = kinds[6];
    r.width = 8; /* each block ends a row */
    r.height = 4000;
    struct blob file = make_jpeg(&r);
    const size_t data = find_marker(&file, 0xda, 0) + 10;
    int filled = 0;
    for (size_t at = data; at + 2 < file.size_bytes; at++) {
        if (file.bytes[at] == 0xff) {
            struct blob longer = blob_insert(&file, at, "\xff\xff", 2);
            struct decoded library = decode(&longer, &how);
            assert_int_equal(library.status, IMGCORE_OK);
            decoded_free(&library);
            assert_false(compare(&longer, &how, &kernels));
            blob_free(&longer);
            filled++;
        }
    }
    assert_true(filled > 10);
    blob_free(&file);
}

static void bytes_that_mean_nothing_are_no_doubt(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    const struct how how = {.denom = 1};
    struct jpeg_params r = kinds[0];
    r.width = 100;
    r.height = 100;
    r.restart = 3;
    struct blob file = make_jpeg(&r);
    struct blob longer = blob_insert(&file, file.size_bytes, "\0\xff\xd8 trailer", 11);
    assert_true(compare(&longer, &how, &kernels));
    blob_free(&longer);
    const size_t places[] = {find_marker(&file, 0xd0, 0), find_marker(&file, 0xd1, 0),
                             file.size_bytes - 2};
    for (size_t i = 0; i < 3; i++) { /* fill bytes, T.81, B.1.1.2 */
        struct blob filled = blob_insert(&file, places[i], "\xff\xff\xff", 3);
        assert_true(compare(&filled, &how, &kernels));
        blob_free(&filled);
    }
    blob_free(&file);
}

static void other_kinds_are_left_to_libjpeg(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct jpeg_params r = kinds[0];
    r.width = 60;
    r.height = 60;
    const struct how how = {.denom = 1}, rows = {.rows = true};
    struct blob file = make_jpeg(&r);
    assert_false(compare(&file, &rows, &kernels));
    blob_free(&file);
    for (int kind = 0; kind < 3; kind++) {
        struct jpeg_params other = r;
        other.progressive = kind == 0;
        other.arithmetic = kind < 2;
        other.scan_each = kind == 2;
        file = make_jpeg(&other);
        assert_false(compare(&file, &how, &kernels));
        blob_free(&file);
    }
}

/* libjpeg has read all of several scans before its first row; what stands behind the end marker is
 * no scan, although it could be read as one with the tables of the last. */
static void nothing_is_read_behind_several_scans(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    const struct how how = {.denom = 1};
    struct jpeg_params r = kinds[2];
    r.width = 64;
    r.height = 64;
    struct blob whole = make_jpeg(&r);
    r.scan_each = true;
    struct blob each = make_jpeg(&r);
    r.scan_each = false;
    r.flat = true;
    struct blob flat = make_jpeg(&r);
    const size_t whole_scan = find_marker(&whole, 0xda, 0), flat_scan = find_marker(&flat, 0xda, 0);
    const size_t head_bytes = 14; /* of SOS for three components */
    struct blob file = {NULL, 0};
    blob_append(&file, each.bytes, find_marker(&each, 0xda, 1)); /* its tables and first scan */
    blob_append(&file, whole.bytes + whole_scan, whole.size_bytes - whole_scan);
    blob_append(&file, flat.bytes + flat_scan + head_bytes,
                flat.size_bytes - flat_scan - head_bytes);
    struct decoded library = decode(&file, &how);
    assert_int_equal(library.status, IMGCORE_OK);
    decoded_free(&library);
    assert_false(compare(&file, &how, &kernels));
    blob_free(&file);
    blob_free(&flat);
    blob_free(&each);
    blob_free(&whole);
}

static void its_memory_is_small(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct jpeg_params r = kinds[0];
    r.width = 3000;
    r.height = 40;
    struct blob file = make_jpeg(&r);
    const struct how library_how = {.denom = 1}, own_how = {.denom = 1, .kernels = &kernels};
    struct decoded library = decode(&file, &library_how);
    struct decoded own = decode(&file, &own_how);
    assert_true(own.peak_bytes < library.peak_bytes + 200 * 1024);
    decoded_free(&library);
    decoded_free(&own);
    blob_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target_reads_the_samples_of_libjpeg),
        cmocka_unit_test(noise_is_read_or_left_to_libjpeg),
        cmocka_unit_test(a_fault_at_any_byte_has_the_verdict_of_libjpeg),
        cmocka_unit_test(no_row_is_read_past_the_data),
        cmocka_unit_test(bytes_that_mean_nothing_are_no_doubt),
        cmocka_unit_test(other_kinds_are_left_to_libjpeg),
        cmocka_unit_test(nothing_is_read_behind_several_scans),
        cmocka_unit_test(its_memory_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
