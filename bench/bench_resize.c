/* imgcore_resize on plain pixels in memory: one case, one target. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runner.h"
#include "bench/target_name.h"
#include "imgcore/imgcore.h"

struct resize {
    struct imgcore_context *context;
    struct runner_pixels source;
    uint8_t *target;
    uint32_t width, height;
    struct imgcore_resize_options options;
};

static bool resize_open(struct runner *runner) {
    struct resize *resize = runner->state;
    if (!runner_read_pixels(runner, runner_option(runner, "input", ""), &resize->source)) {
        return false;
    }
    if (imgcore_context_create(NULL, &resize->context) != IMGCORE_OK) {
        return runner_fail(runner, "no context");
    }
    const char *target = runner_option(runner, "target", NULL);
    if (target != NULL && imgcore_context_use_target(resize->context, target) != IMGCORE_OK) {
        return runner_fail(runner, "this CPU does not run target %.40s", target);
    }
    resize->width = (uint32_t)runner_number(runner, "width", 0);
    resize->height = (uint32_t)runner_number(runner, "height", 0);
    imgcore_resize_options_default(&resize->options);
    resize->options.channels = resize->source.channels;
    resize->options.alpha = resize->source.channels % 2 == 0 && !runner_number(runner, "plain", 0)
                                ? IMGCORE_ALPHA_STRAIGHT
                                : IMGCORE_ALPHA_NONE;
    runner->made_bytes = (size_t)resize->width * resize->height * (size_t)resize->source.channels;
    resize->target = malloc(runner->made_bytes + 1);
    snprintf(runner->about, sizeof(runner->about), "imgcore %s, %s", imgcore_version(),
             TARGET_NAME(resize->context, IMGCORE_JOB_RESIZE));
    return resize->target != NULL || runner_fail(runner, "no memory");
}

static bool resize_run(struct runner *runner) {
    struct resize *resize = runner->state;
    const ptrdiff_t channels = resize->source.channels;
    struct imgcore_error error;
    if (imgcore_resize(resize->context, resize->source.bytes, resize->source.width,
                       resize->source.height, (ptrdiff_t)resize->source.width * channels,
                       resize->target, resize->width, resize->height,
                       (ptrdiff_t)resize->width * channels, &resize->options,
                       &error) != IMGCORE_OK) {
        return runner_fail(runner, "%s", error.detail);
    }
    return true;
}

static bool resize_save(struct runner *runner, const char *folder) {
    struct resize *resize = runner->state;
    const int channels = resize->source.channels;
    return resize_run(runner) &&
           runner_write_pixels(runner, folder, "0.pam", resize->target, resize->width,
                               resize->height, channels, (ptrdiff_t)resize->width * channels);
}

static void resize_close(struct runner *runner) {
    struct resize *resize = runner->state;
    imgcore_context_destroy(resize->context);
    free(resize->source.bytes);
    free(resize->target);
}

int main(int argc, char **argv) {
    struct resize state;
    memset(&state, 0, sizeof(state));
    struct runner runner = {
        .usage = "usage: bench_resize --input PICTURE.pam --width W --height H [--target NAME]\n"
                 "                    [--plain 1]\n"
                 "Resizes plain pixels by imgcore_resize, Lanczos3. 2 or 4 channels: the last one\n"
                 "is straight alpha, unless --plain 1.\n",
        .open = resize_open,
        .run = resize_run,
        .save = resize_save,
        .close = resize_close,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
