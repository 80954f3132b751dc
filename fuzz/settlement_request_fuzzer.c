/* Events that ask for reports, read again by json-c; the period of each against a calendar of
 * timegm; and what is written of a period: its name, which is read as the same period, its text for
 * people, object keys and file names. The input is the event; behind a NUL the choices. The text of
 * the event is also a day, the name of a period, a seller's id and a business name. */
#include <string.h>
#include <time.h>

#include "fuzz/support/body_oracle.h"
#include "services/base/text.h"
#include "services/settlement/object_key.h"
#include "services/settlement/request.h"

#define DAY_S  INT64_C(86400)
#define DAY_MS INT64_C(86400000)
#define KST_MS INT64_C(32400000)

static const char *const types[] = {"daily", "weekly", "monthly", "custom", NULL};

/* ---------------------------------------------------------------------- the calendar */

static struct tm date_of(int64_t day) {
    const time_t seconds = (time_t)(day * DAY_S);
    struct tm parts;
    FUZZ_CHECK(gmtime_r(&seconds, &parts) != NULL, "no date");
    return parts;
}

static int64_t day_of(int year, int month, int day_of_month) {
    struct tm parts = {.tm_year = year - 1900, .tm_mon = month, .tm_mday = day_of_month};
    return (int64_t)timegm(&parts) / DAY_S;
}

static int64_t kst_day(int64_t time_ms) {
    const int64_t kst_ms = time_ms + KST_MS;
    return kst_ms / DAY_MS - (kst_ms % DAY_MS < 0);
}

/* "2026-09-01" from 1970 to 2199, and nothing else. */
static bool read_day(const char *text, int64_t *day) {
    int year = 0, month = 0, day_of_month = 0;
    char again[64];
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d", &year, &month, &day_of_month) != 3)
        return false;
    *day = day_of(year, month - 1, day_of_month);
    const struct tm date = date_of(*day);
    snprintf(again, sizeof(again), "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1,
             date.tm_mday);
    return year >= 1970 && year <= 2199 && !strcmp(again, text);
}

/* The days of the week or month that contains `day`. */
static void around(enum settle_period_type type, int64_t day, int64_t *first, int64_t *last) {
    const struct tm date = date_of(day);
    *first = *last = day;
    if (type == SETTLE_WEEKLY) {
        *first = day - (date.tm_wday + 6) % 7;
        *last = *first + 6;
    } else if (type == SETTLE_MONTHLY) {
        *first = day - (date.tm_mday - 1);
        *last = day_of(date.tm_year + 1900, date.tm_mon + 1, 1) - 1;
    }
}

/* ---------------------------------------------------------------------- the event */

static bool read_member_day(json_object *event, const char *name, bool *is_set, int64_t *day) {
    json_object *value = body_at(event, name);
    *is_set = value != NULL;
    *day = 0;
    return value == NULL || (json_object_is_type(value, json_type_string) &&
                             read_day(json_object_get_string(value), day));
}

static bool read_seller(json_object *event, char seller[SETTLE_MAX_SELLER_ID_BYTES + 1]) {
    json_object *value = body_at(event, "sellerId");
    seller[0] = '\0';
    if (json_object_is_type(value, json_type_int)) {
        snprintf(seller, SETTLE_MAX_SELLER_ID_BYTES + 1, "%llu",
                 (unsigned long long)json_object_get_uint64(value));
        return json_object_get_int64(value) >= 0 && json_object_get_uint64(value) <= INT64_MAX;
    }
    if (value == NULL)
        return true;
    const char *text = json_object_get_string(value);
    const size_t size = (size_t)json_object_get_string_len(value);
    if (!json_object_is_type(value, json_type_string) || size < 1 || size > 64 ||
        strspn(text, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != size)
        return false;
    memcpy(seller, text, size + 1);
    return true;
}

static bool read_flag(json_object *event, const char *name, bool *flag) {
    json_object *value = body_at(event, name);
    *flag = json_object_get_boolean(value);
    return value == NULL || json_object_is_type(value, json_type_boolean);
}

static bool has_known_members(json_object *event) {
    static const char known[] = " reportType time date startDate endDate sellerId force dryRun ";
    bool is_known = true;
    json_object_object_foreach(event, name, value) {
        char word[32];
        (void)value;
        snprintf(word, sizeof(word), " %.20s ", name);
        is_known =
            is_known && !strchr(name, ' ') && *name && strlen(name) < 20 && strstr(known, word);
    }
    return is_known;
}

/* Whether the event is one, and what it says. */
static bool expect(json_object *event, struct settle_request *request) {
    static const struct body_rule type_rule = {"reportType",  BODY_WORD, BODY_ALWAYS,
                                               BODY_NOT_KEPT, 0,         types};
    static const struct body_rule time_rule = {"time", BODY_TIME, BODY_ALWAYS, 0, 0, NULL};
    bool has_first = false, has_last = false;
    int64_t day = 0, first = 0, last = 0;
    memset(request, 0, sizeof(*request));
    if (!json_object_is_type(event, json_type_object) || !has_known_members(event) ||
        !body_accepts(event, &type_rule, 1, 0))
        return false;
    request->type = (enum settle_period_type)body_word(event, "reportType", types);
    request->has_time = body_at(event, "time") != NULL;
    if (request->has_time && !body_accepts(event, &time_rule, 1, 0))
        return false;
    const bool is_custom = request->type == SETTLE_CUSTOM;
    const bool is_good = read_member_day(event, "date", &request->has_date, &day) &&
                         read_member_day(event, "startDate", &has_first, &first) &&
                         read_member_day(event, "endDate", &has_last, &last) &&
                         read_seller(event, request->seller_id) &&
                         read_flag(event, "force", &request->force) &&
                         read_flag(event, "dryRun", &request->dry_run);
    request->day = (int32_t)day;
    request->first_day = (int32_t)first;
    request->last_day = (int32_t)last;
    return is_good && has_first == is_custom && has_last == is_custom &&
           !(is_custom && request->has_date);
}

static void check_equal(json_object *event, const struct settle_request *found,
                        const struct settle_request *expected) {
    static const struct body_rule time_rule = {
        "time", BODY_TIME, 0, offsetof(struct settle_request, time_ms), 0, NULL};
    FUZZ_CHECK(found->type == expected->type && found->has_time == expected->has_time &&
                   found->has_date == expected->has_date && found->day == expected->day &&
                   found->first_day == expected->first_day && found->last_day == expected->last_day,
               "another time");
    FUZZ_CHECK(!strcmp(found->seller_id, expected->seller_id), "the seller %s, not %s",
               found->seller_id, expected->seller_id);
    FUZZ_CHECK(found->force == expected->force && found->dry_run == expected->dry_run,
               "another flag");
    if (found->has_time)
        body_compare(event, &time_rule, 1, found);
}

/* ---------------------------------------------------------------------- periods */

static void check_text(const struct settle_period *period) {
    struct svc_buf text;
    struct tm last = {0}, first = {0};
    int year = 0, month = 0, day = 0;
    svc_buf_init(&text, 256);
    FUZZ_CHECK(settle_period_put_text(period, EMAIL_EN, &text), "no text");
    const char *dash = strstr(svc_buf_text(&text), " – ");
    const char *end =
        strptime(dash ? dash + strlen(" – ") : svc_buf_text(&text), "%B %d, %Y", &last);
    FUZZ_CHECK(end && !*end && timegm(&last) / DAY_S == period->last_day, "%s",
               svc_buf_text(&text));
    first.tm_year = last.tm_year;
    if (dash) {
        end = strptime(svc_buf_text(&text), "%B %d", &first);
        if (end && *end == ',')
            end = strptime(end, ", %Y", &first);
        FUZZ_CHECK(end == dash && timegm(&first) / DAY_S == period->first_day, "%s",
                   svc_buf_text(&text));
    }
    FUZZ_CHECK((dash != NULL) == (period->first_day != period->last_day), "one day or two");
    svc_buf_reset(&text);
    FUZZ_CHECK(settle_period_put_text(period, EMAIL_KO, &text) &&
                   sscanf(svc_buf_text(&text), "%d년 %d월 %d일", &year, &month, &day) == 3 &&
                   day_of(year, month - 1, day) == period->first_day,
               "%s", svc_buf_text(&text));
    svc_buf_clear(&text);
}

static void check_key(const struct settle_period *period, const char *seller, uint32_t version,
                      enum settle_format format) {
    char key[SETTLE_OBJECT_KEY_BYTES], expected[512], first[64], last[64], suffix[96] = "";
    const struct tm from = date_of(period->first_day), to = date_of(period->last_day);
    const size_t size = strlen(seller);
    const bool is_good = size >= 1 && size <= 64 &&
                         strspn(seller, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                        "abcdefghijklmnopqrstuvwxyz") == size;
    strftime(first, sizeof(first), "%Y-%m-%d", &from);
    strftime(last, sizeof(last), ".%Y-%m-%d", &to);
    if (version > 0)
        snprintf(suffix, sizeof(suffix), "%s.v%u", period->type == SETTLE_CUSTOM ? last : "",
                 version);
    snprintf(expected, sizeof(expected), "settlements/%s/%s/seller-%.64s%s.%s", types[period->type],
             first, seller, suffix,
             format == SETTLE_CSV    ? "csv"
             : format == SETTLE_HTML ? "html"
                                     : "json");
    FUZZ_CHECK(settle_object_key(period, seller, format, version, key) == is_good &&
                   !strcmp(key, is_good ? expected : ""),
               "the key %s, not %s", key, expected);
}

/* Of valid UTF-8. */
static uint32_t take_code(const char **at) {
    const uint8_t first = (uint8_t) * (*at)++;
    const int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3fu >> more);
    for (int i = 0; i < more; i++)
        code = code * 64 + ((uint8_t) * (*at)++ & 0x3f);
    return code;
}

static bool is_forbidden(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
           (code < 0x7f && strchr("/\\:*?\"<>|%", (int)code)) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

static void check_file_name(const struct settle_period *period, const char *business,
                            enum settle_format format) {
    char name[SETTLE_PERIOD_NAME_BYTES], begin[64];
    struct svc_buf text;
    settle_period_name(period, name);
    snprintf(begin, sizeof(begin), "정산_%s%s", name, *business ? "_" : "");
    svc_buf_init(&text, 1024);
    FUZZ_CHECK(settle_put_file_name(period, business, format, &text), "no file name");
    const char *at = svc_buf_text(&text), *extension = strrchr(at, '.');
    FUZZ_CHECK(svc_utf8_valid(text.bytes, text.size_bytes) && !strncmp(at, begin, strlen(begin)) &&
                   extension && !strcmp(extension + 1, settle_format_extension(format)),
               "%s", at);
    at += strlen(begin);
    const bool is_valid = svc_utf8_valid((const uint8_t *)business, strlen(business));
    size_t characters = 0;
    for (; at < extension; characters++) {
        uint32_t code = take_code(&at), expected = 0;
        FUZZ_CHECK(!is_forbidden(code), "U+%04X in a file name", code);
        while (is_valid && is_forbidden(expected = take_code(&business)))
            FUZZ_CHECK(expected, "a character more");
        FUZZ_CHECK(!is_valid || code == expected, "U+%04X, not U+%04X", code, expected);
    }
    while (is_valid && characters < 40 && *business)
        FUZZ_CHECK(is_forbidden(take_code(&business)), "a character is left out");
    FUZZ_CHECK(characters <= 40, "%zu characters", characters);
    svc_buf_clear(&text);
}

static void check_period(const struct settle_period *period, int64_t time_ms) {
    char name[SETTLE_PERIOD_NAME_BYTES], week[64];
    struct settle_period again;
    settle_period_name(period, name);
    FUZZ_CHECK(settle_period_parse(name, time_ms, &again, NULL) == SVC_OK &&
                   again.type == period->type && again.first_day == period->first_day &&
                   again.last_day == period->last_day && again.from_ms == period->from_ms &&
                   again.to_ms == period->to_ms,
               "%s is another period", name);
    if (period->type == SETTLE_WEEKLY) {
        const struct tm monday = date_of(period->first_day);
        strftime(week, sizeof(week), "%G-W%V", &monday);
        FUZZ_CHECK(!strcmp(name, week), "%s, not %s", name, week);
    }
    check_text(period);
}

/* The period of an accepted event, or that it has none. */
static bool check_request_period(const struct settle_request *request, int64_t arrived_ms,
                                 struct settle_period *period) {
    const int64_t time_ms = request->has_time ? request->time_ms : arrived_ms;
    int64_t first = request->first_day, last = request->last_day;
    const bool is_known = request->type == SETTLE_CUSTOM || request->has_date || request->has_time;
    if (request->type != SETTLE_CUSTOM && request->has_date) {
        around(request->type, request->day, &first, &last);
    } else if (request->type != SETTLE_CUSTOM) {
        around(request->type, kst_day(time_ms), &first, &last);
        around(request->type, first - 1, &first, &last);
    }
    const bool is_good = is_known && first <= last && last - first < SETTLE_MAX_CUSTOM_DAYS &&
                         first >= 0 && last <= day_of(2199, 11, 31) &&
                         (last + 1) * DAY_MS - KST_MS <= time_ms;
    const enum svc_status status = settle_request_period(request, arrived_ms, period, NULL);
    FUZZ_CHECK(status == (is_good    ? SVC_OK
                          : is_known ? SVC_INVALID_ARGUMENT
                                     : SVC_MALFORMED),
               "%s: days %lld to %lld at %lld", svc_status_name(status), (long long)first,
               (long long)last, (long long)time_ms);
    if (is_good) {
        FUZZ_CHECK(period->type == request->type && period->first_day == first &&
                       period->last_day == last && period->from_ms == first * DAY_MS - KST_MS &&
                       period->to_ms == (last + 1) * DAY_MS - KST_MS,
                   "days %d to %d, not %lld to %lld", period->first_day, period->last_day,
                   (long long)first, (long long)last);
        check_period(period, time_ms);
    }
    return is_good;
}

/* The text as a day and as a period's name. */
static void check_names(const char *text, struct settle_period *period) {
    char name[SETTLE_PERIOD_NAME_BYTES], written[SETTLE_DAY_BYTES];
    int64_t expected = 0;
    int32_t day = 0;
    const bool is_day = read_day(text, &expected);
    FUZZ_CHECK(settle_day_parse(text, &day) == is_day && (!is_day || day == expected), "%s is %d",
               text, day);
    settle_day_write(day, written);
    FUZZ_CHECK(!is_day || !strcmp(written, text), "%s became %s", text, written);
    if (settle_period_parse(text, INT64_C(8000000000000), period, NULL) == SVC_OK) {
        settle_period_name(period, name);
        FUZZ_CHECK(!strcmp(name, text), "%s became %s", text, name);
        check_period(period, INT64_C(8000000000000));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct settle_request found, expected;
    struct settle_period period;
    struct svc_json *document = NULL;
    struct svc_error error;
    bool is_exact = false;
    size_t text_bytes = 0;
    char *text = fuzz_take_line(&input, '\0', &text_bytes);
    const int64_t arrived_ms = (int64_t)(fuzz_take_u64(&input) >> 21);
    const uint32_t version = fuzz_take_bool(&input) ? fuzz_take_u32(&input) : 0;
    const enum settle_format format = (enum settle_format)(fuzz_take_u8(&input) % SETTLE_FORMATS);
    FUZZ_CHECK(settle_period_parse("2026-09-01..2026-09-15", INT64_C(8000000000000), &period,
                                   NULL) == SVC_OK,
               "no period");
    json_object *event = body_parse((const uint8_t *)text, text_bytes, &is_exact);
    if (svc_json_parse(text, text_bytes, 0, &document, NULL) == SVC_OK && is_exact) {
        const enum svc_status status = settle_request_read(document, &found, &error);
        const bool is_good = expect(event, &expected);
        FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_MALFORMED), "%s: %s", svc_status_name(status),
                   status == SVC_OK ? "" : error.detail);
        if (is_good) {
            check_equal(event, &found, &expected);
            check_request_period(&found, arrived_ms, &period);
            check_key(&period, found.seller_id, version, format);
        }
    }
    svc_json_free(document);
    json_object_put(event);
    check_names(text, &period);
    check_key(&period, text, version, format);
    check_file_name(&period, text, format);
    free(text);
    return 0;
}
