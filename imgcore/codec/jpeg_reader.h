/* The state of the JPEG reader, shared by jpeg_read.c and jpeg_start.c. */
#ifndef IC_JPEG_READER_H
#define IC_JPEG_READER_H

#include "imgcore/codec/jpeg_fast.h"
#include "imgcore/codec/jpeg_segments.h"

/* Rows of an interleaved strip: enough to make the cost of a call small, few enough to stay in the
 * cache. */
#define IC_JPEG_INTERLEAVED_ROWS 8u

/* Rows of one plane, in one block or in several that are used in turn. */
struct ic_jpeg_strip {
    uint8_t *block[IC_MAX_STRIPS]; /* rows of stride_bytes, zero where libjpeg has not written */
    size_t stride_bytes;
    uint32_t rows;      /* of one step */
    uint32_t done_rows; /* delivered so far */
};

struct ic_jpeg_reader {
    struct ic_reader base;
    struct ic_mem *mem;
    struct imgcore_limits limits;
    struct jpeg_decompress_struct cinfo;
    struct ic_jpeg_errors errors;
    struct ic_jpeg_source source;
    struct ic_jpeg_markers markers;
    struct jpeg_progress_mgr progress;
    char *copyright;
    struct ic_read_request request;
    struct ic_read_layout layout;
    struct ic_jpeg_strip strip[IC_MAX_PLANES];
    int blocks;                        /* of each strip */
    int block;                         /* the block that the next step writes */
    const struct ic_kernels *kernels;  /* NULL: libjpeg alone reads */
    struct ic_jpeg_fast *fast;         /* not NULL: it reads the rows */
    struct ic_input_mark scan_begin;   /* the first byte of the first scan, if fast was opened */
    struct ic_jpeg_segments *segments; /* not NULL: they deliver the rows */
    uint32_t steps_given;              /* by either of them */
    uint32_t rows_read;                /* of the last interleaved step */
    bool started;                      /* libjpeg's decompression was */
    bool all_consumed;                 /* all scans have been read before the rows are output */
    bool inverted;                     /* CMYK as Adobe's programs store it: 255 = no ink */
    size_t reserved_bytes;
};

/* Whether the own decoder may read the planes instead of libjpeg, which has read the headers and is
 * at the first byte of the first scan. */
bool ic_jpeg_may_read_own(struct ic_jpeg_reader *reader);

/* ic_reader_ops.start. */
enum imgcore_status ic_jpeg_start(struct ic_reader *base, const struct ic_read_request *request,
                                  struct ic_read_layout *layout, struct imgcore_error *error);
/* Starts libjpeg's decompression; of a file of several scans, it reads all of them. */
enum imgcore_status ic_jpeg_start_library(struct ic_jpeg_reader *reader,
                                          struct imgcore_error *error);
/* After a doubt or a fault of another decoder: returns to the first byte of the first scan, of
 * which segments in memory have consumed nothing. */
enum imgcore_status ic_jpeg_return_to_scan(struct ic_jpeg_reader *reader,
                                           struct imgcore_error *error);
void ic_jpeg_close_decoders(struct ic_jpeg_reader *reader);
/* Allocates the rows of one step; NULL without memory. They are zero, so that samples that libjpeg
 * never writes are defined. */
uint8_t *ic_jpeg_make_block(struct ic_jpeg_reader *reader, const struct ic_jpeg_strip *strip);

#endif
