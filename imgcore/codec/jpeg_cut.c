/* Segments of a JPEG: see jpeg_cut.h. */
#include "imgcore/codec/jpeg_cut.h"

#include <string.h>

#include "imgcore/base/checked.h"

/* The least height of a segment in pixels. Two threads took 0.60 of the time of one with 64 (and
 * with 32), 0.63 with 128 and 256, for 16 megapixels with a marker for every row of MCUs. */
#define SEGMENT_PX 64u
/* Images whose markers are so far apart that a segment would be higher are not cut. */
#define MAX_SEGMENT_PX 1024u

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b != 0) {
        const uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Rows of MCUs that a segment has; 0: no cutting. */
static uint32_t choose_lines(const struct ic_jpeg_tables *tables, uint32_t line_px) {
    if (tables->restart_interval == 0) {
        return 0;
    }
    /* the smallest number of rows that consists of entire restart intervals */
    const uint32_t least =
        tables->restart_interval / common_divisor(tables->restart_interval, tables->mcus_per_row);
    if (least > MAX_SEGMENT_PX / line_px) {
        return 0;
    }
    const uint32_t lines = least * ic_ceil_div_u32(SEGMENT_PX, least * line_px);
    return lines < tables->mcu_rows ? lines : 0;
}

/* Walks over the data: it must hold every restart marker in order, then the end marker, and no
 * other. Records where segments start. */
static bool find_starts(const uint8_t *data, size_t size_bytes, uint64_t markers,
                        struct ic_jpeg_cut *cut) {
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
        if (seen % cut->markers == 0) {
            cut->start[segment] = (size_t)(at - data);
            segment++;
        }
    }
    return false;
}

bool ic_jpeg_cut(struct ic_mem *mem, const struct ic_jpeg_tables *tables, uint32_t line_px,
                 const uint8_t *data, size_t size_bytes, struct ic_jpeg_cut *cut) {
    memset(cut, 0, sizeof(*cut));
    cut->lines = choose_lines(tables, line_px);
    if (cut->lines == 0) {
        return false;
    }
    cut->data = data;
    cut->count = ic_ceil_div_u32(tables->mcu_rows, cut->lines);
    cut->last_lines = tables->mcu_rows - (cut->count - 1) * cut->lines;
    cut->markers = (uint64_t)cut->lines * tables->mcus_per_row / tables->restart_interval;
    cut->start = ic_alloc(mem, ((size_t)cut->count + 1) * sizeof(*cut->start));
    if (cut->start == NULL) {
        return false;
    }
    const uint64_t mcus = (uint64_t)tables->mcus_per_row * tables->mcu_rows;
    if (!find_starts(data, size_bytes, (mcus - 1) / tables->restart_interval, cut)) {
        ic_jpeg_cut_clear(mem, cut);
        return false;
    }
    return true;
}

void ic_jpeg_cut_clear(struct ic_mem *mem, struct ic_jpeg_cut *cut) {
    ic_free(mem, cut->start);
    cut->start = NULL;
}
