#include "fuzz/support/json_oracle.h"

#include <math.h>
#include <string.h>

#include "services/base/limits.h"

struct name {
    char *bytes;
    size_t size_bytes;
};

struct oracle {
    const uint8_t *bytes;
    size_t size_bytes, at;
    int depth;
    struct name *names; /* of the open objects */
    size_t name_count;
    struct json_oracle facts;
    bool compares;
};

static int peek(const struct oracle *oracle) {
    return oracle->at < oracle->size_bytes ? oracle->bytes[oracle->at] : -1;
}

static bool eat(struct oracle *oracle, int c) {
    if (peek(oracle) != c)
        return false;
    oracle->at++;
    return true;
}

static void eat_space(struct oracle *oracle) {
    while (peek(oracle) == ' ' || peek(oracle) == '\t' || peek(oracle) == '\n' ||
           peek(oracle) == '\r')
        oracle->at++;
}

static bool eat_digits(struct oracle *oracle) {
    const size_t start = oracle->at;
    while (peek(oracle) >= '0' && peek(oracle) <= '9')
        oracle->at++;
    return oracle->at > start;
}

/* ---------------------------------------------------------------------- strings */

static bool eat_hex4(struct oracle *oracle, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const int c = peek(oracle);
        uint32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A' + 10);
        else
            return false;
        *code = *code * 16 + digit;
        oracle->at++;
    }
    return true;
}

static void put_code(char *out, size_t *size_bytes, uint32_t code) {
    char *at = out + *size_bytes;
    if (code < 0x80) {
        at[0] = (char)code;
        *size_bytes += 1;
    } else if (code < 0x800) {
        at[0] = (char)(0xc0 + code / 64);
        at[1] = (char)(0x80 + code % 64);
        *size_bytes += 2;
    } else if (code < 0x10000) {
        at[0] = (char)(0xe0 + code / 4096);
        at[1] = (char)(0x80 + code / 64 % 64);
        at[2] = (char)(0x80 + code % 64);
        *size_bytes += 3;
    } else {
        at[0] = (char)(0xf0 + code / 262144);
        at[1] = (char)(0x80 + code / 4096 % 64);
        at[2] = (char)(0x80 + code / 64 % 64);
        at[3] = (char)(0x80 + code % 64);
        *size_bytes += 4;
    }
}

/* A character in UTF-8: decodes, then refuses what has a shorter form or is no character. */
static bool eat_utf8(struct oracle *oracle, uint32_t *code) {
    const int first = peek(oracle);
    const int more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};
    if (first < 0 || more < 0 || first > 0xf7)
        return false;
    *code = more == 0 ? (uint32_t)first : (uint32_t)first & (0x3fu >> more);
    oracle->at++;
    for (int i = 0; i < more; i++) {
        const int next = peek(oracle);
        if (next < 0x80 || next > 0xbf)
            return false;
        *code = *code * 64 + (uint32_t)(next - 0x80);
        oracle->at++;
    }
    return *code >= lowest[more] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff);
}

static bool eat_escape(struct oracle *oracle, uint32_t *code) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const int c = peek(oracle);
    oracle->at++;
    if (c == 'u') {
        uint32_t low = 0;
        if (!eat_hex4(oracle, code))
            return false;
        if (*code < 0xd800 || *code > 0xdfff)
            return true;
        oracle->facts.has_surrogates = true;
        if (*code > 0xdbff || !eat(oracle, '\\') || !eat(oracle, 'u') || !eat_hex4(oracle, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return false;
        *code = 0x10000 + (*code - 0xd800) * 1024 + (low - 0xdc00);
        return true;
    }
    for (size_t i = 0; i < 8; i++) {
        if (c == from[i]) {
            *code = (uint32_t)to[i];
            return true;
        }
    }
    return false;
}

/* Appends the decoded string to `out`, which takes as many bytes as the text has. */
static bool eat_string(struct oracle *oracle, char *out, size_t *size_bytes) {
    *size_bytes = 0;
    if (!eat(oracle, '"'))
        return false;
    while (!eat(oracle, '"')) {
        uint32_t code = 0;
        if (peek(oracle) < 0x20) /* the text's end too */
            return false;
        if (!(eat(oracle, '\\') ? eat_escape(oracle, &code) : eat_utf8(oracle, &code)))
            return false;
        put_code(out, size_bytes, code);
    }
    return true;
}

/* ---------------------------------------------------------------------- values */

static void compare_number(const char *text, bool is_whole, const struct svc_json *value) {
    int64_t whole = 0;
    double number = 0;
    FUZZ_CHECK(svc_json_type(value) == (is_whole ? SVC_JSON_INT : SVC_JSON_DOUBLE), "%s: type %d",
               text, (int)svc_json_type(value));
    const double expected = strtod(text, NULL);
    if (!is_whole) {
        FUZZ_CHECK(svc_json_double(value, &number) == (isfinite(expected) != 0),
                   "%s: finite or not", text);
        FUZZ_CHECK(!isfinite(expected) || number == expected, "%s became %.17g", text, number);
        return;
    }
    __int128 exact = 0;
    for (const char *c = text + (*text == '-'); *c != '\0' && exact <= INT64_MAX; c++)
        exact = exact * 10 + (*c - '0');
    const bool fits = exact <= INT64_MAX;
    FUZZ_CHECK(svc_json_int(value, &whole) == fits, "%s: %s", text, fits ? "fits" : "does not fit");
    FUZZ_CHECK(!fits || whole == (*text == '-' ? -(int64_t)exact : (int64_t)exact),
               "%s became %lld", text, (long long)whole);
}

static bool take_number(struct oracle *oracle, const struct svc_json *value) {
    const size_t start = oracle->at;
    bool is_whole = true;
    eat(oracle, '-');
    if (!eat(oracle, '0') && (peek(oracle) == '0' || !eat_digits(oracle)))
        return false;
    if (eat(oracle, '.')) {
        is_whole = false;
        if (!eat_digits(oracle))
            return false;
    }
    if (eat(oracle, 'e') || eat(oracle, 'E')) {
        is_whole = false;
        if (peek(oracle) == '+' || peek(oracle) == '-')
            oracle->at++;
        if (!eat_digits(oracle))
            return false;
    }
    const size_t size_bytes = oracle->at - start;
    char *text = fuzz_alloc(size_bytes + 1);
    memcpy(text, oracle->bytes + start, size_bytes);
    text[size_bytes] = '\0';
    const double number = strtod(text, NULL);
    oracle->facts.has_wild_number |=
        !isfinite(number) || (is_whole && fabs(number) >= 9223372036854775807.0);
    if (oracle->compares)
        compare_number(text, is_whole, value);
    free(text);
    return true;
}

static bool take_word(struct oracle *oracle, const char *word) {
    for (; *word != '\0'; word++) {
        if (!eat(oracle, *word))
            return false;
    }
    return true;
}

static bool take_value(struct oracle *oracle, const struct svc_json *value);

static bool take_string(struct oracle *oracle, const struct svc_json *value) {
    char *decoded = fuzz_alloc(oracle->size_bytes);
    size_t size_bytes = 0, read_bytes = 0;
    const bool is_good = eat_string(oracle, decoded, &size_bytes);
    if (is_good && oracle->compares) {
        const char *read = svc_json_bytes(value, &read_bytes);
        FUZZ_CHECK(read != NULL && read_bytes == size_bytes && !memcmp(read, decoded, size_bytes) &&
                       read[read_bytes] == '\0',
                   "a string of %zu bytes has %zu", size_bytes, read_bytes);
        FUZZ_CHECK((svc_json_text(value) != NULL) == (memchr(decoded, 0, size_bytes) == NULL),
                   "U+0000 in a text");
    }
    free(decoded);
    return is_good;
}

static bool add_name(struct oracle *oracle, size_t first, char *bytes, size_t size_bytes) {
    oracle->names = realloc(oracle->names, (oracle->name_count + 1) * sizeof(*oracle->names));
    if (!oracle->names)
        exit(1);
    oracle->names[oracle->name_count++] = (struct name){bytes, size_bytes};
    for (size_t i = first; i + 1 < oracle->name_count; i++) {
        if (oracle->names[i].size_bytes == size_bytes &&
            !memcmp(oracle->names[i].bytes, bytes, size_bytes))
            return false;
    }
    return memchr(bytes, 0, size_bytes) == NULL;
}

static bool take_member(struct oracle *oracle, size_t first, const struct svc_json *object) {
    const struct svc_json *value = NULL;
    char *name = fuzz_alloc(oracle->size_bytes + 1);
    size_t name_bytes = 0;
    eat_space(oracle);
    const bool is_string = eat_string(oracle, name, &name_bytes);
    name[name_bytes] = '\0';
    if (!add_name(oracle, first, name, name_bytes) || !is_string)
        return false;
    if (oracle->compares) {
        FUZZ_CHECK(svc_json_has(object, name), "a member is missing");
        value = svc_json_get(object, name);
    }
    eat_space(oracle);
    return eat(oracle, ':') && take_value(oracle, value);
}

static bool take_container(struct oracle *oracle, bool is_object, const struct svc_json *value) {
    const size_t first = oracle->name_count;
    const char close = is_object ? '}' : ']';
    size_t count = 0;
    bool is_good = ++oracle->depth <= SVC_MAX_JSON_DEPTH;
    oracle->facts.containers++;
    eat_space(oracle);
    if (is_good && !eat(oracle, close)) {
        do {
            oracle->facts.commas += count > 0;
            is_good = is_object ? take_member(oracle, first, value)
                                : take_value(oracle, svc_json_at(value, count));
            count++;
            eat_space(oracle);
        } while (is_good && eat(oracle, ','));
        is_good = is_good && eat(oracle, close);
    }
    if (oracle->compares) {
        FUZZ_CHECK(svc_json_type(value) == (is_object ? SVC_JSON_OBJECT : SVC_JSON_ARRAY),
                   "a container of another type");
        FUZZ_CHECK(svc_json_count(value) == count, "%zu entries became %zu", count,
                   svc_json_count(value));
    }
    while (oracle->name_count > first)
        free(oracle->names[--oracle->name_count].bytes);
    oracle->depth--;
    return is_good;
}

static bool take_value(struct oracle *oracle, const struct svc_json *value) {
    bool is_true = false;
    eat_space(oracle);
    switch (peek(oracle)) {
    case '{':
    case '[':
        return take_container(oracle, oracle->bytes[oracle->at++] == '{', value);
    case '"':
        return take_string(oracle, value);
    case 'n':
        FUZZ_CHECK(!oracle->compares || value == NULL, "null is a value");
        return take_word(oracle, "null");
    case 't':
    case 'f':
        FUZZ_CHECK(!oracle->compares ||
                       (svc_json_bool(value, &is_true) && is_true == (peek(oracle) == 't')),
                   "a truth is another");
        return take_word(oracle, peek(oracle) == 't' ? "true" : "false");
    default:
        return take_number(oracle, value);
    }
}

static bool run(struct oracle *oracle, const struct svc_json *value) {
    const bool is_good = take_value(oracle, value);
    eat_space(oracle);
    free(oracle->names);
    return is_good && oracle->at == oracle->size_bytes;
}

bool json_oracle_accepts(const uint8_t *bytes, size_t size_bytes, struct json_oracle *facts) {
    struct oracle oracle = {.bytes = bytes, .size_bytes = size_bytes};
    const bool is_good = run(&oracle, NULL);
    *facts = oracle.facts;
    return is_good;
}

void json_oracle_compare(const uint8_t *bytes, size_t size_bytes, const struct svc_json *value) {
    struct oracle oracle = {.bytes = bytes, .size_bytes = size_bytes, .compares = true};
    FUZZ_CHECK(run(&oracle, value), "a text that was accepted is none");
}
