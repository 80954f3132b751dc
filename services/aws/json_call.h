/* What the files of the JSON services share (SQS, Secrets Manager: AWS JSON; SES: REST). Included
 * by them alone. */
#ifndef AWSC_JSON_CALL_H
#define AWSC_JSON_CALL_H

#include "services/aws/call.h"
#include "services/base/json.h"

/* A call with a JSON body that is written through `writer`, and an answer that is read into
 * `answer`. Used: begin, write the body's members, run, look at answer, end (in any case). */
struct awsc_json_call {
    struct awsc_call call;
    struct svc_buf body;
    struct svc_json_writer writer; /* within the body's object */
    struct svc_json *answer;       /* an object, after a success */
    bool is_secret;                /* the answer is wiped when it goes */
};

/* target: X-Amz-Target, NULL for REST. type: of the content. */
void awsc_json_begin(struct awsc_json_call *json, enum awsc_service service, const char *operation,
                     const char *target, const char *type, size_t max_bytes);
enum svc_status awsc_json_run(struct awsc_client *client, struct awsc_json_call *json,
                              struct awsc_error *error);
void awsc_json_end(struct awsc_client *client, struct awsc_json_call *json);

#endif
