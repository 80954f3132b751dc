/* One image decoded once, and any number of images made from it. */
#ifndef IMGCORE_TRANSFORM_H
#define IMGCORE_TRANSFORM_H

#include <stddef.h>
#include <stdint.h>

#include "imgcore/api.h"
#include "imgcore/context.h"
#include "imgcore/options.h"
#include "imgcore/output.h"
#include "imgcore/source.h"
#include "imgcore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most outputs of one call. */
#define IMGCORE_MAX_OUTPUTS 16

/* Decodes one image once and makes `count` outputs from it. The format (JPEG or PNG) is recognised
 * by the first bytes, unless the source is pixels. EXIF orientation is applied, colours are
 * converted to sRGB by what states them (imgcore_color_source), and all metadata is dropped (see
 * options). Either all outputs are made or none.
 *   options  NULL: defaults
 *   outputs  count of them, 1 to IMGCORE_MAX_OUTPUTS, one struct_size_bytes after the other, which
 *            all of them state; bytes must be NULL on entry
 *
 * Crop: the rows above the rectangle are decoded, those below it are not, and the file may end or
 * be damaged there: it is read up to the strip with the last row of the rectangle (a few rows; all
 * scans of a progressive JPEG, all passes of an interlaced PNG). So damage below it is found or
 * not, by how far the decoder looks ahead. imgcore_check reads all of the file. A JPEG is shrunk on
 * load only if every side of the rectangle is one of the image or a multiple of 8 pixels of the
 * most subsampled component (16 for 4:2:0) in the stored image: a scaled block has one value for
 * pixels on both sides.
 *
 * Pixels: a source of pixels gives the bytes that a PNG of them gives. To decode to pixels in one
 * call and encode them in another gives what one call gives, but for a JPEG in colour: its planes
 * are rounded to RGB between the two.
 *
 * Memory: bounded by limits.memory_bytes. It grows with the width of the input and the area of the
 * outputs, and with the area of the input only for a progressive JPEG or an interlaced PNG. An
 * output with a write function is not held as a file, only as an image: pieces of about 64 KiB are
 * passed on (more of a PNG of up to 4 MiB of samples, and a row of pixels at least). Its bytes are
 * those without the function, but for a PNG of 4 to 64 MiB of samples, which is compressed row by
 * row by zlib. A JPEG that is progressive or optimised holds all its coefficients.
 *
 * Threads: the results are the same bytes for any options.threads, and so are the errors. The
 * context creates threads at the first call that uses them and keeps them, sleeping, until it is
 * destroyed; they block all signals. If a thread or its memory is not available, the call works
 * with fewer.
 *
 * Cancellation: options.is_cancelled is called before the header is read, for every strip of rows
 * (and for every strip that goes into an enlarged output), for every 32 KiB of a progressive JPEG
 * or, if libjpeg-turbo reads it, every row of MCUs of every scan, for every row of an interlaced
 * PNG, for every 64 KiB of compressed PNG data, before every output, and for every strip of an
 * output while it is encoded. Only the compression of a PNG output of up to 64 MiB of samples is a
 * single step (53 MB: 0.4 s at level 1, 5 s at level 9). The function is called by the calling
 * thread and, with options.threads, also by threads of the context, but never by two at once. It
 * must not use the context. Once it has returned true it is not called again in this call.
 *
 * Errors: INVALID_ARGUMENT, UNKNOWN_FIELD; CANCELLED; TRUNCATED, CORRUPT, UNSUPPORTED for the file;
 * TOO_LARGE, BUDGET for its size; NO_MEMORY; READ_FAILED. */
IMGCORE_API enum imgcore_status imgcore_transform(struct imgcore_context *context,
                                                  const struct imgcore_source *source,
                                                  const struct imgcore_options *options,
                                                  struct imgcore_output *outputs, size_t count,
                                                  struct imgcore_error *error);

/* Checks that a profile can be options.cmyk_profile: that colours can be converted by it. For
 * programs that read it when they start, where damage is found too late by the first CMYK image.
 * Errors: INVALID_ARGUMENT (context or profile NULL, no profile of CMYK, a damaged one), NO_MEMORY.
 */
IMGCORE_API enum imgcore_status imgcore_check_cmyk_profile(struct imgcore_context *context,
                                                           const uint8_t *profile,
                                                           size_t size_bytes,
                                                           struct imgcore_error *error);

/* Decodes the entire file and drops the pixels: reports whether imgcore_transform would accept it
 * without a crop. Errors: as there. */
IMGCORE_API enum imgcore_status imgcore_check(struct imgcore_context *context,
                                              const struct imgcore_source *source,
                                              const struct imgcore_options *options,
                                              struct imgcore_error *error);

#ifdef __cplusplus
}
#endif

#endif
