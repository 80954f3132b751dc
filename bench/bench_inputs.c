/* Makes the inputs that the bench derives from a photograph: files of other kinds, larger ones by
 * tiling, plain pixels; and the chart, which needs no photograph. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <spng.h>

#include "bench/runner.h"

static const char usage[] =
    "usage: bench_inputs PHOTOGRAPH|chart OUT --kind KIND [--width W --height H]\n"
    "Kinds: jpeg420 jpeg422 jpeg444 progressive (quality 90), png, pam1 pam3 pam4 (plain pixels\n"
    "of 1, 3 or 4 channels; pam4 ends in an alpha of slopes and edges).\n"
    "Sizes other than the photograph's: cut, or tiled with every second tile mirrored.\n";

struct image {
    uint8_t *rgb; /* NULL: the chart */
    uint32_t width, height;
};

static bool read_jpeg(const uint8_t *bytes, size_t size_bytes, struct image *image) {
    struct jpeg_decompress_struct cinfo;
    struct jpeg_error_mgr errors;
    cinfo.err = jpeg_std_error(&errors); /* an invalid file ends the program */
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, (unsigned long)size_bytes);
    jpeg_read_header(&cinfo, TRUE);
    cinfo.out_color_space = JCS_RGB;
    jpeg_start_decompress(&cinfo);
    image->width = cinfo.output_width;
    image->height = cinfo.output_height;
    image->rgb = malloc((size_t)image->width * image->height * 3);
    while (image->rgb != NULL && cinfo.output_scanline < cinfo.output_height) {
        JSAMPROW row = image->rgb + (size_t)cinfo.output_scanline * image->width * 3;
        jpeg_read_scanlines(&cinfo, &row, 1);
    }
    jpeg_destroy_decompress(&cinfo);
    return image->rgb != NULL;
}

static bool read_png(const uint8_t *bytes, size_t size_bytes, struct image *image) {
    spng_ctx *ctx = spng_ctx_new(0);
    struct spng_ihdr head;
    size_t size = 0;
    bool ok = ctx != NULL && spng_set_png_buffer(ctx, bytes, size_bytes) == 0 &&
              spng_get_ihdr(ctx, &head) == 0 &&
              spng_decoded_image_size(ctx, SPNG_FMT_RGB8, &size) == 0;
    image->rgb = ok ? malloc(size) : NULL;
    ok = image->rgb != NULL && spng_decode_image(ctx, image->rgb, size, SPNG_FMT_RGB8, 0) == 0;
    image->width = ok ? head.width : 0;
    image->height = ok ? head.height : 0;
    spng_ctx_free(ctx);
    return ok;
}

/* Draws the chart: rings of every frequency, hard edges of saturated colours, thin lines, soft
 * shades. */
static void chart_pixel(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint8_t rgb[3]) {
    static const uint8_t bars[6][3] = {{230, 20, 20}, {20, 200, 30},  {30, 40, 230},
                                       {20, 20, 20},  {235, 220, 30}, {250, 250, 250}};
    const double u = (double)x / width, v = (double)y / height;
    if (v < 0.6) {
        const double dx = u - 0.5, dy = (v - 0.3) * height / width;
        const double ring = 127.5 + 120.0 * cos((dx * dx + dy * dy) * width * 2.5);
        rgb[0] = (uint8_t)ring;
        rgb[1] = (uint8_t)(0.8 * ring + 40 * u);
        rgb[2] = (uint8_t)(0.7 * ring + 60 * v);
    } else if (v < 0.75) {
        memcpy(rgb, bars[(x / (7 + y / 64 % 16)) % 6], 3);
    } else if (v < 0.85) {
        memset(rgb, (x + y) / (1 + (uint32_t)(u * 12)) % 2 != 0 ? 240 : 16, 3);
    } else {
        const uint32_t grain = (x * 2654435761u ^ y * 2246822519u) >> 28;
        rgb[0] = (uint8_t)(230 * u + grain);
        rgb[1] = (uint8_t)(230 * (1 - u) + grain);
        rgb[2] = (uint8_t)(120 + 100 * sin(u * 9) + grain);
    }
}

static uint32_t mirrored(uint32_t at, uint32_t length) {
    const uint32_t tile = at / length, inside = at % length;
    return tile % 2 == 0 ? inside : length - 1 - inside;
}

static void make_row(const struct image *image, uint32_t y, uint32_t width, uint32_t height,
                     uint8_t *row) {
    for (uint32_t x = 0; x < width; x++) {
        if (image->rgb == NULL) {
            chart_pixel(x, y, width, height, row + (size_t)x * 3);
        } else {
            memcpy(row + (size_t)x * 3,
                   image->rgb + ((size_t)mirrored(y, image->height) * image->width +
                                 mirrored(x, image->width)) *
                                    3,
                   3);
        }
    }
}

static bool write_jpeg(const struct image *image, FILE *file, const char *kind, uint32_t width,
                       uint32_t height) {
    struct jpeg_compress_struct cinfo;
    struct jpeg_error_mgr errors;
    uint8_t *row = malloc((size_t)width * 3);
    cinfo.err = jpeg_std_error(&errors);
    jpeg_create_compress(&cinfo);
    jpeg_stdio_dest(&cinfo, file);
    cinfo.image_width = width;
    cinfo.image_height = height;
    cinfo.input_components = 3;
    cinfo.in_color_space = JCS_RGB;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, 90, TRUE);
    cinfo.comp_info[0].h_samp_factor = strcmp(kind, "jpeg444") == 0 ? 1 : 2;
    cinfo.comp_info[0].v_samp_factor =
        strcmp(kind, "jpeg444") == 0 || strcmp(kind, "jpeg422") == 0 ? 1 : 2;
    if (strcmp(kind, "progressive") == 0) {
        jpeg_simple_progression(&cinfo);
    }
    jpeg_start_compress(&cinfo, TRUE);
    for (uint32_t y = 0; row != NULL && y < height; y++) {
        JSAMPROW rows = row;
        make_row(image, y, width, height, row);
        jpeg_write_scanlines(&cinfo, &rows, 1);
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    free(row);
    return row != NULL;
}

static bool write_png(const struct image *image, FILE *file, uint32_t width, uint32_t height) {
    const size_t stride = (size_t)width * 3;
    uint8_t *pixels = malloc(stride * height);
    spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
    struct spng_ihdr head;
    memset(&head, 0, sizeof(head));
    head.width = width;
    head.height = height;
    head.bit_depth = 8;
    head.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
    for (uint32_t y = 0; pixels != NULL && y < height; y++) {
        make_row(image, y, width, height, pixels + y * stride);
    }
    const bool ok =
        pixels != NULL && ctx != NULL && spng_set_png_file(ctx, file) == 0 &&
        spng_set_ihdr(ctx, &head) == 0 &&
        spng_encode_image(ctx, pixels, stride * height, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE) == 0;
    spng_ctx_free(ctx);
    free(pixels);
    return ok;
}

static uint8_t alpha_at(uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
    const double ring = hypot((double)x / width - 0.45, (double)y / height - 0.5);
    if (ring > 0.55 || (x / 97 + y / 89) % 23 == 0) {
        return 0;
    }
    return ring < 0.2 ? 255 : (uint8_t)(255.0 * (0.55 - ring) / 0.35);
}

static bool write_pam(const struct image *image, FILE *file, int channels, uint32_t width,
                      uint32_t height) {
    static const char *const kinds[] = {"", "GRAYSCALE", "", "RGB", "RGB_ALPHA"};
    uint8_t *row = malloc((size_t)width * 3), *out = malloc((size_t)width * 4);
    bool ok = row != NULL && out != NULL;
    fprintf(file, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH %d\nMAXVAL 255\nTUPLTYPE %s\nENDHDR\n", width,
            height, channels, kinds[channels]);
    for (uint32_t y = 0; ok && y < height; y++) {
        make_row(image, y, width, height, row);
        uint8_t *to = out;
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t *rgb = row + (size_t)x * 3;
            if (channels == 1) {
                *to++ = (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29) >> 8);
                continue;
            }
            memcpy(to, rgb, 3);
            to += 3;
            if (channels == 4) {
                *to++ = alpha_at(x, y, width, height);
            }
        }
        const size_t size = (size_t)(to - out);
        ok = fwrite(out, 1, size, file) == size;
    }
    free(row);
    free(out);
    return ok;
}

int main(int argc, char **argv) {
    struct runner options = {.argc = argc, .argv = argv};
    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    const char *kind = runner_option(&options, "kind", NULL);
    if (argc < 5 || kind == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    struct image image = {NULL, 4928, 3279};
    if (strcmp(argv[1], "chart") != 0) {
        size_t size_bytes;
        uint8_t *bytes = runner_read(&options, argv[1], &size_bytes);
        const bool ok = bytes != NULL && size_bytes > 8 &&
                        (bytes[0] == 0xff ? read_jpeg : read_png)(bytes, size_bytes, &image);
        free(bytes);
        if (!ok) {
            fprintf(stderr, "bench_inputs: cannot read %s\n", argv[1]);
            return 1;
        }
    }
    const uint32_t width = (uint32_t)runner_number(&options, "width", (int)image.width);
    const uint32_t height = (uint32_t)runner_number(&options, "height", (int)image.height);
    FILE *file = fopen(argv[2], "wb");
    bool ok = file != NULL;
    if (ok && strncmp(kind, "pam", 3) == 0 && strchr("134", kind[3]) != NULL) {
        ok = write_pam(&image, file, kind[3] - '0', width, height);
    } else if (ok && strcmp(kind, "png") == 0) {
        ok = write_png(&image, file, width, height);
    } else if (ok) {
        ok = write_jpeg(&image, file, kind, width, height);
    }
    ok = file != NULL && fclose(file) == 0 && ok;
    free(image.rgb);
    if (!ok) {
        fprintf(stderr, "bench_inputs: cannot make %s\n", argv[2]);
    }
    return ok ? 0 : 1;
}
