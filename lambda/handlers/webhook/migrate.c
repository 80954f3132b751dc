/* Migrations: see migrate.h. */
#include "lambda/handlers/webhook/migrate.h"

#include <stdio.h>

#include "lambda/handlers/webhook/database.h"
#include "services/base/environment.h"
#include "services/webhook/migrate_run.h"

/* ---------------------------------------------------------------------- the event */

/* Which migration failed stands in the result, which is not returned. */
static void fail(const struct lrt_result *result, const struct db_error *error,
                 struct lrt_result *out) {
    struct svc_json *document = NULL;
    char line[DB_ERROR_TEXT_BYTES];
    (void)svc_json_parse(result->body.bytes, result->body.size_bytes, 0, &document, NULL);
    const char *failed = svc_json_get_text(document, "failed");
    lrt_fail(out, "Webhook.MIGRATION", "%s%s%s", failed != NULL ? failed : "",
             failed != NULL ? ": " : "", db_error_text(error, line));
    svc_json_free(document);
}

void webhook_migrate_handle(struct webhook_function *function, const struct svc_json *document,
                            const struct lrt_invocation *invocation, struct lrt_result *result) {
    const struct db_settings *settings = &function->settings.migration;
    const struct webhook_login_source login = {function->aws, settings->secret_name};
    struct db *db = NULL;
    struct svc_error error = {0};
    struct db_error db_error = {0};
    if (settings->secret_name[0] == '\0') {
        lrt_fail(result, "Webhook.MIGRATION", "MIGRATION_SECRET_NAME is not set");
        return;
    }
    if (webhook_database_create(&login, settings, function->clock, function->log, &db, &error) !=
        SVC_OK) {
        lrt_fail(result, "Webhook.MIGRATION", "%s", error.detail);
        return;
    }
    db_set_deadline(db, invocation->deadline_ms);
    if (webhook_migrate_event(db, document, &result->body, &db_error) != SVC_OK) {
        fail(result, &db_error, result);
    }
    db_destroy(db);
}

/* ---------------------------------------------------------------------- the command */

struct command {
    struct db_settings settings;
    struct webhook_login_source login;
    struct awsc_client *aws;
};

static enum svc_status open_database(void *user, struct db **db, struct svc_error *error) {
    struct command *command = user;
    struct svc_settings from;
    struct awsc_error aws_error;
    svc_settings_init(&from, svc_environment_system(), error);
    webhook_migrate_settings_read(&from, &command->settings);
    if (from.status != SVC_OK) {
        return from.status;
    }
    const struct awsc_client_options options = {.environment = svc_environment_system()};
    const enum svc_status status = awsc_client_create(&options, &command->aws, &aws_error);
    if (status != SVC_OK) {
        return svc_fail(error, status, "%s", aws_error.message);
    }
    command->login = (struct webhook_login_source){command->aws, command->settings.secret_name};
    return webhook_database_create(&command->login, &command->settings, svc_clock_system(), NULL,
                                   db, error);
}

int webhook_migrate_command(int argc, char **argv) {
    struct command command = {.aws = NULL};
    const struct webhook_migrate_cli cli = {
        .program = "webhook-handler",
        .out = stdout,
        .err = stderr,
        .open = open_database,
        .user = &command,
    };
    const int status = webhook_migrate_run(&cli, argc, argv);
    awsc_client_destroy(command.aws);
    return status;
}
