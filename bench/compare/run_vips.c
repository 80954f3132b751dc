/* libvips from C: four thumbnails of one photograph (decoded for each, or the smaller ones made
 * from the larger), and its resize of plain pixels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vips/vips.h>

#include "bench/runner.h"

enum way { X4, CASCADE, RESIZE };

struct state {
    enum way way;
    bool png;
    uint8_t *bytes;
    size_t size_bytes;
    struct runner_pixels pixels;
    uint32_t width, height;
    VipsImage *picture[RUNNER_SIZES]; /* kept only by save */
    void *made[RUNNER_SIZES];
    size_t made_bytes[RUNNER_SIZES];
};

static bool vips_fails(struct runner *runner) {
    runner_fail(runner, "libvips: %.150s", vips_error_buffer());
    vips_error_clear();
    for (char *c = runner->why; *c != '\0'; c++) {
        *c = *c == '\n' ? ' ' : *c;
    }
    return false;
}

static bool open_vips(struct runner *runner) {
    struct state *state = runner->state;
    const char *way = runner_option(runner, "way", "x4");
    state->way = strcmp(way, "resize") == 0 ? RESIZE : strcmp(way, "cascade") == 0 ? CASCADE : X4;
    state->png = strcmp(runner_option(runner, "format", "jpeg"), "png") == 0;
    if (VIPS_INIT(runner->argv[0]) != 0) {
        return vips_fails(runner);
    }
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    const char *path = runner_option(runner, "input", "");
    state->width = (uint32_t)runner_number(runner, "width", 1);
    state->height = (uint32_t)runner_number(runner, "height", 1);
    snprintf(runner->about, sizeof(runner->about), "libvips %s, %s", vips_version_string(), way);
    if (state->way == RESIZE) {
        return runner_read_pixels(runner, path, &state->pixels);
    }
    state->bytes = runner_read(runner, path, &state->size_bytes);
    return state->bytes != NULL;
}

static bool shrink(struct state *state, VipsImage *from, int box, VipsImage **to) {
    if (from == NULL) {
        return vips_thumbnail_buffer(state->bytes, state->size_bytes, to, box, "height", box,
                                     "size", VIPS_SIZE_DOWN, NULL) == 0;
    }
    return vips_thumbnail_image(from, to, box, "height", box, "size", VIPS_SIZE_DOWN, NULL) == 0;
}

static bool encode(struct state *state, VipsImage *picture, int i) {
    return (state->png ? vips_pngsave_buffer(picture, &state->made[i], &state->made_bytes[i], NULL)
                       : vips_jpegsave_buffer(picture, &state->made[i], &state->made_bytes[i], "Q",
                                              80, "subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON,
                                              "strip", TRUE, NULL)) == 0;
}

static bool run_pictures(struct runner *runner, bool keep) {
    struct state *state = runner->state;
    VipsImage *last = NULL;
    bool ok = true;
    for (int i = 0; ok && i < RUNNER_SIZES; i++) {
        VipsImage *lazy = NULL, *picture = NULL;
        ok = shrink(state, state->way == CASCADE ? last : NULL, (int)runner_box_px[i], &lazy);
        if (ok && (state->way == CASCADE || keep)) { /* computed once, as pixels in memory */
            picture = vips_image_copy_memory(lazy);
            g_object_unref(lazy);
            ok = picture != NULL;
        } else {
            picture = lazy;
        }
        ok = ok && encode(state, picture, i);
        if (last != NULL) {
            g_object_unref(last);
        }
        last = picture;
        if (ok && keep) {
            g_object_ref(picture);
            state->picture[i] = picture;
        }
    }
    if (last != NULL) {
        g_object_unref(last);
    }
    return ok || vips_fails(runner);
}

/* Plain pixels: with alpha, premultiplied before and divided after, as in its thumbnails. */
static bool run_resize(struct runner *runner, VipsImage **kept) {
    struct state *state = runner->state;
    const struct runner_pixels *pixels = &state->pixels;
    const double x = (double)pixels->width / state->width;
    const double y = (double)pixels->height / state->height;
    VipsImage *step[6] = {NULL};
    int n = 0;
    step[0] = vips_image_new_from_memory(
        pixels->bytes, (size_t)pixels->width * pixels->height * (size_t)pixels->channels,
        (int)pixels->width, (int)pixels->height, pixels->channels, VIPS_FORMAT_UCHAR);
    bool ok = step[0] != NULL;
    if (ok && pixels->channels == 4) {
        ok = vips_premultiply(step[n], &step[n + 1], NULL) == 0;
        n++;
    }
    if (ok) {
        ok = vips_reduce(step[n], &step[n + 1], x, y, "kernel", VIPS_KERNEL_LANCZOS3, NULL) == 0;
        n++;
    }
    if (ok && pixels->channels == 4) {
        ok = vips_unpremultiply(step[n], &step[n + 1], NULL) == 0 &&
             vips_cast(step[n + 1], &step[n + 2], VIPS_FORMAT_UCHAR, NULL) == 0;
        n += 2;
    }
    VipsImage *result = ok ? vips_image_copy_memory(step[n]) : NULL;
    for (int i = 0; i < 6; i++) {
        if (step[i] != NULL) {
            g_object_unref(step[i]);
        }
    }
    if (result == NULL) {
        return vips_fails(runner);
    }
    if (kept != NULL) {
        *kept = result;
    } else {
        g_object_unref(result);
    }
    return true;
}

static bool run_vips(struct runner *runner) {
    struct state *state = runner->state;
    if (state->way == RESIZE) {
        runner->made_bytes = (size_t)state->width * state->height * (size_t)state->pixels.channels;
        return run_resize(runner, NULL);
    }
    const bool ok = run_pictures(runner, false);
    runner->made_bytes = 0;
    for (int i = 0; i < RUNNER_SIZES; i++) {
        runner->made_bytes += state->made_bytes[i];
    }
    return ok;
}

static bool after_vips(struct runner *runner) {
    struct state *state = runner->state;
    for (int i = 0; i < RUNNER_SIZES; i++) {
        g_free(state->made[i]);
        state->made[i] = NULL;
        state->made_bytes[i] = 0;
    }
    return true;
}

static bool save_picture(struct runner *runner, const char *folder, int i, VipsImage *picture) {
    char name[20];
    snprintf(name, sizeof(name), "%d.pam", i);
    const int channels = vips_image_get_bands(picture);
    const ptrdiff_t stride = (ptrdiff_t)vips_image_get_width(picture) * channels;
    return runner_write_pixels(runner, folder, name, vips_image_get_data(picture),
                               (uint32_t)vips_image_get_width(picture),
                               (uint32_t)vips_image_get_height(picture), channels, stride);
}

static bool save_vips(struct runner *runner, const char *folder) {
    struct state *state = runner->state;
    if (state->way == RESIZE) {
        VipsImage *result = NULL;
        const bool ok = run_resize(runner, &result) && save_picture(runner, folder, 0, result);
        if (result != NULL) {
            g_object_unref(result);
        }
        return ok;
    }
    bool ok = run_pictures(runner, true);
    for (int i = 0; i < RUNNER_SIZES; i++) {
        char name[20];
        snprintf(name, sizeof(name), "%d.%s", i, state->png ? "png" : "jpg");
        ok = ok && save_picture(runner, folder, i, state->picture[i]) &&
             runner_write(runner, folder, name, state->made[i], state->made_bytes[i]);
        if (state->picture[i] != NULL) {
            g_object_unref(state->picture[i]);
            state->picture[i] = NULL;
        }
    }
    return after_vips(runner) && ok;
}

int main(int argc, char **argv) {
    static struct state state;
    struct runner runner = {
        .usage = "usage: run_vips --input FILE --way x4|cascade [--format jpeg|png]\n"
                 "       run_vips --input PICTURE.pam --way resize --width W --height H\n",
        .open = open_vips,
        .run = run_vips,
        .after = after_vips,
        .save = save_vips,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
