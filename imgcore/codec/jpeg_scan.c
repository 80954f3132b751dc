/* Decoding a scan: see jpeg_scan.h. A batch of MCUs at a time, so that its coefficients stay in the
 * cache: the entropy-coded data to blocks, DC differences to values, blocks to samples. */
#include "imgcore/codec/jpeg_scan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/codec/jpeg_place.h"

/* Data without stuffed bytes. */
#define CLEAN_BYTES ((size_t)4096)
/* Blocks of a batch: 30 KiB of coefficients. With 96 of them 16 MP take 1 to 3 % longer. */
#define BATCH_BLOCKS IC_JPEG_GROUP_BLOCKS

struct ic_jpeg_scan {
    struct ic_mem *mem;
    const struct ic_kernels *kernels;
    const struct ic_jpeg_tables *tables;
    struct ic_input *input;
    struct ic_jpeg_position position;
    const uint8_t *limit; /* of the position; past it, more data is needed */
    uint8_t *clean_end;
    bool ended;            /* a marker, or the end of the source, is behind clean_end */
    uint32_t mcus_left;    /* in this restart interval */
    unsigned restart;      /* number of the next restart marker, 0 to 7 */
    int dc[IC_MAX_PLANES]; /* of the last block */
    const char *doubt;     /* the first one */
    struct ic_jpeg_placing placing[IC_MAX_PLANES];
    uint8_t last[BATCH_BLOCKS];
    int16_t coefs[64 * BATCH_BLOCKS] __attribute__((aligned(64)));
    uint8_t clean[CLEAN_BYTES + IC_JPEG_AHEAD_BYTES + IC_JPEG_SLACK_BYTES];
};

static bool doubt(struct ic_jpeg_scan *scan, const char *name) {
    scan->doubt = scan->doubt == NULL ? name : scan->doubt;
    return false;
}

const char *ic_jpeg_scan_doubt(const struct ic_jpeg_scan *scan) {
    return scan->doubt;
}

/* ---- data ------------------------------------------------------------------------------------ */

static void begin_interval(struct ic_jpeg_scan *scan) {
    scan->position = (struct ic_jpeg_position){.at = scan->clean, .kind = scan->tables->kind};
    scan->clean_end = scan->clean;
    scan->limit = NULL;
    scan->ended = false;
    scan->mcus_left = scan->tables->restart_interval;
    memset(scan->dc, 0, sizeof(scan->dc));
}

/* Appends data until there is no room, or it ends. */
static void append(struct ic_jpeg_scan *scan) {
    struct ic_input *input = scan->input;
    while (!scan->ended) {
        const size_t room = CLEAN_BYTES - (size_t)(scan->clean_end - scan->clean);
        const size_t have = ic_input_fill(input, 2);
        const size_t n = have < room ? have : room;
        if (have >= 2 && n < 2) {
            return;
        }
        size_t used;
        scan->clean_end += scan->kernels->jpeg_unstuff(input->window, n, scan->clean_end, &used);
        ic_input_use(input, used);
        /* what is left of the n bytes is 0xff and, unless it is the last one, what follows */
        const bool at_marker = used < n && input->window_bytes >= 2 && input->window[1] != 0;
        scan->ended = at_marker || (used == 0 && have < 2);
    }
}

/* Moves the bytes that are not used yet to the front, and appends others. False: there are none. */
static bool load(struct ic_jpeg_scan *scan) {
    if (scan->ended) {
        return false;
    }
    const size_t left = (size_t)(scan->clean_end - scan->position.at);
    memmove(scan->clean, scan->position.at, left);
    scan->position.at = scan->clean;
    scan->clean_end = scan->clean + left;
    append(scan);
    if (!scan->ended) {
        scan->limit = scan->clean_end - IC_JPEG_SLACK_BYTES;
        return true;
    }
    /* a block that needs more data than there is reads zeros, and is found later by bits_left */
    memset(scan->clean_end, 0, IC_JPEG_AHEAD_BYTES + IC_JPEG_SLACK_BYTES);
    scan->limit = scan->clean_end + IC_JPEG_AHEAD_BYTES;
    return true;
}

static bool needs_data(const struct ic_jpeg_scan *scan) {
    return scan->limit == NULL || scan->position.at > scan->limit;
}

/* Bits between the position and clean_end; negative: it has used some of the zeros behind. */
static ptrdiff_t bits_left(const struct ic_jpeg_scan *scan) {
    return (scan->clean_end - scan->position.at) * 8 + (ptrdiff_t)scan->position.bit_count;
}

/* Whether only the rest of a byte, at most, is left of the interval. */
static bool is_used_up(struct ic_jpeg_scan *scan) {
    while (!scan->ended && load(scan) && !scan->ended) {
        if (scan->clean_end - scan->position.at > IC_JPEG_AHEAD_BYTES) {
            return doubt(scan, IC_DOUBT_DATA_LEFT);
        }
    }
    if (bits_left(scan) < 0) {
        return doubt(scan, IC_DOUBT_DATA_SHORT);
    }
    return bits_left(scan) < 8 || doubt(scan, IC_DOUBT_DATA_LEFT);
}

/* Takes this marker. */
static bool take_marker(struct ic_jpeg_scan *scan, uint8_t code) {
    return ic_jpeg_take_marker(scan->input) == code || doubt(scan, IC_DOUBT_MARKER);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static bool decode_blocks(struct ic_jpeg_scan *scan, size_t count) {
    for (size_t done = 0, more; done < count; done += more) {
        if (needs_data(scan) && !load(scan)) {
            return doubt(scan, IC_DOUBT_DATA_SHORT);
        }
        if (!scan->kernels->jpeg_blocks(&scan->position, scan->limit, scan->coefs + 64 * done,
                                        scan->last + done, count - done, &more)) {
            return doubt(scan, IC_DOUBT_CODE);
        }
    }
    return true;
}

static bool decode_batch(struct ic_jpeg_scan *scan, uint32_t mcu, uint32_t count,
                         uint8_t *const rows[IC_MAX_PLANES],
                         const size_t stride_bytes[IC_MAX_PLANES]) {
    const struct ic_jpeg_tables *tables = scan->tables;
    const size_t blocks = (size_t)tables->blocks;
    bool good = decode_blocks(scan, count * blocks);
    bool in_range = true;
    for (int p = 0; p < tables->planes && good; p++) {
        const struct ic_jpeg_component *component = &tables->component[p];
        uint8_t *out = rows[p] + mcu * (size_t)(component->h * component->size);
        in_range &= ic_jpeg_place_blocks(scan->kernels, component, &scan->placing[p], scan->coefs,
                                         scan->last, count, out, stride_bytes[p], &scan->dc[p]);
    }
    if (!good) {
        memset(scan->coefs, 0, sizeof(scan->coefs));
    }
    return good && (in_range || doubt(scan, IC_DOUBT_RANGE));
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Takes the restart marker that stands before the next MCU, if one does. */
static bool cross_interval(struct ic_jpeg_scan *scan) {
    if (scan->tables->restart_interval == 0 || scan->mcus_left != 0) {
        return true;
    }
    if (!is_used_up(scan) || !take_marker(scan, (uint8_t)(JPEG_RST0 + scan->restart))) {
        return false;
    }
    scan->restart = (scan->restart + 1) % 8;
    begin_interval(scan);
    return true;
}

bool ic_jpeg_scan_row(struct ic_jpeg_scan *scan, uint8_t *const rows[IC_MAX_PLANES],
                      const size_t stride_bytes[IC_MAX_PLANES]) {
    const struct ic_jpeg_tables *tables = scan->tables;
    const uint32_t most = BATCH_BLOCKS / (uint32_t)tables->blocks;
    for (uint32_t mcu = 0; mcu < tables->mcus_per_row;) {
        if (!cross_interval(scan)) {
            return false;
        }
        uint32_t count = tables->mcus_per_row - mcu;
        count = count < most ? count : most;
        if (tables->restart_interval != 0) {
            count = count < scan->mcus_left ? count : scan->mcus_left;
            scan->mcus_left -= count;
        }
        if (!decode_batch(scan, mcu, count, rows, stride_bytes)) {
            return false;
        }
        mcu += count;
    }
    return bits_left(scan) >= 0 || doubt(scan, IC_DOUBT_DATA_SHORT);
}

bool ic_jpeg_scan_end(struct ic_jpeg_scan *scan, uint8_t code) {
    return is_used_up(scan) && take_marker(scan, code);
}

/* ---- open ------------------------------------------------------------------------------------ */

struct ic_jpeg_scan *ic_jpeg_scan_open(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       const struct ic_jpeg_tables *tables) {
    struct ic_jpeg_scan *scan = ic_calloc(mem, 1, sizeof(*scan));
    if (scan != NULL) {
        scan->mem = mem;
        scan->kernels = kernels;
        scan->tables = tables;
        for (int p = 0, first = 0; p < tables->planes; p++) {
            const struct ic_jpeg_component *component = &tables->component[p];
            ic_jpeg_placing_make(&scan->placing[p], component, first, tables->blocks);
            first += component->h * component->v;
        }
    }
    return scan;
}

void ic_jpeg_scan_start(struct ic_jpeg_scan *scan, struct ic_input *input, unsigned restart) {
    scan->input = input;
    scan->restart = restart;
    scan->doubt = NULL;
    begin_interval(scan);
}

void ic_jpeg_scan_close(struct ic_jpeg_scan *scan) {
    if (scan != NULL) {
        ic_free(scan->mem, scan);
    }
}
