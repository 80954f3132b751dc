/* All outputs of one source in one decode, straight from S3. */
#ifndef IMAGE_TRANSFORM_H
#define IMAGE_TRANSFORM_H

#include "lambda/handlers/image/clients.h"
#include "services/aws/s3.h"

/* Decodes what `reader` delivers and encodes it as pictures[0..count). The pictures are cleared by
 * the caller with imgcore_output_clear, also after a failure. The result is valid only if
 * awsc_s3_get_finish finds the source complete. Counts DownloadTime, TransformTime, BytesIn (of
 * both readings, if there are two) and Fallbacks. Errors: those of imgcore_transform; CANCELLED
 * from deadline_ms (of the monotonic clock) on. */
enum imgcore_status image_transform(const struct image_clients *clients,
                                    struct awsc_s3_reader *reader, int64_t deadline_ms,
                                    struct imgcore_output *pictures, size_t count,
                                    struct imgcore_error *error);

#endif
