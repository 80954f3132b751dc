/* The JPEG reader on truncated, damaged, unusual and expensive files: each returns the expected
 * status and leaks nothing, and a tolerant reader delivers the decodable part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "jpeg_files.h"

static const struct how strict = {.denom = 1};
static const struct how tolerant = {.denom = 1, .tolerant = true};

static double cpu_seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

enum { BASELINE, PROGRESSIVE, ARITHMETIC, ARITHMETIC_PROGRESSIVE, RESTARTS, SCAN_EACH, KINDS };

static struct blob make_kind(int kind, unsigned int width, unsigned int height) {
    struct jpeg_params r = params_420(width, height);
    r.progressive = kind == PROGRESSIVE || kind == ARITHMETIC_PROGRESSIVE;
    r.arithmetic = kind == ARITHMETIC || kind == ARITHMETIC_PROGRESSIVE;
    r.restart = kind == RESTARTS ? 2 : 0;
    r.scan_each = kind == SCAN_EACH;
    return make_jpeg(&r);
}

/* Makes a flat progressive grey image whose one AC scan occurs `scans` - 1 times. */
static struct blob make_scans(unsigned int side, int scans) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    static const jpeg_scan_info script[2] = {{1, {0}, 0, 0, 0, 0}, {1, {0}, 1, 63, 0, 0}};
    unsigned char *bytes = NULL;
    unsigned long size_bytes = 0;
    JSAMPROW row = malloc(side);
    memset(row, 128, side);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &size_bytes);
    cinfo.image_width = cinfo.image_height = side;
    cinfo.input_components = 1;
    cinfo.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&cinfo);
    cinfo.scan_info = script;
    cinfo.num_scans = 2;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < side) {
        jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(row);
    struct blob once = {bytes, size_bytes};
    struct blob file = {NULL, 0};
    size_t ac = find_marker(&once, 0xda, 1);
    blob_append(&file, once.bytes, ac);
    for (int i = 1; i < scans; i++) {
        blob_append(&file, once.bytes + ac, once.size_bytes - 2 - ac);
    }
    blob_append(&file, "\xff\xd9", 2);
    blob_free(&once);
    return file;
}

/* Returns a copy without its nth scan; the tables before it remain. */
static struct blob without_scan(const struct blob *file, int nth) {
    size_t from = find_marker(file, 0xda, nth);
    size_t to = from + 2 + ic_u16be(file->bytes + from + 2);
    while (file->bytes[to] != 0xff || file->bytes[to + 1] == 0 ||
           (file->bytes[to + 1] & 0xf8) == 0xd0) {
        to++;
    }
    return blob_cut(file, from, to);
}

/* Checks that both readers deliver the image of `want`. */
static void assert_harmless(const struct blob *file, const struct decoded *want) {
    struct decoded got = decode(file, &strict);
    assert_same_picture(want, &got);
    decoded_free(&got);
    got = decode(file, &tolerant);
    assert_same_picture(want, &got);
    decoded_free(&got);
}

/* ---- cut files ------------------------------------------------------------------------------- */

static void put_comment_at_end(struct blob *file) {
    static const uint8_t comment[200] = {0xff, 0xfe, 0, 198, 'a', 'b', 'c'};
    struct blob longer = blob_insert(file, file->size_bytes - 2, comment, sizeof(comment));
    blob_free(file);
    *file = longer;
}

static void a_file_cut_anywhere_is_refused(void **state) {
    (void)state;
    for (int variant = 0; variant < 2 * KINDS; variant++) {
        int kind = variant / 2;
        struct blob file = make_kind(kind, 40, 37);
        if (variant % 2 != 0) { /* the image is complete before this point, the file is not */
            put_comment_at_end(&file);
        }
        size_t data = find_marker(&file, 0xda, 0);
        for (size_t cut = 0; cut < file.size_bytes; cut++) {
            /* in a block of its own, so that a sanitizer detects the first byte too many */
            struct blob part = {NULL, 0};
            part.bytes = malloc(cut == 0 ? 1 : cut);
            memcpy(part.bytes, file.bytes, cut);
            part.size_bytes = cut;
            struct how how = {.rows = cut % 2 == 0};
            assert_int_equal(decode_status(&part, &how), IMGCORE_TRUNCATED);
            struct stream stream = {.step = 7};
            how.stream = &stream;
            assert_int_equal(decode_status(&part, &how), IMGCORE_TRUNCATED);
            how = (struct how){.rows = cut % 2 == 0, .tolerant = true};
            enum imgcore_status status = decode_status(&part, &how);
            if (cut > data + 14) { /* the header of the scan exists */
                assert_int_equal(status, IMGCORE_OK);
            } else {
                assert_true(status == IMGCORE_OK || status == IMGCORE_TRUNCATED);
            }
            blob_free(&part);
        }
        assert_int_equal(decode_status(&file, &strict), IMGCORE_OK);
        blob_free(&file);
    }
}

/* The part that exists is decoded as in the complete file; the rest has any shade. */
static void a_tolerant_reader_keeps_what_there_is(void **state) {
    (void)state;
    struct blob file = make_kind(BASELINE, 160, 160);
    struct decoded whole = decode(&file, &tolerant);
    struct blob half = blob_cut(&file, file.size_bytes / 2, file.size_bytes);
    struct decoded part = decode(&half, &tolerant);
    assert_int_equal(part.status, IMGCORE_OK);
    assert_int_equal(part.layout.plane[0].height, 160);
    assert_memory_equal(part.plane[0], whole.plane[0], 160 * 48);
    assert_memory_not_equal(part.plane[0], whole.plane[0], 160 * 160);
    decoded_free(&part);
    decoded_free(&whole);
    blob_free(&half);
    blob_free(&file);
}

static void bytes_behind_the_end_are_ignored(void **state) {
    (void)state;
    static const uint8_t other[] = {0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xda, 1, 2, 3};
    for (int kind = 0; kind < KINDS; kind++) {
        struct blob file = make_kind(kind, 40, 37);
        struct decoded want = decode(&file, &strict);
        blob_append(&file, other, sizeof(other));
        assert_harmless(&file, &want);
        decoded_free(&want);
        blob_free(&file);
    }
}

/* ---- remarks and damage -------------------------------------------------------------------- */

static void assert_damage(const struct blob *file, enum imgcore_status status) {
    assert_int_equal(decode_status(file, &strict), status);
    assert_int_equal(decode_status(file, &tolerant), IMGCORE_OK);
}

static void cosmetic_faults_are_taken(void **state) {
    (void)state;
    struct blob file = make_kind(BASELINE, 50, 41);
    struct decoded want = decode(&file, &strict);

    static const uint8_t filling[] = {0, 0, 0, 17, 0xff, 0, 3};
    size_t places[] = {find_marker(&file, 0xdb, 0), find_marker(&file, 0xda, 0),
                       file.size_bytes - 2};
    for (size_t i = 0; i < 3; i++) {
        struct blob odd = blob_insert(&file, places[i], filling, sizeof(filling));
        assert_harmless(&odd, &want);
        blob_free(&odd);
    }

    struct blob odd = blob_insert(&file, 0, "", 0);
    size_t scan = find_marker(&odd, 0xda, 0);
    size_t spectral = scan + 2 + ic_u16be(odd.bytes + scan + 2) - 3;
    assert_int_equal(odd.bytes[spectral + 1], 63);
    odd.bytes[spectral + 1] = 0; /* Samsung */
    assert_harmless(&odd, &want);
    blob_free(&odd);

    odd = blob_insert(&file, 0, "", 0);
    odd.bytes[find_marker(&odd, 0xe0, 0) + 9] = 9; /* JFIF 9.1 */
    assert_harmless(&odd, &want);
    blob_free(&odd);

    struct blob adobe = {NULL, 0};
    append_segment(&adobe, 0xee, "Adobe\0\x64\0\0\0\0\x07", 12); /* an unknown transform */
    struct jpeg_params r = params_420(50, 41);
    r.no_jfif = true;
    struct blob bare = make_jpeg(&r);
    odd = blob_insert(&bare, 2, adobe.bytes, adobe.size_bytes);
    assert_harmless(&odd, &want);
    blob_free(&odd);
    blob_free(&bare);
    blob_free(&adobe);

    decoded_free(&want);
    blob_free(&file);
}

static void damage_is_refused_unless_tolerated(void **state) {
    (void)state;
    struct blob file = make_kind(BASELINE, 90, 80);
    size_t middle = file.size_bytes - 300;

    struct blob bad = blob_insert(&file, 0, "", 0);
    for (size_t i = 0; i < 12; i += 2) { /* ones: longer than any code */
        bad.bytes[middle + i] = 0xff;
        bad.bytes[middle + i + 1] = 0;
    }
    assert_damage(&bad, IMGCORE_CORRUPT);
    blob_free(&bad);

    bad = blob_insert(&file, middle, "\xff\xd9", 2); /* the end too early */
    assert_damage(&bad, IMGCORE_CORRUPT);
    blob_free(&bad);
    blob_free(&file);

    file = make_kind(RESTARTS, 90, 80);
    size_t restart = find_marker(&file, 0xd1, 0);
    assert_int_not_equal(restart, 0);
    file.bytes[restart + 1] = 0xd3; /* out of order */
    assert_damage(&file, IMGCORE_CORRUPT);
    struct decoded d = decode(&file, &strict);
    assert_non_null(
        strstr(d.error.detail, "RST1")); /* detected by this marker, not by later data */
    decoded_free(&d);
    blob_free(&file);

    file = make_kind(ARITHMETIC, 90, 80);
    int refused = 0;
    for (int value = 0; value < 255; value++) { /* some of these overrun a block */
        memset(file.bytes + find_marker(&file, 0xda, 0) + 60, value, 200);
        d = decode(&file, &strict);
        refused += d.status == IMGCORE_CORRUPT && strstr(d.error.detail, "arithmetic") != NULL;
        decoded_free(&d);
        assert_int_equal(decode_status(&file, &tolerant), IMGCORE_OK);
    }
    assert_true(refused > 0);
    blob_free(&file);
}

static void scans_that_are_missing_are_damage(void **state) {
    (void)state;
    struct blob file = make_kind(SCAN_EACH, 40, 40);
    struct blob bad = blob_cut(&file, find_marker(&file, 0xda, 2), file.size_bytes - 2);
    assert_damage(&bad, IMGCORE_CORRUPT); /* no Cr */
    blob_free(&bad);
    blob_free(&file);

    /* libjpeg's script: DC of all; Y 1-5; Cr; Cb; Y 6-63; Y 1-63 refined; DC refined; ... */
    file = make_kind(PROGRESSIVE, 40, 40);
    bad = without_scan(&file, 1); /* Y 1-5 are refined without a first scan */
    assert_damage(&bad, IMGCORE_CORRUPT);
    blob_free(&bad);
    bad = without_scan(&file, 0); /* the same with DC */
    assert_damage(&bad, IMGCORE_CORRUPT);
    blob_free(&bad);
    blob_free(&file);

    file = make_scans(40, 2);
    bad = without_scan(&file, 0); /* no DC, and no warning about it */
    assert_damage(&bad, IMGCORE_CORRUPT);
    blob_free(&bad);
    blob_free(&file);
}

/* AC before DC: out of order, but complete. */
static void scans_out_of_order_are_taken(void **state) {
    (void)state;
    struct jpeg_params r = {.width = 33, .height = 20, .components = 1, .space = JCS_GRAYSCALE};
    r.h[0] = r.v[0] = 1;
    r.progressive = true;
    struct blob file = make_jpeg(&r);
    struct decoded want = decode(&file, &strict);
    size_t dc = find_marker(&file, 0xda, 0);
    size_t ac = find_marker(&file, 0xc4, 1);
    size_t later = find_marker(&file, 0xc4, 2);
    struct blob moved = {NULL, 0};
    blob_append(&moved, file.bytes, dc);
    blob_append(&moved, file.bytes + ac, later - ac);
    blob_append(&moved, file.bytes + dc, ac - dc);
    blob_append(&moved, file.bytes + later, file.size_bytes - later);
    assert_harmless(&moved, &want);
    decoded_free(&want);
    blob_free(&moved);
    blob_free(&file);
}

/* ---- kinds that are not supported, and broken structure
 * ------------------------------------------ */

static enum imgcore_status status_with(const struct blob *file, size_t at, uint8_t value) {
    struct blob odd = blob_insert(file, 0, "", 0);
    odd.bytes[at] = value;
    enum imgcore_status status = decode_status(&odd, &strict);
    if (status == IMGCORE_UNSUPPORTED) { /* also if tolerant */
        assert_int_equal(decode_status(&odd, &tolerant), IMGCORE_UNSUPPORTED);
    }
    blob_free(&odd);
    return status;
}

static void odd_headers_have_their_status(void **state) {
    (void)state;
    struct blob file = make_kind(BASELINE, 40, 40);
    size_t frame = find_marker(&file, 0xc0, 0);
    assert_int_equal(status_with(&file, frame + 4, 12), IMGCORE_UNSUPPORTED); /* bits */
    assert_int_equal(status_with(&file, frame + 6, 0), IMGCORE_UNSUPPORTED);  /* DNL */
    assert_int_equal(status_with(&file, frame + 8, 0), IMGCORE_CORRUPT);      /* no width */
    assert_int_equal(status_with(&file, frame + 9, 0), IMGCORE_CORRUPT);      /* length */
    assert_int_equal(status_with(&file, frame + 11, 0x02), IMGCORE_CORRUPT);  /* sampling */
    assert_int_equal(status_with(&file, frame + 11, 0x52), IMGCORE_CORRUPT);  /* sampling */
    assert_int_equal(status_with(&file, frame + 11, 0x44), IMGCORE_CORRUPT);  /* MCU */
    assert_int_equal(status_with(&file, frame + 12, 3), IMGCORE_CORRUPT);     /* no such table */
    assert_int_equal(status_with(&file, frame + 1, 0xfe), IMGCORE_CORRUPT);   /* no frame */
    assert_int_equal(status_with(&file, 3, 0xd8), IMGCORE_CORRUPT);           /* two SOI */
    assert_int_equal(status_with(&file, find_marker(&file, 0xda, 0) + 5, 77), IMGCORE_CORRUPT);
    assert_int_equal(status_with(&file, 1, 0xd7), IMGCORE_CORRUPT); /* not a JPEG */
    struct blob frames = blob_insert(&file, frame, file.bytes + frame, 19);
    assert_int_equal(decode_status(&frames, &strict), IMGCORE_CORRUPT);
    blob_free(&frames);
    blob_free(&file);

    struct jpeg_params r = {.width = 20, .height = 20, .components = 2, .space = JCS_UNKNOWN};
    for (int c = 0; c < 5; c++) {
        r.h[c] = r.v[c] = 1;
    }
    struct how rows = {.rows = true};
    file = make_jpeg(&r);
    assert_int_equal(decode_status(&file, &rows), IMGCORE_UNSUPPORTED);
    blob_free(&file);
}

static void sizes_over_the_limits_are_reported(void **state) {
    (void)state;
    struct blob file = make_kind(BASELINE, 120, 90);
    struct how how = {.denom = 1, .limits = default_limits()};
    how.limits.side_px = 119;
    struct decoded d = decode(&file, &how);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    assert_int_equal(d.header.width_px, 120);
    assert_int_equal(d.header.height_px, 90);
    how.limits.side_px = 120;
    how.limits.pixels = 120 * 90 - 1;
    assert_int_equal(decode_status(&file, &how), IMGCORE_TOO_LARGE);
    how.limits.pixels++;
    assert_int_equal(decode_status(&file, &how), IMGCORE_OK);

    memset(file.bytes + find_marker(&file, 0xc0, 0) + 5, 0xff, 4); /* 65535 x 65535 */
    d = decode(&file, &strict);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    assert_int_equal(d.header.width_px, 65535);
    assert_int_equal(d.header.components, 3);
    assert_true(d.peak_bytes < 100000);
    blob_free(&file);
}

/* ---- scans and coefficients ------------------------------------------------------------------ */

static void scans_are_limited(void **state) {
    (void)state;
    struct how how = {.denom = 1, .limits = default_limits()};
    for (int scans = 99; scans <= 102; scans++) {
        struct blob file = make_scans(64, scans);
        for (int streamed = 0; streamed < 2; streamed++) {
            struct stream stream = {.step = 0};
            how.stream = streamed != 0 ? &stream : NULL;
            assert_int_equal(decode_status(&file, &how),
                             scans <= 100 ? IMGCORE_OK : IMGCORE_TOO_LARGE);
        }
        blob_free(&file);
    }
    how.stream = NULL;
    struct blob file = make_kind(SCAN_EACH, 40, 40); /* baseline, three scans */
    how.limits.scans = 3;
    assert_int_equal(decode_status(&file, &how), IMGCORE_OK);
    how.limits.scans = 2;
    assert_int_equal(decode_status(&file, &how), IMGCORE_TOO_LARGE);
    blob_free(&file);
}

/* Scans too far apart to be seen in advance are counted while they are read. */
static void scans_are_counted_as_they_are_read(void **state) {
    (void)state;
    struct blob file = make_kind(SCAN_EACH, 40, 40);
    struct blob comment = {NULL, 0};
    uint8_t *filling = calloc(1, 65533);
    append_segment(&comment, 0xfe, filling, 65533);
    append_segment(&comment, 0xfe, filling, 65533);
    for (int scan = 1; scan < 3; scan++) {
        struct blob longer =
            blob_insert(&file, find_marker(&file, 0xda, scan), comment.bytes, comment.size_bytes);
        blob_free(&file);
        file = longer;
    }
    struct stream stream = {.step = 0};
    struct how how = {.denom = 1, .limits = default_limits(), .stream = &stream};
    assert_int_equal(decode_status(&file, &how), IMGCORE_OK);
    stream = (struct stream){.step = 0};
    how.limits.scans = 1;
    struct decoded d = decode(&file, &how);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    stream = (struct stream){.step = 0};
    how.tolerant = true;
    assert_int_equal(decode_status(&file, &how), IMGCORE_TOO_LARGE);
    assert_non_null(strstr(d.error.detail, "1 scans"));
    assert_true(stream.at < file.size_bytes);
    decoded_free(&d);
    free(filling);
    blob_free(&comment);
    blob_free(&file);
}

/* Detected before the first walk over the image: only one window of the stream is requested. */
static void floods_of_scans_cost_nothing(void **state) {
    (void)state;
    static const int floods[] = {1000, 10000};
    for (int i = 0; i < 2; i++) {
        struct blob file = make_scans(4000, floods[i]);
        double begin = cpu_seconds();
        struct decoded d = decode(&file, &strict);
        assert_int_equal(d.status, IMGCORE_TOO_LARGE);
        assert_non_null(strstr(d.error.detail, "100 scans"));
        assert_true(d.peak_bytes < 2000000);
        assert_true(cpu_seconds() - begin < 0.5);
        struct stream stream = {.step = 0};
        struct how how = {.denom = 1, .stream = &stream};
        assert_int_equal(decode_status(&file, &how), IMGCORE_TOO_LARGE);
        assert_true(stream.at <= 2 * IC_INPUT_CHUNK_BYTES);
        blob_free(&file);
    }
}

/* A few hundred bytes that need half a gigabyte of coefficients. */
static void coefficients_are_counted_before_they_are_taken(void **state) {
    (void)state;
    struct blob file = make_scans(64, 2);
    size_t frame = find_marker(&file, 0xc2, 0);
    memcpy(file.bytes + frame + 5, "\x3e\x80\x3e\x80", 4); /* 16000 x 16000 */
    assert_true(file.size_bytes < 561);
    double begin = cpu_seconds();
    for (int t = 0; t < 2; t++) {
        struct decoded d = decode(&file, t == 0 ? &strict : &tolerant);
        assert_int_equal(d.status, IMGCORE_BUDGET);
        assert_non_null(strstr(d.error.detail, "488.3 MiB"));
        assert_non_null(strstr(d.error.detail, "400.0 MiB"));
        assert_true(d.peak_bytes < 1000000);
        decoded_free(&d);
    }
    assert_true(cpu_seconds() - begin < 0.1);
    blob_free(&file);

    file = make_kind(PROGRESSIVE, 640, 480); /* 4:2:0: three bytes per pixel */
    struct how how = {.denom = 8, .limits = default_limits()};
    how.limits.memory_bytes = 640 * 480 * 3;
    assert_int_equal(decode_status(&file, &how), IMGCORE_BUDGET);
    how.limits.memory_bytes += 400000;
    struct decoded d = decode(&file, &how);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_true(d.peak_bytes > 640 * 480 * 3);
    decoded_free(&d);
    blob_free(&file);
}

/* A single scan of any height needs a few rows. */
static void memory_grows_with_the_width_only(void **state) {
    (void)state;
    struct blob low = make_kind(BASELINE, 800, 64);
    struct blob high = make_kind(BASELINE, 800, 3000);
    for (int rows = 0; rows < 2; rows++) {
        struct how how = {.rows = rows != 0};
        struct decoded a = decode(&low, &how);
        struct decoded b = decode(&high, &how);
        assert_int_equal(a.peak_bytes, b.peak_bytes);
        assert_true(a.peak_bytes < 200000);
        decoded_free(&a);
        decoded_free(&b);
    }
    blob_free(&low);
    blob_free(&high);
}

/* ---- floods of segments ---------------------------------------------------------------------- */

static void floods_of_segments_cost_neither_memory_nor_time(void **state) {
    (void)state;
    static const struct {
        uint8_t marker, size_bytes;
        const char *bytes;
    } floods[] = {
        {0xfe, 0, ""},
        {0xe0, 5, "JFXX"},
        {0xe1, 0, ""},
        {0xe1, 14, "Exif\0\0II+\0\x08\0\0"},
        {0xe1, 14, "Exif\0\0II*\0\x08\0\0"},
        {0xe2, 15, "ICC_PROFILE\0\x01\x02x"},
        {0xe2, 14, "ICC_PROFILE\0\x01\x02"},
        {0xed, 3, "abc"},
        {0xee, 12, "Adobe\0\x64\0\0\0\0\x01"},
    };
    struct blob file = make_kind(BASELINE, 40, 40);
    for (size_t f = 0; f < sizeof(floods) / sizeof(floods[0]); f++) {
        struct blob one = {NULL, 0};
        append_segment(&one, floods[f].marker, floods[f].bytes, floods[f].size_bytes);
        size_t count = f == 0 ? 2000000 : 200000;
        struct blob flood = {malloc(count * one.size_bytes), count * one.size_bytes};
        for (size_t i = 0; i < count; i++) {
            memcpy(flood.bytes + i * one.size_bytes, one.bytes, one.size_bytes);
        }
        struct blob odd = blob_insert(&file, 2, flood.bytes, flood.size_bytes);
        struct counting counting = {.live = 0};
        struct how how = {.denom = 1, .counting = &counting};
        double begin = cpu_seconds();
        assert_int_equal(decode_status(&odd, &how), IMGCORE_OK);
        assert_true(cpu_seconds() - begin < 1.0);
        assert_true(counting.calls < 10);
        blob_free(&odd);
        blob_free(&flood);
        blob_free(&one);
    }
    blob_free(&file);
}

/* ---- failing surroundings ------------------------------------------------------------------- */

static void a_failed_read_is_reported_as_such(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct blob file = make_kind(kind, 60, 50);
        put_comment_at_end(&file);
        for (int n = 1;; n++) {
            struct stream stream = {.step = 61, .fail_at_call = n};
            struct how how = {.denom = 1, .stream = &stream, .tolerant = n % 2 == 0};
            enum imgcore_status status = decode_status(&file, &how);
            if (stream.calls < n) {
                assert_int_equal(status, IMGCORE_OK);
                assert_true(n > 10);
                break;
            }
            assert_int_equal(status, IMGCORE_READ_FAILED);
        }
        blob_free(&file);
    }
}

static void reading_survives_every_failing_allocation(void **state) {
    (void)state;
    struct blob extra = {NULL, 0};
    append_segment(&extra, 0xe1,
                   "Exif\0\0II*\0\x08\0\0\0\x01\0\x98\x82\x02\0\x04\0\0\0abc\0\0\0\0\0", 32);
    append_segment(&extra, 0xe2, "ICC_PROFILE\0\x02\x02xyz", 17);
    append_segment(&extra, 0xe2, "ICC_PROFILE\0\x01\x02xyz", 17);
    for (int kind = 0; kind < KINDS; kind++) {
        struct blob plain_file = make_kind(kind, 60, 50);
        struct blob file = blob_insert(&plain_file, 2, extra.bytes, extra.size_bytes);
        for (int variant = 0; variant < 4; variant++) {
            for (int n = 1;; n++) {
                struct counting counting = {.fail_at_call = n, .fail_after = (variant & 1) != 0};
                struct stream stream = {.step = 0};
                struct how how = {.rows = (variant & 2) != 0,
                                  .want_copyright = true,
                                  .stream = &stream,
                                  .counting = &counting};
                struct decoded d = decode(&file, &how);
                bool ended = counting.calls < n;
                assert_int_equal(d.status, ended ? IMGCORE_OK : IMGCORE_NO_MEMORY);
                if (ended) {
                    assert_string_equal(d.copyright, "abc");
                    assert_memory_equal(d.icc, "xyzxyz", 6);
                    assert_true(n > 8);
                }
                decoded_free(&d);
                if (ended) {
                    break;
                }
            }
        }
        blob_free(&file);
        blob_free(&plain_file);
    }
    blob_free(&extra);
}

/* A reader may be destroyed at any point. */
static void a_reader_may_be_destroyed_at_any_point(void **state) {
    (void)state;
    for (int steps = 0; steps < 8; steps++) {
        struct blob file = make_kind(steps % KINDS, 60, 200);
        struct imgcore_limits limits = default_limits();
        struct ic_open_options options = {.limits = &limits};
        struct imgcore_source source = {.bytes = file.bytes, .size_bytes = file.size_bytes};
        struct ic_read_request request = {true, 1};
        struct ic_read_layout layout;
        struct ic_strip strip;
        struct ic_input input;
        struct ic_reader *reader;
        struct ic_mem mem;
        ic_mem_init(&mem, NULL);
        assert_int_equal(ic_input_open(&input, &mem, &source), IMGCORE_OK);
        assert_int_equal(ic_jpeg_open(&mem, &input, &options, &reader, NULL, NULL), IMGCORE_OK);
        if (steps > 0) {
            assert_int_equal(reader->ops->start(reader, &request, &layout, NULL), IMGCORE_OK);
        }
        for (int i = 1; i < steps; i++) {
            assert_int_equal(reader->ops->read(reader, &strip, NULL), IMGCORE_OK);
        }
        reader->ops->destroy(reader);
        ic_input_clear(&input);
        ic_mem_clear(&mem);
        blob_free(&file);
    }
}

/* Random damage anywhere: any status, but no leak, and no access out of bounds. */
static void random_damage_ends_in_a_status(void **state) {
    (void)state;
    uint32_t seed = 20240607;
    int refused = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        struct blob file = make_kind(kind, 48, 40);
        for (int round = 0; round < 1500; round++) {
            struct blob bad = blob_insert(&file, 0, "", 0);
            uint32_t hits = 1 + next_random(&seed) % 4;
            for (uint32_t i = 0; i < hits; i++) {
                bad.bytes[2 + next_random(&seed) % (bad.size_bytes - 2)] =
                    (uint8_t)next_random(&seed);
            }
            struct stream stream = {.step = 1 + next_random(&seed) % 500};
            struct how how = {.rows = round % 2 == 0,
                              .denom = 1 << (round / 2 % 4),
                              .tolerant = round % 3 == 0,
                              .limits = default_limits(),
                              .stream = round % 5 == 0 ? &stream : NULL};
            how.limits.pixels = 1000000;
            enum imgcore_status status = decode_status(&bad, &how);
            assert_int_not_equal(status, IMGCORE_INTERNAL);
            assert_int_not_equal(status, IMGCORE_NO_MEMORY);
            assert_int_not_equal(status, IMGCORE_READ_FAILED);
            refused += status != IMGCORE_OK;
            blob_free(&bad);
        }
        blob_free(&file);
    }
    assert_true(refused > 1000);
}

/* libjpeg stores what a second frame header states before it refuses it. A tolerant reader shows
 * the scans before that header, in the frame of the first one. */
static void a_second_frame_header_changes_nothing(void **state) {
    (void)state;
    static const uint8_t headers[][6] = {
        {8, 0xff, 0xff, 0xff, 0xff, 0}, {8, 0, 1, 0, 1, 255}, {4, 0, 20, 0xff, 0xda, 10}};
    for (int kind = PROGRESSIVE; kind < KINDS; kind += SCAN_EACH - PROGRESSIVE) {
        const struct blob file = make_kind(kind, 61, 47);
        const size_t at = find_marker(&file, 0xda, 2);
        const struct blob part = {file.bytes, at};
        for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
            struct blob second = {NULL, 0};
            append_segment(&second, 0xc0, headers[i], sizeof(headers[i]));
            struct blob bad = blob_insert(&file, at, second.bytes, second.size_bytes);
            assert_int_equal(decode_status(&bad, &strict), IMGCORE_CORRUPT);
            for (int rows = 0; rows < 2; rows++) {
                const struct how how = {.rows = rows == 1, .tolerant = true};
                struct decoded want = decode(&part, &how);
                struct decoded got = decode(&bad, &how);
                assert_same_picture(&want, &got);
                decoded_free(&want);
                decoded_free(&got);
            }
            blob_free(&second);
            blob_free(&bad);
        }
        struct blob done = file;
        blob_free(&done);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_tolerant_reader_keeps_what_there_is),
        cmocka_unit_test(bytes_behind_the_end_are_ignored),
        cmocka_unit_test(cosmetic_faults_are_taken),
        cmocka_unit_test(damage_is_refused_unless_tolerated),
        cmocka_unit_test(scans_that_are_missing_are_damage),
        cmocka_unit_test(scans_out_of_order_are_taken),
        cmocka_unit_test(odd_headers_have_their_status),
        cmocka_unit_test(sizes_over_the_limits_are_reported),
        cmocka_unit_test(scans_are_limited),
        cmocka_unit_test(scans_are_counted_as_they_are_read),
        cmocka_unit_test(floods_of_scans_cost_nothing),
        cmocka_unit_test(coefficients_are_counted_before_they_are_taken),
        cmocka_unit_test(memory_grows_with_the_width_only),
        cmocka_unit_test(floods_of_segments_cost_neither_memory_nor_time),
        cmocka_unit_test(a_second_frame_header_changes_nothing),
        cmocka_unit_test(a_failed_read_is_reported_as_such),
        cmocka_unit_test(reading_survives_every_failing_allocation),
        cmocka_unit_test(a_reader_may_be_destroyed_at_any_point),
        cmocka_unit_test(random_damage_ends_in_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
