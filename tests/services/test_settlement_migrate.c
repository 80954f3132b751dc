/* The settlement's migrations as they are built in: the list, the command, the choice of files.
 * What the command and the event do is tested in test_webhook_migrate.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/db/migrate_run.h"
#include "services/settlement/migrations.h"
#include "tests/services/platforms/platform.h"

static struct db_fixture f;

static int start(void **state) {
    (void)state;
    return db_fixture_start(&f) ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    db_fixture_stop(&f);
    return 0;
}

static void platforms_are_listed_and_found_by_name(void **state) {
    (void)state;
    size_t own = 0, count = 0;
    assert_string_equal(settle_platform_name(0), "camel_case");
    assert_string_equal(settle_platform_name(1), "snake_case");
    assert_string_equal(settle_platform_name(2), "invented");
    assert_null(settle_platform_name(3));
    struct db_migration *migrations = settle_migrations(NULL, &own);
    assert_non_null(migrations);
    assert_int_equal(own, 3);
    assert_string_equal(migrations[0].name, "settlement_0001_runs");
    free(migrations);
    migrations = settle_migrations("invented", &count);
    assert_int_equal(count, own + 4);
    assert_string_equal(migrations[own].name, "mapping/01_settlement_lines");
    assert_int_equal(migrations[own].kind, DB_MIGRATION_REPEATABLE);
    free(migrations);
    assert_null(settle_migrations("nobody", &count));
}

static enum svc_status open_db(void *user, struct db **db, struct svc_error *error) {
    (void)user;
    (void)error;
    *db = db_of(&f);
    return SVC_OK;
}

static void the_command_applies_the_settlements_migrations(void **state) {
    (void)state;
    char *out = NULL;
    size_t out_size = 0;
    FILE *stream = open_memstream(&out, &out_size);
    const struct db_migrate_cli cli = {
        .program = "settlement-report",
        .subject = "settlement",
        .objects = "views",
        .sql = &settlement_sql,
        .out = stream,
        .err = stream,
        .open = open_db,
    };
    platform_load(&f, "snake_case", 1);
    db_secrets_reset(&f, false);
    char *help[] = {(char *)"migrate", (char *)"--help"};
    assert_int_equal(db_migrate_run(&cli, 2, help), DB_MIGRATE_OK);
    char *snake[] = {(char *)"migrate", (char *)"snake_case"};
    assert_int_equal(db_migrate_run(&cli, 2, snake), DB_MIGRATE_OK);
    fclose(stream);
    assert_non_null(strstr(out, "usage: settlement-report migrate"));
    assert_non_null(strstr(out, "tables of the settlement,"));
    assert_non_null(strstr(
        out, "applied    settlement_0003_versions\napplied    mapping/01_settlement_lines\n"));
    free(out);
    assert_string_equal(db_sql(&f, "SELECT COUNT(*) FROM settlement_sellers"), "4");
}

/* A folder of a further platform that maps other modules alone is no platform of this one; half a
 * mapping is refused. */
static void a_folder_of_another_module_is_left_out(void **state) {
    (void)state;
    char folder[] = "/tmp/test-embed-XXXXXX", command[1024];
    assert_non_null(mkdtemp(folder));
#define EMBED                                                                                      \
    "sh services/db/embed.sh %s/out.c settlement 'VIEW settlement_lines;VIEW settlement_sellers' " \
    "services/settlement/sql/migrations "
    snprintf(command, sizeof(command),
             EMBED "services/webhook/sql/platforms/snake_case && ! grep -q snake_case %s/out.c",
             folder, folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command),
             EMBED "services/settlement/sql/platforms/snake_case && grep -q snake_case %s/out.c",
             folder, folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command),
             "mkdir %s/half && cp services/settlement/sql/platforms/snake_case/01*.sql %s/half",
             folder, folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), EMBED "%s/half 2>%s/err", folder, folder, folder);
    assert_int_not_equal(system(command), 0);
    snprintf(command, sizeof(command),
             "grep -q 'has no VIEW settlement_sellers' %s/err && rm -r %s", folder, folder);
    assert_int_equal(system(command), 0);
}

/* As `user`, with the rights of its module alone. */
static void migrate_as(const char *user, void (*migrate)(struct db *db, const char *platform)) {
    db_secrets_reset(&f, false);
    f.secrets.user = user;
    struct db *db = db_of(&f);
    migrate(db, "snake_case");
    db_destroy(db);
}

/* Each module by its own account, whichever comes first: they share the table of records. */
static void both_modules_fit_into_one_database(void **state) {
    (void)state;
    db_sql(&f, "CREATE USER webhook_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "CREATE USER settlement_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'");
    for (int i = 0; i < 2; i++) {
        platform_load(&f, "snake_case", 1);
        db_sql(&f, "source services/webhook/sql/rights/1_migration.sql");
        db_sql(&f, "source services/settlement/sql/rights/1_migration.sql");
        if (i == 0) {
            migrate_as("webhook_migration", platform_migrate);
        }
        migrate_as("settlement_migration", platform_migrate_settlement);
        migrate_as("webhook_migration", platform_migrate);
        db_sql(&f, "UPDATE service_migrations SET applied_at = '2026-01-01'");
        migrate_as("settlement_migration", platform_migrate_settlement);
        migrate_as("webhook_migration", platform_migrate);
        /* Nothing was applied again. */
        assert_string_equal(db_sql(&f, "SELECT COUNT(*), SUM(applied_at = '2026-01-01') = COUNT(*) "
                                       "FROM service_migrations WHERE name NOT LIKE '0%%'"),
                            "12\t1");
        db_sql(&f, "CREATE USER IF NOT EXISTS settlement@'%%'; source "
                   "services/settlement/sql/rights/3_payouts.sql");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(platforms_are_listed_and_found_by_name),
        cmocka_unit_test(a_folder_of_another_module_is_left_out),
        cmocka_unit_test(the_command_applies_the_settlements_migrations),
        cmocka_unit_test(both_modules_fit_into_one_database),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
