/* The three stages of the pipeline: settle the route, stream the rows, finish each picture.
 * Included by pipeline/ only. */
#ifndef IC_STAGES_H
#define IC_STAGES_H

#include "imgcore/pipeline/pipeline.h"

struct ic_resampler;

/* How one output gets from samples to bytes. */
struct ic_route {
    enum imgcore_format format;
    enum ic_color color; /* of the picture as it comes out of the resamplers */
    int chroma_h,
        chroma_v;       /* luma pixels per chroma sample, as seen; of that picture if it is YCBCR */
    bool choose_chroma; /* AUTO: full chroma now, halved later if nothing speaks against it */
    bool convert_icc;
    bool padded;
    struct ic_picture picture;
    struct ic_resampler *resampler[3];
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
};

/* Fills plan, layout and routes, makes the pictures and resamplers; starts the reader. */
enum imgcore_status ic_job_open(struct ic_job *job, struct imgcore_error *error);
/* Frees what the job holds; safe after any failure. */
void ic_job_close(struct ic_job *job);

/* Orientation, colour, canvas: from what the resamplers left to what the encoder takes. */
enum imgcore_status ic_finish_picture(struct ic_job *job, size_t output,
                                      struct imgcore_error *error);
enum imgcore_status ic_encode_picture(struct ic_job *job, size_t output, struct ic_buf *out,
                                      struct imgcore_error *error);

#endif
