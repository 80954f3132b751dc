/* Output files: see files.h.
 *
 * A thread of its own handles the signals that end the program: it waits until the writers have
 * finished their current file (milliseconds: the images are complete in memory before the first
 * byte is written) and then lets the signal end the program. So no signal handler needs the names
 * of files, and no temporary file remains. */
#define _GNU_SOURCE /* getrandom */
#include "imgcore/cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "imgcore/cli/text.h"

/* RENAME_EXCHANGE, which musl does not define. */
#define EXCHANGE_NAMES 2u

/* The most names tried for a temporary file. */
#define MOST_NAMES 100

static pthread_rwlock_t writing = PTHREAD_RWLOCK_INITIALIZER; /* writers hold it shared */
static atomic_bool ending;
static mode_t new_file_mode = 0644;
static sigset_t ending_signals;

static void *wait_for_end(void *unused) {
    (void)unused;
    int signal_number = 0;
    if (sigwait(&ending_signals, &signal_number) != 0) {
        return NULL;
    }
    atomic_store(&ending, true);
    pthread_rwlock_wrlock(&writing); /* never unlocked */
    signal(signal_number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &ending_signals, NULL);
    raise(signal_number);
    return NULL;
}

bool cli_files_start(void) {
    mode_t mask = umask(0);
    umask(mask);
    new_file_mode = 0666 & ~mask;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&ending_signals);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct sigaction now;
        /* A signal that is ignored at start (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
            sigaddset(&ending_signals, numbers[i]);
        }
    }
    pthread_t thread;
    pthread_sigmask(SIG_BLOCK, &ending_signals, NULL);
    if (pthread_create(&thread, NULL, wait_for_end, NULL) != 0) {
        fputs("imgcore: cannot create a thread\n", stderr);
        return false;
    }
    pthread_detach(thread);
    return true;
}

static void begin_writing(void) {
    while (atomic_load(&ending)) {
        pause(); /* until the signal ends the program */
    }
    pthread_rwlock_rdlock(&writing);
}

/* Creates the folders above `path`. */
static bool make_folders(const char *path) {
    char *copy = cli_format("%s", path);
    bool good = true;
    for (char *c = copy + 1; good && *c; c++) {
        if (*c == '/') {
            *c = '\0';
            good = mkdir(copy, 0777) == 0 || errno == EEXIST;
            *c = '/';
        }
    }
    free(copy);
    return good;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size_bytes) {
    while (size_bytes > 0) {
        ssize_t n = write(fd, bytes, size_bytes);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes += n > 0 ? n : 0;
        size_bytes -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool fail_write(const struct cli_write *w, struct cli_failure *failure) {
    /* The file would be created if it were missing, so a missing path can only be its folder. */
    return cli_fail(failure, "WRITE_FAILED", "%.300s cannot be written: %s", w->path,
                    errno == ENOENT ? "no such folder" : strerror(errno));
}

/* Writes and closes; returns false with errno set. */
static bool fill(int fd, const struct cli_write *w) {
    bool good = write_all(fd, w->bytes, w->size_bytes);
    int problem = errno;
    if (close(fd) != 0 && good) {
        return false;
    }
    errno = problem;
    return good;
}

/* Creates a file that is not there yet, under the path with its last six characters replaced. Not
 * mkstemp: that opens it for reading as well, which the sandbox does not permit. */
static int create_aside(char *path) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char *end = path + strlen(path);
    int fd = -1;
    errno = EEXIST;
    for (int i = 0; i < MOST_NAMES && fd < 0 && errno == EEXIST; i++) {
        uint8_t random[6];
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
            break;
        }
        for (size_t c = 0; c < sizeof random; c++) {
            end[(ptrdiff_t)c - (ptrdiff_t)sizeof random] =
                letters[random[c] % (sizeof letters - 1)];
        }
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    }
    return fd;
}

/* Writes the bytes to a temporary file next to the target; directly to a device or a pipe. */
static bool put_aside(struct cli_write *w, struct cli_failure *failure) {
    struct stat st;
    bool exists = stat(w->path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return fail_write(w, failure);
    }
    if (exists && !S_ISREG(st.st_mode)) {
        int fd = open(w->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return (fd >= 0 && fill(fd, w)) || fail_write(w, failure);
    }
    w->replaces = exists;
    w->target = exists ? realpath(w->path, NULL) : cli_format("%s", w->path);
    if (!w->target || (w->make_folders && !make_folders(w->target))) {
        return fail_write(w, failure);
    }
    int folder_length = (int)(cli_base_name(w->target) - w->target);
    char *aside = cli_format("%.*s.imgcore-XXXXXX", folder_length, w->target);
    int fd = create_aside(aside);
    if (fd < 0) {
        free(aside);
        return fail_write(w, failure);
    }
    w->aside = aside;
    fchmod(fd, exists ? st.st_mode & 0777 : new_file_mode);
    return fill(fd, w) || fail_write(w, failure);
}

/* Exchanges two files; false with errno set. */
static bool exchange(const char *a, const char *b) {
    return syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE_NAMES) == 0;
}

/* Gives the temporary file its name. A file of that name gets the temporary one, so that this can
 * be undone. */
static bool place(struct cli_write *w, struct cli_failure *failure) {
    if (!w->aside) {
        return true;
    }
    if (w->replaces && exchange(w->aside, w->target)) {
        w->placed = CLI_EXCHANGED;
        return true;
    }
    /* EINVAL, ENOSYS: it cannot exchange them. ENOENT: the old file is gone. */
    if (w->replaces && errno != EINVAL && errno != ENOSYS && errno != ENOENT) {
        return fail_write(w, failure);
    }
    const bool is_new = !w->replaces || errno == ENOENT;
    if (rename(w->aside, w->target) != 0) {
        return fail_write(w, failure);
    }
    w->placed = is_new ? CLI_PLACED : CLI_REPLACED;
    return true;
}

static void undo(const struct cli_write *w) {
    if (w->placed == CLI_EXCHANGED) {
        (void)exchange(w->aside, w->target);
    } else if (w->placed == CLI_PLACED) {
        unlink(w->target);
    }
}

bool cli_write_files(struct cli_write *writes, size_t count, struct cli_failure *failure) {
    bool good = true;
    begin_writing();
    for (size_t i = 0; good && i < count; i++) {
        good = put_aside(&writes[i], failure);
    }
    for (size_t i = 0; good && i < count; i++) {
        good = place(&writes[i], failure);
    }
    for (size_t i = 0; i < count; i++) {
        struct cli_write *w = &writes[i];
        if (!good) {
            undo(w);
        }
        /* It is the new file, or the old one. */
        if (w->aside && (w->placed == CLI_NOT_PLACED || w->placed == CLI_EXCHANGED)) {
            unlink(w->aside);
        }
        free(w->aside);
        free(w->target);
        w->aside = NULL;
        w->target = NULL;
    }
    pthread_rwlock_unlock(&writing);
    return good;
}

bool cli_make_folder(const char *path, struct cli_failure *failure) {
    char *inside = cli_format("%s/", path);
    bool good = make_folders(inside);
    free(inside);
    return good ||
           cli_fail(failure, "WRITE_FAILED", "%.300s cannot be created: %s", path, strerror(errno));
}

bool cli_write_stdout(const uint8_t *bytes, size_t size_bytes, struct cli_failure *failure) {
    if (!write_all(STDOUT_FILENO, bytes, size_bytes)) {
        return cli_fail(failure, "WRITE_FAILED", "standard output cannot be written: %s",
                        strerror(errno));
    }
    return true;
}
