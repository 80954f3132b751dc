/* swscale on packed pixels: Lanczos with 3 lobes, accurate rounding, one context for all runs. It
 * does not weight by alpha. */
#include <stdio.h>
#include <stdlib.h>

#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>

#include "bench/runner.h"

struct state {
    struct SwsContext *sws;
    struct runner_pixels pixels;
    uint8_t *target;
    int width, height;
};

static bool open_swscale(struct runner *runner) {
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_NONE, AV_PIX_FMT_GRAY8, AV_PIX_FMT_NONE,
                                                 AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA};
    struct state *state = runner->state;
    if (!runner_read_pixels(runner, runner_option(runner, "input", ""), &state->pixels)) {
        return false;
    }
    state->width = runner_number(runner, "width", 1);
    state->height = runner_number(runner, "height", 1);
    const enum AVPixelFormat format = formats[state->pixels.channels];
    const double lobes[2] = {3.0, 0.0};
    state->sws = sws_getContext(
        (int)state->pixels.width, (int)state->pixels.height, format, state->width, state->height,
        format, SWS_LANCZOS | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, NULL,
        NULL, lobes);
    runner->made_bytes =
        (size_t)state->width * (size_t)state->height * (size_t)state->pixels.channels;
    state->target = aligned_alloc(64, (runner->made_bytes + 1024) / 64 * 64);
    const unsigned version = swscale_version();
    snprintf(runner->about, sizeof(runner->about), "swscale %u.%u.%u", version >> 16,
             version >> 8 & 255, version & 255);
    return (state->sws != NULL && state->target != NULL) ||
           runner_fail(runner, "swscale makes no context");
}

static bool run_swscale(struct runner *runner) {
    struct state *state = runner->state;
    const uint8_t *const from[4] = {state->pixels.bytes, NULL, NULL, NULL};
    uint8_t *const to[4] = {state->target, NULL, NULL, NULL};
    const int from_stride[4] = {(int)state->pixels.width * state->pixels.channels, 0, 0, 0};
    const int to_stride[4] = {state->width * state->pixels.channels, 0, 0, 0};
    return sws_scale(state->sws, from, from_stride, 0, (int)state->pixels.height, to, to_stride) ==
               state->height ||
           runner_fail(runner, "swscale failed");
}

static bool save_swscale(struct runner *runner, const char *folder) {
    struct state *state = runner->state;
    return run_swscale(runner) &&
           runner_write_pixels(runner, folder, "0.pam", state->target, (uint32_t)state->width,
                               (uint32_t)state->height, state->pixels.channels,
                               (ptrdiff_t)state->width * state->pixels.channels);
}

int main(int argc, char **argv) {
    static struct state state;
    struct runner runner = {.usage =
                                "usage: run_swscale --input PICTURE.pam --width W --height H\n",
                            .open = open_swscale,
                            .run = run_swscale,
                            .save = save_swscale,
                            .state = &state};
    return runner_main(&runner, argc, argv);
}
