/* The settings of the deployment check, read once at its start. */
#ifndef DEPLOY_SETTINGS_H
#define DEPLOY_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "services/aws/lambda.h"
#include "services/base/environment.h"
#include "services/base/status.h"

#define DEPLOY_BUCKET_BYTES      ((size_t)64) /* S3's limit, with the NUL */
#define DEPLOY_PREFIX_BYTES      ((size_t)257)
#define DEPLOY_FOLDER_BYTES      ((size_t)64)
#define DEPLOY_SIZE_NAME_BYTES   ((size_t)32)
#define DEPLOY_MAX_SIZES         8
#define DEPLOY_MAX_LIVE_WAIT_MS  (INT64_C(120) * 1000)
#define DEPLOY_DEFAULT_PREFIX    "uploads/products/deploy-check/"
#define DEPLOY_DEFAULT_LIVE_WAIT (INT64_C(15) * 1000)

/* The functions that can be checked. */
enum deploy_kind { DEPLOY_IMAGE, DEPLOY_EMAIL, DEPLOY_SETTLEMENT, DEPLOY_WEBHOOK, DEPLOY_KINDS };

/* An output of the image function: its name in the key, and the box that it fits inside. */
struct deploy_size {
    char name[DEPLOY_SIZE_NAME_BYTES];
    uint32_t width_px, height_px;
};

struct deploy_settings {
    char functions[DEPLOY_KINDS][AWSC_LAMBDA_NAME_BYTES]; /* IMAGE_FUNCTION, ...; "": none */
    char bucket[DEPLOY_BUCKET_BYTES];                     /* UPLOADS_BUCKET */
    char prefix[DEPLOY_PREFIX_BYTES];                     /* CHECK_PREFIX: "uploads/.../" */
    char output_folder[DEPLOY_FOLDER_BYTES];              /* IMAGE_OUTPUT_FOLDER */
    struct deploy_size sizes[DEPLOY_MAX_SIZES];           /* IMAGE_SIZES */
    size_t size_count;
    int64_t live_wait_ms; /* CHECK_LIVE_WAIT */
};

/* Errors: CONFIGURATION, naming the variable. */
enum svc_status deploy_settings_read(const struct svc_environment *environment,
                                     struct deploy_settings *settings, struct svc_error *error);

#endif
