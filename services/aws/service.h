/* The AWS services this client calls, one row each: all that makes one differ from another. A new
 * service is a member of enum awsc_service, a row in service.c and a file of operations. */
#ifndef AWSC_SERVICE_H
#define AWSC_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "services/base/status.h"

enum awsc_service {
    AWSC_S3,
    AWSC_SQS,
    AWSC_SES,
    AWSC_SECRETS_MANAGER,
    AWSC_DYNAMODB,
    AWSC_LAMBDA,
    AWSC_CODEDEPLOY,
    AWSC_SERVICES /* how many there are; new ones go before it */
};

enum awsc_error_format { AWSC_ERROR_XML, AWSC_ERROR_JSON };

/* What an error code of a service means here. */
struct awsc_code_status {
    const char *code;
    enum svc_status status;
};

struct awsc_service_row {
    const char *signing_name;     /* of SigV4; also the name in errors and logs */
    const char *trace_name;       /* as AWS's SDKs name it in traces */
    const char *endpoint_setting; /* the environment variable that overrides the endpoint */
    /* Host names: {region}, {dns} and {dualstack} (the partition's domains) are filled in. */
    const char *host, *dualstack_host, *fips_host, *fips_dualstack_host;
    bool is_gov_host_fips; /* in GovCloud the plain host is the FIPS one */

    /* S3's two particulars of SigV4: the path is signed as it is sent (encoded once, not
     * normalised), and the body's hash is sent as X-Amz-Content-Sha256. */
    bool is_path_signed_as_sent;
    bool sends_payload_hash;

    const char *content_type;  /* of requests by json_call.h */
    const char *target_prefix; /* X-Amz-Target is this and the operation's name; NULL: REST */

    enum awsc_error_format error_format;
    const struct awsc_code_status *codes; /* go before the general rules; ends with code NULL */
    bool has_body_crc32;     /* responses carry x-amz-crc32 of their body, which is verified */
    bool is_response_secret; /* response bodies are wiped after use */
    bool masks_addresses;    /* error messages may hold mailboxes, which are left out */
};

/* Constant; never NULL. */
const struct awsc_service_row *awsc_service_row(enum awsc_service service);

#endif
