/* The colour stages on small images: orientation, conversion, canvas, alpha, chroma, profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/color/compose.h"
#include "imgcore/color/convert.h"
#include "imgcore/color/icc.h"
#include "imgcore/color/orient.h"
#include "tests/support/icc_profile.h"
#include "tests/support/random.h"

static struct ic_mem mem;
static struct ic_kernels kernels;

static int set_up(void **state) {
    (void)state;
    ic_mem_init(&mem, NULL);
    ic_target_kernels(ic_target_choose(NULL), &kernels);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ic_mem_clear(&mem);
    return 0;
}

static struct ic_picture noise(enum ic_color color, uint32_t width, uint32_t height, int chroma,
                               uint64_t *seed) {
    struct ic_picture picture;
    assert_int_equal(ic_picture_make(&mem, color, width, height, chroma, chroma, &picture),
                     IMGCORE_OK);
    for (int p = 0; p < picture.planes; p++) {
        for (uint32_t y = 0; y < picture.plane[p].height; y++) {
            uint8_t *row = picture.plane[p].rows + (ptrdiff_t)y * picture.plane[p].stride_bytes;
            for (size_t i = 0;
                 i < (size_t)picture.plane[p].width * (size_t)picture.plane[p].channels; i++) {
                row[i] = (uint8_t)random_between(seed, 0, 255);
            }
        }
    }
    return picture;
}

static const uint8_t *at(const struct ic_picture *picture, int plane, uint32_t x, uint32_t y) {
    return picture->plane[plane].rows + (ptrdiff_t)y * picture->plane[plane].stride_bytes +
           (size_t)x * (size_t)picture->plane[plane].channels;
}

/* Returns the stored position of the displayed pixel (x, y), according to the EXIF table: the sides
 * that the 0th row and the 0th column of the file show. */
static void stored_at(int orientation, uint32_t stored_width, uint32_t stored_height, uint32_t x,
                      uint32_t y, uint32_t *sx, uint32_t *sy) {
    const uint32_t right = stored_width - 1, bottom = stored_height - 1;
    switch (orientation) {
    case 1: /* row 0 top, column 0 left */
        *sx = x, *sy = y;
        break;
    case 2: /* top, right */
        *sx = right - x, *sy = y;
        break;
    case 3: /* bottom, right */
        *sx = right - x, *sy = bottom - y;
        break;
    case 4: /* bottom, left */
        *sx = x, *sy = bottom - y;
        break;
    case 5: /* left, top */
        *sx = y, *sy = x;
        break;
    case 6: /* right, top */
        *sx = y, *sy = bottom - x;
        break;
    case 7: /* right, bottom */
        *sx = right - y, *sy = bottom - x;
        break;
    default: /* 8: left, bottom */
        *sx = right - y, *sy = x;
        break;
    }
}

static void every_orientation_is_exact(void **state) {
    (void)state;
    static const enum ic_color colors[] = {IC_COLOR_GREY, IC_COLOR_GREY_ALPHA, IC_COLOR_RGB,
                                           IC_COLOR_RGBA, IC_COLOR_YCBCR};
    uint64_t seed = 1;
    for (int orientation = 1; orientation <= 8; orientation++) {
        for (size_t c = 0; c < 5; c++) {
            for (int round = 0; round < 12; round++) {
                const uint32_t width = random_between(&seed, 1, 70);
                const uint32_t height = random_between(&seed, 1, 70);
                const int chroma = round % 2 + 1;
                struct ic_picture picture = noise(colors[c], width, height, chroma, &seed);
                struct ic_picture before = noise(colors[c], width, height, chroma, &seed);
                for (int p = 0; p < picture.planes; p++) {
                    memcpy(before.plane[p].rows, picture.plane[p].rows,
                           (size_t)picture.plane[p].stride_bytes * picture.plane[p].height);
                }
                assert_int_equal(ic_orient(&mem, &kernels, orientation, &picture), IMGCORE_OK);
                assert_int_equal(picture.width_px, orientation >= 5 ? height : width);
                for (int p = 0; p < picture.planes; p++) {
                    for (uint32_t y = 0; y < picture.plane[p].height; y++) {
                        for (uint32_t x = 0; x < picture.plane[p].width; x++) {
                            uint32_t sx, sy;
                            stored_at(orientation, before.plane[p].width, before.plane[p].height, x,
                                      y, &sx, &sy);
                            assert_memory_equal(at(&picture, p, x, y), at(&before, p, sx, sy),
                                                (size_t)picture.plane[p].channels);
                        }
                    }
                }
                ic_picture_clear(&mem, &picture);
                ic_picture_clear(&mem, &before);
            }
        }
    }
}

static void ycbcr_primaries_become_rgb(void **state) {
    (void)state;
    static const uint8_t pairs[][6] = {{0, 128, 128, 0, 0, 0},    {255, 128, 128, 255, 255, 255},
                                       {76, 85, 255, 254, 0, 0},  {150, 44, 21, 0, 255, 1},
                                       {29, 255, 107, 0, 0, 254}, {128, 128, 128, 128, 128, 128}};
    for (size_t i = 0; i < 6; i++) {
        uint64_t seed = 2;
        struct ic_picture picture = noise(IC_COLOR_YCBCR, 3, 2, 1, &seed);
        for (int p = 0; p < 3; p++) {
            memset(picture.plane[p].rows, pairs[i][p], (size_t)picture.plane[p].stride_bytes * 2);
        }
        assert_int_equal(ic_to_rgb(&mem, &kernels, &picture), IMGCORE_OK);
        assert_int_equal(picture.color, IC_COLOR_RGB);
        assert_memory_equal(at(&picture, 0, 2, 1), pairs[i] + 3, 3);
        ic_picture_clear(&mem, &picture);
    }
}

static void a_canvas_surrounds_the_picture(void **state) {
    (void)state;
    static const uint8_t opaque[4] = {9, 8, 7, 255}, clear[4] = {9, 8, 7, 40},
                         neutral[4] = {5, 5, 5, 255};
    static const struct {
        enum ic_color from;
        const uint8_t *background;
        enum ic_color to;
    } cases[] = {
        {IC_COLOR_RGB, opaque, IC_COLOR_RGB},   {IC_COLOR_RGB, clear, IC_COLOR_RGBA},
        {IC_COLOR_RGBA, opaque, IC_COLOR_RGBA}, {IC_COLOR_GREY, neutral, IC_COLOR_GREY},
        {IC_COLOR_GREY, opaque, IC_COLOR_RGB},  {IC_COLOR_GREY_ALPHA, opaque, IC_COLOR_RGBA}};
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ic_picture picture = noise(cases[i].from, 5, 4, 1, &seed);
        const uint8_t first = at(&picture, 0, 0, 0)[0];
        assert_int_equal(
            ic_place_on_canvas(&mem, &kernels, 11, 9, 3, 2, cases[i].background, &picture),
            IMGCORE_OK);
        assert_int_equal(picture.color, cases[i].to);
        assert_int_equal(picture.width_px, 11);
        assert_int_equal(picture.height_px, 9);
        const size_t channels = (size_t)picture.plane[0].channels;
        for (uint32_t y = 0; y < 9; y++) {
            for (uint32_t x = 0; x < 11; x++) {
                const bool inside = x >= 3 && x < 8 && y >= 2 && y < 6;
                if (!inside) {
                    assert_memory_equal(at(&picture, 0, x, y), cases[i].background, channels);
                }
            }
        }
        assert_int_equal(at(&picture, 0, 3, 2)[0], first);
        ic_picture_clear(&mem, &picture);
    }
}

static void flattening_paints_over_the_background(void **state) {
    (void)state;
    static const uint8_t background[4] = {200, 100, 50, 255}, neutral[4] = {90, 90, 90, 255};
    uint64_t seed = 4;
    struct ic_picture picture = noise(IC_COLOR_RGBA, 37, 5, 1, &seed);
    struct ic_picture before = noise(IC_COLOR_RGBA, 37, 5, 1, &seed);
    memcpy(before.plane[0].rows, picture.plane[0].rows, (size_t)picture.plane[0].stride_bytes * 5);
    assert_int_equal(ic_flatten(&mem, &kernels, background, &picture), IMGCORE_OK);
    assert_int_equal(picture.color, IC_COLOR_RGB);
    for (uint32_t y = 0; y < 5; y++) {
        for (uint32_t x = 0; x < 37; x++) {
            const uint8_t *in = at(&before, 0, x, y), *out = at(&picture, 0, x, y);
            for (int c = 0; c < 3; c++) {
                const double exact = (in[c] * in[3] + background[c] * (255 - in[3])) / 255.0;
                assert_true(out[c] - exact <= 0.51 && exact - out[c] <= 0.51);
            }
        }
    }
    ic_picture_clear(&mem, &picture);
    ic_picture_clear(&mem, &before);
    picture = noise(IC_COLOR_GREY_ALPHA, 7, 5, 1, &seed);
    assert_int_equal(ic_flatten(&mem, &kernels, neutral, &picture), IMGCORE_OK);
    assert_int_equal(picture.color, IC_COLOR_GREY);
    ic_picture_clear(&mem, &picture);
    picture = noise(IC_COLOR_GREY_ALPHA, 7, 5, 1, &seed);
    assert_int_equal(ic_flatten(&mem, &kernels, background, &picture), IMGCORE_OK);
    assert_int_equal(picture.color, IC_COLOR_RGB);
    ic_picture_clear(&mem, &picture);
}

static void red_text_wants_full_chroma_and_waves_do_not(void **state) {
    (void)state;
    uint64_t seed = 5;
    struct ic_picture picture = noise(IC_COLOR_RGB, 64, 64, 1, &seed);
    for (uint32_t y = 0; y < 64; y++) {
        for (uint32_t x = 0; x < 64; x++) {
            uint8_t *pixel = (uint8_t *)(uintptr_t)at(&picture, 0, x, y);
            memset(pixel, 255, 3);
            if (x % 9 == 0) {
                pixel[1] = pixel[2] = 0;
            }
        }
    }
    assert_true(ic_needs_full_chroma(&picture));
    for (uint32_t y = 0; y < 64; y++) {
        for (uint32_t x = 0; x < 64; x++) {
            uint8_t *pixel = (uint8_t *)(uintptr_t)at(&picture, 0, x, y);
            pixel[0] = (uint8_t)(2 * x);
            pixel[1] = (uint8_t)(x + y);
            pixel[2] = (uint8_t)(255 - 2 * y);
        }
    }
    assert_false(ic_needs_full_chroma(&picture));
    ic_picture_clear(&mem, &picture);
}

static void halved_chroma_is_the_mean(void **state) {
    (void)state;
    uint64_t seed = 6;
    struct ic_picture picture = noise(IC_COLOR_YCBCR, 5, 3, 1, &seed);
    uint8_t cb[3][5];
    for (uint32_t y = 0; y < 3; y++) {
        memcpy(cb[y], at(&picture, 1, 0, y), 5);
    }
    assert_int_equal(ic_halve_chroma(&mem, &picture), IMGCORE_OK);
    assert_int_equal(picture.plane[1].width, 3);
    assert_int_equal(picture.plane[1].height, 2);
    assert_int_equal(at(&picture, 1, 0, 0)[0], (cb[0][0] + cb[0][1] + cb[1][0] + cb[1][1] + 2) / 4);
    assert_int_equal(at(&picture, 1, 2, 1)[0], cb[2][4]);
    ic_picture_clear(&mem, &picture);
}

static void profiles_convert_as_lcms_does(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *profile = icc_profile_bytes(icc_profile_wide(2.2), &bytes);
    struct ic_icc *icc = ic_icc_create(&mem);
    assert_non_null(icc);
    enum ic_icc_kind kind;
    assert_int_equal(ic_icc_classify(icc, profile, bytes, IC_COLOR_YCBCR, &kind), IMGCORE_OK);
    assert_int_equal(kind, IC_ICC_CONVERT);
    cmsHPROFILE from = cmsOpenProfileFromMem(profile, (cmsUInt32Number)bytes);
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    cmsHTRANSFORM direct =
        cmsCreateTransform(from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    uint64_t seed = 7;
    for (int alpha = 0; alpha < 2; alpha++) {
        struct ic_picture picture = noise(alpha ? IC_COLOR_RGBA : IC_COLOR_RGB, 40, 30, 1, &seed);
        uint8_t want[40 * 30][3], alphas[40 * 30];
        for (uint32_t i = 0; i < 40 * 30; i++) {
            const uint8_t *pixel = at(&picture, 0, i % 40, i / 40);
            cmsDoTransform(direct, pixel, want[i], 1);
            alphas[i] = alpha ? pixel[3] : 0;
        }
        assert_int_equal(ic_icc_to_srgb(icc, &mem, NULL, &picture), IMGCORE_OK);
        for (uint32_t i = 0; i < 40 * 30; i++) {
            const uint8_t *pixel = at(&picture, 0, i % 40, i / 40);
            assert_memory_equal(pixel, want[i], 3);
            assert_true(!alpha || pixel[3] == alphas[i]);
        }
        ic_picture_clear(&mem, &picture);
    }
    cmsDeleteTransform(direct);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    ic_icc_destroy(icc);
    free(profile);
}

static void srgb_and_broken_profiles_change_nothing(void **state) {
    (void)state;
    struct ic_icc *icc = ic_icc_create(&mem);
    assert_non_null(icc);
    size_t bytes;
    uint8_t *profile = icc_profile_bytes(cmsCreate_sRGBProfile(), &bytes);
    enum ic_icc_kind kind;
    assert_int_equal(ic_icc_classify(icc, profile, bytes, IC_COLOR_RGB, &kind), IMGCORE_OK);
    assert_int_equal(kind, IC_ICC_SRGB);
    /* an RGB profile in an image of inks or greys is unusable */
    assert_int_equal(ic_icc_classify(icc, profile, bytes, IC_COLOR_CMYK, &kind), IMGCORE_OK);
    assert_int_equal(kind, IC_ICC_UNUSABLE);
    assert_int_equal(ic_icc_classify(icc, profile, bytes, IC_COLOR_GREY, &kind), IMGCORE_OK);
    assert_int_equal(kind, IC_ICC_UNUSABLE);
    uint64_t seed = 8;
    for (int round = 0; round < 300; round++) { /* cut and damaged: never a crash */
        const size_t cut = random_between(&seed, 0, (uint32_t)bytes);
        uint8_t *damaged = malloc(bytes);
        assert_non_null(damaged);
        memcpy(damaged, profile, bytes);
        for (int k = 0; k < 8; k++) {
            damaged[random_between(&seed, 0, (uint32_t)bytes - 1)] =
                (uint8_t)random_between(&seed, 0, 255);
        }
        const enum imgcore_status status =
            ic_icc_classify(icc, damaged, round % 2 ? cut : bytes, IC_COLOR_RGB, &kind);
        assert_true(status == IMGCORE_OK || status == IMGCORE_NO_MEMORY);
        char description[64];
        ic_icc_describe(icc, damaged, round % 2 ? cut : bytes, description, sizeof(description));
        free(damaged);
    }
    free(profile);
    ic_icc_destroy(icc);
}

static void a_description_is_plain_ascii(void **state) {
    (void)state;
    size_t bytes;
    uint8_t *profile = icc_profile_bytes(icc_profile_wide(2.2), &bytes);
    struct ic_icc *icc = ic_icc_create(&mem);
    assert_non_null(icc);
    char description[8];
    ic_icc_describe(icc, profile, bytes, description, sizeof(description));
    assert_string_equal(description, "RGB bui");
    ic_icc_describe(icc, profile, 20, description, sizeof(description));
    assert_string_equal(description, "");
    ic_icc_destroy(icc);
    free(profile);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_orientation_is_exact),
        cmocka_unit_test(ycbcr_primaries_become_rgb),
        cmocka_unit_test(a_canvas_surrounds_the_picture),
        cmocka_unit_test(flattening_paints_over_the_background),
        cmocka_unit_test(red_text_wants_full_chroma_and_waves_do_not),
        cmocka_unit_test(halved_chroma_is_the_mean),
        cmocka_unit_test(profiles_convert_as_lcms_does),
        cmocka_unit_test(srgb_and_broken_profiles_change_nothing),
        cmocka_unit_test(a_description_is_plain_ascii),
    };
    return cmocka_run_group_tests_name("color", tests, set_up, tear_down);
}
