/* Applies the migrations that are built in: by a command, or by an event of the function for a VPC
 * without a bastion. Both log in with a secret of their own (MIGRATION_SECRET_NAME), whose account
 * may create tables, views and procedures; the function's own account needs none of that. */
#ifndef WEBHOOK_MIGRATE_RUN_H
#define WEBHOOK_MIGRATE_RUN_H

#include <stdbool.h>
#include <stdio.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/base/settings.h"
#include "services/db/db.h"

/* As db_settings_read, with the secret of MIGRATION_SECRET_NAME, which is required; DB_SECRET_NAME
 * is not read. */
void webhook_migrate_settings_read(struct svc_settings *from, struct db_settings *settings);

/* ---------------------------------------------------------------------- the event */

/* {"migrate":true,"platform":"snake_case","dryRun":true}: whether a document has a member
 * "migrate".
 */
bool webhook_migrate_is_event(const struct svc_json *event);
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
enum svc_status webhook_migrate_event(struct db *db, const struct svc_json *event,
                                      struct svc_buf *result, struct db_error *error);

/* ---------------------------------------------------------------------- the command */

enum webhook_migrate_exit {
    WEBHOOK_MIGRATE_OK = 0,
    WEBHOOK_MIGRATE_FAILED = 1, /* a migration, or the connection; the reason is on `err` */
    WEBHOOK_MIGRATE_USAGE = 2,
    WEBHOOK_MIGRATE_SETTINGS = 3 /* the settings, or the output cannot be written */
};

struct webhook_migrate_cli {
    const char *program; /* for messages: "webhook-handler" */
    FILE *out, *err;
    /* Makes the db, once the arguments are accepted. The command destroys it. */
    enum svc_status (*open)(void *user, struct db **db, struct svc_error *error);
    void *user;
};

/* migrate [PLATFORM] [--dry-run] [--json] [--list] [--help]; argv[0] is "migrate". Returns an exit
 * status of the above. */
int webhook_migrate_run(const struct webhook_migrate_cli *cli, int argc, char **argv);

#endif
