/* The public header as the oldest supported programs were built with it: the structs have the
 * fields of version 0.1. It is never changed, unless the library gives up those programs, and has
 * another soname then. Included instead of imgcore/imgcore.h, whose guards it sets. */
#ifndef IMGCORE_H
#define IMGCORE_H
#define IMGCORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum imgcore_status {
    IMGCORE_OK = 0,
    IMGCORE_INVALID_ARGUMENT = 10,
    IMGCORE_UNKNOWN_FIELD = 12,
    IMGCORE_TOO_LARGE = 30
};

struct imgcore_error {
    enum imgcore_status status;
    char detail[200];
    uint64_t reserved[4];
};

enum imgcore_format { IMGCORE_FORMAT_AUTO, IMGCORE_FORMAT_JPEG, IMGCORE_FORMAT_PNG };

struct imgcore_allocator;
struct imgcore_context;

enum imgcore_status imgcore_context_create(const struct imgcore_allocator *allocator,
                                           struct imgcore_context **context);
void imgcore_context_destroy(struct imgcore_context *context);

typedef bool imgcore_read_fn(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes);

struct imgcore_source {
    const uint8_t *bytes;
    size_t size_bytes;
    imgcore_read_fn *read;
    void *user;
    uint64_t reserved[8]; /* 0, and more of them than the library has */
};

struct imgcore_limits {
    uint64_t pixels;
    uint32_t side_px;
    uint32_t scans;
    size_t memory_bytes;
    size_t metadata_bytes;
    size_t icc_bytes;
    uint64_t output_pixels;
    uint64_t reserved[8];
};

struct imgcore_info {
    size_t struct_size_bytes;
    enum imgcore_format format;
    uint32_t width_px, height_px;
    uint32_t oriented_width_px, oriented_height_px;
    int orientation;
    int bits;
    bool has_alpha;
    bool progressive;
    bool arithmetic;
    char color[16];
    char subsampling[24];
    size_t icc_bytes;
    char icc_description[64];
    bool icc_is_srgb;
};

void imgcore_info_default_sized(struct imgcore_info *info, size_t struct_size_bytes);

enum imgcore_preset { IMGCORE_PRESET_BALANCED, IMGCORE_PRESET_QUALITY, IMGCORE_PRESET_FAST };

struct imgcore_options {
    size_t struct_size_bytes;
    struct imgcore_limits limits;
    enum imgcore_preset preset;
    bool tolerant;
    bool linear;
    bool keep_icc;
    bool keep_copyright;
    bool ignore_orientation;
    uint32_t threads;
};

void imgcore_options_default_sized(struct imgcore_options *options, size_t struct_size_bytes);

enum imgcore_status imgcore_probe(struct imgcore_context *context,
                                  const struct imgcore_source *source,
                                  const struct imgcore_options *options, struct imgcore_info *info,
                                  struct imgcore_error *error);

struct imgcore_output {
    size_t struct_size_bytes;
    uint32_t width_px, height_px;
    int fit;
    int gravity;
    bool enlarge;
    int filter;
    enum imgcore_format format;
    int quality;
    int subsampling;
    bool progressive;
    bool optimize;
    int png_level;
    uint8_t background[4];
    uint8_t *bytes;
    size_t size_bytes;
    uint32_t result_width_px, result_height_px;
    enum imgcore_format result_format;
    uint32_t reserved;
};

void imgcore_output_default_sized(struct imgcore_output *output, size_t struct_size_bytes);

enum imgcore_status imgcore_transform(struct imgcore_context *context,
                                      const struct imgcore_source *source,
                                      const struct imgcore_options *options,
                                      struct imgcore_output *outputs, size_t count,
                                      struct imgcore_error *error);

void imgcore_output_clear(struct imgcore_context *context, struct imgcore_output *outputs,
                          size_t count);

struct imgcore_resize_options {
    size_t struct_size_bytes;
    int channels;
    int alpha;
    int filter;
    bool linear;
    double box_left_px, box_top_px, box_width_px, box_height_px;
};

void imgcore_resize_options_default_sized(struct imgcore_resize_options *options,
                                          size_t struct_size_bytes);

enum imgcore_status
imgcore_resize(struct imgcore_context *context, const uint8_t *source, uint32_t source_width_px,
               uint32_t source_height_px, ptrdiff_t source_stride_bytes, uint8_t *target,
               uint32_t target_width_px, uint32_t target_height_px, ptrdiff_t target_stride_bytes,
               const struct imgcore_resize_options *options, struct imgcore_error *error);

/* What checks-inl.h calls the structs, and the part of them that the library knows. */
#define INFO           struct imgcore_info
#define OPTIONS        struct imgcore_options
#define OUTPUT         struct imgcore_output
#define RESIZE_OPTIONS struct imgcore_resize_options
#define KNOWN(pointer) (pointer)

#endif
