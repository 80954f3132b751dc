/* Stages as spans: see stages.h. Rows go from the decoder to every output strip by strip, so the
 * spans of decoding and resizing overlap: each lasts from its first strip to its last one, and
 * busy_us is the time that was spent on it. */
#include "lambda/handlers/image/stages.h"

#include <stdio.h>
#include <string.h>

static void stop(struct image_stages *stages, int64_t now_us) {
    if (stages->now != NULL) {
        stages->now->spent_us += now_us - stages->now_us;
        stages->now->end_us = now_us;
    }
}

static struct image_stage *find(struct image_stages *stages, enum imgcore_stage stage,
                                size_t output) {
    const size_t i = output < IMAGE_MAX_SIZES ? output : IMAGE_MAX_SIZES - 1;
    switch (stage) {
    case IMGCORE_STAGE_DECODE:
        return &stages->decode;
    case IMGCORE_STAGE_SHRINK:
        return &stages->shrink;
    case IMGCORE_STAGE_RESIZE:
        return &stages->resize[i];
    case IMGCORE_STAGE_ENCODE:
        return &stages->encode[i];
    }
    return NULL;
}

static void on_stage(void *user, enum imgcore_stage stage, size_t output) {
    struct image_stages *stages = user;
    const int64_t now_us = svc_trace_now_us(stages->trace);
    stop(stages, now_us);
    stages->now = find(stages, stage, output);
    stages->now_us = now_us;
    if (stages->now != NULL && stages->now->begin_us == 0) {
        stages->now->begin_us = now_us;
    }
}

void image_stages_begin(struct image_stages *stages, struct svc_trace *trace,
                        struct imgcore_options *options) {
    stages->trace = NULL;
    if (trace != NULL && trace->is_on) {
        memset(stages, 0, sizeof(*stages));
        stages->trace = trace;
        options->on_stage = on_stage;
        options->stage_user = stages;
        on_stage(stages, IMGCORE_STAGE_DECODE, 0); /* the header is read before any report */
    }
}

static struct svc_span *add(const struct image_stages *stages, const struct image_stage *stage,
                            const char *name, const struct image_size *size) {
    char text[SVC_SPAN_NAME_BYTES];
    if (stage->begin_us == 0) {
        return NULL;
    }
    (void)snprintf(text, sizeof(text), "%s%s%s", name, size != NULL ? " " : "",
                   size != NULL ? size->name : "");
    struct svc_span *span = svc_span_begin(stages->trace, SVC_SPAN_LOCAL, text);
    svc_span_set_times(span, stage->begin_us, stage->end_us);
    svc_span_set_number(span, "busy_us", stage->spent_us);
    return span;
}

/* The size that picture was made for: the first from `from` on with its box. */
static const struct image_size *size_of(const struct image_settings *settings,
                                        const struct imgcore_output *picture, size_t *from) {
    while (*from < settings->size_count) {
        const struct image_size *size = &settings->sizes[(*from)++];
        if (size->width_px == picture->width_px && size->height_px == picture->height_px) {
            return size;
        }
    }
    return NULL;
}

void image_stages_end(struct image_stages *stages, const struct image_settings *settings,
                      const struct imgcore_output *pictures, size_t count, int64_t download_us) {
    const struct image_size *sizes[IMAGE_MAX_SIZES];
    size_t from = 0;
    if (stages->trace == NULL) {
        return;
    }
    stop(stages, svc_trace_now_us(stages->trace));
    for (size_t i = 0; i < count; i++) {
        sizes[i] = size_of(settings, &pictures[i], &from);
    }
    struct svc_span *span = add(stages, &stages->decode, "decode", NULL);
    svc_span_set_number(span, "download_us", download_us);
    (void)add(stages, &stages->shrink, "shrink", NULL);
    for (size_t i = 0; i < count; i++) {
        (void)add(stages, &stages->resize[i], "resize", sizes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        span = add(stages, &stages->encode[i], "encode", sizes[i]);
        svc_span_set_number(span, "width", pictures[i].result_width_px);
        svc_span_set_number(span, "height", pictures[i].result_height_px);
        svc_span_set_number(span, "bytes", (int64_t)pictures[i].size_bytes);
    }
}
