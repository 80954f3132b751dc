/* What objects are, without their content: see s3.h. */
#include <stdlib.h>

#include "services/aws/s3_call.h"

static void describe_head(struct awsc_client *client, struct awsc_call *call,
                          const struct awsc_s3_get *get) {
    awsc_s3_call_init(client, call, "HeadObject", "HEAD", get->bucket, get->key, get->version_id);
    call->deadline_ms = get->deadline_ms;
    awsc_s3_etag_header(call, "If-Match", get->if_match);
    awsc_s3_etag_header(call, "If-None-Match", get->if_none_match);
}

enum svc_status awsc_s3_head_many(struct awsc_client *client, const struct awsc_s3_get *gets,
                                  size_t count, enum svc_status *statuses,
                                  struct awsc_s3_info *infos, struct awsc_error *errors) {
    struct awsc_call *calls[AWSC_MAX_CALLS_AT_ONCE] = {NULL};
    struct awsc_call *all = calloc(AWSC_MAX_CALLS_AT_ONCE, sizeof(*all));
    enum svc_status result = all != NULL ? SVC_OK : SVC_NO_MEMORY;
    for (size_t start = 0; start < count; start += AWSC_MAX_CALLS_AT_ONCE) {
        size_t now =
            count - start < AWSC_MAX_CALLS_AT_ONCE ? count - start : AWSC_MAX_CALLS_AT_ONCE;
        for (size_t i = 0; i < now && all != NULL; i++) {
            calls[i] = &all[i];
            describe_head(client, calls[i], &gets[start + i]);
        }
        if (all != NULL) {
            awsc_calls_run(client, calls, now);
        }
        for (size_t i = 0; i < now; i++) {
            struct awsc_error error = {.status = SVC_NO_MEMORY};
            if (all != NULL) {
                error = all[i].error;
                error.status = all[i].status;
            }
            if (error.status == SVC_OK) {
                error.status = awsc_s3_read_info(all[i].exchange, &infos[start + i], &error);
            }
            statuses[start + i] = error.status;
            if (errors != NULL) {
                errors[start + i] = error;
            }
            result = result == SVC_OK ? error.status : result;
            if (all != NULL) {
                awsc_call_clear(client, &all[i]);
            }
        }
    }
    free(all);
    return result;
}

enum svc_status awsc_s3_head(struct awsc_client *client, const struct awsc_s3_get *get,
                             struct awsc_s3_info *info, struct awsc_error *error) {
    enum svc_status status = SVC_OK;
    return awsc_s3_head_many(client, get, 1, &status, info, error);
}
