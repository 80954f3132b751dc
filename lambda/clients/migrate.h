/* Migrations of a function's tables and views: the event {"migrate":true,...} for a VPC without a
 * bastion, and the command `PROGRAM migrate`. Both log in with the secret of
 * MIGRATION_SECRET_NAME. */
#ifndef LRT_MIGRATE_H
#define LRT_MIGRATE_H

#include "lambda/runtime/runtime.h"
#include "services/aws/client.h"
#include "services/base/json.h"
#include "services/db/migrate_run.h"

/* Usually static const. */
struct lrt_migrations {
    const struct db_sql *sql;
    const char *error_type;                  /* of a failed event: "Webhook.MIGRATION" */
    const char *program, *subject, *objects; /* as in struct db_migrate_cli */
};

/* What the event needs of the function. settings: of MIGRATION_SECRET_NAME; its secret_name "":
 * it is not set, and the event fails. */
struct lrt_migrate {
    const struct lrt_migrations *migrations;
    const struct db_settings *settings;
    struct awsc_client *aws;
    const struct svc_clock *clock;
    const struct svc_log *log;
};

/* Fails with migrations->error_type. */
void lrt_migrate_handle(const struct lrt_migrate *migrate, const struct svc_json *document,
                        const struct lrt_invocation *invocation, struct lrt_result *result);

/* argv[0] is "migrate". Returns the exit status. */
int lrt_migrate_command(const struct lrt_migrations *migrations, int argc, char **argv);

#endif
