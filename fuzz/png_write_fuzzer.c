/* PNG output: libpng reads back exactly the pixels, with either encoder, and the reader of the
 * library the profile and the copyright as well. Calls that are wrong or interrupted are refused.
 *
 * From the end of the input: colours, width, height, level, encoder, metadata, case. The rest is
 * the samples, repeated as often as needed. */
#include "fuzz/support/fuzz_codec.h"
#include "fuzz/support/fuzz_libpng.h"
#include "fuzz/support/fuzz_write.h"
#include "imgcore/codec/formats.h"

#include <string.h>

static void check_pixels(const struct ic_buf *file, const struct ic_picture *picture) {
    struct fuzz_libpng read = fuzz_libpng_read(file->bytes, file->size_bytes, FUZZ_MAX_PIXELS);
    FUZZ_CHECK(read.is_read && !read.warning[0], "libpng: %s %s", read.fault, read.warning);
    FUZZ_CHECK(read.width_px == picture->width_px && read.height_px == picture->height_px &&
                   read.channels == picture->plane[0].channels,
               "another size or colour");
    const size_t row_bytes = picture->width_px * (size_t)picture->plane[0].channels;
    for (uint32_t y = 0; y < picture->height_px; y++)
        FUZZ_CHECK(!memcmp(read.pixels + y * row_bytes,
                           picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes,
                           row_bytes),
                   "row %u differs", y);
    fuzz_libpng_clear(&read);
}

static void check_file(struct ic_mem *mem, const struct ic_picture *picture,
                       const struct ic_write_options *options) {
    struct ic_buf file = {.mem = mem};
    struct imgcore_error error;
    const enum imgcore_status status = ic_png_write(mem, picture, options, &file, &error);
    FUZZ_CHECK(status == IMGCORE_OK, "%s (%s)", imgcore_status_name(status), error.detail);
    fuzz_check_metadata(&file, options->icc, options->icc_bytes, options->copyright);
    if (!options->icc) /* libpng warns of a profile that is none */
        check_pixels(&file, picture);
    ic_buf_clear(&file);
}

static void check_wrong(struct ic_picture picture, const struct ic_write_options *options,
                        uint8_t kind) {
    if (kind & 1)
        picture.color = kind & 2 ? IC_COLOR_YCBCR : IC_COLOR_CMYK;
    else if (kind & 2)
        picture.planes = 3;
    else
        picture.width_px = 0;
    fuzz_check_refused(ic_png_write, &picture, options, IMGCORE_INVALID_ARGUMENT);
}

static struct ic_write_options take_options(struct fuzz_input *input,
                                            const struct ic_kernels *kernels) {
    struct ic_write_options options = {.quality = 80, .chroma_h = 1, .chroma_v = 1};
    options.png_level = (int)fuzz_take_range(input, 0, 9);
    options.kernels = fuzz_take_bool(input) ? kernels : NULL;
    const uint8_t metadata = fuzz_take_u8(input);
    options.copyright = metadata & 1 ? "A photographer" : NULL;
    if (metadata & 2 && input->size_bytes) {
        options.icc = input->data;
        options.icc_bytes = input->size_bytes;
    }
    return options;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static const enum ic_color colors[] = {IC_COLOR_GREY, IC_COLOR_GREY_ALPHA, IC_COLOR_RGB,
                                           IC_COLOR_RGBA};
    static struct ic_kernels kernels;
    if (!kernels.target)
        ic_target_kernels(ic_target_choose(NULL), &kernels);
    struct fuzz_input input = {data, size_bytes};
    const enum ic_color color = colors[fuzz_take_range(&input, 0, 3)];
    const uint32_t width_px = fuzz_take_range(&input, 1, 200);
    const uint32_t height_px = fuzz_take_range(&input, 1, 60);
    const uint32_t which = fuzz_take_range(&input, 0, 7);
    const struct ic_write_options options = take_options(&input, &kernels);
    struct ic_mem mem;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, FUZZ_MAX_MEMORY_BYTES);
    struct ic_picture picture;
    FUZZ_CHECK(ic_picture_make(&mem, color, width_px, height_px, 1, 1, &picture) == IMGCORE_OK,
               "no picture");
    fuzz_fill_picture(&picture, &input);
    if (which == 7)
        check_wrong(picture, &options, fuzz_take_u8(&input));
    else if (which == 6)
        fuzz_check_interrupted(ic_png_write, &input, &picture, &options);
    else
        check_file(&mem, &picture, &options);
    ic_picture_clear(&mem, &picture);
    FUZZ_CHECK(mem.used_bytes == 0 && mem.reserved_bytes == 0, "%zu bytes are left",
               mem.used_bytes);
    ic_mem_clear(&mem);
    return 0;
}
