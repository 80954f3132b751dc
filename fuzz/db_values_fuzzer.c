/* What services/db reads and writes without a server: the login of a secret, read again by json-c;
 * decimals in 128 bits; and the literals of SQL, read back. The input is a text: a secret, a
 * decimal, the content of a literal; choices are taken from its end as well. */
#include <json-c/json.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "fuzz/support/decimal_oracle.h"
#include "fuzz/support/json_oracle.h"
#include "services/db/literal.h"
#include "services/db/secret.h"
#include "services/db/value.h"

/* ---------------------------------------------------------------------- the login */

/* A text of at most `most` bytes without U+0000; *text is "" if it is absent or null. */
static bool read_text(json_object *secret, const char *name, bool is_required, size_t most,
                      const char **text) {
    json_object *value = json_object_object_get(secret, name);
    *text = "";
    if (value == NULL)
        return !is_required;
    if (!json_object_is_type(value, json_type_string))
        return false;
    *text = json_object_get_string(value);
    return strlen(*text) == (size_t)json_object_get_string_len(value) && strlen(*text) <= most &&
           (**text || !is_required);
}

static bool read_port(json_object *secret, int64_t *port) {
    json_object *value = json_object_object_get(secret, "port");
    *port = 3306;
    if (json_object_is_type(value, json_type_string)) {
        const char *text = json_object_get_string(value);
        const size_t size = (size_t)json_object_get_string_len(value);
        *port = size && strspn(text, "0123456789") == size ? strtoll(text, NULL, 10) : 0;
    } else if (value != NULL) {
        *port = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
    }
    return *port >= 1 && *port <= 65535;
}

static bool expect_login(json_object *secret, struct db_login *login) {
    const char *engine = "", *user = "", *password = "", *host = "", *name = "";
    int64_t port = 0;
    memset(login, 0, sizeof(*login));
    if (!json_object_is_type(secret, json_type_object))
        return false;
    const bool has_engine = json_object_object_get(secret, "engine") != NULL;
    const bool is_good = read_text(secret, "engine", false, SIZE_MAX, &engine) &&
                         (!has_engine || !strcmp(engine, "mysql") || !strcmp(engine, "mariadb") ||
                          !strcmp(engine, "aurora") || !strcmp(engine, "aurora-mysql")) &&
                         read_text(secret, "username", true, 128, &user) &&
                         read_text(secret, "password", true, 512, &password) &&
                         read_text(secret, "host", true, 255, &host) &&
                         read_text(secret, "dbname", false, 64, &name) && read_port(secret, &port);
    for (const char *at = host; *at; at++)
        if (!(*at >= '0' && *at <= '9') && !(*at >= 'a' && *at <= 'z') &&
            !(*at >= 'A' && *at <= 'Z') && !strchr(".:_-", *at))
            return false;
    if (!is_good || *host == '-')
        return false;
    strcpy(login->user, user);
    strcpy(login->password, password);
    strcpy(login->host, host);
    strcpy(login->name, name);
    login->port = (uint16_t)port;
    return true;
}

/* No value of a secret may be in an error. */
static void check_detail(json_object *secret, const struct db_error *error) {
    static const char *const names[] = {"username", "password", "host", "dbname"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_object *value = json_object_object_get(secret, names[i]);
        const char *text =
            json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
        FUZZ_CHECK(strlen(text) < 12 || !strstr(error->message, text), "the %s: %s", names[i],
                   error->message);
    }
}

static void check_login(const uint8_t *data, size_t size_bytes) {
    struct svc_buf text;
    struct db_login login, expected, other;
    struct db_error error = {0};
    struct json_oracle facts = {0};
    static const struct db_login none;
    svc_buf_init(&text, SIZE_MAX);
    svc_buf_append(&text, data, size_bytes);
    const enum svc_status status = db_login_parse(&text, &login, &error);
    json_object *secret = json_oracle_accepts(data, size_bytes, &facts)
                              ? json_tokener_parse(svc_buf_text(&text))
                              : NULL;
    const bool is_good = expect_login(secret, &expected);
    /* json-c drops some characters that are written as two escapes. */
    FUZZ_CHECK(facts.has_surrogates || status == (is_good ? SVC_OK : SVC_CONFIGURATION), "%s: %s",
               svc_status_name(status), error.message);
    if (status == SVC_OK) {
        FUZZ_CHECK(facts.has_surrogates || db_login_equal(&login, &expected), "another login");
        memcpy(&other, &login, sizeof(other));
        other.password[strlen(other.password) - 1] ^= 1;
        FUZZ_CHECK(!db_login_equal(&login, &other), "another password is the same");
        other = login;
        other.port ^= 1;
        FUZZ_CHECK(!db_login_equal(&login, &other), "another port is the same");
    } else {
        FUZZ_CHECK(!memcmp(&login, &none, sizeof(login)), "a part of a login");
        FUZZ_CHECK(error.fault == DB_FAULT_SECRET && error.message[0], "another fault");
        if (json_object_is_type(secret, json_type_object))
            check_detail(secret, &error);
    }
    json_object_put(secret);
    svc_buf_clear(&text);
}

/* ---------------------------------------------------------------------- decimals */

static void check_decimal_text(const char *text, size_t size_bytes, uint8_t scale) {
    int64_t units = 7, expected = 7;
    char written[DB_DECIMAL_BYTES];
    const bool is_good = strlen(text) == size_bytes && scale <= DB_MAX_SCALE &&
                         decimal_oracle(text, scale, &expected);
    FUZZ_CHECK(db_decimal_parse(text, size_bytes, scale, &units) == is_good, "\"%s\" at scale %d",
               text, scale);
    FUZZ_CHECK(units == (is_good ? expected : 7), "\"%s\" is %lld, not %lld", text,
               (long long)units, (long long)expected);
    if (!is_good)
        return;
    int64_t again = 0;
    const size_t size = db_decimal_format(units, scale, written);
    FUZZ_CHECK(size == strlen(written) && db_decimal_parse(written, size, scale, &again) &&
                   again == units,
               "%s is %lld", written, (long long)units);
    const char *point = strchr(written, '.');
    FUZZ_CHECK(scale == 0 ? point == NULL : point && strlen(point + 1) == scale, "%s at scale %d",
               written, scale);
}

/* The double that is nearest to a decimal of 15 digits gives that decimal; a double that is not is
 * refused, and none gives another one. */
static void check_double(int64_t units, double any, bool is_single, uint8_t scale) {
    char text[DB_DECIMAL_BYTES], shortest[64];
    int64_t found = 0;
    const uint8_t places = scale % (DB_MAX_SCALE + 1);
    const int64_t most = is_single ? 999999 : INT64_C(999999999999999);
    units %= most + 1;
    db_decimal_format(units, places, text);
    const double nearest = is_single ? (double)strtof(text, NULL) : strtod(text, NULL);
    FUZZ_CHECK(db_decimal_from_double(nearest, is_single, places, &found) && found == units,
               "%s became %lld", text, (long long)found);
    any = is_single ? (double)(float)any : any;
    if (!db_decimal_from_double(any, is_single, places, &found)) {
        FUZZ_CHECK(isnan(any) || isinf(any) || any != 0, "0 is refused");
        return;
    }
    db_decimal_format(found, places, shortest);
    FUZZ_CHECK(is_single ? strtof(shortest, NULL) == (float)any : strtod(shortest, NULL) == any,
               "%.17g became %s", any, shortest);
}

/* ---------------------------------------------------------------------- literals */

static void check_text_literal(const char *bytes, size_t size_bytes) {
    static const char begin[] = "_utf8mb4 X'";
    struct svc_buf sql;
    svc_buf_init(&sql, 2 * size_bytes + 16);
    FUZZ_CHECK(db_literal_text(&sql, bytes, size_bytes), "no literal");
    const char *text = svc_buf_text(&sql), *at = text + sizeof(begin) - 1;
    FUZZ_CHECK(sql.size_bytes == sizeof(begin) + 2 * size_bytes &&
                   !strncmp(text, begin, sizeof(begin) - 1),
               "%s", text);
    for (size_t i = 0; i < size_bytes; i++, at += 2) {
        unsigned byte = 0;
        FUZZ_CHECK(sscanf(at, "%2X", &byte) == 1 && byte == (uint8_t)bytes[i], "%.2s", at);
    }
    FUZZ_CHECK(!strcmp(at, "'"), "%s follows", at);
    svc_buf_clear(&sql);
}

static void check_time_literal(int64_t us) {
    static const char begin[] = "TIMESTAMP'";
    struct svc_buf sql;
    struct tm parts = {0};
    const int64_t shown_us = us < DB_TIME_MIN_US   ? DB_TIME_MIN_US
                             : us > DB_TIME_MAX_US ? DB_TIME_MAX_US
                                                   : us;
    svc_buf_init(&sql, 64);
    FUZZ_CHECK(db_literal_time(&sql, us), "no literal");
    const char *text = svc_buf_text(&sql);
    const char *end = strncmp(text, begin, sizeof(begin) - 1)
                          ? NULL
                          : strptime(text + sizeof(begin) - 1, "%Y-%m-%d %H:%M:%S", &parts);
    FUZZ_CHECK(end && *end == '.' && strspn(end + 1, "0123456789") == 6 && !strcmp(end + 7, "'"),
               "%s", text);
    FUZZ_CHECK((int64_t)timegm(&parts) * 1000000 + strtol(end + 1, NULL, 10) == shown_us,
               "%s is not %lld", text, (long long)shown_us);
    svc_buf_clear(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    size_t text_bytes = 0;
    double any = 0;
    check_login(data, size_bytes);
    const uint8_t scale = (uint8_t)(fuzz_take_u8(&input) % (DB_MAX_SCALE + 2));
    const bool is_single = fuzz_take_bool(&input);
    const uint64_t bits = fuzz_take_u64(&input);
    check_double((int64_t)bits >> bits % 60, 0, is_single, scale);
    memcpy(&any, &bits, sizeof(any));
    check_double((int64_t)bits, any, is_single, scale);
    check_time_literal((int64_t)bits);
    check_time_literal((int64_t)bits >> 8);
    input = (struct fuzz_input){data, size_bytes};
    char *text = fuzz_take_rest(&input, &text_bytes);
    for (uint8_t places = 0; places <= DB_MAX_SCALE + 1; places = (uint8_t)(places + 1 + scale))
        check_decimal_text(text, text_bytes, places);
    check_text_literal(text, text_bytes);
    free(text);
    return 0;
}
