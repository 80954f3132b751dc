/* The commands of the program by hand: `settlement-report report`, `check`, `migrate`. */
#ifndef SETTLEMENT_COMMANDS_H
#define SETTLEMENT_COMMANDS_H

#include <stdbool.h>

#include "lambda/clients/database.h"
#include "services/aws/client.h"
#include "services/db/db.h"
#include "services/settlement/seller_run.h"

enum settlement_exit {
    SETTLEMENT_DONE = 0,
    SETTLEMENT_FAILED = 1, /* the database, the seller's data; check: there are differences */
    SETTLEMENT_USAGE = 2,
    SETTLEMENT_SETTINGS = 3 /* the settings, the login, or an output cannot be written */
};

/* Whether the word is the name of a command. */
bool settlement_command_is(const char *word);
/* Runs the command argv[1]. Returns the exit status. */
int settlement_command_run(int argc, char **argv);

/* ---------------------------------------------------------------------- for the commands */

/* argv[0] is the command's name. */
int settlement_report_command(int argc, char **argv);
int settlement_check_command(int argc, char **argv);

/* A database with the login of a file or of Secrets Manager, and how the platform settles. */
struct settlement_session {
    const char *secret_file, *ca_file; /* NULL: DB_SECRET_NAME, DB_CA_FILE */
    struct settle_policy policy;
    struct awsc_client *aws; /* NULL with a file */
    struct db_settings settings;
    struct lrt_database_login login;
    struct db *db;
};
/* Errors: CONFIGURATION, those of the client. */
enum svc_status settlement_session_open(struct settlement_session *session,
                                        struct svc_error *error);
void settlement_session_close(struct settlement_session *session);

/* Options of a command, in any order, each with a value: "--seller 42" or "--seller=42". */
struct settlement_option {
    const char *name; /* "--seller" */
    const char **value;
};
/* false: wrong use, with a line on stderr; *wants_help: --help is among them. */
bool settlement_options_read(int argc, char **argv, const struct settlement_option *options,
                             size_t count, bool *wants_help);
/* Prints what --help asks for; returns the exit status. */
int settlement_print_help(const char *help);
/* The value of --period; false: wrong use (NULL: it is missing), with a line on stderr. */
bool settlement_period_read(const char *command, const char *text, struct settle_period *period);

#endif
