/* A reader, the interface that every decoder implements: it delivers an image in strips of rows.
 * Used by the pipeline, by api/ and by the codecs.
 *
 * ic_reader_open (codec.h) opens a reader and reads the header of the file. `start` takes a
 * request, `read` delivers strips until it reports the last one, and `finish` checks the data that
 * follows the pixels; `stop` takes its place if no more rows are needed. `destroy` may be called at
 * any point. */
#ifndef IC_READER_H
#define IC_READER_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/color_tags.h"
#include "imgcore/base/error.h"
#include "imgcore/base/input.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/mem.h"
#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* The contents of a file's header, valid after open. The reader owns the blobs. */
struct ic_header {
    enum imgcore_format format;
    uint32_t width_px, height_px; /* 1 or more */
    int bits;                     /* per sample in the file */
    bool progressive;             /* or interlaced */
    bool arithmetic;
    bool palette;
    bool ycck;                    /* a CMYK JPEG stored as YCCK */
    enum ic_color color;          /* of the rows delivered; YCBCR: planes, or rows of RGB */
    int components;               /* of a JPEG, else 0 */
    uint8_t h_samp[4], v_samp[4]; /* sampling factors of a JPEG */
    int orientation;              /* EXIF, 1 to 8; 1 if it is missing or out of range */
    const uint8_t *icc;           /* NULL: none. An incomplete profile counts as none */
    size_t icc_bytes;
    struct ic_color_tags tags; /* of a PNG */
    const char *copyright; /* EXIF 0x8298, NUL-terminated, control characters removed; or NULL */
};

struct ic_open_options {
    const struct ic_kernels *kernels;    /* NULL: libspng and libjpeg alone read */
    const struct imgcore_limits *limits; /* defaults filled in */
    struct ic_cancel *cancel;            /* NULL: the call cannot be cancelled */
    bool tolerant;
    bool want_copyright;
};

struct ic_read_request {
    bool planes;     /* JPEG with color YCBCR or GREY: the planes of the file; else interleaved rows
                        (RGB for a YCBCR file) */
    int scale_denom; /* JPEG: 1, 2, 4 or 8, the scale of the inverse DCT; PNG: 1 */
};

/* One plane of the delivered samples. The image covers a part of them, from 0 in the layout of a
 * reader: in a scaled or subsampled plane of odd dimensions, the last row or column is covered only
 * in part. */
struct ic_plane_layout {
    uint32_t width, height; /* samples delivered */
    int channels;
    double extent_width, extent_height; /* 0 < extent_left + extent_width <= width, and so on */
    double extent_left, extent_top;     /* 0 or more, less than 1: not 0 only in a crop */
};

struct ic_read_layout {
    int planes;
    struct ic_plane_layout plane[IC_MAX_PLANES];
};

/* The rows of every plane from one call of `read`, valid until the next call on the reader. Rows
 * are delivered in order, each once; a plane may have none in a strip. Rows of planes and of files
 * are readable for IC_ROW_SLACK_BYTES past their last sample, rows of a caller's pixels are not. */
struct ic_strip {
    struct {
        const uint8_t *rows;
        ptrdiff_t stride_bytes;
        uint32_t first_row, row_count;
    } plane[IC_MAX_PLANES];
    bool done; /* the last strip (it may hold rows) */
};

struct ic_thread_pool;
struct ic_reader;

/* The most strips that are valid at the same time; see pipeline/stream.c. */
#define IC_MAX_STRIPS 8

struct ic_reader_ops {
    /* Fills the layout. Errors: BUDGET, NO_MEMORY, CANCELLED and those of the file. */
    enum imgcore_status (*start)(struct ic_reader *reader, const struct ic_read_request *request,
                                 struct ic_read_layout *layout, struct imgcore_error *error);
    /* The next rows. Not called again after strip->done or after an error. */
    enum imgcore_status (*read)(struct ic_reader *reader, struct ic_strip *strip,
                                struct imgcore_error *error);
    /* After the last strip: reads to the end of the image data and checks it. Not tolerant:
     * TRUNCATED or CORRUPT for faults that are found only now. */
    enum imgcore_status (*finish)(struct ic_reader *reader, struct imgcore_error *error);
    void (*destroy)(struct ic_reader *reader); /* frees the reader and all its memory */
    /* NULL, or: called instead of finish by a caller that needs no more rows. Frees what finish
     * frees. */
    void (*stop)(struct ic_reader *reader);
};

/* Who decodes the pixels. */
#define IC_DECODER_OWN     "imgcore"
#define IC_DECODER_LIBJPEG "libjpeg-turbo"
#define IC_DECODER_LIBSPNG "libspng"

/* The first member of every reader. */
struct ic_reader {
    const struct ic_reader_ops *ops;
    struct ic_header header;
    const char *decoder; /* from start on: one of IC_DECODER_*; it can change during a read; NULL of
                            pixels */
    const char *fallback; /* why the own decoder has left the image to the library; NULL: it has not
                           */
    /* NULL, or: called after start and before the first read. The reader may decode ahead on the
     * threads of `pool`, or keep strips valid during later reads, so that one thread may use them
     * while another reads on. It returns how many strips are valid at the same time: at least 1, as
     * without this call, and at most `strips` (which is at most IC_MAX_STRIPS). Memory for this is
     * optional: without it the reader returns 1. It is freed by finish or stop at
     * the latest. */
    int (*set_parallelism)(struct ic_reader *reader, struct ic_thread_pool *pool, int strips);
};

/* TOO_LARGE if the header states more pixels or a longer side than the limits allow. Codecs call it
 * before any allocation that grows with the image. */
enum imgcore_status ic_check_size(const struct ic_header *header,
                                  const struct imgcore_limits *limits, struct imgcore_error *error);

#endif
