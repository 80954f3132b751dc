/* Schedules that fire: see schedule.h. */
#include "lambda/events/schedule.h"

#include <string.h>

#include "lambda/events/eventbridge.h"
#include "lambda/events/fields.h"

static bool is_schedule(const struct lev_eventbridge *event) {
    return strcmp(event->detail_type, "Scheduled Event") == 0 &&
           (strcmp(event->source, "aws.events") == 0 ||
            strcmp(event->source, "aws.scheduler") == 0);
}

enum svc_status lev_schedule_read(const struct svc_json *document, struct lev_schedule *schedule,
                                  struct svc_error *error) {
    struct lev_eventbridge event;
    memset(schedule, 0, sizeof(*schedule));
    if (svc_json_type(document) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "no event of a schedule: not an object");
    }
    if (lev_eventbridge_read(document, &event)) {
        if (!is_schedule(&event)) {
            return svc_fail(error, SVC_MALFORMED,
                            "an event of EventBridge that is not a schedule's");
        }
        schedule->arn = event.resource;
    } else {
        schedule->report_type = svc_json_get_text(document, "reportType");
        if (svc_json_has(document, "reportType") && schedule->report_type == NULL) {
            return svc_fail(error, SVC_MALFORMED, "the reportType is not a text");
        }
    }
    if (!svc_json_has(document, "time")) {
        return svc_fail(error, SVC_MALFORMED, "the event of a schedule has no time");
    }
    if (event.time_ms == LEV_NO_TIME) {
        return svc_fail(error, SVC_MALFORMED,
                        "the time of a schedule is not like 2026-01-02T03:04:05Z");
    }
    schedule->time_ms = event.time_ms;
    return SVC_OK;
}
