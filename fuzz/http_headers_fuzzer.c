/* Headers of a response: what is kept is what the lines say, found by any case of the name; and the
 * values that decide about retries: x-amz-retry-after, Date, Age. A request is sent only if no part
 * of it can end its line. */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fuzz/support/fuzz.h"
#include "services/aws/retry.h"
#include "services/base/clock.h"
#include "services/base/http.h"
#include "services/base/limits.h"

#define MAX_LINES 64

struct header {
    char *name, *value;
};

/* "Name: value" taken apart from both ends; false: the line is skipped. */
static bool split(const char *line, struct header *header) {
    const char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return false;
    header->name = strndup(line, (size_t)(colon - line));
    header->value = strdup(colon + 1 + strspn(colon + 1, " \t"));
    for (size_t size = strlen(header->value); size > 0 && strchr(" \t", header->value[size - 1]);
         size--)
        header->value[size - 1] = '\0';
    return true;
}

static const char *first_of(const struct header *headers, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++) {
        if (!strcasecmp(headers[i].name, name))
            return headers[i].value;
    }
    return NULL;
}

static void check_kept(const struct svc_http_exchange *exchange, const struct header *headers,
                       size_t count) {
    const char *name = NULL, *value = NULL;
    size_t position = 0, found = 0;
    while (svc_http_next_header(exchange, &position, &name, &value)) {
        FUZZ_CHECK(found < count && !strcmp(name, headers[found].name) &&
                       !strcmp(value, headers[found].value),
                   "header %zu is \"%s\": \"%s\"", found, name, value);
        const char *first = svc_http_header_value(exchange, name);
        FUZZ_CHECK(!strcmp(first, first_of(headers, count, name)), "another %s", name);
        found++;
    }
    FUZZ_CHECK(found == count && position == exchange->headers.size_bytes, "%zu headers of %zu",
               found, count);
}

static void check_retry_after(const char *text, double unit, int n, bool is_throttled) {
    const enum awsc_retry_kind kind = is_throttled ? AWSC_RETRY_THROTTLED : AWSC_RETRY_TRANSIENT;
    const int64_t after_ms = awsc_retry_after_parse(text);
    const bool is_number = text && *text && !text[strspn(text, "0123456789")];
    const char *digits = text ? text + strspn(text, "0") : "";
    const int64_t expected_ms = is_number && strlen(digits) <= 12 ? atoll(digits) : -1;
    FUZZ_CHECK(after_ms == expected_ms, "\"%s\" is %lld", text ? text : "", (long long)after_ms);
    const int64_t own_ms = awsc_retry_delay_ms(n, kind, unit, -1);
    const int64_t delay_ms = awsc_retry_delay_ms(n, kind, unit, after_ms);
    FUZZ_CHECK(own_ms >= 0 && own_ms <= AWSC_RETRY_MAX_DELAY_MS, "a delay of %lld ms",
               (long long)own_ms);
    FUZZ_CHECK(delay_ms >= own_ms && delay_ms <= own_ms + AWSC_RETRY_AFTER_SPAN_MS,
               "%lld ms instead of %lld", (long long)delay_ms, (long long)own_ms);
}

/* strptime and timegm as the oracle. */
static void check_date(const char *text, int64_t sent_ms, int64_t round_ms, const char *age) {
    int64_t read_ms = 0, skew_ms = 42;
    struct tm parts = {0};
    const bool is_date = text && svc_parse_http_date(text, &read_ms);
    if (is_date) {
        const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        FUZZ_CHECK(end && !*end && (int64_t)timegm(&parts) * 1000 == read_ms, "\"%s\" is %lld",
                   text, (long long)read_ms);
    }
    const bool has_skew = awsc_skew(text, age, sent_ms, sent_ms + round_ms, &skew_ms);
    FUZZ_CHECK(has_skew == (is_date && !age && round_ms >= 0 && round_ms <= AWSC_SKEW_MAX_ROUND_MS),
               "a skew or none");
    FUZZ_CHECK(skew_ms == (has_skew ? read_ms - (sent_ms + round_ms / 2) : 42), "a skew of %lld",
               (long long)skew_ms);
}

static bool has_bad(const char *text, const char *bad) {
    for (; *text; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f || strchr(bad, *text))
            return true;
    }
    return false;
}

static void check_request(const char *method, const char *url, const struct header *headers,
                          size_t count) {
    struct svc_http_header sent[MAX_LINES];
    bool is_good = *method && !has_bad(method, " ") && !has_bad(url, " ") &&
                   (!strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8));
    for (size_t i = 0; i < count; i++) {
        sent[i] = (struct svc_http_header){headers[i].name, headers[i].value};
        is_good = is_good && !has_bad(headers[i].name, ": ;\t") && !has_bad(headers[i].value, "");
    }
    const struct svc_http_request request = {
        .method = method, .url = url, .headers = sent, .header_count = count};
    FUZZ_CHECK((svc_http_check_request(&request) == SVC_OK) == is_good, "%s %s: %s", method, url,
               is_good ? "refused" : "accepted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    struct svc_http_exchange exchange = {0};
    struct header headers[MAX_LINES];
    size_t count = 0;
    const double unit = fuzz_take_u8(&input) / 256.0;
    const int n = (int)fuzz_take_range(&input, 1, 40);
    const bool is_throttled = fuzz_take_bool(&input);
    const int64_t sent_ms = (int64_t)fuzz_take_u32(&input) * 1000;
    const int64_t round_ms = (int64_t)fuzz_take_range(&input, 0, 1000000) - 10000;
    svc_buf_init(&exchange.headers, SVC_MAX_RESPONSE_HEADER_BYTES);
    char *method = fuzz_take_line(&input, '\n', NULL);
    char *url = fuzz_take_line(&input, '\n', NULL);
    while (input.size_bytes && count < MAX_LINES) {
        size_t line_bytes = 0;
        char *line = fuzz_take_line(&input, '\n', &line_bytes);
        const bool has_nul = memchr(line, 0, line_bytes) != NULL;
        FUZZ_CHECK(svc_http_keep_header(&exchange, line, line_bytes) ==
                       (has_nul ? SVC_BAD_RESPONSE : SVC_OK),
                   "a header with%s U+0000", has_nul ? "" : "out");
        count += !has_nul && split(line, &headers[count]);
        free(line);
    }
    check_kept(&exchange, headers, count);
    check_retry_after(svc_http_header_value(&exchange, "X-Amz-Retry-After"), unit, n, is_throttled);
    check_date(svc_http_header_value(&exchange, "DATE"), sent_ms, round_ms,
               svc_http_header_value(&exchange, "Age"));
    check_request(method, url, headers, count);
    for (size_t i = 0; i < count; i++) {
        free(headers[i].name);
        free(headers[i].value);
    }
    free(method);
    free(url);
    svc_buf_clear(&exchange.headers);
    return 0;
}
