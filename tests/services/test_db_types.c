/* Values to MariaDB and back: every type to its limits, hostile texts. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/db_table_support.h"

#define RUN(sql, columns, values, kept, error)                                                     \
    run((sql), (columns), COUNT(columns), (values), COUNT(values), (kept), NULL, (error))

static void write_values(const char *sql, const struct db_value *values, size_t count) {
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (run(sql, NULL, 0, values, count, NULL, NULL, &error) != SVC_OK) {
        print_error("%s: %s\n", sql, db_error_text(&error, text));
        fail();
    }
}

static void integers_keep_their_limits(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}, {.type = DB_UINT}};
    static const int64_t signeds[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    static const uint64_t unsigneds[] = {0, 1, UINT64_MAX, (uint64_t)INT64_MAX + 1, 2};
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE ints (i BIGINT NOT NULL, u BIGINT UNSIGNED NOT NULL)");
    for (size_t i = 0; i < COUNT(signeds); i++) {
        const struct db_value values[] = {db_int(signeds[i]), db_uint(unsigneds[i])};
        write_values("INSERT INTO ints VALUES (?, ?)", values, 2);
    }
    for (size_t i = 0; i < COUNT(signeds); i++) {
        const struct db_value values[] = {db_int(signeds[i]), db_uint(unsigneds[i])};
        assert_int_equal(
            RUN("SELECT i, u FROM ints WHERE i = ? AND u = ?", columns, values, &kept, &error),
            SVC_OK);
        assert_int_equal(kept.rows, 1);
        assert_true(kept.values[0][0].integer == signeds[i]);
        assert_true(kept.values[0][1].unsigned_integer == unsigneds[i]);
        db_forget_rows(&kept);
    }
    assert_string_equal(db_sql(&f, "SELECT MIN(i), MAX(i), MAX(u) FROM shop.ints"),
                        "-9223372036854775808\t9223372036854775807\t18446744073709551615");
}

static void small_integer_columns_are_read(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}, {.type = DB_INT},
                                               {.type = DB_INT}, {.type = DB_UINT},
                                               {.type = DB_INT}, {.type = DB_INT}};
    static const struct db_value none[1];
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE small (a TINYINT, b SMALLINT, c MEDIUMINT, d INT UNSIGNED, e YEAR, "
              "g BOOLEAN)");
    db_do(db, "INSERT INTO small VALUES (-128, -32768, -8388608, 4294967295, 2155, TRUE)");
    assert_int_equal(run("SELECT * FROM small", columns, 6, none, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].integer, -128);
    assert_int_equal(kept.values[0][1].integer, -32768);
    assert_int_equal(kept.values[0][2].integer, -8388608);
    assert_true(kept.values[0][3].unsigned_integer == 4294967295u);
    assert_int_equal(kept.values[0][4].integer, 2155);
    assert_int_equal(kept.values[0][5].integer, 1);
    db_forget_rows(&kept);
}

static void integers_beyond_the_declared_range_are_refused(void **state) {
    (void)state;
    static const struct db_column as_int[] = {{.type = DB_INT}};
    static const struct db_column as_uint[] = {{.type = DB_UINT}};
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(run("SELECT CAST(18446744073709551615 AS UNSIGNED)", as_int, 1, NULL, 0, &kept,
                         NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(error.fault, DB_FAULT_RESULT);
    assert_int_equal(run("SELECT CAST(-1 AS SIGNED)", as_uint, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(kept.rows, 0);
    assert_int_equal(db_number(db, "SELECT 7"), 7); /* the connection goes on */
}

static void hostile_texts_come_back_unchanged(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 4000},
                                               {.type = DB_BYTES, .max_bytes = 4000}};
    static const char *const texts[] = {
        "",
        "plain",
        "'; DROP TABLE texts; -- ",
        "\\'; DROP TABLE texts; -- \\",
        "\" OR 1=1 #",
        "`texts`",
        "한국어 주문",
        "\xf0\x9f\x98\x80\xf0\x9f\x87\xb0\xf0\x9f\x87\xb7",
        "?, ?, %s %n \x1a\r\n\t",
        "\xef\xbf\xbd\xe2\x80\xae",
        "' UNION SELECT password FROM mysql.user WHERE 'a'='a",
    };
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE texts (id INT PRIMARY KEY, t TEXT NOT NULL, b BLOB NOT NULL)");
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct db_value values[] = {db_int((int64_t)i), db_text(texts[i]),
                                          db_bytes(texts[i], strlen(texts[i]))};
        write_values("INSERT INTO texts VALUES (?, ?, ?)", values, 3);
        const struct db_value key[] = {db_text(texts[i])};
        assert_int_equal(
            RUN("SELECT t, b FROM texts WHERE t = ? ORDER BY id", columns, key, &kept, &error),
            SVC_OK);
        assert_true(kept.rows >= 1);
        assert_string_equal(kept.values[0][0].bytes, texts[i]);
        assert_int_equal(kept.values[0][1].size_bytes, strlen(texts[i]));
        assert_memory_equal(kept.values[0][1].bytes, texts[i], strlen(texts[i]));
        db_forget_rows(&kept);
    }
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM texts"), COUNT(texts));
    /* What the other client sees. */
    assert_string_equal(db_sql(&f, "SELECT HEX(t) FROM shop.texts WHERE id = 7"),
                        "F09F9880F09F87B0F09F87B7");
    assert_string_equal(db_sql(&f, "SELECT HEX(t) = HEX(b) AND HEX(t) = '272044524F50' || id <> 2, "
                                   "HEX(t) FROM shop.texts WHERE id = 2"),
                        "0\t273B2044524F50205441424C452074657874733B202D2D20");
}

static void every_byte_value_comes_back(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_BYTES, .max_bytes = 256},
                                               {.type = DB_TEXT, .max_bytes = 128}};
    char bytes[256];
    struct db_kept kept = {0};
    struct db_error error;
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    db_do(db, "CREATE TABLE bytes (b VARBINARY(256) NOT NULL, t VARCHAR(200) NOT NULL)");
    const struct db_value values[] = {db_bytes(bytes, 256), db_text_of(bytes, 128)};
    write_values("INSERT INTO bytes VALUES (?, ?)", values, 2);
    assert_int_equal(run("SELECT b, t FROM bytes", columns, 2, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.values[0][0].size_bytes, 256);
    assert_memory_equal(kept.values[0][0].bytes, bytes, 256);
    assert_int_equal(kept.values[0][1].size_bytes, 128); /* with its NUL in front */
    assert_memory_equal(kept.values[0][1].bytes, bytes, 128);
    db_forget_rows(&kept);
}

static void text_that_is_not_utf8_is_refused_before_it_is_sent(void **state) {
    (void)state;
    static const char *const texts[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80", "a\xf0\x9f\x98"};
    struct db_error error;
    for (size_t i = 0; i < COUNT(texts); i++) {
        const struct db_value values[] = {db_text(texts[i])};
        const uint64_t before = db_counts(db).executed;
        assert_int_equal(run("DO ?", NULL, 0, values, 1, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "parameter 1 is not UTF-8"));
        assert_true(db_counts(db).executed == before);
    }
}

/* 16 MiB in each direction, and one byte more. */
static void the_largest_value_comes_back(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_BYTES, .max_bytes = DB_MAX_VALUE_BYTES}};
    char *bytes = malloc(DB_MAX_VALUE_BYTES + 1);
    struct db_kept kept = {0};
    struct db_error error;
    for (size_t i = 0; i <= DB_MAX_VALUE_BYTES; i++) {
        bytes[i] = (char)(i * 2654435761u >> 13);
    }
    const struct db_value values[] = {db_bytes(bytes, DB_MAX_VALUE_BYTES)};
    const struct db_value larger[] = {db_bytes(bytes, DB_MAX_VALUE_BYTES + 1)};
    db_do(db, "CREATE TABLE large (b LONGBLOB NOT NULL)");
    write_values("INSERT INTO large VALUES (?)", values, 1);
    assert_int_equal(run("SELECT b FROM large", columns, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].size_bytes, DB_MAX_VALUE_BYTES);
    assert_memory_equal(kept.values[0][0].bytes, bytes, DB_MAX_VALUE_BYTES);
    assert_int_equal(run("INSERT INTO large VALUES (?)", NULL, 0, larger, 1, NULL, NULL, &error),
                     SVC_TOO_LARGE);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM large"), 1);
    db_forget_rows(&kept);
    free(bytes);
}

static void times_keep_their_microseconds(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_TIME}};
    static const struct {
        int64_t us;
        const char *text;
    } times[] = {
        {0, "1970-01-01 00:00:00.000000"},
        {1, "1970-01-01 00:00:00.000001"},
        {-1, "1969-12-31 23:59:59.999999"},
        {INT64_C(1767225599999999), "2025-12-31 23:59:59.999999"},
        {INT64_C(1709164800000000), "2024-02-29 00:00:00.000000"},
        {DB_TIME_MIN_US, "0001-01-01 00:00:00.000000"},
        {DB_TIME_MAX_US, "9999-12-31 23:59:59.999999"},
    };
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE times (id INT PRIMARY KEY, t DATETIME(6) NOT NULL)");
    for (size_t i = 0; i < COUNT(times); i++) {
        const struct db_value values[] = {db_int((int64_t)i), db_time(times[i].us)};
        write_values("INSERT INTO times VALUES (?, ?)", values, 2);
        const struct db_value key[] = {db_int((int64_t)i)};
        assert_int_equal(RUN("SELECT t FROM times WHERE id = ?", columns, key, &kept, &error),
                         SVC_OK);
        assert_true(kept.values[0][0].integer == times[i].us);
        assert_string_equal(db_sql(&f, "SELECT t FROM shop.times WHERE id = %d", (int)i),
                            times[i].text);
        db_forget_rows(&kept);
    }
    const struct db_value beyond[] = {db_time(DB_TIME_MAX_US + 1)};
    assert_int_equal(run("DO ?", NULL, 0, beyond, 1, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    /* TIMESTAMP is stored in UTC and shown in the session's zone, which is UTC. */
    db_do(db, "CREATE TABLE stamps (t TIMESTAMP(6) NOT NULL, d DATE NOT NULL)");
    const struct db_value stamp[] = {db_time(INT64_C(1767225599999999)),
                                     db_time(INT64_C(1767139200000000))};
    write_values("INSERT INTO stamps VALUES (?, ?)", stamp, 2);
    assert_int_equal(db_number(db, "SELECT FLOOR(UNIX_TIMESTAMP(t)) DIV 1 FROM stamps"),
                     1767225599);
    assert_int_equal(run("SELECT d FROM stamps", columns, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_true(kept.values[0][0].integer == INT64_C(1767139200000000));
    db_forget_rows(&kept);
}

static void decimals_are_exact(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_DECIMAL, .scale = 2}};
    static const struct db_column won[] = {{.type = DB_DECIMAL, .scale = 0}};
    static const struct {
        int64_t units;
        const char *text;
    } amounts[] = {
        {0, "0.00"},
        {1, "0.01"},
        {-1, "-0.01"},
        {INT64_MAX, "92233720368547758.07"},
        {INT64_MIN, "-92233720368547758.08"},
        {550, "5.50"},
    };
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE decimals (id INT PRIMARY KEY, d DECIMAL(20,2) NOT NULL)");
    for (size_t i = 0; i < COUNT(amounts); i++) {
        const struct db_value values[] = {db_int((int64_t)i), db_decimal(amounts[i].units, 2)};
        write_values("INSERT INTO decimals VALUES (?, ?)", values, 2);
        const struct db_value key[] = {db_int((int64_t)i)};
        assert_int_equal(RUN("SELECT d FROM decimals WHERE id = ?", columns, key, &kept, &error),
                         SVC_OK);
        assert_true(kept.values[0][0].integer == amounts[i].units);
        assert_string_equal(db_sql(&f, "SELECT d FROM shop.decimals WHERE id = %d", (int)i),
                            amounts[i].text);
        db_forget_rows(&kept);
    }
    assert_int_equal(
        run("SELECT CAST('5000.00' AS DECIMAL(10,2))", won, 1, NULL, 0, &kept, NULL, &error),
        SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 5000);
    db_forget_rows(&kept);
    assert_int_equal(
        run("SELECT CAST('5000.01' AS DECIMAL(10,2))", won, 1, NULL, 0, &kept, NULL, &error),
        SVC_BAD_RESPONSE);
    assert_int_equal(run("SELECT CAST(9223372036854775808 AS DECIMAL(30,0))", won, 1, NULL, 0,
                         &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(run("SELECT SUM(d) FROM decimals WHERE id IN (1, 5)", columns, 1, NULL, 0,
                         &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 551);
    db_forget_rows(&kept);
}

static void floating_columns_are_read_exactly_or_refused(void **state) {
    (void)state;
    static const struct db_column won[] = {{.type = DB_DECIMAL, .scale = 0}};
    static const struct db_column rate[] = {{.type = DB_DECIMAL, .scale = 2}};
    static const struct {
        const char *text;
        const struct db_column *column;
        int64_t units; /* INT64_MIN: refused */
    } rows[] = {
        {"5000", won, 5000},
        {"5000.5", won, INT64_MIN},
        {"9007199254740991", won, 9007199254740991},
        {"9007199254740992", won, INT64_MIN},
        {"1e300", won, INT64_MIN},
        {"-12345", won, -12345},
        {"5.5", rate, 550},
        {"3.3", rate, 330},
        {"3.333", rate, INT64_MIN},
        {"0.1 + 0.2e0", rate, INT64_MIN},
        {"123456789.01", rate, 12345678901},
    };
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE floats (d DOUBLE NOT NULL, s FLOAT NOT NULL)");
    for (size_t i = 0; i < COUNT(rows); i++) {
        db_do(db, "DELETE FROM floats");
        db_sql(&f, "INSERT INTO shop.floats VALUES (%s, 0)", rows[i].text);
        const enum svc_status status =
            run("SELECT d FROM floats", rows[i].column, 1, NULL, 0, &kept, NULL, &error);
        if (rows[i].units == INT64_MIN) {
            assert_int_equal(status, SVC_BAD_RESPONSE);
        } else {
            assert_int_equal(status, SVC_OK);
            assert_true(kept.values[0][0].integer == rows[i].units);
        }
        db_forget_rows(&kept);
    }
    db_sql(&f, "UPDATE shop.floats SET s = 3.3");
    assert_int_equal(run("SELECT s FROM floats", rate, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 330);
    db_forget_rows(&kept);
    db_sql(&f, "UPDATE shop.floats SET s = 16777217");
    assert_int_equal(run("SELECT s FROM floats", won, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    db_forget_rows(&kept);
}

static void null_differs_from_empty(void **state) {
    (void)state;
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = 10, .nullable = true},
        {.type = DB_INT, .nullable = true},
        {.type = DB_TIME, .nullable = true},
        {.type = DB_DECIMAL, .nullable = true},
        {.type = DB_BYTES, .max_bytes = 10, .nullable = true}};
    static const struct db_column strict[] = {{.type = DB_TEXT, .max_bytes = 10}};
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE nulls (t VARCHAR(10), i INT, d DATETIME, m DECIMAL(5,0), b BLOB)");
    const struct db_value nulls[] = {db_null(), db_text(NULL), db_null(), db_null(), db_null()};
    const struct db_value empty[] = {db_text(""), db_int(0), db_time(0), db_decimal(0, 0),
                                     db_bytes(NULL, 0)};
    write_values("INSERT INTO nulls VALUES (?, ?, ?, ?, ?)", nulls, 5);
    write_values("INSERT INTO nulls VALUES (?, ?, ?, ?, ?)", empty, 5);
    assert_int_equal(
        run("SELECT * FROM nulls ORDER BY i", columns, 5, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.rows, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(kept.values[0][i].type, DB_NULL);
        assert_int_equal(kept.values[1][i].type, columns[i].type);
    }
    assert_int_equal(kept.values[1][4].size_bytes, 0);
    db_forget_rows(&kept);
    assert_int_equal(run("SELECT t FROM nulls ORDER BY i", strict, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "column 1 (as TEXT) is NULL"));
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(integers_keep_their_limits),
        TEST(small_integer_columns_are_read),
        TEST(integers_beyond_the_declared_range_are_refused),
        TEST(hostile_texts_come_back_unchanged),
        TEST(every_byte_value_comes_back),
        TEST(text_that_is_not_utf8_is_refused_before_it_is_sent),
        TEST(the_largest_value_comes_back),
        TEST(times_keep_their_microseconds),
        TEST(decimals_are_exact),
        TEST(floating_columns_are_read_exactly_or_refused),
        TEST(null_differs_from_empty),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
