/* Commands: see commands.h. */
#include "lambda/handlers/settlement/commands.h"

#include <stdio.h>
#include <string.h>

#include "lambda/clients/database.h"
#include "lambda/handlers/settlement/settings.h"
#include "lambda/handlers/settlement/settlement.h"
#include "lambda/runtime/command.h"
#include "services/base/clock.h"
#include "services/base/file.h"
#include "services/base/text.h"

/* ---------------------------------------------------------------------- the session */

static enum svc_status read_secret_file(void *user, enum db_secret_stage stage, bool refresh,
                                        struct svc_buf *out, struct svc_error *error) {
    const struct settlement_session *session = user;
    (void)refresh;
    if (stage != DB_SECRET_CURRENT) {
        return svc_fail(error, SVC_NOT_FOUND, "a file has one secret");
    }
    const enum svc_status status = svc_read_file(session->secret_file, out);
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "%s cannot be read", session->secret_file);
}

static enum svc_status open_with_file(struct settlement_session *session, struct svc_error *error) {
    const char *ca_file = session->ca_file != NULL
                              ? session->ca_file
                              : svc_setting(svc_environment_system(), "DB_CA_FILE");
    const struct db_options options = {
        .secret = {.get = read_secret_file, .user = session},
        .name = svc_setting(svc_environment_system(), "DB_NAME"),
        .ca_file = ca_file != NULL ? ca_file : DB_CA_FILE_DEFAULT,
    };
    struct db_error db_error;
    const enum svc_status status = db_create(&options, &session->db, &db_error);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "%s", db_error.message);
}

static enum svc_status open_with_manager(struct settlement_session *session,
                                         struct svc_error *error) {
    struct svc_settings from;
    struct awsc_error aws_error;
    svc_settings_init(&from, svc_environment_system(), error);
    db_settings_read(&from, &session->settings);
    if (from.status != SVC_OK) {
        return from.status;
    }
    if (session->ca_file != NULL &&
        !svc_copy_text(session->settings.ca_file, sizeof(session->settings.ca_file),
                       session->ca_file)) {
        return svc_fail(error, SVC_CONFIGURATION, "--ca-file is too long");
    }
    const struct awsc_client_options options = {.environment = svc_environment_system()};
    const enum svc_status status = awsc_client_create(&options, &session->aws, &aws_error);
    if (status != SVC_OK) {
        return svc_fail(error, status, "%s", aws_error.message);
    }
    session->login = (struct lrt_database_login){session->aws, session->settings.secret_name};
    return lrt_database_create(&session->login, &session->settings, svc_clock_system(), NULL,
                               &session->db, error);
}

enum svc_status settlement_session_open(struct settlement_session *session,
                                        struct svc_error *error) {
    const enum svc_status status =
        settlement_policy_read(svc_environment_system(), &session->policy, error);
    if (status != SVC_OK) {
        return status;
    }
    return session->secret_file != NULL ? open_with_file(session, error)
                                        : open_with_manager(session, error);
}

void settlement_session_close(struct settlement_session *session) {
    db_destroy(session->db);
    awsc_client_destroy(session->aws);
}

/* ---------------------------------------------------------------------- options */

static const struct settlement_option *find_option(const struct settlement_option *options,
                                                   size_t count, const char *word, size_t length) {
    for (size_t i = 0; i < count; i++) {
        if (strlen(options[i].name) == length && strncmp(options[i].name, word, length) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

bool settlement_options_read(int argc, char **argv, const struct settlement_option *options,
                             size_t count, bool *wants_help) {
    *wants_help = false;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0) {
            *wants_help = true;
            return true;
        }
        const size_t length = strcspn(word, "=");
        const struct settlement_option *option = find_option(options, count, word, length);
        const char *value = word[length] == '=' ? word + length + 1
                            : i + 1 < argc      ? argv[++i]
                                                : NULL;
        if (option == NULL || value == NULL || value[0] == '\0' || *option->value != NULL) {
            (void)fprintf(stderr, "settlement-report %s: %s %.*s; see --help\n", argv[0],
                          option == NULL           ? "there is no option"
                          : *option->value != NULL ? "given twice:"
                                                   : "a value is missing after",
                          (int)length, word);
            return false;
        }
        *option->value = value;
    }
    return true;
}

int settlement_print_help(const char *help) {
    return fputs(help, stdout) != EOF && fflush(stdout) == 0 ? SETTLEMENT_DONE
                                                             : SETTLEMENT_SETTINGS;
}

bool settlement_period_read(const char *command, const char *text, struct settle_period *period) {
    struct svc_error error = {0};
    const bool is_read = text != NULL && settle_period_parse(text, svc_wall_ms(svc_clock_system()),
                                                             period, &error) == SVC_OK;
    if (!is_read) {
        (void)fprintf(stderr, "settlement-report %s: %s\n", command,
                      text == NULL ? "--period PERIOD is needed; see --help" : error.detail);
    }
    return is_read;
}

/* ---------------------------------------------------------------------- commands */

static int migrate(int argc, char **argv) {
    return lrt_migrate_command(&settlement_migrations, argc, argv);
}

static const struct lrt_command commands[] = {
    {"report", settlement_report_command},
    {"check", settlement_check_command},
    {"migrate", migrate},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

bool settlement_command_is(const char *word) {
    return lrt_command_find(commands, COMMANDS, word) != NULL;
}

int settlement_command_run(int argc, char **argv) {
    return lrt_command_run(commands, COMMANDS, SETTLEMENT_USAGE, argc, argv);
}
