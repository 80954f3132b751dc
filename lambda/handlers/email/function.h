/* What the modules of the mail function work with. */
#ifndef EMAIL_FUNCTION_H
#define EMAIL_FUNCTION_H

#include "lambda/handlers/email/address_hash.h"
#include "lambda/handlers/email/settings.h"
#include "lambda/runtime/metrics.h"
#include "services/aws/client.h"
#include "services/email/deliver.h"

/* Lives as long as the environment. */
struct email_function {
    struct email_settings settings;
    struct email_mailer mailer; /* holds the rate, from one invocation to the next */
    struct email_address_hash hash;
    struct awsc_client *aws;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct lrt_metrics *metrics;
};

#endif
