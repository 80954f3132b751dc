/* The real transport, on libcurl's multi interface: see http.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/base/crypto.h"
#include "services/base/http_real.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/base/wiped_memory.h"

#define MAX_WAIT_MS 60000

/* ---------------------------------------------------------------------- polling */

static uint64_t moved_bytes(const struct svc_http_real_exchange *exchange) {
    curl_off_t sent = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    return (uint64_t)(sent > 0 ? sent : 0) + exchange->header_bytes + exchange->body_bytes;
}

/* Whether a long poll still waits for its response. The wait that ended with the first byte is not
 * part of the stall check's first window. */
static bool is_polling(struct svc_http_real_exchange *exchange) {
    curl_off_t first_byte_us = 0;
    if (!exchange->long_poll) {
        return false;
    }
    curl_easy_getinfo(exchange->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_byte_us);
    exchange->long_poll = first_byte_us == 0;
    exchange->moved_bytes = moved_bytes(exchange);
    return true;
}

static bool can_stall(const struct svc_http_real_exchange *exchange) {
    return exchange->stall_timeout_ms >= 0 && !exchange->is_paused && !exchange->long_poll;
}

/* Only time spent waiting counts: a slow reader is not the peer's fault. */
static bool has_stalled(struct svc_http_real_exchange *exchange, int64_t waited_ms) {
    if (is_polling(exchange) || !can_stall(exchange)) {
        return false;
    }
    exchange->waited_ms += waited_ms;
    if (exchange->waited_ms < exchange->stall_timeout_ms) {
        return false;
    }
    uint64_t moved = moved_bytes(exchange);
    uint64_t least = (uint64_t)exchange->waited_ms * SVC_LOW_SPEED_BYTES_PS / 1000;
    if (moved - exchange->moved_bytes < least) {
        return true;
    }
    exchange->moved_bytes = moved;
    exchange->waited_ms = 0;
    return false;
}

/* Ends the exchanges whose time is up; returns when the next one's will be. */
static int64_t check_times(struct svc_http_real *real, int64_t waited_ms) {
    int64_t now = svc_monotonic_ms(real->clock);
    int64_t next = INT64_MAX;
    struct svc_http_real_exchange *following;
    for (struct svc_http_real_exchange *exchange = real->first; exchange != NULL;
         exchange = following) {
        following = exchange->next;
        if (exchange->deadline_ms <= now) {
            svc_http_real_finish(exchange, SVC_DEADLINE, svc_status_message(SVC_DEADLINE));
        } else if (has_stalled(exchange, waited_ms)) {
            svc_http_real_finish(exchange, SVC_TIMED_OUT, "the connection stalled");
        } else {
            int64_t stall_ms = can_stall(exchange)
                                   ? now + exchange->stall_timeout_ms - exchange->waited_ms
                                   : INT64_MAX;
            next = exchange->deadline_ms < next ? exchange->deadline_ms : next;
            next = stall_ms < next ? stall_ms : next;
        }
    }
    return next;
}

/* Resumes the exchanges whose window has space again. libcurl may call on_body from here. */
static void resume_paused(struct svc_http_real *real) {
    for (struct svc_http_real_exchange *exchange = real->first; exchange != NULL;
         exchange = exchange->next) {
        if (exchange->is_paused && exchange->seen.body.size_bytes - exchange->seen.body_taken <=
                                       SVC_STREAM_WINDOW_BYTES / 2) {
            exchange->is_paused = false;
            curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
        }
    }
}

static void take_results(struct svc_http_real *real) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(real->multi, &left)) != NULL) {
        char *exchange = NULL;
        CURLcode code = message->data.result;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange) == CURLE_OK) {
            svc_http_real_finish_by_curl((struct svc_http_real_exchange *)(void *)exchange, code);
        }
    }
}

static enum svc_status real_poll(void *self, int64_t until_ms) {
    struct svc_http_real *real = self;
    int64_t waited_ms = 0;
    real->has_changed = false;
    for (;;) {
        int running = 0;
        resume_paused(real);
        CURLMcode code = curl_multi_perform(real->multi, &running);
        if (code != CURLM_OK) {
            return code == CURLM_OUT_OF_MEMORY ? SVC_NO_MEMORY : SVC_INTERNAL;
        }
        take_results(real);
        int64_t next_ms = check_times(real, waited_ms);
        int64_t now_ms = svc_monotonic_ms(real->clock);
        if (real->has_changed || now_ms >= until_ms) {
            return SVC_OK;
        }
        if (real->first == NULL) {
            /* Nothing can change any more: wait for `until`, or fail instead of waiting for ever.
             */
            if (until_ms == SVC_NO_DEADLINE) {
                return SVC_INTERNAL;
            }
            svc_sleep_ms(real->clock, until_ms - now_ms);
            return SVC_OK;
        }
        int64_t wait_ms = (next_ms < until_ms ? next_ms : until_ms) - now_ms;
        wait_ms = wait_ms < 1 ? 1 : wait_ms > MAX_WAIT_MS ? MAX_WAIT_MS : wait_ms;
        code = curl_multi_poll(real->multi, NULL, 0, (int)wait_ms, NULL);
        if (code != CURLM_OK) {
            return code == CURLM_OUT_OF_MEMORY ? SVC_NO_MEMORY : SVC_INTERNAL;
        }
        waited_ms = svc_monotonic_ms(real->clock) - now_ms;
    }
}

/* ---------------------------------------------------------------------- the transport */

/* *found is NULL if there is none, which is an error only for https requests. */
static enum svc_status find_ca_bundle(const struct svc_http_options *options, const char **found,
                                      struct svc_error *error) {
    static const char *const settings[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    static const char *const known[] = {"/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/certs/ca-certificates.crt"};
    const struct svc_environment *environment =
        options->environment != NULL ? options->environment : svc_environment_system();
    const char *named = options->ca_bundle;
    for (size_t i = 0; named == NULL && i < sizeof(settings) / sizeof(settings[0]); i++) {
        named = svc_setting(environment, settings[i]);
    }
    if (named != NULL && access(named, R_OK) != 0) {
        return svc_fail(error, SVC_CONFIGURATION, "the CA bundle %s cannot be read", named);
    }
    for (size_t i = 0; named == NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        named = access(known[i], R_OK) == 0 ? known[i] : NULL;
    }
    *found = named;
    return SVC_OK;
}

void svc_http_destroy(struct svc_transport *transport) {
    if (transport == NULL) {
        return;
    }
    struct svc_http_real *real = transport->self;
    while (real->first != NULL) {
        svc_http_real_finish(real->first, SVC_CONNECTION_LOST, "the transport was destroyed");
    }
    curl_multi_cleanup(real->multi);
    curl_share_cleanup(real->share);
    free(real->ca_bundle);
    free(real->user_agent);
    free(real);
    curl_global_cleanup();
}

enum svc_status svc_http_create(const struct svc_http_options *options, struct svc_transport **out,
                                struct svc_error *error) {
    const char *ca_bundle = NULL;
    *out = NULL;
    enum svc_status status = find_ca_bundle(options, &ca_bundle, error);
    if (status != SVC_OK) {
        return status;
    }
    /* The contexts of TLS that libcurl hands out are taken as OpenSSL's. */
    if (curl_global_sslset(CURLSSLBACKEND_OPENSSL, NULL, NULL) != CURLSSLSET_OK) {
        return svc_fail(error, SVC_CONFIGURATION, "this libcurl does not use OpenSSL");
    }
    struct svc_http_real *real = calloc(1, sizeof(*real));
    svc_crypto_ignore_configuration();
    if (real == NULL ||
        curl_global_init_mem(CURL_GLOBAL_DEFAULT, svc_wiped_malloc, svc_wiped_free,
                             svc_wiped_realloc, svc_wiped_strdup, svc_wiped_calloc) != CURLE_OK) {
        free(real);
        return svc_fail(error, SVC_NO_MEMORY, "no memory for HTTP");
    }
    real->transport =
        (struct svc_transport){real, svc_http_real_start, real_poll, svc_http_real_close};
    real->clock = options->clock != NULL ? options->clock : svc_clock_system();
    real->multi = curl_multi_init();
    real->share = curl_share_init();
    real->ca_bundle = ca_bundle != NULL ? svc_duplicate_text(ca_bundle) : NULL;
    real->user_agent = options->user_agent != NULL ? svc_duplicate_text(options->user_agent) : NULL;
    if (real->multi == NULL || real->share == NULL ||
        (ca_bundle != NULL && real->ca_bundle == NULL) ||
        (options->user_agent != NULL && real->user_agent == NULL) ||
        curl_share_setopt(real->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != 0 ||
        curl_multi_setopt(real->multi, CURLMOPT_MAXCONNECTS, (long)SVC_MAX_CONNECTIONS_KEPT) !=
            CURLM_OK) {
        svc_http_destroy(&real->transport);
        return svc_fail(error, SVC_NO_MEMORY, "no memory for HTTP");
    }
    *out = &real->transport;
    return SVC_OK;
}
