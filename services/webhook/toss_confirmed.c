/* Hints by way of a queue and the twin: see toss_confirmed.h. */
#include "services/webhook/toss_confirmed.h"

#include <stdio.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/webhook/request_span.h"
#include "services/webhook/sign.h"
#include "services/webhook/toss_transactions.h"

#define COUNT(array)            (sizeof(array) / sizeof((array)[0]))
#define MAX_RESPONSE_BODY_BYTES ((uint64_t)16 * 1024)

const char *webhook_twin_result_name(enum webhook_twin_result result) {
    static const char *const names[] = {"done", "forged", "refused", "failed"};
    return (size_t)result < COUNT(names) ? names[result] : "";
}

/* ---------------------------------------------------------------------- the message */

enum svc_status webhook_toss_hint_write(const struct webhook_toss_event *event,
                                        struct svc_buf *out) {
    struct svc_json_writer writer;
    const struct webhook_toss_hint *hint = &event->hint;
    if (webhook_toss_is_signed(event->kind)) {
        return SVC_INVALID_ARGUMENT;
    }
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "kind", webhook_toss_kind_name(event->kind));
    svc_json_add_text(&writer, "paymentKey", hint->payment_key);
    svc_json_add_text(&writer, "orderId", hint->order_id);
    svc_json_add_text(&writer, "status", webhook_toss_status_name(hint->status));
    svc_json_add_text(&writer, "transactionKey", hint->transaction_key);
    svc_json_add_text(&writer, "secret", hint->secret);
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer);
}

static void read_hint(struct webhook_fields *fields, struct webhook_toss_event *event) {
    static const enum webhook_toss_kind kinds[] = {WEBHOOK_TOSS_PAYMENT_STATUS_CHANGED,
                                                   WEBHOOK_TOSS_DEPOSIT_CALLBACK};
    const char *const names[COUNT(kinds)] = {webhook_toss_kind_name(kinds[0]),
                                             webhook_toss_kind_name(kinds[1])};
    struct webhook_toss_hint *hint = &event->hint;
    int kind = 0, status = 0;
    webhook_field_word(fields, "kind", names, COUNT(names), &kind);
    event->kind = kinds[kind];
    event->created_at_ms = WEBHOOK_NO_TIME;
    const bool is_deposit = event->kind == WEBHOOK_TOSS_DEPOSIT_CALLBACK;
    webhook_field_id(fields, "paymentKey", is_deposit ? WEBHOOK_OPTIONAL : WEBHOOK_REQUIRED,
                     hint->payment_key, sizeof(hint->payment_key));
    webhook_field_id(fields, "orderId", WEBHOOK_REQUIRED, hint->order_id, sizeof(hint->order_id));
    webhook_field_word(fields, "status", webhook_toss_statuses, WEBHOOK_TOSS_STATUSES, &status);
    hint->status = (enum webhook_toss_status)status;
    webhook_field_id(fields, "transactionKey", WEBHOOK_OPTIONAL, hint->transaction_key,
                     sizeof(hint->transaction_key));
    webhook_field_id(fields, "secret", is_deposit ? WEBHOOK_REQUIRED : WEBHOOK_OPTIONAL,
                     hint->secret, sizeof(hint->secret));
}

enum svc_status webhook_toss_hint_parse(const void *bytes, size_t size_bytes,
                                        struct webhook_toss_event *event,
                                        struct webhook_error *error) {
    struct svc_json *document = NULL;
    memset(event, 0, sizeof(*event));
    webhook_error_clear(error);
    if (size_bytes > WEBHOOK_MAX_HINT_BYTES) {
        return webhook_refuse(error, WEBHOOK_REASON_TOO_LARGE, "",
                              "a hint with more than %zu bytes", WEBHOOK_MAX_HINT_BYTES);
    }
    enum svc_status status = webhook_parse_object(bytes, size_bytes, &document, error);
    if (status != SVC_OK) {
        return status;
    }
    struct webhook_fields fields = {document, "", error, SVC_OK};
    read_hint(&fields, event);
    svc_json_wipe(document);
    if (fields.status != SVC_OK) {
        webhook_toss_event_clear(event);
    }
    return fields.status;
}

/* ---------------------------------------------------------------------- the post */

/* What the function's HTTP status means to the twin. */
static enum svc_status status_of(int http) {
    return http == 200                  ? SVC_OK
           : http == 401 || http == 403 ? SVC_NO_CREDENTIALS
           : http == 404                ? SVC_NOT_FOUND
           : http == 409                ? SVC_CONFLICT
           : http == 429                ? SVC_THROTTLED
           : http >= 500                ? SVC_SERVER_ERROR
                                        : SVC_REJECTED;
}

static enum webhook_twin_result classify(const struct webhook_twin *twin, int http,
                                         struct svc_error *error) {
    const enum svc_status status = status_of(http);
    if (status == SVC_OK) {
        return WEBHOOK_TWIN_DONE;
    }
    if (status == SVC_CONFLICT) {
        svc_log_event(twin->log, SVC_LOG_ERROR, "a confirmed payment contradicts its order",
                      SVC_INT("httpStatus", http));
        svc_fail(error, status, "the function refuses the payment");
        return WEBHOOK_TWIN_REFUSED;
    }
    if (status == SVC_NO_CREDENTIALS) {
        svc_log_event(twin->log, SVC_LOG_ERROR, "the function denies the internal secret",
                      SVC_INT("httpStatus", http));
    }
    svc_fail(error, status, "the function returned %d", http);
    return WEBHOOK_TWIN_FAILED;
}

/* An id of the body: the same payment has the same, however often it is posted. */
static enum svc_status sign(const struct webhook_twin *twin, const struct svc_buf *body,
                            int64_t asked_ms, struct webhook_sign_headers *signature) {
    char digest[SVC_SHA256_HEX_BYTES], id[sizeof("toss_") + SVC_SHA256_HEX_BYTES];
    const enum svc_status status = svc_sha256_hex(body->bytes, body->size_bytes, digest);
    snprintf(id, sizeof(id), "toss_%s", digest);
    return status != SVC_OK ? status
                            : webhook_sign_standard(twin->internal, id, asked_ms / 1000,
                                                    body->bytes, body->size_bytes, signature);
}

static enum webhook_twin_result fail(struct svc_error *error, enum svc_status status,
                                     const char *what) {
    svc_fail(error, status, "%s: %s", what, svc_status_message(status));
    return WEBHOOK_TWIN_FAILED;
}

static enum webhook_twin_result post(const struct webhook_twin *twin, const char *url,
                                     const struct svc_buf *body, int64_t asked_ms,
                                     int64_t deadline_ms, struct svc_error *error) {
    struct webhook_sign_headers signature;
    struct svc_http_header headers[WEBHOOK_MAX_SIGN_HEADERS + 1] = {
        {"Content-Type", "application/json"}};
    struct svc_http_exchange *exchange = NULL;
    svc_error_clear(error);
    if (webhook_check_url("the function's URL", url, error) != SVC_OK) {
        return WEBHOOK_TWIN_FAILED;
    }
    enum svc_status status = sign(twin, body, asked_ms, &signature);
    if (status != SVC_OK) {
        return fail(error, status, "the request to the function cannot be signed");
    }
    for (size_t i = 0; i < signature.count; i++) {
        headers[i + 1] =
            (struct svc_http_header){signature.headers[i].name, signature.headers[i].value};
    }
    const int64_t own_ms = svc_deadline_in(twin->clock, WEBHOOK_TWIN_TIMEOUT_MS);
    const struct svc_http_request request = {.method = "POST",
                                             .url = url,
                                             .headers = headers,
                                             .header_count = signature.count + 1,
                                             .body = body->bytes,
                                             .body_bytes = body->size_bytes,
                                             .max_body_bytes = MAX_RESPONSE_BODY_BYTES,
                                             .deadline_ms =
                                                 own_ms < deadline_ms ? own_ms : deadline_ms};
    struct svc_span *span = svc_span_begin(twin->trace, SVC_SPAN_REMOTE, "webhook function");
    status = svc_http_send(twin->transport, &request, &exchange);
    const int http = exchange != NULL ? exchange->http_status : 0;
    if (exchange != NULL) {
        twin->transport->close(twin->transport->self, exchange);
    }
    webhook_span_end(span, http, status == SVC_OK ? status_of(http) : status);
    return status == SVC_OK ? classify(twin, http, error)
                            : fail(error, status, "the request to the function failed");
}

enum webhook_twin_result webhook_twin_post(const struct webhook_twin *twin,
                                           const struct svc_buf *payment, int64_t asked_ms,
                                           int64_t deadline_ms, struct svc_error *error) {
    return post(twin, twin->confirmed_url, payment, asked_ms, deadline_ms, error);
}

/* ---------------------------------------------------------------------- both */

/* Asks Toss and posts; `payment` is space for what Toss returns, parsed (40 KB). */
static enum webhook_twin_result confirm(const struct webhook_twin *twin,
                                        const struct webhook_toss_event *hint, int64_t deadline_ms,
                                        struct svc_error *error) {
    struct webhook_toss_payment payment;
    struct svc_buf raw;
    int64_t asked_ms = 0;
    enum webhook_twin_result result = WEBHOOK_TWIN_FAILED;
    svc_buf_init(&raw, WEBHOOK_MAX_TOSS_BYTES);
    switch (webhook_toss_confirm(twin->toss, twin->secret_key, hint, deadline_ms, &raw, &payment,
                                 &asked_ms, error)) {
    case WEBHOOK_CONFIRMED:
        result = webhook_twin_post(twin, &raw, asked_ms, deadline_ms, error);
        break;
    case WEBHOOK_FORGED:
        result = WEBHOOK_TWIN_FORGED;
        break;
    case WEBHOOK_UNCONFIRMED:
        break;
    }
    webhook_toss_payment_clear(&payment);
    svc_buf_wipe(&raw);
    return result;
}

enum webhook_twin_result webhook_twin_handle(const struct webhook_twin *twin, const void *message,
                                             size_t message_bytes, int64_t deadline_ms,
                                             struct svc_error *error) {
    struct webhook_toss_event hint;
    struct webhook_error fault;
    svc_error_clear(error);
    if (webhook_toss_hint_parse(message, message_bytes, &hint, &fault) != SVC_OK) {
        svc_fail(error, fault.status, "the message is no hint: %s", fault.detail);
        return WEBHOOK_TWIN_FAILED;
    }
    const enum webhook_twin_result result = confirm(twin, &hint, deadline_ms, error);
    webhook_toss_event_clear(&hint);
    return result;
}

/* ---------------------------------------------------------------------- transactions */

struct pages {
    const struct webhook_twin *twin;
    int64_t deadline_ms;
    struct webhook_twin_listed *listed;
};

static enum svc_status post_page(void *user, const struct svc_buf *page, size_t count,
                                 struct svc_error *error) {
    const struct pages *pages = user;
    const struct webhook_twin *twin = pages->twin;
    if (post(twin, twin->transactions_url, page, svc_wall_ms(twin->clock), pages->deadline_ms,
             error) != WEBHOOK_TWIN_DONE) {
        return error->status;
    }
    pages->listed->pages++;
    pages->listed->transactions += count;
    return SVC_OK;
}

enum svc_status webhook_twin_list(const struct webhook_twin *twin, int64_t from_ms, int64_t to_ms,
                                  int64_t deadline_ms, struct webhook_twin_listed *listed,
                                  struct svc_error *error) {
    struct pages pages = {twin, deadline_ms, listed};
    struct svc_error own;
    *listed = (struct webhook_twin_listed){0, 0};
    return webhook_toss_pages(twin->toss, twin->secret_key, from_ms, to_ms, deadline_ms, post_page,
                              &pages, error != NULL ? error : &own);
}
