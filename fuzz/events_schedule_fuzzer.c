/* Schedules and other events of EventBridge, and the times in them: a time that is read is the one
 * that strptime and timegm read, and is written as the same text. */
#include <string.h>
#include <time.h>

#include "fuzz/support/fuzz.h"
#include "lambda/events/eventbridge.h"
#include "lambda/events/fields.h"
#include "lambda/events/kind.h"
#include "lambda/events/schedule.h"
#include "services/base/clock.h"

/* Milliseconds since 1970 by the C library; false: not "YYYY-MM-DDThh:mm:ss[.f]Z". */
static bool read_time(const char *text, int64_t *time_ms) {
    struct tm parts = {0}, again;
    int ms = 0, scale = 100;
    if (strlen(text) < 20 || strspn(text, "0123456789") != 4 || text[4] != '-' || text[7] != '-')
        return false;
    for (int i = 5; i < 19; i++) {
        if ((i == 7 && text[i] != '-') || (i == 10 && text[i] != 'T') ||
            ((i == 13 || i == 16) && text[i] != ':') ||
            (i != 7 && i != 10 && i != 13 && i != 16 && (text[i] < '0' || text[i] > '9')))
            return false;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (end != text + 19 || parts.tm_sec > 59)
        return false;
    if (*end == '.') {
        const size_t digits = strspn(++end, "0123456789");
        if (digits < 1 || digits > 9)
            return false;
        for (size_t i = 0; i < digits; i++, scale /= 10)
            ms += (end[i] - '0') * scale;
        end += digits;
    }
    again = parts;
    const time_t seconds = timegm(&again);
    *time_ms = (int64_t)seconds * 1000 + ms;
    return !strcmp(end, "Z") && again.tm_mday == parts.tm_mday && again.tm_mon == parts.tm_mon;
}

static void check_time(const char *text) {
    int64_t time_ms = 0, expected_ms = 0;
    char written[SVC_ISO8601_BYTES];
    const bool is_time = text && read_time(text, &expected_ms);
    FUZZ_CHECK(lev_parse_time(text, &time_ms) == is_time, "\"%s\" is %s time", text,
               is_time ? "a" : "no");
    if (!is_time)
        return;
    FUZZ_CHECK(time_ms == expected_ms, "\"%s\" is %lld, not %lld", text, (long long)time_ms,
               (long long)expected_ms);
    svc_format_iso8601(time_ms, written);
    FUZZ_CHECK(!strncmp(written, text, 19), "\"%s\" became \"%s\"", text, written);
    int64_t again_ms = 0;
    FUZZ_CHECK(lev_parse_time(written, &again_ms) && again_ms == time_ms, "\"%s\" is another time",
               written);
}

static bool is_text(const struct svc_json *document, const char *name, const char *expected) {
    const char *text = svc_json_get_text(document, name);
    return text && !strcmp(text, expected);
}

static void check_schedule(const struct svc_json *document) {
    struct lev_schedule schedule;
    struct svc_error error = {0};
    const enum svc_status status = lev_schedule_read(document, &schedule, &error);
    const char *time_text = svc_json_get_text(document, "time");
    const bool is_bridge =
        svc_json_get_text(document, "source") && svc_json_get_text(document, "detail-type");
    int64_t expected_ms = 0;
    bool is_good = time_text && read_time(time_text, &expected_ms);
    if (is_bridge)
        is_good = is_good && is_text(document, "detail-type", "Scheduled Event") &&
                  (is_text(document, "source", "aws.events") ||
                   is_text(document, "source", "aws.scheduler"));
    else
        is_good = is_good && (!svc_json_has(document, "reportType") ||
                              svc_json_get_text(document, "reportType"));
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_MALFORMED), "%s: %s", svc_status_name(status),
               error.detail);
    FUZZ_CHECK(!is_good || schedule.time_ms == expected_ms, "another time");
    FUZZ_CHECK(!is_good || lev_kind_of(document) == LEV_SCHEDULE ||
                   svc_json_has(document, "Records") || svc_json_has(document, "Event") ||
                   svc_json_has(document, "invocationSchemaVersion") ||
                   svc_json_has(document, "requestContext"),
               "a schedule of kind %d", (int)lev_kind_of(document));
    if (is_good && !is_bridge)
        FUZZ_CHECK(schedule.report_type == svc_json_get_text(document, "reportType"),
                   "another report");
}

static void check_bridge(const struct svc_json *document) {
    struct lev_eventbridge event;
    int64_t expected_ms = LEV_NO_TIME;
    const char *time_text = svc_json_get_text(document, "time");
    const bool is_event = lev_eventbridge_read(document, &event);
    FUZZ_CHECK(is_event == (svc_json_get_text(document, "source") &&
                            svc_json_get_text(document, "detail-type")),
               "an event or none");
    if (!time_text || !read_time(time_text, &expected_ms))
        expected_ms = LEV_NO_TIME;
    FUZZ_CHECK(event.time_ms == expected_ms && event.detail == svc_json_get(document, "detail"),
               "another event");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct svc_json *document = NULL;
    char *text = fuzz_take_rest(&input, NULL);
    check_time(text);
    if (svc_json_parse(data, size_bytes, 0, &document, NULL) == SVC_OK) {
        check_time(svc_json_get_text(document, "time"));
        check_schedule(document);
        check_bridge(document);
    }
    svc_json_free(document);
    free(text);
    return 0;
}
