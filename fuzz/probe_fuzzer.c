/* imgcore_probe and imgcore_check agree about an input: what is accepted in full has a header that
 * is accepted, with a format, sides within the limits, and sides as displayed that fit the
 * orientation; memory and pieces give the same properties. */
#include "fuzz/support/fuzz.h"
#include "fuzz/support/fuzz_codec.h"

#include <string.h>

static void check_info(const struct imgcore_info *info) {
    FUZZ_CHECK(info->format == IMGCORE_FORMAT_JPEG || info->format == IMGCORE_FORMAT_PNG,
               "format %d", (int)info->format);
    FUZZ_CHECK(info->width_px >= 1 && info->height_px >= 1 &&
                   (uint64_t)info->width_px * info->height_px <= FUZZ_MAX_PIXELS,
               "%u x %u", info->width_px, info->height_px);
    const bool swaps = info->orientation >= 5;
    FUZZ_CHECK(info->oriented_width_px == (swaps ? info->height_px : info->width_px) &&
                   info->oriented_height_px == (swaps ? info->width_px : info->height_px),
               "orientation %d", info->orientation);
    FUZZ_CHECK(info->color[0] && memchr(info->color, '\0', sizeof info->color), "no colour");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static struct imgcore_context *context; /* reused on purpose */
    if (!context)
        FUZZ_CHECK(imgcore_context_create(NULL, &context) == IMGCORE_OK, "no context");
    struct fuzz_input input = {data, size_bytes};
    struct fuzz_stream stream = {.step_bytes = fuzz_take_u8(&input)};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits = fuzz_limits();
    options.tolerant = fuzz_take_bool(&input);
    const struct imgcore_source memory = {.bytes = input.data, .size_bytes = input.size_bytes};
    const struct imgcore_source pieces = {.read = fuzz_stream_read, .user = &stream};
    stream.data = input.data;
    stream.size_bytes = input.size_bytes;
    struct imgcore_info info, again;
    imgcore_info_default(&info);
    imgcore_info_default(&again);
    struct imgcore_error error;
    const enum imgcore_status status = imgcore_probe(context, &memory, &options, &info, &error);
    FUZZ_CHECK(status != IMGCORE_INTERNAL, "INTERNAL: %s", error.detail);
    if (status == IMGCORE_OK)
        check_info(&info);
    const enum imgcore_status streamed = imgcore_probe(context, &pieces, &options, &again, NULL);
    FUZZ_CHECK(status == streamed, "%s, in pieces %s", imgcore_status_name(status),
               imgcore_status_name(streamed));
    FUZZ_CHECK(info.width_px == again.width_px && info.height_px == again.height_px &&
                   info.orientation == again.orientation && !strcmp(info.color, again.color),
               "pieces have other properties");
    const enum imgcore_status checked = imgcore_check(context, &memory, &options, &error);
    FUZZ_CHECK(checked != IMGCORE_INTERNAL, "INTERNAL: %s", error.detail);
    FUZZ_CHECK(status == IMGCORE_OK || checked != IMGCORE_OK, "probe %s, check OK",
               imgcore_status_name(status));
    return 0;
}
