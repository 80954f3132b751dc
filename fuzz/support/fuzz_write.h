/* What the targets of the encoders share: pictures from the input, and calls that are interrupted.
 */
#ifndef FUZZ_FUZZ_WRITE_H
#define FUZZ_FUZZ_WRITE_H

#include "fuzz/support/fuzz.h"
#include "imgcore/codec/writer.h"

/* ic_jpeg_write and ic_png_write. */
typedef enum imgcore_status fuzz_write_fn(struct ic_mem *mem, const struct ic_picture *picture,
                                          const struct ic_write_options *options,
                                          struct ic_buf *out, struct imgcore_error *error);

/* Fills all planes with what is left of the input, repeated as often as needed. */
void fuzz_fill_picture(struct ic_picture *picture, const struct fuzz_input *input);

/* Writes the picture with a budget or with a cancellation that the input chooses. Crashes unless
 * the call ends with OK, or with the status of the interruption, an empty `out` and no memory left.
 */
void fuzz_check_interrupted(fuzz_write_fn *write, struct fuzz_input *input,
                            const struct ic_picture *picture,
                            const struct ic_write_options *options);

/* Crashes unless the call is refused with `status`, a description and an empty `out`. */
void fuzz_check_refused(fuzz_write_fn *write, const struct ic_picture *picture,
                        const struct ic_write_options *options, enum imgcore_status status);

#endif
