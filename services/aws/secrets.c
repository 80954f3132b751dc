/* Secrets Manager: see secrets.h. */
#include <stdlib.h>
#include <string.h>

#include "services/aws/json_call.h"
#include "services/aws/secrets.h"
#include "services/base/text.h"

#define MAX_STALE_MS      (60 * 60 * 1000)
#define MAX_NAME_BYTES    2048 /* an ARN's */
#define MAX_REQUEST_BYTES ((size_t)16 * 1024)

struct awsc_secret {
    char name[MAX_NAME_BYTES + 1];
    struct svc_buf value;
    int64_t fetched_ms; /* monotonic */
};

static void secret_destroy(struct awsc_secret *secret) {
    if (secret != NULL) {
        svc_buf_wipe(&secret->value);
        free(secret);
    }
}

static void clear_secrets(struct awsc_client *client) {
    for (size_t i = 0; i < AWSC_MAX_SECRETS_CACHED; i++) {
        secret_destroy(client->secrets[i]);
        client->secrets[i] = NULL;
    }
}

/* The name's place in the cache: its own, a free one, or the oldest's. */
static struct awsc_secret **find_place(struct awsc_client *client, const char *name) {
    struct awsc_secret **place = &client->secrets[0];
    for (size_t i = 0; i < AWSC_MAX_SECRETS_CACHED; i++) {
        struct awsc_secret *secret = client->secrets[i];
        if (secret != NULL && strcmp(secret->name, name) == 0) {
            return &client->secrets[i];
        }
        if (*place != NULL && (secret == NULL || secret->fetched_ms < (*place)->fetched_ms)) {
            place = &client->secrets[i];
        }
    }
    return place;
}

static enum svc_status keep(struct awsc_client *client, struct awsc_secret **place,
                            const char *name, const char *value, size_t value_bytes,
                            struct awsc_error *error) {
    struct awsc_secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        return awsc_fail(error, SVC_NO_MEMORY, "no memory for a secret");
    }
    svc_copy_text(secret->name, sizeof(secret->name), name);
    svc_buf_init(&secret->value, AWSC_MAX_SECRET_VALUE_BYTES);
    secret->fetched_ms = svc_monotonic_ms(client->clock);
    if (!svc_buf_append(&secret->value, value, value_bytes)) {
        enum svc_status status = svc_buf_status(&secret->value);
        secret_destroy(secret);
        return awsc_fail(error, status, "%s", svc_status_message(status));
    }
    secret_destroy(*place);
    *place = secret;
    client->clear_secrets = clear_secrets;
    return SVC_OK;
}

static enum svc_status fetch(struct awsc_client *client, struct awsc_secret **place,
                             const char *name, int64_t deadline_ms, struct awsc_error *error) {
    struct awsc_json_call json;
    awsc_json_begin(&json, AWSC_SECRETS_MANAGER, "GetSecretValue", MAX_REQUEST_BYTES);
    json.call.deadline_ms = deadline_ms;
    svc_json_add_text(&json.writer, "SecretId", name);
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        size_t size = 0;
        const char *value = svc_json_bytes(svc_json_get(json.response, "SecretString"), &size);
        status = value != NULL ? keep(client, place, name, value, size, error)
                               : awsc_fail(error, SVC_BAD_RESPONSE, "the secret has no string");
    }
    awsc_json_end(client, &json);
    return status;
}

enum svc_status awsc_secret_get(struct awsc_client *client, const char *name, bool refresh,
                                const char **value, size_t *value_bytes, int64_t deadline_ms,
                                struct awsc_error *error) {
    struct awsc_error own;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    *value = NULL;
    *value_bytes = 0;
    if (name == NULL || name[0] == '\0' || strlen(name) > MAX_NAME_BYTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not a secret's name");
    }
    struct awsc_secret **place = find_place(client, name);
    bool is_cached = *place != NULL && strcmp((*place)->name, name) == 0;
    int64_t age_ms = is_cached ? svc_monotonic_ms(client->clock) - (*place)->fetched_ms : INT64_MAX;
    if (refresh || age_ms >= AWSC_SECRET_TTL_MS) {
        enum svc_status status = fetch(client, place, name, deadline_ms, error);
        bool will_do =
            !refresh && age_ms < MAX_STALE_MS && svc_status_group(status) == SVC_GROUP_TRANSIENT;
        if (status != SVC_OK && !will_do) {
            return status;
        }
    }
    *value = svc_buf_text(&(*place)->value);
    *value_bytes = (*place)->value.size_bytes;
    return SVC_OK;
}
