/* The own reader: see jpeg_fast.h. */
#include "imgcore/codec/jpeg_fast.h"

struct ic_jpeg_fast {
    struct ic_mem *mem;
    struct ic_jpeg_progressive *progressive; /* NULL: the picture is sequential */
    struct ic_jpeg_tables tables;
    struct ic_jpeg_scan *scan;
    uint32_t rows, rows_done;
};

static bool open_sequential(struct ic_jpeg_fast *fast, const struct ic_kernels *kernels,
                            const struct jpeg_decompress_struct *picture, struct ic_input *input) {
    if (!ic_jpeg_tables_open(fast->mem, picture, &fast->tables) ||
        (fast->scan = ic_jpeg_scan_open(fast->mem, kernels, &fast->tables)) == NULL) {
        return false;
    }
    ic_jpeg_scan_start(fast->scan, input, 0);
    fast->rows = fast->tables.mcu_rows;
    return true;
}

static bool open_progressive(struct ic_jpeg_fast *fast, const struct ic_kernels *kernels,
                             const struct jpeg_decompress_struct *picture) {
    fast->progressive = ic_jpeg_progressive_open(fast->mem, kernels, picture);
    if (fast->progressive == NULL) {
        return false;
    }
    fast->rows = ic_jpeg_progressive_rows(fast->progressive);
    return true;
}

struct ic_jpeg_fast *ic_jpeg_fast_open(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       const struct jpeg_decompress_struct *picture,
                                       struct ic_input *input) {
    struct ic_jpeg_fast *fast = ic_calloc(mem, 1, sizeof(*fast));
    if (fast == NULL) {
        return NULL;
    }
    fast->mem = mem;
    if (!(ic_jpeg_is_progressive(picture) ? open_progressive(fast, kernels, picture)
                                          : open_sequential(fast, kernels, picture, input))) {
        ic_jpeg_fast_close(fast);
        return NULL;
    }
    return fast;
}

bool ic_jpeg_fast_begin(struct ic_jpeg_fast *fast, struct ic_input *input, struct ic_cancel *cancel,
                        uint32_t max_scans) {
    return fast->progressive == NULL ||
           ic_jpeg_progressive_read_scans(fast->progressive, input, cancel, max_scans);
}

bool ic_jpeg_fast_done(const struct ic_jpeg_fast *fast) {
    return fast->rows_done == fast->rows;
}

bool ic_jpeg_fast_read(struct ic_jpeg_fast *fast, uint8_t *const rows[IC_MAX_PLANES],
                       const size_t stride_bytes[IC_MAX_PLANES]) {
    if (!(fast->progressive != NULL ? ic_jpeg_progressive_row(fast->progressive, rows, stride_bytes)
                                    : ic_jpeg_scan_row(fast->scan, rows, stride_bytes))) {
        return false;
    }
    fast->rows_done++;
    return fast->progressive != NULL || !ic_jpeg_fast_done(fast) ||
           ic_jpeg_scan_end(fast->scan, JPEG_EOI);
}

const char *ic_jpeg_fast_doubt(const struct ic_jpeg_fast *fast) {
    return fast->progressive != NULL ? ic_jpeg_progressive_doubt(fast->progressive)
                                     : ic_jpeg_scan_doubt(fast->scan);
}

void ic_jpeg_fast_close(struct ic_jpeg_fast *fast) {
    if (fast != NULL) {
        ic_jpeg_progressive_close(fast->progressive);
        ic_jpeg_scan_close(fast->scan);
        ic_jpeg_tables_clear(fast->mem, &fast->tables);
        ic_free(fast->mem, fast);
    }
}
