/* PNG files with chunks that state colours, and what their colours should be, computed from the
 * chromaticities and curves in double precision, without lcms. Included once by each test program.
 */
#ifndef TESTS_PNG_COLORS_H
#define TESTS_PNG_COLORS_H

#include "tests/imgcore/transform_support.h"

#include <zlib.h>

enum { SIDE = 32, PIXELS = SIDE * SIDE };

struct chunk {
    const char *type;
    uint8_t data[1024];
    size_t size;
};

struct file {
    uint8_t *bytes;
    size_t size;
};

/* ---- files --------------------------------------------------------------------------------- */

static inline void put_u32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (24 - 8 * i));
    }
}

static inline struct chunk gamma_chunk(uint32_t gamma) {
    struct chunk chunk = {.type = "gAMA", .size = 4};
    put_u32(chunk.data, gamma);
    return chunk;
}

static inline struct chunk chrm_chunk(const double xy[8]) {
    struct chunk chunk = {.type = "cHRM", .size = 32};
    for (int i = 0; i < 8; i++) {
        put_u32(chunk.data + 4 * i, (uint32_t)lround(xy[i] * 100000.0));
    }
    return chunk;
}

static inline struct chunk cicp_chunk(int primaries, int transfer, int matrix, int full_range) {
    return (struct chunk){
        "cICP", {(uint8_t)primaries, (uint8_t)transfer, (uint8_t)matrix, (uint8_t)full_range}, 4};
}

static const struct chunk srgb_chunk = {"sRGB", {0}, 1};

/* Returns the position of the type of the first chunk of this type. */
static inline size_t find_type(const struct file *file, const char *type) {
    size_t at = 4;
    while (at + 4 <= file->size && memcmp(file->bytes + at, type, 4) != 0) {
        at++;
    }
    assert_true(at + 4 <= file->size);
    return at;
}

/* Before the first chunk of this type. */
static inline void insert_before(struct file *file, const char *type, const struct chunk *chunk) {
    const size_t at = find_type(file, type) - 4;
    uint8_t *grown = malloc(file->size + chunk->size + 12);
    assert_non_null(grown);
    memcpy(grown, file->bytes, at);
    put_u32(grown + at, (uint32_t)chunk->size);
    memcpy(grown + at + 4, chunk->type, 4);
    memcpy(grown + at + 8, chunk->data, chunk->size);
    put_u32(grown + at + 8 + chunk->size,
            (uint32_t)crc32(0, grown + at + 4, (uInt)chunk->size + 4));
    memcpy(grown + at + 12 + chunk->size, file->bytes + at, file->size - at);
    free(file->bytes);
    file->bytes = grown;
    file->size += chunk->size + 12;
}

/* A colour at every pixel, all corners of the cube among them. */
static const uint8_t *shades(int channels) {
    static uint8_t pixels[PIXELS * 4];
    for (size_t i = 0; i < PIXELS; i++) {
        const uint8_t rgba[4] = {(uint8_t)(i % 16 * 17), (uint8_t)(i / 16 % 8 * 255 / 7),
                                 (uint8_t)(i / 128 * 255 / 7), (uint8_t)(255 - i % 3)};
        for (int c = 0; c < channels; c++) {
            pixels[i * (size_t)channels + (size_t)c] =
                channels <= 2 ? (c == 0 ? (uint8_t)(i % 256) : rgba[3]) : rgba[c];
        }
    }
    return pixels;
}

static inline struct file plain_file(int channels, const uint8_t *icc, size_t icc_bytes) {
    const struct png_spec spec = {.width = SIDE,
                                  .height = SIDE,
                                  .channels = channels,
                                  .pixels = shades(channels),
                                  .icc = icc,
                                  .icc_bytes = icc_bytes};
    struct file file;
    file.bytes = png_make(&spec, &file.size);
    return file;
}

static inline struct file file_with(int channels, const struct chunk *chunks, size_t count) {
    struct file file = plain_file(channels, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        insert_before(&file, "IDAT", &chunks[i]);
    }
    return file;
}

static inline uint8_t *as_stored(const struct file *file, const struct imgcore_options *options,
                                 int expected_channels) {
    uint32_t width, height;
    int channels;
    uint8_t *pixels = pixels_of(file->bytes, file->size, options,
                                box(SIDE, SIDE, IMGCORE_FORMAT_PNG), &width, &height, &channels);
    assert_int_equal(channels, expected_channels);
    assert_int_equal(width * height, PIXELS);
    return pixels;
}

static inline struct imgcore_info info_of(const uint8_t *bytes, size_t size) {
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_info info;
    imgcore_info_default(&info);
    assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
    return info;
}

/* Nothing is converted, and probe names `source`. */
static inline void check_unchanged(const struct file *file, int channels,
                                   enum imgcore_color_source source) {
    uint8_t *pixels = as_stored(file, NULL, channels);
    assert_memory_equal(pixels, shades(channels), PIXELS * (size_t)channels);
    free(pixels);
    const struct imgcore_info info = info_of(file->bytes, file->size);
    assert_int_equal(info.color_source, source);
    assert_true(info.icc_is_srgb);
}

/* ---- what colours should be ---------------------------------------------------------------- */

struct matrix {
    double at[3][3];
};

static inline struct matrix inverse(struct matrix m) {
    struct matrix out;
    double determinant = 0.0;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            const int a = (k + 1) % 3, b = (k + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
            out.at[i][k] = m.at[a][c] * m.at[b][d] - m.at[a][d] * m.at[b][c];
        }
    }
    for (int k = 0; k < 3; k++) {
        determinant += m.at[0][k] * out.at[k][0];
    }
    for (int i = 0; i < 9; i++) {
        out.at[i / 3][i % 3] /= determinant;
    }
    return out;
}

static inline struct matrix product(struct matrix a, struct matrix b) {
    struct matrix out = {0};
    for (int i = 0; i < 27; i++) {
        out.at[i / 9][i / 3 % 3] += a.at[i / 9][i % 3] * b.at[i % 3][i / 3 % 3];
    }
    return out;
}

static inline void times(struct matrix m, const double in[3], double out[3]) {
    for (int i = 0; i < 3; i++) {
        out[i] = m.at[i][0] * in[0] + m.at[i][1] * in[1] + m.at[i][2] * in[2];
    }
}

static inline void to_xyz(double x, double y, double out[3]) {
    out[0] = x / y;
    out[1] = 1.0;
    out[2] = (1.0 - x - y) / y;
}

/* From linear RGB to XYZ: the sum of the primaries is the white. */
static inline struct matrix rgb_to_xyz(const double xy[8]) {
    struct matrix primaries;
    double white[3], scale[3];
    to_xyz(xy[0], xy[1], white);
    for (int c = 0; c < 3; c++) {
        const double x = xy[2 + 2 * c], y = xy[3 + 2 * c];
        primaries.at[0][c] = x;
        primaries.at[1][c] = y;
        primaries.at[2][c] = 1.0 - x - y;
    }
    times(inverse(primaries), white, scale);
    for (int i = 0; i < 9; i++) {
        primaries.at[i / 3][i % 3] *= scale[i % 3];
    }
    return primaries;
}

/* Bradford's adaptation of one white to another. */
static inline struct matrix adaptation(const double from_xy[2], const double to_xy[2]) {
    static const struct matrix cones = {
        {{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}};
    struct matrix scaled = cones;
    double from[3], to[3], from_cones[3], to_cones[3];
    to_xyz(from_xy[0], from_xy[1], from);
    to_xyz(to_xy[0], to_xy[1], to);
    times(cones, from, from_cones);
    times(cones, to, to_cones);
    for (int i = 0; i < 9; i++) {
        scaled.at[i / 3][i % 3] *= to_cones[i / 3] / from_cones[i / 3];
    }
    return product(inverse(cones), scaled);
}

static const double srgb_xy[8] = {0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06};

typedef double curve_fn(double sample, double exponent);

static inline double power(double v, double exponent) {
    return pow(v, exponent);
}

static inline double bt709(double v, double unused) {
    (void)unused;
    return v < 4.5 * 0.018053968510807 ? v / 4.5
                                       : pow((v + 0.09929682680944) / 1.09929682680944, 1.0 / 0.45);
}

static inline double smpte240(double v, double unused) {
    (void)unused;
    return v < 4.0 * 0.0228 ? v / 4.0 : pow((v + 0.1115) / 1.1115, 1.0 / 0.45);
}

static inline double srgb(double v, double unused) {
    (void)unused;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static inline double to_srgb(double light) {
    const double clamped = light < 0.0 ? 0.0 : light > 1.0 ? 1.0 : light;
    return 255.0 *
           (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * pow(clamped, 1.0 / 2.4) - 0.055);
}

/* The result is what the curve and the primaries say. lcms computes with 8 bits on both sides and
 * 15 bits of linear light between them, of which few are left near black. */
static inline void check_colors(const struct file *file, int channels, curve_fn *curve,
                                double exponent, const double xy[8]) {
    const uint8_t *from = shades(channels);
    const struct matrix matrix =
        product(inverse(rgb_to_xyz(srgb_xy)), product(adaptation(xy, srgb_xy), rgb_to_xyz(xy)));
    uint8_t *pixels = as_stored(file, NULL, channels);
    const int colors = channels <= 2 ? 1 : 3;
    for (size_t i = 0; i < PIXELS; i++) {
        const uint8_t *in = from + i * (size_t)channels, *out = pixels + i * (size_t)channels;
        double light[3], expected[3];
        for (int c = 0; c < 3; c++) {
            light[c] = curve(in[c % colors] / 255.0, exponent);
        }
        if (colors == 1) {
            memcpy(expected, light, sizeof(light));
        } else {
            times(matrix, light, expected);
        }
        for (int c = 0; c < colors; c++) {
            const double want = to_srgb(expected[c]);
            if (fabs(out[c] - want) > (want < 16.0 ? 2.6 : 1.2)) {
                fail_msg("pixel %zu, channel %d: %d, not %.2f", i, c, out[c], want);
            }
        }
        if (channels % 2 == 0) {
            assert_int_equal(out[channels - 1], in[channels - 1]);
        }
    }
    free(pixels);
    assert_false(info_of(file->bytes, file->size).icc_is_srgb);
}

static const double p3_xy[8] = {0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060};

#endif
