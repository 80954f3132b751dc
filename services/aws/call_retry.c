/* Which failed attempts are followed by another: see call_retry.h. */
#include "services/aws/call_retry.h"

#include <string.h>

bool awsc_is_refusal(const struct awsc_error *error) {
    const enum awsc_retry_kind kind = awsc_retry_classify(SVC_OK, error->http_status, error->code);
    return kind == AWSC_RETRY_THROTTLED || (kind == AWSC_RETRY_NOT && error->http_status < 500);
}

/* Whether a failed attempt may be followed by another. An unrepeatable call only if no attempt can
 * have been carried out (maybe_done is not set), that is:
 *   - no byte of the request left: there was no connection, or a kept connection was found ended
 *     before the first byte was written (http_sockets.c). Once the kernel has accepted bytes, an
 * RST or FIN does not show whether the peer has read them;
 *   - or the response is a refusal (awsc_is_refusal). 500, 502, 503 and 504 may come from a front
 *     end while the service behind it has done the work.
 * One doubt remains: a peer that ends an idle connection at the moment when the request is written
 * to it. Peers do that after tens of seconds, or while Lambda has frozen the process. So such a
 * call uses no connection that was idle for more than AWSC_UNREPEATABLE_MAX_IDLE_S, which still
 * saves the mails of a batch their handshakes. */
static bool may_repeat(const struct awsc_call *call) {
    return !call->is_unrepeatable || !call->error.maybe_done;
}

/* Whether new credentials may help. A response to HEAD has no body with a code: an expired token is
 * a bare 400 there, which counts only where credentials expire at all. */
static bool may_be_expired(const struct awsc_client *client, const struct awsc_call *call) {
    const struct awsc_error *error = &call->error;
    return awsc_is_expired_token(error->code) ||
           (strcmp(call->method, "HEAD") == 0 && error->http_status == 400 &&
            error->code[0] == '\0' && awsc_provider_is_refreshable(client->provider));
}

enum awsc_retry_kind awsc_call_retry_kind(struct awsc_client *client, struct awsc_call *call) {
    struct awsc_error *error = &call->error;
    enum awsc_retry_kind kind = awsc_retry_classify(error->status, error->http_status, error->code);
    /* Any 403 to HEAD may be due to the clock. */
    const bool has_no_code = strcmp(call->method, "HEAD") == 0 && error->http_status == 403;
    const char *code = has_no_code ? "RequestTimeTooSkewed" : error->code;
    if (kind == AWSC_RETRY_NOT && awsc_skew_retry(code, client->counts.skew_ms)) {
        kind = AWSC_RETRY_TRANSIENT;
    }
    if (kind == AWSC_RETRY_NOT && !call->has_refreshed && may_be_expired(client, call)) {
        call->has_refreshed = true;
        awsc_provider_expire(client->provider, call->credentials_version);
        kind = AWSC_RETRY_TRANSIENT;
    }
    error->throttled = kind == AWSC_RETRY_THROTTLED;
    error->retryable = kind != AWSC_RETRY_NOT || error->status == SVC_DEADLINE;
    return may_repeat(call) ? kind : AWSC_RETRY_NOT;
}
