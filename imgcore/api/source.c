/* The source of one call: see source.h. */
#include "imgcore/api/source.h"

#include <string.h>

#include "imgcore/api/info.h"
#include "imgcore/api/pixels.h"
#include "imgcore/codec/codec.h"

static enum imgcore_status open_file(struct imgcore_context *context,
                                     const struct imgcore_options *options,
                                     struct ic_source *source, struct ic_header *header,
                                     struct imgcore_error *error) {
    const struct ic_open_options open = {.kernels = &context->kernels,
                                         .limits = &options->limits,
                                         .cancel = &source->cancel,
                                         .tolerant = options->tolerant,
                                         .want_copyright = options->keep_copyright};
    return ic_reader_open(&context->mem, &source->input, &open, &source->reader, header, error);
}

static enum imgcore_status open_reader(struct imgcore_context *context,
                                       const struct imgcore_source *given,
                                       const struct imgcore_options *options,
                                       struct ic_source *source, struct imgcore_error *error) {
    struct ic_header header;
    memset(&header, 0, sizeof(header));
    if (ic_is_cancelled(&source->cancel)) {
        return ic_fail_cancelled(error);
    }
    ic_mem_set_budget(&context->mem, options->limits.memory_bytes);
    enum imgcore_status status = ic_input_open(&source->input, &context->mem, given);
    if (status != IMGCORE_OK) {
        return ic_fail(error, status, "%s", "");
    }
    if (given->pixels != NULL) {
        status = ic_pixels_open(&context->mem, given->pixels, &options->limits, &source->reader,
                                &header, error);
    } else {
        status = open_file(context, options, source, &header, error);
    }
    if (options->info != NULL) {
        const bool is_open = status == IMGCORE_OK;
        const enum imgcore_status filled =
            ic_info_fill(context, &header, is_open, options->info, is_open ? error : NULL);
        if (is_open && filled != IMGCORE_OK) {
            source->reader->ops->destroy(source->reader);
            status = filled;
        }
    }
    if (status != IMGCORE_OK) {
        ic_input_clear(&source->input);
    }
    return status;
}

static enum imgcore_status check_pixels(const struct imgcore_source *given,
                                        struct imgcore_error *error) {
    const struct imgcore_pixels *pixels = given->pixels;
    if (given->bytes != NULL || given->size_bytes != 0 || given->read != NULL) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "the source is both pixels and a file");
    }
    for (size_t i = 0; i < sizeof(pixels->reserved) / sizeof(pixels->reserved[0]); i++) {
        if (pixels->reserved[i] != 0) {
            return ic_fail(error, IMGCORE_UNKNOWN_FIELD,
                           "the pixels: reserved word %zu is set, which version %s does not know",
                           i, IMGCORE_VERSION_STRING);
        }
    }
    const char *wrong = ic_pixels_what_is_wrong(pixels);
    return wrong == NULL ? IMGCORE_OK
                         : ic_fail(error, IMGCORE_INVALID_ARGUMENT, "the pixels: %s", wrong);
}

static enum imgcore_status check_source(const struct imgcore_source *given,
                                        struct imgcore_error *error) {
    if (given == NULL || (given->pixels == NULL && given->read == NULL && given->bytes == NULL &&
                          given->size_bytes != 0)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "there is no source");
    }
    for (size_t i = 0; i < sizeof(given->reserved) / sizeof(given->reserved[0]); i++) {
        if (given->reserved[i] != NULL) {
            return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                           "a reserved field of the source is not NULL");
        }
    }
    return given->pixels == NULL ? IMGCORE_OK : check_pixels(given, error);
}

enum imgcore_status ic_source_open(struct imgcore_context *context,
                                   const struct imgcore_source *given,
                                   const struct imgcore_options *options, struct ic_source *source,
                                   struct imgcore_error *error) {
    if (options->info != NULL) { /* nothing is known yet */
        static const struct ic_header nothing;
        ic_info_fill(context, &nothing, false, options->info, NULL);
    }
    enum imgcore_status status = check_source(given, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    source->context = context;
    context->decoder = NULL;
    context->fallback = NULL;
    ic_cancel_init(&source->cancel, options);
    status = open_reader(context, given, options, source, error);
    if (status != IMGCORE_OK) {
        status = ic_cancel_settle(&source->cancel, status, error);
        ic_cancel_clear(&source->cancel);
    }
    return status;
}

void ic_source_close(struct ic_source *source) {
    source->context->decoder = source->reader->decoder;
    source->context->fallback = source->reader->fallback;
    source->reader->ops->destroy(source->reader);
    ic_input_clear(&source->input);
    ic_cancel_clear(&source->cancel);
}
