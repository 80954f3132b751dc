/* What the files of the JPEG codec share: errors that end in a status, the source over an input,
 * and the markers that are kept. Included by jpeg_*.c only.
 *
 * libjpeg leaves a function by longjmp. The only setjmp of the codec is in ic_jpeg_guard: every
 * group of libjpeg calls is a "step" run by it, and nothing that must be freed is held by a step
 * alone: it hangs on the state that the step was given. */
#ifndef IC_JPEG_INTERNAL_H
#define IC_JPEG_INTERNAL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* after jpeglib.h, whose configuration decides how the codes are numbered */
#include <jerror.h>

#include "imgcore/codec/formats.h"

/* libjpeg's later interfaces have one scaled size for each direction, the one of version 6b has a
 * single one. */
#if JPEG_LIB_VERSION >= 70
#define IC_DCT_H(component) ((component)->DCT_h_scaled_size)
#define IC_DCT_V(component) ((component)->DCT_v_scaled_size)
#define IC_MIN_DCT_H(cinfo) ((cinfo)->min_DCT_h_scaled_size)
#define IC_MIN_DCT_V(cinfo) ((cinfo)->min_DCT_v_scaled_size)
#else
#define IC_DCT_H(component) ((component)->DCT_scaled_size)
#define IC_DCT_V(component) ((component)->DCT_scaled_size)
#define IC_MIN_DCT_H(cinfo) ((cinfo)->min_DCT_scaled_size)
#define IC_MIN_DCT_V(cinfo) ((cinfo)->min_DCT_scaled_size)
#endif

/* ---- errors (jpeg_error.c) -------------------------------------------------------------- */

struct ic_jpeg_errors {
    struct jpeg_error_mgr manager; /* first: libjpeg hands back a pointer to it */
    jmp_buf jump;
    bool tolerant; /* damage is passed over as libjpeg does */
    bool ended;    /* tolerant, and the input has ended: an end marker was made up */
    enum imgcore_status status;
    char detail[sizeof(((struct imgcore_error *)0)->detail)];
};

/* Fills errors and answers what goes into cinfo->err. */
struct jpeg_error_mgr *ic_jpeg_errors_init(struct ic_jpeg_errors *errors, bool tolerant);

/* Runs step(state), which may call libjpeg and ic_jpeg_raise on an object with these errors. */
enum imgcore_status ic_jpeg_guard(struct ic_jpeg_errors *errors, void (*step)(void *state),
                                  void *state, struct imgcore_error *error);

/* Ends the step that runs with a status and a sentence. */
_Noreturn void ic_jpeg_raise(struct jpeg_error_mgr *manager, enum imgcore_status status,
                             const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the running step with CANCELLED if the call is cancelled. */
void ic_jpeg_check_cancel(struct jpeg_error_mgr *manager, struct ic_cancel *cancel);

/* ---- memory (jpeg_error.c) --------------------------------------------------------------- */

/* Ends the step with mem's status, after an allocation that gave NULL. */
_Noreturn void ic_jpeg_raise_memory(struct jpeg_error_mgr *manager, const struct ic_mem *mem);

/* Reserves `size_bytes` that libjpeg is about to take and adds them to *reserved_bytes; raises
 * BUDGET, saying that `what` needs so many MiB. */
void ic_jpeg_reserve(struct jpeg_error_mgr *manager, struct ic_mem *mem, uint64_t size_bytes,
                     const char *what, size_t *reserved_bytes);

/* Bytes of the coefficients of one component, padded to whole MCUs, for a picture of this size. */
uint64_t ic_jpeg_coefficient_bytes(uint32_t width_px, uint32_t height_px, int h_samp, int v_samp,
                                   int max_h_samp, int max_v_samp);

/* ---- source (jpeg_source.c) --------------------------------------------------------------- */

struct ic_jpeg_source {
    struct jpeg_source_mgr manager; /* first: libjpeg hands back a pointer to it */
    struct ic_input *input;
    struct ic_cancel *cancel;
    unsigned skips; /* segments skipped so far */
};

/* Puts a source over `input` into cinfo->src; cinfo->err must be set. */
void ic_jpeg_source_init(struct ic_jpeg_source *source, struct ic_input *input,
                         j_decompress_ptr cinfo);
/* Tells the input how much was used, and makes the window hold up to `want_bytes`. */
void ic_jpeg_source_sync(j_decompress_ptr cinfo, size_t want_bytes);
/* Whether the bytes at hand, which begin in the data of the first scan, show more scans than
 * `limit`. A scan of a few bytes can make libjpeg walk over the whole picture, so a file with a
 * flood of them is known by this before the first walk; others are counted as they are read. */
bool ic_jpeg_source_shows_scans(j_decompress_ptr cinfo, uint32_t limit);
/* The next bytes, for a marker processor. Raises when the source ends. */
void ic_jpeg_take(j_decompress_ptr cinfo, void *out, size_t size_bytes);

/* ---- markers (jpeg_markers.c) -------------------------------------------------------------- */

struct ic_jpeg_markers {
    struct ic_mem *mem;
    size_t metadata_bytes; /* limit of an EXIF block */
    size_t icc_limit_bytes;
    bool closed;   /* the header has been read: what follows is skipped */
    uint8_t *exif; /* a TIFF structure */
    size_t exif_bytes;
    uint8_t *icc; /* put together by ic_jpeg_markers_close */
    size_t icc_bytes;
    bool icc_broken;      /* the chunks contradict each other */
    bool icc_over_limit;  /* they are more than the limit */
    uint32_t chunk_count; /* as the chunks say; 0 before the first */
    uint32_t chunks_held; /* of them, those that came */
    size_t chunks_bytes;  /* their sum */
    struct {
        uint8_t *bytes; /* NULL: has not come */
        size_t size_bytes;
    } chunk[IC_MAX_ICC_CHUNKS];
};

/* Installs the processors of APP1 and APP2; cinfo->client_data becomes `markers`. */
void ic_jpeg_markers_init(struct ic_jpeg_markers *markers, struct ic_mem *mem,
                          const struct imgcore_limits *limits, j_decompress_ptr cinfo);
/* Ends the collecting and puts the profile together. NO_MEMORY or BUDGET. */
enum imgcore_status ic_jpeg_markers_close(struct ic_jpeg_markers *markers);
void ic_jpeg_markers_clear(struct ic_jpeg_markers *markers);

/* ---- frame (jpeg_frame.c) ---------------------------------------------------------------------
 */

/* What the frame says. Also if libjpeg refused its size, so as to tell it all the same. */
void ic_jpeg_fill_frame(const struct jpeg_decompress_struct *cinfo, struct ic_header *header);
/* Fills in the colour. UNSUPPORTED for one that is not known. */
enum imgcore_status ic_jpeg_judge_color(const struct jpeg_decompress_struct *cinfo,
                                        struct ic_header *header, struct imgcore_error *error);
/* What libjpeg is to give as interleaved rows. */
J_COLOR_SPACE ic_jpeg_interleaved_color(enum ic_color color);
/* After all scans: raises CORRUPT if a component had none. */
void ic_jpeg_check_components(const struct jpeg_decompress_struct *cinfo);

/* ---- segments (jpeg_segments.c) ---------------------------------------------------------------
 */

struct ic_thread_pool;
struct ic_jpeg_segments;

/* Begins to decode the planes of a picture by a pool. `picture` was started and has read no data,
 * all of which lies in memory at its source; it is only looked at, and must stay. NULL: it cannot
 * be done, or is not worth it; then nothing has happened. */
struct ic_jpeg_segments *ic_jpeg_segments_open(struct ic_mem *mem, struct ic_thread_pool *pool,
                                               struct ic_cancel *cancel,
                                               const struct jpeg_decompress_struct *picture,
                                               const struct ic_read_layout *layout);
/* The next row of MCUs, borrowed until the next call. False: something is not as it should be
 * before that row, or behind it in its segment, and the file must be read in the ordinary way. */
bool ic_jpeg_segments_read(struct ic_jpeg_segments *segments, struct ic_strip *strip);
/* Waits for what is being decoded and frees all; NULL is allowed. */
void ic_jpeg_segments_close(struct ic_jpeg_segments *segments);

/* ---- layout (jpeg_layout.c) ------------------------------------------------------------------ */

/* After jpeg_calc_output_dimensions: planes if cinfo->raw_data_out, else interleaved rows. */
void ic_jpeg_lay_out(const struct jpeg_decompress_struct *cinfo, struct ic_read_layout *layout);
/* The distance of the rows of a plane: what libjpeg may write, and slack. */
size_t ic_jpeg_plane_stride(const struct jpeg_decompress_struct *cinfo, int plane);

#endif
