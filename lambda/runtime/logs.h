/* The log as Lambda's settings want it: AWS_LAMBDA_LOG_LEVEL, and AWS_LAMBDA_LOG_FORMAT, JSON or
 * Text. Lines go to standard error. */
#ifndef LRT_LOGS_H
#define LRT_LOGS_H

#include "services/base/buf.h"
#include "services/base/log.h"
#include "services/base/settings.h"

/* Sets level and format of `log`; INFO and JSON where they are not set, or not valid. */
void lrt_logs_read_settings(struct svc_settings *from, struct svc_log *log);

/* One JSON line of a svc_log as text, with its newline:
 *   2026-01-02T03:04:05.678Z <tab> request id <tab> INFO <tab> message <tab> name=value ...
 * Strings stay in their JSON form where they hold blanks, controls (U+0080 to U+009F included) or
 * Unicode's line ends (U+2028, U+2029), so that a line stays one line for every reader. A line that
 * is not an object is appended as it is. */
void lrt_logs_to_text(const char *line, size_t size_bytes, struct svc_buf *out);

#endif
