/* All scans of a progressive JPEG, from the data of the first one up to the end marker: what they
 * code, their tables, and their data without stuffed bytes, which is all that is held of them. Used
 * by jpeg_progressive.c. */
#ifndef IC_JPEG_SCAN_LIST_H
#define IC_JPEG_SCAN_LIST_H

#include "imgcore/codec/jpeg_scan_header.h"
#include "imgcore/kernels/jpeg_bands.h"
#include "imgcore/kernels/kernels.h"

/* One scan, and how far it is decoded (jpeg_progressive.c). */
struct ic_jpeg_listed_scan {
    struct ic_jpeg_scan_header header;
    const struct ic_jpeg_runs *runs[IC_MAX_PLANES]; /* of each component; NULL: not needed */
    uint32_t restart_interval;                      /* in MCUs; 0: the scan is one interval */
    size_t interval;                                /* the index of the first, then of this one */
    struct ic_jpeg_band band;
    struct ic_jpeg_cursor cursor;
    uint32_t mcus_left; /* in this interval */
    int dc[IC_MAX_PLANES];
};

struct ic_jpeg_scan_list {
    struct ic_mem *mem;
    struct ic_buf scans; /* of struct ic_jpeg_listed_scan */
    struct ic_buf data;  /* intervals, one behind the other, and readable bytes */
    struct ic_buf ends;  /* of each interval in `data`, of size_t */
    size_t count;
    struct ic_jpeg_made_table *made; /* all tables of the scans */
    const char *doubt;
};

/* What the list may hold. */
struct ic_jpeg_scan_limits {
    uint32_t scans;
    uint64_t data_bytes;
};

void ic_jpeg_scan_list_init(struct ic_mem *mem, struct ic_jpeg_scan_list *list);

/* libjpeg has read the header of the first scan; `input` is behind it, and after this behind the
 * end marker. False: a doubt (jpeg_scan.h), a call that was cancelled, or an input that failed. */
bool ic_jpeg_scan_list_read(struct ic_jpeg_scan_list *list, const struct ic_kernels *kernels,
                            const struct jpeg_decompress_struct *picture, struct ic_input *input,
                            struct ic_cancel *cancel, const struct ic_jpeg_scan_limits *limits);

struct ic_jpeg_listed_scan *ic_jpeg_scan_list_at(const struct ic_jpeg_scan_list *list,
                                                 size_t index);

/* The data of an interval begins and ends here. IC_JPEG_AHEAD_BYTES + IC_JPEG_BAND_SLACK_BYTES
 * behind it can be read. */
const uint8_t *ic_jpeg_interval_begin(const struct ic_jpeg_scan_list *list, size_t interval);
const uint8_t *ic_jpeg_interval_end(const struct ic_jpeg_scan_list *list, size_t interval);

void ic_jpeg_scan_list_clear(struct ic_jpeg_scan_list *list);

#endif
