/* Metrics of an invocation, written as one line of CloudWatch's embedded metric format: CloudWatch
 * makes metrics of the line, and the line itself can be searched in the logs.
 *
 * Format: "Embedded metric format specification" in the CloudWatch user guide. */
#ifndef LRT_METRICS_H
#define LRT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/status.h"

#define LRT_MAX_METRICS            24
#define LRT_MAX_REASONS            16
#define LRT_METRICS_NAME_BYTES     40
#define LRT_MAX_METRICS_LINE_BYTES ((size_t)8 * 1024)

enum lrt_unit { LRT_COUNT, LRT_MILLISECONDS, LRT_BYTES };

struct lrt_metrics {
    size_t count, reason_count;
    struct {
        const char *name; /* a constant of the code */
        enum lrt_unit unit;
        int64_t value;
    } values[LRT_MAX_METRICS];
    /* How often for each reason: a metric with the reason as a second dimension. */
    struct {
        char name[LRT_METRICS_NAME_BYTES];
        int64_t value;
    } reasons[LRT_MAX_REASONS];
};

void lrt_metrics_reset(struct lrt_metrics *metrics);
/* Adds to a metric, which begins at 0. metrics NULL: nothing happens. */
void lrt_metrics_add(struct lrt_metrics *metrics, const char *name, enum lrt_unit unit,
                     int64_t value);
/* One more of the metric "Rejects" with the dimension Reason. */
void lrt_metrics_reject(struct lrt_metrics *metrics, const char *reason);

/* Appends the lines, each with its newline: one with the dimension FunctionName, and one for each
 * reason. Nothing if there are no metrics. Errors: TOO_LARGE, NO_MEMORY. */
enum svc_status lrt_metrics_format(const struct lrt_metrics *metrics, const char *name_space,
                                   const char *function_name, const char *request_id,
                                   int64_t wall_ms, struct svc_buf *out);

#endif
