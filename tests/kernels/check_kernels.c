/* check_kernels: compares every kernel of every target that this CPU runs with the plain C
 * reference, on random sizes, strides and contents, with guard pages and canaries; or times them
 * with --bench. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct check_kernel *const groups[] = {
    check_vpass_kernels, check_hpass_kernels,       check_alpha_kernels,     check_float_kernels,
    check_color_kernels, check_orient_kernels,      check_png_kernels,       check_reduce_kernels,
    check_jpeg_kernels,  check_jpeg_blocks_kernels, check_jpeg_bands_kernels};
enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

struct options {
    uint64_t seed;
    const char *target, *kernel;
    bool quick, bench, json;
};

static const char usage[] =
    "usage: check_kernels [options]\n"
    "Compares every kernel of every usable target with the reference.\n"
    "  --seed N            the random numbers of an earlier run\n"
    "  --target NAME       only this target\n"
    "  --kernel SUBSTRING  only kernels whose name has it\n"
    "  --quick             a tenth of the rounds (sanitizers, valgrind)\n"
    "  --bench             times the kernels instead: medians, and how many times the reference\n"
    "  --json              the timings as JSON\n"
    "  --help              this\n"
    "Exit: 0 all passed, 1 some failed, 2 wrong usage.\n";

static bool parse_seed(const char *text, uint64_t *seed) {
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    *seed = value;
    return *text != '\0' && *end == '\0';
}

/* Returns -1 to continue, else the exit status. */
static int parse(int argc, char **argv, struct options *options) {
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else if (strcmp(argv[i], "--quick") == 0) {
            options->quick = true;
        } else if (strcmp(argv[i], "--bench") == 0) {
            options->bench = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            options->json = true;
        } else if (strcmp(argv[i], "--target") == 0 && value != NULL) {
            options->target = argv[++i];
        } else if (strcmp(argv[i], "--kernel") == 0 && value != NULL) {
            options->kernel = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0 && value != NULL &&
                   parse_seed(value, &options->seed)) {
            i++;
        } else {
            fprintf(stderr, "check_kernels: what is '%s'?\n%s", argv[i], usage);
            return 2;
        }
    }
    return -1;
}

static bool wanted_target(const struct options *options, size_t index) {
    return options->target == NULL || strcmp(options->target, ic_target_name(index)) == 0;
}

static bool wanted_kernel(const struct options *options, const struct check_kernel *kernel) {
    return options->kernel == NULL || strstr(kernel->name, options->kernel) != NULL;
}

/* Each kernel starts again from the seed, so that a single one gets the same numbers as in a full
 * run. */
static bool check_one(struct check *check, const struct options *options,
                      const struct check_kernel *kernel) {
    int rounds = options->quick ? 25 : 250;
    check->random = options->seed;
    check->kernel = kernel->name;
    check->failures = 0;
    bool is_ref = check->tested->target == check->ref->target;
    if (kernel->slot(check->tested) == NULL ||
        (!is_ref && kernel->slot(check->tested) == kernel->slot(check->ref))) {
        printf("FAILED %s %s: %s\n", check->tested->target, kernel->name,
               kernel->slot(check->tested) == NULL ? "missing" : "is the reference itself");
        return false;
    }
    for (int i = 0; i < rounds; i++) {
        kernel->run(check, kernel->channels);
    }
    return check->failures == 0;
}

static void check_target(struct check *check, const struct options *options, int *passed,
                         int *failed) {
    int passed_before = *passed, failed_before = *failed;
    for (int g = 0; g < GROUPS; g++) {
        for (const struct check_kernel *kernel = groups[g]; kernel->name != NULL; kernel++) {
            if (wanted_kernel(options, kernel)) {
                bool ok = check_one(check, options, kernel);
                *passed += ok;
                *failed += !ok;
            }
        }
    }
    printf("%-8s %d kernels, %d failed\n", check->tested->target,
           *passed - passed_before + *failed - failed_before, *failed - failed_before);
}

static void bench_kernels(struct check *check, const struct options *options,
                          const struct ic_kernels *tables) {
    for (int g = 0; g < GROUPS; g++) {
        for (const struct check_kernel *kernel = groups[g]; kernel->name != NULL; kernel++) {
            for (size_t i = 0; i < ic_target_count() && wanted_kernel(options, kernel); i++) {
                bool is_ref = i + 1 == ic_target_count();
                if (!ic_target_usable(i) || (!is_ref && !wanted_target(options, i))) {
                    continue;
                }
                check->random = options->seed;
                check->kernel = kernel->name;
                check->tested = &tables[i];
                kernel->bench(check, kernel->channels);
            }
        }
    }
    check_report_timings(check, options->json);
}

static int run(struct check *check, const struct options *options,
               const struct ic_kernels *tables) {
    int passed = 0, failed = 0;
    size_t ran = 0;
    printf("seed %llu\n", (unsigned long long)options->seed);
    for (size_t i = 0; i < ic_target_count(); i++) {
        if (!wanted_target(options, i)) {
            continue;
        }
        if (!ic_target_usable(i)) {
            printf("# skipped: target %s: this CPU does not support it\n", ic_target_name(i));
            continue;
        }
        check->tested = &tables[i];
        check_target(check, options, &passed, &failed);
        ran++;
    }
    if (ran == 0) {
        fprintf(stderr, "check_kernels: no usable target of that name\n");
        return 2;
    }
    if (options->target == NULL && options->kernel == NULL) {
        failed += check_targets(&passed);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    struct options options = {.seed = (uint64_t)time(NULL)};
    int status = parse(argc, argv, &options);
    if (status >= 0) {
        return status;
    }
    size_t count = ic_target_count();
    struct ic_kernels *tables = calloc(count, sizeof(*tables));
    struct check check = {.quick = options.quick};
    if (tables == NULL || !check_open(&check) || !check_catch_faults()) {
        fprintf(stderr, "check_kernels: no memory\n");
        free(tables);
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        if (ic_target_usable(i)) {
            ic_target_kernels(i, &tables[i]);
        }
    }
    check.ref = &tables[count - 1];
    if (options.bench) {
        bench_kernels(&check, &options, tables);
        status = 0;
    } else {
        status = run(&check, &options, tables);
    }
    check_close(&check);
    free(tables);
    return status;
}
