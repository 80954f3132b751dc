/* Calls with a JSON request and a JSON response, shared by the operations of SQS, SES, Secrets
 * Manager, DynamoDB and CodeDeploy. Only they include this. */
#ifndef AWSC_JSON_CALL_H
#define AWSC_JSON_CALL_H

#include "services/aws/call.h"
#include "services/aws/responses.h"
#include "services/base/json.h"

/* Used in this order: begin, write the request's members, run, read the response, end (always).
 *
 * A response of up to call.max_body_bytes is received and parsed: set it before run where the
 * service's responses may have more than SVC_MAX_RESPONSE_BODY_BYTES. */
struct awsc_json_call {
    struct awsc_call call;
    struct svc_buf body;
    struct svc_json_writer writer; /* inside the request's object */
    struct svc_json *response;     /* an object, after a success; NULL if the body was empty */
};

/* Content type and X-Amz-Target come from the service's row. max_bytes: of the request's body. */
void awsc_json_begin(struct awsc_json_call *json, enum awsc_service service, const char *operation,
                     size_t max_bytes);
enum svc_status awsc_json_run(struct awsc_client *client, struct awsc_json_call *json,
                              struct awsc_error *error);
/* For a call.read_refusal that replaces the one of awsc_json_begin: false, and error is
 * CHECKSUM_MISMATCH, if the body of an error response does not have its checksum. Its code means
 * nothing then, so whether the request was carried out is unknown. */
bool awsc_json_check_refusal(const struct awsc_call *call, struct awsc_error *error);
void awsc_json_end(struct awsc_client *client, struct awsc_json_call *json);

#endif
