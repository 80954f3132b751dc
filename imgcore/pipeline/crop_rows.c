/* The crop of the input: from the rows of the reader to those of the rectangle, which the later
 * stages take for the entire image. So the edges of the rectangle are edges of an image: no pixel
 * outside it has an influence.
 *
 * A sample of subsampled chroma belongs to the rectangle if any of its pixels does. Of a rectangle
 * that begins at an odd pixel it is covered in part, as it is at the right and lower edge of an
 * image of odd size. */
#include <math.h>

#include "imgcore/pipeline/stages.h"

/* Far more than the rounding errors of positions, which are below 2^24 samples. */
#define POSITION_ERROR 1e-6

/* Cuts the samples of one axis to those that show pixels [start_px, start_px + length_px) of
 * side_px; returns the first of them. */
static uint32_t cut_axis(uint32_t start_px, uint32_t length_px, uint32_t side_px, uint32_t *samples,
                         double *extent, double *extent_start) {
    const double samples_per_px = *extent / side_px;
    const double start = start_px * samples_per_px, end = (start_px + length_px) * samples_per_px;
    const uint32_t first = (uint32_t)floor(start + POSITION_ERROR);
    const uint32_t last = (uint32_t)ceil(end - POSITION_ERROR);
    *samples = (last < *samples ? last : *samples) - first;
    *extent = end - start;
    *extent_start = fmax(start - first, 0.0);
    return first;
}

void ic_crop_layout(struct ic_job *job) {
    const struct ic_header *header = &job->reader->header;
    for (int p = 0; p < job->layout.planes; p++) {
        struct ic_plane_layout *plane = &job->layout.plane[p];
        struct ic_plane_window *window = &job->window[p];
        if (!ic_crop_is_all(&job->crop, header->width_px, header->height_px)) {
            window->left = cut_axis(job->crop.left_px, job->crop.width_px, header->width_px,
                                    &plane->width, &plane->extent_width, &plane->extent_left);
            window->top = cut_axis(job->crop.top_px, job->crop.height_px, header->height_px,
                                   &plane->height, &plane->extent_height, &plane->extent_top);
        }
        window->end = window->top + plane->height;
        window->channels = plane->channels;
    }
}

void ic_crop_strip(struct ic_job *job, struct ic_strip *strip) {
    bool all_ended = true;
    for (int p = 0; p < job->layout.planes; p++) {
        struct ic_plane_window *window = &job->window[p];
        const uint32_t first = strip->plane[p].first_row;
        const uint32_t end = first + strip->plane[p].row_count;
        if (strip->plane[p].row_count != 0) {
            const uint32_t from = first > window->top ? first : window->top;
            const uint32_t to = end < window->end ? end : window->end;
            window->has_ended = end >= window->end;
            strip->plane[p].row_count = from < to ? to - from : 0;
            if (from < to) {
                strip->plane[p].rows += (ptrdiff_t)(from - first) * strip->plane[p].stride_bytes +
                                        (ptrdiff_t)window->left * window->channels;
                strip->plane[p].first_row = from - window->top;
            }
        }
        all_ended = all_ended && window->has_ended;
    }
    if (all_ended && !strip->done) {
        strip->done = job->stops_early = true;
    }
}
