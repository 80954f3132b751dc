/* Running calls: see call.h. */
#include "services/aws/call.h"

#include <stdio.h>
#include <string.h>

#include "services/aws/call_retry.h"
#include "services/aws/call_trace.h"
#include "services/aws/responses.h"
#include "services/base/text.h"

#define MAX_TEXT_BYTES      ((size_t)16 * 1024)
#define DEFAULT_DEADLINE_MS 60000

void awsc_call_init(struct awsc_call *call, enum awsc_service service, const char *operation,
                    const char *method) {
    memset(call, 0, sizeof(*call));
    call->service = service;
    call->row = awsc_service_row(service);
    call->operation = operation;
    call->method = method;
    svc_buf_init(&call->host, AWSC_MAX_HOST_BYTES + 1 + AWSC_MAX_HOST_BYTES);
    svc_buf_init(&call->path, SVC_MAX_URL_BYTES);
    svc_buf_init(&call->url, SVC_MAX_URL_BYTES);
    svc_buf_init(&call->authorization, MAX_TEXT_BYTES);
    for (size_t i = 0; i < AWSC_CALL_HEADERS; i++) {
        svc_buf_init(&call->text[i], MAX_TEXT_BYTES);
    }
}

static void close_exchange(struct awsc_client *client, struct awsc_call *call) {
    if (call->exchange != NULL) {
        client->transport->close(client->transport->self, call->exchange);
        call->exchange = NULL;
    }
}

void awsc_call_clear(struct awsc_client *client, struct awsc_call *call) {
    close_exchange(client, call);
    svc_buf_clear(&call->host);
    svc_buf_clear(&call->path);
    svc_buf_clear(&call->url);
    svc_buf_clear(&call->authorization);
    for (size_t i = 0; i < AWSC_CALL_HEADERS; i++) {
        svc_buf_clear(&call->text[i]);
    }
}

void awsc_call_header(struct awsc_call *call, const char *name, const char *value) {
    if (value == NULL || call->status != SVC_OK) {
        return;
    }
    if (call->header_count == AWSC_CALL_HEADERS) {
        call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT, "too many headers");
        return;
    }
    call->headers[call->header_count++] = (struct svc_http_header){name, value};
}

void awsc_call_param(struct awsc_call *call, const char *name, const char *value) {
    if (value == NULL || call->status != SVC_OK) {
        return;
    }
    if (call->query_count == AWSC_CALL_QUERY) {
        call->status =
            awsc_fail(&call->error, SVC_INVALID_ARGUMENT, "too many parameters of the query");
        return;
    }
    call->query[call->query_count++] = (struct awsc_param){name, value};
}

struct svc_buf *awsc_call_text(struct awsc_call *call) {
    if (call->text_count == AWSC_CALL_HEADERS) {
        call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT, "too many headers");
        return &call->text[0];
    }
    return &call->text[call->text_count++];
}

/* ---------------------------------------------------------------------- one attempt */

static void name_error(struct awsc_call *call) {
    svc_copy_text(call->error.service, sizeof(call->error.service), call->row->signing_name);
    svc_copy_text(call->error.operation, sizeof(call->error.operation), call->operation);
}

/* For the next attempt, or its result. maybe_done stays: an earlier attempt may have been carried
 * out. */
static void renew_error(struct awsc_call *call, int attempts) {
    bool maybe_done = call->error.maybe_done;
    awsc_error_clear(&call->error);
    name_error(call);
    call->error.attempts = attempts;
    call->error.maybe_done = maybe_done;
}

static enum svc_status make_url(const struct awsc_client *client, struct awsc_call *call) {
    const struct awsc_endpoint *endpoint = &client->endpoints[call->service];
    if (call->host.size_bytes == 0) {
        svc_buf_append_text(&call->host, endpoint->host);
    }
    if (call->path.size_bytes == 0) {
        svc_buf_printf(&call->path, "%s/", endpoint->path);
    }
    svc_buf_reset(&call->url);
    svc_buf_printf(&call->url, "%s://%s%s", endpoint->is_https ? "https" : "http",
                   svc_buf_text(&call->host), svc_buf_text(&call->path));
    if (call->query_count > 0) {
        svc_buf_append_char(&call->url, '?');
        awsc_canonical_query(call->query, call->query_count, &call->url);
    }
    const struct svc_buf *const parts[] = {&call->host, &call->path, &call->url};
    for (size_t i = 0; i < 3; i++) {
        if (svc_buf_status(parts[i]) != SVC_OK) {
            return awsc_fail(&call->error, svc_buf_status(parts[i]), "no URL: %s",
                             svc_status_message(svc_buf_status(parts[i])));
        }
    }
    return SVC_OK;
}

/* The request's headers: the operation's and our own. All are signed except the trace id, which
 * proxies may rewrite. Returns their number, and in *signed_count that of the signed ones. */
static size_t gather_headers(struct awsc_client *client, struct awsc_call *call,
                             const struct awsc_credentials *credentials, int64_t wall_ms,
                             size_t *signed_count) {
    struct svc_http_header *sent = call->sent;
    size_t count = call->header_count;
    memcpy(sent, call->headers, count * sizeof(*sent));
    svc_format_amz_date(wall_ms, call->date);
    snprintf(call->attempt_text, sizeof(call->attempt_text), "attempt=%d; max=%d",
             call->error.attempts, client->max_attempts);
    sent[count++] = (struct svc_http_header){"Host", svc_buf_text(&call->host)};
    sent[count++] = (struct svc_http_header){"X-Amz-Date", call->date};
    sent[count++] = (struct svc_http_header){"amz-sdk-invocation-id", call->invocation_id};
    sent[count++] = (struct svc_http_header){"amz-sdk-request", call->attempt_text};
    if (credentials->session_token[0] != '\0') {
        sent[count++] =
            (struct svc_http_header){"X-Amz-Security-Token", credentials->session_token};
    }
    if (call->row->sends_payload_hash) {
        sent[count++] = (struct svc_http_header){"X-Amz-Content-Sha256", call->payload_hash};
    }
    *signed_count = count;
    if (client->trace_id[0] != '\0') {
        sent[count++] = (struct svc_http_header){"X-Amzn-Trace-Id", client->trace_id};
    }
    return count;
}

static enum svc_status sign_call(struct awsc_client *client, struct awsc_call *call,
                                 const struct awsc_credentials *credentials, int64_t wall_ms,
                                 size_t signed_count) {
    struct awsc_sign_input input = {
        .method = call->method,
        .path = svc_buf_text(&call->path),
        .s3_path = call->row->is_path_signed_as_sent,
        .query = call->query,
        .query_count = call->query_count,
        .headers = call->sent,
        .header_count = signed_count,
        .payload_hash = call->payload_hash,
        .region = client->region,
        .service = call->row->signing_name,
        .wall_ms = wall_ms,
    };
    svc_buf_reset(&call->authorization);
    return awsc_sign(&input, credentials, &call->authorization);
}

static enum svc_status send_call(struct awsc_client *client, struct awsc_call *call) {
    const struct awsc_credentials *credentials = NULL;
    struct svc_error cause = {0};
    enum svc_status status =
        awsc_provider_get(client->provider, call->until_ms, &credentials, &cause);
    if (status != SVC_OK) {
        return awsc_fail(&call->error, status, "%s", cause.detail);
    }
    call->credentials_version = awsc_provider_version(client->provider);
    status = make_url(client, call);
    if (status != SVC_OK) {
        return status;
    }
    size_t signed_count = 0;
    int64_t wall_ms = svc_wall_ms(client->clock) + client->counts.skew_ms;
    size_t count = gather_headers(client, call, credentials, wall_ms, &signed_count);
    status = sign_call(client, call, credentials, wall_ms, signed_count);
    if (status != SVC_OK) {
        return awsc_fail(&call->error, status, "signing failed");
    }
    call->sent[count++] =
        (struct svc_http_header){"Authorization", svc_buf_text(&call->authorization)};
    struct svc_http_request request = {
        .method = call->method,
        .url = svc_buf_text(&call->url),
        .headers = call->sent,
        .header_count = count,
        .body = call->body,
        .body_bytes = call->body_bytes,
        .streamed = call->streamed,
        .fresh_connection = call->error.attempts > 1,
        .max_idle_s = call->is_unrepeatable ? AWSC_UNREPEATABLE_MAX_IDLE_S : 0,
        .max_body_bytes = call->max_body_bytes,
        .deadline_ms = call->until_ms,
        .stall_timeout_ms = call->stall_timeout_ms,
    };
    status = client->transport->start(client->transport->self, &request, &call->exchange);
    if (status != SVC_OK) {
        return awsc_fail(&call->error, status, "%s", svc_status_message(status));
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- reading a response */

static void learn_skew(struct awsc_client *client, const struct svc_http_exchange *exchange) {
    awsc_skew(svc_http_header_value(exchange, "date"), svc_http_header_value(exchange, "age"),
              exchange->sent_wall_ms, exchange->received_wall_ms, &client->counts.skew_ms);
}

/* Keeps a secret that a service repeats out of errors and logs. */
static void drop_secrets(const struct awsc_client *client, struct awsc_call *call) {
    if (awsc_provider_has_in(client->provider, call->error.message)) {
        svc_copy_text(call->error.message, sizeof(call->error.message), "(left out)");
    }
    if (awsc_provider_has_in(client->provider, call->error.code)) {
        call->error.code[0] = '\0';
    }
    if (awsc_provider_has_in(client->provider, call->error.request_id)) {
        call->error.request_id[0] = '\0';
    }
}

/* Whether there is nothing more to wait for: a streamed exchange with a good status, one that is
 * done, or an error response with enough of its body. */
static bool has_settled(const struct awsc_call *call) {
    const struct svc_http_exchange *exchange = call->exchange;
    if (exchange->state == SVC_HTTP_BODY && call->streamed) {
        return exchange->http_status < 300 ||
               exchange->body.size_bytes >= AWSC_MAX_ERROR_BODY_BYTES;
    }
    return exchange->state == SVC_HTTP_DONE;
}

/* The status of an attempt that settled; fills call->error. */
static enum svc_status read_result(struct awsc_client *client, struct awsc_call *call) {
    const struct svc_http_exchange *exchange = call->exchange;
    struct awsc_error *error = &call->error;
    renew_error(call, error->attempts);
    if (exchange->http_status != 0) {
        learn_skew(client, exchange);
    }
    client->counts.connections_reused += exchange->reused;
    bool is_left_to_reader =
        call->streamed && exchange->http_status != 0 && exchange->http_status < 300;
    if (exchange->state == SVC_HTTP_DONE && exchange->status != SVC_OK && !is_left_to_reader) {
        error->maybe_done |= exchange->sent;
        return awsc_fail(error, exchange->status, "%s", exchange->error.detail);
    }
    if (exchange->http_status >= 300) {
        awsc_read_error(call->row, exchange, error);
        if (call->read_refusal != NULL) {
            call->read_refusal(call, error);
        }
        drop_secrets(client, call);
        error->maybe_done |= !awsc_is_refusal(error);
        return error->status;
    }
    if (call->check == NULL) {
        return SVC_OK;
    }
    enum svc_status status = call->check(call, error);
    if (status != SVC_OK) {
        error->status = status;
        /* Without a code the response is invalid. */
        error->maybe_done |= error->code[0] == '\0' || !awsc_is_refusal(error);
        drop_secrets(client, call);
    }
    return status;
}

/* ---------------------------------------------------------------------- retries */

static void log_attempt(const struct awsc_client *client, const struct awsc_call *call,
                        enum svc_log_level level, const char *message, int64_t delay_ms) {
    if (svc_log_enabled(client->log, level)) {
        svc_log_event(
            client->log, level, message, SVC_TEXT("service", call->error.service),
            SVC_TEXT("operation", call->operation), SVC_INT("attempt", call->error.attempts),
            SVC_TEXT("status", svc_status_name(call->error.status)),
            SVC_INT("httpStatus", call->error.http_status), SVC_TEXT("code", call->error.code),
            SVC_TEXT("awsRequestId", call->error.request_id), SVC_INT("delayMs", delay_ms));
    }
}

static bool plan_retry(struct awsc_client *client, struct awsc_call *call) {
    enum awsc_retry_kind kind = awsc_call_retry_kind(client, call);
    client->counts.throttled += kind == AWSC_RETRY_THROTTLED;
    if (kind == AWSC_RETRY_NOT || call->error.attempts >= client->max_attempts) {
        return false;
    }
    int64_t after_ms = -1;
    if (call->exchange != NULL) {
        after_ms =
            awsc_retry_after_parse(svc_http_header_value(call->exchange, "x-amz-retry-after"));
    }
    int64_t delay_ms =
        awsc_retry_delay_ms(call->error.attempts, kind, svc_random_unit(client->random), after_ms);
    /* A wait that ends after the deadline would only hide this failure. */
    if (delay_ms >= svc_remaining_ms(client->clock, call->until_ms)) {
        return false;
    }
    int cost = awsc_retry_take(&client->bucket, kind);
    if (cost == 0) {
        return false;
    }
    call->last_cost = cost;
    call->due_ms = svc_monotonic_ms(client->clock) + delay_ms;
    client->counts.retries++;
    log_attempt(client, call, SVC_LOG_WARN, "an AWS call is retried", delay_ms);
    return true;
}

static void finish(struct awsc_client *client, struct awsc_call *call, enum svc_status status) {
    call->status = status;
    call->state = AWSC_CALL_DONE;
    call->error.maybe_done &= status != SVC_OK;
    awsc_trace_end(call);
    if (status != SVC_OK) {
        close_exchange(client, call);
    } else if (!call->streamed) {
        awsc_retry_give(&client->bucket, call->last_cost);
    }
    log_attempt(client, call, SVC_LOG_DEBUG, "an AWS call ended", 0);
}

static void attempt_failed(struct awsc_client *client, struct awsc_call *call) {
    if (plan_retry(client, call)) {
        close_exchange(client, call);
        call->state = AWSC_CALL_WAITING;
    } else {
        finish(client, call, call->error.status);
    }
}

static void step(struct awsc_client *client, struct awsc_call *call) {
    if (call->state == AWSC_CALL_WAITING && call->due_ms <= svc_monotonic_ms(client->clock)) {
        renew_error(call, call->error.attempts + 1);
        client->counts.attempts++;
        if (send_call(client, call) == SVC_OK) {
            call->state = AWSC_CALL_SENT;
        } else {
            attempt_failed(client, call);
        }
    }
    if (call->state == AWSC_CALL_SENT && has_settled(call)) {
        enum svc_status status = read_result(client, call);
        if (status == SVC_OK) {
            finish(client, call, SVC_OK);
        } else {
            attempt_failed(client, call);
        }
    }
}

/* ---------------------------------------------------------------------- running */

static void prepare(struct awsc_client *client, struct awsc_call *call) {
    name_error(call);
    call->until_ms = awsc_deadline(client, call->deadline_ms);
    call->due_ms = 0;
    call->last_cost = 0;
    call->has_refreshed = false;
    call->error.attempts = call->attempts_before;
    call->state = AWSC_CALL_WAITING;
    for (size_t i = 0; i < call->text_count && call->status == SVC_OK; i++) {
        call->status = svc_buf_status(&call->text[i]);
    }
    for (size_t i = 0; i < call->header_count && call->status == SVC_OK; i++) {
        if (svc_has_control(call->headers[i].value)) {
            call->status = awsc_fail(&call->error, SVC_INVALID_ARGUMENT,
                                     "a control character in %s", call->headers[i].name);
        }
    }
    if (call->status == SVC_OK && call->payload_hash[0] == '\0') {
        call->status = svc_sha256_hex(call->body, call->body_bytes, call->payload_hash);
    }
    if (call->status == SVC_OK && !svc_random_uuid(client->random, call->invocation_id)) {
        call->status = SVC_IO;
    }
    if (call->status != SVC_OK) {
        call->state = AWSC_CALL_DONE;
        call->error.status = call->status;
        return;
    }
    awsc_trace_begin(client, call);
}

/* Waits until a call can continue; a failure of the transport itself ends every call. */
static void wait_for_any(struct awsc_client *client, struct awsc_call *const *calls, size_t count) {
    int64_t next_ms = SVC_NO_DEADLINE;
    bool is_any_sent = false, is_any_left = false, has_any_settled = false;
    for (size_t i = 0; i < count; i++) {
        is_any_left |= calls[i]->state != AWSC_CALL_DONE;
        is_any_sent |= calls[i]->state == AWSC_CALL_SENT;
        has_any_settled |= calls[i]->state == AWSC_CALL_SENT && has_settled(calls[i]);
        if (calls[i]->state == AWSC_CALL_WAITING && calls[i]->due_ms < next_ms) {
            next_ms = calls[i]->due_ms;
        }
    }
    if (!is_any_left || has_any_settled) {
        return;
    }
    if (!is_any_sent) {
        svc_sleep_ms(client->clock, next_ms - svc_monotonic_ms(client->clock));
        return;
    }
    enum svc_status status = client->transport->poll(client->transport->self, next_ms);
    for (size_t i = 0; i < count && status != SVC_OK; i++) {
        if (calls[i]->state != AWSC_CALL_DONE) {
            /* How much of a request has left is stated only of an exchange that is done. */
            calls[i]->error.maybe_done |= calls[i]->state == AWSC_CALL_SENT;
            awsc_fail(&calls[i]->error, status, "%s", svc_status_message(status));
            finish(client, calls[i], status);
        }
    }
}

enum svc_status awsc_calls_run(struct awsc_client *client, struct awsc_call *const *calls,
                               size_t count) {
    for (size_t i = 0; i < count; i++) {
        prepare(client, calls[i]);
    }
    for (bool is_any_left = true; is_any_left;) {
        is_any_left = false;
        for (size_t i = 0; i < count; i++) {
            step(client, calls[i]);
            is_any_left |= calls[i]->state != AWSC_CALL_DONE;
        }
        if (is_any_left) {
            wait_for_any(client, calls, count);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (calls[i]->status != SVC_OK) {
            return calls[i]->status;
        }
    }
    return SVC_OK;
}

enum svc_status awsc_call_run(struct awsc_client *client, struct awsc_call *call,
                              struct awsc_error *error) {
    enum svc_status status = awsc_calls_run(client, &call, 1);
    if (error != NULL) {
        *error = call->error;
        error->status = status;
    }
    return status;
}

int64_t awsc_deadline(const struct awsc_client *client, int64_t deadline_ms) {
    if (deadline_ms != 0) {
        return deadline_ms;
    }
    return client->deadline_ms != 0 ? client->deadline_ms
                                    : svc_deadline_in(client->clock, DEFAULT_DEADLINE_MS);
}

bool awsc_wait_for_retry(struct awsc_client *client, int n, enum awsc_retry_kind kind,
                         int64_t deadline_ms, int *cost) {
    int64_t delay_ms = awsc_retry_delay_ms(n, kind, svc_random_unit(client->random), -1);
    if (n >= client->max_attempts || delay_ms >= svc_remaining_ms(client->clock, deadline_ms)) {
        return false;
    }
    int taken = awsc_retry_take(&client->bucket, kind);
    if (taken == 0) {
        return false;
    }
    *cost = taken;
    client->counts.retries++;
    svc_sleep_ms(client->clock, delay_ms);
    return true;
}
