/* A request to imgcore_transform, taken from the input of a fuzz target, and calls with it. */
#ifndef FUZZ_TRANSFORM_H
#define FUZZ_TRANSFORM_H

#include "fuzz/support/fuzz.h"
#include "imgcore/imgcore.h"

enum { FUZZ_MAX_OUTPUTS = 3, FUZZ_OUTPUT_PIXELS = 1 << 16 };

struct fuzz_file {
    const uint8_t *bytes;
    size_t size_bytes;
};

struct fuzz_result {
    enum imgcore_status status;
    struct imgcore_output outputs[FUZZ_MAX_OUTPUTS];
};

struct fuzz_request {
    struct fuzz_file file;
    struct imgcore_options options;
    struct imgcore_output outputs[FUZZ_MAX_OUTPUTS];
    size_t count;
};

/* The file of a request, in memory. */
struct imgcore_source fuzz_source_of(const struct fuzz_request *request);

/* Takes options and outputs; request->file is set. A crop is a part of the image in the file, most
 * of the time inside it. */
void fuzz_take_request(struct fuzz_input *input, struct imgcore_context *context,
                       struct fuzz_request *request);

/* Makes the outputs of a request from a source, and checks that the status and the outputs agree.
 * The outputs are cleared by imgcore_output_clear. */
struct fuzz_result fuzz_run_source(struct imgcore_context *context,
                                   const struct fuzz_request *request,
                                   const struct imgcore_options *options,
                                   const struct imgcore_source *source);
/* From the file of the request. */
struct fuzz_result fuzz_run(struct imgcore_context *context, const struct fuzz_request *request,
                            const struct imgcore_options *options);

/* Crashes unless two results have the same status and the same bytes, or the file is damaged below
 * its crop. */
void fuzz_check_same(const struct fuzz_request *request, const struct fuzz_result *expected,
                     const struct fuzz_result *result, const char *what);

#endif
