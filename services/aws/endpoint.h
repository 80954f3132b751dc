/* Where a service is: by its region, or where a setting puts it.
 *
 * The service's own setting (AWS_ENDPOINT_URL_S3, ... : service.c) goes before AWS_ENDPOINT_URL;
 * with AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true none of them counts. An overridden endpoint is
 * addressed path-style. AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT choose other hosts of
 * AWS; together with an overridden endpoint they are an error, as in the SDKs. */
#ifndef AWSC_ENDPOINT_H
#define AWSC_ENDPOINT_H

#include <stdbool.h>

#include "services/aws/service.h"
#include "services/base/buf.h"
#include "services/base/environment.h"
#include "services/base/limits.h"
#include "services/base/status.h"

/* A host, ":65535" and the NUL. */
#define AWSC_HOST_HEADER_BYTES (AWSC_MAX_HOST_BYTES + 6 + 1)

struct awsc_endpoint {
    bool is_https;
    bool is_overridden;
    char host[AWSC_HOST_HEADER_BYTES]; /* with ":port" if it is not the scheme's own */
    char path[256];                    /* of an overridden one: "" or "/..." without a last '/' */
};

/* `given` if it is not NULL, else AWS_REGION, AWS_DEFAULT_REGION, or the region of the profile in
 * the config file (profile.h). Errors: NO_MEMORY; CONFIGURATION (none is set, or it does not have
 * the form of a region's name: it becomes part of host names). */
enum svc_status awsc_region(const struct svc_environment *environment, const char *given,
                            char region[AWSC_MAX_REGION_BYTES + 1], struct svc_error *error);

/* Errors: CONFIGURATION (an override that is no http or https URL of host, port and path; settings
 * that are not true or false or exclude each other; no FIPS endpoints in the partition). */
enum svc_status awsc_endpoint_resolve(const struct svc_environment *environment,
                                      enum awsc_service service, const char *region,
                                      struct awsc_endpoint *endpoint, struct svc_error *error);

/* Host and path of an object of a bucket. Virtual-hosted (bucket.s3.region...) on AWS for names
 * that are one DNS label; path style where the endpoint is overridden or the name has a dot, which
 * a certificate's wildcard does not cover. `path` is encoded once, begins with '/', and keeps its
 * slashes: never normalised, for "a//b" and "a/../b" are keys of their own. key NULL: the bucket.
 * Errors: INVALID_ARGUMENT (not a bucket's name, key empty or over 1,024 bytes), NO_MEMORY. */
enum svc_status awsc_s3_address(const struct awsc_endpoint *endpoint, const char *bucket,
                                const char *key, struct svc_buf *host, struct svc_buf *path,
                                struct svc_error *error);

#endif
