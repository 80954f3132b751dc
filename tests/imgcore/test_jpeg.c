/* The JPEG reader and writer on valid files: for every kind of file, planes and rows at every scale
 * are exactly those of libjpeg; metadata; written files are read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jpeg_files.h"
#include "tests/support/slowly.h"

static const int scales[] = {1, 2, 4, 8};

struct sampling {
    const char *name;
    int components;
    J_COLOR_SPACE space;
    int h[4], v[4];
};

static const struct sampling samplings[] = {
    {"grey", 1, JCS_GRAYSCALE, {1}, {1}},
    {"grey 2x2", 1, JCS_GRAYSCALE, {2}, {2}},
    {"4:4:4", 3, JCS_YCbCr, {1, 1, 1}, {1, 1, 1}},
    {"4:2:2", 3, JCS_YCbCr, {2, 1, 1}, {1, 1, 1}},
    {"4:2:0", 3, JCS_YCbCr, {2, 1, 1}, {2, 1, 1}},
    {"4:4:0", 3, JCS_YCbCr, {1, 1, 1}, {2, 1, 1}},
    {"4:1:1", 3, JCS_YCbCr, {4, 1, 1}, {1, 1, 1}},
    {"4:1:0", 3, JCS_YCbCr, {4, 1, 1}, {2, 1, 1}},
    {"1x4", 3, JCS_YCbCr, {1, 1, 1}, {4, 1, 1}},
    {"3x1", 3, JCS_YCbCr, {3, 1, 1}, {1, 1, 1}},
    {"1x3", 3, JCS_YCbCr, {1, 1, 1}, {3, 1, 1}},
    {"3:2", 3, JCS_YCbCr, {3, 2, 2}, {1, 1, 1}},
    {"3:2 down", 3, JCS_YCbCr, {1, 1, 1}, {3, 2, 2}},
    {"all 2x2", 3, JCS_YCbCr, {2, 2, 2}, {1, 1, 1}},
    {"luma smaller", 3, JCS_YCbCr, {1, 2, 2}, {1, 1, 1}},
    {"luma smaller down", 3, JCS_YCbCr, {1, 1, 1}, {1, 2, 2}},
    {"each its own", 3, JCS_YCbCr, {2, 1, 2}, {2, 2, 1}},
};
#define SAMPLINGS (sizeof(samplings) / sizeof(samplings[0]))

static struct jpeg_params params_of(const struct sampling *s, unsigned int width,
                                    unsigned int height) {
    struct jpeg_params r = {
        .width = width, .height = height, .components = s->components, .space = s->space};
    memcpy(r.h, s->h, sizeof(s->h));
    memcpy(r.v, s->v, sizeof(s->v));
    return r;
}

/* Compares the reader with libjpeg. libjpeg rejects some files in rows (ratios that are not
 * integers); then so does the reader. */
static void compare_with_plain(const struct blob *file, bool rows) {
    for (size_t s = 0; s < sizeof(scales) / sizeof(scales[0]); s++) {
        struct how how = {.rows = rows, .denom = scales[s]};
        struct decoded d = decode(file, &how);
        struct plain p = plain_decode(file, !rows, scales[s]);
        if (!p.ok) {
            assert_true(rows);
            assert_int_equal(d.status, IMGCORE_UNSUPPORTED);
        } else {
            assert_int_equal(d.status, IMGCORE_OK);
            assert_int_equal(d.layout.planes, p.planes);
            for (int i = 0; i < p.planes; i++) {
                const struct ic_plane_layout *plane = &d.layout.plane[i];
                assert_int_equal(plane->width, p.width[i]);
                assert_int_equal(plane->height, p.height[i]);
                assert_int_equal(plane->channels, p.channels);
                assert_true(plane->extent_width > plane->width - 1.0 &&
                            plane->extent_width <= plane->width);
                assert_true(plane->extent_height > plane->height - 1.0 &&
                            plane->extent_height <= plane->height);
                assert_memory_equal(d.plane[i], p.plane[i], plane_bytes(&d, i));
            }
        }
        decoded_free(&d);
        plain_free(&p);
    }
}

static void every_sampling_and_size_is_as_libjpeg_has_it(void **state) {
    (void)state;
    for (size_t s = 0; s < SAMPLINGS; s++) {
        for (unsigned int width = 1; width <= 40; width++) {
            struct jpeg_params r = params_of(&samplings[s], width, (width * 7) % 40 + 1);
            r.progressive = width % 4 == 1;
            r.arithmetic = width % 5 == 2;
            r.restart = width % 3 == 0 ? 2 : 0;
            r.scan_each = !r.progressive && width % 7 == 3;
            struct blob file = make_jpeg(&r);
            compare_with_plain(&file, false);
            compare_with_plain(&file, true);
            blob_free(&file);
        }
    }
}

static void larger_pictures_are_as_libjpeg_has_them(void **state) {
    (void)state;
    for (size_t s = 0; s < (size_t)test_part((int)SAMPLINGS, 3); s++) {
        struct jpeg_params r = params_of(&samplings[s], 517, 259);
        for (int kind = 0; kind < 5; kind++) {
            r.progressive = kind == 1 || kind == 3;
            r.arithmetic = kind == 2 || kind == 3;
            r.wide_quant = kind == 4;
            struct blob file = make_jpeg(&r);
            compare_with_plain(&file, false);
            compare_with_plain(&file, true);
            blob_free(&file);
        }
    }
}

/* A ramp over the entire image: sample i of a plane must have the value of the ramp at (i + 1/2) /
 * extent, for any sampling and scale. */
static void extents_give_the_positions_of_samples(void **state) {
    (void)state;
    for (size_t s = 0; s < SAMPLINGS; s++) {
        for (size_t k = 0; k < sizeof(scales) / sizeof(scales[0]); k++) {
            struct jpeg_params r = params_of(&samplings[s], 187, 203);
            r.ramp = true;
            r.quality = 100;
            struct blob file = make_jpeg(&r);
            struct how how = {.denom = scales[k]};
            struct decoded d = decode(&file, &how);
            assert_int_equal(d.status, IMGCORE_OK);
            for (int i = 0; i < d.layout.planes; i++) {
                const struct ic_plane_layout *plane = &d.layout.plane[i];
                for (uint32_t y = 0; y + 1 < plane->height; y++) {
                    for (uint32_t x = 0; x + 1 < plane->width; x++) {
                        double want = 28 + 100 * (x + 0.5) / plane->extent_width +
                                      100 * (y + 0.5) / plane->extent_height;
                        double got = d.plane[i][(size_t)y * plane->width + x];
                        assert_true(got - want < 2.5 && want - got < 2.5);
                    }
                }
            }
            decoded_free(&d);
            blob_free(&file);
        }
    }
}

static void extents_are_exact(void **state) {
    (void)state;
    struct jpeg_params r = params_420(33, 19);
    struct blob file = make_jpeg(&r);
    struct how how = {.denom = 1};
    struct decoded d = decode(&file, &how);
    assert_true(d.layout.plane[0].extent_width == 33 && d.layout.plane[0].extent_height == 19);
    assert_true(d.layout.plane[1].extent_width == 16.5 && d.layout.plane[1].extent_height == 9.5);
    assert_int_equal(d.layout.plane[1].width, 17);
    decoded_free(&d);
    how.denom = 2; /* here libjpeg does not scale the chroma: it is as large as the scaled luma */
    d = decode(&file, &how);
    assert_true(d.layout.plane[0].extent_width == 16.5 && d.layout.plane[0].extent_height == 9.5);
    assert_true(d.layout.plane[1].extent_width == 16.5 && d.layout.plane[1].extent_height == 9.5);
    decoded_free(&d);
    how.denom = 8;
    how.rows = true;
    d = decode(&file, &how);
    assert_true(d.layout.plane[0].extent_width == 33 / 8.0);
    assert_true(d.layout.plane[0].extent_height == 19 / 8.0);
    assert_int_equal(d.layout.plane[0].width, 5);
    assert_int_equal(d.layout.plane[0].height, 3);
    decoded_free(&d);
    blob_free(&file);
}

static void the_header_reports_the_kind(void **state) {
    (void)state;
    struct jpeg_params r = params_420(21, 10);
    r.progressive = true;
    r.arithmetic = true;
    struct blob file = make_jpeg(&r);
    struct how how = {.denom = 1};
    struct decoded d = decode(&file, &how);
    assert_int_equal(d.header.format, IMGCORE_FORMAT_JPEG);
    assert_int_equal(d.header.width_px, 21);
    assert_int_equal(d.header.height_px, 10);
    assert_int_equal(d.header.bits, 8);
    assert_true(d.header.progressive && d.header.arithmetic);
    assert_int_equal(d.header.color, IC_COLOR_YCBCR);
    assert_int_equal(d.header.components, 3);
    assert_int_equal(d.header.h_samp[0], 2);
    assert_int_equal(d.header.v_samp[0], 2);
    assert_int_equal(d.header.h_samp[2], 1);
    assert_int_equal(d.header.orientation, 1);
    assert_null(d.header.icc);
    assert_null(d.header.copyright);
    decoded_free(&d);
    blob_free(&file);
}

/* RGB with Adobe's marker, and recognised only by the letters of its components. */
static void rgb_files_come_as_they_are(void **state) {
    (void)state;
    for (int adobe = 0; adobe < 2; adobe++) {
        struct jpeg_params r = {.width = 45,
                                .height = 31,
                                .components = 3,
                                .space = JCS_RGB,
                                .h = {1, 1, 1},
                                .v = {1, 1, 1},
                                .no_adobe = adobe == 0};
        struct blob file = make_jpeg(&r);
        struct how how = {.rows = true};
        struct decoded d = decode(&file, &how);
        assert_int_equal(d.header.color, IC_COLOR_RGB);
        decoded_free(&d);
        compare_with_plain(&file, true);
        how.rows = false; /* planes are for YCbCr and grey */
        assert_int_equal(decode_status(&file, &how), IMGCORE_INVALID_ARGUMENT);
        how.rows = true;
        how.denom = 3;
        assert_int_equal(decode_status(&file, &how), IMGCORE_INVALID_ARGUMENT);
        blob_free(&file);
    }
}

/* Adobe's files store inverted ink; files without its marker store ink. */
static void cmyk_comes_as_ink(void **state) {
    (void)state;
    for (int kind = 0; kind < 8; kind++) {
        struct jpeg_params r = {.width = 37,
                                .height = 22,
                                .components = 4,
                                .space = (kind & 1) != 0 ? JCS_YCCK : JCS_CMYK,
                                .h = {(kind & 2) != 0 ? 2 : 1, 1, 1, (kind & 2) != 0 ? 2 : 1},
                                .v = {1, 1, 1, 1},
                                .no_adobe = (kind & 4) != 0};
        if (r.space == JCS_YCCK && r.no_adobe) {
            continue; /* it cannot be distinguished from CMYK */
        }
        struct blob file = make_jpeg(&r);
        struct how how = {.rows = true};
        struct decoded d = decode(&file, &how);
        struct plain p = plain_decode(&file, false, 1);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_int_equal(d.header.color, IC_COLOR_CMYK);
        assert_int_equal(d.header.ycck, r.space == JCS_YCCK);
        assert_int_equal(d.layout.plane[0].channels, 4);
        for (size_t i = 0; i < plane_bytes(&d, 0); i++) {
            uint8_t want = r.no_adobe ? p.plane[0][i] : (uint8_t)(255 - p.plane[0][i]);
            assert_int_equal(d.plane[0][i], want);
        }
        decoded_free(&d);
        plain_free(&p);
        blob_free(&file);
    }
}

static void a_stream_gives_what_memory_gives(void **state) {
    (void)state;
    static const size_t steps[] = {1, 3, 1000, 0};
    for (int kind = 0; kind < 4; kind++) {
        struct jpeg_params r = params_420(317, 211);
        r.quality = 95;
        r.progressive = kind == 1;
        r.arithmetic = kind == 2;
        r.restart = kind == 3 ? 5 : 0;
        struct blob plain_file = make_jpeg(&r);
        struct blob extra = {NULL, 0};
        uint8_t *filling = calloc(1, 60000);
        append_segment(&extra, 0xfe, filling, 60000); /* so that the window moves in the header */
        append_segment(&extra, 0xed, filling, 60000);
        struct blob file = blob_insert(&plain_file, 2, extra.bytes, extra.size_bytes);
        struct how how = {.denom = 1};
        struct decoded memory = decode(&file, &how);
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            struct stream stream = {.step = steps[s]};
            how.stream = &stream;
            struct decoded streamed = decode(&file, &how);
            assert_same_picture(&memory, &streamed);
            decoded_free(&streamed);
        }
        decoded_free(&memory);
        free(filling);
        blob_free(&extra);
        blob_free(&file);
        blob_free(&plain_file);
    }
}

/* Rows do not depend on the previous content of memory: two fill patterns of the allocator,
 * including the slack. */
static void rows_do_not_depend_on_old_memory(void **state) {
    (void)state;
    for (size_t s = 0; s < SAMPLINGS; s++) {
        struct jpeg_params r = params_of(&samplings[s], 43, 29);
        struct blob file = make_jpeg(&r);
        for (int variant = 0; variant < 8; variant++) {
            struct counting one = {.pattern = 0x00}, two = {.pattern = 0xff};
            struct how how = {.rows = variant % 2 != 0, .denom = scales[variant / 2]};
            how.counting = &one;
            struct decoded a = decode(&file, &how);
            how.counting = &two;
            struct decoded b = decode(&file, &how);
            assert_int_equal(a.status, b.status);
            assert_int_equal(a.slack, b.slack);
            if (a.status == IMGCORE_OK) {
                assert_same_picture(&a, &b);
            }
            decoded_free(&a);
            decoded_free(&b);
        }
        blob_free(&file);
    }
}

/* ---- metadata -------------------------------------------------------------------------------- */

static void append_exif(struct blob *out, uint8_t orientation, const char *copyright) {
    uint8_t block[512] = "Exif\0\0MM\0*\0\0\0\x08\0\x02";
    uint8_t *entry = block + 6 + 10;
    size_t length = strlen(copyright) + 1;
    memcpy(entry, "\x01\x12\0\x03\0\0\0\x01\0", 9);
    entry[9] = orientation;
    memcpy(entry + 12, "\x82\x98\0\x02\0\0\0", 7);
    entry[19] = (uint8_t)length;
    entry[23] = 8 + 2 + 24 + 4;
    memcpy(entry + 28, copyright, length);
    append_segment(out, 0xe1, block, 6 + 8 + 2 + 24 + 4 + length);
}

static void append_icc(struct blob *out, int number, int count, const void *bytes, size_t size) {
    uint8_t *block = malloc(14 + size);
    memcpy(block, "ICC_PROFILE", 12);
    block[12] = (uint8_t)number;
    block[13] = (uint8_t)count;
    memcpy(block + 14, bytes, size);
    append_segment(out, 0xe2, block, 14 + size);
    free(block);
}

/* Decodes a small file with these segments after its start. */
static struct decoded decode_with(struct blob *segments, const struct how *how) {
    struct jpeg_params r = params_420(16, 16);
    struct blob plain_file = make_jpeg(&r);
    struct blob file = blob_insert(&plain_file, 2, segments->bytes, segments->size_bytes);
    struct decoded d = decode(&file, how);
    blob_free(&file);
    blob_free(&plain_file);
    blob_free(segments);
    return d;
}

static void the_first_exif_block_counts(void **state) {
    (void)state;
    struct how how = {.want_copyright = true};
    struct blob segments = {NULL, 0};
    append_segment(&segments, 0xe1, "http://ns.adobe.com/xap/1.0/", 29);
    append_segment(&segments, 0xe1, "Exif\0\0nothing like TIFF", 23);
    append_exif(&segments, 6, "A. Photographer");
    append_exif(&segments, 3, "Somebody else");
    struct decoded d = decode_with(&segments, &how);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_int_equal(d.header.orientation, 6);
    assert_string_equal(d.copyright, "A. Photographer");
    decoded_free(&d);

    how.want_copyright = false;
    append_exif(&segments, 8, "A. Photographer");
    d = decode_with(&segments, &how);
    assert_int_equal(d.header.orientation, 8);
    assert_null(d.copyright);
    decoded_free(&d);

    how.limits = default_limits();
    how.limits.metadata_bytes = 20; /* an EXIF block over the limit is ignored */
    append_exif(&segments, 8, "A. Photographer");
    d = decode_with(&segments, &how);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_int_equal(d.header.orientation, 1);
    decoded_free(&d);
}

static void icc_chunks_are_put_together(void **state) {
    (void)state;
    struct how how = {.denom = 1};
    struct blob segments = {NULL, 0};
    append_icc(&segments, 3, 3, "ghij", 4);
    append_icc(&segments, 1, 3, "abc", 3);
    append_segment(&segments, 0xe2, "MPF\0 something else", 19);
    append_icc(&segments, 2, 3, "def", 3);
    struct decoded d = decode_with(&segments, &how);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_int_equal(d.header.icc_bytes, 10);
    assert_memory_equal(d.icc, "abcdefghij", 10);
    decoded_free(&d);

    uint8_t *large = malloc(2 * 65519);
    for (size_t i = 0; i < 2 * 65519; i++) {
        large[i] = (uint8_t)(i * 7 + i / 251);
    }
    append_icc(&segments, 2, 2, large + 65519, 65519);
    append_icc(&segments, 1, 2, large, 65519);
    d = decode_with(&segments, &how);
    assert_int_equal(d.header.icc_bytes, 2 * 65519);
    assert_memory_equal(d.icc, large, 2 * 65519);
    decoded_free(&d);
    free(large);
}

static void icc_chunks_that_contradict_are_no_profile(void **state) {
    (void)state;
    static const int cases[][6] = {
        /* number and count of up to three chunks */
        {1, 2, 1, 2, 0, 0}, /* twice the same */
        {1, 2, 0, 0, 0, 0}, /* the second is missing */
        {1, 1, 2, 2, 0, 0}, /* two counts */
        {0, 1, 0, 0, 0, 0}, /* they count from 1 */
        {2, 1, 0, 0, 0, 0}, /* beyond the count */
        {1, 0, 0, 0, 0, 0}, /* none of none */
        {1, 2, 2, 2, 2, 2}, /* one too many */
    };
    struct how how = {.denom = 1};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct blob segments = {NULL, 0};
        for (int c = 0; c < 3; c++) {
            if (c == 0 || cases[i][2 * c] != 0) {
                append_icc(&segments, cases[i][2 * c], cases[i][2 * c + 1], "abc", 3);
            }
        }
        struct decoded d = decode_with(&segments, &how);
        assert_int_equal(d.status, IMGCORE_OK);
        assert_null(d.header.icc);
        assert_int_equal(d.header.icc_bytes, 0);
        decoded_free(&d);
    }
}

static void icc_over_the_limit_is_refused(void **state) {
    (void)state;
    struct how how = {.denom = 1, .limits = default_limits()};
    for (size_t limit = 5; limit <= 6; limit++) {
        struct blob segments = {NULL, 0};
        how.limits.icc_bytes = limit;
        append_icc(&segments, 1, 2, "abc", 3);
        append_icc(&segments, 2, 2, "def", 3);
        struct decoded d = decode_with(&segments, &how);
        assert_int_equal(d.status, limit == 6 ? IMGCORE_OK : IMGCORE_TOO_LARGE);
        assert_int_equal(d.header.width_px, 16); /* still reported */
        decoded_free(&d);
    }
    struct blob segments = {NULL, 0};
    append_icc(&segments, 1, 1, "abc", 3);
    how.limits.side_px = 15; /* the profile is freed with the rejected reader */
    struct decoded d = decode_with(&segments, &how);
    assert_int_equal(d.status, IMGCORE_TOO_LARGE);
    assert_int_equal(d.header.icc_bytes, 3);
    assert_null(d.header.icc);
    decoded_free(&d);
}

/* ---- writing --------------------------------------------------------------------------------- */

struct canvas {
    struct ic_picture picture;
    uint8_t *block[3];
};

static void canvas_free(struct canvas *canvas) {
    for (int i = 0; i < 3; i++) {
        free(canvas->block[i]);
    }
}

/* Makes an image whose rows are in blocks of exactly their size; bottom-up if requested. */
static struct canvas make_canvas(enum ic_color color, uint32_t width, uint32_t height, int h, int v,
                                 bool bottom_up) {
    struct canvas canvas = {.picture = {.color = color, .width_px = width, .height_px = height}};
    canvas.picture.planes = color == IC_COLOR_YCBCR ? 3 : 1;
    for (int i = 0; i < canvas.picture.planes; i++) {
        uint32_t w = i == 0 ? width : (width + (uint32_t)h - 1) / (uint32_t)h;
        uint32_t n = i == 0 ? height : (height + (uint32_t)v - 1) / (uint32_t)v;
        size_t channels = color == IC_COLOR_RGB ? 3 : 1;
        size_t row_bytes = w * channels, stride_bytes = row_bytes + IC_ROW_SLACK_BYTES;
        canvas.block[i] = malloc(stride_bytes * n);
        for (uint32_t y = 0; y < n; y++) {
            for (size_t x = 0; x < row_bytes; x++) {
                uint32_t line = bottom_up ? n - 1 - y : y;
                canvas.block[i][y * stride_bytes + x] =
                    (uint8_t)(60 + (x * 3 + line * 2 + (size_t)i * 40) % 120);
            }
        }
        canvas.picture.plane[i].rows = canvas.block[i] + (bottom_up ? stride_bytes * (n - 1) : 0);
        canvas.picture.plane[i].stride_bytes = (ptrdiff_t)stride_bytes * (bottom_up ? -1 : 1);
        canvas.picture.plane[i].width = w;
        canvas.picture.plane[i].height = n;
        canvas.picture.plane[i].channels = (int)channels;
    }
    return canvas;
}

struct written {
    enum imgcore_status status;
    struct imgcore_error error;
    struct blob file;
};

static struct written write_canvas(const struct canvas *canvas,
                                   const struct ic_write_options *options, size_t budget_bytes,
                                   struct counting *counting) {
    struct written out = {.status = IMGCORE_OK};
    struct imgcore_allocator allocator = {counting_alloc, counting_free, counting};
    struct ic_mem mem;
    struct ic_buf buf = {.mem = &mem};
    ic_mem_init(&mem, counting != NULL ? &allocator : NULL);
    ic_mem_set_budget(&mem, budget_bytes);
    out.status = ic_jpeg_write(&mem, &canvas->picture, options, &buf, &out.error);
    if (out.status == IMGCORE_OK) {
        blob_append(&out.file, buf.bytes, buf.size_bytes);
    } else {
        assert_null(buf.bytes);
        assert_int_equal(buf.size_bytes, 0);
        assert_int_equal(out.error.status, out.status);
    }
    ic_buf_clear(&buf);
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    ic_mem_clear(&mem);
    if (counting != NULL) {
        assert_int_equal(counting->live, 0);
    }
    return out;
}

static const struct ic_write_options best = {.quality = 100, .chroma_h = 1, .chroma_v = 1};

/* The planes are read back within the loss of quality 100, also bottom-up ones. */
static void written_planes_come_back(void **state) {
    (void)state;
    for (uint32_t side = 1; side <= 40; side++) {
        for (int shape = 0; shape < 4; shape++) {
            struct ic_write_options options = best;
            options.chroma_h = 1 + (shape & 1);
            options.chroma_v = 1 + (shape >> 1);
            options.progressive = side % 3 == 1;
            options.optimize = side % 3 == 2;
            bool bottom_up = side % 2 == 0;
            struct canvas canvas = make_canvas(IC_COLOR_YCBCR, side, 41 - side, options.chroma_h,
                                               options.chroma_v, bottom_up);
            struct written w = write_canvas(&canvas, &options, 64u << 20, NULL);
            assert_int_equal(w.status, IMGCORE_OK);
            struct how how = {.denom = 1};
            struct decoded d = decode(&w.file, &how);
            assert_int_equal(d.status, IMGCORE_OK);
            assert_int_equal(d.header.h_samp[0], options.chroma_h);
            assert_int_equal(d.header.v_samp[0], options.chroma_v);
            assert_int_equal(d.header.progressive, options.progressive);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(d.layout.plane[i].width, canvas.picture.plane[i].width);
                assert_int_equal(d.layout.plane[i].height, canvas.picture.plane[i].height);
                for (uint32_t y = 0; y < d.layout.plane[i].height; y++) {
                    const uint8_t *row = canvas.picture.plane[i].rows +
                                         (ptrdiff_t)y * canvas.picture.plane[i].stride_bytes;
                    for (uint32_t x = 0; x < d.layout.plane[i].width; x++) {
                        int got = d.plane[i][(size_t)y * d.layout.plane[i].width + x];
                        assert_in_range(got - row[x] + 3, 0, 6);
                    }
                }
            }
            decoded_free(&d);
            blob_free(&w.file);
            canvas_free(&canvas);
        }
    }
}

/* Returns the file that libjpeg makes of rows: grey, RGB, or the three full planes of YCbCr. */
static struct blob plain_encode(const struct canvas *canvas, int quality, int h, int v) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long size_bytes = 0;
    bool grey = canvas->picture.color == IC_COLOR_GREY;
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &bytes, &size_bytes);
    cinfo.image_width = canvas->picture.width_px;
    cinfo.image_height = canvas->picture.height_px;
    cinfo.input_components = grey ? 1 : 3;
    bool ycbcr = canvas->picture.color == IC_COLOR_YCBCR;
    cinfo.in_color_space = grey ? JCS_GRAYSCALE : ycbcr ? JCS_YCbCr : JCS_RGB;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    cinfo.comp_info[0].h_samp_factor = grey ? 1 : h;
    cinfo.comp_info[0].v_samp_factor = grey ? 1 : v;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height) {
        size_t width = cinfo.image_width;
        const ptrdiff_t y = (ptrdiff_t)cinfo.next_scanline;
        JSAMPROW row = canvas->picture.plane[0].rows + y * canvas->picture.plane[0].stride_bytes;
        uint8_t *woven = malloc(width * 3);
        for (size_t i = 0; ycbcr && i < width * 3; i++) {
            woven[i] =
                canvas->picture.plane[i % 3]
                    .rows[y * canvas->picture.plane[i % 3].stride_bytes + (ptrdiff_t)(i / 3)];
        }
        row = ycbcr ? woven : row;
        jpeg_write_scanlines(&cinfo, &row, 1);
        free(woven);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    return (struct blob){bytes, size_bytes};
}

static void rgb_and_grey_are_written_as_libjpeg_writes_them(void **state) {
    (void)state;
    for (int shape = 0; shape < 8; shape++) {
        struct ic_write_options options = {.quality = 77};
        options.chroma_h = 1 + (shape & 1);
        options.chroma_v = 1 + (shape >> 1 & 1);
        struct canvas canvas =
            make_canvas((shape & 4) != 0 ? IC_COLOR_GREY : IC_COLOR_RGB, 131, 77, 1, 1, false);
        struct written w = write_canvas(&canvas, &options, 64u << 20, NULL);
        struct blob want = plain_encode(&canvas, 77, options.chroma_h, options.chroma_v);
        assert_int_equal(w.status, IMGCORE_OK);
        assert_int_equal(w.file.size_bytes, want.size_bytes);
        assert_memory_equal(w.file.bytes, want.bytes, want.size_bytes);
        blob_free(&want);
        blob_free(&w.file);
        canvas_free(&canvas);
    }
}

/* With full chroma libjpeg pads rows in exactly the same way. */
static void planes_are_padded_as_libjpeg_pads_rows(void **state) {
    (void)state;
    for (uint32_t side = 1; side <= 26; side++) {
        struct ic_write_options options = {.quality = 85, .chroma_h = 1, .chroma_v = 1};
        struct canvas canvas = make_canvas(IC_COLOR_YCBCR, side, 27 - side, 1, 1, false);
        struct written w = write_canvas(&canvas, &options, 64u << 20, NULL);
        struct blob want = plain_encode(&canvas, 85, 1, 1);
        assert_int_equal(w.status, IMGCORE_OK);
        assert_int_equal(w.file.size_bytes, want.size_bytes);
        assert_memory_equal(w.file.bytes, want.bytes, want.size_bytes);
        blob_free(&want);
        blob_free(&w.file);
        canvas_free(&canvas);
    }
}

/* The bytes do not depend on the previous content of memory: nothing uninitialised is written. */
static void a_file_does_not_depend_on_old_memory(void **state) {
    (void)state;
    for (uint32_t side = 1; side <= 34; side += 3) {
        for (int progressive = 0; progressive < 2; progressive++) {
            struct ic_write_options options = {
                .quality = 80, .chroma_h = 2, .chroma_v = 2, .progressive = progressive != 0};
            struct canvas canvas = make_canvas(IC_COLOR_YCBCR, side, side + 5, 2, 2, false);
            struct counting one = {.pattern = 0x00}, two = {.pattern = 0xff};
            struct written a = write_canvas(&canvas, &options, 64u << 20, &one);
            struct written b = write_canvas(&canvas, &options, 64u << 20, &two);
            assert_int_equal(a.status, IMGCORE_OK);
            assert_int_equal(a.file.size_bytes, b.file.size_bytes);
            assert_memory_equal(a.file.bytes, b.file.bytes, a.file.size_bytes);
            blob_free(&a.file);
            blob_free(&b.file);
            canvas_free(&canvas);
        }
    }
}

static void progressive_and_optimised_files_show_the_same(void **state) {
    (void)state;
    struct ic_write_options options = {.quality = 70, .chroma_h = 2, .chroma_v = 2};
    struct canvas canvas = make_canvas(IC_COLOR_YCBCR, 150, 99, 2, 2, false);
    struct how how = {.denom = 1};
    struct written base = write_canvas(&canvas, &options, 64u << 20, NULL);
    struct decoded want = decode(&base.file, &how);
    options.optimize = true;
    struct written optimised = write_canvas(&canvas, &options, 64u << 20, NULL);
    struct decoded got = decode(&optimised.file, &how);
    assert_same_picture(&want, &got);
    assert_true(optimised.file.size_bytes < base.file.size_bytes);
    decoded_free(&got);
    options.progressive = true;
    struct written progressive = write_canvas(&canvas, &options, 64u << 20, NULL);
    got = decode(&progressive.file, &how);
    assert_same_picture(&want, &got);
    assert_true(got.header.progressive);
    decoded_free(&got);
    decoded_free(&want);
    blob_free(&base.file);
    blob_free(&optimised.file);
    blob_free(&progressive.file);
    canvas_free(&canvas);
}

static void metadata_is_written_only_when_named(void **state) {
    (void)state;
    uint8_t *icc = malloc(100000);
    for (size_t i = 0; i < 100000; i++) {
        icc[i] = (uint8_t)(i * 31 + i / 97);
    }
    struct ic_write_options options = best;
    struct canvas canvas = make_canvas(IC_COLOR_RGB, 20, 20, 1, 1, false);
    struct how how = {.rows = true, .want_copyright = true};
    struct written w = write_canvas(&canvas, &options, 64u << 20, NULL);
    assert_int_equal(find_marker(&w.file, 0xe1, 0), 0);
    assert_int_equal(find_marker(&w.file, 0xe2, 0), 0);
    assert_int_not_equal(find_marker(&w.file, 0xe0, 0), 0);
    blob_free(&w.file);

    options.icc = icc;
    options.icc_bytes = 100000;
    options.copyright = "(c) 2024 J\xc3\xb6rg";
    w = write_canvas(&canvas, &options, 64u << 20, NULL);
    struct decoded d = decode(&w.file, &how);
    assert_int_equal(d.status, IMGCORE_OK);
    assert_int_equal(d.header.icc_bytes, 100000);
    assert_memory_equal(d.icc, icc, 100000);
    assert_string_equal(d.copyright, options.copyright);
    assert_int_equal(d.header.orientation, 1);
    decoded_free(&d);
    blob_free(&w.file);
    canvas_free(&canvas);
    free(icc);
}

static void what_cannot_be_written_is_refused(void **state) {
    (void)state;
    struct ic_write_options options = best;
    struct canvas canvas = make_canvas(IC_COLOR_GREY, 2000, 2000, 1, 1, false);
    canvas.picture.color = IC_COLOR_GREY_ALPHA;
    assert_int_equal(write_canvas(&canvas, &options, 64u << 20, NULL).status,
                     IMGCORE_INVALID_ARGUMENT);
    canvas.picture.color = IC_COLOR_GREY;
    options.chroma_h = 3;
    assert_int_equal(write_canvas(&canvas, &options, 64u << 20, NULL).status,
                     IMGCORE_INVALID_ARGUMENT);
    options = best;
    options.progressive = true; /* needs all coefficients: 8 MB */
    struct written w = write_canvas(&canvas, &options, 7u << 20, NULL);
    assert_int_equal(w.status, IMGCORE_BUDGET);
    assert_non_null(strstr(w.error.detail, "MiB"));
    options.progressive = false; /* rows, and the file itself */
    assert_int_equal(write_canvas(&canvas, &options, 100000, NULL).status, IMGCORE_BUDGET);
    canvas.picture.width_px = 65501;
    canvas.picture.plane[0].width = 65501;
    assert_int_equal(write_canvas(&canvas, &options, 64u << 20, NULL).status, IMGCORE_TOO_LARGE);
    canvas_free(&canvas);

    canvas = make_canvas(IC_COLOR_YCBCR, 9, 9, 2, 2, false); /* chroma of another shape */
    assert_int_equal(write_canvas(&canvas, &best, 64u << 20, NULL).status,
                     IMGCORE_INVALID_ARGUMENT);
    canvas_free(&canvas);
}

static void writing_appends(void **state) {
    (void)state;
    struct canvas canvas = make_canvas(IC_COLOR_GREY, 300, 200, 1, 1, false);
    struct ic_mem mem;
    struct ic_buf buf = {.mem = &mem};
    struct imgcore_error error;
    ic_mem_init(&mem, NULL);
    assert_true(ic_buf_append(&buf, "before", 6));
    assert_int_equal(ic_jpeg_write(&mem, &canvas.picture, &best, &buf, &error), IMGCORE_OK);
    assert_memory_equal(buf.bytes, "before\xff\xd8\xff", 9);
    assert_memory_equal(buf.bytes + buf.size_bytes - 2, "\xff\xd9", 2);
    ic_buf_clear(&buf);
    ic_mem_clear(&mem);
    canvas_free(&canvas);
}

static void writing_survives_every_failing_allocation(void **state) {
    (void)state;
    struct ic_write_options options = {.quality = 90,
                                       .chroma_h = 2,
                                       .chroma_v = 2,
                                       .icc = (const uint8_t *)"a profile",
                                       .icc_bytes = 9,
                                       .copyright = "somebody"};
    struct canvas canvas = make_canvas(IC_COLOR_YCBCR, 200, 150, 2, 2, false);
    for (int after = 0; after < 2; after++) {
        int failed = 0;
        for (int n = 1;; n++) {
            struct counting counting = {.fail_at_call = n, .fail_after = after != 0};
            struct written w = write_canvas(&canvas, &options, 64u << 20, &counting);
            blob_free(&w.file);
            if (counting.calls < n) {
                assert_int_equal(w.status, IMGCORE_OK);
                break;
            }
            /* once: kept blocks may serve the retry */
            if (w.status != IMGCORE_OK || after != 0) {
                assert_int_equal(w.status, IMGCORE_NO_MEMORY);
                failed++;
            }
        }
        assert_true(failed >= 5);
    }
    canvas_free(&canvas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sampling_and_size_is_as_libjpeg_has_it),
        cmocka_unit_test(larger_pictures_are_as_libjpeg_has_them),
        cmocka_unit_test(extents_give_the_positions_of_samples),
        cmocka_unit_test(extents_are_exact),
        cmocka_unit_test(the_header_reports_the_kind),
        cmocka_unit_test(rgb_files_come_as_they_are),
        cmocka_unit_test(cmyk_comes_as_ink),
        cmocka_unit_test(a_stream_gives_what_memory_gives),
        cmocka_unit_test(rows_do_not_depend_on_old_memory),
        cmocka_unit_test(the_first_exif_block_counts),
        cmocka_unit_test(icc_chunks_are_put_together),
        cmocka_unit_test(icc_chunks_that_contradict_are_no_profile),
        cmocka_unit_test(icc_over_the_limit_is_refused),
        cmocka_unit_test(written_planes_come_back),
        cmocka_unit_test(rgb_and_grey_are_written_as_libjpeg_writes_them),
        cmocka_unit_test(planes_are_padded_as_libjpeg_pads_rows),
        cmocka_unit_test(a_file_does_not_depend_on_old_memory),
        cmocka_unit_test(progressive_and_optimised_files_show_the_same),
        cmocka_unit_test(metadata_is_written_only_when_named),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test(writing_appends),
        cmocka_unit_test(writing_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
