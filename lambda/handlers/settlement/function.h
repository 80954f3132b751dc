/* What the modules of the settlement function work with. */
#ifndef SETTLEMENT_FUNCTION_H
#define SETTLEMENT_FUNCTION_H

#include "lambda/clients/database.h"
#include "lambda/handlers/settlement/settings.h"
#include "lambda/runtime/metrics.h"
#include "lambda/runtime/runtime.h"
#include "services/aws/client.h"
#include "services/db/db.h"
#include "services/settlement/ledger.h"
#include "services/settlement/seller_run.h"

/* Lives as long as the environment. */
struct settlement_function {
    struct settlement_settings settings;
    struct awsc_client *aws;
    struct lrt_database_login login;
    struct db *db;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct lrt_metrics *metrics;
};

static inline struct settle_ledger settlement_ledger(const struct settlement_function *function) {
    return (struct settle_ledger){function->db, function->clock};
}

static inline struct settle_runner settlement_runner(const struct settlement_function *function,
                                                     const struct lrt_invocation *invocation) {
    const struct settlement_settings *settings = &function->settings;
    return (struct settle_runner){
        .policy = &settings->policy,
        .db = function->db,
        .aws = function->aws,
        .clock = function->clock,
        .log = function->log,
        .bucket = settings->bucket,
        .mail_queue_url = settings->mail_queue_url,
        .link_template = settings->link_template,
        .deadline_ms = invocation->deadline_ms,
    };
}

#endif
