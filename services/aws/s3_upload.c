/* Objects whose size is not known in advance, in parts if they are large: see s3.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/s3_call.h"
#include "services/base/text.h"

#define DEFAULT_PART_BYTES  ((size_t)8 * 1024 * 1024)
#define MAX_UPLOAD_ID_BYTES ((size_t)1024)
#define MAX_COMPLETE_BYTES  ((size_t)4 * 1024 * 1024) /* 10,000 parts, an ETag and a CRC each */

/* S3 may take minutes to join many parts, and sends a blank from time to time. */
#define COMPLETE_STALL_MS (5 * 60 * 1000)

struct awsc_s3_upload {
    struct awsc_client *client;
    struct awsc_s3_put put; /* strings borrowed from the caller */
    size_t part_bytes;
    struct svc_buf part;      /* what is not sent yet */
    struct svc_buf upload_id; /* empty: nothing was begun at S3 */
    struct svc_buf complete;  /* the list of parts, as CompleteMultipartUpload wants it */
    int parts;
    enum svc_status status; /* the first failure */
    struct awsc_error error;
};

enum svc_status awsc_s3_upload_open(struct awsc_client *client, const struct awsc_s3_put *put,
                                    size_t part_bytes, struct awsc_s3_upload **out,
                                    struct awsc_error *error) {
    awsc_error_clear(error);
    *out = NULL;
    part_bytes = part_bytes == 0 ? DEFAULT_PART_BYTES : part_bytes;
    if (part_bytes < AWSC_MIN_S3_PART_BYTES || part_bytes > AWSC_MAX_S3_PUT_BYTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a part has 5 MiB to 5 GiB");
    }
    struct awsc_s3_upload *upload = calloc(1, sizeof(*upload));
    if (upload == NULL) {
        return awsc_fail(error, SVC_NO_MEMORY, "no memory for an upload");
    }
    upload->client = client;
    upload->put = *put;
    upload->put.deadline_ms = awsc_deadline(client, put->deadline_ms);
    upload->part_bytes = part_bytes;
    svc_buf_init(&upload->part, part_bytes);
    svc_buf_init(&upload->upload_id, MAX_UPLOAD_ID_BYTES);
    svc_buf_init(&upload->complete, MAX_COMPLETE_BYTES);
    *out = upload;
    return SVC_OK;
}

static void upload_destroy(struct awsc_s3_upload *upload) {
    svc_buf_clear(&upload->part);
    svc_buf_clear(&upload->upload_id);
    svc_buf_clear(&upload->complete);
    free(upload);
}

static enum svc_status fail_upload(struct awsc_s3_upload *upload, enum svc_status status,
                                   const struct awsc_error *error) {
    if (upload->status == SVC_OK && status != SVC_OK) {
        upload->status = status;
        upload->error = *error;
        upload->error.status = status;
    }
    return upload->status;
}

static void begin_call(struct awsc_s3_upload *upload, struct awsc_call *call, const char *operation,
                       const char *method) {
    awsc_s3_call_init(upload->client, call, operation, method, upload->put.bucket, upload->put.key,
                      NULL);
    call->check = awsc_s3_check;
    call->deadline_ms = upload->put.deadline_ms;
}

/* ---------------------------------------------------------------------- the steps at S3 */

static enum svc_status create(struct awsc_s3_upload *upload) {
    struct awsc_call call;
    begin_call(upload, &call, "CreateMultipartUpload", "POST");
    awsc_call_param(&call, "uploads", "");
    awsc_s3_put_headers(&call, &upload->put);
    awsc_call_header(&call, "x-amz-checksum-algorithm", "CRC32");
    enum svc_status status = awsc_call_run(upload->client, &call, NULL);
    if (status == SVC_OK) {
        const struct svc_buf *body = &call.exchange->body;
        if (!awsc_xml_text(svc_buf_text(body), body->size_bytes, "UploadId", &upload->upload_id) ||
            upload->upload_id.size_bytes == 0) {
            status = awsc_fail(&call.error, SVC_BAD_RESPONSE, "no UploadId");
        }
    }
    fail_upload(upload, status, &call.error);
    awsc_call_clear(upload->client, &call);
    return status;
}

static enum svc_status send_part(struct awsc_s3_upload *upload) {
    struct awsc_call call;
    char number[16];
    const char *crc = "";
    if (upload->parts == AWSC_MAX_S3_PARTS) {
        struct awsc_error error = {0};
        return fail_upload(
            upload, awsc_fail(&error, SVC_TOO_LARGE, "more than %d parts", AWSC_MAX_S3_PARTS),
            &error);
    }
    snprintf(number, sizeof(number), "%d", upload->parts + 1);
    begin_call(upload, &call, "UploadPart", "PUT");
    awsc_call_param(&call, "partNumber", number);
    awsc_call_param(&call, "uploadId", svc_buf_text(&upload->upload_id));
    awsc_s3_body(&call, upload->part.bytes, upload->part.size_bytes, &crc);
    enum svc_status status = awsc_call_run(upload->client, &call, NULL);
    if (status == SVC_OK) {
        const char *etag = svc_http_header_value(call.exchange, "etag");
        upload->parts++;
        svc_buf_printf(&upload->complete, "<Part><PartNumber>%s</PartNumber><ETag>", number);
        awsc_xml_escape(etag != NULL ? etag : "", &upload->complete);
        svc_buf_printf(&upload->complete, "</ETag><ChecksumCRC32>%s</ChecksumCRC32></Part>", crc);
        status = etag != NULL ? svc_buf_status(&upload->complete)
                              : awsc_fail(&call.error, SVC_BAD_RESPONSE, "a part without an ETag");
        svc_buf_reset(&upload->part);
    }
    fail_upload(upload, status, &call.error);
    awsc_call_clear(upload->client, &call);
    return status;
}

static enum svc_status complete(struct awsc_s3_upload *upload, struct awsc_s3_put_result *result) {
    struct awsc_call call;
    begin_call(upload, &call, "CompleteMultipartUpload", "POST");
    call.stall_timeout_ms = COMPLETE_STALL_MS;
    awsc_call_param(&call, "uploadId", svc_buf_text(&upload->upload_id));
    awsc_call_header(&call, "Content-Type", "application/xml");
    awsc_s3_etag_header(&call, "If-Match", upload->put.if_match);
    awsc_call_header(&call, "If-None-Match", upload->put.if_absent ? "*" : NULL);
    struct svc_buf body;
    svc_buf_init(&body, MAX_COMPLETE_BYTES + 200);
    svc_buf_printf(&body,
                   "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                   "%s</CompleteMultipartUpload>",
                   svc_buf_text(&upload->complete));
    call.body = body.bytes;
    call.body_bytes = body.size_bytes;
    call.status = call.status == SVC_OK ? svc_buf_status(&body) : call.status;
    enum svc_status status = awsc_call_run(upload->client, &call, NULL);
    if (status == SVC_OK) {
        struct svc_buf etag;
        svc_buf_init(&etag, sizeof(result->etag) - 1);
        awsc_s3_read_result(&call, result);
        /* The object's ETag is in the body, not in the header. */
        if (awsc_xml_text(svc_buf_text(&call.exchange->body), call.exchange->body.size_bytes,
                          "ETag", &etag)) {
            svc_copy_text(result->etag, sizeof(result->etag), svc_buf_text(&etag));
        }
        svc_buf_clear(&etag);
    }
    fail_upload(upload, status, &call.error);
    awsc_call_clear(upload->client, &call);
    svc_buf_clear(&body);
    return status;
}

/* Best effort. It has time of its own: the upload may have failed because its deadline passed, and
 * its parts are billed until they are aborted. */
static void abort_at_s3(struct awsc_s3_upload *upload) {
    if (upload->upload_id.size_bytes > 0) {
        struct awsc_call call;
        int64_t least_ms = svc_deadline_in(upload->client->clock, AWSC_S3_ABORT_MS);
        begin_call(upload, &call, "AbortMultipartUpload", "DELETE");
        call.deadline_ms = call.deadline_ms > least_ms ? call.deadline_ms : least_ms;
        awsc_call_param(&call, "uploadId", svc_buf_text(&upload->upload_id));
        awsc_call_run(upload->client, &call, NULL);
        awsc_call_clear(upload->client, &call);
    }
}

/* ---------------------------------------------------------------------- the interface */

enum svc_status awsc_s3_upload_write(struct awsc_s3_upload *upload, const uint8_t *bytes,
                                     size_t size_bytes) {
    while (size_bytes > 0 && upload->status == SVC_OK) {
        if (upload->part.size_bytes == upload->part_bytes) {
            /* More than one part: an upload in parts is needed. */
            if (upload->upload_id.size_bytes == 0 && create(upload) != SVC_OK) {
                break;
            }
            if (send_part(upload) != SVC_OK) {
                break;
            }
        }
        size_t space = upload->part_bytes - upload->part.size_bytes;
        size_t step = size_bytes < space ? size_bytes : space;
        if (!svc_buf_append(&upload->part, bytes, step)) {
            struct awsc_error error = {0};
            fail_upload(upload, awsc_fail(&error, svc_buf_status(&upload->part), "no memory"),
                        &error);
            break;
        }
        bytes += step;
        size_bytes -= step;
    }
    return upload->status;
}

enum svc_status awsc_s3_upload_finish(struct awsc_s3_upload *upload,
                                      struct awsc_s3_put_result *result) {
    memset(result, 0, sizeof(*result));
    if (upload->status == SVC_OK && upload->upload_id.size_bytes == 0) {
        upload->put.body = upload->part.bytes;
        upload->put.body_bytes = upload->part.size_bytes;
        enum svc_status status = awsc_s3_put(upload->client, &upload->put, result);
        upload_destroy(upload);
        return status;
    }
    if (upload->status == SVC_OK && upload->part.size_bytes > 0) {
        send_part(upload);
    }
    if (upload->status == SVC_OK) {
        complete(upload, result);
    }
    enum svc_status status = upload->status;
    result->status = status;
    if (status != SVC_OK) {
        result->error = upload->error;
        abort_at_s3(upload);
    }
    upload_destroy(upload);
    return status;
}

void awsc_s3_upload_abort(struct awsc_s3_upload *upload) {
    if (upload != NULL) {
        abort_at_s3(upload);
        upload_destroy(upload);
    }
}
