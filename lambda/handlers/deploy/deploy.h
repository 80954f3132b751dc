/* A lifecycle hook of CodeDeploy, BeforeAllowTraffic:
 *
 *   {"DeploymentId":"d-ABC","LifecycleEventHookExecutionId":"..."}
 *
 * Finds the function and its new version in the deployment's AppSpec, checks that version
 * (check.h), and reports Succeeded or Failed to CodeDeploy, once. */
#ifndef DEPLOY_DEPLOY_H
#define DEPLOY_DEPLOY_H

#include "lambda/handlers/deploy/function.h"
#include "lambda/runtime/runtime.h"

/* Kinds of failure, both without a status at CodeDeploy:
 *   Deploy.MALFORMED   no event of a hook: there is nothing that a status could be reported of
 *   Deploy.NO_STATUS   CodeDeploy does not take the status; Lambda delivers the event again
 * A version that does not pass is no failure of the invocation. */
void deploy_handle(const struct deploy_function *function, const struct lrt_invocation *invocation,
                   struct lrt_result *result);

#endif
