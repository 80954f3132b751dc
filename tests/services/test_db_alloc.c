/* Each allocation of services/db fails in turn, once and from there on: a clear status, nothing
 * done by half, no leak, and the next call works. (The Connector's own allocations:
 * services/db/README.md.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/db_support.h"
#include "tests/support/failing_malloc.h"

#define TEXT_BYTES 3000 /* longer than the first cell, so that it grows */

static struct db_fixture f;

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db_sql(&f,
           "CREATE TABLE shop.t (id INT PRIMARY KEY, t TEXT NOT NULL); "
           "INSERT INTO shop.t VALUES (1, REPEAT('x', %d))",
           TEXT_BYTES);
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_fixture_stop(&f);
    return 0;
}

static bool take(void *user, const struct db_value *row) {
    *(size_t *)user = row[1].size_bytes;
    return true;
}

static enum svc_status work(struct db *db, void *user, struct db_error *error) {
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = TEXT_BYTES}};
    static const struct db_statement read = {"SELECT id, t FROM t WHERE id = ?", columns, 2};
    static const struct db_statement write = {.sql = "INSERT INTO t VALUES (?, ?)"};
    const struct db_value key[] = {db_int(1)};
    const struct db_value values[] = {db_int(2), db_text("written")};
    const struct db_query reading = {&read, key, 1, take, user};
    const struct db_query writing = {.statement = &write, .values = values, .value_count = 2};
    enum svc_status status = db_run(db, &reading, NULL, error);
    return status == SVC_OK ? db_run(db, &writing, NULL, error) : status;
}

/* All from creating to destroying, with allocation n failing; how many failed. */
static int run_with_failure(int n, bool goes_on) {
    struct db_options options = db_options_of(&f);
    struct db *db = NULL;
    struct db_error error;
    size_t size = 0;
    options.log = NULL; /* the test's own log allocates */
    const long live = failing_malloc.live;
    failing_malloc_arm(n, goes_on);
    enum svc_status status = db_create(&options, &db, &error);
    if (status == SVC_OK) {
        db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
        status = db_transaction(db, NULL, work, &size, &error);
    }
    const int failures = failing_malloc_disarm();
    const int count = atoi(db_sql(&f, "SELECT COUNT(*) FROM shop.t"));
    if (failures > 0) {
        assert_int_equal(status, SVC_NO_MEMORY);
        assert_int_equal(error.status, SVC_NO_MEMORY);
        assert_int_equal(count, 1);
        if (db != NULL) { /* and then it goes on */
            assert_int_equal(db_transaction(db, NULL, work, &size, &error), SVC_OK);
        }
    } else {
        assert_int_equal(status, SVC_OK);
        assert_int_equal(count, 2);
    }
    assert_true(db == NULL || size == TEXT_BYTES);
    db_sql(&f, "DELETE FROM shop.t WHERE id = 2");
    db_destroy(db);
    assert_int_equal(failing_malloc.live, live);
    return failures;
}

static void every_allocation_may_fail_once(void **state) {
    (void)state;
    int n = 1;
    while (run_with_failure(n, false) > 0) {
        n++;
    }
    assert_in_range(n, 6, 60); /* there are some */
}

static void all_allocations_may_fail_from_one_on(void **state) {
    (void)state;
    int n = 1;
    while (run_with_failure(n, true) > 0) {
        n++;
    }
    assert_in_range(n, 6, 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail_once),
        cmocka_unit_test(all_allocations_may_fail_from_one_on),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
