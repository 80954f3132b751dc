/* Applies the migrations of a module that are built in: by a command, or by an event of the
 * function for a VPC without a bastion. Both log in with a secret of their own
 * (MIGRATION_SECRET_NAME), whose account may create tables, views and procedures; the function's
 * own account needs none of that. */
#ifndef DB_MIGRATE_RUN_H
#define DB_MIGRATE_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/base/settings.h"
#include "services/db/embedded.h"

/* As db_settings_read, with the secret of MIGRATION_SECRET_NAME, which is required; DB_SECRET_NAME
 * is not read. */
void db_migrate_settings_read(struct svc_settings *from, struct db_settings *settings);

/* ---------------------------------------------------------------------- the event */

/* {"migrate":true,"platform":"snake_case","dryRun":true}: whether a document has a member
 * "migrate".
 */
bool db_migrate_is_event(const struct svc_json *event);
/* Applies what the event names; platform absent: own tables alone. `result` gets, on failure as
 * well:
 *
 *   {"dryRun":false,"platform":"snake_case","migrations":[{"name":"0001_inbox","result":"applied"},
 *    ...],"applied":1,"unchanged":12,"status":"ok"}
 *   {...,"status":"failed","failed":"0002_order_states","error":"privilege (1142, 42000): ..."}
 *
 * Errors: those of db_migrate; INVALID_ARGUMENT, with no result and nothing connected, for members
 * of other types and an unknown platform. The lock of another run is awaited for three quarters of
 * the time until the db's deadline. */
enum svc_status db_migrate_event(const struct db_sql *sql, struct db *db,
                                 const struct svc_json *event, struct svc_buf *result,
                                 struct db_error *error);

/* ---------------------------------------------------------------------- the command */

enum db_migrate_exit {
    DB_MIGRATE_OK = 0,
    DB_MIGRATE_FAILED = 1, /* a migration, or the connection; the reason is on `err` */
    DB_MIGRATE_USAGE = 2,
    DB_MIGRATE_SETTINGS = 3 /* the settings, or the output cannot be written */
};

struct db_migrate_cli {
    const char *program;           /* for messages: "webhook-handler" */
    const char *subject, *objects; /* for the help: "webhooks", "views and procedures" */
    const struct db_sql *sql;
    FILE *out, *err;
    /* Makes the db, once the arguments are accepted. The command destroys it. */
    enum svc_status (*open)(void *user, struct db **db, struct svc_error *error);
    void *user;
};

/* migrate [PLATFORM] [--dry-run] [--json] [--list] [--help]; argv[0] is "migrate". Returns an exit
 * status of the above. */
int db_migrate_run(const struct db_migrate_cli *cli, int argc, char **argv);

#endif
