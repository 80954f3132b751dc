/* The settings of the settlement function, read once at its start. */
#ifndef SETTLEMENT_SETTINGS_H
#define SETTLEMENT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/environment.h"
#include "services/base/status.h"
#include "services/db/db.h"
#include "services/settlement/seller_run.h"

#define SETTLEMENT_URL_BYTES    ((size_t)1025)
#define SETTLEMENT_BUCKET_BYTES ((size_t)64) /* S3's limit, with the NUL */

#define SETTLEMENT_DEFAULT_CLOSE_AFTER_MS (INT64_C(6) * 3600 * 1000)
#define SETTLEMENT_MAX_CLOSE_AFTER_MS     (INT64_C(14) * 24 * 3600 * 1000)
#define SETTLEMENT_MAX_PAYOUT_DAYS        366

struct settlement_settings {
    struct db_settings db;
    struct db_settings migration; /* MIGRATION_SECRET_NAME; its secret_name "": no migrations */
    char bucket[SETTLEMENT_BUCKET_BYTES];
    char mail_queue_url[SETTLEMENT_URL_BYTES];
    char queue_url[SETTLEMENT_URL_BYTES];     /* SETTLEMENT_QUEUE_URL; "": works by itself */
    char link_template[SETTLEMENT_URL_BYTES]; /* REPORT_URL_TEMPLATE; "": presigned URLs */
    bool is_prod;                             /* ENVIRONMENT */
    size_t batch_sellers;
    int64_t close_after_ms;
    struct settle_policy policy;
};

/* Errors: CONFIGURATION, with a sentence for each variable that is missing or wrong, as many as the
 * error holds. */
enum svc_status settlement_settings_read(const struct svc_environment *environment,
                                         struct settlement_settings *settings,
                                         struct svc_error *error);
/* How the platform settles alone: what the commands need. Errors: the same. */
enum svc_status settlement_policy_read(const struct svc_environment *environment,
                                       struct settle_policy *policy, struct svc_error *error);

#endif
