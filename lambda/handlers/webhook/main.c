/* webhook-handler: the webhook function as a program; `bootstrap` in the zip. */
#include "lambda/clients/clients.h"
#include "lambda/handlers/webhook/commands.h"
#include "lambda/handlers/webhook/webhook.h"
#include "services/base/crypto.h"

static const char help[] =
    "\n"
    "Takes webhooks of payments, parcels and refunds, verifies them, stores each once, and owes\n"
    "the mails that follow. Events: requests of a Function URL; schedules, with the input\n"
    "{\"task\":\"sweep\"|\"reconcile\",\"time\":\"<aws.scheduler.scheduled-time>\"};\n"
    "{\"migrate\":true,\"platform\":\"NAME\"}. By hand:\n"
    "  webhook-handler states     the states of an order, as Mermaid diagrams\n"
    "  webhook-handler migrate    the tables of the webhooks; migrate --help\n"
    "\n"
    "Environment, with the defaults:\n"
    "  DB_SECRET_NAME           required: {username, password, host, port, dbname} of the "
    "database\n"
    "  DB_NAME                  none (the secret's dbname)\n"
    "  DB_CA_FILE               /var/task/rds-ca.pem\n"
    "  DB_CONNECT_TIMEOUT, DB_LOCK_WAIT   5s, 3s\n"
    "  EMAIL_QUEUE_URL          required: the queue of the mail function\n"
    "  WEBHOOK_SECRET           secrets of signatures with blanks between them; whsec_ and whpk_\n"
    "                           are Standard Webhooks'. This or the next one is required\n"
    "  WEBHOOK_SECRET_NAME      a secret of Secrets Manager: as WEBHOOK_SECRET, or JSON with\n"
    "                           platform, standard, toss, tossTokens, internal\n"
    "  TOSS_SECRET_NAME         none: a secret with the key to ask Toss with\n"
    "  TOSS_API_URL             https://api.tosspayments.com\n"
    "  TOSS_CONFIRM_QUEUE_URL   none: hints of Toss are confirmed here, not by the twin\n"
    "  REPORTS_BUCKET           none: reconciliations are logged alone\n"
    "  UNSUBSCRIBE_SECRET_NAME  none: there is no path /unsubscribe\n"
    "  MIGRATION_SECRET_NAME    none: no migrations\n"
    "  INBOX_DAYS, OUTBOX_DAYS  90, 90\n"
    "  METRICS_NAMESPACE        OpenMarket (none: no metrics)\n"
    "  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...   as the AWS SDKs read them\n"
    "Of the twin outside of the VPC (no DB_SECRET_NAME), whose events are messages of the queue:\n"
    "  TOSS_CONFIRMED_URL       required: https://.../webhooks/toss-confirmed of the function\n"
    "  WEBHOOK_SECRET_NAME, TOSS_SECRET_NAME   required\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use. Details are in "
    "lambda/handlers/webhook/README.md.\n";

static enum svc_status create_store(struct webhook_function *function, struct svc_error *error) {
    const struct webhook_settings *settings = &function->settings;
    if (settings->is_twin) {
        return SVC_OK;
    }
    function->login = (struct lrt_database_login){function->aws, settings->db.secret_name};
    return lrt_database_create(&function->login, &settings->db, function->clock, function->log,
                               &function->db, error);
}

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct webhook_function *function = *self;
    struct webhook_settings *settings = &function->settings;
    function->transport = services->transport;
    function->clock = services->clock;
    function->log = services->log;
    function->metrics = services->metrics;
    enum svc_status status = webhook_settings_read(services->environment, settings, error);
    if (status == SVC_OK) {
        status = lrt_aws_client_create(services, &function->aws, error);
    }
    if (status == SVC_OK) {
        status = webhook_keys_init(&function->keys, function->aws, services->clock, services->log,
                                   settings->secret_name, settings->secret, error);
    }
    svc_wipe(settings->secret, sizeof(settings->secret));
    function->toss = (struct webhook_toss_client){
        .transport = services->transport,
        .clock = services->clock,
        .log = services->log,
        .trace = services->trace,
        .base_url = settings->toss_url,
    };
    return status == SVC_OK ? create_store(function, error) : status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    webhook_handle(self, invocation, result);
}

static void destroy(void *self) {
    struct webhook_function *function = self;
    db_destroy(function->db);
    awsc_client_destroy(function->aws);
    webhook_keys_clear(&function->keys);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "webhook-handler",
        .help = help,
        .self_bytes = sizeof(struct webhook_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return argc > 1 && webhook_command_is(argv[1]) ? webhook_command_run(argc, argv)
                                                   : lrt_main(&function, argc, argv);
}
