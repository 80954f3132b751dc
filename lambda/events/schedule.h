/* A schedule that fires, in the three forms in which it reaches a function:
 *
 *   rule of EventBridge        {"source":"aws.events","detail-type":"Scheduled Event",
 *                               "time":"2026-01-02T03:04:05Z","resources":["arn:...:rule/NAME"],...}
 *   EventBridge Scheduler      the same with the source "aws.scheduler", if it has no input
 *   an input of the project's  {"reportType":"daily","time":"2026-01-02T03:04:05Z"}, by the input
 *                              transformer of a rule ($.time), or as the input of EventBridge
 *                              Scheduler ("time":"<aws.scheduler.scheduled-time>")
 *
 * The time is the one for which the schedule was due, not the one at which the function runs: a
 * late or repeated run works for the same time. Without it nothing can be said of what is due, so
 * it is required. Format: "Creating a rule that runs on a schedule" in the EventBridge user guide,
 * "Adding context attributes" in that of EventBridge Scheduler. Pure, nothing is allocated. */
#ifndef LEV_SCHEDULE_H
#define LEV_SCHEDULE_H

#include <stdint.h>

#include "services/base/json.h"
#include "services/base/status.h"

/* All pointers are borrowed from the document. */
struct lev_schedule {
    int64_t time_ms;         /* since 1970: when it was due */
    const char *report_type; /* "reportType" of an input of the project's; NULL: none */
    const char *arn;         /* of the rule or the schedule; NULL: not stated */
};

/* Fills `schedule`. Other members of an input of the project's are read from `document` itself.
 * Errors: MALFORMED (no object, an event of something else, a time that is missing or is not in UTC
 * by RFC 3339, a reportType that is not a text). */
enum svc_status lev_schedule_read(const struct svc_json *document, struct lev_schedule *schedule,
                                  struct svc_error *error);

#endif
