/* Metrics collected in fixed tables and written in CloudWatch's embedded format. */
#include "lambda/runtime/metrics.h"

#include <stdbool.h>
#include <string.h>

#include "services/base/json.h"

#define FUNCTION_NAME "FunctionName"
#define DROPPED       "MetricsDropped"

void lrt_metrics_reset(struct lrt_metrics *metrics) {
    metrics->count = 0;
    metrics->by_count = 0;
    metrics->dropped = 0;
}

static void add_saturated(int64_t *sum, int64_t value) {
    if (__builtin_add_overflow(*sum, value, sum)) {
        *sum = value > 0 ? INT64_MAX : INT64_MIN;
    }
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
    if (i == LRT_MAX_METRICS) {
        metrics->dropped++;
        return;
    }
    if (i == metrics->count) {
        metrics->values[i].name = name;
        metrics->values[i].unit = unit;
        metrics->values[i].value = 0;
        metrics->count++;
    }
    add_saturated(&metrics->values[i].value, value);
}

/* What CloudWatch accepts; a ':' in front is reserved. */
static bool is_dimension_value(const char *value) {
    bool is_blank = true;
    const char *c = value;
    for (; *c >= ' ' && *c < 0x7f; c++) {
        is_blank = is_blank && *c == ' ';
    }
    return *c == '\0' && !is_blank && value[0] != ':' && c - value < LRT_DIMENSION_VALUE_BYTES;
}

static bool has_dimension(const struct lrt_metrics *metrics, size_t i, const char *dimension,
                          const char *dimension_value) {
    return strcmp(metrics->by[i].dimension, dimension) == 0 &&
           strcmp(metrics->by[i].dimension_value, dimension_value) == 0;
}

void lrt_metrics_add_by(struct lrt_metrics *metrics, const char *name, const char *dimension,
                        const char *dimension_value, int64_t count) {
    if (metrics == NULL) {
        return;
    }
    size_t i = 0;
    while (i < metrics->by_count && (strcmp(metrics->by[i].name, name) != 0 ||
                                     !has_dimension(metrics, i, dimension, dimension_value))) {
        i++;
    }
    if (i == LRT_MAX_METRICS_BY || !is_dimension_value(dimension_value)) {
        metrics->dropped++;
        return;
    }
    if (i == metrics->by_count) {
        metrics->by[i].name = name;
        metrics->by[i].dimension = dimension;
        memcpy(metrics->by[i].dimension_value, dimension_value, strlen(dimension_value) + 1);
        metrics->by[i].value = 0;
        metrics->by_count++;
    }
    add_saturated(&metrics->by[i].value, count);
}

/* ---------------------------------------------------------------------- writing */

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

/* What all lines of an invocation share. */
struct line {
    struct svc_json_writer writer;
    const char *name_space, *function_name, *request_id;
    int64_t wall_ms;
};

/* Up to the definitions of the metrics. dimension NULL: FunctionName alone. */
static void begin_line(struct line *line, const char *dimension, struct svc_buf *out) {
    struct svc_json_writer *writer = &line->writer;
    svc_json_writer_init(writer, out);
    svc_json_begin_object(writer);
    svc_json_name(writer, "_aws");
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "Timestamp", line->wall_ms);
    svc_json_name(writer, "CloudWatchMetrics");
    svc_json_begin_array(writer);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "Namespace", line->name_space);
    svc_json_name(writer, "Dimensions");
    svc_json_begin_array(writer);
    svc_json_begin_array(writer);
    svc_json_put_text(writer, FUNCTION_NAME);
    if (dimension != NULL) {
        svc_json_put_text(writer, dimension);
    }
    svc_json_end_array(writer);
    svc_json_end_array(writer);
    svc_json_name(writer, "Metrics");
    svc_json_begin_array(writer);
}

/* From the end of the definitions up to the values. */
static void begin_values(struct line *line) {
    struct svc_json_writer *writer = &line->writer;
    svc_json_end_array(writer);
    svc_json_end_object(writer);
    svc_json_end_array(writer);
    svc_json_end_object(writer);
    svc_json_add_text(writer, FUNCTION_NAME, line->function_name);
    if (line->request_id[0] != '\0') {
        svc_json_add_text(writer, "requestId", line->request_id);
    }
}

static enum svc_status end_line(struct line *line, struct svc_buf *out) {
    svc_json_end_object(&line->writer);
    svc_buf_append_char(out, '\n');
    return svc_json_writer_status(&line->writer);
}

static enum svc_status write_metrics(struct line *line, const struct lrt_metrics *metrics,
                                     struct svc_buf *out) {
    begin_line(line, NULL, out);
    for (size_t i = 0; i < metrics->count; i++) {
        add_definition(&line->writer, metrics->values[i].name, metrics->values[i].unit);
    }
    if (metrics->dropped > 0) {
        add_definition(&line->writer, DROPPED, LRT_COUNT);
    }
    begin_values(line);
    for (size_t i = 0; i < metrics->count; i++) {
        svc_json_add_int(&line->writer, metrics->values[i].name, metrics->values[i].value);
    }
    if (metrics->dropped > 0) {
        svc_json_add_int(&line->writer, DROPPED, metrics->dropped);
    }
    return end_line(line, out);
}

/* All metrics with the dimension and the value of metrics->by[first], the first that has them. */
static enum svc_status write_metrics_by(struct line *line, const struct lrt_metrics *metrics,
                                        size_t first, struct svc_buf *out) {
    const char *dimension = metrics->by[first].dimension;
    const char *dimension_value = metrics->by[first].dimension_value;
    begin_line(line, dimension, out);
    for (size_t i = first; i < metrics->by_count; i++) {
        if (has_dimension(metrics, i, dimension, dimension_value)) {
            add_definition(&line->writer, metrics->by[i].name, LRT_COUNT);
        }
    }
    begin_values(line);
    svc_json_add_text(&line->writer, dimension, dimension_value);
    for (size_t i = first; i < metrics->by_count; i++) {
        if (has_dimension(metrics, i, dimension, dimension_value)) {
            svc_json_add_int(&line->writer, metrics->by[i].name, metrics->by[i].value);
        }
    }
    return end_line(line, out);
}

static bool is_first_of_dimension(const struct lrt_metrics *metrics, size_t i) {
    size_t first = 0;
    while (
        !has_dimension(metrics, first, metrics->by[i].dimension, metrics->by[i].dimension_value)) {
        first++;
    }
    return first == i;
}

enum svc_status lrt_metrics_format(const struct lrt_metrics *metrics, const char *name_space,
                                   const char *function_name, const char *request_id,
                                   int64_t wall_ms, struct svc_buf *out) {
    struct line line = {
        .name_space = name_space,
        .function_name = function_name,
        .request_id = request_id,
        .wall_ms = wall_ms,
    };
    enum svc_status status = SVC_OK;
    if (metrics->count > 0 || metrics->dropped > 0) {
        status = write_metrics(&line, metrics, out);
    }
    for (size_t i = 0; i < metrics->by_count && status == SVC_OK; i++) {
        if (is_first_of_dimension(metrics, i)) {
            status = write_metrics_by(&line, metrics, i, out);
        }
    }
    return status;
}
