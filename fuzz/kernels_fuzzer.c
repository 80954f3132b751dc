/* Kernels: one kernel of one usable target gives the same bytes as plain C, touches nothing outside
 * what its contract names (guard pages and canaries), for sizes, places, strides and content taken
 * from the input. The cases are those of tests/kernels; the input replaces their random numbers. */
#include "fuzz/support/fuzz.h"
#include "tests/kernels/check.h"

static const struct check_kernel *const groups[] = {
    check_vpass_kernels, check_hpass_kernels,       check_alpha_kernels,     check_float_kernels,
    check_color_kernels, check_orient_kernels,      check_png_kernels,       check_reduce_kernels,
    check_jpeg_kernels,  check_jpeg_blocks_kernels, check_jpeg_bands_kernels};
enum { GROUPS = sizeof groups / sizeof *groups, MAX_TARGETS = 16, MAX_CASES = 4 };

static struct check check;
static struct ic_kernels tables[MAX_TARGETS];
static size_t usable[MAX_TARGETS], usable_count;

/* Maps the areas once, and lists the targets that can be compared. */
static void open_once(void) {
    if (check.ref)
        return;
    const size_t count = ic_target_count();
    FUZZ_CHECK(count <= MAX_TARGETS && check_open(&check), "no memory, or %zu targets", count);
    for (size_t i = 0; i < count; i++) {
        if (!ic_target_usable(i))
            continue;
        ic_target_kernels(i, &tables[i]);
        if (i + 1 < count)
            usable[usable_count++] = i;
    }
    /* Without vector units plain C is at least compared with itself. */
    if (usable_count == 0)
        usable[usable_count++] = count - 1;
    check.ref = &tables[count - 1];
}

static const struct check_kernel *take_kernel(struct fuzz_input *input) {
    const struct check_kernel *group = groups[fuzz_take_range(input, 0, GROUPS - 1)];
    uint32_t count = 0;
    while (group[count].name)
        count++;
    return &group[fuzz_take_range(input, 0, count - 1)];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    open_once();
    struct fuzz_input input = {data, size_bytes};
    const struct check_kernel *kernel = take_kernel(&input);
    check.tested = &tables[usable[fuzz_take_range(&input, 0, (uint32_t)usable_count - 1)]];
    check.random = fuzz_take_u32(&input); /* what follows when the input is used up */
    check.kernel = kernel->name;
    check.failures = 0;
    check.data = input.data;
    check.data_bytes = input.size_bytes;
    int cases = 0;
    do
        kernel->run(&check, kernel->channels);
    while (check.data_bytes >= 4 && ++cases < MAX_CASES);
    FUZZ_CHECK(check.failures == 0, "%s of %s differs from plain C", kernel->name,
               check.tested->target);
    return 0;
}
