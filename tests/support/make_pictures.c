/* Makes test images, with the same bytes every time: make_pictures FILE SPEC...
 *
 * The format is given by the extension of FILE: jpg or png; icc is a profile of CMYK alone, without
 * a SPEC. SPEC words, in any order:
 *   WxH                            size (default 64x48)
 *   grey, rgb, rgba, cmyk          channels (default rgb; rgba for PNG only, cmyk for JPEG only)
 *   gradient, stripes, noise, flat content (default gradient)
 *   progressive                    JPEG scans or PNG interlacing
 *   420, 422, 444                  chroma of a JPEG (default 420)
 *   orientation=N                  EXIF orientation
 *   srgb, p3                       embed a colour profile (of RGB images)
 *   gamma=N                        a gAMA chunk of a PNG, times 100,000
 *   comment=TEXT                   a JPEG comment or a PNG text chunk
 *   cut=N                          only the first N bytes of the file; -N: all but the last N bytes
 * Exits with 1 and a message on failure. */
#define _GNU_SOURCE /* open_memstream, strdup */
#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "tests/support/cmyk_profile.h"
#include "tests/support/icc_profile.h"

enum show { GRADIENT, STRIPES, NOISE, FLAT };

struct spec {
    unsigned width, height;
    int channels;
    bool cmyk;
    enum show show;
    bool progressive;
    int chroma; /* 420, 422, 444 */
    int orientation;
    bool srgb, p3;
    int gamma; /* 0: none */
    const char *comment;
    long cut;
};

static int fail(const char *sentence, const char *what) {
    fprintf(stderr, "make_pictures: %s%s\n", sentence, what);
    return 1;
}

static bool take_word(struct spec *spec, const char *word) {
    static const struct {
        const char *name;
        int channels;
    } kinds[] = {{"grey", 1}, {"rgb", 3}, {"rgba", 4}, {"cmyk", 4}};
    static const char *const shows[] = {"gradient", "stripes", "noise", "flat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, kinds[i].name) == 0) {
            spec->channels = kinds[i].channels;
            spec->cmyk = strcmp(word, "cmyk") == 0;
            return true;
        }
    }
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, shows[i]) == 0) {
            spec->show = (enum show)i;
            return true;
        }
    }
    if (strcmp(word, "progressive") == 0) {
        spec->progressive = true;
    } else if (strcmp(word, "420") == 0 || strcmp(word, "422") == 0 || strcmp(word, "444") == 0) {
        spec->chroma = atoi(word);
    } else if (strcmp(word, "srgb") == 0) {
        spec->srgb = true;
    } else if (strcmp(word, "p3") == 0) {
        spec->p3 = true;
    } else if (strncmp(word, "comment=", 8) == 0) {
        spec->comment = word + 8;
    } else {
        return sscanf(word, "%ux%u", &spec->width, &spec->height) == 2 ||
               sscanf(word, "orientation=%d", &spec->orientation) == 1 ||
               sscanf(word, "gamma=%d", &spec->gamma) == 1 ||
               sscanf(word, "cut=%ld", &spec->cut) == 1;
    }
    return true;
}

static uint8_t sample(const struct spec *spec, unsigned x, unsigned y, int channel) {
    uint32_t mixed = (x * 73856093u) ^ (y * 19349663u) ^ ((unsigned)channel * 83492791u);
    switch (spec->show) {
    case GRADIENT:
        return (uint8_t)(channel % 2 ? y * 255u / spec->height : x * 255u / spec->width);
    case STRIPES:
        return ((x >> 3) + (unsigned)channel) % 2 ? 230 : 25;
    case NOISE:
        mixed *= 2654435761u;
        return (uint8_t)(mixed >> 24);
    case FLAT:
        break;
    }
    return (uint8_t)(60 + 50 * channel);
}

static uint8_t *draw(const struct spec *spec) {
    size_t channels = (size_t)spec->channels;
    uint8_t *pixels = malloc((size_t)spec->width * spec->height * channels);
    uint8_t *p = pixels;
    for (unsigned y = 0; pixels && y < spec->height; y++) {
        for (unsigned x = 0; x < spec->width; x++) {
            for (int c = 0; c < spec->channels; c++) {
                *p++ = sample(spec, x, y, c);
            }
        }
    }
    return pixels;
}

/* The smallest EXIF: a TIFF header and one entry, the orientation. */
static size_t exif_block(int orientation, uint8_t *out) {
    static const uint8_t block[26] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0,
                                      3,   0,   0, 0,  1, 0, 0, 0, 0, 0, 0, 0,    0};
    memcpy(out, block, sizeof block);
    out[19] = (uint8_t)orientation;
    return sizeof block;
}

/* Returns the requested profile, in memory of the caller; NULL if none is requested. */
static uint8_t *make_profile(const struct spec *spec, size_t *size) {
    static const cmsCIExyYTRIPLE p3 = {{0.680, 0.320, 1}, {0.265, 0.690, 1}, {0.150, 0.060, 1}};
    static const cmsCIExyY d65 = {0.3127, 0.3290, 1};
    /* The sRGB curve, which Display P3 also uses. */
    static const cmsFloat64Number curve_of[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    if (spec->srgb) {
        return icc_profile_bytes(cmsCreate_sRGBProfile(), size);
    }
    if (!spec->p3) {
        return NULL;
    }
    cmsToneCurve *curve = cmsBuildParametricToneCurve(NULL, 4, curve_of);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &p3, curves);
    cmsFreeToneCurve(curve);
    return icc_profile_bytes(profile, size);
}

static bool write_jpeg(const struct spec *spec, const uint8_t *pixels, FILE *out) {
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors;
    codec.err = jpeg_std_error(&errors); /* ends the program on errors */
    jpeg_create_compress(&codec);
    jpeg_stdio_dest(&codec, out);
    codec.image_width = spec->width;
    codec.image_height = spec->height;
    codec.input_components = spec->channels;
    codec.in_color_space = spec->cmyk ? JCS_CMYK : spec->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, 90, TRUE);
    if (spec->channels == 3) {
        codec.comp_info[0].h_samp_factor = spec->chroma == 444 ? 1 : 2;
        codec.comp_info[0].v_samp_factor = spec->chroma == 420 ? 2 : 1;
    }
    if (spec->progressive) {
        jpeg_simple_progression(&codec);
    }
    jpeg_start_compress(&codec, TRUE);
    if (spec->orientation) {
        uint8_t exif[64] = {'E', 'x', 'i', 'f', 0, 0};
        size_t length = 6 + exif_block(spec->orientation, exif + 6);
        jpeg_write_marker(&codec, JPEG_APP0 + 1, exif, (unsigned)length);
    }
    size_t profile_bytes = 0;
    uint8_t *profile = make_profile(spec, &profile_bytes);
    if (profile) {
        jpeg_write_icc_profile(&codec, profile, (unsigned)profile_bytes);
        free(profile);
    }
    if (spec->comment) {
        jpeg_write_marker(&codec, JPEG_COM, (const JOCTET *)spec->comment,
                          (unsigned)strlen(spec->comment));
    }
    size_t stride = (size_t)spec->width * (size_t)spec->channels;
    while (codec.next_scanline < codec.image_height) {
        /* libjpeg's rows are not const, but it does not write to them. */
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + codec.next_scanline * stride);
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    return true;
}

static bool write_png(const struct spec *spec, const uint8_t *pixels, FILE *out) {
    png_structp codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = codec ? png_create_info_struct(codec) : NULL;
    if (!info || setjmp(png_jmpbuf(codec))) {
        png_destroy_write_struct(&codec, &info);
        return false;
    }
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, 0, PNG_COLOR_TYPE_RGB,
                                 PNG_COLOR_TYPE_RGBA};
    png_init_io(codec, out);
    png_set_IHDR(codec, info, spec->width, spec->height, 8, types[spec->channels],
                 spec->progressive ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    uint8_t exif[64];
    if (spec->orientation) {
        png_set_eXIf_1(codec, info, (png_uint_32)exif_block(spec->orientation, exif), exif);
    }
    size_t profile_bytes = 0;
    uint8_t *profile = make_profile(spec, &profile_bytes);
    if (profile) {
        png_set_iCCP(codec, info, "made", PNG_COMPRESSION_TYPE_BASE, profile,
                     (png_uint_32)profile_bytes);
        free(profile);
    }
    if (spec->gamma) {
        png_set_gAMA_fixed(codec, info, spec->gamma);
    }
    png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE};
    char key[] = "Comment";
    char *value = NULL;
    if (spec->comment) {
        value = strdup(spec->comment);
        text.key = key;
        text.text = value;
        png_set_text(codec, info, &text, 1);
    }
    png_write_info(codec, info);
    size_t stride = (size_t)spec->width * (size_t)spec->channels;
    int passes = png_set_interlace_handling(codec);
    for (int pass = 0; pass < passes; pass++) {
        for (unsigned y = 0; y < spec->height; y++) {
            png_write_row(codec, pixels + y * stride);
        }
    }
    png_write_end(codec, info);
    png_destroy_write_struct(&codec, &info);
    free(value);
    return true;
}

/* Writes the file, or the requested part of it. */
static bool copy_out(const char *path, const char *bytes, size_t size, long cut) {
    size_t length = size;
    if (cut > 0 && (size_t)cut < size) {
        length = (size_t)cut;
    } else if (cut < 0) {
        length = (size_t)-cut < size ? size - (size_t)-cut : 0;
    }
    FILE *out = fopen(path, "wb");
    bool good = out && fwrite(bytes, 1, length, out) == length;
    return out && fclose(out) == 0 && good;
}

static bool write_profile(const char *path) {
    size_t size = 0;
    uint8_t *profile = cmyk_profile_make(&size);
    const bool good = copy_out(path, (const char *)profile, size, 0);
    free(profile);
    return good;
}

int main(int argc, char **argv) {
    struct spec spec = {.width = 64, .height = 48, .channels = 3, .chroma = 420};
    if (argc < 2) {
        return fail("a file is needed", "");
    }
    for (int i = 2; i < argc; i++) {
        if (!take_word(&spec, argv[i])) {
            return fail("not understood: ", argv[i]);
        }
    }
    const char *dot = strrchr(argv[1], '.');
    if (dot && strcmp(dot, ".icc") == 0) {
        return write_profile(argv[1]) ? 0 : fail("cannot be written: ", argv[1]);
    }
    bool png = dot && strcmp(dot, ".png") == 0;
    if (spec.width == 0 || spec.height == 0 || spec.width > 65500 || spec.height > 65500 ||
        (png ? spec.cmyk : spec.channels == 4 && !spec.cmyk)) {
        return fail("no such picture: ", argv[1]);
    }
    char *bytes = NULL;
    size_t size = 0;
    uint8_t *pixels = draw(&spec);
    FILE *memory = open_memstream(&bytes, &size);
    bool good = pixels && memory &&
                (png ? write_png(&spec, pixels, memory) : write_jpeg(&spec, pixels, memory));
    good = memory && fclose(memory) == 0 && good && copy_out(argv[1], bytes, size, spec.cut);
    free(bytes);
    free(pixels);
    return good ? 0 : fail("cannot be written: ", argv[1]);
}
