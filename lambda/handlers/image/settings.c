/* Settings from environment variables; whatever is not understood stops the function at its start
 * instead of surprising it later. */
#include "lambda/handlers/image/settings.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

#define DEFAULT_SIZES   "large=1200x1200,medium=800x800,small=400x400,thumbnail=200x200"
#define DEFAULT_QUALITY 80
#define DEFAULT_PREFIX  "uploads/"
#define ANY_PREFIX      "*"
#define DEFAULT_FOLDER  "processed"
#define DEFAULT_CACHE   "public, max-age=31536000"
#define MAX_SIDE_PX     UINT32_C(16383)
#define MAX_SOURCE_MB   5120  /* what S3 takes in one piece */
#define MAX_MEMORY_MB   10240 /* Lambda's largest */
#define MIN_BUDGET_MB   16
#define BYTES_PER_MB    ((uint64_t)1024 * 1024)

static enum svc_status refuse(struct svc_error *error, const char *name, const char *expected) {
    return svc_fail(error, SVC_CONFIGURATION, "%s is not %s", name, expected);
}

/* The digits at *text as a number from `low` to `high`; *text moves behind them. */
static bool read_number(const char **text, uint64_t low, uint64_t high, uint64_t *number) {
    const char *c = *text;
    uint64_t value = 0;
    while (*c >= '0' && *c <= '9') {
        const uint64_t digit = (uint64_t)(*c - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        c++;
    }
    if (c == *text || value < low || value > high) {
        return false;
    }
    *text = c;
    *number = value;
    return true;
}

static enum svc_status read_setting_number(const struct svc_environment *environment,
                                           const char *name, uint64_t low, uint64_t high,
                                           uint64_t *number, struct svc_error *error) {
    const char *text = svc_setting(environment, name);
    if (text == NULL) {
        return SVC_OK;
    }
    if (!read_number(&text, low, high, number) || *text != '\0') {
        return svc_fail(error, SVC_CONFIGURATION, "%s is not a number from %llu to %llu", name,
                        (unsigned long long)low, (unsigned long long)high);
    }
    return SVC_OK;
}

/* Letters, digits, '-' and '_': they become a segment of a key and stand in a list. */
static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* "large=1200x1200" at *text, which moves behind it. */
static bool read_size(const char **text, struct image_size *size) {
    const char *c = *text;
    size_t n = 0;
    while (is_name_char(*c) && n + 1 < sizeof(size->name)) {
        size->name[n++] = *c++;
    }
    size->name[n] = '\0';
    uint64_t width_px, height_px;
    if (n == 0 || *c++ != '=' || !read_number(&c, 1, MAX_SIDE_PX, &width_px) || *c++ != 'x' ||
        !read_number(&c, 1, MAX_SIDE_PX, &height_px)) {
        return false;
    }
    size->width_px = (uint32_t)width_px;
    size->height_px = (uint32_t)height_px;
    *text = c;
    return true;
}

static enum svc_status read_sizes(const char *text, struct image_settings *settings,
                                  struct svc_error *error) {
    static const char expected[] = "a list of up to 8 sizes, each with a name of its own: "
                                   "large=1200x1200,small=400x400";
    settings->size_count = 0;
    for (;;) {
        if (settings->size_count == IMAGE_MAX_SIZES) {
            return refuse(error, "IMAGE_SIZES", expected);
        }
        struct image_size *size = &settings->sizes[settings->size_count];
        if (!read_size(&text, size)) {
            return refuse(error, "IMAGE_SIZES", expected);
        }
        for (size_t i = 0; i < settings->size_count; i++) {
            if (strcmp(settings->sizes[i].name, size->name) == 0) {
                return refuse(error, "IMAGE_SIZES", expected);
            }
        }
        settings->size_count++;
        if (*text == '\0') {
            return SVC_OK;
        }
        if (*text++ != ',') {
            return refuse(error, "IMAGE_SIZES", expected);
        }
    }
}

static enum svc_status read_formats(const char *text, struct image_settings *settings,
                                    struct svc_error *error) {
    if (text == NULL || strcmp(text, "jpeg,png") == 0 || strcmp(text, "png,jpeg") == 0) {
        settings->takes_jpeg = settings->takes_png = true;
    } else if (strcmp(text, "jpeg") == 0 || strcmp(text, "png") == 0) {
        settings->takes_jpeg = text[0] == 'j';
        settings->takes_png = text[0] == 'p';
    } else {
        return refuse(error, "IMAGE_FORMATS", "jpeg, png or jpeg,png");
    }
    return SVC_OK;
}

static const char *const preset_names[] = {
    [IMGCORE_PRESET_BALANCED] = "balanced",
    [IMGCORE_PRESET_QUALITY] = "quality",
    [IMGCORE_PRESET_FAST] = "fast",
};

static enum svc_status read_preset(const char *text, struct image_settings *settings,
                                   struct svc_error *error) {
    settings->preset = IMGCORE_PRESET_BALANCED;
    if (text == NULL) {
        return SVC_OK;
    }
    for (size_t i = 0; i < sizeof(preset_names) / sizeof(preset_names[0]); i++) {
        if (strcmp(text, preset_names[i]) == 0) {
            settings->preset = (enum imgcore_preset)i;
            return SVC_OK;
        }
    }
    return refuse(error, "IMAGE_PRESET", "balanced, quality or fast");
}

static enum svc_status read_texts(const struct svc_environment *environment,
                                  struct image_settings *settings, struct svc_error *error) {
    const char *text = svc_setting(environment, "IMAGE_SOURCE_PREFIX");
    text = text == NULL ? DEFAULT_PREFIX : strcmp(text, ANY_PREFIX) == 0 ? "" : text;
    if (!svc_copy_text(settings->source_prefix, sizeof(settings->source_prefix), text)) {
        return refuse(error, "IMAGE_SOURCE_PREFIX", "a text below 256 bytes");
    }
    text = svc_setting(environment, "IMAGE_OUTPUT_FOLDER");
    text = text == NULL ? DEFAULT_FOLDER : text;
    bool good = svc_copy_text(settings->output_folder, sizeof(settings->output_folder), text);
    for (const char *c = text; good && *c != '\0'; c++) {
        good = is_name_char(*c);
    }
    if (!good) {
        return refuse(error, "IMAGE_OUTPUT_FOLDER", "a name of letters, digits, - and _");
    }
    text = svc_setting(environment, "IMAGE_CACHE_CONTROL");
    text = text == NULL ? DEFAULT_CACHE : text;
    good = svc_copy_text(settings->cache_control, sizeof(settings->cache_control), text);
    for (const char *c = text; good && *c != '\0'; c++) {
        good = *c >= ' ' && *c < 0x7f;
    }
    return good ? SVC_OK : refuse(error, "IMAGE_CACHE_CONTROL", "printable ASCII below 128 bytes");
}

static enum svc_status read_limits(const struct svc_environment *environment,
                                   struct image_settings *settings, struct svc_error *error) {
    uint64_t source_mb = IMAGE_DEFAULT_SOURCE_MB;
    uint64_t pixels = 0;
    uint64_t function_mb = 0;
    uint64_t budget_mb = 0;
    enum svc_status status = read_setting_number(environment, "IMAGE_MAX_SOURCE_MB", 1,
                                                 MAX_SOURCE_MB, &source_mb, error);
    if (status == SVC_OK) {
        status = read_setting_number(environment, "IMAGE_MAX_PIXELS", 1, UINT64_C(1) << 32, &pixels,
                                     error);
    }
    if (status == SVC_OK) {
        status = read_setting_number(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1,
                                     UINT64_C(1) << 20, &function_mb, error);
    }
    if (status == SVC_OK) {
        status = read_setting_number(environment, "IMAGE_MEMORY_MB", MIN_BUDGET_MB, MAX_MEMORY_MB,
                                     &budget_mb, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (budget_mb == 0 && function_mb > 0) {
        budget_mb = function_mb > IMAGE_RESERVED_MB + MIN_BUDGET_MB
                        ? function_mb - IMAGE_RESERVED_MB
                        : MIN_BUDGET_MB;
    }
    settings->max_source_bytes = source_mb * BYTES_PER_MB;
    settings->limits.pixels = pixels;
    settings->limits.memory_bytes = (size_t)(budget_mb * BYTES_PER_MB);
    return SVC_OK;
}

enum svc_status image_settings_read(const struct svc_environment *environment,
                                    struct image_settings *settings, struct svc_error *error) {
    memset(settings, 0, sizeof(*settings));
    const char *sizes = svc_setting(environment, "IMAGE_SIZES");
    uint64_t quality = DEFAULT_QUALITY;
    enum svc_status status = read_sizes(sizes != NULL ? sizes : DEFAULT_SIZES, settings, error);
    if (status == SVC_OK) {
        status = read_setting_number(environment, "IMAGE_QUALITY", 1, 100, &quality, error);
    }
    if (status == SVC_OK) {
        status = read_formats(svc_setting(environment, "IMAGE_FORMATS"), settings, error);
    }
    if (status == SVC_OK) {
        status = read_preset(svc_setting(environment, "IMAGE_PRESET"), settings, error);
    }
    if (status == SVC_OK) {
        status = read_texts(environment, settings, error);
    }
    if (status == SVC_OK) {
        status = read_limits(environment, settings, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    settings->quality = (int)quality;
    for (size_t i = 0; i < settings->size_count; i++) {
        struct image_size *size = &settings->sizes[i];
        (void)snprintf(size->recipe, sizeof(size->recipe), "%ux%u q%d %s", size->width_px,
                       size->height_px, settings->quality, preset_names[settings->preset]);
    }
    return SVC_OK;
}
