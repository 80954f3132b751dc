/* See platform.h. */
#include "tests/services/platforms/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void platform_load(struct db_fixture *fixture, const char *platform, int orders) {
    /* The tables refer to each other; which of them is dropped first does not matter. */
    db_sql(fixture, "SET foreign_key_checks = 0; CREATE OR REPLACE DATABASE shop CHARACTER SET "
                    "utf8mb4; SET foreign_key_checks = 1; USE shop");
    db_sql(fixture, "source " TEST_FILE("platforms/%s/schema.sql"), platform);
    db_sql(fixture, "SET @orders = %d", orders);
    db_sql(fixture, "source " TEST_FILE("platforms/%s/seed.sql"), platform);
}

void platform_apply(struct db *db, struct db_migration *migrations, size_t count) {
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    const char *failed = NULL;
    assert_non_null(migrations);
    if (db_migrate(db, migrations, count, false, NULL, NULL, &failed, &error) != SVC_OK) {
        print_error("%s: %s\n", failed, db_error_text(&error, text));
        fail();
    }
    free(migrations);
}
