/* The reconciliation check: see check.h. */
#include "lambda/handlers/settlement/check.h"

#include <stdio.h>

#include "lambda/handlers/settlement/report.h"
#include "services/aws/s3.h"
#include "services/base/clock.h"
#include "services/settlement/figures.h"

#define PIECE_BYTES      ((size_t)32 * 1024)
#define MAX_BUFFER_BYTES ((size_t)128 * 1024)

/* ---------------------------------------------------------------------- JSON */

void settlement_put_difference(struct svc_json_writer *writer,
                               const struct settle_difference *difference) {
    char time[SVC_ISO8601_BYTES];
    svc_format_iso8601(difference->settled_at_ms, time);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "orderId", difference->order_id);
    svc_json_add_text(writer, "settledAt", time);
    svc_json_add_int(writer, "paidWon", difference->paid_won);
    svc_json_add_int(writer, "settledPaidWon", difference->settled_paid_won);
    svc_json_add_int(writer, "refundedWon", difference->refunded_won);
    svc_json_add_int(writer, "settledRefundedWon", difference->settled_refunded_won);
    if (difference->failure[0] != '\0') {
        svc_json_add_text(writer, "failure", difference->failure);
    }
    svc_json_end_object(writer);
}

void settlement_put_check_counts(struct svc_json_writer *writer,
                                 const struct settle_check_counts *counts) {
    svc_json_add_int(writer, "orders", counts->orders);
    svc_json_add_int(writer, "differenceCount", counts->differences);
    svc_json_add_int(writer, "paidWon", counts->paid_won);
    svc_json_add_int(writer, "settledPaidWon", counts->settled_paid_won);
    svc_json_add_int(writer, "refundedWon", counts->refunded_won);
    svc_json_add_int(writer, "settledRefundedWon", counts->settled_refunded_won);
}

/* ---------------------------------------------------------------------- the object */

struct output {
    struct awsc_s3_upload *upload;
    struct svc_buf buffer;
    struct svc_json_writer object;
    struct svc_json_writer *result;
    int64_t listed;
};

static enum svc_status hand_on(struct output *output, bool is_end, struct svc_error *error) {
    enum svc_status status = svc_buf_status(&output->buffer);
    if (status == SVC_OK && (is_end || output->buffer.size_bytes >= PIECE_BYTES)) {
        status =
            awsc_s3_upload_write(output->upload, output->buffer.bytes, output->buffer.size_bytes);
        svc_buf_reset(&output->buffer);
    }
    return status == SVC_OK
               ? SVC_OK
               : svc_fail(error, status, "the list of differences: %s", svc_status_message(status));
}

static enum svc_status take(void *user, const struct settle_difference *difference,
                            struct svc_error *error) {
    struct output *output = user;
    settlement_put_difference(&output->object, difference);
    if (output->listed < SETTLEMENT_MAX_DIFFERENCES) {
        output->listed++;
        settlement_put_difference(output->result, difference);
    }
    return hand_on(output, false, error);
}

static enum svc_status write_object(struct settlement_function *function,
                                    const struct settle_period *period, struct output *output,
                                    struct settle_check_counts *counts, struct svc_error *error) {
    struct svc_json_writer *writer = &output->object;
    svc_json_begin_object(writer);
    settle_figures_put_period(writer, period);
    svc_json_name(writer, "differences");
    svc_json_begin_array(writer);
    enum svc_status status = settle_check_payments(function->db, &function->settings.policy.rules,
                                                   period, take, output, counts, error);
    svc_json_end_array(writer);
    settlement_put_check_counts(writer, counts);
    svc_json_end_object(writer);
    (void)svc_buf_append_char(&output->buffer, '\n');
    if (status == SVC_OK) {
        status = hand_on(output, true, error);
    }
    return status;
}

static enum svc_status check(struct settlement_function *function,
                             const struct settle_period *period, struct svc_json_writer *result,
                             struct settle_check_counts *counts, const char *key,
                             int64_t deadline_ms, struct svc_error *error) {
    const struct awsc_s3_put put = {
        .bucket = function->settings.bucket,
        .key = key,
        .content_type = settle_format_content_type(SETTLE_JSON),
        .deadline_ms = deadline_ms,
    };
    struct output output = {.result = result};
    struct awsc_error aws_error;
    struct awsc_s3_put_result written;
    char line[AWSC_ERROR_TEXT_BYTES];
    enum svc_status status =
        awsc_s3_upload_open(function->aws, &put, 0, &output.upload, &aws_error);
    if (status != SVC_OK) {
        return svc_fail(error, status, "%s", awsc_error_text(&aws_error, line));
    }
    svc_buf_init(&output.buffer, MAX_BUFFER_BYTES);
    svc_json_writer_init(&output.object, &output.buffer);
    status = write_object(function, period, &output, counts, error);
    svc_buf_clear(&output.buffer);
    if (status != SVC_OK) {
        awsc_s3_upload_abort(output.upload);
        return status;
    }
    status = awsc_s3_upload_finish(output.upload, &written);
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "%s", awsc_error_text(&written.error, line));
}

/* ---------------------------------------------------------------------- the event */

static enum svc_status read_period(const struct svc_json *document, int64_t now_ms,
                                   struct settle_period *period, struct svc_error *error) {
    const char *name = svc_json_get_text(document, "period");
    const char *time = svc_json_get_text(document, "time");
    enum settle_period_type type;
    int64_t time_ms;
    if (name != NULL && svc_json_count(document) == 2) {
        return settle_period_parse(name, now_ms, period, error);
    }
    if (svc_json_count(document) == 3 &&
        settle_period_type_parse(svc_json_get_text(document, "reportType"), &type) &&
        time != NULL && svc_parse_iso8601(time, &time_ms)) {
        return settle_period_before(type, time_ms, period, error);
    }
    return svc_fail(error, SVC_MALFORMED,
                    "a check has \"period\", or \"reportType\" and \"time\", besides its task");
}

static void report(const struct settlement_function *function, const struct settle_period *period,
                   const struct settle_check_counts *counts) {
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    lrt_metrics_add(function->metrics, "SettlementCheckedOrders", LRT_COUNT, counts->orders);
    lrt_metrics_add(function->metrics, "SettlementDifferences", LRT_COUNT, counts->differences);
    svc_log_event(function->log, counts->differences > 0 ? SVC_LOG_WARN : SVC_LOG_INFO, "check",
                  SVC_TEXT("period", name), SVC_INT("orders", counts->orders),
                  SVC_INT("differences", counts->differences));
}

void settlement_check_handle(struct settlement_function *function, const struct svc_json *document,
                             const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct settle_period period;
    struct settle_check_counts counts = {0};
    struct svc_error error = {0};
    struct svc_json_writer writer;
    char name[SETTLE_PERIOD_NAME_BYTES], key[SETTLE_OBJECT_KEY_BYTES];
    enum svc_status status = read_period(document, svc_wall_ms(function->clock), &period, &error);
    if (status != SVC_OK) {
        lrt_fail(result, status == SVC_MALFORMED ? "Settlement.MALFORMED" : "Settlement.PERIOD",
                 "%s", error.detail);
        return;
    }
    settle_period_name(&period, name);
    (void)snprintf(key, sizeof(key), "settlements/checks/%s.json", name);
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "check");
    settle_figures_put_period(&writer, &period);
    svc_json_add_text(&writer, "object", key);
    svc_json_name(&writer, "differences");
    svc_json_begin_array(&writer);
    const int64_t deadline_ms = invocation->deadline_ms != SVC_NO_DEADLINE
                                    ? invocation->deadline_ms - AWSC_S3_ABORT_MS
                                    : SVC_NO_DEADLINE;
    status = check(function, &period, &writer, &counts, key, deadline_ms, &error);
    svc_json_end_array(&writer);
    settlement_put_check_counts(&writer, &counts);
    svc_json_end_object(&writer);
    if (status != SVC_OK) {
        settlement_fail(result, status, &error);
        return;
    }
    report(function, &period, &counts);
}
