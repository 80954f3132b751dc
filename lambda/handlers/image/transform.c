/* The decoder reads from the connection; nothing of the source is stored. A JPEG in which imgcore's
 * own decoder finds anything but proper data is requested again, for libjpeg-turbo. */
#include "lambda/handlers/image/transform.h"

#include "lambda/handlers/image/stages.h"

/* A source for imgcore that measures how long it waits for S3. */
struct stream {
    struct awsc_s3_reader *reader;
    const struct svc_clock *clock;
    int64_t wait_ms, bytes;
    struct svc_trace *trace;
    int64_t wait_us;     /* the same, in a recorded invocation */
    int64_t deadline_ms; /* of the transform */
};

static bool read_stream(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct stream *stream = user;
    const int64_t begin_ms = svc_monotonic_ms(stream->clock);
    const bool is_traced = stream->trace != NULL && stream->trace->is_on;
    const int64_t begin_us = is_traced ? svc_trace_now_us(stream->trace) : 0;
    const bool is_read = awsc_s3_read(stream->reader, buffer, size_bytes, read_bytes);
    stream->wait_us += is_traced ? svc_trace_now_us(stream->trace) - begin_us : 0;
    stream->wait_ms += svc_monotonic_ms(stream->clock) - begin_ms;
    stream->bytes += is_read ? (int64_t)*read_bytes : 0;
    return is_read;
}

/* The time that a decoder waits for S3. */
static bool rewind_stream(void *user) {
    struct stream *stream = user;
    const int64_t begin_ms = svc_monotonic_ms(stream->clock);
    const bool is_traced = stream->trace != NULL && stream->trace->is_on;
    const int64_t begin_us = is_traced ? svc_trace_now_us(stream->trace) : 0;
    const bool is_rewound = awsc_s3_rewind(stream->reader);
    stream->wait_us += is_traced ? svc_trace_now_us(stream->trace) - begin_us : 0;
    stream->wait_ms += svc_monotonic_ms(stream->clock) - begin_ms;
    return is_rewound;
}

static bool is_past_deadline(void *user) {
    const struct stream *stream = user;
    return svc_monotonic_ms(stream->clock) >= stream->deadline_ms;
}

enum imgcore_status image_transform(const struct image_clients *clients,
                                    struct awsc_s3_reader *reader, int64_t deadline_ms,
                                    struct imgcore_output *pictures, size_t count,
                                    struct imgcore_error *error) {
    struct svc_trace *trace = awsc_client_trace(clients->aws);
    struct stream stream = {
        .reader = reader, .clock = clients->clock, .trace = trace, .deadline_ms = deadline_ms};
    struct image_stages stages;
    const struct imgcore_source source = {
        .read = read_stream, .rewind = rewind_stream, .user = &stream};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.limits = clients->settings->limits;
    options.preset = clients->settings->preset;
    options.cmyk_profile = clients->settings->cmyk_profile.bytes;
    options.cmyk_profile_bytes = clients->settings->cmyk_profile.size_bytes;
    options.is_cancelled = is_past_deadline;
    options.cancel_user = &stream;
    image_stages_begin(&stages, trace, &options);
    const int64_t begin_ms = svc_monotonic_ms(clients->clock);
    const enum imgcore_status status =
        imgcore_transform(clients->imgcore, &source, &options, pictures, count, error);
    const int64_t spent_ms = svc_monotonic_ms(clients->clock) - begin_ms;
    image_stages_end(&stages, clients->settings, pictures, count, stream.wait_us);
    lrt_metrics_add(clients->metrics, "DownloadTime", LRT_MILLISECONDS, stream.wait_ms);
    lrt_metrics_add(clients->metrics, "TransformTime", LRT_MILLISECONDS, spent_ms - stream.wait_ms);
    lrt_metrics_add(clients->metrics, "BytesIn", LRT_BYTES, stream.bytes);
    const char *fallback = imgcore_context_fallback(clients->imgcore);
    if (fallback != NULL) {
        lrt_metrics_add_by(clients->metrics, "Fallbacks", "Reason", fallback, 1);
    }
    return status;
}
