/* Conversions, errors and their masks: pure functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/db/error.h"
#include "services/db/literal.h"
#include "services/db/value.h"
#include "tests/support/random.h"

static void decimals_are_parsed_exactly_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint8_t scale;
        bool fits;
        int64_t units;
    } rows[] = {
        {"0", 0, true, 0},
        {"-0", 0, true, 0},
        {"-0.00", 2, true, 0},
        {"5000", 0, true, 5000},
        {"5000.000000000000000000000000000000", 0, true, 5000},
        {"5000.000000000000000000000000000001", 0, false, 0},
        {"5", 2, true, 500},
        {"5.5", 2, true, 550},
        {"5.555", 2, false, 0},
        {"5.550", 2, true, 555},
        {".5", 1, true, 5},
        {"5.", 1, true, 50},
        {"9223372036854775807", 0, true, INT64_MAX},
        {"9223372036854775808", 0, false, 0},
        {"-9223372036854775808", 0, true, INT64_MIN},
        {"-9223372036854775809", 0, false, 0},
        {"92233720368547758.08", 2, false, 0},
        {"9.223372036854775807", 18, true, INT64_MAX},
        {"10", 18, false, 0},
        {"99999999999999999999999999999999999999999999999999999999999999999", 0, false, 0},
        {"", 0, false, 0},
        {"-", 0, false, 0},
        {".", 0, false, 0},
        {"1.2.3", 2, false, 0},
        {"1e3", 0, false, 0},
        {"+1", 0, false, 0},
        {" 1", 0, false, 0},
        {"0x10", 0, false, 0},
        {"1", 19, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t units = 0;
        const bool fits =
            db_decimal_parse(rows[i].text, strlen(rows[i].text), rows[i].scale, &units);
        if (fits != rows[i].fits || (fits && units != rows[i].units)) {
            print_error("%s at %d: %lld\n", rows[i].text, rows[i].scale, (long long)units);
            fail();
        }
    }
    int64_t units = 0;
    assert_true(db_decimal_parse("123", 2, 0, &units)); /* the size counts, not a NUL */
    assert_int_equal(units, 12);
}

static void decimals_come_back(void **state) {
    (void)state;
    uint64_t random = 4711;
    char text[DB_DECIMAL_BYTES];
    for (int i = 0; i < 50000; i++) {
        const int64_t units = (int64_t)(random_next(&random) >> (random_next(&random) % 64)) *
                              (random_next(&random) % 2 == 0 ? 1 : -1);
        const uint8_t scale = (uint8_t)(random_next(&random) % (DB_MAX_SCALE + 1));
        int64_t back = 0;
        const size_t size = db_decimal_format(units, scale, text);
        assert_int_equal(size, strlen(text));
        assert_true(db_decimal_parse(text, size, scale, &back));
        assert_true(back == units);
    }
    assert_int_equal(db_decimal_format(INT64_MIN, 18, text), strlen("-9.223372036854775808"));
    assert_string_equal(text, "-9.223372036854775808");
}

/* Against the C library's own decimal output: a double that is the nearest to n / 10^scale is read
 * as n, its neighbours are not. */
static void doubles_are_read_exactly(void **state) {
    (void)state;
    uint64_t random = 42;
    char text[64];
    for (int i = 0; i < 50000; i++) {
        const int64_t n = (int64_t)(random_next(&random) % (UINT64_C(1) << 40));
        const uint8_t scale = (uint8_t)(random_next(&random) % 5);
        db_decimal_format(n, scale, text);
        const double number = strtod(text, NULL);
        int64_t units = 0;
        assert_true(db_decimal_from_double(number, false, scale, &units));
        assert_true(units == n);
        assert_true(db_decimal_from_double(-number, false, scale, &units));
        assert_true(units == -n);
        if (n > 0) {
            uint64_t bits = 0;
            double next = 0;
            memcpy(&bits, &number, sizeof(bits));
            bits += random_next(&random) % 2 == 0 ? 1 : UINT64_MAX;
            memcpy(&next, &bits, sizeof(next));
            assert_false(db_decimal_from_double(next, false, scale, &units));
        }
    }
    int64_t units = 0;
    assert_false(db_decimal_from_double(0.0 / strtod("0", NULL), false, 0, &units));
    assert_false(db_decimal_from_double(strtod("inf", NULL), false, 0, &units));
    assert_false(db_decimal_from_double(0x1p53, false, 0, &units));
    assert_true(db_decimal_from_double(0x1p53 - 1, false, 0, &units));
    assert_false(db_decimal_from_double(0x1p24, true, 0, &units));
    assert_true(db_decimal_from_double((double)3.3f, true, 1, &units));
    assert_int_equal(units, 33);
    assert_false(db_decimal_from_double((double)3.3f, false, 1, &units));
}

static void values_are_masked_in_messages(void **state) {
    (void)state;
    static const struct {
        unsigned code;
        const char *sqlstate, *message, *masked;
    } rows[] = {
        {1062, "23000", "Duplicate entry 'ann@example.com' for key 'by_email'",
         "Duplicate entry '...' for key 'by_email'"},
        {1062, "23000", "Duplicate entry 'it's' for key 'x' for key 'orders.by_email'",
         "Duplicate entry '...' for key 'orders.by_email'"},
        {1062, "23000", "Duplicate entry 'a' for key 'secret value'", "Duplicate entry '...'"},
        {1366, "22007", "Incorrect integer value: 'can'ary' for column `shop`.`t`.`n` at row 1",
         "Incorrect integer value: '...' at row 1"},
        {1406, "22001", "Data too long for column 'name' at row 1",
         "Data too long for column '...' at row 1"},
        {1064, "42000", "You have an error near \"secret' at line 1",
         "You have an error near '...' at line 1"},
        {1644, "45000", "the card number 4111 is known", "a message of the database's own code"},
        {1000, "45001", "the card number 4111 is known", "a message of the database's own code"},
        {1213, "40001", "Deadlock found when trying to get lock; try restarting transaction",
         "Deadlock found when trying to get lock; try restarting transaction"},
        {1105, "HY000", "\xed\x95\x9c\n\x1b[31m 'x", "....[31m '...'"},
        {1105, "HY000", "", ""},
        {1105, "HY000", "'", "'...'"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db_error error = {0};
        (void)db_fail_code(&error, rows[i].code, rows[i].sqlstate, rows[i].message);
        if (strncmp(rows[i].masked, "....", 4) == 0) {
            assert_null(strchr(error.message, '\x1b'));
            assert_non_null(strstr(error.message, "'...'"));
        } else {
            assert_string_equal(error.message, rows[i].masked);
        }
    }
}

/* Whatever a server quotes: of what stands between the first and the last quote nothing is left,
 * but for the name of a key. */
static void no_random_value_survives(void **state) {
    (void)state;
    static const char alphabet[] = "xy'\"`\\ ;:x";
    uint64_t random = 7;
    for (int i = 0; i < 50000; i++) {
        char value[24], message[128];
        const size_t size = random_next(&random) % (sizeof(value) - 1);
        for (size_t k = 0; k < size; k++) {
            value[k] = alphabet[random_next(&random) % (sizeof(alphabet) - 1)];
        }
        value[size] = '\0';
        snprintf(message, sizeof(message), "Duplicate entry '%s' for key 'PRIMARY'", value);
        struct db_error error = {0};
        (void)db_fail_code(&error, 1062, "23000", message);
        assert_string_equal(error.message, "Duplicate entry '...' for key 'PRIMARY'");
        snprintf(message, sizeof(message), "Incorrect value: '%s' for column 'c'", value);
        (void)db_fail_code(&error, 1366, "22007", message);
        assert_string_equal(error.message, "Incorrect value: '...'");
    }
}

static void errors_have_a_line(void **state) {
    (void)state;
    struct db_error error = {0};
    char text[DB_ERROR_TEXT_BYTES];
    assert_int_equal(db_fail_code(&error, 2013, "HY000", "Lost connection"), SVC_CONNECTION_LOST);
    error.maybe_done = true;
    assert_string_equal(db_error_text(&error, text),
                        "connection (2013, HY000): Lost connection; it may have taken effect");
    assert_int_equal(db_fail_code(NULL, 1062, "23000", ""), SVC_CONFLICT);
    assert_int_equal(db_fail(NULL, SVC_IO, DB_FAULT_OTHER, "x"), SVC_IO);
    assert_int_equal(db_fail_code(&error, 65000, "HY000", "unknown"), SVC_SERVER_ERROR);
    assert_int_equal(error.fault, DB_FAULT_OTHER);
    db_error_clear(&error);
    assert_string_equal(db_error_text(&error, text), "none: done");
    db_error_clear(NULL);
}

static void literals_hold_any_text(void **state) {
    (void)state;
    static const char hostile[] = "'; \\\"\0\xff";
    struct svc_buf sql;
    svc_buf_init(&sql, 1024);
    assert_true(db_literal_text(&sql, "", 0));
    assert_true(db_literal_text(&sql, hostile, sizeof(hostile) - 1));
    assert_string_equal(svc_buf_text(&sql), "_utf8mb4 X''_utf8mb4 X'273B205C2200FF'");
    svc_buf_reset(&sql);
    assert_true(db_literal_time(&sql, INT64_C(1770091506789012)));
    assert_true(db_literal_time(&sql, -1));
    assert_string_equal(svc_buf_text(&sql), "TIMESTAMP'2026-02-03 04:05:06.789012'"
                                            "TIMESTAMP'1969-12-31 23:59:59.999999'");
    svc_buf_reset(&sql);
    assert_true(db_literal_time(&sql, INT64_MIN));
    assert_true(db_literal_time(&sql, INT64_MAX));
    assert_string_equal(svc_buf_text(&sql), "TIMESTAMP'0001-01-01 00:00:00.000000'"
                                            "TIMESTAMP'9999-12-31 23:59:59.999999'");
    svc_buf_clear(&sql);
    svc_buf_init(&sql, 8);
    assert_false(db_literal_text(&sql, "x", 1));
    svc_buf_clear(&sql);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_parsed_exactly_or_refused),
        cmocka_unit_test(decimals_come_back),
        cmocka_unit_test(doubles_are_read_exactly),
        cmocka_unit_test(values_are_masked_in_messages),
        cmocka_unit_test(no_random_value_survives),
        cmocka_unit_test(errors_have_a_line),
        cmocka_unit_test(literals_hold_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
