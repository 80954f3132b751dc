/* Values to the Connector's parameters, and its columns to values. Every column is fetched in the
 * form the server sends it and converted here: the Connector's own conversions round. */
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/internal.h"

#define BINARY_CHARSET   63
#define FIRST_CELL_BYTES 255 /* a longer text is fetched a second time, from the same packet */
#define US_PER_MS        1000
#define US_PER_DAY       (INT64_C(86400) * 1000000)

/* ---------------------------------------------------------------------- times */

static void time_from_us(int64_t since_1970_us, MYSQL_TIME *out) {
    int64_t ms = since_1970_us / US_PER_MS;
    int64_t us = since_1970_us % US_PER_MS;
    if (us < 0) {
        us += US_PER_MS;
        ms--;
    }
    const struct svc_date date = svc_date_from_ms(ms);
    memset(out, 0, sizeof(*out));
    out->year = (unsigned)date.year;
    out->month = (unsigned)date.month;
    out->day = (unsigned)date.day;
    out->hour = (unsigned)date.hour;
    out->minute = (unsigned)date.minute;
    out->second = (unsigned)date.second;
    out->second_part = (unsigned long)(date.ms * US_PER_MS + us);
    out->time_type = MYSQL_TIMESTAMP_DATETIME;
}

/* false: no date, as 0000-00-00 and 2026-02-00 in old tables. */
static bool time_to_us(const MYSQL_TIME *time, int64_t *since_1970_us) {
    const struct svc_date date = {
        .year = (int)time->year,
        .month = (int)time->month,
        .day = (int)time->day,
        .hour = (int)time->hour,
        .minute = (int)time->minute,
        .second = (int)time->second,
    };
    if (time->neg || time->year < 1 || time->year > 9999 || time->month < 1 || time->month > 12 ||
        time->day < 1 || time->hour > 23 || time->minute > 59 || time->second > 59 ||
        time->second_part > 999999) {
        return false;
    }
    const int64_t ms = svc_date_to_ms(&date);
    if (svc_date_from_ms(ms).day != date.day) {
        return false; /* 31 April */
    }
    *since_1970_us = ms * US_PER_MS + (int64_t)time->second_part;
    return true;
}

/* ---------------------------------------------------------------------- parameters */

static enum svc_status refuse_value(struct db_error *error, size_t index, const char *why) {
    return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "parameter %zu %s", index + 1,
                   why);
}

/* The Connector takes pointers to what it reads only. */
static void *pointer(const void *from) {
    return (void *)(uintptr_t)from;
}

static enum svc_status bind_bytes(const struct db_value *value, size_t index, MYSQL_BIND *bind,
                                  struct db_error *error) {
    if (value->size_bytes > DB_MAX_VALUE_BYTES) {
        (void)refuse_value(error, index, "is larger than DB_MAX_VALUE_BYTES");
        if (error != NULL) {
            error->status = SVC_TOO_LARGE;
        }
        return SVC_TOO_LARGE;
    }
    if (value->type == DB_TEXT && value->size_bytes > 0 &&
        !svc_utf8_valid((const uint8_t *)value->bytes, value->size_bytes)) {
        return refuse_value(error, index, "is not UTF-8");
    }
    bind->buffer_type = value->type == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONG_BLOB;
    /* A NULL pointer would be sent as NULL. */
    bind->buffer = pointer(value->size_bytes > 0 ? value->bytes : "");
    bind->buffer_length = (unsigned long)value->size_bytes;
    return SVC_OK;
}

static enum svc_status bind_value(const struct db_value *value, size_t index, MYSQL_BIND *bind,
                                  char scratch[DB_DECIMAL_BYTES], MYSQL_TIME *time,
                                  struct db_error *error) {
    switch (value->type) {
    case DB_NULL:
        bind->buffer_type = MYSQL_TYPE_NULL;
        return SVC_OK;
    case DB_INT:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = pointer(&value->integer);
        return SVC_OK;
    case DB_UINT:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->is_unsigned = 1;
        bind->buffer = pointer(&value->unsigned_integer);
        return SVC_OK;
    case DB_TEXT:
    case DB_BYTES:
        return bind_bytes(value, index, bind, error);
    case DB_TIME:
        if (value->integer < DB_TIME_MIN_US || value->integer > DB_TIME_MAX_US) {
            return refuse_value(error, index, "is a time outside of the years 1 to 9999");
        }
        time_from_us(value->integer, time);
        bind->buffer_type = MYSQL_TYPE_DATETIME;
        bind->buffer = time;
        return SVC_OK;
    case DB_DECIMAL:
        if (value->scale > DB_MAX_SCALE) {
            return refuse_value(error, index, "has too large a scale");
        }
        bind->buffer_length =
            (unsigned long)db_decimal_format(value->integer, value->scale, scratch);
        bind->buffer_type = MYSQL_TYPE_NEWDECIMAL;
        bind->buffer = scratch;
        return SVC_OK;
    }
    return refuse_value(error, index, "has no type");
}

enum svc_status db_bind_values(MYSQL_STMT *statement, const struct db_query *query,
                               MYSQL_BIND bind[DB_MAX_PARAMETERS],
                               char scratch[DB_MAX_PARAMETERS][DB_DECIMAL_BYTES],
                               MYSQL_TIME times[DB_MAX_PARAMETERS], struct db_error *error) {
    if (mysql_stmt_param_count(statement) != query->value_count) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "the statement takes %lu values, not %zu", mysql_stmt_param_count(statement),
                       query->value_count);
    }
    for (size_t i = 0; i < query->value_count; i++) {
        memset(&bind[i], 0, sizeof(bind[i]));
        enum svc_status status =
            bind_value(&query->values[i], i, &bind[i], scratch[i], &times[i], error);
        if (status != SVC_OK) {
            return status;
        }
        bind[i].length_value = bind[i].buffer_length;
        bind[i].length = &bind[i].buffer_length;
    }
    return query->value_count == 0 || mysql_stmt_bind_param(statement, bind) == 0
               ? SVC_OK
               : db_fail(error, SVC_INTERNAL, DB_FAULT_OTHER, "the values cannot be bound");
}

/* ---------------------------------------------------------------------- columns */

static bool is_integer(enum enum_field_types type) {
    return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
           type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG || type == MYSQL_TYPE_YEAR;
}

static bool is_string(enum enum_field_types type) {
    return type == MYSQL_TYPE_VARCHAR || type == MYSQL_TYPE_VAR_STRING ||
           type == MYSQL_TYPE_STRING || type == MYSQL_TYPE_ENUM || type == MYSQL_TYPE_SET ||
           type == MYSQL_TYPE_TINY_BLOB || type == MYSQL_TYPE_MEDIUM_BLOB ||
           type == MYSQL_TYPE_LONG_BLOB || type == MYSQL_TYPE_BLOB;
}

static bool is_time(enum enum_field_types type) {
    return type == MYSQL_TYPE_DATETIME || type == MYSQL_TYPE_TIMESTAMP || type == MYSQL_TYPE_DATE;
}

/* Whether a column of the server can be read as what the caller declares. */
static bool is_readable(const MYSQL_FIELD *field, enum db_type type) {
    switch (type) {
    case DB_NULL:
        return false;
    case DB_INT:
    case DB_UINT:
        return is_integer(field->type);
    case DB_TEXT:
        return field->type == MYSQL_TYPE_JSON ||
               (is_string(field->type) && field->charsetnr != BINARY_CHARSET);
    case DB_BYTES:
        return is_string(field->type) && field->charsetnr == BINARY_CHARSET;
    case DB_TIME:
        return is_time(field->type);
    case DB_DECIMAL:
        return field->type == MYSQL_TYPE_NEWDECIMAL || field->type == MYSQL_TYPE_FLOAT ||
               field->type == MYSQL_TYPE_DOUBLE || is_integer(field->type);
    }
    return false;
}

static const char *type_name(enum db_type type) {
    static const char *const names[] = {"NULL", "INT", "UINT", "TEXT", "BYTES", "TIME", "DECIMAL"};
    return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

static enum svc_status refuse_column(const struct db_query *query, size_t index, const char *why,
                                     struct db_error *error) {
    return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT, "column %zu (as %s) %s", index + 1,
                   type_name(query->statement->columns[index].type), why);
}

static enum svc_status no_memory(struct db_error *error) {
    return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a row");
}

static bool bind_cell(const MYSQL_FIELD *field, const struct db_column *column,
                      struct db_cell *cell, MYSQL_BIND *bind) {
    memset(bind, 0, sizeof(*bind));
    bind->is_null = &cell->is_null;
    bind->error = &cell->is_cut;
    bind->length = &cell->size_bytes;
    bind->buffer = &cell->as;
    if (is_integer(field->type)) {
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->is_unsigned = (field->flags & UNSIGNED_FLAG) != 0 || field->type == MYSQL_TYPE_YEAR;
    } else if (is_time(field->type)) {
        bind->buffer_type = MYSQL_TYPE_DATETIME;
    } else if (field->type == MYSQL_TYPE_FLOAT || field->type == MYSQL_TYPE_DOUBLE) {
        bind->buffer_type = field->type;
    } else if (field->type == MYSQL_TYPE_NEWDECIMAL) {
        bind->buffer_type = MYSQL_TYPE_STRING;
        bind->buffer_length = sizeof(cell->as.decimal);
    } else {
        const size_t size =
            column->max_bytes < FIRST_CELL_BYTES ? column->max_bytes : FIRST_CELL_BYTES;
        svc_buf_reset(&cell->bytes);
        if (!svc_buf_reserve(&cell->bytes, size)) {
            return false;
        }
        bind->buffer_type = column->type == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONG_BLOB;
        bind->buffer = cell->bytes.bytes;
        bind->buffer_length = (unsigned long)size;
    }
    return true;
}

enum svc_status db_bind_columns(struct db *db, MYSQL_STMT *statement, const struct db_query *query,
                                struct db_error *error) {
    MYSQL_BIND bind[DB_MAX_COLUMNS];
    const struct db_statement *declared = query->statement;
    const unsigned count = mysql_stmt_field_count(statement);
    const MYSQL_FIELD *fields = mariadb_stmt_fetch_fields(statement);
    if (count != declared->column_count || fields == NULL) {
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                       "the result has %u columns, not %zu", count, declared->column_count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_readable(&fields[i], declared->columns[i].type)) {
            return refuse_column(query, i, "has another type in the database", error);
        }
        if (!bind_cell(&fields[i], &declared->columns[i], &db->cells[i], &bind[i])) {
            return no_memory(error);
        }
    }
    return mysql_stmt_bind_result(statement, bind) == 0 ? SVC_OK
                                                        : db_fail_here(db, statement, error);
}

/* ---------------------------------------------------------------------- rows */

/* What of a value does not fit; NULL: all does. */
static const char *take_integer(const MYSQL_FIELD *field, const struct db_column *column,
                                const struct db_cell *cell, struct db_value *value) {
    static const char beyond[] = "holds a number beyond its range";
    const bool is_unsigned = (field->flags & UNSIGNED_FLAG) != 0 || field->type == MYSQL_TYPE_YEAR;
    const bool is_large = is_unsigned && cell->as.unsigned_integer > INT64_MAX;
    if (column->type == DB_UINT) {
        value->unsigned_integer = cell->as.unsigned_integer;
        return is_unsigned || cell->as.integer >= 0 ? NULL : beyond;
    }
    value->integer = cell->as.integer;
    return is_large ? beyond : NULL;
}

static const char *take_decimal(const MYSQL_FIELD *field, const struct db_column *column,
                                const struct db_cell *cell, struct db_value *value) {
    char digits[DB_DECIMAL_BYTES];
    bool fits;
    if (field->type == MYSQL_TYPE_FLOAT) {
        fits =
            db_decimal_from_double((double)cell->as.single, true, column->scale, &value->integer);
    } else if (field->type == MYSQL_TYPE_DOUBLE) {
        fits = db_decimal_from_double(cell->as.number, false, column->scale, &value->integer);
    } else if (field->type == MYSQL_TYPE_NEWDECIMAL) {
        fits = cell->size_bytes <= sizeof(cell->as.decimal) &&
               db_decimal_parse(cell->as.decimal, cell->size_bytes, column->scale, &value->integer);
    } else {
        struct db_value integer = {0};
        const struct db_column as_integer = {.type = DB_INT};
        fits = take_integer(field, &as_integer, cell, &integer) == NULL;
        const size_t size = db_decimal_format(integer.integer, 0, digits);
        fits = fits && db_decimal_parse(digits, size, column->scale, &value->integer);
    }
    value->scale = column->scale;
    return fits ? NULL : "holds a number that is not whole at its scale, or beyond its range";
}

static enum svc_status take_bytes(MYSQL_STMT *statement, const struct db_query *query, size_t index,
                                  struct db_cell *cell, struct db_value *value,
                                  struct db_error *error) {
    const struct db_column *column = &query->statement->columns[index];
    const size_t size = cell->size_bytes;
    if (size > column->max_bytes || size > DB_MAX_VALUE_BYTES) {
        return refuse_column(query, index, "holds a value longer than its limit", error);
    }
    cell->bytes.size_bytes = 0;
    if (cell->is_cut || size > FIRST_CELL_BYTES) {
        MYSQL_BIND bind;
        memset(&bind, 0, sizeof(bind));
        /* The cell stays bound to the old block, which is freed: it is bound again for the next
         * row. */
        if (!svc_buf_reserve(&cell->bytes, size)) {
            return no_memory(error);
        }
        unsigned long got = 0;
        bind.buffer_type = column->type == DB_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_LONG_BLOB;
        bind.buffer = cell->bytes.bytes;
        bind.buffer_length = (unsigned long)size;
        bind.length = &got;
        if (mysql_stmt_fetch_column(statement, &bind, (unsigned)index, 0) != 0) {
            return refuse_column(query, index, "cannot be fetched", error);
        }
    }
    cell->bytes.size_bytes = size;
    cell->bytes.bytes[size] = '\0';
    if (column->type == DB_TEXT && size > 0 && !svc_utf8_valid(cell->bytes.bytes, size)) {
        return refuse_column(query, index, "holds a text that is not UTF-8", error);
    }
    value->bytes = (const char *)cell->bytes.bytes;
    value->size_bytes = size;
    return SVC_OK;
}

static enum svc_status take_cell(struct db *db, MYSQL_STMT *statement, const struct db_query *query,
                                 size_t index, struct db_value *value, struct db_error *error) {
    const MYSQL_FIELD *field = &mariadb_stmt_fetch_fields(statement)[index];
    const struct db_column *column = &query->statement->columns[index];
    struct db_cell *cell = &db->cells[index];
    const char *why = NULL;
    memset(value, 0, sizeof(*value));
    if (cell->is_null) {
        return column->nullable ? SVC_OK : refuse_column(query, index, "is NULL", error);
    }
    value->type = column->type;
    switch (column->type) {
    case DB_TEXT:
    case DB_BYTES:
        return take_bytes(statement, query, index, cell, value, error);
    case DB_TIME:
        why = time_to_us(&cell->as.time, &value->integer) ? NULL : "holds no date";
        break;
    case DB_DECIMAL:
        why = take_decimal(field, column, cell, value);
        break;
    case DB_NULL:
    case DB_INT:
    case DB_UINT:
        why = take_integer(field, column, cell, value);
        break;
    }
    return why == NULL ? SVC_OK : refuse_column(query, index, why, error);
}

enum svc_status db_take_row(struct db *db, MYSQL_STMT *statement, const struct db_query *query,
                            struct db_value row[DB_MAX_COLUMNS], struct db_error *error) {
    for (size_t i = 0; i < query->statement->column_count; i++) {
        enum svc_status status = take_cell(db, statement, query, i, &row[i], error);
        if (status != SVC_OK) {
            return status;
        }
    }
    return SVC_OK;
}
