/* The keys, cached: see keys.h. */
#include "lambda/handlers/webhook/keys.h"

#include <string.h>

#include "services/aws/secrets.h"
#include "services/base/crypto.h"
#include "services/base/limits.h"

/* ---------------------------------------------------------------------- a reading */

static enum svc_status read_now(struct webhook_keys *keys, int64_t deadline_ms,
                                struct svc_error *error) {
    const int64_t most_ms = svc_deadline_in(keys->clock, KEYS_READ_MS);
    /* The client's own cache would return what is known to be too old. */
    const struct awsc_secret_get get = {
        .name = keys->secret_name,
        .refresh = true,
        .deadline_ms = deadline_ms < most_ms ? deadline_ms : most_ms,
    };
    struct svc_buf text;
    struct awsc_error aws_error;
    svc_buf_init(&text, AWSC_MAX_SECRET_VALUE_BYTES);
    enum svc_status status = awsc_secret_get(keys->aws, &get, &text, &aws_error);
    if (status != SVC_OK) {
        char line[AWSC_ERROR_TEXT_BYTES];
        (void)svc_fail(error, status, "%s", awsc_error_text(&aws_error, line));
    } else {
        struct webhook_key_set set;
        status = webhook_key_set_parse(svc_buf_text(&text), text.size_bytes, &set, error);
        if (status == SVC_OK) {
            keys->fetched = set;
        }
        svc_wipe(&set, sizeof(set));
    }
    svc_buf_wipe(&text);
    return status;
}

static bool try_to_read(struct webhook_keys *keys, int64_t deadline_ms) {
    struct svc_error error = {0};
    const enum svc_status status = read_now(keys, deadline_ms, &error);
    const int64_t now_ms = svc_monotonic_ms(keys->clock);
    keys->tried_ms = now_ms;
    keys->has_tried = true;
    keys->has_failed = status != SVC_OK;
    if (status == SVC_OK) {
        keys->read_ms = now_ms;
        keys->has_fetched = true;
        return true;
    }
    svc_log_event(keys->log, SVC_LOG_ERROR, "the webhooks' secrets cannot be read",
                  SVC_TEXT("reason", svc_status_name(status)), SVC_TEXT("detail", error.detail),
                  SVC_BOOL("hasOlderOnes", keys->has_fetched));
    return false;
}

static bool may_try(const struct webhook_keys *keys, int64_t wait_ms) {
    return keys->secret_name[0] != '\0' &&
           (!keys->has_tried || svc_monotonic_ms(keys->clock) - keys->tried_ms >= wait_ms);
}

static void forget_stale(struct webhook_keys *keys) {
    if (keys->has_fetched && svc_monotonic_ms(keys->clock) - keys->read_ms >= KEYS_STALE_MS) {
        svc_wipe(&keys->fetched, sizeof(keys->fetched));
        keys->has_fetched = false;
    }
}

bool webhook_keys_prepare(struct webhook_keys *keys, int64_t deadline_ms) {
    if (keys->secret_name[0] == '\0') {
        return true;
    }
    const int64_t age_ms = svc_monotonic_ms(keys->clock) - keys->read_ms;
    if (!keys->has_fetched || age_ms >= KEYS_FRESH_MS) {
        if (may_try(keys, keys->has_fetched ? KEYS_AGAIN_MS : KEYS_AGAIN_EMPTY_MS)) {
            (void)try_to_read(keys, deadline_ms);
        }
        forget_stale(keys);
    }
    return keys->has_fetched || webhook_secrets_check(&keys->fixed.senders, NULL) == SVC_OK;
}

/* Each reading costs KEYS_AGAIN_MS, of which KEYS_BURST may be owed. */
bool webhook_keys_refresh(struct webhook_keys *keys, int64_t deadline_ms) {
    const int64_t now_ms = svc_monotonic_ms(keys->clock);
    if (!may_try(keys, keys->has_failed ? KEYS_AGAIN_MS : 0) ||
        keys->paid_ms - now_ms > (KEYS_BURST - 1) * KEYS_AGAIN_MS) {
        return false;
    }
    keys->paid_ms = (keys->paid_ms > now_ms ? keys->paid_ms : now_ms) + KEYS_AGAIN_MS;
    return try_to_read(keys, deadline_ms);
}

/* ---------------------------------------------------------------------- life */

enum svc_status webhook_keys_init(struct webhook_keys *keys, struct awsc_client *aws,
                                  const struct svc_clock *clock, const struct svc_log *log,
                                  const char *secret_name, const char *text,
                                  struct svc_error *error) {
    memset(keys, 0, sizeof(*keys));
    keys->aws = aws;
    keys->clock = clock;
    keys->log = log;
    keys->secret_name = secret_name;
    return text[0] != '\0' ? webhook_key_set_parse(text, strlen(text), &keys->fixed, error)
                           : SVC_OK;
}

void webhook_keys_clear(struct webhook_keys *keys) {
    svc_wipe(keys, sizeof(*keys));
}

/* ---------------------------------------------------------------------- signatures */

static const struct webhook_secrets *secrets_of(const struct webhook_key_set *set,
                                                enum webhook_keys_for purpose) {
    return purpose == KEYS_FOR_INTERNAL ? &set->internal : &set->senders;
}

/* Against both sets. The refusal is the one that says most: that of a set with secrets. */
static enum svc_status verify(const struct webhook_keys *keys, enum webhook_keys_for purpose,
                              const struct webhook_headers *headers, const void *body,
                              size_t body_bytes, struct webhook_signature *signature) {
    const int64_t now_ms = svc_wall_ms(keys->clock);
    const enum svc_status status = webhook_verify(secrets_of(&keys->fetched, purpose), headers,
                                                  body, body_bytes, now_ms, signature);
    if (status != SVC_ACCESS_DENIED || (signature->refusal != WEBHOOK_REFUSED_MISMATCH &&
                                        signature->refusal != WEBHOOK_REFUSED_NO_SECRET)) {
        return status;
    }
    struct webhook_signature second;
    const enum svc_status second_status = webhook_verify(secrets_of(&keys->fixed, purpose), headers,
                                                         body, body_bytes, now_ms, &second);
    if (second_status != SVC_ACCESS_DENIED || second.refusal == WEBHOOK_REFUSED_MISMATCH) {
        *signature = second;
    }
    return second_status;
}

enum svc_status webhook_keys_verify(struct webhook_keys *keys, enum webhook_keys_for purpose,
                                    const struct webhook_headers *headers, const void *body,
                                    size_t body_bytes, int64_t deadline_ms,
                                    struct webhook_signature *signature) {
    enum svc_status status = verify(keys, purpose, headers, body, body_bytes, signature);
    const bool may_be_new = signature->refusal == WEBHOOK_REFUSED_MISMATCH ||
                            signature->refusal == WEBHOOK_REFUSED_NO_SECRET;
    if (status == SVC_ACCESS_DENIED && may_be_new && webhook_keys_refresh(keys, deadline_ms)) {
        status = verify(keys, purpose, headers, body, body_bytes, signature);
    }
    return status;
}
