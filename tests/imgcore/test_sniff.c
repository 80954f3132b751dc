/* The format of first bytes, the names of rejected formats, and the errors of ic_reader_open for
 * files that are no image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgcore/codec/codec.h"
#include "imgcore/codec/sniff.h"

struct example {
    const char *name;
    enum imgcore_format format;
    const char *bytes;
    size_t size_bytes;
};

#define EXAMPLE(name, format, bytes)                                                               \
    { name, IMGCORE_FORMAT_##format, bytes, sizeof(bytes) - 1 }

static const struct example examples[] = {
    EXAMPLE("JPEG", JPEG, "\xff\xd8\xff"),
    EXAMPLE("JPEG", JPEG,
            "\xff\xd8\xff\xe1\0\x10"
            "Exif\0\0abcd"),
    EXAMPLE("PNG", PNG, "\x89PNG\r\n\x1a\n"),
    EXAMPLE("PNG", PNG, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more"),
    EXAMPLE("nothing known", AUTO, "\xff\xd8"),
    EXAMPLE("nothing known", AUTO, "\x89PNG\n\x1a\n\n"),
    EXAMPLE("GIF", AUTO, "GIF87a\1\0"),
    EXAMPLE("GIF", AUTO, "GIF89a\1\0"),
    EXAMPLE("WebP", AUTO, "RIFF\x10\0\0\0WEBPVP8 "),
    EXAMPLE("nothing known", AUTO, "RIFF\x10\0\0\0WAVEfmt "),
    EXAMPLE("BMP", AUTO, "BM\x36\0\0\0"),
    EXAMPLE("TIFF", AUTO, "II*\0\x08\0\0\0"),
    EXAMPLE("TIFF", AUTO, "MM\0*\0\0\0\x08"),
    EXAMPLE("AVIF", AUTO,
            "\0\0\0\x20"
            "ftypavif\0\0\0\0"),
    EXAMPLE("HEIC", AUTO,
            "\0\0\0\x18"
            "ftypheic\0\0\0\0"),
    EXAMPLE("HEIF", AUTO,
            "\0\0\0\x18"
            "ftypmif1\0\0\0\0"),
    EXAMPLE("a video (MP4 or QuickTime)", AUTO,
            "\0\0\0\x18"
            "ftypisom\0\0\0\0"),
    EXAMPLE("JPEG XL", AUTO, "\xff\x0a\0\0"),
    EXAMPLE("JPEG XL", AUTO, "\0\0\0\x0cJXL \r\n\x87\n\0\0\0\0"),
    EXAMPLE("JPEG 2000", AUTO, "\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0"),
    EXAMPLE("JPEG 2000", AUTO, "\xff\x4f\xff\x51\0"),
    EXAMPLE("PDF", AUTO, "%PDF-1.7\n"),
    EXAMPLE("a ZIP archive", AUTO, "PK\x03\x04\x14\0"),
    EXAMPLE("a gzip file", AUTO, "\x1f\x8b\x08\0"),
    EXAMPLE("Photoshop (PSD)", AUTO, "8BPS\0\1"),
    EXAMPLE("SVG, HTML or other markup", AUTO, "<svg xmlns="),
    EXAMPLE("SVG, HTML or other markup", AUTO, "\xef\xbb\xbf<?xml"),
    EXAMPLE("SVG, HTML or other markup", AUTO, "\n\t <html>"),
    EXAMPLE("text", AUTO, "hello"),
    EXAMPLE("text", AUTO, "a long line of words, nothing else"),
    EXAMPLE("nothing known", AUTO, "\1\2\3\4"),
    EXAMPLE("an empty file", AUTO, ""),
};
#define EXAMPLES (sizeof(examples) / sizeof(examples[0]))

struct stream {
    const struct example *example;
    size_t at;
    bool fail;
};

static bool read_one(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct stream *stream = user;
    (void)size_bytes;
    if (stream->at == stream->example->size_bytes) {
        *read_bytes = 0;
        return !stream->fail;
    }
    buffer[0] = (uint8_t)stream->example->bytes[stream->at++];
    *read_bytes = 1;
    return true;
}

static void first_bytes_name_the_format(void **state) {
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (int streamed = 0; streamed < 2; streamed++) {
            /* memory of exactly this size, so that a sanitizer detects a byte too many */
            size_t size = examples[i].size_bytes;
            uint8_t *exact = malloc(size == 0 ? 1 : size);
            memcpy(exact, examples[i].bytes, size);
            struct stream stream = {.example = &examples[i]};
            struct imgcore_source source = {.bytes = exact, .size_bytes = size};
            struct ic_mem mem;
            struct ic_input input;
            if (streamed != 0) {
                source = (struct imgcore_source){.read = read_one, .user = &stream};
            }
            ic_mem_init(&mem, NULL);
            assert_int_equal(ic_input_open(&input, &mem, &source), IMGCORE_OK);
            assert_int_equal(ic_sniff(&input), examples[i].format);
            assert_string_equal(ic_sniff_name(&input), examples[i].name);
            assert_int_equal(input.consumed, 0);
            ic_input_clear(&input);
            ic_mem_clear(&mem);
            free(exact);
        }
    }
}

static enum imgcore_status open_status(const struct example *example, bool fail,
                                       struct imgcore_error *error) {
    struct imgcore_limits limits = {.pixels = 1000000, .side_px = 1000, .memory_bytes = 1u << 20};
    struct ic_open_options options = {.limits = &limits};
    struct stream stream = {.example = example, .fail = fail};
    struct imgcore_source source = {.read = read_one, .user = &stream};
    struct ic_reader *reader = (struct ic_reader *)&stream; /* must become NULL */
    struct ic_header header;
    struct ic_mem mem;
    struct ic_input input;
    ic_mem_init(&mem, NULL);
    assert_int_equal(ic_input_open(&input, &mem, &source), IMGCORE_OK);
    enum imgcore_status status = ic_reader_open(&mem, &input, &options, &reader, &header, error);
    assert_null(reader);
    assert_int_equal(header.width_px, 0);
    assert_int_equal(error->status, status);
    ic_input_clear(&input);
    ic_mem_clear(&mem);
    return status;
}

static void what_is_no_picture_is_refused_by_name(void **state) {
    (void)state;
    struct imgcore_error error;
    for (size_t i = 0; i < EXAMPLES; i++) {
        if (examples[i].format == IMGCORE_FORMAT_AUTO && examples[i].size_bytes > 2) {
            assert_int_equal(open_status(&examples[i], false, &error), IMGCORE_UNSUPPORTED);
            assert_non_null(strstr(error.detail, examples[i].name));
        }
    }
}

static void the_beginning_of_a_signature_is_a_cut_file(void **state) {
    (void)state;
    struct imgcore_error error;
    for (size_t i = 0; i < EXAMPLES; i++) {
        size_t longest = examples[i].format == IMGCORE_FORMAT_JPEG ? 3 : 8;
        for (size_t cut = 0; examples[i].format != IMGCORE_FORMAT_AUTO && cut < longest; cut++) {
            struct example part = examples[i];
            part.size_bytes = cut;
            assert_int_equal(open_status(&part, false, &error), IMGCORE_TRUNCATED);
            assert_int_equal(open_status(&part, true, &error), IMGCORE_READ_FAILED);
        }
    }
    struct example other = EXAMPLE("", AUTO, "\x89PNX");
    assert_int_equal(open_status(&other, false, &error), IMGCORE_UNSUPPORTED);
}

static void colours_have_channels(void **state) {
    (void)state;
    assert_int_equal(ic_color_channels(IC_COLOR_GREY), 1);
    assert_int_equal(ic_color_channels(IC_COLOR_GREY_ALPHA), 2);
    assert_int_equal(ic_color_channels(IC_COLOR_RGB), 3);
    assert_int_equal(ic_color_channels(IC_COLOR_RGBA), 4);
    assert_int_equal(ic_color_channels(IC_COLOR_YCBCR), 3);
    assert_int_equal(ic_color_channels(IC_COLOR_CMYK), 4);
    for (enum ic_color c = IC_COLOR_GREY; c <= IC_COLOR_CMYK; c++) {
        assert_int_equal(ic_color_has_alpha(c), c == IC_COLOR_GREY_ALPHA || c == IC_COLOR_RGBA);
    }
}

static void sizes_are_held_against_the_limits(void **state) {
    (void)state;
    struct imgcore_limits limits = {.pixels = 1000, .side_px = 100};
    struct imgcore_error error;
    static const struct {
        uint32_t width, height;
        enum imgcore_status status;
    } cases[] = {
        {10, 100, IMGCORE_OK},         {100, 10, IMGCORE_OK},
        {101, 1, IMGCORE_TOO_LARGE},   {1, 101, IMGCORE_TOO_LARGE},
        {91, 11, IMGCORE_TOO_LARGE},   {0xffffffff, 0xffffffff, IMGCORE_TOO_LARGE},
        {100, 100, IMGCORE_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ic_header header = {.width_px = cases[i].width, .height_px = cases[i].height};
        assert_int_equal(ic_check_size(&header, &limits, &error), cases[i].status);
    }
    /* the product of two sides does not overflow */
    struct ic_header header = {.width_px = 0x80000000, .height_px = 2};
    limits = (struct imgcore_limits){.pixels = 1000, .side_px = 0xffffffff};
    assert_int_equal(ic_check_size(&header, &limits, &error), IMGCORE_TOO_LARGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_bytes_name_the_format),
        cmocka_unit_test(what_is_no_picture_is_refused_by_name),
        cmocka_unit_test(the_beginning_of_a_signature_is_a_cut_file),
        cmocka_unit_test(colours_have_channels),
        cmocka_unit_test(sizes_are_held_against_the_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
