/* Members of event documents: see fields.h. */
#include "lambda/events/fields.h"

#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"

/* So far from the ends of an int64_t that times can be added to it. */
#define MAX_DECIMAL UINT64_C(999999999999999999)

bool lev_is_text(const struct svc_json *object, const char *name, const char *expected) {
    const char *text = svc_json_get_text(object, name);
    return text != NULL && strcmp(text, expected) == 0;
}

bool lev_begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

bool lev_get_decimal(const struct svc_json *object, const char *name, int64_t *number) {
    uint64_t value;
    if (!svc_parse_uint(svc_json_get_text(object, name), MAX_DECIMAL, &value)) {
        return false;
    }
    *number = (int64_t)value;
    return true;
}

bool lev_parse_time(const char *text, int64_t *time_ms) {
    static const char shape[] = "2026-01-02T03:04:05";
    const size_t seconds_at = sizeof(shape) - sizeof("05");
    const size_t size_bytes = text != NULL ? strlen(text) : 0;
    return size_bytes >= sizeof(shape) && text[size_bytes - 1] == 'Z' &&
           strncmp(text + seconds_at, "60", 2) != 0 && svc_parse_iso8601(text, time_ms);
}

enum svc_status lev_no_memory(struct svc_error *error) {
    return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
}
