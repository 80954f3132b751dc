/* Values that go to the database and come back, and the columns a caller declares. Pure functions.
 *
 * Money never passes through floating point: a decimal is an integer of minor units with a scale
 * (scale 0: won; 550 at scale 2: 5.50 %). */
#ifndef DB_VALUE_H
#define DB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The largest scale, so that 10^scale fits into 64 bits. */
#define DB_MAX_SCALE 18

enum db_type {
    DB_NULL,
    DB_INT,    /* integer columns; `integer` */
    DB_UINT,   /* integer columns; `unsigned_integer` */
    DB_TEXT,   /* UTF-8; character columns, ENUM, SET, JSON; `bytes` */
    DB_BYTES,  /* BINARY, VARBINARY, BLOB; `bytes` */
    DB_TIME,   /* DATETIME, TIMESTAMP, DATE (its midnight): µs since 1970 in UTC; `integer` */
    DB_DECIMAL /* DECIMAL, and integer and floating columns: minor units at `scale`; `integer` */
};

struct db_value {
    enum db_type type;
    uint8_t scale;             /* of a DB_DECIMAL */
    int64_t integer;           /* DB_INT, DB_TIME, DB_DECIMAL */
    uint64_t unsigned_integer; /* DB_UINT */
    const char *bytes;         /* DB_TEXT, DB_BYTES: borrowed; in a row followed by a NUL */
    size_t size_bytes;
};

static inline struct db_value db_null(void) {
    return (struct db_value){.type = DB_NULL};
}
static inline struct db_value db_int(int64_t integer) {
    return (struct db_value){.type = DB_INT, .integer = integer};
}
static inline struct db_value db_uint(uint64_t integer) {
    return (struct db_value){.type = DB_UINT, .unsigned_integer = integer};
}
/* A C string; NULL is the value NULL. */
static inline struct db_value db_text(const char *text) {
    return text == NULL
               ? db_null()
               : (struct db_value){.type = DB_TEXT, .bytes = text, .size_bytes = strlen(text)};
}
static inline struct db_value db_text_of(const char *bytes, size_t size_bytes) {
    return (struct db_value){.type = DB_TEXT, .bytes = bytes, .size_bytes = size_bytes};
}
static inline struct db_value db_bytes(const void *bytes, size_t size_bytes) {
    return (struct db_value){.type = DB_BYTES, .bytes = bytes, .size_bytes = size_bytes};
}
static inline struct db_value db_time(int64_t since_1970_us) {
    return (struct db_value){.type = DB_TIME, .integer = since_1970_us};
}
static inline struct db_value db_decimal(int64_t units, uint8_t scale) {
    return (struct db_value){.type = DB_DECIMAL, .scale = scale, .integer = units};
}

/* A column of a result as the caller expects it. A result that is anything else is refused. */
struct db_column {
    enum db_type type; /* not DB_NULL */
    uint8_t scale;     /* of a DB_DECIMAL */
    bool nullable;
    size_t max_bytes; /* of a DB_TEXT or DB_BYTES, at most DB_MAX_VALUE_BYTES; longer ones are an
                         error, never cut */
};

/* ---------------------------------------------------------------------- conversions */

/* Times that DATETIME(6) holds: 0001-01-01 to 9999-12-31. */
#define DB_TIME_MIN_US INT64_C(-62135596800000000)
#define DB_TIME_MAX_US INT64_C(253402300799999999)

/* "-12.34" and the like, as the server writes a DECIMAL, to units of 10^-scale. false: not a
 * number, not whole in these units, or beyond 64 bits. */
bool db_decimal_parse(const char *text, size_t size_bytes, uint8_t scale, int64_t *units);
/* The reverse; returns the length. */
#define DB_DECIMAL_BYTES 32
size_t db_decimal_format(int64_t units, uint8_t scale, char out[DB_DECIMAL_BYTES]);
/* A floating number to units of 10^-scale: false unless it is the double (or, with is_single, the
 * float) that is nearest to a decimal with so many digits, and one that a double distinguishes from
 * its neighbours (below 2^53 units; a float: 2^24). */
bool db_decimal_from_double(double number, bool is_single, uint8_t scale, int64_t *units);

#endif
