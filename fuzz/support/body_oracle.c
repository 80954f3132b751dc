#include "fuzz/support/body_oracle.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "fuzz/support/json_oracle.h"
#include "services/webhook/fields.h"
#include "services/webhook/limits.h"

/* What one field must be read as. */
struct value {
    char text[256];
    int64_t number; /* won, ms, the place of a word */
};

json_object *body_parse(const uint8_t *bytes, size_t size_bytes, bool *is_exact) {
    struct json_oracle facts = {0};
    *is_exact = false;
    if (!json_oracle_accepts(bytes, size_bytes, &facts) ||
        facts.containers > WEBHOOK_MAX_CONTAINERS ||
        facts.containers + facts.commas > WEBHOOK_MAX_VALUES)
        return NULL;
    /* json-c drops some characters that are written as two escapes. */
    *is_exact = !facts.has_surrogates;
    struct json_tokener *tokener = json_tokener_new_ex(64);
    char *text = fuzz_alloc(size_bytes + 1);
    memcpy(text, bytes, size_bytes);
    text[size_bytes] = '\0';
    json_object *document = json_tokener_parse_ex(tokener, text, (int)size_bytes + 1);
    free(text);
    json_tokener_free(tokener);
    return document;
}

json_object *body_at(json_object *object, const char *path) {
    char name[64];
    while (object != NULL && *path) {
        const size_t size_bytes = strcspn(path, ".");
        json_object *next = NULL;
        FUZZ_CHECK(size_bytes < sizeof(name), "a rule's path: %s", path);
        memcpy(name, path, size_bytes);
        name[size_bytes] = '\0';
        path += size_bytes + (path[size_bytes] == '.');
        if (!json_object_is_type(object, json_type_object) ||
            !json_object_object_get_ex(object, name, &next))
            return NULL;
        object = next;
    }
    return object;
}

/* ---------------------------------------------------------------------- kinds */

/* Whether the text has `pattern`'s shape: '0' is any digit. Returns what follows, or NULL. */
static const char *match(const char *text, const char *pattern) {
    for (; *pattern; text++, pattern++) {
        const bool is_digit = *text >= '0' && *text <= '9';
        if (*pattern == '0' ? !is_digit : *text != *pattern)
            return NULL;
    }
    return text;
}

static int two(const char *digits) {
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

static bool read_time(const char *text, int64_t *time_ms) {
    const char *at = match(text, "0000-00-00T00:00:00");
    int64_t ms = 0, offset_minutes = 0;
    if (at == NULL)
        return false;
    struct tm parts = {.tm_year = two(text) * 100 + two(text + 2) - 1900,
                       .tm_mon = two(text + 5) - 1,
                       .tm_mday = two(text + 8)};
    const int hour = two(text + 11), minute = two(text + 14), second = two(text + 17);
    const struct tm written = parts;
    const int64_t day_s = (int64_t)timegm(&parts);
    if (parts.tm_mday != written.tm_mday || parts.tm_mon != written.tm_mon || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    if (*at == '.') {
        const size_t digits = strspn(++at, "0123456789");
        char thousandths[] = "000";
        memcpy(thousandths, at, digits < 3 ? digits : 3);
        ms = atoi(thousandths);
        at += digits;
        if (digits < 1 || digits > 9)
            return false;
    }
    if (*at == '+' || *at == '-') {
        const int sign = *at == '-' ? -1 : 1;
        const char *end = match(at + 1, "00:00");
        const char *shorter = match(at + 1, "0000");
        if (end == NULL && shorter == NULL)
            return false;
        const int hours = two(at + 1), minutes = two(at + (end ? 4 : 3));
        at = end ? end : shorter;
        offset_minutes = sign * (hours * 60 + minutes);
        if (hours > 23 || minutes > 59)
            return false;
    } else if (*at++ != 'Z') {
        return false;
    }
    *time_ms =
        (day_s + hour * 3600 + minute * 60 + second) * 1000 + ms - offset_minutes * INT64_C(60000);
    return *at == '\0';
}

/* Bytes of the character that begins here. */
static size_t character_bytes(const char *at) {
    const uint8_t first = (uint8_t)*at;
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_control(const char *at) {
    return (uint8_t)*at < 0x20 || *at == 0x7f || ((uint8_t)*at == 0xc2 && (uint8_t)at[1] < 0xa0);
}

/* Copies without controls as far as whole characters fit. Returns whether nothing was changed. */
static bool copy(const char *text, size_t max_bytes, char *out) {
    size_t read_bytes = 0, written = 0;
    bool is_same = true;
    while (text[read_bytes]) {
        const size_t size_bytes = character_bytes(text + read_bytes);
        if (read_bytes + size_bytes > max_bytes) {
            is_same = false;
            break;
        }
        if (is_control(text + read_bytes)) {
            out[written++] = ' ';
            is_same = false;
        } else {
            memcpy(out + written, text + read_bytes, size_bytes);
            written += size_bytes;
        }
        read_bytes += size_bytes;
    }
    out[written] = '\0';
    return is_same;
}

static bool read_won(json_object *number, int64_t low_won, int64_t *won) {
    const double as_double = json_object_get_double(number);
    if (json_object_is_type(number, json_type_int)) {
        *won = json_object_get_int64(number);
    } else if (json_object_is_type(number, json_type_double) && fabs(as_double) < 1e15 &&
               trunc(as_double) == as_double) {
        *won = llround(as_double);
    } else {
        return false;
    }
    return *won >= low_won && *won <= WEBHOOK_MAX_AMOUNT_WON;
}

static bool read_word(const char *text, const char *const *words, int64_t *place) {
    for (*place = 0; words[*place]; ++*place)
        if (!strcmp(words[*place], text))
            return true;
    *place = 0;
    return false;
}

static bool read_text(const struct body_rule *rule, const char *text, struct value *value) {
    char kst[64];
    switch (rule->kind) {
    case BODY_ID:
        return copy(text, (size_t)rule->limit, value->text) &&
               text[strspn(text, "-_.=0123456789abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
    case BODY_NAME:
        return copy(text, (size_t)rule->limit, value->text);
    case BODY_TEXT:
        copy(text, (size_t)rule->limit, value->text);
        return true;
    case BODY_TIME_KST:
        snprintf(kst, sizeof(kst), "%.40s+09:00", text);
        if (!read_time(text, &value->number) && strlen(text) <= 40)
            return read_time(kst, &value->number);
        return read_time(text, &value->number);
    case BODY_TIME:
        return read_time(text, &value->number);
    case BODY_WORD:
        return read_word(text, rule->words, &value->number);
    case BODY_WON:
        break;
    }
    return false;
}

static bool read_field(json_object *object, const struct body_rule *rule, bool is_required,
                       struct value *value) {
    json_object *found = body_at(object, rule->path);
    const char *text =
        json_object_is_type(found, json_type_string) ? json_object_get_string(found) : NULL;
    value->text[0] = '\0';
    value->number = rule->kind == BODY_TIME ? WEBHOOK_NO_TIME : 0;
    if (found == NULL)
        return !is_required;
    if (rule->kind == BODY_WON)
        return read_won(found, rule->limit, &value->number);
    if (text == NULL || strlen(text) != (size_t)json_object_get_string_len(found))
        return false;
    if (*text == '\0')
        return !is_required && rule->kind != BODY_WORD;
    return read_text(rule, text, value);
}

/* ---------------------------------------------------------------------- tables */

bool body_accepts(json_object *object, const struct body_rule *rules, size_t count,
                  unsigned status) {
    struct value value;
    for (size_t i = 0; i < count; i++)
        if (!read_field(object, &rules[i], rules[i].required_in >> status & 1, &value))
            return false;
    return true;
}

static int64_t kept_number(const struct body_rule *rule, const void *read) {
    const uint8_t *at = (const uint8_t *)read + rule->offset;
    int64_t number = 0;
    int word = 0;
    if (rule->kind != BODY_WORD) {
        memcpy(&number, at, sizeof(number));
        return number;
    }
    memcpy(&word, at, sizeof(word)); /* an enum */
    return word;
}

static bool is_text(const struct body_rule *rule) {
    return rule->kind == BODY_ID || rule->kind == BODY_NAME || rule->kind == BODY_TEXT;
}

void body_compare(json_object *object, const struct body_rule *rules, size_t count,
                  const void *read) {
    struct value value;
    for (size_t i = 0; i < count; i++) {
        const struct body_rule *rule = &rules[i];
        if (rule->offset == BODY_NOT_KEPT)
            continue;
        read_field(object, rule, false, &value);
        if (is_text(rule)) {
            const char *text = (const char *)read + rule->offset;
            FUZZ_CHECK(!strcmp(text, value.text), "%s is \"%s\", not \"%s\"", rule->path, text,
                       value.text);
        } else {
            const int64_t number = kept_number(rule, read);
            FUZZ_CHECK(number == value.number, "%s is %lld, not %lld", rule->path,
                       (long long)number, (long long)value.number);
        }
    }
}

unsigned body_word(json_object *object, const char *path, const char *const *words) {
    const struct body_rule rule = {path, BODY_WORD, 0, BODY_NOT_KEPT, 0, words};
    struct value value;
    return read_field(object, &rule, false, &value) ? (unsigned)value.number : 0;
}

/* The offset keeps the year in four digits. */
static json_object *time_text(int64_t time_ms) {
    static const int64_t shift_ms = (23 * 60 + 59) * INT64_C(60000);
    const int sign = time_ms < INT64_C(-62167219200000)    ? 1
                     : time_ms >= INT64_C(253402300800000) ? -1
                                                           : 0;
    const int64_t shown_ms = time_ms + sign * shift_ms;
    const time_t seconds = (time_t)((shown_ms - ((shown_ms % 1000) + 1000) % 1000) / 1000);
    struct tm parts;
    char text[64], zone[96];
    gmtime_r(&seconds, &parts);
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    snprintf(zone, sizeof(zone), "%s.%03d%s", text, (int)(shown_ms - (int64_t)seconds * 1000),
             sign == 0  ? "Z"
             : sign > 0 ? "+23:59"
                        : "-23:59");
    return json_object_new_string(zone);
}

static json_object *field_json(const struct body_rule *rule, const void *read) {
    const char *text = (const char *)read + rule->offset;
    if (is_text(rule))
        return json_object_new_string(text);
    const int64_t number = kept_number(rule, read);
    if (rule->kind == BODY_WORD)
        return json_object_new_string(rule->words[number]);
    if (rule->kind == BODY_WON)
        return json_object_new_int64(number);
    return number == WEBHOOK_NO_TIME ? NULL : time_text(number);
}

void body_write(json_object *object, const struct body_rule *rules, size_t count,
                const void *read) {
    for (size_t i = 0; i < count; i++) {
        const struct body_rule *rule = &rules[i];
        const char *name = rule->path;
        json_object *at = object;
        for (const char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
            char part[64];
            json_object *next = NULL;
            snprintf(part, sizeof(part), "%.*s", (int)(dot - name), name);
            if (!json_object_object_get_ex(at, part, &next))
                json_object_object_add(at, part, next = json_object_new_object());
            at = next;
        }
        if (rule->offset != BODY_NOT_KEPT)
            json_object_object_add(at, name, field_json(rule, read));
        else /* the first word is the only one */
            json_object_object_add(at, name, json_object_new_string(rule->words[0]));
    }
}

void body_check_error(enum svc_status status, const struct webhook_error *error, const void *read,
                      size_t read_bytes) {
    const uint8_t *bytes = read;
    if (status == SVC_OK) {
        FUZZ_CHECK(error->reason == WEBHOOK_REASON_NONE && !error->field[0], "an error of OK");
        return;
    }
    FUZZ_CHECK(status == error->status && (status == SVC_MALFORMED || status == SVC_TOO_LARGE),
               "%s", svc_status_name(status));
    FUZZ_CHECK(error->reason != WEBHOOK_REASON_NONE && error->reason < WEBHOOK_REASON_NO_MEMORY &&
                   webhook_http_status(error->reason) / 100 == 4 && error->detail[0],
               "reason %d", (int)error->reason);
    for (const char *at = error->detail; *at; at++)
        FUZZ_CHECK(*at >= ' ' && *at < 0x7f, "0x%02x in a detail", (unsigned char)*at);
    /* Zero at first, and each byte equal to the next. */
    FUZZ_CHECK(read_bytes == 0 || (bytes[0] == 0 && !memcmp(bytes, bytes + 1, read_bytes - 1)),
               "something is kept after a failure");
}
