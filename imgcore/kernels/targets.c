/* The list of targets, best first, their support by this CPU, and the choice among them.
 *
 * The CPU is queried through the compiler's own runtime instead of Highway's library, so that only
 * headers of Highway are needed and the C++ runtime is not loaded at start-up. */
#include "imgcore/kernels/hwy_targets.h"

#include <string.h>

struct target {
    const char *name;
    bool (*usable)(void);
    enum ic_hwy_target hwy;
};

static bool always(void) {
    return true;
}

#if IC_HWY_X86
static bool has_sse4(void) {
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") &&
           __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("aes") &&
           __builtin_cpu_supports("pclmul");
}

static bool has_avx2(void) {
    return has_sse4() && __builtin_cpu_supports("avx") && __builtin_cpu_supports("avx2") &&
           __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

__attribute__((target("avx"))) static void clear_upper_halves(void) {
    __builtin_ia32_vzeroupper();
}

static bool has_avx3(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

static bool has_avx3_dl(void) {
    return has_avx3() && __builtin_cpu_supports("avx512vnni");
}
#endif

static const struct target targets[] = {
#if IC_HWY_X86
    {"avx3_dl", has_avx3_dl, IC_HWY_AVX3_DL},
    {"avx3", has_avx3, IC_HWY_AVX3},
    {"avx2", has_avx2, IC_HWY_AVX2},
    {"sse4", has_sse4, IC_HWY_SSE4},
#elif IC_HWY_NEON
    {"neon", always, IC_HWY_STATIC},
#endif
    {"ref", always, IC_HWY_NONE},
};

static const size_t target_count = sizeof(targets) / sizeof(targets[0]);

size_t ic_target_count(void) {
    return target_count;
}

const char *ic_target_name(size_t index) {
    return index < target_count ? targets[index].name : NULL;
}

bool ic_target_usable(size_t index) {
    return index < target_count && targets[index].usable();
}

void ic_target_kernels(size_t index, struct ic_kernels *kernels) {
    ic_kernels_ref(kernels);
    const struct target *target = &targets[index < target_count ? index : target_count - 1];
    if (target->hwy == IC_HWY_NONE) {
        return;
    }
    ic_fill_vpass(target->hwy, kernels);
    ic_fill_vpass_alpha(target->hwy, kernels);
    ic_fill_hpass_i16(target->hwy, kernels);
    ic_fill_hpass_i16x1(target->hwy, kernels);
    ic_fill_hpass_f32(target->hwy, kernels);
    ic_fill_float(target->hwy, kernels);
    ic_fill_color(target->hwy, kernels);
    ic_fill_orient(target->hwy, kernels);
    ic_fill_png(target->hwy, kernels);
    ic_fill_png_wide(target->hwy, kernels);
    ic_fill_reduce(target->hwy, kernels);
    ic_fill_reduce_rgb(target->hwy, kernels);
    ic_fill_jpeg_idct(target->hwy, kernels);
    ic_fill_jpeg_idct_few(target->hwy, kernels);
    ic_fill_jpeg_unstuff(target->hwy, kernels);
    ic_fill_jpeg_blocks(target->hwy, kernels);
    ic_fill_jpeg_bands(target->hwy, kernels);
#if IC_HWY_X86
    if (target->hwy == IC_HWY_AVX3_DL) {
        ic_fill_hpass_i16_vnni(kernels);
        ic_fill_jpeg_unstuff_vbmi2(kernels);
    }
#endif
    kernels->target = target->name;
}

/* Compares entire names; spaces around them are ignored. */
static bool list_has(const char *list, const char *name) {
    const char *const blank = " \t";
    size_t name_length = strlen(name);
    while (*list != '\0') {
        size_t item_length = strcspn(list, ",");
        const char *item = list + strspn(list, blank);
        size_t skipped = (size_t)(item - list);
        size_t length = skipped < item_length ? item_length - skipped : 0;
        while (length > 0 && strchr(blank, item[length - 1]) != NULL) {
            length--;
        }
        if (length == name_length && memcmp(item, name, length) == 0) {
            return true;
        }
        list += item_length;
        list += *list == ',';
    }
    return false;
}

/* Intel's cores before Ice Lake (Skylake, Cascade Lake and Cooper Lake of servers) run at a lower
 * clock for milliseconds after multiplications of 512-bit vectors. They have AVX-512 without VBMI2,
 * which no other core lacks. AMD's family 19h with AVX-512 is Zen 4. */
struct ic_cpu ic_cpu_detect(void) {
#if IC_HWY_X86
    return (struct ic_cpu){.slow_avx512 = has_avx3() && !__builtin_cpu_supports("avx512vbmi2"),
                           .halved_avx512 = has_avx3() && __builtin_cpu_is("amdfam19h"),
                           .bmi2 = has_avx2()};
#else
    return (struct ic_cpu){.slow_avx512 = false};
#endif
}

static bool is_avx512(size_t index) {
    return targets[index].hwy == IC_HWY_AVX3_DL || targets[index].hwy == IC_HWY_AVX3;
}

/* With slow 512-bit vectors a transform pays for them between its kernels. On a Xeon of 2.5 GHz
 * (Cascade Lake), a JPEG of 16 MP to four sizes, decoded by libjpeg-turbo, took 98 ms with AVX-512,
 * 90 with AVX2 and 84 with SSE4. The own decoder has kernels in its place, which SSE4 makes a
 * quarter slower (Zen 4: the whole job 40 ms with SSE4, 33 with AVX2, 32 with AVX-512), so that
 * AVX2 is the choice. Kernels alone are fastest with the widest vectors there, too. */
size_t ic_target_for(enum ic_work work, const struct ic_cpu *cpu, const char *list,
                     const char **reason) {
    if (list != NULL && *list != '\0') {
        *reason = "the best of those that are named";
        return ic_target_choose(list);
    }
    size_t best = ic_target_choose(NULL);
    *reason = "the best that this CPU runs";
    if (work == IC_WORK_TRANSFORM && cpu->slow_avx512 && is_avx512(best)) {
        *reason = "512-bit vectors lower this CPU's clock for the decoder and the encoders";
        while (is_avx512(best) || !targets[best].usable()) {
            best++;
        }
    }
    return best;
}

/* A target names vectors. The decoders of JPEG's codes have none, so that narrow ones, where they
 * are chosen, take BMI2 nevertheless if the CPU has it.
 *
 * Where 512-bit vectors are executed in halves, some kernels are as fast with 256 bits or faster.
 * On Zen 4 a JPEG of 16 MP to four sizes takes 25.1 ms with the inverse DCTs of AVX2, and 25.8 with
 * their own, which lose by gathering four blocks. It multiplies and adds 7.2 vectors of 256 bits in
 * a ns, or 2.6 of 512: the horizontal passes of floats and of 2 to 4 channels take 0.92 and 0.97 of
 * the time. The other kernels that matter are as fast or faster with 512 bits. */
void ic_target_adapt(const struct ic_cpu *cpu, struct ic_kernels *kernels) {
#if IC_HWY_X86
    if (cpu->halved_avx512 &&
        (strcmp(kernels->target, "avx3") == 0 || strcmp(kernels->target, "avx3_dl") == 0)) {
        ic_fill_jpeg_idct(IC_HWY_AVX2, kernels);
        ic_fill_jpeg_idct_few(IC_HWY_AVX2, kernels);
        ic_fill_hpass_f32(IC_HWY_AVX2, kernels);
        ic_fill_hpass_i16(IC_HWY_AVX2, kernels);
    }
    if (cpu->bmi2 && strcmp(kernels->target, "sse4") == 0) {
        ic_fill_jpeg_blocks(IC_HWY_AVX2, kernels);
        ic_fill_jpeg_bands(IC_HWY_AVX2, kernels);
    }
#else
    (void)cpu;
    (void)kernels;
#endif
}

void ic_clear_upper_halves(void) {
#if IC_HWY_X86
    if (__builtin_cpu_supports("avx")) {
        clear_upper_halves();
    }
#endif
}

size_t ic_target_choose(const char *list) {
    bool any = list == NULL || *list == '\0';
    for (size_t i = 0; i < target_count; i++) {
        if ((any || list_has(list, targets[i].name)) && targets[i].usable()) {
            return i;
        }
    }
    return target_count;
}
