/* Settings by the typed readers of services/base; a list of sizes is this function's own format. */
#include "lambda/handlers/image/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/file.h"
#include "services/base/settings.h"
#include "services/base/text.h"

#define DEFAULT_SIZES "large=1200x1200,medium=800x800,small=400x400,thumbnail=200x200"
#define MAX_SIDE_PX   UINT32_C(16383)
#define MAX_SOURCE_MB 5120  /* the largest object that one PUT writes */
#define MAX_MEMORY_MB 10240 /* Lambda's largest */
#define MIN_BUDGET_MB 16
#define BYTES_PER_MB  ((uint64_t)1024 * 1024)

/* Letters, digits, '-' and '_': they become a segment of a key and stand in a list. */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char *const presets[] = {
    [IMGCORE_PRESET_BALANCED] = "balanced",
    [IMGCORE_PRESET_QUALITY] = "quality",
    [IMGCORE_PRESET_FAST] = "fast",
};
static const char *const formats[] = {"jpeg", "png"};

/* "large=1200x1200" at *text, which moves behind it. */
static bool read_size(const char **text, struct image_size *size) {
    const size_t name_bytes = strspn(*text, NAME_CHARACTERS);
    const char *c = *text + name_bytes;
    uint64_t width_px, height_px;
    if (name_bytes == 0 || name_bytes >= sizeof(size->name) || *c++ != '=' ||
        !svc_read_number(&c, 1, MAX_SIDE_PX, &width_px) || *c++ != 'x' ||
        !svc_read_number(&c, 1, MAX_SIDE_PX, &height_px)) {
        return false;
    }
    memcpy(size->name, *text, name_bytes);
    size->name[name_bytes] = '\0';
    size->width_px = (uint32_t)width_px;
    size->height_px = (uint32_t)height_px;
    *text = c;
    return true;
}

static bool has_size(const struct image_settings *settings, const char *name) {
    size_t i = 0;
    while (i < settings->size_count && strcmp(settings->sizes[i].name, name) != 0) {
        i++;
    }
    return i < settings->size_count;
}

static bool read_sizes(const char *text, struct image_settings *settings) {
    for (;;) {
        struct image_size size = {0};
        if (settings->size_count == IMAGE_MAX_SIZES || !read_size(&text, &size) ||
            has_size(settings, size.name)) {
            return false;
        }
        settings->sizes[settings->size_count++] = size;
        if (*text == '\0') {
            return true;
        }
        if (*text++ != ',') {
            return false;
        }
    }
}

/* IMAGE_MEMORY_MB, or what the function's memory leaves; 0: imgcore's own default. */
static uint64_t read_budget_mb(struct svc_settings *from) {
    const uint64_t function_mb =
        svc_setting_number(from, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1, UINT64_C(1) << 20, 0);
    const uint64_t left_mb = function_mb == 0 ? 0
                             : function_mb > IMAGE_RESERVED_MB + MIN_BUDGET_MB
                                 ? function_mb - IMAGE_RESERVED_MB
                                 : MIN_BUDGET_MB;
    return svc_setting_number(from, "IMAGE_MEMORY_MB", MIN_BUDGET_MB, MAX_MEMORY_MB, left_mb);
}

/* What is in the file is checked by imgcore, once it has started. An empty one would be none. */
static void read_profile(struct svc_settings *from, struct svc_buf *profile) {
    char path[IMAGE_PATH_BYTES];
    svc_buf_init(profile, IMAGE_MAX_PROFILE_BYTES);
    svc_setting_text(from, "IMAGE_CMYK_PROFILE", "", path, sizeof(path));
    if (path[0] != '\0' && (svc_read_file(path, profile) != SVC_OK || profile->size_bytes == 0)) {
        svc_setting_refuse(from, "IMAGE_CMYK_PROFILE",
                           "the path of a file that can be read and has up to 16 MiB");
    }
}

static void name_parameters(struct image_settings *settings) {
    char profile[16] = "";
    uint8_t hash[SVC_SHA256_BYTES];
    if (settings->cmyk_profile.size_bytes != 0 &&
        svc_sha256(settings->cmyk_profile.bytes, settings->cmyk_profile.size_bytes, hash) ==
            SVC_OK) {
        (void)snprintf(profile, sizeof(profile), " cmyk %02x%02x%02x%02x", hash[0], hash[1],
                       hash[2], hash[3]);
    }
    for (size_t i = 0; i < settings->size_count; i++) {
        struct image_size *size = &settings->sizes[i];
        (void)snprintf(size->parameters, sizeof(size->parameters), "%ux%u q%d %s imgcore %s%s",
                       size->width_px, size->height_px, settings->quality,
                       presets[settings->preset], imgcore_version(), profile);
    }
}

enum svc_status image_settings_read(const struct svc_environment *environment,
                                    struct image_settings *settings, struct svc_error *error) {
    struct svc_settings from;
    svc_settings_init(&from, environment, error);
    memset(settings, 0, sizeof(*settings));

    const char *sizes = svc_setting(environment, "IMAGE_SIZES");
    if (!read_sizes(sizes != NULL ? sizes : DEFAULT_SIZES, settings)) {
        svc_setting_refuse(&from, "IMAGE_SIZES",
                           "a list of up to 8 sizes, each with a name of its own: "
                           "large=1200x1200,small=400x400");
    }
    settings->quality = (int)svc_setting_number(&from, "IMAGE_QUALITY", 1, 100, 80);
    settings->preset = (enum imgcore_preset)svc_setting_choice(&from, "IMAGE_PRESET", presets, 3,
                                                               IMGCORE_PRESET_BALANCED);
    const uint32_t taken = svc_setting_choices(&from, "IMAGE_FORMATS", formats, 2, 3);
    settings->takes_jpeg = (taken & 1) != 0;
    settings->takes_png = (taken & 2) != 0;

    svc_setting_text(&from, "IMAGE_SOURCE_PREFIX", "uploads/", settings->source_prefix,
                     sizeof(settings->source_prefix));
    if (strcmp(settings->source_prefix, "*") == 0) {
        settings->source_prefix[0] = '\0';
    }
    svc_setting_text(&from, "IMAGE_OUTPUT_FOLDER", "processed", settings->output_folder,
                     sizeof(settings->output_folder));
    if (settings->output_folder[strspn(settings->output_folder, NAME_CHARACTERS)] != '\0') {
        svc_setting_refuse(&from, "IMAGE_OUTPUT_FOLDER", "a name of letters, digits, - and _");
    }
    svc_setting_text(&from, "IMAGE_CACHE_CONTROL", "public, max-age=31536000",
                     settings->cache_control, sizeof(settings->cache_control));
    for (const char *c = settings->cache_control; *c != '\0'; c++) {
        if ((unsigned char)*c > 0x7e) {
            svc_setting_refuse(&from, "IMAGE_CACHE_CONTROL", "printable ASCII");
        }
    }

    settings->max_source_bytes =
        BYTES_PER_MB *
        svc_setting_number(&from, "IMAGE_MAX_SOURCE_MB", 1, MAX_SOURCE_MB, IMAGE_DEFAULT_SOURCE_MB);
    settings->limits.pixels =
        svc_setting_number(&from, "IMAGE_MAX_PIXELS", 1, UINT64_C(1) << 32, 0);
    settings->limits.memory_bytes = (size_t)(BYTES_PER_MB * read_budget_mb(&from));
    read_profile(&from, &settings->cmyk_profile);
    name_parameters(settings);
    return from.status;
}

void image_settings_clear(struct image_settings *settings) {
    svc_buf_clear(&settings->cmyk_profile);
}
