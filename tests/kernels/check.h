/* Shared by the checks of the kernels: random numbers, memory between guard pages, the comparison
 * with the reference, timing. One struct check is used for an entire run. */
#ifndef CHECK_H
#define CHECK_H

#include "imgcore/kernels/kernels.h"

#include <stdio.h>

/* Areas: each is CHECK_AREA_BYTES between two inaccessible pages. */
#define CHECK_AREA_BYTES ((size_t)1 << 20)
#define CHECK_SOURCES    6

/* The pointer of any kernel, only for comparison. */
typedef void (*check_slot)(void);

struct check_out { /* output of the reference and of the kernel under test, with the same initial
                      bytes */
    uint8_t *ref, *tested;
    size_t size_bytes;
};

struct check_timing;

struct check {
    uint64_t random;     /* state */
    const uint8_t *data; /* bytes that are used in place of random ones while there are any: those
                            of a fuzz target */
    size_t data_bytes;
    bool quick;
    const struct ic_kernels *ref, *tested;
    const char *kernel; /* name of the current slot */
    int failures;       /* of this slot */
    uint8_t *source[CHECK_SOURCES];
    uint8_t *out[2];
    struct check_timing *timing;
};

/* One slot of the table. */
struct check_kernel {
    const char *name;
    check_slot (*slot)(const struct ic_kernels *kernels);
    void (*run)(struct check *check, int channels);   /* one round of random parameters */
    void (*bench)(struct check *check, int channels); /* check->tested at typical sizes */
    int channels;                                     /* 0: does not depend on channels */
};

extern const struct check_kernel check_vpass_kernels[], check_hpass_kernels[],
    check_float_kernels[], check_alpha_kernels[], check_color_kernels[], check_orient_kernels[],
    check_png_kernels[], check_reduce_kernels[], check_jpeg_kernels[], check_jpeg_blocks_kernels[],
    check_jpeg_bands_kernels[]; /* end: name NULL */

/* Checks the choice among targets; returns how many of its checks failed, adds to *passed. */
int check_targets(int *passed);

/* ---- random -------------------------------------------------------------------------------- */

uint32_t check_random(struct check *check);
/* Returns a random number, low <= result <= high. */
int check_range(struct check *check, int low, int high);
float check_float(struct check *check, float low, float high);
/* Returns a number of samples or pixels: mostly near the sizes of vectors, sometimes up to `large`.
 */
size_t check_size(struct check *check, size_t large);
/* Fills bytes: all 0, all 255, alternating, or random. */
void check_fill(struct check *check, uint8_t *bytes, size_t size_bytes);

/* ---- memory -------------------------------------------------------------------------------- */

bool check_open(struct check *check);
/* Lets an access outside the areas end the program with the description of the case. */
bool check_catch_faults(void);
/* Returns `size_bytes` of area `index`, at its end, or sometimes at its beginning, where `align`
 * (of the element type) allows. The content is undefined. */
void *check_source(struct check *check, int index, size_t size_bytes, size_t align);
/* The same for output, filled with canaries (random bytes, equal in both), also inside. */
struct check_out check_output(struct check *check, size_t size_bytes, size_t align);

/* ---- result -------------------------------------------------------------------------------- */

/* Describes the next case; printed if it fails or crashes. */
void check_describe(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reports another difference than one of the outputs. */
void check_fail(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Compares the outputs, including the bytes around them. */
void check_compare(struct check *check, const struct check_out *out);

/* ---- timing -------------------------------------------------------------------------------- */

/* Calls run(arg) often enough, several times; records the median under the name of the kernel and
 * `label`. `samples` is the output of one call. */
void check_time(struct check *check, const char *label, double samples, void (*run)(void *),
                void *arg);
void check_report_timings(const struct check *check, bool json);
void check_close(struct check *check);

#endif
