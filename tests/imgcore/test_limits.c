/* The limits for a file, through the public API: every limit by name, and hostile files in a
 * process with little memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "imgcore/imgcore.h"
#include "tests/support/pictures.h"
#include "tests/support/random.h"

static struct imgcore_context *context;

static int set_up(void **state) {
    (void)state;
    return imgcore_context_create(NULL, &context) == IMGCORE_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    imgcore_context_destroy(context);
    return 0;
}

static enum imgcore_status transform(const uint8_t *bytes, size_t size,
                                     const struct imgcore_options *options,
                                     struct imgcore_error *error) {
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_output outputs[2];
    for (int i = 0; i < 2; i++) {
        imgcore_output_default(&outputs[i]);
        outputs[i].width_px = outputs[i].height_px = 30;
    }
    enum imgcore_status status = imgcore_transform(context, &source, options, outputs, 2, error);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(outputs[i].bytes != NULL, status == IMGCORE_OK);
    }
    imgcore_output_clear(context, outputs, 2);
    return status;
}

/* Rejected with a sentence, and by imgcore_check too. */
static void refused(const uint8_t *bytes, size_t size, const struct imgcore_options *options,
                    enum imgcore_status want) {
    struct imgcore_error error;
    const enum imgcore_status status = transform(bytes, size, options, &error);
    if (status != want) {
        fail_msg("%s instead of %s: %s", imgcore_status_name(status), imgcore_status_name(want),
                 error.detail);
    }
    assert_int_equal(error.status, want);
    assert_true(error.detail[0] != '\0');
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    assert_int_equal(imgcore_check(context, &source, options, &error), want);
}

static void every_limit_has_its_effect(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 300, .height = 200, .channels = 3, .progressive = true};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    struct imgcore_options options;
    imgcore_options_default(&options);
    assert_int_equal(transform(bytes, size, &options, NULL), IMGCORE_OK);
    options.limits.pixels = 300 * 200;
    options.limits.side_px = 300;
    options.limits.scans = 10;
    assert_int_equal(transform(bytes, size, &options, NULL), IMGCORE_OK);
    options.limits.pixels = 300 * 200 - 1;
    refused(bytes, size, &options, IMGCORE_TOO_LARGE);
    imgcore_options_default(&options);
    options.limits.side_px = 299;
    refused(bytes, size, &options, IMGCORE_TOO_LARGE);
    imgcore_options_default(&options);
    options.limits.scans = 3;
    refused(bytes, size, &options, IMGCORE_TOO_LARGE);
    imgcore_options_default(&options);
    options.limits.memory_bytes = 200000; /* the coefficients alone are 360,000 */
    refused(bytes, size, &options, IMGCORE_BUDGET);
    imgcore_options_default(&options);
    options.limits.output_pixels = 30 * 20 - 1;
    assert_int_equal(transform(bytes, size, &options, NULL), IMGCORE_TOO_LARGE);
    free(bytes);
    static const uint8_t profile[9000] = {0};
    const struct png_spec png = {.width = 30, .height = 20, .channels = 3};
    const struct jpeg_spec with_icc = {
        .width = 30, .height = 20, .channels = 3, .icc = profile, .icc_bytes = sizeof(profile)};
    bytes = jpeg_make(&with_icc, &size);
    imgcore_options_default(&options);
    assert_int_equal(transform(bytes, size, &options, NULL), IMGCORE_OK); /* no effect */
    options.limits.icc_bytes = 8999;
    refused(bytes, size, &options, IMGCORE_TOO_LARGE);
    free(bytes);
    bytes = png_make(&png, &size);
    options.limits.memory_bytes = 1000;
    refused(bytes, size, &options, IMGCORE_BUDGET);
    free(bytes);
}

/* Reads "12 bytes" or "3.4 MiB"; returns the largest size that is written so. */
static double size_at(const char *text) {
    char unit[8] = "";
    double size = 0.0;
    assert_int_equal(sscanf(text, "%lf %7[a-zA-Z]", &size, unit), 2);
    assert_true(strcmp(unit, "MiB") == 0 || strcmp(unit, "bytes") == 0);
    return strcmp(unit, "MiB") == 0 ? size * (1 << 20) : size;
}

static void check_figures(const uint8_t *bytes, size_t size, size_t budget_bytes) {
    static const char beside[] = " beside the ", budget[] = " in use; the budget is ";
    struct imgcore_options options;
    struct imgcore_error error;
    imgcore_options_default(&options);
    options.limits.memory_bytes = budget_bytes;
    assert_int_equal(transform(bytes, size, &options, &error), IMGCORE_BUDGET);
    const char *needed = strstr(error.detail, " need");
    const char *used = strstr(error.detail, beside), *limit = strstr(error.detail, budget);
    if (needed == NULL || used == NULL || limit == NULL) {
        fail_msg("no figures: %s", error.detail);
        return;
    }
    const double limit_size = size_at(limit + strlen(budget));
    /* 0.1 MiB is what rounding loses. */
    assert_true(limit_size <= (double)budget_bytes && limit_size > (double)budget_bytes - 104858.0);
    assert_true(budget_bytes >= 1 << 20 || limit_size == (double)budget_bytes);
    assert_true(size_at(strpbrk(needed, "0123456789")) + size_at(used + strlen(beside)) >
                limit_size);
}

/* Also in a context that holds memory from calls before, which does not count. */
static void the_sentence_about_the_budget_has_its_figures(void **state) {
    (void)state;
    static const size_t budgets[] = {0x12000, 200000, (size_t)1 << 20, 1500000};
    const struct jpeg_spec whole = {.width = 1600, .height = 1200, .channels = 3},
                           scans = {
                               .width = 1600, .height = 1200, .channels = 3, .progressive = true};
    const struct png_spec passes = {
        .width = 1600, .height = 1200, .channels = 3, .interlaced = true};
    size_t size[3];
    uint8_t *bytes[3] = {png_make(&passes, &size[0]), jpeg_make(&scans, &size[1]),
                         jpeg_make(&whole, &size[2])};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 2; i++) {
            for (size_t k = 0; k < sizeof(budgets) / sizeof(budgets[0]); k++) {
                check_figures(bytes[i], size[i], budgets[k]);
            }
        }
        /* The resampler's memory. */
        check_figures(bytes[2], size[2], 280000);
        struct imgcore_options linear;
        imgcore_options_default(&linear);
        linear.linear = true; /* the context keeps tables */
        assert_int_equal(transform(bytes[2], size[2], &linear, NULL), IMGCORE_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        free(bytes[i]);
    }
}

static void what_is_no_picture_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum imgcore_status status;
    } files[] = {
        {"", 0, IMGCORE_TRUNCATED},
        {"\xff\xd8", 2, IMGCORE_TRUNCATED},
        {"GIF89a\1\0\1\0", 10, IMGCORE_UNSUPPORTED},
        {"RIFF\x1a\0\0\0WEBPVP8 ", 16, IMGCORE_UNSUPPORTED},
        {"<svg xmlns='http://www.w3.org/2000/svg'/>", 41, IMGCORE_UNSUPPORTED},
        {"BM\x9a\0\0\0\0\0\0\0", 10, IMGCORE_UNSUPPORTED},
        {"II*\0\x08\0\0\0", 8, IMGCORE_UNSUPPORTED},
        {"%PDF-1.7\n", 9, IMGCORE_UNSUPPORTED},
        {"hello", 5, IMGCORE_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct imgcore_error error;
        const enum imgcore_status status =
            transform((const uint8_t *)files[i].bytes, files[i].size, NULL, &error);
        /* too short to distinguish: either status */
        if (status != files[i].status && !(i == 1 && status == IMGCORE_UNSUPPORTED)) {
            fail_msg("file %zu: %s", i, imgcore_status_name(status));
        }
        assert_true(error.detail[0] != '\0');
    }
}

static void cut_anywhere_nothing_comes_out(void **state) {
    (void)state;
    const struct jpeg_spec baseline = {.width = 40, .height = 30, .channels = 3, .h_samp = 2};
    const struct jpeg_spec scans = {.width = 40, .height = 30, .channels = 3, .progressive = true};
    const struct png_spec plain = {.width = 40, .height = 30, .channels = 4};
    const struct png_spec laced = {.width = 40, .height = 30, .channels = 2, .interlaced = true};
    for (int kind = 0; kind < 4; kind++) {
        size_t size;
        uint8_t *bytes = kind == 0   ? jpeg_make(&baseline, &size)
                         : kind == 1 ? jpeg_make(&scans, &size)
                         : kind == 2 ? png_make(&plain, &size)
                                     : png_make(&laced, &size);
        for (size_t cut = 0; cut < size; cut++) {
            struct imgcore_error error;
            const enum imgcore_status status = transform(bytes, cut, NULL, &error);
            if (imgcore_status_group(status) != IMGCORE_GROUP_INPUT) {
                fail_msg("kind %d, %zu of %zu bytes: %s", kind, cut, size,
                         imgcore_status_name(status));
            }
        }
        free(bytes);
    }
}

static void tolerance_takes_what_there_is(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 80, .height = 60, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    struct imgcore_options options;
    imgcore_options_default(&options);
    refused(bytes, size / 2, &options, IMGCORE_TRUNCATED);
    options.tolerant = true;
    assert_int_equal(transform(bytes, size / 2, &options, NULL), IMGCORE_OK);
    free(bytes);
}

static void append(uint8_t *out, size_t *at, const void *bytes, size_t size) {
    memcpy(out + *at, bytes, size);
    *at += size;
}

/* Makes a JPEG head that claims a size, with tables and an empty first scan. */
static size_t claiming_jpeg(uint8_t *out, unsigned side, bool progressive) {
    const struct jpeg_spec spec = {
        .width = 8, .height = 8, .channels = 3, .progressive = progressive};
    size_t size, at = 0;
    uint8_t *small = jpeg_make(&spec, &size);
    append(out, &at, small, size);
    free(small);
    for (size_t i = 0; i + 9 < at; i++) {
        if (out[i] == 0xff && (out[i + 1] == 0xc0 || out[i + 1] == 0xc2)) {
            out[i + 5] = out[i + 7] = (uint8_t)(side >> 8);
            out[i + 6] = out[i + 8] = (uint8_t)side;
            break;
        }
    }
    return at;
}

static void claims_are_refused_in_a_small_process(void **state) {
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
    skip(); /* sanitizers need their address space; clang's are not distinguished here */
#endif
    static const struct {
        unsigned side;
        bool progressive;
        enum imgcore_status status;
    } claims[] = {{65500, false, IMGCORE_TOO_LARGE},
                  {65500, true, IMGCORE_TOO_LARGE},
                  {16000, true, IMGCORE_BUDGET},
                  {16000, false, IMGCORE_TRUNCATED}};
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            const struct rlimit limit = {(rlim_t)256 << 20, (rlim_t)256 << 20};
            setrlimit(RLIMIT_AS, &limit);
            static uint8_t bytes[8192];
            const size_t size = claiming_jpeg(bytes, claims[i].side, claims[i].progressive);
            const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
            struct imgcore_output output;
            imgcore_output_default(&output);
            output.width_px = output.height_px = 1200;
            struct rusage before, after;
            getrusage(RUSAGE_SELF, &before);
            const enum imgcore_status status =
                imgcore_transform(context, &source, NULL, &output, 1, NULL);
            getrusage(RUSAGE_SELF, &after);
            const bool truncated = status == IMGCORE_CORRUPT && !claims[i].progressive;
            const bool small = after.ru_maxrss - before.ru_maxrss < 64 * 1024;
            _exit((status == claims[i].status || truncated) && small ? 0 : 1);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fail_msg("claim %zu", i);
        }
    }
}

static const char secret[] = "GPS 37.5665N 126.9780E <script>alert(1)</script>";

static void assert_nothing_comes_out(const uint8_t *bytes, size_t size) {
    for (int format = IMGCORE_FORMAT_JPEG; format <= IMGCORE_FORMAT_PNG; format++) {
        struct imgcore_output output;
        imgcore_output_default(&output);
        output.width_px = output.height_px = 30;
        output.format = (enum imgcore_format)format;
        const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
        assert_int_equal(imgcore_transform(context, &source, NULL, &output, 1, NULL), IMGCORE_OK);
        assert_null(memmem(output.bytes, output.size_bytes, "GPS", 3));
        assert_null(memmem(output.bytes, output.size_bytes, "script", 6));
        imgcore_output_clear(context, &output, 1);
    }
}

static void nothing_of_the_file_but_its_pixels_comes_out(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 60, .height = 40, .channels = 3};
    size_t size, at = 0;
    uint8_t *plain = jpeg_make(&spec, &size);
    uint8_t *bytes = malloc(size + 1000);
    assert_non_null(bytes);
    append(bytes, &at, plain, 2);
    static const uint8_t markers[] = {0xfe, 0xe1, 0xed, 0xe5}; /* COM, EXIF or XMP, IPTC, other */
    for (size_t m = 0; m < sizeof(markers); m++) {
        const uint8_t head[4] = {0xff, markers[m], 0, (uint8_t)(2 + sizeof(secret))};
        append(bytes, &at, head, 4);
        append(bytes, &at, secret, sizeof(secret));
    }
    append(bytes, &at, plain + 2, size - 2);
    append(bytes, &at, secret, sizeof(secret)); /* and after the end */
    assert_nothing_comes_out(bytes, at);
    free(bytes);
    free(plain);
}

static void append_u32(uint8_t *out, size_t *at, uint32_t value) {
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};
    append(out, at, bytes, 4);
}

static void nothing_of_a_png_but_its_pixels_comes_out(void **state) {
    (void)state;
    static const struct {
        const char *type, *begin;
        size_t begin_bytes;
    } chunks[] = {{"tEXt", "Comment", 8},
                  {"iTXt", "XML:com.adobe.xmp\0\0\0\0", 22},
                  /* an IFD of one entry: the copyright, behind it */
                  {"eXIf", "MM\0*\0\0\0\x08\0\x01\x82\x98\0\2\0\0\0\x30\0\0\0\x1a\0\0\0\0", 26},
                  {"prVt", "", 0}};
    const struct png_spec spec = {.width = 60, .height = 40, .channels = 3};
    size_t size, at = 0;
    uint8_t *plain = png_make(&spec, &size);
    uint8_t *bytes = malloc(size + 1000);
    assert_non_null(bytes);
    append(bytes, &at, plain, 33); /* up to the end of IHDR */
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
        const size_t length = chunks[i].begin_bytes + sizeof(secret) - 1;
        append_u32(bytes, &at, (uint32_t)length);
        const size_t begin = at;
        append(bytes, &at, chunks[i].type, 4);
        append(bytes, &at, chunks[i].begin, chunks[i].begin_bytes);
        append(bytes, &at, secret, sizeof(secret) - 1);
        append_u32(bytes, &at, (uint32_t)crc32(0, bytes + begin, (uInt)(at - begin)));
    }
    append(bytes, &at, plain + 33, size - 33);
    append(bytes, &at, secret, sizeof(secret));
    assert_nothing_comes_out(bytes, at);
    free(bytes);
    free(plain);
}

static void random_damage_ends_in_a_status(void **state) {
    (void)state;
    uint64_t seed = 31;
    const struct jpeg_spec j = {.width = 50, .height = 40, .channels = 3, .orientation = 5};
    const struct png_spec p = {.width = 50, .height = 40, .channels = 3, .orientation = 5};
    for (int kind = 0; kind < 2; kind++) {
        size_t size;
        uint8_t *bytes = kind ? png_make(&p, &size) : jpeg_make(&j, &size);
        uint8_t *damaged = malloc(size);
        assert_non_null(damaged);
        for (int round = 0; round < 600; round++) {
            memcpy(damaged, bytes, size);
            for (uint32_t k = random_between(&seed, 1, 6); k > 0; k--) {
                damaged[random_between(&seed, 0, (uint32_t)size - 1)] ^=
                    (uint8_t)random_between(&seed, 1, 255);
            }
            struct imgcore_options options;
            imgcore_options_default(&options);
            options.tolerant = round % 2 == 0;
            options.limits.pixels = 1000000;
            const enum imgcore_status status = transform(damaged, size, &options, NULL);
            assert_true(imgcore_status_group(status) != IMGCORE_GROUP_BUG);
            assert_true(status != IMGCORE_NO_MEMORY);
        }
        free(damaged);
        free(bytes);
    }
}

static void every_status_has_a_name_and_a_sentence(void **state) {
    (void)state;
    static const enum imgcore_status all[] = {
#define VALUE(name, value, group, sentence) IMGCORE_##name,
        IMGCORE_STATUS_LIST(VALUE)
#undef VALUE
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        assert_true(strlen(imgcore_status_message(all[i])) > 3);
        assert_string_not_equal(imgcore_status_name(all[i]), "UNKNOWN");
        assert_int_equal(imgcore_status_group(all[i]) == IMGCORE_GROUP_NONE, all[i] == IMGCORE_OK);
    }
    assert_string_equal(imgcore_status_message((enum imgcore_status)12345), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_limit_has_its_effect),
        cmocka_unit_test(the_sentence_about_the_budget_has_its_figures),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(cut_anywhere_nothing_comes_out),
        cmocka_unit_test(tolerance_takes_what_there_is),
        cmocka_unit_test(claims_are_refused_in_a_small_process),
        cmocka_unit_test(nothing_of_the_file_but_its_pixels_comes_out),
        cmocka_unit_test(nothing_of_a_png_but_its_pixels_comes_out),
        cmocka_unit_test(random_damage_ends_in_a_status),
        cmocka_unit_test(every_status_has_a_name_and_a_sentence),
    };
    return cmocka_run_group_tests_name("limits", tests, set_up, tear_down);
}
