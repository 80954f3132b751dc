/* Changes of the schema, applied in order, each once. For an account of its own that may create
 * tables; the functions' accounts need none of this.
 *
 * Each migration is one idempotent statement (DDL commits by itself, so that a failure between two
 * statements of one file would leave half of it): CREATE TABLE IF NOT EXISTS, CREATE OR REPLACE
 * VIEW, ... It is recorded in `schema_migrations` (name, checksum, applied_at) after it has run;
 * one that ran and was not recorded runs again. Two runs at once wait for each other (GET_LOCK). */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/db/db.h"

enum db_migration_kind {
    DB_MIGRATION_ONCE,      /* its text never changes: another checksum than recorded is an error */
    DB_MIGRATION_REPEATABLE /* runs again whenever its text has changed: views, procedures */
};

struct db_migration {
    const char *name; /* "0001_inbox": in the order of the array, unique */
    const char *sql;  /* one statement, comments allowed */
    enum db_migration_kind kind;
};

enum db_migration_result { DB_MIGRATION_APPLIED, DB_MIGRATION_UNCHANGED };
typedef void db_migration_fn(void *user, const char *name, enum db_migration_result result);

/* Applies what is missing; a failure ends it, and *failed (NULL is allowed) names the migration.
 * is_dry: applies nothing, reports what would be. `report` is called after each. Errors: those of
 * db_run; CONFLICT (a checksum differs: the name is in the message), DEADLINE (another run holds
 * the lock). */
enum svc_status db_migrate(struct db *db, const struct db_migration *migrations, size_t count,
                           bool is_dry, db_migration_fn *report, void *user, const char **failed,
                           struct db_error *error);

#endif
