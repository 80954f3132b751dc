/* Readers of settings: a value is within its bounds or refused, with a sentence that does not hold
 * it; and times: dates of any moment against gmtime, texts that are read against timegm. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "fuzz/support/fuzz.h"
#include "services/base/chars.h"
#include "services/base/clock.h"
#include "services/base/settings.h"

static const char *get_value(void *user, const char *name) {
    return strcmp(name, "SETTING") ? NULL : user;
}

/* Every reader once, each from a fresh start. */
struct reading {
    const char *value; /* never empty */
    struct svc_environment environment;
    struct svc_settings settings;
    struct svc_error error;
};

static void begin(struct reading *reading) {
    svc_error_clear(&reading->error);
    svc_settings_init(&reading->settings, &reading->environment, &reading->error);
}

static void end(const struct reading *reading, bool is_good) {
    const char *detail = reading->error.detail;
    FUZZ_CHECK(reading->settings.status == (is_good ? SVC_OK : SVC_CONFIGURATION), "\"%s\" is %s",
               reading->value, is_good ? "refused" : "accepted");
    FUZZ_CHECK(is_good || !strncmp(detail, "SETTING is not ", 15), "%s", detail);
    FUZZ_CHECK(!svc_has_control(detail), "a control character in a detail");
    FUZZ_CHECK(strlen(reading->value) < 24 || !strstr(detail, reading->value), "the value: %s",
               detail);
}

static void check_number(struct reading *reading, uint64_t low, uint64_t high) {
    char *rest = NULL;
    errno = 0;
    const unsigned long long expected = strtoull(reading->value, &rest, 10);
    const bool is_good = strspn(reading->value, "0123456789") == strlen(reading->value) &&
                         errno == 0 && expected >= low && expected <= high;
    begin(reading);
    const uint64_t number = svc_setting_number(&reading->settings, "SETTING", low, high, 7);
    end(reading, is_good);
    FUZZ_CHECK(number == (is_good ? expected : 7), "%llu", (unsigned long long)number);
}

static void check_duration(struct reading *reading, int64_t low_ms, int64_t high_ms) {
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 86400000}};
    const size_t digits = strspn(reading->value, "0123456789");
    int64_t expected_ms = 9;
    bool is_good = false;
    for (size_t i = 0; i < 5; i++) {
        errno = 0;
        const long long number = strtoll(reading->value, NULL, 10);
        int64_t ms = 0;
        if (digits && !strcmp(reading->value + digits, units[i].unit) && errno == 0 &&
            !__builtin_mul_overflow(number, units[i].ms, &ms) && ms >= low_ms && ms <= high_ms) {
            is_good = true;
            expected_ms = ms;
        }
    }
    begin(reading);
    const int64_t ms = svc_setting_duration_ms(&reading->settings, "SETTING", low_ms, high_ms, 9);
    end(reading, is_good);
    FUZZ_CHECK(ms == expected_ms, "%s is %lld ms", reading->value, (long long)ms);
}

static void check_words(struct reading *reading) {
    static const char *const words[] = {"jpeg", "png", "webp"};
    bool is_word = false, is_list = true;
    uint32_t expected = 0;
    for (size_t i = 0; i < 3; i++)
        is_word = is_word || !strcmp(reading->value, words[i]);
    begin(reading);
    const size_t choice = svc_setting_choice(&reading->settings, "SETTING", words, 3, 1);
    end(reading, is_word);
    FUZZ_CHECK(choice < 3 && !strcmp(words[choice], is_word ? reading->value : "png"), "a choice");
    char *copy = strdup(reading->value), *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        uint32_t bit = 0;
        for (unsigned i = 0; i < 3; i++)
            bit |= !strcmp(word, words[i]) ? 1u << i : 0;
        is_list = is_list && bit && !(expected & bit);
        expected |= bit;
    }
    free(copy);
    begin(reading);
    const uint32_t chosen = svc_setting_choices(&reading->settings, "SETTING", words, 3, 8);
    end(reading, is_list);
    FUZZ_CHECK(chosen == (is_list ? expected : 8), "choices %u", chosen);
    begin(reading);
    const bool is_true = svc_setting_bool(&reading->settings, "SETTING", true);
    end(reading, !strcasecmp(reading->value, "true") || !strcasecmp(reading->value, "false"));
    FUZZ_CHECK(is_true == (strcasecmp(reading->value, "false") != 0), "a truth");
}

static void check_texts(struct reading *reading) {
    char text[32], url[64], secret[SVC_SECRET_NAME_BYTES];
    const bool is_good = !svc_has_control(reading->value) && strlen(reading->value) < sizeof(text);
    begin(reading);
    svc_setting_text(&reading->settings, "SETTING", "", text, sizeof(text));
    end(reading, is_good);
    FUZZ_CHECK(!strcmp(text, is_good ? reading->value : ""), "\"%s\"", text);
    begin(reading);
    svc_setting_url(&reading->settings, "SETTING", false, "", url, sizeof(url));
    FUZZ_CHECK(!url[0] || (!strcmp(url, reading->value) && !strncmp(url, "https://", 8)), "%s",
               url);
    FUZZ_CHECK((reading->settings.status == SVC_OK) == (url[0] != '\0'), "a URL or a failure");
    begin(reading);
    svc_setting_secret_name(&reading->settings, "SETTING", "", secret);
    FUZZ_CHECK(!secret[0] || !strcmp(secret, reading->value), "%s", secret);
    FUZZ_CHECK((reading->settings.status == SVC_OK) == (secret[0] != '\0'), "a name or a failure");
}

/* ---------------------------------------------------------------------- times */

static void check_moment(int64_t wall_ms) {
    char text[SVC_ISO8601_BYTES], expected[64];
    struct tm parts;
    int64_t again_ms = 0;
    const time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    const int ms = (int)(wall_ms - (int64_t)seconds * 1000);
    FUZZ_CHECK(gmtime_r(&seconds, &parts) != NULL, "no time");
    const struct svc_date date = svc_date_from_ms(wall_ms);
    FUZZ_CHECK(date.year == parts.tm_year + 1900 && date.month == parts.tm_mon + 1 &&
                   date.day == parts.tm_mday && date.hour == parts.tm_hour &&
                   date.minute == parts.tm_min && date.second == parts.tm_sec && date.ms == ms,
               "%lld is %d-%d-%d", (long long)wall_ms, date.year, date.month, date.day);
    FUZZ_CHECK(svc_date_to_ms(&date) == wall_ms, "another moment");
    svc_format_iso8601(wall_ms, text);
    snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year,
             date.month, date.day, date.hour, date.minute, date.second, ms);
    FUZZ_CHECK(!strcmp(text, expected), "%s, not %s", text, expected);
    FUZZ_CHECK(svc_parse_iso8601(text, &again_ms) && again_ms == wall_ms, "%s is another", text);
    strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (parts.tm_year + 1900 >= 1000)
        FUZZ_CHECK(svc_parse_http_date(expected, &again_ms) && again_ms == wall_ms - ms,
                   "%s is another", expected);
}

/* A text that is read is a moment: shifted by its offset, its digits are that of the moment. */
static void check_time(const char *text) {
    int64_t wall_ms = 0;
    struct tm parts = {0};
    if (!svc_parse_iso8601(text, &wall_ms))
        return;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    FUZZ_CHECK(rest == text + 19, "\"%s\" is no time", text);
    const char *zone = rest + strcspn(rest, "Z+-");
    int64_t minutes = 0;
    if (*zone != 'Z')
        minutes = ((zone[1] - '0') * 10 + zone[2] - '0') * 60 +
                  (zone[strlen(zone) - 2] - '0') * 10 + zone[strlen(zone) - 1] - '0';
    const int64_t local_ms =
        ((int64_t)timegm(&parts) + (*zone == '-' ? minutes : -minutes) * 60) * 1000;
    FUZZ_CHECK(wall_ms - local_ms >= 0 && wall_ms - local_ms <= 999, "\"%s\" is %lld, not %lld",
               text, (long long)wall_ms, (long long)local_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    const uint64_t first = fuzz_take_u64(&input), second = fuzz_take_u64(&input);
    char *value = fuzz_take_rest(&input, NULL);
    const uint64_t low = first < second ? first : second, high = first < second ? second : first;
    if (value[0]) {
        struct reading reading = {.value = value, .environment = {get_value, value}};
        check_number(&reading, low, high);
        check_number(&reading, 0, 1000);
        check_duration(&reading, (int64_t)(low >> 1), (int64_t)(high >> 1));
        check_duration(&reading, 0, 86400000);
        check_words(&reading);
        check_texts(&reading);
    }
    /* From the year 0 to 9999. */
    check_moment(INT64_C(-62167219200000) + (int64_t)(first % UINT64_C(315569520000000)));
    check_time(value);
    free(value);
    return 0;
}
