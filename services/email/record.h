/* The record of sent messages, in DynamoDB, so that a message that is delivered twice is sent once.
 *
 * An item for each message, key "id" (a string), in one of three states. Every change is one
 * conditional write:
 *
 *   CLAIMED  one delivery works on the message until `until` (ms since 1970: its invocation's
 *            deadline). Later another may take it over: nothing was sent.
 *   SENDING  written just before the request to SES. After `until` the outcome is unknown: the mail
 *            may be out. No delivery sends it again; a person may decide to.
 *   SENT     SES accepted the mail; `sesMessageId` is its id.
 *
 * `expires` (seconds since 1970) is the table's TTL attribute. DynamoDB deletes days late, so an
 * item past it counts as absent, by the conditions. `owner` is a random name of the delivery: it
 * tells a repeated request's own write from another's. `digest` is that of the message
 * (email_message_digest): a second message under the same id is noticed, not dropped. No attribute
 * holds personal data. */
#ifndef EMAIL_RECORD_H
#define EMAIL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/random.h"
#include "services/email/limits.h"

#define EMAIL_OWNER_BYTES  33 /* 16 random bytes in hex */
#define EMAIL_DIGEST_BYTES 65 /* SHA-256 in hex */

/* A key is "m:" and a producer's messageId, or "q:" and the id that the queue gave, so that no
 * messageId can be the queue's id of another message. */
#define EMAIL_MAX_KEY_BYTES (EMAIL_MAX_ID_BYTES + 2)

/* How far the clocks of two environments may differ: an item past its `until` is another's only
 * this much later. An environment whose clock differs from AWS's by more than
 * EMAIL_RECORD_MIN_SKEW_MS uses AWS's (client.h measures the difference, to half of a round trip).
 * A wrong clock doubles no mail: after a CLAIMED item was taken over, email_record_sending of its
 * first owner fails, whatever the clocks show. */
#define EMAIL_RECORD_MARGIN_MS   INT64_C(5000)
#define EMAIL_RECORD_MIN_SKEW_MS INT64_C(30000)
/* The longest claim: Lambda's longest invocation. */
#define EMAIL_RECORD_MAX_CLAIM_MS INT64_C(900000)

/* Borrowed, constant for the life of the function. */
struct email_record_table {
    struct awsc_client *client;
    const struct svc_clock *clock;
    const char *name; /* table name or ARN; NULL: no record is kept, every claim succeeds */
    int64_t keep_ms;  /* how long an item counts; longer than the queue keeps a message */
    const struct svc_random *random; /* NULL: the system's */
};

enum email_claim_result {
    EMAIL_CLAIM_OURS,    /* this delivery may send */
    EMAIL_CLAIM_BUSY,    /* another delivery works on it until *until_ms: come again then */
    EMAIL_CLAIM_SENT,    /* it was sent: nothing is left to do */
    EMAIL_CLAIM_UNKNOWN, /* SENDING and past its time: it may have been sent */
    EMAIL_CLAIM_REUSED,  /* the id belongs to another message, sent or being sent */
    EMAIL_CLAIM_FAILED   /* the table did not respond as it should: *error; nothing was sent */
};

struct email_claim {
    const struct email_record_table *table;
    char id[EMAIL_MAX_KEY_BYTES + 1];
    char owner[EMAIL_OWNER_BYTES];
    int64_t until_ms; /* wall clock: of OURS the end of the claim, of BUSY when another delivery may
                         take the message over (email_record_now_ms) */
    int64_t deadline_ms; /* monotonic: of every request for this claim */
};

/* The key of a message: of its own id, else ("" or NULL) of the queue's. false, and "": it has
 * neither, or the queue's is longer than EMAIL_MAX_ID_BYTES or not printable ASCII. */
bool email_record_key(const char *message_id, const char *queue_id,
                      char out[EMAIL_MAX_KEY_BYTES + 1]);
/* The wall clock by which claims are made and compared. */
int64_t email_record_now_ms(const struct email_record_table *table);

/* `overrides_unknown`: a person decided that a message of unknown outcome is sent again. `left_ms`:
 * how long the delivery may take. After FAILED with error->maybe_done the claim may be in the
 * table: release it. */
enum email_claim_result email_record_claim(struct email_claim *claim,
                                           const struct email_record_table *table, const char *id,
                                           const char *digest, bool overrides_unknown,
                                           int64_t left_ms, struct awsc_error *error);
/* CLAIMED to SENDING, if the claim is still ours and not past its time. OK: the mail may be sent,
 * now. PRECONDITION_FAILED: another has it. Any other status: it is not sent. */
enum svc_status email_record_sending(const struct email_claim *claim, struct awsc_error *error);
/* SENDING to SENT. A failure leaves SENDING: the mail is out, and a second delivery of the message
 * finds its outcome unknown. */
enum svc_status email_record_sent(const struct email_claim *claim, const char *ses_message_id,
                                  struct awsc_error *error);
/* SES certainly took nothing, or nothing was asked of it: the item is deleted if it is ours and not
 * SENT, so that the next delivery need not wait for the claim's end. OK also if it is not ours. */
enum svc_status email_record_release(const struct email_claim *claim, struct awsc_error *error);
/* The outcome is unknown: SENDING, past its time as of now. */
enum svc_status email_record_unknown(const struct email_claim *claim, struct awsc_error *error);

#endif
