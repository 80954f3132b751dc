/* Changes of the schema, applied in order, each once. For an account of its own that may create
 * tables; the functions' accounts need none of this.
 *
 * Each migration is one idempotent statement (DDL commits by itself, so that a failure between two
 * statements of one file would leave half of it): CREATE TABLE IF NOT EXISTS, CREATE OR REPLACE
 * VIEW, ... It is recorded in `service_migrations` (name, checksum, applied_at) after it has run;
 * one that ran and was not recorded runs again. Two runs at once wait for each other (GET_LOCK). */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/db/db.h"

#define DB_MAX_MIGRATION_NAME_BYTES ((size_t)128)
#define DB_MAX_MIGRATION_BYTES      ((size_t)256 * 1024)

enum db_migration_kind {
    DB_MIGRATION_ONCE,      /* its text never changes: another checksum than recorded is an error */
    DB_MIGRATION_REPEATABLE /* runs again whenever its text has changed: views, procedures */
};

struct db_migration {
    const char *name; /* "0001_inbox": letters, digits and _-/. alone; unique */
    const char *sql;  /* one statement without its ';', comments allowed */
    enum db_migration_kind kind;
};

enum db_migration_result { DB_MIGRATION_APPLIED, DB_MIGRATION_UNCHANGED };
typedef void db_migration_fn(void *user, const char *name, enum db_migration_result result);

/* Applies what is missing, in the order of the array; a failure ends it, and *failed (NULL is
 * allowed) names the migration, "service_migrations" the table of records, or is NULL if none was
 * reached. All that is recorded is compared before anything is applied.
 * is_dry: applies nothing, takes no lock, reports what would be applied. `report` (NULL is allowed)
 * is called after each; it may not use the db.
 * One connection for all of it: if that breaks, the run ends and is repeated whole by the caller.
 * The lock of another run is awaited for three quarters of the time until db's deadline.
 * On MySQL, which has no CREATE OR REPLACE PROCEDURE, that is a DROP and a CREATE; MySQL removes
 * the grants on the procedure with it. Errors: those of db_run; INVALID_ARGUMENT (names, texts, an
 * open transaction); CONFLICT (a checksum differs: the name is in the message); DEADLINE with
 * DB_FAULT_LOCK_WAIT (another run holds the lock); ACCESS_DENIED with DB_FAULT_PRIVILEGE (the
 * account may not do it). */
enum svc_status db_migrate(struct db *db, const struct db_migration *migrations, size_t count,
                           bool is_dry, db_migration_fn *report, void *user, const char **failed,
                           struct db_error *error);

#endif
