/* The line protocol and small helpers: see runner.h. */
#include "bench/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const uint32_t runner_box_px[RUNNER_SIZES] = {1200, 800, 400, 200};

/* Returns a x b / c rounded to the nearest integer, at least 1. */
static uint32_t scaled(uint32_t a, uint32_t b, uint32_t c) {
    const uint32_t result = (uint32_t)(((uint64_t)a * b * 2 + c) / ((uint64_t)c * 2));
    return result > 0 ? result : 1;
}

void runner_fit(uint32_t width, uint32_t height, uint32_t box, uint32_t *out_width,
                uint32_t *out_height) {
    *out_width = width;
    *out_height = height;
    if (width <= box && height <= box) {
        return;
    }
    if (width >= height) {
        *out_width = box;
        *out_height = scaled(height, box, width);
    } else {
        *out_height = box;
        *out_width = scaled(width, box, height);
    }
}

static uint64_t read_clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool runner_fail(struct runner *runner, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(runner->why, sizeof(runner->why), format, args);
    va_end(args);
    return false;
}

const char *runner_option(const struct runner *runner, const char *name, const char *otherwise) {
    for (int i = 1; i + 1 < runner->argc; i++) {
        if (strncmp(runner->argv[i], "--", 2) == 0 && strcmp(runner->argv[i] + 2, name) == 0) {
            return runner->argv[i + 1];
        }
    }
    return otherwise;
}

int runner_number(const struct runner *runner, const char *name, int otherwise) {
    const char *text = runner_option(runner, name, NULL);
    return text == NULL ? otherwise : (int)strtol(text, NULL, 10);
}

uint8_t *runner_read(struct runner *runner, const char *path, size_t *size_bytes) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    if (size >= 0) {
        bytes = malloc((size_t)size + 1);
    }
    if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (bytes == NULL) {
        runner_fail(runner, "cannot read %.150s", path);
    }
    *size_bytes = bytes == NULL ? 0 : (size_t)size;
    return bytes;
}

static FILE *open_in(const char *folder, const char *name) {
    char path[4096];
    const int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof(path) ? fopen(path, "wb") : NULL;
}

bool runner_write(struct runner *runner, const char *folder, const char *name, const void *bytes,
                  size_t size_bytes) {
    FILE *file = open_in(folder, name);
    bool ok = file != NULL && fwrite(bytes, 1, size_bytes, file) == size_bytes;
    ok = file != NULL && fclose(file) == 0 && ok;
    return ok ? true : runner_fail(runner, "cannot write %.100s", name);
}

bool runner_write_pixels(struct runner *runner, const char *folder, const char *name,
                         const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         ptrdiff_t stride_bytes) {
    static const char *const kinds[] = {"GRAYSCALE", "GRAYSCALE_ALPHA", "RGB", "RGB_ALPHA"};
    FILE *file = open_in(folder, name);
    bool ok = file != NULL && channels >= 1 && channels <= 4 &&
              fprintf(file, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH %d\nMAXVAL 255\nTUPLTYPE %s\nENDHDR\n",
                      width, height, channels, kinds[channels - 1]) > 0;
    const size_t row_bytes = (size_t)width * (size_t)channels;
    for (uint32_t y = 0; ok && y < height; y++) {
        ok = fwrite(pixels + (ptrdiff_t)y * stride_bytes, 1, row_bytes, file) == row_bytes;
    }
    ok = file != NULL && fclose(file) == 0 && ok;
    return ok ? true : runner_fail(runner, "cannot write %.100s", name);
}

bool runner_read_pixels(struct runner *runner, const char *path, struct runner_pixels *pixels) {
    FILE *file = fopen(path, "rb");
    int max = 0;
    bool ok = file != NULL &&
              fscanf(file, "P7\nWIDTH %u\nHEIGHT %u\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %*s\nENDHDR",
                     &pixels->width, &pixels->height, &pixels->channels, &max) == 4 &&
              fgetc(file) == '\n' && max == 255 && pixels->channels >= 1 && pixels->channels <= 4 &&
              pixels->width < 1u << 20 && pixels->height < 1u << 20;
    const size_t size = ok ? (size_t)pixels->width * pixels->height * (size_t)pixels->channels : 0;
    pixels->bytes = ok ? malloc(size) : NULL;
    if (pixels->bytes != NULL && fread(pixels->bytes, 1, size, file) != size) {
        free(pixels->bytes);
        pixels->bytes = NULL;
    }
    if (file != NULL) {
        fclose(file);
    }
    return pixels->bytes != NULL ? true : runner_fail(runner, "%.150s is no PAM file", path);
}

/* Executes one command from the standard input. */
static void execute(struct runner *runner, const char *line) {
    bool ok;
    if (strcmp(line, "run") == 0) {
        const uint64_t cpu_start = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        const uint64_t start = read_clock_ns(CLOCK_MONOTONIC);
        ok = runner->run(runner);
        const uint64_t took = read_clock_ns(CLOCK_MONOTONIC) - start;
        const uint64_t cpu = read_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_start;
        ok = (runner->after == NULL || runner->after(runner)) && ok;
        if (ok) {
            printf("done\t%llu\t%zu\t%llu\n", (unsigned long long)took, runner->made_bytes,
                   (unsigned long long)(runner->by_clock ? took : cpu));
        }
    } else if (strncmp(line, "save ", 5) == 0) {
        ok = runner->save(runner, line + 5);
        if (ok) {
            puts("saved");
        }
    } else {
        ok = runner_fail(runner, "neither run nor save: %.100s", line);
    }
    if (!ok) {
        printf("failed\t%s\n", runner->why);
    }
    fflush(stdout);
}

int runner_main(struct runner *runner, int argc, char **argv) {
    runner->argc = argc;
    runner->argv = argv;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(runner->usage, stdout);
        fputs("Then, on standard input: `run` (timed once) or `save FOLDER`, a line each.\n",
              stdout);
        return 0;
    }
    if (argc < 2 || !runner->open(runner)) {
        if (argc < 2) {
            fputs(runner->usage, stderr);
            return 2;
        }
        printf("missing\t%s\n", runner->why);
        return 1;
    }
    printf("ready\t%s\n", runner->about);
    fflush(stdout);
    char line[4096];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        execute(runner, line);
    }
    if (runner->close != NULL) {
        runner->close(runner);
    }
    return 0;
}
