/* imgcore_options.is_cancelled: a call cancelled at any check returns CANCELLED, leaks nothing and
 * leaves the context usable; and the work between two checks is bounded for every format. */
#include "transform_support.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <zlib.h>

#include <jpeglib.h>

#include "counted_malloc.h"

/* Counts the checks and cancels at check `cancel_at` (from 0). */
struct checks {
    long count;
    long cancel_at;
    pthread_t caller;
    atomic_bool running;
    bool overlapped, called_after_true, other_thread;
};

static bool count_check(void *user) {
    struct checks *checks = user;
    checks->overlapped |= atomic_exchange(&checks->running, true);
    checks->called_after_true |= checks->count > checks->cancel_at;
    checks->other_thread |= !pthread_equal(pthread_self(), checks->caller);
    const bool cancel = checks->count++ == checks->cancel_at;
    atomic_store(&checks->running, false);
    return cancel;
}

static struct imgcore_options options_with(struct checks *checks, long cancel_at) {
    struct imgcore_options options;
    memset(checks, 0, sizeof(*checks));
    checks->cancel_at = cancel_at;
    checks->caller = pthread_self();
    imgcore_options_default(&options);
    options.is_cancelled = count_check;
    options.cancel_user = checks;
    return options;
}

#define NEVER LONG_MAX

/* ---- cancelling at every check --------------------------------------------------------------- */

struct file {
    const uint8_t *bytes;
    size_t size, at;
    bool stream;
};

static bool read_file(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct file *file = user;
    const size_t left = file->size - file->at;
    *read_bytes = left < size_bytes ? left : size_bytes;
    *read_bytes = *read_bytes < 700 ? *read_bytes : 700;
    memcpy(buffer, file->bytes + file->at, *read_bytes);
    file->at += *read_bytes;
    return true;
}

#define OUTPUTS 3

static enum imgcore_status transform(struct imgcore_context *with, struct file *file,
                                     const struct imgcore_options *options,
                                     struct imgcore_output *outputs, struct imgcore_error *error) {
    struct imgcore_source source = {.bytes = file->bytes, .size_bytes = file->size};
    if (file->stream) {
        source.read = read_file;
        source.user = file;
        file->at = 0;
    }
    outputs[0] = box(60, 60, IMGCORE_FORMAT_JPEG);
    outputs[0].optimize = true;
    outputs[1] = box(33, 33, IMGCORE_FORMAT_PNG);
    outputs[2] = box(200, 90, IMGCORE_FORMAT_JPEG);
    outputs[2].progressive = true;
    outputs[2].enlarge = true;
    outputs[2].fit = IMGCORE_FIT_CONTAIN;
    return imgcore_transform(with, &source, options, outputs, OUTPUTS, error);
}

static uint64_t checksum(const struct imgcore_output *outputs) {
    uint64_t sum = 1469598103934665603u;
    for (int i = 0; i < OUTPUTS; i++) {
        for (size_t k = 0; k < outputs[i].size_bytes; k++) {
            sum = (sum ^ outputs[i].bytes[k]) * 1099511628211u;
        }
    }
    return sum;
}

struct trial {
    struct checks checks;
    enum imgcore_status status, status_again;
    struct imgcore_error error;
    bool outputs_empty;
    uint64_t sum, sum_again;
};

/* Creates a context, makes a call that is cancelled, then the same call in full, and destroys the
 * context. No function of cmocka is called while blocks are counted. */
static void run(struct trial *trial, struct file *file, const struct imgcore_options *base,
                long cancel_at) {
    const struct imgcore_allocator allocator = {hooked_alloc, hooked_free, NULL};
    struct imgcore_output outputs[OUTPUTS];
    memset(trial, 0, sizeof(*trial));
    struct imgcore_options options = options_with(&trial->checks, cancel_at);
    options.threads = base->threads;
    options.linear = base->linear;
    options.tolerant = base->tolerant;
    options.keep_copyright = true;
    struct imgcore_options again = options;
    again.is_cancelled = NULL;
    struct imgcore_context *own = NULL;
    faults.live = 0;
    faults.countdown = LONG_MAX;
    faults.armed = true;
    imgcore_context_create(&allocator, &own);
    trial->status = transform(own, file, &options, outputs, &trial->error);
    trial->outputs_empty = true;
    for (int i = 0; i < OUTPUTS; i++) {
        trial->outputs_empty = trial->outputs_empty && outputs[i].bytes == NULL;
    }
    trial->sum = checksum(outputs);
    imgcore_output_clear(own, outputs, OUTPUTS);
    trial->status_again = transform(own, file, &again, outputs, NULL);
    trial->sum_again = checksum(outputs);
    imgcore_output_clear(own, outputs, OUTPUTS);
    imgcore_context_destroy(own);
    faults.armed = false;
}

/* Cancels at check 0, 1, 2, ... until a call succeeds; returns how many checks that one made. Under
 * a sanitizer and where TEST_SLOWLY is set (valgrind) only at every seventh check. */
static long cancel_at_each_by(struct file *file, const struct imgcore_options *options) {
    struct trial trial;
    run(&trial, file, options,
        NEVER); /* libc keeps the memory that it once allocated for a thread */
    assert_int_equal(trial.status, IMGCORE_OK);
    const uint64_t want = trial.sum;
    const long step = OWN_MALLOC && getenv("TEST_SLOWLY") == NULL ? 1 : 7;
    long n = 0;
    for (;; n += step) {
        run(&trial, file, options, n);
        if (faults.live != 0) {
            fail_msg("check %ld, %u threads: %ld blocks leak", n, options->threads,
                     (long)faults.live);
        }
        assert_false(trial.checks.overlapped);
        assert_false(trial.checks.called_after_true);
        assert_int_equal(trial.status_again, IMGCORE_OK);
        assert_true(trial.sum_again == want);
        if (options->threads <= 1) {
            assert_false(trial.checks.other_thread);
        }
        if (trial.status == IMGCORE_OK) {
            break;
        }
        assert_int_equal(trial.status, IMGCORE_CANCELLED);
        assert_int_equal(trial.error.status, IMGCORE_CANCELLED);
        assert_string_equal(trial.error.detail, "");
        assert_true(trial.outputs_empty);
        assert_int_equal(trial.checks.count, n + 1);
    }
    assert_true(trial.sum == want);
    assert_true(trial.checks.count <= n);
    return trial.checks.count;
}

/* In memory and from a function without threads; in memory with threads, where workers do most of
 * the work. */
static void cancel_at_each(const uint8_t *bytes, size_t size, bool linear, bool tolerant) {
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.linear = linear;
    options.tolerant = tolerant;
    for (int stream = 0; stream < 2; stream++) {
        struct file file = {.bytes = bytes, .size = size, .stream = stream != 0};
        options.threads = 0;
        assert_true(cancel_at_each_by(&file, &options) > 8);
    }
    struct file file = {.bytes = bytes, .size = size};
    options.threads = 3;
    assert_true(cancel_at_each_by(&file, &options) > 8);
}

static void a_jpeg_is_cancelled_at_every_check(void **state) {
    (void)state;
    static const struct jpeg_spec specs[] = {
        {.width = 61, .height = 147, .channels = 3, .h_samp = 2, .v_samp = 2, .copyright = "us"},
        {.width = 61, .height = 300, .channels = 3, .h_samp = 2, .v_samp = 2, .restart_rows = 1},
        {.width = 61, .height = 47, .channels = 4, .ycck = true},
        {.width = 61, .height = 47, .channels = 3, .arithmetic = true},
    };
    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        size_t size;
        uint8_t *bytes = jpeg_make(&specs[i], &size);
        cancel_at_each(bytes, size, i == 0, false);
        free(bytes);
    }
}

static void a_progressive_jpeg_is_cancelled_at_every_check(void **state) {
    (void)state;
    const struct jpeg_spec spec = {
        .width = 61, .height = 47, .channels = 3, .h_samp = 2, .v_samp = 2, .progressive = true};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    cancel_at_each(bytes, size, false, false);
    cancel_at_each(bytes, size, false, true); /* read scan by scan */
    free(bytes);
}

static void a_png_is_cancelled_at_every_check(void **state) {
    (void)state;
    for (int k = 0; k < 4; k++) {
        const struct png_spec spec = {
            .width = 61, .height = 147, .channels = 3 + k % 2, .interlaced = k >= 2};
        size_t size;
        uint8_t *bytes = png_make(&spec, &size);
        cancel_at_each(bytes, size, false, k % 2 == 0); /* tolerant: by libspng, row by row */
        free(bytes);
    }
}

/* Cancels at each check of a file that is damaged at its end: where the damage is found before the
 * next check, or by another thread, the cancellation counts. */
static void cancel_damaged(const uint8_t *bytes, size_t size, uint32_t threads) {
    struct imgcore_context *own = NULL;
    assert_int_equal(imgcore_context_create(NULL, &own), IMGCORE_OK);
    struct file file = {.bytes = bytes, .size = size};
    bool cancelled = true;
    for (long n = 0; cancelled; n++) {
        struct checks checks;
        struct imgcore_error error;
        struct imgcore_output outputs[OUTPUTS];
        struct imgcore_options options = options_with(&checks, n);
        options.threads = threads;
        const enum imgcore_status status = transform(own, &file, &options, outputs, &error);
        cancelled = checks.count > n;
        assert_int_equal(error.status, status);
        if (cancelled) {
            assert_int_equal(status, IMGCORE_CANCELLED);
            assert_string_equal(error.detail, "");
        } else {
            assert_true(status == IMGCORE_CORRUPT || status == IMGCORE_TRUNCATED);
        }
    }
    imgcore_context_destroy(own);
}

static void cancelling_a_damaged_file_is_cancelling(void **state) {
    (void)state;
    const struct jpeg_spec jpeg = {
        .width = 61, .height = 147, .channels = 3, .h_samp = 2, .v_samp = 2};
    const struct png_spec png = {.width = 61, .height = 147, .channels = 3};
    for (size_t lost = 20; lost <= 60; lost += 20) {
        for (uint32_t threads = 0; threads <= 3; threads += 3) {
            size_t size;
            uint8_t *bytes = jpeg_make(&jpeg, &size);
            cancel_damaged(bytes, size - lost, threads);
            memset(bytes + size - lost, 0x55, lost - 2); /* up to the end marker */
            cancel_damaged(bytes, size, threads);
            free(bytes);
            bytes = png_make(&png, &size);
            cancel_damaged(bytes, size - lost, threads);
            free(bytes);
        }
    }
}

/* ---- the work between two checks ------------------------------------------------------------- */

/* The checks of a call that is not cancelled. */
static long checks_of(const uint8_t *bytes, size_t size, struct imgcore_output output,
                      uint32_t threads) {
    struct checks checks;
    struct imgcore_options options = options_with(&checks, NEVER);
    options.threads = threads;
    must(bytes, size, &options, &output, 1);
    imgcore_output_clear(context, &output, 1);
    assert_false(checks.overlapped);
    return checks.count;
}

static void every_strip_of_rows_is_a_check(void **state) {
    (void)state;
    const struct imgcore_output small = box(8, 8, IMGCORE_FORMAT_JPEG);
    for (uint32_t height = 480; height <= 4800; height *= 10) {
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            struct jpeg_spec j = {
                .width = 40, .height = height, .channels = 3, .h_samp = 2, .v_samp = 2};
            struct png_spec p = {.width = 40, .height = height, .channels = 3};
            size_t size;
            uint8_t *bytes = jpeg_make(&j, &size);
            assert_true(checks_of(bytes, size, small, threads) >= (long)height / 16);
            free(bytes);
            j.restart_rows = 1; /* threads decode segments and check, as the calling thread does */
            bytes = jpeg_make(&j, &size);
            assert_true(checks_of(bytes, size, small, threads) >= 2 * (long)height / 16);
            free(bytes);
            bytes = png_make(&p, &size);
            assert_true(checks_of(bytes, size, small, threads) >= (long)height / 24);
            free(bytes);
            p.interlaced = true;
            bytes = png_make(&p, &size);
            assert_true(checks_of(bytes, size, small, threads) >= (long)height);
            free(bytes);
        }
    }
}

/* A grey picture of one DC scan and `scans` - 1 of one coefficient each. */
static uint8_t *many_scans(uint32_t width, uint32_t height, int scans, size_t *size_bytes) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    jpeg_scan_info script[DCTSIZE2] = {{1, {0}, 0, 0, 0, 0}};
    for (int i = 1; i < scans; i++) {
        script[i] = (jpeg_scan_info){1, {0}, i, i, 0, 0};
    }
    uint8_t *scene = scene_make(width, height, 1), *bytes = NULL;
    unsigned long size = 0;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &size);
    cinfo.image_width = width;
    cinfo.image_height = height;
    cinfo.input_components = 1;
    cinfo.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&cinfo);
    cinfo.scan_info = script;
    cinfo.num_scans = scans;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < height) {
        JSAMPROW row = scene + (size_t)cinfo.next_scanline * width;
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(scene);
    *size_bytes = size;
    return bytes;
}

static void every_row_of_mcus_of_every_scan_is_a_check(void **state) {
    (void)state;
    const struct imgcore_output small = box(8, 8, IMGCORE_FORMAT_JPEG);
    for (int scans = 10; scans <= 50; scans += 40) {
        size_t size;
        uint8_t *bytes = many_scans(64, 320, scans, &size);
        assert_true(checks_of(bytes, size, small, 1) >= scans * 320 / 8);
        free(bytes);
    }
}

static void every_strip_of_an_output_is_a_check(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 8, .height = 8, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    for (int k = 0; k < 4; k++) {
        struct imgcore_output output =
            box(16, 3200, k == 3 ? IMGCORE_FORMAT_PNG : IMGCORE_FORMAT_JPEG);
        output.enlarge = true;
        output.fit = k == 1 ? IMGCORE_FIT_CONTAIN : IMGCORE_FIT_FILL;
        output.progressive = k == 2;
        const long few = checks_of(bytes, size, box(8, 8, output.format), 1);
        assert_true(checks_of(bytes, size, output, 1) - few >= 3200 / 16 - 2);
    }
    free(bytes);
}

/* `count` copies of `what` put into a file at `at`. */
static uint8_t *flood(const uint8_t *file, size_t *size, size_t at, const void *what,
                      size_t what_bytes, size_t count) {
    uint8_t *bytes = malloc(*size + what_bytes * count);
    assert_non_null(bytes);
    memcpy(bytes, file, at);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + at + i * what_bytes, what, what_bytes);
    }
    memcpy(bytes + at + what_bytes * count, file + at, *size - at);
    *size += what_bytes * count;
    return bytes;
}

static void a_flood_of_segments_or_chunks_is_checked(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    const struct imgcore_output small = box(8, 8, IMGCORE_FORMAT_JPEG);
    const struct jpeg_spec j = {.width = 16, .height = 16, .channels = 1};
    const struct png_spec p = {.width = 16, .height = 16, .channels = 1};
    size_t size;
    uint8_t *file = jpeg_make(&j, &size);
    uint8_t *bytes = flood(file, &size, 2, "\xff\xfe\0\x03.", 5, COUNT);
    assert_true(checks_of(bytes, size, small, 1) >= COUNT / 64);
    free(bytes);
    free(file);
    file = png_make(&p, &size);
    bytes = flood(file, &size, 8 + 25, "\0\0\0\0tEXt\0\0\0\0", 12, COUNT);
    assert_true(checks_of(bytes, size, small, 1) >= COUNT / 64);
    free(bytes);
    free(file);
}

static void put_u32(uint8_t *to, unsigned long v) {
    to[0] = (uint8_t)(v >> 24);
    to[1] = (uint8_t)(v >> 16);
    to[2] = (uint8_t)(v >> 8);
    to[3] = (uint8_t)v;
}

/* A PNG of one pixel whose compressed data starts with a million empty blocks. */
static void compressed_data_that_gives_nothing_is_checked(void **state) {
    (void)state;
    enum { BLOCKS = 1000000 };
    const struct png_spec spec = {.width = 1, .height = 1, .channels = 1};
    const size_t data_bytes = 2 + 5 * (size_t)BLOCKS + 7 + 4;
    size_t size;
    uint8_t *file = png_make(&spec, &size);
    uint8_t *bytes = malloc(33 + 12 + data_bytes + 12);
    assert_non_null(bytes);
    memcpy(bytes, file, 33);
    uint8_t *idat = bytes + 33, *at = idat + 8;
    put_u32(idat, data_bytes);
    memcpy(idat + 4, "IDAT\x78\x01", 6);
    at += 2;
    for (int i = 0; i < BLOCKS; i++, at += 5) {
        memcpy(at, "\0\0\0\xff\xff", 5);
    }
    memcpy(at, "\x01\x02\0\xfd\xff\0\x55", 7);
    put_u32(at + 7, adler32(1, at + 5, 2));
    at += 11;
    put_u32(at, crc32(0, idat + 4, (uInt)(4 + data_bytes)));
    memcpy(at + 4, file + size - 12, 12);
    size = (size_t)(at + 16 - bytes);
    const struct imgcore_output small = box(1, 1, IMGCORE_FORMAT_PNG);
    assert_true(checks_of(bytes, size, small, 1) >= (long)(data_bytes / 65536));
    free(bytes);
    free(file);
}

/* ---- the interface --------------------------------------------------------------------------- */

/* The pointers behind an older caller's struct are not used. */
static void an_older_caller_is_never_asked(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 64, .height = 64, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const size_t sizes[] = {offsetof(struct imgcore_options, is_cancelled),
                            offsetof(struct imgcore_options, on_stage),
                            sizeof(struct imgcore_options)};
    for (size_t i = 0; i < 3; i++) {
        struct checks checks;
        struct imgcore_options options = options_with(&checks, 0);
        const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
        struct imgcore_output output = box(16, 16, IMGCORE_FORMAT_JPEG);
        options.struct_size_bytes = sizes[i];
        const enum imgcore_status status =
            imgcore_transform(context, &source, &options, &output, 1, NULL);
        const bool whole = i > 0;
        assert_int_equal(status, whole ? IMGCORE_CANCELLED : IMGCORE_OK);
        assert_int_equal(checks.count, whole ? 1 : 0);
        imgcore_output_clear(context, &output, 1);
    }
    free(bytes);
}

static void probe_and_check_are_cancelled_too(void **state) {
    (void)state;
    const struct png_spec spec = {.width = 40, .height = 4800, .channels = 3};
    size_t size;
    uint8_t *bytes = png_make(&spec, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct checks checks;
    struct imgcore_info info;
    struct imgcore_error error;
    imgcore_info_default(&info);
    struct imgcore_options options = options_with(&checks, 0);
    assert_int_equal(imgcore_probe(context, &source, &options, &info, &error), IMGCORE_CANCELLED);
    options = options_with(&checks, 0);
    assert_int_equal(imgcore_check(context, &source, &options, &error), IMGCORE_CANCELLED);
    options = options_with(&checks, NEVER);
    assert_int_equal(imgcore_check(context, &source, &options, &error), IMGCORE_OK);
    assert_true(checks.count >= 4800 / 24);
    const long last = checks.count - 1;
    options = options_with(&checks, last);
    assert_int_equal(imgcore_check(context, &source, &options, &error), IMGCORE_CANCELLED);
    free(bytes);
}

static void the_status_is_the_callers(void **state) {
    (void)state;
    assert_string_equal(imgcore_status_name(IMGCORE_CANCELLED), "CANCELLED");
    assert_int_equal(imgcore_status_group(IMGCORE_CANCELLED), IMGCORE_GROUP_CALLER);
    assert_string_equal(imgcore_version(), IMGCORE_VERSION_STRING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_jpeg_is_cancelled_at_every_check),
        cmocka_unit_test(a_progressive_jpeg_is_cancelled_at_every_check),
        cmocka_unit_test(a_png_is_cancelled_at_every_check),
        cmocka_unit_test(cancelling_a_damaged_file_is_cancelling),
        cmocka_unit_test(every_strip_of_rows_is_a_check),
        cmocka_unit_test(every_row_of_mcus_of_every_scan_is_a_check),
        cmocka_unit_test(every_strip_of_an_output_is_a_check),
        cmocka_unit_test(a_flood_of_segments_or_chunks_is_checked),
        cmocka_unit_test(compressed_data_that_gives_nothing_is_checked),
        cmocka_unit_test(an_older_caller_is_never_asked),
        cmocka_unit_test(probe_and_check_are_cancelled_too),
        cmocka_unit_test(the_status_is_the_callers),
    };
    return cmocka_run_group_tests_name("cancel", tests, set_up, tear_down);
}
