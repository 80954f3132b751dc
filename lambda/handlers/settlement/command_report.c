/* `settlement-report report`: a seller's report from any database, by the same code as the
 * function's. Nothing is written but the files that are asked for. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lambda/handlers/settlement/commands.h"
#include "services/base/clock.h"
#include "services/settlement/report.h"

static const char help[] =
    "settlement-report report --seller ID --period PERIOD [options]\n"
    "\n"
    "A seller's report from the views of a platform's database. Nothing is recorded.\n"
    "  --seller ID         as the view settlement_sellers has it\n"
    "  --period PERIOD     2026-10, 2026-W36, 2026-09-01, 2026-09-01..2026-09-15; it must be over\n"
    "  --csv FILE, --html FILE, --json FILE   writes that file; - is stdout. Without any of them\n"
    "                      the figures are printed\n"
    "  --language ko|en    instead of the seller's own\n"
    "  --secret-file FILE  the login: {\"username\",\"password\",\"host\",\"port\",\"dbname\"}.\n"
    "                      Without it that of DB_SECRET_NAME, by Secrets Manager\n"
    "  --ca-file FILE      authorities of the server's certificate; DB_CA_FILE\n"
    "How the platform settles is read from the environment: settlement-report --help.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use, 3 settings, login or an output.\n";

struct arguments {
    const char *seller, *period, *language, *secret_file, *ca_file;
    const char *files[SETTLE_FORMATS];
};

static bool write_piece(void *user, const uint8_t *bytes, size_t size_bytes) {
    return fwrite(bytes, 1, size_bytes, user) == size_bytes;
}

static int write_file(const struct settle_report *report, enum settle_format format,
                      const char *path) {
    struct svc_error error = {0};
    const bool is_stdout = strcmp(path, "-") == 0;
    FILE *file = is_stdout ? stdout : fopen(path, "wb");
    if (file == NULL) {
        (void)fprintf(stderr, "settlement-report: %s: %s\n", path, strerror(errno));
        return SETTLEMENT_SETTINGS;
    }
    enum svc_status status = settle_report_read(report, format, write_piece, file, &error);
    const bool is_written = ferror(file) == 0 && (is_stdout ? fflush(file) : fclose(file)) == 0;
    if (status == SVC_OK && is_written) {
        return SETTLEMENT_DONE;
    }
    (void)fprintf(stderr, "settlement-report: %s cannot be written%s%s\n", path,
                  status != SVC_OK ? ": " : "", status != SVC_OK ? error.detail : "");
    return SETTLEMENT_SETTINGS;
}

static void print_won(const char *label, int64_t won) {
    printf("%-22s%20" PRId64 "\n", label, won);
}

static int print_figures(const struct settle_period *period, const struct settle_version *version) {
    const struct settle_amounts *amounts = &version->all.amounts;
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    printf("%s, %s %s\n\n", version->seller_name, settle_period_type_name(period->type), name);
    print_won("orders", version->order_count);
    print_won("lines", version->all.lines);
    print_won("list amount", amounts->list_won);
    print_won("seller's coupons", -amounts->seller_coupon_won);
    print_won("seller's points", -amounts->seller_points_won);
    print_won("sales (gross)", amounts->gross_won);
    print_won("  of it taken back", version->refund_gross_won);
    print_won("commission", amounts->commission_won);
    print_won("  supply value", amounts->supply_won);
    print_won("  VAT", amounts->vat_won);
    print_won("net", amounts->net_won);
    if (version->has_payout) {
        print_won("carried in", version->payout.carried_in_won);
        print_won("payable", version->payout.payable_won);
        print_won("carried out", version->payout.carried_out_won);
    }
    return fflush(stdout) == 0 ? SETTLEMENT_DONE : SETTLEMENT_SETTINGS;
}

static int write_all(const struct arguments *arguments, const struct settle_period *period,
                     const struct settle_seller_result *result,
                     const struct settle_report *report) {
    bool has_file = false;
    for (int i = 0; i < SETTLE_FORMATS; i++) {
        if (arguments->files[i] != NULL) {
            const int code = write_file(report, (enum settle_format)i, arguments->files[i]);
            has_file = true;
            if (code != SETTLEMENT_DONE) {
                return code;
            }
        }
    }
    return has_file ? SETTLEMENT_DONE : print_figures(period, &result->version);
}

static int run(const struct arguments *arguments, const struct settle_period *period) {
    struct settlement_session session = {
        .secret_file = arguments->secret_file,
        .ca_file = arguments->ca_file,
    };
    struct settle_seller_result result;
    struct settle_report *report = NULL;
    struct svc_error error = {0};
    if (settlement_session_open(&session, &error) != SVC_OK) {
        (void)fprintf(stderr, "settlement-report: %s\n", error.detail);
        settlement_session_close(&session);
        return SETTLEMENT_SETTINGS;
    }
    struct settle_runner runner = {
        .policy = &session.policy,
        .db = session.db,
        .clock = svc_clock_system(),
        .deadline_ms = SVC_NO_DEADLINE,
        .has_language = arguments->language != NULL,
        .language = arguments->language != NULL && strcmp(arguments->language, "en") == 0
                        ? EMAIL_EN
                        : EMAIL_KO,
    };
    db_set_deadline(session.db, SVC_NO_DEADLINE);
    const enum svc_status status =
        settle_seller_figures(&runner, period, arguments->seller, &result, &report, &error);
    int code = SETTLEMENT_FAILED;
    if (status == SVC_OK) {
        code = write_all(arguments, period, &result, report);
    } else {
        (void)fprintf(stderr, "settlement-report: %s\n",
                      error.detail[0] != '\0' ? error.detail : svc_status_message(status));
    }
    settle_report_destroy(report);
    settlement_session_close(&session);
    return code;
}

static bool is_language(const char *text) {
    return text == NULL || strcmp(text, "ko") == 0 || strcmp(text, "en") == 0;
}

int settlement_report_command(int argc, char **argv) {
    struct arguments arguments = {.seller = NULL};
    const struct settlement_option options[] = {
        {"--seller", &arguments.seller},           {"--period", &arguments.period},
        {"--csv", &arguments.files[SETTLE_CSV]},   {"--html", &arguments.files[SETTLE_HTML]},
        {"--json", &arguments.files[SETTLE_JSON]}, {"--language", &arguments.language},
        {"--secret-file", &arguments.secret_file}, {"--ca-file", &arguments.ca_file},
    };
    struct settle_period period;
    bool wants_help;
    if (!settlement_options_read(argc, argv, options, sizeof(options) / sizeof(options[0]),
                                 &wants_help)) {
        return SETTLEMENT_USAGE;
    }
    if (wants_help) {
        return settlement_print_help(help);
    }
    if (!settle_seller_id_valid(arguments.seller) || arguments.period == NULL ||
        !is_language(arguments.language)) {
        (void)fputs("settlement-report report: --seller ID and --period PERIOD are needed, and "
                    "--language is ko or en; see --help\n",
                    stderr);
        return SETTLEMENT_USAGE;
    }
    if (!settlement_period_read(argv[0], arguments.period, &period)) {
        return SETTLEMENT_USAGE;
    }
    return run(&arguments, &period);
}
