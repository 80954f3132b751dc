/* What services/db gives the Connector and takes from it, without a server: the Connector's calls
 * on a prepared statement are wrapped. Values of every type become parameters that mean the same,
 * or are refused; columns of every type, with any content, become the value that was declared, or
 * are refused: times by timegm, decimals in 128 bits. */
#include <math.h>
#include <time.h>

#include "fuzz/support/decimal_oracle.h"
#include "fuzz/support/fuzz.h"
#include "services/base/text.h"
#include "services/db/internal.h"

#define MAX_COUNT      4
#define MAX_BYTES      400 /* of a text; more than is fetched at once */
#define BINARY_CHARSET 63
#define UTF8_CHARSET   45

static struct {
    unsigned long parameters;
    unsigned columns;
    MYSQL_FIELD fields[MAX_COUNT];
    MYSQL_BIND bound[DB_MAX_COLUMNS]; /* a copy of what was given */
    size_t binds;
    const uint8_t *texts[MAX_COUNT]; /* of the row */
    size_t text_bytes[MAX_COUNT];
} server;

unsigned long STDCALL __wrap_mysql_stmt_param_count(MYSQL_STMT *statement);
unsigned long STDCALL __wrap_mysql_stmt_param_count(MYSQL_STMT *statement) {
    (void)statement;
    return server.parameters;
}

my_bool STDCALL __wrap_mysql_stmt_bind_param(MYSQL_STMT *statement, MYSQL_BIND *bind);
my_bool STDCALL __wrap_mysql_stmt_bind_param(MYSQL_STMT *statement, MYSQL_BIND *bind) {
    (void)statement;
    memcpy(server.bound, bind, server.parameters * sizeof(*bind));
    server.binds++;
    return 0;
}

unsigned int STDCALL __wrap_mysql_stmt_field_count(MYSQL_STMT *statement);
unsigned int STDCALL __wrap_mysql_stmt_field_count(MYSQL_STMT *statement) {
    (void)statement;
    return server.columns;
}

MYSQL_FIELD *STDCALL __wrap_mariadb_stmt_fetch_fields(MYSQL_STMT *statement);
MYSQL_FIELD *STDCALL __wrap_mariadb_stmt_fetch_fields(MYSQL_STMT *statement) {
    (void)statement;
    return server.fields;
}

my_bool STDCALL __wrap_mysql_stmt_bind_result(MYSQL_STMT *statement, MYSQL_BIND *bind);
my_bool STDCALL __wrap_mysql_stmt_bind_result(MYSQL_STMT *statement, MYSQL_BIND *bind) {
    (void)statement;
    memcpy(server.bound, bind, server.columns * sizeof(*bind));
    server.binds++;
    return 0;
}

int STDCALL __wrap_mysql_stmt_fetch_column(MYSQL_STMT *statement, MYSQL_BIND *bind,
                                           unsigned int column, unsigned long offset);
int STDCALL __wrap_mysql_stmt_fetch_column(MYSQL_STMT *statement, MYSQL_BIND *bind,
                                           unsigned int column, unsigned long offset) {
    (void)statement;
    FUZZ_CHECK(column < server.columns && offset == 0 &&
                   bind->buffer_length == server.text_bytes[column],
               "%lu bytes of column %u", bind->buffer_length, column);
    memcpy(bind->buffer, server.texts[column], server.text_bytes[column]);
    *bind->length = (unsigned long)server.text_bytes[column];
    return 0;
}

/* ---------------------------------------------------------------------- times */

static int64_t us_of(const MYSQL_TIME *time) {
    struct tm parts = {.tm_year = (int)time->year - 1900,
                       .tm_mon = (int)time->month - 1,
                       .tm_mday = (int)time->day,
                       .tm_hour = (int)time->hour,
                       .tm_min = (int)time->minute,
                       .tm_sec = (int)time->second};
    return (int64_t)timegm(&parts) * 1000000 + (int64_t)time->second_part;
}

/* Whether the parts are a moment of the years 1 to 9999: timegm changes none of them. */
static bool is_time(const MYSQL_TIME *time) {
    struct tm parts = {.tm_year = (int)(time->year % 100000) - 1900,
                       .tm_mon = (int)(time->month % 1000) - 1,
                       .tm_mday = (int)(time->day % 1000),
                       .tm_hour = (int)(time->hour % 1000),
                       .tm_min = (int)(time->minute % 1000),
                       .tm_sec = (int)(time->second % 1000)};
    timegm(&parts);
    return !time->neg && time->year >= 1 && time->year <= 9999 && time->second_part <= 999999 &&
           (unsigned)parts.tm_year + 1900 == time->year &&
           (unsigned)parts.tm_mon + 1 == time->month && (unsigned)parts.tm_mday == time->day &&
           (unsigned)parts.tm_hour == time->hour && (unsigned)parts.tm_min == time->minute &&
           (unsigned)parts.tm_sec == time->second;
}

/* ---------------------------------------------------------------------- parameters */

static struct db_value take_value(struct fuzz_input *input) {
    size_t size_bytes = fuzz_take_u8(input) % 64;
    struct db_value value = {.type = (enum db_type)(fuzz_take_u8(input) % (DB_DECIMAL + 2)),
                             .scale = (uint8_t)(fuzz_take_u8(input) % (DB_MAX_SCALE + 2)),
                             .integer = (int64_t)fuzz_take_u64(input)};
    const bool is_near = fuzz_take_u8(input) & 1;
    if (value.type == DB_TIME)
        value.integer =
            is_near ? value.integer % 10000 + (value.integer & 1 ? DB_TIME_MIN_US : DB_TIME_MAX_US)
                    : value.integer % DB_TIME_MAX_US;
    value.unsigned_integer = (uint64_t)value.integer;
    value.bytes = (const char *)fuzz_take_front(input, &size_bytes);
    value.size_bytes = size_bytes;
    return value;
}

static bool is_bindable(const struct db_value *value) {
    switch (value->type) {
    case DB_TEXT:
        return value->size_bytes == 0 ||
               svc_utf8_valid((const uint8_t *)value->bytes, value->size_bytes);
    case DB_TIME:
        return value->integer >= DB_TIME_MIN_US && value->integer <= DB_TIME_MAX_US;
    case DB_DECIMAL:
        return value->scale <= DB_MAX_SCALE;
    case DB_NULL:
    case DB_INT:
    case DB_UINT:
    case DB_BYTES:
        return true;
    }
    return false;
}

static void check_bound(const struct db_value *value, const MYSQL_BIND *bind) {
    const bool is_bytes = value->type == DB_TEXT || value->type == DB_BYTES;
    char text[DB_DECIMAL_BYTES + 1] = "";
    int64_t units = 0;
    FUZZ_CHECK((value->type == DB_NULL) == (bind->buffer_type == MYSQL_TYPE_NULL), "NULL or not");
    if (value->type == DB_INT || value->type == DB_UINT) {
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_LONGLONG &&
                       bind->is_unsigned == (value->type == DB_UINT) &&
                       !memcmp(bind->buffer, &value->integer, sizeof(value->integer)),
                   "another number than %lld", (long long)value->integer);
    } else if (is_bytes) {
        FUZZ_CHECK(bind->buffer_type ==
                           (value->type == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONG_BLOB) &&
                       bind->buffer != NULL && *bind->length == value->size_bytes &&
                       !memcmp(bind->buffer, value->bytes, value->size_bytes),
                   "other bytes");
    } else if (value->type == DB_TIME) {
        const MYSQL_TIME *time = bind->buffer;
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_DATETIME && is_time(time) &&
                       us_of(time) == value->integer,
                   "another time than %lld", (long long)value->integer);
    } else if (value->type == DB_DECIMAL) {
        FUZZ_CHECK(*bind->length < sizeof(text), "%lu bytes", *bind->length);
        memcpy(text, bind->buffer, *bind->length);
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_NEWDECIMAL &&
                       decimal_oracle(text, value->scale, &units) && units == value->integer,
                   "%s is not %lld", text, (long long)value->integer);
    }
}

static void check_parameters(struct fuzz_input *input) {
    struct db_value values[MAX_COUNT];
    MYSQL_BIND bind[DB_MAX_PARAMETERS];
    char scratch[DB_MAX_PARAMETERS][DB_DECIMAL_BYTES];
    MYSQL_TIME times[DB_MAX_PARAMETERS];
    struct db_error error = {0};
    const size_t count = fuzz_take_u8(input) % (MAX_COUNT + 1);
    const bool is_wrong_count = fuzz_take_u8(input) % 16 == 1;
    bool is_good = !is_wrong_count;
    for (size_t i = 0; i < count; i++) {
        values[i] = take_value(input);
        is_good = is_good && is_bindable(&values[i]);
    }
    const struct db_query query = {.values = values, .value_count = count};
    server.parameters = count + is_wrong_count;
    server.binds = 0;
    const enum svc_status status = db_bind_values(NULL, &query, bind, scratch, times, &error);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_INVALID_ARGUMENT) && error.status == status, "%s",
               svc_status_name(status));
    FUZZ_CHECK(server.binds == (is_good && count > 0), "bound %zu times", server.binds);
    for (size_t i = 0; is_good && i < count; i++)
        check_bound(&values[i], &server.bound[i]);
}

/* ---------------------------------------------------------------------- columns */

static const enum enum_field_types types[] = {
    MYSQL_TYPE_TINY,      MYSQL_TYPE_SHORT,      MYSQL_TYPE_INT24,      MYSQL_TYPE_LONG,
    MYSQL_TYPE_LONGLONG,  MYSQL_TYPE_YEAR,       MYSQL_TYPE_VARCHAR,    MYSQL_TYPE_VAR_STRING,
    MYSQL_TYPE_STRING,    MYSQL_TYPE_ENUM,       MYSQL_TYPE_SET,        MYSQL_TYPE_BLOB,
    MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_LONG_BLOB,  MYSQL_TYPE_DATETIME,   MYSQL_TYPE_TIMESTAMP,
    MYSQL_TYPE_DATE,      MYSQL_TYPE_NEWDECIMAL, MYSQL_TYPE_FLOAT,      MYSQL_TYPE_DOUBLE,
    MYSQL_TYPE_JSON,      MYSQL_TYPE_TIME,       MYSQL_TYPE_MEDIUM_BLOB};
enum { FIRST_STRING = 6, FIRST_TIME = 14, DECIMAL = 17, FLOAT, DOUBLE, JSON, TIME, BLOB };

/* A column of the database, what is declared, and what the server sends. */
struct cell {
    size_t type; /* in `types` */
    bool is_unsigned, is_null;
    struct db_column declared;
    uint64_t number;
    MYSQL_TIME time;
};

static bool is_integer(const struct cell *cell) {
    return cell->type < FIRST_STRING;
}

static bool is_string(const struct cell *cell) {
    return (cell->type >= FIRST_STRING && cell->type < FIRST_TIME) || cell->type == BLOB;
}

static bool is_readable(const struct cell *cell, bool is_binary) {
    switch (cell->declared.type) {
    case DB_INT:
    case DB_UINT:
        return is_integer(cell);
    case DB_TEXT:
        return cell->type == JSON || (is_string(cell) && !is_binary);
    case DB_BYTES:
        return is_string(cell) && is_binary;
    case DB_TIME:
        return cell->type >= FIRST_TIME && cell->type < DECIMAL;
    case DB_DECIMAL:
        return is_integer(cell) || (cell->type >= DECIMAL && cell->type <= DOUBLE);
    case DB_NULL:
        break;
    }
    return false;
}

static struct cell take_cell(struct fuzz_input *input, size_t i, bool *is_good) {
    static const enum db_type usual[] = {DB_INT, DB_TEXT, DB_TIME, DB_DECIMAL, DB_DECIMAL};
    struct cell cell = {.type = fuzz_take_u8(input) % (sizeof(types) / sizeof(types[0]))};
    const uint8_t flags = fuzz_take_u8(input), choice = fuzz_take_u8(input);
    size_t size_bytes = (size_t)fuzz_take_u8(input) + (flags & 64 ? 145 : 0);
    const bool is_binary = flags & 1;
    cell.is_unsigned = flags & 2 || types[cell.type] == MYSQL_TYPE_YEAR;
    cell.is_null = flags % 16 == 4;
    /* Mostly what can be read. */
    cell.declared.type = choice % 8 == 7       ? (enum db_type)(choice / 8 % (DB_DECIMAL + 1))
                         : is_string(&cell)    ? is_binary ? DB_BYTES : DB_TEXT
                         : is_integer(&cell)   ? choice & 1   ? DB_UINT
                                                 : choice & 2 ? DB_DECIMAL
                                                              : DB_INT
                         : cell.type < DECIMAL ? DB_TIME
                                               : usual[choice % 5];
    cell.declared.nullable = flags & 8;
    cell.declared.scale = (uint8_t)(fuzz_take_u8(input) % (DB_MAX_SCALE + 1));
    cell.declared.max_bytes = flags & 32 ? MAX_BYTES : fuzz_take_u8(input);
    cell.number = fuzz_take_u64(input);
    cell.time = (MYSQL_TIME){.year = (unsigned)(cell.number >> 48) % 10002,
                             .month = (unsigned)(cell.number >> 44) % 16,
                             .day = (unsigned)(cell.number >> 38) % 34,
                             .hour = (unsigned)(cell.number >> 32) % 26,
                             .minute = (unsigned)(cell.number >> 26) % 62,
                             .second = (unsigned)(cell.number >> 20) % 62,
                             .second_part = (unsigned long)(cell.number & 0xfffff),
                             .neg = choice == 255};
    server.fields[i] = (MYSQL_FIELD){.type = types[cell.type],
                                     .flags = flags & 2 ? UNSIGNED_FLAG : 0,
                                     .charsetnr = is_binary ? BINARY_CHARSET : UTF8_CHARSET};
    server.texts[i] = fuzz_take_front(input, &size_bytes);
    server.text_bytes[i] = size_bytes;
    *is_good = *is_good && is_readable(&cell, is_binary);
    return cell;
}

/* As the Connector fills what was bound. */
static void fill(size_t i, const struct cell *cell) {
    const MYSQL_BIND *bind = &server.bound[i];
    *bind->is_null = cell->is_null;
    *bind->length = 8;
    if (cell->is_null)
        return;
    if (is_string(cell) || cell->type == JSON || cell->type == DECIMAL) {
        const size_t size = server.text_bytes[i];
        memcpy(bind->buffer, server.texts[i],
               size < bind->buffer_length ? size : bind->buffer_length);
        *bind->length = (unsigned long)size;
        *bind->error = size > bind->buffer_length;
    } else if (is_integer(cell)) {
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_LONGLONG &&
                       bind->is_unsigned == cell->is_unsigned,
                   "another integer");
        memcpy(bind->buffer, &cell->number, sizeof(cell->number));
    } else if (cell->type == FLOAT) {
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_FLOAT, "another type");
        memcpy(bind->buffer, &cell->number, sizeof(float));
    } else if (cell->type == DOUBLE) {
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_DOUBLE, "another type");
        memcpy(bind->buffer, &cell->number, sizeof(double));
    } else {
        FUZZ_CHECK(bind->buffer_type == MYSQL_TYPE_DATETIME, "another type");
        memcpy(bind->buffer, &cell->time, sizeof(cell->time));
    }
}

static bool expect_decimal(size_t i, const struct cell *cell, int64_t *units) {
    char text[128];
    float single = 0;
    double number = 0;
    memcpy(&single, &cell->number, sizeof(single));
    memcpy(&number, &cell->number, sizeof(number));
    if (cell->type == FLOAT)
        return db_decimal_from_double((double)single, true, cell->declared.scale, units);
    if (cell->type == DOUBLE)
        return db_decimal_from_double(number, false, cell->declared.scale, units);
    if (is_integer(cell))
        snprintf(text, sizeof(text), cell->is_unsigned ? "%llu" : "%lld",
                 (unsigned long long)cell->number);
    else
        snprintf(text, sizeof(text), "%.*s", (int)server.text_bytes[i], server.texts[i]);
    return (is_integer(cell) || (server.text_bytes[i] <= 3 * DB_DECIMAL_BYTES &&
                                 strlen(text) == server.text_bytes[i])) &&
           decimal_oracle(text, cell->declared.scale, units);
}

/* Whether the cell has a value; it is compared. */
static bool check_cell(size_t i, const struct cell *cell, const struct db_value *value,
                       bool is_taken) {
    int64_t units = 0;
    const bool is_bytes = cell->declared.type == DB_TEXT || cell->declared.type == DB_BYTES;
    bool is_good = true;
    if (cell->is_null) {
        is_good = cell->declared.nullable;
        FUZZ_CHECK(!is_taken || value->type == DB_NULL, "a value of NULL");
    } else if (is_bytes) {
        const size_t size = server.text_bytes[i];
        is_good =
            size <= cell->declared.max_bytes &&
            (cell->declared.type == DB_BYTES || size == 0 || svc_utf8_valid(server.texts[i], size));
        FUZZ_CHECK(!is_taken || (value->size_bytes == size && value->bytes[size] == '\0' &&
                                 !memcmp(value->bytes, server.texts[i], size)),
                   "other bytes");
    } else if (cell->declared.type == DB_TIME) {
        is_good = is_time(&cell->time);
        FUZZ_CHECK(!is_taken || value->integer == us_of(&cell->time), "another time: %lld",
                   (long long)value->integer);
    } else if (cell->declared.type == DB_DECIMAL) {
        is_good = expect_decimal(i, cell, &units);
        FUZZ_CHECK(!is_taken || (value->integer == units && value->scale == cell->declared.scale),
                   "%lld, not %lld", (long long)value->integer, (long long)units);
    } else {
        const bool is_negative = !cell->is_unsigned && (int64_t)cell->number < 0;
        is_good = cell->declared.type == DB_UINT ? !is_negative
                                                 : !cell->is_unsigned || cell->number <= INT64_MAX;
        FUZZ_CHECK(!is_taken ||
                       (cell->declared.type == DB_UINT ? value->unsigned_integer == cell->number
                                                       : value->integer == (int64_t)cell->number),
                   "another number");
    }
    FUZZ_CHECK(!is_taken || cell->is_null || value->type == cell->declared.type, "another type");
    return is_good;
}

static void check_columns(struct fuzz_input *input) {
    static struct db db;
    static struct db_value row[DB_MAX_COLUMNS];
    struct cell cells[MAX_COUNT];
    struct db_column columns[MAX_COUNT];
    struct db_error error = {0};
    bool is_good = true, is_row = true;
    server.columns = fuzz_take_u8(input) % MAX_COUNT + 1;
    const bool is_wrong_count = fuzz_take_u8(input) % 16 == 1;
    for (size_t i = 0; i < server.columns; i++) {
        cells[i] = take_cell(input, i, &is_good);
        columns[i] = cells[i].declared;
        svc_buf_init(&db.cells[i].bytes, DB_MAX_VALUE_BYTES);
    }
    const struct db_statement statement = {
        .sql = "", .columns = columns, .column_count = server.columns - is_wrong_count};
    const struct db_query query = {.statement = &statement};
    server.binds = 0;
    is_good = is_good && !is_wrong_count;
    enum svc_status status = db_bind_columns(&db, NULL, &query, &error);
    FUZZ_CHECK(status == (is_good ? SVC_OK : SVC_BAD_RESPONSE) && server.binds == is_good, "%s: %s",
               svc_status_name(status), error.message);
    if (is_good) {
        for (size_t i = 0; i < server.columns; i++)
            fill(i, &cells[i]);
        status = db_take_row(&db, NULL, &query, row, &error);
        for (size_t i = 0; i < server.columns; i++)
            is_row = check_cell(i, &cells[i], &row[i], status == SVC_OK) && is_row;
        FUZZ_CHECK(status == (is_row ? SVC_OK : SVC_BAD_RESPONSE), "%s: %s",
                   svc_status_name(status), error.message);
    }
    for (size_t i = 0; i < server.columns; i++)
        svc_buf_clear(&db.cells[i].bytes);
    memset(db.cells, 0, sizeof(db.cells));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    struct fuzz_input input = {data, size_bytes};
    if (fuzz_take_bool(&input))
        check_parameters(&input);
    else
        check_columns(&input);
    return 0;
}
