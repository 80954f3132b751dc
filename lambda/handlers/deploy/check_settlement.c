/* The check of the settlement function: a dry run of yesterday, which reads the views and the
 * ledger with the function's own login and rules, and writes, claims and mails nothing. Sellers
 * whose own data cannot be settled fail in every version; that no seller at all can be settled is
 * the version's fault. */
#include <string.h>

#include "lambda/handlers/deploy/check.h"
#include "services/base/limits.h"

static bool verify(struct deploy_check *check, const struct svc_json *result, const void *user) {
    (void)user;
    const char *status = svc_json_get_text(result, "status");
    const char *type = svc_json_get_text(result, "reportType");
    int64_t sellers = -1, done = -1, failed = -1, left = -1;
    const bool is_complete =
        svc_json_get_int(result, "sellers", &sellers) && svc_json_get_int(result, "done", &done) &&
        svc_json_get_int(result, "failed", &failed) && svc_json_get_int(result, "left", &left) &&
        svc_json_type(svc_json_get(result, "totals")) == SVC_JSON_OBJECT;
    if (status == NULL || strcmp(status, "dryRun") != 0 || type == NULL ||
        strcmp(type, "daily") != 0 || !is_complete) {
        return deploy_fail(check, "RESULT", "the result is not that of a dry run");
    }
    if (done < 0 || failed < 0 || left < 0 || done + failed + left != sellers) {
        return deploy_fail(check, "RESULT", "of %lld sellers %lld are done, %lld failed, %lld left",
                           (long long)sellers, (long long)done, (long long)failed, (long long)left);
    }
    if (sellers > 0 && done == 0) {
        return deploy_fail(check, "RESULT", "none of %lld sellers can be settled",
                           (long long)sellers);
    }
    return true;
}

bool deploy_check_settlement(struct deploy_check *check) {
    struct svc_buf event;
    struct svc_json_writer writer;
    char now[SVC_ISO8601_BYTES];
    svc_buf_init(&event, AWSC_MAX_LAMBDA_EVENT_BYTES);
    svc_format_iso8601(svc_wall_ms(check->function->clock), now);
    svc_json_writer_init(&writer, &event);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "reportType", "daily");
    svc_json_add_text(&writer, "time", now);
    svc_json_add_bool(&writer, "dryRun", true);
    svc_json_end_object(&writer);
    return deploy_invoke(check, &event, verify, NULL);
}
