/* Runs a fuzz target on files, without a fuzzing engine: TARGET FILE|FOLDER... A folder stands for
 * all files in it, and one that does not exist is an error. The last line counts the inputs. */
#include "fuzz/support/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* More than libFuzzer's largest input by default (1 MiB), and than any seed. */
#define MAX_INPUT_BYTES ((size_t)16 << 20)

static unsigned long run_count;

static bool replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    uint8_t *bytes = fuzz_alloc(MAX_INPUT_BYTES + 1);
    const size_t size_bytes = fread(bytes, 1, MAX_INPUT_BYTES + 1, file);
    const bool is_read = !ferror(file) && size_bytes <= MAX_INPUT_BYTES;
    fclose(file);
    if (!is_read)
        fprintf(stderr, "%s: cannot be read, or is over %zu bytes\n", path, MAX_INPUT_BYTES);
    if (is_read) {
        /* An exact block, so that a read past its end is seen by the sanitizers. */
        uint8_t *exact = fuzz_alloc(size_bytes);
        memcpy(exact, bytes, size_bytes);
        /* Named first: it is the last line if the target crashes. */
        if (getenv("REPLAY_NAMES"))
            fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(exact, size_bytes);
        run_count++;
        free(exact);
    }
    free(bytes);
    return is_read;
}

static bool replay_folder(const char *folder) {
    DIR *entries = opendir(folder);
    if (!entries) {
        fprintf(stderr, "%s: %s\n", folder, strerror(errno));
        return false;
    }
    bool is_ok = true;
    const struct dirent *entry;
    while ((entry = readdir(entries))) {
        if (entry->d_name[0] == '.')
            continue;
        const size_t path_bytes = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = fuzz_alloc(path_bytes);
        snprintf(path, path_bytes, "%s/%s", folder, entry->d_name);
        is_ok = replay_file(path) && is_ok;
        free(path);
    }
    closedir(entries);
    return is_ok;
}

int main(int argc, char **argv) {
    if (argc < 2 || !strcmp(argv[1], "--help")) {
        fprintf(stderr,
                "usage: %s FILE|FOLDER...\nREPLAY_NAMES=1 names each file before it runs.\n",
                argv[0]);
        return argc < 2 ? 2 : 0;
    }
    bool is_ok = true;
    for (int i = 1; i < argc; i++) {
        struct stat status;
        const bool is_folder = stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode);
        is_ok = (is_folder ? replay_folder(argv[i]) : replay_file(argv[i])) && is_ok;
    }
    printf("%lu inputs\n", run_count);
    return is_ok && run_count ? 0 : 1;
}
