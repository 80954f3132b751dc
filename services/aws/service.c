/* The table of services: see service.h. Hosts as in the endpoint rules of the AWS SDKs. */
#include "services/aws/service.h"

static const struct awsc_code_status s3_codes[] = {
    {"NoSuchBucket", SVC_NO_RESOURCE},
    {NULL, SVC_OK},
};

static const struct awsc_code_status sqs_codes[] = {
    {"QueueDoesNotExist", SVC_NO_RESOURCE},
    {"AWS.SimpleQueueService.NonExistentQueue", SVC_NO_RESOURCE},
    {"KmsAccessDenied", SVC_ACCESS_DENIED},
    {NULL, SVC_OK},
};

static const struct awsc_code_status ses_codes[] = {
    {"NotFoundException", SVC_NOT_FOUND},
    {NULL, SVC_OK},
};

static const struct awsc_code_status secrets_manager_codes[] = {
    {"ResourceNotFoundException", SVC_NOT_FOUND},
    {NULL, SVC_OK},
};

static const struct awsc_code_status dynamodb_codes[] = {
    {"ConditionalCheckFailedException", SVC_PRECONDITION_FAILED},
    {"ResourceNotFoundException", SVC_NO_RESOURCE},
    {"TransactionConflictException", SVC_CONFLICT},
    {NULL, SVC_OK},
};

static const struct awsc_code_status lambda_codes[] = {
    {"ResourceNotFoundException", SVC_NO_RESOURCE},
    {"ResourceConflictException", SVC_CONFLICT},
    {NULL, SVC_OK},
};

static const struct awsc_code_status codedeploy_codes[] = {
    {"DeploymentDoesNotExistException", SVC_NOT_FOUND},
    {"LifecycleEventAlreadyCompletedException", SVC_CONFLICT},
    {NULL, SVC_OK},
};

static const struct awsc_service_row rows[AWSC_SERVICES] = {
    [AWSC_S3] =
        {
            .signing_name = "s3",
            .trace_name = "S3",
            .endpoint_setting = "AWS_ENDPOINT_URL_S3",
            .host = "s3.{region}.{dns}",
            .dualstack_host = "s3.dualstack.{region}.{dns}",
            .fips_host = "s3-fips.{region}.{dns}",
            .fips_dualstack_host = "s3-fips.dualstack.{region}.{dns}",
            .is_path_signed_as_sent = true,
            .sends_payload_hash = true,
            .error_format = AWSC_ERROR_XML,
            .codes = s3_codes,
        },
    [AWSC_SQS] =
        {
            .signing_name = "sqs",
            .trace_name = "SQS",
            .endpoint_setting = "AWS_ENDPOINT_URL_SQS",
            .host = "sqs.{region}.{dns}",
            .dualstack_host = "sqs.{region}.{dualstack}",
            .fips_host = "sqs-fips.{region}.{dns}",
            .fips_dualstack_host = "sqs-fips.{region}.{dualstack}",
            .is_gov_host_fips = true,
            .content_type = "application/x-amz-json-1.0",
            .target_prefix = "AmazonSQS.",
            .error_format = AWSC_ERROR_JSON,
            .codes = sqs_codes,
        },
    [AWSC_SES] =
        {
            .signing_name = "ses",
            .trace_name = "SES",
            .endpoint_setting = "AWS_ENDPOINT_URL_SESV2",
            .host = "email.{region}.{dns}",
            .dualstack_host = "email.{region}.{dualstack}",
            .fips_host = "email-fips.{region}.{dns}",
            .fips_dualstack_host = "email-fips.{region}.{dualstack}",
            .content_type = "application/json",
            .error_format = AWSC_ERROR_JSON,
            .codes = ses_codes,
            .masks_addresses = true,
        },
    [AWSC_SECRETS_MANAGER] =
        {
            .signing_name = "secretsmanager",
            .trace_name = "SecretsManager",
            .endpoint_setting = "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            /* Its plain hosts have IPv6 addresses already. */
            .host = "secretsmanager.{region}.{dns}",
            .dualstack_host = "secretsmanager.{region}.{dns}",
            .fips_host = "secretsmanager-fips.{region}.{dns}",
            .fips_dualstack_host = "secretsmanager-fips.{region}.{dns}",
            .content_type = "application/x-amz-json-1.1",
            .target_prefix = "secretsmanager.",
            .error_format = AWSC_ERROR_JSON,
            .codes = secrets_manager_codes,
            .is_response_secret = true,
        },
    [AWSC_DYNAMODB] =
        {
            .signing_name = "dynamodb",
            .trace_name = "DynamoDB",
            .endpoint_setting = "AWS_ENDPOINT_URL_DYNAMODB",
            .host = "dynamodb.{region}.{dns}",
            .dualstack_host = "dynamodb.{region}.{dualstack}",
            .fips_host = "dynamodb-fips.{region}.{dns}",
            .fips_dualstack_host = "dynamodb-fips.{region}.{dualstack}",
            .is_gov_host_fips = true,
            .content_type = "application/x-amz-json-1.0",
            .target_prefix = "DynamoDB_20120810.",
            .error_format = AWSC_ERROR_JSON,
            .codes = dynamodb_codes,
            .has_body_crc32 = true,
        },
    [AWSC_LAMBDA] =
        {
            .signing_name = "lambda",
            .trace_name = "Lambda",
            .endpoint_setting = "AWS_ENDPOINT_URL_LAMBDA",
            .host = "lambda.{region}.{dns}",
            .dualstack_host = "lambda.{region}.{dualstack}",
            .fips_host = "lambda-fips.{region}.{dns}",
            .fips_dualstack_host = "lambda-fips.{region}.{dualstack}",
            .content_type = "application/json",
            .error_format = AWSC_ERROR_JSON,
            .codes = lambda_codes,
        },
    [AWSC_CODEDEPLOY] =
        {
            .signing_name = "codedeploy",
            .trace_name = "CodeDeploy",
            .endpoint_setting = "AWS_ENDPOINT_URL_CODEDEPLOY",
            .host = "codedeploy.{region}.{dns}",
            .dualstack_host = "codedeploy.{region}.{dualstack}",
            .fips_host = "codedeploy-fips.{region}.{dns}",
            .fips_dualstack_host = "codedeploy-fips.{region}.{dualstack}",
            .content_type = "application/x-amz-json-1.1",
            .target_prefix = "CodeDeploy_20141006.",
            .error_format = AWSC_ERROR_JSON,
            .codes = codedeploy_codes,
        },
};

const struct awsc_service_row *awsc_service_row(enum awsc_service service) {
    return &rows[service];
}
