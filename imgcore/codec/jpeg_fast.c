/* The own reader: see jpeg_fast.h. */
#include "imgcore/codec/jpeg_fast.h"

struct ic_jpeg_fast {
    struct ic_mem *mem;
    struct ic_jpeg_tables tables;
    struct ic_jpeg_scan *scan;
    uint32_t rows_done;
};

struct ic_jpeg_fast *ic_jpeg_fast_open(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       const struct jpeg_decompress_struct *picture,
                                       struct ic_input *input) {
    struct ic_jpeg_fast *fast = ic_calloc(mem, 1, sizeof(*fast));
    if (fast == NULL) {
        return NULL;
    }
    fast->mem = mem;
    if (!ic_jpeg_tables_open(mem, picture, &fast->tables) ||
        (fast->scan = ic_jpeg_scan_open(mem, kernels, &fast->tables)) == NULL) {
        ic_jpeg_fast_close(fast);
        return NULL;
    }
    ic_jpeg_scan_start(fast->scan, input, 0);
    return fast;
}

bool ic_jpeg_fast_done(const struct ic_jpeg_fast *fast) {
    return fast->rows_done == fast->tables.mcu_rows;
}

bool ic_jpeg_fast_read(struct ic_jpeg_fast *fast, uint8_t *const rows[IC_MAX_PLANES],
                       const size_t stride_bytes[IC_MAX_PLANES]) {
    if (!ic_jpeg_scan_row(fast->scan, rows, stride_bytes)) {
        return false;
    }
    fast->rows_done++;
    return !ic_jpeg_fast_done(fast) || ic_jpeg_scan_end(fast->scan, JPEG_EOI);
}

const char *ic_jpeg_fast_doubt(const struct ic_jpeg_fast *fast) {
    return ic_jpeg_scan_doubt(fast->scan);
}

void ic_jpeg_fast_close(struct ic_jpeg_fast *fast) {
    if (fast != NULL) {
        ic_jpeg_scan_close(fast->scan);
        ic_jpeg_tables_clear(fast->mem, &fast->tables);
        ic_free(fast->mem, fast);
    }
}
