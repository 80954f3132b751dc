/* The limits that several files or the callers need. Those of one operation are in its header
 * (ses.h, sqs.h, number.h), those of one file at its head. Input from outside is checked against
 * its limit before it is used. */
#ifndef SVC_LIMITS_H
#define SVC_LIMITS_H

#include <stddef.h>

/* JSON documents for which the caller gives no limit; Lambda's largest event has 6 MiB. */
#define SVC_MAX_JSON_BYTES   ((size_t)8 * 1024 * 1024)
#define SVC_MAX_JSON_DEPTH   32
#define SVC_MAX_JSON_MEMBERS ((size_t)1 << 18) /* of all objects of a document together */

/* One line of the log, and one text in it; longer ones are cut and marked. */
#define SVC_MAX_LOG_LINE_BYTES  ((size_t)16 * 1024)
#define SVC_MAX_LOG_VALUE_BYTES ((size_t)1024)

/* HTTP. */
#define SVC_MAX_URL_BYTES             ((size_t)16 * 1024)
#define SVC_MAX_REQUEST_HEADERS       64
#define SVC_MAX_RESPONSE_HEADER_BYTES ((size_t)64 * 1024)
#define SVC_MAX_RESPONSE_BODY_BYTES   ((size_t)8 * 1024 * 1024) /* not streamed */
#define SVC_STREAM_WINDOW_BYTES       ((size_t)256 * 1024)      /* read ahead of a streamed body */
#define SVC_LOW_SPEED_BYTES_PS        100
#define SVC_MAX_CONNECTIONS_KEPT      16

/* AWS. */
#define AWSC_MAX_KEY_ID_BYTES        ((size_t)128)
#define AWSC_MAX_SECRET_BYTES        ((size_t)256)
#define AWSC_MAX_SESSION_TOKEN_BYTES ((size_t)8 * 1024)
#define AWSC_MAX_PROFILE_BYTES       ((size_t)256 * 1024) /* a shared profile file */
#define AWSC_MAX_REGION_BYTES        ((size_t)32)
#define AWSC_MAX_HOST_BYTES          ((size_t)255)
#define AWSC_MAX_ERROR_BODY_BYTES    ((size_t)64 * 1024) /* read of an error response */
#define AWSC_MAX_S3_KEY_BYTES        ((size_t)1024)
#define AWSC_MAX_S3_METADATA_BYTES   ((size_t)2048)
#define AWSC_MAX_S3_TAGS             10
#define AWSC_MAX_S3_PUT_BYTES        ((size_t)5 * 1024 * 1024 * 1024) /* S3's own for a single put */
#define AWSC_MIN_S3_PART_BYTES       ((size_t)5 * 1024 * 1024)        /* S3's own, but the last */
#define AWSC_MAX_S3_PARTS            10000
#define AWSC_MAX_S3_LIST             1000                      /* S3's own, of a page */
#define AWSC_MAX_S3_LIST_BYTES       ((size_t)8 * 1024 * 1024) /* a page: keys are encoded as URLs */
#define AWSC_MAX_S3_TOKEN_BYTES      ((size_t)4096)            /* a continuation */
#define AWSC_MAX_SQS_BATCH           10
#define AWSC_MAX_SQS_BYTES           ((size_t)1024 * 1024) /* of a message, and of a batch */
#define AWSC_MAX_SQS_ATTRIBUTES      10                    /* of a message */
/* A message, or a batch, as JSON: a byte may be escaped as six, and there are ids and names. */
#define AWSC_MAX_SQS_JSON_BYTES (6 * AWSC_MAX_SQS_BYTES + (size_t)64 * 1024)
/* A response to ReceiveMessage: a batch of messages, each of the largest size. */
#define AWSC_MAX_SQS_RESPONSE_BYTES        (AWSC_MAX_SQS_BATCH * AWSC_MAX_SQS_JSON_BYTES)
#define AWSC_MAX_SES_BYTES                 ((size_t)8 * 1024 * 1024)
#define AWSC_MAX_SECRET_VALUE_BYTES        ((size_t)64 * 1024)
#define AWSC_MAX_SECRETS_CACHED            8
#define AWSC_MAX_DYNAMODB_ITEM_BYTES       ((size_t)400 * 1024) /* names and values */
#define AWSC_MAX_DYNAMODB_ATTRIBUTES       100
#define AWSC_MAX_DYNAMODB_EXPRESSION_BYTES ((size_t)4096)
/* A request or a response: an item and the values of an expression, a byte escaped as six. */
#define AWSC_MAX_DYNAMODB_JSON_BYTES (12 * AWSC_MAX_DYNAMODB_ITEM_BYTES + (size_t)128 * 1024)
/* Lambda's own for a synchronous event; its result has 1 KiB more with the wrapping of errors. */
#define AWSC_MAX_LAMBDA_EVENT_BYTES  ((size_t)6 * 1024 * 1024)
#define AWSC_MAX_LAMBDA_RESULT_BYTES (AWSC_MAX_LAMBDA_EVENT_BYTES + (size_t)1024)
#define AWSC_MAX_APPSPEC_BYTES       ((size_t)256 * 1024)
#define AWSC_MAX_CALLS_AT_ONCE       16

#endif
