/* The settings: see settings.h. */
#include "lambda/handlers/settlement/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/settings.h"
#include "services/base/text.h"
#include "services/db/migrate_run.h"
#include "services/settlement/batch.h"
#include "services/settlement/publish.h"

/* A reader of settings ends with the first mistake; this one goes on and gathers the sentences. */
struct reader {
    struct svc_settings from;
    struct svc_error one;
    enum svc_status status;
    struct svc_error *all;
};

static void init(struct reader *reader, const struct svc_environment *environment,
                 struct svc_error *all) {
    svc_settings_init(&reader->from, environment, &reader->one);
    reader->status = SVC_OK;
    reader->all = all;
}

/* Called after each setting. */
static void gather(struct reader *reader) {
    if (reader->from.status == SVC_OK) {
        return;
    }
    char before[SVC_ERROR_DETAIL_BYTES] = "";
    const bool is_first = reader->status == SVC_OK;
    if (reader->all != NULL && !is_first) {
        memcpy(before, reader->all->detail, sizeof(before));
    }
    reader->status = svc_fail(reader->all, reader->from.status, "%s%s%s", before,
                              is_first ? "" : "; ", reader->one.detail);
    reader->from.status = SVC_OK;
}

static void refuse(struct reader *reader, const char *name, const char *expected) {
    svc_setting_refuse(&reader->from, name, expected);
    gather(reader);
}

static void read_text(struct reader *reader, const char *name, const char *fallback, char *out,
                      size_t out_bytes) {
    out[0] = '\0';
    svc_setting_text(&reader->from, name, fallback, out, out_bytes);
    gather(reader);
}

static void read_queue(struct reader *reader, const char *name, bool is_required,
                       char out[SETTLEMENT_URL_BYTES]) {
    out[0] = '\0';
    svc_setting_url(&reader->from, name, true, "", out, SETTLEMENT_URL_BYTES);
    if (is_required && svc_setting(reader->from.environment, name) == NULL) {
        svc_setting_require(&reader->from, name);
    }
    gather(reader);
}

static size_t read_choice(struct reader *reader, const char *name, const char *const *choices,
                          size_t count, size_t fallback) {
    const size_t choice = svc_setting_choice(&reader->from, name, choices, count, fallback);
    gather(reader);
    return choice;
}

static uint64_t read_number(struct reader *reader, const char *name, uint64_t low, uint64_t high,
                            uint64_t fallback) {
    const uint64_t number = svc_setting_number(&reader->from, name, low, high, fallback);
    gather(reader);
    return number;
}

/* ---------------------------------------------------------------------- the policy */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum settle_rounding read_rounding(struct reader *reader, const char *name,
                                          enum settle_rounding fallback) {
    const char *names[SETTLE_ROUNDINGS];
    for (int i = 0; i < SETTLE_ROUNDINGS; i++) {
        names[i] = settle_rounding_name((enum settle_rounding)i);
    }
    return (enum settle_rounding)read_choice(reader, name, names, SETTLE_ROUNDINGS, fallback);
}

static void read_rate(struct reader *reader, const char *name, int32_t *rate_bp) {
    const char *text = svc_setting(reader->from.environment, name);
    if (text != NULL && settle_rate_from_text(text, rate_bp, NULL) != SVC_OK) {
        refuse(reader, name, "a rate in percent from 0 to 100, such as 5.00");
    }
}

static void read_rules(struct reader *reader, struct settle_rules *rules) {
    static const char *const vat[] = {"included", "excluded"};
    const char *bases[SETTLE_BASES];
    for (int i = 0; i < SETTLE_BASES; i++) {
        bases[i] = settle_basis_name((enum settle_basis)i);
    }
    settle_rules_default(rules);
    rules->fee_rounding = read_rounding(reader, "SETTLEMENT_FEE_ROUNDING", rules->fee_rounding);
    rules->vat_rounding = read_rounding(reader, "SETTLEMENT_VAT_ROUNDING", rules->vat_rounding);
    rules->rates_include_vat = read_choice(reader, "SETTLEMENT_VAT", vat, COUNT(vat),
                                           rules->rates_include_vat ? 0 : 1) == 0;
    rules->basis = (enum settle_basis)read_choice(reader, "SETTLEMENT_BASIS", bases, SETTLE_BASES,
                                                  (size_t)rules->basis);
    read_rate(reader, "SETTLEMENT_DEFAULT_RATE", &rules->default_rate_bp);
    read_rate(reader, "SETTLEMENT_SHIPPING_RATE", &rules->shipping_rate_bp);
}

static void read_payout(struct reader *reader, struct settle_policy *policy) {
    static const char *const cycles[] = {"daily", "weekly", "monthly", "none"};
    const size_t cycle = read_choice(reader, "PAYOUT_CYCLE", cycles, COUNT(cycles), SETTLE_MONTHLY);
    policy->has_cycle = cycle < COUNT(cycles) - 1;
    policy->cycle = policy->has_cycle ? (enum settle_period_type)cycle : SETTLE_MONTHLY;
    policy->has_payout_day = svc_setting(reader->from.environment, "PAYOUT_DAY") != NULL;
    policy->payout_days = (int)read_number(reader, "PAYOUT_DAY", 0, SETTLEMENT_MAX_PAYOUT_DAYS, 0);
}

static void read_policy(struct reader *reader, struct settle_policy *policy) {
    static const char *const moments[] = {"confirmation", "payment"};
    memset(policy, 0, sizeof(*policy));
    read_rules(reader, &policy->rules);
    policy->moment = (enum settle_moment)read_choice(reader, "SETTLEMENT_MOMENT", moments,
                                                     COUNT(moments), SETTLE_AT_CONFIRMATION);
    read_payout(reader, policy);
    read_text(reader, "PLATFORM_NAME", "", policy->platform_name, sizeof(policy->platform_name));
    read_text(reader, "PLATFORM_BUSINESS_NUMBER", "", policy->platform_business_number,
              sizeof(policy->platform_business_number));
    settle_rules_text(&policy->rules, policy->rules_text, sizeof(policy->rules_text));
}

enum svc_status settlement_policy_read(const struct svc_environment *environment,
                                       struct settle_policy *policy, struct svc_error *error) {
    struct reader reader;
    init(&reader, environment, error);
    read_policy(&reader, policy);
    return reader.status;
}

/* ---------------------------------------------------------------------- the function's own */

static void read_bucket(struct reader *reader, char bucket[SETTLEMENT_BUCKET_BYTES]) {
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    read_text(reader, "REPORTS_BUCKET", NULL, bucket, SETTLEMENT_BUCKET_BYTES);
    if (bucket[strspn(bucket, characters)] != '\0') {
        refuse(reader, "REPORTS_BUCKET", "the name of a bucket");
    }
}

static void read_link(struct reader *reader, struct settlement_settings *settings) {
    static const char *const environments[] = {"dev", "prod"};
    static const char name[] = "REPORT_URL_TEMPLATE";
    struct svc_error error = {0};
    settings->is_prod =
        read_choice(reader, "ENVIRONMENT", environments, COUNT(environments), 0) == 1;
    read_text(reader, name, "", settings->link_template, sizeof(settings->link_template));
    if (settings->link_template[0] == '\0') {
        /* A presigned URL ends with the role's session, hours after the mail. */
        if (settings->is_prod && svc_setting(reader->from.environment, name) == NULL) {
            svc_setting_require(&reader->from, name);
            gather(reader);
        }
    } else if (settle_link_check(settings->link_template, &error) != SVC_OK) {
        reader->one = error;
        reader->from.status = SVC_CONFIGURATION;
        gather(reader);
    }
}

enum svc_status settlement_settings_read(const struct svc_environment *environment,
                                         struct settlement_settings *settings,
                                         struct svc_error *error) {
    struct reader reader;
    init(&reader, environment, error);
    memset(settings, 0, sizeof(*settings));
    db_settings_read(&reader.from, &settings->db);
    gather(&reader);
    if (svc_setting(environment, "MIGRATION_SECRET_NAME") != NULL) {
        db_migrate_settings_read(&reader.from, &settings->migration);
        gather(&reader);
    }
    read_bucket(&reader, settings->bucket);
    read_queue(&reader, "EMAIL_QUEUE_URL", true, settings->mail_queue_url);
    read_queue(&reader, "SETTLEMENT_QUEUE_URL", false, settings->queue_url);
    read_link(&reader, settings);
    settings->batch_sellers =
        (size_t)read_number(&reader, "SETTLEMENT_BATCH_SELLERS", 1, SETTLE_MAX_BATCH_SELLERS,
                            SETTLE_DEFAULT_BATCH_SELLERS);
    settings->close_after_ms =
        svc_setting_duration_ms(&reader.from, "SETTLEMENT_CLOSE_AFTER", 60 * 1000,
                                SETTLEMENT_MAX_CLOSE_AFTER_MS, SETTLEMENT_DEFAULT_CLOSE_AFTER_MS);
    gather(&reader);
    read_policy(&reader, &settings->policy);
    return reader.status;
}
