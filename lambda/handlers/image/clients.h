/* What the modules of the image function work with. */
#ifndef IMAGE_CLIENTS_H
#define IMAGE_CLIENTS_H

#include "imgcore/imgcore.h"
#include "lambda/handlers/image/settings.h"
#include "lambda/runtime/metrics.h"
#include "services/aws/client.h"

/* All is borrowed. */
struct image_clients {
    struct awsc_client *aws;
    struct imgcore_context *imgcore;
    const struct image_settings *settings;
    const struct svc_clock *clock;
    const struct svc_log *log;
    struct lrt_metrics *metrics;
};

#endif
