/* Decoding a JPEG with restart markers on several threads: its data is cut into segments
 * (jpeg_cut.h), each decoded by the own decoder (jpeg_scan.h) in one of several slots, and their
 * rows are delivered in order.
 *
 * Faults are not classified here. If there is a doubt in a segment, ic_jpeg_segments_read returns
 * false; libjpeg then decodes the file from its beginning and its status counts.
 *
 * Memory grows with the width: several segments of decoded rows. Used by jpeg_read.c, for planes:
 * interleaved rows would need the rows next to the cut. */
#include "imgcore/codec/jpeg_segments.h"

#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/codec/jpeg_cut.h"

/* A segment that is being decoded or delivered. */
struct slot {
    const struct ic_jpeg_segments *segments;
    struct ic_task task;
    uint32_t segment;
    bool good;                 /* every row was decoded without a doubt */
    struct ic_jpeg_scan *scan; /* reused for the next segment */
    struct ic_input input;
    uint8_t *rows[IC_MAX_PLANES];
};

struct ic_jpeg_segments {
    struct ic_mem *mem;
    struct ic_thread_pool *pool;
    struct ic_cancel *cancel;
    const struct ic_read_layout *layout;
    struct ic_jpeg_tables tables;
    struct ic_jpeg_cut cut;
    size_t stride_bytes[IC_MAX_PLANES];
    uint32_t line_rows[IC_MAX_PLANES]; /* rows of a plane in a row of MCUs, which is one strip */
    uint32_t segment, line;            /* to be delivered next */
    uint32_t slot_count;
    const char *doubt;
    struct slot slot[]; /* segment i is in slot i % slot_count */
};

/* ---- one segment ----------------------------------------------------------------------------- */

/* Returns the rows of one row of MCUs of the segment. */
static uint8_t *rows_of(const struct slot *slot, int plane, uint32_t line) {
    const struct ic_jpeg_segments *segments = slot->segments;
    return slot->rows[plane] +
           (size_t)line * segments->line_rows[plane] * segments->stride_bytes[plane];
}

static bool read_lines(struct slot *slot, uint32_t lines) {
    const struct ic_jpeg_segments *segments = slot->segments;
    for (uint32_t line = 0; line < lines; line++) {
        uint8_t *rows[IC_MAX_PLANES] = {NULL};
        for (int p = 0; p < segments->layout->planes; p++) {
            rows[p] = rows_of(slot, p, line);
        }
        if (ic_is_cancelled(segments->cancel) ||
            !ic_jpeg_scan_row(slot->scan, rows, segments->stride_bytes)) {
            return false;
        }
    }
    return true;
}

static void decode_segment(void *user) {
    struct slot *slot = user;
    const struct ic_jpeg_cut *cut = &slot->segments->cut;
    const bool is_last = slot->segment + 1 == cut->count;
    const uint64_t before = slot->segment * cut->markers; /* restart markers */
    const uint64_t last = before + cut->markers - 1;
    slot->input =
        (struct ic_input){.window = cut->data + cut->start[slot->segment],
                          .window_bytes = cut->start[slot->segment + 1] - cut->start[slot->segment],
                          .ended = true};
    ic_jpeg_scan_start(slot->scan, &slot->input, (unsigned)(before % 8));
    slot->good =
        read_lines(slot, is_last ? cut->last_lines : cut->lines) &&
        ic_jpeg_scan_end(slot->scan, (uint8_t)(is_last ? JPEG_EOI : JPEG_RST0 + (int)(last % 8)));
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool open_slot(struct ic_jpeg_segments *segments, const struct ic_kernels *kernels,
                      struct slot *slot) {
    slot->segments = segments;
    slot->task.run = decode_segment;
    slot->task.user = slot;
    slot->scan = ic_jpeg_scan_open(segments->mem, kernels, &segments->tables);
    if (slot->scan == NULL) {
        return false;
    }
    for (int p = 0; p < segments->layout->planes; p++) {
        const size_t width = segments->layout->plane[p].width;
        const size_t stride = segments->stride_bytes[p];
        const size_t rows = (size_t)segments->cut.lines * segments->line_rows[p];
        slot->rows[p] = ic_alloc(segments->mem, rows * stride);
        if (slot->rows[p] == NULL) {
            return false;
        }
        for (size_t y = 0; y < rows; y++) { /* samples behind the MCUs must be defined */
            memset(slot->rows[p] + y * stride + width, 0, stride - width);
        }
    }
    return true;
}

static void close_slot(struct ic_jpeg_segments *segments, struct slot *slot) {
    ic_jpeg_scan_close(slot->scan);
    for (int p = 0; p < IC_MAX_PLANES; p++) {
        ic_free(segments->mem, slot->rows[p]);
    }
}

static void submit(struct ic_jpeg_segments *segments, uint32_t segment) {
    struct slot *slot = &segments->slot[segment % segments->slot_count];
    slot->segment = segment;
    ic_thread_pool_submit(segments->pool, &slot->task);
}

struct ic_jpeg_segments *ic_jpeg_segments_open(struct ic_mem *mem, struct ic_thread_pool *pool,
                                               struct ic_cancel *cancel,
                                               const struct ic_kernels *kernels,
                                               const struct jpeg_decompress_struct *picture,
                                               const struct ic_read_layout *layout) {
    /* one is being delivered, one for each worker, and one for the calling thread, which decodes
     * while it waits: 16 megapixels took two threads 0.60 of the time of one, 0.66 with one slot
     * less, 0.61 with two more */
    const uint32_t most_slots = pool->limit + 2;
    if (picture->restart_interval == 0) {
        return NULL;
    }
    struct ic_jpeg_segments *segments =
        ic_calloc(mem, 1, sizeof(*segments) + most_slots * sizeof(struct slot));
    if (segments == NULL) {
        return NULL;
    }
    segments->mem = mem;
    segments->pool = pool;
    segments->cancel = cancel;
    segments->layout = layout;
    if (!ic_jpeg_tables_open(mem, picture, &segments->tables) ||
        !ic_jpeg_cut(mem, &segments->tables, (uint32_t)picture->max_v_samp_factor * DCTSIZE,
                     picture->src->next_input_byte, picture->src->bytes_in_buffer,
                     &segments->cut)) {
        ic_jpeg_segments_close(segments);
        return NULL;
    }
    for (int p = 0; p < layout->planes; p++) {
        const struct ic_jpeg_component *component = &segments->tables.component[p];
        segments->line_rows[p] = (uint32_t)(component->v * component->size);
        segments->stride_bytes[p] = ic_jpeg_plane_stride(picture, p);
    }
    const uint32_t slots = most_slots < segments->cut.count ? most_slots : segments->cut.count;
    while (segments->slot_count < slots) {
        if (!open_slot(segments, kernels, &segments->slot[segments->slot_count++])) {
            ic_jpeg_segments_close(segments);
            return NULL;
        }
    }
    for (uint32_t i = 0; i < slots; i++) {
        submit(segments, i);
    }
    return segments;
}

bool ic_jpeg_segments_read(struct ic_jpeg_segments *segments, struct ic_strip *out) {
    const struct ic_jpeg_cut *cut = &segments->cut;
    struct slot *slot = &segments->slot[segments->segment % segments->slot_count];
    if (segments->line == cut->lines) { /* its last rows are no longer in use */
        if (segments->segment + segments->slot_count < cut->count) {
            submit(segments, segments->segment + segments->slot_count);
        }
        segments->segment++;
        segments->line = 0;
        slot = &segments->slot[segments->segment % segments->slot_count];
    }
    if (!IC_HOLDS(segments->segment < cut->count)) {
        return false;
    }
    if (segments->line == 0) {
        ic_thread_pool_wait(segments->pool, &slot->task);
        if (!slot->good) {
            segments->doubt = ic_jpeg_scan_doubt(slot->scan);
            return false;
        }
    }
    const uint32_t line = segments->segment * cut->lines + segments->line;
    memset(out, 0, sizeof(*out));
    for (int p = 0; p < segments->layout->planes; p++) {
        const uint32_t first = line * segments->line_rows[p];
        const uint32_t left = segments->layout->plane[p].height - first;
        out->plane[p].rows = rows_of(slot, p, segments->line);
        out->plane[p].stride_bytes = (ptrdiff_t)segments->stride_bytes[p];
        out->plane[p].first_row = first;
        out->plane[p].row_count = left < segments->line_rows[p] ? left : segments->line_rows[p];
    }
    segments->line++;
    out->done = segments->segment + 1 == cut->count && segments->line == cut->last_lines;
    return true;
}

const char *ic_jpeg_segments_doubt(const struct ic_jpeg_segments *segments) {
    return segments->doubt;
}

void ic_jpeg_segments_close(struct ic_jpeg_segments *segments) {
    if (segments == NULL) {
        return;
    }
    struct ic_mem *mem = segments->mem;
    for (uint32_t i = 0; i < segments->slot_count; i++) {
        ic_thread_pool_cancel(segments->pool, &segments->slot[i].task);
    }
    for (uint32_t i = 0; i < segments->slot_count; i++) {
        close_slot(segments, &segments->slot[i]);
    }
    ic_jpeg_cut_clear(mem, &segments->cut);
    ic_jpeg_tables_clear(mem, &segments->tables);
    ic_free(mem, segments);
}
