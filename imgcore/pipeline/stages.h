/* The stages of the pipeline: choose the processing paths, distribute the rows, finish and encode
 * each output. Included by pipeline/ only. */
#ifndef IC_STAGES_H
#define IC_STAGES_H

#include "imgcore/pipeline/file_colors.h"
#include "imgcore/pipeline/pipeline.h"

struct ic_resampler;
struct ic_reducer;

/* The processing path of one output, and what it holds on the way. */
struct ic_path {
    enum imgcore_format format;
    enum ic_color color;    /* of the image that the resamplers write */
    int chroma_h, chroma_v; /* luma pixels per chroma sample, as displayed, if it is YCBCR */
    bool choose_chroma;     /* AUTO: resize full chroma; halve it later unless edges need it */
    bool convert_icc;       /* by the profile of the file to sRGB */
    bool keep_icc;          /* the output has the profile of the file, and its colours */
    uint8_t background[4];  /* R G B A, in the colours of the output */
    bool padded;
    bool enlarged;      /* has more rows than the decoder delivers */
    struct ic_mem *mem; /* for finishing and encoding */
    struct ic_picture picture;
    struct ic_resampler *resampler[3];
    int level[3]; /* of the rows that each resampler takes; 0: as decoded */
};

struct ic_job;

/* The halved rows of one plane. */
struct ic_pyramid {
    struct ic_job *job;
    int plane;
    struct ic_reducer *reducer; /* NULL: no output uses halved rows */
};

/* The samples of one plane of the reader that the crop uses. */
struct ic_plane_window {
    uint32_t left, top;
    uint32_t end;   /* the row behind the last one */
    int channels;   /* of the rows as they are read */
    bool has_ended; /* the reader has delivered that one */
};

/* What happens to rows before they are resized in linear light. */
enum ic_row_conversion {
    IC_ROWS_AS_READ,    /* nothing */
    IC_ROWS_BY_PROFILE, /* they become sRGB, since the profile has no curves */
    IC_ROWS_BY_FORMULA  /* inks without a profile become RGB */
};

struct ic_job {
    const struct ic_env *env;
    struct ic_reader *reader;
    const struct ic_transform *transform;
    struct ic_crop crop; /* of the stored image; the entire one if none is requested */
    struct ic_plan_input input;
    struct ic_plan plan;
    bool planes; /* the decoder delivers planes, not interleaved rows */
    struct ic_file_colors colors;
    const struct ic_transfer *transfer; /* linear light: the curves of the profile; NULL: sRGB's */
    enum ic_row_conversion row_conversion;
    struct ic_picture converted;  /* some rows, converted */
    struct ic_read_layout layout; /* of the crop, and of the rows as they are resized */
    struct ic_plane_window window[IC_MAX_PLANES];
    bool stops_early; /* rows below the crop are not read */
    struct ic_path path[IMGCORE_MAX_OUTPUTS];
    struct ic_pyramid pyramid[3];
    uint32_t distributed_rows[IC_MAX_PLANES];
    uint32_t read_rows; /* of the first plane, with those above the crop */
};

/* Reports to the caller's on_stage what the call works on next. */
static inline void ic_enter_stage(const struct ic_job *job, enum imgcore_stage stage,
                                  size_t output) {
    const struct imgcore_options *options = job->transform->options;
    if (options->on_stage != NULL && job->env->pool == NULL) {
        options->on_stage(options->stage_user, stage, output);
    }
}

/* Of a call's work, the part up to the last row; the rest is encoding the outputs. */
#define IC_ROWS_PART 0.75

/* Reports to the caller's on_progress, from the calling thread. */
static inline void ic_report_progress(const struct ic_job *job, double part) {
    const struct imgcore_options *options = job->transform->options;
    if (options->on_progress != NULL) {
        options->on_progress(options->progress_user, part);
    }
}

/* Plans the outputs and chooses the path of each (choose_path.c). Errors: those of the plan and of
 * the profile. */
enum imgcore_status ic_choose_paths(struct ic_job *job, struct imgcore_error *error);

/* Cuts the layout of the reader to that of the crop (crop_rows.c). */
void ic_crop_layout(struct ic_job *job);
/* Cuts a strip of the reader to the rows and columns of the crop, none of them if it is above.
 * After the last row of the crop the strip is the last one, and job->stops_early is set if the
 * reader has more. */
void ic_crop_strip(struct ic_job *job, struct ic_strip *strip);

/* Prepares the conversion of rows (convert_rows.c), once the layout is that of the crop:
 * job->layout becomes that of converted rows. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_open_row_conversion(struct ic_job *job);
/* Converts at most `count` rows to job->converted; returns how many. */
uint32_t ic_convert_rows(struct ic_job *job, const uint8_t *rows, ptrdiff_t stride_bytes,
                         uint32_t count);
void ic_close_row_conversion(struct ic_job *job);

/* Starts the reader and creates the images and resamplers of every output (distribute_rows.c). */
enum imgcore_status ic_open_distribution(struct ic_job *job, struct imgcore_error *error);
/* Passes rows of a plane to every output, through the pyramid where that is enough. If the call is
 * cancelled, rows may be missing: every caller checks for cancellation before it uses the images.
 */
void ic_distribute_rows(struct ic_job *job, int plane, const uint8_t *rows, ptrdiff_t stride_bytes,
                        uint32_t first_row, uint32_t count);
/* Whether the rows of all planes have come, and every image is complete. Otherwise the call is
 * cancelled, or there is a bug. */
bool ic_distribution_is_complete(const struct ic_job *job);
/* Frees the resamplers and pyramids; the images stay. Called once all rows are in, so that the
 * encoders may use the memory, and after any failure. */
void ic_close_distribution(struct ic_job *job);

/* Reads every strip, to the end of the file or of the crop, and distributes its rows (stream.c). */
enum imgcore_status ic_stream_rows(struct ic_job *job, struct imgcore_error *error);

/* Finishes and encodes every output, on several threads if there are (outputs.c); without `encode`,
 * only finishes them. On failure some results may hold memory; the error is that of the first
 * output that failed. */
enum imgcore_status ic_make_outputs(struct ic_job *job, struct ic_result *results, bool encode,
                                    struct imgcore_error *error);

/* Orientation, colour, canvas: from the image of the resamplers to the image that is encoded. */
enum imgcore_status ic_finish_picture(struct ic_job *job, size_t output,
                                      struct imgcore_error *error);
enum imgcore_status ic_encode_picture(struct ic_job *job, size_t output, struct ic_buf *out,
                                      struct imgcore_error *error);

#endif
