/* email-sender: the mail function as a program; `bootstrap` in the zip. */
#include "lambda/clients/clients.h"
#include "lambda/handlers/email/commands.h"
#include "lambda/handlers/email/email.h"

static const char help[] =
    "\n"
    "Sends the mails of a queue through SES, each once. Events: messages of SQS, and what SES\n"
    "reports of mails (by SNS, EventBridge, or either in SQS). By hand, without AWS:\n"
    "  email-sender render TEMPLATE DATA.json    email-sender render --help\n"
    "  email-sender check [FILE]\n"
    "  email-sender schema\n"
    "With AWS, by a person:\n"
    "  email-sender dead-letters list|explain|resend    email-sender dead-letters --help\n"
    "\n"
    "Environment, with the defaults:\n"
    "  FROM_EMAIL             required: no-reply@example.com, or Shop <no-reply@example.com>\n"
    "  REPLY_TO_EMAIL         none (as FROM_EMAIL)\n"
    "  BCC_EMAIL              none (an address; never of PASSWORD_RESET and PROMOTIONAL)\n"
    "  SES_CONFIGURATION_SET  none\n"
    "  SES_SEND_RATE          no limit (mails per second of one environment: 14, 0.5)\n"
    "  IDEMPOTENCY_TABLE      none: a message that is delivered twice is sent twice\n"
    "  IDEMPOTENCY_DAYS       30 (28 or more: the queue keeps a message for up to 14 days, the\n"
    "                         dead-letter queue for 14 more)\n"
    "  DEAD_LETTER_QUEUE_URL  none: the queue's redrive policy moves what cannot be sent\n"
    "  SENDER_NAME, SENDER_EMAIL, SENDER_PHONE, SENDER_ADDRESS\n"
    "                         none (PROMOTIONAL needs all four)\n"
    "  ENVIRONMENT            none (a tag of every mail)\n"
    "  ADDRESS_HASH_SECRET    a secret of Secrets Manager with the key for addresses in logs;\n"
    "                         none: a random key, hashes are comparable in one environment\n"
    "  METRICS_NAMESPACE      OpenMarket (none: no metrics)\n"
    "  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...   as the AWS SDKs read them\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use. Details are in lambda/handlers/email/README.md.\n";

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct email_function *function = *self;
    const struct email_settings *settings = &function->settings;
    function->clock = services->clock;
    function->log = services->log;
    function->metrics = services->metrics;
    enum svc_status status = email_settings_read(services->environment, &function->settings, error);
    if (status == SVC_OK) {
        status = email_address_hash_init(&function->hash, error);
    }
    if (status == SVC_OK) {
        status = lrt_aws_client_create(services, &function->aws, error);
    }
    function->mailer = (struct email_mailer){
        .settings = &settings->mailer,
        .client = function->aws,
        .clock = services->clock,
        .record = {.client = function->aws,
                   .clock = services->clock,
                   .name = settings->table[0] != '\0' ? settings->table : NULL,
                   .keep_ms = settings->keep_ms},
    };
    email_rate_init(&function->mailer.rate, settings->rate_milli, services->clock);
    return status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    email_handle(self, invocation, result);
}

static void destroy(void *self) {
    struct email_function *function = self;
    awsc_client_destroy(function->aws);
    email_address_hash_clear(&function->hash);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "email-sender",
        .help = help,
        .self_bytes = sizeof(struct email_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return argc > 1 && email_command_is(argv[1]) ? email_command_run(argc, argv)
                                                 : lrt_main(&function, argc, argv);
}
