/* The settings: see settings.h. */
#include "lambda/handlers/deploy/settings.h"

#include <string.h>

#include "services/base/settings.h"
#include "services/base/text.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define MAX_SIDE_PX     65535
#define DEFAULT_SIZES   "large=1200x1200,medium=800x800,small=400x400,thumbnail=200x200"
#define MAX_SIZES_BYTES 512

static const char *const function_names[DEPLOY_KINDS] = {
    [DEPLOY_IMAGE] = "IMAGE_FUNCTION",
    [DEPLOY_EMAIL] = "EMAIL_FUNCTION",
    [DEPLOY_SETTLEMENT] = "SETTLEMENT_FUNCTION",
    [DEPLOY_WEBHOOK] = "WEBHOOK_FUNCTION",
};

static void read_functions(struct svc_settings *from, struct deploy_settings *settings) {
    bool has_any = false;
    for (int i = 0; i < DEPLOY_KINDS; i++) {
        char *name = settings->functions[i];
        svc_setting_text(from, function_names[i], "", name, AWSC_LAMBDA_NAME_BYTES);
        if (name[0] != '\0' && !awsc_lambda_is_name(name)) {
            svc_setting_refuse(from, function_names[i], "the name of a function");
        }
        for (int k = 0; k < i; k++) {
            if (name[0] != '\0' && strcmp(settings->functions[k], name) == 0) {
                svc_setting_refuse(from, function_names[i], "another function than the others");
            }
        }
        has_any = has_any || name[0] != '\0';
    }
    if (!has_any) {
        svc_setting_require(from, "IMAGE_FUNCTION, EMAIL_FUNCTION, SETTLEMENT_FUNCTION or "
                                  "WEBHOOK_FUNCTION");
    }
}

/* Reads "large=1200x1200" and moves *text behind it. */
static bool read_size(const char **text, struct deploy_size *size) {
    uint64_t width, height;
    const size_t name_bytes = strspn(*text, NAME_CHARACTERS);
    if (name_bytes == 0 || name_bytes >= sizeof(size->name) || (*text)[name_bytes] != '=') {
        return false;
    }
    memcpy(size->name, *text, name_bytes);
    *text += name_bytes + 1;
    if (!svc_read_number(text, 1, MAX_SIDE_PX, &width) || *(*text)++ != 'x' ||
        !svc_read_number(text, 1, MAX_SIDE_PX, &height)) {
        return false;
    }
    size->width_px = (uint32_t)width;
    size->height_px = (uint32_t)height;
    return true;
}

static bool read_sizes(const char *text, struct deploy_settings *settings) {
    for (;;) {
        if (settings->size_count == DEPLOY_MAX_SIZES ||
            !read_size(&text, &settings->sizes[settings->size_count])) {
            return false;
        }
        settings->size_count++;
        if (*text == '\0') {
            return true;
        }
        if (*text++ != ',') {
            return false;
        }
    }
}

/* What the image check needs; the names are the image function's own. */
static void read_image(struct svc_settings *from, struct deploy_settings *settings) {
    static const char bucket_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
    char sizes[MAX_SIZES_BYTES];
    svc_setting_text(from, "UPLOADS_BUCKET", NULL, settings->bucket, sizeof(settings->bucket));
    if (settings->bucket[strspn(settings->bucket, bucket_characters)] != '\0') {
        svc_setting_refuse(from, "UPLOADS_BUCKET", "the name of a bucket");
    }
    svc_setting_text(from, "CHECK_PREFIX", DEPLOY_DEFAULT_PREFIX, settings->prefix,
                     sizeof(settings->prefix));
    if (settings->prefix[strspn(settings->prefix, NAME_CHARACTERS "/.")] != '\0' ||
        !svc_ends_with(settings->prefix, "/")) {
        svc_setting_refuse(from, "CHECK_PREFIX",
                           "a prefix of letters, digits, / . - and _ that ends with a /");
    }
    svc_setting_text(from, "IMAGE_OUTPUT_FOLDER", "processed", settings->output_folder,
                     sizeof(settings->output_folder));
    if (settings->output_folder[strspn(settings->output_folder, NAME_CHARACTERS)] != '\0') {
        svc_setting_refuse(from, "IMAGE_OUTPUT_FOLDER", "a name of letters, digits, - and _");
    }
    svc_setting_text(from, "IMAGE_SIZES", DEFAULT_SIZES, sizes, sizeof(sizes));
    if (from->status == SVC_OK && !read_sizes(sizes, settings)) {
        svc_setting_refuse(from, "IMAGE_SIZES",
                           "a list of up to 8 sizes: large=1200x1200,small=400x400");
    }
    settings->live_wait_ms = svc_setting_duration_ms(
        from, "CHECK_LIVE_WAIT", 0, DEPLOY_MAX_LIVE_WAIT_MS, DEPLOY_DEFAULT_LIVE_WAIT);
}

enum svc_status deploy_settings_read(const struct svc_environment *environment,
                                     struct deploy_settings *settings, struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, environment, error);
    memset(settings, 0, sizeof(*settings));
    read_functions(&from, settings);
    if (settings->functions[DEPLOY_IMAGE][0] != '\0') {
        read_image(&from, settings);
    }
    return from.status;
}
