/* Checks of the list of targets and of the choice by names, as in IMGCORE_TARGETS. */
#include "check.h"

#include <string.h>

static int failures, passes;

static void expect(bool ok, const char *what) {
    if (ok) {
        passes++;
    } else {
        failures++;
        printf("FAILED targets: %s\n", what);
    }
}

static size_t best_usable(void) {
    size_t i = 0;
    while (!ic_target_usable(i)) {
        i++;
    }
    return i;
}

static void check_list(void) {
    size_t count = ic_target_count();
    expect(count >= 1, "there is a target");
    expect(strcmp(ic_target_name(count - 1), "ref") == 0, "the last is ref");
    expect(ic_target_usable(count - 1), "ref is usable");
    expect(ic_target_name(count) == NULL, "no name past the end");
    expect(!ic_target_usable(count), "nothing usable past the end");
    for (size_t i = 0; i < count; i++) {
        if (!ic_target_usable(i)) {
            continue;
        }
        struct ic_kernels kernels;
        ic_target_kernels(i, &kernels);
        expect(strcmp(kernels.target, ic_target_name(i)) == 0, "a table has its target's name");
        expect(kernels.hpass_i16_u8[0] == NULL && kernels.hpass_f32[0] == NULL &&
                   kernels.transpose_u8[0] == NULL && kernels.mirror_u8[0] == NULL,
               "nothing for 0 channels");
    }
}

static void check_choice(void) {
    size_t count = ic_target_count(), best = best_usable(), ref = count - 1;
    char list[64];
    expect(ic_target_choose(NULL) == best, "no list: the best");
    expect(ic_target_choose("") == best, "empty list: the best");
    expect(ic_target_choose("ref") == ref, "ref");
    expect(ic_target_choose("nonsense") == count, "an unknown name: none");
    expect(ic_target_choose(",") == count, "only a comma: none");
    expect(ic_target_choose(" ") == count, "only a space: none");
    expect(ic_target_choose("re") == count, "part of a name: none");
    expect(ic_target_choose("reff") == count, "more than a name: none");
    expect(ic_target_choose("REF") == count, "upper case: none");
    expect(ic_target_choose(",,ref,") == ref, "empty names do not count");
    expect(ic_target_choose("nonsense , ref ") == ref, "spaces around names do not count");
    snprintf(list, sizeof(list), "ref,%s", ic_target_name(best));
    expect(ic_target_choose(list) == best, "the best of the list, whatever its order");
    for (size_t i = 0; i < count; i++) {
        size_t alone = ic_target_choose(ic_target_name(i));
        expect(alone == (ic_target_usable(i) ? i : count), "a name alone: it, if usable");
        snprintf(list, sizeof(list), "%s,ref", ic_target_name(i));
        expect(ic_target_choose(list) == (ic_target_usable(i) ? i : ref), "or what is next");
    }
}

/* Whether slots are those of another target and not their own; puts their own ones back. */
static bool replaced(void *slots, const void *other, const void *own, size_t size) {
    const bool is_replaced = memcmp(slots, other, size) == 0 && memcmp(slots, own, size) != 0;
    memcpy(slots, own, size);
    return is_replaced;
}

/* Kernels with 512-bit vectors that are executed in halves, and SSE4 on a CPU with BMI2: some of
 * AVX2, and no other change. */
static void check_adapted(void) {
    const struct ic_cpu whole = {.halved_avx512 = false}, halved = {.halved_avx512 = true};
    const struct ic_cpu bmi2 = {.bmi2 = true};
    struct ic_kernels avx2 = {.target = ""};
    size_t narrow = 0;
    while (narrow < ic_target_count() && strcmp(ic_target_name(narrow), "avx2") != 0) {
        narrow++;
    }
    const bool has_avx2 = narrow < ic_target_count() && ic_target_usable(narrow);
    if (has_avx2) {
        ic_target_kernels(narrow, &avx2);
    }
    for (size_t i = 0; i < ic_target_count(); i++) {
        if (!ic_target_usable(i)) {
            continue;
        }
        struct ic_kernels kernels, adapted;
        ic_target_kernels(i, &kernels);
        adapted = kernels;
        ic_target_adapt(&whole, &adapted);
        expect(memcmp(&adapted, &kernels, sizeof(kernels)) == 0, "whole vectors: no change");
        ic_target_adapt(&halved, &adapted);
        if (strncmp(kernels.target, "avx3", 4) == 0) {
            expect(has_avx2 && replaced(adapted.jpeg_idct, avx2.jpeg_idct, kernels.jpeg_idct,
                                        sizeof(avx2.jpeg_idct)),
                   "halved vectors: the inverse DCTs of AVX2");
            expect(has_avx2 && replaced(adapted.hpass_f32, avx2.hpass_f32, kernels.hpass_f32,
                                        sizeof(avx2.hpass_f32)),
                   "halved vectors: its horizontal passes of floats");
            expect(has_avx2 && replaced(adapted.hpass_i16_u8 + 2, avx2.hpass_i16_u8 + 2,
                                        kernels.hpass_i16_u8 + 2, 3 * sizeof(avx2.hpass_i16_u8[0])),
                   "halved vectors: its horizontal passes of 2 to 4 channels");
        }
        expect(memcmp(&adapted, &kernels, sizeof(kernels)) == 0, "halved vectors: nothing else");
        if (has_avx2) {
            ic_target_adapt(&bmi2, &adapted);
        }
        if (has_avx2 && strcmp(kernels.target, "sse4") == 0) {
            expect(replaced(&adapted.jpeg_blocks, &avx2.jpeg_blocks, &kernels.jpeg_blocks,
                            sizeof(avx2.jpeg_blocks)) &&
                       replaced(&adapted.jpeg_band_first, &avx2.jpeg_band_first,
                                &kernels.jpeg_band_first, sizeof(avx2.jpeg_band_first)) &&
                       replaced(&adapted.jpeg_band_refine, &avx2.jpeg_band_refine,
                                &kernels.jpeg_band_refine, sizeof(avx2.jpeg_band_refine)),
                   "BMI2: the decoders of codes of AVX2");
        }
        expect(memcmp(&adapted, &kernels, sizeof(kernels)) == 0, "BMI2: nothing else");
    }
}

/* 512-bit vectors that lower the clock are for kernels alone, unless they are named. */
static void check_jobs(void) {
    const size_t count = ic_target_count(), best = best_usable();
    const struct ic_cpu fast = {.slow_avx512 = false}, slow = {.slow_avx512 = true};
    const char *reason, *other_reason;
    expect(ic_target_for(IC_WORK_TRANSFORM, &fast, NULL, &reason) == best, "the best to transform");
    expect(ic_target_for(IC_WORK_RESIZE, &fast, "", &reason) == best, "the best to resize");
    expect(ic_target_for(IC_WORK_RESIZE, &slow, NULL, &other_reason) == best,
           "slow AVX-512: the best to resize");
    expect(strcmp(reason, other_reason) == 0, "for the same reason");
    const size_t narrow = ic_target_for(IC_WORK_TRANSFORM, &slow, NULL, &other_reason);
    expect(narrow < count && ic_target_usable(narrow), "slow AVX-512: one that can run");
    const bool has_avx512 = strncmp(ic_target_name(best), "avx3", 4) == 0;
    expect(has_avx512 ? strcmp(ic_target_name(narrow), "avx2") == 0 : narrow == best,
           "slow AVX-512: AVX2 to transform");
    expect(has_avx512 == (strcmp(reason, other_reason) != 0), "for a reason of its own");
    expect(ic_target_for(IC_WORK_TRANSFORM, &slow, ic_target_name(best), &reason) == best,
           "slow AVX-512: used where it is named");
    expect(ic_target_for(IC_WORK_TRANSFORM, &slow, "nonsense", &reason) == count,
           "a list without a usable one: none");
}

int check_targets(int *passed) {
    failures = passes = 0;
    check_list();
    check_choice();
    check_jobs();
    check_adapted();
    *passed += passes;
    return failures;
}
