/* Support of the kernel checks: see check.h. */
#include "check.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* ---- random -------------------------------------------------------------------------------- */

uint32_t check_random(struct check *check) { /* splitmix64 */
    if (check->data_bytes >= 4) {
        uint32_t value;
        memcpy(&value, check->data, sizeof(value));
        check->data += sizeof(value);
        check->data_bytes -= sizeof(value);
        return value;
    }
    uint64_t z = check->random += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(z >> 32);
}

int check_range(struct check *check, int low, int high) {
    uint64_t span = (uint64_t)((int64_t)high - low) + 1;
    return (int)(low + (int64_t)(check_random(check) * span >> 32));
}

float check_float(struct check *check, float low, float high) {
    return low + (high - low) * ((float)check_random(check) / 4294967296.0f);
}

size_t check_size(struct check *check, size_t large) {
    switch (check_range(check, 0, 9)) {
    case 0:
        return (size_t)check_range(check, 0, 5);
    case 1:
    case 2:
        return (size_t)check_range(check, 0, (int)large);
    case 3:
    case 4: { /* the size of one or two vectors, plus or minus one */
        size_t vectors = (size_t)1 << check_range(check, 2, 8);
        size_t size = vectors + (size_t)check_range(check, 0, 2) - 1;
        return size < large ? size : large;
    }
    default: {
        int most = large < 400 ? (int)large : 400;
        return (size_t)check_range(check, 0, most);
    }
    }
}

void check_fill(struct check *check, uint8_t *bytes, size_t size_bytes) {
    int kind = check_range(check, 0, 7);
    for (size_t i = 0; i < size_bytes; i++) {
        bytes[i] = kind == 0   ? 0
                   : kind == 1 ? 255
                   : kind == 2 ? (uint8_t)(i % 2 * 255)
                               : (uint8_t)check_random(check);
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

static uint8_t *open_area(size_t page) {
    size_t size = CHECK_AREA_BYTES + 2 * page;
    uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    if (mprotect(map, page, PROT_NONE) != 0 ||
        mprotect(map + page + CHECK_AREA_BYTES, page, PROT_NONE) != 0) {
        munmap(map, size);
        return NULL;
    }
    return map + page;
}

static char described[512];

static void on_fault(int sig) {
    static const char text[] = "\nFAULT: memory outside of what the kernel may touch: ";
    (void)sig;
    ssize_t written = write(STDOUT_FILENO, text, sizeof(text) - 1);
    written += write(STDOUT_FILENO, described, strlen(described));
    written += write(STDOUT_FILENO, "\n", 1);
    _exit(written > 0 ? 1 : 2);
}

bool check_open(struct check *check) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bool ok = true;
    for (int i = 0; i < CHECK_SOURCES; i++) {
        check->source[i] = open_area(page);
        ok = ok && check->source[i] != NULL;
    }
    for (int i = 0; i < 2; i++) {
        check->out[i] = open_area(page);
        ok = ok && check->out[i] != NULL;
    }
    return ok;
}

bool check_catch_faults(void) {
    struct sigaction action = {.sa_handler = on_fault};
    return sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0;
}

static size_t place(struct check *check, size_t size_bytes, size_t align) {
    if (size_bytes > CHECK_AREA_BYTES) {
        fprintf(stderr, "check: an area is too small for %zu bytes\n", size_bytes);
        exit(2);
    }
    size_t end = (CHECK_AREA_BYTES - size_bytes) / align * align;
    return check_range(check, 0, 3) == 0 ? 0 : end;
}

void *check_source(struct check *check, int index, size_t size_bytes, size_t align) {
    return check->source[index] + place(check, size_bytes, align);
}

enum { CANARY_BYTES = 256 };

static void around(const struct check *check, const struct check_out *out, size_t *begin,
                   size_t *end) {
    size_t at = (size_t)(out->ref - check->out[0]);
    *begin = at < CANARY_BYTES ? 0 : at - CANARY_BYTES;
    *end = at + out->size_bytes + CANARY_BYTES;
    *end = *end > CHECK_AREA_BYTES ? CHECK_AREA_BYTES : *end;
}

struct check_out check_output(struct check *check, size_t size_bytes, size_t align) {
    size_t at = place(check, size_bytes, align);
    struct check_out out = {check->out[0] + at, check->out[1] + at, size_bytes};
    size_t begin, end;
    around(check, &out, &begin, &end);
    for (size_t i = begin; i < end; i++) {
        check->out[0][i] = check->out[1][i] = (uint8_t)check_random(check);
    }
    return out;
}

/* ---- result -------------------------------------------------------------------------------- */

void check_describe(struct check *check, const char *format, ...) {
    int length =
        snprintf(described, sizeof(described), "%s %s: ", check->tested->target, check->kernel);
    if (length < 0 || (size_t)length >= sizeof(described)) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(described + length, sizeof(described) - (size_t)length, format, args);
    va_end(args);
}

void check_compare(struct check *check, const struct check_out *out) {
    size_t begin, end;
    around(check, out, &begin, &end);
    if (memcmp(check->out[0] + begin, check->out[1] + begin, end - begin) == 0) {
        return;
    }
    if (check->failures++ >= 3) {
        return;
    }
    size_t at = begin;
    while (check->out[0][at] == check->out[1][at]) {
        at++;
    }
    long long offset = (long long)at - (long long)(out->ref - check->out[0]);
    printf("FAILED %s\n       first difference at byte %lld of %zu: is %u, reference %u\n",
           described, offset, out->size_bytes, check->out[1][at], check->out[0][at]);
}

void check_fail(struct check *check, const char *format, ...) {
    if (check->failures++ >= 3) {
        return;
    }
    va_list args;
    va_start(args, format);
    printf("FAILED %s\n       ", described);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

/* ---- timing -------------------------------------------------------------------------------- */

struct check_timing {
    struct check_timing *next;
    const char *target, *kernel;
    char label[48];
    double ns, samples;
};

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* time of other processes does not count */
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void check_time(struct check *check, const char *label, double samples, void (*run)(void *),
                void *arg) {
    enum { ROUNDS = 15 };
    const double round_ns = check->quick ? 1e5 : 1e6;
    double took[ROUNDS];
    double start = now_ns();
    run(arg);
    double once = now_ns() - start;
    start = now_ns();
    run(arg); /* warm */
    once = now_ns() - start;
    long calls = once < round_ns ? (long)(round_ns / (once + 20.0)) + 1 : 1;
    for (int i = 0; i < ROUNDS; i++) {
        start = now_ns();
        for (long j = 0; j < calls; j++) {
            run(arg);
        }
        took[i] = (now_ns() - start) / (double)calls;
    }
    qsort(took, ROUNDS, sizeof(took[0]), by_value);
    struct check_timing *timing = calloc(1, sizeof(*timing));
    if (timing == NULL) {
        return;
    }
    timing->target = check->tested->target;
    timing->kernel = check->kernel;
    snprintf(timing->label, sizeof(timing->label), "%s", label);
    timing->ns = took[ROUNDS / 2];
    timing->samples = samples;
    struct check_timing **last = &check->timing;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = timing;
}

static double ratio_to_ref(const struct check *check, const struct check_timing *timing) {
    for (const struct check_timing *t = check->timing; t != NULL; t = t->next) {
        if (strcmp(t->target, "ref") == 0 && strcmp(t->kernel, timing->kernel) == 0 &&
            strcmp(t->label, timing->label) == 0) {
            return t->ns / timing->ns;
        }
    }
    return 0.0;
}

void check_report_timings(const struct check *check, bool json) {
    if (json) {
        printf("[\n");
    } else {
        printf("%-19s %-8s %-30s %12s %11s %8s\n", "kernel", "target", "size", "ns", "samples/ns",
               "x ref");
    }
    for (const struct check_timing *t = check->timing; t != NULL; t = t->next) {
        double ratio = ratio_to_ref(check, t);
        double rate = t->samples / t->ns;
        if (json) {
            printf("  {\"kernel\": \"%s\", \"target\": \"%s\", \"size\": \"%s\", \"ns\": %.1f, "
                   "\"samples_per_ns\": %.3f, \"times_ref\": %.2f}%s\n",
                   t->kernel, t->target, t->label, t->ns, rate, ratio, t->next != NULL ? "," : "");
        } else {
            printf("%-19s %-8s %-30s %12.0f %11.3f %8.2f\n", t->kernel, t->target, t->label, t->ns,
                   rate, ratio);
        }
    }
    if (json) {
        printf("]\n");
    }
}

void check_close(struct check *check) {
    while (check->timing != NULL) {
        struct check_timing *next = check->timing->next;
        free(check->timing);
        check->timing = next;
    }
}
