/* JPEG and PNG files of each kind, each with a few choices of options behind it. */
#include "fuzz/seeds/png_file.h"
#include "fuzz/seeds/seeds.h"
#include "tests/support/cmyk_profile.h"
#include "tests/support/icc_profile.h"
#include "tests/support/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_BYTES = 96, VARIANTS = 7 };

/* Writes the file with several options: the last byte is the comparison. */
static void write_variants(const char *name, uint8_t *bytes, size_t size_bytes) {
    static uint32_t state = 1;
    for (int variant = 0; variant < VARIANTS; variant++) {
        uint8_t options[OPTION_BYTES];
        for (int i = 0; i < OPTION_BYTES; i++) {
            state = state * 1664525u + 1013904223u;
            options[i] = (uint8_t)(state >> 24);
        }
        options[OPTION_BYTES - 1] = (uint8_t)(126 + variant); /* each rest of a division by 7 */
        options[OPTION_BYTES - 2] &= 0xfe;                    /* not tolerant */
        char path[64];
        snprintf(path, sizeof path, "%s_%d", name, variant);
        seed_write(path, bytes, size_bytes, options, sizeof options);
    }
    free(bytes);
}

static void write_jpegs(void) {
    static const struct {
        const char *name;
        struct jpeg_spec spec;
    } files[] = {
        {"jpeg", {.width = 83, .height = 61, .channels = 3, .h_samp = 2, .v_samp = 2}},
        {"jpeg_turned",
         {.width = 51, .height = 38, .channels = 3, .h_samp = 2, .v_samp = 2, .orientation = 3}},
        {"jpeg_grey", {.width = 40, .height = 31, .channels = 1, .orientation = 6}},
        {"jpeg_cmyk", {.width = 24, .height = 17, .channels = 4}},
        {"jpeg_ycck", {.width = 24, .height = 17, .channels = 4, .ycck = true}},
        {"jpeg_progressive",
         {.width = 50, .height = 33, .channels = 3, .progressive = true, .h_samp = 2}},
        {"jpeg_restart",
         {.width = 130, .height = 90, .channels = 3, .restart_rows = 1, .copyright = "somebody"}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t size_bytes;
        uint8_t *bytes = jpeg_make(&files[i].spec, &size_bytes);
        write_variants(files[i].name, bytes, size_bytes);
    }
}

/* The chunks that state colours, behind IHDR. */
static void write_stated_colors(void) {
    enum { HEAD_BYTES = 33 };
    static const struct {
        const char *name, *type;
        size_t size_bytes;
        uint8_t data[4];
        bool has_primaries;
    } chunks[] = {
        {"linear", "gAMA", 4, {0, 1, 0x86, 0xa0}, false},
        {"usual", "gAMA", 4, {0, 0, 0xb1, 0x8f}, false},
        {"wide", "gAMA", 4, {0, 0, 0xd9, 0x03}, true},
        {"p3", "cICP", 4, {12, 13, 0, 1}, false},
        {"bt2020", "cICP", 4, {9, 1, 0, 1}, false},
        {"gamma22", "cICP", 4, {4, 4, 0, 1}, false},
        {"gamma28", "cICP", 4, {5, 5, 0, 1}, false},
        {"smpte240", "cICP", 4, {7, 7, 0, 1}, false},
        {"light", "cICP", 4, {22, 8, 0, 1}, false},
        {"hdr", "cICP", 4, {9, 16, 0, 1}, false},
        {"srgb", "sRGB", 1, {0}, false},
    };
    /* A cHRM of Display P3: white, red, green, blue. */
    static const uint8_t primaries[32] = {0, 0, 0x7a, 0x26, 0, 0, 0x80, 0x84, 0, 1, 0x09, 0xa0,
                                          0, 0, 0x7d, 0,    0, 0, 0x67, 0x84, 0, 1, 0x0d, 0x88,
                                          0, 0, 0x3a, 0x98, 0, 0, 0x17, 0x70};
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        const struct png_spec spec = {.width = 21, .height = 17, .channels = (int)(i % 4) + 1};
        struct seed_bytes file = {NULL, 0, 0};
        size_t size_bytes;
        uint8_t *plain = png_make(&spec, &size_bytes);
        seed_append(&file, plain, HEAD_BYTES);
        seed_png_chunk(&file, chunks[i].type, chunks[i].data, chunks[i].size_bytes);
        if (chunks[i].has_primaries) {
            seed_png_chunk(&file, "cHRM", primaries, sizeof primaries);
        }
        seed_append(&file, plain + HEAD_BYTES, size_bytes - HEAD_BYTES);
        free(plain);
        write_variants(chunks[i].name, file.bytes, file.size_bytes);
    }
}

enum profile { WIDE, GREY, LIGHTNESS, FALLING, INK };

static uint8_t *make_profile(enum profile which, size_t *size_bytes) {
    static const cmsUInt16Number falling[3] = {65535, 20000, 0};
    cmsHPROFILE profile;
    if (which == INK)
        return cmyk_profile_make(size_bytes);
    if (which == FALLING) {
        cmsToneCurve *curve = cmsBuildTabulatedToneCurve16(NULL, 3, falling);
        profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
        cmsFreeToneCurve(curve);
    } else {
        profile = which == WIDE ? icc_profile_wide(1.8) : icc_profile_grey(1.8);
    }
    if (which == LIGHTNESS)
        cmsSetPCS(profile, cmsSigLabData);
    return icc_profile_bytes(profile, size_bytes);
}

/* Profiles with curves, which `linear` can use or not, and with a table, of inks. */
static void write_profiles(void) {
    static const struct {
        const char *name;
        enum profile which;
        int channels;
        bool is_jpeg;
    } files[] = {{"wide_jpeg", WIDE, 3, true},           {"wide_png", WIDE, 4, false},
                 {"grey_jpeg", GREY, 1, true},           {"grey_png", GREY, 2, false},
                 {"lightness_jpeg", LIGHTNESS, 1, true}, {"lightness_png", LIGHTNESS, 2, false},
                 {"falling_png", FALLING, 1, false},     {"ink_jpeg", INK, 4, true}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t icc_bytes, size_bytes;
        uint8_t *icc = make_profile(files[i].which, &icc_bytes);
        memset(icc + 24, 0, 12); /* the time of creation */
        const struct jpeg_spec jpeg = {.width = 33,
                                       .height = 21,
                                       .channels = files[i].channels,
                                       .icc = icc,
                                       .icc_bytes = icc_bytes};
        const struct png_spec png = {.width = 33,
                                     .height = 21,
                                     .channels = files[i].channels,
                                     .icc = icc,
                                     .icc_bytes = icc_bytes};
        uint8_t *bytes =
            files[i].is_jpeg ? jpeg_make(&jpeg, &size_bytes) : png_make(&png, &size_bytes);
        write_variants(files[i].name, bytes, size_bytes);
        free(icc);
    }
}

void make_seeds(void) {
    write_jpegs();
    write_stated_colors();
    write_profiles();
    for (int channels = 1; channels <= 4; channels++) {
        const struct png_spec spec = {.width = 37,
                                      .height = 29,
                                      .channels = channels,
                                      .interlaced = channels == 3,
                                      .orientation = channels == 4   ? 8
                                                     : channels == 2 ? 4
                                                                     : 0};
        size_t size_bytes;
        uint8_t *bytes = png_make(&spec, &size_bytes);
        char name[16];
        snprintf(name, sizeof name, "png_%d", channels);
        write_variants(name, bytes, size_bytes);
    }
}
