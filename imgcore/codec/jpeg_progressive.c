/* Progressive JPEGs: see jpeg_progressive.h. */
#include "imgcore/codec/jpeg_progressive.h"

#include <stdlib.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/codec/jpeg_samples.h"
#include "imgcore/codec/jpeg_scan_list.h"

/* A component, and its blocks in one row of MCUs: tables.v rows of row_blocks. */
struct plane {
    struct ic_jpeg_component tables;
    size_t row_blocks;                       /* of entire MCUs */
    uint32_t width_blocks, height_blocks;    /* of the picture */
    int16_t *coefs;                          /* AC coefficients are zero before and after a row */
    uint64_t *nonzero;                       /* see jpeg_bands.h */
    struct ic_jpeg_group groups[IC_CLASSES]; /* that of DC is not used */
};

struct ic_jpeg_progressive {
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    const struct jpeg_decompress_struct *picture;
    struct ic_jpeg_scan_list list;
    int planes;
    struct plane plane[IC_MAX_PLANES];
    uint32_t mcus_per_row, mcu_rows, rows_done;
    const char *doubt; /* the first one */
};

static bool doubt(struct ic_jpeg_progressive *progressive, const char *name) {
    progressive->doubt = progressive->doubt == NULL ? name : progressive->doubt;
    return false;
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void begin_interval(const struct ic_jpeg_progressive *progressive,
                           struct ic_jpeg_listed_scan *scan) {
    scan->cursor =
        (struct ic_jpeg_cursor){.at = ic_jpeg_interval_begin(&progressive->list, scan->interval)};
    scan->mcus_left = scan->restart_interval;
    memset(scan->dc, 0, sizeof(scan->dc));
}

/* Bits between the position and the end; negative: it has used some of what is behind. */
static ptrdiff_t bits_left(const struct ic_jpeg_progressive *progressive,
                           const struct ic_jpeg_listed_scan *scan) {
    return (ic_jpeg_interval_end(&progressive->list, scan->interval) - scan->cursor.at) * 8 +
           (ptrdiff_t)scan->cursor.bit_count;
}

/* Whether only the rest of a byte, at most, is left of the interval. */
static bool check_end(struct ic_jpeg_progressive *progressive,
                      const struct ic_jpeg_listed_scan *scan) {
    const ptrdiff_t left = bits_left(progressive, scan);
    if (left < 0) {
        return doubt(progressive, IC_DOUBT_DATA_SHORT);
    }
    return (left < 8 && scan->cursor.ended_blocks == 0) || doubt(progressive, IC_DOUBT_DATA_LEFT);
}

/* Goes on to the next interval, if it begins before the next MCU. */
static bool cross_interval(struct ic_jpeg_progressive *progressive,
                           struct ic_jpeg_listed_scan *scan) {
    if (scan->restart_interval == 0 || scan->mcus_left != 0) {
        return true;
    }
    if (!check_end(progressive, scan)) {
        return false;
    }
    scan->interval++;
    begin_interval(progressive, scan);
    return true;
}

/* ---- scans ----------------------------------------------------------------------------------- */

/* Decodes `count` blocks from this one on, of the scan's component i. */
static bool decode_blocks(struct ic_jpeg_progressive *progressive, struct ic_jpeg_listed_scan *scan,
                          int i, size_t block, size_t count) {
    struct plane *plane = &progressive->plane[scan->header.index[i]];
    const uint8_t *limit =
        ic_jpeg_interval_end(&progressive->list, scan->interval) + IC_JPEG_AHEAD_BYTES;
    const struct ic_jpeg_band *band = &scan->band;
    int16_t *coefs = plane->coefs + 64 * block;
    uint64_t *nonzero = plane->nonzero + block;
    if (band->first == 0) {
        return scan->header.high == 0 ? ic_jpeg_dc_first(band, scan->runs[i], &scan->cursor, limit,
                                                         &scan->dc[i], coefs, count)
                                      : ic_jpeg_dc_refine(band, &scan->cursor, limit, coefs, count);
    }
    const struct ic_kernels *kernels = progressive->kernels;
    return (scan->header.high == 0 ? kernels->jpeg_band_first : kernels->jpeg_band_refine)(
        band, &scan->cursor, limit, coefs, nonzero, count);
}

/* Decodes a row of MCUs of a scan of one component, in which each block is an MCU (T.81, A.2.2). */
static bool decode_single(struct ic_jpeg_progressive *progressive,
                          struct ic_jpeg_listed_scan *scan) {
    const struct plane *plane = &progressive->plane[scan->header.index[0]];
    const uint32_t v = (uint32_t)plane->tables.v;
    for (uint32_t y = 0; y < v && progressive->rows_done * v + y < plane->height_blocks; y++) {
        uint32_t count;
        for (uint32_t x = 0; x < plane->width_blocks; x += count) {
            if (!cross_interval(progressive, scan)) {
                return false;
            }
            count = plane->width_blocks - x;
            if (scan->restart_interval != 0) {
                count = count < scan->mcus_left ? count : scan->mcus_left;
                scan->mcus_left -= count;
            }
            if (!decode_blocks(progressive, scan, 0, y * plane->row_blocks + x, count)) {
                return doubt(progressive, IC_DOUBT_CODE);
            }
        }
    }
    return true;
}

static bool decode_interleaved(struct ic_jpeg_progressive *progressive,
                               struct ic_jpeg_listed_scan *scan) {
    for (uint32_t mcu = 0; mcu < progressive->mcus_per_row; mcu++) {
        if (!cross_interval(progressive, scan)) {
            return false;
        }
        scan->mcus_left -= scan->restart_interval != 0;
        for (int i = 0; i < scan->header.components; i++) {
            const struct plane *plane = &progressive->plane[scan->header.index[i]];
            const size_t h = (size_t)plane->tables.h, v = (size_t)plane->tables.v;
            for (size_t y = 0; y < v; y++) {
                if (!decode_blocks(progressive, scan, i, y * plane->row_blocks + mcu * h, h)) {
                    return doubt(progressive, IC_DOUBT_CODE);
                }
            }
        }
    }
    return true;
}

static bool decode_scans(struct ic_jpeg_progressive *progressive) {
    const bool is_last = progressive->rows_done + 1 == progressive->mcu_rows;
    for (size_t i = 0; i < progressive->list.count; i++) {
        struct ic_jpeg_listed_scan *scan = ic_jpeg_scan_list_at(&progressive->list, i);
        if (!(scan->header.components == 1 ? decode_single(progressive, scan)
                                           : decode_interleaved(progressive, scan))) {
            return false;
        }
        if (is_last && !check_end(progressive, scan)) {
            return false;
        }
        if (bits_left(progressive, scan) < 0) {
            return doubt(progressive, IC_DOUBT_DATA_SHORT);
        }
    }
    return true;
}

/* ---- samples --------------------------------------------------------------------------------- */

static bool finish_group(const struct ic_jpeg_progressive *progressive, struct plane *plane,
                         enum ic_jpeg_class of, size_t stride_bytes) {
    return ic_jpeg_transform_group(progressive->kernels, &plane->groups[of],
                                   ic_jpeg_idct_of(of, plane->tables.size), plane->tables.quant,
                                   stride_bytes);
}

static enum ic_jpeg_class class_of(uint64_t nonzero, int size) {
    if (nonzero >> 10 != 0) {
        return IC_CLASS_ALL;
    }
    return size == 8 && nonzero >> 3 == 0 ? IC_CLASS_FIRST_3 : IC_CLASS_FIRST_10;
}

/* Fills the block, or notes it for its inverse DCT. */
static bool place_block(const struct ic_jpeg_progressive *progressive, struct plane *plane,
                        size_t block, uint8_t *out, size_t stride_bytes) {
    const int size = plane->tables.size;
    int16_t *coefs = plane->coefs + 64 * block;
    const uint64_t nonzero = plane->nonzero[block];
    const int product = coefs[0] * plane->tables.quant[0];
    if (abs(product) > INT16_MAX) {
        return false;
    }
    if (nonzero == 0) {
        return ic_jpeg_fill_block(product, size, out, stride_bytes);
    }
    if (size == 1) {
        memset(coefs, 0, 64 * sizeof(int16_t));
        return ic_jpeg_fill_block(product, size, out, stride_bytes);
    }
    const enum ic_jpeg_class of = class_of(nonzero, size);
    struct ic_jpeg_group *group = &plane->groups[of];
    group->place[group->count++] = (struct ic_jpeg_place){coefs, out};
    return group->count < IC_JPEG_GROUP_BLOCKS ||
           finish_group(progressive, plane, of, stride_bytes);
}

static bool place_blocks(const struct ic_jpeg_progressive *progressive, struct plane *plane,
                         uint8_t *rows, size_t stride_bytes) {
    const size_t size = (size_t)plane->tables.size;
    const uint32_t v = (uint32_t)plane->tables.v;
    bool good = true;
    for (uint32_t y = 0; y < v && progressive->rows_done * v + y < plane->height_blocks; y++) {
        uint8_t *out = rows + y * size * stride_bytes;
        for (size_t x = 0; x < plane->width_blocks; x++) {
            good &= place_block(progressive, plane, y * plane->row_blocks + x, out + x * size,
                                stride_bytes);
        }
    }
    for (int k = IC_CLASS_FIRST_3; k < IC_CLASSES; k++) {
        good &= finish_group(progressive, plane, (enum ic_jpeg_class)k, stride_bytes);
    }
    memset(plane->nonzero, 0, v * plane->row_blocks * sizeof(*plane->nonzero));
    return good;
}

bool ic_jpeg_progressive_row(struct ic_jpeg_progressive *progressive,
                             uint8_t *const rows[IC_MAX_PLANES],
                             const size_t stride_bytes[IC_MAX_PLANES]) {
    if (!decode_scans(progressive)) {
        return false;
    }
    bool good = true;
    for (int p = 0; p < progressive->planes; p++) {
        good &= place_blocks(progressive, &progressive->plane[p], rows[p], stride_bytes[p]);
    }
    progressive->rows_done++;
    return good || doubt(progressive, IC_DOUBT_RANGE);
}

/* ---- open ------------------------------------------------------------------------------------ */

bool ic_jpeg_is_progressive(const struct jpeg_decompress_struct *picture) {
    return picture->progressive_mode && !picture->arith_code && picture->data_precision == 8 &&
           (picture->num_components == 1 || picture->num_components == 3);
}

static bool open_plane(struct ic_jpeg_progressive *progressive, int index) {
    struct plane *plane = &progressive->plane[index];
    const jpeg_component_info *component = &progressive->picture->comp_info[index];
    const int table = component->quant_tbl_no;
    if (table < 0 || table >= NUM_QUANT_TBLS ||
        !ic_jpeg_component_take(component, progressive->picture->quant_tbl_ptrs[table],
                                &plane->tables)) {
        return false;
    }
    for (int i = 0; i < 64; i++) {
        if (plane->tables.quant[i] == 0) {
            return false;
        }
    }
    plane->row_blocks = (size_t)progressive->mcus_per_row * (size_t)plane->tables.h;
    plane->width_blocks = component->width_in_blocks;
    plane->height_blocks = component->height_in_blocks;
    const size_t blocks = plane->row_blocks * (size_t)plane->tables.v;
    plane->coefs = ic_calloc(progressive->mem, blocks, 64 * sizeof(*plane->coefs));
    plane->nonzero = ic_calloc(progressive->mem, blocks, sizeof(*plane->nonzero));
    return plane->coefs != NULL && plane->nonzero != NULL &&
           plane->width_blocks <= plane->row_blocks;
}

struct ic_jpeg_progressive *ic_jpeg_progressive_open(struct ic_mem *mem,
                                                     const struct ic_kernels *kernels,
                                                     const struct jpeg_decompress_struct *picture) {
    struct ic_jpeg_progressive *progressive = ic_calloc(mem, 1, sizeof(*progressive));
    if (progressive == NULL) {
        return NULL;
    }
    progressive->mem = mem;
    progressive->kernels = kernels;
    progressive->picture = picture;
    progressive->planes = picture->num_components;
    progressive->mcus_per_row =
        ic_ceil_div_u32(picture->image_width, (uint32_t)picture->max_h_samp_factor * DCTSIZE);
    progressive->mcu_rows =
        ic_ceil_div_u32(picture->image_height, (uint32_t)picture->max_v_samp_factor * DCTSIZE);
    ic_jpeg_scan_list_init(mem, &progressive->list);
    for (int p = 0; p < progressive->planes; p++) {
        if (!open_plane(progressive, p)) {
            ic_jpeg_progressive_close(progressive);
            return NULL;
        }
    }
    return progressive;
}

bool ic_jpeg_progressive_read_scans(struct ic_jpeg_progressive *progressive, struct ic_input *input,
                                    struct ic_cancel *cancel, uint32_t max_scans) {
    struct ic_jpeg_scan_limits limits = {.scans = max_scans};
    for (int p = 0; p < progressive->planes; p++) {
        const struct plane *plane = &progressive->plane[p];
        limits.data_bytes += (uint64_t)plane->row_blocks * (uint64_t)plane->tables.v *
                             progressive->mcu_rows * sizeof(JBLOCK);
    }
    if (!ic_jpeg_scan_list_read(&progressive->list, progressive->kernels, progressive->picture,
                                input, cancel, &limits)) {
        progressive->doubt = progressive->list.doubt;
        return false;
    }
    for (size_t i = 0; i < progressive->list.count; i++) {
        begin_interval(progressive, ic_jpeg_scan_list_at(&progressive->list, i));
    }
    return true;
}

uint32_t ic_jpeg_progressive_rows(const struct ic_jpeg_progressive *progressive) {
    return progressive->mcu_rows;
}

const char *ic_jpeg_progressive_doubt(const struct ic_jpeg_progressive *progressive) {
    return progressive->doubt;
}

void ic_jpeg_progressive_close(struct ic_jpeg_progressive *progressive) {
    if (progressive == NULL) {
        return;
    }
    for (int p = 0; p < progressive->planes; p++) {
        ic_free(progressive->mem, progressive->plane[p].coefs);
        ic_free(progressive->mem, progressive->plane[p].nonzero);
    }
    ic_jpeg_scan_list_clear(&progressive->list);
    ic_free(progressive->mem, progressive);
}
