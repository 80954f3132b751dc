#include "fuzz/support/fuzz_codec.h"

#include "fuzz/support/fuzz.h"
#include "imgcore/base/thread_pool.h"

#include <string.h>

bool fuzz_stream_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct fuzz_stream *stream = user;
    FUZZ_CHECK(!stream->has_failed, "a read after one that failed");
    if (++stream->calls == stream->fail_at_call) {
        stream->has_failed = true;
        return false;
    }
    size_t given = size_bytes < stream->size_bytes ? size_bytes : stream->size_bytes;
    size_t step_bytes = stream->step_bytes;
    if (stream->random && step_bytes) {
        stream->random = stream->random * 1664525u + 1013904223u;
        stream->random += !stream->random;
        step_bytes = 1 + (stream->random >> 8) % step_bytes;
    }
    if (step_bytes && given > step_bytes)
        given = step_bytes;
    if (given)
        memcpy(buffer, stream->data, given);
    stream->data += given;
    stream->size_bytes -= given;
    *read_bytes = given;
    return true;
}

static bool stream_rewind(void *user) {
    struct fuzz_stream *stream = user;
    FUZZ_CHECK(!stream->has_failed, "a rewind after a read that failed");
    FUZZ_CHECK(!stream->is_rewound, "a second rewind");
    stream->is_rewound = true;
    stream->data = stream->begin;
    stream->size_bytes = stream->begin_bytes;
    stream->has_failed = ++stream->calls == stream->fail_at_call;
    return !stream->has_failed;
}

struct imgcore_limits fuzz_limits(void) {
    return (struct imgcore_limits){.pixels = FUZZ_MAX_PIXELS,
                                   .side_px = IMGCORE_DEFAULT_SIDE_PX,
                                   .scans = FUZZ_MAX_SCANS,
                                   .memory_bytes = FUZZ_MAX_MEMORY_BYTES,
                                   .metadata_bytes = IMGCORE_DEFAULT_METADATA_BYTES,
                                   .icc_bytes = (size_t)1 << 20,
                                   .output_pixels = FUZZ_MAX_PIXELS};
}

static void *copy_of(const void *bytes, size_t size_bytes) {
    void *copy = fuzz_alloc(size_bytes);
    memcpy(copy, bytes, size_bytes);
    return copy;
}

static struct imgcore_source source_of(const uint8_t *data, size_t size_bytes,
                                       struct fuzz_stream *stream) {
    if (!stream)
        return (struct imgcore_source){.bytes = data, .size_bytes = size_bytes};
    stream->data = stream->begin = data;
    stream->size_bytes = stream->begin_bytes = size_bytes;
    return (struct imgcore_source){
        .read = fuzz_stream_read, .user = stream, .rewind = stream->rewinds ? stream_rewind : NULL};
}

struct fuzz_header fuzz_read_header(const uint8_t *data, size_t size_bytes,
                                    const struct imgcore_limits *limits,
                                    struct fuzz_stream *stream) {
    struct fuzz_header read = {.status = IMGCORE_OK};
    const struct ic_open_options options = {.limits = limits, .want_copyright = true};
    const struct imgcore_source source = source_of(data, size_bytes, stream);
    struct ic_mem mem;
    struct ic_input input;
    struct ic_reader *reader;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, FUZZ_MAX_MEMORY_BYTES);
    FUZZ_CHECK(ic_input_open(&input, &mem, &source) == IMGCORE_OK, "the input does not open");
    read.status = ic_reader_open(&mem, &input, &options, &reader, &read.header, NULL);
    if (read.status == IMGCORE_OK) {
        if (read.header.icc)
            read.icc = copy_of(read.header.icc, read.header.icc_bytes);
        if (read.header.copyright)
            read.copyright = copy_of(read.header.copyright, strlen(read.header.copyright) + 1);
        reader->ops->destroy(reader);
    }
    read.header.icc = NULL;
    read.header.copyright = NULL;
    ic_input_clear(&input);
    FUZZ_CHECK(mem.used_bytes == 0 && mem.reserved_bytes == 0, "%zu bytes are left",
               mem.used_bytes);
    ic_mem_clear(&mem);
    return read;
}

void fuzz_header_clear(struct fuzz_header *read) {
    free(read->icc);
    free(read->copyright);
    read->icc = NULL;
    read->copyright = NULL;
}

void fuzz_check_metadata(const struct ic_buf *file, const uint8_t *icc, size_t icc_bytes,
                         const char *copyright) {
    const struct imgcore_limits limits = fuzz_limits();
    struct fuzz_header read = fuzz_read_header(file->bytes, file->size_bytes, &limits, NULL);
    FUZZ_CHECK(read.status == IMGCORE_OK, "the reader refuses the output: %s",
               imgcore_status_name(read.status));
    FUZZ_CHECK(read.header.orientation == 1, "orientation %d", read.header.orientation);
    FUZZ_CHECK(read.header.icc_bytes == icc_bytes &&
                   (!icc_bytes || !memcmp(read.icc, icc, icc_bytes)),
               "the profile changed");
    FUZZ_CHECK(!read.copyright == !copyright && (!copyright || !strcmp(read.copyright, copyright)),
               "the copyright changed");
    fuzz_header_clear(&read);
}

static size_t row_bytes(const struct fuzz_decoded *decoded, int plane) {
    const struct ic_plane_layout *layout = &decoded->layout.plane[plane];
    return (size_t)layout->width * (size_t)layout->channels;
}

static void check_header(const struct ic_header *header) {
    FUZZ_CHECK(header->width_px >= 1 && header->height_px >= 1, "a side of 0");
    FUZZ_CHECK((uint64_t)header->width_px * header->height_px <= FUZZ_MAX_PIXELS,
               "over the limit: %u x %u", header->width_px, header->height_px);
    FUZZ_CHECK(header->orientation >= 1 && header->orientation <= 8, "orientation %d",
               header->orientation);
    FUZZ_CHECK(!header->copyright || strlen(header->copyright) <= IC_MAX_COPYRIGHT_BYTES,
               "a long copyright");
    uint32_t sum = 0;
    for (size_t i = 0; header->icc && i < header->icc_bytes; i++)
        sum += header->icc[i];
    FUZZ_CHECK(sum < UINT32_MAX, "unreachable: every byte of the profile is read");
}

/* Copies the rows of a strip. The slack is read as well: a vector load may do so. */
static void take_strip(struct fuzz_decoded *decoded, const struct ic_strip *strip,
                       uint32_t *next_row) {
    for (int p = 0; p < decoded->layout.planes; p++) {
        const uint32_t count = strip->plane[p].row_count;
        if (!count)
            continue;
        FUZZ_CHECK(strip->plane[p].first_row == next_row[p], "row %u instead of %u",
                   strip->plane[p].first_row, next_row[p]);
        FUZZ_CHECK(count <= decoded->layout.plane[p].height - next_row[p], "too many rows");
        const size_t bytes = row_bytes(decoded, p);
        for (uint32_t y = 0; y < count; y++) {
            const uint8_t *row = strip->plane[p].rows + (ptrdiff_t)y * strip->plane[p].stride_bytes;
            uint32_t sum = 0;
            for (size_t x = 0; x < bytes + IC_ROW_SLACK_BYTES; x++)
                sum += row[x];
            FUZZ_CHECK(sum < UINT32_MAX, "unreachable: every byte of the row is read");
            memcpy(decoded->plane[p] + bytes * (next_row[p] + y), row, bytes);
        }
        next_row[p] += count;
    }
}

static void check_layout(const struct fuzz_decoded *decoded) {
    FUZZ_CHECK(decoded->layout.planes >= 1 && decoded->layout.planes <= IC_MAX_PLANES, "%d planes",
               decoded->layout.planes);
    for (int p = 0; p < decoded->layout.planes; p++) {
        const struct ic_plane_layout *plane = &decoded->layout.plane[p];
        FUZZ_CHECK(plane->extent_width > 0 && plane->extent_width <= plane->width &&
                       plane->extent_height > 0 && plane->extent_height <= plane->height,
                   "plane %d: %g x %g of %u x %u", p, plane->extent_width, plane->extent_height,
                   plane->width, plane->height);
    }
}

static enum imgcore_status read_rows(struct ic_reader *reader,
                                     const struct fuzz_decode_setup *setup,
                                     struct fuzz_decoded *decoded) {
    const struct ic_read_request request = {setup->planes,
                                            setup->scale_denom ? setup->scale_denom : 1};
    enum imgcore_status status =
        reader->ops->start(reader, &request, &decoded->layout, &decoded->error);
    if (status != IMGCORE_OK)
        return status;
    check_layout(decoded);
    for (int p = 0; p < decoded->layout.planes; p++)
        decoded->plane[p] = fuzz_alloc(row_bytes(decoded, p) * decoded->layout.plane[p].height);
    if (setup->pool && reader->set_parallelism) {
        const int strips = reader->set_parallelism(reader, setup->pool, IC_MAX_STRIPS);
        FUZZ_CHECK(strips >= 1 && strips <= IC_MAX_STRIPS, "%d strips", strips);
    }
    uint32_t next_row[IC_MAX_PLANES] = {0};
    struct ic_strip strip;
    do {
        memset(&strip, 0, sizeof strip);
        status = reader->ops->read(reader, &strip, &decoded->error);
        if (status != IMGCORE_OK)
            return status;
        take_strip(decoded, &strip, next_row);
    } while (!strip.done);
    for (int p = 0; p < decoded->layout.planes; p++)
        FUZZ_CHECK(next_row[p] == decoded->layout.plane[p].height, "%u rows of %u", next_row[p],
                   decoded->layout.plane[p].height);
    status = reader->ops->finish(reader, &decoded->error);
    decoded->failed_in_finish = status != IMGCORE_OK;
    return status;
}

static enum imgcore_status open_and_read(struct ic_mem *mem, struct ic_input *input,
                                         const struct fuzz_decode_setup *setup,
                                         struct fuzz_decoded *decoded) {
    const struct imgcore_limits limits = fuzz_limits();
    const struct ic_open_options options = {.kernels = setup->kernels,
                                            .limits = &limits,
                                            .cancel = setup->cancel,
                                            .tolerant = setup->tolerant,
                                            .want_copyright = true};
    struct ic_reader *reader;
    enum imgcore_status status =
        ic_reader_open(mem, input, &options, &reader, &decoded->header, &decoded->error);
    if (status == IMGCORE_OK) {
        check_header(&decoded->header);
        status = read_rows(reader, setup, decoded);
        reader->ops->destroy(reader);
    } else {
        FUZZ_CHECK(!reader, "a reader after a failure");
    }
    decoded->header.icc = NULL;
    decoded->header.copyright = NULL;
    return status;
}

struct fuzz_decoded fuzz_decode(const uint8_t *data, size_t size_bytes,
                                const struct fuzz_decode_setup *setup) {
    struct fuzz_decoded decoded;
    memset(&decoded, 0, sizeof decoded);
    const struct imgcore_source source = source_of(data, size_bytes, setup->stream);
    struct ic_mem mem;
    struct ic_input input;
    ic_mem_init(&mem, NULL);
    ic_mem_set_budget(&mem, setup->budget_bytes ? setup->budget_bytes : FUZZ_MAX_MEMORY_BYTES);
    if (setup->pool)
        mem.lock = &setup->pool->mem_lock;
    decoded.status = ic_input_open(&input, &mem, &source);
    FUZZ_CHECK(decoded.status == IMGCORE_OK, "the input does not open");
    decoded.status = open_and_read(&mem, &input, setup, &decoded);
    ic_input_clear(&input);
    FUZZ_CHECK(mem.used_bytes == 0 && mem.reserved_bytes == 0, "%zu and %zu bytes are left",
               mem.used_bytes, mem.reserved_bytes);
    mem.lock = NULL;
    ic_mem_clear(&mem);
    if (decoded.status != IMGCORE_OK) {
        FUZZ_CHECK(decoded.status != IMGCORE_INTERNAL, "INTERNAL: %s", decoded.error.detail);
        FUZZ_CHECK(decoded.error.status == decoded.status &&
                       (decoded.error.detail[0] || decoded.status == IMGCORE_CANCELLED),
                   "an error without its description: %s", imgcore_status_name(decoded.status));
        for (int p = 0; p < IC_MAX_PLANES; p++) {
            free(decoded.plane[p]);
            decoded.plane[p] = NULL;
        }
    }
    return decoded;
}

void fuzz_decoded_clear(struct fuzz_decoded *decoded) {
    for (int p = 0; p < IC_MAX_PLANES; p++) {
        free(decoded->plane[p]);
        decoded->plane[p] = NULL;
    }
}

bool fuzz_cancel_at_zero(void *user) {
    uint32_t *countdown = user;
    return *countdown == 0 || --*countdown == 0;
}

void fuzz_check_interrupted_decode(const uint8_t *data, size_t size_bytes,
                                   const struct fuzz_decode_setup *setup,
                                   const struct fuzz_decoded *whole, size_t budget,
                                   uint32_t cancel_at) {
    const bool has_budget = budget & 1;
    struct fuzz_decode_setup interrupted_setup = *setup;
    struct ic_cancel cancel = {.is_cancelled = fuzz_cancel_at_zero, .user = &cancel_at};
    pthread_mutex_init(&cancel.lock, NULL);
    if (has_budget)
        interrupted_setup.budget_bytes = (budget + 1) << 10;
    else
        interrupted_setup.cancel = &cancel;
    struct fuzz_decoded decoded = fuzz_decode(data, size_bytes, &interrupted_setup);
    ic_cancel_clear(&cancel);
    if (!has_budget && cancel_at == 0)
        FUZZ_CHECK(decoded.status == IMGCORE_CANCELLED, "cancelled: %s (%s)",
                   imgcore_status_name(decoded.status), decoded.error.detail);
    else
        FUZZ_CHECK(decoded.status == whole->status ||
                       (has_budget && decoded.status == IMGCORE_BUDGET),
                   "interrupted %s (%s), whole %s (%s)", imgcore_status_name(decoded.status),
                   decoded.error.detail, imgcore_status_name(whole->status), whole->error.detail);
    if (decoded.status == IMGCORE_OK)
        fuzz_check_same_rows(whole, &decoded, "interrupted and whole");
    fuzz_decoded_clear(&decoded);
}

void fuzz_check_same_rows(const struct fuzz_decoded *a, const struct fuzz_decoded *b,
                          const char *what) {
    FUZZ_CHECK(a->layout.planes == b->layout.planes, "%s: %d and %d planes", what, a->layout.planes,
               b->layout.planes);
    for (int p = 0; p < a->layout.planes; p++) {
        FUZZ_CHECK(row_bytes(a, p) == row_bytes(b, p) &&
                       a->layout.plane[p].height == b->layout.plane[p].height,
                   "%s: sizes of plane %d differ", what, p);
        FUZZ_CHECK(!memcmp(a->plane[p], b->plane[p], row_bytes(a, p) * a->layout.plane[p].height),
                   "%s: plane %d differs", what, p);
    }
}
