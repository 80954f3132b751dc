/* The client and its settings: see client.h. */
#include <stdlib.h>
#include <string.h>

#include "services/aws/client_internal.h"
#include "services/base/settings.h"
#include "services/base/text.h"

#define USER_AGENT "openmarket-services/1.0 (C)"

static enum svc_status from_base(struct awsc_error *error, const struct svc_error *cause) {
    return awsc_fail(error, cause->status, "%s", cause->detail);
}

/* AWS_RETRY_MODE is checked only: there is one mode. */
static enum svc_status read_retry_settings(struct awsc_client *client, int max_attempts,
                                           struct svc_error *error) {
    static const char *const modes[] = {"standard"};
    struct svc_settings settings;
    svc_settings_init(&settings, client->environment, error);
    svc_setting_choice(&settings, "AWS_RETRY_MODE", modes, 1, 0);
    const uint64_t set =
        svc_setting_number(&settings, "AWS_MAX_ATTEMPTS", 1, AWSC_MOST_ATTEMPTS, AWSC_MAX_ATTEMPTS);
    client->max_attempts = max_attempts > 0 ? max_attempts : (int)set;
    return settings.status;
}

static enum svc_status make_transport(struct awsc_client *client, struct svc_error *error) {
    const struct svc_http_options options = {
        .clock = client->clock, .environment = client->environment, .user_agent = USER_AGENT};
    enum svc_status status = svc_http_create(&options, &client->own_transport, error);
    client->transport = client->own_transport;
    return status;
}

static enum svc_status set_up(struct awsc_client *client, const struct awsc_client_options *options,
                              struct svc_error *error) {
    enum svc_status status =
        awsc_region(client->environment, options->region, client->region, error);
    if (status == SVC_OK) {
        status = read_retry_settings(client, options->max_attempts, error);
    }
    for (int i = 0; i < AWSC_SERVICES && status == SVC_OK; i++) {
        status = awsc_endpoint_resolve(client->environment, (enum awsc_service)i, client->region,
                                       &client->endpoints[i], error);
    }
    if (status == SVC_OK && client->transport == NULL) {
        status = make_transport(client, error);
    }
    if (status == SVC_OK) {
        status = awsc_provider_create(client->environment, client->clock, client->transport,
                                      &client->provider);
        if (status != SVC_OK) {
            svc_fail(error, status, "no memory for credentials");
        }
    }
    return status;
}

enum svc_status awsc_client_create(const struct awsc_client_options *options,
                                   struct awsc_client **out, struct awsc_error *error) {
    struct svc_error cause = {0};
    *out = NULL;
    awsc_error_clear(error);
    struct awsc_client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return awsc_fail(error, SVC_NO_MEMORY, "no memory for a client");
    }
    client->environment =
        options->environment != NULL ? options->environment : svc_environment_system();
    client->clock = options->clock != NULL ? options->clock : svc_clock_system();
    client->random = options->random != NULL ? options->random : svc_random_system();
    client->transport = options->transport;
    client->log = options->log;
    client->trace = options->trace;
    awsc_retry_bucket_init(&client->bucket);
    if (set_up(client, options, &cause) != SVC_OK) {
        awsc_client_destroy(client);
        return from_base(error, &cause);
    }
    *out = client;
    return SVC_OK;
}

void awsc_client_destroy(struct awsc_client *client) {
    if (client != NULL) {
        if (client->clear_secrets != NULL) {
            client->clear_secrets(client);
        }
        awsc_provider_destroy(client->provider);
        svc_http_destroy(client->own_transport);
        free(client);
    }
}

void awsc_client_begin(struct awsc_client *client, int64_t deadline_ms, const char *trace_id) {
    client->deadline_ms = deadline_ms;
    /* One that does not fit is left out: a part of it would be another trace's. */
    svc_copy_text(client->trace_id, sizeof(client->trace_id), trace_id != NULL ? trace_id : "");
    for (const char *c = client->trace_id; *c != '\0'; c++) {
        if (svc_is_control(*c) || (unsigned char)*c > 0x7f) {
            client->trace_id[0] = '\0';
        }
    }
}

const char *awsc_client_region(const struct awsc_client *client) {
    return client->region;
}

struct svc_trace *awsc_client_trace(const struct awsc_client *client) {
    return client != NULL ? client->trace : NULL;
}

struct awsc_client_counts awsc_client_counts(const struct awsc_client *client) {
    struct awsc_client_counts counts = client->counts;
    counts.retry_tokens = client->bucket.tokens;
    return counts;
}
