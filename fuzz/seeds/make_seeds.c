/* The main of each program that makes seeds. */
#include "fuzz/seeds/seeds.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *folder;

void seed_write(const char *name, const void *data, size_t size_bytes, const void *options,
                size_t options_bytes) {
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "wb") : NULL;
    bool is_written = file && fwrite(data, 1, size_bytes, file) == size_bytes;
    if (is_written && options_bytes)
        is_written = fwrite(options, 1, options_bytes, file) == options_bytes;
    if (file && fclose(file) != 0)
        is_written = false;
    if (!is_written) {
        fprintf(stderr, "%s/%s cannot be written: %s\n", folder, name, strerror(errno));
        exit(1);
    }
}

int main(int argc, char **argv) {
    if (argc != 2 || !strcmp(argv[1], "--help")) {
        fprintf(stderr, "usage: %s FOLDER\nWrites the seeds of a fuzz target.\n", argv[0]);
        return argc == 2 ? 0 : 2;
    }
    folder = argv[1];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return 1;
    }
    make_seeds();
    return 0;
}
