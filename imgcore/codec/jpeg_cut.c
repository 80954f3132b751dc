/* Segments of a JPEG: see jpeg_cut.h. */
#include "imgcore/codec/jpeg_cut.h"

#include <assert.h>
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/checked.h"

/* The least height of a segment in pixels. Two threads took 0.60 of the time of one with 64 (and
 * with 32), 0.63 with 128 and 256, for 16 megapixels with a marker for every row of MCUs. */
#define SEGMENT_PX 64u
/* Images whose markers are so far apart that a segment would be higher are not cut. */
#define MAX_SEGMENT_PX 1024u
/* The most data of one segment. */
#define MAX_SEGMENT_BYTES ((size_t)16 << 20)

#define MARKER_SOF1 0xc1u /* Huffman, 8 bits, any tables; includes baseline files */
#define MARKER_DHT  0xc4u
#define MARKER_SOS  0xdau
#define MARKER_DQT  0xdbu
#define MARKER_DRI  0xddu

/* ---- the head -------------------------------------------------------------------------------- */

/* Starts a marker segment with `size_bytes` bytes of content; returns where they go. */
static uint8_t *put_marker(uint8_t *to, unsigned marker, size_t size_bytes) {
    to[0] = 0xff;
    to[1] = (uint8_t)marker;
    to[2] = (uint8_t)((size_bytes + 2) >> 8);
    to[3] = (uint8_t)(size_bytes + 2);
    return to + 4;
}

static uint8_t *put_quantisation(uint8_t *to, unsigned number, const JQUANT_TBL *table) {
    static const uint8_t natural[DCTSIZE2] = {
        0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
        41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
        30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};
    to = put_marker(to, MARKER_DQT, 1 + 2 * DCTSIZE2);
    *to++ = (uint8_t)(0x10 | number); /* 16 bits, also for a table of 8 */
    for (int i = 0; i < DCTSIZE2; i++) {
        *to++ = (uint8_t)(table->quantval[natural[i]] >> 8);
        *to++ = (uint8_t)table->quantval[natural[i]];
    }
    return to;
}

static uint8_t *put_huffman(uint8_t *to, unsigned class_and_number, const JHUFF_TBL *table) {
    size_t codes = 0;
    for (int i = 1; i <= 16; i++) {
        codes += table->bits[i];
    }
    codes = codes < 256 ? codes : 256; /* libjpeg has checked this when it read the table */
    to = put_marker(to, MARKER_DHT, 17 + codes);
    *to++ = (uint8_t)class_and_number;
    memcpy(to, table->bits + 1, 16);
    memcpy(to + 16, table->huffval, codes);
    return to + 16 + codes;
}

/* Writes the head. Every component gets tables of its own number. */
static void make_head(const struct jpeg_decompress_struct *cinfo, struct ic_jpeg_cut *cut) {
    const unsigned components = (unsigned)cinfo->num_components;
    uint8_t *to = cut->head;
    *to++ = 0xff;
    *to++ = 0xd8;
    for (unsigned i = 0; i < components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        to = put_quantisation(to, i, component->quant_table);
        to = put_huffman(to, i, cinfo->dc_huff_tbl_ptrs[component->dc_tbl_no]);
        to = put_huffman(to, 0x10 | i, cinfo->ac_huff_tbl_ptrs[component->ac_tbl_no]);
    }
    to = put_marker(to, MARKER_SOF1, 6 + 3 * components);
    *to++ = 8;
    cut->height_at = (size_t)(to - cut->head);
    to += 2;
    *to++ = (uint8_t)(cinfo->image_width >> 8);
    *to++ = (uint8_t)cinfo->image_width;
    *to++ = (uint8_t)components;
    for (unsigned i = 0; i < components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        *to++ = (uint8_t)(i + 1);
        *to++ = (uint8_t)(component->h_samp_factor << 4 | component->v_samp_factor);
        *to++ = (uint8_t)i;
    }
    to = put_marker(to, MARKER_DRI, 2);
    *to++ = (uint8_t)(cinfo->restart_interval >> 8);
    *to++ = (uint8_t)cinfo->restart_interval;
    to = put_marker(to, MARKER_SOS, 4 + 2 * components);
    *to++ = (uint8_t)components;
    for (unsigned i = 0; i < components; i++) {
        *to++ = (uint8_t)(i + 1);
        *to++ = (uint8_t)(i << 4 | i);
    }
    *to++ = 0;
    *to++ = DCTSIZE2 - 1;
    *to++ = 0;
    cut->head_bytes = (size_t)(to - cut->head);
    assert(cut->head_bytes <= sizeof(cut->head));
}

/* ---- where to cut ---------------------------------------------------------------------------- */

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b != 0) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Whether it is a single scan whose decoding restarts after each marker, with all its tables. */
static bool is_simple(const struct jpeg_decompress_struct *cinfo) {
    if (cinfo->progressive_mode || cinfo->arith_code || cinfo->restart_interval == 0 ||
        cinfo->num_components > 3 || cinfo->comps_in_scan != cinfo->num_components ||
        cinfo->unread_marker != 0) {
        return false;
    }
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        if (cinfo->cur_comp_info[i] != component || component->quant_table == NULL ||
            cinfo->dc_huff_tbl_ptrs[component->dc_tbl_no] == NULL ||
            cinfo->ac_huff_tbl_ptrs[component->ac_tbl_no] == NULL) {
            return false;
        }
    }
    /* with a single component an MCU is one block, for any sampling factors */
    return cinfo->num_components > 1 || cinfo->comp_info[0].v_samp_factor == 1;
}

/* Rows of MCUs that a segment has; 0: no cutting. */
static uint32_t choose_lines(const struct jpeg_decompress_struct *cinfo, uint32_t line_px) {
    /* the smallest number of rows that consists of entire restart intervals */
    const uint32_t least =
        cinfo->restart_interval / common_divisor(cinfo->restart_interval, cinfo->MCUs_per_row);
    if (least > MAX_SEGMENT_PX / line_px) {
        return 0;
    }
    const uint32_t lines = least * ic_ceil_div_u32(SEGMENT_PX, least * line_px);
    return lines < cinfo->MCU_rows_in_scan ? lines : 0;
}

/* Walks over the data: it must hold every restart marker in order, then the end marker, and no
 * other. Records where segments start. */
static bool find_starts(const uint8_t *data, size_t size_bytes, uint64_t markers,
                        uint64_t markers_each, struct ic_jpeg_cut *cut) {
    const uint8_t *const end = data + size_bytes;
    const uint8_t *at = data;
    uint64_t seen = 0;
    uint32_t segment = 1;
    cut->start[0] = 0;
    while (end - at >= 2) {
        at = memchr(at, 0xff, (size_t)(end - at) - 1);
        if (at == NULL) {
            return false;
        }
        const uint8_t marker = at[1];
        at += 2;
        if (marker == 0) {
            continue;
        }
        if (marker == JPEG_EOI) {
            cut->start[segment] = (size_t)(at - data);
            return seen == markers && segment == cut->count;
        }
        if (marker != JPEG_RST0 + seen % 8 || seen == markers) {
            return false;
        }
        seen++;
        if (seen % markers_each == 0) {
            cut->start[segment] = (size_t)(at - data);
            segment++;
        }
    }
    return false;
}

static bool measure(struct ic_jpeg_cut *cut) {
    size_t most = 0;
    for (uint32_t i = 0; i < cut->count; i++) {
        const size_t bytes = cut->start[i + 1] - cut->start[i];
        most = bytes > most ? bytes : most;
    }
    cut->most_bytes = cut->head_bytes + most;
    return most <= MAX_SEGMENT_BYTES;
}

bool ic_jpeg_cut(struct ic_mem *mem, const struct jpeg_decompress_struct *cinfo,
                 struct ic_jpeg_cut *cut) {
    memset(cut, 0, sizeof(*cut));
    if (!is_simple(cinfo)) {
        return false;
    }
    cut->line_px = (uint32_t)cinfo->max_v_samp_factor * DCTSIZE;
    cut->height_px = cinfo->image_height;
    cut->lines = choose_lines(cinfo, cut->line_px);
    if (cut->lines == 0) {
        return false;
    }
    cut->count = ic_ceil_div_u32(cinfo->MCU_rows_in_scan, cut->lines);
    cut->last_lines = cinfo->MCU_rows_in_scan - (cut->count - 1) * cut->lines;
    cut->start = ic_alloc(mem, ((size_t)cut->count + 1) * sizeof(*cut->start));
    if (cut->start == NULL) {
        return false;
    }
    const uint64_t mcus = (uint64_t)cinfo->MCUs_per_row * cinfo->MCU_rows_in_scan;
    const uint64_t each = (uint64_t)cut->lines * cinfo->MCUs_per_row / cinfo->restart_interval;
    cut->data = cinfo->src->next_input_byte;
    if (!find_starts(cut->data, cinfo->src->bytes_in_buffer, (mcus - 1) / cinfo->restart_interval,
                     each, cut)) {
        ic_jpeg_cut_clear(mem, cut);
        return false;
    }
    make_head(cinfo, cut);
    if (!measure(cut)) {
        ic_jpeg_cut_clear(mem, cut);
        return false;
    }
    return true;
}

void ic_jpeg_cut_clear(struct ic_mem *mem, struct ic_jpeg_cut *cut) {
    ic_free(mem, cut->start);
    cut->start = NULL;
}

/* ---- a segment ------------------------------------------------------------------------------- */

size_t ic_jpeg_cut_file(const struct ic_jpeg_cut *cut, uint32_t segment, uint8_t *out) {
    const size_t data_bytes = cut->start[segment + 1] - cut->start[segment];
    const uint32_t above_px = segment * cut->lines * cut->line_px;
    const uint32_t height_px =
        segment + 1 < cut->count ? cut->lines * cut->line_px : cut->height_px - above_px;
    memcpy(out, cut->head, cut->head_bytes);
    out[cut->height_at] = (uint8_t)(height_px >> 8);
    out[cut->height_at + 1] = (uint8_t)height_px;
    uint8_t *at = out + cut->head_bytes;
    uint8_t *const end = at + data_bytes;
    memcpy(at, cut->data + cut->start[segment], data_bytes);
    for (unsigned seen = 0; end - at > 2;) {
        at = memchr(at, 0xff, (size_t)(end - at) - 2);
        if (at == NULL) {
            break;
        }
        if (at[1] != 0) {
            at[1] = (uint8_t)(JPEG_RST0 + seen % 8);
            seen++;
        }
        at += 2;
    }
    end[-1] = JPEG_EOI; /* the last marker: the restart marker of the next segment, or already the
                           end marker */
    return cut->head_bytes + data_bytes;
}
