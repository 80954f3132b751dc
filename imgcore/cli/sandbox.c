/* The sandbox: see sandbox.h. Landlock by its system calls, whose numbers and structures are part
 * of the kernel's interface and the same on every architecture here
 * (https://docs.kernel.org/userspace-api/landlock.html). */
#define _GNU_SOURCE /* O_PATH, syscall */
#include "imgcore/cli/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "imgcore/cli/files.h"
#include "imgcore/cli/json.h"
#include "imgcore/cli/text.h"

/* A sanitizer's runtime reads files of its own and starts processes. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define HAS_SANITIZER 1
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER 0
#endif

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { ASK_VERSION = 1, BELOW_PATH = 1 };

/* Rights, as bits; in brackets the version that has them first. */
enum {
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_FOLDER = 1 << 3,
    REMOVE_FILE = 1 << 5,
    MAKE_FOLDER = 1 << 7,
    MAKE_FILE = 1 << 8,
    ALL_RIGHTS_1 = (1 << 13) - 1,
    REFER = 1 << 13,    /* (2) moving a file to another folder */
    TRUNCATE = 1 << 14, /* (3) */
    IOCTL = 1 << 15     /* (5) of devices */
};
enum {
    ALL_NETWORK = 3 /* (4) binding and connecting TCP */,
    ALL_SCOPES = 3 /* (6) sockets, signals */
};

struct ruleset {
    uint64_t files, network, scopes;
};

struct path_rule {
    uint64_t rights;
    int32_t folder;
} __attribute__((packed));

void cli_sandbox_begin(struct cli_sandbox *sandbox) {
    const char *word = getenv("IMGCORE_SANDBOX");
    *sandbox = (struct cli_sandbox){.rules = -1};
    sandbox->is_off = HAS_SANITIZER || (word && strcmp(word, "off") == 0);
    if (sandbox->is_off) {
        return;
    }
    const long version = syscall(CREATE_RULESET, NULL, (size_t)0, ASK_VERSION);
    if (version < 1) {
        return;
    }
    struct ruleset all = {.files = ALL_RIGHTS_1};
    all.files |= version >= 2 ? REFER : 0;
    all.files |= version >= 3 ? TRUNCATE : 0;
    all.files |= version >= 5 ? IOCTL : 0;
    all.network = version >= 4 ? ALL_NETWORK : 0;
    all.scopes = version >= 6 ? ALL_SCOPES : 0;
    /* An older kernel takes a shorter structure. */
    const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    sandbox->rules = (int)syscall(CREATE_RULESET, &all, size, 0);
    sandbox->rights = all.files;
    sandbox->landlock_version = sandbox->rules >= 0 ? (int)version : 0;
}

/* A path that cannot be permitted stays forbidden. */
static void allow(const struct cli_sandbox *sandbox, const char *path, uint64_t rights) {
    struct path_rule rule = {.rights = rights & sandbox->rights, .folder = -1};
    if (sandbox->rules < 0) {
        return;
    }
    rule.folder = open(path, O_PATH | O_CLOEXEC);
    if (rule.folder >= 0) {
        (void)syscall(ADD_RULE, sandbox->rules, BELOW_PATH, &rule, 0);
        close(rule.folder);
    }
}

void cli_sandbox_allow_reading(struct cli_sandbox *sandbox, const char *path) {
    struct stat st;
    /* A folder among the inputs is refused by its kind, for which it has to be opened. */
    if (sandbox->rules >= 0 && stat(path, &st) == 0) {
        allow(sandbox, path, S_ISDIR(st.st_mode) ? READ_FOLDER : READ_FILE);
    }
}

void cli_sandbox_allow_folder(struct cli_sandbox *sandbox, const char *path) {
    allow(sandbox, path, WRITE_FILE | REMOVE_FILE | MAKE_FOLDER | MAKE_FILE | TRUNCATE);
}

void cli_sandbox_allow_output(struct cli_sandbox *sandbox, const char *path) {
    struct stat st;
    if (sandbox->rules < 0) {
        return;
    }
    const bool exists = stat(path, &st) == 0;
    if (exists && !S_ISREG(st.st_mode)) {
        if (!S_ISDIR(st.st_mode)) {
            allow(sandbox, path, WRITE_FILE);
        }
        return;
    }
    char *target = exists ? realpath(path, NULL) : cli_format("%s", path);
    if (target) {
        char *name = target + (cli_base_name(target) - target);
        char *folder = cli_format("%.*s", name == target ? 1 : (int)(name - target),
                                  name == target ? "." : target);
        cli_sandbox_allow_folder(sandbox, folder);
        free(folder);
    }
    free(target);
}

void cli_sandbox_enter(struct cli_sandbox *sandbox) {
    if (sandbox->is_off) {
        return;
    }
#if defined __aarch64__ || defined __arm__
    /* libjpeg-turbo looks up the CPU's kind there. */
    cli_sandbox_allow_reading(sandbox, "/proc/cpuinfo");
#endif
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || sandbox->rules < 0 ||
        syscall(RESTRICT_SELF, sandbox->rules, 0) != 0) {
        sandbox->landlock_version = 0;
    }
    if (sandbox->rules >= 0) {
        close(sandbox->rules);
        sandbox->rules = -1;
    }
    sandbox->has_call_filter = cli_sandbox_filter_calls();
}

void cli_sandbox_report(const struct cli_sandbox *sandbox, struct cli_json *json) {
    cli_json_open(json, "sandbox", '{');
    cli_json_number(json, "landlock", (uint64_t)sandbox->landlock_version);
    cli_json_bool(json, "seccomp", sandbox->has_call_filter);
    cli_json_close(json, '}');
}
