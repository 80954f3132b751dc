/* The own reader of progressive JPEGs: for any order of scans the samples of libjpeg to the bit,
 * and libjpeg's verdict on whatever is no proper file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imgcore/base/thread_pool.h"
#include "imgcore/codec/jpeg_scan.h"
#include "jpeg_own.h"

/* ---- scan scripts ---------------------------------------------------------------------------- */

#define MAX_PARTS 16 /* DC of each component, and up to three bands of each */
#define MAX_SCANS (4 * MAX_PARTS)

/* A band of some components, whose scans follow one another. */
struct part {
    int components, index[3];
    int first, last;
    int low; /* bits left to later scans */
    bool begun;
};

static int below(uint32_t *random, int limit) {
    return (int)(next_random(random) % (uint32_t)limit);
}

/* Splits everything into parts at random; returns their number. */
static int split(uint32_t *random, int components, bool may_interleave, struct part *parts) {
    int count = 0;
    const int together = may_interleave ? 1 + below(random, components) : 1;
    for (int c = 0; c < components; c += parts[count - 1].components) {
        const int taken = c == 0 ? together : 1;
        parts[count] = (struct part){.components = taken, .low = below(random, 4)};
        for (int i = 0; i < taken; i++) {
            parts[count].index[i] = c + i;
        }
        count++;
    }
    for (int c = 0; c < components; c++) {
        int last;
        for (int first = 1; first < 64; first = last + 1) {
            const bool is_third = first > 1 && parts[count - 1].first > 1;
            last = is_third || below(random, 2) == 0 ? 63 : first + below(random, 64 - first);
            parts[count++] = (struct part){.components = 1,
                                           .index = {c},
                                           .first = first,
                                           .last = last,
                                           .low = below(random, 4)};
        }
    }
    return count;
}

static bool has_dc(const struct part *parts, int count, int component) {
    for (int p = 0; p < count; p++) {
        for (int i = 0; i < parts[p].components && parts[p].first == 0 && parts[p].begun; i++) {
            if (parts[p].index[i] == component) {
                return true;
            }
        }
    }
    return false;
}

/* Makes the scans of all parts, in an order that is allowed. Returns their number. */
static int make_script(uint32_t *random, int components, bool may_interleave,
                       jpeg_scan_info *script) {
    struct part parts[MAX_PARTS];
    const int count = split(random, components, may_interleave, parts);
    int scans = 0, left = count;
    while (left > 0) {
        struct part *part = &parts[below(random, count)];
        if (part->low < 0 || (part->first > 0 && !has_dc(parts, count, part->index[0]))) {
            continue;
        }
        jpeg_scan_info *scan = &script[scans++];
        *scan = (jpeg_scan_info){.comps_in_scan = part->components,
                                 .Ss = part->first,
                                 .Se = part->last,
                                 .Ah = part->begun ? part->low + 1 : 0,
                                 .Al = part->low};
        for (int i = 0; i < part->components; i++) {
            scan->component_index[i] = part->index[i];
        }
        part->begun = true;
        part->low--;
        left -= part->low < 0;
    }
    return scans;
}

static const struct jpeg_params kinds[] = {
    JPEG_KINDS,
    {.components = 1, .space = JCS_GRAYSCALE, .h = {2}, .v = {2}},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct blob make_scripted(uint32_t *random, size_t kind) {
    jpeg_scan_info script[MAX_SCANS];
    struct jpeg_params r = kinds[kind];
    r.width = 1 + next_random(random) % 150;
    r.height = 1 + next_random(random) % 150;
    r.quality = 1 + below(random, 100);
    r.restart = below(random, 3) == 0 ? 1 + next_random(random) % 12 : 0;
    r.flat = below(random, 8) == 0;
    r.script_scans = make_script(random, r.components, true, script);
    r.script = script;
    return make_jpeg(&r);
}

/* The scans of libjpeg's own script. */
static struct blob make_usual(unsigned int width, unsigned int height, int quality, int noise) {
    struct jpeg_params r = kinds[0];
    r.width = width;
    r.height = height;
    r.quality = quality;
    r.noise = noise;
    r.progressive = true;
    return make_jpeg(&r);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void every_target_reads_the_samples_of_libjpeg(void **state) {
    (void)state;
    uint32_t random = 1;
    for (size_t t = 0; t < ic_target_count(); t++) {
        struct ic_kernels kernels;
        if (!kernels_of(t, &kernels)) {
            continue;
        }
        for (size_t i = 0; i < KINDS * 16; i++) {
            struct blob file = make_scripted(&random, i % KINDS);
            for (size_t s = 0; s < 4; s++) {
                const struct how how = {.denom = scales[s], .tolerant = i % 2 != 0};
                assert_true(compare(&file, &how, &kernels));
            }
            blob_free(&file);
        }
    }
}

/* Also runs of many blocks without further coefficients (T.81: EOBRUN). */
static void sparse_pictures_are_read(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    const struct how how = {.denom = 1};
    for (int quality = 1; quality <= 96; quality += 5) {
        struct blob file = make_usual(500, 700, quality, 0);
        assert_true(compare(&file, &how, &kernels));
        blob_free(&file);
    }
}

static void noise_is_read_or_left_to_libjpeg(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    int by_own = 0;
    for (int quality = 1; quality <= 100; quality++) {
        struct blob file = make_usual(90, 170, quality, 1 + quality % 2);
        const struct how how = {.denom = scales[quality % 4], .tolerant = quality % 3 == 0};
        by_own += compare(&file, &how, &kernels);
        blob_free(&file);
    }
    assert_true(by_own > 70);
}

/* Whether libjpeg reads the picture after the own reader has given rows of it: that data is left
 * over is seen behind the last one. */
static bool is_left_late(const struct blob *file, const struct ic_kernels *kernels) {
    const struct how how = {.denom = 1, .kernels = kernels};
    struct decoded decoded = decode(file, &how);
    const bool is_late = decoded.status == IMGCORE_OK && decoded.fallback != NULL &&
                         strcmp(decoded.fallback, IC_DOUBT_DATA_LEFT) == 0;
    decoded_free(&decoded);
    return is_late;
}

/* Not tolerant: what libjpeg makes of scans that are cut depends on memory that it does not set. */
static void a_fault_at_any_byte_has_the_verdict_of_libjpeg(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    uint32_t random = 7;
    int by_own = 0, left = 0, late = 0;
    for (unsigned int restart = 0; restart <= 3; restart += 3) {
        jpeg_scan_info script[MAX_SCANS];
        struct jpeg_params r = kinds[0];
        r.width = 40;
        r.height = 50;
        r.restart = restart;
        r.script_scans = make_script(&random, 3, true, script);
        r.script = script;
        struct blob file = make_jpeg(&r);
        for (size_t at = find_marker(&file, 0xda, 0); at < file.size_bytes; at++) {
            const uint8_t kept = file.bytes[at];
            for (int k = 0; k < 3; k++) {
                file.bytes[at] = (uint8_t)(k == 0   ? kept ^ (1u << next_random(&random) % 8)
                                           : k == 1 ? 0xff
                                                    : next_random(&random));
                const struct how how = {.denom = scales[at % 4]};
                const bool read_by_own = compare(&file, &how, &kernels);
                by_own += read_by_own;
                left += !read_by_own;
                late += k == 0 && is_left_late(&file, &kernels);
            }
            file.bytes[at] = kept;
            if (at % 4 == 0) {
                struct blob cut = blob_cut(&file, at, file.size_bytes);
                const struct how how = {.denom = 1};
                assert_false(compare(&cut, &how, &kernels));
                blob_free(&cut);
            }
        }
        blob_free(&file);
    }
    assert_true(by_own > 100); /* other values, and all that the file means is changed */
    assert_true(left > 1000);
    assert_true(late > 0);
}

static void streams_and_threads_give_the_same(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    static const size_t steps[] = {1, 2, 100, 4096, 70000, 0};
    uint32_t random = 5;
    struct ic_thread_pool pool = {0};
    ic_thread_pool_resize(&pool, 2);
    for (size_t i = 0; i < 48; i++) {
        struct blob file = make_scripted(&random, i % KINDS);
        struct stream stream = {.step = steps[i % 6], .random = i % 2, .rewinds = i % 3 != 0};
        const struct how how = {.denom = scales[i % 4]};
        struct how own_how = how;
        own_how.kernels = &kernels;
        own_how.stream = i % 4 == 3 ? NULL : &stream;
        own_how.pool = i % 2 == 0 ? &pool : NULL;
        check_read_once(&file, &how, &own_how, &stream);
        blob_free(&file);
    }
    ic_thread_pool_clear(&pool);
}

static void faults_of_a_stream(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct blob file = make_usual(500, 500, 60, 1);
    const int calls = (int)(file.size_bytes / 10000) + 1;
    for (int call = 1; call < calls; call++) {
        struct stream stream = {.step = 10000, .fail_at_call = call, .rewinds = true};
        const struct how how = {.stream = &stream, .kernels = &kernels};
        assert_int_equal(decode_status(&file, &how), IMGCORE_READ_FAILED);
        assert_int_equal(stream.rewound, 0);
    }
    file.bytes[file.size_bytes - 1] = 0xd8; /* no end marker: libjpeg reads it, and decides */
    struct stream again = {.step = 10000, .rewinds = true}, alone = again;
    const struct how own_how = {.stream = &again, .kernels = &kernels}, how = {.stream = &alone};
    assert_int_equal(decode_status(&file, &own_how), decode_status(&file, &how));
    assert_int_equal(again.rewound, 1);
    struct stream fails = {.step = 10000, .rewinds = true, .fails_to_rewind = true};
    const struct how fails_how = {.stream = &fails, .kernels = &kernels};
    assert_int_equal(decode_status(&file, &fails_how), IMGCORE_READ_FAILED);
    blob_free(&file);
}

static void assert_doubt(const struct blob *file, const struct how *how, const char *doubt) {
    const struct ic_kernels kernels = best_kernels();
    struct how own_how = *how;
    own_how.kernels = &kernels;
    struct decoded decoded = decode(file, &own_how);
    assert_non_null(decoded.fallback);
    assert_string_equal(decoded.fallback, doubt);
    assert_true(!is_own(&decoded));
    decoded_free(&decoded);
    if (how->stream == NULL) {
        assert_false(compare(file, how, &kernels));
    }
}

static void doubts_have_names(void **state) {
    (void)state;
    const struct how how = {.denom = 1};
    struct blob file = make_usual(90, 70, 80, 0);
    const size_t end = file.size_bytes - 2;
    struct blob other = blob_cut(&file, end, file.size_bytes);
    assert_doubt(&other, &how, IC_DOUBT_DATA_SHORT); /* no marker ends the data */
    blob_free(&other);
    other = blob_insert(&file, end, "\x12\x34\x56", 3);
    assert_doubt(&other, &how, IC_DOUBT_DATA_LEFT);
    blob_free(&other);
    other = blob_insert(&file, end, "\xff\xfe\x00\x03!", 5); /* a comment */
    assert_doubt(&other, &how, IC_DOUBT_MARKER);
    blob_free(&other);
    /* without its last scan, in which the last bits of Y are: libjpeg smooths such a picture */
    int scans = 0;
    while (find_marker(&file, 0xda, scans + 1) != 0) {
        scans++;
    }
    other = blob_cut(&file, find_marker(&file, 0xda, scans), end);
    assert_doubt(&other, &how, IC_DOUBT_DATA_SHORT);
    blob_free(&other);
    uint8_t *bits = file.bytes + find_marker(&file, 0xda, 1) + 9;
    const uint8_t kept = *bits;
    *bits = 0x21; /* a refinement of what is not known */
    assert_doubt(&file, &how, IC_DOUBT_MARKER);
    *bits = kept;
    blob_free(&file);
    /* scans over the limit that are not in the first window of a stream */
    file = make_usual(500, 500, 60, 1);
    struct stream stream = {.rewinds = true}, again = stream;
    struct how few = {.denom = 1, .limits = default_limits(), .stream = &stream};
    few.limits.scans = (uint32_t)scans;
    assert_doubt(&file, &few, IC_DOUBT_MARKER);
    few.stream = &again;
    assert_int_equal(decode_status(&file, &few), IMGCORE_TOO_LARGE);
    blob_free(&file);
}

/* At the largest budget that does not suffice for the own reader libjpeg reads. */
static void want_of_memory_is_no_failure(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct blob file = make_usual(300, 300, 60, 1);
    struct how how = {.denom = 1, .limits = default_limits()};
    int by_own = 0, left = 0;
    for (size_t kib = 200; kib < 1000; kib += 16) {
        how.limits.memory_bytes = kib * 1024;
        struct how own_how = how;
        own_how.kernels = &kernels;
        struct decoded library = decode(&file, &how), own = decode(&file, &own_how);
        assert_int_equal(library.status, own.status);
        by_own += own.status == IMGCORE_OK && is_own(&own);
        left += own.status == IMGCORE_OK && !is_own(&own);
        decoded_free(&library);
        decoded_free(&own);
    }
    assert_true(by_own > 0 && left > 0);
    blob_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target_reads_the_samples_of_libjpeg),
        cmocka_unit_test(sparse_pictures_are_read),
        cmocka_unit_test(noise_is_read_or_left_to_libjpeg),
        cmocka_unit_test(a_fault_at_any_byte_has_the_verdict_of_libjpeg),
        cmocka_unit_test(streams_and_threads_give_the_same),
        cmocka_unit_test(faults_of_a_stream),
        cmocka_unit_test(doubts_have_names),
        cmocka_unit_test(want_of_memory_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
