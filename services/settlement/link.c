/* Links to reports: see publish.h. */
#include <stdio.h>
#include <string.h>

#include "services/aws/s3.h"
#include "services/base/text.h"
#include "services/email/url.h"
#include "services/settlement/publish.h"
#include "services/settlement/request.h"

#define LASTS_S       (7 * 24 * 3600) /* S3's longest */
#define MAX_URL_BYTES (4 * EMAIL_MAX_URL_BYTES)

/* The values of a link. */
struct values {
    const char *seller_id;
    const struct settle_period *period;
    enum settle_format format;
    uint32_t version;
};

/* false: no name of a template. */
static bool value_of(const struct values *values, const char *name, size_t name_bytes,
                     char out[128]) {
    static const char *const names[] = {"sellerId", "reportType", "firstDay", "lastDay",
                                        "period",   "format",     "version"};
    size_t which = 0;
    const size_t count = sizeof(names) / sizeof(names[0]);
    while (which < count &&
           (strlen(names[which]) != name_bytes || strncmp(names[which], name, name_bytes) != 0)) {
        which++;
    }
    out[0] = '\0';
    switch (which) {
    case 0:
        return svc_copy_text(out, 128, values->seller_id);
    case 1:
        return svc_copy_text(out, 128, settle_period_type_name(values->period->type));
    case 2:
        settle_day_write(values->period->first_day, out);
        return true;
    case 3:
        settle_day_write(values->period->last_day, out);
        return true;
    case 4:
        settle_period_name(values->period, out);
        return true;
    case 5:
        return svc_copy_text(out, 128, settle_format_extension(values->format));
    case 6:
        snprintf(out, 128, "%u", (unsigned)values->version);
        return true;
    default:
        return false;
    }
}

/* Why the template cannot be filled; NULL: it is in `out`. */
static const char *fill(const char *template_text, const struct values *values,
                        struct svc_buf *out) {
    for (const char *at = template_text; *at != '\0';) {
        const size_t plain = strcspn(at, "{}");
        char value[128];
        svc_buf_append(out, at, plain);
        at += plain;
        if (*at == '}') {
            return "it has a } without a {";
        }
        if (*at == '{') {
            const size_t name_bytes = strcspn(++at, "{}");
            if (at[name_bytes] != '}') {
                return "it has a { without a }";
            }
            if (!value_of(values, at, name_bytes, value)) {
                return "it has a name in braces that is none of sellerId, reportType, firstDay, "
                       "lastDay, period, format and version";
            }
            svc_percent_encode(value, strlen(value), false, out);
            at += name_bytes + 1;
        }
    }
    return svc_buf_status(out) == SVC_OK ? NULL : "its links are too long for a mail";
}

/* http is for a platform under test: mails leave such a link out. */
static const char *check_url(const char *url, bool *no_memory) {
    char checked[EMAIL_URL_BYTES];
    const char *why = NULL;
    struct svc_buf https;
    const bool is_http = strncmp(url, "http://", 7) == 0;
    svc_buf_init(&https, MAX_URL_BYTES);
    svc_buf_printf(&https, "https://%s", is_http ? url + 7 : "");
    *no_memory = svc_buf_status(&https) == SVC_NO_MEMORY;
    const char *checks = is_http ? svc_buf_text(&https) : url;
    const bool is_valid =
        svc_buf_status(&https) == SVC_OK &&
        email_url_check(checks, strlen(checks), EMAIL_MAX_URL_BYTES, checked, &why);
    svc_buf_clear(&https);
    return is_valid ? NULL : why != NULL ? why : "it is too long";
}

static enum svc_status put_filled(const char *template_text, const struct values *values,
                                  struct svc_buf *out, struct svc_error *error) {
    struct svc_buf url;
    svc_buf_init(&url, EMAIL_MAX_URL_BYTES);
    const char *why = fill(template_text, values, &url);
    bool no_memory = svc_buf_status(&url) == SVC_NO_MEMORY;
    why = why != NULL ? why : check_url(svc_buf_text(&url), &no_memory);
    if (why == NULL) {
        svc_buf_append(out, url.bytes, url.size_bytes);
    }
    svc_buf_clear(&url);
    if (no_memory) {
        return svc_fail(error, SVC_NO_MEMORY, "%s", svc_status_message(SVC_NO_MEMORY));
    }
    return why == NULL ? svc_buf_status(out)
                       : svc_fail(error, SVC_CONFIGURATION, "REPORT_URL_TEMPLATE: %s", why);
}

enum svc_status settle_link_check(const char *template_text, struct svc_error *error) {
    char longest[SETTLE_MAX_SELLER_ID_BYTES + 1];
    const struct settle_period period = {.type = SETTLE_CUSTOM, .last_day = 365};
    const struct values values = {longest, &period, SETTLE_HTML, UINT32_MAX};
    struct svc_buf url;
    if (template_text[0] == '\0') {
        return SVC_OK;
    }
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    svc_buf_init(&url, EMAIL_MAX_URL_BYTES);
    const enum svc_status status = put_filled(template_text, &values, &url, error);
    svc_buf_clear(&url);
    return status;
}

enum svc_status settle_link_put(const struct settle_publisher *publisher, const char *template_text,
                                const struct settle_period *period, const char *seller_id,
                                enum settle_format format, uint32_t version, struct svc_buf *out,
                                struct svc_error *error) {
    const struct values values = {seller_id, period, format, version};
    char key[SETTLE_OBJECT_KEY_BYTES];
    struct awsc_error cause;
    if (!settle_object_key(period, seller_id, format, 0, key)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the seller's id is no part of a link");
    }
    if (template_text[0] != '\0') {
        return put_filled(template_text, &values, out, error);
    }
    const enum svc_status status =
        awsc_s3_presign_get(publisher->aws, publisher->bucket, key, LASTS_S, out, NULL, &cause);
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "a presigned URL: %s", cause.message);
}
