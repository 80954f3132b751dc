/* Which event a document is: see kind.h. */
#include "lambda/events/kind.h"

#include "lambda/events/fields.h"

static enum lev_kind kind_of_records(const struct svc_json *record) {
    if (lev_is_text(record, "eventSource", "aws:sqs")) {
        return LEV_SQS;
    }
    if (lev_is_text(record, "eventSource", "aws:s3")) {
        return LEV_S3;
    }
    /* SNS alone writes the name with a capital letter. */
    return lev_is_text(record, "EventSource", "aws:sns") ? LEV_SNS : LEV_OTHER;
}

enum lev_kind lev_kind_of(const struct svc_json *document) {
    const struct svc_json *records = svc_json_get(document, "Records");
    if (records != NULL) {
        return kind_of_records(svc_json_at(records, 0));
    }
    if (svc_json_has(document, "invocationSchemaVersion")) {
        return LEV_S3_BATCH;
    }
    if (svc_json_get(svc_json_get(document, "requestContext"), "http") != NULL) {
        return LEV_FUNCTION_URL;
    }
    if (lev_is_text(document, "Event", "s3:TestEvent")) {
        return LEV_S3;
    }
    if (svc_json_get_text(document, "source") != NULL &&
        svc_json_get_text(document, "detail-type") != NULL) {
        return lev_is_text(document, "detail-type", "Scheduled Event") ? LEV_SCHEDULE
                                                                       : LEV_EVENTBRIDGE;
    }
    return svc_json_has(document, "time") ? LEV_SCHEDULE : LEV_OTHER;
}
