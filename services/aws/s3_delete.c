/* Objects deleted: see s3.h. */
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

enum svc_status awsc_s3_delete(struct awsc_client *client, const struct awsc_s3_delete *what,
                               struct awsc_s3_deleted *deleted, struct awsc_error *error) {
    struct awsc_call call;
    awsc_s3_call_init(client, &call, "DeleteObject", "DELETE", what->bucket, what->key,
                      what->version_id);
    awsc_s3_etag_header(&call, "If-Match", what->if_match);
    call.deadline_ms = what->deadline_ms;
    call.check = awsc_s3_check;
    enum svc_status status = awsc_call_run(client, &call, error);
    if (deleted != NULL) {
        memset(deleted, 0, sizeof(*deleted));
    }
    if (deleted != NULL && status == SVC_OK) {
        const char *version = svc_http_header_value(call.exchange, "x-amz-version-id");
        const char *marker = svc_http_header_value(call.exchange, "x-amz-delete-marker");
        svc_copy_text(deleted->version_id, sizeof(deleted->version_id),
                      version != NULL ? version : "");
        deleted->is_marker = marker != NULL && strcmp(marker, "true") == 0;
    }
    awsc_call_clear(client, &call);
    return status;
}
