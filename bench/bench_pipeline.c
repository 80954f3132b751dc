/* imgcore_transform: one photograph to its four sizes, with one context for all runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/runner.h"
#include "bench/target_name.h"
#include "imgcore/imgcore.h"

struct pipeline {
    struct imgcore_context *context;
    const char *path;
    FILE *file;     /* --stream 1: read from the file each time */
    uint8_t *bytes; /* else: in memory */
    size_t size_bytes;
    struct imgcore_options options;
    struct imgcore_output output[RUNNER_SIZES];
};

static bool read_file(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    FILE *file = user;
    *read_bytes = fread(buffer, 1, size_bytes, file);
    return ferror(file) == 0;
}

#ifdef IMGCORE_SOURCE_REWINDS /* not defined in older commits, which bench-track also builds */
static bool rewind_file(void *user) {
    return fseek(user, 0, SEEK_SET) == 0;
}
#endif

static struct imgcore_source make_source(const struct pipeline *pipeline) {
    struct imgcore_source source = {.bytes = pipeline->bytes, .size_bytes = pipeline->size_bytes};
    if (pipeline->file != NULL) {
        rewind(pipeline->file);
        source.read = read_file;
        source.user = pipeline->file;
#ifdef IMGCORE_SOURCE_REWINDS
        source.rewind = rewind_file;
#endif
    }
    return source;
}

/* Names the library, and the decoder that reads the photograph. */
static void describe(struct runner *runner, const struct pipeline *pipeline) {
    const char *decoder = "", *fallback = NULL;
#ifdef IMGCORE_SOURCE_REWINDS
    const struct imgcore_source source = make_source(pipeline);
    if (imgcore_check(pipeline->context, &source, &pipeline->options, NULL) == IMGCORE_OK) {
        decoder = imgcore_context_decoder(pipeline->context);
        fallback = imgcore_context_fallback(pipeline->context);
    }
#endif
    snprintf(runner->about, sizeof(runner->about), "imgcore %s, %s%s%s%s%s", imgcore_version(),
             TARGET_NAME(pipeline->context, IMGCORE_JOB_TRANSFORM),
             *decoder != '\0' ? ", read by " : "", decoder,
             fallback != NULL ? " after a doubt: " : "", fallback != NULL ? fallback : "");
}

static bool read_options(struct runner *runner, struct pipeline *pipeline) {
    static const char *const presets[] = {"balanced", "quality", "fast"};
    static const char *const formats[] = {"auto", "jpeg", "png"};
    const char *preset = runner_option(runner, "preset", presets[0]);
    const char *format = runner_option(runner, "format", formats[1]);
    int found = 0;
    imgcore_options_default(&pipeline->options);
    pipeline->options.limits.memory_bytes = (size_t)4 << 30;
#ifdef IMGCORE_MAX_THREADS /* not defined in older commits, which bench-track also builds */
    pipeline->options.threads = (uint32_t)runner_number(runner, "threads", 1);
#endif
    for (int i = 0; i < 3; i++) {
        if (strcmp(preset, presets[i]) == 0) {
            pipeline->options.preset = (enum imgcore_preset)i;
            found++;
        }
    }
    for (int i = 0; i < RUNNER_SIZES; i++) {
        struct imgcore_output *output = &pipeline->output[i];
        imgcore_output_default(output);
        output->width_px = output->height_px = runner_box_px[i];
        output->optimize = runner_number(runner, "optimize", 0) != 0;
        output->format = strcmp(format, "png") == 0 ? IMGCORE_FORMAT_PNG : IMGCORE_FORMAT_JPEG;
    }
    found += strcmp(format, "png") == 0 || strcmp(format, "jpeg") == 0;
    return found == 2 || runner_fail(runner, "no such preset or format");
}

static bool pipeline_open(struct runner *runner) {
    struct pipeline *pipeline = runner->state;
    pipeline->path = runner_option(runner, "input", "");
    if (!read_options(runner, pipeline)) {
        return false;
    }
    if (runner_number(runner, "stream", 0) != 0) {
        pipeline->file = fopen(pipeline->path, "rb");
    } else {
        pipeline->bytes = runner_read(runner, pipeline->path, &pipeline->size_bytes);
    }
    if (pipeline->file == NULL && pipeline->bytes == NULL) {
        return runner_fail(runner, "cannot read %.150s", pipeline->path);
    }
    if (imgcore_context_create(NULL, &pipeline->context) != IMGCORE_OK) {
        return runner_fail(runner, "no context");
    }
    const char *target = runner_option(runner, "target", NULL);
    if (target != NULL && imgcore_context_use_target(pipeline->context, target) != IMGCORE_OK) {
        return runner_fail(runner, "this CPU does not run target %.40s", target);
    }
    describe(runner, pipeline);
    return true;
}

static bool pipeline_run(struct runner *runner) {
    struct pipeline *pipeline = runner->state;
    const struct imgcore_source source = make_source(pipeline);
    struct imgcore_error error;
    const enum imgcore_status status = imgcore_transform(
        pipeline->context, &source, &pipeline->options, pipeline->output, RUNNER_SIZES, &error);
    if (status != IMGCORE_OK) {
        return runner_fail(runner, "%s %.150s", imgcore_status_message(status), error.detail);
    }
    runner->made_bytes = 0;
    for (int i = 0; i < RUNNER_SIZES; i++) {
        runner->made_bytes += pipeline->output[i].size_bytes;
    }
    return true;
}

static bool pipeline_after(struct runner *runner) {
    struct pipeline *pipeline = runner->state;
    imgcore_output_clear(pipeline->context, pipeline->output, RUNNER_SIZES);
    return true;
}

static bool pipeline_save(struct runner *runner, const char *folder) {
    struct pipeline *pipeline = runner->state;
    bool ok = pipeline_run(runner);
    for (int i = 0; ok && i < RUNNER_SIZES; i++) {
        const struct imgcore_output *output = &pipeline->output[i];
        char name[20];
        snprintf(name, sizeof(name), "%d.%s", i,
                 output->result_format == IMGCORE_FORMAT_PNG ? "png" : "jpg");
        ok = runner_write(runner, folder, name, output->bytes, output->size_bytes);
    }
    return pipeline_after(runner) && ok;
}

static void pipeline_close(struct runner *runner) {
    struct pipeline *pipeline = runner->state;
    imgcore_context_destroy(pipeline->context);
    if (pipeline->file != NULL) {
        fclose(pipeline->file);
    }
    free(pipeline->bytes);
}

int main(int argc, char **argv) {
    struct pipeline state;
    memset(&state, 0, sizeof(state));
    struct runner runner = {
        .usage = "usage: bench_pipeline --input PHOTOGRAPH [--preset balanced|quality|fast]\n"
                 "                      [--format jpeg|png] [--optimize 1] [--target NAME]\n"
                 "                      [--stream 1] [--threads N]\n"
                 "One photograph to four sizes (1200, 800, 400, 200), quality 80, 4:2:0. The file\n"
                 "lies in memory; with --stream 1 it is read anew each time.\n",
        .open = pipeline_open,
        .run = pipeline_run,
        .after = pipeline_after,
        .save = pipeline_save,
        .close = pipeline_close,
        .state = &state};
    return runner_main(&runner, argc, argv);
}
