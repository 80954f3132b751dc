/* Decoding a JPEG with restart markers on several threads: it is cut into segments (jpeg_cut.h),
 * each decoded by an ordinary decompressor in one of several slots, and their rows are delivered in
 * order.
 *
 * Faults are not classified here. If a segment gives a warning or an error, ic_jpeg_segments_read
 * returns false; the reader then decodes the file from its beginning and reports the status.
 *
 * Memory grows with the width: several segments of decoded rows. Used by jpeg_read.c, for planes:
 * interleaved rows would need the rows next to the cut. */
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/base/thread_pool.h"
#include "imgcore/codec/jpeg_cut.h"

/* A segment that is being decoded or delivered. */
struct slot {
    const struct ic_jpeg_segments *segments;
    struct ic_task task;
    uint32_t segment;
    bool good;      /* every row was decoded without a warning */
    bool has_cinfo; /* reused for the next segment */
    struct jpeg_decompress_struct cinfo;
    struct ic_jpeg_errors errors;
    uint8_t *file;
    size_t file_bytes;
    uint8_t *rows[IC_MAX_PLANES];
};

struct ic_jpeg_segments {
    struct ic_mem *mem;
    struct ic_thread_pool *pool;
    struct ic_cancel *cancel;
    const struct jpeg_decompress_struct *picture;
    const struct ic_read_layout *layout;
    struct ic_jpeg_cut cut;
    size_t stride_bytes[IC_MAX_PLANES];
    uint32_t line_rows[IC_MAX_PLANES]; /* rows of a plane in a row of MCUs, which is one strip */
    uint32_t segment, line;            /* to be delivered next */
    uint32_t slot_count;
    struct slot slot[]; /* segment i is in slot i % slot_count */
};

/* ---- one segment ----------------------------------------------------------------------------- */

/* Returns the rows of one row of MCUs of the segment. */
static uint8_t *rows_of(const struct slot *slot, int plane, uint32_t line) {
    const struct ic_jpeg_segments *segments = slot->segments;
    return slot->rows[plane] +
           (size_t)line * segments->line_rows[plane] * segments->stride_bytes[plane];
}

static void read_lines(struct slot *slot) {
    const struct ic_jpeg_segments *segments = slot->segments;
    j_decompress_ptr cinfo = &slot->cinfo;
    JSAMPROW row[IC_MAX_PLANES][4 * DCTSIZE];
    JSAMPARRAY planes[IC_MAX_PLANES];
    for (uint32_t line = 0; cinfo->output_scanline < cinfo->output_height; line++) {
        ic_jpeg_check_cancel(cinfo->err, segments->cancel);
        for (int p = 0; p < segments->layout->planes; p++) {
            uint8_t *first = rows_of(slot, p, line);
            for (uint32_t y = 0; y < segments->line_rows[p]; y++) {
                row[p][y] = first + y * segments->stride_bytes[p];
            }
            planes[p] = row[p];
        }
        if (jpeg_read_raw_data(cinfo, planes,
                               (JDIMENSION)(cinfo->max_v_samp_factor * IC_MIN_DCT_V(cinfo))) == 0) {
            ic_jpeg_raise(cinfo->err, IMGCORE_INTERNAL, "the JPEG library gave no rows");
        }
    }
}

static void decode_step(void *state) {
    struct slot *slot = state;
    const struct jpeg_decompress_struct *picture = slot->segments->picture;
    j_decompress_ptr cinfo = &slot->cinfo;
    if (!slot->has_cinfo) {
        slot->has_cinfo =
            true; /* even after a failure in jpeg_create_decompress it must be destroyed */
        jpeg_create_decompress(cinfo);
        cinfo->mem->max_memory_to_use = 0;
    }
    jpeg_mem_src(cinfo, slot->file, slot->file_bytes);
    jpeg_read_header(cinfo, TRUE);
    cinfo->jpeg_color_space = picture->jpeg_color_space;
    cinfo->out_color_space = picture->jpeg_color_space;
    cinfo->scale_num = picture->scale_num;
    cinfo->scale_denom = picture->scale_denom;
    cinfo->dct_method = picture->dct_method;
    cinfo->raw_data_out = TRUE;
    jpeg_start_decompress(cinfo);
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *a = &cinfo->comp_info[i], *b = &picture->comp_info[i];
        if (IC_DCT_H(a) != IC_DCT_H(b) || IC_DCT_V(a) != IC_DCT_V(b)) {
            ic_jpeg_raise(cinfo->err, IMGCORE_INTERNAL, "a segment of another scale");
        }
    }
    read_lines(slot);
    jpeg_finish_decompress(cinfo);
}

static void decode_segment(void *user) {
    struct slot *slot = user;
    slot->file_bytes = ic_jpeg_cut_file(&slot->segments->cut, slot->segment, slot->file);
    slot->cinfo.err = ic_jpeg_errors_init(&slot->errors, false);
    slot->good = ic_jpeg_guard(&slot->errors, decode_step, slot, NULL) == IMGCORE_OK &&
                 slot->errors.manager.num_warnings == 0;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool open_slot(struct ic_jpeg_segments *segments, struct slot *slot) {
    slot->segments = segments;
    slot->task.run = decode_segment;
    slot->task.user = slot;
    slot->file = ic_alloc(segments->mem, segments->cut.most_bytes);
    if (slot->file == NULL) {
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
        for (size_t y = 0; y < rows; y++) { /* samples that libjpeg never writes must be defined */
            memset(slot->rows[p] + y * stride + width, 0, stride - width);
        }
    }
    return true;
}

static void close_slot(struct ic_jpeg_segments *segments, struct slot *slot) {
    if (slot->has_cinfo) {
        jpeg_destroy_decompress(&slot->cinfo);
    }
    ic_free(segments->mem, slot->file);
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
                                               const struct jpeg_decompress_struct *picture,
                                               const struct ic_read_layout *layout) {
    struct ic_jpeg_cut cut;
    if (!ic_jpeg_cut(mem, picture, &cut)) {
        return NULL;
    }
    /* one is being delivered, one for each worker, and one for the calling thread, which decodes
     * while it waits: 16 megapixels took two threads 0.60 of the time of one, 0.66 with one slot
     * less, 0.61 with two more */
    const uint32_t want = pool->limit + 2;
    const uint32_t slots = want < cut.count ? want : cut.count;
    struct ic_jpeg_segments *segments =
        ic_calloc(mem, 1, sizeof(*segments) + slots * sizeof(struct slot));
    if (segments == NULL) {
        ic_jpeg_cut_clear(mem, &cut);
        return NULL;
    }
    segments->mem = mem;
    segments->pool = pool;
    segments->cancel = cancel;
    segments->picture = picture;
    segments->layout = layout;
    segments->cut = cut;
    for (int p = 0; p < layout->planes; p++) {
        const jpeg_component_info *component = &picture->comp_info[p];
        segments->line_rows[p] = (uint32_t)(component->v_samp_factor * IC_DCT_V(component));
        segments->stride_bytes[p] = ic_jpeg_plane_stride(picture, p);
    }
    while (segments->slot_count < slots) {
        struct slot *slot = &segments->slot[segments->slot_count++];
        if (!open_slot(segments, slot)) {
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
    ic_free(mem, segments);
}
