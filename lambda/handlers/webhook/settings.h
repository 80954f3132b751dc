/* The settings of the webhook function, read once at its start.
 *
 * The same program has two roles. The function in the VPC (DB_SECRET_NAME) takes webhooks and
 * stores them. Its twin outside of the VPC (TOSS_CONFIRMED_URL and no DB_SECRET_NAME) asks Toss
 * about what the first one hands it by TOSS_CONFIRM_QUEUE_URL, and posts what Toss replied to the
 * first one. */
#ifndef WEBHOOK_SETTINGS_H
#define WEBHOOK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/environment.h"
#include "services/base/settings.h"
#include "services/base/status.h"
#include "services/db/db.h"

#define WEBHOOK_URL_BYTES ((size_t)1025)
/* The secrets of WEBHOOK_SECRET together. */
#define WEBHOOK_SECRET_TEXT_BYTES ((size_t)4096)
#define WEBHOOK_BUCKET_BYTES      ((size_t)64) /* S3's limit, with the NUL */

/* How long a repetition is recognised by its key. Toss tries for 3 days and 19 hours, others for up
 * to a month. */
#define WEBHOOK_DEFAULT_INBOX_DAYS  90
#define WEBHOOK_DEFAULT_OUTBOX_DAYS 90
#define WEBHOOK_MIN_INBOX_DAYS      7
/* A mail that is sent is recognised by its row: below the days for which the mail function
 * recognises it as well, an event that comes again could owe it again. */
#define WEBHOOK_MIN_OUTBOX_DAYS 30
#define WEBHOOK_MAX_DAYS        3650

struct webhook_settings {
    bool is_twin;
    struct db_settings db;                               /* not the twin's */
    char mail_queue_url[WEBHOOK_URL_BYTES];              /* EMAIL_QUEUE_URL; the twin: "" */
    char secret_name[SVC_SECRET_NAME_BYTES];             /* WEBHOOK_SECRET_NAME; "": none */
    char toss_secret_name[SVC_SECRET_NAME_BYTES];        /* "": Toss cannot be asked from here */
    char toss_url[WEBHOOK_URL_BYTES];                    /* TOSS_API_URL */
    char confirm_queue_url[WEBHOOK_URL_BYTES];           /* "": hints are confirmed here */
    char transactions_url[WEBHOOK_URL_BYTES];            /* beside it */
    char confirmed_url[WEBHOOK_URL_BYTES];               /* the twin's: the function in the VPC */
    char bucket[WEBHOOK_BUCKET_BYTES];                   /* REPORTS_BUCKET; "": none */
    char unsubscribe_secret_name[SVC_SECRET_NAME_BYTES]; /* "": no path /unsubscribe */
    struct db_settings migration; /* MIGRATION_SECRET_NAME; its secret_name "": no migrations */
    int inbox_days, outbox_days;
    char secret[WEBHOOK_SECRET_TEXT_BYTES]; /* WEBHOOK_SECRET; wiped once it is parsed */
};

/* Errors: CONFIGURATION, with a sentence that names the variable. A function without
 * WEBHOOK_SECRET and WEBHOOK_SECRET_NAME could verify nothing: it does not start. */
enum svc_status webhook_settings_read(const struct svc_environment *environment,
                                      struct webhook_settings *settings, struct svc_error *error);

#endif
