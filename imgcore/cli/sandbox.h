/* The sandbox that a command enters before it decodes the first byte of an image. From then on the
 * process reads only its inputs and writes only below the folders of its outputs (Landlock), and
 * makes only the system calls that reading, decoding on threads and writing need (seccomp): no
 * socket, no program, no process, no executable memory. Everything else fails with EACCES or EPERM.
 *
 * Entered while there is one thread; those created later inherit it. Where the kernel lacks a part,
 * the command works without it. IMGCORE_SANDBOX=off in the environment leaves all of it out, for
 * debuggers, and builds with a sanitizer have none. Linux alone; no library. */
#ifndef CLI_SANDBOX_H
#define CLI_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

struct cli_json;

struct cli_sandbox {
    bool is_off;          /* by the environment, or by the build */
    int rules;            /* private: descriptor of the rules to come; -1: no Landlock */
    uint64_t rights;      /* private: those that Landlock controls here */
    int landlock_version; /* of the kernel's Landlock, once it is in force; 0: not in force */
    bool has_call_filter; /* whether the filter of system calls is in force */
};

/* Begins with nothing permitted. */
void cli_sandbox_begin(struct cli_sandbox *sandbox);
/* Permits reading a file, or listing a folder. Nothing happens if the path does not exist. */
void cli_sandbox_allow_reading(struct cli_sandbox *sandbox, const char *path);
/* Permits creating, replacing and removing files and creating folders below an existing folder. */
void cli_sandbox_allow_folder(struct cli_sandbox *sandbox, const char *path);
/* Permits writing an output, which may exist: in its folder, in the folder that it links to, or to
 * the device or pipe that it is. Nothing happens if its folder does not exist. */
void cli_sandbox_allow_output(struct cli_sandbox *sandbox, const char *path);
/* Enters it, and closes what begin opened. */
void cli_sandbox_enter(struct cli_sandbox *sandbox);

/* Adds what is in force as the object "sandbox". */
void cli_sandbox_report(const struct cli_sandbox *sandbox, struct cli_json *json);

/* For sandbox.c alone: limits the system calls of every thread of this process (sandbox_calls.c).
 * false: the kernel does not support it. */
bool cli_sandbox_filter_calls(void);

#endif
