/* Secrets Manager: see secrets.h. */
#include <stdlib.h>
#include <string.h>

#include "services/aws/json_call.h"
#include "services/aws/secrets.h"
#include "services/base/text.h"

#define MAX_NAME_BYTES    2048 /* an ARN's */
#define MAX_STAGE_BYTES   256
#define MAX_REQUEST_BYTES ((size_t)16 * 1024)

struct awsc_secret {
    char name[MAX_NAME_BYTES + 1], stage[MAX_STAGE_BYTES + 1];
    struct svc_buf value;
    int64_t fetched_ms, used_ms; /* monotonic */
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

/* ---------------------------------------------------------------------- the cache */

/* NULL: it is not cached. */
static struct awsc_secret **find(struct awsc_client *client, const char *name, const char *stage) {
    for (size_t i = 0; i < AWSC_MAX_SECRETS_CACHED; i++) {
        struct awsc_secret *secret = client->secrets[i];
        if (secret != NULL && strcmp(secret->name, name) == 0 &&
            strcmp(secret->stage, stage) == 0) {
            return &client->secrets[i];
        }
    }
    return NULL;
}

/* The slot for one that is not cached: an empty one, or that of the least recently used. */
static struct awsc_secret **find_slot(struct awsc_client *client) {
    struct awsc_secret **slot = &client->secrets[0];
    for (size_t i = 1; i < AWSC_MAX_SECRETS_CACHED && *slot != NULL; i++) {
        struct awsc_secret *secret = client->secrets[i];
        if (secret == NULL || secret->used_ms < (*slot)->used_ms) {
            slot = &client->secrets[i];
        }
    }
    return slot;
}

static void replace(struct awsc_secret **slot, struct awsc_secret *secret) {
    secret_destroy(*slot);
    *slot = secret;
}

/* ---------------------------------------------------------------------- asking */

static struct awsc_secret *make_secret(const struct awsc_client *client, const char *name,
                                       const char *stage, const char *value, size_t value_bytes,
                                       struct awsc_error *error) {
    struct awsc_secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        awsc_fail(error, SVC_NO_MEMORY, "no memory for a secret");
        return NULL;
    }
    svc_copy_text(secret->name, sizeof(secret->name), name);
    svc_copy_text(secret->stage, sizeof(secret->stage), stage);
    svc_buf_init(&secret->value, AWSC_MAX_SECRET_VALUE_BYTES);
    secret->fetched_ms = svc_monotonic_ms(client->clock);
    if (!svc_buf_append(&secret->value, value, value_bytes)) {
        enum svc_status status = svc_buf_status(&secret->value);
        secret_destroy(secret);
        awsc_fail(error, status, "%s", svc_status_message(status));
        return NULL;
    }
    return secret;
}

/* NULL: failed, and `error` is set. */
static struct awsc_secret *fetch(struct awsc_client *client, const char *name, const char *stage,
                                 int64_t deadline_ms, struct awsc_error *error) {
    struct awsc_json_call json;
    struct awsc_secret *secret = NULL;
    awsc_json_begin(&json, AWSC_SECRETS_MANAGER, "GetSecretValue", MAX_REQUEST_BYTES);
    json.call.deadline_ms = deadline_ms;
    svc_json_add_text(&json.writer, "SecretId", name);
    svc_json_add_text(&json.writer, "VersionStage", stage);
    if (awsc_json_run(client, &json, error) == SVC_OK) {
        size_t size = 0;
        const char *value = svc_json_bytes(svc_json_get(json.response, "SecretString"), &size);
        if (value != NULL) {
            secret = make_secret(client, name, stage, value, size, error);
        } else {
            awsc_fail(error, SVC_BAD_RESPONSE, "the secret has no string");
        }
        svc_buf_wipe(&json.call.exchange->body);
    }
    awsc_json_end(client, &json);
    return secret;
}

/* The cached secret, as fresh as it is wanted; NULL: failed. */
static struct awsc_secret *look_up(struct awsc_client *client, const struct awsc_secret_get *get,
                                   const char *stage, struct awsc_error *error) {
    struct awsc_secret **slot = find(client, get->name, stage);
    int64_t age_ms =
        slot != NULL ? svc_monotonic_ms(client->clock) - (*slot)->fetched_ms : INT64_MAX;
    if (!get->refresh && age_ms < AWSC_SECRET_TTL_MS) {
        return *slot;
    }
    struct awsc_secret *secret = fetch(client, get->name, stage, get->deadline_ms, error);
    if (secret != NULL) {
        replace(slot != NULL ? slot : find_slot(client), secret);
        client->clear_secrets = clear_secrets;
        return secret;
    }
    bool is_passing = svc_status_group(error->status) == SVC_GROUP_TRANSIENT;
    if (slot != NULL && is_passing && !get->refresh && age_ms < AWSC_SECRET_STALE_MS) {
        awsc_error_clear(error);
        return *slot;
    }
    if (slot != NULL && svc_status_group(error->status) == SVC_GROUP_REMOTE) {
        replace(slot, NULL); /* deleted, or no longer allowed */
    }
    return NULL;
}

enum svc_status awsc_secret_get(struct awsc_client *client, const struct awsc_secret_get *get,
                                struct svc_buf *value, struct awsc_error *error) {
    struct awsc_error own;
    const char *stage = get->stage != NULL ? get->stage : AWSC_SECRET_CURRENT;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    if (get->name == NULL || get->name[0] == '\0' || strlen(get->name) > MAX_NAME_BYTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the name of a secret");
    }
    if (stage[0] == '\0' || strlen(stage) > MAX_STAGE_BYTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not a version stage");
    }
    struct awsc_secret *secret = look_up(client, get, stage, error);
    if (secret == NULL) {
        return error->status;
    }
    secret->used_ms = svc_monotonic_ms(client->clock);
    if (!svc_buf_append(value, svc_buf_text(&secret->value), secret->value.size_bytes)) {
        return awsc_fail(error, svc_buf_status(value), "no memory for a secret");
    }
    return SVC_OK;
}
