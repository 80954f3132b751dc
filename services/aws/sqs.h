/* SQS by its JSON protocol (AWS JSON 1.0): messages sent, received, deleted, delayed, one by one
 * and in batches. Errors of all: as in s3.h; NO_RESOURCE: no such queue. deadline_ms 0: the
 * client's. */
#ifndef AWSC_SQS_H
#define AWSC_SQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/json.h"

#define AWSC_SQS_ID_BYTES         101 /* with its NUL */
#define AWSC_SQS_MAX_DELAY_S      900
#define AWSC_SQS_MAX_VISIBILITY_S 43200 /* twelve hours */

enum awsc_sqs_type { AWSC_SQS_STRING, AWSC_SQS_NUMBER, AWSC_SQS_BINARY };

struct awsc_sqs_attribute {
    const char *name; /* 1 to 256 of A-Z a-z 0-9 _ - . */
    enum awsc_sqs_type type;
    const char *value;  /* STRING: UTF-8; NUMBER: decimal, see number.h; BINARY: any bytes */
    size_t value_bytes; /* BINARY; when received, of every type */
};

struct awsc_sqs_message {
    const char *body;                            /* UTF-8; see awsc_sqs_check */
    int delay_s;                                 /* 0 to AWSC_SQS_MAX_DELAY_S */
    const char *group_id, *deduplication_id;     /* FIFO queues; NULL: none */
    const struct awsc_sqs_attribute *attributes; /* up to AWSC_MAX_SQS_ATTRIBUTES */
    size_t attribute_count;
    /* Sent again only if the first request certainly queued nothing. Otherwise a request whose
     * response is lost is repeated, which may queue the message twice: as SQS itself may, unless
     * the queue is FIFO and deduplicates. In a batch, one such message makes all of them so. */
    bool send_once;
};

/* What a send refuses before anything is sent:
 *   INVALID_ARGUMENT  an empty body, a delay, an id or an attribute outside its range
 *   MALFORMED         a body or an attribute that is not UTF-8, or has a character that SQS refuses
 *                     (all but U+0009, U+000A, U+000D, U+0020 to U+FFFD, U+10000 to U+10FFFF)
 *   TOO_LARGE         more than AWSC_MAX_SQS_BYTES, attributes included */
enum svc_status awsc_sqs_check(const struct awsc_sqs_message *message, struct awsc_error *error);

/* Sends one. message_id may be NULL. The MD5 of body and attributes that SQS returns must be ours:
 * BAD_RESPONSE if not. error->maybe_done: it may be queued nevertheless. */
enum svc_status awsc_sqs_send(struct awsc_client *client, const char *queue_url,
                              const struct awsc_sqs_message *message,
                              char message_id[AWSC_SQS_ID_BYTES], int64_t deadline_ms,
                              struct awsc_error *error);

/* Whether a failed send was refused for what the message holds, so that the same message is refused
 * for ever while others pass: by the checks above (MALFORMED, TOO_LARGE) or by SQS
 * (InvalidMessageContents, InvalidParameterValue: longer than the queue's MaximumMessageSize).
 * False for whatever concerns every message, such as rights, keys, a missing queue or parameter.
 * code: awsc_error's or awsc_sqs_result's. Only of messages without delay and ids, whose values may
 * be invalid as well. */
bool awsc_sqs_is_content_refusal(enum svc_status status, const char *code);

/* ---------------------------------------------------------------------- receiving */

struct awsc_sqs_received_message {
    const char *message_id, *receipt_handle, *body;
    const char *group_id;  /* NULL: none */
    int64_t receive_count; /* ApproximateReceiveCount; 0: not stated */
    int64_t sent_wall_ms;  /* SentTimestamp; 0: not stated */
    size_t attribute_count;
    struct awsc_sqs_attribute attributes[AWSC_MAX_SQS_ATTRIBUTES];
};
struct awsc_sqs_received {
    size_t count; /* 0 to 10 */
    struct awsc_sqs_received_message messages[AWSC_MAX_SQS_BATCH];
    /* What they point into. */
    struct svc_json *document;
    struct svc_buf binary;
};
/* Up to max_messages (1 to AWSC_MAX_SQS_BATCH) of up to 1 MiB each. wait_s 0 to 20: long polling.
 * Clear with awsc_sqs_received_clear after OK. */
enum svc_status awsc_sqs_receive(struct awsc_client *client, const char *queue_url,
                                 int max_messages, int wait_s, struct awsc_sqs_received *received,
                                 int64_t deadline_ms, struct awsc_error *error);
void awsc_sqs_received_clear(struct awsc_sqs_received *received);
/* The attribute of this name; NULL: there is none. */
const struct awsc_sqs_attribute *
awsc_sqs_find_attribute(const struct awsc_sqs_received_message *message, const char *name);

enum svc_status awsc_sqs_delete(struct awsc_client *client, const char *queue_url,
                                const char *receipt_handle, int64_t deadline_ms,
                                struct awsc_error *error);
/* From now on the message stays invisible for visibility_s, 0 to AWSC_SQS_MAX_VISIBILITY_S; 0: it
 * is received again at once. */
enum svc_status awsc_sqs_change_visibility(struct awsc_client *client, const char *queue_url,
                                           const char *receipt_handle, int visibility_s,
                                           int64_t deadline_ms, struct awsc_error *error);

/* ---------------------------------------------------------------------- batches */

/* Of one entry. */
struct awsc_sqs_result {
    enum svc_status status;
    char message_id[AWSC_SQS_ID_BYTES]; /* of a sent message; else "" */
    char code[64];                      /* SQS's for a failed entry; "" */
    bool sender_fault;                  /* the same entry fails again */
    bool maybe_done;                    /* it failed, and may have been carried out */
};

/* The three below: up to AWSC_MAX_SQS_BATCH entries. results[i] is set for every entry in every
 * case, also if the count is refused. An entry that is refused here is left out of the request, and
 * stops no other. Entries that SQS reports as failed for a passing reason are sent again, as often
 * as attempts allow (on a FIFO queue that may change the order within a group: one message of a
 * group per batch); with send_once only those that SQS certainly refused, such as throttled ones.
 * Entries of unknown outcome are not sent again: BAD_RESPONSE with maybe_done.
 * Return OK if all entries are done, else the status of one of the failures. */

/* Messages of together more than AWSC_MAX_SQS_BYTES go in several requests. */
enum svc_status awsc_sqs_send_batch(struct awsc_client *client, const char *queue_url,
                                    const struct awsc_sqs_message *messages, size_t count,
                                    struct awsc_sqs_result *results, int64_t deadline_ms,
                                    struct awsc_error *error);
enum svc_status awsc_sqs_delete_batch(struct awsc_client *client, const char *queue_url,
                                      const char *const *receipt_handles, size_t count,
                                      struct awsc_sqs_result *results, int64_t deadline_ms,
                                      struct awsc_error *error);
struct awsc_sqs_visibility {
    const char *receipt_handle;
    int visibility_s;
};
enum svc_status awsc_sqs_change_visibility_batch(struct awsc_client *client, const char *queue_url,
                                                 const struct awsc_sqs_visibility *entries,
                                                 size_t count, struct awsc_sqs_result *results,
                                                 int64_t deadline_ms, struct awsc_error *error);

#endif
