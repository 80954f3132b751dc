/* What the modules of the deployment check work with. */
#ifndef DEPLOY_FUNCTION_H
#define DEPLOY_FUNCTION_H

#include "lambda/handlers/deploy/settings.h"
#include "lambda/runtime/metrics.h"
#include "services/aws/client.h"

/* Lives as long as the environment. */
struct deploy_function {
    struct deploy_settings settings;
    struct awsc_client *aws;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct lrt_metrics *metrics;
};

#endif
