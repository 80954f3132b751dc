/* Files in and out of the command. Inputs are read front to back as the library asks for them, from
 * a file or from standard input. Outputs appear whole: they are written aside in the same folder
 * and renamed, and nothing stays aside, whatever goes wrong or whoever presses Ctrl-C. Used by
 * every command. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "imgcore/imgcore.h"

/* Why one input or output came to nothing: a short name for scripts and a sentence. */
struct cli_failure {
    const char *status; /* imgcore_status_name, or READ_FAILED, WRITE_FAILED; NULL: no failure */
    char message[480];
};

struct cli_input;

/* Each answers false, for `return`. */
bool cli_fail(struct cli_failure *failure, const char *status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What the library said of `input`. */
bool cli_fail_library(struct cli_failure *failure, enum imgcore_status status,
                      const struct imgcore_error *error, const struct cli_input *input);

/* "imgcore: NAME: MESSAGE" on stderr; "-" is called standard input. `json`: a document on stdout
 * has the sentence, so only what could not be written is said here as well: on a terminal, where
 * the two meet, a sentence for each refusal would spoil the document. */
void cli_print_failure(const char *name, const struct cli_failure *failure, bool json);

/* To be called once, before any thread starts and any file is written: from then on a signal that
 * ends the program waits until no output is half written. */
bool cli_files_start(void);

/* ---------------------------------------------------------------------- inputs */

struct cli_input {
    int fd;
    bool is_ours;   /* to be closed */
    off_t begin;    /* where the picture begins in a file that can be read again; else -1 */
    int read_errno; /* of the last failed read; 0 */
    uint8_t *held;  /* all of an input that cannot be read again, if it was asked for */
    size_t held_bytes;
    uint64_t read_bytes; /* so far */
};

/* "-" is standard input. `again`: cli_input_rewind will be needed. */
bool cli_input_open(struct cli_input *input, const char *path, bool again,
                    struct cli_failure *failure);
/* Before the first read: takes all of a JPEG file with restart markers into memory, where several
 * threads can decode it. Others, and what cannot be held, are left to be read front to back. */
void cli_input_hold_for_threads(struct cli_input *input);
bool cli_input_rewind(struct cli_input *input, struct cli_failure *failure);
/* The source borrows the input. */
struct imgcore_source cli_input_source(struct cli_input *input);
void cli_input_close(struct cli_input *input);

/* The kind of picture the first bytes promise; AUTO for none. Reads on from where the input is. */
enum imgcore_format cli_input_kind(struct cli_input *input);
/* The kind of picture the extension of a file's name promises, in any case; AUTO for none. */
enum imgcore_format cli_named_kind(const char *path);

/* ---------------------------------------------------------------------- outputs */

struct cli_write {
    const char *path;
    const uint8_t *bytes;
    size_t size_bytes;
    bool make_folders; /* those above it that are missing; otherwise they are an error */
    char *target;      /* the writer's own: path with links followed */
    char *aside;       /* the writer's own */
};

/* Writes all of them or none. Devices and pipes are written straight through. */
bool cli_write_files(struct cli_write *writes, size_t count, struct cli_failure *failure);

/* Makes a folder and those above it, where they are missing. */
bool cli_make_folder(const char *path, struct cli_failure *failure);

/* Bytes to standard output. */
bool cli_write_stdout(const uint8_t *bytes, size_t size_bytes, struct cli_failure *failure);

/* The part after the last slash (of a path without a slash at its end). */
const char *cli_base_name(const char *path);

#endif
