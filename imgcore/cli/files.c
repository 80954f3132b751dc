/* Input files: see files.h. */
#define _GNU_SOURCE /* O_CLOEXEC, O_NOCTTY */
#include "imgcore/cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imgcore/cli/text.h"

/* The most bytes held in memory of an input that cannot be read twice. */
#define MOST_HELD_BYTES ((size_t)1 << 30)

/* The largest file that is held to decode it faster; a file of 100 megapixels has about 30 MiB. */
#define MOST_HELD_FOR_THREADS_BYTES ((off_t)128 << 20)

/* The most segments before the image data that are examined. */
#define MOST_SEGMENTS 1000

bool cli_fail(struct cli_failure *failure, const char *status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(failure->message, sizeof failure->message, format, arguments);
    va_end(arguments);
    failure->status = status;
    return false;
}

bool cli_fail_library(struct cli_failure *failure, enum imgcore_status status,
                      const struct imgcore_error *error, const struct cli_input *input) {
    if (status == IMGCORE_READ_FAILED && input->read_errno) {
        return cli_fail(failure, "READ_FAILED", "cannot be read: %s", strerror(input->read_errno));
    }
    const char *detail = error->detail;
    return cli_fail(failure, imgcore_status_name(status), "%s%s%s", imgcore_status_message(status),
                    *detail ? ": " : "", detail);
}

void cli_print_failure(const char *name, const struct cli_failure *failure, bool json) {
    if (json && strcmp(failure->status, "WRITE_FAILED") != 0) {
        return;
    }
    fputs("imgcore: ", stderr);
    cli_print_safe(stderr, strcmp(name, "-") == 0 ? "standard input" : name);
    fputs(": ", stderr);
    cli_print_safe(stderr, failure->message);
    fputc('\n', stderr);
}

/* Calls read(2) until the buffer is full or the input ends. */
static bool read_some(int fd, uint8_t *buffer, size_t size_bytes, size_t *got_bytes) {
    *got_bytes = 0;
    while (*got_bytes < size_bytes) {
        ssize_t n = read(fd, buffer + *got_bytes, size_bytes - *got_bytes);
        if (n == 0) {
            break;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
        *got_bytes += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool cli_input_read(struct cli_input *input, uint8_t *buffer, size_t size_bytes, size_t *got_bytes,
                    struct cli_failure *failure) {
    return read_some(input->fd, buffer, size_bytes, got_bytes) ||
           cli_fail(failure, "READ_FAILED", "cannot be read: %s", strerror(errno));
}

static bool hold(struct cli_input *input, struct cli_failure *failure) {
    size_t capacity = 0;
    for (;;) {
        if (input->held_bytes == capacity) {
            capacity = capacity ? capacity * 2 : (size_t)1 << 20;
            uint8_t *larger = capacity <= MOST_HELD_BYTES ? realloc(input->held, capacity) : NULL;
            if (!larger) {
                return cli_fail(failure, "TOO_LARGE",
                                "the pipe delivers more than can be held in memory");
            }
            input->held = larger;
        }
        size_t got = 0;
        if (!cli_input_read(input, input->held + input->held_bytes, capacity - input->held_bytes,
                            &got, failure)) {
            return false;
        }
        if (got == 0) {
            return true;
        }
        input->held_bytes += got;
    }
}

bool cli_input_open(struct cli_input *input, const char *path, bool again,
                    struct cli_failure *failure) {
    memset(input, 0, sizeof *input);
    input->is_ours = strcmp(path, "-") != 0;
    input->fd = input->is_ours ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
    struct stat st;
    if (input->fd < 0 || fstat(input->fd, &st) != 0) {
        bool ours = input->is_ours && input->fd >= 0;
        cli_fail(failure, "READ_FAILED", "cannot be opened: %s", strerror(errno));
        if (ours) {
            close(input->fd);
        }
        return false;
    }
    if (S_ISDIR(st.st_mode)) {
        cli_input_close(input);
        return cli_fail(failure, "READ_FAILED", "is a folder");
    }
    input->begin = lseek(input->fd, 0, SEEK_CUR);
    input->file_bytes = st.st_size;
    input->modified = st.st_mtim;
    if (again && input->begin < 0 && !hold(input, failure)) {
        cli_input_close(input);
        return false;
    }
    return true;
}

/* Whether the header of a JPEG announces restart markers. */
static bool has_restart_markers(const struct cli_input *input) {
    uint8_t head[6];
    off_t at = input->begin;
    if (pread(input->fd, head, 2, at) != 2 || head[0] != 0xff || head[1] != 0xd8) {
        return false;
    }
    at += 2;
    for (int i = 0; i < MOST_SEGMENTS; i++) {
        if (pread(input->fd, head, sizeof head, at) != sizeof head || head[0] != 0xff ||
            head[1] == 0xda) {
            return false;
        }
        if (head[1] == 0xdd) {
            return head[4] != 0 || head[5] != 0;
        }
        at += 2 + (head[2] << 8 | head[3]);
    }
    return false;
}

void cli_input_hold_for_threads(struct cli_input *input) {
    struct stat st;
    struct cli_failure failure;
    if (input->held || input->begin < 0 || fstat(input->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size - input->begin > MOST_HELD_FOR_THREADS_BYTES || !has_restart_markers(input)) {
        return;
    }
    if (!hold(input, &failure)) { /* reading front to back fails in the same way and reports it */
        free(input->held);
        input->held = NULL;
        input->held_bytes = 0;
        lseek(input->fd, input->begin, SEEK_SET);
    }
}

bool cli_input_rewind(struct cli_input *input, struct cli_failure *failure) {
    input->read_bytes = 0;
    if (!input->held && lseek(input->fd, input->begin, SEEK_SET) < 0) {
        return cli_fail(failure, "READ_FAILED", "cannot be read again: %s", strerror(errno));
    }
    return true;
}

static bool read_for_library(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct cli_input *input = user;
    if (!read_some(input->fd, buffer, size_bytes, read_bytes)) {
        input->read_errno = errno;
        return false;
    }
    input->read_bytes += *read_bytes;
    return true;
}

static bool rewind_for_library(void *user) {
    struct cli_input *input = user;
    struct cli_failure failure;
    struct stat st;
    return fstat(input->fd, &st) == 0 && st.st_size == input->file_bytes &&
           st.st_mtim.tv_sec == input->modified.tv_sec &&
           st.st_mtim.tv_nsec == input->modified.tv_nsec && cli_input_rewind(input, &failure);
}

struct imgcore_source cli_input_source(struct cli_input *input) {
    struct imgcore_source source = {0};
    if (input->held) {
        source.bytes = input->held;
        source.size_bytes = input->held_bytes;
    } else {
        source.read = read_for_library;
        source.rewind = input->begin >= 0 ? rewind_for_library : NULL;
        source.user = input;
    }
    return source;
}

void cli_input_close(struct cli_input *input) {
    if (input->is_ours && input->fd >= 0) {
        close(input->fd);
    }
    input->fd = -1;
    free(input->held);
    input->held = NULL;
}

enum imgcore_format cli_input_kind(struct cli_input *input) {
    static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t first[sizeof png];
    size_t got = 0;
    if (!read_some(input->fd, first, sizeof first, &got)) {
        return IMGCORE_FORMAT_AUTO;
    }
    if (got == sizeof png && memcmp(first, png, sizeof png) == 0) {
        return IMGCORE_FORMAT_PNG;
    }
    bool jpeg = got >= 3 && first[0] == 0xff && first[1] == 0xd8 && first[2] == 0xff;
    return jpeg ? IMGCORE_FORMAT_JPEG : IMGCORE_FORMAT_AUTO;
}

enum imgcore_format cli_named_kind(const char *path) {
    static const struct {
        const char *extension;
        enum imgcore_format format;
    } known[] = {{"jpg", IMGCORE_FORMAT_JPEG},
                 {"jpeg", IMGCORE_FORMAT_JPEG},
                 {"jpe", IMGCORE_FORMAT_JPEG},
                 {"jfif", IMGCORE_FORMAT_JPEG},
                 {"png", IMGCORE_FORMAT_PNG}};
    const char *dot = strrchr(cli_base_name(path), '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(dot + 1, known[i].extension) == 0) {
            return known[i].format;
        }
    }
    return IMGCORE_FORMAT_AUTO;
}

const char *cli_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *cli_folder_of(const char *path) {
    const int length = (int)(cli_base_name(path) - path);
    return length ? cli_format("%.*s", length, path) : cli_format(".");
}
