/* What the tests of statements and of types share: one server, and one db of it with half a minute
 * for each test. */
#ifndef TESTS_SERVICES_DB_TABLE_SUPPORT_H
#define TESTS_SERVICES_DB_TABLE_SUPPORT_H

#include <stddef.h>

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

static enum svc_status run(const char *sql, const struct db_column *columns, size_t column_count,
                           const struct db_value *values, size_t value_count, struct db_kept *kept,
                           struct db_result *result, struct db_error *error) {
    return db_run_values(db, sql, columns, column_count, values, value_count, kept, result, error);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
