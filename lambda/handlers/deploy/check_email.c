/* The check of the mail function: a batch of two messages that send nothing.
 *
 *   stale    a PASSWORD_RESET whose link ended in 1970: it is deleted unsent, so it is no failure.
 *            Its recipient is SES's mailbox simulator, should a broken version send it.
 *   damaged  a body with U+0000, which no queue can have: nothing can be made of it, and it fits
 *            into no dead-letter queue, so it has to come again.
 *
 * So the result names exactly the second one. A version that loses messages, that fails all of
 * them, or whose result Lambda would ignore does not pass. */
#include <string.h>

#include "lambda/handlers/deploy/check.h"
#include "services/base/limits.h"

#define STALE   "deploy-check-stale"
#define DAMAGED "deploy-check-damaged"

static const char stale_body[] =
    "{\"template\":\"PASSWORD_RESET\",\"toEmail\":\"success@simulator.amazonses.com\","
    "\"data\":{\"userName\":\"deploy-check\",\"resetUrl\":\"https://example.com/deploy-check\","
    "\"expiresIn\":1}}";
static const char damaged_body[] = "{\0}";

static void put_record(struct svc_json_writer *writer, const char *id, const char *body,
                       size_t body_bytes) {
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "messageId", id);
    svc_json_add_text(writer, "receiptHandle", id);
    svc_json_name(writer, "body");
    svc_json_put_bytes(writer, body, body_bytes);
    svc_json_name(writer, "attributes");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "ApproximateReceiveCount", "1");
    svc_json_add_text(writer, "SentTimestamp", "1");
    svc_json_add_text(writer, "ApproximateFirstReceiveTimestamp", "1");
    svc_json_end_object(writer);
    svc_json_name(writer, "messageAttributes");
    svc_json_begin_object(writer);
    svc_json_end_object(writer);
    svc_json_add_text(writer, "eventSource", "aws:sqs");
    svc_json_add_text(writer, "eventSourceARN", "arn:aws:sqs:local:000000000000:deploy-check");
    svc_json_end_object(writer);
}

static bool verify(struct deploy_check *check, const struct svc_json *result, const void *user) {
    (void)user;
    const struct svc_json *failures = svc_json_get(result, "batchItemFailures");
    const char *id = svc_json_get_text(svc_json_at(failures, 0), "itemIdentifier");
    if (svc_json_type(failures) != SVC_JSON_ARRAY) {
        return deploy_fail(check, "RESULT", "the result has no batchItemFailures");
    }
    if (svc_json_count(failures) != 1 || id == NULL || strcmp(id, DAMAGED) != 0) {
        return deploy_fail(check, "RESULT",
                           "batchItemFailures has %zu messages instead of the damaged one alone",
                           svc_json_count(failures));
    }
    return true;
}

bool deploy_check_email(struct deploy_check *check) {
    struct svc_buf event;
    struct svc_json_writer writer;
    svc_buf_init(&event, AWSC_MAX_LAMBDA_EVENT_BYTES);
    svc_json_writer_init(&writer, &event);
    svc_json_begin_object(&writer);
    svc_json_name(&writer, "Records");
    svc_json_begin_array(&writer);
    put_record(&writer, STALE, stale_body, sizeof(stale_body) - 1);
    put_record(&writer, DAMAGED, damaged_body, sizeof(damaged_body) - 1);
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
    return deploy_invoke(check, &event, verify, NULL);
}
