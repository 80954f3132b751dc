/* image-processor: the image function as a program; `bootstrap` in the zip. */
#include "lambda/clients/clients.h"
#include "lambda/handlers/image/image.h"

struct image_function {
    struct image_settings settings;
    struct image_clients clients;
};

static const char help[] =
    "\n"
    "Makes the large, medium, small and thumbnail pictures of each photograph that an event "
    "names:\n"
    "DIR/NAME gives DIR/processed/SIZE/NAME in the same bucket. JPEG and PNG are recognised by "
    "their\n"
    "first bytes. Events: S3 notifications, EventBridge, both in SNS and SQS messages, S3 Batch\n"
    "Operations.\n"
    "\n"
    "Environment, with the defaults:\n"
    "  IMAGE_SIZES            large=1200x1200,medium=800x800,small=400x400,thumbnail=200x200\n"
    "  IMAGE_QUALITY          80 (JPEG, 1 to 100)\n"
    "  IMAGE_PRESET           balanced (or quality, fast)\n"
    "  IMAGE_FORMATS          jpeg,png (accepted)\n"
    "  IMAGE_SOURCE_PREFIX    uploads/ (other keys are skipped; * for any)\n"
    "  IMAGE_OUTPUT_FOLDER    processed\n"
    "  IMAGE_CACHE_CONTROL    public, max-age=31536000\n"
    "  IMAGE_MAX_SOURCE_MB    256\n"
    "  IMAGE_MAX_PIXELS       268402689\n"
    "  IMAGE_CMYK_PROFILE     path of an ICC profile, for CMYK without one (none)\n"
    "  IMAGE_MEMORY_MB        for one picture; AWS_LAMBDA_FUNCTION_MEMORY_SIZE less 48\n"
    "  IMGCORE_JPEG           own (libjpeg: libjpeg-turbo reads every JPEG)\n"
    "  METRICS_NAMESPACE      OpenMarket (none: no metrics)\n"
    "  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...   as the AWS SDKs read them\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong use. Details are in lambda/README.md.\n";

/* A profile of another kind would otherwise fail every picture, and a damaged one those of inks. */
static enum svc_status check_profile(struct imgcore_context *imgcore, const struct svc_buf *profile,
                                     struct svc_error *error) {
    struct imgcore_error fault;
    const enum imgcore_status status =
        profile->size_bytes == 0
            ? IMGCORE_OK
            : imgcore_check_cmyk_profile(imgcore, profile->bytes, profile->size_bytes, &fault);
    return status == IMGCORE_OK
               ? SVC_OK
               : svc_fail(error, SVC_CONFIGURATION, "IMAGE_CMYK_PROFILE: %s",
                          fault.detail[0] != '\0' ? fault.detail : imgcore_status_message(status));
}

static enum svc_status start_imgcore(struct image_function *function, struct svc_error *error) {
    if (imgcore_context_create(NULL, &function->clients.imgcore) != IMGCORE_OK) {
        return svc_fail(error, SVC_CONFIGURATION,
                        "imgcore cannot start: no memory, IMGCORE_TARGETS names no usable one, or "
                        "IMGCORE_JPEG is neither own nor libjpeg");
    }
    return check_profile(function->clients.imgcore, &function->settings.cmyk_profile, error);
}

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct image_function *function = *self;
    function->clients = (struct image_clients){
        .settings = &function->settings,
        .clock = services->clock,
        .log = services->log,
        .metrics = services->metrics,
    };
    enum svc_status status = image_settings_read(services->environment, &function->settings, error);
    if (status == SVC_OK) {
        status = lrt_aws_client_create(services, &function->clients.aws, error);
    }
    return status == SVC_OK ? start_imgcore(function, error) : status;
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    const struct image_function *function = self;
    image_handle(&function->clients, invocation, result);
}

static void destroy(void *self) {
    struct image_function *function = self;
    awsc_client_destroy(function->clients.aws);
    imgcore_context_destroy(function->clients.imgcore);
    image_settings_clear(&function->settings);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "image-processor",
        .help = help,
        .self_bytes = sizeof(struct image_function),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return lrt_main(&function, argc, argv);
}
