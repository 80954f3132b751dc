/* Asking Toss: see toss_client.h. */
#include "services/webhook/toss_client.h"

#include <string.h>

#include "services/base/crypto.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "services/base/url.h"
#include "services/webhook/request_span.h"

#define MAX_PATH_BYTES ((size_t)2048)
#define MAX_CODE_BYTES ((size_t)64) /* of an error of Toss: "NOT_FOUND_PAYMENT" */

enum webhook_toss_health { UNCHANGED, WORKS, FAILS };

/* ---------------------------------------------------------------------- settings */

static bool is_loopback(const struct svc_url *url) {
    static const char *const hosts[] = {"127.0.0.1", "localhost", "[::1]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const size_t size = strlen(hosts[i]);
        if (url->authority_bytes >= size && memcmp(url->authority, hosts[i], size) == 0 &&
            (url->authority_bytes == size || url->authority[size] == ':')) {
            return true;
        }
    }
    return false;
}

enum svc_status webhook_check_url(const char *name, const char *url, struct svc_error *error) {
    struct svc_url parts;
    if (url == NULL || !svc_url_parse(url, &parts)) {
        return svc_fail(error, SVC_CONFIGURATION, "%s is no absolute URL without a query", name);
    }
    if (!parts.is_https && !is_loopback(&parts)) {
        return svc_fail(error, SVC_CONFIGURATION, "%s must be https", name);
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- the breaker */

void webhook_toss_report(struct webhook_toss_client *client, bool is_working) {
    if (is_working) {
        client->failures = 0;
        client->closed_until_ms = 0;
        return;
    }
    client->failures++;
    if (client->failures >= WEBHOOK_TOSS_MAX_FAILURES) {
        client->failures =
            WEBHOOK_TOSS_MAX_FAILURES; /* the one request afterwards opens it again */
        client->closed_until_ms = svc_monotonic_ms(client->clock) + WEBHOOK_TOSS_OPEN_MS;
        svc_log_event(client->log, SVC_LOG_WARN, "Toss is not asked for a while",
                      SVC_INT("failures", client->failures), SVC_INT("ms", WEBHOOK_TOSS_OPEN_MS));
    }
}

static bool is_open(const struct webhook_toss_client *client) {
    return client->failures >= WEBHOOK_TOSS_MAX_FAILURES &&
           svc_monotonic_ms(client->clock) < client->closed_until_ms;
}

/* ---------------------------------------------------------------------- one request */

/* "Basic BASE64" of the key as the name, without a password. */
static enum svc_status write_authorization(const char *secret_key, struct svc_buf *out,
                                           struct svc_error *error) {
    struct svc_buf login;
    const size_t size = secret_key == NULL ? 0 : strnlen(secret_key, WEBHOOK_MAX_SECRET_BYTES + 1);
    if (size == 0 || size > WEBHOOK_MAX_SECRET_BYTES || !svc_is_printable(secret_key)) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "the secret key for Toss is empty, too long, or not printable ASCII");
    }
    svc_buf_init(&login, WEBHOOK_MAX_SECRET_BYTES + 1);
    svc_buf_append(&login, secret_key, size);
    svc_buf_append_char(&login, ':');
    svc_buf_append_text(out, "Basic ");
    enum svc_status status = svc_buf_status(&login);
    if (status == SVC_OK) {
        svc_base64(login.bytes, login.size_bytes, out);
        status = svc_buf_status(out);
    }
    svc_buf_wipe(&login);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "no memory for a request to Toss");
}

/* The `code` of an error body; "" unless it is capitals and underscores, which may be logged. */
static void read_code(const struct svc_buf *body, char code[MAX_CODE_BYTES + 1]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    struct svc_json *document = NULL;
    code[0] = '\0';
    if (svc_json_exceeds(svc_buf_text(body), body->size_bytes, 64, 256) ||
        svc_json_parse(body->bytes, body->size_bytes, WEBHOOK_MAX_TOSS_BYTES, &document, NULL) !=
            SVC_OK) {
        return;
    }
    const char *text = svc_json_get_text(document, "code");
    if (text != NULL && text[strspn(text, letters)] == '\0') {
        svc_copy_text(code, MAX_CODE_BYTES + 1, text);
    }
    svc_json_wipe(document);
}

/* A response other than 200. */
static enum svc_status classify(const struct svc_http_exchange *exchange,
                                enum webhook_toss_health *health, struct svc_error *error) {
    const int http = exchange->http_status;
    char code[MAX_CODE_BYTES + 1];
    enum svc_status status = SVC_BAD_RESPONSE;
    read_code(&exchange->body, code);
    *health = FAILS;
    if (http == 404) {
        status = SVC_NOT_FOUND;
        *health = WORKS;
    } else if (http == 403 && strcmp(code, "FORBIDDEN_CONSECUTIVE_REQUEST") == 0) {
        status = SVC_THROTTLED;
        *health = UNCHANGED;
    } else if (http == 401 || http == 403) {
        status = SVC_ACCESS_DENIED;
    } else if (http == 429) {
        status = SVC_THROTTLED;
    } else if (http >= 400 && http < 500) {
        status = SVC_REJECTED;
        *health = UNCHANGED;
    } else if (http >= 500) {
        status = SVC_SERVER_ERROR;
    }
    return svc_fail(error, status, "Toss returned %d %s", http, code);
}

/* The result of a complete exchange, whatever its status is. */
static enum svc_status read_exchange(struct svc_http_exchange *exchange, enum svc_status status,
                                     bool is_own_limit, struct svc_buf *raw,
                                     enum webhook_toss_health *health, struct svc_error *error) {
    if (status == SVC_OK && exchange->http_status == 200) {
        return svc_buf_append(raw, exchange->body.bytes, exchange->body.size_bytes)
                   ? SVC_OK
                   : svc_fail(error, svc_buf_status(raw), "no memory for a response of Toss");
    }
    if (status == SVC_OK) {
        return classify(exchange, health, error);
    }
    if (status == SVC_DEADLINE && is_own_limit) {
        status = SVC_TIMED_OUT;
    }
    /* One response that is too large is no reason to ask for no other. */
    *health = svc_status_group(status) == SVC_GROUP_TRANSIENT && status != SVC_DEADLINE ? FAILS
              : status == SVC_TLS_REFUSED                                               ? FAILS
                                                                                        : UNCHANGED;
    return svc_fail(error, status, "the request to Toss failed: %s", svc_status_message(status));
}

static enum svc_status send(struct webhook_toss_client *client, const char *authorization,
                            const char *url, int64_t deadline_ms, struct svc_buf *raw,
                            struct svc_error *error) {
    const struct svc_http_header headers[] = {{"Authorization", authorization},
                                              {"Accept", "application/json"}};
    const int64_t own_ms = svc_deadline_in(client->clock, WEBHOOK_TOSS_TIMEOUT_MS);
    const bool is_own_limit = own_ms <= deadline_ms;
    const struct svc_http_request request = {.method = "GET",
                                             .url = url,
                                             .headers = headers,
                                             .header_count = sizeof(headers) / sizeof(headers[0]),
                                             .max_body_bytes = WEBHOOK_MAX_TOSS_BYTES,
                                             .deadline_ms = is_own_limit ? own_ms : deadline_ms};
    struct svc_http_exchange *exchange = NULL;
    enum webhook_toss_health health = UNCHANGED;
    struct svc_span *span = svc_span_begin(client->trace, SVC_SPAN_REMOTE, "Toss");
    enum svc_status status = svc_http_send(client->transport, &request, &exchange);
    if (exchange == NULL) {
        webhook_span_end(span, 0, status);
        return svc_fail(error, status, "Toss cannot be asked: %s", svc_status_message(status));
    }
    status = read_exchange(exchange, status, is_own_limit, raw, &health, error);
    /* A payment that Toss does not have is an answer. */
    webhook_span_end(span, exchange->http_status, status == SVC_NOT_FOUND ? SVC_OK : status);
    svc_buf_wipe(&exchange->body);
    client->transport->close(client->transport->self, exchange);
    if (health != UNCHANGED) {
        webhook_toss_report(client, health == WORKS);
    }
    return status;
}

enum svc_status webhook_toss_get(struct webhook_toss_client *client, const char *secret_key,
                                 const char *path, int64_t deadline_ms, struct svc_buf *raw,
                                 int64_t *asked_ms, struct svc_error *error) {
    struct svc_buf authorization, url;
    svc_error_clear(error);
    *asked_ms = svc_wall_ms(client->clock);
    if (is_open(client)) {
        return svc_fail(error, SVC_SERVER_ERROR, "Toss failed before and is not asked for a while");
    }
    svc_buf_init(&authorization, 2 * WEBHOOK_MAX_SECRET_BYTES);
    svc_buf_init(&url, MAX_PATH_BYTES);
    const size_t base_bytes = strlen(client->base_url);
    const bool has_slash = base_bytes > 0 && client->base_url[base_bytes - 1] == '/';
    svc_buf_append(&url, client->base_url, base_bytes - has_slash);
    svc_buf_append_text(&url, path);
    enum svc_status status = webhook_check_url("the URL of Toss", client->base_url, error);
    if (status == SVC_OK && svc_buf_status(&url) != SVC_OK) {
        status = svc_fail(error, svc_buf_status(&url), "no space for the URL of a request to Toss");
    }
    if (status == SVC_OK) {
        status = write_authorization(secret_key, &authorization, error);
    }
    if (status == SVC_OK) {
        status =
            send(client, svc_buf_text(&authorization), svc_buf_text(&url), deadline_ms, raw, error);
    }
    svc_buf_wipe(&authorization);
    svc_buf_clear(&url);
    if (status == SVC_ACCESS_DENIED) {
        svc_log_event(client->log, SVC_LOG_ERROR, "Toss refuses the secret key",
                      SVC_TEXT("reason", error != NULL ? error->detail : ""));
    }
    return status;
}

/* ---------------------------------------------------------------------- a payment */

/* The path of the payment that a hint is about; false: no payment can have this id. Dots alone
 * would be taken for a folder. */
static bool write_path(const struct webhook_toss_hint *hint, struct svc_buf *path) {
    const bool has_key = hint->payment_key[0] != '\0';
    const char *id = has_key ? hint->payment_key : hint->order_id;
    if (id[strspn(id, ".")] == '\0') {
        return false;
    }
    svc_buf_append_text(path, has_key ? "/v1/payments/" : "/v1/payments/orders/");
    svc_percent_encode(id, strlen(id), false, path);
    return true;
}

/* What Toss returned with 200. */
static enum webhook_confirmation read_payment(struct webhook_toss_client *client,
                                              const struct webhook_toss_event *hint,
                                              const struct svc_buf *raw,
                                              struct webhook_toss_payment *payment,
                                              struct svc_error *error) {
    struct webhook_error fault;
    const enum svc_status status =
        webhook_toss_payment_parse(raw->bytes, raw->size_bytes, payment, &fault);
    if (status == SVC_OK) {
        webhook_toss_report(client, true);
        if (webhook_toss_hint_matches(hint, payment)) {
            return WEBHOOK_CONFIRMED;
        }
        webhook_toss_payment_clear(payment);
        svc_fail(error, SVC_NOT_FOUND, "the hint is not about the payment that Toss has");
        return WEBHOOK_FORGED;
    }
    if (fault.reason == WEBHOOK_REASON_NO_MEMORY) {
        svc_fail(error, SVC_NO_MEMORY, "no memory for a response of Toss");
        return WEBHOOK_UNCONFIRMED;
    }
    if (fault.reason == WEBHOOK_REASON_BAD_JSON) {
        webhook_toss_report(client, false);
    }
    svc_fail(error, SVC_BAD_RESPONSE, "the payment of Toss is not as it must be: %s", fault.detail);
    svc_log_event(client->log, SVC_LOG_ERROR, "a payment of Toss is not understood",
                  SVC_TEXT("reason", webhook_reason_name(fault.reason)),
                  SVC_TEXT("field", fault.field));
    return WEBHOOK_UNCONFIRMED;
}

enum webhook_confirmation webhook_toss_confirm(struct webhook_toss_client *client,
                                               const char *secret_key,
                                               const struct webhook_toss_event *hint,
                                               int64_t deadline_ms, struct svc_buf *raw,
                                               struct webhook_toss_payment *payment,
                                               int64_t *asked_ms, struct svc_error *error) {
    struct svc_buf path;
    memset(payment, 0, sizeof(*payment));
    *asked_ms = 0;
    svc_error_clear(error);
    if (webhook_toss_is_signed(hint->kind)) {
        svc_fail(error, SVC_INVALID_ARGUMENT, "the event is no hint");
        return WEBHOOK_UNCONFIRMED;
    }
    svc_buf_init(&path, MAX_PATH_BYTES);
    if (!write_path(&hint->hint, &path)) {
        svc_fail(error, SVC_NOT_FOUND, "no payment has such an id");
        return WEBHOOK_FORGED;
    }
    enum svc_status status = svc_buf_status(&path);
    if (status == SVC_OK) {
        status = webhook_toss_get(client, secret_key, svc_buf_text(&path), deadline_ms, raw,
                                  asked_ms, error);
    } else {
        svc_fail(error, status, "no memory for a request to Toss");
    }
    svc_buf_clear(&path);
    if (status == SVC_OK) {
        return read_payment(client, hint, raw, payment, error);
    }
    return status == SVC_NOT_FOUND ? WEBHOOK_FORGED : WEBHOOK_UNCONFIRMED;
}
