/* Migrations by event and by command: see migrate_run.h. */
#include "services/db/migrate_run.h"

#include <stdlib.h>
#include <string.h>

/* A line for each migration, a few hundred bytes at most. */
#define MAX_RESULT_BYTES ((size_t)256 * 1024)
/* The command's time in all. The event has that of its invocation. */
#define COMMAND_MS INT64_C(900000)

/* The arguments of a run. */
struct request {
    const struct db_sql *sql;
    const char *platform; /* "": own tables alone */
    bool is_dry;
};

void db_migrate_settings_read(struct svc_settings *from, struct db_settings *settings) {
    db_settings_read_as(from, "MIGRATION_SECRET_NAME", settings);
}

static enum svc_status refuse(struct db_error *error, const char *why) {
    return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "%s", why);
}

static enum svc_status apply(struct db *db, const struct request *request, db_migration_fn *report,
                             void *user, const char **failed, struct db_error *error) {
    size_t count = 0;
    struct db_migration *migrations = db_sql_migrations(request->sql, request->platform, &count);
    if (migrations == NULL) {
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for the migrations");
    }
    /* The names it reports are constants of the program. */
    enum svc_status status =
        db_migrate(db, migrations, count, request->is_dry, report, user, failed, error);
    free(migrations);
    return status;
}

/* ---------------------------------------------------------------------- as JSON */

struct json_report {
    struct svc_json_writer writer;
    int64_t applied, unchanged;
};

static void report_json(void *user, const char *name, enum db_migration_result result) {
    struct json_report *report = user;
    const bool is_applied = result == DB_MIGRATION_APPLIED;
    report->applied += is_applied;
    report->unchanged += !is_applied;
    svc_json_begin_object(&report->writer);
    svc_json_add_text(&report->writer, "name", name);
    svc_json_add_text(&report->writer, "result", is_applied ? "applied" : "unchanged");
    svc_json_end_object(&report->writer);
}

static enum svc_status apply_as_json(struct db *db, const struct request *request,
                                     struct svc_buf *result, struct db_error *error) {
    struct json_report report = {.applied = 0};
    const char *failed = NULL;
    char text[DB_ERROR_TEXT_BYTES];
    svc_json_writer_init(&report.writer, result);
    svc_json_begin_object(&report.writer);
    svc_json_add_bool(&report.writer, "dryRun", request->is_dry);
    svc_json_add_text(&report.writer, "platform", request->platform);
    svc_json_name(&report.writer, "migrations");
    svc_json_begin_array(&report.writer);
    enum svc_status status = apply(db, request, report_json, &report, &failed, error);
    svc_json_end_array(&report.writer);
    svc_json_add_int(&report.writer, "applied", report.applied);
    svc_json_add_int(&report.writer, "unchanged", report.unchanged);
    svc_json_add_text(&report.writer, "status", status == SVC_OK ? "ok" : "failed");
    if (status != SVC_OK) {
        svc_json_add_text(&report.writer, "failed", failed);
        svc_json_add_text(&report.writer, "error", db_error_text(error, text));
    }
    svc_json_end_object(&report.writer);
    const enum svc_status written = svc_json_writer_status(&report.writer);
    return status == SVC_OK && written != SVC_OK
               ? db_fail(error, written, DB_FAULT_OTHER, "the result cannot be written")
               : status;
}

/* ---------------------------------------------------------------------- the event */

bool db_migrate_is_event(const struct svc_json *event) {
    return svc_json_has(event, "migrate");
}

static enum svc_status read_event(const struct svc_json *event, struct request *request,
                                  struct db_error *error) {
    const struct svc_json *platform = svc_json_get(event, "platform");
    const struct svc_json *dry = svc_json_get(event, "dryRun");
    bool is_asked = false;
    request->platform = "";
    if (!svc_json_bool(svc_json_get(event, "migrate"), &is_asked) || !is_asked) {
        return refuse(error, "the event's \"migrate\" is not true");
    }
    if (dry != NULL && !svc_json_bool(dry, &request->is_dry)) {
        return refuse(error, "the event's \"dryRun\" is neither true nor false");
    }
    if (platform == NULL) {
        return SVC_OK;
    }
    request->platform = svc_json_text(platform);
    return request->platform != NULL && db_sql_has_platform(request->sql, request->platform)
               ? SVC_OK
               : refuse(error, "the event's \"platform\" is none that is built in");
}

enum svc_status db_migrate_event(const struct db_sql *sql, struct db *db,
                                 const struct svc_json *event, struct svc_buf *result,
                                 struct db_error *error) {
    struct request request = {.sql = sql};
    struct db_error own;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    enum svc_status status = read_event(event, &request, error);
    return status == SVC_OK ? apply_as_json(db, &request, result, error) : status;
}

/* ---------------------------------------------------------------------- the command */

struct arguments {
    struct request request;
    bool is_json, is_list, is_help, is_wrong;
};

static void put_usage(const struct db_migrate_cli *cli, FILE *out) {
    fprintf(out,
            "usage: %s migrate [PLATFORM] [--dry-run] [--json] [--list] [--help]\n"
            "\n"
            "Creates the tables of the %s, each change once, and with PLATFORM the %s\n"
            "that join them to that platform's tables. May be repeated at any time.\n"
            "\n"
            "  --dry-run  changes nothing, shows what would be applied\n"
            "  --json     one object instead of a line for each migration\n"
            "  --list     the platforms that are built in\n"
            "\n"
            "Logs in with the secret of MIGRATION_SECRET_NAME; DB_NAME, DB_CA_FILE,\n"
            "DB_CONNECT_TIMEOUT and DB_LOCK_WAIT count as for the function. Exit status: 0 all is\n"
            "applied, 1 it is not (the reason on standard error; what came before it is applied),\n"
            "2 usage, 3 a setting, or the output cannot be written.\n",
            cli->program, cli->subject, cli->objects);
}

static struct arguments read_arguments(const struct db_migrate_cli *cli, int argc, char **argv) {
    struct arguments arguments = {.request = {.sql = cli->sql, .platform = ""}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dry-run") == 0) {
            arguments.request.is_dry = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            arguments.is_json = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            arguments.is_list = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            arguments.is_help = true;
        } else if (argv[i][0] != '-' && argv[i][0] != '\0' &&
                   arguments.request.platform[0] == '\0') {
            arguments.request.platform = argv[i];
        } else {
            arguments.is_wrong = true;
        }
    }
    return arguments;
}

struct line_report {
    FILE *out;
    bool is_dry;
};

static void report_line(void *user, const char *name, enum db_migration_result result) {
    const struct line_report *report = user;
    const char *what = result == DB_MIGRATION_UNCHANGED ? "unchanged"
                       : report->is_dry                 ? "to apply"
                                                        : "applied";
    fprintf(report->out, "%-9s  %s\n", what, name);
}

static enum svc_status apply_as_lines(const struct db_migrate_cli *cli, struct db *db,
                                      const struct request *request, struct db_error *error) {
    struct line_report report = {.out = cli->out, .is_dry = request->is_dry};
    const char *failed = NULL;
    char text[DB_ERROR_TEXT_BYTES];
    enum svc_status status = apply(db, request, report_line, &report, &failed, error);
    if (status != SVC_OK) {
        fprintf(cli->err, "%s: %s%s%s\n", cli->program, failed != NULL ? failed : "",
                failed != NULL ? ": " : "", db_error_text(error, text));
    }
    return status;
}

static int run(const struct db_migrate_cli *cli, struct db *db, const struct arguments *arguments) {
    struct db_error error;
    struct svc_buf result;
    db_error_clear(&error);
    svc_buf_init(&result, MAX_RESULT_BYTES);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), COMMAND_MS));
    enum svc_status status = SVC_OK;
    if (arguments->is_json) {
        status = apply_as_json(db, &arguments->request, &result, &error);
        fprintf(cli->out, "%s\n", svc_buf_text(&result));
    } else {
        status = apply_as_lines(cli, db, &arguments->request, &error);
    }
    svc_buf_clear(&result);
    const bool is_written = fflush(cli->out) == 0 && !ferror(cli->out);
    return status != SVC_OK ? DB_MIGRATE_FAILED : is_written ? DB_MIGRATE_OK : DB_MIGRATE_SETTINGS;
}

static int list_platforms(const struct db_migrate_cli *cli) {
    const char *name = NULL;
    for (size_t i = 0; (name = db_sql_platform_name(cli->sql, i)) != NULL; i++) {
        fprintf(cli->out, "%s\n", name);
    }
    return fflush(cli->out) == 0 ? DB_MIGRATE_OK : DB_MIGRATE_SETTINGS;
}

int db_migrate_run(const struct db_migrate_cli *cli, int argc, char **argv) {
    const struct arguments arguments = read_arguments(cli, argc, argv);
    if (arguments.is_help || arguments.is_wrong) {
        put_usage(cli, arguments.is_help ? cli->out : cli->err);
        return arguments.is_help ? DB_MIGRATE_OK : DB_MIGRATE_USAGE;
    }
    if (arguments.is_list) {
        return list_platforms(cli);
    }
    if (arguments.request.platform[0] != '\0' &&
        !db_sql_has_platform(cli->sql, arguments.request.platform)) {
        fprintf(cli->err, "%s: no platform of that name is built in; --list shows them\n",
                cli->program);
        return DB_MIGRATE_USAGE;
    }
    struct db *db = NULL;
    struct svc_error reason;
    svc_error_clear(&reason);
    const enum svc_status status = cli->open(cli->user, &db, &reason);
    if (status != SVC_OK) {
        fprintf(cli->err, "%s: %s\n", cli->program,
                reason.detail[0] != '\0' ? reason.detail : svc_status_message(status));
        return DB_MIGRATE_SETTINGS;
    }
    const int exit_status = run(cli, db, &arguments);
    db_destroy(db);
    return exit_status;
}
