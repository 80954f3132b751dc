/* What the SQS files share. Included by them alone. */
#ifndef AWSC_SQS_MESSAGE_H
#define AWSC_SQS_MESSAGE_H

#include "services/aws/json_call.h"
#include "services/aws/sqs.h"

/* Begins a call on a queue, its URL written. */
void awsc_sqs_begin(struct awsc_json_call *json, const char *operation, const char *queue_url,
                    int64_t deadline_ms);
/* Body plus attributes, as SQS counts them. */
size_t awsc_sqs_size(const struct awsc_sqs_message *message);
/* The members of a message, within an object that is begun. */
void awsc_sqs_write_message(struct svc_json_writer *writer, const struct awsc_sqs_message *message);
/* Whether the MD5s that SQS returned for a message, if any, are those of body and attributes. */
bool awsc_sqs_md5_fits(const struct svc_json *reply, const struct awsc_sqs_message *message);
/* "Number" and the like. */
const char *awsc_sqs_type_name(enum awsc_sqs_type type);
/* A receipt handle and a visibility timeout that may be sent; INVALID_ARGUMENT if not. */
enum svc_status awsc_sqs_check_handle(const char *receipt_handle, int visibility_s,
                                      struct awsc_error *error);

#endif
