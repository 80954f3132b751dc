/* Why S3 refused an object. A response to HEAD has no body, so a missing right, a wrong secret key
 * and (without s3:ListBucket) a missing object are all a bare 403, an expired token is a bare 400,
 * and a missing bucket and a missing object are a bare 404. */
#ifndef AWSC_S3_DENIED_H
#define AWSC_S3_DENIED_H

#include "services/aws/s3.h"

/* Completes the error of a failed awsc_s3_head, awsc_s3_head_many or awsc_s3_get_open of `get`;
 * returns error->status. Costs at most two requests, and none if the error is complete already or
 * its HTTP status is not 400, 403 or 404; call it after failures only:
 *
 *   if (status == SVC_ACCESS_DENIED || status == SVC_NOT_FOUND || status == SVC_REJECTED) {
 *       status = awsc_s3_explain_denied(client, &get, &error);
 *   }
 *
 * A GET of one byte gives the code (AccessDenied, SignatureDoesNotMatch, InvalidAccessKeyId,
 * ExpiredToken, NoSuchBucket, NoSuchKey) and, from S3, a message that names the denied action. If
 * it names none, a list of the bucket shows whether s3:ListBucket is allowed. If the reason cannot
 * be found, the message lists what to check. With the code the status becomes that of the code:
 * NOT_FOUND may become NO_RESOURCE (no such bucket), REJECTED may become ACCESS_DENIED (an expired
 * token). The GET must have the same HTTP status; otherwise code and status stay. */
enum svc_status awsc_s3_explain_denied(struct awsc_client *client, const struct awsc_s3_get *get,
                                       struct awsc_error *error);

#endif
