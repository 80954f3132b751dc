/* The log as Lambda's settings want it: AWS_LAMBDA_LOG_LEVEL, and AWS_LAMBDA_LOG_FORMAT, JSON or
 * Text. */
#ifndef LRT_LOGS_H
#define LRT_LOGS_H

#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/log.h"

/* Fills `log`: `level` (INFO if it is NULL or no level), JSON unless `format` is "Text" (NULL is
 * allowed). Lines go to standard error. */
void lrt_logs_init(struct svc_log *log, const char *level, const char *format,
                   const struct svc_clock *clock);

/* One JSON line of a svc_log as text, with its newline:
 *   2026-01-02T03:04:05.678Z <tab> request id <tab> INFO <tab> message <tab> name=value ...
 * Strings stay in their JSON form where they hold blanks or controls, so that a line stays a line.
 * A line that is not an object is appended as it is. */
void lrt_logs_to_text(const char *line, size_t size_bytes, struct svc_buf *out);

#endif
