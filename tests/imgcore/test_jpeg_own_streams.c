/* The own JPEG reader on sources that are functions: in pieces of any size the samples of libjpeg,
 * one second reading and libjpeg's verdict for whatever is no proper file, and no second reading
 * for anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "imgcore/codec/jpeg_scan.h"
#include "jpeg_own.h"

/* 4:2:0 noise, 3 bits a pixel: 300 KiB for 900 x 900. */
static struct blob make_noise(unsigned int width, unsigned int height) {
    struct jpeg_params r = params_420(width, height);
    r.noise = 1;
    r.quality = 30;
    return make_jpeg(&r);
}

static void every_target_reads_the_samples_of_libjpeg(void **state) {
    (void)state;
    static const struct jpeg_params kinds[] = {
        {.components = 3, .space = JCS_YCbCr, .h = {2, 1, 1}, .v = {2, 1, 1}},
        {.components = 3, .space = JCS_YCbCr, .h = {2, 1, 1}, .v = {1, 1, 1}, .restart = 5},
        {.components = 3, .space = JCS_YCbCr, .h = {1, 1, 1}, .v = {1, 1, 1}},
        {.components = 1, .space = JCS_GRAYSCALE, .h = {1}, .v = {1}, .restart = 1},
    };
    static const size_t steps[] = {1, 2, 3, 100, 4096, 70000, 0};
    uint32_t random = 1;
    for (size_t t = 0; t < ic_target_count(); t++) {
        struct ic_kernels kernels;
        if (!kernels_of(t, &kernels)) {
            continue;
        }
        for (size_t i = 0; i < 28; i++) {
            struct jpeg_params r = kinds[i % 4];
            r.width = 200 + next_random(&random) % 300;
            r.height = 200 + next_random(&random) % 300;
            r.quality = 50 + (int)(next_random(&random) % 50);
            struct blob file = make_jpeg(&r);
            struct stream stream = {
                .step = steps[i % 7], .random = 1 + random % 2, .rewinds = true};
            const struct how how = {.denom = scales[random % 4]};
            const struct how own_how = {.denom = how.denom, .stream = &stream, .kernels = &kernels};
            check_read_once(&file, &how, &own_how, &stream);
            blob_free(&file);
        }
    }
}

/* What cannot be rewound is read by the own reader only if libjpeg can still read it: if its scan
 * fits the window. */
static void without_rewind_small_files_only(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    int by_own = 0, by_libjpeg = 0;
    for (unsigned int height = 130; height <= 180; height += 10) {
        struct blob file = make_noise(900, height);
        const size_t scan_bytes = file.size_bytes - find_marker(&file, 0xda, 0) - 14;
        struct stream stream = {.step = 1000};
        const struct how how = {.denom = 1};
        const struct how own_how = {.denom = 1, .stream = &stream, .kernels = &kernels};
        struct decoded library = decode(&file, &how);
        struct decoded own = decode(&file, &own_how);
        assert_same_picture(&library, &own);
        assert_int_equal(is_own(&own), scan_bytes < IC_INPUT_CHUNK_BYTES);
        by_own += is_own(&own);
        by_libjpeg += !is_own(&own);
        decoded_free(&library);
        decoded_free(&own);
        blob_free(&file);
    }
    assert_true(by_own > 0 && by_libjpeg > 0);
}

/* Damages a byte anywhere in the data; small and large files, with and without rewind. */
static void a_doubt_costs_one_second_reading(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    uint32_t random = 3;
    int again = 0, refused = 0;
    struct blob files[] = {make_noise(900, 900), make_noise(300, 100)};
    for (int i = 0; i < 120; i++) {
        struct blob *file = &files[i % 2];
        const size_t data = find_marker(file, 0xda, 0) + 14;
        const size_t at = data + next_random(&random) % (file->size_bytes - data);
        const uint8_t kept = file->bytes[at];
        file->bytes[at] = (uint8_t)(i % 3 == 0 ? 0xff : next_random(&random));
        struct stream alone = {.step = 0}, first = {.step = 0, .rewinds = i % 4 != 1};
        const struct how how = {.denom = scales[i % 4], .tolerant = i % 5 == 0, .stream = &alone};
        struct how own_how = how;
        own_how.stream = &first;
        own_how.kernels = &kernels;
        struct decoded library = decode(file, &how);
        struct decoded own = decode(file, &own_how);
        assert_int_equal(library.status, own.status);
        assert_string_equal(library.error.detail, own.error.detail);
        if (library.status == IMGCORE_OK) {
            assert_same_picture(&library, &own);
        }
        assert_true(own.fallback == NULL || !is_own(&own));
        /* what cannot be rewound is in the window, or is left to libjpeg from the beginning */
        assert_int_equal(first.rewound, first.rewinds && own.fallback != NULL);
        again += first.rewound;
        refused += own.status != IMGCORE_OK;
        decoded_free(&library);
        decoded_free(&own);
        file->bytes[at] = kept;
    }
    assert_true(again > 10);
    assert_true(refused > 10);
    blob_free(&files[0]);
    blob_free(&files[1]);
}

static struct decoded decode_stream(const struct blob *file, struct stream *stream,
                                    const struct ic_kernels *kernels) {
    const struct how how = {.denom = 1, .stream = stream, .kernels = kernels};
    return decode(file, &how);
}

static void a_source_that_cannot_be_read_again_fails(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct blob file = make_noise(900, 900);
    const size_t scan = find_marker(&file, 0xda, 0);
    file.bytes[file.size_bytes - 1] = 0xd8;
    struct stream fails = {.rewinds = true, .fails_to_rewind = true};
    struct decoded decoded = decode_stream(&file, &fails, &kernels);
    assert_int_equal(decoded.status, IMGCORE_READ_FAILED);
    assert_int_equal(fails.rewound, 1);
    decoded_free(&decoded);
    const size_t shorter[] = {1, scan, scan + 1000, file.size_bytes - 1};
    for (int i = 0; i < 4; i++) {
        struct stream cut = {.rewinds = true, .again_bytes = shorter[i]};
        decoded = decode_stream(&file, &cut, &kernels);
        assert_int_equal(decoded.status, IMGCORE_TRUNCATED);
        assert_int_equal(cut.rewound, 1);
        decoded_free(&decoded);
    }
    blob_free(&file);
}

/* A read that fails is no doubt about the data. */
static void a_failed_read_is_not_repeated(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct blob file = make_noise(900, 900);
    for (int call = 1; call <= (int)(file.size_bytes / 10000); call++) {
        struct stream stream = {.step = 10000, .fail_at_call = call, .rewinds = true};
        struct decoded decoded = decode_stream(&file, &stream, &kernels);
        assert_int_equal(decoded.status, IMGCORE_READ_FAILED);
        assert_int_equal(stream.rewound, 0);
        decoded_free(&decoded);
    }
    /* in the second reading */
    file.bytes[file.size_bytes - 1] = 0xd8;
    const int calls = (int)(file.size_bytes / 10000) + 1;
    for (int call = 1; call <= calls; call += 5) {
        struct stream stream = {.step = 10000, .fail_at_call = calls + call, .rewinds = true};
        struct decoded decoded = decode_stream(&file, &stream, &kernels);
        assert_int_equal(decoded.status, IMGCORE_READ_FAILED);
        assert_int_equal(stream.rewound, 1);
        decoded_free(&decoded);
    }
    blob_free(&file);
}

static bool after_some(void *user) {
    int *left = user;
    return --*left <= 0;
}

static void a_cancelled_call_reads_nothing_again(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct blob file = make_noise(900, 900);
    for (int checks = 1; checks < 40; checks++) {
        int left = checks;
        struct ic_cancel cancel = {.is_cancelled = after_some, .user = &left};
        pthread_mutex_init(&cancel.lock, NULL);
        struct stream stream = {.step = 10000, .rewinds = true};
        const struct how how = {
            .denom = 1, .stream = &stream, .kernels = &kernels, .cancel = &cancel};
        assert_int_equal(decode_status(&file, &how), IMGCORE_CANCELLED);
        assert_int_equal(stream.rewound, 0);
        ic_cancel_clear(&cancel);
    }
    blob_free(&file);
}

static void assert_doubt(const struct blob *file, const char *doubt) {
    const struct ic_kernels kernels = best_kernels();
    struct stream stream = {.rewinds = true};
    struct decoded decoded = decode_stream(file, &stream, &kernels);
    assert_non_null(decoded.fallback);
    assert_string_equal(decoded.fallback, doubt);
    decoded_free(&decoded);
}

/* Bits that are no code are a fault or not by how far libjpeg-turbo is from the end of its window:
 * that must not be where the source happens to have ended a piece. */
static void damage_has_its_verdict_in_any_pieces(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    struct jpeg_params r = params_420(64, 48);
    r.noise = 1;
    r.quality = 100;
    struct blob file = make_jpeg(&r);
    uint32_t random = 5;
    int taken = 0, refused = 0;
    for (size_t at = find_marker(&file, 0xda, 0) + 14; at < file.size_bytes; at += 5) {
        const uint8_t kept = file.bytes[at];
        file.bytes[at] ^= (uint8_t)(1u << next_random(&random) % 8);
        struct stream stream = {.step = 50, .rewinds = at % 2 != 0};
        const struct how how = {.rows = at % 3 == 0, .kernels = &kernels};
        struct how streamed = how;
        streamed.stream = &stream;
        struct decoded whole = decode(&file, &how), pieces = decode(&file, &streamed);
        assert_int_equal(pieces.status, whole.status);
        if (whole.status == IMGCORE_OK) {
            assert_same_picture(&whole, &pieces);
        }
        taken += whole.status == IMGCORE_OK;
        refused += whole.status != IMGCORE_OK;
        decoded_free(&whole);
        decoded_free(&pieces);
        file.bytes[at] = kept;
    }
    assert_true(taken > 100 && refused > 20);
    blob_free(&file);
}

static void doubts_have_names(void **state) {
    (void)state;
    struct blob file = make_noise(900, 300);
    const size_t end = file.size_bytes - 2;
    struct blob other = blob_cut(&file, end / 2, file.size_bytes);
    assert_doubt(&other, IC_DOUBT_DATA_SHORT);
    blob_free(&other);
    other = blob_insert(&file, end, "\x12\x34\x56", 3);
    assert_doubt(&other, IC_DOUBT_DATA_LEFT);
    blob_free(&other);
    other = blob_cut(&file, end, file.size_bytes);
    assert_doubt(&other, IC_DOUBT_MARKER);
    blob_free(&other);
    uint8_t ones[200];
    for (size_t i = 0; i < sizeof(ones); i++) {
        ones[i] = i % 2 == 0 ? 0xff : 0;
    }
    other = blob_insert(&file, end / 2, ones, sizeof(ones));
    assert_doubt(&other, IC_DOUBT_CODE);
    blob_free(&other);
    blob_free(&file);
    struct jpeg_params r = params_420(90, 70);
    r.flat = true;
    r.quality = 100;
    file = make_jpeg(&r);
    file.bytes[find_marker(&file, 0xdb, 0) + 5] = 255; /* DC's quantiser, which was 1 */
    assert_doubt(&file, IC_DOUBT_RANGE);
    blob_free(&file);
}

/* Memory grows with the width, not with the height, and little over that of libjpeg. */
static void its_memory_is_that_of_a_stream(void **state) {
    (void)state;
    const struct ic_kernels kernels = best_kernels();
    size_t peak[2];
    for (int i = 0; i < 2; i++) {
        struct blob file = make_noise(900, i == 0 ? 300 : 1800);
        struct stream stream = {.rewinds = true}, alone = {.step = 0};
        struct decoded own = decode_stream(&file, &stream, &kernels);
        struct decoded library = decode_stream(&file, &alone, NULL);
        assert_true(is_own(&own));
        assert_true(own.peak_bytes < library.peak_bytes + 200 * 1024);
        peak[i] = own.peak_bytes;
        decoded_free(&own);
        decoded_free(&library);
        blob_free(&file);
    }
    assert_int_equal(peak[0], peak[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_target_reads_the_samples_of_libjpeg),
        cmocka_unit_test(without_rewind_small_files_only),
        cmocka_unit_test(a_doubt_costs_one_second_reading),
        cmocka_unit_test(a_source_that_cannot_be_read_again_fails),
        cmocka_unit_test(a_failed_read_is_not_repeated),
        cmocka_unit_test(a_cancelled_call_reads_nothing_again),
        cmocka_unit_test(damage_has_its_verdict_in_any_pieces),
        cmocka_unit_test(doubts_have_names),
        cmocka_unit_test(its_memory_is_that_of_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
