/* The formats: for each a function that opens a reader and one that encodes. */
#ifndef IC_FORMATS_H
#define IC_FORMATS_H

#include "imgcore/codec/reader.h"
#include "imgcore/codec/writer.h"

/* Open a reader once the format is known (ic_reader_open does that). They read the header up to the
 * first pixel data and check the size by ic_check_size. Parameters and errors: see ic_reader_open.
 */
enum imgcore_status ic_jpeg_open(struct ic_mem *mem, struct ic_input *input,
                                 const struct ic_open_options *options, struct ic_reader **reader,
                                 struct ic_header *header, struct imgcore_error *error);
enum imgcore_status ic_png_open(struct ic_mem *mem, struct ic_input *input,
                                const struct ic_open_options *options, struct ic_reader **reader,
                                struct ic_header *header, struct imgcore_error *error);

/* Encode an image. JPEG takes GREY, YCBCR (the planes as they are) and RGB (converted and
 * subsampled by the codec); PNG and pixels take GREY, GREY_ALPHA, RGB and RGBA. They write only the
 * metadata given in the options. JPEG writes into the slack behind the rows of a YCBCR image. The
 * bytes are appended to `out`, or go to its sink, which ends the work with CANCELLED. Errors:
 * BUDGET, NO_MEMORY, CANCELLED, TOO_LARGE (a side over the limit of the format), INVALID_ARGUMENT
 * (a colour that the format lacks). On failure `out` is cleared. */
enum imgcore_status ic_jpeg_write(struct ic_mem *mem, const struct ic_picture *picture,
                                  const struct ic_write_options *options, struct ic_buf *out,
                                  struct imgcore_error *error);
enum imgcore_status ic_png_write(struct ic_mem *mem, const struct ic_picture *picture,
                                 const struct ic_write_options *options, struct ic_buf *out,
                                 struct imgcore_error *error);
/* Rows without gaps; of the options, only `cancel` is used. */
enum imgcore_status ic_pixels_write(struct ic_mem *mem, const struct ic_picture *picture,
                                    const struct ic_write_options *options, struct ic_buf *out,
                                    struct imgcore_error *error);

#endif
