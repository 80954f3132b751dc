/* Migrations: see migrate.h. */
#include "lambda/clients/migrate.h"

#include <stdio.h>

#include "lambda/clients/database.h"
#include "services/base/environment.h"

/* ---------------------------------------------------------------------- the event */

/* Which migration failed stands in the result, which is not returned. */
static void fail(const char *error_type, const struct db_error *error, struct lrt_result *result) {
    struct svc_json *document = NULL;
    char line[DB_ERROR_TEXT_BYTES];
    (void)svc_json_parse(result->body.bytes, result->body.size_bytes, 0, &document, NULL);
    const char *failed = svc_json_get_text(document, "failed");
    lrt_fail(result, error_type, "%s%s%s", failed != NULL ? failed : "", failed != NULL ? ": " : "",
             db_error_text(error, line));
    svc_json_free(document);
}

void lrt_migrate_handle(const struct lrt_migrate *migrate, const struct svc_json *document,
                        const struct lrt_invocation *invocation, struct lrt_result *result) {
    const char *error_type = migrate->migrations->error_type;
    const struct lrt_database_login login = {migrate->aws, migrate->settings->secret_name};
    struct db *db = NULL;
    struct svc_error error = {0};
    struct db_error db_error = {0};
    if (migrate->settings->secret_name[0] == '\0') {
        lrt_fail(result, error_type, "MIGRATION_SECRET_NAME is not set");
        return;
    }
    if (lrt_database_create(&login, migrate->settings, migrate->clock, migrate->log, &db, &error) !=
        SVC_OK) {
        lrt_fail(result, error_type, "%s", error.detail);
        return;
    }
    db_set_deadline(db, invocation->deadline_ms);
    if (db_migrate_event(migrate->migrations->sql, db, document, &result->body, &db_error) !=
        SVC_OK) {
        fail(error_type, &db_error, result);
    }
    db_destroy(db);
}

/* ---------------------------------------------------------------------- the command */

struct command {
    struct db_settings settings;
    struct lrt_database_login login;
    struct awsc_client *aws;
};

static enum svc_status open_database(void *user, struct db **db, struct svc_error *error) {
    struct command *command = user;
    struct svc_settings from;
    struct awsc_error aws_error;
    svc_settings_init(&from, svc_environment_system(), error);
    db_migrate_settings_read(&from, &command->settings);
    if (from.status != SVC_OK) {
        return from.status;
    }
    const struct awsc_client_options options = {.environment = svc_environment_system()};
    const enum svc_status status = awsc_client_create(&options, &command->aws, &aws_error);
    if (status != SVC_OK) {
        return svc_fail(error, status, "%s", aws_error.message);
    }
    command->login = (struct lrt_database_login){command->aws, command->settings.secret_name};
    return lrt_database_create(&command->login, &command->settings, svc_clock_system(), NULL, db,
                               error);
}

int lrt_migrate_command(const struct lrt_migrations *migrations, int argc, char **argv) {
    struct command command = {.aws = NULL};
    const struct db_migrate_cli cli = {
        .program = migrations->program,
        .subject = migrations->subject,
        .objects = migrations->objects,
        .sql = migrations->sql,
        .out = stdout,
        .err = stderr,
        .open = open_database,
        .user = &command,
    };
    const int status = db_migrate_run(&cli, argc, argv);
    awsc_client_destroy(command.aws);
    return status;
}
