/* Statements against MariaDB: every type to its limits, hostile values, what is refused. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/db_support.h"

static struct db_fixture f;
static struct db *db;

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db = db_of(&f);
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_destroy(db);
    db_fixture_stop(&f);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    return 0;
}

#define MAX_ROWS 64

/* Rows as they came, texts copied. */
struct kept {
    struct db_value values[MAX_ROWS][8];
    char *texts[MAX_ROWS][8];
    size_t columns, rows, most;
};

static bool keep(void *user, const struct db_value *row) {
    struct kept *kept = user;
    assert_true(kept->rows < MAX_ROWS);
    for (size_t i = 0; i < kept->columns; i++) {
        kept->values[kept->rows][i] = row[i];
        if (row[i].bytes != NULL) {
            assert_int_equal(row[i].bytes[row[i].size_bytes], '\0');
            kept->texts[kept->rows][i] = malloc(row[i].size_bytes + 1);
            memcpy(kept->texts[kept->rows][i], row[i].bytes, row[i].size_bytes + 1);
            kept->values[kept->rows][i].bytes = kept->texts[kept->rows][i];
        }
    }
    kept->rows++;
    return kept->most == 0 || kept->rows < kept->most;
}

static void forget(struct kept *kept) {
    for (size_t i = 0; i < MAX_ROWS; i++) {
        for (size_t k = 0; k < 8; k++) {
            free(kept->texts[i][k]);
        }
    }
    memset(kept, 0, sizeof(*kept));
}

static enum svc_status run(const char *sql, const struct db_column *columns, size_t column_count,
                           const struct db_value *values, size_t value_count, struct kept *kept,
                           struct db_result *result, struct db_error *error) {
    const struct db_statement statement = {sql, columns, column_count};
    const struct db_query query = {&statement, values, value_count, column_count > 0 ? keep : NULL,
                                   kept};
    if (kept != NULL) {
        kept->columns = column_count;
    }
    return db_run(db, &query, result, error);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
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

/* ---------------------------------------------------------------------- types */

static void integers_keep_their_limits(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}, {.type = DB_UINT}};
    static const int64_t signeds[] = {0, 1, -1, INT64_MAX, INT64_MIN};
    static const uint64_t unsigneds[] = {0, 1, UINT64_MAX, (uint64_t)INT64_MAX + 1, 2};
    struct kept kept = {0};
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
        forget(&kept);
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
    struct kept kept = {0};
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
    forget(&kept);
}

static void integers_beyond_the_declared_range_are_refused(void **state) {
    (void)state;
    static const struct db_column as_int[] = {{.type = DB_INT}};
    static const struct db_column as_uint[] = {{.type = DB_UINT}};
    struct kept kept = {0};
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
    struct kept kept = {0};
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
        forget(&kept);
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
    struct kept kept = {0};
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
    forget(&kept);
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
    struct kept kept = {0};
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
    forget(&kept);
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
    struct kept kept = {0};
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
        forget(&kept);
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
    forget(&kept);
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
    struct kept kept = {0};
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
        forget(&kept);
    }
    assert_int_equal(
        run("SELECT CAST('5000.00' AS DECIMAL(10,2))", won, 1, NULL, 0, &kept, NULL, &error),
        SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 5000);
    forget(&kept);
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
    forget(&kept);
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
    struct kept kept = {0};
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
        forget(&kept);
    }
    db_sql(&f, "UPDATE shop.floats SET s = 3.3");
    assert_int_equal(run("SELECT s FROM floats", rate, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 330);
    forget(&kept);
    db_sql(&f, "UPDATE shop.floats SET s = 16777217");
    assert_int_equal(run("SELECT s FROM floats", won, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    forget(&kept);
}

static void null_is_told_from_empty(void **state) {
    (void)state;
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = 10, .nullable = true},
        {.type = DB_INT, .nullable = true},
        {.type = DB_TIME, .nullable = true},
        {.type = DB_DECIMAL, .nullable = true},
        {.type = DB_BYTES, .max_bytes = 10, .nullable = true}};
    static const struct db_column strict[] = {{.type = DB_TEXT, .max_bytes = 10}};
    struct kept kept = {0};
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
    forget(&kept);
    assert_int_equal(run("SELECT t FROM nulls ORDER BY i", strict, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "column 1 (as TEXT) is NULL"));
}

/* ---------------------------------------------------------------------- refusals */

static void a_longer_text_than_declared_is_an_error(void **state) {
    (void)state;
    static const struct db_column fits[] = {{.type = DB_TEXT, .max_bytes = 600}};
    static const struct db_column shorter[] = {{.type = DB_TEXT, .max_bytes = 599}};
    static const struct db_column small[] = {{.type = DB_TEXT, .max_bytes = 3}};
    struct kept kept = {0};
    struct db_error error;
    assert_int_equal(run("SELECT REPEAT('x', 600)", fits, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].size_bytes, 600);
    forget(&kept);
    assert_int_equal(run("SELECT REPEAT('x', 600)", shorter, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "longer than its limit"));
    assert_int_equal(run("SELECT 'four'", small, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(run("SELECT '\xed\x95\x9c'", small, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    forget(&kept);
}

static void long_and_short_texts_alternate(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = 100000}};
    struct kept kept = {0};
    struct db_error error;
    assert_int_equal(run("SELECT seq, REPEAT(CHAR(64 + seq), IF(seq % 3 = 0, 5 + seq * 900, seq)) "
                         "FROM seq_1_to_20",
                         columns, 2, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE); /* CHAR() is binary: not TEXT */
    assert_int_equal(
        run("SELECT seq, REPEAT(CHAR(64 + seq USING utf8mb4), IF(seq % 3 = 0, 5 + seq * 900, seq)) "
            "FROM seq_1_to_20",
            columns, 2, NULL, 0, &kept, NULL, &error),
        SVC_OK);
    assert_int_equal(kept.rows, 20);
    for (size_t i = 0; i < 20; i++) {
        const size_t n = i + 1;
        assert_int_equal(kept.values[i][1].size_bytes, n % 3 == 0 ? 5 + n * 900 : n);
        for (size_t k = 0; k < kept.values[i][1].size_bytes; k++) {
            assert_int_equal(kept.values[i][1].bytes[k], (char)(64 + n));
        }
    }
    forget(&kept);
}

static void a_value_too_long_for_its_column_is_refused_by_the_server(void **state) {
    (void)state;
    struct db_error error;
    db_do(db, "CREATE TABLE narrow (t VARCHAR(3), n TINYINT, m DECIMAL(3,1))");
    const struct db_value text[] = {db_text("secret-value-4711")};
    assert_int_equal(run("INSERT INTO narrow (t) VALUES (?)", NULL, 0, text, 1, NULL, NULL, &error),
                     SVC_REJECTED);
    assert_int_equal(error.fault, DB_FAULT_VALUE);
    assert_null(strstr(error.message, "4711"));
    const struct db_value number[] = {db_int(128)};
    assert_int_equal(
        run("INSERT INTO narrow (n) VALUES (?)", NULL, 0, number, 1, NULL, NULL, &error),
        SVC_REJECTED);
    const struct db_value word[] = {db_text("canary-word")};
    assert_int_equal(run("INSERT INTO narrow (n) VALUES (?)", NULL, 0, word, 1, NULL, NULL, &error),
                     SVC_REJECTED);
    assert_null(strstr(error.message, "canary"));
    const struct db_value amount[] = {db_decimal(10000, 1)};
    assert_int_equal(
        run("INSERT INTO narrow (m) VALUES (?)", NULL, 0, amount, 1, NULL, NULL, &error),
        SVC_REJECTED);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM narrow"), 0);
}

static void faults_of_the_server_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        enum svc_status status;
        enum db_fault fault;
    } rows[] = {
        {"INSERT INTO faults VALUES (1, 1, 'x@example.com')", SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
        {"INSERT INTO faults VALUES (2, 99, 'y')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults VALUES (2, NULL, 'y')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults (id) VALUES (5)", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults VALUES (3, 1, '')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"SELEC 1", SVC_REJECTED, DB_FAULT_STATEMENT},
        {"DELETE FROM nothing_here", SVC_NO_RESOURCE, DB_FAULT_STATEMENT},
        {"UPDATE faults SET nothing = 1", SVC_REJECTED, DB_FAULT_STATEMENT},
        {"CREATE USER intruder", SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
        {"DELETE FROM mysql.user", SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
        {"DO SLEEP(0); DO SLEEP(0)", SVC_REJECTED, DB_FAULT_STATEMENT},
    };
    struct db_error error;
    db_do(db, "CREATE TABLE parents (id INT PRIMARY KEY)");
    db_do(
        db,
        "CREATE TABLE faults (id INT PRIMARY KEY, parent INT NOT NULL, email VARCHAR(50) NOT NULL, "
        "UNIQUE KEY by_email (email), CHECK (email <> ''), "
        "FOREIGN KEY (parent) REFERENCES parents (id))");
    db_do(db, "INSERT INTO parents VALUES (1)");
    db_do(db, "INSERT INTO faults VALUES (1, 1, 'it''s@example.com')");
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(run(rows[i].sql, NULL, 0, NULL, 0, NULL, NULL, &error), rows[i].status);
        assert_int_equal(error.fault, rows[i].fault);
        assert_false(error.maybe_done);
        assert_null(strstr(error.message, "example.com"));
    }
    const struct db_value values[] = {db_text("it's@example.com")};
    assert_int_equal(
        run("INSERT INTO faults VALUES (9, 1, ?)", NULL, 0, values, 1, NULL, NULL, &error),
        SVC_CONFLICT);
    assert_string_equal(error.message, "Duplicate entry '...' for key 'by_email'");
    assert_int_equal(db_counts(db).connections, 1); /* none of them costs the connection */
}

static void results_that_are_not_as_declared_are_refused(void **state) {
    (void)state;
    static const struct db_column text[] = {{.type = DB_TEXT, .max_bytes = 100}};
    static const struct db_column number[] = {{.type = DB_INT}};
    static const struct db_column time[] = {{.type = DB_TIME}};
    static const struct db_column two[] = {{.type = DB_INT}, {.type = DB_INT}};
    static const struct {
        const char *sql;
        const struct db_column *columns;
        size_t count;
    } rows[] = {
        {"SELECT 1", text, 1},     {"SELECT 'a'", number, 1},
        {"SELECT 1.5", number, 1}, {"SELECT 1e0", number, 1},
        {"SELECT NOW()", text, 1}, {"SELECT CURRENT_TIME()", time, 1},
        {"SELECT 1", two, 2},      {"SELECT 1, 2", number, 1},
        {"SELECT x'ff'", text, 1}, {"SELECT 1 FROM seq_1_to_5000", text, 1},
        {"DO 1", number, 1},       {"SELECT 1", NULL, 0},
    };
    struct kept kept = {0};
    struct db_error error;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const enum svc_status status =
            run(rows[i].sql, rows[i].columns, rows[i].count, NULL, 0, &kept, NULL, &error);
        if (status != SVC_BAD_RESPONSE || error.fault != DB_FAULT_RESULT) {
            print_error("%s\n", rows[i].sql);
        }
        assert_int_equal(status, SVC_BAD_RESPONSE);
        assert_int_equal(error.fault, DB_FAULT_RESULT);
        assert_int_equal(kept.rows, 0);
        assert_int_equal(db_number(db, "SELECT 7"), 7);
    }
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    static const struct db_column no_size[] = {{.type = DB_TEXT}};
    static const struct db_column deep[] = {{.type = DB_DECIMAL, .scale = 19}};
    struct db_value many[DB_MAX_PARAMETERS + 1];
    struct kept kept = {0};
    struct db_error error;
    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = db_int(1);
    }
    const struct db_value scale[] = {db_decimal(1, 19)};
    assert_int_equal(run("DO ?", NULL, 0, many, 2, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO ?", NULL, 0, many, 0, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO 1", NULL, 0, many, COUNT(many), NULL, NULL, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(run("", NULL, 0, NULL, 0, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO ?", NULL, 0, scale, 1, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("SELECT 'a'", no_size, 1, NULL, 0, &kept, NULL, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(run("SELECT 1", deep, 1, NULL, 0, &kept, NULL, &error), SVC_INVALID_ARGUMENT);
    const struct db_statement statement = {"SELECT 1", column, 1};
    const struct db_query query = {.statement = &statement};
    assert_int_equal(db_run(db, &query, NULL, &error), SVC_INVALID_ARGUMENT); /* no row function */
}

/* ---------------------------------------------------------------------- rows and statements */

static enum svc_status inner_status;

static bool run_inside(void *user, const struct db_value *row) {
    struct db_error error;
    (void)row;
    (void)user;
    inner_status = run("DO 1", NULL, 0, NULL, 0, NULL, NULL, &error);
    return true;
}

static void no_statement_runs_while_rows_are_read(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    static const struct db_statement statement = {"SELECT seq FROM seq_1_to_3", column, 1};
    const struct db_query query = {.statement = &statement, .row = run_inside};
    struct db_error error;
    struct db_result result;
    assert_int_equal(db_run(db, &query, &result, &error), SVC_OK);
    assert_int_equal(result.rows, 3);
    assert_int_equal(inner_status, SVC_INVALID_ARGUMENT);
}

static void reading_can_be_ended_early(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    struct kept kept = {.most = 2};
    struct db_result result;
    struct db_error error;
    assert_int_equal(run("SELECT CAST(seq AS SIGNED) FROM seq_1_to_20000", column, 1, NULL, 0,
                         &kept, &result, &error),
                     SVC_OK);
    assert_int_equal(result.rows, 2);
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    assert_int_equal(db_counts(db).connections, 1);
}

static bool sum(void *user, const struct db_value *row) {
    *(int64_t *)user += row[0].integer;
    return true;
}

static void many_rows_stream(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = 50}};
    static const struct db_statement statement = {
        "SELECT seq, CONCAT('row ', seq) FROM seq_1_to_100000", columns, 2};
    int64_t total = 0;
    const struct db_query query = {.statement = &statement, .row = sum, .user = &total};
    struct db_result result;
    struct db_error error;
    assert_int_equal(db_run(db, &query, &result, &error), SVC_OK);
    assert_int_equal(result.rows, 100000);
    assert_true(total == INT64_C(5000050000));
}

static void a_statement_is_prepared_once(void **state) {
    (void)state;
    const struct db_counts before = db_counts(db);
    char copy[64];
    for (int i = 0; i < 10; i++) {
        /* By its text, wherever that stands. */
        snprintf(copy, sizeof(copy), "SELECT 4711 + %d", i % 2);
        assert_int_equal(db_number(db, copy), 4711 + i % 2);
    }
    const struct db_counts after = db_counts(db);
    assert_int_equal(after.prepared - before.prepared, 2);
    assert_int_equal(after.executed - before.executed, 10);
    assert_true(after.round_trips - before.round_trips <= 13); /* and the limit of time */
}

static void the_least_recently_used_statement_is_replaced(void **state) {
    (void)state;
    char sql[64];
    db_disconnect(db); /* none is prepared */
    for (int i = 0; i < 3 * DB_MAX_STATEMENTS; i++) {
        snprintf(sql, sizeof(sql), "SELECT %d", i);
        assert_int_equal(db_number(db, sql), i);
        assert_int_equal(db_number(db, "SELECT 1000000"), 1000000); /* in use all the time */
    }
    const uint64_t prepared = db_counts(db).prepared;
    assert_int_equal(db_number(db, "SELECT 1000000"), 1000000);
    assert_true(db_counts(db).prepared == prepared);
    assert_int_equal(db_number(db, "SELECT 0"), 0); /* was replaced */
    assert_true(db_counts(db).prepared == prepared + 1);
    db_wait_for(&f, "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'", "Prepared_stmt_count\t64");
}

static void rows_and_ids_are_counted(void **state) {
    (void)state;
    struct db_result result;
    struct db_error error;
    db_do(db, "CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)");
    assert_int_equal(run("INSERT INTO counted (n) VALUES (1), (2), (3)", NULL, 0, NULL, 0, NULL,
                         &result, &error),
                     SVC_OK);
    assert_int_equal(result.affected_rows, 3);
    assert_int_equal(result.last_insert_id, 1);
    assert_int_equal(run("UPDATE counted SET n = 2", NULL, 0, NULL, 0, NULL, &result, &error),
                     SVC_OK);
    assert_int_equal(result.affected_rows, 2); /* those that changed */
    assert_int_equal(run("DELETE FROM counted", NULL, 0, NULL, 0, NULL, &result, &error), SVC_OK);
    assert_int_equal(result.affected_rows, 3);
}

static void an_altered_table_is_seen(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}};
    struct kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE altered (a INT NOT NULL)");
    db_do(db, "INSERT INTO altered VALUES (5)");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    db_sql(&f, "ALTER TABLE shop.altered MODIFY a VARCHAR(10) NOT NULL");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    db_sql(&f, "ALTER TABLE shop.altered MODIFY a INT NOT NULL, ADD b INT NOT NULL DEFAULT 1");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    db_sql(&f, "ALTER TABLE shop.altered DROP b");
    kept.rows = 0;
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 5);
}

static void a_slow_statement_ends_with_its_deadline(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}};
    struct kept kept = {0};
    struct db_error error;
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 400));
    const enum svc_status status =
        run("SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq = 0",
            columns, 1, NULL, 0, &kept, NULL, &error);
    const int64_t took_ms = svc_monotonic_ms(svc_clock_system()) - begin_ms;
    assert_true(status == SVC_TIMED_OUT || status == SVC_DEADLINE);
    assert_int_equal(error.fault, DB_FAULT_TIMEOUT);
    assert_in_range(took_ms, 200, 5000);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), -1));
    assert_int_equal(run("DO 1", NULL, 0, NULL, 0, NULL, NULL, &error), SVC_DEADLINE);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    /* The server has ended it too: nothing of it runs on. */
    db_wait_for(
        &f,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT COUNT(*) "
        "FROM seq_1_to%'",
        "0");
}

static void nothing_of_the_data_is_in_the_log(void **state) {
    (void)state;
    const char *lines = svc_buf_text(&f.log.lines);
    assert_non_null(strstr(lines, "database connected"));
    assert_null(strstr(lines, "canary"));
    assert_null(strstr(lines, "app"));
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
        TEST(null_is_told_from_empty),
        TEST(a_longer_text_than_declared_is_an_error),
        TEST(long_and_short_texts_alternate),
        TEST(a_value_too_long_for_its_column_is_refused_by_the_server),
        TEST(faults_of_the_server_are_told_apart),
        TEST(results_that_are_not_as_declared_are_refused),
        TEST(wrong_arguments_are_refused),
        TEST(no_statement_runs_while_rows_are_read),
        TEST(reading_can_be_ended_early),
        TEST(many_rows_stream),
        TEST(a_statement_is_prepared_once),
        TEST(the_least_recently_used_statement_is_replaced),
        TEST(rows_and_ids_are_counted),
        TEST(an_altered_table_is_seen),
        TEST(a_slow_statement_ends_with_its_deadline),
        TEST(nothing_of_the_data_is_in_the_log),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
