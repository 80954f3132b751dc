/* Metrics gathered in a fixed table and written in CloudWatch's embedded format. */
#include "lambda/runtime/metrics.h"

#include <string.h>

#include "services/base/json.h"

#define REJECTS "Rejects"

void lrt_metrics_reset(struct lrt_metrics *metrics) {
    metrics->count = 0;
    metrics->reason_count = 0;
}

void lrt_metrics_add(struct lrt_metrics *metrics, const char *name, enum lrt_unit unit,
                     int64_t value) {
    if (metrics == NULL) {
        return;
    }
    size_t i = 0;
    while (i < metrics->count && strcmp(metrics->values[i].name, name) != 0) {
        i++;
    }
    if (i == metrics->count) {
        if (i == LRT_MAX_METRICS) {
            return;
        }
        metrics->values[i].name = name;
        metrics->values[i].unit = unit;
        metrics->values[i].value = 0;
        metrics->count++;
    }
    metrics->values[i].value += value;
}

void lrt_metrics_reject(struct lrt_metrics *metrics, const char *reason) {
    if (metrics == NULL) {
        return;
    }
    size_t i = 0;
    while (i < metrics->reason_count && strcmp(metrics->reasons[i].name, reason) != 0) {
        i++;
    }
    if (i == metrics->reason_count) {
        const size_t size_bytes = strlen(reason) + 1;
        if (i == LRT_MAX_REASONS || size_bytes > LRT_METRICS_NAME_BYTES) {
            return;
        }
        memcpy(metrics->reasons[i].name, reason, size_bytes);
        metrics->reasons[i].value = 0;
        metrics->reason_count++;
    }
    metrics->reasons[i].value++;
}

static const char *unit_name(enum lrt_unit unit) {
    switch (unit) {
    case LRT_MILLISECONDS:
        return "Milliseconds";
    case LRT_BYTES:
        return "Bytes";
    case LRT_COUNT:
        break;
    }
    return "Count";
}

static void add_definition(struct svc_json_writer *writer, const char *name, enum lrt_unit unit) {
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "Name", name);
    svc_json_add_text(writer, "Unit", unit_name(unit));
    svc_json_end_object(writer);
}

/* Up to where the metrics' definitions stand. */
static void begin_line(struct svc_json_writer *writer, const char *name_space, const char *reason,
                       int64_t wall_ms) {
    svc_json_begin_object(writer);
    svc_json_name(writer, "_aws");
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "Timestamp", wall_ms);
    svc_json_name(writer, "CloudWatchMetrics");
    svc_json_begin_array(writer);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "Namespace", name_space);
    svc_json_name(writer, "Dimensions");
    svc_json_begin_array(writer);
    svc_json_begin_array(writer);
    svc_json_put_text(writer, "FunctionName");
    if (reason != NULL) {
        svc_json_put_text(writer, "Reason");
    }
    svc_json_end_array(writer);
    svc_json_end_array(writer);
    svc_json_name(writer, "Metrics");
    svc_json_begin_array(writer);
}

/* From behind the definitions to where the values stand. */
static void begin_values(struct svc_json_writer *writer, const char *function_name,
                         const char *request_id) {
    svc_json_end_array(writer);
    svc_json_end_object(writer);
    svc_json_end_array(writer);
    svc_json_end_object(writer);
    svc_json_add_text(writer, "FunctionName", function_name);
    if (request_id[0] != '\0') {
        svc_json_add_text(writer, "requestId", request_id);
    }
}

static enum svc_status end_line(struct svc_json_writer *writer, struct svc_buf *out) {
    svc_json_end_object(writer);
    svc_buf_append_char(out, '\n');
    return svc_json_writer_status(writer);
}

enum svc_status lrt_metrics_format(const struct lrt_metrics *metrics, const char *name_space,
                                   const char *function_name, const char *request_id,
                                   int64_t wall_ms, struct svc_buf *out) {
    struct svc_json_writer writer;
    enum svc_status status = SVC_OK;
    if (metrics->count > 0) {
        svc_json_writer_init(&writer, out);
        begin_line(&writer, name_space, NULL, wall_ms);
        for (size_t i = 0; i < metrics->count; i++) {
            add_definition(&writer, metrics->values[i].name, metrics->values[i].unit);
        }
        begin_values(&writer, function_name, request_id);
        for (size_t i = 0; i < metrics->count; i++) {
            svc_json_add_int(&writer, metrics->values[i].name, metrics->values[i].value);
        }
        status = end_line(&writer, out);
    }
    for (size_t i = 0; i < metrics->reason_count && status == SVC_OK; i++) {
        svc_json_writer_init(&writer, out);
        begin_line(&writer, name_space, metrics->reasons[i].name, wall_ms);
        add_definition(&writer, REJECTS, LRT_COUNT);
        begin_values(&writer, function_name, request_id);
        svc_json_add_text(&writer, "Reason", metrics->reasons[i].name);
        svc_json_add_int(&writer, REJECTS, metrics->reasons[i].value);
        status = end_line(&writer, out);
    }
    return status;
}
