/* Test pictures: see pictures.h. */
#include "tests/support/pictures.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

static void scene_pixel(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint8_t rgb[3]) {
    const double u = (double)x / width, v = (double)y / height;
    const uint32_t grain = (x * 2654435761u ^ y * 2246822519u) >> 28;
    rgb[0] = (uint8_t)(40 + 170 * u + grain * 0.6);
    rgb[1] = (uint8_t)(60 + 140 * v + 20 * sin(x * 0.3) + grain * 0.6);
    rgb[2] = (uint8_t)(200 - 150 * u * v + grain * 0.6);
    if (u > 0.6 && u < 0.8 && v > 0.5 && v < 0.7) { /* a saturated patch */
        rgb[0] = 230;
        rgb[1] = rgb[2] = 10;
    }
    if (v > 0.8 && (x / 3) % 2 == 0) { /* thin lines */
        memset(rgb, 20, 3);
    }
    if (u < 0.25 && v < 0.25) { /* the mark: black, its inner corner white */
        memset(rgb, u < 0.125 && v < 0.125 ? 255 : 0, 3);
    }
}

uint8_t *scene_make(uint32_t width, uint32_t height, int channels) {
    uint8_t *pixels = malloc((size_t)width * height * (size_t)channels), *out = pixels;
    assert(pixels != NULL);
    const bool alpha = channels % 2 == 0;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t rgb[3];
            scene_pixel(x, y, width, height, rgb);
            if (channels <= 2) {
                *out++ = (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29) >> 8);
            } else {
                memcpy(out, rgb, 3);
                out += 3;
            }
            if (alpha) {
                const double u = (double)x / width, v = (double)y / height;
                const double ring = 1.4 - 1.2 * hypot(u - 0.4, v - 0.4) / 0.6;
                *out++ = u > 0.9 ? 0 : (uint8_t)(255 * fmin(1.0, fmax(0.0, ring)));
            }
        }
    }
    return pixels;
}

/* An EXIF block (big-endian TIFF) with orientation and copyright. */
static size_t exif_make(int orientation, const char *copyright, uint8_t *out) {
    const size_t text = copyright != NULL ? strlen(copyright) + 1 : 0;
    uint8_t head[] = {'M', 'M', 0, 42, 0, 0, 0, 8, 0, (uint8_t)(text != 0 ? 2 : 1)};
    uint8_t entry[] = {0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)orientation, 0, 0};
    memcpy(out, head, sizeof(head));
    memcpy(out + 10, entry, sizeof(entry));
    size_t at = 22;
    if (text != 0) {
        uint8_t tag[] = {0x82, 0x98, 0, 2, 0, 0, 0, (uint8_t)text, 0, 0, 0, 38};
        memcpy(out + at, tag, sizeof(tag));
        at += sizeof(tag);
    }
    memset(out + at, 0, 4);
    at += 4;
    if (text != 0) {
        memcpy(out + at, copyright, text);
    }
    return at + text;
}

static void jpeg_write_metadata(struct jpeg_compress_struct *jpeg, const struct jpeg_spec *spec) {
    if (spec->orientation != 0 || spec->copyright != NULL) {
        uint8_t app1[600] = "Exif\0";
        const size_t bytes = 6 + exif_make(spec->orientation != 0 ? spec->orientation : 1,
                                           spec->copyright, app1 + 6);
        jpeg_write_marker(jpeg, JPEG_APP0 + 1, app1, (unsigned)bytes);
    }
    if (spec->icc != NULL) {
        jpeg_write_icc_profile(jpeg, spec->icc, (unsigned)spec->icc_bytes);
    }
}

static void jpeg_set_up(struct jpeg_compress_struct *jpeg, const struct jpeg_spec *spec) {
    static const J_COLOR_SPACE spaces[5] = {0, JCS_GRAYSCALE, 0, JCS_RGB, JCS_CMYK};
    jpeg->image_width = spec->width;
    jpeg->image_height = spec->height;
    jpeg->input_components = spec->channels;
    jpeg->in_color_space = spaces[spec->channels];
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, spec->quality != 0 ? spec->quality : 90, TRUE);
    if (spec->rgb) {
        jpeg_set_colorspace(jpeg, JCS_RGB);
    }
    if (spec->ycck) {
        jpeg_set_colorspace(jpeg, JCS_YCCK);
    }
    if (spec->channels != 1 && !spec->rgb) {
        jpeg->comp_info[0].h_samp_factor = spec->h_samp != 0 ? spec->h_samp : 1;
        jpeg->comp_info[0].v_samp_factor = spec->v_samp != 0 ? spec->v_samp : 1;
        if (spec->channels == 4) {
            jpeg->comp_info[3].h_samp_factor = jpeg->comp_info[0].h_samp_factor;
            jpeg->comp_info[3].v_samp_factor = jpeg->comp_info[0].v_samp_factor;
        }
    }
    jpeg->arith_code = spec->arithmetic;
    jpeg->optimize_coding = spec->optimize;
    jpeg->restart_in_rows = spec->restart_rows;
    if (spec->progressive) {
        jpeg_simple_progression(jpeg);
    }
}

uint8_t *jpeg_make(const struct jpeg_spec *spec, size_t *size_bytes) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr error; /* its default ends the program on an error */
    uint8_t *scene =
        spec->pixels == NULL ? scene_make(spec->width, spec->height, spec->channels) : NULL;
    const uint8_t *pixels = spec->pixels != NULL ? spec->pixels : scene;
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    jpeg.err = jpeg_std_error(&error);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &size);
    jpeg_set_up(&jpeg, spec);
    jpeg_start_compress(&jpeg, TRUE);
    jpeg_write_metadata(&jpeg, spec);
    const size_t row_bytes = (size_t)spec->width * (size_t)spec->channels;
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + jpeg.next_scanline * row_bytes);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(scene);
    *size_bytes = size;
    return bytes;
}

uint8_t *jpeg_read(const uint8_t *bytes, size_t size_bytes, uint32_t *width, uint32_t *height,
                   int *channels) {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr error;
    jpeg.err = jpeg_std_error(&error);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, bytes, (unsigned long)size_bytes);
    jpeg_read_header(&jpeg, TRUE);
    jpeg_start_decompress(&jpeg);
    *width = jpeg.output_width;
    *height = jpeg.output_height;
    *channels = jpeg.output_components;
    const size_t row_bytes = (size_t)*width * (size_t)*channels;
    uint8_t *pixels = malloc(row_bytes * *height);
    assert(pixels != NULL);
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = pixels + jpeg.output_scanline * row_bytes;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return pixels;
}

struct growing {
    uint8_t *bytes;
    size_t size;
};

static void png_append(png_structp png, png_bytep data, size_t size) {
    struct growing *out = png_get_io_ptr(png);
    out->bytes = realloc(out->bytes, out->size + size);
    assert(out->bytes != NULL);
    memcpy(out->bytes + out->size, data, size);
    out->size += size;
}

uint8_t *png_make(const struct png_spec *spec, size_t *size_bytes) {
    static const int types[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    struct growing out = {NULL, 0};
    uint8_t *scene =
        spec->pixels == NULL ? scene_make(spec->width, spec->height, spec->channels) : NULL;
    const uint8_t *pixels = spec->pixels != NULL ? spec->pixels : scene;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &out, png_append, NULL);
    png_set_IHDR(png, info, spec->width, spec->height, 8, types[spec->channels],
                 spec->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (spec->icc != NULL) {
        png_set_iCCP(png, info, "profile", 0, spec->icc, (png_uint_32)spec->icc_bytes);
    }
    uint8_t exif[64];
    if (spec->orientation != 0) {
        const size_t bytes = exif_make(spec->orientation, NULL, exif);
        png_set_eXIf_1(png, info, (png_uint_32)bytes, exif);
    }
    png_write_info(png, info);
    png_bytepp rows = malloc(spec->height * sizeof(*rows));
    assert(rows != NULL);
    for (uint32_t y = 0; y < spec->height; y++) {
        rows[y] = (png_bytep)(uintptr_t)(pixels + (size_t)y * spec->width * (size_t)spec->channels);
    }
    png_write_image(png, rows);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(rows);
    free(scene);
    *size_bytes = out.size;
    return out.bytes;
}

struct reading {
    const uint8_t *bytes;
    size_t left;
};

static void png_take(png_structp png, png_bytep data, size_t size) {
    struct reading *in = png_get_io_ptr(png);
    assert(size <= in->left);
    memcpy(data, in->bytes, size);
    in->bytes += size;
    in->left -= size;
}

uint8_t *png_read(const uint8_t *bytes, size_t size_bytes, uint32_t *width, uint32_t *height,
                  int *channels) {
    struct reading in = {bytes, size_bytes};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &in, png_take);
    png_read_info(png, info);
    *width = png_get_image_width(png, info);
    *height = png_get_image_height(png, info);
    *channels = png_get_channels(png, info);
    const size_t row_bytes = (size_t)*width * (size_t)*channels;
    assert(png_get_rowbytes(png, info) == row_bytes);
    uint8_t *pixels = malloc(row_bytes * *height);
    assert(pixels != NULL);
    for (uint32_t y = 0; y < *height; y++) {
        png_read_row(png, pixels + y * row_bytes, NULL);
    }
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
    return pixels;
}
