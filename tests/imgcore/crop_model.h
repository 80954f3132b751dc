/* The model of options.crop_*: it decodes the entire file by libjpeg or libpng, cuts the rectangle
 * out of each plane, and resizes it in double precision. It shares no code with the library. Random
 * files for it. Included once by a test program. */
#ifndef TESTS_CROP_MODEL_H
#define TESTS_CROP_MODEL_H

#include "tests/imgcore/transform_support.h"

#include "tests/imgcore/jpeg_files.h"
#include "tests/support/random.h"

struct rectangle {
    uint32_t left, top, width, height;
};

static inline struct imgcore_options options_of(const struct rectangle *crop) {
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.crop_left_px = crop->left;
    options.crop_top_px = crop->top;
    options.crop_width_px = crop->width;
    options.crop_height_px = crop->height;
    return options;
}

/* ---- the model ----------------------------------------------------------------------------- */

/* The position in the stored image of an upright pixel: EXIF 2.32, tag 0x0112. */
static void stored_position(int orientation, uint32_t width, uint32_t height, uint32_t x,
                            uint32_t y, uint32_t *stored_x, uint32_t *stored_y) {
    const uint32_t right = width - 1 - x, below = height - 1 - y; /* of the upright image */
    const uint32_t at[9][2] = {{x, y}, {x, y},     {right, y},     {right, below}, {x, below},
                               {y, x}, {y, right}, {below, right}, {below, x}};
    *stored_x = at[orientation][0];
    *stored_y = at[orientation][1];
}

/* The rectangle in the stored image of one in the upright image. */
static struct rectangle stored_rectangle(int orientation, uint32_t width, uint32_t height,
                                         const struct rectangle *upright) {
    uint32_t x[2], y[2];
    stored_position(orientation, width, height, upright->left, upright->top, &x[0], &y[0]);
    stored_position(orientation, width, height, upright->left + upright->width - 1,
                    upright->top + upright->height - 1, &x[1], &y[1]);
    const int first_x = x[0] > x[1], first_y = y[0] > y[1];
    return (struct rectangle){x[first_x], y[first_y], x[!first_x] - x[first_x] + 1,
                              y[!first_y] - y[first_y] + 1};
}

/* Cuts the samples that show `crop` out of a plane, of which each shows factor_x x factor_y pixels,
 * and resizes them. */
static double *resize_plane(const uint8_t *plane, uint32_t plane_width, int channels, int factor_x,
                            int factor_y, const struct rectangle *crop, struct exact_spec spec) {
    const uint32_t left = crop->left / (uint32_t)factor_x, top = crop->top / (uint32_t)factor_y;
    const uint32_t right = (crop->left + crop->width - 1) / (uint32_t)factor_x;
    const uint32_t bottom = (crop->top + crop->height - 1) / (uint32_t)factor_y;
    spec.source_width = right - left + 1;
    spec.source_height = bottom - top + 1;
    spec.channels = channels;
    spec.left = (double)crop->left / factor_x - left;
    spec.top = (double)crop->top / factor_y - top;
    spec.width = (double)crop->width / factor_x;
    spec.height = (double)crop->height / factor_y;
    const size_t row_bytes = (size_t)spec.source_width * (size_t)channels;
    uint8_t *cut = malloc(row_bytes * spec.source_height);
    assert_non_null(cut);
    for (uint32_t y = 0; y < spec.source_height; y++) {
        memcpy(cut + y * row_bytes,
               plane + ((size_t)(top + y) * plane_width + left) * (size_t)channels, row_bytes);
    }
    double *resized = exact_resize(&spec, cut);
    free(cut);
    return resized;
}

static double clamped(double value) {
    return value < 0.0 ? 0.0 : value > 255.0 ? 255.0 : value;
}

/* JFIF's formulas. */
static void to_rgb(const double *y, const double *cb, const double *cr, double *rgb, size_t n) {
    for (size_t i = 0; i < n; i++) {
        rgb[3 * i] = clamped(y[i] + 1.402 * (cr[i] - 128));
        rgb[3 * i + 1] = clamped(y[i] - 0.344136 * (cb[i] - 128) - 0.714136 * (cr[i] - 128));
        rgb[3 * i + 2] = clamped(y[i] + 1.772 * (cb[i] - 128));
    }
}

/* One random file, and what its decoder gives. */
struct subject {
    struct blob file;
    uint32_t width, height; /* stored */
    int orientation;
    int channels;        /* of the result */
    struct plain planes; /* of a JPEG that is resized as planes */
    uint8_t *pixels;     /* of every other image, interleaved */
    int pixel_channels;  /* 4 of CMYK */
    bool is_jpeg, linear, alpha;
    int factor_x, factor_y; /* of its chroma */
};

static void subject_free(struct subject *subject) {
    plain_free(&subject->planes);
    free(subject->pixels);
    blob_free(&subject->file);
}

/* The exact result in stored axes, `width` x `height`. */
static double *model_stored(const struct subject *subject, const struct rectangle *crop,
                            uint32_t width, uint32_t height, enum imgcore_filter filter) {
    const struct exact_spec spec = {.target_width = width,
                                    .target_height = height,
                                    .filter = filter,
                                    .alpha = subject->alpha,
                                    .linear = subject->linear};
    const size_t n = (size_t)width * height;
    if (subject->pixels != NULL) {
        double *made = resize_plane(subject->pixels, subject->width, subject->pixel_channels, 1, 1,
                                    crop, spec);
        if (subject->pixel_channels == 4 && subject->is_jpeg) { /* CMYK, stored inverted */
            for (size_t i = 0; i < n; i++) {
                for (size_t c = 0; c < 3; c++) {
                    made[3 * i + c] = made[4 * i + c] * made[4 * i + 3] / 255.0;
                }
            }
        }
        return made;
    }
    const struct plain *planes = &subject->planes;
    double *made[3] = {NULL};
    for (int p = 0; p < planes->planes; p++) {
        made[p] = resize_plane(planes->plane[p], planes->width[p], 1, p ? subject->factor_x : 1,
                               p ? subject->factor_y : 1, crop, spec);
    }
    if (planes->planes == 1) {
        return made[0];
    }
    double *rgb = malloc(3 * n * sizeof(*rgb));
    assert_non_null(rgb);
    to_rgb(made[0], made[1], made[2], rgb, n);
    for (int p = 0; p < 3; p++) {
        free(made[p]);
    }
    return rgb;
}

/* The exact result, upright, `width` x `height`. */
static double *model(const struct subject *subject, const struct rectangle *crop, uint32_t width,
                     uint32_t height, enum imgcore_filter filter) {
    const bool swaps = subject->orientation >= 5;
    const struct rectangle stored =
        stored_rectangle(subject->orientation, swaps ? subject->height : subject->width,
                         swaps ? subject->width : subject->height, crop);
    const uint32_t stored_width = swaps ? height : width, stored_height = swaps ? width : height;
    double *made = model_stored(subject, &stored, stored_width, stored_height, filter);
    const size_t channels = (size_t)subject->channels;
    double *upright = malloc((size_t)width * height * channels * sizeof(*upright));
    assert_non_null(upright);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint32_t from_x, from_y;
            stored_position(subject->orientation, width, height, x, y, &from_x, &from_y);
            memcpy(upright + ((size_t)y * width + x) * channels,
                   made + ((size_t)from_y * stored_width + from_x) * channels,
                   channels * sizeof(*upright));
        }
    }
    free(made);
    return upright;
}

/* The samples of one axis of a stored plane that show the crop, as displayed. */
struct span {
    uint32_t first, count;
    double start, length; /* of the crop, from the first sample in the direction of display */
};

static struct span span_of(uint32_t start_px, uint32_t length_px, uint32_t factor, bool mirrored) {
    struct span span = {start_px / factor, 0, 0.0, (double)length_px / factor};
    span.count = (start_px + length_px - 1) / factor - span.first + 1;
    span.start = (double)start_px / factor - span.first;
    if (mirrored) {
        span.start = span.count - span.start - span.length;
    }
    return span;
}

/* Plane `p` of a JPEG output of width x height with one sample for h x v pixels: the plane of the
 * file is rotated first, and resized then. */
static double *model_plane(const struct subject *subject, int p, const struct rectangle *crop,
                           uint32_t width, uint32_t height, uint32_t h, uint32_t v) {
    const int orientation = subject->orientation;
    const bool swaps = orientation >= 5;
    const struct rectangle stored =
        stored_rectangle(orientation, swaps ? subject->height : subject->width,
                         swaps ? subject->width : subject->height, crop);
    const bool mirrors_x = strchr("2378", '0' + orientation) != NULL;
    const bool mirrors_y = strchr("3467", '0' + orientation) != NULL;
    const struct span columns =
        span_of(stored.left, stored.width, p ? (uint32_t)subject->factor_x : 1, mirrors_x);
    const struct span rows =
        span_of(stored.top, stored.height, p ? (uint32_t)subject->factor_y : 1, mirrors_y);
    const struct span x = swaps ? rows : columns, y = swaps ? columns : rows;
    uint8_t *upright = malloc((size_t)x.count * y.count);
    assert_non_null(upright);
    for (uint32_t k = 0; k < x.count * y.count; k++) {
        uint32_t from_x, from_y;
        stored_position(orientation, x.count, y.count, k % x.count, k / x.count, &from_x, &from_y);
        upright[k] =
            subject->planes.plane[p][(size_t)(rows.first + from_y) * subject->planes.width[p] +
                                     columns.first + from_x];
    }
    /* the last sample of an odd side shows a pixel less than the others */
    const uint32_t target_width = (width + h - 1) / h, target_height = (height + v - 1) / v;
    const struct exact_spec spec = {.source_width = x.count,
                                    .source_height = y.count,
                                    .target_width = target_width,
                                    .target_height = target_height,
                                    .channels = 1,
                                    .left = x.start,
                                    .top = y.start,
                                    .width = x.length * target_width * h / width,
                                    .height = y.length * target_height * v / height};
    double *made = exact_resize(&spec, upright);
    free(upright);
    return made;
}

/* ---- random files -------------------------------------------------------------------------- */

static void take_jpeg(struct subject *subject, uint64_t *random) {
    static const int factors[][2] = {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}, {4, 2}};
    struct jpeg_spec spec = {.width = subject->width, .height = subject->height};
    const uint32_t kind = random_between(random, 0, 7);
    spec.channels = kind == 0 ? 1 : kind == 1 ? 4 : 3;
    if (spec.channels == 3) {
        const size_t i = random_between(random, 0, sizeof(factors) / sizeof(factors[0]) - 1);
        spec.h_samp = subject->factor_x = factors[i][0];
        spec.v_samp = subject->factor_y = factors[i][1];
    }
    spec.progressive = random_between(random, 0, 2) == 0;
    spec.restart_rows = (int)random_between(random, 0, 2);
    spec.orientation = subject->orientation;
    subject->file.bytes = jpeg_make(&spec, &subject->file.size_bytes);
    subject->is_jpeg = true;
    /* what the formula of CMYK gives is not in linear light */
    subject->linear = spec.channels != 4 && random_between(random, 0, 4) == 0;
    subject->channels = spec.channels == 1 ? 1 : 3;
    if (spec.channels == 4 || subject->linear) {
        uint32_t width, height;
        subject->pixels = jpeg_read(subject->file.bytes, subject->file.size_bytes, &width, &height,
                                    &subject->pixel_channels);
    } else {
        subject->planes = plain_decode(&subject->file, true, 1);
        assert_true(subject->planes.ok);
    }
}

static void take_png(struct subject *subject, uint64_t *random) {
    struct png_spec spec = {.width = subject->width, .height = subject->height};
    spec.channels = (int)random_between(random, 1, 4);
    spec.interlaced = random_between(random, 0, 1);
    spec.orientation = subject->orientation;
    subject->file.bytes = png_make(&spec, &subject->file.size_bytes);
    subject->alpha = spec.channels % 2 == 0;
    subject->linear = !subject->alpha && random_between(random, 0, 4) == 0;
    subject->channels = subject->pixel_channels = spec.channels;
    subject->pixels = scene_make(subject->width, subject->height, spec.channels);
}

static struct subject make_subject(uint64_t *random, uint32_t longest) {
    struct subject subject;
    memset(&subject, 0, sizeof(subject));
    subject.width = random_between(random, 1, longest);
    subject.height = random_between(random, 1, longest);
    subject.orientation = (int)random_between(random, 1, 8);
    (random_between(random, 0, 2) == 0 ? take_png : take_jpeg)(&subject, random);
    return subject;
}

static struct rectangle random_crop(const struct subject *subject, uint64_t *random) {
    const bool swaps = subject->orientation >= 5;
    const uint32_t width = swaps ? subject->height : subject->width;
    const uint32_t height = swaps ? subject->width : subject->height;
    struct rectangle crop;
    crop.left = random_between(random, 0, width - 1);
    crop.top = random_between(random, 0, height - 1);
    crop.width = random_between(random, 1, width - crop.left);
    crop.height = random_between(random, 1, height - crop.top);
    return crop;
}

#endif
