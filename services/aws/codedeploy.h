/* CodeDeploy by its JSON protocol (AWS JSON 1.1): what a lifecycle hook needs. Errors: as in s3.h;
 * NOT_FOUND: no such deployment. deadline_ms 0: the client's. */
#ifndef AWSC_CODEDEPLOY_H
#define AWSC_CODEDEPLOY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/buf.h"

/* Appends the AppSpec of a deployment (GetDeployment: its revision of type AppSpecContent or
 * String) to `appspec`, made with
 *   svc_buf_init(&appspec, AWSC_MAX_APPSPEC_BYTES)
 * Errors: INVALID_ARGUMENT (no id), BAD_RESPONSE (the revision is in S3 or GitHub, or has no
 * content). */
enum svc_status awsc_codedeploy_appspec(struct awsc_client *client, const char *deployment_id,
                                        struct svc_buf *appspec, int64_t deadline_ms,
                                        struct awsc_error *error);

struct awsc_codedeploy_hook {
    const char *deployment_id, *execution_id; /* of the hook's event */
    bool has_succeeded;
    int64_t deadline_ms;
};
/* Reports the result of a hook (PutLifecycleEventHookExecutionStatus). Repeated after a lost
 * response, because CodeDeploy takes the first status alone. Errors: CONFLICT: the hook has a
 * status already; with error->maybe_done it may be this one. */
enum svc_status awsc_codedeploy_put_hook_status(struct awsc_client *client,
                                                const struct awsc_codedeploy_hook *hook,
                                                struct awsc_error *error);

#endif
