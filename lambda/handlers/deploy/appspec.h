/* The AppSpec of a Lambda deployment, written as JSON:
 *
 *   {"version":0.0,"Resources":[{"NAME":{"Type":"AWS::Lambda::Function","Properties":{
 *    "Name":"FUNCTION","Alias":"live","CurrentVersion":"6","TargetVersion":"7"}}}],"Hooks":[...]}
 *
 * Format: "AppSpec 'resources' section" in the CodeDeploy user guide. Pure. */
#ifndef DEPLOY_APPSPEC_H
#define DEPLOY_APPSPEC_H

#include "services/aws/lambda.h"
#include "services/base/status.h"

struct deploy_target {
    char function[AWSC_LAMBDA_NAME_BYTES];
    char version[AWSC_LAMBDA_VERSION_BYTES]; /* a published version: digits */
};

/* Errors: MALFORMED (not JSON, YAML included; not one function; a name or a version that is none),
 * NO_MEMORY. */
enum svc_status deploy_appspec_read(const void *text, size_t text_bytes,
                                    struct deploy_target *target, struct svc_error *error);

#endif
