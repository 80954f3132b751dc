/* Runs the local cloud in a sandbox, for it serves whoever reaches its ports and starts programs:
 * see HELP. Landlock by its system calls, whose numbers and structures are part of the kernel's
 * interface (https://docs.kernel.org/userspace-api/landlock.html).
 *
 * What is not restricted: the network. Landlock knows ports alone, no addresses, and the cloud's
 * are free ones; that they are those of loopback is up to the cloud. */
#define _GNU_SOURCE /* O_PATH, syscall, nftw */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char HELP[] = "usage: confine [--read PATH]... [--write FOLDER]... [--temporary "
                           "FOLDER] -- COMMAND [ARGUMENT...]\n"
                           "\n"
                           "Runs COMMAND so that it and all that it starts read only PATHs and the "
                           "system's own files, write\n"
                           "only below FOLDERs, execute nothing there, trace and signal no other "
                           "process, gain no privileges\n"
                           "(no-new-privs) and leave no core. --temporary: makes a folder below "
                           "FOLDER for TMPDIR, and removes\n"
                           "it at the end. A kernel that lacks a part of it leaves that part out; "
                           "without Landlock a line on\n"
                           "standard error states that files are not restricted.\n";

enum { USAGE = 2, CANNOT_RUN = 126, BY_SIGNAL = 128 };
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { ASK_VERSION = 1, BELOW_PATH = 1, OPEN_FOLDERS = 16 };

/* Rights, as bits; in brackets the version that has them first. */
enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_FOLDER = 1 << 3,
    MAKE_CHARACTER_DEVICE = 1 << 6,
    MAKE_BLOCK_DEVICE = 1 << 11,
    ALL_RIGHTS_1 = (1 << 13) - 1,
    REFER = 1 << 13,    /* (2) moving a file to another folder */
    TRUNCATE = 1 << 14, /* (3) */
    IOCTL = 1 << 15     /* (5) of devices */
};
enum {
    READING = READ_FILE | READ_FOLDER,
    ONLY_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
};
enum { ALL_SCOPES = 3 /* (6) abstract sockets, signals */ };

struct ruleset {
    uint64_t files, network, scopes;
};

struct path_rule {
    uint64_t rights;
    int32_t path;
} __attribute__((packed));

struct rules {
    int descriptor; /* -1: no Landlock */
    uint64_t rights;
};

static void begin(struct rules *rules) {
    const long version = syscall(CREATE_RULESET, NULL, (size_t)0, ASK_VERSION);
    *rules = (struct rules){.descriptor = -1};
    if (version < 1) {
        return;
    }
    struct ruleset all = {.files = ALL_RIGHTS_1};
    all.files |= version >= 2 ? REFER : 0;
    all.files |= version >= 3 ? TRUNCATE : 0;
    all.files |= version >= 5 ? IOCTL : 0;
    all.scopes = version >= 6 ? ALL_SCOPES : 0;
    /* An older kernel takes a shorter structure. */
    rules->descriptor = (int)syscall(CREATE_RULESET, &all, (size_t)(version >= 6 ? 24 : 8), 0);
    rules->rights = all.files;
}

/* What does not exist stays forbidden. */
static void allow(const struct rules *rules, const char *path, uint64_t rights) {
    struct path_rule rule = {.rights = rights & rules->rights,
                             .path = rules->descriptor < 0 ? -1 : open(path, O_PATH | O_CLOEXEC)};
    struct stat st;
    if (rule.path >= 0) {
        if (fstat(rule.path, &st) == 0 && !S_ISDIR(st.st_mode)) {
            rule.rights &= ONLY_FILES | IOCTL;
        }
        (void)syscall(ADD_RULE, rules->descriptor, BELOW_PATH, &rule, 0);
        close(rule.path);
    }
}

static void allow_writing(const struct rules *rules, const char *folder) {
    allow(rules, folder,
          rules->rights & ~(uint64_t)(EXECUTE | MAKE_CHARACTER_DEVICE | MAKE_BLOCK_DEVICE | IOCTL));
}

static void allow_system(const struct rules *rules) {
    static const char *const programs[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"};
    static const char *const files[] = {"/etc", "/proc", "/sys", "/dev"};
    static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/tty"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        allow(rules, programs[i], EXECUTE | READING);
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        allow(rules, files[i], READING);
    }
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        allow(rules, devices[i], READ_FILE | WRITE_FILE | TRUNCATE | IOCTL);
    }
}

/* false, with a message: the privileges cannot be given up. */
static bool enter(const struct rules *rules) {
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        perror("confine: the kernel refuses");
        return false;
    }
    if (rules->descriptor < 0 || syscall(RESTRICT_SELF, rules->descriptor, 0) != 0) {
        fputs("confine: this kernel has no Landlock: what is read and written is not restricted\n",
              stderr);
    }
    if (rules->descriptor >= 0) {
        close(rules->descriptor);
    }
    return true;
}

/* ---------------------------------------------------------------------- the temporary folder */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where) {
    (void)st, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

static volatile pid_t child;

static void pass_on(int signal_number) {
    kill(child, signal_number);
}

/* The parent, which is not in the sandbox: waits for the command, and removes its folder. A
 * terminal sends SIGINT to both; SIGTERM and SIGHUP come to the parent alone. */
static int wait_and_remove(const char *temporary) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    (void)nftw(temporary, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    return WIFEXITED(status) ? WEXITSTATUS(status) : BY_SIGNAL + WTERMSIG(status);
}

/* In the child it returns -1; in the parent the command's exit status. */
static int split(char *temporary) {
    const struct sigaction forward = {.sa_handler = pass_on};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t passed, before;
    sigemptyset(&passed);
    sigaddset(&passed, SIGTERM);
    sigaddset(&passed, SIGHUP);
    /* Until the child's number is known. */
    sigprocmask(SIG_BLOCK, &passed, &before);
    const pid_t parent = getpid();
    child = fork();
    if (child < 0) {
        perror("confine: no process");
        (void)rmdir(temporary);
        return CANNOT_RUN;
    }
    if (child > 0) {
        sigaction(SIGTERM, &forward, NULL);
        sigaction(SIGHUP, &forward, NULL);
        sigaction(SIGINT, &ignore, NULL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return wait_and_remove(temporary);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    /* If the parent is killed, nobody else ends it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) {
        _exit(BY_SIGNAL + SIGTERM);
    }
    return -1;
}

/* A new folder below the one named, as TMPDIR; NULL, with a message: there is none. */
static char *make_temporary(const char *below) {
    static const char name[] = "/local-XXXXXX";
    char *path = malloc(strlen(below) + sizeof(name));
    if (path != NULL) {
        strcpy(path, below);
        strcat(path, name);
    }
    if (path == NULL || mkdtemp(path) == NULL || setenv("TMPDIR", path, 1) != 0) {
        fprintf(stderr, "confine: no folder can be made in %s: %s\n", below, strerror(errno));
        free(path);
        return NULL;
    }
    return path;
}

/* ---------------------------------------------------------------------- the command line */

/* The index of the command; 0: the command line is wrong. */
static int read_options(int argc, char **argv, const struct rules *rules, const char **below) {
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--read") == 0) {
            allow(rules, argv[i + 1], EXECUTE | READING);
        } else if (strcmp(argv[i], "--write") == 0) {
            allow_writing(rules, argv[i + 1]);
        } else if (strcmp(argv[i], "--temporary") == 0) {
            *below = argv[i + 1];
        } else {
            return 0;
        }
    }
    return i + 1 < argc && strcmp(argv[i], "--") == 0 ? i + 1 : 0;
}

int main(int argc, char **argv) {
    struct rules rules;
    const char *below = NULL;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(HELP, stdout);
        return EXIT_SUCCESS;
    }
    begin(&rules);
    allow_system(&rules);
    const int command = read_options(argc, argv, &rules, &below);
    if (command == 0) {
        fputs(HELP, stderr);
        return USAGE;
    }
    if (below != NULL) {
        char *temporary = make_temporary(below);
        if (temporary == NULL) {
            return CANNOT_RUN;
        }
        allow_writing(&rules, temporary);
        const int status = split(temporary);
        free(temporary);
        if (status >= 0) {
            return status;
        }
    }
    if (!enter(&rules)) {
        return CANNOT_RUN;
    }
    execvp(argv[command], argv + command);
    fprintf(stderr, "confine: %s cannot be run: %s\n", argv[command], strerror(errno));
    return CANNOT_RUN;
}
