/* SQS by its JSON protocol (AWS JSON 1.0). Errors of all: as in s3.h; NOT_FOUND: no such queue. */
#ifndef AWSC_SQS_H
#define AWSC_SQS_H

#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/json.h"

#define AWSC_SQS_ID_BYTES 101 /* with its NUL */

struct awsc_sqs_message {
    const char *body;                        /* UTF-8 */
    int delay_s;                             /* 0 to 900 */
    const char *group_id, *deduplication_id; /* FIFO queues; NULL: none */
};

/* Sends one. A retry after a lost answer may queue it twice, as SQS may anyway; a FIFO queue's
 * deduplication id prevents it. message_id may be NULL. The MD5 of the body that SQS answers is
 * compared with ours: BAD_RESPONSE. */
enum svc_status awsc_sqs_send(struct awsc_client *client, const char *queue_url,
                              const struct awsc_sqs_message *message,
                              char message_id[AWSC_SQS_ID_BYTES], int64_t deadline_ms,
                              struct awsc_error *error);

struct awsc_sqs_sent {
    enum svc_status status; /* of this entry */
    char message_id[AWSC_SQS_ID_BYTES];
    char code[64];     /* of a failed entry; "" */
    bool sender_fault; /* trying again gives the same */
};
/* Sends up to AWSC_MAX_SQS_BATCH, together at most AWSC_MAX_SQS_BYTES. OK: the request went
 * through, sent[i].status tells of each; else none is known to be queued. Entries that failed for
 * a passing reason are sent again, as often as attempts allow. */
enum svc_status awsc_sqs_send_batch(struct awsc_client *client, const char *queue_url,
                                    const struct awsc_sqs_message *messages, size_t count,
                                    struct awsc_sqs_sent *sent, int64_t deadline_ms,
                                    struct awsc_error *error);

struct awsc_sqs_received {
    size_t count; /* 0 to 10 */
    struct {
        const char *message_id, *receipt_handle, *body;
        int64_t receive_count; /* ApproximateReceiveCount; 0 if not told */
    } messages[AWSC_MAX_SQS_BATCH];
    struct svc_json *document; /* what they point into */
};
/* wait_s 0 to 20: long polling. Clear with awsc_sqs_received_clear after OK. */
enum svc_status awsc_sqs_receive(struct awsc_client *client, const char *queue_url,
                                 int max_messages, int wait_s, struct awsc_sqs_received *received,
                                 int64_t deadline_ms, struct awsc_error *error);
void awsc_sqs_received_clear(struct awsc_sqs_received *received);

enum svc_status awsc_sqs_delete(struct awsc_client *client, const char *queue_url,
                                const char *receipt_handle, int64_t deadline_ms,
                                struct awsc_error *error);

#endif
