/* CodeDeploy: see codedeploy.h. */
#include "services/aws/codedeploy.h"

#include <string.h>

#include "services/aws/json_call.h"
#include "services/base/text.h"

#define MAX_REQUEST_BYTES ((size_t)4096)
#define MAX_ID_BYTES      1024

static bool is_id(const char *text) {
    return text != NULL && text[0] != '\0' && strlen(text) <= MAX_ID_BYTES;
}

/* The content of one kind of revision; NULL: it is not of that kind. */
static const char *content_of(const struct svc_json *revision, const char *kind,
                              size_t *size_bytes) {
    return svc_json_bytes(svc_json_get(svc_json_get(revision, kind), "content"), size_bytes);
}

enum svc_status awsc_codedeploy_appspec(struct awsc_client *client, const char *deployment_id,
                                        struct svc_buf *appspec, int64_t deadline_ms,
                                        struct awsc_error *error) {
    struct awsc_json_call json;
    struct awsc_error own;
    size_t size_bytes = 0;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    if (!is_id(deployment_id)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the id of a deployment");
    }
    awsc_json_begin(&json, AWSC_CODEDEPLOY, "GetDeployment", MAX_REQUEST_BYTES);
    json.call.deadline_ms = deadline_ms;
    svc_json_add_text(&json.writer, "deploymentId", deployment_id);
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        const struct svc_json *revision =
            svc_json_get(svc_json_get(json.response, "deploymentInfo"), "revision");
        const char *content = content_of(revision, "appSpecContent", &size_bytes);
        content = content != NULL ? content : content_of(revision, "string", &size_bytes);
        if (content == NULL) {
            status = awsc_fail(error, SVC_BAD_RESPONSE, "the deployment's revision has no AppSpec");
        } else if (!svc_buf_append(appspec, content, size_bytes)) {
            status = awsc_fail(error, svc_buf_status(appspec), "%s",
                               svc_status_message(svc_buf_status(appspec)));
        }
    }
    awsc_json_end(client, &json);
    return status;
}

enum svc_status awsc_codedeploy_put_hook_status(struct awsc_client *client,
                                                const struct awsc_codedeploy_hook *hook,
                                                struct awsc_error *error) {
    struct awsc_json_call json;
    if (!is_id(hook->deployment_id) || !is_id(hook->execution_id)) {
        awsc_error_clear(error);
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the ids of a hook");
    }
    awsc_json_begin(&json, AWSC_CODEDEPLOY, "PutLifecycleEventHookExecutionStatus",
                    MAX_REQUEST_BYTES);
    json.call.deadline_ms = hook->deadline_ms;
    svc_json_add_text(&json.writer, "deploymentId", hook->deployment_id);
    svc_json_add_text(&json.writer, "lifecycleEventHookExecutionId", hook->execution_id);
    svc_json_add_text(&json.writer, "status", hook->has_succeeded ? "Succeeded" : "Failed");
    const enum svc_status status = awsc_json_run(client, &json, error);
    awsc_json_end(client, &json);
    return status;
}
