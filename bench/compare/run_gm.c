/* GraphicsMagick: four images of one photograph, with the requested size passed to the decoder, and
 * its resize of plain pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <magick/api.h>

#include "bench/runner.h"

struct state {
    bool pixels_only, png;
    uint8_t *bytes;
    size_t size_bytes;
    struct runner_pixels pixels;
    Image *source;
    unsigned long width, height;
    void *made[RUNNER_SIZES];
    size_t made_bytes[RUNNER_SIZES];
    Image *picture[RUNNER_SIZES]; /* kept only by save */
};

static const char *channels_map(int channels) {
    return channels == 1 ? "I" : channels == 3 ? "RGB" : "RGBA";
}

static bool open_gm(struct runner *runner) {
    struct state *state = runner->state;
    const char *path = runner_option(runner, "input", "");
    InitializeMagick(NULL);
    SetMagickResourceLimit(ThreadsResource, 1);
    state->pixels_only = strcmp(runner_option(runner, "way", "x4"), "resize") == 0;
    state->png = strcmp(runner_option(runner, "format", "jpeg"), "png") == 0;
    state->width = (unsigned long)runner_number(runner, "width", 1);
    state->height = (unsigned long)runner_number(runner, "height", 1);
    snprintf(runner->about, sizeof(runner->about), "%.40s", GetMagickVersion(NULL));
    if (!state->pixels_only) {
        state->bytes = runner_read(runner, path, &state->size_bytes);
        return state->bytes != NULL;
    }
    if (!runner_read_pixels(runner, path, &state->pixels)) {
        return false;
    }
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    state->source = ConstituteImage(state->pixels.width, state->pixels.height,
                                    channels_map(state->pixels.channels), CharPixel,
                                    state->pixels.bytes, &exception);
    DestroyExceptionInfo(&exception);
    runner->made_bytes = state->width * state->height * (size_t)state->pixels.channels;
    return state->source != NULL || runner_fail(runner, "GraphicsMagick takes no such pixels");
}

static bool one_picture(struct state *state, int i, bool keep, ExceptionInfo *exception) {
    ImageInfo *info = CloneImageInfo(NULL);
    char hint[40];
    /* The decoder reduces on load to at least this size. */
    snprintf(hint, sizeof(hint), "%ux%u", runner_box_px[i], runner_box_px[i]);
    CloneString(&info->size, hint);
    Image *whole = BlobToImage(info, state->bytes, state->size_bytes, exception);
    Image *small = NULL;
    if (whole != NULL) {
        /* The aspect ratio after reduction on load has a rounding error of the decoder: the size of
         * the file is used. */
        uint32_t width, height;
        const unsigned long full_width =
            whole->magick_columns != 0 ? whole->magick_columns : whole->columns;
        const unsigned long full_height =
            whole->magick_rows != 0 ? whole->magick_rows : whole->rows;
        runner_fit((uint32_t)full_width, (uint32_t)full_height, runner_box_px[i], &width, &height);
        small = ResizeImage(whole, width, height, LanczosFilter, 1.0, exception);
        DestroyImage(whole);
    }
    if (small != NULL) {
        (void)ProfileImage(small, "*", NULL, 0, MagickFalse);
        info->quality = state->png ? 75 : 80;
        CloneString(&info->sampling_factor, "2x2,1x1,1x1");
        snprintf(small->magick, sizeof(small->magick), "%s", state->png ? "PNG" : "JPEG");
        state->made[i] = ImageToBlob(info, small, &state->made_bytes[i], exception);
        if (keep) {
            state->picture[i] = small;
        } else {
            DestroyImage(small);
        }
    }
    DestroyImageInfo(info);
    return state->made[i] != NULL;
}

static bool run_pictures(struct runner *runner, bool keep) {
    struct state *state = runner->state;
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    bool ok = true;
    runner->made_bytes = 0;
    for (int i = 0; ok && i < RUNNER_SIZES; i++) {
        ok = one_picture(state, i, keep, &exception);
        runner->made_bytes += state->made_bytes[i];
    }
    if (!ok) {
        runner_fail(runner, "GraphicsMagick: %.100s",
                    exception.reason != NULL ? exception.reason : "no reason given");
    }
    DestroyExceptionInfo(&exception);
    return ok;
}

static Image *resize_pixels(struct state *state) {
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    Image *result =
        ResizeImage(state->source, state->width, state->height, LanczosFilter, 1.0, &exception);
    DestroyExceptionInfo(&exception);
    return result;
}

static bool run_gm(struct runner *runner) {
    struct state *state = runner->state;
    if (!state->pixels_only) {
        return run_pictures(runner, false);
    }
    Image *result = resize_pixels(state);
    if (result == NULL) {
        return runner_fail(runner, "GraphicsMagick failed");
    }
    DestroyImage(result);
    return true;
}

static bool after_gm(struct runner *runner) {
    struct state *state = runner->state;
    for (int i = 0; i < RUNNER_SIZES; i++) {
        MagickFree(state->made[i]);
        state->made[i] = NULL;
        state->made_bytes[i] = 0;
    }
    return true;
}

static bool save_picture(struct runner *runner, const char *folder, int i, Image *picture,
                         int channels) {
    const size_t row_bytes = picture->columns * (size_t)channels;
    uint8_t *pixels = malloc(row_bytes * picture->rows);
    char name[20];
    ExceptionInfo exception;
    GetExceptionInfo(&exception);
    snprintf(name, sizeof(name), "%d.pam", i);
    const bool ok =
        pixels != NULL &&
        DispatchImage(picture, 0, 0, picture->columns, picture->rows, channels_map(channels),
                      CharPixel, pixels, &exception) == MagickPass &&
        runner_write_pixels(runner, folder, name, pixels, (uint32_t)picture->columns,
                            (uint32_t)picture->rows, channels, (ptrdiff_t)row_bytes);
    DestroyExceptionInfo(&exception);
    free(pixels);
    return ok || runner_fail(runner, "GraphicsMagick gives no pixels");
}

static bool save_gm(struct runner *runner, const char *folder) {
    struct state *state = runner->state;
    if (state->pixels_only) {
        Image *result = resize_pixels(state);
        const bool ok =
            result != NULL && save_picture(runner, folder, 0, result, state->pixels.channels);
        if (result != NULL) {
            DestroyImage(result);
        }
        return ok;
    }
    bool ok = run_pictures(runner, true);
    for (int i = 0; i < RUNNER_SIZES; i++) {
        char name[20];
        snprintf(name, sizeof(name), "%d.%s", i, state->png ? "png" : "jpg");
        ok = ok && save_picture(runner, folder, i, state->picture[i], 3) &&
             runner_write(runner, folder, name, state->made[i], state->made_bytes[i]);
        if (state->picture[i] != NULL) {
            DestroyImage(state->picture[i]);
            state->picture[i] = NULL;
        }
    }
    return after_gm(runner) && ok;
}

int main(int argc, char **argv) {
    static struct state state;
    struct runner runner = {
        .usage = "usage: run_gm --input FILE [--format jpeg|png]\n"
                 "       run_gm --input PICTURE.pam --way resize --width W --height H\n",
        .open = open_gm,
        .run = run_gm,
        .after = after_gm,
        .save = save_gm,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
