/* What the modules of the webhook function work with. */
#ifndef WEBHOOK_FUNCTION_H
#define WEBHOOK_FUNCTION_H

#include "lambda/clients/database.h"
#include "lambda/handlers/webhook/keys.h"
#include "lambda/handlers/webhook/settings.h"
#include "lambda/runtime/metrics.h"
#include "services/aws/client.h"
#include "services/base/http.h"
#include "services/db/db.h"
#include "services/webhook/toss_client.h"

/* A webhook is answered within this time, whatever the function's timeout is: senders wait for ten
 * seconds, and a response that comes later counts as a failure. */
#define WEBHOOK_ANSWER_MS 8000
/* Of it, what is left for the response's way. */
#define WEBHOOK_ANSWER_RESERVE_MS 500

/* Lives as long as the environment. */
struct webhook_function {
    struct webhook_settings settings;
    struct webhook_keys keys;
    struct webhook_toss_client toss;
    bool is_toss_key_refused; /* by Toss: it is read anew before it is used again */
    struct awsc_client *aws;
    struct lrt_database_login login;
    struct db *db; /* NULL: the twin */
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct lrt_metrics *metrics;
};

#endif
