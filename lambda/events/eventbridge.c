/* Events of EventBridge: see eventbridge.h. */
#include "lambda/events/eventbridge.h"

#include "lambda/events/fields.h"

bool lev_eventbridge_read(const struct svc_json *document, struct lev_eventbridge *event) {
    *event = (struct lev_eventbridge){
        .source = svc_json_get_text(document, "source"),
        .detail_type = svc_json_get_text(document, "detail-type"),
        .id = svc_json_get_text(document, "id"),
        .resource = svc_json_text(svc_json_at(svc_json_get(document, "resources"), 0)),
        .detail = svc_json_get(document, "detail"),
        .time_ms = LEV_NO_TIME,
    };
    lev_parse_time(svc_json_get_text(document, "time"), &event->time_ms);
    return event->source != NULL && event->detail_type != NULL;
}
