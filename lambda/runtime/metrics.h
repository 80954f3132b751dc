/* Metrics of an invocation, written as lines of CloudWatch's embedded metric format: CloudWatch
 * makes metrics of them, and the lines themselves can be searched in the logs.
 *
 * Every metric has the dimension FunctionName; lrt_metrics_add_by adds a second one. What does not
 * fit the fixed tables is not written, and its number is the metric MetricsDropped.
 *
 * Format: "Specification: Embedded metric format" in the CloudWatch user guide. */
#ifndef LRT_METRICS_H
#define LRT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/status.h"

#define LRT_MAX_METRICS             24
#define LRT_MAX_METRICS_BY          32 /* combinations of a metric, a dimension and its value */
#define LRT_DIMENSION_VALUE_BYTES   64 /* with the NUL */
#define LRT_MAX_METRICS_LINES_BYTES ((size_t)64 * 1024) /* all lines of an invocation */

enum lrt_unit { LRT_COUNT, LRT_MILLISECONDS, LRT_BYTES };

struct lrt_metrics {
    size_t count, by_count;
    int64_t dropped; /* additions that found no place */
    struct {
        const char *name; /* a constant of the code */
        enum lrt_unit unit;
        int64_t value;
    } values[LRT_MAX_METRICS];
    struct {
        const char *name, *dimension; /* constants of the code */
        char dimension_value[LRT_DIMENSION_VALUE_BYTES];
        int64_t value;
    } by[LRT_MAX_METRICS_BY];
};

void lrt_metrics_reset(struct lrt_metrics *metrics);
/* Adds to a metric, which begins at 0 and stays at the ends of int64_t. metrics NULL: nothing
 * happens. */
void lrt_metrics_add(struct lrt_metrics *metrics, const char *name, enum lrt_unit unit,
                     int64_t value);
/* Adds `count` to the metric `name` with the dimension `dimension` of the value `dimension_value`:
 *   lrt_metrics_add_by(metrics, "Rejects", "Reason", "TRUNCATED", 1);
 * Name and dimension are constants of the code; no metric is named like a dimension. The value is
 * copied: printable ASCII, not blank, below LRT_DIMENSION_VALUE_BYTES (another one is dropped).
 * Each value makes a metric of its own in CloudWatch, so there should be few. */
void lrt_metrics_add_by(struct lrt_metrics *metrics, const char *name, const char *dimension,
                        const char *dimension_value, int64_t count);

/* Appends the lines, each with its newline: one for the metrics with the dimension FunctionName
 * alone, and one for each further dimension and value, with all metrics that have it. Nothing if
 * there are no metrics. Errors: TOO_LARGE, NO_MEMORY. */
enum svc_status lrt_metrics_format(const struct lrt_metrics *metrics, const char *name_space,
                                   const char *function_name, const char *request_id,
                                   int64_t wall_ms, struct svc_buf *out);

#endif
