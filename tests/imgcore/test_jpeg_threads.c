/* The JPEG reader with threads: with or without a cut at restart markers, it delivers the same
 * planes and failures as without threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imgcore/base/thread_pool.h"
#include "jpeg_files.h"

static struct ic_thread_pool pool;
static struct ic_kernels kernels;

static int set_up(void **state) {
    (void)state;
    ic_target_kernels(ic_target_choose(NULL), &kernels);
    kernels.reads_jpeg = true; /* the reference, too */
    return ic_thread_pool_resize(&pool, 3) == 2 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    ic_thread_pool_clear(&pool);
    return 0;
}

/* Whether all rows came from segments: otherwise more than one strip is valid at a time. */
static bool is_by_segments(const struct decoded *decoded) {
    return decoded->strips == 1 && decoded->status == IMGCORE_OK &&
           strcmp(decoded->decoder, IC_DECODER_OWN) == 0;
}

/* Compares reading by libjpeg and by the own decoder with threads; returns whether all rows came
 * from segments. */
static bool compare(const struct blob *file, const struct how *how) {
    struct how with = *how;
    with.pool = &pool;
    with.kernels = &kernels;
    struct decoded alone = decode(file, how);
    struct decoded by_threads = decode(file, &with);
    assert_int_equal(alone.status, by_threads.status);
    if (alone.status != IMGCORE_OK) {
        assert_string_equal(alone.error.detail, by_threads.error.detail);
    } else {
        assert_same_picture(&alone, &by_threads);
    }
    const bool is_cut = is_by_segments(&by_threads);
    decoded_free(&alone);
    decoded_free(&by_threads);
    return is_cut;
}

static const struct jpeg_params kinds[] = {
    JPEG_KINDS,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned int mcus_across(const struct jpeg_params *r) {
    unsigned int most = 1;
    for (int c = 0; c < r->components; c++) {
        most = (unsigned int)r->h[c] > most ? (unsigned int)r->h[c] : most;
    }
    return (r->width + 8 * most - 1) / (8 * most);
}

static void every_interval_gives_the_same_planes(void **state) {
    (void)state;
    static const unsigned int sides[][2] = {{77, 331}, {128, 256}, {33, 700}};
    static const int scales[] = {1, 2, 4, 8};
    int cuts = 0;
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t s = 0; s < sizeof(sides) / sizeof(sides[0]); s++) {
            struct jpeg_params r = kinds[k];
            r.width = sides[s][0];
            r.height = sides[s][1];
            const unsigned int across = mcus_across(&r);
            for (r.restart = 1; r.restart <= 4 * across + 1; r.restart++) {
                struct blob file = make_jpeg(&r);
                const struct how how = {.denom = scales[r.restart % 4]};
                const bool is_cut = compare(&file, &how);
                if (r.restart == 1 || r.restart == across) { /* a marker before every row */
                    assert_true(is_cut);
                }
                cuts += is_cut;
                blob_free(&file);
            }
        }
    }
    assert_true(cuts > 100);
}

static void what_cannot_be_cut_is_read_as_ever(void **state) {
    (void)state;
    struct jpeg_params r = params_420(160, 400);
    struct how how = {.denom = 1};
    struct blob file = make_jpeg(&r); /* no markers */
    assert_false(compare(&file, &how));
    how.rows = true;
    assert_false(compare(&file, &how));
    blob_free(&file);
    r.restart = 10;
    file = make_jpeg(&r);
    assert_false(compare(&file, &how)); /* rows */
    how.rows = false;
    assert_true(compare(&file, &how));
    how.tolerant = true;
    assert_false(compare(&file, &how));
    how.tolerant = false;
    struct stream stream = {.step = 1000}; /* not in memory */
    const struct how streamed = {.stream = &stream, .pool = &pool, .kernels = &kernels};
    struct decoded d = decode(&file, &streamed);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_true(d.strips > 1);
    decoded_free(&d);
    blob_free(&file);
    r.arithmetic = true;
    file = make_jpeg(&r);
    assert_false(compare(&file, &how));
    blob_free(&file);
    r.arithmetic = false;
    r.progressive = true;
    file = make_jpeg(&r);
    assert_false(compare(&file, &how));
    blob_free(&file);
    r.progressive = false;
    r.scan_each = true;
    file = make_jpeg(&r);
    assert_false(compare(&file, &how));
    blob_free(&file);
    r.scan_each = false;
    r.restart = 10 * 100; /* one marker, far too late */
    file = make_jpeg(&r);
    assert_false(compare(&file, &how));
    blob_free(&file);
}

static struct blob restart_file(void) {
    struct jpeg_params r = params_420(96, 600);
    r.restart = 6;
    return make_jpeg(&r);
}

static void a_file_cut_anywhere_fails_the_same(void **state) {
    (void)state;
    struct blob file = restart_file();
    const struct how how = {.denom = 1};
    assert_true(compare(&file, &how));
    for (size_t size = file.size_bytes - 1; size > 300; size -= size % 37 + 1) {
        const struct blob part = {file.bytes, size};
        assert_false(compare(&part, &how));
    }
    blob_free(&file);
}

/* Returns the position of restart marker `nth`, for any number in it. */
static size_t restart_at(const struct blob *file, int nth) {
    return find_marker(file, (uint8_t)(JPEG_RST0 + nth % 8), nth / 8);
}

static void markers_that_are_wrong_fail_the_same(void **state) {
    (void)state;
    static const uint8_t put_in[][4] = {{2, 0xff, 0xd0}, {2, 0xff, 0xd3}, {2, 0xff, 0xd9},
                                        {2, 0xff, 0xff}, {1, 0xff},       {1, 0x00},
                                        {3, 1, 2, 3},    {2, 0xff, 0xfe}, {2, 0xff, 0xda}};
    struct blob file = restart_file();
    const struct how how = {.denom = 1};
    const struct how tolerant = {.denom = 1, .tolerant = true};
    for (int nth = 0; nth < 37; nth++) {
        const size_t at = restart_at(&file, nth);
        assert_true(at > 0);
        const struct how *const hows[] = {&how, &tolerant};
        for (int t = 0; t < 2; t++) {
            struct blob bad = blob_cut(&file, at, at + 2); /* missing */
            compare(&bad, hows[t]);
            blob_free(&bad);
            bad = blob_cut(&file, at - 9, at); /* data missing before it */
            compare(&bad, hows[t]);
            blob_free(&bad);
            bad = blob_cut(&file, at, restart_at(&file, nth == 36 ? 36 : nth + 1)); /* both */
            compare(&bad, hows[t]);
            blob_free(&bad);
            for (size_t i = 0; i < sizeof(put_in) / sizeof(put_in[0]); i++) {
                for (size_t off = 0; off <= 2; off += 2) { /* before and behind */
                    bad = blob_insert(&file, at + off, put_in[i] + 1, put_in[i][0]);
                    compare(&bad, hows[t]);
                    blob_free(&bad);
                }
            }
            bad = blob_insert(&file, 0, "", 0);
            bad.bytes[at + 1] = (uint8_t)(JPEG_RST0 + (nth + 3) % 8);
            compare(&bad, hows[t]);
            blob_free(&bad);
        }
    }
    blob_free(&file);
}

/* Padding before a marker is cosmetic: the file is accepted, but not decoded in segments. */
static void padding_is_taken(void **state) {
    (void)state;
    struct blob file = restart_file();
    static const uint8_t zeros[64] = {0}; /* more than a decoder looks ahead */
    struct blob padded = blob_insert(&file, restart_at(&file, 30), zeros, sizeof(zeros));
    const struct how how = {.denom = 1, .pool = &pool, .kernels = &kernels};
    struct decoded whole = decode(&file, &how), d = decode(&padded, &how);
    assert_true(is_by_segments(&whole));
    assert_int_equal(d.consumed, padded.size_bytes);
    assert_string_equal(d.fallback, "DATA_LEFT");
    assert_same_picture(&whole, &d);
    decoded_free(&whole);
    decoded_free(&d);
    blob_free(&padded);
    blob_free(&file);
}

static void random_damage_fails_the_same(void **state) {
    (void)state;
    struct blob file = restart_file();
    uint32_t random = 12345;
    int good = 0, bad = 0;
    const size_t data = find_marker(&file, 0xda, 0);
    for (int i = 0; i < 1500; i++) {
        struct blob damaged = blob_insert(&file, 0, "", 0);
        const int changes = (int)(next_random(&random) % 3) + 1;
        for (int c = 0; c < changes; c++) {
            const size_t from = i % 4 == 0 ? 0 : data;
            const size_t at = from + next_random(&random) % (damaged.size_bytes - from);
            damaged.bytes[at] = i % 7 == 0 ? 0xff : (uint8_t)next_random(&random);
        }
        const struct how how = {.denom = 1 << (i % 4), .tolerant = i % 5 == 0};
        compare(&damaged, &how);
        const enum imgcore_status status = decode_status(&damaged, &how);
        good += status == IMGCORE_OK;
        bad += status != IMGCORE_OK;
        blob_free(&damaged);
    }
    assert_true(good > 100 && bad > 100);
    blob_free(&file);
}

static void a_reader_with_threads_may_be_destroyed_at_any_point(void **state) {
    (void)state;
    struct blob file = restart_file();
    for (int reads = 0; reads < 40; reads++) {
        struct ic_mem mem;
        struct ic_input input;
        struct ic_reader *reader = NULL;
        const struct imgcore_source source = {.bytes = file.bytes, .size_bytes = file.size_bytes};
        const struct imgcore_limits limits = default_limits();
        const struct ic_open_options options = {.limits = &limits, .kernels = &kernels};
        const struct ic_read_request request = {true, 1};
        struct ic_read_layout layout;
        struct ic_strip strip;
        ic_mem_init(&mem, NULL);
        assert_int_equal(ic_input_open(&input, &mem, &source), IMGCORE_OK);
        assert_int_equal(ic_jpeg_open(&mem, &input, &options, &reader, NULL, NULL), IMGCORE_OK);
        assert_int_equal(reader->ops->start(reader, &request, &layout, NULL), IMGCORE_OK);
        assert_int_equal(reader->set_parallelism(reader, &pool, 1), 1);
        for (int i = 0; i < reads && (i == 0 || !strip.done); i++) {
            assert_int_equal(reader->ops->read(reader, &strip, NULL), IMGCORE_OK);
        }
        reader->ops->destroy(reader);
        ic_input_clear(&input);
        ic_mem_clear(&mem);
    }
    blob_free(&file);
}

/* If memory for threads is missing, the reader works without them. */
static void want_of_memory_is_no_failure(void **state) {
    (void)state;
    struct blob file = restart_file();
    const struct how how = {.denom = 1};
    struct counting alone = {.pattern = 0x5a};
    struct how counted = how;
    counted.counting = &alone;
    assert_int_equal(decode_status(&file, &counted), IMGCORE_OK);
    for (int after = 0; after < 2; after++) {
        for (int fail = 1;; fail++) {
            struct counting counting = {
                .pattern = 0xa5, .fail_at_call = fail, .fail_after = after == 1};
            struct how with = {
                .denom = 1, .pool = &pool, .counting = &counting, .kernels = &kernels};
            const enum imgcore_status status = decode_status(&file, &with);
            assert_int_equal(status, fail <= alone.calls ? IMGCORE_NO_MEMORY : IMGCORE_OK);
            if (counting.calls < fail) {
                break;
            }
        }
    }
    blob_free(&file);
}

static void memory_grows_with_the_width_only(void **state) {
    (void)state;
    size_t peak[2];
    for (int i = 0; i < 2; i++) {
        struct jpeg_params r = params_420(512, i == 0 ? 1024 : 16384);
        r.flat = true;
        r.restart = 32;
        struct blob file = make_jpeg(&r);
        const struct how how = {.denom = 1, .pool = &pool, .kernels = &kernels};
        struct decoded d = decode(&file, &how);
        assert_true(is_by_segments(&d));
        peak[i] = d.peak_bytes;
        decoded_free(&d);
        blob_free(&file);
    }
    assert_true(peak[1] < peak[0] + 16384);
    assert_true(peak[1] < 1024 * 1024);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_interval_gives_the_same_planes),
        cmocka_unit_test(what_cannot_be_cut_is_read_as_ever),
        cmocka_unit_test(a_file_cut_anywhere_fails_the_same),
        cmocka_unit_test(markers_that_are_wrong_fail_the_same),
        cmocka_unit_test(padding_is_taken),
        cmocka_unit_test(random_damage_fails_the_same),
        cmocka_unit_test(a_reader_with_threads_may_be_destroyed_at_any_point),
        cmocka_unit_test(want_of_memory_is_no_failure),
        cmocka_unit_test(memory_grows_with_the_width_only),
    };
    return cmocka_run_group_tests_name("jpeg_threads", tests, set_up, tear_down);
}
