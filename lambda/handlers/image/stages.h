/* What a transform spends its time on, as spans: decoding, resizing and encoding each size. */
#ifndef IMAGE_STAGES_H
#define IMAGE_STAGES_H

#include "imgcore/imgcore.h"
#include "lambda/handlers/image/settings.h"
#include "services/base/trace.h"

/* The stages of one kind, and of one output if they have one. */
struct image_stage {
    int64_t begin_us, end_us; /* of the first and the last time; 0: never */
    int64_t spent_us;         /* all times together */
};

/* Begun by image_stages_begin, which is cheap where nothing is recorded. */
struct image_stages {
    struct svc_trace *trace; /* NULL: nothing is recorded */
    struct image_stage decode, shrink, resize[IMAGE_MAX_SIZES], encode[IMAGE_MAX_SIZES];
    struct image_stage *now; /* the running one */
    int64_t now_us;          /* since when it runs */
};

/* Sets on_stage of the options if the invocation is recorded. `stages` lives until the transform's
 * end. */
void image_stages_begin(struct image_stages *stages, struct svc_trace *trace,
                        struct imgcore_options *options);
/* Adds the spans. The pictures are some of the settings' sizes, in their order. download_us: how
 * long the decoder waited for its input. */
void image_stages_end(struct image_stages *stages, const struct image_settings *settings,
                      const struct imgcore_output *pictures, size_t count, int64_t download_us);

#endif
