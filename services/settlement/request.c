/* Reading the event: see request.h. */
#include "services/settlement/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"

static bool is_known_member(void *user, const char *name, const struct svc_json *value) {
    static const char *const members[] = {"reportType", "time",     "date",  "startDate",
                                          "endDate",    "sellerId", "force", "dryRun"};
    (void)user;
    (void)value;
    return SVC_IS_ONE_OF(name, members);
}

bool settle_seller_id_valid(const char *text) {
    size_t size_bytes = text == NULL ? 0 : strlen(text);
    return size_bytes > 0 && size_bytes <= SETTLE_MAX_SELLER_ID_BYTES &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
               size_bytes;
}

static enum svc_status read_seller(const struct svc_json *event, struct settle_request *request,
                                   struct svc_error *error) {
    const struct svc_json *value = svc_json_get(event, "sellerId");
    int64_t number = 0;
    if (value == NULL) {
        return SVC_OK;
    }
    if (svc_json_int(value, &number) && number >= 0) {
        snprintf(request->seller_id, sizeof(request->seller_id), "%" PRId64, number);
        return SVC_OK;
    }
    const char *text = svc_json_text(value);
    if (!settle_seller_id_valid(text)) {
        return svc_fail(error, SVC_MALFORMED,
                        "the sellerId is neither a whole number from 0 nor a text of 1 to %d "
                        "letters, digits, '-' and '_'",
                        SETTLE_MAX_SELLER_ID_BYTES);
    }
    memcpy(request->seller_id, text, strlen(text) + 1);
    return SVC_OK;
}

/* *is_set is whether the member is there; a day that is none is an error. */
static enum svc_status read_day(const struct svc_json *event, const char *name, bool *is_set,
                                int32_t *day, struct svc_error *error) {
    const struct svc_json *value = svc_json_get(event, name);
    *is_set = value != NULL;
    if (value != NULL && !settle_day_parse(svc_json_text(value), day)) {
        return svc_fail(error, SVC_MALFORMED,
                        "the %s is not a day like 2026-09-01 from 1970 to 2199", name);
    }
    return SVC_OK;
}

static enum svc_status read_days(const struct svc_json *event, struct settle_request *request,
                                 struct svc_error *error) {
    bool has_first = false, has_last = false;
    const bool is_custom = request->type == SETTLE_CUSTOM;
    enum svc_status status = read_day(event, "date", &request->has_date, &request->day, error);
    if (status == SVC_OK) {
        status = read_day(event, "startDate", &has_first, &request->first_day, error);
    }
    if (status == SVC_OK) {
        status = read_day(event, "endDate", &has_last, &request->last_day, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (is_custom && (!has_first || !has_last || request->has_date)) {
        return svc_fail(error, SVC_MALFORMED,
                        "a custom report takes a startDate and an endDate, and no date");
    }
    if (!is_custom && (has_first || has_last)) {
        return svc_fail(error, SVC_MALFORMED,
                        "only a custom report takes a startDate and an endDate");
    }
    return SVC_OK;
}

static enum svc_status read_time(const struct svc_json *event, struct settle_request *request,
                                 struct svc_error *error) {
    const struct svc_json *value = svc_json_get(event, "time");
    const char *text = svc_json_text(value);
    request->has_time = value != NULL;
    if (value != NULL && (text == NULL || !svc_parse_iso8601(text, &request->time_ms))) {
        return svc_fail(error, SVC_MALFORMED, "the time is not like 2026-01-02T03:04:05Z");
    }
    return SVC_OK;
}

static enum svc_status read_flag(const struct svc_json *event, const char *name, bool *flag,
                                 struct svc_error *error) {
    const struct svc_json *value = svc_json_get(event, name);
    if (value == NULL || svc_json_bool(value, flag)) {
        return SVC_OK;
    }
    return svc_fail(error, SVC_MALFORMED, "%s is neither true nor false", name);
}

static enum svc_status read_all(const struct svc_json *event, struct settle_request *request,
                                struct svc_error *error) {
    if (svc_json_type(event) != SVC_JSON_OBJECT) {
        return svc_fail(error, SVC_MALFORMED, "the event is not an object");
    }
    if (!svc_json_members(event, is_known_member, NULL)) {
        return svc_fail(error, SVC_MALFORMED,
                        "the event has a member other than reportType, time, date, startDate, "
                        "endDate, sellerId, force and dryRun");
    }
    if (!settle_period_type_parse(svc_json_get_text(event, "reportType"), &request->type)) {
        return svc_fail(error, SVC_MALFORMED,
                        "the reportType is none of daily, weekly, monthly and custom");
    }
    enum svc_status status = read_time(event, request, error);
    if (status == SVC_OK) {
        status = read_days(event, request, error);
    }
    if (status == SVC_OK) {
        status = read_seller(event, request, error);
    }
    if (status == SVC_OK) {
        status = read_flag(event, "force", &request->force, error);
    }
    return status != SVC_OK ? status : read_flag(event, "dryRun", &request->dry_run, error);
}

enum svc_status settle_request_read(const struct svc_json *event, struct settle_request *request,
                                    struct svc_error *error) {
    memset(request, 0, sizeof(*request));
    enum svc_status status = read_all(event, request, error);
    if (status != SVC_OK) {
        memset(request, 0, sizeof(*request));
    }
    return status;
}

enum svc_status settle_request_period(const struct settle_request *request, int64_t arrived_ms,
                                      struct settle_period *period, struct svc_error *error) {
    const int64_t time_ms = request->has_time ? request->time_ms : arrived_ms;
    if (request->type == SETTLE_CUSTOM) {
        return settle_period_custom(request->first_day, request->last_day, time_ms, period, error);
    }
    if (request->has_date) {
        return settle_period_around(request->type, request->day, time_ms, period, error);
    }
    if (!request->has_time) {
        return svc_fail(error, SVC_MALFORMED,
                        "the event has neither a time nor a date, so that its period is unknown");
    }
    return settle_period_before(request->type, time_ms, period, error);
}
