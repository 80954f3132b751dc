/* The own decoder for the scan of a sequential JPEG (SOF0, SOF1): entropy-coded data to planes.
 *
 * libjpeg has read the headers and stands behind SOS. This decoder knows no damage: whatever is not
 * proper data is a doubt, for which it returns false, and libjpeg decodes the file again and
 * decides. Without a doubt the samples are those of libjpeg to the bit. It looks at a few KiB of
 * its input at a time. Used by jpeg_fast.c and jpeg_segments.c. */
#ifndef IC_JPEG_SCAN_H
#define IC_JPEG_SCAN_H

#include "imgcore/codec/jpeg_internal.h"
#include "imgcore/kernels/kernels.h"

/* Doubts, by names for counting: a code that does not exist or a coefficient out of range; data
 * that ends before its blocks, or goes on behind them; another marker than expected, or none;
 * samples so far out of range that libjpeg's forms differ; not enough memory for this decoder. */
#define IC_DOUBT_CODE       "CODE"
#define IC_DOUBT_DATA_SHORT "DATA_SHORT"
#define IC_DOUBT_DATA_LEFT  "DATA_LEFT"
#define IC_DOUBT_MARKER     "MARKER"
#define IC_DOUBT_RANGE      "RANGE"
#define IC_DOUBT_MEMORY     "MEMORY"

/* The most blocks of an MCU (T.81, B.2.3). */
#define IC_MAX_MCU_BLOCKS 10

/* A position may be this far past the last byte of an interval: bits are loaded in eights. */
#define IC_JPEG_AHEAD_BYTES 8

/* What the headers state: read only, for any number of scans. */
struct ic_jpeg_tables {
    struct ic_jpeg_codes *codes[2][NUM_HUFF_TBLS]; /* DC, AC; NULL: not used */
    int planes;
    struct ic_jpeg_component {
        int h, v;            /* blocks in an MCU */
        int size;            /* samples of a block in each direction: 8, 4, 2 or 1 */
        int16_t quant[64];   /* row by row */
        uint16_t zigzag[64]; /* the same in zigzag order */
    } component[IC_MAX_PLANES];
    int blocks; /* of an MCU */
    struct ic_jpeg_kind kind[IC_MAX_MCU_BLOCKS];
    uint32_t mcus_per_row, mcu_rows, restart_interval;
};

/* Makes the tables of a started picture. False, without any effect: it is none that this decoder
 * reads, or there is no memory. */
bool ic_jpeg_tables_open(struct ic_mem *mem, const struct jpeg_decompress_struct *picture,
                         struct ic_jpeg_tables *tables);
void ic_jpeg_tables_clear(struct ic_mem *mem, struct ic_jpeg_tables *tables);

/* Takes one component, with the DCT size that libjpeg has chosen. False: it is none that this
 * decoder reads. */
bool ic_jpeg_component_take(const jpeg_component_info *component, const JQUANT_TBL *quant,
                            struct ic_jpeg_component *out);

struct ic_jpeg_scan;

/* Returns NULL without memory. Kernels and tables must stay valid. */
struct ic_jpeg_scan *ic_jpeg_scan_open(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       const struct ic_jpeg_tables *tables);
void ic_jpeg_scan_close(struct ic_jpeg_scan *scan); /* NULL is allowed */

/* Starts at the first byte of `input`, where entropy-coded data begins: at an MCU that begins a row
 * and a restart interval. restart: the number of the next restart marker, 0 to 7. */
void ic_jpeg_scan_start(struct ic_jpeg_scan *scan, struct ic_input *input, unsigned restart);

/* Decodes the next row of MCUs. rows[p]: the first row of plane p, with space for entire MCUs, in
 * rows of stride_bytes[p]. */
bool ic_jpeg_scan_row(struct ic_jpeg_scan *scan, uint8_t *const rows[IC_MAX_PLANES],
                      const size_t stride_bytes[IC_MAX_PLANES]);

/* After the last row: whether the data ends with it, and the marker `code` follows. The input is
 * then behind the marker. */
bool ic_jpeg_scan_end(struct ic_jpeg_scan *scan, uint8_t code);

/* The doubt, one of IC_DOUBT_*; NULL: there is none. A read that failed looks like data that ends.
 */
const char *ic_jpeg_scan_doubt(const struct ic_jpeg_scan *scan);

#endif
