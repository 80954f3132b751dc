/* Input and output files of the command. Inputs are read front to back as the library requests,
 * from a file or from standard input. Outputs appear complete: they are written to a temporary file
 * in the same folder and renamed, all of an input or none, and no temporary file remains after a
 * failure or a signal. Used by every command. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "imgcore/imgcore.h"

/* The failure of one input or output: a short name for scripts and a sentence. */
struct cli_failure {
    const char *status; /* imgcore_status_name, or READ_FAILED, WRITE_FAILED; NULL: no failure */
    char message[480];
};

struct cli_input;

/* Set a failure. They return false, for use in `return`. */
bool cli_fail(struct cli_failure *failure, const char *status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the failure from an error of the library about `input`. */
bool cli_fail_library(struct cli_failure *failure, enum imgcore_status status,
                      const struct imgcore_error *error, const struct cli_input *input);

/* Prints "imgcore: NAME: MESSAGE" to stderr; "-" is shown as standard input. `json`: a document on
 * stdout contains the sentence, so only failures to write are printed here as well: on a terminal,
 * where both outputs appear, a sentence for each failure would disrupt the document. */
void cli_print_failure(const char *name, const struct cli_failure *failure, bool json);

/* Called once, in the sandbox, before any other thread is created and any file is written: from
 * then on a signal that ends the program waits until no output is half written. false, after a
 * message: no thread can be created. */
bool cli_files_start(void);

/* ---------------------------------------------------------------------- inputs */

struct cli_input {
    int fd;
    bool is_ours;     /* the descriptor is closed at the end */
    off_t begin;      /* start of the image in a file that can be read again; else -1 */
    off_t file_bytes; /* when it was opened, and the time of its last change */
    struct timespec modified;
    int read_errno; /* of the last failed read; 0 */
    uint8_t *held;  /* the entire input, if it cannot be read again and that is requested */
    size_t held_bytes;
    uint64_t read_bytes; /* so far */
};

/* Opens an input; "-" is standard input. `again`: the input can be read again, so a pipe is loaded
 * into memory. */
bool cli_input_open(struct cli_input *input, const char *path, bool again,
                    struct cli_failure *failure);
/* Called before the first read: loads a JPEG file with restart markers into memory, where several
 * threads can decode it. Other files, and files that cannot be loaded, are read front to back. */
void cli_input_hold_for_threads(struct cli_input *input);
bool cli_input_rewind(struct cli_input *input, struct cli_failure *failure);
/* Returns a source that reads from the input, which must remain open. The library reads it again
 * only if it is the same file as when it was opened. */
struct imgcore_source cli_input_source(struct cli_input *input);
/* Reads the next bytes of an input that is not in memory, fewer than requested only at its end. */
bool cli_input_read(struct cli_input *input, uint8_t *buffer, size_t size_bytes, size_t *got_bytes,
                    struct cli_failure *failure);
void cli_input_close(struct cli_input *input);

/* Returns the format of the first bytes; AUTO for unknown ones. Reads on from the current position.
 */
enum imgcore_format cli_input_kind(struct cli_input *input);
/* Returns the format of a file's extension, in any case; AUTO for unknown ones. */
enum imgcore_format cli_named_kind(const char *path);

/* ---------------------------------------------------------------------- outputs */

struct cli_write {
    const char *path;
    const uint8_t *bytes;
    size_t size_bytes;
    bool make_folders; /* create missing parent folders; otherwise they are an error */
    char *target;      /* private: path with links resolved */
    char *aside;       /* private: path of the temporary file */
    bool replaces;     /* private: the target exists */
    enum { CLI_NOT_PLACED, CLI_PLACED, CLI_EXCHANGED, CLI_REPLACED } placed; /* private */
};

/* Writes all files or none: after a failure those that were there have their old content, and there
 * are no new ones. Each of them is whole at any moment, also if the process is killed. Two
 * exceptions: devices and pipes are written directly, and a file that was replaced stays where the
 * file system cannot exchange two names (vfat and NFS on older kernels). */
bool cli_write_files(struct cli_write *writes, size_t count, struct cli_failure *failure);

/* Creates a folder and its missing parents. */
bool cli_make_folder(const char *path, struct cli_failure *failure);

/* Writes bytes to standard output. */
bool cli_write_stdout(const uint8_t *bytes, size_t size_bytes, struct cli_failure *failure);

/* Returns the part after the last slash (of a path without a slash at its end). */
const char *cli_base_name(const char *path);

/* Returns the part before that, "." if there is none; the caller frees it. */
char *cli_folder_of(const char *path);

#endif
