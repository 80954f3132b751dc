/* ICC: any profile is classified, or refused as unusable, within the budget; a conversion leaves
 * alpha alone and gives the same pixels again: in a fresh converter, in one that has had another
 * profile or too little memory before, and one pixel at a time.
 *
 * The last byte of the input chooses the colours and which of these is compared, the byte before
 * it the budget; the rest is the profile. The tables of lcms are coarse here
 * (fuzz/support/fuzz_lcms.c). */
#include "fuzz/support/fuzz.h"
#include "imgcore/base/limits.h"
#include "imgcore/color/icc.h"

#include <string.h>

#define WIDTH_PX     16u
#define HEIGHT_PX    3u
#define BUDGET_BYTES ((size_t)128 << 20)

static struct ic_picture make_picture(struct ic_mem *mem, enum ic_color color, uint32_t width_px) {
    struct ic_picture picture;
    FUZZ_CHECK(ic_picture_make(mem, color, width_px, HEIGHT_PX, 1, 1, &picture) == IMGCORE_OK,
               "no picture");
    return picture;
}

/* Fills `columns` pixels of each row, those of the pattern from first_px on. */
static void fill(struct ic_picture *picture, uint32_t first_px, uint32_t columns) {
    const size_t channels = (size_t)picture->plane[0].channels;
    for (uint32_t y = 0; y < HEIGHT_PX; y++) {
        uint8_t *row = picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes;
        for (size_t i = 0; i < columns * channels; i++)
            row[i] = (uint8_t)((i + first_px * channels) * 29 + y * 83);
    }
}

static void check_alpha(const struct ic_picture *picture) {
    const size_t channels = (size_t)picture->plane[0].channels;
    for (uint32_t y = 0; ic_color_has_alpha(picture->color) && y < HEIGHT_PX; y++) {
        const uint8_t *row = picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes;
        for (size_t x = 0; x < WIDTH_PX; x++) {
            const size_t at = x * channels + channels - 1;
            FUZZ_CHECK(row[at] == (uint8_t)(at * 29 + y * 83), "alpha %zu became %u", x, row[at]);
        }
    }
}

struct converted {
    enum imgcore_status status;
    enum ic_icc_kind kind;
    uint8_t samples[WIDTH_PX * HEIGHT_PX * IC_MAX_CHANNELS];
};

/* Converts the last column alone and compares it with that of the entire image. */
static void check_column(struct ic_icc *icc, struct ic_mem *mem, enum ic_color color,
                         const struct converted *whole) {
    struct ic_picture column = make_picture(mem, color, 1);
    fill(&column, WIDTH_PX - 1, 1);
    FUZZ_CHECK(ic_icc_to_srgb(icc, mem, NULL, &column) == IMGCORE_OK, "the column fails");
    const size_t channels = (size_t)column.plane[0].channels;
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        FUZZ_CHECK(!memcmp(column.plane[0].rows + (ptrdiff_t)y * column.plane[0].stride_bytes,
                           whole->samples + (y * WIDTH_PX + WIDTH_PX - 1) * channels, channels),
                   "a pixel depends on its neighbours");
    ic_picture_clear(mem, &column);
}

static bool cancel_at_once(void *user) {
    (void)user;
    return true;
}

static void check_cancel(struct ic_icc *icc, struct ic_mem *mem, enum ic_color color) {
    struct ic_picture picture = make_picture(mem, color, WIDTH_PX);
    struct ic_cancel cancel = {.is_cancelled = cancel_at_once};
    pthread_mutex_init(&cancel.lock, NULL);
    fill(&picture, 0, WIDTH_PX);
    FUZZ_CHECK(ic_icc_to_srgb(icc, mem, &cancel, &picture) == IMGCORE_CANCELLED, "not cancelled");
    ic_cancel_clear(&cancel);
    ic_picture_clear(mem, &picture);
}

static void convert(struct ic_icc *icc, enum ic_color color, struct converted *converted) {
    struct ic_mem mem; /* that of the pixels has no budget */
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, BUDGET_BYTES);
    struct ic_picture picture = make_picture(&mem, color, WIDTH_PX);
    fill(&picture, 0, WIDTH_PX);
    converted->status = ic_icc_to_srgb(icc, &mem, NULL, &picture);
    if (converted->status == IMGCORE_OK) {
        check_alpha(&picture);
        const size_t row_bytes = WIDTH_PX * (size_t)picture.plane[0].channels;
        for (uint32_t y = 0; y < HEIGHT_PX; y++)
            memcpy(converted->samples + y * row_bytes,
                   picture.plane[0].rows + (ptrdiff_t)y * picture.plane[0].stride_bytes, row_bytes);
    }
    ic_picture_clear(&mem, &picture);
    ic_mem_clear(&mem);
}

static void check_description(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes) {
    char text[64];
    memset(text, 0x7f, sizeof text);
    ic_icc_describe(icc, profile, size_bytes, text, sizeof text);
    const char *end = memchr(text, '\0', sizeof text);
    FUZZ_CHECK(end, "a description without an end");
    for (const char *c = text; c < end; c++)
        FUZZ_CHECK(*c >= ' ' && *c <= '~', "character %d in a description", *c);
}

struct profile {
    const uint8_t *bytes;
    size_t size_bytes;
    enum ic_color color;
};

static struct converted use_profile(struct ic_icc *icc, const struct profile *profile) {
    struct converted converted;
    memset(&converted, 0, sizeof converted);
    converted.status =
        ic_icc_classify(icc, profile->bytes, profile->size_bytes, profile->color, &converted.kind);
    FUZZ_CHECK(converted.status == IMGCORE_OK || converted.status == IMGCORE_BUDGET, "%s",
               imgcore_status_name(converted.status));
    if (converted.status != IMGCORE_OK)
        converted.kind = IC_ICC_UNUSABLE;
    if (converted.kind == IC_ICC_CONVERT)
        convert(icc, profile->color, &converted);
    return converted;
}

static void check_same(const struct converted *a, const struct converted *b, const char *what) {
    FUZZ_CHECK(a->status == b->status && a->kind == b->kind, "%s: %s, kind %d; %s, kind %d", what,
               imgcore_status_name(a->status), a->kind, imgcore_status_name(b->status), b->kind);
    FUZZ_CHECK(!memcmp(a->samples, b->samples, sizeof a->samples), "%s: other samples", what);
}

static struct ic_icc *open_converter(struct ic_mem *mem, size_t budget_bytes) {
    ic_mem_init(mem, NULL);
    ic_mem_set_budget(mem, BUDGET_BYTES);
    struct ic_icc *icc = ic_icc_create(mem);
    FUZZ_CHECK(icc, "no converter");
    ic_mem_set_budget(mem, budget_bytes);
    return icc;
}

static void close_converter(struct ic_mem *mem, struct ic_icc *icc) {
    ic_icc_destroy(icc);
    FUZZ_CHECK(mem->used_bytes == 0, "%zu bytes are left", mem->used_bytes);
    ic_mem_clear(mem);
}

/* Uses the profile in a converter whose budget is small, then in the same one without. */
static void check_budget(const struct profile *profile, const struct converted *expected,
                         size_t budget_bytes) {
    struct ic_mem mem;
    struct ic_icc *icc = open_converter(&mem, budget_bytes);
    check_description(icc, profile->bytes, profile->size_bytes);
    const struct converted small = use_profile(icc, profile);
    if (small.status == IMGCORE_OK)
        check_same(expected, &small, "a small budget");
    else
        FUZZ_CHECK(small.status == IMGCORE_BUDGET || small.status == IMGCORE_NO_MEMORY, "%s",
                   imgcore_status_name(small.status));
    ic_mem_set_budget(&mem, BUDGET_BYTES);
    const struct converted again = use_profile(icc, profile);
    check_same(expected, &again, "after a small budget");
    close_converter(&mem, icc);
}

static void check_fresh(const struct profile *profile, const struct converted *expected) {
    struct ic_mem mem;
    struct ic_icc *icc = open_converter(&mem, BUDGET_BYTES);
    const struct converted fresh = use_profile(icc, profile);
    check_same(expected, &fresh, "a fresh converter");
    close_converter(&mem, icc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const enum ic_color colors[] = {IC_COLOR_RGB, IC_COLOR_RGBA, IC_COLOR_GREY,
                                           IC_COLOR_GREY_ALPHA, IC_COLOR_CMYK};
    static struct ic_mem mem;
    static struct ic_icc *kept; /* has had the profiles of all inputs before */
    if (!kept)
        kept = open_converter(&mem, BUDGET_BYTES);
    struct fuzz_input input = {data, size_bytes};
    const uint8_t choice = fuzz_take_u8(&input);
    const size_t budget_bytes = (size_t)(fuzz_take_u8(&input) + 1) << 12;
    const struct profile profile = {input.data, input.size_bytes, colors[choice % 5]};
    const struct converted expected = use_profile(kept, &profile);
    switch (choice / 5 % 5) {
    case 0:
        check_description(kept, profile.bytes, profile.size_bytes);
        break;
    case 1:
        check_fresh(&profile, &expected);
        break;
    case 2:
        check_budget(&profile, &expected, budget_bytes);
        break;
    case 3:
        if (expected.kind == IC_ICC_CONVERT && expected.status == IMGCORE_OK) {
            const struct converted again = use_profile(kept, &profile);
            check_same(&expected, &again, "the same profile again");
            check_cancel(kept, &mem, profile.color);
        }
        break;
    default:
        if (expected.kind == IC_ICC_CONVERT && expected.status == IMGCORE_OK)
            check_column(kept, &mem, profile.color, &expected);
        break;
    }
    return 0;
}
