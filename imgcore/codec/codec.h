/* What every codec looks like to the pipeline: a reader that gives strips of rows, and a function
 * that writes a whole small picture. Only pipeline.c and api/ use it; codecs include nothing of
 * color, resample or plan.
 *
 * A reader is opened on an input (header read), started with a request, asked for strips until it
 * says done, and finished (which checks what follows the picture). It may be destroyed at any
 * point. */
#ifndef IC_CODEC_H
#define IC_CODEC_H

#include "imgcore/base/error.h"
#include "imgcore/base/input.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/mem.h"
#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

/* Channels of an interleaved picture of this colour (3 for YCBCR). */
int ic_color_channels(enum ic_color color);
bool ic_color_has_alpha(enum ic_color color);

/* What the file says of itself, known after open. Blobs belong to the reader. */
struct ic_header {
    enum imgcore_format format;
    uint32_t width_px, height_px; /* 1 or more */
    int bits;                     /* per sample in the file */
    bool progressive;             /* or interlaced */
    bool arithmetic;
    bool palette;
    bool ycck;           /* a CMYK JPEG stored as YCCK */
    enum ic_color color; /* what rows come out as; YCBCR: planes can be had, rows would be RGB */
    int components;      /* of a JPEG, else 0 */
    uint8_t h_samp[4], v_samp[4]; /* sampling factors of a JPEG */
    int orientation;              /* EXIF, 1 to 8; 1 if there is none or it is nonsense */
    const uint8_t *icc; /* NULL: none. One that cannot be put together is none; iCCP beats sRGB */
    size_t icc_bytes;
    const char *copyright; /* EXIF 0x8298, NUL-terminated, control characters removed; or NULL */
};

struct ic_open_options {
    const struct ic_kernels *kernels;    /* NULL: PNG is read by libspng alone */
    const struct imgcore_limits *limits; /* defaults filled in */
    bool tolerant;
    bool want_copyright;
};

struct ic_read_request {
    bool planes;     /* JPEG with color YCBCR or GREY: the file's own planes; else interleaved rows
                        (RGB for a YCBCR file) */
    int scale_denom; /* JPEG: 1, 2, 4 or 8, the inverse DCT's scale; PNG: 1 */
};

/* One plane of what will be delivered. The picture covers [0, extent) of the samples: a scaled or
 * subsampled plane of odd dimensions holds a last row or column of which only a part counts. */
struct ic_plane_layout {
    uint32_t width, height; /* samples delivered */
    int channels;
    double extent_width, extent_height; /* 0 < extent <= width, height */
};

struct ic_read_layout {
    int planes;
    struct ic_plane_layout plane[IC_MAX_PLANES];
};

/* Rows of every plane that came out of one step, borrowed until the next call on the reader. Rows
 * come in order, each once; a plane may have none in a step. Rows are readable for
 * IC_ROW_SLACK_BYTES past their last sample. */
struct ic_strip {
    struct {
        const uint8_t *rows;
        ptrdiff_t stride_bytes;
        uint32_t first_row, row_count;
    } plane[IC_MAX_PLANES];
    bool done; /* this was the last one (it may hold rows) */
};

struct ic_crew;
struct ic_reader;

/* The most strips that a reader lends at a time; see pipeline/stream.c. */
#define IC_MAX_STRIPS 8

struct ic_reader_ops {
    /* Fills the layout. Errors: BUDGET, NO_MEMORY and all the file's. */
    enum imgcore_status (*start)(struct ic_reader *reader, const struct ic_read_request *request,
                                 struct ic_read_layout *layout, struct imgcore_error *error);
    /* The next rows. After strip->done, or after an error, it must not be called again. */
    enum imgcore_status (*read)(struct ic_reader *reader, struct ic_strip *strip,
                                struct imgcore_error *error);
    /* After done: reads to the end of the picture's data and checks it. Not tolerant: TRUNCATED
     * or CORRUPT for what shows only now. */
    enum imgcore_status (*finish)(struct ic_reader *reader, struct imgcore_error *error);
    void (*destroy)(struct ic_reader *reader); /* frees the reader and all its memory */
};

/* The beginning of every reader. */
struct ic_reader {
    const struct ic_reader_ops *ops;
    struct ic_header header;
    /* NULL, or: after start and before the first read, offers threads. The reader may decode ahead
     * with them, or make strips outlast later reads, so that one thread may use them while another
     * reads on. What that takes is given back by finish at the latest; what cannot be had is done
     * without. Answers how many strips may be borrowed at a time: 1, as without, to `strips` (at
     * most IC_MAX_STRIPS). */
    int (*lend)(struct ic_reader *reader, struct ic_crew *crew, int strips);
};

/* Which format the first bytes are of; AUTO for none known. Looks at up to 16 bytes. */
enum imgcore_format ic_sniff(struct ic_input *input);
/* A name for what the first bytes look like, for the error of an unsupported file: "WebP", "GIF",
 * "SVG or other text", "an empty file", ... Static storage. */
const char *ic_sniff_name(struct ic_input *input);

/* Opens by magic bytes: UNSUPPORTED with a sentence for anything but JPEG and PNG, TRUNCATED for
 * an empty input. The input and mem must outlive the reader. Checks the limits on pixels and
 * sides: with TOO_LARGE, *header (may be NULL) still says what was read. */
enum imgcore_status ic_reader_open(struct ic_mem *mem, struct ic_input *input,
                                   const struct ic_open_options *options, struct ic_reader **reader,
                                   struct ic_header *header, struct imgcore_error *error);

/* The codecs' own openers, called by ic_reader_open once the magic is known. They read the header
 * up to the first pixel data and leave the checking of pixels and sides to ic_check_size. */
enum imgcore_status ic_jpeg_open(struct ic_mem *mem, struct ic_input *input,
                                 const struct ic_open_options *options, struct ic_reader **reader,
                                 struct ic_header *header, struct imgcore_error *error);
enum imgcore_status ic_png_open(struct ic_mem *mem, struct ic_input *input,
                                const struct ic_open_options *options, struct ic_reader **reader,
                                struct ic_header *header, struct imgcore_error *error);

/* TOO_LARGE if the header asks for more pixels or a longer side than the limits allow. Call it
 * before any allocation that grows with the picture. */
enum imgcore_status ic_check_size(const struct ic_header *header,
                                  const struct imgcore_limits *limits, struct imgcore_error *error);

struct ic_write_options {
    const struct ic_kernels *kernels; /* NULL: PNG is written by libspng alone */
    int quality;
    int chroma_h, chroma_v; /* JPEG: luma samples per chroma sample, 1 or 2, in each direction. A
                               YCBCR picture's planes must already have that shape */
    bool progressive, optimize;
    int png_level;      /* 0 to 9 */
    const uint8_t *icc; /* NULL: none */
    size_t icc_bytes;
    const char *copyright; /* NULL: none */
};

/* Encode. JPEG takes GREY, YCBCR (planes as they are) and RGB (converted and subsampled by the
 * codec); PNG takes GREY, GREY_ALPHA, RGB and RGBA. Writes no metadata but what the options name.
 * JPEG writes into the slack behind a YCBCR picture's rows. The bytes are appended to `out`.
 * Errors: BUDGET, NO_MEMORY, TOO_LARGE (a side over the format's own limit), INVALID_ARGUMENT (a
 * colour the format lacks). On failure `out` is cleared. */
enum imgcore_status ic_jpeg_write(struct ic_mem *mem, const struct ic_picture *picture,
                                  const struct ic_write_options *options, struct ic_buf *out,
                                  struct imgcore_error *error);
enum imgcore_status ic_png_write(struct ic_mem *mem, const struct ic_picture *picture,
                                 const struct ic_write_options *options, struct ic_buf *out,
                                 struct imgcore_error *error);

#endif
