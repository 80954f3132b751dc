/* The three stages of the pipeline: settle the route, stream the rows, finish each picture.
 * Included by pipeline/ only. */
#ifndef IC_STAGES_H
#define IC_STAGES_H

#include "imgcore/pipeline/pipeline.h"

struct ic_resampler;
struct ic_reducer;

/* How one output gets from samples to bytes. */
struct ic_route {
    enum imgcore_format format;
    enum ic_color color; /* of the picture as it comes out of the resamplers */
    int chroma_h,
        chroma_v;       /* luma pixels per chroma sample, as seen; of that picture if it is YCBCR */
    bool choose_chroma; /* AUTO: full chroma now, halved later if nothing speaks against it */
    bool convert_icc;
    bool padded;
    struct ic_mem *mem; /* for finishing and encoding */
    struct ic_picture picture;
    struct ic_resampler *resampler[3];
    int level[3]; /* of the rows each takes; 0: as decoded */
};

struct ic_job;

/* The halved rows of one plane. */
struct ic_pyramid {
    struct ic_job *job;
    int plane;
    struct ic_reducer *reducer; /* NULL: no output wants any */
};

struct ic_job {
    const struct ic_env *env;
    struct ic_reader *reader;
    const struct ic_transform *transform;
    struct ic_plan_input input;
    struct ic_plan plan;
    bool planes;
    struct ic_read_layout layout;
    struct ic_route route[IMGCORE_MAX_OUTPUTS];
    struct ic_pyramid pyramid[3];
};

/* Fills plan, layout and routes, makes the pictures and resamplers; starts the reader. */
enum imgcore_status ic_job_open(struct ic_job *job, struct imgcore_error *error);
/* Rows of a plane into every output, by way of its pyramid where that serves. */
void ic_job_push(struct ic_job *job, int plane, const uint8_t *rows, ptrdiff_t stride_bytes,
                 uint32_t first_row, uint32_t count);
/* Frees the resamplers and pyramids once all rows are in: the encoders may need their memory. */
void ic_job_drop_resamplers(struct ic_job *job);
/* Frees what the job holds; safe after any failure. */
void ic_job_close(struct ic_job *job);

/* Reads every strip, to the end of the file, and puts it into every output. */
enum imgcore_status ic_stream_rows(struct ic_job *job, struct imgcore_error *error);

/* Every output from samples to bytes (without `encode`: to what would be encoded), by several
 * threads if there are. On failure some results may hold something; the error is that of the first
 * output that failed. */
enum imgcore_status ic_make_outputs(struct ic_job *job, struct ic_result *results, bool encode,
                                    struct imgcore_error *error);

/* Orientation, colour, canvas: from what the resamplers left to what the encoder takes. */
enum imgcore_status ic_finish_picture(struct ic_job *job, size_t output,
                                      struct imgcore_error *error);
enum imgcore_status ic_encode_picture(struct ic_job *job, size_t output, struct ic_buf *out,
                                      struct imgcore_error *error);

#endif
