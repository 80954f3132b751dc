/* deploy-check: CodeDeploy's hook before traffic, as a program; `bootstrap` in the zip. */
#include "lambda/clients/clients.h"
#include "lambda/handlers/deploy/deploy.h"

static const char help[] =
    "\n"
    "Checks the new version of a function before it gets traffic: the hook BeforeAllowTraffic of\n"
    "a CodeDeploy deployment, {\"DeploymentId\":...,\"LifecycleEventHookExecutionId\":...}. "
    "Invokes\n"
    "the version by its number and reports Succeeded or Failed.\n"
    "\n"
    "Environment, with the defaults:\n"
    "  IMAGE_FUNCTION, EMAIL_FUNCTION, SETTLEMENT_FUNCTION, WEBHOOK_FUNCTION\n"
    "                       the functions that are checked; one at least\n"
    "  UPLOADS_BUCKET       required with IMAGE_FUNCTION\n"
    "  CHECK_PREFIX         uploads/products/deploy-check/ (the known picture's)\n"
    "  CHECK_LIVE_WAIT      15s (how long the live version has for the picture first)\n"
    "  IMAGE_SIZES, IMAGE_OUTPUT_FOLDER   as the image function has them\n"
    "  METRICS_NAMESPACE    OpenMarket (none: no metrics)\n"
    "  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...   as the AWS SDKs read them\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use. Details are in "
    "lambda/handlers/deploy/README.md.\n";

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct deploy_function *function = *self;
    function->clock = services->clock;
    function->log = services->log;
    function->metrics = services->metrics;
    const enum svc_status status =
        deploy_settings_read(services->environment, &function->settings, error);
    return status == SVC_OK ? lrt_aws_client_create(services, &function->aws, error) : status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    deploy_handle(self, invocation, result);
}

static void destroy(void *self) {
    struct deploy_function *function = self;
    awsc_client_destroy(function->aws);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "deploy-check",
        .help = help,
        .self_bytes = sizeof(struct deploy_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return lrt_main(&function, argc, argv);
}
