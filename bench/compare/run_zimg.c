/* zimg on planes: Lanczos3, one thread, no dithering. In two forms: as in a long-running program
 * (the graphs are built once), and with the graphs built for every image. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zimg.h>

#include "bench/runner.h"

enum { ALIGN = 64 };

struct state {
    zimg_filter_graph *graph;
    uint8_t *source[4], *target[4];
    ptrdiff_t source_stride, target_stride;
    uint32_t width, height, target_width, target_height;
    int channels;
    bool rebuild;
    zimg_cpu_type_e cpu;
    void *scratch;
    size_t scratch_bytes;
};

static zimg_filter_graph *build(const struct state *state) {
    zimg_image_format from, to;
    zimg_graph_builder_params params;
    zimg_image_format_default(&from, ZIMG_API_VERSION);
    from.width = state->width;
    from.height = state->height;
    from.pixel_type = ZIMG_PIXEL_BYTE;
    from.color_family = ZIMG_COLOR_GREY;
    from.pixel_range = ZIMG_RANGE_FULL;
    from.depth = 8;
    to = from;
    to.width = state->target_width;
    to.height = state->target_height;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.resample_filter = ZIMG_RESIZE_LANCZOS;
    params.filter_param_a = 3;
    params.dither_type = ZIMG_DITHER_NONE;
    params.cpu_type = state->cpu;
    return zimg_filter_graph_build(&from, &to, &params);
}

static bool open_zimg(struct runner *runner) {
    struct state *state = runner->state;
    struct runner_pixels pixels;
    if (!runner_read_pixels(runner, runner_option(runner, "input", ""), &pixels)) {
        return false;
    }
    const char *cpu = runner_option(runner, "cpu", "auto");
    state->cpu = strcmp(cpu, "avx2") == 0 ? ZIMG_CPU_X86_AVX2 : ZIMG_CPU_AUTO_64B;
    state->rebuild = runner_number(runner, "rebuild", 0) != 0;
    state->width = pixels.width;
    state->height = pixels.height;
    state->channels = pixels.channels;
    state->target_width = (uint32_t)runner_number(runner, "width", 1);
    state->target_height = (uint32_t)runner_number(runner, "height", 1);
    state->source_stride = (ptrdiff_t)((state->width + ALIGN - 1) / ALIGN * ALIGN);
    state->target_stride = (ptrdiff_t)((state->target_width + ALIGN - 1) / ALIGN * ALIGN);
    for (int c = 0; c < state->channels; c++) {
        state->source[c] = aligned_alloc(ALIGN, (size_t)state->source_stride * state->height);
        state->target[c] =
            aligned_alloc(ALIGN, (size_t)state->target_stride * state->target_height);
        if (state->source[c] == NULL || state->target[c] == NULL) {
            return runner_fail(runner, "no memory");
        }
        for (size_t y = 0; y < state->height; y++) {
            const uint8_t *from =
                pixels.bytes + y * state->width * (size_t)state->channels + (size_t)c;
            uint8_t *to = state->source[c] + y * (size_t)state->source_stride;
            for (size_t x = 0; x < state->width; x++) {
                to[x] = from[x * (size_t)state->channels];
            }
        }
    }
    free(pixels.bytes);
    state->graph = build(state);
    if (state->graph == NULL ||
        zimg_filter_graph_get_tmp_size(state->graph, &state->scratch_bytes) != ZIMG_ERROR_SUCCESS) {
        return runner_fail(runner, "zimg builds no graph");
    }
    state->scratch = aligned_alloc(ALIGN, (state->scratch_bytes + ALIGN - 1) / ALIGN * ALIGN);
    unsigned version[3];
    zimg_get_version_info(&version[0], &version[1], &version[2]);
    snprintf(runner->about, sizeof(runner->about), "zimg %u.%u.%u, planes, cpu %s", version[0],
             version[1], version[2], cpu);
    runner->made_bytes =
        (size_t)state->target_width * state->target_height * (size_t)state->channels;
    return state->scratch != NULL || runner_fail(runner, "no memory");
}

static bool run_zimg(struct runner *runner) {
    struct state *state = runner->state;
    zimg_filter_graph *graph = state->rebuild ? build(state) : state->graph;
    bool ok = graph != NULL;
    for (int c = 0; ok && c < state->channels; c++) {
        zimg_image_buffer_const from;
        zimg_image_buffer to;
        memset(&from, 0, sizeof(from));
        memset(&to, 0, sizeof(to));
        from.version = to.version = ZIMG_API_VERSION;
        from.plane[0].data = state->source[c];
        from.plane[0].stride = state->source_stride;
        from.plane[0].mask = ZIMG_BUFFER_MAX;
        to.plane[0].data = state->target[c];
        to.plane[0].stride = state->target_stride;
        to.plane[0].mask = ZIMG_BUFFER_MAX;
        ok = zimg_filter_graph_process(graph, &from, &to, state->scratch, NULL, NULL, NULL, NULL) ==
             ZIMG_ERROR_SUCCESS;
    }
    if (state->rebuild) {
        zimg_filter_graph_free(graph);
    }
    return ok || runner_fail(runner, "zimg failed");
}

static bool save_zimg(struct runner *runner, const char *folder) {
    struct state *state = runner->state;
    const size_t channels = (size_t)state->channels;
    uint8_t *packed = malloc(runner->made_bytes);
    bool ok = packed != NULL && run_zimg(runner);
    for (size_t c = 0; ok && c < channels; c++) {
        for (size_t y = 0; y < state->target_height; y++) {
            for (size_t x = 0; x < state->target_width; x++) {
                packed[(y * state->target_width + x) * channels + c] =
                    state->target[c][y * (size_t)state->target_stride + x];
            }
        }
    }
    ok = ok && runner_write_pixels(runner, folder, "0.pam", packed, state->target_width,
                                   state->target_height, state->channels,
                                   (ptrdiff_t)(state->target_width * channels));
    free(packed);
    return ok;
}

static void close_zimg(struct runner *runner) {
    struct state *state = runner->state;
    for (int c = 0; c < 4; c++) {
        free(state->source[c]);
        free(state->target[c]);
    }
    free(state->scratch);
    zimg_filter_graph_free(state->graph);
}

int main(int argc, char **argv) {
    static struct state state;
    struct runner runner = {
        .usage = "usage: run_zimg --input PICTURE.pam --width W --height H [--cpu auto|avx2]\n"
                 "                [--rebuild 1]\n",
        .open = open_zimg,
        .run = run_zimg,
        .save = save_zimg,
        .close = close_zimg,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
