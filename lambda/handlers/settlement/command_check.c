/* `settlement-report check`: the reconciliation check from any database, as JSON on stdout. */
#include <stdio.h>

#include "lambda/handlers/settlement/check.h"
#include "lambda/handlers/settlement/commands.h"

static const char help[] =
    "settlement-report check --period PERIOD [--secret-file FILE] [--ca-file FILE]\n"
    "\n"
    "Compares the platform's payment records with the settled lines of each order of the period:\n"
    "a line of JSON for each difference, and one with the counts. The options are those of\n"
    "settlement-report report --help.\n"
    "\n"
    "Exit status: 0 no difference, 1 differences or a failure, 2 wrong use, 3 settings, login or\n"
    "an output.\n";

#define MAX_LINE_BYTES ((size_t)64 * 1024)

static enum svc_status print(struct svc_buf *line, struct svc_error *error) {
    (void)svc_buf_append_char(line, '\n');
    const bool is_printed = svc_buf_status(line) == SVC_OK &&
                            fwrite(line->bytes, 1, line->size_bytes, stdout) == line->size_bytes;
    svc_buf_reset(line);
    return is_printed ? SVC_OK : svc_fail(error, SVC_IO, "stdout cannot be written");
}

static enum svc_status print_difference(void *user, const struct settle_difference *difference,
                                        struct svc_error *error) {
    struct svc_buf *line = user;
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, line);
    settlement_put_difference(&writer, difference);
    return print(line, error);
}

static enum svc_status print_counts(struct svc_buf *line, const struct settle_check_counts *counts,
                                    struct svc_error *error) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, line);
    svc_json_begin_object(&writer);
    settlement_put_check_counts(&writer, counts);
    svc_json_end_object(&writer);
    return print(line, error);
}

static int run(struct settlement_session *session, const struct settle_period *period) {
    struct settle_check_counts counts = {0};
    struct svc_error error = {0};
    struct svc_buf line;
    svc_buf_init(&line, MAX_LINE_BYTES);
    db_set_deadline(session->db, SVC_NO_DEADLINE);
    enum svc_status status = settle_check_payments(session->db, &session->policy.rules, period,
                                                   print_difference, &line, &counts, &error);
    if (status == SVC_OK) {
        status = print_counts(&line, &counts, &error);
    }
    svc_buf_clear(&line);
    if (status != SVC_OK || fflush(stdout) != 0) {
        (void)fprintf(stderr, "settlement-report check: %s\n", error.detail);
        return status == SVC_OK || status == SVC_IO ? SETTLEMENT_SETTINGS : SETTLEMENT_FAILED;
    }
    return counts.differences > 0 ? SETTLEMENT_FAILED : SETTLEMENT_DONE;
}

int settlement_check_command(int argc, char **argv) {
    struct settlement_session session = {.db = NULL};
    const char *name = NULL;
    const struct settlement_option options[] = {
        {"--period", &name},
        {"--secret-file", &session.secret_file},
        {"--ca-file", &session.ca_file},
    };
    struct settle_period period;
    struct svc_error error = {0};
    bool wants_help;
    if (!settlement_options_read(argc, argv, options, sizeof(options) / sizeof(options[0]),
                                 &wants_help)) {
        return SETTLEMENT_USAGE;
    }
    if (wants_help) {
        return settlement_print_help(help);
    }
    if (!settlement_period_read(argv[0], name, &period)) {
        return SETTLEMENT_USAGE;
    }
    int code = SETTLEMENT_SETTINGS;
    if (settlement_session_open(&session, &error) == SVC_OK) {
        code = run(&session, &period);
    } else {
        (void)fprintf(stderr, "settlement-report check: %s\n", error.detail);
    }
    settlement_session_close(&session);
    return code;
}
