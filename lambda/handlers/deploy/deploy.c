/* One hook: see deploy.h. */
#include "lambda/handlers/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#include "lambda/clients/clients.h"
#include "lambda/handlers/deploy/check.h"
#include "services/aws/codedeploy.h"
#include "services/base/limits.h"
#include "services/base/text.h"

/* Kept of the invocation's time for the status: three attempts of a call. Of a shorter invocation
 * half of the time. */
#define STATUS_MS    10000
#define MAX_ID_BYTES 128
#define ID_CHARACTERS                                                                              \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" /* of a deployment */

struct hook {
    const char *deployment_id, *execution_id;
};

/* ---------------------------------------------------------------------- the event */

/* The deployment's id becomes part of a key of S3. The execution's is only handed back: CodeDeploy
 * states no form of it. */
static bool read_hook(const struct svc_json *document, struct hook *hook) {
    hook->deployment_id = svc_json_get_text(document, "DeploymentId");
    hook->execution_id = svc_json_get_text(document, "LifecycleEventHookExecutionId");
    return hook->deployment_id != NULL && hook->execution_id != NULL &&
           hook->deployment_id[0] != '\0' && hook->execution_id[0] != '\0' &&
           strlen(hook->deployment_id) <= MAX_ID_BYTES && strlen(hook->execution_id) <= 1024 &&
           hook->deployment_id[strspn(hook->deployment_id, ID_CHARACTERS)] == '\0';
}

static int64_t check_deadline(const struct deploy_function *function,
                              const struct lrt_invocation *invocation) {
    if (invocation->deadline_ms == SVC_NO_DEADLINE) {
        return SVC_NO_DEADLINE;
    }
    const int64_t half_ms = svc_remaining_ms(function->clock, invocation->deadline_ms) / 2;
    return invocation->deadline_ms - (half_ms < STATUS_MS ? half_ms : STATUS_MS);
}

/* ---------------------------------------------------------------------- the check */

static bool find_target(struct deploy_check *check) {
    struct svc_buf appspec;
    struct awsc_error aws_error;
    struct svc_error error = {0};
    char line[AWSC_ERROR_TEXT_BYTES];
    svc_buf_init(&appspec, AWSC_MAX_APPSPEC_BYTES);
    bool is_found = true;
    if (awsc_codedeploy_appspec(check->function->aws, check->deployment_id, &appspec,
                                check->deadline_ms, &aws_error) != SVC_OK) {
        is_found = deploy_fail(check, "DEPLOYMENT", "%s", awsc_error_text(&aws_error, line));
    } else if (deploy_appspec_read(appspec.bytes, appspec.size_bytes, &check->target, &error) !=
               SVC_OK) {
        is_found = deploy_fail(check, "APPSPEC", "%s", error.detail);
    }
    svc_buf_clear(&appspec);
    return is_found;
}

static bool run_check(struct deploy_check *check) {
    static bool (*const checks[DEPLOY_KINDS])(struct deploy_check *) = {
        [DEPLOY_IMAGE] = deploy_check_image,
        [DEPLOY_EMAIL] = deploy_check_email,
        [DEPLOY_SETTLEMENT] = deploy_check_settlement,
        [DEPLOY_WEBHOOK] = deploy_check_webhook,
    };
    if (!find_target(check)) {
        return false;
    }
    for (int i = 0; i < DEPLOY_KINDS; i++) {
        if (strcmp(check->function->settings.functions[i], check->target.function) == 0) {
            return checks[i](check);
        }
    }
    return deploy_fail(check, "UNKNOWN_FUNCTION", "%s is none of the functions that are checked",
                       check->target.function);
}

/* ---------------------------------------------------------------------- the status */

static void report(const struct deploy_check *check, bool has_passed, int64_t duration_ms) {
    const struct deploy_function *function = check->function;
    svc_log_event(function->log, has_passed ? SVC_LOG_INFO : SVC_LOG_ERROR,
                  has_passed ? "version passed" : "version refused",
                  SVC_TEXT("deploymentId", check->deployment_id),
                  SVC_TEXT("function", check->target.function),
                  SVC_TEXT("version", check->target.version), SVC_TEXT("reason", check->reason),
                  SVC_TEXT("detail", check->detail), SVC_INT("durationMs", duration_ms));
    lrt_metrics_add(function->metrics, "VersionsPassed", LRT_COUNT, has_passed);
    lrt_metrics_add(function->metrics, "VersionsRefused", LRT_COUNT, !has_passed);
}

/* The hook has a status already: of this call, whose response was lost, or of an earlier delivery
 * of the event. */
static bool put_status(const struct deploy_function *function, const struct hook *hook,
                       bool has_passed, struct awsc_error *error) {
    const struct awsc_codedeploy_hook what = {
        .deployment_id = hook->deployment_id,
        .execution_id = hook->execution_id,
        .has_succeeded = has_passed,
    };
    const enum svc_status status = awsc_codedeploy_put_hook_status(function->aws, &what, error);
    if (status == SVC_CONFLICT) {
        svc_log_event(function->log, SVC_LOG_WARN, "the hook has a status already",
                      SVC_TEXT("deploymentId", hook->deployment_id),
                      SVC_BOOL("maybeOfThisCall", error->maybe_done));
    }
    return status == SVC_OK || status == SVC_CONFLICT;
}

static void write_result(const struct deploy_check *check, bool has_passed,
                         struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "status", has_passed ? "Succeeded" : "Failed");
    svc_json_add_text(&writer, "function", check->target.function);
    svc_json_add_text(&writer, "version", check->target.version);
    svc_json_add_text(&writer, "reason", check->reason);
    svc_json_add_text(&writer, "detail", check->detail);
    svc_json_end_object(&writer);
}

static void handle_hook(const struct deploy_function *function, const struct hook *hook,
                        const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct awsc_error error;
    char line[AWSC_ERROR_TEXT_BYTES];
    struct deploy_check check = {
        .function = function,
        .deployment_id = hook->deployment_id,
        .deadline_ms = check_deadline(function, invocation),
    };
    const int64_t begin_ms = svc_monotonic_ms(function->clock);
    const bool has_passed = run_check(&check);
    report(&check, has_passed, svc_monotonic_ms(function->clock) - begin_ms);
    if (put_status(function, hook, has_passed, &error)) {
        write_result(&check, has_passed, result);
    } else {
        lrt_fail(result, "Deploy.NO_STATUS", "%s", awsc_error_text(&error, line));
    }
}

void deploy_handle(const struct deploy_function *function, const struct lrt_invocation *invocation,
                   struct lrt_result *result) {
    struct hook hook;
    lrt_aws_client_begin(function->aws, invocation);
    struct svc_json *document = lrt_parse_event(invocation, result, "Deploy.MALFORMED");
    if (result->failed) {
        return;
    }
    if (read_hook(document, &hook)) {
        handle_hook(function, &hook, invocation, result);
    } else {
        lrt_fail(
            result, "Deploy.MALFORMED",
            "not an event of a lifecycle hook: DeploymentId and LifecycleEventHookExecutionId");
    }
    svc_json_free(document);
}
