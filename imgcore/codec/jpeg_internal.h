/* Shared by the files of the JPEG codec: errors that end in a status, the source over an input, and
 * the markers that are kept. Included by jpeg_*.c only.
 *
 * libjpeg leaves a function by longjmp. The only setjmp of the codec is in ic_jpeg_guard: every
 * group of libjpeg calls is a "step" run by it. A step owns no memory: everything that must be
 * freed belongs to the state that the step is given. */
#ifndef IC_JPEG_INTERNAL_H
#define IC_JPEG_INTERNAL_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>

/* after jpeglib.h, whose configuration decides the numbers of the codes */
#include <jerror.h>

#include "imgcore/codec/formats.h"

/* libjpeg's interface has one scaled size for each direction since version 7, a single one in
 * version 6b. */
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
    struct jpeg_error_mgr manager; /* first member: libjpeg passes a pointer to it */
    jmp_buf jump;
    bool tolerant; /* damage is ignored, as by libjpeg */
    bool ended;    /* tolerant, and the input has ended: an end marker was inserted */
    enum imgcore_status status;
    char detail[sizeof(((struct imgcore_error *)0)->detail)];
};

/* Initialises errors; returns the pointer for cinfo->err. */
struct jpeg_error_mgr *ic_jpeg_errors_init(struct ic_jpeg_errors *errors, bool tolerant);

/* Runs step(state), which may call libjpeg and ic_jpeg_raise on an object with these errors.
 * Returns the status with which it ended. */
enum imgcore_status ic_jpeg_guard(struct ic_jpeg_errors *errors, void (*step)(void *state),
                                  void *state, struct imgcore_error *error);

/* Ends the running step with a status and a sentence. */
_Noreturn void ic_jpeg_raise(struct jpeg_error_mgr *manager, enum imgcore_status status,
                             const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ends the running step with CANCELLED if the call is cancelled. */
void ic_jpeg_check_cancel(struct jpeg_error_mgr *manager, struct ic_cancel *cancel);

/* ---- memory (jpeg_error.c) --------------------------------------------------------------- */

/* Ends the running step with mem's status, after an allocation that returned NULL. */
_Noreturn void ic_jpeg_raise_memory(struct jpeg_error_mgr *manager, const struct ic_mem *mem);

/* Reserves `size_bytes` that libjpeg is about to allocate and adds them to *reserved_bytes; raises
 * BUDGET with a sentence about `what`. */
void ic_jpeg_reserve(struct jpeg_error_mgr *manager, struct ic_mem *mem, uint64_t size_bytes,
                     const char *what, size_t *reserved_bytes);

/* Returns the size of the coefficients of one component, padded to entire MCUs, for an image of
 * this size. */
uint64_t ic_jpeg_coefficient_bytes(uint32_t width_px, uint32_t height_px, int h_samp, int v_samp,
                                   int max_h_samp, int max_v_samp);

/* ---- source (jpeg_source.c) --------------------------------------------------------------- */

struct ic_jpeg_source {
    struct jpeg_source_mgr manager; /* first member: libjpeg passes a pointer to it */
    struct ic_input *input;
    struct ic_cancel *cancel;
    unsigned skips;  /* segments skipped so far */
    bool is_in_data; /* the header is read: the window is filled entirely */
};

/* Sets cinfo->src to a source over `input`; cinfo->err must be set. */
void ic_jpeg_source_init(struct ic_jpeg_source *source, struct ic_input *input,
                         j_decompress_ptr cinfo);
/* Consumes what libjpeg has used of the input, and fills the window up to `want_bytes`. */
void ic_jpeg_source_sync(j_decompress_ptr cinfo, size_t want_bytes);
/* Lets libjpeg read from the window as it is now, after the input was moved. */
void ic_jpeg_source_show(j_decompress_ptr cinfo);
/* Whether the window, which begins in the data of the first scan, holds more scans than `limit`. A
 * scan of a few bytes can make libjpeg walk over the entire image, so a file with a flood of scans
 * is rejected before the first walk; other scans are counted while they are read. */
bool ic_jpeg_source_shows_scans(j_decompress_ptr cinfo, uint32_t limit);

/* Takes the marker at which `input` stands, with any number of 0xff before it, and returns its
 * code; 0: there is none. */
uint8_t ic_jpeg_take_marker(struct ic_input *input);
/* Reads the next bytes, for a marker processor. Raises if the source ends. */
void ic_jpeg_take(j_decompress_ptr cinfo, void *out, size_t size_bytes);

/* ---- markers (jpeg_markers.c) -------------------------------------------------------------- */

struct ic_jpeg_markers {
    struct ic_mem *mem;
    size_t metadata_bytes; /* limit for an EXIF block */
    size_t icc_limit_bytes;
    bool closed;   /* the header is complete: later segments are skipped */
    uint8_t *exif; /* a TIFF structure */
    size_t exif_bytes;
    uint8_t *icc; /* assembled by ic_jpeg_markers_close */
    size_t icc_bytes;
    bool icc_broken;      /* the chunks contradict each other */
    bool icc_over_limit;  /* they exceed the limit */
    uint32_t chunk_count; /* as the chunks state; 0 before the first */
    uint32_t chunks_held; /* chunks received */
    size_t chunks_bytes;  /* bytes received */
    struct {
        uint8_t *bytes; /* NULL: not received */
        size_t size_bytes;
    } chunk[IC_MAX_ICC_CHUNKS];
};

/* Installs the processors for APP1 and APP2; cinfo->client_data becomes `markers`. */
void ic_jpeg_markers_init(struct ic_jpeg_markers *markers, struct ic_mem *mem,
                          const struct imgcore_limits *limits, j_decompress_ptr cinfo);
/* Ends the collection and assembles the profile. NO_MEMORY or BUDGET. */
enum imgcore_status ic_jpeg_markers_close(struct ic_jpeg_markers *markers);
void ic_jpeg_markers_clear(struct ic_jpeg_markers *markers);

/* ---- frame (jpeg_frame.c) ---------------------------------------------------------------------
 */

/* Fills in what the frame states. Also used if libjpeg rejected its size, so that the size can be
 * reported. */
void ic_jpeg_fill_frame(const struct jpeg_decompress_struct *cinfo, struct ic_header *header);
/* What libjpeg takes from a frame header before it refuses the header as the second one. All its
 * memory was allocated for the first one, so that must be restored before rows are output. */
struct ic_jpeg_frame {
    JDIMENSION width_px, height_px;
    int components, bits;
    boolean progressive, arithmetic;
};
struct ic_jpeg_frame ic_jpeg_save_frame(const struct jpeg_decompress_struct *cinfo);
void ic_jpeg_restore_frame(j_decompress_ptr cinfo, const struct ic_jpeg_frame *frame);
/* Fills in the colour. UNSUPPORTED for an unknown one. */
enum imgcore_status ic_jpeg_classify_color(const struct jpeg_decompress_struct *cinfo,
                                           struct ic_header *header, struct imgcore_error *error);
/* Returns the colour space of the interleaved rows that libjpeg is asked for. */
J_COLOR_SPACE ic_jpeg_interleaved_color(enum ic_color color);
/* After all scans: raises CORRUPT if a component had none. */
void ic_jpeg_check_components(const struct jpeg_decompress_struct *cinfo);

/* ---- layout (jpeg_layout.c) ------------------------------------------------------------------ */

/* Fills the layout, after jpeg_calc_output_dimensions: planes if cinfo->raw_data_out, else
 * interleaved rows. */
void ic_jpeg_lay_out(const struct jpeg_decompress_struct *cinfo, struct ic_read_layout *layout);
/* Returns the stride of a plane: everything that libjpeg may write, and slack. */
size_t ic_jpeg_plane_stride(const struct jpeg_decompress_struct *cinfo, int plane);

#endif
