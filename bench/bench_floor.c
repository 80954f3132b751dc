/* The lower bound of a JPEG to four JPEGs: the time to decode the photograph to planes, at the
 * scale that the plan chooses, by the library's reader or by libjpeg-turbo alone, and that of
 * libjpeg-turbo to encode four images from existing planes. No resize, no conversion, no copy. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "bench/runner.h"
#include "imgcore/api/source.h"
#include "imgcore/plan/plan.h"

enum { MAX_ROWS = 4 * DCTSIZE }; /* rows of a plane in one step of the decoder */

struct errors {
    struct jpeg_error_mgr manager;
    jmp_buf jump;
};

/* The planes of one small image, with rows wide enough for entire blocks. */
struct planes {
    uint32_t width, height;
    int components;
    uint8_t *bytes[3];
    size_t stride_bytes[3];
};

struct floor_state {
    uint8_t *bytes;
    size_t size_bytes;
    int denom, optimize;
    bool decode, encode;
    struct imgcore_context *own; /* whose reader decodes; NULL: libjpeg-turbo alone */
    uint8_t *strip;              /* the rows of all planes of one step of the decoder */
    size_t strip_bytes;
    struct planes small[RUNNER_SIZES];
    unsigned char *encoded;
    unsigned long encoded_bytes;
};

static void on_error(j_common_ptr cinfo) {
    longjmp(((struct errors *)cinfo->err)->jump, 1);
}

static void on_message(j_common_ptr cinfo) {
    (void)cinfo;
}

static void set_errors(struct errors *errors) {
    jpeg_std_error(&errors->manager);
    errors->manager.error_exit = on_error;
    errors->manager.output_message = on_message;
}

/* Decodes to planes, strip by strip; `keep` NULL: drops them. */
static bool decode_planes(struct floor_state *state, const uint8_t *bytes, size_t size_bytes,
                          int denom, struct planes *keep) {
    struct jpeg_decompress_struct cinfo;
    struct errors errors;
    set_errors(&errors);
    cinfo.err = &errors.manager;
    if (setjmp(errors.jump) != 0) {
        jpeg_destroy_decompress(&cinfo);
        return false;
    }
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, (unsigned long)size_bytes);
    jpeg_read_header(&cinfo, TRUE);
    if (cinfo.num_components != 1 && cinfo.num_components != 3) {
        longjmp(errors.jump, 1);
    }
    cinfo.out_color_space = cinfo.jpeg_color_space;
    cinfo.raw_data_out = TRUE;
    cinfo.do_fancy_upsampling = FALSE;
    cinfo.dct_method = JDCT_ISLOW;
    cinfo.scale_num = 1;
    cinfo.scale_denom = (unsigned)denom;
    jpeg_start_decompress(&cinfo);

    JSAMPROW row[3][MAX_ROWS];
    JSAMPARRAY planes[3];
    size_t need = 0, stride[3] = {0, 0, 0};
    for (int p = 0; p < cinfo.num_components; p++) {
        const jpeg_component_info *info = &cinfo.comp_info[p];
        stride[p] = (size_t)info->width_in_blocks * (size_t)info->DCT_scaled_size + 64;
        need += stride[p] * MAX_ROWS;
    }
    if (need > state->strip_bytes) {
        free(state->strip);
        state->strip = malloc(need);
        state->strip_bytes = state->strip == NULL ? 0 : need;
        if (state->strip == NULL) {
            longjmp(errors.jump, 1);
        }
    }
    uint8_t *at = state->strip;
    for (int p = 0; p < cinfo.num_components; p++) {
        const jpeg_component_info *info = &cinfo.comp_info[p];
        const int rows = info->v_samp_factor * info->DCT_scaled_size;
        for (int y = 0; y < rows; y++) {
            row[p][y] = at + (size_t)y * stride[p];
        }
        at += stride[p] * MAX_ROWS;
        planes[p] = row[p];
        if (keep != NULL) {
            keep->stride_bytes[p] = stride[p];
            keep->bytes[p] = calloc(cinfo.total_iMCU_rows * (size_t)rows, stride[p]);
            if (keep->bytes[p] == NULL) {
                longjmp(errors.jump, 1);
            }
        }
    }
    if (keep != NULL) {
        keep->width = cinfo.output_width;
        keep->height = cinfo.output_height;
        keep->components = cinfo.num_components;
    }
    const JDIMENSION lines = (JDIMENSION)(cinfo.max_v_samp_factor * cinfo.min_DCT_scaled_size);
    for (size_t strip = 0; cinfo.output_scanline < cinfo.output_height; strip++) {
        jpeg_read_raw_data(&cinfo, planes, lines);
        for (int p = 0; keep != NULL && p < cinfo.num_components; p++) {
            const jpeg_component_info *info = &cinfo.comp_info[p];
            const size_t rows = (size_t)(info->v_samp_factor * info->DCT_scaled_size);
            for (size_t y = 0; y < rows; y++) {
                memcpy(keep->bytes[p] + (strip * rows + y) * stride[p], row[p][y], stride[p] - 64);
            }
        }
    }
    jpeg_finish_decompress(&cinfo);
    jpeg_destroy_decompress(&cinfo);
    return true;
}

/* Decodes to planes, strip by strip, by the library's reader, and drops them. */
static bool decode_own(struct floor_state *state) {
    struct imgcore_options raw, options;
    struct imgcore_error error;
    struct ic_source opened;
    const struct imgcore_source source = {.bytes = state->bytes, .size_bytes = state->size_bytes};
    imgcore_options_default(&raw);
    raw.limits.memory_bytes = (size_t)4 << 30;
    if (ic_options_resolve(&raw, &options, &error) != IMGCORE_OK ||
        ic_source_open(state->own, &source, &options, &opened, &error) != IMGCORE_OK) {
        return false;
    }
    struct ic_reader *reader = opened.reader;
    const struct ic_read_request request = {.planes = true, .scale_denom = state->denom};
    struct ic_read_layout layout;
    struct ic_strip strip = {.done = false};
    bool ok = reader->ops->start(reader, &request, &layout, &error) == IMGCORE_OK;
    while (ok && !strip.done) {
        ok = reader->ops->read(reader, &strip, &error) == IMGCORE_OK;
    }
    ok = ok && reader->ops->finish(reader, &error) == IMGCORE_OK;
    ic_source_close(&opened);
    return ok;
}

static bool encode_planes(struct floor_state *state, const struct planes *small, size_t *made) {
    struct jpeg_compress_struct cinfo;
    struct errors errors;
    set_errors(&errors);
    cinfo.err = &errors.manager;
    unsigned char *out = state->encoded;
    unsigned long out_bytes = state->encoded_bytes;
    if (setjmp(errors.jump) != 0) {
        jpeg_destroy_compress(&cinfo);
        return false;
    }
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &out, &out_bytes);
    cinfo.image_width = small->width;
    cinfo.image_height = small->height;
    cinfo.input_components = small->components;
    cinfo.in_color_space = small->components == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, 80, TRUE);
    cinfo.dct_method = JDCT_ISLOW;
    cinfo.comp_info[0].h_samp_factor = cinfo.comp_info[0].v_samp_factor =
        small->components == 1 ? 1 : 2;
    cinfo.raw_data_in = TRUE;
    cinfo.optimize_coding = state->optimize != 0;
    jpeg_start_compress(&cinfo, TRUE);
    JSAMPROW row[3][2 * DCTSIZE];
    JSAMPARRAY planes[3] = {row[0], row[1], row[2]};
    for (size_t strip = 0; cinfo.next_scanline < cinfo.image_height; strip++) {
        for (int p = 0; p < small->components; p++) {
            const size_t rows = (size_t)cinfo.comp_info[p].v_samp_factor * DCTSIZE;
            for (size_t y = 0; y < rows; y++) {
                row[p][y] = small->bytes[p] + (strip * rows + y) * small->stride_bytes[p];
            }
        }
        jpeg_write_raw_data(&cinfo, planes, (JDIMENSION)(cinfo.max_v_samp_factor * DCTSIZE));
    }
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    *made += out_bytes;
    if (out != state->encoded) { /* libjpeg has replaced the buffer by a larger one */
        free(state->encoded);
        state->encoded = out;
        state->encoded_bytes = out_bytes;
    }
    return true;
}

/* Makes the four images to encode, with the library itself, and gets the scale that its plan
 * chooses. */
static bool prepare(struct runner *runner, struct floor_state *state) {
    static const char *const presets[] = {"balanced", "quality", "fast"};
    struct imgcore_context *context = NULL;
    struct imgcore_error error;
    struct imgcore_info info;
    struct imgcore_output output[RUNNER_SIZES];
    const struct imgcore_source source = {.bytes = state->bytes, .size_bytes = state->size_bytes};
    struct ic_plan_input input = {.scalable = true, .preset = IMGCORE_PRESET_BALANCED};
    const char *preset = runner_option(runner, "preset", presets[0]);
    for (int i = 0; i < 3; i++) {
        input.preset = strcmp(preset, presets[i]) == 0 ? (enum imgcore_preset)i : input.preset;
    }
    for (int i = 0; i < RUNNER_SIZES; i++) {
        imgcore_output_default(&output[i]);
        output[i].width_px = output[i].height_px = runner_box_px[i];
        output[i].format = IMGCORE_FORMAT_JPEG;
    }
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits.memory_bytes = (size_t)4 << 30;
    imgcore_info_default(&info);
    if (imgcore_context_create(NULL, &context) != IMGCORE_OK ||
        imgcore_probe(context, &source, NULL, &info, &error) != IMGCORE_OK ||
        info.format != IMGCORE_FORMAT_JPEG ||
        imgcore_transform(context, &source, &options, output, RUNNER_SIZES, &error) != IMGCORE_OK) {
        imgcore_context_destroy(context);
        return runner_fail(runner, "no JPEG that imgcore takes");
    }
    input.width_px = info.width_px;
    input.height_px = info.height_px;
    input.orientation = info.orientation;
    struct ic_plan plan;
    bool ok = ic_plan_make(&input, output, RUNNER_SIZES, IMGCORE_DEFAULT_OUTPUT_PIXELS, &plan,
                           &error) == IMGCORE_OK;
    state->denom = runner_number(runner, "denom", ok ? plan.scale_denom : 1);
    for (int i = 0; ok && i < RUNNER_SIZES; i++) {
        ok = decode_planes(state, output[i].bytes, output[i].size_bytes, 1, &state->small[i]);
    }
    imgcore_output_clear(context, output, RUNNER_SIZES);
    imgcore_context_destroy(context);
    return ok || runner_fail(runner, "the four pictures cannot be prepared");
}

static bool floor_open(struct runner *runner) {
    struct floor_state *state = runner->state;
    const char *part = runner_option(runner, "part", "both");
    state->decode = strcmp(part, "encode") != 0;
    state->encode = strcmp(part, "decode") != 0;
    state->optimize = runner_number(runner, "optimize", 0);
    const char *const decoder = runner_option(runner, "decoder", "own");
    const char *const target = runner_option(runner, "target", NULL);
    if (strcmp(decoder, "own") == 0 && imgcore_context_create(NULL, &state->own) != IMGCORE_OK) {
        return runner_fail(runner, "no context");
    }
    if (target != NULL &&
        (state->own == NULL || imgcore_context_use_target(state->own, target) != IMGCORE_OK)) {
        return runner_fail(runner, "no such target, or not for this decoder");
    }
    state->encoded_bytes = 1u << 20;
    state->encoded = malloc(state->encoded_bytes);
    state->bytes = runner_read(runner, runner_option(runner, "input", ""), &state->size_bytes);
    if (state->bytes == NULL || state->encoded == NULL || !prepare(runner, state)) {
        return false;
    }
    snprintf(runner->about, sizeof(runner->about), "%s, decode at 1/%d, %s",
             state->own != NULL ? "imgcore's reader, libjpeg-turbo's encoder" : "libjpeg-turbo",
             state->denom, part);
    return true;
}

static bool floor_run(struct runner *runner) {
    struct floor_state *state = runner->state;
    runner->made_bytes = 0;
    bool ok = true;
    if (state->decode) {
        ok = state->own != NULL
                 ? decode_own(state)
                 : decode_planes(state, state->bytes, state->size_bytes, state->denom, NULL);
    }
    for (int i = 0; ok && state->encode && i < RUNNER_SIZES; i++) {
        ok = encode_planes(state, &state->small[i], &runner->made_bytes);
    }
    return ok || runner_fail(runner, "the decoder or an encoder failed");
}

static bool floor_save(struct runner *runner, const char *folder) {
    (void)folder;
    return runner_fail(runner, "the floor makes no pictures");
}

static void floor_close(struct runner *runner) {
    struct floor_state *state = runner->state;
    for (int i = 0; i < RUNNER_SIZES; i++) {
        for (int p = 0; p < 3; p++) {
            free(state->small[i].bytes[p]);
        }
    }
    imgcore_context_destroy(state->own);
    free(state->strip);
    free(state->encoded);
    free(state->bytes);
}

int main(int argc, char **argv) {
    static struct floor_state state;
    struct runner runner = {
        .usage =
            "usage: bench_floor --input PHOTOGRAPH.jpg [--preset balanced|quality|fast]\n"
            "                   [--denom 1|2|4|8] [--optimize 1] [--part both|decode|encode]\n"
            "                   [--decoder own|libjpeg] [--target NAME]\n"
            "Decode to planes at the scale that the preset's plan chooses (or at 1/denom), by\n"
            "the library's reader or libjpeg-turbo alone; encode four pictures from planes by\n"
            "libjpeg-turbo. Quality 80, 4:2:0.\n",
        .open = floor_open,
        .run = floor_run,
        .save = floor_save,
        .close = floor_close,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
