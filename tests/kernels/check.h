/* What the checks of the kernels share: random numbers, memory between guard pages, the comparison
 * with the reference, timing. One struct check goes through a whole run. */
#ifndef CHECK_H
#define CHECK_H

#include "imgcore/kernels/kernels.h"

#include <stdio.h>

/* Areas: each is CHECK_AREA_BYTES between two pages that nobody may touch. */
#define CHECK_AREA_BYTES ((size_t)1 << 20)
#define CHECK_SOURCES    6

/* Any kernel's pointer, to compare and no more. */
typedef void (*check_slot)(void);

struct check_out { /* the same bytes for the reference and for the kernel under test */
    uint8_t *ref, *tested;
    size_t size_bytes;
};

struct check_timing;

struct check {
    uint64_t random; /* state */
    bool quick;
    const struct ic_kernels *ref, *tested;
    const char *kernel; /* name of the slot being checked */
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
    int channels;                                     /* 0: not by channels */
};

extern const struct check_kernel check_vpass_kernels[], check_hpass_kernels[],
    check_float_kernels[], check_color_kernels[], check_orient_kernels[], check_png_kernels[],
    check_reduce_kernels[]; /* end: name NULL */

/* The choice among targets; answers how many of its checks failed, adds to *passed. */
int check_targets(int *passed);

/* ---- random -------------------------------------------------------------------------------- */

uint32_t check_random(struct check *check);
/* low <= result <= high. */
int check_range(struct check *check, int low, int high);
float check_float(struct check *check, float low, float high);
/* A number of samples or pixels: mostly around the sizes of vectors, sometimes up to `large`. */
size_t check_size(struct check *check, size_t large);
/* Bytes: all 0, all 255, alternating, or random. */
void check_fill(struct check *check, uint8_t *bytes, size_t size_bytes);

/* ---- memory -------------------------------------------------------------------------------- */

bool check_open(struct check *check);
/* `size_bytes` of area `index`, touching its end, or now and then its beginning, where `align`
 * (of the type that goes there) allows. Content is left over. */
void *check_source(struct check *check, int index, size_t size_bytes, size_t align);
/* The same for output: canaries (random bytes, equal in both) everywhere, inside as well. */
struct check_out check_output(struct check *check, size_t size_bytes, size_t align);

/* ---- verdict ------------------------------------------------------------------------------- */

/* Says what is about to be tried; shown if it fails or faults. */
void check_describe(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Compares the outputs, with all that lies around them. */
void check_compare(struct check *check, const struct check_out *out);

/* ---- timing -------------------------------------------------------------------------------- */

/* Calls run(arg) often enough, several times; notes the median under the kernel's name and `label`.
 * `samples` is what one call turns out. */
void check_time(struct check *check, const char *label, double samples, void (*run)(void *),
                void *arg);
void check_report_timings(const struct check *check, bool json);
void check_close(struct check *check);

#endif
