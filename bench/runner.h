/* Shared by the C programs of the bench: a process runs one case each time it gets a command, so
 * that the rounds of many cases can be interleaved.
 *
 * The protocol, one line each way:
 *   at the start   "ready TAB description", or "missing TAB reason"
 *   "run"          "done TAB nanoseconds TAB bytes of output TAB nanoseconds of CPU time", by the
 *                  clocks of the process; the CPU time is that of all its threads
 *   "save FOLDER"  writes its results to the folder, then "saved"
 *   end of input   the process ends
 * Every failure is reported as "failed TAB reason". */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The four images of one photograph: boxes that it must fit into, never enlarged. */
enum { RUNNER_SIZES = 4 };
extern const uint32_t runner_box_px[RUNNER_SIZES];
/* Computes the largest size with the aspect ratio of the photograph that fits into the box. */
void runner_fit(uint32_t width, uint32_t height, uint32_t box, uint32_t *out_width,
                uint32_t *out_height);

struct runner {
    const char *usage;                    /* shown for --help */
    bool (*open)(struct runner *runner);  /* reads arguments and input, untimed */
    bool (*run)(struct runner *runner);   /* the work that is timed */
    bool (*after)(struct runner *runner); /* frees the results of run, untimed; may be NULL */
    bool (*save)(struct runner *runner, const char *folder);
    void (*close)(struct runner *runner); /* may be NULL */
    void *state;
    bool by_clock; /* other processes do the work: the CPU time has no meaning */

    int argc;
    char **argv;
    char about[200];   /* for "ready" */
    char why[200];     /* for "failed" and "missing" */
    size_t made_bytes; /* bytes made by the last run */
};

/* Runs the program: parses only --help itself. Returns the exit status of main. */
int runner_main(struct runner *runner, int argc, char **argv);

/* Returns the value of --NAME VALUE among the arguments, else `otherwise`. */
const char *runner_option(const struct runner *runner, const char *name, const char *otherwise);
/* The same as an integer; an invalid one counts as 0. */
int runner_number(const struct runner *runner, const char *name, int otherwise);

/* Sets the reason of a failure; returns false. */
bool runner_fail(struct runner *runner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads a file; NULL (and a reason) if it cannot be read. free() it. */
uint8_t *runner_read(struct runner *runner, const char *path, size_t *size_bytes);
bool runner_write(struct runner *runner, const char *folder, const char *name, const void *bytes,
                  size_t size_bytes);
/* Writes packed 8-bit rows as PAM, which holds 1 to 4 channels. */
bool runner_write_pixels(struct runner *runner, const char *folder, const char *name,
                         const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
                         ptrdiff_t stride_bytes);

/* Packed pixels read from a PAM file. */
struct runner_pixels {
    uint8_t *bytes; /* free() them */
    uint32_t width, height;
    int channels;
};
bool runner_read_pixels(struct runner *runner, const char *path, struct runner_pixels *pixels);

#ifdef __cplusplus
}
#endif

#endif
