/* ICC: any profile is classified, or refused as unusable, within the budget; a conversion gives the
 * same pixels again, in a fresh converter too, one pixel at a time or a row at once, and leaves
 * alpha alone.
 *
 * The last byte of the input chooses the colours; the rest is the profile. */
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

/* Converts the last column alone and compares it with that of the entire image. */
static void check_column(struct ic_icc *icc, struct ic_mem *mem, enum ic_color color,
                         const struct ic_picture *whole) {
    struct ic_picture column = make_picture(mem, color, 1);
    fill(&column, WIDTH_PX - 1, 1);
    FUZZ_CHECK(ic_icc_to_srgb(icc, mem, NULL, &column) == IMGCORE_OK, "the column fails");
    const size_t channels = (size_t)whole->plane[0].channels;
    for (uint32_t y = 0; y < HEIGHT_PX; y++)
        FUZZ_CHECK(!memcmp(column.plane[0].rows + (ptrdiff_t)y * column.plane[0].stride_bytes,
                           whole->plane[0].rows + (ptrdiff_t)y * whole->plane[0].stride_bytes +
                               (WIDTH_PX - 1) * channels,
                           channels),
                   "a pixel depends on its neighbours");
    ic_picture_clear(mem, &column);
}

struct converted {
    enum ic_icc_kind kind;
    uint8_t samples[WIDTH_PX * HEIGHT_PX * IC_MAX_CHANNELS];
};

static void convert(struct ic_icc *icc, struct ic_mem *mem, enum ic_color color,
                    struct converted *converted) {
    struct ic_picture picture = make_picture(mem, color, WIDTH_PX);
    fill(&picture, 0, WIDTH_PX);
    const enum imgcore_status status = ic_icc_to_srgb(icc, mem, NULL, &picture);
    FUZZ_CHECK(status == IMGCORE_OK || status == IMGCORE_BUDGET, "%s", imgcore_status_name(status));
    if (status == IMGCORE_OK) {
        check_alpha(&picture);
        check_column(icc, mem, color, &picture);
        const size_t row_bytes = WIDTH_PX * (size_t)picture.plane[0].channels;
        for (uint32_t y = 0; y < HEIGHT_PX; y++)
            memcpy(converted->samples + y * row_bytes,
                   picture.plane[0].rows + (ptrdiff_t)y * picture.plane[0].stride_bytes, row_bytes);
    }
    ic_picture_clear(mem, &picture);
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

/* Uses a profile in a converter of its own. */
static struct converted use_profile(const uint8_t *profile, size_t size_bytes,
                                    enum ic_color color) {
    struct converted converted;
    memset(&converted, 0, sizeof converted);
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, BUDGET_BYTES);
    struct ic_icc *icc = ic_icc_create(&mem);
    FUZZ_CHECK(icc, "no converter");
    check_description(icc, profile, size_bytes);
    const enum imgcore_status status =
        ic_icc_classify(icc, profile, size_bytes, color, &converted.kind);
    FUZZ_CHECK(status == IMGCORE_OK || status == IMGCORE_BUDGET, "%s", imgcore_status_name(status));
    if (status != IMGCORE_OK)
        converted.kind = IC_ICC_UNUSABLE;
    if (status == IMGCORE_OK) {
        enum ic_icc_kind again;
        FUZZ_CHECK(ic_icc_classify(icc, profile, size_bytes, color, &again) == IMGCORE_OK &&
                       again == converted.kind,
                   "kind %d became another", converted.kind);
    }
    if (converted.kind == IC_ICC_CONVERT)
        convert(icc, &mem, color, &converted);
    ic_icc_destroy(icc);
    FUZZ_CHECK(mem.used_bytes == 0, "%zu bytes are left", mem.used_bytes);
    ic_mem_clear(&mem);
    return converted;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const enum ic_color colors[] = {IC_COLOR_RGB, IC_COLOR_RGBA, IC_COLOR_GREY,
                                           IC_COLOR_GREY_ALPHA, IC_COLOR_CMYK};
    struct fuzz_input input = {data, size_bytes};
    const enum ic_color color = colors[fuzz_take_range(&input, 0, 4)];
    const struct converted first = use_profile(input.data, input.size_bytes, color);
    const struct converted second = use_profile(input.data, input.size_bytes, color);
    FUZZ_CHECK(first.kind == second.kind, "kinds %d and %d", first.kind, second.kind);
    FUZZ_CHECK(!memcmp(first.samples, second.samples, sizeof first.samples),
               "two conversions differ");
    return 0;
}
