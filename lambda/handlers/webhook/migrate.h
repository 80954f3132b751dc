/* Migrations of the database: the event {"migrate":{...}} for a VPC without a bastion, and the
 * command `webhook-handler migrate`. Both log in with the secret of MIGRATION_SECRET_NAME. */
#ifndef WEBHOOK_MIGRATE_H
#define WEBHOOK_MIGRATE_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

/* Fails with Webhook.MIGRATION. */
void webhook_migrate_handle(struct webhook_function *function, const struct svc_json *document,
                            const struct lrt_invocation *invocation, struct lrt_result *result);

/* argv[0] is "migrate". Returns the exit status. */
int webhook_migrate_command(int argc, char **argv);

#endif
