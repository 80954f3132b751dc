/* settlement-report: the settlement function as a program; `bootstrap` in the zip. */
#include "lambda/clients/clients.h"
#include "lambda/handlers/settlement/commands.h"
#include "lambda/handlers/settlement/settlement.h"

static const char help[] =
    "\n"
    "Settles what sellers have sold: a report for each seller and period as CSV, HTML and JSON\n"
    "in S3, and a mail. Events, of a schedule with \"time\":\"<aws.scheduler.scheduled-time>\":\n"
    "  {\"reportType\":\"daily|weekly|monthly\",\"time\":...}   the period before that time\n"
    "  {\"reportType\":...,\"date\":\"2026-09-03\"}   by hand: the period with that day\n"
    "  {\"reportType\":\"custom\",\"startDate\":...,\"endDate\":...}\n"
    "    and \"sellerId\", \"force\":true, \"dryRun\":true\n"
    "  {\"task\":\"close\"}   ends runs that do not; {\"task\":\"check\",\"period\":\"2026-10\"}\n"
    "  {\"task\":\"watch\",\"time\":...}   reports runs that are missing or not closed\n"
    "  {\"migrate\":true,\"platform\":\"NAME\"}; batches of SETTLEMENT_QUEUE_URL\n"
    "By hand, on any database:\n"
    "  settlement-report report    a seller's report; report --help\n"
    "  settlement-report check     payments against settled lines; check --help\n"
    "  settlement-report migrate   tables and views; migrate --help\n"
    "\n"
    "Environment, with the defaults:\n"
    "  DB_SECRET_NAME         required: {username, password, host, port, dbname}\n"
    "  DB_NAME, DB_CA_FILE    none (the secret's dbname), /var/task/rds-ca.pem\n"
    "  DB_CONNECT_TIMEOUT, DB_LOCK_WAIT   5s, 3s\n"
    "  REPORTS_BUCKET, EMAIL_QUEUE_URL    required\n"
    "  SETTLEMENT_QUEUE_URL   none: one invocation works as long as its time allows\n"
    "  SETTLEMENT_BATCH_SELLERS, SETTLEMENT_CLOSE_AFTER   100, 6h\n"
    "  ENVIRONMENT            dev; prod requires REPORT_URL_TEMPLATE\n"
    "  REPORT_URL_TEMPLATE    none: presigned URLs. {sellerId} {reportType} {firstDay} {lastDay}\n"
    "                         {period} {format} {version}\n"
    "  SETTLEMENT_FEE_ROUNDING, SETTLEMENT_VAT_ROUNDING   half-up, down (or half-even)\n"
    "  SETTLEMENT_VAT         included (in the rates), or excluded\n"
    "  SETTLEMENT_BASIS       gross, or list, paid\n"
    "  SETTLEMENT_DEFAULT_RATE, SETTLEMENT_SHIPPING_RATE  5.00, 0.00\n"
    "  SETTLEMENT_MOMENT      confirmation, or payment: what the views settle by\n"
    "  PAYOUT_CYCLE           monthly, or weekly, daily, none: the reports that carry balances\n"
    "  PAYOUT_DAY             none: days after the period's last day\n"
    "  PLATFORM_NAME, PLATFORM_BUSINESS_NUMBER   none\n"
    "  MIGRATION_SECRET_NAME  none: no migrations\n"
    "  METRICS_NAMESPACE      OpenMarket (none: no metrics)\n"
    "  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...   as the AWS SDKs read them\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use. Details are in "
    "lambda/handlers/settlement/README.md.\n";

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct settlement_function *function = *self;
    struct settlement_settings *settings = &function->settings;
    function->clock = services->clock;
    function->log = services->log;
    function->metrics = services->metrics;
    enum svc_status status = settlement_settings_read(services->environment, settings, error);
    if (status == SVC_OK) {
        status = lrt_aws_client_create(services, &function->aws, error);
    }
    if (status == SVC_OK) {
        function->login = (struct lrt_database_login){function->aws, settings->db.secret_name};
        status = lrt_database_create(&function->login, &settings->db, function->clock,
                                     function->log, &function->db, error);
    }
    return status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    settlement_handle(self, invocation, result);
}

static void destroy(void *self) {
    struct settlement_function *function = self;
    db_destroy(function->db);
    awsc_client_destroy(function->aws);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "settlement-report",
        .help = help,
        .self_bytes = sizeof(struct settlement_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return argc > 1 && settlement_command_is(argv[1]) ? settlement_command_run(argc, argv)
                                                      : lrt_main(&function, argc, argv);
}
