/* Which of the chunks that state a PNG's colours counts, and which counts as absent. */
#include "tests/imgcore/png_colors.h"

#include "tests/support/icc_profile.h"

static uint8_t *profile_of_gamma(double gamma, size_t *size_bytes) {
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1.0}, {0.30, 0.60, 1.0}, {0.15, 0.06, 1.0}};
    return icc_profile_bytes(icc_profile_rgb(&primaries, gamma), size_bytes);
}

/* An iCCP chunk with this profile. */
static void pack_profile(const uint8_t *icc, size_t icc_bytes, struct chunk *chunk) {
    uLongf packed = sizeof(chunk->data) - 3;
    memcpy(chunk->data, "p\0", 3); /* name, method */
    assert_int_equal(compress(chunk->data + 3, &packed, icc, icc_bytes), Z_OK);
    chunk->size = packed + 3;
}

static void the_first_that_can_be_used_counts(void **state) {
    (void)state;
    size_t icc_bytes;
    uint8_t *icc = profile_of_gamma(1.4, &icc_bytes);
    const struct chunk linear = gamma_chunk(100000), p3 = cicp_chunk(12, 13, 0, 1);
    const struct chunk pq = cicp_chunk(9, 16, 0, 1);
    /* cICP before a profile */
    struct file file = plain_file(3, icc, icc_bytes);
    insert_before(&file, "IDAT", &p3);
    insert_before(&file, "IDAT", &linear);
    check_colors(&file, 3, srgb, 0, p3_xy);
    assert_int_equal(info_of(file.bytes, file.size).icc_bytes, icc_bytes);
    assert_int_equal(info_of(file.bytes, file.size).color_source, IMGCORE_COLOR_SOURCE_CICP);
    free(file.bytes);
    /* a profile before sRGB and gAMA, and instead of a cICP that is HDR */
    file = plain_file(3, icc, icc_bytes);
    insert_before(&file, "iCCP", &srgb_chunk);
    insert_before(&file, "iCCP", &linear);
    insert_before(&file, "iCCP", &pq);
    check_colors(&file, 3, power, 1.4, srgb_xy);
    assert_int_equal(info_of(file.bytes, file.size).color_source, IMGCORE_COLOR_SOURCE_PROFILE);
    assert_string_equal(info_of(file.bytes, file.size).color_detail, "cICP 9/16/0/1 not used");
    free(file.bytes);
    /* a profile that cannot be used: libpng would not write it, so its colours are those of CMYK */
    memcpy(icc + 16, "CMYK", 4);
    struct chunk damaged = {"iCCP", {0}, 0};
    file = plain_file(3, NULL, 0);
    pack_profile(icc, icc_bytes, &damaged);
    insert_before(&file, "IDAT", &damaged);
    insert_before(&file, "IDAT", &linear);
    check_colors(&file, 3, power, 1.0, srgb_xy);
    assert_int_equal(info_of(file.bytes, file.size).icc_bytes, icc_bytes);
    assert_int_equal(info_of(file.bytes, file.size).color_source, IMGCORE_COLOR_SOURCE_GAMA);
    free(file.bytes);
    /* sRGB before gAMA, and after nothing that can be used */
    const struct chunk chunks[3] = {linear, srgb_chunk, pq};
    file = file_with(3, chunks, 3);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_SRGB);
    assert_string_equal(info_of(file.bytes, file.size).color_detail,
                        "cICP 9/16/0/1 not used; sRGB");
    free(file.bytes);
    free(icc);
}

/* As absent: the pixels are untouched, no status fails, and a chunk of lower rank counts. */
static void check_absent(const struct chunk *chunk, const char *before) {
    struct file file = plain_file(3, NULL, 0);
    insert_before(&file, before, chunk);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_NONE);
    free(file.bytes);
}

static void what_is_wrong_counts_as_absent(void **state) {
    (void)state;
    static const uint32_t gammas[] = {0, 1, 9999, 1000001, 0x7fffffff, 0x80000000, 0xffffffff};
    static const int cicps[][4] = {{9, 16, 0, 1},  {9, 18, 0, 1},        {12, 13, 1, 1},
                                   {12, 13, 0, 0}, {2, 13, 0, 1},        {12, 2, 0, 1},
                                   {0, 0, 0, 0},   {255, 255, 255, 255}, {12, 13, 0, 2},
                                   {10, 8, 0, 1},  {1, 0, 0, 1}};
    static const size_t lengths[] = {0, 1, 3, 5, 31, 33};
    for (size_t i = 0; i < sizeof(gammas) / sizeof(gammas[0]); i++) {
        const struct chunk chunk = gamma_chunk(gammas[i]);
        check_absent(&chunk, "IDAT");
    }
    for (size_t i = 0; i < sizeof(cicps) / sizeof(cicps[0]); i++) {
        const struct chunk chunk = cicp_chunk(cicps[i][0], cicps[i][1], cicps[i][2], cicps[i][3]);
        check_absent(&chunk, "IDAT");
    }
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct chunk chunk = gamma_chunk(100000);
        chunk.size = lengths[i];
        check_absent(&chunk, "IDAT");
        chunk = cicp_chunk(12, 13, 0, 1);
        chunk.size = lengths[i];
        check_absent(&chunk, "IDAT");
        if (lengths[i] != 1) {
            chunk = srgb_chunk;
            chunk.size = lengths[i];
            check_absent(&chunk, "IDAT");
        }
    }
    struct chunk chunk = {"sRGB", {4}, 1}; /* an intent that does not exist */
    check_absent(&chunk, "IDAT");
    /* behind the data, and behind a palette (which is only a hint here) */
    chunk = gamma_chunk(100000);
    check_absent(&chunk, "IEND");
    struct file file = plain_file(3, NULL, 0);
    const struct chunk palette = {"PLTE", {1, 2, 3}, 3};
    insert_before(&file, "IDAT", &palette);
    insert_before(&file, "IDAT", &chunk);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_NONE);
    free(file.bytes);
    /* a wrong checksum */
    file = file_with(3, &chunk, 1);
    file.bytes[find_type(&file, "gAMA") + 8] ^= 1; /* behind four bytes of data */
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_NONE);
    free(file.bytes);
}

static void of_two_the_first_counts(void **state) {
    (void)state;
    const struct chunk two[2] = {gamma_chunk(100000), gamma_chunk(55556)};
    struct file file = file_with(3, two, 2);
    check_colors(&file, 3, power, 1.0, srgb_xy);
    free(file.bytes);
    const struct chunk zero_first[2] = {gamma_chunk(0), gamma_chunk(100000)};
    file = file_with(3, zero_first, 2);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_NONE);
    free(file.bytes);
}

static void primaries_without_a_triangle_are_those_of_srgb(void **state) {
    (void)state;
    static const double wrong[][8] = {
        {0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3},      /* a point */
        {0.3127, 0.329, 0.1, 0.1, 0.2, 0.2, 0.4, 0.4},      /* a line */
        {0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.5, 0.4},    /* the white is outside */
        {0.3127, 0.0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06},    /* no white */
        {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0},           /* nothing */
        {0.9, 0.9, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06},       /* no light is so */
        {0.3127, 0.329, 40000, 40000, 0.3, 0.6, 0.15, 0.06} /* over 2^31 */
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct chunk chunks[2] = {gamma_chunk(100000), chrm_chunk(wrong[i])};
        struct file file = file_with(3, chunks, 2);
        check_colors(&file, 3, power, 1.0, srgb_xy);
        assert_int_equal(info_of(file.bytes, file.size).color_source, IMGCORE_COLOR_SOURCE_GAMA);
        free(file.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_can_be_used_counts),
        cmocka_unit_test(what_is_wrong_counts_as_absent),
        cmocka_unit_test(of_two_the_first_counts),
        cmocka_unit_test(primaries_without_a_triangle_are_those_of_srgb),
    };
    return cmocka_run_group_tests_name("png colours, choice", tests, set_up, tear_down);
}
