/* The own decoder on several threads, for the planes of a JPEG with restart markers whose data is
 * in memory. Used by jpeg_read.c. */
#ifndef IC_JPEG_SEGMENTS_H
#define IC_JPEG_SEGMENTS_H

#include "imgcore/base/thread_pool.h"
#include "imgcore/codec/jpeg_scan.h"

struct ic_jpeg_segments;

/* Starts to decode the planes of an image on a thread pool. `picture` was started and has read no
 * data, all of which is in memory at its source. `layout` and the data must stay valid. Returns
 * NULL, without any effect, if this is not possible or not faster. */
struct ic_jpeg_segments *ic_jpeg_segments_open(struct ic_mem *mem, struct ic_thread_pool *pool,
                                               struct ic_cancel *cancel,
                                               const struct ic_kernels *kernels,
                                               const struct jpeg_decompress_struct *picture,
                                               const struct ic_read_layout *layout);
/* Delivers the next row of MCUs, valid until the next call. False: a doubt before or in the segment
 * of that row, and libjpeg must decode the file; or the call is cancelled. */
bool ic_jpeg_segments_read(struct ic_jpeg_segments *segments, struct ic_strip *strip);
/* After false: see ic_jpeg_scan_doubt. */
const char *ic_jpeg_segments_doubt(const struct ic_jpeg_segments *segments);
/* Waits for running tasks and frees everything; NULL is allowed. */
void ic_jpeg_segments_close(struct ic_jpeg_segments *segments);

#endif
