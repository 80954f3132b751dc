/* What the S3 files share. Included by them alone. */
#ifndef AWSC_S3_CALL_H
#define AWSC_S3_CALL_H

#include "services/aws/call.h"
#include "services/aws/responses.h"
#include "services/aws/s3.h"
#include "services/aws/xml.h"

/* Begins a call on an object; a bad bucket or key is reported when it runs. Clear it in any case.
 */
void awsc_s3_call_init(struct awsc_client *client, struct awsc_call *call, const char *operation,
                       const char *method, const char *bucket, const char *key,
                       const char *version_id);
/* The same on a bucket. */
void awsc_s3_bucket_call_init(struct awsc_client *client, struct awsc_call *call,
                              const char *operation, const char *method, const char *bucket);
/* If-Match and the like; etag with quotes or not (events have none), NULL: no header. */
void awsc_s3_etag_header(struct awsc_call *call, const char *name, const char *etag);
/* The headers of a PUT that describe the object: type, caching, disposition, encryption, metadata.
 */
void awsc_s3_put_headers(struct awsc_call *call, const struct awsc_s3_put *put);
/* The body with its CRC-32, base64; crc may be NULL. */
void awsc_s3_body(struct awsc_call *call, const uint8_t *body, size_t body_bytes, const char **crc);
/* awsc_call.check for responses of S3: a 200 may have an error in its body. */
enum svc_status awsc_s3_check(struct awsc_call *call, struct awsc_error *error);
/* ETag and version of a response. */
void awsc_s3_read_result(const struct awsc_call *call, struct awsc_s3_put_result *result);
/* BAD_RESPONSE if there is no Content-Length, or a header is longer than S3's are. */
enum svc_status awsc_s3_read_info(const struct svc_http_exchange *exchange,
                                  struct awsc_s3_info *info, struct awsc_error *error);

#endif
