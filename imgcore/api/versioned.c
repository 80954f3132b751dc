/* Structs of callers with another version of the header: see versioned.h. */
#include "imgcore/api/versioned.h"

#include <stdalign.h>
#include <string.h>

#include "imgcore/base/limits.h"

static const struct imgcore_info default_info;
static const struct imgcore_options default_options;
static const struct imgcore_output default_output = {
    .quality = 80, .png_level = 1, .background = {255, 255, 255, 255}};
static const struct imgcore_resize_options default_resize_options = {.channels = 3};

/* Of structs that are read: what a later version adds begins where this one ends, and padding there
 * would have no certain value. */
#define NO_PADDING_BEHIND(type, field)                                                             \
    _Static_assert(offsetof(struct type, field) + sizeof(((struct type *)NULL)->field) ==          \
                       sizeof(struct type),                                                        \
                   "padding at the end of " #type)
#if UINTPTR_MAX > UINT32_MAX
NO_PADDING_BEHIND(imgcore_options, crop_height_px);
NO_PADDING_BEHIND(imgcore_output, write_user);
NO_PADDING_BEHIND(imgcore_resize_options, box_height_px);
#endif

/* The size of the fields before one, with the padding that a struct without the others has. */
#define SIZE_BEFORE(type, field)                                                                   \
    ((offsetof(struct type, field) + alignof(struct type) - 1) / alignof(struct type) *            \
     alignof(struct type))

/* The shortest have the fields of version 0.1. */
const struct ic_versioned ic_versioned_info = {
    "imgcore_info_default", &default_info, sizeof(struct imgcore_info),
    SIZE_BEFORE(imgcore_info, color_model), alignof(struct imgcore_info)};

const struct ic_versioned ic_versioned_options = {
    "imgcore_options_default", &default_options, sizeof(struct imgcore_options),
    SIZE_BEFORE(imgcore_options, is_cancelled), alignof(struct imgcore_options)};

const struct ic_versioned ic_versioned_output = {
    "imgcore_output_default", &default_output, sizeof(struct imgcore_output),
    SIZE_BEFORE(imgcore_output, result_color), alignof(struct imgcore_output)};

const struct ic_versioned ic_versioned_resize_options = {
    "imgcore_resize_options_default", &default_resize_options,
    sizeof(struct imgcore_resize_options), sizeof(struct imgcore_resize_options),
    alignof(struct imgcore_resize_options)};

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Every struct begins with it. */
static size_t stated_size(const void *theirs) {
    size_t size_bytes;
    memcpy(&size_bytes, theirs, sizeof(size_bytes));
    return size_bytes;
}

void ic_versioned_default(const struct ic_versioned *kind, void *theirs, size_t their_bytes) {
    if (their_bytes < sizeof(their_bytes)) {
        return;
    }
    const size_t known_bytes = least(their_bytes, kind->our_bytes);
    memcpy(theirs, kind->defaults, known_bytes);
    memset((char *)theirs + known_bytes, 0, their_bytes - known_bytes);
    memcpy(theirs, &their_bytes, sizeof(their_bytes));
}

bool ic_versioned_has_size(const struct ic_versioned *kind, size_t their_bytes) {
    return their_bytes >= kind->least_bytes && their_bytes <= IC_MAX_STRUCT_BYTES &&
           their_bytes % kind->align_bytes == 0;
}

enum imgcore_status ic_versioned_read(const struct ic_versioned *kind, const char *name,
                                      const void *theirs, void *ours, struct imgcore_error *error) {
    const size_t their_bytes = stated_size(theirs);
    if (!ic_versioned_has_size(kind, their_bytes)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s: not filled by %s", name, kind->filler);
    }
    for (size_t i = kind->our_bytes; i < their_bytes; i++) {
        if (((const uint8_t *)theirs)[i] != 0) {
            return ic_fail(error, IMGCORE_UNKNOWN_FIELD,
                           "%s: byte %zu is set, and in version %s the struct has %zu bytes", name,
                           i, IMGCORE_VERSION_STRING, kind->our_bytes);
        }
    }
    memcpy(ours, kind->defaults, kind->our_bytes);
    memcpy(ours, theirs, least(their_bytes, kind->our_bytes));
    memcpy(ours, &kind->our_bytes, sizeof(kind->our_bytes));
    return IMGCORE_OK;
}

void ic_versioned_write(const struct ic_versioned *kind, const void *ours, size_t from_bytes,
                        void *theirs) {
    const size_t their_bytes = stated_size(theirs);
    const size_t known_bytes = least(their_bytes, kind->our_bytes);
    memcpy((char *)theirs + from_bytes, (const char *)ours + from_bytes, known_bytes - from_bytes);
    memset((char *)theirs + known_bytes, 0, their_bytes - known_bytes);
}
