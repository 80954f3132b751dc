/* The settings: see settings.h. */
#include "lambda/handlers/webhook/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

#include "services/db/migrate_run.h"
#include "services/webhook/toss_client.h"

static void read_bucket(struct svc_settings *from, struct webhook_settings *settings) {
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    svc_setting_text(from, "REPORTS_BUCKET", "", settings->bucket, sizeof(settings->bucket));
    if (settings->bucket[strspn(settings->bucket, characters)] != '\0') {
        svc_setting_refuse(from, "REPORTS_BUCKET", "the name of a bucket");
    }
}

static void read_url(struct svc_settings *from, const char *name, const char *fallback,
                     char out[WEBHOOK_URL_BYTES]) {
    svc_setting_url(from, name, true, fallback, out, WEBHOOK_URL_BYTES);
}

/* A key or a payment goes there, and what it replies is believed. */
static void read_safe_url(struct svc_settings *from, const char *name, const char *fallback,
                          char out[WEBHOOK_URL_BYTES]) {
    read_url(from, name, fallback, out);
    if (out[0] != '\0' && webhook_check_url(name, out, NULL) != SVC_OK) {
        svc_setting_refuse(from, name, "an https URL");
    }
}

/* Both paths are of one function. */
static void read_twin(struct svc_settings *from, struct webhook_settings *settings) {
    static const char path[] = "/webhooks/toss-confirmed";
    read_safe_url(from, "TOSS_CONFIRMED_URL", "", settings->confirmed_url);
    const size_t size = strlen(settings->confirmed_url);
    if (size == 0) {
        return;
    }
    if (!svc_ends_with(settings->confirmed_url, path)) {
        svc_setting_refuse(from, "TOSS_CONFIRMED_URL", "a URL that ends with its path");
        return;
    }
    const int base_bytes = (int)(size - (sizeof(path) - 1));
    const int written =
        snprintf(settings->transactions_url, sizeof(settings->transactions_url),
                 "%.*s/webhooks/toss-transactions", base_bytes, settings->confirmed_url);
    if (written < 0 || (size_t)written >= sizeof(settings->transactions_url)) {
        svc_setting_refuse(from, "TOSS_CONFIRMED_URL", "shorter");
    }
}

static void read_secrets(struct svc_settings *from, struct webhook_settings *settings) {
    const bool has_text = svc_setting(from->environment, "WEBHOOK_SECRET") != NULL;
    svc_setting_secret_name(from, "WEBHOOK_SECRET_NAME", "", settings->secret_name);
    if (has_text && !settings->is_twin) {
        svc_setting_text(from, "WEBHOOK_SECRET", NULL, settings->secret, sizeof(settings->secret));
    } else if (settings->secret_name[0] == '\0') {
        /* What the twin signs with is among the secrets of WEBHOOK_SECRET_NAME. */
        svc_setting_require(from, settings->is_twin ? "WEBHOOK_SECRET_NAME"
                                                    : "WEBHOOK_SECRET or WEBHOOK_SECRET_NAME");
    }
}

static int read_days(struct svc_settings *from, const char *name, int low, int fallback) {
    return (int)svc_setting_number(from, name, (uint64_t)low, WEBHOOK_MAX_DAYS, (uint64_t)fallback);
}

static void read_store(struct svc_settings *from, struct webhook_settings *settings) {
    db_settings_read(from, &settings->db);
    read_url(from, "EMAIL_QUEUE_URL", "", settings->mail_queue_url);
    if (settings->mail_queue_url[0] == '\0') {
        svc_setting_require(from, "EMAIL_QUEUE_URL");
    }
    read_url(from, "TOSS_CONFIRM_QUEUE_URL", "", settings->confirm_queue_url);
    svc_setting_secret_name(from, "UNSUBSCRIBE_SECRET_NAME", "", settings->unsubscribe_secret_name);
    if (svc_setting(from->environment, "MIGRATION_SECRET_NAME") != NULL) {
        db_migrate_settings_read(from, &settings->migration);
    }
    settings->inbox_days =
        read_days(from, "INBOX_DAYS", WEBHOOK_MIN_INBOX_DAYS, WEBHOOK_DEFAULT_INBOX_DAYS);
    settings->outbox_days =
        read_days(from, "OUTBOX_DAYS", WEBHOOK_MIN_OUTBOX_DAYS, WEBHOOK_DEFAULT_OUTBOX_DAYS);
}

enum svc_status webhook_settings_read(const struct svc_environment *environment,
                                      struct webhook_settings *settings, struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, environment, error);
    memset(settings, 0, sizeof(*settings));
    read_twin(&from, settings);
    settings->is_twin =
        svc_setting(environment, "DB_SECRET_NAME") == NULL && settings->confirmed_url[0] != '\0';
    if (!settings->is_twin) {
        read_store(&from, settings);
    }
    read_secrets(&from, settings);
    svc_setting_secret_name(&from, "TOSS_SECRET_NAME", "", settings->toss_secret_name);
    if (settings->is_twin && settings->toss_secret_name[0] == '\0') {
        svc_setting_require(&from, "TOSS_SECRET_NAME");
    }
    read_safe_url(&from, "TOSS_API_URL", WEBHOOK_TOSS_URL, settings->toss_url);
    read_bucket(&from, settings);
    return from.status;
}
