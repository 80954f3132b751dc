/* AWS Signature Version 4, in its stages: canonical request, string to sign, key, signature. Each
 * can be called by itself; awsc_sign and awsc_presign run all of them. Pure functions: the time is
 * an argument.
 *
 * Format: "Create a signed AWS API request" in the AWS IAM user guide. */
#ifndef AWSC_SIGV4_H
#define AWSC_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/credentials.h"
#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/crypto.h"

#define AWSC_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
/* SHA-256 of nothing. */
#define AWSC_EMPTY_PAYLOAD "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct awsc_param {
    const char *name, *value; /* not encoded; value NULL counts as "" */
};

/* The request to sign. All fields are borrowed for the call. */
struct awsc_sign_input {
    const char *method;
    const char *path; /* as it is sent; "" counts as "/" */
    bool s3_path;     /* true: the path is signed as it is sent (encoded once by the caller).
                         false: "." and ".." and empty segments are resolved, then it is encoded
                         a second time */
    const struct awsc_param *query; /* any order */
    size_t query_count;
    const struct svc_http_header *headers; /* all that are to be signed, Host among them; any order
                                              and case; of one name, values are joined by ',' */
    size_t header_count;
    const char *payload_hash; /* hex SHA-256 of the body, or AWSC_UNSIGNED_PAYLOAD */
    const char *region, *service;
    int64_t wall_ms; /* the time of signing */
};

/* Stage 1. Both buffers are appended to. Errors of all stages: NO_MEMORY, TOO_LARGE. */
enum svc_status awsc_canonical_request(const struct awsc_sign_input *input,
                                       struct svc_buf *canonical, struct svc_buf *signed_headers);
/* "name=value&..." sorted and encoded: part of stage 1, and the query of a URL. */
enum svc_status awsc_canonical_query(const struct awsc_param *query, size_t count,
                                     struct svc_buf *out);
/* The canonical path of stage 1. */
enum svc_status awsc_canonical_path(const char *path, bool s3_path, struct svc_buf *out);
/* "20260102/ap-northeast-2/s3/aws4_request" */
enum svc_status awsc_credential_scope(const struct awsc_sign_input *input, struct svc_buf *scope);
/* Stage 2, from stage 1's canonical request. */
enum svc_status awsc_string_to_sign(const struct awsc_sign_input *input, const char *canonical,
                                    size_t canonical_bytes, struct svc_buf *out);
/* Stage 3. The key is valid for a day (UTC), a region and a service; wipe it after use. */
enum svc_status awsc_signing_key(const char *secret_access_key, int64_t wall_ms, const char *region,
                                 const char *service, uint8_t key[SVC_SHA256_BYTES]);
/* Stage 4: lower-case hex. */
enum svc_status awsc_signature(const uint8_t key[SVC_SHA256_BYTES], const char *string_to_sign,
                               size_t size_bytes, char signature[SVC_SHA256_HEX_BYTES]);

/* All stages: the value of the Authorization header. The caller has put X-Amz-Date (of wall_ms),
 * X-Amz-Security-Token (if there is one) and, for S3, X-Amz-Content-Sha256 among the headers. */
enum svc_status awsc_sign(const struct awsc_sign_input *input,
                          const struct awsc_credentials *credentials,
                          struct svc_buf *authorization);

#define AWSC_MAX_PRESIGN_SECONDS 604800 /* seven days */
/* All stages, in the query: appends "path?query" of a URL that is valid for `expires_s` seconds (1
 * to AWSC_MAX_PRESIGN_SECONDS, else INVALID_ARGUMENT). X-Amz-* parameters are added here. */
enum svc_status awsc_presign(const struct awsc_sign_input *input,
                             const struct awsc_credentials *credentials, int expires_s,
                             struct svc_buf *path_and_query);

#endif
