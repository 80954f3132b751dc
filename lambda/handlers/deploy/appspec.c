/* The AppSpec: see appspec.h. */
#include "lambda/handlers/deploy/appspec.h"

#include <stdio.h>
#include <string.h>

#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define DIGITS "0123456789"

static bool take_first(void *user, const char *name, const struct svc_json *value) {
    const struct svc_json **first = user;
    (void)name;
    *first = value;
    return false;
}

/* Written as a text, or as a number. */
static bool read_version(const struct svc_json *value, char version[AWSC_LAMBDA_VERSION_BYTES]) {
    const char *text = svc_json_text(value);
    int64_t number = 0;
    if (text != NULL) {
        return svc_copy_text(version, AWSC_LAMBDA_VERSION_BYTES, text) && version[0] != '\0' &&
               version[strspn(version, DIGITS)] == '\0';
    }
    if (!svc_json_int(value, &number) || number < 1) {
        return false;
    }
    (void)snprintf(version, AWSC_LAMBDA_VERSION_BYTES, "%lld", (long long)number);
    return true;
}

static enum svc_status read_document(const struct svc_json *document, struct deploy_target *target,
                                     struct svc_error *error) {
    const struct svc_json *resources = svc_json_get(document, "Resources");
    const struct svc_json *resource = NULL;
    if (svc_json_type(resources) != SVC_JSON_ARRAY || svc_json_count(resources) != 1 ||
        svc_json_count(svc_json_at(resources, 0)) != 1) {
        return svc_fail(error, SVC_MALFORMED, "the AppSpec does not have exactly one resource");
    }
    (void)svc_json_members(svc_json_at(resources, 0), take_first, (void *)&resource);
    const struct svc_json *properties = svc_json_get(resource, "Properties");
    const char *type = svc_json_get_text(resource, "Type");
    const char *name = svc_json_get_text(properties, "Name");
    if (type == NULL || strcmp(type, "AWS::Lambda::Function") != 0) {
        return svc_fail(error, SVC_MALFORMED, "the AppSpec's resource is no function");
    }
    if (!awsc_lambda_is_name(name)) {
        return svc_fail(error, SVC_MALFORMED, "the AppSpec's Name is not the name of a function");
    }
    (void)svc_copy_text(target->function, sizeof(target->function), name);
    if (!read_version(svc_json_get(properties, "TargetVersion"), target->version)) {
        return svc_fail(error, SVC_MALFORMED,
                        "the AppSpec's TargetVersion is not a published version");
    }
    return SVC_OK;
}

enum svc_status deploy_appspec_read(const void *text, size_t text_bytes,
                                    struct deploy_target *target, struct svc_error *error) {
    struct svc_json *document = NULL;
    memset(target, 0, sizeof(*target));
    enum svc_status status =
        svc_json_parse(text, text_bytes, AWSC_MAX_APPSPEC_BYTES, &document, error);
    if (status == SVC_MALFORMED) {
        return svc_fail(error, status, "the AppSpec is not written as JSON");
    }
    if (status == SVC_OK) {
        status = read_document(document, target, error);
    }
    svc_json_free(document);
    return status;
}
