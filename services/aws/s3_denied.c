/* Why S3 refused an object: see s3_denied.h. */
#include "services/aws/s3_denied.h"

#include <stdlib.h>
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

static enum svc_status run_probe(struct awsc_client *client, struct awsc_call *call,
                                 const struct awsc_s3_get *get, struct awsc_error *found) {
    call->deadline_ms = get->deadline_ms;
    call->max_body_bytes = AWSC_MAX_ERROR_BODY_BYTES;
    enum svc_status status = awsc_call_run(client, call, found);
    awsc_call_clear(client, call);
    return status;
}

static enum svc_status get_one_byte(struct awsc_client *client, struct awsc_call *call,
                                    const struct awsc_s3_get *get, struct awsc_error *found) {
    awsc_s3_call_init(client, call, "GetObject", "GET", get->bucket, get->key, get->version_id);
    awsc_call_header(call, "Range", "bytes=0-0");
    return run_probe(client, call, get, found);
}

/* With the key as the prefix: a policy may allow lists of some prefixes only. */
static enum svc_status list_one_key(struct awsc_client *client, struct awsc_call *call,
                                    const struct awsc_s3_get *get, struct awsc_error *found) {
    awsc_s3_bucket_call_init(client, call, "ListObjectsV2", "GET", get->bucket);
    awsc_call_param(call, "list-type", "2");
    awsc_call_param(call, "max-keys", "1");
    awsc_call_param(call, "prefix", get->key);
    return run_probe(client, call, get, found);
}

/* The same refusal, with its body. Operation and attempts stay those of the call that failed. */
static void adopt(struct awsc_error *error, const struct awsc_error *found) {
    memcpy(error->code, found->code, sizeof(error->code));
    memcpy(error->message, found->message, sizeof(error->message));
    memcpy(error->request_id, found->request_id, sizeof(error->request_id));
    error->status = found->status;
}

/* "User: ... is not authorized to perform: s3:GetObject on resource: ..." */
static bool names_action(const struct awsc_error *error, char action[64]) {
    static const char before[] = "not authorized to perform: ";
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  ":*-";
    const char *found = strstr(error->message, before);
    if (found == NULL) {
        return false;
    }
    found += sizeof(before) - 1;
    const size_t size = strspn(found, allowed);
    if (size == 0 || size >= 64 || found[size] != ' ') {
        return false;
    }
    memcpy(action, found, size);
    action[size] = '\0';
    return true;
}

static void describe(struct awsc_error *error, const char *message) {
    awsc_fail(error, error->status, "%s", message);
}

static void find_missing_right(struct awsc_client *client, struct awsc_call *call,
                               const struct awsc_s3_get *get, struct awsc_error *error) {
    struct awsc_error found;
    char action[64], message[sizeof(error->message)];
    if (names_action(error, action)) {
        svc_copy_text(message, sizeof(message), error->message);
        awsc_fail(error, error->status, "%s is denied: %s", action, message);
        return;
    }
    const enum svc_status status = list_one_key(client, call, get, &found);
    if (status == SVC_OK || status == SVC_TOO_LARGE) {
        describe(error, get->version_id != NULL
                            ? "s3:ListBucket is allowed, so s3:GetObjectVersion or kms:Decrypt is "
                              "denied: check the role, the bucket's policy and the key's"
                            : "s3:ListBucket is allowed, so s3:GetObject or kms:Decrypt is denied: "
                              "check the role, the bucket's policy and the key's");
    } else if (status == SVC_ACCESS_DENIED) {
        describe(error, "s3:ListBucket is denied, so a missing object is reported like this too: "
                        "check s3:ListBucket on the bucket, then s3:GetObject on the object");
    } else {
        describe(error, "check s3:GetObject on the object, s3:ListBucket on the bucket and the "
                        "bucket's policy");
    }
}

static enum svc_status explain(struct awsc_client *client, struct awsc_call *call,
                               const struct awsc_s3_get *get, struct awsc_error *error) {
    if (error->code[0] == '\0') {
        struct awsc_error found;
        const enum svc_status status = get_one_byte(client, call, get, &found);
        if (found.code[0] != '\0' && found.http_status == error->http_status) {
            adopt(error, &found);
        } else if (error->http_status == 403 &&
                   (status == SVC_OK || status == SVC_TOO_LARGE || found.http_status == 416)) {
            describe(error, "a GET of the object is allowed now: the right was granted meanwhile, "
                            "or a policy treats HEAD apart");
            return error->status;
        }
    }
    if (strcmp(error->code, "SignatureDoesNotMatch") == 0) {
        describe(error, "the signature was not accepted: the secret access key is not that of the "
                        "access key id, or the request was altered on its way");
    } else if (error->http_status == 403 &&
               (error->code[0] == '\0' || strcmp(error->code, "AccessDenied") == 0)) {
        find_missing_right(client, call, get, error);
    }
    return error->status;
}

enum svc_status awsc_s3_explain_denied(struct awsc_client *client, const struct awsc_s3_get *get,
                                       struct awsc_error *error) {
    if (error->http_status != 400 && error->http_status != 403 && error->http_status != 404) {
        return error->status;
    }
    struct awsc_call *call = calloc(1, sizeof(*call));
    if (call != NULL) {
        explain(client, call, get, error);
        free(call);
    }
    return error->status;
}
