/* PNG files made to cost time or memory: floods, bombs, claims. Each must end within a second and
 * within a few MiB above the initial memory of the process. */
#include "png_support.h"
#include "tests/support/child_cost.h"
#include "tests/support/sanitized.h"
#include "tests/support/slowly.h"

#include <stdio.h>

#define MEMORY_BYTES  ((size_t)8 << 20) /* the budget */
#define GROWTH_KIB    (12L * 1024)      /* the most growth of the process */
#define TIME_LIMIT_MS 1000

struct job {
    const struct bytes *file;
    const struct decode_setup *setup;
};

static enum imgcore_status decode(const void *user) {
    const struct job *job = user;
    struct imgcore_source source = {.bytes = job->file->data, .size_bytes = job->file->size};
    struct decoded decoded;
    decode_source(&source, job->setup, &decoded);
    return decoded.status;
}

static struct child_cost cost_of(const struct bytes *file, const struct decode_setup *setup) {
    struct job job = {file, setup};
    return child_cost_of(decode, &job, CHILD_WALL_TIME, 0);
}

static void check_cost(const struct bytes *file, enum imgcore_status status) {
    for (int tolerant = 0; tolerant < 2; tolerant++) {
        struct decode_setup setup = {
            .limits = {.memory_bytes = MEMORY_BYTES}, .tolerant = tolerant == 1, .discard = true};
        struct child_cost cost = cost_of(file, &setup);
        bool forgiven = tolerant == 1 && cost.status == IMGCORE_OK &&
                        (status == IMGCORE_TRUNCATED || status == IMGCORE_CORRUPT);
        if (!forgiven) {
            assert_int_equal(cost.status, status);
        }
        if (!IS_SANITIZED && !test_is_slow()) {
            assert_true(cost.growth_kib <= GROWTH_KIB);
            assert_true(cost.time_ms <= TIME_LIMIT_MS);
        }
    }
}

static const uint8_t two_rows[] = {0, 1, 2, 3, 0, 4, 5, 6};

static void begin(struct bytes *file) {
    put_signature(file);
    put_ihdr(file, 3, 2, 8, PNG_COLOR_TYPE_GRAY, 0);
}

static void end(struct bytes *file) {
    put_idat(file, two_rows, sizeof(two_rows));
    put_iend(file);
}

/* Makes a file with `count` chunks before the image data, or after it. */
static void check_flood(const char *type, const void *data, size_t size, int count) {
    for (int after = 0; after < 2; after++) {
        struct bytes file = {0};
        begin(&file);
        if (after == 1) {
            put_idat(&file, two_rows, sizeof(two_rows));
        }
        for (int i = 0; i < count; i++) {
            put_chunk(&file, type, data, size);
        }
        if (after == 1) {
            put_iend(&file);
        } else {
            end(&file);
        }
        check_cost(&file, IMGCORE_OK);
        bytes_clear(&file);
    }
}

static void floods_of_chunks_cost_nothing(void **state) {
    (void)state;
    static const uint8_t splt[] = {'n', 0, 8, 1, 2, 3, 4, 0, 1};
    check_flood("tEXt", "Title\0text", 10, 200000);
    check_flood("zTXt", "Title\0\0x", 8, 200000);
    check_flood("sPLT", splt, sizeof(splt), 50000);
    check_flood("tRNS", "\0\1", 2, 200000);
    check_flood("eXIf", "MM\0*\0\0\0\010\0\0", 10, 100000);
    check_flood("eXIf", "", 0, 200000);
    check_flood("iCCP", "n\0\0broken", 9, 100000);
    check_flood("prVt", "", 0, 300000);
}

static void a_flood_of_empty_idats_is_no_matter(void **state) {
    (void)state;
    for (int where = 0; where < 3; where++) {
        struct bytes file = {0}, packed = {0};
        put_packed(&packed, two_rows, sizeof(two_rows));
        begin(&file);
        for (size_t part = 0; part < 3; part++) {
            for (int i = 0; i < 300000 && part == (size_t)where; i++) {
                put_chunk(&file, "IDAT", "", 0);
            }
            if (part < 2) {
                size_t half = packed.size / 2;
                put_chunk(&file, "IDAT", packed.data + part * half,
                          part == 0 ? half : packed.size - half);
            }
        }
        put_iend(&file);
        check_cost(&file, IMGCORE_OK);
        bytes_clear(&packed);
        bytes_clear(&file);
    }
}

static void packed_text_is_not_unpacked(void **state) {
    (void)state;
    struct bytes ztxt = {0}, itxt = {0}, file = {0};
    put(&ztxt, "Comment\0", 9);
    put_bomb(&ztxt, 'a', 1024);
    put(&itxt, "Comment\0\1\0\0", 12);
    put_bomb(&itxt, 'a', 1024);
    begin(&file);
    put_chunk(&file, "zTXt", ztxt.data, ztxt.size);
    put_chunk(&file, "iTXt", itxt.data, itxt.size);
    end(&file);
    check_cost(&file, IMGCORE_OK);
    bytes_clear(&ztxt);
    bytes_clear(&itxt);
    bytes_clear(&file);
}

static void a_profile_is_unpacked_only_to_its_limit(void **state) {
    (void)state;
    struct bytes iccp = {0}, file = {0};
    put(&iccp, "icc\0", 5);
    put_bomb(&iccp, 0, 1024);
    begin(&file);
    put_chunk(&file, "iCCP", iccp.data, iccp.size);
    end(&file);
    check_cost(&file, IMGCORE_TOO_LARGE);
    bytes_clear(&iccp);
    bytes_clear(&file);
    /* Fifty, the first of them broken: the others are not examined. */
    put(&iccp, "icc\0", 5);
    put_bomb(&iccp, 0, 64);
    begin(&file);
    put_chunk(&file, "iCCP", "icc\0\0broken", 11);
    for (int i = 0; i < 50; i++) {
        put_chunk(&file, "iCCP", iccp.data, iccp.size);
    }
    end(&file);
    check_cost(&file, IMGCORE_OK);
    bytes_clear(&iccp);
    bytes_clear(&file);
}

/* The image is complete, and the data continues for a gigabyte of zeros. */
static void data_past_the_picture_is_not_unpacked(void **state) {
    (void)state;
    for (int chunks = 1; chunks <= 2; chunks++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            struct bytes file = {0}, packed = {0};
            put_bomb(&packed, 0, 1024);
            put_signature(&file);
            put_ihdr(&file, 100, 100, 8, PNG_COLOR_TYPE_RGB, interlaced);
            size_t first = chunks == 1 ? packed.size : packed.size / 2;
            put_chunk(&file, "IDAT", packed.data, first);
            if (chunks == 2) {
                put_chunk(&file, "IDAT", packed.data + first, packed.size - first);
            }
            put_iend(&file);
            check_cost(&file, IMGCORE_OK);
            bytes_clear(&packed);
            bytes_clear(&file);
        }
    }
}

/* A header that claims a large image, followed by almost no data. */
static void check_claim(uint32_t width, uint32_t height, int interlaced, bool some_data,
                        enum imgcore_status status) {
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, width, height, 16, PNG_COLOR_TYPE_RGB_ALPHA, interlaced);
    if (some_data) {
        put_idat(&file, two_rows, sizeof(two_rows));
    } else {
        put(&file, "\0\0\1\0IDAT", 8); /* 41 bytes */
        assert_int_equal(file.size, 41);
    }
    check_cost(&file, status);
    bytes_clear(&file);
}

static void claims_cost_nothing(void **state) {
    (void)state;
    static const uint32_t sides[][2] = {{0x7fffffff, 0x7fffffff},
                                        {0x7fffffff, 1},
                                        {1, 0x7fffffff},
                                        {65536, 1},
                                        {1, 65536},
                                        {16384, 16384}};
    for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++) {
        for (int variant = 0; variant < 4; variant++) {
            check_claim(sides[i][0], sides[i][1], variant / 2, variant % 2 == 1, IMGCORE_TOO_LARGE);
        }
    }
    check_claim(0x80000000u, 1, 0, false, IMGCORE_CORRUPT);
    check_claim(16383, 16383, 0, false, IMGCORE_TRUNCATED);
    check_claim(16383, 16383, 0, true, IMGCORE_CORRUPT);
    check_claim(65535, 4095, 0, true, IMGCORE_CORRUPT);
    check_claim(16383, 16383, 1, true, IMGCORE_BUDGET);
}

/* Within the budget an interlaced image may use memory for its area, but only as far as data
 * arrives. */
static void an_interlaced_claim_within_the_budget_touches_no_memory(void **state) {
    (void)state;
    struct bytes file = {0};
    put_signature(&file);
    put_ihdr(&file, 6000, 6000, 16, PNG_COLOR_TYPE_RGB_ALPHA, 1);
    put_idat(&file, two_rows, sizeof(two_rows));
    put_iend(&file);
    struct decode_setup setup = {.limits = {.memory_bytes = (size_t)400 << 20}, .discard = true};
    struct child_cost cost = cost_of(&file, &setup);
    assert_int_equal(cost.status, IMGCORE_CORRUPT);
    if (!IS_SANITIZED && !test_is_slow()) {
        assert_true(cost.growth_kib <= GROWTH_KIB);
        assert_true(cost.time_ms <= TIME_LIMIT_MS);
    }
    bytes_clear(&file);
}

static void a_chunk_that_claims_gigabytes_allocates_nothing(void **state) {
    (void)state;
    static const char *const types[] = {"tEXt", "eXIf", "iCCP", "sRGB", "tRNS",
                                        "PLTE", "IDAT", "IEND", "abCd", "ABCD"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct bytes file = {0};
        begin(&file);
        put(&file, "\x7f\xff\xff\xff", 4);
        put(&file, types[i], 4);
        uint8_t rest[100] = {'n', 0, 0};
        put(&file, rest, sizeof(rest));
        assert_int_equal(file.size, 141);
        struct decode_setup setup = {.limits = {.memory_bytes = MEMORY_BYTES}, .discard = true};
        struct child_cost cost = cost_of(&file, &setup);
        assert_int_not_equal(cost.status, IMGCORE_OK);
        if (!IS_SANITIZED && !test_is_slow()) {
            assert_true(cost.growth_kib <= 2048); /* including the pages of code */
            assert_true(cost.time_ms <= TIME_LIMIT_MS);
        }
        bytes_clear(&file);
    }
}

/* A wide image is streamed: the budget covers some rows, not the area. */
static void memory_grows_with_the_width_alone(void **state) {
    (void)state;
    struct bytes file = {0}, packed = {0};
    put_bomb(&packed, 0, 400);
    put_signature(&file);
    put_ihdr(&file, 10000, 10000, 8, PNG_COLOR_TYPE_RGBA, 0);
    put_chunk(&file, "IDAT", packed.data, packed.size);
    put_iend(&file);
    struct decode_setup setup = {.limits = {.memory_bytes = (size_t)1 << 20}};
    struct ic_mem mem;
    struct ic_input input;
    struct imgcore_source source = {.bytes = file.data, .size_bytes = file.size};
    fill_limits(&setup.limits);
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, setup.limits.memory_bytes);
    assert_int_equal(ic_input_open(&input, &mem, &source), IMGCORE_OK);
    struct ic_open_options options = {.kernels = best_kernels(), .limits = &setup.limits};
    struct ic_reader *reader;
    struct ic_read_request request = {.scale_denom = 1};
    struct ic_read_layout layout;
    assert_int_equal(ic_png_open(&mem, &input, &options, &reader, NULL, NULL), IMGCORE_OK);
    assert_int_equal(reader->ops->start(reader, &request, &layout, NULL), IMGCORE_OK);
    struct ic_strip strip = {.done = false};
    uint32_t rows = 0;
    while (!strip.done && rows < 1000) { /* a tenth is enough */
        assert_int_equal(reader->ops->read(reader, &strip, NULL), IMGCORE_OK);
        rows += strip.plane[0].row_count;
    }
    assert_true(rows >= 1000);
    reader->ops->destroy(reader); /* in the middle of the picture */
    ic_input_clear(&input);
    assert_int_equal(mem.used_bytes, 0);
    assert_int_equal(mem.reserved_bytes, 0);
    ic_mem_clear(&mem);
    bytes_clear(&packed);
    bytes_clear(&file);
}

/* Bytes changed at random, with or without corrected checksums: any status, but no other effect. */
static void random_damage_is_survived(void **state) {
    (void)state;
    uint32_t random = 20240501;
    for (int round = 0; round < 3000; round++) {
        static const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_PALETTE,
                                    PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA};
        struct png_case c = {.width = next_random(&random) % 20 + 1,
                             .height = next_random(&random) % 20 + 1,
                             .color_type = types[round % 5],
                             .depth = 8,
                             .interlaced = round % 2 == 1,
                             .trns = round % 5 < 3,
                             .filters = PNG_ALL_FILTERS,
                             .seed = (uint32_t)round};
        struct bytes file = {0};
        make_case(&c, &file);
        for (uint32_t n = next_random(&random) % 4 + 1; n > 0; n--) {
            file.data[next_random(&random) % file.size] = (uint8_t)next_random(&random);
        }
        for (size_t at = 8; round % 3 != 0 && at + 12 <= file.size;) {
            size_t length = ic_u32be(file.data + at);
            if (length > file.size - at - 12) {
                break;
            }
            ic_put_u32be(file.data + at + 8 + length,
                         (uint32_t)crc32_z(0, file.data + at + 4, length + 4));
            at += length + 12;
        }
        struct decode_setup setup = {.limits = {.memory_bytes = MEMORY_BYTES, .pixels = 1 << 20},
                                     .tolerant = round % 4 == 3};
        struct decoded d;
        decode_file(&file, &setup, &d);
        assert_int_not_equal(d.status, IMGCORE_INTERNAL);
        assert_int_not_equal(d.status, IMGCORE_NO_MEMORY);
        decoded_clear(&d);
        bytes_clear(&file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floods_of_chunks_cost_nothing),
        cmocka_unit_test(a_flood_of_empty_idats_is_no_matter),
        cmocka_unit_test(packed_text_is_not_unpacked),
        cmocka_unit_test(a_profile_is_unpacked_only_to_its_limit),
        cmocka_unit_test(data_past_the_picture_is_not_unpacked),
        cmocka_unit_test(claims_cost_nothing),
        cmocka_unit_test(an_interlaced_claim_within_the_budget_touches_no_memory),
        cmocka_unit_test(a_chunk_that_claims_gigabytes_allocates_nothing),
        cmocka_unit_test(memory_grows_with_the_width_alone),
        cmocka_unit_test(random_damage_is_survived),
    };
    return cmocka_run_group_tests_name("png_hostile", tests, NULL, NULL);
}
