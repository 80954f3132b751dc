/* The distance of results from the exact ones, before any encoder: PSNR and the largest error
 * against Lanczos3 in double precision, computed from the fully decoded photograph.
 *
 * The reference of a JPEG is each of its own planes as libjpeg decodes it at full scale (no
 * upsampling), resized exactly. The image covers exactly width x h / h_max samples of a chroma
 * plane, and width / 2 samples of that of a 4:2:0 output: fractions are kept on both sides. For
 * peers that return RGB: the RGB that libjpeg decodes (fancy upsampling), resized exactly; and luma
 * of their RGB against the exact luma plane. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <spng.h>

#include "bench/exact_fast.h"
#include "bench/runner.h"
#include "imgcore/api/source.h"

static const char usage[] =
    "usage: bench_quality pixels SOURCE.pam RESULT.pam [--plain 1]\n"
    "       bench_quality preset PHOTOGRAPH --preset balanced|quality|fast [--target NAME]\n"
    "       bench_quality results PHOTOGRAPH FOLDER\n"
    "Prints one JSON document: PSNR in dB (99: no difference) and the largest error.\n"
    "  pixels   plain pixels against the exact resize (2 or 4 channels: straight alpha)\n"
    "  preset   the library's own four pictures, each plane, before encoding\n"
    "  results  0.pam to 3.pam in FOLDER (RGB or grey) of another program\n";

struct source_plane {
    uint8_t *bytes;
    ptrdiff_t stride_bytes;
    struct exact_plane shape;
    int channels;
};

struct photograph {
    uint32_t width, height;
    bool is_jpeg;
    int planes; /* planes of a JPEG, or 1 */
    struct source_plane plane[3], rgb;
};

static int fail(const char *why) {
    fprintf(stderr, "bench_quality: %s\n", why);
    return 1;
}

/* ---- decoding at full scale ------------------------------------------------------------------ */

static bool plane_make(struct source_plane *plane, uint32_t width, uint32_t height, int channels,
                       size_t stride, size_t rows) {
    plane->shape = (struct exact_plane){width, height, width, height};
    plane->channels = channels;
    plane->stride_bytes = (ptrdiff_t)stride;
    plane->bytes = calloc(rows, stride);
    return plane->bytes != NULL;
}

static bool read_raw_planes(struct jpeg_decompress_struct *cinfo, struct photograph *photo) {
    cinfo->out_color_space = cinfo->jpeg_color_space;
    cinfo->raw_data_out = TRUE;
    cinfo->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(cinfo);
    JSAMPROW row[3][4 * DCTSIZE];
    JSAMPARRAY planes[3] = {row[0], row[1], row[2]};
    for (int p = 0; p < photo->planes; p++) {
        const jpeg_component_info *info = &cinfo->comp_info[p];
        struct source_plane *plane = &photo->plane[p];
        const size_t rows = (size_t)cinfo->total_iMCU_rows * (size_t)info->v_samp_factor * DCTSIZE;
        if (!plane_make(plane, info->downsampled_width, info->downsampled_height, 1,
                        (size_t)info->width_in_blocks * DCTSIZE, rows)) {
            return false;
        }
        plane->shape.extent_width =
            (double)photo->width * info->h_samp_factor / cinfo->max_h_samp_factor;
        plane->shape.extent_height =
            (double)photo->height * info->v_samp_factor / cinfo->max_v_samp_factor;
    }
    for (size_t strip = 0; cinfo->output_scanline < cinfo->output_height; strip++) {
        for (int p = 0; p < photo->planes; p++) {
            const size_t rows = (size_t)cinfo->comp_info[p].v_samp_factor * DCTSIZE;
            for (size_t y = 0; y < rows; y++) {
                row[p][y] = photo->plane[p].bytes +
                            (ptrdiff_t)(strip * rows + y) * photo->plane[p].stride_bytes;
            }
        }
        jpeg_read_raw_data(cinfo, planes, (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE));
    }
    return true;
}

static bool read_jpeg(const uint8_t *bytes, size_t size_bytes, bool want_rgb,
                      struct photograph *photo) {
    for (int turn = 0; turn < (want_rgb ? 2 : 1); turn++) {
        struct jpeg_decompress_struct cinfo;
        struct jpeg_error_mgr errors;
        cinfo.err = jpeg_std_error(&errors);
        jpeg_create_decompress(&cinfo);
        jpeg_mem_src(&cinfo, bytes, (unsigned long)size_bytes);
        jpeg_read_header(&cinfo, TRUE);
        photo->width = cinfo.image_width;
        photo->height = cinfo.image_height;
        photo->planes = cinfo.num_components;
        bool ok = cinfo.jpeg_color_space == JCS_YCbCr || cinfo.jpeg_color_space == JCS_GRAYSCALE;
        if (ok && turn == 0) {
            ok = read_raw_planes(&cinfo, photo);
        } else if (ok) {
            cinfo.out_color_space = JCS_RGB;
            jpeg_start_decompress(&cinfo);
            ok = plane_make(&photo->rgb, photo->width, photo->height, 3, (size_t)photo->width * 3,
                            photo->height);
            while (ok && cinfo.output_scanline < cinfo.output_height) {
                JSAMPROW row =
                    photo->rgb.bytes + (ptrdiff_t)cinfo.output_scanline * photo->rgb.stride_bytes;
                jpeg_read_scanlines(&cinfo, &row, 1);
            }
        }
        jpeg_destroy_decompress(&cinfo);
        if (!ok) {
            return false;
        }
    }
    photo->is_jpeg = true;
    return true;
}

static bool read_png(const uint8_t *bytes, size_t size_bytes, struct photograph *photo) {
    spng_ctx *ctx = spng_ctx_new(0);
    struct spng_ihdr head;
    struct spng_trns trns;
    size_t size = 0;
    bool ok =
        ctx != NULL && spng_set_png_buffer(ctx, bytes, size_bytes) == 0 &&
        spng_get_ihdr(ctx, &head) == 0 && head.color_type == SPNG_COLOR_TYPE_TRUECOLOR &&
        spng_get_trns(ctx, &trns) != 0 && spng_decoded_image_size(ctx, SPNG_FMT_RGB8, &size) == 0 &&
        plane_make(&photo->rgb, head.width, head.height, 3, (size_t)head.width * 3, head.height);
    ok = ok && spng_decode_image(ctx, photo->rgb.bytes, size, SPNG_FMT_RGB8, 0) == 0;
    spng_ctx_free(ctx);
    photo->planes = 1;
    photo->width = photo->rgb.shape.width;
    photo->height = photo->rgb.shape.height;
    return ok;
}

static bool read_photograph(const char *path, bool want_rgb, struct photograph *photo) {
    struct runner errors;
    size_t size_bytes;
    uint8_t *bytes = runner_read(&errors, path, &size_bytes);
    memset(photo, 0, sizeof(*photo));
    const bool ok = bytes != NULL && size_bytes > 8 &&
                    (bytes[0] == 0xff ? read_jpeg(bytes, size_bytes, want_rgb, photo)
                                      : read_png(bytes, size_bytes, photo));
    free(bytes);
    return ok;
}

static void photograph_clear(struct photograph *photo) {
    for (int p = 0; p < 3; p++) {
        free(photo->plane[p].bytes);
    }
    free(photo->rgb.bytes);
}

/* ---- plain pixels ---------------------------------------------------------------------------- */

static void print_distance(const char *before, const struct exact_distance *distance,
                           const char *after) {
    printf("%s\"psnr\": %.2f, \"worst\": %.3f, \"psnr_inside\": %.2f, \"worst_inside\": %.3f, "
           "\"psnr_seen\": %.2f%s",
           before, distance->psnr, distance->worst, distance->psnr_inside, distance->worst_inside,
           distance->psnr_seen, after);
}

static int measure_pixels(struct runner *options) {
    struct runner_pixels source, result;
    if (!runner_read_pixels(options, options->argv[2], &source)) {
        return fail(options->why);
    }
    if (!runner_read_pixels(options, options->argv[3], &result)) {
        free(source.bytes);
        return fail(options->why);
    }
    const bool same = source.channels == result.channels;
    const bool alpha = source.channels % 2 == 0 && runner_number(options, "plain", 0) == 0;
    const struct exact_plane from = {source.width, source.height, source.width, source.height};
    const struct exact_plane to = {result.width, result.height, result.width, result.height};
    double *exact = same ? exact_fast(source.bytes, (ptrdiff_t)source.width * source.channels,
                                      &from, &to, source.channels, alpha)
                         : NULL;
    if (exact != NULL) {
        const struct exact_distance distance =
            exact_compare(exact, result.bytes, (ptrdiff_t)result.width * result.channels,
                          result.width, result.height, result.channels, alpha);
        printf("{\"width\": %u, \"height\": %u, ", result.width, result.height);
        print_distance("", &distance, "}\n");
    }
    free(exact);
    free(source.bytes);
    free(result.bytes);
    return exact != NULL ? 0 : fail("the channels differ, or there is no memory");
}

/* ---- the library's own four pictures --------------------------------------------------------- */

/* PSNR over several planes: of the sum of their squared errors. */
static double joined_psnr(const double *psnr, const double *n, int count) {
    double sum = 0.0, all = 0.0;
    for (int i = 0; i < count; i++) {
        sum += n[i] * 255.0 * 255.0 / pow(10.0, psnr[i] / 10.0);
        all += n[i];
    }
    return fmin(99.0, 10.0 * log10(255.0 * 255.0 * all / sum));
}

static bool measure_picture(const struct photograph *photo, const struct ic_picture *picture,
                            const char *separator) {
    double psnr[3], n[3], worst = 0.0;
    for (int p = 0; p < picture->planes; p++) {
        const struct source_plane *from = photo->is_jpeg ? &photo->plane[p] : &photo->rgb;
        const uint32_t width = picture->plane[p].width, height = picture->plane[p].height;
        const int factor_x = width < picture->width_px ? 2 : 1;
        const int factor_y = height < picture->height_px ? 2 : 1;
        const struct exact_plane to = {width, height, (double)picture->width_px / factor_x,
                                       (double)picture->height_px / factor_y};
        if (from->channels != picture->plane[p].channels) {
            return false;
        }
        double *exact =
            exact_fast(from->bytes, from->stride_bytes, &from->shape, &to, from->channels, false);
        if (exact == NULL) {
            return false;
        }
        const struct exact_distance distance =
            exact_compare(exact, picture->plane[p].rows, picture->plane[p].stride_bytes, width,
                          height, from->channels, false);
        free(exact);
        psnr[p] = distance.psnr;
        n[p] = (double)width * height * from->channels;
        worst = fmax(worst, distance.worst);
    }
    printf("%s{\"width\": %u, \"height\": %u, \"planes\": [", separator, picture->width_px,
           picture->height_px);
    for (int p = 0; p < picture->planes; p++) {
        printf("%s%.2f", p > 0 ? ", " : "", psnr[p]);
    }
    printf("], \"luma\": %.2f, \"all\": %.2f, \"worst\": %.3f}", psnr[0],
           joined_psnr(psnr, n, picture->planes), worst);
    return true;
}

static bool make_pictures(struct runner *options, struct imgcore_context *context,
                          const struct imgcore_source *source, struct ic_result *results) {
    static const char *const presets[] = {"balanced", "quality", "fast"};
    struct imgcore_options raw, resolved;
    struct imgcore_output outputs[RUNNER_SIZES];
    struct imgcore_error error;
    const char *preset = runner_option(options, "preset", presets[0]);
    imgcore_options_default(&raw);
    raw.keep_icc = raw.ignore_orientation = true; /* only the resize is measured */
    raw.limits.memory_bytes = (size_t)4 << 30;
    for (int i = 0; i < 3; i++) {
        raw.preset = strcmp(preset, presets[i]) == 0 ? (enum imgcore_preset)i : raw.preset;
    }
    for (int i = 0; i < RUNNER_SIZES; i++) {
        imgcore_output_default(&outputs[i]);
        outputs[i].width_px = outputs[i].height_px = runner_box_px[i];
    }
    struct ic_source opened;
    if (ic_options_resolve(&raw, &resolved, &error) != IMGCORE_OK ||
        ic_source_open(context, source, &resolved, &opened, &error) != IMGCORE_OK) {
        return false;
    }
    const struct ic_env env = {.mem = &context->mem,
                               .kernels = &context->kernels,
                               .icc = context->icc,
                               .weights = &context->weights,
                               .transfer = ic_context_transfer,
                               .user = context};
    const struct ic_transform transform = {&resolved, &resolved.limits, outputs, RUNNER_SIZES};
    const bool ok =
        ic_pipeline_pictures(&env, opened.reader, &transform, results, &error) == IMGCORE_OK;
    ic_source_close(&opened);
    return ok;
}

static int measure_preset(struct runner *options) {
    struct photograph photo;
    if (!read_photograph(options->argv[2], false, &photo)) {
        photograph_clear(&photo);
        return fail("a photograph of this kind is not measured");
    }
    struct imgcore_context *context;
    struct ic_result results[RUNNER_SIZES];
    struct imgcore_source source = {.bytes = NULL, .size_bytes = 0};
    uint8_t *bytes = runner_read(options, options->argv[2], &source.size_bytes);
    source.bytes = bytes;
    if (imgcore_context_create(NULL, &context) != IMGCORE_OK) {
        return fail("no context");
    }
    const char *target = runner_option(options, "target", NULL);
    bool ok = target == NULL || imgcore_context_use_target(context, target) == IMGCORE_OK;
    ok = ok && make_pictures(options, context, &source, results);
    if (ok) {
        printf("{\"sizes\": [");
        for (int i = 0; i < RUNNER_SIZES; i++) {
            ok = measure_picture(&photo, &results[i].picture, i > 0 ? ",\n  " : "") && ok;
            ic_picture_clear(&context->mem, &results[i].picture);
        }
        printf("]}\n");
    }
    imgcore_context_destroy(context);
    photograph_clear(&photo);
    free(bytes);
    return ok ? 0 : fail("imgcore did not make the pictures");
}

/* ---- another program's four pictures --------------------------------------------------------- */

static double luma_psnr(const struct photograph *photo, const struct runner_pixels *result) {
    const struct exact_plane to = {result->width, result->height, result->width, result->height};
    const struct source_plane *from = &photo->plane[0];
    const size_t n = (size_t)result->width * result->height;
    double *exact = exact_fast(from->bytes, from->stride_bytes, &from->shape, &to, 1, false);
    double sum = 0.0;
    for (size_t i = 0; exact != NULL && i < n; i++) {
        const uint8_t *rgb = result->bytes + i * 3;
        const double off = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2] - exact[i];
        sum += off * off;
    }
    free(exact);
    return sum > 0.0 ? 10.0 * log10(255.0 * 255.0 * (double)n / sum) : 99.0;
}

static int measure_results(struct runner *options) {
    struct photograph photo;
    if (!read_photograph(options->argv[2], true, &photo)) {
        photograph_clear(&photo);
        return fail("a photograph of this kind is not measured");
    }
    bool ok = true;
    printf("{\"sizes\": [");
    for (int i = 0; ok && i < RUNNER_SIZES; i++) {
        char path[4096];
        struct runner_pixels result;
        snprintf(path, sizeof(path), "%s/%d.pam", options->argv[3], i);
        ok = runner_read_pixels(options, path, &result);
        if (!ok) {
            break;
        }
        const struct exact_plane to = {result.width, result.height, result.width, result.height};
        double *exact = result.channels == 3 ? exact_fast(photo.rgb.bytes, photo.rgb.stride_bytes,
                                                          &photo.rgb.shape, &to, 3, false)
                                             : NULL;
        ok = exact != NULL;
        if (ok) {
            const struct exact_distance distance =
                exact_compare(exact, result.bytes, (ptrdiff_t)result.width * 3, result.width,
                              result.height, 3, false);
            printf("%s{\"width\": %u, \"height\": %u, ", i > 0 ? ",\n  " : "", result.width,
                   result.height);
            if (photo.is_jpeg) {
                printf("\"luma\": %.2f, ", luma_psnr(&photo, &result));
            }
            printf("\"all\": %.2f, \"worst\": %.3f}", distance.psnr, distance.worst);
        }
        free(exact);
        free(result.bytes);
    }
    printf("]}\n");
    photograph_clear(&photo);
    return ok ? 0 : fail("the four pictures are not there, or not RGB");
}

int main(int argc, char **argv) {
    struct runner options = {.argc = argc, .argv = argv};
    const char *what = argc >= 2 ? argv[1] : "";
    if (strcmp(what, "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (strcmp(what, "pixels") == 0 && argc >= 4) {
        return measure_pixels(&options);
    }
    if (strcmp(what, "preset") == 0 && argc >= 3) {
        return measure_preset(&options);
    }
    if (strcmp(what, "results") == 0 && argc >= 4) {
        return measure_results(&options);
    }
    fputs(usage, stderr);
    return 2;
}
