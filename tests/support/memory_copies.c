/* See memory_copies.h. */
#include "tests/support/memory_copies.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HIDDEN        0x55
#define CHUNK_BYTES   ((size_t)1 << 16)
#define MOST_MAPPED   (1ul << 28) /* larger ones are a sanitizer's shadow */
#define MAPPING_BYTES 512

void memory_copies_hide(char *text, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        text[i] ^= HIDDEN;
    }
}

int memory_copies_in(const char *bytes, size_t bytes_size, const char *hidden, size_t size_bytes) {
    int copies = 0;
    for (size_t i = 0; i + size_bytes <= bytes_size; i++) {
        size_t k = 0;
        while (k < size_bytes && bytes[i + k] == (char)(hidden[k] ^ HIDDEN)) {
            k++;
        }
        copies += k == size_bytes;
    }
    return copies;
}

/* Copies in [from, to) of the memory that `fd` reads. */
static int count_mapped(int fd, unsigned long from, unsigned long to, const char *hidden,
                        size_t size_bytes) {
    static char chunk[CHUNK_BYTES];
    int copies = 0;
    for (unsigned long at = from; at < to; at += CHUNK_BYTES - size_bytes + 1) {
        const size_t wanted = to - at < CHUNK_BYTES ? to - at : CHUNK_BYTES;
        const ssize_t got = pread(fd, chunk, wanted, (off_t)at);
        /* The chunk holds what it was read from, and is no copy of its own. */
        const bool is_itself =
            at < (unsigned long)(chunk + CHUNK_BYTES) && (unsigned long)chunk < at + wanted;
        if (got > 0 && !is_itself) {
            copies += memory_copies_in(chunk, (size_t)got, hidden, size_bytes);
        }
    }
    memset(chunk, 0, sizeof(chunk));
    return copies;
}

int memory_copies_count(const char *hidden, size_t size_bytes) {
    char line[MAPPING_BYTES];
    int copies = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    while (maps != NULL && fd >= 0 && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && access[1] == 'w' &&
            to - from <= MOST_MAPPED) {
            const int found = count_mapped(fd, from, to, hidden, size_bytes);
            if (found > 0) {
                fprintf(stderr, "# %d copies in %s", found, line);
            }
            copies += found;
        }
    }
    const bool is_read = maps != NULL && fd >= 0;
    if (maps != NULL) {
        fclose(maps);
    }
    if (fd >= 0) {
        close(fd);
    }
    return is_read ? copies : -1;
}
