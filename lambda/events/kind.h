/* Which event of AWS a document is, for functions that take several.
 *
 *   struct svc_json *document = NULL;
 *   status = svc_json_parse(event, event_bytes, 0, &document, &error);
 *   switch (lev_kind_of(document)) {
 *   case LEV_SQS:
 *       status = lev_sqs_read(document, &messages, &error);
 *
 * The kind is taken from the members that only this kind has; the reader of the kind checks the
 * rest. Pure, nothing is allocated. */
#ifndef LEV_KIND_H
#define LEV_KIND_H

#include "services/base/json.h"

enum lev_kind {
    LEV_OTHER,        /* none of these: perhaps an input of the function's own */
    LEV_S3,           /* s3.h: a notification of S3, or its s3:TestEvent */
    LEV_S3_BATCH,     /* s3_batch.h: tasks of S3 Batch Operations */
    LEV_SNS,          /* sns.h: messages of a topic */
    LEV_SQS,          /* sqs.h: messages of a queue */
    LEV_FUNCTION_URL, /* function_url.h: an HTTP request */
    LEV_SCHEDULE,     /* schedule.h: a schedule of EventBridge, or an input with a "time" */
    LEV_EVENTBRIDGE   /* eventbridge.h: any other event of EventBridge; s3.h for those of S3 */
};

/* `document` NULL is allowed: LEV_OTHER. A list of records is of the kind of its first one. */
enum lev_kind lev_kind_of(const struct svc_json *document);

#endif
